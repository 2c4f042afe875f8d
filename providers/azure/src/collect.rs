//! Asks. Every answer and every failure goes into the recorder, as it came.

mod client;
mod credentials;
mod deadline;
mod failure;
mod fetch;
mod keys;
mod pipeline;
mod safeguards;
mod subscription;
mod subscriptions;

use crate::Settings;
use client::Client;
use deadline::{Deadline, Start};
use fetch::Fetch;
use palisade_provider::{Discovery, Event, Once, Record, Recorder, Snapshot, Unit};
use std::sync::Arc;

pub use credentials::own_access;

/// What one target needs to ask with, and what it has read once for all its subscriptions.
#[derive(Debug)]
pub(crate) struct Reader {
    client: Client,
    subscriptions: Once<(), Arc<[Record]>>,
    /// Who is in a group, by its id.
    groups: Groups,
    /// Policies and sets of them, by their key.
    definitions: Definitions,
    start: Start,
}

/// Who is in each group that was looked into: one group may hold roles in every subscription.
type Groups = Once<String, Arc<[Record]>>;

/// Each policy or set of policies that is assigned: the ids of its members, and the records. One may be assigned in every
/// subscription.
type Definitions = Once<String, (Arc<[String]>, Arc<[Record]>)>;

/// What is read once for all subscriptions, and how it is asked for.
#[derive(Clone, Copy)]
struct Shared<'a> {
    groups: &'a Groups,
    definitions: &'a Definitions,
    /// What is read for several subscriptions does not fail because the first to ask was out of time.
    fetch: &'a Fetch<'a>,
}

impl Reader {
    /// Ready to ask; nothing is asked yet.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            client: Client::new(settings),
            subscriptions: Once::default(),
            groups: Once::default(),
            definitions: Once::default(),
            start: Start::default(),
        }
    }

    /// Finds the subscriptions of the target.
    pub(crate) async fn discover(&self, settings: &Settings, recorder: &Recorder) -> Discovery {
        self.start.again();
        let fetch = self.client.fetch(recorder, self.deadline(settings).target);
        for record in self.subscriptions.get((), subscriptions::read(&fetch)).await.iter() {
            recorder.share(record.clone());
        }
        let units = subscriptions::units(settings, &fetch).await;
        recorder.tell(Event::Units(units.len()));
        Discovery { units, snapshot: recorder.finish(palisade_model::Provider::Azure, crate::TENANT) }
    }

    /// Takes over the list of subscriptions from the snapshot of a discovery.
    pub(crate) async fn recall(&self, discovery: &Snapshot) {
        self.start.again();
        let listed = discovery.records().iter().filter(|record| *record.call == *crate::SUBSCRIPTIONS.name);
        let records: Arc<[Record]> = listed.cloned().collect();
        self.subscriptions.get((), async { records }).await;
    }

    /// Reads one subscription.
    pub(crate) async fn collect(&self, settings: &Settings, unit: &Unit, recorder: &Recorder) -> Snapshot {
        let deadline = self.deadline(settings);
        let fetch = self.client.fetch(recorder, deadline.unit);
        let late = self.client.fetch(recorder, deadline.target);
        let shared = Shared { groups: &self.groups, definitions: &self.definitions, fetch: &late };
        if Box::pin(subscription::read(&fetch, &unit.scope, shared)).await {
            for record in self.subscriptions.get((), subscriptions::read(&late)).await.iter() {
                recorder.share(record.clone());
            }
        }
        recorder.finish(palisade_model::Provider::Azure, &unit.scope)
    }

    fn deadline(&self, settings: &Settings) -> Deadline {
        Deadline::of(tokio::time::Instant::now(), self.start.get(), settings.limits)
    }
}
