//! Networks, route tables, security groups and NAT gateways that people made.

use serde_json::{Value, json};

use super::{Mistake, Site, rules};
use crate::azure::description::{Network, Subnet};
use crate::azure::ids;
use crate::azure::wire::{merge, set};

const NSG: &str = "Microsoft.Network/networkSecurityGroups";
const ROUTES: &str = "Microsoft.Network/routeTables";
const NAT: &str = "Microsoft.Network/natGateways";
const VNET: &str = "Microsoft.Network/virtualNetworks";
const WATCHER: &str = "Microsoft.Network/networkWatchers";
const ADDRESS: &str = "Microsoft.Network/publicIPAddresses";

/// Adds them all; the nodes must be known by now.
pub(super) fn add(site: &mut Site<'_>) -> Result<(), Mistake> {
    flow_logs(site);
    for network in &site.subscription.networks {
        virtual_network(site, network)?;
    }
    for group in &site.subscription.security_groups {
        let id = site.id(&group.group, NSG, &group.name);
        let rules: Vec<Value> = group.rules.iter().map(|written| rules::rule(&id, written)).collect();
        let location = site.location(group.location.as_ref()).to_owned();
        security_group(site, &id, &group.name, &location, &rules, &json!(group.tags));
    }
    for table in &site.subscription.route_tables {
        let id = site.id(&table.group, ROUTES, &table.name);
        let routes: Vec<Value> = table
            .routes
            .iter()
            .map(|route| {
                let mut properties = json!({
                    "provisioningState": "Succeeded",
                    "addressPrefix": route.prefix,
                    "nextHopType": route.next_hop,
                });
                if let Some(address) = &route.address {
                    set(&mut properties, "nextHopIpAddress", json!(address));
                }
                json!({
                    "name": route.name,
                    "id": format!("{id}/routes/{}", route.name),
                    "type": "Microsoft.Network/routeTables/routes",
                    "properties": properties,
                })
            })
            .collect();
        let location = site.location(table.location.as_ref()).to_owned();
        let subnets = site.used_by.get(&id).cloned().unwrap_or_default();
        let body = route_table(&id, &table.name, &location, &routes, &subnets);
        site.wire.add(&id, &body);
    }
    for gateway in &site.subscription.nat_gateways {
        let id = site.id(&gateway.group, NAT, &gateway.name);
        let address = site.id(&gateway.group, ADDRESS, &format!("{}-ip", gateway.name));
        let location = site.location(gateway.location.as_ref()).to_owned();
        let subnets = site.used_by.get(&id).cloned().unwrap_or_default();
        let body = json!({
            "name": gateway.name,
            "id": id,
            "type": NAT,
            "location": location,
            "sku": {"name": "Standard"},
            "properties": {
                "provisioningState": "Succeeded",
                "idleTimeoutInMinutes": 4,
                "publicIpAddresses": [{"id": address}],
                "subnets": subnets,
            },
        });
        site.wire.add(&id, &body);
        public_address(site, &address, &location, json!({"natGateway": {"id": id}}));
    }
    Ok(())
}

/// The watcher that Azure makes in a region with networks, and the records of traffic it keeps.
fn flow_logs(site: &mut Site<'_>) {
    let location = site.location(None).to_owned();
    let name = format!("NetworkWatcher_{location}");
    let id = site.id("NetworkWatcherRG", WATCHER, &name);
    let properties = json!({"provisioningState": "Succeeded", "runningOperationIds": []});
    let body = json!({
        "name": name, "id": id, "etag": etag(&id), "type": WATCHER, "location": location, "properties": properties,
    });
    site.wire.add(&id, &body);
    for network in site.subscription.networks.iter().filter(|network| network.flow_logs) {
        let target = site.id(&network.group, VNET, &network.name);
        let own = format!("{id}/flowLogs/{}", network.name);
        let body = json!({
            "name": network.name,
            "id": own,
            "etag": etag(&own),
            "type": "Microsoft.Network/networkWatchers/flowLogs",
            "location": location,
            "properties": {
                "provisioningState": "Succeeded",
                "targetResourceId": target,
                "targetResourceGuid": ids::guid(&target),
                "storageId": site.id("observability", "Microsoft.Storage/storageAccounts", "acmeflows"),
                "enabled": true,
                "retentionPolicy": {"days": 90, "enabled": true},
                "format": {"type": "JSON", "version": 2},
            },
        });
        site.wire.add(&own, &body);
    }
}

/// One security group with what is attached to it.
pub(super) fn security_group(site: &mut Site<'_>, id: &str, name: &str, location: &str, rules: &[Value], tags: &Value) {
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "resourceGuid": ids::guid(id),
        "securityRules": rules,
        "defaultSecurityRules": rules::defaults(id),
    });
    // ARM leaves both lists out when nothing is attached.
    if let Some(interfaces) = site.guarded.get(id) {
        set(&mut properties, "networkInterfaces", json!(interfaces));
    }
    if let Some(subnets) = site.used_by.get(id) {
        set(&mut properties, "subnets", json!(subnets));
    }
    let mut body = json!({
        "name": name,
        "id": id,
        "etag": etag(id),
        "type": NSG,
        "location": location,
        "properties": properties,
    });
    if tags.as_object().is_some_and(|tags| !tags.is_empty()) {
        set(&mut body, "tags", tags.clone());
    }
    site.wire.add(id, &body);
}

/// A Standard static public address. `more` is merged into the properties.
pub(super) fn public_address(site: &mut Site<'_>, id: &str, location: &str, more: Value) {
    let name = id.rsplit('/').next().unwrap_or_default();
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "resourceGuid": ids::guid(id),
        "ipAddress": ids::public_address(id),
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Static",
        "idleTimeoutInMinutes": 4,
        "ipTags": [],
        "ddosSettings": {"protectionMode": "VirtualNetworkInherited"},
    });
    merge(&mut properties, more);
    let body = json!({
        "name": name,
        "id": id,
        "etag": etag(id),
        "type": ADDRESS,
        "location": location,
        "sku": {"name": "Standard", "tier": "Regional"},
        "zones": ["1", "2", "3"],
        "properties": properties,
    });
    site.wire.add(id, &body);
}

/// A route table's body.
pub(super) fn route_table(id: &str, name: &str, location: &str, routes: &[Value], subnets: &[Value]) -> Value {
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "resourceGuid": ids::guid(id),
        "disableBgpRoutePropagation": false,
        "routes": routes,
    });
    if !subnets.is_empty() {
        set(&mut properties, "subnets", json!(subnets));
    }
    json!({"name": name, "id": id, "etag": etag(id), "type": ROUTES, "location": location, "properties": properties})
}

/// One subnet inside its network.
pub(super) fn subnet_body(site: &Site<'_>, id: &str, name: &str, prefix: &str, neighbours: Value) -> Value {
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "addressPrefix": prefix,
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    });
    merge(&mut properties, neighbours);
    if let Some(configurations) = site.attached.get(id) {
        set(&mut properties, "ipConfigurations", json!(configurations));
    }
    json!({
        "name": name,
        "id": id,
        "etag": etag(id),
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "properties": properties,
    })
}

/// A network's body.
pub(super) fn network_body(
    id: &str,
    name: &str,
    location: &str,
    prefixes: &[String],
    subnets: &[Value],
    peerings: &[Value],
) -> Value {
    json!({
        "name": name,
        "id": id,
        "etag": etag(id),
        "type": VNET,
        "location": location,
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": ids::guid(id),
            "addressSpace": {"addressPrefixes": prefixes},
            "subnets": subnets,
            "virtualNetworkPeerings": peerings,
            "enableDdosProtection": false,
        },
    })
}

fn virtual_network(site: &mut Site<'_>, network: &Network) -> Result<(), Mistake> {
    let id = site.id(&network.group, VNET, &network.name);
    let mut subnets = Vec::new();
    for subnet in &network.subnets {
        let own = format!("{id}/subnets/{}", subnet.name);
        let neighbours = neighbours(site, &own, subnet)?;
        subnets.push(subnet_body(site, &own, &subnet.name, &subnet.prefix, neighbours));
    }
    let peerings: Vec<Value> = network
        .peerings
        .iter()
        .map(|peering| {
            json!({
                "name": peering.name,
                "id": format!("{id}/virtualNetworkPeerings/{}", peering.name),
                "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
                "properties": {
                    "provisioningState": "Succeeded",
                    "peeringState": "Connected",
                    "peeringSyncLevel": "FullyInSync",
                    "remoteVirtualNetwork": {"id": peering.remote},
                    "remoteAddressSpace": {"addressPrefixes": peering.prefixes},
                    "remoteVirtualNetworkAddressSpace": {"addressPrefixes": peering.prefixes},
                    "allowVirtualNetworkAccess": true,
                    "allowForwardedTraffic": true,
                    "allowGatewayTransit": false,
                    "useRemoteGateways": false,
                    "doNotVerifyRemoteGateways": false,
                },
            })
        })
        .collect();
    let location = site.location(network.location.as_ref()).to_owned();
    let body = network_body(&id, &network.name, &location, &network.prefixes, &subnets, &peerings);
    site.wire.add(&id, &body);
    for rule in &network.admin_rules {
        let list = format!("{id}/listNetworkManagerEffectiveSecurityAdminRules").to_ascii_lowercase();
        site.wire.show(&list, &rules::admin(rule));
    }
    Ok(())
}

/// What a subnet refers to; remembers the way back.
fn neighbours(site: &mut Site<'_>, own: &str, subnet: &Subnet) -> Result<Value, Mistake> {
    let here = site.subscription;
    let missing =
        |what: &str, name: &str| Mistake(format!("subnet `{}` names {what} `{name}`, which is not here", subnet.name));
    let mut found = json!({});
    if let Some(name) = &subnet.security_group {
        let group = here.security_groups.iter().find(|known| known.name == *name);
        let group = group.ok_or_else(|| missing("security group", name))?;
        attach(site, &mut found, "networkSecurityGroup", own, (&group.group, NSG, name));
    }
    if let Some(name) = &subnet.route_table {
        let table = here.route_tables.iter().find(|known| known.name == *name);
        let table = table.ok_or_else(|| missing("route table", name))?;
        attach(site, &mut found, "routeTable", own, (&table.group, ROUTES, name));
    }
    if let Some(name) = &subnet.nat_gateway {
        let gateway = here.nat_gateways.iter().find(|known| known.name == *name);
        let gateway = gateway.ok_or_else(|| missing("NAT gateway", name))?;
        attach(site, &mut found, "natGateway", own, (&gateway.group, NAT, name));
    }
    if let Some(allowed) = subnet.default_outbound_access {
        set(&mut found, "defaultOutboundAccess", json!(allowed));
    }
    Ok(found)
}

fn attach(site: &mut Site<'_>, found: &mut Value, field: &str, own: &str, (group, kind, name): (&str, &str, &str)) {
    let id = site.id(group, kind, name);
    site.used_by.entry(id.clone()).or_default().push(json!({"id": own}));
    set(found, field, json!({"id": id}));
}

fn etag(id: &str) -> String {
    format!("W/\"{}\"", ids::guid(&format!("etag {id}")))
}
