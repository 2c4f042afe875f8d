//! What was asked of the simulated clouds, in order.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::faults::FaultKind;
use crate::http::Operation;

/// One request as it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was asked.
    pub operation: Operation,
    /// The status it was answered with; 0 while it waits for its answer, for ever if it never got one.
    pub status: u16,
    /// The fault that was put into the answer, if any.
    pub fault: Option<FaultKind>,
    /// What the answer's headers call the request, as the cloud's audit log does. `None` in a cloud that gives no ids.
    pub request_id: Option<String>,
    /// Who the caller said it is, as the cloud's audit log keeps it.
    pub user_agent: String,
}

impl Entry {
    /// Whether the client got a complete and well-formed answer to its question.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status) && self.fault.is_none()
    }
}

/// Every request that arrived, in the order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<Entry>,
    in_flight: usize,
    in_flight_peak: usize,
}

impl Ledger {
    /// The requests in the order of their arrival.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How often each permission was used, whatever the answer.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry.operation.permission.clone()).or_insert(0) += 1;
        }
        counts
    }

    /// The operations that were answered successfully more than once, with how often.
    ///
    /// A retry after a throttled, refused or broken answer is not a duplicate; asking again what one already knows is.
    pub fn duplicates(&self) -> BTreeMap<Operation, usize> {
        let mut answered = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.succeeded()) {
            *answered.entry(entry.operation.clone()).or_insert(0) += 1;
        }
        answered.retain(|_, times| *times > 1);
        answered
    }

    /// The largest number of requests that were waiting for their answers at the same time.
    pub fn in_flight_peak(&self) -> usize {
        self.in_flight_peak
    }
}

/// The ledger while it is being written by the servers.
#[derive(Debug, Default)]
pub(crate) struct Book {
    ledger: Mutex<Ledger>,
}

impl Book {
    pub(crate) fn snapshot(&self) -> Ledger {
        self.open().clone()
    }

    /// Notes the arrival of a request. The returned slip notes its answer, and that it is no longer in flight.
    pub(crate) fn arrived(&self, operation: Operation) -> Slip<'_> {
        let mut ledger = self.open();
        let line = ledger.entries.len();
        ledger.entries.push(Entry { operation, status: 0, fault: None, request_id: None, user_agent: String::new() });
        ledger.in_flight += 1;
        ledger.in_flight_peak = ledger.in_flight_peak.max(ledger.in_flight);
        Slip { book: self, line }
    }

    fn open(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in flight; dropped when the client has its answer or has gone away.
#[derive(Debug)]
pub(crate) struct Slip<'book> {
    book: &'book Book,
    line: usize,
}

impl Slip<'_> {
    /// An id that no other request of this ledger has, in the form of those of AWS and Azure.
    pub(crate) fn id(&self) -> String {
        format!("{:08x}-5a17-4000-8000-{:012x}", self.line, self.line)
    }

    /// Notes who asked, and what the answer will call the request.
    pub(crate) fn named(&self, user_agent: &str, request_id: Option<String>) {
        if let Some(entry) = self.book.open().entries.get_mut(self.line) {
            user_agent.clone_into(&mut entry.user_agent);
            entry.request_id = request_id;
        }
    }

    pub(crate) fn answered(&self, status: u16, fault: Option<FaultKind>) {
        if let Some(entry) = self.book.open().entries.get_mut(self.line) {
            entry.status = status;
            entry.fault = fault;
        }
    }
}

impl Drop for Slip<'_> {
    fn drop(&mut self) {
        let mut ledger = self.book.open();
        ledger.in_flight = ledger.in_flight.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(token: &str) -> Operation {
        Operation {
            permission: "eks:ListClusters".to_owned(),
            scope: "111111111111/eu-west-1".to_owned(),
            subject: token.to_owned(),
        }
    }

    #[test]
    fn a_page_asked_twice_is_a_duplicate_and_the_next_page_is_not() {
        let book = Book::default();
        for token in ["", "nextToken=a", ""] {
            book.arrived(list(token)).answered(200, None);
        }
        let ledger = book.snapshot();
        assert_eq!(ledger.duplicates(), BTreeMap::from([(list(""), 2)]));
        assert_eq!(ledger.counts(), BTreeMap::from([("eks:ListClusters".to_owned(), 3)]));
    }

    #[test]
    fn a_retry_after_a_failure_is_not_a_duplicate() {
        let book = Book::default();
        book.arrived(list("")).answered(429, None);
        book.arrived(list("")).answered(200, Some(FaultKind::TruncatedPage));
        book.arrived(list("")).answered(200, None);
        assert_eq!(book.snapshot().duplicates(), BTreeMap::new());
    }

    #[test]
    fn the_peak_counts_requests_that_wait_together() {
        let book = Book::default();
        let first = book.arrived(list("1"));
        let second = book.arrived(list("2"));
        drop(first);
        let third = book.arrived(list("3"));
        drop((second, third));
        assert_eq!(book.snapshot().in_flight_peak(), 2);
    }
}
