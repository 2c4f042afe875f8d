//! `Microsoft.Compute` scale sets, api-version 2026-04-01.

use super::{Reference, lenient};
use crate::record::network::Sku;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A scale set: the machines of one node pool.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ScaleSet {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    pub(crate) tags: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) sku: Size,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) identity: Identity,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: Properties,
}

/// How many machines it is to have.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Size {
    #[serde(deserialize_with = "lenient::number")]
    pub(crate) capacity: Option<i64>,
}

/// Something else that carries identities: a single virtual machine, api-version 2026-04-01, or an Automation account,
/// 2024-10-23.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Carrier {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) identity: Identity,
}

/// Which identities its machines carry: one of its own, and others by their names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::zero_sized_map_values, reason = "it is a map in the answer, and only its keys are read")]
pub(crate) struct Identity {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) principal_id: Option<String>,
    pub(crate) user_assigned_identities: Option<BTreeMap<String, serde::de::IgnoredAny>>,
}

/// What a new machine looks like, and of what kind the set is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Properties {
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) orchestration_mode: Option<String>,
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) virtual_machine_profile: MachineProfile,
}

/// A machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct MachineProfile {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) network_profile: NetworkProfile,
}

/// Its interfaces.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NetworkProfile {
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) network_interface_configurations: Vec<InterfaceTemplate>,
}

/// One interface.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct InterfaceTemplate {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: InterfaceTemplateProperties,
}

/// Its guard and its addresses.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct InterfaceTemplateProperties {
    pub(crate) network_security_group: Option<Reference>,
    #[serde(deserialize_with = "lenient::list")]
    pub(crate) ip_configurations: Vec<AddressTemplate>,
}

/// One address.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AddressTemplate {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) properties: AddressTemplateProperties,
}

/// Where it is, and whether a public one comes with it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AddressTemplateProperties {
    pub(crate) subnet: Option<Reference>,
    #[serde(rename = "publicIPAddressConfiguration")]
    pub(crate) public_ip_address_configuration: Option<PublicAddressTemplate>,
}

/// A public address that every new machine gets.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PublicAddressTemplate {
    #[serde(deserialize_with = "lenient::object")]
    pub(crate) sku: Sku,
}

impl ScaleSet {
    /// The addresses of a new machine, interface by interface.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &AddressTemplateProperties> {
        let interfaces = &self.properties.virtual_machine_profile.network_profile.network_interface_configurations;
        interfaces
            .iter()
            .flat_map(|interface| &interface.properties.ip_configurations)
            .map(|address| &address.properties)
    }

    /// The subnet of a new machine.
    pub(crate) fn subnet(&self) -> Option<&str> {
        self.addresses().find_map(|address| Some(address.subnet.as_ref()?.id.as_str()))
    }

    /// The guard of a new machine's interfaces.
    pub(crate) fn security_group(&self) -> Option<&str> {
        let interfaces = &self.properties.virtual_machine_profile.network_profile.network_interface_configurations;
        interfaces.iter().find_map(|interface| Some(interface.properties.network_security_group.as_ref()?.id.as_str()))
    }

    /// A tag's text.
    pub(crate) fn tag(&self, name: &str) -> Option<&str> {
        let tags = self.tags.as_ref()?;
        tags.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(name))?.1.as_str()
    }
}
