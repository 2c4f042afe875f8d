//! Bundles that are sealed by a key inside a key manager that somebody else wrote, and checked by `openssl`.
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

fn run(folder: &Path, kms: &str, program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI-simulated")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL_KMS", kms)
        .args(arguments)
        .output()
        .unwrap()
}

/// What the program said that ended with a code. No credential is ever in it.
fn said(folder: &Path, kms: &str, code: i32, arguments: &[&str]) -> String {
    let output = run(folder, kms, env!("CARGO_BIN_EXE_palisade"), arguments);
    let both = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{both}");
    assert!(!both.contains("wJalrXUtnFEMI"), "{both}");
    both
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_aws_kms_seals_what_openssl_python_and_we_verify_and_follows_a_key_in_a_file() {
    let moto = Moto::start();
    let keys = moto.seed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/signing/seed.py"), &[]);
    let key = |name: &str| format!("awskms:{}", keys.get(name).unwrap().as_str().unwrap());
    let (sealing, alias, rsa) = (key("key"), key("alias"), key("rsa"));
    let aws = include_str!("../../simulator/worlds/acme/aws.yaml");
    let running = Simulator::start(World::from_yaml(aws, "", "").unwrap(), Faults::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "targets:\n  - {{name: acme, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, \
         endpoint_url: \"{}\"}}\n",
        running.aws
    );
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    let at = folder.path().to_owned();
    let kms = moto.url.clone();
    let seals = move || {
        let ours = |code: i32, arguments: &[&str]| said(&at, &kms, code, arguments);
        let theirs = |program: &str, arguments: &[&str]| {
            let output = run(&at, &kms, program, arguments);
            let both =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success(), "{program} {arguments:?}\n{both}");
            both
        };
        run(&at, &kms, env!("CARGO_BIN_EXE_palisade"), &["scan", "-c", "palisade.yaml", "--save-snapshot", "run1"]);

        let shown = ours(0, &["evidence", "keys", "show", &sealing, "--out", "kms.pub"]);
        assert!(shown.contains("algorithm ecdsa-p256-sha256"), "{shown}");
        let fingerprint =
            theirs("sh", &["-c", "openssl pkey -pubin -in kms.pub -outform DER | sha256sum | cut -c1-64"]);
        assert!(shown.contains(&format!("fingerprint {fingerprint}")), "{shown}");
        // What is published is not written over.
        ours(4, &["evidence", "keys", "show", &sealing, "--out", "kms.pub"]);

        let export = |key: &str, out: &str, code: i32| {
            ours(
                code,
                &[
                    "evidence",
                    "export",
                    "run1",
                    "--out",
                    out,
                    "-c",
                    "palisade.yaml",
                    "--key",
                    key,
                    "--log",
                    "bundles",
                    "--origin",
                    "acme.example/evidence",
                ],
            )
        };
        for (place, told) in [(&rsa, "RSASSA_PSS_SHA_256"), (&sealing.replace(":key/", ":key/0"), "NotFoundException")]
        {
            let refused = export(place, "refused", 4);
            assert!(refused.contains(told) && refused.contains("kms:Sign"), "{refused}");
            assert!(!at.join("refused").exists() && !at.join("bundles").exists());
        }
        export(&alias, "sealed", 0);
        export(&alias, "again", 0);
        theirs("diff", &["-r", "sealed", "again"]);

        let page = fs::read_to_string(at.join("sealed/VERIFY.md")).unwrap();
        let commands: String =
            page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect();
        let told = theirs("bash", &["-euo", "pipefail", "-c", &format!("cd sealed\n{commands}")]);
        assert!(told.contains("Signature Verified Successfully") && told.contains(fingerprint.trim()), "{told}");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/verify/verify.py");
        theirs("python3", &[script.to_str().unwrap(), "sealed", "kms.pub"]);
        let told = ours(0, &["evidence", "verify", "sealed", "--key", "kms.pub"]);
        assert!(told.contains("which you trust"), "{told}");

        ours(0, &["evidence", "keys", "new", "--out", "old.pem"]);
        ours(0, &["evidence", "keys", "rotate", "file:old.pem", "--new", &sealing, "--out", "next"]);
        assert!(!at.join("next").exists(), "no private key is written");
        assert_eq!(fs::read(at.join("next.pub")).unwrap(), fs::read(at.join("kms.pub")).unwrap());
        ours(0, &["evidence", "verify", "sealed", "--key", "old.pem.pub", "--rotation", "next.rotation.json"]);
        ours(4, &["evidence", "verify", "sealed", "--key", "old.pem.pub"]);
    };
    tokio::task::spawn_blocking(seals).await.unwrap();
}
