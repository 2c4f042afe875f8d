//! Controls of how changes reach the cluster.

use palisade_engine::Entry;

pub mod pipeline_trust_wide;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[Entry::of::<pipeline_trust_wide::PipelineTrustWide>()];
