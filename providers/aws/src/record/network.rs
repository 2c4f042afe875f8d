//! EC2's networks, API version 2016-11-15.

use super::leaf;
use serde::Deserialize;

macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }
    };
}

/// A page of a list: without the list it is no such page, and not an empty one.
macro_rules! page {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }
    };
}
pub(crate) use page;
pub(crate) use record;

page!(Regions {
    #[serde(deserialize_with = "leaf::list")]
    region_info: Vec<Region>,
});
record!(Region {
    #[serde(deserialize_with = "leaf::text")]
    region_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    opt_in_status: Option<String>,
});

page!(SecurityGroups {
    #[serde(deserialize_with = "leaf::list")]
    security_group_info: Vec<SecurityGroup>,
});
record!(SecurityGroup {
    #[serde(deserialize_with = "leaf::text")]
    group_id: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    ip_permissions: Vec<Permission>,
    #[serde(deserialize_with = "leaf::list")]
    ip_permissions_egress: Vec<Permission>,
});
record!(Permission {
    #[serde(deserialize_with = "leaf::text")]
    ip_protocol: Option<String>,
    #[serde(deserialize_with = "leaf::number")]
    from_port: Option<i64>,
    #[serde(deserialize_with = "leaf::number")]
    to_port: Option<i64>,
    #[serde(deserialize_with = "leaf::list")]
    groups: Vec<GroupPair>,
    #[serde(deserialize_with = "leaf::list")]
    ip_ranges: Vec<IpRange>,
    #[serde(deserialize_with = "leaf::list")]
    ipv6_ranges: Vec<Ipv6Range>,
    #[serde(deserialize_with = "leaf::list")]
    prefix_list_ids: Vec<PrefixListId>,
});
record!(GroupPair {
    #[serde(deserialize_with = "leaf::text")]
    group_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    peering_status: Option<String>,
});
record!(IpRange {
    #[serde(deserialize_with = "leaf::text")]
    cidr_ip: Option<String>,
});
record!(Ipv6Range {
    #[serde(rename = "cidrIpv6", deserialize_with = "leaf::text")]
    cidr_ipv6: Option<String>,
});
record!(PrefixListId {
    #[serde(deserialize_with = "leaf::text")]
    prefix_list_id: Option<String>,
});

page!(NetworkAcls {
    #[serde(deserialize_with = "leaf::list")]
    network_acl_set: Vec<NetworkAcl>,
});
record!(NetworkAcl {
    #[serde(deserialize_with = "leaf::text")]
    network_acl_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    vpc_id: Option<String>,
    #[serde(rename = "default", deserialize_with = "leaf::boolean")]
    is_default: Option<bool>,
    #[serde(deserialize_with = "leaf::list")]
    entry_set: Vec<AclEntry>,
    #[serde(deserialize_with = "leaf::list")]
    association_set: Vec<AclAssociation>,
});
record!(AclEntry {
    #[serde(deserialize_with = "leaf::number")]
    rule_number: Option<i64>,
    #[serde(deserialize_with = "leaf::text")]
    protocol: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    rule_action: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    egress: Option<bool>,
    #[serde(deserialize_with = "leaf::text")]
    cidr_block: Option<String>,
    #[serde(rename = "ipv6CidrBlock", deserialize_with = "leaf::text")]
    ipv6_cidr_block: Option<String>,
    port_range: Option<PortRange>,
    icmp_type_code: Option<IcmpTypeCode>,
});
record!(PortRange {
    #[serde(deserialize_with = "leaf::number")]
    from: Option<i64>,
    #[serde(deserialize_with = "leaf::number")]
    to: Option<i64>,
});
record!(IcmpTypeCode {
    #[serde(rename = "type", deserialize_with = "leaf::number")]
    kind: Option<i64>,
    #[serde(deserialize_with = "leaf::number")]
    code: Option<i64>,
});
record!(AclAssociation {
    #[serde(deserialize_with = "leaf::text")]
    subnet_id: Option<String>,
});

page!(RouteTables {
    #[serde(deserialize_with = "leaf::list")]
    route_table_set: Vec<RouteTable>,
});
record!(RouteTable {
    #[serde(deserialize_with = "leaf::text")]
    route_table_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    vpc_id: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    route_set: Vec<Route>,
    #[serde(deserialize_with = "leaf::list")]
    association_set: Vec<RouteTableAssociation>,
});
record!(Route {
    #[serde(deserialize_with = "leaf::text")]
    destination_cidr_block: Option<String>,
    #[serde(rename = "destinationIpv6CidrBlock", deserialize_with = "leaf::text")]
    destination_ipv6_cidr_block: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    destination_prefix_list_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    gateway_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    nat_gateway_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    egress_only_internet_gateway_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    transit_gateway_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    vpc_peering_connection_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    network_interface_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    instance_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    local_gateway_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    carrier_gateway_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    core_network_arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    odb_network_arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    state: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    origin: Option<String>,
});
record!(RouteTableAssociation {
    #[serde(deserialize_with = "leaf::text")]
    subnet_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    gateway_id: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    main: Option<bool>,
});

page!(Subnets {
    #[serde(deserialize_with = "leaf::list")]
    subnet_set: Vec<Subnet>,
});
record!(Subnet {
    #[serde(deserialize_with = "leaf::text")]
    subnet_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    availability_zone: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    vpc_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    cidr_block: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    map_public_ip_on_launch: Option<bool>,
    #[serde(deserialize_with = "leaf::number")]
    available_ip_address_count: Option<i64>,
    #[serde(rename = "ipv6CidrBlockAssociationSet", deserialize_with = "leaf::list")]
    ipv6_blocks: Vec<Ipv6Block>,
});
record!(Ipv6Block {
    #[serde(rename = "ipv6CidrBlock", deserialize_with = "leaf::text")]
    ipv6_cidr_block: Option<String>,
});

page!(Vpcs {
    #[serde(deserialize_with = "leaf::list")]
    vpc_set: Vec<Vpc>,
});
record!(Vpc {
    #[serde(deserialize_with = "leaf::text")]
    vpc_id: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    is_default: Option<bool>,
    #[serde(deserialize_with = "leaf::text")]
    cidr_block: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    cidr_block_association_set: Vec<Ipv4Block>,
    #[serde(rename = "ipv6CidrBlockAssociationSet", deserialize_with = "leaf::list")]
    ipv6_blocks: Vec<Ipv6Block>,
});
record!(Ipv4Block {
    #[serde(deserialize_with = "leaf::text")]
    cidr_block: Option<String>,
});

record!(VpcAttribute {
    enable_dns_support: Option<AttributeValue>,
    enable_dns_hostnames: Option<AttributeValue>,
});
record!(AttributeValue {
    #[serde(deserialize_with = "leaf::boolean")]
    value: Option<bool>,
});

page!(PrefixListEntries {
    #[serde(deserialize_with = "leaf::list")]
    entry_set: Vec<PrefixListEntry>,
});
record!(PrefixListEntry {
    #[serde(deserialize_with = "leaf::text")]
    cidr: Option<String>,
});

record!(BlockPublicAccess {
    vpc_block_public_access_options: Option<BlockPublicAccessOptions>,
});
record!(BlockPublicAccessOptions {
    #[serde(deserialize_with = "leaf::text")]
    internet_gateway_block_mode: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    state: Option<String>,
});
page!(BlockPublicAccessExclusions {
    #[serde(rename = "vpcBlockPublicAccessExclusionSet", deserialize_with = "leaf::list")]
    exclusions: Vec<Exclusion>,
});
record!(Exclusion {
    #[serde(deserialize_with = "leaf::text")]
    internet_gateway_exclusion_mode: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    resource_arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    state: Option<String>,
});
