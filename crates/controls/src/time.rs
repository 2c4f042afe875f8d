//! Days, as policies count them.

use jiff::{SignedDuration, Timestamp};

/// So many days.
pub(crate) fn days(count: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(count))
}

/// Whole days from one moment to a later one; none when it is not later.
pub(crate) fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.duration_since(from).as_hours() / 24).max(0)
}

/// The day of a moment.
pub(crate) fn date(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_testkit::now;

    #[test]
    fn days_are_whole_and_never_negative() {
        assert_eq!(days_between(now() - days(90), now()), 90);
        assert_eq!(days_between(now() - days(90) + SignedDuration::from_secs(1), now()), 89);
        assert_eq!(days_between(now() + days(5), now()), 0);
        assert_eq!(date(now()), "2026-11-20");
    }
}
