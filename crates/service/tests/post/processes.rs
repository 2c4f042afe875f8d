//! What one process leaves to the next, and what several share.

use crate::stage::{Receiver, Stage, event, noon, route, webhook};
use jiff::SignedDuration;
use palisade_message::{When, Zone};
use palisade_store::{DeliveryState, EndpointState};
use palisade_track::EventKind;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
    mpsc,
};

/// A receiver whose answer the test sets.
async fn receiver(status: u16) -> (Receiver, Arc<AtomicU16>) {
    let state = Arc::new(AtomicU16::new(status));
    let answers = Arc::clone(&state);
    (Receiver::start(move |_| (answers.load(Ordering::SeqCst), None, String::new())).await, state)
}

async fn stage(receiver: &Receiver) -> Stage {
    Stage::new(vec![(webhook("siem"), receiver.url.clone())], vec![route("now", &[], "siem")]).await
}

/// A process of its own, as `palisade run` is one for each run.
async fn next_process(stage: &mut Stage) {
    stage.restart().await;
    stage.post.introduce(&stage.database).await.unwrap();
}

#[tokio::test]
async fn five_days_of_failures_are_counted_over_processes() {
    let (receiver, _) = receiver(500).await;
    let mut stage = stage(&receiver).await;
    for day in 0..6 {
        next_process(&mut stage).await;
        assert_eq!(stage.state_of("siem").await, EndpointState::Enabled, "day {day}");
        stage.tell(&[event(EventKind::Opened, &format!("shop-{day}"), "ana", stage.now())]).await;
        stage.deliver().await;
        stage.wait(SignedDuration::from_hours(24));
    }
    assert_eq!(stage.state_of("siem").await, EndpointState::Disabled);
}

#[tokio::test]
async fn a_channel_that_somebody_opened_again_starts_afresh_in_every_process() {
    let (receiver, status) = receiver(403).await;
    let stage = stage(&receiver).await;
    stage.tell(&[event(EventKind::Opened, "shop", "ana", stage.now())]).await;
    stage.deliver().await;
    assert_eq!(stage.state_of("siem").await, EndpointState::Paused);
    // Another process has made a test that arrived; this one has not heard of it.
    stage.wait(SignedDuration::from_hours(24 * 6));
    stage.database.set_endpoint("siem", EndpointState::Enabled, None).await.unwrap();
    status.store(503, Ordering::SeqCst);
    stage.deliver().await;
    assert_eq!(stage.state_of("siem").await, EndpointState::Enabled, "one failure is not five days of them");
    assert_eq!(stage.all(DeliveryState::Ready).await.len(), 1);
}

#[tokio::test]
async fn a_message_that_was_kept_while_its_channel_was_closed_is_not_given_up_at_the_first_failure_after() {
    let (receiver, status) = receiver(401).await;
    let stage = stage(&receiver).await;
    stage.tell(&[event(EventKind::Opened, "shop", "ana", stage.now())]).await;
    stage.deliver().await;
    stage.wait(SignedDuration::from_hours(24 * 4));
    stage.database.set_endpoint("siem", EndpointState::Enabled, None).await.unwrap();
    status.store(503, Ordering::SeqCst);
    stage.deliver().await;
    let waiting = stage.all(DeliveryState::Ready).await;
    assert_eq!((waiting.len(), waiting[0].attempts), (1, 1));
    status.store(204, Ordering::SeqCst);
    stage.wait(SignedDuration::from_hours(1));
    assert_eq!(stage.deliver().await.delivered, 1);
}

#[tokio::test]
async fn a_weekly_message_is_tried_for_three_days_from_its_day_and_not_from_when_it_was_queued() {
    let (receiver, status) = receiver(503).await;
    let mut weekly = route("weekly", &[], "siem");
    weekly.when = When::Daily { at: jiff::civil::time(9, 0, 0, 0), zone: Zone::UTC };
    let stage = Stage::new(vec![(webhook("siem"), receiver.url.clone())], vec![weekly]).await;
    stage.tell(&[event(EventKind::Opened, "shop", "ana", stage.now())]).await;
    // Nobody was there to deliver for a week.
    stage.set(noon() + SignedDuration::from_hours(24 * 7));
    stage.deliver().await;
    assert_eq!((receiver.seen().len(), stage.all(DeliveryState::Ready).await.len()), (1, 1));
    status.store(204, Ordering::SeqCst);
    stage.wait(SignedDuration::from_hours(1));
    assert_eq!(stage.deliver().await.delivered, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn one_message_is_held_at_a_time_so_that_a_slow_receiver_holds_up_no_other_process() {
    let (arrived, arrivals) = mpsc::channel();
    let (go_on, waiting) = mpsc::channel::<()>();
    let waiting = Mutex::new(waiting);
    let receiver = Receiver::start(move |_| {
        arrived.send(()).unwrap();
        waiting.lock().unwrap().recv().unwrap();
        (204, None, String::new())
    })
    .await;
    let stage = Arc::new(stage(&receiver).await);
    let events: Vec<_> = ["a", "b", "c"].iter().map(|name| event(EventKind::Opened, name, name, stage.now())).collect();
    stage.tell(&events).await;
    let delivering = Arc::clone(&stage);
    let delivery = tokio::spawn(async move { delivering.deliver().await.delivered });
    let arrivals = tokio::task::spawn_blocking(move || {
        arrivals.recv().unwrap();
        arrivals
    })
    .await
    .unwrap();
    let count = async |state| stage.all(state).await.len();
    assert_eq!((count(DeliveryState::Leased).await, count(DeliveryState::Ready).await), (1, 2));
    for _ in 0..3 {
        go_on.send(()).unwrap();
    }
    assert_eq!(delivery.await.unwrap(), 3);
    drop(arrivals);
}
