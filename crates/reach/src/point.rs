//! The whole numbers an interval may be made of.

use std::fmt::Debug;
use std::hash::Hash;

/// A whole number with a smallest and a largest value: a port (`u16`), an IPv4 address (`u32`), an IPv6 address
/// (`u128`). Not implementable elsewhere.
pub trait Point: Copy + Ord + Hash + Debug + sealed::Sealed {
    /// The smallest value.
    const MIN: Self;
    /// The largest value.
    const MAX: Self;

    /// The next value, or nothing after the largest.
    fn succ(self) -> Option<Self>;

    /// The value before, or nothing before the smallest.
    fn pred(self) -> Option<Self>;

    /// The value as the widest of the three types.
    fn widen(self) -> u128;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! points {
    ($($number:ty),*) => {$(
        impl sealed::Sealed for $number {}

        impl Point for $number {
            const MIN: Self = Self::MIN;
            const MAX: Self = Self::MAX;

            fn succ(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn pred(self) -> Option<Self> {
                self.checked_sub(1)
            }

            fn widen(self) -> u128 {
                self.into()
            }
        }
    )*};
}

points!(u16, u32, u128);
