//! A generated Azure tenant.

use crate::azure::World;

/// placeholder
pub fn generate(_seed: u64, _clusters: usize) -> World {
    World::default()
}
