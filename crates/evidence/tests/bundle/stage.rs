//! A run that a bundle is made of: two accounts, clusters that were read, refused and gone.

use palisade_aws::{Aws, CALLS, Settings};
use palisade_controls::controls;
use palisade_engine::{Context as EngineContext, Coverage, Finding, GapRow, Policy, Waiver, coverage, evaluate};
use palisade_evidence::{
    Asked, BundleLog, BundleWriter, Calls, Context, Export, ExportError, Finished, Firings, Judged, PeriodKey, Profile,
    Seal, SigningKey, Told, verdict_lines,
};
use palisade_model::{GapReason, Provider as Cloud};
use palisade_provider::{Call, Failure, FailureReason, Provider as _, Snapshot};
use palisade_testkit::SnapshotBuilder;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A call of the provider by its name.
pub(crate) fn call(name: &str) -> &'static Call {
    CALLS.iter().find(|call| call.name == name).unwrap()
}

pub(crate) fn cluster(name: &str, is_public: bool) -> Value {
    json!({ "cluster": {
        "name": name,
        "arn": format!("arn:aws:eks:eu-west-1:111111111111:cluster/{name}"),
        "createdAt": "2026-01-01T00:00:00Z",
        "version": "1.33",
        "status": "ACTIVE",
        "roleArn": "arn:aws:iam::111111111111:role/eks",
        "tags": { "owner": "ana@acme.example" },
        "resourcesVpcConfig": {
            "endpointPublicAccess": is_public,
            "endpointPrivateAccess": true,
            "publicAccessCidrs": ["0.0.0.0/0"],
            "subnetIds": [],
            "securityGroupIds": [],
        },
    } })
}

const PLACE: &str = "111111111111/eu-west-1";

/// What two accounts answered.
pub(crate) fn run() -> Vec<Snapshot> {
    let (list, describe) = (call("eks:ListClusters"), call("eks:DescribeCluster"));
    let one = SnapshotBuilder::new(Cloud::Aws, "111111111111")
        .page(list, PLACE, &[], (0, false), json!({ "clusters": ["shop", "web"], "nextToken": "x" }))
        .page(list, PLACE, &[], (1, true), json!({ "clusters": ["lab"], "nextToken": null }))
        .answer(describe, PLACE, &[("cluster", "shop")], cluster("shop", true))
        .answer(describe, PLACE, &[("cluster", "web")], cluster("web", false))
        .failure(describe, PLACE, &[("cluster", "lab")], Failure::new(FailureReason::Denied, "no, ana@acme.example"));
    let two = SnapshotBuilder::new(Cloud::Aws, "222222222222").answer(
        list,
        "222222222222/eu-west-1",
        &[],
        json!({ "clusters": [], "nextToken": null }),
    );
    vec![one.build(), two.build()]
}

pub(crate) fn policy() -> Policy {
    let waiver = Waiver {
        control: "CP-01".to_owned(),
        cluster: "shop".to_owned(),
        subject: None,
        owner: "ana@acme.example".to_owned(),
        approver: "ben".to_owned(),
        reason: "until the migration".to_owned(),
        until: "2030-01-01T00:00:00Z".parse().unwrap(),
        approved: None,
        covers: None,
    };
    Policy { waivers: vec![waiver], ..Policy::default() }
}

/// The verdicts of a run, and how much of it is known.
pub(crate) fn judge(run: &[Snapshot], policy: &Policy) -> (Vec<Finding>, Coverage) {
    let aws = Aws::new(Settings::new("test"));
    let (mut findings, mut seen) = (Vec::new(), Coverage::default());
    for snapshot in run {
        let inventory = aws.normalize(snapshot);
        seen = seen.and(coverage(&inventory));
        for cluster in &inventory.clusters {
            let context = EngineContext { policy, now: snapshot.finished_at };
            findings.extend(evaluate(cluster, &controls(), &context).findings);
        }
    }
    findings.sort_by(|a, b| (a.provider, &a.scope, &a.cluster).cmp(&(b.provider, &b.scope, &b.cluster)));
    (findings, seen)
}

pub(crate) fn gaps() -> Vec<GapRow> {
    vec![GapRow {
        scope: PLACE.to_owned(),
        call: "eks:DescribeCluster".to_owned(),
        reason: GapReason::Denied,
        permission: Some("eks:DescribeCluster".to_owned()),
        message: "no".to_owned(),
        hides: vec!["CP-01"],
        times: 1,
    }]
}

/// How a bundle is made.
pub(crate) struct Making<'a> {
    pub(crate) run: Vec<Snapshot>,
    pub(crate) name: &'a str,
    pub(crate) told: Vec<Told>,
    pub(crate) gaps: Vec<GapRow>,
    pub(crate) profile: Profile,
    pub(crate) answers: Option<&'a str>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) firings: Option<Firings>,
    pub(crate) key: Option<PeriodKey>,
    /// What stands below `exports/`, and its bytes.
    pub(crate) exports: Vec<(&'a str, Vec<u8>)>,
}

impl Default for Making<'_> {
    fn default() -> Self {
        let asked = Asked { target: "test".to_owned(), provider: Cloud::Aws, scopes: "every account".to_owned() };
        Self {
            run: run(),
            name: "run-1",
            told: Vec::new(),
            gaps: gaps(),
            profile: Profile::Internal,
            answers: None,
            asked: vec![asked],
            firings: None,
            key: None,
            exports: vec![
                ("list.csv", b"control,verdict\nCP-01,fail\n".to_vec()),
                ("frameworks/own.json", b"{}\n".to_vec()),
            ],
        }
    }
}

impl<'a> Making<'a> {
    pub(crate) fn at(&'a self, place: &Path, seal: Option<Seal<'_>>) -> Result<Finished, ExportError> {
        let run: Vec<Snapshot> = self.run.iter().map(|snapshot| self.profile.snapshot(snapshot.clone())).collect();
        let policy = self.profile.policy(&policy());
        let mut writer = BundleWriter::create(place, &self.profile)?;
        if let Some(key) = &self.key {
            writer = writer.closed_with(key.clone());
        }
        for snapshot in &run {
            writer.learn_callers(snapshot);
        }
        for snapshot in &run {
            let numbers = writer.take(snapshot)?;
            writer.judged(&judge(std::slice::from_ref(snapshot), &policy).0, &numbers)?;
        }
        let (_, coverage) = judge(&run, &policy);
        let from = run.iter().map(|snapshot| snapshot.started_at).min().unwrap();
        let span = (from, run.iter().map(|snapshot| snapshot.finished_at).max().unwrap());
        let judged = Judged { run: self.name, span, coverage, told: &self.told, gaps: &self.gaps };
        let context = Context {
            asked: &self.asked,
            policy: &policy,
            controls: &controls(),
            answers: self.answers,
            firings: self.firings.as_ref(),
            storage: None,
            exports: None,
            palisade: ("0.0.0", "ab"),
        };
        let export =
            |(path, bytes): &'a (&str, Vec<u8>)| Export::new(path, "text/csv", move |to| to.write_all(bytes)).unwrap();
        let exports: Vec<Export<'_>> = self.exports.iter().map(export).collect();
        writer.finish(&judged, &context, &exports, seal)
    }
}

/// A folder with a key and a log, and sealed bundles called `1`, `2`, `3`.
pub(crate) struct Sealed {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) key: SigningKey,
}

pub(crate) const ORIGIN: &str = "acme.example/evidence";

impl Sealed {
    pub(crate) fn new(bundles: u32) -> Self {
        let sealed = Self { folder: tempfile::tempdir().unwrap(), key: SigningKey::generate().unwrap().0 };
        for number in 1..=bundles {
            let name = format!("run-{number}");
            sealed.make(&Making { name: &name, ..Making::default() }, &number.to_string());
        }
        sealed
    }

    pub(crate) fn make(&self, making: &Making<'_>, place: &str) -> Finished {
        let mut log = BundleLog::open(&self.path("log"), ORIGIN, self.key.public()).unwrap();
        making.at(&self.path(place), Some(Seal { key: &self.key, log: &mut log })).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The verdicts of a run as a bundle has them, with the numbers that a bundle's ledger gives.
pub(crate) fn verdicts_again(bundle: &palisade_evidence::Bundle) -> String {
    let policy = bundle.policy().unwrap();
    let (mut findings, mut calls) = (Vec::new(), Calls::default());
    for snapshot in bundle.snapshots().unwrap() {
        let (snapshot, numbers) = snapshot.unwrap();
        let judged = judge(&[snapshot], &policy).0;
        for finding in &judged {
            calls.take(finding, &numbers);
        }
        findings.extend(judged);
    }
    findings.sort_by(|a, b| (a.provider, &a.scope, &a.cluster).cmp(&(b.provider, &b.scope, &b.cluster)));
    assert!(bundle.says(verdict_lines(&findings, &calls)).unwrap());
    verdict_lines(&findings, &calls).collect()
}

/// Every file of a folder with its bytes, in order.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

pub(crate) fn copy(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        let path = to.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}
