//! What the tests of this folder share: channels, events and messages.

use jiff::Timestamp;
use palisade_engine::{Fingerprint, Severity, State, Subject, SubjectKind};
use palisade_message::{
    About, Body, Channel, Guides, Kind, MailSecurity, Medium, Planned, Rendered, Room, SecretRef, Templates, Thread,
    View, render,
};
use palisade_model::{ClusterId, Provider, Scope};
use palisade_track::{Event, EventKind, Standing, Topic, Tracked};
use serde_json::Value;

pub(crate) fn now() -> Timestamp {
    "2026-11-18T12:00:00Z".parse().unwrap()
}

pub(crate) fn channel(medium: Medium) -> Channel {
    let secret = |name: &str| SecretRef::Env(name.to_owned());
    let kind = match medium {
        Medium::Slack => Kind::Slack { token: secret("TOKEN"), channel: "C0123456789".to_owned(), api_url: None },
        Medium::SlackWebhook => Kind::SlackWebhook { url: secret("URL") },
        Medium::Teams => Kind::Teams { url: secret("URL") },
        Medium::Webhook => Kind::Webhook { url: secret("URL"), secrets: Vec::new() },
        Medium::PagerDuty => Kind::PagerDuty { routing_key: secret("KEY"), api_url: None },
        Medium::Email => Kind::Email {
            host: "mail.example.com".to_owned(),
            port: 587,
            security: MailSecurity::StartTls,
            login: None,
            from: "Palisade <palisade@example.com>".to_owned(),
            to: vec!["ana@example.com".to_owned()],
        },
    };
    Channel {
        name: medium.name().to_owned(),
        kind,
        allow_loopback: false,
        allow_addresses: Vec::new(),
        allow_hosts: Vec::new(),
    }
}

pub(crate) fn guides() -> Guides {
    let about = About {
        title: "API server answers the whole internet".to_owned(),
        why: "Any leaked credential is then usable from anywhere, one request away.".to_owned(),
        frameworks: ["CIS-EKS-2.0.0".to_owned()].into(),
    };
    [("CP-01".to_owned(), about)].into_iter().collect()
}

/// A finding of a pool of its own cluster.
pub(crate) fn finding(kind: EventKind, severity: Severity, name: &str, because: &str) -> Event {
    let cluster = ClusterId::new(format!("arn:aws:eks:eu-west-1:111111111111:cluster/{name}"));
    let subject = Subject { kind: SubjectKind::NodePool, id: name.into(), name: name.into() };
    let tracked = Tracked {
        fingerprint: Fingerprint::of("ND-01", &cluster, &subject),
        control: "ND-01".to_owned(),
        control_name: "nodes-open-to-the-internet".to_owned(),
        provider: Provider::Aws,
        scope: Scope::new("111111111111/eu-west-1"),
        cluster,
        cluster_name: format!("cluster-{name}"),
        subject_kind: SubjectKind::NodePool,
        subject: name.to_owned(),
        subject_name: name.to_owned(),
        owner: None,
        standing: Standing::Open,
        verdict: State::Fail,
        severity,
        because: because.to_owned(),
        brief: None,
        remediation: "close the port".to_owned(),
        first_seen: now(),
        last_seen: now(),
        as_of: now(),
        generation: 1,
        turned: now(),
        recent_turns: 0,
        good_reads: 0,
        waived_until: None,
    };
    Event {
        kind,
        at: now(),
        run: Some("run-1".to_owned()),
        schedule: Some("nightly".to_owned()),
        severity,
        topic: Topic::Finding { finding: Box::new(tracked), before: None, reached_by: None },
    }
}

pub(crate) fn planned(events: Vec<Event>) -> Planned {
    Planned {
        route: "all".to_owned(),
        channel: "there".to_owned(),
        together: "now".to_owned(),
        not_before: now(),
        events,
        coverage: None,
    }
}

pub(crate) fn rendered(message: &Planned, medium: Medium) -> Rendered {
    rendered_in(message, medium, None, Room::Usual)
}

pub(crate) fn rendered_in(message: &Planned, medium: Medium, thread: Option<&Thread>, room: Room) -> Rendered {
    rendered_by(message, medium, thread, room, &Templates::default())
}

pub(crate) fn rendered_by(
    message: &Planned,
    medium: Medium,
    thread: Option<&Thread>,
    room: Room,
    templates: &Templates,
) -> Rendered {
    let (channel, guides) = (channel(medium), guides());
    let view = View {
        channel: &channel,
        report_url: Some("https://palisade.example"),
        guides: &guides,
        templates,
        installation: "acme",
    };
    render(message, &view, thread, room)
}

pub(crate) fn json(rendered: &Rendered) -> Value {
    let Body::Json(bytes) = &rendered.body else { panic!("not JSON") };
    serde_json::from_slice(bytes).unwrap()
}

/// Headers, text and HTML of a mail.
pub(crate) fn text_of(rendered: &Rendered) -> (String, String, String) {
    let mail = String::from_utf8(rendered.body.bytes().to_vec()).unwrap();
    let (headers, rest) = mail.split_once("\r\n\r\n").unwrap();
    let parts: Vec<String> = rest
        .split("--palisade_")
        .filter_map(|part| part.split_once("\r\n\r\n"))
        .map(|(_, body)| decoded(body))
        .collect();
    (headers.replace("\r\n", "\n"), parts[0].replace("\r\n", "\n"), parts[1].clone())
}

/// Base64, read without a library so that the test shares nothing with what it tests.
fn decoded(body: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits: u32 = 0;
    let mut held = 0;
    let mut bytes = Vec::new();
    for value in body.chars().filter_map(|letter| LETTERS.find(letter)) {
        bits = (bits << 6) | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xFF).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap()
}
