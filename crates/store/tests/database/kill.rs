//! A recorder that is killed at any point leaves whole runs and no half ones, and goes on where it was.

use crate::{
    fleet::{Fleet, day, sighting},
    server::Place,
};
use jiff::SignedDuration;
use palisade_engine::State;
use palisade_store::{Database, DeliveryState, Route};
use palisade_track::{Event, Memory, advance};
use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

/// Where the child keeps its database.
const CHILD: &str = "PALISADE_TEST_RECORDER_TO_KILL";

const RUNS: i64 = 30;

#[test]
fn with_sqlite() {
    survives(|| async { Place::file() }, "kill::with_sqlite");
}

#[test]
fn with_postgres() {
    survives(Place::server, "kill::with_postgres");
}

fn survives<F: Future<Output = Place>>(place: impl FnOnce() -> F, test: &str) {
    if let Some(url) = std::env::var_os(CHILD) {
        return run(record_all(url.to_str().unwrap()));
    }
    run(async {
        let place = place().await;
        let url = match &place {
            Place::File(folder) => folder.path().join("palisade.db").to_str().unwrap().to_owned(),
            Place::Server(url) => url.clone(),
        };
        place.open().await.close().await;
        let mut kills = 0;
        // How far each child comes before it is killed: every stage of a run, in a mixed order.
        for point in (0..).map(|round| 2 + (round * 5) % 9) {
            if came_to_its_end(&url, test, point) {
                break;
            }
            kills += 1;
        }
        assert!(kills >= 8, "killed {kills} times");
        let database = place.open().await;
        let mut memory = Memory::default();
        let mut keys = BTreeSet::new();
        for number in 0..RUNS {
            let fleet = world(number);
            let shown = fleet.shown();
            let seen = sighting(&format!("run-{number}"), None, day(number), fleet.rules(), &shown);
            keys.extend(advance(&mut memory, &seen, &[]).events.iter().map(Event::key));
        }
        assert_eq!(database.memory().await.unwrap(), memory, "as if nobody had been killed");
        let runs: Vec<i64> = database.runs(100).await.unwrap().iter().rev().map(|run| run.seq).collect();
        assert_eq!(runs, (1..=RUNS).collect::<Vec<_>>(), "each once, without gaps");
        let mut told = BTreeSet::new();
        while told.len() < keys.len() {
            let later = day(1000 + i64::try_from(told.len()).unwrap());
            let claimed = database.claim_deliveries(1000, later, later + SignedDuration::from_mins(5)).await.unwrap();
            assert!(!claimed.is_empty(), "{} of {} are told", told.len(), keys.len());
            for one in claimed {
                for event in &one.events {
                    assert!(told.insert(event.event.key()), "{} is told twice", event.dedupe_key);
                }
                let done = palisade_store::Outcome::Done { status: None };
                database.finish_delivery(&one, &done, later).await.unwrap();
            }
        }
        assert_eq!(told, keys);
        assert_eq!(database.deliveries(DeliveryState::Ready, 10).await.unwrap(), []);
    });
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

/// Starts a recorder and kills it at a point. True when it came to its end before.
fn came_to_its_end(url: &str, test: &str, point: usize) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, url)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .filter(|line| line.starts_with("at "));
    let ended = said.by_ref().take(point).count() < point;
    if !ended {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    assert!(!ended || status.success(), "the recorder failed by itself");
    ended
}

/// What the world is at a run: a function of its number, so that every child sees the same.
fn world(number: i64) -> Fleet {
    let mut fleet = Fleet::of(30, 2, 4);
    for place in 0..fleet.findings.len() {
        let state =
            if (place * 7 + usize::try_from(number).unwrap() * 13) % 11 < 4 { State::Fail } else { State::Pass };
        fleet.set(place, state);
    }
    fleet.dark = if number % 5 == 3 { [1].into() } else { [].into() };
    fleet
}

async fn record_all(url: &str) {
    let database =
        if url.starts_with("postgres") { Database::server(url).await } else { Database::file(Path::new(url)).await };
    let database = database.unwrap();
    // From the beginning, as somebody who does not know how far the last one came.
    for number in 0..RUNS {
        let fleet = world(number);
        let shown = fleet.shown();
        let seen = sighting(&format!("run-{number}"), None, day(number), fleet.rules(), &shown);
        let recorded = database
            .record_run(&seen, &[], day(number), None, |events| {
                say(&format!("at run {number}, before its end"));
                let told = events.iter().enumerate();
                told.map(|(place, event)| Route {
                    event: place,
                    route: "chat".to_owned(),
                    together: format!("run-{number}"),
                    endpoints: vec!["slack".to_owned()],
                    not_before: event.at,
                })
                .collect()
            })
            .await
            .unwrap();
        if !recorded.already {
            say(&format!("at run {number}, after its end"));
        }
    }
}

fn say(what: &str) {
    eprintln!("{what}");
}
