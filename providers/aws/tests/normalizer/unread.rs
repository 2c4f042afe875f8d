//! What an answer leaves out is not absent: each row hides one thing, and what hangs on it is unknown and says why.

use super::scene::*;
use palisade_model::{
    DefaultRoute,
    FactKind::{
        self, Administrators, Boot, Controllers, DefaultRoute as Routes, Disks, Doors, Egress, Exposure,
        ExternalTrusts, Filters, FlowLogs, Identities, ImageAge, Interactive, KeyAccess, Keys, Metadata, Minters,
        NewestImage, Nodes, Patching, Pipelines, PoolVersion, PoolZones, PrivateGuard, PublicAddresses, Room, Transit,
        Trusts, Unused,
    },
};
use palisade_reach::{Bounds, Protocol};
use serde_json::{Value, json};
use std::collections::BTreeSet;

struct Row {
    hidden: &'static str,
    hide: fn(&mut World),
    lost: &'static [FactKind],
    says: &'static str,
}

fn check(rows: &[Row]) {
    for Row { hidden, hide, lost, says } in rows {
        let mut world = world();
        with_key(&mut world);
        hide(&mut world);
        let cluster = world.cluster();
        let facts = cluster.facts();
        let open: BTreeSet<FactKind> = facts.iter().filter(|fact| fact.gap.is_some()).map(|fact| fact.kind).collect();
        assert_eq!(open, lost.iter().copied().collect(), "{hidden}");
        let reasons: Vec<String> = facts.iter().filter_map(|fact| Some(fact.gap?.to_string())).collect();
        assert!(reasons.iter().any(|reason| reason.contains(says)), "{hidden}: {reasons:?}");
    }
}

fn details(world: &mut World) -> &mut Value {
    &mut world.body("iam:GetAccountAuthorizationDetails")["GetAccountAuthorizationDetailsResponse"]["GetAccountAuthorizationDetailsResult"]
}

fn role<'a>(world: &'a mut World, name: &str) -> &'a mut Value {
    let roles = details(world)["RoleDetailList"].as_array_mut().unwrap();
    roles.iter_mut().find(|role| role["RoleName"] == name).unwrap()
}

fn trust(world: &mut World, name: &str, statement: &Value) {
    role(world, name)["AssumeRolePolicyDocument"] = json!(json!({ "Statement": [statement] }).to_string());
}

fn machine(world: &mut World) -> &mut Value {
    &mut world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"][0]["instancesSet"][0]
}

fn table(world: &mut World) -> &mut Value {
    &mut world.body("ec2:DescribeRouteTables")["DescribeRouteTablesResponse"]["routeTableSet"]
}

fn scaling_groups(world: &mut World) -> &mut Value {
    &mut world.body("autoscaling:DescribeAutoScalingGroups")["DescribeAutoScalingGroupsResponse"]["DescribeAutoScalingGroupsResult"]
        ["AutoScalingGroups"]
}

/// What is lost with everybody who works for the cluster.
const ALL_IDENTITIES: &[FactKind] = &[Identities, Controllers, ExternalTrusts];

/// What is lost with the account's whole directory.
const WHOLE_DIRECTORY: &[FactKind] = &[Identities, Controllers, ExternalTrusts, Trusts, Minters, KeyAccess, Pipelines];

/// What is lost with the machines of a pool.
const MACHINES: &[FactKind] = &[
    Nodes,
    PublicAddresses,
    Exposure,
    Filters,
    Routes,
    Egress,
    Interactive,
    Metadata,
    ImageAge,
    NewestImage,
    Patching,
    Boot,
    Disks,
    Room,
    FlowLogs,
];

#[test]
fn an_identity_that_was_not_wholly_read_may_be_anybody() {
    check(&[
        Row {
            hidden: "the trust policy of the node's role is no policy",
            hide: |world| role(world, "eks-node")["AssumeRolePolicyDocument"] = json!("{]"),
            lost: &[Identities, Controllers, ExternalTrusts, Trusts],
            says: "the trust policy of arn:aws:iam::111122223333:role/eks-node",
        },
        Row {
            hidden: "a role that no cluster uses has no trust policy",
            hide: |world| {
                let other = json!({ "RoleName": "other", "Arn": "arn:aws:iam::111122223333:role/other" });
                details(world)["RoleDetailList"].as_array_mut().unwrap().push(other);
            },
            lost: &[Identities, Controllers, ExternalTrusts, Trusts],
            says: "the trust policy of arn:aws:iam::111122223333:role/other",
        },
        Row {
            hidden: "a trust statement names nobody",
            hide: |world| trust(world, "eks-node", &json!({ "Effect": "Allow", "Action": "sts:AssumeRole" })),
            lost: &[Identities, Controllers, ExternalTrusts, Trusts],
            says: "statement 0 names nobody",
        },
        Row {
            hidden: "a role has no ARN",
            hide: |world| role(world, "eks-cluster")["Arn"] = Value::Null,
            lost: WHOLE_DIRECTORY,
            says: "a role has no ARN",
        },
        Row {
            hidden: "a user has no ARN",
            hide: |world| details(world)["UserDetailList"] = json!([{ "UserName": "u" }]),
            lost: WHOLE_DIRECTORY,
            says: "a user has no ARN",
        },
        Row {
            hidden: "the profile of a machine belongs to no role of the list",
            hide: |world| {
                machine(world)["iamInstanceProfile"]["arn"] = json!("arn:aws:iam::111122223333:instance-profile/gone");
            },
            lost: ALL_IDENTITIES,
            says: "no role of the account lists the instance profile arn:aws:iam::111122223333:instance-profile/gone of i-1",
        },
        Row {
            hidden: "the cluster's role",
            hide: |world| world.cluster_body()["roleArn"] = Value::Null,
            lost: ALL_IDENTITIES,
            says: "the role of the cluster is not in the answer",
        },
        Row {
            hidden: "the node group's role",
            hide: |world| world.body("eks:DescribeNodegroup")["nodegroup"]["nodeRole"] = Value::Null,
            lost: ALL_IDENTITIES,
            says: "the role of node group general is not in the answer",
        },
        Row {
            hidden: "the node role of Auto Mode",
            hide: |world| world.cluster_body()["computeConfig"] = json!({ "enabled": true, "nodePools": ["system"] }),
            lost: &[Identities, Controllers, ExternalTrusts, PoolVersion, PoolZones],
            says: "the role of Auto Mode is not in the answer",
        },
        Row {
            hidden: "the issuer of the cluster",
            hide: |world| world.cluster_body()["identity"] = Value::Null,
            lost: &[Identities, Controllers, ExternalTrusts, Trusts],
            says: "the issuer of shop's tokens is not in the answer",
        },
        Row {
            hidden: "what an access entry is for",
            hide: |world| world.body("eks:DescribeAccessEntry")["accessEntry"]["type"] = json!("QUANTUM_LINUX"),
            lost: ALL_IDENTITIES,
            says: "is of a kind that is not known",
        },
        Row {
            hidden: "the role of a pod identity",
            hide: |world| {
                association(world, &json!({ "associationId": "a-1", "namespace": "n", "serviceAccount": "s" }));
            },
            lost: &[Identities, Controllers, ExternalTrusts, Trusts],
            says: "the role of pod identity association a-1 is not in the answer",
        },
        Row {
            hidden: "the id of a pod identity",
            hide: |world| {
                world.body("eks:ListPodIdentityAssociations")["associations"] = json!([{ "namespace": "n" }]);
            },
            lost: &[Identities, Controllers, ExternalTrusts, Trusts],
            says: "`eks:DescribePodIdentityAssociation` was not asked",
        },
        Row {
            hidden: "the name of a capability",
            hide: |world| world.body("eks:ListCapabilities")["capabilities"] = json!([{ "type": "ARGOCD" }]),
            lost: &[Identities, Controllers, ExternalTrusts, Doors],
            says: "a capability of shop has no name",
        },
        Row {
            hidden: "the name of an access policy",
            hide: |world| {
                world.body("eks:ListAssociatedAccessPolicies")["associatedAccessPolicies"] =
                    json!([{ "accessScope": {} }]);
            },
            lost: &[Minters, Pipelines, Administrators],
            says: "an access policy of arn:aws:iam::111122223333:role/eks-node has no name",
        },
        Row {
            hidden: "whom a grant of the key serves",
            hide: |world| {
                world.body("kms:ListGrants")["Grants"] = json!([{ "GrantId": "g", "Operations": ["Decrypt"] }]);
            },
            lost: &[KeyAccess],
            says: "whom grant g of arn:aws:kms:eu-west-1:111122223333:key/1 serves",
        },
        Row {
            hidden: "the service of an access report",
            hide: |world| {
                world.body("iam:GetServiceLastAccessedDetails")["GetServiceLastAccessedDetailsResponse"]["GetServiceLastAccessedDetailsResult"]
                    ["ServicesLastAccessed"] = json!([{ "ServiceName": "S3" }]);
            },
            lost: &[Unused],
            says: "names no service",
        },
    ]);
}

fn association(world: &mut World, body: &Value) {
    world.body("eks:ListPodIdentityAssociations")["associations"] = json!([{ "associationId": "a-1" }]);
    world.put(
        "eks:DescribePodIdentityAssociation",
        PLACE,
        &[("association", "a-1"), ("cluster", "shop")],
        json!({ "association": body }),
    );
}

#[test]
fn a_machine_that_was_not_wholly_read_may_stand_anywhere() {
    check(&[
        Row {
            hidden: "a machine of the auto scaling group is not in EC2's list",
            hide: |world| {
                scaling_groups(world)[0]["Instances"] = json!([{ "InstanceId": "i-1" }, { "InstanceId": "i-9" }]);
            },
            lost: MACHINES,
            says: "machine i-9 is not in the list",
        },
        Row {
            hidden: "the auto scaling group EKS names is not in the list",
            hide: |world| *scaling_groups(world) = json!([]),
            lost: MACHINES,
            says: "auto scaling group asg-1 is not in the list",
        },
        Row {
            hidden: "the subnet of a machine",
            hide: |world| machine(world)["subnetId"] = Value::Null,
            lost: &[PublicAddresses, Filters, Routes, Egress, Room, FlowLogs],
            says: "the subnet of i-1 is not in the answer",
        },
        Row {
            hidden: "the subnet of an interface",
            hide: |world| machine(world)["networkInterfaceSet"][0]["subnetId"] = Value::Null,
            lost: &[Exposure],
            says: "the subnet of an interface of i-1 is not in the answer",
        },
        Row {
            hidden: "the groups of an interface",
            hide: |world| machine(world)["networkInterfaceSet"][0]["groupSet"] = Value::Null,
            lost: &[Filters, Egress],
            says: "the security groups of i-1 are not in the answer",
        },
        Row {
            hidden: "the interfaces of a machine",
            hide: |world| machine(world)["networkInterfaceSet"] = Value::Null,
            lost: &[Exposure, Filters, Egress],
            says: "the interfaces of i-1 are not in the answer",
        },
        Row {
            hidden: "the subnet itself is not in the list",
            hide: |world| world.body("ec2:DescribeSubnets")["DescribeSubnetsResponse"]["subnetSet"] = Value::Null,
            lost: &[PublicAddresses, PoolZones, Room],
            says: "what is given in subnet subnet-1 is not in the list",
        },
        Row {
            hidden: "whether the subnet gives public addresses",
            hide: |world| {
                world.body("ec2:DescribeSubnets")["DescribeSubnetsResponse"]["subnetSet"][0]["mapPublicIpOnLaunch"] =
                    Value::Null;
            },
            lost: &[PublicAddresses],
            says: "what is given in subnet subnet-1",
        },
        Row {
            hidden: "the route tables of the subnet and of the network",
            hide: |world| *table(world) = json!([]),
            lost: &[Routes, Egress],
            says: "the route table of subnet subnet-1 is not in the list",
        },
        Row {
            hidden: "which subnet a route table belongs to",
            hide: |world| table(world)[0]["associationSet"] = json!([{ "main": "false" }]),
            lost: &[Routes, Egress],
            says: "the route table of subnet subnet-1",
        },
        Row {
            hidden: "which subnet a network ACL belongs to",
            hide: |world| {
                world.body("ec2:DescribeNetworkAcls")["DescribeNetworkAclsResponse"]["networkAclSet"][0]["associationSet"] =
                    json!([{ "networkAclAssociationId": "aclassoc-1" }]);
            },
            lost: &[Filters],
            says: "the network ACL of subnet subnet-1",
        },
        Row {
            hidden: "the groups of the private endpoint",
            hide: |world| world.cluster_body()["resourcesVpcConfig"]["clusterSecurityGroupId"] = Value::Null,
            lost: &[PrivateGuard],
            says: "the security groups of the private endpoint",
        },
    ]);
}

#[test]
fn a_leaving_machine_that_ec2_has_forgotten_hides_nothing() {
    let mut world = world();
    scaling_groups(&mut world)[0]["Instances"] =
        json!([{ "InstanceId": "i-1" }, { "InstanceId": "i-9", "LifecycleState": "Terminating:Wait" }]);
    assert_eq!(pool(&world.cluster()).nodes.get().unwrap().len(), 1);
}

#[test]
fn a_user_without_a_name_has_keys_nobody_asked_for() {
    let mut world = world();
    let arn = "arn:aws:iam::111122223333:user/u";
    details(&mut world)["UserDetailList"] = json!([{ "Arn": arn }]);
    world.body("eks:ListAccessEntries")["accessEntries"] = json!([arn]);
    let of = [("cluster", "shop"), ("principal", arn)];
    world.put("eks:DescribeAccessEntry", PLACE, &of, json!({ "accessEntry": { "type": "STANDARD" } }));
    world.put("eks:ListAssociatedAccessPolicies", PLACE, &of, json!({ "associatedAccessPolicies": [] }));
    let cluster = world.cluster();
    let user = cluster.identities.get().unwrap().iter().find(|one| one.id.as_str() == arn).unwrap();
    assert_eq!(user.keys.gap().unwrap().to_string(), format!("{arn} has no name"));
    let lost: Vec<FactKind> = cluster.facts().iter().filter(|fact| fact.gap.is_some()).map(|fact| fact.kind).collect();
    assert_eq!(lost, [Keys]);
}

#[test]
fn a_group_or_policy_or_statement_that_could_not_be_read_may_give_anything() {
    let admin_of = |change: fn(&mut World)| {
        let mut world = world();
        change(&mut world);
        let cluster = world.cluster();
        let node = cluster.identities.get().unwrap().iter().find(|one| one.name == "eks-node").unwrap().clone();
        format!("{:?}", node.standing.get().unwrap().administrator)
    };
    assert_eq!(admin_of(|_| ()), "None");
    let unread: [fn(&mut World); 3] = [
        |world| details(world)["Policies"][1]["PolicyVersionList"] = Value::Null,
        |world| {
            let odd = json!({ "Statement": [{ "Effect": "Permit", "Action": "*", "Resource": "*" }] }).to_string();
            details(world)["Policies"][1]["PolicyVersionList"][0]["Document"] = json!(odd);
        },
        |world| {
            let inline = json!([{ "PolicyName": "odd", "PolicyDocument": json!({ "Statement": [{ "Effect": "Allow", "Resource": "*" }] }).to_string() }]);
            role(world, "eks-node")["RolePolicyList"] = inline;
        },
    ];
    for change in unread {
        assert!(admin_of(change).contains("Conditional"), "{}", admin_of(change));
    }
}

#[test]
fn everybody_but_some_is_everybody() {
    let mut world = world();
    let admits = json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "arn:aws:iam::111122223333:role/x" }, "Action": "sts:AssumeRole" });
    trust(&mut world, "eks-node", &admits);
    let cluster = world.cluster();
    let parties: Vec<&str> = cluster.external_trusts.get().unwrap().iter().map(|one| one.party.as_str()).collect();
    assert_eq!(parties, ["everybody"]);
}

#[test]
fn rules_that_name_nobody_we_know_may_admit_anybody() {
    for rule in [
        json!({ "ipProtocol": "tcp", "fromPort": "22", "toPort": "22", "quantumRanges": [{ "q": 1 }] }),
        json!({ "ipProtocol": "tcp", "fromPort": "22", "toPort": "22", "prefixListIds": [{ "description": "?" }] }),
    ] {
        let mut world = world();
        node_rules(&mut world, json!([rule]));
        assert_eq!(reach(&world, 22), Bounds::unknown_within(any4().union(&any6())));
        assert_eq!(reach(&world, 23), nobody());
    }
    let mut world = world();
    node_rules(
        &mut world,
        json!([{ "ipProtocol": "tcp", "fromPort": "22", "toPort": "22", "ipRanges": [{ "description": "?" }] }]),
    );
    assert_eq!(reach(&world, 22), Bounds::unknown_within(any4()));
    node_rules(
        &mut world,
        json!([{ "ipProtocol": "tcp", "fromPort": "22", "toPort": "22", "groups": [{ "userId": "1" }] }]),
    );
    let inside = sources(&exposed(&world).inside, Protocol::TCP, 22);
    assert!(inside.lower().is_empty() && inside.upper().contains("10.9.9.9".parse().unwrap()));
}

#[test]
fn an_acl_entry_without_a_place_decides_nothing() {
    for field in ["ruleNumber", "egress"] {
        let mut world = world();
        node_rules(&mut world, ssh_from_everybody());
        let acl = &mut world.body("ec2:DescribeNetworkAcls")["DescribeNetworkAclsResponse"]["networkAclSet"][0];
        acl["entrySet"][0][field] = Value::Null;
        assert_eq!(reach(&world, 22), Bounds::unknown_within(any4().union(&any6())), "{field}");
    }
}

#[test]
fn a_subnet_that_is_not_listed_may_hold_neighbours_and_appliances() {
    let hidden = |world: &mut World| {
        world.body("ec2:DescribeSubnets")["DescribeSubnetsResponse"]["subnetSet"] = Value::Null;
    };
    // The ACL lets nobody in; neighbours never meet it.
    let mut world = world();
    node_rules(&mut world, json!([rule("tcp", Some((22, 22)), &["10.0.0.0/8"])]));
    world.body("ec2:DescribeNetworkAcls")["DescribeNetworkAclsResponse"]["networkAclSet"][0]["entrySet"] = json!([]);
    let inside = |world: &World| sources(&exposed(world).inside, Protocol::TCP, 22);
    assert_eq!(inside(&world), Bounds::unknown_within(nets(&["10.0.1.0/24"])));
    hidden(&mut world);
    assert_eq!(inside(&world), Bounds::unknown_within(nets(&["10.0.0.0/8"])));
    assert!(exposed(&world).limits.iter().any(|limit| limit.contains("subnet subnet-1 is not in the list")));
    // A route table of the gateway sends something through an appliance: perhaps this subnet.
    let mut world = super::scene::world();
    node_rules(&mut world, ssh_from_everybody());
    table(&mut world).as_array_mut().unwrap().push(json!({
        "routeTableId": "rtb-edge", "vpcId": "vpc-1", "associationSet": [{ "gatewayId": "igw-1" }],
        "routeSet": [{ "destinationCidrBlock": "10.0.9.0/24", "gatewayId": "vpce-1", "state": "active" }],
    }));
    assert!(reach(&world, 22).is_exact());
    hidden(&mut world);
    assert!(!reach(&world, 22).is_exact());
}

#[test]
fn a_default_route_is_one_in_whatever_pieces_it_is_written() {
    let (to, from) = (
        |cidr: &str, gateway: &str| json!({ "destinationCidrBlock": cidr, "gatewayId": gateway, "state": "active" }),
        "rtb-1",
    );
    let nat = |cidr: &str| json!({ "destinationCidrBlock": cidr, "natGatewayId": "nat-1", "state": "active" });
    let of = |routes: Value| {
        let mut world = world();
        table(&mut world)[0]["routeSet"] = routes;
        let cluster = world.cluster();
        pool(&cluster).default_route.get().unwrap().clone()
    };
    let straight = |destinations: &str| DefaultRoute::Internet { via: format!("{from}: {destinations} to igw-1") };
    assert_eq!(of(json!([to("0.0.0.0/0", "igw-1")])), straight("0.0.0.0/0"));
    assert_eq!(of(json!([to("0.0.0.0/1", "igw-1"), to("128.0.0.0/1", "igw-1")])), straight("0.0.0.0/1, 128.0.0.0/1"));
    assert_eq!(of(json!([nat("0.0.0.0/0"), to("128.0.0.0/1", "igw-1")])), straight("128.0.0.0/1"));
    assert_eq!(
        of(json!([nat("0.0.0.0/0"), to("203.0.113.0/24", "igw-1")])),
        DefaultRoute::Brokered { via: "rtb-1: 0.0.0.0/0 to nat-1".to_owned() },
        "the ranges of a service are no default"
    );
    let blackholes = json!([{ "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "state": "blackhole" }]);
    assert_eq!(of(blackholes), DefaultRoute::None);
}

#[test]
fn a_prefix_list_in_a_route_may_be_a_default_route() {
    let with = |target: &str, entries: Option<&str>| {
        let mut world = world();
        table(&mut world)[0]["routeSet"] =
            json!([{ "destinationPrefixListId": "pl-1", "gatewayId": target, "state": "active" }]);
        if let Some(cidr) = entries {
            let body = json!({ "AnyResponse": { "entrySet": [{ "cidr": cidr }] } });
            world.put("ec2:GetManagedPrefixListEntries", PLACE, &[("list", "pl-1")], body);
        }
        let cluster = world.cluster();
        pool(&cluster).default_route.get().cloned().map_err(|gap| gap.to_string())
    };
    let straight = DefaultRoute::Internet { via: "rtb-1: pl-1 to igw-1".to_owned() };
    assert_eq!(with("igw-1", Some("0.0.0.0/0")), Ok(straight));
    assert_eq!(with("igw-1", Some("203.0.113.0/24")), Ok(DefaultRoute::None));
    assert_eq!(with("igw-1", None), Err("the entries of prefix list pl-1 in rtb-1 are not known".to_owned()));
    assert_eq!(with("vpce-1", None), Ok(DefaultRoute::None), "a gateway endpoint takes its service's own list");
}

#[test]
fn egress_is_open_in_whatever_pieces_it_is_written_and_unknown_where_a_list_is() {
    let of = |rules: Value| {
        let mut world = world();
        world.body("ec2:DescribeSecurityGroups")["DescribeSecurityGroupsResponse"]["securityGroupInfo"][0]["ipPermissionsEgress"] =
            rules;
        let cluster = world.cluster();
        pool(&cluster).egress.get().map(|egress| egress.unrestricted.clone()).map_err(|gap| gap.to_string())
    };
    let all = |cidrs: &[&str]| json!([rule("-1", None, cidrs)]);
    assert_eq!(of(all(&["0.0.0.0/0"])), Ok(Some("sg-node: all to 0.0.0.0/0".to_owned())));
    let halves = "sg-node: all to 0.0.0.0/1, sg-node: all to 128.0.0.0/1";
    assert_eq!(of(all(&["0.0.0.0/1", "128.0.0.0/1"])), Ok(Some(halves.to_owned())));
    assert_eq!(of(all(&["0.0.0.0/1"])), Ok(None));
    let unread = json!([{ "ipProtocol": "-1", "prefixListIds": [{ "prefixListId": "pl-1" }] }]);
    assert_eq!(of(unread), Err("not every address in sg-node: all to pl-1 is known".to_owned()));
}

#[test]
fn a_way_out_over_ipv6_counts_where_the_subnet_has_addresses_for_it() {
    let forced = |with6: bool| {
        let mut world = world();
        table(&mut world)[0]["routeSet"] = json!([
            { "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "vpce-fw", "state": "active" },
            { "destinationIpv6CidrBlock": "::/0", "egressOnlyInternetGatewayId": "eigw-1", "state": "active" },
        ]);
        if with6 {
            world.body("ec2:DescribeSubnets")["DescribeSubnetsResponse"]["subnetSet"][0]["ipv6CidrBlockAssociationSet"] =
                json!([{ "ipv6CidrBlock": "2600:1f14:abc:de00::/64" }]);
        }
        let cluster = world.cluster();
        pool(&cluster).egress.get().unwrap().forced_through.clone()
    };
    assert_eq!(forced(false), Some("vpce-fw".to_owned()));
    assert_eq!(forced(true), None);
}

#[test]
fn a_place_that_an_unreadable_answer_hides_is_unseen() {
    let unseen = |name: &str, scope: &str, body: Value| {
        let mut world = world();
        world.put(name, scope, &[], body);
        world.inventory().unseen.iter().map(|one| format!("{}: {}", one.scope, one.gap)).collect::<Vec<_>>()
    };
    let odd = [
        ("ec2:DescribeRegions", ACCOUNT, json!({ "AnyResponse": { "regions": [] } }), "could not be read"),
        (
            "ec2:DescribeRegions",
            ACCOUNT,
            json!({ "AnyResponse": { "regionInfo": [{ "optInStatus": "opted-in" }] } }),
            "has no name",
        ),
        ("sts:GetCallerIdentity", "test", json!({ "AnyResponse": { "AnyResult": {} } }), "whose the credentials are"),
        ("organizations:ListAccounts", ACCOUNT, json!({ "accounts": [] }), "could not be read"),
        ("organizations:ListAccounts", ACCOUNT, json!({ "Accounts": [{ "Name": "x" }] }), "has no id"),
        (
            "sts:AssumeRole",
            "999999999999",
            json!({ "AnyResponse": { "AnyResult": {} } }),
            "nothing was asked in `999999999999`",
        ),
    ];
    for (name, scope, body, says) in odd {
        let found = unseen(name, scope, body);
        assert!(found.len() == 1 && found[0].contains(says), "{name}: {found:?}");
    }
}

#[test]
fn two_hops_are_not_ruled_out_by_a_template_that_says_none() {
    let mut world = world();
    world.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"] = Value::Null;
    scaling_groups(&mut world)[0]["Instances"] = Value::Null;
    world.body("ec2:DescribeLaunchTemplateVersions")["DescribeLaunchTemplateVersionsResponse"]["launchTemplateVersionSet"]
        [0]["launchTemplateData"]["metadataOptions"] = json!({ "httpTokens": "required" });
    let cluster = world.cluster();
    let why = pool(&cluster).metadata.gap().unwrap().to_string();
    assert!(why.contains("leaves the hop limit to the image"), "{why}");
}

/// What nodes, images, disks and networks of one cluster say, row by row.
#[test]
fn what_a_machine_leaves_out_takes_away_what_hangs_on_it_and_nothing_else() {
    check(&[
        Row {
            hidden: "the machine's image",
            hide: |world| drop(machine(world).as_object_mut().unwrap().remove("imageId")),
            lost: &[ImageAge],
            says: "the image of a machine is not in the answer",
        },
        Row {
            hidden: "the image, which was withdrawn",
            hide: |world| world.body("ec2:DescribeImages")["DescribeImagesResponse"]["imagesSet"] = json!([]),
            lost: &[ImageAge],
            says: "image ami-1 is not in the list",
        },
        Row {
            hidden: "the machine's disks",
            hide: |world| drop(machine(world).as_object_mut().unwrap().remove("blockDeviceMapping")),
            lost: &[Disks],
            says: "the disks of a machine",
        },
        Row {
            hidden: "the disk in the list",
            hide: |world| world.body("ec2:DescribeVolumes")["DescribeVolumesResponse"]["volumeSet"] = json!([]),
            lost: &[Disks],
            says: "volume vol-1 is not in the list",
        },
        Row {
            hidden: "the machine's type",
            hide: |world| drop(machine(world).as_object_mut().unwrap().remove("instanceType")),
            lost: &[Transit],
            says: "the type of a machine",
        },
        Row {
            hidden: "how many addresses are free",
            hide: |world| {
                let subnet = &mut world.body("ec2:DescribeSubnets")["DescribeSubnetsResponse"]["subnetSet"][0];
                subnet.as_object_mut().unwrap().remove("availableIpAddressCount");
            },
            lost: &[Room],
            says: "how many addresses of a subnet are free",
        },
    ]);
}

#[test]
fn a_pool_without_machines_gets_what_its_template_or_the_account_says() {
    let mut empty = world();
    scaling_groups(&mut empty)[0]["Instances"] = json!([]);
    empty.body("ec2:DescribeInstances")["DescribeInstancesResponse"]["reservationSet"] = json!([]);
    let cluster = empty.cluster();
    let found = pool(&cluster);
    assert!(found.machinery.disks.get().unwrap().plain.is_empty());
    let age = format!("{:?}", found.machinery.image_age.get().unwrap());
    assert!(age.contains("1.34.2-20261103") && age.contains("2026-11-03"), "{age}");
    assert!(found.machinery.boot.gap().is_some());
    let answer = &mut empty.body("ec2:GetEbsEncryptionByDefault")["GetEbsEncryptionByDefaultResponse"];
    answer["ebsEncryptionByDefault"] = json!("false");
    assert!(pool(&empty.cluster()).machinery.disks.gap().unwrap().to_string().contains("no machine runs"));
}
