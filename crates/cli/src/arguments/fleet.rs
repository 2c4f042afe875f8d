//! What reads a fleet or a snapshot.

use super::{Configuration, Gate, ListFormat, Output, Sharding, Trusted, share::NoReportOfParts};
use clap::{Args, ValueEnum};
use palisade_authority::Capability;
use palisade_reach::Protocol;
use std::{net::IpAddr, path::PathBuf};

#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) gate: Gate,
    /// Keep the snapshot in this folder, for `replay`, `reach` and `authority`
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Simulate so many clusters instead of the story
    #[arg(long, value_name = "N")]
    pub(crate) clusters: Option<usize>,
    /// How long every simulated call takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) latency: u64,
    /// Refuse this permission; may be repeated
    #[arg(long, value_name = "PERMISSION")]
    pub(crate) deny: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    #[command(flatten)]
    _no_report: NoReportOfParts,
    #[command(flatten)]
    pub(crate) configuration: Configuration,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) gate: Gate,
    /// Keep the raw answers, redacted, in this folder
    #[arg(long, value_name = "DIR", conflicts_with = "shard")]
    pub(crate) save_snapshot: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sharding: Sharding,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Folders written by `--save-snapshot` or `demo --keep`, or one bundle of `palisade evidence export`
    #[arg(required = true, value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<PathBuf>,
    /// A configuration whose policy is applied; the standard policy when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Of a bundle: show what this program's rules say in another way than those it was judged by
    #[arg(long)]
    pub(crate) with_current_rules: bool,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) gate: Gate,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Folders written by `--save-snapshot` or `demo --keep`
    #[arg(required = true, value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<PathBuf>,
    /// A configuration whose policy is applied; the standard policy when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The plan as your team keeps it: begun when it is not there, else read and brought up to date. What you moved,
    /// pinned or excluded in it stays
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Person-days of work in a quarter, for a plan that is begun; 60 when absent
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..100_000))]
    pub(crate) days: Option<u32>,
    /// What comes out
    #[arg(long, value_enum, default_value_t = PlanFormat::Table)]
    pub(crate) format: PlanFormat,
    /// Where it goes; stdout when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    Table,
    /// For a wiki or an issue
    Markdown,
    /// A line for each change, planned or not
    Csv,
    /// A workbook: the changes, and what to expect
    Xlsx,
    /// A calendar: an event for each change that is planned, in its quarter
    Ics,
    /// A script that makes an issue of each planned change with GitHub's program `gh`, once
    Github,
    /// Planned changes for Jira's CSV import
    Jira,
    /// Everything: scores, changes with their risks and costs, scorecard, plan, expectations
    Json,
    /// The page of the report, with the plan in it
    Html,
}

/// Where a cluster or identity is looked up.
#[derive(Debug, Args)]
pub(crate) struct Lookup {
    /// A stored snapshot to look in; may be repeated. Without it the fleet of the configuration is read
    #[arg(long, value_name = "DIR")]
    pub(crate) snapshot: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) configuration: Configuration,
}

#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// The cluster's name or id
    pub(crate) cluster: String,
    /// Only this destination port
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Follow one packet from this address, layer by layer, to the first that stops it
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) why: Option<IpAddr>,
    /// The packet's protocol: tcp, udp, sctp or a number
    #[arg(long, value_name = "PROTOCOL", default_value = "tcp", requires = "why", value_parser = protocol)]
    pub(crate) protocol: Protocol,
    /// The smallest change of each layer that closes what ND-02 and ND-03 say should be closed
    #[arg(long, conflicts_with = "why")]
    pub(crate) fix: bool,
    /// What comes out
    #[arg(long, value_enum, default_value_t = ListFormat::Table, conflicts_with_all = ["why", "fix"])]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) lookup: Lookup,
}

fn protocol(text: &str) -> Result<Protocol, String> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Ok(Protocol::TCP),
        "udp" => Ok(Protocol::UDP),
        "sctp" => Ok(Protocol::SCTP),
        number => {
            number.parse().map(Protocol).map_err(|_| format!("`{text}` is neither tcp, udp, sctp nor a number to 255"))
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Authority {
    /// The identity's name or id
    #[arg(required_unless_present = "who", conflicts_with = "who")]
    pub(crate) identity: Option<String>,
    /// Every identity that holds this or can come to hold it: cluster-admin, read-cluster-secrets, decrypt-kms, ...
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) who: Option<Capability>,
    /// What to give it instead of what it has, in the provider's own form (AWS)
    #[arg(long, conflicts_with = "who")]
    pub(crate) propose: bool,
    /// Only identities of the cluster with this name or id
    #[arg(long, value_name = "CLUSTER")]
    pub(crate) cluster: Option<String>,
    /// What comes out
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
    #[command(flatten)]
    pub(crate) lookup: Lookup,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) configuration: Configuration,
}
