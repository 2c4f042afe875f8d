//! How long one stored cluster takes from its raw answers to its findings: `cargo bench -p palisade-azure`.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement reads the clock and prints")]

#[path = "../tests/support/tenant.rs"]
mod tenant;

use palisade_azure::normalize;
use palisade_controls::controls;
use palisade_engine::{Context, Policy, evaluate};
use palisade_model::Inventory;
use palisade_provider::Snapshot;
use palisade_simulator::azure;
use palisade_testkit::now;
use std::{hint::black_box, time::Instant};
use tenant::Tenant;

/// How often to repeat each part, for a profiler.
const REPEAT: &str = "PALISADE_BENCH_REPEAT";

fn main() {
    let repeat: usize = std::env::var(REPEAT).ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    println!("clusters  findings  normalize ms/cluster  judge ms/cluster");
    for size in [100, 300, 1000] {
        let tenant = Tenant(azure::generate(7, size));
        let snapshots: Vec<Snapshot> = tenant.subscriptions().iter().map(|id| tenant.snapshot(id)).collect();
        let (controls, policy) = (controls(), Policy::default());
        let context = Context { policy: &policy, now: now() };
        let known: Vec<Inventory> = snapshots.iter().map(normalize).collect();
        let clusters = || known.iter().flat_map(|inventory| &inventory.clusters);
        let normalizing = best(repeat, || {
            for snapshot in &snapshots {
                black_box(normalize(snapshot));
            }
        });
        let judging = best(repeat, || {
            for cluster in clusters() {
                black_box(evaluate(cluster, &controls, &context));
            }
        });
        let findings: usize = clusters().map(|cluster| evaluate(cluster, &controls, &context).findings.len()).sum();
        #[expect(clippy::cast_precision_loss, reason = "a count of clusters")]
        let each = 1000.0 / clusters().count() as f64;
        println!("{:>8}  {findings:>8}  {:>20.3}  {:>16.3}", clusters().count(), normalizing * each, judging * each);
    }
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
