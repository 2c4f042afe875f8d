//! Why a fact is not known.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A fact we could not read, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Gap {
    /// The provider refused the call.
    Denied {
        /// The call that was refused.
        call: String,
        /// Where it was asked.
        scope: String,
        /// The permission that would close the gap.
        permission: String,
    },
    /// The provider asked us to slow down until we gave up.
    Throttled {
        /// The call that was throttled.
        call: String,
        /// Where it was asked.
        scope: String,
    },
    /// No answer came, or one that says the service is broken.
    Unreachable {
        /// The call that was not answered.
        call: String,
        /// Where it was asked.
        scope: String,
        /// What happened.
        why: String,
    },
    /// An answer came and could not be understood.
    Malformed {
        /// The call that was answered.
        call: String,
        /// Where it was asked.
        scope: String,
        /// Where in the body.
        pointer: String,
        /// What was wrong there.
        why: String,
    },
    /// The API version, region or product mode does not offer the fact.
    Unsupported {
        /// What is not offered, in a sentence.
        what: String,
    },
    /// The run did not ask.
    NotCollected {
        /// What was not asked, and how to make it be asked.
        what: String,
    },
    /// Everything was read and it still does not settle the question: bounds that differ, a condition that depends
    /// on the request, a construct that is not modelled.
    Unsettled {
        /// What stays open.
        what: String,
    },
}

/// The reasons of a [`Gap`], as reports name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// Refused for lack of a permission.
    Denied,
    /// Slowed down until we gave up.
    Throttled,
    /// No usable answer.
    Unreachable,
    /// An answer that could not be understood.
    Malformed,
    /// Not offered, or not settled by what is offered.
    Unsupported,
    /// Not asked.
    NotCollected,
}

impl GapReason {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::NotCollected => "not-collected",
        }
    }
}

impl Gap {
    /// The reason in one word.
    pub fn reason(&self) -> GapReason {
        match self {
            Self::Denied { .. } => GapReason::Denied,
            Self::Throttled { .. } => GapReason::Throttled,
            Self::Unreachable { .. } => GapReason::Unreachable,
            Self::Malformed { .. } => GapReason::Malformed,
            Self::Unsupported { .. } | Self::Unsettled { .. } => GapReason::Unsupported,
            Self::NotCollected { .. } => GapReason::NotCollected,
        }
    }

    /// The permission that would close the gap, when one would.
    pub fn permission(&self) -> Option<&str> {
        match self {
            // A call that needs none is refused when the credentials are not accepted.
            Self::Denied { permission, .. } => Some(permission.as_str()).filter(|permission| !permission.is_empty()),
            Self::Throttled { .. }
            | Self::Unreachable { .. }
            | Self::Malformed { .. }
            | Self::Unsupported { .. }
            | Self::NotCollected { .. }
            | Self::Unsettled { .. } => None,
        }
    }

    /// The call that failed, when the gap comes from one.
    pub fn call(&self) -> Option<&str> {
        match self {
            Self::Denied { call, .. }
            | Self::Throttled { call, .. }
            | Self::Unreachable { call, .. }
            | Self::Malformed { call, .. } => Some(call),
            Self::Unsupported { .. } | Self::NotCollected { .. } | Self::Unsettled { .. } => None,
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { call, scope, permission } if permission.is_empty() => {
                write!(f, "`{call}` did not accept the credentials in `{scope}`")
            }
            Self::Denied { call, scope, permission } => {
                write!(f, "`{call}` was denied in `{scope}`: grant `{permission}`")
            }
            Self::Throttled { call, scope } => write!(f, "`{call}` was throttled in `{scope}` until the retries ended"),
            Self::Unreachable { call, scope, why } => write!(f, "`{call}` was not answered in `{scope}`: {why}"),
            Self::Malformed { call, scope, pointer, why } => {
                write!(f, "the answer to `{call}` in `{scope}` could not be read at `{pointer}`: {why}")
            }
            Self::Unsupported { what } | Self::NotCollected { what } | Self::Unsettled { what } => f.write_str(what),
        }
    }
}
