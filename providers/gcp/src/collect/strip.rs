//! Removes what people put into machine metadata: start scripts, keys, tokens. Only a few settings keep their values.

use palisade_provider::REDACTED;
use serde_json::Value;

/// Metadata keys whose values are settings that facts are read from.
const SETTINGS: &[&str] = &[
    "block-project-ssh-keys",
    "cluster-location",
    "cluster-name",
    "disable-legacy-endpoints",
    "enable-oslogin",
    "serial-port-enable",
];

/// The metadata of every node configuration of a list of clusters.
pub(crate) fn clusters(body: &mut Value) {
    for cluster in members(body.get_mut("clusters")) {
        cluster.pointer_mut("/nodeConfig/metadata").into_iter().for_each(map);
        for pool in members(cluster.get_mut("nodePools")) {
            pool.pointer_mut("/config/metadata").into_iter().for_each(map);
        }
    }
}

/// The metadata of every machine of an aggregated list.
pub(crate) fn instances(body: &mut Value) {
    let Some(Value::Object(scopes)) = body.get_mut("items") else { return };
    for scope in scopes.values_mut() {
        for instance in members(scope.get_mut("instances")) {
            items(instance.get_mut("metadata"));
        }
    }
}

/// The metadata a project gives to all its machines.
pub(crate) fn project(body: &mut Value) {
    items(body.get_mut("commonInstanceMetadata"));
}

/// What is told at length of each finding in an image: only what a verdict can rest on is kept.
pub(crate) fn occurrences(body: &mut Value) {
    const KEPT: &[&str] =
        &["name", "resourceUri", "noteName", "kind", "createTime", "updateTime", "vulnerability", "discovery"];
    const OF_DETAILS: &[&str] = &[
        "severity",
        "effectiveSeverity",
        "fixAvailable",
        "shortDescription",
        "continuousAnalysis",
        "analysisStatus",
        "lastScanTime",
        "archiveTime",
    ];
    for occurrence in members(body.get_mut("occurrences")) {
        let Value::Object(fields) = occurrence else { continue };
        fields.retain(|name, _| KEPT.contains(&name.as_str()));
        for details in ["vulnerability", "discovery"] {
            if let Some(Value::Object(details)) = fields.get_mut(details) {
                details.retain(|name, _| OF_DETAILS.contains(&name.as_str()));
            }
        }
    }
}

/// Nothing to remove.
pub(crate) fn nothing(_: &mut Value) {}

fn members(list: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    list.and_then(Value::as_array_mut).into_iter().flatten()
}

/// Metadata as a map of keys and values.
fn map(metadata: &mut Value) {
    let Value::Object(entries) = metadata else { return };
    for (key, value) in entries.iter_mut() {
        if !SETTINGS.contains(&key.as_str()) {
            *value = Value::from(REDACTED);
        }
    }
}

/// Metadata as a list of items with a key and a value.
fn items(metadata: Option<&mut Value>) {
    for item in members(metadata.and_then(|metadata| metadata.get_mut("items"))) {
        let keeps = item.get("key").and_then(Value::as_str).is_some_and(|key| SETTINGS.contains(&key));
        if let (false, Some(value)) = (keeps, item.get_mut("value")) {
            *value = Value::from(REDACTED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_a_finding_only_what_decides_is_kept() {
        let mut body = json!({ "nextPageToken": "t", "occurrences": [{
            "name": "n", "remediation": "long", "createTime": "2026-09-01T00:00:00Z",
            "vulnerability": { "effectiveSeverity": 5, "fixAvailable": true, "packageIssue": [{}], "longDescription": "long" },
        }] });
        occurrences(&mut body);
        let kept = json!({ "nextPageToken": "t", "occurrences": [{
            "name": "n", "createTime": "2026-09-01T00:00:00Z",
            "vulnerability": { "effectiveSeverity": 5, "fixAvailable": true },
        }] });
        assert_eq!(body, kept);
    }

    #[test]
    fn scripts_and_keys_lose_their_values_and_settings_keep_theirs() {
        let metadata = json!({ "items": [
            { "key": "startup-script", "value": "export TOKEN=hunter2" },
            { "key": "ssh-keys", "value": "me:ssh-rsa AAAA" },
            { "key": "enable-oslogin", "value": "TRUE" },
        ]});
        let mut machines =
            json!({ "items": { "zones/a": { "instances": [{ "metadata": metadata }] }, "zones/b": {} } });
        let mut project_body = json!({ "commonInstanceMetadata": metadata });
        let mut cluster = json!({ "clusters": [{ "nodePools": [{ "config": { "metadata": {
            "user-data": "hunter2", "disable-legacy-endpoints": "true" } } }] }] });
        instances(&mut machines);
        project(&mut project_body);
        clusters(&mut cluster);
        for body in [&machines, &project_body, &cluster] {
            let text = body.to_string();
            assert!(!text.contains("hunter2") && !text.contains("AAAA"), "{text}");
            assert!(text.contains("TRUE") || text.contains("\"true\""), "{text}");
        }
        assert_eq!(project_body.pointer("/commonInstanceMetadata/items/1/key"), Some(&json!("ssh-keys")));
    }
}
