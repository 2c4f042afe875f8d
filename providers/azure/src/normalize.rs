//! What Azure's answers mean.
#![warn(clippy::disallowed_methods)]

use palisade_model::Inventory;
use palisade_provider::Snapshot;

/// Translates.
pub fn normalize(_snapshot: &Snapshot) -> Inventory {
    Inventory::default()
}
