//! Filters: lists of rules, and what they let through.

use crate::address::Family;
use crate::bounds::Bounds;
use crate::packet::PacketSet;
use crate::protocol::Protocol;
use crate::rule::{Action, Rule, RuleId};

/// What one rule decided.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Hit {
    /// The rule.
    pub rule: RuleId,
    /// What it did.
    pub action: Action,
    /// The packets it may have decided; exactly those it decided when all bounds are exact. Never empty.
    pub packets: PacketSet,
}

/// What a filter does with every packet. The three sets share no packet and together are all packets, as far as they
/// are known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The packets let through.
    pub allowed: Bounds<PacketSet>,
    /// The packets dropped.
    pub denied: Bounds<PacketSet>,
    /// The packets left to what comes next.
    pub passed: Bounds<PacketSet>,
    /// What each rule decided, in order of evaluation. A rule that decides nothing has no entry.
    pub hits: Vec<Hit>,
}

impl Outcome {
    /// The allow rules that may admit something in this cell, in order of evaluation.
    pub fn witness(&self, family: Family, protocol: Protocol, port: u16) -> Vec<RuleId> {
        witness(&self.hits, family, protocol, port)
    }
}

/// The allow rules among the hits that may admit something in this cell, in order of evaluation.
pub fn witness(hits: &[Hit], family: Family, protocol: Protocol, port: u16) -> Vec<RuleId> {
    let admits = |hit: &&Hit| {
        hit.action == Action::Allow
            && !hit
                .packets
                .sources(protocol, port)
                .family(family)
                .is_empty()
    };
    hits.iter()
        .filter(admits)
        .map(|hit| hit.rule.clone())
        .collect()
}

/// An ordered filter: the first rule that matches a packet decides it, `default` decides the rest.
pub fn first_match(rules: &[Rule], default: Action) -> Outcome {
    let mut possible = Possible::default();
    possible.decide(rules, default, PacketSet::all());
    possible.outcome(rules.iter().all(|rule| rule.matches.is_exact()))
}

/// A filter of allow rules without order, such as a security group: a packet passes if any rule admits it. Rules with
/// another action have no meaning in such a filter and are left out.
pub fn any_allow(rules: &[Rule]) -> Outcome {
    let allows = || rules.iter().filter(|rule| rule.action == Action::Allow);
    let upper = PacketSet::union_all(allows().map(|rule| rule.matches.upper()));
    let exact = allows().all(|rule| rule.matches.is_exact());
    let allowed = if exact {
        Bounds::exact(upper)
    } else {
        Bounds::ordered(
            PacketSet::union_all(allows().map(|rule| rule.matches.lower())),
            upper,
        )
    };
    let hits = allows()
        .filter(|rule| !rule.matches.upper().is_empty())
        .map(|rule| Hit {
            rule: rule.id.clone(),
            action: rule.action,
            packets: rule.matches.upper().clone(),
        });
    Outcome {
        hits: hits.collect(),
        denied: Bounds::exact(PacketSet::all()).subtract(&allowed),
        passed: Bounds::exact(PacketSet::empty()),
        allowed,
    }
}

/// Ordered filters one after the other. In each tier the first match decides, and the tier's own action the rest; allow
/// and deny end the evaluation, pass goes on to the next tier. What passes the last tier is denied.
pub fn tiers(tiers: &[(Vec<Rule>, Action)]) -> Outcome {
    let mut possible = Possible::default();
    let mut live = PacketSet::all();
    for (rules, default) in tiers {
        let passed = possible.passed.len();
        possible.decide(rules, *default, live);
        live = PacketSet::union_all(possible.passed.drain(passed..).collect::<Vec<_>>().iter());
    }
    possible.denied.push(live);
    possible.outcome(
        tiers
            .iter()
            .all(|(rules, _)| rules.iter().all(|rule| rule.matches.is_exact())),
    )
}

/// The packets that may have met each fate, in pieces.
#[derive(Default)]
struct Possible {
    allowed: Vec<PacketSet>,
    denied: Vec<PacketSet>,
    passed: Vec<PacketSet>,
    hits: Vec<Hit>,
}

impl Possible {
    /// Lets an ordered list of rules decide the packets that may have reached it.
    fn decide(&mut self, rules: &[Rule], default: Action, reached: PacketSet) {
        // A packet may still be undecided after a rule unless the rule surely matches it.
        let mut undecided = reached;
        for rule in rules {
            let decided = rule.matches.upper().intersect(&undecided);
            if decided.is_empty() {
                continue;
            }
            undecided = undecided.subtract(rule.matches.lower());
            self.pieces(rule.action).push(decided.clone());
            self.hits.push(Hit {
                rule: rule.id.clone(),
                action: rule.action,
                packets: decided,
            });
        }
        self.pieces(default).push(undecided);
    }

    fn pieces(&mut self, action: Action) -> &mut Vec<PacketSet> {
        match action {
            Action::Allow => &mut self.allowed,
            Action::Deny => &mut self.denied,
            Action::Pass => &mut self.passed,
        }
    }

    /// Every packet meets exactly one fate. So it surely meets one if it cannot meet another: the lower bounds follow
    /// from the upper ones, and are the best there are, since the rules' uncertainties do not depend on each other.
    fn outcome(self, exact: bool) -> Outcome {
        let [allowed, denied, passed] =
            [self.allowed, self.denied, self.passed].map(|pieces| PacketSet::union_all(&pieces));
        let bounds = |fate: &PacketSet, one: &PacketSet, other: &PacketSet| {
            if exact {
                Bounds::exact(fate.clone())
            } else {
                Bounds::ordered(fate.subtract(one).subtract(other), fate.clone())
            }
        };
        Outcome {
            allowed: bounds(&allowed, &denied, &passed),
            denied: bounds(&denied, &allowed, &passed),
            passed: bounds(&passed, &allowed, &denied),
            hits: self.hits,
        }
    }
}
