//! A call that did not give an answer. It is a record like any other.

use crate::Call;
use palisade_model::Gap;
use serde::{Deserialize, Serialize};

/// Why a call gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The class.
    pub reason: FailureReason,
    /// The HTTP status, when there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's own error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The provider's or the client's own words, shortened. Hostile text: escape where it is shown.
    pub message: String,
    /// The permission that was missing, when it was that. The declared one unless the provider named another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
}

/// The classes of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureReason {
    /// Refused for lack of a permission, or the credentials were not accepted.
    Denied,
    /// Slowed down until the retries ended.
    Throttled,
    /// No answer, or the service said it is broken.
    Unreachable,
    /// An answer that could not be understood.
    Malformed,
    /// The operation or API does not exist or is switched off here.
    Unsupported,
    /// The thing asked for does not exist (any more).
    NotFound,
    /// Not sent: the run's budget of calls was used up.
    NotAsked,
}

/// Longest message kept of a failure, in characters.
const MESSAGE_LIMIT: usize = 500;

impl Failure {
    /// A failure of a class, with the words of whoever reported it.
    pub fn new(reason: FailureReason, message: &str) -> Self {
        Self {
            reason,
            status: None,
            code: None,
            message: message.chars().take(MESSAGE_LIMIT).collect(),
            permission: None,
        }
    }

    /// With the HTTP status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With the provider's error code.
    pub fn code(mut self, code: &str) -> Self {
        self.code = Some(code.chars().take(MESSAGE_LIMIT).collect());
        self
    }

    /// The gap it leaves in every fact that needs the call.
    pub fn gap(&self, call: &Call, scope: &str) -> Gap {
        let (call_name, scope) = (call.name.to_owned(), scope.to_owned());
        match self.reason {
            FailureReason::Denied => Gap::Denied {
                call: call_name,
                scope,
                permission: self.permission.clone().unwrap_or_else(|| call.permission.to_owned()),
            },
            FailureReason::Throttled => Gap::Throttled { call: call_name, scope },
            FailureReason::Unreachable | FailureReason::NotFound => {
                Gap::Unreachable { call: call_name, scope, why: self.message.clone() }
            }
            FailureReason::Malformed => {
                Gap::Malformed { call: call_name, scope, pointer: String::new(), why: self.message.clone() }
            }
            FailureReason::NotAsked => {
                Gap::NotCollected { what: format!("`{call_name}` was not asked in `{scope}`: {}", self.message) }
            }
            FailureReason::Unsupported => {
                Gap::Unsupported { what: format!("`{call_name}` is not offered in `{scope}`: {}", self.message) }
            }
        }
    }
}
