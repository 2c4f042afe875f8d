//! The key behind a cluster's encryption.

use super::{hierarchy::HierarchyBook, key_access::KeyPolicies, policies::policy, roles::RoleBook};
use crate::{
    calls::{KEY_GET, KEY_POLICY, KEY_RING_POLICY},
    record::{
        kms::CryptoKey,
        names::{key_project, key_ring},
        word::{KEY_VERSION_STATE, PROTECTION_LEVEL},
    },
};
use jiff::Timestamp;
use palisade_model::{Evidence, Gap, KeyAccess, KeyFacts, KeyState, Observed, Rotation};
use palisade_provider::Snapshot;

/// The facts about a cluster's key, or that there is none to look after.
pub(crate) fn facts(
    snapshot: &Snapshot,
    hierarchies: &HierarchyBook<'_>,
    roles: &RoleBook<'_>,
    key: Option<&str>,
    own: &[Evidence],
    now: Timestamp,
) -> KeyFacts {
    let Some(key) = key else {
        let because = "the database is encrypted with keys of Google's alone".to_owned();
        return KeyFacts {
            state: Observed::known(KeyState::NoCustomerKey { because: because.clone() }, own.to_vec()),
            rotation: Observed::known(Rotation::NoCustomerKey { because: because.clone() }, own.to_vec()),
            access: Observed::known(KeyAccess::NoCustomerKey { because }, own.to_vec()),
        };
    };
    let home = key_project(key).unwrap_or_default();
    let record: Observed<CryptoKey> = snapshot.one(&KEY_GET, home, &[("key", key)]);
    let mut sources = Vec::new();
    let own_policy = policy(snapshot, &KEY_POLICY, home, &[("key", key)], &mut sources);
    let ring = [("ring", key_ring(key).unwrap_or_default())];
    let ring = policy(snapshot, &KEY_RING_POLICY, home, &ring, &mut sources);
    let (hierarchy, denials) = (hierarchies.of(home), hierarchies.denials(home));
    sources.extend_from_slice(hierarchy.sources());
    sources.extend_from_slice(denials.sources());
    let access = (|| {
        let (hierarchy, denials) = (hierarchy.get()?, denials.get()?);
        KeyPolicies { key, own: &own_policy, ring: &ring, hierarchy, denials, roles, now }.access()
    })();
    sources.extend(roles.evidence());
    KeyFacts {
        state: record.clone().and_then(|record| state(&record, home)),
        rotation: record.map(|record| rotation(&record)),
        access: Observed::from_result(access, sources),
    }
}

fn state(record: &CryptoKey, home: &str) -> Result<KeyState, Gap> {
    let disabled = |because: String| KeyState::Disabled { because };
    let Some(primary) = &record.primary else { return Ok(disabled("the key has no primary version".to_owned())) };
    let name = primary.state.as_ref().map(|state| state.name(KEY_VERSION_STATE));
    Ok(match name.as_deref() {
        // Google lets one choose from a day to 120 days; 30 when unset.
        // <https://cloud.google.com/kms/docs/destroy-restore#duration>
        Some("ENABLED") => {
            let text = record.destroy_scheduled_duration.as_deref();
            let wait = text.map_or(Some(30 * 86_400), seconds).ok_or_else(|| Gap::Malformed {
                call: KEY_GET.name.to_owned(),
                scope: home.to_owned(),
                pointer: "/destroyScheduledDuration".to_owned(),
                why: format!("`{}` is no duration", text.unwrap_or_default()),
            })?;
            KeyState::Live { protected: Some(wait >= 86_400), expires: None }
        }
        Some("DESTROY_SCHEDULED") => {
            KeyState::PendingDeletion { at: primary.destroy_time.as_deref().and_then(|text| text.parse().ok()) }
        }
        other => disabled(format!("the primary version is {}", other.unwrap_or("in no known state"))),
    })
}

fn rotation(record: &CryptoKey) -> Rotation {
    let level = record.primary.as_ref().and_then(|primary| primary.protection_level.as_ref());
    let level = level.map(|level| level.name(PROTECTION_LEVEL));
    if let Some(level @ ("EXTERNAL" | "EXTERNAL_VPC")) = level.as_deref() {
        return Rotation::Elsewhere { because: format!("the key material is kept outside Google ({level})") };
    }
    if let Some(period) = &record.rotation_period {
        let days = seconds(period).and_then(|seconds| u32::try_from(seconds.div_ceil(86_400)).ok());
        return Rotation::Automatic { days };
    }
    // A primary version that is younger than the key was made by hand.
    let last = record.primary.as_ref().and_then(|primary| primary.create_time.as_deref());
    match (last, record.create_time.as_deref()) {
        (Some(last), Some(first)) if last > first => Rotation::Manual { last: last.parse().ok() },
        _ => Rotation::Off,
    }
}

/// `2592000s` as a number.
fn seconds(text: &str) -> Option<u64> {
    text.strip_suffix('s')?.split('.').next()?.parse().ok()
}
