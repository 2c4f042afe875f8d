//! Watches a run and sends its spans while it goes on.

use crate::{
    Settings, Span, Trace,
    export::{BATCH, Exporter},
    spans,
};
use jiff::Timestamp;
use palisade_provider::{Event, Progress, Snapshot};
use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle};

/// How many batches wait for a collector that is slow. More are thrown away: a scan does not wait for its trace.
const WAITING: usize = 64;

/// How long the end of a run waits for the collector.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Where batches go, and the task that sends them.
type Way = (mpsc::Sender<Vec<Span>>, JoinHandle<()>);

/// Sends the spans of one run.
#[derive(Debug)]
pub struct Tracer {
    trace: Trace,
    began: Timestamp,
    /// Spans that there were.
    given: AtomicU64,
    /// Spans that the collector took.
    taken: Arc<AtomicU64>,
    /// The way to the task that sends, until the run has ended.
    open: Mutex<Option<Way>>,
}

/// What became of the spans of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flushed {
    /// Spans that the collector did not take.
    pub lost: u64,
}

impl Tracer {
    /// Begins the trace of a run, on a runtime. `version` is the program's.
    ///
    /// # Errors
    /// When no connections can be made at all.
    pub fn begin(settings: Settings, version: &'static str, now: Timestamp) -> Result<Self, String> {
        let exporter = Exporter::new(settings, version).map_err(|error| error.to_string())?;
        let (queue, mut batches) = mpsc::channel::<Vec<Span>>(WAITING);
        let taken = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&taken);
        let sending = tokio::spawn(async move {
            let mut told = false;
            while let Some(batch) = batches.recv().await {
                match exporter.send(&batch).await {
                    Ok(()) => {
                        counter.fetch_add(batch.len() as u64, Ordering::Relaxed);
                    }
                    Err(error) => {
                        if !std::mem::replace(&mut told, true) {
                            tracing::warn!(%error, "spans of this run are lost; the run goes on");
                        }
                    }
                }
            }
        });
        let (given, open) = (AtomicU64::new(0), Mutex::new(Some((queue, sending))));
        Ok(Self { trace: Trace { id: fresh_id() }, began: now, given, taken, open })
    }

    /// Ends the trace: sends what waits, with the span of the run, and waits for a collector no longer than five seconds.
    pub async fn finish(&self, now: Timestamp, schedule: Option<&str>) -> Flushed {
        self.finish_within(LAST_WORDS, now, schedule).await
    }

    async fn finish_within(&self, last: Duration, now: Timestamp, schedule: Option<&str>) -> Flushed {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((queue, mut sending)) = open {
            let run = vec![self.trace.run((self.began, now), schedule)];
            self.given.fetch_add(1, Ordering::Relaxed);
            let last_words = async {
                // Nobody takes it when the task that sends has panicked, which it has said.
                let _ = queue.send(run).await;
                drop(queue);
                let _ = (&mut sending).await;
            };
            if tokio::time::timeout(last, last_words).await.is_err() {
                sending.abort();
                tracing::warn!("the collector takes too long: the last spans of this run are lost");
            }
        }
        let (given, taken) = (self.given.load(Ordering::Relaxed), self.taken.load(Ordering::Relaxed));
        Flushed { lost: given.saturating_sub(taken) }
    }

    fn put(&self, spans: Vec<Span>) {
        let mut spans = spans;
        while !spans.is_empty() {
            let rest = spans.split_off(spans.len().min(BATCH));
            let batch = std::mem::replace(&mut spans, rest);
            self.given.fetch_add(batch.len() as u64, Ordering::Relaxed);
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((queue, _)) = open.as_ref() {
                // A queue that is full takes nothing more: that is lost.
                let _ = queue.try_send(batch);
            }
        }
    }
}

impl Progress for Tracer {
    fn tell(&self, _: Event) {}

    fn read(&self, snapshot: &Snapshot) {
        self.put(spans(snapshot, &self.trace));
    }
}

/// 128 bits that no other run has.
fn fresh_id() -> [u8; 16] {
    let half = || RandomState::new().build_hasher().finish().to_be_bytes();
    let mut id = [0; 16];
    half().into_iter().chain(half()).zip(&mut id).for_each(|(from, to)| *to = from);
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_model::Provider;

    #[tokio::test]
    async fn a_collector_that_never_answers_is_not_waited_for_and_everything_that_waits_is_counted_as_lost() {
        // It takes connections and says nothing.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/v1/traces", silent.local_addr().unwrap());
        let timeout = Duration::from_mins(10);
        let settings =
            Settings { endpoint: endpoint.parse().unwrap(), headers: Vec::new(), timeout, service: "test".to_owned() };
        let now = Timestamp::UNIX_EPOCH;
        let tracer = Tracer::begin(settings, "1.2.3", now).unwrap();
        for account in ["a", "b", "c"] {
            let (target, scope) = ("prod".to_owned(), account.to_owned());
            tracer.read(&Snapshot::new(target, Provider::Aws, scope, (now, now), Vec::new()));
        }
        let flushed = tracer.finish_within(Duration::from_millis(50), now, None).await;
        assert_eq!(flushed, Flushed { lost: 4 }, "the spans of three accounts, and that of the run");
    }
}
