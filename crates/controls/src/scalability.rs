//! Controls of how a cluster grows.

use palisade_engine::Entry;

pub mod pool_size_fixed;
pub mod room_scarce;
pub mod tier_without_promise;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<pool_size_fixed::PoolSizeFixed>(),
    Entry::of::<room_scarce::RoomScarce>(),
    Entry::of::<tier_without_promise::TierWithoutPromise>(),
];
