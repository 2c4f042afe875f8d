//! What was asked for, what was read of it and what was refused.

use crate::{broken::Broken, write::pretty};
use jiff::Timestamp;
use palisade_model::Provider;
use palisade_provider::{Failure, FailureReason};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const SCOPE: &str = "context/scope.json";
const SCHEMA: &str = "palisade.scope/v1";

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The target's name.
    pub target: String,
    /// Its provider.
    pub provider: Provider,
    /// Which accounts, subscriptions or projects of it, in words.
    pub scopes: String,
}

/// A part that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    pub(crate) provider: Provider,
    pub(crate) target: String,
    pub(crate) unit: String,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Timestamp,
    pub(crate) calls: u64,
    pub(crate) failed: u64,
    /// Of a target's discovery: the parts that the run was to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parts: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Denied {
    pub(crate) scope: String,
    pub(crate) operation: String,
    pub(crate) permission: Option<String>,
    pub(crate) times: u64,
}

/// Counts the calls that were refused for want of a permission.
#[derive(Clone, Debug, Default)]
pub(crate) struct Denials(BTreeMap<(String, String, Option<String>), u64>);

impl Denials {
    /// Takes a call that failed, for whatever reason.
    pub(crate) fn take(&mut self, scope: &str, operation: &str, failure: &Failure) {
        if failure.reason == FailureReason::Denied {
            let key = (scope.to_owned(), operation.to_owned(), failure.permission.clone());
            *self.0.entry(key).or_default() += 1;
        }
    }

    pub(crate) fn rows(&self) -> Vec<Denied> {
        let row = |((scope, operation, permission), times): (&(String, String, Option<String>), &u64)| Denied {
            scope: scope.clone(),
            operation: operation.clone(),
            permission: permission.clone(),
            times: *times,
        };
        self.0.iter().map(row).collect()
    }
}

/// What stands in `context/scope.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scope {
    schema: String,
    pub(crate) asked: Vec<Asked>,
    pub(crate) read: Vec<Read>,
    pub(crate) denied: Vec<Denied>,
}

impl Scope {
    pub(crate) fn new(asked: Vec<Asked>, read: Vec<Read>, denied: Vec<Denied>) -> Self {
        Self { schema: SCHEMA.to_owned(), asked, read, denied }
    }

    /// The targets that were asked for and of which nothing was read.
    pub(crate) fn not_read(&self) -> Vec<String> {
        let read: BTreeSet<&str> = self.read.iter().map(|read| read.target.as_str()).collect();
        let asked = self.asked.iter().map(|asked| &asked.target);
        asked.filter(|target| !read.contains(target.as_str())).cloned().collect()
    }

    /// The parts that were found and of which nothing was read, not even that it could not be: with their targets.
    pub(crate) fn lost(&self) -> Vec<(&str, &str)> {
        let read: BTreeSet<(&str, &str)> =
            self.read.iter().map(|read| (read.target.as_str(), read.unit.as_str())).collect();
        let found = self
            .read
            .iter()
            .flat_map(|read| read.parts.iter().flatten().map(|part| (read.target.as_str(), part.as_str())));
        found.filter(|part| !read.contains(part)).collect()
    }

    /// When the first call was made and the last answer was there.
    pub(crate) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let from = self.read.iter().map(|read| read.started_at).min();
        from.zip(self.read.iter().map(|read| read.finished_at).max())
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Broken> {
        let scope: Self =
            serde_json::from_str(text).map_err(|error| Broken::new(SCOPE, format!("it is no scope: {error}")))?;
        if scope.schema != SCHEMA {
            return Err(Broken::new(SCOPE, "its schema is another one"));
        }
        if pretty(&scope) != text {
            return Err(Broken::new(SCOPE, "it is written in another way than scopes are"));
        }
        Ok(scope)
    }
}
