//! `Microsoft.ManagedIdentity`, api-version 2024-11-30.

use super::lenient;
use serde::Deserialize;

/// A user-assigned identity.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct UserAssignedIdentity {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: Ids,
}

/// Its ids.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Ids {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) principal_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) tenant_id: Option<String>,
}

/// Whose tokens become an identity.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FederatedCredential {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: FederatedProperties,
}

/// Issuer, subject and audience.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FederatedProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) issuer: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) subject: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) audiences: Vec<String>,
    pub(crate) claims_matching_expression: Option<Expression>,
}

/// A flexible credential's expression.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Expression {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) value: Option<String>,
}
