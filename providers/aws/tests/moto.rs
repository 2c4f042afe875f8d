//! The collector against moto, somebody else's AWS.
//!
//! Needs a Python with the packages of `crates/simulator/tests/oracle/requirements.txt`; `cargo xtask test` installs it.
#![cfg(feature = "collect")]
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says where")]

use palisade_aws::{Accounts, Aws, Credentials, Regions, Settings};
use palisade_model::{Inventory, PublicAccess};
use palisade_provider::{Discovery, FailureReason, Pace, Provider as _, Quiet, Recorder, Snapshot};
use palisade_reach::{AddrSet, Family, Protocol};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
};

struct Moto {
    child: Child,
    url: String,
    seed: serde_json::Value,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn python() -> String {
    std::env::var("PALISADE_TEST_PYTHON").expect(
        "this test needs moto: run `cargo xtask test`, or point PALISADE_TEST_PYTHON at a Python with \
         crates/simulator/tests/oracle/requirements.txt installed",
    )
}

fn start() -> Moto {
    let python = python();
    // Port 0: the system chooses one, and moto's server says which.
    let mut child = Command::new(&python)
        .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("moto starts");
    let mut lines = BufReader::new(child.stderr.take().expect("stderr is a pipe")).lines();
    let url = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("Running on ").map(|(_, url)| url.trim().to_owned()))
        .expect("moto says where it runs");
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    let seeded = Command::new(&python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto/seed.py"))
        .arg(&url)
        .output()
        .expect("the seed runs");
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    let seed = serde_json::from_slice(&seeded.stdout).expect("the seed prints JSON");
    Moto { child, url, seed }
}

async fn read(moto: &Moto) -> (Vec<String>, Snapshot, Inventory) {
    let aws = Aws::new(Settings {
        accounts: Accounts::Organization,
        role: Some("PalisadeReader".to_owned()),
        regions: Regions::List(vec!["eu-west-1".to_owned()]),
        endpoint_url: Some(moto.url.clone()),
        credentials: Credentials::Static {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "moto".to_owned(),
            session_token: None,
        },
        ..Settings::new("moto")
    });
    let recorder = Recorder::new("moto", Arc::new(jiff::Timestamp::now), Arc::new(Quiet), Arc::new(Pace::default()));
    let Discovery { units, .. } = aws.discover(&recorder).await;
    let member = moto.seed["member"].as_str().expect("a member account");
    let unit = units.iter().find(|unit| unit.scope == member).expect("the member is a unit");
    let snapshot = aws.collect(unit, &recorder.for_unit()).await;
    let inventory = aws.normalize(&snapshot);
    (units.into_iter().map(|unit| unit.scope).collect(), snapshot, inventory)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_account_of_somebody_elses_aws_is_read_and_computed_exactly() {
    let moto = start();
    let (units, snapshot, inventory) = read(&moto).await;
    assert_eq!(units.len() as u64, moto.seed["accounts"].as_u64().expect("a count"), "every page of accounts was read");

    let [cluster] = inventory.clusters.as_slice() else { panic!("one cluster, not {}", inventory.clusters.len()) };
    assert_eq!(cluster.name, "shop");
    let Ok(PublicAccess::Open(door)) = cluster.api.public.get() else { panic!("{:?}", cluster.api.public) };
    assert!(door.sources.lower().covers_any(Family::V4, &AddrSet::empty()), "two halves are the whole");

    let pools = cluster.pools.get().expect("pools");
    let exposures: Vec<_> = pools.iter().filter_map(|pool| pool.exposure.get().ok()).flatten().collect();
    let instance = moto.seed["instance"].as_str().expect("an instance");
    // moto does not know Block Public Access: without that answer nothing certain may be said of machines.
    let certain: Vec<_> =
        exposures.iter().filter(|exposure| exposure.nodes.iter().any(|node| node.as_str() == instance)).collect();
    let unsupported = snapshot.failures().any(|(record, failure)| {
        record.call.contains("BlockPublicAccess")
            && matches!(failure.reason, FailureReason::Unsupported | FailureReason::Unreachable)
    });
    if unsupported {
        assert!(certain.is_empty(), "a machine was judged without knowing whether public access is blocked");
    } else {
        let ssh = certain.first().expect("the instance is found").internet.lower().sources(Protocol::TCP, 22);
        assert!(ssh.covers_any(Family::V4, &AddrSet::empty()));
    }

    // What moto does not offer is a gap and hides nothing else.
    let failed: Vec<&str> = snapshot.failures().map(|(record, _)| &*record.call).collect();
    assert!(failed.contains(&"eks:ListAddons"), "{failed:?}");
    let identities = cluster.identities.get();
    let node = identities.iter().flat_map(|all| all.iter()).find(|identity| identity.name.contains("node"));
    if let Some(node) = node {
        assert!(node.standing.get().expect("GetAccountAuthorizationDetails was answered").administrator.is_some());
    }
}
