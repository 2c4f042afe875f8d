//! One GKE cluster: its own resource, and what it makes in the project.

use serde_json::{Value, json};

use super::{MADE, Mistake, Site, balancing, nodes};
use crate::certificate::authority;
use crate::gcp::description::{Cluster, Encryption, Firewall, Subnet};
use crate::gcp::ids;
use crate::gcp::wire::{Item, merge, set};

mod endpoint;
mod pool;

/// What is decided about a cluster before anything of it is written.
pub(super) struct Plan<'d> {
    pub(super) cluster: &'d Cluster,
    pub(super) subnet: &'d Subnet,
    pub(super) zones: Vec<String>,
    /// `gke-<cluster>-<hash>`, the beginning of what GKE names.
    pub(super) prefix: String,
}

/// The clusters of one project.
pub(super) fn add(site: &mut Site<'_>) -> Result<(), Mistake> {
    let project = &site.project.id;
    let base = format!("/v1/projects/{project}/locations");
    for cluster in &site.project.clusters {
        let plan = plan(site, cluster)?;
        for pool in &cluster.pools {
            nodes::add(site, &plan, pool)?;
        }
        balancing::add(site, &plan);
        let rules = firewalls(&plan);
        site.made.firewalls.entry(cluster.network.clone()).or_default().extend(rules);
        let item = Item::sparse(body(site, &plan)?);
        let own = format!("{base}/{}", cluster.location);
        site.wire.put(&format!("{own}/clusters/{}", cluster.name), item.clone());
        let info = format!("{own}/clusters/{}:fetchClusterUpgradeInfo", cluster.name);
        site.wire.put(&info, Item::sparse(upgrades(cluster)));
        site.wire.list_mut(&format!("{own}/clusters")).items.push(item.clone());
        site.wire.list_mut(&format!("{base}/-/clusters")).items.push(item);
    }
    if !site.project.missing_zones.is_empty() {
        let zones = json!(site.project.missing_zones).to_string();
        site.wire.list_mut(&format!("{base}/-/clusters")).head.push(("missingZones", zones));
    }
    Ok(())
}

fn plan<'d>(site: &Site<'d>, cluster: &'d Cluster) -> Result<Plan<'d>, Mistake> {
    let region = ids::region(&cluster.location);
    let network = site.project.networks.iter().find(|network| network.name == cluster.network);
    let subnet = network.and_then(|network| {
        network.subnets.iter().find(|subnet| subnet.name == cluster.subnet && subnet.region == region)
    });
    let subnet = subnet.ok_or_else(|| {
        Mistake(format!(
            "cluster `{}` is in subnet `{}` of `{}` in {region}, which project `{}` does not have",
            cluster.name, cluster.subnet, cluster.network, site.project.id
        ))
    })?;
    let zones = match (cluster.zones.is_empty(), region == cluster.location) {
        (false, _) => cluster.zones.clone(),
        (true, true) => vec![format!("{region}-b")],
        (true, false) => vec![cluster.location.clone()],
    };
    let hash = ids::suffix(&format!("{} {} {}", site.project.id, cluster.location, cluster.name));
    let kind = if cluster.autopilot { "gk3" } else { "gke" };
    Ok(Plan { cluster, subnet, zones, prefix: format!("{kind}-{}-{hash}", cluster.name) })
}

/// The rules that GKE puts into the network for every cluster.
fn firewalls(plan: &Plan<'_>) -> Vec<Firewall> {
    let Plan { cluster, subnet, prefix, .. } = plan;
    let node = vec![format!("{prefix}-node")];
    let words = |written: &[&str]| -> Vec<String> { written.iter().map(|&word| word.to_owned()).collect() };
    let pods = vec![subnet.pods.clone().unwrap_or_else(|| "10.112.0.0/14".to_owned())];
    let rule = |name: &str| Firewall { name: format!("{prefix}-{name}"), to_tags: node.clone(), ..Firewall::default() };
    let mut found = vec![
        Firewall {
            allow: words(&["icmp", "tcp:1-65535", "udp:1-65535"]),
            from: vec![subnet.range.clone()],
            ..rule("vms")
        },
        Firewall { allow: words(&["sctp", "tcp", "udp", "icmp", "esp", "ah"]), from: pods.clone(), ..rule("all") },
        Firewall { deny: words(&["tcp:10255"]), from: words(&["0.0.0.0/0"]), ..rule("exkubelet") },
        Firewall {
            allow: words(&["tcp:10255"]),
            from: pods,
            from_tags: node.clone(),
            priority: 999,
            ..rule("inkubelet")
        },
    ];
    if let Some(range) = &cluster.endpoint.master_range {
        found.push(Firewall { allow: words(&["tcp:443,10250"]), from: vec![range.clone()], ..rule("master") });
    }
    for service in &cluster.services {
        let seed = format!("{prefix} {}", service.name);
        found.push(Firewall {
            name: format!("k8s-fw-a{}{}", ids::suffix(&seed), ids::suffix(prefix)),
            description: format!("{{\"kubernetes.io/service-name\":\"{}\"}}", service.name),
            allow: vec![format!("tcp:{}", service.port)],
            from: if service.sources.is_empty() { words(&["0.0.0.0/0"]) } else { service.sources.clone() },
            to: vec![balancing::address(plan, service)],
            to_tags: node.clone(),
            ..Firewall::default()
        });
    }
    found
}

fn body(site: &Site<'_>, plan: &Plan<'_>) -> Result<Value, Mistake> {
    let cluster = plan.cluster;
    let mut body = basics(site, plan);
    merge(&mut body, network(site, plan));
    merge(&mut body, security(site, cluster));
    merge(&mut body, operations(cluster, &seed(site, cluster)));
    let pools: Vec<Value> = cluster.pools.iter().map(|pool| pool::body(site, plan, pool)).collect::<Result<_, _>>()?;
    set(&mut body, "nodePools", json!(pools));
    endpoint::add(site, plan, &mut body);
    if cluster.old_reply
        && let Some(fields) = body.as_object_mut()
    {
        // Recorded in 2023 (c7n-clusters-list-all-locations): these did not exist yet.
        for field in [
            "anonymousAuthenticationConfig",
            "controlPlaneEndpointsConfig",
            "enterpriseConfig",
            "rbacBindingConfig",
            "securityPostureConfig",
            "shieldedNodes",
            "userManagedKeysConfig",
        ] {
            fields.remove(field);
        }
    }
    Ok(body)
}

fn seed(site: &Site<'_>, cluster: &Cluster) -> String {
    format!("{} {} {}", site.project.id, cluster.location, cluster.name)
}

fn basics(site: &Site<'_>, plan: &Plan<'_>) -> Value {
    let cluster = plan.cluster;
    let project = &site.project.id;
    let seed = seed(site, cluster);
    let mut body = json!({
        "name": cluster.name,
        "id": ids::suffix(&seed).repeat(8),
        "selfLink": format!(
            "https://container.googleapis.com/v1/projects/{project}/locations/{}/clusters/{}",
            cluster.location, cluster.name
        ),
        "location": cluster.location,
        "locations": plan.zones,
        "status": cluster.status,
        "enableKubernetesAlpha": cluster.alpha,
        "createTime": MADE,
        "etag": ids::suffix(&format!("etag {seed}")),
        "initialClusterVersion": cluster.version,
        "currentMasterVersion": cluster.version,
        "currentNodeVersion": cluster.version,
        "currentNodeCount": cluster.pools.iter().map(|pool| pool.count).sum::<u32>(),
        "resourceLabels": cluster.labels,
        "labelFingerprint": ids::suffix(&format!("labels {seed}")),
        "enterpriseConfig": {"clusterTier": "STANDARD"},
    });
    let region = ids::region(&cluster.location);
    if cluster.location != region {
        set(&mut body, "zone", json!(cluster.location));
    }
    if cluster.fleet {
        let membership =
            format!("//gkehub.googleapis.com/projects/{project}/locations/{region}/memberships/{}", cluster.name);
        set(&mut body, "fleet", json!({"project": project, "membership": membership}));
    }
    body
}

fn network(site: &Site<'_>, plan: &Plan<'_>) -> Value {
    let Plan { cluster, subnet, .. } = plan;
    let project = &site.project.id;
    let region = ids::region(&cluster.location);
    let pods = subnet.pods.as_deref().unwrap_or("10.112.0.0/14");
    let services = subnet.services.as_deref().unwrap_or("34.118.224.0/20");
    let mut config = json!({
        "network": format!("projects/{project}/global/networks/{}", cluster.network),
        "subnetwork": format!("projects/{project}/regions/{region}/subnetworks/{}", cluster.subnet),
        "enableIntraNodeVisibility": cluster.intra_node_visibility,
        "datapathProvider": if cluster.dataplane_v2 { "ADVANCED_DATAPATH" } else { "LEGACY_DATAPATH" },
        "serviceExternalIpsConfig": {},
    });
    if cluster.endpoint.private_nodes {
        set(&mut config, "defaultEnablePrivateNodes", json!(true));
    }
    if cluster.in_transit_encryption {
        let word = "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT";
        set(&mut config, "inTransitEncryptionConfig", json!(word));
    }
    let mut body = json!({
        "network": cluster.network,
        "subnetwork": cluster.subnet,
        "clusterIpv4Cidr": pods,
        "servicesIpv4Cidr": services,
        "ipAllocationPolicy": {
            "useIpAliases": true,
            "clusterIpv4Cidr": pods,
            "clusterIpv4CidrBlock": pods,
            "servicesIpv4Cidr": services,
            "servicesIpv4CidrBlock": services,
            "stackType": "IPV4",
            "podCidrOverprovisionConfig": {},
            "defaultPodIpv4RangeUtilization": cluster.pods_taken,
        },
        "networkConfig": config,
        "defaultMaxPodsConstraint": {"maxPodsPerNode": "110"},
    });
    if cluster.network_policy {
        set(&mut body, "networkPolicy", json!({"enabled": true, "provider": "CALICO"}));
    }
    body
}

fn security(site: &Site<'_>, cluster: &Cluster) -> Value {
    let mut body = json!({
        "legacyAbac": {"enabled": cluster.legacy_abac},
        "masterAuth": certificates(cluster),
        "databaseEncryption": encryption(site, cluster),
        "shieldedNodes": {"enabled": cluster.shielded_nodes},
        "binaryAuthorization": {},
        "rbacBindingConfig": {
            "enableInsecureBindingSystemUnauthenticated": cluster.insecure_bindings,
            "enableInsecureBindingSystemAuthenticated": cluster.insecure_bindings,
        },
        "securityPostureConfig": {
            "mode": cluster.security_posture,
            "vulnerabilityMode": "VULNERABILITY_MODE_UNSPECIFIED",
        },
        "userManagedKeysConfig": {},
    });
    if cluster.workload_identity {
        let pool = format!("{}.svc.id.goog", site.project.id);
        set(&mut body, "workloadIdentityConfig", json!({"workloadPool": pool}));
    }
    if cluster.binary_authorization {
        let mode = json!({"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"});
        set(&mut body, "binaryAuthorization", mode);
    }
    if let Some(rotates) = cluster.secret_manager {
        set(&mut body, "secretManagerConfig", json!({"enabled": true, "rotationConfig": {"enabled": rotates}}));
    }
    if cluster.confidential_nodes {
        set(&mut body, "confidentialNodes", json!({"enabled": true}));
    }
    if let Some(mode) = &cluster.anonymous {
        set(&mut body, "anonymousAuthenticationConfig", json!({"mode": mode}));
    }
    if let Some(domain) = &cluster.groups_domain {
        let group = format!("gke-security-groups@{domain}");
        set(&mut body, "authenticatorGroupsConfig", json!({"enabled": true, "securityGroup": group}));
    }
    body
}

fn operations(cluster: &Cluster, seed: &str) -> Value {
    json!({
        "releaseChannel": {"channel": cluster.channel},
        "autopilot": {"enabled": cluster.autopilot},
        "addonsConfig": {
            "kubernetesDashboard": {"disabled": true},
            "networkPolicyConfig": {"disabled": !cluster.network_policy},
            "gcePersistentDiskCsiDriverConfig": {"enabled": true},
            "gkeBackupAgentConfig": {"enabled": cluster.backup_agent},
        },
        "loggingService": "logging.googleapis.com/kubernetes",
        "monitoringService": "monitoring.googleapis.com/kubernetes",
        "loggingConfig": {"componentConfig": {"enableComponents": cluster.logs}},
        "monitoringConfig": {
            "componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "DEPLOYMENT", "POD", "KUBELET"]},
            "managedPrometheusConfig": {"enabled": true},
            "advancedDatapathObservabilityConfig": {},
        },
        "autoscaling": {"autoscalingProfile": "BALANCED"},
        "maintenancePolicy": maintenance(cluster, seed),
        "notificationConfig": {"pubsub": {}},
    })
}

fn maintenance(cluster: &Cluster, seed: &str) -> Value {
    let mut policy = json!({"resourceVersion": ids::suffix(&format!("policy {seed}"))});
    let mut window = json!({});
    if let Some(rule) = &cluster.window {
        let span = json!({"startTime": "2026-01-04T02:00:00Z", "endTime": "2026-01-04T06:00:00Z"});
        set(&mut window, "recurringWindow", json!({"window": span, "recurrence": rule}));
    }
    let exclusions = cluster.exclusions.iter().map(|one| {
        let options = json!({"scope": one.scope});
        let body = json!({"startTime": one.from, "endTime": one.until, "maintenanceExclusionOptions": options});
        (one.name.clone(), body)
    });
    let exclusions: serde_json::Map<String, Value> = exclusions.collect();
    if !exclusions.is_empty() {
        set(&mut window, "maintenanceExclusions", json!(exclusions));
    }
    if window.as_object().is_some_and(|window| !window.is_empty()) {
        set(&mut policy, "window", window);
    }
    policy
}

/// Minor versions with the ends of their standard and extended support, as GKE told them in November 2026.
const VERSIONS: [(&str, &str, &str); 6] = [
    ("1.35", "2027-04-14", "2028-03-14"),
    ("1.34", "2026-12-30", "2027-11-28"),
    ("1.33", "2026-08-03", "2027-06-03"),
    ("1.32", "2026-04-11", "2027-02-11"),
    ("1.31", "2025-12-22", "2026-10-22"),
    ("1.30", "2025-09-30", "2026-07-30"),
];

/// Until when the cluster's version is supported, and what holds its upgrades up.
fn upgrades(cluster: &Cluster) -> Value {
    let minor: String = cluster.version.split('.').take(2).collect::<Vec<_>>().join(".");
    let known = VERSIONS.into_iter().find(|(version, _, _)| *version == minor);
    let status = if cluster.paused.is_empty() { "ACTIVE" } else { "UPGRADE_PAUSED" };
    let mut found = json!({
        "minorTargetVersion": cluster.version,
        "patchTargetVersion": cluster.version,
        "autoUpgradeStatus": [status],
        "pausedReason": cluster.paused,
    });
    if let Some((_, standard, extended)) = known {
        set(&mut found, "endOfStandardSupportTimestamp", json!(format!("{standard}T00:00:00Z")));
        set(&mut found, "endOfExtendedSupportTimestamp", json!(format!("{extended}T00:00:00Z")));
    }
    found
}

fn certificates(cluster: &Cluster) -> Value {
    let until = cluster.authority_until.parse().unwrap_or_default();
    let mut found = json!({
        "clusterCaCertificate": authority("kubernetes", until),
        "clientCertificateConfig": {"issueClientCertificate": cluster.client_certificate},
    });
    if cluster.client_certificate {
        // A real reply holds a private key here. This one spells "SIMULATED-SECRET-DO-NOT-STORE".
        set(&mut found, "clientCertificate", json!("U0lNVUxBVEVELUNMSUVOVC1DRVJUSUZJQ0FURQ=="));
        set(&mut found, "clientKey", json!("U0lNVUxBVEVELVNFQ1JFVC1ETy1OT1QtU1RPUkU="));
    }
    found
}

fn encryption(site: &Site<'_>, cluster: &Cluster) -> Value {
    let Some(Encryption { state, current, key, decryption_keys }) = &cluster.encryption else {
        return json!({"state": "DECRYPTED", "currentState": "CURRENT_STATE_DECRYPTED"});
    };
    let current = current.clone().unwrap_or_else(|| format!("CURRENT_STATE_{state}"));
    json!({
        "state": state,
        "currentState": current,
        "keyName": key.as_ref().map(|key| key_name(&site.project.id, key)),
        "decryptionKeys": decryption_keys.iter().map(|key| key_name(&site.project.id, key)).collect::<Vec<_>>(),
    })
}

/// `location/ring/key` of the same project, or a resource name as it is.
fn key_name(project: &str, written: &str) -> String {
    let parts: Vec<&str> = written.split('/').collect();
    match parts.as_slice() {
        [location, ring, key] => format!("projects/{project}/locations/{location}/keyRings/{ring}/cryptoKeys/{key}"),
        _ => written.to_owned(),
    }
}
