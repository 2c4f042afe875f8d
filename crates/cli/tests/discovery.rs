//! Where clusters are, asked in one place: only what it names is read, what it does not know is not seen, and both are said.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Ledger, Simulator, World};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, process::Command};

const AWS: &str = ", accounts: organization, role: PalisadeReader, external_id: acme-7d1f";
const BY_AGGREGATOR: &str = ", discovery: {from: config-aggregator, aggregator: acme-all, region: eu-west-1}";
const GCP: &str = ", organization: \"481516234200\"";

struct Scan {
    exit: i32,
    report: Value,
    told: String,
    ledger: Ledger,
}

/// The story, with places that the inventories do not know.
fn unrecorded(aws: &str, gcp: &str) -> World {
    let read = |name: &str| {
        let path = format!("{}/../simulator/worlds/acme/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(path).unwrap()
    };
    let known = "name: acme-all, region: eu-west-1";
    let aws = read("aws").replace(known, &format!("{known}, unrecorded: [{aws}]"));
    let gcp = format!("{}\nunrecorded: [{gcp}]\n", read("gcp"));
    World::from_yaml(&aws, &read("azure"), &gcp).unwrap()
}

async fn scan(provider: &str, keys: &str, world: World, deny: &[&str]) -> Scan {
    let faults = Faults { deny: deny.iter().map(|&permission| permission.to_owned()).collect(), ..Faults::default() };
    let running = Simulator::start(world, faults).await.unwrap();
    let url = match provider {
        "aws" => &running.aws,
        "azure" => &running.azure,
        _ => &running.gcp,
    };
    let folder = tempfile::tempdir().unwrap();
    let config = format!("targets:\n  - {{name: acme, provider: {provider}, endpoint_url: \"{url}\"{keys}}}\n");
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    let path = folder.path().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["scan", "--format", "json"])
            .current_dir(&path)
            .env_clear()
            .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
            .env("AWS_SECRET_ACCESS_KEY", "simulated")
            .env("AWS_REGION", "us-east-1")
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    Scan { exit: output.status.code().unwrap(), report, told, ledger: running.ledger() }
}

fn clusters(report: &Value) -> BTreeSet<String> {
    let clusters = report["clusters"].as_array().unwrap().iter();
    clusters.map(|cluster| cluster["name"].as_str().unwrap().to_owned()).collect()
}

fn verdicts(report: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| (text(&finding["fingerprint"]), text(&finding["verdict"]))).collect()
}

/// Where a permission was used.
fn asked(ledger: &Ledger, permission: &str) -> BTreeSet<String> {
    let entries = ledger.entries().iter().filter(|entry| entry.operation.permission == permission);
    entries.map(|entry| entry.operation.scope.clone()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inventory_leads_to_the_same_verdicts_with_fewer_questions() {
    for (provider, keys, discovery, by, places) in [
        ("aws", AWS, BY_AGGREGATOR, "the AWS Config aggregator `acme-all` in eu-west-1", 5),
        ("azure", "", ", discovery: {from: resource-graph}", "Azure Resource Graph", 2),
        ("gcp", GCP, ", discovery: {from: asset-inventory}", "Cloud Asset Inventory", 2),
    ] {
        let lists = scan(provider, keys, World::acme().unwrap(), &[]).await;
        let inventory = scan(provider, &format!("{keys}{discovery}"), World::acme().unwrap(), &[]).await;
        assert_eq!(inventory.exit, 0, "{provider}: {}", inventory.told);
        assert_eq!(verdicts(&inventory.report), verdicts(&lists.report), "{provider}");
        assert_eq!(lists.report["coverage"]["told"], json!([]), "{provider}");
        let told = &inventory.report["coverage"]["told"][0];
        assert_eq!((&told["target"], &told["by"]), (&json!("acme"), &json!(by)), "{provider}");
        assert_eq!((&told["checked"], &told["missed"]), (&json!(0), &json!([])), "{provider}");
        assert_eq!(told["places"], json!(places), "{provider}: {told}");
        assert!(told["at"].as_str().unwrap().ends_with('Z'), "{told}");
        assert!(inventory.ledger.duplicates().is_empty(), "{provider}: {:?}", inventory.ledger.duplicates());
        if provider == "aws" {
            let listed = asked(&inventory.ledger, "eks:ListClusters");
            assert_eq!(listed.len(), 5, "only where the aggregator knows of clusters: {listed:?}");
            assert!(asked(&inventory.ledger, "ec2:DescribeRegions").is_empty());
            assert!(inventory.ledger.entries().len() < lists.ledger.entries().len());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_inventory_does_not_know_is_not_seen_and_a_cross_check_names_it() {
    let world = || unrecorded("\"444444444444\", 333333333333/us-east-1", "acme-lab-0815");
    let all = clusters(&scan("aws", AWS, world(), &[]).await.report);
    let blind = scan("aws", &format!("{AWS}{BY_AGGREGATOR}"), world(), &[]).await;
    assert_eq!(clusters(&blind.report), set(&["shop-prod", "payments-prod"]));
    assert_eq!(blind.report["coverage"]["told"][0]["places"], json!(2));
    assert!(asked(&blind.ledger, "sts:AssumeRole").len() <= 1, "roles are assumed by the caller's own account");
    assert!(blind.ledger.entries().iter().all(|entry| !entry.operation.scope.starts_with("444444444444")));
    let checked =
        scan("aws", &format!("{AWS}{}", BY_AGGREGATOR.replace('}', ", cross_check: true}")), world(), &[]).await;
    assert_eq!(clusters(&checked.report), all);
    let told = &checked.report["coverage"]["told"][0];
    let missed = json!(["333333333333/us-east-1", "444444444444/eu-west-1", "444444444444/us-east-1"]);
    assert_eq!(told["missed"], missed, "{told}");
    assert!(told["checked"].as_u64().unwrap() > 3, "{told}");

    let by_assets = ", discovery: {from: asset-inventory, cross_check: false}";
    let blind = scan("gcp", &format!("{GCP}{by_assets}"), world(), &[]).await;
    assert!(asked(&blind.ledger, "container.clusters.list").iter().all(|scope| scope == "acme-prod-4711"));
    assert_eq!(blind.report["coverage"]["told"][0]["places"], json!(1));
    let checked = scan("gcp", &format!("{GCP}{}", by_assets.replace("false", "true")), world(), &[]).await;
    assert_eq!(checked.report["coverage"]["told"][0]["missed"], json!(["acme-lab-0815"]));
    assert_eq!(clusters(&checked.report), clusters(&scan("gcp", GCP, world(), &[]).await.report));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cross_check_of_an_inventory_that_names_every_place_leaves_none_that_was_not_looked_at() {
    let one_account =
        ", accounts: [\"222222222222\"], regions: [eu-west-1], role: PalisadeReader, external_id: acme-7d1f";
    for (provider, keys, discovery) in [
        ("aws", one_account, BY_AGGREGATOR),
        ("azure", "", ", discovery: {from: resource-graph}"),
        ("gcp", GCP, ", discovery: {from: asset-inventory}"),
    ] {
        let without = scan(provider, &format!("{keys}{discovery}"), World::acme().unwrap(), &[]).await;
        assert!(without.report["coverage"]["told"][0].get("cross_checked").is_none(), "{provider}");
        let both = format!("{keys}{}", discovery.replace('}', ", cross_check: true}"));
        let checked = scan(provider, &both, World::acme().unwrap(), &[]).await;
        let told = &checked.report["coverage"]["told"][0];
        assert_eq!((&told["cross_checked"], &told["missed"]), (&json!(true), &json!([])), "{provider}: {told}");
        assert_eq!(told["checked"], json!(0), "there is no other place: {provider}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inventory_that_refuses_loses_the_target_by_name_and_a_cross_check_reads_it_all_the_same() {
    for (provider, keys, discovery, permission) in [
        ("aws", AWS, BY_AGGREGATOR, "config:SelectAggregateResourceConfig"),
        ("gcp", GCP, ", discovery: {from: asset-inventory}", "cloudasset.assets.searchAllResources"),
    ] {
        let refused = scan(provider, &format!("{keys}{discovery}"), World::acme().unwrap(), &[permission]).await;
        assert_eq!(refused.exit, 4, "{provider}");
        assert!(clusters(&refused.report).is_empty(), "{provider}");
        assert_eq!(refused.report["coverage"]["told"], json!([]), "who did not answer has told nothing");
        let gaps = refused.report["gaps"].as_array().unwrap();
        assert!(gaps.iter().any(|gap| gap["permission"] == permission && gap["reason"] == "denied"), "{gaps:?}");
        let both = format!("{keys}{}", discovery.replace('}', ", cross_check: true}"));
        let checked = scan(provider, &both, World::acme().unwrap(), &[permission]).await;
        let lists = scan(provider, keys, World::acme().unwrap(), &[]).await;
        assert_eq!(clusters(&checked.report), clusters(&lists.report), "{provider}");
        let gaps = checked.report["gaps"].as_array().unwrap();
        assert!(gaps.iter().any(|gap| gap["permission"] == permission), "{gaps:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aggregator_that_does_not_exist_is_named_in_the_words_of_the_cloud() {
    let mistyped = BY_AGGREGATOR.replace("acme-all", "acme-al");
    let scan = scan("aws", &format!("{AWS}{mistyped}"), World::acme().unwrap(), &[]).await;
    assert_eq!(scan.exit, 4);
    assert!(scan.told.contains("configuration aggregator does not exist"), "{}", scan.told);
}
