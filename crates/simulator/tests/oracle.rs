//! The simulated clouds as the vendors' own SDKs see them.
//!
//! Needs a Python with the packages of `tests/oracle/requirements.txt`; `cargo xtask test` installs it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Simulator, World};
use std::process::Command;

async fn oracle(script: &str, url: impl Fn(&palisade_simulator::Running) -> String) {
    let python = std::env::var("PALISADE_TEST_PYTHON").expect(
        "this test needs the vendors' SDKs: run `cargo xtask test`, or point PALISADE_TEST_PYTHON at a Python with \
         crates/simulator/tests/oracle/requirements.txt installed",
    );
    let running =
        Simulator::start(World::acme().expect("the story reads"), Faults::default()).await.expect("it starts");
    let url = url(&running);
    let script = format!("{}/tests/oracle/{script}", env!("CARGO_MANIFEST_DIR"));
    let output = tokio::task::spawn_blocking(move || Command::new(python).arg(script).arg(url).output())
        .await
        .expect("the thread ends")
        .expect("Python starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains(" passed, 0 failed") && !out.contains("\n0 passed"), "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_reads_the_simulated_aws() {
    oracle("aws_boto3.py", |running| running.aws.clone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_models_of_azures_own_sdk_know_every_field_of_the_simulated_azure() {
    oracle("azure_sdk.py", |running| running.azure.clone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn googles_own_protobufs_know_every_field_of_the_simulated_gcp() {
    oracle("gcp_sdk.py", |running| running.gcp.clone()).await;
}
