//! container/v1: clusters and node pools.

use super::{
    lenient::{flag, list, number, text},
    word::{CONDITION_CODE, Word},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One page of `projects.locations.clusters.list`; there is only one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Clusters<C> {
    #[serde(default = "Vec::new", deserialize_with = "list")]
    #[serde(bound(deserialize = "C: Deserialize<'de>"))]
    pub(crate) clusters: Vec<C>,
    /// Zones that did not answer: the list is not whole.
    #[serde(default, deserialize_with = "list")]
    pub(crate) missing_zones: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cluster {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) location: Option<String>,
    /// Deprecated predecessor of `location`.
    #[serde(default, deserialize_with = "text")]
    pub(crate) zone: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) current_master_version: Option<String>,
    #[serde(default)]
    pub(crate) resource_labels: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) network: Option<String>,
    /// The addresses of its pods.
    #[serde(default, rename = "clusterIpv4Cidr", deserialize_with = "text")]
    pub(crate) pod_cidr: Option<String>,
    pub(crate) network_config: Option<NetworkConfig>,
    pub(crate) control_plane_endpoints_config: Option<ControlPlaneEndpoints>,
    pub(crate) master_authorized_networks_config: Option<AuthorizedNetworks>,
    pub(crate) private_cluster_config: Option<PrivateCluster>,
    pub(crate) database_encryption: Option<DatabaseEncryption>,
    pub(crate) workload_identity_config: Option<WorkloadIdentity>,
    pub(crate) autopilot: Option<Switch>,
    pub(crate) autoscaling: Option<Autoscaling>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) node_pools: Vec<NodePool>,
    pub(crate) fleet: Option<Fleet>,
    pub(crate) addons_config: Option<Addons>,
    pub(crate) control_plane_egress: Option<ControlPlaneEgress>,
    pub(crate) binary_authorization: Option<BinaryAuthorization>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) subnetwork: Option<String>,
    pub(crate) ip_allocation_policy: Option<IpAllocation>,
    pub(crate) network_policy: Option<Switch>,
    pub(crate) shielded_nodes: Option<Switch>,
    pub(crate) logging_config: Option<Collecting>,
    pub(crate) monitoring_config: Option<Collecting>,
    pub(crate) secret_manager_config: Option<SecretManager>,
    pub(crate) master_auth: Option<MasterAuth>,
    pub(crate) legacy_abac: Option<Switch>,
    pub(crate) authenticator_groups_config: Option<Switch>,
    pub(crate) release_channel: Option<ReleaseChannel>,
    pub(crate) maintenance_policy: Option<MaintenancePolicy>,
    pub(crate) status: Option<Word>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) conditions: Vec<StatusCondition>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) locations: Vec<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enable_kubernetes_alpha: Option<bool>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) alpha_cluster_feature_gates: Vec<String>,
    #[serde(rename = "enableK8sBetaApis")]
    pub(crate) enable_k8s_beta_apis: Option<BetaApis>,
}

/// Whether Binary Authorization looks at images.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BinaryAuthorization {
    /// Deprecated: ignored where a mode is set.
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enabled: Option<bool>,
    pub(crate) evaluation_mode: Option<Word>,
}

/// Where pods take their addresses from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IpAllocation {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) use_ip_aliases: Option<bool>,
    /// From 0 to 1.
    pub(crate) default_pod_ipv4_range_utilization: Option<f64>,
}

/// What is collected of a cluster.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Collecting {
    pub(crate) component_config: Option<Components>,
    pub(crate) managed_prometheus_config: Option<Switch>,
}

/// Of what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Components {
    #[serde(default, deserialize_with = "list")]
    pub(crate) enable_components: Vec<Word>,
}

/// Whether pods can mount secrets of Secret Manager.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretManager {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enabled: Option<bool>,
    pub(crate) rotation_config: Option<Switch>,
}

/// What stands in no directory, and the cluster's certificate authority: PEM in base64.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MasterAuth {
    #[serde(default, deserialize_with = "text")]
    pub(crate) username: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) client_certificate: Option<String>,
    pub(crate) client_certificate_config: Option<ClientCertificates>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) cluster_ca_certificate: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientCertificates {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) issue_client_certificate: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ReleaseChannel {
    pub(crate) channel: Option<Word>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct MaintenancePolicy {
    pub(crate) window: Option<MaintenanceWindow>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MaintenanceWindow {
    #[serde(rename = "dailyMaintenanceWindow")]
    pub(crate) daily: Option<serde::de::IgnoredAny>,
    pub(crate) recurring_window: Option<serde::de::IgnoredAny>,
    pub(crate) maintenance_exclusions: Option<BTreeMap<String, Exclusion>>,
}

/// A time in which nothing is upgraded, or not everything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Exclusion {
    #[serde(default, deserialize_with = "text")]
    pub(crate) start_time: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) end_time: Option<String>,
    pub(crate) maintenance_exclusion_options: Option<ExclusionOptions>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExclusionOptions {
    pub(crate) scope: Option<Word>,
    pub(crate) end_time_behavior: Option<Word>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BetaApis {
    #[serde(default, deserialize_with = "list")]
    pub(crate) enabled_apis: Vec<String>,
}

/// What GKE complains of.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct StatusCondition {
    pub(crate) code: Option<Word>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) message: Option<String>,
}

impl StatusCondition {
    /// In a word where there is one.
    pub(crate) fn said(&self) -> String {
        let code = self.code.as_ref().map(|code| code.name(CONDITION_CODE).into_owned());
        let code = code.filter(|code| code != "UNKNOWN");
        code.or_else(|| self.message.clone()).unwrap_or_else(|| "something without a code".to_owned())
    }
}

/// The answer to `projects.locations.clusters.fetchClusterUpgradeInfo`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpgradeInfo {
    #[serde(default, deserialize_with = "list")]
    pub(crate) auto_upgrade_status: Vec<Word>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) paused_reason: Vec<Word>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) end_of_standard_support_timestamp: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) end_of_extended_support_timestamp: Option<String>,
}

/// How an upgrade replaces a pool's machines.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpgradeSettings {
    pub(crate) strategy: Option<Word>,
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_surge: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct OffSwitch {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) disabled: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Switch {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkConfig {
    /// `projects/HOST/global/networks/NAME`.
    #[serde(default, deserialize_with = "text")]
    pub(crate) network: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) default_enable_private_nodes: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) subnetwork: Option<String>,
    pub(crate) datapath_provider: Option<Word>,
    pub(crate) in_transit_encryption_config: Option<Word>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ControlPlaneEndpoints {
    pub(crate) dns_endpoint_config: Option<DnsEndpoint>,
    pub(crate) ip_endpoints_config: Option<IpEndpoints>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DnsEndpoint {
    #[serde(default, deserialize_with = "text")]
    pub(crate) endpoint: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) allow_external_traffic: Option<bool>,
    #[serde(default, rename = "enableK8sTokensViaDns", deserialize_with = "flag")]
    pub(crate) tokens: Option<bool>,
    #[serde(default, rename = "enableK8sCertsViaDns", deserialize_with = "flag")]
    pub(crate) certificates: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IpEndpoints {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enabled: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enable_public_endpoint: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) global_access: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) private_endpoint: Option<String>,
    pub(crate) authorized_networks_config: Option<AuthorizedNetworks>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizedNetworks {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enabled: Option<bool>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) cidr_blocks: Vec<CidrBlock>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) gcp_public_cidrs_access_enabled: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) private_endpoint_enforcement_enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CidrBlock {
    #[serde(default, deserialize_with = "text")]
    pub(crate) cidr_block: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) display_name: Option<String>,
}

/// Deprecated, and all that old clusters have.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrivateCluster {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enable_private_endpoint: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enable_private_nodes: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) private_endpoint: Option<String>,
    pub(crate) master_global_access_config: Option<Switch>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatabaseEncryption {
    pub(crate) state: Option<Word>,
    pub(crate) current_state: Option<Word>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) key_name: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) decryption_keys: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) last_operation_errors: Vec<OperationError>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationError {
    #[serde(default, deserialize_with = "text")]
    pub(crate) error_message: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) timestamp: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkloadIdentity {
    #[serde(default, deserialize_with = "text")]
    pub(crate) workload_pool: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Autoscaling {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enable_node_autoprovisioning: Option<bool>,
    pub(crate) autoprovisioning_node_pool_defaults: Option<AutoprovisioningDefaults>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AutoprovisioningDefaults {
    #[serde(default, deserialize_with = "text")]
    pub(crate) service_account: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) oauth_scopes: Vec<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) boot_disk_kms_key: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NodePool {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    pub(crate) config: Option<NodeConfig>,
    pub(crate) network_config: Option<PoolNetwork>,
    pub(crate) autoscaling: Option<PoolAutoscaling>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) version: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) locations: Vec<String>,
    pub(crate) status: Option<Word>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) conditions: Vec<StatusCondition>,
    pub(crate) management: Option<Management>,
    pub(crate) upgrade_settings: Option<UpgradeSettings>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Management {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) auto_upgrade: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) auto_repair: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PoolAutoscaling {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enabled: Option<bool>,
    /// In each zone.
    #[serde(default, deserialize_with = "number")]
    pub(crate) max_node_count: Option<i64>,
    /// In all zones together.
    #[serde(default, deserialize_with = "number")]
    pub(crate) total_max_node_count: Option<i64>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) autoprovisioned: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PoolNetwork {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enable_private_nodes: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) subnetwork: Option<String>,
    /// From 0 to 1.
    pub(crate) pod_ipv4_range_utilization: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NodeConfig {
    #[serde(default, deserialize_with = "text")]
    pub(crate) service_account: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) oauth_scopes: Vec<String>,
    #[serde(default)]
    pub(crate) metadata: Option<BTreeMap<String, String>>,
    pub(crate) workload_metadata_config: Option<WorkloadMetadata>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) spot: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) preemptible: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) image_type: Option<String>,
    pub(crate) shielded_instance_config: Option<ShieldedInstance>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) boot_disk_kms_key: Option<String>,
    pub(crate) sandbox_config: Option<Sandbox>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) taints: Vec<Taint>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShieldedInstance {
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enable_secure_boot: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) enable_integrity_monitoring: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Sandbox {
    #[serde(rename = "type")]
    pub(crate) kind: Option<Word>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Taint {
    #[serde(default, deserialize_with = "text")]
    pub(crate) key: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) value: Option<String>,
    pub(crate) effect: Option<Word>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct WorkloadMetadata {
    pub(crate) mode: Option<Word>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Fleet {
    #[serde(default, deserialize_with = "text")]
    pub(crate) project: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) membership: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Addons {
    pub(crate) config_connector_config: Option<Switch>,
    pub(crate) gke_backup_agent_config: Option<Switch>,
    pub(crate) kubernetes_dashboard: Option<OffSwitch>,
    pub(crate) network_policy_config: Option<OffSwitch>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ControlPlaneEgress {
    pub(crate) mode: Option<Word>,
}

/// What is known of a cluster that could not be read as a whole.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Stub {
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(crate) location: Option<String>,
}
