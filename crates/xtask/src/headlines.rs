//! Controls that were written a second time, against the verdicts of many random fleets.

use crate::test;
use std::path::Path;

/// Holds the second writing of the headline controls against so many fleets.
pub(crate) fn run(root: &Path, fleets: u64) -> anyhow::Result<()> {
    let python = test::python(root)?;
    test::workspace(
        root,
        "test",
        &["--test", "headlines", "--", "--nocapture"],
        &[("PALISADE_FLEETS", &fleets.to_string()), ("PALISADE_TEST_PYTHON", &python)],
    )
}
