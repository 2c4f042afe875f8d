//! What the evaluation of a simulated fleet costs: `cargo bench -p palisade-aws`.
//!
//! Amazon's part of the promise of two thousand clusters a second on one core. Collecting is left out: the snapshots
//! are in memory, as after a scan.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement reads the clock and prints")]

#[path = "../tests/support/fleet.rs"]
mod fleet;

use palisade_aws::{Aws, Settings};
use palisade_engine::{Context, Policy, evaluate};
use palisade_provider::Provider;
use palisade_simulator::aws;
use std::{hint::black_box, time::Instant};

/// Which part of the work to repeat for a profiler, when the environment names one.
const PROFILE: &str = "PALISADE_BENCH_REPEAT";

fn main() {
    let repeat: usize = std::env::var(PROFILE).ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    println!("clusters  accounts  normalize ms/cluster  judge ms/cluster  clusters/s  gaps");
    for clusters in [25, 250, 1_000, 2_000] {
        measure(clusters, repeat);
    }
}

fn measure(clusters: usize, repeat: usize) {
    let now: jiff::Timestamp = "2026-11-20T00:00:00Z".parse().unwrap_or_default();
    let snapshots = fleet::snapshots(&aws::generate(7, clusters), now);
    let provider = Aws::new(Settings::new("fleet"));
    let controls = palisade_controls::controls();
    let policy = Policy::default();
    let context = Context { policy: &policy, now };
    let inventories = || snapshots.iter().map(|snapshot| provider.normalize(snapshot)).collect::<Vec<_>>();
    let known = inventories();
    let found: usize = known.iter().map(|inventory| inventory.clusters.len()).sum();
    let gaps: usize = known.iter().flat_map(|inventory| &inventory.clusters).map(gaps).sum();
    let normalize = best(repeat, || {
        for snapshot in &snapshots {
            black_box(provider.normalize(snapshot));
        }
    });
    let judge = best(repeat, || {
        for cluster in known.iter().flat_map(|inventory| &inventory.clusters) {
            black_box(evaluate(cluster, &controls, &context));
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "a count of clusters")]
    let count = found as f64;
    println!(
        "{found:>8}  {:>8}  {:>20.3}  {:>16.3}  {:>10.0}  {gaps}",
        snapshots.len(),
        normalize * 1_000.0 / count,
        judge * 1_000.0 / count,
        count / (normalize + judge)
    );
}

fn gaps(cluster: &palisade_model::Cluster) -> usize {
    cluster.facts().iter().filter(|fact| fact.gap.is_some()).count()
}

/// The best of several runs in seconds, which on a shared machine is the one disturbed least.
fn best(repeat: usize, run: impl Fn()) -> f64 {
    let once = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..repeat.max(1)).map(once).fold(f64::INFINITY, f64::min)
}
