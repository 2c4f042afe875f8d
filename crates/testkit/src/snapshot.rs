//! Snapshots made by hand, for the tests of normalizers.

use crate::now;
use palisade_model::Provider;
use palisade_provider::{Body, Call, Failure, Outcome, Record, Snapshot, redact};
use serde_json::Value;
use std::sync::Arc;

/// Collects answers and failures as a recorder would.
#[derive(Debug)]
pub struct SnapshotBuilder {
    provider: Provider,
    scope: String,
    records: Vec<Record>,
}

impl SnapshotBuilder {
    /// A snapshot of one scope with nothing in it.
    pub fn new(provider: Provider, scope: &str) -> Self {
        Self { provider, scope: scope.to_owned(), records: Vec::new() }
    }

    /// An answer of one page.
    #[must_use]
    pub fn answer(self, call: &Call, scope: &str, params: &[(&str, &str)], body: Value) -> Self {
        self.page(call, scope, params, (0, true), body)
    }

    /// One page of an answer: its number, and whether it is the last.
    #[must_use]
    pub fn page(
        mut self,
        call: &Call,
        scope: &str,
        params: &[(&str, &str)],
        (page, last): (u32, bool),
        mut body: Value,
    ) -> Self {
        redact(&mut body, call.redact);
        self.push(call, scope, params, (page, last), Outcome::Answered(Body::of(&body)));
        self
    }

    /// A failure.
    #[must_use]
    pub fn failure(mut self, call: &Call, scope: &str, params: &[(&str, &str)], failure: Failure) -> Self {
        self.push(call, scope, params, (0, true), Outcome::Failed(failure));
        self
    }

    /// The snapshot.
    pub fn build(self) -> Snapshot {
        Snapshot::new("test".to_owned(), self.provider, self.scope, (now(), now()), self.records)
    }

    fn push(&mut self, call: &Call, scope: &str, params: &[(&str, &str)], (page, last): (u32, bool), outcome: Outcome) {
        self.records.push(Record {
            call: Arc::from(call.name),
            scope: Arc::from(scope),
            params: params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            page,
            last,
            at: now(),
            outcome,
        });
    }
}
