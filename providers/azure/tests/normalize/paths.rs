//! The ways in are the answer: what gets through them together is what the exposure says.

use crate::{
    scene::{Scene, rule},
    tenant::Tenant,
};
use palisade_azure::normalize;
use palisade_model::Exposure;
use palisade_reach::{Bounds, Packet, PacketSet, Path, Printer, Protocol, Sessions, proofs};
use palisade_simulator::World;
use serde_json::json;

/// The paths' sessions lie between the bounds, and are the bounds where those are exact.
pub(crate) fn agree(exposure: &Exposure) {
    let sessions: Vec<Sessions> = exposure.paths.iter().map(Path::sessions).collect();
    let united = |pick: fn(&Sessions) -> &Bounds<PacketSet>| {
        let nothing = Bounds::exact(PacketSet::empty());
        sessions.iter().fold(nothing, |all, one| all.union(pick(one)))
    };
    for (found, told) in
        [(united(|one| &one.any_port), &exposure.internet), (united(|one| &one.ordinary), &exposure.ordinary)]
    {
        assert!(told.lower().subtract(found.lower()).is_empty(), "{found:?} misses some of {told:?}");
        assert!(found.upper().subtract(told.upper()).is_empty(), "{found:?} exceeds {told:?}");
        if told.is_exact() {
            assert_eq!(&found, told);
        }
    }
}

fn why(scene: &Scene, source: &str, port: u16) -> String {
    let paths = scene.exposure().paths;
    assert_eq!(paths.len(), 1);
    paths[0].why(Packet { source: source.parse().unwrap(), protocol: Protocol::TCP, port }).fate.to_string()
}

#[test]
fn the_ways_into_the_story_say_what_its_exposures_say() {
    let tenant = Tenant(World::acme().unwrap().azure);
    let mut open = 0;
    for subscription in tenant.subscriptions() {
        for cluster in normalize(&tenant.snapshot(&subscription)).clusters {
            for pool in cluster.pools.get().into_iter().flatten() {
                for exposure in pool.exposure.get().into_iter().flatten() {
                    agree(exposure);
                    open += usize::from(!exposure.internet.upper().is_empty());
                }
            }
        }
    }
    assert!(open > 1, "a story without open nodes tells nothing: {open}");
}

#[test]
fn the_ways_into_a_generated_fleet_say_what_its_exposures_say() {
    let tenant = Tenant(palisade_simulator::azure::generate(11, 40));
    for subscription in tenant.subscriptions() {
        for cluster in normalize(&tenant.snapshot(&subscription)).clusters {
            let pools = cluster.pools.get().into_iter().flatten();
            pools.flat_map(|pool| pool.exposure.get().into_iter().flatten()).for_each(agree);
        }
    }
}

#[test]
fn a_proof_names_the_rule_of_each_security_group() {
    let mut ssh = rule(110, "Allow", json!({ "sourceAddressPrefix": "203.0.113.0/24" }));
    ssh["name"] = json!("allow-ssh-from-offices");
    let scene = Scene { subnet_rules: Some(vec![rule(100, "Allow", json!({}))]), ..Scene::with_rules(vec![ssh]) };
    let lines = Printer::default().proofs(&proofs(&scene.exposure().paths), Protocol::TCP);
    let through = "its own public address, nsg subnet-nsg rule 100 r100, nsg nic-nsg rule 110 allow-ssh-from-offices";
    assert_eq!(lines, [format!("22 from 203.0.113.0/24 (256 addresses) through {through}")]);
    let stopped = why(&scene, "198.51.100.1", 22);
    assert_eq!(
        stopped,
        "network security group `nic-nsg` on the interface stops it by nsg nic-nsg default rule DenyAllInBound"
    );
}

#[test]
fn a_standard_address_without_a_security_group_stops_everything() {
    let scene = Scene { interface_rules: None, ..Scene::default() };
    let stopped = "Standard address without a security group stops it: no rule lets it through";
    assert_eq!(why(&scene, "203.0.113.9", 22), stopped);
}

#[test]
fn an_asymmetric_route_is_told_with_its_hop() {
    let route = json!({ "name": "office", "properties": { "addressPrefix": "203.0.113.0/24", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.224.9.4" } });
    let scene = Scene { routes: Some(vec![route]), ..Scene::with_rules(vec![rule(100, "Allow", json!({}))]) };
    let paths = scene.exposure().paths;
    let packet = Packet { source: "203.0.113.9".parse().unwrap(), protocol: Protocol::TCP, port: 22 };
    let told: Vec<String> = paths.iter().map(|path| path.why(packet).fate.to_string()).collect();
    assert!(
        told.iter().all(|fate| fate.starts_with("it cannot be told")) && told[0].contains("10.224.9.4"),
        "{told:?}"
    );
}

#[test]
fn an_admin_rule_for_one_machine_opens_none_of_its_twins() {
    let rule = json!({ "kind": "Custom", "id": "/x/rules/ops", "properties": {
        "access": "AlwaysAllow", "direction": "Inbound", "priority": 10, "protocol": "Tcp",
        "sources": [{ "addressPrefix": "203.0.113.0/24", "addressPrefixType": "IPPrefix" }],
        "destinations": [{ "addressPrefix": "10.224.0.4", "addressPrefixType": "IPPrefix" }],
        "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["22"],
    } });
    let scene = Scene { admin_rules: Some(vec![rule]), others: vec!["10.224.0.5"], ..Scene::default() };
    let pool = scene.pool();
    let exposed = pool.exposure.get().unwrap();
    let open: Vec<(usize, bool)> =
        exposed.iter().map(|one| (one.nodes.len(), !one.internet.upper().is_empty())).collect();
    assert_eq!(open, [(1, true), (1, false)]);
}

#[test]
fn a_packet_that_passes_under_either_reading_of_a_tag_surely_passes() {
    // The route may widen `VirtualNetwork` over the client: then the default rule lets it in, else the written one does.
    let route = json!({ "name": "r", "properties": { "addressPrefix": "128.0.0.0/1", "nextHopType": "Internet" } });
    let written = rule(100, "Allow", json!({ "sourceAddressPrefix": "Internet", "destinationPortRange": "22" }));
    let scene = Scene { routes: Some(vec![route]), ..Scene::with_rules(vec![written]) };
    assert!(scene.ssh().lower().contains("203.0.113.9".parse().unwrap()));
    let https = scene.reached(Protocol::TCP, 443);
    assert!(!https.lower().contains("203.0.113.9".parse().unwrap()));
    assert!(https.upper().contains("203.0.113.9".parse().unwrap()));
    // A written rule for some source ports only is enough, too.
    let ported = json!({ "sourceAddressPrefix": "Internet", "destinationPortRange": "22", "sourcePortRange": "53" });
    let route = json!({ "name": "r", "properties": { "addressPrefix": "128.0.0.0/1", "nextHopType": "Internet" } });
    let scene = Scene { routes: Some(vec![route]), ..Scene::with_rules(vec![rule(100, "Allow", ported)]) };
    let exposure = scene.exposure();
    let client = Packet { source: "203.0.113.9".parse().unwrap(), protocol: Protocol::TCP, port: 22 };
    assert!(exposure.internet.lower().contains(client) && !exposure.ordinary.lower().contains(client));
}

#[test]
fn whether_a_floating_address_is_of_the_internet_hangs_on_routes_of_its_own() {
    // The own outer address may be covered by the tag and the client not, so that neither reading of the client settles it.
    let routes = ["203.0.113.0/24", "20.0.0.0/8"]
        .map(|prefix| json!({ "name": prefix, "properties": { "addressPrefix": prefix, "nextHopType": "Internet" } }));
    let written = json!({ "sourceAddressPrefix": "Internet", "destinationAddressPrefix": "Internet", "destinationPortRange": "*" });
    let mut scene = crate::vectors::balanced(true, vec![rule(100, "Allow", written)]);
    scene.routes = Some(routes.to_vec());
    let https = scene.reached(Protocol::TCP, 443);
    assert!(!https.lower().contains("203.0.113.9".parse().unwrap()), "{https:?}");
    assert!(https.upper().contains("203.0.113.9".parse().unwrap()));
}

#[test]
fn an_admin_rule_that_always_allows_is_the_only_rule_in_its_proof() {
    let rule = json!({ "kind": "Custom", "id": "/x/rules/ops", "properties": {
        "access": "AlwaysAllow", "direction": "Inbound", "priority": 10, "protocol": "Tcp",
        "sources": [{ "addressPrefix": "203.0.113.0/24", "addressPrefixType": "IPPrefix" }],
        "destinations": [{ "addressPrefix": "*", "addressPrefixType": "IPPrefix" }],
        "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["22"],
    } });
    let scene = Scene { admin_rules: Some(vec![rule]), ..Scene::default() };
    let found = proofs(&scene.exposure().paths);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].through(), "its own public address, admin rules of vnet rule 10 ops");
}
