//! The brake of a route that tells too much, whichever run tells it.

use crate::stage::{Receiver, Stage, event, noon, route, webhook};
use jiff::SignedDuration;
use palisade_engine::Severity;
use palisade_store::EndpointState;
use palisade_track::{Event, EventKind};

async fn stage(receiver: &Receiver) -> Stage {
    let mut route = route("now", &[], "siem");
    route.messages_per_hour = 3;
    Stage::new(vec![(webhook("siem"), receiver.url.clone())], vec![route]).await
}

/// Findings with an owner each, so a message each.
fn opened(names: &[&str], stage: &Stage) -> Vec<Event> {
    names.iter().map(|name| event(EventKind::Opened, name, name, stage.now())).collect()
}

fn told(receiver: &Receiver) -> Vec<usize> {
    receiver.seen().iter().map(|seen| seen.json()["data"]["events"].as_array().unwrap().len()).collect()
}

#[tokio::test]
async fn the_messages_of_earlier_runs_count_and_the_rest_comes_together_at_the_hour() {
    let receiver = Receiver::answering(204).await;
    let mut stage = stage(&receiver).await;
    stage.tell(&opened(&["a", "b"], &stage)).await;
    stage.deliver().await;
    stage.restart().await;
    stage.wait(SignedDuration::from_mins(10));
    stage.tell(&opened(&["c", "d", "e"], &stage)).await;
    stage.deliver().await;
    assert_eq!(told(&receiver), [1, 1, 1], "the third message is the last of the hour");
    stage.restart().await;
    stage.wait(SignedDuration::from_mins(10));
    stage.tell(&opened(&["f"], &stage)).await;
    stage.deliver().await;
    assert_eq!(told(&receiver).len(), 3);
    stage.set(noon() + SignedDuration::from_hours(1));
    stage.deliver().await;
    assert_eq!(told(&receiver), [1, 1, 1, 3], "what two runs held back is one message");
    // Two of the first hour are over; the one at 12:10 and those of now are not.
    stage.wait(SignedDuration::from_mins(5));
    stage.tell(&opened(&["g", "h", "i"], &stage)).await;
    stage.deliver().await;
    assert_eq!(told(&receiver)[4..], [1, 1]);
}

#[tokio::test]
async fn what_is_critical_is_not_held_back() {
    let receiver = Receiver::answering(204).await;
    let stage = stage(&receiver).await;
    stage.tell(&opened(&["a", "b", "c"], &stage)).await;
    stage.deliver().await;
    let mut events = opened(&["d", "e", "f"], &stage);
    events.iter_mut().take(2).for_each(|event| event.severity = Severity::Critical);
    stage.tell(&events).await;
    stage.deliver().await;
    assert_eq!(told(&receiver), [1, 1, 1, 2]);
}

#[tokio::test]
async fn messages_that_wait_for_a_receiver_count_too() {
    let receiver = Receiver::answering(503).await;
    let stage = stage(&receiver).await;
    stage.tell(&opened(&["a", "b", "c"], &stage)).await;
    let now = stage.now();
    let past = stage.post.past(&stage.database, now).await.unwrap();
    assert_eq!(past.messages.values().sum::<u32>(), 3);
    stage.tell(&opened(&["d", "e"], &stage)).await;
    let waiting = stage.all(palisade_store::DeliveryState::Ready).await;
    assert_eq!(waiting.len(), 4, "the last two are one");
}

#[tokio::test]
async fn messages_that_are_tried_for_longer_than_an_hour_count_unless_their_channel_is_closed() {
    let receiver = Receiver::answering(503).await;
    let stage = stage(&receiver).await;
    stage.tell(&opened(&["a", "b", "c"], &stage)).await;
    stage.deliver().await;
    stage.wait(SignedDuration::from_hours(2));
    let counted = async || stage.post.past(&stage.database, stage.now()).await.unwrap().messages.values().sum::<u32>();
    assert_eq!(counted().await, 3, "they all leave at once when it is there again");
    stage.database.set_endpoint("siem", EndpointState::Paused, None).await.unwrap();
    assert_eq!(counted().await, 0, "other channels of the route are not held back by one that nobody mends");
}
