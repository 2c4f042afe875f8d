//! The program reads the secrets of its channels from a secret manager that somebody else wrote.
//!
//! Needs a Python with the packages of `crates/simulator/tests/oracle/requirements.txt`; `cargo xtask test` installs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use axum::{Router, body::Bytes, extract::State, routing::post};
use palisade_testkit::Moto;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
};

/// What came to the address that only the secret names.
type Came = Arc<Mutex<Vec<String>>>;

async fn receiver() -> (String, Came) {
    let came = Came::default();
    let take = |State(came): State<Came>, body: Bytes| async move {
        came.lock().unwrap().push(String::from_utf8_lossy(&body).into_owned());
    };
    let app = Router::new().route("/s3cret", post(take)).with_state(Arc::clone(&came));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/s3cret", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, came)
}

async fn test_message(moto: &str, place: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "targets: [{{name: acme, provider: aws}}]\nsinks:\n  channels:\n    - {{name: hook, kind: webhook, url: \
         \"{place}\", allow_loopback: true}}\n  routes: [{{name: all, send_to: [hook], when: now}}]\n"
    );
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command
        .args(["notify", "test", "hook"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "moto")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", moto);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_in_aws_secrets_manager_is_read_by_name_or_arn_and_never_printed() {
    let (address, came) = receiver().await;
    let moto = Moto::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/secrets/seed.py");
    let arn = moto.seed(&script, &["palisade/plain", &address]);
    moto.seed(&script, &["palisade/object", &format!(r#"{{"hook": "{address}"}}"#)]);
    let places = [format!("aws-sm://{}", arn.as_str().unwrap()), "aws-sm://palisade/object#hook".to_owned()];
    for (sent, place) in places.iter().enumerate() {
        let output = test_message(&moto.url, place).await;
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{place}: {err}");
        assert!(!err.contains("s3cret"), "{err}");
        assert_eq!(came.lock().unwrap().len(), sent + 1, "{place}");
    }
    for (place, told) in [
        ("aws-sm://palisade/absent", "ResourceNotFoundException"),
        ("aws-sm://palisade/object#teams", "no JSON object with such a member"),
    ] {
        let output = test_message(&moto.url, place).await;
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains(place) && err.contains(told) && !err.contains("s3cret"), "{err}");
    }
}
