//! What was asked of the clouds, counted.

use crate::Report;
use palisade_model::{CallCount, CallRow};
use schemars::JsonSchema;
use serde::Serialize;

/// What was asked of the clouds. Read from the records, so that a replay has the same.
#[derive(Serialize, JsonSchema)]
pub(super) struct Asked<'a> {
    /// All of it.
    total: Count,
    /// The operations, in the order of provider, service and operation.
    operations: Vec<Operation<'a>>,
}

/// One operation of a cloud.
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "fields are called as in the form")]
struct Operation<'a> {
    /// `aws`, `azure` or `gcp`.
    provider: &'static str,
    /// The service, in the provider's words.
    service: &'a str,
    /// The operation, in the provider's words.
    operation: &'a str,
    #[serde(flatten)]
    count: Count,
}

/// How often something was asked, and how that went.
#[derive(Serialize, JsonSchema)]
struct Count {
    /// Questions that were sent; each page of a list is one.
    calls: u64,
    /// Requests that repeated a question. All requests that were sent are `calls` and these.
    retried: u64,
    /// Requests that were answered with "slow down".
    throttled: u64,
    /// Questions that got no answer in the end, the sent ones and those that were not.
    failed: u64,
    /// Questions that were not sent, or not sent again, because the run's budget was used up. They are in `failed` too.
    unasked: u64,
}

impl<'a> Asked<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let operation = |row: &'a CallRow| Operation {
            provider: row.provider.name(),
            service: &row.service,
            operation: &row.operation,
            count: Count::of(row.count),
        };
        Self { total: Count::of(report.asked()), operations: report.calls.iter().map(operation).collect() }
    }
}

impl Count {
    fn of(count: CallCount) -> Self {
        let CallCount { calls, retried, throttled, failed, unasked } = count;
        Self { calls, retried, throttled, failed, unasked }
    }
}
