//! Controls of how a cluster grows.

use palisade_engine::Entry;

pub mod tier_without_promise;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[Entry::of::<tier_without_promise::TierWithoutPromise>()];
