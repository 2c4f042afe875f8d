//! Lists of the world that are in the program and grow old.

use jiff::{Span, civil::Date};
use serde::{Deserialize, Serialize};

/// A list of facts of the world that is in the program: what a provider publishes, as of a day.
///
/// What rests on it is as old as the list. Nothing that is missing from a list is ever taken for nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Its name: the provider and what it lists, for example `azure/service-tags`.
    pub name: String,
    /// What it lists.
    pub lists: String,
    /// What rests on it.
    pub feeds: String,
    /// The publisher, and how the list came here.
    pub source: String,
    /// The version of that source.
    pub version: String,
    /// The SHA-256 of the file that it was made from.
    pub source_sha256: String,
    /// The SHA-256 of what is in the program.
    pub sha256: String,
    /// The day as of which it lists.
    pub day: Date,
    /// For how many days it is taken as fresh: as often as the publisher changes much of it.
    pub fresh_days: u32,
    /// The licence of the source.
    pub licence: String,
}

impl DataFile {
    /// How many days old it is on a day; none when the day is before its own.
    pub fn age_days(&self, on: Date) -> i64 {
        i64::from(self.day.until(on).map_or(0, |span| span.get_days()).max(0))
    }

    /// The last day on which it is taken as fresh.
    pub fn fresh_until(&self) -> Date {
        self.day.saturating_add(Span::new().days(self.fresh_days))
    }

    /// Whether it is too old on a day.
    pub fn is_stale(&self, on: Date) -> bool {
        on > self.fresh_until()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(day: &str) -> DataFile {
        let text = |text: &str| text.to_owned();
        DataFile {
            name: text("aws/actions"),
            lists: text("actions"),
            feeds: text("authority"),
            source: text("AWS"),
            version: text("1"),
            source_sha256: String::new(),
            sha256: String::new(),
            day: day.parse().unwrap(),
            fresh_days: 60,
            licence: text("MIT"),
        }
    }

    #[test]
    fn a_list_is_fresh_to_the_end_of_its_days_and_stale_from_then_on() {
        let of = |on: &str| {
            let (file, on) = (file("2026-10-26"), on.parse().unwrap());
            (file.age_days(on), file.is_stale(on))
        };
        assert_eq!(of("2026-12-25"), (60, false));
        assert_eq!(of("2026-12-26"), (61, true));
        assert_eq!(of("2026-01-01"), (0, false));
        assert_eq!(of("2027-10-26"), (365, true));
    }
}
