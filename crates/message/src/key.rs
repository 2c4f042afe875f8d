//! Names of events and messages that stay the same over every retry.

use palisade_track::{Event, EventKind, Topic};
use sha2::{Digest as _, Sha256};

/// The name of an event: two events with the same name are the same news.
///
/// For a finding it is `kind/fingerprint/generation`, with the severity for one that got worse and the moment for a
/// reminder, since both may come again within a generation.
pub fn event_key(event: &Event) -> String {
    let kind = event.kind.name();
    match &event.topic {
        Topic::Finding { finding, .. } => {
            let (fingerprint, generation) = (finding.fingerprint, finding.generation);
            match event.kind {
                EventKind::Worsened => format!("{kind}/{fingerprint}/{generation}/{}", event.severity),
                EventKind::Reminder => format!("{kind}/{fingerprint}/{generation}/{}", event.at.as_second()),
                EventKind::Opened
                | EventKind::Reopened
                | EventKind::Resolved
                | EventKind::Gone
                | EventKind::WaiverExpiring
                | EventKind::WaiverExpired
                | EventKind::WaiverUnused
                | EventKind::WaiverGrown
                | EventKind::ScanCompleted
                | EventKind::ScanPartial
                | EventKind::ScanFailed
                | EventKind::ScanMissed
                | EventKind::CoverageDropped
                | EventKind::CoverageRestored
                | EventKind::Baseline
                | EventKind::DeliveryFailing => format!("{kind}/{fingerprint}/{generation}"),
            }
        }
        Topic::Waiver { selector, until, covers, .. } => {
            // Fourteen, seven and one day before are three pieces of news; growing by one more finding is another.
            let days = until.as_second().saturating_sub(event.at.as_second()).div_euclid(86_400);
            format!("{kind}/{}/{}/{days}/{covers}", digest([selector.as_str()]), until.as_second())
        }
        Topic::Run(_) => match (&event.run, &event.schedule) {
            (Some(run), _) => format!("{kind}/{}", digest([run.as_str()])),
            (None, schedule) => {
                format!("{kind}/{}/{}", digest([schedule.as_deref().unwrap_or_default()]), event.at.as_second())
            }
        },
        Topic::Channel { name, .. } => format!("{kind}/{}/{}", digest([name.as_str()]), event.at.as_second()),
    }
}

/// The first half of a SHA-256 over the parts, each with its length, in hexadecimal.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let whole: [u8; 32] = hash.finalize().into();
    let mut name = hex::encode(whole);
    name.truncate(32);
    name
}
