//! What recorded answers of the real service taught: one test for each trap.
#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_gcp::call::{ACCOUNT_POLICY, CLUSTERS_LIST, FIREWALLS, INSTANCES, NETWORK_FIREWALLS, PROJECT_POLICY};
use palisade_model::{
    Cluster, Coverage, Gap, IdentityKind, Issuer, KeyOwner, PrincipalKind, PrivatePath, Progress, PublicAccess,
};
use palisade_reach::{Bounds, Protocol};
use serde_json::{Value, json};
use world::{World, any4, nets, policy};

macro_rules! recording {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("recordings/", $name, ".json"))).unwrap()
    };
}

/// The recorded cluster with its surroundings as the tidy world's, as far as they are asked about.
fn recorded(cluster: &Value) -> Cluster {
    World::tidy().cluster(|record| *record = cluster.clone()).only()
}

fn public(cluster: &Cluster) -> &PublicAccess {
    cluster.api.public.get().unwrap()
}

#[test]
fn trap_1_authorized_networks_without_enabled_are_off_whatever_else_they_hold() {
    let cluster = recorded(&recording!("kcc-gke-cluster-minimal"));
    let PublicAccess::Open(door) = public(&cluster) else { panic!("closed") };
    assert_eq!(door.sources, Bounds::exact(any4()));
}

#[test]
fn trap_2_a_public_endpoint_address_means_nothing_when_the_endpoint_is_off() {
    for record in [
        recording!("kcc-gke-cluster-dnsendpoint-ipendpoint"),
        recording!("kcc-gke-cluster-private-masteripv4cidr"),
        recording!("kcc-gke-cluster-private-privateendpointsubnetwork"),
    ] {
        assert!(record["privateClusterConfig"]["publicEndpoint"].is_string());
        let cluster = recorded(&record);
        assert!(matches!(public(&cluster), PublicAccess::Closed { .. }));
        assert!(matches!(cluster.api.private_path.get().unwrap(), PrivatePath::Present { .. }));
    }
}

#[test]
fn trap_3_a_cluster_without_ip_endpoints_can_still_answer_the_internet_by_name() {
    let cluster = recorded(&recording!("kcc-gke-cluster-dnsendpoint-noipendpoint"));
    assert!(matches!(public(&cluster), PublicAccess::Closed { .. }));
    let door = &cluster.api.doors.get().unwrap()[0];
    assert!(matches!(door.kind, palisade_model::DoorKind::DnsEndpoint { external: true, .. }));
}

#[test]
fn trap_4_clusters_from_before_the_current_object_are_read_by_its_predecessors() {
    let list = recording!("c7n-clusters-list-all-locations");
    let body = &list["body"]["clusters"];
    assert!(!body.as_array().unwrap().is_empty());
    for record in body.as_array().unwrap() {
        assert!(record.get("controlPlaneEndpointsConfig").is_none());
        let cluster = recorded(record);
        assert!(cluster.api.public.get().is_ok() && cluster.version.get().is_ok());
        assert_eq!(cluster.encryption.get().unwrap().coverage, Coverage::Nothing);
    }
    let exports = recording!("policylibrary-cai-private-cluster");
    for export in exports.as_array().unwrap() {
        assert!(recorded(&export["resource"]["data"]).api.public.get().is_ok());
    }
}

#[test]
fn trap_5_the_current_state_is_the_fact() {
    let on = recorded(&recording!("kcc-gke-cluster-databaseencryption-all"));
    let encryption = on.encryption.get().unwrap();
    assert_eq!((encryption.coverage, &encryption.progress), (Coverage::Secrets, &Progress::Settled));
    assert!(matches!(encryption.owner, KeyOwner::Customer { .. }));
    let off = recorded(&recording!("kcc-gke-cluster-databaseencryption-decrypted"));
    assert_eq!(off.encryption.get().unwrap().coverage, Coverage::Nothing);
}

#[test]
fn trap_6_a_rule_without_any_source_is_for_every_ipv4_address_unless_it_is_disabled() {
    let mut rule = recording!("kcc-compute-firewall");
    rule["network"] = json!(".../networks/n");
    let mut world = World::tidy();
    world.put(&FIREWALLS, "p", &[], json!({ "items": [rule.clone()] }));
    assert!(world.reach(22).upper().is_empty());
    rule["disabled"] = json!(false);
    world.put(&FIREWALLS, "p", &[], json!({ "items": [rule] }));
    assert_eq!(world.reach(22), Bounds::exact(any4()));
}

#[test]
fn trap_7_effective_firewalls_without_policies_and_with_a_bare_ipv6_source_are_read() {
    let body = recording!("c7n-network-getEffectiveFirewalls")["body"].clone();
    assert!(body.get("firewallPolicys").is_none());
    let mut rules = body["firewalls"].clone();
    for rule in rules.as_array_mut().unwrap() {
        rule["network"] = json!(".../networks/n");
        rule.as_object_mut().unwrap().remove("targetTags");
    }
    let mut world = World::tidy();
    world.put(&NETWORK_FIREWALLS, "p", &[("network", "n")], body);
    world.put(&FIREWALLS, "p", &[], json!({ "items": rules }));
    let reach = world.exposure().internet.map(|packets| packets.sources(Protocol::TCP, 10255));
    // The rule of Google's own that closes the read-only port of kubelets, priority 1000 for everybody outside.
    assert!(reach.is_exact());
    assert!(!reach.lower().contains("198.51.100.1".parse().unwrap()));
}

#[test]
fn trap_8_zones_without_machines_warn_and_are_not_holes() {
    let body = recording!("c7n-instances-aggregated")["body"].clone();
    let mut world = World::tidy();
    world.put(&INSTANCES, "p", &[], body.clone());
    assert!(world.only().pools.get().unwrap()[0].nodes.get().is_ok());
    let mut holed = body;
    holed["items"]["zones/us-central1-a"]["warning"]["code"] = json!("UNREACHABLE");
    world.put(&INSTANCES, "p", &[], holed);
    assert!(world.only().pools.get().unwrap()[0].nodes.gap().is_some());
}

#[test]
fn trap_9_a_policy_with_repeated_roles_everybody_and_a_bare_member_is_read() {
    let body = recording!("c7n-organization-getIamPolicy")["body"].clone();
    let mut world = World::tidy();
    world.role("roles/admin", &["container.clusters.update"]);
    world.put(&PROJECT_POLICY, "p", &[], body);
    let cluster = world.only();
    let minters = cluster.minters.get().unwrap();
    let kind = |name: &str| minters.iter().find(|minter| minter.principal == name).map(|minter| minter.kind);
    assert_eq!(kind("allUsers"), Some(PrincipalKind::Everyone));
    assert_eq!(kind("abcdefg"), Some(PrincipalKind::External));
    assert_eq!(kind("group:dummyGroup1"), Some(PrincipalKind::Group));
    assert_eq!(minters.iter().filter(|minter| minter.principal == "allUsers").count(), 1);
}

#[test]
fn the_recordings_are_the_files_the_manifest_names() {
    let manifest = recording!("MANIFEST");
    assert!(manifest.as_array().unwrap().len() >= 13);
    for entry in manifest.as_array().unwrap() {
        assert!(entry["licence"].is_string() || entry["license"].is_string(), "{entry}");
    }
    assert!(nets(&["0.0.0.0/0"]).contains("192.0.2.1".parse().unwrap()));
}

#[test]
fn a_zone_that_did_not_answer_may_hide_a_cluster_that_shares_the_pool_and_the_machines_account() {
    let bound = policy(&[("roles/iam.workloadIdentityUser", "serviceAccount:p.svc.id.goog[prod/app]")]);
    let mut world = World::tidy();
    world.put(&ACCOUNT_POLICY, "p", &[("account", "a@p.iam.gserviceaccount.com")], bound);
    let issuer = |world: &World| world.only().trusts.get().unwrap().first().unwrap().issuer.clone();
    assert!(matches!(issuer(&world), Issuer::SharedPool { clusters: 1, .. }));
    let dedicated = |world: &World| {
        let cluster = world.only();
        let nodes = cluster.identities.get().unwrap().iter().filter(|one| one.kind == IdentityKind::Node);
        nodes.map(|node| node.dedication.get().cloned()).collect::<Vec<_>>()
    };
    assert!(dedicated(&world).iter().all(Result::is_ok));
    world.put(&CLUSTERS_LIST, "p", &[], json!({ "clusters": [world::cluster()], "missingZones": ["z"] }));
    assert!(matches!(issuer(&world), Issuer::PartlySeenPool { gap: Gap::Unreachable { .. }, .. }));
    assert!(dedicated(&world).iter().all(Result::is_err), "{:?}", dedicated(&world));
}
