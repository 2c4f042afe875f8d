//! How long it takes to make and check a bundle of a stored run, and how much memory.
//!
//! `palisade demo --clusters 10000 --keep RUN`, then `cargo bench -p palisade-evidence -- RUN OUT`. Without a run nothing is
//! measured.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on says where")]

use palisade_controls::controls;
use palisade_engine::{Context as EngineContext, Coverage, Policy, coverage, evaluate};
use palisade_evidence::{Bundle, BundleLog, BundleWriter, Context, Judged, Profile, Seal, SigningKey, Trust, verify};
use palisade_provider::{Provider, Snapshot};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

fn main() {
    let paths: Vec<PathBuf> =
        std::env::args().skip(1).filter(|text| !text.starts_with("--")).map(PathBuf::from).collect();
    let [run, out] = paths.as_slice() else { return };
    let key = SigningKey::generate().unwrap().0;
    let mut log = BundleLog::open(&out.join("log"), "bench", key.public()).unwrap();
    let place = out.join("bundle");

    let start = Instant::now();
    let profile = Profile::Internal;
    let mut writer = BundleWriter::create(&place, &profile).unwrap();
    let (mut seen, mut clusters) = (Coverage::default(), 0);
    let (controls, policy) = (controls(), Policy::default());
    let mut span = None;
    for snapshot in stored(run) {
        let numbers = writer.take(&snapshot).unwrap();
        let inventory = normalizer(snapshot.provider).normalize(&snapshot);
        seen = seen.and(coverage(&inventory));
        clusters += inventory.clusters.len();
        for cluster in &inventory.clusters {
            let context = EngineContext { policy: &policy, now: snapshot.finished_at };
            writer.judged(&evaluate(cluster, &controls, &context).findings, &numbers).unwrap();
        }
        span = Some((snapshot.started_at, snapshot.finished_at));
    }
    say("answers taken and judged", start, "");
    let start = Instant::now();
    let context = Context {
        asked: &[],
        policy: &policy,
        controls: &controls,
        answers: None,
        firings: None,
        storage: None,
        exports: None,
        palisade: ("bench", "bench"),
    };
    let judged = Judged { run: "bench", span: span.unwrap(), coverage: seen, told: &[], gaps: &[] };
    let seal = Seal { key: &key, log: &mut log };
    let finished = writer.finish(&judged, &context, &[], Some(seal)).unwrap();
    let manifest = &finished.manifest;
    let what = format!(
        "{clusters} clusters, {} calls, {} answers, {} verdicts, {:.0} MB",
        manifest.calls,
        manifest.answers,
        manifest.verdicts,
        size(&place)
    );
    say("listed, looked through for secrets, sealed", start, &what);
    let start = Instant::now();
    verify(&place, &Trust::new(&[key.public()], &[]).unwrap()).unwrap();
    say("verified", start, "");
    let start = Instant::now();
    let bundle = Bundle::open(&place, &Trust::default()).unwrap();
    let read = bundle.snapshots().unwrap().map(Result::unwrap).count();
    say("verified and read again", start, &format!("{read} parts"));
}

fn normalizer(provider: palisade_model::Provider) -> Box<dyn Provider> {
    match provider {
        palisade_model::Provider::Azure => Box::new(palisade_azure::Azure::new(palisade_azure::Settings::new("bench"))),
        palisade_model::Provider::Gcp => Box::new(palisade_gcp::Gcp::new(palisade_gcp::Settings::new("bench"))),
        _ => Box::new(palisade_aws::Aws::new(palisade_aws::Settings::new("bench"))),
    }
}

/// The snapshots of a folder, one by one, in the layout of `crates/store`.
fn stored(run: &Path) -> impl Iterator<Item = Snapshot> {
    let mut units: Vec<PathBuf> = fs::read_dir(run.join("units")).unwrap().map(|unit| unit.unwrap().path()).collect();
    units.sort();
    let bodies = run.join("bodies");
    units.into_iter().map(move |unit| {
        let text = fs::read_to_string(unit).unwrap();
        let (header, lines) = text.split_once('\n').unwrap();
        let header: serde_json::Value = serde_json::from_str(header).unwrap();
        let field = |name: &str| header.get(name).and_then(serde_json::Value::as_str).unwrap().to_owned();
        let body = |digest: palisade_model::Digest| {
            let hex = digest.to_hex();
            let first: String = hex.chars().take(2).collect();
            let bytes = fs::read(bodies.join(first).join(format!("{hex}.json")));
            bytes.map(Arc::from).map_err(|error| error.to_string())
        };
        let records = Snapshot::records_from_lines(lines, body).unwrap();
        let provider = serde_json::from_value(header.get("provider").cloned().unwrap()).unwrap();
        let span = (field("started_at").parse().unwrap(), field("finished_at").parse().unwrap());
        Snapshot::new(field("target"), provider, field("scope"), span, records)
    })
}

fn size(folder: &Path) -> f64 {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                bytes += entry.metadata().unwrap().len();
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
    let megabytes = bytes as f64 / 1e6;
    megabytes
}

fn say(what: &str, start: Instant, more: &str) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    println!("{what}: {:.1} s; {}; {}; {more}", start.elapsed().as_secs_f64(), line("VmHWM"), line("VmRSS"));
}
