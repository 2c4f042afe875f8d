//! The instances behind a node pool.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::cluster::Plan;
use super::{Mistake, Site};
use crate::gcp::description::Pool;
use crate::gcp::ids::{self, COMPUTE};
use crate::gcp::wire::set;

/// The scopes of a pool for which nobody named any.
const DEFAULT_SCOPES: &[&str] = &[
    "https://www.googleapis.com/auth/devstorage.read_only",
    "https://www.googleapis.com/auth/logging.write",
    "https://www.googleapis.com/auth/monitoring",
    "https://www.googleapis.com/auth/service.management.readonly",
    "https://www.googleapis.com/auth/servicecontrol",
    "https://www.googleapis.com/auth/trace.append",
];

/// The scopes of a pool: `cloud-platform` and the like are completed to addresses.
pub(super) fn scopes(pool: &Pool) -> Vec<String> {
    match &pool.scopes {
        None => DEFAULT_SCOPES.iter().map(|&scope| scope.to_owned()).collect(),
        Some(named) => {
            named
                .iter()
                .map(|scope| {
                    if scope.contains('/') { scope.clone() } else { format!("https://www.googleapis.com/auth/{scope}") }
                })
                .collect()
        }
    }
}

/// Makes the instances of a pool, spread over its zones.
pub(super) fn add(site: &mut Site<'_>, plan: &Plan<'_>, pool: &Pool) -> Result<(), Mistake> {
    let range: Ipv4Net = plan.subnet.range.parse().map_err(|_| {
        Mistake(format!("subnet `{}` has the range `{}`, which is none", plan.subnet.name, plan.subnet.range))
    })?;
    for (index, zone) in (0..pool.count).zip(plan.zones.iter().cycle()) {
        let taken = site.made.taken.entry(format!("{}/{}", plan.subnet.region, plan.subnet.name)).or_default();
        // The first two addresses belong to the network and its gateway; a few more are left for other things.
        let address = Ipv4Addr::from(u32::from(range.network()).wrapping_add(10 + *taken));
        *taken += 1;
        let body = instance(site, plan, pool, (index, zone, address));
        site.made.instances.entry(zone.clone()).or_default().push(body);
    }
    Ok(())
}

fn instance(site: &Site<'_>, plan: &Plan<'_>, pool: &Pool, (index, zone, address): (u32, &str, Ipv4Addr)) -> Value {
    let project = &site.project.id;
    let cluster = plan.cluster;
    let stem = format!("{}-{}", plan.prefix, pool.name);
    let name = format!("{stem}-{}", ids::short(&format!("{stem} {index}")));
    let link = format!("{COMPUTE}/projects/{project}/zones/{zone}/instances/{name}");
    let region = ids::region(zone);
    let mut tags = vec![format!("{}-node", plan.prefix)];
    tags.extend(pool.tags.iter().cloned());
    let mut interface = json!({
        "kind": "compute#networkInterface",
        "network": format!("{COMPUTE}/projects/{project}/global/networks/{}", cluster.network),
        "subnetwork": format!("{COMPUTE}/projects/{project}/regions/{region}/subnetworks/{}", cluster.subnet),
        "networkIP": address,
        "name": "nic0",
        "fingerprint": ids::fingerprint(&link),
        "stackType": "IPV4_ONLY",
    });
    if !pool.private_nodes.unwrap_or(cluster.endpoint.private_nodes) {
        set(
            &mut interface,
            "accessConfigs",
            json!([{
                "kind": "compute#accessConfig",
                "type": "ONE_TO_ONE_NAT",
                "name": "external-nat",
                "natIP": ids::public_address(&link),
                "networkTier": "PREMIUM",
            }]),
        );
    }
    let account = match pool.service_account.as_deref() {
        None | Some("default") => site.account("compute"),
        Some(account) => account.to_owned(),
    };
    json!({
        "kind": "compute#instance",
        "id": ids::number(&link),
        "creationTimestamp": "2026-02-03T00:21:04.123-08:00",
        "name": name,
        "description": "",
        "tags": {"items": tags, "fingerprint": ids::fingerprint(&format!("tags {link}"))},
        "machineType": format!("{COMPUTE}/projects/{project}/zones/{zone}/machineTypes/{}", pool.machine),
        "status": "RUNNING",
        "zone": format!("{COMPUTE}/projects/{project}/zones/{zone}"),
        "canIpForward": true,
        "networkInterfaces": [interface],
        "metadata": {
            "kind": "compute#metadata",
            "fingerprint": ids::fingerprint(&format!("metadata {link}")),
            "items": [
                {"key": "cluster-name", "value": cluster.name},
                {"key": "disable-legacy-endpoints", "value": "true"},
                {"key": "kube-labels", "value": format!("cloud.google.com/gke-nodepool={}", pool.name)},
                // Real values hold bootstrap credentials: nothing that reads this may keep it.
                {"key": "kube-env", "value": "KUBELET_KEY: SIMULATED-SECRET-DO-NOT-STORE\n"},
            ],
        },
        "serviceAccounts": [{"email": account, "scopes": scopes(pool)}],
        "selfLink": link,
        "scheduling": {"onHostMaintenance": "MIGRATE", "automaticRestart": true, "preemptible": false},
        "cpuPlatform": "Intel Broadwell",
        "labels": {
            "goog-k8s-cluster-name": cluster.name,
            "goog-k8s-cluster-location": cluster.location,
            "goog-k8s-node-pool-name": pool.name,
            "goog-gke-node": "",
        },
        "labelFingerprint": ids::fingerprint(&format!("labels {link}")),
        "startRestricted": false,
        "deletionProtection": false,
        "shieldedInstanceConfig": {
            "enableSecureBoot": pool.secure_boot,
            "enableVtpm": true,
            "enableIntegrityMonitoring": true,
        },
        "shieldedInstanceIntegrityPolicy": {"updateAutoLearnPolicy": true},
        "fingerprint": ids::fingerprint(&format!("fingerprint {link}")),
        "lastStartTimestamp": "2026-02-03T00:21:10.456-08:00",
    })
}
