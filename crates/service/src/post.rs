//! Delivers the messages that wait.

use crate::ServiceError;
use jiff::{SignedDuration, Timestamp};
use palisade_engine::Severity;
use palisade_message::{Channel, Guides, Load, Planned, Rendered, Room, Sinks, Templates, View, queue, render};
use palisade_notify::{Courier, Health, Next, Receipt, State, after};
use palisade_provider::Clock;
use palisade_store::{Claimed, Database, DatabaseError, Endpoint, EndpointState, Outcome, Route};
use palisade_track::{Event, EventKind, Topic};
use std::{borrow::Cow, collections::BTreeMap, error::Error as _, sync::Mutex, sync::PoisonError};

/// How long a message is held while it is being delivered. Longer than a receiver is waited for.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// How many messages are taken at once.
const AT_ONCE: u32 = 16;

/// How long a channel that was spoken to a moment ago is waited for.
const PACE: SignedDuration = SignedDuration::from_secs(2);

/// What became of the messages that waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Posted {
    /// Taken by their receivers.
    pub delivered: u64,
    /// To be tried again.
    pub retried: u64,
    /// Given up, and kept to be replayed.
    pub dead: u64,
}

/// Everything that messages need.
#[derive(Debug)]
pub struct Post {
    /// Who is told what, where and when.
    pub sinks: Sinks,
    /// What is said of controls.
    pub guides: Guides,
    /// What the user says instead.
    pub templates: Templates,
    /// What carries them.
    pub courier: Courier,
    /// The name of this installation.
    pub installation: String,
    health: Mutex<BTreeMap<String, Health>>,
}

impl Post {
    /// Everything that messages need.
    pub fn new(sinks: Sinks, guides: Guides, templates: Templates, courier: Courier, installation: String) -> Self {
        Self { sinks, guides, templates, courier, installation, health: Mutex::default() }
    }

    /// By which routes events are told, as the memory queues them. `only` are those that a schedule names, in its order.
    pub fn routes(&self, events: &[Event], only: Option<&[String]>, now: Timestamp) -> Vec<Route> {
        let sinks = only.map_or(Cow::Borrowed(&self.sinks), |names| Cow::Owned(self.sinks.only(names)));
        let queued = queue(events, &sinks, &self.guides, &Load::new(), now);
        queued
            .into_iter()
            .map(|one| Route {
                event: one.event,
                route: one.route,
                together: one.together,
                endpoints: vec![one.channel],
                not_before: one.not_before,
            })
            .collect()
    }

    /// Brings the channels that the memory knows up to date with the configuration.
    pub async fn introduce(&self, database: &Database) -> Result<(), DatabaseError> {
        let endpoint = |channel: &Channel| {
            let secrets = channel.kind.secrets();
            Endpoint {
                id: channel.name.clone(),
                kind: channel.kind.medium().name().to_owned(),
                url_ref: secrets.first().map(ToString::to_string).unwrap_or_default(),
                secret_ref: secrets.get(1).map(ToString::to_string),
                state: EndpointState::Enabled,
                failing_since: None,
            }
        };
        database.put_endpoints(&self.sinks.channels.iter().map(endpoint).collect::<Vec<_>>()).await
    }

    /// Delivers what waits and may leave now. Every message is tried once.
    pub async fn deliver(&self, database: &Database, clock: &Clock) -> Result<Posted, ServiceError> {
        let mut posted = Posted::default();
        loop {
            let now = clock();
            let until = now.checked_add(LEASE).unwrap_or(now);
            let claimed = database.claim_deliveries(AT_ONCE, now, until).await?;
            if claimed.is_empty() {
                return Ok(posted);
            }
            for message in claimed {
                let outcome = self.attempt(database, &message, clock).await?;
                match &outcome {
                    Outcome::Done { .. } => posted.delivered += 1,
                    Outcome::Retry { .. } => posted.retried += 1,
                    Outcome::Dead { .. } | Outcome::Suppressed { .. } => posted.dead += 1,
                }
                match database.finish_delivery(&message, &outcome, clock()).await {
                    // Somebody else has it by now, and the word.
                    Ok(()) | Err(DatabaseError::Fenced { .. }) => (),
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    async fn attempt(&self, database: &Database, message: &Claimed, clock: &Clock) -> Result<Outcome, ServiceError> {
        let now = clock();
        let Some(channel) = self.sinks.channel(&message.endpoint) else {
            return Ok(Outcome::Suppressed { why: "the channel is not configured any more".to_owned() });
        };
        if let Some(until) = self.health_of(&channel.name).closed_until.filter(|until| *until > now) {
            let wait = until.duration_since(now);
            if wait > PACE {
                let error = "the channel has failed often and is left alone for a while".to_owned();
                return Ok(Outcome::Retry { at: until, status: None, error });
            }
            // It was spoken to a moment ago. A message that is put back would stay there until the next run.
            tokio::time::sleep(wait.unsigned_abs()).await;
        }
        let events: Vec<Event> = message.events.iter().map(|told| told.event.clone()).collect();
        let coverage = message
            .summary
            .clone()
            .filter(|summary| summary.facts_known < summary.facts_total || !summary.unread.is_empty());
        let Some(planned) = Planned::of_batch(&message.route, &message.together, events, coverage) else {
            return Ok(Outcome::Suppressed { why: "there is nothing to tell".to_owned() });
        };
        let (receipt, next) = self.try_both_sizes(&planned, channel, message, clock).await;
        let health = self.health_of(&channel.name).after(next, channel.kind.medium(), clock());
        self.health.lock().unwrap_or_else(PoisonError::into_inner).insert(channel.name.clone(), health);
        let failed = next == Next::Dead || health.state != State::Enabled;
        if failed {
            self.note(database, channel, health, (&planned, &receipt), clock()).await?;
        }
        let status = receipt.answer.status;
        let error = said(&receipt);
        Ok(match next {
            Next::Done => Outcome::Done { status },
            Next::Retry(at) => Outcome::Retry { at, status, error },
            // It is kept while somebody mends the channel.
            Next::Pause => Outcome::Retry { at: clock(), status, error },
            Next::Smaller | Next::Dead | Next::Disable => Outcome::Dead { status, error },
        })
    }

    /// One attempt, and a second one at once with a smaller message when the first was too large.
    async fn try_both_sizes(
        &self,
        planned: &Planned,
        channel: &Channel,
        message: &Claimed,
        clock: &Clock,
    ) -> (Receipt, Next) {
        let receipt = self.courier.deliver(channel, &self.rendered(planned, channel, Room::Usual), clock()).await;
        let judge = |receipt: &Receipt, smaller: bool| {
            let jitter = f64::from(rand::random_range(0..1_000_000_u32)) / 1_000_000.0;
            after(&receipt.outcome, message.attempts, message.created_at, smaller, clock(), jitter)
        };
        let next = judge(&receipt, false);
        if next != Next::Smaller {
            return (receipt, next);
        }
        let receipt = self.courier.deliver(channel, &self.rendered(planned, channel, Room::Little), clock()).await;
        let next = judge(&receipt, true);
        (receipt, next)
    }

    /// Sends one event to one channel, past routes and queue: a test. A channel that was paused or disabled takes messages
    /// again when it succeeds.
    pub async fn send_one(
        &self,
        database: &Database,
        channel: &Channel,
        event: Event,
        now: Timestamp,
    ) -> Result<Receipt, ServiceError> {
        let planned = Planned {
            route: "test".to_owned(),
            channel: channel.name.clone(),
            together: String::new(),
            not_before: now,
            events: vec![event],
            coverage: None,
        };
        let receipt = self.courier.deliver(channel, &self.rendered(&planned, channel, Room::Usual), now).await;
        if receipt.error.is_none() {
            database.set_endpoint(&channel.name, EndpointState::Enabled, None).await?;
        }
        Ok(receipt)
    }

    fn rendered(&self, planned: &Planned, channel: &Channel, room: Room) -> Rendered {
        let view = View {
            channel,
            report_url: self.sinks.report_url.as_deref(),
            guides: &self.guides,
            templates: &self.templates,
            installation: &self.installation,
        };
        render(planned, &view, None, room)
    }

    fn health_of(&self, channel: &str) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).get(channel).copied().unwrap_or_default()
    }

    /// Writes down a channel that takes no messages any more, and tells of it, or of a message that was given up, by the
    /// other channels. That word of this kind did not arrive is not told again: it would never end.
    async fn note(
        &self,
        database: &Database,
        channel: &Channel,
        health: Health,
        (planned, receipt): (&Planned, &Receipt),
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        match health.state {
            State::Enabled => (),
            State::Paused => {
                database.set_endpoint(&channel.name, EndpointState::Paused, health.failing_since).await?;
            }
            State::Disabled => {
                database.set_endpoint(&channel.name, EndpointState::Disabled, health.failing_since).await?;
            }
        }
        if planned.events.iter().all(|event| event.kind == EventKind::DeliveryFailing) {
            return Ok(());
        }
        let event = Event {
            kind: EventKind::DeliveryFailing,
            at: now,
            run: None,
            schedule: None,
            severity: Severity::High,
            topic: Topic::Channel { name: channel.name.clone(), why: said(receipt), waiting: 1 },
        };
        let elsewhere = |events: &[Event]| {
            let mut routes = self.routes(events, None, now);
            routes.retain(|route| !route.endpoints.contains(&channel.name));
            routes
        };
        database.tell(std::slice::from_ref(&event), now, elsewhere).await?;
        Ok(())
    }
}

/// Why an attempt did not succeed, in a sentence without secrets.
fn said(receipt: &Receipt) -> String {
    let Some(error) = &receipt.error else { return String::new() };
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
