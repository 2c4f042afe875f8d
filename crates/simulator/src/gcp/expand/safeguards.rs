//! What is kept, backed up, watched and scanned, as the APIs show it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{MADE, Site, iam};
use crate::gcp::description::{AnalysedImage, BackupPlan};
use crate::gcp::wire::{Item, Wire, set};
use crate::http::hash;

/// Services whose state can be asked for.
const ASKED: [&str; 2] = ["containerscanning.googleapis.com", "containerthreatdetection.googleapis.com"];

/// Constraints that can be asked for; none is enforced unless the description says so.
const CONSTRAINTS: [&str; 3] = [
    "container.managed.enableControlPlaneDNSOnlyAccess",
    "container.managed.enablePrivateNodes",
    "container.managed.disableLegacyClientCertificateIssuance",
];

/// Adds what a project has of it.
pub(super) fn add(site: &mut Site<'_>) {
    let id = &site.project.id;
    let buckets = [("_Default", 30, false), ("_Required", 400, true)];
    for (name, days, locked) in buckets {
        let body = json!({
            "name": format!("projects/{id}/locations/global/buckets/{name}"),
            "retentionDays": days,
            "locked": locked,
            "lifecycleState": "ACTIVE",
        });
        site.wire.list_mut(&format!("/v2/projects/{id}/locations/-/buckets")).items.push(Item::sparse(body));
    }
    let activity =
        "LOG_ID(\"cloudaudit.googleapis.com/activity\") OR LOG_ID(\"externalaudit.googleapis.com/activity\")";
    let own = [("_Required", activity), ("_Default", "NOT LOG_ID(\"cloudaudit.googleapis.com/activity\")")];
    let own = own.map(|(name, filter)| (name, filter, false));
    let made = site.project.sinks.iter().map(|sink| (sink.name.as_str(), sink.filter.as_str(), sink.disabled));
    for (name, filter, disabled) in own.into_iter().chain(made) {
        let body = json!({
            "name": name,
            "destination": format!("logging.googleapis.com/projects/{id}/locations/global/buckets/{name}"),
            "filter": filter,
            "disabled": disabled,
            "createTime": MADE,
        });
        site.wire.list_mut(&format!("/v2/projects/{id}/sinks")).items.push(Item::sparse(body));
    }
    let services: Vec<Value> = ASKED
        .iter()
        .map(|name| {
            let on = site.project.services.iter().any(|on| on == name);
            json!({
                "name": format!("projects/{}/services/{name}", site.number),
                "parent": format!("projects/{}", site.number),
                "state": if on { "ENABLED" } else { "DISABLED" },
            })
        })
        .collect();
    site.wire.put(&format!("/v1/projects/{id}/services:batchGet"), Item::sparse(json!({ "services": services })));
    for constraint in CONSTRAINTS {
        let enforced = site.project.enforced.iter().any(|one| one == constraint);
        let body = json!({
            "name": format!("projects/{}/policies/{constraint}", site.number),
            "spec": { "rules": [{ "enforce": enforced }] },
        });
        let path = format!("/v2/projects/{id}/policies/{constraint}:getEffectivePolicy");
        site.wire.put(&path, Item::sparse(body));
    }
    let mode = if site.project.attested { "REQUIRE_ATTESTATION" } else { "ALWAYS_ALLOW" };
    let policy = json!({
        "name": format!("projects/{id}/policy"),
        "globalPolicyEvaluationMode": "ENABLE",
        "defaultAdmissionRule": { "evaluationMode": mode, "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG" },
        "updateTime": MADE,
    });
    site.wire.put(&format!("/v1/projects/{id}/policy"), Item::sparse(policy));
    for repository in &site.project.repositories {
        let name = format!("projects/{id}/locations/{}/repositories/{}", repository.location, repository.name);
        let scanning = if repository.unscanned {
            json!({ "enablementConfig": "DISABLED", "enablementState": "SCANNING_DISABLED" })
        } else {
            json!({ "enablementConfig": "INHERITED" })
        };
        let body = json!({
            "name": name,
            "format": "DOCKER",
            "createTime": MADE,
            "updateTime": MADE,
            "vulnerabilityScanningConfig": scanning,
        });
        let list = format!("/v1/projects/{id}/locations/{}/repositories", repository.location);
        site.wire.list_mut(&list).items.push(Item::sparse(body));
        iam::policy(site.wire, "/v1", &name, &repository.bindings);
    }
    for image in &site.project.images {
        occurrences(site.wire, id, image);
    }
    for plan in &site.project.backup_plans {
        let body = plan_body(site, plan);
        site.wire.list_mut(&format!("/v1/projects/{id}/locations/-/backupPlans")).items.push(Item::sparse(body));
    }
}

/// What Artifact Analysis says of an image: that it looked at it, and what it found.
fn occurrences(wire: &mut Wire, project: &str, image: &AnalysedImage) {
    let part = |part: &str| format!("{:016x}", hash(&[project, &image.name, part]));
    let digest = ["0", "1", "2", "3"].map(part).concat();
    let uri = format!("https://{}@sha256:{digest}", image.name);
    let mut add = |kind: &str, number: &str, note: String, since: &str, (field, details): (&str, Value)| {
        let mut body = json!({
            "name": format!("projects/{project}/occurrences/{:016x}", hash(&[project, &image.name, kind, number])),
            "resourceUri": uri,
            "noteName": note,
            "kind": kind,
            "createTime": since,
            "updateTime": since,
        });
        set(&mut body, field, details);
        wire.list_mut(&format!("/v1/projects/{project}/occurrences#{kind}")).items.push(Item::sparse(body));
    };
    let analysis = json!({
        "continuousAnalysis": if image.stale { "INACTIVE" } else { "ACTIVE" },
        "analysisStatus": "FINISHED_SUCCESS",
        "lastScanTime": MADE,
    });
    let note = "projects/goog-analysis/notes/PACKAGE_VULNERABILITY".to_owned();
    add("DISCOVERY", "", note, MADE, ("discovery", analysis));
    for (number, since) in &image.critical {
        let details = json!({
            "type": "OS",
            "severity": "HIGH",
            "effectiveSeverity": "CRITICAL",
            "cvssScore": 9.8,
            "fixAvailable": true,
            "shortDescription": number,
            "longDescription": "A package of the image has a known vulnerability.",
        });
        let note = format!("projects/goog-vulnz/notes/{number}");
        add("VULNERABILITY", number, note, &moment(since), ("vulnerability", details));
    }
}

fn plan_body(site: &Site<'_>, plan: &BackupPlan) -> Value {
    let id = &site.project.id;
    let known = site.project.clusters.iter().find(|cluster| cluster.name == plan.cluster);
    let location = known.map(|cluster| cluster.location.as_str()).unwrap_or_default();
    let mut config = json!({ "includeVolumeData": plan.volumes, "includeSecrets": true });
    if plan.namespaces.is_empty() {
        set(&mut config, "allNamespaces", json!(true));
    } else {
        set(&mut config, "selectedNamespaces", json!({ "namespaces": plan.namespaces }));
    }
    let mut body = json!({
        "name": format!("projects/{id}/locations/{}/backupPlans/{}", plan.location, plan.name),
        "cluster": format!("projects/{id}/locations/{location}/clusters/{}", plan.cluster),
        "createTime": MADE,
        "state": "READY",
        "backupSchedule": { "cronSchedule": "0 3 * * *", "paused": plan.paused },
        "retentionPolicy": { "backupDeleteLockDays": plan.lock_days, "backupRetainDays": 35 },
        "backupConfig": config,
        "rpoRiskLevel": 1,
    });
    if let Some(last) = &plan.last {
        set(&mut body, "lastSuccessfulBackupTime", json!(moment(last)));
    }
    body
}

/// `today` is the first second of the day on which the world is made: a backup is fresh whenever the story is told.
fn moment(text: &str) -> String {
    if text != "today" {
        return text.to_owned();
    }
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now - now.rem_euclid(86_400)).unwrap_or_default().to_string()
}
