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
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Where batches go, and the task that sends them.
type Way = (mpsc::Sender<Vec<Span>>, JoinHandle<()>);

/// Sends the spans of one run.
#[derive(Debug)]
pub struct Tracer {
    trace: Trace,
    began: Timestamp,
    lost: Arc<AtomicU64>,
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
        let lost = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&lost);
        let sending = tokio::spawn(async move {
            let mut told = false;
            while let Some(batch) = batches.recv().await {
                if let Err(error) = exporter.send(&batch).await {
                    counter.fetch_add(batch.len() as u64, Ordering::Relaxed);
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(%error, "spans of this run are lost; the run goes on");
                    }
                }
            }
        });
        Ok(Self { trace: Trace { id: fresh_id() }, began: now, lost, open: Mutex::new(Some((queue, sending))) })
    }

    /// Ends the trace: sends what waits, with the span of the run.
    pub async fn finish(&self, now: Timestamp, schedule: Option<&str>) -> Flushed {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((queue, mut sending)) = open {
            let run = vec![self.trace.run((self.began, now), schedule)];
            let last_words = async {
                if queue.send(run).await.is_err() {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                }
                drop(queue);
                // A task that panicked has said so.
                let _ = (&mut sending).await;
            };
            if tokio::time::timeout(LAST_WORDS, last_words).await.is_err() {
                sending.abort();
                tracing::warn!("the collector takes too long: the last spans of this run are lost");
            }
        }
        Flushed { lost: self.lost.load(Ordering::Relaxed) }
    }

    fn put(&self, spans: Vec<Span>) {
        let mut spans = spans;
        while !spans.is_empty() {
            let rest = spans.split_off(spans.len().min(BATCH));
            let batch = std::mem::replace(&mut spans, rest);
            let count = batch.len() as u64;
            let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = open.as_ref().is_some_and(|(queue, _)| queue.try_send(batch).is_ok());
            if !taken {
                self.lost.fetch_add(count, Ordering::Relaxed);
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
