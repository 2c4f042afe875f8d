//! Smaller roles: they cover what is needed and used, and nothing beyond, and give nothing that is not given now.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_gcp::{
    Gcp, Settings,
    call::{ACCOUNT_POLICY, FOLDER_POLICY, INSIGHTS, PROJECT_POLICY, ROLES_GET},
};
use palisade_model::Gap;
use palisade_provider::{FailureReason, Proposed, Provider};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use world::{World, policy};

const NODE: &str = "n@p.iam.gserviceaccount.com";
const APP: &str = "a@p.iam.gserviceaccount.com";
const ROLE: &str = "projects/p/roles/held";

/// A part of what a machine needs.
const NEEDED: [&str; 4] = [
    "logging.logEntries.create",
    "monitoring.timeSeries.create",
    "autoscaling.sites.writeMetrics",
    "artifactregistry.repositories.downloadArtifacts",
];

/// What it does not need, some of it in no table of ours.
const OTHER: [&str; 4] =
    ["storage.objects.get", "compute.instances.create", "pubsub.topics.publish", "unheard.of.thing"];

fn member(email: &str) -> String {
    format!("serviceAccount:{email}")
}

fn propose(world: &World, id: &str) -> Option<Result<Proposed, Gap>> {
    Gcp::new(Settings::new("t")).propose(&world.snapshot(), id)
}

fn permissions(proposed: &Proposed) -> BTreeSet<String> {
    let list = proposed.document["includedPermissions"].as_array().unwrap();
    list.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

fn insight(email: &str, role: &str, used: &[&str]) -> Value {
    let used: Vec<Value> = used.iter().map(|name| json!({ "permission": name })).collect();
    json!({ "content": { "member": member(email), "role": role, "exercisedPermissions": used } })
}

/// The tidy world in which pods may be the application's account and roles are held on the project.
fn world(bindings: &[(&str, &str)], insights: &[Value]) -> World {
    let mut world = World::tidy();
    let bindings: Vec<(&str, String)> = bindings.iter().map(|(role, email)| (*role, member(email))).collect();
    world.bind(&bindings.iter().map(|(role, member)| (*role, member.as_str())).collect::<Vec<_>>());
    world.put(&INSIGHTS, "p", &[], json!({ "insights": insights }));
    let pods = policy(&[("roles/iam.workloadIdentityUser", "serviceAccount:p.svc.id.goog[prod/app]")]);
    world.put(&ACCOUNT_POLICY, "p", &[("account", APP)], pods);
    world
}

#[test]
fn a_machine_keeps_what_it_needs_and_uses_of_editor_and_editor_goes() {
    let used = ["storage.objects.get"];
    let mut world = world(&[(ROLE, NODE)], &[insight(NODE, ROLE, &used)]);
    world.role(ROLE, &[NEEDED.as_slice(), OTHER.as_slice()].concat());
    let proposed = propose(&world, NODE).unwrap().unwrap();
    assert_eq!(permissions(&proposed), set(&[NEEDED.as_slice(), used.as_slice()].concat()));
    assert_eq!((&proposed.document["stage"], &proposed.document["title"]), (&json!("GA"), &json!("Needed by nodes")));
    let bind = format!("bind it to {} on projects/p instead of `{ROLE} on projects/p`", member(NODE));
    assert!(proposed.notes.contains(&bind), "{:?}", proposed.notes);
}

#[test]
fn an_application_keeps_what_it_was_seen_to_use_and_roles_nobody_watched() {
    let mut world = world(&[(ROLE, APP), ("roles/viewer", APP)], &[insight(APP, ROLE, &["unheard.of.thing"])]);
    world.role(ROLE, &OTHER);
    let proposed = propose(&world, APP).unwrap().unwrap();
    assert_eq!(permissions(&proposed), set(&["unheard.of.thing"]));
    assert!(
        proposed.notes.iter().any(|note| note.starts_with("keep roles/viewer on projects/p: ")),
        "{:?}",
        proposed.notes
    );
}

#[test]
fn without_any_record_of_use_nothing_is_proposed_for_an_application() {
    let mut world = world(&[(ROLE, APP)], &[]);
    world.role(ROLE, &OTHER);
    assert!(matches!(propose(&world, APP), Some(Err(Gap::Unsettled { .. }))));
    world.fail(&INSIGHTS, FailureReason::Denied);
    let refused = propose(&world, APP).unwrap().unwrap_err();
    assert_eq!(refused.permission(), Some("recommender.iamPolicyInsights.list"));
    // What a machine needs is known without it.
    world.bind(&[(ROLE, &member(NODE))]);
    assert!(propose(&world, NODE).unwrap().is_ok());
}

#[test]
fn what_is_given_under_a_condition_or_on_one_account_is_kept_and_never_given_on_the_project() {
    let mut world = world(&[], &[]);
    world.role(ROLE, &["logging.logEntries.create"]);
    world.role("projects/p/roles/one", &["monitoring.timeSeries.create"]);
    let conditional = json!({ "role": ROLE, "members": [member(NODE)],
        "condition": { "title": "office", "expression": "request.auth.claims.x == 'y'" } });
    world.put(&PROJECT_POLICY, "p", &[], json!({ "bindings": [conditional] }));
    world.put(&ACCOUNT_POLICY, "p", &[("account", APP)], policy(&[("projects/p/roles/one", &member(NODE))]));
    let proposed = propose(&world, NODE).unwrap().unwrap();
    assert_eq!(permissions(&proposed), BTreeSet::new());
    for kept in ["keep logging.logEntries.create of", "keep monitoring.timeSeries.create of"] {
        assert!(proposed.notes.iter().any(|note| note.starts_with(kept)), "{kept}: {:?}", proposed.notes);
    }
}

#[test]
fn a_role_of_a_folder_that_no_job_needs_is_dropped_and_that_it_reaches_further_is_told() {
    let mut world = world(&[], &[]);
    world.put(&FOLDER_POLICY, "folders/7", &[], policy(&[("roles/storage.admin", &member(NODE))]));
    let proposed = propose(&world, NODE).unwrap().unwrap();
    let notes = proposed.notes.join("\n");
    assert!(
        notes.contains("drop roles/storage.admin on folders/7") && notes.contains("reaches beyond the project"),
        "{notes}"
    );
}

#[test]
fn what_no_role_of_a_project_may_hold_is_named() {
    let mut world = world(&[(ROLE, NODE)], &[]);
    world.role(ROLE, &["resourcemanager.projects.list", "resourcemanager.projects.get"]);
    let proposed = propose(&world, NODE).unwrap().unwrap();
    assert_eq!(permissions(&proposed), set(&["resourcemanager.projects.get"]));
    assert!(proposed.notes.iter().any(|note| note.starts_with("keep resourcemanager.projects.list of")));
}

#[test]
fn a_role_that_was_not_read_is_kept_and_policies_that_were_not_are_named() {
    let mut world = world(&[(ROLE, NODE)], &[]);
    world.put(&ROLES_GET, "p", &[("role", ROLE)], json!({ "includedPermissions": {} }));
    world.fail(&FOLDER_POLICY, FailureReason::Denied);
    let notes = propose(&world, NODE).unwrap().unwrap().notes.join("\n");
    assert!(notes.contains(&format!("keep {ROLE} on projects/p: ")) && notes.contains("it may hold more"), "{notes}");
}

#[test]
fn nothing_is_proposed_for_strangers_and_for_googles_own_agent() {
    let world = world(&[], &[]);
    assert_eq!(propose(&world, "stranger@x.example"), None);
    let agent = "service-42@container-engine-robot.iam.gserviceaccount.com";
    assert!(matches!(propose(&world, agent), Some(Err(Gap::Unsettled { .. }))));
}

fn some() -> impl Strategy<Value = BTreeSet<&'static str>> {
    proptest::collection::btree_set(proptest::sample::select([NEEDED, OTHER].concat()), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_machines_role_is_exactly_what_is_given_and_needed_or_used(one in some(), other in some(), used in some()) {
        let used: Vec<&str> = used.into_iter().collect();
        let mut world = world(&[(ROLE, NODE), ("projects/p/roles/other", NODE)], &[insight(NODE, ROLE, &used)]);
        world.role(ROLE, &one.iter().copied().collect::<Vec<_>>());
        world.role("projects/p/roles/other", &other.iter().copied().collect::<Vec<_>>());
        let proposed = propose(&world, NODE).unwrap().unwrap();
        let wanted = |name: &&&str| NEEDED.contains(*name) || used.contains(*name);
        let expected: BTreeSet<String> = one.union(&other).filter(wanted).map(ToString::to_string).collect();
        prop_assert_eq!(permissions(&proposed), expected);
        let missing: BTreeSet<&str> = used.iter().copied().filter(|name| !one.contains(name) && !other.contains(name)).collect();
        for name in missing {
            let note = format!("`{name}` was used and is not given now");
            prop_assert!(proposed.notes.contains(&note), "{note}");
        }
    }

    #[test]
    fn an_applications_role_is_exactly_what_is_given_and_used(given in some(), used in some()) {
        let used: Vec<&str> = used.into_iter().collect();
        let mut world = world(&[(ROLE, APP)], &[insight(APP, ROLE, &used)]);
        world.role(ROLE, &given.iter().copied().collect::<Vec<_>>());
        let proposed = propose(&world, APP).unwrap().unwrap();
        let expected: BTreeSet<String> = given.iter().filter(|name| used.contains(*name)).map(ToString::to_string).collect();
        prop_assert_eq!(permissions(&proposed), expected);
    }
}
