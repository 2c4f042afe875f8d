//! How a channel has been doing.

use crate::Next;
use jiff::{SignedDuration, Timestamp};
use palisade_message::Medium;

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
    /// Until when nothing is tried, whatever message it is: it has failed often, or was spoken to a moment ago.
    pub closed_until: Option<Timestamp>,
}

/// Failures in a row from which on one message at a time finds out whether a channel works again.
const OPEN_AFTER: u32 = 5;

impl Health {
    /// How it is after an attempt.
    #[must_use]
    pub fn after(self, next: Next, medium: Medium, now: Timestamp) -> Self {
        let health = self.judged(next, now);
        let paced = now.checked_add(pace(medium)).ok();
        Self { closed_until: health.closed_until.max(paced), ..health }
    }

    fn judged(self, next: Next, now: Timestamp) -> Self {
        let failing_since = Some(self.failing_since.unwrap_or(now));
        let failures = self.failures.saturating_add(1);
        let failed = Self { failing_since, failures, ..self };
        match next {
            Next::Done => Self::default(),
            Next::Smaller | Next::Anew | Next::Dead | Next::Retry(_) if self.long(now) => {
                Self { state: State::Disabled, ..failed }
            }
            // A message that is wrong or too large, or answers one that is gone, says nothing of the channel.
            Next::Smaller | Next::Anew | Next::Dead => self,
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

/// How long a receiver is left alone after an attempt: Slack takes one message a second and channel, Teams four a second,
/// PagerDuty about 120 a minute and key.
fn pace(medium: Medium) -> SignedDuration {
    match medium {
        Medium::Slack | Medium::SlackWebhook => SignedDuration::from_secs(1),
        Medium::PagerDuty => SignedDuration::from_millis(500),
        Medium::Teams => SignedDuration::from_millis(250),
        Medium::Webhook | Medium::Email => SignedDuration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEDIUM: Medium = Medium::Slack;

    fn hour(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3_600).unwrap()
    }

    #[test]
    fn a_channel_that_only_fails_for_five_days_is_disabled_and_one_success_forgets_it_all() {
        let mut health = Health::default();
        for hours in 0..119 {
            health = health.after(Next::Retry(hour(hours)), MEDIUM, hour(hours));
            assert_eq!(health.state, State::Enabled, "{hours}");
        }
        assert_eq!(health.after(Next::Retry(hour(120)), MEDIUM, hour(120)).state, State::Disabled);
        let forgotten = health.after(Next::Done, MEDIUM, hour(120));
        assert_eq!((forgotten.failing_since, forgotten.failures, forgotten.state), (None, 0, State::Enabled));
    }

    #[test]
    fn after_five_failures_in_a_row_other_messages_wait_too() {
        let mut health = Health::default();
        for _ in 0..4 {
            health = health.after(Next::Retry(hour(9)), MEDIUM, hour(0));
            assert!(health.allows(hour(1)));
        }
        health = health.after(Next::Retry(hour(9)), MEDIUM, hour(0));
        assert!(!health.allows(hour(8)));
        assert!(health.allows(hour(9)));
    }

    #[test]
    fn a_wrong_message_is_not_the_fault_of_its_channel() {
        for next in [Next::Dead, Next::Smaller, Next::Anew] {
            let health = Health::default().after(next, MEDIUM, hour(0));
            assert_eq!((health.failing_since, health.failures, health.state), (None, 0, State::Enabled));
        }
    }

    #[test]
    fn a_receiver_is_spoken_to_no_faster_than_it_listens() {
        for (medium, millis) in
            [(Medium::Slack, 1_000), (Medium::Teams, 250), (Medium::PagerDuty, 500), (Medium::Webhook, 0)]
        {
            let health = Health::default().after(Next::Done, medium, hour(0));
            let at = |millis| hour(0).checked_add(SignedDuration::from_millis(millis)).unwrap();
            assert!(health.allows(at(millis)), "{medium}");
            assert!(millis == 0 || !health.allows(at(millis - 1)), "{medium}");
        }
    }

    #[test]
    fn a_channel_that_does_not_know_us_is_paused_and_one_that_is_closed_is_disabled() {
        let paused = Health::default().after(Next::Pause, MEDIUM, hour(0));
        assert!(paused.state == State::Paused && !paused.allows(hour(99)));
        let disabled = Health::default().after(Next::Disable, MEDIUM, hour(0));
        assert!(disabled.state == State::Disabled && !disabled.allows(hour(99)));
    }
}
