//! Controls of the cluster's access to the cloud's API.

use palisade_engine::{Entry, Judgement, Verdict, per_pool};
use palisade_model::{Cluster, Identity, IdentityId, IdentityKind, Metadata, Pool, PoolKind};
use std::collections::BTreeMap;

pub mod control_plane_identity_overpowered;
pub mod controller_rights_wide;
pub mod credential_minting_wide;
pub mod external_trust_unapproved;
pub mod long_lived_key_active;
pub(crate) mod membership;
pub mod metadata_service_unhardened;
pub mod node_credentials_open_to_pods;
pub mod node_identity_not_dedicated;
pub mod node_identity_overpowered;
mod standing;
pub mod stored_cloud_secret;
pub mod trust_wide;
pub mod unused_cloud_rights;
pub mod workload_can_become_administrator;
pub mod workload_identity_missing;

/// Controls of this area, in the order of the catalogue.
pub const CONTROLS: &[Entry] = &[
    Entry::of::<control_plane_identity_overpowered::ControlPlaneIdentityOverpowered>(),
    Entry::of::<stored_cloud_secret::StoredCloudSecret>(),
    Entry::of::<node_identity_overpowered::NodeIdentityOverpowered>(),
    Entry::of::<node_identity_not_dedicated::NodeIdentityNotDedicated>(),
    Entry::of::<workload_identity_missing::WorkloadIdentityMissing>(),
    Entry::of::<metadata_service_unhardened::MetadataServiceUnhardened>(),
    Entry::of::<node_credentials_open_to_pods::NodeCredentialsOpenToPods>(),
    Entry::of::<trust_wide::TrustWide>(),
    Entry::of::<long_lived_key_active::LongLivedKeyActive>(),
    Entry::of::<workload_can_become_administrator::WorkloadCanBecomeAdministrator>(),
    Entry::of::<controller_rights_wide::ControllerRightsWide>(),
    Entry::of::<unused_cloud_rights::UnusedCloudRights>(),
    Entry::of::<credential_minting_wide::CredentialMintingWide>(),
    Entry::of::<external_trust_unapproved::ExternalTrustUnapproved>(),
];

/// One verdict for the metadata service of each pool. A serverless pool has no machine that carries one.
fn per_metadata_service(cluster: &Cluster, judge: impl Fn(&Pool, &Metadata) -> Verdict) -> Vec<Judgement> {
    per_pool(cluster, "the cluster has no pools", |pool| match pool.kind {
        PoolKind::Serverless => {
            let because = format!("pool `{}` has no machines of yours and so no metadata service", pool.name);
            Ok(Verdict::not_applicable(because).seen_in(&cluster.pools))
        }
        PoolKind::Managed | PoolKind::SelfManaged | PoolKind::Automatic => {
            Ok(judge(pool, pool.metadata.get()?).seen_in(&pool.metadata))
        }
    })
}

/// Which identity stands for all entries with its id: one identity may serve nodes and workloads and is listed for each.
/// The kind that is judged most strictly stands for the rest.
struct Strictest<'a>(BTreeMap<&'a IdentityId, IdentityKind>);

impl<'a> Strictest<'a> {
    fn of(cluster: &'a Cluster) -> Self {
        let mut kinds = BTreeMap::new();
        for identity in cluster.identities.get().into_iter().flatten() {
            let kind = kinds.entry(&identity.id).or_insert(identity.kind);
            *kind = identity.kind.max(*kind);
        }
        Self(kinds)
    }

    fn is(&self, identity: &Identity) -> bool {
        self.0.get(&identity.id).is_none_or(|kind| *kind <= identity.kind)
    }
}
