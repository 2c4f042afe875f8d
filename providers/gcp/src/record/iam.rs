//! iam/v1, iam/v2, iam/admin/v1, recommender/v1: policies, roles, accounts, keys, insights.

use super::{
    lenient::{flag, list, text},
    word::Word,
};
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Policy {
    #[serde(default, deserialize_with = "list")]
    pub(crate) bindings: Vec<Binding>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) audit_configs: Vec<AuditConfig>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Binding {
    #[serde(default, deserialize_with = "text")]
    pub(crate) role: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) members: Vec<String>,
    pub(crate) condition: Option<Condition>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Condition {
    #[serde(default, deserialize_with = "text")]
    pub(crate) expression: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) title: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditConfig {
    #[serde(default, deserialize_with = "text")]
    pub(crate) service: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) audit_log_configs: Vec<AuditLogConfig>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditLogConfig {
    pub(crate) log_type: Option<Word>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) exempted_members: Vec<String>,
}

/// One page of `policies.list`, or one policy read alone.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct DenyPolicies {
    #[serde(default, deserialize_with = "list")]
    pub(crate) policies: Vec<DenyPolicy>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct DenyPolicy {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) rules: Vec<PolicyRule>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyRule {
    pub(crate) deny_rule: Option<DenyRule>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DenyRule {
    #[serde(default, deserialize_with = "list")]
    pub(crate) denied_principals: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) exception_principals: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) denied_permissions: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) exception_permissions: Vec<String>,
    pub(crate) denial_condition: Option<Condition>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Accounts {
    #[serde(default, deserialize_with = "list")]
    pub(crate) accounts: Vec<Account>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    #[serde(default, deserialize_with = "text")]
    pub(crate) email: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) display_name: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) disabled: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Keys {
    #[serde(default, deserialize_with = "list")]
    pub(crate) keys: Vec<Key>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Key {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) valid_after_time: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) disabled: Option<bool>,
    #[serde(rename = "keyType")]
    pub(crate) kind: Option<Word>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Insights {
    #[serde(default, deserialize_with = "list")]
    pub(crate) insights: Vec<Insight>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Insight {
    pub(crate) content: Option<serde_json::Value>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) observation_period: Option<String>,
    pub(crate) state_info: Option<StateInfo>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct StateInfo {
    pub(crate) state: Option<Word>,
}
