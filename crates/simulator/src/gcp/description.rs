//! How an organisation is written down for people: short, with Google's own defaults left out.
//!
//! `expand` turns it into what the APIs of Google Cloud would answer.

use std::collections::BTreeMap;

use serde::Deserialize;

mod cluster;
mod network;
mod safeguards;

pub(crate) use cluster::{AuthorizedNetwork, Cluster, Encryption, Endpoint, Pool, Service};
pub(crate) use network::{Firewall, Network, Policy, PolicyRule, RegionalPolicy, Route, Router, Subnet};

pub(crate) use safeguards::{AnalysedImage, BackupPlan, Repository, Sink};

/// One organisation: folders, projects and what is in them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Description {
    /// The organisation's number; one is made up when absent.
    pub(crate) organization: Option<String>,
    pub(crate) domain: String,
    /// Items in one page at most; each API's own limit when absent.
    pub(crate) page_size: Option<usize>,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) deny_policies: Vec<DenyPolicy>,
    /// Hierarchical firewall policies associated with the organisation.
    pub(crate) firewall_policies: Vec<Policy>,
    pub(crate) roles: Vec<Role>,
    pub(crate) folders: Vec<Folder>,
    pub(crate) projects: Vec<Project>,
    /// Projects that Cloud Asset Inventory does not know of.
    pub(crate) unrecorded: Vec<String>,
}

/// A folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Folder {
    /// Its number.
    pub(crate) id: String,
    pub(crate) name: String,
    /// The number of the folder it is in; the organisation when absent.
    pub(crate) parent: Option<String>,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) deny_policies: Vec<DenyPolicy>,
    pub(crate) firewall_policies: Vec<Policy>,
}

/// A project.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Project {
    pub(crate) id: String,
    /// One is made up when absent.
    pub(crate) number: Option<String>,
    pub(crate) name: Option<String>,
    /// The number of the folder it is in; the organisation when absent.
    pub(crate) folder: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    /// Services that were never turned on, for example `cloudkms.googleapis.com`.
    pub(crate) disabled_apis: Vec<String>,
    /// Zones that GKE cannot reach when it is asked for all clusters.
    pub(crate) missing_zones: Vec<String>,
    /// Project-wide instance metadata.
    pub(crate) metadata: BTreeMap<String, String>,
    /// Services whose data reads and writes are logged.
    pub(crate) data_access_logs: Vec<String>,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) deny_policies: Vec<DenyPolicy>,
    pub(crate) roles: Vec<Role>,
    pub(crate) service_accounts: Vec<ServiceAccount>,
    pub(crate) networks: Vec<Network>,
    pub(crate) keys: Vec<Key>,
    /// Key rings on which something is bound; the others are made with their keys.
    pub(crate) key_rings: Vec<KeyRing>,
    pub(crate) clusters: Vec<Cluster>,
    pub(crate) insights: Vec<Insight>,
    /// Where logs are copied to, besides the two sinks that Google makes.
    pub(crate) sinks: Vec<Sink>,
    /// Services that are on, of those that are asked about.
    pub(crate) services: Vec<String>,
    /// Constraints that the organisation enforces in it.
    pub(crate) enforced: Vec<String>,
    pub(crate) repositories: Vec<Repository>,
    /// What Artifact Analysis says of its images.
    pub(crate) images: Vec<AnalysedImage>,
    pub(crate) backup_plans: Vec<BackupPlan>,
    /// Whether Binary Authorization asks for an attestation; it allows everything when not.
    pub(crate) attested: bool,
}

/// Who has a role, and when.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Binding {
    pub(crate) role: String,
    pub(crate) members: Vec<String>,
    /// A CEL expression.
    pub(crate) condition: Option<String>,
}

/// A deny policy with one rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DenyPolicy {
    pub(crate) name: String,
    pub(crate) principals: Vec<String>,
    pub(crate) except_principals: Vec<String>,
    pub(crate) permissions: Vec<String>,
    pub(crate) except_permissions: Vec<String>,
    pub(crate) condition: Option<String>,
}

/// A custom role.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) permissions: Vec<String>,
    /// `GA` when absent.
    pub(crate) stage: Option<String>,
    pub(crate) deleted: bool,
}

/// A service account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServiceAccount {
    /// What stands before the `@`; `compute` is the project's default account.
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) description: String,
    pub(crate) disabled: bool,
    pub(crate) bindings: Vec<Binding>,
    /// The days on which keys were handed out to people, for example `2024-03-01`.
    pub(crate) keys: Vec<String>,
}

/// A key ring of Cloud KMS: what is bound on it holds for every key in it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct KeyRing {
    pub(crate) location: String,
    pub(crate) name: String,
    pub(crate) bindings: Vec<Binding>,
}

/// A key of Cloud KMS.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) location: String,
    pub(crate) ring: String,
    pub(crate) name: String,
    /// The state of the primary version.
    pub(crate) state: String,
    pub(crate) protection: String,
    pub(crate) rotation_days: Option<u32>,
    pub(crate) bindings: Vec<Binding>,
}

impl Default for Key {
    fn default() -> Self {
        Self {
            location: String::new(),
            ring: String::new(),
            name: String::new(),
            state: "ENABLED".to_owned(),
            protection: "SOFTWARE".to_owned(),
            rotation_days: None,
            bindings: Vec::new(),
        }
    }
}

/// What the recommender saw of the use of one role by one member.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Insight {
    pub(crate) member: String,
    pub(crate) role: String,
    pub(crate) used: Vec<String>,
    pub(crate) granted: u32,
}
