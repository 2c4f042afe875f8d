//! Why one packet gets through or not, layer by layer.

use std::fmt;
use std::sync::Arc;

use crate::interval::Ports;
use crate::layer::{Rules, Seen};
use crate::packet::Packet;
use crate::path::{Path, Tier};
use crate::proof::{By, Step};
use crate::rule::Action;

/// How one packet fares on a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// The path.
    pub path: Arc<str>,
    /// The source ports it fares so with: those it fares best with.
    pub source_ports: Ports,
    /// What each layer does with it, in order, up to the first that surely stops it.
    pub steps: Vec<Judged>,
    /// What becomes of it.
    pub fate: Fate,
}

/// What one layer does with the packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    /// The layer and what decides there: one rule, or all that may decide when that is not known.
    pub step: Step,
    /// Whether it lets the packet through there.
    pub passes: Passes,
    /// Why that cannot be told, when it cannot.
    pub because: Vec<String>,
}

/// Whether a layer lets a packet through.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Passes {
    /// It surely does not.
    No,
    /// It cannot be told.
    Untold,
    /// It surely does.
    Yes,
}

/// What becomes of a packet on a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It gets through.
    Arrives,
    /// A layer stops it, whatever source port it has; the first that does.
    Stopped(Step),
    /// It cannot be told, for these reasons.
    Untold(Vec<String>),
}

impl Path {
    /// Walks the layers with one packet and tells what each does, in order, with the source ports it fares best with.
    ///
    /// A packet arrives exactly when it is in the lower bound of [`Path::sessions`], and is stopped exactly when it is
    /// not in the upper one.
    pub fn why(&self, packet: Packet) -> Trace {
        let mut best: Option<(Passes, Trace)> = None;
        for view in self.views() {
            let mut steps = Vec::new();
            let passes = judge_all(&view.layers, packet, &mut steps);
            let further = best
                .as_ref()
                .is_none_or(|(known, trace)| passes > *known || (passes == *known && steps.len() > trace.steps.len()));
            if further {
                let fate = fate(passes, &steps);
                let trace = Trace { path: Arc::clone(&self.name), source_ports: view.source_ports, steps, fate };
                best = Some((passes, trace));
            }
        }
        // There is always a view, since the line of source ports is never empty; without one nothing could be told.
        best.map_or_else(
            || Trace {
                path: Arc::clone(&self.name),
                source_ports: Ports::empty(),
                steps: Vec::new(),
                fate: Fate::Untold(Vec::new()),
            },
            |(_, trace)| trace,
        )
    }
}

fn fate(passes: Passes, steps: &[Judged]) -> Fate {
    let stopping = steps.iter().rev().find(|judged| judged.passes == Passes::No);
    match (passes, stopping) {
        (Passes::No, Some(judged)) => Fate::Stopped(judged.step.clone()),
        (Passes::Yes, _) => Fate::Arrives,
        (Passes::Untold | Passes::No, _) => {
            let mut reasons: Vec<String> = Vec::new();
            for reason in steps.iter().filter(|judged| judged.passes == Passes::Untold).flat_map(|one| &one.because) {
                if !reasons.contains(reason) {
                    reasons.push(reason.clone());
                }
            }
            Fate::Untold(reasons)
        }
    }
}

fn judge_all(layers: &[Seen], packet: Packet, steps: &mut Vec<Judged>) -> Passes {
    let mut passes = Passes::Yes;
    for layer in layers {
        passes = passes.min(judge(layer, packet, steps));
        if passes == Passes::No {
            break;
        }
    }
    passes
}

fn judge(layer: &Seen, packet: Packet, steps: &mut Vec<Judged>) -> Passes {
    if layer.concerns.as_ref().is_some_and(|concerned| !concerned.contains(packet)) {
        return Passes::Yes;
    }
    match &layer.rules {
        Rules::Any(rules) => {
            let fate = |by, action, sure| Possible { by, action, sure };
            let surely = rules.iter().find(|rule| rule.matches.lower().contains(packet));
            let possible = if let Some(rule) = surely {
                vec![fate(By::Rule(rule.id.clone()), Action::Allow, true)]
            } else {
                let maybe = rules.iter().filter(|rule| rule.matches.upper().contains(packet));
                let mut possible: Vec<_> =
                    maybe.map(|rule| fate(By::Rule(rule.id.clone()), Action::Allow, false)).collect();
                possible.push(fate(By::NoRule, Action::Deny, true));
                possible
            };
            conclude(&layer.name, &layer.unsure, &possible, steps)
        }
        Rules::Ordered(tiers) => {
            let mut ended = Vec::new();
            for tier in tiers {
                let here = possible(tier, packet);
                let (left, here): (Vec<_>, Vec<_>) = here.into_iter().partition(|one| one.action == Action::Pass);
                if here.is_empty() {
                    let by = left.into_iter().map(|one| one.by).collect();
                    let step = Step { layer: Arc::clone(&tier.name), by };
                    steps.push(Judged { step, passes: Passes::Yes, because: Vec::new() });
                    continue;
                }
                ended.extend(here);
                if left.is_empty() {
                    return conclude(&tier.name, &layer.unsure, &ended, steps);
                }
            }
            // What passes the last tier is denied.
            ended.push(Possible { by: By::NoRule, action: Action::Deny, sure: true });
            conclude(&layer.name, &layer.unsure, &ended, steps)
        }
        Rules::Ahead(tier, guarded) => {
            let possible = possible(tier, packet);
            let left = possible.iter().any(|one| one.action == Action::Pass);
            let others: Vec<Possible> = possible.iter().filter(|one| one.action != Action::Pass).cloned().collect();
            if !left {
                return conclude(&tier.name, &layer.unsure, &others, steps);
            }
            let here = Judged {
                step: Step { layer: Arc::clone(&tier.name), by: possible.iter().map(|one| one.by.clone()).collect() },
                passes: if others.is_empty() { Passes::Yes } else { Passes::Untold },
                because: if others.is_empty() { Vec::new() } else { reasons(&tier.name, &layer.unsure, &possible) },
            };
            let (skips, stops) = (
                others.iter().any(|one| one.action == Action::Allow),
                others.iter().any(|one| one.action == Action::Deny),
            );
            steps.push(here);
            let place = steps.len() - 1;
            let inside = judge_all(guarded, packet, steps);
            let passes = match (skips, stops, inside) {
                (_, false, Passes::Yes) => Passes::Yes,
                (false, _, Passes::No) => Passes::No,
                _ => Passes::Untold,
            };
            // Whether it was skipped or left makes no difference when both end alike.
            if let Some(judged) = steps.get_mut(place)
                && passes != Passes::Untold
            {
                judged.passes = if others.is_empty() || passes == Passes::Yes { Passes::Yes } else { Passes::No };
                judged.because.clear();
            }
            if passes == Passes::Untold && inside == Passes::No {
                // The guarded layer stops it only if it gets there.
                for judged in steps.iter_mut().skip(place).filter(|judged| judged.passes == Passes::No) {
                    judged.passes = Passes::Untold;
                }
            }
            passes
        }
    }
}

/// Something that may happen to the packet in a filter.
#[derive(Clone)]
struct Possible {
    by: By,
    action: Action,
    /// Whether the rule is known to match.
    sure: bool,
}

/// All that may happen to a packet in a tier, in order; the last of it is what happens if nothing before it does.
fn possible(tier: &Tier, packet: Packet) -> Vec<Possible> {
    let mut possible = Vec::new();
    for rule in &tier.rules {
        let sure = rule.matches.lower().contains(packet);
        if sure || rule.matches.upper().contains(packet) {
            possible.push(Possible { by: By::Rule(rule.id.clone()), action: rule.action, sure });
        }
        if sure {
            return possible;
        }
    }
    possible.push(Possible { by: By::NoRule, action: tier.default, sure: true });
    possible
}

/// Adds the step for what may happen, and says whether the packet passes. The last possibility decides for the reader
/// when all agree, since it is the one that surely matches.
fn conclude(name: &Arc<str>, unsure: &[String], possible: &[Possible], steps: &mut Vec<Judged>) -> Passes {
    let allows = possible.iter().any(|one| one.action == Action::Allow);
    let stops = possible.iter().any(|one| one.action != Action::Allow);
    let passes = match (allows, stops) {
        (true, false) => Passes::Yes,
        (true, true) => Passes::Untold,
        (false, _) => Passes::No,
    };
    let by = match passes {
        Passes::Untold => possible.iter().map(|one| one.by.clone()).collect(),
        Passes::Yes | Passes::No => possible.last().map(|one| one.by.clone()).into_iter().collect(),
    };
    let because = if passes == Passes::Untold { reasons(name, unsure, possible) } else { Vec::new() };
    steps.push(Judged { step: Step { layer: Arc::clone(name), by }, passes, because });
    passes
}

fn reasons(name: &Arc<str>, unsure: &[String], possible: &[Possible]) -> Vec<String> {
    let doubtful = possible.iter().filter(|one| !one.sure);
    let rules = doubtful.map(|one| format!("{name}: it is not known whether {} matches", one.by));
    unsure.iter().cloned().chain(rules).collect()
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arrives => f.write_str("it gets through"),
            Self::Stopped(step) => match step.by.as_slice() {
                [By::Rule(rule)] => write!(f, "{} stops it by {rule}", step.layer),
                _ => write!(f, "{} stops it: no rule lets it through", step.layer),
            },
            Self::Untold(reasons) => write!(f, "it cannot be told: {}", reasons.join("; ")),
        }
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.passes {
            Passes::No => "stops it",
            Passes::Untold => "may stop it",
            Passes::Yes => "lets it through",
        };
        write!(f, "{} ({word})", self.step)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.path, self.fate)?;
        for judged in &self.steps {
            writeln!(f, "  {judged}")?;
        }
        Ok(())
    }
}
