//! Firewall rules and firewall policies on the wire.

use serde_json::{Value, json};

use crate::gcp::description::{Firewall, Policy, PolicyRule};
use crate::gcp::ids::{self, COMPUTE};
use crate::gcp::wire::set;

/// A VPC firewall rule. Compute Engine leaves a list out when it is empty, and says what is false.
pub(super) fn firewall(project: &str, network: &str, rule: &Firewall) -> Value {
    let link = format!("{COMPUTE}/projects/{project}/global/firewalls/{}", rule.name);
    let mut body = json!({
        "kind": "compute#firewall",
        "id": ids::number(&link),
        "creationTimestamp": "2026-01-15T01:30:00.123-08:00",
        "name": rule.name,
        "description": rule.description,
        "network": format!("{COMPUTE}/projects/{project}/global/networks/{network}"),
        "priority": rule.priority,
        "direction": rule.direction,
        "logConfig": {"enable": false},
        "disabled": rule.disabled,
        "selfLink": link,
    });
    for (field, values) in [
        ("sourceRanges", &rule.from),
        ("destinationRanges", &rule.to),
        ("sourceTags", &rule.from_tags),
        ("sourceServiceAccounts", &rule.from_accounts),
        ("targetTags", &rule.to_tags),
        ("targetServiceAccounts", &rule.to_accounts),
    ] {
        if !values.is_empty() {
            set(&mut body, field, json!(values));
        }
    }
    for (field, protocols) in [("allowed", &rule.allow), ("denied", &rule.deny)] {
        if !protocols.is_empty() {
            set(&mut body, field, protocols.iter().map(|written| protocol("IPProtocol", written)).collect());
        }
    }
    body
}

/// A policy as `getEffectiveFirewalls` of a network shows it.
pub(super) fn effective(kind: &str, policy: &Policy) -> Value {
    let mut rules: Vec<Value> = policy.rules.iter().map(rule).collect();
    rules.extend(lasts());
    let mut body = json!({"type": kind, "name": policy.name, "rules": rules});
    if kind == "HIERARCHY" {
        // Hierarchical policies are called by a number and show their name to people only.
        set(&mut body, "name", json!(ids::number(&policy.name)));
        set(&mut body, "shortName", json!(policy.name));
        set(&mut body, "displayName", json!(policy.name));
    }
    body
}

/// The same policy as `getEffectiveFirewalls` of a region shows it: without its short name.
pub(super) fn effective_in_region(mut policy: Value) -> Value {
    if let Some(fields) = policy.as_object_mut() {
        fields.remove("shortName");
    }
    policy
}

fn rule(rule: &PolicyRule) -> Value {
    let mut matcher = json!({
        "layer4Configs": rule.protocols.iter().map(|written| protocol("ipProtocol", written)).collect::<Vec<_>>(),
    });
    for (field, values) in
        [("srcIpRanges", &rule.from), ("destIpRanges", &rule.to), ("srcRegionCodes", &rule.from_regions)]
    {
        if !values.is_empty() {
            set(&mut matcher, field, json!(values));
        }
    }
    let tags = |names: &[String]| -> Vec<Value> {
        names.iter().map(|name| json!({"name": name, "state": "EFFECTIVE"})).collect()
    };
    if !rule.from_secure_tags.is_empty() {
        set(&mut matcher, "srcSecureTags", json!(tags(&rule.from_secure_tags)));
    }
    let mut body = json!({
        "kind": "compute#firewallPolicyRule",
        "priority": rule.priority,
        "action": rule.action,
        "direction": rule.direction,
        "description": rule.description,
        "match": matcher,
        "enableLogging": false,
        "disabled": rule.disabled,
        "ruleTupleCount": 2,
    });
    if !rule.to_secure_tags.is_empty() {
        set(&mut body, "targetSecureTags", json!(tags(&rule.to_secure_tags)));
    }
    if !rule.to_accounts.is_empty() {
        set(&mut body, "targetServiceAccounts", json!(rule.to_accounts));
    }
    body
}

/// The four rules that every policy ends with.
fn lasts() -> impl Iterator<Item = Value> {
    [
        (2_147_483_644_u32, "EGRESS", "::/0"),
        (2_147_483_645, "INGRESS", "::/0"),
        (2_147_483_646, "EGRESS", "0.0.0.0/0"),
        (2_147_483_647, "INGRESS", "0.0.0.0/0"),
    ]
    .into_iter()
    .map(|(priority, direction, range)| {
        let last = PolicyRule {
            priority,
            action: "goto_next".to_owned(),
            direction: direction.to_owned(),
            description: format!("default {} rule", direction.to_ascii_lowercase()),
            from: if direction == "INGRESS" { vec![range.to_owned()] } else { Vec::new() },
            to: if direction == "EGRESS" { vec![range.to_owned()] } else { Vec::new() },
            ..PolicyRule::default()
        };
        rule(&last)
    })
}

/// `tcp:22,80-90` and `icmp`.
fn protocol(field: &str, written: &str) -> Value {
    match written.split_once(':') {
        None => json!({field: written}),
        Some((name, ports)) => json!({field: name, "ports": ports.split(',').collect::<Vec<_>>()}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_without_sources_has_no_field_for_them() {
        let written = Firewall { name: "r".to_owned(), allow: vec!["tcp:22".to_owned()], ..Firewall::default() };
        let wire = firewall("p", "n", &written);
        assert_eq!(wire.get("sourceRanges"), None);
        assert_eq!(wire["allowed"], json!([{"IPProtocol": "tcp", "ports": ["22"]}]));
        assert_eq!(wire["disabled"], json!(false));
    }

    #[test]
    fn a_policy_ends_by_passing_everything_on() {
        let wire = effective("NETWORK", &Policy { name: "p".to_owned(), rules: Vec::new() });
        let rules = wire["rules"].as_array().unwrap();
        assert_eq!(rules.len(), 4);
        assert!(rules.iter().all(|rule| rule["action"] == "goto_next"));
    }
}
