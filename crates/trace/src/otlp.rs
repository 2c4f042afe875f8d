//! OTLP: the messages of a trace export, as far as we fill them.
//! <https://github.com/open-telemetry/opentelemetry-proto/tree/v1.9.0/opentelemetry/proto>

use crate::{Span, Value};
use prost::{Message, Oneof};

/// The body of an export of some spans, by the service of this name and version.
pub fn request(spans: &[Span], service: &str, version: &str) -> Vec<u8> {
    let scope = Scope { name: "palisade".to_owned(), version: version.to_owned() };
    let resource = Resource {
        attributes: vec![
            text("service.name", service),
            text("service.version", version),
            text("telemetry.sdk.language", "rust"),
            text("telemetry.sdk.name", "palisade"),
        ],
    };
    let spans = spans.iter().map(ProtoSpan::of).collect();
    let resource_spans =
        ResourceSpans { resource: Some(resource), scope_spans: vec![ScopeSpans { scope: Some(scope), spans }] };
    Request { resource_spans: vec![resource_spans] }.encode_to_vec()
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(Any::Text(value.to_owned())) }) }
}

impl ProtoSpan {
    fn of(span: &Span) -> Self {
        /// `SPAN_KIND_INTERNAL` and `SPAN_KIND_CLIENT`.
        const INTERNAL: i32 = 1;
        const CLIENT: i32 = 3;
        /// `STATUS_CODE_ERROR`.
        const ERROR: i32 = 2;
        let nanos = |at: jiff::Timestamp| u64::try_from(at.as_nanosecond()).unwrap_or_default();
        let attributes = span.attributes.iter().map(|(key, value)| match value {
            Value::Text(value) => text(key, value),
            Value::Number(number) => {
                let value = Some(AnyValue { value: Some(Any::Number(*number)) });
                KeyValue { key: (*key).to_owned(), value }
            }
        });
        Self {
            trace_id: span.trace.to_vec(),
            span_id: span.id.to_vec(),
            parent_span_id: span.parent.map(|id| id.to_vec()).unwrap_or_default(),
            name: span.name.to_owned(),
            kind: if span.name == "palisade.call" { CLIENT } else { INTERNAL },
            start: nanos(span.from),
            end: nanos(span.to),
            attributes: attributes.collect(),
            status: span.failure.as_ref().map(|message| Status { message: message.clone(), code: ERROR }),
        }
    }
}

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<ProtoSpan>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoSpan {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start: u64,
    #[prost(fixed64, tag = "8")]
    end: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "Any", tags = "1, 3")]
    value: Option<Any>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Any {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(int64, tag = "3")]
    Number(i64),
}
