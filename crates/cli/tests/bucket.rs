//! Evidence that goes to a bucket, in a store of objects that somebody else wrote.
//!
//! Needs a Python with the packages of `crates/simulator/tests/oracle/requirements.txt`; `cargo xtask test` installs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Simulator, World};
use palisade_testkit::Moto;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const ACME: &str = include_str!("../../simulator/worlds/acme/aws.yaml");

/// A store that does not answer.
const NOBODY: &str = "http://127.0.0.1:9";

async fn palisade(folder: &Path, store: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
        .env("AWS_SECRET_ACCESS_KEY", "simulated")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL_S3", store)
        .env("AWS_ALLOW_HTTP", "true");
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_goes_to_a_bucket_once_it_answers_and_is_judged_again_from_there() {
    let running = Simulator::start(World::from_yaml(ACME, "", "").unwrap(), Faults::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("schedules")).unwrap();
    let schedule = "name: nightly\ncron: \"0 2 * * *\"\ntime_zone: UTC\ntargets: all\nprofile: full\n\
                    evidence: {formats: [snapshot, json], to: s3://acme-evidence/palisade}\n";
    fs::write(folder.path().join("schedules/nightly.yaml"), schedule).unwrap();
    let config = format!(
        "targets:\n  - {{name: acme, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, \
         endpoint_url: \"{}\"}}\n",
        running.aws
    );
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    let moto = Moto::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bucket/seed.py");
    moto.seed(&script, &["acme-evidence"]);

    let (code, _, err) = palisade(folder.path(), NOBODY, &["run", "nightly", "--now"]).await;
    assert_ne!(code, Some(0), "{err}");
    assert!(
        err.contains("the evidence waits in `palisade.evidence/nightly` and is sent again with the next run"),
        "{err}"
    );
    let waiting = || fs::read_dir(folder.path().join("palisade.evidence/nightly")).unwrap().count();
    assert_eq!(waiting(), 1);

    let (code, _, err) = palisade(folder.path(), &moto.url, &["run", "nightly", "--now"]).await;
    assert_eq!((code, waiting()), (Some(0), 0), "{err}");
    let kept = moto.seed(&script, &["acme-evidence"]);
    let kept: Vec<&str> = kept.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let sums: Vec<&str> = kept.iter().filter_map(|name| name.strip_suffix("/SHA256SUMS")).collect();
    assert_eq!(sums.len(), 2, "both runs are there: {kept:?}");
    assert!(kept.iter().any(|name| name.contains("/snapshot/bodies/")), "{kept:?}");

    let address = format!("s3://acme-evidence/{}", sums.last().unwrap());
    let (code, _, err) = palisade(folder.path(), &moto.url, &["store", "fetch", &address, "--to", "fetched"]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("all of them as they were kept"), "{err}");
    let replay = ["replay", "fetched/snapshot", "--format", "json", "--output", "again.json"];
    let (code, _, err) = palisade(folder.path(), NOBODY, &replay).await;
    assert_eq!(code, Some(0), "{err}");
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(folder.path().join(name)).unwrap()).unwrap()
    };
    let findings = |report: serde_json::Value| report.get("findings").cloned().unwrap();
    assert_eq!(findings(read("again.json")), findings(read("fetched/evaluation.json")));
    let (code, _, err) =
        palisade(folder.path(), &moto.url, &["store", "fetch", "s3://acme-evidence/x", "--to", "y"]).await;
    assert_ne!(code, Some(0));
    assert!(err.contains("could not read `s3://acme-evidence/x`") && err.contains("there is nothing"), "{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_goes_to_a_bucket_says_how_long_it_is_kept_there_and_is_checked_and_judged_from_there() {
    let running = Simulator::start(World::from_yaml(ACME, "", "").unwrap(), Faults::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let config = format!("targets:\n  - {{name: acme, provider: aws, endpoint_url: \"{}\"}}\n", running.aws);
    fs::write(at.join("palisade.yaml"), config).unwrap();
    let moto = Moto::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bucket/seed.py");
    moto.seed(&script, &["locked", "400"]);
    moto.seed(&script, &["loose"]);
    let run = async |arguments: &[&str], expected: i32| {
        let (code, out, err) = palisade(at, &moto.url, arguments).await;
        assert_eq!(code, Some(expected), "{arguments:?}: {out}{err}");
        format!("{out}{err}")
    };
    palisade(at, &moto.url, &["scan", "-c", "palisade.yaml", "--save-snapshot", "run1", "-o", "report.txt"]).await;
    run(&["evidence", "keys", "new", "--out", "k.pem"], 0).await;
    let seal = ["--key", "file:k.pem", "--log", "log"];
    // moto takes nothing into a locked bucket without a header of AWS's own SDKs, which S3 does not ask for: it wants a
    // checksum, and gets one.
    let export = [&["evidence", "export", "run1", "--out", "b1", "--to", "s3://locked/bundles"], &seal[..]].concat();
    let waits = run(&export, 4).await;
    assert!(waits.contains("the bundle stands whole in `b1`"), "{waits}");
    let kept = "write-once, mode COMPLIANCE, every object is kept for 400 days";
    let told = run(&["evidence", "send", "b1", "--to", "s3://loose/bundles"], 0).await;
    assert!(told.contains("sent to s3://loose/bundles/b1: "), "{told}");
    let page = fs::read_to_string(at.join("b1/VERIFY.md")).unwrap();
    assert!(page.contains(&format!("The bucket that it was made for said of itself: {kept}")), "{page}");
    let fact: serde_json::Value =
        serde_json::from_slice(&fs::read(at.join("b1/context/storage.json")).unwrap()).unwrap();
    assert_eq!(fact.pointer("/write_once/known/kept/keeps/known"), Some(&serde_json::json!("400 days")), "{fact}");

    let holds = run(&["evidence", "verify", "s3://loose/bundles/b1", "--key", "k.pem.pub"], 0).await;
    assert!(holds.contains("s3://loose/bundles/b1: holds") && holds.contains(", which you trust"), "{holds}");
    let again = run(&["replay", "s3://loose/bundles/b1", "--key", "k.pem.pub", "-o", "again.txt"], 0).await;
    assert!(again.contains("byte for byte those of the bundle"), "{again}");
    let fetched = run(&["store", "fetch", "s3://loose/bundles/b1", "--to", "back"], 0).await;
    assert!(fetched.contains("files of a bundle in `back`, which holds"), "{fetched}");

    // Another one of the same name is not put in its place, and a whole one is sent again without harm.
    run(&["evidence", "send", "b1", "--to", "s3://loose/bundles"], 0).await;
    fs::rename(at.join("b1"), at.join("first")).unwrap();
    run(&[&["evidence", "export", "run1", "--out", "b1"], &seal[..]].concat(), 0).await;
    let refused = run(&["evidence", "send", "b1", "--to", "s3://loose/bundles"], 4).await;
    assert!(refused.contains("could not write `s3://loose/bundles/b1/"), "{refused}");

    run(&["evidence", "export", "run1", "--out", "b.tar", "--to", "s3://loose"], 0).await;
    let page = run(&["evidence", "verify", "s3://loose/b.tar"], 0).await;
    assert!(page.contains("s3://loose/b.tar: holds"), "{page}");
    let loose = run(&["evidence", "send", "b.tar", "--to", "s3://loose"], 0).await;
    assert!(loose.contains("not write-once: objects can be removed; no versions are kept"), "{loose}");
    let nobody = run(&["evidence", "export", "run1", "--out", "b2", "--to", "s3://nobody/x"], 4).await;
    assert!(
        nobody.contains("the bundle stands whole in `b2`; `palisade evidence send b2 --to s3://nobody/x`"),
        "{nobody}"
    );
    let page = fs::read_to_string(at.join("b2/VERIFY.md")).unwrap();
    assert!(page.contains("nobody knows whether it is write-once: there is no such bucket"), "{page}");
    let nothing = run(&["evidence", "verify", "s3://loose/b3"], 4).await;
    assert!(nothing.contains("could not read `s3://loose/b3`"), "{nothing}");
}

/// The same snapshot as of a day long ago.
fn years_ago(snapshot: &Path) {
    let mut folders = vec![snapshot.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "jsonl") {
                let today = jiff::Timestamp::now().strftime("\"%Y-%m-%dT").to_string();
                let text = fs::read_to_string(&path).unwrap().replace(&today, "\"2018-01-15T");
                let (header, lines) = text.split_once('\n').unwrap();
                let mut header: serde_json::Value = serde_json::from_str(header).unwrap();
                let digest = palisade_provider::Body::new(lines.as_bytes().to_vec()).digest();
                header.as_object_mut().unwrap().insert("records".to_owned(), digest.to_string().into());
                fs::write(&path, format!("{header}\n{lines}")).unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_is_removed_from_a_bucket_that_keeps_nothing_and_from_none_that_is_locked_or_keeps_versions() {
    let running = Simulator::start(World::from_yaml(ACME, "", "").unwrap(), Faults::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let bundles = "bundles: [\"s3://loose/bundles\", \"s3://locked/bundles\", \"s3://versions/bundles\"]";
    let config = format!(
        "targets:\n  - {{name: acme, provider: aws, endpoint_url: \"{}\"}}\nevidence: {{{bundles}}}\n",
        running.aws
    );
    fs::write(at.join("palisade.yaml"), config).unwrap();
    let moto = Moto::start();
    let script = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bucket").join(name);
    moto.seed(&script("seed.py"), &["loose"]);
    moto.seed(&script("seed.py"), &["locked", "400"]);
    moto.seed(&script("seed.py"), &["versions"]);
    let run = async |arguments: &[&str], expected: i32| {
        let (code, out, err) = palisade(at, &moto.url, arguments).await;
        assert_eq!(code, Some(expected), "{arguments:?}: {out}{err}");
        format!("{out}{err}")
    };
    palisade(at, &moto.url, &["scan", "-c", "palisade.yaml", "--save-snapshot", "run1", "-o", "report.txt"]).await;
    run(&["evidence", "export", "run1", "--out", "young", "--to", "s3://loose/bundles"], 0).await;
    years_ago(&at.join("run1"));
    run(&["evidence", "export", "run1", "--out", "old", "--to", "s3://loose/bundles"], 0).await;
    for bucket in ["locked", "versions"] {
        moto.seed(&script("upload.py"), &[bucket, at.join("old").to_str().unwrap(), "bundles/old"]);
    }

    let told = run(&["evidence", "retain"], 0).await;
    for line in ["due      bundle     s3://loose/bundles/old", "kept     bundle     s3://loose/bundles/young"] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let told = run(&["evidence", "retain", "--apply"], 0).await;
    for (line, why) in [
        ("removed  bundle     s3://loose/bundles/old", "kept for 2557 days"),
        ("held     bundle     s3://locked/bundles/old", "write-once, mode COMPLIANCE"),
        ("held     bundle     s3://versions/bundles/old", "would only be hidden"),
    ] {
        assert!(told.lines().any(|told| told.contains(line) && told.contains(why)), "{line}: {told}");
    }
    let left = moto.seed(&script("seed.py"), &["loose"]);
    let left: Vec<&str> = left.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(!left.is_empty() && left.iter().all(|name| name.starts_with("bundles/young/")), "{left:?}");
    for bucket in ["locked", "versions"] {
        let left = moto.seed(&script("seed.py"), &[bucket]);
        assert!(left.as_array().unwrap().contains(&serde_json::json!("bundles/old/manifest.json")), "{left}");
    }
    let record = fs::read_to_string(at.join("palisade.retention.ndjson")).unwrap();
    assert_eq!(record.lines().count(), 2, "{record}");
}
