//! Controls of governance.

use palisade_engine::Entry;

pub mod cluster_unregistered;
pub mod guardrails_missing;
pub mod scan_incomplete;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<cluster_unregistered::ClusterUnregistered>(),
    Entry::of::<guardrails_missing::GuardrailsMissing>(),
    Entry::of::<scan_incomplete::ScanIncomplete>(),
];
