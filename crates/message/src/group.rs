//! Findings with one cause are one line.

use crate::key::digest;
use palisade_track::{Event, Topic, Tracked};
use std::collections::BTreeMap;

/// Events that tell the same: what happened, to how many, and why.
#[derive(Clone, Debug)]
pub(crate) struct Cause<'a> {
    /// The events, worst and then oldest first. At least one.
    pub(crate) first: &'a Event,
    /// The others.
    pub(crate) others: Vec<&'a Event>,
}

impl<'a> Cause<'a> {
    pub(crate) fn events(&self) -> impl Iterator<Item = &'a Event> + '_ {
        [self.first].into_iter().chain(self.others.iter().copied())
    }

    pub(crate) fn findings(&self) -> impl Iterator<Item = &'a Tracked> + '_ {
        self.events().filter_map(|event| match &event.topic {
            Topic::Finding { finding, .. } => Some(finding.as_ref()),
            Topic::Waiver { .. } | Topic::Run(_) | Topic::Channel { .. } => None,
        })
    }
}

/// Events by cause, worst first.
///
/// The key of a finding's cause is: what happened, the control, the severity, the provider, the kind of subject, and the
/// reason with the finding's own names taken out. A reason names what makes it so (the security group, the launch
/// template, the role, the address range), so two pools that are open through one security group have one cause, and two
/// that are open through two have two. Every other event is a cause of its own.
pub(crate) fn by_cause(events: &[Event]) -> Vec<Cause<'_>> {
    let mut sorted: Vec<&Event> = events.iter().collect();
    sorted.sort_by_cached_key(|event| order(event));
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for event in sorted {
        let key = cause_key(event);
        if let Some(cause) = places.get(&key).and_then(|place| causes.get_mut(*place)) {
            cause.others.push(event);
        } else {
            places.insert(key, causes.len());
            causes.push(Cause { first: event, others: Vec::new() });
        }
    }
    causes
}

/// Worst first; of the same severity what happened to findings before what happened to runs; then by name.
fn order(event: &Event) -> (std::cmp::Reverse<palisade_engine::Severity>, palisade_track::EventKind, String, String) {
    let names = match &event.topic {
        Topic::Finding { finding, .. } => {
            (finding.control.clone(), format!("{}/{}", finding.cluster_name, finding.subject_name))
        }
        Topic::Waiver { selector, .. } => (selector.clone(), String::new()),
        Topic::Run(_) => (event.schedule.clone().unwrap_or_default(), event.run.clone().unwrap_or_default()),
        Topic::Channel { name, .. } => (name.clone(), String::new()),
    };
    (std::cmp::Reverse(event.severity), event.kind, names.0, names.1 + &event.key())
}

fn cause_key(event: &Event) -> String {
    let Topic::Finding { finding, reached_by, .. } = &event.topic else {
        return event.key();
    };
    digest([
        event.kind.name(),
        &finding.control,
        event.severity.name(),
        finding.provider.name(),
        finding.subject_kind.name(),
        &without_own_names(finding),
        reached_by.as_deref().unwrap_or_default(),
    ])
}

/// The reason with the names of the finding's subject and cluster taken out, longest first.
fn without_own_names(finding: &Tracked) -> String {
    let mut names = [
        finding.subject.as_str(),
        finding.subject_name.as_str(),
        finding.cluster.as_str(),
        finding.cluster_name.as_str(),
    ];
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut reason = finding.because.clone();
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        // Only where it stands as a value: reasons put values in backticks, and a pool may be called `a`.
        reason = reason.replace(&format!("`{name}`"), "``");
    }
    reason
}
