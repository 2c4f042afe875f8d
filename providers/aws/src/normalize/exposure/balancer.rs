//! Load balancers in front of machines.
//!
//! Listeners and targets are not read, so what a balancer brings in is only bounded from above: every client it lets
//! in, on every port on which the machine lets the balancer in.

use super::{Evaluator, Key, private_addresses, subnet_ranges};
use crate::{
    normalize::{filter::Group, region::own_ranges},
    record::{compute::Interface, network::LoadBalancer},
};
use palisade_model::Gap;
use palisade_reach::{AddrSet, Bounds, Family, PacketSet, Ports, Protocol, Protocols};
use std::{collections::BTreeSet, rc::Rc};

/// Ports whose protocols no HTTP request speaks: an application load balancer brings nobody there.
const NOT_HTTP: [u16; 2] = [22, 3389];

/// A load balancer that faces the internet.
#[derive(Debug)]
struct Balancer {
    name: String,
    /// Where it stands inside the network.
    addresses: AddrSet,
    groups: BTreeSet<String>,
    /// Whether it takes clients over IPv6.
    v6: bool,
    /// Whether it only forwards HTTP requests.
    application: bool,
    /// Whether it may show the machine the client's own address.
    preserving: bool,
}

impl Evaluator<'_> {
    /// What load balancers that face the internet may bring in, at most.
    pub(super) fn through_balancers(
        &self,
        key: &Key,
        groups: &[Rc<Group>],
        (admitted, passed): (&Bounds<PacketSet>, &Bounds<PacketSet>),
        outside: &AddrSet,
        limits: &mut BTreeSet<String>,
    ) -> Result<PacketSet, Gap> {
        let subnets = self.region.subnets.get()?;
        let subnet = subnets.iter().find(|subnet| subnet.subnet_id.as_deref() == Some(&key.subnet));
        let neighbourhood = subnet.map(subnet_ranges).unwrap_or_default();
        let mut through = PacketSet::empty();
        let mut names = BTreeSet::new();
        for balancer in self.balancers(key)? {
            let clients = self.clients(&balancer, outside)?;
            let mut brought = open_to(&balancer, groups, passed.upper(), &neighbourhood, &clients);
            if balancer.application {
                let ports: Ports = NOT_HTTP.iter().map(|port| (*port, *port)).collect();
                brought = brought.subtract(&PacketSet::of(Protocols::One(Protocol::TCP), &ports, &AddrSet::all()));
            }
            if balancer.preserving {
                let direct = admitted.upper().intersect(passed.upper());
                brought = brought.union(&direct.restrict_sources(&clients));
            }
            if !brought.is_empty() {
                names.insert(balancer.name);
                through = through.union(&brought);
            }
        }
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().collect();
            limits.insert(format!(
                "load balancers that face the internet ({}) may forward to these nodes: listeners and targets are not read",
                names.join(", ")
            ));
        }
        Ok(through)
    }

    fn balancers(&self, key: &Key) -> Result<Vec<Balancer>, Gap> {
        let in_network = |interface: &&Interface| {
            interface.vpc_id.as_deref() == Some(&key.vpc)
                && interface.description.as_deref().is_some_and(|text| text.starts_with("ELB "))
        };
        let interfaces: Vec<&Interface> = self.region.interfaces.get()?.iter().filter(in_network).collect();
        let known = self.region.load_balancers.get()?;
        let facing = known
            .iter()
            .filter(|one| one.vpc_id.as_deref() == Some(&key.vpc) && one.scheme.as_deref() == Some("internet-facing"));
        let mut found: Vec<Balancer> = Vec::new();
        for one in facing {
            let own = interfaces.iter().filter(|interface| is_of(interface, one));
            let mut addresses = own.fold(AddrSet::empty(), |all, interface| all.union(&private_addresses(interface)));
            if addresses.is_empty() {
                // Where it stands is not known: anywhere in the network.
                let vpc = self.region.vpcs.get()?.iter().find(|vpc| vpc.vpc_id.as_deref() == Some(&key.vpc));
                addresses = vpc.map_or_else(AddrSet::all, own_ranges);
            }
            found.push(Balancer {
                name: one.load_balancer_name.clone().unwrap_or_else(|| "unnamed".to_owned()),
                addresses,
                groups: one.security_groups.iter().cloned().collect(),
                v6: one.ip_address_type.as_deref() != Some("ipv4"),
                application: one.kind.as_deref() == Some("application"),
                preserving: one.kind.as_deref() != Some("application"),
            });
        }
        // Balancers of the first generation are only seen by their interfaces; they never keep the client's address.
        let classic = interfaces
            .iter()
            .filter(|interface| interface.association.is_some() && !known.iter().any(|one| is_of(interface, one)));
        found.extend(classic.map(|interface| Balancer {
            name: interface.description.as_deref().unwrap_or_default().trim_start_matches("ELB ").to_owned(),
            addresses: private_addresses(interface),
            groups: interface.group_set.iter().filter_map(|group| group.group_id.clone()).collect(),
            v6: true,
            application: false,
            preserving: false,
        }));
        Ok(found)
    }

    /// The clients a balancer lets in, on whichever port it listens.
    fn clients(&self, balancer: &Balancer, outside: &AddrSet) -> Result<AddrSet, Gap> {
        let outside = if balancer.v6 { outside.clone() } else { outside.family(Family::V4) };
        let table = self.region.security_groups.get()?;
        let mut admitted = AddrSet::empty();
        for id in &balancer.groups {
            let Some(group) = self.region.group(id, table) else { return Ok(outside) };
            admitted = group.rules.iter().fold(admitted, |all, rule| all.union(rule.sources.upper()));
        }
        Ok(if balancer.groups.is_empty() { outside } else { outside.intersect(&admitted) })
    }
}

/// The ports on which a machine lets a balancer in, as packets of the balancer's clients. Between neighbours of one
/// subnet no network ACL stands.
fn open_to(
    balancer: &Balancer,
    groups: &[Rc<Group>],
    passed: &PacketSet,
    neighbourhood: &AddrSet,
    clients: &AddrSet,
) -> PacketSet {
    let addresses = Bounds::exact(balancer.addresses.clone());
    let mut admitted = PacketSet::empty();
    for group in groups {
        for rule in &group.rules {
            admitted = admitted.union(rule.shape.from(&rule.sources.intersect(&addresses)).upper());
        }
        for reference in group.references.iter().filter(|reference| balancer.groups.contains(&reference.group)) {
            admitted = admitted.union(reference.shape.from(&addresses).upper());
        }
    }
    let beside = admitted.restrict_sources(neighbourhood);
    let open = admitted.intersect(passed).union(&beside);
    let of_clients = open.cells().map(|cell| {
        let (from, to) = cell.ports;
        PacketSet::of(cell.protocol, &Ports::from_range(from, to), clients)
    });
    PacketSet::union_all(&of_clients.collect::<Vec<_>>())
}

fn is_of(interface: &Interface, balancer: &LoadBalancer) -> bool {
    let name = balancer.load_balancer_arn.as_deref().and_then(|arn| arn.split_once(":loadbalancer/"));
    let text = interface.description.as_deref().and_then(|text| text.strip_prefix("ELB "));
    name.is_some_and(|(_, name)| text == Some(name))
}
