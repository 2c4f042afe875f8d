//! Filters against a packet-by-packet simulation, and the laws they obey.

use palisade_reach::{Action, Bounds, Family, Outcome, PacketSet, Ports, Rule, any_allow, first_match, tiers};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::universe::{
    Packet, Plain, Vague, agree, any_action, any_plain, any_plain_rules, any_vague_rules, fewer, rules, simulate,
    simulate_vague, vague_rules,
};

/// The three fates and their bounds must say of each packet what `possible` says of it.
fn says(outcome: &Outcome, possible: impl Fn(Packet) -> Vec<Action>) -> Result<(), TestCaseError> {
    let sets = [
        outcome.allowed.lower(),
        outcome.allowed.upper(),
        outcome.denied.lower(),
        outcome.denied.upper(),
        outcome.passed.lower(),
        outcome.passed.upper(),
    ];
    agree(sets, |packet| {
        let possible = possible(packet);
        let surely = |action| possible.iter().all(|one| *one == action);
        let maybe = |action| possible.contains(&action);
        let [allow, deny, pass] = [Action::Allow, Action::Deny, Action::Pass];
        [surely(allow), maybe(allow), surely(deny), maybe(deny), surely(pass), maybe(pass)]
    })
}

fn simulate_tiers(tiers: &[(Vec<Vague>, Action)], packet: Packet) -> Vec<Action> {
    let mut possible = Vec::new();
    for (rules, default) in tiers {
        let here = simulate_vague(rules, *default, packet);
        possible.extend(here.iter().copied().filter(|action| *action != Action::Pass));
        if !here.contains(&Action::Pass) {
            return possible;
        }
    }
    possible.push(Action::Deny);
    possible
}

fn exactly(set: &Bounds<PacketSet>) -> Result<&PacketSet, TestCaseError> {
    prop_assert!(set.is_exact());
    Ok(set.lower())
}

proptest! {
    #![proptest_config(fewer())]

    #[test]
    fn p1_first_match_does_with_every_packet_what_the_first_matching_rule_says(
        plain in any_plain_rules(),
        default in any_action(),
    ) {
        let outcome = first_match(&rules(&plain), default);
        prop_assert!(outcome.allowed.is_exact() && outcome.denied.is_exact() && outcome.passed.is_exact());
        says(&outcome, |packet| vec![simulate(&plain, default, packet)])?;
    }

    #[test]
    fn p1_every_hit_is_what_that_rule_decided(plain in any_plain_rules(), default in any_action()) {
        let outcome = first_match(&rules(&plain), default);
        for (number, (action, _)) in plain.iter().enumerate() {
            let decided = outcome.hits.iter().find(|hit| hit.rule.as_str() == number.to_string());
            let packets = decided.map_or_else(PacketSet::empty, |hit| hit.packets.clone());
            prop_assert!(decided.is_none_or(|hit| hit.action == *action && !hit.packets.is_empty()));
            let first = |packet: Packet| plain.iter().position(|(_, rule)| rule.holds(packet));
            agree([&packets], |packet| [first(packet) == Some(number)])?;
        }
    }

    #[test]
    fn p1_any_allow_admits_what_some_allow_rule_admits(vague in any_vague_rules()) {
        let outcome = any_allow(&vague_rules(&vague));
        says(&outcome, |packet| {
            let allows = || vague.iter().filter(|rule| rule.action == Action::Allow);
            if allows().any(|rule| rule.surely.holds(packet)) {
                vec![Action::Allow]
            } else if allows().any(|rule| rule.maybe.holds(packet)) {
                vec![Action::Allow, Action::Deny]
            } else {
                vec![Action::Deny]
            }
        })?;
    }

    #[test]
    fn p4_bounds_are_sound_and_cannot_be_tighter(vague in any_vague_rules(), default in any_action()) {
        let outcome = first_match(&vague_rules(&vague), default);
        says(&outcome, |packet| simulate_vague(&vague, default, packet))?;
    }

    #[test]
    fn p4_bounds_of_tiers_are_sound_and_cannot_be_tighter(
        vague in vec((any_vague_rules(), any_action()), 0..4),
    ) {
        let built: Vec<(Vec<Rule>, Action)> =
            vague.iter().map(|(rules, default)| (vague_rules(rules), *default)).collect();
        says(&tiers(&built), |packet| simulate_tiers(&vague, packet))?;
    }

    #[test]
    fn p4_whatever_the_truth_is_it_lies_within_the_bounds(
        vague in vec((any_action(), any_plain(), any_plain(), any_plain()), 0..6),
        default in any_action(),
    ) {
        let bounded: Vec<Rule> = vague
            .iter()
            .map(|(action, surely, maybe, _)| Rule::new("x", *action, Bounds::between(surely.set(), maybe.set())))
            .collect();
        let truth: Vec<Rule> = vague
            .iter()
            .map(|(action, surely, maybe, some)| {
                Rule::new("x", *action, Bounds::exact(surely.set().union(&maybe.set().intersect(&some.set()))))
            })
            .collect();
        let (bounded, truth) = (first_match(&bounded, default), first_match(&truth, default));
        for (bounds, truth) in
            [(bounded.allowed, truth.allowed), (bounded.denied, truth.denied), (bounded.passed, truth.passed)]
        {
            prop_assert!(bounds.lower().is_subset(exactly(&truth)?));
            prop_assert!(exactly(&truth)?.is_subset(bounds.upper()));
        }
    }

    #[test]
    fn p4_combining_bounds_keeps_the_truth_between_them(
        a in (any_plain(), any_plain(), any_plain()),
        b in (any_plain(), any_plain(), any_plain()),
    ) {
        let parts = |(surely, maybe, some): (_, _, _)| {
            let [surely, maybe, some] = [surely, maybe, some].map(|plain: Plain| plain.set());
            let truth = surely.union(&maybe.intersect(&some));
            (Bounds::between(surely, maybe), truth)
        };
        let ((a, true_a), (b, true_b)) = (parts(a), parts(b));
        for (bounds, truth) in [
            (a.union(&b), true_a.union(&true_b)),
            (a.intersect(&b), true_a.intersect(&true_b)),
            (a.subtract(&b), true_a.subtract(&true_b)),
            (a.map(|set| set.restrict_family(Family::V4)), true_a.restrict_family(Family::V4)),
        ] {
            prop_assert!(bounds.lower().is_subset(&truth) && truth.is_subset(bounds.upper()));
            prop_assert_eq!(bounds.is_exact(), bounds.lower() == bounds.upper());
        }
    }

    #[test]
    fn p6_one_more_allow_rule_never_shrinks_and_one_more_deny_in_front_never_grows(
        plain in any_plain_rules(),
        more in any_plain(),
        default in any_action(),
    ) {
        let (before, mut longer) = (rules(&plain), rules(&plain));
        longer.push(Rule::new("more", Action::Allow, Bounds::exact(more.set())));
        prop_assert!(exactly(&any_allow(&before).allowed)?.is_subset(exactly(&any_allow(&longer).allowed)?));

        let mut fronted = rules(&plain);
        fronted.insert(0, Rule::new("more", Action::Deny, Bounds::exact(more.set())));
        let (wide, narrow) = (first_match(&before, default).allowed, first_match(&fronted, default).allowed);
        prop_assert!(exactly(&narrow)?.is_subset(exactly(&wide)?));
        prop_assert!(exactly(&narrow)?.intersect(&more.set()).is_empty());
    }

    #[test]
    fn p7_the_order_of_allow_rules_and_of_neighbours_with_the_same_action_does_not_matter(
        (plain, shuffled) in any_plain_rules().prop_flat_map(|plain| (Just(plain.clone()), Just(plain).prop_shuffle())),
        default in any_action(),
    ) {
        prop_assert_eq!(any_allow(&rules(&plain)).allowed, any_allow(&rules(&shuffled)).allowed);

        let mut turned = plain.clone();
        for run in turned.chunk_by_mut(|(a, _), (b, _)| a == b) {
            run.reverse();
        }
        let (straight, turned) = (first_match(&rules(&plain), default), first_match(&rules(&turned), default));
        prop_assert_eq!(straight.allowed, turned.allowed);
        prop_assert_eq!(straight.denied, turned.denied);
    }

    #[test]
    fn p8_a_rule_in_two_halves_does_what_the_whole_rule_does(plain in any_plain_rules(), default in any_action()) {
        let whole = rules(&plain);
        let mut halves = Vec::new();
        for rule in &whole {
            let nets = rule.matches.upper().cells().flat_map(|cell| {
                let ports = Ports::from_range(cell.ports.0, cell.ports.1);
                cell.sources.to_nets().into_iter().map(move |net| (cell.protocol, ports.clone(), net)).collect::<Vec<_>>()
            });
            for (protocol, ports, net) in nets {
                let subnets = net.subnets(net.prefix_len() + 1).map_err(|error| TestCaseError::fail(error.to_string()))?;
                for half in subnets {
                    let matches = PacketSet::of(protocol, &ports, &half.into());
                    halves.push(Rule::new(rule.id.clone(), rule.action, Bounds::exact(matches)));
                }
            }
        }
        prop_assert_eq!(first_match(&whole, default).allowed, first_match(&halves, default).allowed);
        prop_assert_eq!(any_allow(&whole).allowed, any_allow(&halves).allowed);
    }

    #[test]
    fn p9_ipv6_rules_never_change_what_ipv4_can_do(plain in any_plain_rules(), default in any_action()) {
        let only_v4: Vec<_> = plain.iter().map(|(action, plain)| (*action, plain.without_v6())).collect();
        let v4 = |outcome: Outcome| outcome.allowed.map(|packets| packets.restrict_family(Family::V4));
        prop_assert_eq!(v4(first_match(&rules(&plain), default)), v4(first_match(&rules(&only_v4), default)));
        prop_assert_eq!(v4(any_allow(&rules(&plain))), v4(any_allow(&rules(&only_v4))));
    }
}
