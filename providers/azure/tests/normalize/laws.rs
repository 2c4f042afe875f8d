//! What holds for every snapshot.

use crate::scene::{SUBSCRIPTION, Scene, assignment, id, role, rule};
use palisade_azure::{TENANT, normalize};
use palisade_model::{Cluster, GapReason, Observed, Provider};
use palisade_provider::{Body, Failure, FailureReason, Outcome, Record, Snapshot};
use palisade_testkit::SnapshotBuilder;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

/// A scene with something of everything.
pub(crate) fn rich() -> Scene {
    let mut scene = Scene::with_rules(vec![
        rule(100, "Allow", json!({})),
        rule(110, "Deny", json!({ "sourceAddressPrefix": "Storage" })),
    ]);
    scene.subnet_rules = Some(vec![rule(100, "Allow", json!({ "protocol": "*", "destinationPortRange": "*" }))]);
    scene.routes = Some(vec![
        json!({ "name": "r", "properties": { "addressPrefix": "203.0.113.0/24", "nextHopType": "VirtualAppliance" } }),
    ]);
    scene.network["virtualNetworkPeerings"] = json!([{ "properties": {
        "peeringState": "Connected", "remoteAddressSpace": { "addressPrefixes": ["10.1.0.0/16"] },
    } }]);
    let issuer = "https://westeurope.oic.prod-aks.azure.com/t/1/";
    let credential = json!({ "name": "f", "properties": { "issuer": issuer, "subject": "system:serviceaccount:a:b", "audiences": ["x"] } });
    scene
        .identities
        .insert(id("Microsoft.ManagedIdentity/userAssignedIdentities", "w"), ("w".to_owned(), vec![credential]));
    scene.cluster["properties"]["oidcIssuerProfile"] = json!({ "enabled": true, "issuerURL": issuer });
    scene.cluster["properties"]["apiServerAccessProfile"] = json!({ "authorizedIPRanges": ["203.0.113.0/24", "AzureCloud"], "enableVnetIntegration": true, "subnetId": crate::scene::SUBNET });
    let policy = crate::scene::node_id("Microsoft.ManagedIdentity/userAssignedIdentities", "policy");
    scene.cluster["properties"]["addonProfiles"] =
        json!({ "azurepolicy": { "enabled": true, "identity": { "objectId": "p", "resourceId": policy } } });
    scene.identities.insert(policy, ("p".to_owned(), Vec::new()));
    scene.roles = vec![role("owner", &["*"], &["Microsoft.Authorization/*/Write"], &["*"])];
    scene.assignments = vec![assignment("w", "owner", &format!("/subscriptions/{SUBSCRIPTION}"))];
    scene.denials = vec![json!({ "id": "/d", "properties": {
        "denyAssignmentName": "d", "scope": "/", "principals": [{ "id": "kubelet" }], "permissions": [{ "actions": ["*/write"] }],
    } })];
    scene
}

pub(crate) fn with_records(records: Vec<Record>) -> Snapshot {
    let now = palisade_testkit::now();
    Snapshot::new("test".to_owned(), Provider::Azure, SUBSCRIPTION.to_owned(), (now, now), records)
}

/// Every fact's value as text, without its evidence; nothing for a gap.
fn values(cluster: &Cluster) -> BTreeMap<String, Option<String>> {
    fn say<T: std::fmt::Debug>(all: &mut BTreeMap<String, Option<String>>, name: String, fact: &Observed<T>) {
        all.insert(name, fact.get().ok().map(|value| format!("{value:?}")));
    }
    let mut all = BTreeMap::new();
    macro_rules! say {
        ($prefix:expr, $from:expr, $($field:ident),*) => {
            $(say(&mut all, format!("{}{}", $prefix, stringify!($field)), &$from.$field);)*
        };
    }
    // Pipelines, backup plans and registries name in their value what of them was not read: they are left out here.
    say!(
        "",
        cluster,
        version,
        credential,
        workload_identity,
        unread_groups,
        trusts,
        controllers,
        minters,
        external_trusts,
        etcd,
        encryption,
        activity,
        audit_store,
        detection,
        recovery,
        backup_safety,
        image_scanning,
        vulnerabilities,
        image_admission
    );
    say!("api.", cluster.api, public, private_path, doors, tunnels, private_guard);
    say!("key.", cluster.key, state, rotation, access);
    for pool in cluster.pools.get().into_iter().flatten() {
        say!(
            format!("{}.", pool.name),
            pool,
            nodes,
            public_addresses,
            exposure,
            filters,
            default_route,
            egress,
            interactive,
            metadata
        );
    }
    for identity in cluster.identities.get().into_iter().flatten() {
        say!(
            format!("{:?}.{}.", identity.kind, identity.name),
            identity,
            standing,
            dedication,
            other_trust,
            keys,
            unused
        );
    }
    all
}

fn only(snapshot: &Snapshot) -> Cluster {
    normalize(snapshot).clusters.into_iter().next().unwrap()
}

#[test]
fn the_rich_scene_is_rich() {
    let known = values(&rich().read()).values().filter(|value| value.is_some()).count();
    assert!(known > 35, "{known}");
}

#[test]
fn an_empty_snapshot_has_no_clusters_and_says_that_it_saw_none() {
    let inventory = normalize(&SnapshotBuilder::new(Provider::Azure, SUBSCRIPTION).build());
    assert_eq!(inventory.clusters, []);
    assert_eq!(inventory.unseen[0].gap.reason(), GapReason::NotCollected);
    let discovery = normalize(&SnapshotBuilder::new(Provider::Azure, TENANT).build());
    assert_eq!((discovery.clusters.len(), discovery.unseen.len()), (0, 0));
}

#[test]
fn a_record_that_failed_takes_facts_away_and_never_changes_one() {
    let snapshot = rich().snapshot();
    let whole = values(&only(&snapshot));
    for position in 0..snapshot.records().len() {
        let mut records = snapshot.records().to_vec();
        let call = records[position].call.to_string();
        if call == "ManagedClusters_List" {
            continue;
        }
        for outcome in [Some(Outcome::Failed(Failure::new(FailureReason::Denied, "no"))), None] {
            match outcome {
                Some(outcome) => records[position].outcome = outcome,
                None => drop(records.remove(position)),
            }
            let blinded = values(&only(&with_records(records.clone())));
            let mut lost = 0;
            for (name, value) in &whole {
                match blinded.get(name) {
                    None | Some(None) => lost += usize::from(value.is_some()),
                    Some(now) => assert_eq!(now, value, "{name} without {call}"),
                }
            }
            assert!(
                lost > 0 || call == "PublicIPAddresses_ListVirtualMachineScaleSetPublicIPAddresses",
                "{call} is not needed"
            );
        }
    }
}

#[test]
fn fields_that_nobody_knows_yet_change_nothing() {
    fn grow(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(grow),
            Value::Object(fields) => {
                fields.values_mut().for_each(grow);
                fields.insert("fieldOfNextYear".to_owned(), json!({ "enabled": [1, null] }));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let snapshot = rich().snapshot();
    let mut records = snapshot.records().to_vec();
    for record in &mut records {
        let Outcome::Answered(body) = &record.outcome else { continue };
        let mut value: Value = serde_json::from_slice(body.bytes()).unwrap();
        grow(&mut value);
        // These are maps by name: a new name there is a new thing.
        for map in ["addonProfiles", "identityProfile"] {
            let map = value.pointer_mut(&format!("/value/0/properties/{map}")).and_then(Value::as_object_mut);
            if let Some(map) = map {
                map.remove("fieldOfNextYear");
            }
        }
        record.outcome = Outcome::Answered(Body::of(&value));
    }
    assert_eq!(values(&only(&with_records(records))), values(&only(&snapshot)));
}

#[test]
fn words_that_nobody_knows_yet_are_unknown_and_not_a_default() {
    let with = |field: &str, value: Value| Scene::with_properties(json!({ field: value })).read();
    assert!(with("publicNetworkAccess", json!("SecuredByPerimeter")).api.public.gap().is_some());
    let pool = json!([{ "name": "pool1", "vnetSubnetID": crate::scene::SUBNET, "securityProfile": { "sshAccess": "Quantum" } }]);
    let cluster = with("agentPoolProfiles", pool);
    assert!(cluster.pools.get().unwrap()[0].interactive.gap().is_some());
    let odd = Scene::with_rules(vec![rule(100, "Perhaps", json!({}))]);
    assert_eq!(odd.pool().exposure.gap().unwrap().reason(), GapReason::Malformed);
    let odd = Scene::with_rules(vec![rule(100, "Allow", json!({ "protocol": "Quic" }))]);
    assert!(!odd.ssh().is_exact());
}

/// Walks to a place of a value and changes it there.
fn mutate(value: &mut Value, steps: &[usize], how: u8) {
    let Some((step, rest)) = steps.split_first() else {
        *value = match how % 6 {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-7),
            3 => json!("odd"),
            4 => json!([]),
            _ => json!({}),
        };
        return;
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let place = step % items.len();
            if rest.is_empty() && how >= 6 {
                items.remove(place);
            } else {
                mutate(&mut items[place], rest, how);
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(step % fields.len()).unwrap().clone();
            if rest.is_empty() && how >= 6 {
                fields.remove(&name);
            } else {
                mutate(&mut fields[&name], rest, how);
            }
        }
        other => mutate(other, &[], how),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_however_odd_makes_the_normalizer_fall_over(
        place in any::<prop::sample::Index>(),
        steps in prop::collection::vec(0_usize..40, 1..9),
        how in 0_u8..10,
    ) {
        static RICH: LazyLock<Snapshot> = LazyLock::new(|| rich().snapshot());
        let mut records = RICH.records().to_vec();
        let position = place.index(records.len());
        let Outcome::Answered(body) = &records[position].outcome else { return Ok(()) };
        let mut value: Value = serde_json::from_slice(body.bytes()).unwrap();
        mutate(&mut value, &steps, how);
        records[position].outcome = Outcome::Answered(Body::of(&value));
        let inventory = normalize(&with_records(records));
        // An empty list, or `null` for one.
        let removed = value.get("value").is_some_and(|list| list.is_null() || list.as_array().is_some_and(Vec::is_empty));
        prop_assert!(removed || inventory.clusters.len() + inventory.unseen.len() == 1);
    }
}
