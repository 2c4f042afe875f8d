//! A run that many processes share, of which some are killed and some are frozen for longer than their leases, at points that a
//! seed decides: each unit has one result, whoever read it in the end, and the run says what a run says that nobody disturbed.

use crate::{
    kills::{findings, roll, setting},
    server::Place,
    stage::{Stage, signal},
};
use palisade_simulator::{Faults, Running, Simulator, World};
use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

const REGIONS: [&str; 5] = ["eu-west-1", "us-east-1", "eu-central-1", "us-west-2", "ap-southeast-2"];

/// Of so many accounts one has a cluster.
const EVERY: usize = 40;

/// One of the processes.
struct Worker {
    child: Child,
    said: std::path::PathBuf,
    is_frozen: bool,
}

/// All of them, and where they work.
struct Crew<'a> {
    stage: &'a Stage,
    workers: Vec<Worker>,
    started: usize,
    /// What those said that came to their end.
    said: String,
}

impl Crew<'_> {
    fn start(&mut self) -> Worker {
        self.started += 1;
        let said = self.stage.folder.path().join(format!("worker-{}.txt", self.started));
        let mut command = self.stage.command(&["run", "nightly", "--join", "--at-once", "8"]);
        let file = fs::File::create(&said).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file).stdin(Stdio::null());
        Worker { child: command.spawn().unwrap(), said, is_frozen: false }
    }

    /// Whether everybody has come to an end. One that failed is no end.
    fn is_over(&mut self) -> bool {
        for worker in &mut self.workers {
            if let Some(status) = worker.child.try_wait().unwrap() {
                let said = fs::read_to_string(&worker.said).unwrap();
                assert_eq!(status.code(), Some(0), "{said}");
            }
        }
        self.workers.iter_mut().all(|worker| worker.child.try_wait().unwrap().is_some())
    }

    /// Kills one and starts another in its place, or freezes one. Only one that reads something is worth it.
    async fn disturb(&mut self, dice: &mut u64, freezes: bool) -> bool {
        let place = usize::try_from(roll(dice)).unwrap() % self.workers.len();
        let worker = &mut self.workers[place];
        let id = worker.child.id();
        let held = format!("SELECT COUNT(*) FROM shared_units WHERE state = 'leased' AND holder LIKE '%/{id}'");
        if worker.is_frozen || self.stage.number(&held).await == 0 {
            return false;
        }
        if freezes {
            signal("STOP", id);
            worker.is_frozen = true;
        } else {
            let _ = worker.child.kill();
            worker.child.wait().unwrap();
            self.workers[place] = self.start();
        }
        true
    }

    /// Those that were frozen go on when nothing of theirs is left: everything that they had in hand was taken by others.
    async fn thaw(&mut self, all: i64) -> usize {
        let mut thawed = 0;
        for worker in &mut self.workers {
            if !worker.is_frozen {
                continue;
            }
            let id = worker.child.id();
            let held = format!("SELECT COUNT(*) FROM shared_units WHERE state = 'leased' AND holder LIKE '%/{id}'");
            let done = self.stage.number("SELECT COUNT(*) FROM audit").await;
            if self.stage.number(&held).await == 0 || done == all {
                signal("CONT", id);
                worker.is_frozen = false;
                thawed += 1;
            }
        }
        thawed
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_processes_that_are_killed_and_frozen_each_unit_has_one_result() {
    let (accounts, workers) = (setting("PALISADE_ACCOUNTS", 160), setting("PALISADE_WORKERS", 8));
    let (disturbances, mut dice) = (setting("PALISADE_DISTURBANCES", 12), setting("PALISADE_SEED", 1));
    eprintln!("seed {dice}");
    let accounts = usize::try_from(accounts).unwrap();
    let faults = Faults { latency: Duration::from_millis(setting("PALISADE_LATENCY", 20)), ..Faults::default() };
    let cloud = Simulator::start(World::sparse(7, accounts, EVERY), faults.clone()).await.unwrap();
    let quiet = Simulator::start(World::sparse(7, accounts, EVERY), faults).await.unwrap();
    let (stage, calm) = (Stage::set(Place::server().await).await, Stage::set(Place::file()).await);
    for (stage, cloud) in [(&stage, &cloud), (&calm, &quiet)] {
        stage.over(cloud, &format!("  lease_seconds: {}\n", setting("PALISADE_LEASE", 8)));
        let path = stage.folder.path().join("palisade.yaml");
        let config = fs::read_to_string(&path).unwrap();
        let regions = format!("regions: [{}], endpoint_url", REGIONS.join(", "));
        fs::write(path, config.replacen("endpoint_url", &regions, 1)).unwrap();
    }
    audit(&stage).await;
    let units = i64::try_from(accounts + 1).unwrap();

    let begun = Instant::now();
    let mut crew = Crew { stage: &stage, workers: Vec::new(), started: 0, said: String::new() };
    for _ in 0..workers {
        let worker = crew.start();
        crew.workers.push(worker);
    }
    let (mut killed, mut frozen, mut thawed) = (0, 0, 0);
    let mut look = tokio::time::interval(Duration::from_millis(20));
    while !crew.is_over() {
        look.tick().await;
        let done = stage.number("SELECT COUNT(*) FROM audit").await;
        thawed += crew.thaw(units).await;
        // Spread over the run: the next one is due when its share of the units has a result.
        let next = killed + frozen;
        let due = units * i64::try_from(next + 1).unwrap() / i64::try_from(disturbances + 2).unwrap();
        if next < disturbances && done >= due && done < units {
            let freezes = next % 3 == 1;
            if crew.disturb(&mut dice, freezes).await {
                if freezes { frozen += 1 } else { killed += 1 }
            }
        }
    }
    let took = begun.elapsed();
    for worker in &crew.workers {
        let mut text = String::new();
        fs::File::open(&worker.said).unwrap().read_to_string(&mut text).unwrap();
        crew.said.push_str(&text);
    }
    assert_eq!(killed + frozen, disturbances, "everybody was disturbed who should be:\n{}", crew.said);
    assert_eq!(thawed, usize::try_from(frozen).unwrap());

    // Each unit once, with every region.
    let results = stage.number("SELECT COUNT(*) FROM audit").await;
    let distinct = stage.number("SELECT COUNT(DISTINCT unit) FROM audit").await;
    let begun_often = stage.number("SELECT COALESCE(MAX(token), 0) FROM audit").await;
    assert_eq!((results, distinct), (units, units), "at most begun {begun_often} times:\n{}", crew.said);
    let regions = i64::try_from(REGIONS.len()).unwrap();
    assert_eq!(stage.number(&format!("SELECT COUNT(*) FROM audit WHERE regions <> {regions}")).await, 0);
    let again = stage.number("SELECT COUNT(*) FROM audit WHERE token > 1").await;
    assert!(again > 0, "what was lost was read again");
    assert_eq!(stage.number("SELECT COUNT(*) FROM runs").await, 1, "recorded once");
    assert_eq!(stage.number("SELECT COUNT(*) FROM run_units").await, 0, "no place was not looked at");
    assert_eq!(stage.number("SELECT COUNT(*) FROM shared_units").await, 0, "what was kept of it is gone");
    let refused = refused(&crew.said);
    let (finished, asked) = (stage.number("SELECT attempts FROM firings").await, cloud.ledger().counts());

    // As if nobody had been disturbed, and nobody had shared anything.
    let alone = Instant::now();
    calm.palisade(&["run", "nightly"]).await;
    let alone = alone.elapsed();
    assert_eq!(findings(&stage).await, findings(&calm).await);
    let coverage = "SELECT facts_known || ' of ' || facts_total || ', ' || clusters FROM runs";
    assert_eq!(stage.texts(coverage).await, calm.texts(coverage).await);
    let told = |stage: &Stage| stage.receiver.with(|received| received.messages.len());
    let ids = |stage: &Stage| crate::kills::told_ids(stage).len();
    assert_eq!(ids(&stage), told(&stage), "no message came twice");
    let once = |stage: &Stage| stage.receiver.count("scan.completed") + stage.receiver.count("scan.partial");
    assert_eq!(once(&stage), once(&calm), "the run is told once");

    let calls: usize = asked.values().sum();
    let kept =
        stage.number("SELECT ((SELECT SUM(bytes) FROM audit) + (SELECT SUM(bytes) FROM audited_bodies))::BIGINT").await;
    let last = "SELECT (MAX(finished_at) / 1000000 - (SELECT MAX(at) FROM audit))::BIGINT FROM firings";
    let together = stage.number(last).await;
    eprintln!(
        "{units} accounts x {} regions, {workers} processes: {killed} killed, {frozen} frozen; {results} results, {again} of units \
         that were begun more than once, {refused} late results refused, the lead was taken {finished} times; {calls} calls in \
         {:.1} s, {} kB kept, {together} ms from the last result to the record",
        REGIONS.len(),
        took.as_secs_f64(),
        kept / 1_000,
    );
    alone_asks(&quiet, accounts, alone);
}

/// What one process asks that nobody disturbs, and how long it takes.
fn alone_asks(cloud: &Running, accounts: usize, took: Duration) {
    let ledger = cloud.ledger();
    let number = |scope: &str| scope.split('/').next()?.strip_prefix('2')?.parse::<usize>().ok();
    let has_cluster = |scope: &str| number(scope).is_some_and(|number| number.is_multiple_of(EVERY));
    let mut empty = BTreeMap::<&str, usize>::new();
    let (mut with, mut pages) = (0, 0);
    for entry in ledger.entries() {
        let (permission, scope) = (entry.operation.permission.as_str(), entry.operation.scope.as_str());
        if permission == "organizations:ListAccounts" {
            pages += 1;
        } else if has_cluster(scope) {
            with += 1;
        } else {
            *empty.entry(permission).or_default() += 1;
        }
    }
    let clusters = accounts / EVERY;
    let share =
        |calls: usize, of: usize| f64::from(u32::try_from(calls).unwrap()) / f64::from(u32::try_from(of).unwrap());
    eprintln!(
        "one process, undisturbed: {} calls in {:.1} s; {pages} pages of accounts; an account with a cluster {:.1} calls, one \
         without {:.2}: {empty:?}",
        ledger.entries().len(),
        took.as_secs_f64(),
        share(with, clusters),
        share(empty.values().sum(), accounts + 1 - clusters),
    );
}

/// The database itself writes down who finished which unit.
async fn audit(stage: &Stage) {
    let call = "\"call\":\"eks:ListClusters\"";
    for sql in [
        "CREATE TABLE audit (unit TEXT, holder TEXT, token BIGINT, regions BIGINT, bytes BIGINT, at BIGINT)".to_owned(),
        "CREATE TABLE audited_bodies (bytes BIGINT)".to_owned(),
        format!(
            "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             INSERT INTO audit VALUES (NEW.unit, NEW.holder, NEW.token, \
             (LENGTH(NEW.result) - LENGTH(REPLACE(NEW.result, '{call}', ''))) / LENGTH('{call}'), \
             OCTET_LENGTH(NEW.result), EXTRACT(EPOCH FROM clock_timestamp()) * 1000); RETURN NEW; END $$"
        ),
        "CREATE FUNCTION audit_body() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         INSERT INTO audited_bodies VALUES (OCTET_LENGTH(NEW.body)); RETURN NEW; END $$"
            .to_owned(),
        "CREATE TRIGGER audit_body AFTER INSERT ON shared_bodies FOR EACH ROW EXECUTE FUNCTION audit_body()".to_owned(),
        "CREATE TRIGGER audit AFTER UPDATE ON shared_units FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE FUNCTION audit()"
            .to_owned(),
    ] {
        stage.change(&sql).await;
    }
}

/// How many results the processes were told to be too late.
fn refused(said: &str) -> usize {
    said.matches("a unit was read too late").count()
}
