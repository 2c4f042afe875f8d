//! What can be asked on the command line.

mod answers;
mod catalogue;
mod evidence;
mod export;
mod fleet;
mod frameworks;
mod key_ref;
mod memory;
mod report;
mod schedules;
mod share;
mod store;
mod waivers;

pub(crate) use answers::{Answers, AnswersStatus, CheckAnswers, InitAnswers};
pub(crate) use catalogue::{Cloud, Controls, Data, DataStatus, Explain, Permissions, RoleFormat};
pub(crate) use evidence::{Evidence, ExportBundle, Keys, PeriodKeys, ProfileName, Retain, Trusted, VerifyBundles};
pub(crate) use export::{ExportFormat, ExportRun, ExportTargets};
pub(crate) use fleet::{Authority, Demo, Doctor, Lookup, Plan, PlanFormat, Reach, Replay, Scan};
pub(crate) use frameworks::{FrameworkForm, FrameworkOf, Frameworks};
pub(crate) use key_ref::KeyRef;
pub(crate) use memory::{Acknowledge, DiffRuns, Findings, MessageState, Notify, Taking};
pub(crate) use report::{DrawingFormat, MakeReport, MapOf, ReportFormat, Which};
pub(crate) use schedules::{CheckSchedules, ExplainSchedule, NextFirings, RunSchedule, Schedules, Serve};
pub(crate) use share::{Merge, Sharding};
pub(crate) use store::{Prune, Store};
pub(crate) use waivers::{AddWaiver, CheckWaivers, ListWaivers, RemoveWaiver, Selector, Waivers};

use clap::{Args, Parser, Subcommand, ValueEnum};
use palisade_engine::Severity;
use std::path::PathBuf;

/// Units read at once. The pace bounds the calls; this bounds the raw answers held in memory.
pub(crate) const UNITS_AT_ONCE: usize = 48;

const EXIT_CODES: &str = "\
Exit codes:
  0  done, and nothing at or above --fail-on
  1  findings at or above --fail-on
  2  wrong usage or configuration
  3  the scan is incomplete: coverage is below --min-coverage
  4  it could not run: a target or file could not be read at all";

/// Who can reach and who can control each Kubernetes cluster, computed and not guessed.
#[derive(Debug, Parser)]
#[command(name = "palisade", version, long_about = None, max_term_width = 100, after_help = "\
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
  palisade scan --shard 3/8 --share s3://acme-scans/42   an eighth of the fleet, for `palisade merge`

{EXIT_CODES}"))]
    Scan(Scan),
    /// Put together what the parts of a run have read, as if one process had read it
    #[command(after_help = "\
Examples:
  palisade merge s3://acme-scans/42 -o run1 && palisade report run1 -o run1.html
  palisade merge scans/nightly-full/2026-11-29T020000Z -o run1

Accounts, subscriptions and projects that no part has read are named, and stand in RUN as places that nobody could look at.

Exit codes: 0 everything is there, 2 wrong usage, 3 something is missing or was not found, 4 nothing of a target was found, or a \
place could not be read or written")]
    Merge(Merge),
    /// Judge stored snapshots or an evidence bundle offline; the same snapshot gives the same bytes
    #[command(after_help = "\
Examples:
  palisade replay run1
  palisade replay run1 run2 --format json -o findings.json
  palisade replay bundle-1                        whether a bundle's verdicts come out again, byte for byte
  palisade replay bundle-1 --with-current-rules   what newer rules say of it")]
    Replay(Replay),
    /// What to do first, in four 90-day plans, with what to expect of them
    #[command(after_help = "\
Examples:
  palisade plan run1
  palisade plan run1 --file plan.yaml --days 40       begin a plan, or bring it up to date
  palisade plan run1 --file plan.yaml --format html -o report.html
  palisade plan run1 --format csv -o plan.csv
  palisade plan run1 --format ics -o plan.ics         for a calendar
  palisade plan run1 --format github -o issues.sh     then `sh issues.sh` in the repository")]
    Plan(Plan),
    /// What stored snapshots say, for people: a page, a PDF, Markdown, a workbook
    #[command(after_help = "\
Examples:
  palisade report run1 -o report.html
  palisade report run2 --since run1 -o report.html          with what changed
  palisade report run1 --file plan.yaml --format pdf -o report.pdf
  palisade report run1 --format xlsx -o report.xlsx")]
    Report(MakeReport),
    /// What stored snapshots or an evidence bundle say, for other programs: OSCAL, OCSF, ASFF, JUnit, SARIF, CSV, XLSX
    #[command(after_help = "\
Examples:
  palisade export run1 --format oscal --out exports -c palisade.yaml
  palisade export run1 --format ocsf,csv --out exports --ocsf-version 1.8.0
  palisade export run1 --format asff --out exports --security-hub 111122223333/eu-west-1
  palisade export bundle-1 --format oscal --out exports --key signing.pem.pub")]
    Export(ExportRun),
    /// Four maps of a fleet as files: who reaches it, who controls it, how it is built, how its data is kept
    #[command(after_help = "\
Examples:
  palisade map exposure run1 -o exposure.svg
  palisade map exposure run1 --after -o later.svg     as it is after the plan
  palisade map authority run1 --cluster shop-prod --format mermaid
  palisade map protection run1 run2 --format json")]
    Map(MapOf),
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
    #[command(
        after_help = "Examples:\n  palisade controls\n  palisade controls --framework CIS-EKS-2.0.0\n  palisade controls --format json"
    )]
    Controls(Controls),
    /// The dated lists of the world that are in this program
    #[command(after_help = "Examples:\n  palisade data status\n  palisade data status --format json")]
    Data {
        #[command(subcommand)]
        command: Data,
    },
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
  palisade run nightly-full --join             one of many that share the run through PostgreSQL
  palisade run nightly-full --shard auto --share s3://acme-scans
                                               one of many that read a part each
  palisade run nightly-full --merge s3://acme-scans
                                               puts the parts together, records and tells

Whatever ends a run in the middle, the next one goes on. Exit codes as of `palisade scan`; a firing that was run before ends
as its run did, and with 4 while its evidence has not arrived where it is kept; one that another process is at ends with 0.

{EXIT_CODES}"))]
    Run(RunSchedule),
    /// Fire schedules and deliver messages until it is stopped
    #[command(after_help = "\
Examples:
  palisade serve
  palisade serve -c palisade.yaml --dir deploy/schedules

It stops within `stop_seconds` of SIGTERM or Ctrl-C; what was not read by then is read at the next start. Several may share one PostgreSQL: each run is fired once.")]
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
    /// Accepted risks: list and check them, try them on a run, add and remove
    #[command(after_help = "\
Examples:
  palisade waivers list
  palisade waivers check --against last        a dry run: what each one waives, and which need somebody
  palisade waivers add --control ND-05 --cluster shop-prod --owner ana --approver ben \\
      --reason \"until the migration\" --until 2027-03-31
  palisade waivers remove --control ND-05 --cluster shop-prod")]
    Waivers {
        #[command(subcommand)]
        command: Waivers,
    },
    /// What people say that no API tells: begin a file, check it, see what is missing and what expires
    #[command(after_help = "\
Examples:
  palisade answers init                        every question, to be answered line by line
  palisade answers init --snapshot run1        only what nobody has answered for the clusters of a snapshot
  palisade answers check                       every mistake of the file, with its place
  palisade answers status                      answered, missing, expiring, expired: by whom and until when")]
    Answers {
        #[command(subcommand)]
        command: Answers,
    },
    /// Look after the memory: remove what is old, make and check backups
    #[command(after_help = "\
Examples:
  palisade store prune --dry-run
  palisade store backup palisade-2026-11-29.db
  palisade store check palisade-2026-11-29.db")]
    Store {
        #[command(subcommand)]
        command: Store,
    },
    /// Evidence for auditors: make bundles, check them, look after the keys that seal them
    #[command(after_help = "\
Examples:
  palisade evidence keys new --out signing.pem
  palisade evidence export run1 --out bundle-1 -c palisade.yaml --key file:signing.pem --log bundles
  palisade evidence verify bundle-1 --key signing.pem.pub
  palisade replay bundle-1")]
    Evidence {
        #[command(subcommand)]
        command: Evidence,
    },
    /// How the requirements of benchmarks and standards stand, and those of one's own
    #[command(after_help = "\
Examples:
  palisade frameworks list
  palisade frameworks report run1 --framework cis-eks -o cis-eks.html
  palisade frameworks report bundle-1 --framework acme-baseline.yaml --format pdf -o baseline.pdf")]
    Frameworks {
        #[command(subcommand)]
        command: Frameworks,
    },
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Table,
    /// For programs
    Json,
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
