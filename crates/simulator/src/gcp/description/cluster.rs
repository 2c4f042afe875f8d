//! One GKE cluster, written down.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A cluster. What is left out is what GKE does when nobody says anything.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cluster {
    pub(crate) name: String,
    /// A region or a zone.
    pub(crate) location: String,
    /// Where its nodes are; the location itself when that is a zone.
    pub(crate) zones: Vec<String>,
    pub(crate) version: String,
    pub(crate) channel: String,
    pub(crate) network: String,
    pub(crate) subnet: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) autopilot: bool,
    pub(crate) workload_identity: bool,
    pub(crate) encryption: Option<Encryption>,
    pub(crate) legacy_abac: bool,
    pub(crate) client_certificate: bool,
    /// `ENABLED` or `LIMITED`; the field is missing when absent.
    pub(crate) anonymous: Option<String>,
    /// Whether `system:authenticated` and `system:unauthenticated` may still be bound to roles.
    pub(crate) insecure_bindings: bool,
    pub(crate) shielded_nodes: bool,
    pub(crate) binary_authorization: bool,
    pub(crate) network_policy: bool,
    pub(crate) dataplane_v2: bool,
    pub(crate) intra_node_visibility: bool,
    pub(crate) confidential_nodes: bool,
    /// Whether traffic between nodes is encrypted.
    pub(crate) in_transit_encryption: bool,
    /// Whether secrets of Secret Manager can be mounted, and whether they rotate then.
    pub(crate) secret_manager: Option<bool>,
    /// How much of the range for pods is taken, from 0 to 1.
    pub(crate) pods_taken: f64,
    pub(crate) logs: Vec<String>,
    /// `BASIC`, `DISABLED` or `ENTERPRISE`.
    pub(crate) security_posture: String,
    pub(crate) groups_domain: Option<String>,
    /// Whether the agent of Backup for GKE is on.
    pub(crate) backup_agent: bool,
    pub(crate) fleet: bool,
    /// Answers as in 2023: without `controlPlaneEndpointsConfig`, `shieldedNodes` and `securityPostureConfig`.
    pub(crate) old_reply: bool,
    pub(crate) pools: Vec<Pool>,
    pub(crate) services: Vec<Service>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) status: String,
    /// The rule by which its maintenance window recurs; none when absent.
    pub(crate) window: Option<String>,
    pub(crate) exclusions: Vec<Exclusion>,
    pub(crate) alpha: bool,
    /// What holds its upgrades up.
    pub(crate) paused: Vec<String>,
    /// When its certificate authority ends.
    pub(crate) authority_until: String,
}

/// A time in which nothing is upgraded.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Exclusion {
    pub(crate) name: String,
    pub(crate) from: String,
    pub(crate) until: String,
    /// `NO_UPGRADES` when absent.
    pub(crate) scope: Option<String>,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            name: String::new(),
            location: String::new(),
            zones: Vec::new(),
            version: "1.34.3-gke.1212000".to_owned(),
            channel: "REGULAR".to_owned(),
            network: "default".to_owned(),
            subnet: "default".to_owned(),
            endpoint: Endpoint::default(),
            autopilot: false,
            workload_identity: false,
            encryption: None,
            legacy_abac: false,
            client_certificate: false,
            anonymous: Some("ENABLED".to_owned()),
            insecure_bindings: true,
            shielded_nodes: true,
            binary_authorization: false,
            network_policy: false,
            dataplane_v2: false,
            intra_node_visibility: false,
            confidential_nodes: false,
            in_transit_encryption: false,
            secret_manager: None,
            pods_taken: 0.25,
            logs: vec!["SYSTEM_COMPONENTS".to_owned(), "WORKLOADS".to_owned()],
            security_posture: "BASIC".to_owned(),
            groups_domain: None,
            backup_agent: false,
            fleet: false,
            old_reply: false,
            pools: Vec::new(),
            services: Vec::new(),
            labels: BTreeMap::new(),
            status: "RUNNING".to_owned(),
            window: None,
            exclusions: Vec::new(),
            alpha: false,
            paused: Vec::new(),
            authority_until: "2055-03-01T00:00:00Z".to_owned(),
        }
    }
}

/// Where the API server answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Endpoint {
    /// Whether there is an IP endpoint at all.
    pub(crate) ip: bool,
    pub(crate) public: bool,
    pub(crate) private_nodes: bool,
    /// Off when absent; an empty list admits nobody from outside.
    pub(crate) authorized_networks: Option<Vec<AuthorizedNetwork>>,
    /// The field is missing when absent, as on old clusters.
    pub(crate) google_cloud_access: Option<bool>,
    pub(crate) enforce_on_private: bool,
    pub(crate) global_access: bool,
    pub(crate) master_range: Option<String>,
    pub(crate) dns_external: bool,
    pub(crate) dns_tokens: bool,
    pub(crate) dns_certificates: bool,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self {
            ip: true,
            public: true,
            private_nodes: false,
            authorized_networks: None,
            google_cloud_access: Some(true),
            enforce_on_private: false,
            global_access: false,
            master_range: None,
            dns_external: false,
            dns_tokens: false,
            dns_certificates: false,
        }
    }
}

/// One range that may reach the API server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AuthorizedNetwork {
    pub(crate) range: String,
    pub(crate) name: String,
}

/// Encryption of the cluster's database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Encryption {
    /// What was asked for: `ENCRYPTED`, `DECRYPTED` or `ALL_OBJECTS_ENCRYPTION_ENABLED`.
    pub(crate) state: String,
    /// What is, when that is different: for example `CURRENT_STATE_ENCRYPTION_ERROR`.
    pub(crate) current: Option<String>,
    /// `location/ring/key` in the same project, or a resource name.
    pub(crate) key: Option<String>,
    /// Keys that something stored is still encrypted with.
    pub(crate) decryption_keys: Vec<String>,
}

/// A node pool.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Pool {
    pub(crate) name: String,
    /// Nodes in all zones together.
    pub(crate) count: u32,
    pub(crate) machine: String,
    /// An e-mail address; `default` when absent.
    pub(crate) service_account: Option<String>,
    /// Google's defaults when absent.
    pub(crate) scopes: Option<Vec<String>>,
    /// `GKE_METADATA` or `GCE_METADATA`; the field is missing when absent.
    pub(crate) metadata: Option<String>,
    pub(crate) tags: Vec<String>,
    /// As the cluster when absent.
    pub(crate) private_nodes: Option<bool>,
    pub(crate) image: String,
    pub(crate) secure_boot: bool,
    pub(crate) auto_upgrade: bool,
    pub(crate) auto_repair: bool,
    /// The cluster's when absent.
    pub(crate) version: Option<String>,
    pub(crate) spot: bool,
    pub(crate) max_surge: u32,
    pub(crate) read_only_port: Option<bool>,
    pub(crate) sandbox: bool,
    pub(crate) disk_key: Option<String>,
    /// The fewest and the most nodes in each zone.
    pub(crate) autoscale: Option<(u32, u32)>,
    /// `KEY=VALUE:EFFECT`.
    pub(crate) taints: Vec<String>,
    pub(crate) labels: BTreeMap<String, String>,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            name: "default-pool".to_owned(),
            count: 3,
            machine: "e2-standard-4".to_owned(),
            service_account: None,
            scopes: None,
            metadata: None,
            tags: Vec::new(),
            private_nodes: None,
            image: "COS_CONTAINERD".to_owned(),
            secure_boot: false,
            auto_upgrade: true,
            auto_repair: true,
            version: None,
            spot: false,
            max_surge: 1,
            read_only_port: Some(false),
            sandbox: false,
            disk_key: None,
            autoscale: None,
            taints: Vec::new(),
            labels: BTreeMap::new(),
        }
    }
}

/// A Kubernetes service of type `LoadBalancer`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) port: u16,
    /// Everyone when empty.
    pub(crate) sources: Vec<String>,
    /// Whether its pool sends to machines without asking for their health.
    pub(crate) unchecked: bool,
}
