//! Clouds that throttle, break and lie: every failure is named, and hides nothing else.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

use palisade_simulator::{FaultKind, FaultRule, Faults, Simulator, World};
use serde_json::Value;
use std::{fs, process::Command};

/// Scans the story's three clouds with something wrong, and returns the report.
async fn scan(faults: Faults) -> (Value, palisade_simulator::Ledger) {
    let running = Simulator::start(World::acme().unwrap(), faults).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "targets:\n  - {{name: aws, provider: aws, accounts: organization, role: PalisadeReader, endpoint_url: \"{}\"}}\n  - {{name: azure, provider: azure, endpoint_url: \"{}\"}}\n  - {{name: gcp, provider: gcp, endpoint_url: \"{}\"}}\n",
        running.aws, running.azure, running.gcp
    );
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    let path = folder.path().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["scan", "--format", "json"])
            .current_dir(path)
            .env_clear()
            .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
            .env("AWS_SECRET_ACCESS_KEY", "simulated")
            .env("AWS_REGION", "us-east-1")
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (report, running.ledger())
}

fn rule(permission: &str, kind: FaultKind) -> FaultRule {
    FaultRule { permission: permission.to_owned(), kind, times: None }
}

fn gap<'a>(report: &'a Value, call: &str) -> &'a Value {
    report["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|gap| gap["call"] == call)
        .unwrap_or_else(|| panic!("no gap for {call}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_is_waited_out_and_changes_nothing() {
    let (calm, ledger) = scan(Faults::default()).await;
    assert!(ledger.duplicates().is_empty(), "the same read was made twice: {:?}", ledger.duplicates());
    let (throttled, _) = scan(Faults { throttle_per_mille: 100, ..Faults::default() }).await;
    let verdicts = |report: &Value| -> Vec<(Value, Value)> {
        let findings = report["findings"].as_array().unwrap().iter();
        findings.map(|finding| (finding["fingerprint"].clone(), finding["verdict"].clone())).collect()
    };
    assert_eq!(
        throttled["gaps"].as_array().unwrap().len(),
        calm["gaps"].as_array().unwrap().len(),
        "{}",
        throttled["gaps"]
    );
    assert_eq!(verdicts(&throttled), verdicts(&calm));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_to_break_is_named_and_the_rest_is_still_read() {
    let faults = Faults {
        fault: vec![
            rule("eks:DescribeCluster@222222222222", FaultKind::MalformedBody),
            rule("iam:GetAccountAuthorizationDetails", FaultKind::TruncatedPage),
            rule("Microsoft.Network/networkSecurityGroups/read", FaultKind::ServerError),
            rule("Microsoft.Authorization/roleAssignments/read", FaultKind::MalformedBody),
            rule("compute.firewalls.list", FaultKind::MalformedBody),
            rule("compute.routes.list", FaultKind::CutConnection),
        ],
        always_throttle: vec!["ec2:DescribeSecurityGroups".to_owned()],
        ..Faults::default()
    };
    let (report, _) = scan(faults).await;
    assert_eq!(gap(&report, "ec2:DescribeSecurityGroups")["reason"], "throttled");
    assert_eq!(gap(&report, "iam:GetAccountAuthorizationDetails")["reason"], "malformed");
    let verdict = |control: &str, provider: &str| -> Vec<&str> {
        let findings = report["findings"].as_array().unwrap().iter();
        let of = findings.filter(|finding| finding["control"] == control && finding["subject"]["provider"] == provider);
        of.map(|finding| finding["verdict"].as_str().unwrap()).collect()
    };
    assert!(verdict("ND-02", "aws").iter().all(|verdict| ["unknown", "not-applicable"].contains(verdict)));
    assert!(verdict("CP-01", "azure").iter().all(|verdict| *verdict != "unknown"), "another fact was hidden");
    assert!(verdict("CP-01", "gcp").iter().all(|verdict| *verdict != "unknown"), "another fact was hidden");
}
