//! What every control says of every cluster.

use crate::{ControlResult, Status};
use jiff::Timestamp;
use palisade_engine::{Finding, State, SubjectKind};
use palisade_model::Provider;
use std::{cmp::Reverse, collections::BTreeMap};

/// A cluster by what tells it from every other one: its provider, where it lives, its id. Text from clouds.
pub type ClusterKey<'a> = (Provider, &'a str, &'a str);

/// How many places of each provider nobody could look at: what stands there was not seen.
pub type Unseen = BTreeMap<Provider, usize>;

type Owned = (Provider, Box<str>, Box<str>);

/// What every control says of every cluster.
///
/// It takes the findings of a run cluster by cluster, in whatever order these come, and keeps a few bytes of each control and
/// cluster. Findings are kept only as far as a roll-up names them: [`ControlResult::SHOWN`] of each control, provider and
/// status.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The clusters, and the places of what is said of them.
    clusters: BTreeMap<Owned, usize>,
    /// By control, in the order in which clusters came.
    said: BTreeMap<&'static str, Vec<Option<Said>>>,
    /// When the accepted risk ends that stands for a control and the cluster of a place.
    until: BTreeMap<(&'static str, usize), Timestamp>,
    named: BTreeMap<(&'static str, Provider, Status), BTreeMap<Owned, Finding>>,
}

/// What a control says of a cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    /// How that stands.
    pub(crate) status: Status,
    /// Whether people are asked and have not answered, or too long ago.
    pub(crate) waits: bool,
}

/// A cluster that an edition is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) provider: Provider,
    /// Where what is said of it stands.
    pub(crate) at: usize,
}

impl Standing {
    /// Of all findings of a run, in whatever order they are. `clusters` are those that were read: of one without findings
    /// nothing is known.
    pub fn of<'a>(findings: &[Finding], clusters: impl IntoIterator<Item = ClusterKey<'a>>) -> Self {
        let mut standing = Self::default();
        clusters.into_iter().for_each(|cluster| standing.read(cluster));
        let mut all: Vec<&Finding> = findings.iter().collect();
        all.sort_by_key(|finding| key(finding));
        for of_cluster in all.chunk_by(|a, b| key(a) == key(b)) {
            standing.take(of_cluster.iter().copied(), |_| ());
        }
        standing
    }

    /// A cluster that was read, whether there are findings of it or not.
    pub fn read(&mut self, (provider, scope, id): ClusterKey<'_>) {
        self.place((provider, scope.into(), id.into()));
    }

    /// Takes the findings of one cluster, all of them at once. `named` is told which of them a roll-up may name: others come to
    /// take their places while further clusters are taken.
    pub fn take<'a>(&mut self, findings: impl IntoIterator<Item = &'a Finding>, mut named: impl FnMut(&Finding)) {
        let mut controls: BTreeMap<&'static str, Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            controls.entry(finding.control.id).or_default().push(finding);
        }
        for (control, mut all) in controls {
            all.sort_by_key(|finding| rank(finding));
            let Some((finding, status)) = together(&all) else { continue };
            let (provider, scope, id) = key(finding);
            let cluster = (provider, Box::from(scope), Box::from(id));
            let at = self.place(cluster.clone());
            let of_control = self.said.entry(control).or_default();
            if of_control.len() <= at {
                of_control.resize(at + 1, None);
            }
            let Some(place) = of_control.get_mut(at) else { continue };
            if let Some(before) = *place {
                // It was judged twice, in two parts of a run: the worse word counts.
                if before.status >= status {
                    continue;
                }
                self.until.remove(&(control, at));
                if let Some(same) = self.named.get_mut(&(control, provider, before.status)) {
                    same.remove(&cluster);
                }
            }
            let waits = matches!(finding.state, State::AttestMissing | State::AttestExpired);
            *place = Some(Said { status, waits });
            if let Some(acceptance) = finding.acceptance.as_ref().filter(|_| status == Status::Accepted) {
                self.until.insert((control, at), acceptance.until);
            }
            let same = self.named.entry((control, provider, status)).or_default();
            let is_one =
                same.len() < ControlResult::SHOWN || same.last_key_value().is_some_and(|(last, _)| cluster < *last);
            if is_one {
                named(finding);
                same.insert(cluster, finding.clone());
            }
            if same.len() > ControlResult::SHOWN {
                same.pop_last();
            }
        }
    }

    fn place(&mut self, cluster: Owned) -> usize {
        let next = self.clusters.len();
        *self.clusters.entry(cluster).or_insert(next)
    }

    /// The clusters, in order.
    pub fn clusters(&self) -> impl Iterator<Item = ClusterKey<'_>> {
        self.clusters.keys().map(|(provider, scope, id)| (*provider, &**scope, &**id))
    }

    /// The places of the clusters of some providers, in the order of clusters.
    pub(crate) fn places(&self, providers: &[Provider]) -> Vec<Place> {
        let of_these = self.clusters.iter().filter(|((provider, _, _), _)| providers.contains(provider));
        of_these.map(|((provider, _, _), at)| Place { provider: *provider, at: *at }).collect()
    }

    /// What a control says of each of some clusters; `None` where it says nothing.
    pub(crate) fn of_control<'s>(
        &'s self,
        control: &str,
        places: &'s [Place],
    ) -> impl Iterator<Item = Option<Said>> + 's {
        let all = self.said.get(control).map(Vec::as_slice).unwrap_or_default();
        places.iter().map(|place| all.get(place.at).copied().flatten())
    }

    /// When the accepted risk ends that stands for a control and a cluster.
    pub(crate) fn until(&self, control: &'static str, place: Place) -> Option<Timestamp> {
        self.until.get(&(control, place.at)).copied()
    }

    /// Findings of a control that stand so, in the order of clusters: at most [`ControlResult::SHOWN`].
    pub(crate) fn named(
        &self,
        control: &'static str,
        providers: &[Provider],
        status: Status,
    ) -> impl Iterator<Item = &Finding> {
        let mut providers = providers.to_vec();
        providers.sort_unstable();
        let each = providers.into_iter().filter_map(move |provider| self.named.get(&(control, provider, status)));
        each.flat_map(BTreeMap::values).take(ControlResult::SHOWN)
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

/// What is told of a cluster, the finding of the whole or the worst there is, and one status for it. The sum of its parts speaks
/// for those that are as bad; others speak for themselves, so that an accepted risk at one part hides nothing that is unknown at
/// another.
fn together<'a>(all: &[&'a Finding]) -> Option<(&'a Finding, Status)> {
    let first = *all.first()?;
    let by_itself = |one: &&&Finding| !first.rolled_up || one.state != first.state;
    let others = all.iter().skip(1).filter(by_itself).map(|one| Status::of(one));
    Some((first, others.fold(Status::of(first), Status::max)))
}
