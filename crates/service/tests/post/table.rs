//! The table of attempts, row by row, from the queue through the courier to a receiver on loopback and back into the
//! memory.

use crate::stage::{Answer, Receiver, Seen, Stage, channel, event, route, webhook};
use jiff::SignedDuration;
use palisade_message::{Channel, Kind, Medium, Route};
use palisade_store::{DeliveryState, EndpointState};
use palisade_track::EventKind;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// What becomes of a message and its channel after the first attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// It is delivered.
    Done,
    /// It is tried again within so many seconds: from, to.
    Retry(i64, i64),
    /// It is given up, and another channel told.
    Dead,
    /// It is kept, the channel is paused, and another channel told.
    Paused,
    /// It is given up, the channel is disabled, and another channel told.
    Disabled,
}

/// Where a message goes in a row.
enum To {
    /// A receiver that answers every request so, `times` requests being made.
    Answering(Medium, u16, Option<(&'static str, &'static str)>, &'static str, usize),
    /// One that speaks no HTTP: what it writes before it closes. `None`: it never writes.
    Raw(Option<&'static str>),
    /// An address where nobody is.
    Address(&'static str),
}

use Then::{Dead, Disabled, Done, Paused, Retry};
use To::{Address, Answering, Raw};

/// Waits are jittered from nothing to five seconds.
const SOON: Then = Retry(0, 5);

const WEB: Medium = Medium::Webhook;
const OK: &str = r#"{"ok":true,"ts":"1.1","channel":"C1"}"#;

/// The rows of the table of attempts, by what it calls them.
fn rows() -> Vec<(&'static str, To, Then)> {
    let plain = |status, times| Answering(WEB, status, None, "said", times);
    let with = |status, header, value| Answering(WEB, status, Some((header, value)), "", 1);
    let slack = |body| Answering(Medium::Slack, 200, None, body, 1);
    vec![
        ("2xx: 200", plain(200, 1), Done),
        ("2xx: 204", plain(204, 1), Done),
        ("2xx: Teams 202 is accepted", Answering(Medium::Teams, 202, None, "", 1), Done),
        ("2xx: Slack with ok:true", slack(OK), Done),
        ("2xx: Slack with ok:false, wrong", slack(r#"{"ok":false,"error":"invalid_blocks"}"#), Dead),
        ("2xx: Slack with ok:false, unwelcome", slack(r#"{"ok":false,"error":"token_revoked"}"#), Paused),
        ("2xx: Slack with ok:false, later", slack(r#"{"ok":false,"error":"internal_error"}"#), SOON),
        ("2xx: Slack says something else", slack("<html>captive portal</html>"), SOON),
        ("408", plain(408, 1), SOON),
        ("425", plain(425, 1), SOON),
        ("429 without a word when", plain(429, 1), SOON),
        ("429 with Retry-After in seconds", with(429, "retry-after", "600"), Retry(600, 600)),
        (
            "429 with Retry-After as a date",
            with(429, "retry-after", "Wed, 18 Nov 2026 12:30:00 GMT"),
            Retry(1800, 1800),
        ),
        ("503 with Retry-After beyond an hour", with(503, "retry-after", "86400"), Retry(3600, 3600)),
        ("5xx: 500", plain(500, 1), SOON),
        ("5xx: 502", plain(502, 1), SOON),
        ("5xx: 599", plain(599, 1), SOON),
        ("connect: nobody listens", Address("http://127.0.0.1:1"), SOON),
        ("connect: no such host", Address("https://hooks.example.com/x"), SOON),
        ("TLS: the receiver speaks none", Raw(Some("HTTP/1.1 200 OK\r\n\r\n")), SOON),
        ("timeout: it says nothing", Raw(None), SOON),
        ("garbage", Raw(Some("\u{0}\u{1} what?\r\n\r\n")), SOON),
        ("the answer breaks off", Raw(Some("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbroken")), SOON),
        ("413: smaller once, then dead", plain(413, 2), Dead),
        (
            "too long in Slack's words: smaller once, then dead",
            Answering(Medium::Slack, 200, None, r#"{"ok":false,"error":"msg_too_long"}"#, 2),
            Dead,
        ),
        ("400", plain(400, 1), Dead),
        ("422", plain(422, 1), Dead),
        ("401", plain(401, 1), Paused),
        ("403", plain(403, 1), Paused),
        ("404", plain(404, 1), Paused),
        ("410", plain(410, 1), Disabled),
        ("301: never followed", with(301, "location", "/elsewhere"), SOON),
        ("307: never followed", with(307, "location", "/elsewhere"), SOON),
    ]
}

fn of(medium: Medium, url: &str) -> (Channel, String) {
    match medium {
        Medium::Slack => {
            let api_url = Some(format!("{url}/api"));
            let kind = |token| Kind::Slack { token, channel: "C1".to_owned(), api_url };
            (channel("siem", kind), "xoxb-1".to_owned())
        }
        Medium::Teams => (channel("siem", |url| Kind::Teams { url }), url.to_owned()),
        Medium::SlackWebhook | Medium::Webhook | Medium::PagerDuty | Medium::Email => (webhook("siem"), url.to_owned()),
    }
}

/// Findings to the channel of the row, what goes wrong there to another.
fn routes() -> Vec<Route> {
    vec![route("ops", &[EventKind::DeliveryFailing], "ops"), route("now", &[], "siem")]
}

/// A receiver without HTTP. With `https` in front of its address it is one without TLS.
async fn raw(answer: Option<&'static str>) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some(answer) = answer else {
                held.push(stream);
                continue;
            };
            let _ = stream.read(&mut vec![0; 64 * 1024]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, task)
}

#[tokio::test]
async fn every_row_of_the_table_of_attempts_is_kept_from_the_queue_to_the_receiver() {
    for (name, to, then) in rows() {
        let ops = Receiver::answering(204).await;
        let (mut held, mut receiver, mut times) = (None, None, None);
        let (channel, url) = match to {
            Answering(medium, status, header, body, requests) => {
                let answer = move |_: &Seen| -> Answer {
                    (status, header.map(|(name, value)| (name, value.to_owned())), body.to_owned())
                };
                let started = Receiver::start(answer).await;
                let of = of(medium, &started.url);
                (receiver, times) = (Some(started), Some(requests));
                of
            }
            Raw(answer) => {
                let (address, task) = raw(answer).await;
                held = Some(task);
                let scheme = if name.starts_with("TLS") { "https" } else { "http" };
                of(WEB, &format!("{scheme}://{address}"))
            }
            Address(url) => of(WEB, url),
        };
        // The clock stands still: nothing is tried a second time.
        let stage = Stage::ticking(vec![(channel, url), (webhook("ops"), ops.url.clone())], routes(), 0).await;
        stage.tell(&[event(EventKind::Opened, "shop", "ana", stage.now())]).await;
        let posted = stage.deliver().await;
        let of_siem = async |state| {
            let all = stage.all(state).await;
            all.into_iter().filter(|one| one.endpoint == "siem").collect::<Vec<_>>()
        };
        let (state, notices) = (stage.state_of("siem").await, ops.seen().len());
        assert_eq!(receiver.as_ref().map(|receiver| receiver.seen().len()), times, "{name}: requests");
        let told_elsewhere = usize::from(!matches!(then, Done | Retry(..)));
        assert_eq!(notices, told_elsewhere, "{name}: told elsewhere");
        match then {
            Done => {
                assert_eq!((of_siem(DeliveryState::Done).await.len(), state), (1, EndpointState::Enabled), "{name}");
            }
            Retry(from, to) => {
                let waiting = of_siem(DeliveryState::Ready).await;
                assert_eq!((waiting.len(), waiting[0].attempts, state), (1, 1, EndpointState::Enabled), "{name}");
                let wait = waiting[0].not_before.duration_since(stage.now()).as_secs();
                assert!((from..=to).contains(&wait), "{name}: {wait} s");
                assert!(waiting[0].last_error.as_ref().is_some_and(|error| !error.is_empty()), "{name}");
                assert_eq!((posted.delivered, posted.retried, posted.dead), (0, 1, 0), "{name}");
            }
            Dead => {
                assert_eq!((of_siem(DeliveryState::Dead).await.len(), state), (1, EndpointState::Enabled), "{name}");
            }
            Paused => {
                assert_eq!((of_siem(DeliveryState::Ready).await.len(), state), (1, EndpointState::Paused), "{name}");
            }
            Disabled => {
                assert_eq!((of_siem(DeliveryState::Dead).await.len(), state), (1, EndpointState::Disabled), "{name}");
            }
        }
        if told_elsewhere == 1 {
            let notice = ops.seen()[0].json();
            assert_eq!(notice["type"], "io.palisade.delivery.failing", "{name}");
            assert_eq!(notice["data"]["events"][0]["channel"]["name"], "siem", "{name}: {notice}");
        }
        if let Some(task) = held {
            task.abort();
        }
    }
}

#[tokio::test]
async fn a_message_is_given_up_after_three_days_and_replayed_under_its_id() {
    let ops = Receiver::answering(204).await;
    let down = Arc::new(AtomicUsize::new(1));
    let state = Arc::clone(&down);
    let receiver = Receiver::start(move |_| {
        let status = if state.load(Ordering::SeqCst) == 1 { 503 } else { 204 };
        (status, None, String::new())
    })
    .await;
    let channels = vec![(webhook("siem"), receiver.url.clone()), (webhook("ops"), ops.url.clone())];
    let stage = Stage::new(channels, routes()).await;
    stage.tell(&[event(EventKind::Opened, "shop", "ana", stage.now())]).await;
    for _ in 0..(3 * 24 + 13) {
        stage.deliver().await;
        stage.wait(SignedDuration::from_hours(1));
    }
    let dead = stage.all(DeliveryState::Dead).await;
    assert_eq!(dead.len(), 1);
    let tried = dead[0].finished_at.unwrap().duration_since(dead[0].created_at);
    assert!((72..79).contains(&tried.as_hours()), "{tried}");
    assert_eq!(stage.state_of("siem").await, EndpointState::Enabled, "five days of failures are needed");
    assert_eq!(ops.seen().len(), 1, "told once");
    down.store(0, Ordering::SeqCst);
    assert!(stage.database.replay(dead[0].id, stage.now()).await.unwrap());
    stage.deliver().await;
    let seen = receiver.seen();
    assert_eq!(stage.all(DeliveryState::Done).await.iter().filter(|one| one.endpoint == "siem").count(), 1);
    assert!(seen.iter().all(|one| one.id() == seen[0].id() && one.body == seen[0].body));
}

#[tokio::test]
async fn a_channel_that_only_fails_for_five_days_is_disabled_and_told_of_elsewhere() {
    let ops = Receiver::answering(204).await;
    let receiver = Receiver::answering(500).await;
    let channels = vec![(webhook("siem"), receiver.url.clone()), (webhook("ops"), ops.url.clone())];
    let stage = Stage::new(channels, routes()).await;
    for day in 0..6 {
        stage.tell(&[event(EventKind::Opened, &format!("shop-{day}"), "ana", stage.now())]).await;
        for _ in 0..24 {
            stage.deliver().await;
            stage.wait(SignedDuration::from_hours(1));
        }
    }
    assert_eq!(stage.state_of("siem").await, EndpointState::Disabled);
    assert!(!ops.seen().is_empty());
    let tried = receiver.seen().len();
    stage.wait(SignedDuration::from_hours(24));
    stage.deliver().await;
    assert_eq!(receiver.seen().len(), tried, "nothing is tried any more");
}

#[tokio::test]
async fn only_what_is_about_one_finding_keeps_its_order() {
    let calls = AtomicUsize::new(0);
    let receiver = Receiver::start(move |_| {
        let status = if calls.fetch_add(1, Ordering::SeqCst) == 0 { 503 } else { 204 };
        (status, Some(("retry-after", "600".to_owned())), String::new())
    })
    .await;
    let stage = Stage::new(vec![(webhook("siem"), receiver.url.clone())], vec![route("now", &[], "siem")]).await;
    stage.tell(&[event(EventKind::Opened, "shop", "ana", stage.now())]).await;
    stage.deliver().await;
    stage.tell(&[event(EventKind::Resolved, "shop", "ana", stage.now())]).await;
    stage.tell(&[event(EventKind::Opened, "till", "ben", stage.now())]).await;
    stage.deliver().await;
    stage.wait(SignedDuration::from_mins(11));
    stage.deliver().await;
    let told: Vec<String> = receiver
        .seen()
        .iter()
        .map(|seen| {
            let event = &seen.json()["data"]["events"][0];
            format!("{} {}", event["event"].as_str().unwrap(), event["finding"]["cluster_name"].as_str().unwrap())
        })
        .collect();
    let expected = ["finding.opened shop", "finding.opened till", "finding.opened shop", "finding.resolved shop"];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_receiver_is_spoken_to_no_faster_than_it_listens_and_nothing_is_put_back_for_that() {
    let receiver = Receiver::answering(202).await;
    let teams = channel("siem", |url| Kind::Teams { url });
    // The clock stands still, so the waits are real: a quarter of a second for a channel of Teams.
    let stage = Stage::ticking(vec![(teams, receiver.url.clone())], vec![route("now", &[], "siem")], 0).await;
    let names = ["a", "b", "c"];
    let events: Vec<_> = names.iter().map(|name| event(EventKind::Opened, name, name, stage.now())).collect();
    stage.tell(&events).await;
    let began = std::time::Instant::now();
    let posted = stage.deliver().await;
    assert_eq!((posted.delivered, posted.retried), (3, 0));
    assert!(began.elapsed() >= std::time::Duration::from_millis(500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn that_a_notice_did_not_arrive_is_not_told_again() {
    let (ops, receiver) = (Receiver::answering(400).await, Receiver::answering(400).await);
    let channels = vec![(webhook("siem"), receiver.url.clone()), (webhook("ops"), ops.url.clone())];
    let stage = Stage::new(channels, routes()).await;
    stage.tell(&[event(EventKind::Opened, "shop", "ana", stage.now())]).await;
    stage.deliver().await;
    assert_eq!((receiver.seen().len(), ops.seen().len()), (1, 1));
    assert_eq!(stage.all(DeliveryState::Dead).await.len(), 2);
}

#[tokio::test]
async fn a_message_whose_channel_is_no_more_is_not_wanted() {
    let receiver = Receiver::answering(204).await;
    let mut stage = Stage::new(vec![(webhook("siem"), receiver.url.clone())], vec![route("now", &[], "siem")]).await;
    stage.tell(&[event(EventKind::Opened, "shop", "ana", stage.now())]).await;
    stage.post.sinks.channels.clear();
    stage.deliver().await;
    assert_eq!((stage.all(DeliveryState::Suppressed).await.len(), receiver.seen().len()), (1, 0));
}

#[tokio::test]
async fn a_receiver_that_says_at_once_again_and_again_is_not_asked_without_end() {
    let receiver = Receiver::start(|_| (503, Some(("retry-after", "0".to_owned())), String::new())).await;
    let stage = Stage::new(vec![(webhook("siem"), receiver.url.clone())], vec![route("now", &[], "siem")]).await;
    stage.tell(&[event(EventKind::Opened, "shop", "ana", stage.now())]).await;
    // The clock moves on at each look: the moment it asks for has come before it was even written down.
    for deliveries in 1..4 {
        stage.deliver().await;
        assert_eq!(receiver.seen().len(), deliveries);
        stage.wait(SignedDuration::from_secs(5));
    }
}
