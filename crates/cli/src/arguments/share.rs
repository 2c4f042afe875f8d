//! Runs that many processes share.

use clap::{ArgMatches, Args, Command, FromArgMatches, error::ErrorKind, parser::ValueSource};
use std::path::PathBuf;

/// One of many processes that divide a run by arithmetic alone.
#[derive(Debug, Args)]
pub(crate) struct Sharding {
    /// Read a part of the accounts, subscriptions and projects, and judge nothing: I/N is the I-th of N parts, `auto` takes
    /// both from a Kubernetes Indexed Job, an AWS Batch array or a Cloud Run job
    #[arg(long, value_name = "I/N", requires = "share")]
    pub(crate) shard: Option<String>,
    /// The folder or bucket that all parts write to, and `palisade merge` reads
    #[arg(long, value_name = "PLACE", requires = "shard")]
    pub(crate) share: Option<PathBuf>,
}

/// Refuses what is about a report where only a part of a run is read, which makes none. It has no arguments of its own.
///
/// It stands before the others of a command: each takes its own out of what was given.
#[derive(Debug)]
pub(crate) struct NoReportOfParts;

/// Arguments about how a report is shown, by their ids.
const FORMS: [&str; 2] = ["format", "output"];

/// Arguments about what a report may say at most or at least.
const LIMITS: [&str; 2] = ["fail_on", "min_coverage"];

impl FromArgMatches for NoReportOfParts {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        // Not every command has each of them.
        let is_given = |id: &str| {
            matches!(matches.try_contains_id(id), Ok(true))
                && matches.value_source(id) != Some(ValueSource::DefaultValue)
        };
        match FORMS.into_iter().chain(LIMITS).find(|id| is_given(id)) {
            Some(id) if is_given("shard") => {
                let or = if LIMITS.contains(&id) { ", or to `palisade run NAME --merge PLACE`" } else { "" };
                let why = format!(
                    "`--{}` cannot be used with `--shard`: a part of a run makes no report and judges nothing; give it \
                     to `palisade replay RUN`, after `palisade merge PLACE -o RUN`{or}",
                    id.replace('_', "-")
                );
                Err(clap::Error::raw(ErrorKind::ArgumentConflict, why))
            }
            Some(_) | None => Ok(Self),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for NoReportOfParts {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// The folder or bucket that the parts of one run were written to
    #[arg(value_name = "PLACE")]
    pub(crate) place: PathBuf,
    /// The new folder, for `replay`, `report`, `evidence export` and whatever else reads a snapshot
    #[arg(short, long, value_name = "RUN")]
    pub(crate) output: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::super::Arguments;
    use clap::{Parser as _, error::ErrorKind};

    const PART: [&str; 4] = ["--shard", "1/2", "--share", "place"];

    #[test]
    fn a_part_takes_nothing_that_is_about_a_report_and_says_where_it_belongs() {
        let scan = ["palisade", "scan"];
        let run = ["palisade", "run", "nightly"];
        for (command, flag, value, is_limit) in [
            (&scan[..], "--format", "json", false),
            (&scan[..], "--output", "report.json", false),
            (&scan[..], "--fail-on", "high", true),
            (&scan[..], "--min-coverage", "0.9", true),
            (&run[..], "--fail-on", "high", true),
            (&run[..], "--min-coverage", "0.9", true),
        ] {
            let alone = [command, &[flag, value][..]].concat();
            assert!(Arguments::try_parse_from(&alone).is_ok(), "{alone:?}");
            let with = [&alone[..], &PART[..]].concat();
            let error = Arguments::try_parse_from(&with).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{with:?}");
            let text = error.to_string();
            assert!(text.contains(&format!("`{flag}` cannot be used with `--shard`")), "{text}");
            assert!(text.contains("palisade replay RUN") && text.contains("--merge PLACE") == is_limit, "{text}");
        }
        for command in [&scan[..], &run[..]] {
            assert!(Arguments::try_parse_from([command, &PART[..]].concat()).is_ok());
        }
        assert!(Arguments::try_parse_from(["palisade", "run", "nightly", "--merge", "p", "--fail-on", "high"]).is_ok());
    }
}
