//! A list of patterns asked as one: which names does any of them match.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::glob::{Case, Glob, Token, fold};
use crate::name::Name;

/// From this many plain names on, looking them up beats going through them. A role may list twelve thousand.
const WORTH_SORTING: usize = 24;

/// Patterns in the order they were written, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Patterns {
    globs: Arc<[Glob]>,
    sorted: Option<Arc<Sorted>>,
    /// Whether any pattern has a letter beyond ASCII.
    exotic: bool,
}

/// The same patterns, those without wildcards in order of their letters.
#[derive(Debug)]
struct Sorted {
    sensitive: Vec<Glob>,
    insensitive: Vec<Glob>,
    wild: Vec<Glob>,
    case_never_counts: bool,
}

impl Patterns {
    pub(crate) fn new(globs: impl IntoIterator<Item = Glob>) -> Self {
        let globs: Arc<[Glob]> = globs.into_iter().collect();
        let exotic = globs.iter().any(|glob| !glob.as_str().is_ascii());
        let sorted = (globs.len() >= WORTH_SORTING).then(|| Arc::new(Sorted::of(&globs)));
        Self { globs, sorted, exotic }
    }

    pub(crate) fn globs(&self) -> &[Glob] {
        &self.globs
    }

    /// The patterns that may contain letters beyond ASCII.
    pub(crate) fn exotic(&self) -> &[Glob] {
        if self.exotic { &self.globs } else { &[] }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.globs.is_empty()
    }

    pub(crate) fn accepts(&self, name: Name<'_>) -> bool {
        match &self.sorted {
            Some(sorted) => sorted.accepts(name),
            None => self.globs.iter().any(|glob| glob.accepts(name)),
        }
    }

    /// Whether one of the patterns contains the other.
    pub(crate) fn include(&self, glob: &Glob) -> bool {
        self.look_up(glob).unwrap_or_else(|| self.globs.iter().any(|taken| taken.includes(glob)))
    }

    /// Whether one of the patterns meets the other.
    pub(crate) fn meet(&self, glob: &Glob) -> bool {
        self.look_up(glob).unwrap_or_else(|| self.globs.iter().any(|taken| taken.overlaps(glob)))
    }

    /// A single name is contained, and met, exactly when it is accepted; if it has only one spelling here.
    fn look_up(&self, glob: &Glob) -> Option<bool> {
        let name = glob.literal()?;
        let sorted = self.sorted.as_ref()?;
        let one_spelling = glob.case() == Case::Sensitive || sorted.case_never_counts;
        one_spelling.then(|| sorted.accepts(Name::new(name)))
    }
}

impl Sorted {
    fn of(globs: &[Glob]) -> Self {
        let case_never_counts = globs.iter().all(|glob| glob.case() == Case::Insensitive);
        let mut sorted = Self { sensitive: Vec::new(), insensitive: Vec::new(), wild: Vec::new(), case_never_counts };
        for glob in globs {
            match (glob.literal(), glob.case()) {
                (Some(_), Case::Sensitive) => sorted.sensitive.push(glob.clone()),
                (Some(_), Case::Insensitive) => sorted.insensitive.push(glob.clone()),
                (None, _) => sorted.wild.push(glob.clone()),
            }
        }
        sorted.sensitive.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        sorted.insensitive.sort_unstable();
        sorted
    }

    fn accepts(&self, name: Name<'_>) -> bool {
        let text = name.text();
        let same = |glob: &Glob| glob.as_str().cmp(text);
        let alike = |glob: &Glob| spelled(glob).cmp(text.chars().map(fold));
        self.sensitive.binary_search_by(same).is_ok()
            || self.insensitive.binary_search_by(alike).is_ok()
            || self.wild.iter().any(|glob| glob.accepts(name))
    }
}

/// The letters of a pattern without wildcards.
fn spelled(glob: &Glob) -> impl Iterator<Item = char> + '_ {
    glob.tokens().iter().filter_map(|token| match token {
        Token::Exactly(letter) => Some(*letter),
        Token::Run | Token::One => None,
    })
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Self) -> bool {
        self.globs == other.globs
    }
}

impl Eq for Patterns {}

impl PartialOrd for Patterns {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Patterns {
    fn cmp(&self, other: &Self) -> Ordering {
        self.globs.cmp(&other.globs)
    }
}

impl Hash for Patterns {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.globs.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(case: fn(&str) -> Glob) -> Patterns {
        let names = (0..40).map(|n| case(&format!("svc.thing.Verb{n}")));
        Patterns::new(names.chain([case("other.*.read"), case("svc.th?ng.write")]))
    }

    #[test]
    fn a_long_list_answers_as_its_patterns_do_one_by_one() {
        for patterns in [many(Glob::sensitive), many(Glob::insensitive)] {
            assert!(patterns.sorted.is_some(), "the list is long enough to be sorted");
            for name in [
                "svc.thing.Verb7",
                "svc.thing.verb7",
                "svc.thing.Verb40",
                "svc.thing.Verb",
                "",
                "other.x.read",
                "OTHER.x.read",
                "svc.thong.write",
            ] {
                let one_by_one = patterns.globs().iter().any(|glob| glob.matches(name));
                assert_eq!(patterns.accepts(Name::new(name)), one_by_one, "{name}");
            }
        }
    }

    #[test]
    fn a_long_list_contains_and_meets_what_its_patterns_do_one_by_one() {
        for patterns in [many(Glob::sensitive), many(Glob::insensitive)] {
            for glob in [
                Glob::sensitive("svc.thing.Verb7"),
                Glob::insensitive("svc.thing.Verb7"),
                Glob::insensitive("svc.thing.verb99"),
                Glob::sensitive("other.*.read"),
                Glob::sensitive("svc.*"),
            ] {
                let one_by_one = patterns.globs().iter().any(|taken| taken.includes(&glob));
                assert_eq!(patterns.include(&glob), one_by_one, "{glob:?}");
                let one_by_one = patterns.globs().iter().any(|taken| taken.overlaps(&glob));
                assert_eq!(patterns.meet(&glob), one_by_one, "{glob:?}");
            }
        }
    }
}
