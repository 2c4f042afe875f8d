//! The description of what is written down, kept, scanned and watched.

use serde::Deserialize;
use serde_json::Value;

use crate::aws::moment::Moment;

/// A trail of CloudTrail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trail {
    pub(crate) name: String,
    #[serde(default = "yes")]
    pub(crate) multi_region: bool,
    /// Whether every account of the organization has it.
    #[serde(default)]
    pub(crate) organization: bool,
    #[serde(default = "yes")]
    pub(crate) logging: bool,
    /// `All`, `ReadOnly`, `WriteOnly`, or `None` for no management events.
    #[serde(default = "all")]
    pub(crate) management: String,
}

/// The image registry of a region.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Registry {
    /// `BASIC` or `ENHANCED`.
    pub(crate) scan_type: String,
    pub(crate) rules: Vec<ScanRule>,
    pub(crate) repositories: Vec<Repository>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { scan_type: "BASIC".to_owned(), rules: Vec::new(), repositories: Vec::new() }
    }
}

/// Which repositories are scanned when.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScanRule {
    /// `SCAN_ON_PUSH`, `CONTINUOUS_SCAN` or `MANUAL`.
    pub(crate) frequency: String,
    pub(crate) filter: String,
}

/// A repository of images.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repository {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) scan_on_push: bool,
    #[serde(default)]
    pub(crate) policy: Option<Value>,
}

/// AWS Backup in a region.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Backups {
    /// Whether the region is opted in for EKS.
    pub(crate) opted_in: bool,
    pub(crate) vaults: Vec<Vault>,
    pub(crate) plans: Vec<Plan>,
    /// What was made.
    pub(crate) points: Vec<Point>,
}

/// A vault.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vault {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) locked_days: Option<u32>,
}

/// A backup plan with one rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) vault: String,
    /// The region that a copy goes to.
    #[serde(default)]
    pub(crate) copy_to: Option<String>,
    /// Patterns of ARNs.
    #[serde(default)]
    pub(crate) resources: Vec<String>,
    /// A tag and its value.
    #[serde(default)]
    pub(crate) tags: Vec<(String, String)>,
}

/// A recovery point of a cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    pub(crate) cluster: String,
    pub(crate) made: Moment,
    #[serde(default = "completed")]
    pub(crate) status: String,
}

/// GuardDuty in a region.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Detector {
    /// Features that are on.
    pub(crate) features: Vec<String>,
    /// Clusters whose nodes report.
    pub(crate) healthy: Vec<String>,
    /// Clusters some of whose nodes do not.
    pub(crate) unhealthy: Vec<String>,
}

impl Default for Detector {
    fn default() -> Self {
        let features = vec!["EKS_AUDIT_LOGS".to_owned(), "RUNTIME_MONITORING".to_owned()];
        Self { features, healthy: Vec::new(), unhealthy: Vec::new() }
    }
}

/// An image that runs somewhere, as Amazon Inspector sees it. With one of them, or none, it is on where the story says so.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunningImage {
    pub(crate) repository: String,
    /// The clusters of the region that run it.
    pub(crate) clusters: Vec<String>,
    /// `SUCCESSFUL` while it is scanned; otherwise why it is not.
    #[serde(default = "successful")]
    pub(crate) scan: String,
    /// Critical vulnerabilities with a fix: their numbers and when they were first seen.
    #[serde(default)]
    pub(crate) critical: Vec<(String, Moment)>,
}

fn successful() -> String {
    "SUCCESSFUL".to_owned()
}

fn yes() -> bool {
    true
}

fn all() -> String {
    "All".to_owned()
}

fn completed() -> String {
    "COMPLETED".to_owned()
}
