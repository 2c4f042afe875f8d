//! What an answer leaves out is not read as "there is none": each thing that was not listed, not named or not understood is
//! a gap that says how to read it, and no verdict becomes a pass by it.

use crate::{
    laws::{rich, with_records},
    scene::{SUBNET, SUBSCRIPTION, Scene, assignment, cluster_id, id, node_id, role, rule},
};
use palisade_azure::{
    CLUSTERS, DESCENDANTS, IDENTITIES, LOAD_BALANCERS, NETWORKS, NODE_INTERFACES, ROUTE_TABLES, SCALE_SETS,
    SECURITY_GROUPS, SUBSCRIPTIONS, TENANT, normalize,
};
use palisade_controls::controls;
use palisade_engine::{Context, Policy, State, evaluate};
use palisade_model::{Dedication, GapReason, IdentityKind, Inventory, Provider};
use palisade_provider::{Body, Call, Outcome, Record, Snapshot};
use palisade_reach::Protocol;
use palisade_testkit::SnapshotBuilder;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The scene with one answer changed.
fn with(scene: &Scene, call: &Call, change: impl Fn(&mut Value)) -> Snapshot {
    let mut records: Vec<Record> = scene.snapshot().records().to_vec();
    for record in records.iter_mut().filter(|record| *record.call == *call.name) {
        let Outcome::Answered(body) = &record.outcome else { continue };
        let mut value: Value = serde_json::from_slice(body.bytes()).unwrap();
        change(&mut value);
        record.outcome = Outcome::Answered(Body::of(&value));
    }
    with_records(records)
}

fn cluster(snapshot: &Snapshot) -> palisade_model::Cluster {
    normalize(snapshot).clusters.into_iter().next().unwrap()
}

fn pool(snapshot: &Snapshot) -> palisade_model::Pool {
    cluster(snapshot).pools.get().unwrap()[0].clone()
}

/// A scene whose node can be reached on ssh through its own address.
fn open() -> Scene {
    Scene::with_rules(vec![rule(100, "Allow", json!({ "destinationPortRange": "*", "protocol": "*" }))])
}

#[test]
fn a_list_of_rules_or_routes_that_is_missing_is_not_an_empty_one() {
    for (call, field) in [(&SECURITY_GROUPS, "securityRules"), (&ROUTE_TABLES, "routes")] {
        let scene = Scene { routes: Some(Vec::new()), ..open() };
        for gone in [json!({}), json!({ field: null })] {
            let snapshot = with(&scene, call, |body| body["value"][0]["properties"] = gone.clone());
            let exposure = pool(&snapshot).exposure;
            assert_eq!(exposure.gap().map(palisade_model::Gap::reason), Some(GapReason::Malformed), "{field} {gone}");
        }
    }
}

#[test]
fn what_a_subnet_or_an_interface_names_and_nobody_listed_is_a_gap_that_names_the_permission() {
    let unlisted = |call: &Call, scene: &Scene| {
        let snapshot = with(scene, call, |body| body["value"] = json!([]));
        pool(&snapshot).exposure.gap().map(ToString::to_string).unwrap_or_default()
    };
    for (call, scene) in [
        (&SECURITY_GROUPS, open()),
        (&SECURITY_GROUPS, Scene { subnet_rules: Some(Vec::new()), interface_rules: None, ..open() }),
        (&ROUTE_TABLES, Scene { routes: Some(Vec::new()), ..open() }),
        (&NETWORKS, open()),
    ] {
        let said = unlisted(call, &scene);
        assert!(said.contains(call.permission), "{}: {said}", call.name);
    }
    // The network is there, and its subnet is not.
    let snapshot = with(&open(), &NETWORKS, |body| body["value"][0]["properties"]["subnets"] = json!([]));
    assert!(pool(&snapshot).exposure.gap().unwrap().to_string().contains(NETWORKS.permission));
}

#[test]
fn a_reference_that_does_not_say_to_what_is_no_absence() {
    for nothing in [json!({}), json!({ "id": null }), json!({ "id": "" })] {
        let group = with(&Scene { interface_rules: None, ..open() }, &NODE_INTERFACES, |body| {
            body["value"][0]["properties"]["networkSecurityGroup"] = nothing.clone();
        });
        assert!(pool(&group).exposure.gap().is_some(), "security group {nothing}");
        let table = with(&open(), &NETWORKS, |body| {
            body["value"][0]["properties"]["subnets"][0]["properties"]["routeTable"] = nothing.clone();
        });
        assert!(pool(&table).exposure.gap().is_some(), "route table {nothing}");
        let member = with(&open(), &NODE_INTERFACES, |body| {
            let address = &mut body["value"][0]["properties"]["ipConfigurations"][0]["properties"];
            address["applicationSecurityGroups"] = json!([nothing.clone()]);
        });
        assert!(pool(&member).exposure.gap().is_some(), "member of {nothing}");
        let to = json!({ "destinationAddressPrefix": null, "destinationApplicationSecurityGroups": [nothing.clone()] });
        let rule = Scene::with_rules(vec![rule(100, "Allow", to)]);
        assert!(rule.pool().exposure.gap().is_some(), "rule for {nothing}");
    }
}

#[test]
fn a_network_without_addresses_is_not_one_that_no_rule_is_about() {
    let without = |field: &str| {
        with(&open(), &NETWORKS, |body| {
            let network = &mut body["value"][0]["properties"];
            match field {
                "network" => network["addressSpace"] = json!({}),
                _ => network["subnets"][0]["properties"]["addressPrefix"] = Value::Null,
            }
        })
    };
    for field in ["network", "subnet"] {
        assert_eq!(pool(&without(field)).egress.gap().unwrap().reason(), GapReason::Malformed, "{field}");
    }
}

#[test]
fn a_peering_in_a_state_that_nobody_knows_may_be_connected() {
    let mut scene = Scene::default();
    let peering = |state: Value| json!([{ "properties": { "peeringState": state, "remoteAddressSpace": { "addressPrefixes": ["203.0.113.0/24"] } } }]);
    let reached = |scene: &Scene| scene.exposure().inside.upper().sources(Protocol::TCP, 22);
    let neighbour = palisade_testkit::nets(&["203.0.113.0/24"]);
    for state in [json!("Connected"), json!("Joined"), Value::Null] {
        scene.network["virtualNetworkPeerings"] = peering(state.clone());
        assert!(neighbour.is_subset(&reached(&scene)), "{state}");
    }
    scene.network["virtualNetworkPeerings"] = peering(json!("Disconnected"));
    assert!(neighbour.intersect(&reached(&scene)).is_empty());
}

/// A public balancer in front of the node, before it is changed.
fn balanced() -> Scene {
    let id = node_id("Microsoft.Network/loadBalancers", "kubernetes");
    let public = node_id("Microsoft.Network/publicIPAddresses", "front");
    let mut scene = Scene { has_public_address: false, ..open() };
    scene.public_addresses =
        vec![json!({ "id": public, "sku": { "name": "Standard" }, "properties": { "ipAddress": "20.50.1.2" } })];
    scene.balancers = vec![json!({ "id": id, "name": "kubernetes", "sku": { "name": "Standard" }, "properties": {
        "frontendIPConfigurations": [{ "id": format!("{id}/frontendIPConfigurations/f"), "properties": { "publicIPAddress": { "id": public } } }],
        "inboundNatRules": [],
        "backendAddressPools": [{ "id": format!("{id}/backendAddressPools/p"), "properties": {
            "loadBalancerBackendAddresses": [{ "properties": { "ipAddress": "10.224.0.4" } }],
        } }],
        "loadBalancingRules": [{ "id": format!("{id}/loadBalancingRules/r"), "name": "r", "properties": {
            "frontendIPConfiguration": { "id": format!("{id}/frontendIPConfigurations/f") },
            "backendAddressPool": { "id": format!("{id}/backendAddressPools/p") },
            "protocol": "Tcp", "frontendPort": 22, "backendPort": 22,
        } }],
    } })];
    scene
}

#[test]
fn a_balancer_of_which_something_is_odd_may_forward_to_the_machine() {
    assert!(!balanced().ssh().lower().is_empty());
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("a rule without a frontend", |lb| {
            lb["loadBalancingRules"][0]["properties"]["frontendIPConfiguration"] = Value::Null;
        }),
        ("a frontend that is not there", |lb| lb["frontendIPConfigurations"] = json!([])),
        ("a pool without an id", |lb| lb["backendAddressPools"][0]["id"] = Value::Null),
        ("a member without an address", |lb| {
            lb["backendAddressPools"][0]["properties"]["loadBalancerBackendAddresses"][0]["properties"] = json!({});
        }),
        ("a member with an odd address", |lb| {
            lb["backendAddressPools"][0]["properties"]["loadBalancerBackendAddresses"][0]["properties"]["ipAddress"] =
                json!("node-0");
        }),
        ("a public address that is not named", |lb| {
            lb["frontendIPConfigurations"][0]["properties"]["publicIPAddress"] = json!({});
        }),
    ];
    for (what, change) in changes {
        let snapshot = with(&balanced(), &LOAD_BALANCERS, |body| change(&mut body["value"][0]["properties"]));
        let exposure = pool(&snapshot).exposure.get().unwrap()[0].clone();
        let ssh = exposure.internet.map(|packets| packets.sources(Protocol::TCP, 22));
        assert!(!ssh.upper().is_empty(), "{what}");
        assert!(exposure.limits.iter().any(|limit| limit.contains("was not read")), "{what}: {:?}", exposure.limits);
    }
    // The members of a pool of interfaces are no addresses, and nothing is odd about them.
    let snapshot = with(&balanced(), &LOAD_BALANCERS, |body| {
        let pool = &mut body["value"][0]["properties"]["backendAddressPools"][0]["properties"];
        pool["loadBalancerBackendAddresses"] =
            json!([{ "properties": { "networkInterfaceIPConfiguration": { "id": "/x/nic/ipConfigurations/other" } } }]);
    });
    let exposure = pool(&snapshot).exposure.get().unwrap()[0].clone();
    assert_eq!((exposure.limits.as_slice(), exposure.internet.upper().is_empty()), (&[][..], true));
}

#[test]
fn a_machine_whose_address_is_not_told_may_be_in_any_pool_that_lists_addresses() {
    let mut scene = balanced();
    scene.address["privateIPAddress"] = json!("soon");
    assert!(!scene.ssh().upper().is_empty());
    scene.balancers.clear();
    assert!(scene.ssh().upper().is_empty());
}

#[test]
fn a_second_address_that_a_nat_rule_leads_to_is_the_machines() {
    let lb = node_id("Microsoft.Network/loadBalancers", "kubernetes");
    let mut scene = balanced();
    let nat = format!("{lb}/inboundNatRules/ssh");
    let rule = json!({ "id": nat, "name": "ssh", "properties": {
        "frontendIPConfiguration": { "id": format!("{lb}/frontendIPConfigurations/f") },
        "protocol": "Tcp", "frontendPort": 50022, "backendPort": 22,
    } });
    scene.balancers[0]["properties"]["loadBalancingRules"] = json!([]);
    scene.balancers[0]["properties"]["inboundNatRules"] = json!([rule]);
    let snapshot = with(&scene, &NODE_INTERFACES, |body| {
        let all = body["value"][0]["properties"]["ipConfigurations"].as_array_mut().unwrap();
        all.push(json!({ "id": "/second", "properties": {
            "primary": false, "privateIPAddress": "10.224.0.9", "subnet": { "id": SUBNET },
            "loadBalancerInboundNatRules": [{ "id": nat }],
        } }));
    });
    let exposure = pool(&snapshot).exposure.get().unwrap()[0].clone();
    assert!(!exposure.internet.lower().sources(Protocol::TCP, 22).is_empty());
}

#[test]
fn machines_that_are_not_told_are_not_no_machines() {
    let gap = |snapshot: &Snapshot| pool(snapshot).exposure.gap().map(palisade_model::Gap::reason);
    let no_addresses =
        with(&open(), &NODE_INTERFACES, |body| body["value"][0]["properties"]["ipConfigurations"] = json!([]));
    assert_eq!(gap(&no_addresses), Some(GapReason::Malformed));
    let nobodys = with(&open(), &NODE_INTERFACES, |body| {
        body["value"][0]["id"] = Value::Null;
        body["value"][0]["properties"]["virtualMachine"] = Value::Null;
    });
    assert_eq!(gap(&nobodys), Some(GapReason::Malformed));
    let flexible =
        with(&open(), &SCALE_SETS, |body| body["value"][0]["properties"]["orchestrationMode"] = json!("Flexible"));
    assert_eq!(gap(&flexible), Some(GapReason::NotCollected));
    let mut records = open().snapshot().records().to_vec();
    for record in &mut records {
        let body = match &*record.call {
            name if name == NODE_INTERFACES.name => json!({ "value": [] }),
            name if name == SCALE_SETS.name => {
                let Outcome::Answered(body) = &record.outcome else { continue };
                let mut value: Value = serde_json::from_slice(body.bytes()).unwrap();
                value["value"][0]["sku"] = json!({ "capacity": 3 });
                value
            }
            _ => continue,
        };
        record.outcome = Outcome::Answered(Body::of(&body));
    }
    assert!(gap(&with_records(records)).is_some(), "three machines are wanted and none has an interface");
    let nameless =
        with(&open(), &SCALE_SETS, |body| body["value"].as_array_mut().unwrap().push(json!({ "name": "whose" })));
    assert_eq!(gap(&nameless), Some(GapReason::Malformed));
    let no_pools = Scene::with_properties(json!({ "agentPoolProfiles": null }));
    let none = with(&no_pools, &SCALE_SETS, |body| body["value"] = json!([]));
    assert!(cluster(&none).pools.gap().is_some());
}

#[test]
fn a_pool_of_two_scale_sets_is_judged_by_both() {
    let scene = Scene { has_public_address: false, ..Scene::default() };
    let wide = id("Microsoft.Network/networkSecurityGroups", "wide");
    let mut records = scene.snapshot().records().to_vec();
    let second = node_id("Microsoft.Compute/virtualMachineScaleSets", "aks-pool1-87654321-vmss");
    for record in &mut records {
        let Outcome::Answered(body) = &record.outcome else { continue };
        let mut value: Value = serde_json::from_slice(body.bytes()).unwrap();
        let items = value["value"].as_array_mut().unwrap();
        match &*record.call {
            name if name == SCALE_SETS.name => {
                let mut set = items[0].clone();
                set["id"] = json!(second);
                set["name"] = json!("aks-pool1-87654321-vmss");
                let template =
                    "/properties/virtualMachineProfile/networkProfile/networkInterfaceConfigurations/0/properties";
                set.pointer_mut(template).unwrap()["networkSecurityGroup"] = json!({ "id": wide });
                items.push(set);
            }
            name if name == SECURITY_GROUPS.name => {
                let any = json!({ "protocol": "*", "destinationPortRange": "*" });
                items.push(
                    json!({ "id": wide, "name": "wide", "properties": { "securityRules": [rule(100, "Allow", any)] } }),
                );
            }
            _ => continue,
        }
        record.outcome = Outcome::Answered(Body::of(&value));
    }
    let filters = pool(&with_records(records)).filters.get().unwrap().clone();
    assert_eq!(filters.open.iter().map(|rule| rule.rule.as_str()).collect::<Vec<_>>(), ["wide/r100"]);
}

#[test]
fn rules_for_ipv6_count_where_machines_have_it() {
    let any = json!({ "protocol": "*", "destinationPortRange": "*", "sourceAddressPrefix": "2000::/3" });
    let mut scene = Scene::with_rules(vec![rule(100, "Allow", any)]);
    assert!(scene.pool().filters.get().unwrap().open.is_empty());
    scene.network["addressSpace"]["addressPrefixes"] = json!(["10.224.0.0/12", "fd00::/48"]);
    let snapshot = with(&scene, &NETWORKS, |body| {
        let subnet = &mut body["value"][0]["properties"]["subnets"][0]["properties"];
        subnet["addressPrefixes"] = json!(["10.224.0.0/16", "fd00::/64"]);
    });
    let filters = pool(&snapshot).filters.get().unwrap().clone();
    assert_eq!(filters.open.len(), 1);
    assert!(!filters.open[0].sources.lower().is_empty());
}

/// What the identity of a kind stands for.
fn standing(snapshot: &Snapshot, kind: IdentityKind) -> Result<palisade_authority::Standing, palisade_model::Gap> {
    let identities = cluster(snapshot).identities.get().unwrap().clone();
    identities.into_iter().find(|one| one.kind == kind).unwrap().standing.get().map(|standing| (**standing).clone())
}

fn subscription() -> String {
    format!("/subscriptions/{SUBSCRIPTION}")
}

#[test]
fn an_assignment_that_does_not_say_whose_or_where_leaves_every_standing_open() {
    for field in ["principalId", "scope"] {
        let mut scene = Scene { roles: vec![role("owner", &["*"], &[], &[])], ..Scene::default() };
        let mut odd = assignment("kubelet", "owner", &subscription());
        odd["properties"][field] = Value::Null;
        scene.assignments = vec![odd];
        assert!(standing(&scene.snapshot(), IdentityKind::Node).is_err(), "{field}");
    }
}

#[test]
fn a_role_without_its_permissions_may_give_anything() {
    let mut scene = Scene { roles: vec![role("owner", &["*"], &[], &[])], ..Scene::default() };
    scene.roles[0]["properties"]["permissions"] = Value::Null;
    scene.assignments = vec![assignment("kubelet", "owner", &subscription())];
    let held = standing(&scene.snapshot(), IdentityKind::Node).unwrap();
    let (certainty, _) = held.administrator.expect("it may be the administrator");
    assert!(!certainty.is_certain());
}

#[test]
fn a_denial_protects_only_as_far_as_it_was_read() {
    let mut scene = Scene { roles: vec![role("owner", &["*"], &[], &[])], ..Scene::default() };
    scene.assignments = vec![assignment("kubelet", "owner", &subscription())];
    let everybody = json!([{ "id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined" }]);
    let denial = |fields: Value| {
        let mut properties = json!({ "denyAssignmentName": "d", "scope": subscription(), "principals": everybody.clone(),
            "permissions": [{ "actions": ["*"] }] });
        for (name, value) in fields.as_object().unwrap() {
            properties[name] = value.clone();
        }
        vec![json!({ "id": "/d", "properties": properties })]
    };
    let administers = |denials: Vec<Value>| {
        let scene = Scene { denials, ..scene.clone() };
        standing(&scene.snapshot(), IdentityKind::Node).map(|standing| standing.administrator.is_some())
    };
    assert_eq!(administers(denial(json!({}))).ok(), Some(false));
    assert!(administers(denial(json!({ "scope": null }))).is_err());
    assert_eq!(administers(denial(json!({ "excludePrincipals": [{}] }))).ok(), Some(true));
    let limited = json!({ "permissions": [{ "actions": ["*"], "condition": "@Request[x:y] StringEquals {'z'}" }] });
    assert_eq!(administers(denial(limited)).ok(), Some(true));
}

#[test]
fn an_assignment_to_a_kind_of_principal_that_nobody_knows_may_be_a_groups() {
    for kind in [Value::Null, json!("Everyone"), json!("DirectoryObjectOrGroup"), json!("Swarm")] {
        let mut scene = Scene { roles: vec![role("owner", &["*"], &[], &[])], ..Scene::default() };
        let mut odd = assignment("many", "owner", &subscription());
        odd["properties"]["principalType"] = kind.clone();
        scene.assignments = vec![odd];
        assert_eq!(scene.read().unread_groups.get().unwrap().len(), 1, "{kind}");
    }
}

#[test]
fn whoever_may_become_somebody_is_not_judged_before_it_is_known_who_there_is() {
    let mut scene =
        Scene { roles: vec![role("federator", &["Microsoft.ManagedIdentity/*"], &[], &[])], ..Scene::default() };
    scene.assignments = vec![assignment("kubelet", "federator", &subscription())];
    assert!(standing(&scene.snapshot(), IdentityKind::Node).is_ok());
    let unnamed = with(&scene, &IDENTITIES, |body| body["value"][0]["properties"] = json!({}));
    assert!(standing(&unnamed, IdentityKind::Node).is_err());
    let records =
        scene.snapshot().records().iter().filter(|record| *record.call != *IDENTITIES.name).cloned().collect();
    assert!(standing(&with_records(records), IdentityKind::Node).is_err());
}

#[test]
fn an_identity_is_nobody_elses_only_when_every_cluster_was_read() {
    let other = "/subscriptions/s/resourceGroups/G/providers/Microsoft.ContainerService/managedClusters/L";
    let dedicated = |second: Value| {
        let snapshot =
            with(&Scene::default(), &CLUSTERS, |body| body["value"].as_array_mut().unwrap().push(second.clone()));
        let identities = normalize(&snapshot).clusters.into_iter().find(|one| one.id.as_str() == cluster_id());
        let identities = identities.unwrap().identities.get().unwrap().clone();
        let node = identities.into_iter().find(|one| one.kind == IdentityKind::Node).unwrap();
        node.dedication.get().cloned().ok()
    };
    assert_eq!(dedicated(json!({ "id": other, "properties": { "agentPoolProfiles": "many" } })), None);
    assert_eq!(dedicated(json!({ "name": "nameless" })), None);
    assert_eq!(dedicated(json!({ "id": other, "properties": {} })), Some(Dedication::Dedicated));
}

#[test]
fn rights_over_clusters_where_none_is_known_are_open_while_a_cluster_was_not_read() {
    let mut scene = Scene { roles: vec![role("contributor", &["*"], &[], &[])], ..Scene::default() };
    scene.assignments = vec![assignment("kubelet", "contributor", &crate::scene::node_group())];
    assert!(standing(&scene.snapshot(), IdentityKind::Node).is_ok());
    let odd = with(&scene, &CLUSTERS, |body| body["value"].as_array_mut().unwrap().push(json!({ "name": "nameless" })));
    assert!(standing(&odd, IdentityKind::Node).is_err());
    // Where no right over clusters is given, one cluster more or less is all the same.
    scene.roles = vec![role("contributor", &["Microsoft.Network/*"], &[], &[])];
    let odd = with(&scene, &CLUSTERS, |body| body["value"].as_array_mut().unwrap().push(json!({ "name": "nameless" })));
    assert!(standing(&odd, IdentityKind::Node).is_ok());
}

#[test]
fn an_identity_that_every_cluster_has_and_the_answer_does_not_name_is_unknown() {
    let mut scene = Scene::with_properties(json!({ "identityProfile": null }));
    assert!(standing(&scene.snapshot(), IdentityKind::Node).is_err());
    scene.cluster["identity"] = Value::Null;
    assert!(standing(&scene.snapshot(), IdentityKind::ControlPlane).is_err());
}

#[test]
fn an_issuer_that_is_on_and_not_named_trusts_nobody_knows_whom() {
    let scene = Scene::with_properties(json!({ "oidcIssuerProfile": { "enabled": true } }));
    assert!(scene.read().trusts.gap().is_some() && scene.read().identities.gap().is_some());
    let mut scene = rich();
    for (_, credentials) in scene.identities.values_mut() {
        for credential in credentials {
            credential["properties"]["issuer"] = Value::Null;
        }
    }
    assert!(scene.read().trusts.gap().is_some());
}

#[test]
fn a_subscription_that_nobody_can_ask_for_is_reported_as_unseen() {
    let discovery = |call: &Call, params: &[(&str, &str)], body: Value| -> Inventory {
        normalize(&SnapshotBuilder::new(Provider::Azure, TENANT).answer(call, TENANT, params, body).build())
    };
    for body in [
        json!({ "value": [{ "subscriptionId": null }] }),
        json!({ "value": [{ "subscriptionId": {} }] }),
        json!({ "value": {} }),
        json!({ "error": "strange" }),
    ] {
        assert_eq!(discovery(&SUBSCRIPTIONS, &[], body.clone()).unseen.len(), 1, "{body}");
    }
    let group = [("group", "root")];
    for item in [json!({ "name": "a" }), json!({ "type": "/subscriptions", "name": null }), json!(7)] {
        assert_eq!(discovery(&DESCENDANTS, &group, json!({ "value": [item] })).unseen.len(), 1, "{item}");
    }
    let whole = json!({ "value": [{ "type": "/subscriptions", "name": "a" }, { "type": "Microsoft.Management/managementGroups" }] });
    assert_eq!(discovery(&DESCENDANTS, &group, whole).unseen, []);
}

/// Every verdict on the one cluster of a snapshot.
fn verdicts(snapshot: &Snapshot) -> Option<BTreeMap<(String, String), State>> {
    let cluster = normalize(snapshot).clusters.into_iter().next()?;
    let all = controls();
    let policy = Policy::default();
    let context = Context { policy: &policy, now: palisade_testkit::now() };
    let findings = evaluate(&cluster, &all, &context).findings;
    let own = findings.into_iter().filter(|one| !one.rolled_up);
    Some(own.map(|one| ((one.control.id.to_owned(), one.subject.name.to_string()), one.state)).collect())
}

/// Every place of a body, and the fields that stand there.
fn fields(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(all) => {
            for (name, value) in all {
                found.push((at.to_owned(), name.clone()));
                fields(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(all) => {
            all.iter().enumerate().for_each(|(place, value)| fields(value, &format!("{at}/{place}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Fields whose absence says something in Azure's own words: nothing is attached, a switch stands as it does by default,
/// a list that adds to another.
const TELLING: &[(&str, &str)] = &[
    // Off unless it is on.
    ("agentPoolProfiles", "enableNodePublicIP"),
    ("ipConfigurations", "publicIPAddress"),
    ("ipConfigurations", "applicationSecurityGroups"),
    // A Standard address is closed without one.
    ("value", "networkSecurityGroup"),
    ("subnets", "routeTable"),
    // A rule may lead nowhere, and interfaces point at a pool themselves.
    ("loadBalancingRules", "backendAddressPool"),
    ("backendAddressPools", "loadBalancerBackendAddresses"),
    ("backendAddressPools", "properties"),
];

fn tells(at: &str, name: &str) -> bool {
    // The list in which the field stands: `/value/0/properties/subnets/1/properties`.
    let list = at.trim_end_matches("/properties").rsplit('/').nth(1).unwrap_or_default();
    TELLING.contains(&(list, name))
}

#[test]
fn a_field_that_is_missing_turns_no_verdict_into_a_pass() {
    let mut behind = balanced();
    let web = json!([{ "id": id("Microsoft.Network/applicationSecurityGroups", "web") }]);
    behind.address["applicationSecurityGroups"] = web.clone();
    let to_web = json!({ "protocol": "*", "destinationPortRange": "*", "destinationAddressPrefix": null,
        "destinationApplicationSecurityGroups": web });
    behind.interface_rules = Some(vec![rule(100, "Allow", to_web)]);
    let past = Scene {
        admin_rules: Some(vec![json!({ "kind": "Custom", "id": "/x/rules/a", "properties": {
        "access": "AlwaysAllow", "direction": "Inbound", "priority": 1, "protocol": "Any",
        "sources": [{ "addressPrefix": "0.0.0.0/0" }], "destinations": [{ "addressPrefix": "*" }],
        "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["0-65535"],
    } })]),
        ..Scene::default()
    };
    let wrong: BTreeSet<String> = [rich(), behind, past].iter().flat_map(passes_by_omission).collect();
    assert!(wrong.is_empty(), "{} breaches:\n{}", wrong.len(), wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

fn passes_by_omission(scene: &Scene) -> BTreeSet<String> {
    let snapshot = scene.snapshot();
    let before = verdicts(&snapshot).unwrap();
    assert!(before.values().filter(|state| **state == State::Fail).count() > 5, "{before:?}");
    let mut wrong = BTreeSet::new();
    for (position, record) in snapshot.records().iter().enumerate() {
        let Outcome::Answered(body) = &record.outcome else { continue };
        let value: Value = serde_json::from_slice(body.bytes()).unwrap();
        let mut places = Vec::new();
        fields(&value, "", &mut places);
        for (at, name) in places.into_iter().filter(|(at, name)| !tells(at, name)) {
            let mut value = value.clone();
            value.pointer_mut(&at).and_then(Value::as_object_mut).unwrap().remove(&name);
            let mut records = snapshot.records().to_vec();
            records[position].outcome = Outcome::Answered(Body::of(&value));
            let Some(after) = verdicts(&with_records(records)) else { continue };
            for ((control, subject), state) in &before {
                let now = after.get(&(control.clone(), subject.clone()));
                if *state != State::Pass && now == Some(&State::Pass) {
                    wrong.insert(format!("{} {at}/{name}: {control} for {subject} passes", record.call));
                }
            }
        }
    }
    wrong
}
