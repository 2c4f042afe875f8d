//! Roles that are proposed, read as Azure reads them and compared with what is given and what is needed, name by name.

use crate::scene::{SUBSCRIPTION, Scene, assignment, node_group, role};
use palisade_azure::{Azure, Settings};
use palisade_provider::{Proposed, Provider};
use proptest::prelude::*;
use serde_json::{Value, json};

const ACTIONS: &[&str] = &[
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Network/networkSecurityGroups/read",
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/elevateAccess/action",
    "Microsoft.ContainerRegistry/registries/pull/read",
    "Microsoft.ContainerRegistry/registries/push/write",
    "Microsoft.Storage/storageAccounts/listKeys/action",
];
const DATA: &[&str] = &[
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
    "Microsoft.ContainerRegistry/registries/repositories/content/read",
];

fn places() -> Vec<String> {
    let here = format!("/subscriptions/{SUBSCRIPTION}");
    vec![
        here.clone(),
        format!("{here}/resourceGroups/other"),
        format!("{here}/resourceGroups/other/providers/Microsoft.ContainerRegistry/registries/one"),
        node_group(),
        format!("{}/providers/Microsoft.Network/networkSecurityGroups/nsg", node_group()),
    ]
}

/// `*` stands for anything, as Azure reads it.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn lies_in(resource: &str, scope: &str) -> bool {
    let (resource, scope) = (resource.to_lowercase(), scope.to_lowercase());
    resource == scope || resource.starts_with(&format!("{}/", scope.trim_end_matches('/')))
}

/// Whether a role's lists allow an action.
fn allows(role: &Value, (list, not): (&str, &str), action: &str) -> bool {
    let any = |field: &str| role[field].as_array().unwrap().iter().any(|one| matches(one.as_str().unwrap(), action));
    any(list) && !any(not)
}

fn proposed(scene: &Scene, id: &str) -> Proposed {
    Azure::new(Settings::new("t")).propose(&scene.snapshot(), id).unwrap().unwrap()
}

/// Whether the proposal allows an action on a resource.
fn proposes(document: &Value, lists: (&str, &str), action: &str, resource: &str) -> bool {
    document.as_array().unwrap().iter().any(|one| {
        // A role is kept in a resource group or above, and assigned there or below.
        let kept = one["role"]["AssignableScopes"][0].as_str().unwrap();
        assert!(lies_in(one["assignment"]["scope"].as_str().unwrap(), kept) && kept.split('/').count() <= 5, "{kept}");
        lies_in(resource, one["assignment"]["scope"].as_str().unwrap()) && allows(&one["role"], lists, action)
    })
}

/// What the control plane needs in this scene: everything but access in its node resource group, and to hand out the nodes'
/// identity, which is in that group too.
fn is_needed_by_the_control_plane(action: &str, resource: &str) -> bool {
    let manages_access = action.starts_with("Microsoft.Authorization/")
        && (action.ends_with("/write") || action == "Microsoft.Authorization/elevateAccess/action");
    let of_network = action.starts_with("Microsoft.Network/")
        || action.starts_with("Microsoft.Authorization/") && action.ends_with("/read");
    let network =
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/vnet");
    lies_in(resource, &node_group()) && !manages_access || lies_in(resource, &network) && of_network
}

/// A role that is given: actions, what is left out of them, data actions, and at which of the places.
type Given = (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>, usize);

fn given() -> impl Strategy<Value = Vec<Given>> {
    let action = prop_oneof![
        2 => Just("*"),
        2 => Just("*/read"),
        1 => Just("Microsoft.Network/*"),
        1 => Just("Microsoft.Compute/*/write"),
        4 => prop::sample::select(ACTIONS.to_vec()),
    ];
    let not =
        prop_oneof![Just("Microsoft.Authorization/*/write"), Just("Microsoft.Network/*"), Just("*/listKeys/action")];
    let data = prop_oneof![Just("*"), prop::sample::select(DATA.to_vec())];
    let one = (
        prop::collection::vec(action, 1..4),
        prop::collection::vec(not, 0..2),
        prop::collection::vec(data, 0..2),
        0..places().len(),
    );
    prop::collection::vec(one, 0..4)
}

fn scene(principal: &str, given: &[Given]) -> Scene {
    let mut scene = Scene::default();
    for (place, (actions, not, data, at)) in given.iter().enumerate() {
        scene.roles.push(role(&format!("r{place}"), actions, not, data));
        scene.assignments.push(assignment(principal, &format!("r{place}"), &places()[*at]));
    }
    scene
}

/// Whether one of the roles that are given allows it.
fn is_given(given: &[Given], (action, is_data): (&str, bool), resource: &str) -> bool {
    given.iter().any(|(actions, not, data, at)| {
        let any = |patterns: &[&str]| patterns.iter().any(|pattern| matches(pattern, action));
        let allowed = if is_data { any(data) } else { any(actions) && !any(not) };
        allowed && lies_in(resource, &places()[*at])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_proposal_covers_the_need_and_nothing_beyond_it(given in given()) {
        let scene = scene("control-plane", &given);
        let proposed = proposed(&scene, "control-plane");
        let loose = proposed.notes.iter().any(|note| note.contains("allows more than is needed"));
        let control = ACTIONS.iter().map(|action| (*action, false));
        for (action, is_data) in control.chain(DATA.iter().map(|action| (*action, true))) {
            let lists = if is_data { ("DataActions", "NotDataActions") } else { ("Actions", "NotActions") };
            for resource in places() {
                let now = is_given(&given, (action, is_data), &resource);
                let needed = !is_data && is_needed_by_the_control_plane(action, &resource);
                let then = proposes(&proposed.document, lists, action, &resource);
                prop_assert!(!then || now, "{} on {} is not given today: {:?}", action, resource, proposed);
                prop_assert!(then || !(now && needed), "{} on {} is needed: {:?}", action, resource, proposed);
                prop_assert!(loose || !then || needed, "{} on {} is not needed: {:?}", action, resource, proposed);
            }
        }
    }
}

#[test]
fn nodes_keep_the_images_of_the_registry_they_were_given_and_lose_the_rest() {
    let given =
        [(vec!["Microsoft.ContainerRegistry/registries/pull/read"], vec![], vec![], 2), (vec!["*"], vec![], vec![], 1)];
    let proposed = proposed(&scene("kubelet", &given), "kubelet");
    let registry = places()[2].to_lowercase();
    let pull = "Microsoft.ContainerRegistry/registries/pull/read";
    assert!(proposes(&proposed.document, ("Actions", "NotActions"), pull, &registry), "{proposed:?}");
    assert!(!proposes(
        &proposed.document,
        ("Actions", "NotActions"),
        "Microsoft.Compute/virtualMachines/write",
        &places()[1]
    ));
    assert_eq!(proposed.document[0]["assignment"]["principalId"], "kubelet");
}

#[test]
fn what_hangs_on_a_condition_is_named_and_never_given_without_it() {
    let mut scene = scene("control-plane", &[(vec!["*"], vec![], vec![], 3)]);
    scene.assignments[0]["properties"]["condition"] = json!("@Resource[x:y] StringEquals {'z'}");
    let proposed = proposed(&scene, "control-plane");
    assert_eq!(proposed.document, json!([]));
    assert!(proposed.notes.iter().any(|note| note.starts_with("keep r0 at")), "{:?}", proposed.notes);
}

#[test]
fn what_nobody_records_is_not_proposed_and_an_identity_of_nobody_is_no_identity() {
    let azure = Azure::new(Settings::new("t"));
    let mut scene = Scene::default();
    scene.cluster["properties"]["addonProfiles"] =
        json!({ "azurepolicy": { "enabled": true, "identity": { "objectId": "p", "resourceId": "/x/p" } } });
    assert!(azure.propose(&scene.snapshot(), "p").unwrap().is_err());
    assert_eq!(azure.propose(&scene.snapshot(), "nobody"), None);
}
