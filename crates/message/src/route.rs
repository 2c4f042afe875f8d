//! Who is told what.

use crate::{Channel, Guides, Medium, Quiet, When, Zone};
use jiff::{
    SignedDuration,
    civil::{Weekday, time},
};
use palisade_engine::Severity;
use palisade_model::Provider;
use palisade_track::{Event, EventKind, Topic, reminder_period};
use std::collections::BTreeSet;

/// A rule that takes events and says where and when they are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name, unique in the configuration. It is part of the dedupe keys: renaming it is a new route.
    pub name: String,
    /// Which events it takes.
    pub matches: Matches,
    /// The channels it tells, by name. None: what it takes is told to nobody.
    pub send_to: Vec<String>,
    /// When.
    pub when: When,
    /// Hours in which only critical messages leave.
    pub quiet: Option<Quiet>,
    /// Messages an hour and channel from which on the rest comes together.
    pub messages_per_hour: u32,
    /// How often it tells again what is open and what nobody has taken on.
    pub remind: Remind,
}

/// How often a route tells again what is open and what nobody has taken on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remind {
    /// Critical findings every day, high ones every week, others never.
    #[default]
    BySeverity,
    /// Whatever it takes, after so many hours. At least one.
    EveryHours(u32),
    /// Nothing.
    Never,
}

impl Remind {
    /// How long after it was last told a finding of this severity is told again.
    pub(crate) fn after(self, severity: Severity) -> Option<SignedDuration> {
        match self {
            Self::BySeverity => reminder_period(severity),
            Self::EveryHours(hours) => Some(SignedDuration::from_hours(i64::from(hours.max(1)))),
            Self::Never => None,
        }
    }

    /// Nothing is told again before.
    pub(crate) fn least(self) -> Option<SignedDuration> {
        self.after(Severity::Critical)
    }
}

impl Route {
    /// How many messages an hour a channel gets of a route that does not say it.
    pub const MESSAGES_PER_HOUR: u32 = 20;
}

/// Which events a route takes. An empty set asks nothing; an event must satisfy every other one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// How bad it is.
    pub severities: BTreeSet<Severity>,
    /// Who runs the cluster.
    pub providers: BTreeSet<Provider>,
    /// Where it lives. `111111111111` also takes every region of that account; a `*` at the end takes every beginning.
    pub scopes: BTreeSet<String>,
    /// Who answers for it.
    pub owners: BTreeSet<String>,
    /// The frameworks that ask for its control: `CIS-EKS-2.0.0`, or `CIS-EKS` in any version.
    pub frameworks: BTreeSet<String>,
    /// What happened.
    pub events: BTreeSet<EventKind>,
    /// The schedule of the run that saw it.
    pub schedules: BTreeSet<String>,
}

impl Matches {
    /// Whether these take the event. What an event does not have (a run has no owner) satisfies no set that asks for it.
    pub fn takes(&self, event: &Event, guides: &Guides) -> bool {
        let finding = match &event.topic {
            Topic::Finding { finding, .. } => Some(finding),
            Topic::Waiver { .. } | Topic::Run(_) | Topic::Channel { .. } => None,
        };
        let owner = match &event.topic {
            Topic::Finding { finding, .. } => finding.owner.as_deref(),
            Topic::Waiver { owner, .. } => Some(owner.as_str()),
            Topic::Run(_) | Topic::Channel { .. } => None,
        };
        asks(&self.severities, |severities| severities.contains(&event.severity))
            && asks(&self.events, |events| events.contains(&event.kind))
            && asks(&self.providers, |providers| finding.is_some_and(|finding| providers.contains(&finding.provider)))
            && asks(&self.scopes, |scopes| {
                finding.is_some_and(|finding| scopes.iter().any(|scope| covers(scope, finding.scope.as_str())))
            })
            && asks(&self.owners, |owners| owner.is_some_and(|owner| owners.contains(owner)))
            && asks(&self.frameworks, |frameworks| {
                finding
                    .is_some_and(|finding| frameworks.iter().any(|framework| guides.asks(framework, &finding.control)))
            })
            && asks(&self.schedules, |schedules| event.schedule.as_ref().is_some_and(|name| schedules.contains(name)))
    }
}

fn asks<T>(set: &BTreeSet<T>, satisfied: impl FnOnce(&BTreeSet<T>) -> bool) -> bool {
    set.is_empty() || satisfied(set)
}

fn covers(pattern: &str, scope: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => scope.starts_with(beginning),
        None => scope.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

/// Who is told what when a configuration names no route: critical and high at once, medium once a day, the rest once a
/// week. A pager gets what is critical and nothing else.
pub fn default_routes(channels: &[Channel]) -> Vec<Route> {
    let names = |wanted: fn(Medium) -> bool| -> Vec<String> {
        channels.iter().filter(|channel| wanted(channel.kind.medium())).map(|channel| channel.name.clone()).collect()
    };
    let route = |name: &str, severities: &[Severity], send_to: Vec<String>, when: When| Route {
        name: name.to_owned(),
        matches: Matches { severities: severities.iter().copied().collect(), ..Matches::default() },
        send_to,
        when,
        quiet: None,
        messages_per_hour: Route::MESSAGES_PER_HOUR,
        remind: Remind::BySeverity,
    };
    let nine = time(9, 0, 0, 0);
    let quietly = |medium: Medium| medium != Medium::PagerDuty;
    vec![
        route("critical", &[Severity::Critical], names(|_| true), When::Now),
        route("high", &[Severity::High], names(quietly), When::Now),
        route("medium", &[Severity::Medium], names(quietly), When::Daily { at: nine, zone: Zone::UTC }),
        route(
            "low",
            &[Severity::Low, Severity::Info],
            names(quietly),
            When::Weekly { on: Weekday::Monday, at: nine, zone: Zone::UTC },
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_takes_its_regions_and_a_star_takes_every_beginning() {
        assert!(covers("111111111111", "111111111111/eu-west-1"));
        assert!(covers("111111111111", "111111111111"));
        assert!(!covers("11111111111", "111111111111"));
        assert!(covers("acme-*", "acme-prod"));
        assert!(!covers("acme-*", "other"));
    }
}
