//! Controls of storage and backup.

use palisade_engine::Entry;

pub mod backup_missing;
pub mod backup_stale;
pub mod backup_unguarded;
pub mod deletion_unguarded;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<backup_missing::BackupMissing>(),
    Entry::of::<backup_stale::BackupStale>(),
    Entry::of::<backup_unguarded::BackupUnguarded>(),
    Entry::of::<deletion_unguarded::DeletionUnguarded>(),
];
