//! Credentials that are missing, expired or not enough: one clear sentence each, and the other targets are still read.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Simulator, World};
use serde_json::Value;
use std::{fs, path::Path, process::Command};

/// One way to be let down by credentials.
struct Case {
    /// What is wrong.
    what: &'static str,
    /// The target, beside its name and provider. `{aws}`, `{azure}` and `{gcp}` are the simulated clouds.
    target: &'static str,
    environment: &'static [(&'static str, &'static str)],
    /// How the run ends.
    code: i32,
    /// What is said of it, on the way or in the report.
    sentence: &'static str,
}

const KEYS: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000");
const SECRET: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "simulated-secret");
const REGION: (&str, &str) = ("AWS_REGION", "us-east-1");

const CASES: &[Case] = &[
    Case {
        what: "no AWS keys at all",
        target: "provider: aws, endpoint_url: \"{aws}\"",
        environment: &[REGION],
        code: 4,
        sentence: "there are no AWS credentials to sign with",
    },
    Case {
        what: "AWS keys that have expired",
        target: "provider: aws, endpoint_url: \"{aws}\"",
        environment: &[("AWS_ACCESS_KEY_ID", "AKIAPALISADEEXPIRED0"), SECRET, REGION],
        code: 4,
        sentence: "sign in again",
    },
    Case {
        what: "AWS keys nobody knows",
        target: "provider: aws, endpoint_url: \"{aws}\"",
        environment: &[("AWS_ACCESS_KEY_ID", "AKIANOBODY0000000000"), SECRET, REGION],
        code: 4,
        sentence: "the access key is unknown",
    },
    Case {
        what: "a role that is not there",
        target: "provider: aws, accounts: [\"222222222222\"], role: Nobody, endpoint_url: \"{aws}\"",
        environment: &[KEYS, SECRET, REGION],
        code: 4,
        sentence: "arn:aws:iam::222222222222:role/Nobody",
    },
    Case {
        what: "another external id than the role asks for",
        target: "provider: aws, accounts: [\"333333333333\"], role: PalisadeReader, external_id: wrong, endpoint_url: \"{aws}\"",
        environment: &[KEYS, SECRET, REGION],
        code: 4,
        sentence: "sts:AssumeRole",
    },
    Case {
        what: "an account that does not exist",
        target: "provider: aws, accounts: [\"999999999999\"], role: PalisadeReader, endpoint_url: \"{aws}\"",
        environment: &[KEYS, SECRET, REGION],
        code: 4,
        sentence: "999999999999",
    },
    Case {
        what: "a region that does not exist",
        target: "provider: aws, regions: [eu-nowhere-1], endpoint_url: \"{aws}\"",
        environment: &[KEYS, SECRET, REGION],
        code: 4,
        sentence: "eu-nowhere-1",
    },
    Case {
        what: "an Azure secret without its tenant",
        target: "provider: azure",
        environment: &[("AZURE_CLIENT_SECRET", "s3cr3t-of-azure")],
        code: 4,
        sentence: "`AZURE_CLIENT_SECRET` is set and `AZURE_TENANT_ID` is not",
    },
    Case {
        what: "an Azure subscription that does not exist",
        target: "provider: azure, subscriptions: [00000000-0000-0000-0000-00000000dead], endpoint_url: \"{azure}\"",
        environment: &[],
        code: 4,
        sentence: "00000000-0000-0000-0000-00000000dead",
    },
    Case {
        what: "a Google key file that is not there",
        target: "provider: gcp, projects: [acme-shop]",
        environment: &[("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/key.json")],
        code: 4,
        sentence: "GOOGLE_APPLICATION_CREDENTIALS",
    },
    Case {
        what: "a Google project that does not exist",
        target: "provider: gcp, projects: [nobody-0815], endpoint_url: \"{gcp}\"",
        environment: &[],
        code: 4,
        sentence: "nobody-0815",
    },
];

fn scan(folder: &Path, environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["scan", "--format", "json"])
        .current_dir(folder)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_let_one_down_are_told_in_a_sentence_and_the_other_targets_are_read() {
    let running = Simulator::start(World::acme().unwrap(), Faults::default()).await.unwrap();
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        let target = case
            .target
            .replace("{aws}", &running.aws)
            .replace("{azure}", &running.azure)
            .replace("{gcp}", &running.gcp);
        let config = format!(
            "targets:\n  - {{name: let-down, {target}}}\n  - {{name: there, provider: gcp, endpoint_url: \"{}\"}}\n",
            running.gcp
        );
        fs::write(folder.path().join("palisade.yaml"), config).unwrap();
        let path = folder.path().to_owned();
        let (code, out, err) = tokio::task::spawn_blocking(move || scan(&path, case.environment)).await.unwrap();
        let what = case.what;
        let report: Value = serde_json::from_str(&out).unwrap_or_default();
        let gaps = report["gaps"].as_array().into_iter().flatten();
        let told: Vec<String> =
            gaps.map(|gap| format!("{}: {} {}", gap["scope"], gap["call"], gap["message"])).collect();
        assert_eq!(code, Some(case.code), "{what}: {err}");
        assert!(err.contains("target `let-down`"), "{what}: {err}");
        assert!(err.contains(case.sentence), "{what}: {err}");
        assert!(told.iter().any(|gap| gap.contains(case.sentence)), "{what}: {told:#?}");
        let others = report["clusters"].as_array().map_or(0, Vec::len);
        assert!(others > 0, "{what}: the other target was not read");
        assert!(!out.contains("s3cr3t") && !err.contains("s3cr3t") && !err.contains("panicked"), "{what}: {err}");
    }
}
