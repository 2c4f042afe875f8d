//! `Microsoft.Authorization`, policies: assignments 2022-06-01, exemptions 2022-07-01-preview, definitions 2021-06-01.

use super::lenient;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A policy, or a set of them, that holds somewhere.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicyAssignment {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: PolicyAssignmentProperties,
}

/// What holds where, and how.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicyAssignmentProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) policy_definition_id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) scope: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) not_scopes: Vec<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) parameters: Values,
    /// `Default` where absent.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) enforcement_mode: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) overrides: Vec<Value>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) resource_selectors: Vec<Value>,
}

/// Values of parameters, by name.
pub(crate) type Values = BTreeMap<String, ParameterValue>;

/// The value of a parameter.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ParameterValue {
    pub(crate) value: Option<Value>,
}

/// Parameters that a definition takes, by name.
pub(crate) type Parameters = BTreeMap<String, Parameter>;

/// A parameter.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Parameter {
    pub(crate) default_value: Option<Value>,
}

/// What is let off an assignment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicyExemption {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: PolicyExemptionProperties,
}

/// Off what.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicyExemptionProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) policy_assignment_id: Option<String>,
    /// Of a set, the members alone that it lets off; all of them when empty.
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) policy_definition_reference_ids: Vec<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) expires_on: Option<String>,
}

/// A set of policies.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicySet {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: PolicySetProperties,
}

/// Its parameters and its members.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicySetProperties {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) parameters: Parameters,
    /// Absent they are not known, which is not the same as none.
    pub(crate) policy_definitions: Option<Vec<SetMember>>,
}

/// A policy in a set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SetMember {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) policy_definition_id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) parameters: Values,
}

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicyDefinition {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: PolicyDefinitionProperties,
}

/// Its parameters and its rule.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PolicyDefinitionProperties {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) parameters: Parameters,
    /// The rule of the policy language: a condition and an effect.
    pub(crate) policy_rule: Option<Value>,
}
