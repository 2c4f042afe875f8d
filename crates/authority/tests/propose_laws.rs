//! What a proposal allows, against what is given and what is needed, name by name.

use std::collections::BTreeSet;

use palisade_authority::{AccessLevel, Authority, Glob, Grant, Layer, LayerKind, Selector, Truth, Universe, propose};
use proptest::prelude::*;

fn glob() -> impl Strategy<Value = Glob> {
    prop_oneof![1 => Just(Glob::everything()), 4 => "[ab*?]{1,3}".prop_map(|text| Glob::sensitive(&text))]
}

fn selector() -> impl Strategy<Value = Selector> {
    let out = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(glob(), 1..3)];
    (prop::collection::vec(glob(), 1..4), out).prop_map(|(any_of, none_of)| Selector::of_except(any_of, none_of))
}

fn authority() -> impl Strategy<Value = Authority> {
    let when = prop_oneof![4 => Just(Truth::True), 1 => Just(Truth::unknown("k")), 1 => Just(Truth::False)];
    let grant = (selector(), selector(), when)
        .prop_map(|(actions, resources, when)| Grant::allow("g", actions, resources).when(when));
    prop::collection::vec(grant, 0..4).prop_map(|mut grants| {
        for (place, grant) in grants.iter_mut().enumerate() {
            grant.id = format!("grant {place}").into();
        }
        Authority::new(vec![Layer::new("policies", LayerKind::Grants, grants)])
    })
}

fn words() -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..3 {
        last = last.iter().flat_map(|word| ["a", "b", "c"].map(|letter| format!("{word}{letter}"))).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// Whether some grant that may hold allows it, read off the grants alone.
fn gives(grants: &[&Grant], action: &str, resource: &str) -> bool {
    let listed = |selector: &Selector, name: &str| {
        selector.any_of().iter().any(|glob| glob.matches(name))
            && !selector.none_of().iter().any(|glob| glob.matches(name))
    };
    grants
        .iter()
        .any(|grant| grant.when != Truth::False && listed(&grant.actions, action) && listed(&grant.resources, resource))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_proposal_gives_what_is_given_and_needed_and_nothing_that_is_not_given(
        effective in authority(),
        need in authority(),
        used in prop::collection::btree_set("[abc]{1,2}", 0..3),
    ) {
        let proposal = propose(&effective, &need, &used);
        let given: Vec<&Grant> = effective.giving().collect();
        let needed: Vec<&Grant> = need.giving().collect();
        let proposed: Vec<&Grant> = proposal.grants.iter().collect();
        for action in words() {
            for resource in words() {
                let now = gives(&given, &action, &resource);
                let wanted = gives(&needed, &action, &resource) || used.contains(&action);
                let then = gives(&proposed, &action, &resource);
                prop_assert!(!then || now, "{} on {} is not given today", action, resource);
                prop_assert!(then || !(now && wanted), "{} on {} is needed", action, resource);
                if proposal.loose.is_empty() {
                    prop_assert!(!then || wanted, "{} on {} is not needed: {:?}", action, resource, proposal);
                }
            }
        }
    }

    #[test]
    fn a_proposal_cannot_be_cut_down_again(effective in authority(), need in authority()) {
        let once = propose(&effective, &need, &BTreeSet::new());
        let smaller = Authority::new(vec![Layer::new("policies", LayerKind::Grants, once.grants.clone())]);
        let twice = propose(&smaller, &need, &BTreeSet::new());
        prop_assert!(twice.grants.len() <= once.grants.len());
        prop_assert!(twice.dropped.iter().all(|id| once.grants.iter().any(|grant| grant.id == *id)));
    }

    #[test]
    fn sets_of_listed_actions_agree_with_the_selectors_they_come_from(a in selector(), b in selector()) {
        let levels = AccessLevel::ALL.into_iter().cycle();
        let universe = Universe::new("words", words().into_iter().filter(|word| !word.is_empty()).zip(levels));
        let (left, right) = (universe.select(&a), universe.select(&b));
        let listed = |set: &palisade_authority::ActionSet| -> BTreeSet<String> {
            universe.listed(set).map(|(name, _)| name.to_owned()).collect()
        };
        let filtered = |holds: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
            universe.actions().map(|(name, _)| name).filter(|name| holds(name)).map(str::to_owned).collect()
        };
        prop_assert_eq!(listed(&left.union(&right)), filtered(&|name| a.matches(name) || b.matches(name)));
        prop_assert_eq!(listed(&left.intersect(&right)), filtered(&|name| a.matches(name) && b.matches(name)));
        prop_assert_eq!(listed(&left.subtract(&right)), filtered(&|name| a.matches(name) && !b.matches(name)));
        prop_assert_eq!(listed(&left.complement(&universe)), filtered(&|name| !a.matches(name)));
        prop_assert_eq!(left.is_subset(&right), filtered(&|name| a.matches(name) && !b.matches(name)).is_empty());
        prop_assert_eq!(Universe::unpack(&universe.pack()), Ok(universe.clone()));
    }

    #[test]
    fn what_an_authority_reaches_is_what_it_decides_action_by_action(effective in authority(), denied in selector()) {
        let universe = Universe::new("words", words().into_iter().filter(|word| !word.is_empty()).map(|word| (word, AccessLevel::Write)));
        let mut layers = effective.layers().to_vec();
        layers.push(Layer::new("denials", LayerKind::Denials, [Grant::deny("no", denied, Selector::everything())]));
        let authority = Authority::new(layers);
        let reached = universe.reached(&authority);
        prop_assert!(reached.certain.is_subset(&reached.possible));
        let certain: BTreeSet<&str> = universe.listed(&reached.certain).map(|(name, _)| name).collect();
        let possible: BTreeSet<&str> = universe.listed(&reached.possible).map(|(name, _)| name).collect();
        for (name, _) in universe.actions() {
            let decision = authority.decide_any_resource(name);
            prop_assert_eq!(certain.contains(name), decision.is_allow());
            prop_assert_eq!(possible.contains(name), !decision.is_deny());
        }
    }
}
