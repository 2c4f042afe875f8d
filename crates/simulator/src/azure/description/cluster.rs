//! One AKS cluster, written down.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Assignment, Rule};

/// A cluster. What is left out is what AKS does when nobody says anything.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) location: Option<String>,
    pub(crate) version: String,
    /// `Free`, `Standard` or `Premium`.
    pub(crate) tier: String,
    /// `Base` or `Automatic`.
    pub(crate) sku: String,
    pub(crate) support: Option<String>,
    pub(crate) endpoint: Endpoint,
    pub(crate) access: Access,
    pub(crate) identity: Identity,
    /// A user-assigned identity by name; AKS makes `<cluster>-agentpool` when absent.
    pub(crate) kubelet_identity: Option<String>,
    pub(crate) oidc_issuer: bool,
    pub(crate) workload_identity: bool,
    pub(crate) kms: Option<Kms>,
    pub(crate) infrastructure_encryption: bool,
    pub(crate) network: ClusterNetwork,
    pub(crate) defender: bool,
    pub(crate) image_cleaner: bool,
    pub(crate) azure_policy: bool,
    /// Whether secrets of Key Vault can be mounted, and whether they rotate then.
    pub(crate) secrets_provider: Option<bool>,
    /// Whether Azure Monitor collects metrics and logs.
    pub(crate) monitoring: bool,
    pub(crate) upgrade: Upgrade,
    /// The level of a lock on the cluster; none when absent.
    pub(crate) lock: Option<String>,
    /// `ReadOnly` also brings the deny assignment that enforces it.
    pub(crate) node_group_restriction: Option<String>,
    /// Log categories of the diagnostic setting; none when empty.
    pub(crate) logs: Vec<String>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) services: Vec<Service>,
    /// Rules somebody added to the security group that AKS keeps.
    pub(crate) node_rules: Vec<Rule>,
    pub(crate) trusted_access: Vec<TrustedAccess>,
    /// Assignments of the cluster's own identities, next to the cluster they belong to.
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            name: String::new(),
            group: String::new(),
            location: None,
            version: "1.34.4".to_owned(),
            tier: "Free".to_owned(),
            sku: "Base".to_owned(),
            support: None,
            endpoint: Endpoint::default(),
            access: Access::default(),
            identity: Identity::System,
            kubelet_identity: None,
            oidc_issuer: false,
            workload_identity: false,
            kms: None,
            infrastructure_encryption: false,
            network: ClusterNetwork::default(),
            defender: false,
            image_cleaner: false,
            azure_policy: false,
            secrets_provider: None,
            monitoring: false,
            upgrade: Upgrade::default(),
            lock: None,
            node_group_restriction: None,
            logs: Vec::new(),
            pools: Vec::new(),
            services: Vec::new(),
            node_rules: Vec::new(),
            trusted_access: Vec::new(),
            assignments: Vec::new(),
            tags: BTreeMap::new(),
        }
    }
}

/// Where the API server answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Endpoint {
    pub(crate) private: bool,
    /// Whether a private cluster also publishes a public name.
    pub(crate) public_fqdn: bool,
    /// The `network/subnet` of API server VNet integration.
    pub(crate) vnet_integration: Option<String>,
    pub(crate) authorized_ranges: Vec<String>,
    pub(crate) run_command: bool,
    /// `Enabled` or `Disabled`; the field is missing when absent.
    pub(crate) public_network_access: Option<String>,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self {
            private: false,
            public_fqdn: false,
            vnet_integration: None,
            authorized_ranges: Vec::new(),
            run_command: true,
            public_network_access: None,
        }
    }
}

/// Who may talk to the API server.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Access {
    pub(crate) local_accounts: bool,
    pub(crate) rbac: bool,
    pub(crate) entra: Option<Entra>,
}

impl Default for Access {
    fn default() -> Self {
        Self { local_accounts: true, rbac: true, entra: None }
    }
}

/// Sign-in through Entra.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Entra {
    pub(crate) azure_rbac: bool,
    pub(crate) admin_groups: Vec<String>,
}

/// The control plane's identity.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Identity {
    /// System-assigned.
    #[default]
    System,
    /// A user-assigned identity of the same subscription, by name.
    User(String),
    /// An application with a secret, by name.
    ServicePrincipal(String),
}

/// Encryption of the cluster's database with a key of one's own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Kms {
    pub(crate) vault: String,
    pub(crate) key: String,
    /// `Public` or `Private`.
    pub(crate) network: String,
    pub(crate) disabled: bool,
}

/// The cluster's network profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClusterNetwork {
    pub(crate) plugin: String,
    pub(crate) mode: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) dataplane: String,
    pub(crate) outbound: String,
    /// Whether WireGuard encrypts traffic between nodes.
    pub(crate) wireguard: bool,
    pub(crate) load_balancer_sku: String,
}

impl Default for ClusterNetwork {
    fn default() -> Self {
        Self {
            plugin: "azure".to_owned(),
            mode: Some("overlay".to_owned()),
            policy: None,
            dataplane: "azure".to_owned(),
            outbound: "loadBalancer".to_owned(),
            wireguard: false,
            load_balancer_sku: "standard".to_owned(),
        }
    }
}

/// Upgrade channels.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Upgrade {
    pub(crate) channel: Option<String>,
    pub(crate) node_os: Option<String>,
    /// The day of the week of its maintenance window; none when absent.
    pub(crate) window: Option<String>,
    /// Days in which nothing is upgraded, from and until.
    pub(crate) freeze: Option<(String, String)>,
    pub(crate) forced: bool,
}

/// An agent pool.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) mode: String,
    pub(crate) count: u32,
    pub(crate) size: String,
    pub(crate) zones: Vec<String>,
    /// The cluster's when absent.
    pub(crate) version: Option<String>,
    pub(crate) spot: bool,
    pub(crate) max_surge: String,
    /// `network/subnet`; a network in the node resource group when absent.
    pub(crate) subnet: Option<String>,
    pub(crate) public_ip: bool,
    /// `Standard` or `Basic`.
    pub(crate) public_sku: String,
    /// Whether the interfaces stand without the security group that AKS keeps.
    pub(crate) unguarded: bool,
    /// `LocalUser`, `Disabled`, `EntraId`; the field is missing when absent.
    pub(crate) ssh: Option<String>,
    pub(crate) host_ports: Vec<HostPort>,
    pub(crate) os: String,
    pub(crate) encryption_at_host: bool,
    pub(crate) secure_boot: bool,
    pub(crate) vtpm: bool,
    pub(crate) fips: bool,
    pub(crate) autoscale: Option<(u32, u32)>,
    /// The day of its image, as versions of images end in it.
    pub(crate) image_day: String,
    pub(crate) taints: Vec<String>,
    pub(crate) labels: BTreeMap<String, String>,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            name: "nodepool1".to_owned(),
            mode: "System".to_owned(),
            count: 3,
            size: "Standard_D4s_v5".to_owned(),
            zones: Vec::new(),
            version: None,
            spot: false,
            max_surge: "10%".to_owned(),
            subnet: None,
            public_ip: false,
            public_sku: "Standard".to_owned(),
            unguarded: false,
            ssh: None,
            host_ports: Vec::new(),
            os: "Ubuntu".to_owned(),
            encryption_at_host: false,
            secure_boot: false,
            vtpm: false,
            fips: false,
            autoscale: None,
            image_day: "202610.12.0".to_owned(),
            taints: Vec::new(),
            labels: BTreeMap::new(),
        }
    }
}

/// Ports that are opened on nodes with a public address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HostPort {
    pub(crate) from: u16,
    pub(crate) to: u16,
    /// `TCP` or `UDP`.
    pub(crate) protocol: String,
}

/// A Kubernetes service of type `LoadBalancer`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) node_port: u16,
    /// Everyone when empty.
    pub(crate) sources: Vec<String>,
}

/// A binding that lets another Azure service into the cluster.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TrustedAccess {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) roles: Vec<String>,
}
