//! Encryption of etcd's content, and the key behind it.

use super::{cluster::Known, endpoint::vpc_config, region::Region, trail::Trail};
use crate::{
    calls,
    record::{
        eks::Cluster,
        kms::{DescribeKey, KeyMetadata, KeyRotationStatus},
    },
};
use palisade_model::{Coverage, Encryption, Etcd, Gap, KeyOwner, KeyState, Observed, Progress, Rotation, Version};

/// From this version on EKS encrypts every API object with a key of its own, or with the customer's if one is set (EKS
/// user guide, envelope encryption, seen 2026-08).
const DEFAULT_ENCRYPTION_SINCE: Version = Version { major: 1, minor: 28 };

/// Why there is nothing to say about a customer's key.
const NO_KEY: &str = "no customer key is set";

/// Who can reach etcd.
pub(super) fn etcd(known: &Known<'_>) -> Observed<Etcd> {
    known.conclude("/cluster", |_, cluster| {
        if cluster.connector_config.is_some() {
            return Ok(Etcd::CustomerNetwork { because: "AWS does not run the control plane of a connected cluster".to_owned() });
        }
        if cluster.outpost_config.is_some() {
            return Ok(Etcd::CustomerNetwork { because: "the control plane stands on an Outpost (`outpostConfig`)".to_owned() });
        }
        Ok(Etcd::ProviderManaged {
            reference: "EKS runs etcd in a network of its own account: https://docs.aws.amazon.com/eks/latest/best-practices/reliability-cp.html",
        })
    })
}

/// The key a cluster names.
pub(super) fn key_of(cluster: &Cluster) -> Option<&str> {
    cluster.encryption_config.iter().find_map(|encryption| encryption.provider.as_ref()?.key_arn.as_deref())
}

/// What is encrypted, with whose key.
pub(super) fn encryption(region: &Region<'_>, known: &Known<'_>, version: &Observed<Version>) -> Observed<Encryption> {
    known.conclude("/cluster/encryptionConfig", |trail, cluster| {
        vpc_config(region, cluster)?;
        let version = *trail.read(version)?;
        let key = key_of(cluster);
        let by_default = version >= DEFAULT_ENCRYPTION_SINCE;
        let coverage = match (by_default, key) {
            (true, _) => Coverage::AllObjects,
            (false, Some(_)) => Coverage::Secrets,
            (false, None) => Coverage::Nothing,
        };
        let owner = match (key, by_default) {
            (Some(key), _) => owner_of(region, key, trail),
            (None, true) => KeyOwner::Provider,
            (None, false) => KeyOwner::Nobody,
        };
        // Below 1.28 objects written before the key was set stay as they were until somebody writes them again.
        let rewritten = match coverage {
            Coverage::AllObjects => Some(true),
            Coverage::Secrets | Coverage::Nothing => None,
        };
        let because = match (key, by_default) {
            (Some(key), true) => format!("version {version}, which encrypts everything, with the key {key}"),
            (Some(key), false) => format!("`encryptionConfig` names the key {key}"),
            (None, true) => format!("version {version} encrypts everything with a key of EKS"),
            (None, false) => format!("version {version} and no `encryptionConfig`"),
        };
        Ok(Encryption { coverage, owner, progress: Progress::Settled, rewritten, because })
    })
}

/// A key is the customer's unless KMS says that AWS manages it: EKS takes no other (EKS user guide, envelope encryption), so it
/// is the customer's also where KMS was not read.
fn owner_of(region: &Region<'_>, key: &str, trail: &mut Trail) -> KeyOwner {
    let answer = region.snapshot.one::<DescribeKey>(&calls::DESCRIBE_KEY, region.scope, &[("key", key)]);
    let manager = answer.get().ok().and_then(|answer| answer.key_metadata.as_ref()?.key_manager.clone());
    if manager.as_deref() == Some("AWS") {
        trail.rest_on(answer.sources());
        return KeyOwner::ProviderManaged { key: key.to_owned() };
    }
    KeyOwner::Customer { key: key.to_owned() }
}

fn metadata(region: &Region<'_>, key: &str, trail: &mut Trail) -> Result<KeyMetadata, Gap> {
    let answer = region.snapshot.one::<DescribeKey>(&calls::DESCRIBE_KEY, region.scope, &[("key", key)]);
    trail.rest_on(answer.sources());
    super::endpoint::take(answer)?.key_metadata.ok_or_else(|| malformed(region, "/KeyMetadata"))
}

fn malformed(region: &Region<'_>, pointer: &str) -> Gap {
    Gap::Malformed {
        call: calls::DESCRIBE_KEY.name.to_owned(),
        scope: region.scope.to_owned(),
        pointer: pointer.to_owned(),
        why: "the key is not described".to_owned(),
    }
}

/// Whether the key lives.
pub(super) fn key_state(region: &Region<'_>, known: &Known<'_>) -> Observed<KeyState> {
    known.conclude("/cluster/encryptionConfig", |trail, cluster| {
        let Some(key) = key_of(cluster) else {
            return Ok(KeyState::NoCustomerKey { because: NO_KEY.to_owned() });
        };
        let metadata = metadata(region, key, trail)?;
        match metadata.key_state.as_deref() {
            // KMS has no purge protection to choose: every deletion waits 7 to 30 days.
            Some("Enabled" | "Updating") => Ok(KeyState::Live { protected: None, expires: metadata.valid_to }),
            Some("PendingDeletion" | "PendingReplicaDeletion") => {
                Ok(KeyState::PendingDeletion { at: metadata.deletion_date })
            }
            Some(other) => Ok(KeyState::Disabled { because: format!("its state is `{other}`") }),
            None => Err(malformed(region, "/KeyMetadata/KeyState")),
        }
    })
}

/// Whether the key rotates.
pub(super) fn rotation(region: &Region<'_>, known: &Known<'_>) -> Observed<Rotation> {
    known.conclude("/cluster/encryptionConfig", |trail, cluster| {
        let Some(key) = key_of(cluster) else {
            return Ok(Rotation::NoCustomerKey { because: NO_KEY.to_owned() });
        };
        let metadata = metadata(region, key, trail)?;
        match metadata.origin.as_deref() {
            Some("EXTERNAL") => return Ok(Rotation::Elsewhere { because: "the key material is imported".to_owned() }),
            Some("EXTERNAL_KEY_STORE" | "AWS_CLOUDHSM") => {
                return Ok(Rotation::Elsewhere {
                    because: "the key lives in a key store of the customer's".to_owned(),
                });
            }
            Some(_) | None => (),
        }
        let answer =
            region.snapshot.one::<KeyRotationStatus>(&calls::GET_KEY_ROTATION_STATUS, region.scope, &[("key", key)]);
        let status = trail.read(&answer)?;
        match status.key_rotation_enabled {
            // Default period: 365 days (KMS API reference, EnableKeyRotation).
            Some(true) => Ok(Rotation::Automatic {
                days: Some(status.rotation_period_in_days.and_then(|days| u32::try_from(days).ok()).unwrap_or(365)),
            }),
            Some(false) => Ok(Rotation::Off),
            None => Err(Gap::Malformed {
                call: calls::GET_KEY_ROTATION_STATUS.name.to_owned(),
                scope: region.scope.to_owned(),
                pointer: "/KeyRotationEnabled".to_owned(),
                why: "the status does not say".to_owned(),
            }),
        }
    })
}
