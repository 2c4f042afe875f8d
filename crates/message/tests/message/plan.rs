//! Who is told what and when.

use crate::samples::{channel, finding, guides, now};
use jiff::{SignedDuration, Timestamp, civil::time};
use palisade_engine::Severity;
use palisade_message::{
    Channel, Matches, Medium, Past, Planned, Quiet, Remind, Route, Sinks, When, Zone, plan, queue, sample,
};
use palisade_model::Provider;
use palisade_track::{Event, EventKind, Topic, Tracked};
use std::collections::BTreeSet;

fn sinks(channels: &[Medium]) -> Sinks {
    Sinks::with_default_routes(channels.iter().map(|medium| channel(*medium)).collect())
}

fn route(name: &str, matches: Matches) -> Route {
    Route {
        name: name.to_owned(),
        matches,
        send_to: vec!["slack".to_owned()],
        when: When::Now,
        quiet: None,
        messages_per_hour: Route::MESSAGES_PER_HOUR,
        remind: Remind::BySeverity,
    }
}

fn with_routes(routes: Vec<Route>) -> Sinks {
    Sinks { routes, ..sinks(&[Medium::Slack]) }
}

fn told(events: &[Event], sinks: &Sinks) -> Vec<Planned> {
    plan(events, sinks, &guides(), &Past::default(), now())
}

fn opened(severity: Severity, name: &str) -> Event {
    finding(EventKind::Opened, severity, name, &format!("`{name}` is open"))
}

fn owned(severity: Severity, name: &str, owner: &str) -> Event {
    let mut event = opened(severity, name);
    tracked(&mut event).owner = Some(owner.to_owned());
    event
}

fn tracked(event: &mut Event) -> &mut Tracked {
    match &mut event.topic {
        Topic::Finding { finding, .. } => finding,
        Topic::Waiver { .. } | Topic::Run(_) | Topic::Channel { .. } => panic!("no finding"),
    }
}

/// Route, channel and moment of each message.
fn places(planned: &[Planned]) -> Vec<(&str, &str, String)> {
    planned
        .iter()
        .map(|message| (message.route.as_str(), message.channel.as_str(), message.not_before.to_string()))
        .collect()
}

#[test]
fn nothing_changed_is_no_message() {
    assert_eq!(told(&[], &sinks(&Medium::ALL)), []);
    assert_eq!(told(&[sample(EventKind::ScanCompleted)], &sinks(&Medium::ALL)), []);
    let mut same = sample(EventKind::ScanPartial);
    if let Topic::Run(summary) = &mut same.topic {
        summary.before = Some((summary.facts_known, summary.facts_total));
    }
    assert_eq!(told(std::slice::from_ref(&same), &sinks(&Medium::ALL)), []);
    // Unless somebody asks for it by name.
    let matches = Matches { events: [EventKind::ScanCompleted, EventKind::ScanPartial].into(), ..Matches::default() };
    let all = told(&[sample(EventKind::ScanCompleted), same], &with_routes(vec![route("heartbeat", matches)]));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].events.len(), 2);
}

#[test]
fn without_routes_critical_and_high_come_now_medium_daily_and_the_rest_weekly() {
    let sinks = sinks(&[Medium::Slack, Medium::PagerDuty]);
    let events: Vec<Event> = Severity::ALL.into_iter().map(|severity| opened(severity, severity.name())).collect();
    assert_eq!(
        places(&told(&events, &sinks)),
        [
            ("critical", "pagerduty", "2026-11-18T12:00:00Z".to_owned()),
            ("critical", "slack", "2026-11-18T12:00:00Z".to_owned()),
            ("high", "slack", "2026-11-18T12:00:00Z".to_owned()),
            ("medium", "slack", "2026-11-19T09:00:00Z".to_owned()),
            ("low", "slack", "2026-11-23T09:00:00Z".to_owned()),
        ]
    );
}

#[test]
fn the_first_route_that_takes_an_event_decides() {
    let one = |name: &str, matches: Matches| route(name, matches);
    let routes = vec![
        one("severity", Matches { severities: [Severity::Critical].into(), ..Matches::default() }),
        one("provider", Matches { providers: [Provider::Gcp].into(), ..Matches::default() }),
        one("scope", Matches { scopes: ["222222222222".to_owned()].into(), ..Matches::default() }),
        one("owner", Matches { owners: ["ana".to_owned()].into(), ..Matches::default() }),
        one("framework", Matches { frameworks: ["CIS-EKS-2.0.0".to_owned()].into(), ..Matches::default() }),
        one("event", Matches { events: [EventKind::Gone].into(), ..Matches::default() }),
        one("schedule", Matches { schedules: ["hourly".to_owned()].into(), ..Matches::default() }),
        one("rest", Matches::default()),
    ];
    let sinks = with_routes(routes);
    let case = |change: fn(&mut Event)| {
        let mut event = opened(Severity::High, "p");
        change(&mut event);
        told(&[event], &sinks)[0].route.clone()
    };
    assert_eq!(case(|event| event.severity = Severity::Critical), "severity");
    assert_eq!(case(|event| tracked(event).provider = Provider::Gcp), "provider");
    assert_eq!(case(|event| tracked(event).scope = palisade_model::Scope::new("222222222222/eu-west-1")), "scope");
    assert_eq!(case(|event| tracked(event).owner = Some("ana".to_owned())), "owner");
    assert_eq!(case(|event| tracked(event).control = "CP-01".to_owned()), "framework");
    assert_eq!(case(|event| event.kind = EventKind::Gone), "event");
    assert_eq!(case(|event| event.schedule = Some("hourly".to_owned())), "schedule");
    assert_eq!(case(|_| ()), "rest");
    // A run has no provider, no scope and no owner: routes that ask for one leave it.
    let mut failed = sample(EventKind::ScanFailed);
    failed.severity = Severity::High;
    assert_eq!(told(&[failed], &sinks)[0].route, "rest");
}

#[test]
fn a_route_to_nobody_tells_nobody() {
    let silent = Route { send_to: Vec::new(), ..route("silent", Matches::default()) };
    assert_eq!(told(&[opened(Severity::Critical, "p")], &with_routes(vec![silent])), []);
}

#[test]
fn what_comes_now_is_one_message_for_each_severity_and_owner_and_a_pager_gets_one_for_each_finding() {
    let events = [
        owned(Severity::Critical, "a", "ana"),
        owned(Severity::Critical, "b", "ana"),
        owned(Severity::Critical, "c", "ben"),
        owned(Severity::High, "d", "ana"),
    ];
    let all = told(&events, &sinks(&[Medium::Slack, Medium::PagerDuty]));
    let of = |name: &str| -> Vec<usize> {
        all.iter().filter(|message| message.channel == name).map(|message| message.events.len()).collect()
    };
    assert_eq!(of("slack"), [2, 1, 1]);
    assert_eq!(of("pagerduty"), [1, 1, 1]);
}

#[test]
fn quiet_hours_hold_back_what_is_not_critical_and_merge_it() {
    let quiet = Quiet { from: time(22, 0, 0, 0), to: time(7, 0, 0, 0), zone: Zone::named("Europe/Berlin").unwrap() };
    let sinks = with_routes(vec![Route { quiet: Some(quiet), ..route("all", Matches::default()) }]);
    let night: Timestamp = "2026-11-18T23:30:00Z".parse().unwrap();
    let later: Timestamp = "2026-11-19T03:30:00Z".parse().unwrap();
    let at = |events: &[Event], now| plan(events, &sinks, &guides(), &Past::default(), now);
    let first = at(
        &[opened(Severity::Critical, "c"), owned(Severity::High, "a", "ana"), owned(Severity::Low, "b", "ben")],
        night,
    );
    assert_eq!(
        places(&first),
        [("all", "slack", night.to_string()), ("all", "slack", "2026-11-19T06:00:00Z".to_owned())]
    );
    let mut held = first[1].clone();
    assert!(held.gathers() && held.events.len() == 2);
    let second = at(&[opened(Severity::High, "d"), owned(Severity::High, "a", "ana")], later);
    assert_eq!(second[0].together, held.together, "what is held back for the same moment is the same message");
    held.absorb(second[0].clone());
    assert_eq!(held.events.len(), 3, "and tells an event once");
}

#[test]
fn a_key_is_the_same_whenever_the_same_news_is_planned_and_different_for_other_news() {
    let sinks = sinks(&[Medium::Slack, Medium::Teams]);
    let events = [opened(Severity::Critical, "a"), opened(Severity::Critical, "b")];
    let keys =
        |events: &[Event]| -> Vec<String> { told(events, &sinks).into_iter().map(|message| message.key()).collect() };
    let reversed: Vec<Event> = events.iter().rev().cloned().collect();
    assert_eq!(keys(&events), keys(&reversed));
    let doubled: Vec<Event> = events.iter().chain(&events).cloned().collect();
    assert_eq!(keys(&events), keys(&doubled));
    assert_eq!(keys(&events).iter().collect::<BTreeSet<_>>().len(), 2);
    assert_ne!(keys(&events), keys(&events[..1]));
    let single = keys(&events[..1]);
    let mut event = events[0].clone();
    let fingerprint = tracked(&mut event).fingerprint;
    assert_eq!(single[0], format!("critical/slack/finding.opened/{fingerprint}/1"));
    tracked(&mut event).generation = 2;
    assert_ne!(keys(&[event]), single);
}

#[test]
fn a_storm_comes_together_and_says_so() {
    let sinks = with_routes(vec![Route { messages_per_hour: 3, ..route("all", Matches::default()) }]);
    let events: Vec<Event> =
        (0..8).map(|number| owned(Severity::High, &format!("p{number}"), &format!("owner-{number}"))).collect();
    let all = told(&events, &sinks);
    assert_eq!(all.iter().filter(|message| !message.is_braked()).count(), 3);
    let braked: Vec<&Planned> = all.iter().filter(|message| message.is_braked()).collect();
    assert_eq!(braked.len(), 1);
    assert_eq!(braked[0].events.len(), 5);
    assert_eq!(braked[0].not_before.to_string(), "2026-11-18T13:00:00Z");
    assert!(braked[0].gathers());
    let messages = [(("all".to_owned(), "slack".to_owned()), 3)].into();
    let load = Past { messages, ..Past::default() };
    let more = plan(&[owned(Severity::High, "late", "x")], &sinks, &guides(), &load, now());
    assert_eq!(more[0].together, braked[0].together, "what comes later within the hour joins it");
    let critical = plan(&[owned(Severity::Critical, "bad", "x")], &sinks, &guides(), &load, now());
    assert!(critical[0].is_braked() && !critical[0].gathers());
    assert_eq!(critical[0].not_before, now(), "what is critical does not wait");
}

#[test]
fn a_message_carries_what_its_run_did_not_read() {
    let mut partial = sample(EventKind::ScanPartial);
    partial.run = Some("run-1".to_owned());
    let sinks = sinks(&[Medium::Slack]);
    let all = told(&[opened(Severity::High, "a"), partial.clone()], &sinks);
    let message = all.iter().find(|message| message.events[0].kind == EventKind::Opened).unwrap();
    assert_eq!(message.coverage.as_ref().unwrap().facts_known, 97);
    partial.run = Some("another".to_owned());
    let all = told(&[opened(Severity::High, "a"), partial], &sinks);
    let message = all.iter().find(|message| message.events[0].kind == EventKind::Opened).unwrap();
    assert_eq!(message.coverage, None);
}

#[test]
fn a_drop_of_coverage_is_told_once_and_not_again_as_an_incomplete_run() {
    let all = told(&[sample(EventKind::ScanPartial), sample(EventKind::CoverageDropped)], &sinks(&[Medium::Slack]));
    let kinds: Vec<EventKind> = all.iter().flat_map(|message| message.events.iter().map(|event| event.kind)).collect();
    assert_eq!(kinds, [EventKind::CoverageDropped]);
}

#[test]
fn a_planned_message_is_written_down_and_read_back() {
    let all = told(&EventKind::ALL.map(sample), &sinks(&Medium::ALL));
    assert!(all.len() > 10);
    for message in all {
        let text = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Planned>(&text).unwrap(), message);
    }
}

#[test]
fn every_channel_of_a_route_is_told_and_an_unknown_one_is_nothing() {
    let channels: Vec<Channel> = vec![channel(Medium::Slack), channel(Medium::Teams)];
    let mut sinks = Sinks::with_default_routes(channels);
    sinks.routes = vec![Route {
        send_to: ["slack", "teams", "slack", "gone"].map(str::to_owned).to_vec(),
        ..route("all", Matches::default())
    }];
    let all = told(&[opened(Severity::High, "a")], &sinks);
    assert_eq!(all.iter().map(|message| message.channel.as_str()).collect::<Vec<_>>(), ["slack", "teams"]);
}

#[test]
fn an_outbox_gives_back_the_message_that_was_planned() {
    let sinks = sinks(&[Medium::Slack, Medium::PagerDuty]);
    let events: Vec<Event> = ["a", "b", "c"]
        .into_iter()
        .flat_map(|name| Severity::ALL.map(|severity| opened(severity, &format!("{name}-{severity}"))))
        .collect();
    let queued = queue(&events, &sinks, &guides(), &Past::default(), now());
    let mut batches: std::collections::BTreeMap<(String, String), Vec<Event>> = std::collections::BTreeMap::new();
    for one in &queued {
        batches.entry((one.route.clone(), one.together.clone())).or_default().push(events[one.event].clone());
    }
    let planned = told(&events, &sinks);
    assert_eq!(batches.len(), planned.len());
    for message in planned {
        let place = (format!("{}/{}", message.route, message.channel), message.together.clone());
        let back = Planned::of_batch(&place.0, &place.1, batches[&place].clone(), None).unwrap();
        assert_eq!((back.key(), back.id(), back.gathers()), (message.key(), message.id(), message.gathers()));
    }
    assert_eq!(Planned::of_batch("critical/slack", "x", Vec::new(), None), None);
}

#[test]
fn each_route_reminds_of_what_it_takes_as_it_says() {
    let only = |severity| Matches { severities: [severity].into(), ..Matches::default() };
    let sinks = with_routes(vec![
        Route { remind: Remind::EveryHours(6), ..route("critical", only(Severity::Critical)) },
        Route { remind: Remind::Never, ..route("high", only(Severity::High)) },
        Route { send_to: Vec::new(), ..route("nobody", only(Severity::Low)) },
        route("rest", only(Severity::Medium)),
    ]);
    let after = |severity| sinks.reminders(&guides()).after(&finding(EventKind::Reminder, severity, "p", "r"));
    assert_eq!(after(Severity::Critical), Some(SignedDuration::from_hours(6)));
    for severity in [Severity::High, Severity::Low, Severity::Medium, Severity::Info] {
        assert_eq!(after(severity), None, "{severity}");
    }
    let usual = sinks_reminders_by_default();
    assert_eq!(usual(Severity::Critical), Some(SignedDuration::from_hours(24)));
    assert_eq!(usual(Severity::High), Some(SignedDuration::from_hours(7 * 24)));
    assert_eq!(usual(Severity::Medium), None);
}

fn sinks_reminders_by_default() -> impl Fn(Severity) -> Option<SignedDuration> {
    let reminders = sinks(&[Medium::Slack]).reminders(&guides());
    move |severity| reminders.after(&finding(EventKind::Reminder, severity, "p", "r"))
}

#[test]
fn what_follows_is_one_message_for_each_that_first_told_of_it_where_a_chat_has_threads() {
    let follow = |name: &str| finding(EventKind::Resolved, Severity::High, name, "r");
    let events = ["a", "b", "c", "d"].map(follow);
    let threads = ["a", "b", "c"].map(|name| {
        let ts = if name == "c" { "2.0" } else { "1.0" };
        (("slack".to_owned(), palisade_message::thread_of(&follow(name)).unwrap()), ts.to_owned())
    });
    let past = Past { threads: threads.into(), ..Past::default() };
    let sizes = |sinks: &Sinks, past: &Past| -> Vec<usize> {
        plan(&events, sinks, &guides(), past, now()).iter().map(|message| message.events.len()).collect()
    };
    let mut sinks = with_routes(vec![route("all", Matches::default())]);
    let mut split = sizes(&sinks, &past);
    split.sort_unstable();
    assert_eq!(split, [1, 1, 2]);
    assert_eq!(sizes(&sinks, &Past::default()), [4]);
    sinks.routes[0].when = When::Daily { at: time(9, 0, 0, 0), zone: Zone::UTC };
    assert_eq!(sizes(&sinks, &past), [4], "a digest stands by itself");
}
