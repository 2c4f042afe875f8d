//! Receivers that misbehave for hours, in simulated time: nobody waits.

use crate::receiver::{Receiver, channel, message, now, secrets};
use jiff::{SignedDuration, Timestamp};
use palisade_message::Medium;
use palisade_notify::{Courier, Health, Next, Outcome, State, WINDOW, after};
use palisade_track::EventKind;

/// Tries one message until it is done or given up. What came of it, when each attempt was made, and how the channel is.
fn tried(receiver: impl Fn(Timestamp) -> Outcome) -> (Next, Vec<Timestamp>, Health) {
    let (first, mut at, mut smaller) = (now(), now(), false);
    let mut attempts = Vec::new();
    let mut health = Health::default();
    loop {
        attempts.push(at);
        let attempt = u32::try_from(attempts.len()).unwrap();
        let next = after(&receiver(at), attempt, first, smaller, at, 0.75);
        health = health.after(next, Medium::Webhook, at);
        match next {
            Next::Retry(then) => at = then,
            Next::Smaller => smaller = true,
            Next::Done | Next::Anew | Next::Dead | Next::Pause | Next::Disable => return (next, attempts, health),
        }
        assert!(attempts.len() < 1_000, "{attempts:?}");
    }
}

fn later(hours: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_hours(hours)).unwrap()
}

#[test]
fn a_receiver_that_is_down_for_ten_hours_gets_the_message_when_it_is_back() {
    for down in [Outcome::Unreachable, Outcome::Later(None), Outcome::Elsewhere] {
        let (next, attempts, health) = tried(|at| if at < later(10) { down.clone() } else { Outcome::Taken });
        assert_eq!(next, Next::Done);
        assert_eq!((health.failing_since, health.failures), (None, 0));
        assert!((10..30).contains(&attempts.len()), "{}", attempts.len());
        assert!(*attempts.last().unwrap() < later(16));
    }
}

#[test]
fn a_receiver_that_stays_down_is_tried_for_three_days_and_at_their_end() {
    let (next, attempts, health) = tried(|_| Outcome::Later(None));
    assert_eq!(next, Next::Dead);
    assert_eq!(*attempts.last().unwrap(), now().checked_add(WINDOW).unwrap());
    assert!(attempts.len() < 60, "{}", attempts.len());
    assert!(attempts.is_sorted());
    assert_eq!(health.state, State::Enabled, "five days of failures are needed");
}

#[test]
fn a_receiver_that_asks_for_a_minute_again_and_again_gets_one_attempt_a_minute() {
    let (next, attempts, _) = tried(|at| {
        if at < later(1) { Outcome::Later(at.checked_add(SignedDuration::from_mins(1)).ok()) } else { Outcome::Taken }
    });
    assert_eq!((next, attempts.len()), (Next::Done, 61));
}

#[test]
fn a_receiver_that_never_finds_a_message_small_enough_gets_it_twice() {
    let (next, attempts, health) = tried(|_| Outcome::TooLarge);
    assert_eq!((next, attempts.len()), (Next::Dead, 2));
    assert_eq!((health.failing_since, health.state), (None, State::Enabled));
}

#[tokio::test]
async fn a_receiver_that_is_broken_and_comes_back_gets_the_same_bytes_under_the_same_id() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let count = AtomicUsize::new(0);
    let receiver = Receiver::start(move |_| {
        let status = match count.fetch_add(1, Ordering::SeqCst) {
            0 => 500,
            1 => 429,
            2 => 503,
            _ => 202,
        };
        axum::http::Response::builder().status(status).body(axum::body::Body::empty()).unwrap()
    })
    .await;
    let channel = channel(Medium::Webhook, &receiver.url);
    let courier = Courier::new(secrets(&channel, &receiver.url).await);
    let rendered = message(&channel, EventKind::Opened, None);
    let (mut at, mut attempt) = (now(), 0);
    loop {
        attempt += 1;
        let receipt = courier.deliver(&channel, &rendered, at).await;
        match after(&receipt.outcome, attempt, now(), false, at, 1.0) {
            Next::Retry(then) => at = then,
            next => break assert_eq!(next, Next::Done),
        }
    }
    let seen = receiver.seen();
    assert_eq!(seen.len(), 4);
    assert!(seen.iter().all(|one| one.body == seen[0].body && one.header("webhook-id") == rendered.id));
}
