//! Who can reach a machine: every layer between the internet and an interface, composed exactly.

mod balancer;
mod block;
mod way;

pub(super) use balancer::Balancer;

use super::{
    balancing::Behind,
    filter::{Acl, Group, Shape},
    region::{Region, own_ranges, route_table},
    route,
    trail::Trail,
};
use crate::record::compute::{Instance, Interface};
use block::Blocked;
use palisade_model::{Exposure, Gap, Layer, Mitigation, NodeId};
use palisade_reach::{
    Action, AddrSet, Bounds, Certainty, Gate, Hit, Outcome, PacketSet, Path, Ports, Protocols, Rule, Sessions,
    any_allow, internet, parse_net,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    rc::Rc,
    sync::{Arc, LazyLock},
};
use way::{both, group_names, nothing};

/// What makes two interfaces answer alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    vpc: String,
    subnet: String,
    groups: Vec<String>,
    /// Whether it has an address of a family that the internet knows.
    v4: Certainty,
    v6: Certainty,
    /// The targets of load balancers it is.
    behind: Vec<Behind>,
}

/// What comes in from the internet by an address of the interface's own.
#[derive(Clone, Debug)]
struct Direct {
    sessions: Sessions,
    paths: Vec<Path>,
    layers: Vec<Layer>,
    limits: BTreeSet<String>,
    mitigation: Option<Mitigation>,
}

/// What stands in front of an interface, whoever sends.
#[derive(Debug)]
struct Guard {
    groups: Vec<Rc<Group>>,
    rules: Vec<Rule>,
    admitted: Outcome,
    acl: Option<Rc<Acl>>,
    passed: Bounds<PacketSet>,
    ordinary: Bounds<PacketSet>,
    /// The subnet's own addresses: between neighbours no network ACL stands. Those of a subnet that is not listed may be
    /// any that are not the internet's.
    neighbours: Bounds<AddrSet>,
}

/// What reaches an interface.
#[derive(Clone, Debug)]
struct Reached {
    sessions: Sessions,
    paths: Vec<Path>,
    inside: Bounds<PacketSet>,
    local: AddrSet,
    layers: Vec<Layer>,
    limits: BTreeSet<String>,
    mitigation: Option<Mitigation>,
}

/// Evaluates the machines of one cluster; every distinct interface once.
#[derive(Debug)]
pub(super) struct Evaluator<'a> {
    region: &'a Region<'a>,
    /// The groups of the cluster and its machines: their members are no outsiders.
    own_groups: BTreeSet<String>,
    known: HashMap<Key, Rc<Reached>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(region: &'a Region<'a>, own_groups: BTreeSet<String>) -> Self {
        Self { region, own_groups, known: HashMap::new() }
    }

    /// The exposure of some machines: one entry for each distinct answer.
    pub(super) fn exposures(&mut self, nodes: &[&Instance], trail: &mut Trail) -> Result<Vec<Exposure>, Gap> {
        self.rest(trail)?;
        let mut by_keys: BTreeMap<Vec<Key>, Vec<NodeId>> = BTreeMap::new();
        for node in nodes {
            let mut keys = self.keys(node)?;
            keys.sort();
            keys.dedup();
            let id = NodeId::new(node.instance_id.clone().unwrap_or_default());
            by_keys.entry(keys).or_default().push(id);
        }
        let mut exposures: Vec<Exposure> = Vec::new();
        for (keys, nodes) in by_keys {
            let exposure = self.together(&keys, nodes)?;
            let same = exposures.iter_mut().find(|other| {
                other.internet == exposure.internet
                    && other.ordinary == exposure.ordinary
                    && other.inside == exposure.inside
                    && other.limits == exposure.limits
                    && other.mitigation == exposure.mitigation
            });
            match same {
                Some(other) => {
                    other.nodes.extend(exposure.nodes);
                    let new = exposure.paths.iter().filter(|path| !other.paths.contains(path)).cloned();
                    other.paths = other.paths.iter().cloned().chain(new.collect::<Vec<_>>()).collect();
                }
                None => exposures.push(exposure),
            }
        }
        for exposure in &mut exposures {
            exposure.nodes.sort();
        }
        Ok(exposures)
    }

    fn keys(&self, node: &Instance) -> Result<Vec<Key>, Gap> {
        let id = node.instance_id.as_deref().unwrap_or_default();
        if node.network_interface_set.is_empty() {
            return Err(Gap::Unsettled { what: format!("the interfaces of {id} are not in the answer") });
        }
        let fronts = self.region.fronts();
        if node.network_interface_set.iter().any(|one| one.subnet_id.is_none()) {
            return Err(Gap::Unsettled { what: format!("the subnet of an interface of {id} is not in the answer") });
        }
        let interfaces = node.network_interface_set.iter().enumerate();
        let keys = interfaces.map(|(place, one)| key(one, node.vpc_id.as_deref(), fronts.behind(id, place == 0, one)));
        Ok(keys.collect())
    }

    /// Everything the answer rests on, or the first of it that is missing.
    fn rest(&self, trail: &mut Trail) -> Result<(), Gap> {
        let region = self.region;
        trail.read(&region.instances)?;
        trail.read(&region.interfaces)?;
        trail.read(&region.security_groups)?;
        trail.read(&region.acls)?;
        trail.read(&region.route_tables)?;
        trail.read(&region.subnets)?;
        trail.read(&region.vpcs)?;
        trail.rest_on(region.block_mode.sources());
        trail.rest_on(region.block_exclusions.sources());
        trail.read(&region.load_balancers)?;
        Ok(())
    }

    /// The union over the interfaces of a machine; the layers of each are intersected before that.
    fn together(&mut self, keys: &[Key], nodes: Vec<NodeId>) -> Result<Exposure, Gap> {
        let nothing = || Bounds::exact(PacketSet::empty());
        let mut exposure = Exposure {
            paths: Arc::default(),
            nodes,
            internet: nothing(),
            ordinary: nothing(),
            inside: nothing(),
            local: AddrSet::empty(),
            layers: Arc::from([]),
            limits: Vec::new(),
            mitigation: None,
        };
        let (mut layers, mut limits) = (Vec::new(), BTreeSet::new());
        let mut paths: Vec<Path> = Vec::new();
        for key in keys {
            let reached = self.reached(key)?;
            exposure.internet = exposure.internet.union(&reached.sessions.any_port);
            exposure.ordinary = exposure.ordinary.union(&reached.sessions.ordinary);
            for path in &reached.paths {
                if !paths.contains(path) {
                    paths.push(path.clone());
                }
            }
            exposure.inside = exposure.inside.union(&reached.inside);
            exposure.local = exposure.local.union(&reached.local);
            for layer in &reached.layers {
                if !layers.contains(layer) {
                    layers.push(layer.clone());
                }
            }
            limits.extend(reached.limits.iter().cloned());
            exposure.mitigation = match (exposure.mitigation.take(), &reached.mitigation) {
                (Some(one), Some(other)) => Some(Mitigation { without: one.without.union(&other.without), by: one.by }),
                (one, other) => one.or_else(|| other.clone()),
            };
        }
        exposure.paths = paths.into();
        exposure.layers = layers.into();
        exposure.limits = limits.into_iter().collect();
        Ok(exposure)
    }

    fn reached(&mut self, key: &Key) -> Result<Rc<Reached>, Gap> {
        if let Some(known) = self.known.get(key) {
            return Ok(Rc::clone(known));
        }
        let reached = Rc::new(self.evaluate(key)?);
        self.known.insert(key.clone(), Rc::clone(&reached));
        Ok(reached)
    }

    fn evaluate(&self, key: &Key) -> Result<Reached, Gap> {
        let mut limits = BTreeSet::new();
        let local = self.local(key, &mut limits)?;
        let outside = internet().subtract(&local);
        let guard = self.guard(key, &local, &mut limits)?;
        let direct = self.direct(key, &guard, &outside)?;
        limits.extend(direct.limits);
        let (mut layers, mut paths) = (direct.layers, direct.paths);
        let through = self.through_balancers(key, &guard, &outside)?;
        limits.extend(through.limits);
        layers.extend(through.layers);
        paths.extend(through.paths);
        let relayed = self.through_relays(key, &guard, &outside, &mut limits)?;
        let sessions = relayed
            .iter()
            .map(Path::sessions)
            .fold(both(&direct.sessions, &through.sessions), |all, one| both(&all, &one));
        paths.extend(relayed);
        Ok(Reached {
            sessions,
            paths,
            inside: self.inside(&guard, &local)?,
            local,
            layers,
            limits,
            mitigation: direct.mitigation,
        })
    }

    /// The network's own addresses.
    fn local(&self, key: &Key, limits: &mut BTreeSet<String>) -> Result<AddrSet, Gap> {
        let vpc = self.region.vpcs.get()?.iter().find(|vpc| vpc.vpc_id.as_deref() == Some(&key.vpc));
        if vpc.is_none() {
            limits.insert(format!(
                "network {} is not in the list of networks, so its own addresses are unknown",
                key.vpc
            ));
        }
        Ok(vpc.map(own_ranges).unwrap_or_default())
    }

    fn guard(&self, key: &Key, local: &AddrSet, limits: &mut BTreeSet<String>) -> Result<Guard, Gap> {
        let region = self.region;
        let groups = self.groups(key, limits)?;
        let acl = region.acl(&key.subnet, &key.vpc, region.acls.get()?);
        let (passed, ordinary) = if let Some(acl) = &acl {
            (acl.any_port.clone(), acl.ordinary.clone())
        } else {
            limits.insert(format!("the network ACL of subnet {} is not in the list", key.subnet));
            let unfiltered = Bounds::unknown_within(PacketSet::all());
            (unfiltered.clone(), unfiltered)
        };
        let subnets = region.subnets.get()?;
        let subnet = subnets.iter().find(|subnet| subnet.subnet_id.as_deref() == Some(&key.subnet));
        let neighbours = if let Some(subnet) = subnet {
            Bounds::exact(subnet_ranges(subnet))
        } else {
            limits.insert(format!("subnet {} is not in the list, so who stands beside it is unknown", key.subnet));
            Bounds::unknown_within(private().union(local))
        };
        let rules: Vec<Rule> =
            groups.iter().flat_map(|group| group.rules.iter().map(|rule| rule.rule.clone())).collect();
        Ok(Guard { admitted: any_allow(&rules), rules, groups, acl, passed, ordinary, neighbours })
    }

    /// What comes in through the internet gateway, by an address of the interface's own.
    fn direct(&self, key: &Key, guard: &Guard, outside: &AddrSet) -> Result<Direct, Gap> {
        let routes = self.routes(key)?;
        let blocked = self.block(key)?;
        let ways = self.ways(key, guard, outside, (&routes, &blocked));
        let mut limits: BTreeSet<String> = if matches!(routes.gate, Gate::Fixed { .. }) {
            routes.unsure.iter().cloned().collect()
        } else {
            BTreeSet::new()
        };
        let (mut sessions, mut mitigation) = ((*ways.unblocked).clone(), None);
        let is_open = !sessions.any_port.upper().is_empty();
        match blocked {
            Blocked::No => (),
            Blocked::By(by) => {
                let without = std::mem::replace(&mut sessions, nothing()).any_port;
                mitigation = is_open.then_some(Mitigation { by, without });
            }
            // It can only close what is open, so what is closed without it stays closed.
            Blocked::Untold(why) => {
                limits.extend(is_open.then_some(why));
                let doubt = |packets: &Bounds<PacketSet>| Bounds::unknown_within(packets.upper().clone());
                sessions = Sessions { any_port: doubt(&sessions.any_port), ordinary: doubt(&sessions.ordinary) };
            }
        }
        let layers = self.told(key, guard)?;
        Ok(Direct { sessions, paths: ways.paths, layers, limits, mitigation })
    }

    /// What each layer decides, for reports that do not follow the paths.
    fn told(&self, key: &Key, guard: &Guard) -> Result<Vec<Layer>, Gap> {
        let mut layers = Vec::new();
        let tables = self.region.route_tables.get()?;
        if let Some(table) = route_table(&key.subnet, &key.vpc, tables) {
            let id = table.route_table_id.as_deref().unwrap_or("?");
            let hits = table.route_set.iter().filter_map(|route| match route::target(route) {
                route::Target::InternetGateway(_) => Some(Hit {
                    rule: route::describe(table, route).into(),
                    action: Action::Allow,
                    packets: PacketSet::of(Protocols::Any, &Ports::full(), &route::destinations(route)),
                }),
                route::Target::Local | route::Target::Other(_) | route::Target::Blackhole | route::Target::Unknown => {
                    None
                }
            });
            let hits = hits.filter(|hit| !hit.packets.is_empty()).collect();
            layers.push(Layer { name: format!("route table {id}"), hits });
        }
        if let Some(acl) = &guard.acl {
            layers.push(Layer { name: format!("network ACL {} inbound", acl.id), hits: acl.inbound.clone() });
            let name = format!("network ACL {} outbound, for answers", acl.id);
            layers.push(Layer { name, hits: acl.outbound.clone() });
        }
        layers.push(Layer { name: group_names(key), hits: guard.admitted.hits.clone() });
        Ok(layers)
    }

    /// Services of AWS that stand in the network and bring clients of the internet to machines without any public
    /// address: what they are configured for is not read.
    fn through_relays(
        &self,
        key: &Key,
        guard: &Guard,
        outside: &AddrSet,
        limits: &mut BTreeSet<String>,
    ) -> Result<Option<Path>, Gap> {
        let interfaces = self.region.interfaces.get()?;
        let relays = self.region.relays(&key.vpc, || {
            interfaces.iter().filter(|one| one.vpc_id.as_deref() == Some(&key.vpc)).filter_map(relay).collect()
        });
        if relays.is_empty() {
            return Ok(None);
        }
        let relays: Vec<&str> = relays.iter().copied().collect();
        let name = relays.join(" and ");
        let because = format!("{name} may bring clients to these nodes: what it forwards is not read");
        let passes = Bounds::unknown_within(guard.admitted.allowed.upper().restrict_sources(outside));
        let layer = palisade_reach::Layer::new(name.as_str(), Gate::Fixed { id: name.as_str().into(), passes });
        limits.insert(because.clone());
        Ok(Some(Path::new(format!("through {name}"), vec![layer.unsure(because)])))
    }

    fn groups(&self, key: &Key, limits: &mut BTreeSet<String>) -> Result<Vec<Rc<Group>>, Gap> {
        let table = self.region.security_groups.get()?;
        let mut groups = Vec::new();
        if key.groups.is_empty() {
            // Every interface of a machine carries one (EC2 user guide, security groups), so the answer left them out.
            limits.insert(
                "the security groups of an interface are not in the answer: they may let in anybody".to_owned(),
            );
            groups.push(Rc::new(unknown_group("?")));
        }
        for id in &key.groups {
            if let Some(group) = self.region.group(id, table) {
                groups.push(group);
            } else {
                limits.insert(format!("security group {id} is not in the list: it may let in anybody"));
                groups.push(Rc::new(unknown_group(id)));
            }
        }
        Ok(groups)
    }

    fn is_diverted(&self, key: &Key) -> Result<bool, Gap> {
        let subnets = self.region.subnets.get()?;
        let subnet = subnets.iter().find(|subnet| subnet.subnet_id.as_deref() == Some(&key.subnet));
        // Through an appliance may go whatever is sent to a subnet that is not listed.
        let addresses = subnet.map_or_else(AddrSet::all, subnet_ranges);
        let tables = self.region.route_tables.get()?;
        Ok(tables.iter().filter(|table| table.vpc_id.as_deref() == Some(&key.vpc)).any(|table| {
            let at_gateway = table.association_set.iter().any(|association| {
                association.gateway_id.as_deref().is_some_and(|gateway| gateway.starts_with("igw-"))
            });
            at_gateway && route::diverts(table, &addresses)
        }))
    }

    /// What connected networks can reach: everything the groups admit that is not the internet, less the cluster's own.
    fn inside(&self, guard: &Guard, local: &AddrSet) -> Result<Bounds<PacketSet>, Gap> {
        let private = Bounds::exact(private().union(local));
        let mut admitted = Bounds::exact(PacketSet::empty());
        for group in &guard.groups {
            for rule in &group.rules {
                admitted = admitted.union(&rule.shape.from(&rule.sources.intersect(&private)));
            }
            for reference in group.references.iter().filter(|reference| !self.own_groups.contains(&reference.group)) {
                admitted = admitted.union(&reference.shape.from(&self.members(&reference.group)?));
            }
        }
        // A network ACL only stands between subnets: neighbours in the same subnet pass it by.
        let filtered = admitted.intersect(&guard.passed);
        let beside = admitted.upper().restrict_sources(guard.neighbours.upper());
        Ok(filtered.union(&Bounds::unknown_within(beside)))
    }

    /// The private addresses of a group's members.
    fn members(&self, group: &str) -> Result<Bounds<AddrSet>, Gap> {
        members_of(self.region, group)
    }
}

/// The addresses that networks use among themselves: private, shared and unique local space.
fn private() -> &'static AddrSet {
    static PRIVATE: LazyLock<AddrSet> = LazyLock::new(|| {
        let blocks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];
        blocks.iter().filter_map(|block| parse_net(block).ok()).collect()
    });
    &PRIVATE
}

/// The private addresses of a group's members; of a group we do not see, any private address.
pub(super) fn members_of(region: &Region<'_>, group: &str) -> Result<Bounds<AddrSet>, Gap> {
    let known = region.security_groups.get()?.iter().any(|record| record.group_id.as_deref() == Some(group));
    if !known {
        return Ok(Bounds::unknown_within(private().clone()));
    }
    let interfaces = region.interfaces.get()?;
    Ok(region.members(group, || {
        let is_member = |one: &&Interface| one.group_set.iter().any(|of| of.group_id.as_deref() == Some(group));
        let members = interfaces.iter().filter(is_member);
        Bounds::exact(members.fold(AddrSet::empty(), |all, one| all.union(&private_addresses(one))))
    }))
}

/// A rule that lets everybody in.
fn everybody() -> Rule {
    Rule::new("everybody", Action::Allow, Bounds::exact(PacketSet::all()))
}

fn unknown_group(id: &str) -> Group {
    let sources = Bounds::unknown_within(AddrSet::all());
    let shape = Shape::everything();
    let rule = Rule::new(format!("{id}: unread"), Action::Allow, shape.from(&sources));
    let rule = super::filter::AddressRule { rule, shape, sources, text: "unread".to_owned() };
    Group { rules: vec![rule], ..Group::default() }
}

fn key(interface: &Interface, vpc: Option<&str>, behind: Vec<Behind>) -> Key {
    let mut groups: Vec<String> = interface.group_set.iter().filter_map(|group| group.group_id.clone()).collect();
    groups.sort();
    groups.dedup();
    let v4 = if public_addresses(interface).next().is_some() { Certainty::Yes } else { Certainty::No };
    let mut v6 = interface.ipv6_addresses.iter().filter_map(|one| one.ipv6_address.as_deref()?.parse::<IpAddr>().ok());
    let v6 = if v6.any(|address| internet().contains(address)) {
        Certainty::Yes
    } else if interface.ipv6_prefixes.is_empty() {
        Certainty::No
    } else {
        // Addresses of a delegated prefix are the pods', unless the machine took one itself.
        Certainty::Maybe
    };
    let vpc = interface.vpc_id.as_deref().or(vpc).unwrap_or_default().to_owned();
    Key { vpc, subnet: interface.subnet_id.clone().unwrap_or_default(), groups, v4, v6, behind }
}

/// The service an interface of AWS' own belongs to, if that brings in clients of the internet without being a load
/// balancer (EC2 API reference, `NetworkInterface`; Global Accelerator and CloudFront guides, November 2026).
fn relay(interface: &Interface) -> Option<&'static str> {
    let kind = interface.interface_type.as_deref().unwrap_or_default();
    let text = interface.description.as_deref().unwrap_or_default().to_ascii_lowercase();
    if kind == "global_accelerator_managed" || text.starts_with("globalaccelerator") {
        Some("Global Accelerator")
    } else if text.contains("cloudfront") {
        Some("CloudFront")
    } else {
        None
    }
}

/// The public IPv4 addresses of an interface. The truth is the association, not the subnet's habit.
pub(super) fn public_addresses(interface: &Interface) -> impl Iterator<Item = IpAddr> {
    let own = interface.association.iter();
    let of_addresses = interface.private_ip_addresses_set.iter().filter_map(|address| address.association.as_ref());
    own.chain(of_addresses).filter_map(|association| association.public_ip.as_deref()?.parse().ok())
}

/// The addresses of an interface inside the network, IPv6 included.
pub(super) fn private_addresses(interface: &Interface) -> AddrSet {
    let v4 = interface.private_ip_addresses_set.iter().filter_map(|address| address.private_ip_address.as_deref());
    let v6 = interface.ipv6_addresses.iter().filter_map(|address| address.ipv6_address.as_deref());
    v4.chain(v6).filter_map(|text| parse_net(text).ok()).collect()
}

fn subnet_ranges(subnet: &crate::record::network::Subnet) -> AddrSet {
    let v6 = subnet.ipv6_blocks.iter().filter_map(|block| block.ipv6_cidr_block.as_deref());
    subnet.cidr_block.as_deref().into_iter().chain(v6).filter_map(|text| parse_net(text).ok()).collect()
}
