//! What is remembered, and what is told of it.

use super::ListFormat;
use clap::{Args, Subcommand, ValueEnum};
use palisade_engine::Severity;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Notify {
    /// Messages and where they stand
    #[command(after_help = "Examples:\n  palisade notify list\n  palisade notify list --state dead")]
    List {
        /// Only these
        #[arg(long, value_enum, default_value_t = MessageState::Ready)]
        state: MessageState,
        /// The configuration
        #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
        config: PathBuf,
    },
    /// Give a message that was given up another chance, under the same id
    #[command(after_help = "Examples:\n  palisade notify replay 17")]
    Replay {
        /// Its number, as `list --state dead` tells it
        message: i64,
        /// The configuration
        #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
        config: PathBuf,
    },
    /// Deliver what waits, now
    #[command(after_help = "Examples:\n  palisade notify send")]
    Send {
        /// The configuration
        #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
        config: PathBuf,
    },
    /// Send a code to a channel: whoever can read it there has proof that messages arrive
    #[command(after_help = "Examples:\n  palisade notify test chat")]
    Test {
        /// The channel's name
        channel: String,
        /// The configuration
        #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
        config: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageState {
    /// Waiting for its time
    Ready,
    /// Being delivered
    Leased,
    /// Taken by the receiver
    Done,
    /// Given up
    Dead,
    /// Not wanted any more
    Suppressed,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Findings {
    #[command(subcommand)]
    pub(crate) command: Option<Acknowledge>,
    /// Closed ones too
    #[arg(long)]
    pub(crate) closed: bool,
    /// No less severe than this
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) at_least: Option<Severity>,
    /// Only of this cluster, by name or id
    #[arg(long)]
    pub(crate) cluster: Option<String>,
    /// Only of this control
    #[arg(long)]
    pub(crate) control: Option<String>,
    /// How to print them
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Acknowledge {
    /// Take a finding on: its reminders stop
    #[command(after_help = "Examples:\n  palisade findings ack FINGERPRINT --by ana --note \"with the next release\"")]
    Ack(Taking),
    /// Give a finding back
    #[command(after_help = "Examples:\n  palisade findings unack FINGERPRINT --by ana")]
    Unack(Taking),
}

#[derive(Debug, Args)]
pub(crate) struct Taking {
    /// The finding's fingerprint
    pub(crate) fingerprint: palisade_engine::Fingerprint,
    /// Who
    #[arg(long)]
    pub(crate) by: String,
    /// Why
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DiffRuns {
    /// The earlier run's id; the one before the last when absent
    #[arg(requires = "later")]
    pub(crate) earlier: Option<String>,
    /// The later run's id
    pub(crate) later: Option<String>,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}
