//! What was asked, operation by operation, read from the records of it.

use crate::{Call, FailureReason, Outcome, Record, Snapshot};
use palisade_model::{CallCount, CallRow, Provider};
use std::{
    collections::{BTreeMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
};

/// The calls of a run by provider, service and operation.
///
/// It is made of the records, so that a replay has the same. What several parts of a target share stands in each of their
/// snapshots and is counted once. A part that was given up before its end left no records, and its calls are not counted.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    rows: BTreeMap<(Provider, String, String), CallCount>,
    /// Which records were counted.
    seen: HashSet<u64>,
}

impl Ledger {
    /// Every operation that a provider may ask, with nothing asked of it. `calls` are those that it declares.
    pub fn blank(provider: Provider, calls: &[Call]) -> Self {
        let row = |call: &Call| {
            let (service, operation) = service_and_operation(provider, call.name, calls);
            ((provider, service, operation), CallCount::default())
        };
        Self { rows: calls.iter().map(row).collect(), seen: HashSet::new() }
    }

    /// Counts the records of a snapshot. `calls` are those that its provider declares.
    pub fn take(&mut self, snapshot: &Snapshot, calls: &[Call]) {
        for record in snapshot.records() {
            if self.seen.insert(mark(&snapshot.target, record)) {
                let (service, operation) = service_and_operation(snapshot.provider, &record.call, calls);
                let row = self.rows.entry((snapshot.provider, service, operation)).or_default();
                *row = row.and(count(record));
            }
        }
    }

    /// The rows, in the order of provider, service and operation.
    pub fn rows(&self) -> Vec<CallRow> {
        let rows = self.rows.iter().map(|((provider, service, operation), count)| CallRow {
            provider: *provider,
            service: service.clone(),
            operation: operation.clone(),
            count: *count,
        });
        rows.collect()
    }
}

fn count(record: &Record) -> CallCount {
    let attempts = record.exchange.as_ref().map(|exchange| exchange.attempts.as_slice());
    // Records of versions that wrote down no attempts were answered once.
    let answered = matches!(record.outcome, Outcome::Answered(_));
    let sent = attempts.map_or(u64::from(answered), |attempts| attempts.len() as u64);
    let failed = match &record.outcome {
        Outcome::Answered(_) => None,
        Outcome::Failed(failure) => Some(failure.reason),
    };
    CallCount {
        calls: sent.min(1),
        retried: sent.saturating_sub(1),
        throttled: attempts.into_iter().flatten().filter(|attempt| attempt.throttled).count() as u64,
        failed: u64::from(failed.is_some()),
        unasked: u64::from(failed == Some(FailureReason::NotAsked)),
    }
}

/// A name for the record, the same in every snapshot that shares it.
fn mark(target: &str, record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    (target, &record.call, &record.scope, &record.params, record.page).hash(&mut hasher);
    record.at.as_nanosecond().hash(&mut hasher);
    hasher.finish()
}

/// The two halves of a call's name. Azure's names say no service: there the permission does.
fn service_and_operation(provider: Provider, name: &str, calls: &[Call]) -> (String, String) {
    let split = match provider {
        Provider::Aws => name.split_once(':'),
        Provider::Gcp | Provider::Kubernetes => name.split_once('.'),
        Provider::Azure => {
            let call = calls.iter().find(|call| call.name == name);
            let permission = call.map(|call| call.permission).unwrap_or_default();
            // Those of Microsoft Graph have no path.
            Some((permission.split_once('/').map_or("Microsoft.Graph", |(service, _)| service), name))
        }
    };
    let (service, operation) = split.unwrap_or(("", name));
    (service.to_owned(), operation.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attempt, Body, Exchange, Failure, Per};
    use jiff::Timestamp;
    use std::{collections::BTreeMap, sync::Arc};

    const LIST: Call = Call {
        name: "ManagedClusters_List",
        permission: "Microsoft.ContainerService/managedClusters/read",
        per: Per::Account,
        feeds: &[],
        redact: &[],
        purpose: "find clusters",
    };
    const MEMBERS: Call = Call { name: "Groups_ListTransitiveMembers", permission: "GroupMember.Read.All", ..LIST };

    fn record(call: &str, page: u32, attempts: &[Attempt], outcome: Outcome) -> Record {
        let sent_at = Timestamp::UNIX_EPOCH;
        let exchange = Exchange { sent_at, sent_id: None, attempts: attempts.to_vec() };
        Record {
            call: Arc::from(call),
            scope: Arc::from("s"),
            params: BTreeMap::new(),
            page,
            last: true,
            at: sent_at,
            exchange: (!attempts.is_empty()).then_some(exchange),
            outcome,
        }
    }

    fn snapshot(provider: Provider, scope: &str, records: Vec<Record>) -> Snapshot {
        let epoch = Timestamp::UNIX_EPOCH;
        Snapshot::new("t".to_owned(), provider, scope.to_owned(), (epoch, epoch), records)
    }

    fn answered() -> Outcome {
        Outcome::Answered(Body::new(*b"{}"))
    }

    fn failed(reason: FailureReason) -> Outcome {
        Outcome::Failed(Failure::new(reason, "no"))
    }

    #[test]
    fn every_request_is_counted_once_and_what_was_not_sent_is_none() {
        let slowed = Attempt { throttled: true, ..Attempt::answered(429, None, None) };
        let good = Attempt::answered(200, None, None);
        let records = vec![
            record("eks:ListClusters", 0, &[slowed.clone(), good.clone()], answered()),
            record("eks:ListClusters", 1, &[good], answered()),
            record("eks:ListClusters", 2, &[slowed.clone(), slowed], failed(FailureReason::Throttled)),
            record("eks:ListClusters", 3, &[], failed(FailureReason::NotAsked)),
        ];
        let mut ledger = Ledger::default();
        ledger.take(&snapshot(Provider::Aws, "a", records.clone()), &[]);
        let expected = CallCount { calls: 3, retried: 2, throttled: 3, failed: 2, unasked: 1 };
        assert_eq!(CallCount::total(&ledger.rows()), expected);
        assert_eq!(expected.requests(), 5);
        ledger.take(&snapshot(Provider::Aws, "b", records), &[]);
        assert_eq!(CallCount::total(&ledger.rows()), expected, "two parts that share records asked once");
    }

    #[test]
    fn what_may_be_asked_has_a_row_before_it_is_asked_and_no_other_after() {
        let mut ledger = Ledger::blank(Provider::Azure, &[LIST, MEMBERS]);
        let before: Vec<String> = ledger.rows().into_iter().map(|row| row.operation).collect();
        assert_eq!(before, [LIST.name, MEMBERS.name]);
        assert_eq!(CallCount::total(&ledger.rows()), CallCount::default());
        ledger.take(&snapshot(Provider::Azure, "s", vec![record(LIST.name, 0, &[], answered())]), &[LIST, MEMBERS]);
        assert_eq!((ledger.rows().len(), CallCount::total(&ledger.rows()).calls), (2, 1));
    }

    #[test]
    fn a_call_is_named_by_its_service_and_operation_in_each_clouds_words() {
        let name = |provider, call| service_and_operation(provider, call, &[LIST, MEMBERS]);
        let pair = |service: &str, operation: &str| (service.to_owned(), operation.to_owned());
        assert_eq!(name(Provider::Aws, "eks:ListClusters"), pair("eks", "ListClusters"));
        assert_eq!(name(Provider::Gcp, "compute.firewalls.list"), pair("compute", "firewalls.list"));
        assert_eq!(name(Provider::Azure, LIST.name), pair("Microsoft.ContainerService", LIST.name));
        assert_eq!(name(Provider::Azure, MEMBERS.name), pair("Microsoft.Graph", MEMBERS.name));
    }
}
