//! Images, records of traffic, headroom and the cluster's network: from an answer to a verdict.

use crate::scene::{SUBNET, SUBSCRIPTION, Scene, cluster_id, id, judged};
use palisade_azure::{FLOW_LOGS, NETWORK_WATCHERS, UPGRADE_PROFILE, normalize};
use palisade_engine::State;
use palisade_model::{Cluster, FlowLogs, Newest};
use palisade_provider::{Failure, FailureReason};
use palisade_testkit::SnapshotBuilder;
use serde_json::{Value, json};

const WATCHER: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/w";
const OLD: &str = "AKSUbuntu-2204gen2containerd-202607.01.0";

/// The scene with fields of its pool.
fn with_pool(fields: Value) -> Scene {
    let mut scene = Scene::default();
    let pool = &mut scene.cluster["properties"]["agentPoolProfiles"][0];
    for (name, value) in fields.as_object().unwrap() {
        pool[name] = value.clone();
    }
    scene
}

fn read(builder: SnapshotBuilder) -> Cluster {
    normalize(&builder.build()).clusters.into_iter().next().unwrap()
}

fn state(cluster: &Cluster, control: &str) -> State {
    judged(cluster, control).remove(0).1
}

fn of_pool() -> [(&'static str, String); 2] {
    [("cluster", cluster_id().to_ascii_lowercase()), ("pool", "pool1".to_owned())]
}

fn upgrades(builder: SnapshotBuilder, newest: &str) -> SnapshotBuilder {
    let of = of_pool();
    let params: Vec<(&str, &str)> = of.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = json!({ "properties": { "latestNodeImageVersion": newest } });
    builder.answer(&UPGRADE_PROFILE, SUBSCRIPTION, &params, body)
}

#[test]
fn an_old_image_fails_unless_it_is_the_newest_and_is_unknown_where_nobody_was_told_which_that_is() {
    let scene = with_pool(json!({ "nodeImageVersion": OLD }));
    let behind = read(upgrades(scene.builder(), "AKSUbuntu-2204gen2containerd-202611.05.0"));
    assert!(matches!(behind.pools.get().unwrap()[0].machinery.newest.get(), Ok(Newest::Behind { .. })));
    assert_eq!(state(&behind, "ND-10"), State::Fail);
    assert_eq!(state(&read(upgrades(scene.builder(), OLD)), "ND-10"), State::Pass);
    let of = of_pool();
    let params: Vec<(&str, &str)> = of.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let denied = Failure::new(FailureReason::Denied, "no").status(403);
    let denied = read(scene.builder().failure(&UPGRADE_PROFILE, SUBSCRIPTION, &params, denied));
    assert_eq!(state(&denied, "ND-10"), State::Unknown);
    let young = with_pool(json!({ "nodeImageVersion": "AKSUbuntu-2204gen2containerd-202611.05.0" }));
    assert_eq!(state(&read(young.builder()), "ND-10"), State::Pass);
}

#[test]
fn a_log_of_the_network_the_subnet_or_its_guard_counts_and_one_that_is_off_does_not() {
    let mut scene = Scene { subnet_rules: Some(Vec::new()), ..Scene::default() };
    scene.cluster["properties"]["agentPoolProfiles"][0]["vnetSubnetID"] = json!(SUBNET);
    let with = |target: &str, enabled: bool| {
        let log = json!({ "id": format!("{WATCHER}/flowLogs/l"), "name": "l", "properties": {
            "targetResourceId": target, "enabled": enabled,
        } });
        let builder = scene
            .builder()
            .answer(&NETWORK_WATCHERS, SUBSCRIPTION, &[], json!({ "value": [{ "id": WATCHER, "name": "w" }] }))
            .answer(&FLOW_LOGS, SUBSCRIPTION, &[("watcher", &WATCHER.to_ascii_lowercase())], json!({ "value": [log] }));
        read(builder).pools.get().unwrap()[0].machinery.flow_logs.get().unwrap().clone()
    };
    let network = id("Microsoft.Network/virtualNetworks", "vnet");
    let guard = id("Microsoft.Network/networkSecurityGroups", "subnet-nsg");
    for target in [network.as_str(), SUBNET, guard.as_str()] {
        assert_eq!(with(target, true), FlowLogs::On { by: vec!["l".to_owned()] }, "{target}");
        assert!(matches!(with(target, false), FlowLogs::Off { .. }), "{target}");
    }
    assert!(matches!(with("/subscriptions/s/resourceGroups/g/other", true), FlowLogs::Off { .. }));
}

#[test]
fn logs_of_a_region_that_could_not_be_read_leave_the_question_open() {
    let scene = Scene::default();
    let watchers = scene.builder().answer(
        &NETWORK_WATCHERS,
        SUBSCRIPTION,
        &[],
        json!({ "value": [{ "id": WATCHER, "name": "w" }] }),
    );
    assert_eq!(state(&read(watchers), "OB-05"), State::Unknown);
    assert_eq!(state(&read(scene.builder()), "OB-05"), State::Unknown);
    let none = scene.builder().answer(&NETWORK_WATCHERS, SUBSCRIPTION, &[], json!({ "value": [] }));
    assert_eq!(state(&read(none), "OB-05"), State::Fail);
}

#[test]
fn a_flat_network_keeps_addresses_for_every_pod() {
    let most = |plugin_mode: &str| {
        let mut scene = with_pool(json!({ "count": 100, "maxPods": 250, "enableAutoScaling": false }));
        let profile =
            json!({ "networkPlugin": "azure", "networkPluginMode": plugin_mode, "outboundType": "loadBalancer" });
        scene.cluster["properties"]["networkProfile"] = profile;
        let rooms = read(scene.builder()).pools.get().unwrap()[0].machinery.room.get().unwrap().clone();
        (rooms[0].used, rooms[0].limit)
    };
    // A /16 without the five that Azure keeps.
    assert_eq!(most("overlay"), (100, 65_531));
    assert_eq!(most(""), (25_100, 65_531));
}
