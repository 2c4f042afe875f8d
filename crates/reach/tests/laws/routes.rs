//! Longest prefix match against a search of the whole table for each address.

use std::net::IpAddr;

use palisade_reach::{Certainty, Route, longest_prefix, longest_prefix_bounds, parse_net, routes_for};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::universe::usual;

/// Prefixes of 10.0.0.0/28 and fd00::/124, the default routes and others in between: they nest a lot.
fn any_routes() -> impl Strategy<Value = Vec<Route<Certainty>>> {
    let v4 =
        (0..16_u8, prop_oneof![Just(0_u8), 27..=32_u8]).prop_map(|(host, length)| format!("10.0.0.{host}/{length}"));
    let v6 =
        (0..16_u8, prop_oneof![Just(0_u8), 123..=128_u8]).prop_map(|(host, length)| format!("fd00::{host:x}/{length}"));
    let target = proptest::sample::select(&[Certainty::Yes, Certainty::No, Certainty::Maybe][..]);
    let route = (prop_oneof![v4, v6], target, 0..2_u32).prop_filter_map("prefixes parse", |(text, target, rank)| {
        Some(Route { destination: parse_net(&text).ok()?, target, id: text.into(), rank })
    });
    vec(route, 0..14)
}

fn addresses() -> Vec<IpAddr> {
    let v4 = (0..32).map(|host| IpAddr::from([10, 0, 0, host]));
    let v6 = (0..32).map(|host| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, host]));
    let ends = [IpAddr::from([0; 4]), IpAddr::from([255; 4]), IpAddr::from([0_u16; 8]), IpAddr::from([0xffff_u16; 8])];
    v4.chain(v6).chain(ends).collect()
}

/// The targets among which the traffic to the address is shared.
fn search(routes: &[Route<Certainty>], address: IpAddr) -> Vec<Certainty> {
    let mut best: Option<(u8, u32)> = None;
    let mut targets = Vec::new();
    for route in routes.iter().filter(|route| route.destination.contains(&address)) {
        let (length, rank) = (route.destination.prefix_len(), route.rank);
        let better = best.is_none_or(|(longest, lowest)| length > longest || (length == longest && rank < lowest));
        if better {
            best = Some((length, rank));
            targets.clear();
        }
        if best == Some((length, rank)) {
            targets.push(route.target);
        }
    }
    targets
}

proptest! {
    #![proptest_config(usual())]

    #[test]
    fn the_set_of_a_target_is_what_a_search_for_each_address_finds(routes in any_routes()) {
        let sure = longest_prefix(&routes, |target| *target == Certainty::Yes);
        let bounds = longest_prefix_bounds(&routes, |target| *target);
        for address in addresses() {
            let targets = search(&routes, address);
            prop_assert_eq!(sure.contains(address), targets.contains(&Certainty::Yes));
            let all_yes = !targets.is_empty() && targets.iter().all(|target| *target == Certainty::Yes);
            let not_all_no = targets.iter().any(|target| *target != Certainty::No);
            prop_assert_eq!(bounds.lower().contains(address), all_yes);
            prop_assert_eq!(bounds.upper().contains(address), not_all_no);

            let found: Vec<Certainty> = routes_for(&routes, address).iter().map(|route| route.target).collect();
            prop_assert_eq!(found, targets);
        }
    }

    #[test]
    fn p7_the_order_of_routes_does_not_matter(
        (routes, shuffled) in any_routes().prop_flat_map(|routes| (Just(routes.clone()), Just(routes).prop_shuffle())),
    ) {
        let bounds = |routes: &[Route<Certainty>]| longest_prefix_bounds(routes, |target| *target);
        prop_assert_eq!(bounds(&routes), bounds(&shuffled));
    }
}
