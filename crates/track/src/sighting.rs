//! What one run saw.

use crate::{Print, Reminders, Rules, Unread};
use jiff::Timestamp;
use palisade_engine::{Coverage, Finding, Fingerprint, Severity, State, Subject, SubjectKind, coverage};
use palisade_model::{Cluster, ClusterId, FactKind, Inventory, Provider, PublicAccess, Scope};
use palisade_reach::Family;
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

/// What one run saw, gathered unit by unit in any order.
///
/// It borrows the findings of the run: a fleet has a hundred thousand of them.
#[derive(Clone, Debug)]
pub struct Sighting<'a> {
    /// The run's id.
    pub run: String,
    /// The schedule that fired it. Runs of one schedule are compared with each other; runs without one are too.
    pub schedule: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended: everything it says is said as of then.
    pub at: Timestamp,
    /// By what it judged.
    pub rules: Rules,
    /// Who is reminded of what is open.
    pub reminders: Reminders,
    pub(crate) clusters: BTreeMap<ClusterId, ClusterSeen>,
    pub(crate) answers: BTreeMap<Fingerprint, &'a Finding>,
    /// Which controls answered unknown for something of which cluster.
    pub(crate) unknown: BTreeSet<(ClusterId, &'static str)>,
    pub(crate) listed: BTreeSet<(Provider, Scope)>,
    pub(crate) dark: BTreeMap<(Provider, Scope), Unread>,
    pub(crate) coverage: Coverage,
}

impl<'a> Sighting<'a> {
    /// A run that has seen nothing yet.
    pub fn new(run: &str, schedule: Option<&str>, span: (Timestamp, Timestamp), rules: Rules) -> Self {
        Self {
            run: run.to_owned(),
            schedule: schedule.map(str::to_owned),
            started_at: span.0,
            at: span.1,
            rules,
            reminders: Reminders::default(),
            clusters: BTreeMap::new(),
            answers: BTreeMap::new(),
            unknown: BTreeSet::new(),
            listed: BTreeSet::new(),
            dark: BTreeMap::new(),
            coverage: Coverage::default(),
        }
    }

    /// Takes what one unit held: an account, a subscription, a project.
    ///
    /// `listed` are the places whose list of clusters was answered to its end, exactly as far as it goes: `ACCOUNT/REGION`
    /// where a list is of one region, the subscription or project where it is of the whole. A snapshot's `whole` lists of its
    /// provider's `cluster_list` are these. What the inventory says is dark is
    /// taken off it here. A place that is not in `listed` is one whose clusters nobody looked for: nothing of it can be
    /// gone.
    ///
    /// Findings that sum up others are left out: what they sum up is here.
    pub fn take(
        &mut self,
        provider: Provider,
        inventory: &Inventory,
        findings: impl IntoIterator<Item = &'a Finding>,
        listed: impl IntoIterator<Item = Scope>,
    ) {
        self.coverage = self.coverage.and(coverage(inventory));
        self.listed.extend(listed.into_iter().map(|scope| (provider, scope)));
        for unseen in &inventory.unseen {
            let told = Unread {
                scope: unseen.scope.to_string(),
                reason: unseen.gap.to_string(),
                permission: unseen.gap.permission().map(str::to_owned),
                as_of: None,
            };
            let place = self.dark.entry((provider, unseen.scope.clone())).or_insert_with(|| told.clone());
            // Two reasons for one place: which is told must not depend on the order.
            if (&told.reason, &told.permission) < (&place.reason, &place.permission) {
                *place = told;
            }
        }
        for cluster in &inventory.clusters {
            let seen = ClusterSeen::of(cluster);
            match self.clusters.entry(cluster.id.clone()) {
                Entry::Vacant(free) => {
                    free.insert(seen);
                }
                // Two targets that overlap: what only one of them could read counts as not read.
                Entry::Occupied(mut met) => met.get_mut().and(seen),
            }
        }
        for finding in findings.into_iter().filter(|finding| !finding.rolled_up) {
            if finding.state == State::Unknown {
                self.unknown.insert((finding.cluster.clone(), finding.control.id));
            }
            match self.answers.entry(finding.fingerprint) {
                Entry::Vacant(free) => {
                    free.insert(finding);
                }
                // Read twice by targets that overlap: the worse answer counts, and unknown is worse than good.
                Entry::Occupied(mut met) if weight(finding) > weight(met.get()) => {
                    met.insert(finding);
                }
                Entry::Occupied(_) => (),
            }
        }
    }

    /// How many facts are known of how many.
    pub fn coverage(&self) -> Coverage {
        self.coverage
    }

    /// The clusters that were read.
    pub fn clusters(&self) -> impl Iterator<Item = &ClusterSeen> {
        self.clusters.values()
    }

    /// Places whose clusters were listed completely.
    pub fn listed(&self) -> impl Iterator<Item = (Provider, &Scope)> {
        self.listed
            .iter()
            .filter(|(provider, scope)| self.is_listed(*provider, scope))
            .map(|(provider, scope)| (*provider, scope))
    }

    /// Places nobody could look at.
    pub fn dark(&self) -> impl Iterator<Item = (Provider, &Scope, &Unread)> {
        self.dark.iter().map(|((provider, scope), why)| (*provider, scope, why))
    }

    /// Everything that was said, by fingerprint.
    pub fn answers(&self) -> impl Iterator<Item = &'a Finding> {
        self.answers.values().copied()
    }

    /// The schedule's name, or the one that runs without a schedule share.
    pub fn lineage(&self) -> &str {
        self.schedule.as_deref().unwrap_or_default()
    }

    /// Whether a scope's clusters were listed completely: it or a place around it was listed, and neither it nor a place
    /// around it nor a part of it is dark.
    pub(crate) fn is_listed(&self, provider: Provider, scope: &Scope) -> bool {
        let was_asked = around(scope.as_str()).any(|place| self.listed.contains(&(provider, Scope::new(place))));
        if !was_asked {
            return false;
        }
        let is_dark = around(scope.as_str()).any(|place| self.dark.contains_key(&(provider, Scope::new(place))));
        let below = format!("{scope}/");
        let has_dark_part = self
            .dark
            .range((provider, Scope::new(below.as_str()))..)
            .next()
            .is_some_and(|((of, part), _)| *of == provider && part.as_str().starts_with(&below));
        !is_dark && !has_dark_part
    }
}

/// Which of two answers to one question counts. Whatever could differ is in it, so that the order never matters.
fn weight(finding: &Finding) -> (State, Severity, &str, Print) {
    (finding.state, finding.severity, &finding.because, Print::of_grounds(&finding.evidence))
}

/// A place and every place around it: `a/b/c`, `a/b`, `a`.
fn around(scope: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(scope), |place| place.rsplit_once('/').map(|(outer, _)| outer))
}

/// One cluster, as far as it was read: enough to tell what is gone from what was not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSeen {
    /// The provider's own name of it.
    pub id: ClusterId,
    /// Who runs it.
    pub provider: Provider,
    /// Where it lives.
    pub scope: Scope,
    /// As people know it.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Who reaches its API server from outside, in words, when that is known.
    pub reached_by: Option<String>,
    /// The ids of its subjects, for each kind whose list was read.
    pub(crate) subjects: BTreeMap<SubjectKind, BTreeSet<String>>,
    /// The kinds of facts of which at least one is missing.
    pub(crate) missing: BTreeSet<FactKind>,
}

impl ClusterSeen {
    /// What there is to know of a cluster.
    pub fn of(cluster: &Cluster) -> Self {
        let mut subjects = BTreeMap::new();
        let ids = |subjects: Vec<Subject>| subjects.into_iter().map(|subject| subject.id.to_string()).collect();
        if let Ok(pools) = cluster.pools.get() {
            subjects.insert(SubjectKind::NodePool, ids(pools.iter().map(Subject::pool).collect()));
        }
        if let Ok(identities) = cluster.identities.get() {
            subjects.insert(SubjectKind::Identity, ids(identities.iter().map(Subject::identity).collect()));
        }
        if let Ok(trusts) = cluster.trusts.get() {
            subjects.insert(SubjectKind::Trust, ids(trusts.iter().map(Subject::trust).collect()));
        }
        if let Ok(controllers) = cluster.controllers.get() {
            subjects.insert(SubjectKind::Controller, ids(controllers.iter().map(Subject::controller).collect()));
        }
        Self {
            id: cluster.id.clone(),
            provider: cluster.provider,
            scope: cluster.scope.clone(),
            name: cluster.name.clone(),
            owner: cluster.owner().map(str::to_owned),
            reached_by: reached_by(cluster),
            subjects,
            missing: cluster.facts().into_iter().filter(|fact| fact.gap.is_some()).map(|fact| fact.kind).collect(),
        }
    }

    /// Whether a list that was read shows that there is no such subject any more.
    pub(crate) fn lacks(&self, kind: SubjectKind, id: &str) -> bool {
        self.subjects.get(&kind).is_some_and(|ids| !ids.contains(id))
    }

    /// The same cluster read twice: a list or fact counts as read when both could read it.
    fn and(&mut self, other: Self) {
        self.missing.extend(other.missing);
        let mine = std::mem::take(&mut self.subjects);
        for (kind, mut ids) in mine {
            if let Some(more) = other.subjects.get(&kind) {
                ids.extend(more.iter().cloned());
                self.subjects.insert(kind, ids);
            }
        }
        self.owner = self.owner.take().max(other.owner);
        self.reached_by = self.reached_by.take().max(other.reached_by);
        if (&other.name, &other.scope) < (&self.name, &self.scope) {
            (self.name, self.scope) = (other.name, other.scope);
        }
    }
}

/// Who reaches the public endpoint for certain.
fn reached_by(cluster: &Cluster) -> Option<String> {
    let public = cluster.api.public.get().ok()?;
    let PublicAccess::Open(door) = public else { return None };
    let sources = door.sources.lower();
    if sources.is_empty() {
        return None;
    }
    if [Family::V4, Family::V6].into_iter().any(|family| sources.covers_any(family, &door.own)) {
        return Some("everyone on the internet".to_owned());
    }
    let nets = sources.to_nets();
    let first: Vec<String> = nets.iter().take(3).map(ToString::to_string).collect();
    let more = nets.len().saturating_sub(first.len());
    let first = first.join(", ");
    Some(if more == 0 { first } else { format!("{first} and {more} more ranges") })
}
