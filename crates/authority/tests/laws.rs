//! Decisions against an evaluator written from the specification alone, and the laws every decision obeys.

use std::collections::{BTreeMap, BTreeSet};

use palisade_authority::{
    Authority, Decision, DenyReason, Effect, Glob, Grant, GrantId, Layer, LayerKind, Reading, Selector, Truth, excess,
    within,
};
use proptest::prelude::*;

const ACTIONS: [&str; 4] = ["a", "ab", "b", "c"];

fn glob() -> impl Strategy<Value = Glob> {
    prop_oneof![
        1 => Just(Glob::everything()),
        2 => "[ab*?]{0,3}".prop_map(|text| Glob::sensitive(&text)),
    ]
}

fn selector() -> impl Strategy<Value = Selector> {
    let none_of = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(glob(), 1..3)];
    (prop::collection::vec(glob(), 1..4), none_of).prop_map(|(any_of, none_of)| Selector::of_except(any_of, none_of))
}

fn truth() -> impl Strategy<Value = Truth> {
    let names =
        prop::collection::btree_set(prop_oneof![Just("k1"), Just("k2"), Just("k3")].prop_map(str::to_owned), 1..3);
    prop_oneof![3 => Just(Truth::True), 1 => Just(Truth::False), 2 => names.prop_map(Truth::Unknown)]
}

fn grant() -> impl Strategy<Value = Grant> {
    let effect = prop_oneof![5 => Just(Effect::Allow), 1 => Just(Effect::Deny)];
    (effect, selector(), selector(), truth()).prop_map(|(effect, actions, resources, when)| Grant {
        id: "g".into(),
        effect,
        actions,
        resources,
        when,
    })
}

fn layer() -> impl Strategy<Value = Layer> {
    let kind = prop_oneof![
        6 => Just(LayerKind::Grants),
        1 => Just(LayerKind::Direct),
        2 => Just(LayerKind::Guard),
        2 => Just(LayerKind::Limit),
        1 => Just(LayerKind::Denials),
    ];
    let read = prop_oneof![12 => Just(Reading::Complete), 1 => Just(Reading::Missing("document".to_owned()))];
    (kind, prop::collection::vec(grant(), 0..5), read, prop::bool::weighted(0.6)).prop_map(
        |(kind, grants, read, open)| {
            let mut layer = Layer { name: "layer".into(), kind, grants, read };
            // Most layers that only stop allow everything but for their denies, as organisation policies do.
            if open && matches!(kind, LayerKind::Guard | LayerKind::Limit) {
                layer.grants.push(Grant::allow("all", Selector::everything(), Selector::everything()));
            }
            layer
        },
    )
}

/// Up to four layers, every grant with an id of its own.
fn layers() -> impl Strategy<Value = Vec<Layer>> {
    prop::collection::vec(layer(), 0..5).prop_map(|mut layers| {
        for (place, layer) in layers.iter_mut().enumerate() {
            layer.name = format!("layer {place}").into();
            for (number, grant) in layer.grants.iter_mut().enumerate() {
                grant.id = format!("layer {place} grant {number}").into();
            }
            if let Reading::Missing(what) = &mut layer.read {
                *what = format!("document {place}");
            }
        }
        layers
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Deny,
    Conditional,
    Allow,
}

fn answer(decision: &Decision) -> Answer {
    match decision {
        Decision::Allow { .. } => Answer::Allow,
        Decision::Conditional { .. } => Answer::Conditional,
        Decision::Deny { .. } => Answer::Deny,
    }
}

/// Section 6.0 in two plain passes: with every unknown read against the identity, and with every unknown read for it.
fn naive(layers: &[Layer], action: &str, resource: &str) -> Answer {
    let passes = |hopeful: bool| {
        let holds = |when: &Truth, for_the_identity: bool| match when {
            Truth::True => true,
            Truth::False => false,
            Truth::Unknown(_) => for_the_identity == hopeful,
        };
        let listed = |selector: &Selector, name: &str| {
            let mut taken = false;
            for glob in selector.any_of() {
                taken |= glob.matches(name);
            }
            for glob in selector.none_of() {
                taken &= !glob.matches(name);
            }
            taken
        };
        let says = |layer: &Layer, effect: Effect| {
            let missing = layer.read != Reading::Complete && (effect == Effect::Allow) == hopeful;
            let mut grants = layer.grants.iter().filter(|grant| grant.effect == effect);
            missing
                || grants.any(|grant| {
                    listed(&grant.actions, action)
                        && listed(&grant.resources, resource)
                        && holds(&grant.when, effect == Effect::Allow)
                })
        };
        let kind = |kind: LayerKind| layers.iter().filter(move |layer| layer.kind == kind);
        let given = kind(LayerKind::Grants).any(|layer| says(layer, Effect::Allow));
        let limits = kind(LayerKind::Limit).all(|layer| says(layer, Effect::Allow));
        let direct = kind(LayerKind::Direct).any(|layer| says(layer, Effect::Allow));
        let guards = kind(LayerKind::Guard).all(|layer| says(layer, Effect::Allow));
        let denied = layers.iter().any(|layer| says(layer, Effect::Deny));
        ((given && limits) || direct) && guards && !denied
    };
    match (passes(false), passes(true)) {
        (true, _) => Answer::Allow,
        (false, false) => Answer::Deny,
        (false, true) => Answer::Conditional,
    }
}

fn words(longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last.iter().flat_map(|word| ["a", "b", "c"].map(|letter| format!("{word}{letter}"))).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// The same layers once the named unknowns are known.
fn resolved(mut layers: Vec<Layer>, known: &BTreeMap<String, bool>) -> Vec<Layer> {
    for grant in layers.iter_mut().flat_map(|layer| &mut layer.grants) {
        let Truth::Unknown(names) = &grant.when else { continue };
        // A condition of several unknowns holds when all of them do.
        grant.when = Truth::all(names.iter().map(|name| match known.get(name) {
            Some(value) => Truth::from(*value),
            None => Truth::unknown(name.as_str()),
        }));
    }
    layers
}

fn without(mut layers: Vec<Layer>, remove: impl Fn(&Grant) -> bool) -> Vec<Layer> {
    for layer in &mut layers {
        layer.grants.retain(|grant| !remove(grant));
    }
    layers
}

fn request() -> impl Strategy<Value = (&'static str, String)> {
    (prop::sample::select(&ACTIONS[..]), "[abc]{0,3}")
}

/// As many cases as `PALISADE_CASES` says, `cases` unless it is set.
fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("PALISADE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn p11_a_decision_is_what_the_specification_says((layers, (action, resource)) in (layers(), request())) {
        let decided = Authority::new(layers.clone()).decide(action, &resource);
        prop_assert_eq!(answer(&decided), naive(&layers, action, &resource), "{:?}", decided);
    }

    #[test]
    fn p12_removing_a_deny_never_takes_anything_away((layers, (action, resource)) in (layers(), request())) {
        let before = answer(&Authority::new(layers.clone()).decide(action, &resource));
        let denies: BTreeSet<GrantId> = layers.iter().flat_map(|layer| &layer.grants)
            .filter(|grant| grant.effect == Effect::Deny).map(|grant| grant.id.clone()).collect();
        for id in denies {
            let after = Authority::new(without(layers.clone(), |grant| grant.id == id)).decide(action, &resource);
            prop_assert!(answer(&after) >= before, "without {}", id);
        }
    }

    #[test]
    fn p12_learning_something_only_settles_what_was_open(
        (layers, (action, resource)) in (layers(), request()),
        known in prop::collection::btree_map(prop_oneof![Just("k1"), Just("k2"), Just("k3")].prop_map(str::to_owned), any::<bool>(), 1..4),
    ) {
        let before = answer(&Authority::new(layers.clone()).decide(action, &resource));
        let after = answer(&Authority::new(resolved(layers, &known)).decide(action, &resource));
        prop_assert!(before == Answer::Conditional || before == after, "{:?} became {:?}", before, after);
    }

    #[test]
    fn knowing_all_a_decision_hangs_on_settles_it((layers, (action, resource)) in (layers(), request()), values in any::<u8>()) {
        let Decision::Conditional { on, .. } = Authority::new(layers.clone()).decide(action, &resource) else { return Ok(()) };
        prop_assert!(!on.is_empty());
        let bit = |place: usize| values >> (place % 8) & 1 == 1;
        let known = on.iter().enumerate().map(|(place, name)| (name.clone(), bit(place))).collect();
        let mut layers = resolved(layers, &known);
        for layer in &mut layers {
            if matches!(&layer.read, Reading::Missing(what) if on.contains(what)) {
                layer.read = Reading::Complete;
            }
        }
        let after = Authority::new(layers).decide(action, &resource);
        prop_assert!(answer(&after) != Answer::Conditional, "still {:?}", after);
    }

    #[test]
    fn an_unread_layer_never_yields_a_certain_allow((mut layers, (action, resource), which) in (layers(), request(), any::<prop::sample::Index>())) {
        if layers.is_empty() {
            layers.push(Layer::new("scp", LayerKind::Guard, []));
        }
        let place = which.index(layers.len());
        layers[place].read = Reading::Missing("scp".to_owned());
        let authority = Authority::new(layers);
        prop_assert!(!authority.decide(action, &resource).is_allow());
        prop_assert!(!authority.decide_any_resource(action).is_allow());
        prop_assert!(!authority.allows_all_actions().is_allow());
    }

    #[test]
    fn the_grants_named_for_an_allow_are_the_ones_it_needs((layers, (action, resource)) in (layers(), request())) {
        let Decision::Allow { by } = Authority::new(layers.clone()).decide(action, &resource) else { return Ok(()) };
        prop_assert!(!by.is_empty());
        let after = Authority::new(without(layers, |grant| by.contains(&grant.id))).decide(action, &resource);
        prop_assert!(!after.is_allow(), "still {:?} without {:?}", after, by);
    }

    #[test]
    fn the_reason_for_a_denial_is_true((layers, (action, resource)) in (layers(), request())) {
        let Decision::Deny { by } = Authority::new(layers.clone()).decide(action, &resource) else { return Ok(()) };
        let lifted = match by {
            DenyReason::Explicit(id) => {
                let deny = layers.iter().flat_map(|layer| &layer.grants).find(|grant| grant.id == id);
                let deny = deny.filter(|grant| grant.effect == Effect::Deny && grant.when == Truth::True);
                prop_assert!(deny.is_some_and(|grant| grant.actions.matches(action) && grant.resources.matches(&resource)));
                return Ok(());
            }
            DenyReason::Implicit => layers.into_iter().filter(|layer| !matches!(layer.kind, LayerKind::Guard | LayerKind::Limit)).collect(),
            DenyReason::Guard(name) => {
                let stopping = layers.iter().find(|layer| layer.name == name).cloned();
                prop_assert!(stopping.as_ref().is_some_and(|layer| matches!(layer.kind, LayerKind::Guard | LayerKind::Limit)));
                let all = Grant::allow("all", Selector::everything(), Selector::everything());
                let alone = stopping.into_iter().chain([Layer::new("given", LayerKind::Grants, [all])]);
                alone.collect::<Vec<_>>()
            }
        };
        prop_assert!(Authority::new(lifted).decide(action, &resource).is_deny());
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn some_resource_is_the_best_over_all_of_them((layers, action) in (layers(), prop::sample::select(&ACTIONS[..]))) {
        let authority = Authority::new(layers);
        let decided = authority.decide_any_resource(action);
        let best = words(6).iter().map(|resource| answer(&authority.decide(action, resource))).max();
        prop_assert_eq!(Some(answer(&decided)), best, "{:?}", decided);
    }

    #[test]
    fn every_action_is_the_worst_over_all_of_them((layers, pattern) in (layers(), glob())) {
        let authority = Authority::new(layers);
        let decided = authority.decide_every_action(&pattern);
        // `c` stands for the letter no policy mentions, here as in the crate.
        let named = words(6).into_iter().filter(|action| pattern.matches(action));
        let worst = named.map(|action| answer(&authority.decide(&action, "c"))).min();
        prop_assert_eq!(Some(answer(&decided)), worst, "{:?}", decided);
    }

    #[test]
    fn nothing_exceeds_itself(layers in layers()) {
        let authority = Authority::new(layers);
        prop_assert_eq!(within(&authority, &authority), vec![]);
        prop_assert_eq!(excess(&authority, &[], &authority).wildcards, vec![]);
    }

    #[test]
    fn assuming_that_unread_documents_stop_nothing_only_gives((layers, (action, resource)) in (layers(), request())) {
        let authority = Authority::new(layers);
        let assumed = authority.clone().assuming_unread_stop_nothing();
        let before = answer(&authority.decide(action, &resource));
        prop_assert!(answer(&assumed.decide(action, &resource)) >= before);
        let unread = authority.layers().iter().filter(|layer| layer.read != Reading::Complete);
        let stopping = unread.filter(|layer| !matches!(layer.kind, LayerKind::Grants | LayerKind::Direct)).count();
        prop_assert_eq!(assumed.assumptions().len(), stopping);
    }
}
