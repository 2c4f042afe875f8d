//! What somebody stops goes on where it was, and what cannot be read is tried again and told.

use crate::{
    server::Place,
    stage::{Stage, cloud, end, signal, until},
};
use palisade_simulator::{FaultKind, FaultRule, Faults};
use std::{collections::BTreeSet, fs, os::unix::net::UnixDatagram, path::Path};

/// The accounts in which somebody asked for clusters.
fn asked(cloud: &palisade_simulator::Running) -> BTreeSet<String> {
    let ledger = cloud.ledger();
    let lists = ledger.entries().iter().filter(|entry| entry.operation.permission == "eks:ListClusters");
    lists.map(|entry| entry.operation.scope.split('/').next().unwrap().to_owned()).collect()
}

/// How many units of unfinished runs are kept.
fn kept(folder: &Path) -> usize {
    let firings = fs::read_dir(folder.join("palisade.unfinished/nightly")).into_iter().flatten().flatten();
    let units = firings.flat_map(|firing| fs::read_dir(firing.path().join("units")).into_iter().flatten().flatten());
    units.filter(|unit| unit.path().extension().is_some_and(|extension| extension == "jsonl")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_stopped_goes_on_with_what_was_not_read() {
    let (stage, calm) = (Stage::set(Place::file()).await, Stage::set(Place::file()).await);
    // One account never answers.
    let hang = FaultRule { permission: "eks:*@222222222222".to_owned(), kind: FaultKind::Hang, times: None };
    let stuck = cloud(true, true, Faults { fault: vec![hang], ..Faults::default() }).await;
    stage.over(&stuck, "  stop_seconds: 1\n");
    let (run, said) = Stage::start(stage.command(&["run", "nightly"]));
    let others = 3;
    until(|| kept(stage.folder.path()) == others).await;
    signal("TERM", run.id());
    said.until("stopped before the end").await;
    assert_eq!(end(run).await, Some(4));
    assert_eq!(stage.number("SELECT COUNT(*) FROM runs").await, 0);

    let healthy = cloud(true, true, Faults::default()).await;
    stage.over(&healthy, "");
    // Nobody waits for the lease of the one that was stopped.
    stage.palisade(&["run", "nightly"]).await;
    assert_eq!(asked(&healthy), ["222222222222".to_owned()].into(), "the others were read an instant ago");
    assert_eq!(stage.number("SELECT attempts FROM firings").await, 2);
    assert_eq!(kept(stage.folder.path()), 0, "it is recorded");
    calm.over(&healthy, "");
    calm.palisade(&["run", "nightly"]).await;
    assert_eq!(asked(&healthy).len(), 1 + others);
    let findings = "SELECT HEX(fingerprint) || standing FROM findings ORDER BY 1";
    assert_eq!(stage.texts(findings).await, calm.texts(findings).await, "as if nobody had stopped it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_run_has_seen_since_is_read_again() {
    let stage = Stage::set(Place::file()).await;
    let hang = FaultRule { permission: "eks:*@222222222222".to_owned(), kind: FaultKind::Hang, times: None };
    let stuck = cloud(true, true, Faults { fault: vec![hang], ..Faults::default() }).await;
    stage.over(&stuck, "  stop_seconds: 1\n");
    let (mut run, _said) = Stage::start(stage.command(&["run", "nightly"]));
    until(|| kept(stage.folder.path()) == 3).await;
    run.kill().unwrap();
    end(run).await;
    let healthy = cloud(false, true, Faults::default()).await;
    stage.over(&healthy, "");
    let nightly = fs::read_to_string(stage.folder.path().join("schedules/nightly.yaml")).unwrap();
    fs::write(stage.folder.path().join("schedules/weekly.yaml"), nightly.replace("nightly", "weekly")).unwrap();
    stage.palisade(&["run", "weekly"]).await;
    let between = cloud(false, true, Faults::default()).await;
    stage.over(&between, "");
    stage.leases_end().await;
    stage.palisade(&["run", "nightly"]).await;
    assert_eq!(asked(&between).len(), 4, "what was kept is older than what is remembered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_reads_nothing_is_tried_again_and_told_as_missed_once_until_it_runs() {
    let stage = Stage::set(Place::file()).await;
    let healthy = cloud(true, true, Faults::default()).await;
    let service = "  pings: [{schedule: nightly, url: env:PING, allow_loopback: true}]\n";
    stage.over(&healthy, service);
    stage.palisade(&["run", "nightly"]).await;
    assert_eq!(stage.receiver.pinged(), ["/ping/7d1f/start", "/ping/7d1f"]);
    // Three days later nothing answers.
    stage.days_go_by(3).await;
    let days = 3_i64 * 24 * 3600 * 1_000_000_000;
    stage.change(&format!("UPDATE runs SET recorded_at = recorded_at - {days}")).await;
    let dark = cloud(true, true, Faults { deny: vec!["*".to_owned()], ..Faults::default() }).await;
    stage.over(&dark, service);
    for _ in 0..2 {
        let before = stage.receiver.pinged().len();
        let (serve, said) = Stage::start(stage.command(&["serve"]));
        let said = said.until("is tried again at").await;
        until(|| stage.receiver.count("scan.missed") == 1).await;
        signal("TERM", serve.id());
        said.until("stopped").await;
        assert_eq!(end(serve).await, Some(0));
        assert_eq!(stage.receiver.pinged()[before..], ["/ping/7d1f/start", "/ping/7d1f/fail"]);
        assert_eq!(stage.receiver.count("scan.missed"), 1, "once, however often it is started");
        assert_eq!(stage.number("SELECT COUNT(*) FROM runs").await, 1, "a run that read nothing is not recorded yet");
    }
    stage.over(&healthy, service);
    let (serve, said) = Stage::start(stage.command(&["serve"]));
    stage.remembers("SELECT COUNT(*) FROM runs", 2).await;
    until(|| stage.receiver.pinged().last().is_some_and(|path| path == "/ping/7d1f")).await;
    signal("TERM", serve.id());
    said.until("stopped").await;
    assert_eq!(end(serve).await, Some(0));
    assert_eq!(stage.receiver.count("scan.missed"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn systemd_is_told_how_the_service_is() {
    let stage = Stage::set(Place::file()).await;
    let healthy = cloud(true, true, Faults::default()).await;
    stage.over(&healthy, "");
    let path = stage.folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut command = stage.command(&["serve"]);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "300000000");
    let (serve, _said) = Stage::start(command);
    let process = serve.id();
    let told = tokio::task::spawn_blocking(move || {
        let mut told = BTreeSet::new();
        let (mut bytes, mut is_asked) = ([0; 256], false);
        while !told.contains("STOPPING=1") {
            let length = socket.recv(&mut bytes).unwrap();
            let text = String::from_utf8(bytes[..length].to_vec()).unwrap();
            told.extend(text.lines().map(str::to_owned));
            if !is_asked && told.contains("READY=1") && told.contains("WATCHDOG=1") {
                // Once: the second time it ends at once.
                signal("TERM", process);
                is_asked = true;
            }
        }
        told
    });
    let told = told.await.unwrap();
    assert_eq!(told, ["READY=1", "STOPPING=1", "WATCHDOG=1"].map(str::to_owned).into());
    assert_eq!(end(serve).await, Some(0));
}
