//! Sets of whole numbers as sorted intervals, with one normal form.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::point::Point;

/// A set of destination ports. For ICMP and ICMPv6 the number is `type * 256 + code`.
pub type Ports = IntervalSet<u16>;

/// A set of whole numbers, kept as closed intervals.
///
/// INVARIANT: the intervals are sorted, disjoint and not adjacent, and each has `lo <= hi`. A set of numbers has
/// therefore exactly one representation, and equality of values is equality of sets.
///
/// Every operation is one linear merge.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IntervalSet<T> {
    intervals: Vec<(T, T)>,
}

impl<T> Default for IntervalSet<T> {
    fn default() -> Self {
        Self {
            intervals: Vec::new(),
        }
    }
}

impl<T: Point> IntervalSet<T> {
    /// No number.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every number of the type.
    pub fn full() -> Self {
        Self {
            intervals: vec![(T::MIN, T::MAX)],
        }
    }

    /// The numbers from `lo` to `hi`, both included; none if `lo` is above `hi`.
    pub fn from_range(lo: T, hi: T) -> Self {
        Self {
            intervals: if lo <= hi { vec![(lo, hi)] } else { Vec::new() },
        }
    }

    /// The numbers of all the ranges, which may come in any order and overlap.
    pub fn from_ranges(ranges: impl IntoIterator<Item = (T, T)>) -> Self {
        let mut sorted: Vec<(T, T)> = ranges.into_iter().filter(|(lo, hi)| lo <= hi).collect();
        sorted.sort_unstable();
        let mut merged = Vec::with_capacity(sorted.len());
        for interval in sorted {
            append(&mut merged, interval);
        }
        Self { intervals: merged }
    }

    /// The intervals, sorted, disjoint and not adjacent.
    pub fn intervals(&self) -> &[(T, T)] {
        &self.intervals
    }

    /// Whether the set holds no number.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Whether the set holds every number of the type.
    pub fn is_full(&self) -> bool {
        self.intervals == [(T::MIN, T::MAX)]
    }

    /// Whether `point` is in the set.
    pub fn contains(&self, point: T) -> bool {
        let after = self.intervals.partition_point(|(lo, _)| *lo <= point);
        after
            .checked_sub(1)
            .and_then(|last| self.intervals.get(last))
            .is_some_and(|(_, hi)| point <= *hi)
    }

    /// How many numbers the set holds. The 2^128 of a full `u128` set do not fit and count one less.
    pub fn count(&self) -> u128 {
        let size = |(lo, hi): &(T, T)| (hi.widen() - lo.widen()).saturating_add(1);
        self.intervals
            .iter()
            .map(size)
            .fold(0, u128::saturating_add)
    }

    /// The numbers in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.intervals.as_slice(), other.intervals.as_slice());
        let mut merged = Vec::with_capacity(left.len() + right.len());
        while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
            if a.0 <= b.0 {
                append(&mut merged, *a);
                left = left_rest;
            } else {
                append(&mut merged, *b);
                right = right_rest;
            }
        }
        for interval in left.iter().chain(right) {
            append(&mut merged, *interval);
        }
        Self { intervals: merged }
    }

    /// The numbers in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.intervals.as_slice(), other.intervals.as_slice());
        let mut shared = Vec::new();
        while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
            let (lo, hi) = (a.0.max(b.0), a.1.min(b.1));
            if lo <= hi {
                shared.push((lo, hi));
            }
            if a.1 < b.1 {
                left = left_rest;
            } else {
                right = right_rest;
            }
        }
        Self { intervals: shared }
    }

    /// The numbers in this set and not in `other`.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        let mut holes = other.intervals.as_slice();
        let mut kept = Vec::with_capacity(self.intervals.len() + 1);
        for &(lo, hi) in &self.intervals {
            while let [(_, hole_hi), rest @ ..] = holes
                && *hole_hi < lo
            {
                holes = rest;
            }
            let mut start = Some(lo);
            while let [(hole_lo, hole_hi), rest @ ..] = holes
                && *hole_lo <= hi
            {
                if let (Some(first), Some(last)) = (start, hole_lo.pred())
                    && first <= last
                {
                    kept.push((first, last));
                }
                start = hole_hi.succ();
                if *hole_hi > hi {
                    // The hole reaches into the next interval, so it is not used up.
                    break;
                }
                holes = rest;
            }
            if let Some(first) = start
                && first <= hi
            {
                kept.push((first, hi));
            }
        }
        Self { intervals: kept }
    }

    /// The numbers of the type that are not in this set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::full().subtract(self)
    }

    /// Whether every number of this set is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        let mut covers = other.intervals.as_slice();
        self.intervals.iter().all(|(lo, hi)| {
            while let [(_, cover_hi), rest @ ..] = covers
                && cover_hi < lo
            {
                covers = rest;
            }
            covers
                .first()
                .is_some_and(|(cover_lo, cover_hi)| cover_lo <= lo && hi <= cover_hi)
        })
    }

    /// Whether no number is in both sets.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        let (mut left, mut right) = (self.intervals.as_slice(), other.intervals.as_slice());
        while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
            if a.1 < b.0 {
                left = left_rest;
            } else if b.1 < a.0 {
                right = right_rest;
            } else {
                return false;
            }
        }
        true
    }
}

impl<T: Point> FromIterator<(T, T)> for IntervalSet<T> {
    fn from_iter<I: IntoIterator<Item = (T, T)>>(ranges: I) -> Self {
        Self::from_ranges(ranges)
    }
}

impl<T: Serialize> Serialize for IntervalSet<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.intervals.serialize(serializer)
    }
}

impl<'de, T: Point + Deserialize<'de>> Deserialize<'de> for IntervalSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_ranges(Vec::deserialize(deserializer)?))
    }
}

/// Adds an interval that does not start before the last one, merging the two where they touch.
fn append<T: Point>(intervals: &mut Vec<(T, T)>, (lo, hi): (T, T)) {
    match intervals.last_mut() {
        Some((_, last_hi)) if last_hi.succ().is_none_or(|next| lo <= next) => {
            *last_hi = hi.max(*last_hi);
        }
        _ => intervals.push((lo, hi)),
    }
}
