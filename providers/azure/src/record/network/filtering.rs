//! Security groups and security admin rules.

use super::Reference;
use crate::record::lenient;
use serde::Deserialize;

resource! {
    /// A network security group.
    SecurityGroup { SecurityGroupProperties }
}

/// Its rules: absent they are not known, which is not the same as none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SecurityGroupProperties {
    pub(crate) security_rules: Option<Vec<SecurityRule>>,
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
        // One that says nothing may mean anything: it stays as a word that nobody knows.
        let prefix = |one: &AdminPrefix| one.address_prefix.clone().unwrap_or_else(|| "(no prefix)".to_owned());
        let prefixes = |all: &[AdminPrefix]| all.iter().map(prefix).collect();
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
