//! What is written down, backed up and scanned around a cluster.

use super::scene::*;
use palisade_model::{AuditStore, Gap, ImageRuns, ImageVulnerabilities, Recovery, RegistryOpening, Retention};
use serde_json::json;

const TRAIL: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/all";
const OF_TRAIL: &[(&str, &str)] = &[("trail", TRAIL)];

fn with_trail() -> World {
    let mut world = world();
    let trail = json!({ "Name": "all", "TrailARN": TRAIL, "HomeRegion": "eu-west-1", "IsMultiRegionTrail": true });
    let selectors = json!({ "EventSelectors": [{ "ReadWriteType": "All", "IncludeManagementEvents": true }] });
    world
        .put("cloudtrail:DescribeTrails", PLACE, &[], json!({ "trailList": [trail] }))
        .put("cloudtrail:GetTrailStatus", ACCOUNT, OF_TRAIL, json!({ "IsLogging": true }))
        .put("cloudtrail:GetEventSelectors", ACCOUNT, OF_TRAIL, selectors);
    world
}

#[test]
fn a_trail_counts_while_it_is_at_work_and_one_that_was_not_read_may_be_the_one() {
    let log = with_trail().cluster().activity.get().unwrap().clone();
    assert!(log.routes.iter().all(|route| route.everywhere) && log.routes.len() == 1, "{log:?}");
    let mut stopped = with_trail();
    stopped.body("cloudtrail:GetTrailStatus")["IsLogging"] = json!(false);
    let log = stopped.cluster().activity.get().unwrap().clone();
    assert!(log.routes.is_empty() && log.lacking == ["trail `all` is stopped"], "{log:?}");
    let mut unread = with_trail();
    unread.deny("cloudtrail:GetTrailStatus");
    let permission = unread.cluster().activity.gap().and_then(|gap| gap.permission().map(str::to_owned));
    assert_eq!(permission.as_deref(), Some("cloudtrail:GetTrailStatus"));
}

#[test]
fn a_log_group_without_a_retention_keeps_the_audit_log_forever() {
    let mut world = world();
    world.cluster_body()["logging"] = json!({ "clusterLogging": [{ "types": ["audit"], "enabled": true }] });
    let group = json!({ "logGroupName": "/aws/eks/shop/cluster", "deletionProtectionEnabled": true });
    world.put("logs:DescribeLogGroups", PLACE, &[("cluster", "shop")], json!({ "logGroups": [group] }));
    let kept = |world: &World| match world.cluster().audit_store.get().unwrap() {
        AuditStore::Kept(places) => places[0].kept.clone().unwrap(),
        AuditStore::NotWritten { because } => panic!("{because}"),
    };
    assert_eq!(kept(&world), Retention::Forever);
    world.body("logs:DescribeLogGroups")["logGroups"][0]["retentionInDays"] = json!(30);
    assert_eq!(kept(&world), Retention::Days(30));
    // A neighbour whose name begins alike is another cluster's.
    world.body("logs:DescribeLogGroups")["logGroups"][0]["logGroupName"] = json!("/aws/eks/shop/cluster-2");
    assert!(world.cluster().audit_store.gap().is_some());
}

#[test]
fn what_was_never_backed_up_has_no_backup_and_a_plan_that_was_not_read_may_take_it() {
    let mut world = world();
    let of = [("cluster", "shop")];
    let unknown = json!({ "__type": "ResourceNotFoundException", "message": "Cannot find it" });
    world.put("backup:ListRecoveryPointsByResource", PLACE, &of, unknown);
    assert!(matches!(world.cluster().recovery.get(), Ok(Recovery::NoPlan { .. })));
    world.put("backup:ListRecoveryPointsByResource", PLACE, &of, json!({ "__type": "Odd" }));
    assert!(world.cluster().recovery.gap().is_some());
    let plans = json!({ "BackupPlansList": [{ "BackupPlanId": "p", "BackupPlanName": "daily" }] });
    world.put("backup:ListBackupPlans", PLACE, &[], plans);
    world.fail("backup:ListBackupSelections", PLACE, &[("plan", "p")], denied());
    let plans = world.cluster().backup_plans.get().unwrap().clone();
    assert!(plans.found.is_empty() && plans.unread.is_some(), "{plans:?}");
}

#[test]
fn a_repository_is_open_when_its_policy_admits_everybody_without_a_condition() {
    let mut world = world();
    let of = [("repository", "web")];
    world.put("ecr:DescribeRepositories", PLACE, &[], json!({ "repositories": [{ "repositoryName": "web" }] }));
    let mut openings = |policy: serde_json::Value| {
        world.put("ecr:GetRepositoryPolicy", PLACE, &of, policy);
        let registries = world.cluster().registries.get().unwrap().clone();
        (registries[0].openings.clone(), registries[0].unread.is_some())
    };
    let statement = |action: &str, condition: serde_json::Value| {
        let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": action, "Condition": condition });
        json!({ "policyText": json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string() })
    };
    let none = json!({ "__type": "RepositoryPolicyNotFoundException", "message": "none" });
    assert_eq!(openings(none), (Vec::new(), false));
    let (pull, unread) = openings(statement("ecr:BatchGetImage", json!({})));
    assert!(matches!(pull[..], [RegistryOpening::AnyonePulls { .. }]) && !unread);
    let (push, _) = openings(statement("ecr:*", json!({})));
    assert!(matches!(push[..], [RegistryOpening::AnyonePushes { .. }]));
    let ours = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } });
    assert_eq!(openings(statement("ecr:*", ours)), (Vec::new(), false));
    let odd = json!({ "DateLessThan": { "aws:CurrentTime": "2030-01-01T00:00:00Z" } });
    assert_eq!(openings(statement("ecr:*", odd)), (Vec::new(), true));
}

/// A region with a repository that Inspector scans.
fn with_inspector() -> World {
    let mut world = world();
    let rule = json!({ "scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": [{ "filter": "*" }] });
    let scanning = json!({ "scanningConfiguration": { "scanType": "ENHANCED", "rules": [rule] } });
    world.put("ecr:DescribeRepositories", PLACE, &[], json!({ "repositories": [{ "repositoryName": "web" }] })).put(
        "ecr:GetRegistryScanningConfiguration",
        PLACE,
        &[],
        scanning,
    );
    world
}

fn vulnerabilities(world: &World) -> ImageVulnerabilities {
    world.cluster().vulnerabilities.get().unwrap().clone()
}

#[test]
fn a_finding_in_an_image_that_runs_in_the_cluster_is_told_with_the_day_it_was_first_seen() {
    let told = vulnerabilities(&with_inspector());
    assert_eq!(told.uncovered, []);
    let [one] = &told.fixable[..] else { panic!("{told:?}") };
    assert_eq!((one.name.as_str(), one.image.as_str()), ("CVE-2026-1", "web@0123456789ab"));
    assert_eq!(one.since.map(|since| since.to_string()).as_deref(), Some("2026-09-01T00:00:00Z"));
    assert_eq!(one.runs, ImageRuns::Here);
}

#[test]
fn an_image_that_runs_elsewhere_does_not_count_and_a_cluster_of_which_nothing_is_told_is_not_covered() {
    for elsewhere in [json!([{ "clusterArn": "arn:aws:ecs:eu-west-1:111122223333:cluster/shop" }]), json!([])] {
        let mut world = with_inspector();
        world.body("inspector2:GetClustersForImage")["cluster"] = elsewhere;
        let told = vulnerabilities(&world);
        assert!(told.fixable.is_empty() && told.uncovered.len() == 1, "{told:?}");
    }
}

#[test]
fn an_image_that_is_not_scanned_any_more_and_a_repository_without_a_rule_are_not_covered() {
    let mut stale = with_inspector();
    stale.body("inspector2:ListCoverage")["coveredResources"][0]["scanStatus"]["statusCode"] = json!("INACTIVE");
    assert_eq!(vulnerabilities(&stale).uncovered.len(), 1);
    let mut unscanned = with_inspector();
    unscanned.body("ecr:GetRegistryScanningConfiguration")["scanningConfiguration"]["rules"] = json!([]);
    assert_eq!(vulnerabilities(&unscanned).uncovered.len(), 1);
}

#[test]
fn with_inspector_off_nothing_is_known_and_what_was_refused_is_named() {
    let mut off = with_inspector();
    off.body("inspector2:BatchGetAccountStatus")["accounts"][0]["resourceState"]["ecr"]["status"] = json!("DISABLED");
    assert!(matches!(off.cluster().vulnerabilities.gap(), Some(Gap::Unsettled { .. })));
    for call in ["inspector2:BatchGetAccountStatus", "inspector2:ListCoverage", "inspector2:ListFindings"] {
        let mut refused = with_inspector();
        refused.deny(call);
        let cluster = refused.cluster();
        assert_eq!(cluster.vulnerabilities.gap().and_then(|gap| gap.permission()), Some(call));
    }
    let mut refused = with_inspector();
    refused.deny("inspector2:GetClustersForImage");
    let told = vulnerabilities(&refused);
    assert!(matches!(told.fixable[0].runs, ImageRuns::Perhaps { .. }));
    assert_eq!(told.uncovered[0].permission(), Some("inspector2:GetClustersForImage"));
}
