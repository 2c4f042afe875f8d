//! The law of the missing permission: refuse any one, and exactly what needs it becomes unknown, by name.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

use palisade_controls::controls;
use palisade_provider::{Call, permissions};
use palisade_simulator::{Faults, Simulator, World};
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
    let faults = Faults { deny: deny.iter().map(|&permission| permission.to_owned()).collect(), ..Faults::default() };
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
    let report = report.unwrap_or_else(|_| panic!("{deny:?}: {}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_slice(&report).unwrap()
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing_any_one_permission_in_aws_leaves_exactly_what_needs_it_unknown() {
    each_permission(Cloud {
        name: "aws",
        calls: palisade_aws::CALLS,
        keys: ", accounts: organization, role: PalisadeReader, external_id: acme-7d1f",
        other_keys: &[],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing_any_one_permission_in_azure_leaves_exactly_what_needs_it_unknown() {
    each_permission(Cloud {
        name: "azure",
        calls: palisade_azure::CALLS,
        keys: "",
        other_keys: &[("Microsoft.Management/managementGroups/descendants/read", ", management_groups: [acme-root]")],
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing_any_one_permission_in_gcp_leaves_exactly_what_needs_it_unknown() {
    const ORGANIZATION: &str = ", organization: \"481516234200\"";
    each_permission(Cloud {
        name: "gcp",
        calls: palisade_gcp::CALLS,
        keys: "",
        other_keys: &[("resourcemanager.projects.list", ORGANIZATION), ("resourcemanager.folders.list", ORGANIZATION)],
    })
    .await;
}
