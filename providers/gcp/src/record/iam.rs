//! iam/v1, iam/v2, iam/admin/v1, recommender/v1: policies, roles, accounts, keys, insights.

use super::{
    lenient::{Member, flag, list, text},
    word::Word,
};
use serde::Deserialize;
use serde_json::Value;

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

/// A part of a policy that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) pointer: String,
    pub(crate) why: String,
}

impl Policy {
    /// Reads a policy binding by binding and setting by setting: one that cannot be read does not hide its neighbours.
    pub(crate) fn in_parts(body: &Value) -> (Self, Vec<Flaw>) {
        let mut policy = Self::default();
        let mut flaws = Vec::new();
        match body.as_object() {
            Some(_) => {
                policy.bindings = members(body, "bindings", &mut flaws);
                policy.audit_configs = members(body, "auditConfigs", &mut flaws);
            }
            None => flaws.push(Flaw { pointer: String::new(), why: "it is no object".to_owned() }),
        }
        (policy, flaws)
    }
}

fn members<T: Member>(body: &Value, field: &str, flaws: &mut Vec<Flaw>) -> Vec<T> {
    let list = match body.get(field) {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => {
            flaws.push(Flaw { pointer: format!("/{field}"), why: "it is no list".to_owned() });
            return Vec::new();
        }
    };
    let mut read = Vec::new();
    for (place, value) in list.iter().enumerate() {
        let member = T::deserialize(value).map_err(|error| error.to_string());
        match member.and_then(|member| member.flaw().map_or(Ok(member), Err)) {
            Ok(member) => read.push(member),
            Err(why) => flaws.push(Flaw { pointer: format!("/{field}/{place}"), why }),
        }
    }
    read
}

impl Member for Binding {
    fn flaw(&self) -> Option<String> {
        self.role.as_deref().is_none_or(str::is_empty).then(|| "it binds no `role`".to_owned())
    }
}

impl Member for AuditConfig {}

impl Member for Account {
    fn flaw(&self) -> Option<String> {
        self.email.as_deref().is_none_or(str::is_empty).then(|| "it has no `email`".to_owned())
    }
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

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Accounts<A = Account> {
    #[serde(default = "Vec::new", deserialize_with = "list")]
    #[serde(bound(deserialize = "A: Deserialize<'de>"))]
    pub(crate) accounts: Vec<A>,
}

impl<A> Default for Accounts<A> {
    fn default() -> Self {
        Self { accounts: Vec::new() }
    }
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
    pub(crate) content: Option<Value>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) observation_period: Option<String>,
    pub(crate) state_info: Option<StateInfo>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct StateInfo {
    pub(crate) state: Option<Word>,
}
