//! What can be asked on the command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use palisade_authority::Capability;
use palisade_engine::Severity;
use palisade_reach::Protocol;
use std::{net::IpAddr, path::PathBuf};

const EXIT_CODES: &str = "\
Exit codes:
  0  done, and nothing at or above --fail-on
  1  findings at or above --fail-on
  2  wrong usage or configuration
  3  the scan is incomplete: coverage is below --min-coverage
  4  it could not run: a target or file could not be read at all";

/// Who can reach and who can control each Kubernetes cluster, computed and not guessed.
#[derive(Debug, Parser)]
#[command(name = "palisade", version, about, long_about = None, max_term_width = 100, after_help = "\
Examples:
  palisade demo                              a whole scan of a simulated fleet; needs no credentials
  palisade doctor -c palisade.yaml           check credentials and permissions before the first scan
  palisade scan -c palisade.yaml             scan the fleet and print what to do first
  palisade explain CP-01                     a control's page

Exit codes: `palisade scan --help`")]
pub(crate) struct Arguments {
    /// Say more on stderr; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Colour: when a terminal wants it, always or never
    #[arg(long, global = true, value_enum, default_value_t = When::Auto)]
    pub(crate) color: When,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan a simulated fleet on loopback; needs no credentials
    #[command(after_help = "\
Examples:
  palisade demo
  palisade demo --keep acme && palisade reach shop-prod --snapshot acme --port 22
  palisade demo --format json -o demo.json")]
    Demo(Demo),
    /// Scan the fleet of a configuration
    #[command(after_help = format!("\
Examples:
  palisade scan                                          the targets of ./palisade.yaml
  palisade scan --target prod-aws --save-snapshot run1   one target, keeping the raw answers
  palisade scan --format sarif -o palisade.sarif         for a code-scanning page
  palisade scan --fail-on high --min-coverage 0.95       for a pipeline

{EXIT_CODES}"))]
    Scan(Scan),
    /// Judge stored snapshots offline; the same snapshot gives the same bytes
    #[command(after_help = "\
Examples:
  palisade replay run1
  palisade replay run1 run2 --format json -o findings.json")]
    Replay(Replay),
    /// Who can reach a cluster and its nodes, through which rules
    #[command(after_help = "\
Examples:
  palisade reach shop-prod --snapshot acme
  palisade reach shop-prod --snapshot acme --port 22
  palisade reach shop-prod --snapshot acme --why 203.0.113.7 --port 22
                                      what one packet meets, and what stops it
  palisade reach shop-prod --snapshot acme --fix
                                      the smallest changes that close what ND-02
                                      and ND-03 say should be closed
  palisade reach shop-prod --snapshot acme --format json")]
    Reach(Reach),
    /// What an identity may do, how it could escalate, what exceeds its need
    #[command(after_help = "\
Examples:
  palisade authority analytics-node --snapshot acme
  palisade authority analytics-node --snapshot acme --format json
  palisade authority arn:aws:iam::111122223333:role/node -c palisade.yaml
  palisade authority analytics-node --snapshot acme --propose
                                      a policy with what it needs of what it has
  palisade authority --who cluster-admin --snapshot acme
                                      every identity that can come to hold it
  palisade authority --who push-image --cluster shop-prod --snapshot acme")]
    Authority(Authority),
    /// A control's page
    #[command(after_help = "Examples:\n  palisade explain CP-01\n  palisade explain endpoint-open-to-the-internet")]
    Explain(Explain),
    /// Every control
    #[command(after_help = "Examples:\n  palisade controls\n  palisade controls --format json")]
    Controls(Controls),
    /// The exact read-only role this binary needs
    #[command(after_help = "\
Examples:
  palisade permissions aws
  palisade permissions aws --format iam-json > policy.json
  palisade permissions gcp --format terraform > role.tf")]
    Permissions(Permissions),
    /// Check credentials, permissions and connectivity of every target before a scan
    #[command(after_help = "Examples:\n  palisade doctor -c palisade.yaml\n  palisade doctor --target prod-aws")]
    Doctor(Doctor),
    /// Check, preview and explain the recurring runs of a folder
    #[command(after_help = "\
Examples:
  palisade schedules check                     every mistake of every file, with its place
  palisade schedules next                      the next ten firings of each schedule
  palisade schedules explain nightly-full      one schedule in sentences

Exit codes: 0 done, 2 mistakes in the schedules, 4 a file could not be read")]
    Schedules {
        #[command(subcommand)]
        command: Schedules,
    },
    /// One run of a schedule: scan, remember, tell what changed
    #[command(after_help = format!("\
Examples:
  palisade run nightly-full                    for an outer cron: the latest firing, unless it was run
  palisade run nightly-full --now              a run of its own, at this moment

Whatever ends a run in the middle, the next one goes on. Exit codes as of `palisade scan`; a firing that was run before, or
that another process is at, ends with 0.

{EXIT_CODES}"))]
    Run(RunSchedule),
    /// Fire schedules and deliver messages until it is stopped
    #[command(after_help = "\
Examples:
  palisade serve
  palisade serve -c palisade.yaml --dir deploy/schedules

It stops on SIGTERM or Ctrl-C when the run in hand is done; one that is killed is taken over. Several may share one PostgreSQL: each run is fired once.")]
    Serve(Serve),
    /// Messages that wait, were given up, or are tried out
    #[command(after_help = "\
Examples:
  palisade notify list                         what waits
  palisade notify list --state dead            what was given up
  palisade notify replay 17                    another chance for one
  palisade notify send                         deliver what waits, now
  palisade notify test chat                    a code to look for in the channel `chat`")]
    Notify {
        #[command(subcommand)]
        command: Notify,
    },
    /// Findings that are remembered, and who has taken them on
    #[command(after_help = "\
Examples:
  palisade findings
  palisade findings --at-least high --cluster shop-prod
  palisade findings ack 3f0c... --by ana --note \"with the next release\"")]
    Findings(Findings),
    /// What is different between two remembered runs, and why: the world, the rule or the coverage
    #[command(
        after_help = "Examples:\n  palisade diff                     the last run and the one before\n  palisade diff RUN RUN"
    )]
    Diff(DiffRuns),
    /// A completion script for a shell
    #[command(
        after_help = "Examples:\n  palisade completions bash > /etc/bash_completion.d/palisade\n  palisade completions zsh > _palisade"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// Everything, as `palisade.evaluation/v1`
    Json,
    /// For code-scanning pages
    Sarif,
    /// A line for each finding
    Csv,
    /// One file for a browser, which opens without a network
    Html,
}

impl From<Format> for palisade_report::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Json => Self::Json,
            Format::Sarif => Self::Sarif,
            Format::Csv => Self::Csv,
            Format::Html => Self::Html,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Output {
    /// What comes out
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Where it goes; stdout when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Gate {
    /// Exit with 1 when a finding is at or above this severity: info, low, medium, high, critical
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<Severity>,
    /// Exit with 3 when less than this share of facts is known, for example 0.95
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) min_coverage: Option<f64>,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| format!("`{text}` is no share from 0 to 1"))
}

#[derive(Debug, Args)]
pub(crate) struct Configuration {
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
    /// Only this target; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Vec<String>,
}

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
    pub(crate) configuration: Configuration,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) gate: Gate,
    /// Keep the raw answers, redacted, in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) save_snapshot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Folders written by `--save-snapshot` or `demo --keep`
    #[arg(required = true, value_name = "SNAPSHOT")]
    pub(crate) snapshots: Vec<PathBuf>,
    /// A configuration whose policy is applied; the standard policy when absent
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) gate: Gate,
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
pub(crate) struct Explain {
    /// The control's id or name
    pub(crate) control: String,
}

#[derive(Debug, Args)]
pub(crate) struct Controls {
    /// What comes out
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Permissions {
    /// Whose permissions
    #[arg(value_enum)]
    pub(crate) provider: Cloud,
    /// What comes out
    #[arg(long, value_enum, default_value_t = RoleFormat::Table)]
    pub(crate) format: RoleFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cloud {
    Aws,
    Azure,
    Gcp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleFormat {
    /// Every permission, what it is for and what is unknown without it
    Table,
    /// A role in the provider's own JSON: an IAM policy, an Azure role definition, a GCP custom role
    IamJson,
    /// A Terraform resource
    Terraform,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) configuration: Configuration,
}

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

fn instant(text: &str) -> Result<Timestamp, String> {
    let midnight = |date: jiff::civil::Date| date.to_zoned(jiff::tz::TimeZone::UTC).ok();
    text.parse().ok().or_else(|| Some(text.parse().ok().and_then(midnight)?.timestamp())).ok_or_else(|| {
        format!("`{text}` is neither an instant such as 2026-03-28T12:00:00Z nor a date such as 2026-03-28")
    })
}

#[derive(Debug, Args)]
pub(crate) struct RunSchedule {
    /// The schedule's name
    pub(crate) name: String,
    /// A run of its own at this moment, whatever was run before
    #[arg(long)]
    pub(crate) now: bool,
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed_and_every_command_shows_an_example() {
        let mut command = Arguments::command();
        command.clone().debug_assert();
        command.build();
        let mut commands: Vec<&clap::Command> = command.get_subcommands().collect();
        while let Some(sub) = commands.pop() {
            if sub.get_name() != "help" {
                let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("palisade "), "`{}` has no example", sub.get_name());
                commands.extend(sub.get_subcommands());
            }
        }
    }
}
