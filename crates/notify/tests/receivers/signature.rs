//! The signature and the event, as public libraries of another language read them.

use crate::receiver::{NEW, OLD, Receiver, channel, message, secrets};
use jiff::Timestamp;
use palisade_message::{Channel, Kind, Medium, SecretRef};
use palisade_notify::{Courier, Outcome};
use palisade_testkit::ask;
use palisade_track::EventKind;
use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

/// The libraries refuse what is not of now, so this test alone asks the clock.
fn this_moment() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Timestamp::from_second(i64::try_from(seconds).unwrap()).unwrap()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |bits: u32| char::from(LETTERS[(bits & 63) as usize]);
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            text.push(if place <= chunk.len() { letter(bits >> (18 - 6 * place)) } else { '=' });
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_libraries_verify_both_signatures_and_read_the_event() {
    let receiver = Receiver::answering(204, &[], "").await;
    let channel = channel(Medium::Webhook, &receiver.url);
    let courier = Courier::new(secrets(&channel, &receiver.url).await);
    let receipt = courier.deliver(&channel, &message(&channel, EventKind::Opened, None), this_moment()).await;
    assert_eq!(receipt.outcome, Outcome::Taken);
    let seen = &receiver.seen()[0];
    assert_eq!(seen.header("content-type"), "application/cloudevents+json");
    let header = |name: &str| (name.to_owned(), seen.header(name).to_owned());
    let headers: std::collections::BTreeMap<String, String> =
        ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"].map(header).into();
    let sent = serde_json::json!({ "headers": headers, "body": base64(&seen.body), "secrets": [OLD, NEW] });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/webhook.py");
    assert_eq!(ask(&script, &sent).unwrap(), 16);
}

#[tokio::test]
async fn the_id_is_the_same_over_every_attempt_and_there_without_a_signature() {
    let receiver = Receiver::answering(500, &[], "").await;
    let url = SecretRef::Env("URL".to_owned());
    let channel =
        Channel { kind: Kind::Webhook { url, secrets: Vec::new() }, ..channel(Medium::Webhook, &receiver.url) };
    let courier = Courier::new(secrets(&channel, &receiver.url).await);
    let rendered = message(&channel, EventKind::Opened, None);
    for second in [0, 5, 500] {
        courier.deliver(&channel, &rendered, Timestamp::from_second(1_700_000_000 + second).unwrap()).await;
    }
    let seen = receiver.seen();
    assert!(seen.iter().all(|seen| seen.header("webhook-id") == rendered.id));
    assert!(seen.iter().all(|seen| seen.headers.get("webhook-signature").is_none()));
    assert!(seen.iter().all(|seen| seen.body == rendered.body.bytes()));
}

#[tokio::test]
async fn each_attempt_is_signed_with_its_own_moment() {
    let receiver = Receiver::answering(500, &[], "").await;
    let channel = channel(Medium::Webhook, &receiver.url);
    let courier = Courier::new(secrets(&channel, &receiver.url).await);
    let rendered = message(&channel, EventKind::Opened, None);
    for second in [0, 5] {
        courier.deliver(&channel, &rendered, Timestamp::from_second(1_700_000_000 + second).unwrap()).await;
    }
    let seen = receiver.seen();
    assert_eq!(seen[0].header("webhook-timestamp"), "1700000000");
    assert_eq!(seen[1].header("webhook-timestamp"), "1700000005");
    assert_ne!(seen[0].header("webhook-signature"), seen[1].header("webhook-signature"));
}
