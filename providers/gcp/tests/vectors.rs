//! The vectors of our specification of reachability for Google Cloud (V-A3). Those of authority stand beside the code
//! that decides them.
#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_gcp::call::{INSTANCES, NETWORK_FIREWALLS, NETWORKS};
use palisade_model::{DoorKind, EntryKind, PublicAccess};
use palisade_reach::{AddrSet, Bounds, Family, Protocol};
use serde_json::{Value, json};
use world::{World, any4, instances, nets, node};

fn tcp(name: &str, kind: &str, priority: u32, ports: &[&str], source: &str) -> Value {
    json!({ "name": name, "priority": priority, "sourceRanges": [source],
        kind: [{ "IPProtocol": "tcp", "ports": ports }] })
}

fn allow22(source: &str) -> Value {
    tcp("allow-ssh", "allowed", 1000, &["22"], source)
}

fn reach(rules: Value) -> Bounds<AddrSet> {
    World::tidy().firewalls(rules).reach(22)
}

fn exactly(texts: &[&str]) -> Bounds<AddrSet> {
    Bounds::exact(nets(texts))
}

fn nobody() -> Bounds<AddrSet> {
    Bounds::exact(AddrSet::empty())
}

fn policy_of(kind: &str, rules: Value) -> Value {
    let mut rules = rules;
    for rule in rules.as_array_mut().unwrap() {
        rule["direction"] = json!("INGRESS");
    }
    json!({ "firewallPolicys": [{ "name": kind, "type": kind, "rules": rules }] })
}

fn matching(priority: u32, action: &str, source: &str, protocol: &str, ports: &[&str]) -> Value {
    json!({ "priority": priority, "action": action,
        "match": { "srcIpRanges": [source], "layer4Configs": [{ "ipProtocol": protocol, "ports": ports }] } })
}

#[test]
fn a3_01_a_deny_of_higher_priority_wins() {
    assert_eq!(reach(json!([allow22("0.0.0.0/0"), tcp("d", "denied", 900, &["22"], "0.0.0.0/0")])), nobody());
}

#[test]
fn a3_02_at_equal_priority_deny_wins() {
    assert_eq!(reach(json!([allow22("0.0.0.0/0"), tcp("z", "denied", 1000, &["22"], "0.0.0.0/0")])), nobody());
}

#[test]
fn a3_03_a_narrow_deny_takes_its_part_out() {
    let rules =
        json!([tcp("a", "allowed", 2000, &["22"], "0.0.0.0/0"), tcp("d", "denied", 1000, &["22"], "203.0.113.0/24")]);
    assert_eq!(reach(rules), Bounds::exact(any4().subtract(&nets(&["203.0.113.0/24"]))));
}

#[test]
fn a3_04_source_tags_never_mean_the_internet_and_add_to_ranges() {
    let tagged =
        json!({ "name": "t", "sourceTags": ["bastion"], "allowed": [{ "IPProtocol": "tcp", "ports": ["22"] }] });
    assert_eq!(reach(json!([tagged.clone()])), nobody());
    let mut both = tagged;
    both["sourceRanges"] = json!(["203.0.113.0/24"]);
    assert_eq!(reach(json!([both])), exactly(&["203.0.113.0/24"]));
}

#[test]
fn a3_05_targets_and_the_switch_decide_whether_a_rule_is_for_this_machine() {
    let with = |field: &str, value: Value| {
        let mut rule = allow22("0.0.0.0/0");
        rule[field] = value;
        reach(json!([rule]))
    };
    assert_eq!(with("targetTags", json!(["web"])), nobody());
    assert_eq!(with("targetTags", json!(["web", "gke-c-node"])), Bounds::exact(any4()));
    assert_eq!(with("targetServiceAccounts", json!(["n@p.iam.gserviceaccount.com"])), Bounds::exact(any4()));
    assert_eq!(with("targetServiceAccounts", json!(["other@p.iam.gserviceaccount.com"])), nobody());
    assert_eq!(with("disabled", json!(true)), nobody());
}

#[test]
fn a3_06_a_machine_without_an_external_address_is_reached_by_nobody_outside() {
    let mut world = World::tidy();
    world.put(&INSTANCES, "p", &[], instances(&node(false, false)));
    world.firewalls(json!([{ "name": "all", "sourceRanges": ["0.0.0.0/0"], "allowed": [{ "IPProtocol": "all" }] }]));
    assert!(world.exposure().internet.upper().is_empty());
    assert!(!world.exposure().inside.lower().is_empty());
}

#[test]
fn a3_07_without_rules_the_implied_deny_stands() {
    assert_eq!(reach(json!([])), nobody());
}

#[test]
fn a3_08_what_the_organisation_leaves_open_the_folder_may_close() {
    let mut world = World::tidy();
    world.firewalls(json!([allow22("0.0.0.0/0")]));
    let mut policies = policy_of("HIERARCHY", json!([matching(10, "goto_next", "0.0.0.0/0", "all", &[])]));
    let folder = policy_of("HIERARCHY", json!([matching(5, "deny", "0.0.0.0/0", "tcp", &["22"])]));
    policies["firewallPolicys"].as_array_mut().unwrap().push(folder["firewallPolicys"][0].clone());
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], policies);
    assert_eq!(world.reach(22), nobody());
}

#[test]
fn a3_09_the_organisation_decides_before_the_network() {
    let mut world = World::tidy();
    world.firewalls(json!([allow22("0.0.0.0/0")]));
    let rules = json!([
        matching(200, "deny", "0.0.0.0/0", "tcp", &["22"]),
        matching(100, "allow", "35.235.240.0/20", "tcp", &["22"]),
    ]);
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], policy_of("HIERARCHY", rules));
    assert_eq!(world.reach(22), exactly(&["35.235.240.0/20"]));
}

#[test]
fn a3_10_the_networks_order_decides_whether_a_policy_comes_too_late() {
    let mut world = World::tidy();
    world.firewalls(json!([allow22("0.0.0.0/0")]));
    let rules = json!([matching(1, "deny", "0.0.0.0/0", "all", &[])]);
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], policy_of("NETWORK", rules));
    assert_eq!(world.reach(22), Bounds::exact(any4()));
    let order =
        json!({ "items": [{ "name": "n", "networkFirewallPolicyEnforcementOrder": "BEFORE_CLASSIC_FIREWALL" }] });
    world.put(&NETWORKS, "p", &[], order);
    assert_eq!(world.reach(22), nobody());
}

#[test]
fn a3_11_a_policy_may_still_allow_after_the_networks_rules() {
    let mut world = World::tidy();
    let rules = json!([matching(100, "allow", "203.0.113.0/24", "tcp", &["22"])]);
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], policy_of("NETWORK", rules));
    assert_eq!(world.reach(22), exactly(&["203.0.113.0/24"]));
}

#[test]
fn a3_12_ipv6_is_a_way_of_its_own() {
    let mut world = World::tidy();
    world.put(&INSTANCES, "p", &[], instances(&node(true, true)));
    world.firewalls(json!([allow22("::/0")]));
    let reach = world.reach(22);
    assert!(reach.lower().covers_any(Family::V6, &AddrSet::empty()) && reach.lower().family(Family::V4).is_empty());
}

#[test]
fn a3_13_the_endpoint_list_and_the_flag_for_google_cloud() {
    let door = |list: Value| {
        let mut world = World::tidy();
        world.cluster(|cluster| {
            let ip = &mut cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"];
            ip["enablePublicEndpoint"] = json!(true);
            ip["authorizedNetworksConfig"] = list;
        });
        let cluster = world.only();
        let PublicAccess::Open(door) = cluster.api.public.get().unwrap().clone() else { panic!("closed") };
        door
    };
    let off = door(json!({ "gcpPublicCidrsAccessEnabled": true }));
    assert_eq!(off.sources, Bounds::exact(any4()));
    assert_eq!(off.entries[0].kind, EntryKind::Everyone);
    let blocks = json!([{ "cidrBlock": "203.0.113.0/24" }]);
    let on = door(json!({ "enabled": true, "cidrBlocks": blocks, "gcpPublicCidrsAccessEnabled": false }));
    assert_eq!(on.sources, exactly(&["203.0.113.0/24"]));
    let flagged = door(json!({ "enabled": true, "cidrBlocks": blocks, "gcpPublicCidrsAccessEnabled": true }));
    assert_eq!(flagged.sources, Bounds::between(nets(&["203.0.113.0/24"]), any4()));
    assert_eq!(flagged.entries[1].kind, EntryKind::EveryCustomer { of: "Google Cloud".to_owned() });
    let unset = door(json!({ "enabled": true, "cidrBlocks": blocks }));
    assert_eq!(unset.sources, flagged.sources);
    assert_eq!(unset.entries[1].kind, EntryKind::Named);
}

#[test]
fn a3_14_a_private_endpoint_with_an_open_dns_name_is_closed_by_address_and_open_by_name() {
    let mut world = World::tidy();
    world.cluster(|cluster| {
        cluster["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["allowExternalTraffic"] = json!(true);
    });
    let cluster = world.only();
    assert!(matches!(cluster.api.public.get().unwrap(), PublicAccess::Closed { .. }));
    let kind = &cluster.api.doors.get().unwrap()[0].kind;
    assert!(matches!(kind, DoorKind::DnsEndpoint { external: true, gate: "container.clusters.connect", .. }));
}

#[test]
fn a3_15_every_spelling_of_a_protocol_is_read() {
    for items in [
        json!([{ "IPProtocol": "all" }]),
        json!([{ "IPProtocol": "tcp" }]),
        json!([{ "IPProtocol": "6", "ports": ["20-25"] }]),
    ] {
        let rule = json!({ "name": "r", "sourceRanges": ["198.51.100.0/24"], "allowed": items });
        assert_eq!(reach(json!([rule])), exactly(&["198.51.100.0/24"]), "{items}");
    }
}

#[test]
fn a3_16_the_rules_of_a_default_network_open_ssh_rdp_and_icmp() {
    let mut world = World::tidy();
    world.firewalls(json!([
        tcp("default-allow-ssh", "allowed", 65534, &["22"], "0.0.0.0/0"),
        tcp("default-allow-rdp", "allowed", 65534, &["3389"], "0.0.0.0/0"),
        { "name": "default-allow-icmp", "priority": 65534, "sourceRanges": ["0.0.0.0/0"], "allowed": [{ "IPProtocol": "icmp" }] },
        { "name": "default-allow-internal", "priority": 65534, "sourceRanges": ["10.128.0.0/9"],
          "allowed": [{ "IPProtocol": "tcp", "ports": ["0-65535"] }, { "IPProtocol": "udp", "ports": ["0-65535"] }] },
    ]));
    assert_eq!(world.reach(22), Bounds::exact(any4()));
    assert_eq!(world.reach(3389), Bounds::exact(any4()));
    assert_eq!(world.reach(10250), nobody());
    let icmp = world.exposure().internet.map(|packets| packets.sources(Protocol::ICMP, 0));
    assert_eq!(icmp, Bounds::exact(any4()));
    let cluster = world.only();
    let filters = cluster.pools.get().unwrap()[0].filters.get().unwrap().clone();
    assert_eq!(filters.open.iter().map(|rule| rule.rule.as_str()).collect::<Vec<_>>(), ["default-allow-internal"]);
}

#[test]
fn what_a_policy_rule_matches_by_an_unread_criterion_widens_the_bounds_and_is_named() {
    let mut world = World::tidy();
    let rule = json!([{ "priority": 1, "action": "allow",
        "match": { "srcRegionCodes": ["DE"], "layer4Configs": [{ "ipProtocol": "tcp", "ports": ["22"] }] } }]);
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], policy_of("NETWORK", rule));
    let reach = world.reach(22);
    assert!(reach.lower().is_empty());
    assert_eq!(*reach.upper(), any4());
    assert!(world.exposure().limits.iter().any(|limit| limit.contains("region codes")));
}
