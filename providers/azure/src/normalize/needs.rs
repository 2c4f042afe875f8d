//! What the identities of a cluster need, as Microsoft documents it.
//! <https://learn.microsoft.com/azure/aks/use-managed-identity#summary-of-managed-identities>

use super::{
    assignments::{Assignments, DATA, exactly, under},
    cluster::Read,
};
use crate::arm;
use palisade_authority::{Authority, Glob, Grant, Layer, LayerKind, Selector};

/// What the control plane needs: everything but access management in its node resource group, the network of its
/// subnets, its nodes' identity, its key and its DNS zone.
pub(super) fn control_plane(read: &Read<'_, '_>, assignments: &Assignments<'_>, vault: Option<&str>) -> Authority {
    let subscription = assignments.subscription;
    let node_group = format!("/subscriptions/{subscription}/resourceGroups/{}", read.node_group());
    let but_access = Selector::of_except(
        [Glob::everything()],
        [
            Glob::insensitive("Microsoft.Authorization/*/Write"),
            Glob::insensitive("Microsoft.Authorization/*/Delete"),
            Glob::insensitive("Microsoft.Authorization/elevateAccess/*"),
            Glob::insensitive(&format!("{DATA}*")),
        ],
    );
    let mut grants = vec![Grant::allow("need: node resource group", but_access, at(&node_group))];
    let network = actions(&[
        "Microsoft.Network/*",
        "Microsoft.Authorization/*/read",
        "Microsoft.Insights/alertRules/*",
        "Microsoft.ResourceHealth/availabilityStatuses/read",
        "Microsoft.Resources/deployments/*",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Support/*",
    ]);
    let access = &read.properties.api_server_access_profile;
    let agents = &read.properties.agent_pool_profiles;
    let subnets = agents.iter().flat_map(|agent| agent.vnet_subnet_id.iter().chain(&agent.pod_subnet_id)).chain(&access.subnet_id);
    let mut networks: Vec<String> =
        subnets.filter_map(|id| arm::key(id).split_once("/subnets/").map(|(network, _)| network.to_owned())).collect();
    networks.sort();
    networks.dedup();
    grants.extend(networks.iter().map(|id| Grant::allow("need: own networks", network.clone(), at(id))));
    let kubelet = read.properties.identity_profile.as_ref().and_then(|profile| profile.get("kubeletidentity")?.as_ref());
    if let Some(id) = kubelet.and_then(|identity| identity.resource_id.as_deref()) {
        let operate = actions(&[
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Support/*",
        ]);
        grants.push(Grant::allow("need: identity of the nodes", operate, at(id)));
    }
    if let Some(zone) = access.private_dns_zone.as_deref().filter(|zone| zone.starts_with('/')) {
        grants.push(Grant::allow("need: private DNS zone", network, at(zone)));
    }
    if let Some(vault) = vault {
        let operations = ["read", "update/action", "backup/action", "encrypt/action", "decrypt/action", "wrap/action", "unwrap/action", "sign/action", "verify/action"];
        let named: Vec<Glob> = operations.iter().map(|operation| Glob::insensitive(&format!("{DATA}Microsoft.KeyVault/vaults/keys/{operation}"))).collect();
        grants.push(Grant::allow("need: key", Selector::of(named), at(vault)));
    }
    of(assignments, grants)
}

/// What nodes need: images of the registries they were attached to, one by one.
pub(super) fn node(assignments: &Assignments<'_>) -> Authority {
    let pull = Selector::of([
        Glob::insensitive("Microsoft.ContainerRegistry/registries/pull/read"),
        Glob::insensitive(&format!("{DATA}Microsoft.ContainerRegistry/registries/repositories/content/read")),
        Glob::insensitive(&format!("{DATA}Microsoft.ContainerRegistry/registries/repositories/metadata/read")),
    ]);
    let registries = Selector::of([Glob::insensitive("*/providers/Microsoft.ContainerRegistry/registries/*")]);
    of(assignments, vec![Grant::allow("need: images", pull, registries)])
}

/// Nothing that anybody has written down.
pub(super) fn nothing(assignments: &Assignments<'_>) -> Authority {
    of(assignments, Vec::new())
}

fn of(assignments: &Assignments<'_>, grants: Vec<Grant>) -> Authority {
    Authority::new(vec![Layer::new("need", LayerKind::Grants, grants)]).over(assignments.everywhere())
}

fn at(id: &str) -> Selector {
    Selector::of([exactly(id), under(id)])
}

fn actions(names: &[&str]) -> Selector {
    Selector::of(names.iter().map(|name| Glob::insensitive(name)))
}
