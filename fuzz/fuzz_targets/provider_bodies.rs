//! Provider answers: whatever a cloud sends, normalizing it neither panics nor invents a pass-worthy fact.
//!
//! The input's first line is a stored list of records whose bodies are inlined (`"body"` replaced by the JSON itself), so
//! that the corpus can be made from real snapshots: see `README.md`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_model::Provider as Cloud;
use palisade_provider::{Body, Call, Outcome, Provider, Record, Snapshot};
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let (cloud, provider): (Cloud, Box<dyn Provider>) = match first % 3 {
        0 => (Cloud::Aws, Box::new(palisade_aws::Aws::new(palisade_aws::Settings::new("fuzz")))),
        1 => (Cloud::Azure, Box::new(palisade_azure::Azure::new(palisade_azure::Settings::new("fuzz")))),
        _ => (Cloud::Gcp, Box::new(palisade_gcp::Gcp::new(palisade_gcp::Settings::new("fuzz")))),
    };
    let at = jiff::Timestamp::UNIX_EPOCH;
    let records: Vec<Record> = rest
        .split(|byte| *byte == b'\n')
        .filter_map(|line| record(provider.calls(), line, at))
        .take(64)
        .collect();
    let snapshot = Snapshot::new("fuzz".to_owned(), cloud, "111111111111".to_owned(), (at, at), records);
    let inventory = provider.normalize(&snapshot);
    for cluster in &inventory.clusters {
        let _ = cluster.facts();
    }
});

/// `call \t scope \t name=value;name=value \t body`
fn record(calls: &[Call], line: &[u8], at: jiff::Timestamp) -> Option<Record> {
    let line = std::str::from_utf8(line).ok()?;
    let mut fields = line.splitn(4, '\t');
    let (name, scope, params, body) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let call = calls.iter().find(|call| call.name == name)?;
    let params = params.split(';').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    Some(Record {
        call: Arc::from(call.name),
        scope: Arc::from(scope),
        params,
        page: 0,
        last: true,
        at,
        outcome: Outcome::Answered(Body::new(body.as_bytes().to_vec())),
    })
}
