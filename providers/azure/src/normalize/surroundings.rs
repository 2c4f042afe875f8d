//! What clusters of one subscription share: each list is read once, whatever the number of clusters.

use super::{
    assignments::Assignments,
    balancers::Balancers,
    exposure::Evaluations,
    space::Spaces,
    standing::Standings,
    table::{Row, Table},
};
use crate::{
    DENY_ASSIGNMENTS, FEDERATED_CREDENTIALS, IDENTITIES, LOAD_BALANCERS, NETWORKS, PUBLIC_ADDRESSES, ROLE_ASSIGNMENTS,
    ROLE_DEFINITIONS, ROUTE_TABLES, SCALE_SETS, SECURITY_GROUPS, arm,
    record::{
        Cluster, FederatedCredential, LoadBalancer, Network, PublicAddress, RouteTable, ScaleSet, SecurityGroup,
        UserAssignedIdentity,
    },
};
use palisade_model::Gap;
use palisade_provider::Snapshot;
use std::{cell::RefCell, collections::HashMap};

/// One subscription around its clusters.
#[derive(Debug)]
pub(super) struct Surroundings<'s> {
    pub(super) snapshot: &'s Snapshot,
    /// The subscription's id.
    pub(super) subscription: &'s str,
    pub(super) security_groups: Result<Table<'s, SecurityGroup>, Gap>,
    pub(super) networks: Result<Table<'s, Network>, Gap>,
    pub(super) public_addresses: Result<Table<'s, PublicAddress>, Gap>,
    pub(super) route_tables: Result<Table<'s, RouteTable>, Gap>,
    pub(super) scale_sets: Result<Table<'s, ScaleSet>, Gap>,
    pub(super) balancers: Result<Balancers<'s>, Gap>,
    pub(super) assignments: Result<Assignments<'s>, Gap>,
    pub(super) identities: Result<Table<'s, UserAssignedIdentity>, Gap>,
    /// Which identity which clusters use, by the identity's resource id or object id.
    pub(super) uses: HashMap<String, Vec<String>>,
    /// The ids of the clusters, comparable and in order.
    clusters: Vec<String>,
    pub(super) spaces: RefCell<Spaces>,
    pub(super) evaluations: RefCell<Evaluations>,
    pub(super) standings: RefCell<Standings>,
    federated: HashMap<String, Result<Table<'s, FederatedCredential>, Gap>>,
}

impl<'s> Surroundings<'s> {
    /// Reads the lists.
    pub(super) fn of(snapshot: &'s Snapshot, clusters: &[Row<'s, Cluster>]) -> Self {
        let here = snapshot.scope.as_str();
        let identities = Table::<UserAssignedIdentity>::read(snapshot, &IDENTITIES, here, &[]);
        let federated = identities.as_ref().map(|table| federated(snapshot, table)).unwrap_or_default();
        let balancers = Table::<LoadBalancer>::read(snapshot, &LOAD_BALANCERS, here, &[]);
        let assignments = (|| {
            Assignments::new(
                here,
                Table::read(snapshot, &ROLE_ASSIGNMENTS, here, &[])?,
                Table::read(snapshot, &ROLE_DEFINITIONS, here, &[])?,
                &Table::read(snapshot, &DENY_ASSIGNMENTS, here, &[])?,
            )
        })();
        Self {
            snapshot,
            subscription: here,
            security_groups: Table::read(snapshot, &SECURITY_GROUPS, here, &[]),
            networks: Table::read(snapshot, &NETWORKS, here, &[]),
            public_addresses: Table::read(snapshot, &PUBLIC_ADDRESSES, here, &[]),
            route_tables: Table::read(snapshot, &ROUTE_TABLES, here, &[]),
            scale_sets: Table::read(snapshot, &SCALE_SETS, here, &[]),
            balancers: balancers.map(Balancers::new),
            assignments,
            identities,
            uses: uses(clusters),
            clusters: {
                let mut keys: Vec<String> = clusters.iter().map(|row| arm::key(&row.id)).collect();
                keys.sort();
                keys
            },
            spaces: RefCell::default(),
            evaluations: RefCell::default(),
            standings: RefCell::default(),
            federated,
        }
    }

    /// Whether a scope holds a cluster, or lies in one.
    pub(super) fn touches_a_cluster(&self, scope: &str) -> bool {
        let scope = arm::key(scope);
        if scope.is_empty() || scope.starts_with("/providers/microsoft.management/managementgroups/") {
            return true;
        }
        let below = format!("{scope}/");
        let after = self.clusters.partition_point(|cluster| *cluster < below);
        let holds = self.clusters.get(after).is_some_and(|cluster| cluster.starts_with(&below));
        // A namespace is a scope below its cluster.
        let own = scope
            .split_once("/managedclusters/")
            .map(|(group, rest)| format!("{group}/managedclusters/{}", rest.split('/').next().unwrap_or_default()));
        let lies_in_one = own.is_some_and(|own| self.clusters.binary_search(&own).is_ok());
        holds || lies_in_one
    }

    /// Whose tokens become an identity, by its resource id.
    pub(super) fn federated(&self, id: &str) -> Result<&Table<'s, FederatedCredential>, Gap> {
        match self.federated.get(&arm::key(id)) {
            Some(read) => read.as_ref().map_err(Clone::clone),
            None => match &self.identities {
                Err(gap) => Err(gap.clone()),
                Ok(_) => Err(elsewhere("identity", id)),
            },
        }
    }
}

/// Something that is not in the subscription that was read.
pub(super) fn elsewhere(what: &str, id: &str) -> Gap {
    let place = arm::subscription(id).unwrap_or("an unknown subscription");
    let name = arm::name(id);
    Gap::NotCollected {
        what: format!(
            "{what} `{name}` of subscription `{place}` is not in what was listed with this cluster: resources are listed in \
             the cluster's own subscription"
        ),
    }
}

fn federated<'s>(
    snapshot: &'s Snapshot,
    identities: &Table<'s, UserAssignedIdentity>,
) -> HashMap<String, Result<Table<'s, FederatedCredential>, Gap>> {
    let ids = identities.rows().iter().filter(|row| !row.id.is_empty()).map(|row| arm::key(&row.id));
    ids.map(|id| {
        let read = Table::read(snapshot, &FEDERATED_CREDENTIALS, &snapshot.scope, &[("identity", &id)]);
        (id, read)
    })
    .collect()
}

/// Who uses which identity: an identity of two clusters is shared, whatever each of them says.
fn uses(clusters: &[Row<'_, Cluster>]) -> HashMap<String, Vec<String>> {
    let mut uses: HashMap<String, Vec<String>> = HashMap::new();
    for row in clusters {
        let Ok(Cluster { identity, properties: Some(properties), .. }) = &row.item else { continue };
        let kubelet = properties.identity_profile.iter().flat_map(|profile| profile.values().flatten());
        let addons = properties.addon_profiles.iter().flat_map(|addons| addons.values().flatten());
        let routing = properties.ingress_profile.web_app_routing.iter();
        let profiles = kubelet.chain(addons.chain(routing).filter_map(|addon| addon.identity.as_ref()));
        let control =
            identity.iter().flat_map(|identity| identity.user_assigned_identities.iter().flat_map(|all| all.keys()));
        let ids = profiles.filter_map(|profile| profile.resource_id.as_deref()).chain(control.map(String::as_str));
        for id in ids {
            let users = uses.entry(arm::key(id)).or_default();
            if !users.contains(&row.id) {
                users.push(row.id.clone());
            }
        }
    }
    uses
}
