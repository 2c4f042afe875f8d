//! Roles, assignments, deny assignments and user-assigned identities.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Mistake, Site, ancestors, cluster};
use crate::azure::description::{Assignment, Carrier, DenyAssignment, Description, ManagedIdentity, Role};
use crate::azure::ids;
use crate::azure::roles::BuiltIn;
use crate::azure::wire::{Wire, set};

const ROLES: &str = "providers/Microsoft.Authorization/roleDefinitions";
const IDENTITY: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";
const MADE: &str = "2026-01-15T09:30:00.1234567Z";
/// The principal that stands for everyone in a deny assignment.
const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

/// Adds everything about access in one subscription, and what it inherits from above.
pub(super) fn add(site: &mut Site<'_>, description: &Description) -> Result<(), Mistake> {
    let here = format!("/subscriptions/{}", site.subscription.id);
    built_in_roles(&here, site.roles, site.wire);
    for role in &site.subscription.roles {
        let id = format!("{here}/{ROLES}/{}", custom_guid(&site.subscription.id, &role.name));
        let body = custom_role(&id, &here, role);
        site.wire.add(&id, &body);
    }
    let above = ancestors(description, site.subscription.parent.as_deref());
    let inherited = description.assignments.iter().filter(|assignment| {
        assignment
            .at
            .as_deref()
            .and_then(|at| at.strip_prefix("management-group/"))
            .is_some_and(|name| above.iter().any(|group| group.name == name))
    });
    for assignment in inherited {
        grant(site, assignment)?;
    }
    for assignment in &site.subscription.assignments {
        grant(site, assignment)?;
    }
    for cluster in &site.subscription.clusters {
        for assignment in &cluster.assignments {
            grant(site, assignment)?;
        }
        if cluster.node_group_restriction.as_deref() == Some("ReadOnly") {
            deny(site, &lockdown(cluster))?;
        }
    }
    for assignment in &site.subscription.deny_assignments {
        deny(site, assignment)?;
    }
    for identity in &site.subscription.identities {
        managed_identity(site, identity)?;
    }
    for machine in &site.subscription.machines {
        carrier(site, machine, ("Microsoft.Compute/virtualMachines", "machine"))?;
    }
    for account in &site.subscription.automation_accounts {
        carrier(site, account, ("Microsoft.Automation/automationAccounts", "automation"))?;
    }
    Ok(())
}

fn carrier(site: &mut Site<'_>, carrier: &Carrier, (kind, what): (&str, &str)) -> Result<(), Mistake> {
    let id = site.id(&carrier.group, kind, &carrier.name);
    let mut body = json!({
        "id": id,
        "name": carrier.name,
        "type": kind,
        "location": site.location(carrier.location.as_ref()),
        "tags": {},
        "properties": {},
    });
    let mut assigned = serde_json::Map::new();
    for name in &carrier.identities {
        let known = site.subscription.identities.iter().find(|known| known.name == *name);
        let known = known.ok_or_else(|| Mistake(format!("`{}` carries `{name}`, which is not here", carrier.name)))?;
        let own = format!("identity/{name}");
        let ids = json!({"principalId": ids::principal(&own), "clientId": ids::client(&own)});
        assigned.insert(site.id(&known.group, IDENTITY, name), ids);
    }
    let kinds = [(carrier.system_assigned, "SystemAssigned"), (!assigned.is_empty(), "UserAssigned")];
    let kinds: Vec<&str> = kinds.into_iter().filter_map(|(is, kind)| is.then_some(kind)).collect();
    if !kinds.is_empty() {
        let mut identity = json!({"type": kinds.join(", ")});
        if carrier.system_assigned {
            set(&mut identity, "principalId", json!(ids::principal(&format!("{what}/{}", carrier.name))));
            set(&mut identity, "tenantId", json!(site.tenant));
        }
        if !assigned.is_empty() {
            set(&mut identity, "userAssignedIdentities", Value::Object(assigned));
        }
        set(&mut body, "identity", identity);
    }
    site.wire.add(&id, &body);
    Ok(())
}

/// The groups of the tenant, each with the service principals that are in it at any depth.
pub(super) fn groups(description: &Description, wire: &mut Wire) -> Result<(), Mistake> {
    let subscriptions = description.subscriptions.iter();
    let clusters = subscriptions.clone().flat_map(|one| &one.clusters).flat_map(|cluster| &cluster.assignments);
    let held = subscriptions.clone().flat_map(|one| &one.assignments).chain(&description.assignments).chain(clusters);
    let denied = subscriptions.flat_map(|one| &one.deny_assignments);
    let denied = denied.flat_map(|one| one.principals.iter().chain(&one.excluded)).map(String::as_str);
    let own = description.groups.iter().map(|group| group.name.as_str());
    let named = held.map(|one| one.principal.as_str()).chain(denied).filter_map(|name| name.strip_prefix("group/"));
    let all: BTreeSet<&str> = own.chain(named).collect();
    for group in all {
        let members = format!("/v1.0/groups/{}/transitiveMembers", ids::principal(&format!("group/{group}")));
        wire.hide(&members, &json!({}));
        let (mut seen, mut open, mut found) = (BTreeSet::from([group]), vec![group], BTreeSet::new());
        while let Some(next) = open.pop() {
            let own = description.groups.iter().filter(|known| known.name == next).flat_map(|known| &known.members);
            for member in own {
                match (principal_type(member)?, member.strip_prefix("group/")) {
                    ("ServicePrincipal", _) => _ = found.insert(member),
                    (_, Some(below)) if seen.insert(below) => open.push(below),
                    _ => {}
                }
            }
        }
        for member in found {
            let body = json!({"@odata.type": "#microsoft.graph.servicePrincipal", "id": ids::principal(member)});
            wire.show(&format!("{members}/microsoft.graph.servicePrincipal"), &body);
        }
    }
    Ok(())
}

/// The built-in roles as they are listed at `scope`.
pub(super) fn built_in_roles(scope: &str, roles: &[BuiltIn], wire: &mut Wire) {
    for role in roles {
        let id = format!("{scope}/{ROLES}/{}", role.guid);
        wire.add(&id, &built_in(&id, role));
    }
}

fn built_in(id: &str, role: &BuiltIn) -> Value {
    json!({
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [{
                "actions": role.actions,
                "notActions": role.not_actions,
                "dataActions": role.data_actions,
                "notDataActions": role.not_data_actions,
            }],
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2026-05-11T20:15:07.1372870Z",
            "createdBy": null,
            "updatedBy": null,
        },
        "id": id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": role.guid,
    })
}

fn custom_role(id: &str, here: &str, role: &Role) -> Value {
    json!({
        "properties": {
            "roleName": role.name,
            "type": "CustomRole",
            "description": role.description,
            "assignableScopes": [here],
            "permissions": [{
                "actions": role.actions,
                "notActions": role.not_actions,
                "dataActions": role.data_actions,
                "notDataActions": role.not_data_actions,
            }],
            "createdOn": MADE,
            "updatedOn": MADE,
            "createdBy": ids::principal("user/founder"),
            "updatedBy": ids::principal("user/founder"),
        },
        "id": id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": id.rsplit('/').next(),
    })
}

fn custom_guid(subscription: &str, name: &str) -> String {
    ids::guid(&format!("role {subscription} {name}"))
}

fn grant(site: &mut Site<'_>, assignment: &Assignment) -> Result<(), Mistake> {
    let here = format!("/subscriptions/{}", site.subscription.id);
    let scope = scope(site, assignment.at.as_deref())?;
    let inherited = !scope.starts_with("/subscriptions/");
    let name = ids::guid(&format!("assignment {} {} {scope}", assignment.principal, assignment.role));
    let role = role_guid(site, &assignment.role)?;
    // What was assigned on a management group names its role without a subscription.
    let role = if inherited { format!("/{ROLES}/{role}") } else { format!("{here}/{ROLES}/{role}") };
    let mut properties = json!({
        "roleDefinitionId": role,
        "principalId": ids::principal(&assignment.principal),
        "principalType": principal_type(&assignment.principal)?,
        "scope": scope,
        "condition": assignment.condition,
        "conditionVersion": assignment.condition.as_ref().map(|_| "2.0"),
        "createdOn": MADE,
        "updatedOn": MADE,
        "createdBy": ids::principal("user/founder"),
        "updatedBy": ids::principal("user/founder"),
        "delegatedManagedIdentityResourceId": null,
    });
    if let Some(description) = &assignment.description {
        set(&mut properties, "description", json!(description));
    }
    let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
    let body = json!({
        "properties": properties,
        "id": id,
        "type": "Microsoft.Authorization/roleAssignments",
        "name": name,
    });
    site.wire.hide(&id, &body);
    site.wire.show(&format!("{here}/providers/Microsoft.Authorization/roleAssignments"), &body);
    Ok(())
}

/// What AKS puts on a node resource group with the restriction `ReadOnly`.
fn lockdown(cluster: &crate::azure::description::Cluster) -> DenyAssignment {
    DenyAssignment {
        name: format!("AKS node resource group lockdown for {}", cluster.name),
        at: Some(format!("node-group/{}", cluster.name)),
        actions: vec!["*/write".to_owned(), "*/delete".to_owned(), "*/action".to_owned()],
        excluded: vec![cluster::control_plane(cluster), "app/AzureContainerService".to_owned()],
        system_protected: true,
        ..DenyAssignment::default()
    }
}

fn deny(site: &mut Site<'_>, assignment: &DenyAssignment) -> Result<(), Mistake> {
    let scope = scope(site, assignment.at.as_deref())?;
    let name = ids::guid(&format!("deny {} {scope}", assignment.name));
    let everyone = json!([{"id": EVERYONE, "displayName": "All Principals", "type": "SystemDefined"}]);
    let principals = if assignment.principals.is_empty() { everyone } else { people(&assignment.principals)? };
    let id = format!("{scope}/providers/Microsoft.Authorization/denyAssignments/{name}");
    let body = json!({
        "properties": {
            "denyAssignmentName": assignment.name,
            "description": "",
            "permissions": [{
                "actions": assignment.actions,
                "notActions": assignment.not_actions,
                "dataActions": assignment.data_actions,
                "notDataActions": [],
            }],
            "scope": scope,
            "doNotApplyToChildScopes": assignment.not_below,
            "principals": principals,
            "excludePrincipals": people(&assignment.excluded)?,
            "isSystemProtected": assignment.system_protected,
        },
        "id": id,
        "type": "Microsoft.Authorization/denyAssignments",
        "name": name,
    });
    site.wire.hide(&id, &body);
    let list = format!("/subscriptions/{}/providers/Microsoft.Authorization/denyAssignments", site.subscription.id);
    site.wire.show(&list, &body);
    Ok(())
}

fn people(names: &[String]) -> Result<Value, Mistake> {
    names
        .iter()
        .map(|name| Ok(json!({"id": ids::principal(name), "type": principal_type(name)?})))
        .collect::<Result<Vec<Value>, Mistake>>()
        .map(Value::Array)
}

fn managed_identity(site: &mut Site<'_>, identity: &ManagedIdentity) -> Result<(), Mistake> {
    let id = site.id(&identity.group, IDENTITY, &identity.name);
    let own = format!("identity/{}", identity.name);
    let body = json!({
        "id": id,
        "name": identity.name,
        "type": IDENTITY,
        "location": site.location(identity.location.as_ref()),
        "tags": identity.tags,
        "properties": {
            "tenantId": site.tenant,
            "principalId": ids::principal(&own),
            "clientId": ids::client(&own),
            "isolationScope": "None",
        },
    });
    site.wire.add(&id, &body);
    for trust in &identity.federated {
        let issuer = match (&trust.issuer, &trust.cluster) {
            (Some(issuer), _) => issuer.clone(),
            (None, Some(name)) => {
                let known = cluster_named(site, name)?;
                let location = site.location(known.location.as_ref());
                cluster::issuer(site.tenant, location, &cluster::cluster_id(&site.subscription.id, known))
            }
            (None, None) => {
                return Err(Mistake(format!("federated credential `{}` names neither cluster nor issuer", trust.name)));
            }
        };
        let own = format!("{id}/federatedIdentityCredentials/{}", trust.name);
        let body = json!({
            "id": own,
            "name": trust.name,
            "type": "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
            "properties": {
                "issuer": issuer,
                "subject": trust.subject,
                "audiences": ["api://AzureADTokenExchange"],
            },
        });
        site.wire.add(&own, &body);
    }
    Ok(())
}

/// The resource id behind the `at` of a description.
fn scope(site: &Site<'_>, at: Option<&str>) -> Result<String, Mistake> {
    let here = format!("/subscriptions/{}", site.subscription.id);
    let at = at.unwrap_or("subscription");
    if at == "subscription" {
        return Ok(here);
    }
    if at.starts_with('/') {
        return Ok(at.to_owned());
    }
    match at.split_once('/') {
        Some(("group", name)) => Ok(format!("{here}/resourceGroups/{name}")),
        Some(("management-group", name)) => Ok(ids::management_group(name)),
        Some(("node-group", name)) => {
            let known = cluster_named(site, name)?;
            let group = cluster::node_group(known, site.location(known.location.as_ref()));
            Ok(format!("{here}/resourceGroups/{group}"))
        }
        Some(("cluster", name)) => Ok(cluster::cluster_id(&site.subscription.id, cluster_named(site, name)?)),
        Some(("identity", name)) => {
            let known = site.subscription.identities.iter().find(|known| known.name == name);
            let known = known.ok_or_else(|| Mistake(format!("there is no identity `{name}`")))?;
            Ok(site.id(&known.group, IDENTITY, name))
        }
        _ => Err(Mistake(format!("nothing can be assigned at `{at}`"))),
    }
}

fn cluster_named<'d>(site: &Site<'d>, name: &str) -> Result<&'d crate::azure::description::Cluster, Mistake> {
    let known = site.subscription.clusters.iter().find(|known| known.name == name);
    known.ok_or_else(|| Mistake(format!("there is no cluster `{name}` in `{}`", site.subscription.name)))
}

fn role_guid(site: &Site<'_>, name: &str) -> Result<String, Mistake> {
    if let Some(role) = site.roles.iter().find(|role| role.name == name) {
        return Ok(role.guid.clone());
    }
    let known = site.subscription.roles.iter().any(|role| role.name == name);
    known
        .then(|| custom_guid(&site.subscription.id, name))
        .ok_or_else(|| Mistake(format!("there is no role `{name}` in `{}`", site.subscription.name)))
}

fn principal_type(name: &str) -> Result<&'static str, Mistake> {
    match name.split_once('/') {
        Some(("user", _name)) => Ok("User"),
        Some(("group", _name)) => Ok("Group"),
        Some(("app" | "identity" | "cluster" | "machine" | "automation", _name)) => Ok("ServicePrincipal"),
        _ => Err(Mistake(format!("`{name}` is no principal"))),
    }
}
