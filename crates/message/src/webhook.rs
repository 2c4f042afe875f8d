//! CloudEvents 1.0 for any receiver.

use crate::{
    Dialect, Planned, View,
    content::{Content, Size},
};
use palisade_track::{Event, Topic};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The most bytes of a message: what Standard Webhooks advises.
pub const WEBHOOK_BYTES: usize = 20 * 1024;

/// How many events are told whole.
const EVENTS: usize = 50;

/// The type of a message whose events are of several kinds.
const SEVERAL: &str = "io.palisade.changes";

/// A CloudEvent in its JSON form. Machines read it: names and ids stand as the cloud wrote them, escaped by JSON alone.
/// `data.text` is for people and holds nothing invisible.
pub(crate) fn message(planned: &Planned, said: &Content, size: Size, view: &View<'_>) -> Value {
    let kinds: BTreeSet<&str> = planned.events.iter().map(|event| event.kind.name()).collect();
    let kind = match kinds.into_iter().collect::<Vec<_>>().as_slice() {
        [only] => format!("io.palisade.{only}"),
        _ => SEVERAL.to_owned(),
    };
    // Five events for each item of a chat: they are smaller.
    let most = EVENTS.min(size.items.saturating_mul(5));
    let told = planned.events.get(..most.min(planned.events.len())).unwrap_or_default();
    let mut event = json!({
        "specversion": "1.0",
        "id": planned.id(),
        "source": format!("/palisade/{}", path(view.installation)),
        "type": kind,
        "time": said.at.to_string(),
        "datacontenttype": "application/json",
        "data": {
            "route": planned.route,
            "severity": planned.severity().name(),
            "text": said.title.within(Dialect::Text, 300),
            "coverage": said.coverage.iter().map(|line| line.within(Dialect::Text, size.line)).collect::<Vec<_>>(),
            "counts": said.counts.iter().take(40).map(|row| row.within(Dialect::Text, size.line)).collect::<Vec<_>>(),
            "events": told.iter().map(|event| row(event, view)).collect::<Vec<_>>(),
            "more": planned.events.len() - told.len(),
            "report": said.link,
        },
    });
    if let (Some(subject), Some(map)) = (subject(planned), event.as_object_mut()) {
        map.insert("subject".to_owned(), subject.into());
    }
    event
}

/// Whether it is as small as receivers may expect.
pub(crate) fn fits(_message: &Value, bytes: usize) -> bool {
    bytes <= WEBHOOK_BYTES
}

/// The fingerprint, when all of it is about one finding.
fn subject(planned: &Planned) -> Option<String> {
    planned.thread().and_then(|thread| thread.split('/').next().map(str::to_owned))
}

/// The installation's name as a part of a URI reference.
pub(crate) fn path(name: &str) -> String {
    let kept: String =
        name.chars().take(60).map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    if kept.is_empty() { "palisade".to_owned() } else { kept }
}

fn row(event: &Event, view: &View<'_>) -> Value {
    let mut row = json!({
        "event": event.kind.name(),
        "key": event.key(),
        "at": event.at.to_string(),
        "severity": event.severity.name(),
        "run": event.run,
        "schedule": event.schedule,
    });
    let topic = match &event.topic {
        Topic::Finding { finding, before, reached_by } => json!({ "finding": {
            "fingerprint": finding.fingerprint.to_string(),
            "control": finding.control,
            "name": finding.control_name,
            "provider": finding.provider.name(),
            "scope": finding.scope.as_str(),
            "cluster": finding.cluster.as_str(),
            "cluster_name": finding.cluster_name,
            "subject": { "kind": finding.subject_kind.name(), "id": finding.subject, "name": finding.subject_name },
            "owner": finding.owner,
            "standing": finding.standing.name(),
            "verdict": finding.verdict.name(),
            "because": finding.because,
            "remediation": finding.remediation,
            "before": before.map(palisade_engine::Severity::name),
            "reached_by": reached_by,
            "first_seen": finding.first_seen.to_string(),
            "as_of": finding.as_of.to_string(),
            "generation": finding.generation,
            "link": view.report_url.map(|base| format!("{base}/findings/{}", finding.fingerprint)),
        } }),
        Topic::Waiver { selector, owner, until, covers } => json!({ "waiver": {
            "selector": selector, "owner": owner, "until": until.to_string(), "covers": covers,
        } }),
        Topic::Run(summary) => json!({ "summary": summary }),
        Topic::Channel { name, why, waiting } => json!({ "channel": { "name": name, "why": why, "waiting": waiting } }),
    };
    if let (Some(row), Value::Object(topic)) = (row.as_object_mut(), topic) {
        row.extend(topic);
    }
    row
}
