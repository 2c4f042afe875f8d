//! What Defender for Containers tells of the images that run.

use crate::scene::{SUBSCRIPTION, Scene, cluster_id, id};
use palisade_azure::{RUNNING_CONTAINERS, normalize};
use palisade_model::{Cluster, Gap, ImageRuns};
use palisade_provider::{Failure, FailureReason};
use serde_json::{Value, json};

fn plan(extensions: &[&str]) -> Value {
    let on: Vec<Value> = extensions.iter().map(|name| json!({ "name": name, "isEnabled": "True" })).collect();
    json!({ "name": "Containers", "properties": { "pricingTier": "Standard", "extensions": on } })
}

const SEES_ALL: &[&str] = &["AgentlessVmScanning", "AgentlessDiscoveryForKubernetes"];

/// A row of Resource Graph for a container of this resource.
fn row(resource: &str, status: &str, severity: &str) -> Value {
    let cves = json!([{ "CveId": "CVE-2026-1", "Severity": severity, "FixStatus": "FixAvailable" }]).to_string();
    json!({
        "id": format!("{resource}/providers/Microsoft.Security/assessments/1"), "resource": resource, "name": "web",
        "status": status, "first": "2026-08-01T00:00:00Z", "changed": "2026-09-01T00:00:00Z", "cves": cves,
    })
}

fn of_cluster() -> String {
    // Resource Graph spells ids in its own way.
    format!("{}/securityentitydata/default-web", cluster_id().to_ascii_lowercase())
}

fn scene(plan: Value) -> Scene {
    Scene { pricings: vec![plan], ..Scene::default() }
}

fn read(plan: Value, rows: Vec<Value>) -> Cluster {
    let answer = json!({ "totalRecords": rows.len(), "data": rows });
    let snapshot = scene(plan).builder().answer(&RUNNING_CONTAINERS, SUBSCRIPTION, &[], answer).build();
    normalize(&snapshot).clusters.into_iter().next().unwrap()
}

#[test]
fn what_a_container_of_the_cluster_lacks_is_told_and_that_of_another_cluster_is_not() {
    let other = format!("{}/securityentitydata/x", id("Microsoft.ContainerService/managedClusters", "K2"));
    let cluster =
        read(plan(SEES_ALL), vec![row(&of_cluster(), "Unhealthy", "Critical"), row(&other, "Unhealthy", "Critical")]);
    let told = cluster.vulnerabilities.get().unwrap();
    assert_eq!(told.uncovered, []);
    let found: Vec<_> = told.fixable.iter().map(|one| (one.name.as_str(), one.image.as_str(), &one.runs)).collect();
    assert_eq!(found, [("CVE-2026-1", "web", &ImageRuns::Here)]);
    assert_eq!(told.fixable[0].since.unwrap().to_string(), "2026-09-01T00:00:00Z");
}

#[test]
fn a_container_that_is_in_no_cluster_may_be_in_this_one() {
    let told = read(plan(SEES_ALL), vec![row(&of_cluster(), "Healthy", ""), row("/x/y", "Unhealthy", "Critical")]);
    let told = told.vulnerabilities.get().unwrap();
    assert!(matches!(told.fixable[..], [ref one] if matches!(one.runs, ImageRuns::Perhaps { .. })), "{told:?}");
}

#[test]
fn a_cluster_is_covered_only_when_something_was_told_of_it_and_the_plan_sees_what_runs() {
    let open =
        |parts: &[&str], rows: Vec<Value>| read(plan(parts), rows).vulnerabilities.get().unwrap().uncovered.len();
    let healthy = || vec![row(&of_cluster(), "Healthy", "")];
    assert_eq!(open(SEES_ALL, healthy()), 0);
    assert_eq!(open(SEES_ALL, Vec::new()), 1);
    assert_eq!(open(&["AgentlessDiscoveryForKubernetes"], healthy()), 1);
    assert_eq!(open(&["AgentlessVmScanning"], healthy()), 1);
    assert_eq!(open(SEES_ALL, vec![row(&of_cluster(), "NotApplicable", "")]), 1);
    assert_eq!(open(SEES_ALL, vec![row(&of_cluster(), "Unhealthy", "Unknown")]), 1);
}

#[test]
fn without_the_plan_nothing_is_known_and_a_refused_query_is_a_gap() {
    let off = json!({ "name": "Containers", "properties": { "pricingTier": "Free" } });
    let cluster = read(off, vec![row(&of_cluster(), "Unhealthy", "Critical")]);
    assert!(matches!(cluster.vulnerabilities.gap(), Some(Gap::Unsettled { .. })));
    let refused = Failure::new(FailureReason::Denied, "no").status(403);
    let snapshot = scene(plan(SEES_ALL)).builder().failure(&RUNNING_CONTAINERS, SUBSCRIPTION, &[], refused).build();
    let cluster = normalize(&snapshot).clusters.into_iter().next().unwrap();
    let permission = cluster.vulnerabilities.gap().and_then(|gap| gap.permission());
    assert_eq!(permission, Some("Microsoft.Security/assessments/read"));
}
