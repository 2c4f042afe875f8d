//! Who can reach the machines of a pool: everything composed, one answer for each distinct kind of machine.

use super::{
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
use palisade_reach::{Action, AddrSet, Bounds, Family, Hit, PacketSet, Ports, Protocols, parse_net};
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
}

/// What came of one path.
#[derive(Debug)]
struct Answer {
    internet: Bounds<PacketSet>,
    inside: Bounds<PacketSet>,
    local: AddrSet,
    layers: Vec<Layer>,
    limits: Vec<String>,
}

/// Answers by path: a thousand machines of one pool are one evaluation.
#[derive(Debug, Default)]
pub(crate) struct ExposureBook {
    answers: RefCell<HashMap<Path, Rc<Result<Answer, Gap>>>>,
}

/// The exposure of machines, one entry for each distinct answer. `own` are the cluster's own addresses.
pub(crate) fn exposures(
    book: &ExposureBook,
    networks: &NetworkBook<'_>,
    project: &str,
    machines: &[&Instance],
    own: &AddrSet,
    sources: &mut Vec<Evidence>,
) -> Result<Vec<Exposure>, Gap> {
    let mut groups: BTreeMap<Vec<Path>, Vec<NodeId>> = BTreeMap::new();
    for machine in machines {
        let paths = paths(networks, project, machine, sources)?;
        groups.entry(paths).or_default().push(node_id(machine));
    }
    let mut exposures = Vec::new();
    for (paths, mut nodes) in groups {
        nodes.sort();
        let answers: Vec<_> = paths.iter().map(|path| answer(book, networks, path)).collect();
        let mut met = Vec::new();
        for answer in &answers {
            met.push((**answer).as_ref().map_err(Clone::clone)?);
        }
        exposures.push(united(&met, nodes, own));
    }
    Ok(exposures)
}

/// The paths to a machine: its interfaces, each in its network.
fn paths(
    networks: &NetworkBook<'_>,
    project: &str,
    machine: &Instance,
    sources: &mut Vec<Evidence>,
) -> Result<Vec<Path>, Gap> {
    let region = region_of(super::machines::zone(machine)).to_owned();
    let mut paths = Vec::new();
    for interface in &machine.network_interfaces {
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
        });
    }
    Ok(paths)
}

/// The addresses of an interface inside its network.
pub(crate) fn addresses(interface: &NetworkInterface) -> Vec<IpAddr> {
    let texts = [&interface.network_ip, &interface.ipv6_address].into_iter().flatten();
    texts.filter_map(|text| text.parse().ok()).collect()
}

/// What rules may ask of a machine.
pub(crate) fn traits(machine: &Instance, own: Vec<palisade_reach::Certainty>) -> Traits {
    let mut tags: Vec<String> = machine.tags.iter().flat_map(|tags| tags.items.iter().cloned()).collect();
    tags.sort_unstable();
    let mut accounts: Vec<String> =
        machine.service_accounts.iter().filter_map(|account| account.email.clone()).collect();
    accounts.sort_unstable();
    Traits { tags, accounts, own }
}

fn answer(book: &ExposureBook, networks: &NetworkBook<'_>, path: &Path) -> Rc<Result<Answer, Gap>> {
    if let Some(answer) = book.answers.borrow().get(path) {
        return Rc::clone(answer);
    }
    let guards = networks.guards(&path.host, &path.network, &path.region);
    let routes = networks.routes(&path.host, &path.network);
    let answer = Rc::new(evaluate(&guards, &routes, path));
    book.answers.borrow_mut().insert(path.clone(), Rc::clone(&answer));
    answer
}

fn evaluate(guards: &Observed<Guards>, routes: &Observed<Routes>, path: &Path) -> Result<Answer, Gap> {
    let guards = guards.get()?;
    let routes = routes.get()?.seen_by(&path.traits.tags);
    let outcome = guards.ingress.outcome(&path.traits, Direction::Ingress);
    let answered = answerable(&routes);
    let mut reachable = AddrSet::empty();
    for (family, has_address) in [(Family::V4, path.v4), (Family::V6, path.v6)] {
        if has_address {
            reachable = reachable.union(&AddrSet::any_outside(&guards.local).family(family).intersect(&answered));
        }
    }
    let internet = from(&outcome.allowed, &reachable);
    let inside = from(&outcome.allowed, &inside_of(&guards.local));
    let places = by_tier(&guards.ingress);
    let names: Vec<&str> = guards.ingress.tier_names().map(|(name, _)| name).collect();
    let mut layers: Vec<Layer> = vec![routes_layer(&routes, &answered)];
    layers.extend(names.iter().enumerate().map(|(place, name)| {
        let hits = outcome.hits.iter().filter(|hit| places.get(&hit.rule) == Some(&place)).cloned().collect();
        Layer { name: (*name).to_owned(), hits }
    }));
    Ok(Answer { internet, inside, local: guards.local.clone(), layers, limits: guards.ingress.limits.clone() })
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

fn from(allowed: &Bounds<PacketSet>, sources: &AddrSet) -> Bounds<PacketSet> {
    if sources.is_empty() {
        return Bounds::exact(PacketSet::empty());
    }
    allowed.map(|packets| packets.restrict_sources(sources))
}

/// Addresses that connected networks may have: everything private, and the network's own prefixes.
fn inside_of(local: &AddrSet) -> AddrSet {
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
    Exposure {
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
