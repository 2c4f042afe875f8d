//! From a description to what AWS would show: ids, defaults, and all that EKS makes by itself.

pub(crate) mod balancing;
pub(crate) mod cluster;
pub(crate) mod filters;
pub(crate) mod identity;
pub(crate) mod interfaces;
pub(crate) mod keys;
pub(crate) mod kinds;
pub(crate) mod machinery;
pub(crate) mod network;
pub(crate) mod nodes;
pub(crate) mod safeguards;
pub(crate) mod scaling;
pub(crate) mod templates;

use std::collections::BTreeMap;

use super::description::{Account, Region, Tags};
use super::item::Item;
use super::place::Place;
use super::tree::{Tree, fields};
use cluster::Facts;
use identity::Identity;
use keys::KeyFacts;
use safeguards::Safeguards;

/// The regions that are on in every account of the partition `aws`.
const STANDARD_REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Regions that an account has to switch on.
const OPT_IN_REGIONS: [&str; 4] = ["af-south-1", "ap-east-1", "eu-central-2", "me-south-1"];

/// An account, ready to be asked about.
#[derive(Clone, Debug)]
pub(crate) struct Estate {
    /// The description, without its regions.
    pub(crate) account: Account,
    pub(crate) identity: Identity,
    regions: BTreeMap<String, Fabric>,
}

/// What exists in one region of an account, ready to be listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fabric {
    pub(crate) vpcs: Vec<Item>,
    pub(crate) subnets: Vec<Item>,
    pub(crate) security_groups: Vec<Item>,
    pub(crate) acls: Vec<Item>,
    pub(crate) route_tables: Vec<Item>,
    pub(crate) internet_gateways: Vec<Item>,
    pub(crate) nat_gateways: Vec<Item>,
    pub(crate) addresses: Vec<Item>,
    pub(crate) interfaces: Vec<Item>,
    pub(crate) instances: Vec<Item>,
    pub(crate) prefix_lists: Vec<Item>,
    /// The entries of each prefix list, by its id.
    pub(crate) prefix_entries: BTreeMap<String, Vec<Item>>,
    pub(crate) exclusions: Vec<Item>,
    /// `off`, `block-ingress` or `block-bidirectional`.
    pub(crate) block_mode: String,
    /// DNS support and DNS host names, by VPC.
    pub(crate) dns: BTreeMap<String, (bool, bool)>,
    pub(crate) templates: Vec<Item>,
    pub(crate) scaling_groups: Vec<Item>,
    pub(crate) load_balancers: Vec<Item>,
    pub(crate) target_groups: Vec<Item>,
    /// The listeners of each load balancer, by its ARN.
    pub(crate) listeners: BTreeMap<String, Vec<Item>>,
    /// The rules of each listener, by its ARN.
    pub(crate) rules: BTreeMap<String, Vec<Item>>,
    pub(crate) classic_load_balancers: Vec<Item>,
    /// The state of the machines behind each load balancer of the first generation, by its name.
    pub(crate) instance_states: BTreeMap<String, String>,
    /// The targets and the attributes of each target group, by its ARN.
    pub(crate) targets: BTreeMap<String, balancing::Targets>,
    pub(crate) clusters: BTreeMap<String, Facts>,
    pub(crate) keys: Vec<KeyFacts>,
    pub(crate) safeguards: Safeguards,
    pub(crate) images: Vec<Item>,
    pub(crate) volumes: Vec<Item>,
    pub(crate) instance_types: Vec<Item>,
    pub(crate) flow_logs: Vec<Item>,
    pub(crate) vpc_endpoints: Vec<Item>,
    pub(crate) encrypts_by_default: bool,
}

/// A region while it is being expanded.
pub(crate) struct Build<'world> {
    pub(crate) place: &'world Place,
    pub(crate) region: &'world Region,
    pub(crate) fabric: Fabric,
    /// How many addresses of each subnet are taken.
    pub(crate) taken: BTreeMap<String, u32>,
}

impl Estate {
    pub(crate) fn expand(mut account: Account, is_management: bool, management: &str) -> Self {
        let identity = Identity::expand(&account, is_management, management);
        let mut regions = BTreeMap::new();
        for name in Self::enabled(&account) {
            let place =
                Place { partition: account.partition.clone(), account: account.id.clone(), region: name.clone() };
            let region = account.regions.remove(&name).unwrap_or_default();
            regions.insert(name, Fabric::expand(&place, &region));
        }
        Self { account, identity, regions }
    }

    fn enabled(account: &Account) -> Vec<String> {
        let usual: &[&str] = match account.partition.as_str() {
            "aws-us-gov" => &["us-gov-east-1", "us-gov-west-1"],
            "aws-cn" => &["cn-north-1", "cn-northwest-1"],
            _ => &STANDARD_REGIONS,
        };
        let mut names = account.enabled_regions.clone();
        if names.is_empty() {
            names = usual.iter().map(|name| (*name).to_owned()).collect();
        }
        names.extend(account.regions.keys().cloned());
        names.sort();
        names.dedup();
        names
    }

    /// Every region that is on, with what is in it.
    pub(crate) fn regions(&self) -> impl Iterator<Item = &Fabric> {
        self.regions.values()
    }

    /// The regions with their names.
    pub(crate) fn named_regions(&self) -> impl Iterator<Item = (&str, &Fabric)> {
        self.regions.iter().map(|(name, fabric)| (name.as_str(), fabric))
    }

    pub(crate) fn region(&self, name: &str) -> Option<&Fabric> {
        self.regions.get(name)
    }

    pub(crate) fn partition(&self) -> &str {
        &self.account.partition
    }

    /// Every region of the partition with whether the account has to switch it on, and whether it has.
    pub(crate) fn region_states(&self) -> BTreeMap<String, &'static str> {
        let opt_in = |name: &str| OPT_IN_REGIONS.contains(&name);
        let mut states = BTreeMap::new();
        if self.account.partition == "aws" {
            states.extend(
                STANDARD_REGIONS.iter().chain(&OPT_IN_REGIONS).map(|name| ((*name).to_owned(), "not-opted-in")),
            );
        }
        states.extend(
            self.regions
                .keys()
                .map(|name| (name.clone(), if opt_in(name) { "opted-in" } else { "opt-in-not-required" })),
        );
        states
    }
}

impl Fabric {
    fn expand(place: &Place, region: &Region) -> Self {
        let mut build = Build { place, region, fabric: Self::default(), taken: BTreeMap::new() };
        network::expand(&mut build);
        filters::expand(&mut build);
        balancing::expand(&mut build);
        for cluster in &region.clusters {
            nodes::expand(&mut build, cluster);
            let facts = Facts::expand(place, region, cluster);
            build.fabric.clusters.insert(cluster.name.clone(), facts);
        }
        build.fabric.safeguards = Safeguards::expand(place, region);
        machinery::of_networks(&mut build);
        build.fabric.encrypts_by_default = region.encrypts_by_default;
        build.fabric.keys = region.keys.iter().map(|key| KeyFacts::expand(place, region, key)).collect();
        build.fabric
    }
}

/// Ids of the things a VPC consists of, by the names that the description gives them.
impl Place {
    pub(crate) fn vpc(&self, vpc: &str) -> String {
        self.id("vpc", &[vpc])
    }

    pub(crate) fn subnet(&self, vpc: &str, subnet: &str) -> String {
        self.id("subnet", &[vpc, subnet])
    }

    /// A security group of the VPC; `eks/NAME` is the one that EKS made for a cluster. An id stays as it is.
    pub(crate) fn group(&self, vpc: &str, group: &str) -> String {
        if group.starts_with("sg-") {
            return group.to_owned();
        }
        match group.strip_prefix("eks/") {
            Some(cluster) => self.id("sg", &["eks", cluster]),
            None => self.id("sg", &[vpc, group]),
        }
    }

    /// A prefix list of the region. An id stays as it is.
    pub(crate) fn prefix_list(&self, list: &str) -> String {
        if list.starts_with("pl-") { list.to_owned() } else { self.id("pl", &[list]) }
    }
}

/// Tags as EC2 lists them, with the name of the thing first.
pub(crate) fn tag_set(name: &str, tags: &Tags) -> Tree {
    let name = (!name.is_empty() && !tags.contains_key("Name")).then(|| fields().put("key", "Name").put("value", name));
    let others = tags.iter().map(|(key, value)| fields().put("key", key).put("value", value));
    name.into_iter().chain(others).collect::<Vec<_>>().into()
}
