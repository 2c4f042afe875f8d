//! What is known without reading anything.

use super::ListFormat;
use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The control's id or name
    pub(crate) control: String,
}

#[derive(Debug, Args)]
pub(crate) struct Controls {
    /// Only those that speak to a framework, with its requirements: `CIS-EKS` in every version, or `CIS-EKS-2.0.0`
    #[arg(long, value_name = "NAME")]
    pub(crate) framework: Option<String>,
    /// What comes out
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// Each list: its source, its day, how old that is, and what rests on it
    #[command(after_help = "\
Examples:
  palisade data status
  palisade data status --format json

Exit codes: 0 every list is fresh; 1 one is too old.
Lists are part of the program: a newer Palisade has newer ones. Whoever builds it fetches them with `cargo xtask refresh`.")]
    Status(DataStatus),
}

#[derive(Debug, Args)]
pub(crate) struct DataStatus {
    /// What comes out
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
    /// The day for which the lists should be fresh; today when absent
    #[arg(long, value_name = "DAY")]
    pub(crate) on: Option<jiff::civil::Date>,
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
