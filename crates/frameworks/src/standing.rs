//! What every control says of every cluster.

use crate::Status;
use palisade_engine::{Finding, SubjectKind};
use palisade_model::Provider;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// A cluster by what tells it from every other one: its provider, where it lives, its id. Text from clouds.
pub type ClusterKey<'a> = (Provider, &'a str, &'a str);

/// How many places of each provider nobody could look at: what stands there was not seen.
pub type Unseen = BTreeMap<Provider, usize>;

/// What every control says of every cluster.
///
/// Made once of the findings of a run, in whatever order they are.
#[derive(Debug)]
pub struct Standing<'a> {
    clusters: Vec<ClusterKey<'a>>,
    /// By control, in the order of clusters.
    said: BTreeMap<&'static str, Vec<Said<'a>>>,
}

/// What a control says of a cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    /// The place of the cluster.
    pub(crate) cluster: usize,
    /// How that stands.
    pub(crate) status: Status,
    /// What is told of it: the finding of the whole cluster, or the worst there is.
    pub(crate) finding: &'a Finding,
}

impl<'a> Standing<'a> {
    /// Of a run's findings. `clusters` are those that were read: of one without findings nothing is known.
    pub fn of(findings: &'a [Finding], clusters: impl IntoIterator<Item = ClusterKey<'a>>) -> Self {
        let mut keys: BTreeSet<ClusterKey<'a>> = clusters.into_iter().collect();
        keys.extend(findings.iter().map(key));
        let clusters: Vec<ClusterKey<'a>> = keys.into_iter().collect();
        let mut said: BTreeMap<&'static str, Vec<Said<'a>>> = BTreeMap::new();
        for finding in findings {
            let Ok(cluster) = clusters.binary_search(&key(finding)) else { continue };
            said.entry(finding.control.id).or_default().push(Said { cluster, status: Status::of(finding), finding });
        }
        for all in said.values_mut() {
            all.sort_by_key(|one| (one.cluster, rank(one.finding)));
            let whole = all.chunk_by(|a, b| a.cluster == b.cluster).filter_map(together).collect();
            *all = whole;
        }
        Self { clusters, said }
    }

    /// The clusters, in order.
    pub fn clusters(&self) -> &[ClusterKey<'a>] {
        &self.clusters
    }

    /// What a control says, in the order of clusters.
    pub(crate) fn of_control(&self, control: &str) -> &[Said<'a>] {
        self.said.get(control).map_or(&[], Vec::as_slice)
    }
}

fn key(finding: &Finding) -> ClusterKey<'_> {
    (finding.provider, finding.scope.as_str(), finding.cluster.as_str())
}

/// The sum of a cluster's parts comes first, then what is about the cluster; the rest has an order of its own, whatever order
/// it came in.
fn rank(finding: &Finding) -> (bool, bool, Reverse<Status>, SubjectKind, &str, &str) {
    let is_part = finding.subject.kind != SubjectKind::Cluster;
    let Finding { subject, because, .. } = finding;
    (!finding.rolled_up, is_part, Reverse(Status::of(finding)), subject.kind, &subject.id, because)
}

/// One status for a cluster. The sum of its parts speaks for those that are as bad; others speak for themselves, so that an
/// accepted risk at one part hides nothing that is unknown at another.
fn together<'a>(all: &[Said<'a>]) -> Option<Said<'a>> {
    let first = all.first()?;
    let by_itself = |one: &&Said<'_>| !first.finding.rolled_up || one.finding.state != first.finding.state;
    let others = all.iter().skip(1).filter(by_itself).map(|one| one.status);
    Some(Said { status: others.fold(first.status, Status::max), ..*first })
}
