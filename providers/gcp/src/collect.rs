//! Asks Google Cloud, through its official clients.
//!
//! A run starts with [`discover`]; from then on the reads that several projects need (folders, roles, networks of a
//! Shared VPC host) are made once and their records shared by the projects that rest on them.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "`|builder| builder.send()` says it once for every request; the path of each request's type would not"
)]

mod ask;
mod assets;
mod clients;
mod discover;
mod failure;
mod hierarchy;
mod identities;
mod listing;
mod network;
mod patience;
mod safeguards;
mod strip;
mod unit;

use crate::settings::Settings;
use ask::Asker;
use clients::Clients;
use palisade_provider::{Call, Discovery, Failure, Once, Record, Recorder, Snapshot, Unit};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tokio::{sync::OnceCell, time::Instant};

/// The current run and what it has read for more than one project.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    current: Mutex<Arc<Run>>,
}

/// One run.
#[derive(Debug, Default)]
pub(crate) struct Run {
    clients: OnceCell<Result<Clients, Failure>>,
    /// When it began.
    began: OnceLock<Instant>,
    shared: Once<String, Shared>,
    /// Numbers of projects by their ids, as far as discovery said them.
    numbers: Mutex<BTreeMap<String, String>>,
}

/// A read several projects rest on: its records, and the answers the next calls are planned with.
#[derive(Clone, Debug)]
struct Shared {
    records: Arc<[Record]>,
    answers: Arc<[Value]>,
}

impl Runs {
    fn current(&self) -> Arc<Run> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn begin(&self) -> Arc<Run> {
        let run = Arc::default();
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&run);
        run
    }
}

impl Run {
    async fn clients(&self, settings: &Settings) -> Result<&Clients, Failure> {
        self.clients.get_or_init(|| Clients::build(settings)).await.as_ref().map_err(Clone::clone)
    }

    /// When a unit that begins now has to be done: within its own time, and within that of the target.
    fn deadline(&self, settings: &Settings) -> Instant {
        let now = Instant::now();
        let began = *self.began.get_or_init(|| now);
        (now + settings.limits.unit).min(began + settings.limits.target)
    }

    /// The answers of a read that is made once, whoever asks first. Its records become the asker's too.
    async fn once<'a, F>(&self, asker: &Asker<'a>, key: String, read: impl FnOnce(Asker<'a>) -> F) -> Arc<[Value]>
    where
        F: Future<Output = Vec<Value>> + Send,
    {
        let apart = asker.apart();
        // A chain of calls is a large future: on the heap it does not grow with every caller around it.
        let reading = Box::pin(read(apart.clone()));
        let shared = self
            .shared
            .get(key, async move {
                let answers = reading.await;
                Shared { records: apart.recorder.records().into(), answers: answers.into() }
            })
            .await;
        for record in shared.records.iter() {
            asker.recorder.share(record.clone());
        }
        shared.answers
    }

    fn learn_number(&self, project: &str, number: &str) {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.insert(project.to_owned(), number.to_owned());
    }

    /// Whether discovery found a project, by its id or number.
    fn knows(&self, project: &str) -> bool {
        let numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.contains_key(project) || numbers.values().any(|number| number == project)
    }

    fn number(&self, project: &str) -> Option<String> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner).get(project).cloned()
    }
}

/// Finds the projects of the target. Begins a run.
pub(crate) async fn discover(settings: &Settings, runs: &Runs, recorder: &Recorder) -> Discovery {
    let run = runs.begin();
    let recorder = recorder.for_unit();
    let units = discover::units(settings, &run, &recorder).await;
    Discovery { units, snapshot: recorder.finish(palisade_model::Provider::Gcp, &settings.name) }
}

/// Takes over what another process found: the numbers of the projects. Begins a run.
pub(crate) fn recall(runs: &Runs, discovery: &Snapshot) {
    let run = runs.begin();
    discover::recall(&run, discovery);
}

/// Reads one project.
pub(crate) async fn collect(settings: &Settings, runs: &Runs, unit: &Unit, recorder: &Recorder) -> Snapshot {
    let run = runs.current();
    let recorder = recorder.for_unit();
    Box::pin(unit::read(settings, &run, &unit.scope, &recorder)).await;
    recorder.finish(palisade_model::Provider::Gcp, &unit.scope)
}

/// An asker for a project or for discovery; when there are no clients, that is written down as the failure of `first`.
async fn asker<'a>(
    settings: &'a Settings,
    run: &'a Run,
    recorder: &Recorder,
    (first, scope): (&'static Call, &str),
) -> Option<Asker<'a>> {
    match run.clients(settings).await {
        Ok(clients) => Some(Asker { clients, settings, recorder: recorder.clone(), deadline: run.deadline(settings) }),
        Err(failure) => {
            recorder.failed(first, scope, &[], 0, failure, None);
            None
        }
    }
}

/// A body as one of our records; what cannot be read plans nothing, and the normalizer will say so.
fn read<T: serde::de::DeserializeOwned + Default>(body: &Value) -> T {
    T::deserialize(body).unwrap_or_default()
}
