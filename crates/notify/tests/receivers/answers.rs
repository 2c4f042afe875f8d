//! What receivers answer, and what follows.

use crate::receiver::{Receiver, channel, deliver, message, now, secrets};
use axum::{body::Body, http::Response};
use jiff::SignedDuration;
use palisade_message::{Medium, Thread};
use palisade_notify::{Courier, Next, Outcome, after};
use palisade_track::EventKind;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Every kind that speaks HTTP and is answered by status.
const BY_STATUS: [Medium; 4] = [Medium::SlackWebhook, Medium::Teams, Medium::Webhook, Medium::PagerDuty];

fn next(outcome: &Outcome) -> Next {
    after(outcome, 1, now(), false, now(), 1.0)
}

fn retry(seconds: i64) -> Next {
    Next::Retry(now().checked_add(SignedDuration::from_secs(seconds)).unwrap())
}

#[tokio::test]
async fn every_kind_follows_the_table_of_attempts() {
    for medium in BY_STATUS {
        for (status, expected) in [
            (200, Next::Done),
            (202, Next::Done),
            (400, Next::Dead),
            (401, Next::Pause),
            (403, Next::Pause),
            (404, Next::Pause),
            (408, retry(5)),
            (410, Next::Disable),
            (413, Next::Smaller),
            (422, Next::Dead),
            (429, retry(5)),
            (500, retry(5)),
            (503, retry(5)),
        ] {
            let receiver = Receiver::answering(status, &[], "said").await;
            let receipt = deliver(medium, &receiver.url, &receiver.url).await;
            assert_eq!(next(&receipt.outcome), expected, "{medium} {status}");
            assert_eq!(receipt.error.is_none(), expected == Next::Done, "{medium} {status}");
            assert_eq!(receipt.answer.status, Some(status));
            assert_eq!(receipt.answer.text, "said");
            assert_eq!(receiver.seen().len(), 1);
        }
    }
}

#[tokio::test]
async fn retry_after_is_honoured_as_seconds_and_as_a_date() {
    for (header, seconds) in [("42", 42), ("Wed, 18 Nov 2026 12:02:00 GMT", 120), ("86400", 3_600)] {
        let receiver = Receiver::answering(429, &[("retry-after", header)], "").await;
        for medium in BY_STATUS {
            let receipt = deliver(medium, &receiver.url, &receiver.url).await;
            assert_eq!(next(&receipt.outcome), retry(seconds), "{medium} {header}");
        }
        let receipt = deliver(Medium::Slack, &receiver.url, &receiver.url).await;
        assert_eq!(next(&receipt.outcome), retry(seconds), "{header}");
    }
}

#[tokio::test]
async fn slack_says_200_and_means_its_words() {
    for (body, expected) in [
        (r#"{"ok":true,"ts":"1700000000.000100","channel":"C1"}"#, Next::Done),
        (r#"{"ok":false,"error":"invalid_auth"}"#, Next::Pause),
        (r#"{"ok":false,"error":"msg_blocks_too_long"}"#, Next::Smaller),
        (r#"{"ok":false,"error":"invalid_blocks"}"#, Next::Dead),
        ("garbage \u{0} <html>", retry(5)),
    ] {
        let receiver = Receiver::answering(200, &[], body).await;
        let receipt = deliver(Medium::Slack, &receiver.url, &receiver.url).await;
        assert_eq!(next(&receipt.outcome), expected, "{body}");
        assert_eq!(receipt.ts.as_deref(), (expected == Next::Done).then_some("1700000000.000100"));
        let seen = &receiver.seen()[0];
        assert_eq!(seen.path, "/api/chat.postMessage");
        assert_eq!(seen.header("authorization"), "Bearer token-1");
        assert_eq!(seen.json()["channel"], "C1");
    }
}

#[tokio::test]
async fn slack_is_answered_in_a_thread_and_updated_in_place() {
    let receiver = Receiver::answering(200, &[], r#"{"ok":true,"ts":"2"}"#).await;
    let channel = channel(Medium::Slack, &receiver.url);
    let courier = Courier::new(secrets(&channel, &receiver.url).await);
    for thread in [Thread::Reply("1".to_owned()), Thread::Update("1".to_owned())] {
        courier.deliver(&channel, &message(&channel, EventKind::Resolved, Some(&thread)), now()).await;
    }
    let seen = receiver.seen();
    assert_eq!((seen[0].path.as_str(), seen[0].json()["thread_ts"].as_str()), ("/api/chat.postMessage", Some("1")));
    assert_eq!((seen[1].path.as_str(), seen[1].json()["ts"].as_str()), ("/api/chat.update", Some("1")));
}

#[tokio::test]
async fn pagerduty_gets_its_key_at_the_last_moment() {
    let receiver = Receiver::answering(202, &[], "{}").await;
    let channel = channel(Medium::PagerDuty, &receiver.url);
    let rendered = message(&channel, EventKind::Opened, None);
    assert!(!String::from_utf8_lossy(rendered.body.bytes()).contains("routing_key"));
    let receipt = Courier::new(secrets(&channel, "").await).deliver(&channel, &rendered, now()).await;
    assert_eq!(receipt.outcome, Outcome::Taken);
    assert_eq!(receiver.seen()[0].json()["routing_key"], "token-1");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_nobody_follows_it() {
    for target in ["http://169.254.169.254/latest/meta-data/", "/elsewhere"] {
        let receiver = Receiver::start(move |_| {
            Response::builder().status(307).header("location", target).body(Body::empty()).unwrap()
        })
        .await;
        for medium in BY_STATUS {
            let before = receiver.seen().len();
            let receipt = deliver(medium, &receiver.url, &receiver.url).await;
            assert_eq!(receipt.outcome, Outcome::Elsewhere, "{medium}");
            assert_eq!(receiver.seen().len(), before + 1, "{medium} followed");
            assert_eq!(next(&receipt.outcome), retry(5));
        }
    }
}

#[tokio::test]
async fn a_receiver_that_says_nothing_is_not_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    for medium in BY_STATUS {
        let receipt = deliver(medium, &url, &url).await;
        assert_eq!(receipt.outcome, Outcome::Unreachable, "{medium}");
        assert_eq!(receipt.error.unwrap().to_string(), "`127.0.0.1` did not answer: not in time");
    }
    silent.abort();
}

#[tokio::test]
async fn garbage_and_an_answer_that_breaks_off_are_tried_again() {
    for answer in ["\u{0}\u{1}\u{2} what?\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbroken", ""] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let receiver = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 64 * 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let receipt = deliver(Medium::Webhook, &url, &url).await;
        assert_eq!(next(&receipt.outcome), retry(5), "{answer:?}");
        receiver.abort();
    }
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let receipt = deliver(Medium::Teams, &url, &url).await;
    assert_eq!(next(&receipt.outcome), retry(5));
    assert_eq!(receipt.error.unwrap().to_string(), "`127.0.0.1` did not answer: no connection");
}

#[tokio::test]
async fn an_endless_answer_is_read_up_to_a_mebibyte_and_a_kibibyte_of_it_is_kept() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let receiver = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 64 * 1024];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n").await;
        let chunk = vec![b'a'; 64 * 1024];
        while stream.write_all(&chunk).await.is_ok() {
            counter.fetch_add(chunk.len(), Ordering::Relaxed);
        }
    });
    let channel = channel(Medium::Webhook, &url);
    let courier = Courier::new(secrets(&channel, &url).await).patience(Duration::from_secs(20));
    let receipt = courier.deliver(&channel, &message(&channel, EventKind::Opened, None), now()).await;
    assert_eq!(receipt.outcome, Outcome::Taken);
    assert_eq!(receipt.answer.text, "a".repeat(palisade_notify::KEPT_BYTES));
    // Buffers of the system hold some more.
    receiver.await.unwrap();
    assert!(sent.load(Ordering::Relaxed) < 32 * 1024 * 1024, "{sent:?}");
}

#[tokio::test]
async fn an_answer_is_kept_in_one_line_without_what_deceives_the_eye() {
    let receiver = Receiver::answering(500, &[("set-cookie", "secret=1")], "a\r\nb \u{202E} \u{1B}[31m").await;
    let receipt = deliver(Medium::Webhook, &receiver.url, &receiver.url).await;
    assert_eq!(receipt.answer.text, "a b \u{FFFD} \u{FFFD}[31m");
    assert!(!format!("{receipt:?}").contains("secret=1"));
}
