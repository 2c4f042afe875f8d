//! Controls of storage and backup.

use palisade_engine::Entry;

pub mod deletion_unguarded;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[Entry::of::<deletion_unguarded::DeletionUnguarded>()];
