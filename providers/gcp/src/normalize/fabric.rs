//! The network of a cluster as a whole, and the services beside it.

use super::{
    machinery::{of_pods, subnetwork},
    pool::{PoolContext, Subject},
};
use crate::record::{
    container::Cluster,
    nodes::is_autopilot,
    word::{DATAPATH, IN_TRANSIT, LOGGED, MONITORED, Table, Word},
};
use palisade_model::{
    ClusterNetwork, Evidence, Gap, NetworkPart, NetworkPlace, Observed, Platform, PolicyEngine, PrivateApis, Room,
    SecretStore, Telemetry, Transit,
};

/// The network of a cluster.
pub(super) fn network(context: &PoolContext<'_>, subject: &Subject<'_>) -> ClusterNetwork {
    let cluster = subject.cluster;
    let evidence = subject.evidence;
    let private_apis = subnetwork(context, subject, None).map(|subnet| {
        let name = subnet.name.as_deref().unwrap_or_default();
        match subnet.private_ip_google_access {
            Some(true) => PrivateApis::Offered { by: format!("Private Google Access of subnet `{name}`") },
            Some(false) | None => {
                PrivateApis::Missing { what: vec![format!("Private Google Access of subnet {name}")] }
            }
        }
    });
    ClusterNetwork {
        policy_engine: told(Ok(policy_engine(cluster)), evidence),
        parts: told(Ok(parts(cluster)), evidence),
        place: told(place(context, subject), evidence),
        private_apis: private_apis.resting_on(evidence),
        transit: told(Ok(transit(cluster)), evidence),
        room: told(room(cluster), evidence),
    }
}

/// The services beside a cluster.
pub(super) fn platform(cluster: &Cluster, evidence: &[Evidence]) -> Platform {
    Platform { secret_store: told(Ok(secret_store(cluster)), evidence), telemetry: told(telemetry(cluster), evidence) }
}

fn told<T>(read: Result<T, Gap>, evidence: &[Evidence]) -> Observed<T> {
    Observed::from_result(read, evidence.to_vec())
}

/// Autopilot always has it. <https://cloud.google.com/kubernetes-engine/docs/concepts/dataplane-v2>
fn has_dataplane_v2(cluster: &Cluster) -> bool {
    let config = cluster.network_config.as_ref().and_then(|config| config.datapath_provider.as_ref());
    is_autopilot(cluster) || config.is_some_and(|word| word.is(DATAPATH, "ADVANCED_DATAPATH"))
}

/// The add-on runs the engine's controller, the cluster's own switch its agents on the nodes: both have to be on.
fn policy_engine(cluster: &Cluster) -> PolicyEngine {
    if has_dataplane_v2(cluster) {
        return PolicyEngine::Active { by: "Dataplane V2".to_owned() };
    }
    let on_nodes = cluster.network_policy.as_ref().is_some_and(|policy| policy.enabled == Some(true));
    let addon = cluster.addons_config.as_ref().and_then(|addons| addons.network_policy_config.as_ref());
    let disabled = addon.is_some_and(|addon| addon.disabled == Some(true));
    match (on_nodes, disabled) {
        (true, false) => PolicyEngine::Active { by: "Calico (`networkPolicy.enabled`)".to_owned() },
        (true, true) => PolicyEngine::Absent { because: "add-on `networkPolicyConfig` is disabled".to_owned() },
        (false, _) => {
            PolicyEngine::Absent { because: "neither Dataplane V2 nor `networkPolicy.enabled` is on".to_owned() }
        }
    }
}

fn parts(cluster: &Cluster) -> Vec<NetworkPart> {
    let word = if has_dataplane_v2(cluster) { "Dataplane V2" } else { "legacy data path" };
    vec![NetworkPart { role: "network plugin".to_owned(), word: word.to_owned() }]
}

fn place(context: &PoolContext<'_>, subject: &Subject<'_>) -> Result<NetworkPlace, Gap> {
    let (_, name, _) = subject.network(context.project)?;
    let aliases = subject.cluster.ip_allocation_policy.as_ref().and_then(|policy| policy.use_ip_aliases);
    let routed = aliases != Some(true) && !is_autopilot(subject.cluster);
    Ok(NetworkPlace {
        name: name.to_owned(),
        default: (name == "default").then(|| "`default` is the network that every project starts with".to_owned()),
        routes_based: routed.then(|| "pods take their addresses from routes (`useIpAliases` is off)".to_owned()),
    })
}

fn transit(cluster: &Cluster) -> Transit {
    let config = cluster.network_config.as_ref().and_then(|config| config.in_transit_encryption_config.as_ref());
    if config.is_some_and(|word| word.is(IN_TRANSIT, "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT")) {
        return Transit::Encrypted { by: "inter-node transparent encryption".to_owned() };
    }
    Transit::Plain { because: "`inTransitEncryptionConfig` is off".to_owned() }
}

/// How much of the range for pods is taken. The service leaves 0 out, and so do answers of old clusters: absent is untold.
fn room(cluster: &Cluster) -> Result<Vec<Room>, Gap> {
    let policy = cluster.ip_allocation_policy.as_ref();
    match policy.and_then(|policy| policy.default_pod_ipv4_range_utilization) {
        Some(share) => Ok(vec![of_pods(share)?]),
        None => Err(Gap::Unsettled { what: "`defaultPodIpv4RangeUtilization` is not in the answer".to_owned() }),
    }
}

fn secret_store(cluster: &Cluster) -> SecretStore {
    match cluster.secret_manager_config.as_ref().filter(|config| config.enabled == Some(true)) {
        Some(config) => SecretStore::Connected {
            by: "Secret Manager (`secretManagerConfig`)".to_owned(),
            rotates: Some(config.rotation_config.as_ref().is_some_and(|rotation| rotation.enabled == Some(true))),
        },
        None => SecretStore::NotConnected { because: "`secretManagerConfig` is off".to_owned() },
    }
}

/// Autopilot always collects both.
fn telemetry(cluster: &Cluster) -> Result<Telemetry, Gap> {
    let untold = |what: &str| Gap::Unsettled { what: format!("`{what}` is not in the answer") };
    let has = |words: &[Word], table: Table, wanted: &str| words.iter().any(|word| word.is(table, wanted));
    let logging = cluster.logging_config.as_ref().ok_or_else(|| untold("loggingConfig"))?;
    let monitoring = cluster.monitoring_config.as_ref().ok_or_else(|| untold("monitoringConfig"))?;
    let components = |config: &crate::record::container::Collecting| {
        config.component_config.as_ref().map(|config| config.enable_components.clone()).unwrap_or_default()
    };
    let logs = is_autopilot(cluster) || has(&components(logging), LOGGED, "WORKLOADS");
    let prometheus = monitoring.managed_prometheus_config.as_ref().is_some_and(|config| config.enabled == Some(true));
    let metrics = is_autopilot(cluster) || prometheus || has(&components(monitoring), MONITORED, "SYSTEM_COMPONENTS");
    Ok(Telemetry {
        metrics: metrics.then(|| "Cloud Monitoring".to_owned()),
        logs: logs.then(|| "Cloud Logging".to_owned()),
        because: "`loggingConfig` and `monitoringConfig`".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cluster(value: serde_json::Value) -> Cluster {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_engine_needs_its_addon_and_its_agents() {
        for (value, active) in [
            (json!({}), false),
            (json!({ "networkConfig": { "datapathProvider": "ADVANCED_DATAPATH" } }), true),
            (json!({ "networkConfig": { "datapathProvider": 2 } }), true),
            (json!({ "autopilot": { "enabled": true } }), true),
            (json!({ "networkPolicy": { "enabled": true }, "addonsConfig": { "networkPolicyConfig": {} } }), true),
            (
                json!({ "networkPolicy": { "enabled": true }, "addonsConfig": { "networkPolicyConfig": { "disabled": true } } }),
                false,
            ),
            (json!({ "addonsConfig": { "networkPolicyConfig": {} } }), false),
        ] {
            let found = policy_engine(&cluster(value.clone()));
            assert_eq!(matches!(found, PolicyEngine::Active { .. }), active, "{value}");
        }
    }

    #[test]
    fn system_logs_alone_are_no_logs_of_workloads() {
        let with = |components: serde_json::Value| {
            telemetry(&cluster(json!({
                "loggingConfig": { "componentConfig": { "enableComponents": components } },
                "monitoringConfig": { "managedPrometheusConfig": { "enabled": true } },
            })))
            .unwrap()
        };
        assert_eq!(with(json!(["SYSTEM_COMPONENTS"])).logs, None);
        assert!(with(json!([1, 2])).logs.is_some());
        assert!(with(json!([])).metrics.is_some());
        assert!(telemetry(&cluster(json!({}))).is_err());
    }

    #[test]
    fn secrets_rotate_only_where_somebody_said_so() {
        let rotates = |value: serde_json::Value| match secret_store(&cluster(json!({ "secretManagerConfig": value }))) {
            SecretStore::Connected { rotates, .. } => rotates,
            SecretStore::NotConnected { .. } => None,
        };
        assert_eq!(rotates(json!({ "enabled": true })), Some(false));
        assert_eq!(rotates(json!({ "enabled": true, "rotationConfig": { "enabled": true } })), Some(true));
        assert_eq!(rotates(json!({})), None);
    }

    #[test]
    fn a_share_that_is_left_out_is_not_nothing() {
        assert!(room(&cluster(json!({}))).is_err());
        let policy = json!({ "ipAllocationPolicy": { "defaultPodIpv4RangeUtilization": 0.9 } });
        assert_eq!(room(&cluster(policy)).unwrap()[0].used, 90);
    }
}
