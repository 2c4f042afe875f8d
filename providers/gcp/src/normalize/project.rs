//! One project: its clusters and everything they share.

use super::{
    authority::Rights,
    balancers::Balancers,
    cluster::{self, Shared},
    exposure::ExposureBook,
    groups,
    hierarchy::HierarchyBook,
    identities::{IdentityBook, insights},
    machines::Machines,
    network::NetworkBook,
    people::People,
    pool::compute_project,
    roles::RoleBook,
    unseen, vulnerabilities,
};
use crate::{
    calls::CLUSTERS_LIST,
    record::container::{Cluster as Record, Clusters, Stub},
};
use palisade_model::{Cluster, ClusterId, Evidence, Gap, Inventory, Location, Observed, Provider, Scope};
use palisade_provider::{Page, Snapshot};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// Reads the clusters of a project into the inventory.
pub(crate) fn read(snapshot: &Snapshot, project: &str, inventory: &mut Inventory) {
    let (readable, unreadable, missing_zones) = match records(snapshot, project) {
        Ok(read) => read,
        Err(gap) => {
            inventory.unseen.push(unseen(project, gap));
            return;
        }
    };
    let mut unlisted = unreadable.first().map(|(_, gap)| gap.clone());
    for zone in missing_zones {
        // The list says itself that it is not whole.
        let gap = Gap::Unreachable {
            call: CLUSTERS_LIST.name.to_owned(),
            scope: project.to_owned(),
            why: format!("zone `{zone}` did not answer"),
        };
        unlisted.get_or_insert_with(|| gap.clone());
        inventory.unseen.push(unseen(&format!("{project}/{zone}"), gap));
    }
    inventory.clusters.extend(unreadable.into_iter().map(|(stub, gap)| unread(project, &stub, &gap)));
    if readable.is_empty() {
        return;
    }
    let (records, evidence): (Vec<Record>, Vec<Vec<Evidence>>) = readable.into_iter().unzip();
    let described = with(snapshot, project, (&records, unlisted), |shared| -> Vec<Cluster> {
        records.iter().zip(&evidence).map(|(record, evidence)| cluster::describe(shared, record, evidence)).collect()
    });
    inventory.clusters.extend(described);
}

/// Asks something of the readable clusters of a project and of everything they share; nothing without a cluster.
pub(crate) fn ask<T>(snapshot: &Snapshot, project: &str, ask: impl FnOnce(&Shared<'_>) -> T) -> Option<T> {
    let (readable, unreadable, _) = records(snapshot, project).ok()?;
    let unlisted = unreadable.first().map(|(_, gap)| gap.clone());
    let records: Vec<Record> = readable.into_iter().map(|(record, _)| record).collect();
    (!records.is_empty()).then(|| with(snapshot, project, (&records, unlisted), ask))
}

fn with<T>(
    snapshot: &Snapshot,
    project: &str,
    (records, unlisted): (&[Record], Option<Gap>),
    ask: impl FnOnce(&Shared<'_>) -> T,
) -> T {
    let hierarchies = HierarchyBook::new(snapshot);
    let hierarchy = hierarchies.of(project);
    let people = match hierarchy.get() {
        Ok(above) => People::read(snapshot, project, &above.number, records),
        Err(gap) => Observed::missing(gap),
    };
    let denials = hierarchies.denials(project);
    let roles = RoleBook::new(snapshot);
    let now = snapshot.finished_at;
    let (groups_hold_roles, unread_groups) = {
        let rights = |hierarchy, denials, people| Rights {
            project,
            hierarchy,
            denials,
            people,
            roles: &roles,
            groups_hold_roles: false,
            now,
        };
        // What is denied takes nothing from what a member might have: see `groups`.
        let read = hierarchy.get().and_then(|above| Ok(rights(above, &[], people.get()?)));
        let any = read.as_ref().is_ok_and(|rights| !groups::groups(rights).is_empty());
        let found = read.and_then(|rights| groups::unread(&rights)).map(Arc::from);
        let sources = [hierarchy.sources(), people.sources(), &roles.evidence()].concat();
        (any, Observed::from_result(found, sources))
    };
    let shared = Shared {
        snapshot,
        project,
        records,
        unlisted,
        unread_groups,
        groups_hold_roles,
        identities: IdentityBook::default(),
        denials,
        hierarchy,
        hierarchies: &hierarchies,
        people,
        roles,
        machines: Machines::read(snapshot, project),
        compute_project: compute_project(snapshot, project),
        networks: NetworkBook::new(snapshot),
        balancers: Balancers::read(snapshot, project),
        exposures: ExposureBook::default(),
        insights: insights(snapshot, project),
        images: vulnerabilities::read(snapshot, project),
        now,
    };
    ask(&shared)
}

type Read = (Vec<(Record, Vec<Evidence>)>, Vec<(Stub, Gap)>, Vec<String>);

/// The clusters, one by one where one of them cannot be read, so that it does not hide its neighbours.
fn records(snapshot: &Snapshot, project: &str) -> Result<Read, Gap> {
    let mut read: Read = (Vec::new(), Vec::new(), Vec::new());
    let named = |pages: &Vec<Page<'_, Clusters<Record>>>| {
        pages.iter().flat_map(|page| &page.value.clusters).all(|record| nameless(record).is_none())
    };
    match snapshot.pages::<Clusters<Record>>(&CLUSTERS_LIST, project, &[]) {
        Ok(pages) if named(&pages) => {
            for page in pages {
                let proofs: Vec<_> = (0..page.value.clusters.len()).map(|place| evidence(&page, place)).collect();
                read.0.extend(page.value.clusters.into_iter().zip(proofs));
                read.2.extend(page.value.missing_zones);
            }
        }
        Ok(_) | Err(Gap::Malformed { .. }) => {
            for page in snapshot.pages::<Clusters<Value>>(&CLUSTERS_LIST, project, &[])? {
                for (place, value) in page.value.clusters.iter().enumerate() {
                    let record = Record::deserialize(value).map_err(|error| error.to_string());
                    match record.and_then(|record| nameless(&record).map_or(Ok(record), Err)) {
                        Ok(record) => read.0.push((record, evidence(&page, place))),
                        Err(why) => {
                            let stub = Stub {
                                name: value.get("name").and_then(Value::as_str).map(str::to_owned),
                                location: value.get("location").and_then(Value::as_str).map(str::to_owned),
                            };
                            read.1.push((stub, malformed(project, place, &why)));
                        }
                    }
                }
                read.2.extend(page.value.missing_zones);
            }
        }
        Err(gap) => return Err(gap),
    }
    Ok(read)
}

/// Why a cluster's machines could not be found: without its name or its place none would be, and none is no answer.
fn nameless(record: &Record) -> Option<String> {
    let lacks = |text: &str| text.is_empty();
    if record.name.as_deref().is_none_or(lacks) {
        return Some("the cluster has no `name`".to_owned());
    }
    let place = record.location.as_deref().or(record.zone.as_deref());
    place.is_none_or(lacks).then(|| "the cluster has no `location`".to_owned())
}

fn evidence<T>(page: &Page<'_, T>, place: usize) -> Vec<Evidence> {
    page.record.evidence(&format!("/clusters/{place}")).into_iter().collect()
}

fn malformed(project: &str, place: usize, why: &str) -> Gap {
    Gap::Malformed {
        call: CLUSTERS_LIST.name.to_owned(),
        scope: project.to_owned(),
        pointer: format!("/clusters/{place}"),
        why: why.to_owned(),
    }
}

/// A cluster's name as Google writes it.
pub(crate) fn id(project: &str, location: &str, name: &str) -> ClusterId {
    ClusterId::new(format!("projects/{project}/locations/{location}/clusters/{name}"))
}

/// A cluster of which nothing but its name is known.
fn unread(project: &str, stub: &Stub, gap: &Gap) -> Cluster {
    let location = stub.location.clone().unwrap_or_else(|| "-".to_owned());
    let name = stub.name.clone().unwrap_or_else(|| "(unreadable)".to_owned());
    let id = id(project, &location, &name);
    Cluster::unread(id, Provider::Gcp, Scope::new(project), Location::new(location), name, gap)
}
