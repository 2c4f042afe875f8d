//! Several services that share one memory, and one of them away for longer than its lease.

use crate::{
    server::Place,
    stage::{Stage, cloud, end, signal, until},
};
use palisade_simulator::{FaultKind, FaultRule, Faults};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_services_one_runs_and_a_frozen_one_writes_nothing() {
    one_runs(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_services_one_runs_and_a_frozen_one_writes_nothing() {
    one_runs(3).await;
}

async fn one_runs(services: usize) {
    let stage = Stage::set(Place::server().await).await;
    let open = cloud(true, true, Faults::default()).await;
    stage.over(&open, "");
    stage.palisade(&["run", "nightly"]).await;
    stage.days_go_by(1).await;
    let before = stage.receiver.with(|received| std::mem::take(&mut received.messages));
    assert!(!before.is_empty());
    // Whoever asks first for a cluster waits for its answer.
    let hang = FaultRule { permission: "eks:DescribeCluster".to_owned(), kind: FaultKind::Hang, times: Some(1) };
    let closed = cloud(false, true, Faults { fault: vec![hang], ..Faults::default() }).await;
    stage.over(&closed, "  lease_seconds: 5\n");

    let (frozen, frozen_says) = Stage::start(stage.command(&["serve"]));
    let frozen_says = frozen_says.until("serving 1 schedules").await;
    until(|| closed.ledger().entries().iter().any(|entry| entry.operation.permission == "eks:DescribeCluster")).await;
    signal("STOP", frozen.id());
    let mut others = Vec::new();
    for _ in 1..services {
        others.push(Stage::start(stage.command(&["serve"])));
    }
    stage.remembers("SELECT COUNT(*) FROM runs", 2).await;
    stage.remembers("SELECT COUNT(*) FROM deliveries WHERE state <> 'done'", 0).await;
    let told = stage.receiver.with(|received| received.messages.clone());
    assert_eq!(stage.receiver.count("finding.resolved"), 1, "{told:#?}");

    signal("CONT", frozen.id());
    let frozen_says = frozen_says.until("another instance has taken over").await;
    signal("TERM", frozen.id());
    frozen_says.until("stopped").await;
    assert_eq!(end(frozen).await, Some(0));
    for (other, said) in others {
        signal("TERM", other.id());
        said.until("stopped").await;
        assert_eq!(end(other).await, Some(0));
    }
    assert_eq!(stage.number("SELECT COUNT(*) FROM runs").await, 2, "exactly one run");
    assert_eq!(stage.receiver.with(|received| received.messages.clone()), told, "exactly one message of each");
    let firing = stage.texts("SELECT attempts || ' ' || outcome FROM firings ORDER BY nominal DESC").await;
    // On a busy machine somebody may lose the lease once more: however often it was begun, it was run by one.
    let (begun, outcome) = firing[0].split_once(' ').unwrap();
    assert!(begun.parse::<u32>().unwrap() >= 2 && outcome == "done", "{firing:?}");
    assert_eq!(stage.number("SELECT COUNT(*) FROM deliveries WHERE state <> 'done'").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_leaves_a_firing_to_one_that_lives_and_takes_it_over_from_one_that_was_killed() {
    let stage = Stage::set(Place::file()).await;
    // One account never answers.
    let hang = FaultRule { permission: "eks:*@222222222222".to_owned(), kind: FaultKind::Hang, times: None };
    let stuck = cloud(true, true, Faults { fault: vec![hang], ..Faults::default() }).await;
    stage.over(&stuck, "  lease_seconds: 3\n");
    let (mut first, _said) = Stage::start(stage.command(&["run", "nightly"]));
    stage.remembers("SELECT COUNT(*) FROM firings", 1).await;

    let (_, said) = stage.palisade(&["run", "nightly"]).await;
    assert!(said.contains("is at this schedule and gave a sign of life"), "{said}");
    assert_eq!(stage.number("SELECT attempts FROM firings").await, 1, "it was left alone");

    // As a container is: killed without a word, and started again before its lease has ended.
    first.kill().unwrap();
    first.wait().unwrap();
    let healthy = cloud(true, true, Faults::default()).await;
    stage.over(&healthy, "  lease_seconds: 3\n");
    let (_, said) = stage.palisade(&["run", "nightly"]).await;
    assert!(said.contains("waiting for a sign of life"), "{said}");
    assert_eq!(stage.number("SELECT COUNT(*) FROM runs").await, 1, "{said}");
    assert_eq!(stage.number("SELECT attempts FROM firings").await, 2);
}
