//! Everything that is asked in one subscription.
//!
//! Reads that do not depend on each other run at the same time, so that the wall time is the longest chain of those
//! that do: clusters, then scale sets, then interfaces, then addresses.

use super::{
    Shared,
    fetch::{Fetch, Place},
    keys, safeguards,
};
use crate::{
    ADMIN_RULES, AUTOMATION_ACCOUNTS, CLUSTERS, DENY_ASSIGNMENTS, DIAGNOSTIC_SETTINGS, FEATURES, FEDERATED_CREDENTIALS,
    FLOW_LOGS, GROUP_MEMBERS, IDENTITIES, KUBERNETES_VERSIONS, LOAD_BALANCERS, LOCKS, MAINTENANCE, NETWORK_WATCHERS,
    NETWORKS, NODE_ADDRESSES, NODE_INTERFACES, PRIVATE_ENDPOINTS, PUBLIC_ADDRESSES, ROLE_ASSIGNMENTS, ROLE_DEFINITIONS,
    ROUTE_TABLES, SCALE_SETS, SECURITY_GROUPS, TRUSTED_ACCESS, UPGRADE_PROFILE, VIRTUAL_MACHINES, arm,
    record::{
        Cluster, DenyAssignment, DiagnosticSetting, Interface, Network, RoleAssignment, ScaleSet, UserAssignedIdentity,
        Watcher,
    },
};
use futures::{future::join_all, join};
use palisade_provider::{Call, Event, Record};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::{collections::BTreeSet, sync::Arc};

const AKS: &str = "2026-08-01";
const NETWORK: &str = "2026-03-01";
const COMPUTE: &str = "2026-04-01";
/// The network views of scale sets stopped here.
const COMPUTE_NETWORK: &str = "2018-10-01";
const AUTHORIZATION: &str = "2022-04-01";
const AUTOMATION: &str = "2024-10-23";
const LOCKING: &str = "2020-05-01";
const FEATURING: &str = "2021-07-01";
const MANAGED_IDENTITY: &str = "2024-11-30";

/// Reads a subscription; whether it has clusters.
pub(super) async fn read(fetch: &Fetch<'_>, subscription: &str, shared: Shared<'_>) -> bool {
    let here = Here { fetch, subscription };
    let clusters: Vec<Cluster> = here.all(&CLUSTERS, "Microsoft.ContainerService/managedClusters", AKS).await;
    fetch.recorder.tell(Event::Clusters(clusters.len()));
    if clusters.is_empty() {
        return false;
    }
    join!(
        here.all::<IgnoredAny>(&SECURITY_GROUPS, "Microsoft.Network/networkSecurityGroups", NETWORK),
        here.networks(&clusters),
        here.all::<IgnoredAny>(&PUBLIC_ADDRESSES, "Microsoft.Network/publicIPAddresses", NETWORK),
        here.all::<IgnoredAny>(&LOAD_BALANCERS, "Microsoft.Network/loadBalancers", NETWORK),
        here.all::<IgnoredAny>(&ROUTE_TABLES, "Microsoft.Network/routeTables", NETWORK),
        here.access(shared),
        here.all::<IgnoredAny>(&ROLE_DEFINITIONS, "Microsoft.Authorization/roleDefinitions", AUTHORIZATION),
        here.machines(&clusters),
        here.all::<IgnoredAny>(&VIRTUAL_MACHINES, "Microsoft.Compute/virtualMachines", COMPUTE),
        here.all::<IgnoredAny>(&AUTOMATION_ACCOUNTS, "Microsoft.Automation/automationAccounts", AUTOMATION),
        here.identities(),
        here.flow_logs(),
        async {
            let settings = join_all(clusters.iter().map(|cluster| here.parts(cluster))).await;
            safeguards::tables_of(fetch, subscription, &settings).await;
        },
        keys::read(fetch, subscription, &clusters),
        safeguards::read(fetch, subscription, (&clusters, shared)),
        here.all::<IgnoredAny>(&LOCKS, "Microsoft.Authorization/locks", LOCKING),
        here.all::<IgnoredAny>(
            &FEATURES,
            "Microsoft.Features/providers/Microsoft.ContainerService/features",
            FEATURING,
        ),
        here.versions(&clusters),
    );
    true
}

#[derive(Clone, Copy)]
struct Here<'a> {
    fetch: &'a Fetch<'a>,
    subscription: &'a str,
}

impl Here<'_> {
    /// All resources of a type in the subscription.
    async fn all<T: DeserializeOwned>(&self, call: &'static Call, kind: &str, version: &str) -> Vec<T> {
        let path = format!("/subscriptions/{}/providers/{kind}", self.subscription);
        self.fetch.list(call, Place { scope: self.subscription, params: &[], path: &path, version }).await
    }

    /// All resources of a type below another resource, which is also what tells this call from its sisters.
    async fn below<T: DeserializeOwned>(
        &self,
        call: &'static Call,
        (what, id): (&str, &str),
        kind: &str,
        version: &str,
    ) -> Vec<T> {
        let path = format!("{}/{kind}", id.trim_end_matches('/'));
        let key = arm::key(id);
        self.fetch.list(call, Place { scope: self.subscription, params: &[(what, &key)], path: &path, version }).await
    }

    /// Who holds roles and what is denied to whom, and which identities are in the groups that are named there.
    async fn access(&self, shared: Shared<'_>) {
        let (held, denied) = join!(
            self.all::<RoleAssignment>(&ROLE_ASSIGNMENTS, "Microsoft.Authorization/roleAssignments", AUTHORIZATION),
            self.all::<DenyAssignment>(&DENY_ASSIGNMENTS, "Microsoft.Authorization/denyAssignments", AUTHORIZATION),
        );
        // Groups of other tenants are not in this one's directory.
        let group = |kind: &Option<String>| kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("Group"));
        let holders = held.iter().map(|one| (&one.properties.principal_type, &one.properties.principal_id));
        let denied = denied.iter().map(|one| &one.properties);
        let denied = denied.flat_map(|one| one.principals.iter().chain(&one.exclude_principals));
        let named = holders.chain(denied.map(|one| (&one.kind, &one.id)));
        let ids: BTreeSet<String> = named
            .filter(|(kind, _)| group(kind))
            .filter_map(|(_, id)| id.as_deref())
            // What is no id cannot be asked for, and leads nowhere else.
            .filter(|id| !id.is_empty() && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-'))
            .map(str::to_ascii_lowercase)
            .collect();
        join_all(ids.into_iter().map(|id| async move {
            let apart = self.fetch.recorder.for_unit();
            let fetch = Fetch { recorder: &apart, ..*shared.fetch };
            let read = async {
                let path = format!(
                    "/v1.0/groups/{id}/transitiveMembers/microsoft.graph.servicePrincipal?$select=id&$count=true&$top=999"
                );
                fetch.graph(&GROUP_MEMBERS, &[("group", &id)], path).await;
                Arc::<[Record]>::from(apart.records())
            };
            for record in shared.groups.get(id.clone(), read).await.iter() {
                self.fetch.recorder.share(record.clone());
            }
        }))
        .await;
    }

    /// The networks, and the security admin rules of those that clusters stand in.
    async fn networks(&self, clusters: &[Cluster]) {
        let networks: Vec<Network> = self.all(&NETWORKS, "Microsoft.Network/virtualNetworks", NETWORK).await;
        let groups = node_groups(clusters);
        let named: BTreeSet<String> = clusters.iter().flat_map(subnets).filter_map(network_of).collect();
        let ours = networks.iter().filter_map(|network| network.id.as_deref()).filter(|id| {
            let made_by_aks = arm::group(id).is_some_and(|group| groups.contains(&group.to_ascii_lowercase()));
            made_by_aks || named.contains(&arm::key(id))
        });
        join_all(ours.map(|id| async move {
            let path = format!("{}/listNetworkManagerEffectiveSecurityAdminRules", id.trim_end_matches('/'));
            let key = arm::key(id);
            let params = [("network", key.as_str())];
            let place = Place { scope: self.subscription, params: &params, path: &path, version: NETWORK };
            self.fetch.computed(&ADMIN_RULES, place).await;
        }))
        .await;
    }

    /// The scale sets of node pools, and their machines' interfaces and addresses.
    async fn machines(&self, clusters: &[Cluster]) {
        let scale_sets: Vec<ScaleSet> =
            self.all(&SCALE_SETS, "Microsoft.Compute/virtualMachineScaleSets", COMPUTE).await;
        let groups = node_groups(clusters);
        let ours = scale_sets.iter().filter_map(|set| {
            let id = set.id.as_deref()?;
            let group = arm::group(id)?.to_ascii_lowercase();
            groups.contains(&group).then_some((id, set))
        });
        join_all(ours.map(|(id, set)| self.interfaces(id, set))).await;
    }

    async fn interfaces(&self, id: &str, set: &ScaleSet) {
        let interfaces =
            self.below::<Interface>(&NODE_INTERFACES, ("scaleSet", id), "networkInterfaces", COMPUTE_NETWORK);
        let addresses =
            || self.below::<IgnoredAny>(&NODE_ADDRESSES, ("scaleSet", id), "publicIPAddresses", COMPUTE_NETWORK);
        // The template says that machines get public addresses: no need to wait for the interfaces to say so.
        if set.addresses().any(|address| address.public_ip_address_configuration.is_some()) {
            join!(interfaces, addresses());
            return;
        }
        if interfaces.await.iter().any(Interface::has_public_address) {
            addresses().await;
        }
    }

    /// The user-assigned identities, and whose tokens become them.
    async fn identities(&self) {
        let identities: Vec<UserAssignedIdentity> =
            self.all(&IDENTITIES, "Microsoft.ManagedIdentity/userAssignedIdentities", MANAGED_IDENTITY).await;
        let ids = identities.iter().filter_map(|identity| identity.id.as_deref());
        join_all(ids.map(|id| {
            let kind = "federatedIdentityCredentials";
            self.below::<IgnoredAny>(&FEDERATED_CREDENTIALS, ("identity", id), kind, MANAGED_IDENTITY)
        }))
        .await;
    }

    /// What watches the networks, and the records of traffic it keeps.
    async fn flow_logs(&self) {
        let watchers: Vec<Watcher> = self.all(&NETWORK_WATCHERS, "Microsoft.Network/networkWatchers", NETWORK).await;
        let ids = watchers.iter().filter_map(|watcher| watcher.id.as_deref());
        join_all(ids.map(|id| self.below::<IgnoredAny>(&FLOW_LOGS, ("watcher", id), "flowLogs", NETWORK))).await;
    }

    /// Which image each pool of a cluster could be upgraded to.
    async fn upgrades(&self, id: &str, cluster: &Cluster) {
        let pools = cluster.properties.iter().flat_map(|properties| &properties.agent_pool_profiles);
        let key = &arm::key(id);
        join_all(pools.filter_map(|pool| pool.name.as_deref()).map(|pool| async move {
            let path = format!("{}/agentPools/{pool}/upgradeProfiles/default", id.trim_end_matches('/'));
            let name = pool.to_ascii_lowercase();
            let params = [("cluster", key.as_str()), ("pool", name.as_str())];
            let place = Place { scope: self.subscription, params: &params, path: &path, version: AKS };
            self.fetch.one::<IgnoredAny>(&UPGRADE_PROFILE, place).await;
        }))
        .await;
    }

    /// The versions that AKS offers where clusters stand: each region once.
    async fn versions(&self, clusters: &[Cluster]) {
        let regions: BTreeSet<String> =
            clusters.iter().filter_map(|cluster| cluster.location.as_deref()).map(str::to_ascii_lowercase).collect();
        join_all(regions.iter().filter(|region| is_plain(region)).map(|region| async move {
            let path = format!(
                "/subscriptions/{}/providers/Microsoft.ContainerService/locations/{region}/kubernetesVersions",
                self.subscription
            );
            let params = [("location", region.as_str())];
            let place = Place { scope: self.subscription, params: &params, path: &path, version: AKS };
            self.fetch.one::<IgnoredAny>(&KUBERNETES_VERSIONS, place).await
        }))
        .await;
    }

    /// What hangs on one cluster.
    async fn parts(&self, cluster: &Cluster) -> Vec<DiagnosticSetting> {
        let Some(id) = cluster.id.as_deref() else { return Vec::new() };
        let (logs, ()) = join!(self.bound(id, cluster), self.upgrades(id, cluster));
        logs
    }

    /// Who is let into a cluster beside its users, and what is kept of it.
    async fn bound(&self, id: &str, cluster: &Cluster) -> Vec<DiagnosticSetting> {
        let bindings = self.below::<IgnoredAny>(&TRUSTED_ACCESS, ("cluster", id), "trustedAccessRoleBindings", AKS);
        let windows = self.below::<IgnoredAny>(&MAINTENANCE, ("cluster", id), "maintenanceConfigurations", AKS);
        let logs = "providers/Microsoft.Insights/diagnosticSettings";
        let logs = self.below::<DiagnosticSetting>(&DIAGNOSTIC_SETTINGS, ("cluster", id), logs, keys::INSIGHTS);
        let endpoints = async {
            if cluster.has_private_link() {
                let kind = "privateEndpointConnections";
                self.below::<IgnoredAny>(&PRIVATE_ENDPOINTS, ("cluster", id), kind, AKS).await;
            }
        };
        let ((), logs, ()) = join!(
            async {
                join!(bindings, windows);
            },
            logs,
            endpoints
        );
        logs
    }
}

/// Whether a text may stand in a path as it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric())
}

/// The resource groups of the clusters' nodes.
fn node_groups(clusters: &[Cluster]) -> BTreeSet<String> {
    clusters.iter().filter_map(|cluster| Some(cluster.node_group(cluster.id.as_deref()?))).collect()
}

/// The subnets that a cluster names.
fn subnets(cluster: &Cluster) -> Vec<&str> {
    let Some(properties) = &cluster.properties else { return Vec::new() };
    let pools = properties.agent_pool_profiles.iter().filter_map(|pool| pool.vnet_subnet_id.as_deref());
    pools.chain(properties.api_server_access_profile.subnet_id.as_deref()).collect()
}

/// The network of a subnet, comparable.
fn network_of(subnet: &str) -> Option<String> {
    arm::key(subnet).split_once("/subnets/").map(|(network, _)| network.to_owned())
}
