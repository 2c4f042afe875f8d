//! What the identities of a cluster need, as Microsoft documents it.
//! <https://learn.microsoft.com/azure/aks/use-managed-identity#summary-of-managed-identities>

use super::{
    assignments::{Assignments, exactly, under},
    cluster::Read,
};
use crate::arm;
use palisade_authority::{Authority, Glob, Grant, Layer, LayerKind, Selector};

/// A built-in role, and what to take it for where its definition was not listed.
struct BuiltIn {
    guid: &'static str,
    actions: &'static [&'static str],
    not: &'static [&'static str],
}

const CONTRIBUTOR: BuiltIn = BuiltIn {
    guid: "b24988ac-6180-42a0-ab88-20f7382dd24c",
    actions: &["*"],
    not: &[
        "Microsoft.Authorization/*/Write",
        "Microsoft.Authorization/*/Delete",
        "Microsoft.Authorization/elevateAccess/Action",
        "data:*",
    ],
};

const NETWORK_CONTRIBUTOR: BuiltIn = BuiltIn {
    guid: "4d97b98b-1d4f-4787-a291-c67834d212e7",
    actions: &[
        "Microsoft.Network/*",
        "Microsoft.Authorization/*/read",
        "Microsoft.Insights/alertRules/*",
        "Microsoft.ResourceHealth/availabilityStatuses/read",
        "Microsoft.Resources/deployments/*",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Support/*",
    ],
    not: &[],
};

const PRIVATE_DNS_ZONE_CONTRIBUTOR: BuiltIn = BuiltIn {
    guid: "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
    actions: &["Microsoft.Network/privateDnsZones/*", "Microsoft.Network/virtualNetworks/join/action"],
    not: &[],
};

const MANAGED_IDENTITY_OPERATOR: BuiltIn = BuiltIn {
    guid: "f1a07417-d97a-45cb-824c-7a7467783830",
    actions: &[
        "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
        "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
        "Microsoft.Authorization/*/read",
        "Microsoft.Insights/alertRules/*",
        "Microsoft.Resources/deployments/*",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Support/*",
    ],
    not: &[],
};

const KEY_VAULT_CRYPTO_USER: BuiltIn = BuiltIn {
    guid: "12338af0-0e69-4776-bea7-57ae8d297424",
    actions: &[
        "data:Microsoft.KeyVault/vaults/keys/read",
        "data:Microsoft.KeyVault/vaults/keys/update/action",
        "data:Microsoft.KeyVault/vaults/keys/backup/action",
        "data:Microsoft.KeyVault/vaults/keys/encrypt/action",
        "data:Microsoft.KeyVault/vaults/keys/decrypt/action",
        "data:Microsoft.KeyVault/vaults/keys/wrap/action",
        "data:Microsoft.KeyVault/vaults/keys/unwrap/action",
        "data:Microsoft.KeyVault/vaults/keys/sign/action",
        "data:Microsoft.KeyVault/vaults/keys/verify/action",
    ],
    not: &[],
};

const ACR_PULL: BuiltIn = BuiltIn {
    guid: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    actions: &["Microsoft.ContainerRegistry/registries/pull/read"],
    not: &[],
};

const REPOSITORY_READER: BuiltIn = BuiltIn {
    guid: "b93aa761-3e63-49ed-ac28-beffa264f7ac",
    actions: &[
        "data:Microsoft.ContainerRegistry/registries/repositories/content/read",
        "data:Microsoft.ContainerRegistry/registries/repositories/metadata/read",
    ],
    not: &[],
};

impl BuiltIn {
    /// What the role gives on these resources, as it is defined here and now.
    fn on(&self, what: &str, resources: &Selector, assignments: &Assignments<'_>) -> Vec<Grant> {
        let globs = |names: &[&str]| names.iter().map(|name| Glob::insensitive(name)).collect::<Vec<_>>();
        let defined = assignments
            .role(self.guid)
            .unwrap_or_else(|| vec![Selector::of_except(globs(self.actions), globs(self.not))]);
        defined.into_iter().map(|actions| Grant::allow(format!("need: {what}"), actions, resources.clone())).collect()
    }
}

/// What the control plane needs: everything but access management in its node resource group, the network of its
/// subnets, its nodes' identity, its key and its DNS zone.
pub(super) fn control_plane(read: &Read<'_, '_>, assignments: &Assignments<'_>, vault: Option<&str>) -> Authority {
    let subscription = assignments.subscription;
    let node_group = format!("/subscriptions/{subscription}/resourceGroups/{}", read.node_group());
    let mut grants = CONTRIBUTOR.on("node resource group", &at(&node_group), assignments);
    let access = &read.properties.api_server_access_profile;
    let agents = &read.properties.agent_pool_profiles;
    let subnets = agents
        .iter()
        .flat_map(|agent| agent.vnet_subnet_id.iter().chain(&agent.pod_subnet_id))
        .chain(&access.subnet_id);
    let mut networks: Vec<String> =
        subnets.filter_map(|id| arm::key(id).split_once("/subnets/").map(|(network, _)| network.to_owned())).collect();
    networks.sort();
    networks.dedup();
    for id in &networks {
        grants.extend(NETWORK_CONTRIBUTOR.on("own networks", &at(id), assignments));
    }
    let kubelet =
        read.properties.identity_profile.as_ref().and_then(|profile| profile.get("kubeletidentity")?.as_ref());
    if let Some(id) = kubelet.and_then(|identity| identity.resource_id.as_deref()) {
        grants.extend(MANAGED_IDENTITY_OPERATOR.on("identity of the nodes", &at(id), assignments));
    }
    if let Some(zone) = access.private_dns_zone.as_deref().filter(|zone| zone.starts_with('/')) {
        grants.extend(PRIVATE_DNS_ZONE_CONTRIBUTOR.on("private DNS zone", &at(zone), assignments));
    }
    if let Some(vault) = vault {
        grants.extend(KEY_VAULT_CRYPTO_USER.on("key", &at(vault), assignments));
    }
    of(assignments, grants)
}

/// What nodes need: images of the registries they were attached to, one by one.
pub(super) fn node(assignments: &Assignments<'_>) -> Authority {
    let registries = Selector::of([Glob::insensitive("*/providers/Microsoft.ContainerRegistry/registries/*")]);
    let mut grants = ACR_PULL.on("images", &registries, assignments);
    grants.extend(REPOSITORY_READER.on("images", &registries, assignments));
    of(assignments, grants)
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
