//! The vectors B2 of the semantics that are about a cluster's identities.

use crate::scene::{SUBSCRIPTION, Scene, assignment, cluster_id, id, judged, node_group, role};
use palisade_authority::{Capability, Node, Standing};
use palisade_azure::{GROUP_MEMBERS, normalize};
use palisade_engine::State;
use palisade_model::{Audience, Credential, Dedication, GapReason, IdentityKind, Issuer, Minter, TrustSubject};
use palisade_provider::{Failure, FailureReason, Outcome};
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

/// Method, permissions and grants of a step.
type Step = (String, Vec<String>, Vec<String>);

/// The steps to the administrator.
fn steps(scene: &Scene, kind: IdentityKind) -> Option<Vec<Step>> {
    let path = standing(scene, kind).escalation?;
    let by = |hop: &palisade_authority::Hop| hop.by.iter().map(ToString::to_string).collect();
    Some(path.iter().map(|hop| (hop.method.name().to_owned(), hop.permissions.clone(), by(hop))).collect())
}

/// The scene with one role for the workload, and an owner of the subscription called `boss`.
fn holding(actions: &[&str], scope: &str) -> Scene {
    let mut scene = with_workload(&[("orders-principal", "own", scope), ("boss-principal", "owner", &subscription())]);
    scene.roles.push(role("own", actions, &[], &[]));
    scene
}

fn boss() -> String {
    id("Microsoft.ManagedIdentity/userAssignedIdentities", "boss")
}

#[test]
fn methods_5_12_and_14_hand_an_identity_to_something_that_runs_code() {
    let assign = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";
    for write in [
        "Microsoft.ContainerInstance/containerGroups/write",
        "Microsoft.App/containerApps/write",
        "Microsoft.App/jobs/write",
        "Microsoft.Web/sites/write",
        "Microsoft.Logic/workflows/write",
        "Microsoft.Automation/automationAccounts/write",
        "Microsoft.ContainerRegistry/registries/tasks/write",
        "Microsoft.Resources/deploymentScripts/write",
    ] {
        let found = steps(&holding(&[assign, write], &subscription()), IdentityKind::Workload).unwrap();
        assert_eq!((found[0].0.as_str(), found[1].0.as_str()), ("attach-identity", "assign-role"), "{write}");
        assert_eq!(found[0].1, [assign.to_owned(), write.to_owned()]);
        assert_eq!(found[0].2, [format!("own at {}", subscription())]);
        assert_eq!(steps(&holding(&[write], &subscription()), IdentityKind::Workload), None, "{write} alone");
    }
    let policy = ["Microsoft.Authorization/policyAssignments/write", "Microsoft.Authorization/policyDefinitions/write"];
    let found = steps(&holding(&[assign, policy[0], policy[1]], &subscription()), IdentityKind::Workload).unwrap();
    assert_eq!((found[0].0.as_str(), found[0].1.len()), ("deploy-by-policy", 3));
    assert_eq!(steps(&holding(&policy, &subscription()), IdentityKind::Workload), None);
}

#[test]
fn method_6_on_a_single_machine_becomes_what_it_carries_and_what_it_is() {
    let machine = id("Microsoft.Compute/virtualMachines", "jump");
    for action in [
        "Microsoft.Compute/virtualMachines/runCommand/action",
        "Microsoft.Compute/virtualMachines/extensions/write",
        "Microsoft.Compute/virtualMachines/runCommands/write",
    ] {
        let mut scene = holding(&[action], &machine);
        assert_eq!(steps(&scene, IdentityKind::Workload), None, "no machine carries the owner");
        let carries = json!({ "type": "UserAssigned", "userAssignedIdentities": { boss().to_uppercase(): {} } });
        scene.machines = vec![json!({ "id": machine, "identity": carries })];
        let found = steps(&scene, IdentityKind::Workload).unwrap();
        assert_eq!(found[0], ("run-on-machine".to_owned(), vec![action.to_owned()], vec![format!("own at {machine}")]));
        assert_eq!(
            (found[1].0.as_str(), found[1].2[0].as_str()),
            ("assign-role", format!("owner at {}", subscription()).as_str())
        );
    }
    // An identity of the machine's own, which is in no list of identities.
    let mut scene = holding(&["Microsoft.Compute/virtualMachines/runCommand/action"], &machine);
    scene.machines = vec![json!({ "id": machine, "identity": { "type": "SystemAssigned", "principalId": "JUMP" } })];
    assert_eq!(steps(&scene, IdentityKind::Workload), None);
    scene.assignments.push(assignment("jump", "owner", &subscription()));
    let found = steps(&scene, IdentityKind::Workload).unwrap();
    assert_eq!(found.iter().map(|step| step.0.as_str()).collect::<Vec<_>>(), ["run-on-machine", "assign-role"]);
    // It cannot be handed out: rights over identities lead to it nowhere.
    let mut scene = holding(&["Microsoft.ManagedIdentity/*", "Microsoft.Compute/virtualMachines/write"], &machine);
    scene.machines = vec![json!({ "id": machine, "identity": { "type": "SystemAssigned", "principalId": "jump" } })];
    scene.assignments.push(assignment("jump", "owner", &subscription()));
    assert_eq!(steps(&scene, IdentityKind::Workload), None);
}

#[test]
fn method_13_a_runbook_acts_as_the_identity_of_its_automation_account() {
    let account = id("Microsoft.Automation/automationAccounts", "nightly");
    let automation = |name: &str| format!("Microsoft.Automation/automationAccounts/{name}");
    for way in [
        vec!["runbooks/write", "jobs/write"],
        vec!["runbooks/write", "webhooks/write"],
        vec!["runbooks/draft/write", "runbooks/publish/action", "jobSchedules/write"],
    ] {
        let actions: Vec<String> = way.iter().map(|name| automation(name)).collect();
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        let mut scene = holding(&actions, &account);
        scene.automation = vec![json!({ "id": account, "identity": { "userAssignedIdentities": { boss(): {} } } })];
        let found = steps(&scene, IdentityKind::Workload).unwrap();
        assert_eq!(
            (found[0].0.as_str(), found[0].1.as_slice()),
            ("run-runbook", actions.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>().as_slice())
        );
        assert_eq!(found[0].2, [format!("own at {account}")]);
        let lacking = holding(&actions[..1], &account);
        let lacking = Scene { automation: scene.automation.clone(), ..lacking };
        assert_eq!(steps(&lacking, IdentityKind::Workload), None, "{way:?} without its last right");
    }
}

#[test]
fn an_identity_that_a_machine_or_an_automation_account_carries_too_is_shared() {
    let kubelet = crate::scene::node_id("Microsoft.ManagedIdentity/userAssignedIdentities", "K-agentpool");
    let dedication = |scene: &Scene| {
        let cluster = scene.read();
        let identities = cluster.identities.get().unwrap().clone();
        identities.into_iter().find(|one| one.kind == IdentityKind::Node).unwrap().dedication.get().cloned().unwrap()
    };
    let carries = json!({ "userAssignedIdentities": { kubelet: {} } });
    let jump = json!({ "id": id("Microsoft.Compute/virtualMachines", "jump"), "identity": carries });
    let scene = Scene { machines: vec![jump], ..Scene::default() };
    assert_eq!(dedication(&scene), Dedication::Shared { with: vec!["virtual machine `jump`".to_owned()] });
    let account = json!({ "id": id("Microsoft.Automation/automationAccounts", "nightly"), "identity": carries });
    let scene = Scene { automation: vec![account], ..Scene::default() };
    assert_eq!(dedication(&scene), Dedication::Shared { with: vec!["Automation account `nightly`".to_owned()] });
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
fn b2_15_whoever_is_in_a_group_at_any_depth_holds_what_the_group_was_given_above_the_subscription() {
    let above = "/providers/Microsoft.Management/managementGroups/root";
    let mut scene = with_workload(&[]);
    scene.assignments.push(to_group("TEAM", "contributor", above));
    // Microsoft Graph tells members of members too: the identity is in a group within this one.
    scene.members.insert("team".to_owned(), vec!["Orders-Principal"]);
    let cluster = scene.read();
    assert_eq!(cluster.unread_groups.get().unwrap().len(), 0);
    let standing = standing(&scene, IdentityKind::Workload);
    for capability in [Capability::ClusterAdmin, Capability::ExfiltrateStorage, Capability::AssumeAnyIdentity] {
        assert!(holds(&standing, capability), "{capability}");
    }
    let by = &standing.held[0].by[0];
    assert_eq!(by.to_string(), format!("contributor at {above} through group team"));
    assert!(!standing.assumptions.iter().any(|one| one.contains("groups")), "{:?}", standing.assumptions);
    assert_eq!(judged(&cluster, "ID-10"), [("orders".to_owned(), State::Fail)]);
    // In none of the groups.
    scene.members.insert("team".to_owned(), vec!["somebody-else"]);
    let apart = scene.read();
    assert_eq!(judged(&apart, "ID-10"), [("orders".to_owned(), State::Pass)]);
}

#[test]
fn a_group_that_was_asked_about_in_vain_is_a_gap_that_names_the_permission() {
    let mut scene = with_workload(&[]);
    scene.assignments.push(to_group("TEAM", "contributor", &subscription()));
    scene.members.insert("team".to_owned(), Vec::new());
    let mut records = scene.snapshot().records().to_vec();
    for record in records.iter_mut().filter(|record| *record.call == *GROUP_MEMBERS.name) {
        record.outcome = Outcome::Failed(Failure::new(FailureReason::Denied, "no"));
    }
    let cluster = normalize(&crate::laws::with_records(records)).clusters.remove(0);
    let gap = cluster.unread_groups.gap().unwrap();
    assert_eq!(gap.permission(), Some("GroupMember.Read.All"));
    assert_eq!(judged(&cluster, "ID-10")[0].1, State::Unknown);
    // A group that gives nothing of interest was not needed.
    scene.assignments = vec![to_group("TEAM", "acr-pull", &subscription())];
    assert_eq!(judged(&scene.read(), "ID-10"), [("orders".to_owned(), State::Pass)]);
}

#[test]
fn a_denial_for_a_group_stops_those_who_are_in_it_and_nobody_else() {
    let mut scene = scene(&[("kubelet", "owner", &subscription())]);
    scene.denials = vec![json!({ "id": "/d", "properties": { "denyAssignmentName": "d", "scope": subscription(),
        "permissions": [{ "actions": ["*"] }], "principals": [{ "id": "ops", "type": "Group" }] } })];
    let administers =
        |scene: &Scene| standing(scene, IdentityKind::Node).administrator.map(|(certainty, _)| certainty.is_certain());
    assert_eq!(administers(&scene), Some(false), "it may be in the group");
    scene.members.insert("ops".to_owned(), vec!["kubelet"]);
    assert_eq!(administers(&scene), None);
    scene.members.insert("ops".to_owned(), vec!["other"]);
    assert_eq!(administers(&scene), Some(true));
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
