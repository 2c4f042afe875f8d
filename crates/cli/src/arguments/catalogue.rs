//! What is known without reading anything.

use super::ListFormat;
use clap::{Args, ValueEnum};

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
