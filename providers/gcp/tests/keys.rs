//! Who holds the key of a cluster's database: everything the key inherits from counts.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_controls::etcd::encryption_key_widely_held::EncryptionKeyWidelyHeld;
use palisade_engine::{Context, Control, Policy, State};
use palisade_gcp::call;
use palisade_model::{Gap, KeyAccess, KeyHolder};
use palisade_provider::FailureReason;
use serde_json::{Value, json};
use world::{World, now, policy};

const RING: &str = "projects/k/locations/l/keyRings/r";
const KEY: &str = "projects/k/locations/l/keyRings/r/cryptoKeys/c";
const ROLE: &str = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
const STRANGER: &str = "user:stranger@x.example";

/// A cluster whose key lives in project `k`, below the same folder, and whose every use is logged.
fn world() -> World {
    let mut world = World::tidy();
    world.cluster(|cluster| {
        cluster["databaseEncryption"] = json!({ "state": "ENCRYPTED", "currentState": 7, "keyName": KEY });
    });
    world.put(&call::KEY_GET, "k", &[("key", KEY)], json!({ "primary": { "state": "ENABLED" } }));
    world.put(&call::KEY_POLICY, "k", &[("key", KEY)], json!({}));
    world.put(&call::KEY_RING_POLICY, "k", &[("ring", RING)], json!({}));
    world.put(&call::PROJECTS_GET, "k", &[], json!({ "name": "projects/77", "parent": "folders/7" }));
    world.put(&call::PROJECT_POLICY, "k", &[], logging(&[]));
    world.put(&call::DENY_POLICIES, "k", &[], json!({}));
    world
}

/// The policy of the key's project, with a log of every read.
fn logging(exempted: &[&str]) -> Value {
    json!({ "auditConfigs": [{ "service": "cloudkms.googleapis.com",
        "auditLogConfigs": [{ "logType": "DATA_READ", "exemptedMembers": exempted }] }] })
}

fn holders(world: &World) -> Vec<KeyHolder> {
    match world.only().key.access.get().unwrap() {
        KeyAccess::Known { holders, .. } => holders.clone(),
        KeyAccess::NoCustomerKey { because } => panic!("{because}"),
    }
}

/// What ET-13 says.
fn judged(world: &World) -> Result<State, Gap> {
    let cluster = world.only();
    let context = Context { policy: &Policy::default(), now: now() };
    EncryptionKeyWidelyHeld::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
}

#[test]
fn a_key_that_nobody_else_holds_passes() {
    assert_eq!(judged(&world()), Ok(State::Pass));
}

#[test]
fn a_binding_on_the_key_ring_holds_for_the_key() {
    let mut world = world();
    world.put(&call::KEY_RING_POLICY, "k", &[("ring", RING)], policy(&[(ROLE, STRANGER)]));
    let expected = KeyHolder {
        principal: STRANGER.to_owned(),
        uses: true,
        administers: false,
        broad: false,
        by: format!("{ROLE} on the key ring"),
    };
    assert_eq!(holders(&world), [expected]);
    assert_eq!(judged(&world), Ok(State::Fail));
}

#[test]
fn a_binding_on_the_project_the_folder_or_the_organisation_holds_for_the_key() {
    for (policy_call, scope, place) in [
        (&call::PROJECT_POLICY, "k", "projects/k"),
        (&call::FOLDER_POLICY, "folders/7", "folders/7"),
        (&call::ORGANIZATION_POLICY, "organizations/9", "organizations/9"),
    ] {
        let mut world = world();
        world.put(policy_call, scope, &[], policy(&[(ROLE, STRANGER)]));
        assert_eq!(holders(&world)[0].by, format!("{ROLE} on {place}"));
        assert_eq!(judged(&world), Ok(State::Fail), "{place}");
    }
}

#[test]
fn a_policy_that_was_not_read_is_a_gap_and_no_pass() {
    for call in [&call::KEY_POLICY, &call::KEY_RING_POLICY, &call::FOLDER_POLICY, &call::ORGANIZATION_POLICY] {
        let mut world = world();
        world.fail(call, FailureReason::Denied);
        let gap = judged(&world).unwrap_err();
        assert_eq!(gap.permission(), Some(call.permission));
    }
}

#[test]
fn who_sets_the_policy_of_a_place_above_the_key_administers_it() {
    let holds = |role: &str, permission: &str, at: &palisade_provider::Call, scope: &str| {
        let mut world = world();
        world.role(role, &[permission]);
        world.put(at, scope, &[], policy(&[(role, STRANGER)]));
        holders(&world).iter().any(|holder| holder.administers)
    };
    let (own, above) = ("resourcemanager.projects.setIamPolicy", "resourcemanager.folders.setIamPolicy");
    assert!(holds("roles/r", own, &call::PROJECT_POLICY, "k"));
    assert!(holds("roles/r", own, &call::FOLDER_POLICY, "folders/7"));
    assert!(holds("roles/r", above, &call::FOLDER_POLICY, "folders/7"));
    // A permission on folders means nothing on a project.
    assert!(!holds("roles/r", above, &call::PROJECT_POLICY, "k"));
}

#[test]
fn one_who_uses_by_one_binding_and_administers_by_another_does_both() {
    let mut world = world();
    world.role("roles/cloudkms.admin", &["cloudkms.cryptoKeys.setIamPolicy"]);
    world.put(&call::KEY_POLICY, "k", &[("key", KEY)], policy(&[(ROLE, STRANGER)]));
    world.put(&call::KEY_RING_POLICY, "k", &[("ring", RING)], policy(&[("roles/cloudkms.admin", STRANGER)]));
    let [holder] = holders(&world).try_into().unwrap();
    assert!(holder.uses && holder.administers);
}

#[test]
fn a_condition_that_cannot_hold_for_the_key_gives_nothing() {
    for (expression, holds) in [
        (format!("resource.name.startsWith(\"{RING}/cryptoKeys/\")"), true),
        ("resource.name.startsWith(\"projects/77/locations/l/keyRings/r\")".to_owned(), true),
        ("resource.name.startsWith(\"projects/k/locations/l/keyRings/other\")".to_owned(), false),
        ("request.time < timestamp(\"2020-01-01T00:00:00Z\")".to_owned(), false),
        ("resource.type == \"anything\"".to_owned(), true),
    ] {
        let mut world = world();
        let binding = json!({ "role": ROLE, "members": [STRANGER], "condition": { "expression": expression } });
        world.put(&call::KEY_RING_POLICY, "k", &[("ring", RING)], json!({ "bindings": [binding] }));
        assert_eq!(!holders(&world).is_empty(), holds, "{expression}");
    }
}

#[test]
fn what_is_surely_denied_is_not_held_and_what_may_be_denied_is() {
    for (principal, holds) in
        [("principalSet://goog/public:all", false), ("principalSet://goog/group/g@x.example", true)]
    {
        let mut world = world();
        world.put(&call::KEY_POLICY, "k", &[("key", KEY)], policy(&[(ROLE, STRANGER)]));
        let rule = json!({ "deniedPrincipals": [principal],
            "deniedPermissions": ["cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt"] });
        let denied = json!({ "policies": [{ "name": "policies/x/denypolicies/d", "rules": [{ "denyRule": rule }] }] });
        world.put(&call::DENY_POLICIES, "folders/7", &[], denied);
        assert_eq!(!holders(&world).is_empty(), holds, "{principal}");
    }
}

#[test]
fn a_log_that_somebody_is_exempted_from_is_no_log_of_every_use() {
    let mut world = world();
    world.put(&call::PROJECT_POLICY, "k", &[], logging(&[STRANGER]));
    assert_eq!(judged(&world), Ok(State::Fail));
}

#[test]
fn a_delay_of_destruction_that_cannot_be_read_is_not_taken_for_long_enough() {
    for (delay, known) in [("86400s", true), ("3600s", true), ("a while", false)] {
        let mut world = world();
        let body = json!({ "primary": { "state": "ENABLED" }, "destroyScheduledDuration": delay });
        world.put(&call::KEY_GET, "k", &[("key", KEY)], body);
        let state = world.only().key.state;
        assert_eq!(state.get().is_ok(), known, "{delay}");
        assert_eq!(matches!(state.gap(), Some(Gap::Malformed { .. })), !known, "{delay}");
    }
}
