//! A layer as seen with one source port: what is left of it is rules that look at the packet alone.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::address::AddrSet;
use crate::bounds::Bounds;
use crate::filter::{any_allow, first_match, tiers};
use crate::interval::Ports;
use crate::packet::PacketSet;
use crate::path::{Gate, Layer, Tier};
use crate::protocol::Protocols;
use crate::route::{Certainty, Route, leading};
use crate::rule::{Action, Rule};

/// A layer without source ports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    pub(crate) name: Arc<str>,
    pub(crate) concerns: Option<PacketSet>,
    pub(crate) unsure: Vec<String>,
    pub(crate) rules: Rules,
}

/// The three shapes every gate comes down to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Rules {
    /// In each tier the first match decides.
    Ordered(Vec<Tier>),
    /// One that admits is enough.
    Any(Vec<Rule>),
    /// Allow skips the guarded layers, pass leaves the packet to them.
    Ahead(Tier, Vec<Seen>),
}

impl Seen {
    pub(crate) fn new(layer: &Layer, atom: (u16, u16)) -> Self {
        let tier = |rules, default| Tier { name: Arc::clone(&layer.name), rules, default };
        let rules = match &layer.gate {
            Gate::Fixed { id, passes } => Rules::Any(vec![Rule::new(id.clone(), Action::Allow, passes.clone())]),
            Gate::FirstMatch(chain) => {
                let rules = chain.rules.iter().filter_map(|rule| rule.in_atom(atom)).collect();
                Rules::Ordered(vec![tier(rules, chain.default)])
            }
            Gate::AnyAllow(rules) => {
                Rules::Any(rules.iter().filter(|rule| rule.action == Action::Allow).cloned().collect())
            }
            Gate::Tiers(tiers) => Rules::Ordered(tiers.clone()),
            Gate::Ahead { rules, guarded } => {
                let ahead = rules.rules.iter().filter_map(|rule| rule.in_atom(atom)).collect();
                Rules::Ahead(tier(ahead, rules.default), guarded.iter().map(|layer| Self::new(layer, atom)).collect())
            }
            Gate::Routes(routes) => Rules::Ordered(vec![tier(route_rules(routes), Action::Deny)]),
        };
        Self { name: Arc::clone(&layer.name), concerns: layer.concerns.clone(), unsure: layer.unsure.clone(), rules }
    }

    /// What it lets through, packets it does not look at included.
    pub(crate) fn through(&self) -> Bounds<PacketSet> {
        let admitted = match &self.rules {
            Rules::Ordered(filters) => {
                let filters: Vec<_> = filters.iter().map(|tier| (tier.rules.clone(), tier.default)).collect();
                tiers(&filters).allowed
            }
            Rules::Any(rules) => any_allow(rules).allowed,
            Rules::Ahead(tier, guarded) => {
                let outcome = first_match(&tier.rules, tier.default);
                let inside = through_all(guarded);
                // A packet that is either allowed here or left to layers that surely admit it surely gets through.
                let may_fail = outcome.denied.upper().union(&outcome.passed.upper().subtract(inside.lower()));
                let upper = outcome.allowed.upper().union(&outcome.passed.upper().intersect(inside.upper()));
                Bounds::between(PacketSet::all().subtract(&may_fail), upper)
            }
        };
        match &self.concerns {
            None => admitted,
            Some(concerned) => admitted.union(&Bounds::exact(concerned.complement())),
        }
    }
}

/// What gets through all of some layers.
pub(crate) fn through_all(layers: &[Seen]) -> Bounds<PacketSet> {
    layers.iter().fold(Bounds::exact(PacketSet::all()), |through, layer| through.intersect(&layer.through()))
}

/// Longest prefix match as an ordered filter: the longest prefix comes first. Where routes share the traffic and
/// disagree, or a target is in doubt, the prefix may let through and may not.
fn route_rules(routes: &[Route<Certainty>]) -> Vec<Rule> {
    let mut prefixes: Vec<_> = leading(routes).into_iter().collect();
    prefixes.sort_by_key(|(destination, _)| Reverse(destination.prefix_len()));
    let mut rules = Vec::new();
    for (destination, tied) in prefixes {
        let matched = PacketSet::of(Protocols::Any, &Ports::full(), &AddrSet::from_net(destination));
        let wanted = tied.iter().find(|route| route.target > Certainty::No);
        let refused = tied.iter().find(|route| route.target < Certainty::Yes);
        if let Some(wanted) = wanted {
            let matches = match refused {
                None => Bounds::exact(matched.clone()),
                Some(_) => Bounds::unknown_within(matched.clone()),
            };
            rules.push(Rule::new(wanted.id.clone(), Action::Allow, matches));
        }
        if let Some(refused) = refused {
            rules.push(Rule::new(refused.id.clone(), Action::Deny, Bounds::exact(matched)));
        }
    }
    rules
}
