//! One AKS cluster with its node resource group.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{Mistake, Site, network, nodes, rules};
use crate::azure::description::{Cluster, Identity, Rule};
use crate::azure::ids;
use crate::azure::wire::{Row, set};

mod balancer;
mod profile;

const AKS: &str = "Microsoft.ContainerService/managedClusters";
const NSG: &str = "Microsoft.Network/networkSecurityGroups";
/// The day of the newest image when the story is told.
const NEWEST_IMAGE: &str = "202611.05.0";
const IDENTITY: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";

/// What is decided about a cluster before anything of it is written.
pub(super) struct Plan<'d> {
    pub(super) cluster: &'d Cluster,
    pub(super) id: String,
    pub(super) location: String,
    pub(super) node_group: String,
    /// The eight digits that AKS puts into names.
    pub(super) digits: String,
    pub(super) node_security_group: String,
    pub(super) kubelet: Kubelet,
    pub(super) load_balancer: Option<String>,
    /// The network that AKS made because a pool named none.
    pub(super) own_subnet: Option<(String, Ipv4Net)>,
}

/// The identity of the nodes.
pub(super) struct Kubelet {
    pub(super) id: String,
    pub(super) principal: String,
    pub(super) client: String,
}

/// A cluster's node resource group.
pub(super) fn node_group(cluster: &Cluster, location: &str) -> String {
    format!("MC_{}_{}_{location}", cluster.group, cluster.name)
}

/// AKS writes `resourcegroups` in lower case.
pub(super) fn cluster_id(subscription: &str, cluster: &Cluster) -> String {
    format!("/subscriptions/{subscription}/resourcegroups/{}/providers/{AKS}/{}", cluster.group, cluster.name)
}

/// Where the cluster's service account tokens are signed.
pub(super) fn issuer(tenant: &str, location: &str, id: &str) -> String {
    format!("https://{location}.oic.prod-aks.azure.com/{tenant}/{}/", ids::guid(&format!("issuer {id}")))
}

/// Adds the cluster and all that AKS makes for it.
pub(super) fn add(site: &mut Site<'_>, cluster: &Cluster) -> Result<(), Mistake> {
    let plan = plan(site, cluster)?;
    for pool in &cluster.pools {
        let (subnet, prefix) = match (&pool.subnet, &plan.own_subnet) {
            (Some(name), _) => site.subnet(name)?,
            (None, Some(own)) => own.clone(),
            (None, None) => return Err(Mistake(format!("pool `{}` of `{}` has no subnet", pool.name, cluster.name))),
        };
        nodes::add(site, &plan, pool, &subnet, prefix);
    }
    let mut opened = host_ports(cluster);
    balancer::add(site, &plan, &mut opened);
    opened.extend(cluster.node_rules.iter().cloned());
    own_network(site, &plan);
    let guard = &plan.node_security_group;
    let written: Vec<Value> = opened.iter().map(|opened| rules::rule(guard, opened)).collect();
    let name = format!("aks-agentpool-{}-nsg", plan.digits);
    network::security_group(site, guard, &name, &plan.location, &written, &json!({}));
    if cluster.kubelet_identity.is_none() {
        managed_identity(site, &plan);
    }
    let body = profile::body(site, &plan)?;
    site.wire.add(&plan.id, &body);
    row(site, &plan, &body);
    parts(site, &plan);
    Ok(())
}

fn plan<'d>(site: &Site<'_>, cluster: &'d Cluster) -> Result<Plan<'d>, Mistake> {
    let id = cluster_id(&site.subscription.id, cluster);
    let location = site.location(cluster.location.as_ref()).to_owned();
    let node_group = node_group(cluster, &location);
    let digits = ids::digits(&id);
    let (kubelet_group, kubelet_name) = match &cluster.kubelet_identity {
        None => (node_group.as_str(), format!("{}-agentpool", cluster.name)),
        Some(name) => {
            let known = site.subscription.identities.iter().find(|known| known.name == *name);
            let known = known.ok_or_else(|| {
                Mistake(format!("cluster `{}` names identity `{name}`, which is not here", cluster.name))
            })?;
            (known.group.as_str(), name.clone())
        }
    };
    let kubelet = Kubelet {
        id: site.id(kubelet_group, IDENTITY, &kubelet_name),
        principal: ids::principal(&format!("identity/{kubelet_name}")),
        client: ids::client(&format!("identity/{kubelet_name}")),
    };
    let balanced = cluster.network.outbound == "loadBalancer" || !cluster.services.is_empty();
    let load_balancer = balanced.then(|| site.id(&node_group, "Microsoft.Network/loadBalancers", "kubernetes"));
    let own_subnet = cluster.pools.iter().any(|pool| pool.subnet.is_none()).then(|| {
        let network = site.id(&node_group, "Microsoft.Network/virtualNetworks", &format!("aks-vnet-{digits}"));
        // AKS' own choice; the prefix is a constant and cannot fail to be one.
        let prefix = Ipv4Net::new(Ipv4Addr::new(10, 224, 0, 0), 16).unwrap_or_default();
        (format!("{network}/subnets/aks-subnet"), prefix)
    });
    Ok(Plan {
        cluster,
        node_security_group: site.id(&node_group, NSG, &format!("aks-agentpool-{digits}-nsg")),
        id,
        location,
        node_group,
        digits,
        kubelet,
        load_balancer,
        own_subnet,
    })
}

/// The rules behind `allowedHostPorts`.
fn host_ports(cluster: &Cluster) -> Vec<Rule> {
    let ports = cluster.pools.iter().flat_map(|pool| pool.host_ports.iter().map(move |ports| (pool, ports)));
    ports
        .zip(300..)
        .map(|((pool, ports), priority)| Rule {
            name: format!("allowedhostport-{}-{}", pool.name, ports.from),
            priority,
            protocol: if ports.protocol.eq_ignore_ascii_case("UDP") { "Udp" } else { "Tcp" }.to_owned(),
            from: vec!["Internet".to_owned()],
            ports: vec![if ports.from == ports.to {
                ports.from.to_string()
            } else {
                format!("{}-{}", ports.from, ports.to)
            }],
            ..Rule::default()
        })
        .collect()
}

/// The network that AKS makes when it is given none: the security group hangs on its subnet too.
fn own_network(site: &mut Site<'_>, plan: &Plan<'_>) {
    let Some((subnet, prefix)) = &plan.own_subnet else { return };
    let Some((network, _part)) = subnet.split_once("/subnets/") else { return };
    let guard = json!({"id": plan.node_security_group});
    site.used_by.entry(plan.node_security_group.clone()).or_default().push(json!({"id": subnet}));
    let mut neighbours = json!({"networkSecurityGroup": guard});
    if plan.cluster.network.plugin == "kubenet" {
        let name = format!("aks-agentpool-{}-routetable", plan.digits);
        let table = site.id(&plan.node_group, "Microsoft.Network/routeTables", &name);
        set(&mut neighbours, "routeTable", json!({"id": table}));
        let body = network::route_table(&table, &name, &plan.location, &[], &[json!({"id": subnet})]);
        site.wire.add(&table, &body);
    }
    let body = network::subnet_body(site, subnet, "aks-subnet", &prefix.to_string(), neighbours);
    let name = network.rsplit('/').next().unwrap_or_default();
    let prefixes = ["10.224.0.0/12".to_owned()];
    let body = network::network_body(network, name, &plan.location, &prefixes, &[body], &[]);
    site.wire.add(network, &body);
}

/// The kubelet identity that AKS makes.
fn managed_identity(site: &mut Site<'_>, plan: &Plan<'_>) {
    let Kubelet { id, principal, client } = &plan.kubelet;
    let body = json!({
        "name": id.rsplit('/').next(),
        "id": id,
        "type": IDENTITY,
        "location": plan.location,
        "tags": {},
        "properties": {
            "tenantId": site.tenant,
            "principalId": principal,
            "clientId": client,
            "isolationScope": "None",
        },
    });
    site.wire.add(id, &body);
}

/// What is asked for below a cluster.
fn parts(site: &mut Site<'_>, plan: &Plan<'_>) {
    let Plan { cluster, id, .. } = plan;
    for binding in &cluster.trusted_access {
        let own = format!("{id}/trustedAccessRoleBindings/{}", binding.name);
        let body = json!({
            "name": binding.name,
            "type": "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings",
            "id": own,
            "properties": {
                "provisioningState": "Succeeded",
                "sourceResourceId": binding.source,
                "roles": binding.roles,
            },
        });
        site.wire.add(&own, &body);
    }
    // With VNet integration the API server is in the network itself and needs no private endpoint.
    if cluster.endpoint.private && cluster.endpoint.vnet_integration.is_none() {
        let name = format!("kube-apiserver.{}", ids::guid(&format!("endpoint {id}")));
        let own = format!("{id}/privateEndpointConnections/{name}");
        let body = json!({
            "name": name,
            "type": "Microsoft.ContainerService/managedClusters/privateEndpointConnections",
            "id": own,
            "properties": {
                "provisioningState": "Succeeded",
                "privateEndpoint": {
                    "id": site.id(&plan.node_group, "Microsoft.Network/privateEndpoints", "kube-apiserver"),
                },
                "privateLinkServiceConnectionState": {"status": "Approved", "description": "Auto Approved"},
            },
        });
        site.wire.add(&own, &body);
    }
    for pool in &cluster.pools {
        let own = format!("{id}/agentPools/{}/upgradeProfiles/default", pool.name);
        let body = json!({
            "name": "default",
            "type": "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles",
            "id": own,
            "properties": {
                "kubernetesVersion": cluster.version,
                "osType": "Linux",
                "latestNodeImageVersion": nodes::image_version(pool, NEWEST_IMAGE),
            },
        });
        site.wire.add(&own, &body);
    }
    windows(site, plan);
    if let Some(level) = &cluster.lock {
        let own = format!("{id}/providers/Microsoft.Authorization/locks/keep");
        let body = json!({
            "id": own,
            "type": "Microsoft.Authorization/locks",
            "name": "keep",
            "properties": {"level": level, "notes": "simulated"},
        });
        site.wire.hide(&own, &body);
        let list = format!("/subscriptions/{}/providers/Microsoft.Authorization/locks", site.subscription.id);
        site.wire.show(&list, &body);
    }
    site.diagnostics(id, &cluster.logs);
}

/// When the cluster may be upgraded, and when not.
fn windows(site: &mut Site<'_>, plan: &Plan<'_>) {
    let Some(day) = &plan.cluster.upgrade.window else { return };
    let own = format!("{}/maintenanceConfigurations/aksManagedAutoUpgradeSchedule", plan.id);
    let frozen = plan.cluster.upgrade.freeze.iter().map(|(from, until)| json!({"start": from, "end": until}));
    let body = json!({
        "id": own,
        "name": "aksManagedAutoUpgradeSchedule",
        "properties": {"maintenanceWindow": {
            "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": day}},
            "durationHours": 4,
            "utcOffset": "+00:00",
            "startDate": "2026-01-01",
            "startTime": "02:00",
            "notAllowedDates": frozen.collect::<Vec<_>>(),
        }},
    });
    site.wire.add(&own, &body);
}

/// The cluster's Resource Graph row: type and resource group come back in lower case.
fn row(site: &mut Site<'_>, plan: &Plan<'_>, body: &Value) {
    let Plan { cluster, location, .. } = plan;
    let group = cluster.group.to_ascii_lowercase();
    let here = &site.subscription.id;
    let columns = json!({
        "id": format!("/subscriptions/{here}/resourceGroups/{group}/providers/{AKS}/{}", cluster.name),
        "name": cluster.name,
        "type": AKS.to_ascii_lowercase(),
        "tenantId": site.tenant,
        "kind": "",
        "location": location,
        "resourceGroup": group,
        "subscriptionId": here,
        "managedBy": "",
        "sku": body.get("sku"),
        "plan": null,
        "properties": body.get("properties"),
        "tags": body.get("tags"),
        "identity": body.get("identity"),
        "zones": null,
        "extendedLocation": null,
    });
    if let Value::Object(columns) = columns {
        site.wire.rows.push(Row {
            table: "resources",
            kind: AKS.to_ascii_lowercase(),
            subscription: here.to_ascii_lowercase(),
            columns,
        });
    }
}

/// The identity that the control plane acts as, by the name used in assignments.
pub(super) fn control_plane(cluster: &Cluster) -> String {
    match &cluster.identity {
        Identity::System => format!("cluster/{}", cluster.name),
        Identity::User(name) => format!("identity/{name}"),
        Identity::ServicePrincipal(name) => format!("app/{name}"),
    }
}
