//! How the API server of a cluster can be reached.

use super::{
    cluster::Known,
    exposure::members_of,
    filter::range,
    region::Region,
    trail::{Trail, conclude},
};
use crate::{
    calls,
    record::{
        Ec2,
        eks::{Cluster, DescribeCapability, ListCapabilities, VpcConfig},
        network::{Subnet, VpcAttribute},
    },
};
use palisade_model::{
    Api, Door, DoorKind, Entry, EntryKind, Gap, Observed, PrivateGuard, PrivatePath, PublicAccess, PublicDoor,
};
use palisade_provider::{Call, FailureReason, Outcome};
use palisade_reach::{AddrSet, Bounds, Family, PacketSet, Ports, Protocol, Protocols, internet, parse_net};
use std::collections::BTreeSet;

/// The port of the Kubernetes API on EKS; it cannot be chosen.
const API_PORT: u16 = 443;

/// The ways to the API server of a described cluster.
pub(super) fn api(region: &Region<'_>, known: &Known<'_>) -> Api {
    Api {
        public: known.conclude("/cluster/resourcesVpcConfig", |_, cluster| public(region, cluster)),
        private_path: known
            .conclude("/cluster/resourcesVpcConfig", |trail, cluster| private_path(region, cluster, trail)),
        doors: doors(region, known),
        // EKS has no tunnel of its own into a cluster: sessions on nodes are a matter of interactive access.
        tunnels: known.conclude("/cluster", |_, _| Ok(Vec::new())),
        private_guard: known.conclude("/cluster/resourcesVpcConfig", |trail, cluster| guard(region, cluster, trail)),
    }
}

/// The network settings, or the gap of an answer without them.
pub(super) fn vpc_config<'a>(region: &Region<'_>, cluster: &'a Cluster) -> Result<&'a VpcConfig, Gap> {
    if cluster.connector_config.is_some() {
        let what =
            "the control plane of a connected cluster is not run by AWS, and AWS does not describe it".to_owned();
        return Err(Gap::Unsupported { what });
    }
    cluster.resources_vpc_config.as_ref().ok_or_else(|| Gap::Malformed {
        call: calls::DESCRIBE_CLUSTER.name.to_owned(),
        scope: region.scope.to_owned(),
        pointer: "/cluster/resourcesVpcConfig".to_owned(),
        why: "the cluster has no network settings".to_owned(),
    })
}

/// The network of a cluster: as its description says, else that of its subnets.
pub(super) fn vpc_of(region: &Region<'_>, config: &VpcConfig, trail: &mut Trail) -> Result<String, Gap> {
    if let Some(vpc) = &config.vpc_id {
        return Ok(vpc.clone());
    }
    let subnets = trail.read(&region.subnets)?;
    let own = |subnet: &&Subnet| subnet.subnet_id.as_ref().is_some_and(|id| config.subnet_ids.contains(id));
    let vpc = subnets.iter().find(own).and_then(|subnet| subnet.vpc_id.clone());
    vpc.ok_or_else(|| Gap::Unsettled { what: "neither the cluster nor its subnets name a network".to_owned() })
}

fn public(region: &Region<'_>, cluster: &Cluster) -> Result<PublicAccess, Gap> {
    if cluster.connector_config.is_some() {
        return Ok(PublicAccess::NotApplicable { because: "the cluster is connected, AWS does not run it".to_owned() });
    }
    if cluster.outpost_config.is_some() {
        let because = "the control plane stands on an Outpost in the customer's network".to_owned();
        return Ok(PublicAccess::NotApplicable { because });
    }
    let config = vpc_config(region, cluster)?;
    // Default when absent: true (EKS API reference, VpcConfigRequest, seen 2026-08).
    if config.endpoint_public_access == Some(false) {
        return Ok(PublicAccess::Closed { because: "`endpointPublicAccess` is false".to_owned() });
    }
    let entries: Vec<Entry> = match config.public_access_cidrs.as_slice() {
        [] => vec![everyone(cluster)],
        cidrs => cidrs.iter().map(|text| entry(text)).collect(),
    };
    let nothing = Bounds::exact(AddrSet::empty());
    let listed = entries.iter().fold(nothing, |all, entry| all.union(&entry.covers));
    let sources = listed.intersect(&Bounds::exact(internet().clone()));
    Ok(PublicAccess::Open(PublicDoor { sources, entries, own: AddrSet::empty(), port: API_PORT }))
}

/// No list is a list of everybody (EKS API reference, VpcConfigRequest). The endpoint of an IPv4 cluster has IPv4
/// addresses only; that of an IPv6 cluster has both if it was made after October 2024, which is not always known.
fn everyone(cluster: &Cluster) -> Entry {
    let family = cluster.kubernetes_network_config.as_ref().and_then(|network| network.ip_family.as_deref());
    let covers = match family {
        Some("ipv6") => Bounds::between(AddrSet::all_v4(), AddrSet::all()),
        _ => Bounds::exact(AddrSet::all_v4()),
    };
    Entry { text: "no list, which is everybody".to_owned(), covers, kind: EntryKind::Everyone }
}

/// One line. A list that holds an IPv6 range belongs to an endpoint that has IPv6: EKS takes none otherwise. So a line
/// is taken as it is written, whatever family the pods have.
fn entry(text: &str) -> Entry {
    let family = if text.contains(':') { Family::V6 } else { Family::V4 };
    let kind = parse_net(text).map_or(EntryKind::Named, EntryKind::Range);
    Entry { text: text.to_owned(), covers: range(text, family), kind }
}

fn private_path(region: &Region<'_>, cluster: &Cluster, trail: &mut Trail) -> Result<PrivatePath, Gap> {
    let config = vpc_config(region, cluster)?;
    // Default when absent: false (EKS API reference, VpcConfigRequest, seen 2026-08).
    if config.endpoint_private_access != Some(true) {
        return Ok(PrivatePath::Absent { because: "`endpointPrivateAccess` is false".to_owned() });
    }
    let vpc = vpc_of(region, config, trail)?;
    let vpc = vpc.as_str();
    let mut attribute = |name: &str, of: fn(&VpcAttribute) -> Option<bool>| -> Result<bool, Gap> {
        let params = [("attribute", name), ("vpc", vpc)];
        let answer = region.snapshot.one::<Ec2<VpcAttribute>>(&calls::DESCRIBE_VPC_ATTRIBUTE, region.scope, &params);
        let Ec2(attribute) = trail.read(&answer)?;
        of(attribute).ok_or_else(|| Gap::Malformed {
            call: calls::DESCRIBE_VPC_ATTRIBUTE.name.to_owned(),
            scope: region.scope.to_owned(),
            pointer: format!("/{name}/value"),
            why: "the attribute has no value".to_owned(),
        })
    };
    let support = attribute("enableDnsSupport", |one| one.enable_dns_support.as_ref()?.value)?;
    let hostnames = attribute("enableDnsHostnames", |one| one.enable_dns_hostnames.as_ref()?.value)?;
    Ok(match (support, hostnames) {
        (true, true) => PrivatePath::Present { because: "`endpointPrivateAccess` is true".to_owned() },
        (false, _) => {
            PrivatePath::Broken { because: format!("`enableDnsSupport` of {vpc} is off, so its name does not resolve") }
        }
        (true, false) => PrivatePath::Broken {
            because: format!("`enableDnsHostnames` of {vpc} is off, so its name does not resolve"),
        },
    })
}

/// Capabilities of a cluster by name. A region whose EKS does not know the call has none.
pub(super) fn capabilities(
    region: &Region<'_>,
    cluster: &str,
) -> Observed<Vec<(String, crate::record::eks::Capability)>> {
    conclude(|trail| {
        let params = [("cluster", cluster)];
        if is_unknown_here(region, &calls::LIST_CAPABILITIES, &params) {
            return Ok(Vec::new());
        }
        let names = region.snapshot.list(&calls::LIST_CAPABILITIES, region.scope, &params, |page: ListCapabilities| {
            page.capabilities.into_iter().map(|one| one.capability_name).collect()
        });
        let mut found = Vec::new();
        for name in trail.read(&names)? {
            let unnamed = || Gap::Unsettled { what: format!("a capability of {cluster} has no name") };
            let name = name.as_ref().ok_or_else(unnamed)?;
            let params = [("capability", name.as_str()), ("cluster", cluster)];
            let answer = region.snapshot.one::<DescribeCapability>(&calls::DESCRIBE_CAPABILITY, region.scope, &params);
            trail.rest_on(answer.sources());
            found.push((name.clone(), take(answer)?.capability));
        }
        Ok(found)
    })
}

fn is_unknown_here(region: &Region<'_>, call: &Call, params: &[(&str, &str)]) -> bool {
    region.snapshot.find(call, region.scope, params).first().is_some_and(
        |record| matches!(&record.outcome, Outcome::Failed(failure) if failure.reason == FailureReason::Unsupported),
    )
}

/// The value of a fact, by value.
pub(super) fn take<T>(fact: Observed<T>) -> Result<T, Gap> {
    if let Some(gap) = fact.gap() {
        return Err(gap.clone());
    }
    let mut taken = None;
    let _ = fact.map(|value| taken = Some(value));
    taken.ok_or_else(|| Gap::NotCollected { what: "nothing was there".to_owned() })
}

fn doors(region: &Region<'_>, known: &Known<'_>) -> Observed<Vec<Door>> {
    let capabilities = &known.capabilities;
    conclude(|trail| {
        trail.rest_on(&known.evidence("/cluster"));
        known.described.get()?;
        let hosted =
            trail.read(capabilities)?.iter().filter(|(_, capability)| capability.kind.as_deref() == Some("ARGOCD"));
        let _ = region;
        Ok(hosted
            .map(|(name, capability)| {
                let argo = capability.configuration.as_ref().and_then(|configuration| configuration.argo_cd.as_ref());
                let access = argo.and_then(|argo| argo.network_access.as_ref());
                let url = argo.and_then(|argo| argo.server_url.clone());
                Door {
                    kind: DoorKind::HostedInterface {
                        network_limited: access.is_some_and(|access| !access.vpce_ids.is_empty()),
                    },
                    name: url.unwrap_or_else(|| name.clone()),
                }
            })
            .collect())
    })
}

fn guard(region: &Region<'_>, cluster: &Cluster, trail: &mut Trail) -> Result<PrivateGuard, Gap> {
    let config = vpc_config(region, cluster)?;
    if config.endpoint_private_access != Some(true) {
        return Ok(PrivateGuard::NoEndpoint { because: "`endpointPrivateAccess` is false".to_owned() });
    }
    let own: BTreeSet<&str> =
        config.cluster_security_group_id.iter().chain(&config.security_group_ids).map(String::as_str).collect();
    if own.is_empty() {
        // The endpoint's interfaces always carry one (EKS user guide, security group requirements).
        return Err(Gap::Unsettled {
            what: "the security groups of the private endpoint are not in the answer".to_owned(),
        });
    }
    let table = trail.read(&region.security_groups)?;
    trail.read(&region.interfaces)?;
    let api = PacketSet::of(Protocols::One(Protocol::TCP), &Ports::from_range(API_PORT, API_PORT), &AddrSet::all());
    let mut sources = Bounds::exact(AddrSet::empty());
    let mut via = Vec::new();
    for id in &own {
        let Some(group) = region.group(id, table) else {
            // Not in the list: it may let in anybody.
            sources = sources.union(&Bounds::unknown_within(AddrSet::all()));
            continue;
        };
        let mut admit = |rule: &palisade_reach::RuleId, packets: &Bounds<PacketSet>| {
            let on_port = packets.map(|packets| packets.intersect(&api).sources(Protocol::TCP, API_PORT));
            if !on_port.upper().is_empty() {
                via.push(rule.clone());
                sources = sources.union(&on_port);
            }
        };
        for rule in &group.rules {
            admit(&rule.rule.id, &rule.rule.matches);
        }
        for reference in group.references.iter().filter(|reference| !own.contains(reference.group.as_str())) {
            admit(&reference.id, &reference.shape.from(&members_of(region, &reference.group)?));
        }
    }
    Ok(PrivateGuard::Filtered { sources, via, global: false })
}
