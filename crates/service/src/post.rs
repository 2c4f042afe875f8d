//! Delivers the messages that wait.

use crate::{
    ServiceError,
    thread::{Known, Noted, Parent, configured, named},
};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::Severity;
use palisade_message::{Channel, Guides, Past, Planned, Rendered, Room, Sinks, Templates, Thread, View, queue, render};
use palisade_notify::{Courier, Health, Next, Receipt, State, after};
use palisade_provider::Clock;
use palisade_store::{Claimed, Database, DatabaseError, DeliveryState, Endpoint, EndpointState, Outcome, Route, Stale};
use palisade_track::{Event, EventKind, Reminders, Summary, Topic};
use std::{borrow::Cow, collections::BTreeMap, error::Error as _, sync::Mutex, sync::PoisonError};

/// How long a message is held while it is being delivered. Longer than a receiver is waited for.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// How many messages are taken at once: so few that the slowest receivers answer within the lease.
const AT_ONCE: u32 = 1;

/// How many messages are brought up to date at once. The others follow with the next deliveries.
const STALE_AT_ONCE: u32 = 64;

/// How many waiting messages are counted when a channel fails.
const MOST_COUNTED: u32 = 1_000;

/// How long back the messages of a route are counted.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

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

    /// What was told before, as far as it matters for what is told now: whatever run told it.
    pub async fn past(&self, database: &Database, now: Timestamp) -> Result<Past, DatabaseError> {
        let mut past = Past::default();
        for (route, together) in database.sent_since(now.checked_sub(HOUR).unwrap_or(now), now).await? {
            past.count(&route, &together);
        }
        if self.sinks.channels.iter().any(|channel| configured(channel).is_some()) {
            let open = database.open_threads().await?;
            past.threads = open.into_iter().map(|(channel, thread, ts)| ((channel, thread), ts)).collect();
        }
        Ok(past)
    }

    /// Who is reminded of what. `only` are the routes that a schedule names, in its order.
    pub fn reminders(&self, only: Option<&[String]>) -> Reminders {
        self.sinks_of(only).reminders(&self.guides)
    }

    fn sinks_of(&self, only: Option<&[String]>) -> Cow<'_, Sinks> {
        only.map_or(Cow::Borrowed(&self.sinks), |names| Cow::Owned(self.sinks.only(names)))
    }

    /// By which routes events are told, as the memory queues them. `only` are those that a schedule names, in its order.
    pub fn routes(&self, events: &[Event], only: Option<&[String]>, past: &Past, now: Timestamp) -> Vec<Route> {
        let queued = queue(events, &self.sinks_of(only), &self.guides, past, now);
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
        database.put_endpoints(&self.sinks.channels.iter().map(endpoint).collect::<Vec<_>>()).await?;
        let known = database.endpoints().await?;
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        for endpoint in known.into_iter().filter(|one| one.state == EndpointState::Enabled) {
            health.entry(endpoint.id).or_default().failing_since = endpoint.failing_since;
        }
        Ok(())
    }

    /// Delivers what waits and may leave now, tells elsewhere of what is given up, and brings up to date what chats were told.
    /// No message is tried more than twice, whatever receivers ask for.
    pub async fn deliver(&self, database: &Database, clock: &Clock) -> Result<Posted, ServiceError> {
        let mut posted = Posted::default();
        if self.deliver_until(database, clock(), clock, &mut posted).await? {
            // What went wrong is told now, and not with the next run.
            self.deliver_until(database, clock(), clock, &mut posted).await?;
        }
        self.refresh(database, clock).await?;
        Ok(posted)
    }

    /// Delivers what may leave at a moment. Whether something is told elsewhere by it.
    async fn deliver_until(
        &self,
        database: &Database,
        moment: Timestamp,
        clock: &Clock,
        posted: &mut Posted,
    ) -> Result<bool, ServiceError> {
        let mut is_told = false;
        loop {
            let now = clock();
            let until = now.checked_add(LEASE).unwrap_or(now);
            let claimed = database.claim_deliveries(AT_ONCE, moment, until).await?;
            if claimed.is_empty() {
                return Ok(is_told);
            }
            for message in claimed {
                let (outcome, noted) = self.attempt(database, &message, clock).await?;
                is_told |= noted.is_told_elsewhere;
                match &outcome {
                    Outcome::Done { .. } => posted.delivered += 1,
                    Outcome::Retry { .. } => posted.retried += 1,
                    Outcome::Dead { .. } | Outcome::Suppressed { .. } => posted.dead += 1,
                }
                match database.finish_told(&message, &outcome, (&noted.threads, &noted.stale), clock()).await {
                    // Somebody else has it by now, and the word.
                    Ok(()) | Err(DatabaseError::Fenced { .. }) => (),
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    /// Makes an attempt. How it ended, and what the chat was told by it.
    async fn attempt(
        &self,
        database: &Database,
        message: &Claimed,
        clock: &Clock,
    ) -> Result<(Outcome, Noted), ServiceError> {
        let nothing = |outcome| Ok((outcome, Noted::default()));
        let Some(channel) = self.sinks.channel(&message.endpoint) else {
            return nothing(Outcome::Suppressed { why: "the channel is not configured any more".to_owned() });
        };
        if let Some(until) = self.is_left_alone(channel, clock()).await {
            let error = "the channel has failed often and is left alone for a while".to_owned();
            return nothing(Outcome::Retry { at: until, status: None, error });
        }
        let events: Vec<Event> = message.events.iter().map(|told| told.event.clone()).collect();
        let coverage = message.summary.clone().filter(is_partial);
        let Some(planned) = Planned::of_batch(&message.route, &message.together, events, coverage) else {
            return nothing(Outcome::Suppressed { why: "there is nothing to tell".to_owned() });
        };
        let known = Known::of(database, channel, &planned).await?;
        let mut parent = known.parent(&planned);
        let tries = (message.attempts, message.tried_since);
        let (mut receipt, mut next) = match &parent {
            Some(Parent { place, ts }) => {
                let thread = Thread::Reply(ts.clone());
                self.try_both_sizes(&planned, &named(channel, place), Some(&thread), tries, clock).await
            }
            None => self.try_both_sizes(&planned, channel, None, tries, clock).await,
        };
        // It was refused below a message that is gone, or taken and put beside it.
        let beside = next == Next::Done && receipt.is_below == Some(false);
        let was_lost = (next == Next::Anew || beside) && parent.take().is_some();
        if was_lost {
            tracing::info!(
                channel = channel.name,
                "the message that this follows on is gone: it is told as one of its own"
            );
        }
        if was_lost && !beside {
            (receipt, next) = self.try_both_sizes(&planned, channel, None, tries, clock).await;
        }
        let health = self.remember(database, channel, next, clock()).await?;
        let failed = next == Next::Dead || health.state != State::Enabled;
        if failed {
            self.note(database, channel, health, (&planned, &receipt), clock()).await?;
        }
        let status = receipt.answer.status;
        let error = said(&receipt);
        let outcome = match next {
            Next::Done => {
                let noted = known.after(&planned, channel, (parent.as_ref(), was_lost), &receipt, clock());
                return Ok((Outcome::Done { status }, noted));
            }
            Next::Retry(at) => Outcome::Retry { at, status, error },
            // It is kept while somebody mends the channel.
            Next::Pause => Outcome::Retry { at: clock(), status, error },
            Next::Smaller | Next::Anew | Next::Dead | Next::Disable => Outcome::Dead { status, error },
        };
        Ok((outcome, Noted { is_told_elsewhere: failed, ..Noted::default() }))
    }

    /// Until when nothing is said on a channel that fails. One that was spoken to a moment ago is waited for: a message
    /// that is put back would stay there until the next run.
    async fn is_left_alone(&self, channel: &Channel, now: Timestamp) -> Option<Timestamp> {
        let until = self.health_of(&channel.name).closed_until.filter(|until| *until > now)?;
        let wait = until.duration_since(now);
        if wait > PACE {
            return Some(until);
        }
        tokio::time::sleep(wait.unsigned_abs()).await;
        None
    }

    /// How the channel is after an attempt. Since when it has only failed is written down: the next process goes on
    /// counting.
    async fn remember(
        &self,
        database: &Database,
        channel: &Channel,
        next: Next,
        now: Timestamp,
    ) -> Result<Health, DatabaseError> {
        let known = self.health_of(&channel.name);
        // It was tried, so somebody has opened it again since.
        let known = if known.state == State::Enabled { known } else { Health::default() };
        let health = known.after(next, channel.kind.medium(), now);
        self.health.lock().unwrap_or_else(PoisonError::into_inner).insert(channel.name.clone(), health);
        if health.state == State::Enabled && health.failing_since != known.failing_since {
            database.set_endpoint(&channel.name, EndpointState::Enabled, health.failing_since).await?;
        }
        Ok(health)
    }

    /// Brings up to date the messages that tell of what is over, so that a reader of the channel sees it. What cannot be
    /// changed any more stays as it is: what became of it stands below.
    async fn refresh(&self, database: &Database, clock: &Clock) -> Result<(), ServiceError> {
        for stale in database.stale_messages(STALE_AT_ONCE, clock()).await? {
            let channel = self.sinks.channel(&stale.endpoint);
            let channel = channel.filter(|channel| configured(channel) == Some(stale.told_in.as_str()));
            let Some(channel) = channel else {
                database.refreshed(&stale, None).await?;
                continue;
            };
            if let Some(until) = self.is_left_alone(channel, clock()).await {
                database.refreshed(&stale, Some(until)).await?;
                continue;
            }
            let Some(planned) = update(&stale) else {
                database.refreshed(&stale, None).await?;
                continue;
            };
            let tries = (stale.attempts.saturating_add(1), stale.since);
            let thread = Thread::Update(stale.ts.clone());
            let place = named(channel, &stale.place);
            let (receipt, next) = self.try_both_sizes(&planned, &place, Some(&thread), tries, clock).await;
            let health = self.remember(database, channel, next, clock()).await?;
            let again = match next {
                Next::Done => None,
                Next::Retry(at) => Some(at),
                Next::Pause | Next::Disable => {
                    self.note(database, channel, health, (&planned, &receipt), clock()).await?;
                    Some(clock())
                }
                Next::Smaller | Next::Anew | Next::Dead => {
                    tracing::info!(channel = channel.name, why = said(&receipt), "a message is not brought up to date");
                    None
                }
            };
            database.refreshed(&stale, again).await?;
        }
        Ok(())
    }

    /// One attempt, and a second one at once with a smaller message when the first was too large.
    async fn try_both_sizes(
        &self,
        planned: &Planned,
        channel: &Channel,
        thread: Option<&Thread>,
        (attempt, first): (u32, Timestamp),
        clock: &Clock,
    ) -> (Receipt, Next) {
        let rendered = |room| self.rendered(planned, channel, thread, room);
        let receipt = self.courier.deliver(channel, &rendered(Room::Usual), clock()).await;
        let judge = |receipt: &Receipt, smaller: bool| {
            let jitter = f64::from(rand::random_range(0..1_000_000_u32)) / 1_000_000.0;
            after(&receipt.outcome, attempt, first, smaller, clock(), jitter)
        };
        let next = judge(&receipt, false);
        if next != Next::Smaller {
            return (receipt, next);
        }
        let receipt = self.courier.deliver(channel, &rendered(Room::Little), clock()).await;
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
        let receipt = self.courier.deliver(channel, &self.rendered(&planned, channel, None, Room::Usual), now).await;
        if receipt.error.is_none() {
            database.set_endpoint(&channel.name, EndpointState::Enabled, None).await?;
        }
        Ok(receipt)
    }

    fn rendered(&self, planned: &Planned, channel: &Channel, thread: Option<&Thread>, room: Room) -> Rendered {
        let view = View {
            channel,
            report_url: self.sinks.report_url.as_deref(),
            guides: &self.guides,
            templates: &self.templates,
            installation: &self.installation,
        };
        render(planned, &view, thread, room)
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
        // The one in hand is held, and waits no less.
        let ready = database.deliveries(DeliveryState::Ready, MOST_COUNTED).await?;
        let waiting = 1 + ready.iter().filter(|one| one.endpoint == channel.name).count() as u64;
        let event = Event {
            kind: EventKind::DeliveryFailing,
            at: now,
            run: None,
            schedule: None,
            severity: Severity::High,
            topic: Topic::Channel { name: channel.name.clone(), why: said(receipt), waiting },
        };
        let past = self.past(database, now).await?;
        let elsewhere = |events: &[Event]| {
            let mut routes = self.routes(events, None, &past, now);
            routes.retain(|route| !route.endpoints.contains(&channel.name));
            routes
        };
        database.tell(std::slice::from_ref(&event), now, elsewhere).await?;
        Ok(())
    }
}

/// What a message is to say that is out of date.
fn update(stale: &Stale) -> Option<Planned> {
    let events = stale.events.clone();
    let not_before = events.iter().map(|event| event.at).max()?;
    let coverage = stale.summary.clone().filter(is_partial);
    let (channel, together) = (stale.endpoint.clone(), stale.ts.clone());
    Some(Planned { route: "update".to_owned(), channel, together, not_before, events, coverage })
}

fn is_partial(summary: &Summary) -> bool {
    summary.facts_known < summary.facts_total || !summary.unread.is_empty()
}

/// Why an attempt did not succeed, in a sentence without secrets.
fn said(receipt: &Receipt) -> String {
    let Some(error) = &receipt.error else { return String::new() };
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
