//! Looking after what is remembered.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Remove what is older than `service: {keep: ...}` says; what is open stays, with what it rests on
    #[command(after_help = "\
Examples:
  palisade store prune --dry-run       what would be removed
  palisade store prune                 once a day, from a cron of your own")]
    Prune(Prune),
    /// Write a whole copy of the memory into a new file while Palisade runs, and check it (SQLite)
    #[command(after_help = "Examples:\n  palisade store backup palisade-2026-11-29.db")]
    Backup {
        /// The new file
        to: PathBuf,
        /// The configuration
        #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
        config: PathBuf,
    },
    /// Whether a backup is whole and this version can use it; nothing is written
    #[command(after_help = "Examples:\n  palisade store check palisade-2026-11-29.db")]
    Check {
        /// The backup
        file: PathBuf,
    },
    /// Write the evidence of a run, or a bundle, that is kept in a bucket to a new place, and check it
    #[command(after_help = "\
Examples:
  palisade store fetch s3://acme-evidence/palisade/nightly-full/2026-11-29T020000Z --to evidence
  palisade replay evidence/snapshot    judge it again")]
    Fetch {
        /// Where it is: s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or gs://BUCKET/PREFIX
        address: String,
        /// The new folder; of a bundle that is one file, the new file
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Prune {
    /// Count what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The folder of schedules, which say where evidence is kept
    #[arg(long = "dir", value_name = "DIR", default_value = "schedules", env = "PALISADE_SCHEDULES")]
    pub(crate) folder: PathBuf,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}
