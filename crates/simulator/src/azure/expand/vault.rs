//! Key vaults and their keys, as the management plane shows them.

use serde_json::{Value, json};

use super::Site;
use crate::azure::description::{Key, Vault};
use crate::azure::ids;
use crate::azure::wire::set;

const VAULT: &str = "Microsoft.KeyVault/vaults";
/// 2026-01-15T09:30:00Z, the day all keys of a simulated tenant were made.
const CREATED: i64 = 1_768_469_400;

/// Adds the vaults of a subscription.
pub(super) fn add(site: &mut Site<'_>) {
    for vault in &site.subscription.vaults {
        let id = site.id(&vault.group, VAULT, &vault.name);
        let body = vault_body(site, vault, &id);
        site.wire.add(&id, &body);
        site.diagnostics(&id, &vault.logs);
        for key in &vault.keys {
            let own = format!("{id}/keys/{}", key.name);
            let body = key_body(site, vault, key, (&id, &own));
            site.wire.add(&own, &body);
        }
    }
}

fn vault_body(site: &Site<'_>, vault: &Vault, id: &str) -> Value {
    let mut properties = json!({
        "sku": {"family": "A", "name": "premium"},
        "tenantId": site.tenant,
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": if vault.public { "Allow" } else { "Deny" },
            "ipRules": [],
            "virtualNetworkRules": [],
        },
        "accessPolicies": [],
        "enabledForDeployment": false,
        "enabledForDiskEncryption": false,
        "enabledForTemplateDeployment": false,
        "enableSoftDelete": true,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": vault.rbac,
        "vaultUri": format!("https://{}.vault.azure.net/", vault.name),
        "provisioningState": "Succeeded",
        "publicNetworkAccess": if vault.public { "Enabled" } else { "Disabled" },
    });
    // Key Vault answers `true` or leaves the field out; `false` cannot be set.
    if vault.purge_protection {
        set(&mut properties, "enablePurgeProtection", json!(true));
    }
    json!({
        "id": id,
        "name": vault.name,
        "type": VAULT,
        "location": site.location(vault.location.as_ref()),
        "tags": {},
        "properties": properties,
    })
}

fn key_body(site: &Site<'_>, vault: &Vault, key: &Key, (id, own): (&str, &str)) -> Value {
    let uri = format!("https://{}.vault.azure.net/keys/{}", vault.name, key.name);
    let version = ids::guid(&format!("key {id} {}", key.name)).replace('-', "");
    let mut attributes = json!({
        "enabled": key.enabled,
        "created": CREATED,
        "updated": CREATED,
        "recoveryLevel": if vault.purge_protection { "Recoverable" } else { "Recoverable+Purgeable" },
        "exportable": false,
    });
    if let Some(expires) = key.expires {
        set(&mut attributes, "exp", json!(expires));
    }
    let mut properties = json!({
        "attributes": attributes,
        "kty": "RSA-HSM",
        "keyOps": ["wrapKey", "unwrapKey", "encrypt", "decrypt"],
        "keySize": 3072,
        "keyUri": uri,
        "keyUriWithVersion": format!("{uri}/{version}"),
    });
    if let Some(after) = &key.rotate_after {
        set(
            &mut properties,
            "rotationPolicy",
            json!({
                "attributes": {"created": CREATED, "updated": CREATED},
                "lifetimeActions": [
                    {"trigger": {"timeAfterCreate": after}, "action": {"type": "rotate"}},
                    {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "notify"}},
                ],
            }),
        );
    }
    json!({
        "id": own,
        "name": key.name,
        "type": "Microsoft.KeyVault/vaults/keys",
        "location": site.location(vault.location.as_ref()),
        "tags": {},
        "properties": properties,
    })
}
