//! EKS, REST-JSON, API version 2017-11-01.

use super::leaf;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListClusters {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) clusters: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DescribeCluster {
    pub(crate) cluster: Cluster,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Cluster {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) version: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) role_arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) status: Option<String>,
    pub(crate) resources_vpc_config: Option<VpcConfig>,
    pub(crate) kubernetes_network_config: Option<NetworkConfig>,
    pub(crate) access_config: Option<AccessConfig>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) encryption_config: Vec<EncryptionConfig>,
    pub(crate) identity: Option<ClusterIdentity>,
    pub(crate) compute_config: Option<ComputeConfig>,
    pub(crate) outpost_config: Option<serde::de::IgnoredAny>,
    pub(crate) connector_config: Option<serde::de::IgnoredAny>,
    pub(crate) remote_network_config: Option<RemoteNetworkConfig>,
    pub(crate) health: Option<Health>,
    pub(crate) logging: Option<Logging>,
    pub(crate) upgrade_policy: Option<UpgradePolicy>,
    pub(crate) certificate_authority: Option<Certificate>,
    pub(crate) control_plane_scaling_config: Option<ScalingTier>,
    #[serde(deserialize_with = "leaf::boolean")]
    pub(crate) deletion_protection: Option<bool>,
    #[serde(deserialize_with = "leaf::texts")]
    pub(crate) tags: BTreeMap<String, String>,
}

/// Which logs of the control plane are kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Logging {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) cluster_logging: Vec<LogSetup>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LogSetup {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) types: Vec<String>,
    #[serde(deserialize_with = "leaf::boolean")]
    pub(crate) enabled: Option<bool>,
}

/// What comes after standard support.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct UpgradePolicy {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) support_type: Option<String>,
}

/// The cluster's certificate authority: PEM in base64.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Certificate {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) data: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ScalingTier {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) tier: Option<String>,
}

/// Networks outside AWS whose machines may join.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RemoteNetworkConfig {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) remote_node_networks: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct VpcConfig {
    #[serde(deserialize_with = "leaf::boolean")]
    pub(crate) endpoint_public_access: Option<bool>,
    #[serde(deserialize_with = "leaf::boolean")]
    pub(crate) endpoint_private_access: Option<bool>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) public_access_cidrs: Vec<String>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) security_group_ids: Vec<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) cluster_security_group_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) vpc_id: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) subnet_ids: Vec<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) control_plane_egress_mode: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NetworkConfig {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) ip_family: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AccessConfig {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) authentication_mode: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EncryptionConfig {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) resources: Vec<String>,
    pub(crate) provider: Option<KeyProvider>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct KeyProvider {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) key_arn: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ClusterIdentity {
    pub(crate) oidc: Option<Oidc>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Oidc {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) issuer: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ComputeConfig {
    #[serde(deserialize_with = "leaf::boolean")]
    pub(crate) enabled: Option<bool>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) node_pools: Vec<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) node_role_arn: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Health {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) issues: Vec<Issue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Issue {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListNodegroups {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) nodegroups: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DescribeNodegroup {
    pub(crate) nodegroup: Nodegroup,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Nodegroup {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) status: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) version: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) capacity_type: Option<String>,
    pub(crate) health: Option<Health>,
    pub(crate) update_config: Option<UpdateConfig>,
    pub(crate) node_repair_config: Option<Repairs>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) node_role: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) ami_type: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) subnets: Vec<String>,
    pub(crate) remote_access: Option<RemoteAccess>,
    pub(crate) launch_template: Option<LaunchTemplate>,
    pub(crate) resources: Option<NodegroupResources>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) release_version: Option<String>,
    pub(crate) scaling_config: Option<ScalingConfig>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) taints: Vec<Taint>,
}

/// How many machines a node group may have.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ScalingConfig {
    #[serde(deserialize_with = "leaf::number")]
    pub(crate) min_size: Option<i64>,
    #[serde(deserialize_with = "leaf::number")]
    pub(crate) max_size: Option<i64>,
    #[serde(deserialize_with = "leaf::number")]
    pub(crate) desired_size: Option<i64>,
}

/// What keeps pods off the machines of a node group.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Taint {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) key: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) value: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) effect: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct UpdateConfig {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) update_strategy: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Repairs {
    #[serde(deserialize_with = "leaf::boolean")]
    pub(crate) enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RemoteAccess {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) ec2_ssh_key: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) source_security_groups: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LaunchTemplate {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) version: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodegroupResources {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) auto_scaling_groups: Vec<AutoScalingGroupName>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AutoScalingGroupName {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListFargateProfiles {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) fargate_profile_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeFargateProfile {
    pub(crate) fargate_profile: FargateProfile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FargateProfile {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) pod_execution_role_arn: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListAddons {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) addons: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DescribeAddon {
    pub(crate) addon: Addon,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Addon {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) status: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) addon_version: Option<String>,
    pub(crate) health: Option<Health>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) service_account_role_arn: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) pod_identity_associations: Vec<String>,
    /// JSON text of which only a few switches are kept.
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) configuration_values: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DescribeAddonVersions {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) addons: Vec<OfferedAddon>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OfferedAddon {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) addon_name: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) addon_versions: Vec<OfferedVersion>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct OfferedVersion {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) addon_version: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) compatibilities: Vec<Compatibility>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Compatibility {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) cluster_version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeClusterVersions {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) cluster_versions: Vec<ClusterVersion>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClusterVersion {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) cluster_version: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) version_status: Option<String>,
    #[serde(deserialize_with = "leaf::moment")]
    pub(crate) end_of_standard_support_date: Option<Timestamp>,
    #[serde(deserialize_with = "leaf::moment")]
    pub(crate) end_of_extended_support_date: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListInsights {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) insights: Vec<Insight>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Insight {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) category: Option<String>,
    pub(crate) insight_status: Option<InsightStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct InsightStatus {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) status: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListAccessEntries {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) access_entries: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeAccessEntry {
    pub(crate) access_entry: AccessEntry,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AccessEntry {
    #[serde(rename = "type", deserialize_with = "leaf::text")]
    pub(crate) kind: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) kubernetes_groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListAssociatedAccessPolicies {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) associated_access_policies: Vec<AccessPolicy>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AccessPolicy {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) policy_arn: Option<String>,
    pub(crate) access_scope: Option<AccessScope>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AccessScope {
    #[serde(rename = "type", deserialize_with = "leaf::text")]
    pub(crate) kind: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) namespaces: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListPodIdentityAssociations {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) associations: Vec<AssociationSummary>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct AssociationSummary {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) association_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DescribePodIdentityAssociation {
    pub(crate) association: Association,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Association {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) association_arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) namespace: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) service_account: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) role_arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) target_role_arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) external_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListCapabilities {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) capabilities: Vec<CapabilitySummary>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CapabilitySummary {
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) capability_name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DescribeCapability {
    pub(crate) capability: Capability,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Capability {
    #[serde(rename = "type", deserialize_with = "leaf::text")]
    pub(crate) kind: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) role_arn: Option<String>,
    pub(crate) configuration: Option<CapabilityConfiguration>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CapabilityConfiguration {
    pub(crate) argo_cd: Option<ArgoCd>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ArgoCd {
    pub(crate) network_access: Option<ArgoCdNetworkAccess>,
    #[serde(deserialize_with = "leaf::text")]
    pub(crate) server_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ArgoCdNetworkAccess {
    #[serde(deserialize_with = "leaf::list")]
    pub(crate) vpce_ids: Vec<String>,
}
