//! Accepted risks.

use super::ListFormat;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Waivers {
    /// Every waiver: what it selects, who answers for it, who approved it, when it ends
    #[command(after_help = "Examples:\n  palisade waivers list\n  palisade waivers list --format json")]
    List(ListWaivers),
    /// Every mistake of the file; with --against a dry run: what each waiver matches, and which need somebody
    #[command(after_help = "\
Examples:
  palisade waivers check
  palisade waivers check --against last        what each waives in the last run that is remembered
  palisade waivers check --against run1        the same in a stored snapshot

Exit codes: 0 all is in order; 1 a waiver has ended, matches nothing, or selects more than it was approved for;
2 mistakes in the file; 4 it could not run")]
    Check(CheckWaivers),
    /// Accept what is bad in a run: the findings that are selected, by fingerprint, and no others
    #[command(after_help = "\
Examples:
  palisade waivers add --control ND-05 --cluster shop-prod --owner ana --approver ben \\
      --reason \"until the migration\" --until 2027-03-31
  palisade waivers add ... --against run1 --dry-run    from a stored snapshot; show it and write nothing")]
    Add(AddWaiver),
    /// Take a waiver away; what it covered is told again
    #[command(after_help = "\
Examples:
  palisade waivers remove --control ND-05 --cluster shop-prod
  palisade waivers remove --control ND-05 --cluster shop-prod --subject web")]
    Remove(RemoveWaiver),
}

#[derive(Debug, Args)]
pub(crate) struct ListWaivers {
    /// How to print them
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CheckWaivers {
    /// The run to compare with: `last`, the id of a run that is remembered, or the folder of a stored snapshot
    #[arg(long, value_name = "RUN")]
    pub(crate) against: Option<String>,
    /// Tell of waivers that end within so many days
    #[arg(long, value_name = "DAYS", default_value_t = 14)]
    pub(crate) within: u16,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}

/// What a waiver selects.
#[derive(Debug, Args)]
pub(crate) struct Selector {
    /// The control's id
    #[arg(long)]
    pub(crate) control: String,
    /// The cluster's id or name
    #[arg(long)]
    pub(crate) cluster: String,
    /// The subject's id or name: a node pool, an identity; everything the control says of the cluster when absent
    #[arg(long)]
    pub(crate) subject: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AddWaiver {
    #[command(flatten)]
    pub(crate) selector: Selector,
    /// Who answers for it
    #[arg(long)]
    pub(crate) owner: String,
    /// Who approved it
    #[arg(long)]
    pub(crate) approver: String,
    /// Why it is accepted
    #[arg(long)]
    pub(crate) reason: String,
    /// Its last day in UTC, for example 2027-03-31
    #[arg(long, value_name = "DATE")]
    pub(crate) until: String,
    /// The run whose findings are accepted: `last`, the id of a run that is remembered, or the folder of a stored snapshot
    #[arg(long, value_name = "RUN", default_value = "last")]
    pub(crate) against: String,
    /// Show what would be accepted, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveWaiver {
    #[command(flatten)]
    pub(crate) selector: Selector,
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "palisade.yaml", env = "PALISADE_CONFIG")]
    pub(crate) config: PathBuf,
}
