//! The description of an account's identities.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Tags;
use crate::aws::moment::Moment;

/// A role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    pub(crate) name: String,
    #[serde(default = "root_path")]
    pub(crate) path: String,
    pub(crate) trust: Trust,
    /// Attached policies: names of AWS' own or of the account's, or ARNs.
    #[serde(default)]
    pub(crate) policies: Vec<String>,
    /// Policy documents by name.
    #[serde(default)]
    pub(crate) inline: BTreeMap<String, Value>,
    /// The permissions boundary: a policy's name.
    #[serde(default)]
    pub(crate) boundary: Option<String>,
    #[serde(default)]
    pub(crate) last_used: Option<Moment>,
    /// When each service was last used, by its namespace; nothing for services that never were.
    #[serde(default)]
    pub(crate) services: BTreeMap<String, Option<Moment>>,
    /// Whether it can be assumed from the management account, as a reader's role can.
    #[serde(default)]
    pub(crate) assumable: bool,
    #[serde(default = "Moment::long_ago")]
    pub(crate) created: Moment,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// Who may assume a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Trust {
    /// `ec2`, `eks`, `pods`, `fargate`, `capabilities`, `lambda`, any other `name.amazonaws.com`, or an account's id.
    Service(String),
    /// Service accounts of a cluster in the same account.
    ServiceAccounts(Irsa),
    /// A whole trust policy.
    Document {
        /// The document.
        document: Value,
    },
}

/// Trust in a cluster's identity provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Irsa {
    pub(crate) cluster: String,
    pub(crate) region: String,
    /// `NAMESPACE:NAME`, possibly with `*`; no condition on the subject at all when absent.
    #[serde(default)]
    pub(crate) subject: Option<String>,
    /// Whether wildcards count: `StringLike` rather than `StringEquals`.
    #[serde(default)]
    pub(crate) like: bool,
}

/// A user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) policies: Vec<String>,
    #[serde(default)]
    pub(crate) inline: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    #[serde(default)]
    pub(crate) boundary: Option<String>,
    #[serde(default)]
    pub(crate) access_keys: Vec<AccessKey>,
    #[serde(default)]
    pub(crate) services: BTreeMap<String, Option<Moment>>,
    #[serde(default = "Moment::long_ago")]
    pub(crate) created: Moment,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// A long-lived secret of a user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessKey {
    /// `Active` or `Inactive`.
    #[serde(default = "active")]
    pub(crate) status: String,
    #[serde(default = "Moment::long_ago")]
    pub(crate) created: Moment,
    #[serde(default)]
    pub(crate) last_used: Option<Moment>,
    /// The service it was last used with.
    #[serde(default = "used_with")]
    pub(crate) service: String,
}

/// A group of users.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) policies: Vec<String>,
    #[serde(default)]
    pub(crate) inline: BTreeMap<String, Value>,
}

/// A managed policy of the account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) document: Value,
    /// Earlier versions, oldest first.
    #[serde(default)]
    pub(crate) earlier: Vec<Value>,
}

fn root_path() -> String {
    "/".to_owned()
}

fn active() -> String {
    "Active".to_owned()
}

fn used_with() -> String {
    "ec2".to_owned()
}
