//! What is not listed, cannot be placed or cannot be read: it is a gap of its own, and what else was read stands.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_gcp::call::{
    CLUSTERS_LIST, FIREWALLS, FORWARDING_RULES, INSTANCES, NETWORK_FIREWALLS, NETWORKS, REGION_FIREWALLS, ROUTERS,
    ROUTES, SUBNETWORKS,
};
use palisade_model::{DefaultRoute, Exposure, Gap, Interactive, Pool, PrivateGuard};
use palisade_provider::FailureReason;
use palisade_reach::{AddrSet, Bounds, Protocol};
use serde_json::{Value, json};
use world::{World, any4, nets, node};

fn ssh(source: &str) -> Value {
    json!({ "name": "allow-ssh", "network": ".../networks/n", "direction": "INGRESS", "sourceRanges": [source],
        "allowed": [{ "IPProtocol": "tcp", "ports": ["22"] }] })
}

/// The tidy world with SSH open to everybody.
fn open() -> World {
    let mut world = World::tidy();
    world.firewalls(json!([ssh("0.0.0.0/0")]));
    world
}

fn nobody() -> Bounds<AddrSet> {
    Bounds::exact(AddrSet::empty())
}

fn pool(world: &World) -> Pool {
    world.only().pools.get().unwrap().first().unwrap().clone()
}

fn told(exposure: &Exposure, what: &str) {
    assert!(exposure.limits.iter().any(|limit| limit.contains(what)), "{what}: {:?}", exposure.limits);
}

/// A policy of some kind with one rule for a port from everywhere.
fn policy(kind: &str, action: &str, port: &str) -> Value {
    json!({ "name": "policy", "type": kind, "rules": [{ "priority": 1, "action": action, "direction": "INGRESS",
        "match": { "srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{ "ipProtocol": "tcp", "ports": [port] }] } }] })
}

#[test]
fn a_firewall_rule_that_cannot_be_placed_or_read_may_be_for_this_network() {
    for odd in [
        json!({ "name": "odd", "direction": "INGRESS", "sourceRanges": ["0.0.0.0/0"], "allowed": [{ "IPProtocol": "all" }] }),
        json!({ "name": "odd", "network": ".../networks/n", "sourceRanges": ["0.0.0.0/0"] }),
        json!({ "name": "odd", "network": ".../networks/n", "priority": {}, "allowed": [{ "IPProtocol": "all" }] }),
        json!({ "name": "odd", "network": ".../networks/n", "allowed": "everything" }),
        json!("odd"),
    ] {
        let mut world = World::tidy();
        world.put(&FIREWALLS, "p", &[], json!({ "items": [ssh("203.0.113.0/24"), odd] }));
        let reach = world.reach(22);
        assert!(reach.lower().is_empty(), "{odd}");
        assert_eq!(*reach.upper(), any4(), "{odd}");
        told(&world.exposure(), "/items/1");
        let filters = pool(&world).filters.get().unwrap().clone();
        assert!(filters.open.iter().any(|rule| rule.sources.lower().is_empty() && !rule.sources.upper().is_empty()));
    }
}

#[test]
fn one_that_is_surely_of_another_network_or_off_or_outbound_changes_nothing_that_comes_in() {
    for odd in [
        json!({ "name": "odd", "network": ".../networks/other", "priority": {} }),
        json!({ "name": "odd", "network": ".../networks/n", "priority": {}, "disabled": true }),
        json!({ "name": "odd", "network": ".../networks/n", "priority": {}, "direction": "EGRESS" }),
    ] {
        let mut world = World::tidy();
        world.put(&FIREWALLS, "p", &[], json!({ "items": [ssh("203.0.113.0/24"), odd] }));
        assert_eq!(world.reach(22), Bounds::exact(nets(&["203.0.113.0/24"])), "{odd}");
    }
}

#[test]
fn what_a_policy_above_decides_stands_where_the_networks_rules_were_not_read() {
    let mut world = World::tidy();
    let above =
        json!({ "firewallPolicys": [policy("HIERARCHY", "deny", "22"), policy("HIERARCHY", "allow", "10250")] });
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], above);
    world.fail(&FIREWALLS, FailureReason::Denied);
    assert_eq!(world.reach(22), nobody());
    assert_eq!(world.reach(10250), Bounds::exact(any4()));
    assert_eq!(world.reach(443), Bounds::unknown_within(any4()));
    told(&world.exposure(), "grant `compute.firewalls.list`");
    assert_eq!(pool(&world).filters.gap().and_then(Gap::permission), Some("compute.firewalls.list"));
}

#[test]
fn regional_policies_that_were_not_read_come_after_what_hierarchical_ones_decide_and_before_the_rest() {
    let mut world = open();
    let above = json!({ "firewallPolicys": [policy("HIERARCHY", "deny", "10250")] });
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], above);
    world.fail(&REGION_FIREWALLS, FailureReason::Denied);
    assert_eq!(world.reach(10250), nobody());
    // Google's own policies may deny what the rule allows, and the region's may allow what nothing else does.
    assert_eq!(world.reach(22), Bounds::unknown_within(any4()));
    assert_eq!(world.reach(443), Bounds::unknown_within(any4()));
    told(&world.exposure(), "grant `compute.networks.getRegionEffectiveFirewalls`");
}

#[test]
fn where_nothing_that_was_read_decides_anything_it_is_a_gap() {
    for call in [&FIREWALLS, &NETWORK_FIREWALLS] {
        let mut world = World::tidy();
        world.fail(call, FailureReason::Denied);
        assert_eq!(pool(&world).exposure.gap().and_then(Gap::permission), Some(call.permission));
    }
}

#[test]
fn a_machine_without_an_address_is_reached_by_nobody_outside_whatever_the_firewalls_say() {
    for call in [&FIREWALLS, &NETWORK_FIREWALLS, &REGION_FIREWALLS, &ROUTES, &ROUTERS] {
        let mut world = open();
        world.put(&INSTANCES, "p", &[], world::instances(&node(false, false)));
        world.fail(call, FailureReason::Denied);
        assert_eq!(world.reach(22), nobody(), "{}", call.name);
    }
    let mut world = open();
    world.put(&INSTANCES, "p", &[], world::instances(&node(false, false)));
    world.fail(&FIREWALLS, FailureReason::Denied);
    let inside = world.exposure().inside.map(|packets| packets.sources(Protocol::TCP, 22));
    assert!(inside.lower().is_empty() && !inside.upper().is_empty());
    told(&world.exposure(), "grant `compute.firewalls.list`");
}

#[test]
fn a_rule_of_a_policy_that_cannot_be_read_may_decide_anything_and_hides_no_policy_above() {
    let good = policy("HIERARCHY", "deny", "22");
    for rules in [
        json!([{ "priority": {}, "action": "allow" }]),
        json!([{ "action": "allow", "direction": "INGRESS", "match": { "layer4Configs": [{ "ipProtocol": "all" }] } }]),
        json!("surprise"),
    ] {
        let odd = json!({ "name": "lower", "type": "NETWORK", "rules": rules });
        let mut world = World::tidy();
        world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], json!({ "firewallPolicys": [good.clone(), odd] }));
        assert_eq!(world.reach(22), nobody(), "{rules}");
        assert_eq!(world.reach(443), Bounds::unknown_within(any4()), "{rules}");
        told(&world.exposure(), "network firewall policy `lower` is not known");
    }
    let mut world = World::tidy();
    let odd = json!({ "name": "odd", "type": ["HIERARCHY"], "rules": [] });
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], json!({ "firewallPolicys": [odd] }));
    assert_eq!(world.reach(443), Bounds::unknown_within(any4()));
}

#[test]
fn two_policies_of_googles_own_with_one_name_are_both_asked() {
    let with = |port: &str| json!({ "firewallPolicys": [policy("SYSTEM_GLOBAL", "allow", port)] });
    let mut world = World::tidy();
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], with("22"));
    world.put(&REGION_FIREWALLS, "p", &[("network", "n"), ("region", "europe-west1")], with("443"));
    assert_eq!(world.reach(22), Bounds::exact(any4()));
    assert_eq!(world.reach(443), Bounds::exact(any4()));
}

#[test]
fn a_route_that_cannot_be_placed_or_read_may_take_the_answers_another_way() {
    for odd in [
        json!({ "name": "odd", "destRange": "0.0.0.0/0", "nextHopGateway": ".../default-internet-gateway" }),
        json!({ "name": "odd", "network": ".../networks/n", "nextHopGateway": ".../default-internet-gateway" }),
        json!({ "name": "odd", "network": ".../networks/n", "destRange": "everywhere" }),
        json!({ "name": "odd", "network": ".../networks/n", "destRange": "0.0.0.0/0", "priority": "first" }),
    ] {
        let mut world = open();
        world.put(&ROUTES, "p", &[], json!({ "items": [odd] }));
        assert_eq!(world.reach(22), Bounds::unknown_within(any4()), "{odd}");
        told(&world.exposure(), "/items/0");
        assert!(matches!(pool(&world).default_route.gap(), Some(Gap::Malformed { .. })), "{odd}");
        assert!(matches!(pool(&world).egress.gap(), Some(Gap::Malformed { .. })), "it may force everything somewhere");
    }
}

#[test]
fn a_router_that_does_not_say_its_network_may_learn_routes_of_this_one() {
    let mut world = open();
    let router = json!({ "name": "office", "region": ".../regions/europe-west1", "bgpPeers": [{ "name": "peer" }] });
    world.put(&ROUTERS, "p", &[], json!({ "items": { "regions/europe-west1": { "routers": [router] } } }));
    assert_eq!(world.reach(22), Bounds::unknown_within(any4()));
    told(&world.exposure(), "/items/regions~1europe-west1/routers/0");
}

#[test]
fn routes_that_were_not_read_leave_exactly_what_the_firewalls_let_in_open() {
    for call in [&ROUTES, &ROUTERS] {
        let mut world = open();
        world.fail(call, FailureReason::Denied);
        assert_eq!(world.reach(22), Bounds::unknown_within(any4()), "{}", call.name);
        assert_eq!(world.reach(443), nobody(), "{}", call.name);
        told(&world.exposure(), &format!("grant `{}`", call.permission));
        assert_eq!(pool(&world).default_route.gap().and_then(Gap::permission), Some(call.permission));
    }
}

#[test]
fn a_subnetwork_that_cannot_be_placed_or_read_hides_the_networks_own_addresses_and_another_networks_does_not() {
    let subnetworks = |odd: &Value| {
        json!({ "items": { "regions/europe-west1": { "subnetworks": [
            { "network": ".../networks/n", "ipCidrRange": "10.0.0.0/20" }, odd ] } } })
    };
    for odd in [
        json!({ "ipCidrRange": "10.9.0.0/20" }),
        json!({ "network": ".../networks/n", "ipCidrRange": "10.9.0.0-20" }),
        json!({ "network": ".../networks/n", "secondaryIpRanges": [{ "ipCidrRange": "pods" }] }),
        json!({ "network": ".../networks/n", "ipCidrRange": {} }),
    ] {
        let mut world = open();
        world.put(&SUBNETWORKS, "p", &[], subnetworks(&odd));
        assert!(matches!(pool(&world).exposure.gap(), Some(Gap::Malformed { .. })), "{odd}");
    }
    let mut world = open();
    world.put(&SUBNETWORKS, "p", &[], subnetworks(&json!({ "network": ".../networks/other", "ipCidrRange": {} })));
    assert_eq!(world.reach(22), Bounds::exact(any4()));
}

#[test]
fn a_network_that_is_not_listed_or_cannot_be_read_is_a_gap_and_its_neighbour_is_not() {
    let mut world = open();
    world.put(&NETWORKS, "p", &[], json!({ "items": [{ "name": "other" }] }));
    assert!(matches!(pool(&world).exposure.gap(), Some(Gap::Unreachable { .. })));
    world.put(&NETWORKS, "p", &[], json!({ "items": [{ "name": "n", "IPv4Range": [] }] }));
    assert!(matches!(pool(&world).exposure.gap(), Some(Gap::Malformed { .. })));
    world.put(&NETWORKS, "p", &[], json!({ "items": [{ "name": "n" }, { "name": "other", "IPv4Range": [] }] }));
    assert_eq!(world.reach(22), Bounds::exact(any4()));
}

/// The tidy machine and one beside it with a change.
fn with_odd(change: impl FnOnce(&mut Value)) -> World {
    let mut odd = node(true, false);
    odd["id"] = json!("2002");
    odd["name"] = json!("odd");
    change(&mut odd);
    let mut world = open();
    let items = json!({ "items": { "zones/europe-west1-b": { "instances": [node(true, false), odd] } } });
    world.put(&INSTANCES, "p", &[], items);
    world
}

#[test]
fn a_machine_that_cannot_be_read_is_reached_perhaps_and_its_neighbours_are_read() {
    type Change = fn(&mut Value);
    let changes: [Change; 6] = [
        |odd| _ = odd["networkInterfaces"][0].as_object_mut().unwrap().remove("network"),
        |odd| odd["networkInterfaces"][0]["accessConfigs"][0]["natIP"] = json!("an address"),
        |odd| odd["networkInterfaces"][0]["networkIP"] = json!("10.0.0"),
        |odd| odd["serviceAccounts"] = json!([{}]),
        |odd| odd["networkInterfaces"] = json!({}),
        |odd| odd["labels"] = json!(7),
    ];
    for change in changes {
        let world = with_odd(change);
        let pool = pool(&world);
        assert!(matches!(pool.nodes.gap(), Some(Gap::Malformed { .. })));
        let exposures = pool.exposure.get().unwrap();
        let [good, odd] = exposures.as_slice() else { panic!("{exposures:?}") };
        assert_eq!(good.internet.map(|packets| packets.sources(Protocol::TCP, 22)), Bounds::exact(any4()));
        assert!(
            odd.internet.lower().is_empty()
                && odd.internet.upper().contains(palisade_reach::Packet {
                    protocol: Protocol::TCP,
                    source: "192.0.2.1".parse().unwrap(),
                    port: 10250
                })
        );
        told(odd, "machine `odd` is not known");
        // One of the others has a public address and lets everything out: that is proven.
        assert!(pool.public_addresses.get().is_ok_and(|found| found.held_by.len() == 1));
        assert!(matches!(pool.default_route.get(), Ok(DefaultRoute::Internet { .. })));
        assert!(pool.interactive.gap().is_some(), "the odd one may hold a key");
    }
}

#[test]
fn a_machine_of_another_cluster_that_cannot_be_read_changes_nothing_here() {
    let world = with_odd(|odd| {
        odd["labels"]["goog-k8s-cluster-name"] = json!("another");
        odd["networkInterfaces"] = json!({});
    });
    assert!(pool(&world).nodes.get().is_ok());
    assert!(matches!(pool(&world).interactive.get(), Ok(Interactive::Off { .. })));
    assert_eq!(world.exposure().nodes.len(), 1);
}

#[test]
fn a_rule_for_some_addresses_may_be_for_a_machine_that_says_none() {
    let mut rule = ssh("0.0.0.0/0");
    rule["destinationRanges"] = json!(["10.9.0.0/24"]);
    let mut machine = node(true, false);
    machine["networkInterfaces"][0].as_object_mut().unwrap().remove("networkIP");
    let mut world = World::tidy();
    world.firewalls(json!([rule]));
    world.put(&INSTANCES, "p", &[], world::instances(&machine));
    assert_eq!(world.reach(22), Bounds::unknown_within(any4()));
}

#[test]
fn rules_that_hold_something_back_answer_without_routes_and_routes_that_force_without_rules() {
    let deny = json!([{ "name": "no-way-out", "direction": "EGRESS", "denied": [{ "IPProtocol": "all" }] }]);
    let mut world = World::tidy();
    world.firewalls(deny);
    world.fail(&ROUTES, FailureReason::Denied);
    let egress = pool(&world).egress.get().unwrap().clone();
    assert_eq!((egress.unrestricted, egress.forced_through), (None, None));
    let mut world = World::tidy();
    let forced = json!({ "items": [{ "name": "inspect", "network": ".../networks/n", "destRange": "0.0.0.0/0",
        "nextHopIlb": "10.0.0.9" }] });
    world.put(&ROUTES, "p", &[], forced);
    world.fail(&FIREWALLS, FailureReason::Denied);
    assert!(pool(&world).egress.get().unwrap().forced_through.is_some());
    world.fail(&ROUTES, FailureReason::Denied);
    assert_eq!(pool(&world).egress.gap().and_then(Gap::permission), Some("compute.firewalls.list"));
}

#[test]
fn a_cluster_without_a_name_or_a_place_is_not_one_without_machines() {
    for field in ["name", "location"] {
        let mut odd = world::cluster();
        odd.as_object_mut().unwrap().remove(field);
        let mut world = World::tidy();
        world.put(&CLUSTERS_LIST, "p", &[], json!({ "clusters": [world::cluster(), odd] }));
        let clusters = world.inventory().clusters;
        assert_eq!(clusters.iter().filter(|cluster| cluster.pools.gap().is_some()).count(), 1, "{field}");
        assert_eq!(clusters.iter().filter(|cluster| cluster.pools.get().is_ok()).count(), 1, "{field}");
    }
}

#[test]
fn a_block_without_a_prefix_may_let_anybody_to_the_private_endpoint() {
    let mut world = World::tidy();
    world.cluster(|cluster| {
        cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"]["authorizedNetworksConfig"]["cidrBlocks"] =
            json!([{ "displayName": "bastion" }]);
    });
    let guard = world.only().api.private_guard.get().unwrap().clone();
    let PrivateGuard::Filtered { sources, .. } = guard else { panic!("{guard:?}") };
    assert!(!sources.is_exact());
}

#[test]
fn a_balancer_without_a_region_may_be_of_any_unless_it_leads_to_a_proxy() {
    let with = |target: Value| {
        let rule = json!({ "name": "web", "IPAddress": "34.90.1.2", "IPProtocol": "TCP", "portRange": "22-22",
            "loadBalancingScheme": "EXTERNAL", "target": target });
        let mut world = open();
        world.put(&INSTANCES, "p", &[], world::instances(&node(false, false)));
        world.put(&FORWARDING_RULES, "p", &[], json!({ "items": { "global": { "forwardingRules": [rule] } } }));
        world.reach(22)
    };
    assert_eq!(with(json!(".../global/targetHttpsProxies/web")), nobody());
    for target in [json!(".../targetInstances/x"), json!(".../targetPools/x"), Value::Null] {
        assert_eq!(with(target.clone()), Bounds::unknown_within(any4()), "{target}");
    }
}
