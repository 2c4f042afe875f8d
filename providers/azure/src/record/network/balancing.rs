//! Load balancers.

use super::{Reference, Sku};
use crate::record::lenient;
use serde::Deserialize;

resource! {
    /// A load balancer.
    LoadBalancer { LoadBalancerProperties, sku: Sku }
}

/// What it forwards. Azure writes down all four lists, also when they are empty: one that is absent is not known.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LoadBalancerProperties {
    #[serde(rename = "frontendIPConfigurations")]
    pub(crate) frontend_ip_configurations: Option<Vec<Frontend>>,
    pub(crate) load_balancing_rules: Option<Vec<Forwarding>>,
    pub(crate) inbound_nat_rules: Option<Vec<Forwarding>>,
    pub(crate) backend_address_pools: Option<Vec<BackendPool>>,
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
    /// The address of an interface, which then points at the pool itself.
    #[serde(rename = "networkInterfaceIPConfiguration")]
    pub(crate) network_interface_ip_configuration: Option<Reference>,
    /// The frontend of a balancer of one region, behind one of all regions.
    #[serde(rename = "loadBalancerFrontendIPConfiguration")]
    pub(crate) load_balancer_frontend_ip_configuration: Option<Reference>,
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
    /// Where a private one stands.
    pub(crate) subnet: Option<Reference>,
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
