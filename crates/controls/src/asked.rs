//! Controls that no API answers: people do, in a file of answers. And one that the file of waivers answers.

use palisade_engine::Entry;

pub mod access_unreviewed;
pub mod alerts_unproven;
pub mod bill_of_materials_missing;
pub mod changes_unchecked_before_merge;
pub mod etcd_hosts_open_to_others;
pub mod etcd_snapshots_unprotected;
pub mod exceptions_out_of_date;
pub mod node_files_unhardened;
pub mod peak_load_untested;
pub mod production_changes_unreviewed;
pub mod production_not_separated;
pub mod rebuild_from_code_unproven;
pub mod recovery_goals_missing;
pub mod region_loss_unplanned;
pub mod restore_untested;
pub mod risks_unreviewed;
#[cfg(test)]
mod stage;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<node_files_unhardened::NodeFilesUnhardened>(),
    Entry::of::<etcd_hosts_open_to_others::EtcdHostsOpenToOthers>(),
    Entry::of::<etcd_snapshots_unprotected::EtcdSnapshotsUnprotected>(),
    Entry::of::<bill_of_materials_missing::BillOfMaterialsMissing>(),
    Entry::of::<recovery_goals_missing::RecoveryGoalsMissing>(),
    Entry::of::<restore_untested::RestoreUntested>(),
    Entry::of::<region_loss_unplanned::RegionLossUnplanned>(),
    Entry::of::<rebuild_from_code_unproven::RebuildFromCodeUnproven>(),
    Entry::of::<alerts_unproven::AlertsUnproven>(),
    Entry::of::<peak_load_untested::PeakLoadUntested>(),
    Entry::of::<production_not_separated::ProductionNotSeparated>(),
    Entry::of::<changes_unchecked_before_merge::ChangesUncheckedBeforeMerge>(),
    Entry::of::<production_changes_unreviewed::ProductionChangesUnreviewed>(),
    Entry::of::<exceptions_out_of_date::ExceptionsOutOfDate>(),
    Entry::of::<access_unreviewed::AccessUnreviewed>(),
    Entry::of::<risks_unreviewed::RisksUnreviewed>(),
];
