//! The description of a VPC.

use serde::Deserialize;

use super::Tags;
use super::rules::{AclRule, GroupRule, Route};

/// A network with everything in it that is not a node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vpc {
    pub(crate) name: String,
    pub(crate) cidr: String,
    /// Further IPv4 ranges.
    #[serde(default)]
    pub(crate) more_cidrs: Vec<String>,
    #[serde(default)]
    pub(crate) ipv6: Option<String>,
    #[serde(default = "yes")]
    pub(crate) dns_support: bool,
    #[serde(default = "yes")]
    pub(crate) dns_hostnames: bool,
    #[serde(default)]
    pub(crate) subnets: Vec<Subnet>,
    /// Tables besides the built-in `public`, `private` and `isolated`.
    #[serde(default)]
    pub(crate) route_tables: Vec<RouteTable>,
    /// Lists besides `default`, which lets everything pass.
    #[serde(default)]
    pub(crate) acls: Vec<Acl>,
    /// Groups besides `default` and those that EKS makes.
    #[serde(default)]
    pub(crate) security_groups: Vec<SecurityGroup>,
    #[serde(default)]
    pub(crate) load_balancers: Vec<LoadBalancer>,
    /// Whether it is the network that every region starts with.
    #[serde(default)]
    pub(crate) default: bool,
    /// Whether its traffic is recorded.
    #[serde(default)]
    pub(crate) flow_logs: bool,
    /// Services of AWS that it reaches privately, for example `ecr.api`.
    #[serde(default)]
    pub(crate) endpoints: Vec<String>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// A subnet.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subnet {
    pub(crate) name: String,
    /// The letter of the availability zone.
    #[serde(default = "first_zone")]
    pub(crate) zone: String,
    pub(crate) cidr: String,
    #[serde(default)]
    pub(crate) ipv6: Option<String>,
    /// The route table: `public` leads to the internet gateway, `private` to a NAT gateway, `isolated` nowhere, `main`
    /// leaves the subnet to the VPC's main table, and any other name is one of the VPC's own tables.
    #[serde(default = "private_table")]
    pub(crate) routes: String,
    #[serde(default)]
    pub(crate) acl: Option<String>,
    /// Whether instances get a public address by default; in `public` subnets they do.
    #[serde(default)]
    pub(crate) public_ips: Option<bool>,
    /// How many addresses are free; three quarters of them when not said.
    #[serde(default)]
    pub(crate) free: Option<u32>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

impl Subnet {
    /// How many addresses are free. AWS keeps five for itself.
    pub(crate) fn free(&self) -> u32 {
        let length = self.cidr.rsplit_once('/').and_then(|(_, length)| length.parse::<u32>().ok()).unwrap_or(24);
        let all = 1_u32.checked_shl(32_u32.saturating_sub(length)).unwrap_or(u32::MAX).saturating_sub(5);
        self.free.unwrap_or(all - all / 4)
    }

    pub(crate) fn gives_public_ips(&self) -> bool {
        self.public_ips.unwrap_or(self.routes == "public")
    }
}

/// A route table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteTable {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) routes: Vec<Route>,
    /// The gateway whose incoming traffic it steers, if any: `igw`.
    #[serde(default)]
    pub(crate) gateway: Option<String>,
}

/// A network access control list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acl {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) inbound: Vec<AclRule>,
    #[serde(default)]
    pub(crate) outbound: Vec<AclRule>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// A security group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecurityGroup {
    pub(crate) name: String,
    #[serde(default = "described")]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) inbound: Vec<GroupRule>,
    /// Everything to everywhere when not said.
    #[serde(default)]
    pub(crate) outbound: Option<Vec<GroupRule>>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// A load balancer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadBalancer {
    pub(crate) name: String,
    /// `network`, `application`, `gateway`, or `classic` for one of the first generation.
    #[serde(default = "network")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) internal: bool,
    pub(crate) subnets: Vec<String>,
    #[serde(default)]
    pub(crate) security_groups: Vec<String>,
    #[serde(default)]
    pub(crate) forwards: Vec<Forward>,
}

/// A listener of a load balancer with the nodes it forwards to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forward {
    /// The port on which clients come.
    pub(crate) port: u32,
    /// `TCP` when not said, `HTTPS` for an application load balancer.
    #[serde(default)]
    pub(crate) protocol: Option<String>,
    /// The port of the nodes.
    pub(crate) to: u32,
    /// The nodes, as `CLUSTER/NODE GROUP`.
    pub(crate) targets: Vec<String>,
    /// Whether a rule leads there and not the listener itself, which then answers 404.
    #[serde(default)]
    pub(crate) by_rule: bool,
    /// The ranges whose requests that rule takes, if it does not take those for one path from everybody.
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    /// Whether the nodes see the client's own address.
    #[serde(default = "yes")]
    pub(crate) preserve_client_ip: bool,
}

/// A managed prefix list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrefixList {
    pub(crate) name: String,
    #[serde(default = "ipv4")]
    pub(crate) family: String,
    /// Whether it belongs to AWS, as the lists of CloudFront and S3 do.
    #[serde(default)]
    pub(crate) aws_managed: bool,
    #[serde(default = "first_version")]
    pub(crate) version: u32,
    pub(crate) entries: Vec<String>,
}

fn yes() -> bool {
    true
}

fn first_zone() -> String {
    "a".to_owned()
}

fn private_table() -> String {
    "private".to_owned()
}

fn described() -> String {
    "managed by terraform".to_owned()
}

fn network() -> String {
    "network".to_owned()
}

fn ipv4() -> String {
    "IPv4".to_owned()
}

fn first_version() -> u32 {
    1
}
