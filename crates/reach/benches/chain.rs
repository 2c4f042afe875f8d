//! How long a filter of random rules takes: `cargo bench -p palisade-reach`.
//!
//! Prefixes from /8 to /32 over the whole IPv4 space, random port ranges, TCP and UDP, two allow rules for a deny rule:
//! far more tangled than any rule list a person keeps.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement reads the clock and prints")]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use palisade_reach::{
    Action, AddrSet, Bounds, Chain, Gate, Layer, Packet, PacketSet, Path, PortedRule, Ports, Proof, Protocol,
    Protocols, Rule, any_allow, first_match, parse_net, proofs,
};

fn main() {
    for count in [10, 50, 200, 1_000, 4_000] {
        let exact = rules(count, false);
        let vague = rules(count, true);
        let outcome = first_match(&exact, Action::Deny);
        let cells = outcome.allowed.upper().cells().count();
        let intervals: usize = outcome.allowed.upper().cells().map(|cell| cell.sources.v4.intervals().len()).sum();
        println!(
            "{count:>5} rules: first match {:>9.3} ms, with a tenth vague {:>9.3} ms, any allow {:>8.3} ms, {cells} cells, {intervals} intervals",
            millis(|| first_match(&exact, Action::Deny)),
            millis(|| first_match(&vague, Action::Deny)),
            millis(|| any_allow(&exact)),
        );
    }
    let long = path(1_000, 0);
    println!(
        "a path with a list and a group of 1,000 each: answer {:.1} ms, proofs {:.1} ms in {} parts",
        millis(|| long.sessions()),
        millis(|| proofs(std::slice::from_ref(&long))),
        proofs(std::slice::from_ref(&long)).len(),
    );
    println!("why one packet gets through it: {:.2} ms", millis(|| long.why(packet())));
    println!("10,000 machines of 50 kinds, answers and proofs: {:.1} ms, {}", millis(fleet), memory());
    println!("a group of 10, lists that allow all: {:.3} ms", millis(usual_interface));
    println!("a security group of 60, an inbound and an outbound list of 20: {:.3} ms", millis(one_interface));
}

/// A path as a machine has it: a list, a group, and a list for the answers.
fn path(count: u32, kind: u32) -> Path {
    let ported = |rules: Vec<Rule>| {
        let ported = |rule: Rule| PortedRule {
            id: rule.id,
            action: rule.action,
            matches: rule.matches,
            source_ports: Ports::full(),
        };
        Gate::FirstMatch(Chain { rules: rules.into_iter().map(ported).collect(), default: Action::Deny })
    };
    let list = rules(count, false).into_iter().skip(usize::try_from(kind % 7).unwrap_or_default()).collect();
    let group = rules(count, kind.is_multiple_of(5)).into_iter().map(|rule| Rule { action: Action::Allow, ..rule });
    let everything = vec![Rule::new("out", Action::Allow, Bounds::exact(PacketSet::all()))];
    Path::new(
        format!("machine of kind {kind}"),
        vec![
            Layer::new("list", ported(list)),
            Layer::new("group", Gate::AnyAllow(group.collect())),
            Layer::new("answers", ported(everything)),
        ],
    )
}

fn packet() -> Packet {
    Packet { source: std::net::Ipv4Addr::new(203, 0, 113, 9).into(), protocol: Protocol::TCP, port: 22 }
}

/// Ten thousand machines, each with the number of its kind: the answer of a kind is computed once and shared.
fn fleet() -> usize {
    let mut known: HashMap<u32, Arc<Vec<Proof>>> = HashMap::new();
    let machines: Vec<Arc<Vec<Proof>>> = (0..10_000_u32)
        .map(|machine| {
            let kind = machine * 31 % 50;
            Arc::clone(known.entry(kind).or_insert_with(|| Arc::new(proofs(&[path(60, kind)]))))
        })
        .collect();
    machines.iter().map(|machine| machine.len()).sum()
}

/// The most memory the process had, where the system says so.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "memory unknown".to_owned(), |peak| format!("peak memory of the whole run {}", peak.trim()))
}

/// What one network interface costs: two ordered filters, one group, and their intersection.
fn one_interface() -> Bounds<PacketSet> {
    let inbound = first_match(&rules(20, false), Action::Deny).allowed;
    let outbound = first_match(&rules(20, true), Action::Deny).allowed;
    let group = any_allow(&rules(60, false)).allowed;
    let answered = outbound.map(|packets| packets.sources_over(Protocol::TCP, &Ports::full()));
    let reach = answered.map(|clients| PacketSet::of(Protocols::Any, &Ports::full(), clients));
    inbound.intersect(&group).intersect(&reach)
}

/// What a usual interface costs: everything through both ordered filters, a group of ten prefixes and ports.
fn usual_interface() -> Bounds<PacketSet> {
    let everything = || [Rule::new("100", Action::Allow, Bounds::exact(PacketSet::all()))];
    let inbound = first_match(&everything(), Action::Deny).allowed;
    let outbound = first_match(&everything(), Action::Deny).allowed;
    let group = any_allow(&rules(10, false)).allowed;
    let answered = outbound.map(|packets| packets.sources_over(Protocol::TCP, &Ports::full()));
    let reach = answered.map(|clients| PacketSet::of(Protocols::Any, &Ports::full(), clients));
    inbound.intersect(&group).intersect(&reach)
}

/// The best of several runs, which on a shared machine is the one disturbed least.
fn millis<T>(run: impl Fn() -> T) -> f64 {
    let once = || {
        let start = Instant::now();
        black_box(run());
        start.elapsed().as_secs_f64() * 1_000.0
    };
    (0..7).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn rules(count: u32, with_vague: bool) -> Vec<Rule> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |limit: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % limit
    };
    let mut rule = |number: u32| {
        let [a, b, c, d] = [(); 4].map(|()| below(256));
        let net = parse_net(&format!("{a}.{b}.{c}.{d}/{}", 8 + below(25))).map(AddrSet::from_net).unwrap_or_default();
        let port = u16::try_from(below(65_000)).unwrap_or_default();
        let ports = Ports::from_range(port, port.saturating_add(u16::try_from(below(8_000)).unwrap_or_default()));
        let protocol = if below(3) == 0 { Protocol::UDP } else { Protocol::TCP };
        let action = if below(3) == 0 { Action::Deny } else { Action::Allow };
        let matches = PacketSet::of(Protocols::One(protocol), &ports, &net);
        let vague = with_vague && number.is_multiple_of(10);
        let matches = if vague { Bounds::unknown_within(matches) } else { Bounds::exact(matches) };
        Rule::new(number.to_string(), action, matches)
    };
    (0..count).map(&mut rule).collect()
}
