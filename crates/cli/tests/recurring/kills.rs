//! A run that is killed at any point, and run again: no change is lost, none is delivered under two ids, and no finding
//! is wrongly resolved.
//!
//! Beside it goes the same story without kills. After every run both must remember and have told the same.

use crate::{
    server::Place,
    stage::{Kill, Stage, cloud},
};
use palisade_simulator::{Faults, Running};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_sqlite() {
    survives(Place::file(), "SQLite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_postgres() {
    survives(Place::server().await, "PostgreSQL").await;
}

/// Where a run is killed.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// After a share of the time that a run takes.
    After(f64),
    /// When its firing is claimed.
    Claimed,
    /// While it records, before that is done.
    Recording,
    /// When it is recorded.
    Recorded,
    /// When a message is there, before the receiver has answered.
    Delivered,
    /// While the receiver answers.
    Answered,
}

impl Point {
    /// Half of them anywhere, half where something is written.
    fn of(number: usize, dice: &mut u64) -> Self {
        let written = [Self::Claimed, Self::Recording, Self::Recorded, Self::Delivered, Self::Answered];
        if number % 2 == 1 {
            return written[number / 2 % written.len()];
        }
        let share = u32::try_from(roll(dice) % 1_000_000).unwrap();
        Self::After(f64::from(share) / 1_000_000.0)
    }
}

/// Numbers that look random and are the same each time: splitmix64.
pub(crate) fn roll(dice: &mut u64) -> u64 {
    *dice = dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *dice;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

async fn survives(place: Place, name: &str) {
    let (kills, mut dice) = (setting("PALISADE_KILLS", 10), setting("PALISADE_SEED", 1));
    eprintln!("seed {dice}");
    // What changes from run to run: one place after the other, and now and then nothing can be read of a cluster.
    let mut clouds: Vec<Running> = Vec::new();
    for (open, encrypted) in [(true, true), (true, false), (false, false), (false, true)] {
        clouds.push(cloud(open, encrypted, Faults::default()).await);
    }
    let blind = Faults { deny: vec!["eks:DescribeCluster".to_owned()], ..Faults::default() };
    let blind = cloud(true, true, blind).await;
    let (stage, calm) = (Stage::set(place).await, Stage::set(Place::file()).await);
    let (mut killed, mut kinds, mut before) = (0, BTreeMap::<String, u64>::new(), true);
    for number in 0.. {
        let world = if number % 7 == 5 { &blind } else { &clouds[number % clouds.len()] };
        stage.over(world, "");
        calm.over(world, "");
        let days = 10_000 - i64::try_from(number).unwrap();
        let begun = Instant::now();
        calm.palisade(&["run", "nightly"]).await;
        let whole = begun.elapsed();
        calm.days_go_by(days).await;

        let point = Point::of(number, &mut dice);
        let runs = stage.number("SELECT COUNT(*) FROM runs").await;
        if killed_at(&stage, point, whole).await {
            killed += 1;
            *kinds.entry(format!("{point:?}").split('(').next().unwrap().to_owned()).or_default() += 1;
        }
        stage.leases_end().await;
        let (_, err) = stage.palisade(&["run", "nightly"]).await;
        assert_eq!(stage.number("SELECT COUNT(*) FROM runs").await, runs + 1, "{number} {point:?}: run once\n{err}");
        assert_eq!(stage.number("SELECT COUNT(*) FROM firings WHERE finished_at IS NULL").await, 0, "{point:?}");
        assert_eq!(stage.number("SELECT COUNT(*) FROM deliveries WHERE state <> 'done'").await, 0, "{point:?}\n{err}");
        assert_eq!(findings(&stage).await, findings(&calm).await, "{number} {point:?}");
        let (told, expected) = (told(&stage), told(&calm));
        assert_eq!(told, expected, "{number} {point:?}");
        before &= told.is_empty();
        stage.days_go_by(days).await;
        if killed == kills {
            break;
        }
        assert!(number < 40 + 3 * usize::try_from(kills).unwrap(), "the program is hardly ever killed: {kinds:?}");
    }
    assert!(!before, "something was told");
    let twice = stage.receiver.with(|received| received.messages.len()) - told_ids(&stage).len();
    let told: u64 = told(&stage).values().sum();
    eprintln!("{name}: killed {killed} times {kinds:?}; {told} events told, {twice} messages came twice under one id");
    stage.palisade(&["run", "nightly"]).await;
    assert!(!stage.folder.path().join("palisade.unfinished").exists(), "what was kept of unfinished runs is gone");
}

/// Starts a run and kills it at a point. Whether it was killed before its end.
async fn killed_at(stage: &Stage, point: Point, whole: Duration) -> bool {
    let recorded = stage.number("SELECT COUNT(*) FROM runs").await + 1;
    let mut child = stage.command(&["run", "nightly"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    match point {
        Point::After(share) => tokio::time::sleep(whole.mul_f64(share)).await,
        Point::Claimed => claimed(stage, &mut child).await,
        Point::Recording => {
            claimed(stage, &mut child).await;
            while !stage.is_being_written().await && is_running(&mut child) {}
        }
        Point::Recorded => {
            while stage.number("SELECT COUNT(*) FROM runs").await < recorded && is_running(&mut child) {}
        }
        Point::Delivered | Point::Answered => {
            let kill = Kill { process: child.id(), before_the_answer: matches!(point, Point::Delivered) };
            stage.receiver.with(|received| received.kill = Some(kill));
            while is_running(&mut child) {
                tokio::task::yield_now().await;
            }
            // There may have been nothing to tell.
            stage.receiver.with(|received| received.kill = None);
        }
    }
    let _ = child.kill();
    child.wait().unwrap().code().is_none()
}

async fn claimed(stage: &Stage, child: &mut Child) {
    while stage.number("SELECT COUNT(*) FROM firings WHERE finished_at IS NULL").await == 0 && is_running(child) {}
}

fn is_running(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_none()
}

impl Stage {
    /// Whether somebody holds the write lock.
    async fn is_being_written(&self) -> bool {
        if let Place::Server(_) = self.place {
            let locks = "SELECT COUNT(*) FROM pg_locks WHERE mode = 'ShareRowExclusiveLock' AND granted \
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            return self.number(locks).await > 0;
        }
        let mut memory = self.memory.lock().await;
        sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *memory).await.unwrap();
        let is_free = sqlx::query("BEGIN IMMEDIATE").execute(&mut *memory).await.is_ok();
        if is_free {
            sqlx::query("ROLLBACK").execute(&mut *memory).await.unwrap();
        }
        sqlx::query("PRAGMA busy_timeout = 30000").execute(&mut *memory).await.unwrap();
        !is_free
    }
}

/// What is remembered of every finding.
pub(crate) async fn findings(stage: &Stage) -> Vec<String> {
    let hex = if let Place::Server(_) = stage.place { "UPPER(ENCODE(fingerprint, 'hex'))" } else { "HEX(fingerprint)" };
    stage.texts(&format!("SELECT {hex} || ' ' || standing || ' ' || generation FROM findings ORDER BY 1")).await
}

/// The events of each message, by its id. A message that came twice must say the same.
pub(crate) fn told_ids(stage: &Stage) -> BTreeMap<String, Vec<String>> {
    let mut ids = BTreeMap::new();
    stage.receiver.with(|received| {
        for message in &received.messages {
            let events = message["data"]["events"].as_array().unwrap();
            let events: Vec<String> = events.iter().map(key).collect();
            let id = message["id"].to_string();
            assert_eq!(ids.entry(id).or_insert_with(|| events.clone()), &events, "one id, two messages");
        }
    });
    ids
}

/// What an event is told by. A run's id is another in each memory.
fn key(event: &Value) -> String {
    let (kind, key) = (event["event"].as_str().unwrap(), event["key"].as_str().unwrap());
    if kind.starts_with("finding.") { key.to_owned() } else { kind.to_owned() }
}

/// How often each event was told, under different ids.
fn told(stage: &Stage) -> BTreeMap<String, u64> {
    let mut times = BTreeMap::new();
    for event in told_ids(stage).into_values().flatten() {
        *times.entry(event).or_default() += 1;
    }
    assert!(times.iter().all(|(event, times)| !event.starts_with("finding.") || *times == 1), "told twice: {times:#?}");
    times
}
