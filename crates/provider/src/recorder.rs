//! Writes down what was asked and what came of it.

use crate::{
    Body, Call, Exchange, Failure, FailureReason, Outcome, Pace, Params, Quota, Record, Snapshot, rate::Way, redact,
};
use jiff::Timestamp;
use palisade_model::Provider;
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

pub(crate) mod once;
pub(crate) mod transcript;

use transcript::Transcript;

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Something that happened while collecting.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call was answered.
    Answered {
        /// The call.
        call: &'static str,
    },
    /// A call failed for good.
    Failed {
        /// The call.
        call: &'static str,
        /// The class.
        reason: FailureReason,
    },
    /// The provider asked to slow down; the call is tried again.
    Throttled,
    /// So many parts of a target were found.
    Units(usize),
    /// A part is done.
    UnitDone,
    /// So many clusters were found in a part.
    Clusters(usize),
}

/// Somebody who watches a collection.
pub trait Progress: Send + Sync {
    /// Told of every event, from any thread.
    fn tell(&self, event: Event);

    /// Shown what was asked and answered, part by part, when the part is read.
    fn read(&self, _snapshot: &Snapshot) {}
}

/// Watches nothing.
#[derive(Clone, Copy, Debug)]
pub struct Quiet;

impl Progress for Quiet {
    fn tell(&self, _: Event) {}
}

/// Writes down what was asked and what came of it, for one target.
#[derive(Clone)]
pub struct Recorder {
    /// The configured target.
    target: Arc<str>,
    clock: Clock,
    progress: Arc<dyn Progress>,
    pace: Arc<Pace>,
    quotas: &'static [Quota],
    calls: Arc<AtomicU64>,
    records: Arc<Mutex<Vec<Record>>>,
    started_at: Timestamp,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Recorder {
    /// A recorder with no records yet.
    pub fn new(target: &str, clock: Clock, progress: Arc<dyn Progress>, pace: Arc<Pace>) -> Self {
        let started_at = clock();
        Self {
            target: Arc::from(target),
            clock,
            progress,
            pace,
            quotas: &[],
            calls: Arc::default(),
            records: Arc::default(),
            started_at,
        }
    }

    /// With what the provider publishes about how fast it may be asked.
    pub fn with_quotas(self, quotas: &'static [Quota]) -> Self {
        Self { quotas, ..self }
    }

    /// A recorder for one part of the target: own records, shared pace, progress and count of calls.
    pub fn for_unit(&self) -> Self {
        Self { records: Arc::default(), started_at: (self.clock)(), ..self.clone() }
    }

    /// The configured target.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Tells whoever watches.
    pub fn tell(&self, event: Event) {
        self.progress.tell(event);
    }

    /// Shows whoever watches a part that was read.
    pub fn show(&self, snapshot: &Snapshot) {
        self.progress.read(snapshot);
    }

    /// How many calls were recorded for the target so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Gives leave to ask one question of a host, and takes down the attempts at it. The host names the service and the
    /// region; in AWS, Azure and Google Cloud every account, subscription or project has rates of its own, which is what the
    /// scope begins with.
    pub fn transcript(&self, host: &str, scope: &str) -> Transcript {
        let account = scope.split('/').next().unwrap_or_default();
        let lane = self.pace.lane(format!("{}/{account}", self.target), host, self.quotas);
        let way = Way { pace: Arc::clone(&self.pace), lane, host: Arc::from(host), scope: Arc::from(scope) };
        Transcript::new(way, Arc::clone(&self.clock), Arc::clone(&self.progress))
    }

    /// Writes down one page of an answer, redacted as the call declares, and how it came.
    pub fn answered(
        &self,
        call: &'static Call,
        scope: &str,
        params: &[(&str, &str)],
        (page, last): (u32, bool),
        mut body: serde_json::Value,
        exchange: Option<Exchange>,
    ) {
        redact(&mut body, call.redact);
        self.tell(Event::Answered { call: call.name });
        self.push(call, scope, params, (page, last), (Outcome::Answered(Body::of(&body)), exchange));
    }

    /// Writes down a call that failed for good.
    pub fn failed(
        &self,
        call: &'static Call,
        scope: &str,
        params: &[(&str, &str)],
        page: u32,
        failure: Failure,
        exchange: Option<Exchange>,
    ) {
        tracing::debug!(call = call.name, scope, reason = ?failure.reason, code = failure.code, "call failed");
        self.tell(Event::Failed { call: call.name, reason: failure.reason });
        self.push(call, scope, params, (page, true), (Outcome::Failed(failure), exchange));
    }

    /// Adds a record that was made for several parts and is shared by them.
    pub fn share(&self, record: Record) {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    /// The records written so far for this part, in the order they came.
    pub fn records(&self) -> Vec<Record> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes the part.
    pub fn finish(&self, provider: Provider, scope: &str) -> Snapshot {
        let records = std::mem::take(&mut *self.records.lock().unwrap_or_else(PoisonError::into_inner));
        Snapshot::new(self.target.to_string(), provider, scope.to_owned(), (self.started_at, self.now()), records)
    }

    fn push(
        &self,
        call: &'static Call,
        scope: &str,
        params: &[(&str, &str)],
        (page, last): (u32, bool),
        (outcome, exchange): (Outcome, Option<Exchange>),
    ) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let params: Params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (call, scope, at) = (Arc::from(call.name), Arc::from(scope), self.now());
        let record = Record { call, scope, params, page, last, at, exchange, outcome };
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }
}
