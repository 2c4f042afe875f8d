//! Source ports: atoms against trying every source port that could make a difference.

use palisade_reach::{
    Action, AddrSet, Bounds, Chain, ORDINARY_SOURCE_PORTS, PacketSet, PortedRule, Ports, Protocol, Protocols,
    exists_source_port, first_match, source_port_atoms, with_source_ports,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::universe::{Packet, Plain, agree, any_action, any_plain, any_plain_rules, fewer, rules, simulate};

/// Where source port ranges start and end.
const EDGES: [u16; 9] = [0, 1, 80, 1023, 1024, 1025, 32768, 60999, 65535];

/// Every source port that can make a difference: a range changes something at its first port and after its last one.
fn telling_ports() -> impl Iterator<Item = u16> {
    EDGES.into_iter().flat_map(|edge| [Some(edge), edge.checked_add(1)]).flatten().filter(|port| *port >= 1)
}

#[derive(Clone, Debug)]
struct PlainPorted {
    action: Action,
    plain: Plain,
    source_ports: Vec<(u16, u16)>,
}

fn any_source_ports() -> impl Strategy<Value = Vec<(u16, u16)>> {
    let edge = || proptest::sample::select(&EDGES[..]);
    let range = (edge(), edge()).prop_map(|(a, b)| (a.min(b), a.max(b)));
    prop_oneof![1 => Just(vec![(0, u16::MAX)]), 3 => vec(range, 0..3)]
}

fn any_chain() -> impl Strategy<Value = (Vec<PlainPorted>, Action)> {
    let rule = (any_action(), any_plain(), any_source_ports()).prop_map(|(action, plain, source_ports)| PlainPorted {
        action,
        plain,
        source_ports,
    });
    (vec(rule, 0..6), any_action())
}

fn chain((plain, default): &(Vec<PlainPorted>, Action)) -> Chain {
    let rule = |(number, rule): (usize, &PlainPorted)| PortedRule {
        id: number.to_string().into(),
        action: rule.action,
        matches: Bounds::exact(rule.plain.set()),
        source_ports: rule.source_ports.iter().copied().collect(),
    };
    Chain { rules: plain.iter().enumerate().map(rule).collect(), default: *default }
}

/// What the chain may do with the packet. A packet without ports may or may not be matched by a rule for some of them.
fn decide((plain, default): &(Vec<PlainPorted>, Action), packet: Packet, source_port: u16) -> Vec<Action> {
    let mut possible = Vec::new();
    for rule in plain.iter().filter(|rule| rule.plain.holds(packet)) {
        let here = rule.source_ports.iter().any(|(lo, hi)| (*lo..=*hi).contains(&source_port));
        let everywhere = rule.source_ports.iter().copied().collect::<Ports>().is_full();
        let has_ports = matches!(packet.protocol.0, 6 | 17 | 132);
        if everywhere || (has_ports && here) {
            possible.push(rule.action);
            return possible;
        }
        if !has_ports {
            possible.push(rule.action);
        }
    }
    possible.push(*default);
    possible
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn p5_a_session_exists_if_one_source_port_gets_through_both_filters(first in any_chain(), second in any_chain()) {
        let split = with_source_ports(&[chain(&first), chain(&second)]);
        let sets = [
            split.sessions.any_port.lower(),
            split.sessions.any_port.upper(),
            split.sessions.ordinary.lower(),
            split.sessions.ordinary.upper(),
        ];
        agree(sets, |packet| {
            let mut through = [false; 4];
            for source_port in telling_ports() {
                let both = [&first, &second].map(|chain| decide(chain, packet, source_port));
                let surely = both.iter().all(|actions| actions.iter().all(|action| *action == Action::Allow));
                let maybe = both.iter().all(|actions| actions.contains(&Action::Allow));
                let ordinary = source_port >= ORDINARY_SOURCE_PORTS.0;
                let here = [surely, maybe, surely && ordinary, maybe && ordinary];
                through.iter_mut().zip(here).for_each(|(any, here)| *any |= here);
            }
            through
        })?;
    }

    #[test]
    fn p5_the_reply_of_a_stateless_filter_must_find_its_way_out(
        inbound in any_plain_rules(),
        outbound in any_plain_rules(),
    ) {
        let (inward, outward) = (rules(&inbound), rules(&outbound));
        let (admitted, replies) = (first_match(&inward, Action::Deny).allowed, first_match(&outward, Action::Deny).allowed);
        let reply_ports: Vec<Ports> = replies
            .upper()
            .cells()
            .map(|cell| Ports::from_range(cell.ports.0, cell.ports.1))
            .collect();
        let tcp = Protocols::One(Protocol::TCP);
        let sessions = exists_source_port(&source_port_atoms(&reply_ports), |atom| {
            // To an outbound rule the client is the other end, and the client's source port the destination port.
            let answered = replies.map(|packets| packets.sources(Protocol::TCP, atom.0));
            let reach = answered.map(|clients: &AddrSet| PacketSet::of(tcp, &Ports::full(), clients));
            admitted.intersect(&reach)
        });
        prop_assert!(sessions.any_port.is_exact());
        agree([sessions.any_port.upper(), sessions.ordinary.upper()], |packet| {
            let allowed = packet.protocol == Protocol::TCP && simulate(&inbound, Action::Deny, packet) == Action::Allow;
            let answered = |lowest: u16| {
                (0..16_u16)
                    .map(|block| (block << 12).max(lowest))
                    .any(|port| simulate(&outbound, Action::Deny, Packet { port, ..packet }) == Action::Allow)
            };
            [allowed && answered(1), allowed && answered(1024)]
        })?;
    }

    #[test]
    fn atoms_cover_the_source_ports_in_order_and_are_cut_at_every_edge(sets in vec(any_source_ports(), 0..5)) {
        let sets: Vec<Ports> = sets.into_iter().map(Ports::from_ranges).collect();
        let atoms = source_port_atoms(&sets);
        prop_assert_eq!(atoms.first().map(|atom| atom.0), Some(1));
        prop_assert_eq!(atoms.last().map(|atom| atom.1), Some(u16::MAX));
        prop_assert!(atoms.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0));
        for (lo, hi) in atoms {
            let atom = Ports::from_range(lo, hi);
            prop_assert!(sets.iter().all(|set| atom.is_subset(set) || atom.is_disjoint(set)));
            prop_assert!(lo >= 1024 || hi < 1024);
        }
    }
}
