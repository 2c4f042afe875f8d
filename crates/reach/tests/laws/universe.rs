//! A universe small enough to try every packet of, and a reading of rules that shares no code with the crate.
//!
//! Addresses and ports come in sixteen blocks, and a rule matches whole blocks, so rules reach both ends of both address
//! spaces. Every block is tried at its first and its last member.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use palisade_reach::{Action, AddrSet, Bounds, Family, IntervalSet, PacketSet, Ports, Protocol, Protocols, Rule};
use proptest::collection::vec;
use proptest::prelude::*;

/// Block ranges, both ends included.
pub(crate) type Blocks = Vec<(u8, u8)>;

/// Protocols with and without ports, at the ends of the numbering and on both sides of those with ports.
pub(crate) const PROTOCOLS: [u8; 10] = [0, 1, 2, 6, 7, 17, 47, 58, 132, 255];

/// The match of a rule as a person would write it down.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) protocols: Protocols,
    pub(crate) ports: Blocks,
    pub(crate) v4: Blocks,
    pub(crate) v6: Blocks,
}

/// One packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet {
    pub(crate) family: Family,
    pub(crate) protocol: Protocol,
    pub(crate) port: u16,
    /// The block of the source address.
    pub(crate) source: u8,
}

impl Plain {
    /// Whether the packet comes from one of the rule's sources.
    pub(crate) fn is_source(&self, packet: Packet) -> bool {
        let sources = match packet.family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        };
        within(sources, packet.source)
    }

    /// Whether the rule matches the packet.
    pub(crate) fn holds(&self, packet: Packet) -> bool {
        let block = u8::try_from(packet.port / 4096).unwrap_or_default();
        let (tcp_like, icmp) = (matches!(packet.protocol.0, 6 | 17 | 132), matches!(packet.protocol.0, 1 | 58));
        let service = match self.protocols {
            Protocols::Any => !tcp_like || within(&self.ports, block),
            Protocols::Portless => !tcp_like && !icmp,
            Protocols::One(one) => one == packet.protocol && (!(tcp_like || icmp) || within(&self.ports, block)),
        };
        service && self.is_source(packet)
    }

    /// The same match as the crate builds it.
    pub(crate) fn set(&self) -> PacketSet {
        PacketSet::of(self.protocols, &port_blocks(&self.ports), &self.sources())
    }

    pub(crate) fn sources(&self) -> AddrSet {
        AddrSet { v4: v4_blocks(&self.v4), v6: v6_blocks(&self.v6) }
    }

    pub(crate) fn without_v6(&self) -> Self {
        Self { v6: Blocks::new(), ..self.clone() }
    }
}

fn within(blocks: &Blocks, block: u8) -> bool {
    blocks.iter().any(|(lo, hi)| (*lo..=*hi).contains(&block))
}

pub(crate) fn port_blocks(blocks: &Blocks) -> Ports {
    blocks.iter().map(|(lo, hi)| (u16::from(*lo) << 12, u16::from(*hi) << 12 | 0xfff)).collect()
}

pub(crate) fn v4_blocks(blocks: &Blocks) -> IntervalSet<u32> {
    blocks.iter().map(|(lo, hi)| (u32::from(*lo) << 28, u32::from(*hi) << 28 | (u32::MAX >> 4))).collect()
}

pub(crate) fn v6_blocks(blocks: &Blocks) -> IntervalSet<u128> {
    blocks.iter().map(|(lo, hi)| (u128::from(*lo) << 124, u128::from(*hi) << 124 | (u128::MAX >> 4))).collect()
}

/// The first and the last address of a block.
pub(crate) fn addresses(family: Family, block: u8) -> [IpAddr; 2] {
    match family {
        Family::V4 => {
            let first = u32::from(block) << 28;
            [first, first | (u32::MAX >> 4)].map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)))
        }
        Family::V6 => {
            let first = u128::from(block) << 124;
            [first, first | (u128::MAX >> 4)].map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)))
        }
    }
}

/// Checks for every packet of the universe that each of the sets holds it or not, as expected.
pub(crate) fn agree<const N: usize>(
    sets: [&PacketSet; N],
    expected: impl Fn(Packet) -> [bool; N],
) -> Result<(), TestCaseError> {
    for protocol in PROTOCOLS.map(Protocol) {
        // Without ports, the last port must be as good as the first.
        let blocks = if has_port_dimension(protocol) { 16 } else { 1 };
        for port in (0..blocks).map(|block| block << 12) {
            let corners = [port, if blocks == 1 { u16::MAX } else { port | 0xfff }];
            let corners = corners.map(|port| sets.map(|set| set.sources(protocol, port)));
            for family in Family::ALL {
                for source in 0..16 {
                    let packet = Packet { family, protocol, port, source };
                    let expected = expected(packet);
                    for address in addresses(family, source) {
                        for sources in &corners {
                            let held = sources.each_ref().map(|sources| sources.contains(address));
                            prop_assert_eq!(held, expected, "{:?}", packet);
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// Whether ports, or messages, tell packets of the protocol apart.
pub(crate) fn has_port_dimension(protocol: Protocol) -> bool {
    matches!(protocol.0, 1 | 6 | 17 | 58 | 132)
}

/// How many random cases each law is tried with: `PALISADE_CASES`, 160 unless it is set.
pub(crate) fn usual() -> ProptestConfig {
    let cases = std::env::var("PALISADE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(160);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A quarter of the usual cases, for laws that look at every packet.
pub(crate) fn fewer() -> ProptestConfig {
    let usual = usual();
    ProptestConfig { cases: usual.cases.div_ceil(4), ..usual }
}

/// A sixteenth, for laws that evaluate anew for every packet.
pub(crate) fn few() -> ProptestConfig {
    let usual = usual();
    ProptestConfig { cases: usual.cases.div_ceil(16), ..usual }
}

pub(crate) fn any_blocks() -> impl Strategy<Value = Blocks> {
    let range = (0_u8..16, 0_u8..16).prop_map(|(a, b)| (a.min(b), a.max(b)));
    prop_oneof![1 => Just(vec![(0, 15)]), 5 => vec(range, 0..4)]
}

pub(crate) fn any_protocols() -> impl Strategy<Value = Protocols> {
    let one = proptest::sample::select(&PROTOCOLS[..]).prop_map(|number| Protocols::One(Protocol(number)));
    prop_oneof![2 => Just(Protocols::Any), 1 => Just(Protocols::Portless), 5 => one]
}

pub(crate) fn any_plain() -> impl Strategy<Value = Plain> {
    (any_protocols(), any_blocks(), any_blocks(), any_blocks()).prop_map(|(protocols, ports, v4, v6)| Plain {
        protocols,
        ports,
        v4,
        v6,
    })
}

pub(crate) fn any_action() -> impl Strategy<Value = Action> {
    proptest::sample::select(&[Action::Allow, Action::Deny, Action::Pass][..])
}

/// Rules that are known, as written down.
pub(crate) fn any_plain_rules() -> impl Strategy<Value = Vec<(Action, Plain)>> {
    vec((any_action(), any_plain()), 0..9)
}

pub(crate) fn rules(plain: &[(Action, Plain)]) -> Vec<Rule> {
    let rule = |(number, (action, plain)): (usize, &(Action, Plain))| {
        Rule::new(number.to_string(), *action, Bounds::exact(plain.set()))
    };
    plain.iter().enumerate().map(rule).collect()
}

/// A rule of which a part is known and a part may be.
#[derive(Clone, Debug)]
pub(crate) struct Vague {
    pub(crate) action: Action,
    pub(crate) surely: Plain,
    pub(crate) maybe: Plain,
}

pub(crate) fn any_vague_rules() -> impl Strategy<Value = Vec<Vague>> {
    let none = any_plain().prop_map(|plain| Plain { v4: Blocks::new(), v6: Blocks::new(), ..plain });
    let part = prop_oneof![2 => any_plain(), 1 => none];
    let rule = (any_action(), part.clone(), part).prop_map(|(action, surely, maybe)| Vague { action, surely, maybe });
    vec(rule, 0..7)
}

pub(crate) fn vague_rules(vague: &[Vague]) -> Vec<Rule> {
    let rule = |(number, vague): (usize, &Vague)| {
        let matches = Bounds::between(vague.surely.set(), vague.maybe.set());
        Rule::new(number.to_string(), vague.action, matches)
    };
    vague.iter().enumerate().map(rule).collect()
}

/// What an ordered filter does with one packet.
pub(crate) fn simulate(plain: &[(Action, Plain)], default: Action, packet: Packet) -> Action {
    plain.iter().find(|(_, plain)| plain.holds(packet)).map_or(default, |(action, _)| *action)
}

/// All that an ordered filter may do with one packet.
pub(crate) fn simulate_vague(vague: &[Vague], default: Action, packet: Packet) -> Vec<Action> {
    let mut possible = Vec::new();
    for rule in vague {
        if rule.surely.holds(packet) {
            possible.push(rule.action);
            return possible;
        }
        if rule.maybe.holds(packet) {
            possible.push(rule.action);
        }
    }
    possible.push(default);
    possible
}
