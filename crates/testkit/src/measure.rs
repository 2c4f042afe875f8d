//! What the evaluation of a fleet costs, for the benchmarks of the providers.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement reads the clock and prints")]

use crate::now;
use palisade_engine::{Context, Entry, Policy, evaluate};
use palisade_model::{Cluster, Inventory};
use palisade_provider::{Provider, Snapshot};
use std::{hint::black_box, time::Instant};

/// How often to repeat each part of the work, when the environment says so: for a profiler.
const REPEAT: &str = "PALISADE_BENCH_REPEAT";

/// Measures the evaluation of fleets of several sizes and prints a line for each.
///
/// `units` names what a fleet is cut into, in a word of the provider's, and `fleet` makes the snapshots of one with so many
/// clusters. Collecting is left out: the snapshots are in memory, as after a scan.
pub fn measure_evaluation(
    units: &str,
    provider: &dyn Provider,
    controls: &[Entry],
    fleet: impl Fn(usize) -> Vec<Snapshot>,
) {
    let repeat: usize = std::env::var(REPEAT).ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    println!("clusters  {units}  normalize ms/cluster  judge ms/cluster  clusters/s  gaps");
    for clusters in [25, 250, 1_000, 2_000] {
        measure(units, provider, controls, &fleet(clusters), repeat);
    }
}

fn measure(units: &str, provider: &dyn Provider, controls: &[Entry], snapshots: &[Snapshot], repeat: usize) {
    let policy = Policy::default();
    let context = Context { policy: &policy, now: now() };
    let known: Vec<Inventory> = snapshots.iter().map(|snapshot| provider.normalize(snapshot)).collect();
    let clusters = || known.iter().flat_map(|inventory| &inventory.clusters);
    let gaps: usize = clusters().map(gaps).sum();
    let normalize = best(repeat, || {
        for snapshot in snapshots {
            black_box(provider.normalize(snapshot));
        }
    });
    let judge = best(repeat, || {
        for cluster in clusters() {
            black_box(evaluate(cluster, controls, &context));
        }
    });
    let found = clusters().count();
    #[expect(clippy::cast_precision_loss, reason = "a count of clusters")]
    let count = found as f64;
    println!(
        "{found:>8}  {:>width$}  {:>20.3}  {:>16.3}  {:>10.0}  {gaps}",
        snapshots.len(),
        normalize * 1_000.0 / count,
        judge * 1_000.0 / count,
        count / (normalize + judge),
        width = units.len(),
    );
}

fn gaps(cluster: &Cluster) -> usize {
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
