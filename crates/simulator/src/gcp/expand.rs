//! From an organisation written down to what the APIs of Google Cloud hold.

use serde_json::{Value, json};

use super::description::{Description, Folder, Project};
use super::ids;
use super::wire::{Enums, Item, Known, Wire};

mod balancing;
mod cluster;
mod compute;
mod filter;
mod iam;
mod keys;
mod nodes;
mod safeguards;

/// When everything in a simulated organisation was made.
pub(crate) const MADE: &str = "2026-01-15T09:30:00.123456Z";

/// A description that does not hang together.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Mistake(pub(crate) String);

/// One project while it is being expanded.
pub(crate) struct Site<'d> {
    pub(crate) description: &'d Description,
    pub(crate) project: &'d Project,
    pub(crate) number: String,
    pub(crate) wire: &'d mut Wire,
    pub(crate) made: Made,
}

/// What clusters bring into their project's networks.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// Instances by zone.
    pub(crate) instances: std::collections::BTreeMap<String, Vec<Value>>,
    /// Firewall rules by network.
    pub(crate) firewalls: std::collections::BTreeMap<String, Vec<super::description::Firewall>>,
    /// Forwarding rules by region.
    pub(crate) forwarding_rules: std::collections::BTreeMap<String, Vec<Value>>,
    /// Pools of machines by region.
    pub(crate) target_pools: std::collections::BTreeMap<String, Vec<Value>>,
    /// How many addresses of a subnet are taken, by its name and region.
    taken: std::collections::BTreeMap<String, u32>,
}

impl Site<'_> {
    /// The e-mail address of one of the project's accounts.
    pub(crate) fn account(&self, name: &str) -> String {
        ids::account(&self.project.id, &self.number, name)
    }
}

/// Expands the whole organisation.
pub(crate) fn expand(description: &Description) -> Result<Wire, Mistake> {
    let mut wire = Wire::default();
    wire.page_size = description.page_size.map(|size| size.max(1));
    wire.organization = description.organization.clone().unwrap_or_else(|| ids::project_number("organization"));
    let organization = format!("organizations/{}", wire.organization);
    let body = Item::sparse(json!({
        "name": organization,
        "displayName": description.domain,
        "directoryCustomerId": "C0acme000",
        "state": "ACTIVE",
        "createTime": MADE,
        "updateTime": MADE,
        "etag": ids::etag(&organization),
    }));
    wire.put(&format!("/v3/{organization}"), body.clone());
    wire.list_mut("/v3/organizations:search").items.push(body);
    iam::policy(&mut wire, "/v3", &organization, &description.bindings);
    iam::deny_policies(&mut wire, &organization, &description.deny_policies);
    iam::custom_roles(&mut wire, &organization, &description.roles);
    iam::predefined_roles(&mut wire);
    for folder in &description.folders {
        self::folder(&mut wire, folder);
    }
    for project in &description.projects {
        expand_project(description, project, &mut wire)?;
    }
    Ok(wire)
}

fn expand_project(description: &Description, project: &Project, wire: &mut Wire) -> Result<(), Mistake> {
    let number = project.number.clone().unwrap_or_else(|| ids::project_number(&project.id));
    if let Some(folder) = &project.folder
        && !description.folders.iter().any(|known| known.id == *folder)
    {
        return Err(Mistake(format!("project `{}` is in folder `{folder}`, which is not described", project.id)));
    }
    let parent = parent(wire, project.folder.as_deref());
    let body = Item::sparse(json!({
        "name": format!("projects/{number}"),
        "parent": parent,
        "projectId": project.id,
        "state": "ACTIVE",
        "displayName": project.name.as_ref().unwrap_or(&project.id),
        "createTime": MADE,
        "updateTime": MADE,
        "etag": ids::etag(&project.id),
        "labels": project.labels,
    }));
    wire.put(&format!("/v3/projects/{}", project.id), body.clone());
    wire.list_mut("/v3/projects:search").items.push(body.clone());
    wire.list_mut(&format!("/v3/projects?parent={parent}")).items.push(body);
    wire.numbers.insert(number.clone(), project.id.clone());
    wire.projects
        .insert(project.id.clone(), Known { number: number.clone(), disabled_apis: project.disabled_apis.clone() });
    let mut site = Site { description, project, number, wire, made: Made::default() };
    cluster::add(&mut site)?;
    assets(&mut site);
    compute::add(&mut site);
    iam::add(&mut site);
    keys::add(&mut site);
    safeguards::add(&mut site);
    Ok(())
}

/// What Cloud Asset Inventory finds of a project, from the organization and from every folder above the project.
fn assets(site: &mut Site<'_>) {
    let (id, number) = (&site.project.id, &site.number);
    if site.description.unrecorded.contains(id) {
        return;
    }
    let clusters = site.wire.list(&format!("/v1/projects/{id}/locations/-/clusters"));
    let assets: Vec<Item> = clusters
        .into_iter()
        .flat_map(|list| &list.items)
        .filter_map(|item| serde_json::from_str::<Value>(item.text(Enums::Names)).ok())
        .map(|cluster| {
            let text = |field: &str| cluster.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (location, name) = (text("location"), text("name"));
            Item::sparse(json!({
                "name": format!("//container.googleapis.com/projects/{id}/locations/{location}/clusters/{name}"),
                "assetType": "container.googleapis.com/Cluster",
                "project": format!("projects/{number}"),
                "displayName": name,
                "location": location,
            }))
        })
        .collect();
    let mut above = vec![format!("organizations/{}", site.wire.organization)];
    let mut folder = site.project.folder.clone();
    while let Some(id) = folder {
        let known = site.description.folders.iter().find(|known| known.id == id);
        folder = known.and_then(|known| known.parent.clone());
        above.push(format!("folders/{id}"));
    }
    for parent in above {
        site.wire.list_mut(&format!("/v1/{parent}:searchAllResources")).items.extend(assets.iter().cloned());
    }
}

fn folder(wire: &mut Wire, folder: &Folder) {
    let name = format!("folders/{}", folder.id);
    let parent = parent(wire, folder.parent.as_deref());
    let body = Item::sparse(json!({
        "name": name,
        "parent": parent,
        "displayName": folder.name,
        "state": "ACTIVE",
        "createTime": MADE,
        "updateTime": MADE,
        "etag": ids::etag(&name),
    }));
    wire.put(&format!("/v3/{name}"), body.clone());
    wire.list_mut("/v3/folders:search").items.push(body.clone());
    wire.list_mut(&format!("/v3/folders?parent={parent}")).items.push(body);
    iam::policy(wire, "/v3", &name, &folder.bindings);
    iam::deny_policies(wire, &name, &folder.deny_policies);
}

fn parent(wire: &Wire, folder: Option<&str>) -> String {
    folder.map_or_else(|| format!("organizations/{}", wire.organization), |folder| format!("folders/{folder}"))
}

/// The folders around a project, the outermost first.
pub(crate) fn folders_above<'d>(description: &'d Description, project: &Project) -> Vec<&'d Folder> {
    let mut found: Vec<&Folder> = Vec::new();
    let mut next = project.folder.as_deref();
    while let Some(folder) = next.and_then(|id| description.folders.iter().find(|known| known.id == id)) {
        // A circle in the description ends here instead of never.
        if found.iter().any(|seen| seen.id == folder.id) {
            break;
        }
        found.push(folder);
        next = folder.parent.as_deref();
    }
    found.reverse();
    found
}
