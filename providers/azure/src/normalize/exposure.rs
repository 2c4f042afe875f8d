//! Who can reach machines: for each address each path, for each path both security groups, the routes back, and only
//! then the union.

use super::{
    admin::{AdminRead, perhaps},
    balancers::{Forward, Unguarded},
    machines::{Address, Machine},
    passes::Pass,
    rules::{Direction, Membership, Own, OwnAddress, Reading, Readings},
    space::Space,
    surroundings::Surroundings,
    table::{Row, table},
    ways::Way,
};
use crate::arm;
use palisade_model::{Evidence, Exposure, Gap, Layer, NodeId};
use palisade_reach::{AddrSet, Bounds, Certainty, Family, Hit, PacketSet, Path, Ports, Protocol, Protocols, Sessions};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, LazyLock},
};

/// What one address can be reached by.
#[derive(Clone, Debug)]
struct Answer {
    internet: Bounds<PacketSet>,
    ordinary: Bounds<PacketSet>,
    inside: Bounds<PacketSet>,
    paths: Vec<Path>,
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
    /// Which admin rules are about the address.
    admin: Vec<Certainty>,
    public: Option<Unguarded>,
    /// By where they are kept: two balancers may have the same name.
    forwards: Vec<*const Forward>,
    unread: Vec<String>,
    gateway: bool,
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
            paths: answer.paths.into(),
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
    let view = (address.family, Direction::In, Reading::Narrow);
    let filters = around.filters(&space, address.security_group.as_deref(), view)?;
    let admin = match around.admin(&space, view)? {
        AdminRead::Known(admin) => admin.matching(&address.own, &space),
        AdminRead::None => Vec::new(),
    };
    Ok(Signature {
        subnet: space.key.clone(),
        security_group: address.security_group.as_deref().map(arm::key),
        family: address.family,
        matching: filters.iter().map(|(_, _, filter)| filter.matching(&address.own, &space)).collect(),
        admin,
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
                all.paths.extend(one.paths.into_iter().filter(|path| !all.paths.contains(path)).collect::<Vec<_>>());
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
    sources.extend(around.admin_evidence(&space));
    let mut layers = pass.layers.clone();
    let (mut sessions, mut paths): (Vec<Readings<Sessions>>, Vec<Path>) = (Vec::new(), Vec::new());
    let mut add = |way: &Way<'_>, pass: &Pass| -> Result<(), Gap> {
        let (found, through) = around.paths(way, address, &space)?;
        // Rules that skip the security groups are looked at together with them.
        sessions.push(if pass.ruled { through } else { pass.under.map(|under| opened(under, pass.filtered, way)) });
        paths.extend(found);
        Ok(())
    };
    if let Some(unguarded) = address.public {
        if !pass.filtered && unguarded == Unguarded::Unknown {
            limits.push(
                "the kind of the public address is not known: without a security group it may be open".to_owned(),
            );
        }
        let (name, door) = (format!("public address in `{}`", space.name), "its own public address".to_owned());
        add(&Way { name, door, forward: None, unguarded, own: &address.own, doubt: None }, &pass)?;
    }
    for forward in &address.forwards {
        let front = front(forward, around)?;
        let behind = behind(forward, front, address, &space, around)?;
        let (own, pass) = behind.as_ref().map_or((&address.own, &pass), |(own, pass)| (own, pass));
        if forward.floating {
            layers.extend(carried_layers(pass, forward));
        }
        let name = format!("load balancer `{}`", forward.name);
        let door = match front {
            Some(front) => format!("{front} through load balancer {}", forward.name),
            None => format!("load balancer {}", forward.name),
        };
        let unguarded = forward.unguarded;
        add(&Way { name, door, forward: Some(forward), unguarded, own, doubt: None }, pass)?;
    }
    if !address.unread.is_empty() {
        let doubt = format!("what these load balancers forward was not read: {}", address.unread.join(", "));
        limits.push(doubt.clone());
        let (name, door) = ("load balancers that were not read".to_owned(), "a load balancer".to_owned());
        let (unguarded, doubt) = (Unguarded::Open, Some(doubt));
        add(&Way { name, door, forward: None, unguarded, own: &address.own, doubt }, &pass)?;
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
        let under = |reading: fn(&Readings<Sessions>) -> &Sessions| {
            sessions.iter().fold(nothing.clone(), |all, way| all.union(pick(reading(way))))
        };
        let united = Readings { narrow: under(|way| &way.narrow), wide: under(|way| &way.wide) };
        let outside = united.either().map(|packets| packets.restrict_sources(&outside));
        match &back {
            Some(back) => outside.intersect(back),
            None => outside,
        }
    };
    let connected = space.connected.subtract(&Bounds::exact(members.clone()));
    let neighbours = connected.map(|set| PacketSet::of(Protocols::Any, &Ports::full(), &set.family(address.family)));
    Ok(Answer {
        internet: from_outside(|way| &way.any_port),
        ordinary: from_outside(|way| &way.ordinary),
        inside: pass.sessions.any_port.intersect(&neighbours),
        paths,
        layers,
        limits,
        local: space.local.clone(),
    })
}

/// What gets through on a way where no admin rules hold. Without any security group the kind of the address decides.
fn opened(passing: &Sessions, filtered: bool, way: &Way<'_>) -> Sessions {
    let all = || {
        let all = Bounds::exact(PacketSet::all());
        Sessions { any_port: all.clone(), ordinary: all }
    };
    let nothing = Bounds::exact(PacketSet::empty());
    let sessions = match way.unguarded {
        _ if filtered => passing.clone(),
        Unguarded::Closed => Sessions { any_port: nothing.clone(), ordinary: nothing },
        Unguarded::Open => all(),
        Unguarded::Unknown => perhaps(&all()),
    };
    let sessions = if way.doubt.is_some() { perhaps(&sessions) } else { sessions };
    match way.forward {
        None => sessions,
        Some(forward) => {
            let carried = Bounds::exact(carried(forward));
            Sessions {
                any_port: sessions.any_port.intersect(&carried),
                ordinary: sessions.ordinary.intersect(&carried),
            }
        }
    }
}

/// The packets that a load balancer's rule carries, as the machine sees them.
fn carried(forward: &Forward) -> PacketSet {
    PacketSet::of(forward.protocol.map_or(Protocols::Any, Protocols::One), &forward.ports, &AddrSet::all())
}

/// The public address that a load balancer listens on. Only with a floating address do the rules look at it.
fn front(forward: &Forward, around: &Surroundings<'_>) -> Result<Option<IpAddr>, Gap> {
    let Some(id) = &forward.frontend else { return Ok(None) };
    let read = table(&around.public_addresses).and_then(|all| all.find(id).map(Row::get).transpose());
    match read {
        Ok(row) => Ok(row.and_then(|row| row.properties.ip_address.as_deref()?.parse().ok())),
        Err(gap) if forward.floating => Err(gap),
        Err(_) => Ok(None),
    }
}

/// The own side as the rules see it behind a floating address, with what gets through to it. Clients keep their address
/// behind every load balancer.
fn behind(
    forward: &Forward,
    front: Option<IpAddr>,
    address: &Address,
    space: &Space,
    around: &Surroundings<'_>,
) -> Result<Option<(Own, Arc<Pass>)>, Gap> {
    if !forward.floating {
        return Ok(None);
    }
    let groups = match &address.own.groups {
        // Nowhere is it written whether a group still counts for a packet that carries the outer address.
        Membership::In(groups) | Membership::Perhaps(groups) => Membership::Perhaps(groups.clone()),
        Membership::Unread => Membership::Unread,
    };
    let own = Own { address: front.map_or(OwnAddress::Unknown, OwnAddress::Exactly), groups };
    let pass = around.pass(space, address.security_group.as_deref(), &own, (address.family, Direction::In))?;
    Ok(Some((own, pass)))
}

/// What the security groups decide about the packets that a load balancer's rule carries.
fn carried_layers(pass: &Pass, forward: &Forward) -> Vec<Layer> {
    let carried = carried(forward);
    let here = |layer: &Layer| Layer {
        name: format!("{} for `{}`", layer.name, forward.name),
        hits: layer
            .hits
            .iter()
            .map(|hit| Hit { packets: hit.packets.intersect(&carried), ..hit.clone() })
            .filter(|hit| !hit.packets.is_empty())
            .collect(),
    };
    pass.layers.iter().map(here).collect()
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
