//! The cloud identities of a cluster: its control plane, its nodes, its add-ons and its workloads.

use super::{
    cluster::{Read, service_principal},
    needs,
    observe::observe,
    standing::identity as identity_id,
    surroundings::Surroundings,
    trusts::{federated_here, other_trust},
};
use crate::{arm, record};
use palisade_model::{
    Controller, ControllerIdentity, Dedication, Evidence, Gap, Identity, IdentityId, IdentityKind, Observed, Unused,
};
use std::{collections::BTreeMap, sync::Arc};

/// One identity before its facts are read.
struct Found {
    kind: IdentityKind,
    /// The object id, which role assignments name.
    principal: Option<String>,
    /// The resource id, when the identity is a resource of its own.
    resource: Option<String>,
    name: String,
    used_by: Vec<String>,
    pointer: Option<Evidence>,
    /// Why nothing more is known of it than that there is one.
    unread: Option<Gap>,
}

/// Why nothing more is known of an application.
fn graph() -> Gap {
    Gap::NotCollected {
        what: "the cluster signs in as an application with a secret: its object id, its keys and its roles need Microsoft \
               Graph, which is not read. Move the cluster to a managed identity, or look at the application by hand"
            .to_owned(),
    }
}

/// Every identity of a cluster.
pub(super) fn identities(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<Identity>> {
    observe(|seen| {
        seen.extend(read.row.evidence("/identity"));
        seen.extend(read.row.evidence("/properties/identityProfile"));
        seen.extend(read.row.evidence("/properties/addonProfiles"));
        let mut found = Vec::new();
        let (control_plane, kubelet) = (control_plane(read), kubelet(read));
        if control_plane.is_empty() {
            found.push(unnamed(IdentityKind::ControlPlane, "/identity", "control plane", read));
        }
        if kubelet.is_none() && service_principal(read).is_none() {
            found.push(unnamed(IdentityKind::Node, "/properties/identityProfile", "nodes", read));
        }
        found.extend(control_plane);
        found.extend(kubelet);
        found.extend(controllers_found(read).into_values());
        found.extend(workloads(read, around, seen)?);
        Ok(found.into_iter().map(|one| identity(one, read, around)).collect())
    })
}

/// An identity that every cluster has, and that the answer does not name.
fn unnamed(kind: IdentityKind, place: &str, whose: &str, read: &Read<'_, '_>) -> Found {
    Found {
        kind,
        principal: None,
        resource: None,
        name: format!("identity of the {whose}"),
        used_by: vec![whose.to_owned()],
        pointer: read.row.evidence(place),
        unread: Some(Gap::Unsettled { what: format!("the cluster does not name the identity of its {whose}") }),
    }
}

/// An identity, and as what a cluster uses it.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: IdentityId,
    pub(super) name: String,
    pub(super) kind: IdentityKind,
    /// Its object id.
    pub(super) principal: Option<String>,
}

/// The identities of a cluster, as far as they are known.
pub(super) fn users(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Vec<User> {
    let workloads = workloads(read, around, &mut Vec::new()).unwrap_or_default();
    let all = control_plane(read).into_iter().chain(kubelet(read)).chain(controllers_found(read).into_values());
    all.chain(workloads)
        .map(|found| User { id: id_of(&found), name: found.name, kind: found.kind, principal: found.principal })
        .collect()
}

fn control_plane(read: &Read<'_, '_>) -> Vec<Found> {
    let used_by = vec!["control plane".to_owned()];
    if let Some(client) = service_principal(read) {
        return vec![Found {
            kind: IdentityKind::ControlPlane,
            principal: None,
            resource: None,
            name: format!("application {client}"),
            used_by: vec!["control plane".to_owned(), "nodes".to_owned()],
            pointer: read.row.evidence("/properties/servicePrincipalProfile"),
            unread: Some(graph()),
        }];
    }
    let Some(identity) = &read.item.identity else { return Vec::new() };
    let assigned: Vec<Found> = identity
        .user_assigned_identities
        .iter()
        .flatten()
        .map(|(id, principal)| Found {
            kind: IdentityKind::ControlPlane,
            principal: principal.as_ref().and_then(|one| one.principal_id.clone()),
            resource: Some(id.clone()),
            name: arm::name(id).to_owned(),
            used_by: used_by.clone(),
            pointer: read.row.evidence("/identity/userAssignedIdentities"),
            unread: None,
        })
        .collect();
    let own = identity.principal_id.as_ref().map(|principal| Found {
        kind: IdentityKind::ControlPlane,
        principal: Some(principal.clone()),
        resource: None,
        name: format!("system-assigned identity of {}", arm::name(read.id())),
        used_by,
        pointer: read.row.evidence("/identity"),
        unread: None,
    });
    own.into_iter().chain(assigned).collect()
}

fn kubelet(read: &Read<'_, '_>) -> Option<Found> {
    let profile = read.properties.identity_profile.as_ref()?.get("kubeletidentity")?.as_ref()?;
    let pools = read.properties.agent_pool_profiles.iter().filter_map(|agent| agent.name.clone());
    Some(of_profile(
        profile,
        IdentityKind::Node,
        pools.collect(),
        read.row.evidence("/properties/identityProfile/kubeletidentity"),
    ))
}

fn of_profile(
    profile: &record::AssignedIdentity,
    kind: IdentityKind,
    used_by: Vec<String>,
    pointer: Option<Evidence>,
) -> Found {
    let name = profile.resource_id.as_deref().map(arm::name).or(profile.object_id.as_deref()).unwrap_or("identity");
    Found {
        kind,
        principal: profile.object_id.clone(),
        resource: profile.resource_id.clone(),
        name: name.to_owned(),
        used_by,
        pointer,
        unread: None,
    }
}

/// Add-ons that are on, with their identities when they have one.
fn addons<'r>(read: &'r Read<'_, '_>) -> impl Iterator<Item = (&'r str, Option<&'r record::AssignedIdentity>)> {
    let profiles = read.properties.addon_profiles.iter().flatten();
    let addons = profiles.filter_map(|(name, addon)| Some((name.as_str(), addon.as_ref()?)));
    let routing = read.properties.ingress_profile.web_app_routing.iter().map(|addon| ("webAppRouting", addon));
    let on = addons.chain(routing).filter(|(_, addon)| addon.enabled == Some(true));
    on.map(|(name, addon)| (name, addon.identity.as_ref()))
}

fn controllers_found(read: &Read<'_, '_>) -> BTreeMap<String, Found> {
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for (name, identity) in addons(read) {
        let Some(profile) = identity else { continue };
        let key =
            profile.object_id.clone().or_else(|| profile.resource_id.clone()).unwrap_or_default().to_ascii_lowercase();
        found
            .entry(key)
            .or_insert_with(|| {
                let pointer = read.row.evidence("/properties/addonProfiles");
                of_profile(profile, IdentityKind::Controller, Vec::new(), pointer)
            })
            .used_by
            .push(name.to_owned());
    }
    found
}

/// User-assigned identities that this cluster's service accounts become.
fn workloads(read: &Read<'_, '_>, around: &Surroundings<'_>, seen: &mut Vec<Evidence>) -> Result<Vec<Found>, Gap> {
    let mut found = Vec::new();
    for (row, credentials) in federated_here(read, around, seen)? {
        let identity = row.get()?;
        let subjects =
            credentials.iter().map(|one| one.properties.subject.clone().unwrap_or_else(|| "an expression".to_owned()));
        found.push(Found {
            kind: IdentityKind::Workload,
            principal: identity.properties.principal_id.clone(),
            resource: Some(row.id.clone()),
            name: identity.name.clone().unwrap_or_else(|| arm::name(&row.id).to_owned()),
            used_by: subjects.collect(),
            pointer: row.evidence("/properties"),
            unread: None,
        });
    }
    Ok(found)
}

impl Found {
    /// Whether it can be looked up at all.
    fn known(&self) -> Result<(), Gap> {
        self.unread.clone().map_or(Ok(()), Err)
    }
}

fn id_of(found: &Found) -> IdentityId {
    match (&found.principal, &found.resource) {
        (Some(principal), _) => identity_id(principal),
        (None, Some(resource)) => IdentityId::from(arm::key(resource).as_str()),
        (None, None) => IdentityId::from(found.name.as_str()),
    }
}

fn identity(found: Found, read: &Read<'_, '_>, around: &Surroundings<'_>) -> Identity {
    Identity {
        id: id_of(&found),
        standing: observe(|seen| {
            seen.extend(found.pointer.clone());
            found.known()?;
            let principal = found.principal.as_deref().ok_or_else(|| {
                let name = &found.name;
                Gap::Unsettled { what: format!("the object id of identity `{name}` is not in the answer") }
            })?;
            let standing = around.standing(read, (principal, found.kind), |assignments| match found.kind {
                IdentityKind::ControlPlane => {
                    needs::control_plane(read, assignments, super::key::vault_id(read, around).as_deref())
                }
                IdentityKind::Node => needs::node(assignments),
                IdentityKind::Workload | IdentityKind::Controller => needs::nothing(assignments),
            })?;
            let assignments = around.assignments.as_ref().map_err(Clone::clone)?;
            seen.extend(assignments.evidence(assignments.of(principal).chain(assignments.through_groups(principal))));
            Ok(Arc::new(standing))
        }),
        dedication: observe(|seen| {
            seen.extend(found.pointer.clone());
            dedication(&found, read, around, seen)
        }),
        other_trust: observe(|seen| {
            seen.extend(found.pointer.clone());
            found.known()?;
            match &found.resource {
                // A system-assigned identity cannot be handed to anybody else.
                None => Ok(Vec::new()),
                Some(resource) => other_trust(resource, read, around, seen),
            }
        }),
        keys: observe(|seen| {
            seen.extend(found.pointer.clone());
            // Managed identities have no key that anybody could hold.
            found.known().map(|()| Vec::new())
        }),
        unused: observe(|seen| {
            seen.extend(found.pointer.clone());
            Ok(Unused::NobodyKnows {
                hint: "compare the identity's role assignments with its operations in the Activity Log".to_owned(),
            })
        }),
        name: found.name,
        kind: found.kind,
        used_by: found.used_by,
    }
}

/// Whether anything else carries the identity: another cluster, another purpose, machines outside the cluster, an Automation
/// account.
fn dedication(
    found: &Found,
    read: &Read<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<Dedication, Gap> {
    // An application may be used anywhere.
    found.known()?;
    // A system-assigned identity is its cluster's.
    let Some(resource) = &found.resource else { return Ok(Dedication::Dedicated) };
    let key = arm::key(resource);
    let clusters = around.uses.get(&key).into_iter().flatten().filter(|id| !arm::same(id, read.id()));
    let mut with: Vec<String> = clusters.map(|id| format!("cluster `{}`", arm::name(id))).collect();
    let other_uses = [
        (IdentityKind::ControlPlane, control_plane(read).iter().any(|other| same_resource(other, &key))),
        (IdentityKind::Node, kubelet(read).iter().any(|other| same_resource(other, &key))),
        (IdentityKind::Controller, controllers_found(read).values().any(|other| same_resource(other, &key))),
    ];
    with.extend(
        other_uses
            .iter()
            .filter(|(kind, used)| *used && *kind != found.kind)
            .map(|(kind, _)| format!("{} of this cluster", kind.name())),
    );
    if !with.is_empty() {
        return Ok(Dedication::Shared { with });
    }
    let group = read.node_group();
    let carriers = around.carriers()?;
    seen.extend_from_slice(carriers.pages());
    for carried in carriers.of(resource) {
        let own = arm::group(&carried.id).is_some_and(|own| own.eq_ignore_ascii_case(&group));
        // Machines of another cluster that uses it were counted above.
        if !own {
            with.push(carried.said());
        }
    }
    if !with.is_empty() {
        return Ok(Dedication::Shared { with });
    }
    // A cluster that could not be read may use it too.
    around.unread_cluster.clone().map_or(Ok(Dedication::Dedicated), Err)
}

fn same_resource(found: &Found, key: &str) -> bool {
    found.resource.as_deref().is_some_and(|resource| arm::key(resource) == key)
}

/// Controllers that are on, and with which rights they call Azure.
pub(super) fn controllers(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<Controller>> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/addonProfiles"));
        let found = controllers_found(read);
        let kubelet = kubelet(read);
        let workloads = workloads(read, around, seen)?;
        let mut controllers = Vec::new();
        for (name, profile) in addons(read) {
            let identity = match profile {
                None => ControllerIdentity::None,
                Some(profile) => {
                    let key = profile
                        .object_id
                        .clone()
                        .or_else(|| profile.resource_id.clone())
                        .unwrap_or_default()
                        .to_ascii_lowercase();
                    let Some(own) = found.get(&key) else { continue };
                    let id = id_of(own);
                    let is = |other: &Found| id_of(other) == id;
                    if kubelet.as_ref().is_some_and(is) {
                        ControllerIdentity::Node
                    } else if own.used_by.len() > 1 || workloads.iter().any(is) {
                        ControllerIdentity::Shared(id)
                    } else {
                        ControllerIdentity::Own(id)
                    }
                }
            };
            controllers.push(Controller { name: name.to_owned(), identity });
        }
        Ok(controllers)
    })
}
