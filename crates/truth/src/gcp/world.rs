//! A fleet as the simulator takes it: its YAML, of which JSON is a part.

use super::{ACCOUNT, Firewall, Fleet, ORGANIZATION, PROJECT, PolicyRule, SUBNET};
use serde_json::{Value, json};

/// The description of the fleet's world.
pub(crate) fn describe(fleet: &Fleet) -> String {
    let routes = fleet.routes.iter().enumerate().map(|(place, route)| {
        json!({
            "name": format!("route-{place}"),
            "range": route.range,
            "priority": route.priority,
            "tags": route.tag.iter().collect::<Vec<_>>(),
            "next_hop": (!route.internet).then_some("10.60.0.200"),
        })
    });
    let regional: Vec<Value> = fleet
        .regional
        .iter()
        .map(|rules| json!({ "region": "europe-west4", "name": "regional", "rules": policy_rules(rules) }))
        .collect();
    let network = json!({
        "name": "net",
        "order": if fleet.classic_first { "AFTER_CLASSIC_FIREWALL" } else { "BEFORE_CLASSIC_FIREWALL" },
        "default_route": fleet.default_route,
        "subnets": [{
            "name": "nodes", "region": "europe-west4", "range": SUBNET, "pods": "10.64.0.0/14", "services": "10.68.0.0/20",
        }],
        "firewalls": fleet.firewalls.iter().enumerate().map(firewall).collect::<Vec<_>>(),
        "policies": policies(fleet.global.iter(), "global"),
        "regional_policies": regional,
        "routes": routes.collect::<Vec<_>>(),
    });
    let mut project = json!({
        "id": PROJECT,
        "folder": fleet.in_folder.then_some("1001"),
        "service_accounts": [{ "name": "compute" }, { "name": "nodes" }, { "name": "others" }],
        "networks": [network],
        "clusters": [cluster(fleet)],
    });
    let mut organization = json!({
        "organization": ORGANIZATION,
        "domain": "fleet.example",
        "firewall_policies": policies(Some(&fleet.of_organization).filter(|rules| !rules.is_empty()).into_iter(), "org"),
    });
    let mut folder = json!({
        "id": "1001",
        "name": "folder",
        "firewall_policies": policies(Some(&fleet.of_folder).filter(|rules| !rules.is_empty()).into_iter(), "folder"),
    });
    let [of_organization, of_folder, of_project] = fleet.authority.described();
    for (place, more) in [(&mut organization, of_organization), (&mut folder, of_folder), (&mut project, of_project)] {
        if let (Some(members), Value::Object(more)) = (place.as_object_mut(), more) {
            members.extend(more);
        }
    }
    let folders: Vec<Value> = fleet.in_folder.then_some(folder).into_iter().collect();
    if let Some(members) = organization.as_object_mut() {
        members.insert("folders".to_owned(), json!(folders));
        members.insert("projects".to_owned(), json!([project]));
    }
    organization.to_string()
}

fn policies<'r>(policies: impl Iterator<Item = &'r Vec<PolicyRule>>, name: &str) -> Vec<Value> {
    policies.map(|rules| json!({ "name": name, "rules": policy_rules(rules) })).collect()
}

fn direction(inbound: bool) -> &'static str {
    if inbound { "INGRESS" } else { "EGRESS" }
}

fn policy_rules(rules: &[PolicyRule]) -> Vec<Value> {
    let described = rules.iter().map(|rule| {
        // What comes from somewhere when going in goes to it when going out.
        let (from, to) = if rule.inbound { (&rule.from, &rule.to) } else { (&rule.to, &rule.from) };
        json!({
            "priority": rule.priority,
            "action": rule.action,
            "direction": direction(rule.inbound),
            "protocols": rule.traffic,
            "from": from,
            "to": to,
            "from_regions": if rule.from_region && rule.inbound { vec!["NL"] } else { Vec::new() },
            "to_accounts": rule.to_account.iter().collect::<Vec<_>>(),
            "disabled": rule.disabled,
        })
    });
    described.collect()
}

fn firewall((place, rule): (usize, &Firewall)) -> Value {
    let (from, to) = if rule.inbound { (&rule.from, &rule.to) } else { (&rule.to, &rule.from) };
    json!({
        "name": format!("rule-{place}"),
        "priority": rule.priority,
        "direction": direction(rule.inbound),
        "allow": if rule.allow { rule.traffic.clone() } else { Vec::new() },
        "deny": if rule.allow { Vec::new() } else { rule.traffic.clone() },
        "from": from,
        "to": to,
        "from_tags": if rule.from_tag && rule.inbound { vec!["red"] } else { Vec::new() },
        "to_tags": rule.to_tags,
        "to_accounts": rule.to_account.iter().collect::<Vec<_>>(),
        "disabled": rule.disabled,
    })
}

fn cluster(fleet: &Fleet) -> Value {
    let pools = fleet.pools.iter().enumerate().map(|(place, pool)| {
        json!({
            "name": format!("pool-{place}"),
            "count": pool.count,
            "tags": pool.tags,
            "service_account": pool.own_account.then_some(ACCOUNT),
            "scopes": ["cloud-platform"],
            "private_nodes": pool.private,
        })
    });
    let networks = fleet
        .endpoint
        .ranges
        .as_ref()
        .map(|ranges| ranges.iter().map(|range| json!({ "range": range, "name": "office" })).collect::<Vec<_>>());
    json!({
        "name": "fleet",
        "location": "europe-west4-a",
        "network": "net",
        "subnet": "nodes",
        "endpoint": {
            "ip": fleet.endpoint.ip,
            "public": fleet.endpoint.public,
            "authorized_networks": networks,
            "google_cloud_access": fleet.endpoint.google,
        },
        "pools": pools.collect::<Vec<_>>(),
    })
}
