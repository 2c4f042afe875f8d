//! The conformance fixtures that other tools get wrong, by their ids.

use crate::scene::{Scene, any4, judged, rule};
use palisade_engine::State;
use palisade_model::{Door, DoorKind, PrivatePath, PublicAccess};
use palisade_reach::{AddrSet, Bounds, Family, Protocol};
use serde_json::{Value, json};

fn with_access(access: Value) -> Scene {
    Scene::with_properties(json!({ "apiServerAccessProfile": access }))
}

/// The verdicts on a scene's cluster, whatever the number of their subjects.
fn verdicts(scene: &Scene, control: &str) -> Vec<State> {
    judged(&scene.read(), control).into_iter().map(|(_, state)| state).collect()
}

#[test]
fn a1_ranges_that_are_the_two_halves_of_the_internet_are_open() {
    let cluster = with_access(json!({ "authorizedIPRanges": ["0.0.0.0/1", "128.0.0.0/1"] })).read();
    let PublicAccess::Open(door) = cluster.api.public.get().unwrap() else { panic!("closed") };
    assert!(door.sources.lower().covers_any(Family::V4, &AddrSet::empty()));
    let halves = with_access(json!({ "authorizedIPRanges": ["0.0.0.0/1", "128.0.0.0/1"] }));
    assert_eq!(verdicts(&halves, "CP-01"), [State::Fail]);
}

#[test]
fn a2_a_private_endpoint_says_nothing_about_nodes() {
    let scene = with_access(json!({ "enablePrivateCluster": true }));
    let cluster = scene.read();
    assert!(matches!(cluster.api.public.get().unwrap(), PublicAccess::Closed { .. }));
    let addresses = cluster.pools.get().unwrap()[0].public_addresses.get().unwrap().clone();
    assert_eq!(addresses.setting, Some(true));
    assert_eq!(addresses.held_by.len(), 1);
    assert_eq!(verdicts(&scene, "CP-01"), [State::Pass]);
    assert_eq!(verdicts(&scene, "CP-03"), [State::Pass]);
    assert_eq!(verdicts(&scene, "ND-01"), [State::Fail]);
}

#[test]
fn a3_vnet_integration_without_public_access_is_private() {
    let mut scene = with_access(json!({ "enableVnetIntegration": true }));
    scene.cluster["properties"]["publicNetworkAccess"] = json!("Disabled");
    let cluster = scene.read();
    assert!(matches!(cluster.api.public.get().unwrap(), PublicAccess::Closed { .. }));
    assert!(matches!(cluster.api.private_path.get().unwrap(), PrivatePath::Present { .. }));
    for control in ["CP-01", "CP-03", "CP-04"] {
        assert_eq!(verdicts(&scene, control), [State::Pass], "{control}");
    }
}

#[test]
fn a4_a_public_name_of_a_private_cluster_leaks_a_name_and_nothing_else() {
    let cluster = with_access(json!({ "enablePrivateCluster": true, "enablePrivateClusterPublicFQDN": true })).read();
    assert!(matches!(cluster.api.public.get().unwrap(), PublicAccess::Closed { .. }));
    let door = Door { kind: DoorKind::PublicName, name: "k.hcp.westeurope.azmk8s.io".to_owned() };
    assert_eq!(cluster.api.doors.get().unwrap(), &vec![door]);
    let quiet = with_access(json!({ "enablePrivateCluster": true, "enablePrivateClusterPublicFQDN": false })).read();
    assert_eq!(quiet.api.doors.get().unwrap(), &Vec::new());
    let named = |published: bool| {
        with_access(json!({ "enablePrivateCluster": true, "enablePrivateClusterPublicFQDN": published }))
    };
    assert_eq!(verdicts(&named(true), "CP-03"), [State::Pass]);
    assert_eq!(verdicts(&named(true), "CP-06"), [State::Fail]);
    assert_eq!(verdicts(&named(false), "CP-06"), [State::Pass]);
}

#[test]
fn z1_all_ports_from_the_internet_include_ssh() {
    let scene = Scene::with_rules(vec![rule(100, "Allow", json!({ "destinationPortRange": "*" }))]);
    assert_eq!(scene.ssh(), Bounds::exact(any4()));
    assert_eq!(scene.reached(Protocol::TCP, 3389), Bounds::exact(any4()));
    for control in ["ND-02", "ND-03"] {
        assert_eq!(verdicts(&scene, control), [State::Fail], "{control}");
    }
}

#[test]
fn z2_plural_fields_are_read() {
    let plural = json!({
        "sourceAddressPrefix": null, "sourceAddressPrefixes": ["203.0.113.0/24", "198.51.100.0/24"],
        "destinationPortRange": null, "destinationPortRanges": ["22", "3389"],
    });
    let scene = Scene::with_rules(vec![rule(100, "Allow", plural)]);
    assert_eq!(scene.ssh(), Bounds::exact(palisade_testkit::nets(&["203.0.113.0/24", "198.51.100.0/24"])));
    assert_eq!(verdicts(&scene, "ND-02"), [State::Fail]);
}

#[test]
fn z3_a_deny_of_higher_priority_closes() {
    let scene = Scene::with_rules(vec![
        rule(300, "Allow", json!({})),
        rule(200, "Deny", json!({ "sourceAddressPrefix": "*", "destinationPortRange": "*", "protocol": "*" })),
    ]);
    assert_eq!(scene.ssh(), Bounds::exact(AddrSet::empty()));
    for control in ["ND-02", "ND-03"] {
        assert_eq!(verdicts(&scene, control), [State::Pass], "{control}");
    }
}
