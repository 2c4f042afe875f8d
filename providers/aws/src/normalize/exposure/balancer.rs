//! Load balancers in front of machines: who gets into the balancer, and what of that gets on to the machine.

use super::{
    Evaluator, Guard, Key, key, private_addresses,
    way::{acl_layers, both, group_names, nothing},
};
use crate::{
    normalize::{
        balancing::{Behind, Entry, Path},
        filter::{Group, Shape},
        region::own_ranges,
    },
    record::{
        balancing::{ClassicLoadBalancer, LoadBalancer},
        compute::Interface,
    },
};
use palisade_model::{Gap, Layer};
use palisade_reach::{
    Action, AddrSet, Bounds, Certainty, Chain, Family, Gate, Hit, Layer as Step, ORDINARY_SOURCE_PORTS, PacketSet,
    Path as Way, PortedRule, Ports, Protocol, Protocols, Rule, Sessions, any_allow, internet,
};
use std::{collections::BTreeSet, rc::Rc};

/// What load balancers bring to an interface.
#[derive(Debug)]
pub(super) struct Through {
    pub(super) sessions: Sessions,
    pub(super) paths: Vec<Way>,
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
    lets_in: Vec<Sessions>,
}

impl Evaluator<'_> {
    /// What load balancers that face the internet bring in.
    pub(super) fn through_balancers(&self, key: &Key, guard: &Guard, outside: &AddrSet) -> Result<Through, Gap> {
        let mut through =
            Through { sessions: nothing(), paths: Vec::new(), layers: Vec::new(), limits: BTreeSet::new() };
        let fronts = self.region.fronts();
        for behind in &key.behind {
            let Some(path) = fronts.paths.get(behind.path) else { continue };
            self.along(&mut through, path, *behind, (key, guard))?;
        }
        let balancers = self.region.load_balancers.get()?;
        for (place, why) in &fronts.unread {
            let Some(record) = balancers.get(*place) else { continue };
            let balancer = self.balancer(record)?;
            let preserving = !matches!(record.kind.as_deref(), Some("application" | ClassicLoadBalancer::KIND));
            let all = record.ip_address_type.as_deref().is_some_and(|kind| kind != "ipv4");
            let clients = if all { outside.clone() } else { outside.family(Family::V4) };
            let clients = clients.intersect(&balancer.let_in());
            let because =
                format!("load balancer {} faces the internet and may forward to these nodes: {why}", balancer.name);
            through.widen(&balancer, preserving, guard, &clients, because);
        }
        // Balancers that are in no list are only seen by their interfaces: those of the first generation where their list
        // could not be read. They never keep the client's address.
        let unlisted = match self.region.classics.gap() {
            Some(gap) => format!("Classic Load Balancers were not read: {gap}"),
            None => "it is in no list".to_owned(),
        };
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
            let because = format!(
                "load balancer {} faces the internet and may forward to these nodes: {unlisted}",
                balancer.name
            );
            through.widen(&balancer, false, guard, &clients, because);
        }
        Ok(through)
    }

    /// One path to one port of the machine: into the balancer, then through the filters of the machine.
    fn along(
        &self,
        through: &mut Through,
        path: &Path,
        behind: Behind,
        (key, guard): (&Key, &Guard),
    ) -> Result<(), Gap> {
        let balancers = self.region.load_balancers.get()?;
        let (Some(front), Some(back)) = (balancers.get(path.front), balancers.get(path.back)) else { return Ok(()) };
        let (front, back) = (self.balancer(front)?, self.balancer(back)?);
        let ports: BTreeSet<String> = path.entries.iter().map(|entry| entry.port.to_string()).collect();
        let ports = ports.into_iter().collect::<Vec<_>>().join(", ");
        let rule = format!("{} listener {ports} to port {}", front.name, behind.port);
        let mut layers = vec![into(&front, path, behind, &rule)];
        layers.extend(to_machine(path, &back, behind.port, (key, guard)));
        let way = Way::new(format!("load balancer {rule}"), layers);
        let sessions = way.sessions();
        if sessions.any_port.upper().is_empty() {
            return Ok(());
        }
        if !sessions.any_port.is_exact() {
            let why = path.doubt.as_deref().unwrap_or("its rules or the targets' health decide");
            through.limits.insert(format!(
                "load balancer {} forwards to port {} of these nodes, and whether it sends every client there now is not \
                 certain: {why}",
                front.name, behind.port
            ));
        }
        let packets = sessions.any_port.upper().clone();
        let hits = vec![Hit { rule: rule.into(), action: Action::Allow, packets }];
        let layer = Layer { name: format!("load balancer {}", front.name), hits };
        if !through.layers.contains(&layer) {
            through.layers.push(layer);
        }
        through.add(way, &sessions);
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
        if balancer.lets_in.is_empty() {
            // Where it stands is not known: anywhere in its network, open to everybody.
            let vpcs = self.region.vpcs.get()?;
            let vpc = vpcs.iter().find(|vpc| vpc.vpc_id == record.vpc_id);
            balancer.addresses = vpc.map_or_else(AddrSet::all, own_ranges);
            let anybody = Bounds::unknown_within(PacketSet::of(Protocols::Any, &Ports::full(), internet()));
            balancer.lets_in.push(Sessions { any_port: anybody.clone(), ordinary: anybody });
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
        let mut guard = self.guard(&key, &local, &mut unheard)?;
        if key.groups.is_empty() {
            // A network balancer that was made without groups lets everybody in.
            guard.rules = vec![super::everybody()];
            guard.admitted = any_allow(&guard.rules);
        }
        let direct = self.direct(&key, &guard, &internet().subtract(&local))?;
        balancer.addresses = balancer.addresses.union(&private_addresses(interface));
        balancer.lets_in.push(direct.sessions);
        Ok(())
    }
}

impl Balancer {
    fn nowhere(name: &str) -> Self {
        Self { name: name.to_owned(), addresses: AddrSet::empty(), groups: BTreeSet::new(), lets_in: Vec::new() }
    }

    /// Everybody who gets in on some port.
    fn let_in(&self) -> AddrSet {
        let cells = self.lets_in.iter().flat_map(|interface| interface.any_port.upper().cells());
        cells.fold(AddrSet::empty(), |all, cell| all.union(&cell.sources))
    }
}

impl Through {
    /// Adds the most a balancer can bring in when it is not known what it forwards: every client, on every port on
    /// which the machine lets the balancer in.
    fn widen(&mut self, balancer: &Balancer, preserving: bool, guard: &Guard, clients: &AddrSet, because: String) {
        let addresses = Bounds::exact(balancer.addresses.clone());
        let mut admitted = guard.admitted.allowed.upper().restrict_sources(&balancer.addresses);
        for reference in references(&guard.groups, balancer) {
            admitted = admitted.union(reference.from(&addresses).upper());
        }
        let beside = admitted.restrict_sources(guard.neighbours.upper());
        let open = admitted.intersect(guard.passed.upper()).union(&beside);
        let of_clients = open.cells().map(|cell| {
            let (from, to) = cell.ports;
            PacketSet::of(cell.protocol, &Ports::from_range(from, to), clients)
        });
        let mut brought = PacketSet::union_all(&of_clients.collect::<Vec<_>>());
        if preserving {
            let direct = guard.admitted.allowed.upper().intersect(guard.passed.upper());
            brought = brought.union(&direct.restrict_sources(clients));
        }
        if brought.is_empty() {
            return;
        }
        let id = format!("what load balancer {} forwards", balancer.name);
        let gate = Gate::Fixed { id: id.as_str().into(), passes: Bounds::unknown_within(brought) };
        let layer = Step::new(format!("load balancer {}", balancer.name), gate).unsure(because.as_str());
        let way = Way::new(id, vec![layer]);
        let sessions = way.sessions();
        self.add(way, &sessions);
        self.limits.insert(because);
    }

    fn add(&mut self, way: Way, sessions: &Sessions) {
        self.sessions = both(&self.sessions, sessions);
        if !self.paths.contains(&way) {
            self.paths.push(way);
        }
    }
}

/// The way into a balancer: the packets that it sends on, with the machine's port as their destination.
fn into(front: &Balancer, path: &Path, behind: Behind, rule: &str) -> Step {
    let unsure = behind.certainty != Certainty::Yes || path.protocols.is_empty();
    let side = |of: fn(&Sessions) -> &Bounds<PacketSet>| {
        let clients = clients(&front.lets_in.iter().map(of).collect::<Vec<_>>(), &path.entries);
        let packets = clients.map(|clients| packets(path, behind.port, clients));
        if unsure { Bounds::unknown_within(packets.upper().clone()) } else { packets }
    };
    let (any_port, ordinary) = (side(|sessions| &sessions.any_port), side(|sessions| &sessions.ordinary));
    // The network ACL of the balancer's own subnet may let in clients with odd source ports alone.
    let gate = if any_port == ordinary {
        Gate::Fixed { id: rule.into(), passes: any_port }
    } else {
        let usual = Ports::from_range(ORDINARY_SOURCE_PORTS.0, ORDINARY_SOURCE_PORTS.1);
        let allow =
            |matches, source_ports| PortedRule { id: rule.into(), action: Action::Allow, matches, source_ports };
        let rules = vec![allow(ordinary, usual.clone()), allow(any_port, Ports::full().subtract(&usual))];
        Gate::FirstMatch(Chain { rules, default: Action::Deny })
    };
    let layer = Step::new(format!("load balancer {}", front.name), gate);
    if unsure || path.entries.iter().any(|entry| !entry.clients.is_exact()) {
        let why = path.doubt.as_deref();
        return layer
            .unsure(why.unwrap_or("its rules or the targets' health decide whether it sends clients there now"));
    }
    layer
}

fn packets(path: &Path, port: u16, clients: &AddrSet) -> PacketSet {
    if path.protocols.is_empty() {
        return PacketSet::of(Protocols::Any, &Ports::full(), clients);
    }
    let of = |protocol: &Protocol| PacketSet::of(Protocols::One(*protocol), &Ports::from_range(port, port), clients);
    PacketSet::union_all(&path.protocols.iter().map(of).collect::<Vec<_>>())
}

/// The filters of the machine. Where they see the client they stand one by one, where they see the balancer they let in
/// everybody or nobody.
fn to_machine(path: &Path, back: &Balancer, port: u16, (key, guard): (&Key, &Guard)) -> Vec<Step> {
    let beside = !back.addresses.is_disjoint(guard.neighbours.upper());
    if path.preserves == Certainty::Yes && !beside && !path.protocols.is_empty() {
        let by_reference = guard.groups.iter().flat_map(|group| &group.references);
        let by_reference = by_reference.filter(|reference| back.groups.contains(&reference.group)).map(|reference| {
            let from_anybody = reference.shape.from(&Bounds::exact(AddrSet::all()));
            Rule::new(reference.id.clone(), Action::Allow, from_anybody)
        });
        let rules = guard.rules.iter().cloned().chain(by_reference).collect();
        let groups = Step::new(group_names(key), Gate::AnyAllow(rules));
        return acl_layers(key, guard).into_iter().chain([groups]).collect();
    }
    let anybody = Bounds::exact(AddrSet::all());
    let mut passes = Bounds::exact(PacketSet::empty());
    for protocol in &path.protocols {
        passes = passes.union(&hop(path.preserves, back, (*protocol, port), guard, &anybody));
    }
    if path.protocols.is_empty() {
        passes = Bounds::unknown_within(PacketSet::all());
    }
    let id = format!("the filters of the machine let in {} on port {port}", back.name);
    let layer = Step::new("the filters of the machine", Gate::Fixed { id: id.into(), passes: passes.clone() });
    if passes.is_exact() {
        return vec![layer];
    }
    vec![layer.unsure(
        "by which of its addresses the load balancer comes, and whether it shows the client's own, is not known",
    )]
}

/// Who gets into a balancer at the entries of a path: surely only those whom every interface lets in, for a name leads
/// to any of them.
fn clients(interfaces: &[&Bounds<PacketSet>], entries: &[Entry]) -> Bounds<AddrSet> {
    let mut all = Bounds::exact(AddrSet::empty());
    for entry in entries {
        let mut sources = interfaces.iter().map(|open| open.map(|open| open.sources(entry.protocol, entry.port)));
        let Some(first) = sources.next() else { continue };
        let mut here = sources.fold(first, |one, other| {
            Bounds::between(one.lower().intersect(other.lower()), one.upper().union(other.upper()))
        });
        here = here.intersect(&entry.clients);
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
    // With which source port is not asked here, so only what every client may do is sure.
    let passed = admitted.intersect(&Bounds::between(guard.ordinary.lower().clone(), guard.passed.upper().clone()));
    // Within one subnet no network ACL stands between the balancer and the machine.
    let beside = !balancer.addresses.is_disjoint(guard.neighbours.upper());
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
    let filters = filters.union(&guard.neighbours);
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
