//! What is open for long is brought back to mind.

use jiff::Timestamp;
use palisade_engine::Severity;
use palisade_track::{Event, EventKind, Standing, Topic, Tracked};
use std::collections::BTreeMap;

/// How often an open finding is brought back to mind, by severity, in hours. A severity that is absent never is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminders(pub BTreeMap<Severity, u32>);

impl Default for Reminders {
    /// Critical every day, high every week.
    fn default() -> Self {
        Self(BTreeMap::from([(Severity::Critical, 24), (Severity::High, 7 * 24)]))
    }
}

/// The reminders that are due: for each open finding that nobody has acknowledged or accepted, at whole multiples of its
/// interval since it opened. `told` says when something was last told of it; however long nothing was, one reminder is
/// enough.
///
/// The moment of a reminder is that multiple and not `now`: two runs, or two instances, that ask at different times make
/// the same event.
pub fn reminders<'a>(
    findings: impl IntoIterator<Item = (&'a Tracked, Timestamp)>,
    every: &Reminders,
    now: Timestamp,
) -> Vec<Event> {
    findings.into_iter().filter_map(|(finding, told)| due(finding, told, every, now)).collect()
}

fn due(finding: &Tracked, told: Timestamp, every: &Reminders, now: Timestamp) -> Option<Event> {
    let accepted = finding.waived_until.is_some_and(|until| until > now);
    if finding.standing != Standing::Open || accepted {
        return None;
    }
    let interval = i64::from(*every.0.get(&finding.severity)?).checked_mul(3_600).filter(|seconds| *seconds > 0)?;
    let opened = finding.turned.as_second();
    let count = |moment: Timestamp| moment.as_second().saturating_sub(opened).div_euclid(interval);
    let reached = count(now);
    if reached < 1 || reached <= count(told) {
        return None;
    }
    let at = Timestamp::from_second(opened.checked_add(reached.checked_mul(interval)?)?).ok()?;
    Some(Event {
        kind: EventKind::Reminder,
        at,
        run: None,
        schedule: None,
        severity: finding.severity,
        topic: Topic::Finding { finding: Box::new(finding.clone()), before: None, reached_by: None },
    })
}
