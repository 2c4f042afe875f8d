//! The network of a cluster as a whole, and the services beside it.

use super::{
    cluster::{Known, all_described},
    endpoint::{vpc_config, vpc_of},
    pools::addresses,
    region::Region,
    trail::Trail,
};
use crate::record::{
    eks::{Addon, Cluster},
    network::Vpc,
};
use palisade_model::{
    ClusterNetwork, Gap, NetworkPart, NetworkPlace, Platform, PolicyEngine, PrivateApis, Room, SecretStore, Telemetry,
    Transit,
};
use palisade_provider::REDACTED;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a node needs to start and to pull images without a way to the internet.
/// <https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html>
const NEEDED: &[&str] = &["ecr.api", "ecr.dkr", "s3", "sts"];

/// Add-ons of other vendors that collect metrics and logs, by how their names begin.
const COLLECTORS: &[&str] = &["datadog", "dynatrace", "new-relic", "newrelic", "splunk", "grafana", "groundcover"];

/// The network of a cluster.
pub(super) fn network(region: &Region<'_>, known: &Known<'_>) -> ClusterNetwork {
    ClusterNetwork {
        policy_engine: known.conclude("/cluster/computeConfig", |trail, cluster| policy_engine(known, cluster, trail)),
        parts: known.conclude("/cluster/computeConfig", |trail, cluster| parts(known, cluster, trail)),
        place: known.conclude("/cluster/resourcesVpcConfig", |trail, cluster| {
            let vpc = own_vpc(region, cluster, trail)?;
            let vpcs = trail.read(&region.vpcs)?;
            let is_it = |one: &&Vpc| one.vpc_id.as_deref() == Some(&vpc);
            let record = vpcs.iter().find(is_it).ok_or_else(|| unlisted(&vpc))?;
            let default = match record.is_default {
                Some(true) => Some(format!("{vpc} is the default network of its region")),
                Some(false) => None,
                None => return Err(untold("whether the network is the default one")),
            };
            Ok(NetworkPlace { name: vpc, default, routes_based: None })
        }),
        private_apis: known.conclude("/cluster/resourcesVpcConfig", |trail, cluster| {
            let vpc = own_vpc(region, cluster, trail)?;
            private_apis(region, &vpc, trail)
        }),
        transit: known.conclude("/cluster", |trail, cluster| transit(region, known, cluster, trail)),
        room: known.conclude("/cluster/resourcesVpcConfig", |trail, cluster| {
            of_eks(cluster)?;
            let subnets = trail.read(&region.subnets)?;
            let ids = &vpc_config(region, cluster)?.subnet_ids;
            ids.iter().map(|id| addresses(id, subnets)).collect::<Result<Vec<Room>, Gap>>()
        }),
    }
}

/// The services beside a cluster.
pub(super) fn platform(known: &Known<'_>) -> Platform {
    Platform {
        secret_store: known.conclude("/cluster", |trail, cluster| {
            of_eks(cluster)?;
            let addons = all_described(trail, &known.addons)?;
            let found = addons.iter().find(|(name, _)| *name == "aws-secrets-store-csi-driver-provider");
            Ok(match found {
                Some((name, addon)) => SecretStore::Connected {
                    by: format!("add-on `{name}`"),
                    rotates: switch(addon, "enableSecretRotation").ok().flatten(),
                },
                None => SecretStore::NotConnected { because: "EKS runs no add-on for it".to_owned() },
            })
        }),
        telemetry: known.conclude("/cluster", |trail, cluster| {
            of_eks(cluster)?;
            Ok(telemetry(trail.read(&known.addons)?.iter().map(|(name, _)| name.as_str())))
        }),
    }
}

fn telemetry<'a>(addons: impl Iterator<Item = &'a str>) -> Telemetry {
    let is_collector = |name: &&str| {
        *name == "amazon-cloudwatch-observability" || COLLECTORS.iter().any(|beginning| name.starts_with(beginning))
    };
    let by = addons.into_iter().find(is_collector).map(|name| format!("add-on `{name}`"));
    Telemetry { metrics: by.clone(), logs: by, because: "the add-ons that EKS runs".to_owned() }
}

/// AWS knows nothing of what is inside a cluster that is only connected to it.
fn of_eks(cluster: &Cluster) -> Result<(), Gap> {
    if cluster.connector_config.is_some() {
        return Err(Gap::Unsupported { what: "AWS does not run a connected cluster".to_owned() });
    }
    Ok(())
}

fn own_vpc(region: &Region<'_>, cluster: &Cluster, trail: &mut Trail) -> Result<String, Gap> {
    of_eks(cluster)?;
    vpc_of(region, vpc_config(region, cluster)?, trail)
}

fn is_automatic(cluster: &Cluster) -> bool {
    cluster.compute_config.as_ref().is_some_and(|compute| compute.enabled == Some(true))
}

/// The engine is part of Amazon's network add-on and off unless it is switched on.
/// <https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html>
fn policy_engine(known: &Known<'_>, cluster: &Cluster, trail: &mut Trail) -> Result<PolicyEngine, Gap> {
    of_eks(cluster)?;
    let addons = trail.read(&known.addons)?;
    let Some((_, addon)) = addons.iter().find(|(name, _)| name == "vpc-cni") else {
        let what = if is_automatic(cluster) {
            "in Auto Mode an object inside the cluster switches the policy engine on"
        } else {
            "the cluster's network plugin is no add-on of EKS: it is seen inside the cluster only"
        };
        return Err(Gap::Unsupported { what: what.to_owned() });
    };
    let by = || "the network policy agent of add-on `vpc-cni`".to_owned();
    Ok(match switch(trail.read(addon)?, "enableNetworkPolicy")? {
        Some(true) => PolicyEngine::Active { by: by() },
        Some(false) => {
            PolicyEngine::Absent { because: "`enableNetworkPolicy` of add-on `vpc-cni` is false".to_owned() }
        }
        None => PolicyEngine::Absent {
            because: "`enableNetworkPolicy` of add-on `vpc-cni` is not set, which means off".to_owned(),
        },
    })
}

/// A switch in the values of an add-on, wherever it stands in them. `None` when the values do not have it.
fn switch(addon: &Addon, wanted: &str) -> Result<Option<bool>, Gap> {
    let Some(text) = addon.configuration_values.as_deref().filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let unreadable = || Gap::Unsettled { what: "the values of the add-on are in a form that is not kept".to_owned() };
    if text == REDACTED {
        return Err(unreadable());
    }
    let values: Value = serde_json::from_str(text).map_err(|_| unreadable())?;
    Ok(found(&values, wanted))
}

fn found(values: &Value, wanted: &str) -> Option<bool> {
    let fields = values.as_object()?;
    match fields.get(wanted) {
        Some(Value::Bool(on)) => Some(*on),
        Some(Value::String(text)) => text.parse().ok(),
        _ => fields.values().find_map(|value| found(value, wanted)),
    }
}

fn parts(known: &Known<'_>, cluster: &Cluster, trail: &mut Trail) -> Result<Vec<NetworkPart>, Gap> {
    of_eks(cluster)?;
    let addons = trail.read(&known.addons)?;
    let part = |role: &str, word: &str| NetworkPart { role: role.to_owned(), word: word.to_owned() };
    let mut found = Vec::new();
    if is_automatic(cluster) {
        found.push(part("network plugin", "EKS Auto Mode"));
    }
    for (role, word) in [("network plugin", "vpc-cni"), ("service proxy", "kube-proxy")] {
        if addons.iter().any(|(name, _)| name == word) {
            found.push(part(role, word));
        }
    }
    if !found.iter().any(|part| part.role == "network plugin") {
        let what = "the cluster's network plugin is no add-on of EKS: it is seen inside the cluster only".to_owned();
        return Err(Gap::Unsupported { what });
    }
    Ok(found)
}

fn private_apis(region: &Region<'_>, vpc: &str, trail: &mut Trail) -> Result<PrivateApis, Gap> {
    let all = trail.read(&region.vpc_endpoints)?;
    let offered: BTreeSet<&str> = all
        .iter()
        .filter(|one| one.vpc_id.as_deref() == Some(vpc))
        .filter(|one| one.state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("available")))
        .filter_map(|one| one.service_name.as_deref())
        // `com.amazonaws.eu-west-1.ecr.api`
        .filter_map(|name| name.split_once(&format!(".{}.", region.name)).map(|(_, service)| service))
        .collect();
    let missing: Vec<String> = NEEDED
        .iter()
        .filter(|service| !offered.contains(*service))
        .map(|service| format!("an endpoint of {service}"))
        .collect();
    if missing.is_empty() {
        return Ok(PrivateApis::Offered { by: format!("endpoints of {}", NEEDED.join(", ")) });
    }
    Ok(PrivateApis::Missing { what: missing })
}

/// Machines of some types encrypt what they send to each other. Of Fargate's machines AWS does not say which they are.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/data-protection.html#encryption-transit>
fn transit(region: &Region<'_>, known: &Known<'_>, cluster: &Cluster, trail: &mut Trail) -> Result<Transit, Gap> {
    of_eks(cluster)?;
    let instances = trail.read(&region.instances)?;
    let used: BTreeSet<&str> = region
        .instances_of(known.name, instances)
        .map(|instance| instance.instance_type.as_deref().ok_or_else(|| untold("the type of a machine")))
        .collect::<Result<_, _>>()?;
    let profiles = trail.read(&known.fargate)?;
    if used.is_empty() {
        return Err(Gap::Unsettled { what: "no machine of the cluster runs, so none tells its type".to_owned() });
    }
    let types = trail.read(&region.instance_types)?;
    let mut plain = Vec::new();
    for wanted in used {
        let found = types.iter().find(|one| one.instance_type.as_deref() == Some(wanted));
        let supported = found.and_then(|one| one.network_info.as_ref()?.encryption_in_transit_supported);
        match supported {
            Some(true) => (),
            Some(false) => plain.push(wanted),
            None => return Err(Gap::Unsettled { what: format!("machine type {wanted} is not in the list") }),
        }
    }
    if !plain.is_empty() {
        let because = format!("machines of type {} do not encrypt what they send", plain.join(", "));
        return Ok(Transit::Plain { because });
    }
    if !profiles.is_empty() {
        let what = "the machines encrypt what they send to each other; of Fargate's AWS does not say".to_owned();
        return Err(Gap::Unsupported { what });
    }
    Ok(Transit::Encrypted { by: "the machines' own network cards".to_owned() })
}

fn untold(what: &str) -> Gap {
    Gap::Unsettled { what: format!("{what} is not in the answer") }
}

fn unlisted(vpc: &str) -> Gap {
    Gap::Unsettled { what: format!("network {vpc} is not in the list: it may belong to another account") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addon(values: Option<&str>) -> Addon {
        Addon { configuration_values: values.map(str::to_owned), ..Addon::default() }
    }

    #[test]
    fn a_switch_is_read_as_text_and_as_a_boolean_wherever_it_stands() {
        for (values, expected) in [
            (None, None),
            (Some(""), None),
            (Some("{}"), None),
            (Some(r#"{"enableNetworkPolicy":"true"}"#), Some(true)),
            (Some(r#"{"enableNetworkPolicy":true}"#), Some(true)),
            (Some(r#"{"enableNetworkPolicy":"false"}"#), Some(false)),
            (Some(r#"{"driver":{"enableNetworkPolicy":true}}"#), Some(true)),
        ] {
            assert_eq!(switch(&addon(values), "enableNetworkPolicy"), Ok(expected), "{values:?}");
        }
    }

    #[test]
    fn values_that_were_not_kept_are_no_absent_switch() {
        for values in [REDACTED, "enableNetworkPolicy: true", "["] {
            assert!(switch(&addon(Some(values)), "enableNetworkPolicy").is_err(), "{values}");
        }
    }

    #[test]
    fn a_collector_is_known_by_its_add_on() {
        assert_eq!(telemetry(["coredns", "vpc-cni"].into_iter()).logs, None);
        let found = telemetry(["coredns", "datadog_operator"].into_iter());
        assert_eq!(found.metrics.as_deref(), Some("add-on `datadog_operator`"));
    }
}
