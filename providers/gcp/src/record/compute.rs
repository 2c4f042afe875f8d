//! compute/v1: machines, firewalls, networks, routes.

use super::lenient::{Member, flag, list, number, text};
use palisade_reach::parse_net;
use serde::{Deserialize, de::IgnoredAny};
use std::{collections::BTreeMap, net::IpAddr};

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

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Traffic {
    #[serde(default, rename = "IPProtocol", alias = "ipProtocol", deserialize_with = "text")]
    pub(crate) protocol: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) ports: Vec<String>,
}

/// The policies that apply to a network, in order of evaluation within each type. The field's odd spelling is Google's.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct EffectiveFirewalls<P = EffectivePolicy> {
    #[serde(default = "Vec::new", rename = "firewallPolicys", deserialize_with = "list")]
    #[serde(bound(deserialize = "P: Deserialize<'de>"))]
    pub(crate) policies: Vec<P>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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
    /// Why there are further rules, of which nothing is known.
    #[serde(skip)]
    pub(crate) unread: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) region: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) private_ip_google_access: Option<bool>,
    pub(crate) log_config: Option<FlowLog>,
    /// Deprecated predecessor of `logConfig`.
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enable_flow_logs: Option<bool>,
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
pub(crate) struct FlowLog {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enable: Option<bool>,
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

/// Why a member of a list cannot be placed: it does not say what it belongs to.
fn lacks<T>(field: Option<&T>, name: &str) -> Option<String> {
    field.is_none().then(|| format!("it has no `{name}`"))
}

/// The first text that is no prefix. Nothing is as good as one: what is absent is nowhere.
fn no_prefix<'a>(texts: impl IntoIterator<Item = &'a String>) -> Option<String> {
    texts
        .into_iter()
        .find(|text| !text.is_empty() && parse_net(text).is_err())
        .map(|text| format!("`{text}` is no prefix"))
}

/// The first text that is no address.
fn no_address<'a>(texts: impl IntoIterator<Item = &'a String>) -> Option<String> {
    let odd = |text: &&String| !text.is_empty() && text.parse::<IpAddr>().is_err();
    texts.into_iter().find(odd).map(|text| format!("`{text}` is no address"))
}

impl Member for Instance {
    fn flaw(&self) -> Option<String> {
        let interfaces = || self.network_interfaces.iter();
        let configs = || interfaces().flat_map(|one| one.access_configs.iter().chain(&one.ipv6_access_configs));
        let own = interfaces().flat_map(|one| one.network_ip.iter().chain(&one.ipv6_address));
        let external = configs().flat_map(|config| config.nat_ip.iter().chain(&config.external_ipv6));
        let items = self.metadata.iter().flat_map(|metadata| &metadata.items);
        lacks(self.zone.as_ref(), "zone")
            .or_else(|| interfaces().find_map(|one| lacks(one.network.as_ref(), "networkInterfaces/network")))
            .or_else(|| no_address(own.chain(external)))
            .or_else(|| self.service_accounts.iter().find_map(|one| lacks(one.email.as_ref(), "serviceAccounts/email")))
            .or_else(|| items.into_iter().find_map(|item| lacks(item.key.as_ref(), "metadata/items/key")))
    }
}

impl Member for Firewall {
    fn flaw(&self) -> Option<String> {
        let nothing = self.allowed.is_empty() && self.denied.is_empty();
        lacks(self.network.as_ref(), "network")
            .or_else(|| nothing.then(|| "it says neither what is allowed nor what is denied".to_owned()))
    }
}

impl Member for PolicyRule {
    fn flaw(&self) -> Option<String> {
        lacks(self.priority.as_ref(), "priority")
    }
}

impl Member for Network {
    fn flaw(&self) -> Option<String> {
        lacks(self.name.as_ref(), "name")
            .or_else(|| no_prefix(self.legacy_range.iter().chain(&self.internal_ipv6_range)))
    }
}

impl Member for Subnetwork {
    fn flaw(&self) -> Option<String> {
        let own = [&self.ip_cidr_range, &self.ipv6_cidr_range, &self.external_ipv6_prefix, &self.internal_ipv6_prefix];
        let secondary = self.secondary_ip_ranges.iter().filter_map(|range| range.ip_cidr_range.as_ref());
        lacks(self.network.as_ref(), "network").or_else(|| no_prefix(own.into_iter().flatten().chain(secondary)))
    }
}

impl Member for Route {
    fn flaw(&self) -> Option<String> {
        lacks(self.network.as_ref(), "network")
            .or_else(|| lacks(self.dest_range.as_ref(), "destRange"))
            .or_else(|| no_prefix(&self.dest_range))
    }
}

impl Member for Router {
    fn flaw(&self) -> Option<String> {
        lacks(self.network.as_ref(), "network").or_else(|| lacks(self.region.as_ref(), "region"))
    }
}
