//! PagerDuty's Events API v2.

use crate::{
    Dialect, Planned, View,
    content::{Content, Size},
    key::digest,
    webhook::path,
};
use palisade_engine::Severity;
use palisade_track::{Event, EventKind, Topic};
use serde_json::{Value, json};

/// The longest summary (PagerDuty developer documentation, "Send an Alert Event").
const SUMMARY: usize = 1_024;

/// The most bytes of an event.
const BYTES: usize = 512 * 1024;

/// An event. The routing key is a secret and is put in by whoever delivers it.
pub(crate) fn message(planned: &Planned, said: &Content, size: Size, view: &View<'_>) -> Value {
    let resolves = planned.events.iter().all(|event| resolves(event.kind));
    let mut details: Vec<Value> =
        said.coverage.iter().map(|line| line.within(Dialect::Text, size.line).into()).collect();
    let (items, _) = said.told(size);
    for item in items {
        let lines = item.lines(Dialect::Text, size);
        let lines =
            lines.into_iter().map(|(label, line)| if label.is_empty() { line } else { format!("{label}: {line}") });
        let all: Vec<String> = [item.head(Dialect::Text, size.line)].into_iter().chain(lines).collect();
        details.push(all.into());
    }
    details.extend(said.counts(size).iter().map(|row| Value::from(row.within(Dialect::Text, size.line))));
    details.extend(said.more(size).map(Value::from));
    let links: Vec<Value> = said.link.iter().map(|link| json!({ "href": link, "text": "Open the report" })).collect();
    json!({
        "event_action": if resolves { "resolve" } else { "trigger" },
        "dedup_key": dedup_key(planned),
        "client": "Palisade",
        "payload": {
            "summary": said.title.within(Dialect::Text, SUMMARY),
            "source": format!("palisade/{}", path(view.installation)),
            "severity": severity(said.severity),
            "timestamp": said.at.to_string(),
            "class": planned.events.first().map(|event| event.kind.name()),
            "custom_details": { "what": details },
        },
        "links": links,
    })
}

/// Whether PagerDuty takes it.
pub(crate) fn fits(_message: &Value, bytes: usize) -> bool {
    bytes <= BYTES
}

/// What closes what was opened before. A page about a finding is closed by its end, whatever happened between.
fn resolves(kind: EventKind) -> bool {
    crate::words::is_good(kind)
}

/// The same for what opens and what closes. Never longer than 255 characters.
fn dedup_key(planned: &Planned) -> String {
    match planned.events.as_slice() {
        [event] => format!("palisade/{}", about(event)),
        several => match planned.thread() {
            Some(_) => several.first().map(|event| format!("palisade/{}", about(event))).unwrap_or_default(),
            None => format!("palisade/{}", planned.id()),
        },
    }
}

fn about(event: &Event) -> String {
    match &event.topic {
        Topic::Finding { finding, .. } => format!("finding/{}", finding.fingerprint),
        Topic::Waiver { selector, .. } => format!("waiver/{}", digest([selector.as_str()])),
        Topic::Run(_) => {
            let what = match event.kind {
                EventKind::CoverageDropped | EventKind::CoverageRestored => "coverage",
                _ => "run",
            };
            format!("{what}/{}", digest([event.schedule.as_deref().unwrap_or_default()]))
        }
        Topic::Channel { name, .. } => format!("channel/{}", digest([name.as_str()])),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "info",
    }
}
