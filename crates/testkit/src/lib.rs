//! Example clusters, snapshot builders and golden helpers for tests.
//!
//! [`tidy`] is a cluster about which everything is known and good, [`sloppy`] one about which everything is known and
//! bad. A control's tests take one of them, change one fact and look at the verdict; the laws over all controls hide
//! each fact of both in turn. [`variations`] change them further, until every verdict of every control is reached.
//! [`measure_evaluation`] is what the providers' benchmarks share. [`ask`] lets public programs of another language judge
//! what we make, [`Moto`] is somebody else's AWS, and [`Tsa`] somebody
//! else's time-stamping authority.

mod example;
mod kept;
mod law;
mod measure;
mod moto;
mod oracle;
mod said;
mod snapshot;
mod tsa;
mod variation;
mod walled;

pub use example::{everyone, evidence, gap, known, nets, now, packets, sloppy, tidy, vulnerability};
pub use law::{Lie, first_lie};
pub use measure::measure_evaluation;
pub use moto::Moto;
pub use oracle::{Refused, ask};
pub use said::said;
pub use snapshot::SnapshotBuilder;
pub use tsa::Tsa;
pub use variation::{Variation, variations};
pub use walled::walled;
