//! The Azure vectors of the specification, said in the neutral vocabulary. Each test is named for its vector.

use palisade_authority::{
    Authority, Capability, Certainty, Decision, DenyReason, Glob, Grant, Layer, LayerKind, Need, Selector,
    capabilities, excess,
};

const EXPLICIT: fn(&str) -> Decision = |id| Decision::Deny { by: DenyReason::Explicit(id.into()) };
const IMPLICIT: Decision = Decision::Deny { by: DenyReason::Implicit };

fn allowed(by: &str) -> Decision {
    Decision::Allow { by: vec![by.into()] }
}

const S: &str = "/subscriptions/S";
const G: &str = "/subscriptions/S/resourceGroups/G";
const OTHER: &str = "/subscriptions/S/resourceGroups/other";
const M: &str = "/subscriptions/S/resourceGroups/M";

fn role(actions: &[&str], not_actions: &[&str]) -> Selector {
    Selector::of_except(actions.iter().map(|a| Glob::insensitive(a)), not_actions.iter().map(|a| Glob::insensitive(a)))
}

fn contributor() -> Selector {
    role(
        &["*"],
        &[
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/elevateAccess/Action",
        ],
    )
}

fn at(scope: &str) -> Selector {
    Selector::of([Glob::insensitive(scope), Glob::insensitive(&format!("{scope}/*"))])
}

fn only_at(scope: &str) -> Selector {
    Selector::of([Glob::insensitive(scope)])
}

fn assignments(grants: Vec<Grant>) -> Layer {
    Layer::new("role assignments", LayerKind::Grants, grants)
}

fn denials(grant: Grant) -> Layer {
    Layer::new("deny assignments", LayerKind::Denials, [grant])
}

fn below(scope: &str, resource: &str) -> String {
    format!("{scope}/providers/{resource}")
}

#[test]
fn b2_01_an_assignment_reaches_its_scope_and_no_further() {
    let identity = Authority::new(vec![assignments(vec![
        Grant::allow("reader at S", role(&["*/read"], &[]), at(S)),
        Grant::allow("contributor at G", contributor(), at(G)),
    ])]);
    let write = "Microsoft.Compute/virtualMachines/write";
    let machine = "Microsoft.Compute/virtualMachines/vm";
    assert_eq!(identity.decide(write, &below(G, machine)), allowed("contributor at G"));
    assert_eq!(identity.decide(write, &below(OTHER, machine)), IMPLICIT);
    let read = identity.decide("Microsoft.Compute/virtualMachines/read", &below(OTHER, machine));
    assert_eq!(read, allowed("reader at S"));
}

#[test]
fn b2_02_what_one_role_leaves_out_another_may_give() {
    let identity = Authority::new(vec![assignments(vec![
        Grant::allow("contributor at S", contributor(), at(S)),
        Grant::allow("uaa at G", role(&["*/read", "Microsoft.Authorization/*"], &[]), at(G)),
    ])]);
    let assign = "Microsoft.Authorization/roleAssignments/write";
    assert_eq!(identity.decide(assign, G), allowed("uaa at G"));
    assert_eq!(identity.decide(assign, S), IMPLICIT);
}

#[test]
fn b2_03_a_subtraction_in_one_role_is_no_deny() {
    let identity = Authority::new(vec![assignments(vec![
        Grant::allow("wide", role(&["*"], &["Microsoft.Authorization/*/Write"]), at(S)),
        Grant::allow("narrow", role(&["Microsoft.Authorization/roleAssignments/write"], &[]), at(S)),
    ])]);
    assert_eq!(identity.decide("Microsoft.Authorization/roleAssignments/write", S), allowed("narrow"));
}

#[test]
fn b2_04_a_lockdown_denies_what_a_role_gives() {
    let kubelet = Authority::new(vec![
        assignments(vec![Grant::allow("contributor at M", contributor(), at(M))]),
        denials(Grant::deny("lockdown", role(&["*"], &["*/read"]), at(M))),
    ]);
    let group = below(M, "Microsoft.Network/networkSecurityGroups/nsg");
    assert_eq!(kubelet.decide("Microsoft.Network/networkSecurityGroups/write", &group), EXPLICIT("lockdown"));
    let read = kubelet.decide("Microsoft.Network/networkSecurityGroups/read", &group);
    assert_eq!(read, allowed("contributor at M"));
    let anywhere = kubelet.decide_any_resource("Microsoft.Network/networkSecurityGroups/write");
    assert!(anywhere.is_deny(), "the role reaches nothing the lockdown does not: {anywhere:?}");
}

#[test]
fn b2_05_a_deny_that_spares_the_children_denies_the_scope_alone() {
    let identity = Authority::new(vec![
        assignments(vec![Grant::allow("contributor at S", contributor(), at(S))]),
        denials(Grant::deny("not here", role(&["*"], &["*/read"]), only_at(S))),
    ]);
    assert_eq!(identity.decide("Microsoft.Resources/tags/write", S), EXPLICIT("not here"));
    assert_eq!(identity.decide("Microsoft.Resources/tags/write", G), allowed("contributor at S"));
    let somewhere = identity.decide_any_resource("Microsoft.Resources/tags/write");
    assert_eq!(somewhere, allowed("contributor at S"));
}

#[test]
fn b2_06_account_keys_are_storage_access_without_any_data_action() {
    // Data actions carry a mark of their own, so that no control-plane wildcard matches them.
    const TABLE: &[Need] = &[Need {
        capability: Capability::ExfiltrateStorage,
        any_of: &[&["data!Microsoft.Storage/blobs/read"], &["Microsoft.Storage/storageAccounts/listKeys/action"]],
    }];
    let control_plane = Selector::of_except([Glob::everything()], [Glob::insensitive("data!*")]);
    let owner = Authority::new(vec![assignments(vec![Grant::allow("owner at S", control_plane, at(S))])]);
    let owner = owner.over(Glob::insensitive(&format!("{S}/*")));
    assert_eq!(owner.decide("data!Microsoft.Storage/blobs/read", S), IMPLICIT);
    let held = capabilities(&owner, TABLE);
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].actions, ["Microsoft.Storage/storageAccounts/listKeys/action"]);
    assert_eq!((&held[0].certainty, held[0].everywhere), (&Certainty::Certain, true));
}

#[test]
fn b2_07_pulling_from_one_registry_is_not_pulling_any_image() {
    const TABLE: &[Need] = &[Need {
        capability: Capability::PullAnyImage,
        any_of: &[&["Microsoft.ContainerRegistry/registries/pull/read"]],
    }];
    let pull = || role(&["Microsoft.ContainerRegistry/registries/pull/read"], &[]);
    let over = |scope: &str| {
        let kubelet = Authority::new(vec![assignments(vec![Grant::allow("AcrPull", pull(), at(scope))])]);
        let kubelet = kubelet.over(Glob::insensitive(&format!("{S}/*")));
        excess(&kubelet, &capabilities(&kubelet, TABLE), &Authority::none()).capabilities
    };
    assert_eq!(over(&below(G, "Microsoft.ContainerRegistry/registries/r")), []);
    let at_subscription = over(S);
    assert_eq!(at_subscription.len(), 1);
    assert_eq!(at_subscription[0].capability, Capability::PullAnyImage);
}

#[test]
fn b2_08_the_same_role_at_a_wider_scope_is_excess() {
    const TABLE: &[Need] = &[
        Need {
            capability: Capability::ClusterAdmin,
            any_of: &[&["Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"]],
        },
        Need {
            capability: Capability::NodeCodeExecution,
            any_of: &[&["Microsoft.Compute/virtualMachines/runCommand/action"]],
        },
    ];
    let holding = |scope: &str| {
        Authority::new(vec![assignments(vec![Grant::allow("contributor", contributor(), at(scope))])])
            .over(Glob::insensitive(&format!("{S}/*")))
    };
    let need = holding(M);
    let of = |identity: &Authority| excess(identity, &capabilities(identity, TABLE), &need);
    assert_eq!(of(&need).capabilities, []);
    assert_eq!(of(&need).inherent.len(), 2);
    let names: Vec<_> = of(&holding(S)).capabilities.into_iter().map(|held| held.capability).collect();
    assert_eq!(names, [Capability::ClusterAdmin, Capability::NodeCodeExecution]);
}
