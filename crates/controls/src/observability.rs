//! Controls of what is written down and watched.

use palisade_engine::Entry;

pub mod activity_not_logged;
pub mod audit_log_short_lived;
pub mod threat_detection_missing;

/// Controls of this area, in the order of the catalogue.
#[rustfmt::skip]
pub const CONTROLS: &[Entry] = &[
    Entry::of::<audit_log_short_lived::AuditLogShortLived>(),
    Entry::of::<threat_detection_missing::ThreatDetectionMissing>(),
    Entry::of::<activity_not_logged::ActivityNotLogged>(),
];
