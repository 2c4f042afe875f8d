//! Controls of what one sees of a cluster, and of what is written down.

use palisade_engine::Entry;

pub mod activity_not_logged;
pub mod audit_log_off;
pub mod audit_log_short_lived;
pub mod cluster_unwell;
pub mod flow_logs_missing;
pub mod telemetry_missing;
pub mod threat_detection_missing;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<audit_log_off::AuditLogOff>(),
    Entry::of::<audit_log_short_lived::AuditLogShortLived>(),
    Entry::of::<threat_detection_missing::ThreatDetectionMissing>(),
    Entry::of::<cluster_unwell::ClusterUnwell>(),
    Entry::of::<activity_not_logged::ActivityNotLogged>(),
    Entry::of::<telemetry_missing::TelemetryMissing>(),
    Entry::of::<flow_logs_missing::FlowLogsMissing>(),
];
