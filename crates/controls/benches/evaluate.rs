//! How long all controls take over one cluster: `cargo bench -p palisade-controls`.
//!
//! The example clusters have one pool and four identities; the large one has fifty pools and a hundred identities, with
//! every list and reason at its longest.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement reads the clock and prints")]

use palisade_authority::IdentityId;
use palisade_controls::controls;
use palisade_engine::{Context, Policy, evaluate};
use palisade_model::{Cluster, PoolId, Provider};
use palisade_testkit::{known, now, sloppy, tidy};
use std::{hint::black_box, time::Instant};

fn main() {
    for name in ["tidy", "sloppy", "large and sloppy"] {
        let cluster = match name {
            "tidy" => tidy(Provider::Aws),
            "sloppy" => sloppy(Provider::Aws),
            _ => large(),
        };
        let controls = controls();
        let policy = Policy::default();
        let context = Context { policy: &policy, now: now() };
        let findings = evaluate(&cluster, &controls, &context).findings.len();
        println!(
            "{name}: {:.1} us for {} controls, {findings} findings",
            micros(|| evaluate(&cluster, &controls, &context)),
            controls.len()
        );
    }
    let cluster = sloppy(Provider::Aws);
    let policy = Policy::default();
    let context = Context { policy: &policy, now: now() };
    let mut each: Vec<(f64, &str)> =
        controls().iter().map(|control| (micros(|| (control.judge)(&cluster, &context)), control.meta.id)).collect();
    each.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (micros, id) in each.iter().take(5) {
        println!("  {id}: {micros:.1} us");
    }
}

fn large() -> Cluster {
    let mut cluster = sloppy(Provider::Aws);
    let pools: Vec<_> = cluster.pools.get().cloned().unwrap_or_default();
    let identities: Vec<_> = cluster.identities.get().cloned().unwrap_or_default();
    cluster.pools = known(
        (0..50)
            .flat_map(|number| {
                pools.iter().cloned().map(move |mut pool| {
                    pool.id = PoolId::new(format!("pool-{number}"));
                    pool.name = format!("pool-{number}");
                    pool
                })
            })
            .collect(),
    );
    cluster.identities = known(
        (0..25)
            .flat_map(|number| {
                identities.iter().cloned().map(move |mut identity| {
                    identity.id = IdentityId::from(format!("{}-{number}", identity.name));
                    identity
                })
            })
            .collect(),
    );
    cluster
}

/// The fastest of several rounds: what else runs on the machine only adds.
fn micros<T>(mut work: impl FnMut() -> T) -> f64 {
    let round = |work: &mut dyn FnMut() -> T| {
        let start = Instant::now();
        for _ in 0..50 {
            black_box(work());
        }
        start.elapsed().as_secs_f64() * 1e6 / 50.0
    };
    (0..10).map(|_| round(&mut work)).fold(f64::INFINITY, f64::min)
}
