//! Three controls that were written a second time, in another language over the clouds' answers alone, against the verdicts of
//! bundles of random fleets. `cargo xtask headlines --fleets 1000` asks for a thousand.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Simulator, World};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// How many fleets belong to the ordinary test.
const FLEETS: u64 = 12;
/// How many clusters a fleet has, a third in each cloud.
const CLUSTERS: usize = 9;
/// How many bundles are looked at together.
const TOGETHER: u64 = 25;
/// How many fleets are scanned at the same time.
const AT_ONCE: usize = 3;

fn palisade(folder: &Path, arguments: &[&str]) -> Output {
    // `cargo xtask headlines` names an optimised build of the same program.
    let program = std::env::var_os("PALISADE_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_palisade").into());
    Command::new(program)
        .current_dir(folder)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
        .env("AWS_SECRET_ACCESS_KEY", "simulated")
        .env("AWS_REGION", "us-east-1")
        .args(arguments)
        .output()
        .unwrap()
}

fn headlines(bundles: &[PathBuf]) -> Output {
    let python = std::env::var("PALISADE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/verify/headlines.py");
    Command::new(python).arg("-B").arg(script).args(bundles).output().unwrap()
}

/// A bundle of a random fleet.
async fn bundle(folder: &Path, seed: u64) -> PathBuf {
    let running = Simulator::start(World::generated(seed, CLUSTERS), Faults::default()).await.unwrap();
    let own = folder.join(seed.to_string());
    fs::create_dir(&own).unwrap();
    let config = format!(
        "targets:\n  - {{name: aws, provider: aws, accounts: organization, role: PalisadeReader, endpoint_url: \"{}\"}}\n  \
         - {{name: azure, provider: azure, endpoint_url: \"{}\"}}\n  - {{name: gcp, provider: gcp, endpoint_url: \"{}\"}}\n",
        running.aws, running.azure, running.gcp
    );
    fs::write(own.join("palisade.yaml"), config).unwrap();
    tokio::task::spawn_blocking(move || {
        let scanned = palisade(&own, &["scan", "-c", "palisade.yaml", "--save-snapshot", "run"]);
        assert!(scanned.status.code().is_some_and(|code| code < 3), "{scanned:?}");
        let exported = palisade(&own, &["evidence", "export", "run", "--out", "bundle", "-c", "palisade.yaml"]);
        assert!(exported.status.success(), "{exported:?}");
        own.join("bundle")
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_controls_written_a_second_time_agree_with_the_verdicts_of_random_fleets_and_see_a_verdict_that_was_turned()
 {
    let fleets = std::env::var("PALISADE_FLEETS").map_or(FLEETS, |text| text.parse().unwrap());
    let (mut agreed, mut seen) = (0_u64, String::new());
    for first in (0..fleets).step_by(usize::try_from(TOGETHER).unwrap()) {
        let folder = tempfile::tempdir().unwrap();
        let seeds: Vec<u64> = (first..fleets.min(first + TOGETHER)).collect();
        let mut bundles = Vec::new();
        for few in seeds.chunks(AT_ONCE) {
            let made = few.iter().map(|seed| bundle(folder.path(), *seed));
            bundles.extend(futures::future::join_all(made).await);
        }
        let output = headlines(&bundles);
        let said = String::from_utf8(output.stdout).unwrap();
        let differ = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}\n{differ}");
        agreed += said.lines().last().unwrap().split(' ').next().unwrap().parse::<u64>().unwrap();
        seen.push_str(&said);
        if first > 0 {
            continue;
        }
        // A verdict that says the opposite is seen.
        let path = bundles.first().unwrap().join("results/verdicts.ndjson");
        let lines = fs::read_to_string(&path).unwrap();
        let line = lines.lines().find(|line| line.contains("\"control\":\"CP-01\"")).unwrap();
        let (pass, fail) = ("\"verdict\":\"pass\"", "\"verdict\":\"fail\"");
        let turned = if line.contains(fail) { line.replace(fail, pass) } else { line.replace(pass, fail) };
        fs::write(&path, lines.replace(line, &turned)).unwrap();
        let output = headlines(&bundles);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("CP-01"), "{output:?}");
    }
    println!("{fleets} fleets, {agreed} verdicts agree");
    assert_eq!(agreed, fleets * 3 * u64::try_from(CLUSTERS).unwrap());
    // What is always said the same proves nothing.
    for wanted in [
        "CP-01 aws fail",
        "CP-01 aws pass",
        "CP-01 azure fail",
        "CP-01 azure pass",
        "CP-01 gcp fail",
        "CP-01 gcp pass",
        "ET-09 aws pass",
        "ET-09 gcp not-applicable",
        "OB-01 aws fail",
        "OB-01 azure pass",
    ] {
        assert!(seen.contains(wanted), "{wanted}: {seen}");
    }
    // Too rare for a dozen.
    assert!(fleets < 100 || seen.contains("ET-09 gcp unknown"), "{seen}");
}
