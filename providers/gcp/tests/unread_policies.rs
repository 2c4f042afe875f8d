//! Policies, accounts and roles of which something is not read: bindings only add, so what was read stands; what was not
//! read is a gap and never the absence of somebody.
#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_authority::{Capability, Certainty, Standing};
use palisade_gcp::call::{
    ACCOUNT_POLICY, ACCOUNTS_LIST, DENY_POLICIES, FOLDER_POLICY, FOLDERS_GET, INSIGHTS, INSTANCES, KEY_GET, KEY_POLICY,
    KEY_RING_POLICY, ORGANIZATION_POLICY, PROJECT_POLICY, PROJECTS_GET, ROLES_GET,
};
use palisade_model::{Cluster, Dedication, Gap, Identity, KeyAccess, TrustSubject, Unused};
use palisade_provider::{Call, FailureReason};
use serde_json::{Value, json};
use world::{World, policy};

const NODE: &str = "n@p.iam.gserviceaccount.com";
const APP: &str = "a@p.iam.gserviceaccount.com";
const ABOVE: [&Call; 2] = [&FOLDER_POLICY, &ORGANIZATION_POLICY];

fn account(email: &str) -> String {
    format!("serviceAccount:{email}")
}

fn identity(cluster: &Cluster, id: &str) -> Identity {
    cluster.identities.get().unwrap().iter().find(|identity| identity.id.as_str() == id).unwrap().clone()
}

fn standing(cluster: &Cluster, id: &str) -> Result<Standing, Gap> {
    identity(cluster, id).standing.get().map(|standing| Standing::clone(standing))
}

fn permission<T>(fact: Result<T, Gap>) -> String {
    fact.err().and_then(|gap| gap.permission().map(str::to_owned)).unwrap_or_default()
}

/// The tidy world in which a pod may act as the application's account, with bindings in the project.
fn bound(bindings: &[(&str, &str)]) -> World {
    let mut world = World::tidy();
    world.bind(bindings);
    let pods = policy(&[("roles/iam.workloadIdentityUser", "serviceAccount:p.svc.id.goog[prod/app]")]);
    world.put(&ACCOUNT_POLICY, "p", &[("account", APP)], pods);
    world
}

fn hangs_on(certainty: &Certainty, what: &str) -> bool {
    matches!(certainty, Certainty::Conditional(on) if on.iter().any(|one| one.contains(what)))
}

#[test]
fn an_owner_of_the_project_is_one_whatever_stands_in_policies_above_that_were_not_read() {
    for call in ABOVE {
        let mut world = bound(&[("roles/owner", &account(NODE))]);
        world.fail(call, FailureReason::Denied);
        let cluster = world.only();
        let owner = standing(&cluster, NODE).unwrap().administrator.unwrap();
        assert!(owner.0.is_certain(), "{}", call.name);
        // Of the other nothing is proven.
        assert_eq!(permission(standing(&cluster, APP)), call.permission);
        // Pods may hold roles above by themselves: whether there is such an identity is not known.
        let unseen = cluster.identities.get().unwrap().last().unwrap().clone();
        assert!(unseen.name.contains("not read"), "{}", unseen.name);
        assert_eq!(permission(unseen.standing.get().cloned()), call.permission);
        assert_eq!(permission(cluster.trusts.get().cloned()), call.permission);
        assert!(cluster.external_trusts.get().is_ok(), "only the project's own policy says that");
    }
}

#[test]
fn what_hangs_on_an_unread_policy_names_it_beside_what_is_proven() {
    let mut world = bound(&[("roles/secretmanager.secretAccessor", &account(APP))]);
    world.fail(&FOLDER_POLICY, FailureReason::Denied);
    let app = standing(&world.only(), APP).unwrap();
    assert!(app.held.iter().any(|held| held.capability == Capability::ReadCloudSecrets && held.certainty.is_certain()));
    assert!(hangs_on(&app.administrator.unwrap().0, "grant `resourcemanager.folders.getIamPolicy`"));
}

#[test]
fn a_way_up_that_was_read_stands_without_the_policies_above() {
    let mut world = bound(&[("roles/iam.serviceAccountTokenCreator", &account(APP)), ("roles/owner", &account(NODE))]);
    world.fail(&ORGANIZATION_POLICY, FailureReason::Throttled);
    let way = standing(&world.only(), APP).unwrap().escalation.unwrap();
    assert!(way.iter().all(|hop| hop.certainty.is_certain()));
}

#[test]
fn a_deny_policy_or_a_folder_nobody_read_may_take_anything_away_so_nothing_stands() {
    for call in [&DENY_POLICIES, &FOLDERS_GET] {
        let mut world = bound(&[("roles/owner", &account(NODE))]);
        world.fail(call, FailureReason::Denied);
        assert_eq!(permission(standing(&world.only(), NODE)), call.permission);
    }
}

#[test]
fn minters_that_were_read_stand_and_further_ones_hang_on_what_was_not() {
    for call in ABOVE {
        let mut world = bound(&[("roles/container.admin", "allUsers")]);
        world.fail(call, FailureReason::Denied);
        let cluster = world.only();
        let [everybody, rest] = cluster.minters.get().unwrap().as_slice() else { panic!("{:?}", cluster.minters) };
        assert!(everybody.principal == "allUsers" && everybody.certainty.is_certain());
        assert!(hangs_on(&rest.certainty, call.permission));
        let mut nobody = bound(&[]);
        nobody.fail(call, FailureReason::Denied);
        assert_eq!(permission(nobody.only().minters.get().cloned()), call.permission);
    }
}

#[test]
fn a_trust_that_is_wide_is_wide_whatever_the_others_are() {
    let pool = "iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/p.svc.id.goog";
    let mut world = bound(&[("roles/storage.admin", &format!("principalSet://{pool}/*"))]);
    world.fail(&FOLDER_POLICY, FailureReason::Denied);
    let cluster = world.only();
    let trusts = cluster.trusts.get().unwrap();
    assert!(trusts.iter().any(|trust| trust.subject == TrustSubject::WholePool));
    assert!(
        trusts
            .iter()
            .any(|trust| matches!(&trust.subject, TrustSubject::Expression { text } if text.contains("denied")))
    );
}

#[test]
fn a_cluster_without_a_workload_pool_has_no_unseen_workloads() {
    let mut world = bound(&[]);
    world.cluster(|cluster| cluster["workloadIdentityConfig"] = json!({}));
    world.fail(&FOLDER_POLICY, FailureReason::Denied);
    let cluster = world.only();
    assert_eq!(cluster.trusts.get(), Ok(&Vec::new()));
    assert!(cluster.identities.get().unwrap().iter().all(|one| !one.name.contains("not read")));
}

#[test]
fn a_binding_that_cannot_be_read_is_one_gap_and_its_neighbours_stand() {
    for odd in [
        json!({ "members": ["allUsers"] }),
        json!({ "role": "", "members": ["allUsers"] }),
        json!({ "role": "roles/owner", "members": "allUsers" }),
        json!({ "role": "roles/owner", "members": [7, {}] }),
        json!({ "role": "roles/owner", "members": [], "condition": "surprise" }),
        json!("odd"),
    ] {
        let mut world = bound(&[]);
        let owner = json!({ "role": "roles/owner", "members": [account(NODE)] });
        world.put(&PROJECT_POLICY, "p", &[], json!({ "bindings": [owner, odd] }));
        let cluster = world.only();
        assert!(standing(&cluster, NODE).unwrap().administrator.unwrap().0.is_certain(), "{odd}");
        let Err(Gap::Malformed { pointer, .. }) = standing(&cluster, APP) else { panic!("{odd}") };
        assert_eq!(pointer, "/bindings/1");
        assert!(matches!(cluster.minters.gap(), Some(Gap::Malformed { .. })), "{odd}");
        assert!(matches!(cluster.external_trusts.gap(), Some(Gap::Malformed { .. })), "{odd}");
        assert!(matches!(cluster.unread_groups.gap(), Some(Gap::Malformed { .. })), "{odd}");
    }
}

#[test]
fn an_account_without_an_address_or_a_list_that_was_not_read_hides_no_other_account() {
    let mut world = bound(&[("roles/owner", &account(NODE))]);
    let list = json!({ "accounts": [{ "email": NODE }, { "displayName": "nameless" }, { "email": APP }] });
    world.put(&ACCOUNTS_LIST, "p", &[], list);
    let cluster = world.only();
    assert!(standing(&cluster, NODE).unwrap().administrator.unwrap().0.is_certain());
    assert!(matches!(standing(&cluster, APP), Err(Gap::Malformed { pointer, .. }) if pointer == "/accounts/1"));
    world.fail(&ACCOUNTS_LIST, FailureReason::Denied);
    let cluster = world.only();
    assert!(standing(&cluster, NODE).unwrap().administrator.unwrap().0.is_certain());
    assert!(identity(&cluster, NODE).keys.get().is_ok());
    assert_eq!(permission(cluster.trusts.get().cloned()), "iam.serviceAccounts.list");
    assert_eq!(permission(identity(&cluster, NODE).dedication.get().cloned()), "iam.serviceAccounts.list");
}

#[test]
fn an_accounts_policy_that_was_not_read_is_nobodys_absence() {
    let mut world = bound(&[("roles/owner", &account(APP))]);
    world.put(&ACCOUNT_POLICY, "p", &[("account", APP)], json!({ "bindings": [{ "members": ["allUsers"] }] }));
    let cluster = world.only();
    // The machines' account may hold something on it, and so may anybody.
    assert!(matches!(standing(&cluster, NODE), Err(Gap::Malformed { .. })));
    assert!(matches!(cluster.trusts.gap(), Some(Gap::Malformed { .. })));
    assert!(matches!(identity(&cluster, NODE).other_trust.gap(), Some(Gap::Malformed { .. })));
}

#[test]
fn somebody_else_who_becomes_an_account_stands_whatever_was_not_read() {
    let mut world = bound(&[("roles/iam.serviceAccountTokenCreator", "user:ops@x.example")]);
    world.fail(&FOLDER_POLICY, FailureReason::Denied);
    assert_eq!(identity(&world.only(), NODE).other_trust.get().unwrap().len(), 1);
}

#[test]
fn a_member_whose_name_holds_the_pools_is_no_workload_of_it() {
    let stranger = "user:me+p.svc.id.goog@evil.example";
    let world = bound(&[("roles/iam.serviceAccountTokenCreator", stranger)]);
    let others = identity(&world.only(), NODE).other_trust.get().unwrap().clone();
    assert!(others.iter().any(|other| other.starts_with(stranger)), "{others:?}");
}

#[test]
fn a_role_that_was_not_read_hides_only_what_it_would_add() {
    let mut world =
        bound(&[("roles/owner", &account(NODE)), ("roles/viewer", &account(NODE)), ("roles/viewer", &account(APP))]);
    world.put(&ROLES_GET, "roles", &[("role", "roles/viewer")], json!({ "includedPermissions": {} }));
    let cluster = world.only();
    assert!(standing(&cluster, NODE).unwrap().administrator.unwrap().0.is_certain());
    assert!(matches!(standing(&cluster, APP), Err(Gap::Malformed { .. })));
}

#[test]
fn a_role_of_googles_that_makes_tokens_is_a_trust_though_nobody_named_it_before() {
    let mut world = bound(&[]);
    world.role("roles/future.agent", &["iam.serviceAccounts.signJwt"]);
    let pods = policy(&[("roles/future.agent", "serviceAccount:p.svc.id.goog[prod/app]")]);
    world.put(&ACCOUNT_POLICY, "p", &[("account", APP)], pods);
    assert_eq!(world.only().trusts.get().unwrap().len(), 1);
    world.role("roles/future.agent", &["logging.logEntries.create"]);
    assert_eq!(world.only().trusts.get().unwrap().len(), 0);
}

#[test]
fn a_member_of_the_pool_that_cannot_be_taken_apart_is_told_as_it_is_written() {
    let mut world = bound(&[]);
    let pods = policy(&[("roles/iam.workloadIdentityUser", "serviceAccount:p.svc.id.goog[prod]")]);
    world.put(&ACCOUNT_POLICY, "p", &[("account", APP)], pods);
    assert!(matches!(world.only().trusts.get().unwrap()[0].subject, TrustSubject::Expression { .. }));
}

#[test]
fn a_hierarchy_that_does_not_end_in_an_organisation_is_a_gap() {
    for (parent, above) in [
        ("folders/7", json!({ "name": "folders/7" })),
        ("folders/7", json!({ "name": "folders/7", "parent": "folders/7" })),
        ("continents/7", json!({ "name": "folders/7", "parent": "organizations/9" })),
    ] {
        let mut world = bound(&[("roles/owner", &account(NODE))]);
        world.put(&PROJECTS_GET, "p", &[], json!({ "name": "projects/42", "parent": parent }));
        world.put(&FOLDERS_GET, "folders/7", &[], above.clone());
        let cluster = world.only();
        assert!(standing(&cluster, NODE).is_err(), "{parent} {above}");
        assert!(cluster.minters.gap().is_some(), "{parent} {above}");
    }
}

#[test]
fn a_project_without_anything_above_it_is_whole() {
    let mut world = bound(&[("roles/owner", &account(NODE))]);
    world.put(&PROJECTS_GET, "p", &[], json!({ "name": "projects/42" }));
    assert!(standing(&world.only(), NODE).is_ok());
}

#[test]
fn a_denial_that_cannot_be_read_is_not_left_out() {
    for policies in [
        json!([{ "name": "policies/x/denypolicies/d", "rules": [{ "description": "of some other kind" }] }]),
        json!([{ "rules": [] }]),
        json!([7]),
    ] {
        let mut world = bound(&[("roles/owner", &account(NODE))]);
        world.put(&DENY_POLICIES, "folders/7", &[], json!({ "policies": policies }));
        assert!(matches!(standing(&world.only(), NODE), Err(Gap::Malformed { .. })), "{policies}");
    }
}

#[test]
fn a_denial_for_some_resources_leaves_open_whether_credentials_can_be_made() {
    let mut world = bound(&[("roles/container.admin", "allUsers")]);
    let rule = json!({ "deniedPrincipals": ["principalSet://goog/public:all"],
        "deniedPermissions": ["container.googleapis.com/clusters.getCredentials", "container.googleapis.com/clusters.update"],
        "denialCondition": { "expression": "resource.name.startsWith('projects/p/locations/x')" } });
    let policies = json!({ "policies": [{ "name": "policies/x/denypolicies/d", "rules": [{ "denyRule": rule }] }] });
    world.put(&DENY_POLICIES, "p", &[], policies);
    let cluster = world.only();
    let minters = cluster.minters.get().unwrap();
    assert!(minters.iter().any(|one| one.principal == "allUsers" && hangs_on(&one.certainty, "for which resources")));
}

const KEY: &str = "projects/p/locations/l/keyRings/r/cryptoKeys/c";

fn with_key(own: Value) -> World {
    let mut world = bound(&[]);
    world.cluster(|cluster| {
        cluster["databaseEncryption"] = json!({ "state": 1, "currentState": 7, "keyName": KEY });
    });
    world.put(&KEY_GET, "p", &[("key", KEY)], json!({ "primary": { "state": 1 } }));
    world.put(&KEY_POLICY, "p", &[("key", KEY)], own);
    world.put(&KEY_RING_POLICY, "p", &[("ring", "projects/p/locations/l/keyRings/r")], json!({}));
    world
}

#[test]
fn somebody_who_decrypts_stands_and_that_nobody_does_hangs_on_every_policy() {
    let decrypts = policy(&[("roles/cloudkms.cryptoKeyEncrypterDecrypter", "user:me@x.example")]);
    for call in [&FOLDER_POLICY, &KEY_RING_POLICY] {
        let mut world = with_key(decrypts.clone());
        world.fail(call, FailureReason::Denied);
        assert!(matches!(world.only().key.access.get(), Ok(KeyAccess::Known { holders, .. }) if holders.len() == 1));
        let mut world = with_key(json!({}));
        world.fail(call, FailureReason::Denied);
        assert_eq!(permission(world.only().key.access.get().cloned()), call.permission);
    }
    let odd = json!({ "bindings": [{ "members": ["allUsers"] }] });
    assert!(matches!(with_key(odd).only().key.access.gap(), Some(Gap::Malformed { .. })));
}

#[test]
fn an_audit_setting_that_cannot_be_read_may_exempt_somebody() {
    let mut world = with_key(json!({}));
    let logged = json!({ "service": "allServices", "auditLogConfigs": [{ "logType": "DATA_READ" }] });
    world.put(&PROJECT_POLICY, "p", &[], json!({ "auditConfigs": [logged, { "service": {} }] }));
    assert!(
        matches!(world.only().key.access.gap(), Some(Gap::Malformed { pointer, .. }) if pointer == "/auditConfigs/1")
    );
}

#[test]
fn an_account_shared_by_what_was_read_is_shared_whatever_was_not() {
    let pods = policy(&[("roles/iam.workloadIdentityUser", "serviceAccount:p.svc.id.goog[prod/app]")]);
    let mut world = World::tidy();
    world.put(&ACCOUNT_POLICY, "p", &[("account", NODE)], pods);
    world.fail(&INSTANCES, FailureReason::Denied);
    assert!(matches!(identity(&world.only(), NODE).dedication.get(), Ok(Dedication::Shared { .. })));
    let mut world = World::tidy();
    world.fail(&INSTANCES, FailureReason::Denied);
    assert_eq!(permission(identity(&world.only(), NODE).dedication.get().cloned()), "compute.instances.list");
}

#[test]
fn counts_of_permissions_are_read_as_numbers_and_a_count_that_is_missing_is_not_none_unused() {
    let insight = |count: Value| {
        json!({ "insights": [{ "content": { "member": account(NODE), "role": "roles/editor",
            "exercisedPermissions": [{ "permission": "x.get" }], "currentTotalPermissionsCount": count } }] })
    };
    for (count, said) in
        [(json!("9"), "8 of 9"), (json!(9), "8 of 9"), (Value::Null, "all but 1"), (json!({}), "all but 1")]
    {
        let mut world = World::tidy();
        world.put(&INSIGHTS, "p", &[], insight(count.clone()));
        let unused = identity(&world.only(), NODE).unused.get().unwrap().clone();
        let Unused::Known { services, .. } = unused else { panic!("{count}") };
        assert!(services[0].contains(said), "{count}: {services:?}");
    }
}

#[test]
fn a_membership_nobody_can_place_is_not_the_absence_of_a_gateway() {
    let mut world = bound(&[]);
    world.cluster(|cluster| cluster["fleet"] = json!({ "membership": "somewhere" }));
    assert!(matches!(world.only().api.tunnels.gap(), Some(Gap::Malformed { .. })));
}

#[test]
fn everybody_at_the_gateway_stands_and_nobody_else_does_without_the_policies_above() {
    let fleet = |bindings: &[(&str, &str)]| {
        let mut world = bound(bindings);
        world.cluster(|cluster| cluster["fleet"] = json!({ "project": "p" }));
        world.fail(&FOLDER_POLICY, FailureReason::Denied);
        world.only().api.tunnels
    };
    assert_eq!(fleet(&[("roles/gkehub.gatewayAdmin", "allUsers")]).get().unwrap().len(), 1);
    let known = fleet(&[("roles/gkehub.gatewayAdmin", "user:ops@x.example")]);
    assert_eq!(known.gap().and_then(Gap::permission), Some("resourcemanager.folders.getIamPolicy"));
}
