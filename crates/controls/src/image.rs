//! Controls of images and the registries that they come from.

use palisade_engine::Entry;

pub mod cluster_can_push;
pub mod critical_vulnerabilities_overdue;
pub mod images_unscanned;
pub mod registry_open;
pub mod signatures_unverified;

/// Controls of this area, in the order of the catalogue.
#[rustfmt::skip]
pub const CONTROLS: &[Entry] = &[
    Entry::of::<images_unscanned::ImagesUnscanned>(),
    Entry::of::<cluster_can_push::ClusterCanPush>(),
    Entry::of::<registry_open::RegistryOpen>(),
    Entry::of::<signatures_unverified::SignaturesUnverified>(),
    Entry::of::<critical_vulnerabilities_overdue::CriticalVulnerabilitiesOverdue>(),
];
