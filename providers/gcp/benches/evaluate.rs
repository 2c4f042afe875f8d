//! What the evaluation of a simulated fleet costs: `cargo bench -p palisade-gcp`.
//!
//! Google's part of the promise of two thousand clusters a second on one core.

#[path = "../tests/support/fleet.rs"]
mod fleet;

use palisade_gcp::{Gcp, Settings};
use palisade_simulator::gcp;
use palisade_testkit::{measure_evaluation, now};

fn main() {
    let provider = Gcp::new(Settings::new("fleet"));
    measure_evaluation("projects", &provider, &palisade_controls::controls(), |clusters| {
        fleet::snapshots(&gcp::generate(7, clusters), now())
    });
}
