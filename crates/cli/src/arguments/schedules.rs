//! Recurring runs: what they are, one of them, all of them.

use super::{Gate, Sharding, UNITS_AT_ONCE, share::NoReportOfParts};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Schedules {
    /// Every mistake of every schedule, with file, line, column and what to write instead
    #[command(after_help = "\
Examples:
  palisade schedules check
  palisade schedules check deploy/schedules
  palisade schedules check -c palisade.yaml    are the targets those of the configuration?")]
    Check(CheckSchedules),
    /// When schedules fire next, in local time and UTC, and what changing clocks do to it
    #[command(after_help = "\
Examples:
  palisade schedules next
  palisade schedules next nightly-full --count 3
  palisade schedules next nightly-full --from 2026-03-28
  palisade schedules next --from 2026-10-24T12:00:00Z --dir deploy/schedules")]
    Next(NextFirings),
    /// A schedule in sentences: when, clock changes, jitter, catching up, what it reads and asks
    #[command(after_help = "\
Examples:
  palisade schedules explain nightly-full
  palisade schedules explain hourly-exposure --dir deploy/schedules")]
    Explain(ExplainSchedule),
}

#[derive(Debug, Args)]
pub(crate) struct CheckSchedules {
    /// The folder: one YAML file for each recurring run
    #[arg(value_name = "DIR", default_value = "schedules", env = "PALISADE_SCHEDULES")]
    pub(crate) folder: PathBuf,
    /// A configuration whose targets the schedules may name; without it targets are not compared
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct NextFirings {
    /// Only this schedule
    pub(crate) name: Option<String>,
    /// How many firings of each schedule
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) count: u16,
    /// From this time on: an instant such as 2026-03-28T12:00:00Z, or a date, from its beginning in UTC; now when absent
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) from: Option<Timestamp>,
    /// The folder: one YAML file for each recurring run
    #[arg(long = "dir", value_name = "DIR", default_value = "schedules", env = "PALISADE_SCHEDULES")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainSchedule {
    /// The schedule's name
    pub(crate) name: String,
    /// The folder: one YAML file for each recurring run
    #[arg(long = "dir", value_name = "DIR", default_value = "schedules", env = "PALISADE_SCHEDULES")]
    pub(crate) folder: PathBuf,
}

fn at_once(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|units| (1..=1_000).contains(units))
        .ok_or_else(|| format!("`{text}` is no number from 1 to 1000"))
}

pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let midnight = |date: jiff::civil::Date| date.to_zoned(jiff::tz::TimeZone::UTC).ok();
    text.parse().ok().or_else(|| Some(text.parse().ok().and_then(midnight)?.timestamp())).ok_or_else(|| {
        format!("`{text}` is neither an instant such as 2026-03-28T12:00:00Z nor a date such as 2026-03-28")
    })
}

#[derive(Debug, Args)]
pub(crate) struct RunSchedule {
    #[command(flatten)]
    _no_report: NoReportOfParts,
    /// The schedule's name
    pub(crate) name: String,
    /// A run of its own at this moment, whatever was run before
    #[arg(long, conflicts_with = "shard")]
    pub(crate) now: bool,
    /// Share the run with every process that is started like this: each takes accounts, subscriptions and projects that nobody
    /// reads, one of them records and tells. They share the PostgreSQL of the configuration
    #[arg(long, conflicts_with_all = ["shard", "now"])]
    pub(crate) join: bool,
    /// Wait for what shards write to this folder or bucket, put it together, and record and tell it: no cloud is asked
    #[arg(long, value_name = "PLACE", conflicts_with_all = ["shard", "now", "join"])]
    pub(crate) merge: Option<PathBuf>,
    /// How many accounts, subscriptions and projects are read at once
    #[arg(long, value_name = "N", default_value_t = UNITS_AT_ONCE, value_parser = at_once)]
    pub(crate) at_once: usize,
    #[command(flatten)]
    pub(crate) sharding: Sharding,
    /// The folder: one YAML file for each recurring run
    #[arg(long = "dir", value_name = "DIR", default_value = "schedules", env = "PALISADE_SCHEDULES")]
    pub(crate) folder: PathBuf,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) gate: Gate,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The folder: one YAML file for each recurring run
    #[arg(long = "dir", value_name = "DIR", default_value = "schedules", env = "PALISADE_SCHEDULES")]
    pub(crate) folder: PathBuf,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}
