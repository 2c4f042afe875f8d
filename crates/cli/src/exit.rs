//! Exit codes, one table.

use palisade_config::Diagnostics;
use palisade_engine::{Coverage, Severity};
use palisade_report::Report;
use palisade_service::upshot;
use palisade_store::Upshot;
use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and nothing at or above `--fail-on`.
    Done = 0,
    /// There are findings at or above `--fail-on`.
    Findings = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// The scan is incomplete: coverage is below `--min-coverage`.
    Incomplete = 3,
    /// It could not run: a target could not be read at all, or a file could not be read or written.
    CouldNotRun = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A configuration nobody can run.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUsage(pub(crate) String);

/// Schedules nobody can run: the mistakes of each file that has some.
#[derive(Debug, thiserror::Error)]
#[error("there are mistakes in the schedules")]
pub(crate) struct WrongSchedules(pub(crate) Vec<Diagnostics>);

/// The code an error ends with.
pub(crate) fn of_error(error: &anyhow::Error) -> Exit {
    let usage = error
        .chain()
        .any(|cause| cause.is::<Diagnostics>() || cause.is::<WrongUsage>() || cause.is::<WrongSchedules>());
    if usage { Exit::Usage } else { Exit::CouldNotRun }
}

/// The code a report ends with. What is lost outranks what is missing, and what is missing outranks what was found:
/// findings of half a fleet are no result.
pub(crate) fn of_report(report: &Report, lost: bool, fail_on: Option<Severity>, min_coverage: Option<f64>) -> Exit {
    of_upshot(&upshot(report, lost), fail_on, min_coverage)
}

/// The code that a run ends with, or would have by these limits.
pub(crate) fn of_upshot(upshot: &Upshot, fail_on: Option<Severity>, min_coverage: Option<f64>) -> Exit {
    let Upshot { lost, cut_short, facts_known, facts_total, worst } = *upshot;
    if lost {
        return Exit::CouldNotRun;
    }
    let coverage = Coverage { known: facts_known, total: facts_total };
    if cut_short || min_coverage.is_some_and(|least| coverage.ratio() < least) {
        return Exit::Incomplete;
    }
    let found = worst.zip(fail_on).is_some_and(|(worst, least)| worst >= least);
    if found { Exit::Findings } else { Exit::Done }
}
