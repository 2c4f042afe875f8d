//! Who can reach the machines of a pool: everything composed, one answer for each distinct kind of machine.

use super::{
    balancers::{Balancers, Front},
    firewall::{Direction, Traits, by_tier},
    machines::node_id,
    network::{Guards, NetworkBook},
    routes::{Routes, answerable},
};
use crate::record::{
    compute::{Instance, NetworkInterface},
    names::{host_and_network, region_of},
};
use palisade_model::{Evidence, Exposure, Gap, Layer, NodeId, Observed};
use palisade_reach::{
    self as reach, Action, AddrSet, Bounds, Certainty, Family, Gate, Hit, PacketSet, Ports, Protocols, parse_net,
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    rc::Rc,
    sync::{Arc, LazyLock},
};

/// One way to a machine, with everything the answer depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Path {
    host: String,
    network: String,
    region: String,
    v4: bool,
    v6: bool,
    traits: Traits,
    /// The load balancer it comes through, by its place among those of the project.
    front: Option<(usize, Certainty)>,
}

/// What came of one path.
#[derive(Debug, Default)]
struct Answer {
    internet: Bounds<PacketSet>,
    inside: Bounds<PacketSet>,
    local: AddrSet,
    layers: Vec<Layer>,
    limits: Vec<String>,
    /// One for each family of addresses it has.
    ways: Arc<[reach::Path]>,
}

/// Answers by path: a thousand machines of one pool are one evaluation.
#[derive(Debug, Default)]
pub(crate) struct ExposureBook {
    answers: RefCell<HashMap<Path, Rc<Result<Answer, Gap>>>>,
}

/// The exposure of machines, one entry for each distinct answer. `own` are the cluster's own addresses.
pub(crate) fn exposures(
    book: &ExposureBook,
    (networks, balancers): (&NetworkBook<'_>, &Balancers),
    project: &str,
    machines: &[&Instance],
    own: &AddrSet,
    sources: &mut Vec<Evidence>,
) -> Result<Vec<Exposure>, Gap> {
    let mut groups: BTreeMap<Vec<Path>, Vec<NodeId>> = BTreeMap::new();
    for machine in machines {
        let paths = paths((networks, balancers), project, machine, sources)?;
        groups.entry(paths).or_default().push(node_id(machine));
    }
    let mut exposures = Vec::new();
    for (paths, mut nodes) in groups {
        nodes.sort();
        let answers: Vec<_> = paths.iter().map(|path| answer(book, (networks, balancers), path)).collect();
        let mut met = Vec::new();
        for answer in &answers {
            met.push((**answer).as_ref().map_err(Clone::clone)?);
        }
        exposures.push(united(&met, nodes, own));
    }
    Ok(exposures)
}

/// The paths to a machine: its interfaces, each in its network, and the load balancers in front of the first one.
fn paths(
    (networks, balancers): (&NetworkBook<'_>, &Balancers),
    project: &str,
    machine: &Instance,
    sources: &mut Vec<Evidence>,
) -> Result<Vec<Path>, Gap> {
    let region = region_of(super::machines::zone(machine)).to_owned();
    let mut paths = Vec::new();
    for (place, interface) in machine.network_interfaces.iter().enumerate() {
        let Some(text) = interface.network.as_deref() else { continue };
        let (host, network) = host_and_network(text, project);
        let guards = networks.guards(host, network, &region);
        let ingress = &guards.get()?.ingress;
        for evidence in guards.sources() {
            if !sources.contains(evidence) {
                sources.push(evidence.clone());
            }
        }
        paths.push(Path {
            host: host.to_owned(),
            network: network.to_owned(),
            region: region.clone(),
            v4: interface.access_configs.iter().any(|config| config.nat_ip.as_deref().is_some_and(|ip| !ip.is_empty())),
            v6: interface
                .ipv6_access_configs
                .iter()
                .any(|config| config.external_ipv6.as_deref().is_some_and(|ip| !ip.is_empty())),
            traits: traits(machine, ingress.own_hits(&addresses(interface))),
            front: None,
        });
        for (at, front) in balancers.fronts.iter().enumerate().filter(|_| place == 0) {
            let sends = front.sends_to(machine, &region);
            if sends != Certainty::No {
                // A packet still carries the balancer's address when it reaches the machine. One nobody could read may be
                // any.
                let own = front.address.map(|address| ingress.own_hits(&[address])).unwrap_or_default();
                paths.push(Path {
                    host: host.to_owned(),
                    network: network.to_owned(),
                    region: region.clone(),
                    v4: front.address.is_none_or(|address| address.is_ipv4()),
                    v6: front.address.is_none_or(|address| address.is_ipv6()),
                    traits: traits(machine, own),
                    front: Some((at, sends)),
                });
            }
        }
    }
    Ok(paths)
}

/// The addresses of an interface that packets carry once they are inside the network. An external IPv4 address is
/// translated before; an external IPv6 address is the interface's own.
pub(crate) fn addresses(interface: &NetworkInterface) -> Vec<IpAddr> {
    let own = [&interface.network_ip, &interface.ipv6_address].into_iter().flatten();
    let external = interface.ipv6_access_configs.iter().filter_map(|config| config.external_ipv6.as_ref());
    own.chain(external).filter_map(|text| text.parse().ok()).collect()
}

/// What rules may ask of a machine.
pub(crate) fn traits(machine: &Instance, own: Vec<Certainty>) -> Traits {
    let mut tags: Vec<String> = machine.tags.iter().flat_map(|tags| tags.items.iter().cloned()).collect();
    tags.sort_unstable();
    let mut accounts: Vec<String> =
        machine.service_accounts.iter().filter_map(|account| account.email.clone()).collect();
    accounts.sort_unstable();
    Traits { tags, accounts, own }
}

fn answer(
    book: &ExposureBook,
    (networks, balancers): (&NetworkBook<'_>, &Balancers),
    path: &Path,
) -> Rc<Result<Answer, Gap>> {
    if let Some(answer) = book.answers.borrow().get(path) {
        return Rc::clone(answer);
    }
    let guards = networks.guards(&path.host, &path.network, &path.region);
    let routes = networks.routes(&path.host, &path.network);
    let front = path.front.and_then(|(at, sends)| Some((balancers.fronts.get(at)?, sends)));
    let answer = evaluate(&guards, &routes, path).and_then(|answer| {
        let ways = ways(guards.get()?, routes.get()?, path, front);
        let answer = match front {
            Some((front, sends)) => answer.through(front, sends),
            None => answer,
        };
        Ok(Answer { ways, ..answer })
    });
    let answer = Rc::new(answer);
    book.answers.borrow_mut().insert(path.clone(), Rc::clone(&answer));
    answer
}

impl Answer {
    /// What of it a load balancer hands on.
    fn through(mut self, front: &Front, sends: Certainty) -> Self {
        let handed = |packets: &PacketSet| packets.intersect(&front.packets);
        let surely = |packets: Bounds<PacketSet>| match sends {
            Certainty::Yes => packets,
            Certainty::Maybe | Certainty::No => Bounds::unknown_within(packets.upper().clone()),
        };
        let internet = surely(self.internet.map(handed));
        self.internet = if front.external { internet } else { Bounds::exact(PacketSet::empty()) };
        self.inside = surely(self.inside.map(handed));
        let name = format!("load balancer {}", front.name);
        let hit = Hit { rule: front.name.as_str().into(), action: Action::Allow, packets: front.packets.clone() };
        self.layers.insert(0, Layer { name, hits: vec![hit] });
        if !self.internet.is_exact() {
            self.limits.push(format!("to which machines load balancer `{}` sends now is not read", front.name));
        }
        self
    }
}

fn evaluate(guards: &Observed<Guards>, routes: &Observed<Routes>, path: &Path) -> Result<Answer, Gap> {
    let guards = guards.get()?;
    let table = routes.get()?;
    let routes = table.seen_by(&path.traits.tags);
    let outcome = guards.ingress.outcome(&path.traits, Direction::Ingress);
    let answered = answerable(&routes, !table.learning.is_empty());
    let mut reachable = AddrSet::empty();
    for (family, has_address) in [(Family::V4, path.v4), (Family::V6, path.v6)] {
        if has_address {
            reachable = reachable.union(&AddrSet::any_outside(&guards.local).family(family));
        }
    }
    let reachable = answered.intersect(&Bounds::exact(reachable));
    let mut limits = guards.ingress.limits.clone();
    if !reachable.is_exact() {
        limits.push(match table.learning.first() {
            Some(router) => format!("router `{router}` learns routes, which are not read: answers may go another way"),
            None => "answers to some addresses leave through something that may not let them back".to_owned(),
        });
    }
    let internet = from(&outcome.allowed, &reachable);
    let inside = from(&outcome.allowed, &Bounds::exact(inside_of(&guards.local)));
    let places = by_tier(&guards.ingress);
    let names: Vec<&str> = guards.ingress.tier_names().map(|(name, _)| name).collect();
    let mut layers: Vec<Layer> = vec![routes_layer(&routes, answered.upper())];
    layers.extend(names.iter().enumerate().map(|(place, name)| {
        let hits = outcome.hits.iter().filter(|hit| places.get(&hit.rule) == Some(&place)).cloned().collect();
        Layer { name: (*name).to_owned(), hits }
    }));
    Ok(Answer { internet, inside, local: guards.local.clone(), layers, limits, ways: Arc::default() })
}

/// The same layer by layer, in the order a packet meets them. Nothing comes in from the internet through a load balancer
/// for connected networks.
fn ways(guards: &Guards, table: &Routes, path: &Path, front: Option<(&Front, Certainty)>) -> Arc<[reach::Path]> {
    if front.is_some_and(|(front, _)| !front.external) {
        return Arc::default();
    }
    let everything = |sources: &AddrSet| PacketSet::of(Protocols::Any, &Ports::full(), sources);
    let outside = AddrSet::any_outside(&guards.local);
    let mut filters = reach::Layer::new("firewalls", Gate::Tiers(guards.ingress.arriving(&path.traits)));
    filters.unsure.clone_from(&guards.ingress.limits);
    let answers = answers(table, &path.traits.tags);
    let families = [(Family::V4, path.v4, "IPv4"), (Family::V6, path.v6, "IPv6")];
    let here = families.into_iter().filter(|(_, has_address, _)| *has_address);
    here.map(|(family, _, text)| {
        let sources = everything(&outside.family(family));
        let (name, door) = match front {
            None => {
                let name = format!("external {text} address in network {}", path.network);
                let gate = Gate::Fixed { id: name.as_str().into(), passes: Bounds::exact(sources) };
                (name, reach::Layer::new("external address", gate))
            }
            Some((front, sends)) => {
                let name = format!("forwarding rule {} ({text})", front.name);
                let handed = sources.intersect(&front.packets);
                let (passes, sure) = match sends {
                    Certainty::Yes => (Bounds::exact(handed), true),
                    Certainty::Maybe | Certainty::No => (Bounds::unknown_within(handed), false),
                };
                let id = format!("forwarding rule {}", front.name);
                let door = reach::Layer::new("load balancer", Gate::Fixed { id: id.into(), passes });
                let unread = format!("to which machines load balancer `{}` sends now is not read", front.name);
                (name, if sure { door } else { door.unsure(unread) })
            }
        };
        reach::Path::new(name, vec![door, filters.clone(), answers.clone()])
    })
    .collect()
}

/// The way of the answers: routes, or what a router learns and nobody reads, which may come before any of them.
fn answers(table: &Routes, tags: &[String]) -> reach::Layer {
    const NAME: &str = "routes of the answers";
    if let Some(router) = table.learning.first() {
        let passes = Bounds::unknown_within(PacketSet::all());
        let id = format!("routes that router {router} learns");
        return reach::Layer::new(NAME, Gate::Fixed { id: id.into(), passes })
            .unsure(format!("router `{router}` learns routes, which are not read: answers may go another way"));
    }
    let routes: Vec<reach::Route<Certainty>> = table
        .seen_by(tags)
        .into_iter()
        .map(|route| {
            let target = super::routes::returns(&route.target);
            let id = format!("route {}", route.id).into();
            reach::Route { destination: route.destination, target, id, rank: route.rank }
        })
        .collect();
    let detour = routes.iter().any(|route| route.target == Certainty::Maybe);
    let layer = reach::Layer::new(NAME, Gate::Routes(routes));
    if detour { layer.unsure("some routes lead to something that may not let the answers back") } else { layer }
}

fn routes_layer(routes: &[palisade_reach::Route<super::routes::Hop>], answered: &AddrSet) -> Layer {
    let everything = |sources: &AddrSet| PacketSet::of(Protocols::Any, &Ports::full(), sources);
    let gateways =
        super::routes::default(routes).into_iter().filter(|route| route.target == super::routes::Hop::Internet);
    let hits = gateways
        .map(|route| Hit { rule: route.id.clone(), action: Action::Allow, packets: everything(answered) })
        .filter(|hit| !hit.packets.is_empty())
        .collect();
    Layer { name: "routes of the answers".to_owned(), hits }
}

fn from(allowed: &Bounds<PacketSet>, sources: &Bounds<AddrSet>) -> Bounds<PacketSet> {
    if sources.upper().is_empty() {
        return Bounds::exact(PacketSet::empty());
    }
    if allowed.is_exact() && sources.is_exact() {
        return allowed.map(|packets| packets.restrict_sources(sources.lower()));
    }
    let upper = allowed.upper().restrict_sources(sources.upper());
    Bounds::between(allowed.lower().restrict_sources(sources.lower()), upper)
}

/// Addresses that connected networks may have: everything private, and the network's own prefixes.
pub(crate) fn inside_of(local: &AddrSet) -> AddrSet {
    static PRIVATE: LazyLock<AddrSet> = LazyLock::new(|| {
        let texts = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];
        AddrSet::from_nets(texts.iter().filter_map(|text| parse_net(text).ok()))
    });
    PRIVATE.union(local)
}

/// One machine's paths together.
fn united(answers: &[&Answer], nodes: Vec<NodeId>, own: &AddrSet) -> Exposure {
    let nothing = || Bounds::exact(PacketSet::empty());
    let mut internet = nothing();
    let mut inside = nothing();
    let mut local = AddrSet::empty();
    let mut layers: Vec<Layer> = Vec::new();
    let mut limits: Vec<String> = Vec::new();
    for answer in answers {
        internet = internet.union(&answer.internet);
        inside = inside.union(&answer.inside);
        local = local.union(&answer.local);
        layers.extend(answer.layers.iter().cloned());
        limits.extend(answer.limits.iter().cloned());
    }
    limits.sort();
    limits.dedup();
    let members = Bounds::exact(PacketSet::of(Protocols::Any, &Ports::full(), own));
    let paths = match answers {
        // Most machines have one way in, and share it with their neighbours.
        [only] => Arc::clone(&only.ways),
        several => several.iter().flat_map(|answer| answer.ways.iter().cloned()).collect(),
    };
    Exposure {
        paths,
        nodes,
        // Google's firewalls look at no source port, so every client fares alike.
        ordinary: internet.clone(),
        internet,
        inside: inside.subtract(&members),
        local,
        layers: Arc::from(layers),
        limits,
        mitigation: None,
    }
}
