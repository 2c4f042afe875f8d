//! Which messages there are.

use crate::{Guides, Medium, Route, Sinks, key::digest};
use jiff::Timestamp;
use palisade_engine::Severity;
use palisade_track::{Event, EventKind, Summary, Topic};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A message that is to be sent: what it tells, to whom, and from when on. Render it when it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The route that took the events.
    pub route: String,
    /// The channel it goes to.
    pub channel: String,
    /// What it has in common: what the same route tells the same channel with the same text here, before it leaves, is
    /// told together.
    pub together: String,
    /// It must not leave before.
    pub not_before: Timestamp,
    /// What it tells. At least one.
    pub events: Vec<Event>,
    /// What was read, when not everything was: it is told first.
    pub coverage: Option<Summary>,
}

/// An event of a message, as an outbox queues it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// The event's place in the list that was asked about.
    pub event: usize,
    /// `ROUTE/CHANNEL`: what an outbox takes for the route. A pager groups otherwise than a chat, so each channel of a
    /// route has messages of its own.
    pub route: String,
    /// See [`Planned::together`].
    pub together: String,
    /// The channel.
    pub channel: String,
    /// See [`Planned::not_before`].
    pub not_before: Timestamp,
}

/// What was told before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// How many messages each route has sent to each channel within the last hour, and is about to: (route, channel) →
    /// messages. What [gathers](Planned::gathers) does not count.
    pub messages: BTreeMap<(String, String), u32>,
    /// The messages in chats that first told of what is open: (channel, [thread](thread_of)) → the chat's name of it.
    pub threads: BTreeMap<(String, String), String>,
}

impl Past {
    /// Counts a message of the last hour: `route` and `together` as they were [queued](Queued).
    pub fn count(&mut self, route: &str, together: &str) {
        let Some((route, channel)) = route.rsplit_once('/') else { return };
        if !gathers(together) {
            let messages = self.messages.entry((route.to_owned(), channel.to_owned())).or_default();
            *messages = messages.saturating_add(1);
        }
    }
}

/// How `together` begins for what is told at a moment, and for what comes together because of a storm.
const UNTIL: &str = "until/";
const STORM: &str = "storm/";

impl Planned {
    /// The message that an outbox kept: `route` and `together` as they were [queued](Queued), and what was told under
    /// them until it was taken for delivery. `None` when there is nothing to tell.
    pub fn of_batch(route: &str, together: &str, events: Vec<Event>, coverage: Option<Summary>) -> Option<Self> {
        let (route, channel) = route.rsplit_once('/')?;
        let not_before = events.iter().map(|event| event.at).max()?;
        let (route, channel, together) = (route.to_owned(), channel.to_owned(), together.to_owned());
        Some(Self { route, channel, together, not_before, events, coverage })
    }

    /// Takes in what another message of the same route, channel and `together` tells. What both tell is told once.
    pub fn absorb(&mut self, other: Self) {
        let known: BTreeSet<String> = self.events.iter().map(Event::key).collect();
        self.events.extend(other.events.into_iter().filter(|event| !known.contains(&event.key())));
        self.not_before = self.not_before.max(other.not_before);
        self.coverage = other.coverage.or_else(|| self.coverage.take());
    }

    /// The same over every retry and unique among all messages: route, channel and what is told. One event's own key
    /// stands in it as it is, as `route/channel/event-type/fingerprint/generation`; several are digested.
    pub fn key(&self) -> String {
        let mut keys: Vec<String> = self.events.iter().map(Event::key).collect();
        keys.sort_unstable();
        let told = match keys.as_slice() {
            [only] => only.clone(),
            several => format!("events/{}", digest(several.iter().map(String::as_str))),
        };
        format!("{}/{}/{told}", self.route, self.channel)
    }

    /// The name by which a receiver knows it again: the idempotency key of webhooks, the id of mails. It says nothing
    /// of what the message tells.
    pub fn id(&self) -> String {
        format!("msg_{}", digest([self.key().as_str()]))
    }

    /// Whether more may come until it leaves.
    pub fn gathers(&self) -> bool {
        gathers(&self.together)
    }

    /// Whether the route had told too much within an hour, so that this comes together.
    pub fn is_braked(&self) -> bool {
        self.together.starts_with(STORM)
    }

    /// How bad the worst of it is.
    pub fn severity(&self) -> Severity {
        self.events.iter().map(|event| event.severity).max().unwrap_or(Severity::Info)
    }

    /// The thread it belongs to, when all of it is about one finding: what follows on a finding goes where it was first
    /// told. A finding that comes back begins a new thread.
    pub fn thread(&self) -> Option<String> {
        let mut threads = self.events.iter().map(thread_of);
        let first = threads.next()??;
        threads.all(|thread| thread.as_ref() == Some(&first)).then_some(first)
    }
}

fn gathers(together: &str) -> bool {
    let until_the_hour = together.strip_prefix(STORM).is_some_and(|rest| !rest.starts_with("now/"));
    together.starts_with(UNTIL) || until_the_hour
}

/// The thread an event belongs to: that of its finding since it last opened.
pub fn thread_of(event: &Event) -> Option<String> {
    match &event.topic {
        Topic::Finding { finding, .. } => Some(format!("{}/{}", finding.fingerprint, finding.generation)),
        Topic::Waiver { .. } | Topic::Run(_) | Topic::Channel { .. } => None,
    }
}

/// The same messages as [`plan`] gives, event by event, as an outbox queues them.
pub fn queue(events: &[Event], sinks: &Sinks, guides: &Guides, past: &Past, now: Timestamp) -> Vec<Queued> {
    let places: BTreeMap<String, usize> =
        events.iter().enumerate().rev().map(|(at, event)| (event.key(), at)).collect();
    let queued = |message: &Planned| -> Vec<Queued> {
        let one = |event: &Event| {
            Some(Queued {
                event: *places.get(&event.key())?,
                route: format!("{}/{}", message.route, message.channel),
                together: message.together.clone(),
                channel: message.channel.clone(),
                not_before: message.not_before,
            })
        };
        message.events.iter().filter_map(one).collect()
    };
    plan(events, sinks, guides, past, now).iter().flat_map(queued).collect()
}

/// The messages that these events give. Nothing that is news gives no message.
///
/// The first route that takes an event decides: it goes to each of that route's channels. What is told at once is one
/// message for each severity and owner (a pager: one for each finding, so that it can close what it opened; a chat with
/// threads: one for each message that what follows goes below). What is told
/// later, because of a digest or of quiet hours, is one message for each route, channel and moment. Of a route that has
/// told a channel as much as it may within the hour, the rest comes together at the end of the hour and says so; what is
/// critical comes together at once.
pub fn plan(events: &[Event], sinks: &Sinks, guides: &Guides, past: &Past, now: Timestamp) -> Vec<Planned> {
    let mut groups: BTreeMap<Group, Vec<Event>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for event in events.iter().filter(|event| seen.insert(event.key())) {
        let taking = sinks.routes.iter().enumerate().find(|(_, route)| route.matches.takes(event, guides));
        let Some((place, route)) = taking else { continue };
        if !is_news(event, route, events) {
            continue;
        }
        for name in route.send_to.iter().collect::<BTreeSet<_>>() {
            let Some(channel) = sinks.channel(name) else { continue };
            let group = Group::of(event, (place, route), (channel.kind.medium(), name), past, now);
            groups.entry(group).or_default().push(event.clone());
        }
    }
    let planned = groups.into_iter().filter_map(|(group, events)| {
        let route = sinks.routes.get(group.route)?;
        Some(group.message(route, events, now))
    });
    let mut all: Vec<Planned> = brake(planned.collect(), sinks, past, now);
    for message in &mut all {
        message.coverage = coverage(&message.events, events);
    }
    all
}

/// What one message has in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    route: usize,
    channel: String,
    later: Option<Timestamp>,
    /// Worst first.
    severity: Option<std::cmp::Reverse<Severity>>,
    owner: Option<String>,
    /// For a pager: the one thing it is about.
    alone: Option<String>,
    /// For a chat with threads: the message that first told of it.
    below: Option<String>,
}

impl Group {
    fn of(
        event: &Event,
        (place, route): (usize, &Route),
        (medium, channel): (Medium, &str),
        past: &Past,
        now: Timestamp,
    ) -> Self {
        let digest = route.when.next(now);
        let passes = event.severity == Severity::Critical && digest.is_none();
        let quiet = route.quiet.as_ref().filter(|_| !passes).and_then(|quiet| quiet.until(digest.unwrap_or(now)));
        let later = quiet.or(digest);
        let alone = (medium == Medium::PagerDuty).then(|| match &event.topic {
            Topic::Finding { finding, .. } => finding.fingerprint.to_string(),
            Topic::Waiver { .. } | Topic::Run(_) | Topic::Channel { .. } => event.key(),
        });
        let thread = thread_of(event).filter(|_| medium == Medium::Slack && later.is_none());
        let below = thread.and_then(|thread| past.threads.get(&(channel.to_owned(), thread)).cloned());
        let together = (later.is_some() && alone.is_none()) || below.is_some();
        let owner = match &event.topic {
            Topic::Finding { finding, .. } => finding.owner.clone(),
            Topic::Waiver { owner, .. } => Some(owner.clone()),
            Topic::Run(_) | Topic::Channel { .. } => None,
        };
        Self {
            route: place,
            channel: channel.to_owned(),
            later,
            severity: (!together).then_some(std::cmp::Reverse(event.severity)),
            owner: owner.filter(|_| !together),
            alone,
            below,
        }
    }
}

impl Group {
    fn message(self, route: &Route, events: Vec<Event>, now: Timestamp) -> Planned {
        let mut message = Planned {
            route: route.name.clone(),
            channel: self.channel,
            together: String::new(),
            not_before: self.later.unwrap_or(now),
            events,
            coverage: None,
        };
        message.together = match self.later {
            Some(later) if self.alone.is_none() => format!("{UNTIL}{}", later.as_second()),
            Some(_) | None => digest([message.key().as_str()]),
        };
        message
    }
}

/// Whether it is worth a message. A run that read everything is told to a route that asks for it by name only; so is one
/// that missed as much as the run before, or whose missing is told as a drop already. Their coverage still stands first in
/// every other message.
fn is_news(event: &Event, route: &Route, all: &[Event]) -> bool {
    let asked = Sinks::asked_for(&route.matches, event.kind);
    match (event.kind, &event.topic) {
        (EventKind::ScanCompleted, _) => asked,
        (EventKind::ScanPartial, Topic::Run(summary)) => {
            let told = all.iter().any(|other| other.kind == EventKind::CoverageDropped && other.run == event.run);
            let same = summary.before == Some((summary.facts_known, summary.facts_total));
            asked || !(told || same)
        }
        (
            EventKind::Opened
            | EventKind::Worsened
            | EventKind::Reopened
            | EventKind::Resolved
            | EventKind::Gone
            | EventKind::WaiverExpiring
            | EventKind::WaiverExpired
            | EventKind::WaiverUnused
            | EventKind::WaiverGrown
            | EventKind::ScanPartial
            | EventKind::ScanFailed
            | EventKind::ScanMissed
            | EventKind::CoverageDropped
            | EventKind::CoverageRestored
            | EventKind::Baseline
            | EventKind::DeliveryFailing
            | EventKind::Reminder,
            _,
        ) => true,
    }
}

/// What the run of these events read, when it was not everything.
fn coverage(told: &[Event], all: &[Event]) -> Option<Summary> {
    let runs: BTreeSet<&str> = told.iter().filter_map(|event| event.run.as_deref()).collect();
    all.iter()
        .filter(|event| event.run.as_deref().is_some_and(|run| runs.contains(run)))
        .filter_map(|event| match &event.topic {
            Topic::Run(summary) => Some((event.at, summary)),
            Topic::Finding { .. } | Topic::Waiver { .. } | Topic::Channel { .. } => None,
        })
        .filter(|(_, summary)| summary.facts_known < summary.facts_total || !summary.unread.is_empty())
        .max_by_key(|(at, _)| *at)
        .map(|(_, summary)| summary.clone())
}

/// Puts together what would be too many messages within an hour.
fn brake(planned: Vec<Planned>, sinks: &Sinks, past: &Past, now: Timestamp) -> Vec<Planned> {
    let mut sent = past.messages.clone();
    let mut kept = Vec::new();
    let mut together: BTreeMap<(String, String, bool), Planned> = BTreeMap::new();
    for message in planned {
        let most = sinks
            .routes
            .iter()
            .find(|route| route.name == message.route)
            .map_or(Route::MESSAGES_PER_HOUR, |route| route.messages_per_hour);
        let place = (message.route.clone(), message.channel.clone());
        let count = sent.entry(place.clone()).or_default();
        // Digests are few by themselves: one for each moment.
        if message.gathers() || *count < most {
            *count = count.saturating_add(u32::from(!message.gathers()));
            kept.push(message);
            continue;
        }
        let critical = message.severity() == Severity::Critical;
        match together.entry((place.0, place.1, critical)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(message);
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => entry.get_mut().absorb(message),
        }
    }
    for ((_, _, critical), mut message) in together {
        if critical {
            message.together = format!("{STORM}now/{}", digest([message.key().as_str()]));
        } else {
            let hour = now.as_second().div_euclid(3_600).saturating_add(1).saturating_mul(3_600);
            message.not_before = Timestamp::from_second(hour).unwrap_or(now).max(message.not_before);
            message.together = format!("{STORM}{hour}");
        }
        kept.push(message);
    }
    kept
}
