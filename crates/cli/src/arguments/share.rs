//! Runs that many processes share.

use clap::Args;
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

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// The folder or bucket that the parts of one run were written to
    #[arg(value_name = "PLACE")]
    pub(crate) place: PathBuf,
    /// The new folder, for `replay`, `report`, `evidence export` and whatever else reads a snapshot
    #[arg(short, long, value_name = "RUN")]
    pub(crate) output: PathBuf,
}
