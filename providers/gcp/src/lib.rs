//! Reads Google Kubernetes Engine with its network, IAM and KMS surroundings and says what it read in our vocabulary.
//!
//! Responsible for: finding the projects of a target, asking the read-only calls of [`CALLS`] through the official
//! clients (feature `collect`), keeping every answer as JSON, and translating those answers: VPC firewall rules,
//! firewall policies and routes into exact sets of packets, role bindings, deny policies and access scopes into layers
//! of grants.
//!
//! Refuses: to change anything, to judge anything, to fill in what was not read. Without the feature `collect` no
//! client library is compiled and the crate is pure.

#[cfg(test)]
extern crate self as palisade_gcp;

mod calls;
mod normalize;
mod record;
mod settings;

#[cfg(feature = "collect")]
mod collect;

pub use calls::CALLS;
pub use settings::{Credential, Limits, Projects, Secret, Settings};

/// Every call by its name, for those who make snapshots by hand.
pub mod call {
    pub use crate::calls::*;
}

use palisade_model::{Gap, Inventory};
use palisade_provider::{Call, Proposed, Provider, Quota, Snapshot, Told};

#[cfg(feature = "collect")]
use palisade_provider::{Collect, Discovery, Future, Recorder, Unit};

/// Google Cloud, as one target of the configuration describes it.
#[derive(Debug)]
pub struct Gcp {
    settings: Settings,
    #[cfg(feature = "collect")]
    runs: collect::Runs,
}

impl Gcp {
    /// The provider of one target. Nothing is asked before it is told to collect.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            #[cfg(feature = "collect")]
            runs: collect::Runs::default(),
        }
    }

    /// What the configuration says.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl Provider for Gcp {
    fn provider(&self) -> palisade_model::Provider {
        palisade_model::Provider::Gcp
    }

    fn calls(&self) -> &'static [Call] {
        CALLS
    }

    fn cluster_list(&self) -> &'static Call {
        &calls::CLUSTERS_LIST
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

    fn propose(&self, snapshot: &Snapshot, identity: &str) -> Option<Result<Proposed, Gap>> {
        normalize::propose(snapshot, identity)
    }
}

#[cfg(feature = "collect")]
impl Collect for Gcp {
    fn configured(&self) -> String {
        format!("{:?}", self.settings)
    }

    fn discover<'a>(&'a self, recorder: &'a Recorder) -> Future<'a, Discovery> {
        Box::pin(collect::discover(&self.settings, &self.runs, recorder))
    }

    fn recall<'a>(&'a self, discovery: &'a Snapshot) -> Future<'a, ()> {
        Box::pin(async move { collect::recall(&self.runs, discovery) })
    }

    fn collect<'a>(&'a self, unit: &'a Unit, recorder: &'a Recorder) -> Future<'a, Snapshot> {
        Box::pin(collect::collect(&self.settings, &self.runs, unit, recorder))
    }
}
