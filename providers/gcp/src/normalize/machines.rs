//! The machines of a project, found by the cluster and pool they belong to.

use super::listing::{Listed, scopes};
use crate::{
    calls::INSTANCES,
    record::{
        compute::{Instance, InstancesIn, Warning},
        names::last,
    },
};
use palisade_model::{Gap, Node, NodeId, Observed};
use palisade_provider::Snapshot;
use std::{collections::HashMap, net::IpAddr};

/// Labels and metadata keys GKE puts on its machines. The labels are what Google documents for cost reports
/// (<https://cloud.google.com/kubernetes-engine/docs/how-to/labels>); the metadata key has been there since the first
/// release.
const CLUSTER_LABEL: &str = "goog-k8s-cluster-name";
const LOCATION_LABEL: &str = "goog-k8s-cluster-location";
const POOL_LABEL: &str = "goog-k8s-node-pool-name";
const CLUSTER_KEY: &str = "cluster-name";
const LOCATION_KEY: &str = "cluster-location";

/// The machines of a project.
#[derive(Debug)]
pub(crate) struct Machines {
    all: Vec<Instance>,
    /// By the cluster's name.
    by_cluster: HashMap<String, Vec<usize>>,
    /// Those that carry no cluster's name.
    nameless: Vec<usize>,
    unread: Vec<UnreadMachine>,
}

/// A machine whose record could not be read as a whole.
#[derive(Debug)]
pub(crate) struct UnreadMachine {
    /// What can be read of it, when that is enough to say to which cluster it belongs.
    part: Option<Instance>,
    pub(crate) name: String,
    pub(crate) gap: Gap,
}

impl Machines {
    /// Reads them. A zone that did not answer leaves a gap: half a list would let absence be read as a fact.
    pub(crate) fn read(snapshot: &Snapshot, project: &str) -> Observed<Self> {
        let listed =
            scopes(snapshot, &INSTANCES, project, "instances", |scope: InstancesIn| (scope.instances, scope.warning));
        listed.map(|Listed { members: all, odd }| {
            let unread = odd.into_iter().map(|odd| UnreadMachine {
                part: odd.part(&["name", "id", "zone", "labels", "tags", "metadata"]),
                name: odd.name().to_owned(),
                gap: odd.gap,
            });
            let mut machines = Self { all, by_cluster: HashMap::new(), nameless: Vec::new(), unread: unread.collect() };
            for (place, instance) in machines.all.iter().enumerate() {
                match cluster_name(instance) {
                    Some(name) => machines.by_cluster.entry(name.to_owned()).or_default().push(place),
                    None => machines.nameless.push(place),
                }
            }
            machines
        })
    }

    /// The machines that could not be read and may belong to a cluster.
    pub(crate) fn unread_of(&self, cluster: &str, location: &str) -> impl Iterator<Item = &UnreadMachine> {
        self.unread.iter().filter(move |unread| {
            unread.part.as_ref().is_none_or(|part| match cluster_name(part) {
                Some(name) => name == cluster && is_in(part, location),
                None => is_tagged(part, cluster) && is_in(part, location),
            })
        })
    }

    /// The first of the machines that could not be read, whichever cluster it belongs to.
    pub(crate) fn unread(&self) -> Option<&UnreadMachine> {
        self.unread.first()
    }

    /// Every machine, whichever cluster it belongs to.
    pub(crate) fn all(&self) -> &[Instance] {
        &self.all
    }

    /// The machines of a cluster.
    pub(crate) fn of(&self, cluster: &str, location: &str) -> Vec<&Instance> {
        let named = self.by_cluster.get(cluster).into_iter().flatten().filter_map(|place| self.all.get(*place));
        let here = named.filter(|instance| is_in(instance, location));
        let tagged = self.nameless().filter(|instance| is_in(instance, location) && is_tagged(instance, cluster));
        here.chain(tagged).collect()
    }

    /// Those that carry no cluster's name.
    pub(crate) fn nameless(&self) -> impl Iterator<Item = &Instance> {
        self.nameless.iter().filter_map(|place| self.all.get(*place))
    }
}

impl UnreadMachine {
    /// Whether it may belong to a pool.
    pub(crate) fn may_be_in(&self, pool: &str) -> bool {
        self.part.as_ref().and_then(pool_name).is_none_or(|own| own == pool)
    }

    pub(crate) fn id(&self) -> NodeId {
        self.part.as_ref().map_or_else(|| NodeId::new(self.name.clone()), node_id)
    }
}

/// Whether a warning means that something is missing: a scope without results on this page always carries one.
pub(crate) fn is_a_hole(warning: &Warning) -> bool {
    warning.code.as_deref() != Some("NO_RESULTS_ON_PAGE")
}

/// A warning in its own words.
pub(crate) fn said(warning: &Warning) -> String {
    warning.message.clone().or_else(|| warning.code.clone()).unwrap_or_else(|| "a warning without words".to_owned())
}

fn label<'a>(instance: &'a Instance, name: &str) -> Option<&'a str> {
    instance.labels.as_ref()?.get(name).map(String::as_str)
}

fn setting<'a>(instance: &'a Instance, key: &str) -> Option<&'a str> {
    instance.metadata.as_ref()?.value(key)
}

/// The name of the cluster a machine belongs to.
pub(crate) fn cluster_name(instance: &Instance) -> Option<&str> {
    label(instance, CLUSTER_LABEL).or_else(|| setting(instance, CLUSTER_KEY))
}

/// The name of the pool a machine belongs to.
pub(crate) fn pool_name(instance: &Instance) -> Option<&str> {
    label(instance, POOL_LABEL)
}

/// Two clusters may share a name in different locations.
fn is_in(instance: &Instance, location: &str) -> bool {
    if let Some(said) = label(instance, LOCATION_LABEL).or_else(|| setting(instance, LOCATION_KEY)) {
        return said == location;
    }
    let zone = zone(instance);
    zone == location || zone.strip_prefix(location).is_some_and(|rest| rest.starts_with('-')) || zone.is_empty()
        // A zonal cluster may have nodes in the other zones of its region.
        || crate::record::names::region_of(zone) == crate::record::names::region_of(location)
}

fn is_tagged(instance: &Instance, cluster: &str) -> bool {
    instance.tags.iter().flat_map(|tags| &tags.items).any(|tag| is_node_tag(tag, cluster))
}

/// `gke-CLUSTER-HASH-node`, the tag of the rules GKE makes.
fn is_node_tag(tag: &str, cluster: &str) -> bool {
    let middle = tag.strip_prefix("gke-").and_then(|rest| rest.strip_suffix("-node"));
    let hash = middle.and_then(|middle| middle.strip_prefix(cluster)).and_then(|rest| rest.strip_prefix('-'));
    hash.is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The zone of a machine.
pub(crate) fn zone(instance: &Instance) -> &str {
    instance.zone.as_deref().map_or("", last)
}

/// A machine in our vocabulary.
pub(crate) fn node(instance: &Instance) -> Node {
    let address = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<IpAddr>().ok());
    let mut private = Vec::new();
    let mut public = Vec::new();
    for interface in &instance.network_interfaces {
        private.extend(address(&interface.network_ip));
        // An external IPv6 address is the machine's only one and stands in both places.
        if interface.ipv6_access_type.as_deref() != Some("EXTERNAL") {
            private.extend(address(&interface.ipv6_address));
        }
        public.extend(interface.access_configs.iter().filter_map(|config| address(&config.nat_ip)));
        public.extend(interface.ipv6_access_configs.iter().filter_map(|config| address(&config.external_ipv6)));
    }
    Node { id: node_id(instance), name: instance.name.clone().unwrap_or_default(), private, public }
}

/// A machine's id: its number, or its name where a reply leaves the number out.
pub(crate) fn node_id(instance: &Instance) -> NodeId {
    NodeId::new(instance.id.clone().or_else(|| instance.name.clone()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_tag_names_its_cluster_and_not_one_whose_name_begins_alike() {
        assert!(is_node_tag("gke-shop-dbe39418-node", "shop"));
        assert!(!is_node_tag("gke-shop-prod-dbe39418-node", "shop"));
        assert!(!is_node_tag("gke-shop-node", "shop"));
        assert!(!is_node_tag("shop", "shop"));
    }
}
