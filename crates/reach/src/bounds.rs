//! What is surely in a set and what may be in it.

use serde::{Deserialize, Serialize};

use crate::address::AddrSet;
use crate::interval::IntervalSet;
use crate::packet::PacketSet;
use crate::point::Point;

/// The operations bounds need from a set. The empty set is its default value.
pub trait SetOps: Clone + Eq + Default {
    /// What is in either set.
    #[must_use]
    fn union(&self, other: &Self) -> Self;

    /// What is in both sets.
    #[must_use]
    fn intersect(&self, other: &Self) -> Self;

    /// What is in this set and not in `other`.
    #[must_use]
    fn subtract(&self, other: &Self) -> Self;
}

/// Two sets around a third that is not known exactly: `lower` is inside it, `upper` is around it.
///
/// INVARIANT: the lower bound is a subset of the upper one, and `upper` is `None` exactly when the two are equal.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(
    from = "Pair<S>",
    into = "Pair<S>",
    bound(serialize = "S: SetOps + Serialize", deserialize = "S: SetOps + Deserialize<'de>")
)]
pub struct Bounds<S> {
    lower: S,
    upper: Option<S>,
}

impl<S: SetOps> Bounds<S> {
    /// A set that is known.
    pub fn exact(set: S) -> Self {
        Self { lower: set, upper: None }
    }

    /// A set that surely holds `lower` and may hold `upper`. What is surely in it may be in it, so the upper bound gets
    /// the lower one added.
    pub fn between(lower: S, upper: S) -> Self {
        if lower.subtract(&upper) == S::default() {
            return Self::ordered(lower, upper);
        }
        let upper = upper.union(&lower);
        Self::ordered(lower, upper)
    }

    /// A set of which only the widest meaning is known: the way to enter a rule that could not be read.
    pub fn unknown_within(upper: S) -> Self {
        Self::ordered(S::default(), upper)
    }

    /// For a lower bound that is known to be inside the upper one.
    pub(crate) fn ordered(lower: S, upper: S) -> Self {
        let upper = (lower != upper).then_some(upper);
        Self { lower, upper }
    }

    /// What is surely in the set.
    pub fn lower(&self) -> &S {
        &self.lower
    }

    /// What may be in the set.
    pub fn upper(&self) -> &S {
        self.upper.as_ref().unwrap_or(&self.lower)
    }

    /// Whether the set is known.
    pub fn is_exact(&self) -> bool {
        self.upper.is_none()
    }

    /// What is in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.zip(other, S::union)
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        self.zip(other, S::intersect)
    }

    /// What is in this set and not in `other`. What may be in `other` is not surely left.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        let lower = self.lower.subtract(other.upper());
        if self.is_exact() && other.is_exact() {
            return Self::exact(lower);
        }
        Self::ordered(lower, self.upper().subtract(&other.lower))
    }

    /// Both bounds through a function. It must be monotone, that is give a larger set for a larger set, or the result
    /// bounds nothing; a complement is not monotone, use [`Bounds::subtract`].
    pub fn map<T: SetOps>(&self, function: impl Fn(&S) -> T) -> Bounds<T> {
        match &self.upper {
            None => Bounds::exact(function(&self.lower)),
            Some(upper) => Bounds::between(function(&self.lower), function(upper)),
        }
    }

    /// Both bounds of two sets through a function that is monotone in both.
    fn zip(&self, other: &Self, function: impl Fn(&S, &S) -> S) -> Self {
        let lower = function(&self.lower, &other.lower);
        if self.is_exact() && other.is_exact() {
            return Self::exact(lower);
        }
        Self::ordered(lower, function(self.upper(), other.upper()))
    }
}

/// Bounds as they are written down.
#[derive(Serialize, Deserialize)]
struct Pair<S> {
    lower: S,
    upper: S,
}

impl<S: SetOps> From<Pair<S>> for Bounds<S> {
    fn from(pair: Pair<S>) -> Self {
        Self::between(pair.lower, pair.upper)
    }
}

impl<S: SetOps> From<Bounds<S>> for Pair<S> {
    fn from(bounds: Bounds<S>) -> Self {
        let upper = bounds.upper().clone();
        Self { lower: bounds.lower, upper }
    }
}

impl<T: Point> SetOps for IntervalSet<T> {
    fn union(&self, other: &Self) -> Self {
        self.union(other)
    }

    fn intersect(&self, other: &Self) -> Self {
        self.intersect(other)
    }

    fn subtract(&self, other: &Self) -> Self {
        self.subtract(other)
    }
}

impl SetOps for AddrSet {
    fn union(&self, other: &Self) -> Self {
        self.union(other)
    }

    fn intersect(&self, other: &Self) -> Self {
        self.intersect(other)
    }

    fn subtract(&self, other: &Self) -> Self {
        self.subtract(other)
    }
}

impl SetOps for PacketSet {
    fn union(&self, other: &Self) -> Self {
        self.union(other)
    }

    fn intersect(&self, other: &Self) -> Self {
        self.intersect(other)
    }

    fn subtract(&self, other: &Self) -> Self {
        self.subtract(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::Ports;

    fn ports(lo: u16, hi: u16) -> Ports {
        Ports::from_range(lo, hi)
    }

    #[test]
    fn what_is_surely_in_a_set_may_be_in_it() {
        let bounds = Bounds::between(ports(5, 9), ports(0, 6));
        assert_eq!((bounds.lower(), bounds.upper()), (&ports(5, 9), &ports(0, 9)));
        assert!(!bounds.is_exact());
    }

    #[test]
    fn equal_bounds_are_exact_however_they_were_made() {
        assert_eq!(Bounds::between(ports(5, 9), ports(5, 9)), Bounds::exact(ports(5, 9)));
        assert_eq!(Bounds::between(ports(5, 9), ports(6, 7)), Bounds::exact(ports(5, 9)));
        assert_eq!(Bounds::unknown_within(Ports::empty()), Bounds::exact(Ports::empty()));
        let clipped = Bounds::between(ports(5, 9), ports(0, 9)).intersect(&Bounds::exact(ports(5, 20)));
        assert_eq!(clipped, Bounds::exact(ports(5, 9)));
        assert!(Bounds::between(ports(5, 9), ports(0, 9)).map(|set| set.intersect(&ports(7, 8))).is_exact());
    }

    #[test]
    fn what_may_be_taken_away_is_not_surely_left() {
        let left = Bounds::exact(ports(0, 9)).subtract(&Bounds::between(ports(8, 9), ports(4, 9)));
        assert_eq!((left.lower(), left.upper()), (&ports(0, 3), &ports(0, 7)));
    }

    #[test]
    fn bounds_read_back_as_they_were_written_and_are_put_in_order() {
        let bounds = Bounds::between(ports(22, 22), ports(20, 30));
        let json = serde_json::to_string(&bounds).unwrap();
        assert_eq!(json, r#"{"lower":[[22,22]],"upper":[[20,30]]}"#);
        assert_eq!(serde_json::from_str::<Bounds<Ports>>(&json).unwrap(), bounds);
        let crossed: Bounds<Ports> = serde_json::from_str(r#"{"lower":[[1,3]],"upper":[[3,4]]}"#).unwrap();
        assert_eq!(crossed.upper(), &ports(1, 4));
    }
}
