//! Node pools and the facts of each.

use super::{
    cluster::Read,
    exposure::exposed,
    filters, machinery,
    machines::{Machines, belongs, machines, scale_sets, sets_of},
    observe::observe,
    routes::Hop,
    space::Space,
    surroundings::Surroundings,
    table::Row,
    upkeep,
};
use crate::{
    arm,
    record::{AgentPool, ScaleSet},
};
use palisade_model::{
    DefaultRoute, Evidence, Gap, Interactive, Metadata, Node, Observed, Pool, PoolId, PoolKind, PublicAddresses, Upkeep,
};
use palisade_reach::{AddrSet, parse_net};
use std::sync::Arc;

/// One pool while its facts are read.
pub(super) struct PoolRead<'p, 's> {
    pub(super) cluster: &'p Read<'p, 's>,
    /// The pool as AKS lists it; absent for machines it does not list.
    pub(super) agent: Option<&'p AgentPool>,
    /// Where the pool stands in the cluster's answer.
    pub(super) pointer: String,
    pub(super) sets: Result<Vec<&'p Row<'s, ScaleSet>>, Gap>,
    /// Addresses of the cluster itself.
    pub(super) members: &'p AddrSet,
}

impl<'s> PoolRead<'_, 's> {
    /// The evidence for a setting of the pool.
    pub(super) fn evidence(&self, field: &str) -> Option<Evidence> {
        self.cluster.row.evidence(&format!("{}/{field}", self.pointer))
    }

    /// The subnet of the pool's machines.
    pub(super) fn space(&self, around: &Surroundings<'s>, seen: &mut Vec<Evidence>) -> Result<Arc<Space>, Gap> {
        let space = if let Some(id) = self.agent.and_then(|agent| agent.vnet_subnet_id.as_deref()) {
            seen.extend(self.evidence("vnetSubnetID"));
            around.space(id)?
        } else {
            // AKS made the network: only the scale set's template names the subnet.
            let mut named: Option<&str> = None;
            for row in self.sets.as_ref().map_err(Clone::clone)? {
                seen.extend(row.evidence("/properties/virtualMachineProfile/networkProfile"));
                let name = arm::name(&row.id);
                let id = row
                    .get()?
                    .subnet()
                    .ok_or_else(|| Gap::Unsettled { what: format!("scale set `{name}` names no subnet") })?;
                if named.is_some_and(|known| !arm::same(known, id)) {
                    return Err(Gap::Unsettled {
                        what: format!("scale set `{name}` stands in another subnet than another of its pool"),
                    });
                }
                named = Some(id);
            }
            around.space(named.ok_or_else(no_set)?)?
        };
        seen.extend_from_slice(&space.sources);
        Ok(space)
    }
}

fn no_set() -> Gap {
    Gap::Unsettled { what: "the pool has no scale set".to_owned() }
}

/// The pools of a cluster: those AKS lists, and machines in its node resource group that it does not.
pub(super) fn pools(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<Pool>> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/agentPoolProfiles"));
        let agents = &read.properties.agent_pool_profiles;
        let sets = scale_sets(read, around);
        let members = members(read, &sets, around);
        let mut pools = Vec::with_capacity(agents.len());
        for (at, agent) in agents.iter().enumerate() {
            let pool = PoolRead {
                cluster: read,
                agent: Some(agent),
                pointer: format!("/properties/agentPoolProfiles/{at}"),
                sets: sets_of(agent, &sets),
                members: &members,
            };
            let name = agent.name.clone().unwrap_or_else(|| format!("pool {at}"));
            pools.push(self::pool(&pool, around, name, PoolKind::Managed));
        }
        let listed = |row: &&Row<'_, ScaleSet>| {
            agents.iter().any(|agent| belongs(row, agent.name.as_deref().unwrap_or_default()))
        };
        for row in sets.iter().flatten().filter(|row| !listed(row)) {
            let pool = PoolRead {
                cluster: read,
                agent: None,
                pointer: "/properties/agentPoolProfiles".to_owned(),
                sets: Ok(vec![row]),
                members: &members,
            };
            pools.push(self::pool(&pool, around, arm::name(&row.id).to_owned(), PoolKind::Automatic));
        }
        if read
            .properties
            .node_provisioning_profile
            .mode
            .as_deref()
            .is_some_and(|mode| mode.eq_ignore_ascii_case("Auto"))
        {
            pools.push(provisioned(read));
        }
        // A cluster without machines there is none, and nothing would be judged.
        if pools.is_empty() {
            return Err(Gap::Unsettled { what: "the cluster names no node pool".to_owned() });
        }
        Ok(pools)
    })
}

/// The addresses of the cluster itself: its machines' subnets and its pods.
fn members(read: &Read<'_, '_>, sets: &Result<Vec<&Row<'_, ScaleSet>>, Gap>, around: &Surroundings<'_>) -> AddrSet {
    let agents = &read.properties.agent_pool_profiles;
    let configured =
        agents.iter().flat_map(|agent| agent.vnet_subnet_id.iter().chain(&agent.pod_subnet_id)).map(String::as_str);
    let templates = sets.iter().flatten().filter_map(|row| row.item.as_ref().ok()?.subnet());
    let network = &read.properties.network_profile;
    let pods = network.pod_cidrs.iter().chain(&network.pod_cidr).filter_map(|text| parse_net(text).ok());
    let mut subnets: Vec<String> = configured.chain(templates).map(arm::key).collect();
    subnets.sort();
    subnets.dedup();
    let spaces = subnets.iter().filter_map(|id| around.space(id).ok());
    spaces.fold(AddrSet::from_nets(pods), |all, space| all.union(&space.own))
}

fn pool(pool: &PoolRead<'_, '_>, around: &Surroundings<'_>, name: String, kind: PoolKind) -> Pool {
    let machines = pool.sets.as_ref().map_err(Clone::clone).and_then(|sets| machines(sets, around));
    let exposed = machines.as_ref().map_err(Clone::clone).and_then(|machines| {
        let mut sources = machines.sources.clone();
        exposed(&machines.all, pool.members, around, &mut sources).map(|exposed| (exposed, sources))
    });
    Pool {
        id: PoolId::new(format!("{}/agentPools/{name}", pool.cluster.id())),
        kind,
        nodes: observe(|seen| nodes(&machines, seen)),
        public_addresses: observe(|seen| public_addresses(pool, &machines, seen)),
        filters: observe(|seen| filters::filters(pool, around, seen)),
        exposure: observe(|seen| {
            // Addresses of load balancers are part of the question even where none leads here today.
            super::table::table(&around.public_addresses)?;
            let (exposed, sources) = exposed.as_ref().map_err(Clone::clone)?;
            seen.extend_from_slice(sources);
            Ok(exposed.clone())
        }),
        default_route: observe(|seen| default_route(pool, around, seen)),
        egress: observe(|seen| filters::egress(pool, around, seen)),
        interactive: observe(|seen| interactive(pool, seen)),
        metadata: metadata(),
        machinery: machinery::machinery(pool, around),
        upkeep: upkeep::upkeep(pool),
        name,
    }
}

fn nodes(machines: &Result<Machines, Gap>, seen: &mut Vec<Evidence>) -> Result<Vec<Node>, Gap> {
    let machines = machines.as_ref().map_err(Clone::clone)?;
    seen.extend_from_slice(&machines.sources);
    Ok(machines.all.iter().map(|machine| machine.node.clone()).collect())
}

/// Off unless it is switched on. <https://learn.microsoft.com/azure/aks/use-node-public-ips>
fn public_addresses(
    pool: &PoolRead<'_, '_>,
    machines: &Result<Machines, Gap>,
    seen: &mut Vec<Evidence>,
) -> Result<PublicAddresses, Gap> {
    let held_by = {
        let machines = machines.as_ref().map_err(Clone::clone)?;
        seen.extend_from_slice(&machines.sources);
        let has_one =
            |machine: &&super::machines::Machine| machine.addresses.iter().any(|address| address.public.is_some());
        machines.all.iter().filter(has_one).map(|machine| machine.node.id.clone()).collect()
    };
    let Some(agent) = pool.agent else {
        return Ok(PublicAddresses {
            setting: None,
            because: "the machines are in no pool that AKS lists".to_owned(),
            held_by,
        });
    };
    seen.extend(pool.evidence("enableNodePublicIP"));
    let prefix = agent.node_public_ip_prefix_id.as_deref().filter(|id| !id.is_empty());
    let because = match (agent.enable_node_public_ip, prefix) {
        (Some(true), Some(prefix)) => format!("`enableNodePublicIP` is on, with addresses of `{}`", arm::name(prefix)),
        (Some(true), None) => "`enableNodePublicIP` is on".to_owned(),
        (Some(false), _) => "`enableNodePublicIP` is off".to_owned(),
        (None, _) => "`enableNodePublicIP` is not set, which means off".to_owned(),
    };
    Ok(PublicAddresses { setting: Some(agent.enable_node_public_ip == Some(true)), because, held_by })
}

/// Azure asks in this order: written routes, NAT gateway, the machine's own address, the load balancer, and last an
/// address it lends. <https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access>
fn default_route(
    pool: &PoolRead<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<DefaultRoute, Gap> {
    let space = pool.space(around, seen)?;
    seen.extend(pool.cluster.row.evidence("/properties/networkProfile"));
    seen.extend(pool.evidence("enableNodePublicIP"));
    match &space.default_route {
        Some((Hop::Through(hop), name)) => {
            return Ok(DefaultRoute::Brokered { via: format!("route `{name}` to `{hop}`") });
        }
        Some((Hop::Nowhere, _)) => return Ok(DefaultRoute::None),
        Some((Hop::Inside, name)) => {
            return Ok(DefaultRoute::Brokered { via: format!("route `{name}` into the network") });
        }
        Some((Hop::Internet, _)) | None => {}
    }
    if let Some(gateway) = &space.nat_gateway {
        return Ok(DefaultRoute::Brokered { via: format!("NAT gateway `{}`", arm::name(gateway)) });
    }
    if pool.agent.is_some_and(|agent| agent.enable_node_public_ip == Some(true)) {
        return Ok(DefaultRoute::Internet { via: "each machine's own public address".to_owned() });
    }
    // Absent means `loadBalancer`.
    let outbound = pool.cluster.properties.network_profile.outbound_type.as_deref().unwrap_or("loadBalancer");
    match outbound.to_ascii_lowercase().as_str() {
        "loadbalancer" => {
            Ok(DefaultRoute::Brokered { via: "outbound rules of the cluster's load balancer".to_owned() })
        }
        "managednatgateway" | "userassignednatgateway" | "managednatgatewayv2" => {
            Ok(DefaultRoute::Brokered { via: format!("NAT gateway (`outboundType` is `{outbound}`)") })
        }
        _ if space.default_outbound == Some(false) => Ok(DefaultRoute::None),
        _ => Ok(DefaultRoute::Implicit { via: format!("default outbound access of subnet `{}`", space.name) }),
    }
}

/// Absent means `LocalUser`: a key on every machine.
/// <https://learn.microsoft.com/azure/aks/manage-ssh-node-access>
fn interactive(pool: &PoolRead<'_, '_>, seen: &mut Vec<Evidence>) -> Result<Interactive, Gap> {
    let Some(agent) = pool.agent else {
        return Err(Gap::NotCollected {
            what: "how people log in to machines outside the listed pools is not read".to_owned(),
        });
    };
    seen.extend(pool.evidence("securityProfile"));
    let setting = agent.security_profile.ssh_access.as_deref();
    let keys = |because: String| Interactive::Keys { because, opened_to_everyone: false };
    Ok(match setting.map(str::to_ascii_lowercase).as_deref() {
        None => keys("`securityProfile.sshAccess` is not set, which means a local user with a key".to_owned()),
        Some("disabled") => Interactive::Off { because: "`securityProfile.sshAccess` is `Disabled`".to_owned() },
        Some("entraid") => {
            Interactive::Brokered { by: "Microsoft Entra ID (`securityProfile.sshAccess` is `EntraId`)".to_owned() }
        }
        Some("localuser") => keys("`securityProfile.sshAccess` is `LocalUser`".to_owned()),
        Some(_) => {
            let word = setting.unwrap_or_default();
            return Err(Gap::Unsettled {
                what: format!("`securityProfile.sshAccess` is `{word}`, a word we do not know"),
            });
        }
    })
}

/// The switch exists in preview versions only; absent from a stable answer it is unknown and not off.
/// <https://learn.microsoft.com/azure/aks/imds-restriction>
fn metadata() -> Observed<Metadata> {
    Observed::missing(Gap::Unsupported {
        what: "`networkProfile.podLinkLocalAccess` is not in the stable api-version 2026-08-01 of managedClusters: whether \
               pods reach the metadata service cannot be read"
            .to_owned(),
    })
}

/// Machines of node auto-provisioning are single virtual machines, made and replaced as pods come and go.
/// <https://learn.microsoft.com/azure/aks/node-autoprovision>
fn provisioned(read: &Read<'_, '_>) -> Pool {
    let gap = Gap::NotCollected {
        what: "the machines of node auto-provisioning are single virtual machines in the node resource group, and only scale \
               sets are listed"
            .to_owned(),
    };
    Pool {
        id: PoolId::new(format!("{}/agentPools/(node auto-provisioning)", read.id())),
        name: "node auto-provisioning".to_owned(),
        kind: PoolKind::Automatic,
        nodes: Observed::missing(gap.clone()),
        public_addresses: Observed::missing(gap.clone()),
        exposure: Observed::missing(gap.clone()),
        filters: Observed::missing(gap.clone()),
        default_route: Observed::missing(gap.clone()),
        egress: Observed::missing(gap.clone()),
        interactive: Observed::missing(gap.clone()),
        metadata: metadata(),
        machinery: machinery::provisioned(read, &gap),
        upkeep: Upkeep::unread(&gap),
    }
}
