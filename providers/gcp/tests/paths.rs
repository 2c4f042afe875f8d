//! The ways in, told layer by layer, say what the exposure says.
#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "support/fleet.rs"]
mod fleet;
#[path = "support/world.rs"]
mod world;

use palisade_gcp::{
    Gcp, Settings,
    call::{INSTANCES, NETWORK_FIREWALLS, ROUTERS},
};
use palisade_model::{Exposure, Inventory};
use palisade_provider::Provider;
use palisade_reach::{Bounds, Packet, PacketSet, Path, Proof, Protocol, proofs};
use palisade_simulator::gcp;
use serde_json::{Value, json};
use world::{World, instances, node, now};

fn union(paths: &[Path]) -> Bounds<PacketSet> {
    let nobody = Bounds::exact(PacketSet::empty());
    paths.iter().fold(nobody, |all, path| all.union(&path.sessions().any_port))
}

/// The paths never promise more than the exposure does, and never rule out what it does not.
fn agree(exposure: &Exposure, whose: &str) {
    let paths = union(&exposure.paths);
    let internet = &exposure.internet;
    assert!(internet.lower().subtract(paths.lower()).is_empty(), "{whose}: the paths are less sure than the exposure");
    assert!(
        paths.lower().subtract(internet.upper()).is_empty(),
        "{whose}: the paths admit what the exposure rules out"
    );
    assert!(paths.upper().subtract(internet.upper()).is_empty(), "{whose}: the paths are wider than the exposure");
    if internet.is_exact() {
        assert_eq!(&paths, internet, "{whose}: both are exact");
    }
}

fn all_agree(inventory: &Inventory) -> usize {
    let mut seen = 0;
    for cluster in &inventory.clusters {
        for pool in cluster.pools.get().unwrap() {
            for exposure in pool.exposure.get().iter().flat_map(|all| all.iter()) {
                agree(exposure, pool.id.as_str());
                seen += exposure.paths.len();
            }
        }
    }
    seen
}

fn ssh() -> Value {
    json!([{ "name": "default-allow-ssh", "priority": 65534, "sourceRanges": ["0.0.0.0/0", "::/0"],
        "allowed": [{ "IPProtocol": "tcp", "ports": ["22"] }] }])
}

fn policy(action: &str, matcher: &Value) -> Value {
    json!({ "firewallPolicys": [{ "shortName": "acme", "type": "HIERARCHY", "rules": [
        { "priority": 100, "action": action, "direction": "INGRESS", "match": matcher }] }] })
}

#[test]
fn in_the_story_of_a_fleet_and_in_a_generated_one() {
    let provider = Gcp::new(Settings::new("fleet"));
    let count = |world: &gcp::World| -> usize {
        fleet::snapshots(world, now()).iter().map(|snapshot| all_agree(&provider.normalize(snapshot))).sum()
    };
    assert!(count(&palisade_simulator::World::acme().unwrap().gcp) > 0);
    assert!(count(&gcp::generate(7, 40)) > 0);
}

#[test]
fn whatever_was_not_read() {
    let tcp = json!([{ "ipProtocol": "tcp", "ports": ["22"] }]);
    let matchers = [
        json!({ "srcIpRanges": ["198.51.100.0/24"], "layer4Configs": tcp }),
        json!({ "srcRegionCodes": ["DE"], "layer4Configs": tcp }),
        json!({ "srcFqdns": ["x.example"], "layer4Configs": tcp }),
        json!({ "srcThreatIntelligences": ["iplist-tor-exit-nodes"], "layer4Configs": tcp }),
        json!({ "srcIpRanges": ["0.0.0.0/0"] }),
    ];
    for (v4, v6) in [(true, false), (false, true), (true, true), (false, false)] {
        for matcher in &matchers {
            for action in ["allow", "deny", "goto_next", "apply_security_profile_group"] {
                for learns in [false, true] {
                    let mut world = World::tidy();
                    world.firewalls(ssh());
                    world.put(&INSTANCES, "p", &[], instances(&node(v4, v6)));
                    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], policy(action, matcher));
                    if learns {
                        let routers = json!([{ "name": "vpn", "network": "global/networks/n", "bgpPeers": [{}] }]);
                        let body = json!({ "items": { "regions/r": { "routers": routers } } });
                        world.put(&ROUTERS, "p", &[], body);
                    }
                    all_agree(&world.inventory());
                }
            }
        }
    }
}

#[test]
fn every_address_is_a_way_and_each_layer_has_its_rule_by_the_name_a_person_knows() {
    let mut world = World::tidy();
    world.firewalls(ssh());
    world.put(&INSTANCES, "p", &[], instances(&node(true, true)));
    let matcher = json!({ "srcIpRanges": ["198.51.100.0/24"], "layer4Configs": [{ "ipProtocol": "all" }] });
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], policy("deny", &matcher));
    let exposure = world.exposure();
    let names: Vec<&str> = exposure.paths.iter().map(|path| &*path.name).collect();
    assert_eq!(
        names,
        ["external IPv4 address in network p/n, europe-west1", "external IPv6 address in network p/n, europe-west1"]
    );
    let through: Vec<String> = proofs(&exposure.paths).iter().map(Proof::through).collect();
    let found = through.iter().any(|text| text.contains("VPC firewall rule default-allow-ssh (priority 65534)"));
    assert!(found, "{through:?}");
    let packet = Packet { source: "198.51.100.7".parse().unwrap(), protocol: Protocol::TCP, port: 22 };
    let trace = exposure.paths.first().unwrap().why(packet);
    assert!(trace.fate.to_string().contains("hierarchical firewall policy acme rule 100"), "{trace}");
}
