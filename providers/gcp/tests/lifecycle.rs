//! How a cluster is kept and who gets into it: what GKE answers, and what is said of it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_engine::{
    Context, Policy,
    State::{self, AttestMissing, Fail, Inherited, Pass, Unknown},
    evaluate,
};
use palisade_gcp::call::CLUSTER_UPGRADES;
use palisade_model::{ClusterCa, Phase};
use palisade_provider::FailureReason;
use serde_json::{Value, json};
use world::World;

/// A change to the tidy world, the control that sees it, and what that control says then.
type Row = (&'static str, &'static str, fn(&mut World), State);

const OF: &[(&str, &str)] = &[("cluster", "europe-west1/c")];

fn set(world: &mut World, field: &str, value: Value) {
    world.cluster(|cluster| cluster[field] = value);
}

fn pool(world: &mut World, field: &str, value: Value) {
    world.cluster(|cluster| cluster["nodePools"][0][field] = value);
}

fn info(world: &mut World, body: Value) {
    world.put(&CLUSTER_UPGRADES, "p", OF, body);
}

fn paused(world: &mut World, reason: &str) {
    info(world, json!({ "autoUpgradeStatus": ["UPGRADE_PAUSED"], "pausedReason": [reason] }));
}

fn exclusion(world: &mut World, options: Value, end: &Value) {
    let mut excluded = json!({ "startTime": "2026-11-01T00:00:00Z", "endTime": end });
    excluded["maintenanceExclusionOptions"] = options;
    set(
        world,
        "maintenancePolicy",
        json!({ "window": { "recurringWindow": {}, "maintenanceExclusions": { "sale": excluded } } }),
    );
}

const ROWS: &[Row] = &[
    ("no client certificate", "CP-10", |_| (), Pass),
    (
        "a client certificate",
        "CP-10",
        |world| {
            set(world, "masterAuth", json!({ "clientCertificateConfig": { "issueClientCertificate": true } }));
        },
        Fail,
    ),
    ("a password", "CP-10", |world| set(world, "masterAuth", json!({ "username": "admin" })), Fail),
    ("an empty user name", "CP-10", |world| set(world, "masterAuth", json!({ "username": "" })), Pass),
    ("no word of either", "CP-10", |world| set(world, "masterAuth", Value::Null), Unknown),
    ("an empty object", "CP-11", |_| (), Pass),
    ("legacy authorization", "CP-11", |world| set(world, "legacyAbac", json!({ "enabled": true })), Fail),
    ("groups", "CP-12", |_| (), Pass),
    ("no groups", "CP-12", |world| set(world, "authenticatorGroupsConfig", Value::Null), Fail),
    (
        "a person by name",
        "CP-12",
        |world| {
            world.bind(&[("roles/viewer", "user:bob@acme.example")]);
        },
        Fail,
    ),
    ("nobody", "CP-13", |_| (), Pass),
    (
        "a person as editor",
        "CP-13",
        |world| {
            world.bind(&[("roles/editor", "user:bob@acme.example")]);
        },
        Fail,
    ),
    (
        "a group as administrator",
        "CP-13",
        |world| {
            world.bind(&[("roles/container.admin", "group:platform@acme.example")]);
        },
        Pass,
    ),
    (
        "a role of our own that binds",
        "CP-13",
        |world| {
            world.role("projects/p/roles/own", &["container.clusterRoleBindings.create"]);
            world.bind(&[("projects/p/roles/own", "user:bob@acme.example")]);
        },
        Fail,
    ),
    (
        "a person who only looks",
        "CP-13",
        |world| {
            world.bind(&[("roles/viewer", "user:bob@acme.example")]);
        },
        Pass,
    ),
    ("an authority with ten years", "CP-14", |_| (), Pass),
    ("no authority", "CP-14", |world| set(world, "masterAuth", json!({})), Unknown),
    ("no guard to have", "BK-05", |_| (), AttestMissing),
    ("always logged", "OB-01", |_| (), Inherited),
    ("well, and repaired", "OB-06", |_| (), Pass),
    ("degraded", "OB-06", |world| set(world, "status", json!("DEGRADED")), Fail),
    ("by its number", "OB-06", |world| set(world, "status", json!(5)), Fail),
    ("a condition", "OB-06", |world| set(world, "conditions", json!([{ "code": "GCE_STOCKOUT" }])), Fail),
    ("a pool with errors", "OB-06", |world| pool(world, "status", json!("RUNNING_WITH_ERROR")), Fail),
    ("no repair", "OB-06", |world| pool(world, "management", json!({ "autoUpgrade": true })), Fail),
    ("being changed", "OB-06", |world| set(world, "status", json!("RECONCILING")), Unknown),
    ("a level of service", "SC-04", |_| (), Pass),
    ("standard support", "AR-01", |_| (), Pass),
    ("one month left", "AR-01", |world| info(world, json!({ "endOfStandardSupportTimestamp": "2026-12-15" })), Fail),
    ("no date", "AR-01", |world| info(world, json!({})), Unknown),
    (
        "not read",
        "AR-01",
        |world| {
            world.fail(&CLUSTER_UPGRADES, FailureReason::Denied);
        },
        Unknown,
    ),
    ("in step", "AR-02", |_| (), Pass),
    ("three behind", "AR-02", |world| pool(world, "version", json!("1.30.1-gke.1")), Fail),
    ("a channel and a window", "AR-03", |_| (), Pass),
    ("no channel", "AR-03", |world| set(world, "releaseChannel", Value::Null), Fail),
    ("no window", "AR-03", |world| set(world, "maintenancePolicy", Value::Null), Fail),
    (
        "a long exclusion without a scope",
        "AR-03",
        |world| exclusion(world, Value::Null, &json!("2027-02-01T00:00:00Z")),
        Fail,
    ),
    (
        "a long exclusion of minors",
        "AR-03",
        |world| {
            exclusion(world, json!({ "scope": "NO_MINOR_UPGRADES" }), &json!("2027-02-01T00:00:00Z"));
        },
        Pass,
    ),
    ("a short exclusion", "AR-03", |world| exclusion(world, json!({}), &json!("2026-11-25T00:00:00Z")), Pass),
    (
        "an exclusion until the end of support",
        "AR-03",
        |world| {
            exclusion(world, json!({ "endTimeBehavior": "UNTIL_END_OF_SUPPORT" }), &Value::Null);
        },
        Fail,
    ),
    ("an exclusion without an end", "AR-03", |world| exclusion(world, json!({}), &Value::Null), Unknown),
    ("regional", "AR-04", |_| (), Pass),
    ("pools in one zone", "AR-04", |world| pool(world, "locations", json!(["europe-west1-b"])), Fail),
    (
        "no word of zones",
        "AR-04",
        |world| {
            pool(world, "locations", json!([]));
            world.cluster(|cluster| {
                cluster["locations"] = json!([]);
                cluster["nodePools"][0]["locations"] = json!([]);
            });
        },
        Unknown,
    ),
    (
        "spot alone",
        "AR-04",
        |world| {
            world.cluster(|cluster| cluster["nodePools"][0]["config"]["spot"] = json!(true));
        },
        Fail,
    ),
    ("upgrades that are active", "AR-05", |_| (), Pass),
    ("held up by GKE", "AR-05", |world| paused(world, "SYSTEM_CONFIG"), Fail),
    ("held up by a window", "AR-05", |world| paused(world, "MAINTENANCE_WINDOW"), Unknown),
    ("one more machine", "AR-06", |_| (), Pass),
    (
        "zero is left out",
        "AR-06",
        |world| pool(world, "upgradeSettings", json!({ "strategy": "SURGE", "maxUnavailable": 1 })),
        Fail,
    ),
    ("blue and green", "AR-06", |world| pool(world, "upgradeSettings", json!({ "strategy": "BLUE_GREEN" })), Pass),
    ("Autopilot", "AR-06", |world| set(world, "autopilot", json!({ "enabled": true })), Inherited),
    ("add-ons that GKE keeps", "AR-07", |_| (), Inherited),
    ("the dashboard", "AR-07", |world| set(world, "addonsConfig", json!({ "kubernetesDashboard": {} })), Fail),
    ("no alpha", "AR-08", |_| (), Pass),
    ("alpha and no label", "AR-08", |world| set(world, "enableKubernetesAlpha", json!(true)), Unknown),
    (
        "beta APIs in production",
        "AR-08",
        |world| {
            world.cluster(|cluster| {
                cluster["enableK8sBetaApis"] =
                    json!({ "enabledApis": ["storage.k8s.io/v1beta1/volumeattributesclasses"] });
                cluster["resourceLabels"] = json!({ "env": "prod" });
            });
        },
        Fail,
    ),
    ("an owner alone", "GV-01", |_| (), Fail),
    (
        "all three labels",
        "GV-01",
        |world| {
            set(world, "resourceLabels", json!({ "team": "shop", "env": "prod", "data-class": "internal" }));
        },
        Pass,
    ),
];

fn said(world: &World, control: &str) -> Vec<State> {
    let policy = Policy::default();
    let chosen: Vec<_> = palisade_controls::controls().into_iter().filter(|one| one.meta.id == control).collect();
    let findings = evaluate(&world.only(), &chosen, &Context { policy: &policy, now: world::now() }).findings;
    findings.into_iter().filter(|finding| !finding.rolled_up).map(|finding| finding.state).collect()
}

#[test]
fn each_answer_of_gke_makes_the_verdict_that_the_catalogue_gives_it() {
    let mut wrong = Vec::new();
    for (what, control, change, expected) in ROWS {
        let mut world = World::tidy();
        change(&mut world);
        let said = said(&world, control);
        if said != [*expected] {
            wrong.push(format!("{control}, {what}: {said:?} and not {expected:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_zonal_cluster_stands_in_one_zone_and_is_asked_about_by_that() {
    let mut world = World::tidy();
    set(&mut world, "location", json!("europe-west1-b"));
    assert_eq!(said(&world, "AR-04"), [Fail]);
    assert_eq!(said(&world, "AR-01"), [Unknown]);
    let body = json!({ "endOfStandardSupportTimestamp": "2027-08-01T00:00:00Z" });
    world.put(&CLUSTER_UPGRADES, "p", &[("cluster", "europe-west1-b/c")], body);
    assert_eq!(said(&world, "AR-01"), [Pass]);
}

#[test]
fn extended_support_counts_only_on_the_channel_that_has_it() {
    let mut world = World::tidy();
    let dates = json!({
        "endOfStandardSupportTimestamp": "2026-08-01T00:00:00Z", "endOfExtendedSupportTimestamp": "2027-08-01T00:00:00Z",
    });
    info(&mut world, dates);
    let phase = |world: &World| world.only().lifecycle.support.get().unwrap().phase;
    assert_eq!(phase(&world), Phase::Ended);
    set(&mut world, "releaseChannel", json!({ "channel": "EXTENDED" }));
    assert_eq!(phase(&world), Phase::Extended);
}

#[test]
fn the_certificate_is_taken_out_of_its_two_wrappings() {
    let authority = World::tidy().only().access.authority;
    assert!(
        matches!(authority.get(), Ok(ClusterCa::Known { not_after, .. }) if not_after.to_string() == "2036-11-26T06:06:58Z")
    );
}
