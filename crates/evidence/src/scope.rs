//! What was asked for, what was read of it and what was refused.

use crate::broken::Broken;
use jiff::Timestamp;
use palisade_model::Provider;
use serde::{Deserialize, Serialize};

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
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Denied {
    pub(crate) scope: String,
    pub(crate) operation: String,
    pub(crate) permission: Option<String>,
    pub(crate) times: u64,
}

/// What stands in `context/scope.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scope {
    schema: String,
    asked: Vec<Asked>,
    pub(crate) read: Vec<Read>,
    denied: Vec<Denied>,
}

impl Scope {
    pub(crate) fn new(asked: Vec<Asked>, read: Vec<Read>, denied: Vec<Denied>) -> Self {
        Self { schema: SCHEMA.to_owned(), asked, read, denied }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Broken> {
        let scope: Self =
            serde_json::from_str(text).map_err(|error| Broken::new(SCOPE, format!("it is no scope: {error}")))?;
        if scope.schema == SCHEMA { Ok(scope) } else { Err(Broken::new(SCOPE, "its schema is another one")) }
    }
}
