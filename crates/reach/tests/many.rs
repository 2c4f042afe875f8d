//! The algebra against plain membership, in bulk: small random cases, each judged packet by packet by code that knows no
//! sets. `PALISADE_CASES=10000000 cargo test --release -p palisade-reach --test many` tries ten million; without the
//! variable it is twenty thousand, a second's worth. Every case follows from its number alone.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that breaks should stop")]

use std::num::NonZero;

use palisade_reach::{
    Action, AddrSet, Bounds, Certainty, Chain, IntervalSet, Packet, PacketSet, PortedRule, Ports, Protocol, Protocols,
    Route, Rule, first_match, longest_prefix_bounds, parse_net, with_source_ports,
};

const PROTOCOLS: [u8; 4] = [6, 17, 1, 47];
const SOURCE_EDGES: [u16; 5] = [1, 1024, 2000, 40_000, 65_535];

/// A small generator of which every seed gives another sequence.
struct Dice(u64);

impl Dice {
    fn of(case: u64) -> Self {
        let mut dice = Self(case.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d | 1);
        dice.below(2);
        dice
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    fn block(&mut self) -> u8 {
        u8::try_from(self.below(16)).unwrap()
    }

    fn range(&mut self) -> (u8, u8) {
        let (a, b) = (self.block(), self.block());
        (a.min(b), a.max(b))
    }

    fn action(&mut self) -> Action {
        [Action::Allow, Action::Deny, Action::Allow, Action::Pass][usize::try_from(self.below(4)).unwrap()]
    }
}

/// A match as a person writes it: a protocol or all, ranges of port blocks and source blocks.
#[derive(Clone, Copy, Debug)]
struct Written {
    protocol: Option<u8>,
    ports: (u8, u8),
    sources: (u8, u8),
}

/// A packet by its blocks.
#[derive(Clone, Copy, Debug)]
struct Block {
    protocol: u8,
    port: u8,
    source: u8,
}

impl Written {
    fn roll(dice: &mut Dice) -> Self {
        let protocol = match dice.below(6) {
            0 | 1 => None,
            _ => Some(PROTOCOLS[usize::try_from(dice.below(4)).unwrap()]),
        };
        Self { protocol, ports: dice.range(), sources: dice.range() }
    }

    fn holds(self, packet: Block) -> bool {
        let ported = matches!(packet.protocol, 6 | 17);
        let icmp_by_name = packet.protocol == 1 && self.protocol == Some(1);
        let port = !(ported || icmp_by_name) || (self.ports.0..=self.ports.1).contains(&packet.port);
        self.protocol.is_none_or(|one| one == packet.protocol)
            && port
            && (self.sources.0..=self.sources.1).contains(&packet.source)
    }

    fn set(self) -> PacketSet {
        let protocols = self.protocol.map_or(Protocols::Any, |one| Protocols::One(Protocol(one)));
        let ports = Ports::from_range(u16::from(self.ports.0) << 12, u16::from(self.ports.1) << 12 | 0xfff);
        let v4 =
            IntervalSet::from_range(u32::from(self.sources.0) << 28, u32::from(self.sources.1) << 28 | 0x0fff_ffff);
        PacketSet::of(protocols, &ports, &AddrSet { v4, v6: IntervalSet::empty() })
    }
}

impl Block {
    fn roll(dice: &mut Dice) -> Self {
        let protocol = PROTOCOLS[usize::try_from(dice.below(4)).unwrap()];
        Self { protocol, port: dice.block(), source: dice.block() }
    }

    /// The first or the last packet of the block.
    fn packet(self, last: bool) -> Packet {
        let (source, port) = (u32::from(self.source) << 28, u16::from(self.port) << 12);
        let (source, port) = if last { (source | 0x0fff_ffff, port | 0xfff) } else { (source, port) };
        Packet { source: std::net::IpAddr::V4(source.into()), protocol: Protocol(self.protocol), port }
    }
}

/// Says for a few packets whether each set holds them.
fn agree<const N: usize>(case: u64, dice: &mut Dice, sets: [&PacketSet; N], expected: impl Fn(Block) -> [bool; N]) {
    for turn in 0..12 {
        let block = Block::roll(dice);
        let packet = block.packet(turn % 2 == 0);
        assert_eq!(sets.map(|set| set.contains(packet)), expected(block), "case {case}, {block:?}");
    }
}

fn filters(case: u64, dice: &mut Dice) {
    let vague = dice.below(2) == 0;
    let default = dice.action();
    let written: Vec<(Action, Written, Written)> =
        (0..dice.below(9)).map(|_| (dice.action(), Written::roll(dice), Written::roll(dice))).collect();
    let rule = |(number, (action, surely, maybe)): (usize, &(Action, Written, Written))| {
        let matches = if vague { Bounds::between(surely.set(), maybe.set()) } else { Bounds::exact(surely.set()) };
        Rule::new(number.to_string(), *action, matches)
    };
    let outcome = first_match(&written.iter().enumerate().map(rule).collect::<Vec<_>>(), default);
    let sets = [outcome.allowed.lower(), outcome.allowed.upper(), outcome.denied.lower(), outcome.denied.upper()];
    agree(case, dice, sets, |packet| {
        let mut possible = Vec::new();
        for (action, surely, maybe) in &written {
            let sure = surely.holds(packet);
            if sure || (vague && maybe.holds(packet)) {
                possible.push(*action);
            }
            if sure {
                break;
            }
        }
        if !written.iter().any(|(_, surely, _)| surely.holds(packet)) {
            possible.push(default);
        }
        let all = |action| possible.iter().all(|one| *one == action);
        let any = |action| possible.contains(&action);
        [all(Action::Allow), any(Action::Allow), all(Action::Deny), any(Action::Deny)]
    });
}

fn sets(case: u64, dice: &mut Dice) {
    let written = [Written::roll(dice), Written::roll(dice), Written::roll(dice)];
    let [a, b, c] = written.map(Written::set);
    let all = PacketSet::all();
    assert_eq!(a.intersect(&b.union(&c)), a.intersect(&b).union(&a.intersect(&c)), "case {case}");
    assert_eq!(a.subtract(&b.union(&c)), a.subtract(&b).subtract(&c), "case {case}");
    assert_eq!(a.subtract(&b).union(&a.intersect(&b)), a, "case {case}");
    assert_eq!(all.subtract(&all.subtract(&a)), a, "case {case}");
    agree(case, dice, [&a.union(&b), &a.intersect(&c), &b.subtract(&c)], |packet| {
        let [a, b, c] = written.map(|one| one.holds(packet));
        [a || b, a && c, b && !c]
    });
}

fn routes(case: u64, dice: &mut Dice) {
    let written: Vec<(u32, u8, Certainty)> = (0..dice.below(7))
        .map(|_| {
            let target = [Certainty::Yes, Certainty::No, Certainty::Maybe][usize::try_from(dice.below(3)).unwrap()];
            let length = u8::try_from(dice.below(5)).unwrap();
            ((u32::from(dice.block()) >> (4 - length) << (4 - length)) << 28, length, target)
        })
        .collect();
    let build = |(first, length, target): &(u32, u8, Certainty)| {
        let destination = parse_net(&format!("{}/{length}", std::net::Ipv4Addr::from(*first))).unwrap();
        Route { destination, target: *target, id: "r".into(), rank: 0 }
    };
    let reach = longest_prefix_bounds(&written.iter().map(build).collect::<Vec<_>>(), |target| *target);
    for _ in 0..12 {
        let address = u32::from(dice.block()) << 28 | u32::try_from(dice.below(1 << 28)).unwrap();
        let holds =
            |(first, length, _): &&(u32, u8, Certainty)| *length == 0 || (address ^ first) >> (32 - length) == 0;
        let longest = written.iter().filter(holds).map(|(_, length, _)| *length).max();
        let targets: Vec<Certainty> = written
            .iter()
            .filter(holds)
            .filter(|(_, length, _)| Some(*length) == longest)
            .map(|(_, _, target)| *target)
            .collect();
        let surely = !targets.is_empty() && targets.iter().all(|target| *target == Certainty::Yes);
        let maybe = targets.iter().any(|target| *target != Certainty::No);
        let source = std::net::IpAddr::V4(address.into());
        assert_eq!((reach.lower().contains(source), reach.upper().contains(source)), (surely, maybe), "case {case}");
    }
}

fn prefixes(case: u64, dice: &mut Dice) {
    let mut edge = || match dice.below(3) {
        0 => u32::try_from(dice.below(64)).unwrap(),
        1 => u32::MAX - u32::try_from(dice.below(64)).unwrap(),
        _ => u32::try_from(dice.below(1 << 32)).unwrap(),
    };
    let ranges: Vec<(u32, u32)> = (0..4).map(|_| (edge(), edge())).collect();
    let set = AddrSet { v4: IntervalSet::from_ranges(ranges), v6: IntervalSet::empty() };
    let nets = set.to_nets();
    assert_eq!(nets.iter().map(|net| parse_net(&net.to_string()).unwrap()).collect::<AddrSet>(), set, "case {case}");
    let halves = nets.iter().flat_map(|net| match net.subnets(net.prefix_len() + 1) {
        Ok(halves) => halves.collect::<Vec<_>>(),
        Err(_) => vec![*net],
    });
    assert_eq!(halves.collect::<AddrSet>(), set, "case {case}");
}

fn sessions(case: u64, dice: &mut Dice) {
    let mut chain = || {
        let rules: Vec<(Action, Written, (u16, u16))> = (0..dice.below(4))
            .map(|_| {
                let edge = |dice: &mut Dice| SOURCE_EDGES[usize::try_from(dice.below(5)).unwrap()];
                let (a, b) = (edge(dice), edge(dice));
                // Only protocols with ports: for the others a rule for some source ports is vague.
                let protocol = Some(if dice.below(2) == 0 { 6 } else { 17 });
                (dice.action(), Written { protocol, ..Written::roll(dice) }, (a.min(b), a.max(b)))
            })
            .collect();
        (rules, if dice.below(3) == 0 { Action::Allow } else { Action::Deny })
    };
    let written = [chain(), chain()];
    let chains = written.clone().map(|(rules, default)| Chain {
        rules: rules
            .into_iter()
            .map(|(action, written, (lo, hi))| PortedRule {
                id: "r".into(),
                action,
                matches: Bounds::exact(written.set()),
                source_ports: Ports::from_range(lo, hi),
            })
            .collect(),
        default,
    });
    let through = with_source_ports(&chains).sessions;
    agree(case, dice, [through.any_port.lower(), through.ordinary.upper()], |packet| {
        let passes = |source_port: u16| {
            written.iter().all(|(rules, default)| {
                let first = rules
                    .iter()
                    .find(|(_, written, (lo, hi))| written.holds(packet) && (*lo..=*hi).contains(&source_port));
                first.map_or(*default, |(action, ..)| *action) == Action::Allow
            })
        };
        let telling =
            || SOURCE_EDGES.into_iter().flat_map(|edge| [Some(edge), edge.checked_add(1), edge.checked_sub(1)]);
        let some = |lowest: u16| telling().flatten().any(|port| port >= lowest && passes(port));
        if matches!(packet.protocol, 6 | 17) { [some(1), some(1024)] } else { [passes(1), passes(1024)] }
    });
}

#[test]
fn the_algebra_agrees_with_membership_in_every_case_tried() {
    let cases: u64 = std::env::var("PALISADE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get) as u64;
    std::thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || {
                for case in (worker..cases).step_by(usize::try_from(workers).unwrap()) {
                    let mut dice = Dice::of(case);
                    match case % 5 {
                        0 => filters(case, &mut dice),
                        1 => sets(case, &mut dice),
                        2 => routes(case, &mut dice),
                        3 => prefixes(case, &mut dice),
                        _ => sessions(case, &mut dice),
                    }
                }
            });
        }
    });
}
