//! Controls that were written a second time, against the verdicts of many random fleets.

use crate::{process, test};
use std::path::Path;

/// Holds the second writing of the headline controls against so many fleets.
pub(crate) fn run(root: &Path, fleets: u64) -> anyhow::Result<()> {
    let python = test::python(root)?;
    // Optimised: a thousand fleets take three quarters of an hour in a debug build.
    process::run(
        root,
        "cargo",
        &["test", "--release", "--package", "palisade-cli", "--test", "headlines", "--", "--nocapture"],
        &[("PALISADE_FLEETS", &fleets.to_string()), ("PALISADE_TEST_PYTHON", &python)],
    )
}
