//! A run in the forms of other programs.

use super::Trusted;
use clap::{Args, ValueEnum};
use palisade_exports::{Hub, OcsfVersion};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ExportRun {
    /// Folders written by `--save-snapshot`, `demo --keep` or a schedule's evidence, or one bundle of `palisade evidence export`
    #[arg(required = true, value_name = "SNAPSHOT|BUNDLE")]
    pub(crate) snapshots: Vec<PathBuf>,
    /// Which forms; several with commas between them
    #[arg(long, value_enum, value_delimiter = ',', required = true)]
    pub(crate) format: Vec<ExportFormat>,
    /// The folder for the files; what was exported there before is replaced
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// A configuration whose policy is applied; the standard policy when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The plan as your team keeps it, for OSCAL's plan of action and the workbook; without it one is made afresh
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A framework of one's own, which OSCAL's component definition then maps the checks to; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) framework: Vec<PathBuf>,
    /// The run before: its snapshot's folder, or its bundle. OCSF's events then say what became of each verdict since: created,
    /// updated, closed
    #[arg(long, value_name = "SNAPSHOT|BUNDLE")]
    pub(crate) since: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) targets: ExportTargets,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
}

/// What the programs want that read it.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExportTargets {
    /// The version that OCSF's events say they have: 1.5.0, 1.6.0, 1.7.0 or 1.8.0
    #[arg(long, value_name = "VERSION", default_value_t)]
    pub(crate) ocsf_version: OcsfVersion,
    /// The AWS account and region whose Security Hub takes everything, for example 111122223333/eu-west-1; without it each
    /// finding of AWS is for its own account and region, and those of other clouds are left out
    #[arg(long, value_name = "ACCOUNT/REGION")]
    pub(crate) security_hub: Option<Hub>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Catalog, profile, component definition, assessment results, plan of action, as OSCAL 1.2.1
    Oscal,
    /// A line for each verdict, for SIEMs: OCSF Compliance Finding
    Ocsf,
    /// A line for each call of `BatchImportFindings`, for AWS Security Hub
    Asff,
    /// For build servers
    Junit,
    /// For code-scanning pages
    Sarif,
    /// A line for each finding
    Csv,
    /// A workbook: summary, clusters, findings, gaps, plan
    Xlsx,
}

impl From<ExportFormat> for palisade_exports::Form {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Oscal => Self::Oscal,
            ExportFormat::Ocsf => Self::Ocsf,
            ExportFormat::Asff => Self::Asff,
            ExportFormat::Junit => Self::Junit,
            ExportFormat::Sarif => Self::Sarif,
            ExportFormat::Csv => Self::Csv,
            ExportFormat::Xlsx => Self::Xlsx,
        }
    }
}
