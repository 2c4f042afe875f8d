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
            exchange: None,
            outcome,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_provider::{FailureReason, Per};
    use serde_json::json;

    const LIST: Call = Call {
        name: "test:List",
        permission: "test:List",
        per: Per::Region,
        feeds: &[],
        redact: &[],
        purpose: "a list",
    };

    #[test]
    fn only_a_list_that_was_answered_to_its_end_is_whole() {
        let snapshot = SnapshotBuilder::new(Provider::Aws, "1")
            .answer(&LIST, "1/whole", &[], json!({ "clusters": [] }))
            .page(&LIST, "1/pages", &[], (0, false), json!({}))
            .page(&LIST, "1/pages", &[], (1, true), json!({}))
            .page(&LIST, "1/no end", &[], (0, false), json!({}))
            .page(&LIST, "1/no beginning", &[], (1, true), json!({}))
            .failure(&LIST, "1/denied", &[], Failure::new(FailureReason::Denied, "no"))
            .build();
        assert_eq!(snapshot.whole(&LIST), ["1/pages", "1/whole"]);
    }
}
