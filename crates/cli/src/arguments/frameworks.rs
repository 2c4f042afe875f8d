//! Frameworks: benchmarks, standards, and those of one's own.

use super::{ListFormat, Trusted};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Frameworks {
    /// The frameworks that are there, and how much of each is checked
    #[command(after_help = "Examples:\n  palisade frameworks list\n  palisade frameworks list --format json")]
    List {
        /// How to print it
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// The requirements of one, and what speaks to each
    #[command(after_help = "\
Examples:
  palisade frameworks show cis-eks             its newest version
  palisade frameworks show cis-eks-1.8.0
  palisade frameworks show acme-baseline.yaml")]
    Show {
        /// Its name, or the file of one's own
        #[arg(value_name = "NAME|FILE")]
        framework: String,
    },
    /// Every mistake of files of one's own at once, with line and column
    #[command(after_help = "\
Examples:
  palisade frameworks check acme-baseline.yaml

Exit codes: 0 all is in order; 2 mistakes in a file; 4 it could not run")]
    Check {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// How each requirement stands, by a stored snapshot or a bundle of evidence: a page to sign, or data
    #[command(after_help = "\
Examples:
  palisade frameworks report run1 --framework cis-eks -o cis-eks.html
  palisade frameworks report run1 --framework acme-baseline.yaml --format pdf -o baseline.pdf
  palisade frameworks report bundle-1 --key signing.pem.pub --framework nist-800-53 --format json")]
    Report(FrameworkOf),
    /// The JSON Schema of a framework of one's own, for editors
    #[command(after_help = "Examples:\n  palisade frameworks schema > framework.schema.json")]
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct FrameworkOf {
    /// Folders written by `--save-snapshot` or `demo --keep`, or one bundle of `palisade evidence export`
    #[arg(required = true, value_name = "SNAPSHOT|BUNDLE")]
    pub(crate) sources: Vec<PathBuf>,
    /// Its name as `palisade frameworks list` has it, or the file of one's own
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) framework: String,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
    /// A configuration whose policy is applied to snapshots; the standard policy when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// What comes out
    #[arg(long, value_enum, default_value_t = FrameworkForm::Html)]
    pub(crate) format: FrameworkForm,
    /// The browser that prints a PDF; without it `PALISADE_BROWSER`, or Chromium or Chrome where they usually are
    #[arg(long, value_name = "FILE")]
    pub(crate) browser: Option<PathBuf>,
    /// Where it goes; stdout when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FrameworkForm {
    /// One file for a browser, which opens without a network
    Html,
    /// The page as Chromium or Chrome prints it
    Pdf,
    /// A line for each requirement and control that speaks to it
    Csv,
    /// For a wiki or an issue
    Markdown,
    /// Everything, as `palisade.framework/v1`
    Json,
}
