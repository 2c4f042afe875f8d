//! Policy documents: patterns of any text are matched as a naive reading matches them, and deciding never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_authority::{Authority, Effect, Glob, Grant, Layer, LayerKind, Selector, Truth};

fuzz_target!(|data: (Vec<(bool, String, String)>, String, String)| {
    let (statements, action, resource) = data;
    if statements.iter().flat_map(|(_, a, r)| [a, r]).chain([&action, &resource]).any(|text| text.len() > 200) {
        return;
    }
    let grants: Vec<Grant> = statements
        .iter()
        .take(16)
        .map(|(allow, actions, resources)| Grant {
            id: "fuzz".into(),
            effect: if *allow { Effect::Allow } else { Effect::Deny },
            actions: Selector::of([Glob::insensitive(actions)]),
            resources: Selector::of([Glob::sensitive(resources)]),
            when: Truth::True,
        })
        .collect();
    let matches = |(_, actions, resources): &&(bool, String, String)| {
        naive(&actions.to_lowercase(), &action.to_lowercase()) && naive(resources, &resource)
    };
    let relevant: Vec<_> = statements.iter().take(16).filter(matches).collect();
    let expected = relevant.iter().any(|(allow, _, _)| *allow) && relevant.iter().all(|(allow, _, _)| *allow);
    let authority = Authority::new(vec![Layer::new("policies", LayerKind::Grants, grants)]);
    // Lower-casing may change how many letters a text has; patterns are compared where both readings agree on that.
    if [&action, &resource].into_iter().chain(statements.iter().flat_map(|(_, a, r)| [a, r])).all(|text| text.is_ascii()) {
        assert_eq!(authority.decide(&action, &resource).is_allow(), expected);
    }
});

/// The obvious quadratic matcher.
fn naive(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().take(200).collect(), text.chars().take(200).collect());
    let mut reachable = vec![false; text.len() + 1];
    reachable[0] = true;
    for symbol in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            match symbol {
                '*' => next[at] = reachable[at] || (at > 0 && next[at - 1]),
                '?' => next[at] = at > 0 && reachable[at - 1],
                letter => next[at] = at > 0 && reachable[at - 1] && text[at - 1] == letter,
            }
        }
        reachable = next;
    }
    reachable[text.len()]
}
