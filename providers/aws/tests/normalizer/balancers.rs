//! Load balancers in front of nodes: from the listener to the port of the machine, exact where everything was read.

use super::scene::*;
use palisade_reach::{AddrSet, Bounds, Family, Protocol};
use serde_json::{Value, json};

const FRONT: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/front/1";
const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/1";
const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/front/1/2";
const NODE_PORT: u16 = 30080;

#[expect(clippy::needless_pass_by_value, reason = "`json!` reads better where it stands")]
fn answer(operation: &str, body: Value) -> Value {
    json!({ format!("{operation}Response"): { format!("{operation}Result"): body } })
}

/// A machine in a private subnet without a public address, and a balancer in a public one that forwards port 443 to it.
fn behind(kind: &str, preserves: bool) -> World {
    let mut world = world();
    let arn = FRONT.replace("/net/", if kind == "application" { "/app/" } else { "/net/" });
    world
        .put("elasticloadbalancing:DescribeLoadBalancers", PLACE, &[], answer("DescribeLoadBalancers", json!({ "LoadBalancers": [{
            "LoadBalancerArn": arn, "LoadBalancerName": "front", "Scheme": "internet-facing", "VpcId": "vpc-1", "Type": kind,
            "IpAddressType": "ipv4", "SecurityGroups": ["sg-front"],
        }] })))
        .put("elasticloadbalancing:DescribeTargetGroups", PLACE, &[], answer("DescribeTargetGroups", json!({ "TargetGroups": [{
            "TargetGroupArn": GROUP, "Protocol": if kind == "application" { "HTTP" } else { "TCP" }, "Port": NODE_PORT.to_string(),
            "VpcId": "vpc-1", "TargetType": "instance", "LoadBalancerArns": [arn],
        }] })))
        .put("elasticloadbalancing:DescribeRules", PLACE, &[("listener", LISTENER)], answer("DescribeRules", json!({ "Rules": [
            { "Priority": "default", "Actions": [{ "Type": "forward", "TargetGroupArn": GROUP }] },
        ] })))
        .put("elasticloadbalancing:DescribeListeners", PLACE, &[("balancer", &arn)], answer("DescribeListeners", json!({ "Listeners": [{
            "ListenerArn": LISTENER, "Port": "443", "Protocol": if kind == "application" { "HTTPS" } else { "TCP" },
            "DefaultActions": [{ "Type": "forward", "TargetGroupArn": GROUP }],
        }] })))
        .put("elasticloadbalancing:DescribeTargetHealth", PLACE, &[("group", GROUP)], healthy("i-1", "healthy"))
        .put("elasticloadbalancing:DescribeTargetGroupAttributes", PLACE, &[("group", GROUP)], answer(
            "DescribeTargetGroupAttributes",
            json!({ "Attributes": [{ "Key": "preserve_client_ip.enabled", "Value": preserves.to_string() }] }),
        ));
    let machine = json!({
        "networkInterfaceId": "eni-1", "subnetId": "subnet-1", "vpcId": "vpc-1", "groupSet": [{ "groupId": "sg-node" }],
        "privateIpAddressesSet": [{ "privateIpAddress": "10.0.1.10", "primary": "true" }, { "privateIpAddress": "10.0.1.77", "primary": "false" }],
    });
    let front = json!({
        "networkInterfaceId": "eni-front", "subnetId": "subnet-2", "vpcId": "vpc-1", "groupSet": [{ "groupId": "sg-front" }],
        "description": format!("ELB {}", arn.split_once(":loadbalancer/").unwrap().1), "association": { "publicIp": "198.51.100.200" },
        "privateIpAddressesSet": [{ "privateIpAddress": "10.0.2.20", "primary": "true" }],
    });
    world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"][0]["networkInterfaceSet"] =
        json!([machine]);
    world.body("ec2:DescribeNetworkInterfaces")["DescribeNetworkInterfacesResponse"]["networkInterfaceSet"] =
        json!([machine, front]);
    let subnets = &mut world.body("ec2:DescribeSubnets")["DescribeSubnetsResponse"]["subnetSet"];
    subnets
        .as_array_mut()
        .unwrap()
        .push(json!({ "subnetId": "subnet-2", "vpcId": "vpc-1", "cidrBlock": "10.0.2.0/24" }));
    world.body("ec2:DescribeRouteTables")["DescribeRouteTablesResponse"]["routeTableSet"][0]["routeSet"] = json!([
        { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" },
        { "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "active" },
    ]);
    front_rules(&mut world, json!([rule("tcp", Some((443, 443)), &["203.0.113.0/24"])]));
    world
}

fn healthy(id: &str, state: &str) -> Value {
    let target = json!({ "Target": { "Id": id, "Port": NODE_PORT.to_string() }, "TargetHealth": { "State": state } });
    answer("DescribeTargetHealth", json!({ "TargetHealthDescriptions": [target] }))
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` reads better where it stands")]
fn front_rules(world: &mut World, rules: Value) {
    let groups = &mut world.body("ec2:DescribeSecurityGroups")["DescribeSecurityGroupsResponse"]["securityGroupInfo"];
    let groups = groups.as_array_mut().unwrap();
    groups.retain(|group| group["groupId"] != json!("sg-front"));
    groups.push(json!({ "groupId": "sg-front", "vpcId": "vpc-1", "ipPermissions": rules }));
}

fn from_group(group: &str) -> Value {
    json!([{ "ipProtocol": "tcp", "fromPort": "30000", "toPort": "32767", "groups": [{ "groupId": group }] }])
}

fn office() -> Bounds<AddrSet> {
    exactly(nets(&["203.0.113.0/24"]))
}

#[test]
fn a_machine_that_lets_the_balancer_in_is_reached_by_the_balancers_clients_on_that_port_alone() {
    for kind in ["network", "application"] {
        let mut world = behind(kind, false);
        node_rules(&mut world, from_group("sg-front"));
        assert_eq!(reach(&world, NODE_PORT), office(), "{kind}");
        assert_eq!(reach(&world, 30081), nobody(), "no listener leads there");
        node_rules(&mut world, json!([rule("tcp", Some((NODE_PORT, NODE_PORT)), &["10.0.2.0/24"])]));
        assert_eq!(reach(&world, NODE_PORT), office(), "{kind} by address");
        node_rules(&mut world, json!([rule("tcp", Some((NODE_PORT, NODE_PORT)), &["198.51.100.0/24"])]));
        assert_eq!(reach(&world, NODE_PORT), nobody(), "{kind}: the machine sees the balancer and not the client");
    }
}

#[test]
fn where_the_clients_address_is_kept_the_machines_rules_see_it() {
    let mut world = behind("network", true);
    node_rules(&mut world, json!([rule("tcp", Some((NODE_PORT, NODE_PORT)), &["203.0.113.0/25"])]));
    assert_eq!(reach(&world, NODE_PORT), exactly(nets(&["203.0.113.0/25"])));
    node_rules(&mut world, json!([rule("tcp", Some((NODE_PORT, NODE_PORT)), &["10.0.2.0/24"])]));
    assert_eq!(reach(&world, NODE_PORT), nobody());
    node_rules(&mut world, from_group("sg-front"));
    assert_eq!(
        reach(&world, NODE_PORT),
        office(),
        "a rule that names the balancer's group admits what comes through it"
    );
}

#[test]
fn the_layers_of_a_path_name_the_balancer_its_listener_and_the_port() {
    let mut world = behind("network", true);
    node_rules(&mut world, from_group("sg-front"));
    let layers = exposed(&world).layers;
    let layer = layers.iter().find(|layer| layer.name == "load balancer front").unwrap();
    assert_eq!(layer.hits[0].rule.as_str(), "front listener 443 to port 30080");
}

#[test]
fn a_balancer_without_groups_lets_everybody_in_and_an_internal_one_nobody() {
    let mut world = behind("network", true);
    node_rules(&mut world, json!([rule("tcp", Some((NODE_PORT, NODE_PORT)), &["0.0.0.0/0"])]));
    let balancer = |world: &mut World, field: &str, value: Value| {
        world.body("elasticloadbalancing:DescribeLoadBalancers")["DescribeLoadBalancersResponse"]["DescribeLoadBalancersResult"]
            ["LoadBalancers"][0][field] = value;
    };
    balancer(&mut world, "SecurityGroups", Value::Null);
    world.body("ec2:DescribeNetworkInterfaces")["DescribeNetworkInterfacesResponse"]["networkInterfaceSet"][1]["groupSet"] =
        Value::Null;
    assert_eq!(reach(&world, NODE_PORT), exactly(any4()));
    balancer(&mut world, "Scheme", json!("internal"));
    assert_eq!(reach(&world, NODE_PORT), nobody());
}

#[test]
fn a_target_that_is_not_served_now_may_be_served_tomorrow() {
    let mut world = behind("network", false);
    node_rules(&mut world, from_group("sg-front"));
    world.put("elasticloadbalancing:DescribeTargetHealth", PLACE, &[("group", GROUP)], healthy("i-1", "unused"));
    assert_eq!(reach(&world, NODE_PORT), Bounds::unknown_within(nets(&["203.0.113.0/24"])));
    assert!(exposed(&world).limits[0].contains("load balancer front forwards to port 30080"));
    world.put("elasticloadbalancing:DescribeTargetHealth", PLACE, &[("group", GROUP)], healthy("i-9", "healthy"));
    assert_eq!(reach(&world, NODE_PORT), nobody(), "another machine is the target");
}

#[test]
fn a_target_by_address_is_the_machine_only_where_the_address_is_its_first() {
    let mut world = behind("network", false);
    node_rules(&mut world, from_group("sg-front"));
    let mut target = |address: &str| {
        world.put("elasticloadbalancing:DescribeTargetHealth", PLACE, &[("group", GROUP)], healthy(address, "healthy"));
        reach(&world, NODE_PORT)
    };
    assert_eq!(target("10.0.1.10"), office());
    assert_eq!(target("10.0.1.77"), Bounds::unknown_within(nets(&["203.0.113.0/24"])), "a pod's, mostly");
    assert_eq!(target("10.0.1.99"), nobody());
}

#[test]
fn what_was_not_read_of_a_balancer_widens_the_answer_and_says_which_call() {
    for call in ["DescribeTargetGroups", "DescribeListeners", "DescribeTargetHealth"] {
        let mut world = behind("network", false);
        node_rules(&mut world, from_group("sg-front"));
        world.deny(&format!("elasticloadbalancing:{call}"));
        let wide = Bounds::unknown_within(nets(&["203.0.113.0/24"]));
        assert_eq!(reach(&world, NODE_PORT), wide, "{call}");
        assert_eq!(reach(&world, 30081), wide, "{call}: any port the machine opens to the balancer");
        let limits = exposed(&world).limits;
        assert!(limits.iter().any(|limit| limit.contains("front") && limit.contains(call)), "{limits:?}");
    }
    let mut world = behind("network", false);
    node_rules(&mut world, json!([rule("tcp", Some((NODE_PORT, NODE_PORT)), &["10.0.2.0/24"])]));
    world.deny("elasticloadbalancing:DescribeTargetGroupAttributes");
    assert_eq!(reach(&world, NODE_PORT), Bounds::unknown_within(nets(&["203.0.113.0/24"])), "kept or not");
}

fn rules(world: &mut World, rules: Value) {
    world.body("elasticloadbalancing:DescribeRules")["DescribeRulesResponse"]["DescribeRulesResult"]["Rules"] = rules;
}

#[test]
fn the_rules_of_an_application_balancer_decide_which_clients_get_to_a_group() {
    let mut world = behind("application", false);
    node_rules(&mut world, from_group("sg-front"));
    let default = |kind: &str| json!({ "Priority": "default", "Actions": [{ "Type": kind }] });
    let to_group = |conditions: Value| json!({ "Priority": "10", "Conditions": conditions, "Actions": [{ "Type": "forward", "TargetGroupArn": GROUP }] });
    let mut with = |all: Value| {
        rules(&mut world, all);
        reach(&world, NODE_PORT)
    };
    assert_eq!(with(json!([default("fixed-response")])), nobody(), "attached, and no rule leads there");
    let path = json!([{ "Field": "path-pattern", "Values": ["/app/*"] }]);
    assert_eq!(with(json!([to_group(path), default("redirect")])), office(), "whoever asks for that path");
    let half = json!([{ "Field": "source-ip", "SourceIpConfig": { "Values": ["203.0.113.0/25", "198.51.100.0/24"] } }]);
    assert_eq!(with(json!([to_group(half), default("fixed-response")])), exactly(nets(&["203.0.113.0/25"])));
}

#[test]
fn rules_that_were_not_read_may_send_everybody_or_nobody() {
    let mut world = behind("application", false);
    node_rules(&mut world, from_group("sg-front"));
    world.deny("elasticloadbalancing:DescribeRules");
    assert_eq!(reach(&world, NODE_PORT), Bounds::unknown_within(nets(&["203.0.113.0/24"])));
    assert_eq!(reach(&world, 30081), nobody(), "no listener leads there, whatever the rules");
    let limits = exposed(&world).limits;
    assert!(limits[0].contains("grant `elasticloadbalancing:DescribeRules`"), "{limits:?}");
}

#[test]
fn a_balancer_of_another_network_without_clusters_is_no_business_of_these_nodes() {
    let mut world = behind("network", false);
    node_rules(&mut world, from_group("sg-front"));
    let of_group = |world: &mut World| {
        world.body("elasticloadbalancing:DescribeTargetGroups")["DescribeTargetGroupsResponse"]["DescribeTargetGroupsResult"]
            ["TargetGroups"][0]["VpcId"] = json!("vpc-other");
    };
    of_group(&mut world);
    world.forget("elasticloadbalancing:DescribeListeners").forget("elasticloadbalancing:DescribeTargetHealth");
    assert_eq!(reach(&world, NODE_PORT), nobody());
}

/// A balancer of the first generation in the place of the other one.
fn classic() -> World {
    let mut world = behind("network", false);
    node_rules(&mut world, from_group("sg-front"));
    let none = answer("DescribeLoadBalancers", json!({ "LoadBalancers": null }));
    world.put("elasticloadbalancing:DescribeLoadBalancers", PLACE, &[], none);
    let listener = json!({ "Protocol": "TCP", "LoadBalancerPort": "443", "InstanceProtocol": "TCP", "InstancePort": NODE_PORT.to_string() });
    let described = json!([{
        "LoadBalancerName": "old", "Scheme": "internet-facing", "VPCId": "vpc-1", "SecurityGroups": ["sg-front"],
        "ListenerDescriptions": [{ "Listener": listener }], "Instances": [{ "InstanceId": "i-1" }],
    }]);
    world.put(
        "elb:DescribeLoadBalancers",
        PLACE,
        &[],
        answer("DescribeLoadBalancers", json!({ "LoadBalancerDescriptions": described })),
    );
    served(&mut world, "InService");
    world.body("ec2:DescribeNetworkInterfaces")["DescribeNetworkInterfacesResponse"]["networkInterfaceSet"][1]["description"] =
        json!("ELB old");
    world
}

fn served(world: &mut World, state: &str) {
    let states = json!({ "InstanceStates": [{ "InstanceId": "i-1", "State": state }] });
    world.put("elb:DescribeInstanceHealth", PLACE, &[("balancer", "old")], answer("DescribeInstanceHealth", states));
}

#[test]
fn a_balancer_of_the_first_generation_brings_its_clients_to_the_port_of_its_listener() {
    let mut world = classic();
    assert_eq!(reach(&world, NODE_PORT), office());
    assert_eq!(reach(&world, 30081), nobody());
    // The machine sees the balancer and never the client.
    node_rules(&mut world, json!([rule("tcp", Some((NODE_PORT, NODE_PORT)), &["203.0.113.0/24"])]));
    assert_eq!(reach(&world, NODE_PORT), nobody());
    node_rules(&mut world, json!([rule("tcp", Some((NODE_PORT, NODE_PORT)), &["10.0.2.0/24"])]));
    assert_eq!(reach(&world, NODE_PORT), office());
}

#[test]
fn what_was_not_read_of_a_balancer_of_the_first_generation_bounds_the_answer() {
    let office = Bounds::unknown_within(nets(&["203.0.113.0/24"]));
    let mut world = classic();
    served(&mut world, "OutOfService");
    assert_eq!(reach(&world, NODE_PORT), office, "not served now");
    let mut world = classic();
    world.deny("elb:DescribeInstanceHealth");
    assert_eq!(reach(&world, NODE_PORT), office);
    assert!(exposed(&world).limits[0].contains("grant `elasticloadbalancing:DescribeInstanceHealth`"));
    let mut world = classic();
    world.deny("elb:DescribeLoadBalancers");
    assert_eq!(reach(&world, 30081), office, "any port the machine opens to it");
    assert!(exposed(&world).limits[0].contains("grant `elasticloadbalancing:DescribeLoadBalancers`"));
    let mut world = classic();
    world.body("elb:DescribeLoadBalancers")["DescribeLoadBalancersResponse"]["DescribeLoadBalancersResult"]["LoadBalancerDescriptions"]
        [0]["ListenerDescriptions"][0]["Listener"]["InstancePort"] = Value::Null;
    assert_eq!(reach(&world, 30081), office);
    let mut world = classic();
    world.body("elb:DescribeLoadBalancers")["DescribeLoadBalancersResponse"]["DescribeLoadBalancersResult"]["LoadBalancerDescriptions"]
        [0]["Scheme"] = json!("internal");
    assert_eq!(reach(&world, NODE_PORT), nobody());
}

#[test]
fn a_listener_of_the_future_may_bring_anybody() {
    let mut world = behind("network", false);
    node_rules(&mut world, from_group("sg-front"));
    world.body("elasticloadbalancing:DescribeListeners")["DescribeListenersResponse"]["DescribeListenersResult"]["Listeners"]
        [0]["Protocol"] = json!("CARRIER_PIGEON");
    assert_eq!(reach(&world, NODE_PORT), Bounds::unknown_within(nets(&["203.0.113.0/24"])));
}

#[test]
fn datagrams_come_through_as_themselves() {
    let mut world = behind("network", true);
    world.body("elasticloadbalancing:DescribeTargetGroups")["DescribeTargetGroupsResponse"]["DescribeTargetGroupsResult"]
        ["TargetGroups"][0]["Protocol"] = json!("UDP");
    world.body("elasticloadbalancing:DescribeListeners")["DescribeListenersResponse"]["DescribeListenersResult"]["Listeners"]
        [0]["Protocol"] = json!("UDP");
    front_rules(&mut world, json!([rule("udp", Some((443, 443)), &["203.0.113.0/24"])]));
    node_rules(&mut world, json!([rule("udp", Some((NODE_PORT, NODE_PORT)), &["0.0.0.0/0"])]));
    assert_eq!(reach_of(&world, Protocol::UDP, NODE_PORT), office());
    assert_eq!(reach(&world, NODE_PORT), nobody());
}

#[test]
fn blocking_public_access_judges_the_balancer_by_its_own_subnet() {
    let mut world = behind("network", false);
    node_rules(&mut world, from_group("sg-front"));
    world.body("ec2:DescribeVpcBlockPublicAccessOptions")["DescribeVpcBlockPublicAccessOptionsResponse"]["vpcBlockPublicAccessOptions"]
        ["internetGatewayBlockMode"] = json!("block-bidirectional");
    assert_eq!(reach(&world, NODE_PORT), nobody());
    let mut exclude = |subnet: &str, state: &str| {
        let body = json!({ "AnyResponse": { "vpcBlockPublicAccessExclusionSet": [{
            "internetGatewayExclusionMode": "allow-bidirectional", "state": state,
            "resourceArn": format!("arn:aws:ec2:eu-west-1:111122223333:subnet/{subnet}"),
        }] } });
        world.put("ec2:DescribeVpcBlockPublicAccessExclusions", PLACE, &[], body);
        reach(&world, NODE_PORT)
    };
    assert_eq!(exclude("subnet-2", "create-complete"), office(), "the balancer's subnet is let out");
    assert_eq!(exclude("subnet-1", "create-complete"), nobody(), "the machine's own does not help the balancer");
    assert_eq!(exclude("subnet-2", "create-in-progress"), Bounds::unknown_within(nets(&["203.0.113.0/24"])));
}

#[test]
fn a_network_acl_between_balancer_and_machine_counts() {
    let mut world = behind("network", false);
    node_rules(&mut world, from_group("sg-front"));
    let acls = &mut world.body("ec2:DescribeNetworkAcls")["DescribeNetworkAclsResponse"]["networkAclSet"];
    let any = json!([
        { "ruleNumber": "100", "protocol": "-1", "ruleAction": "allow", "egress": "false", "cidrBlock": "0.0.0.0/0" },
        { "ruleNumber": "100", "protocol": "-1", "ruleAction": "allow", "egress": "true", "cidrBlock": "0.0.0.0/0" },
    ]);
    acls[0]["entrySet"] = json!([
        { "ruleNumber": "90", "protocol": "-1", "ruleAction": "deny", "egress": "false", "cidrBlock": "10.0.2.0/24" }, any[0], any[1],
    ]);
    acls.as_array_mut().unwrap().push(json!({
        "networkAclId": "acl-2", "vpcId": "vpc-1", "default": "false", "associationSet": [{ "subnetId": "subnet-2" }], "entrySet": any,
    }));
    assert_eq!(reach(&world, NODE_PORT), nobody());
}

#[test]
fn a_balancer_that_is_in_no_list_is_bounded_by_what_its_interface_lets_in() {
    let mut world = behind("network", false);
    node_rules(&mut world, from_group("sg-front"));
    world.put(
        "elasticloadbalancing:DescribeLoadBalancers",
        PLACE,
        &[],
        answer("DescribeLoadBalancers", json!({ "LoadBalancers": null })),
    );
    world.body("ec2:DescribeNetworkInterfaces")["DescribeNetworkInterfacesResponse"]["networkInterfaceSet"][1]["description"] =
        json!("ELB classic");
    assert_eq!(reach(&world, 30081), Bounds::unknown_within(nets(&["203.0.113.0/24"])));
    assert!(exposed(&world).limits[0].contains("classic"));
    assert_eq!(reach(&world, 22), nobody());
}

#[test]
fn clients_of_a_dual_stack_balancer_come_over_both_families() {
    let mut world = behind("network", false);
    node_rules(
        &mut world,
        json!([{ "ipProtocol": "tcp", "fromPort": "30080", "toPort": "30080",
        "ipRanges": [{ "cidrIp": "10.0.0.0/16" }], "ipv6Ranges": [{ "cidrIpv6": "2600:1f14:abc:de00::/56" }] }]),
    );
    front_rules(&mut world, json!([rule("tcp", Some((443, 443)), &["0.0.0.0/0", "::/0"])]));
    let front =
        &mut world.body("ec2:DescribeNetworkInterfaces")["DescribeNetworkInterfacesResponse"]["networkInterfaceSet"][1];
    front["ipv6AddressesSet"] = json!([{ "ipv6Address": "2600:1f14:abc:de02::20" }]);
    let tables = &mut world.body("ec2:DescribeRouteTables")["DescribeRouteTablesResponse"]["routeTableSet"];
    tables[1]["routeSet"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "destinationIpv6CidrBlock": "::/0", "gatewayId": "igw-1", "state": "active" }));
    let found = reach(&world, NODE_PORT);
    assert_eq!(found.lower().family(Family::V6), any6());
    assert_eq!(found, exactly(any4().union(&any6())));
}
