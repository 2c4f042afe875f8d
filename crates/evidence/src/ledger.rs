//! The ledger of calls: one line for each, whatever came of it.

use crate::{Broken, source::LARGEST_LINE};
use jiff::Timestamp;
use palisade_model::Provider;
use palisade_provider::{Attempt, Exchange, Failure, Params, Record};
use serde::{Deserialize, Serialize};
use std::{
    io::{BufRead, Read as _},
    sync::Arc,
};

pub(crate) const LEDGER: &str = "calls.ndjson";

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// From 1, without gaps.
    pub(crate) call: u64,
    pub(crate) provider: Provider,
    pub(crate) target: String,
    /// The account, subscription or project that it was made for.
    pub(crate) unit: String,
    pub(crate) operation: Arc<str>,
    pub(crate) scope: Arc<str>,
    pub(crate) params: Params,
    /// From zero.
    pub(crate) page: u32,
    /// Whether the provider said that this page is the last one.
    pub(crate) last: bool,
    /// When the first attempt was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) answered_at: Timestamp,
    /// The id that we gave the call in its user agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sent_id: Option<String>,
    /// Who made it, where the cloud told that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) principal: Option<String>,
    /// Every attempt with its status and the ids that the provider gave it. None when nothing was sent, and in ledgers of
    /// older snapshots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attempts: Vec<Attempt>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
}

impl Line {
    pub(crate) fn to_text(&self) -> String {
        // Strings and numbers always have a JSON form.
        serde_json::to_string(self).map(|text| text + "\n").unwrap_or_default()
    }

    pub(crate) fn of(number: u64, unit: (Provider, &str, &str), record: &Record) -> Self {
        let (provider, target, unit) = unit;
        let (sha256, failure) = match &record.outcome {
            palisade_provider::Outcome::Answered(body) => (Some(body.digest().to_hex()), None),
            palisade_provider::Outcome::Failed(failure) => (None, Some(failure.clone())),
        };
        Self {
            call: number,
            provider,
            target: target.to_owned(),
            unit: unit.to_owned(),
            operation: Arc::clone(&record.call),
            scope: Arc::clone(&record.scope),
            params: record.params.clone(),
            page: record.page,
            last: record.last,
            sent_at: record.exchange.as_ref().map(|exchange| exchange.sent_at),
            answered_at: record.at,
            sent_id: record.exchange.as_ref().and_then(|exchange| exchange.sent_id.clone()),
            principal: None,
            attempts: record.exchange.as_ref().map(|exchange| exchange.attempts.clone()).unwrap_or_default(),
            sha256,
            failure,
        }
    }

    /// How it went over the wire, as the record had it.
    pub(crate) fn exchange(&self) -> Option<Exchange> {
        let sent_at = self.sent_at?;
        Some(Exchange { sent_at, sent_id: self.sent_id.clone(), attempts: self.attempts.clone() })
    }
}

/// The next line of a file, with its end; none at the end of the file. A line that is too long or has no end is refused.
pub(crate) fn next_line(file: &str, number: u64, from: &mut impl BufRead) -> Result<Option<String>, Broken> {
    let broken = |fact: String| Broken::new(file, format!("line {number} {fact}"));
    let mut line = Vec::new();
    from.take(LARGEST_LINE)
        .read_until(b'\n', &mut line)
        .map_err(|error| broken(format!("could not be read: {error}")))?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(broken("has no end: the file was cut off, or the line is too long".to_owned()));
    }
    String::from_utf8(line).map(Some).map_err(|_| broken("is no text".to_owned()))
}

/// The next call of a ledger.
pub(crate) fn next_call(number: u64, from: &mut impl BufRead) -> Result<Option<Line>, Broken> {
    let Some(text) = next_line(LEDGER, number, from)? else { return Ok(None) };
    let broken = |fact: String| Broken::new(LEDGER, format!("line {number} {fact}"));
    let line: Line = serde_json::from_str(&text).map_err(|error| broken(format!("is no call: {error}")))?;
    if line.call != number {
        return Err(broken(format!("is call {}: calls are missing, doubled or out of order", line.call)));
    }
    if line.sha256.is_some() == line.failure.is_some() {
        return Err(broken("has not either an answer or a failure".to_owned()));
    }
    if line.sha256.as_deref().is_some_and(|text| !is_digest(text)) {
        return Err(broken("has an answer whose digest is none".to_owned()));
    }
    if line.sent_at.is_none() && (line.sent_id.is_some() || !line.attempts.is_empty()) {
        return Err(broken("has attempts and was not sent".to_owned()));
    }
    if line.to_text() != text {
        return Err(broken("is written in another way than calls are".to_owned()));
    }
    Ok(Some(line))
}

pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Where an answer stands.
pub(crate) fn raw_path(sha256: &str) -> String {
    let first: String = sha256.chars().take(2).collect();
    format!("raw/{first}/{sha256}.json")
}
