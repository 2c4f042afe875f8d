//! How a tenant is written down for people: short, with Azure's own defaults left out.
//!
//! `expand` turns it into what Azure Resource Manager would answer.

use std::collections::BTreeMap;

use serde::Deserialize;

mod cluster;
mod safeguards;

pub(crate) use cluster::{
    Access, Cluster, ClusterNetwork, Endpoint, Entra, HostPort, Identity, Kms, Pool, Service, TrustedAccess, Upgrade,
};

pub(crate) use safeguards::{BackupVault, LogDays, Registry, RunningContainer};

/// One tenant: management groups and what hangs below them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Description {
    /// The tenant's GUID; one is made up when absent.
    pub(crate) tenant: Option<String>,
    /// Items in one page of a list; 100 when absent.
    pub(crate) page_size: Option<usize>,
    pub(crate) management_groups: Vec<ManagementGroup>,
    /// Who is in which group; one that is not written down has no members.
    pub(crate) groups: Vec<Group>,
    /// Assignments made on management groups.
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) subscriptions: Vec<Subscription>,
}

/// A group of the tenant's directory.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Principals as assignments name them, other groups among them.
    pub(crate) members: Vec<String>,
}

/// A management group; the one without a parent is the tenant's root.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ManagementGroup {
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) parent: Option<String>,
}

/// One subscription.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `Enabled` when absent.
    pub(crate) state: Option<String>,
    /// The management group it is in.
    pub(crate) parent: Option<String>,
    /// The region of everything that does not name one.
    pub(crate) location: String,
    /// Preview features of AKS that it is registered for.
    pub(crate) features: Vec<String>,
    pub(crate) security_groups: Vec<SecurityGroup>,
    pub(crate) route_tables: Vec<RouteTable>,
    pub(crate) nat_gateways: Vec<NatGateway>,
    pub(crate) networks: Vec<Network>,
    pub(crate) identities: Vec<ManagedIdentity>,
    /// Single virtual machines, beside those of the clusters.
    pub(crate) machines: Vec<Carrier>,
    pub(crate) automation_accounts: Vec<Carrier>,
    pub(crate) vaults: Vec<Vault>,
    pub(crate) roles: Vec<Role>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) deny_assignments: Vec<DenyAssignment>,
    pub(crate) clusters: Vec<Cluster>,
    /// Categories of the activity log that a setting of the subscription sends; no setting when empty.
    pub(crate) activity_log: Vec<String>,
    /// How long the central workspace keeps what.
    pub(crate) log_days: LogDays,
    /// Plans of Defender for Cloud that are on.
    pub(crate) defender_plans: Vec<String>,
    /// What Defender says of the containers that run: for each, what it is called and what is critical in it.
    pub(crate) running: Vec<RunningContainer>,
    pub(crate) registries: Vec<Registry>,
    pub(crate) backup_vaults: Vec<BackupVault>,
    pub(crate) policies: Vec<PolicyAssignment>,
    pub(crate) policy_exemptions: Vec<PolicyExemption>,
}

/// A policy that holds in a subscription.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PolicyAssignment {
    pub(crate) name: String,
    /// Where; the subscription where it is not said.
    pub(crate) scope: Option<String>,
    pub(crate) rule: PolicyRule,
    pub(crate) effect: String,
    /// Whether it is assigned as the member of a set.
    pub(crate) in_set: bool,
}

/// What a policy is about.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PolicyRule {
    /// Azure's own: clusters have to be private.
    #[default]
    PrivateClusters,
    /// Azure's own: clusters have no local accounts.
    NoLocalAccounts,
    /// The tenant's own: clusters stand in some places only.
    Places,
}

/// What is let off a policy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PolicyExemption {
    /// The assignment's name.
    pub(crate) policy: String,
    /// A resource group.
    pub(crate) group: String,
}

/// A network security group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SecurityGroup {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) location: Option<String>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) tags: BTreeMap<String, String>,
}

/// One security rule. A list of one goes to the wire as the singular field, longer lists as the plural one.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) priority: u32,
    pub(crate) access: String,
    pub(crate) direction: String,
    pub(crate) protocol: String,
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
    pub(crate) ports: Vec<String>,
    pub(crate) source_ports: Vec<String>,
}

impl Default for Rule {
    fn default() -> Self {
        let any = || vec!["*".to_owned()];
        Self {
            name: String::new(),
            description: None,
            priority: 100,
            access: "Allow".to_owned(),
            direction: "Inbound".to_owned(),
            protocol: "Tcp".to_owned(),
            from: any(),
            to: any(),
            ports: any(),
            source_ports: any(),
        }
    }
}

/// A table of user-defined routes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RouteTable {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) location: Option<String>,
    pub(crate) routes: Vec<Route>,
}

/// One user-defined route.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Route {
    pub(crate) name: String,
    pub(crate) prefix: String,
    /// `VirtualAppliance`, `Internet`, `None`, `VnetLocal`, `VirtualNetworkGateway`.
    pub(crate) next_hop: String,
    pub(crate) address: Option<String>,
}

/// A NAT gateway with one public address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NatGateway {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) location: Option<String>,
}

/// A virtual network.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Network {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) location: Option<String>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) subnets: Vec<Subnet>,
    pub(crate) peerings: Vec<Peering>,
    /// Security admin rules that Virtual Network Manager has deployed to it. Access `Allow`, `AlwaysAllow` or `Deny`.
    pub(crate) admin_rules: Vec<Rule>,
    /// Whether its traffic is recorded.
    pub(crate) flow_logs: bool,
}

/// One subnet; its neighbours are named as in the same subscription.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Subnet {
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) security_group: Option<String>,
    pub(crate) route_table: Option<String>,
    pub(crate) nat_gateway: Option<String>,
    pub(crate) default_outbound_access: Option<bool>,
}

/// A connected peering.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Peering {
    pub(crate) name: String,
    /// The other network's resource id.
    pub(crate) remote: String,
    pub(crate) prefixes: Vec<String>,
}

/// A user-assigned identity.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ManagedIdentity {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) location: Option<String>,
    pub(crate) federated: Vec<Federated>,
    pub(crate) tags: BTreeMap<String, String>,
}

/// A machine or an Automation account, told by the identities it carries. Its own is the principal `machine/NAME` or
/// `automation/NAME`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Carrier {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) location: Option<String>,
    /// Whether it has an identity of its own.
    pub(crate) system_assigned: bool,
    /// User-assigned identities of the subscription.
    pub(crate) identities: Vec<String>,
}

/// A trust in somebody else's tokens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Federated {
    pub(crate) name: String,
    /// The cluster whose issuer is trusted, or …
    pub(crate) cluster: Option<String>,
    /// … any issuer by its address.
    pub(crate) issuer: Option<String>,
    pub(crate) subject: String,
}

/// A key vault.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Vault {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) location: Option<String>,
    pub(crate) purge_protection: bool,
    pub(crate) rbac: bool,
    /// Whether the vault answers the whole Internet.
    pub(crate) public: bool,
    /// Log categories of the diagnostic setting; none when empty.
    pub(crate) logs: Vec<String>,
    pub(crate) keys: Vec<Key>,
}

/// One key of a vault.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) enabled: bool,
    /// Seconds since 1970.
    pub(crate) expires: Option<i64>,
    /// For example `P90D`; no rotation policy when absent.
    pub(crate) rotate_after: Option<String>,
}

impl Default for Key {
    fn default() -> Self {
        Self { name: String::new(), enabled: true, expires: None, rotate_after: None }
    }
}

/// A custom role.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    pub(crate) not_data_actions: Vec<String>,
}

/// Who may do what where.
///
/// `principal` is `user/…`, `group/…`, `app/…`, `identity/…` or `cluster/…` (a system-assigned identity).
/// `at` is `subscription`, `group/…`, `node-group/<cluster>`, `cluster/<name>`, `identity/<name>`,
/// `management-group/…` or a resource id.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Assignment {
    pub(crate) principal: String,
    pub(crate) role: String,
    pub(crate) at: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) description: Option<String>,
}

/// What nobody but the excluded may do.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DenyAssignment {
    pub(crate) name: String,
    pub(crate) at: Option<String>,
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    /// Everyone when empty.
    pub(crate) principals: Vec<String>,
    pub(crate) excluded: Vec<String>,
    pub(crate) not_below: bool,
    pub(crate) system_protected: bool,
}
