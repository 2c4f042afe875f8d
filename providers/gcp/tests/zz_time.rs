//! Timing, for a look.
#![allow(warnings, clippy::all)]
use palisade_gcp::*; use palisade_provider::*;
#[test]
fn time() {
    for scope in ["acme-lab-0815", "acme-prod-4711"] {
        let dir = format!("/tmp/gcp-snap/{scope}");
        let lines = std::fs::read_to_string(format!("{dir}/lines")).unwrap();
        let records = Snapshot::records_from_lines(&lines, |d| Ok(std::fs::read(format!("{dir}/{}", d.to_hex())).unwrap().into())).unwrap();
        let now = records[0].at;
        let s = Snapshot::new("t".into(), palisade_model::Provider::Gcp, scope.into(), (now, now), records);
        let p = Gcp::new(Settings::new("t"));
        let first = std::time::Instant::now(); let i = p.normalize(&s); let first = first.elapsed();
        let t = std::time::Instant::now(); for _ in 0..200 { std::hint::black_box(p.normalize(&s)); }
        println!("TIME {scope}: {} clusters, first {first:?}, then {:?}", i.clusters.len(), t.elapsed() / 200);
    }
}
