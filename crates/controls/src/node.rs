//! Controls of nodes and access to them.

use palisade_engine::{Entry, Judgement, Verdict, per_pool};
use palisade_model::{Cluster, Gap, Pool, PoolKind};

pub mod administration_ports_open;
pub mod boot_unverified;
pub mod cluster_ports_open;
pub mod direct_internet_route;
pub mod disks_unencrypted;
pub mod egress_unrestricted;
pub mod image_not_supported;
pub mod image_old;
pub mod ingress_open;
pub mod interactive_access_by_key;
pub mod patching_manual;
pub mod pools_mixed;
mod ports;
mod probes;
pub mod public_node_address;

pub use ports::unwelcome;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<public_node_address::PublicNodeAddress>(),
    Entry::of::<administration_ports_open::AdministrationPortsOpen>(),
    Entry::of::<cluster_ports_open::ClusterPortsOpen>(),
    Entry::of::<ingress_open::IngressOpen>(),
    Entry::of::<direct_internet_route::DirectInternetRoute>(),
    Entry::of::<egress_unrestricted::EgressUnrestricted>(),
    Entry::of::<interactive_access_by_key::InteractiveAccessByKey>(),
    Entry::of::<image_not_supported::ImageNotSupported>(),
    Entry::of::<image_old::ImageOld>(),
    Entry::of::<patching_manual::PatchingManual>(),
    Entry::of::<boot_unverified::BootUnverified>(),
    Entry::of::<disks_unencrypted::DisksUnencrypted>(),
    Entry::of::<pools_mixed::PoolsMixed>(),
];

/// One verdict for each pool. A serverless pool has no machines of the customer's, so nothing is asked of it.
pub(crate) fn per_pool_of_machines(
    cluster: &Cluster,
    mut judge: impl FnMut(&Pool) -> Result<Verdict, Gap>,
) -> Vec<Judgement> {
    per_pool(cluster, "the cluster has no pools", |pool| match pool.kind {
        PoolKind::Serverless => {
            let because = format!("pool `{}` has no machines of yours: the provider runs each pod", pool.name);
            Ok(Verdict::not_applicable(because).seen_in(&cluster.pools))
        }
        PoolKind::Managed | PoolKind::SelfManaged | PoolKind::Automatic => judge(pool),
    })
}

/// Whether machines of the pool have public addresses or would get them.
fn has_public_addresses(pool: &Pool) -> Result<bool, Gap> {
    pool.public_addresses.get().map(|addresses| addresses.setting == Some(true) || !addresses.held_by.is_empty())
}
