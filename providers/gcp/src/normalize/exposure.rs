//! Who can reach the machines of a pool: everything composed, one answer for each distinct kind of machine.

use super::{
    balancers::{Balancers, Front},
    firewall::Traits,
    machines::{UnreadMachine, node_id},
    network::{Guards, NetworkBook},
    routes::Routes,
};
use crate::record::{
    compute::{Instance, NetworkInterface},
    names::{host_and_network, region_of},
};
use palisade_model::{Evidence, Exposure, Gap, NodeId};
use palisade_reach::{
    self as reach, AddrSet, Bounds, Certainty, Family, Gate, PacketSet, Ports, Protocols, longest_prefix_bounds,
    parse_net,
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
#[derive(Debug)]
struct Answer {
    internet: Bounds<PacketSet>,
    inside: Bounds<PacketSet>,
    local: AddrSet,
    limits: Vec<String>,
    /// What was not read of the balancer it comes through, where that leaves open what comes in.
    doubt: Option<Gap>,
    /// One for each family of addresses it has: the internet's part of the answer follows from these alone.
    ways: Arc<[reach::Path]>,
}

/// Answers by path: a thousand machines of one pool are one evaluation.
#[derive(Debug, Default)]
pub(crate) struct ExposureBook {
    answers: RefCell<HashMap<Path, Rc<Result<Answer, Gap>>>>,
}

/// The exposure of machines, one entry for each distinct answer. `own` are the cluster's own addresses.
///
/// Where some firewalls were not read, what those before them decide stands; where nothing is decided, it is a gap.
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
        let exposure = united(&met, nodes, own);
        // Without a proof by another way in, what was not read of a balancer is the answer.
        match met.iter().find_map(|answer| answer.doubt.as_ref()) {
            Some(gap) if exposure.internet.lower().is_empty() => return Err(gap.clone()),
            _ => exposures.push(exposure),
        }
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
        // A machine with an interface in no network is no member of a list, see `record::lenient`.
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
    let answer = Rc::new(guards.get().and_then(|guards| compose(guards, routes.get()?, path, front)));
    book.answers.borrow_mut().insert(path.clone(), Rc::clone(&answer));
    answer
}

/// Everything about one path, composed from its layers in the order a packet meets them.
fn compose(guards: &Guards, table: &Routes, path: &Path, front: Option<(&Front, Certainty)>) -> Result<Answer, Gap> {
    let mut filters = reach::Layer::new("firewalls", Gate::Tiers(guards.ingress.arriving(&path.traits)));
    filters.unsure.clone_from(&guards.ingress.limits);
    let (ways, at_the_doors) = ways(guards, &filters, table, path, front);
    let internet = united_sets(ways.iter().map(|way| way.sessions().any_port));
    let neighbours = everything(&inside_of(&guards.local));
    let door = match front {
        None => {
            reach::Layer::new("address inside", Gate::Fixed { id: "inside".into(), passes: Bounds::exact(neighbours) })
        }
        Some((front, sends)) => handed_on(front, sends, &neighbours).0,
    };
    let from_inside = reach::Path::new("connected networks", vec![door, filters.clone()]);
    let inside = from_inside.sessions().any_port;
    if let Some(gap) = &guards.unread
        && !at_the_doors.is_empty()
        && internet == Bounds::unknown_within(at_the_doors)
    {
        return Err(gap.clone());
    }
    let told = ways.iter().flat_map(|way| &way.layers).chain(&from_inside.layers);
    let limits = told.flat_map(|layer| &layer.unsure).cloned().collect();
    let doubt = front.and_then(|(front, _)| front.unread()).filter(|_| !internet.is_exact()).cloned();
    Ok(Answer { internet, inside, local: guards.local.clone(), limits, doubt, ways })
}

/// The ways in from the internet, layer by layer, and everything that comes as far as their doors. Nothing comes in from
/// the internet through a load balancer for connected networks.
fn ways(
    guards: &Guards,
    filters: &reach::Layer,
    table: &Routes,
    path: &Path,
    front: Option<(&Front, Certainty)>,
) -> (Arc<[reach::Path]>, PacketSet) {
    if front.is_some_and(|(front, _)| !front.external) {
        return (Arc::default(), PacketSet::empty());
    }
    let outside = AddrSet::any_outside(&guards.local);
    let families = [(Family::V4, path.v4, "IPv4"), (Family::V6, path.v6, "IPv6")];
    let here: Vec<(Family, &str)> = families
        .into_iter()
        .filter(|(_, has_address, _)| *has_address)
        .map(|(family, _, text)| (family, text))
        .collect();
    if here.is_empty() {
        return (Arc::default(), PacketSet::empty());
    }
    let answers = answers(table, &path.traits.tags, &outside);
    // Fixes are written with these names, see `reach::fix::gcloud` of the reports.
    let place = format!("in network {}/{}, {}", path.host, path.network, path.region);
    let mut at_the_doors = PacketSet::empty();
    let way = |(family, text): (Family, &str)| {
        let sources = everything(&outside.family(family));
        let (name, door) = match front {
            None => {
                let name = format!("external {text} address {place}");
                let gate = Gate::Fixed { id: name.as_str().into(), passes: Bounds::exact(sources.clone()) };
                at_the_doors = at_the_doors.union(&sources);
                (name, reach::Layer::new("external address", gate))
            }
            Some((front, sends)) => {
                let (door, handed) = handed_on(front, sends, &sources);
                at_the_doors = at_the_doors.union(&handed);
                (format!("forwarding rule {} ({text}) of {} {place}", front.name, front.region()), door)
            }
        };
        reach::Path::new(name, vec![door, filters.clone(), answers.clone()])
    };
    let ways = here.into_iter().map(way).collect();
    (ways, at_the_doors)
}

/// What a load balancer hands on of some packets: as a layer, and at most.
fn handed_on(front: &Front, sends: Certainty, packets: &PacketSet) -> (reach::Layer, PacketSet) {
    let handed = packets.intersect(&front.packets);
    let passes = match sends {
        Certainty::Yes => Bounds::exact(handed.clone()),
        Certainty::Maybe | Certainty::No => Bounds::unknown_within(handed.clone()),
    };
    let id = format!("forwarding rule {}", front.name);
    let door = reach::Layer::new("load balancer", Gate::Fixed { id: id.into(), passes });
    let door = if sends == Certainty::Yes { door } else { door.unsure(front.doubt()) };
    (door, handed)
}

fn everything(sources: &AddrSet) -> PacketSet {
    PacketSet::of(Protocols::Any, &Ports::full(), sources)
}

fn united_sets(sets: impl Iterator<Item = Bounds<PacketSet>>) -> Bounds<PacketSet> {
    sets.reduce(|all, one| all.union(&one)).unwrap_or_else(|| Bounds::exact(PacketSet::empty()))
}

/// The way of the answers: routes, or what was not read of them, which may come before any that was.
fn answers(table: &Routes, tags: &[String], outside: &AddrSet) -> reach::Layer {
    const NAME: &str = "routes of the answers";
    if !table.further.is_empty() {
        let passes = Bounds::unknown_within(PacketSet::all());
        let mut layer = reach::Layer::new(NAME, Gate::Fixed { id: "routes that were not read".into(), passes });
        layer.unsure.clone_from(&table.further);
        return layer;
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
    let back = longest_prefix_bounds(&routes, |target| *target).intersect(&Bounds::exact(outside.clone()));
    let layer = reach::Layer::new(NAME, Gate::Routes(routes));
    if back.is_exact() {
        layer
    } else {
        layer.unsure("answers to some addresses leave through something that may not let them back")
    }
}

/// A machine that could not be read: anything may reach it.
pub(crate) fn unknown(machine: &UnreadMachine, local: &AddrSet) -> Exposure {
    let limit = format!("machine `{}` is not known: {}", machine.name, machine.gap);
    let anybody = everything(&AddrSet::any_outside(local));
    let passes = Bounds::unknown_within(anybody.clone());
    let name = format!("machine {}, which was not read", machine.name);
    let layer = reach::Layer::new("machine", Gate::Fixed { id: name.as_str().into(), passes }).unsure(limit.clone());
    Exposure {
        nodes: vec![machine.id()],
        internet: Bounds::unknown_within(anybody.clone()),
        ordinary: Bounds::unknown_within(anybody),
        inside: Bounds::unknown_within(everything(&inside_of(local))),
        local: local.clone(),
        layers: Arc::default(),
        paths: Arc::from(vec![reach::Path::new(name, vec![layer])]),
        limits: vec![limit],
        mitigation: None,
    }
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
    let internet = united_sets(answers.iter().map(|answer| answer.internet.clone()));
    let inside = united_sets(answers.iter().map(|answer| answer.inside.clone()));
    let local = answers.iter().fold(AddrSet::empty(), |all, answer| all.union(&answer.local));
    let mut limits: Vec<String> = answers.iter().flat_map(|answer| answer.limits.iter().cloned()).collect();
    limits.sort();
    limits.dedup();
    let members = Bounds::exact(everything(own));
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
        layers: Arc::default(),
        limits,
        mitigation: None,
    }
}
