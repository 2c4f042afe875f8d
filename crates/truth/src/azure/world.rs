//! A fleet as the simulator takes it: its YAML, of which JSON is a part.

use super::{Fleet, NETWORK, Rule, SUBSCRIPTION};
use serde_json::{Value, json};

/// The description of the fleet's world.
pub(crate) fn describe(fleet: &Fleet) -> String {
    let groups = fleet
        .groups
        .iter()
        .enumerate()
        .map(|(place, group)| json!({ "name": format!("group-{place}"), "group": "rg", "rules": rules(group) }));
    let tables = fleet.subnets.iter().enumerate().filter_map(|(place, subnet)| {
        let routes = subnet.routes.as_ref()?.iter().enumerate().map(|(number, route)| {
            let address = (route.hop == "VirtualAppliance").then_some("10.40.9.9");
            json!({ "name": format!("route-{number}"), "prefix": route.prefix, "next_hop": route.hop, "address": address })
        });
        Some(json!({ "name": format!("table-{place}"), "group": "rg", "routes": routes.collect::<Vec<_>>() }))
    });
    let subnets = fleet.subnets.iter().enumerate().map(|(place, subnet)| {
        json!({
            "name": format!("subnet-{place}"),
            "prefix": subnet.prefix,
            "security_group": subnet.group.map(|group| format!("group-{group}")),
            "route_table": subnet.routes.as_ref().map(|_| format!("table-{place}")),
        })
    });
    let remote =
        format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub");
    let peerings: Vec<Value> = fleet
        .peering
        .then(|| json!({ "name": "hub", "remote": remote, "prefixes": ["10.50.0.0/16"] }))
        .into_iter()
        .collect();
    let network = json!({
        "name": "net",
        "group": "rg",
        "prefixes": [NETWORK],
        "subnets": subnets.collect::<Vec<_>>(),
        "peerings": peerings,
        "admin_rules": rules(&fleet.admin),
    });
    let mut subscription = json!({
        "id": SUBSCRIPTION,
        "name": "fleet",
        "location": "westeurope",
        "security_groups": groups.collect::<Vec<_>>(),
        "route_tables": tables.collect::<Vec<_>>(),
        "networks": [network],
        "clusters": [cluster(fleet)],
    });
    if let (Some(members), Value::Object(more)) = (subscription.as_object_mut(), fleet.authority.described()) {
        members.extend(more);
    }
    json!({ "groups": fleet.authority.directory(), "subscriptions": [subscription] }).to_string()
}

fn rules(rules: &[Rule]) -> Vec<Value> {
    let described = rules.iter().enumerate().map(|(place, rule)| {
        json!({
            "name": format!("rule-{place}"),
            "priority": rule.priority,
            "access": rule.access,
            "direction": if rule.inbound { "Inbound" } else { "Outbound" },
            "protocol": rule.protocol,
            "from": rule.from,
            "to": rule.to,
            "ports": rule.ports,
            "source_ports": rule.source_ports,
        })
    });
    described.collect()
}

fn cluster(fleet: &Fleet) -> Value {
    let pools = fleet.pools.iter().enumerate().map(|(place, pool)| {
        let host_ports: Vec<Value> = pool
            .host_ports
            .iter()
            .map(|(from, to, udp)| json!({ "from": from, "to": to, "protocol": if *udp { "UDP" } else { "TCP" } }))
            .collect();
        json!({
            "name": format!("pool{place}"),
            "mode": if place == 0 { "System" } else { "User" },
            "count": pool.count,
            "subnet": format!("net/subnet-{}", pool.subnet),
            "public_ip": pool.public,
            "public_sku": if pool.basic { "Basic" } else { "Standard" },
            "unguarded": pool.unguarded,
            "host_ports": host_ports,
        })
    });
    let services = fleet.services.iter().enumerate().map(|(place, service)| {
        json!({
            "name": format!("web/service-{place}"),
            "port": service.port,
            "node_port": 30080,
            "sources": service.sources,
        })
    });
    json!({
        "name": "fleet",
        "group": "rg",
        "pools": pools.collect::<Vec<_>>(),
        "services": services.collect::<Vec<_>>(),
        "node_rules": rules(&fleet.node_rules),
        "endpoint": {
            "private": fleet.endpoint.private,
            "authorized_ranges": fleet.endpoint.ranges,
            "public_network_access": fleet.endpoint.closed.map(|closed| if closed { "Disabled" } else { "Enabled" }),
        },
    })
}
