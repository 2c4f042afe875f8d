//! Ways up: each row of our table of methods by what it needs, with the permission and the binding of each step.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_authority::{Capability, Certainty, Hop, Node};
use palisade_gcp::call::{
    ACCOUNT_POLICY, CLUSTERS_LIST, FOLDER_POLICY, INSTANCES, ORGANIZATION_POLICY, PROJECT_POLICY,
};
use palisade_model::Cluster;
use palisade_provider::FailureReason;
use serde_json::{Value, json};
use world::{World, node, policy};

const NODE: &str = "n@p.iam.gserviceaccount.com";
const APP: &str = "a@p.iam.gserviceaccount.com";
const ROLE: &str = "projects/p/roles/held";

fn account(email: &str) -> String {
    format!("serviceAccount:{email}")
}

fn standing(cluster: &Cluster, id: &str) -> palisade_authority::Standing {
    let identities = cluster.identities.get().unwrap();
    let standing = identities.iter().find(|identity| identity.id.as_str() == id).unwrap().standing.get();
    palisade_authority::Standing::clone(standing.unwrap())
}

fn way_of(cluster: &Cluster, id: &str) -> Vec<Hop> {
    standing(cluster, id).escalation.unwrap_or_default()
}

/// The machines' account holds these permissions by a role of its own; the application's account owns the project.
fn with(permissions: &[&str]) -> World {
    let mut world = World::tidy();
    world.role(ROLE, permissions);
    world.bind(&[(ROLE, &account(NODE)), ("roles/owner", &account(APP))]);
    world
}

fn methods(way: &[Hop]) -> Vec<&str> {
    way.iter().map(|hop| hop.method.name()).collect()
}

/// The first step, in words.
fn first(permissions: &[&str]) -> (String, Vec<String>, Vec<String>, Vec<String>) {
    let way = way_of(&with(permissions).only(), NODE);
    let hop = way.first().unwrap_or_else(|| panic!("{permissions:?} leads nowhere"));
    let by = hop.by.iter().map(ToString::to_string).collect();
    assert!(hop.certainty.is_certain(), "{permissions:?}");
    (hop.method.name().to_owned(), hop.permissions.clone(), by, methods(&way).iter().map(ToString::to_string).collect())
}

#[test]
fn each_method_leads_where_the_table_says_by_the_permissions_and_the_binding_it_uses() {
    let become_owner = |method: &'static str| vec![method, "set-project-policy"];
    let mut rows: Vec<(Vec<&str>, &str, Vec<&str>)> = vec![
        (vec!["iam.serviceAccountKeys.create"], "create-key", become_owner("create-key")),
        (vec!["iam.serviceAccounts.setIamPolicy"], "set-account-policy", become_owner("set-account-policy")),
        (vec!["iam.roles.update"], "update-own-role", vec!["update-own-role"]),
    ];
    for mint in ["getAccessToken", "implicitDelegation", "signBlob", "signJwt", "getOpenIdToken"] {
        let permission: &str = Box::leak(format!("iam.serviceAccounts.{mint}").into_boxed_str());
        rows.push((vec![permission], "mint-token", become_owner("mint-token")));
    }
    for launcher in [
        "compute.instances.create",
        "cloudfunctions.functions.create",
        "cloudfunctions.functions.update",
        "run.services.create",
        "run.services.update",
        "run.jobs.create",
        "run.jobs.update",
        "cloudbuild.builds.create",
        "cloudscheduler.jobs.create",
        "dataflow.jobs.create",
        "dataproc.clusters.create",
        "composer.environments.create",
        "workflows.workflows.create",
        "batch.jobs.create",
    ] {
        rows.push((vec!["iam.serviceAccounts.actAs", launcher], "launch-as", become_owner("launch-as")));
    }
    for (bind, on) in [
        ("bind", "clusterRoleBindings.create"),
        ("bind", "clusterRoleBindings.update"),
        ("escalate", "clusterRoles.create"),
        ("escalate", "clusterRoles.update"),
    ] {
        let permissions = [format!("container.clusterRoles.{bind}"), format!("container.{on}")];
        let permissions = permissions.map(|one| &*Box::leak(one.into_boxed_str()));
        rows.push((permissions.to_vec(), "bind-cluster-admin", vec!["bind-cluster-admin"]));
    }
    for (permissions, method, way) in rows {
        let (found, used, by, methods) = first(&permissions);
        assert_eq!(
            (found.as_str(), methods),
            (method, way.iter().map(ToString::to_string).collect()),
            "{permissions:?}"
        );
        assert_eq!(used, permissions);
        assert_eq!(by, [format!("{ROLE} on projects/p")], "{permissions:?}");
    }
}

#[test]
fn who_sets_the_policy_of_the_project_or_of_anything_above_it_owns_it() {
    for (permission, call, scope, place) in [
        ("resourcemanager.projects.setIamPolicy", &PROJECT_POLICY, "p", "projects/p"),
        ("resourcemanager.folders.setIamPolicy", &FOLDER_POLICY, "folders/7", "folders/7"),
        ("resourcemanager.organizations.setIamPolicy", &ORGANIZATION_POLICY, "organizations/9", "organizations/9"),
    ] {
        let mut world = World::tidy();
        let role = "organizations/9/roles/held";
        world.role(role, &[permission]);
        world.put(call, scope, &[], policy(&[(role, &account(NODE))]));
        let owns = standing(&world.only(), NODE).administrator;
        assert_eq!(owns, Some((Certainty::Certain, vec![format!("{role} on {place}").into()])), "{permission}");
    }
}

#[test]
fn half_of_what_a_method_needs_leads_nowhere() {
    for half in [
        "iam.serviceAccounts.actAs",
        "compute.instances.create",
        "compute.instances.setMetadata",
        "container.clusterRoles.bind",
        "container.clusterRoleBindings.create",
        "cloudbuild.builds.create",
    ] {
        let cluster = with(&[half]).only();
        assert_eq!(methods(&way_of(&cluster, NODE)), <[&str; 0]>::default(), "{half}");
    }
}

/// The ways of the machines' account when it rules the project's pools and the owner trusts this member.
fn forged(trusted: &str) -> Vec<String> {
    let mut world = with(&["iam.workloadIdentityPoolProviders.update"]);
    let bound = policy(&[("roles/iam.workloadIdentityUser", trusted)]);
    world.put(&ACCOUNT_POLICY, "p", &[("account", APP)], bound);
    methods(&way_of(&world.only(), NODE)).iter().map(ToString::to_string).collect()
}

#[test]
fn who_rules_a_pool_of_the_project_signs_in_as_whoever_the_pool_may_be() {
    let pool = "principalSet://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/ci/*";
    assert_eq!(forged(pool), ["forge-federated-identity", "set-project-policy"]);
}

#[test]
fn the_pools_of_other_projects_and_those_that_google_keeps_for_clusters_are_not_theirs_to_rule() {
    for member in [
        "principalSet://iam.googleapis.com/projects/77/locations/global/workloadIdentityPools/ci/*",
        "principalSet://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/p.svc.id.goog/*",
        "user:somebody@x.example",
    ] {
        assert!(forged(member).is_empty(), "{member}");
    }
}

/// A machine of no cluster that carries the application's account.
fn bastion() -> Value {
    let mut machine = node(false, false);
    machine["id"] = json!("2002");
    machine["name"] = json!("bastion");
    machine["labels"] = json!({});
    machine["tags"] = json!({});
    machine["metadata"] = json!({});
    machine["serviceAccounts"] = json!([{ "email": APP }]);
    machine
}

#[test]
fn root_on_any_machine_of_the_project_is_whoever_that_machine_is() {
    for permissions in [
        &["compute.instances.osAdminLogin"] as &[&str],
        &["osconfig.patchJobs.exec"],
        &["iam.serviceAccounts.actAs", "compute.instances.setMetadata"],
        &["iam.serviceAccounts.actAs", "compute.projects.setCommonInstanceMetadata"],
    ] {
        let mut world = with(permissions);
        assert_eq!(methods(&way_of(&world.only(), NODE)), <[&str; 0]>::default(), "no machine is the owner");
        let machines = json!({ "items": { "zones/europe-west1-b": { "instances": [node(false, false), bastion()] } } });
        world.put(&INSTANCES, "p", &[], machines);
        let way = way_of(&world.only(), NODE);
        assert_eq!(methods(&way), ["root-on-machine", "set-project-policy"], "{permissions:?}");
        assert_eq!(way[0].permissions, permissions);
        // A list nobody read may hold such a machine.
        world.fail(&INSTANCES, FailureReason::Denied);
        let doubt = standing(&world.only(), NODE).administrator;
        let Some((Certainty::Conditional(on), _)) = doubt else { panic!("{doubt:?}") };
        assert!(on.iter().any(|what| what.contains("grant `compute.instances.list`")), "{on:?}");
    }
}

#[test]
fn who_runs_pods_runs_them_in_every_cluster_of_the_project() {
    for permission in [
        "container.pods.create",
        "container.deployments.create",
        "container.daemonSets.create",
        "container.statefulSets.create",
        "container.jobs.create",
        "container.cronJobs.create",
        "container.replicaSets.create",
        "container.replicationControllers.create",
        "container.deployments.update",
        "container.daemonSets.update",
        "container.statefulSets.update",
        "container.cronJobs.update",
        "container.replicaSets.update",
        "container.replicationControllers.update",
        "container.pods.exec",
        "container.pods.attach",
    ] {
        let mut world = with(&[permission]);
        let mut other = world::cluster();
        other["name"] = json!("other");
        other["nodePools"][0]["config"] =
            json!({ "serviceAccount": APP, "workloadMetadataConfig": { "mode": "GCE_METADATA" } });
        world.put(&CLUSTERS_LIST, "p", &[], json!({ "clusters": [world::cluster(), other] }));
        let clusters = world.inventory().clusters;
        let here = clusters.iter().find(|cluster| cluster.name == "c").unwrap();
        let way = way_of(here, NODE);
        assert_eq!(methods(&way), ["run-workload", "set-project-policy"], "{permission}");
        assert_eq!(way[0].permissions, [permission]);
        assert_eq!(way[0].by[0].as_str(), format!("{ROLE} on projects/p"));
    }
}

#[test]
fn a_cluster_nobody_could_list_may_hold_pods_that_lead_further() {
    let mut world = with(&["container.pods.create"]);
    world.put(&CLUSTERS_LIST, "p", &[], json!({ "clusters": [world::cluster()], "missingZones": ["europe-west1-d"] }));
    let doubt = standing(&world.only(), NODE).administrator;
    let Some((Certainty::Conditional(on), _)) = doubt else { panic!("{doubt:?}") };
    assert!(on.iter().any(|what| what.contains("europe-west1-d")), "{on:?}");
}

#[test]
fn deployment_manager_leads_wherever_the_agent_of_the_apis_leads() {
    let agent = "42@cloudservices.gserviceaccount.com";
    for permission in ["deploymentmanager.deployments.create", "deploymentmanager.deployments.update"] {
        let mut world = with(&[permission]);
        let held = [(ROLE, account(NODE)), ("roles/owner", account(APP)), ("roles/editor", account(agent))];
        let held: Vec<(&str, &str)> = held.iter().map(|(role, member)| (*role, member.as_str())).collect();
        world.bind(&held);
        let way = way_of(&world.only(), NODE);
        assert_eq!(methods(&way)[0], "deployment-manager", "{permission}");
        assert_eq!(way[0].to, Node::Identity(agent.into()));
        assert_eq!(way.last().unwrap().to, Node::Administrator);
        assert_eq!(way[1].by[0].as_str(), "roles/editor on projects/p");
    }
}

#[test]
fn a_key_for_storage_gives_what_some_account_may_do_there_and_nothing_else() {
    let held = |world: &World| -> Vec<(Capability, Vec<String>)> {
        let held = standing(&world.only(), NODE).held;
        held.into_iter().map(|held| (held.capability, held.actions)).collect()
    };
    let mut world = with(&["storage.hmacKeys.create"]);
    assert_eq!(held(&world), [], "no account may do anything in storage");
    let bindings = [(ROLE, account(NODE)), ("roles/storage.admin", account(APP))];
    world.bind(&bindings.iter().map(|(role, member)| (*role, member.as_str())).collect::<Vec<_>>());
    let key = || vec!["storage.hmacKeys.create".to_owned()];
    assert_eq!(held(&world), [(Capability::ExfiltrateStorage, key()), (Capability::DestroyStorage, key())]);
}

#[test]
fn what_is_no_step_of_its_own_is_a_capability() {
    for (permission, capability) in [
        ("orgpolicy.policy.set", Capability::WeakenGuardrails),
        ("container.secrets.get", Capability::ReadClusterSecrets),
        ("container.secrets.list", Capability::ReadClusterSecrets),
        ("container.clusters.update", Capability::OpenControlPlane),
        ("artifactregistry.repositories.uploadArtifacts", Capability::PushImage),
        ("secretmanager.versions.access", Capability::ReadCloudSecrets),
        ("cloudkms.cryptoKeyVersions.useToDecrypt", Capability::DecryptKms),
    ] {
        let held = standing(&with(&[permission]).only(), NODE).held;
        let found = held.iter().find(|held| held.capability == capability).unwrap_or_else(|| panic!("{permission}"));
        assert_eq!((found.actions.as_slice(), found.certainty.is_certain()), (&[permission.to_owned()][..], true));
        assert_eq!(found.by[0].as_str(), format!("{ROLE} on projects/p"));
    }
}

#[test]
fn a_crowd_that_is_not_followed_to_its_end_is_told() {
    let mut world = with(&["iam.serviceAccounts.getAccessToken"]);
    let mut accounts = Vec::new();
    for number in 0..300 {
        let email = format!("x{number:03}@p.iam.gserviceaccount.com");
        world.put(&ACCOUNT_POLICY, "p", &[("account", &email)], json!({}));
        accounts.push(json!({ "email": email }));
    }
    accounts.extend([NODE, APP].map(|email| json!({ "email": email })));
    world.put(&palisade_gcp::call::ACCOUNTS_LIST, "p", &[], json!({ "accounts": accounts }));
    // With the owner among those that are followed the way is found; without one it is not said that there is none.
    assert_eq!(methods(&way_of(&world.only(), NODE)), ["mint-token", "set-project-policy"]);
    world.bind(&[(ROLE, &account(NODE))]);
    let doubt = standing(&world.only(), NODE).administrator;
    assert!(matches!(doubt, Some((Certainty::Conditional(_), _))), "{doubt:?}");
}
