//! Sets: normal form, laws, splitting, and the way to prefixes and back.

use std::fmt::Debug;

use ipnet::IpNet;
use palisade_reach::{AddrSet, Family, IntervalSet, PacketSet, Ports, Protocol, Protocols, SetOps, parse_net};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::universe::{PROTOCOLS, Packet, Plain, agree, any_plain, fewer, has_port_dimension, port_blocks, usual};

/// Numbers near both ends and around a few cuts, so that intervals touch, nest and meet the ends.
fn edgy_u128() -> impl Strategy<Value = u128> {
    prop_oneof![
        0..20_u128,
        (0..20_u128).prop_map(|below| u128::MAX - below),
        (0..20_u128).prop_map(|over| (1 << 64) + over)
    ]
}

fn edgy_u32() -> impl Strategy<Value = u32> {
    prop_oneof![0..20_u32, (0..20_u32).prop_map(|below| u32::MAX - below), 0x0a00_0000..0x0a00_0014_u32]
}

fn any_addresses() -> impl Strategy<Value = AddrSet> {
    (vec((edgy_u32(), edgy_u32()), 0..6), vec((edgy_u128(), edgy_u128()), 0..6))
        .prop_map(|(v4, v6)| AddrSet { v4: v4.into_iter().collect(), v6: v6.into_iter().collect() })
}

fn any_packets() -> impl Strategy<Value = PacketSet> {
    vec(any_plain(), 0..4).prop_map(|parts| together(&parts))
}

fn together(parts: &[Plain]) -> PacketSet {
    PacketSet::union_all(&parts.iter().map(Plain::set).collect::<Vec<_>>())
}

fn any_net() -> impl Strategy<Value = IpNet> {
    let v4 =
        (any::<u32>(), 0..=32_u8).prop_map(|(bits, length)| format!("{}/{length}", std::net::Ipv4Addr::from(bits)));
    let v6 =
        (any::<u128>(), 0..=128_u8).prop_map(|(bits, length)| format!("{}/{length}", std::net::Ipv6Addr::from(bits)));
    prop_oneof![v4, v6].prop_filter_map("prefixes parse", |text| parse_net(&text).ok())
}

fn obeys_the_laws<S: SetOps + Debug>(a: &S, b: &S, c: &S, all: &S) -> Result<(), TestCaseError> {
    let not = |set: &S| all.subtract(set);
    prop_assert_eq!(a.union(b), b.union(a));
    prop_assert_eq!(a.intersect(b), b.intersect(a));
    prop_assert_eq!(a.union(&b.union(c)), a.union(b).union(c));
    prop_assert_eq!(a.intersect(&b.union(c)), a.intersect(b).union(&a.intersect(c)));
    prop_assert_eq!(a.union(&b.intersect(c)), a.union(b).intersect(&a.union(c)));
    prop_assert_eq!(a.subtract(&b.union(c)), a.subtract(b).subtract(c));
    prop_assert_eq!(&a.subtract(b).union(&a.intersect(b)), a);
    prop_assert_eq!(&not(&not(a)), a);
    prop_assert_eq!(not(&a.union(b)), not(a).intersect(&not(b)));
    prop_assert_eq!(a.intersect(&not(a)), S::default());
    prop_assert_eq!(&a.union(&not(a)), all);
    Ok(())
}

proptest! {
    #![proptest_config(usual())]

    #[test]
    fn p3_addresses_obey_the_laws_of_sets(a in any_addresses(), b in any_addresses(), c in any_addresses()) {
        obeys_the_laws(&a, &b, &c, &AddrSet::all())?;
        prop_assert_eq!(a.is_subset(&b), a.subtract(&b).is_empty());
        prop_assert!(a.intersect(&b).is_subset(&a));
        prop_assert_eq!(a.is_disjoint(&b), a.intersect(&b).is_empty());
        prop_assert_eq!(a.complement(), AddrSet::all().subtract(&a));
    }

    #[test]
    fn operations_on_numbers_agree_with_membership(
        a in vec((edgy_u128(), edgy_u128()), 0..8),
        b in vec((edgy_u128(), edgy_u128()), 0..8),
        points in vec(edgy_u128(), 20),
    ) {
        let inside = |ranges: &[(u128, u128)], point: u128| ranges.iter().any(|(lo, hi)| (*lo..=*hi).contains(&point));
        let (left, right) = (IntervalSet::from_ranges(a.clone()), IntervalSet::from_ranges(b.clone()));
        for point in points.into_iter().chain([0, u128::MAX]) {
            let (in_a, in_b) = (inside(&a, point), inside(&b, point));
            prop_assert_eq!(left.contains(point), in_a);
            prop_assert_eq!(left.union(&right).contains(point), in_a || in_b);
            prop_assert_eq!(left.intersect(&right).contains(point), in_a && in_b);
            prop_assert_eq!(left.subtract(&right).contains(point), in_a && !in_b);
            prop_assert_eq!(left.complement().contains(point), !in_a);
        }
        for set in [left.union(&right), left.intersect(&right), left.subtract(&right), left.complement()] {
            let apart = set.intervals().windows(2).all(|pair| pair[0].1 < pair[1].0 && pair[0].1 + 1 < pair[1].0);
            prop_assert!(apart && set.intervals().iter().all(|(lo, hi)| lo <= hi), "{:?} is not in normal form", set);
        }
    }

    #[test]
    fn p8_a_prefix_is_its_two_halves(net in any_net()) {
        let whole = AddrSet::from_net(net);
        prop_assert_eq!(&AddrSet::from_nets([net]), &whole);
        prop_assert_eq!(whole.to_nets(), [net]);
        if let Ok(halves) = net.subnets(net.prefix_len() + 1) {
            prop_assert_eq!(AddrSet::from_nets(halves), whole);
        }
    }

    #[test]
    fn p10_the_prefixes_of_a_set_are_the_set_again_and_cannot_be_fewer(set in any_addresses()) {
        let nets = set.to_nets();
        let texts: Vec<String> = nets.iter().map(ToString::to_string).collect();
        let read: Result<AddrSet, _> = texts.iter().map(|text| parse_net(text)).collect();
        prop_assert_eq!(read.as_ref(), Ok(&set));
        prop_assert_eq!(IpNet::aggregate(&nets).len(), nets.len());

        let json = serde_json::to_string(&set)?;
        prop_assert_eq!(serde_json::from_str::<AddrSet>(&json)?, set);
    }

    #[test]
    fn text_that_is_no_prefix_is_refused_and_never_panics(text in "[0-9a-f:./ +-]{0,20}|\\PC{0,20}") {
        if let Ok(net) = parse_net(&text) {
            prop_assert_eq!(net, net.trunc());
            prop_assert_eq!(parse_net(&net.to_string()), Ok(net));
        }
    }
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn p2_a_set_rebuilt_from_single_cells_in_any_order_is_the_same_value(
        plain in vec(any_plain(), 1..4),
        less in any_plain(),
        order in vec(any::<Index>(), 64),
    ) {
        let computed = together(&plain).subtract(&less.set());

        let mut cells = Vec::new();
        for protocol in (0..=255).map(Protocol) {
            let ports = if has_port_dimension(protocol) { 16 } else { 1 };
            for port in (0..ports).map(|block| block << 12) {
                for family in Family::ALL {
                    for source in 0..16 {
                        let packet = Packet { family, protocol, port, source };
                        if plain.iter().any(|one| one.holds(packet)) && !less.holds(packet) {
                            cells.push(packet);
                        }
                    }
                }
            }
        }
        for (place, index) in order.iter().enumerate() {
            if !cells.is_empty() {
                let (a, b) = (place * 97 % cells.len(), index.index(cells.len()));
                cells.swap(a, b);
            }
        }
        let single = |packet: Packet| {
            let sources = vec![(packet.source, packet.source)];
            let (v4, v6) = match packet.family {
                Family::V4 => (sources, Vec::new()),
                Family::V6 => (Vec::new(), sources),
            };
            let block = u8::try_from(packet.port >> 12).unwrap_or_default();
            let one = Plain { protocols: Protocols::One(packet.protocol), ports: vec![(block, block)], v4, v6 };
            one.set()
        };
        let singles: Vec<PacketSet> = cells.into_iter().map(single).collect();
        prop_assert_eq!(PacketSet::union_all(&singles), computed);
    }

    #[test]
    fn packets_hold_what_the_rule_says(plain in any_plain()) {
        agree([&plain.set()], |packet| [plain.holds(packet)])?;
    }

    #[test]
    fn projections_agree_with_each_other(parts in vec(any_plain(), 0..4), plain in any_plain()) {
        let set = together(&parts);
        let ports = port_blocks(&plain.ports);
        for protocol in PROTOCOLS.map(Protocol) {
            let wide = has_port_dimension(protocol);
            let asked: Vec<u16> = (0..16).map(|block| block << 12).filter(|port| !wide || ports.contains(*port)).collect();
            let united = asked.iter().fold(AddrSet::empty(), |all, port| all.union(&set.sources(protocol, *port)));
            prop_assert_eq!(&set.sources_over(protocol, &ports), &united);
            prop_assert_eq!(&set.restrict_ports(protocol, &ports).sources_over(protocol, &Ports::full()), &united);

            let groups = set.ports_by_sources(protocol);
            let regrouped: Vec<PacketSet> =
                groups.iter().map(|(ports, sources)| PacketSet::of(Protocols::One(protocol), ports, sources)).collect();
            prop_assert_eq!(&PacketSet::union_all(&regrouped), &set.restrict_ports(protocol, &Ports::full()));
            let open = groups.iter().fold(Ports::empty(), |all, (ports, _)| all.union(ports));
            prop_assert_eq!(open, set.ports_open(protocol));
        }
        let from_there = set.restrict_sources(&plain.sources());
        let held = |packet: Packet| parts.iter().any(|part| part.holds(packet));
        agree([&set, &from_there], |packet| [held(packet), held(packet) && plain.is_source(packet)])?;
    }

    #[test]
    fn cells_are_disjoint_and_together_the_set(set in any_packets()) {
        let parts: Vec<PacketSet> = set
            .cells()
            .map(|cell| PacketSet::of(cell.protocol, &Ports::from_range(cell.ports.0, cell.ports.1), &cell.sources))
            .collect();
        prop_assert_eq!(&PacketSet::union_all(&parts), &set);
        for (place, part) in parts.iter().enumerate() {
            prop_assert!(!part.is_empty());
            let others = PacketSet::union_all(parts.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, part)| part));
            prop_assert!(part.intersect(&others).is_empty());
        }
    }

    #[test]
    fn p3_packets_obey_the_laws_of_sets(a in any_packets(), b in any_packets(), c in any_packets()) {
        obeys_the_laws(&a, &b, &c, &PacketSet::all())?;
        prop_assert_eq!(a.is_subset(&b), a.subtract(&b).is_empty());
        prop_assert!(a.is_subset(&a.union(&b)));
        prop_assert_eq!(a.complement(), PacketSet::all().subtract(&a));
    }
}
