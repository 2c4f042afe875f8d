//! What the normalizer makes of snapshots: the peers' fixtures, the vectors of the semantics, the traps of the corpora,
//! and laws that hold for every input. One program, because they share one scene.
#![expect(clippy::unwrap_used, reason = "a scene that cannot be built is a failed test")]

mod fixtures;
mod laws;
mod rbac;
mod scene;
mod traps;
mod vectors;
