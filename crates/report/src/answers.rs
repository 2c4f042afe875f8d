//! What people were asked and what they said, for all clusters of a run.

use jiff::{SignedDuration, Timestamp};
use palisade_engine::{
    Answer, AnsweredFor, Asks, Entry, Finding, Meta, Policy, State, Until, answers_behind, environments,
};
use palisade_model::{Cluster, Digest};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// How many clusters are told of by name.
const NAMED: usize = 5;
/// How long before its end an answer is told to end soon, in days.
const SOON_DAYS: i64 = 30;

/// What people were asked and what they said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerSheet {
    /// The SHA-256 of the file of answers. `None`: there is none.
    pub file: Option<Digest>,
    /// Every question that was heard or not heard for some cluster: worst first, then in the order of the controls.
    pub rows: Vec<AnswerRow>,
    /// Answers about no cluster that was found: mistyped, or about something that is gone.
    pub unused: Vec<Answer>,
}

/// What came of one control and one answer, or the lack of one.
#[derive(Clone, Debug)]
pub struct AnswerRow {
    /// The control.
    pub control: &'static Meta,
    /// What it asks.
    pub asks: &'static Asks,
    /// What that is worth.
    pub state: State,
    /// The answer; `None` when nobody answered.
    pub answer: Option<Answer>,
    /// Until when it counts, or counted.
    pub until: Option<Until>,
    /// Whether it counts and ends within 30 days.
    pub ends_soon: bool,
    /// For how many clusters.
    pub clusters: usize,
    /// The first of them by name. Hostile text.
    pub names: Vec<String>,
}

impl PartialEq for AnswerRow {
    fn eq(&self, other: &Self) -> bool {
        let key = |row: &Self| (row.control.id, row.state, row.answer.clone(), row.until, row.clusters);
        key(self) == key(other) && self.names == other.names
    }
}

impl Eq for AnswerRow {}

impl AnswerRow {
    /// The clusters in words. Hostile text.
    pub fn told_clusters(&self) -> String {
        let named = self.names.join(", ");
        match self.clusters.checked_sub(self.names.len()) {
            Some(more @ 1..) => format!("{named} and {more} more"),
            Some(0) | None => named,
        }
    }

    /// For which clusters it was asked or answered, in words. Hostile text.
    pub fn of(&self) -> String {
        self.answer.as_ref().map_or_else(|| self.told_clusters(), |answer| answer.of.to_string())
    }
}

impl AnswerSheet {
    /// The answer that a finding rests on, by the control's own answers.
    pub fn behind(&self, finding: &Finding) -> Option<&AnswerRow> {
        let is_asked = self.rows.iter().any(|row| row.control.id == finding.control.id && row.answer.is_some());
        if !is_asked {
            return None;
        }
        let digests: BTreeSet<Digest> = answers_behind(&finding.evidence).collect();
        let is_it = |row: &&AnswerRow| {
            row.control.id == finding.control.id
                && row.state == finding.state
                && row.answer.as_ref().is_some_and(|answer| digests.contains(&answer.digest()))
        };
        self.rows.iter().find(is_it)
    }

    /// How many questions, counted for each cluster, are in a state.
    pub fn count(&self, state: State) -> usize {
        self.rows.iter().filter(|row| row.state == state).map(|row| row.clusters).sum()
    }

    /// How many answers end within 30 days.
    pub fn ending_soon(&self) -> usize {
        self.rows.iter().filter(|row| row.ends_soon).count()
    }
}

/// Gathers what people said cluster by cluster.
#[derive(Clone, Debug, Default)]
pub struct AnswerTally {
    met: BTreeMap<Met, (usize, BTreeSet<String>)>,
    /// What clusters are called, by id and by name.
    called: BTreeSet<String>,
    /// A cluster of each environment that there is: what holds for it holds for the others.
    environments: BTreeMap<Vec<String>, Cluster>,
}

/// A control, the place of the answer that it rests on, and what that is worth.
type Met = (&'static str, Option<usize>, State);

/// What rows are sorted by: what is missing first, then the order of the catalogue, then for whom.
type Order = (Reverse<State>, usize, AnsweredFor);

impl AnswerTally {
    /// Takes what the controls say of one cluster.
    pub fn take(&mut self, cluster: &Cluster, findings: &[Finding], policy: &Policy) {
        if !policy.answers.entries().is_empty() {
            self.called.extend([cluster.id.to_string(), cluster.name.clone()]);
            let labels = environments(cluster).map(str::to_owned).collect();
            self.environments.entry(labels).or_insert_with(|| cluster.clone());
        }
        let mut met = BTreeSet::new();
        for finding in findings.iter().filter(|finding| !finding.rolled_up) {
            if let Some(place) = policy.answers.behind(finding.control.id, &finding.evidence) {
                met.insert((finding.control.id, place, finding.state));
            }
        }
        for one in met {
            let (clusters, names) = self.met.entry(one).or_default();
            *clusters += 1;
            names.insert(cluster.name.clone());
            if names.len() > NAMED {
                names.pop_last();
            }
        }
    }

    /// All of it, as of when it was judged.
    pub fn finish(self, controls: &[Entry], policy: &Policy, now: Timestamp) -> AnswerSheet {
        let places: BTreeMap<&str, (usize, &Entry)> =
            controls.iter().enumerate().map(|(place, control)| (control.meta.id, (place, control))).collect();
        let is_about_some = |answer: &&Answer| match &answer.of {
            AnsweredFor::Cluster(name) => self.called.contains(name),
            AnsweredFor::Fleet => !self.called.is_empty(),
            AnsweredFor::Environment(_) => self.environments.values().any(|one| answer.of.holds(one, policy)),
        };
        let unused = policy.answers.entries().iter().filter(|answer| !is_about_some(answer)).cloned().collect();
        let mut rows: Vec<(Order, AnswerRow)> = Vec::new();
        for ((id, place, state), (clusters, names)) in self.met {
            let Some((order, control)) = places.get(id) else { continue };
            let Some(asks) = control.asks else { continue };
            let answer = place.and_then(|place| policy.answers.entries().get(place)).cloned();
            let until = answer.as_ref().map(|answer| answer.until(asks));
            let soon = SignedDuration::from_hours(24 * SOON_DAYS);
            let ends_soon = until.is_some_and(|until| now < until.at && until.at.duration_since(now) <= soon);
            let of = answer.as_ref().map_or(AnsweredFor::Fleet, |answer| answer.of.clone());
            let names = names.into_iter().collect();
            let row = AnswerRow { control: control.meta, asks, state, answer, until, ends_soon, clusters, names };
            rows.push(((Reverse(state), *order, of), row));
        }
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        AnswerSheet { file: policy.answers.digest(), rows: rows.into_iter().map(|(_, row)| row).collect(), unused }
    }
}
