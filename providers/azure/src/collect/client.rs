//! One pipeline for one target: one token cache, one pool of connections.

use super::{credentials, failure, fetch::Fetch, pipeline};
use crate::{Limits, Settings};
use azure_core::http::{Context, Method, Pipeline, PipelineSendOptions, Request, Url};
use palisade_provider::{Call, Failure, FailureReason, Recorder};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicU16, AtomicU32, Ordering},
};

/// How to ask Azure Resource Manager.
#[derive(Debug)]
pub(super) struct Client {
    line: Result<Line, String>,
    limits: Limits,
}

#[derive(Debug)]
struct Line {
    pipeline: Pipeline,
    base: Url,
}

/// What happened to the attempts of one call; the pipeline writes it down.
#[derive(Debug)]
pub(super) struct Attempts {
    recorder: Recorder,
    last_status: AtomicU16,
    made: AtomicU32,
}

impl Attempts {
    /// An answer came, with this status; how many attempts were made by now.
    pub(super) fn answered(&self, status: u16) -> u32 {
        self.last_status.store(status, Ordering::Relaxed);
        if status == 429 {
            self.recorder.tell(palisade_provider::Event::Throttled);
        }
        self.made.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// No answer came.
    pub(super) fn silent(&self) {
        self.made.fetch_add(1, Ordering::Relaxed);
        self.last_status.store(0, Ordering::Relaxed);
    }

    fn throttled_last(&self) -> bool {
        self.last_status.load(Ordering::Relaxed) == 429
    }
}

impl Client {
    /// A client for the target. What is wrong with the settings is told at the first call.
    pub(super) fn new(settings: &Settings) -> Self {
        Self { line: line(settings), limits: settings.limits }
    }

    /// Questions whose answers go to this recorder.
    pub(super) fn fetch<'a>(&'a self, recorder: &'a Recorder) -> Fetch<'a> {
        Fetch { client: self, recorder }
    }

    /// Asks for one body. `path` has its query with it. A question with a body of its own is asked with `POST`, which is a
    /// read all the same: only lists that Azure computes on demand are asked like that.
    pub(super) async fn ask(
        &self,
        recorder: &Recorder,
        call: &Call,
        (scope, path): (&str, &str),
        question: Option<&Value>,
    ) -> Result<Value, Failure> {
        let Line { pipeline, base } =
            self.line.as_ref().map_err(|why| Failure::new(FailureReason::Unreachable, why))?;
        let url = base.join(path).map_err(|error| {
            Failure::new(FailureReason::Malformed, &format!("no address can be made of it: {error}"))
        })?;
        // Paths are made of ids that answers gave us; a token of ours goes to nobody but the configured endpoint.
        if url.origin() != base.origin() {
            return Err(Failure::new(FailureReason::Malformed, "the address leads to another host"));
        }
        let _permit = recorder.permit(base.host_str().unwrap_or_default(), scope).await;
        let attempts =
            Arc::new(Attempts { recorder: recorder.clone(), last_status: AtomicU16::new(0), made: AtomicU32::new(0) });
        let context = Context::new().with_value(Arc::clone(&attempts));
        let mut request = Request::new(url, if question.is_some() { Method::Post } else { Method::Get });
        request.insert_header("accept", "application/json");
        if let Some(question) = question {
            request.insert_header("content-type", "application/json");
            request.set_body(question.to_string());
        }
        let options = PipelineSendOptions { skip_checks: true, ..PipelineSendOptions::default() };
        let sent = pipeline.send(&context, &mut request, Some(options));
        match tokio::time::timeout(self.limits.call, sent).await {
            Ok(Ok(response)) => failure::body(call, &response),
            Ok(Err(error)) => Err(failure::of_error(&error)),
            Err(_) if attempts.throttled_last() => {
                Err(Failure::new(FailureReason::Throttled, "slowed down until the call's time was over").status(429))
            }
            Err(_) => {
                let seconds = self.limits.call.as_secs();
                Err(Failure::new(FailureReason::Unreachable, &format!("no answer within {seconds} seconds")))
            }
        }
    }
}

fn line(settings: &Settings) -> Result<Line, String> {
    let text = settings.endpoint_url.as_deref().unwrap_or_else(|| settings.cloud.endpoint());
    let base = Url::parse(text).map_err(|error| format!("`{text}` is not an address: {error}"))?;
    let loopback = is_loopback(&base);
    if base.scheme() != "https" && !(base.scheme() == "http" && loopback) {
        return Err(format!("`{text}` is refused: plain http is accepted for loopback addresses only, write https"));
    }
    let transport = pipeline::transport(&settings.limits, loopback)?;
    let credential = credentials::of(settings, &transport);
    let pipeline = pipeline::new(settings, transport, credential, base.scheme() == "https");
    Ok(Line { pipeline, base })
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> Option<String> {
        let settings = Settings { endpoint_url: Some(url.to_owned()), ..Settings::new("test") };
        line(&settings).err()
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in ["http://127.0.0.1:5001", "http://[::1]:5001", "http://localhost:5001/", "https://arm.acme.example"]
        {
            assert_eq!(refused(good), None, "{good}");
        }
        for bad in
            ["http://arm.acme.example", "http://10.0.0.4", "ftp://127.0.0.1", "http://localhost.acme.example", "arm"]
        {
            assert!(refused(bad).is_some(), "{bad}");
        }
    }
}
