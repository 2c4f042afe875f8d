//! What became of each verdict since an earlier run: created, updated, closed.

use crate::{Outcome, Record};
use palisade_engine::{Entry, Finding, Policy, State};
use palisade_report::Report;
use std::collections::{BTreeMap, BTreeSet};

/// A run before the one that is exported.
#[derive(Debug)]
pub struct Earlier<'a> {
    record: Record<'a>,
    /// Its verdicts by their names.
    places: BTreeMap<String, usize>,
}

impl<'a> Earlier<'a> {
    /// Of its report, the controls it was judged by, and the policy.
    pub fn of(report: &'a Report, controls: &'a [Entry], policy: &'a Policy) -> Self {
        let record = Record::new(report, controls, policy);
        let places = record.verdicts().map(|(place, finding)| (record.name(place, finding), place)).collect();
        Self { record, places }
    }

    fn finding(&self, name: &str) -> Option<&'a Finding> {
        self.record.report.findings.get(*self.places.get(name)?)
    }
}

/// What became of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// It was not there before, or nobody says what was before.
    Create,
    /// It was there, as it is or otherwise.
    Update,
    /// It was bad, open or not known to be good, and is good now or cannot exist any more.
    Close,
}

impl Activity {
    /// OCSF's number and caption.
    pub(crate) fn ocsf(self) -> (u8, &'static str) {
        match self {
            Self::Create => (1, "Create"),
            Self::Update => (2, "Update"),
            Self::Close => (3, "Close"),
        }
    }
}

/// What became of a verdict of the record.
pub(crate) fn of(record: &Record<'_>, name: &str, finding: &Finding) -> Activity {
    let Some(before) = record.since.and_then(|earlier| earlier.finding(name)) else { return Activity::Create };
    // What is not read any more is not closed: nobody knows that it is good.
    let is_over =
        |finding: &Finding| matches!(Outcome::of(finding), Outcome::Pass | Outcome::NotApplicable | Outcome::Inherited);
    if is_over(finding) && !is_over(before) { Activity::Close } else { Activity::Update }
}

/// What the earlier run has and this one has not, where this one looked: the cluster was judged by that control without
/// anything unknown, or it is in no list of a place that was listed whole. What was not looked at has no event.
pub(crate) fn gone<'a>(record: &Record<'a>) -> Vec<(String, &'a Finding)> {
    let Some(earlier) = record.since else { return Vec::new() };
    let now: BTreeSet<String> = record.verdicts().map(|(place, finding)| record.name(place, finding)).collect();
    let mut judged: BTreeMap<_, bool> = BTreeMap::new();
    for (_, finding) in record.verdicts() {
        let is_known = finding.state != State::Unknown;
        *judged.entry((finding.provider, finding.cluster.as_str(), finding.control.id)).or_insert(true) &= is_known;
    }
    let report = record.report;
    let clusters: BTreeSet<_> = report.clusters.iter().map(|row| (row.provider, row.id.as_str())).collect();
    let places: BTreeSet<_> = report.clusters.iter().map(|row| (row.provider, row.scope.as_str())).collect();
    let hidden: BTreeSet<&str> = report.gaps.iter().map(|gap| gap.scope.as_str()).collect();
    let is_gone = |finding: &Finding| {
        let cluster = (finding.provider, finding.cluster.as_str());
        if clusters.contains(&cluster) {
            return judged.get(&(cluster.0, cluster.1, finding.control.id)) == Some(&true);
        }
        let place = finding.scope.as_str();
        places.contains(&(finding.provider, place)) && !hidden.contains(place) && report.unseen_places() == 0
    };
    let names = earlier.places.iter().filter(|(name, _)| !now.contains(*name));
    names
        .filter_map(|(name, place)| Some((name.clone(), earlier.record.report.findings.get(*place)?)))
        .filter(|(_, finding)| is_gone(finding))
        .collect()
}
