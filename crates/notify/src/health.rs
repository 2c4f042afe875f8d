//! How a channel has been doing.

use crate::Next;
use jiff::{SignedDuration, Timestamp};

/// How long a channel may only fail before nothing is tried on it any more.
pub const DISABLED_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Whether anything is tried on a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It is.
    #[default]
    Enabled,
    /// Not until somebody has mended it: messages wait.
    Paused,
    /// Not any more: messages are given up.
    Disabled,
}

/// How a channel has been doing, and so whether and when the next attempt on it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether anything is tried on it.
    pub state: State,
    /// Since when it has only failed.
    pub failing_since: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// Until when nothing is tried, whatever message it is: the receiver asked for it, or it has failed often.
    pub closed_until: Option<Timestamp>,
}

/// Failures in a row from which on one message at a time finds out whether a channel works again.
const OPEN_AFTER: u32 = 5;

impl Health {
    /// How it is after an attempt.
    #[must_use]
    pub fn after(self, next: Next, now: Timestamp) -> Self {
        let failing_since = Some(self.failing_since.unwrap_or(now));
        let failures = self.failures.saturating_add(1);
        let failed = Self { failing_since, failures, ..self };
        match next {
            Next::Done => Self::default(),
            Next::Smaller | Next::Dead | Next::Retry(_) if self.long(now) => Self { state: State::Disabled, ..failed },
            // A message that is wrong or too large says nothing of the channel.
            Next::Smaller | Next::Dead => self,
            Next::Retry(at) => Self { closed_until: (failures >= OPEN_AFTER).then_some(at), ..failed },
            Next::Pause => Self { state: State::Paused, ..failed },
            Next::Disable => Self { state: State::Disabled, ..failed },
        }
    }

    /// Whether an attempt may be made now.
    pub fn allows(&self, now: Timestamp) -> bool {
        self.state == State::Enabled && self.closed_until.is_none_or(|until| until <= now)
    }

    fn long(&self, now: Timestamp) -> bool {
        self.failing_since.and_then(|since| since.checked_add(DISABLED_AFTER).ok()).is_some_and(|end| now >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3_600).unwrap()
    }

    #[test]
    fn a_channel_that_only_fails_for_five_days_is_disabled_and_one_success_forgets_it_all() {
        let mut health = Health::default();
        for hours in 0..119 {
            health = health.after(Next::Retry(hour(hours)), hour(hours));
            assert_eq!(health.state, State::Enabled, "{hours}");
        }
        assert_eq!(health.after(Next::Retry(hour(120)), hour(120)).state, State::Disabled);
        assert_eq!(health.after(Next::Done, hour(120)), Health::default());
    }

    #[test]
    fn after_five_failures_in_a_row_other_messages_wait_too() {
        let mut health = Health::default();
        for _ in 0..4 {
            health = health.after(Next::Retry(hour(9)), hour(0));
            assert!(health.allows(hour(0)));
        }
        health = health.after(Next::Retry(hour(9)), hour(0));
        assert!(!health.allows(hour(8)));
        assert!(health.allows(hour(9)));
    }

    #[test]
    fn a_wrong_message_is_not_the_fault_of_its_channel() {
        assert_eq!(Health::default().after(Next::Dead, hour(0)), Health::default());
        assert_eq!(Health::default().after(Next::Smaller, hour(0)), Health::default());
    }

    #[test]
    fn a_channel_that_does_not_know_us_is_paused_and_one_that_is_closed_is_disabled() {
        let paused = Health::default().after(Next::Pause, hour(0));
        assert!(paused.state == State::Paused && !paused.allows(hour(99)));
        let disabled = Health::default().after(Next::Disable, hour(0));
        assert!(disabled.state == State::Disabled && !disabled.allows(hour(99)));
    }
}
