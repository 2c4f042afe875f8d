//! What a change costs, in person-days that can be checked by hand.

use palisade_engine::Effort;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{
    fmt::{self, Write as _},
    iter::Sum,
};

/// Days of one person's work, counted in quarters of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonDays(u32);

/// The most days anybody may write: it keeps every sum in range.
const MOST: f64 = 100_000.0;

impl PersonDays {
    /// So many quarters of a day.
    pub const fn quarters(quarters: u32) -> Self {
        Self(quarters)
    }

    /// So many whole days.
    pub const fn days(days: u32) -> Self {
        Self(days.saturating_mul(4))
    }

    /// The number of quarters of a day.
    pub const fn in_quarters(self) -> u32 {
        self.0
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for PersonDays {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::plus)
    }
}

impl fmt::Display for PersonDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 4, self.0 % 4) {
            (days, 0) => write!(f, "{days}"),
            (days, 2) => write!(f, "{days}.5"),
            (days, rest) => write!(f, "{days}.{}", rest * 25),
        }
    }
}

impl Serialize for PersonDays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 4.0)
    }
}

impl<'de> Deserialize<'de> for PersonDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = f64::deserialize(deserializer)?;
        if !(0.0..=MOST).contains(&days) {
            return Err(D::Error::custom("a number of days is from 0 to 100000"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 400000")]
        let quarters = (days * 4.0).floor() as u32;
        Ok(Self(quarters))
    }
}

/// What an initiative costs, with how that was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Altogether.
    pub days: PersonDays,
    /// How that was computed.
    pub because: String,
}

/// What the first place costs by the catalogue's effort class, and each further one, in quarters of a day.
///
/// The catalogue: S hours, M days, L weeks, XL a quarter. Whoever has done it once knows how: each further place costs a
/// quarter of the first, at least a quarter of a day. One change that mends many findings is one place.
const fn price(effort: Effort) -> (u32, u32) {
    match effort {
        Effort::S => (2, 1),
        Effort::M => (12, 3),
        Effort::L => (40, 10),
        Effort::Xl => (240, 60),
    }
}

impl Cost {
    /// Of changing so many places that close so many findings.
    pub(crate) fn of(effort: Effort, places: usize, findings: usize, what: &str) -> Self {
        let (first, further) = price(effort);
        let more = u32::try_from(places.saturating_sub(1)).unwrap_or(u32::MAX);
        let days = PersonDays(first.saturating_add(further.saturating_mul(more)));
        let mut because = format!("effort {effort}: {} days for the first {what}", PersonDays(first));
        if more > 0 {
            let _ = write!(because, " and {} for each of {more} more", PersonDays(further));
        }
        if findings > places {
            let _ = write!(because, "; {findings} findings go with {places}");
        }
        Self { days, because }
    }
}
