//! The law of the missing permission: refuse any one, and exactly what needs it becomes unknown, by name. And the law of the
//! enough: refuse everything that the generated role does not hold, and nothing is missing.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

use palisade_controls::controls;
use palisade_provider::{Call, permissions};
use palisade_simulator::{Faults, Ledger, Simulator, World};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

#[derive(Clone, Copy)]
struct Cloud {
    name: &'static str,
    calls: &'static [Call],
    /// What the target's line says beyond name and provider.
    keys: &'static str,
    /// The same for permissions that another way to name the target's parts needs.
    other_keys: &'static [(&'static str, &'static str)],
}

impl Cloud {
    fn keys(&self, permission: &str) -> &'static str {
        self.other_keys.iter().find(|(of, _)| *of == permission).map_or(self.keys, |(_, keys)| keys)
    }
}

/// Scans one of the story's clouds with a permission refused.
async fn scan(cloud: Cloud, keys: &str, deny: &[&str]) -> Value {
    let deny = deny.iter().map(|&permission| permission.to_owned()).collect();
    scan_with(cloud, keys, Faults { deny, ..Faults::default() }).await.0
}

/// Scans one of the story's clouds. The report, and what was asked.
async fn scan_with(cloud: Cloud, keys: &str, faults: Faults) -> (Value, Ledger) {
    let told = format!("{faults:?}");
    let running = Simulator::start(World::acme().unwrap(), faults).await.unwrap();
    let url = match cloud.name {
        "aws" => &running.aws,
        "azure" => &running.azure,
        _ => &running.gcp,
    };
    let folder = tempfile::tempdir().unwrap();
    let config =
        format!("targets:\n  - {{name: {name}, provider: {name}, endpoint_url: \"{url}\"{keys}}}\n", name = cloud.name);
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    let path = folder.path().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_palisade"))
            .args(["scan", "--format", "json", "-o", "report.json"])
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
    let report = fs::read(folder.path().join("report.json"));
    let report = report.unwrap_or_else(|_| panic!("{told}: {}", String::from_utf8_lossy(&output.stderr)));
    (serde_json::from_slice(&report).unwrap(), running.ledger())
}

/// What the program says that it needs: the role it prints, and what is granted beside roles.
fn granted(cloud: Cloud) -> Vec<String> {
    let run = |format: &str| {
        let arguments = ["permissions", cloud.name, "--format", format];
        let output = Command::new(env!("CARGO_BIN_EXE_palisade")).args(arguments).env_clear().output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let role: Value = serde_json::from_str(&run("iam-json")).unwrap();
    let list = match cloud.name {
        "aws" => &role["Statement"][0]["Action"],
        "azure" => &role["Actions"],
        _ => &role["includedPermissions"],
    };
    let mut all: Vec<String> = list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    match cloud.name {
        // Everybody may ask who they are.
        "aws" => all.push("sts:GetCallerIdentity".to_owned()),
        // Granted to the application in Entra, and in no role.
        "azure" => {
            let graph = run("table");
            all.extend(graph.lines().filter(|line| line.ends_with(".Read.All")).map(str::to_owned));
        }
        _ => (),
    }
    all
}

/// With nothing granted but what the program lists, every way to name a target's parts reads as much as with everything, and
/// everything that is listed is used.
async fn nothing_else_is_needed(cloud: Cloud) {
    let granted = granted(cloud);
    let mut used: BTreeSet<String> = BTreeSet::new();
    let others = cloud.other_keys.iter().map(|(_, keys)| *keys);
    let ways: BTreeSet<&str> = others.chain([cloud.keys]).collect();
    for keys in ways {
        let free = scan(cloud, keys, &[]).await;
        let only = Faults { allow: Some(granted.clone()), ..Faults::default() };
        let (report, ledger) = scan_with(cloud, keys, only).await;
        let denied = |gap: &&Value| gap["reason"] == "denied";
        let refused: Vec<&Value> = report["gaps"].as_array().unwrap().iter().filter(denied).collect();
        assert_eq!(
            refused.len(),
            free["gaps"].as_array().unwrap().iter().filter(denied).count(),
            "{keys}: {refused:?}"
        );
        assert_eq!(verdicts(&report), verdicts(&free), "{keys}");
        assert_eq!(report["coverage"]["facts_known"], free["coverage"]["facts_known"], "{keys}");
        used.extend(ledger.counts().into_keys().map(|name| name.to_ascii_lowercase()));
    }
    let unused: Vec<&String> = granted.iter().filter(|name| !used.contains(&name.to_ascii_lowercase())).collect();
    assert!(unused.is_empty(), "listed and never used: {unused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_generated_role_alone_nothing_is_missing_in_any_cloud() {
    for cloud in [AWS, AZURE, GCP] {
        nothing_else_is_needed(cloud).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_lacks_one_permission_is_not_enough_for_the_whole_scan() {
    let lacking: Vec<String> = granted(AWS).into_iter().filter(|name| name != "iam:ListAccessKeys").collect();
    let (report, _) = scan_with(AWS, AWS.keys, Faults { allow: Some(lacking), ..Faults::default() }).await;
    let gaps = report["gaps"].as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["permission"] == "iam:ListAccessKeys" && gap["reason"] == "denied"), "{gaps:?}");
}

/// Fingerprint to control and verdict.
fn verdicts(report: &Value) -> BTreeMap<String, (String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let subject = format!("{} of {}", finding["subject"]["name"], finding["subject"]["cluster"]);
            (text(&finding["fingerprint"]), (text(&finding["control"]), text(&finding["verdict"]), subject))
        })
        .collect()
}

async fn each_permission(cloud: Cloud) {
    let mut calms = BTreeMap::new();
    let mut wrong = Vec::new();
    let all = controls();
    let asked: BTreeSet<&str> =
        all.iter().filter(|control| control.meta.needs.is_empty()).map(|control| control.meta.id).collect();
    for permission in permissions(cloud.calls) {
        let keys = cloud.keys(permission);
        if !calms.contains_key(keys) {
            calms.insert(keys, verdicts(&scan(cloud, keys, &[]).await));
        }
        let calm = &calms[keys];
        let report = scan(cloud, keys, &[permission]).await;
        let named = report["gaps"].as_array().unwrap().iter().any(|gap| gap["permission"] == permission);
        if !named {
            wrong.push(format!("{permission}: no gap names it"));
        }
        let fed: BTreeSet<_> =
            cloud.calls.iter().filter(|call| call.permission == permission).flat_map(|call| call.feeds).collect();
        let needing: BTreeSet<&str> = controls()
            .iter()
            .filter(|control| control.meta.needs.iter().any(|need| fed.contains(need)))
            .map(|control| control.meta.id)
            .collect();
        let denied = verdicts(&report);
        let mut unknown = 0;
        for (fingerprint, (control, verdict, subject)) in &denied {
            let before = calm.get(fingerprint).map(|(_, before, _)| before);
            if before == Some(verdict) {
                continue;
            }
            unknown += 1;
            // GV-04 is about what was refused: it fails and says so.
            let says_so = verdict == "unknown" || (control == "GV-04" && verdict == "fail");
            if !says_so || !needing.contains(control.as_str()) {
                wrong.push(format!("{permission}: {control} for {subject} went from {before:?} to {verdict}"));
            }
        }
        // What is not listed at all is gone from the report; what its list feeds must say so instead of falling silent.
        let lost: Vec<_> = calm.iter().filter(|(fingerprint, _)| !denied.contains_key(*fingerprint)).collect();
        let of_cluster = |subject: &str| subject.rsplit(" of ").next().unwrap_or_default().to_owned();
        let still_there: BTreeSet<String> = denied.values().map(|(_, _, subject)| of_cluster(subject)).collect();
        for (_, (control, verdict, subject)) in &lost {
            // What people are asked about a cluster goes with the cluster.
            let went_along = asked.contains(control.as_str()) && !still_there.contains(&of_cluster(subject));
            if !needing.contains(control.as_str()) && !went_along {
                wrong.push(format!("{permission}: {control} ({verdict}) for {subject} is gone"));
            }
        }
        if unknown == 0 && lost.is_empty() {
            wrong.push(format!("{permission}: refusing it changes nothing, so why ask for it?"));
        }
    }
    assert!(wrong.is_empty(), "{} breaches:\n{}", wrong.len(), wrong.join("\n"));
}

const AWS: Cloud = Cloud {
    name: "aws",
    calls: palisade_aws::CALLS,
    keys: ", accounts: organization, role: PalisadeReader, external_id: acme-7d1f",
    other_keys: &[(
        "config:SelectAggregateResourceConfig",
        ", accounts: organization, role: PalisadeReader, external_id: acme-7d1f, \
         discovery: {from: config-aggregator, aggregator: acme-all, region: eu-west-1}",
    )],
};

const AZURE: Cloud = Cloud {
    name: "azure",
    calls: palisade_azure::CALLS,
    keys: "",
    other_keys: &[
        ("Microsoft.Management/managementGroups/descendants/read", ", management_groups: [acme-root]"),
        ("", ", discovery: {from: resource-graph}"),
    ],
};

const GCP: Cloud = Cloud {
    name: "gcp",
    calls: palisade_gcp::CALLS,
    keys: "",
    other_keys: &[
        ("resourcemanager.projects.list", ", organization: \"481516234200\""),
        ("resourcemanager.folders.list", ", organization: \"481516234200\""),
        (
            "cloudasset.assets.searchAllResources",
            ", organization: \"481516234200\", discovery: {from: asset-inventory}",
        ),
    ],
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing_any_one_permission_in_aws_leaves_exactly_what_needs_it_unknown() {
    each_permission(AWS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing_any_one_permission_in_azure_leaves_exactly_what_needs_it_unknown() {
    each_permission(AZURE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing_any_one_permission_in_gcp_leaves_exactly_what_needs_it_unknown() {
    each_permission(GCP).await;
}
