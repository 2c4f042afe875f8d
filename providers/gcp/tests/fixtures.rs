//! The rows of the conformance corpus that are Google's.
#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_engine::{Context, Policy, State, evaluate};
use palisade_model::{Coverage, Dedication, DoorKind, EntryKind, FactKind, IdentityKind, KeyOwner, PublicAccess};
use palisade_reach::{Bounds, Family};
use serde_json::json;
use world::{DEFAULT, World, any4, now};

/// What a control says of the cluster; of several parts, their sum.
fn verdict(world: &World, control: &str) -> State {
    let context = Context { policy: &Policy::default(), now: now() };
    let judged = evaluate(&world.only(), &palisade_controls::controls(), &context);
    judged.findings.iter().find(|finding| finding.control.id == control).unwrap().state
}

#[test]
fn g1_authorized_networks_that_list_everything_are_open() {
    let mut world = World::tidy();
    world.cluster(|cluster| {
        let ip = &mut cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"];
        ip["enablePublicEndpoint"] = json!(true);
        ip["authorizedNetworksConfig"]["cidrBlocks"] = json!([{ "cidrBlock": "0.0.0.0/0" }]);
    });
    let cluster = world.only();
    let PublicAccess::Open(door) = cluster.api.public.get().unwrap() else { panic!("closed") };
    assert_eq!(door.sources, Bounds::exact(any4()));
    assert!(matches!(door.entries.as_slice(), [entry] if matches!(entry.kind, EntryKind::Range(_))));
    assert_eq!((verdict(&world, "CP-01"), verdict(&world, "CP-02")), (State::Fail, State::Fail));
}

#[test]
fn g2_the_default_account_is_seen_on_the_second_pool_too() {
    let mut world = World::tidy();
    world.cluster(|cluster| {
        let pools = cluster["nodePools"].as_array_mut().unwrap();
        pools.push(json!({ "name": "second", "config": { "serviceAccount": "default" } }));
    });
    world.bind(&[("roles/editor", &format!("serviceAccount:{DEFAULT}"))]);
    let cluster = world.only();
    let identities = cluster.identities.get().unwrap();
    let default = identities.iter().find(|identity| identity.id.as_str() == DEFAULT).unwrap();
    assert_eq!(default.kind, IdentityKind::Node);
    assert_eq!(default.used_by, ["node pool second"]);
    let expected = Dedication::Default { name: DEFAULT.to_owned(), broad: Some("roles/editor".to_owned()) };
    assert_eq!(default.dedication.get(), Ok(&expected));
    let own = identities.iter().find(|identity| identity.id.as_str().starts_with("n@p")).unwrap();
    assert_eq!(own.dedication.get(), Ok(&Dedication::Dedicated));
    assert_eq!((verdict(&world, "ID-04"), verdict(&World::tidy(), "ID-04")), (State::Fail, State::Pass));
}

#[test]
fn g3_a_dns_endpoint_that_takes_outside_traffic_is_a_door_although_there_is_no_ip_endpoint() {
    let mut world = World::tidy();
    world.cluster(|cluster| {
        cluster["controlPlaneEndpointsConfig"] = json!({
            "ipEndpointsConfig": { "enabled": false },
            "dnsEndpointConfig": { "endpoint": "gke-1.gke.goog", "allowExternalTraffic": true },
        });
    });
    let cluster = world.only();
    assert!(matches!(cluster.api.public.get().unwrap(), PublicAccess::Closed { .. }));
    let doors = cluster.api.doors.get().unwrap();
    let expected = DoorKind::DnsEndpoint {
        external: true,
        cluster_tokens: false,
        client_certificates: false,
        gate: "container.clusters.connect",
    };
    assert_eq!(doors[0].kind, expected);
    // Google's own hardening guide asks for it: reachable by name, through IAM alone.
    let said = ["CP-01", "CP-03", "CP-06"].map(|control| verdict(&world, control));
    assert_eq!(said, [State::Pass, State::Pass, State::Pass]);
    world.cluster(|cluster| {
        cluster["controlPlaneEndpointsConfig"] = json!({
            "ipEndpointsConfig": { "enabled": false },
            "dnsEndpointConfig": { "allowExternalTraffic": true, "enableK8sTokensViaDns": true },
        });
    });
    assert_eq!(verdict(&world, "CP-06"), State::Fail);
}

#[test]
fn g4_encryption_workload_identity_and_node_account_are_all_evaluated() {
    let mut world = World::tidy();
    world.cluster(|cluster| {
        cluster["databaseEncryption"] = json!({ "state": 3, "currentState": 8 });
    });
    let cluster = world.only();
    let encryption = cluster.encryption.get().unwrap();
    assert_eq!((encryption.coverage, &encryption.owner), (Coverage::AllObjects, &KeyOwner::Provider));
    assert!(cluster.workload_identity.get().is_ok());
    // The project does not scan its images, so nobody knows what is wrong with them.
    for fact in cluster.facts().into_iter().filter(|fact| fact.kind != FactKind::Vulnerabilities) {
        assert_eq!(fact.gap, None, "{:?}", fact.kind);
    }
}

/// CIS GKE 5.6.3 to 5.6.5: authorized networks, private endpoint, private nodes.
#[test]
fn g4_what_a_cluster_does_about_its_network_can_fail_and_pass() {
    let tidy = ["CP-01", "CP-03"].map(|control| verdict(&World::tidy(), control));
    assert_eq!(tidy, [State::Pass, State::Pass]);
    let mut world = World::tidy();
    world.put(&palisade_gcp::call::INSTANCES, "p", &[], world::instances(&world::node(false, false)));
    assert_eq!(verdict(&world, "ND-01"), State::Pass);
    world.put(&palisade_gcp::call::INSTANCES, "p", &[], world::instances(&world::node(true, false)));
    world.cluster(|cluster| {
        cluster["nodePools"][0]["networkConfig"]["enablePrivateNodes"] = json!(false);
        let ip = &mut cluster["controlPlaneEndpointsConfig"]["ipEndpointsConfig"];
        ip["enablePublicEndpoint"] = json!(true);
        ip["authorizedNetworksConfig"] = json!({});
    });
    let open = ["CP-01", "CP-03", "ND-01"].map(|control| verdict(&world, control));
    assert_eq!(open, [State::Fail, State::Fail, State::Fail]);
}

#[test]
fn f1_a_deny_of_higher_priority_closes_and_so_does_a_disabled_rule() {
    let mut world = World::tidy();
    let open = json!({ "name": "open", "priority": 1000, "sourceRanges": ["0.0.0.0/0"],
        "allowed": [{ "IPProtocol": "tcp", "ports": ["22"] }] });
    world.firewalls(json!([open.clone()]));
    assert_eq!(world.reach(22), Bounds::exact(any4()));
    assert_eq!(verdict(&world, "ND-02"), State::Fail);
    let deny = json!({ "name": "deny", "priority": 900, "sourceRanges": ["0.0.0.0/0"],
        "denied": [{ "IPProtocol": "tcp", "ports": ["22"] }] });
    world.firewalls(json!([open.clone(), deny]));
    assert!(world.reach(22).upper().is_empty());
    assert_eq!(verdict(&world, "ND-02"), State::Pass);
    let mut disabled = open;
    disabled["disabled"] = json!(true);
    world.firewalls(json!([disabled]));
    assert!(world.reach(22).upper().is_empty());
    assert_eq!(verdict(&world, "ND-02"), State::Pass);
}

#[test]
fn f2_a_source_of_every_ipv6_address_opens_ipv6_and_nothing_else() {
    let mut world = World::tidy();
    world.put(&palisade_gcp::call::INSTANCES, "p", &[], world::instances(&world::node(true, true)));
    world.firewalls(json!([{ "name": "open6", "sourceRanges": ["::/0"],
        "allowed": [{ "IPProtocol": "tcp", "ports": ["22"] }] }]));
    let reach = world.reach(22);
    assert!(reach.is_exact());
    assert!(reach.lower().covers_any(Family::V6, &world.exposure().local));
    assert!(reach.lower().family(Family::V4).is_empty());
    assert_eq!(verdict(&world, "ND-02"), State::Fail);
}
