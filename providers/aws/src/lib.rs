//! Reads Amazon EKS with its EC2, IAM and KMS surroundings and says what it read in our vocabulary.
//!
//! Responsible for: finding the accounts and regions of a target, asking the read-only calls of [`CALLS`] through the
//! official SDK (feature `collect`), keeping every answer as JSON, and translating those answers: security groups,
//! network ACLs and routes into exact sets of packets, IAM documents into layers of grants.
//!
//! Refuses: to change anything, to judge anything, to fill in what was not read. Without the feature `collect` no SDK
//! is compiled and the crate is pure.

pub mod actions;
mod calls;
mod data;
mod normalize;
mod partition;
mod record;
mod settings;

#[cfg(feature = "collect")]
mod collect;

pub use calls::CALLS;
#[cfg(feature = "collect")]
pub use collect::own_access;
pub use settings::{Accounts, Aggregator, Credentials, Limits, Regions, Settings};

use palisade_model::{DataFile, Gap, Inventory};
use palisade_provider::{Call, Proposed, Provider, Quota, Snapshot, Told};

#[cfg(feature = "collect")]
use palisade_provider::{Collect, Discovery, Future, Recorder, Unit};

/// Amazon Web Services, as one target of the configuration describes it.
#[derive(Debug)]
pub struct Aws {
    settings: Settings,
    #[cfg(feature = "collect")]
    shared: collect::Shared,
}

impl Aws {
    /// The provider of one target. Nothing is asked before it is told to collect.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            #[cfg(feature = "collect")]
            shared: collect::Shared::default(),
        }
    }

    /// What the configuration says.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl Provider for Aws {
    fn provider(&self) -> palisade_model::Provider {
        palisade_model::Provider::Aws
    }

    fn calls(&self) -> &'static [Call] {
        CALLS
    }

    fn cluster_list(&self) -> &'static Call {
        &calls::LIST_CLUSTERS
    }

    fn told(&self, snapshot: &Snapshot) -> Option<Told> {
        normalize::told(snapshot)
    }

    fn quotas(&self) -> &'static [Quota] {
        calls::QUOTAS
    }

    fn normalize(&self, snapshot: &Snapshot) -> Inventory {
        normalize::inventory(snapshot)
    }

    fn data(&self) -> Vec<DataFile> {
        data::data()
    }

    fn propose(&self, snapshot: &Snapshot, identity: &str) -> Option<Result<Proposed, Gap>> {
        normalize::propose(snapshot, identity)
    }
}

#[cfg(feature = "collect")]
impl Collect for Aws {
    fn configured(&self) -> String {
        format!("{:?}", self.settings)
    }

    fn discover<'a>(&'a self, recorder: &'a Recorder) -> Future<'a, Discovery> {
        Box::pin(collect::discover(&self.settings, &self.shared, recorder))
    }

    fn recall<'a>(&'a self, discovery: &'a Snapshot) -> Future<'a, ()> {
        Box::pin(collect::recall(&self.settings, &self.shared, discovery))
    }

    fn collect<'a>(&'a self, unit: &'a Unit, recorder: &'a Recorder) -> Future<'a, Snapshot> {
        Box::pin(collect::collect(&self.settings, &self.shared, unit, recorder))
    }
}
