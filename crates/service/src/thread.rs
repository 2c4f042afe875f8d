//! Threads of chats: what follows on a finding goes below the message that first told of it.

use jiff::Timestamp;
use palisade_message::{Channel, Kind, Planned, thread_of};
use palisade_notify::Receipt;
use palisade_store::{Database, DatabaseError, Thread};
use palisade_track::{Event, EventKind};
use std::collections::{BTreeMap, BTreeSet};

/// What a chat was told before of the things that a message is about. Nothing, where the channel has no threads.
#[derive(Debug, Default)]
pub(crate) struct Known {
    threads: BTreeMap<String, Thread>,
}

/// What is to be remembered after an attempt.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) threads: Vec<Thread>,
    /// Messages that are out of date now: the chat's names of channel and message.
    pub(crate) stale: Vec<(String, String)>,
    /// Whether other channels are told that it was not taken.
    pub(crate) is_told_elsewhere: bool,
}

/// A message in a chat: the chat's names of channel and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) place: String,
    pub(crate) ts: String,
}

impl Known {
    pub(crate) async fn of(database: &Database, channel: &Channel, planned: &Planned) -> Result<Self, DatabaseError> {
        let Some(told_in) = configured(channel) else { return Ok(Self::default()) };
        let wanted: BTreeSet<String> = planned.events.iter().filter_map(thread_of).collect();
        let found = database.threads(&channel.name, &wanted.into_iter().collect::<Vec<_>>()).await?;
        // The channel may have been moved: its readers are not sent to another one.
        let here = found.into_iter().filter(|thread| thread.told_in == told_in);
        Ok(Self { threads: here.map(|thread| (thread.thread.clone(), thread)).collect() })
    }

    /// The message that all of it goes below, if there is one.
    pub(crate) fn parent(&self, planned: &Planned) -> Option<Parent> {
        let mut parents = planned.events.iter().map(|event| {
            let Thread { place, ts, .. } = self.threads.get(&thread_of(event)?)?;
            Some(Parent { place: place.clone(), ts: ts.clone() })
        });
        let first = parents.next()??;
        parents.all(|parent| parent.as_ref() == Some(&first)).then_some(first)
    }

    /// What is to be remembered after the message was taken: below `parent`, or as one of its own.
    pub(crate) fn after(
        mut self,
        planned: &Planned,
        channel: &Channel,
        (parent, was_lost): (Option<&Parent>, bool),
        receipt: &Receipt,
        now: Timestamp,
    ) -> Noted {
        let Some(told_in) = configured(channel) else { return Noted::default() };
        let own = match (&receipt.ts, parent) {
            (Some(ts), None) => Some((receipt.place.as_deref().unwrap_or(told_in), ts)),
            _ => None,
        };
        let mut changed = BTreeMap::new();
        let mut stale = BTreeSet::new();
        for event in &planned.events {
            let Some(key) = thread_of(event) else { continue };
            let over = is_over(event);
            match (self.threads.remove(&key).or_else(|| changed.remove(&key)), own) {
                (Some(thread), _) if !was_lost => {
                    let thread = if over {
                        // What this very message tells is up to date.
                        if own.is_none_or(|(_, ts)| *ts != thread.ts) {
                            stale.insert((thread.place.clone(), thread.ts.clone()));
                        }
                        Thread { event: event.clone(), closed_at: Some(now), ..thread }
                    } else {
                        thread
                    };
                    changed.insert(key, thread);
                }
                (known, Some((place, ts))) if known.is_some() || !over => {
                    let (told_in, place, ts) = (told_in.to_owned(), place.to_owned(), ts.clone());
                    let closed_at = over.then_some(now);
                    let thread = Thread { thread: key.clone(), told_in, place, ts, event: event.clone(), closed_at };
                    changed.insert(key, thread);
                }
                (_, _) => (),
            }
        }
        Noted { threads: changed.into_values().collect(), stale: stale.into_iter().collect(), is_told_elsewhere: false }
    }
}

/// Whether it is the end of a thread.
fn is_over(event: &Event) -> bool {
    matches!(event.kind, EventKind::Resolved | EventKind::Gone)
}

/// The channel of a chat that has threads, as configured.
pub(crate) fn configured(channel: &Channel) -> Option<&str> {
    match &channel.kind {
        Kind::Slack { channel, .. } => Some(channel),
        Kind::SlackWebhook { .. }
        | Kind::Teams { .. }
        | Kind::Webhook { .. }
        | Kind::PagerDuty { .. }
        | Kind::Email { .. } => None,
    }
}

/// The same channel by the chat's own name of it: what updates ask for.
pub(crate) fn named(channel: &Channel, place: &str) -> Channel {
    match &channel.kind {
        Kind::Slack { token, api_url, .. } => {
            let kind = Kind::Slack { token: token.clone(), channel: place.to_owned(), api_url: api_url.clone() };
            Channel { kind, ..channel.clone() }
        }
        Kind::SlackWebhook { .. }
        | Kind::Teams { .. }
        | Kind::Webhook { .. }
        | Kind::PagerDuty { .. }
        | Kind::Email { .. } => channel.clone(),
    }
}
