//! What the normalizer makes of snapshots: the peers' fixtures, the vectors of the semantics, the traps of the corpora,
//! and laws that hold for every input. One program, because they share one scene.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a scene that cannot be built is a failed test, and JSON written in place reads best"
)]

mod absent;
mod fixtures;
mod guardrails;
mod laws;
mod lifecycle;
mod machinery;
mod network;
mod paths;
mod proposal;
mod rbac;
mod scene;
#[path = "../support/tenant.rs"]
mod tenant;
mod traps;
mod vectors;
mod vulnerabilities;
