//! Corners of the network that are easily answered too surely.

use crate::scene::{Scene, any4, id, node_id, rule};
use palisade_model::PrivateGuard;
use palisade_reach::{AddrSet, Bounds, Protocol};
use palisade_testkit::nets;
use serde_json::{Value, json};

fn asg(name: &str) -> Value {
    json!([{ "id": id("Microsoft.Network/applicationSecurityGroups", name) }])
}

/// A public Standard load balancer whose pool is what `pool` says, with one rule for it.
fn balancer(pool: &Value, rule: &Value) -> Value {
    let id = node_id("Microsoft.Network/loadBalancers", "kubernetes");
    let public = node_id("Microsoft.Network/publicIPAddresses", "front");
    let mut properties = json!({
        "frontendIPConfiguration": { "id": format!("{id}/frontendIPConfigurations/f") },
        "backendAddressPool": { "id": format!("{id}/backendAddressPools/kubernetes") },
        "protocol": "Tcp", "frontendPort": 443, "backendPort": 31443,
    });
    for (name, value) in rule.as_object().unwrap() {
        properties[name] = value.clone();
    }
    json!({
        "id": id, "name": "kubernetes", "sku": { "name": "Standard" },
        "properties": {
            "frontendIPConfigurations": [{ "id": format!("{id}/frontendIPConfigurations/f"), "properties": { "publicIPAddress": { "id": public } } }],
            "inboundNatRules": [],
            "backendAddressPools": [{ "id": format!("{id}/backendAddressPools/kubernetes"), "properties": pool }],
            "loadBalancingRules": [{ "id": format!("{id}/loadBalancingRules/r"), "name": "r", "properties": properties }],
        },
    })
}

fn behind(pool: &Value, rule: &Value, rules: Vec<Value>) -> Scene {
    let mut scene = Scene { has_public_address: false, ..Scene::with_rules(rules) };
    scene.balancers = vec![balancer(pool, rule)];
    let public = node_id("Microsoft.Network/publicIPAddresses", "front");
    scene.public_addresses =
        vec![json!({ "id": public, "sku": { "name": "Standard" }, "properties": { "ipAddress": "20.50.1.2" } })];
    scene
}

fn all_ports() -> Vec<Value> {
    vec![rule(100, "Allow", json!({ "protocol": "*", "destinationPortRange": "*" }))]
}

#[test]
fn a_pool_that_lists_addresses_forwards_to_the_machine_that_has_one_of_them() {
    let listing = |address: &str, network: Value| {
        let pool = json!({ "loadBalancerBackendAddresses": [{ "name": "a", "properties": { "ipAddress": address, "virtualNetwork": network } }] });
        behind(&pool, &json!({}), all_ports()).reached(Protocol::TCP, 31443)
    };
    let here = json!({ "id": id("Microsoft.Network/virtualNetworks", "VNET") });
    assert_eq!(listing("10.224.0.4", here.clone()), Bounds::exact(any4()));
    assert_eq!(listing("10.224.0.4", Value::Null), Bounds::exact(any4()));
    assert_eq!(listing("10.224.0.5", here), Bounds::exact(AddrSet::empty()));
    let elsewhere = json!({ "id": id("Microsoft.Network/virtualNetworks", "other") });
    assert_eq!(listing("10.224.0.4", elsewhere), Bounds::exact(AddrSet::empty()));
}

#[test]
fn a_balancer_that_cannot_be_read_may_list_any_machine() {
    let mut scene = behind(&json!({}), &json!({}), all_ports());
    scene.balancers[0]["properties"]["backendAddressPools"] = json!("many");
    assert_eq!(scene.reached(Protocol::TCP, 31443), Bounds::unknown_within(any4()));
    assert!(scene.exposure().limits.iter().any(|limit| limit.contains("was not read")));
}

#[test]
fn a_rule_for_every_port_and_protocol_carries_more_than_two_protocols() {
    let pool =
        json!({ "loadBalancerBackendAddresses": [{ "name": "a", "properties": { "ipAddress": "10.224.0.4" } }] });
    let scene = behind(&pool, &json!({ "protocol": "All", "frontendPort": 0, "backendPort": 0 }), all_ports());
    assert_eq!(scene.ssh(), Bounds::exact(any4()));
    assert_eq!(scene.reached(Protocol::ESP, 0), Bounds::exact(any4()));
}

#[test]
fn an_inbound_nat_rule_reaches_its_machine_on_the_port_behind_it() {
    let nat = format!("{}/inboundNatRules/ssh", node_id("Microsoft.Network/loadBalancers", "kubernetes"));
    let mut scene = behind(&json!({}), &json!({}), vec![rule(100, "Allow", json!({}))]);
    scene.address["loadBalancerInboundNatRules"] = json!([{ "id": nat }]);
    let frontend = scene.balancers[0]["properties"]["frontendIPConfigurations"][0]["id"].clone();
    scene.balancers[0]["properties"]["inboundNatRules"] = json!([{ "id": nat, "name": "ssh", "properties": {
        "frontendIPConfiguration": { "id": frontend }, "protocol": "Tcp", "frontendPort": 50000, "backendPort": 22,
    } }]);
    assert_eq!(scene.ssh(), Bounds::exact(any4()));
    assert_eq!(scene.reached(Protocol::TCP, 50000), Bounds::exact(AddrSet::empty()));
}

#[test]
fn whether_an_application_security_group_counts_for_a_floating_address_is_left_open() {
    let pool =
        json!({ "loadBalancerBackendAddresses": [{ "name": "a", "properties": { "ipAddress": "10.224.0.4" } }] });
    let to_web = |port: &str| {
        rule(
            100,
            "Allow",
            json!({ "destinationPortRange": port, "destinationAddressPrefix": null, "destinationApplicationSecurityGroups": asg("web") }),
        )
    };
    let mut scene = behind(&pool, &json!({ "enableFloatingIP": true }), vec![to_web("443")]);
    assert_eq!(scene.reached(Protocol::TCP, 443), Bounds::exact(AddrSet::empty()));
    scene.address["applicationSecurityGroups"] = asg("web");
    assert_eq!(scene.reached(Protocol::TCP, 443), Bounds::unknown_within(any4()));
}

#[test]
fn what_leaves_through_a_rule_for_some_machines_is_neither_open_nor_closed() {
    let out = |priority, access, fields: Value| {
        let mut rule = rule(priority, access, fields);
        rule["properties"]["direction"] = json!("Outbound");
        rule
    };
    let any = json!({ "protocol": "*", "sourceAddressPrefix": "*", "destinationPortRange": "*" });
    let stop = out(200, "Deny", any.clone());
    let closed = Scene::with_rules(vec![stop.clone()]);
    assert_eq!(closed.pool().egress.get().unwrap().unrestricted, None);
    let mut to_some = any.clone();
    to_some["sourceAddressPrefix"] = Value::Null;
    to_some["sourceApplicationSecurityGroups"] = asg("web");
    assert!(Scene::with_rules(vec![out(100, "Allow", to_some), stop.clone()]).pool().egress.gap().is_some());
    let mut to_one = any;
    to_one["sourceAddressPrefix"] = json!("10.224.0.9");
    assert!(Scene::with_rules(vec![out(100, "Allow", to_one), stop]).pool().egress.gap().is_some());
}

#[test]
fn a_rule_for_one_address_of_the_api_servers_subnet_may_or_may_not_be_about_it() {
    let guard = |to: &str| {
        let deny =
            rule(4000, "Deny", json!({ "protocol": "*", "sourceAddressPrefix": "*", "destinationPortRange": "*" }));
        let allow = rule(
            100,
            "Allow",
            json!({ "sourceAddressPrefix": "10.9.0.0/16", "destinationPortRange": "443", "destinationAddressPrefix": to }),
        );
        let mut scene = Scene { subnet_rules: Some(vec![allow, deny]), ..Scene::default() };
        scene.cluster["properties"]["apiServerAccessProfile"] =
            json!({ "enableVnetIntegration": true, "subnetId": crate::scene::SUBNET });
        match scene.read().api.private_guard.get().unwrap().clone() {
            PrivateGuard::Filtered { sources, .. } => sources,
            other => panic!("{other:?}"),
        }
    };
    let ten_nine = || nets(&["10.9.0.0/16"]);
    assert_eq!(guard("*"), Bounds::exact(ten_nine()));
    assert_eq!(guard("10.224.0.0/16"), Bounds::exact(ten_nine()));
    assert_eq!(guard("10.224.0.7"), Bounds::unknown_within(ten_nine()));
    assert_eq!(guard("10.230.0.0/16"), Bounds::exact(AddrSet::empty()));
}
