//! CloudTrail, CloudWatch Logs and ECR (JSON 1.1), Backup and GuardDuty (REST and JSON).

use super::{document::Text, leaf};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;

macro_rules! record {
    ($case:literal $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, rename_all = $case)]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }
    };
}

/// A page of a list: without the list it is no such page, and not an empty one.
macro_rules! page {
    ($case:literal $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = $case)]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }
    };
}

page!("camelCase" Trails {
    #[serde(deserialize_with = "leaf::list")]
    trail_list: Vec<Trail>,
});
record!("PascalCase" Trail {
    #[serde(deserialize_with = "leaf::text")]
    name: Option<String>,
    #[serde(rename = "TrailARN", deserialize_with = "leaf::text")]
    arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    home_region: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    is_multi_region_trail: Option<bool>,
});
record!("PascalCase" TrailStatus {
    #[serde(deserialize_with = "leaf::boolean")]
    is_logging: Option<bool>,
});
record!("PascalCase" EventSelectors {
    #[serde(deserialize_with = "leaf::list")]
    event_selectors: Vec<EventSelector>,
    #[serde(deserialize_with = "leaf::list")]
    advanced_event_selectors: Vec<AdvancedSelector>,
});
record!("PascalCase" EventSelector {
    #[serde(deserialize_with = "leaf::text")]
    read_write_type: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    include_management_events: Option<bool>,
});
record!("PascalCase" AdvancedSelector {
    #[serde(deserialize_with = "leaf::list")]
    field_selectors: Vec<FieldSelector>,
});
record!("PascalCase" FieldSelector {
    #[serde(deserialize_with = "leaf::text")]
    field: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    equals: Vec<String>,
});

page!("camelCase" LogGroups {
    #[serde(deserialize_with = "leaf::list")]
    log_groups: Vec<LogGroup>,
});
record!("camelCase" LogGroup {
    #[serde(deserialize_with = "leaf::text")]
    log_group_name: Option<String>,
    #[serde(deserialize_with = "leaf::number")]
    retention_in_days: Option<i64>,
    #[serde(deserialize_with = "leaf::boolean")]
    deletion_protection_enabled: Option<bool>,
});

record!("PascalCase" RegionSettings {
    resource_type_opt_in_preference: Option<BTreeMap<String, serde_json::Value>>,
});
page!("PascalCase" BackupPlans {
    #[serde(deserialize_with = "leaf::list")]
    backup_plans_list: Vec<BackupPlanEntry>,
});
record!("PascalCase" BackupPlanEntry {
    #[serde(deserialize_with = "leaf::text")]
    backup_plan_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    backup_plan_name: Option<String>,
});
record!("PascalCase" GetBackupPlan {
    backup_plan: Option<BackupPlan>,
});
record!("PascalCase" BackupPlan {
    #[serde(deserialize_with = "leaf::list")]
    rules: Vec<BackupRule>,
});
record!("PascalCase" BackupRule {
    #[serde(deserialize_with = "leaf::text")]
    target_backup_vault_name: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    copy_actions: Vec<CopyAction>,
});
record!("PascalCase" CopyAction {
    #[serde(deserialize_with = "leaf::text")]
    destination_backup_vault_arn: Option<String>,
});
page!("PascalCase" BackupSelections {
    #[serde(deserialize_with = "leaf::list")]
    backup_selections_list: Vec<BackupSelectionEntry>,
});
record!("PascalCase" BackupSelectionEntry {
    #[serde(deserialize_with = "leaf::text")]
    selection_id: Option<String>,
});
record!("PascalCase" GetBackupSelection {
    backup_selection: Option<BackupSelection>,
});
record!("PascalCase" BackupSelection {
    #[serde(deserialize_with = "leaf::list")]
    resources: Vec<String>,
    #[serde(deserialize_with = "leaf::list")]
    not_resources: Vec<String>,
    #[serde(deserialize_with = "leaf::list")]
    list_of_tags: Vec<TagCondition>,
    conditions: Option<TagConditions>,
});
record!("PascalCase" TagConditions {
    #[serde(deserialize_with = "leaf::list")]
    string_equals: Vec<TagCondition>,
    #[serde(deserialize_with = "leaf::list")]
    string_not_equals: Vec<TagCondition>,
    #[serde(deserialize_with = "leaf::list")]
    string_like: Vec<TagCondition>,
    #[serde(deserialize_with = "leaf::list")]
    string_not_like: Vec<TagCondition>,
});
record!("PascalCase" TagCondition {
    #[serde(deserialize_with = "leaf::text")]
    condition_key: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    condition_value: Option<String>,
});
page!("PascalCase" BackupVaults {
    #[serde(deserialize_with = "leaf::list")]
    backup_vault_list: Vec<BackupVault>,
});
record!("PascalCase" BackupVault {
    #[serde(deserialize_with = "leaf::text")]
    backup_vault_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    encryption_key_arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    encryption_key_type: Option<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    locked: Option<bool>,
    #[serde(deserialize_with = "leaf::number")]
    min_retention_days: Option<i64>,
});
record!("PascalCase" RecoveryPoints {
    recovery_points: Option<Vec<RecoveryPoint>>,
    #[serde(rename = "__type", deserialize_with = "leaf::text")]
    error: Option<String>,
});
impl RecoveryPoints {
    /// The error of something that was never backed up (Backup API reference, `ListRecoveryPointsByResource`).
    pub(crate) const UNKNOWN: &'static str = "ResourceNotFoundException";
}
record!("PascalCase" RecoveryPoint {
    #[serde(deserialize_with = "leaf::text")]
    status: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    status_message: Option<String>,
    #[serde(deserialize_with = "leaf::moment")]
    creation_date: Option<Timestamp>,
});

page!("camelCase" Repositories {
    #[serde(deserialize_with = "leaf::list")]
    repositories: Vec<Repository>,
});
record!("camelCase" Repository {
    #[serde(deserialize_with = "leaf::text")]
    repository_name: Option<String>,
    image_scanning_configuration: Option<RepositoryScanning>,
});
record!("camelCase" RepositoryScanning {
    #[serde(deserialize_with = "leaf::boolean")]
    scan_on_push: Option<bool>,
});
record!("camelCase" RegistryScanning {
    scanning_configuration: Option<ScanningConfiguration>,
});
record!("camelCase" ScanningConfiguration {
    #[serde(deserialize_with = "leaf::text")]
    scan_type: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    rules: Vec<ScanningRule>,
});
record!("camelCase" ScanningRule {
    #[serde(deserialize_with = "leaf::text")]
    scan_frequency: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    repository_filters: Vec<RepositoryFilter>,
});
record!("camelCase" RepositoryFilter {
    #[serde(deserialize_with = "leaf::text")]
    filter: Option<String>,
});
record!("camelCase" RepositoryPolicy {
    policy_text: Option<Text>,
    #[serde(rename = "__type", deserialize_with = "leaf::text")]
    error: Option<String>,
});
impl RepositoryPolicy {
    /// The error of a repository without a policy (ECR API reference, `GetRepositoryPolicy`).
    pub(crate) const NONE: &'static str = "RepositoryPolicyNotFoundException";
}

page!("camelCase" Detectors {
    #[serde(deserialize_with = "leaf::list")]
    detector_ids: Vec<String>,
});
record!("camelCase" Detector {
    #[serde(deserialize_with = "leaf::text")]
    status: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    features: Vec<DetectorFeature>,
});
record!("camelCase" DetectorFeature {
    #[serde(deserialize_with = "leaf::text")]
    name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    status: Option<String>,
});
page!("camelCase" Coverage {
    #[serde(deserialize_with = "leaf::list")]
    resources: Vec<CoveredResource>,
});
record!("camelCase" CoveredResource {
    #[serde(deserialize_with = "leaf::text")]
    account_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    coverage_status: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    issue: Option<String>,
    resource_details: Option<CoveredDetails>,
});
record!("camelCase" CoveredDetails {
    eks_cluster_details: Option<CoveredCluster>,
});
record!("camelCase" CoveredCluster {
    #[serde(deserialize_with = "leaf::text")]
    cluster_name: Option<String>,
});
