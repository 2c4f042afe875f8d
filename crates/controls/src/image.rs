//! Controls of images and the registries that they come from.

use palisade_engine::Entry;

pub mod cluster_can_push;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<cluster_can_push::ClusterCanPush>(),
];
