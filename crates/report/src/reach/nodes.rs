//! Who reaches the machines, with proof.

use super::{PROTOCOLS, below};
use crate::paint::Pen;
use palisade_model::Exposure;
use palisade_reach::{
    Action, AddrSet, Bounds, Family, IntervalSet, PacketSet, Ports, Printer, Proof, Protocol, Protocols, ports, proofs,
};
use std::collections::BTreeSet;

pub(super) fn who(exposure: &Exposure, port: Option<u16>, pen: Pen, text: &mut String) {
    let lines = lines(exposure, port);
    for line in &lines {
        below(pen, text, line);
    }
    if lines.is_empty() {
        let what = port.map_or_else(String::new, |port| format!(" on port {port}"));
        below(pen, text, &format!("nobody from outside{what}"));
    }
    if let Some(mitigation) = &exposure.mitigation {
        below(pen, text, &format!("closed by {}", mitigation.by));
    }
    let asked = asked(exposure, port);
    let is_exact = exposure.internet.map(|packets| packets.intersect(&asked)).is_exact();
    let told: BTreeSet<&String> = exposure.limits.iter().filter(|_| !is_exact).collect();
    for limit in told {
        below(pen, text, &format!("because: {limit}"));
    }
}

/// One line for each distinct answer.
pub(super) fn lines(exposure: &Exposure, port: Option<u16>) -> Vec<String> {
    let asked = asked(exposure, port);
    let mut lines = if exposure.paths.is_empty() { by_layers(exposure, &asked) } else { by_proofs(exposure, &asked) };
    let all = exposure.internet.upper().intersect(&asked);
    let ordinary = exposure.ordinary.upper().intersect(&asked);
    let tricks = all.subtract(&ordinary);
    let printer = Printer::new(exposure.local.clone());
    for protocol in PROTOCOLS {
        for line in printer.packets(&tricks, protocol) {
            lines.push(format!("only clients with a source port below 1024, no ordinary clients: {protocol}/{line}"));
        }
    }
    lines
}

/// What the parts of an exposure prove, cut to what is asked about.
pub(super) fn proven(exposure: &Exposure, port: Option<u16>) -> Vec<Proof> {
    let asked = asked(exposure, port);
    proofs(&exposure.paths)
        .into_iter()
        .map(|proof| Proof { packets: proof.packets.intersect(&asked), ..proof })
        .filter(|proof| !proof.packets.is_empty())
        .collect()
}

fn by_proofs(exposure: &Exposure, asked: &PacketSet) -> Vec<String> {
    let printer = Printer::new(exposure.local.clone());
    let mut found = proofs(&exposure.paths);
    let mut lines = Vec::new();
    for proof in &mut found {
        proof.packets = proof.packets.intersect(asked);
    }
    // What a setting closes is proven by the rules and does not get there.
    let closed = exposure.mitigation.is_some();
    for protocol in PROTOCOLS {
        let open: Vec<Proof> = found
            .iter()
            .map(|proof| {
                let packets =
                    if closed { proof.packets.intersect(exposure.internet.upper()) } else { proof.packets.clone() };
                Proof { packets, ..proof.clone() }
            })
            .filter(|proof| !proof.packets.is_empty())
            .collect();
        for line in printer.proofs(&open, protocol) {
            let (maybe, line) = match line.strip_prefix("perhaps ") {
                Some(line) => ("perhaps ", line.to_owned()),
                None => ("", line),
            };
            let line = match line.split_once(" from ") {
                Some((group, rest)) => format!("{protocol}/{group} {maybe}reachable from {rest}"),
                None => format!("{protocol}/{line}"),
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    // What is not part of any way that was written down is told all the same.
    let proven = PacketSet::union_all(found.iter().map(|proof| &proof.packets));
    lines.extend(by_layers(exposure, &asked.subtract(&proven)));
    lines
}

/// The same from the rules of each layer alone, while nobody has said which way each packet takes.
fn by_layers(exposure: &Exposure, asked: &PacketSet) -> Vec<String> {
    let printer = Printer::new(exposure.local.clone());
    let internet = exposure.internet.map(|packets| packets.intersect(asked));
    let mut lines = Vec::new();
    for protocol in PROTOCOLS {
        for (group, _) in internet.upper().ports_by_sources(protocol) {
            let sources = |set: &PacketSet| -> AddrSet {
                let (first, _) = group.intervals().first().copied().unwrap_or((0, 0));
                set.sources(protocol, first)
            };
            let bounds = Bounds::between(sources(internet.lower()), sources(internet.upper()));
            let why = match (bounds.is_exact(), exposure.limits.first()) {
                (false, Some(limit)) => format!(" because {limit}"),
                _ => String::new(),
            };
            lines.push(format!(
                "{protocol}/{} reachable from {}{why} through {}",
                ports(&group),
                counted(printer.bounds(&bounds), &bounds),
                through(exposure, protocol, &group)
            ));
        }
    }
    lines
}

/// A list says how many addresses it holds; "any address" and a summary say it already.
fn counted(text: String, bounds: &Bounds<AddrSet>) -> String {
    let count = Family::ALL.into_iter().map(|family| bounds.upper().count(family)).fold(0, u128::saturating_add);
    let says_it = text.starts_with("any ") || text.contains(" any ") || text.contains("addresses");
    if !bounds.is_exact() || says_it || !(2..=u128::from(u32::MAX)).contains(&count) {
        return text;
    }
    format!("{text} ({count} addresses)")
}

fn asked(exposure: &Exposure, port: Option<u16>) -> PacketSet {
    let ports = port.map_or_else(IntervalSet::full, |port| IntervalSet::from_range(port, port));
    PacketSet::of(Protocols::Any, &ports, &AddrSet::any_outside(&exposure.local))
}

/// The rules of each layer that admit something to these ports.
fn through(exposure: &Exposure, protocol: Protocol, ports: &Ports) -> String {
    let mut rules: Vec<String> = Vec::new();
    for hit in exposure.layers.iter().flat_map(|layer| &layer.hits) {
        let admits = hit.action == Action::Allow && !hit.packets.restrict_ports(protocol, ports).is_empty();
        let rule = hit.rule.to_string();
        if admits && !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    if rules.is_empty() { "settings without rules".to_owned() } else { rules.join(", ") }
}
