//! What is made of stored snapshots: maps and reports.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct MapOf {
    /// Which map
    #[arg(value_enum)]
    pub(crate) map: Which,
    /// Folders written by `--save-snapshot` or `demo --keep`
    #[arg(required = true, value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<PathBuf>,
    /// How it is after the plan: what it mends is drawn as changed
    #[arg(long)]
    pub(crate) after: bool,
    /// The plan as your team keeps it; without it the plan that `palisade plan` makes
    #[arg(long, value_name = "FILE", requires = "after")]
    pub(crate) file: Option<PathBuf>,
    /// Only the cluster with this name or id
    #[arg(long, value_name = "CLUSTER")]
    pub(crate) cluster: Option<String>,
    /// Every single thing, also where it is too much for one picture
    #[arg(long)]
    pub(crate) whole: bool,
    /// A configuration whose policy is applied; the standard policy when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What comes out
    #[arg(long, value_enum, default_value_t = DrawingFormat::Svg)]
    pub(crate) format: DrawingFormat,
    /// Where it goes; stdout when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// Who reaches what from outside, and what that leads to
    Exposure,
    /// Who becomes which identity, and what that may do
    Authority,
    /// Accounts, clusters, machines, and their way out
    Architecture,
    /// How the content of etcd is kept, and who may use its key
    Protection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DrawingFormat {
    /// A picture
    Svg,
    /// For a page that draws it itself
    Mermaid,
    /// Its nodes and edges, for programs
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct MakeReport {
    /// Folders written by `--save-snapshot` or `demo --keep`, or kept as evidence of a run
    #[arg(required = true, value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<PathBuf>,
    /// An earlier snapshot: what is different since; may be repeated
    #[arg(long, value_name = "SNAPSHOT")]
    pub(crate) since: Vec<PathBuf>,
    /// How the scores went over the last runs of this schedule, by the memory of the configuration
    #[arg(long, value_name = "SCHEDULE")]
    pub(crate) trend: Option<String>,
    /// The plan as your team keeps it; without it one is made afresh
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A configuration whose policy is applied; the standard policy when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What comes out
    #[arg(long, value_enum, default_value_t = ReportFormat::Html)]
    pub(crate) format: ReportFormat,
    /// The browser that prints a PDF; without it `PALISADE_BROWSER`, or Chromium or Chrome where they usually are
    #[arg(long, value_name = "FILE")]
    pub(crate) browser: Option<PathBuf>,
    /// Where it goes; stdout when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// One file for a browser, which opens without a network
    Html,
    /// The page as Chromium or Chrome prints it
    Pdf,
    /// For a wiki or an issue
    Markdown,
    /// A workbook: summary, clusters, findings, gaps, plan
    Xlsx,
    /// Everything, as `palisade.evaluation/v1`
    Json,
}
