//! Exit codes, one table.

use palisade_config::Diagnostics;
use palisade_engine::{Severity, State};
use palisade_report::Report;
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
    if lost {
        return Exit::CouldNotRun;
    }
    // A run that ended since its budget was used up has not looked at everything, whatever share of the facts that is.
    let cut_short = report.asked().unasked > 0;
    if cut_short || min_coverage.is_some_and(|least| report.coverage.ratio() < least) {
        return Exit::Incomplete;
    }
    let counts = |severity: Severity| fail_on.is_some_and(|least| severity >= least);
    let found = report.findings.iter().any(|finding| {
        matches!(finding.state, State::Fail | State::AttestMissing | State::AttestExpired)
            && !finding.waived
            && counts(finding.severity)
    });
    if found { Exit::Findings } else { Exit::Done }
}
