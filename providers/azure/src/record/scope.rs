//! Subscriptions, api-version 2022-12-01, and what lies below a management group, 2023-04-01.

use super::lenient;
use serde::Deserialize;

/// A subscription.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Subscription {
    #[serde(rename = "subscriptionId", deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) display_name: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) state: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) tenant_id: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) managed_by_tenants: Vec<Tenant>,
}

/// A tenant that manages the subscription from outside (Azure Lighthouse).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Tenant {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) tenant_id: Option<String>,
}

/// Something below a management group.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Descendant {
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub(crate) kind: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[cfg(feature = "collect")]
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: DescendantProperties,
}

impl Descendant {
    /// Whether it is a subscription and no management group.
    pub(crate) fn is_subscription(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| kind.to_ascii_lowercase().ends_with("/subscriptions"))
    }
}

/// Its name for people.
#[cfg(feature = "collect")]
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DescendantProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) display_name: Option<String>,
}
