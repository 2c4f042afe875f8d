//! Controls that were written a second time, against the verdicts of many random fleets.

use crate::{dist, process, test};
use std::path::Path;

/// Holds the second writing of the headline controls against so many fleets.
pub(crate) fn run(root: &Path, fleets: u64) -> anyhow::Result<()> {
    let python = test::python(root)?;
    // The test as it always is, and an optimised program: a debug build's takes three quarters of an hour for a thousand fleets.
    process::run(root, "cargo", &["build", "--release", "--package", "palisade-cli"], &[])?;
    let program = test::text(&dist::target_folder(root).join("release/palisade"))?;
    let fleets = fleets.to_string();
    test::workspace(
        root,
        "test",
        &["--test", "headlines", "--", "--nocapture"],
        &[("PALISADE_FLEETS", &fleets), ("PALISADE_TEST_PYTHON", &python), ("PALISADE_TEST_PROGRAM", &program)],
    )
}
