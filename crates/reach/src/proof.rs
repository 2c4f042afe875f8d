//! Proofs: for each part of an answer, the rule of each layer that admits it.

use std::fmt;
use std::sync::Arc;

use crate::bounds::Bounds;
use crate::interval::Ports;
use crate::layer::{Rules, Seen, through_all};
use crate::packet::PacketSet;
use crate::path::{Path, Tier, View};
use crate::rule::{Action, Rule, RuleId};

/// How many parts the answer for one path is cut into for the sake of its proofs, see [`proofs`].
pub const MOST_PARTS: usize = 200;

/// Packets that get through, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// The path they take.
    pub path: Arc<str>,
    /// The packets. Never empty.
    pub packets: PacketSet,
    /// Whether they surely get through, or only may.
    pub certain: bool,
    /// The source ports with which they do.
    pub source_ports: Ports,
    /// For each layer that decided, what admits them.
    pub steps: Vec<Step>,
}

/// What one layer does with some packets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Step {
    /// The layer.
    pub layer: Arc<str>,
    /// What decides. More than one only where the answer would have fallen into too many parts: then each packet is
    /// decided by one of them.
    pub by: Vec<By>,
}

/// What decides about a packet.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum By {
    /// A rule.
    Rule(RuleId),
    /// No rule matches: what the layer does then.
    NoRule,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => rule.fmt(f),
            Self::NoRule => f.write_str("no rule"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.layer)?;
        match self.by.as_slice() {
            [] => f.write_str("no rule"),
            [only] => only.fmt(f),
            [first, rest @ ..] => write!(f, "{first} or {} others", rest.len()),
        }
    }
}

impl Proof {
    /// The rules in order, as they stand behind "through".
    pub fn through(&self) -> String {
        let text = |step: &Step| match step.by.as_slice() {
            [By::Rule(rule)] => rule.to_string(),
            _ => step.to_string(),
        };
        self.steps.iter().map(text).collect::<Vec<_>>().join(", ")
    }
}

/// The answer for some paths together, cut into parts that are admitted by the same rules. The parts are disjoint and
/// together what [`Path::sessions`] says of the paths: the certain ones are its lower bound, all of them its upper one.
/// A packet admitted in several ways is told once: by the first path, by the first rule of each layer.
///
/// A path's answer is cut into at most [`MOST_PARTS`] parts for each group of source ports that the layers tell apart.
/// When a layer would cut it further it is left whole there, and its step names all the rules that admit some of it.
pub fn proofs(paths: &[Path]) -> Vec<Proof> {
    let views: Vec<(&Path, Vec<View>)> = paths.iter().map(|path| (path, path.views())).collect();
    let answered: Vec<(&Path, &View, Bounds<PacketSet>)> = views
        .iter()
        .flat_map(|(path, views)| views.iter().map(|view| (*path, view, through_all(&view.layers))))
        .collect();
    let mut proofs: Vec<Proof> = Vec::new();
    let mut told = PacketSet::empty();
    for reading in [Reading::Sure, Reading::Possible] {
        for (path, view, through) in &answered {
            let bound = if reading == Reading::Sure { through.lower() } else { through.upper() };
            let untold = bound.subtract(&told);
            if untold.is_empty() {
                continue;
            }
            told = told.union(&untold);
            for part in parts(&view.layers, untold, reading) {
                proofs.push(Proof {
                    path: Arc::clone(&path.name),
                    packets: part.packets,
                    certain: reading == Reading::Sure,
                    source_ports: view.source_ports.clone(),
                    steps: part.steps,
                });
            }
        }
    }
    proofs
}

/// Which of the possible worlds a proof is about.
///
/// What surely gets through gets through in the world where rules match only what they surely match, so the proof is
/// that world's. What may get through does so in some world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reading {
    Sure,
    Possible,
}

impl Reading {
    fn matches(self, rule: &Rule) -> &PacketSet {
        match self {
            Self::Sure => rule.matches.lower(),
            Self::Possible => rule.matches.upper(),
        }
    }
}

/// Packets with the steps that brought them this far.
#[derive(Clone)]
struct Part {
    packets: PacketSet,
    steps: Vec<Step>,
}

/// Cuts packets by what admits them in each of the layers. Packets that no layer's rule admits are left out.
fn parts(layers: &[Seen], packets: PacketSet, reading: Reading) -> Vec<Part> {
    let mut whole = vec![Part { packets, steps: Vec::new() }];
    for layer in layers {
        let mut cut: Vec<Part> = Vec::new();
        let mut waiting = whole.len();
        for part in whole {
            waiting = waiting.saturating_sub(1);
            let mut pieces = admitted(layer, &part.packets, reading);
            if cut.len() + pieces.len() + waiting > MOST_PARTS {
                pieces = together(pieces);
            }
            cut.extend(pieces.into_iter().map(|piece| {
                let mut steps = part.steps.clone();
                steps.extend(piece.steps);
                Part { packets: piece.packets, steps }
            }));
        }
        whole = cut;
    }
    whole
}

/// One part instead of several, its steps naming everything theirs name.
fn together(pieces: Vec<Part>) -> Vec<Part> {
    if pieces.len() < 2 {
        return pieces;
    }
    let packets = PacketSet::union_all(pieces.iter().map(|piece| &piece.packets));
    let mut steps: Vec<Step> = Vec::new();
    for step in pieces.into_iter().flat_map(|piece| piece.steps) {
        match steps.iter_mut().find(|known| known.layer == step.layer) {
            Some(known) => {
                for by in step.by {
                    if !known.by.contains(&by) {
                        known.by.push(by);
                    }
                }
            }
            None => steps.push(step),
        }
    }
    vec![Part { packets, steps }]
}

/// Cuts packets by what admits them in one layer.
fn admitted(layer: &Seen, packets: &PacketSet, reading: Reading) -> Vec<Part> {
    let mut found = Vec::new();
    let mut looked_at = packets.clone();
    if let Some(concerned) = &layer.concerns {
        let unconcerned = packets.subtract(concerned);
        if !unconcerned.is_empty() {
            found.push(Part { packets: unconcerned, steps: Vec::new() });
        }
        looked_at = packets.intersect(concerned);
    }
    match &layer.rules {
        Rules::Any(rules) => {
            for rule in rules {
                let here = reading.matches(rule).intersect(&looked_at);
                if !here.is_empty() {
                    looked_at = looked_at.subtract(&here);
                    found.push(Part { packets: here, steps: vec![step(layer, By::Rule(rule.id.clone()))] });
                }
            }
        }
        Rules::Ordered(tiers) => {
            for tier in tiers {
                let mut left = Vec::new();
                let reached = looked_at.clone();
                walk(tier, &reached, reading, |by, action, decided| match action {
                    Action::Allow => {
                        let here = decided.intersect(&looked_at);
                        if !here.is_empty() {
                            looked_at = looked_at.subtract(&here);
                            found.push(Part { packets: here, steps: vec![tier_step(tier, by)] });
                        }
                    }
                    Action::Pass => left.push(decided),
                    Action::Deny => {}
                });
                looked_at = looked_at.intersect(&PacketSet::union_all(&left));
            }
        }
        Rules::Ahead(tier, guarded) => {
            let mut ahead = Vec::new();
            walk(tier, &looked_at, reading, |by, action, decided| ahead.push((by, action, decided)));
            for (by, action, decided) in ahead {
                let here = decided.intersect(&looked_at);
                if here.is_empty() || action == Action::Deny {
                    continue;
                }
                let inner = match action {
                    Action::Allow => vec![Part { packets: here, steps: Vec::new() }],
                    Action::Pass | Action::Deny => parts(guarded, here, reading),
                };
                for mut part in inner {
                    looked_at = looked_at.subtract(&part.packets);
                    part.steps.insert(0, tier_step(tier, by.clone()));
                    found.push(part);
                }
            }
        }
    }
    found
}

/// Tells what each rule of a tier decides about the packets that reach it.
fn walk(tier: &Tier, reached: &PacketSet, reading: Reading, mut decides: impl FnMut(By, Action, PacketSet)) {
    let mut undecided = reached.clone();
    for rule in &tier.rules {
        let decided = reading.matches(rule).intersect(&undecided);
        if decided.is_empty() {
            continue;
        }
        undecided = undecided.subtract(rule.matches.lower());
        decides(By::Rule(rule.id.clone()), rule.action, decided);
    }
    if !undecided.is_empty() {
        decides(By::NoRule, tier.default, undecided);
    }
}

fn step(layer: &Seen, by: By) -> Step {
    Step { layer: Arc::clone(&layer.name), by: vec![by] }
}

fn tier_step(tier: &Tier, by: By) -> Step {
    Step { layer: Arc::clone(&tier.name), by: vec![by] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{AddrSet, internet};
    use crate::atoms::{Chain, PortedRule};
    use crate::fix::Change;
    use crate::net::parse_net;
    use crate::packet::Packet;
    use crate::path::{Gate, Layer};
    use crate::print::Printer;
    use crate::protocol::{Protocol, Protocols};
    use crate::route::{Certainty, Route};
    use crate::why::Fate;

    fn tcp(ports: (u16, u16), net: &str) -> PacketSet {
        let sources = AddrSet::from_net(parse_net(net).unwrap());
        PacketSet::of(Protocols::One(Protocol::TCP), &Ports::from_range(ports.0, ports.1), &sources)
    }

    fn ported(id: &str, action: Action, packets: PacketSet, source_ports: (u16, u16)) -> PortedRule {
        let source_ports = Ports::from_range(source_ports.0, source_ports.1);
        PortedRule { id: id.into(), action, matches: Bounds::exact(packets), source_ports }
    }

    /// A machine on AWS as a normalizer would put it.
    fn machine() -> Path {
        let inbound = vec![
            ported("acl-1 in 100", Action::Deny, tcp((22, 22), "203.0.113.128/25"), (0, u16::MAX)),
            ported("acl-1 in 110", Action::Allow, PacketSet::all(), (0, u16::MAX)),
        ];
        let outbound = vec![ported("acl-1 out 100", Action::Allow, PacketSet::all(), (32_768, u16::MAX))];
        let groups = vec![
            Rule::new("sgr-ssh", Action::Allow, Bounds::exact(tcp((22, 22), "203.0.113.0/24"))),
            Rule::new("sgr-kubelet", Action::Allow, Bounds::exact(tcp((10_250, 10_250), "0.0.0.0/0"))),
        ];
        let sources = PacketSet::of(Protocols::Any, &Ports::full(), internet());
        let deny = |rules| Gate::FirstMatch(Chain { rules, default: Action::Deny });
        let route = Route {
            destination: parse_net("0.0.0.0/0").unwrap(),
            target: Certainty::Yes,
            id: "rtb-1 0.0.0.0/0 to igw-1".into(),
            rank: 0,
        };
        let answers = PacketSet::of(Protocols::One(Protocol::TCP), &Ports::full(), &AddrSet::all());
        Path::new(
            "198.51.100.7 on eni-1",
            vec![
                Layer::new("public address", Gate::Fixed { id: "198.51.100.7".into(), passes: Bounds::exact(sources) }),
                Layer::new("routes", Gate::Routes(vec![route])),
                Layer::new("network ACL acl-1, inbound", deny(inbound)),
                Layer::new("network ACL acl-1, answers", deny(outbound)).concerning(answers),
                Layer::new("security groups", Gate::AnyAllow(groups)),
            ],
        )
    }

    #[test]
    fn each_part_of_the_answer_names_a_rule_of_each_layer() {
        let lines = Printer::default().proofs(&proofs(&[machine()]), Protocol::TCP);
        let through = "198.51.100.7, rtb-1 0.0.0.0/0 to igw-1, acl-1 in 110, acl-1 out 100";
        assert_eq!(
            lines,
            [
                format!("22 from 203.0.113.0/25 (128 addresses) through {through}, sgr-ssh"),
                format!("10250 from any IPv4 address through {through}, sgr-kubelet"),
            ]
        );
    }

    #[test]
    fn the_first_layer_that_stops_a_packet_is_named_with_its_rule_or_the_lack_of_one() {
        let why = |source: &str, port| {
            machine().why(Packet { source: source.parse().unwrap(), protocol: Protocol::TCP, port })
        };
        assert_eq!(why("203.0.113.1", 22).fate, Fate::Arrives);
        assert_eq!(why("203.0.113.1", 22).source_ports, Ports::from_range(32_768, u16::MAX));
        assert_eq!(why("203.0.113.200", 22).fate.to_string(), "network ACL acl-1, inbound stops it by acl-1 in 100");
        let nobody = why("192.0.2.1", 22);
        assert_eq!(nobody.fate.to_string(), "security groups stops it: no rule lets it through");
        assert_eq!(nobody.steps.len(), 5);
        assert_eq!(why("2001:db8::1", 22).fate.to_string(), "routes stops it: no rule lets it through");
    }

    #[test]
    fn what_cannot_be_told_says_because_of_what() {
        let vague = Rule::new("pl-1", Action::Allow, Bounds::unknown_within(tcp((22, 22), "0.0.0.0/0")));
        let groups = Layer::new("security groups", Gate::AnyAllow(vec![vague])).unsure("prefix list pl-1 was not read");
        let path = Path::new("eni-1", vec![groups]);
        let packet = Packet { source: "192.0.2.1".parse().unwrap(), protocol: Protocol::TCP, port: 22 };
        let told =
            "it cannot be told: prefix list pl-1 was not read; security groups: it is not known whether pl-1 matches";
        assert_eq!(path.why(packet).fate.to_string(), told);
        let found = proofs(&[path]);
        assert_eq!((found.len(), found[0].certain), (1, false));
        assert_eq!(Printer::default().proofs(&found, Protocol::TCP), ["perhaps 22 from any IPv4 address through pl-1"]);
    }

    #[test]
    fn each_layer_offers_its_smallest_change() {
        let unwanted = tcp((10_250, 10_250), "0.0.0.0/0");
        let fixes = machine().fixes(&unwanted);
        let told: Vec<(&str, &[Change])> = fixes.iter().map(|fix| (&*fix.layer, fix.changes.as_slice())).collect();
        let remove = |rule: &str| Change::Remove { rule: rule.into() };
        let deny = Change::Deny { before: Some("acl-1 in 110".into()), packets: unwanted };
        assert_eq!(
            told,
            [
                ("public address", &[remove("198.51.100.7")][..]),
                ("network ACL acl-1, inbound", &[deny]),
                ("security groups", &[remove("sgr-kubelet")]),
            ]
        );
        assert_eq!(fixes[0].collateral, tcp((22, 22), "203.0.113.0/25"), "without the address ssh is closed too");
        assert!(fixes[1].collateral.is_empty() && fixes[2].collateral.is_empty());
    }

    #[test]
    fn a_rule_that_admits_more_is_narrowed_to_the_rest() {
        let half = tcp((22, 22), "203.0.113.0/26");
        let fixes = machine().fixes(&half);
        let narrowed =
            Change::Narrow { rule: "sgr-ssh".into(), leaves: tcp((22, 22), "203.0.113.0/24").subtract(&half) };
        assert_eq!(fixes.last().unwrap().changes, [narrowed]);
        assert_eq!(machine().fixes(&tcp((443, 443), "0.0.0.0/0")), [], "what is closed needs no fix");
    }

    #[test]
    fn an_answer_in_too_many_parts_is_left_whole_and_names_them_all() {
        let rule = |number: u32| {
            let net = format!("{}.{}.0.0/16", 1 + number / 200, number % 200);
            Rule::new(number.to_string(), Action::Allow, Bounds::exact(tcp((22, 22), &net)))
        };
        let path = Path::new("eni-1", vec![Layer::new("group", Gate::AnyAllow((0..300).map(rule).collect()))]);
        let found = proofs(std::slice::from_ref(&path));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].steps[0].by.len(), 300);
        assert_eq!(found[0].through(), "group: 0 or 299 others");
        assert_eq!(&found[0].packets, path.sessions().any_port.lower());
    }
}
