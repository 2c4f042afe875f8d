//! One finding, as it is remembered.

use jiff::Timestamp;
use palisade_engine::{Fingerprint, Severity, State, SubjectKind};
use palisade_model::{ClusterId, Provider, Scope};
use serde::{Deserialize, Serialize};

/// One finding, as it is remembered from run to run.
///
/// Names are text from the cloud: escape them where they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracked {
    /// The same in every run.
    pub fingerprint: Fingerprint,
    /// The control's id, for example `CP-01`.
    pub control: String,
    /// The control's name: the bad state.
    pub control_name: String,
    /// Who runs the cluster.
    pub provider: Provider,
    /// Where it lives.
    pub scope: Scope,
    /// The cluster.
    pub cluster: ClusterId,
    /// As people know it.
    pub cluster_name: String,
    /// What kind of thing it is about.
    pub subject_kind: SubjectKind,
    /// What it is about. Stable when machines are replaced.
    pub subject: String,
    /// As people know it.
    pub subject_name: String,
    /// Who answers for it: the value of the cluster's owner label, if there is one.
    pub owner: Option<String>,
    /// Where it stands.
    pub standing: Standing,
    /// What was said when it was last read.
    pub verdict: State,
    /// How bad it is, everything considered.
    pub severity: Severity,
    /// The reason with its value, when it was last read.
    pub because: String,
    /// The same in few words.
    pub brief: Option<String>,
    /// What to do. Empty when there is nothing to do.
    pub remediation: String,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen to be bad.
    pub last_seen: Timestamp,
    /// When its place was last read. What is told of it is told as of then.
    pub as_of: Timestamp,
    /// How many times it has opened: 1 at first.
    pub generation: u32,
    /// When it last changed between open and resolved, gone or reopened.
    pub turned: Timestamp,
    /// How many times it turned within the last seven days.
    pub recent_turns: u32,
    /// Reads in a row that found it good, while it is still held open because it flaps.
    pub good_reads: u32,
    /// Who accepted it until when, if somebody did.
    pub waived_until: Option<Timestamp>,
}

/// Where a finding stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Standing {
    /// It is bad.
    Open,
    /// It is bad, and somebody has taken it on: no reminders.
    Acknowledged {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Its place was read and it is good.
    Resolved {
        /// When that was read.
        at: Timestamp,
    },
    /// What it was about does not exist any more.
    Gone {
        /// When that was read.
        at: Timestamp,
    },
}

impl Standing {
    /// Whether it is bad, as far as anybody knows.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open | Self::Acknowledged { .. })
    }

    /// The name used in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Resolved { .. } => "resolved",
            Self::Gone { .. } => "gone",
        }
    }
}
