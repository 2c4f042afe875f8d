//! The conformance corpus of `peers.md` 2.2: situations that other tools answer wrongly.

use super::scene::*;
use palisade_engine::State;
use palisade_model::{Coverage, GapReason, KeyOwner, PublicAccess, PublicDoor};
use palisade_reach::{Family, internet};
use serde_json::{Value, json};

fn with_list(cidrs: Value) -> World {
    let mut world = world();
    world.cluster_body()["resourcesVpcConfig"]["publicAccessCidrs"] = cidrs;
    world
}

fn open_to(cidrs: Value) -> PublicDoor {
    match with_list(cidrs).cluster().api.public.get().unwrap() {
        PublicAccess::Open(door) => door.clone(),
        other @ (PublicAccess::Closed { .. } | PublicAccess::NotApplicable { .. }) => panic!("{other:?}"),
    }
}

fn acl_entries(world: &mut World, entries: &[(u32, &str, Option<u16>, &str)]) {
    let inbound = entries.iter().map(|(number, action, port, cidr)| {
        let mut entry = json!({ "ruleNumber": number, "egress": "false", "ruleAction": action, "cidrBlock": cidr,
            "protocol": if port.is_some() { "6" } else { "-1" } });
        if let Some(port) = port {
            entry["portRange"] = json!({ "from": port, "to": port });
        }
        entry
    });
    let outbound = json!({ "ruleNumber": 100, "egress": "true", "ruleAction": "allow", "cidrBlock": "0.0.0.0/0", "protocol": "-1" });
    let all: Vec<Value> = inbound.chain([outbound]).collect();
    world.body("ec2:DescribeNetworkAcls")["DescribeNetworkAclsResponse"]["networkAclSet"][0]["entrySet"] = json!(all);
}

#[test]
fn e1_two_halves_of_the_internet_are_open_to_all_ipv4() {
    let door = open_to(json!(["0.0.0.0/1", "128.0.0.0/1"]));
    assert!(door.sources.lower().covers_any(Family::V4, &palisade_reach::AddrSet::empty()));
    assert!(door.sources.is_exact());
    assert_eq!(verdict(&with_list(json!(["0.0.0.0/1", "128.0.0.0/1"])).cluster(), "CP-01"), [State::Fail]);
}

#[test]
fn e2_only_ipv6_everybody_is_open_to_all_ipv6() {
    let door = open_to(json!(["::/0"]));
    assert_eq!(door.sources, exactly(internet().family(Family::V6)));
    assert_eq!(verdict(&with_list(json!(["::/0"])).cluster(), "CP-01"), [State::Fail]);
}

#[test]
fn e3_one_address_is_one_address() {
    let door = open_to(json!(["203.0.113.10/32"]));
    assert_eq!(door.sources, exactly(nets(&["203.0.113.10/32"])));
    let cluster = with_list(json!(["203.0.113.10/32"])).cluster();
    // Whether the address is one of ours only the policy's own list could tell, and there is none here.
    assert_eq!((verdict(&cluster, "CP-01"), verdict(&cluster, "CP-02")), (vec![State::Pass], vec![State::Unknown]));
}

#[test]
fn e4_forty_large_blocks_are_a_share_that_can_be_told() {
    let blocks: Vec<String> = (20..60).map(|first| format!("{first}.0.0.0/8")).collect();
    let share = open_to(json!(blocks)).sources.lower().share_of_internet(Family::V4);
    assert!((0.15..0.20).contains(&share), "{share}");
    let cluster = with_list(json!(blocks)).cluster();
    assert_eq!((verdict(&cluster, "CP-01"), verdict(&cluster, "CP-02")), (vec![State::Pass], vec![State::Fail]));
}

#[test]
fn e5_a_cluster_whose_description_was_denied_is_unknown_in_everything() {
    let mut world = world();
    world.deny("eks:DescribeCluster");
    let cluster = world.cluster();
    assert_eq!(cluster.id.as_str(), "arn:aws:eks:eu-west-1:111122223333:cluster/shop");
    for fact in cluster.facts() {
        let gap = fact.gap.unwrap_or_else(|| panic!("{} is known", fact.kind.name()));
        assert_eq!(gap.reason(), GapReason::Denied);
        assert_eq!(gap.permission(), Some("eks:DescribeCluster"));
    }
    for control in ["CP-01", "CP-02", "CP-08", "ND-02", "ID-01", "ET-08"] {
        assert_eq!(verdict(&cluster, control), [State::Unknown], "{control}");
    }
}

#[test]
fn e6_a_denied_cluster_does_not_hide_its_neighbours() {
    let mut world = world();
    world.put("eks:ListClusters", PLACE, &[], json!({ "clusters": ["aaa", "shop", "zzz"], "nextToken": null }));
    let mut other = world.cluster_body_of("shop").clone();
    other["cluster"]["name"] = json!("zzz");
    other["cluster"]["arn"] = json!("arn:aws:eks:eu-west-1:111122223333:cluster/zzz");
    world.put("eks:DescribeCluster", PLACE, &[("cluster", "zzz")], other);
    world.fail("eks:DescribeCluster", PLACE, &[("cluster", "aaa")], denied());
    let clusters = world.inventory().clusters;
    let known: Vec<(&str, bool)> =
        clusters.iter().map(|one| (one.name.as_str(), one.api.public.gap().is_none())).collect();
    assert_eq!(known, [("aaa", false), ("shop", true), ("zzz", true)]);
    let verdicts: Vec<State> = clusters.iter().flat_map(|cluster| verdict(cluster, "CP-01")).collect();
    assert_eq!(verdicts, [State::Unknown, State::Pass, State::Pass]);
}

#[test]
fn e7_version_1_30_without_a_key_is_encrypted_with_the_providers() {
    let mut world = world();
    world.cluster_body()["version"] = json!("1.30");
    let encryption = world.cluster().encryption.get().unwrap().clone();
    assert_eq!((encryption.coverage, encryption.owner), (Coverage::AllObjects, KeyOwner::Provider));
    let cluster = world.cluster();
    // A key of one's own is a matter of the policy, which does not ask for one here.
    assert_eq!(
        (verdict(&cluster, "ET-08"), verdict(&cluster, "ET-09")),
        (vec![State::Pass], vec![State::NotApplicable])
    );
    world.cluster_body()["version"] = json!("1.27");
    let encryption = world.cluster().encryption.get().unwrap().clone();
    assert_eq!((encryption.coverage, encryption.owner), (Coverage::Nothing, KeyOwner::Nobody));
    assert_eq!(verdict(&world.cluster(), "ET-08"), [State::Fail]);
}

#[test]
fn n1_a_deny_of_one_port_before_allow_all_leaves_the_others_open() {
    let mut world = world();
    node_rules(&mut world, json!([rule("-1", None, &["0.0.0.0/0"])]));
    acl_entries(&mut world, &[(90, "deny", Some(22), "0.0.0.0/0"), (100, "allow", None, "0.0.0.0/0")]);
    assert_eq!(reach(&world, 22), nobody());
    assert_eq!(reach(&world, 80), exactly(any4()));
    assert_eq!(verdict(&world.cluster(), "ND-04"), [State::Fail]);
}

#[test]
fn n2_two_halves_in_a_network_acl_are_open() {
    let mut world = world();
    node_rules(&mut world, json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0"])]));
    acl_entries(&mut world, &[(100, "allow", None, "0.0.0.0/1"), (110, "allow", None, "128.0.0.0/1")]);
    assert_eq!(reach(&world, 22), exactly(any4()));
    assert_eq!(verdict(&world.cluster(), "ND-02"), [State::Fail]);
}

#[test]
fn n3_two_denied_halves_before_allow_all_are_closed() {
    let mut world = world();
    node_rules(&mut world, json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0"])]));
    let entries =
        [(90, "deny", None, "0.0.0.0/1"), (91, "deny", None, "128.0.0.0/1"), (100, "allow", None, "0.0.0.0/0")];
    acl_entries(&mut world, &entries);
    assert_eq!(reach(&world, 22), nobody());
    assert_eq!(verdict(&world.cluster(), "ND-02"), [State::Pass]);
}

#[test]
fn s1_a_prefix_list_with_everybody_in_it_is_open() {
    let mut world = world();
    node_rules(
        &mut world,
        json!([{ "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "prefixListIds": [{ "prefixListId": "pl-1" }] }]),
    );
    world.put(
        "ec2:GetManagedPrefixListEntries",
        PLACE,
        &[("list", "pl-1")],
        json!({ "AnyResponse": { "entrySet": [{ "cidr": "0.0.0.0/0" }] } }),
    );
    assert_eq!(reach(&world, 22), exactly(any4()));
    assert_eq!(verdict(&world.cluster(), "ND-02"), [State::Fail]);
}

#[test]
fn s2_an_open_group_without_a_route_to_the_gateway_is_unreachable() {
    let mut world = world();
    node_rules(&mut world, ssh_from_everybody());
    world.body("ec2:DescribeRouteTables")["DescribeRouteTablesResponse"]["routeTableSet"][0]["routeSet"] =
        json!([{ "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" }]);
    assert_eq!(reach(&world, 22), nobody());
    assert_eq!(verdict(&world.cluster(), "ND-02"), [State::Pass]);
}
