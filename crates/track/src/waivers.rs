//! What becomes of accepted risks.

use crate::{Event, EventKind, KnownWaiver, Memory, Print, Sighting, Topic, Tracked};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::{Severity, Waiver};
use std::collections::{BTreeMap, BTreeSet};

/// How many days before its end a waiver is told to be ending, each once.
pub const EXPIRING_DAYS: [u32; 3] = [1, 7, 14];

/// What a waiver is remembered by: what it selects. One that is renewed stays the same.
pub fn waiver_key(waiver: &Waiver) -> Print {
    Print::of([waiver.control.as_str(), &waiver.cluster, waiver.subject.as_deref().unwrap_or_default()])
}

/// What a waiver selects, for people.
pub fn selector(waiver: &Waiver) -> String {
    match &waiver.subject {
        Some(subject) => format!("{} on {} ({subject})", waiver.control, waiver.cluster),
        None => format!("{} on {}", waiver.control, waiver.cluster),
    }
}

/// Whether a waiver is about this finding, expired or not. The same as for what a run saw ([`Waiver::matches`]).
pub fn is_about(waiver: &Waiver, finding: &Tracked) -> bool {
    let names_cluster = waiver.cluster == finding.cluster.as_str() || waiver.cluster == finding.cluster_name;
    let names_subject =
        waiver.subject.as_ref().is_none_or(|subject| *subject == finding.subject || *subject == finding.subject_name);
    waiver.control == finding.control && names_cluster && names_subject
}

/// Applies the waivers to what is open, read this time or not, and tells what became of them.
pub(crate) fn apply(memory: &mut Memory, waivers: &[Waiver], now: Timestamp, run: Option<&Sighting<'_>>) -> Vec<Event> {
    let mut by_control: BTreeMap<&str, Vec<&Waiver>> = BTreeMap::new();
    for waiver in waivers {
        by_control.entry(&waiver.control).or_default().push(waiver);
    }
    let mut covered: BTreeMap<Print, (u64, Severity)> = BTreeMap::new();
    for remembered in memory.findings.values_mut() {
        let tracked = &mut remembered.tracked;
        tracked.waived_until = None;
        if !tracked.standing.is_open() {
            continue;
        }
        let about = by_control.get(tracked.control.as_str()).into_iter().flatten();
        let about: Vec<&&Waiver> = about.filter(|waiver| is_about(waiver, tracked)).collect();
        let until = about.iter().map(|waiver| waiver.until).max();
        tracked.waived_until = until.filter(|until| now < *until);
        let keys: BTreeSet<Print> = about.iter().map(|waiver| waiver_key(waiver)).collect();
        for key in keys {
            let covers = covered.entry(key).or_insert((0, Severity::Info));
            covers.0 += 1;
            covers.1 = covers.1.max(tracked.severity);
        }
    }
    // Of several with one selector the last to end counts: it is the renewed one.
    let mut last: BTreeMap<Print, &Waiver> = BTreeMap::new();
    for waiver in waivers {
        let known = last.entry(waiver_key(waiver)).or_insert(waiver);
        if (waiver.until, &waiver.owner, &waiver.reason) > (known.until, &known.owner, &known.reason) {
            *known = waiver;
        }
    }
    memory.waivers.retain(|key, _| last.contains_key(key));
    let mut events = Vec::new();
    for (key, waiver) in last {
        let (covers, severity) = covered.get(&key).copied().unwrap_or((0, Severity::Info));
        let is_unused =
            covers == 0 && now < waiver.until && run.is_some_and(|run| matches_nothing(memory, waiver, run));
        let known = memory.waivers.entry(key).or_insert_with(|| KnownWaiver {
            selector: selector(waiver),
            owner: waiver.owner.clone(),
            until: waiver.until,
            approved: None,
            covers: 0,
            told_days: None,
            told_end: false,
            told_unused: false,
            told_covers: 0,
        });
        if known.until != waiver.until {
            // Somebody looked at it again: it is approved for what it covers now.
            known.until = waiver.until;
            (known.approved, known.told_days, known.told_end, known.told_covers) = (None, None, false, 0);
        }
        known.owner.clone_from(&waiver.owner);
        known.covers = covers;
        known.approved = waiver.covers.or(known.approved).or((covers > 0).then_some(covers));
        let mut tell = |kind, severity| {
            events.push(Event {
                kind,
                at: now,
                run: run.map(|run| run.run.clone()),
                schedule: run.and_then(|run| run.schedule.clone()),
                severity,
                topic: Topic::Waiver {
                    selector: known.selector.clone(),
                    owner: known.owner.clone(),
                    until: known.until,
                    covers,
                },
            });
        };
        if covers > 0 {
            known.told_unused = false;
            if now < known.until {
                let ending = days_left(known.until, now).filter(|days| known.told_days.is_none_or(|told| *days < told));
                if ending.is_some() {
                    known.told_days = ending;
                    tell(EventKind::WaiverExpiring, severity);
                }
                if known.approved.is_some_and(|approved| covers > approved.max(known.told_covers)) {
                    known.told_covers = covers;
                    tell(EventKind::WaiverGrown, severity);
                }
            } else if !known.told_end {
                known.told_end = true;
                tell(EventKind::WaiverExpired, severity);
            }
        } else if is_unused && !known.told_unused {
            known.told_unused = true;
            tell(EventKind::WaiverUnused, Severity::Info);
        }
    }
    events
}

/// The smallest number of [`EXPIRING_DAYS`] that holds what is left, if one does.
pub(crate) fn days_left(until: Timestamp, now: Timestamp) -> Option<u32> {
    let left = until.duration_since(now);
    EXPIRING_DAYS.into_iter().find(|days| left <= SignedDuration::from_hours(24 * i64::from(*days)))
}

/// Whether it is certain that there is nothing for the waiver to cover: what it names was read and is good, or it names
/// a cluster that no complete list holds.
fn matches_nothing(memory: &Memory, waiver: &Waiver, run: &Sighting<'_>) -> bool {
    let names = |id: &str, name: &str| waiver.cluster == id || waiver.cluster == name;
    let mut seen = run.clusters.values().filter(|seen| names(seen.id.as_str(), &seen.name)).peekable();
    if seen.peek().is_some() {
        let ran = run.rules.controls.contains(&waiver.control);
        return ran
            && seen.all(|seen| !run.unknown.iter().any(|(of, control)| *of == seen.id && *control == waiver.control));
    }
    let is_elsewhere =
        memory.clusters.iter().any(|(id, known)| known.gone.is_none() && names(id.as_str(), &known.name));
    let something_was_not_listed =
        !run.dark.is_empty() || memory.places.keys().any(|(provider, scope)| !run.is_listed(*provider, scope));
    !is_elsewhere && !something_was_not_listed
}
