//! One call and what came of it.

use crate::{Exchange, Failure};
use jiff::Timestamp;
use palisade_model::{Digest, Evidence};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// What distinguishes a call from others of its name and scope.
pub type Params = BTreeMap<String, String>;

/// One call and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The call's name.
    pub call: Arc<str>,
    /// Where it was asked: `ACCOUNT`, `ACCOUNT/REGION`, a subscription, a project, a folder.
    pub scope: Arc<str>,
    /// What was asked for, without page tokens.
    pub params: Params,
    /// The page, from zero.
    pub page: u32,
    /// Whether the provider said that this page is the last one.
    pub last: bool,
    /// When the answer was there.
    pub at: Timestamp,
    /// How it went over the wire; `None` when nothing was sent, and for records of older versions.
    pub exchange: Option<Exchange>,
    /// The answer or the failure.
    pub outcome: Outcome,
}

/// The answer or the failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A body, redacted.
    Answered(Body),
    /// No answer.
    Failed(Failure),
}

/// A stored body: canonical JSON with its digest.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    digest: Digest,
    bytes: Arc<[u8]>,
}

impl Body {
    /// Stores bytes as they are.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { digest: digest(&bytes), bytes }
    }

    /// Stores a value as compact JSON with sorted keys.
    pub fn of(value: &serde_json::Value) -> Self {
        Self::new(value.to_string().into_bytes())
    }

    /// The SHA-256 of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({}, {} bytes)", self.digest, self.bytes.len())
    }
}

/// The SHA-256 of some bytes.
fn digest(bytes: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::digest(bytes).into())
}

impl Record {
    /// The evidence for something read at a place of this record. `None` for a failure: there is nothing to show.
    pub fn evidence(&self, pointer: &str) -> Option<Evidence> {
        match &self.outcome {
            Outcome::Answered(body) => {
                Some(Evidence { digest: body.digest(), call: Arc::clone(&self.call), pointer: Arc::from(pointer) })
            }
            Outcome::Failed(_) => None,
        }
    }

    /// The order of records in a snapshot, which does not depend on the order of answers.
    pub(crate) fn sort_key(&self) -> (&str, &str, &Params, u32) {
        (&self.call, &self.scope, &self.params, self.page)
    }
}

/// A record as it stands in a snapshot's list of records: the body is named by its digest.
#[derive(Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) call: Arc<str>,
    pub(crate) scope: Arc<str>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) params: Params,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) page: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) more: bool,
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) exchange: Option<Exchange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(page: &u32) -> bool {
    *page == 0
}
