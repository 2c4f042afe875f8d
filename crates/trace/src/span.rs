//! What a run did, as spans: the run, its accounts, their regions, the calls.

use jiff::Timestamp;
use palisade_provider::{Attempt, DISCOVERY, Failure, FailureReason, Outcome, Record, Snapshot};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A kind of spans, as it is documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanKind {
    /// Its name. It never changes its meaning.
    pub name: &'static str,
    /// The kind of the span above.
    pub parent: Option<&'static str>,
    /// What it spans.
    pub about: &'static str,
    /// Its attributes, each with what it says.
    pub attributes: &'static [(&'static str, &'static str)],
}

const RUN: &str = "palisade.run";
const DISCOVER: &str = "palisade.discovery";
const ACCOUNT: &str = "palisade.account";
const REGION: &str = "palisade.region";
const CALL: &str = "palisade.call";

const TARGET: &str = "palisade.target";
const PROVIDER: &str = "palisade.provider";
const SCOPE: &str = "palisade.scope";
const OPERATION: &str = "palisade.operation";
const ATTEMPTS: &str = "palisade.attempts";
const THROTTLED: &str = "palisade.throttled";
const PAGE: &str = "palisade.page";
const STATUS: &str = "http.response.status_code";
const REQUEST: &str = "palisade.request_id";
const ERROR: &str = "error.type";

/// Every kind of spans that there is.
pub const SPANS: &[SpanKind] = &[
    SpanKind {
        name: RUN,
        parent: None,
        about: "A scan: from its beginning to its last answer.",
        attributes: &[("palisade.schedule", "the schedule that it is a run of; absent for a scan by hand")],
    },
    SpanKind {
        name: DISCOVER,
        parent: Some(RUN),
        about: "The search for the parts of a target.",
        attributes: &[(TARGET, "the target's name"), (PROVIDER, "`aws`, `azure` or `gcp`")],
    },
    SpanKind {
        name: ACCOUNT,
        parent: Some(RUN),
        about: "The reading of one account, subscription or project.",
        attributes: &[
            (TARGET, "the target's name"),
            (PROVIDER, "`aws`, `azure` or `gcp`"),
            (SCOPE, "the account, subscription or project"),
        ],
    },
    SpanKind {
        name: REGION,
        parent: Some(ACCOUNT),
        about: "What was asked in one region of an account: from its first question to its last answer. Where one question speaks \
                for all regions, as in Azure and Google Cloud, there is none.",
        attributes: &[(SCOPE, "the account and the region")],
    },
    SpanKind {
        name: CALL,
        parent: Some(REGION),
        about: "One question, from when it was first sent to when its answer was there; each page of a list is one. It stands below \
                the region, or below the account or the discovery where there is none.",
        attributes: &[
            (OPERATION, "the call, in the provider's words"),
            (SCOPE, "where it was asked"),
            (PAGE, "the page, from 0"),
            (ATTEMPTS, "how many requests were sent"),
            (THROTTLED, "how many of them were answered with \"slow down\"; absent when none was"),
            (STATUS, "the HTTP status of the last answer, where it is known"),
            (REQUEST, "what the provider calls the last request, where it says so"),
            (ERROR, "why it has no answer; absent when it has one"),
        ],
    },
];

/// The trace that spans belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Its id.
    pub id: [u8; 16],
}

impl Trace {
    /// The id of the span of the whole run.
    pub fn root(&self) -> [u8; 8] {
        self.span(&[RUN])
    }

    /// The span of the whole run, now that it is over.
    pub fn run(&self, (from, to): (Timestamp, Timestamp), schedule: Option<&str>) -> Span {
        Span {
            trace: self.id,
            id: self.root(),
            parent: None,
            name: RUN,
            from,
            to,
            attributes: schedule.map(|name| ("palisade.schedule", Value::Text(name.to_owned()))).into_iter().collect(),
            failure: None,
        }
    }

    /// The id of a span, made of what it is.
    fn span(&self, parts: &[&str]) -> [u8; 8] {
        let mut hash = Sha256::new();
        hash.update(self.id);
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut id = [0; 8];
        hash.finalize().iter().zip(&mut id).for_each(|(from, to)| *to = *from);
        id
    }
}

/// One span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The trace it belongs to.
    pub trace: [u8; 16],
    /// Its id.
    pub id: [u8; 8],
    /// The span above.
    pub parent: Option<[u8; 8]>,
    /// The name of its kind.
    pub name: &'static str,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
    /// What is said of it.
    pub attributes: Vec<Attribute>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// An attribute by its name.
pub type Attribute = (&'static str, Value);

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
}

/// The spans of one part of a run: the part itself, its regions, its calls.
///
/// What several parts share stands below each of them: they waited for it.
pub fn spans(snapshot: &Snapshot, trace: &Trace) -> Vec<Span> {
    let is_discovery = snapshot.scope == DISCOVERY;
    let name = if is_discovery { DISCOVER } else { ACCOUNT };
    let path = [name, &snapshot.target, &snapshot.scope];
    let top = trace.span(&path);
    let mut attributes = vec![
        (TARGET, Value::Text(snapshot.target.clone())),
        (PROVIDER, Value::Text(snapshot.provider.name().to_owned())),
    ];
    if !is_discovery {
        attributes.push((SCOPE, Value::Text(snapshot.scope.clone())));
    }
    let span = |id, parent, name, (from, to): (Timestamp, Timestamp), attributes, failure| Span {
        trace: trace.id,
        id,
        parent: Some(parent),
        name,
        from,
        to: to.max(from),
        attributes,
        failure,
    };
    let whole = (snapshot.started_at, snapshot.finished_at);
    let mut all = vec![span(top, trace.root(), name, whole, attributes, None)];
    let mut regions: BTreeMap<&str, (Timestamp, Timestamp)> = BTreeMap::new();
    for record in snapshot.records() {
        let (from, to) = times(record);
        let region = record.scope.split_once('/').filter(|(account, _)| !is_discovery && *account == snapshot.scope);
        let parent = if region.is_some() {
            let (first, last) = regions.entry(&record.scope).or_insert((from, to));
            (*first, *last) = ((*first).min(from), (*last).max(to));
            trace.span(&[&path[..], &[REGION, &record.scope]].concat())
        } else {
            top
        };
        let page = record.page.to_string();
        let params = record.params.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        let parts: Vec<&str> =
            path.iter().copied().chain([CALL, &record.call, &record.scope, &page]).chain(params).collect();
        let (attributes, failure) = of_call(record);
        all.push(span(trace.span(&parts), parent, CALL, (from, to), attributes, failure));
    }
    all.extend(regions.into_iter().map(|(scope, times)| {
        let id = trace.span(&[&path[..], &[REGION, scope]].concat());
        span(id, top, REGION, times, vec![(SCOPE, Value::Text(scope.to_owned()))], None)
    }));
    all
}

/// When a question was sent and when its answer was there. One that was not sent took no time.
fn times(record: &Record) -> (Timestamp, Timestamp) {
    let sent_at = record.exchange.as_ref().map_or(record.at, |exchange| exchange.sent_at);
    (sent_at.min(record.at), record.at)
}

fn of_call(record: &Record) -> (Vec<Attribute>, Option<String>) {
    let attempts: &[Attempt] =
        record.exchange.as_ref().map(|exchange| exchange.attempts.as_slice()).unwrap_or_default();
    let last = attempts.last();
    let number = |count: usize| Value::Number(i64::try_from(count).unwrap_or(i64::MAX));
    let mut attributes = vec![
        (OPERATION, Value::Text(record.call.to_string())),
        (SCOPE, Value::Text(record.scope.to_string())),
        (PAGE, Value::Number(record.page.into())),
        (ATTEMPTS, number(attempts.len())),
    ];
    let throttled = attempts.iter().filter(|attempt| attempt.throttled).count();
    if throttled > 0 {
        attributes.push((THROTTLED, number(throttled)));
    }
    attributes.extend(last.and_then(|last| last.status).map(|status| (STATUS, Value::Number(status.into()))));
    attributes.extend(last.and_then(|last| last.request_id.clone()).map(|id| (REQUEST, Value::Text(id))));
    let failure = match &record.outcome {
        Outcome::Answered(_) => None,
        Outcome::Failed(Failure { reason, message, .. }) => {
            attributes.push((ERROR, Value::Text(word(*reason).to_owned())));
            Some(message.clone())
        }
    };
    (attributes, failure)
}

fn word(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::Denied => "denied",
        FailureReason::Throttled => "throttled",
        FailureReason::Unreachable => "unreachable",
        FailureReason::Malformed => "malformed",
        FailureReason::Unsupported => "unsupported",
        FailureReason::NotFound => "not-found",
        FailureReason::NotAsked => "not-asked",
    }
}

#[cfg(test)]
mod tests;
