//! Controls of what runs in the cluster.

use palisade_engine::Entry;

pub mod secrets_in_the_cluster;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[Entry::of::<secrets_in_the_cluster::SecretsInTheCluster>()];
