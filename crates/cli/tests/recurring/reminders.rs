//! What time alone brings, without a run.

use crate::{
    server::Place,
    stage::{Stage, cloud, end, signal, until},
};
use palisade_simulator::Faults;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_reminds_of_what_is_open_though_no_run_is_due() {
    let stage = Stage::set(Place::file()).await;
    let open = cloud(true, true, Faults::default()).await;
    stage.over(&open, "");
    stage.palisade(&["run", "nightly"]).await;
    stage.palisade(&["run", "nightly", "--now"]).await;
    assert_eq!(stage.receiver.count("finding.reminder"), 0);
    let runs = stage.number("SELECT COUNT(*) FROM runs").await;
    // Everything was told so long ago that it is time again; the schedule has fired and is not due.
    let days = 8_i64 * 24 * 3600 * 1_000_000_000;
    stage.change(&format!("UPDATE findings SET told = told - {days} WHERE told IS NOT NULL")).await;
    let (serve, said) = Stage::start(stage.command(&["serve"]));
    until(|| stage.receiver.count("finding.reminder") > 0).await;
    signal("TERM", serve.id());
    said.until("stopped").await;
    assert_eq!(end(serve).await, Some(0));
    assert_eq!(stage.number("SELECT COUNT(*) FROM runs").await, runs, "nothing was read for it");
}
