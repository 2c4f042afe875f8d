//! A collector on loopback, and OpenTelemetry's own messages as judge of what it gets.
#![expect(clippy::unwrap_used, clippy::format_collect, reason = "a test that cannot go on says where")]

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use palisade_model::Provider;
use palisade_provider::{Attempt, Body, Exchange, Failure, FailureReason, Outcome, Progress as _, Record, Snapshot};
use palisade_testkit::ask;
use palisade_trace::{Flushed, Settings, Span, Trace, Tracer, Value, request, spans};
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

type Got = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A collector that answers with these statuses, one after the other, and then with 200.
async fn collector(answers: &[u16]) -> (Settings, Got) {
    let got = Got::default();
    let answers = Arc::new(Mutex::new(answers.to_vec()));
    let book = Arc::clone(&got);
    let take = move |headers: HeaderMap, body: Bytes| {
        let (book, answers) = (Arc::clone(&book), Arc::clone(&answers));
        async move {
            book.lock().unwrap().push((headers, body));
            let mut answers = answers.lock().unwrap();
            let status = if answers.is_empty() { 200 } else { answers.remove(0) };
            (StatusCode::from_u16(status).unwrap(), [("retry-after", "0")])
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/traces", post(take))).await });
    let variables = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(format!("http://{address}")),
        "OTEL_EXPORTER_OTLP_HEADERS" => Some("x-team=security".to_owned()),
        _ => None,
    };
    (Settings::of(variables).unwrap().unwrap(), got)
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_900_000_000 + millis).unwrap()
}

fn snapshot(calls: usize) -> Snapshot {
    let records = (0..calls).map(|number| Record {
        call: Arc::from("eks:DescribeCluster"),
        scope: Arc::from("111111111111/eu-west-1"),
        params: BTreeMap::from([("cluster".to_owned(), format!("c{number}"))]),
        page: 0,
        last: true,
        at: at(90),
        exchange: Some(Exchange {
            sent_at: at(10),
            sent_id: None,
            attempts: vec![
                Attempt { throttled: true, ..Attempt::answered(429, Some("r1"), None) },
                Attempt::answered(200, Some("r2"), None),
            ],
        }),
        outcome: match number {
            0 => Outcome::Failed(Failure::new(FailureReason::Denied, "no \"way\"")),
            _ => Outcome::Answered(Body::new(*b"{}")),
        },
    });
    let (name, account) = ("prod".to_owned(), "111111111111".to_owned());
    Snapshot::new(name, Provider::Aws, account, (at(0), at(100)), records.collect())
}

fn as_json(span: &Span) -> serde_json::Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let attributes = span.attributes.iter().map(|(name, value)| {
        let value = match value {
            Value::Text(text) => json!(text),
            Value::Number(number) => json!(number),
        };
        ((*name).to_owned(), value)
    });
    json!({
        "trace": hex(&span.trace),
        "id": hex(&span.id),
        "parent": span.parent.map(|id| hex(&id)).unwrap_or_default(),
        "name": span.name,
        "from": i64::try_from(span.from.as_nanosecond()).unwrap(),
        "to": i64::try_from(span.to.as_nanosecond()).unwrap(),
        "attributes": attributes.collect::<serde_json::Map<_, _>>(),
        "failure": span.failure,
    })
}

#[test]
fn opentelemetry_reads_every_span_as_it_is_meant() {
    let trace = Trace { id: [0xa7; 16] };
    let mut all = spans(&snapshot(3), &trace);
    all.push(trace.run((at(0), at(200)), Some("nightly-full")));
    let input = json!({
        "body": STANDARD.encode(request(&all, "palisade", "1.2.3")),
        "version": "1.2.3",
        "spans": all.iter().map(as_json).collect::<Vec<_>>(),
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/spans.py");
    assert!(ask(&script, &input).unwrap() > 40);
}

#[tokio::test]
async fn a_run_is_sent_part_by_part_and_ends_with_its_own_span() {
    let (settings, got) = collector(&[]).await;
    let tracer = Tracer::begin(settings, "1.2.3", at(0)).unwrap();
    tracer.read(&snapshot(2));
    assert_eq!(tracer.finish(at(200), None).await, Flushed { lost: 0 });
    let got = got.lock().unwrap();
    assert_eq!(got.len(), 2, "a part, and the run");
    for (headers, _) in got.iter() {
        assert_eq!(headers.get("content-type").unwrap(), "application/x-protobuf");
        assert_eq!(headers.get("x-team").unwrap(), "security");
    }
}

#[tokio::test]
async fn many_spans_go_in_several_requests() {
    let (settings, got) = collector(&[]).await;
    let tracer = Tracer::begin(settings, "1.2.3", at(0)).unwrap();
    tracer.read(&snapshot(4_500));
    assert_eq!(tracer.finish(at(200), None).await, Flushed { lost: 0 });
    assert_eq!(got.lock().unwrap().len(), 4, "2,000, 2,000, the rest, the run");
}

#[tokio::test]
async fn a_collector_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    let (settings, got) = collector(&[503, 429]).await;
    let tracer = Tracer::begin(settings, "1.2.3", at(0)).unwrap();
    tracer.read(&snapshot(1));
    assert_eq!(tracer.finish(at(200), None).await, Flushed { lost: 0 });
    assert_eq!(got.lock().unwrap().len(), 4, "twice in vain, then the part, then the run");

    let (settings, got) = collector(&[401, 401]).await;
    let tracer = Tracer::begin(settings, "1.2.3", at(0)).unwrap();
    tracer.read(&snapshot(1));
    assert_eq!(tracer.finish(at(200), None).await, Flushed { lost: 4 }, "three spans of the part, and the run's");
    assert_eq!(got.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_collector_that_is_not_there_costs_spans_and_never_the_run() {
    let (settings, _) = collector(&[]).await;
    let nobody = Settings { endpoint: "http://127.0.0.1:9/v1/traces".parse().unwrap(), ..settings };
    let tracer = Tracer::begin(Settings { timeout: Duration::from_secs(1), ..nobody }, "1.2.3", at(0)).unwrap();
    tracer.read(&snapshot(1));
    assert_eq!(tracer.finish(at(200), None).await, Flushed { lost: 4 });
    assert_eq!(tracer.finish(at(200), None).await, Flushed { lost: 4 }, "a trace ends once");
}

#[tokio::test]
async fn where_nobody_listens_the_end_of_a_run_waits_for_nobody() {
    let (settings, _) = collector(&[]).await;
    let nobody = Settings { endpoint: "http://127.0.0.1:9/v1/traces".parse().unwrap(), ..settings };
    let tracer = Tracer::begin(nobody, "1.2.3", at(0)).unwrap();
    let parts = 60;
    for _ in 0..parts {
        tracer.read(&snapshot(1));
    }
    let begun = Instant::now();
    assert_eq!(tracer.finish(at(200), None).await, Flushed { lost: 3 * parts + 1 });
    assert!(begun.elapsed() < Duration::from_secs(3), "each part was waited for: {:?}", begun.elapsed());
}
