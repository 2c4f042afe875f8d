//! Judges many fleets: `cargo run --release -p palisade-truth --example fleets -- 1000 [aws|azure|gcp] [first seed]`.
//!
//! One fleet and its world: `... -- 1 aws 17`.

use anyhow::Context as _;
use palisade_truth::{Cloud, Tally, describe, judge};
use std::{env, io::Write as _, process::ExitCode, time::Instant};
use tokio::task::JoinSet;

/// How many fleets are judged side by side.
const AT_ONCE: usize = 4;

/// How many differences of a cloud are printed.
const SHOWN: usize = 20;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    let count: u64 = arguments.next().map_or(Ok(1000), |text| text.parse())?;
    let clouds = match arguments.next().map(|text| text.parse::<Cloud>()) {
        Some(cloud) => vec![cloud.map_err(anyhow::Error::msg)?],
        None => Cloud::ALL.to_vec(),
    };
    let first: u64 = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let mut out = std::io::stdout().lock();
    let mut wrong = 0;
    for cloud in clouds {
        let started = Instant::now();
        let mut tally = Tally::default();
        let mut running = JoinSet::new();
        for seed in first..first + count {
            if running.len() == AT_ONCE {
                tally.add(running.join_next().await.context("a fleet is running")???);
            }
            running.spawn(async move { judge(cloud, seed).await.with_context(|| format!("{cloud} fleet {seed}")) });
        }
        while let Some(done) = running.join_next().await {
            tally.add(done??);
        }
        tally.differences.sort();
        writeln!(out, "{cloud}: {tally}, {} s", started.elapsed().as_secs())?;
        for (reason, packets) in &tally.reasons {
            writeln!(out, "  open: {packets} packets: {reason}")?;
        }
        for difference in tally.differences.iter().take(SHOWN) {
            writeln!(out, "  {difference}")?;
        }
        if count == 1 {
            writeln!(out, "{}", describe(cloud, first))?;
        }
        wrong += tally.differences.len();
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
