//! What clusters of one subscription share: each list is read once, whatever the number of clusters.

use super::{
    assignments::Assignments,
    balancers::Balancers,
    carriers::Carriers,
    groups::Members,
    guardrails::Policies,
    machinery::FlowLogs,
    passes::Evaluations,
    space::Spaces,
    standing::Standings,
    table::{Row, Table, table},
    vulnerabilities::Containers,
};
use crate::{
    ADMIN_RULES, AUTOMATION_ACCOUNTS, DENY_ASSIGNMENTS, FEDERATED_CREDENTIALS, IDENTITIES, LOAD_BALANCERS, NETWORKS,
    PUBLIC_ADDRESSES, ROLE_ASSIGNMENTS, ROLE_DEFINITIONS, ROUTE_TABLES, SCALE_SETS, SECURITY_GROUPS, SUBSCRIPTIONS,
    TENANT, VIRTUAL_MACHINES, arm,
    record::{
        AdminRule, Cluster, FederatedCredential, LoadBalancer, Network, PublicAddress, RouteTable, ScaleSet,
        SecurityGroup, Subscription, UserAssignedIdentity,
    },
};
use palisade_model::{Evidence, Gap};
use palisade_provider::{Call, Snapshot};
use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
};

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
    pub(super) flow_logs: Result<FlowLogs, Gap>,
    pub(super) balancers: Result<Balancers<'s>, Gap>,
    pub(super) assignments: Result<Assignments<'s>, Gap>,
    pub(super) identities: Result<Table<'s, UserAssignedIdentity>, Gap>,
    /// Which identity which clusters use, by the identity's resource id or object id.
    pub(super) uses: HashMap<String, Vec<String>>,
    /// Whether the list of service tags is about this cloud: clusters stand in regions of the public one.
    pub(super) listed_cloud: bool,
    /// Why it is not known what every cluster of the subscription uses.
    pub(super) unread_cluster: Option<Gap>,
    /// The ids of the clusters, comparable and in order.
    clusters: Vec<String>,
    pub(super) spaces: RefCell<Spaces>,
    pub(super) evaluations: RefCell<Evaluations>,
    pub(super) standings: RefCell<Standings>,
    /// What Defender says of the containers that run.
    pub(super) containers: Result<Containers, Gap>,
    federated: Federated<'s>,
    /// The places of the identities that trust an issuer, and the gap when one of them was not read.
    by_issuer: Result<HashMap<String, Vec<usize>>, Gap>,
    /// The places of the scale sets of a resource group, by its name in lower case.
    sets_of_group: HashMap<String, Vec<usize>>,
    /// What carries identities.
    carriers: Result<Carriers, Gap>,
    /// The security admin rules of a network, by its key; absent where nobody asked.
    pub(super) admin: HashMap<String, Result<Table<'s, AdminRule>, Gap>>,
    policies: OnceCell<Result<Policies, Gap>>,
    /// The subscription itself.
    pub(super) own: Result<(Subscription, Vec<Evidence>), Gap>,
}

impl<'s> Surroundings<'s> {
    /// What Azure Policy refuses.
    pub(super) fn policies(&self) -> &Result<Policies, Gap> {
        self.policies.get_or_init(|| Policies::read(self.snapshot, self.subscription))
    }

    /// Reads the lists. `unlisted` is why not every cluster is among these.
    pub(super) fn of(snapshot: &'s Snapshot, clusters: &[Row<'s, Cluster>], unlisted: Option<Gap>) -> Self {
        let here = snapshot.scope.as_str();
        let identities = Table::<UserAssignedIdentity>::read(snapshot, &IDENTITIES, here, &[]);
        let federated = identities.as_ref().map(|table| federated(snapshot, table)).unwrap_or_default();
        let scale_sets = Table::read(snapshot, &SCALE_SETS, here, &[]);
        let by_issuer =
            table(&identities).and_then(|identities| by_issuer(identities.rows(), |id| credentials(&federated, id)));
        let balancers = Table::<LoadBalancer>::read(snapshot, &LOAD_BALANCERS, here, &[]);
        let assignments = (|| {
            Assignments::new(
                here,
                Table::read(snapshot, &ROLE_ASSIGNMENTS, here, &[])?,
                Table::read(snapshot, &ROLE_DEFINITIONS, here, &[])?,
                &Table::read(snapshot, &DENY_ASSIGNMENTS, here, &[])?,
                Members::read(snapshot),
            )
        })();
        let networks = Table::read(snapshot, &NETWORKS, here, &[]);
        Self {
            policies: OnceCell::new(),
            admin: networks.as_ref().map(|networks| admin(snapshot, networks)).unwrap_or_default(),
            snapshot,
            subscription: here,
            security_groups: Table::read(snapshot, &SECURITY_GROUPS, here, &[]),
            networks,
            public_addresses: Table::read(snapshot, &PUBLIC_ADDRESSES, here, &[]),
            flow_logs: FlowLogs::read(snapshot, here),
            route_tables: Table::read(snapshot, &ROUTE_TABLES, here, &[]),
            sets_of_group: scale_sets.as_ref().map(sets_of_group).unwrap_or_default(),
            carriers: Carriers::read(
                &scale_sets,
                &Table::read(snapshot, &VIRTUAL_MACHINES, here, &[]),
                &Table::read(snapshot, &AUTOMATION_ACCOUNTS, here, &[]),
            ),
            scale_sets,
            balancers: balancers.map(Balancers::new),
            assignments,
            identities,
            uses: uses(clusters),
            listed_cloud: clusters.iter().all(|row| {
                let item = row.item.as_ref().ok();
                item.and_then(|item| item.location.as_deref()).is_some_and(is_public_region)
            }),
            unread_cluster: unlisted.or_else(|| clusters.iter().find_map(|row| row.item.as_ref().err().cloned())),
            clusters: {
                let mut keys: Vec<String> = clusters.iter().map(|row| arm::key(&row.id)).collect();
                keys.sort();
                keys
            },
            spaces: RefCell::default(),
            evaluations: RefCell::default(),
            standings: RefCell::default(),
            containers: Containers::read(snapshot),
            federated,
            by_issuer,
            own: own(snapshot),
        }
    }

    /// The scale sets of a resource group.
    pub(super) fn sets_of_group(&self, group: &str) -> Result<Vec<&Row<'s, ScaleSet>>, Gap> {
        let rows = table(&self.scale_sets)?.rows();
        if let Some(row) = rows.iter().find(|row| row.id.is_empty()) {
            // It may be anybody's.
            row.get()?;
            let pointer = format!("/value/{}/id", row.at);
            return Err(super::malformed(&SCALE_SETS, self.subscription, &pointer, "missing"));
        }
        let places = self.sets_of_group.get(&group.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        Ok(places.iter().filter_map(|place| rows.get(*place)).collect())
    }

    /// What carries identities: machines and Automation accounts.
    pub(super) fn carriers(&self) -> Result<&Carriers, Gap> {
        self.carriers.as_ref().map_err(Clone::clone)
    }

    /// Whether it is known which user-assigned identities there are, and as whom they act.
    pub(super) fn knows_identities(&self) -> Result<(), Gap> {
        for row in table(&self.identities)?.rows() {
            if row.get()?.properties.principal_id.is_none() {
                let pointer = format!("/value/{}/properties/principalId", row.at);
                return Err(super::malformed(&IDENTITIES, self.subscription, &pointer, "missing"));
            }
        }
        Ok(())
    }

    /// The identities that trust an issuer.
    pub(super) fn trusting(&self, issuer: &str) -> Result<impl Iterator<Item = &Row<'s, UserAssignedIdentity>>, Gap> {
        let rows = table(&self.identities)?.rows();
        let known = self.by_issuer.as_ref().map_err(Clone::clone)?;
        let places = known.get(issuer).map_or(&[][..], Vec::as_slice);
        Ok(places.iter().filter_map(|place| rows.get(*place)))
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
        table(&self.identities)?;
        credentials(&self.federated, id)
    }
}

/// Regions of the other clouds are called after their countries. <https://learn.microsoft.com/azure/reliability/regions-list>
fn is_public_region(location: &str) -> bool {
    let location = location.to_ascii_lowercase().replace(' ', "");
    let others = ["usgov", "usdod", "ussec", "usnat", "china"];
    !location.is_empty() && !others.iter().any(|other| location.starts_with(other))
}

type Federated<'s> = HashMap<String, Result<Table<'s, FederatedCredential>, Gap>>;

fn credentials<'f, 's>(federated: &'f Federated<'s>, id: &str) -> Result<&'f Table<'s, FederatedCredential>, Gap> {
    let known = federated.get(&arm::key(id)).ok_or_else(|| elsewhere(&IDENTITIES, "identity", id))?;
    known.as_ref().map_err(Clone::clone)
}

/// Which identities trust which issuer. Entra compares issuers letter by letter, and so do we.
fn by_issuer<'f, 's: 'f>(
    rows: &[Row<'s, UserAssignedIdentity>],
    credentials: impl Fn(&str) -> Result<&'f Table<'s, FederatedCredential>, Gap>,
) -> Result<HashMap<String, Vec<usize>>, Gap> {
    let mut found: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        for credential in credentials(&row.id)?.rows() {
            let issuer = credential.get()?.properties.issuer.as_ref().ok_or_else(|| {
                let (name, scope) = (arm::name(&row.id), arm::subscription(&row.id).unwrap_or_default());
                let why = format!("a credential of identity `{name}` names no issuer");
                super::malformed(&FEDERATED_CREDENTIALS, scope, &format!("/value/{}", credential.at), &why)
            })?;
            let places = found.entry(issuer.clone()).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    Ok(found)
}

fn admin<'s>(
    snapshot: &'s Snapshot,
    networks: &Table<'_, Network>,
) -> HashMap<String, Result<Table<'s, AdminRule>, Gap>> {
    let keys = networks.rows().iter().map(|row| arm::key(&row.id));
    let asked = keys.filter(|key| !snapshot.find(&ADMIN_RULES, &snapshot.scope, &[("network", key)]).is_empty());
    asked
        .map(|key| {
            let read = Table::read(snapshot, &ADMIN_RULES, &snapshot.scope, &[("network", &key)]);
            (key, read)
        })
        .collect()
}

fn sets_of_group(table: &Table<'_, ScaleSet>) -> HashMap<String, Vec<usize>> {
    let mut found: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, row) in table.rows().iter().enumerate() {
        if let Some(group) = arm::group(&row.id) {
            found.entry(group.to_ascii_lowercase()).or_default().push(place);
        }
    }
    found
}

fn own(snapshot: &Snapshot) -> Result<(Subscription, Vec<Evidence>), Gap> {
    let list = Table::<Subscription>::read(snapshot, &SUBSCRIPTIONS, TENANT, &[])?;
    let own = |row: &&Row<'_, Subscription>| {
        let id = row.item.as_ref().ok().and_then(|item| item.id.as_deref());
        id.is_some_and(|id| id.eq_ignore_ascii_case(&snapshot.scope))
    };
    let row = list.rows().iter().find(own).ok_or_else(|| Gap::Unsettled {
        what: format!(
            "subscription `{}` is not in the list of subscriptions: who manages it is not known",
            snapshot.scope
        ),
    })?;
    Ok((row.get()?.clone(), row.evidence("").into_iter().collect()))
}

/// Something that is not in the list in which it was looked for.
pub(super) fn elsewhere(call: &Call, what: &str, id: &str) -> Gap {
    let place = arm::subscription(id).unwrap_or("an unknown subscription");
    let name = arm::name(id);
    let permission = call.permission;
    Gap::NotCollected {
        what: format!(
            "{what} `{name}` of subscription `{place}` is not in what was listed with this cluster: resources are listed in \
             the cluster's own subscription, and `{permission}` there shows it"
        ),
    }
}

fn federated<'s>(snapshot: &'s Snapshot, identities: &Table<'s, UserAssignedIdentity>) -> Federated<'s> {
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
