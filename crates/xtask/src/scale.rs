//! Many processes that share a run, some of them killed and frozen, over a simulated organisation of any size.

use crate::test;
use std::path::Path;

/// How large, and how disturbed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) accounts: u32,
    pub(crate) workers: u32,
    pub(crate) disturbances: u32,
    pub(crate) seed: u64,
    /// How long every simulated call takes, in milliseconds.
    pub(crate) latency: u64,
}

/// Runs the test of the shared run at a size, and prints what it measured.
pub(crate) fn run(root: &Path, size: Size) -> anyhow::Result<()> {
    let Size { accounts, workers, disturbances, seed, latency } = size;
    let arguments = ["--test", "recurring", "together::", "--", "--nocapture"];
    test::workspace(
        root,
        "test",
        &arguments,
        &[
            ("PALISADE_ACCOUNTS", &accounts.to_string()),
            ("PALISADE_WORKERS", &workers.to_string()),
            ("PALISADE_DISTURBANCES", &disturbances.to_string()),
            ("PALISADE_SEED", &seed.to_string()),
            ("PALISADE_LATENCY", &latency.to_string()),
        ],
    )
}
