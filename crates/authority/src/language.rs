//! Every way a name can fall among several patterns: which of them it matches at once, which it does not.
//!
//! All patterns are walked side by side, one letter at a time, keeping for each the set of places it could be at. The
//! walk visits each reachable combination once, so questions such as "is there a name these accept and those do not"
//! are answered exactly, without listing names.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use crate::glob::{Case, Glob, Token, fold};
use crate::selector::Selector;

/// Above this many combinations the walk gives up (semantics, section 6.0).
const MOST_COMBINATIONS: usize = 10_000;

/// And above this many machine words touched: a bound on time, for lists of thousands of patterns.
const MOST_WORDS: usize = 20_000_000;

/// A walk being prepared.
pub(crate) struct Walk<'a> {
    globs: Vec<&'a Glob>,
    seeds: usize,
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The visitor had seen enough.
    Stopped,
    /// Every combination was visited.
    Exhausted,
    /// There were more combinations than the walk is ready to visit.
    GaveUp,
}

/// Where in a walk the patterns of a selector are.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    any_of: Range<usize>,
    none_of: Range<usize>,
}

/// Which patterns some name matches.
pub(crate) struct Combination<'a> {
    state: &'a [u64],
    ends: &'a [usize],
}

impl<'a> Walk<'a> {
    /// A walk over names that match a seed. Names that match none may be missed, and may be told wrong.
    pub(crate) fn seeded(seeds: impl IntoIterator<Item = &'a Glob>) -> Self {
        let globs: Vec<&Glob> = seeds.into_iter().collect();
        Self { seeds: globs.len(), globs }
    }

    /// Also tells which names the selector takes in. Patterns that meet no seed are left out: they match none of the
    /// names in question.
    pub(crate) fn follow(&mut self, selector: &'a Selector) -> Followed {
        let any_of = self.add(selector.any_of());
        Followed { any_of, none_of: self.add(selector.none_of()) }
    }

    fn add(&mut self, globs: &'a [Glob]) -> Range<usize> {
        let first = self.globs.len();
        for glob in globs {
            if self.globs.iter().take(self.seeds).any(|seed| seed.overlaps(glob)) {
                self.globs.push(glob);
            }
        }
        first..self.globs.len()
    }

    /// Visits every combination of matches that some name produces, shortest names first, as long as a seed can still
    /// match. The visitor returns true to stop.
    pub(crate) fn stop_at(self, mut enough: impl FnMut(&Combination<'_>) -> bool) -> End {
        let product = Product::new(&self.globs, self.seeds);
        let mut words = 0;
        let mut seen = BTreeSet::from([product.start.clone()]);
        let mut queue = VecDeque::from([product.start.clone()]);
        while let Some(state) = queue.pop_front() {
            if enough(&Combination { state: &state, ends: &product.ends }) {
                return End::Stopped;
            }
            for advance in &product.letters {
                words += state.len();
                let next = product.step(&state, advance);
                if !meets(&next, &product.seeds) || seen.contains(&next) {
                    continue;
                }
                if seen.len() >= MOST_COMBINATIONS || words >= MOST_WORDS {
                    return End::GaveUp;
                }
                seen.insert(next.clone());
                queue.push_back(next);
            }
        }
        End::Exhausted
    }
}

impl Combination<'_> {
    /// Whether the name matches the seed at `index`.
    pub(crate) fn matches_seed(&self, index: usize) -> bool {
        self.matches(index)
    }

    /// Whether the selector takes the name in.
    pub(crate) fn falls_in(&self, selector: &Followed) -> bool {
        let any = |range: &Range<usize>| range.clone().any(|index| self.matches(index));
        any(&selector.any_of) && !any(&selector.none_of)
    }

    fn matches(&self, index: usize) -> bool {
        self.ends.get(index).is_some_and(|place| has(self.state, *place))
    }
}

type Bits = Box<[u64]>;

/// All patterns end to end in one row of bits: a bit for each token, and one after them that says "matched".
struct Product {
    start: Bits,
    runs: Bits,
    seeds: Bits,
    /// For each kind of letter, the places it moves forward.
    letters: BTreeSet<Bits>,
    /// Where each pattern's "matched" bit is.
    ends: Vec<usize>,
}

impl Product {
    fn new(globs: &[&Glob], seeds: usize) -> Self {
        let places: usize = globs.iter().map(|glob| glob.tokens().len() + 1).sum();
        let empty = vec![0_u64; places.div_ceil(64)].into_boxed_slice();
        let mut product = Self {
            start: empty.clone(),
            runs: empty.clone(),
            seeds: empty.clone(),
            letters: BTreeSet::new(),
            ends: Vec::new(),
        };
        let mut place = 0;
        for (index, glob) in globs.iter().enumerate() {
            set(&mut product.start, place);
            let begin = place;
            for token in glob.tokens() {
                if *token == Token::Run {
                    set(&mut product.runs, place);
                }
                place += 1;
            }
            product.ends.push(place);
            place += 1;
            if index < seeds {
                (begin..place).for_each(|bit| set(&mut product.seeds, bit));
            }
        }
        pass(&product.runs, &mut product.start);
        product.letters = kinds_of_letter(globs).into_iter().map(|letter| advances(globs, letter, &empty)).collect();
        product
    }

    fn step(&self, state: &[u64], advance: &[u64]) -> Bits {
        let mut carried = 0;
        let mut next: Bits = state
            .iter()
            .zip(advance)
            .zip(&self.runs)
            .map(|((places, moving), staying)| {
                let moved = places & moving;
                let word = (moved << 1) | carried | (places & staying);
                carried = moved >> 63;
                word
            })
            .collect();
        pass(&self.runs, &mut next);
        next
    }
}

/// A pattern waiting at a `*` is also already past it. One step is enough: no two `*` touch in a canonical pattern.
fn pass(runs: &[u64], state: &mut [u64]) {
    let mut carried = 0;
    for (word, run) in state.iter_mut().zip(runs) {
        let waiting = *word & run;
        *word |= (waiting << 1) | carried;
        carried = waiting >> 63;
    }
}

fn advances(globs: &[&Glob], letter: char, empty: &Bits) -> Bits {
    let mut bits = empty.clone();
    let mut place = 0;
    for glob in globs {
        for token in glob.tokens() {
            if *token != Token::Run && token.admits(letter, glob.case()) {
                set(&mut bits, place);
            }
            place += 1;
        }
        place += 1;
    }
    bits
}

/// One letter of each kind the patterns can tell apart: those they spell, the other case of those whose case does not
/// count, and one they never mention.
fn kinds_of_letter(globs: &[&Glob]) -> BTreeSet<char> {
    let mut letters = BTreeSet::new();
    for glob in globs {
        for token in glob.tokens() {
            let Token::Exactly(letter) = *token else {
                continue;
            };
            letters.insert(letter);
            if glob.case() == Case::Insensitive {
                letters.extend(letter.to_uppercase().filter(|upper| fold(*upper) == letter));
            }
        }
    }
    letters.insert(unmentioned(globs.iter().copied()));
    letters
}

/// A letter none of the patterns mentions, from the range Unicode leaves to private use.
pub(crate) fn unmentioned<'a>(globs: impl IntoIterator<Item = &'a Glob>) -> char {
    const PRIVATE: std::ops::RangeInclusive<char> = '\u{e000}'..='\u{f8ff}';
    let mut taken = BTreeSet::new();
    for glob in globs {
        if glob.as_str().is_ascii() {
            continue;
        }
        taken.extend(glob.as_str().chars().filter(|letter| PRIVATE.contains(letter)));
    }
    PRIVATE.into_iter().find(|letter| !taken.contains(letter)).unwrap_or('\u{10fffd}')
}

fn set(bits: &mut [u64], place: usize) {
    if let Some(word) = bits.get_mut(place / 64) {
        *word |= 1 << (place % 64);
    }
}

fn has(bits: &[u64], place: usize) -> bool {
    bits.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
}

fn meets(bits: &[u64], others: &[u64]) -> bool {
    bits.iter().zip(others).any(|(a, b)| a & b != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The combinations of matches among the patterns that some name produces.
    fn combinations(patterns: &[&str]) -> BTreeSet<Vec<bool>> {
        let globs: Vec<Glob> = patterns.iter().map(|text| Glob::sensitive(text)).collect();
        let mut found = BTreeSet::new();
        let end = Walk::seeded(&globs).stop_at(|name| {
            found.insert((0..globs.len()).map(|seed| name.matches_seed(seed)).collect());
            false
        });
        assert_eq!(end, End::Exhausted);
        found
    }

    #[test]
    fn every_combination_some_name_produces_is_visited_and_no_other() {
        let found = combinations(&["a*", "*b"]);
        let all: BTreeSet<Vec<bool>> =
            [[false, false], [false, true], [true, false], [true, true]].map(Vec::from).into();
        assert_eq!(found, all);
        assert!(!combinations(&["a*", "b*"]).contains(&vec![true, true]));
        assert!(!combinations(&["?*", "*"]).contains(&vec![true, false]));
    }

    #[test]
    fn patterns_longer_than_a_machine_word_are_walked_to_their_end() {
        let long = "x".repeat(70);
        let found = combinations(&[&long, &format!("{long}*")]);
        assert!(found.contains(&vec![true, true]));
        assert!(found.contains(&vec![false, true]));
        assert!(!found.contains(&vec![true, false]));
    }

    #[test]
    fn a_run_on_the_edge_of_a_machine_word_is_passed_like_any_other() {
        for length in [62, 63, 64] {
            let long = "x".repeat(length);
            let found = combinations(&[&long, &format!("{long}*")]);
            assert!(found.contains(&vec![true, true]), "{length} letters and a run that takes none");
        }
    }

    #[test]
    fn an_unmentioned_letter_is_mentioned_nowhere() {
        assert_eq!(unmentioned(&[Glob::sensitive("a*")]), '\u{e000}');
        assert_eq!(unmentioned(&[Glob::sensitive("\u{e000}"), Glob::insensitive("\u{e001}*")]), '\u{e002}');
    }

    #[test]
    fn a_letter_of_the_other_case_is_a_kind_of_its_own() {
        let globs = [Glob::sensitive("a"), Glob::insensitive("a")];
        let mut loose_only = false;
        Walk::seeded(&globs).stop_at(|name| {
            loose_only |= !name.matches_seed(0) && name.matches_seed(1);
            loose_only
        });
        assert!(loose_only, "`A` matches the second alone");
    }
}
