//! The collector against somebody else's AWS: moto in server mode. What it offers is read and means what it should;
//! what it does not offer ends as a gap of the right class and hides nothing else.
//!
//! Needs a Python with the packages of `crates/simulator/tests/oracle/requirements.txt`; `cargo xtask test` installs it.
#![cfg(feature = "collect")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on says where")]

use palisade_aws::{Accounts, Aws, Credentials, Limits, Regions, Settings};
use palisade_model::{Cluster, IdentityKind, KeyOwner, PublicAccess};
use palisade_provider::{Collect, FailureReason, Pace, Provider, Quiet, Recorder, Snapshot};
use palisade_reach::{AddrSet, Bounds, Family, Protocol, internet, parse_net};
use palisade_testkit::Moto;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

/// Makes the organisation.
fn seed(moto: &Moto) -> Value {
    moto.seed(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto/seed.py")), &[])
}

fn aws(moto: &Moto) -> Aws {
    // moto answers 500 for what it does not know; there is no use in asking again.
    let limits =
        Limits { attempts: 1, attempt: Duration::from_mins(1), call: Duration::from_mins(1), ..Limits::default() };
    Aws::new(Settings {
        accounts: Accounts::Organization,
        role: Some("PalisadeReader".to_owned()),
        external_id: Some("acme-7d1f".to_owned()),
        regions: Regions::List(vec!["eu-west-1".to_owned()]),
        endpoint_url: Some(moto.url.clone()),
        base_region: Some("eu-west-1".to_owned()),
        credentials: Credentials::Static {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "moto".to_owned(),
            session_token: None,
        },
        limits,
        ..Settings::new("moto")
    })
}

fn nets(texts: &[&str]) -> AddrSet {
    texts.iter().map(|text| parse_net(text).unwrap()).collect()
}

/// The class of each call's failures.
fn classes(snapshot: &Snapshot) -> BTreeMap<String, FailureReason> {
    snapshot.failures().map(|(record, failure)| (record.call.to_string(), failure.reason)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_aws_is_read_through_and_its_holes_are_gaps() {
    let moto = Moto::start();
    let seeded = seed(&moto);
    let aws = aws(&moto);
    let clock = Arc::new(|| "2026-11-21T00:00:00Z".parse().unwrap());
    let recorder = Recorder::new("moto", clock, Arc::new(Quiet), Arc::new(Pace::default()));
    let discovery = aws.discover(&recorder.for_unit()).await;
    assert_eq!(discovery.units.len() as u64, seeded["accounts"].as_u64().unwrap(), "more than one page of accounts");
    let unit = discovery.units.iter().find(|unit| unit.scope == seeded["member"].as_str().unwrap()).unwrap();
    let snapshot = aws.collect(unit, &recorder.for_unit()).await;
    let inventory = aws.normalize(&snapshot);
    assert_eq!(inventory.unseen, []);
    let cluster = &inventory.clusters[0];
    assert_eq!((inventory.clusters.len(), cluster.name.as_str()), (1, "shop"));
    facts(cluster, &seeded);
    holes(cluster, &snapshot);
}

/// What moto offers.
fn facts(cluster: &Cluster, seeded: &Value) {
    assert_eq!(cluster.version.get().unwrap().to_string(), "1.31");
    let PublicAccess::Open(door) = cluster.api.public.get().unwrap() else { panic!("{:?}", cluster.api.public) };
    assert_eq!(door.sources, Bounds::exact(internet().family(Family::V4)), "two halves are everybody");
    let encryption = cluster.encryption.get().unwrap();
    assert_eq!(encryption.owner, KeyOwner::Customer { key: seeded["key"].as_str().unwrap().to_owned() });
    // It left `vpcId` out of the cluster; the subnets name the network.
    let pools = cluster.pools.get().unwrap();
    let pool = pools.iter().find(|pool| pool.nodes.get().is_ok_and(|nodes| !nodes.is_empty())).unwrap();
    let exposures = pool.exposure.get().unwrap();
    assert_eq!(exposures[0].nodes[0].as_str(), seeded["instance"].as_str().unwrap());
    let ssh = exposures[0].internet.map(|packets| packets.sources(Protocol::TCP, 22));
    let everybody = internet().family(Family::V4).subtract(&nets(&["10.20.0.0/16", "198.51.100.0/24"]));
    // It knows nothing of VPC Block Public Access, which may close what the rules leave open.
    assert_eq!(ssh, Bounds::unknown_within(everybody), "two halves are everybody but whom the network ACL denies");
    assert!(exposures[0].internet.upper().sources(Protocol::TCP, 80).is_empty());
    assert!(
        exposures[0].limits.iter().any(|limit| limit.contains("VPC Block Public Access")),
        "{:?}",
        exposures[0].limits
    );
}

/// What it does not offer.
fn holes(cluster: &Cluster, snapshot: &Snapshot) {
    let classes = classes(snapshot);
    for call in ["eks:ListAddons", "eks:ListPodIdentityAssociations"] {
        assert_eq!(classes.get(call), Some(&FailureReason::Unsupported), "{call}: {classes:?}");
    }
    let call = "ec2:DescribeVpcBlockPublicAccessOptions";
    assert_eq!(classes.get(call), Some(&FailureReason::Unreachable), "{classes:?}");
    assert!(classes.values().all(|class| *class != FailureReason::Denied), "{classes:?}");
    assert!(cluster.controllers.gap().is_some(), "add-ons were not read");
    // Its node groups name auto scaling groups that do not exist: whatever machines they hold are not known.
    let managed = cluster.pools.get().unwrap().iter().find(|pool| pool.name == "workers").unwrap();
    let why = managed.nodes.gap().unwrap().to_string();
    assert!(why.starts_with("auto scaling group ") && why.ends_with(" is not in the list"), "{why}");
    let identities = cluster.identities.get();
    assert!(identities.is_err() || identities.unwrap().iter().any(|one| one.kind == IdentityKind::Node));
}
