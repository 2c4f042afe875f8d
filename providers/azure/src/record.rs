//! What Azure said, in its own words: only the fields that are read, absent ones absent.
#![warn(clippy::disallowed_methods)]

mod authorization;
mod cluster;
mod compute;
mod identity;
mod lenient;
mod lifecycle;
mod list;
mod network;
mod policy;
#[cfg(test)]
mod recordings;
mod safeguards;
mod scope;
mod vault;

pub(crate) use authorization::{DenyAssignment, Member, Permission, Principal, RoleAssignment, RoleDefinition};
pub(crate) use cluster::{
    Addon, AgentPool, AssignedIdentity, Cluster, ClusterProperties, PrivateEndpointConnection, TrustedAccessBinding,
    UpgradeProfile,
};
pub(crate) use compute::{Carrier, Identity, ScaleSet};
pub(crate) use identity::{FederatedCredential, UserAssignedIdentity};
pub(crate) use lifecycle::{Feature, KubernetesVersion, KubernetesVersions, Lock, Maintenance, Span};
pub(crate) use list::List;
pub(crate) use network::{
    AddressConfiguration, AddressConfigurationProperties, AddressSpace, AdminRule, BackendAddress, FlowLog,
    ForwardingProperties, Interface, LoadBalancer, Network, Peering, PublicAddress, Reference, Route, RouteProperties,
    RouteTable, SecurityGroup, SecurityRule, Subnet, Watcher,
};
pub(crate) use policy::{
    Parameters, PolicyAssignment, PolicyDefinition, PolicyExemption, PolicySet, PolicySetProperties, SetMember, Values,
};
pub(crate) use safeguards::{
    BackupInstance, BackupVault, ContainerRegistry, ContainerUpdate, ContainerUpdates, LogTable, Pricing,
    RecoveryPoint, RecoveryPointProperties, Vulnerability,
};
pub(crate) use scope::{Descendant, Subscription};
pub(crate) use vault::{DiagnosticProperties, DiagnosticSetting, Key, Vault, VaultProperties};
