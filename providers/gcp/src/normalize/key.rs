//! The key behind a cluster's encryption.

use super::{
    hierarchy::{Hierarchy, HierarchyBook},
    principal::is_broad,
    roles::RoleBook,
    tables::{RULE_KEY, USE_KEY},
};
use crate::{
    calls::{KEY_GET, KEY_POLICY},
    record::{
        iam::Policy,
        kms::CryptoKey,
        names::{engine_agent, is_google_agent, key_project},
        word::{KEY_VERSION_STATE, LOG_TYPE, PROTECTION_LEVEL},
    },
};
use palisade_model::{Evidence, Gap, KeyAccess, KeyFacts, KeyHolder, KeyState, Observed, Rotation};
use palisade_provider::Snapshot;

/// The facts about a cluster's key, or that there is none to look after.
pub(crate) fn facts(
    snapshot: &Snapshot,
    hierarchies: &HierarchyBook<'_>,
    roles: &RoleBook<'_>,
    key: Option<&str>,
    own: &[Evidence],
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
    let policy: Observed<Policy> = snapshot.one(&KEY_POLICY, home, &[("key", key)]);
    let hierarchy = hierarchies.of(home);
    let mut sources = [policy.sources(), hierarchy.sources()].concat();
    let access = (|| access(policy.get()?, hierarchy.get()?, roles))();
    sources.extend(roles.evidence());
    KeyFacts {
        state: record.clone().map(|record| state(&record)),
        rotation: record.map(|record| rotation(&record)),
        access: Observed::from_result(access, sources),
    }
}

fn state(record: &CryptoKey) -> KeyState {
    let disabled = |because: String| KeyState::Disabled { because };
    let Some(primary) = &record.primary else { return disabled("the key has no primary version".to_owned()) };
    let name = primary.state.as_ref().map(|state| state.name(KEY_VERSION_STATE));
    match name.as_deref() {
        // Google lets one choose from a day to 120 days; 30 when unset.
        // <https://cloud.google.com/kms/docs/destroy-restore#duration>
        Some("ENABLED") => {
            let wait = record.destroy_scheduled_duration.as_deref().map_or(Some(30 * 86_400), seconds);
            KeyState::Live { protected: wait.map(|wait| wait >= 86_400), expires: None }
        }
        Some("DESTROY_SCHEDULED") => {
            KeyState::PendingDeletion { at: primary.destroy_time.as_deref().and_then(|text| text.parse().ok()) }
        }
        other => disabled(format!("the primary version is {}", other.unwrap_or("in no known state"))),
    }
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

/// Who may use or change the key, by its own policy and by those of its project and everything above. Kubernetes
/// Engine's agent is the cluster itself.
///
/// Limit: bindings on the key ring are not read.
fn access(policy: &Policy, hierarchy: &Hierarchy, roles: &RoleBook<'_>) -> Result<KeyAccess, Gap> {
    let own = policy.bindings.iter().map(|binding| (binding, "the key"));
    let above = hierarchy
        .places
        .iter()
        .flat_map(|place| place.policy.bindings.iter().map(move |binding| (binding, place.name.as_str())));
    let mut holders = Vec::new();
    for (binding, place) in own.chain(above) {
        let Some(name) = binding.role.as_deref() else { continue };
        let members: Vec<&String> = binding
            .members
            .iter()
            .filter(|member| {
                !is_google_agent(member) && engine_agent(member).is_none() && !member.starts_with("deleted:")
            })
            .collect();
        if members.is_empty() {
            continue;
        }
        let role = roles.get(name)?;
        let (uses, administers) = (role.has(USE_KEY), role.has_any(RULE_KEY));
        if !(uses || administers) {
            continue;
        }
        holders.extend(members.into_iter().map(|member| KeyHolder {
            principal: member.clone(),
            uses,
            administers,
            broad: is_broad(member) || member.starts_with("project"),
            by: format!("{name} on {place}"),
        }));
    }
    holders.sort();
    holders.dedup();
    Ok(KeyAccess::Known { holders, public_network: None, logged: Some(is_logged(hierarchy)) })
}

/// Whether uses of keys are logged: Cloud KMS counts them as data reads, which Google logs only on demand.
fn is_logged(hierarchy: &Hierarchy) -> bool {
    let configs = hierarchy.places.iter().flat_map(|place| &place.policy.audit_configs);
    let of_kms = |service: &str| service == "allServices" || service == "cloudkms.googleapis.com";
    configs
        .filter(|config| config.service.as_deref().is_some_and(of_kms))
        .flat_map(|config| &config.audit_log_configs)
        .any(|log| log.log_type.as_ref().is_some_and(|kind| kind.is(LOG_TYPE, "DATA_READ")))
}
