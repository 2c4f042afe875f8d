//! `Microsoft.Network`, api-version 2026-03-01, and the network views of scale sets, 2018-10-01.

use super::lenient;
use serde::Deserialize;

/// A pointer to another resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Reference {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
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

resource! {
    /// A network security group.
    SecurityGroup { SecurityGroupProperties }
}

/// Its rules.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SecurityGroupProperties {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) security_rules: Vec<SecurityRule>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) default_security_rules: Vec<SecurityRule>,
}

resource! {
    /// One rule.
    SecurityRule { SecurityRuleProperties }
}

/// What it matches and does. Singular and plural fields add up.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SecurityRuleProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) protocol: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) access: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) direction: Option<String>,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) priority: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) source_address_prefix: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) source_address_prefixes: Vec<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) source_application_security_groups: Vec<Reference>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) source_port_range: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) source_port_ranges: Vec<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) destination_address_prefix: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) destination_address_prefixes: Vec<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) destination_application_security_groups: Vec<Reference>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) destination_port_range: Option<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) destination_port_ranges: Vec<String>,
}

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

/// Its routes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RouteTableProperties {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) routes: Vec<Route>,
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
    /// One security admin rule of Virtual Network Manager, as it holds in a network.
    AdminRule { AdminRuleProperties }
}

/// What it matches and does.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AdminRuleProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) protocol: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) access: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) direction: Option<String>,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) priority: Option<i64>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) sources: Vec<AdminPrefix>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) destinations: Vec<AdminPrefix>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) source_port_ranges: Vec<String>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) destination_port_ranges: Vec<String>,
}

/// A prefix, a service tag or a network group.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AdminPrefix {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) address_prefix: Option<String>,
}

impl AdminRule {
    /// As people know it.
    pub(crate) fn called(&self) -> &str {
        let id = self.id.as_deref().map(crate::arm::name);
        self.name.as_deref().or(id).unwrap_or("a rule")
    }

    /// The same in the words of a security group's rules: both match alike.
    pub(crate) fn as_security_rule(&self) -> SecurityRule {
        let properties = &self.properties;
        let prefixes = |all: &[AdminPrefix]| all.iter().filter_map(|one| one.address_prefix.clone()).collect();
        let protocol =
            properties.protocol.as_deref().map(|word| if word.eq_ignore_ascii_case("Any") { "*" } else { word });
        SecurityRule {
            id: self.id.clone(),
            name: Some(self.called().to_owned()),
            properties: SecurityRuleProperties {
                protocol: protocol.map(str::to_owned),
                direction: properties.direction.clone(),
                priority: properties.priority,
                source_address_prefixes: prefixes(&properties.sources),
                destination_address_prefixes: prefixes(&properties.destinations),
                source_port_ranges: properties.source_port_ranges.clone(),
                destination_port_ranges: properties.destination_port_ranges.clone(),
                ..SecurityRuleProperties::default()
            },
        }
    }
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

resource! {
    /// A load balancer.
    LoadBalancer { LoadBalancerProperties, sku: Sku }
}

/// What it forwards.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LoadBalancerProperties {
    #[serde(rename = "frontendIPConfigurations", deserialize_with = "lenient::list")]
    pub(crate) frontend_ip_configurations: Vec<Frontend>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) load_balancing_rules: Vec<Forwarding>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) inbound_nat_rules: Vec<Forwarding>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) backend_address_pools: Vec<BackendPool>,
}

resource! {
    /// Where a load balancer forwards to.
    BackendPool { BackendPoolProperties }
}

/// Members that are listed by their addresses; others point at the pool themselves.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct BackendPoolProperties {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) load_balancer_backend_addresses: Vec<BackendAddress>,
    pub(crate) virtual_network: Option<Reference>,
}

resource! {
    /// One listed member.
    BackendAddress { BackendAddressProperties }
}

/// Its address.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct BackendAddressProperties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) ip_address: Option<String>,
    pub(crate) virtual_network: Option<Reference>,
    pub(crate) subnet: Option<Reference>,
}

resource! {
    /// An address a load balancer listens on.
    Frontend { FrontendProperties }
}

/// The address.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FrontendProperties {
    #[serde(rename = "publicIPAddress")]
    pub(crate) public_ip_address: Option<Reference>,
    #[serde(rename = "publicIPPrefix")]
    pub(crate) public_ip_prefix: Option<Reference>,
}

resource! {
    /// A load balancing rule, or an inbound NAT rule.
    Forwarding { ForwardingProperties }
}

/// From where to where.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ForwardingProperties {
    #[serde(rename = "frontendIPConfiguration")]
    pub(crate) frontend_ip_configuration: Option<Reference>,
    pub(crate) backend_address_pool: Option<Reference>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) backend_address_pools: Vec<Reference>,
    #[serde(rename = "backendIPConfiguration")]
    pub(crate) backend_ip_configuration: Option<Reference>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) protocol: Option<String>,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) frontend_port: Option<i64>,
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) backend_port: Option<i64>,
    #[serde(rename = "enableFloatingIP", deserialize_with = "lenient::flag")]
    pub(crate) enable_floating_ip: Option<bool>,
}

impl Interface {
    /// Whether one of its addresses has a public one.
    pub(crate) fn has_public_address(&self) -> bool {
        self.properties.ip_configurations.iter().any(|address| address.properties.public_ip_address.is_some())
    }
}
