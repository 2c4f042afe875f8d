//! `Microsoft.KeyVault`, api-version 2026-05-15, and where a vault's log goes, 2021-05-01-preview.

use super::lenient;
use serde::Deserialize;

/// A vault.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Vault {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    pub(crate) properties: Option<VaultProperties>,
}

/// How it is protected.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct VaultProperties {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enable_purge_protection: Option<bool>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enable_soft_delete: Option<bool>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enable_rbac_authorization: Option<bool>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) public_network_access: Option<String>,
    pub(crate) network_acls: Option<NetworkAcls>,
    /// Absent they are not known, which is not the same as none.
    pub(crate) access_policies: Option<Vec<AccessPolicy>>,
}

/// Its firewall.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NetworkAcls {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) default_action: Option<String>,
}

/// One line of a vault that does not use roles.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AccessPolicy {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) object_id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) permissions: AccessPermissions,
}

/// What it allows on keys.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AccessPermissions {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) keys: Vec<String>,
}

/// A key, without its content.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Key {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: KeyProperties,
}

/// Whether it lives and rotates.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct KeyProperties {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) attributes: KeyAttributes,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) key_uri_with_version: Option<String>,
    pub(crate) rotation_policy: Option<RotationPolicy>,
}

/// Its life.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct KeyAttributes {
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) exp: Option<i64>,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) created: Option<i64>,
}

/// When a new version is made.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RotationPolicy {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) lifetime_actions: Vec<LifetimeAction>,
}

/// What happens when.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LifetimeAction {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) trigger: Trigger,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) action: Action,
}

/// When.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Trigger {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) time_after_create: Option<String>,
}

/// What.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Action {
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
}

/// Where a log goes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DiagnosticSetting {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: DiagnosticProperties,
}

/// Which logs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DiagnosticProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) workspace_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) storage_account_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) event_hub_authorization_rule_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) marketplace_partner_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) log_analytics_destination_type: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) logs: Vec<Log>,
}

/// One log.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Log {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) category: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) category_group: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enabled: Option<bool>,
}
