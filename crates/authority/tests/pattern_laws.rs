//! Patterns against plain enumeration: every relation is compared with the sets of names it speaks about.

use palisade_authority::{Glob, Selector};
use proptest::prelude::*;

/// Every word over the letters, up to a length.
fn words(letters: &[char], longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last.iter().flat_map(|word| letters.iter().map(move |letter| format!("{word}{letter}"))).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// The textbook definition, by recursion; shares nothing with the crate.
fn naive(pattern: &[char], name: &[char], same: fn(char, char) -> bool) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), None) => naive(rest, name, same),
        (Some(('*', rest)), Some((_, shorter))) => naive(rest, name, same) || naive(pattern, shorter, same),
        (None, Some(_)) | (Some(_), None) => false,
        (Some(('?', rest)), Some((_, shorter))) => naive(rest, shorter, same),
        (Some((letter, rest)), Some((first, shorter))) => same(*letter, *first) && naive(rest, shorter, same),
    }
}

fn naively(pattern: &str, name: &str, same: fn(char, char) -> bool) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    naive(&pattern, &name, same)
}

fn exactly(a: char, b: char) -> bool {
    a == b
}

fn any_case(a: char, b: char) -> bool {
    a.eq_ignore_ascii_case(&b)
}

/// For each pattern, which of the names it accepts, a bit for each.
fn languages(globs: &[Glob], names: &[String]) -> Vec<Vec<u64>> {
    let bits = |glob: &Glob| {
        let word =
            |names: &[String]| names.iter().rev().fold(0, |word, name| word << 1 | u64::from(glob.matches(name)));
        names.chunks(64).map(word).collect()
    };
    globs.iter().map(bits).collect()
}

fn compare_relations(globs: &[Glob], names: &[String]) {
    let languages = languages(globs, names);
    for (one, its) in globs.iter().zip(&languages) {
        for (other, others) in globs.iter().zip(&languages) {
            let contained = its.iter().zip(others).all(|(a, b)| b & !a == 0);
            assert_eq!(one.includes(other), contained, "{one:?} includes {other:?}");
            let met = its.iter().zip(others).any(|(a, b)| a & b != 0);
            assert_eq!(one.overlaps(other), met, "{one:?} overlaps {other:?}");
        }
    }
}

#[test]
fn a_short_pattern_accepts_exactly_the_names_the_definition_accepts() {
    let names = words(&['a', 'b', 'A'], 5);
    for pattern in words(&['a', 'b', '*', '?'], 4) {
        let (strict, loose) = (Glob::sensitive(&pattern), Glob::insensitive(&pattern));
        for name in &names {
            assert_eq!(strict.matches(name), naively(&pattern, name, exactly), "{pattern} on {name}");
            assert_eq!(loose.matches(name), naively(&pattern, name, any_case), "{pattern} on {name}, any case");
        }
    }
}

/// Names as long as both patterns together, and a letter neither mentions, tell any two of these patterns apart.
#[test]
fn containing_and_meeting_agree_with_enumeration_for_every_pair_of_short_patterns() {
    let globs: Vec<Glob> = words(&['a', 'b', '*', '?'], 4).iter().map(|text| Glob::sensitive(text)).collect();
    compare_relations(&globs, &words(&['a', 'b', 'c'], 7));
}

#[test]
fn longer_patterns_of_one_letter_contain_and_meet_as_enumerated() {
    let globs: Vec<Glob> = words(&['a', '*', '?'], 5).iter().map(|text| Glob::sensitive(text)).collect();
    compare_relations(&globs, &words(&['a', 'c'], 10));
}

#[test]
fn containing_and_meeting_respect_case_on_either_side() {
    let texts = words(&['a', 'A', '1', '*'], 3);
    let strict = texts.iter().map(|text| Glob::sensitive(text));
    let globs: Vec<Glob> = strict.chain(texts.iter().map(|text| Glob::insensitive(text))).collect();
    compare_relations(&globs, &words(&['a', 'A', '1', 'c'], 6));
}

#[test]
fn patterns_are_equal_exactly_when_they_accept_the_same_names() {
    let globs: Vec<Glob> = words(&['a', '*', '?'], 4).iter().map(|text| Glob::sensitive(text)).collect();
    let languages = languages(&globs, &words(&['a', 'c'], 9));
    for (one, its) in globs.iter().zip(&languages) {
        for (other, others) in globs.iter().zip(&languages) {
            assert_eq!(one == other, its == others, "{one:?} and {other:?}");
        }
    }
}

/// Patterns so short that a name which tells two of them apart is not longer than both together, six letters.
fn glob() -> impl Strategy<Value = Glob> {
    prop_oneof![
        3 => "[ab*?]{0,3}".prop_map(|text| Glob::sensitive(&text)),
        1 => "[aA*?]{0,3}".prop_map(|text| Glob::insensitive(&text)),
    ]
}

fn selector() -> impl Strategy<Value = Selector> {
    (prop::collection::vec(glob(), 0..4), prop::collection::vec(glob(), 0..3))
        .prop_map(|(any_of, none_of)| Selector::of_except(any_of, none_of))
}

fn in_selector(selector: &Selector, name: &str) -> bool {
    selector.any_of().iter().any(|glob| glob.matches(name)) && !selector.none_of().iter().any(|glob| glob.matches(name))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_at_all_is_a_pattern_and_a_name(pattern in "\\PC{0,40}", name in "\\PC{0,40}") {
        prop_assert_eq!(Glob::sensitive(&pattern).matches(&name), naively(&pattern, &name, exactly));
        let (one, other) = (Glob::insensitive(&pattern), Glob::insensitive(&name));
        prop_assert!(one.includes(&one) && other.includes(&other));
        prop_assert_eq!(one.overlaps(&other), other.overlaps(&one));
        if one.includes(&other) {
            prop_assert!(one.overlaps(&other), "no pattern is without names");
        }
        prop_assert!(Glob::insensitive(&pattern).matches(&pattern.to_ascii_uppercase()) || pattern.contains(['*', '?']));
    }

    #[test]
    fn a_selector_meets_and_covers_as_enumerated(selector in selector(), glob in glob()) {
        let names = words(&['a', 'A', 'b', 'c'], 6);
        let mut of_glob = names.iter().filter(|name| glob.matches(name)).peekable();
        prop_assert!(of_glob.peek().is_some());
        let (inside, outside): (Vec<_>, Vec<_>) = of_glob.partition(|name| in_selector(&selector, name));
        prop_assert_eq!(selector.overlaps(&glob), !inside.is_empty(), "meets; inside {:?}", inside.first());
        prop_assert_eq!(selector.covers(&glob), outside.is_empty(), "covers; outside {:?}", outside.first());
    }
}
