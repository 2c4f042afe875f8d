//! What filters the private endpoint.

use super::{
    cluster::Read,
    machines::scale_sets,
    observe::observe,
    rules::{Direction, Membership, Own, OwnAddress},
    space::Space,
    surroundings::Surroundings,
    table::{Table, table},
};
use crate::{PRIVATE_ENDPOINTS, arm, record::PrivateEndpointConnection};
use palisade_model::{Evidence, Gap, Observed, PrivateGuard};
use palisade_reach::{Family, Protocol};
use std::sync::Arc;

/// The port of the API server.
const PORT: u16 = 443;

/// What filters the private endpoint.
pub(super) fn private_guard(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<PrivateGuard> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/apiServerAccessProfile"));
        let access = &read.properties.api_server_access_profile;
        if access.enable_vnet_integration == Some(true) {
            return integrated(read, around, seen);
        }
        if read.item.has_private_link() {
            return linked(read, around, seen);
        }
        Ok(PrivateGuard::NoEndpoint {
            because: "neither `enablePrivateCluster` nor `enableVnetIntegration` is on".to_owned(),
        })
    })
}

/// With VNet integration the API server stands in a subnet of its own, and that subnet's security group guards it.
/// <https://learn.microsoft.com/azure/aks/api-server-vnet-integration>
fn integrated(read: &Read<'_, '_>, around: &Surroundings<'_>, seen: &mut Vec<Evidence>) -> Result<PrivateGuard, Gap> {
    let space = match read.properties.api_server_access_profile.subnet_id.as_deref() {
        Some(id) => around.space(id)?,
        None => own_subnet(read, around)?,
    };
    guarded(&space, around, seen)
}

/// The subnet AKS makes for the API server in a network it made.
fn own_subnet(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Result<Arc<Space>, Gap> {
    let group = read.node_group();
    let ours = table(&around.networks)?
        .rows()
        .iter()
        .filter(|row| arm::group(&row.id).is_some_and(|own| own.eq_ignore_ascii_case(&group)));
    for row in ours {
        for subnet in &row.get()?.properties.subnets {
            let is_it = subnet.name.as_deref().is_some_and(|name| name.to_ascii_lowercase().contains("apiserver"));
            if let (true, Some(id)) = (is_it, subnet.id.as_deref()) {
                return around.space(id);
            }
        }
    }
    Err(Gap::NotCollected { what: "the cluster does not name the subnet its API server stands in".to_owned() })
}

/// A private endpoint stands in the nodes' subnet. Security groups hold for it only when the subnet says so.
/// <https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy>
fn linked(read: &Read<'_, '_>, around: &Surroundings<'_>, seen: &mut Vec<Evidence>) -> Result<PrivateGuard, Gap> {
    let key = arm::key(read.id());
    let connections = Table::<PrivateEndpointConnection>::read(
        around.snapshot,
        &PRIVATE_ENDPOINTS,
        around.subscription,
        &[("cluster", &key)],
    )?;
    seen.extend_from_slice(connections.pages());
    let group = read.node_group();
    for row in connections.rows() {
        let properties = &row.get()?.properties;
        let state = properties.private_link_service_connection_state.status.as_deref();
        // A word that nobody knows, and none at all, may mean that it leads here.
        if state.is_some_and(|state| {
            ["Pending", "Rejected", "Disconnected"].iter().any(|out| state.eq_ignore_ascii_case(out))
        }) {
            continue;
        }
        let endpoint = properties.private_endpoint.as_ref().ok_or_else(|| {
            let pointer = format!("/value/{}/properties/privateEndpoint", row.at);
            super::malformed(&PRIVATE_ENDPOINTS, around.subscription, &pointer, "missing")
        })?;
        if arm::group(&endpoint.id).is_some_and(|own| own.eq_ignore_ascii_case(&group)) {
            continue;
        }
        let name = arm::name(&endpoint.id);
        return Err(Gap::NotCollected {
            what: format!(
                "private endpoint `{name}` outside the node resource group leads to the API server: its subnet is not read"
            ),
        });
    }
    let subnet = read.properties.agent_pool_profiles.iter().find_map(|agent| agent.vnet_subnet_id.clone());
    let subnet = if let Some(id) = subnet {
        id
    } else {
        let sets = scale_sets(read, around)?;
        let found = sets.iter().find_map(|row| row.item.as_ref().ok()?.subnet());
        let nowhere = || Gap::Unsettled { what: "no pool names the subnet of the private endpoint".to_owned() };
        found.map(str::to_owned).ok_or_else(nowhere)?
    };
    seen.extend(read.row.evidence("/properties/agentPoolProfiles"));
    let space = around.space(&subnet)?;
    let policies = space.endpoint_policies.as_deref().unwrap_or("Disabled");
    let filtered =
        policies.eq_ignore_ascii_case("Enabled") || policies.eq_ignore_ascii_case("NetworkSecurityGroupEnabled");
    if !filtered {
        seen.extend_from_slice(&space.sources);
        return Ok(PrivateGuard::Unfiltered {
            because: format!(
                "`privateEndpointNetworkPolicies` of subnet `{}` is `{policies}`: security groups do not hold for private \
                 endpoints there",
                space.name
            ),
        });
    }
    guarded(&space, around, seen)
}

fn guarded(space: &Space, around: &Surroundings<'_>, seen: &mut Vec<Evidence>) -> Result<PrivateGuard, Gap> {
    seen.extend_from_slice(&space.sources);
    let groups = table(&around.security_groups)?;
    let Some(id) = space.security_group.as_deref() else {
        return Ok(PrivateGuard::Unfiltered { because: format!("no security group is on subnet `{}`", space.name) });
    };
    seen.extend(groups.find(id).and_then(|row| row.evidence("/properties")));
    // Which address of the subnet is the endpoint's is not told.
    let own = Own { address: OwnAddress::OneOf(space.own.clone()), groups: Membership::Unread };
    let pass = around.pass(space, None, &own, (Family::V4, Direction::In))?;
    let via =
        pass.layers.iter().flat_map(|layer| palisade_reach::witness(&layer.hits, Family::V4, Protocol::TCP, PORT));
    let host = super::space::nets(&[super::space::HOST]);
    Ok(PrivateGuard::Filtered {
        sources: pass.sessions.any_port.map(|packets| packets.sources(Protocol::TCP, PORT).subtract(&host)),
        via: via.collect(),
        global: false,
    })
}
