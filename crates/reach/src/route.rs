//! Routes: which addresses are reached through which next hop.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::address::AddrSet;
use crate::bounds::Bounds;
use crate::rule::RuleId;

/// One row of a route table.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Route<T> {
    /// The prefix it is for.
    pub destination: IpNet,
    /// Where it leads.
    pub target: T,
    /// Where the route comes from.
    pub id: RuleId,
    /// Preference among routes for the same prefix: the lowest wins. Routes of equal rank share the traffic.
    pub rank: u32,
}

/// Whether something holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Certainty {
    /// It surely does not.
    No,
    /// It may.
    Maybe,
    /// It surely does.
    Yes,
}

/// The addresses whose longest matching route leads to a wanted target. Where several routes share the traffic, one
/// wanted target is enough.
pub fn longest_prefix<T>(routes: &[Route<T>], wanted: impl Fn(&T) -> bool) -> AddrSet {
    let any_wanted = |tied: &[&Route<T>]| {
        if tied.iter().any(|route| wanted(&route.target)) { Certainty::Yes } else { Certainty::No }
    };
    claims(routes, any_wanted).upper().clone()
}

/// The addresses whose longest matching route leads to a wanted target, when it is not always known whether a target is
/// wanted. Where several routes share the traffic and disagree, the answer for their prefix is [`Certainty::Maybe`].
///
/// A route that may not exist, or may lie in a shorter or longer prefix, is entered with a target that is `Maybe`.
pub fn longest_prefix_bounds<T>(routes: &[Route<T>], wanted: impl Fn(&T) -> Certainty) -> Bounds<AddrSet> {
    claims(routes, |tied| {
        let lowest = tied.iter().map(|route| wanted(&route.target)).min();
        let highest = tied.iter().map(|route| wanted(&route.target)).max();
        match (lowest, highest) {
            (Some(lowest), Some(highest)) if lowest == highest => lowest,
            _ => Certainty::Maybe,
        }
    })
}

/// The routes that carry the traffic to one address: the longest prefix that holds it, the lowest rank of that prefix.
pub fn routes_for<T>(routes: &[Route<T>], address: IpAddr) -> Vec<&Route<T>> {
    let holding = leading(routes).into_iter().filter(|(destination, _)| destination.contains(&address));
    holding.max_by_key(|(destination, _)| destination.prefix_len()).map(|(_, tied)| tied).unwrap_or_default()
}

/// Each route claims its prefix minus what longer prefixes claimed. Prefixes of one length cannot overlap, so one step a
/// length is enough, however long the table is.
fn claims<T>(routes: &[Route<T>], judge: impl Fn(&[&Route<T>]) -> Certainty) -> Bounds<AddrSet> {
    let mut by_length: BTreeMap<Reverse<u8>, Vec<(IpNet, Certainty)>> = BTreeMap::new();
    for (destination, tied) in leading(routes) {
        by_length.entry(Reverse(destination.prefix_len())).or_default().push((destination, judge(&tied)));
    }
    let (mut lower, mut upper, mut claimed) = (AddrSet::empty(), AddrSet::empty(), AddrSet::empty());
    for level in by_length.values() {
        let at_least = |least: Certainty| -> AddrSet {
            level.iter().filter(|(_, certainty)| *certainty >= least).map(|(destination, _)| *destination).collect()
        };
        lower = lower.union(&at_least(Certainty::Yes).subtract(&claimed));
        upper = upper.union(&at_least(Certainty::Maybe).subtract(&claimed));
        claimed = claimed.union(&at_least(Certainty::No));
    }
    Bounds::ordered(lower, upper)
}

/// For each prefix the routes of the lowest rank, in the order given.
pub(crate) fn leading<T>(routes: &[Route<T>]) -> BTreeMap<IpNet, Vec<&Route<T>>> {
    let mut best: BTreeMap<IpNet, Vec<&Route<T>>> = BTreeMap::new();
    for route in routes {
        let tied = best.entry(route.destination.trunc()).or_default();
        match tied.first().map(|leader| route.rank.cmp(&leader.rank)) {
            Some(Ordering::Greater) => {}
            Some(Ordering::Equal) => tied.push(route),
            Some(Ordering::Less) | None => *tied = vec![route],
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Family;
    use crate::net::parse_net;

    fn route(destination: &str, target: &'static str, rank: u32) -> Route<&'static str> {
        Route { destination: destination.parse().unwrap(), target, id: destination.into(), rank }
    }

    fn through_gateway(routes: &[Route<&str>]) -> Vec<String> {
        longest_prefix(routes, |target| *target == "igw").to_nets().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_longer_prefix_takes_its_part_away() {
        let routes = [route("0.0.0.0/0", "igw", 0), route("128.0.0.0/1", "nat", 0), route("203.0.113.0/24", "igw", 0)];
        assert_eq!(through_gateway(&routes), ["0.0.0.0/1", "203.0.113.0/24"]);
    }

    #[test]
    fn a_narrow_route_reaches_exactly_its_prefix() {
        assert_eq!(
            through_gateway(&[route("10.0.0.0/16", "local", 0), route("203.0.113.0/24", "igw", 0)]),
            ["203.0.113.0/24"]
        );
        assert!(through_gateway(&[]).is_empty());
    }

    #[test]
    fn the_families_are_routed_apart() {
        let reach = longest_prefix(&[route("::/0", "igw", 0), route("0.0.0.0/0", "nat", 0)], |target| *target == "igw");
        assert_eq!(reach, AddrSet::all_v6());
        assert_eq!(reach.count(Family::V4), 0);
    }

    #[test]
    fn equal_prefixes_are_told_apart_by_rank_and_share_when_that_is_equal() {
        assert!(through_gateway(&[route("0.0.0.0/0", "igw", 1), route("0.0.0.0/0", "nat", 0)]).is_empty());
        assert_eq!(through_gateway(&[route("0.0.0.0/0", "igw", 0), route("0.0.0.0/0", "nat", 0)]), ["0.0.0.0/0"]);
    }

    #[test]
    fn a_doubtful_target_leaves_its_prefix_in_doubt() {
        let routes = [route("0.0.0.0/0", "igw", 0), route("203.0.113.0/24", "unread", 0)];
        let reach = longest_prefix_bounds(&routes, |target| match *target {
            "igw" => Certainty::Yes,
            "unread" => Certainty::Maybe,
            _ => Certainty::No,
        });
        assert_eq!(reach.upper(), &AddrSet::all_v4());
        assert_eq!(reach.lower(), &AddrSet::all_v4().subtract(&parse_net("203.0.113.0/24").unwrap().into()));
    }

    #[test]
    fn the_routes_of_an_address_are_its_evidence() {
        let routes =
            [route("0.0.0.0/0", "igw", 0), route("203.0.113.7/24", "nat", 0), route("203.0.113.0/24", "eni", 0)];
        let targets = |address: &str| -> Vec<&str> {
            routes_for(&routes, address.parse().unwrap()).iter().map(|route| route.target).collect()
        };
        assert_eq!(targets("203.0.113.9"), ["nat", "eni"]);
        assert_eq!(targets("198.51.100.1"), ["igw"]);
        assert!(targets("2001:db8::1").is_empty());
    }
}
