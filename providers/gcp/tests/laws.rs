//! What holds for every snapshot: nothing is known that was not read, and no record breaks the normalizer.
#![expect(clippy::unwrap_used, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_authority::Certainty;
use palisade_gcp::{CALLS, Gcp, Settings, call};
use palisade_model::{Exposure, FactKind, Gap, Inventory};
use palisade_provider::{Failure, FailureReason, Outcome, Provider, Record, Snapshot};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};
use world::{World, now, policy};

/// A world in which every call that rests on something is made: a key, a fleet, federated workloads, public nodes.
fn full() -> World {
    let mut world = World::tidy();
    let key = "projects/k/locations/l/keyRings/r/cryptoKeys/c";
    world.cluster(|cluster| {
        cluster["databaseEncryption"] = json!({ "state": 1, "currentState": 7, "keyName": key });
        cluster["fleet"] =
            json!({ "project": "p", "membership": "//gkehub.googleapis.com/projects/42/locations/l/memberships/c" });
        cluster["addonsConfig"] = json!({ "configConnectorConfig": { "enabled": true } });
        let pools = cluster["nodePools"].as_array_mut().unwrap();
        pools.push(json!({ "name": "second", "config": { "serviceAccount": "default", "imageType": "COS_CONTAINERD" }, "version": "1.33.4-gke.100",
            "status": "RUNNING", "upgradeSettings": { "strategy": "SURGE", "maxSurge": 1 } }));
    });
    // Images are scanned, and nothing watches: of what is on, nobody knows whether it does.
    let services = json!([
        { "name": "projects/42/services/containerscanning.googleapis.com", "state": 2 },
        { "name": "projects/42/services/containerthreatdetection.googleapis.com", "state": 1 },
    ]);
    world.put(&call::SERVICES, "p", &[], json!({ "services": services }));
    let looked_at = json!({ "resourceUri": "i", "discovery": { "continuousAnalysis": 1, "analysisStatus": 3 } });
    world.put(&call::OCCURRENCES, "p", &[("kind", "DISCOVERY")], json!({ "occurrences": [looked_at] }));
    world.put(&call::OCCURRENCES, "p", &[("kind", "VULNERABILITY")], json!({}));
    // Something that what is not read may keep out, or let in elsewhere.
    world.firewalls(json!([{ "name": "ssh", "sourceRanges": ["0.0.0.0/0"], "allowed": [{ "IPProtocol": "tcp", "ports": ["22"] }] }]));
    let robot = "serviceAccount:service-42@container-engine-robot.iam.gserviceaccount.com";
    world.put(&call::KEY_GET, "k", &[("key", key)], json!({ "primary": { "state": 1 }, "rotationPeriod": "7776000s" }));
    world.put(
        &call::KEY_POLICY,
        "k",
        &[("key", key)],
        policy(&[("roles/cloudkms.cryptoKeyEncrypterDecrypter", robot)]),
    );
    world.put(&call::KEY_RING_POLICY, "k", &[("ring", "projects/k/locations/l/keyRings/r")], json!({}));
    world.put(&call::PROJECTS_GET, "k", &[], json!({ "name": "projects/77", "parent": "folders/7" }));
    world.put(&call::PROJECT_POLICY, "k", &[], policy(&[("roles/owner", "user:keeper@x.example")]));
    world.put(&call::DENY_POLICIES, "k", &[], json!({}));
    world.bind(&[
        ("roles/container.serviceAgent", robot),
        ("roles/container.admin", "group:platform@x.example"),
        ("roles/gkehub.gatewayAdmin", "user:ops@x.example"),
        ("roles/editor", "serviceAccount:42-compute@developer.gserviceaccount.com"),
    ]);
    let bound = policy(&[("roles/iam.workloadIdentityUser", "serviceAccount:p.svc.id.goog[prod/app]")]);
    world.put(&call::ACCOUNT_POLICY, "p", &[("account", "a@p.iam.gserviceaccount.com")], bound);
    world.put(&call::DENY_POLICIES, "folders/7", &[], json!({ "policies": [{ "name": "policies/x/denypolicies/d" }] }));
    world.put(
        &call::DENY_POLICY,
        "folders/7",
        &[("policy", "policies/x/denypolicies/d")],
        json!({ "rules": [{ "denyRule": {} }] }),
    );
    world
}

/// Those that are missing, and those of which a call that was not answered leaves something open: what the others prove
/// stands.
fn doubtful(inventory: &Inventory, call: &str) -> BTreeSet<FactKind> {
    let mut found = missing(inventory);
    let pools = inventory.clusters.iter().flat_map(|cluster| cluster.pools.get().into_iter().flatten());
    let open = |exposure: &Exposure| {
        let exact = exposure.internet.is_exact() && exposure.inside.is_exact();
        !exact && exposure.limits.iter().any(|limit| limit.contains(call))
    };
    if pools.flat_map(|pool| pool.exposure.get().into_iter().flatten()).any(open) {
        found.insert(FactKind::Exposure);
    }
    let hangs = |certainty: &Certainty| match certainty {
        Certainty::Certain => false,
        Certainty::Conditional(on) => on.iter().any(|what| what.contains(call)),
    };
    for cluster in &inventory.clusters {
        if cluster.minters.get().into_iter().flatten().any(|minter| hangs(&minter.certainty)) {
            found.insert(FactKind::Minters);
        }
        if cluster.pipelines.get().is_ok_and(|one| one.unread.iter().any(|unread| unread.contains(call))) {
            found.insert(FactKind::Pipelines);
        }
        if cluster.vulnerabilities.get().is_ok_and(|one| one.uncovered.iter().any(|gap| gap.call() == Some(call))) {
            found.insert(FactKind::Vulnerabilities);
        }
        if cluster.access.administrators.get().into_iter().flatten().any(|one| hangs(&one.certainty)) {
            found.insert(FactKind::Administrators);
        }
        let standings = cluster.identities.get().into_iter().flatten().filter_map(|one| one.standing.get().ok());
        if standings.filter_map(|standing| standing.administrator.as_ref()).any(|(certainty, _)| hangs(certainty)) {
            found.insert(FactKind::Standing);
        }
    }
    found
}

fn missing(inventory: &Inventory) -> BTreeSet<FactKind> {
    let facts = inventory.clusters.iter().flat_map(palisade_model::Cluster::facts);
    facts.filter(|fact| fact.gap.is_some()).map(|fact| fact.kind).collect()
}

#[test]
fn everything_is_known_where_everything_was_read() {
    assert_eq!(missing(&full().inventory()), BTreeSet::new());
}

#[test]
fn an_empty_snapshot_holds_no_cluster() {
    let records = Vec::new();
    let snapshot =
        Snapshot::new("t".to_owned(), palisade_model::Provider::Gcp, "p".to_owned(), (now(), now()), records);
    assert_eq!(Gcp::new(Settings::new("t")).normalize(&snapshot), Inventory::default());
}

#[test]
fn a_refused_call_hides_what_it_feeds_and_nothing_else() {
    let discovery = [
        "cloudasset.searchAllResources",
        call::PROJECTS_SEARCH.name,
        call::PROJECTS_LIST.name,
        call::FOLDERS_LIST.name,
    ];
    for call in CALLS.iter().filter(|call| !discovery.contains(&call.name) && call.name != call::CLUSTERS_LIST.name) {
        let mut world = full();
        world.fail(call, FailureReason::Denied);
        let hidden = doubtful(&world.inventory(), call.name);
        assert!(!hidden.is_empty(), "{} feeds nothing", call.name);
        let fed: BTreeSet<FactKind> = call.feeds.iter().copied().collect();
        let undeclared: Vec<_> = hidden.difference(&fed).collect();
        assert!(undeclared.is_empty(), "{} also hides {undeclared:?}", call.name);
        // Facts inside a hidden list of identities are gone with it.
        let inner = [FactKind::Standing, FactKind::Dedication, FactKind::OtherTrust, FactKind::Keys, FactKind::Unused];
        let kept: Vec<_> = fed
            .difference(&hidden)
            .filter(|kind| !(hidden.contains(&FactKind::Identities) && inner.contains(kind)))
            .collect();
        assert!(kept.is_empty(), "{} does not hide {kept:?}", call.name);
    }
}

#[test]
fn a_gap_names_the_call_and_the_permission_that_would_close_it() {
    let mut world = full();
    world.fail(&call::FIREWALLS, FailureReason::Denied);
    let cluster = world.only();
    let gap = cluster.pools.get().unwrap().iter().find_map(|pool| pool.exposure.gap()).unwrap().clone();
    assert_eq!(gap.permission(), Some("compute.firewalls.list"));
    assert_eq!(gap.call(), Some("compute.firewalls.list"));
}

#[test]
fn a_refused_list_of_clusters_is_an_unseen_project_and_a_switched_off_api_is_an_empty_one() {
    let unseen = |failure: Failure| {
        let record = Record {
            call: Arc::from(call::CLUSTERS_LIST.name),
            scope: Arc::from("p"),
            params: palisade_provider::Params::new(),
            page: 0,
            last: true,
            at: now(),
            exchange: None,
            outcome: Outcome::Failed(failure),
        };
        let snapshot =
            Snapshot::new("t".to_owned(), palisade_model::Provider::Gcp, "p".to_owned(), (now(), now()), vec![record]);
        Gcp::new(Settings::new("t")).normalize(&snapshot).unseen.len()
    };
    assert_eq!(unseen(Failure::new(FailureReason::Denied, "no")), 1);
    let off = || Failure::new(FailureReason::Unsupported, "off");
    assert_eq!(unseen(off().code(call::SERVICE_DISABLED)), 0);
    assert_eq!(unseen(off().code(call::SERVICE_DISABLED_ELSEWHERE)), 1);
    assert_eq!(unseen(off()), 1);
}

#[test]
fn zones_that_did_not_answer_are_unseen_and_the_others_are_read() {
    let mut world = World::tidy();
    world.put(
        &call::CLUSTERS_LIST,
        "p",
        &[],
        json!({ "clusters": [world::cluster()], "missingZones": ["europe-west1-d"] }),
    );
    let inventory = world.inventory();
    assert_eq!(inventory.clusters.len(), 1);
    let [unseen] = inventory.unseen.as_slice() else { panic!("{:?}", inventory.unseen) };
    assert_eq!(unseen.scope.as_str(), "p/europe-west1-d");
    assert!(matches!(unseen.gap, Gap::Unreachable { .. }));
}

#[test]
fn a_cluster_that_cannot_be_read_does_not_hide_its_neighbour() {
    let mut odd = world::cluster();
    odd["name"] = json!("odd");
    odd["nodePools"] = json!("surprise");
    let mut world = World::tidy();
    world.put(&call::CLUSTERS_LIST, "p", &[], json!({ "clusters": [odd, world::cluster()] }));
    let clusters = world.inventory().clusters;
    let readable: Vec<(&str, bool)> =
        clusters.iter().map(|cluster| (cluster.name.as_str(), cluster.version.get().is_ok())).collect();
    assert_eq!(readable, [("c", true), ("odd", false)]);
}

#[test]
fn a_machine_replaced_by_another_changes_no_identity_of_a_pool() {
    let before = World::tidy().only();
    let mut world = World::tidy();
    let mut other = world::node(true, false);
    other["id"] = json!("2002");
    other["name"] = json!("gke-c-pool-1");
    world.put(&call::INSTANCES, "p", &[], world::instances(&other));
    let after = world.only();
    let ids = |cluster: &palisade_model::Cluster| -> Vec<String> {
        cluster.pools.get().unwrap().iter().map(|pool| pool.id.to_string()).collect()
    };
    assert_eq!(ids(&before), ids(&after));
}

#[test]
fn unknown_fields_and_values_change_nothing_that_is_known() {
    let before = full();
    let mut after = full();
    for body in after.bodies() {
        sprinkle(body);
    }
    assert_eq!(missing(&after.inventory()), BTreeSet::new());
    let facts = |world: &World| world.only().facts().len();
    assert_eq!(facts(&before), facts(&after));
}

/// Adds a field nobody knows to every object that is no map of names.
fn sprinkle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_map = fields.keys().any(|key| key.contains('/') || key == "team" || key.starts_with("goog-"));
            fields.values_mut().for_each(sprinkle);
            if !is_map {
                fields.insert("futureField".to_owned(), json!({ "deep": [1, "x", null] }));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sprinkle),
        _ => (),
    }
}

/// One change at a place that a number picks: a field dropped, nulled or of another type.
fn mutate(value: &mut Value, place: &mut usize, kind: u8) -> bool {
    if *place == 0 {
        *value = match kind {
            0 => Value::Null,
            1 => json!("surprise"),
            2 => json!(-7),
            3 => json!([[]]),
            4 => json!(true),
            _ => json!({ "surprise": {} }),
        };
        return true;
    }
    *place -= 1;
    match value {
        Value::Object(fields) => fields.values_mut().any(|field| mutate(field, place, kind)),
        Value::Array(items) => items.iter_mut().any(|item| mutate(item, place, kind)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_a_record_makes_the_normalizer_stop(which in 0usize..64, place in 0usize..120, kind in 0u8..6) {
        let mut world = full();
        let mut place = place;
        if let Some(body) = world.bodies().nth(which) {
            mutate(body, &mut place, kind);
        }
        let inventory = world.inventory();
        prop_assert!(inventory.clusters.len() + inventory.unseen.len() <= 2);
    }
}
