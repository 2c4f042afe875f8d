//! Random bindings and deny policies for the nodes' accounts, and what they allow (semantics, section 6.3).

use super::{ACCOUNT, Fleet};
use crate::{
    dice::Dice,
    naive::{self, Needs},
    packet::Answer,
    tally::Tally,
};
use palisade_model::{Cluster, IdentityKind};
use serde_json::{Value, json};

const PERMISSIONS: [&str; 24] = [
    "container.clusterRoleBindings.create",
    "container.clusterRoles.bind",
    "container.secrets.get",
    "container.pods.create",
    "container.clusters.update",
    "container.clusters.delete",
    "container.nodePools.update",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccountKeys.create",
    "compute.instances.create",
    "compute.instances.setMetadata",
    "compute.firewalls.create",
    "compute.disks.delete",
    "compute.snapshots.delete",
    "resourcemanager.projects.setIamPolicy",
    "iam.roles.update",
    "secretmanager.versions.access",
    "cloudkms.cryptoKeyVersions.useToDecrypt",
    "storage.objects.get",
    "storage.objects.delete",
    "artifactregistry.repositories.downloadArtifacts",
    "artifactregistry.repositories.uploadArtifacts",
    "logging.sinks.delete",
];

/// Section 6.4 of the semantics, as far as the permissions above go.
#[rustfmt::skip]
const NEEDS: Needs<'static> = &[
    ("cluster-admin", &[&["container.clusterRoleBindings.create", "container.clusterRoles.bind"]]),
    ("read-cluster-secrets", &[&["container.secrets.get"]]),
    ("run-workloads", &[&["container.pods.create"]]),
    ("open-control-plane", &[&["container.clusters.update"]]),
    ("assume-any-identity", &[
        &["iam.serviceAccounts.getAccessToken"], &["iam.serviceAccountKeys.create"],
        &["iam.serviceAccounts.actAs", "compute.instances.create"],
    ]),
    ("escalate-privilege", &[&["resourcemanager.projects.setIamPolicy"], &["iam.roles.update"]]),
    ("read-cloud-secrets", &[&["secretmanager.versions.access"]]),
    ("decrypt-kms", &[&["cloudkms.cryptoKeyVersions.useToDecrypt"]]),
    ("exfiltrate-storage", &[&["storage.objects.get"]]),
    ("destroy-storage", &[&["storage.objects.delete"], &["compute.disks.delete"]]),
    ("delete-backups", &[&["compute.snapshots.delete"]]),
    ("modify-network", &[&["compute.firewalls.create"]]),
    ("node-code-execution", &[&["compute.instances.setMetadata"]]),
    ("expose-metadata", &[&["container.nodePools.update"], &["container.clusters.update"]]),
    ("pull-any-image", &[&["artifactregistry.repositories.downloadArtifacts"]]),
    ("push-image", &[&["artifactregistry.repositories.uploadArtifacts"]]),
    ("blind-audit", &[&["logging.sinks.delete"]]),
    ("delete-cluster", &[&["container.clusters.delete"]]),
];

/// Where something may be done: in the project, or in others that are below fewer of the levels.
const PLACES: [&str; 3] = ["the project", "a project of its folder", "a project of its organisation"];

/// Whether a binding's condition holds.
#[derive(Clone, Copy, Debug)]
enum When {
    Always,
    /// Until a day that is past.
    Past,
    /// From a day that is past.
    Since,
}

#[derive(Clone, Debug)]
struct Binding {
    permissions: Vec<String>,
    member: String,
    when: When,
}

#[derive(Clone, Debug)]
struct Denial {
    permissions: Vec<String>,
    excepted: Vec<String>,
    everybody: bool,
    /// The account that is excepted.
    except: Option<String>,
}

/// What is bound and denied at one level.
#[derive(Clone, Debug, Default)]
struct Level {
    bindings: Vec<Binding>,
    denials: Vec<Denial>,
}

/// Everything about access: at the organisation, the folder and the project.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    levels: [Level; 3],
}

impl Authority {
    pub(crate) fn random(dice: &mut Dice, in_folder: bool) -> Self {
        let organization = level(dice);
        let folder = if in_folder { level(dice) } else { Level::default() };
        Self { levels: [organization, folder, level(dice)] }
    }

    /// The parts of the descriptions of the organisation, the folder and the project that are about access. Roles are
    /// the organisation's, so that every level may bind them.
    pub(crate) fn described(&self) -> [Value; 3] {
        let mut roles = Vec::new();
        let mut described = ["organization", "folder", "project"].iter().zip(&self.levels).map(|(name, level)| {
            let mut bindings = Vec::new();
            for (place, binding) in level.bindings.iter().enumerate() {
                let role = format!("{name}Role{place}");
                roles.push(json!({ "name": role, "title": role, "permissions": binding.permissions }));
                let condition = match binding.when {
                    When::Always => None,
                    When::Past => Some("request.time < timestamp('2020-01-01T00:00:00Z')"),
                    When::Since => Some("request.time > timestamp('2020-01-01T00:00:00Z')"),
                };
                bindings.push(json!({
                    "role": format!("organizations/{}/roles/{role}", super::ORGANIZATION),
                    "members": [binding.member],
                    "condition": condition,
                }));
            }
            let denials = level.denials.iter().enumerate().map(|(place, denial)| {
                let principal = |account: &str| format!("principal://iam.googleapis.com/projects/-/serviceAccounts/{account}");
                json!({
                    "name": format!("deny-{name}-{place}"),
                    "principals": [if denial.everybody { "principalSet://goog/public:all".to_owned() } else { principal(ACCOUNT) }],
                    "except_principals": denial.except.iter().map(|account| principal(account)).collect::<Vec<_>>(),
                    "permissions": denial.permissions.iter().map(|name| qualified(name)).collect::<Vec<_>>(),
                    "except_permissions": denial.excepted.iter().map(|name| qualified(name)).collect::<Vec<_>>(),
                })
            });
            json!({ "bindings": bindings, "deny_policies": denials.collect::<Vec<_>>() })
        });
        let [mut organization, folder, project] = std::array::from_fn(|_| described.next().unwrap_or_default());
        drop(described);
        if let Some(members) = organization.as_object_mut() {
            members.insert("roles".to_owned(), json!(roles));
        }
        [organization, folder, project]
    }

    /// What holds at the project, and what holds in another project below the same folder or organisation: a denial at
    /// a level above wins, else a binding at one must give it.
    fn allows(&self, account: &str, permission: &str, place: &str) -> bool {
        let above = PLACES.iter().position(|known| *known == place).map_or(0, |place| PLACES.len() - place);
        let holds = |texts: &[String]| texts.iter().any(|text| text == permission);
        let denied = self.levels.iter().take(above).flat_map(|level| &level.denials).any(|denial| {
            (denial.everybody || account == ACCOUNT)
                && denial.except.as_deref() != Some(account)
                && holds(&denial.permissions)
                && !holds(&denial.excepted)
        });
        let given = self.levels.iter().take(above).flat_map(|level| &level.bindings).any(|binding| {
            let meant =
                binding.member == "allAuthenticatedUsers" || binding.member == format!("serviceAccount:{account}");
            meant && !matches!(binding.when, When::Past) && holds(&binding.permissions)
        });
        given && !denied
    }
}

/// A permission as deny policies write it.
fn qualified(permission: &str) -> String {
    let (service, rest) = permission.split_once('.').unwrap_or((permission, ""));
    // The one service of these whose name in full is not its short one.
    let service = if service == "resourcemanager" { "cloudresourcemanager" } else { service };
    format!("{service}.googleapis.com/{rest}")
}

fn level(dice: &mut Dice) -> Level {
    let others = "serviceAccount:others@fleet-4711.iam.gserviceaccount.com";
    let own = format!("serviceAccount:{ACCOUNT}");
    let binding = |dice: &mut Dice| Binding {
        permissions: dice.words(&PERMISSIONS, 1, 8),
        member: match dice.between(0, 9) {
            0 => "allAuthenticatedUsers".to_owned(),
            1 => others.to_owned(),
            _ => own.clone(),
        },
        when: dice.pick(&[When::Always, When::Always, When::Always, When::Past, When::Since]).unwrap_or(When::Always),
    };
    let denial = |dice: &mut Dice| Denial {
        permissions: dice.words(&PERMISSIONS, 1, 6),
        excepted: if dice.chance(25) { dice.words(&PERMISSIONS, 1, 4) } else { Vec::new() },
        everybody: dice.chance(60),
        except: dice.chance(25).then(|| ACCOUNT.to_owned()),
    };
    Level {
        bindings: (0..dice.between(0, 2)).map(|_| binding(dice)).collect(),
        denials: (0..u32::from(dice.chance(30))).map(|_| denial(dice)).collect(),
    }
}

/// Compares the standing of the account that pools name.
pub(crate) fn compare(authority: &Authority, fleet: &Fleet, cluster: &Cluster, tally: &mut Tally) {
    if !fleet.pools.iter().any(|pool| pool.own_account) {
        return;
    }
    let identities = cluster.identities.get().into_iter().flatten();
    let standing = identities
        .filter(|one| {
            one.kind == IdentityKind::Node && (one.name.contains(ACCOUNT) || one.id.to_string().contains(ACCOUNT))
        })
        .find_map(|identity| identity.standing.get().ok());
    match standing {
        Some(standing) => {
            let allowed = |permission: &str, on: &str| Answer::of(authority.allows(ACCOUNT, permission, on));
            naive::compare("nodes", standing, NEEDS, (&PLACES.map(str::to_owned), &[]), allowed, tally);
        }
        None => tally.differ("nodes", "nothing", "an identity with a standing"),
    }
}
