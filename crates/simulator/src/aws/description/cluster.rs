//! The description of an EKS cluster.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Tags;
use crate::aws::moment::Moment;

/// A cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    #[serde(default = "current_version")]
    pub(crate) version: String,
    #[serde(default = "active")]
    pub(crate) status: String,
    pub(crate) vpc: String,
    /// Where the control plane has its interfaces; every subnet of the VPC when not said.
    #[serde(default)]
    pub(crate) subnets: Vec<String>,
    /// Groups of the control plane's interfaces besides the cluster's own.
    #[serde(default)]
    pub(crate) security_groups: Vec<String>,
    #[serde(default = "cluster_role")]
    pub(crate) role: String,
    #[serde(default)]
    pub(crate) endpoint: Endpoint,
    /// How the control plane reaches out: `AWS_MANAGED`, `CUSTOMER_ROUTED` or `CUSTOMER_ISOLATED`; not said by default.
    #[serde(default)]
    pub(crate) egress_mode: Option<String>,
    /// `ipv4` or `ipv6`.
    #[serde(default = "ipv4")]
    pub(crate) ip_family: String,
    /// `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    #[serde(default = "api")]
    pub(crate) authentication: String,
    /// The role that made the cluster and is its administrator for that.
    #[serde(default)]
    pub(crate) creator: Option<String>,
    /// The name of the key that encrypts secrets.
    #[serde(default)]
    pub(crate) encryption: Option<String>,
    /// The logs that are kept; `all` for every one.
    #[serde(default)]
    pub(crate) logging: Vec<String>,
    /// For how many days the log group keeps them; forever when not said.
    #[serde(default)]
    pub(crate) log_days: Option<u32>,
    /// Whether the log group is protected from deletion.
    #[serde(default)]
    pub(crate) log_protected: bool,
    /// `STANDARD` or `EXTENDED`.
    #[serde(default = "extended")]
    pub(crate) support: String,
    #[serde(default)]
    pub(crate) deletion_protection: bool,
    /// Whether the account trusts the cluster's identity provider (IRSA).
    #[serde(default = "yes")]
    pub(crate) irsa: bool,
    /// The year of the API that describes it: before 2023 a cluster has no access, upgrade or protection settings.
    #[serde(default = "current_year")]
    pub(crate) vintage: u16,
    #[serde(default)]
    pub(crate) auto_mode: Option<AutoMode>,
    #[serde(default)]
    pub(crate) node_groups: Vec<NodeGroup>,
    #[serde(default)]
    pub(crate) fargate: Vec<Fargate>,
    #[serde(default)]
    pub(crate) access: Vec<Access>,
    #[serde(default)]
    pub(crate) pod_identities: Vec<PodIdentity>,
    #[serde(default = "usual_addons")]
    pub(crate) addons: Vec<Addon>,
    #[serde(default)]
    pub(crate) capabilities: Vec<Capability>,
    /// When the certificate authority ends.
    #[serde(default = "far_away")]
    pub(crate) authority_until: Moment,
    /// What upgrade insights say.
    #[serde(default = "usual_insights")]
    pub(crate) insights: Vec<Insight>,
    /// What EKS complains of, by its code.
    #[serde(default)]
    pub(crate) issues: Vec<String>,
    #[serde(default = "Moment::long_ago")]
    pub(crate) created: Moment,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// One finding of EKS before an upgrade.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Insight {
    pub(crate) name: String,
    /// `PASSING`, `WARNING`, `ERROR` or `UNKNOWN`.
    #[serde(default = "passing")]
    pub(crate) status: String,
}

/// Who reaches the API server; the values are those of a cluster nobody configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Endpoint {
    pub(crate) public: bool,
    pub(crate) private: bool,
    pub(crate) cidrs: Vec<String>,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self { public: true, private: false, cidrs: vec!["0.0.0.0/0".to_owned()] }
    }
}

/// Nodes that AWS runs by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AutoMode {
    pub(crate) role: String,
    #[serde(default)]
    pub(crate) nodes: u32,
    pub(crate) subnets: Vec<String>,
}

/// A group of nodes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeGroup {
    pub(crate) name: String,
    /// `managed`, `self-managed` (an own auto scaling group) or `karpenter` (single instances).
    #[serde(default = "managed")]
    pub(crate) kind: String,
    #[serde(default = "one")]
    pub(crate) count: u32,
    pub(crate) subnets: Vec<String>,
    #[serde(default = "node_role")]
    pub(crate) role: String,
    #[serde(default = "instance_type")]
    pub(crate) instance_type: String,
    #[serde(default = "image")]
    pub(crate) ami: String,
    #[serde(default = "on_demand")]
    pub(crate) capacity: String,
    /// The version of its nodes; the cluster's when not said.
    #[serde(default)]
    pub(crate) version: Option<String>,
    /// Whether EKS replaces nodes that are unwell; off by default.
    #[serde(default)]
    pub(crate) repair: bool,
    /// `DEFAULT` or `MINIMAL`; not said by default.
    #[serde(default)]
    pub(crate) update_strategy: Option<String>,
    /// Whether the nodes have public addresses; as their subnet says when not said.
    #[serde(default)]
    pub(crate) public_ips: Option<bool>,
    /// Groups of the nodes; `cluster` is the cluster's own. Saying any replaces what EKS would choose.
    #[serde(default)]
    pub(crate) security_groups: Vec<String>,
    #[serde(default)]
    pub(crate) metadata: Option<Metadata>,
    #[serde(default)]
    pub(crate) remote_access: Option<RemoteAccess>,
    /// What the nodes run at their start; kept in the launch template.
    #[serde(default)]
    pub(crate) user_data: Option<String>,
    /// The day on which the nodes' image was published.
    #[serde(default = "image_day")]
    pub(crate) image_day: Moment,
    /// Whether the nodes' disks are encrypted, and with which key besides AWS' own.
    #[serde(default = "yes")]
    pub(crate) encrypted: bool,
    #[serde(default)]
    pub(crate) disk_key: Option<String>,
    /// Whether the nodes have a TPM.
    #[serde(default)]
    pub(crate) tpm: bool,
    /// The fewest and the most nodes; one, and twice as many as there are, when not said.
    #[serde(default)]
    pub(crate) sizes: Option<(u32, u32)>,
    /// `KEY=VALUE:EFFECT`.
    #[serde(default)]
    pub(crate) taints: Vec<String>,
    /// Interfaces for pods, besides the node's own.
    #[serde(default)]
    pub(crate) pod_interfaces: u32,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// The instance metadata service of a node.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metadata {
    /// `required` or `optional`.
    pub(crate) tokens: String,
    pub(crate) hops: u32,
    /// `enabled` or `disabled`.
    pub(crate) endpoint: String,
}

impl Default for Metadata {
    fn default() -> Self {
        Self { tokens: "required".to_owned(), hops: 1, endpoint: "enabled".to_owned() }
    }
}

/// SSH to the nodes of a managed group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoteAccess {
    pub(crate) key: String,
    /// From where; from everywhere when empty.
    #[serde(default)]
    pub(crate) security_groups: Vec<String>,
}

/// A Fargate profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fargate {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) subnets: Vec<String>,
    pub(crate) namespaces: Vec<String>,
}

/// An access entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Access {
    /// A role of the account, or an ARN.
    pub(crate) principal: String,
    #[serde(default = "standard_access")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    #[serde(default)]
    pub(crate) policies: Vec<AccessPolicy>,
}

/// A policy of an access entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessPolicy {
    /// For example `AmazonEKSClusterAdminPolicy`.
    pub(crate) name: String,
    /// Where it holds; in the whole cluster when empty.
    #[serde(default)]
    pub(crate) namespaces: Vec<String>,
}

/// A role for a service account through EKS Pod Identity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PodIdentity {
    pub(crate) namespace: String,
    pub(crate) service_account: String,
    pub(crate) role: String,
    /// A role, often of another account, that is assumed through the first.
    #[serde(default)]
    pub(crate) target_role: Option<String>,
}

/// An add-on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Addon {
    pub(crate) name: String,
    #[serde(default = "addon_version")]
    pub(crate) version: String,
    #[serde(default = "active")]
    pub(crate) status: String,
    /// Whether EKS still offers this version for the cluster's.
    #[serde(default = "yes")]
    pub(crate) offered: bool,
    /// The role of its service account (IRSA).
    #[serde(default)]
    pub(crate) role: Option<String>,
    /// The configuration as the API keeps it: JSON or YAML text.
    #[serde(default)]
    pub(crate) configuration: Option<String>,
}

/// A capability that AWS runs for the cluster, with a role of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capability {
    pub(crate) name: String,
    /// `ACK`, `KRO` or `ARGOCD`.
    pub(crate) kind: String,
    pub(crate) role: String,
}

/// The roles that node groups and clusters have when a story does not name any.
pub(crate) const DEFAULT_CLUSTER_ROLE: &str = "eks-cluster";
/// See [`DEFAULT_CLUSTER_ROLE`].
pub(crate) const DEFAULT_NODE_ROLE: &str = "eks-node";

fn current_version() -> String {
    "1.34".to_owned()
}

fn active() -> String {
    "ACTIVE".to_owned()
}

fn cluster_role() -> String {
    DEFAULT_CLUSTER_ROLE.to_owned()
}

fn node_role() -> String {
    DEFAULT_NODE_ROLE.to_owned()
}

fn ipv4() -> String {
    "ipv4".to_owned()
}

fn api() -> String {
    "API".to_owned()
}

fn extended() -> String {
    "EXTENDED".to_owned()
}

fn yes() -> bool {
    true
}

fn current_year() -> u16 {
    2026
}

fn managed() -> String {
    "managed".to_owned()
}

fn one() -> u32 {
    1
}

fn instance_type() -> String {
    "m7i.large".to_owned()
}

fn image() -> String {
    "AL2023_x86_64_STANDARD".to_owned()
}

/// Two weeks before the story is told.
pub(crate) fn image_day() -> Moment {
    Moment::STORY.plus_days(-17)
}

fn on_demand() -> String {
    "ON_DEMAND".to_owned()
}

fn standard_access() -> String {
    "STANDARD".to_owned()
}

fn addon_version() -> String {
    "v1.20.1-eksbuild.1".to_owned()
}

fn far_away() -> Moment {
    Moment::long_ago().plus_days(3650)
}

fn passing() -> String {
    "PASSING".to_owned()
}

fn usual_insights() -> Vec<Insight> {
    ["Kubelet version skew", "kube-proxy version skew"]
        .map(|name| Insight { name: name.to_owned(), status: passing() })
        .into()
}

fn usual_addons() -> Vec<Addon> {
    ["coredns", "kube-proxy", "vpc-cni"]
        .map(|name| Addon {
            name: name.to_owned(),
            version: addon_version(),
            status: active(),
            offered: true,
            role: None,
            configuration: None,
        })
        .into()
}
