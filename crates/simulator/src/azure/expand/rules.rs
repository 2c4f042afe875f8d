//! Network security groups and their rules on the wire.

use serde_json::{Map, Value, json};

use crate::azure::description::Rule;

/// A rule as ARM shows it: a list of one in the singular field, longer lists in the plural one.
pub(super) fn rule(group: &str, rule: &Rule) -> Value {
    let mut properties = Map::new();
    if let Some(description) = &rule.description {
        properties.insert("description".to_owned(), json!(description));
    }
    properties.insert("provisioningState".to_owned(), json!("Succeeded"));
    properties.insert("protocol".to_owned(), json!(rule.protocol));
    sides(&mut properties, "sourcePortRange", &rule.source_ports);
    sides(&mut properties, "destinationPortRange", &rule.ports);
    sides(&mut properties, "sourceAddressPrefix", &rule.from);
    sides(&mut properties, "destinationAddressPrefix", &rule.to);
    properties.insert("access".to_owned(), json!(rule.access));
    properties.insert("priority".to_owned(), json!(rule.priority));
    properties.insert("direction".to_owned(), json!(rule.direction));
    named(group, "securityRules", &rule.name, &properties)
}

/// A security admin rule as it is told of a network it holds in.
pub(super) fn admin(rule: &Rule) -> Value {
    let prefixes = |all: &[String]| {
        let kind = |text: &str| {
            if text.starts_with(|letter: char| letter.is_ascii_digit() || letter == '*') {
                "IPPrefix"
            } else {
                "ServiceTag"
            }
        };
        all.iter().map(|text| json!({ "addressPrefix": text, "addressPrefixType": kind(text) })).collect::<Vec<_>>()
    };
    let ports = |all: &[String]| {
        all.iter().map(|text| if text == "*" { "0-65535".to_owned() } else { text.clone() }).collect::<Vec<_>>()
    };
    json!({
        "id": format!("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/hub/providers/Microsoft.Network/networkManagers/hub/securityAdminConfigurations/base/ruleCollections/base/rules/{}", rule.name),
        "kind": "Custom",
        "configurationDescription": "base",
        "ruleCollectionDescription": "base",
        "properties": {
            "access": rule.access,
            "direction": rule.direction,
            "priority": rule.priority,
            "protocol": if rule.protocol == "*" { "Any" } else { &rule.protocol },
            "sources": prefixes(&rule.from),
            "destinations": prefixes(&rule.to),
            "sourcePortRanges": ports(&rule.source_ports),
            "destinationPortRanges": ports(&rule.ports),
            "provisioningState": "Succeeded",
        },
    })
}

/// The six rules that every group ends with.
pub(super) fn defaults(group: &str) -> Vec<Value> {
    let default = |name: &str, priority: u32, access: &str, direction: &str, from: &str, to: &str| {
        let mut properties = Map::new();
        properties.insert("provisioningState".to_owned(), json!("Succeeded"));
        properties.insert("description".to_owned(), json!(format!("{access} rule that cannot be removed")));
        properties.insert("protocol".to_owned(), json!("*"));
        for (field, value) in [
            ("sourcePortRange", "*"),
            ("destinationPortRange", "*"),
            ("sourceAddressPrefix", from),
            ("destinationAddressPrefix", to),
        ] {
            properties.insert(field.to_owned(), json!(value));
        }
        properties.insert("access".to_owned(), json!(access));
        properties.insert("priority".to_owned(), json!(priority));
        properties.insert("direction".to_owned(), json!(direction));
        named(group, "defaultSecurityRules", name, &properties)
    };
    vec![
        default("AllowVnetInBound", 65000, "Allow", "Inbound", "VirtualNetwork", "VirtualNetwork"),
        default("AllowAzureLoadBalancerInBound", 65001, "Allow", "Inbound", "AzureLoadBalancer", "*"),
        default("DenyAllInBound", 65500, "Deny", "Inbound", "*", "*"),
        default("AllowVnetOutBound", 65000, "Allow", "Outbound", "VirtualNetwork", "VirtualNetwork"),
        default("AllowInternetOutBound", 65001, "Allow", "Outbound", "*", "Internet"),
        default("DenyAllOutBound", 65500, "Deny", "Outbound", "*", "*"),
    ]
}

fn sides(properties: &mut Map<String, Value>, field: &str, values: &[String]) {
    let (one, many): (Option<&String>, &[String]) = match values {
        [one] => (Some(one), &[]),
        many => (None, many),
    };
    if let Some(one) = one {
        properties.insert(field.to_owned(), json!(one));
    }
    let plural = if field.ends_with('x') { format!("{field}es") } else { format!("{field}s") };
    properties.insert(plural, json!(many));
}

fn named(group: &str, collection: &str, name: &str, properties: &Map<String, Value>) -> Value {
    json!({
        "name": name,
        "id": format!("{group}/{collection}/{name}"),
        "type": format!("Microsoft.Network/networkSecurityGroups/{collection}"),
        "properties": properties,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_prefix_is_singular_and_two_are_plural() {
        let written = Rule {
            name: "ssh".to_owned(),
            from: vec!["0.0.0.0/1".to_owned(), "128.0.0.0/1".to_owned()],
            ports: vec!["22".to_owned()],
            ..Rule::default()
        };
        let wire = rule("/nsg", &written);
        let properties = &wire["properties"];
        assert_eq!(properties["sourceAddressPrefixes"], json!(["0.0.0.0/1", "128.0.0.0/1"]));
        assert_eq!(properties.get("sourceAddressPrefix"), None);
        assert_eq!(properties["destinationPortRange"], json!("22"));
        assert_eq!(properties["destinationPortRanges"], json!([]));
    }

    #[test]
    fn every_group_ends_with_the_six_rules_that_azure_adds() {
        let all = defaults("/nsg");
        assert_eq!(all.len(), 6);
        assert_eq!(all[2]["properties"]["access"], "Deny");
    }
}
