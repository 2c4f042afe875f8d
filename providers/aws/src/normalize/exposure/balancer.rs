//! Load balancers in front of machines: who gets into the balancer, and what of that gets on to the machine.

use super::{Evaluator, Guard, Key, key, private_addresses};
use crate::{
    normalize::{
        balancing::{Behind, Entry, Path},
        filter::{Group, Shape},
        region::own_ranges,
    },
    record::{balancing::LoadBalancer, compute::Interface},
};
use palisade_model::{Gap, Layer};
use palisade_reach::{
    Action, AddrSet, Bounds, Certainty, Family, Hit, PacketSet, Ports, Protocol, Protocols, any_allow, internet,
};
use std::{collections::BTreeSet, rc::Rc};

/// What load balancers bring to an interface.
#[derive(Debug)]
pub(super) struct Through {
    pub(super) internet: Bounds<PacketSet>,
    pub(super) ordinary: Bounds<PacketSet>,
    pub(super) layers: Vec<Layer>,
    pub(super) limits: BTreeSet<String>,
}

/// A load balancer as clients and as machines see it.
#[derive(Debug)]
pub(in crate::normalize) struct Balancer {
    name: String,
    /// Where it stands inside the network; nothing when that is not known.
    addresses: AddrSet,
    groups: BTreeSet<String>,
    /// What gets in at each of its interfaces.
    internet: Vec<Bounds<PacketSet>>,
    ordinary: Vec<Bounds<PacketSet>>,
}

impl Evaluator<'_> {
    /// What load balancers that face the internet bring in.
    pub(super) fn through_balancers(&self, key: &Key, guard: &Guard, outside: &AddrSet) -> Result<Through, Gap> {
        let nothing = || Bounds::exact(PacketSet::empty());
        let mut through =
            Through { internet: nothing(), ordinary: nothing(), layers: Vec::new(), limits: BTreeSet::new() };
        let fronts = self.region.fronts();
        for behind in &key.behind {
            let Some(path) = fronts.paths.get(behind.path) else { continue };
            self.along(&mut through, path, *behind, guard)?;
        }
        let balancers = self.region.load_balancers.get()?;
        for (place, why) in &fronts.unread {
            let Some(record) = balancers.get(*place) else { continue };
            let balancer = self.balancer(record)?;
            let preserving = record.kind.as_deref() != Some("application");
            let all = record.ip_address_type.as_deref().is_some_and(|kind| kind != "ipv4");
            let clients = if all { outside.clone() } else { outside.family(Family::V4) };
            let clients = clients.intersect(&balancer.let_in());
            if through.widen(&balancer, preserving, guard, &clients) {
                through.limits.insert(format!(
                    "load balancer {} faces the internet and may forward to these nodes: {why}",
                    balancer.name
                ));
            }
        }
        // Balancers of the first generation are only seen by their interfaces; they never keep the client's address.
        for interface in self.region.interfaces.get()?.iter().filter(|one| {
            one.vpc_id.as_deref() == Some(&key.vpc)
                && one.association.is_some()
                && name_in(one).is_some()
                && !balancers.iter().any(|balancer| is_of(one, balancer))
        }) {
            let mut balancer = Balancer::nowhere(name_in(interface).unwrap_or_default());
            self.stand(&mut balancer, interface)?;
            balancer.groups = interface.group_set.iter().filter_map(|group| group.group_id.clone()).collect();
            let clients = outside.intersect(&balancer.let_in());
            if through.widen(&balancer, false, guard, &clients) {
                through.limits.insert(format!(
                    "load balancer {} faces the internet and may forward to these nodes: listeners and targets of Classic \
                     Load Balancers are not read",
                    balancer.name
                ));
            }
        }
        Ok(through)
    }

    /// One path to one port of the machine.
    fn along(&self, through: &mut Through, path: &Path, behind: Behind, guard: &Guard) -> Result<(), Gap> {
        let balancers = self.region.load_balancers.get()?;
        let (Some(front), Some(back)) = (balancers.get(path.front), balancers.get(path.back)) else { return Ok(()) };
        let (front, back) = (self.balancer(front)?, self.balancer(back)?);
        let mut brought = Bounds::exact(PacketSet::empty());
        for (side, interfaces) in [&front.internet, &front.ordinary].into_iter().enumerate() {
            let clients = clients(interfaces, &path.entries);
            let mut on_path = Bounds::exact(PacketSet::empty());
            for protocol in &path.protocols {
                let hop = hop(path.preserves, &back, (*protocol, behind.port), guard, &clients);
                on_path = on_path.union(&hop);
            }
            if path.protocols.is_empty() {
                let any = PacketSet::of(Protocols::Any, &Ports::full(), clients.upper());
                on_path = Bounds::unknown_within(any);
            }
            if behind.certainty != Certainty::Yes {
                on_path = Bounds::unknown_within(on_path.upper().clone());
            }
            if side == 0 {
                through.internet = through.internet.union(&on_path);
                brought = on_path;
            } else {
                through.ordinary = through.ordinary.union(&on_path);
            }
        }
        if brought.upper().is_empty() {
            return Ok(());
        }
        if !brought.is_exact() {
            through.limits.insert(format!(
                "load balancer {} forwards to port {} of these nodes, and whether it sends every client there now is not \
                 certain: its rules are not read, or the targets' health decides",
                front.name, behind.port
            ));
        }
        let ports: BTreeSet<String> = path.entries.iter().map(|entry| entry.port.to_string()).collect();
        let ports = ports.into_iter().collect::<Vec<_>>().join(", ");
        let rule = format!("{} listener {ports} to port {}", front.name, behind.port);
        let layer = Layer {
            name: format!("load balancer {}", front.name),
            hits: vec![Hit { rule: rule.into(), action: Action::Allow, packets: brought.upper().clone() }],
        };
        if !through.layers.contains(&layer) {
            through.layers.push(layer);
        }
        Ok(())
    }

    fn balancer(&self, record: &LoadBalancer) -> Result<Rc<Balancer>, Gap> {
        let arn = record.load_balancer_arn.clone().unwrap_or_default();
        if let Some(known) = self.region.balancers.borrow().get(&arn) {
            return Ok(Rc::clone(known));
        }
        let mut balancer = Balancer::nowhere(record.load_balancer_name.as_deref().unwrap_or("unnamed"));
        balancer.groups = record.security_groups.iter().cloned().collect();
        for interface in self.region.interfaces.get()?.iter().filter(|one| is_of(one, record)) {
            self.stand(&mut balancer, interface)?;
        }
        if balancer.internet.is_empty() {
            // Where it stands is not known: anywhere in its network, open to everybody.
            let vpcs = self.region.vpcs.get()?;
            let vpc = vpcs.iter().find(|vpc| vpc.vpc_id == record.vpc_id);
            balancer.addresses = vpc.map_or_else(AddrSet::all, own_ranges);
            let anybody = Bounds::unknown_within(PacketSet::of(Protocols::Any, &Ports::full(), internet()));
            balancer.internet.push(anybody.clone());
            balancer.ordinary.push(anybody);
        }
        let balancer = Rc::new(balancer);
        self.region.balancers.borrow_mut().insert(arn, Rc::clone(&balancer));
        Ok(balancer)
    }

    /// Adds an interface to a balancer, with whom that lets in.
    fn stand(&self, balancer: &mut Balancer, interface: &Interface) -> Result<(), Gap> {
        let key = key(interface, None, Vec::new());
        let mut unheard = BTreeSet::new();
        let local = self.local(&key, &mut unheard)?;
        let mut guard = self.guard(&key, &mut unheard)?;
        if key.groups.is_empty() {
            // A network balancer that was made without groups lets everybody in.
            guard.admitted = any_allow(&[super::everybody()]);
        }
        let direct = self.direct(&key, &guard, &internet().subtract(&local))?;
        balancer.addresses = balancer.addresses.union(&private_addresses(interface));
        balancer.internet.push(direct.internet);
        balancer.ordinary.push(direct.ordinary);
        Ok(())
    }
}

impl Balancer {
    fn nowhere(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            addresses: AddrSet::empty(),
            groups: BTreeSet::new(),
            internet: Vec::new(),
            ordinary: Vec::new(),
        }
    }

    /// Everybody who gets in on some port.
    fn let_in(&self) -> AddrSet {
        let cells = self.internet.iter().flat_map(|interface| interface.upper().cells());
        cells.fold(AddrSet::empty(), |all, cell| all.union(&cell.sources))
    }
}

impl Through {
    /// Adds the most a balancer can bring in when it is not known what it forwards: every client, on every port on
    /// which the machine lets the balancer in. Whether that is anything.
    fn widen(&mut self, balancer: &Balancer, preserving: bool, guard: &Guard, clients: &AddrSet) -> bool {
        let addresses = Bounds::exact(balancer.addresses.clone());
        let mut admitted = guard.admitted.allowed.upper().restrict_sources(&balancer.addresses);
        for reference in references(&guard.groups, balancer) {
            admitted = admitted.union(reference.from(&addresses).upper());
        }
        let open = admitted.intersect(guard.passed.upper()).union(&admitted.restrict_sources(&guard.neighbours));
        let of_clients = open.cells().map(|cell| {
            let (from, to) = cell.ports;
            PacketSet::of(cell.protocol, &Ports::from_range(from, to), clients)
        });
        let mut brought = PacketSet::union_all(&of_clients.collect::<Vec<_>>());
        if preserving {
            let direct = guard.admitted.allowed.upper().intersect(guard.passed.upper());
            brought = brought.union(&direct.restrict_sources(clients));
        }
        let brought = Bounds::unknown_within(brought);
        self.internet = self.internet.union(&brought);
        self.ordinary = self.ordinary.union(&brought);
        !brought.upper().is_empty()
    }
}

/// Who gets into a balancer at the entries of a path: surely only those whom every interface lets in, for a name leads
/// to any of them.
fn clients(interfaces: &[Bounds<PacketSet>], entries: &[Entry]) -> Bounds<AddrSet> {
    let mut all = Bounds::exact(AddrSet::empty());
    for entry in entries {
        let mut sources = interfaces.iter().map(|open| open.map(|open| open.sources(entry.protocol, entry.port)));
        let Some(first) = sources.next() else { continue };
        let mut here = sources.fold(first, |one, other| {
            Bounds::between(one.lower().intersect(other.lower()), one.upper().union(other.upper()))
        });
        if entry.certainty != Certainty::Yes {
            here = Bounds::unknown_within(here.upper().clone());
        }
        all = all.union(&here);
    }
    all
}

/// What of a balancer's clients gets on to a port of a machine.
fn hop(
    preserves: Certainty,
    balancer: &Balancer,
    to: (Protocol, u16),
    guard: &Guard,
    clients: &Bounds<AddrSet>,
) -> Bounds<PacketSet> {
    match preserves {
        Certainty::Yes => seen_as_themselves(balancer, to, guard, clients),
        Certainty::No => seen_as_balancer(balancer, to, guard, clients),
        Certainty::Maybe => {
            let one = seen_as_themselves(balancer, to, guard, clients);
            let other = seen_as_balancer(balancer, to, guard, clients);
            Bounds::between(one.lower().intersect(other.lower()), one.upper().union(other.upper()))
        }
    }
}

/// The machine's filters see the client's address. A rule that names the balancer's own group admits what comes through
/// it all the same (Network Load Balancer guide, security groups).
fn seen_as_themselves(
    balancer: &Balancer,
    (protocol, port): (Protocol, u16),
    guard: &Guard,
    clients: &Bounds<AddrSet>,
) -> Bounds<PacketSet> {
    let packets =
        clients.map(|clients| PacketSet::of(Protocols::One(protocol), &Ports::from_range(port, port), clients));
    let by_reference = references(&guard.groups, balancer)
        .fold(Bounds::exact(PacketSet::empty()), |all, shape| all.union(&shape.from(&Bounds::exact(AddrSet::all()))));
    let admitted = guard.admitted.allowed.union(&by_reference).intersect(&packets);
    let passed = admitted.intersect(&guard.passed);
    // Within one subnet no network ACL stands between the balancer and the machine.
    let beside = !balancer.addresses.is_disjoint(&guard.neighbours);
    if beside { passed.union(&Bounds::unknown_within(admitted.upper().clone())) } else { passed }
}

/// The machine's filters see the balancer: everybody gets in or nobody. Which of its interfaces speaks is not known, so
/// surely everybody only where each of them gets in.
fn seen_as_balancer(
    balancer: &Balancer,
    (protocol, port): (Protocol, u16),
    guard: &Guard,
    clients: &Bounds<AddrSet>,
) -> Bounds<PacketSet> {
    let own = Bounds::exact(balancer.addresses.clone());
    let by_reference = references(&guard.groups, balancer)
        .fold(Bounds::exact(PacketSet::empty()), |all, shape| all.union(&shape.from(&own)));
    let at = |packets: &Bounds<PacketSet>| packets.map(|packets| packets.sources(protocol, port));
    let admitted = at(&guard.admitted.allowed.union(&by_reference));
    let filters = Bounds::between(at(&guard.ordinary).lower().clone(), at(&guard.passed).upper().clone());
    let filters = filters.union(&Bounds::exact(guard.neighbours.clone()));
    let open = admitted.intersect(&filters).intersect(&own);
    let packets = |clients| PacketSet::of(Protocols::One(protocol), &Ports::from_range(port, port), clients);
    let surely = !balancer.addresses.is_empty() && balancer.addresses.is_subset(open.lower());
    let lower = if surely { packets(clients.lower()) } else { PacketSet::empty() };
    let upper = if open.upper().is_empty() { PacketSet::empty() } else { packets(clients.upper()) };
    Bounds::between(lower, upper)
}

/// The rules of a machine's groups that name a group of the balancer's.
fn references<'a>(groups: &'a [Rc<Group>], balancer: &'a Balancer) -> impl Iterator<Item = &'a Shape> {
    let all = groups.iter().flat_map(|group| &group.references);
    all.filter(|reference| balancer.groups.contains(&reference.group)).map(|reference| &reference.shape)
}

/// The balancer an interface says it belongs to.
fn name_in(interface: &Interface) -> Option<&str> {
    interface.description.as_deref()?.strip_prefix("ELB ")
}

fn is_of(interface: &Interface, balancer: &LoadBalancer) -> bool {
    // `app/NAME/ID` in the description, `…:loadbalancer/app/NAME/ID` in the ARN.
    let own = balancer.load_balancer_arn.as_deref().and_then(|arn| arn.split_once(":loadbalancer/"));
    own.is_some_and(|(_, path)| name_in(interface) == Some(path))
}
