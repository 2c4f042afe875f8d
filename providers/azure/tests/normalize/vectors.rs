//! The vectors A2 of the semantics: each configuration with its exact answer.

use crate::scene::{Scene, any4, id, node_id, rule};
use palisade_azure::ADMIN_RULES;
use palisade_model::{EntryKind, PublicAccess};
use palisade_reach::{AddrSet, Bounds, Family, Protocol};
use palisade_testkit::nets;
use serde_json::json;

fn nobody() -> Bounds<AddrSet> {
    Bounds::exact(AddrSet::empty())
}

fn anybody() -> Bounds<AddrSet> {
    Bounds::exact(any4())
}

#[test]
fn a2_01_a_deny_before_an_allow_closes() {
    let scene = Scene::with_rules(vec![
        rule(100, "Deny", json!({ "sourceAddressPrefix": "*" })),
        rule(200, "Allow", json!({})),
    ]);
    assert_eq!(scene.ssh(), nobody());
}

#[test]
fn a2_02_an_allow_before_a_deny_opens() {
    let scene = Scene::with_rules(vec![
        rule(200, "Deny", json!({ "sourceAddressPrefix": "*" })),
        rule(100, "Allow", json!({})),
    ]);
    assert_eq!(scene.ssh(), anybody());
}

#[test]
fn a2_03_both_security_groups_have_to_allow() {
    let scene = Scene { subnet_rules: Some(Vec::new()), ..Scene::with_rules(vec![rule(100, "Allow", json!({}))]) };
    assert_eq!(scene.ssh(), nobody());
    let both = Scene { subnet_rules: Some(vec![rule(100, "Allow", json!({}))]), ..scene };
    assert_eq!(both.ssh(), anybody());
}

#[test]
fn a2_04_without_any_security_group_the_kind_of_the_address_decides() {
    let bare = |sku| Scene { interface_rules: None, address_sku: sku, ..Scene::default() };
    assert_eq!(bare(Some("Standard")).ssh(), nobody());
    assert_eq!(bare(Some("Basic")).ssh(), anybody());
    assert_eq!(bare(None).ssh(), Bounds::unknown_within(any4()));
}

#[test]
fn a2_05_plural_prefixes_and_ranges_of_ports_count() {
    let halves = json!({
        "sourceAddressPrefix": null, "sourceAddressPrefixes": ["0.0.0.0/1", "128.0.0.0/1"],
        "destinationPortRange": null, "destinationPortRanges": ["20-25", "3389"],
    });
    let scene = Scene::with_rules(vec![rule(100, "Allow", halves)]);
    assert_eq!(scene.ssh(), anybody());
    assert_eq!(scene.reached(Protocol::TCP, 26), nobody());
}

/// A public Standard load balancer with a rule to the node's pool.
pub(crate) fn balanced(floating: bool, rules: Vec<serde_json::Value>) -> Scene {
    let balancer = node_id("Microsoft.Network/loadBalancers", "kubernetes");
    let public = node_id("Microsoft.Network/publicIPAddresses", "front");
    let mut scene = Scene { has_public_address: false, ..Scene::with_rules(rules) };
    scene.address["loadBalancerBackendAddressPools"] =
        json!([{ "id": format!("{balancer}/backendAddressPools/kubernetes") }]);
    scene.public_addresses =
        vec![json!({ "id": public, "sku": { "name": "Standard" }, "properties": { "ipAddress": "20.50.1.2" } })];
    scene.balancers = vec![json!({
        "id": balancer, "name": "kubernetes", "sku": { "name": "Standard" },
        "properties": {
            "frontendIPConfigurations": [{ "id": format!("{balancer}/frontendIPConfigurations/f"), "properties": { "publicIPAddress": { "id": public } } }],
            "inboundNatRules": [], "backendAddressPools": [],
            "loadBalancingRules": [{ "id": format!("{balancer}/loadBalancingRules/r"), "name": "r", "properties": {
                "frontendIPConfiguration": { "id": format!("{balancer}/frontendIPConfigurations/f") },
                "backendAddressPool": { "id": format!("{balancer}/backendAddressPools/kubernetes") },
                "protocol": "Tcp", "frontendPort": 443, "backendPort": 31443, "enableFloatingIP": floating,
            } }],
        },
    })];
    scene
}

#[test]
fn a2_06_a_load_balancer_opens_nothing_that_the_security_group_keeps_closed() {
    let scene = balanced(false, Vec::new());
    assert_eq!(scene.reached(Protocol::TCP, 31443), nobody());
    let allow = |port: &str, to: &str| {
        rule(100, "Allow", json!({ "destinationPortRange": port, "destinationAddressPrefix": to }))
    };
    // Without a floating address the rule sees the machine's address and the port behind the balancer.
    let scene = balanced(false, vec![allow("31443", "10.224.0.4")]);
    assert_eq!(scene.reached(Protocol::TCP, 31443), anybody());
    assert_eq!(scene.ssh(), nobody());
    // With one it sees the outer address and the outer port.
    let scene = balanced(true, vec![allow("443", "20.50.1.2")]);
    assert_eq!(scene.reached(Protocol::TCP, 443), anybody());
    assert_eq!(scene.reached(Protocol::TCP, 31443), nobody());
}

#[test]
fn a_load_balancer_that_was_not_read_widens_the_answer_and_says_so() {
    let mut scene = balanced(false, vec![rule(100, "Allow", json!({}))]);
    scene.balancers.clear();
    assert_eq!(scene.ssh(), Bounds::unknown_within(any4()));
    assert!(
        scene.exposure().limits.iter().any(|limit| limit.contains("was not read")),
        "{:?}",
        scene.exposure().limits
    );
}

#[test]
fn a2_07_protocols_are_told_apart() {
    let any = json!({ "protocol": "*", "sourceAddressPrefix": "203.0.113.0/24", "destinationPortRange": "*" });
    let udp = json!({ "protocol": "Udp", "sourceAddressPrefix": "*", "destinationPortRange": "*" });
    let scene = Scene::with_rules(vec![rule(250, "Deny", udp), rule(300, "Allow", any)]);
    assert_eq!(scene.ssh(), Bounds::exact(nets(&["203.0.113.0/24"])));
    assert_eq!(scene.reached(Protocol::UDP, 53), nobody());
}

#[test]
fn a2_08_an_application_security_group_takes_in_its_members_only() {
    let web = id("Microsoft.Network/applicationSecurityGroups", "web");
    let to_web = json!({ "destinationAddressPrefix": null, "destinationApplicationSecurityGroups": [{ "id": web }] });
    let mut scene = Scene::with_rules(vec![rule(100, "Allow", to_web)]);
    assert_eq!(scene.ssh(), nobody());
    scene.address["applicationSecurityGroups"] = json!([{ "id": web.to_uppercase() }]);
    assert_eq!(scene.ssh(), anybody());
}

#[test]
fn a2_09_rules_see_the_private_address() {
    let scene = Scene::with_rules(vec![rule(100, "Allow", json!({ "destinationAddressPrefix": "20.50.9.9" }))]);
    assert_eq!(scene.ssh(), nobody());
}

#[test]
fn a2_10_a_client_may_choose_its_source_port() {
    let ordinary = json!({ "sourceAddressPrefix": "*", "sourcePortRange": "1024-65535" });
    let scene =
        Scene::with_rules(vec![rule(100, "Deny", ordinary), rule(110, "Allow", json!({ "sourceAddressPrefix": "*" }))]);
    assert_eq!(scene.ssh(), anybody());
    let usual = scene.exposure().ordinary.map(|packets| packets.sources(Protocol::TCP, 22));
    assert_eq!(usual, nobody());
}

/// A security admin rule for ssh from somewhere.
fn admin_rule(priority: u32, access: &str, source: &str) -> serde_json::Value {
    let prefix = |text: &str| json!([{ "addressPrefix": text, "addressPrefixType": "IPPrefix" }]);
    json!({ "kind": "Custom", "id": format!("/x/rules/admin{priority}"), "properties": {
        "access": access, "direction": "Inbound", "priority": priority, "protocol": "Tcp", "sources": prefix(source),
        "destinations": prefix("*"), "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["22"],
    } })
}

#[test]
fn a2_11_security_admin_rules_come_before_the_security_groups() {
    let office = "203.0.113.0/24";
    let closed = |access| Scene { admin_rules: Some(vec![admin_rule(10, access, office)]), ..Scene::default() };
    assert_eq!(closed("AlwaysAllow").ssh(), Bounds::exact(nets(&[office])));
    assert_eq!(closed("AlwaysAllow").reached(Protocol::TCP, 23), nobody());
    assert_eq!(closed("Allow").ssh(), nobody());
    let open = Scene {
        admin_rules: Some(vec![admin_rule(10, "Deny", "*")]),
        ..Scene::with_rules(vec![rule(100, "Allow", json!({}))])
    };
    assert_eq!(open.ssh(), nobody());
    // The first admin rule that matches is the last one asked.
    let first = Scene {
        admin_rules: Some(vec![admin_rule(20, "Deny", "*"), admin_rule(10, "Allow", office)]),
        ..Scene::with_rules(vec![rule(100, "Allow", json!({}))])
    };
    assert_eq!(first.ssh(), Bounds::exact(nets(&[office])));
}

#[test]
fn security_admin_rules_that_nobody_asked_for_are_a_gap_and_none_is_none() {
    let unasked = Scene { admin_rules: None, ..Scene::default() }.pool();
    let said = unasked.exposure.gap().unwrap().to_string();
    assert!(said.contains(ADMIN_RULES.permission), "{said}");
    assert!(unasked.filters.gap().is_some() && unasked.egress.gap().is_some());
    assert_eq!(Scene { admin_rules: Some(Vec::new()), ..Scene::default() }.ssh(), nobody());
}

#[test]
fn a_network_group_of_an_admin_rule_may_be_anybody() {
    let group = json!([{ "addressPrefix": "/x/networkGroups/g", "addressPrefixType": "NetworkGroup" }]);
    let mut rule = admin_rule(10, "AlwaysAllow", "*");
    rule["properties"]["sources"] = group;
    let scene = Scene { admin_rules: Some(vec![rule]), ..Scene::default() };
    assert_eq!(scene.ssh(), Bounds::unknown_within(any4()));
}

#[test]
fn a2_12_a_service_tag_is_its_addresses_on_the_day_of_the_list_and_bounds_without_it() {
    let from = |tag: &str| Scene::with_rules(vec![rule(100, "Allow", json!({ "sourceAddressPrefix": tag }))]);
    let scene = from("AzureCloud.WestEurope");
    let ssh = scene.ssh();
    assert!(ssh.is_exact());
    // One of its prefixes, and an address that belongs to nobody's cloud.
    let inside = |text: &str| ssh.lower().contains(text.parse().unwrap());
    assert!(inside("20.50.0.1") && !inside("203.0.113.7") && !ssh.lower().covers_any(Family::V4, &AddrSet::empty()));
    let said = format!("{:?}", scene.exposure().paths);
    assert!(said.contains("service tags as of 2026-"), "the proof says of which day: {said}");
    assert!(scene.exposure().limits.is_empty());
    // In no list.
    assert_eq!(from("AzureKitchen").ssh(), Bounds::unknown_within(any4()));
    // A list of the public cloud says nothing of another one.
    let mut elsewhere = from("AzureCloud");
    elsewhere.cluster["location"] = json!("usgovvirginia");
    assert_eq!(elsewhere.ssh(), Bounds::unknown_within(any4()));
    // A denied tag takes away exactly its addresses.
    let denied = json!({ "sourceAddressPrefix": "AzureCloud.WestEurope" });
    let rest = Scene::with_rules(vec![rule(100, "Deny", denied), rule(200, "Allow", json!({}))]).ssh();
    assert_eq!(rest, Bounds::exact(any4().subtract(ssh.lower())));
}

#[test]
fn a2_13_authorized_ranges_are_sets() {
    let public = node_id("Microsoft.Network/publicIPAddresses", "out");
    let with = |access: serde_json::Value| {
        let mut scene = Scene::with_properties(json!({
            "apiServerAccessProfile": access,
            "networkProfile": { "loadBalancerProfile": { "effectiveOutboundIPs": [{ "id": public }] } },
        }));
        scene.public_addresses = vec![json!({ "id": public, "properties": { "ipAddress": "20.50.1.2" } })];
        scene.read().api.public.get().unwrap().clone()
    };
    let PublicAccess::Open(everyone) = with(json!({ "authorizedIPRanges": null })) else { panic!("closed") };
    assert!(everyone.sources.lower().covers_any(Family::V4, &AddrSet::empty()));
    assert_eq!(everyone.entries[0].kind, EntryKind::Everyone);

    let PublicAccess::Open(own) = with(json!({ "authorizedIPRanges": ["0.0.0.0/32"] })) else { panic!("closed") };
    assert_eq!(own.sources, Bounds::exact(nets(&["20.50.1.2/32"])));
    assert!(own.sources.lower().subtract(&own.own).is_empty());

    let PublicAccess::Open(halves) = with(json!({ "authorizedIPRanges": ["0.0.0.0/1", "128.0.0.0/1"] })) else {
        panic!("closed")
    };
    assert!(halves.sources.lower().covers_any(Family::V4, &AddrSet::empty()));

    let private = with(json!({ "enablePrivateCluster": true, "enablePrivateClusterPublicFQDN": true }));
    assert!(matches!(private, PublicAccess::Closed { .. }));
}

#[test]
fn a2_14_a_route_for_everything_through_an_appliance_is_bounds() {
    let route = json!({ "name": "default", "properties": { "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.224.9.4" } });
    let scene = Scene { routes: Some(vec![route]), ..Scene::default() };
    assert_eq!(scene.ssh(), Bounds::unknown_within(any4()));
    let limits = scene.exposure().limits;
    assert!(
        limits.iter().any(|limit| limit.contains("VirtualAppliance 10.224.9.4") && limit.contains("answers may not")),
        "{limits:?}"
    );
    // Without a public address there is no path at all, and that is exact.
    let hidden = Scene { has_public_address: false, ..scene };
    assert_eq!(hidden.ssh(), nobody());
}

#[test]
fn a2_15_an_exception_is_cut_out_exactly() {
    let scene = Scene::with_rules(vec![
        rule(100, "Deny", json!({ "sourceAddressPrefix": "198.51.100.0/24" })),
        rule(110, "Allow", json!({})),
    ]);
    assert_eq!(scene.ssh(), Bounds::exact(any4().subtract(&nets(&["198.51.100.0/24"]))));
}

#[test]
fn neighbours_are_inside_and_the_cluster_itself_is_not_counted() {
    let mut scene = Scene::default();
    scene.network["virtualNetworkPeerings"] = json!([{ "properties": {
        "peeringState": "Connected", "allowVirtualNetworkAccess": true,
        "remoteVirtualNetworkAddressSpace": { "addressPrefixes": ["10.1.0.0/16"] },
    } }]);
    let inside = scene.exposure().inside.map(|packets| packets.sources(Protocol::TCP, 10250));
    assert_eq!(inside, Bounds::exact(nets(&["10.224.0.0/12", "10.1.0.0/16"]).subtract(&nets(&["10.224.0.0/16"]))));
}

#[test]
fn a_gateway_may_teach_routes_that_were_not_read() {
    let mut scene = Scene::default();
    scene.network["subnets"] = json!([{ "id": "/x/subnets/GatewaySubnet", "name": "GatewaySubnet", "properties": {} }]);
    assert_eq!(scene.ssh(), Bounds::unknown_within(any4()));
    assert!(scene.exposure().limits.iter().any(|limit| limit.contains("gateway")));
}

#[test]
fn the_tags_of_the_network_and_of_the_internet_are_each_others_rest() {
    // Whatever the route makes of the tags, one of the two rules lets a packet out: the answer is exact.
    let route =
        json!({ "name": "default", "properties": { "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance" } });
    let scene = Scene { routes: Some(vec![route]), ..Scene::default() };
    let egress = scene.pool().egress.get().unwrap().clone();
    assert!(egress.unrestricted.is_some() && egress.forced_through.is_some(), "{egress:?}");
}
