//! `Microsoft.Network`, api-version 2026-03-01, and the network views of scale sets, 2018-10-01.

use super::lenient;
use serde::Deserialize;

/// A pointer to another resource. One that does not say to which is no pointer: what holds it cannot be read, because
/// "nothing is attached" would be an answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Reference {
    #[serde(deserialize_with = "lenient::name")]
    pub(crate) id: String,
}

macro_rules! resource {
    ($(#[$doc:meta])* $name:ident { $properties:ty $(, $field:ident: $kind:ty)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        pub(crate) struct $name {
            #[serde(deserialize_with = "lenient::text")]
            pub(crate) id: Option<String>,
            #[serde(deserialize_with = "lenient::text")]
            pub(crate) name: Option<String>,
            $(#[serde(deserialize_with = "lenient::object")]
            pub(crate) $field: $kind,)*
            #[serde(deserialize_with = "lenient::object")]
            pub(crate) properties: $properties,
        }
    };
}

mod balancing;
mod filtering;

pub(crate) use balancing::{BackendAddress, ForwardingProperties, LoadBalancer};
pub(crate) use filtering::{AdminRule, SecurityGroup, SecurityRule};

resource! {
    /// A virtual network.
    Network { NetworkProperties }
}

/// Its addresses, subnets and neighbours.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NetworkProperties {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) address_space: AddressSpace,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) subnets: Vec<Subnet>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) virtual_network_peerings: Vec<Peering>,
}

/// Prefixes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AddressSpace {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) address_prefixes: Vec<String>,
}

resource! {
    /// A subnet.
    Subnet { SubnetProperties }
}

/// Its addresses and what is attached to it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SubnetProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) address_prefix: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) address_prefixes: Vec<String>,
    pub(crate) network_security_group: Option<Reference>,
    pub(crate) route_table: Option<Reference>,
    pub(crate) nat_gateway: Option<Reference>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) private_endpoint_network_policies: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) default_outbound_access: Option<bool>,
    /// Every address that is in use, by what uses it.
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) ip_configurations: Vec<serde_json::Value>,
}

resource! {
    /// What a subscription watches networks with, one for each region.
    Watcher { WatcherProperties }
}

/// Nothing of it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct WatcherProperties {}

resource! {
    /// A record of traffic.
    FlowLog { FlowLogProperties }
}

/// Whose traffic, and whether it is recorded now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FlowLogProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) target_resource_id: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) enabled: Option<bool>,
}

resource! {
    /// A peering with another network.
    Peering { PeeringProperties }
}

/// What it connects.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PeeringProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) peering_state: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) allow_virtual_network_access: Option<bool>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) use_remote_gateways: Option<bool>,
    pub(crate) remote_address_space: Option<AddressSpace>,
    pub(crate) remote_virtual_network_address_space: Option<AddressSpace>,
}

resource! {
    /// A route table.
    RouteTable { RouteTableProperties }
}

/// Its routes: absent they are not known, which is not the same as none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RouteTableProperties {
    pub(crate) routes: Option<Vec<Route>>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) disable_bgp_route_propagation: Option<bool>,
}

resource! {
    /// A route.
    Route { RouteProperties }
}

/// Where it leads.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RouteProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) address_prefix: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) next_hop_type: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) next_hop_ip_address: Option<String>,
}

/// What an address or a load balancer costs, and how it behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Sku {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
}

resource! {
    /// A public address.
    PublicAddress { PublicAddressProperties, sku: Sku }
}

/// The address itself.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PublicAddressProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) ip_address: Option<String>,
    pub(crate) ip_configuration: Option<Reference>,
}

resource! {
    /// A network interface.
    Interface { InterfaceProperties }
}

/// Its addresses and its guard.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct InterfaceProperties {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) ip_configurations: Vec<AddressConfiguration>,
    pub(crate) network_security_group: Option<Reference>,
    pub(crate) virtual_machine: Option<Reference>,
}

resource! {
    /// One address of an interface.
    AddressConfiguration { AddressConfigurationProperties }
}

/// Where it is and what leads to it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AddressConfigurationProperties {
    #[serde(rename = "privateIPAddress", deserialize_with = "lenient::text")]
    pub(crate) private_ip_address: Option<String>,
    #[serde(rename = "privateIPAddressVersion", deserialize_with = "lenient::text")]
    pub(crate) private_ip_address_version: Option<String>,
    #[serde(deserialize_with = "lenient::flag")]
    pub(crate) primary: Option<bool>,
    pub(crate) subnet: Option<Reference>,
    #[serde(rename = "publicIPAddress")]
    pub(crate) public_ip_address: Option<Reference>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) application_security_groups: Vec<Reference>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) load_balancer_backend_address_pools: Vec<Reference>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) load_balancer_inbound_nat_rules: Vec<Reference>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) application_gateway_backend_address_pools: Vec<Reference>,
}

impl Interface {
    /// Whether one of its addresses has a public one.
    pub(crate) fn has_public_address(&self) -> bool {
        self.properties.ip_configurations.iter().any(|address| address.properties.public_ip_address.is_some())
    }
}
