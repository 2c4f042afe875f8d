//! What people say that no API tells.

use super::ListFormat;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Answers {
    /// Begin a file of answers: every question as a comment, and nothing said
    #[command(after_help = "\
Examples:
  palisade answers init                        answers.yaml, or the file that the configuration names
  palisade answers init --snapshot run1        for the clusters of a snapshot, only what is missing or expired
  palisade answers init --print                on stdout, to look at")]
    Init(InitAnswers),
    /// Every mistake of the file at once, with line and column
    #[command(after_help = "\
Examples:
  palisade answers check
  palisade answers check answers.yaml

Exit codes: 0 all is in order; 2 mistakes in the file; 4 it could not run")]
    Check(CheckAnswers),
    /// What is answered, missing, expiring and expired: by whom and until when
    #[command(after_help = "\
Examples:
  palisade answers status                      by the file alone, as of now
  palisade answers status --snapshot run1      cluster by cluster, as of when the snapshot was taken
  palisade answers status --within 60 --format json

Exit codes: 0 everything is answered; 1 something is missing or expired; 2 mistakes in the file; 4 it could not run")]
    Status(AnswersStatus),
    /// The JSON Schema of the file, for editors
    #[command(after_help = "Examples:\n  palisade answers schema > answers.schema.json")]
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct InitAnswers {
    /// A stored snapshot; may be repeated. Its clusters are asked for what nobody has answered
    #[arg(long, value_name = "DIR")]
    pub(crate) snapshot: Vec<PathBuf>,
    /// The file; the one that the configuration names when absent, or `answers.yaml`. It is never overwritten
    #[arg(short, long, value_name = "FILE", conflicts_with = "print")]
    pub(crate) output: Option<PathBuf>,
    /// Print it and write nothing
    #[arg(long)]
    pub(crate) print: bool,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CheckAnswers {
    /// The file; the one that the configuration names when absent
    pub(crate) file: Option<PathBuf>,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct AnswersStatus {
    /// The file; the one that the configuration names when absent
    pub(crate) file: Option<PathBuf>,
    /// A stored snapshot to ask for; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) snapshot: Vec<PathBuf>,
    /// Tell of answers that end within so many days
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub(crate) within: u16,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}
