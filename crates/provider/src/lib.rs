//! The contract a provider signs: calls, targets, snapshots, gaps.
//!
//! A provider declares every call it may make ([`Call`]) with its permission and the facts it feeds. Its collector
//! turns a target into [`Snapshot`]s through a [`Recorder`]: raw answers, redacted on the way in, and failures, which
//! are records too. Its normalizer turns a snapshot into an inventory, purely and totally.
//!
//! The recorder, the pacing and the clock stand behind the feature `collect`; without it this crate is pure and knows
//! no runtime.
#![warn(clippy::disallowed_methods)]

mod call;
mod certificate;
mod exchange;
mod failure;
mod ledger;
mod provider;
mod quota;
mod record;
mod redact;
mod role;
mod snapshot;
mod xml;

#[cfg(feature = "collect")]
mod pace;
#[cfg(feature = "collect")]
mod rate;
#[cfg(feature = "collect")]
mod recorder;

pub use call::{Call, Per, permissions};
pub use certificate::{CertificateError, certificate_end};
pub use exchange::{Attempt, Exchange};
pub use failure::{Failure, FailureReason};
pub use ledger::Ledger;
pub use provider::{DISCOVERY, Discovery, Future, Proposed, Provider, Search, Told, Unit};
pub use quota::Quota;
pub use record::{Body, Outcome, Params, Record};
pub use redact::{REDACTED, redact};
pub use role::{role_json, role_terraform};
pub use snapshot::{Page, Snapshot};
pub use xml::{XmlError, xml_to_json};

#[cfg(feature = "collect")]
pub use pace::{Pace, Permit};
#[cfg(feature = "collect")]
pub use provider::Collect;
#[cfg(feature = "collect")]
pub use rate::{BudgetSpent, CallLimits};
#[cfg(feature = "collect")]
pub use recorder::{Clock, Event, Progress, Quiet, Recorder, once::Once, transcript::Transcript};
