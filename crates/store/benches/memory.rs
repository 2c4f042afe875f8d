//! A year of daily runs: `cargo bench -p palisade-store --bench memory -- [FINDINGS] [RUNS] [TURNING PER RUN]`.
//!
//! A fleet of clusters with five pools and eight controls each; half of the findings are bad. In every run some turn from
//! good to bad or back, three runs in a hundred miss an account, in every tenth run all answers rest on other records, and
//! in the middle of the year the program is updated, so that everything is said by other rules. The critical findings (an
//! eighth) are waived, the high ones (an eighth) are reminded of every week. Every event goes to one channel, is delivered, and messages are kept for 90 days.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a measurement reads the clock, prints, and stops where it cannot go on"
)]

#[path = "../tests/database/fleet.rs"]
mod fleet;

use fleet::{Fleet, day, sighting};
use jiff::SignedDuration;
use palisade_engine::{State, Waiver};
use palisade_store::{Database, FindingFilter, Keep, Outcome, Route};
use palisade_track::{Event, Memory, advance};
use std::{
    path::Path,
    time::{Duration, Instant},
};

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let number = |place: usize, usual: usize| numbers.get(place).copied().unwrap_or(usual);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(year(number(0, 100_000), number(1, 365), number(2, 500)));
}

async fn year(findings: usize, runs: usize, turning: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    let mut database = Database::file(&path).await.unwrap();
    let mut fleet = Fleet::of(findings.div_ceil(40), 5, 8);
    let count = fleet.findings.len();
    for place in (0..count).step_by(2) {
        fleet.set(place, State::Fail);
    }
    // Nobody lives with thousands of critical findings: they are accepted, cluster by cluster.
    let waivers: Vec<Waiver> = (0..count / 40).map(accepted).collect();
    println!("{count} findings of {} clusters, half of them bad; {runs} runs, {turning} turn in each", count / 40);
    let (mut usual, mut events, mut dice) = (Vec::new(), 0, 1_u64);
    for number in 0..runs {
        if number > 0 {
            for _ in 0..turning {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let place = usize::try_from(dice >> 33).unwrap() % count;
                let state = if fleet.findings[place].state == State::Fail { State::Pass } else { State::Fail };
                fleet.set(place, state);
            }
        }
        // Somebody turned a knob that every answer shows.
        fleet.rest_on(u8::try_from(number / 10 % 200).unwrap());
        let updated = number == runs / 2;
        fleet.palisade = if number >= runs / 2 { "0.2.0" } else { "0.1.0" };
        fleet.dark = if number % 33 == 17 { [number % fleet.units.len()].into() } else { [].into() };
        let now = day(i64::try_from(number).unwrap());
        let shown = fleet.shown();
        let seen = sighting(&format!("run-{number}"), Some("nightly"), now, fleet.rules(), &shown);
        let began = Instant::now();
        let recorded = database.record_run(&seen, &waivers, now, None, to_one).await.unwrap();
        let took = began.elapsed();
        events += recorded.events.len();
        match number {
            0 => println!("the first run: {}", millis(took)),
            _ if updated => println!("the run after an update of the program: {}", millis(took)),
            _ => usual.push((took, number, recorded.events.len())),
        }
        let until = now + SignedDuration::from_mins(5);
        for claimed in database.claim_deliveries(100_000, now, until).await.unwrap() {
            database.finish_delivery(&claimed, &Outcome::Done { status: Some(200) }, now).await.unwrap();
        }
        if number % 30 == 29 {
            database.retain(&Keep::default(), now, false).await.unwrap();
        }
    }
    usual.sort_unstable();
    println!(
        "recording one of the other runs: median {}, longest {}",
        millis(usual[usual.len() / 2].0),
        millis(usual[usual.len() - 1].0)
    );
    for (took, number, events) in usual.iter().rev().take(3) {
        println!("  run {number}: {} and {events} events", millis(*took));
    }
    println!("{events} events");
    // As a new process finds it.
    database.close().await;
    database = Database::file(&path).await.unwrap();
    println!("the file: {:.1} MB", megabytes(&path));
    let last = format!("run-{}", runs - 1);
    for (what, one) in
        [("the run before", runs.saturating_sub(2)), ("a month before", runs.saturating_sub(31)), ("the first run", 0)]
    {
        let began = Instant::now();
        let different = database.diff(&format!("run-{one}"), &last).await.unwrap();
        println!("comparing the last run with {what}: {}, {} differences", millis(began.elapsed()), different.len());
    }
    let began = Instant::now();
    let open = database.findings(&FindingFilter::default()).await.unwrap().len();
    println!("listing {open} open findings: {}", millis(began.elapsed()));
    let began = Instant::now();
    let backup = database.backup(&folder.path().join("copy.db")).await.unwrap();
    println!("a backup of {} runs, checked: {}", backup.runs, millis(began.elapsed()));
    println!("peak memory of all this: {}", peak());
    pure(&fleet);
}

/// What of it is thinking, without any database.
fn pure(fleet: &Fleet) {
    let shown = fleet.shown();
    let mut memory = Memory::default();
    let at = |number| sighting(&format!("pure-{number}"), None, day(number), fleet.rules(), &shown);
    advance(&mut memory, &at(1), &[]);
    let seen = at(2);
    let began = Instant::now();
    advance(&mut memory, &seen, &[]);
    println!("remembering a run in which nothing changed, in memory alone: {}", millis(began.elapsed()));
}

fn accepted(cluster: usize) -> Waiver {
    Waiver {
        control: fleet::NAMES[0].to_owned(),
        cluster: format!("shop-{cluster}"),
        subject: None,
        owner: "ana".to_owned(),
        approver: "ben".to_owned(),
        reason: "until the migration".to_owned(),
        until: day(10_000),
        approved: None,
        covers: None,
    }
}

/// One message a run.
fn to_one(events: &[Event]) -> Vec<Route> {
    let route = |(place, event): (usize, &Event)| Route {
        event: place,
        route: "chat".to_owned(),
        together: event.run.clone().unwrap_or_default(),
        endpoints: vec!["slack".to_owned()],
        not_before: event.at,
    };
    events.iter().enumerate().map(route).collect()
}

fn millis(took: Duration) -> String {
    format!("{:.0} ms", took.as_secs_f64() * 1000.0)
}

fn megabytes(path: &Path) -> f64 {
    std::fs::metadata(path).map_or(0, |file| file.len()) as f64 / 1e6
}

/// The kernel's word, on Linux.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.map_or("unknown here".to_owned(), |line| line.trim_start_matches("VmHWM:").trim().to_owned())
}
