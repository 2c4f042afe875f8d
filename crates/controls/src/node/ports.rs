//! Ports of machines that nobody on the internet may reach, and who does. Shared by ND-02, ND-03 and ND-07.

use crate::node::{has_public_addresses, probes::probes};
use crate::quoted::quoted;
use palisade_engine::{Severity, Verdict};
use palisade_model::{Exposure, Gap, NodeId, Pool, Provider};
use palisade_reach::{
    Action, AddrSet, Bounds, By, Gate, Layer, PacketSet, Ports, Printer, Protocol, Protocols, RuleId, Step, ports,
    proofs,
};
use std::collections::BTreeSet;

/// Ports of one purpose.
#[derive(Clone, Copy)]
pub(super) struct Watched {
    /// TCP or UDP.
    pub(super) protocol: Protocol,
    /// First and last port of each range.
    pub(super) ranges: &'static [(u16, u16)],
    /// Whether the provider's load balancers probe them: their addresses are let in by design.
    pub(super) probed: bool,
    /// How bad it is when the internet reaches them.
    pub(super) severity: Severity,
}

/// ND-02's ports: SSH and remote desktop.
pub(super) const ADMINISTRATION: &[Watched] = &[Watched {
    protocol: Protocol::TCP,
    ranges: &[(22, 22), (3389, 3389)],
    probed: false,
    severity: Severity::Critical,
}];

/// ND-03's ports: etcd, API server, kube-proxy, kubelet, controller manager, scheduler and node ports.
pub(super) const CLUSTER: &[Watched] = &[
    Watched {
        protocol: Protocol::TCP,
        ranges: &[(2379, 2380), (6443, 6443), (10249, 10250), (10255, 10255), (10257, 10257), (10259, 10259)],
        probed: false,
        severity: Severity::Critical,
    },
    Watched { protocol: Protocol::TCP, ranges: &[(10256, 10256)], probed: true, severity: Severity::Critical },
    Watched { protocol: Protocol::TCP, ranges: &[(30000, 32767)], probed: true, severity: Severity::High },
    Watched { protocol: Protocol::UDP, ranges: &[(30000, 32767)], probed: true, severity: Severity::High },
];

/// Judges what the internet reaches of the watched ports of a pool's machines. The worst exposure decides.
pub(super) fn judge(provider: Provider, pool: &Pool, watched: &[Watched]) -> Result<Verdict, Gap> {
    let exposures = pool.exposure.get()?;
    let name = &pool.name;
    let views: Vec<View<'_>> = views(exposures, provider, watched).collect();

    let open: Vec<&View<'_>> = views.iter().filter(|view| !view.open.lower().is_empty()).collect();
    if !open.is_empty() {
        let (severity, why) = grade(pool, watched, open.iter().map(|view| view.open.lower()));
        let said = sentence(open.iter().map(|view| view.reached()));
        let brief = sentence(open.iter().map(|view| view.reached_in_brief()));
        return Ok(Verdict::fail(format!("pool `{name}` answers {said}{why}"))
            .in_brief(format!("pool `{name}` answers {brief}{why}"))
            .severity(severity)
            .seen_in(&pool.exposure)
            .seen_in(&pool.public_addresses));
    }

    let undecided: Vec<&View<'_>> = views.iter().filter(|view| !view.open.upper().is_empty()).collect();
    if !undecided.is_empty() {
        let said = sentence(undecided.iter().map(|view| view.perhaps()));
        return Err(Gap::Unsettled { what: format!("pool `{name}` may answer {said}") });
    }

    // One machine proves that something is open; that nothing is needs every machine of the pool.
    let nodes = pool.nodes.get()?;
    let looked_at: BTreeSet<&NodeId> = exposures.iter().flat_map(|exposure| &exposure.nodes).collect();
    let others = quoted(nodes.iter().map(|node| &node.id).filter(|id| !looked_at.contains(id)));
    if !others.is_empty() {
        return Err(Gap::Unsettled { what: format!("pool `{name}`: who reaches {others} was not computed") });
    }
    if nodes.is_empty() && exposures.is_empty() {
        let because = format!("pool `{name}` has no machine now");
        return Ok(Verdict::not_applicable(because).seen_in(&pool.nodes).seen_in(&pool.exposure));
    }

    let shut: Vec<(&View<'_>, String)> = views.iter().filter_map(|view| Some((view, view.shut()?))).collect();
    if !shut.is_empty() {
        let (severity, why) = grade(pool, watched, shut.iter().map(|(view, _)| view.without_mitigation()));
        let said = sentence(shut.into_iter().map(|(_, said)| said));
        return Ok(Verdict::mitigated(format!("pool `{name}` would answer {said}{why}"))
            .severity(severity)
            .seen_in(&pool.nodes)
            .seen_in(&pool.exposure)
            .seen_in(&pool.public_addresses));
    }
    let because = format!("no address of the internet reaches {} of pool `{name}`", listed(watched));
    Ok(Verdict::pass(because).seen_in(&pool.nodes).seen_in(&pool.exposure))
}

/// The packets that nobody outside should get through to a machine, by ND-02 and ND-03.
pub fn unwelcome(provider: Provider, exposure: &Exposure) -> PacketSet {
    let watched = ADMINISTRATION.iter().chain(CLUSTER).copied().collect::<Vec<_>>();
    View::new(exposure, provider, &watched).asked
}

/// Whether the internet surely reaches a watched port of the pool.
pub(super) fn is_open(provider: Provider, pool: &Pool, watched: &[Watched]) -> Result<bool, Gap> {
    let exposures = pool.exposure.get()?;
    Ok(views(exposures, provider, watched).any(|view| !view.open.lower().is_empty()))
}

/// The exposures about which there is something to say: most machines are reached by nobody and cost nothing.
fn views<'a>(exposures: &'a [Exposure], provider: Provider, watched: &'a [Watched]) -> impl Iterator<Item = View<'a>> {
    exposures
        .iter()
        .filter(|exposure| !exposure.internet.upper().is_empty() || exposure.mitigation.is_some())
        .map(move |exposure| View::new(exposure, provider, watched))
}

/// What one exposure means for the watched ports.
struct View<'a> {
    exposure: &'a Exposure,
    /// The watched packets from outside.
    asked: PacketSet,
    /// Those of them that get there.
    open: Bounds<PacketSet>,
    printer: Printer,
    probes: AddrSet,
}

impl<'a> View<'a> {
    fn new(exposure: &'a Exposure, provider: Provider, watched: &[Watched]) -> Self {
        let outside = AddrSet::any_outside(&exposure.local);
        let probes = probes(provider);
        let strangers = outside.subtract(&probes);
        let asked: Vec<PacketSet> =
            watched.iter().map(|group| group.packets(if group.probed { &strangers } else { &outside })).collect();
        let asked = PacketSet::union_all(&asked);
        let open = exposure.internet.map(|packets| packets.intersect(&asked));
        Self { exposure, asked, open, printer: Printer::new(exposure.local.union(&probes)), probes }
    }

    /// What surely gets there, which machines it meets and which rules let it in.
    fn reached(&self) -> String {
        let ordinary = self.exposure.ordinary.upper().intersect(&self.asked);
        let trick = if ordinary.is_empty() { ", but only clients that pick a source port below 1024" } else { "" };
        let by = self.admitting(self.open.lower());
        format!("{}{}{trick}{by}", self.packets(self.open.lower()), self.machines())
    }

    /// The same with the one rule a reader would look at first: that of the last filter, which stands at the machine.
    fn reached_in_brief(&self) -> String {
        let lower = self.open.lower();
        let by = self.rules(lower).pop().map_or_else(String::new, |(rules, _)| format!(", let in by {rules}"));
        format!("{}{}{by}", self.packets(lower), self.machines())
    }

    fn perhaps(&self) -> String {
        let why = if self.exposure.limits.is_empty() {
            String::new()
        } else {
            let mut limits = self.exposure.limits.clone();
            limits.sort_unstable();
            limits.dedup();
            format!("; not settled because of: {}", limits.join("; "))
        };
        format!("{}{}{why}", self.packets(self.open.upper()), self.machines())
    }

    /// What a verified setting keeps away although the rules would let it in.
    fn shut(&self) -> Option<String> {
        let mitigation = self.exposure.mitigation.as_ref()?;
        let without = self.without_mitigation();
        (!without.is_empty())
            .then(|| format!("{}{} without {}", self.packets(&without), self.machines(), quoted([&mitigation.by])))
    }

    fn without_mitigation(&self) -> PacketSet {
        self.exposure
            .mitigation
            .as_ref()
            .map_or_else(PacketSet::empty, |mitigation| mitigation.without.lower().intersect(&self.asked))
    }

    /// Strangers by port. The provider's probes are named only where nobody else is: they would split every line.
    fn packets(&self, packets: &PacketSet) -> String {
        let strangers = packets.restrict_sources(&self.probes.complement());
        let packets = if strangers.is_empty() { packets } else { &strangers };
        let of = |protocol: Protocol| {
            self.printer.packets(packets, protocol).into_iter().map(move |line| format!("{protocol} {line}"))
        };
        [Protocol::TCP, Protocol::UDP].into_iter().flat_map(of).collect::<Vec<_>>().join(" and ")
    }

    fn machines(&self) -> String {
        if self.exposure.nodes.is_empty() { String::new() } else { format!(" on {}", quoted(&self.exposure.nodes)) }
    }

    /// The rules of each layer that let in some of the packets.
    fn admitting(&self, packets: &PacketSet) -> String {
        let said = |(rules, layer): (String, &str)| format!("{rules} of `{layer}`");
        let layers: Vec<String> = self.rules(packets).into_iter().map(said).collect();
        if layers.is_empty() { String::new() } else { format!(", let in by {}", layers.join(", ")) }
    }

    fn rules(&self, packets: &PacketSet) -> Vec<(String, &str)> {
        if self.exposure.layers.is_empty() {
            return self.rules_of_ways(packets);
        }
        let rules_of = |layer: &'a palisade_model::Layer| {
            let admitting = layer
                .hits
                .iter()
                .filter(|hit| hit.action == Action::Allow && !hit.packets.intersect(packets).is_empty());
            let rules = quoted(admitting.map(|hit| &hit.rule));
            (!rules.is_empty()).then_some((rules, layer.name.as_str()))
        };
        self.exposure.layers.iter().filter_map(rules_of).collect()
    }

    /// The same out of the ways in: what the filters on them say of the packets, in the order in which they are met.
    fn rules_of_ways(&self, packets: &PacketSet) -> Vec<(String, &str)> {
        let proofs = proofs(&self.exposure.paths);
        let steps: Vec<&Step> = proofs
            .iter()
            .filter(|proof| !proof.packets.intersect(packets).is_empty())
            .flat_map(|proof| &proof.steps)
            .collect();
        let mut found: Vec<(String, &str)> = Vec::new();
        for name in self.exposure.paths.iter().flat_map(|path| &path.layers).flat_map(filters) {
            let here = steps.iter().filter(|step| *step.layer == *name).flat_map(|step| &step.by);
            let rules = here.filter_map(|by| match by {
                By::Rule(rule) => Some(rule),
                By::NoRule => None,
            });
            let rules: BTreeSet<&RuleId> = rules.collect();
            if !rules.is_empty() && !found.iter().any(|(_, known)| *known == name) {
                found.push((quoted(rules), name));
            }
        }
        found
    }
}

/// The names of the filters a layer is made of. Facts about the way, routes and filters of answers are none.
fn filters(layer: &Layer) -> Vec<&str> {
    match &layer.gate {
        Gate::Tiers(tiers) => tiers.iter().map(|tier| &*tier.name).collect(),
        Gate::FirstMatch(_) if layer.concerns.is_some() => Vec::new(),
        Gate::FirstMatch(_) | Gate::AnyAllow(_) => vec![&*layer.name],
        Gate::Ahead { guarded, .. } => std::iter::once(&*layer.name).chain(guarded.iter().flat_map(filters)).collect(),
        Gate::Fixed { .. } | Gate::Routes(_) => Vec::new(),
    }
}

impl Watched {
    fn packets(&self, sources: &AddrSet) -> PacketSet {
        PacketSet::of(Protocols::One(self.protocol), &self.ports(), sources)
    }

    fn ports(&self) -> Ports {
        Ports::from_ranges(self.ranges.iter().copied())
    }
}

/// The severity of the worst port that is reached, at most high where machines surely have no public address; and a
/// word on it when that is not known.
fn grade<P: std::borrow::Borrow<PacketSet>>(
    pool: &Pool,
    watched: &[Watched],
    reached: impl Iterator<Item = P>,
) -> (Severity, &'static str) {
    let reached: Vec<P> = reached.collect();
    let is_reached = |group: &&Watched| {
        let everyone = group.packets(&AddrSet::all());
        reached.iter().any(|packets| !packets.borrow().intersect(&everyone).is_empty())
    };
    let worst = watched.iter().filter(is_reached).map(|group| group.severity).max().unwrap_or(Severity::High);
    match has_public_addresses(pool) {
        Ok(true) => (worst, ""),
        Ok(false) => (worst.min(Severity::High), "; its machines have no public address of their own"),
        Err(_) => (worst, "; whether its machines have public addresses is not known"),
    }
}

/// Some exposures in one sentence: each once, the first three, in an order that the provider's answers do not change.
fn sentence(parts: impl Iterator<Item = String>) -> String {
    let mut parts: Vec<String> = parts.collect();
    parts.sort_unstable();
    parts.dedup();
    let more = parts.len().saturating_sub(3);
    parts.truncate(3);
    let said = parts.join("; and ");
    if more == 0 { said } else { format!("{said}; and {more} more") }
}

fn listed(watched: &[Watched]) -> String {
    let of = |protocol: Protocol| {
        let all = watched.iter().filter(|group| group.protocol == protocol);
        let all = all.fold(Ports::empty(), |all, group| all.union(&group.ports()));
        (!all.is_empty()).then(|| format!("{protocol} {}", ports(&all)))
    };
    [Protocol::TCP, Protocol::UDP].into_iter().filter_map(of).collect::<Vec<_>>().join(" and ")
}
