//! Random role assignments of the nodes' identity, and what they allow (semantics, section 6.2).

use super::SUBSCRIPTION;
use crate::{
    dice::Dice,
    naive::{self, Needs, matches_in_any_case},
    packet::Answer,
    tally::Tally,
};
use palisade_model::{Cluster, IdentityKind};
use serde_json::{Value, json};

/// The identity that AKS makes for the nodes of the cluster.
const IDENTITY: &str = "identity/fleet-agentpool";

const ACTIONS: [&str; 26] = [
    "*",
    "*/read",
    "*/write",
    "*/delete",
    "*/action",
    "Microsoft.Compute/*",
    "Microsoft.Compute/virtualMachines/*",
    "Microsoft.Compute/*/write",
    "microsoft.compute/snapshots/*",
    "Microsoft.ContainerService/*",
    "Microsoft.ContainerService/managedClusters/write",
    "Microsoft.ContainerService/managedClusters/*/action",
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    "Microsoft.Authorization/*",
    "Microsoft.Authorization/*/write",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.ManagedIdentity/*",
    "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
    "Microsoft.Storage/storageAccounts/*",
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "Microsoft.Network/*",
    "Microsoft.Network/*/write",
    "Microsoft.ContainerRegistry/registries/*",
    "Microsoft.ContainerRegistry/registries/pull/read",
    "Microsoft.KeyVault/vaults/*",
    "Microsoft.Insights/diagnosticSettings/*",
];
const DATA: [&str; 8] = [
    "*",
    "Microsoft.KeyVault/vaults/secrets/*",
    "Microsoft.KeyVault/vaults/keys/*/action",
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
    "Microsoft.Storage/*/read",
    "Microsoft.ContainerService/managedClusters/*",
    "Microsoft.ContainerService/managedClusters/secrets/read",
    "Microsoft.ContainerRegistry/*",
];
const SCOPES: [&str; 5] = ["subscription", "subscription", "group/rg", "group/other", "node-group/fleet"];

/// Section 6.4 of the semantics, for a cluster with local accounts, without Entra and with command invoke.
#[rustfmt::skip]
const NEEDS: Needs<'static> = &[
    ("cluster-admin", &[
        &["Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"],
        &["Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"],
        &["Microsoft.ContainerService/managedClusters/runcommand/action"],
        &["Microsoft.ContainerService/managedClusters/write"],
        &["data:Microsoft.ContainerService/managedClusters/rbac.authorization.k8s.io/clusterrolebindings/write"],
    ]),
    ("read-cluster-secrets", &[&["data:Microsoft.ContainerService/managedClusters/secrets/read"]]),
    ("run-workloads", &[
        &["data:Microsoft.ContainerService/managedClusters/pods/write"],
        &["data:Microsoft.ContainerService/managedClusters/apps/deployments/write"],
    ]),
    ("open-control-plane", &[&["Microsoft.ContainerService/managedClusters/write"]]),
    ("escalate-privilege", &[
        &["Microsoft.Authorization/roleAssignments/write"], &["Microsoft.Authorization/roleDefinitions/write"],
        &["Microsoft.Authorization/elevateAccess/action"],
    ]),
    ("read-cloud-secrets", &[
        &["data:Microsoft.KeyVault/vaults/secrets/getSecret/action"], &["Microsoft.KeyVault/vaults/accessPolicies/write"],
    ]),
    ("decrypt-kms", &[
        &["data:Microsoft.KeyVault/vaults/keys/decrypt/action"], &["data:Microsoft.KeyVault/vaults/keys/unwrap/action"],
    ]),
    ("exfiltrate-storage", &[
        &["data:Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"],
        &["Microsoft.Storage/storageAccounts/listKeys/action"], &["Microsoft.Compute/disks/beginGetAccess/action"],
        &["Microsoft.Compute/snapshots/beginGetAccess/action"],
    ]),
    ("destroy-storage", &[&["Microsoft.Storage/storageAccounts/delete"], &["Microsoft.Compute/disks/delete"]]),
    ("modify-network", &[
        &["Microsoft.Network/networkSecurityGroups/write"],
        &["Microsoft.Network/networkSecurityGroups/securityRules/write"],
        &["Microsoft.Network/routeTables/write"], &["Microsoft.Network/publicIPAddresses/write"],
    ]),
    ("expose-metadata", &[&["Microsoft.ContainerService/managedClusters/agentPools/write"]]),
    ("pull-any-image", &[
        &["Microsoft.ContainerRegistry/registries/pull/read"],
        &["data:Microsoft.ContainerRegistry/registries/repositories/content/read"],
    ]),
    ("delete-cluster", &[
        &["Microsoft.ContainerService/managedClusters/delete"],
    ]),
];

/// What a role gives or a deny assignment takes.
#[derive(Clone, Debug)]
struct Permissions {
    actions: Vec<String>,
    not_actions: Vec<String>,
    data: Vec<String>,
    not_data: Vec<String>,
}

/// A role that is assigned to the identity, or to a group.
#[derive(Clone, Debug)]
struct Assignment {
    principal: String,
    role: Permissions,
    at: String,
    /// Whether a condition is attached, which looks at a request nobody has made.
    conditional: bool,
}

#[derive(Clone, Debug)]
struct Denial {
    what: Permissions,
    at: String,
    /// Whom it is for: everybody, the identity, or somebody else.
    principals: Vec<String>,
    excluded: Vec<String>,
    not_below: bool,
}

/// Everything about access in the subscription.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    assignments: Vec<Assignment>,
    denials: Vec<Denial>,
    /// Who is in each of the groups.
    groups: Vec<Vec<String>>,
}

/// The groups; each may be in the others, also in a circle.
const GROUPS: [&str; 3] = ["group/a", "group/b", "group/c"];

impl Authority {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let assignment = |dice: &mut Dice| Assignment {
            principal: if dice.chance(40) { dice.word(&GROUPS) } else { IDENTITY.to_owned() },
            role: permissions(dice, true),
            at: dice.word(&SCOPES),
            conditional: dice.chance(15),
        };
        let denial = |dice: &mut Dice| Denial {
            what: permissions(dice, false),
            at: dice.word(&SCOPES),
            principals: match dice.between(0, 3) {
                0 => Vec::new(),
                1 => vec![IDENTITY.to_owned()],
                2 => vec![dice.word(&GROUPS)],
                _ => vec!["app/other".to_owned()],
            },
            excluded: match dice.between(0, 7) {
                0 | 1 => vec![IDENTITY.to_owned()],
                2 => vec![dice.word(&GROUPS)],
                _ => Vec::new(),
            },
            not_below: dice.chance(25),
        };
        Self {
            assignments: (0..dice.between(0, 3)).map(|_| assignment(dice)).collect(),
            denials: (0..dice.between(0, 2)).map(|_| denial(dice)).collect(),
            groups: GROUPS
                .map(|_| dice.words(&[IDENTITY, "group/a", "group/b", "group/c", "app/other", "user/somebody"], 0, 2))
                .to_vec(),
        }
    }

    /// Whether a name is the identity's or that of a group around it: ask who is in it, and who is in those, until nobody is
    /// new.
    fn means_the_identity(&self, name: &str) -> bool {
        let mut known = vec![name.to_owned()];
        let mut place = 0;
        while let Some(one) = known.get(place).cloned() {
            place += 1;
            let group = GROUPS.iter().zip(&self.groups).find(|(group, _)| **group == one);
            for member in group.into_iter().flat_map(|(_, members)| members) {
                if !known.contains(member) {
                    known.push(member.clone());
                }
            }
        }
        known.iter().any(|one| one == IDENTITY)
    }

    /// The groups of the directory.
    pub(crate) fn directory(&self) -> Value {
        let groups = GROUPS.iter().zip(&self.groups);
        let named = |name: &str| name.trim_start_matches("group/").to_owned();
        groups.map(|(name, members)| json!({ "name": named(name), "members": members })).collect()
    }

    /// The parts of the subscription's description that are about access.
    pub(crate) fn described(&self) -> Value {
        let assignments = self.assignments.iter().enumerate();
        let roles = assignments.clone().map(|(place, one)| {
            json!({
                "name": format!("Custom {place}"),
                "actions": one.role.actions,
                "not_actions": one.role.not_actions,
                "data_actions": one.role.data,
                "not_data_actions": one.role.not_data,
            })
        });
        let roles: Vec<Value> = roles.collect();
        let assigned = assignments.map(|(place, one)| {
            json!({
                "principal": one.principal,
                "role": format!("Custom {place}"),
                "at": one.at,
                "condition": one.conditional.then_some("@Resource[x] StringEquals 'y'"),
            })
        });
        let denied = self.denials.iter().enumerate().map(|(place, one)| {
            json!({
                "name": format!("deny {place}"),
                "at": one.at,
                "actions": one.what.actions,
                "not_actions": one.what.not_actions,
                "data_actions": one.what.data,
                "principals": one.principals,
                "excluded": one.excluded,
                "not_below": one.not_below,
            })
        });
        json!({
            "roles": roles,
            "assignments": assigned.collect::<Vec<_>>(),
            "deny_assignments": denied.collect::<Vec<_>>(),
        })
    }

    /// Any matching denial wins; else some assignment must allow. Both hold where they are made and below.
    fn allows(&self, action: &str, resource: &str) -> Answer {
        let denied = self.denials.iter().any(|one| {
            let place = scope(&one.at);
            let here = resource == place || !one.not_below && is_below(resource, &place);
            let names = |names: &[String]| names.iter().any(|name| self.means_the_identity(name));
            let meant = one.principals.is_empty() || names(&one.principals);
            here && meant && !names(&one.excluded) && one.what.cover(action)
        });
        if denied {
            return Answer::No;
        }
        let given = self.assignments.iter().filter(|one| {
            let place = scope(&one.at);
            let here = resource == place || is_below(resource, &place);
            here && self.means_the_identity(&one.principal) && one.role.cover(action)
        });
        given.map(|one| if one.conditional { Answer::Open } else { Answer::Yes }).fold(Answer::No, Answer::or)
    }
}

impl Permissions {
    /// Data actions are another kind than the rest and never follow from it.
    fn cover(&self, action: &str) -> bool {
        let any = |patterns: &[String], name: &str| patterns.iter().any(|pattern| matches_in_any_case(pattern, name));
        match action.strip_prefix("data:") {
            Some(name) => any(&self.data, name) && !any(&self.not_data, name),
            None => any(&self.actions, action) && !any(&self.not_actions, action),
        }
    }
}

fn permissions(dice: &mut Dice, of_role: bool) -> Permissions {
    Permissions {
        actions: dice.words(&ACTIONS, 1, 4),
        not_actions: if dice.chance(35) { dice.words(&ACTIONS, 1, 3) } else { Vec::new() },
        data: if dice.chance(40) { dice.words(&DATA, 1, 2) } else { Vec::new() },
        // The simulator's deny assignments take no exceptions from data actions.
        not_data: if of_role && dice.chance(30) { dice.words(&DATA, 1, 1) } else { Vec::new() },
    }
}

/// The resource id behind a scope.
fn scope(at: &str) -> String {
    let subscription = format!("/subscriptions/{SUBSCRIPTION}");
    match at.split_once('/') {
        Some(("group", name)) => format!("{subscription}/resourceGroups/{name}"),
        Some(_) => format!("{subscription}/resourceGroups/MC_rg_fleet_westeurope"),
        None => subscription,
    }
}

fn is_below(resource: &str, place: &str) -> bool {
    resource.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
}

/// Compares the standing of the nodes' identity.
pub(crate) fn compare(authority: &Authority, cluster: &Cluster, tally: &mut Tally) {
    let groups = ["unnamed", "rg", "other", "MC_rg_fleet_westeurope"];
    let below = groups.map(|group| format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/x/y/z"));
    let themselves = groups.map(|group| format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"));
    let subscription = format!("/subscriptions/{SUBSCRIPTION}");
    let resources: Vec<String> = below.into_iter().chain(themselves).chain([subscription]).collect();
    let identities = cluster.identities.get().into_iter().flatten();
    let standing =
        identities.filter(|one| one.kind == IdentityKind::Node).find_map(|identity| identity.standing.get().ok());
    match standing {
        Some(standing) => {
            let cluster = format!("{}/providers/Microsoft.ContainerService/managedClusters/fleet", scope("group/rg"));
            let on_clusters: Vec<String> = resources.first().cloned().into_iter().chain([cluster]).collect();
            let allowed = |action: &str, on: &str| authority.allows(action, on);
            naive::compare("nodes", standing, NEEDS, (&resources, &on_clusters), allowed, tally);
        }
        None => tally.differ("nodes", "nothing", "an identity with a standing"),
    }
}
