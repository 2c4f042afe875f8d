//! Controls of the cluster's network.

use palisade_engine::Entry;

pub mod network_not_of_its_own;
pub mod network_part_retired;
pub mod pod_traffic_plain;
pub mod policy_engine_missing;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<policy_engine_missing::PolicyEngineMissing>(),
    Entry::of::<network_part_retired::NetworkPartRetired>(),
    Entry::of::<network_not_of_its_own::NetworkNotOfItsOwn>(),
    Entry::of::<pod_traffic_plain::PodTrafficPlain>(),
];
