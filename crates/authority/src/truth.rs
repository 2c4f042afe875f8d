//! Three-valued truth that remembers what it does not know.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Whether something holds: yes, no, or it depends on named things nobody has told us.
///
/// The connectives are Kleene's strong ones: a known part that settles the whole settles it, whatever the unknown part
/// turns out to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It depends on these: condition keys of the request, or documents nobody could read.
    Unknown(BTreeSet<String>),
}

impl Truth {
    /// Depends on the one thing named `what`.
    pub fn unknown(what: impl Into<String>) -> Self {
        Self::Unknown(BTreeSet::from([what.into()]))
    }

    /// Holds when both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, rest) | (rest, Self::True) => rest,
            (Self::Unknown(mut names), Self::Unknown(more)) => {
                names.extend(more);
                Self::Unknown(names)
            }
        }
    }

    /// Holds when at least one holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, rest) | (rest, Self::False) => rest,
            (Self::Unknown(mut names), Self::Unknown(more)) => {
                names.extend(more);
                Self::Unknown(names)
            }
        }
    }

    /// Holds when this does not.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "`and`, `or` and `not` read as one family")]
    pub fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown(names) => Self::Unknown(names),
        }
    }

    /// Holds when all of them hold; the empty conjunction holds.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(Self::True, Self::and)
    }

    /// Holds when at least one of them holds; the empty disjunction does not.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(Self::False, Self::or)
    }

    pub(crate) fn strength(&self) -> Strength {
        match self {
            Self::True => Strength::True,
            Self::False => Strength::False,
            Self::Unknown(_) => Strength::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(known: bool) -> Self {
        if known { Self::True } else { Self::False }
    }
}

/// A truth without its names. In this order "and" is the minimum and "or" the maximum, so the hot loops allocate
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    False,
    Unknown,
    True,
}

impl Strength {
    pub(crate) fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::Unknown => Self::Unknown,
            Self::False => Self::True,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<const N: usize>(of: [&str; N]) -> Truth {
        Truth::Unknown(of.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn a_false_part_settles_a_conjunction_whatever_is_unknown() {
        assert_eq!(Truth::unknown("k").and(Truth::False), Truth::False);
        assert_eq!(Truth::False.and(Truth::unknown("k")), Truth::False);
    }

    #[test]
    fn a_true_part_settles_a_disjunction_whatever_is_unknown() {
        assert_eq!(Truth::unknown("k").or(Truth::True), Truth::True);
        assert_eq!(Truth::True.or(Truth::unknown("k")), Truth::True);
    }

    #[test]
    fn two_unknowns_depend_on_both() {
        assert_eq!(Truth::unknown("b").and(Truth::unknown("a")), names(["a", "b"]));
        assert_eq!(Truth::unknown("b").or(Truth::unknown("a")), names(["a", "b"]));
    }

    #[test]
    fn a_neutral_part_leaves_the_unknown_as_it_was() {
        assert_eq!(Truth::True.and(Truth::unknown("a")), names(["a"]));
        assert_eq!(Truth::unknown("a").or(Truth::False), names(["a"]));
    }

    #[test]
    fn negation_swaps_the_known_and_keeps_the_unknown() {
        assert_eq!(Truth::True.not(), Truth::False);
        assert_eq!(Truth::False.not(), Truth::True);
        assert_eq!(Truth::unknown("a").not(), names(["a"]));
    }

    #[test]
    fn nothing_to_satisfy_is_satisfied_and_nothing_to_choose_from_is_not() {
        assert_eq!(Truth::all([]), Truth::True);
        assert_eq!(Truth::any([]), Truth::False);
    }

    #[test]
    fn strengths_are_ordered_so_that_minimum_is_and_and_maximum_is_or() {
        let all = [Truth::True, Truth::False, Truth::unknown("k")];
        for left in &all {
            for right in &all {
                let and = left.clone().and(right.clone()).strength();
                let or = left.clone().or(right.clone()).strength();
                assert_eq!(and, left.strength().min(right.strength()));
                assert_eq!(or, left.strength().max(right.strength()));
            }
            assert_eq!(left.clone().not().strength(), left.strength().not());
        }
    }
}
