//! For how long evidence is kept, and what is held whatever its age. Decides and removes nothing.

use crate::{Broken, KeyError, Manifest, source::LARGEST_FILE, source::Source, write::sha256};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use std::{collections::BTreeSet, path::Path};

/// For how long evidence is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days for which a bundle is kept, from the run's last answer on.
    pub bundles_days: u32,
    /// Days for which answers can be read, from the end of their month on: then the month's key may go.
    pub answers_days: u32,
    /// What is held whatever its age.
    pub holds: Vec<Hold>,
}

/// A legal hold: somebody needs the evidence of some runs until they say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// Of which bundles.
    pub of: Held,
}

/// Which bundles a hold is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Of runs from one day to another, both included, in UTC. An end that is not said is open.
    Days(Option<Date>, Option<Date>),
    /// Of one run.
    Run(String),
}

/// What becomes of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate<'a> {
    /// It is kept until then.
    Kept(Timestamp),
    /// Its time is over since then.
    Due(Timestamp),
    /// Its time may be over, and it is held.
    Held(&'a Hold),
}

impl Retention {
    /// What becomes of the bundle of a run whose last answer was there then.
    pub fn of_bundle(&self, run: &str, as_of: Timestamp, now: Timestamp) -> Fate<'_> {
        let day = as_of.to_zoned(TimeZone::UTC).date();
        let hold = self.holds.iter().find(|hold| match &hold.of {
            Held::Run(held) => held == run,
            Held::Days(from, to) => from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to),
        });
        fate(hold, as_of, self.bundles_days, now)
    }

    /// What becomes of the key of a calendar month. `held` are the months of bundles that are held by their run. Fails where
    /// the text is no month.
    pub fn of_key(&self, period: &str, held: &BTreeSet<String>, now: Timestamp) -> Result<Fate<'_>, KeyError> {
        let first: Date = format!("{period}-01").parse().map_err(|_| KeyError::Period)?;
        let last = first.last_of_month();
        let end = last.tomorrow().and_then(|day| day.to_zoned(TimeZone::UTC)).map_err(|_| KeyError::Period)?;
        let hold = self.holds.iter().find(|hold| match &hold.of {
            Held::Run(_) => held.contains(period),
            Held::Days(from, to) => from.is_none_or(|from| from <= last) && to.is_none_or(|to| first <= to),
        });
        Ok(fate(hold, end.timestamp(), self.answers_days, now))
    }

    /// The runs that are held by their ids.
    pub fn held_runs(&self) -> impl Iterator<Item = &str> {
        self.holds.iter().filter_map(|hold| match &hold.of {
            Held::Run(run) => Some(run.as_str()),
            Held::Days(..) => None,
        })
    }

    /// Whether a run is held by its id.
    pub fn holds_run(&self, run: &str) -> bool {
        self.held_runs().any(|held| held == run)
    }
}

/// What would not have ended yet is kept; a hold matters where the time is over.
fn fate(hold: Option<&Hold>, from: Timestamp, days: u32, now: Timestamp) -> Fate<'_> {
    // Past the end of time nothing is due.
    let end = from.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX);
    match hold {
        _ if now < end => Fate::Kept(end),
        Some(hold) => Fate::Held(hold),
        None => Fate::Due(end),
    }
}

impl Manifest {
    /// The manifest of a bundle and its SHA-256, without a look at anything else: for what is told of many bundles.
    pub fn of_bundle(path: &Path) -> Result<(Self, String), Broken> {
        Self::of_bytes(&Source::open(path)?.read(crate::manifest::MANIFEST, LARGEST_FILE)?)
    }

    /// The same of bytes that were read elsewhere.
    pub fn of_bytes(bytes: &[u8]) -> Result<(Self, String), Broken> {
        Ok((Self::read(bytes)?, sha256(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn retention(of: Option<Held>) -> Retention {
        let hold = |of| Hold { reason: "a case".to_owned(), by: "ana".to_owned(), of };
        Retention { bundles_days: 100, answers_days: 10, holds: of.into_iter().map(hold).collect() }
    }

    #[test]
    fn a_bundle_is_due_when_its_days_are_over_and_not_a_second_before() {
        let (made, retention) = (at("2026-01-01T12:00:00Z"), retention(None));
        let end = at("2026-04-11T12:00:00Z");
        assert_eq!(retention.of_bundle("r", made, at("2026-04-11T11:59:59Z")), Fate::Kept(end));
        assert_eq!(retention.of_bundle("r", made, end), Fate::Due(end));
        assert_eq!(retention.of_bundle("r", Timestamp::MAX, Timestamp::MAX), Fate::Due(Timestamp::MAX));
    }

    #[test]
    fn what_is_held_is_not_due_and_holds_touch_the_days_at_their_ends() {
        let now = at("2030-01-01T00:00:00Z");
        let day = |text: &str| Some(text.parse::<Date>().unwrap());
        for (of, is_held) in [
            (Held::Run("r".to_owned()), true),
            (Held::Run("s".to_owned()), false),
            (Held::Days(None, None), true),
            (Held::Days(day("2026-01-31"), day("2026-01-31")), true),
            (Held::Days(day("2026-02-01"), None), false),
            (Held::Days(None, day("2026-01-30")), false),
        ] {
            let retention = retention(Some(of.clone()));
            let fate = retention.of_bundle("r", at("2026-01-31T23:59:59Z"), now);
            assert_eq!(matches!(fate, Fate::Held(_)), is_held, "{of:?}");
        }
    }

    #[test]
    fn a_months_key_waits_for_the_end_of_the_month_and_for_every_hold_that_touches_it() {
        let none = BTreeSet::new();
        let end = at("2026-02-11T00:00:00Z");
        assert_eq!(retention(None).of_key("2026-01", &none, end), Ok(Fate::Due(end)));
        assert_eq!(retention(None).of_key("2026-01", &none, at("2026-02-10T23:59:59Z")), Ok(Fate::Kept(end)));
        let touching = retention(Some(Held::Days(Some("2026-01-31".parse().unwrap()), None)));
        assert!(matches!(touching.of_key("2026-01", &none, end), Ok(Fate::Held(_))));
        let run = retention(Some(Held::Run("r".to_owned())));
        assert_eq!(run.of_key("2026-01", &none, end), Ok(Fate::Due(end)));
        let held = BTreeSet::from(["2026-01".to_owned()]);
        assert!(matches!(run.of_key("2026-01", &held, end), Ok(Fate::Held(_))));
        assert_eq!(run.of_key("2026-13", &none, end), Err(KeyError::Period));
    }
}
