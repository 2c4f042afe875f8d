//! Seeded Google Cloud fleets.

use super::dice::{Dice, words};
use crate::gcp::World;
use crate::gcp::description::{
    AuthorizedNetwork, Binding, Cluster, DenyPolicy, Description, Encryption, Endpoint, Firewall, Folder, Insight, Key,
    Network, Policy, PolicyRule, Pool, Project, RegionalPolicy, Role, Route, Router, Service, ServiceAccount, Subnet,
};

/// How many clusters share a project.
const PER_PROJECT: usize = 25;

const ORGANIZATION: &str = "990088007700";
const REGIONS: &[&str] = &["europe-west4", "europe-west1", "us-central1", "us-east1", "asia-southeast1"];
/// A zone that each of the regions has.
const ZONES: &[&str] = &["b", "c"];

/// A fleet of `clusters` clusters, about twenty-five to a project, with good and bad settings in a believable mix.
/// The same seed and size give the same fleet.
pub fn generate(seed: u64, clusters: usize) -> World {
    // What is described here hangs together, which a test proves.
    World::try_from(describe(seed, clusters)).unwrap_or_default()
}

fn describe(seed: u64, clusters: usize) -> Description {
    let mut dice = Dice::new(seed);
    let mut projects = Vec::new();
    let mut left = clusters;
    while left > 0 {
        let here = left.min(PER_PROJECT);
        projects.push(project(&mut dice, projects.len(), here));
        left -= here;
    }
    let folder = |id: &str, name: &str, bindings: Vec<Binding>| Folder {
        id: id.to_owned(),
        name: name.to_owned(),
        bindings,
        ..Folder::default()
    };
    Description {
        organization: Some(ORGANIZATION.to_owned()),
        domain: "fleet.example".to_owned(),
        bindings: vec![bind("roles/browser", "domain:fleet.example")],
        deny_policies: vec![DenyPolicy {
            name: "no-account-keys".to_owned(),
            principals: words(&["principalSet://goog/public:all"]),
            permissions: words(&["iam.googleapis.com/serviceAccountKeys.create"]),
            ..DenyPolicy::default()
        }],
        firewall_policies: vec![Policy {
            name: "fleet-baseline".to_owned(),
            rules: vec![PolicyRule {
                priority: 100,
                action: "deny".to_owned(),
                protocols: words(&["tcp:3389"]),
                from: words(&["0.0.0.0/0"]),
                ..PolicyRule::default()
            }],
        }],
        roles: vec![Role {
            name: "clusterAuditor".to_owned(),
            title: "Cluster auditor".to_owned(),
            permissions: words(&["container.clusters.get", "container.clusters.list"]),
            ..Role::default()
        }],
        folders: vec![
            folder(
                "100200300400",
                "Production",
                vec![bind("roles/container.clusterViewer", "group:platform@fleet.example")],
            ),
            folder("100200300401", "Development", vec![bind("roles/editor", "group:developers@fleet.example")]),
        ],
        projects,
        ..Description::default()
    }
}

fn bind(role: &str, member: &str) -> Binding {
    Binding { role: role.to_owned(), members: words(&[member]), condition: None }
}

fn project(dice: &mut Dice, index: usize, clusters: usize) -> Project {
    let id = format!("fleet-{index:04}");
    let number = format!("{}", 500_000_000_000_u64 + index as u64);
    let folder = dice.pick(&["100200300400", "100200300401"]);
    let node = format!("nodes@{id}.iam.gserviceaccount.com");
    let mut found = Project {
        number: Some(number.clone()),
        folder: Some(folder),
        disabled_apis: if dice.chance(20) { words(&["recommender.googleapis.com"]) } else { Vec::new() },
        missing_zones: if dice.chance(5) { words(&["us-central1-f"]) } else { Vec::new() },
        networks: vec![network(dice)],
        bindings: vec![bind("roles/container.defaultNodeServiceAccount", &format!("serviceAccount:{node}"))],
        service_accounts: vec![
            ServiceAccount { name: "compute".to_owned(), ..ServiceAccount::default() },
            ServiceAccount {
                name: "nodes".to_owned(),
                keys: if dice.chance(20) { words(&["2023-06-01"]) } else { Vec::new() },
                ..ServiceAccount::default()
            },
        ],
        insights: vec![Insight {
            member: format!("serviceAccount:{node}"),
            role: "roles/container.defaultNodeServiceAccount".to_owned(),
            used: words(&["logging.logEntries.create"]),
            granted: 6,
        }],
        id,
        ..Project::default()
    };
    if dice.chance(50) {
        found
            .bindings
            .push(bind("roles/editor", &format!("serviceAccount:{number}-compute@developer.gserviceaccount.com")));
    }
    if dice.chance(20) {
        found.bindings.push(bind("roles/storage.admin", &format!("serviceAccount:{node}")));
    }
    for region in REGIONS {
        let agent = format!("serviceAccount:service-{number}@container-engine-robot.iam.gserviceaccount.com");
        let all = if dice.chance(10) {
            vec![bind("roles/cloudkms.cryptoKeyEncrypterDecrypter", "allAuthenticatedUsers")]
        } else {
            Vec::new()
        };
        found.keys.push(Key {
            location: (*region).to_owned(),
            ring: "gke".to_owned(),
            name: "etcd".to_owned(),
            state: dice.pick(&["ENABLED", "ENABLED", "ENABLED", "ENABLED", "DISABLED", "DESTROY_SCHEDULED"]),
            protection: dice.pick(&["SOFTWARE", "HSM"]),
            rotation_days: dice.chance(60).then_some(90),
            bindings: [vec![bind("roles/cloudkms.cryptoKeyEncrypterDecrypter", &agent)], all].concat(),
        });
    }
    for cluster_number in 0..clusters {
        let account = format!("workload-{cluster_number:02}");
        let member = format!("serviceAccount:{}.svc.id.goog[shop/orders-{cluster_number:02}]", found.id);
        found.service_accounts.push(ServiceAccount {
            name: account.clone(),
            bindings: vec![bind("roles/iam.workloadIdentityUser", &member)],
            ..ServiceAccount::default()
        });
        let role = dice.pick(&[
            "roles/storage.objectViewer",
            "roles/secretmanager.secretAccessor",
            "roles/iam.serviceAccountTokenCreator",
        ]);
        let email = format!("serviceAccount:{account}@{}.iam.gserviceaccount.com", found.id);
        found.bindings.push(bind(&role, &email));
        let cluster = cluster(dice, &found.id, index, cluster_number);
        found.clusters.push(cluster);
    }
    found
}

fn network(dice: &mut Dice) -> Network {
    let rule = |name: &str, allow: &[&str], from: &[&str]| Firewall {
        name: name.to_owned(),
        allow: words(allow),
        from: words(from),
        ..Firewall::default()
    };
    let mut firewalls = vec![
        rule("allow-iap", &["tcp:22"], &["35.235.240.0/20"]),
        Firewall { disabled: true, ..rule("old-ssh", &["tcp:22"], &["0.0.0.0/0"]) },
    ];
    match dice.between(0, 3) {
        0 => firewalls.push(rule("ssh", &["tcp:22"], &["0.0.0.0/0"])),
        1 => firewalls.push(rule("halves", &["6:20-25"], &["0.0.0.0/1", "128.0.0.0/1"])),
        2 => firewalls.push(Firewall { priority: 2000, ..rule("late-ssh", &["tcp:22"], &["0.0.0.0/0"]) }),
        _ => {}
    }
    if dice.chance(40) {
        firewalls.push(Firewall {
            name: "deny-ssh".to_owned(),
            priority: 900,
            deny: words(&["tcp:22"]),
            from: words(&["0.0.0.0/0"]),
            ..Firewall::default()
        });
    }
    Network {
        name: "fleet".to_owned(),
        order: dice.pick(&["AFTER_CLASSIC_FIREWALL", "BEFORE_CLASSIC_FIREWALL"]),
        default_route: dice.chance(90),
        subnets: REGIONS
            .iter()
            .zip(0_u32..)
            .map(|(region, index)| Subnet {
                name: "fleet".to_owned(),
                region: (*region).to_owned(),
                range: format!("10.{}.0.0/16", 10 + index),
                pods: Some(format!("10.{}.0.0/14", 64 + index * 4)),
                services: Some(format!("10.{}.0.0/20", 40 + index)),
                private_google_access: true,
                flow_logs: index % 2 == 0,
            })
            .collect(),
        firewalls,
        regional_policies: vec![RegionalPolicy {
            region: "europe-west4".to_owned(),
            name: "fleet-europe-west4".to_owned(),
            rules: vec![PolicyRule {
                action: "deny".to_owned(),
                protocols: words(&["tcp:30000-32767"]),
                from: words(&["0.0.0.0/0"]),
                ..PolicyRule::default()
            }],
        }],
        routes: vec![Route {
            name: "to-office".to_owned(),
            range: "192.168.0.0/16".to_owned(),
            next_hop: Some("10.10.0.250".to_owned()),
            ..Route::default()
        }],
        routers: vec![Router { name: "fleet".to_owned(), region: "europe-west4".to_owned() }],
        ..Network::default()
    }
}

fn cluster(dice: &mut Dice, project: &str, index: usize, number: usize) -> Cluster {
    let region = dice.pick(REGIONS);
    let regional = dice.chance(60);
    let zones: Vec<String> = ZONES.iter().map(|zone| format!("{region}-{zone}")).collect();
    let workload_identity = dice.chance(70);
    let encryption = dice.chance(40).then(|| {
        let state = dice.pick(&["ENCRYPTED", "ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"]);
        Encryption {
            current: dice.chance(10).then(|| "CURRENT_STATE_ENCRYPTION_ERROR".to_owned()),
            state,
            key: Some(format!("{region}/gke/etcd")),
            decryption_keys: Vec::new(),
        }
    });
    let pools = (0..dice.between(1, 3)).map(|pool| self::pool(dice, project, pool, workload_identity)).collect();
    Cluster {
        name: format!("gke-{index:04}-{number:02}"),
        location: if regional { region.clone() } else { format!("{region}-b") },
        zones: if regional { zones } else { Vec::new() },
        version: dice.pick(&["1.31.9-gke.1442000", "1.32.9-gke.1010000", "1.33.5-gke.1308000", "1.34.3-gke.1212000"]),
        channel: dice.pick(&["RAPID", "REGULAR", "REGULAR", "STABLE", "EXTENDED"]),
        network: "fleet".to_owned(),
        subnet: "fleet".to_owned(),
        endpoint: endpoint(dice),
        autopilot: dice.chance(10),
        workload_identity,
        encryption,
        legacy_abac: dice.chance(3),
        client_certificate: dice.chance(4),
        anonymous: dice.chance(80).then(|| dice.pick(&["ENABLED", "LIMITED"])),
        insecure_bindings: dice.chance(60),
        shielded_nodes: dice.chance(90),
        binary_authorization: dice.chance(25),
        network_policy: dice.chance(30),
        dataplane_v2: dice.chance(50),
        intra_node_visibility: dice.chance(30),
        confidential_nodes: dice.chance(10),
        fleet: dice.chance(30),
        old_reply: dice.chance(3),
        pools,
        services: if dice.chance(20) {
            vec![Service { name: "ingress/controller".to_owned(), port: 443, ..Service::default() }]
        } else {
            Vec::new()
        },
        labels: [("environment".to_owned(), dice.pick(&["production", "staging", "dev"]))].into(),
        ..Cluster::default()
    }
}

fn endpoint(dice: &mut Dice) -> Endpoint {
    let range = |range: &str| AuthorizedNetwork { range: range.to_owned(), name: "office".to_owned() };
    let networks = dice.chance(65).then(|| match dice.between(0, 6) {
        0 => vec![range("0.0.0.0/0")],
        1 => vec![range("0.0.0.0/1"), range("128.0.0.0/1")],
        2 => Vec::new(),
        _ => vec![range(&format!("203.0.113.{}/32", dice.between(1, 254)))],
    });
    let ip = dice.chance(92);
    let private_nodes = dice.chance(60);
    Endpoint {
        ip,
        public: dice.chance(70),
        private_nodes,
        authorized_networks: networks,
        google_cloud_access: dice.chance(90).then(|| dice.chance(50)),
        enforce_on_private: dice.chance(20),
        global_access: dice.chance(20),
        master_range: private_nodes.then(|| format!("172.16.{}.0/28", dice.between(0, 254))),
        dns_external: !ip || dice.chance(20),
        dns_tokens: dice.chance(10),
        dns_certificates: dice.chance(5),
    }
}

fn pool(dice: &mut Dice, project: &str, index: u32, workload_identity: bool) -> Pool {
    let own = dice.chance(60);
    Pool {
        name: if index == 0 { "default-pool".to_owned() } else { format!("pool-{index}") },
        count: dice.between(1, 4),
        service_account: own.then(|| format!("nodes@{project}.iam.gserviceaccount.com")),
        scopes: (own || dice.chance(30)).then(|| words(&["cloud-platform"])),
        metadata: if workload_identity {
            Some("GKE_METADATA".to_owned())
        } else {
            dice.chance(50).then(|| "GCE_METADATA".to_owned())
        },
        private_nodes: dice.chance(10).then(|| dice.chance(50)),
        secure_boot: dice.chance(50),
        auto_upgrade: dice.chance(85),
        auto_repair: dice.chance(90),
        read_only_port: dice.chance(80).then(|| dice.chance(20)),
        sandbox: dice.chance(5),
        ..Pool::default()
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
        assert_eq!(fleet.projects.len(), 3);
        assert_eq!(fleet.projects.iter().map(|one| one.clusters.len()).sum::<usize>(), 51);
    }
}
