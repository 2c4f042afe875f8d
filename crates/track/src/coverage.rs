//! Whether less was read than before.

use crate::{Event, EventKind, Lineage, Sighting, Summary, advance::run_event, memory::pair};
use palisade_engine::Severity;
use palisade_model::{Provider, Scope};
use std::collections::BTreeSet;

/// By how many percentage points the share of known facts must fall below the reference to be told. A place that was
/// listed before and is not any more is told whatever the share.
pub const DROP_POINTS: f64 = 1.0;

/// A run's coverage against the last run of its schedule whose coverage had not dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Coverages {
    pub(crate) reference: (u64, u64),
    pub(crate) listed: BTreeSet<(Provider, Scope)>,
    pub(crate) lost: BTreeSet<(Provider, Scope)>,
    /// Lost, and nobody even says why: the run did not come to them.
    pub(crate) unasked: BTreeSet<(Provider, Scope)>,
    pub(crate) dropped: bool,
    kind: Option<EventKind>,
}

/// Compares with what the schedule's runs had reached. Other rules begin anew: they ask for other facts.
pub(crate) fn compare(last: Option<&Lineage>, run: &Sighting<'_>) -> Coverages {
    let facts = pair(run.coverage());
    let listed: BTreeSet<(Provider, Scope)> = run.listed().map(|(provider, scope)| (provider, scope.clone())).collect();
    let Some(last) = last else {
        let nothing = BTreeSet::new();
        return Coverages {
            reference: facts,
            listed,
            lost: nothing.clone(),
            unasked: nothing,
            dropped: false,
            kind: None,
        };
    };
    // A place is listed too when one around it is: another call may list more at once than the call before.
    let is_lost = |place: &&(Provider, Scope)| !run.is_listed(place.0, &place.1);
    let lost: BTreeSet<(Provider, Scope)> = last.listed.iter().filter(is_lost).cloned().collect();
    let is_named =
        |place: &(Provider, Scope)| run.dark().any(|(provider, scope, _)| (provider, scope) == (place.0, &place.1));
    let unasked = lost.iter().filter(|place| !is_named(place)).cloned().collect();
    let reference = if last.rules == run.rules { last.reference } else { facts };
    let fell = share(reference) - share(facts) >= DROP_POINTS;
    let is_dropped = fell || !lost.is_empty();
    let kind = match (last.dropped, is_dropped) {
        (false, true) => Some(EventKind::CoverageDropped),
        // It fell further: another place is lost.
        (true, true) if lost.difference(&last.lost).next().is_some() => Some(EventKind::CoverageDropped),
        (true, false) => Some(EventKind::CoverageRestored),
        (true, true) | (false, false) => None,
    };
    if is_dropped {
        // What was reached stays the measure until it is reached again. A place that is new joins it.
        let listed = last.listed.union(&listed).cloned().collect();
        return Coverages { reference, listed, lost, unasked, dropped: true, kind };
    }
    Coverages { reference: facts, listed, lost, unasked, dropped: false, kind }
}

impl Coverages {
    pub(crate) fn event(&self, run: &Sighting<'_>, summary: &Summary) -> Option<Event> {
        let kind = self.kind?;
        let severity = if kind == EventKind::CoverageDropped { Severity::High } else { Severity::Info };
        Some(run_event(
            kind,
            severity,
            run,
            Summary { before: Some(self.reference_before(summary)), ..summary.clone() },
        ))
    }

    /// The facts to compare with: of the run before the drop.
    fn reference_before(&self, summary: &Summary) -> (u64, u64) {
        if self.dropped { self.reference } else { summary.before.unwrap_or(self.reference) }
    }
}

/// Facts known, in percent. All of them when there is nothing to know.
fn share((known, total): (u64, u64)) -> f64 {
    if total == 0 {
        return 100.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a share of at most a few million facts")]
    let share = 100.0 * known as f64 / total as f64;
    share
}
