//! What a run may ask: the budget holds to the request, what is left unread is named, and the ledger is the clouds' own.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Ledger, Simulator, World};
use serde_json::Value;
use std::{collections::BTreeMap, fs, process::Command};

/// A scan of the story's three clouds.
struct Scan {
    exit: i32,
    report: Value,
    terminal: String,
    ledger: Ledger,
}

async fn scan(limits: &str, faults: Faults) -> Scan {
    let running = Simulator::start(World::acme().unwrap(), faults).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "targets:\n  - {{name: aws, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, endpoint_url: \"{}\"}}\n  - {{name: azure, provider: azure, endpoint_url: \"{}\"}}\n  - {{name: gcp, provider: gcp, endpoint_url: \"{}\"}}\n{limits}",
        running.aws, running.azure, running.gcp
    );
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    let run = |arguments: &'static [&'static str]| {
        let path = folder.path().to_owned();
        tokio::task::spawn_blocking(move || {
            Command::new(env!("CARGO_BIN_EXE_palisade"))
                .args(arguments)
                .current_dir(path)
                .env_clear()
                .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
                .env("AWS_SECRET_ACCESS_KEY", "simulated")
                .env("AWS_REGION", "us-east-1")
                .output()
                .unwrap()
        })
    };
    let output = run(&["scan", "--format", "json", "-o", "report.json", "--save-snapshot", "kept"]).await.unwrap();
    let ledger = running.ledger();
    let report = fs::read(folder.path().join("report.json"));
    let report = report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    // The same snapshots again, for people.
    let replayed = run(&["replay", "kept"]).await.unwrap();
    Scan {
        exit: output.status.code().unwrap(),
        report: serde_json::from_slice(&report).unwrap(),
        terminal: String::from_utf8_lossy(&replayed.stdout).into_owned(),
        ledger,
    }
}

fn total(report: &Value, what: &str) -> u64 {
    report["calls"]["total"][what].as_u64().unwrap()
}

fn verdicts(report: &Value) -> BTreeMap<String, (String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| (text(&finding["fingerprint"]), (text(&finding["control"]), text(&finding["verdict"]))))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_of_a_run_is_the_one_that_the_clouds_keep_of_it() {
    let scan = scan("", Faults { throttle_per_mille: 100, ..Faults::default() }).await;
    let requests = scan.ledger.entries().len() as u64;
    assert_eq!(total(&scan.report, "calls") + total(&scan.report, "retried"), requests);
    assert!(total(&scan.report, "throttled") > 0);
    assert_eq!(total(&scan.report, "throttled"), total(&scan.report, "retried"), "each was asked once more");
    assert_eq!(total(&scan.report, "unasked"), 0);
    let of = |service: &str, operation: &str| {
        let rows = scan.report["calls"]["operations"].as_array().unwrap().iter();
        let row = rows.into_iter().find(|row| row["service"] == service && row["operation"] == operation);
        row.unwrap_or_else(|| panic!("{service} {operation}"))["calls"].as_u64().unwrap()
    };
    let answered = |permission: &str| {
        let entries = scan.ledger.entries().iter();
        entries
            .filter(|entry| entry.operation.permission == permission && entry.status != 429 && entry.status != 400)
            .count() as u64
    };
    for (service, operation, permission) in [
        ("eks", "ListClusters", "eks:ListClusters"),
        ("organizations", "ListAccounts", "organizations:ListAccounts"),
        ("Microsoft.ContainerService", "ManagedClusters_List", "Microsoft.ContainerService/managedClusters/read"),
        ("compute", "firewalls.list", "compute.firewalls.list"),
    ] {
        assert_eq!(of(service, operation), answered(permission), "{operation}");
        assert!(answered(permission) > 0, "{permission}");
    }
    let told = format!("Asked  {} calls, {}", total(&scan.report, "calls"), total(&scan.report, "retried"));
    assert!(scan.terminal.contains(&told), "{told}: {}", scan.terminal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_ends_a_run_at_exactly_so_many_requests_and_what_was_not_asked_is_unknown_and_named() {
    let faults = || Faults { throttle_per_mille: 50, ..Faults::default() };
    let whole = scan("", faults()).await;
    let all = whole.ledger.entries().len();
    assert_eq!(whole.exit, 0);
    // Some end while accounts are looked for, some in the middle of clusters, and one lacks a single request.
    for budget in [3, all / 2, all - 1] {
        let scan = scan(&format!("limits: {{max_calls: {budget}}}\n"), faults()).await;
        assert_eq!(
            scan.ledger.entries().len(),
            budget,
            "not one more, and none is left over while something is unread"
        );
        assert_eq!(total(&scan.report, "calls") + total(&scan.report, "retried"), budget as u64);
        assert!(total(&scan.report, "unasked") > 0);
        assert_eq!(scan.exit, 3, "a budget of {budget}");
        let gaps = scan.report["gaps"].as_array().unwrap();
        let named: Vec<&Value> = gaps.iter().filter(|gap| gap["reason"] == "not-collected").collect();
        assert!(!named.is_empty(), "a budget of {budget}: {gaps:?}");
        for gap in &named {
            let message = gap["message"].as_str().unwrap();
            assert!(
                message.contains(&format!("budget of {budget} calls")) && message.contains("limits.max_calls"),
                "{gap}"
            );
            assert!(!gap["call"].as_str().unwrap().is_empty() && !gap["scope"].as_str().unwrap().is_empty(), "{gap}");
        }
        let told = format!("{} not sent since the budget was used up", total(&scan.report, "unasked"));
        assert!(scan.terminal.contains(&told), "{}", scan.terminal);
        let before = verdicts(&whole.report);
        for (fingerprint, (control, verdict)) in verdicts(&scan.report) {
            let was = before.get(&fingerprint).map(|(_, verdict)| verdict.as_str());
            // GV-04 is about what was not read: it fails and says so.
            let says_so = verdict == "unknown" || (control == "GV-04" && verdict == "fail");
            assert!(
                was == Some(verdict.as_str()) || says_so,
                "budget {budget}: {control} went from {was:?} to {verdict}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_that_is_enough_and_a_share_that_nobody_reaches_change_nothing() {
    let free = scan("", Faults::default()).await;
    let enough = format!("limits: {{max_calls: {}, share_of_quota: 100}}\n", free.ledger.entries().len());
    let bound = scan(&enough, Faults::default()).await;
    assert_eq!((bound.exit, total(&bound.report, "unasked")), (0, 0));
    assert_eq!(verdicts(&bound.report), verdicts(&free.report));
    assert_eq!(bound.report["calls"], free.report["calls"]);
}
