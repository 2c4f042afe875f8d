//! Keys of Cloud KMS.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{MADE, Site, iam};
use crate::gcp::description::{Binding, Key};
use crate::gcp::wire::{Item, set};

/// Adds the keys of one project, and the rings they are in.
pub(super) fn add(site: &mut Site<'_>) {
    let project = &site.project.id;
    let ring_name = |location: &str, ring: &str| format!("projects/{project}/locations/{location}/keyRings/{ring}");
    let mut rings: BTreeMap<String, &[Binding]> =
        site.project.keys.iter().map(|key| (ring_name(&key.location, &key.ring), [].as_slice())).collect();
    rings.extend(site.project.key_rings.iter().map(|ring| (ring_name(&ring.location, &ring.name), &*ring.bindings)));
    for (ring, bindings) in rings {
        iam::policy(site.wire, "/v1", &ring, bindings);
    }
    for key in &site.project.keys {
        let ring = ring_name(&key.location, &key.ring);
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
