//! What is not read widens the bounds and is named: it is never taken for open and never for closed.
#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_gcp::call::{FIREWALLS, INSTANCES, NETWORK_FIREWALLS, REGION_FIREWALLS, ROUTERS, ROUTES};
use palisade_reach::{AddrSet, Bounds, Family, Protocol};
use serde_json::{Value, json};
use world::{World, any4, instances, nets, node};

fn allow(source: &str) -> Value {
    json!([{ "name": "allow-ssh", "sourceRanges": [source], "allowed": [{ "IPProtocol": "tcp", "ports": ["22"] }] }])
}

/// A policy rule of the network for SSH from everywhere, with changes.
fn policy_rule(action: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut rule = json!({ "priority": 1, "action": action, "direction": "INGRESS",
        "match": { "srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{ "ipProtocol": "tcp", "ports": ["22"] }] } });
    change(&mut rule);
    rule
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` reads better where it stands")]
fn with_policy(kind: &str, rules: Value) -> World {
    let mut world = World::tidy();
    let body = json!({ "firewallPolicys": [{ "name": "policy", "type": kind, "rules": rules }] });
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], body);
    world
}

fn nobody() -> Bounds<AddrSet> {
    Bounds::exact(AddrSet::empty())
}

/// Reachable perhaps, by anybody, and the exposure says why nobody knows.
fn is_open_perhaps(world: &World, because: &str) {
    let reach = world.reach(22);
    assert!(reach.lower().is_empty(), "{because}: {reach:?}");
    assert_eq!(*reach.upper(), any4(), "{because}");
    let limits = world.exposure().limits;
    assert!(limits.iter().any(|limit| limit.contains(because)), "{because}: {limits:?}");
}

#[test]
fn a_rule_whose_source_tags_all_lost_their_meaning_is_no_rule() {
    for action in ["allow", "deny"] {
        let dead = policy_rule(action, |rule| {
            rule["match"]["srcIpRanges"] = json!([]);
            rule["match"]["srcSecureTags"] = json!([{ "name": "tagValues/1", "state": "INEFFECTIVE" }]);
        });
        let mut world = with_policy("HIERARCHY", json!([dead]));
        assert_eq!(world.reach(22), nobody(), "{action}");
        world.firewalls(allow("0.0.0.0/0"));
        assert_eq!(world.reach(22), Bounds::exact(any4()), "{action}");
    }
}

#[test]
fn source_tags_that_mean_something_are_machines_inside_and_never_the_internet() {
    let tagged = policy_rule("allow", |rule| {
        rule["match"]["srcIpRanges"] = json!([]);
        rule["match"]["srcSecureTags"] = json!([{ "name": "tagValues/1", "state": "EFFECTIVE" }]);
    });
    let world = with_policy("NETWORK", json!([tagged]));
    assert_eq!(world.reach(22), nobody());
    let inside = world.exposure().inside.map(|packets| packets.sources(Protocol::TCP, 22));
    // Machines of a peered network may carry the tag as well.
    assert!(inside.lower().is_empty() && inside.upper().contains("172.16.0.9".parse().unwrap()));
}

#[test]
fn a_rule_for_machines_with_secure_tags_may_be_for_this_one() {
    let tagged = policy_rule("deny", |rule| {
        rule["targetSecureTags"] = json!([{ "name": "tagValues/1", "state": "EFFECTIVE" }]);
    });
    let mut world = with_policy("HIERARCHY", json!([tagged]));
    world.firewalls(allow("0.0.0.0/0"));
    is_open_perhaps(&world, "secure tags");
}

#[test]
fn a_rule_for_other_networks_is_left_out_and_one_whose_project_is_a_number_may_be_for_this_one() {
    let rule = |network: &str| policy_rule("deny", |rule| rule["targetResources"] = json!([network]));
    let world = |network: &str| {
        let mut world = with_policy("HIERARCHY", json!([rule(network)]));
        world.firewalls(allow("0.0.0.0/0"));
        world
    };
    let at = |project: &str| format!("https://www.googleapis.com/compute/v1/projects/{project}/global/networks/n");
    assert_eq!(world(&at("p")).reach(22), nobody());
    assert_eq!(world(&at("other")).reach(22), Bounds::exact(any4()));
    is_open_perhaps(&world(&at("42")), "names its networks");
}

#[test]
fn an_inspected_connection_may_pass_or_not() {
    let inspected = policy_rule("apply_security_profile_group", |_| ());
    is_open_perhaps(&with_policy("NETWORK", json!([inspected])), "apply_security_profile_group");
}

#[test]
fn what_an_inspection_may_stop_no_later_rule_lets_in_surely() {
    let inspected = policy_rule("apply_security_profile_group", |_| ());
    let mut world = with_policy("HIERARCHY", json!([inspected]));
    world.firewalls(allow("0.0.0.0/0"));
    is_open_perhaps(&world, "apply_security_profile_group");
}

#[test]
fn a_rule_without_protocols_may_match_anything_or_nothing() {
    let silent = policy_rule("allow", |rule| rule["match"]["layer4Configs"] = json!([]));
    is_open_perhaps(&with_policy("NETWORK", json!([silent])), "names no protocol");
}

#[test]
fn googles_own_policies_come_before_the_networks_rules_wherever_they_are_told() {
    let deny = || json!({ "firewallPolicys": [{ "name": "google", "type": "SYSTEM_GLOBAL", "rules": [policy_rule("deny", |_| ())] }] });
    for (call, params) in [
        (&NETWORK_FIREWALLS, vec![("network", "n")]),
        (&REGION_FIREWALLS, vec![("network", "n"), ("region", "europe-west1")]),
    ] {
        let mut world = World::tidy();
        world.firewalls(allow("0.0.0.0/0"));
        world.put(call, "p", &params, deny());
        assert_eq!(world.reach(22), nobody(), "{}", call.name);
    }
}

#[test]
fn a_kind_of_policy_nobody_knows_the_place_of_may_decide_anything() {
    let mut world = with_policy("FUTURE", json!([policy_rule("deny", |_| ())]));
    world.firewalls(allow("0.0.0.0/0"));
    is_open_perhaps(&world, "does not know");
}

#[test]
fn answers_through_an_appliance_may_get_back_or_not() {
    let mut world = World::tidy();
    world.firewalls(allow("0.0.0.0/0"));
    let route = json!({ "name": "inspect", "network": ".../networks/n", "destRange": "0.0.0.0/0", "priority": 900,
        "nextHopIlb": "10.0.0.9" });
    let out = json!({ "name": "out", "network": ".../networks/n", "destRange": "0.0.0.0/0", "priority": 1000,
        "nextHopGateway": ".../gateways/default-internet-gateway" });
    world.put(&ROUTES, "p", &[], json!({ "items": [route.clone(), out] }));
    is_open_perhaps(&world, "may not let them back");
    // Without any route no answer gets back at all.
    world.put(&ROUTES, "p", &[], json!({ "items": [] }));
    assert_eq!(world.reach(22), nobody());
}

#[test]
fn a_route_with_a_tag_is_for_machines_with_that_tag() {
    let mut world = World::tidy();
    world.firewalls(allow("0.0.0.0/0"));
    let route = |tag: &str| {
        json!({ "items": [{ "name": "out", "network": ".../networks/n", "destRange": "0.0.0.0/0", "tags": [tag],
            "nextHopGateway": ".../gateways/default-internet-gateway" }] })
    };
    world.put(&ROUTES, "p", &[], route("gke-c-node"));
    assert_eq!(world.reach(22), Bounds::exact(any4()));
    world.put(&ROUTES, "p", &[], route("another"));
    assert_eq!(world.reach(22), nobody());
}

#[test]
fn a_router_that_learns_routes_leaves_open_which_way_answers_go() {
    let mut world = World::tidy();
    world.firewalls(allow("0.0.0.0/0"));
    let router = json!({ "name": "office", "network": ".../networks/n", "region": ".../regions/europe-west1",
        "bgpPeers": [{ "name": "peer" }] });
    world.put(&ROUTERS, "p", &[], json!({ "items": { "regions/europe-west1": { "routers": [router] } } }));
    is_open_perhaps(&world, "router `office` learns routes");
}

#[test]
fn destination_ranges_narrow_a_rule_to_some_addresses_of_the_network() {
    let rule = |range: &str| {
        let mut rules = allow("0.0.0.0/0");
        rules[0]["destinationRanges"] = json!([range]);
        rules
    };
    let mut world = World::tidy();
    world.firewalls(rule("10.0.0.0/24"));
    assert_eq!(world.reach(22), Bounds::exact(any4()));
    world.firewalls(rule("10.9.0.0/24"));
    assert_eq!(world.reach(22), nobody());
    // An external IPv6 address is the interface's own.
    let mut world = World::tidy();
    world.put(&INSTANCES, "p", &[], instances(&node(false, true)));
    let mut rules = allow("::/0");
    rules[0]["destinationRanges"] = json!(["2001:db8::/64"]);
    world.firewalls(rules);
    assert!(world.reach(22).lower().covers_any(Family::V6, &AddrSet::empty()));
}

#[test]
fn a_rule_that_cannot_be_read_is_not_taken_for_open_or_closed_and_neither_is_its_source() {
    let mut world = World::tidy();
    world.put(
        &FIREWALLS,
        "p",
        &[],
        json!({ "items": [{ "name": "odd", "network": ".../networks/n", "priority": {} }] }),
    );
    is_open_perhaps(&world, "VPC firewall rule `odd` is not known");
    let mut world = World::tidy();
    world.firewalls(allow("somewhere"));
    let reach = world.reach(22);
    assert!(reach.lower().is_empty() && !reach.upper().is_empty());
    assert!(nets(&["10.0.0.0/8"]).intersect(reach.upper()).is_empty());
}
