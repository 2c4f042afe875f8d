//! Where the traffic of a network goes.

use crate::record::{
    compute::{Route as Record, Router},
    names::last,
};
use palisade_model::Gap;
use palisade_reach::{Certainty, Route, RuleId, parse_net, routes_for};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The next hop of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// Straight to the internet, with the machine's own external address or Cloud NAT's.
    Internet,
    /// Through something else, in words.
    Through(String),
}

/// The routes of one network, before it is known for which machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes {
    /// With the tags of the machines each is for; none for all.
    listed: Vec<(Route<Hop>, Vec<String>)>,
    /// Why there may be further routes that come before any of these, in sentences: routers that learn some from their
    /// peers, which no list of routes shows, and what was not read.
    pub(crate) further: Vec<String>,
    /// What was not read.
    pub(crate) unread: Option<Gap>,
}

impl Routes {
    /// The routes of these records. Records without a destination are no members of a list, see `record::lenient`.
    pub(crate) fn of(records: &[&Record], routers: &[&Router], unread: Vec<Gap>) -> Self {
        let read = |record: &&Record| {
            let destination = parse_net(record.dest_range.as_deref()?).ok()?;
            let id = RuleId::from(record.name.clone().unwrap_or_else(|| "a route without a name".to_owned()));
            // 1000 when unset: <https://cloud.google.com/vpc/docs/routes#routeselection>
            let rank = u32::try_from(record.priority.unwrap_or(1000)).unwrap_or(u32::MAX);
            Some((Route { destination, target: hop(record), id, rank }, record.tags.clone()))
        };
        let learning = routers.iter().filter(|router| !router.bgp_peers.is_empty()).map(|router| {
            let name = router.name.as_deref().unwrap_or_default();
            format!("router `{name}` learns routes, which are not read: answers may go another way")
        });
        let mut further: Vec<String> = learning.collect();
        further.sort();
        let mut unread = unread;
        unread.sort();
        further.extend(unread.iter().map(|gap| format!("answers may go another way: {gap}")));
        Self { listed: records.iter().filter_map(read).collect(), further, unread: unread.into_iter().next() }
    }

    /// The routes that apply to a machine with these tags: those without tags, and those with one of its own.
    pub(crate) fn seen_by(&self, tags: &[String]) -> Vec<Route<Hop>> {
        let applies =
            |(_, asked): &&(Route<Hop>, Vec<String>)| asked.is_empty() || asked.iter().any(|tag| tags.contains(tag));
        self.listed.iter().filter(applies).map(|(route, _)| route.clone()).collect()
    }
}

/// Whether what a hop takes goes back to the internet: surely where the internet gateway takes it, perhaps where something
/// else does, which may let it back or not.
///
/// Limit: policy-based routes of Network Connectivity Center are not read.
pub(crate) fn returns(hop: &Hop) -> Certainty {
    match hop {
        Hop::Internet => Certainty::Yes,
        Hop::Through(_) => Certainty::Maybe,
    }
}

/// The routes that carry what has no route of its own, and whether any is for the whole internet.
pub(crate) fn default(routes: &[Route<Hop>]) -> Vec<&Route<Hop>> {
    let zero = |route: &Route<Hop>| route.destination.prefix_len() == 0;
    // Halves serve as a default route as well as a whole: look where an address of the middle of each goes.
    let mut found: Vec<&Route<Hop>> = Vec::new();
    for witness in [
        IpAddr::V4(Ipv4Addr::new(93, 184, 216, 34)),
        IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
        IpAddr::V6(Ipv6Addr::new(0x2606, 0x2800, 0, 0, 0, 0, 0, 1)),
    ] {
        for route in routes_for(routes, witness) {
            if route.destination.prefix_len() <= 1 && !found.contains(&route) {
                found.push(route);
            }
        }
    }
    found.sort_by_key(|route| (!zero(route), route.rank));
    found
}

fn hop(record: &Record) -> Hop {
    if let Some(gateway) = &record.next_hop_gateway {
        return match last(gateway) {
            "default-internet-gateway" => Hop::Internet,
            other => Hop::Through(format!("gateway {other}")),
        };
    }
    let through = [
        ("instance", &record.next_hop_instance),
        ("address", &record.next_hop_ip),
        ("VPN tunnel", &record.next_hop_vpn_tunnel),
        ("load balancer", &record.next_hop_ilb),
        ("peering", &record.next_hop_peering),
        ("hub", &record.next_hop_hub),
        ("network", &record.next_hop_network),
    ];
    let named = through.into_iter().find_map(|(kind, hop)| Some(format!("{kind} {}", last(hop.as_deref()?))));
    Hop::Through(named.unwrap_or_else(|| "an unnamed next hop".to_owned()))
}
