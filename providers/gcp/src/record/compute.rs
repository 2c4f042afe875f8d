//! compute/v1: machines, firewalls, networks, routes.

use super::lenient::{flag, list, number, text};
use serde::{Deserialize, de::IgnoredAny};
use std::collections::BTreeMap;

/// One page of a list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Items<T> {
    #[serde(default = "Vec::new", deserialize_with = "list")]
    #[serde(bound(deserialize = "T: Deserialize<'de>"))]
    pub(crate) items: Vec<T>,
    pub(crate) warning: Option<Warning>,
}

/// One page of an aggregated list: what each zone or region holds. A scope without results carries a warning that says
/// so, also when it has results on another page.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Aggregated<S> {
    #[serde(default = "none")]
    #[serde(bound(deserialize = "S: Deserialize<'de>"))]
    pub(crate) items: Option<BTreeMap<String, S>>,
    /// Scopes that did not answer.
    #[serde(default, deserialize_with = "list")]
    pub(crate) unreachables: Vec<String>,
    pub(crate) warning: Option<Warning>,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Warning {
    #[serde(default, deserialize_with = "text")]
    pub(crate) code: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) message: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct InstancesIn {
    #[serde(default, deserialize_with = "list")]
    pub(crate) instances: Vec<Instance>,
    pub(crate) warning: Option<Warning>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct SubnetworksIn {
    #[serde(default, deserialize_with = "list")]
    pub(crate) subnetworks: Vec<Subnetwork>,
    pub(crate) warning: Option<Warning>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct RoutersIn {
    #[serde(default, deserialize_with = "list")]
    pub(crate) routers: Vec<Router>,
    pub(crate) warning: Option<Warning>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instance {
    #[serde(default, deserialize_with = "text")]
    pub(crate) id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) zone: Option<String>,
    #[serde(default)]
    pub(crate) labels: Option<BTreeMap<String, String>>,
    pub(crate) tags: Option<Tags>,
    pub(crate) metadata: Option<Metadata>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) network_interfaces: Vec<NetworkInterface>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) service_accounts: Vec<InstanceAccount>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Tags {
    #[serde(default, deserialize_with = "list")]
    pub(crate) items: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default, deserialize_with = "list")]
    pub(crate) items: Vec<MetadataItem>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct MetadataItem {
    #[serde(default, deserialize_with = "text")]
    pub(crate) key: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) value: Option<String>,
}

impl Metadata {
    /// The value of a key.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.items.iter().find(|item| item.key.as_deref() == Some(key)).and_then(|item| item.value.as_deref())
    }

    /// Whether a key is there, whatever its value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.items.iter().any(|item| item.key.as_deref() == Some(key))
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct InstanceAccount {
    #[serde(default, deserialize_with = "text")]
    pub(crate) email: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkInterface {
    #[serde(default, deserialize_with = "text")]
    pub(crate) network: Option<String>,
    #[serde(default, rename = "networkIP", deserialize_with = "text")]
    pub(crate) network_ip: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) ipv6_address: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) ipv6_access_type: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) access_configs: Vec<AccessConfig>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) ipv6_access_configs: Vec<AccessConfig>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessConfig {
    #[serde(default, rename = "natIP", deserialize_with = "text")]
    pub(crate) nat_ip: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) external_ipv6: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ComputeProject {
    pub(crate) common_instance_metadata: Option<Metadata>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Firewall {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) network: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) direction: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) priority: Option<i64>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) disabled: Option<bool>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) allowed: Vec<Traffic>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) denied: Vec<Traffic>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) source_ranges: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) destination_ranges: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) source_tags: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) source_service_accounts: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) target_tags: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) target_service_accounts: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Traffic {
    #[serde(default, rename = "IPProtocol", alias = "ipProtocol", deserialize_with = "text")]
    pub(crate) protocol: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) ports: Vec<String>,
}

/// The policies that apply to a network, in order of evaluation within each type. The field's odd spelling is Google's.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct EffectiveFirewalls {
    #[serde(default, rename = "firewallPolicys", deserialize_with = "list")]
    pub(crate) policies: Vec<EffectivePolicy>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EffectivePolicy {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) short_name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) display_name: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) priority: Option<i64>,
    /// `HIERARCHY`, `NETWORK`, `NETWORK_REGIONAL`, `SYSTEM_GLOBAL`, `SYSTEM_REGIONAL`.
    #[serde(default, rename = "type", deserialize_with = "text")]
    pub(crate) kind: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) rules: Vec<PolicyRule>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyRule {
    #[serde(default, deserialize_with = "text")]
    pub(crate) action: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) direction: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) priority: Option<i64>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) disabled: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) rule_name: Option<String>,
    #[serde(rename = "match")]
    pub(crate) matcher: Option<PolicyMatch>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) target_secure_tags: Vec<SecureTag>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) target_service_accounts: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) target_resources: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyMatch {
    #[serde(default, deserialize_with = "list")]
    pub(crate) src_ip_ranges: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) dest_ip_ranges: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) src_secure_tags: Vec<SecureTag>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) src_address_groups: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) src_fqdns: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) src_region_codes: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) src_threat_intelligences: Vec<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) src_network_type: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) src_network_context: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) src_networks: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) dest_address_groups: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) dest_fqdns: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) dest_region_codes: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) dest_threat_intelligences: Vec<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) dest_network_type: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) dest_network_context: Option<String>,
    #[serde(default, rename = "layer4Configs", deserialize_with = "list")]
    pub(crate) layer4: Vec<Traffic>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct SecureTag {
    #[serde(default, deserialize_with = "text")]
    pub(crate) state: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Network {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, rename = "networkFirewallPolicyEnforcementOrder", deserialize_with = "text")]
    pub(crate) enforcement_order: Option<String>,
    #[serde(default, rename = "IPv4Range", deserialize_with = "text")]
    pub(crate) legacy_range: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) internal_ipv6_range: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subnetwork {
    #[serde(default, deserialize_with = "text")]
    pub(crate) network: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) ip_cidr_range: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) ipv6_cidr_range: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) external_ipv6_prefix: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) internal_ipv6_prefix: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) secondary_ip_ranges: Vec<SecondaryRange>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecondaryRange {
    #[serde(default, deserialize_with = "text")]
    pub(crate) ip_cidr_range: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Route {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) network: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) dest_range: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) priority: Option<i64>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) tags: Vec<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) next_hop_gateway: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) next_hop_instance: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) next_hop_ip: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) next_hop_network: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) next_hop_peering: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) next_hop_vpn_tunnel: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) next_hop_ilb: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) next_hop_hub: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Router {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) network: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) region: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) nats: Vec<Nat>,
    /// Whom it learns routes from.
    #[serde(default, deserialize_with = "list")]
    pub(crate) bgp_peers: Vec<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Nat {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
}
