//! `Microsoft.OperationalInsights` 2022-10-01, `Microsoft.DataProtection` 2025-01-01, `Microsoft.Security` 2024-01-01,
//! `Microsoft.ContainerRegistry` 2025-04-01: what is kept, backed up, watched and scanned.

use super::lenient;
use serde::Deserialize;

/// A table of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LogTable {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: LogTableProperties,
}

/// How long it keeps what.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LogTableProperties {
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) retention_in_days: Option<i64>,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) total_retention_in_days: Option<i64>,
}

/// A backup vault.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct BackupVault {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: BackupVaultProperties,
}

/// How it keeps backups.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct BackupVaultProperties {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) security_settings: VaultSecurity,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) storage_settings: Vec<StorageSetting>,
}

/// How it is locked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct VaultSecurity {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) immutability_settings: VaultState,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) soft_delete_settings: VaultState,
}

/// The state of a lock.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct VaultState {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) state: Option<String>,
}

/// Where a store lies.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct StorageSetting {
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) datastore_type: Option<String>,
}

/// Something that is backed up.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct BackupInstance {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: BackupInstanceProperties,
}

/// What and how.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct BackupInstanceProperties {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) data_source_info: DataSource,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) policy_info: PolicyInfo,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) current_protection_state: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) friendly_name: Option<String>,
}

/// What is backed up.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DataSource {
    #[serde(rename = "resourceID", deserialize_with = "lenient::text")]
    pub(crate) resource_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) datasource_type: Option<String>,
}

/// By which policy.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicyInfo {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) policy_parameters: PolicyParameters,
}

/// With which parameters.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicyParameters {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) backup_datasource_parameters_list: Vec<ClusterParameters>,
}

/// What of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClusterParameters {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) snapshot_volumes: Option<bool>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) included_namespaces: Vec<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) excluded_namespaces: Vec<String>,
}

/// A backup that was made.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RecoveryPoint {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: RecoveryPointProperties,
}

/// When, how, where.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RecoveryPointProperties {
    #[serde(rename = "recoveryPointTime", deserialize_with = "lenient::text")]
    pub(crate) time: Option<String>,
    #[serde(rename = "recoveryPointState", deserialize_with = "lenient::text")]
    pub(crate) state: Option<String>,
    #[serde(rename = "recoveryPointDataStoresDetails", deserialize_with = "lenient::list")]
    pub(crate) stores: Vec<DataStore>,
}

/// A store that holds it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DataStore {
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
}

/// A plan of Defender for Cloud.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Pricing {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: PricingProperties,
}

/// Whether it is on.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PricingProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) pricing_tier: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) extensions: Vec<PricingExtension>,
}

/// A part of a plan. `isEnabled` is a word, not a flag.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PricingExtension {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) is_enabled: Option<String>,
}

/// A registry.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContainerRegistry {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: RegistryProperties,
}

/// Whom it lets in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RegistryProperties {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) admin_user_enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) anonymous_pull_enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) public_network_access: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) network_rule_set: RegistryRules,
}

/// Its firewall.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RegistryRules {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) default_action: Option<String>,
}

/// A page of Resource Graph: what Defender says of the containers that run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct ContainerUpdates {
    pub(crate) data: Vec<ContainerUpdate>,
}

/// That a container should have newer software, in the columns that our query names. An absent text is an empty one there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ContainerUpdate {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    /// The container.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) resource: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) status: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) first: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) changed: Option<String>,
    /// A list of [`Vulnerability`] as JSON text.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) cves: Option<String>,
}

/// One vulnerability that the update mends, or does not yet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Vulnerability {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) cve_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) severity: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) fix_status: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) fixed_version: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) published_date: Option<String>,
}
