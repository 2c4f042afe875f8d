//! Laws of the normalizer: it never panics, never turns silence into an answer, and knows nobody's future fields.

use super::scene::*;
use palisade_aws::{Aws, CALLS, Settings};
use palisade_model::{Cluster, Provider as Cloud};
use palisade_provider::Provider;
use palisade_testkit::SnapshotBuilder;
use proptest::prelude::*;
use serde_json::{Value, json};

fn gaps(cluster: &Cluster) -> Vec<String> {
    let facts = cluster.facts().into_iter().filter_map(|fact| Some(format!("{}: {}", fact.kind.name(), fact.gap?)));
    // Of images a known fact names what of them was not read.
    let images = cluster.vulnerabilities.get().into_iter().flat_map(|told| &told.uncovered);
    facts.chain(images.map(|gap| format!("images: {gap}"))).collect()
}

#[test]
fn an_empty_snapshot_says_nothing() {
    let inventory = Aws::new(Settings::new("test")).normalize(&SnapshotBuilder::new(Cloud::Aws, ACCOUNT).build());
    assert_eq!(inventory.clusters, []);
    assert_eq!(inventory.unseen, []);
}

#[test]
fn the_whole_world_is_known() {
    let mut world = world();
    assert_eq!(gaps(&world.cluster()), Vec::<String>::new());
    with_key(&mut world);
    assert_eq!(gaps(&world.cluster()), Vec::<String>::new());
}

#[test]
fn a_forgotten_call_is_a_gap_and_never_a_better_answer() {
    let mut whole = world();
    with_key(&mut whole);
    for call in CALLS {
        let mut world = whole.clone();
        if !world.asked(call.name) {
            continue;
        }
        world.forget(call.name);
        let inventory = world.inventory();
        let open: usize = inventory.clusters.iter().map(|cluster| gaps(cluster).len()).sum();
        // What widens the answer instead of taking it away is shown where it is modelled.
        let widens = [
            "elasticloadbalancing:DescribeTargetGroups",
            "ec2:DescribeVpcBlockPublicAccessOptions",
            "ec2:DescribeVpcBlockPublicAccessExclusions",
            "elb:DescribeLoadBalancers",
            // Only a pool without machines is asked about by it.
            "ec2:GetEbsEncryptionByDefault",
        ]
        .contains(&call.name);
        let is_seen = call.name != "ec2:DescribeRegions" && !widens;
        assert!(
            open > 0 || !inventory.unseen.is_empty() || !is_seen,
            "{} was forgotten and nothing is missing",
            call.name
        );
    }
}

#[test]
fn a_denied_list_of_clusters_is_unseen() {
    let mut world = world();
    world.deny("eks:ListClusters").forget("eks:DescribeCluster");
    let inventory = world.inventory();
    assert_eq!(inventory.clusters, []);
    assert_eq!(inventory.unseen[0].gap.permission(), Some("eks:ListClusters"));
}

#[test]
fn an_enabled_region_that_was_never_asked_is_unseen() {
    let mut world = world();
    world.put("ec2:DescribeRegions", ACCOUNT, &[], json!({ "AnyResponse": { "regionInfo": [
        { "regionName": "eu-west-1", "optInStatus": "opted-in" }, { "regionName": "eu-west-9", "optInStatus": "opted-in" },
        { "regionName": "me-south-1", "optInStatus": "not-opted-in" },
    ] } }));
    let unseen: Vec<String> = world.inventory().unseen.iter().map(|one| one.scope.to_string()).collect();
    assert_eq!(unseen, ["111122223333/eu-west-9"]);
}

#[test]
fn every_known_fact_says_where_it_was_read() {
    let mut world = world();
    with_key(&mut world);
    let cluster = world.cluster();
    let pools = cluster.pools.get().unwrap();
    let identities = cluster.identities.get().unwrap();
    let mut sources = vec![
        cluster.version.sources(),
        cluster.api.public.sources(),
        cluster.api.private_path.sources(),
        cluster.api.doors.sources(),
        cluster.api.tunnels.sources(),
        cluster.api.private_guard.sources(),
        cluster.pools.sources(),
        cluster.credential.sources(),
        cluster.workload_identity.sources(),
        cluster.identities.sources(),
        cluster.unread_groups.sources(),
        cluster.trusts.sources(),
        cluster.controllers.sources(),
        cluster.minters.sources(),
        cluster.external_trusts.sources(),
        cluster.etcd.sources(),
        cluster.encryption.sources(),
        cluster.key.state.sources(),
        cluster.key.rotation.sources(),
        cluster.key.access.sources(),
        cluster.network.policy_engine.sources(),
        cluster.network.parts.sources(),
        cluster.network.place.sources(),
        cluster.network.private_apis.sources(),
        cluster.network.transit.sources(),
        cluster.network.room.sources(),
        cluster.platform.secret_store.sources(),
        cluster.platform.telemetry.sources(),
    ];
    for pool in pools {
        sources.extend([
            pool.machinery.image.sources(),
            pool.machinery.image_age.sources(),
            pool.machinery.newest.sources(),
            pool.machinery.patching.sources(),
            pool.machinery.boot.sources(),
            pool.machinery.disks.sources(),
            pool.machinery.isolation.sources(),
            pool.machinery.scaling.sources(),
            pool.machinery.room.sources(),
            pool.machinery.flow_logs.sources(),
            pool.nodes.sources(),
            pool.public_addresses.sources(),
            pool.exposure.sources(),
            pool.filters.sources(),
            pool.default_route.sources(),
            pool.egress.sources(),
            pool.interactive.sources(),
            pool.metadata.sources(),
        ]);
    }
    for identity in identities {
        sources.extend([
            identity.standing.sources(),
            identity.dedication.sources(),
            identity.other_trust.sources(),
            identity.keys.sources(),
            identity.unused.sources(),
        ]);
    }
    for (place, found) in sources.iter().enumerate() {
        assert!(!found.is_empty(), "fact {place} rests on nothing");
    }
}

#[test]
fn unknown_fields_and_values_change_nothing_and_hide_nothing() {
    let plain = world();
    let mut odd = world();
    for body in odd.bodies() {
        add_fields(body);
    }
    odd.cluster_body()["status"] = json!("FROBBED");
    odd.cluster_body()["upgradePolicy"] = json!({ "supportType": "FOREVER" });
    let (plain, odd) = (plain.cluster(), odd.cluster());
    assert_eq!(gaps(&odd), gaps(&plain));
    assert_eq!(odd.api.public.get().unwrap(), plain.api.public.get().unwrap());
    assert_eq!(exposures(&odd), exposures(&plain));
}

fn exposures(cluster: &Cluster) -> Vec<palisade_model::Exposure> {
    pool(cluster).exposure.get().unwrap().clone()
}

fn add_fields(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(add_fields),
        Value::Object(fields) => {
            let is_map_of_names = fields.contains_key("team");
            fields.values_mut().for_each(add_fields);
            // The root of an XML answer has one element; `resourcesVpcConfig` and the like are open.
            if !is_map_of_names && !fields.keys().any(|name| name.ends_with("Response")) {
                fields.insert("zzzFieldOfTheFuture".to_owned(), json!({ "deep": [1, "two", null] }));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// Every place in a body.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{here}/{index}"), found);
            }
        }
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            places(field, &format!("{here}/{}", name.replace('~', "~0").replace('/', "~1")), found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

#[derive(Clone, Debug)]
enum Change {
    Drop,
    Set(Value),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Drop),
        Just(Change::Set(Value::Null)),
        Just(Change::Set(json!([]))),
        Just(Change::Set(json!({}))),
        Just(Change::Set(json!([[[]]]))),
        Just(Change::Set(json!(""))),
        Just(Change::Set(json!("*"))),
        Just(Change::Set(json!("0.0.0.0/0"))),
        Just(Change::Set(json!("${aws:PrincipalTag/x}é"))),
        Just(Change::Set(json!(-1))),
        Just(Change::Set(json!(65536))),
        Just(Change::Set(json!(1e300))),
        Just(Change::Set(json!(true))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_however_odd_stops_the_normalizer(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), change in change()) {
        let mut world = world();
        with_key(&mut world);
        let mut bodies = world.bodies();
        let which = which.index(bodies.len());
        let body = &mut *bodies[which];
        let mut all = Vec::new();
        places(body, "", &mut all);
        let pointer = all[at.index(all.len())].clone();
        match (change, pointer.rsplit_once('/')) {
            (Change::Set(value), _) => *body.pointer_mut(&pointer).unwrap() = value,
            (Change::Drop, Some((parent, name))) => match body.pointer_mut(parent).unwrap() {
                Value::Object(fields) => drop(fields.remove(&name.replace("~1", "/").replace("~0", "~"))),
                Value::Array(items) => drop(items.remove(name.parse().unwrap())),
                _ => (),
            },
            (Change::Drop, None) => *body = Value::Null,
        }
        let inventory = world.inventory();
        prop_assert!(inventory.clusters.len() <= 2);
    }
}

#[test]
fn an_answer_without_its_list_is_malformed_and_not_an_empty_list() {
    let mut whole = world();
    with_key(&mut whole);
    let lists = [
        "eks:ListClusters",
        "eks:ListNodegroups",
        "eks:ListFargateProfiles",
        "eks:ListAddons",
        "eks:ListAccessEntries",
        "eks:ListPodIdentityAssociations",
        "eks:ListCapabilities",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "elasticloadbalancing:DescribeLoadBalancers",
        "kms:ListGrants",
    ];
    for name in lists {
        let nothing = match name.split_once(':') {
            Some(("eks" | "kms", _)) => json!({}),
            Some(("ec2", _)) => json!({ "AnyResponse": { "requestId": "1" } }),
            _ => json!({ "AnyResponse": { "AnyResult": null } }),
        };
        for body in [nothing, json!({ "html": { "head": null, "body": "Service unavailable" } })] {
            let mut world = whole.clone();
            *world.body(name) = body.clone();
            let inventory = world.inventory();
            let unseen = inventory.unseen.iter().map(|one| one.gap.to_string());
            let open = inventory.clusters.iter().flat_map(gaps).chain(unseen);
            assert!(open.into_iter().any(|gap| gap.contains(name)), "{name}: {body}");
        }
    }
}
