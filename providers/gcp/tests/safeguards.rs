//! What is written down, backed up, scanned and asked of images around a cluster.
#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_gcp::call::{
    BACKUP_PLANS, EFFECTIVE_POLICY, IMAGE_POLICY, LOG_SINKS, OCCURRENCES, REPOSITORIES, REPOSITORY_POLICY, SERVICES,
};
use palisade_model::{Detection, Gap, ImageAdmission, ImageRuns, RegistryOpening, ScanMode, Stance, WorstSetting};
use palisade_provider::FailureReason;
use serde_json::{Value, json};
use world::World;

fn plan(cluster: &str) -> Value {
    json!({ "backupPlans": [{
        "name": "projects/p/locations/europe-west4/backupPlans/daily", "cluster": cluster, "state": 3,
        "backupSchedule": { "cronSchedule": "0 3 * * *" }, "backupConfig": { "allNamespaces": true },
    }] })
}

#[test]
fn a_plan_may_name_the_project_by_its_number_and_does_nothing_without_the_clusters_agent() {
    for (project, wanted) in [("p", 1), ("42", 1), ("other", 0)] {
        let mut world = World::tidy();
        world.put(&BACKUP_PLANS, "p", &[], plan(&format!("projects/{project}/locations/europe-west1/clusters/c")));
        let plans = world.only().backup_plans.get().unwrap().clone();
        assert_eq!(plans.found.len(), wanted, "{project}");
        let agent = Some("the cluster's backup agent is off");
        assert!(plans.found.iter().all(|plan| plan.stopped.as_deref() == agent), "{plans:?}");
    }
}

#[test]
fn where_the_service_was_never_turned_on_there_is_no_plan_and_a_refusal_is_a_gap() {
    let mut world = World::tidy();
    world.put(&BACKUP_PLANS, "p", &[], json!({ "error": { "status": "SERVICE_DISABLED" } }));
    assert!(world.only().backup_plans.get().unwrap().found.is_empty());
    world.fail(&BACKUP_PLANS, FailureReason::Denied);
    let cluster = world.only();
    assert_eq!(cluster.backup_plans.gap().and_then(|gap| gap.permission()), Some("gkebackup.backupPlans.list"));
    assert!(cluster.registries.get().is_ok());
}

#[test]
fn a_sink_of_ones_own_receives_what_is_asked_and_googles_own_two_do_not_count() {
    let mut world = World::tidy();
    let own = json!([{ "name": "_Required" }, { "name": "_Default" }, { "name": "vault" }, { "name": "off", "disabled": true }]);
    world.put(&LOG_SINKS, "p", &[], json!({ "sinks": own }));
    let log = world.only().activity.get().unwrap().clone();
    assert_eq!(log.routes.iter().map(|route| route.name.as_str()).collect::<Vec<_>>(), ["sink vault"]);
    assert_eq!(log.lacking, ["sink `off` is disabled"]);
    assert!(log.inherent.is_some());
}

#[test]
fn a_repository_is_open_by_its_own_policy_and_unscanned_while_the_service_is_off() {
    let mut world = World::tidy();
    let name = "projects/p/locations/europe/repositories/web";
    let repositories = json!({ "repositories": [{ "name": name, "format": 1 }, { "name": "other", "format": 2 }] });
    world.put(&REPOSITORIES, "p", &[("location", "europe")], repositories);
    world.role("roles/artifactregistry.reader", &["artifactregistry.repositories.downloadArtifacts"]);
    let policy = json!({ "bindings": [{ "role": "roles/artifactregistry.reader", "members": ["allUsers"] }] });
    world.put(&REPOSITORY_POLICY, "p", &[("repository", name)], policy);
    let cluster = world.only();
    let registries = cluster.registries.get().unwrap();
    assert_eq!(registries.len(), 1);
    assert!(matches!(registries[0].openings[..], [RegistryOpening::AnyonePulls { .. }]), "{registries:?}");
    assert!(matches!(cluster.image_scanning.get().unwrap()[0].mode, ScanMode::Off { .. }));
    world.fail(&REPOSITORY_POLICY, FailureReason::Denied);
    assert!(world.only().registries.gap().is_some());
}

#[test]
fn with_the_service_off_nothing_watches_and_with_it_on_nobody_knows() {
    let mut world = World::tidy();
    assert!(matches!(world.only().detection.get(), Ok(Detection::Off { .. })));
    let watching = json!([{ "name": "projects/42/services/containerthreatdetection.googleapis.com", "state": 2 }]);
    world.put(&SERVICES, "p", &[], json!({ "services": watching }));
    assert!(world.only().detection.gap().is_some());
}

#[test]
fn the_clusters_mode_comes_before_its_old_flag_and_the_policy_decides() {
    let of = |binary: Value, mode: u32| {
        let mut world = World::tidy();
        world.cluster(|cluster| cluster["binaryAuthorization"] = binary);
        let rule = json!({ "evaluationMode": mode, "enforcementMode": 1 });
        world.put(&IMAGE_POLICY, "p", &[], json!({ "defaultAdmissionRule": rule }));
        world.only().image_admission.get().unwrap().clone()
    };
    assert!(matches!(of(json!({ "enabled": true, "evaluationMode": 1 }), 2), ImageAdmission::Off { .. }));
    assert!(matches!(of(json!({ "evaluationMode": 2 }), 2), ImageAdmission::Enforced { .. }));
    assert!(matches!(of(json!({ "evaluationMode": 2 }), 1), ImageAdmission::Toothless { .. }));
    assert!(matches!(of(json!({ "enabled": true }), 3), ImageAdmission::Enforced { .. }));
}

#[test]
fn a_constraint_refuses_only_where_it_is_enforced_without_a_condition() {
    let of = |policy: Value| {
        let mut world = World::tidy();
        world.put(&EFFECTIVE_POLICY, "p", &[("constraint", "container.managed.enablePrivateNodes")], policy);
        let all = world.only().guardrails.get().unwrap().clone();
        assert_eq!(all.len(), 3);
        assert!(all.iter().filter(|one| matches!(one.stance, Ok(Stance::Refused { .. }))).count() >= 2);
        all.into_iter().find(|one| one.against == WorstSetting::PublicNodes).unwrap().stance
    };
    let rules = |rules: Value| of(json!({ "spec": { "rules": rules } }));
    assert!(matches!(rules(json!([{ "enforce": true }])), Ok(Stance::Refused { .. })));
    assert!(matches!(rules(json!([{ "enforce": false }])), Ok(Stance::Allowed { .. })));
    assert!(matches!(rules(json!([])), Ok(Stance::Allowed { .. })));
    assert!(rules(json!([{}])).is_err(), "it does not say it");
    // What is only tried out refuses nothing.
    let tried = json!({ "spec": { "rules": [] }, "dryRunSpec": { "rules": [{ "enforce": true }] } });
    assert!(matches!(of(tried), Ok(Stance::Allowed { .. })));
    assert!(
        rules(json!([{ "enforce": true, "condition": { "expression": "resource.matchTag('1/env', 'prod')" } }]))
            .is_err()
    );
    assert!(rules(json!([{ "enforce": true }, { "enforce": false }])).is_err());
    assert!(of(json!({})).is_err(), "it does not say that it has none");
}

/// A project that scans its images, with one that is looked at and one critical vulnerability in it.
fn scanned() -> World {
    let mut world = World::tidy();
    let on = json!([{ "name": "projects/42/services/containerscanning.googleapis.com", "state": 2 }]);
    world.put(&SERVICES, "p", &[], json!({ "services": on }));
    let image = "https://europe-docker.pkg.dev/p/web/api@sha256:0123456789abcdef";
    let looked_at = json!({ "resourceUri": image, "discovery": { "continuousAnalysis": 1, "analysisStatus": 3 } });
    world.put(&OCCURRENCES, "p", &[("kind", "DISCOVERY")], json!({ "occurrences": [looked_at] }));
    let found = json!({
        "resourceUri": image, "noteName": "projects/goog-vulnz/notes/CVE-2026-1", "createTime": "2026-09-01T00:00:00Z",
        "vulnerability": { "effectiveSeverity": 5, "fixAvailable": true },
    });
    world.put(&OCCURRENCES, "p", &[("kind", "VULNERABILITY")], json!({ "occurrences": [found] }));
    world
}

#[test]
fn what_is_wrong_with_any_image_of_the_project_may_run_in_the_cluster() {
    let told = scanned().only().vulnerabilities.get().unwrap().clone();
    assert_eq!(told.fixable.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["CVE-2026-1"]);
    assert!(matches!(told.fixable[0].runs, ImageRuns::Perhaps { .. }));
    assert_eq!(told.uncovered, []);
}

#[test]
fn images_are_covered_only_where_the_service_is_on_the_repositories_are_scanned_and_something_was_told() {
    let mut world = scanned();
    let unscanned = json!([{ "name": "projects/p/locations/europe/repositories/web", "format": 1,
        "vulnerabilityScanningConfig": { "enablementConfig": 2 } }]);
    world.put(&REPOSITORIES, "p", &[("location", "europe")], json!({ "repositories": unscanned }));
    assert_eq!(world.only().vulnerabilities.get().unwrap().uncovered.len(), 1);
    // With the API off the answer is that there is nothing: that is no image either.
    let mut silent = scanned();
    for kind in ["DISCOVERY", "VULNERABILITY"] {
        silent.put(&OCCURRENCES, "p", &[("kind", kind)], json!({ "error": { "status": "SERVICE_DISABLED" } }));
    }
    assert_eq!(silent.only().vulnerabilities.get().unwrap().uncovered.len(), 1);
    let mut off = scanned();
    off.put(&SERVICES, "p", &[], json!({ "services": [{ "name": "x/containerscanning.googleapis.com", "state": 1 }] }));
    assert!(matches!(off.only().vulnerabilities.gap(), Some(Gap::Unsettled { .. })));
    let mut refused = scanned();
    refused.fail(&OCCURRENCES, FailureReason::Denied);
    let cluster = refused.only();
    assert_eq!(
        cluster.vulnerabilities.gap().and_then(|gap| gap.permission()),
        Some("containeranalysis.occurrences.list")
    );
    assert!(cluster.image_scanning.get().is_ok());
}
