//! A fleet as the simulator takes it: its YAML, of which JSON is a part.

use super::{ACCOUNT, AclRule, Destination, Fleet, MANAGEMENT, ORGANIZATION, Peer, REGION, Traffic};
use serde_json::{Value, json};

/// The description of the fleet's world.
pub(crate) fn describe(fleet: &Fleet) -> String {
    let policies: Vec<Value> = fleet.roles.iter().enumerate().flat_map(|(place, role)| role.managed(place)).collect();
    let roles: Vec<Value> = fleet.roles.iter().enumerate().map(|(place, role)| role.described(place)).collect();
    let region = json!({
        "vpcs": [vpc(fleet)],
        "prefix_lists": lists(fleet),
        "block_public_access": block(fleet),
        "clusters": [cluster(fleet)],
    });
    let account = json!({
        "id": ACCOUNT,
        "name": "fleet",
        "roles": roles,
        "policies": policies,
        "regions": { REGION: region },
    });
    let Some(ruling) = &fleet.ruling else { return json!({ "accounts": [account] }).to_string() };
    let mut account = account;
    if let Some(account) = account.as_object_mut() {
        account.insert("unit".to_owned(), json!("inner"));
    }
    json!({
        "organization": ORGANIZATION,
        "management": MANAGEMENT,
        "units": [{ "name": "outer" }, { "name": "inner", "parent": "outer" }, { "name": "beside" }],
        "policies": ruling.policies(),
        "without_full_access": ruling.without_full_access(),
        "accounts": [{ "id": MANAGEMENT, "name": "management" }, account],
    })
    .to_string()
}

fn lists(fleet: &Fleet) -> Vec<Value> {
    let described = fleet.lists.iter().enumerate().map(|(place, list)| {
        let family = if list.v6 { "IPv6" } else { "IPv4" };
        json!({ "name": format!("list-{place}"), "family": family, "entries": list.entries })
    });
    described.collect()
}

fn block(fleet: &Fleet) -> Value {
    let mut exclusions: Vec<Value> = fleet.excluded.iter().map(|mode| json!({ "vpc": "main", "mode": mode })).collect();
    for (place, mode) in fleet.excluded_subnets.iter().enumerate() {
        exclusions.extend(
            mode.iter().map(|mode| json!({ "vpc": "main", "subnet": format!("subnet-{place}"), "mode": mode })),
        );
    }
    json!({ "mode": fleet.block, "exclusions": exclusions })
}

fn vpc(fleet: &Fleet) -> Value {
    let subnets = fleet.subnets.iter().enumerate().map(|(place, subnet)| {
        json!({
            "name": format!("subnet-{place}"),
            "cidr": subnet.range,
            "ipv6": subnet.range6,
            "routes": subnet.table.map_or("main".to_owned(), |table| format!("table-{table}")),
            "acl": subnet.acl.map(|acl| format!("acl-{acl}")),
            "public_ips": subnet.public,
        })
    });
    let mut tables: Vec<Value> = fleet
        .tables
        .iter()
        .enumerate()
        .map(|(place, routes)| {
            let routes: Vec<String> = routes
                .iter()
                .map(|route| {
                    let destination = match &route.destination {
                        Destination::Range(range) => range.clone(),
                        Destination::List(list) => format!("pl:list-{list}"),
                    };
                    format!("{destination} via {}{}", route.target, if route.blackhole { " blackhole" } else { "" })
                })
                .collect();
            json!({ "name": format!("table-{place}"), "routes": routes })
        })
        .collect();
    let diverted: Vec<String> = fleet
        .subnets
        .iter()
        .filter(|subnet| subnet.diverted)
        .map(|subnet| format!("{} via eni-0123456789abcdef0", subnet.range))
        .collect();
    if !diverted.is_empty() {
        tables.push(json!({ "name": "edge", "gateway": "igw", "routes": diverted }));
    }
    let acls = fleet.acls.iter().enumerate().map(|(place, acl)| {
        json!({
            "name": format!("acl-{place}"),
            "inbound": acl.inbound.iter().map(|rule| acl_rule(rule, "from")).collect::<Vec<_>>(),
            "outbound": acl.outbound.iter().map(|rule| acl_rule(rule, "to")).collect::<Vec<_>>(),
        })
    });
    let groups = fleet.groups.iter().enumerate().map(|(place, rules)| {
        let inbound = rules.iter().map(|rule| {
            let peers: Vec<String> = rule
                .peers
                .iter()
                .map(|peer| match peer {
                    Peer::Range(range) => range.clone(),
                    Peer::List(list) => format!("pl:list-{list}"),
                    Peer::Group(group) => format!("sg:group-{group}"),
                    Peer::Itself => "self".to_owned(),
                })
                .collect();
            format!("{} from {}", traffic(&rule.traffic), peers.join(", "))
        });
        json!({ "name": format!("group-{place}"), "inbound": inbound.collect::<Vec<_>>() })
    });
    let balancers = fleet.balancers.iter().enumerate().map(|(place, balancer)| {
        let forward = json!({
            "port": balancer.port,
            "to": balancer.to,
            "targets": [format!("fleet/pool-{}", balancer.pool)],
            "preserve_client_ip": balancer.preserve,
            "by_rule": balancer.by_rule,
            "sources": balancer.sources,
        });
        json!({
            "name": format!("balancer-{place}"),
            "kind": match (balancer.application, balancer.classic) {
                (true, _) => "application",
                (false, true) => "classic",
                (false, false) => "network",
            },
            "internal": balancer.internal,
            "subnets": [format!("subnet-{}", balancer.subnet)],
            "security_groups": balancer.groups.iter().map(|group| format!("group-{group}")).collect::<Vec<_>>(),
            "forwards": [forward],
        })
    });
    json!({
        "name": "main",
        "cidr": fleet.ranges.first(),
        "more_cidrs": fleet.ranges.iter().skip(1).collect::<Vec<_>>(),
        "ipv6": fleet.range6,
        "subnets": subnets.collect::<Vec<_>>(),
        "route_tables": tables,
        "acls": acls.collect::<Vec<_>>(),
        "security_groups": groups.collect::<Vec<_>>(),
        "load_balancers": balancers.collect::<Vec<_>>(),
    })
}

fn traffic(traffic: &Traffic) -> String {
    let protocol = &traffic.protocol;
    match traffic.limits {
        None => protocol.clone(),
        Some((first, last)) if matches!(protocol.as_str(), "icmp" | "1" | "icmpv6" | "58") => {
            format!("{protocol} {first}/{last}")
        }
        Some((first, last)) => format!("{protocol} {first}-{last}"),
    }
}

fn acl_rule(rule: &AclRule, side: &str) -> String {
    let action = if rule.allow { "allow" } else { "deny" };
    format!("{} {action} {} {side} {}", rule.number, traffic(&rule.traffic), rule.range)
}

fn cluster(fleet: &Fleet) -> Value {
    let pools = fleet.pools.iter().enumerate().map(|(place, pool)| {
        json!({
            "name": format!("pool-{place}"),
            "kind": pool.kind,
            "count": pool.count,
            "subnets": pool.subnets.iter().map(|subnet| format!("subnet-{subnet}")).collect::<Vec<_>>(),
            "role": format!("role-{place}"),
            "public_ips": pool.public,
            "security_groups": pool.groups.iter().map(|group| format!("group-{group}")).collect::<Vec<_>>(),
            "remote_access": pool.ssh.then(|| json!({ "key": "ops" })),
            "pod_interfaces": pool.pod_interfaces,
        })
    });
    json!({
        "name": "fleet",
        "vpc": "main",
        "ip_family": if fleet.ipv6 { "ipv6" } else { "ipv4" },
        "endpoint": {
            "public": fleet.endpoint.public,
            "private": fleet.endpoint.private,
            "cidrs": fleet.endpoint.ranges,
        },
        "node_groups": pools.collect::<Vec<_>>(),
    })
}
