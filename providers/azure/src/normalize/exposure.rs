//! Who can reach machines: for each address each path, for each path both security groups, the routes back, and only
//! then the union.

use super::{
    admin::{AdminRead, NOT_ASKED, or, perhaps},
    balancers::{Forward, Unguarded},
    machines::{Address, Machine},
    rules::{Direction, Filter, Membership, Own, OwnAddress, Reading},
    space::Space,
    surroundings::{Surroundings, elsewhere},
    table::table,
};
use crate::arm;
use palisade_model::{Evidence, Exposure, Gap, Layer, NodeId};
use palisade_reach::{
    AddrSet, Bounds, Certainty, Family, Hit, PacketSet, Ports, Protocol, Protocols, Sessions, with_source_ports,
};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

type FilterKey = (String, String, Family, Direction, Reading);
type View = (Family, Direction, Reading);
type PassKey = (Vec<(FilterKey, Vec<Certainty>)>, Vec<String>, (String, View, Vec<Certainty>));

/// Security groups that were read and questions that were answered, so that a thousand equal machines cost one answer.
#[derive(Debug, Default)]
pub(super) struct Evaluations {
    filters: HashMap<FilterKey, Result<Arc<Filter>, Gap>>,
    passes: HashMap<PassKey, Arc<Pass>>,
    admin: HashMap<(String, View), Result<AdminRead, Gap>>,
}

/// What gets through the security groups before one address.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) sessions: Sessions,
    pub(super) layers: Vec<Layer>,
    /// Whether there is any security group.
    pub(super) filtered: bool,
    /// What the admin rules do not stop, and what they let in past the security groups; nothing when there are none.
    admin: Option<(Sessions, Sessions)>,
    /// Whether the admin rules were read.
    admin_asked: bool,
    /// The groups, for those who ask how they are configured.
    pub(super) filters: Vec<Arc<Filter>>,
}

/// What one address can be reached by.
#[derive(Clone, Debug)]
struct Answer {
    internet: Bounds<PacketSet>,
    ordinary: Bounds<PacketSet>,
    inside: Bounds<PacketSet>,
    layers: Vec<Layer>,
    limits: Vec<String>,
    local: AddrSet,
}

/// What makes the answers for two addresses the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Signature {
    subnet: String,
    security_group: Option<String>,
    family: Family,
    matching: Vec<Vec<Certainty>>,
    public: Option<Unguarded>,
    /// By where they are kept: two balancers may have the same name.
    forwards: Vec<*const Forward>,
    unread: Vec<String>,
    gateway: bool,
}

impl Surroundings<'_> {
    /// A security group as it looks from a subnet.
    fn filter(&self, id: &str, space: &Space, (family, direction, reading): View) -> Result<Arc<Filter>, Gap> {
        let key = (arm::key(id), space.key.clone(), family, direction, reading);
        if let Some(known) = self.evaluations.borrow().filters.get(&key) {
            return known.clone();
        }
        let row = table(&self.security_groups)?.find(id).ok_or_else(|| elsewhere("network security group", id));
        let filter = row.and_then(|row| Filter::read(row, space, family, (direction, reading))).map(Arc::new);
        self.evaluations.borrow_mut().filters.insert(key, filter.clone());
        filter
    }

    /// The security groups before an address, the subnet's first: both must allow.
    fn filters(
        &self,
        space: &Space,
        interface: Option<&str>,
        view: View,
    ) -> Result<Vec<(FilterKey, String, Arc<Filter>)>, Gap> {
        let mut found = Vec::new();
        let subnet = space.security_group.as_deref().map(|id| (id, format!("subnet `{}`", space.name)));
        let interface = interface.map(|id| (id, "the interface".to_owned()));
        for (id, place) in subnet.into_iter().chain(interface) {
            let (family, direction, reading) = view;
            let key = (arm::key(id), space.key.clone(), family, direction, reading);
            let filter = self.filter(id, space, view)?;
            found.push((key, format!("network security group `{}` on {place}", filter.name), filter));
        }
        Ok(found)
    }

    /// What gets through to an address, or from it.
    pub(super) fn pass(
        &self,
        space: &Space,
        interface: Option<&str>,
        own: &Own,
        (family, direction): (Family, Direction),
    ) -> Result<Arc<Pass>, Gap> {
        let narrow = self.read_pass(space, interface, own, (family, direction, Reading::Narrow))?;
        if space.virtual_network.is_exact() {
            return Ok(narrow);
        }
        let wide = self.read_pass(space, interface, own, (family, direction, Reading::Wide))?;
        Ok(Arc::new(either(&narrow, &wide)))
    }

    fn admin(&self, space: &Space, view: View) -> Result<AdminRead, Gap> {
        let key = (space.key.clone(), view);
        if let Some(known) = self.evaluations.borrow().admin.get(&key) {
            return known.clone();
        }
        let (family, direction, reading) = view;
        let read = self.admin_rules(space, family, (direction, reading));
        self.evaluations.borrow_mut().admin.insert(key, read.clone());
        read
    }

    /// What gets through under one reading of the tags.
    fn read_pass(&self, space: &Space, interface: Option<&str>, own: &Own, view: View) -> Result<Arc<Pass>, Gap> {
        let filters = self.filters(space, interface, view)?;
        let matching: Vec<Vec<Certainty>> = filters.iter().map(|(_, _, filter)| filter.matching(own, space)).collect();
        let names = filters.iter().map(|(_, name, _)| name.clone()).collect();
        let admin = self.admin(space, view)?;
        let admin_matching = match &admin {
            AdminRead::Known(admin) => admin.matching(own, space),
            AdminRead::NotAsked | AdminRead::None => Vec::new(),
        };
        let key: PassKey = (
            filters.iter().map(|(key, ..)| key.clone()).zip(matching.iter().cloned()).collect(),
            names,
            (space.key.clone(), view, admin_matching.clone()),
        );
        if let Some(known) = self.evaluations.borrow().passes.get(&key) {
            return Ok(Arc::clone(known));
        }
        let mut chains = Vec::new();
        let mut places = Vec::new();
        for ((filter_key, _, filter), matching) in filters.iter().zip(&matching) {
            // One group in both places decides the same twice.
            let known = filters.iter().position(|(other, ..)| other == filter_key).unwrap_or_default();
            if known == places.len() {
                chains.push(filter.chain(matching));
            }
            places.push(known);
        }
        let mut layers = Vec::new();
        let mut passing = None;
        let mut past_groups = None;
        if let AdminRead::Known(admin) = &admin {
            let verdict = admin.verdict(&admin_matching);
            let passed = with_source_ports(std::slice::from_ref(&verdict.passed));
            let name = format!("security admin rules of `{}`", admin.name);
            layers.push(Layer { name, hits: passed.hits.into_iter().flatten().collect() });
            // Last, so that the places of the groups stay what they are.
            chains.push(verdict.passed);
            past_groups = Some(Arc::clone(admin.past_groups()));
            passing = Some((passed.sessions, verdict.always));
        }
        let split = with_source_ports(&chains);
        let hits = |place: usize| -> Vec<Hit> { split.hits.get(place).cloned().unwrap_or_default() };
        let groups = filters.iter().zip(&places);
        layers.extend(groups.map(|((_, name, _), place)| Layer { name: name.clone(), hits: hits(*place) }));
        let sessions = match &passing {
            Some((_, always)) => or(&split.sessions, always),
            None => split.sessions,
        };
        let pass = Arc::new(Pass {
            layers,
            filtered: !filters.is_empty(),
            admin: passing,
            admin_asked: !matches!(admin, AdminRead::NotAsked),
            filters: past_groups.into_iter().chain(filters.into_iter().map(|(_, _, filter)| filter)).collect(),
            sessions,
        });
        self.evaluations.borrow_mut().passes.insert(key, Arc::clone(&pass));
        Ok(pass)
    }
}

/// What gets through when either reading may be the true one: each packet surely when it does under both.
fn either(narrow: &Pass, wide: &Pass) -> Pass {
    let join = |one: &Bounds<PacketSet>, other: &Bounds<PacketSet>| {
        Bounds::between(one.lower().intersect(other.lower()), one.upper().union(other.upper()))
    };
    let layers = narrow.layers.iter().zip(&wide.layers).map(|(one, other)| {
        let mut hits = one.hits.clone();
        for hit in &other.hits {
            match hits.iter_mut().find(|known| known.rule == hit.rule) {
                Some(known) => known.packets = known.packets.union(&hit.packets),
                None => hits.push(hit.clone()),
            }
        }
        Layer { name: one.name.clone(), hits }
    });
    let both = |one: &Sessions, other: &Sessions| Sessions {
        any_port: join(&one.any_port, &other.any_port),
        ordinary: join(&one.ordinary, &other.ordinary),
    };
    let admin = match (&narrow.admin, &wide.admin) {
        (Some(one), Some(other)) => Some((both(&one.0, &other.0), both(&one.1, &other.1))),
        (one, other) => one.clone().or_else(|| other.clone()),
    };
    Pass {
        sessions: both(&narrow.sessions, &wide.sessions),
        layers: layers.collect(),
        filtered: narrow.filtered,
        admin,
        admin_asked: narrow.admin_asked,
        filters: narrow.filters.iter().chain(&wide.filters).cloned().collect(),
    }
}

/// Who can reach these machines: one entry for each distinct answer. `members` are the cluster's own addresses.
pub(super) fn exposed(
    machines: &[Machine],
    members: &AddrSet,
    around: &Surroundings<'_>,
    sources: &mut Vec<Evidence>,
) -> Result<Vec<Exposure>, Gap> {
    // Without these no path can be excluded.
    around.balancers.as_ref().map_err(Clone::clone)?;
    let mut groups: Vec<(Vec<NodeId>, Vec<&Address>)> = Vec::new();
    let mut known: HashMap<Vec<Signature>, usize> = HashMap::new();
    for machine in machines {
        let signatures: Vec<Signature> =
            machine.addresses.iter().map(|address| signature(address, around)).collect::<Result<_, _>>()?;
        let place = *known.entry(signatures).or_insert_with(|| {
            groups.push((Vec::new(), machine.addresses.iter().collect()));
            groups.len() - 1
        });
        if let Some((nodes, _)) = groups.get_mut(place) {
            nodes.push(machine.node.id.clone());
        }
    }
    let mut exposed = Vec::with_capacity(groups.len());
    for (nodes, addresses) in groups {
        let Some(answer) = unite(&addresses, members, around, sources)? else { continue };
        exposed.push(Exposure {
            paths: Arc::default(),
            nodes,
            internet: answer.internet,
            ordinary: answer.ordinary,
            inside: answer.inside,
            local: answer.local,
            layers: answer.layers.into(),
            limits: answer.limits,
            mitigation: None,
        });
    }
    Ok(exposed)
}

fn signature(address: &Address, around: &Surroundings<'_>) -> Result<Signature, Gap> {
    let space = around.space(&address.subnet)?;
    let filters =
        around.filters(&space, address.security_group.as_deref(), (address.family, Direction::In, Reading::Narrow))?;
    Ok(Signature {
        subnet: space.key.clone(),
        security_group: address.security_group.as_deref().map(arm::key),
        family: address.family,
        matching: filters.iter().map(|(_, _, filter)| filter.matching(&address.own, &space)).collect(),
        public: address.public,
        forwards: address.forwards.iter().map(Arc::as_ptr).collect(),
        unread: address.unread.clone(),
        gateway: address.gateway,
    })
}

fn unite(
    addresses: &[&Address],
    members: &AddrSet,
    around: &Surroundings<'_>,
    sources: &mut Vec<Evidence>,
) -> Result<Option<Answer>, Gap> {
    let mut all: Option<Answer> = None;
    for address in addresses {
        let one = answer(address, members, around, sources)?;
        all = Some(match all {
            None => one,
            Some(mut all) => {
                all.internet = all.internet.union(&one.internet);
                all.ordinary = all.ordinary.union(&one.ordinary);
                all.inside = all.inside.union(&one.inside);
                all.local = all.local.union(&one.local);
                all.layers
                    .extend(one.layers.into_iter().filter(|layer| !all.layers.contains(layer)).collect::<Vec<_>>());
                all.limits
                    .extend(one.limits.into_iter().filter(|limit| !all.limits.contains(limit)).collect::<Vec<_>>());
                all
            }
        });
    }
    Ok(all)
}

fn answer(
    address: &Address,
    members: &AddrSet,
    around: &Surroundings<'_>,
    sources: &mut Vec<Evidence>,
) -> Result<Answer, Gap> {
    let space = around.space(&address.subnet)?;
    sources.extend_from_slice(&space.sources);
    let here = (address.family, Direction::In);
    let pass = around.pass(&space, address.security_group.as_deref(), &address.own, here)?;
    for id in space.security_group.iter().chain(&address.security_group) {
        sources.extend(table(&around.security_groups)?.find(id).and_then(|row| row.evidence("/properties")));
    }
    let mut limits = space.limits.clone();
    if !pass.admin_asked {
        limits.push(NOT_ASKED.to_owned());
    }
    sources.extend(around.admin_evidence(&space));
    let mut layers = pass.layers.clone();
    let mut paths: Vec<Sessions> = Vec::new();
    if let Some(unguarded) = address.public {
        if !pass.filtered && unguarded == Unguarded::Unknown {
            limits.push(
                "the kind of the public address is not known: without a security group it may be open".to_owned(),
            );
        }
        paths.push(opened(&pass, unguarded));
    }
    for forward in &address.forwards {
        paths.push(through(forward, address, &space, around, &pass, &mut layers)?);
    }
    if !address.unread.is_empty() {
        limits.push(format!("what these load balancers forward was not read: {}", address.unread.join(", ")));
        paths.push(perhaps(&pass.sessions));
    }
    if address.gateway {
        limits.push(
            "an application gateway forwards to the machine with its own address: whom it lets in is not read"
                .to_owned(),
        );
    }
    let outside = AddrSet::any_outside(&space.local).family(address.family);
    let back = back(&space.returning);
    let from_outside = |pick: fn(&Sessions) -> &Bounds<PacketSet>| {
        let nothing = Bounds::exact(PacketSet::empty());
        let united = paths.iter().fold(nothing, |all, path| all.union(pick(path)));
        let outside = united.map(|packets| packets.restrict_sources(&outside));
        match &back {
            Some(back) => outside.intersect(back),
            None => outside,
        }
    };
    let connected = space.connected.subtract(&Bounds::exact(members.clone()));
    let neighbours = connected.map(|set| PacketSet::of(Protocols::Any, &Ports::full(), &set.family(address.family)));
    Ok(Answer {
        internet: from_outside(|path| &path.any_port),
        ordinary: from_outside(|path| &path.ordinary),
        inside: pass.sessions.any_port.intersect(&neighbours),
        layers,
        limits,
        local: space.local.clone(),
    })
}

/// What gets through to a public address. Without any security group its kind decides.
fn opened(pass: &Pass, unguarded: Unguarded) -> Sessions {
    if pass.filtered {
        return pass.sessions.clone();
    }
    let exactly =
        |packets: PacketSet| Sessions { any_port: Bounds::exact(packets.clone()), ordinary: Bounds::exact(packets) };
    match (unguarded, &pass.admin) {
        (Unguarded::Closed, None) => exactly(PacketSet::empty()),
        (Unguarded::Open, None) => exactly(PacketSet::all()),
        (Unguarded::Unknown, None) => perhaps(&exactly(PacketSet::all())),
        // Nowhere is it written whether a rule that always allows also opens an address that is closed by its kind.
        (Unguarded::Closed, Some((_, always))) => perhaps(always),
        (Unguarded::Open, Some((passed, _))) => passed.clone(),
        (Unguarded::Unknown, Some((passed, _))) => perhaps(passed),
    }
}

/// What gets through a load balancer. Clients keep their address, so the security groups see them.
fn through(
    forward: &Forward,
    address: &Address,
    space: &Space,
    around: &Surroundings<'_>,
    direct: &Arc<Pass>,
    layers: &mut Vec<Layer>,
) -> Result<Sessions, Gap> {
    let pass = if forward.floating {
        let outer = match &forward.frontend {
            None => None,
            Some(id) => match table(&around.public_addresses)?.find(id) {
                None => None,
                Some(row) => row.get()?.properties.ip_address.as_deref().and_then(|text| text.parse().ok()),
            },
        };
        let groups = match &address.own.groups {
            // Nowhere is it written whether a group still counts for a packet that carries the outer address.
            Membership::In(groups) | Membership::Perhaps(groups) => Membership::Perhaps(groups.clone()),
            Membership::Unread => Membership::Unread,
        };
        let own = Own { address: outer.map_or(OwnAddress::Unknown, OwnAddress::Exactly), groups };
        around.pass(space, address.security_group.as_deref(), &own, (address.family, Direction::In))?
    } else {
        Arc::clone(direct)
    };
    let protocols = forward.protocol.map_or(Protocols::Any, Protocols::One);
    let carried = Bounds::exact(PacketSet::of(protocols, &forward.ports, &AddrSet::all()));
    let opened = opened(&pass, forward.unguarded);
    if forward.floating {
        let carried_here = |layer: &Layer| Layer {
            name: format!("{} for `{}`", layer.name, forward.name),
            hits: layer
                .hits
                .iter()
                .map(|hit| Hit { packets: hit.packets.intersect(carried.lower()), ..hit.clone() })
                .filter(|hit| !hit.packets.is_empty())
                .collect(),
        };
        layers.extend(pass.layers.iter().map(carried_here));
    }
    Ok(Sessions { any_port: opened.any_port.intersect(&carried), ordinary: opened.ordinary.intersect(&carried) })
}

/// Packets whose answers get back: TCP needs them, others are told as delivered. Nothing when every answer gets back.
fn back(returning: &Bounds<AddrSet>) -> Option<Bounds<PacketSet>> {
    static UNANSWERED: LazyLock<PacketSet> = LazyLock::new(|| {
        PacketSet::all().subtract(&PacketSet::of(Protocols::One(Protocol::TCP), &Ports::full(), &AddrSet::all()))
    });
    if palisade_reach::internet().is_subset(returning.lower()) {
        return None;
    }
    Some(returning.map(|set| PacketSet::of(Protocols::One(Protocol::TCP), &Ports::full(), set).union(&UNANSWERED)))
}
