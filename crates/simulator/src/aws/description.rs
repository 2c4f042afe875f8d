//! What a described AWS organization looks like in YAML. Everything that a story need not say has a default.

pub(crate) mod check;
pub(crate) mod cluster;
pub(crate) mod identity;
pub(crate) mod network;
pub(crate) mod rules;
pub(crate) mod safeguards;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::aws::moment::Moment;
use cluster::Cluster;
use identity::{Group, Policy, Role, User};
use network::{PrefixList, Vpc};
use safeguards::{Backups, Detector, Registry, RunningImage, Trail};

/// Names and values of tags.
pub(crate) type Tags = BTreeMap<String, String>;

/// An organization with its accounts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Description {
    /// The id of the organization; without one the accounts do not belong together.
    pub(crate) organization: Option<String>,
    /// The account whose credentials `AKIAPALISADE...` are; the first account when not said.
    pub(crate) management: Option<String>,
    /// The aggregator of AWS Config over all accounts, if there is one.
    pub(crate) aggregator: Option<Aggregator>,
    /// The units below the root.
    pub(crate) units: Vec<Unit>,
    /// Policies of the organization besides the two that AWS makes, which allow everything and are attached everywhere.
    pub(crate) policies: Vec<Ruling>,
    /// Units and accounts (or `root`) from which the policy that allows everything was taken away.
    pub(crate) without_full_access: Vec<String>,
    /// The largest page of any list, below what AWS allows, so that small worlds have several pages.
    pub(crate) page_limit: Option<usize>,
    pub(crate) accounts: Vec<Account>,
}

/// An aggregator of AWS Config.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Aggregator {
    pub(crate) name: String,
    pub(crate) region: String,
    /// Accounts, and regions of accounts as `ACCOUNT/REGION`, in which nobody has switched the recorder on.
    #[serde(default)]
    pub(crate) unrecorded: Vec<String>,
}

/// A unit of an organization.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unit {
    pub(crate) name: String,
    /// The unit above; the root when not said.
    #[serde(default)]
    pub(crate) parent: Option<String>,
}

/// A policy of an organization.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ruling {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) kind: RulingKind,
    /// `root`, names of units, ids of accounts.
    pub(crate) attached: Vec<String>,
    pub(crate) document: serde_json::Value,
}

/// What a policy of an organization is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RulingKind {
    /// What principals of the accounts may do.
    #[default]
    ServiceControl,
    /// What may be done to what the accounts own.
    ResourceControl,
}

/// One account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The unit it stands in; the root when not said.
    #[serde(default)]
    pub(crate) unit: Option<String>,
    /// `aws`, `aws-us-gov` or `aws-cn`.
    #[serde(default = "standard_partition")]
    pub(crate) partition: String,
    /// `ACTIVE`, `SUSPENDED` or `PENDING_CLOSURE`.
    #[serde(default = "active")]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) reader: Reader,
    /// The regions that are switched on; every region that is on by default when not said.
    #[serde(default)]
    pub(crate) enabled_regions: Vec<String>,
    /// What exists, by region.
    #[serde(default)]
    pub(crate) regions: BTreeMap<String, Region>,
    #[serde(default)]
    pub(crate) roles: Vec<Role>,
    #[serde(default)]
    pub(crate) users: Vec<User>,
    #[serde(default)]
    pub(crate) groups: Vec<Group>,
    /// The account's own managed policies.
    #[serde(default)]
    pub(crate) policies: Vec<Policy>,
    /// Registered identity providers besides those of the clusters, for example `token.actions.githubusercontent.com`.
    #[serde(default)]
    pub(crate) oidc_providers: Vec<String>,
}

/// The role through which the product reads an account.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Reader {
    pub(crate) role: String,
    /// Must be given when assuming the role, if set.
    pub(crate) external_id: Option<String>,
    /// Whether the trust policy admits the management account.
    pub(crate) assumable: bool,
    /// Whether the sessions it hands out have already expired.
    pub(crate) expired: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self { role: "PalisadeReader".to_owned(), external_id: None, assumable: true, expired: false }
    }
}

/// One region of one account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Region {
    pub(crate) vpcs: Vec<Vpc>,
    pub(crate) prefix_lists: Vec<PrefixList>,
    pub(crate) block_public_access: BlockPublicAccess,
    pub(crate) keys: Vec<Key>,
    pub(crate) clusters: Vec<Cluster>,
    /// Trails whose home the region is.
    pub(crate) trails: Vec<Trail>,
    pub(crate) registry: Registry,
    pub(crate) backups: Backups,
    /// GuardDuty; off when not said.
    pub(crate) detector: Option<Detector>,
    /// Amazon Inspector, by the images that it sees run; off when not said.
    pub(crate) inspector: Option<Vec<RunningImage>>,
    /// Whether disks of new machines are encrypted without being asked.
    pub(crate) encrypts_by_default: bool,
}

/// The region's switch that keeps the internet out of every VPC.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BlockPublicAccess {
    /// `off`, `block-ingress` or `block-bidirectional`.
    pub(crate) mode: String,
    pub(crate) exclusions: Vec<Exclusion>,
}

impl Default for BlockPublicAccess {
    fn default() -> Self {
        Self { mode: "off".to_owned(), exclusions: Vec::new() }
    }
}

/// A VPC, or one subnet of it, that the switch leaves alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exclusion {
    pub(crate) vpc: String,
    #[serde(default)]
    pub(crate) subnet: Option<String>,
    /// `allow-bidirectional` or `allow-egress`.
    pub(crate) mode: String,
}

/// A KMS key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    /// Also its alias.
    pub(crate) name: String,
    #[serde(default = "enabled")]
    pub(crate) state: String,
    /// Whether the key material is renewed every year.
    #[serde(default)]
    pub(crate) rotation: bool,
    #[serde(default)]
    pub(crate) multi_region: bool,
    /// `AWS` for a key that AWS manages.
    #[serde(default = "customer")]
    pub(crate) manager: String,
    /// The key policy; the usual delegation to the account when not said.
    #[serde(default)]
    pub(crate) policy: Option<serde_json::Value>,
    #[serde(default)]
    pub(crate) grants: Vec<Grant>,
    #[serde(default = "Moment::long_ago")]
    pub(crate) created: Moment,
    #[serde(default)]
    pub(crate) deletion: Option<Moment>,
}

/// A right to use a key that was given outside its policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    #[serde(default)]
    pub(crate) name: String,
    /// The ARN of who may use the key.
    pub(crate) grantee: String,
    pub(crate) operations: Vec<String>,
}

fn standard_partition() -> String {
    "aws".to_owned()
}

fn active() -> String {
    "ACTIVE".to_owned()
}

fn enabled() -> String {
    "Enabled".to_owned()
}

fn customer() -> String {
    "CUSTOMER".to_owned()
}
