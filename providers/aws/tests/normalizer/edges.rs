//! What is not modelled widens the answer and is named; what a provider may send one day is not taken for a refusal.

use super::scene::*;
use palisade_reach::{AddrSet, Bounds};
use serde_json::{Value, json};

fn open() -> World {
    let mut world = world();
    node_rules(&mut world, ssh_from_everybody());
    world
}

fn tables(world: &mut World) -> &mut Value {
    &mut world.body("ec2:DescribeRouteTables")["DescribeRouteTablesResponse"]["routeTableSet"]
}

fn interface(world: &mut World) -> &mut Value {
    &mut world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"][0]["networkInterfaceSet"]
        [0]
}

fn anybody() -> AddrSet {
    any4().union(&any6())
}

#[test]
fn an_appliance_at_the_gateway_may_let_in_whomever_it_likes_whichever_way_the_answer_takes() {
    let mut world = open();
    // The subnet's answers go to the appliance and not to the gateway, as with AWS Network Firewall.
    tables(&mut world)[0]["routeSet"] = json!([
        { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" },
        { "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "vpce-1", "state": "active" },
    ]);
    assert_eq!(reach(&world, 22), nobody());
    tables(&mut world).as_array_mut().unwrap().push(json!({
        "routeTableId": "rtb-edge", "vpcId": "vpc-1", "associationSet": [{ "gatewayId": "igw-1" }],
        "routeSet": [{ "destinationCidrBlock": "10.0.1.0/24", "gatewayId": "vpce-1", "state": "active" }],
    }));
    assert_eq!(reach(&world, 22), Bounds::unknown_within(anybody()));
    assert!(exposed(&world).limits[0].contains("inline appliance"));
    tables(&mut world)[2]["routeSet"][0]["destinationCidrBlock"] = json!("10.0.9.0/24");
    assert_eq!(reach(&world, 22), nobody(), "it stands in front of another subnet");
}

#[test]
fn a_route_to_a_target_of_the_future_may_lead_out() {
    let mut world = open();
    tables(&mut world)[0]["routeSet"] = json!([
        { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" },
        { "destinationCidrBlock": "0.0.0.0/0", "quantumGatewayId": "qgw-1", "state": "active" },
    ]);
    assert_eq!(reach(&world, 22), Bounds::unknown_within(any4()));
}

#[test]
fn an_interface_without_groups_was_left_out_and_is_not_closed() {
    let mut world = open();
    interface(&mut world)["groupSet"] = Value::Null;
    assert_eq!(reach(&world, 22), Bounds::unknown_within(anybody()));
}

#[test]
fn a_machine_without_interfaces_was_left_out_and_is_not_closed() {
    let mut world = open();
    world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"][0]["networkInterfaceSet"] =
        Value::Null;
    let cluster = world.cluster();
    assert!(pool(&cluster).exposure.gap().is_some());
}

#[test]
fn private_ipv6_is_not_the_internet_and_a_delegated_prefix_is_mostly_pods() {
    let mut world = open();
    interface(&mut world)["ipv6AddressesSet"] = json!([{ "ipv6Address": "fd00:1::10" }]);
    assert_eq!(reach(&world, 22), exactly(any4()));
    interface(&mut world)["ipv6AddressesSet"] = Value::Null;
    interface(&mut world)["ipv6PrefixSet"] = json!([{ "ipv6Prefix": "2600:1f14:abc:de00:1::/80" }]);
    assert_eq!(reach(&world, 22), Bounds::between(any4(), anybody()));
}

#[test]
fn the_interfaces_of_a_machine_are_filtered_each_for_itself_and_united_after_that() {
    let mut world = open();
    // The first has the public address, the second the open group: together they open nothing.
    let first = interface(&mut world).clone();
    let mut second = first.clone();
    second["association"] = Value::Null;
    second["privateIpAddressesSet"] = json!([{ "privateIpAddress": "10.0.1.11" }]);
    second["ipv6AddressesSet"] = Value::Null;
    let mut first = first;
    first["groupSet"] = json!([{ "groupId": "sg-cluster" }]);
    world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"][0]["networkInterfaceSet"] =
        json!([first, second]);
    assert_eq!(reach(&world, 22), nobody());
}

#[test]
fn services_that_bring_clients_to_private_machines_are_named() {
    for (kind, description, name) in [
        ("global_accelerator_managed", "GlobalAccelerator", "Global Accelerator"),
        ("interface", "CloudFront managed ENI for a VPC origin", "CloudFront"),
    ] {
        let mut world = open();
        interface(&mut world)["association"] = Value::Null;
        interface(&mut world)["privateIpAddressesSet"] = json!([{ "privateIpAddress": "10.0.1.10" }]);
        interface(&mut world)["ipv6AddressesSet"] = Value::Null;
        assert_eq!(reach(&world, 22), nobody());
        let interfaces = &mut world.body("ec2:DescribeNetworkInterfaces")["DescribeNetworkInterfacesResponse"]["networkInterfaceSet"];
        interfaces.as_array_mut().unwrap().push(json!({
            "networkInterfaceId": "eni-relay", "vpcId": "vpc-1", "subnetId": "subnet-1", "interfaceType": kind, "description": description,
        }));
        assert_eq!(reach(&world, 22), Bounds::unknown_within(anybody()), "{name}");
        assert!(exposed(&world).limits[0].contains(name));
    }
}

#[test]
fn block_public_access_that_is_being_changed_decides_nothing() {
    let mut world = open();
    let options =
        &mut world.body("ec2:DescribeVpcBlockPublicAccessOptions")["DescribeVpcBlockPublicAccessOptionsResponse"];
    options["vpcBlockPublicAccessOptions"] =
        json!({ "internetGatewayBlockMode": "block-ingress", "state": "update-in-progress" });
    assert_eq!(reach(&world, 22), Bounds::unknown_within(anybody()));
}

#[test]
fn exclusions_that_disagree_decide_nothing() {
    let mut world = open();
    world.body("ec2:DescribeVpcBlockPublicAccessOptions")["DescribeVpcBlockPublicAccessOptionsResponse"]["vpcBlockPublicAccessOptions"]
        ["internetGatewayBlockMode"] = json!("block-ingress");
    let exclusion = |resource: &str, mode: &str| {
        json!({ "internetGatewayExclusionMode": mode, "state": "create-complete",
            "resourceArn": format!("arn:aws:ec2:eu-west-1:111122223333:{resource}") })
    };
    let body = json!({ "AnyResponse": { "vpcBlockPublicAccessExclusionSet": [
        exclusion("vpc/vpc-1", "allow-bidirectional"), exclusion("subnet/subnet-1", "allow-egress"),
    ] } });
    world.put("ec2:DescribeVpcBlockPublicAccessExclusions", PLACE, &[], body);
    assert_eq!(reach(&world, 22), Bounds::unknown_within(anybody()));
}

#[test]
fn a_stale_reference_admits_nobody_and_an_unseen_group_any_private_address() {
    let by_group = |status: &str| {
        let mut world = open();
        node_rules(
            &mut world,
            json!([{ "ipProtocol": "tcp", "fromPort": "22", "toPort": "22",
            "groups": [{ "groupId": "sg-peer", "peeringStatus": status }] }]),
        );
        let exposed = exposed(&world);
        (
            sources(&exposed.internet, palisade_reach::Protocol::TCP, 22),
            sources(&exposed.inside, palisade_reach::Protocol::TCP, 22),
        )
    };
    assert_eq!(by_group("deleted"), (nobody(), nobody()));
    let (internet, inside) = by_group("active");
    assert_eq!(internet, nobody());
    assert!(
        inside.lower().is_empty()
            && inside.upper().is_subset(&nets(&[
                "10.0.0.0/8",
                "172.16.0.0/12",
                "192.168.0.0/16",
                "100.64.0.0/10",
                "fc00::/7"
            ]))
    );
    assert!(!inside.upper().is_empty());
}

#[test]
fn block_public_access_that_was_not_read_may_close_what_is_open_and_opens_nothing() {
    let mut world = open();
    world.deny("ec2:DescribeVpcBlockPublicAccessOptions");
    assert_eq!(reach(&world, 22), Bounds::unknown_within(anybody()));
    assert_eq!(reach(&world, 80), nobody());
    assert!(exposed(&world).limits[0].contains("grant `ec2:DescribeVpcBlockPublicAccessOptions`"));
    let mut world = open();
    world.deny("ec2:DescribeVpcBlockPublicAccessExclusions");
    assert_eq!(reach(&world, 22), exactly(anybody()), "it is off, so nothing needs to be left out of it");
}

#[test]
fn clusters_of_govcloud_and_china_have_arns_of_their_own_partition() {
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn"), ("eu-west-1", "aws")] {
        let place = format!("{ACCOUNT}/{region}");
        let mut world = World::default();
        world.put("eks:ListClusters", &place, &[], json!({ "clusters": ["shop"], "nextToken": null }));
        world.fail("eks:DescribeCluster", &place, &[("cluster", "shop")], denied());
        let cluster = world.cluster();
        assert_eq!(cluster.id.as_str(), format!("arn:{partition}:eks:{region}:{ACCOUNT}:cluster/shop"));
    }
}

/// The same account in another partition: every ARN, region and host name of AWS is written anew.
fn moved(world: &World, region: &str, partition: &str, suffix: &str) -> World {
    let text = |text: &str| {
        let text = text.replace("eu-west-1", region).replace("arn:aws:", &format!("arn:{partition}:"));
        // Policies and principals of services; issuers of tokens stand under the partition's domain too.
        text.replace(".amazonaws.com", &format!(".{suffix}"))
    };
    world.rewritten(text)
}

#[test]
fn the_whole_account_is_known_in_every_partition() {
    let plain = world().cluster();
    for (region, partition, suffix) in
        [("us-gov-west-1", "aws-us-gov", "amazonaws.com"), ("cn-north-1", "aws-cn", "amazonaws.com.cn")]
    {
        let cluster = moved(&world(), region, partition, suffix).cluster();
        let gaps: Vec<String> = cluster.facts().iter().filter_map(|fact| Some(fact.gap?.to_string())).collect();
        assert_eq!(gaps, Vec::<String>::new(), "{partition}");
        let known = |cluster: &palisade_model::Cluster| {
            let identities = cluster.identities.get().unwrap();
            identities
                .iter()
                .map(|one| (one.name.clone(), one.kind, one.other_trust.get().unwrap().clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(known(&cluster), known(&plain), "{partition}");
        assert_eq!(cluster.workload_identity.get(), plain.workload_identity.get(), "{partition}");
    }
}
