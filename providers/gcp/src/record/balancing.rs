//! compute/v1: what stands in front of machines.

use super::{
    compute::Warning,
    lenient::{Member, flag, list, text},
};
use serde::{Deserialize, de::IgnoredAny};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ForwardingRulesIn {
    #[serde(default, deserialize_with = "list")]
    pub(crate) forwarding_rules: Vec<ForwardingRule>,
    pub(crate) warning: Option<Warning>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TargetPoolsIn {
    #[serde(default, deserialize_with = "list")]
    pub(crate) target_pools: Vec<TargetPool>,
    pub(crate) warning: Option<Warning>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ForwardingRule {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    /// Absent for global rules.
    #[serde(default, deserialize_with = "text")]
    pub(crate) region: Option<String>,
    #[serde(default, rename = "IPAddress", deserialize_with = "text")]
    pub(crate) address: Option<String>,
    #[serde(default, rename = "IPProtocol", deserialize_with = "text")]
    pub(crate) protocol: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) port_range: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) ports: Vec<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) all_ports: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) load_balancing_scheme: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) target: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TargetPool {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) region: Option<String>,
    /// Machines by their addresses.
    #[serde(default, deserialize_with = "list")]
    pub(crate) instances: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) health_checks: Vec<IgnoredAny>,
    /// Takes over when too few machines are healthy.
    #[serde(default, deserialize_with = "text")]
    pub(crate) backup_pool: Option<String>,
}

impl Member for ForwardingRule {}

impl Member for TargetPool {
    fn flaw(&self) -> Option<String> {
        self.name.is_none().then(|| "it has no `name`".to_owned())
    }
}
