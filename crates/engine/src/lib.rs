//! Says what a control, a verdict, a finding and a waiver are, runs controls over an inventory, and compares two
//! evaluations.
//!
//! Everything here is a function of its arguments: the clusters, the controls, the policy and the time. It refuses to
//! know a provider's wire format, and it refuses to guess: a control that meets a gap answers unknown.
#![warn(clippy::disallowed_methods)]

mod answer;
mod compare;
mod control;
mod evaluate;
mod finding;
mod fingerprint;
mod grounds;
mod mapping;
mod meta;
mod policy;
mod severity;
mod verdict;
mod waiver;

pub use answer::{
    ANSWERS, Answer, AnswerKind, AnsweredFor, Answers, Asks, Enough, Heard, Limit, Question, Until, Value, WAIVERS,
    Widest, answers_behind, digest_of, environments, hear,
};
pub use compare::{Change, ChangeKind, compare};
pub use control::{Context, Control, Entry, remediation, section};
pub use evaluate::{Judged, coverage, evaluate, is_production};
pub use finding::{Coverage, Finding, GapRow, Subject, SubjectKind};
pub use fingerprint::{Fingerprint, ParseFingerprintError};
pub use grounds::Grounds;
pub use mapping::{Framework, Mapping, MappingError, Requirement, mappings, read_mappings};
pub use meta::{Concern, ControlId, Dimension, Effort, Layer, Meta};
pub use policy::Policy;
pub use severity::{Modifier, Severity};
pub use verdict::{Judgement, State, Verdict, per_identity, per_pool, whole};
pub use waiver::{Acceptance, Approvals, Grown, Waiver, hold_to_approval, withdraw};
