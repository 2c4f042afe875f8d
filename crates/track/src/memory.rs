//! What is remembered from run to run.

use crate::{Print, Rules, Standing, Tracked, Unread};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::{Coverage, Fingerprint, Severity, State, SubjectKind};
use palisade_model::{ClusterId, Provider, Scope};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A finding that came back within this time flaps: it is resolved only after [`GOOD_READS`] good reads in a row.
pub const FLAPPING: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many good reads in a row resolve a finding that flaps.
pub const GOOD_READS: u32 = 2;

/// Everything that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Findings that are or were open.
    pub findings: BTreeMap<Fingerprint, Remembered>,
    /// What was last said of everything that was ever judged, good or bad.
    pub said: BTreeMap<Fingerprint, Said>,
    /// The clusters that were ever read.
    pub clusters: BTreeMap<ClusterId, KnownCluster>,
    /// The places that were ever listed or dark.
    pub places: BTreeMap<(Provider, Scope), Place>,
    /// The runs of each schedule, as far as the next run needs them. Runs without a schedule are under the empty name.
    pub lineages: BTreeMap<String, Lineage>,
    /// The waivers that were seen, by [`waiver_key`](crate::waiver_key).
    pub waivers: BTreeMap<Print, KnownWaiver>,
}

/// A finding that is or was open, with what is not shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The finding.
    pub tracked: Tracked,
    /// When somebody was last told that it is open. `None`: nobody was, because it is waived or closed.
    pub told: Option<Timestamp>,
    /// The worst severity that was told since it opened: only what exceeds it is told as worse.
    pub worst: Severity,
    /// When it opened, was resolved, gone or reopened, as far as that is within [`FLAPPING`].
    pub turns: Vec<Timestamp>,
}

/// Somebody acts on a finding that is not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{fingerprint}` is {standing}: only an open finding can be acknowledged")]
pub struct NotOpenError {
    /// Which.
    pub fingerprint: Fingerprint,
    /// Where it stands.
    pub standing: &'static str,
}

impl Tracked {
    /// Somebody takes it on: its reminders stop, until it is closed and reopened.
    pub fn acknowledge(&mut self, by: &str, at: Timestamp) -> Result<(), NotOpenError> {
        self.stand(Standing::Acknowledged { by: by.to_owned(), at })
    }

    /// Nobody has taken it on any more.
    pub fn unacknowledge(&mut self) -> Result<(), NotOpenError> {
        self.stand(Standing::Open)
    }

    fn stand(&mut self, standing: Standing) -> Result<(), NotOpenError> {
        if !self.standing.is_open() {
            return Err(NotOpenError { fingerprint: self.fingerprint, standing: self.standing.name() });
        }
        self.standing = standing;
        Ok(())
    }
}

/// What was last said of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The control's id.
    pub control: Arc<str>,
    /// The cluster.
    pub cluster: ClusterId,
    /// What kind of thing it is about.
    pub kind: SubjectKind,
    /// What it is about.
    pub subject: Arc<str>,
    /// What was said. `None`: the thing does not exist any more, or the control no longer concerns it.
    pub state: Option<State>,
    /// How bad that is.
    pub severity: Severity,
    /// The records it rests on.
    pub evidence: Print,
    /// The rules by which it was said.
    pub rules: Print,
}

/// A cluster that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCluster {
    /// Who runs it.
    pub provider: Provider,
    /// Where it lives.
    pub scope: Scope,
    /// As people know it.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Who reaches its API server from outside, in words, when that is known.
    pub reached_by: Option<String>,
    /// When it was first read.
    pub first_seen: Timestamp,
    /// When it, or that it is gone, was last read. A run that ended earlier has nothing to say of it any more.
    pub last_read: Timestamp,
    /// When a complete list of its scope first lacked it, if one does.
    pub gone: Option<Timestamp>,
}

/// A place where clusters may be: an account and region, a subscription, a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// When its clusters were last listed completely.
    pub listed: Option<Timestamp>,
    /// Why it could not be looked at when it was last tried, if it could not.
    pub dark: Option<Unread>,
}

/// The runs of one schedule, as far as the next one needs them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// The last run.
    pub run: String,
    /// When it ended.
    pub at: Timestamp,
    /// By what it judged.
    pub rules: Rules,
    /// Facts known and facts that there are, of that run.
    pub facts: (u64, u64),
    /// The same of the last run whose coverage had not dropped.
    pub reference: (u64, u64),
    /// The places that run had listed.
    pub listed: BTreeSet<(Provider, Scope)>,
    /// The places of these that have been lost since.
    pub lost: BTreeSet<(Provider, Scope)>,
    /// Whether somebody was told that coverage dropped.
    pub dropped: bool,
}

/// A waiver that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownWaiver {
    /// Control, cluster and subject, for people.
    pub selector: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends.
    pub until: Timestamp,
    /// How many findings it covered when it was approved: as it says itself, or when it first covered any.
    pub approved: Option<u64>,
    /// How many it covers.
    pub covers: u64,
    /// The smallest number of days before its end that was told.
    pub told_days: Option<u32>,
    /// Whether its end was told.
    pub told_end: bool,
    /// Whether it was told that it covers nothing.
    pub told_unused: bool,
    /// The number of findings it was last told to have grown to.
    pub told_covers: u64,
}

impl Memory {
    /// Whether no run was ever remembered.
    pub fn is_empty(&self) -> bool {
        self.lineages.is_empty()
    }
}

/// Facts as a pair, for comparing.
pub(crate) fn pair(coverage: Coverage) -> (u64, u64) {
    (coverage.known, coverage.total)
}

/// Whether a verdict holds a finding open.
pub fn is_bad(state: State) -> bool {
    match state {
        State::Fail | State::AttestMissing | State::AttestExpired => true,
        State::Pass | State::NotApplicable | State::Inherited | State::Mitigated | State::Unknown => false,
    }
}

/// Whether a verdict resolves one. Neither bad nor good is unknown.
pub fn is_good(state: State) -> bool {
    match state {
        State::Pass | State::NotApplicable | State::Inherited | State::Mitigated => true,
        State::Fail | State::AttestMissing | State::AttestExpired | State::Unknown => false,
    }
}
