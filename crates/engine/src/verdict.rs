//! What a control says of one thing.

use crate::{Grounds, Severity, Subject};
use palisade_model::{Cluster, Digest, Evidence, Gap, Identity, Observed, Pool};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// The states of a verdict.
///
/// The order is "worst last", as the roll-up of several verdicts needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The thing cannot exist here.
    NotApplicable,
    /// The provider runs it.
    Inherited,
    /// Everything was read and it is good.
    Pass,
    /// A bad setting exists and another verified setting neutralises it.
    Mitigated,
    /// Nobody answered.
    AttestMissing,
    /// The answer is too old.
    AttestExpired,
    /// Something that could have been the proof was not read, or what was read does not settle it.
    Unknown,
    /// It is proven bad.
    Fail,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::NotApplicable,
        Self::Inherited,
        Self::Pass,
        Self::Mitigated,
        Self::AttestMissing,
        Self::AttestExpired,
        Self::Unknown,
        Self::Fail,
    ];

    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Inherited => "inherited",
            Self::Pass => "pass",
            Self::Mitigated => "mitigated",
            Self::AttestMissing => "attest-missing",
            Self::AttestExpired => "attest-expired",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a control says of one thing, with the reason and the records it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The state.
    pub state: State,
    /// The reason, with the value that made it so.
    pub because: String,
    /// Another severity than the control's own, where the guide says so.
    pub severity: Option<Severity>,
    /// The records it rests on.
    pub evidence: Grounds,
    /// The same reason where there is little room, when it is much shorter.
    pub brief: Option<String>,
}

impl Verdict {
    fn new(state: State, because: impl Into<String>) -> Self {
        Self { state, because: because.into(), severity: None, evidence: Grounds::default(), brief: None }
    }

    /// Everything was read and it is good.
    pub fn pass(because: impl Into<String>) -> Self {
        Self::new(State::Pass, because)
    }

    /// It is proven bad.
    pub fn fail(because: impl Into<String>) -> Self {
        Self::new(State::Fail, because)
    }

    /// The thing cannot exist here.
    pub fn not_applicable(because: impl Into<String>) -> Self {
        Self::new(State::NotApplicable, because)
    }

    /// The provider runs it; the reason carries the provider's own statement.
    pub fn inherited(because: impl Into<String>) -> Self {
        Self::new(State::Inherited, because)
    }

    /// A bad setting exists and another verified setting neutralises it.
    pub fn mitigated(because: impl Into<String>) -> Self {
        Self::new(State::Mitigated, because)
    }

    /// A person has to answer and nobody did.
    pub fn attest_missing(because: impl Into<String>) -> Self {
        Self::new(State::AttestMissing, because)
    }

    /// A person has answered, and too long ago.
    pub fn attest_expired(because: impl Into<String>) -> Self {
        Self::new(State::AttestExpired, because)
    }

    /// With another severity than the control's own.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// The same verdict with its reason in few words.
    #[must_use]
    pub fn in_brief(mut self, brief: impl Into<String>) -> Self {
        self.brief = Some(brief.into());
        self
    }

    /// With these records.
    #[must_use]
    pub(crate) fn resting_on(mut self, records: &Arc<[Evidence]>) -> Self {
        self.evidence.rest_on_records(records);
        self
    }

    /// With a file that people keep, whole: `what` it holds, and its SHA-256.
    #[must_use]
    pub fn seen_in_file(self, what: &'static str, digest: Digest) -> Self {
        self.resting_on(&Arc::from([Evidence { digest, call: Arc::from(what), pointer: Arc::from("") }]))
    }

    /// With the records another verdict rests on.
    #[must_use]
    pub fn resting_too_on(mut self, other: &Self) -> Self {
        self.evidence.rest_too_on(&other.evidence);
        self
    }

    /// With the records a fact was read from.
    pub fn seen_in<T>(mut self, fact: &Observed<T>) -> Self {
        self.evidence.rest_on(fact);
        self
    }
}

/// A verdict about one subject. A gap leaves the judging function through `?` and becomes unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What it is about.
    pub subject: Subject,
    /// What is said of it.
    pub verdict: Result<Verdict, Gap>,
}

/// One verdict for the whole cluster.
pub fn whole(cluster: &Cluster, judge: impl FnOnce() -> Result<Verdict, Gap>) -> Vec<Judgement> {
    vec![Judgement { subject: Subject::cluster(cluster), verdict: judge() }]
}

/// One verdict for each pool. Unknown for the cluster when the list of pools is; `none` says what no pools mean.
pub fn per_pool(cluster: &Cluster, none: &str, mut judge: impl FnMut(&Pool) -> Result<Verdict, Gap>) -> Vec<Judgement> {
    let pools = match cluster.pools.get() {
        Ok(pools) if !pools.is_empty() => pools,
        Ok(_) => return whole(cluster, || Ok(Verdict::not_applicable(none).seen_in(&cluster.pools))),
        Err(gap) => return whole(cluster, || Err(gap)),
    };
    pools.iter().map(|pool| Judgement { subject: Subject::pool(pool), verdict: judge(pool) }).collect()
}

/// One verdict for each identity that `concerns` the control. Unknown for the cluster when the list of identities is;
/// `none` says what no such identity means.
pub fn per_identity(
    cluster: &Cluster,
    none: &str,
    concerns: impl Fn(&Identity) -> bool,
    mut judge: impl FnMut(&Identity) -> Result<Verdict, Gap>,
) -> Vec<Judgement> {
    let identities = match cluster.identities.get() {
        Ok(identities) => identities,
        Err(gap) => return whole(cluster, || Err(gap)),
    };
    let judged: Vec<Judgement> = identities
        .iter()
        .filter(|identity| concerns(identity))
        .map(|identity| Judgement { subject: Subject::identity(identity), verdict: judge(identity) })
        .collect();
    if judged.is_empty() {
        return whole(cluster, || Ok(Verdict::not_applicable(none).seen_in(&cluster.identities)));
    }
    judged
}
