//! Asks. Every answer and every failure goes into the recorder, as it came.

mod client;
mod credentials;
mod failure;
mod fetch;
mod keys;
mod pipeline;
mod subscription;
mod subscriptions;

use crate::Settings;
use client::Client;
use palisade_provider::{Discovery, Event, Once, Record, Recorder, Snapshot, Unit};
use std::sync::Arc;

/// What one target needs to ask with, and what it has read once for all its subscriptions.
#[derive(Debug)]
pub(crate) struct Reader {
    client: Client,
    subscriptions: Once<(), Arc<[Record]>>,
}

impl Reader {
    /// Ready to ask; nothing is asked yet.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { client: Client::new(settings), subscriptions: Once::default() }
    }

    /// Finds the subscriptions of the target.
    pub(crate) async fn discover(&self, settings: &Settings, recorder: &Recorder) -> Discovery {
        let fetch = self.client.fetch(recorder);
        for record in self.subscriptions.get((), subscriptions::read(&fetch)).await.iter() {
            recorder.share(record.clone());
        }
        let units = subscriptions::units(&settings.subscriptions, &fetch).await;
        recorder.tell(Event::Units(units.len()));
        Discovery { units, snapshot: recorder.finish(palisade_model::Provider::Azure, crate::TENANT) }
    }

    /// Reads one subscription.
    pub(crate) async fn collect(&self, settings: &Settings, unit: &Unit, recorder: &Recorder) -> Snapshot {
        let fetch = self.client.fetch(recorder);
        let work = async {
            if Box::pin(subscription::read(&fetch, &unit.scope)).await {
                for record in self.subscriptions.get((), subscriptions::read(&fetch)).await.iter() {
                    recorder.share(record.clone());
                }
            }
        };
        // What was not asked in time is missing from the snapshot, and every fact that needs it says so.
        if tokio::time::timeout(settings.limits.unit, work).await.is_err() {
            tracing::warn!(subscription = %unit.scope, "time limit of the subscription reached");
        }
        recorder.finish(palisade_model::Provider::Azure, &unit.scope)
    }
}
