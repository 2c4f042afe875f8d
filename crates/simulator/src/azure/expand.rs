//! From a tenant written down to what Azure Resource Manager holds.
//!
//! Clusters come first: they make the nodes, and networks and security groups list who is attached to them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::description::{Description, ManagementGroup, Subscription};
use super::ids;
use super::roles::{self, BuiltIn};
use super::wire::{Row, Wire, set};

mod access;
mod cluster;
mod network;
mod nodes;
mod rules;
mod safeguards;
mod vault;

/// A description that does not hang together.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Mistake(pub(crate) String);

/// One subscription while it is being expanded.
pub(crate) struct Site<'d> {
    pub(crate) tenant: &'d str,
    pub(crate) subscription: &'d Subscription,
    pub(crate) roles: &'d [BuiltIn],
    pub(crate) wire: &'d mut Wire,
    /// Address configurations of a subnet, by the subnet's id.
    pub(crate) attached: BTreeMap<String, Vec<Value>>,
    /// Interfaces of a security group, by the group's id.
    pub(crate) guarded: BTreeMap<String, Vec<Value>>,
    /// Subnets of a security group, route table or NAT gateway, by its id.
    pub(crate) used_by: BTreeMap<String, Vec<Value>>,
    /// How many addresses of a subnet are taken, by the subnet's id.
    taken: BTreeMap<String, u32>,
}

impl Site<'_> {
    /// The id of a resource in this subscription.
    pub(crate) fn id(&self, group: &str, kind: &str, name: &str) -> String {
        ids::resource(&self.subscription.id, group, kind, name)
    }

    /// The region of a thing that may name its own.
    pub(crate) fn location<'a>(&'a self, own: Option<&'a String>) -> &'a str {
        own.map_or(self.subscription.location.as_str(), String::as_str)
    }

    /// The next free address of a subnet. Azure keeps the first four.
    pub(crate) fn address(&mut self, subnet: &str, prefix: Ipv4Net) -> Ipv4Addr {
        let taken = self.taken.entry(subnet.to_owned()).or_default();
        let address = u32::from(prefix.network()).wrapping_add(4 + *taken);
        *taken += 1;
        Ipv4Addr::from(address)
    }

    /// A diagnostic setting that sends the given categories of a resource's log to the central workspace.
    pub(crate) fn diagnostics(&mut self, resource: &str, categories: &[String]) {
        if categories.is_empty() {
            return;
        }
        let retention = json!({"enabled": false, "days": 0});
        let logs: Vec<Value> = categories
            .iter()
            .map(|category| json!({"category": category, "enabled": true, "retentionPolicy": retention}))
            .collect();
        let own = format!("{resource}/providers/Microsoft.Insights/diagnosticSettings/audit");
        let body = json!({
            "id": own,
            "type": "Microsoft.Insights/diagnosticSettings",
            "name": "audit",
            "properties": {
                "workspaceId": self.id("observability", "Microsoft.OperationalInsights/workspaces", "central"),
                "metrics": [],
                "logs": logs,
            },
        });
        self.wire.add(&own, &body);
    }

    /// A subnet by `network/subnet`: its id and its addresses.
    pub(crate) fn subnet(&self, name: &str) -> Result<(String, Ipv4Net), Mistake> {
        let missing = || Mistake(format!("subscription `{}` has no subnet `{name}`", self.subscription.name));
        let (network, subnet) = name.split_once('/').ok_or_else(missing)?;
        let network = self.subscription.networks.iter().find(|known| known.name == network).ok_or_else(missing)?;
        let subnet = network.subnets.iter().find(|known| known.name == subnet).ok_or_else(missing)?;
        let prefix = subnet
            .prefix
            .parse()
            .map_err(|_| Mistake(format!("subnet `{name}` has the prefix `{}`, which is none", subnet.prefix)))?;
        let id = format!(
            "{}/subnets/{}",
            self.id(&network.group, "Microsoft.Network/virtualNetworks", &network.name),
            subnet.name
        );
        Ok((id, prefix))
    }
}

/// Expands the whole tenant.
pub(crate) fn expand(description: &Description) -> Result<Wire, Mistake> {
    let mut wire = Wire::default();
    if let Some(size) = description.page_size {
        wire.page_size = size.max(1);
    }
    if let Some(tenant) = &description.tenant {
        wire.tenant.clone_from(tenant);
    }
    let tenant = wire.tenant.clone();
    hierarchy(description, &tenant, &mut wire);
    let roles = roles::all();
    access::built_in_roles("", &roles, &mut wire);
    access::groups(description, &mut wire)?;
    for subscription in &description.subscriptions {
        subscription_row(subscription, &tenant, &mut wire);
        offers(subscription, &mut wire);
        let mut site = Site {
            tenant: &tenant,
            subscription,
            roles: &roles,
            wire: &mut wire,
            attached: BTreeMap::new(),
            guarded: BTreeMap::new(),
            used_by: BTreeMap::new(),
            taken: BTreeMap::new(),
        };
        for cluster in &subscription.clusters {
            cluster::add(&mut site, cluster)?;
        }
        network::add(&mut site)?;
        vault::add(&mut site);
        safeguards::add(&mut site);
        access::add(&mut site, description)?;
    }
    wire.rows.sort_by(|one, other| {
        let id = |row: &Row| row.columns.get("id").and_then(Value::as_str).map(str::to_owned);
        id(one).cmp(&id(other))
    });
    Ok(wire)
}

/// Management groups, their descendants and the list of subscriptions.
fn hierarchy(description: &Description, tenant: &str, wire: &mut Wire) {
    for group in &description.management_groups {
        let id = ids::management_group(&group.name);
        let mut body = json!({
            "id": id,
            "type": "Microsoft.Management/managementGroups",
            "name": group.name,
            "properties": {"tenantId": tenant, "displayName": group.display_name},
        });
        wire.add(&id, &body);
        if let Some(parent) = &group.parent {
            let above = json!({"id": ids::management_group(parent)});
            set(&mut body, "properties", json!({"displayName": group.display_name, "parent": above}));
        }
        for above in ancestors(description, group.parent.as_deref()) {
            wire.show(&descendants(&above.name), &body);
        }
    }
    for subscription in &description.subscriptions {
        let id = format!("/subscriptions/{}", subscription.id);
        let body = json!({
            "id": id,
            "subscriptionId": subscription.id,
            "tenantId": tenant,
            "displayName": subscription.name,
            "state": subscription.state.as_deref().unwrap_or("Enabled"),
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "EnterpriseAgreement_2014-09-01",
                "spendingLimit": "Off",
            },
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
        });
        wire.hide(&id, &body);
        wire.show("/subscriptions", &body);
        let Some(parent) = subscription.parent.as_deref() else { continue };
        let below = json!({
            "id": id,
            "type": "Microsoft.Management/managementGroups/subscriptions",
            "name": subscription.id,
            "properties": {
                "displayName": subscription.name,
                "parent": {"id": ids::management_group(parent)},
            },
        });
        for above in ancestors(description, Some(parent)) {
            wire.show(&descendants(&above.name), &below);
            wire.members.entry(above.name.to_ascii_lowercase()).or_default().push(subscription.id.to_ascii_lowercase());
        }
    }
}

fn descendants(group: &str) -> String {
    format!("{}/descendants", ids::management_group(group))
}

/// A management group and everything above it.
pub(crate) fn ancestors<'d>(description: &'d Description, name: Option<&str>) -> Vec<&'d ManagementGroup> {
    let mut found: Vec<&ManagementGroup> = Vec::new();
    let mut next = name;
    while let Some(group) = next.and_then(|name| description.management_groups.iter().find(|known| known.name == name))
    {
        // A circle in the description ends here instead of never.
        if found.iter().any(|seen| seen.name == group.name) {
            break;
        }
        found.push(group);
        next = group.parent.as_deref();
    }
    found
}

/// Minor versions that AKS offers in November 2026: whether a preview, and whether for long-term support alone.
const VERSIONS: [(&str, bool, bool); 5] = [
    ("1.36", true, false),
    ("1.35", false, false),
    ("1.34", false, false),
    ("1.33", false, true),
    ("1.32", false, true),
];

/// The versions that AKS offers where clusters stand, and the preview features of the subscription.
fn offers(subscription: &Subscription, wire: &mut Wire) {
    let here = format!("/subscriptions/{}", subscription.id);
    let version = |(version, is_preview, is_long): (&str, bool, bool)| {
        let plans =
            if is_long { json!(["AKSLongTermSupport"]) } else { json!(["KubernetesOfficial", "AKSLongTermSupport"]) };
        json!({
            "version": version,
            "isPreview": is_preview,
            "isDefault": version == "1.34",
            "capabilities": {"supportPlan": plans},
            "patchVersions": {format!("{version}.4"): {"upgrades": []}},
        })
    };
    let values: Vec<Value> = VERSIONS.into_iter().map(version).collect();
    let own = subscription.clusters.iter().filter_map(|cluster| cluster.location.as_deref());
    let regions: BTreeSet<&str> = own.chain([subscription.location.as_str()]).collect();
    for region in regions {
        let id = format!("{here}/providers/Microsoft.ContainerService/locations/{region}/kubernetesVersions");
        wire.hide(&id, &json!({"values": values}));
    }
    let list = format!("{here}/providers/Microsoft.Features/providers/Microsoft.ContainerService/features");
    let registered = subscription.features.iter().map(|name| (name.as_str(), "Registered"));
    for (name, state) in registered.chain([("PodSecurityPolicyPreview", "NotRegistered")]) {
        let body = json!({
            "id": format!("{list}/{name}"),
            "type": "Microsoft.Features/providers/features",
            "name": format!("Microsoft.ContainerService/{name}"),
            "properties": {"state": state},
        });
        wire.show(&list, &body);
    }
}

fn subscription_row(subscription: &Subscription, tenant: &str, wire: &mut Wire) {
    let id = format!("/subscriptions/{}", subscription.id);
    let columns = json!({
        "id": id,
        "name": subscription.name,
        "type": "microsoft.resources/subscriptions",
        "tenantId": tenant,
        "subscriptionId": subscription.id,
        "location": "",
        "resourceGroup": "",
        "properties": {"state": subscription.state.as_deref().unwrap_or("Enabled")},
    });
    if let Value::Object(columns) = columns {
        wire.rows.push(Row {
            table: "resourcecontainers",
            kind: "microsoft.resources/subscriptions".to_owned(),
            subscription: subscription.id.to_ascii_lowercase(),
            columns,
        });
    }
}
