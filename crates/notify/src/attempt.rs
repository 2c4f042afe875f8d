//! What follows from an attempt.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took the message.
    Taken,
    /// It could not be reached, or did not answer in time.
    Unreachable,
    /// It asks to come later, or is broken: 408, 425, 429, 5xx. With the moment it names, if it does.
    Later(Option<Timestamp>),
    /// It finds the message too large.
    TooLarge,
    /// It finds the message wrong: 400, 422 and whatever else speaks of this message only.
    Wrong,
    /// It does not know us: 401, 403, 404, and the words of Slack that say the same.
    Unwelcome,
    /// It will never take a message again: 410.
    Closed,
    /// It points elsewhere. Nobody follows.
    Elsewhere,
    /// The message that this one answers or replaces is not there any more, or takes neither answers nor changes.
    NoThread,
    /// We would not even ask: the address is refused, a secret is missing.
    Refused,
}

/// What to do with a message after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is delivered.
    Done,
    /// Try again then.
    Retry(Timestamp),
    /// Render it smaller and try again at once: once.
    Smaller,
    /// Send it as a message of its own at once.
    Anew,
    /// Give it up, tell it elsewhere, keep it for replay.
    Dead,
    /// Keep it and try nothing on this channel until somebody has mended it; tell it elsewhere.
    Pause,
    /// Give it up and try nothing on this channel any more; tell it elsewhere.
    Disable,
}

/// How long a message is tried.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(3 * 24);

/// The longest wait that a receiver may ask for.
const LONGEST_ASKED: SignedDuration = SignedDuration::from_hours(1);

/// The shortest one: a receiver that says at once, again and again, is not asked without end.
const SHORTEST_ASKED: SignedDuration = SignedDuration::from_secs(1);

/// The wait before the second attempt, before jitter, and the longest one.
const BASE_SECONDS: f64 = 5.0;
const CAP_SECONDS: f64 = 6.0 * 3_600.0;

/// What follows from the outcome of an attempt. `attempt` counts from 1; `first` is when the first one was made; `smaller`
/// says whether the message has been rendered smaller already; `jitter` lies in `0.0..1.0`.
///
/// Waits grow by doubling, with full jitter, so that receivers that come back are not met by everybody at once. A receiver
/// that names a moment is taken at its word from a second to an hour.
pub fn after(outcome: &Outcome, attempt: u32, first: Timestamp, smaller: bool, now: Timestamp, jitter: f64) -> Next {
    match outcome {
        Outcome::Taken => Next::Done,
        Outcome::Unreachable | Outcome::Elsewhere => retry(attempt, first, None, now, jitter),
        Outcome::Later(asked) => retry(attempt, first, *asked, now, jitter),
        Outcome::TooLarge if !smaller => Next::Smaller,
        Outcome::NoThread => Next::Anew,
        Outcome::TooLarge | Outcome::Wrong => Next::Dead,
        Outcome::Unwelcome | Outcome::Refused => Next::Pause,
        Outcome::Closed => Next::Disable,
    }
}

fn retry(attempt: u32, first: Timestamp, asked: Option<Timestamp>, now: Timestamp, jitter: f64) -> Next {
    let end = first.checked_add(WINDOW).unwrap_or(Timestamp::MAX);
    if now >= end {
        return Next::Dead;
    }
    let at = match asked {
        Some(asked) => {
            let longest = now.checked_add(LONGEST_ASKED).unwrap_or(end);
            let soonest = now.checked_add(SHORTEST_ASKED).unwrap_or(now);
            asked.clamp(soonest, longest.max(soonest))
        }
        None => now.checked_add(wait(attempt, jitter)).unwrap_or(end),
    };
    // The last attempt is made at the end of the window and not given up before.
    Next::Retry(at.min(end))
}

fn wait(attempt: u32, jitter: f64) -> SignedDuration {
    let doublings = i32::try_from(attempt.saturating_sub(1).min(30)).unwrap_or(30);
    let most = (BASE_SECONDS * 2_f64.powi(doublings)).min(CAP_SECONDS);
    let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 1.0 };
    SignedDuration::try_from_secs_f64(most * jitter).unwrap_or(SignedDuration::from_hours(6))
}

/// What an HTTP status says.
pub(crate) fn of_status(status: u16, retry_after: Option<Timestamp>) -> Outcome {
    match status {
        200..=299 => Outcome::Taken,
        300..=399 => Outcome::Elsewhere,
        401 | 403 | 404 => Outcome::Unwelcome,
        408 | 425 | 429 | 500..=599 => Outcome::Later(retry_after),
        410 => Outcome::Closed,
        413 => Outcome::TooLarge,
        _ => Outcome::Wrong,
    }
}

/// What Slack's Web API says: it answers 200 whatever happened, and its words count.
pub(crate) fn of_slack(body: &[u8], retry_after: Option<Timestamp>) -> (Outcome, Option<String>) {
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return (Outcome::Later(None), Some("the answer is not JSON".to_owned()));
    };
    if answer.get("ok").and_then(Value::as_bool) == Some(true) {
        return (Outcome::Taken, None);
    }
    let word = answer.get("error").and_then(Value::as_str).unwrap_or("no `ok` and no `error`");
    let outcome = match word {
        "ratelimited"
        | "rate_limited"
        | "message_limit_exceeded"
        | "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org"
        | "no `ok` and no `error`" => Outcome::Later(retry_after),
        "msg_too_long" | "msg_blocks_too_long" | "invalid_blocks_too_long" => Outcome::TooLarge,
        "not_authed"
        | "invalid_auth"
        | "account_inactive"
        | "token_revoked"
        | "token_expired"
        | "no_permission"
        | "missing_scope"
        | "not_allowed_token_type"
        | "org_login_required"
        | "ekm_access_denied"
        | "access_denied"
        | "channel_not_found"
        | "not_in_channel"
        | "is_archived"
        | "restricted_action"
        | "team_access_not_granted" => Outcome::Unwelcome,
        "thread_not_found"
        | "message_not_found"
        | "invalid_thread_ts"
        | "cannot_reply_to_message"
        | "restricted_action_thread_locked"
        | "cant_update_message"
        | "edit_window_closed" => Outcome::NoThread,
        _ => Outcome::Wrong,
    };
    (outcome, Some(word.chars().filter(|letter| letter.is_ascii_graphic() || *letter == ' ').take(80).collect()))
}

/// When `Retry-After` says to come again: seconds, or a date as HTTP writes it.
pub(crate) fn retry_after(header: &str, now: Timestamp) -> Option<Timestamp> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u32>() {
        return now.checked_add(SignedDuration::from_secs(i64::from(seconds))).ok();
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Timestamp::try_from(date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        "2026-11-18T12:00:00Z".parse().unwrap()
    }

    fn in_seconds(seconds: i64) -> Timestamp {
        now().checked_add(SignedDuration::from_secs(seconds)).unwrap()
    }

    fn first(outcome: &Outcome) -> Next {
        after(outcome, 1, now(), false, now(), 1.0)
    }

    #[test]
    fn every_status_is_the_row_of_the_table() {
        let cases: &[(&[u16], Next)] = &[
            (&[200, 201, 202, 204], Next::Done),
            (&[408, 425, 429, 500, 502, 503, 504, 599], Next::Retry(in_seconds(5))),
            (&[413], Next::Smaller),
            (&[400, 422, 402, 405, 406, 409, 415], Next::Dead),
            (&[401, 403, 404], Next::Pause),
            (&[410], Next::Disable),
            (&[301, 302, 303, 307, 308], Next::Retry(in_seconds(5))),
        ];
        for (statuses, next) in cases {
            for status in *statuses {
                assert_eq!(first(&of_status(*status, None)), *next, "{status}");
            }
        }
        assert_eq!(first(&Outcome::Unreachable), Next::Retry(in_seconds(5)));
        assert_eq!(first(&Outcome::Refused), Next::Pause);
    }

    #[test]
    fn a_message_that_is_too_large_is_made_smaller_once() {
        assert_eq!(after(&Outcome::TooLarge, 1, now(), false, now(), 1.0), Next::Smaller);
        assert_eq!(after(&Outcome::TooLarge, 2, now(), true, now(), 1.0), Next::Dead);
    }

    #[test]
    fn a_receiver_that_names_a_moment_is_taken_at_its_word_up_to_an_hour() {
        let asked = |header: &str| first(&Outcome::Later(retry_after(header, now())));
        assert_eq!(asked("30"), Next::Retry(in_seconds(30)));
        assert_eq!(asked("0"), Next::Retry(in_seconds(1)));
        assert_eq!(asked("7200"), Next::Retry(in_seconds(3_600)));
        assert_eq!(asked("Wed, 18 Nov 2026 12:10:00 GMT"), Next::Retry(in_seconds(600)));
        assert_eq!(asked("Wed, 18 Nov 2020 12:10:00 GMT"), Next::Retry(in_seconds(1)));
        for nonsense in ["soon", "-5", "99999999999999", ""] {
            assert_eq!(asked(nonsense), Next::Retry(in_seconds(5)), "{nonsense}");
        }
    }

    #[test]
    fn waits_double_up_to_six_hours_and_jitter_shortens_them() {
        let wait = |attempt, jitter| after(&Outcome::Unreachable, attempt, now(), false, now(), jitter);
        for (attempt, seconds) in
            [(1, 5), (2, 10), (3, 20), (4, 40), (12, 10_240), (13, 20_480), (14, 21_600), (999, 21_600)]
        {
            assert_eq!(wait(attempt, 1.0), Next::Retry(in_seconds(seconds)), "{attempt}");
        }
        assert_eq!(wait(3, 0.5), Next::Retry(in_seconds(10)));
        assert_eq!(wait(3, 0.0), Next::Retry(now()));
    }

    #[test]
    fn after_three_days_a_message_is_given_up() {
        let at = |hours: i64| after(&Outcome::Later(None), 20, now(), false, in_seconds(hours * 3_600), 1.0);
        assert_eq!(at(71), Next::Retry(in_seconds(72 * 3_600)), "the last attempt is at the end");
        assert_eq!(at(72), Next::Dead);
        assert_eq!(after(&Outcome::Taken, 20, now(), false, in_seconds(1_000 * 3_600), 1.0), Next::Done);
    }

    #[test]
    fn slack_answers_with_words() {
        let cases = [
            (r#"{"ok":true,"ts":"1.2"}"#, Next::Done),
            (r#"{"ok":false,"error":"ratelimited"}"#, Next::Retry(in_seconds(5))),
            (r#"{"ok":false,"error":"internal_error"}"#, Next::Retry(in_seconds(5))),
            (r#"{"ok":false,"error":"msg_blocks_too_long"}"#, Next::Smaller),
            (r#"{"ok":false,"error":"invalid_blocks"}"#, Next::Dead),
            (r#"{"ok":false,"error":"channel_not_found"}"#, Next::Pause),
            (r#"{"ok":false,"error":"invalid_auth"}"#, Next::Pause),
            (r#"{"ok":false,"error":"thread_not_found"}"#, Next::Anew),
            (r#"{"ok":false,"error":"message_not_found"}"#, Next::Anew),
            (r#"{"ok":false}"#, Next::Retry(in_seconds(5))),
            (r"{}", Next::Retry(in_seconds(5))),
            ("<html>", Next::Retry(in_seconds(5))),
            ("", Next::Retry(in_seconds(5))),
        ];
        for (body, next) in cases {
            assert_eq!(first(&of_slack(body.as_bytes(), None).0), next, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_wait_is_negative_or_longer_than_six_hours_and_none_ends_after_the_window(
            attempt in any::<u32>(), jitter in any::<f64>(), passed in 0_i64..400_000,
        ) {
            let moment = in_seconds(passed);
            match after(&Outcome::Unreachable, attempt, now(), false, moment, jitter) {
                Next::Retry(at) => {
                    prop_assert!(at >= moment && at <= in_seconds(passed + 21_600) && at <= in_seconds(72 * 3_600));
                }
                Next::Dead => prop_assert!(passed >= 72 * 3_600),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
