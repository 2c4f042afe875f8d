//! Images, boot, headroom, records of traffic and the cluster's network: from an answer to a verdict.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop where it fails")]

#[path = "support/world.rs"]
mod world;

use palisade_engine::{Context, Policy, State, evaluate};
use palisade_gcp::call;
use serde_json::{Value, json};
use world::{World, now};

fn verdict(world: &World, control: &str) -> State {
    let context = Context { policy: &Policy::default(), now: now() };
    let judged = evaluate(&world.only(), &palisade_controls::controls(), &context);
    judged.findings.iter().find(|finding| finding.control.id == control).unwrap().state
}

/// The tidy project with its cluster changed.
fn with(change: impl FnOnce(&mut Value)) -> World {
    let mut world = World::tidy();
    world.cluster(change);
    world
}

/// The tidy project with its subnetwork changed.
fn with_subnetwork(fields: &Value) -> World {
    let mut world = World::tidy();
    let mut subnetwork = json!({
        "name": "s", "network": ".../networks/n", "region": ".../regions/europe-west1", "ipCidrRange": "10.0.0.0/20",
    });
    for (name, value) in fields.as_object().unwrap() {
        subnetwork[name] = value.clone();
    }
    let body = json!({ "items": { "regions/europe-west1": { "subnetworks": [subnetwork] } } });
    world.put(&call::SUBNETWORKS, "p", &[], body);
    world
}

#[test]
fn a_tidy_cluster_passes_what_can_be_told_of_it() {
    let world = World::tidy();
    for control in ["ND-09", "ND-11", "ND-12", "ND-13", "NW-01", "NW-03", "NW-04", "OB-03", "OB-05", "SC-01", "SC-02"] {
        assert_eq!(verdict(&world, control), State::Pass, "{control}");
    }
    assert_eq!(verdict(&world, "ND-10"), State::Unknown);
    assert_eq!(verdict(&world, "NW-05"), State::NotApplicable);
    assert_eq!(verdict(&world, "WL-09"), State::AttestMissing);
}

#[test]
fn each_bad_setting_fails_its_own_control() {
    type Row = (&'static str, fn(&mut Value));
    let rows: &[Row] = &[
        ("ND-09", |cluster| cluster["nodePools"][0]["config"]["imageType"] = json!("COS")),
        ("ND-11", |cluster| cluster["nodePools"][0]["management"] = json!({})),
        ("ND-12", |cluster| cluster["nodePools"][0]["config"]["shieldedInstanceConfig"] = json!({})),
        ("ND-14", |cluster| cluster["labels"] = json!({})),
        ("NW-01", |cluster| cluster["networkConfig"]["datapathProvider"] = json!("LEGACY_DATAPATH")),
        ("NW-04", |cluster| cluster["ipAllocationPolicy"] = json!({ "defaultPodIpv4RangeUtilization": 0.1 })),
        ("SC-01", |cluster| cluster["nodePools"][0]["autoscaling"] = json!({})),
        ("SC-02", |cluster| cluster["ipAllocationPolicy"]["defaultPodIpv4RangeUtilization"] = json!(0.93)),
    ];
    for (control, change) in rows {
        assert_eq!(verdict(&with(change), control), State::Fail, "{control}");
    }
}

#[test]
fn traffic_is_recorded_only_where_somebody_said_so() {
    assert_eq!(verdict(&with_subnetwork(&json!({})), "OB-05"), State::Fail);
    assert_eq!(verdict(&with_subnetwork(&json!({ "enableFlowLogs": true })), "OB-05"), State::Pass);
    assert_eq!(verdict(&with_subnetwork(&json!({ "logConfig": { "enable": false } })), "OB-05"), State::Fail);
    assert_eq!(verdict(&with_subnetwork(&json!({ "name": "another" })), "OB-05"), State::Unknown);
}

#[test]
fn an_answer_of_another_year_is_unknown_where_it_does_not_say_and_never_a_pass() {
    let old = with(|cluster| {
        for field in ["ipAllocationPolicy", "shieldedNodes", "loggingConfig", "monitoringConfig"] {
            cluster.as_object_mut().unwrap().remove(field);
        }
    });
    for (control, state) in
        [("ND-12", State::Unknown), ("NW-04", State::Fail), ("OB-03", State::Unknown), ("SC-02", State::Unknown)]
    {
        assert_eq!(verdict(&old, control), state, "{control}");
    }
}
