//! The vectors B2 of the semantics that are about a cluster's identities.

use crate::scene::{SUBSCRIPTION, Scene, assignment, cluster_id, id, judged, node_group, role};
use palisade_authority::{Capability, Node, Standing};
use palisade_engine::State;
use palisade_model::{Audience, Credential, Dedication, GapReason, IdentityKind, Issuer, Minter, TrustSubject};
use serde_json::{Value, json};

const NOT_ACCESS: &[&str] = &[
    "Microsoft.Authorization/*/Delete",
    "Microsoft.Authorization/*/Write",
    "Microsoft.Authorization/elevateAccess/Action",
];
const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/t/1/";

fn subscription() -> String {
    format!("/subscriptions/{SUBSCRIPTION}")
}

fn roles() -> Vec<Value> {
    vec![
        role("contributor", &["*"], NOT_ACCESS, &[]),
        role("owner", &["*"], &[], &[]),
        role("acr-pull", &["Microsoft.ContainerRegistry/registries/pull/read"], &[], &[]),
        role("identity-operator", &["Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action"], &[], &[]),
        role("vm-contributor", &["Microsoft.Compute/virtualMachines/*"], &[], &[]),
        role(
            "identity-contributor",
            &["Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"],
            &[],
            &[],
        ),
        role(
            "user-credential",
            &["Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"],
            &[],
            &[],
        ),
        role(
            "cluster-admin",
            &[
                "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
                "Microsoft.ContainerService/managedClusters/runcommand/action",
            ],
            &[],
            &[],
        ),
    ]
}

fn scene(assignments: &[(&str, &str, &str)]) -> Scene {
    let assignments = assignments.iter().map(|(who, role, scope)| assignment(who, role, scope)).collect();
    Scene { roles: roles(), assignments, ..Scene::default() }
}

fn standing(scene: &Scene, kind: IdentityKind) -> Standing {
    let cluster = scene.read();
    let identities = cluster.identities.get().unwrap();
    identities.iter().find(|identity| identity.kind == kind).unwrap().standing.get().unwrap().as_ref().clone()
}

fn holds(standing: &Standing, capability: Capability) -> bool {
    standing.held.iter().any(|held| held.capability == capability)
}

#[test]
fn b2_07_images_of_one_registry_are_the_need_and_of_every_registry_are_not() {
    let registry = id("Microsoft.ContainerRegistry/registries", "acr");
    let one = standing(&scene(&[("kubelet", "acr-pull", &registry)]), IdentityKind::Node);
    assert!(!holds(&one, Capability::PullAnyImage));
    assert_eq!(one.outside_need, []);
    let all = standing(&scene(&[("kubelet", "acr-pull", &subscription())]), IdentityKind::Node);
    assert!(holds(&all, Capability::PullAnyImage));
    assert_eq!(all.outside_need.len(), 1);
}

#[test]
fn b2_08_the_control_plane_needs_its_node_group_and_not_the_subscription() {
    let own = standing(&scene(&[("control-plane", "contributor", &node_group())]), IdentityKind::ControlPlane);
    assert_eq!((own.outside_need.len(), &own.administrator), (0, &None));
    // There is no cluster in the node resource group: rights over clusters there are none over this one.
    assert!(!holds(&own, Capability::ClusterAdmin) && holds(&own, Capability::ModifyNetwork));
    let all = standing(&scene(&[("control-plane", "contributor", &subscription())]), IdentityKind::ControlPlane);
    assert_eq!(all.administrator, None);
    assert_eq!(all.outside_need.len(), 1);
    let beyond = &all.outside_need[0].actions;
    for action in [
        "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
        "Microsoft.Compute/virtualMachines/runCommand/action",
        "Microsoft.Storage/storageAccounts/listKeys/action",
        "Microsoft.Compute/snapshots/delete",
    ] {
        assert!(beyond.iter().any(|one| one == action), "{action}: {beyond:?}");
    }
    assert!(!all.wildcards.is_empty());
    for capability in [
        Capability::ClusterAdmin,
        Capability::NodeCodeExecution,
        Capability::ExfiltrateStorage,
        Capability::DeleteBackups,
    ] {
        assert!(holds(&all, capability), "{capability}");
    }
}

/// A workload identity of the cluster, and an identity that owns the subscription.
fn with_workload(assignments: &[(&str, &str, &str)]) -> Scene {
    let mut scene = scene(assignments);
    let credential = json!({ "name": "orders", "properties": {
        "issuer": ISSUER, "subject": "system:serviceaccount:shop:orders", "audiences": ["api://AzureADTokenExchange"],
    } });
    let kind = "Microsoft.ManagedIdentity/userAssignedIdentities";
    scene.identities.insert(id(kind, "orders"), ("orders-principal".to_owned(), vec![credential]));
    scene.identities.insert(id(kind, "boss"), ("boss-principal".to_owned(), Vec::new()));
    scene.cluster["properties"]["oidcIssuerProfile"] = json!({ "enabled": true, "issuerURL": ISSUER });
    scene
}

#[test]
fn b2_09_assigning_identities_with_a_machine_to_put_them_on_is_becoming_them() {
    let scene = with_workload(&[
        ("orders-principal", "identity-operator", &subscription()),
        ("orders-principal", "vm-contributor", &id("x", "g").replace("/providers/x/g", "")),
        ("boss-principal", "owner", &subscription()),
    ]);
    let standing = standing(&scene, IdentityKind::Workload);
    assert!(holds(&standing, Capability::AssumeAnyIdentity));
    let path = standing.escalation.unwrap();
    assert_eq!(path.iter().map(|hop| hop.method.name()).collect::<Vec<_>>(), ["attach-identity", "assign-role"]);
    assert_eq!(path[1].to, Node::Administrator);
}

#[test]
fn b2_10_who_may_federate_an_owner_is_one() {
    let boss = id("Microsoft.ManagedIdentity/userAssignedIdentities", "boss");
    let scene = with_workload(&[
        ("orders-principal", "identity-contributor", &boss),
        ("boss-principal", "owner", &subscription()),
    ]);
    let standing = standing(&scene, IdentityKind::Workload);
    assert_eq!(standing.administrator, None);
    let path = standing.escalation.unwrap();
    assert_eq!(path.iter().map(|hop| hop.method.name()).collect::<Vec<_>>(), ["federate-identity", "assign-role"]);
    // Without anybody to become, the right leads nowhere.
    let alone = with_workload(&[("orders-principal", "identity-contributor", &boss)]);
    assert_eq!(self::standing(&alone, IdentityKind::Workload).escalation, None);
}

#[test]
fn who_runs_code_on_a_machine_becomes_the_identity_that_the_machine_carries() {
    let boss = id("Microsoft.ManagedIdentity/userAssignedIdentities", "boss");
    let runner = &["Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action"];
    let mut scene =
        with_workload(&[("orders-principal", "runner", &node_group()), ("boss-principal", "owner", &subscription())]);
    scene.roles.push(role("runner", runner, &[], &[]));
    assert_eq!(standing(&scene, IdentityKind::Workload).escalation, None, "no machine carries the owner");
    scene.carried = Some(boss.to_uppercase());
    let path = standing(&scene, IdentityKind::Workload).escalation.unwrap();
    assert_eq!(path.iter().map(|hop| hop.method.name()).collect::<Vec<_>>(), ["run-on-machine", "assign-role"]);
    // An identity that is in no list climbs the same way.
    scene.assignments.push(assignment("control-plane", "runner", &node_group()));
    let path = standing(&scene, IdentityKind::ControlPlane).escalation.unwrap();
    assert_eq!(path.iter().map(|hop| hop.method.name()).collect::<Vec<_>>(), ["run-on-machine", "assign-role"]);
}

fn minters(scene: &Scene) -> Vec<(String, usize)> {
    let cluster = scene.read();
    let minter = |minter: &Minter| (minter.principal.clone(), minter.by.len());
    cluster.minters.get().unwrap().iter().map(minter).collect()
}

#[test]
fn b2_11_a_users_credential_is_an_administrators_without_entra_only() {
    let mut scene = scene(&[("ci", "user-credential", &cluster_id())]);
    assert_eq!(minters(&scene), [("ci".to_owned(), 1)]);
    scene.cluster["properties"]["aadProfile"] = json!({ "managed": true });
    assert_eq!(minters(&scene), []);
}

#[test]
fn b2_12_without_local_accounts_commands_still_run() {
    let mut scene = scene(&[("ops", "cluster-admin", &cluster_id().to_uppercase())]);
    scene.cluster["properties"]["aadProfile"] = json!({ "managed": true });
    assert_eq!(minters(&scene), [("ops".to_owned(), 2)]);
    scene.cluster["properties"]["disableLocalAccounts"] = json!(true);
    assert_eq!(minters(&scene), [("ops".to_owned(), 1)]);
    scene.cluster["properties"]["apiServerAccessProfile"] = json!({ "disableRunCommand": true });
    assert_eq!(minters(&scene), []);
}

#[test]
fn roles_elsewhere_mint_nothing_here() {
    let scene = scene(&[("ops", "cluster-admin", &format!("{}2", cluster_id())), ("boss", "owner", &subscription())]);
    assert_eq!(minters(&scene).into_iter().map(|(who, _)| who).collect::<Vec<_>>(), ["boss"]);
}

#[test]
fn a_service_account_becomes_exactly_the_identity_that_names_it() {
    let scene = with_workload(&[]);
    let cluster = scene.read();
    let trusts = cluster.trusts.get().unwrap();
    assert_eq!(trusts.len(), 1);
    let exact = TrustSubject::Exact { namespace: "shop".to_owned(), service_account: "orders".to_owned() };
    assert_eq!(
        (&trusts[0].subject, &trusts[0].audience, &trusts[0].issuer),
        (&exact, &Audience::Checked, &Issuer::ThisCluster)
    );
    assert_eq!(trusts[0].consumers, 1);
    assert_eq!(cluster.external_trusts.get().unwrap(), &Vec::new());
    let workload =
        cluster.identities.get().unwrap().iter().find(|one| one.kind == IdentityKind::Workload).unwrap().clone();
    assert_eq!(workload.other_trust.get().unwrap(), &Vec::<String>::new());
}

#[test]
fn a_second_issuer_is_another_consumer_and_a_party_outside() {
    let mut scene = with_workload(&[]);
    let github = "https://token.actions.githubusercontent.com";
    let (_, credentials) =
        scene.identities.get_mut(&id("Microsoft.ManagedIdentity/userAssignedIdentities", "orders")).unwrap();
    credentials.push(json!({ "name": "ci", "properties": { "issuer": github, "subject": "repo:acme/shop", "audiences": ["api://AzureADTokenExchange"] } }));
    let cluster = scene.read();
    assert_eq!(cluster.trusts.get().unwrap()[0].consumers, 2);
    let external = cluster.external_trusts.get().unwrap();
    assert_eq!(external[0].party, format!("issuer {github}"));
    assert_eq!(external[0].guarded_by.as_deref(), Some("repo:acme/shop"));
}

#[test]
fn an_application_with_a_secret_is_a_stored_secret_and_its_keys_are_not_guessed() {
    let mut scene = Scene::with_properties(json!({ "servicePrincipalProfile": { "clientId": "app-1" } }));
    scene.cluster.as_object_mut().unwrap().remove("identity");
    let cluster = scene.read();
    assert!(matches!(cluster.credential.get().unwrap(), Credential::StoredSecret { .. }));
    let identity = &cluster.identities.get().unwrap()[0];
    assert_eq!(identity.keys.gap().unwrap().reason(), GapReason::NotCollected);
    assert_eq!(identity.standing.gap().unwrap().reason(), GapReason::NotCollected);
}

#[test]
fn an_identity_that_runs_both_the_control_plane_and_the_nodes_is_shared() {
    let kubelet = crate::scene::node_id("Microsoft.ManagedIdentity/userAssignedIdentities", "K-agentpool");
    let mut scene = Scene::default();
    let used = Scene::default().read();
    assert!(used.identities.get().unwrap().iter().all(|one| one.dedication.get().unwrap() == &Dedication::Dedicated));
    scene.cluster["identity"] = json!({ "type": "UserAssigned", "userAssignedIdentities": { kubelet.to_uppercase(): { "principalId": "kubelet" } } });
    let shared = scene.read();
    for identity in shared.identities.get().unwrap() {
        assert!(matches!(identity.dedication.get().unwrap(), Dedication::Shared { .. }), "{:?}", identity.kind);
    }
}

/// The same assignment, to a group.
fn to_group(group: &str, role: &str, scope: &str) -> Value {
    let mut assignment = assignment(group, role, scope);
    assignment["properties"]["principalType"] = json!("Group");
    assignment
}

#[test]
fn b2_15_what_a_group_above_the_subscription_gives_is_told_once_and_lets_no_workload_pass() {
    let above = "/providers/Microsoft.Management/managementGroups/root";
    let mut scene = with_workload(&[]);
    scene.assignments.push(to_group("TEAM", "contributor", above));
    let cluster = scene.read();
    let groups = cluster.unread_groups.get().unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(
        (groups[0].group.as_str(), groups[0].by.as_slice()),
        ("team", &[format!("contributor at {above}").as_str().into()][..])
    );
    for capability in [Capability::ClusterAdmin, Capability::ExfiltrateStorage, Capability::AssumeAnyIdentity] {
        assert!(groups[0].adds.contains(&capability) && groups[0].everywhere.contains(&capability), "{capability}");
    }
    assert_eq!(groups[0].wildcards.len(), 1);
    let standing = standing(&scene, IdentityKind::Workload);
    assert_eq!((&standing.administrator, standing.held.as_slice(), &standing.escalation), (&None, &[][..], &None));
    assert!(standing.assumptions.iter().any(|one| one.contains("none of the groups")), "{:?}", standing.assumptions);
    assert_eq!(
        judged(&cluster, "ID-10"),
        [("members of groups that were not read".to_owned(), State::Unknown)],
        "asked once, whatever the number of identities"
    );
    // What is asked about the identity's own assignments is answered.
    assert_eq!(judged(&cluster, "ID-03"), [("K-agentpool".to_owned(), State::Pass)]);
}

#[test]
fn a_group_that_can_make_nobody_dangerous_puts_nothing_in_doubt() {
    let vault = id("Microsoft.KeyVault/vaults", "kv");
    let mut scene = with_workload(&[]);
    scene.roles.push(role("secrets-user", &[], &[], &["Microsoft.KeyVault/vaults/secrets/getSecret/action"]));
    scene.assignments.push(to_group("devs", "acr-pull", &subscription()));
    scene.assignments.push(to_group("devs", "secrets-user", &vault));
    // Entra signs people in here: a user's credential is no administrator's.
    scene.assignments.push(to_group("devs", "user-credential", &cluster_id()));
    scene.cluster["properties"]["aadProfile"] = json!({ "managed": true });
    let cluster = scene.read();
    let groups = cluster.unread_groups.get().unwrap();
    assert_eq!(groups[0].adds, [Capability::ReadCloudSecrets, Capability::PullAnyImage].into());
    assert_eq!(groups[0].everywhere, [Capability::PullAnyImage].into());
    assert_eq!(judged(&cluster, "ID-10"), [("orders".to_owned(), State::Pass)]);
    scene.cluster["properties"]["aadProfile"] = Value::Null;
    let without_entra = scene.read();
    assert_eq!(judged(&without_entra, "ID-10")[0].1, State::Unknown);
}

#[test]
fn a_group_completes_what_a_workload_lacks_and_is_dangerous_only_then() {
    let mut scene = with_workload(&[]);
    scene.assignments.push(to_group("machines", "vm-contributor", &subscription()));
    let alone = scene.read();
    assert!(!alone.unread_groups.get().unwrap()[0].adds.contains(&Capability::AssumeAnyIdentity));
    scene.assignments.push(assignment("orders-principal", "identity-operator", &subscription()));
    let together = scene.read();
    assert!(together.unread_groups.get().unwrap()[0].adds.contains(&Capability::AssumeAnyIdentity));
    assert_eq!(judged(&together, "ID-10")[0].1, State::Unknown);
}

#[test]
fn a_role_of_a_group_that_nobody_defines_may_give_anything() {
    let mut scene = with_workload(&[]);
    scene.assignments.push(to_group("ghosts", "vanished", &subscription()));
    let cluster = scene.read();
    assert!(!cluster.unread_groups.get().unwrap()[0].wildcards.is_empty());
    assert_eq!(judged(&cluster, "ID-10")[0].1, State::Unknown);
}
