//! What both databases do alike.

use crate::{
    fleet::{Fleet, day, sighting},
    server::{self, Place},
};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::{Severity, State, Waiver};
use palisade_store::{
    Database, DatabaseError, DeliveryState, Ended, Ending, Endpoint, EndpointState, FindingFilter, FiringClaim, Keep,
    Lease, Outcome, Recorded, Route, ServerSettings, Thread, Upshot,
};
use palisade_track::{Cause, Event, EventKind, Memory, Reading, Reminders, Sighting, Standing, advance};
use std::{collections::BTreeSet, sync::Arc};

macro_rules! both {
    ($($test:ident,)*) => {
        mod sqlite {
            use crate::server::Place;
            $(#[test]
            fn $test() {
                super::run(async { super::$test(Place::file()).await });
            })*
        }
        mod postgres {
            use crate::server::Place;
            $(#[test]
            fn $test() {
                super::run(async { super::$test(Place::server().await).await });
            })*
        }
    };
}

both! {
    what_is_remembered_comes_back_as_it_was,
    a_run_that_is_recorded_twice_changes_nothing,
    a_run_whose_messages_cannot_be_made_leaves_nothing_behind,
    runs_that_are_recorded_at_once_are_all_kept,
    runs_that_are_recorded_at_once_are_decided_one_after_the_other,
    an_event_is_queued_once_by_each_route,
    events_that_are_told_together_are_one_message_until_it_is_taken,
    events_that_come_while_messages_are_taken_are_each_told_once,
    a_message_is_taken_by_one_and_a_late_word_is_refused,
    messages_about_one_thing_go_out_in_their_order,
    a_paused_channel_keeps_its_messages,
    a_message_that_was_given_up_can_be_replayed_under_its_number,
    a_firing_is_run_once_whoever_asks,
    a_firing_whose_instance_is_lost_is_taken_over,
    a_lease_that_was_lost_writes_nothing,
    a_run_and_the_end_of_its_firing_are_one,
    how_a_firing_ended_is_known_to_whoever_asks_again,
    runs_are_compared_by_cause,
    an_acknowledgement_is_kept_with_its_history,
    reminders_come_between_runs,
    what_follows_goes_where_it_was_first_told,
    messages_of_the_last_hour_are_counted_whoever_sent_them,
    tables_of_the_version_before_are_brought_up_to_date,
    what_is_old_is_removed_and_what_is_open_is_not,
    scores_come_back_oldest_first_once_for_each_run_and_go_with_it,
    the_last_firing_of_each_schedule_is_never_forgotten,
    removing_what_is_old_changes_nothing_of_what_is_told,
    a_memory_that_was_restored_goes_on_where_the_backup_was_made,
    tables_from_a_newer_version_are_refused,
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

/// Findings are told to one channel at once, each alone; runs to nobody.
fn each_alone(events: &[Event]) -> Vec<Route> {
    route(events, Event::key)
}

fn route(events: &[Event], together: impl Fn(&Event) -> String) -> Vec<Route> {
    let is_quiet = |kind| matches!(kind, EventKind::ScanCompleted | EventKind::ScanPartial | EventKind::ScanFailed);
    let told = events.iter().enumerate().filter(|(_, event)| !is_quiet(event.kind));
    told.map(|(place, event)| Route {
        event: place,
        route: "chat".to_owned(),
        together: together(event),
        endpoints: vec!["slack".to_owned()],
        not_before: event.at,
    })
    .collect()
}

async fn record(database: &Database, fleet: &Fleet, number: i64) -> Recorded {
    try_record(database, fleet, number, None).await.unwrap()
}

async fn try_record(
    database: &Database,
    fleet: &Fleet,
    number: i64,
    fence: Option<&palisade_store::Fence>,
) -> Result<Recorded, DatabaseError> {
    let shown = fleet.shown();
    let seen = sighting(&format!("run-{number}"), None, day(number), fleet.rules(), &shown);
    database.record_run(&seen, &[], day(number), fence, each_alone).await
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.name()).collect()
}

fn soon(at: Timestamp) -> Timestamp {
    at + SignedDuration::from_mins(5)
}

/// A database that knows a fleet in which all is well.
async fn knowing(place: &Place, fleet: &Fleet) -> Database {
    let database = place.open().await;
    record(&database, fleet, 0).await;
    for claimed in database.claim_deliveries(10, day(0), soon(day(0))).await.unwrap() {
        database.finish_delivery(&claimed, &Outcome::Done { status: Some(200) }, day(0)).await.unwrap();
    }
    database
}

async fn what_is_remembered_comes_back_as_it_was(place: Place) {
    let mut fleet = Fleet::of(12, 2, 3);
    // Names are hostile, and NUL is a letter that not every database takes.
    "shop\0'); DROP TABLE runs; --\u{F8FF}".clone_into(&mut fleet.units[0].1.clusters[0].name);
    fleet.units[0].1.clusters[1].labels.insert("owner".to_owned(), "ana".to_owned());
    let mut memory = Memory::default();
    let mut dice = 7_u64;
    let mut throw = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((dice >> 33) % sides).unwrap()
    };
    for number in 0..25 {
        for _ in 0..12 {
            let states = [State::Fail, State::Pass, State::Unknown, State::Mitigated, State::AttestMissing];
            fleet.set(throw(72), states[throw(5)]);
        }
        fleet.dark = if throw(3) == 0 { [throw(2)].into() } else { [].into() };
        fleet.rest_on(u8::try_from(throw(3)).unwrap());
        fleet.palisade = if number < 20 { "0.1.0" } else { "0.2.0" };
        let waivers = [Waiver {
            control: "NP-02".to_owned(),
            cluster: format!("shop-{}", number / 5),
            subject: None,
            owner: "ana".to_owned(),
            approver: "ben".to_owned(),
            reason: "until the migration".to_owned(),
            until: "9999-12-30T00:00:00Z".parse().unwrap(),
            approved: None,
            covers: None,
        }];
        let shown = fleet.shown();
        let schedule = [None, Some("nightly")][throw(2)];
        let seen = sighting(&format!("run-{number}"), schedule, day(number), fleet.rules(), &shown);
        // Opened anew each time: nothing is known but what is written.
        let database = place.open().await;
        let recorded = database.record_run(&seen, &waivers, day(number), None, each_alone).await.unwrap();
        let advanced = advance(&mut memory, &seen, &waivers);
        assert_eq!(recorded.events, advanced.events, "run {number}");
        assert_eq!(recorded.seq, number + 1);
        let remembered = database.memory().await.unwrap();
        assert_eq!(remembered.findings, memory.findings, "run {number}");
        assert_eq!(remembered, memory, "run {number}");
        database.close().await;
    }
    assert!(memory.findings.len() > 30);
}

async fn a_run_that_is_recorded_twice_changes_nothing(place: Place) {
    let mut fleet = Fleet::of(2, 2, 2);
    let database = knowing(&place, &fleet).await;
    fleet.set(0, State::Fail);
    let once = record(&database, &fleet, 1).await;
    assert_eq!((once.already, once.queued, kinds(&once.events)), (false, 1, vec!["finding.opened", "scan.completed"]));
    let memory = database.memory().await.unwrap();
    let again = record(&database, &fleet, 1).await;
    assert_eq!((again.already, again.seq, again.queued, again.events.len()), (true, once.seq, 0, 0));
    assert_eq!(again.summary, once.summary);
    assert_eq!(database.memory().await.unwrap(), memory);
    assert_eq!(database.runs(10).await.unwrap().len(), 2);
    assert_eq!(database.deliveries(DeliveryState::Ready, 10).await.unwrap().len(), 1);
}

async fn a_run_whose_messages_cannot_be_made_leaves_nothing_behind(place: Place) {
    let mut fleet = Fleet::of(2, 2, 2);
    let database = knowing(&place, &fleet).await;
    let before = database.memory().await.unwrap();
    fleet.set(0, State::Fail);
    let clone = database.clone();
    let failed = tokio::spawn(async move {
        let shown = fleet.shown();
        let seen = sighting("run-1", None, day(1), fleet.rules(), &shown);
        clone.record_run(&seen, &[], day(1), None, |_| panic!("a template that cannot be rendered")).await
    });
    assert!(failed.await.unwrap_err().is_panic());
    assert_eq!(database.memory().await.unwrap(), before);
    assert_eq!(database.runs(10).await.unwrap().len(), 1);
}

async fn runs_that_are_recorded_at_once_are_all_kept(place: Place) {
    let database = place.open().await;
    let fleet = Arc::new(Fleet::of(2, 2, 2));
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let (database, fleet) = (database.clone(), Arc::clone(&fleet));
            tokio::spawn(async move { record(&database, &fleet, number).await.seq })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6], "without gaps");
}

/// What a run changes is decided before the lock is taken: whoever was faster is seen all the same.
async fn runs_that_are_recorded_at_once_are_decided_one_after_the_other(place: Place) {
    let fleet_at = |number: usize| {
        let mut fleet = Fleet::of(2, 3, 4);
        for place in (0..fleet.findings.len()).filter(|place| (place * 5 + number * 7) % 9 < 4) {
            fleet.set(place, State::Fail);
        }
        fleet
    };
    let database = knowing(&place, &fleet_at(0)).await;
    let tasks: Vec<_> = (1..=8)
        .map(|number| {
            let (database, fleet) = (database.clone(), fleet_at(number));
            tokio::spawn(async move { record(&database, &fleet, i64::try_from(number).unwrap()).await.events })
        })
        .collect();
    let mut told = BTreeSet::new();
    for task in tasks {
        told.extend(task.await.unwrap().iter().map(Event::key));
    }
    let mut expected = BTreeSet::new();
    let mut memory = Memory::default();
    for run in database.runs(100).await.unwrap().iter().rev() {
        let number: usize = run.id.strip_prefix("run-").unwrap().parse().unwrap();
        let fleet = fleet_at(number);
        let shown = fleet.shown();
        let seen = sighting(&run.id, None, day(i64::try_from(number).unwrap()), fleet.rules(), &shown);
        let events = advance(&mut memory, &seen, &[]).events;
        expected.extend(events.iter().filter(|_| number > 0).map(Event::key));
    }
    assert_eq!(database.memory().await.unwrap(), memory);
    assert_eq!(told, expected);
}

async fn an_event_is_queued_once_by_each_route(place: Place) {
    let mut fleet = Fleet::of(1, 1, 1);
    let database = knowing(&place, &fleet).await;
    fleet.set(0, State::Fail);
    let opened = record(&database, &fleet, 1).await.events;
    let twice = |events: &[Event]| [each_alone(events), each_alone(events)].concat();
    assert_eq!(database.tell(&opened, day(1), twice).await.unwrap(), 0, "told by this route before");
    let other = |events: &[Event]| {
        let pager = |route| Route { route: "pager".to_owned(), endpoints: vec!["pagerduty".to_owned()], ..route };
        each_alone(events).into_iter().map(pager).collect::<Vec<_>>()
    };
    assert_eq!(database.tell(&opened, day(1), other).await.unwrap(), 1);
    let claimed = database.claim_deliveries(10, day(1), soon(day(1))).await.unwrap();
    let print = database.findings(&FindingFilter::default()).await.unwrap()[0].fingerprint;
    let keys: Vec<&str> = claimed.iter().flat_map(|one| &one.events).map(|told| told.dedupe_key.as_str()).collect();
    assert_eq!(keys, [format!("chat/finding.opened/{print}/1"), format!("pager/finding.opened/{print}/1")]);
    assert_eq!(claimed[0].events[0].event, opened[0], "an event comes back as it was");
}

async fn events_that_are_told_together_are_one_message_until_it_is_taken(place: Place) {
    let mut fleet = Fleet::of(1, 4, 1);
    let database = knowing(&place, &fleet).await;
    let together = |events: &[Event]| route(events, |_| "daily".to_owned());
    let mut record = async |number: i64| {
        fleet.set(usize::try_from(number).unwrap(), State::Fail);
        let shown = fleet.shown();
        let seen = sighting(&format!("run-{number}"), None, day(number), fleet.rules(), &shown);
        database.record_run(&seen, &[], day(number), None, together).await.unwrap()
    };
    record(1).await;
    record(2).await;
    let first = database.claim_deliveries(10, day(2), soon(day(2))).await.unwrap();
    let told = |claimed: &palisade_store::Claimed| {
        claimed.events.iter().filter(|told| told.event.kind == EventKind::Opened).count()
    };
    assert_eq!(first.iter().map(told).collect::<Vec<_>>(), [2]);
    record(3).await;
    let retry = Outcome::Retry { at: day(3), status: Some(500), error: "the receiver is ill".to_owned() };
    database.finish_delivery(&first[0], &retry, day(2)).await.unwrap();
    let again = database.claim_deliveries(1, day(4), soon(day(4))).await.unwrap();
    assert_eq!((again[0].delivery, again[0].message, again[0].attempts), (first[0].delivery, first[0].message, 2));
    assert_eq!(again[0].events, first[0].events, "every attempt tells the same");
    database.finish_delivery(&again[0], &Outcome::Done { status: Some(200) }, day(4)).await.unwrap();
    let next = database.claim_deliveries(10, day(4), soon(day(4))).await.unwrap();
    assert_eq!(next.iter().map(told).collect::<Vec<_>>(), [1]);
    assert!(next[0].message > first[0].message);
}

async fn events_that_come_while_messages_are_taken_are_each_told_once(place: Place) {
    let database = knowing(&place, &Fleet::of(2, 5, 4)).await;
    let recorder = tokio::spawn({
        let database = database.clone();
        async move {
            let mut fleet = Fleet::of(2, 5, 4);
            let mut keys = Vec::new();
            for number in 1..=20 {
                fleet.set(usize::try_from(number).unwrap(), State::Fail);
                let shown = fleet.shown();
                let seen = sighting(&format!("run-{number}"), None, day(number), fleet.rules(), &shown);
                let to_two = |events: &[Event]| {
                    let mut routes = route(events, |_| "all".to_owned());
                    for route in &mut routes {
                        route.endpoints.push("teams".to_owned());
                    }
                    routes
                };
                let recorded = database.record_run(&seen, &[], day(number), None, to_two).await.unwrap();
                keys.extend(recorded.events.iter().filter(|event| event.run.is_some()).map(Event::key));
            }
            keys.retain(|key| !key.starts_with("scan."));
            keys
        }
    });
    let takers: Vec<_> = (0..3)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move {
                let mut told = Vec::new();
                for _ in 0..40 {
                    let claimed = database.claim_deliveries(3, day(50), soon(day(50))).await.unwrap();
                    for one in claimed {
                        told.extend(one.events.iter().map(|told| (one.endpoint.clone(), told.event.key())));
                        database.finish_delivery(&one, &Outcome::Done { status: None }, day(50)).await.unwrap();
                    }
                    tokio::task::yield_now().await;
                }
                told
            })
        })
        .collect();
    let keys = recorder.await.unwrap();
    let mut told = Vec::new();
    for taker in takers {
        told.extend(taker.await.unwrap());
    }
    loop {
        let claimed = database.claim_deliveries(100, day(50), soon(day(50))).await.unwrap();
        if claimed.is_empty() {
            break;
        }
        for one in claimed {
            told.extend(one.events.iter().map(|told| (one.endpoint.clone(), told.event.key())));
            database.finish_delivery(&one, &Outcome::Done { status: None }, day(50)).await.unwrap();
        }
    }
    told.sort();
    let both = ["slack", "teams"].into_iter();
    let mut wanted: Vec<_> = both.flat_map(|one| keys.iter().map(move |key| (one.to_owned(), key.clone()))).collect();
    wanted.sort();
    assert_eq!(told, wanted);
}

async fn a_message_is_taken_by_one_and_a_late_word_is_refused(place: Place) {
    let mut fleet = Fleet::of(1, 10, 1);
    let database = knowing(&place, &fleet).await;
    (0..10).for_each(|number| fleet.set(number, State::Fail));
    record(&database, &fleet, 1).await;
    let takers: Vec<_> = (0..5)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { database.claim_deliveries(4, day(1), soon(day(1))).await.unwrap() })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    let mut numbers: Vec<i64> = taken.iter().map(|claimed| claimed.delivery).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!((taken.len(), numbers.len()), (10, 10), "each once");
    assert_eq!(database.claim_deliveries(10, day(1), soon(day(1))).await.unwrap(), []);
    // The lease ends without a word.
    let again = database.claim_deliveries(10, day(2), soon(day(2))).await.unwrap();
    assert_eq!((again.len(), again[0].attempts), (10, 2));
    let (late, now) = (taken.iter().find(|claimed| claimed.delivery == again[0].delivery).unwrap(), &again[0]);
    let refused = database.finish_delivery(late, &Outcome::Done { status: Some(200) }, day(2)).await.unwrap_err();
    assert!(matches!(refused, DatabaseError::Fenced { .. }), "{refused}");
    let error = "ä".repeat(2000);
    database.finish_delivery(now, &Outcome::Dead { status: Some(400), error }, day(2)).await.unwrap();
    let dead = database.deliveries(DeliveryState::Dead, 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].last_status), (1, Some(400)));
    assert_eq!(dead[0].last_error.as_ref().map(String::len), Some(1024));
}

async fn messages_about_one_thing_go_out_in_their_order(place: Place) {
    let mut fleet = Fleet::of(1, 2, 1);
    let database = knowing(&place, &fleet).await;
    fleet.set(0, State::Fail);
    record(&database, &fleet, 1).await;
    let opened = database.claim_deliveries(10, day(1), soon(day(1))).await.unwrap();
    let retry = Outcome::Retry { at: day(9), status: Some(503), error: "later".to_owned() };
    database.finish_delivery(&opened[0], &retry, day(1)).await.unwrap();
    fleet.set(0, State::Pass);
    fleet.set(1, State::Fail);
    assert_eq!(
        kinds(&record(&database, &fleet, 2).await.events),
        ["finding.opened", "finding.resolved", "scan.completed"]
    );
    let next = database.claim_deliveries(10, day(2), soon(day(2))).await.unwrap();
    assert_eq!(next.len(), 1, "that it is resolved waits for what tells that it opened");
    assert_eq!(next[0].events[0].event.kind, EventKind::Opened);
    database.finish_delivery(&next[0], &Outcome::Done { status: None }, day(2)).await.unwrap();
    let later = database.claim_deliveries(10, day(9), soon(day(9))).await.unwrap();
    assert_eq!((later.len(), later[0].delivery), (1, opened[0].delivery));
    database.finish_delivery(&later[0], &Outcome::Done { status: None }, day(9)).await.unwrap();
    let last = database.claim_deliveries(10, day(9), soon(day(9))).await.unwrap();
    assert_eq!(last[0].events[0].event.kind, EventKind::Resolved);
}

fn slack() -> Endpoint {
    Endpoint {
        id: "slack".to_owned(),
        kind: "slack".to_owned(),
        url_ref: "env:SLACK_URL".to_owned(),
        secret_ref: None,
        state: EndpointState::Enabled,
        failing_since: None,
    }
}

async fn a_paused_channel_keeps_its_messages(place: Place) {
    let mut fleet = Fleet::of(1, 1, 1);
    let database = knowing(&place, &fleet).await;
    let endpoint = slack();
    database.put_endpoints(std::slice::from_ref(&endpoint)).await.unwrap();
    database.set_endpoint("slack", EndpointState::Paused, Some(day(0))).await.unwrap();
    fleet.set(0, State::Fail);
    record(&database, &fleet, 1).await;
    assert_eq!(database.claim_deliveries(10, day(1), soon(day(1))).await.unwrap(), []);
    database.put_endpoints(std::slice::from_ref(&endpoint)).await.unwrap();
    let known = database.endpoints().await.unwrap();
    assert_eq!(
        (known[0].state, known[0].failing_since),
        (EndpointState::Paused, Some(day(0))),
        "configuration does not wake it"
    );
    database.set_endpoint("slack", EndpointState::Enabled, None).await.unwrap();
    assert_eq!(database.claim_deliveries(10, day(1), soon(day(1))).await.unwrap().len(), 1);
}

async fn a_message_that_was_given_up_can_be_replayed_under_its_number(place: Place) {
    let mut fleet = Fleet::of(1, 1, 1);
    let database = knowing(&place, &fleet).await;
    fleet.set(0, State::Fail);
    record(&database, &fleet, 1).await;
    let claimed = database.claim_deliveries(10, day(1), soon(day(1))).await.unwrap();
    assert!(!database.replay(claimed[0].delivery, day(1)).await.unwrap(), "somebody is at it");
    let dead = Outcome::Dead { status: Some(422), error: "no".to_owned() };
    database.finish_delivery(&claimed[0], &dead, day(1)).await.unwrap();
    assert!(database.replay(claimed[0].delivery, day(2)).await.unwrap());
    let again = database.claim_deliveries(10, day(2), soon(day(2))).await.unwrap();
    assert_eq!((again[0].delivery, again[0].attempts), (claimed[0].delivery, 1));
    assert_eq!(again[0].events, claimed[0].events);
}

async fn a_firing_is_run_once_whoever_asks(place: Place) {
    let database = place.open().await;
    let (at, now) = (day(1), day(1) + SignedDuration::from_secs(3));
    let askers: Vec<_> = (0..8)
        .map(|number| {
            let database = database.clone();
            let holder = format!("instance-{number}");
            tokio::spawn(async move { database.claim_firing("nightly", at, &holder, now, soon(now)).await.unwrap() })
        })
        .collect();
    let mut ours = Vec::new();
    for asker in askers {
        match asker.await.unwrap() {
            FiringClaim::Ours { fence, attempts } => ours.push((fence, attempts)),
            FiringClaim::Busy { until, .. } => assert_eq!(until, soon(now)),
            FiringClaim::Done => panic!("nobody has run it"),
        }
    }
    assert_eq!(ours.len(), 1);
    let other = database.claim_firing("nightly", day(2), "instance-9", now, soon(now)).await.unwrap();
    assert!(matches!(other, FiringClaim::Busy { .. }), "one schedule is never run twice at once");
    let apart = database.claim_firing("hourly", at, "instance-9", now, soon(now)).await.unwrap();
    assert!(matches!(apart, FiringClaim::Ours { .. }), "another schedule is another matter");
    let (fence, attempts) = &ours[0];
    assert_eq!(*attempts, 1);
    database.finish_firing("nightly", at, fence, "completed", soon(now)).await.unwrap();
    let after = database.claim_firing("nightly", at, "instance-9", day(3), soon(day(3))).await.unwrap();
    assert_eq!(after, FiringClaim::Done);
    let next = database.claim_firing("nightly", day(2), "instance-9", soon(now), soon(day(2))).await.unwrap();
    assert!(matches!(next, FiringClaim::Ours { .. }));
    let firings = database.firings("nightly", 10).await.unwrap();
    assert_eq!(firings.iter().map(|firing| firing.outcome.as_deref()).collect::<Vec<_>>(), [None, Some("completed")]);
}

async fn a_firing_whose_instance_is_lost_is_taken_over(place: Place) {
    let database = place.open().await;
    let claim = async |holder: &str, now: Timestamp| {
        database.claim_firing("nightly", day(1), holder, now, soon(now)).await.unwrap()
    };
    let FiringClaim::Ours { fence: lost, .. } = claim("one", day(1)).await else { panic!("it is free") };
    database.renew_lease(&lost, day(1) + SignedDuration::from_mins(30)).await.unwrap();
    assert!(matches!(claim("two", soon(day(1))).await, FiringClaim::Busy { .. }), "it was renewed");
    let FiringClaim::Ours { fence, attempts } = claim("two", day(2)).await else { panic!("the lease has ended") };
    assert_eq!(attempts, 2);
    assert!(fence.token > lost.token);
    for refused in [
        database.renew_lease(&lost, day(3)).await.unwrap_err(),
        database.finish_firing("nightly", day(1), &lost, "completed", day(2)).await.unwrap_err(),
    ] {
        assert!(matches!(refused, DatabaseError::Fenced { .. }), "{refused}");
    }
    database.finish_firing("nightly", day(1), &fence, "completed", day(2)).await.unwrap();
}

async fn a_lease_that_was_lost_writes_nothing(place: Place) {
    let fleet = Fleet::of(1, 1, 1);
    let database = place.open().await;
    let claim =
        async |holder: &str, now: Timestamp| database.claim_lease("unit 7", holder, now, soon(now)).await.unwrap();
    let Lease::Held(lost) = claim("one", day(1)).await else { panic!("it is free") };
    assert!(matches!(claim("two", day(1)).await, Lease::Taken { by, .. } if by == "one"));
    let Lease::Held(held) = claim("two", day(2)).await else { panic!("it has ended") };
    let refused = try_record(&database, &fleet, 1, Some(&lost)).await.unwrap_err();
    assert!(refused.to_string().contains("another instance has taken over"), "{refused}");
    assert_eq!(database.runs(10).await.unwrap(), []);
    try_record(&database, &fleet, 1, Some(&held)).await.unwrap();
    database.release_lease(&held, day(2)).await.unwrap();
    database.release_lease(&lost, day(2)).await.unwrap();
    assert!(matches!(claim("three", day(2)).await, Lease::Held(_)));
}

async fn a_run_and_the_end_of_its_firing_are_one(place: Place) {
    let fleet = Fleet::of(1, 1, 1);
    let database = place.open().await;
    let claim = async |holder: &str, now: Timestamp| match database
        .claim_firing("nightly", day(1), holder, now, soon(now))
        .await
        .unwrap()
    {
        FiringClaim::Ours { fence, .. } => fence,
        FiringClaim::Done | FiringClaim::Busy { .. } => panic!("it is free"),
    };
    let (lost, ours) = (claim("one", day(1)).await, claim("two", day(2)).await);
    let shown = fleet.shown();
    let seen = sighting("run-1", Some("nightly"), day(1), fleet.rules(), &shown);
    let ending = Ending { schedule: "nightly", nominal: day(1), outcome: "done", upshot: None, owes_evidence: false };
    let late = database.record_firing(&seen, &[], day(2), (&lost, &ending), each_alone).await.unwrap_err();
    assert!(matches!(late, DatabaseError::Fenced { .. }), "{late}");
    assert_eq!(database.runs(10).await.unwrap(), []);
    assert_eq!(database.last_success("nightly").await.unwrap(), None);
    assert_eq!(database.first_begun("nightly").await.unwrap(), Some(day(1)));
    database.record_firing(&seen, &[], day(2), (&ours, &ending), each_alone).await.unwrap();
    assert_eq!(database.firings("nightly", 1).await.unwrap()[0].outcome.as_deref(), Some("done"));
    assert_eq!(database.last_success("nightly").await.unwrap(), Some(day(2)));
    let again = database.claim_firing("nightly", day(1), "one", day(3), soon(day(3))).await.unwrap();
    assert_eq!(again, FiringClaim::Done);
}

async fn how_a_firing_ended_is_known_to_whoever_asks_again(place: Place) {
    let (database, fleet) = (place.open().await, Fleet::of(1, 1, 1));
    let claim = async |at: Timestamp| match database.claim_firing("nightly", at, "one", at, soon(at)).await.unwrap() {
        FiringClaim::Ours { fence, .. } => fence,
        FiringClaim::Done | FiringClaim::Busy { .. } => panic!("it is free"),
    };
    let fence = claim(day(1)).await;
    assert_eq!(database.ended("nightly", day(1)).await.unwrap(), None, "it has not ended");
    let shown = fleet.shown();
    let seen = sighting("run-1", Some("nightly"), day(1), fleet.rules(), &shown);
    let upshot = Upshot { lost: true, cut_short: false, facts_known: 7, facts_total: 9, worst: Some(Severity::High) };
    let ending =
        Ending { schedule: "nightly", nominal: day(1), outcome: "done", upshot: Some(upshot), owes_evidence: true };
    database.record_firing(&seen, &[], day(1), (&fence, &ending), each_alone).await.unwrap();
    let ended = Ended { outcome: "done".to_owned(), upshot: Some(upshot), evidence_owed: true };
    assert_eq!(database.ended("nightly", day(1)).await.unwrap(), Some(ended.clone()));
    database.evidence_arrived("nightly", day(2)).await.unwrap();
    assert!(database.ended("nightly", day(1)).await.unwrap().unwrap().evidence_owed, "that was another one's");
    database.evidence_arrived("nightly", day(1)).await.unwrap();
    assert_eq!(database.ended("nightly", day(1)).await.unwrap(), Some(Ended { evidence_owed: false, ..ended }));
    let fence = claim(day(2)).await;
    database.finish_firing("nightly", day(2), &fence, "failed", day(2)).await.unwrap();
    let bare = Ended { outcome: "failed".to_owned(), upshot: None, evidence_owed: false };
    assert_eq!(database.ended("nightly", day(2)).await.unwrap(), Some(bare));
}

async fn runs_are_compared_by_cause(place: Place) {
    let mut fleet = Fleet::of(20, 1, 2);
    fleet.set(0, State::Fail);
    fleet.set(39, State::Fail);
    let database = knowing(&place, &fleet).await;
    // The world: one is mended, one breaks.
    fleet.set(0, State::Pass);
    fleet.set(2, State::Fail);
    record(&database, &fleet, 1).await;
    // The rule: another version of the program on the same records.
    fleet.palisade = "0.2.0";
    fleet.set(4, State::Fail);
    record(&database, &fleet, 2).await;
    // The coverage: an account is dark.
    fleet.dark = [1].into();
    record(&database, &fleet, 3).await;
    let prints: Vec<_> = fleet.findings.iter().map(|finding| finding.fingerprint).collect();
    let compared = async |one: &str, other: &str| {
        let found = database.diff(one, other).await.unwrap();
        let mut lines: Vec<(usize, &str, &str, &str)> = found
            .iter()
            .map(|difference| {
                let number = prints.iter().position(|print| *print == difference.fingerprint).unwrap();
                (number, word(difference.before), word(difference.after), difference.cause.name())
            })
            .collect();
        lines.sort_unstable();
        lines
    };
    let world = [(0, "fail", "pass", "world"), (2, "pass", "fail", "world")];
    let (rule, dark) = ((4, "pass", "fail", "rule"), (39, "fail", "unread", "coverage"));
    assert_eq!(compared("run-0", "run-1").await, world);
    assert_eq!(compared("run-1", "run-2").await, [rule]);
    assert_eq!(compared("run-2", "run-3").await, [dark]);
    assert_eq!(
        compared("run-3", "run-0").await,
        [world[0], world[1], rule, dark],
        "in their order, whichever is named first"
    );
    assert_eq!(compared("run-2", "run-2").await, []);
    assert!(matches!(database.diff("run-0", "run-9").await, Err(DatabaseError::NoSuchRun { .. })));
    assert_eq!(Cause::ALL.len(), 5);
}

fn word(reading: Reading) -> &'static str {
    match reading {
        Reading::Said { state, .. } => state.name(),
        Reading::Absent => "absent",
        Reading::Unread => "unread",
        Reading::NotAsked => "not asked",
    }
}

async fn an_acknowledgement_is_kept_with_its_history(place: Place) {
    let mut fleet = Fleet::of(1, 1, 1);
    fleet.set(0, State::Fail);
    let database = knowing(&place, &fleet).await;
    let print = fleet.findings[0].fingerprint;
    database.acknowledge(print, "ana", Some("on it"), day(1)).await.unwrap();
    record(&database, &fleet, 2).await;
    let standing = async || {
        database.findings(&FindingFilter { closed: true, ..FindingFilter::default() }).await.unwrap()[0]
            .standing
            .clone()
    };
    assert_eq!(standing().await, Standing::Acknowledged { by: "ana".to_owned(), at: day(1) });
    database.unacknowledge(print, "ben", None, day(3)).await.unwrap();
    assert_eq!(standing().await, Standing::Open);
    let history = database.acknowledgements(print).await.unwrap();
    let told: Vec<_> = history.iter().map(|one| (one.person.as_str(), one.acknowledged, one.note.as_deref())).collect();
    assert_eq!(told, [("ana", true, Some("on it")), ("ben", false, None)]);
    fleet.set(0, State::Pass);
    record(&database, &fleet, 4).await;
    assert!(matches!(database.acknowledge(print, "ana", None, day(5)).await, Err(DatabaseError::NotOpen(_))));
    let other = Fleet::of(2, 1, 1).findings[1].fingerprint;
    assert!(matches!(database.acknowledge(other, "ana", None, day(5)).await, Err(DatabaseError::NoSuchFinding { .. })));
}

async fn reminders_come_between_runs(place: Place) {
    let mut fleet = Fleet::of(1, 1, 1);
    fleet.set(0, State::Fail);
    let database = knowing(&place, &fleet).await;
    let tick = async |hour: i64| {
        let now = day(0) + SignedDuration::from_hours(hour);
        kinds(&database.tick(&[], &Reminders::default(), now, each_alone).await.unwrap())
    };
    assert_eq!(tick(23).await, [""; 0]);
    assert_eq!(tick(24).await, ["finding.reminder"]);
    assert_eq!(tick(24).await, [""; 0]);
    assert_eq!(tick(48).await, ["finding.reminder"]);
    assert_eq!(database.deliveries(DeliveryState::Ready, 10).await.unwrap().len(), 2);
}

async fn what_follows_goes_where_it_was_first_told(place: Place) {
    let mut fleet = Fleet::of(1, 2, 1);
    let database = knowing(&place, &fleet).await;
    fleet.set(0, State::Fail);
    fleet.set(1, State::Fail);
    record(&database, &fleet, 1).await;
    let claimed = database.claim_deliveries(10, day(1), soon(day(1))).await.unwrap();
    let thread = |place: usize, closed_at| Thread {
        thread: format!("{}/1", fleet.findings[place].fingerprint),
        told_in: "alerts".to_owned(),
        place: "C1".to_owned(),
        ts: "17.1".to_owned(),
        event: claimed[place].events[0].event.clone(),
        closed_at,
    };
    let done = Outcome::Done { status: Some(200) };
    let mut both = [thread(0, None), thread(1, None)];
    both.sort_by(|a, b| a.thread.cmp(&b.thread));
    database.finish_told(&claimed[0], &done, (&both, &[]), day(1)).await.unwrap();
    assert!(
        database.finish_told(&claimed[0], &done, (&[thread(0, Some(day(1)))], &[]), day(1)).await.is_err(),
        "a late word changes nothing"
    );
    let wanted: Vec<String> = both.iter().map(|thread| thread.thread.clone()).collect();
    assert_eq!(database.threads("slack", &wanted).await.unwrap(), both, "with its guidance");
    assert_eq!(database.threads("elsewhere", &wanted).await.unwrap(), []);
    assert_eq!(database.threads("slack", &[]).await.unwrap(), []);
    assert_eq!(database.open_threads().await.unwrap().len(), 2);
    assert_eq!(database.stale_messages(10, day(1)).await.unwrap(), []);
    let closed = [thread(0, Some(day(1)))];
    let message = ("C1".to_owned(), "17.1".to_owned());
    database.finish_told(&claimed[1], &done, (&closed, std::slice::from_ref(&message)), day(1)).await.unwrap();
    assert_eq!(database.open_threads().await.unwrap(), [("slack".to_owned(), thread(1, None).thread, message.1)]);
    let stale = database.stale_messages(10, day(1)).await.unwrap();
    assert_eq!((stale.len(), stale[0].events.len(), stale[0].attempts), (1, 2, 0));
    assert_eq!(stale[0].summary.as_ref().map(|summary| summary.clusters), Some(1));
    database.refreshed(&stale[0], Some(day(2))).await.unwrap();
    assert_eq!(database.stale_messages(10, day(1)).await.unwrap(), [], "not before its time");
    let again = database.stale_messages(10, day(2)).await.unwrap();
    assert_eq!((again[0].attempts, again[0].since), (1, day(1)));
    database.refreshed(&stale[0], None).await.unwrap();
    assert_eq!(database.stale_messages(10, day(2)).await.unwrap().len(), 1, "who was overtaken has no word");
    let keep = Keep { runs_days: 900, closed_days: 900, messages_days: 90, firings_days: 90 };
    database.retain(&keep, day(80), false).await.unwrap();
    assert_eq!(database.threads("slack", &wanted).await.unwrap().len(), 2);
    database.retain(&keep, day(100), false).await.unwrap();
    let left = database.threads("slack", &wanted).await.unwrap();
    assert_eq!(left, [thread(1, None)], "what is open keeps its thread");
    database.refreshed(&again[0], None).await.unwrap();
    assert_eq!(database.stale_messages(10, day(100)).await.unwrap(), []);
}

async fn messages_of_the_last_hour_are_counted_whoever_sent_them(place: Place) {
    let mut fleet = Fleet::of(1, 3, 1);
    let database = knowing(&place, &fleet).await;
    (0..3).for_each(|number| fleet.set(number, State::Fail));
    record(&database, &fleet, 1).await;
    database.put_endpoints(&[slack()]).await.unwrap();
    let minute = |minutes| day(1) + SignedDuration::from_mins(minutes);
    let sent = async |since, now| database.sent_since(minute(since), minute(now)).await.unwrap().len();
    assert_eq!(sent(-60, 0).await, 3, "what is about to leave counts");
    let claimed = database.claim_deliveries(10, day(1), soon(day(1))).await.unwrap();
    assert_eq!(sent(-60, 0).await, 3);
    let done = Outcome::Done { status: None };
    let later = Outcome::Retry { at: minute(100), status: None, error: String::new() };
    let dead = Outcome::Dead { status: None, error: String::new() };
    for (claimed, outcome) in claimed.iter().zip([done, later, dead]) {
        database.finish_delivery(claimed, &outcome, minute(1)).await.unwrap();
    }
    assert_eq!(sent(-59, 2).await, 1, "what was given up and what waits longer does not");
    assert_eq!(database.sent_since(minute(-59), minute(2)).await.unwrap()[0].0, "chat");
    assert_eq!(sent(0, 60).await, 2, "what is tried again within the hour does");
    assert_eq!(sent(1, 61).await, 1);
    database.set_endpoint("slack", EndpointState::Paused, None).await.unwrap();
    assert_eq!(sent(1, 61).await, 0, "what waits for its channel to be mended does not");
}

async fn tables_of_the_version_before_are_brought_up_to_date(place: Place) {
    let mut fleet = Fleet::of(1, 1, 1);
    let database = knowing(&place, &fleet).await;
    fleet.set(0, State::Fail);
    record(&database, &fleet, 1).await;
    database.close().await;
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&place.url()).await.unwrap();
    for sql in [
        "DROP TABLE shared_bodies",
        "DROP TABLE shared_units",
        "DROP TABLE shared_runs",
        "DROP TABLE threads",
        "DROP TABLE stale_messages",
        "DROP TABLE memory_changes",
        "DROP TABLE scores",
        "ALTER TABLE deliveries DROP COLUMN tried_since",
        "ALTER TABLE firings DROP COLUMN upshot",
        "ALTER TABLE firings DROP COLUMN evidence_owed",
        "DELETE FROM palisade_tables WHERE version > 1",
    ] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    sqlx::Connection::close(connection).await.unwrap();
    let database = place.open().await;
    assert_eq!(database.open_threads().await.unwrap(), []);
    assert_eq!(database.runs(10).await.unwrap().len(), 2, "what was there is there");
}

async fn scores_come_back_oldest_first_once_for_each_run_and_go_with_it(place: Place) {
    let fleet = Fleet::of(1, 1, 1);
    let database = knowing(&place, &fleet).await;
    for number in 1..=4 {
        record(&database, &fleet, number).await;
        for scores in [format!("{{\"of\":{number}}}"), "another time".to_owned()] {
            database.keep_scores(&format!("run-{number}"), &scores).await.unwrap();
        }
    }
    database.keep_scores("run-unknown", "nothing").await.unwrap();
    assert_eq!(database.scores(Some("nightly"), 3).await.unwrap(), Vec::<String>::new());
    assert_eq!(database.scores(None, 3).await.unwrap(), ["{\"of\":2}", "{\"of\":3}", "{\"of\":4}"]);
    let keep = Keep { runs_days: 1, closed_days: 1, messages_days: 1, firings_days: 1 };
    database.retain(&keep, day(30), false).await.unwrap();
    assert_eq!(database.scores(None, 9).await.unwrap(), ["{\"of\":4}"]);
}

async fn what_is_old_is_removed_and_what_is_open_is_not(place: Place) {
    let mut fleet = Fleet::of(1, 3, 1);
    fleet.set(0, State::Fail);
    let database = knowing(&place, &fleet).await;
    for number in 1..=30 {
        fleet.set(1, if number == 3 { State::Fail } else { State::Pass });
        fleet.set(2, if number == 29 { State::Fail } else { State::Pass });
        record(&database, &fleet, number).await;
        for claimed in database.claim_deliveries(10, day(number), soon(day(number))).await.unwrap() {
            database.finish_delivery(&claimed, &Outcome::Done { status: None }, day(number)).await.unwrap();
        }
    }
    let keep = Keep { runs_days: 10, closed_days: 10, messages_days: 10, firings_days: 10 };
    let dry = database.retain(&keep, day(30), true).await.unwrap();
    assert_eq!(database.runs(100).await.unwrap().len(), 31, "nothing is removed");
    let applied = database.retain(&keep, day(30), false).await.unwrap();
    assert_eq!(applied, dry);
    assert_eq!((applied.runs, applied.findings, applied.turns), (20, 1, 2));
    assert!(applied.messages > 0);
    let left = database.findings(&FindingFilter { closed: true, ..FindingFilter::default() }).await.unwrap();
    let names: Vec<_> = left.iter().map(|finding| (finding.subject_name.as_str(), finding.standing.name())).collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&("pool-0", "open")) && names.contains(&("pool-2", "resolved")));
    assert_eq!(database.diff("run-28", "run-29").await.unwrap().len(), 1);
    assert!(matches!(database.diff("run-1", "run-29").await, Err(DatabaseError::NoSuchRun { .. })));
    assert_eq!(record(&database, &fleet, 31).await.seq, 32, "numbers are not given again");
    assert_eq!(database.retain(&keep, day(31), false).await.unwrap().runs, 1);
    // If it comes back it is new, and it is told.
    fleet.set(1, State::Fail);
    let back = record(&database, &fleet, 32).await;
    assert!(back.queued > 0 && kinds(&back.events).contains(&"finding.opened"), "{:?}", kinds(&back.events));
}

async fn the_last_firing_of_each_schedule_is_never_forgotten(place: Place) {
    let database = place.open().await;
    for (schedule, number) in [("yearly", 0), ("daily", 0), ("daily", 1), ("daily", 2)] {
        let at = day(number);
        let FiringClaim::Ours { fence, .. } = database.claim_firing(schedule, at, "a", at, soon(at)).await.unwrap()
        else {
            panic!("nobody has run it");
        };
        database.finish_firing(schedule, at, &fence, "done", at).await.unwrap();
    }
    let keep = Keep { runs_days: 1, closed_days: 8, messages_days: 1, firings_days: 1 };
    assert_eq!(database.retain(&keep, day(300), false).await.unwrap().firings, 2);
    for (schedule, last) in [("yearly", 0), ("daily", 2)] {
        let again = database.claim_firing(schedule, day(last), "b", day(300), soon(day(300))).await.unwrap();
        assert!(matches!(again, FiringClaim::Done), "`{schedule}` would be run a second time: {again:?}");
    }
}

/// A fleet that changes by itself.
struct Story {
    fleet: Fleet,
    dice: u64,
}

impl Story {
    fn new() -> Self {
        Self { fleet: Fleet::of(6, 2, 2), dice: 11 }
    }

    fn throw(&mut self, sides: u64) -> usize {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.dice >> 33) % sides).unwrap()
    }

    /// A day goes by.
    fn turn(&mut self) {
        // Long quiet times, so that something is closed for longer than it is kept.
        if self.throw(3) == 0 {
            let (place, state) = (self.throw(24), self.throw(6));
            self.fleet.set(
                place,
                [State::Fail, State::Pass, State::Unknown, State::Mitigated, State::Fail, State::Pass][state],
            );
        }
        self.fleet.dark = if self.throw(6) == 0 { [0].into() } else { [].into() };
    }
}

/// What a run told, without whether what was forgotten is new or came back.
fn told(recorded: &Recorded) -> Vec<(String, String)> {
    let word = |event: &Event| match (event.kind, &event.topic) {
        (EventKind::Opened | EventKind::Reopened, palisade_track::Topic::Finding { finding, .. }) => {
            ("opened".to_owned(), finding.fingerprint.to_string())
        }
        (kind, palisade_track::Topic::Finding { finding, .. }) => {
            (kind.name().to_owned(), finding.fingerprint.to_string())
        }
        (kind, _) => (kind.name().to_owned(), String::new()),
    };
    recorded.events.iter().map(word).collect()
}

async fn deliver_all(database: &Database, number: i64) {
    for claimed in database.claim_deliveries(100, day(number), soon(day(number))).await.unwrap() {
        database.finish_delivery(&claimed, &Outcome::Done { status: Some(200) }, day(number)).await.unwrap();
    }
}

async fn removing_what_is_old_changes_nothing_of_what_is_told(place: Place) {
    let other = match &place {
        Place::File(_) => Place::file(),
        Place::Server(_) => Place::server().await,
    };
    let (whole, pruned) = (place.open().await, other.open().await);
    let keep = Keep { runs_days: 2, closed_days: 8, messages_days: 1, firings_days: 1 };
    let (mut story, mut removed, mut news) = (Story::new(), palisade_store::Applied::default(), 0);
    for number in 0..120 {
        story.turn();
        let (expected, seen) =
            (record(&whole, &story.fleet, number).await, record(&pruned, &story.fleet, number).await);
        assert_eq!(told(&expected), told(&seen), "day {number}");
        assert_eq!(expected.queued, seen.queued, "day {number}: a message would be missing or come twice");
        news += seen.queued;
        deliver_all(&whole, number).await;
        deliver_all(&pruned, number).await;
        let applied = pruned.retain(&keep, day(number), false).await.unwrap();
        removed.runs += applied.runs;
        removed.findings += applied.findings;
        removed.messages += applied.messages;
        let open = |findings: Vec<palisade_track::Tracked>| -> Vec<_> {
            findings.into_iter().map(|one| (one.fingerprint, one.standing.name(), one.severity, one.as_of)).collect()
        };
        let filter = FindingFilter::default();
        assert_eq!(
            open(whole.findings(&filter).await.unwrap()),
            open(pruned.findings(&filter).await.unwrap()),
            "day {number}: something open was removed"
        );
    }
    assert!(removed.runs > 100 && removed.findings > 1 && removed.messages > 10 && news > 20, "{removed:?} {news}");
}

/// A copy of the memory as the guide says to make it, put where a new Palisade opens it.
async fn restored(place: &Place, database: &Database) -> Place {
    match place {
        Place::File(_) => {
            let new = Place::file();
            let Place::File(folder) = &new else { panic!("a file is a file") };
            let backup = folder.path().join("backup.db");
            database.backup(&backup).await.unwrap();
            // What lies about of another database of this name.
            for end in ["", "-wal", "-shm"] {
                std::fs::write(folder.path().join(format!("palisade.db{end}")), "of before").unwrap();
            }
            std::fs::copy(&backup, folder.path().join("palisade.db")).unwrap();
            for end in ["-wal", "-shm"] {
                std::fs::remove_file(folder.path().join(format!("palisade.db{end}"))).unwrap();
            }
            new
        }
        Place::Server(from) => {
            let new = Place::server().await;
            let Place::Server(to) = &new else { panic!("a server is a server") };
            let folder = tempfile::tempdir().unwrap();
            let dump = folder.path().join("palisade.dump");
            let dump = dump.to_str().unwrap();
            server::call("pg_dump", &["--format=custom", "--file", dump, from]);
            server::call("pg_restore", &["--exit-on-error", "--no-owner", "--dbname", to, dump]);
            new
        }
    }
}

async fn a_memory_that_was_restored_goes_on_where_the_backup_was_made(place: Place) {
    let mut story = Story::new();
    let database = place.open().await;
    for number in 0..20 {
        story.turn();
        record(&database, &story.fleet, number).await;
        deliver_all(&database, number).await;
    }
    // A message waits, and a firing was run.
    story.fleet.set(3, State::Fail);
    story.fleet.set(4, State::Fail);
    story.fleet.dark = [].into();
    record(&database, &story.fleet, 20).await;
    let FiringClaim::Ours { fence, .. } =
        database.claim_firing("daily", day(20), "a", day(20), soon(day(20))).await.unwrap()
    else {
        panic!("nobody has run it");
    };
    database.finish_firing("daily", day(20), &fence, "done", day(20)).await.unwrap();
    let filter = FindingFilter { closed: true, ..FindingFilter::default() };
    let before = database.findings(&filter).await.unwrap();
    assert!(before.iter().any(|one| one.standing.is_open()));
    let beside = restored(&place, &database).await;
    let copy = beside.open().await;
    assert_eq!(copy.findings(&filter).await.unwrap(), before);
    assert_eq!(copy.memory().await.unwrap(), database.memory().await.unwrap());
    assert!(matches!(
        copy.claim_firing("daily", day(20), "b", day(21), soon(day(21))).await.unwrap(),
        FiringClaim::Done
    ));
    let quiet = record(&copy, &story.fleet, 21).await;
    let is_news = |(kind, _): &(String, String)| !kind.starts_with("scan.") && kind != "finding.reminder";
    let news = told(&quiet).into_iter().filter(is_news).collect::<Vec<_>>();
    assert_eq!(news, [], "nothing has changed since the backup");
    assert_eq!(quiet.seq, 22, "runs are numbered on");
    assert!(!copy.claim_deliveries(10, day(21), soon(day(21))).await.unwrap().is_empty(), "what waited is delivered");
    record(&database, &story.fleet, 21).await;
    for number in 22..40 {
        story.turn();
        let (expected, seen) =
            (record(&database, &story.fleet, number).await, record(&copy, &story.fleet, number).await);
        assert_eq!(told(&expected), told(&seen), "day {number}");
    }
}

async fn tables_from_a_newer_version_are_refused(place: Place) {
    place.open().await.close().await;
    place.open().await.close().await;
    sqlx::any::install_default_drivers();
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&place.url()).await.unwrap();
    sqlx::query("INSERT INTO palisade_tables (version) VALUES (99)").execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let refused = place.try_open().await.unwrap_err().to_string();
    assert!(refused.contains("was written by a newer version of Palisade (its tables are version 99"), "{refused}");
}

/// A writer that stops in the middle of a transaction, as a process does that is frozen or cut off.
#[test]
fn a_frozen_writer_of_a_server_is_ended_and_the_others_go_on() {
    run(async {
        let Place::Server(url) = Place::server().await else { panic!("a server was asked for") };
        let mut fleet = Fleet::of(1, 1, 1);
        let others = knowing(&Place::Server(url.clone()), &fleet).await;
        let (holding, held) = std::sync::mpsc::channel();
        let (thaw, frozen) = std::sync::mpsc::channel::<()>();
        // A thread and a runtime of its own: nothing of it moves while it is frozen.
        let writer = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let settings = ServerSettings { frozen_after: std::time::Duration::from_millis(300) };
                let database = Database::server_with(&url, settings).await.unwrap();
                let freeze = move |_: &[Event]| {
                    holding.send(()).unwrap();
                    frozen.recv().unwrap();
                    Vec::new()
                };
                database.tick(&[], &Reminders::default(), day(1), freeze).await
            })
        });
        tokio::task::spawn_blocking(move || held.recv().unwrap()).await.unwrap();
        fleet.set(0, State::Fail);
        let recorded = record(&others, &fleet, 1).await;
        assert!(kinds(&recorded.events).contains(&"finding.opened"));
        thaw.send(()).unwrap();
        let late = tokio::task::spawn_blocking(move || writer.join().unwrap()).await.unwrap();
        assert!(late.is_err(), "what it held back was undone: {late:?}");
        assert_eq!(others.runs(10).await.unwrap().len(), 2);
    });
}

/// A recorder's future can be moved between threads.
#[test]
fn recording_can_be_spawned() {
    fn is_send<T: Send>(_: &T) {}
    async fn recorded(database: &Database, seen: &Sighting<'_>) {
        let _ = database.record_run(seen, &[], day(0), None, each_alone).await;
    }
    run(async {
        let place = Place::file();
        let database = place.open().await;
        let fleet = Fleet::of(1, 1, 1);
        let shown = fleet.shown();
        let seen = sighting("run", None, day(0), fleet.rules(), &shown);
        let future = recorded(&database, &seen);
        is_send(&future);
        future.await;
    });
}
