//! Compute Engine: the project, its networks, routes and routers, and the instances that clusters made.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Site, filter, folders_above};
use crate::gcp::description::{Firewall, Network, Policy, Subnet};
use crate::gcp::ids::{self, COMPUTE};
use crate::gcp::wire::{Aggregated, Item, List, set};

pub(super) const CREATED: &str = "2026-01-15T01:30:00.123-08:00";

/// The regions of the simulated Google Cloud; lists over all scopes name them all, used or not.
const REGIONS: &[(&str, &str)] = &[
    ("asia-southeast1", "abc"),
    ("europe-west1", "bcd"),
    ("europe-west4", "abc"),
    ("us-central1", "abcf"),
    ("us-east1", "bcd"),
    ("us-west1", "abc"),
];

/// Adds it all; the clusters must be known by now.
pub(super) fn add(site: &mut Site<'_>) {
    let project = &site.project.id;
    let base = format!("projects/{project}");
    project_body(site, &base);
    let mut networks = Vec::new();
    let mut firewalls = Vec::new();
    let mut routes = Vec::new();
    let mut subnets: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    let mut routers: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for network in &site.project.networks {
        networks.push(Item::full(&network_body(&base, network)));
        let made = site.made.firewalls.remove(&network.name).unwrap_or_default();
        let rules: Vec<Value> = network
            .firewalls
            .iter()
            .chain(&made)
            .map(|rule: &Firewall| filter::firewall(project, &network.name, rule))
            .collect();
        firewalls.extend(rules.iter().map(Item::full));
        effective_firewalls(site, &base, network, &rules);
        routes.extend(route_bodies(&base, network).iter().map(Item::full));
        for subnet in &network.subnets {
            let body = subnet_body(&base, network, subnet);
            subnets.entry(format!("regions/{}", subnet.region)).or_default().push(Item::full(&body));
        }
        for router in &network.routers {
            let body = router_body(&base, network, &router.name, &router.region);
            routers.entry(format!("regions/{}", router.region)).or_default().push(Item::full(&body));
        }
    }
    for (name, kind, items) in [
        ("global/networks", "compute#networkList", networks),
        ("global/firewalls", "compute#firewallList", firewalls),
        ("global/routes", "compute#routeList", routes),
    ] {
        *site.wire.list_mut(&format!("/compute/v1/{base}/{name}")) = List { head: head(kind, &base, name), items };
    }
    let mut instances: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for (zone, bodies) in &site.made.instances {
        instances.insert(format!("zones/{zone}"), bodies.iter().map(Item::full).collect());
    }
    let of_regions = |made: &BTreeMap<String, Vec<Value>>| -> BTreeMap<String, Vec<Item>> {
        made.iter().map(|(region, bodies)| (region.clone(), bodies.iter().map(Item::full).collect())).collect()
    };
    let mut forwarding_rules = of_regions(&site.made.forwarding_rules);
    let mut target_pools = of_regions(&site.made.target_pools);
    // Proxies have global rules; none of these clusters made one.
    forwarding_rules.entry("global".to_owned()).or_default();
    for (region, zones) in REGIONS {
        for zone in zones.chars() {
            instances.entry(format!("zones/{region}-{zone}")).or_default();
        }
        subnets.entry(format!("regions/{region}")).or_default();
        routers.entry(format!("regions/{region}")).or_default();
        forwarding_rules.entry(format!("regions/{region}")).or_default();
        target_pools.entry(format!("regions/{region}")).or_default();
    }
    for (name, kind, scopes) in [
        ("aggregated/instances", "compute#instanceAggregatedList", instances),
        ("aggregated/subnetworks", "compute#subnetworkAggregatedList", subnets),
        ("aggregated/forwardingRules", "compute#forwardingRuleAggregatedList", forwarding_rules),
        ("aggregated/targetPools", "compute#targetPoolAggregatedList", target_pools),
        ("aggregated/routers", "compute#routerAggregatedList", routers),
    ] {
        let list = Aggregated { head: head(kind, &base, name), scopes };
        site.wire.put_aggregated(&format!("/compute/v1/{base}/{name}"), list);
    }
}

fn head(kind: &str, base: &str, name: &str) -> Vec<(&'static str, String)> {
    vec![
        ("kind", json!(kind).to_string()),
        ("id", json!(format!("{base}/{name}")).to_string()),
        ("selfLink", json!(format!("{COMPUTE}/{base}/{name}")).to_string()),
    ]
}

fn project_body(site: &mut Site<'_>, base: &str) {
    let items: Vec<Value> =
        site.project.metadata.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let mut metadata = json!({"kind": "compute#metadata", "fingerprint": ids::fingerprint(base)});
    if !items.is_empty() {
        set(&mut metadata, "items", json!(items));
    }
    let body = json!({
        "kind": "compute#project",
        "id": ids::number(base),
        "creationTimestamp": CREATED,
        "name": site.project.id,
        "commonInstanceMetadata": metadata,
        "quotas": [{"metric": "NETWORKS", "limit": 15.0, "usage": 1.0}],
        "selfLink": format!("{COMPUTE}/{base}"),
        "defaultServiceAccount": site.account("compute"),
        "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
        "defaultNetworkTier": "PREMIUM",
        "vmDnsSetting": "ZONAL_ONLY",
    });
    site.wire.put(&format!("/compute/v1/{base}"), Item::full(&body));
}

fn network_body(base: &str, network: &Network) -> Value {
    let link = format!("{COMPUTE}/{base}/global/networks/{}", network.name);
    let subnets: Vec<String> = network
        .subnets
        .iter()
        .map(|subnet| format!("{COMPUTE}/{base}/regions/{}/subnetworks/{}", subnet.region, subnet.name))
        .collect();
    let mut body = json!({
        "kind": "compute#network",
        "id": ids::number(&link),
        "creationTimestamp": CREATED,
        "name": network.name,
        "selfLink": link,
        "selfLinkWithId": format!("{COMPUTE}/{base}/global/networks/{}", ids::number(&link)),
        "autoCreateSubnetworks": network.auto,
        "subnetworks": subnets,
        "routingConfig": {"routingMode": "REGIONAL"},
        "networkFirewallPolicyEnforcementOrder": network.order,
    });
    if let Some(policy) = network.policies.first() {
        let policy = format!("{COMPUTE}/{base}/global/firewallPolicies/{}", policy.name);
        set(&mut body, "firewallPolicy", json!(policy));
    }
    body
}

/// What `getEffectiveFirewalls` answers, for the network and for each of its regions.
fn effective_firewalls(site: &mut Site<'_>, base: &str, network: &Network, rules: &[Value]) {
    let own = site.description;
    let above = own
        .firewall_policies
        .iter()
        .chain(folders_above(own, site.project).into_iter().flat_map(|folder| &folder.firewall_policies));
    let mut policies: Vec<Value> = above.map(|policy| filter::effective("HIERARCHY", policy)).collect();
    policies.extend(network.policies.iter().map(|policy| filter::effective("NETWORK", policy)));
    let answer = |policies: &[Value]| {
        let mut body = json!({});
        // Both lists are missing when they are empty; the plural of the second is Google's.
        if !rules.is_empty() {
            set(&mut body, "firewalls", json!(rules));
        }
        if !policies.is_empty() {
            set(&mut body, "firewallPolicys", json!(policies));
        }
        Item::full(&body)
    };
    let path = format!("/compute/v1/{base}/global/networks/{}/getEffectiveFirewalls", network.name);
    site.wire.put(&path, answer(&policies));
    let used = network.subnets.iter().map(|subnet| subnet.region.as_str());
    for region in REGIONS.iter().map(|(region, _zones)| *region).chain(used) {
        let mut here: Vec<Value> = policies.iter().cloned().map(filter::effective_in_region).collect();
        for policy in network.regional_policies.iter().filter(|policy| policy.region == region) {
            let policy = Policy { name: policy.name.clone(), rules: policy.rules.clone() };
            here.push(filter::effective("NETWORK_REGIONAL", &policy));
        }
        let path =
            format!("/compute/v1/{base}/regions/{region}/firewallPolicies/getEffectiveFirewalls#{}", network.name);
        site.wire.put(&path, answer(&here));
    }
}

fn subnet_body(base: &str, network: &Network, subnet: &Subnet) -> Value {
    let link = format!("{COMPUTE}/{base}/regions/{}/subnetworks/{}", subnet.region, subnet.name);
    let mut body = json!({
        "kind": "compute#subnetwork",
        "id": ids::number(&link),
        "creationTimestamp": CREATED,
        "name": subnet.name,
        "network": format!("{COMPUTE}/{base}/global/networks/{}", network.name),
        "ipCidrRange": subnet.range,
        "region": format!("{COMPUTE}/{base}/regions/{}", subnet.region),
        "selfLink": link,
        "privateIpGoogleAccess": subnet.private_google_access,
        "fingerprint": ids::fingerprint(&link),
        "enableFlowLogs": subnet.flow_logs,
        "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
        "purpose": "PRIVATE",
        "stackType": "IPV4_ONLY",
        "logConfig": {"enable": subnet.flow_logs},
    });
    let ranges: Vec<Value> = [("pods", &subnet.pods), ("services", &subnet.services)]
        .into_iter()
        .filter_map(|(name, range)| Some(json!({"rangeName": name, "ipCidrRange": range.as_ref()?})))
        .collect();
    if !ranges.is_empty() {
        set(&mut body, "secondaryIpRanges", json!(ranges));
    }
    body
}

fn route_bodies(base: &str, network: &Network) -> Vec<Value> {
    let of = format!("{COMPUTE}/{base}/global/networks/{}", network.name);
    let route = |name: &str, range: &str, priority: u32| {
        let link = format!("{COMPUTE}/{base}/global/routes/{name}");
        json!({
            "kind": "compute#route",
            "id": ids::number(&link),
            "creationTimestamp": CREATED,
            "name": name,
            "description": "",
            "network": of,
            "destRange": range,
            "priority": priority,
            "selfLink": link,
        })
    };
    let gateway = format!("{COMPUTE}/{base}/global/gateways/default-internet-gateway");
    let mut found = Vec::new();
    if network.default_route {
        let mut body = route(&format!("default-route-{}", ids::suffix(&of)), "0.0.0.0/0", 1000);
        set(&mut body, "description", json!("Default route to the Internet."));
        set(&mut body, "nextHopGateway", json!(gateway));
        found.push(body);
    }
    for subnet in &network.subnets {
        let name = format!("default-route-r-{}", ids::suffix(&format!("{of} {} {}", subnet.region, subnet.name)));
        let mut body = route(&name, &subnet.range, 0);
        set(&mut body, "nextHopNetwork", json!(of));
        found.push(body);
    }
    for written in &network.routes {
        let mut body = route(&written.name, &written.range, written.priority.unwrap_or(1000));
        if !written.tags.is_empty() {
            set(&mut body, "tags", json!(written.tags));
        }
        match &written.next_hop {
            Some(address) => set(&mut body, "nextHopIp", json!(address)),
            None => set(&mut body, "nextHopGateway", json!(gateway)),
        }
        found.push(body);
    }
    found
}

fn router_body(base: &str, network: &Network, name: &str, region: &str) -> Value {
    let link = format!("{COMPUTE}/{base}/regions/{region}/routers/{name}");
    json!({
        "kind": "compute#router",
        "id": ids::number(&link),
        "creationTimestamp": CREATED,
        "name": name,
        "region": format!("{COMPUTE}/{base}/regions/{region}"),
        "network": format!("{COMPUTE}/{base}/global/networks/{}", network.name),
        "selfLink": link,
        "encryptedInterconnectRouter": false,
        "nats": [{
            "name": format!("{name}-nat"),
            "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
            "natIpAllocateOption": "AUTO_ONLY",
            "enableEndpointIndependentMapping": false,
            "endpointTypes": ["ENDPOINT_TYPE_VM"],
            "type": "PUBLIC",
            "autoNetworkTier": "PREMIUM",
        }],
    })
}
