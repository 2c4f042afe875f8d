//! Alerts and dashboard ask for metrics that there are.

use palisade_service::metrics;
use std::{collections::BTreeSet, fs};

/// What looks like one of our metrics in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("palisade_")).collect()
}

#[test]
fn alerts_their_tests_and_the_dashboard_ask_for_metrics_that_there_are_and_for_their_labels() {
    let known: BTreeSet<&str> = metrics().map(|metric| metric.name).collect();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy");
    for file in ["prometheus/palisade.rules.yml", "prometheus/palisade.test.yml", "grafana/palisade.json"] {
        let text = fs::read_to_string(format!("{root}/{file}")).unwrap();
        let asked = named(&text);
        assert!(!asked.is_empty(), "{file} asks for nothing");
        assert!(asked.is_subset(&known), "{file}: no such metric: {:?}", asked.difference(&known));
    }
    let board: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(format!("{root}/grafana/palisade.json")).unwrap()).unwrap();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let legend = target["legendFormat"].as_str().unwrap_or_default();
            let asked = named(target["expr"].as_str().unwrap());
            let labels: BTreeSet<&str> = metrics()
                .filter(|metric| asked.contains(metric.name))
                .flat_map(|metric| metric.labels)
                .copied()
                .collect();
            for label in legend.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()) {
                assert!(labels.contains(label), "{}: nothing has the label `{label}`", panel["title"]);
            }
        }
    }
}

#[test]
fn every_alert_is_seen_to_fire_and_seen_to_be_silent() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/prometheus");
    let rules = fs::read_to_string(format!("{root}/palisade.rules.yml")).unwrap();
    let tests = fs::read_to_string(format!("{root}/palisade.test.yml")).unwrap();
    for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(tests.contains(&format!("alertname: {alert}, exp_alerts: []")), "{alert} is never seen to be silent");
        assert!(
            tests.contains(&format!("alertname: {alert}\n        exp_alerts:\n          - exp_labels")),
            "{alert} is never seen to fire"
        );
    }
}
