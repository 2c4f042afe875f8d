//! Controls of what one sees of a cluster.

use palisade_engine::Entry;

pub mod audit_log_off;
pub mod cluster_unwell;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] =
    &[Entry::of::<audit_log_off::AuditLogOff>(), Entry::of::<cluster_unwell::ClusterUnwell>()];
