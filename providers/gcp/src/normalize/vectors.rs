//! The vectors of our specification of authority for Google Cloud (V-B3), decided permission by permission.

#[path = "../../tests/support/world.rs"]
mod world;

use super::{authority::Rights, hierarchy::HierarchyBook, people::People, principal::Principal, roles::RoleBook};
use crate::{
    call::{DENY_POLICIES, FOLDER_POLICY, ORGANIZATION_POLICY, PROJECT_POLICY},
    record::container::Cluster,
};
use palisade_authority::{Authority, Decision};
use palisade_model::{Audience, Issuer, PodAccess, PrincipalKind, TrustSubject};
use serde_json::{Value, json};
use world::{DEFAULT, World, now, policy};

const NODE: &str = "n@p.iam.gserviceaccount.com";
const DEFAULT_SCOPES: &[&str] = &[
    "https://www.googleapis.com/auth/devstorage.read_only",
    "https://www.googleapis.com/auth/logging.write",
    "https://www.googleapis.com/auth/monitoring",
    "https://www.googleapis.com/auth/service.management.readonly",
    "https://www.googleapis.com/auth/servicecontrol",
    "https://www.googleapis.com/auth/trace.append",
];

/// Decides with the authority of a principal.
fn with<T>(world: &World, principal: &Principal<'_>, scopes: Option<&[&str]>, ask: impl FnOnce(&Authority) -> T) -> T {
    let snapshot = world.snapshot();
    let hierarchies = HierarchyBook::new(&snapshot);
    let (above, denials) = (hierarchies.of("p"), hierarchies.denials("p"));
    let hierarchy = above.get().unwrap();
    let records: Vec<Cluster> = vec![serde_json::from_value(world::cluster()).unwrap()];
    let people = People::read(&snapshot, "p", "42", &records);
    let roles = RoleBook::new(&snapshot);
    let rights = Rights {
        project: "p",
        hierarchy,
        denials: denials.get().unwrap(),
        people: people.get().unwrap(),
        roles: &roles,
        groups_hold_roles: false,
        now: now(),
    };
    let scopes: Option<Vec<String>> = scopes.map(|scopes| scopes.iter().map(ToString::to_string).collect());
    let power = rights.of(principal, scopes.as_deref(), &[]);
    ask(&power.authority)
}

fn account(email: &str) -> Principal<'_> {
    Principal::Account { email, project: Some("42") }
}

fn member(email: &str) -> String {
    format!("serviceAccount:{email}")
}

#[test]
fn b3_01_the_default_account_with_default_scopes_may_write_logs_and_little_else() {
    let mut world = World::tidy();
    world.bind(&[("roles/editor", &member(DEFAULT))]);
    with(&world, &account(DEFAULT), Some(DEFAULT_SCOPES), |node| {
        assert!(node.decide("storage.objects.get", "projects/_/buckets/b").is_deny());
        let blocked = node.decide("compute.instances.create", "projects/p/zones/z/instances/i");
        assert_eq!(blocked, Decision::Deny { by: palisade_authority::DenyReason::Guard("access scopes".into()) });
        assert!(node.decide("logging.logEntries.create", "projects/p").is_allow());
    });
}

#[test]
fn b3_02_with_the_scope_of_everything_editor_becomes_any_account() {
    let mut world = World::tidy();
    world.bind(&[("roles/editor", &member(DEFAULT))]);
    let scope = ["https://www.googleapis.com/auth/cloud-platform"];
    with(&world, &account(DEFAULT), Some(&scope), |node| {
        for permission in ["compute.instances.create", "iam.serviceAccounts.actAs", "iam.serviceAccountKeys.create"] {
            assert!(
                node.decide(permission, "projects/p/serviceAccounts/a@p.iam.gserviceaccount.com").is_allow(),
                "{permission}"
            );
        }
    });
}

#[test]
fn b3_03_no_scopes_leave_the_decision_to_iam_alone_and_an_unknown_one_leaves_it_open() {
    let mut world = World::tidy();
    world.bind(&[("roles/editor", &member(NODE))]);
    let create = |node: &Authority| node.decide("compute.instances.create", "projects/p");
    assert!(with(&world, &account(NODE), Some(&[]), create).is_allow());
    let future = with(&world, &account(NODE), Some(&["https://www.googleapis.com/auth/future"]), create);
    assert!(matches!(future, Decision::Conditional { .. }));
}

#[test]
fn b3_04_the_metadata_mode_decides_whether_pods_get_the_nodes_tokens() {
    for (mode, blocked) in
        [(json!("GKE_METADATA"), true), (json!(2), true), (json!("GCE_METADATA"), false), (json!(1), false)]
    {
        let mut world = World::tidy();
        world.cluster(|cluster| cluster["nodePools"][0]["config"]["workloadMetadataConfig"]["mode"] = mode.clone());
        let cluster = world.only();
        let metadata = cluster.pools.get().unwrap()[0].metadata.get().unwrap().clone();
        assert_eq!(matches!(metadata.pods, PodAccess::Blocked { .. }), blocked, "{mode}");
    }
}

#[test]
fn b3_05_a_role_of_a_folder_holds_in_the_project() {
    let mut world = World::tidy();
    world.put(&FOLDER_POLICY, "folders/7", &[], policy(&[("roles/editor", &member(NODE))]));
    with(&world, &account(NODE), None, |node| {
        assert!(node.decide("compute.instances.create", "projects/p").is_allow());
    });
}

fn deny(rule: &Value) -> Value {
    json!({ "policies": [{ "name": "policies/x/denypolicies/d", "rules": [{ "denyRule": rule }] }] })
}

#[test]
fn b3_06_a_deny_of_the_organisation_outranks_owner_and_leaves_what_it_does_not_name() {
    let mut world = World::tidy();
    world.bind(&[("roles/owner", &member(NODE))]);
    world.put(
        &DENY_POLICIES,
        "organizations/9",
        &[],
        deny(&json!({
            "deniedPrincipals": ["principalSet://goog/public:all"],
            "exceptionPrincipals": ["principal://goog/subject/admin@x.example"],
            "deniedPermissions": ["iam.googleapis.com/serviceAccountKeys.create"],
        })),
    );
    with(&world, &account(NODE), None, |node| {
        assert!(node.decide("iam.serviceAccountKeys.create", "projects/p/serviceAccounts/a").is_deny());
        assert!(node.decide("resourcemanager.projects.setIamPolicy", "projects/p").is_allow());
    });
    // Whether the account is in an excepted group is not read: then the denial hangs on that, and on nothing else.
    world.put(
        &DENY_POLICIES,
        "organizations/9",
        &[],
        deny(&json!({
            "deniedPrincipals": ["principalSet://goog/public:all"],
            "exceptionPrincipals": ["principalSet://goog/group/g@x.example"],
            "deniedPermissions": ["iam.googleapis.com/serviceAccountKeys.create"],
        })),
    );
    let decision = with(&world, &account(NODE), None, |node| {
        node.decide("iam.serviceAccountKeys.create", "projects/p/serviceAccounts/a")
    });
    let Decision::Conditional { on, .. } = decision else { panic!("{decision:?}") };
    assert_eq!(on.into_iter().collect::<Vec<_>>(), ["membership in group `g@x.example`"]);
}

#[test]
fn b3_07_an_excepted_permission_is_not_denied() {
    let mut world = World::tidy();
    world.bind(&[("roles/owner", &member(NODE))]);
    world.put(
        &DENY_POLICIES,
        "p",
        &[],
        deny(&json!({
            "deniedPrincipals": ["principalSet://goog/public:all"],
            "deniedPermissions": ["iam.googleapis.com/*"],
            "exceptionPermissions": ["iam.googleapis.com/serviceAccountKeys.create"],
        })),
    );
    with(&world, &account(NODE), None, |node| {
        assert!(node.decide("iam.serviceAccountKeys.create", "projects/p/serviceAccounts/a").is_allow());
        assert!(node.decide("iam.serviceAccounts.actAs", "projects/p/serviceAccounts/a").is_deny());
    });
}

fn conditional(expression: &str) -> Value {
    json!({ "bindings": [{
        "role": "roles/secretmanager.secretAccessor",
        "members": [member(NODE)],
        "condition": { "title": "some", "expression": expression },
    }]})
}

#[test]
fn b3_08_a_condition_on_names_allows_those_and_denies_the_others() {
    let mut world = World::tidy();
    world.put(&PROJECT_POLICY, "p", &[], conditional(r#"resource.name.startsWith("projects/42/secrets/app-")"#));
    with(&world, &account(NODE), None, |node| {
        assert!(node.decide("secretmanager.versions.access", "projects/42/secrets/app-db").is_allow());
        assert!(node.decide("secretmanager.versions.access", "projects/42/secrets/other").is_deny());
    });
}

#[test]
fn b3_09_a_binding_that_ended_gives_nothing() {
    let mut world = World::tidy();
    world.put(&PROJECT_POLICY, "p", &[], conditional(r#"request.time < timestamp("2020-01-01T00:00:00Z")"#));
    with(&world, &account(NODE), None, |node| {
        assert!(node.decide("secretmanager.versions.access", "projects/42/secrets/app-db").is_deny());
    });
}

#[test]
fn b3_10_a_token_creator_of_the_project_becomes_every_account_of_it() {
    let mut world = World::tidy();
    world.bind(&[
        ("roles/iam.serviceAccountTokenCreator", &member(NODE)),
        ("roles/owner", "serviceAccount:a@p.iam.gserviceaccount.com"),
    ]);
    let cluster = world.only();
    let node = cluster.identities.get().unwrap().iter().find(|identity| identity.id.as_str() == NODE).unwrap().clone();
    let standing = node.standing.get().unwrap();
    assert_eq!(standing.administrator, None);
    let held: Vec<&str> = standing.held.iter().map(|held| held.capability.name()).collect();
    assert!(held.contains(&"assume-any-identity"), "{held:?}");
    let way: Vec<&str> = standing.escalation.as_ref().unwrap().iter().map(|hop| hop.method.name()).collect();
    assert_eq!(way, ["mint-token", "set-project-policy"]);
}

#[test]
fn b3_11_the_pool_is_the_projects_so_the_same_name_in_any_of_its_clusters_is_the_account() {
    let mut world = World::tidy();
    let bound = policy(&[("roles/iam.workloadIdentityUser", "serviceAccount:p.svc.id.goog[prod/app]")]);
    world.put(&crate::call::ACCOUNT_POLICY, "p", &[("account", "a@p.iam.gserviceaccount.com")], bound);
    let mut second = world::cluster();
    second["name"] = json!("d");
    world.put(&crate::call::CLUSTERS_LIST, "p", &[], json!({ "clusters": [world::cluster(), second] }));
    for cluster in world.inventory().clusters {
        let trusts = cluster.trusts.get().unwrap();
        assert_eq!(trusts.len(), 1, "{}", cluster.name);
        assert_eq!(trusts[0].identity.as_str(), "a@p.iam.gserviceaccount.com");
        let exact = TrustSubject::Exact { namespace: "prod".to_owned(), service_account: "app".to_owned() };
        assert_eq!((&trusts[0].subject, &trusts[0].audience), (&exact, &Audience::Checked));
        assert_eq!(trusts[0].issuer, Issuer::SharedPool { pool: "p.svc.id.goog".to_owned(), clusters: 2 });
    }
}

const POOL: &str = "iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/p.svc.id.goog";

#[test]
fn b3_12_a_namespace_with_a_role_of_its_own_is_an_identity() {
    let mut world = World::tidy();
    let set = format!("principalSet://{POOL}/namespace/prod");
    world.bind(&[("roles/storage.admin", &set)]);
    let cluster = world.only();
    let identity =
        cluster.identities.get().unwrap().iter().find(|identity| identity.id.as_str() == set).unwrap().clone();
    let held: Vec<&str> = identity.standing.get().unwrap().held.iter().map(|held| held.capability.name()).collect();
    assert_eq!(held, ["exfiltrate-storage", "destroy-storage"]);
    let subject = TrustSubject::Namespace { namespace: "prod".to_owned() };
    assert_eq!(cluster.trusts.get().unwrap()[0].subject, subject);
    let pod = format!("principal://{POOL}/subject/ns/prod/sa/app");
    with(&world, &Principal::Member(&pod), None, |pod| {
        assert!(pod.decide("storage.objects.get", "projects/_/buckets/b").is_allow());
    });
}

#[test]
fn b3_13_viewer_for_everybody_signed_in_opens_the_dns_endpoint_to_them() {
    let mut world = World::tidy();
    world.bind(&[("roles/viewer", "allAuthenticatedUsers")]);
    with(&world, &Principal::Member("user:stranger@example.com"), None, |stranger| {
        assert!(stranger.decide("container.clusters.connect", "projects/p").is_allow());
    });
    let cluster = world.only();
    let minters = cluster.minters.get().unwrap();
    assert_eq!(
        minters.iter().map(|minter| (minter.principal.as_str(), minter.kind)).collect::<Vec<_>>(),
        [("allAuthenticatedUsers", PrincipalKind::Everyone)]
    );
}

#[test]
fn b3_14_a_developer_reads_secrets_and_runs_workloads_and_is_no_administrator_of_the_cluster() {
    let mut world = World::tidy();
    world.bind(&[("roles/container.developer", &member(NODE))]);
    let cluster = world.only();
    let node = cluster.identities.get().unwrap().iter().find(|identity| identity.id.as_str() == NODE).unwrap().clone();
    let held: Vec<&str> = node.standing.get().unwrap().held.iter().map(|held| held.capability.name()).collect();
    assert_eq!(held, ["read-cluster-secrets", "run-workloads"]);
}

#[test]
fn b3_15_updating_a_held_role_escalates_where_the_role_is_defined_and_nowhere_else() {
    for (role, escalates) in [("projects/p/roles/r", true), ("organizations/9/roles/r", false)] {
        let mut world = World::tidy();
        world.role(role, &["iam.roles.update"]);
        world.bind(&[(role, &member(NODE))]);
        let cluster = world.only();
        let node =
            cluster.identities.get().unwrap().iter().find(|identity| identity.id.as_str() == NODE).unwrap().clone();
        assert_eq!(node.standing.get().unwrap().escalation.is_some(), escalates, "{role}");
    }
    let mut world = World::tidy();
    world.role("organizations/9/roles/r", &["iam.roles.update"]);
    world.put(&ORGANIZATION_POLICY, "organizations/9", &[], policy(&[("organizations/9/roles/r", &member(NODE))]));
    let cluster = world.only();
    let node = cluster.identities.get().unwrap().iter().find(|identity| identity.id.as_str() == NODE).unwrap().clone();
    assert!(node.standing.get().unwrap().escalation.is_some());
}

#[test]
fn what_a_group_holds_is_in_no_standing_and_told_once() {
    let mut world = World::tidy();
    world.bind(&[("roles/owner", "group:admins@x.example"), ("roles/viewer", "group:readers@x.example")]);
    let cluster = world.only();
    let groups = cluster.unread_groups.get().unwrap();
    assert_eq!(groups.iter().map(|one| one.group.as_str()).collect::<Vec<_>>(), ["admins@x.example"]);
    let owners = &groups[0];
    assert_eq!(
        owners.by.iter().map(palisade_authority::GrantId::as_str).collect::<Vec<_>>(),
        ["roles/owner on projects/p"]
    );
    assert!(owners.everywhere.contains(&palisade_authority::Capability::EscalatePrivilege));
    assert_eq!(owners.wildcards.len(), 1);
    for identity in cluster.identities.get().unwrap() {
        let standing = identity.standing.get().unwrap();
        assert_eq!((&standing.administrator, standing.escalation.is_some()), (&None, false), "{}", identity.id);
        assert!(standing.assumptions.iter().any(|said| said == super::groups::IN_NO_GROUP));
    }
}

#[test]
fn a_group_that_completes_what_somebody_holds_adds_it() {
    let mut world = World::tidy();
    world.role("roles/x.launcher", &["compute.instances.create"]);
    world.role("roles/iam.serviceAccountUser", &["iam.serviceAccounts.actAs"]);
    let adds = |world: &World| -> Vec<String> {
        let groups = world.only().unread_groups.get().unwrap().clone();
        groups.iter().flat_map(|one| one.adds.iter().map(|adds| adds.name().to_owned())).collect()
    };
    world.bind(&[("roles/x.launcher", "group:g@x.example")]);
    assert_eq!(adds(&world), Vec::<String>::new());
    world.bind(&[("roles/x.launcher", "group:g@x.example"), ("roles/iam.serviceAccountUser", &member(NODE))]);
    assert_eq!(adds(&world), ["assume-any-identity"]);
}

#[test]
fn a_node_that_makes_tokens_of_an_account_by_the_accounts_own_policy_climbs_without_any_workload_identity() {
    let mut world = World::tidy();
    world.cluster(|cluster| {
        cluster.as_object_mut().unwrap().remove("workloadIdentityConfig");
    });
    world.bind(&[("roles/owner", "serviceAccount:a@p.iam.gserviceaccount.com")]);
    let bound = policy(&[("roles/iam.serviceAccountTokenCreator", &member(NODE))]);
    world.put(&crate::call::ACCOUNT_POLICY, "p", &[("account", "a@p.iam.gserviceaccount.com")], bound);
    let cluster = world.only();
    let node = cluster.identities.get().unwrap().iter().find(|identity| identity.id.as_str() == NODE).unwrap().clone();
    assert!(node.standing.get().unwrap().escalation.is_some());
}

#[test]
fn a_pool_of_the_fleets_project_is_trusted_like_the_projects_own() {
    let mut world = World::tidy();
    world.cluster(|cluster| cluster["workloadIdentityConfig"]["workloadPool"] = json!("fleet.svc.id.goog"));
    let pod = "principal://iam.googleapis.com/projects/99/locations/global/workloadIdentityPools/fleet.svc.id.goog/subject/ns/prod/sa/app";
    let bound = policy(&[("roles/iam.workloadIdentityUser", pod)]);
    world.put(&crate::call::ACCOUNT_POLICY, "p", &[("account", "a@p.iam.gserviceaccount.com")], bound);
    assert_eq!(world.only().trusts.get().unwrap().len(), 1);
}

#[test]
fn a_scope_to_read_everything_leaves_open_whether_it_reads_secrets_and_lets_nothing_be_made() {
    let mut world = World::tidy();
    world.bind(&[("roles/secretmanager.secretAccessor", &member(NODE)), ("roles/editor", &member(NODE))]);
    let scope = ["https://www.googleapis.com/auth/cloud-platform.read-only"];
    with(&world, &account(NODE), Some(&scope), |node| {
        let secret = node.decide("secretmanager.versions.access", "projects/p/secrets/s");
        assert!(matches!(secret, Decision::Conditional { .. }));
        assert!(node.decide("compute.instances.create", "projects/p").is_deny());
    });
}

#[test]
fn who_runs_pods_takes_the_nodes_tokens_where_pods_on_the_machines_network_are_admitted() {
    let mut world = World::tidy();
    let pod = format!("principal://{POOL}/subject/ns/prod/sa/app");
    world.bind(&[("roles/container.developer", &pod), ("roles/owner", &member(NODE))]);
    let cluster = world.only();
    let identities = cluster.identities.get().unwrap();
    let way = identities.iter().find(|identity| identity.id.as_str() == pod).unwrap();
    let way = way.standing.get().unwrap().escalation.clone().unwrap();
    assert_eq!(way.iter().map(|hop| hop.method.name()).collect::<Vec<_>>(), ["run-workload", "set-project-policy"]);
    assert!(!way[0].certainty.is_certain());
}
