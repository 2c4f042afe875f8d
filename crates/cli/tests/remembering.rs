//! What recurring runs keep, and the commands that look after it: over simulated clouds, with messages that nobody takes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Running, Simulator, World};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// The story's AWS, in which shop-prod's API server answers everybody.
const OPEN: &str = include_str!("../../simulator/worlds/acme/aws.yaml");

/// Where nobody takes messages: they wait, and can be looked at.
const NOBODY: &str = "http://127.0.0.1:9/";

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
        .env("HOOK", NOBODY)
        .output()
        .unwrap()
}

/// What a command printed that ends with a code.
fn said(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output = palisade(folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    if code == 0 { out } else { err }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

async fn clouds(world: &str) -> Running {
    Simulator::start(World::from_yaml(world, "", "").unwrap(), Faults::default()).await.unwrap()
}

/// A folder with a configuration for simulated clouds, and a schedule.
fn furnish(folder: &Path, clouds: &Running) {
    let config = format!(
        "targets:
  - {{name: acme, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, endpoint_url: \"{}\"}}
sinks:
  channels: [{{name: hook, kind: webhook, url: env:HOOK, allow_loopback: true}}]
  routes:
    - {{name: everything, send_to: [hook]}}
    - {{name: platform, send_to: [hook]}}
    - {{name: runs, events: [scan.completed, scan.partial], send_to: [hook]}}
service: {{database: memory.db}}
",
        clouds.aws
    );
    write(folder, "palisade.yaml", &config);
    schedule(folder, "");
}

/// The schedule, with more lines.
fn schedule(folder: &Path, lines: &str) {
    write(folder, "schedules/nightly.yaml", &format!("name: nightly\ncron: \"0 2 * * *\"\n{lines}"));
}

/// `ROUTE/CHANNEL` of each message that waits.
fn waiting(folder: &Path) -> Vec<String> {
    let text = said(folder, 0, &["notify", "list"]);
    text.lines().filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_names_routes_uses_these_in_their_order_and_no_others() {
    let clouds = clouds(OPEN).await;
    for (lines, expected) in [
        ("", &["everything/hook"][..]),
        ("routes: [platform]\n", &["platform/hook"]),
        ("routes: [platform, everything]\n", &["platform/hook"]),
        ("routes: [runs, platform]\n", &["platform/hook", "runs/hook"]),
        ("routes: [everything, platform]\n", &["everything/hook"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        furnish(folder.path(), &clouds);
        schedule(folder.path(), lines);
        said(folder.path(), 0, &["run", "nightly"]);
        let mut routes = waiting(folder.path());
        routes.sort();
        routes.dedup();
        assert_eq!(routes, expected, "{lines}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_that_reads_schedules_says_which_names_nobody_has_all_at_once() {
    let clouds = clouds(OPEN).await;
    let folder = tempfile::tempdir().unwrap();
    furnish(folder.path(), &clouds);
    let config = fs::read_to_string(folder.path().join("palisade.yaml")).unwrap();
    let asking = config.replace("{name: platform,", "{name: platform, schedules: [nigthly],");
    write(folder.path(), "palisade.yaml", &asking);
    schedule(folder.path(), "targets: [acne]\nroutes: [everythin, runs, pager]\n");
    let all: [&[&str]; 3] = [&["schedules", "check", "-c", "palisade.yaml"], &["serve"], &["run", "nightly"]];
    for command in all {
        let told = said(folder.path(), 2, command);
        for (place, word) in [
            ("schedules/nightly.yaml:3:11", "did you mean `acme`?"),
            ("schedules/nightly.yaml:4:10", "did you mean `everything`?"),
            ("schedules/nightly.yaml:4:27", "no route is called `pager`"),
        ] {
            assert!(told.contains(place) && told.contains(word), "{command:?} does not say {word}:\n{told}");
        }
        let reads_all = command != ["run", "nightly"];
        assert_eq!(told.contains("no schedule is called `nigthly`"), reads_all, "{command:?}: {told}");
    }
}
