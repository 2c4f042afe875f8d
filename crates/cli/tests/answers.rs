//! Answers from a file to what a run says, remembers and keeps.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_config::{Source, answers_schema, read_answers};
use palisade_controls::controls;
use palisade_simulator::{Faults, Running, Simulator, World};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn palisade(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
        .env("AWS_SECRET_ACCESS_KEY", "simulated")
        .env("AWS_REGION", "us-east-1")
        .output()
        .unwrap()
}

/// What a command printed that ends with a code: on stdout, and where that is empty on stderr.
fn said(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output = palisade(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    if out.is_empty() { err } else { out }
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    fs::write(folder.join(name), text).unwrap();
}

/// The day so many days ago, in UTC.
fn ago(days: i64) -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_sub(jiff::Span::new().days(days)).to_string()
}

#[test]
fn a_file_is_begun_checked_and_told_of_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let begun = said(folder, 0, &["answers", "init"]);
    assert!(begun.contains("answers_file: answers.yaml"), "{begun}");
    assert!(said(folder, 2, &["answers", "init"]).contains("is there already and is left as it is"));
    assert_eq!(
        said(folder, 0, &["answers", "init", "--print"]),
        fs::read_to_string(folder.join("answers.yaml")).unwrap()
    );
    assert!(
        said(folder, 2, &["answers", "check"]).contains("answers_file: answers.yaml"),
        "no configuration names one"
    );
    write(folder, "palisade.yaml", "targets: [{name: a, provider: aws}]\npolicy: {answers_file: answers.yaml}\n");
    assert_eq!(said(folder, 0, &["answers", "check"]), "0 answers in `answers.yaml`, without a mistake\n");
    let none = said(folder, 1, &["answers", "status"]);
    assert!(none.contains("missing   DR-02  critical  A restore was tested in the last 180 days"), "{none}");
    assert!(none.contains("0 expired, 0 expiring, 0 answered"), "{none}");

    let answers = format!(
        "answers:
  - {{ control: AR-09, answer: no, by: \"ana\\u202e\", answered: {} }}
  - {{ control: CD-03, answer: yes, by: ben, answered: {}, evidence: \"https://git.example/rules\" }}
  - {{ control: GV-06, answer: never, by: ana, answered: {} }}
",
        ago(3),
        ago(350),
        ago(100),
    );
    write(folder, "answers.yaml", &answers);
    let text = said(folder, 1, &["answers", "status"]);
    for line in [
        "answered  AR-09",
        "expiring  CD-03",
        "expired   GV-06",
        "missing   DR-01",
        "1 expired, 1 expiring, 1 answered",
    ] {
        assert!(text.contains(line), "`{line}` is missing: {text}");
    }
    assert!(!text.contains('\u{202e}'), "somebody's name turns the reading direction");
    assert!(text.contains("https://git.example/rules") && text.contains("an answer counts for 365 days"), "{text}");
    let read: Value = serde_json::from_str(&said(folder, 1, &["answers", "status", "--format", "json"])).unwrap();
    let line = read.as_array().unwrap().iter().find(|line| line["control"] == "AR-09").unwrap();
    assert_eq!((&line["standing"], &line["said"]), (&json!("answered"), &json!("separated no")));

    write(
        folder,
        "answers.yaml",
        "answers:\n  - { control: AR-9, answer: maybe }\n  - { control: CP-01, answer: yes }\n",
    );
    for command in [["answers", "check"], ["answers", "status"], ["doctor", "-v"]] {
        let err = said(folder, 2, &command);
        for mistake in ["did you mean `AR-09`?", "CP-01 asks nobody", "answers.yaml:2:16", "an answer has no `by`"] {
            assert!(err.contains(mistake), "{command:?} `{mistake}`: {err}");
        }
    }
}

#[test]
fn the_story_is_asked_cluster_by_cluster_and_no_silence_passes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let demo: Value = serde_json::from_str(&said(folder, 0, &["demo", "--keep", "acme", "--format", "json"])).unwrap();
    let verdicts = |report: &Value, control: &str| -> std::collections::BTreeSet<String> {
        let findings = report["findings"].as_array().unwrap().iter();
        let own = findings.filter(|one| one["control"] == control);
        own.map(|one| one["verdict"].as_str().unwrap().to_owned()).collect()
    };
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(verdicts(&demo, "DR-02"), set(&["pass", "attest-missing"]), "production answered, others did not");
    assert_eq!(verdicts(&demo, "AR-09"), set(&["fail"]), "only partly");
    assert_eq!(verdicts(&demo, "GV-05"), set(&["attest-expired"]));
    assert_eq!(verdicts(&demo, "CD-04"), set(&["attest-missing"]));
    assert_eq!(verdicts(&demo, "ET-04"), set(&["inherited"]));
    let silent: Value = serde_json::from_str(&said(folder, 0, &["replay", "acme", "--format", "json"])).unwrap();
    for control in controls().iter().filter(|control| control.asks.is_some() && control.meta.needs.is_empty()) {
        assert_eq!(verdicts(&silent, control.meta.id), set(&["attest-missing"]), "{}", control.meta.id);
    }

    // What is missing is asked for where it is missing, and a status as of the snapshot agrees.
    let asked = said(folder, 0, &["answers", "init", "--print", "--snapshot", "acme"]);
    for line in ["environment: \"production\"", "environment: \"lab\"", "- control: CD-04", "- control: AR-09"] {
        assert!(asked.contains(line), "`{line}` is missing: {asked}");
    }
    assert!(!asked.contains("ET-04"), "the provider runs every etcd of the story");
    let status = said(folder, 1, &["answers", "status", "acme/answers.yaml", "--snapshot", "acme"]);
    for line in ["missing   DR-02", "expiring  OB-07", "expired   GV-05", "answered  AR-09"] {
        assert!(status.contains(line), "`{line}` is missing: {status}");
    }
    let own = ["answers", "init", "--print", "--snapshot", "acme", "-c", "own.yaml"];
    write(folder, "own.yaml", "targets: [{name: a, provider: aws}]\npolicy: {answers_file: acme/answers.yaml}\n");
    let rest = said(folder, 0, &own);
    assert!(!rest.contains("AR-09") && rest.contains("GV-05"), "what was answered is not asked again: {rest}");
}

async fn clouds() -> Running {
    let world = include_str!("../../simulator/worlds/acme/aws.yaml");
    Simulator::start(World::from_yaml(world, "", "").unwrap(), Faults::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_remembered_told_as_peoples_word_and_kept_with_the_evidence() {
    let clouds = clouds().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let config = format!(
        "targets:
  - {{name: acme, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, endpoint_url: \"{}\"}}
policy: {{answers_file: answers.yaml}}
service: {{database: memory.db}}
",
        clouds.aws
    );
    write(folder, "palisade.yaml", &config);
    let schedule = "name: nightly\ncron: \"0 2 * * *\"\nevidence: {formats: [snapshot, json], to: kept}\n";
    write(folder, "schedules/nightly.yaml", schedule);
    write(folder, "answers.yaml", "answers:\n");
    said(folder, 0, &["run", "nightly", "--now"]);
    let answers = format!("answers:\n  - {{ control: AR-09, answer: yes, by: ana, answered: {} }}\n", ago(1));
    write(folder, "answers.yaml", &answers);
    said(folder, 0, &["run", "nightly", "--now"]);
    let diff = said(folder, 0, &["diff"]);
    assert!(diff.contains("AR-09") && diff.contains("answer"), "{diff}");

    // The same files and the same snapshot give the same report, wherever they are.
    let runs = folder.join("kept/nightly");
    let mut runs: Vec<_> = fs::read_dir(runs).unwrap().map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    let last = runs.last().unwrap();
    assert_eq!(fs::read_to_string(last.join("answers.yaml")).unwrap(), answers);
    write(last, "own.yaml", "targets: [{name: a, provider: aws}]\npolicy: {answers_file: answers.yaml}\n");
    let again = said(last, 0, &["replay", "snapshot", "-c", "own.yaml", "--format", "json"]);
    assert_eq!(again, fs::read_to_string(last.join("evaluation.json")).unwrap());
    let report: Value = serde_json::from_str(&again).unwrap();
    assert!(report["parameters"]["answers"].as_str().unwrap().starts_with("sha256:"));
    assert!(fs::read_to_string(last.join("SHA256SUMS")).unwrap().contains("  answers.yaml"));
}

/// Files that are right and files that are wrong: what the reader says, and what the schema says.
#[test]
fn schema_and_reader_agree_on_what_is_right() {
    let schema = answers_schema(&controls());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good = json!({ "control": "DR-02", "environment": "prod", "by": "ana", "answered": "2026-09-15",
        "answer": { "tested_on": "2026-09-14", "worked": "yes", "took_minutes": 42 },
        "evidence": "https://wiki.example.com/1" });
    let with = |key: &str, value: Value| {
        let mut changed = good.clone();
        changed[key] = value;
        changed
    };
    let without = |key: &str| {
        let mut changed = good.clone();
        changed.as_object_mut().unwrap().remove(key);
        changed
    };
    let table = [
        (good.clone(), true),
        (with("answer", json!("never")), true),
        (with("answer", json!({ "worked": "no" })), true),
        (with("answer", json!({ "worked": "maybe" })), false),
        (with("answer", json!({ "wroked": "no" })), false),
        (with("control", json!("CP-01")), false),
        (with("cluster", json!("shop")), false),
        (with("evidence", json!("ftp://wiki")), false),
        (with("evidence", json!("https://ana:x@wiki.example.com/")), false),
        (with("colour", json!("red")), false),
        (without("environment"), false),
        (without("by"), false),
        (without("answered"), false),
        (without("answer"), false),
    ];
    for (entry, expected) in table {
        let file = json!({ "answers": [entry] });
        let read = read_answers(&Source { name: "answers.yaml", text: &file.to_string() }, &controls());
        assert_eq!(read.is_ok(), expected, "the reader of {file}: {read:?}");
        assert_eq!(validator.is_valid(&file), expected, "the schema of {file}");
    }
}
