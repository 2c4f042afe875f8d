//! One pipeline for one target: one token cache, one pool of connections.

use super::{credentials, deadline::End, failure, fetch::Fetch, pipeline};
use crate::{Limits, Settings, calls::is_of_graph};
use azure_core::http::{Context, Method, Pipeline, PipelineSendOptions, Request, Url};
use palisade_provider::{Attempt, BudgetSpent, Call, Exchange, Failure, FailureReason, Recorder, Transcript};
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// How to ask Azure Resource Manager and Microsoft Graph.
#[derive(Debug)]
pub(super) struct Client {
    manager: Result<Line, String>,
    graph: Result<Line, String>,
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
    transcript: Transcript,
    last_status: AtomicU16,
    made: AtomicU32,
}

impl Attempts {
    /// For one call.
    fn of(transcript: Transcript) -> Self {
        Self { transcript, last_status: AtomicU16::new(0), made: AtomicU32::new(0) }
    }

    /// An attempt is on its way, unless the run's budget is used up.
    pub(super) fn sent(&self) -> Result<(), BudgetSpent> {
        self.transcript.sent()
    }

    /// An answer came, with this status and what its headers call it; how many attempts were made by now.
    pub(super) fn answered(&self, status: u16, request_id: Option<&str>, correlation_id: Option<&str>) -> u32 {
        self.transcript.answered(Attempt::answered(status, request_id, correlation_id));
        self.last_status.store(status, Ordering::Relaxed);
        self.made.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The last answer was to slow down, for so long if it said so.
    pub(super) fn throttled(&self, asked: Option<Duration>) {
        self.transcript.throttled(asked);
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
        let (manager, graph) = match lines(settings) {
            Ok((manager, graph)) => (Ok(manager), Ok(graph)),
            Err(why) => (Err(why.clone()), Err(why)),
        };
        Self { manager, graph, limits: settings.limits }
    }

    /// Questions whose answers go to this recorder.
    pub(super) fn fetch<'a>(&'a self, recorder: &'a Recorder, end: End) -> Fetch<'a> {
        Fetch { client: self, recorder, end }
    }

    /// Asks for one body, and tells how it came. `path` has its query with it. A question with a body of its own is asked with `POST`, which is a
    /// read all the same: only lists that Azure computes on demand are asked like that.
    pub(super) async fn ask(
        &self,
        (recorder, end): (&Recorder, End),
        call: &Call,
        place: (&str, &str),
        question: Option<&Value>,
    ) -> (Result<Value, Failure>, Option<Exchange>) {
        let line = if is_of_graph(call) { &self.graph } else { &self.manager };
        let host = line.as_ref().ok().and_then(|line| line.base.host_str()).unwrap_or_default();
        let attempts = Arc::new(Attempts::of(recorder.transcript(host, place.0)));
        let answer = self.answer((line, end), &attempts, call, place.1, question).await;
        let answer = attempts.transcript.unasked().map_or(answer, Err);
        (answer, attempts.transcript.exchange())
    }

    async fn answer(
        &self,
        (line, end): (&Result<Line, String>, End),
        attempts: &Arc<Attempts>,
        call: &Call,
        path: &str,
        question: Option<&Value>,
    ) -> Result<Value, Failure> {
        let Line { pipeline, base } = line.as_ref().map_err(|why| Failure::new(FailureReason::Unreachable, why))?;
        let url = base.join(path).map_err(|error| {
            Failure::new(FailureReason::Malformed, &format!("no address can be made of it: {error}"))
        })?;
        // Paths are made of ids that answers gave us; a token of ours goes to nobody but the configured endpoint.
        if url.origin() != base.origin() {
            return Err(Failure::new(FailureReason::Malformed, "the address leads to another host"));
        }
        let over = || {
            let why = format!("the time limit of the {} was over", end.whose);
            Failure::new(FailureReason::Unreachable, &why)
        };
        if Instant::now() >= end.at {
            return Err(over());
        }
        let permit = tokio::time::timeout_at(end.at, attempts.transcript.permit());
        let _permit = permit.await.map_err(|_| over())??;
        let context = Context::new().with_value(Arc::clone(attempts));
        let mut request = Request::new(url, if question.is_some() { Method::Post } else { Method::Get });
        request.insert_header("accept", "application/json");
        if is_of_graph(call) {
            // Members of one type are only listed by the index that is consistent in the end.
            // <https://learn.microsoft.com/graph/aad-advanced-queries>
            request.insert_header("consistencylevel", "eventual");
        }
        if let Some(question) = question {
            request.insert_header("content-type", "application/json");
            request.set_body(question.to_string());
        }
        let options = PipelineSendOptions { skip_checks: true, ..PipelineSendOptions::default() };
        let sent = pipeline.send(&context, &mut request, Some(options));
        let call_ends = Instant::now() + self.limits.call;
        match tokio::time::timeout_at(call_ends.min(end.at), sent).await {
            Ok(Ok(response)) => failure::body(call, &response),
            Ok(Err(error)) => Err(failure::of_error(&error)),
            Err(_) if attempts.throttled_last() => {
                Err(Failure::new(FailureReason::Throttled, "slowed down until the call's time was over").status(429))
            }
            Err(_) if end.at < call_ends => Err(over()),
            Err(_) => {
                let seconds = self.limits.call.as_secs();
                Err(Failure::new(FailureReason::Unreachable, &format!("no answer within {seconds} seconds")))
            }
        }
    }
}

/// The lines to Azure Resource Manager and to Microsoft Graph: the connections and who we are, they share.
fn lines(settings: &Settings) -> Result<(Line, Line), String> {
    let (manager, graph) = bases(settings)?;
    let loopback = is_loopback(&manager);
    let transport = pipeline::transport(&settings.limits, loopback)?;
    let credential = credentials::of(settings, &transport);
    let line = |base: Url, audience| {
        let secured = base.scheme() == "https";
        let pipeline = pipeline::new(settings, transport.clone(), Arc::clone(&credential), (audience, secured));
        Line { pipeline, base }
    };
    Ok((line(manager, settings.cloud.audience()), line(graph, settings.cloud.graph_audience())))
}

/// Where Azure Resource Manager and Microsoft Graph answer. An emulator on loopback is both; behind a private endpoint is only
/// the former.
fn bases(settings: &Settings) -> Result<(Url, Url), String> {
    let parse = |text: &str| Url::parse(text).map_err(|error| format!("`{text}` is not an address: {error}"));
    let text = settings.endpoint_url.as_deref().unwrap_or_else(|| settings.cloud.endpoint());
    let manager = parse(text)?;
    let loopback = is_loopback(&manager);
    if manager.scheme() != "https" && !(manager.scheme() == "http" && loopback) {
        return Err(format!("`{text}` is refused: plain http is accepted for loopback addresses only, write https"));
    }
    let graph = if loopback { manager.clone() } else { parse(settings.cloud.graph())? };
    Ok((manager, graph))
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
    use crate::Cloud;

    fn refused(url: &str) -> Option<String> {
        let settings = Settings { endpoint_url: Some(url.to_owned()), ..Settings::new("test") };
        lines(&settings).err()
    }

    #[test]
    fn every_cloud_is_asked_at_its_own_hosts_and_with_tokens_made_out_for_them() {
        for (cloud, manager, graph) in [
            (Cloud::Public, "management.azure.com", "graph.microsoft.com"),
            (Cloud::UsGovernment, "management.usgovcloudapi.net", "graph.microsoft.us"),
            (Cloud::China, "management.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
        ] {
            let settings = Settings { cloud, ..Settings::new("test") };
            let (arm, members) = bases(&settings).unwrap();
            assert_eq!((arm.host_str(), members.host_str()), (Some(manager), Some(graph)));
            assert_eq!((arm.scheme(), members.scheme()), ("https", "https"));
            assert_eq!(cloud.audience(), format!("https://{manager}/.default"));
            assert_eq!(cloud.graph_audience(), format!("https://{graph}/.default"));
        }
    }

    #[test]
    fn a_private_endpoint_is_resource_managers_and_an_emulator_answers_for_both() {
        let at = |url: &str| {
            let settings =
                Settings { endpoint_url: Some(url.to_owned()), cloud: Cloud::China, ..Settings::new("test") };
            let (manager, graph) = bases(&settings).unwrap();
            (manager.host_str().unwrap().to_owned(), graph.host_str().unwrap().to_owned())
        };
        let china = "microsoftgraph.chinacloudapi.cn".to_owned();
        assert_eq!(at("https://arm.acme.example"), ("arm.acme.example".to_owned(), china));
        assert_eq!(at("http://127.0.0.1:5001"), ("127.0.0.1".to_owned(), "127.0.0.1".to_owned()));
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
