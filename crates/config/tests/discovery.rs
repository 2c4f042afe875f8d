//! How parts of a target are found, and what a run may ask.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_config::{Config, Discovery, Limits, Source, TargetKind, read};

fn config(text: &str) -> Result<Config, String> {
    read(&Source { name: "palisade.yaml", text }, &[]).map_err(|mistakes| mistakes.to_string())
}

fn discovery(target: &str) -> Result<Discovery, String> {
    let config = config(&format!("targets:\n  - {{name: prod, {target}}}\n"))?;
    let found = match &config.targets.first().unwrap().kind {
        TargetKind::Aws(aws) => aws.discovery.clone(),
        TargetKind::Azure(azure) => azure.discovery.clone(),
        TargetKind::Gcp(gcp) => gcp.discovery.clone(),
    };
    Ok(found)
}

fn inventory(aggregator: Option<&str>, region: Option<&str>, cross_check: bool) -> Discovery {
    let (aggregator, region) = (aggregator.map(str::to_owned), region.map(str::to_owned));
    Discovery::Inventory { aggregator, region, cross_check }
}

#[test]
fn every_cloud_has_its_own_inventory_and_lists_are_asked_where_nothing_is_said() {
    assert_eq!(discovery("provider: aws"), Ok(Discovery::Lists));
    assert_eq!(discovery("provider: gcp, discovery: {from: lists}"), Ok(Discovery::Lists));
    let aws =
        "provider: aws, discovery: {from: config-aggregator, aggregator: all, region: eu-west-1, cross_check: true}";
    assert_eq!(discovery(aws), Ok(inventory(Some("all"), Some("eu-west-1"), true)));
    assert_eq!(discovery("provider: azure, discovery: {from: resource-graph}"), Ok(inventory(None, None, false)));
    let gcp = "provider: gcp, folders: [\"7\"], discovery: {from: asset-inventory}";
    assert_eq!(discovery(gcp), Ok(inventory(None, None, false)));
}

#[test]
fn an_inventory_that_cannot_be_asked_is_told_with_the_way_out() {
    for (target, why) in [
        ("provider: aws, discovery: {from: resource-graph}", "no way of discovery is called `resource-graph`"),
        ("provider: aws, discovery: {from: config-aggregator}", "add `aggregator: NAME`"),
        ("provider: azure, discovery: {from: resource-graph, aggregator: all}", "has no key `aggregator`"),
        ("provider: azure, discovery: {cross_check: true}", "add `from: resource-graph`, or `from: lists`"),
        ("provider: gcp, projects: [a], discovery: {from: asset-inventory}", "set `organization` or `folders`"),
        ("provider: gcp, discovery: {from: asset-inventory, cross_check: maybe}", "neither `true` nor `false`"),
    ] {
        let Err(mistakes) = discovery(target) else { panic!("{target} is taken") };
        assert!(mistakes.contains(why), "{target}: {mistakes}");
    }
}

#[test]
fn limits_are_numbers_within_bounds_and_absent_where_nothing_is_said() {
    let limits =
        |text: &str| config(&format!("targets: [{{name: a, provider: aws}}]\n{text}")).map(|config| config.limits);
    assert_eq!(limits(""), Ok(Limits::default()));
    let both = Limits { max_calls: Some(50_000), share_of_quota: Some(50) };
    assert_eq!(limits("limits: {max_calls: 50000, share_of_quota: 50}\n"), Ok(both));
    for (text, why) in [
        ("limits: {max_calls: 0}\n", "`max_calls` is no whole number from 1"),
        ("limits: {share_of_quota: 101}\n", "`share_of_quota` is no whole number from 1 to 100"),
        ("limits: {max_cals: 5}\n", "did you mean `max_calls`?"),
    ] {
        let Err(mistakes) = limits(text) else { panic!("{text} is taken") };
        assert!(mistakes.contains(why), "{mistakes}");
    }
}
