//! Random fleets of every cloud through the whole chain, against truth that is worked out one packet and one action at a
//! time. `cargo run --release -p palisade-truth --example fleets -- 1000` judges a thousand of each.
#![expect(clippy::unwrap_used, reason = "a fleet that cannot be judged is a failed test")]

use palisade_truth::{Cloud, Tally, judge};

/// How many fleets of each cloud belong to the ordinary test.
const FLEETS: u64 = 20;

async fn agree(cloud: Cloud) {
    let mut tally = Tally::default();
    for seed in 0..FLEETS {
        tally.add(judge(cloud, seed).await.unwrap());
    }
    assert!(tally.differences.is_empty(), "{tally}\n{}", tally.differences.join("\n"));
    // What agrees because nothing was asked proves nothing.
    assert!(tally.packets > 10_000 && tally.through > 500 && tally.decisions > 100 && tally.allowed > 40, "{tally}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_fleets_in_aws_are_what_they_are_said_to_be() {
    agree(Cloud::Aws).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_fleets_in_azure_are_what_they_are_said_to_be() {
    agree(Cloud::Azure).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_fleets_in_google_cloud_are_what_they_are_said_to_be() {
    agree(Cloud::Gcp).await;
}
