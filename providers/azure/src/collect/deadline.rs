//! When reading has to end. A call that is made after it fails as one that nobody answered: it is a record, and what it would have
//! told is a gap.

use crate::Limits;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// When a run began.
#[derive(Debug, Default)]
pub(super) struct Start(Mutex<Option<Instant>>);

impl Start {
    /// A run begins.
    pub(super) fn again(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// When it began; now, when nobody said so.
    pub(super) fn get(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now)
    }
}

/// When a subscription that begins now has to be done, and when the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    pub(super) unit: End,
    pub(super) target: End,
}

/// A moment, and whose limit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) at: Instant,
    pub(super) whose: &'static str,
}

impl Deadline {
    /// The deadlines of a subscription that begins now, in a run that began some time ago.
    pub(super) fn of(now: Instant, began: Instant, limits: Limits) -> Self {
        let target = End { at: began + limits.target, whose: "target" };
        let unit = End { at: now + limits.unit, whose: "subscription" };
        Self { unit: if unit.at < target.at { unit } else { target }, target }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_subscription_has_its_own_time_and_never_more_than_is_left_of_the_targets() {
        let minutes = Duration::from_mins;
        let limits = Limits { unit: minutes(30), target: minutes(60), ..Limits::default() };
        let began = Instant::now();
        let at = |passed| Deadline::of(began + minutes(passed), began, limits);
        assert_eq!(at(0).unit, End { at: began + minutes(30), whose: "subscription" });
        assert_eq!(at(29).unit, End { at: began + minutes(59), whose: "subscription" });
        assert_eq!(at(45).unit, End { at: began + minutes(60), whose: "target" });
        assert_eq!(at(90).unit, at(0).target);
    }

    #[test]
    fn a_run_begins_again_when_its_parts_are_found_again() {
        let start = Start::default();
        let first = start.get();
        assert_eq!(start.get(), first);
        start.again();
        assert!(start.get() >= first);
    }
}
