//! Where a subnet's traffic goes: Azure's own routes and the ones people wrote.
//! <https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview>

use crate::{record::Route as Written, tags};
use ipnet::IpNet;
use palisade_reach::{AddrSet, Bounds, Certainty, Route, longest_prefix_bounds, parse_net};

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hop {
    /// Straight out.
    Internet,
    /// To the network itself or a peered one.
    Inside,
    /// Into the void.
    Nowhere,
    /// Through something that may or may not bring answers back.
    Through(String),
}

/// The routes of a subnet, as far as they are known.
#[derive(Debug)]
pub(super) struct Routes {
    all: Vec<Route<Hop>>,
    /// Prefixes of routes that people wrote: the tag `VirtualNetwork` may cover them.
    pub(super) written: AddrSet,
    /// Routes whose prefix is a service tag that is not in the list: they may be about any address.
    pub(super) unreadable: bool,
    /// The written route for all of IPv4.
    pub(super) default: Option<(Hop, String)>,
    /// Whether routes learned from a gateway are used.
    pub(super) learns: bool,
}

/// Private and shared space that leads nowhere unless it belongs to somebody.
const DROPPED: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/// Ranks of routes to the same prefix: written ones win over Azure's own.
const WRITTEN: u32 = 0;
const TAGGED: u32 = 1;
const SYSTEM: u32 = 2;

impl Routes {
    /// The routes of a subnet in a network with these prefixes of its own and its neighbours.
    pub(super) fn new(inside: &[IpNet], written: &[Written], learns: bool, listed_cloud: bool) -> Self {
        let system = |net: IpNet, target| Route { destination: net, target, id: "system route".into(), rank: SYSTEM };
        let parsed = |text: &str| parse_net(text).ok();
        let mut routes: Vec<Route<Hop>> =
            DROPPED.iter().filter_map(|text| parsed(text)).map(|net| system(net, Hop::Nowhere)).collect();
        routes
            .extend(["0.0.0.0/0", "::/0"].iter().filter_map(|text| parsed(text)).map(|net| system(net, Hop::Internet)));
        // The same prefix as a dropped one: what belongs to the network is not dropped.
        routes.retain(|route| !inside.contains(&route.destination));
        routes.extend(inside.iter().map(|net| system(*net, Hop::Inside)));
        let mut found = Self { all: routes, written: AddrSet::empty(), unreadable: false, default: None, learns };
        for route in written {
            found.write(route.name.as_deref().unwrap_or("route"), &route.properties, listed_cloud);
        }
        found
    }

    fn write(&mut self, name: &str, route: &crate::record::RouteProperties, listed_cloud: bool) {
        let kind = route.next_hop_type.as_deref().unwrap_or_default();
        let hop = match kind.to_ascii_lowercase().as_str() {
            "internet" => Hop::Internet,
            "vnetlocal" => Hop::Inside,
            "none" => Hop::Nowhere,
            _ => Hop::Through(match &route.next_hop_ip_address {
                Some(address) => format!("{kind} {address}"),
                None => kind.to_owned(),
            }),
        };
        let text = route.address_prefix.as_deref().unwrap_or_default();
        let Ok(net) = parse_net(text) else {
            // A route with an explicit prefix wins over one that names the same prefix by a tag.
            // <https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview#service-tags-for-user-defined-routes>
            match tags::find(text).filter(|_| listed_cloud) {
                None => self.unreadable = true,
                Some(tag) => {
                    for net in tag.addresses.to_nets() {
                        self.add(format!("{name} ({text} as of {})", tag.day), net, hop.clone(), (kind, TAGGED));
                    }
                }
            }
            return;
        };
        if net.prefix_len() == 0 && net.addr().is_ipv4() {
            self.default = Some((hop.clone(), name.to_owned()));
        }
        self.add(name.to_owned(), net, hop, (kind, WRITTEN));
    }

    fn add(&mut self, name: String, net: IpNet, hop: Hop, (kind, rank): (&str, u32)) {
        self.written = self.written.union(&AddrSet::from_net(net));
        let is_inside = |route: &Route<Hop>| {
            route.rank == SYSTEM && route.target == Hop::Inside && route.destination.contains(&net)
        };
        // What becomes of answers to others when they are sent into the network is documented nowhere.
        let target =
            if hop == Hop::Inside && !self.all.iter().any(is_inside) { Hop::Through(kind.to_owned()) } else { hop };
        self.all.push(Route { destination: net, target, id: name.into(), rank });
    }

    /// The same routes as a packet's answer meets them; nothing where routes that were not read may say otherwise.
    pub(super) fn back(&self, gateway: bool) -> Option<Vec<Route<Certainty>>> {
        let unknown = self.unreadable || (gateway && self.learns);
        let told = |route: &Route<Hop>| Route {
            destination: route.destination,
            target: brings_back(&route.target),
            id: match &route.target {
                Hop::Through(hop) => format!("route {} through {hop}", route.id).into(),
                Hop::Internet | Hop::Inside | Hop::Nowhere => format!("route {}", route.id).into(),
            },
            rank: route.rank,
        };
        (!unknown).then(|| self.all.iter().map(told).collect())
    }

    /// The clients that answers get back to. Through an appliance they may; with routes that were not read, too.
    pub(super) fn returning(&self, gateway: bool) -> Bounds<AddrSet> {
        let known = longest_prefix_bounds(&self.all, brings_back);
        if self.unreadable || (gateway && self.learns) {
            return Bounds::unknown_within(AddrSet::all());
        }
        known
    }
}

/// Whether answers that take a route get back to the client.
fn brings_back(hop: &Hop) -> Certainty {
    match hop {
        Hop::Internet | Hop::Inside => Certainty::Yes,
        Hop::Nowhere => Certainty::No,
        Hop::Through(_) => Certainty::Maybe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table(routes: &[(&str, &str)]) -> Vec<Written> {
        let routes: Vec<_> = routes
            .iter()
            .map(|(prefix, hop)| json!({ "name": "r", "properties": { "addressPrefix": prefix, "nextHopType": hop } }))
            .collect();
        serde_json::from_value(json!(routes)).unwrap()
    }

    fn inside() -> Vec<IpNet> {
        vec!["10.224.0.0/12".parse().unwrap()]
    }

    fn address(text: &str) -> std::net::IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn without_written_routes_answers_go_to_the_internet_and_to_the_network_and_nowhere_else() {
        let back = Routes::new(&inside(), &[], true, true).returning(false);
        assert!(back.is_exact());
        assert!(back.lower().contains(address("203.0.113.9")) && back.lower().contains(address("10.224.0.4")));
        assert!(!back.lower().contains(address("192.168.0.1")) && !back.lower().contains(address("10.1.0.1")));
    }

    #[test]
    fn an_appliance_makes_answers_possible_and_nothing_makes_them_impossible() {
        let back = Routes::new(
            &inside(),
            &table(&[("0.0.0.0/0", "VirtualAppliance"), ("203.0.113.0/24", "None")]),
            true,
            true,
        )
        .returning(false);
        assert!(back.upper().contains(address("198.51.100.1")) && !back.lower().contains(address("198.51.100.1")));
        assert!(!back.upper().contains(address("203.0.113.9")));
    }

    #[test]
    fn answers_that_a_route_sends_into_the_network_reach_its_members_and_perhaps_others() {
        let written = table(&[("203.0.113.0/24", "VnetLocal"), ("10.224.1.0/24", "VnetLocal")]);
        let back = Routes::new(&inside(), &written, true, true).returning(false);
        assert!(back.lower().contains(address("10.224.1.7")));
        assert!(back.upper().contains(address("203.0.113.9")) && !back.lower().contains(address("203.0.113.9")));
    }

    #[test]
    fn the_written_default_route_is_remembered_with_its_hop() {
        let routes = Routes::new(&inside(), &table(&[("0.0.0.0/0", "VirtualAppliance")]), true, true);
        assert_eq!(routes.default, Some((Hop::Through("VirtualAppliance".to_owned()), "r".to_owned())));
        let tagged = |listed| Routes::new(&inside(), &table(&[("Storage.westeurope", "None")]), true, listed);
        assert!(tagged(false).unreadable);
        let storage = tags::find("Storage.WestEurope").unwrap().addresses;
        let back = tagged(true).returning(false);
        assert!(back.is_exact() && back.lower().intersect(&storage).is_empty());
        assert!(Routes::new(&inside(), &table(&[("Kitchen.westeurope", "Internet")]), true, true).unreadable);
    }
}
