//! A cloud, or a cluster that stands alone.

use crate::{Call, Quota, Snapshot};
use jiff::Timestamp;
use palisade_model::{DataFile, Gap, Inventory, Scope};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, pin::Pin};

#[cfg(feature = "collect")]
use crate::Recorder;

/// A boxed future, so that providers can be held side by side.
pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;

/// A part of a target that is collected, judged and forgotten on its own: an account, a subscription, a project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unit {
    /// The account, subscription or project.
    pub scope: String,
    /// Its name, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The scope under which the snapshot of a discovery is kept: a target's own account can be a unit too, and the two need
/// names of their own. No account, subscription or project is called that.
pub const DISCOVERY: &str = "discovery";

/// What a target consists of.
#[derive(Debug)]
pub struct Discovery {
    /// The parts.
    pub units: Vec<Unit>,
    /// The calls that were made to find them, the failed ones included.
    pub snapshot: Snapshot,
}

/// How the parts of a target that hold clusters are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Search {
    /// By asking each part for its list of clusters.
    #[default]
    Lists,
    /// By asking the inventory that the cloud keeps for all of them; parts that it does not name are not read.
    Inventory,
    /// By both: every part is read, and what the inventory did not tell of is named.
    Both,
}

impl Search {
    /// Whether the inventory is asked.
    pub fn asks_inventory(self) -> bool {
        self != Self::Lists
    }
}

/// Where clusters are, as something else than their own lists tells it: an inventory that the cloud keeps for many accounts.
///
/// It knows what it has recorded, some time after it happened. Of places that it does not name nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What told it, for people.
    pub by: String,
    /// When it was asked.
    pub at: Timestamp,
    /// The places that hold clusters: accounts with their regions, subscriptions, projects.
    pub places: BTreeSet<Scope>,
    /// Whether every place was asked all the same, to hold what they say against it.
    pub cross_checked: bool,
}

impl Told {
    /// By what a record of the inventory's answer says that it is held against the places' own lists, where nothing else does.
    pub const CROSS_CHECK: &'static str = "cross_check";
}

/// What to give an identity instead of what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// The policy or role, in the provider's own form: it gives nothing that is not given now.
    pub document: serde_json::Value,
    /// What the document does not say: what is dropped, what stays under a condition, what was taken for granted.
    pub notes: Vec<String>,
}

/// A cloud, or a cluster that stands alone: what may be asked of it, and what its answers mean. Pure.
pub trait Provider: fmt::Debug + Send + Sync {
    /// Which one.
    fn provider(&self) -> palisade_model::Provider;

    /// Every call the collector may make. Roles, documents and gap reports are generated from it.
    fn calls(&self) -> &'static [Call];

    /// The call that lists clusters. A place in which it was answered to its last page ([`Snapshot::whole`]) holds no other
    /// clusters than these, but for the places that the inventory says nobody could look at.
    fn cluster_list(&self) -> &'static Call;

    /// Translates. Total: a record it cannot read becomes a gap.
    fn normalize(&self, snapshot: &Snapshot) -> Inventory;

    /// Where the clusters are, when an inventory was asked and answered to the end: read from the snapshot of the discovery.
    fn told(&self, _snapshot: &Snapshot) -> Option<Told> {
        None
    }

    /// What it publishes about how fast it may be asked.
    fn quotas(&self) -> &'static [Quota] {
        &[]
    }

    /// The dated lists of the world that its facts rest on, besides what is read.
    fn data(&self) -> Vec<DataFile> {
        Vec::new()
    }

    /// What to give an identity of the snapshot instead of what it has. `None` when the snapshot holds no such identity or
    /// the provider makes no proposals.
    fn propose(&self, _snapshot: &Snapshot, _identity: &str) -> Option<Result<Proposed, Gap>> {
        None
    }
}

/// A provider that can be asked. A trait of its own, so that a provider built without its SDK may stand beside one that
/// was built with it.
#[cfg(feature = "collect")]
pub trait Collect: Provider {
    /// What decides what it reads: the same text in every process that is set up alike, another one where anything differs.
    /// Secrets are not in it.
    fn configured(&self) -> String;

    /// Finds the parts of the target. Does not fail as a whole: what could not be read is in the snapshot.
    fn discover<'a>(&'a self, recorder: &'a Recorder) -> Future<'a, Discovery>;

    /// Takes over what another process found when it looked for the parts, instead of looking for them again: what parts need
    /// to know of one another is in that snapshot. Asks nothing.
    fn recall<'a>(&'a self, discovery: &'a Snapshot) -> Future<'a, ()>;

    /// Reads one part. Does not fail as a whole: what could not be read is in the snapshot.
    fn collect<'a>(&'a self, unit: &'a Unit, recorder: &'a Recorder) -> Future<'a, Snapshot>;
}
