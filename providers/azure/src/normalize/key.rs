//! Encryption of the cluster's database, and the key behind it.
//! <https://learn.microsoft.com/azure/aks/kms-data-encryption-concepts>

use super::{assignments::Assignments, cluster::Read, observe::observe, surroundings::Surroundings, table::Table};
use crate::{
    CLUSTERS, DIAGNOSTIC_SETTINGS, KEY, VAULT, VAULTS, arm,
    record::{self, DiagnosticSetting, Vault, VaultProperties},
};
use jiff::Timestamp;
use palisade_model::{
    Coverage, Encryption, Evidence, Gap, KeyAccess, KeyFacts, KeyHolder, KeyOwner, KeyState, Observed, Progress,
    Rotation,
};
use std::collections::BTreeMap;

const DECRYPT: &str = "data:Microsoft.KeyVault/vaults/keys/decrypt/action";
const UNWRAP: &str = "data:Microsoft.KeyVault/vaults/keys/unwrap/action";
const ASSIGN_ROLES: &str = super::capabilities::ASSIGN_ROLES;
const POLICIES_WRITE: &str = "Microsoft.KeyVault/vaults/accessPolicies/write";
const VAULT_WRITE: &str = "Microsoft.KeyVault/vaults/write";

/// What protects the content of etcd. Both modes may be on; a customer's key then stands above the platform's.
pub(super) fn encryption(read: &Read<'_, '_>) -> Observed<Encryption> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/securityProfile"));
        let profile = &read.properties.security_profile;
        let platform = profile
            .kubernetes_resource_object_encryption_profile
            .infrastructure_encryption
            .as_deref()
            .is_some_and(|setting| setting.eq_ignore_ascii_case("Enabled"));
        let kms = &profile.azure_key_vault_kms;
        let (coverage, owner, because) = if kms.enabled == Some(true) {
            let pointer = format!("/value/{}/properties/securityProfile/azureKeyVaultKms", read.row.at);
            let key = kms.key_id.clone().filter(|id| !id.is_empty()).ok_or_else(|| {
                super::malformed(
                    &CLUSTERS,
                    arm::subscription(read.id()).unwrap_or_default(),
                    &pointer,
                    "enabled without `keyId`",
                )
            })?;
            (Coverage::Secrets, KeyOwner::Customer { key }, "`azureKeyVaultKms.enabled` is on")
        } else if platform {
            (
                Coverage::Secrets,
                KeyOwner::Provider,
                "`kubernetesResourceObjectEncryptionProfile.infrastructureEncryption` is `Enabled`",
            )
        } else {
            (
                Coverage::Nothing,
                KeyOwner::Nobody,
                "neither `azureKeyVaultKms` nor `kubernetesResourceObjectEncryptionProfile` is on: only the storage is encrypted",
            )
        };
        // AKS tells neither progress nor whether old objects were written again.
        Ok(Encryption { coverage, owner, progress: Progress::Settled, rewritten: None, because: because.to_owned() })
    })
}

/// The vault of the cluster's key, by resource id.
pub(super) fn vault_id(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Option<String> {
    let key = read.item.key_in_use()?;
    match key.vault_id {
        Some(id) => Some(arm::key(id)),
        None => listed(key.vault, around, &mut Vec::new()).ok().map(|(id, _)| id),
    }
}

/// The vault with this name in the subscription. Vault names are unique in all of Azure.
fn listed(name: &str, around: &Surroundings<'_>, seen: &mut Vec<Evidence>) -> Result<(String, VaultProperties), Gap> {
    let vaults = Table::<Vault>::read(around.snapshot, &VAULTS, around.subscription, &[])?;
    let row = vaults.rows().iter().find(|row| arm::name(&row.id).eq_ignore_ascii_case(name)).ok_or_else(|| Gap::NotCollected {
        what: format!(
            "vault `{name}` is not in subscription `{}`, and the cluster does not say where it is: read it together with the \
             subscription that holds it",
            around.subscription
        ),
    })?;
    seen.extend(row.evidence("/properties"));
    let properties = row.get()?.properties.clone().ok_or_else(|| {
        super::malformed(&VAULTS, around.subscription, &format!("/value/{}/properties", row.at), "missing")
    })?;
    Ok((arm::key(&row.id), properties))
}

fn vault(
    read: &Read<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<(String, VaultProperties), Gap> {
    let key = read.item.key_in_use().ok_or_else(unreadable_key)?;
    let Some(id) = key.vault_id else { return listed(key.vault, around, seen) };
    let id = arm::key(id);
    let scope = arm::subscription(&id).unwrap_or(around.subscription);
    let read: Observed<Vault> = around.snapshot.one(&VAULT, scope, &[("vault", &id)]);
    seen.extend_from_slice(read.sources());
    let properties = read
        .get()?
        .properties
        .clone()
        .ok_or_else(|| super::malformed(&VAULT, scope, "/properties", "no properties"))?;
    Ok((id, properties))
}

fn key(
    read: &Read<'_, '_>,
    vault: &str,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<record::Key, Gap> {
    let named = read.item.key_in_use().ok_or_else(unreadable_key)?;
    let scope = arm::subscription(vault).unwrap_or(around.subscription);
    let read: Observed<record::Key> = around.snapshot.one(&KEY, scope, &[("vault", vault), ("key", named.name)]);
    seen.extend_from_slice(read.sources());
    read.get().cloned()
}

fn unreadable_key() -> Gap {
    Gap::Unsettled { what: "the address of the key cannot be read".to_owned() }
}

/// Facts about the key, or that there is none to look after.
pub(super) fn facts(read: &Read<'_, '_>, around: &Surroundings<'_>) -> KeyFacts {
    let profile = read.row.evidence("/properties/securityProfile");
    if read.properties.security_profile.azure_key_vault_kms.enabled != Some(true) {
        let platform = read
            .properties
            .security_profile
            .kubernetes_resource_object_encryption_profile
            .infrastructure_encryption
            .is_some();
        let because =
            if platform { "the platform holds the key" } else { "nothing above the storage is encrypted" }.to_owned();
        let sources: Vec<Evidence> = profile.into_iter().collect();
        return KeyFacts {
            state: Observed::known(KeyState::NoCustomerKey { because: because.clone() }, sources.clone()),
            rotation: Observed::known(Rotation::NoCustomerKey { because: because.clone() }, sources.clone()),
            access: Observed::known(KeyAccess::NoCustomerKey { because }, sources),
        };
    }
    KeyFacts {
        state: observe(|seen| {
            seen.extend(profile.clone());
            let (id, properties) = vault(read, around, seen)?;
            state(read, &key(read, &id, around, seen)?, &properties)
        }),
        rotation: observe(|seen| {
            seen.extend(profile.clone());
            let id = match read.item.key_in_use().and_then(|key| key.vault_id) {
                Some(id) => arm::key(id),
                None => vault(read, around, seen)?.0,
            };
            rotation(read, &key(read, &id, around, seen)?)
        }),
        access: observe(|seen| {
            seen.extend(profile.clone());
            access(read, around, seen)
        }),
    }
}

/// Whether what was read of the key is the version the cluster uses.
fn is_current(read: &Read<'_, '_>, key: &record::Key) -> bool {
    let pinned = read.item.key_in_use().and_then(|named| named.version);
    let current = key.properties.key_uri_with_version.as_deref().map(arm::name);
    pinned.is_none_or(|pinned| current.is_none_or(|current| current.eq_ignore_ascii_case(pinned)))
}

fn state(read: &Read<'_, '_>, key: &record::Key, vault: &VaultProperties) -> Result<KeyState, Gap> {
    if !is_current(read, key) {
        return Err(Gap::NotCollected {
            what: "the cluster uses an older version of its key, and only the newest one's attributes are read"
                .to_owned(),
        });
    }
    let attributes = &key.properties.attributes;
    match attributes.enabled {
        Some(true) => Ok(KeyState::Live {
            // Key Vault says `true` or nothing: the switch cannot be turned back.
            protected: Some(vault.enable_purge_protection == Some(true) && vault.enable_soft_delete != Some(false)),
            expires: attributes.exp.and_then(|second| Timestamp::from_second(second).ok()),
        }),
        Some(false) => Ok(KeyState::Disabled { because: "`attributes.enabled` of the key is off".to_owned() }),
        None => Err(super::malformed(&KEY, "", "/properties/attributes/enabled", "missing")),
    }
}

/// A key with a version in its address stays on that version, whatever the vault rotates.
fn rotation(read: &Read<'_, '_>, key: &record::Key) -> Result<Rotation, Gap> {
    let named = read.item.key_in_use().ok_or_else(unreadable_key)?;
    if named.version.is_some() {
        let created = key.properties.attributes.created.filter(|_| is_current(read, key));
        return Ok(Rotation::Manual { last: created.and_then(|second| Timestamp::from_second(second).ok()) });
    }
    let policy = key.properties.rotation_policy.iter().flat_map(|policy| &policy.lifetime_actions);
    let rotate = policy
        .into_iter()
        .find(|action| action.action.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("rotate")));
    Ok(match rotate {
        Some(action) => Rotation::Automatic { days: action.trigger.time_after_create.as_deref().and_then(days) },
        None => Rotation::Off,
    })
}

/// The days of an ISO 8601 duration such as `P90D`, `P3M` or `P1Y`, months and years rounded up.
fn days(text: &str) -> Option<u32> {
    let rest = text.strip_prefix('P')?;
    let rest = rest.split('T').next()?;
    let mut days = 0_u32;
    let mut number = String::new();
    for letter in rest.chars() {
        if letter.is_ascii_digit() {
            number.push(letter);
            continue;
        }
        let count: u32 = number.parse().ok()?;
        number.clear();
        let each = match letter {
            'Y' => 366,
            'M' => 31,
            'W' => 7,
            'D' => 1,
            _ => return None,
        };
        days = days.checked_add(count.checked_mul(each)?)?;
    }
    number.is_empty().then_some(days)
}

fn access(read: &Read<'_, '_>, around: &Surroundings<'_>, seen: &mut Vec<Evidence>) -> Result<KeyAccess, Gap> {
    let (id, properties) = vault(read, around, seen)?;
    let place = arm::subscription(&id).unwrap_or(around.subscription);
    let settings = Table::<DiagnosticSetting>::read(around.snapshot, &DIAGNOSTIC_SETTINGS, place, &[("vault", &id)])?;
    seen.extend_from_slice(settings.pages());
    let assignments = around.assignments.as_ref().map_err(Clone::clone)?;
    if !place.eq_ignore_ascii_case(around.subscription) {
        return Err(Gap::NotCollected {
            what: format!(
                "the key's vault is in subscription `{place}`: who holds roles there is not read together with this cluster"
            ),
        });
    }
    let named = read.item.key_in_use().ok_or_else(unreadable_key)?;
    let resource = format!("{id}/keys/{}", named.name);
    let own = own_principals(read);
    let mut holders: BTreeMap<String, KeyHolder> = BTreeMap::new();
    by_roles(&resource, &properties, assignments, &mut holders, seen);
    if properties.enable_rbac_authorization != Some(true) {
        by_policies(&properties, place, &mut holders)?;
    }
    holders.retain(|principal, _| !own.contains(principal));
    Ok(KeyAccess::Known {
        holders: holders.into_values().collect(),
        public_network: Some(answers_any_network(&properties)),
        logged: Some(settings.all()?.into_iter().any(logs_uses)),
    })
}

/// The cluster's own principals, in lower case.
fn own_principals(read: &Read<'_, '_>) -> Vec<String> {
    let identity = read.item.identity.iter();
    let system = identity.clone().filter_map(|identity| identity.principal_id.as_deref());
    let assigned =
        identity.flat_map(|identity| identity.user_assigned_identities.iter().flat_map(|all| all.values().flatten()));
    let assigned = assigned.filter_map(|principal| principal.principal_id.as_deref());
    system.chain(assigned).map(str::to_ascii_lowercase).collect()
}

fn by_roles(
    resource: &str,
    vault: &VaultProperties,
    assignments: &Assignments<'_>,
    holders: &mut BTreeMap<String, KeyHolder>,
    seen: &mut Vec<Evidence>,
) {
    let by_roles = vault.enable_rbac_authorization == Some(true);
    let ways: &[&'static str] = if by_roles {
        &[DECRYPT, UNWRAP, ASSIGN_ROLES, VAULT_WRITE]
    } else {
        // Roles give no use of keys here, but the power to change the vault's own list.
        &[POLICIES_WRITE, VAULT_WRITE]
    };
    let found = assignments.holders(ways, resource);
    seen.extend(assignments.evidence(found.iter().map(|holder| holder.held)));
    for holder in found {
        let uses = holder.actions.iter().any(|action| *action == DECRYPT || *action == UNWRAP);
        let administers = holder.actions.iter().any(|action| *action != DECRYPT && *action != UNWRAP);
        let scope = arm::key(&holder.held.scope);
        // A right to use keys that reaches the whole subscription was not given for this key.
        let wide = uses && !scope.contains("/resourcegroups/");
        let entry = holders.entry(holder.held.principal.clone()).or_insert_with(|| KeyHolder {
            principal: holder.held.principal.clone(),
            uses: false,
            administers: false,
            broad: false,
            by: super::authority::name(holder.held),
        });
        entry.uses |= uses;
        entry.administers |= administers;
        entry.broad |= wide;
    }
}

fn by_policies(vault: &VaultProperties, place: &str, holders: &mut BTreeMap<String, KeyHolder>) -> Result<(), Gap> {
    let odd =
        |pointer: &str| super::malformed(&VAULT, place, &format!("/properties/accessPolicies{pointer}"), "missing");
    let policies = vault.access_policies.as_deref().ok_or_else(|| odd(""))?;
    for (at, policy) in policies.iter().enumerate() {
        let has = |names: &[&str]| {
            policy.permissions.keys.iter().any(|one| names.iter().any(|name| one.eq_ignore_ascii_case(name)))
        };
        let uses = has(&["decrypt", "unwrapKey", "all"]);
        if !uses {
            continue;
        }
        let principal =
            policy.object_id.as_deref().ok_or_else(|| odd(&format!("/{at}/objectId")))?.to_ascii_lowercase();
        let entry = holders.entry(principal.clone()).or_insert_with(|| KeyHolder {
            principal,
            uses: false,
            administers: false,
            broad: false,
            by: "access policy of the vault".to_owned(),
        });
        entry.uses = true;
    }
    Ok(())
}

/// Absent means every network. <https://learn.microsoft.com/azure/key-vault/general/network-security>
fn answers_any_network(vault: &VaultProperties) -> bool {
    let is = |text: Option<&str>, word: &str| text.is_some_and(|text| text.eq_ignore_ascii_case(word));
    let closed = is(vault.public_network_access.as_deref(), "Disabled");
    let acls = vault.network_acls.as_ref().and_then(|acls| acls.default_action.as_deref());
    !closed && !is(acls, "Deny")
}

/// Uses of keys are in the category `AuditEvent`, which two groups contain.
fn logs_uses(setting: &DiagnosticSetting) -> bool {
    setting.properties.logs.iter().any(|log| {
        let named = log.category.as_deref().is_some_and(|category| category.eq_ignore_ascii_case("AuditEvent"));
        let grouped = log
            .category_group
            .as_deref()
            .is_some_and(|group| group.eq_ignore_ascii_case("audit") || group.eq_ignore_ascii_case("allLogs"));
        log.enabled == Some(true) && (named || grouped)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_become_days() {
        assert_eq!(days("P90D"), Some(90));
        assert_eq!(days("P1Y6M"), Some(366 + 186));
        assert_eq!(days("P2W"), Some(14));
        for odd in ["90", "PD", "P1X", "P999999999Y", "P1"] {
            assert_eq!(days(odd), None, "{odd}");
        }
    }
}
