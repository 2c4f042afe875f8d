//! Controls of architecture and lifecycle.

use palisade_engine::Entry;

pub mod add_on_unsupported;
pub mod experimental_features;
pub mod node_version_skewed;
pub mod one_zone;
pub mod upgrade_blocked;
pub mod upgrade_without_surge;
pub mod upgrades_unplanned;
pub mod version_out_of_support;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<version_out_of_support::VersionOutOfSupport>(),
    Entry::of::<node_version_skewed::NodeVersionSkewed>(),
    Entry::of::<upgrades_unplanned::UpgradesUnplanned>(),
    Entry::of::<one_zone::OneZone>(),
    Entry::of::<upgrade_blocked::UpgradeBlocked>(),
    Entry::of::<upgrade_without_surge::UpgradeWithoutSurge>(),
    Entry::of::<add_on_unsupported::AddOnUnsupported>(),
    Entry::of::<experimental_features::ExperimentalFeatures>(),
];
