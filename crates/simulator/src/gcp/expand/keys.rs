//! Keys of Cloud KMS.

use serde_json::{Value, json};

use super::{MADE, Site, iam};
use crate::gcp::description::Key;
use crate::gcp::wire::{Item, set};

/// Adds the keys of one project.
pub(super) fn add(site: &mut Site<'_>) {
    for key in &site.project.keys {
        let ring = format!("projects/{}/locations/{}/keyRings/{}", site.project.id, key.location, key.ring);
        let name = format!("{ring}/cryptoKeys/{}", key.name);
        let item = Item::sparse(body(&name, key));
        site.wire.put(&format!("/v1/{name}"), item.clone());
        site.wire.list_mut(&format!("/v1/{ring}/cryptoKeys")).items.push(item);
        iam::policy(site.wire, "/v1", &name, &key.bindings);
    }
}

fn body(name: &str, key: &Key) -> Value {
    let mut primary = json!({
        "name": format!("{name}/cryptoKeyVersions/1"),
        "state": key.state,
        "protectionLevel": key.protection,
        "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
        "createTime": MADE,
        "generateTime": MADE,
    });
    if key.state == "DESTROY_SCHEDULED" {
        set(&mut primary, "destroyTime", json!("2026-12-20T09:30:00Z"));
    }
    let mut body = json!({
        "name": name,
        "primary": primary,
        "purpose": "ENCRYPT_DECRYPT",
        "createTime": MADE,
        "versionTemplate": {"protectionLevel": key.protection, "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"},
        "destroyScheduledDuration": "2592000s",
    });
    if let Some(days) = key.rotation_days {
        set(&mut body, "rotationPeriod", json!(format!("{}s", u64::from(days) * 86_400)));
        set(&mut body, "nextRotationTime", json!("2027-01-15T09:30:00Z"));
    }
    body
}
