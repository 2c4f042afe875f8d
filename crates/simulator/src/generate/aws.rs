//! Seeded AWS fleets.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use crate::aws::{Description, World};

/// How many clusters share an account.
const PER_ACCOUNT: usize = 50;

/// Where the fleet's clusters are; every account uses three of them.
const REGIONS: [&str; 6] = ["eu-west-1", "us-east-1", "eu-central-1", "us-west-2", "ap-southeast-2", "us-east-2"];

/// A fleet of `clusters` clusters, about fifty to an account, with good and bad settings in a believable mix.
///
/// The first account is the management account and has no clusters. The same seed and size give the same fleet.
pub fn generate(seed: u64, clusters: usize) -> World {
    // The values are ours and of the right form, which a test proves.
    World::expand(serde_json::from_value::<Description>(fleet(seed, clusters)).unwrap_or_default())
}

/// A fleet of so many member accounts, most of them empty: every `every`th has one cluster, and the management account none.
pub fn sparse(seed: u64, accounts: usize, every: usize) -> World {
    World::expand(serde_json::from_value::<Description>(wide(seed, accounts, every)).unwrap_or_default())
}

fn wide(seed: u64, members: usize, every: usize) -> Value {
    let mut dice = Dice::new(seed);
    let mut accounts = vec![json!({ "id": "100000000000", "name": "fleet-management" })];
    for number in 1..=members {
        let clusters = usize::from(number % every.max(1) == 0);
        accounts.push(account(&mut dice, number, clusters));
    }
    json!({ "organization": "o-fleet00000", "management": "100000000000", "accounts": accounts })
}

/// The description of the fleet.
fn fleet(seed: u64, clusters: usize) -> Value {
    let mut dice = Dice::new(seed);
    let mut accounts = vec![json!({ "id": "100000000000", "name": "fleet-management" })];
    let mut left = clusters;
    for number in 1.. {
        if left == 0 {
            break;
        }
        let here = left.min(PER_ACCOUNT);
        accounts.push(account(&mut dice, number, here));
        left -= here;
    }
    json!({ "organization": "o-fleet00000", "management": "100000000000", "accounts": accounts })
}

fn account(dice: &mut Dice, number: usize, clusters: usize) -> Value {
    let mut roles =
        vec![json!({ "name": "platform-admin", "trust": "100000000000", "policies": ["AdministratorAccess"] })];
    let mut regions = Map::new();
    let first = dice.pick(&REGIONS);
    let order = REGIONS.iter().cycle().skip_while(|region| **region != first);
    for (index, region) in order.take(3).enumerate() {
        let here = clusters / 3 + usize::from(index < clusters % 3);
        if here == 0 {
            continue;
        }
        let clusters: Vec<Value> =
            (0..here).map(|cluster| self::cluster(dice, number, region, cluster, &mut roles)).collect();
        let block = if dice.chance(10) { "block-ingress" } else { "off" };
        let keys = json!([
            { "name": "rotating", "rotation": true },
            { "name": "static", "rotation": false },
            { "name": "dying", "state": "PendingDeletion" },
        ]);
        let value = json!({
            "vpcs": [vpc(dice)],
            "keys": keys,
            "block_public_access": { "mode": block },
            "prefix_lists": [{ "name": "offices", "entries": ["203.0.113.0/24", "198.51.100.0/25"] }],
            "clusters": clusters,
        });
        regions.insert((*region).to_owned(), value);
    }
    let users: Vec<Value> = (0..dice.between(0, 3))
        .map(|user| json!({ "name": format!("user-{user}"), "policies": ["PowerUserAccess"], "access_keys": [{ "created": "2023-02-01" }] }))
        .collect();
    json!({ "id": format!("2{number:011}"), "name": format!("team-{number:03}"), "roles": roles, "regions": regions, "users": users })
}

fn vpc(dice: &mut Dice) -> Value {
    let ssh = dice.pick(&["0.0.0.0/0", "203.0.113.0/24", "10.0.0.0/8", "198.51.100.7/32", "pl:offices"]);
    let inbound = [format!("tcp 22 from {ssh}"), "all from self".to_owned()];
    let closed = dice.chance(30);
    let acl = if closed {
        json!(["100 deny tcp 22 from 0.0.0.0/0", "200 allow all from 0.0.0.0/0"])
    } else {
        json!(["100 allow all from 0.0.0.0/0"])
    };
    json!({
        "name": "main",
        "cidr": "10.0.0.0/16",
        "subnets": [
            { "name": "public-a", "zone": "a", "cidr": "10.0.0.0/19", "routes": "public", "acl": "edge" },
            { "name": "public-b", "zone": "b", "cidr": "10.0.32.0/19", "routes": "public", "acl": "edge" },
            { "name": "private-a", "zone": "a", "cidr": "10.0.64.0/18" },
            { "name": "private-b", "zone": "b", "cidr": "10.0.128.0/18" },
        ],
        "acls": [{ "name": "edge", "inbound": acl, "outbound": ["100 allow all to 0.0.0.0/0"] }],
        "security_groups": [{ "name": "nodes", "inbound": inbound }],
    })
}

fn cluster(dice: &mut Dice, account: usize, region: &str, number: usize, roles: &mut Vec<Value>) -> Value {
    let name =
        format!("{}-{account:03}-{}-{number:02}", dice.pick(&["shop", "pay", "data", "edge", "tools"]), short(region));
    let node_role = format!("{name}-node");
    roles.push(self::node_role(dice, &node_role));
    let endpoint = match dice.between(0, 99) {
        0..30 => json!({ "public": false, "private": true, "cidrs": [] }),
        30..50 => json!({}),
        50..55 => json!({ "cidrs": ["0.0.0.0/1", "128.0.0.0/1"] }),
        55..65 => json!({ "private": true, "cidrs": ["198.51.0.0/16"] }),
        _ => json!({ "private": true, "cidrs": ["203.0.113.7/32", "198.51.100.0/25"] }),
    };
    let logging = match dice.between(0, 3) {
        0 => json!([]),
        1 => json!(["api", "audit"]),
        2 => json!(["audit", "authenticator"]),
        _ => json!(["all"]),
    };
    let groups: Vec<Value> = (0..=dice.between(0, 2)).map(|group| node_group(dice, group, &node_role)).collect();
    let mut cluster = json!({
        "name": name,
        "version": dice.pick(&["1.29", "1.31", "1.32", "1.33", "1.34"]),
        "vpc": "main",
        "subnets": ["private-a", "private-b"],
        "endpoint": endpoint,
        "authentication": dice.pick(&["API", "API", "API_AND_CONFIG_MAP", "CONFIG_MAP"]),
        "logging": logging,
        "support": dice.pick(&["STANDARD", "EXTENDED"]),
        "deletion_protection": dice.chance(50),
        "node_groups": groups,
        "access": [{ "principal": "platform-admin", "policies": [{ "name": "AmazonEKSClusterAdminPolicy" }] }],
        "tags": { "team": format!("team-{account:03}") },
    });
    let mut set = |key: &str, value: Value| {
        cluster.as_object_mut().map(|members| members.insert(key.to_owned(), value));
    };
    match dice.between(0, 99) {
        0..40 => {}
        40..75 => set("encryption", json!("rotating")),
        75..98 => set("encryption", json!("static")),
        _ => set("encryption", json!("dying")),
    }
    let pods: Vec<Value> = (0..dice.between(0, 4)).map(|pod| workload(dice, &name, region, pod, roles)).collect();
    set("pod_identities", pods.into_iter().filter(|pod| !pod.is_null()).collect());
    if dice.chance(10) {
        roles.push(json!({ "name": format!("{name}-fargate"), "trust": "fargate", "policies": ["AmazonEKSFargatePodExecutionRolePolicy"] }));
        set(
            "fargate",
            json!([{ "name": "batch", "role": format!("{name}-fargate"), "subnets": ["private-a"], "namespaces": ["batch"] }]),
        );
    }
    if dice.chance(5) {
        roles.push(
            json!({ "name": format!("{name}-ack"), "trust": "capabilities", "policies": ["AmazonS3FullAccess"] }),
        );
        set("capabilities", json!([{ "name": "ack", "kind": "ACK", "role": format!("{name}-ack") }]));
    }
    cluster
}

fn node_role(dice: &mut Dice, name: &str) -> Value {
    let usual = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];
    let minimal = ["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"];
    let broad = [
        "AmazonEKSWorkerNodePolicy",
        "AmazonEKS_CNI_Policy",
        "AmazonEC2ContainerRegistryReadOnly",
        "AmazonS3FullAccess",
    ];
    match dice.between(0, 99) {
        0..50 => json!({ "name": name, "trust": "ec2", "policies": usual }),
        50..75 => json!({ "name": name, "trust": "ec2", "policies": minimal }),
        75..92 => json!({ "name": name, "trust": "ec2", "policies": broad }),
        _ => json!({
            "name": name,
            "trust": "ec2",
            "policies": usual,
            "inline": { "quick": { "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] } },
        }),
    }
}

fn node_group(dice: &mut Dice, number: u32, role: &str) -> Value {
    let public = dice.chance(20);
    let subnets = if public { ["public-a", "public-b"] } else { ["private-a", "private-b"] };
    let mut group = json!({
        "name": format!("pool-{number}"),
        "kind": if dice.chance(10) { "karpenter" } else if dice.chance(5) { "self-managed" } else { "managed" },
        "count": dice.between(1, 4),
        "subnets": subnets,
        "role": role,
        "instance_type": dice.pick(&["m7i.large", "c7g.xlarge", "r6i.2xlarge"]),
    });
    let mut set = |key: &str, value: Value| {
        group.as_object_mut().map(|members| members.insert(key.to_owned(), value));
    };
    match dice.between(0, 99) {
        0..40 => {}
        40..75 => set("metadata", json!({})),
        75..90 => set("metadata", json!({ "hops": 2 })),
        _ => set("metadata", json!({ "tokens": "optional", "hops": 2 })),
    }
    if dice.chance(25) {
        set("security_groups", json!(["cluster", "nodes"]));
    } else if dice.chance(10) {
        set("remote_access", json!({ "key": "ops" }));
    }
    group
}

/// A role for a workload: through Pod Identity, which is returned, or through the cluster's identity provider.
fn workload(dice: &mut Dice, cluster: &str, region: &str, number: u32, roles: &mut Vec<Value>) -> Value {
    let name = format!("{cluster}-app-{number}");
    let policies = [dice.pick(&["AmazonS3ReadOnlyAccess", "AmazonSQSFullAccess", "AmazonDynamoDBFullAccess"])];
    if dice.chance(60) {
        roles.push(json!({ "name": name, "trust": "pods", "policies": policies }));
        return json!({ "namespace": format!("app-{number}"), "service_account": "app", "role": name });
    }
    let subject = if dice.chance(15) { "*:*".to_owned() } else { format!("app-{number}:app") };
    let trust = json!({ "cluster": cluster, "region": region, "subject": subject, "like": subject.contains('*') });
    roles.push(json!({ "name": name, "trust": trust, "policies": policies }));
    Value::Null
}

/// `euw1` for `eu-west-1`.
fn short(region: &str) -> String {
    region.split('-').flat_map(|part| part.chars().take(if part.len() == 2 { 2 } else { 1 })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::description::check::Mistakes;

    #[test]
    fn a_fleet_makes_sense_and_has_the_asked_size() {
        for clusters in [0, 1, 7, 120] {
            let description: Description = serde_json::from_value(fleet(3, clusters)).unwrap();
            assert_eq!(Mistakes::of(&description).to_string(), "");
            let regions = description.accounts.iter().flat_map(|account| account.regions.values());
            assert_eq!(regions.map(|region| region.clusters.len()).sum::<usize>(), clusters);
            assert_eq!(description.accounts.len(), 1 + clusters.div_ceil(PER_ACCOUNT));
        }
    }

    #[test]
    fn a_sparse_fleet_makes_sense_and_has_the_asked_accounts_and_clusters() {
        let description: Description = serde_json::from_value(wide(3, 100, 20)).unwrap();
        assert_eq!(Mistakes::of(&description).to_string(), "");
        let regions = description.accounts.iter().flat_map(|account| account.regions.values());
        assert_eq!(regions.map(|region| region.clusters.len()).sum::<usize>(), 5);
        assert_eq!(description.accounts.len(), 101);
    }

    #[test]
    fn a_fleet_follows_from_its_seed() {
        assert_eq!(fleet(3, 60), fleet(3, 60));
        assert_ne!(fleet(3, 60), fleet(4, 60));
    }
}
