//! What the evaluation of a simulated fleet costs: `cargo bench -p palisade-aws`.
//!
//! Amazon's part of the promise of two thousand clusters a second on one core.

#[path = "../tests/support/fleet.rs"]
mod fleet;

use palisade_aws::{Aws, Settings};
use palisade_simulator::aws;
use palisade_testkit::{measure_evaluation, now};

fn main() {
    let provider = Aws::new(Settings::new("fleet"));
    measure_evaluation("accounts", &provider, &palisade_controls::controls(), |clusters| {
        fleet::snapshots(&aws::generate(7, clusters), now())
    });
}
