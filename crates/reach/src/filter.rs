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
    let admits =
        |hit: &&Hit| hit.action == Action::Allow && !hit.packets.sources(protocol, port).family(family).is_empty();
    hits.iter().filter(admits).map(|hit| hit.rule.clone()).collect()
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
        Bounds::ordered(PacketSet::union_all(allows().map(|rule| rule.matches.lower())), upper)
    };
    let hits = allows().filter(|rule| !rule.matches.upper().is_empty()).map(|rule| Hit {
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
    possible.outcome(tiers.iter().all(|(rules, _)| rules.iter().all(|rule| rule.matches.is_exact())))
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
            self.hits.push(Hit { rule: rule.id.clone(), action: rule.action, packets: decided });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AddrSet;
    use crate::interval::Ports;
    use crate::net::parse_net;
    use crate::protocol::Protocols;

    fn tcp(port: u16, net: &str) -> PacketSet {
        let sources = AddrSet::from_net(parse_net(net).unwrap());
        PacketSet::of(Protocols::One(Protocol::TCP), &Ports::from_range(port, port), &sources)
    }

    fn rule(id: &str, action: Action, packets: PacketSet) -> Rule {
        Rule::new(id, action, Bounds::exact(packets))
    }

    fn ssh_sources(outcome: &Outcome) -> Vec<String> {
        assert!(outcome.allowed.is_exact());
        let sources = outcome.allowed.upper().sources(Protocol::TCP, 22);
        sources.to_nets().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_rule_decides_only_what_no_rule_before_it_decided() {
        let rules = [
            rule("100", Action::Allow, tcp(22, "203.0.113.0/25")),
            rule("200", Action::Deny, tcp(22, "203.0.113.0/24")),
            rule("300", Action::Allow, tcp(22, "203.0.113.128/25")),
            rule("400", Action::Allow, tcp(22, "198.51.100.0/24")),
        ];
        let outcome = first_match(&rules, Action::Deny);
        assert_eq!(ssh_sources(&outcome), ["198.51.100.0/24", "203.0.113.0/25"]);
        let deciding: Vec<&str> = outcome.hits.iter().map(|hit| hit.rule.as_str()).collect();
        assert_eq!(deciding, ["100", "200", "400"]);
        assert_eq!(outcome.witness(Family::V4, Protocol::TCP, 22), ["100".into(), "400".into()]);
        assert_eq!(outcome.witness(Family::V6, Protocol::TCP, 22), []);
        assert_eq!(outcome.witness(Family::V4, Protocol::TCP, 23), []);
    }

    #[test]
    fn without_rules_the_default_decides_everything() {
        assert_eq!(first_match(&[], Action::Allow).allowed, Bounds::exact(PacketSet::all()));
        assert_eq!(first_match(&[], Action::Deny).denied, Bounds::exact(PacketSet::all()));
        assert_eq!(first_match(&[], Action::Pass).passed, Bounds::exact(PacketSet::all()));
        assert_eq!(any_allow(&[]).denied, Bounds::exact(PacketSet::all()));
        assert_eq!(tiers(&[]).denied, Bounds::exact(PacketSet::all()));
    }

    #[test]
    fn an_unreadable_rule_before_an_allow_rule_leaves_no_doubt_about_what_both_allow() {
        let unread = Rule::new("unread", Action::Allow, Bounds::unknown_within(tcp(22, "0.0.0.0/0")));
        let rules = [unread, rule("office", Action::Allow, tcp(22, "203.0.113.0/24"))];
        let allowed = first_match(&rules, Action::Deny).allowed;
        assert_eq!(allowed.lower(), &tcp(22, "203.0.113.0/24"));
        assert_eq!(allowed.upper(), &tcp(22, "0.0.0.0/0"));
    }

    #[test]
    fn an_unreadable_deny_rule_leaves_the_allow_rule_behind_it_in_doubt() {
        let unread = Rule::new("unread", Action::Deny, Bounds::unknown_within(tcp(22, "203.0.113.0/25")));
        let rules = [unread, rule("office", Action::Allow, tcp(22, "203.0.113.0/24"))];
        let allowed = first_match(&rules, Action::Deny).allowed;
        assert_eq!(allowed.lower(), &tcp(22, "203.0.113.128/25"));
        assert_eq!(allowed.upper(), &tcp(22, "203.0.113.0/24"));
    }

    #[test]
    fn a_deny_rule_means_nothing_to_a_filter_of_allow_rules() {
        let rules = [
            rule("deny", Action::Deny, tcp(22, "203.0.113.0/24")),
            rule("allow", Action::Allow, tcp(22, "203.0.113.0/24")),
            rule("empty", Action::Allow, PacketSet::empty()),
        ];
        let outcome = any_allow(&rules);
        assert_eq!(ssh_sources(&outcome), ["203.0.113.0/24"]);
        assert_eq!(outcome.hits.len(), 1);
    }

    #[test]
    fn a_later_tier_may_allow_what_an_earlier_one_only_passes() {
        let hierarchy = vec![
            rule("org deny", Action::Deny, tcp(22, "198.51.100.0/24")),
            rule("org goto", Action::Pass, tcp(22, "203.0.113.0/24")),
            rule("org allow", Action::Allow, tcp(22, "203.0.113.0/24")),
        ];
        let classic = vec![rule("vpc deny", Action::Deny, tcp(22, "203.0.113.128/25"))];
        let network = vec![rule("network allow", Action::Allow, tcp(22, "0.0.0.0/0"))];
        let outcome = tiers(&[(hierarchy, Action::Pass), (classic, Action::Pass), (network, Action::Pass)]);
        let denied = ["198.51.100.0/24", "203.0.113.128/25"].map(|net| parse_net(net).unwrap());
        let expected = AddrSet::all_v4().subtract(&AddrSet::from_nets(denied));
        assert_eq!(outcome.allowed.upper().sources(Protocol::TCP, 22), expected);
        assert_eq!(outcome.witness(Family::V4, Protocol::TCP, 22), ["network allow".into()]);
        assert!(outcome.passed.upper().is_empty());
    }

    #[test]
    fn a_tier_can_end_the_evaluation_by_its_own_action() {
        let first = vec![rule("pass", Action::Pass, tcp(22, "203.0.113.0/24"))];
        let last = vec![rule("allow", Action::Allow, tcp(22, "0.0.0.0/0"))];
        assert_eq!(ssh_sources(&tiers(&[(first, Action::Deny), (last, Action::Deny)])), ["203.0.113.0/24"]);
    }
}
