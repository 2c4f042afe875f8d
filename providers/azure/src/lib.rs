//! Reads Azure Kubernetes Service with its network, identity and vault surroundings and says what it read in our
//! vocabulary.
//!
//! # What it is responsible for
//!
//! It declares every call it may make ([`CALLS`]), makes them (feature `collect`) and writes the answers down as they
//! came, and translates a snapshot of one subscription into an inventory: what Azure means by an absent field, how
//! security groups compose, what a role assignment gives, is written out here and nowhere else.
//!
//! # What it refuses to do
//!
//! It reads through Azure Resource Manager, with `GET`, one list that Azure only computes on a `POST`, and two queries of Resource
//! Graph, which are asked like that too: no credential is ever listed, no command ever run, no key's content ever asked for. Microsoft Graph is asked one thing, which identities are
//! in the groups that hold roles; what secrets an application has stays an open question, and says so. Its normalizer does
//! no I/O.

mod arm;
mod calendar;
mod calls;
mod data;
mod normalize;
mod record;
mod settings;
pub mod tags;

#[cfg(feature = "collect")]
mod collect;

pub use calls::{
    ADMIN_RULES, AUTOMATION_ACCOUNTS, BACKUP_INSTANCES, BACKUP_VAULTS, CALLS, CLUSTER_PLACES, CLUSTERS,
    DENY_ASSIGNMENTS, DESCENDANTS, DIAGNOSTIC_SETTINGS, FEATURES, FEDERATED_CREDENTIALS, FLOW_LOGS, GROUP_MEMBERS,
    IDENTITIES, KEY, KUBERNETES_VERSIONS, LOAD_BALANCERS, LOCKS, LOG_TABLE, MAINTENANCE, NETWORK_WATCHERS, NETWORKS,
    NODE_ADDRESSES, NODE_INTERFACES, POLICY_ASSIGNMENTS, POLICY_DEFINITION, POLICY_EXEMPTIONS, POLICY_SET, PRICINGS,
    PRIVATE_ENDPOINTS, PUBLIC_ADDRESSES, RECOVERY_POINTS, REGISTRIES, ROLE_ASSIGNMENTS, ROLE_DEFINITIONS, ROUTE_TABLES,
    RUNNING_CONTAINERS, SCALE_SETS, SECURITY_GROUPS, SUBSCRIPTION_LOGS, SUBSCRIPTIONS, TENANT, TRUSTED_ACCESS,
    UPGRADE_PROFILE, VAULT, VAULTS, VIRTUAL_MACHINES,
};
#[cfg(feature = "collect")]
pub use collect::own_access;
pub use normalize::normalize;
pub use settings::{Cloud, CredentialSource, Limits, Secret, Settings, Subscriptions};

use palisade_model::{DataFile, Gap, Inventory};
use palisade_provider::{Call, Proposed, Provider, Quota, Snapshot, Told};

#[cfg(feature = "collect")]
use palisade_provider::{Collect, Discovery, Future, Recorder, Unit};

/// Azure, as one target of the configuration sees it.
#[derive(Debug)]
pub struct Azure {
    settings: Settings,
    #[cfg(feature = "collect")]
    reader: collect::Reader,
}

impl Azure {
    /// Azure with these settings. Nothing is asked yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            #[cfg(feature = "collect")]
            reader: collect::Reader::new(&settings),
            settings,
        }
    }

    /// What the configuration says.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl Provider for Azure {
    fn provider(&self) -> palisade_model::Provider {
        palisade_model::Provider::Azure
    }

    fn calls(&self) -> &'static [Call] {
        CALLS
    }

    fn cluster_list(&self) -> &'static Call {
        &CLUSTERS
    }

    fn told(&self, snapshot: &Snapshot) -> Option<Told> {
        normalize::told(snapshot)
    }

    fn quotas(&self) -> &'static [Quota] {
        calls::QUOTAS
    }

    fn normalize(&self, snapshot: &Snapshot) -> Inventory {
        normalize(snapshot)
    }

    fn data(&self) -> Vec<DataFile> {
        data::data()
    }

    fn propose(&self, snapshot: &Snapshot, identity: &str) -> Option<Result<Proposed, Gap>> {
        normalize::propose(snapshot, identity)
    }
}

#[cfg(feature = "collect")]
impl Collect for Azure {
    fn configured(&self) -> String {
        format!("{:?}", self.settings)
    }

    fn discover<'a>(&'a self, recorder: &'a Recorder) -> Future<'a, Discovery> {
        Box::pin(self.reader.discover(&self.settings, recorder))
    }

    fn recall<'a>(&'a self, discovery: &'a Snapshot) -> Future<'a, ()> {
        Box::pin(self.reader.recall(discovery))
    }

    fn collect<'a>(&'a self, unit: &'a Unit, recorder: &'a Recorder) -> Future<'a, Snapshot> {
        Box::pin(self.reader.collect(&self.settings, unit, recorder))
    }
}
