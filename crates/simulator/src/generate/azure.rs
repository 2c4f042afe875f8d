//! Seeded Azure fleets.

use super::dice::{Dice, words};
use crate::azure::World;
use crate::azure::description::{
    Access, Assignment, Cluster, ClusterNetwork, Description, Endpoint, Entra, Federated, HostPort, Identity, Key, Kms,
    ManagedIdentity, ManagementGroup, NatGateway, Network, Pool, Route, RouteTable, Rule, SecurityGroup, Service,
    Subnet, Subscription, TrustedAccess, Upgrade, Vault,
};

/// How many clusters share a subscription.
const PER_SUBSCRIPTION: usize = 25;

const REGIONS: &[&str] = &["westeurope", "northeurope", "eastus2", "westus2", "southeastasia"];

/// A fleet of `clusters` clusters, about twenty-five to a subscription, with good and bad settings in a believable
/// mix. The same seed and size give the same fleet.
pub fn generate(seed: u64, clusters: usize) -> World {
    // What is described here hangs together, which a test proves.
    World::try_from(describe(seed, clusters)).unwrap_or_default()
}

fn describe(seed: u64, clusters: usize) -> Description {
    let mut dice = Dice::new(seed);
    let mut subscriptions = Vec::new();
    let mut left = clusters;
    while left > 0 {
        let here = left.min(PER_SUBSCRIPTION);
        subscriptions.push(subscription(&mut dice, seed, subscriptions.len(), here));
        left -= here;
    }
    let group = |name: &str, parent: Option<&str>| ManagementGroup {
        name: name.to_owned(),
        display_name: name.to_owned(),
        parent: parent.map(str::to_owned),
    };
    let grant = |principal: &str, role: &str, at: &str| Assignment {
        principal: principal.to_owned(),
        role: role.to_owned(),
        at: Some(at.to_owned()),
        ..Assignment::default()
    };
    Description {
        management_groups: vec![
            group("fleet", None),
            group("fleet-prod", Some("fleet")),
            group("fleet-dev", Some("fleet")),
        ],
        assignments: vec![
            grant("group/auditors", "Reader", "management-group/fleet"),
            grant("group/platform", "Contributor", "management-group/fleet-prod"),
        ],
        subscriptions,
        ..Description::default()
    }
}

fn subscription(dice: &mut Dice, seed: u64, index: usize, clusters: usize) -> Subscription {
    let production = dice.chance(60);
    let ranges = dice.chance(70);
    let rule = |name: &str, priority: u32, access: &str, from: &[&str], ports: &[&str]| Rule {
        name: name.to_owned(),
        priority,
        access: access.to_owned(),
        from: words(from),
        ports: words(ports),
        ..Rule::default()
    };
    let group = |name: &str, rules: Vec<Rule>| SecurityGroup {
        name: name.to_owned(),
        group: "network".to_owned(),
        rules,
        ..SecurityGroup::default()
    };
    let mut found = Subscription {
        id: crate::azure::subscription_id(seed, index),
        name: format!("fleet-{index:04}"),
        parent: Some(if production { "fleet-prod" } else { "fleet-dev" }.to_owned()),
        location: dice.pick(REGIONS),
        security_groups: vec![
            group("closed", vec![rule("deny-admin", 100, "Deny", &["Internet"], &["22", "3389"])]),
            group("halves", vec![rule("ssh", 120, "Allow", &["0.0.0.0/1", "128.0.0.0/1"], &["20-25"])]),
            group(
                "shadowed",
                vec![
                    rule("deny-ssh", 100, "Deny", &["*"], &["22"]),
                    rule("allow-ssh", 200, "Allow", &["Internet"], &["22"]),
                ],
            ),
        ],
        route_tables: vec![RouteTable {
            name: "through-firewall".to_owned(),
            group: "network".to_owned(),
            routes: vec![Route {
                name: "default".to_owned(),
                prefix: "0.0.0.0/0".to_owned(),
                next_hop: "VirtualAppliance".to_owned(),
                address: Some("10.0.255.4".to_owned()),
            }],
            ..RouteTable::default()
        }],
        nat_gateways: vec![NatGateway { name: "out".to_owned(), group: "network".to_owned(), location: None }],
        vaults: vec![Vault {
            name: format!("fleet-keys-{index:04}"),
            group: "keys".to_owned(),
            purge_protection: dice.chance(70),
            rbac: dice.chance(80),
            public: dice.chance(40),
            logs: if dice.chance(60) { words(&["AuditEvent"]) } else { Vec::new() },
            keys: vec![
                Key { name: "etcd".to_owned(), rotate_after: Some("P90D".to_owned()), ..Key::default() },
                Key { name: "forgotten".to_owned(), enabled: false, ..Key::default() },
            ],
            ..Vault::default()
        }],
        ..Subscription::default()
    };
    let mut subnets = Vec::new();
    for number in 0..clusters {
        let subnet = subnet(dice, number);
        let cluster = cluster(dice, index, number, &subnet.name, ranges);
        let workload = format!("{}-workload", cluster.name);
        let exact = dice.chance(70);
        found.identities.push(ManagedIdentity {
            name: workload.clone(),
            group: cluster.group.clone(),
            federated: vec![Federated {
                name: "workload".to_owned(),
                cluster: Some(cluster.name.clone()),
                issuer: None,
                subject: format!("system:serviceaccount:{}", if exact { "shop:orders" } else { "default:default" }),
            }],
            ..ManagedIdentity::default()
        });
        found.identities.push(ManagedIdentity {
            name: format!("{}-control-plane", cluster.name),
            group: cluster.group.clone(),
            ..ManagedIdentity::default()
        });
        found.assignments.push(Assignment {
            principal: format!("identity/{workload}"),
            role: dice.pick(&[
                "Storage Blob Data Reader",
                "Storage Blob Data Reader",
                "Key Vault Secrets User",
                "Managed Identity Operator",
                "Contributor",
            ]),
            at: Some(format!("group/{}", cluster.group)),
            ..Assignment::default()
        });
        subnets.push(subnet);
        found.clusters.push(cluster);
    }
    found.networks = vec![Network {
        name: "fleet".to_owned(),
        group: "network".to_owned(),
        prefixes: words(&["10.0.0.0/16"]),
        subnets,
        ..Network::default()
    }];
    found
}

fn subnet(dice: &mut Dice, number: usize) -> Subnet {
    let guarded = dice.chance(80).then(|| dice.pick(&["closed", "closed", "halves", "shadowed"]));
    let routed = dice.chance(30);
    Subnet {
        name: format!("cluster-{number:02}"),
        prefix: format!("10.0.{}.0/22", number * 4),
        security_group: guarded,
        route_table: routed.then(|| "through-firewall".to_owned()),
        nat_gateway: (!routed && dice.chance(40)).then(|| "out".to_owned()),
        default_outbound_access: Some(dice.chance(30)),
    }
}

fn cluster(dice: &mut Dice, subscription: usize, number: usize, subnet: &str, ranges: bool) -> Cluster {
    let private = dice.chance(30);
    let entra = dice.chance(60);
    let group = format!("cluster-{number:02}");
    let name = format!("aks-{subscription:04}-{number:02}");
    let identity = match dice.between(0, 9) {
        0 => Identity::ServicePrincipal(format!("{name}-sp")),
        1..=4 => Identity::User(format!("{name}-control-plane")),
        _ => Identity::System,
    };
    let acting = match &identity {
        Identity::ServicePrincipal(name) => format!("app/{name}"),
        Identity::User(name) => format!("identity/{name}"),
        Identity::System => format!("cluster/{name}"),
    };
    let wide = dice.chance(15);
    let grant = |principal: String, role: &str, at: String| Assignment {
        principal,
        role: role.to_owned(),
        at: Some(at),
        ..Assignment::default()
    };
    let pools = (0..dice.between(1, 3)).map(|index| pool(dice, index, subnet)).collect();
    let open = dice.chance(20);
    Cluster {
        group,
        version: dice.pick(&["1.31.9", "1.32.9", "1.33.7", "1.34.4", "1.34.4"]),
        tier: dice.pick(&["Free", "Standard", "Standard", "Premium"]),
        endpoint: Endpoint {
            private,
            public_fqdn: private && dice.chance(30),
            authorized_ranges: if private || !ranges { Vec::new() } else { authorized(dice) },
            run_command: dice.chance(60),
            public_network_access: dice.chance(20).then(|| if private { "Disabled" } else { "Enabled" }.to_owned()),
            vnet_integration: None,
        },
        access: Access {
            local_accounts: dice.chance(55),
            rbac: dice.chance(97),
            entra: entra.then(|| Entra { azure_rbac: dice.chance(50), admin_groups: words(&["platform"]) }),
        },
        identity,
        oidc_issuer: dice.chance(70),
        workload_identity: dice.chance(60),
        kms: dice.chance(30).then(|| Kms {
            vault: format!("fleet-keys-{subscription:04}"),
            key: dice.pick(&["etcd", "etcd", "forgotten"]),
            network: dice.pick(&["Public", "Private"]),
            disabled: false,
        }),
        infrastructure_encryption: dice.chance(20),
        network: ClusterNetwork {
            policy: dice.chance(60).then(|| dice.pick(&["calico", "cilium", "azure"])),
            ..ClusterNetwork::default()
        },
        defender: dice.chance(50),
        azure_policy: dice.chance(40),
        image_cleaner: dice.chance(40),
        upgrade: Upgrade {
            channel: dice.chance(60).then(|| dice.pick(&["stable", "patch", "node-image", "rapid"])),
            node_os: Some(dice.pick(&["NodeImage", "SecurityPatch", "None", "Unmanaged"])),
            ..Upgrade::default()
        },
        node_group_restriction: dice.chance(20).then(|| "ReadOnly".to_owned()),
        logs: if dice.chance(60) { words(&["kube-audit-admin", "guard"]) } else { Vec::new() },
        pools,
        services: if open {
            vec![Service { name: "ingress/controller".to_owned(), port: 443, node_port: 31443, sources: Vec::new() }]
        } else {
            Vec::new()
        },
        trusted_access: if dice.chance(10) { vec![backup()] } else { Vec::new() },
        assignments: vec![
            grant(
                acting.clone(),
                "Contributor",
                if wide { "subscription".to_owned() } else { format!("node-group/{name}") },
            ),
            grant(format!("identity/{name}-agentpool"), "AcrPull", "group/registry".to_owned()),
        ],
        tags: [("environment".to_owned(), dice.pick(&["production", "staging", "dev"]))].into(),
        name,
        ..Cluster::default()
    }
}

fn authorized(dice: &mut Dice) -> Vec<String> {
    match dice.between(0, 9) {
        0 => words(&["0.0.0.0/1", "128.0.0.0/1"]),
        1 => words(&["AzureCloud"]),
        2 => words(&["0.0.0.0/0"]),
        3 => words(&["0.0.0.0/32"]),
        4 | 5 => words(&["198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/25"]),
        _ => vec![format!("203.0.113.{}/32", dice.between(1, 254))],
    }
}

fn pool(dice: &mut Dice, index: u32, subnet: &str) -> Pool {
    let public = dice.chance(12);
    let system = index == 0;
    Pool {
        name: if system { "system".to_owned() } else { format!("user{index}") },
        mode: if system { "System" } else { "User" }.to_owned(),
        count: dice.between(1, 4),
        zones: if dice.chance(50) { words(&["1", "2", "3"]) } else { Vec::new() },
        subnet: Some(format!("fleet/{subnet}")),
        public_ip: public,
        ssh: dice.chance(60).then(|| dice.pick(&["LocalUser", "Disabled", "EntraId"])),
        host_ports: if public && dice.chance(50) {
            vec![HostPort { from: 30000, to: 30100, protocol: "TCP".to_owned() }]
        } else {
            Vec::new()
        },
        os: dice.pick(&["Ubuntu", "AzureLinux"]),
        encryption_at_host: dice.chance(50),
        secure_boot: dice.chance(40),
        vtpm: dice.chance(40),
        ..Pool::default()
    }
}

fn backup() -> TrustedAccess {
    TrustedAccess {
        name: "backup".to_owned(),
        source: "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/backup/providers/Microsoft.DataProtection/backupVaults/fleet".to_owned(),
        roles: words(&["Microsoft.DataProtection/backupVaults/backup-operator"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_described_hangs_together() {
        for seed in 0..5 {
            World::try_from(describe(seed, 60)).unwrap();
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_fleet() {
        assert_eq!(format!("{:?}", describe(3, 30)), format!("{:?}", describe(3, 30)));
        assert_ne!(format!("{:?}", describe(3, 30)), format!("{:?}", describe(4, 30)));
    }

    #[test]
    fn there_are_as_many_clusters_as_asked_for() {
        let fleet = describe(1, 51);
        assert_eq!(fleet.subscriptions.len(), 3);
        assert_eq!(fleet.subscriptions.iter().map(|one| one.clusters.len()).sum::<usize>(), 51);
    }
}
