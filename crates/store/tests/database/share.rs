//! Units of a run that several processes share: each is read by one at a time, and has one result.

use crate::server::Place;
use jiff::{SignedDuration, Timestamp};
use palisade_provider::Body;
use palisade_store::{
    Bodies, ClaimedUnit, Database, DatabaseError, Fence, FiringClaim, MOST_ATTEMPTS, SharedPlan, UnitTally,
};
use std::{collections::BTreeSet, sync::Arc};

macro_rules! both {
    ($($test:ident,)*) => {
        mod sqlite {
            use crate::server::Place;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(Place::file()).await;
            })*
        }
        mod postgres {
            use crate::server::Place;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(Place::server().await).await;
            })*
        }
    };
}

both! {
    each_unit_is_given_to_one_however_many_ask_at_once,
    the_result_of_one_who_was_away_too_long_is_refused,
    a_unit_that_shows_signs_of_life_is_not_taken,
    what_is_given_back_is_taken_at_once,
    a_unit_that_takes_its_processes_with_it_is_given_up,
    a_run_that_is_closed_takes_no_result_any_more,
    only_the_leader_says_what_a_run_consists_of,
    bodies_come_back_as_they_were_whoever_wrote_them,
    what_is_left_of_an_earlier_run_goes_with_the_next,
}

const LEASE: SignedDuration = SignedDuration::from_secs(10);

const RUN: &str = "nightly 2026-11-29T02:00:00Z";

fn at(seconds: i64) -> Timestamp {
    "2026-11-29T02:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

async fn lead(database: &Database, schedule: &str, holder: &str, now: Timestamp) -> Fence {
    match database.claim_firing(schedule, at(0), holder, now, now + SignedDuration::from_secs(60)).await.unwrap() {
        FiringClaim::Ours { fence, .. } => fence,
        other => panic!("{other:?}"),
    }
}

fn units(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("unit-{number:04}")).collect()
}

async fn shared(place: &Place, count: usize) -> (Database, Fence) {
    let database = place.open().await;
    let fence = lead(&database, "nightly", "leader", at(0)).await;
    let units = units(count);
    let plan = SharedPlan { run: RUN, schedule: "nightly", plan: "{}", units: &units, ends_at: at(3_600) };
    database.share_run(&plan, at(0), &fence).await.unwrap();
    (database, fence)
}

async fn claim(database: &Database, holder: &str, limit: usize, now: Timestamp) -> Vec<ClaimedUnit> {
    database.claim_units(RUN, holder, limit, (&move || now, LEASE)).await.unwrap()
}

async fn tally(database: &Database, now: Timestamp) -> (u64, u64, u64) {
    let UnitTally { done, open, given_up } = database.shared_tally(RUN, now).await.unwrap();
    (done, open, given_up)
}

async fn each_unit_is_given_to_one_however_many_ask_at_once(place: Place) {
    let (database, _) = shared(&place, 200).await;
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let database = database.clone();
        workers.spawn(async move {
            let (holder, mut taken) = (format!("worker-{worker}"), Vec::new());
            loop {
                let claimed = claim(&database, &holder, 7, at(1)).await;
                assert!(claimed.len() <= 7, "no more than asked for");
                if claimed.is_empty() {
                    return taken;
                }
                for one in claimed {
                    database.finish_unit(RUN, &one, &holder, at(2)).await.unwrap();
                    taken.push((one.unit, holder.clone()));
                }
            }
        });
    }
    let taken: Vec<(String, String)> = workers.join_all().await.into_iter().flatten().collect();
    let names: BTreeSet<&String> = taken.iter().map(|(unit, _)| unit).collect();
    assert_eq!((taken.len(), names.len()), (200, 200), "each once");
    for (unit, holder) in &taken {
        assert_eq!(database.unit_result(RUN, unit).await.unwrap().as_ref(), Some(holder), "by whoever took it");
    }
    assert_eq!(tally(&database, at(3)).await, (200, 0, 0));
}

async fn the_result_of_one_who_was_away_too_long_is_refused(place: Place) {
    let (database, _) = shared(&place, 1).await;
    let late = claim(&database, "frozen", 1, at(0)).await.remove(0);
    assert_eq!(claim(&database, "other", 1, at(9)).await, [], "it is held");
    let other = claim(&database, "other", 1, at(10)).await.remove(0);
    assert_eq!((other.token, other.attempts), (late.token + 1, 2));
    let refused = database.finish_unit(RUN, &late, "late", at(11)).await.unwrap_err();
    assert!(matches!(refused, DatabaseError::Fenced { .. }), "{refused}");
    let lost = database.renew_units(RUN, std::slice::from_ref(&late), (&|| at(20), LEASE)).await.unwrap();
    assert_eq!(lost, std::slice::from_ref(&late.unit));
    database.finish_unit(RUN, &other, "in time", at(12)).await.unwrap();
    for twice in [&late, &other] {
        assert!(matches!(database.finish_unit(RUN, twice, "twice", at(13)).await, Err(DatabaseError::Fenced { .. })));
    }
    assert_eq!(database.unit_result(RUN, &other.unit).await.unwrap().as_deref(), Some("in time"));
    // One whose lease has ended and that nobody took has done the work.
    let (database, _) = shared(&Place::file(), 1).await;
    let slow = claim(&database, "slow", 1, at(0)).await.remove(0);
    database.finish_unit(RUN, &slow, "slow", at(100)).await.unwrap();
}

async fn a_unit_that_shows_signs_of_life_is_not_taken(place: Place) {
    let (database, _) = shared(&place, 1).await;
    let held = claim(&database, "slow", 1, at(0)).await;
    assert_eq!(database.renew_units(RUN, &held, (&|| at(15), LEASE)).await.unwrap(), Vec::<String>::new());
    assert_eq!(claim(&database, "other", 1, at(20)).await, []);
    assert_eq!(claim(&database, "other", 1, at(25)).await.len(), 1);
}

async fn what_is_given_back_is_taken_at_once(place: Place) {
    let (database, _) = shared(&place, 2).await;
    let held = claim(&database, "stopped", 2, at(0)).await;
    database.release_units(RUN, &held).await.unwrap();
    let taken = claim(&database, "other", 2, at(0)).await;
    assert_eq!(taken.iter().map(|unit| unit.attempts).collect::<Vec<_>>(), [1, 1], "the time before does not count");
    database.release_units(RUN, &held).await.unwrap();
    assert_eq!(claim(&database, "third", 2, at(1)).await, [], "only who holds it gives it back");
    let refused = database.finish_unit(RUN, &held[0], "stopped", at(1)).await;
    assert!(matches!(refused, Err(DatabaseError::Fenced { .. })));
}

async fn a_unit_that_takes_its_processes_with_it_is_given_up(place: Place) {
    let (database, _) = shared(&place, 2).await;
    let mut now = at(0);
    for _ in 0..MOST_ATTEMPTS {
        let lost = claim(&database, "lost", 1, now).await;
        assert_eq!(lost[0].unit, "unit-0000");
        assert_eq!(tally(&database, now).await, (0, 2, 0));
        now += SignedDuration::from_secs(10);
    }
    assert_eq!(tally(&database, now).await, (0, 1, 1), "it is not waited for");
    assert_eq!(claim(&database, "next", 5, now).await.iter().map(|unit| &unit.unit).collect::<Vec<_>>(), ["unit-0001"]);
}

async fn a_run_that_is_closed_takes_no_result_any_more(place: Place) {
    let (database, fence) = shared(&place, 3).await;
    let held = claim(&database, "worker", 2, at(0)).await;
    database.finish_unit(RUN, &held[0], "read", at(1)).await.unwrap();
    assert_eq!(database.close_shared_run(RUN, &fence).await.unwrap(), 2);
    assert!(matches!(database.finish_unit(RUN, &held[1], "late", at(1)).await, Err(DatabaseError::Fenced { .. })));
    assert_eq!(claim(&database, "worker", 5, at(100)).await, []);
    assert_eq!(database.unit_result(RUN, &held[0].unit).await.unwrap().as_deref(), Some("read"));
    assert_eq!(database.close_shared_run(RUN, &fence).await.unwrap(), 2, "once more says the same");
    database.forget_shared_run(RUN).await.unwrap();
    assert_eq!(database.shared_run(RUN).await.unwrap(), None);
    assert_eq!(tally(&database, at(2)).await, (0, 0, 0));
}

async fn only_the_leader_says_what_a_run_consists_of(place: Place) {
    let database = place.open().await;
    let first = lead(&database, "nightly", "first", at(0)).await;
    let second = lead(&database, "nightly", "second", at(60)).await;
    let (few, many) = (units(2), units(3));
    let of = |units| SharedPlan { run: RUN, schedule: "nightly", plan: "{}", units, ends_at: at(3_600) };
    let refused = database.share_run(&of(&few), at(61), &first).await;
    assert!(matches!(refused, Err(DatabaseError::Fenced { .. })));
    assert_eq!(database.shared_run(RUN).await.unwrap(), None, "nothing is written");
    let said = database.share_run(&of(&many), at(61), &second).await.unwrap();
    assert_eq!(database.shared_run(RUN).await.unwrap(), Some(said));
    assert!(matches!(database.close_shared_run(RUN, &first).await, Err(DatabaseError::Fenced { .. })));
    assert_eq!(tally(&database, at(61)).await, (0, 3, 0));
}

async fn bodies_come_back_as_they_were_whoever_wrote_them(place: Place) {
    let (database, _) = shared(&place, 1).await;
    let bodies: Bodies = (0..3_000_u32)
        .map(|number| {
            let bytes = [format!("{{\"n\":{number}}}").into_bytes(), vec![b' '; 2_000], vec![0, 255]].concat();
            let body = Body::new(bytes);
            (body.digest(), Arc::from(body.bytes()))
        })
        .collect();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (database, bodies) = (database.clone(), bodies.clone());
        writers.spawn(async move { database.put_shared_bodies(RUN, &bodies).await });
    }
    for written in writers.join_all().await {
        written.unwrap();
    }
    let wanted = bodies.keys().copied().collect();
    assert!(database.shared_bodies(RUN, &wanted).await.unwrap() == bodies);
    assert!(database.shared_bodies("another run", &wanted).await.unwrap().is_empty());
}

async fn what_is_left_of_an_earlier_run_goes_with_the_next(place: Place) {
    let (database, fence) = shared(&place, 2).await;
    let body = Body::new(b"{}".to_vec());
    let bodies: Bodies = [(body.digest(), Arc::from(body.bytes()))].into();
    database.put_shared_bodies(RUN, &bodies).await.unwrap();
    let other = lead(&database, "hourly", "leader", at(0)).await;
    let one = units(1);
    let hourly = SharedPlan { run: "hourly 1", schedule: "hourly", plan: "{}", units: &one, ends_at: at(3_600) };
    database.share_run(&hourly, at(1), &other).await.unwrap();
    assert!(database.shared_run(RUN).await.unwrap().is_some(), "another schedule's run is left alone");
    let next = SharedPlan { run: "nightly 2", schedule: "nightly", ..hourly };
    database.share_run(&next, at(1), &fence).await.unwrap();
    assert_eq!(database.shared_run(RUN).await.unwrap(), None);
    assert!(database.shared_bodies(RUN, &bodies.keys().copied().collect()).await.unwrap().is_empty());
    assert!(database.shared_run("hourly 1").await.unwrap().is_some());
}
