//! Allow policies, deny policies, roles, service accounts and their keys, and what the recommender saw.

use serde_json::{Value, json};

use super::{MADE, Site};
use crate::gcp::description::{Binding, DenyPolicy, Insight, Role, ServiceAccount};
use crate::gcp::ids;
use crate::gcp::roles;
use crate::gcp::wire::{Item, Wire, set};

/// Adds everything about access in one project.
pub(super) fn add(site: &mut Site<'_>) {
    let name = format!("projects/{}", site.project.id);
    let mut bindings = agents(site);
    bindings.extend(site.project.bindings.iter().cloned());
    audited_policy(site.wire, "/v3", &name, &bindings, &site.project.data_access_logs);
    deny_policies(site.wire, &name, &site.project.deny_policies);
    custom_roles(site.wire, &name, &site.project.roles);
    for account in &site.project.service_accounts {
        service_account(site, account);
    }
    for insight in &site.project.insights {
        observed(site, insight);
    }
}

/// What Google itself binds in a project: its agents.
fn agents(site: &Site<'_>) -> Vec<Binding> {
    let number = &site.number;
    let agent = |role: &str, member: String| Binding {
        role: role.to_owned(),
        members: vec![format!("serviceAccount:{member}")],
        condition: None,
    };
    let mut found = vec![agent("roles/editor", format!("{number}@cloudservices.gserviceaccount.com"))];
    if !site.project.networks.is_empty() {
        let member = format!("service-{number}@compute-system.iam.gserviceaccount.com");
        found.push(agent("roles/compute.serviceAgent", member));
    }
    if !site.project.clusters.is_empty() {
        let member = format!("service-{number}@container-engine-robot.iam.gserviceaccount.com");
        found.push(agent("roles/container.serviceAgent", member));
    }
    found
}

/// An allow policy that says nothing of audit logs.
pub(super) fn policy(wire: &mut Wire, api: &str, resource: &str, bindings: &[Binding]) {
    audited_policy(wire, api, resource, bindings, &[]);
}

/// An allow policy as version 3 and as a caller sees it who did not ask for version 3.
fn audited_policy(wire: &mut Wire, api: &str, resource: &str, bindings: &[Binding], logged: &[String]) {
    let audit = |service: &String| {
        let kinds = ["DATA_READ", "DATA_WRITE"].map(|kind| json!({"logType": kind}));
        json!({"service": service, "auditLogConfigs": kinds})
    };
    let audits: Vec<Value> = logged.iter().map(audit).collect();
    let conditional = bindings.iter().any(|binding| binding.condition.is_some());
    let path = format!("{api}/{resource}:getIamPolicy");
    let as_version = |version: u32| -> Item {
        let bindings: Vec<Value> = bindings.iter().map(|binding| bound(resource, binding, version)).collect();
        let version = if conditional { version } else { 1 };
        let mut body = json!({"version": version, "etag": ids::etag(resource), "bindings": bindings});
        if !audits.is_empty() {
            set(&mut body, "auditConfigs", json!(audits));
        }
        Item::sparse(body)
    };
    wire.put(&path, as_version(3));
    // A caller of version 1 gets the role under a name that exists nowhere, and no condition (recorded behaviour).
    wire.put(&format!("{path}#1"), as_version(1));
}

fn bound(resource: &str, binding: &Binding, version: u32) -> Value {
    let mut body = json!({"role": binding.role, "members": binding.members});
    if let Some(expression) = &binding.condition {
        if version == 3 {
            set(&mut body, "condition", json!({"title": "simulated", "expression": expression}));
        } else {
            let mark = ids::suffix(&format!("{resource} {expression}"));
            set(&mut body, "role", json!(format!("{}_withcond_{mark}{mark}", binding.role)));
        }
    }
    body
}

/// The deny policies attached to one resource. The list shows that they are there, the policy itself what it denies.
pub(super) fn deny_policies(wire: &mut Wire, resource: &str, policies: &[DenyPolicy]) {
    let attachment = format!("cloudresourcemanager.googleapis.com/{resource}");
    let encoded = attachment.replace('/', "%2F");
    let path = format!("/v2/policies/{attachment}/denypolicies");
    for policy in policies {
        let mut rule = json!({
            "deniedPrincipals": policy.principals,
            "exceptionPrincipals": policy.except_principals,
            "deniedPermissions": policy.permissions,
            "exceptionPermissions": policy.except_permissions,
        });
        if let Some(condition) = &policy.condition {
            set(&mut rule, "denialCondition", json!({"title": "simulated", "expression": condition}));
        }
        let mut body = json!({
            "name": format!("policies/{encoded}/denypolicies/{}", policy.name),
            "uid": ids::number(&format!("{resource} {}", policy.name)),
            "kind": "DenyPolicy",
            "displayName": policy.name,
            "etag": ids::etag(&policy.name),
            "createTime": MADE,
            "updateTime": MADE,
        });
        wire.list_mut(&path).items.push(Item::sparse(body.clone()));
        set(&mut body, "rules", json!([{"denyRule": rule}]));
        wire.put(&format!("{path}/{}", policy.name), Item::sparse(body));
    }
}

/// The roles that somebody defined in a project or in the organisation.
pub(super) fn custom_roles(wire: &mut Wire, owner: &str, custom: &[Role]) {
    for role in custom {
        let name = format!("{owner}/roles/{}", role.name);
        let mut body = json!({
            "name": name,
            "title": role.title,
            "includedPermissions": role.permissions,
            "stage": role.stage.as_deref().unwrap_or("GA"),
            "etag": ids::etag(&name),
            "deleted": role.deleted,
        });
        wire.put(&format!("/v1/{name}"), Item::sparse(body.clone()));
        // The list shows the permissions only to who asks for the full view.
        wire.list_mut(&format!("/v1/{owner}/roles#full")).items.push(Item::sparse(body.clone()));
        set(&mut body, "includedPermissions", Value::Null);
        wire.list_mut(&format!("/v1/{owner}/roles")).items.push(Item::sparse(body));
    }
}

/// The roles that Google defined.
pub(super) fn predefined_roles(wire: &mut Wire) {
    for role in roles::all() {
        let mut body = json!({
            "name": role.name,
            "title": role.title,
            "description": format!("{}.", role.title),
            "includedPermissions": role.permissions,
            "stage": "GA",
            "etag": ids::etag(&role.name),
        });
        wire.put(&format!("/v1/{}", role.name), Item::sparse(body.clone()));
        wire.list_mut("/v1/roles#full").items.push(Item::sparse(body.clone()));
        set(&mut body, "includedPermissions", Value::Null);
        wire.list_mut("/v1/roles").items.push(Item::sparse(body));
    }
}

fn service_account(site: &mut Site<'_>, account: &ServiceAccount) {
    let project = &site.project.id;
    let email = site.account(&account.name);
    let name = format!("projects/{project}/serviceAccounts/{email}");
    let body = Item::sparse(json!({
        "name": name,
        "projectId": project,
        "uniqueId": ids::number(&name),
        "email": email,
        "displayName": account.display_name,
        "description": account.description,
        "etag": ids::etag(&name),
        "oauth2ClientId": ids::number(&format!("client {name}")),
        "disabled": account.disabled,
    }));
    site.wire.put(&format!("/v1/{name}"), body.clone());
    site.wire.list_mut(&format!("/v1/projects/{project}/serviceAccounts")).items.push(body);
    policy(site.wire, "/v1", &name, &account.bindings);
    let key = |id: &str, kind: &str, from: &str, to: &str| {
        Item::sparse(json!({
            "name": format!("{name}/keys/{id}"),
            "validAfterTime": from,
            "validBeforeTime": to,
            "keyAlgorithm": "KEY_ALG_RSA_2048",
            "keyOrigin": "GOOGLE_PROVIDED",
            "keyType": kind,
        }))
    };
    let own = ids::suffix(&format!("system {name}")).repeat(5);
    let system = key(&own, "SYSTEM_MANAGED", "2026-10-28T09:30:00Z", "2026-11-13T09:30:00Z");
    let mut users = Vec::new();
    for day in &account.keys {
        let id = ids::suffix(&format!("user {name} {day}")).repeat(5);
        users.push(key(&id, "USER_MANAGED", &format!("{day}T08:00:00Z"), "9999-12-31T23:59:59Z"));
    }
    let path = format!("/v1/{name}/keys");
    site.wire.list_mut(&path).items.push(system.clone());
    site.wire.list_mut(&format!("{path}#SYSTEM_MANAGED")).items.push(system);
    site.wire.list_mut(&format!("{path}#USER_MANAGED")).items.extend(users.iter().cloned());
    site.wire.list_mut(&path).items.extend(users);
}

/// One insight of the policy recommender.
fn observed(site: &mut Site<'_>, insight: &Insight) {
    let parent = format!("projects/{}/locations/global/insightTypes/google.iam.policy.Insight", site.number);
    let id = ids::suffix(&format!("{} {}", insight.member, insight.role)).repeat(4);
    let used: Vec<Value> = insight.used.iter().map(|name| json!({"permission": name})).collect();
    let body = json!({
        "name": format!("{parent}/insights/{id}"),
        "description": format!("{} of {} permissions were used in the last 90 days.", used.len(), insight.granted),
        "content": {
            "role": insight.role,
            "member": insight.member,
            "condition": {"description": "", "expression": "", "location": "", "title": ""},
            "exercisedPermissions": used,
            "inferredPermissions": [],
            "currentTotalPermissionsCount": insight.granted.to_string(),
        },
        "lastRefreshTime": "2026-11-18T08:00:00Z",
        "observationPeriod": "7776000s",
        "stateInfo": {"state": "ACTIVE"},
        "category": "SECURITY",
        "severity": "MEDIUM",
        "insightSubtype": "PERMISSIONS_USAGE",
        "targetResources": [format!("//cloudresourcemanager.googleapis.com/projects/{}", site.number)],
        "etag": format!("\"{}\"", ids::suffix(&id)),
    });
    let path =
        format!("/v1/projects/{}/locations/global/insightTypes/google.iam.policy.Insight/insights", site.project.id);
    site.wire.list_mut(&path).items.push(Item::sparse(body));
}
