//! VPCs, subnets, routes and gateways.

use crate::aws::description::Tags;
use crate::aws::description::network::{RouteTable, Subnet, Vpc};
use crate::aws::description::rules::Route;
use crate::aws::expand::interfaces::{self, Wanted};
use crate::aws::expand::{Build, kinds, tag_set};
use crate::aws::item::Kind;
use crate::aws::moment::Moment;
use crate::aws::place::Place;
use crate::aws::tree::{Dialect, Fields, Tree, fields};

pub(super) fn expand(build: &mut Build<'_>) {
    let region = build.region;
    for vpc in &region.vpcs {
        let tree = vpc_tree(build.place, vpc, &region.block_public_access.mode);
        build.fabric.vpcs.push(kinds::VPC.item(&tree, Dialect::Item));
        build.fabric.dns.insert(build.place.vpc(&vpc.name), (vpc.dns_support, vpc.dns_hostnames));
        for subnet in &vpc.subnets {
            let tree = subnet_tree(build.place, vpc, subnet, &region.block_public_access.mode);
            build.fabric.subnets.push(kinds::SUBNET.item(&tree, Dialect::Item));
        }
        let tables = tables(vpc);
        for (index, table) in tables.iter().enumerate() {
            let tree = table_tree(build.place, vpc, table, index == 0);
            build.fabric.route_tables.push(kinds::ROUTE_TABLE.item(&tree, Dialect::Item));
        }
        let leads_to = |target: &str| tables.iter().flat_map(|table| &table.routes).any(|route| route.target == target);
        if leads_to("igw") {
            internet_gateway(build, vpc);
        }
        if leads_to("nat") {
            nat_gateway(build, vpc);
        }
    }
}

fn vpc_tree(place: &Place, vpc: &Vpc, block_mode: &str) -> Tree {
    let cidrs: Vec<&String> = std::iter::once(&vpc.cidr).chain(&vpc.more_cidrs).collect();
    let cidrs = cidrs.into_iter().map(|cidr| {
        fields()
            .put("associationId", place.id("vpc-cidr-assoc", &[&vpc.name, cidr]))
            .put("cidrBlock", cidr)
            .put("cidrBlockState", fields().put("state", "associated"))
    });
    let ipv6 = vpc.ipv6.iter().map(|cidr| {
        fields()
            .put("associationId", place.id("vpc-cidr-assoc", &[&vpc.name, cidr]))
            .put("ipv6CidrBlock", cidr)
            .put("ipv6CidrBlockState", fields().put("state", "associated"))
            .put("networkBorderGroup", &place.region)
            .put("ipv6Pool", "Amazon")
    });
    fields()
        .put("vpcId", place.vpc(&vpc.name))
        .put("ownerId", &place.account)
        .put("state", "available")
        .put("cidrBlock", &vpc.cidr)
        .put("cidrBlockAssociationSet", cidrs.collect::<Vec<_>>())
        .put("ipv6CidrBlockAssociationSet", ipv6.collect::<Vec<_>>())
        .put("dhcpOptionsId", place.id("dopt", &["default"]))
        .put("instanceTenancy", "default")
        .put("isDefault", vpc.default)
        .put("blockPublicAccessStates", fields().put("internetGatewayBlockMode", block_mode))
        .put("tagSet", tag_set(&vpc.name, &vpc.tags))
        .into()
}

fn subnet_tree(place: &Place, vpc: &Vpc, subnet: &Subnet, block_mode: &str) -> Tree {
    let id = place.subnet(&vpc.name, &subnet.name);
    let ipv6 = subnet.ipv6.iter().map(|cidr| {
        fields()
            .put("associationId", place.id("subnet-cidr-assoc", &[&vpc.name, &subnet.name]))
            .put("ipv6CidrBlock", cidr)
            .put("ipv6CidrBlockState", fields().put("state", "associated"))
    });
    fields()
        .put("subnetId", &id)
        .put("subnetArn", place.arn("ec2", &format!("subnet/{id}")))
        .put("state", "available")
        .put("vpcId", place.vpc(&vpc.name))
        .put("ownerId", &place.account)
        .put("cidrBlock", &subnet.cidr)
        .put("ipv6CidrBlockAssociationSet", ipv6.collect::<Vec<_>>())
        .put("availableIpAddressCount", subnet.free())
        .put("availabilityZone", place.zone(&subnet.zone))
        .put(
            "availabilityZoneId",
            format!(
                "{}-az{}",
                short(&place.region),
                subnet.zone.bytes().next().map_or(1, |letter| letter.saturating_sub(b'a') + 1)
            ),
        )
        .put("defaultForAz", false)
        .put("mapPublicIpOnLaunch", subnet.gives_public_ips())
        .put("assignIpv6AddressOnCreation", subnet.ipv6.is_some())
        .put("ipv6Native", false)
        .put("blockPublicAccessStates", fields().put("internetGatewayBlockMode", block_mode))
        .put("tagSet", tag_set(&subnet.name, &subnet.tags))
        .into()
}

/// `euw1` for `eu-west-1`.
fn short(region: &str) -> String {
    let mut parts = region.split('-');
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.chars().next().unwrap_or_default());
    first.chars().chain(rest).collect()
}

/// The route tables of a VPC: the main one first, then the built-in ones that subnets use, then its own.
fn tables(vpc: &Vpc) -> Vec<RouteTable> {
    let route = |destination: &str, target: &str| Route {
        destination: destination.to_owned(),
        target: target.to_owned(),
        blackhole: false,
    };
    let uses = |name: &str| vpc.subnets.iter().any(|subnet| subnet.routes == name);
    let mut tables = Vec::new();
    for name in ["main", "public", "private", "isolated"] {
        let is_own = vpc.route_tables.iter().any(|table| table.name == name);
        if is_own || (name != "main" && !uses(name)) {
            continue;
        }
        let mut routes = match name {
            "public" => vec![route("0.0.0.0/0", "igw")],
            "private" => vec![route("0.0.0.0/0", "nat")],
            _ => Vec::new(),
        };
        if vpc.ipv6.is_some() && !routes.is_empty() {
            routes.push(route("::/0", if name == "public" { "igw" } else { "eigw" }));
        }
        tables.push(RouteTable { name: name.to_owned(), routes, gateway: None });
    }
    tables.extend(vpc.route_tables.iter().cloned());
    tables.sort_by_key(|table| table.name != "main");
    tables
}

fn table_tree(place: &Place, vpc: &Vpc, table: &RouteTable, is_main: bool) -> Tree {
    let id = place.id("rtb", &[&vpc.name, &table.name]);
    let association = |name: &str| {
        fields()
            .put("routeTableAssociationId", place.id("rtbassoc", &[&vpc.name, &table.name, name]))
            .put("routeTableId", &id)
            .put("associationState", fields().put("state", "associated"))
    };
    let mut associations: Vec<Fields> = Vec::new();
    if is_main {
        associations.push(association("main").put("main", true));
    }
    for subnet in vpc.subnets.iter().filter(|subnet| subnet.routes == table.name && subnet.routes != "main") {
        associations
            .push(association(&subnet.name).put("main", false).put("subnetId", place.subnet(&vpc.name, &subnet.name)));
    }
    if table.gateway.is_some() {
        associations.push(association("igw").put("main", false).put("gatewayId", place.id("igw", &[&vpc.name])));
    }
    let ranges = std::iter::once(&vpc.cidr).chain(&vpc.more_cidrs).chain(&vpc.ipv6);
    let local = ranges.map(|range| {
        let route = Route { destination: range.clone(), target: "local".to_owned(), blackhole: false };
        route_tree(place, vpc, &route).put("origin", "CreateRouteTable")
    });
    let others = table.routes.iter().map(|route| route_tree(place, vpc, route).put("origin", "CreateRoute"));
    fields()
        .put("routeTableId", &id)
        .put("vpcId", place.vpc(&vpc.name))
        .put("ownerId", &place.account)
        .put("routeSet", local.chain(others).collect::<Vec<_>>())
        .put("associationSet", associations)
        .put("propagatingVgwSet", Tree::nothing())
        .put("tagSet", tag_set(&format!("{}-{}", vpc.name, table.name), &Tags::new()))
        .into()
}

fn route_tree(place: &Place, vpc: &Vpc, route: &Route) -> Fields {
    let destination = match route.destination.strip_prefix("pl:") {
        Some(list) => fields().put("destinationPrefixListId", place.prefix_list(list)),
        None if route.destination.contains(':') => fields().put("destinationIpv6CidrBlock", &route.destination),
        None => fields().put("destinationCidrBlock", &route.destination),
    };
    let target = match route.target.as_str() {
        "igw" => destination.put("gatewayId", place.id("igw", &[&vpc.name])),
        "nat" => destination.put("natGatewayId", place.id("nat", &[&vpc.name])),
        "eigw" => destination.put("egressOnlyInternetGatewayId", place.id("eigw", &[&vpc.name])),
        other => {
            let kind = other.split('-').next().unwrap_or_default();
            let name = match kind {
                "tgw" => "transitGatewayId",
                "pcx" => "vpcPeeringConnectionId",
                "eni" => "networkInterfaceId",
                "cagw" => "carrierGatewayId",
                // `local`, virtual private gateways and gateway load balancer endpoints.
                _ => "gatewayId",
            };
            destination.put(name, other)
        }
    };
    target.put("state", if route.blackhole { "blackhole" } else { "active" })
}

fn internet_gateway(build: &mut Build<'_>, vpc: &Vpc) {
    let attachment = fields().put("state", "available").put("vpcId", build.place.vpc(&vpc.name));
    let tree = fields()
        .put("internetGatewayId", build.place.id("igw", &[&vpc.name]))
        .put("ownerId", &build.place.account)
        .put("attachmentSet", vec![attachment])
        .put("tagSet", tag_set(&vpc.name, &Tags::new()));
    push(&mut build.fabric.internet_gateways, &kinds::INTERNET_GATEWAY, tree);
}

/// One NAT gateway per VPC, in its first public subnet, with an address of its own.
fn nat_gateway(build: &mut Build<'_>, vpc: &Vpc) {
    let place = build.place;
    let Some(subnet) = vpc.subnets.iter().find(|subnet| subnet.routes == "public").or_else(|| vpc.subnets.first())
    else {
        return;
    };
    let id = place.id("nat", &[&vpc.name]);
    let public_ip = place.public_ip(&["nat", &vpc.name]);
    let interface = interfaces::add(
        build,
        vpc,
        subnet,
        &Wanted {
            name: vec!["nat", &vpc.name],
            description: format!("Interface for NAT Gateway {id}"),
            kind: "nat_gateway",
            requester: Some("AMAZON"),
            public_ip: Some(public_ip.clone()),
            ..Wanted::default()
        },
    );
    let allocation = place.id("eipalloc", &["nat", &vpc.name]);
    let association = place.id("eipassoc", &["nat", &vpc.name]);
    let address = fields()
        .put("allocationId", &allocation)
        .put("associationId", &association)
        .put("domain", "vpc")
        .put("networkInterfaceId", &interface.id)
        .put("networkInterfaceOwnerId", &place.account)
        .put("privateIpAddress", &interface.private_ip)
        .put("publicIpv4Pool", "amazon")
        .put("networkBorderGroup", &place.region)
        .put("publicIp", &public_ip)
        .put("tagSet", tag_set(&format!("{}-nat", vpc.name), &Tags::new()));
    push(&mut build.fabric.addresses, &kinds::ADDRESS, address);
    let address = fields()
        .put("allocationId", &allocation)
        .put("networkInterfaceId", &interface.id)
        .put("privateIp", &interface.private_ip)
        .put("publicIp", &public_ip)
        .put("associationId", &association)
        .put("isPrimary", true)
        .put("status", "succeeded");
    let tree = fields()
        .put("natGatewayId", &id)
        .put("createTime", Moment::long_ago().iso_millis())
        .put("natGatewayAddressSet", vec![address])
        .put("state", "available")
        .put("subnetId", place.subnet(&vpc.name, &subnet.name))
        .put("vpcId", place.vpc(&vpc.name))
        .put("connectivityType", "public")
        .put("tagSet", tag_set(&format!("{}-nat", vpc.name), &Tags::new()));
    push(&mut build.fabric.nat_gateways, &kinds::NAT_GATEWAY, tree);
}

pub(super) fn push(items: &mut Vec<crate::aws::item::Item>, kind: &Kind, tree: impl Into<Tree>) {
    items.push(kind.item(&tree.into(), Dialect::Item));
}
