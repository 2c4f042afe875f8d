//! The traps that recorded answers of Azure hold. Number 10 is about ids and stands with them in `src/arm.rs`.

use palisade_azure::{CALLS, CLUSTERS, normalize};
use palisade_model::{Credential, GapReason, Interactive, Inventory, Provider, PublicAccess, Version};
use palisade_provider::permissions;
use palisade_reach::{AddrSet, Family};
use palisade_testkit::SnapshotBuilder;
use serde_json::{Value, json};

const SUBSCRIPTION: &str = "ea42f556-5106-4743-99b0-c129bfa71a47";

fn read(page: Value) -> Inventory {
    normalize(&SnapshotBuilder::new(Provider::Azure, SUBSCRIPTION).answer(&CLUSTERS, SUBSCRIPTION, &[], page).build())
}

fn recorded() -> Value {
    let recording: Value = serde_json::from_str(include_str!("../recordings/c7n-aks-list.json")).unwrap();
    recording.pointer("/interactions/0/response/body/data").unwrap().clone()
}

fn example() -> Value {
    let recording: Value =
        serde_json::from_str(include_str!("../recordings/spec-ManagedClustersList.2026-06-01.json")).unwrap();
    recording.pointer("/responses/200/body").unwrap().clone()
}

#[test]
fn trap_11_an_old_answer_without_an_access_profile_is_open_to_everyone_once_it_is_made() {
    let creating = read(recorded());
    assert_eq!(creating.clusters[0].api.public.gap().unwrap().reason(), GapReason::Unsupported);
    let mut page = recorded();
    page["value"][0]["properties"]["provisioningState"] = json!("Succeeded");
    let inventory = read(page);
    let cluster = &inventory.clusters[0];
    let PublicAccess::Open(door) = cluster.api.public.get().unwrap() else { panic!("closed") };
    assert!(door.sources.lower().covers_any(Family::V4, &AddrSet::empty()));
    // The id is kept as it was written, in lower case.
    assert!(cluster.id.as_str().contains("/resourcegroups/test-aks/"));
    assert_eq!(cluster.version.get().unwrap(), &Version { major: 1, minor: 12 });
    assert!(matches!(cluster.credential.get().unwrap(), Credential::StoredSecret { .. }));
    // Machines of an availability set are not in scale sets: unknown, and not none.
    let pool = &cluster.pools.get().unwrap()[0];
    assert_eq!(pool.nodes.gap().unwrap().reason(), GapReason::NotCollected);
}

#[test]
fn trap_12_a_page_that_calls_its_list_otherwise_is_no_empty_list() {
    let inventory = read(json!({ "values": [] }));
    assert_eq!(inventory.clusters, []);
    assert_eq!(inventory.unseen[0].gap.reason(), GapReason::Malformed);
}

#[test]
fn trap_13_what_the_official_list_leaves_out_has_its_documented_default_or_is_unknown() {
    let inventory = read(example());
    let cluster = &inventory.clusters[0];
    let pool = &cluster.pools.get().unwrap()[0];
    assert!(matches!(pool.interactive.get().unwrap(), Interactive::Keys { .. }));
    assert_eq!(pool.metadata.gap().unwrap().reason(), GapReason::Unsupported);
    assert!(!cluster.api.tunnels.get().is_ok_and(Vec::is_empty), "command invoke is on unless it is switched off");
}

#[test]
fn trap_14_resource_graph_with_its_two_shapes_and_texts_for_booleans_is_not_asked() {
    assert!(permissions(CALLS).iter().all(|permission| !permission.starts_with("Microsoft.ResourceGraph/")));
}

#[test]
fn a_cluster_that_cannot_be_read_hides_no_other_and_keeps_its_name() {
    let mut page = recorded();
    let mut odd = page["value"][0].clone();
    odd["id"] = json!("/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/odd");
    odd["properties"]["agentPoolProfiles"] = json!("three");
    page["value"].as_array_mut().unwrap().insert(0, odd);
    page["value"].as_array_mut().unwrap().push(json!(7));
    let inventory = read(page);
    let names: Vec<&str> = inventory.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    assert_eq!(names, ["cctestaks", "odd"]);
    assert!(
        inventory.clusters[1]
            .facts()
            .iter()
            .all(|fact| fact.gap.is_some_and(|gap| gap.reason() == GapReason::Malformed))
    );
    assert_eq!(inventory.unseen.len(), 1);
}
