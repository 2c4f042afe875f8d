//! A node pool inside its cluster.

use serde_json::{Value, json};

use super::Plan;
use crate::gcp::description::Pool;
use crate::gcp::expand::{Mistake, Site, nodes};
use crate::gcp::ids::COMPUTE;
use crate::gcp::wire::set;

/// The pool as the cluster shows it.
pub(super) fn body(site: &Site<'_>, plan: &Plan<'_>, pool: &Pool) -> Result<Value, Mistake> {
    let project = &site.project.id;
    let cluster = plan.cluster;
    let zones = u32::try_from(plan.zones.len()).unwrap_or(u32::MAX).max(1);
    let groups: Vec<String> = plan
        .zones
        .iter()
        .map(|zone| {
            format!("{COMPUTE}/projects/{project}/zones/{zone}/instanceGroupManagers/{}-{}-grp", plan.prefix, pool.name)
        })
        .collect();
    let region = crate::gcp::ids::region(&cluster.location);
    let mut found = json!({
        "name": pool.name,
        "config": config(site, pool),
        "initialNodeCount": pool.count.div_ceil(zones),
        "locations": plan.zones,
        "selfLink": format!(
            "https://container.googleapis.com/v1/projects/{project}/locations/{}/clusters/{}/nodePools/{}",
            cluster.location, cluster.name, pool.name
        ),
        "version": pool.version.as_ref().unwrap_or(&cluster.version),
        "instanceGroupUrls": groups,
        "status": "RUNNING",
        "autoscaling": pool.autoscale.map_or_else(|| json!({}), |(least, most)| {
            json!({"enabled": true, "minNodeCount": least, "maxNodeCount": most, "locationPolicy": "BALANCED"})
        }),
        "management": {"autoUpgrade": pool.auto_upgrade, "autoRepair": pool.auto_repair},
        "maxPodsConstraint": {"maxPodsPerNode": "110"},
        "podIpv4CidrSize": 24,
        "upgradeSettings": {"maxSurge": pool.max_surge, "strategy": "SURGE"},
        "networkConfig": {
            "podRange": "pods",
            "podIpv4CidrBlock": plan.subnet.pods,
            "subnetwork": format!("projects/{project}/regions/{region}/subnetworks/{}", cluster.subnet),
        },
    });
    if let Some(private) = pool.private_nodes.or(cluster.endpoint.private_nodes.then_some(true))
        && let Some(network) = found.get_mut("networkConfig")
    {
        set(network, "enablePrivateNodes", json!(private));
    }
    if pool.count == 0 && !cluster.autopilot {
        return Err(Mistake(format!("pool `{}` of `{}` has no nodes", pool.name, cluster.name)));
    }
    Ok(found)
}

fn config(site: &Site<'_>, pool: &Pool) -> Value {
    let mut found = json!({
        "machineType": pool.machine,
        "diskSizeGb": 100,
        "diskType": "pd-balanced",
        "imageType": pool.image,
        "serviceAccount": pool.service_account.as_deref().unwrap_or("default"),
        "oauthScopes": nodes::scopes(pool),
        // The value of a real label of GKE; metadata of people comes on top on the instances only.
        "metadata": {"disable-legacy-endpoints": "true"},
        "labels": pool.labels,
        "tags": pool.tags,
        "resourceLabels": {"goog-gke-node-pool-provisioning-model": "on-demand"},
        "shieldedInstanceConfig": {"enableSecureBoot": pool.secure_boot, "enableIntegrityMonitoring": true},
        "effectiveCgroupMode": "EFFECTIVE_CGROUP_MODE_V2",
        "windowsNodeConfig": {},
    });
    if pool.spot {
        set(&mut found, "spot", json!(true));
    }
    if let Some(mode) = &pool.metadata {
        set(&mut found, "workloadMetadataConfig", json!({"mode": mode}));
    }
    if let Some(open) = pool.read_only_port {
        set(
            &mut found,
            "kubeletConfig",
            json!({"insecureKubeletReadonlyPortEnabled": open, "maxParallelImagePulls": 3}),
        );
    }
    if pool.sandbox {
        set(&mut found, "sandboxConfig", json!({"type": "GVISOR"}));
    }
    let taints: Vec<Value> = pool.taints.iter().map(|text| taint(text)).collect();
    if !taints.is_empty() {
        set(&mut found, "taints", json!(taints));
    }
    if let Some(key) = &pool.disk_key {
        set(&mut found, "bootDiskKmsKey", json!(super::key_name(&site.project.id, key)));
    }
    found
}

/// `KEY=VALUE:EFFECT`.
fn taint(text: &str) -> Value {
    let (rest, effect) = text.rsplit_once(':').unwrap_or((text, "NO_SCHEDULE"));
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    json!({"key": key, "value": value, "effect": effect})
}
