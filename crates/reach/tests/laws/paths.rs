//! Paths of several layers against a packet-by-packet simulation that knows nothing of sets.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that breaks should stop")]

use std::collections::BTreeSet;

use palisade_reach::{
    Action, Bounds, By, Certainty, Chain, Change, Fate, Fix, Gate, Layer, Packet, PacketSet, Passes, Path, PortedRule,
    Ports, Proof, Protocol, Protocols, Route, Rule, RuleId, Step, Tier, parse_net, proofs,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::universe::{self, Plain, Vague, addresses, agree, any_action, any_plain, any_vague_rules, few, fewer};

const EDGES: [u16; 7] = [1, 80, 1023, 1024, 32768, 60999, 65535];

fn telling_ports() -> impl Iterator<Item = u16> {
    EDGES.into_iter().flat_map(|edge| [Some(edge), edge.checked_add(1)]).flatten()
}

#[derive(Clone, Debug)]
struct Ported {
    vague: Vague,
    source_ports: (u16, u16),
}

#[derive(Clone, Debug)]
enum Written {
    Fixed(Vague),
    FirstMatch(Vec<Ported>, Action),
    Answers(Vec<Ported>, Action),
    Any(Vec<Vague>),
    Tiers(Vec<(Vec<Vague>, Action)>),
    Ahead(Vec<Ported>, Action, Vec<Written>),
    Routes(Vec<(u8, u8, bool, Certainty)>),
}

fn ported() -> impl Strategy<Value = Vec<Ported>> {
    let edge = || proptest::sample::select(&EDGES[..]);
    let range = prop_oneof![
        2 => Just((0, u16::MAX)),
        1 => (edge(), edge()).prop_map(|(a, b)| (a.min(b), a.max(b)))
    ];
    any_vague_rules().prop_flat_map(move |rules| {
        rules
            .into_iter()
            .map(|vague| range.clone().prop_map(move |source_ports| Ported { vague: vague.clone(), source_ports }))
            .collect::<Vec<_>>()
    })
}

fn flat() -> impl Strategy<Value = Written> {
    let certainty = proptest::sample::select(&[Certainty::Yes, Certainty::Yes, Certainty::No, Certainty::Maybe][..]);
    let route = (0..16_u8, 0..=4_u8, any::<bool>(), certainty);
    let fixed = (any_plain(), any_plain()).prop_map(|(surely, maybe)| Vague { action: Action::Allow, surely, maybe });
    prop_oneof![
        1 => fixed.prop_map(Written::Fixed),
        3 => (ported(), any_action()).prop_map(|(rules, default)| Written::FirstMatch(rules, default)),
        1 => (ported(), any_action()).prop_map(|(rules, default)| Written::Answers(rules, default)),
        2 => any_vague_rules().prop_map(Written::Any),
        2 => vec((any_vague_rules(), any_action()), 0..3).prop_map(Written::Tiers),
        2 => vec(route, 0..6).prop_map(Written::Routes),
    ]
}

fn written() -> impl Strategy<Value = Vec<Written>> {
    let ahead = (ported(), prop_oneof![3 => Just(Action::Pass), 1 => any_action()], vec(flat(), 0..3))
        .prop_map(|(rules, default, guarded)| Written::Ahead(rules, default, guarded));
    vec(prop_oneof![4 => flat(), 1 => ahead], 0..4)
}

fn bounds(vague: &Vague) -> Bounds<PacketSet> {
    Bounds::between(vague.surely.set(), vague.maybe.set())
}

fn chain(name: &str, rules: &[Ported], default: Action) -> Chain {
    let rule = |(number, one): (usize, &Ported)| PortedRule {
        id: format!("{name}/{number}").into(),
        action: one.vague.action,
        matches: bounds(&one.vague),
        source_ports: Ports::from_range(one.source_ports.0, one.source_ports.1),
    };
    Chain { rules: rules.iter().enumerate().map(rule).collect(), default }
}

fn rules(name: &str, vague: &[Vague]) -> Vec<Rule> {
    let rule = |(number, one): (usize, &Vague)| Rule::new(format!("{name}/{number}"), one.action, bounds(one));
    vague.iter().enumerate().map(rule).collect()
}

fn layer(name: &str, written: &Written) -> Layer {
    let gate = match written {
        Written::Fixed(vague) => Gate::Fixed { id: format!("{name}/0").into(), passes: bounds(vague) },
        Written::FirstMatch(rules, default) | Written::Answers(rules, default) => {
            Gate::FirstMatch(chain(name, rules, *default))
        }
        Written::Any(vague) => Gate::AnyAllow(rules(name, vague)),
        Written::Tiers(tiers) => Gate::Tiers(
            tiers
                .iter()
                .enumerate()
                .map(|(place, (vague, default))| {
                    let name = format!("{name}.{place}");
                    Tier { rules: rules(&name, vague), name: name.into(), default: *default }
                })
                .collect(),
        ),
        Written::Ahead(ahead, default, guarded) => Gate::Ahead {
            rules: chain(name, ahead, *default),
            guarded: guarded
                .iter()
                .enumerate()
                .map(|(place, inner)| layer(&format!("{name}+{place}"), inner))
                .collect(),
        },
        Written::Routes(routes) => Gate::Routes(
            routes
                .iter()
                .enumerate()
                .map(|(place, (block, length, v6, target))| Route {
                    destination: prefix(*block, *length, *v6),
                    target: *target,
                    id: format!("{name}/{place}").into(),
                    rank: 0,
                })
                .collect(),
        ),
    };
    let layer = Layer::new(name, gate);
    if matches!(written, Written::Answers(..)) { layer.concerning(tcp()) } else { layer }
}

fn tcp() -> PacketSet {
    PacketSet::of(Protocols::One(Protocol::TCP), &Ports::full(), &palisade_reach::AddrSet::all())
}

fn prefix(block: u8, length: u8, v6: bool) -> ipnet::IpNet {
    let text = if v6 { format!("{block:x}000::/{length}") } else { format!("{}.0.0.0/{length}", block << 4) };
    parse_net(&text).unwrap()
}

fn path(written: &[Written]) -> Path {
    let layers = written.iter().enumerate().map(|(place, one)| layer(&format!("layer {place}"), one)).collect();
    Path::new("path", layers)
}

/// All that may happen: may it pass, may it be stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
struct May {
    pass: bool,
    stop: bool,
}

fn matches(one: &Ported, packet: universe::Packet, source_port: u16) -> (bool, bool) {
    let (surely, maybe) = (one.vague.surely.holds(packet), one.vague.maybe.holds(packet));
    let whole = one.source_ports == (0, u16::MAX);
    let has_ports = matches!(packet.protocol.0, 6 | 17 | 132);
    let here = (one.source_ports.0..=one.source_ports.1).contains(&source_port);
    match (whole, has_ports) {
        (true, _) => (surely, surely || maybe),
        (false, true) => (surely && here, (surely || maybe) && here),
        // A packet without ports may or may not match a rule for some of them.
        (false, false) => (false, surely || maybe),
    }
}

fn outcomes(rules: impl Iterator<Item = (Action, (bool, bool))>, default: Action) -> Vec<Action> {
    let mut possible = Vec::new();
    for (action, (surely, maybe)) in rules {
        if maybe || surely {
            possible.push(action);
        }
        if surely {
            return possible;
        }
    }
    possible.push(default);
    possible
}

fn simulate(written: &Written, packet: universe::Packet, source_port: u16) -> May {
    let plainly = |vague: &Vague| {
        let surely = vague.surely.holds(packet);
        (surely, surely || vague.maybe.holds(packet))
    };
    let chained = |rules: &[Ported], default| {
        outcomes(rules.iter().map(|one| (one.vague.action, matches(one, packet, source_port))), default)
    };
    let ends = |possible: &[Action]| May {
        pass: possible.contains(&Action::Allow),
        stop: possible.iter().any(|action| *action != Action::Allow),
    };
    match written {
        Written::Fixed(vague) => {
            let (surely, maybe) = plainly(vague);
            May { pass: maybe, stop: !surely }
        }
        Written::FirstMatch(rules, default) => ends(&chained(rules, *default)),
        Written::Answers(rules, default) => match packet.protocol {
            Protocol::TCP => ends(&chained(rules, *default)),
            _ => May { pass: true, stop: false },
        },
        Written::Any(vague) => {
            let allows = || vague.iter().filter(|one| one.action == Action::Allow).map(plainly);
            May { pass: allows().any(|(_, maybe)| maybe), stop: !allows().any(|(surely, _)| surely) }
        }
        Written::Tiers(tiers) => {
            let mut may = May { pass: false, stop: false };
            for (rules, default) in tiers {
                let here = outcomes(rules.iter().map(|one| (one.action, plainly(one))), *default);
                may.pass |= here.contains(&Action::Allow);
                may.stop |= here.contains(&Action::Deny);
                if !here.contains(&Action::Pass) {
                    return may;
                }
            }
            May { stop: true, ..may }
        }
        Written::Ahead(rules, default, guarded) => {
            let here = chained(rules, *default);
            let inside = all(guarded, packet, source_port);
            let left = here.contains(&Action::Pass);
            May {
                pass: here.contains(&Action::Allow) || (left && inside.pass),
                stop: here.contains(&Action::Deny) || (left && inside.stop),
            }
        }
        Written::Routes(routes) => {
            let address = addresses(packet.family, packet.source)[0];
            let holding = || {
                routes
                    .iter()
                    .map(|(block, length, v6, target)| (prefix(*block, *length, *v6), *target))
                    .filter(move |(net, _)| net.contains(&address))
            };
            let longest = holding().map(|(net, _)| net.prefix_len()).max();
            let targets: Vec<Certainty> =
                holding().filter(|(net, _)| Some(net.prefix_len()) == longest).map(|(_, target)| target).collect();
            let surely = !targets.is_empty() && targets.iter().all(|target| *target == Certainty::Yes);
            May { pass: targets.iter().any(|target| *target > Certainty::No), stop: !surely }
        }
    }
}

fn all(written: &[Written], packet: universe::Packet, source_port: u16) -> May {
    let each = || written.iter().map(|one| simulate(one, packet, source_port));
    May { pass: each().all(|may| may.pass), stop: each().any(|may| may.stop) }
}

/// Whether the rule a step names decides the packet as the step says, in the world the proof is about.
fn admits(
    written: &Written,
    name: &str,
    step: &Step,
    packet: universe::Packet,
    proof: &Proof,
    inner: &mut bool,
) -> bool {
    let source_port = proof.source_ports.intervals()[0].0.max(1);
    let plainly = |vague: &Vague| {
        let surely = vague.surely.holds(packet);
        (surely, surely || vague.maybe.holds(packet))
    };
    // What the first match may be: with certainty only the first that surely matches.
    let may_decide = |matched: Vec<(bool, bool)>, default: Action, actions: &[Action], name: &str| {
        let sure = matched.iter().position(|(surely, _)| *surely);
        let mut named = Vec::new();
        for (place, (_, maybe)) in matched.iter().enumerate() {
            let counts =
                if proof.certain { sure == Some(place) } else { *maybe && sure.is_none_or(|sure| place <= sure) };
            if counts {
                named.push((By::Rule(format!("{name}/{place}").into()), actions[place]));
            }
        }
        if sure.is_none() {
            named.push((By::NoRule, default));
        }
        named
    };
    let named = match written {
        Written::Fixed(vague) => may_decide(vec![plainly(vague)], Action::Deny, &[Action::Allow], name),
        Written::FirstMatch(rules, default) | Written::Answers(rules, default) | Written::Ahead(rules, default, _) => {
            let matched = rules.iter().map(|one| matches(one, packet, source_port)).collect();
            let actions: Vec<Action> = rules.iter().map(|one| one.vague.action).collect();
            may_decide(matched, *default, &actions, name)
        }
        Written::Any(vague) => {
            let pick = |(place, one): (usize, &Vague)| {
                let (surely, maybe) = plainly(one);
                let counts = one.action == Action::Allow && if proof.certain { surely } else { maybe };
                counts.then(|| (By::Rule(format!("{name}/{place}").into()), one.action))
            };
            vague.iter().enumerate().filter_map(pick).collect()
        }
        Written::Tiers(tiers) => {
            let found = tiers.iter().enumerate().find(|(place, _)| *step.layer == *format!("{name}.{place}"));
            let Some((place, (vague, default))) = found else { return false };
            let actions: Vec<Action> = vague.iter().map(|one| one.action).collect();
            may_decide(vague.iter().map(plainly).collect(), *default, &actions, &format!("{name}.{place}"))
        }
        // Which of several equal routes is named is a choice; that it holds the source is not.
        Written::Routes(routes) => {
            let address = addresses(packet.family, packet.source)[0];
            let holds = |(block, length, v6, target): &(u8, u8, bool, Certainty)| {
                prefix(*block, *length, *v6).contains(&address) && *target > Certainty::No
            };
            return step.by.iter().any(|by| {
                routes
                    .iter()
                    .enumerate()
                    .any(|(place, route)| holds(route) && *by == By::Rule(format!("{name}/{place}").into()))
            });
        }
    };
    let passing = named.iter().filter(|(by, _)| step.by.contains(by));
    let mut lets = false;
    for (_, action) in passing {
        lets |= *action == Action::Allow;
        if *action == Action::Pass && matches!(written, Written::Ahead(..)) {
            (lets, *inner) = (true, true);
        }
    }
    lets
}

fn checked(written: &[Written], prefix: &str, proof: &Proof, packet: universe::Packet) -> bool {
    written.iter().enumerate().all(|(place, one)| {
        let name = if prefix.is_empty() { format!("layer {place}") } else { format!("{prefix}+{place}") };
        if matches!(one, Written::Answers(..)) && packet.protocol != Protocol::TCP {
            return true;
        }
        let tiered = |step: &&Step| *step.layer == *name || step.layer.starts_with(&format!("{name}."));
        let mut inner = false;
        let here = proof.steps.iter().filter(tiered).any(|step| admits(one, &name, step, packet, proof, &mut inner));
        let guarded = match one {
            Written::Ahead(_, _, guarded) if inner => checked(guarded, &name, proof, packet),
            _ => true,
        };
        here && guarded
    })
}

/// Carries out a fix by what it says alone: layer, rule and packets.
fn applied(path: &Path, fix: &Fix) -> Path {
    Path::new(path.name.clone(), path.layers.iter().map(|layer| changed(layer, fix)).collect())
}

fn changed(layer: &Layer, fix: &Fix) -> Layer {
    let ported = |rule: Rule| PortedRule {
        id: rule.id,
        action: rule.action,
        matches: rule.matches,
        source_ports: Ports::full(),
    };
    let chained = |chain: &Chain| {
        let mut chain = chain.clone();
        edit(&mut chain.rules, fix, |rule| (&rule.id, &mut rule.matches), ported);
        chain
    };
    let plain = |rules: &[Rule]| {
        let mut rules = rules.to_vec();
        edit(&mut rules, fix, |rule| (&rule.id, &mut rule.matches), |rule| rule);
        rules
    };
    let here = *layer.name == *fix.layer;
    let gate = match &layer.gate {
        Gate::Fixed { id, .. } if here => Gate::Fixed { id: id.clone(), passes: Bounds::exact(PacketSet::empty()) },
        Gate::FirstMatch(chain) if here => Gate::FirstMatch(chained(chain)),
        Gate::AnyAllow(rules) if here => Gate::AnyAllow(plain(rules)),
        Gate::Tiers(tiers) => Gate::Tiers(
            tiers
                .iter()
                .map(|tier| {
                    if tier.name == fix.layer {
                        Tier { rules: plain(&tier.rules), ..tier.clone() }
                    } else {
                        tier.clone()
                    }
                })
                .collect(),
        ),
        Gate::Ahead { rules, guarded } => Gate::Ahead {
            rules: if here { chained(rules) } else { rules.clone() },
            guarded: guarded.iter().map(|inner| changed(inner, fix)).collect(),
        },
        same => same.clone(),
    };
    Layer { gate, ..layer.clone() }
}

fn edit<R>(
    rules: &mut Vec<R>,
    fix: &Fix,
    parts: impl Fn(&mut R) -> (&RuleId, &mut Bounds<PacketSet>),
    build: impl Fn(Rule) -> R,
) {
    for change in &fix.changes {
        match change {
            Change::Remove { rule } => rules.retain_mut(|one| parts(one).0 != rule),
            Change::Narrow { rule, leaves } => {
                for one in rules.iter_mut() {
                    let (id, matches) = parts(one);
                    if id == rule {
                        *matches = matches.intersect(&Bounds::exact(leaves.clone()));
                    }
                }
            }
            Change::Deny { before, packets } => {
                let found = before.as_ref().and_then(|before| rules.iter_mut().position(|one| parts(one).0 == before));
                let rule = Rule::new("added", Action::Deny, Bounds::exact(packets.clone()));
                rules.insert(found.unwrap_or(rules.len()), build(rule));
            }
        }
    }
}

/// Packets enough to meet every pair of blocks, few enough to ask about each.
fn small() -> Vec<universe::Packet> {
    let mut packets = Vec::new();
    for protocol in [1, 6, 47].map(Protocol) {
        for port in [0, 0x2000, 0x7000, 0xf000] {
            for family in palisade_reach::Family::ALL {
                for source in [0, 3, 8, 15] {
                    packets.push(universe::Packet { family, protocol, port, source });
                }
            }
        }
    }
    packets
}

fn packet(packet: universe::Packet) -> Packet {
    Packet { source: addresses(packet.family, packet.source)[0], protocol: packet.protocol, port: packet.port }
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn a_path_lets_through_what_every_layer_lets_through_with_one_source_port(written in written()) {
        let sessions = path(&written).sessions();
        agree([sessions.any_port.lower(), sessions.any_port.upper(), sessions.ordinary.lower(), sessions.ordinary.upper()], |packet| {
            let mut through = [false; 4];
            for source_port in telling_ports() {
                let may = all(&written, packet, source_port);
                let ordinary = source_port >= 1024;
                let here = [!may.stop, may.pass, !may.stop && ordinary, may.pass && ordinary];
                through.iter_mut().zip(here).for_each(|(any, here)| *any |= here);
            }
            through
        })?;
    }

    #[test]
    fn proofs_are_disjoint_and_together_the_answer(first in written(), second in written()) {
        let paths = [path(&first), path(&second)];
        let answers = paths.clone().map(|path| path.sessions().any_port);
        let found = proofs(&paths);
        let whole = |certain: bool| PacketSet::union_all(found.iter().filter(|one| one.certain || !certain).map(|one| &one.packets));
        prop_assert_eq!(&whole(true), &answers[0].lower().union(answers[1].lower()));
        prop_assert_eq!(&whole(false), &answers[0].upper().union(answers[1].upper()));
        let mut told = PacketSet::empty();
        for proof in &found {
            prop_assert!(!proof.packets.is_empty() && proof.packets.intersect(&told).is_empty());
            told = told.union(&proof.packets);
        }
    }

    #[test]
    fn the_rules_of_a_proof_admit_each_of_its_packets(written in written()) {
        for proof in proofs(&[path(&written)]) {
            for one in small() {
                if proof.packets.contains(packet(one)) {
                    prop_assert!(checked(&written, "", &proof, one), "{:?} by {:?}", one, proof);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn why_agrees_with_the_bounds_for_every_packet_and_names_the_first_layer_that_stops_it(written in written()) {
        let path = path(&written);
        let sessions = path.sessions().any_port;
        for one in small() {
            let packet = packet(one);
            let trace = path.why(packet);
            let expected = match (sessions.lower().contains(packet), sessions.upper().contains(packet)) {
                (true, _) => "arrives",
                (false, true) => "untold",
                (false, false) => "stopped",
            };
            match &trace.fate {
                Fate::Arrives => prop_assert_eq!(expected, "arrives", "{}", trace),
                Fate::Untold(_) => prop_assert_eq!(expected, "untold", "{}", trace),
                Fate::Stopped(step) => {
                    prop_assert_eq!(expected, "stopped", "{}", trace);
                    let source_port = trace.source_ports.intervals()[0].0.max(1);
                    let first = written.iter().position(|one_layer| !simulate(one_layer, one, source_port).pass);
                    let named = first.map(|place| format!("layer {place}")).unwrap_or_default();
                    prop_assert!(step.layer.starts_with(&named), "{} is not in {}", step.layer, named);
                    prop_assert_eq!(trace.steps.last().map(|judged| judged.passes), Some(Passes::No), "{}", trace);
                }
            }
        }
    }

    #[test]
    fn a_fix_closes_what_it_should_and_tells_what_else(written in written(), unwanted in any_plain()) {
        let before = path(&written);
        let unwanted = Plain::set(&unwanted);
        let open = before.sessions().any_port;
        let fixes = before.fixes(&unwanted);
        // Every layer but routes and filters of answers can close anything, and each of its tiers is told once.
        let able = |one: &&Written| match one {
            Written::Routes(_) | Written::Answers(..) => false,
            Written::Tiers(tiers) => !tiers.is_empty(),
            Written::Fixed(_) | Written::FirstMatch(..) | Written::Any(_) | Written::Ahead(..) => true,
        };
        let is_open = !open.upper().intersect(&unwanted).is_empty();
        let named = |place: usize| fixes.iter().any(|fix| fix.layer.starts_with(&format!("layer {place}")));
        for (place, one) in written.iter().enumerate() {
            prop_assert_eq!(named(place), is_open && able(&one), "layer {}: {:?}", place, fixes);
        }
        let names: BTreeSet<&str> = fixes.iter().map(|fix| &*fix.layer).collect();
        prop_assert_eq!(names.len(), fixes.len(), "{:?}", fixes);
        for fix in fixes {
            let after = applied(&before, &fix).sessions().any_port;
            prop_assert!(after.upper().intersect(&unwanted).is_empty(), "{:?}", fix);
            let closed = open.upper().subtract(after.upper());
            prop_assert_eq!(&closed.subtract(&unwanted), &fix.collateral, "{:?}", fix);
            prop_assert!(after.upper().is_subset(open.upper()), "a fix opens nothing: {:?}", fix);
        }
    }
}
