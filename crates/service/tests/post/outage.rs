//! A receiver that is out for two days while schedules go on firing.

use crate::stage::{Receiver, Stage, event, noon, route, webhook};
use jiff::SignedDuration;
use palisade_schedule::{CatchUp, Line, Schedule, Zone};
use palisade_service::Serving;
use palisade_store::DeliveryState;
use palisade_track::{Event, EventKind};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// How the receiver does.
const WELL: usize = 0;
const DOWN: usize = 1;

#[tokio::test]
async fn after_two_days_without_a_receiver_every_change_has_arrived_once_under_one_id() {
    let state = Arc::new(AtomicUsize::new(WELL));
    let (shared, calls) = (Arc::clone(&state), AtomicUsize::new(0));
    let receiver = Receiver::start(move |_| {
        let call = calls.fetch_add(1, Ordering::SeqCst);
        if shared.load(Ordering::SeqCst) == WELL {
            return (204, None, String::new());
        }
        // It is out in every way there is.
        match call % 4 {
            0 => (500, None, "<html>".to_owned()),
            1 => (503, Some(("retry-after", "120".to_owned())), String::new()),
            2 => (429, None, String::new()),
            _ => (302, Some(("location", "https://example.com/maintenance".to_owned())), String::new()),
        }
    })
    .await;
    let mut now = route("now", &[], "siem");
    now.messages_per_hour = 5;
    let mut stage = Stage::new(vec![(webhook("siem"), receiver.url.clone())], vec![now]).await;
    let schedule = Schedule {
        name: "hourly".to_owned(),
        line: Line::parse("0 * * * *").unwrap(),
        zone: Zone::named("UTC").unwrap(),
        jitter_minutes: 0,
        catch_up: CatchUp::Latest,
    };
    let mut serving = Serving::default();
    let hour = |hours: i64| noon() + SignedDuration::from_hours(hours);
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut taken: Vec<(usize, usize)> = Vec::new();
    let mut firings = 0;
    // Every ten minutes, for three and a half days: what `serve` does every few seconds.
    for step in 0..(84 * 6) {
        let moment = noon() + SignedDuration::from_mins(10 * step);
        stage.set(moment);
        let down = moment >= hour(12) && moment < hour(60);
        state.store(if down { DOWN } else { WELL }, Ordering::SeqCst);
        if step == 200 {
            // In the middle of it the process is replaced.
            stage.restart().await;
        }
        if serving.look(&schedule, moment).run.is_some() {
            firings += 1;
            let mut events: Vec<Event> = Vec::new();
            if firings <= 72 {
                // What opens is resolved five hours later, and some of it becomes worse between.
                let name = |number: i64| format!("shop-{number}");
                events.push(event(EventKind::Opened, &name(firings), &format!("owner-{}", firings % 7), moment));
                if firings > 3 && firings % 2 == 0 {
                    events.push(event(EventKind::Worsened, &name(firings - 3), "ana", moment));
                }
                if firings > 5 {
                    events.push(event(EventKind::Resolved, &name(firings - 5), "ana", moment));
                }
            }
            told.extend(events.iter().map(Event::key));
            stage.tell(&events).await;
        }
        let before = receiver.seen().len();
        stage.deliver().await;
        if !down {
            taken.push((before, receiver.seen().len()));
        }
    }
    assert_eq!(stage.all(DeliveryState::Ready).await, []);
    assert_eq!(stage.all(DeliveryState::Dead).await, []);
    let seen = receiver.seen();
    let mut bodies: BTreeMap<String, _> = BTreeMap::new();
    for one in &seen {
        assert_eq!(*bodies.entry(one.id()).or_insert_with(|| one.body.clone()), one.body, "one id, one message");
    }
    let (mut arrived, mut ids, mut order) = (BTreeMap::<String, u32>::new(), BTreeSet::new(), BTreeMap::new());
    for one in taken.iter().flat_map(|(from, to)| &seen[*from..*to]) {
        assert!(ids.insert(one.id()), "{} was taken twice", one.id());
        let body = one.json();
        assert_eq!(body["data"]["more"], 0);
        for event in body["data"]["events"].as_array().unwrap() {
            let key = event["key"].as_str().unwrap().to_owned();
            let rank = match event["event"].as_str().unwrap() {
                "finding.opened" => 0,
                "finding.worsened" => 1,
                _ => 2,
            };
            let finding = event["finding"]["fingerprint"].as_str().unwrap().to_owned();
            let last = order.entry(finding).or_insert(0);
            assert!(rank >= *last, "{key} came after what followed on it");
            *last = rank;
            *arrived.entry(key).or_default() += 1;
        }
    }
    assert_eq!(arrived.keys().cloned().collect::<BTreeSet<_>>(), told);
    assert!(arrived.values().all(|times| *times == 1), "{arrived:?}");
    assert!(told.len() > 150 && seen.len() > ids.len() + 20, "{} {} {}", told.len(), seen.len(), ids.len());
}
