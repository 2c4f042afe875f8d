//! Who reaches a machine through a load balancer that hands packets on.
#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_gcp::call::{FORWARDING_RULES, INSTANCES, TARGET_POOLS};
use palisade_model::Gap;
use palisade_provider::FailureReason;
use palisade_reach::{AddrSet, Bounds};
use serde_json::{Value, json};
use world::{World, any4, instances, nets, node};

const ADDRESS: &str = "34.90.1.2";

/// A private node whose firewall opens two ports: HTTPS of the balancer's address to some clients, kubelet to everybody.
fn world(rule: &Value, pool: &Value) -> World {
    let mut world = World::tidy();
    world.put(&INSTANCES, "p", &[], instances(&node(false, false)));
    world.firewalls(json!([
        { "name": "k8s-fw-web", "sourceRanges": ["203.0.113.0/24"], "destinationRanges": [ADDRESS],
          "allowed": [{ "IPProtocol": "tcp", "ports": ["443"] }] },
        { "name": "kubelet", "sourceRanges": ["0.0.0.0/0"], "allowed": [{ "IPProtocol": "tcp", "ports": ["10250"] }] },
    ]));
    let held = |field: &str, item: &Value| json!({ "items": { "regions/europe-west1": { field: [item] } } });
    world.put(&FORWARDING_RULES, "p", &[], held("forwardingRules", rule));
    world.put(&TARGET_POOLS, "p", &[], held("targetPools", pool));
    world
}

fn rule(change: impl FnOnce(&mut Value)) -> Value {
    let mut rule = json!({ "name": "web", "region": ".../regions/europe-west1", "IPAddress": ADDRESS, "IPProtocol": "TCP",
        "portRange": "443-443", "loadBalancingScheme": "EXTERNAL",
        "target": ".../regions/europe-west1/targetPools/web" });
    change(&mut rule);
    rule
}

fn pool(machine: &str) -> Value {
    json!({ "name": "web", "region": ".../regions/europe-west1",
        "instances": [format!(".../zones/europe-west1-b/instances/{machine}")] })
}

fn clients() -> AddrSet {
    nets(&["203.0.113.0/24"])
}

fn nobody() -> Bounds<AddrSet> {
    Bounds::exact(AddrSet::empty())
}

#[test]
fn a_private_machine_is_reached_through_the_balancer_on_its_ports_and_on_no_other() {
    let world = world(&rule(|_| ()), &pool("gke-c-pool-0"));
    assert_eq!(world.reach(443), Bounds::exact(clients()));
    assert_eq!(world.reach(10250), nobody());
    assert!(world.exposure().paths.iter().any(|path| path.name.starts_with("forwarding rule web ")));
}

#[test]
fn a_machine_that_is_in_no_pool_is_not_reached() {
    assert_eq!(world(&rule(|_| ()), &pool("another")).reach(443), nobody());
}

#[test]
fn a_pool_that_asks_for_health_sends_perhaps() {
    let mut checked = pool("gke-c-pool-0");
    checked["healthChecks"] = json!([".../global/httpHealthChecks/k8s"]);
    let world = world(&rule(|_| ()), &checked);
    assert_eq!(world.reach(443), Bounds::unknown_within(clients()));
    assert!(world.exposure().limits.iter().any(|limit| limit.contains("load balancer `web`")));
}

#[test]
fn a_backend_service_may_send_to_any_machine_of_its_region_and_to_no_other() {
    let serviced = |region: &str| {
        rule(|rule| {
            rule["region"] = json!(format!(".../regions/{region}"));
            rule["backendService"] = json!(".../backendServices/web");
            rule.as_object_mut().unwrap().remove("target");
        })
    };
    assert_eq!(world(&serviced("europe-west1"), &pool("x")).reach(443), Bounds::unknown_within(clients()));
    assert_eq!(world(&serviced("us-east1"), &pool("x")).reach(443), nobody());
}

#[test]
fn every_port_of_a_balancer_for_all_protocols_is_handed_on() {
    let all = rule(|rule| {
        rule["IPProtocol"] = json!("L3_DEFAULT");
        rule["allPorts"] = json!(true);
        rule.as_object_mut().unwrap().remove("portRange");
    });
    assert_eq!(world(&all, &pool("gke-c-pool-0")).reach(10250), Bounds::exact(any4()));
}

#[test]
fn proxies_and_vpn_gateways_hand_on_no_packet_of_a_client_and_an_internal_balancer_none_of_the_internet() {
    for (scheme, target) in [
        ("EXTERNAL", ".../global/targetHttpsProxies/web"),
        ("EXTERNAL", ".../regions/europe-west1/targetVpnGateways/office"),
        ("EXTERNAL_MANAGED", ".../regions/europe-west1/targetHttpsProxies/web"),
        ("INTERNAL", ".../regions/europe-west1/targetPools/web"),
    ] {
        let rule = rule(|rule| {
            rule["loadBalancingScheme"] = json!(scheme);
            rule["target"] = json!(target);
        });
        assert_eq!(world(&rule, &pool("gke-c-pool-0")).reach(443), nobody(), "{scheme} {target}");
    }
}

#[test]
fn a_balancer_whose_address_or_ports_cannot_be_read_may_be_any() {
    let odd = rule(|rule| {
        rule["IPAddress"] = json!("a-reserved-name");
        rule["portRange"] = json!("https");
    });
    let reach = world(&odd, &pool("gke-c-pool-0")).reach(443);
    assert_eq!(*reach.upper(), clients());
    assert!(reach.lower().is_empty());
}

#[test]
fn balancers_that_were_not_read_may_send_what_the_machines_firewalls_let_in_and_nothing_else() {
    let mut world = world(&rule(|_| ()), &pool("gke-c-pool-0"));
    world.fail(&FORWARDING_RULES, FailureReason::Denied);
    // Nobody knows the balancer's address, so the rule for it may be met as well.
    assert_eq!(world.reach(443), Bounds::unknown_within(clients()));
    assert_eq!(world.reach(10250), Bounds::unknown_within(any4()));
    assert_eq!(world.reach(22), nobody());
    let limits = world.exposure().limits;
    assert!(limits.iter().any(|limit| limit.contains("grant `compute.forwardingRules.list`")), "{limits:?}");
}

#[test]
fn pools_that_were_not_read_leave_open_to_which_machines_a_balancer_sends_and_hide_no_other_way_in() {
    let mut world = world(&rule(|_| ()), &pool("gke-c-pool-0"));
    world.fail(&TARGET_POOLS, FailureReason::Denied);
    let cluster = world.only();
    let exposure = &cluster.pools.get().unwrap()[0].exposure;
    assert_eq!(exposure.gap().and_then(Gap::permission), Some("compute.targetPools.list"));
    // The machine's own address is open for everybody, whatever the balancer does.
    world.put(&INSTANCES, "p", &[], instances(&node(true, false)));
    assert_eq!(world.reach(10250), Bounds::exact(any4()));
    assert_eq!(world.reach(443), Bounds::unknown_within(clients()));
}

#[test]
fn a_pool_without_machines_is_not_known_to_be_closed_where_balancers_were_not_read() {
    for call in [&FORWARDING_RULES, &TARGET_POOLS] {
        let mut world = World::tidy();
        world.put(&INSTANCES, "p", &[], json!({ "items": {} }));
        world.fail(call, FailureReason::Denied);
        let cluster = world.only();
        let pool = &cluster.pools.get().unwrap()[0];
        assert_eq!(pool.exposure.gap().and_then(Gap::permission), Some(call.permission));
        assert!(pool.nodes.get().is_ok());
    }
}

#[test]
fn one_balancer_that_cannot_be_read_may_send_anything_in_its_region_and_hides_no_other() {
    let mut world = world(&rule(|_| ()), &pool("gke-c-pool-0"));
    let odd = |region: &str| json!({ "name": "odd", "region": format!(".../regions/{region}"), "ports": 7 });
    let with = |odd: Value| json!({ "items": { "regions/europe-west1": { "forwardingRules": [rule(|_| ()), odd] } } });
    world.put(&FORWARDING_RULES, "p", &[], with(odd("us-east1")));
    assert_eq!(world.reach(443), Bounds::exact(clients()));
    assert_eq!(world.reach(10250), nobody());
    world.put(&FORWARDING_RULES, "p", &[], with(odd("europe-west1")));
    assert_eq!(world.reach(443), Bounds::exact(clients()), "what the readable one proves stands");
    assert_eq!(world.reach(10250), Bounds::unknown_within(any4()));
    assert!(world.exposure().limits.iter().any(|limit| limit.contains("load balancer `odd` is not known")));
}
