//! Kills recurring runs at many points.

use crate::test;
use std::path::Path;

/// Kills runs with SQLite and with PostgreSQL at so many points each. `seed` decides at which.
pub(crate) fn run(root: &Path, points: u32, seed: u64) -> anyhow::Result<()> {
    let arguments = ["--test", "recurring", "kills::", "--", "--nocapture"];
    test::workspace(
        root,
        "test",
        &arguments,
        &[("PALISADE_KILLS", &points.to_string()), ("PALISADE_SEED", &seed.to_string())],
    )
}
