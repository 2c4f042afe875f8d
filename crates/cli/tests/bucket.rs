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
