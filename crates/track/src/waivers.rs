//! What becomes of accepted risks.

use crate::{Event, EventKind, KnownWaiver, Memory, Print, Sighting, Topic, Tracked};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::{Severity, Waiver};
use std::collections::{BTreeMap, BTreeSet};

/// How many days before its end a waiver is told to be ending, each once.
pub const EXPIRING_DAYS: [u32; 3] = [1, 7, 14];

/// What a waiver is remembered by: what it selects, and what it was approved for. One that is renewed stays the same.
pub fn waiver_key(waiver: &Waiver) -> Print {
    let approved: Vec<String> = waiver.approved.iter().flatten().map(ToString::to_string).collect();
    let selector = [waiver.control.as_str(), &waiver.cluster, waiver.subject.as_deref().unwrap_or_default()];
    Print::of(selector.into_iter().chain(approved.iter().map(String::as_str)))
}

/// What a waiver selects, for people.
pub fn selector(waiver: &Waiver) -> String {
    match &waiver.subject {
        Some(subject) => format!("{} on {} ({subject})", waiver.control, waiver.cluster),
        None => format!("{} on {}", waiver.control, waiver.cluster),
    }
}

/// Whether a waiver's control, cluster and subject are those of this finding. The same as for what a run saw
/// ([`Waiver::selects`]).
pub fn selects(waiver: &Waiver, finding: &Tracked) -> bool {
    let Tracked { control, cluster, cluster_name, subject, subject_name, .. } = finding;
    waiver.names(control, (cluster.as_str(), cluster_name), (subject, subject_name))
}

/// Whether a waiver is about this finding, expired or not: it selects it and was approved for it ([`Waiver::matches`]).
pub fn is_about(waiver: &Waiver, finding: &Tracked) -> bool {
    waiver.is_approved_for(finding.fingerprint) && selects(waiver, finding)
}

/// How many open findings each waiver selects that was approved for some, in their order; 0 for the others.
fn selected(memory: &Memory, waivers: &[Waiver]) -> Vec<u64> {
    let mut by_control: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, waiver) in waivers.iter().enumerate() {
        if waiver.approved.is_some() || waiver.covers.is_some() {
            by_control.entry(&waiver.control).or_default().push(place);
        }
    }
    let mut counts = vec![0; waivers.len()];
    if by_control.is_empty() {
        return counts;
    }
    for remembered in memory.findings.values().filter(|remembered| remembered.tracked.standing.is_open()) {
        for place in by_control.get(remembered.tracked.control.as_str()).into_iter().flatten() {
            if let (Some(waiver), Some(count)) = (waivers.get(*place), counts.get_mut(*place)) {
                *count += u64::from(selects(waiver, &remembered.tracked));
            }
        }
    }
    counts
}

/// Applies the waivers to what is open, read this time or not, and tells what became of them.
pub(crate) fn apply(memory: &mut Memory, waivers: &[Waiver], now: Timestamp, run: Option<&Sighting<'_>>) -> Vec<Event> {
    let selected = selected(memory, waivers);
    let mut by_control: BTreeMap<&str, Vec<(&Waiver, bool)>> = BTreeMap::new();
    let mut selects_now: BTreeMap<Print, u64> = BTreeMap::new();
    for (waiver, selects) in waivers.iter().zip(selected) {
        // Nobody can say which of them were meant.
        let too_many = waiver.covers.is_some_and(|approved| selects > approved);
        by_control.entry(&waiver.control).or_default().push((waiver, too_many));
        selects_now.insert(waiver_key(waiver), selects);
    }
    let mut covered: BTreeMap<Print, (u64, Severity)> = BTreeMap::new();
    for remembered in memory.findings.values_mut() {
        let tracked = &mut remembered.tracked;
        tracked.waived_until = None;
        if !tracked.standing.is_open() {
            continue;
        }
        let about = by_control.get(tracked.control.as_str()).into_iter().flatten();
        let about: Vec<&(&Waiver, bool)> = about.filter(|(waiver, _)| is_about(waiver, tracked)).collect();
        let until = about.iter().filter(|(_, too_many)| !too_many).map(|(waiver, _)| waiver.until).max();
        tracked.waived_until = until.filter(|until| now < *until);
        let keys: BTreeSet<Print> = about.iter().map(|(waiver, _)| waiver_key(waiver)).collect();
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
        let listed = waiver.approved.is_some().then_some(covers);
        // What it selects beyond the findings that it lists counts as grown too.
        let selects = selects_now.get(&key).copied().unwrap_or_default().max(covers);
        known.approved = waiver.covers.or(listed).or(known.approved).or((covers > 0).then_some(covers));
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
                    covers: if kind == EventKind::WaiverGrown { selects } else { covers },
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
                if known.approved.is_some_and(|approved| selects > approved.max(known.told_covers)) {
                    known.told_covers = selects;
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
