//! logging/v2, serviceusage/v1, gkebackup/v1 and artifactregistry/v1: what is kept, backed up, watched and scanned.

use super::{
    lenient::{flag, list, number, text},
    word::{Table, Word},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A page of log buckets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Buckets {
    #[serde(default, deserialize_with = "list")]
    pub(crate) buckets: Vec<Bucket>,
}

/// A log bucket.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bucket {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) retention_days: Option<i64>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) locked: Option<bool>,
}

/// A page of sinks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sinks {
    #[serde(default, deserialize_with = "list")]
    pub(crate) sinks: Vec<Sink>,
}

/// Where logs are copied to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sink {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) filter: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) disabled: Option<bool>,
}

/// Services of a project.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Services {
    #[serde(default, deserialize_with = "list")]
    pub(crate) services: Vec<Service>,
}

/// A service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Service {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    pub(crate) state: Option<Word>,
}

/// A page of backup plans.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupPlans {
    #[serde(default, deserialize_with = "list")]
    pub(crate) backup_plans: Vec<BackupPlan>,
}

/// A backup plan.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupPlan {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) cluster: Option<String>,
    pub(crate) state: Option<Word>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) state_reason: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) deactivated: Option<bool>,
    pub(crate) backup_schedule: Option<BackupSchedule>,
    pub(crate) backup_config: Option<BackupConfig>,
    pub(crate) retention_policy: Option<RetentionPolicy>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) last_successful_backup_time: Option<String>,
}

/// When.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupSchedule {
    #[serde(default, deserialize_with = "text")]
    pub(crate) cron_schedule: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) paused: Option<bool>,
    pub(crate) rpo_config: Option<serde::de::IgnoredAny>,
}

/// What.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BackupConfig {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) all_namespaces: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) include_volume_data: Option<bool>,
    pub(crate) encryption_key: Option<EncryptionKey>,
}

/// With which key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EncryptionKey {
    #[serde(default, deserialize_with = "text")]
    pub(crate) gcp_kms_encryption_key: Option<String>,
}

/// How long.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetentionPolicy {
    #[serde(default, deserialize_with = "number")]
    pub(crate) backup_delete_lock_days: Option<i64>,
}

/// A page of repositories.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Repositories {
    #[serde(default, deserialize_with = "list")]
    pub(crate) repositories: Vec<Repository>,
}

/// A repository.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Repository {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    pub(crate) format: Option<Word>,
    pub(crate) vulnerability_scanning_config: Option<ScanningConfig>,
}

/// Whether it is scanned.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScanningConfig {
    pub(crate) enablement_config: Option<Word>,
    pub(crate) enablement_state: Option<Word>,
}

/// A page of what Artifact Analysis says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Occurrences {
    #[serde(default, deserialize_with = "list")]
    pub(crate) occurrences: Vec<Occurrence>,
}

/// One thing that it says of one image.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Occurrence {
    #[serde(default, deserialize_with = "text")]
    pub(crate) resource_uri: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) note_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) create_time: Option<String>,
    pub(crate) vulnerability: Option<FoundVulnerability>,
    pub(crate) discovery: Option<Analysis>,
}

/// A vulnerability in an image.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundVulnerability {
    pub(crate) severity: Option<Word>,
    pub(crate) effective_severity: Option<Word>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) fix_available: Option<bool>,
}

/// That an image was looked at, and whether it still is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Analysis {
    pub(crate) continuous_analysis: Option<Word>,
    pub(crate) analysis_status: Option<Word>,
}

/// What Binary Authorization asks in a project.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImagePolicy {
    pub(crate) default_admission_rule: Option<AdmissionRule>,
    /// By `LOCATION.CLUSTER`; each takes the place of the default.
    #[serde(default)]
    pub(crate) cluster_admission_rules: Option<BTreeMap<String, AdmissionRule>>,
}

/// What one rule asks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdmissionRule {
    pub(crate) evaluation_mode: Option<Word>,
    pub(crate) enforcement_mode: Option<Word>,
}

/// `BinaryAuthorization.EvaluationMode` of container/v1.
pub(crate) const BINAUTHZ_MODE: Table = &[
    (0, "EVALUATION_MODE_UNSPECIFIED"),
    (1, "DISABLED"),
    (2, "PROJECT_SINGLETON_POLICY_ENFORCE"),
    (5, "POLICY_BINDINGS"),
    (6, "POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE"),
];

/// `AdmissionRule.EvaluationMode` of binaryauthorization/v1.
pub(crate) const RULE_MODE: Table =
    &[(0, "EVALUATION_MODE_UNSPECIFIED"), (1, "ALWAYS_ALLOW"), (2, "REQUIRE_ATTESTATION"), (3, "ALWAYS_DENY")];

/// `AdmissionRule.EnforcementMode` of binaryauthorization/v1.
pub(crate) const RULE_ENFORCEMENT: Table =
    &[(0, "ENFORCEMENT_MODE_UNSPECIFIED"), (1, "ENFORCED_BLOCK_AND_AUDIT_LOG"), (2, "DRYRUN_AUDIT_LOG_ONLY")];

/// `State` of serviceusage/v1.
pub(crate) const SERVICE_STATE: Table = &[(0, "STATE_UNSPECIFIED"), (1, "DISABLED"), (2, "ENABLED")];

/// `BackupPlan.State` of gkebackup/v1.
pub(crate) const PLAN_STATE: Table = &[
    (0, "STATE_UNSPECIFIED"),
    (1, "CLUSTER_PENDING"),
    (2, "PROVISIONING"),
    (3, "READY"),
    (4, "FAILED"),
    (5, "DEACTIVATED"),
    (6, "DELETING"),
];

/// `Repository.Format` of artifactregistry/v1, as far as it is told apart.
pub(crate) const REPOSITORY_FORMAT: Table = &[(0, "FORMAT_UNSPECIFIED"), (1, "DOCKER")];

/// `VulnerabilityScanningConfig.EnablementConfig` of artifactregistry/v1.
pub(crate) const SCANNING_CONFIG: Table = &[(0, "ENABLEMENT_CONFIG_UNSPECIFIED"), (1, "INHERITED"), (2, "DISABLED")];

/// `VulnerabilityScanningConfig.EnablementState` of artifactregistry/v1.
pub(crate) const SCANNING_STATE: Table = &[
    (0, "ENABLEMENT_STATE_UNSPECIFIED"),
    (1, "SCANNING_UNSUPPORTED"),
    (2, "SCANNING_DISABLED"),
    (3, "SCANNING_ACTIVE"),
];

/// What a constraint comes to in a project.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EffectivePolicy {
    pub(crate) spec: Option<PolicySpec>,
}

/// The rules of a constraint.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicySpec {
    #[serde(default)]
    pub(crate) rules: Vec<PolicyRule>,
}

/// One rule of a constraint that is enforced or not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyRule {
    pub(crate) enforce: Option<bool>,
    pub(crate) condition: Option<serde_json::Value>,
}
/// `Severity` of grafeas/v1.
pub(crate) const SEVERITY: Table =
    &[(0, "SEVERITY_UNSPECIFIED"), (1, "MINIMAL"), (2, "LOW"), (3, "MEDIUM"), (4, "HIGH"), (5, "CRITICAL")];

/// `DiscoveryOccurrence.ContinuousAnalysis` of grafeas/v1.
pub(crate) const CONTINUOUS: Table = &[(0, "CONTINUOUS_ANALYSIS_UNSPECIFIED"), (1, "ACTIVE"), (2, "INACTIVE")];

/// `DiscoveryOccurrence.AnalysisStatus` of grafeas/v1; 3 is also called `COMPLETE`.
pub(crate) const ANALYSIS_STATUS: Table = &[
    (0, "ANALYSIS_STATUS_UNSPECIFIED"),
    (1, "PENDING"),
    (2, "SCANNING"),
    (3, "FINISHED_SUCCESS"),
    (4, "FINISHED_FAILED"),
    (5, "FINISHED_UNSUPPORTED"),
];
