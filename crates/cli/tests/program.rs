//! The binary as a person runs it: over simulated clouds, with good and bad input.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Running, Simulator, World};
use palisade_testkit::ask;
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn palisade(arguments: &[&str]) -> Output {
    palisade_in(Path::new("."), arguments)
}

/// Runs the binary with an environment that holds no credentials of whoever runs the tests.
fn palisade_in(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn demo(more: &[&str]) -> Value {
    let arguments: Vec<&str> = ["demo", "--format", "json"].iter().chain(more).copied().collect();
    let output = palisade(&arguments);
    assert!(output.status.success(), "{}", err(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_demo_answers_the_five_concerns_for_three_clouds_and_says_what_to_do_next() {
    let output = palisade(&["demo"]);
    assert!(output.status.success(), "{}", err(&output));
    let text = out(&output);
    for part in [
        "API server network access",
        "Node network access",
        "Access to the cloud's API",
        "Access to etcd",
        "Encryption of etcd",
        "EKS",
        "AKS",
        "GKE",
        "critical",
        "Next",
        "palisade explain",
    ] {
        assert!(text.contains(part), "`{part}` is missing");
    }
    assert!(!text.contains('\u{1b}'), "colour or a name got through a pipe");
    assert!(!text.contains("discovery"), "what no discovery looks for is no gap");
    // No progress where there is no terminal: only where the page is, which is not asked for here.
    let said = err(&output);
    let path = said
        .strip_prefix("note: the whole report, with maps and plan: open file://")
        .unwrap_or_else(|| panic!("{said}"));
    fs::remove_dir_all(Path::new(path.trim_end()).parent().unwrap()).unwrap();
}

#[test]
fn the_page_of_the_demo_opens_in_a_browser_and_says_what_the_json_says() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo");
    fs::create_dir_all(&folder).unwrap();
    let form = |format: &str| {
        let path = folder.join(format!("demo.{format}"));
        let output = palisade(&["demo", "--format", format, "-o", path.to_str().unwrap()]);
        assert!(output.status.success(), "{}", err(&output));
        path
    };
    let pages = serde_json::json!({ "demo": { "html": form("html"), "json": form("json"), "whole": true } });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/oracle/page.py");
    assert!(ask(&script, &serde_json::json!({ "pages": pages, "pictures": folder })).unwrap() > 200);
}

#[test]
fn a_stored_snapshot_replays_to_the_same_bytes_and_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let scanned = palisade_in(folder.path(), &["demo", "--keep", "acme", "--format", "json", "-o", "scan.json"]);
    assert!(scanned.status.success(), "{}", err(&scanned));
    // The demo's own policy approves ranges and has answers; the replay gets the same through a configuration.
    fs::write(
        folder.path().join("policy.yaml"),
        "targets:\n  - {name: a, provider: aws}\npolicy:\n  approved_ranges: [203.0.113.0/24, 198.51.100.0/24]\n  answers_file: acme/answers.yaml\n",
    )
    .unwrap();
    let replay = || palisade_in(folder.path(), &["replay", "acme", "--format", "json", "-c", "policy.yaml"]);
    let first = replay();
    assert!(first.status.success(), "{}", err(&first));
    assert_eq!(first.stdout, replay().stdout);
    assert_eq!(first.stdout, fs::read(folder.path().join("scan.json")).unwrap(), "the replay differs from the scan");

    let secrets = world_secrets();
    assert!(!secrets.is_empty(), "the story holds no secret to look for");
    let mut places = vec![folder.path().to_owned()];
    while let Some(place) = places.pop() {
        if place.is_dir() {
            places.extend(fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let text = fs::read_to_string(&place).unwrap();
            for secret in &secrets {
                assert!(!text.contains(secret), "{} holds {secret}", place.display());
            }
        }
    }
}

/// What the story's authors planted to be found if it leaked.
fn world_secrets() -> Vec<String> {
    let worlds = concat!(env!("CARGO_MANIFEST_DIR"), "/../simulator/worlds/acme");
    let mut secrets = Vec::new();
    for entry in fs::read_dir(worlds).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_');
        secrets.extend(
            words.filter(|word| word.contains("hunter2") || word.to_lowercase().contains("s3cr3t")).map(str::to_owned),
        );
    }
    secrets
}

#[test]
fn the_json_form_obeys_the_published_schema_and_every_evidence_is_in_the_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let output = palisade_in(folder.path(), &["demo", "--keep", "acme", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/evaluation.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut seen = 0;
    for finding in report["findings"].as_array().unwrap() {
        for evidence in finding["evidence"].as_array().unwrap() {
            // What people said stands in the file of answers, and in the report.
            if evidence["call"] == "answers" || evidence["call"] == "waivers" {
                continue;
            }
            let hex = evidence["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
            let path = folder.path().join("acme/bodies").join(hex.get(..2).unwrap()).join(format!("{hex}.json"));
            let body: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            assert!(!body.is_null(), "{}", evidence["call"]);
            seen += 1;
        }
    }
    assert!(seen > 500, "only {seen} pieces of evidence");
}

#[test]
fn exit_codes_are_what_the_table_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let wrong = file("wrong.yaml", "targets:\n  - {name: a, provider: awss}\n");
    let http = file("http.yaml", "targets:\n  - {name: a, provider: aws, endpoint_url: \"http://10.0.0.1\"}\n");
    let lost = file(
        "lost.yaml",
        "targets:\n  - {name: a, provider: gcp, projects: all, endpoint_url: \"http://127.0.0.1:9\"}\n",
    );
    let none = file("none.yaml", "targets:\n  - {name: a, provider: aws}\n");
    let table: &[(&[&str], i32, &str)] = &[
        (&["demo", "-o", "/dev/null"], 0, ""),
        (&["demo", "--fail-on", "critical", "-o", "/dev/null"], 1, ""),
        (&["demo", "--min-coverage", "1.0", "--deny", "eks:DescribeCluster", "-o", "/dev/null"], 3, ""),
        (&["scan", "--frobnicate"], 2, "--frobnicate"),
        (&["scan", "-c", "/nowhere.yaml"], 2, "could not read the configuration"),
        (&["scan", "-c", &wrong], 2, "did you mean `aws`?"),
        (&["scan", "-c", &http], 2, "plain http"),
        (&["scan", "-c", &none, "--target", "b"], 2, "no target is called `b`"),
        (&["scan", "-c", &lost], 4, "target `a` could not be read"),
        (&["scan", "-c", &none], 4, "target `a` could not be read"),
        (&["explain", "CP-99"], 2, "no control is called"),
        (&["replay", "/nowhere"], 4, "holds no snapshot"),
        (&["demo", "-o", "/nowhere/at/all.json"], 4, "could not write `/nowhere/at/all.json`"),
        (&["reach", "nobody", "--snapshot", "/nowhere"], 4, "holds no snapshot"),
    ];
    for (arguments, code, sentence) in table {
        let output = palisade(arguments);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains(sentence), "{arguments:?}: {}", err(&output));
        assert!(!err(&output).contains("panicked"), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_target_that_cannot_be_read_does_not_keep_the_others_from_being_read() {
    let running = Simulator::start(World::acme().unwrap(), Faults::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "targets:\n  - {{name: gone, provider: azure, endpoint_url: \"http://127.0.0.1:9\"}}\n  - {{name: there, provider: gcp, endpoint_url: \"{}\"}}\n",
        running.gcp
    );
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    let path = folder.path().to_owned();
    let output = tokio::task::spawn_blocking(move || palisade_in(&path, &["scan", "--format", "json"])).await.unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(err(&output).contains("target `gone` could not be read"), "{}", err(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["clusters"].as_array().unwrap().iter().any(|cluster| cluster["provider"] == "gcp"));
}

async fn run_against(world: World, faults: Faults, command: &'static str, of: fn(&Running) -> String) -> Output {
    let running = Simulator::start(world, faults).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("palisade.yaml"), format!("targets:\n  - {}\n", of(&running))).unwrap();
    let path = folder.path().to_owned();
    tokio::task::spawn_blocking(move || palisade_in(&path, &[command])).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_whose_credentials_see_nothing_is_no_success() {
    let nothing = World::from_yaml("", "", "").unwrap();
    let output = run_against(nothing, Faults::default(), "scan", |running| {
        format!("{{name: blind, provider: azure, endpoint_url: \"{}\"}}", running.azure)
    })
    .await;
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    assert!(err(&output).contains("target `blind` holds no account, subscription or project"), "{}", err(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_per_target_what_to_grant() {
    let faults = Faults { deny: vec!["container.clusters.list@acme-lab-0815".to_owned()], ..Faults::default() };
    let output = run_against(World::acme().unwrap(), faults, "doctor", |running| {
        format!("{{name: prod-gcp, provider: gcp, endpoint_url: \"{}\"}}", running.gcp)
    })
    .await;
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    assert!(out(&output).contains("prod-gcp: incomplete"), "{}", out(&output));
    let grant =
        "grant `container.clusters.list`: a permission of the reader's role in acme-lab-0815; unknown without it: ";
    assert!(out(&output).contains(grant), "{}", out(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_is_content_where_every_right_is_granted_and_names_an_api_that_is_off() {
    let output = run_against(World::acme().unwrap(), Faults::default(), "doctor", |running| {
        format!("{{name: prod-azure, provider: azure, endpoint_url: \"{}\"}}", running.azure)
    })
    .await;
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    assert!(out(&output).starts_with("prod-azure: ok: "), "{}", out(&output));
    assert!(out(&output).contains("  no call tells it, whatever is granted: `networkProfile."), "{}", out(&output));

    let output = run_against(World::acme().unwrap(), Faults::default(), "doctor", |running| {
        format!("{{name: prod-gcp, provider: gcp, endpoint_url: \"{}\"}}", running.gcp)
    })
    .await;
    assert_eq!(output.status.code(), Some(3), "{}{}", out(&output), err(&output));
    let switch = "  enable the API `recommender.googleapis.com` in acme-lab-0815";
    assert!(out(&output).contains(switch), "{}", out(&output));
    assert!(!out(&output).contains("``"), "{}", out(&output));
}

#[test]
fn who_stops_reading_has_seen_enough() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["demo", "--format", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    assert!(output.stderr.is_empty(), "{}", err(&output));
}

#[test]
fn reach_and_authority_show_rules_and_grants_of_a_stored_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let kept = palisade_in(folder.path(), &["demo", "--keep", "acme", "-o", "report.txt"]);
    assert!(kept.status.success(), "{}", err(&kept));
    let report = demo(&[]);
    for provider in ["aws", "azure", "gcp"] {
        let cluster =
            report["clusters"].as_array().unwrap().iter().find(|cluster| cluster["provider"] == provider).unwrap();
        let name = cluster["name"].as_str().unwrap();
        let output = palisade_in(folder.path(), &["reach", name, "--snapshot", "acme"]);
        assert!(output.status.success(), "{}", err(&output));
        assert!(out(&output).contains("API server:"), "{}", out(&output));
        let identity = cluster["identities"][0]["id"].as_str().unwrap();
        let output = palisade_in(folder.path(), &["authority", identity, "--snapshot", "acme"]);
        assert!(output.status.success(), "{identity}: {}", err(&output));
        assert!(out(&output).contains("administrator"), "{}", out(&output));
    }
    let output = palisade_in(folder.path(), &["reach", "shop-prod", "--snapshot", "acme", "--port", "22"]);
    assert!(out(&output).contains("tcp/22 reachable from 203.0.113.0/24 (256 addresses)"), "{}", out(&output));
    for (arguments, expected) in [
        (&["reach", "shop-prod", "--why", "203.0.113.7", "--port", "22"][..], "it gets there"),
        (&["reach", "shop-prod", "--fix"], "to be closed: tcp/22"),
        (&["reach", "shop-prod", "--format", "json"], "palisade.reach/v1"),
        (&["authority", "--who", "cluster-admin"], "analytics-node"),
        (&["authority", "--who", "cluster-admin", "--format", "json"], "palisade.holders/v1"),
        (&["authority", "analytics-node", "--propose"], "2012-10-17"),
        (&["reach", "batch-dev", "--fix"], "--nsg-name aks-agentpool-46812542-nsg --name ssh-for-debugging\n"),
        (&["authority", "web-control-plane", "--propose"], "AssignableScopes"),
        (&["authority", "Nodes of edge", "--propose"], "includedPermissions"),
        (&["reach", "ml-lab", "--fix"], "gcloud compute firewall-rules "),
    ] {
        let arguments = [arguments, &["--snapshot", "acme"]].concat();
        let output = palisade_in(folder.path(), &arguments);
        assert!(output.status.success(), "{arguments:?}: {}", err(&output));
        assert!(out(&output).contains(expected), "{arguments:?}: {}", out(&output));
    }
    for (arguments, meant) in [
        (["reach", "shop-prd"], "did you mean `shop-prod`?"),
        (["reach", "nothing-like-it"], "; there is `"),
        (["authority", "shop-nodes"], "did you mean `shop-node`?"),
    ] {
        let output = palisade_in(folder.path(), &[&arguments[..], &["--snapshot", "acme"]].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(err(&output).contains(meant), "{arguments:?}: {}", err(&output));
    }
}

#[test]
fn every_permission_form_is_well_formed_and_reads_only() {
    for provider in ["aws", "azure", "gcp"] {
        let json: Value =
            serde_json::from_slice(&palisade(&["permissions", provider, "--format", "iam-json"]).stdout).unwrap();
        let text = json.to_string();
        for word in
            ["Create", "Delete", "Put", "Update", "Attach", "listCluster", "runCommand", "/write", ".update", ".setIam"]
        {
            assert!(!text.contains(word), "{provider}: {word}");
        }
        // Azure calls every POST an action; the one that is asked only lists.
        let actions: Vec<&str> = text.split('"').filter(|word| word.ends_with("/action")).collect();
        let lists = ["Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action"];
        assert!(actions.is_empty() || actions == lists, "{provider}: {actions:?}");
        let terraform = out(&palisade(&["permissions", provider, "--format", "terraform"]));
        assert_eq!(terraform.matches('{').count(), terraform.matches('}').count());
        assert!(out(&palisade(&["permissions", provider])).contains("unknown without it"));
    }
}

#[test]
fn completions_and_pages_come_out() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(out(&palisade(&["completions", shell])).contains("palisade"), "{shell}");
    }
    let page = out(&palisade(&["explain", "endpoint-open-to-the-internet"]));
    for part in ["CP-01", "What is checked", "Remediation", "EKS", "Limits"] {
        assert!(page.contains(part), "{part}");
    }
    let listed: Value = serde_json::from_slice(&palisade(&["controls", "--format", "json"]).stdout).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), palisade_controls::controls().len());
}
