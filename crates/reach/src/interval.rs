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
        Self { intervals: Vec::new() }
    }
}

impl<T: Point> IntervalSet<T> {
    /// No number.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every number of the type.
    pub fn full() -> Self {
        Self { intervals: vec![(T::MIN, T::MAX)] }
    }

    /// The numbers from `lo` to `hi`, both included; none if `lo` is above `hi`.
    pub fn from_range(lo: T, hi: T) -> Self {
        Self { intervals: if lo <= hi { vec![(lo, hi)] } else { Vec::new() } }
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
        after.checked_sub(1).and_then(|last| self.intervals.get(last)).is_some_and(|(_, hi)| point <= *hi)
    }

    /// How many numbers the set holds. The 2^128 of a full `u128` set do not fit and count one less.
    pub fn count(&self) -> u128 {
        let size = |(lo, hi): &(T, T)| (hi.widen() - lo.widen()).saturating_add(1);
        self.intervals.iter().map(size).fold(0, u128::saturating_add)
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
            covers.first().is_some_and(|(cover_lo, cover_hi)| cover_lo <= lo && hi <= cover_hi)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(ranges: &[(u16, u16)]) -> Ports {
        ranges.iter().copied().collect()
    }

    #[test]
    fn neighbours_and_overlaps_become_one_interval_in_any_order() {
        assert_eq!(bytes(&[(5, 6), (0, 2), (3, 4), (1, 5)]).intervals(), [(0, 6)]);
        assert_eq!(bytes(&[(8, 9), (0, 2), (4, 6)]).intervals(), [(0, 2), (4, 6), (8, 9)]);
        assert_eq!(bytes(&[(0, 9), (3, 4)]).intervals(), [(0, 9)]);
    }

    #[test]
    fn a_reversed_range_is_empty() {
        assert_eq!(Ports::from_range(2, 1), Ports::empty());
        assert_eq!(bytes(&[(2, 1), (7, 7)]).intervals(), [(7, 7)]);
    }

    #[test]
    fn the_halves_of_the_widest_type_are_the_whole() {
        let middle = u128::MAX / 2;
        let (low, high) = (IntervalSet::from_range(0, middle), IntervalSet::from_range(middle + 1, u128::MAX));
        assert!(low.union(&high).is_full());
        assert!(high.union(&low).is_full());
        assert_eq!(low.complement(), high);
        assert_eq!(IntervalSet::<u128>::full().subtract(&low), high);
        assert_eq!(IntervalSet::<u128>::full().subtract(&high), low);
        assert!(low.is_disjoint(&high) && !low.is_disjoint(&IntervalSet::from_range(middle, middle)));
    }

    #[test]
    fn the_ends_can_be_added_and_taken_away() {
        let (first, last) = (Ports::from_range(0, 0), Ports::from_range(u16::MAX, u16::MAX));
        let inner = Ports::full().subtract(&first.union(&last));
        assert_eq!(inner.intervals(), [(1, u16::MAX - 1)]);
        assert!(inner.union(&first).union(&last).is_full());
        assert_eq!(Ports::full().complement(), Ports::empty());
        assert_eq!(Ports::empty().complement(), Ports::full());
        assert_eq!(bytes(&[(9, u16::MAX), (0, u16::MAX)]).intervals(), [(0, u16::MAX)]);
    }

    #[test]
    fn one_hole_can_end_two_intervals_and_two_holes_can_split_one() {
        assert_eq!(bytes(&[(0, 4), (6, 9)]).subtract(&bytes(&[(3, 7)])).intervals(), [(0, 2), (8, 9)]);
        assert_eq!(bytes(&[(0, 9)]).subtract(&bytes(&[(2, 3), (5, 5)])).intervals(), [(0, 1), (4, 4), (6, 9)]);
    }

    #[test]
    fn members_are_counted_without_overflow() {
        assert_eq!(Ports::full().count(), 65_536);
        assert_eq!(IntervalSet::<u32>::full().count(), 1 << 32);
        assert_eq!(IntervalSet::<u128>::full().count(), u128::MAX);
        assert_eq!(IntervalSet::from_range(1, u128::MAX).count(), u128::MAX);
        assert_eq!(IntervalSet::from_ranges([(0, 0), (2, u128::MAX)]).count(), u128::MAX);
        assert_eq!(bytes(&[(0, 2), (9, 9)]).count(), 4);
    }

    #[test]
    fn membership_holds_at_both_ends_of_each_interval() {
        let set = bytes(&[(2, 4), (9, 9)]);
        let members: Vec<u16> = (0..12).filter(|port| set.contains(*port)).collect();
        assert_eq!(members, [2, 3, 4, 9]);
    }

    #[test]
    fn a_subset_may_not_bridge_a_gap() {
        let set = bytes(&[(0, 4), (6, 9)]);
        assert!(bytes(&[(1, 2), (4, 4), (6, 9)]).is_subset(&set));
        assert!(!bytes(&[(4, 6)]).is_subset(&set));
        assert!(!set.is_subset(&Ports::empty()));
        assert!(Ports::empty().is_subset(&set));
    }

    #[test]
    fn intervals_are_read_into_normal_form() {
        let read: Result<Ports, _> = serde_json::from_str("[[5,9],[0,4]]");
        assert_eq!(read.ok(), Some(Ports::from_range(0, 9)));
        assert_eq!(serde_json::to_string(&bytes(&[(22, 22), (80, 81)])).ok().as_deref(), Some("[[22,22],[80,81]]"));
    }
}
