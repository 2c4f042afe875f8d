//! The vectors of the semantics specification that the normalizer decides: V-A1, the network of AWS.

use super::scene::*;
use palisade_model::{PublicAccess, PublicDoor};
use palisade_reach::{Bounds, Protocol, internet};
use serde_json::{Value, json};

fn with_rules(rules: Value) -> World {
    let mut world = world();
    node_rules(&mut world, rules);
    world
}

fn acl(world: &mut World) -> &mut Value {
    &mut world.body("ec2:DescribeNetworkAcls")["DescribeNetworkAclsResponse"]["networkAclSet"][0]["entrySet"]
}

fn entry(number: u32, egress: bool, action: &str, ports: Option<(u16, u16)>, cidr: &str) -> Value {
    let mut entry = json!({
        "ruleNumber": number.to_string(), "egress": egress.to_string(), "ruleAction": action,
        "protocol": if ports.is_some() { "6" } else { "-1" }, "cidrBlock": cidr,
    });
    if let Some((from, to)) = ports {
        entry["portRange"] = json!({ "from": from.to_string(), "to": to.to_string() });
    }
    entry
}

fn routes(world: &mut World) -> &mut Value {
    &mut world.body("ec2:DescribeRouteTables")["DescribeRouteTablesResponse"]["routeTableSet"][0]["routeSet"]
}

fn interface(world: &mut World) -> &mut Value {
    &mut world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"][0]["networkInterfaceSet"]
        [0]
}

#[test]
fn a1_01_two_halves_are_everybody() {
    let world = with_rules(json!([rule("tcp", Some((22, 22)), &["0.0.0.0/1", "128.0.0.0/1"])]));
    assert_eq!(reach(&world, 22), exactly(any4()));
}

#[test]
fn a1_02_a_network_acl_that_denies_first_closes_an_open_group() {
    let mut world = with_rules(json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0"])]));
    acl(&mut world).as_array_mut().unwrap().push(entry(90, false, "deny", Some((22, 22)), "0.0.0.0/0"));
    assert_eq!(reach(&world, 22), nobody());
}

#[test]
fn a1_03_rule_numbers_decide_and_not_the_order_of_the_answer() {
    let mut world = with_rules(json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0"])]));
    *acl(&mut world) = json!([
        entry(200, false, "deny", Some((22, 22)), "198.51.100.0/24"),
        entry(100, false, "allow", Some((22, 22)), "198.51.100.0/22"),
        entry(32767, false, "deny", None, "0.0.0.0/0"),
        entry(100, true, "allow", None, "0.0.0.0/0"),
    ]);
    assert_eq!(reach(&world, 22), exactly(nets(&["198.51.100.0/22"])));
}

#[test]
fn a1_04_an_answer_that_only_passes_to_port_443_leaves_a_client_that_picks_it() {
    let mut world = with_rules(json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0"])]));
    *acl(&mut world) = json!([
        entry(100, false, "allow", None, "0.0.0.0/0"),
        entry(100, true, "allow", Some((443, 443)), "0.0.0.0/0"),
    ]);
    assert_eq!(reach(&world, 22), exactly(any4()));
    assert_eq!(sources(&exposed(&world).ordinary, Protocol::TCP, 22), nobody());
}

#[test]
fn a1_05_answers_reach_only_whom_the_outbound_rules_let_them() {
    let mut world = with_rules(json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0"])]));
    *acl(&mut world) = json!([
        entry(100, false, "allow", None, "0.0.0.0/0"),
        entry(100, true, "allow", Some((1024, 65535)), "203.0.113.0/24"),
    ]);
    assert_eq!(reach(&world, 22), exactly(nets(&["203.0.113.0/24"])));
    assert_eq!(sources(&exposed(&world).ordinary, Protocol::TCP, 22), exactly(nets(&["203.0.113.0/24"])));
}

#[test]
fn a1_06_without_a_public_address_nobody_gets_in() {
    let mut world = with_rules(ssh_from_everybody());
    let interface = interface(&mut world);
    interface["association"] = Value::Null;
    interface["privateIpAddressesSet"] = json!([{ "privateIpAddress": "10.0.1.10" }]);
    interface["ipv6AddressesSet"] = Value::Null;
    assert_eq!(reach(&world, 22), nobody());
}

#[test]
fn a1_07_a_default_route_to_address_translation_lets_nobody_in() {
    let mut world = with_rules(json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0"])]));
    *routes(&mut world) = json!([
        { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" },
        { "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "active" },
    ]);
    assert_eq!(reach(&world, 22), nobody());
}

#[test]
fn a1_08_the_longest_prefix_decides_who_gets_an_answer() {
    let mut world = with_rules(json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0"])]));
    *routes(&mut world) = json!([
        { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" },
        { "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "active" },
        { "destinationCidrBlock": "203.0.113.0/24", "gatewayId": "igw-1", "state": "active" },
        { "destinationCidrBlock": "203.0.113.128/25", "networkInterfaceId": "eni-9", "state": "blackhole" },
    ]);
    assert_eq!(reach(&world, 22), exactly(nets(&["203.0.113.0/25"])));
}

#[test]
fn a1_09_an_associated_table_hides_the_main_one() {
    let mut world = with_rules(ssh_from_everybody());
    *routes(&mut world) = json!([{ "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" }]);
    assert_eq!(reach(&world, 22), nobody());
}

#[test]
fn a1_10_a_prefix_list_is_its_entries_and_an_unreadable_one_may_be_anybody() {
    let by_list = json!([{ "ipProtocol": "tcp", "fromPort": "22", "toPort": "22", "prefixListIds": [{ "prefixListId": "pl-1" }] }]);
    let mut world = with_rules(by_list);
    world.put(
        "ec2:GetManagedPrefixListEntries",
        PLACE,
        &[("list", "pl-1")],
        json!({ "AnyResponse": { "entrySet": [{ "cidr": "0.0.0.0/0" }] } }),
    );
    assert_eq!(reach(&world, 22), exactly(any4()));
    world.deny("ec2:GetManagedPrefixListEntries");
    assert_eq!(reach(&world, 22), Bounds::unknown_within(any4().union(&any6())));
}

#[test]
fn the_longest_entry_of_a_prefix_list_decides_though_another_entry_holds_it() {
    let mut world = with_rules(json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0"])]));
    *routes(&mut world) = json!([
        { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" },
        { "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "state": "active" },
        { "destinationPrefixListId": "pl-1", "transitGatewayId": "tgw-1", "state": "active" },
    ]);
    world.put(
        "ec2:GetManagedPrefixListEntries",
        PLACE,
        &[("list", "pl-1")],
        json!({ "AnyResponse": { "entrySet": [{ "cidr": "0.0.0.0/0" }, { "cidr": "8.0.0.0/5" }] } }),
    );
    assert_eq!(reach(&world, 22), exactly(any4().subtract(&nets(&["8.0.0.0/5"]))));
}

#[test]
fn a1_11_ipv6_needs_no_public_ipv4_and_an_egress_only_gateway_lets_nobody_in() {
    let mut world = with_rules(json!([rule("tcp", Some((22, 22)), &["::/0"])]));
    assert_eq!(reach(&world, 22), exactly(any6()));
    *routes(&mut world) = json!([
        { "destinationIpv6CidrBlock": "2600:1f14:abc:de00::/56", "gatewayId": "local", "state": "active" },
        { "destinationIpv6CidrBlock": "::/0", "egressOnlyInternetGatewayId": "eigw-1", "state": "active" },
    ]);
    assert_eq!(reach(&world, 22), nobody());
}

#[test]
fn a1_12_a_referenced_group_admits_its_members_and_not_whom_they_admit() {
    let mut world = with_rules(
        json!([{ "ipProtocol": "tcp", "fromPort": "22", "toPort": "22", "groups": [{ "groupId": "sg-lb" }] }]),
    );
    let groups = &mut world.body("ec2:DescribeSecurityGroups")["DescribeSecurityGroupsResponse"]["securityGroupInfo"];
    groups.as_array_mut().unwrap().push(json!({
        "groupId": "sg-lb", "ipPermissions": [rule("tcp", Some((22, 22)), &["0.0.0.0/0"])],
    }));
    let interfaces =
        &mut world.body("ec2:DescribeNetworkInterfaces")["DescribeNetworkInterfacesResponse"]["networkInterfaceSet"];
    interfaces.as_array_mut().unwrap().push(json!({
        "networkInterfaceId": "eni-lb", "vpcId": "vpc-1", "groupSet": [{ "groupId": "sg-lb" }],
        "privateIpAddressesSet": [{ "privateIpAddress": "10.0.9.9" }],
    }));
    assert_eq!(reach(&world, 22), nobody());
    assert_eq!(sources(&exposed(&world).inside, Protocol::TCP, 22), exactly(nets(&["10.0.9.9/32"])));
}

#[test]
fn a1_13_protocols_are_numbers_or_names_and_only_some_have_ports() {
    let world = with_rules(json!([rule("-1", None, &["198.51.100.7/32"])]));
    for (protocol, port) in [(Protocol::TCP, 22), (Protocol::UDP, 53), (Protocol::GRE, 0), (Protocol::ICMP, 8 << 8)] {
        assert_eq!(reach_of(&world, protocol, port), exactly(nets(&["198.51.100.7/32"])));
    }
    let world = with_rules(json!([rule("6", Some((22, 22)), &["0.0.0.0/0"])]));
    assert_eq!(reach(&world, 22), exactly(any4()));
    let world = with_rules(json!([rule("47", Some((22, 22)), &["0.0.0.0/0"])]));
    assert_eq!(reach(&world, 22), nobody());
    assert_eq!(reach_of(&world, Protocol::GRE, 0), exactly(any4()));
}

#[test]
fn a1_14_the_groups_of_an_interface_add_up() {
    let mut world = with_rules(json!([rule("tcp", Some((22, 22)), &["203.0.113.0/25"])]));
    interface(&mut world)["groupSet"] = json!([{ "groupId": "sg-node" }, { "groupId": "sg-b" }]);
    let groups = &mut world.body("ec2:DescribeSecurityGroups")["DescribeSecurityGroupsResponse"]["securityGroupInfo"];
    groups.as_array_mut().unwrap().push(json!({
        "groupId": "sg-b", "ipPermissions": [rule("tcp", Some((0, 1023)), &["203.0.113.128/25"])],
    }));
    assert_eq!(reach(&world, 22), exactly(nets(&["203.0.113.0/24"])));
    assert_eq!(reach(&world, 80), exactly(nets(&["203.0.113.128/25"])));
}

#[test]
fn a1_15_block_public_access_closes_what_its_exclusions_do_not_reopen() {
    let mut world = with_rules(json!([rule("tcp", Some((22, 22)), &["0.0.0.0/0"])]));
    let options =
        &mut world.body("ec2:DescribeVpcBlockPublicAccessOptions")["DescribeVpcBlockPublicAccessOptionsResponse"];
    options["vpcBlockPublicAccessOptions"]["internetGatewayBlockMode"] = json!("block-ingress");
    assert_eq!(reach(&world, 22), nobody());
    let mitigation = exposed(&world).mitigation.unwrap();
    assert_eq!(sources(&mitigation.without, Protocol::TCP, 22), exactly(any4()));
    let mut exclude = |mode: &str| {
        let body = json!({ "AnyResponse": { "vpcBlockPublicAccessExclusionSet": [{
            "internetGatewayExclusionMode": mode, "state": "create-complete",
            "resourceArn": "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1",
        }] } });
        world.put("ec2:DescribeVpcBlockPublicAccessExclusions", PLACE, &[], body);
        reach(&world, 22)
    };
    assert_eq!(exclude("allow-bidirectional"), exactly(any4()));
    assert_eq!(exclude("allow-egress"), nobody());
}

fn door(world: &World) -> Option<PublicDoor> {
    match world.cluster().api.public.get().unwrap() {
        PublicAccess::Open(door) => Some(door.clone()),
        PublicAccess::Closed { .. } | PublicAccess::NotApplicable { .. } => None,
    }
}

#[test]
fn a1_16_the_public_endpoint_is_its_list_and_an_empty_list_is_everybody() {
    let with = |public: bool, cidrs: Value, family: &str| {
        let mut world = world();
        let config = &mut world.cluster_body()["resourcesVpcConfig"];
        config["endpointPublicAccess"] = json!(public);
        config["publicAccessCidrs"] = cidrs;
        world.cluster_body()["kubernetesNetworkConfig"]["ipFamily"] = json!(family);
        door(&world).map(|door| door.sources)
    };
    let (v4, both) = (internet().family(palisade_reach::Family::V4), internet().clone());
    assert_eq!(with(true, json!(["0.0.0.0/1", "128.0.0.0/1"]), "ipv4"), Some(exactly(v4.clone())));
    assert_eq!(with(true, json!([]), "ipv4"), Some(exactly(v4)));
    assert_eq!(with(false, json!(["0.0.0.0/0"]), "ipv4"), None);
    assert_eq!(with(true, json!(["0.0.0.0/0", "::/0"]), "ipv6"), Some(exactly(both)));
}

#[test]
fn b1_12_pods_get_the_nodes_authority_unless_a_token_is_required_that_goes_one_hop() {
    let pods = |tokens: &str, hops: u8| {
        let mut world = world();
        let options =
            json!({ "httpTokens": tokens, "httpPutResponseHopLimit": hops.to_string(), "httpEndpoint": "enabled" });
        world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"][0]["metadataOptions"] =
            options;
        let cluster = world.cluster();
        matches!(pool(&cluster).metadata.get().unwrap().pods, palisade_model::PodAccess::Reachable { .. })
    };
    assert_eq!([pods("optional", 1), pods("required", 1), pods("required", 2)], [true, false, true]);
}

#[test]
fn a_security_group_that_is_not_in_the_list_is_a_gap_and_never_an_absence_of_rules() {
    let mut world = world();
    let before = world.cluster();
    assert!(pool(&before).filters.get().is_ok() && pool(&before).egress.get().is_ok());
    *world.body("ec2:DescribeSecurityGroups") = json!({ "AnyResponse": { "securityGroupInfo": [] } });
    let after = world.cluster();
    assert!(pool(&after).filters.get().is_err(), "{:?}", pool(&after).filters);
    assert!(pool(&after).egress.get().is_err(), "{:?}", pool(&after).egress);
}
