//! One question: sent through the SDK, answered page by page, written down as it came.

use super::failure;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextRef,
                BeforeTransmitInterceptorContextRef,
            },
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use futures::future::BoxFuture;
use palisade_provider::{Attempt, Call, Failure, FailureReason, Recorder, Transcript, xml_to_json};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Why a question has no answer that was left when the time was up.
pub(super) const LATE: &str = "no answer within the time limit of the account or the target";

/// The headers with what AWS calls a request, which is `requestID` in CloudTrail. The second is that of services that were
/// there before the first was agreed on (aws-types 1.7, `request_id`).
const REQUEST_IDS: [&str; 2] = ["x-amzn-requestid", "x-amz-request-id"];

/// A status and a body.
type Raw = (u16, Vec<u8>);

/// The body of the last answer of an operation, before the SDK took it apart.
#[derive(Clone, Debug)]
pub(super) struct Capture {
    last: Arc<Mutex<Option<Raw>>>,
    transcript: Transcript,
}

impl Capture {
    fn new(recorder: &Recorder, host: &str, scope: &str) -> Self {
        Self { last: Arc::default(), transcript: recorder.transcript(host, scope) }
    }

    fn take(&self) -> Option<Raw> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "capture"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An error here ends the call before anything is sent, and the SDK does not try again.
        self.transcript.sent()?;
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let id = REQUEST_IDS.iter().find_map(|name| response.headers().get(*name));
        self.transcript.answered(Attempt::answered(response.status().as_u16(), id, None));
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let status = response.status().as_u16();
        // The orchestrator reads the whole body into memory before it deserialises (aws-smithy-runtime 1.16,
        // `try_attempt`), so it is there for every operation that does not stream.
        let body = response.body().bytes().unwrap_or_default();
        if failure::is_throttle(status, body) {
            let asked = response.headers().get("retry-after").and_then(|text| text.trim().parse().ok());
            self.transcript.throttled(asked.map(Duration::from_secs));
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((status, body.to_vec()));
        Ok(())
    }
}

/// How a service writes its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// JSON.
    Json,
    /// XML with one root element.
    Ec2,
    /// XML with a result element in its root.
    Query,
}

/// Where an answer says that there is more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paging {
    /// The field with the token of the next page.
    pub(super) token: &'static str,
    /// A field that says whether there is one, if the service has such a field.
    pub(super) more: Option<&'static str>,
}

impl Paging {
    pub(super) const NEXT_TOKEN: Self = Self { token: "nextToken", more: None };
    pub(super) const NEXT_TOKEN_PASCAL: Self = Self { token: "NextToken", more: None };
    pub(super) const NEXT_MARKER: Self = Self { token: "NextMarker", more: None };
    pub(super) const MARKER: Self = Self { token: "Marker", more: Some("IsTruncated") };
    pub(super) const TRUNCATED: Self = Self { token: "NextMarker", more: Some("Truncated") };
}

/// A question to one service in one scope.
#[derive(Clone, Debug)]
pub(super) struct Question<'a> {
    pub(super) call: &'static Call,
    pub(super) scope: &'a str,
    pub(super) params: &'a [(&'a str, &'a str)],
    pub(super) wire: Wire,
    pub(super) paging: Option<Paging>,
}

/// Sends one operation with a body capture and turns the SDK's error into ours.
macro_rules! sending {
    (|$token:pat_param| $operation:expr) => {
        |$token: Option<String>,
         capture: $crate::collect::ask::Capture|
         -> futures::future::BoxFuture<'static, Result<(), palisade_provider::Failure>> {
            let operation = $operation;
            Box::pin(async move {
                let sent = operation.customize().interceptor(capture).send().await;
                sent.map(drop).map_err(|error| $crate::collect::failure::of(&error))
            })
        }
    };
}
pub(super) use sending;

/// Asks until the last page and writes everything down. Returns what was asked in our own records, or nothing when a
/// page is missing: half a list is no list.
///
/// When the time is up nothing is sent any more: every question that is left is written down as not answered.
pub(super) async fn ask<T: DeserializeOwned>(
    (recorder, until): (&Recorder, Instant),
    host: &str,
    question: &Question<'_>,
    send: impl Fn(Option<String>, Capture) -> BoxFuture<'static, Result<(), Failure>>,
) -> Option<Vec<T>> {
    let Question { call, scope, params, wire, paging } = *question;
    let mut pages = Vec::new();
    let mut tokens = BTreeSet::new();
    let mut token = None;
    for page in 0_u32.. {
        let capture = Capture::new(recorder, host, scope);
        let this = token.take();
        let sending = async {
            let _permit = capture.transcript.permit().await?;
            send(this, capture.clone()).await
        };
        let sent = if Instant::now() < until { tokio::time::timeout_at(until, sending).await.ok() } else { None };
        let sent = sent.unwrap_or_else(|| Err(Failure::new(FailureReason::Unreachable, LATE)));
        let sent = capture.transcript.unasked().map_or(sent, Err);
        let exchange = capture.transcript.exchange();
        let next = answer(sent, &capture, wire).and_then(|body| Ok((following(&body, wire, paging)?, body)));
        let (next, body) = match next {
            Ok(next) => next,
            Err(failure) => {
                recorder.failed(call, scope, params, page, failure, exchange);
                return None;
            }
        };
        if let Some(next) = &next
            && !tokens.insert(next.clone())
        {
            recorder.answered(call, scope, params, (page, false), body, exchange);
            let failure = Failure::new(FailureReason::Malformed, "the same page token came twice");
            recorder.failed(call, scope, params, page.saturating_add(1), failure, None);
            return None;
        }
        // What does not fit our records is kept all the same; the normalizer says what is wrong with it.
        let decoded = T::deserialize(&body).ok();
        recorder.answered(call, scope, params, (page, next.is_none()), body, exchange);
        pages.push(decoded?);
        if next.is_none() {
            break;
        }
        token = next;
    }
    Some(pages)
}

/// The body as JSON, also when the SDK stumbled over a field we do not need.
fn answer(sent: Result<(), Failure>, capture: &Capture, wire: Wire) -> Result<Value, Failure> {
    let captured = capture.take();
    match (sent, captured) {
        (Ok(()), Some((_, body))) => parse(&body, wire),
        (Ok(()), None) => Err(Failure::new(FailureReason::Malformed, "the answer had no body")),
        (Err(failure), Some((status, body))) if (200..300).contains(&status) => match failure.reason {
            FailureReason::Malformed => parse(&body, wire).map_err(|_| failure),
            FailureReason::Denied
            | FailureReason::Throttled
            | FailureReason::Unreachable
            | FailureReason::Unsupported
            | FailureReason::NotFound
            | FailureReason::NotAsked => Err(failure),
        },
        (Err(failure), _) => Err(failure),
    }
}

fn parse(body: &[u8], wire: Wire) -> Result<Value, Failure> {
    let malformed = |why: String| Failure::new(FailureReason::Malformed, &why).status(200);
    match wire {
        Wire::Json => serde_json::from_slice(body).map_err(|error| malformed(error.to_string())),
        Wire::Ec2 | Wire::Query => {
            let text = std::str::from_utf8(body).map_err(|error| malformed(error.to_string()))?;
            xml_to_json(text).map_err(|error| malformed(error.to_string()))
        }
    }
}

/// The token of the next page. An answer that says it goes on and does not say where is not an answer.
fn following(body: &Value, wire: Wire, paging: Option<Paging>) -> Result<Option<String>, Failure> {
    let Some(paging) = paging else { return Ok(None) };
    let fields = match wire {
        Wire::Json => Some(body),
        Wire::Ec2 => root(body),
        Wire::Query => root(body).and_then(|root| {
            let results = root.as_object()?.iter();
            results.into_iter().find(|(name, _)| name.ends_with("Result")).map(|(_, result)| result)
        }),
    };
    let token =
        fields.and_then(|fields| fields.get(paging.token)).and_then(Value::as_str).filter(|token| !token.is_empty());
    let says_more = paging.more.map(|more| {
        let flag = fields.and_then(|fields| fields.get(more));
        flag.is_some_and(|flag| *flag == Value::Bool(true) || flag.as_str() == Some("true"))
    });
    match (says_more, token) {
        (Some(true), None) => {
            Err(Failure::new(FailureReason::Malformed, "the list says that it goes on and not where").status(200))
        }
        (Some(false), _) => Ok(None),
        (Some(true) | None, token) => Ok(token.map(str::to_owned)),
    }
}

fn root(body: &Value) -> Option<&Value> {
    body.as_object()?.values().next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_next_page_is_found_in_every_wire_format() {
        let next = |body: Value, wire, paging| following(&body, wire, Some(paging)).unwrap();
        let json = json!({ "clusters": [], "nextToken": "a" });
        assert_eq!(next(json, Wire::Json, Paging::NEXT_TOKEN).as_deref(), Some("a"));
        let ec2 = json!({ "DescribeVpcsResponse": { "nextToken": "b" } });
        assert_eq!(next(ec2, Wire::Ec2, Paging::NEXT_TOKEN).as_deref(), Some("b"));
        let query = json!({ "R": { "ResponseMetadata": {}, "GResult": { "Marker": "c", "IsTruncated": "true" } } });
        assert_eq!(next(query, Wire::Query, Paging::MARKER).as_deref(), Some("c"));
        let last = json!({ "R": { "GResult": { "IsTruncated": "false" } } });
        assert_eq!(next(last, Wire::Query, Paging::MARKER), None);
        assert_eq!(next(json!({ "nextToken": null }), Wire::Json, Paging::NEXT_TOKEN), None);
    }

    #[test]
    fn a_list_that_goes_on_without_saying_where_is_malformed() {
        let body = json!({ "R": { "GResult": { "IsTruncated": "true" } } });
        let failure = following(&body, Wire::Query, Some(Paging::MARKER)).unwrap_err();
        assert_eq!(failure.reason, FailureReason::Malformed);
    }
}
