//! Maintenance windows, versions, locks and preview features.

use super::lenient;
use serde::Deserialize;

/// `maintenanceConfigurations`, api-version 2026-08-01.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Maintenance {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: MaintenanceProperties,
}

/// When it may happen and when not.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct MaintenanceProperties {
    /// Of the configuration `default`.
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) time_in_week: Vec<serde::de::IgnoredAny>,
    /// Of the configuration `default`.
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) not_allowed_time: Vec<Span>,
    pub(crate) maintenance_window: Option<Window>,
}

/// When upgrades may happen.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Window {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) not_allowed_dates: Vec<Span>,
}

/// From and until: moments, or days.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Span {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) start: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) end: Option<String>,
}

/// `locations/kubernetesVersions`, api-version 2026-08-01. Without `values` it is not an answer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct KubernetesVersions {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) values: Vec<KubernetesVersion>,
}

/// A minor version that AKS offers in a region.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct KubernetesVersion {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) version: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) is_preview: Option<bool>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) capabilities: Capabilities,
}

/// For whom.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Capabilities {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) support_plan: Vec<String>,
}

/// `Microsoft.Authorization/locks`, api-version 2020-05-01.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Lock {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: LockProperties,
}

/// What it forbids.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct LockProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) level: Option<String>,
}

/// `Microsoft.Features`, api-version 2021-07-01.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Feature {
    /// `Microsoft.ContainerService/NAME`.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: FeatureProperties,
}

/// Whether the subscription is registered for it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct FeatureProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) state: Option<String>,
}
