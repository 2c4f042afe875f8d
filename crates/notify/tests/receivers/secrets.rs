//! What is never printed.

use crate::receiver::{Receiver, channel, message, now, secrets};
use axum::{body::Body, http::Response};
use palisade_message::{Channel, Medium};
use palisade_notify::{Courier, Destination, Local, Outcome, Receipt, Secrets};
use palisade_track::EventKind;
use std::{
    error::Error,
    fmt::{self, Write as _},
    sync::{
        Arc, Mutex, Once,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

static ALWAYS: Once = Once::new();

/// Writes down everything that anybody logs, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        writeln!(self.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        span.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn everything_of(receipt: &Receipt) -> String {
    let mut text = format!("{receipt:?}");
    let mut error = receipt.error.as_ref().map(|error| error as &dyn Error);
    while let Some(at) = error {
        write!(text, " {at} {at:?}").unwrap();
        error = at.source();
    }
    text
}

async fn attempt(channel: &Channel, address: &str) -> (String, String) {
    let log = Log::default();
    // Somebody always listens: what is first said while nobody does would be told to nobody later.
    ALWAYS.call_once(|| tracing::subscriber::set_global_default(Log::default()).unwrap());
    let guard = tracing::subscriber::set_default(log.clone());
    let courier = Courier::new(secrets(channel, address).await).patience(Duration::from_millis(300));
    let receipt = courier.deliver(channel, &message(channel, EventKind::Opened, None), now()).await;
    drop(guard);
    let told = everything_of(&receipt) + &format!("{courier:?} {channel:?}");
    let logged = log.0.lock().unwrap().clone();
    (told, logged)
}

#[tokio::test]
async fn path_and_query_of_an_address_are_in_no_error_and_no_log() {
    let receiver = Receiver::answering(500, &[], "").await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let ways = [
        format!("{}/services/hunter2?sig=hunter2", receiver.url),
        format!("http://{closed}/services/hunter2?sig=hunter2"),
        "http://hunter2/services?sig=hunter2".replace("//hunter2", "//receiver.example"),
        "https://10.0.0.1/services/hunter2".to_owned(),
        "not a url hunter2".to_owned(),
        "https://user:hunter2@receiver.example/".to_owned(),
    ];
    for medium in [Medium::SlackWebhook, Medium::Teams, Medium::Webhook] {
        for address in &ways {
            let (told, logged) = attempt(&channel(medium, &receiver.url), address).await;
            assert!(!told.contains("hunter2"), "{medium} {address}: {told}");
            assert!(!logged.contains("hunter2"), "{medium} {address}: {logged}");
            assert!(logged.contains("message not delivered"), "the log is read: {logged}");
        }
    }
}

#[tokio::test]
async fn tokens_and_signing_secrets_are_in_no_error_and_no_log() {
    let receiver = Receiver::answering(401, &[], r#"{"ok":false,"error":"invalid_auth"}"#).await;
    for medium in [Medium::Slack, Medium::Webhook, Medium::PagerDuty] {
        let (told, logged) = attempt(&channel(medium, &receiver.url), &receiver.url).await;
        for secret in ["token-1", crate::receiver::OLD, crate::receiver::NEW] {
            assert!(!told.contains(secret), "{medium}: {told}");
            assert!(!logged.contains(secret), "{medium}: {logged}");
        }
    }
}

#[tokio::test]
async fn a_token_that_was_rotated_is_read_again_at_once_and_one_that_was_not_is_asked_about_once() {
    let receiver = Receiver::start(|seen| {
        let known = seen.header("authorization") == "Bearer token-2";
        let body = if known { r#"{"ok":true,"ts":"1.2"}"# } else { r#"{"ok":false,"error":"token_revoked"}"# };
        Response::builder().status(200).body(Body::from(body)).unwrap()
    })
    .await;
    let channel = channel(Medium::Slack, &receiver.url);
    let message = message(&channel, EventKind::Opened, None);
    // What the environment says is another thing from the second reading on; of the third courier it stays wrong.
    for (tokens, outcome, requests) in [
        (["token-1", "token-2", "token-2"], Outcome::Taken, 2),
        (["token-1", "token-1", "token-1"], Outcome::Unwelcome, 1),
        (["token-1", "token-3", "token-3"], Outcome::Unwelcome, 2),
    ] {
        let before = receiver.seen().len();
        let reading = AtomicUsize::new(0);
        let environment = move |_: &str| tokens.get(reading.fetch_add(1, Ordering::SeqCst)).map(ToString::to_string);
        let secrets = Secrets::open(channel.kind.secrets(), Arc::new(Local(environment))).await.unwrap();
        let receipt = Courier::new(secrets).deliver(&channel, &message, now()).await;
        assert_eq!((receipt.outcome, receiver.seen().len() - before), (outcome, requests), "{tokens:?}");
    }
}

#[test]
fn a_destination_prints_its_host_and_nothing_else() {
    let channel = Channel { allow_loopback: false, ..channel(Medium::Webhook, "http://127.0.0.1:9") };
    let printed = format!("{:?}", Destination::check("https://receiver.example/hunter2?hunter2", &channel).unwrap());
    assert!(printed.contains("receiver.example") && !printed.contains("hunter2"), "{printed}");
}
