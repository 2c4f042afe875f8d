//! The program alone in the image's root file system, without a container engine: read-only, as a user without rights.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Simulator, World};
use serde_json::Value;
use std::{
    fs,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("deploy/image").join(name)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_scans_three_clouds_in_a_root_that_nobody_can_write_to() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root");
    let made =
        Command::new("sh").arg(script("rootfs.sh")).arg(env!("CARGO_BIN_EXE_palisade")).arg(&root).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let programs: Vec<PathBuf> = ["bin", "sbin", "usr/bin", "usr/sbin"].map(|name| root.join(name)).into();
    assert!(programs.iter().all(|folder| !folder.exists()), "there is more than one program");
    assert!(root.join("usr/share/zoneinfo/Europe/Berlin").is_file());
    assert!(fs::metadata(root.join("etc/ssl/certs/ca-certificates.crt")).unwrap().len() > 100_000);

    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        // Past the harness, which keeps what a good test prints.
        writeln!(std::io::stderr(), "the program was NOT tried in its own root: `chroot` needs root").unwrap();
        return;
    }
    let running = Simulator::start(World::acme().unwrap(), Faults::default()).await.unwrap();
    let config = format!(
        "targets:\n  - {{name: aws, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, \
         endpoint_url: \"{}\"}}\n  - {{name: azure, provider: azure, endpoint_url: \"{}\"}}\n  - {{name: gcp, provider: gcp, \
         endpoint_url: \"{}\"}}\n",
        running.aws, running.azure, running.gcp
    );
    fs::write(root.join("palisade.yaml"), config).unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let run = move |arguments: &[&str]| {
        Command::new("sh")
            .arg(script("try.sh"))
            .arg(&root)
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
            .env("AWS_SECRET_ACCESS_KEY", "simulated")
            .env("AWS_REGION", "us-east-1")
            .output()
            .unwrap()
    };
    tokio::task::spawn_blocking(move || {
        let scan = run(&["scan", "-c", "/palisade.yaml", "--format", "json"]);
        assert!(scan.status.success(), "{}", said(&scan));
        let report: Value = serde_json::from_slice(&scan.stdout).unwrap();
        let clusters = report["clusters"].as_array().unwrap();
        for provider in ["aws", "azure", "gcp"] {
            assert!(clusters.iter().any(|cluster| cluster["provider"] == provider), "{provider}");
        }
        let demo = run(&["demo", "--fail-on", "critical"]);
        assert_eq!(demo.status.code(), Some(1), "{}", said(&demo));
        assert!(said(&demo).contains("the page of the report could not be kept"), "something was written");
        let kept = run(&["demo", "--keep", "/acme"]);
        assert_eq!(kept.status.code(), Some(4), "{}", said(&kept));
    })
    .await
    .unwrap();
}
