//! Organizations, JSON 1.1, API version 2016-11-28.

use super::{document::Text, leaf};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Accounts {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) accounts: Vec<Account>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Account {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) status: Option<String>,
}

/// What an account says of its organisation: the organisation, or the name of the error that says that there is none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DescribeOrganization {
    #[serde(rename = "Organization")]
    pub(crate) organization: Option<Organization>,
    #[serde(rename = "__type", deserialize_with = "leaf::text")]
    pub(crate) error: Option<String>,
}

impl DescribeOrganization {
    /// The error of an account that is in no organisation (Organizations API reference, `DescribeOrganization`).
    pub(crate) const NOT_IN_USE: &'static str = "AWSOrganizationsNotInUseException";

    /// Whether the account is in none.
    pub(crate) fn is_none(&self) -> bool {
        self.error.as_deref().is_some_and(|error| error.ends_with(Self::NOT_IN_USE))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Organization {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) feature_set: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) master_account_id: Option<String>,
}

impl Organization {
    /// Whether policies can stop what an account does: never what the management account does, and nobody where the
    /// organisation only pays together (Organizations user guide, service control policies).
    pub(crate) fn rules(&self, account: &str) -> bool {
        self.feature_set.as_deref() != Some("CONSOLIDATED_BILLING")
            && self.master_account_id.as_deref() != Some(account)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policies {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) policies: Vec<PolicySummary>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct PolicySummary {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Targets {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) targets: Vec<Target>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Target {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) target_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribePolicy {
    pub(crate) policy: Policy,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Policy {
    pub(crate) content: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Parents {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) parents: Vec<Parent>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Parent {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) id: Option<String>,
    #[serde(rename = "Type", deserialize_with = "leaf::text")]
    pub(crate) kind: Option<String>,
}

impl Parent {
    /// Whether nothing stands above it.
    pub(crate) fn is_root(&self) -> bool {
        self.kind.as_deref() == Some("ROOT")
    }
}
