//! What one collection of one scope brought: answers and failures, ready to be read and replayed.

use crate::{Body, Call, Failure, Outcome, Params, Record, record::Line};
use jiff::Timestamp;
use palisade_model::{Digest, Evidence, Gap, Observed, Provider};
use serde::de::{DeserializeOwned, IgnoredAny};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The positions of a call's records: by scope, then by parameters.
type ByScope = BTreeMap<Arc<str>, BTreeMap<Params, Vec<usize>>>;

/// Raw answers of one scope, with the failures.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The configured target it belongs to.
    pub target: String,
    /// The provider that can normalize it.
    pub provider: Provider,
    /// The account, subscription or project.
    pub scope: String,
    /// When the collection began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Of a target's discovery: the parts that the run is to read, in order. Whoever has the discovery can tell what is missing.
    pub parts: Option<Vec<String>>,
    records: Vec<Record>,
    index: BTreeMap<Arc<str>, ByScope>,
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        let span = |one: &Self| (one.started_at, one.finished_at);
        (&self.target, self.provider, &self.scope, span(self), &self.parts, &self.records)
            == (&other.target, other.provider, &other.scope, span(other), &other.parts, &other.records)
    }
}

/// One decoded page of an answer and where it came from.
#[derive(Clone, Debug)]
pub struct Page<'a, T> {
    /// The decoded body.
    pub value: T,
    /// The record it stands in.
    pub record: &'a Record,
}

impl Snapshot {
    /// A snapshot of some records. Their order does not matter; repeated pages of one call are kept once.
    pub fn new(
        target: String,
        provider: Provider,
        scope: String,
        (started_at, finished_at): (Timestamp, Timestamp),
        mut records: Vec<Record>,
    ) -> Self {
        records.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        records.dedup_by(|a, b| a.sort_key() == b.sort_key());
        let mut index: BTreeMap<Arc<str>, ByScope> = BTreeMap::new();
        for (position, record) in records.iter().enumerate() {
            index
                .entry(Arc::clone(&record.call))
                .or_default()
                .entry(Arc::clone(&record.scope))
                .or_default()
                .entry(record.params.clone())
                .or_default()
                .push(position);
        }
        Self { target, provider, scope, started_at, finished_at, parts: None, records, index }
    }

    /// The same as the discovery of a target: of these parts the run consists, whatever their order here.
    #[must_use]
    pub fn of_parts(mut self, parts: impl IntoIterator<Item = String>) -> Self {
        let parts: BTreeSet<String> = parts.into_iter().collect();
        self.parts = Some(parts.into_iter().collect());
        self
    }

    /// The same of other records.
    #[must_use]
    pub fn with_records(&self, records: Vec<Record>) -> Self {
        let times = (self.started_at, self.finished_at);
        let other = Self::new(self.target.clone(), self.provider, self.scope.clone(), times, records);
        Self { parts: self.parts.clone(), ..other }
    }

    /// Every record, in an order that does not depend on the order of answers.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Every call that failed.
    pub fn failures(&self) -> impl Iterator<Item = (&Record, &Failure)> {
        self.records.iter().filter_map(|record| match &record.outcome {
            Outcome::Failed(failure) => Some((record, failure)),
            Outcome::Answered(_) => None,
        })
    }

    /// The scopes in which a call was made, in order.
    pub fn scopes(&self, call: &Call) -> Vec<&str> {
        self.index.get(call.name).into_iter().flat_map(BTreeMap::keys).map(|scope| &**scope).collect()
    }

    /// The scopes in which a list was answered to its last page, every page of it: what it lacks is not there.
    pub fn whole(&self, call: &Call) -> Vec<&str> {
        let is_whole = |scope: &&str| self.pages::<IgnoredAny>(call, scope, &[]).is_ok();
        self.scopes(call).into_iter().filter(is_whole).collect()
    }

    /// Every distinct set of parameters with which a call was made in a scope.
    pub fn asked(&self, call: &Call, scope: &str) -> Vec<&Params> {
        self.by_params(call, scope).into_iter().flat_map(BTreeMap::keys).collect()
    }

    fn by_params(&self, call: &Call, scope: &str) -> Option<&BTreeMap<Params, Vec<usize>>> {
        self.index.get(call.name)?.get(scope)
    }

    /// The records of one call with these parameters, page by page. Empty when the call was not made.
    pub fn find(&self, call: &Call, scope: &str, params: &[(&str, &str)]) -> Vec<&Record> {
        let params: Params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.by_params(call, scope)
            .and_then(|by_params| by_params.get(&params))
            .into_iter()
            .flatten()
            .filter_map(|position| self.records.get(*position))
            .collect()
    }

    /// All pages of one call, decoded; or why they are not all there.
    ///
    /// A list is whole or it is a gap: half a list would let an absence be read as a fact.
    pub fn pages<T: DeserializeOwned>(
        &self,
        call: &Call,
        scope: &str,
        params: &[(&str, &str)],
    ) -> Result<Vec<Page<'_, T>>, Gap> {
        let records = self.find(call, scope, params);
        let Some(final_record) = records.last() else { return Err(not_asked(call, scope)) };
        let ends = final_record.last;
        let missing = records.iter().zip(0_u32..).find(|(record, page)| record.page != *page).map(|(_, page)| page);
        let pages: Vec<Page<'_, T>> =
            records.into_iter().map(|record| decode(call, scope, record)).collect::<Result<_, _>>()?;
        let broken = |why: String| Gap::Malformed {
            call: call.name.to_owned(),
            scope: scope.to_owned(),
            pointer: String::new(),
            why,
        };
        if let Some(page) = missing {
            return Err(broken(format!("page {page} of the list is missing")));
        }
        if !ends {
            return Err(broken("the list ends before its last page".to_owned()));
        }
        Ok(pages)
    }

    /// The answer to a call that has one page.
    pub fn one<T: DeserializeOwned>(&self, call: &Call, scope: &str, params: &[(&str, &str)]) -> Observed<T> {
        match self.find(call, scope, params).first() {
            None => Observed::missing(not_asked(call, scope)),
            Some(record) => match decode(call, scope, record) {
                Ok(Page { value, record }) => Observed::known(value, record.evidence("").into_iter().collect()),
                Err(gap) => Observed::missing(gap),
            },
        }
    }

    /// The members of a paged list in one sequence, with the evidence of every page.
    pub fn list<T: DeserializeOwned, U>(
        &self,
        call: &Call,
        scope: &str,
        params: &[(&str, &str)],
        members: impl Fn(T) -> Vec<U>,
    ) -> Observed<Vec<U>> {
        match self.pages::<T>(call, scope, params) {
            Err(gap) => Observed::missing(gap),
            Ok(pages) => {
                let mut sources: Vec<Evidence> = Vec::with_capacity(pages.len());
                let mut all = Vec::new();
                for page in pages {
                    sources.extend(page.record.evidence(""));
                    all.extend(members(page.value));
                }
                Observed::known(all, sources)
            }
        }
    }

    /// The list of records as it is stored beside the bodies: one JSON object a line.
    pub fn to_lines(&self) -> String {
        let mut text = String::new();
        for record in &self.records {
            let (body, failure) = match &record.outcome {
                Outcome::Answered(body) => (Some(body.digest()), None),
                Outcome::Failed(failure) => (None, Some(failure.clone())),
            };
            let line = Line {
                call: Arc::clone(&record.call),
                scope: Arc::clone(&record.scope),
                params: record.params.clone(),
                page: record.page,
                more: !record.last,
                at: record.at,
                exchange: record.exchange.clone(),
                body,
                failure,
            };
            // A line holds only strings and numbers, which always have a JSON form.
            if let Ok(json) = serde_json::to_string(&line) {
                text.push_str(&json);
                text.push('\n');
            }
        }
        text
    }

    /// Reads a stored list of records, fetching bodies by digest. The error names the line.
    pub fn records_from_lines(
        lines: &str,
        mut body: impl FnMut(Digest) -> Result<Arc<[u8]>, String>,
    ) -> Result<Vec<Record>, String> {
        let mut records = Vec::new();
        for (number, text) in lines.lines().enumerate() {
            let refuse = |why: String| format!("line {}: {why}", number + 1);
            let line: Line = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
            let outcome = match (line.body, line.failure) {
                (Some(digest), None) => {
                    let stored = Body::new(body(digest).map_err(refuse)?);
                    if stored.digest() != digest {
                        return Err(refuse(format!("the stored body is not `{digest}`: it was changed")));
                    }
                    Outcome::Answered(stored)
                }
                (None, Some(failure)) => Outcome::Failed(failure),
                (Some(_), Some(_)) | (None, None) => {
                    return Err(refuse("a record has either a body or a failure".to_owned()));
                }
            };
            records.push(Record {
                call: line.call,
                scope: line.scope,
                params: line.params,
                page: line.page,
                last: !line.more,
                at: line.at,
                exchange: line.exchange,
                outcome,
            });
        }
        Ok(records)
    }
}

fn not_asked(call: &Call, scope: &str) -> Gap {
    Gap::NotCollected { what: format!("`{}` was not asked in `{scope}`", call.name) }
}

fn decode<'a, T: DeserializeOwned>(call: &Call, scope: &str, record: &'a Record) -> Result<Page<'a, T>, Gap> {
    match &record.outcome {
        Outcome::Failed(failure) => Err(failure.gap(call, scope)),
        Outcome::Answered(body) => {
            // Keeping track of the place costs more than reading; the place is asked for only where reading fails.
            if let Ok(value) = serde_json::from_slice(body.bytes()) {
                return Ok(Page { value, record });
            }
            let mut deserializer = serde_json::Deserializer::from_slice(body.bytes());
            serde_path_to_error::deserialize(&mut deserializer).map(|value| Page { value, record }).map_err(|error| {
                Gap::Malformed {
                    call: call.name.to_owned(),
                    scope: scope.to_owned(),
                    pointer: error.path().to_string(),
                    why: error.inner().to_string(),
                }
            })
        }
    }
}
