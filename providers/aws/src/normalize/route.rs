//! Route tables: which sources an answer reaches through the internet gateway, and where the default route leads.

use super::filter::{PrefixLists, range};
use crate::record::network::{Route, RouteTable};
use ipnet::IpNet;
use palisade_reach::{
    AddrSet, Bounds, Certainty, Family, Gate, Layer, PacketSet, Ports, Protocols, internet, parse_net,
};

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Inside the network.
    Local,
    /// An attached internet gateway.
    InternetGateway(String),
    /// Anything else: address translation, appliances, other networks.
    Other(String),
    /// Nowhere.
    Blackhole,
    /// A target of a kind we do not know.
    Unknown,
}

/// Translates where a route leads.
pub(super) fn target(route: &Route) -> Target {
    if route.state.as_deref() == Some("blackhole") {
        return Target::Blackhole;
    }
    let others = [
        &route.nat_gateway_id,
        &route.egress_only_internet_gateway_id,
        &route.transit_gateway_id,
        &route.vpc_peering_connection_id,
        &route.network_interface_id,
        &route.instance_id,
        &route.local_gateway_id,
        &route.carrier_gateway_id,
        &route.core_network_arn,
        &route.odb_network_arn,
    ];
    match route.gateway_id.as_deref() {
        Some("local") => Target::Local,
        Some(gateway) if gateway.starts_with("igw-") => Target::InternetGateway(gateway.to_owned()),
        Some(other) => Target::Other(other.to_owned()),
        None => others.into_iter().flatten().next().map_or(Target::Unknown, |other| Target::Other(other.clone())),
    }
}

/// The layer that lets through whose longest matching route is an internet gateway.
///
/// Among routes for one prefix a static one beats one of a prefix list, which beats a propagated one (VPC guide, route
/// priority).
pub(super) fn layer(table: &RouteTable, lists: &PrefixLists) -> Layer {
    let name = format!("route table {}", table.route_table_id.as_deref().unwrap_or("?"));
    let mut routes = Vec::new();
    let mut unread = Vec::new();
    let mut may_take = false;
    let mut may_give = AddrSet::empty();
    for route in &table.route_set {
        let target = target(route);
        let leads_out = match target {
            Target::InternetGateway(_) => Certainty::Yes,
            Target::Unknown => Certainty::Maybe,
            Target::Local | Target::Other(_) | Target::Blackhole => Certainty::No,
        };
        let rank = if route.origin.as_deref() == Some("EnableVgwRoutePropagation") { 2 } else { 0 };
        let id = palisade_reach::RuleId::from(describe(table, route));
        let mut add = |destination: IpNet, rank| {
            routes.push(palisade_reach::Route { destination, target: leads_out, id: id.clone(), rank });
        };
        for text in [&route.destination_cidr_block, &route.destination_ipv6_cidr_block].into_iter().flatten() {
            if let Ok(net) = parse_net(text) {
                add(net, rank);
                continue;
            }
            unread.push(format!("`{text}` in {name} is not readable"));
            if leads_out == Certainty::No { may_take = true } else { may_give = AddrSet::all() }
        }
        if let Some(list) = &route.destination_prefix_list_id {
            let known = lists.get(list);
            if let Some(entries) = known.and_then(|list| list.entries.as_ref()) {
                for net in entries {
                    add(*net, 1);
                }
            } else {
                unread.push(format!("the entries of prefix list {list} are not known"));
                if leads_out == Certainty::No {
                    may_take = true;
                } else {
                    let widest = known.map_or_else(AddrSet::all, |list| list.covers.upper().clone());
                    may_give = may_give.union(&widest);
                }
            }
        }
    }
    if unread.is_empty() {
        return Layer::new(name, Gate::Routes(routes));
    }
    let known = palisade_reach::longest_prefix_bounds(&routes, |leads_out| *leads_out);
    let lower = if may_take { AddrSet::empty() } else { known.lower().clone() };
    let sources = Bounds::between(lower, known.upper().union(&may_give));
    let passes = sources.map(|sources| PacketSet::of(Protocols::Any, &Ports::full(), sources));
    let id = format!("{name}, not all of which is known");
    unread.into_iter().fold(Layer::new(name, Gate::Fixed { id: id.into(), passes }), Layer::unsure)
}

/// The least share of the internet's addresses that makes a way a default one. Two halves, or an eighth here and there,
/// lead the internet as well as one route for all of it; the ranges of a few services do not.
const DEFAULT_SHARE: f64 = 1.0 / 16.0;

/// A way that much of the internet takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leading {
    pub(super) target: Target,
    /// The routes that lead there, as they are written: `0.0.0.0/0`.
    pub(super) destinations: String,
}

/// Where the internet's addresses of a family are sent, each to the target of its longest matching route; without those
/// that only a few of them go to. An error names a route that may lead anywhere because its destination is not known.
pub(super) fn default_routes(table: &RouteTable, lists: &PrefixLists, family: Family) -> Result<Vec<Leading>, String> {
    let mut routes: Vec<palisade_reach::Route<Target>> = Vec::new();
    let name = table.route_table_id.as_deref().unwrap_or("?");
    for route in &table.route_set {
        let target = target(route);
        let rank = if route.origin.as_deref() == Some("EnableVgwRoutePropagation") { 2 } else { 0 };
        let mut add = |destination: IpNet, rank, text: &str| {
            routes.push(palisade_reach::Route { destination, target: target.clone(), id: text.into(), rank });
        };
        for text in [&route.destination_cidr_block, &route.destination_ipv6_cidr_block].into_iter().flatten() {
            let net = parse_net(text).map_err(|_| format!("`{text}` in {name} is not readable"))?;
            add(net, rank, text);
        }
        let Some(list) = &route.destination_prefix_list_id else { continue };
        match lists.get(list).and_then(|list| list.entries.as_ref()) {
            Some(entries) => entries.iter().for_each(|net| add(*net, 1, list)),
            // A gateway endpoint takes the list of its own service and no other (VPC guide, gateway endpoints).
            None if matches!(&target, Target::Other(id) if id.starts_with("vpce-")) => (),
            None => return Err(format!("the entries of prefix list {list} in {name} are not known")),
        }
    }
    let mut targets: Vec<&Target> = Vec::new();
    for route in &routes {
        if !targets.contains(&&route.target) {
            targets.push(&route.target);
        }
    }
    let leading = targets.into_iter().filter_map(|target| {
        let taken = palisade_reach::longest_prefix(&routes, |other| other == target);
        let is_default = taken.intersect(internet()).share_of_internet(family) >= DEFAULT_SHARE;
        let own = routes.iter().filter(|route| route.target == *target && family_of(&route.destination) == family);
        let texts: Vec<&str> = own.map(|route| route.id.as_str()).collect();
        is_default.then(|| Leading { target: target.clone(), destinations: texts.join(", ") })
    });
    Ok(leading.collect())
}

fn family_of(net: &IpNet) -> Family {
    match net {
        IpNet::V4(_) => Family::V4,
        IpNet::V6(_) => Family::V6,
    }
}

/// Whether a gateway's own route table sends traffic for some addresses through an appliance.
pub(super) fn diverts(table: &RouteTable, addresses: &AddrSet) -> bool {
    table.route_set.iter().any(|route| {
        let text = route.destination_cidr_block.as_deref().or(route.destination_ipv6_cidr_block.as_deref());
        let covers =
            text.map(|text| range(text, if text.contains(':') { Family::V6 } else { Family::V4 }).upper().clone());
        // A destination that is no range may be any.
        target(route) != Target::Local && covers.is_none_or(|covers| !covers.is_disjoint(addresses))
    })
}

/// The addresses a route speaks of, as far as they stand in it.
pub(super) fn destinations(route: &Route) -> AddrSet {
    let texts = [&route.destination_cidr_block, &route.destination_ipv6_cidr_block].into_iter().flatten();
    texts.filter_map(|text| parse_net(text).ok()).collect()
}

/// A route in words.
pub(super) fn describe(table: &RouteTable, route: &Route) -> String {
    let table = table.route_table_id.as_deref().unwrap_or("?");
    let destination = route
        .destination_cidr_block
        .as_deref()
        .or(route.destination_ipv6_cidr_block.as_deref())
        .or(route.destination_prefix_list_id.as_deref())
        .unwrap_or("?");
    let target = match target(route) {
        Target::Local => "local".to_owned(),
        Target::InternetGateway(id) | Target::Other(id) => id,
        Target::Blackhole => "nowhere".to_owned(),
        Target::Unknown => "an unknown target".to_owned(),
    };
    format!("{table}: {destination} to {target}")
}
