//! What a finding risks: how likely that somebody uses it, and what they get.

use crate::{
    power::Power,
    reach::{Openness, Reach},
    surroundings::{Opening, Stage, Surroundings},
};
use palisade_engine::{Concern, Finding, Severity, State, SubjectKind};
use serde::Serialize;

/// Risk in points: each step of likelihood or impact doubles it, from 1 to 256 for one finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Points(u64);

impl Points {
    /// So many.
    pub fn new(points: u64) -> Self {
        Self(points)
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl std::iter::Sum for Points {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        Self(all.map(|one| one.0).fold(0, u64::saturating_add))
    }
}

/// A step from 1 to 5, with what led to it in the order in which it was weighed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// From 1 to 5.
    pub step: u8,
    /// What led to it.
    pub because: Vec<String>,
}

impl Step {
    fn new(step: u8, because: impl Into<String>) -> Self {
        Self { step: step.clamp(1, 5), because: vec![because.into()] }
    }

    fn by(mut self, change: i8, because: impl Into<String>) -> Self {
        let changed = self.step.saturating_add_signed(change).clamp(1, 5);
        if changed != self.step {
            self.step = changed;
            self.because.push(because.into());
        }
        self
    }

    fn at_least(self, step: u8, because: &str) -> Self {
        let more = i8::try_from(step.saturating_sub(self.step)).unwrap_or_default();
        self.by(more, because)
    }
}

/// What a finding risks, with the reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// How likely it is used: 1 hardly, 2 it takes a foothold or a right, 3 possible, 4 likely, 5 by anybody.
    pub likelihood: Step,
    /// What it gives: 1 little, 2 a part, 3 much of a cluster, 4 its secrets or data, 5 the cluster or more.
    pub impact: Step,
    /// Both together.
    pub points: Points,
}

impl Risk {
    /// Of a finding in its surroundings. Nothing is guessed: likelihood comes from exact exposure and authority, impact
    /// from what is held and from labels; what was not read counts as open, and says so.
    pub fn of(finding: &Finding, around: &Surroundings) -> Self {
        let (likelihood, impact) = (likelihood(finding, around), impact(finding, around));
        let doublings = u32::from(likelihood.step.saturating_sub(1)) + u32::from(impact.step.saturating_sub(1));
        let whole = 1u64 << doublings.min(8);
        let is_open_question = matches!(finding.state, State::Unknown | State::AttestMissing | State::AttestExpired);
        // Not knowing is half as bad as knowing the worst: it may be nothing.
        let points = if is_open_question { (whole / 2).max(1) } else { whole };
        Self { likelihood, impact, points: Points(points) }
    }
}

fn likelihood(finding: &Finding, around: &Surroundings) -> Step {
    let step = match finding.control.concern {
        Concern::ApiServerNetwork => knocked_at(&around.api),
        Concern::NodeNetwork => knocked_at(&machines(finding, around)),
        Concern::CloudApiIam => becoming(finding, around),
        Concern::EtcdAccess => opened(&around.etcd),
        Concern::EtcdEncryption => opened(&around.key),
        Concern::None => Step::new(2, "it takes a foothold in the cluster first"),
    };
    match finding.state {
        State::Mitigated => step.by(-2, "another verified setting neutralises it"),
        State::Pass
        | State::Fail
        | State::Unknown
        | State::NotApplicable
        | State::Inherited
        | State::AttestMissing
        | State::AttestExpired => step,
    }
}

fn knocked_at(reach: &Reach) -> Step {
    let step = match reach.openness {
        Openness::Closed => 1,
        Openness::Gated | Openness::Few => 2,
        Openness::Many => 4,
        Openness::Everyone => 5,
    };
    Step::new(step, reach.because.as_str())
}

fn opened(opening: &Opening) -> Step {
    Step::new(opening.step, opening.because.as_str())
}

fn machines(finding: &Finding, around: &Surroundings) -> Reach {
    let own = around.pools.get(&*finding.subject.id).filter(|_| finding.subject.kind == SubjectKind::NodePool);
    own.cloned().unwrap_or_else(|| around.nodes())
}

/// An identity is used by whoever gets into the cluster, which is one step less likely than getting at its door, or by
/// whoever its trusts and keys let in.
fn becoming(finding: &Finding, around: &Surroundings) -> Step {
    let doors = [around.api.clone(), around.nodes()];
    let [api, nodes] = &doors;
    let widest = if nodes.openness > api.openness { nodes } else { api };
    let foothold = knocked_at(widest);
    let because = format!("it takes a foothold in the cluster first; {}", widest.because);
    let mut step = Step::new(foothold.step.saturating_sub(1), because);
    if let Some(way) = identity_of(finding).and_then(|id| around.ways_in.get(id)) {
        step = step.at_least(way.step, &way.because);
    }
    if finding.subject.kind == SubjectKind::Cluster {
        step = step.at_least(around.minting.step, &around.minting.because);
    }
    step
}

fn impact(finding: &Finding, around: &Surroundings) -> Step {
    let base = match finding.base_severity {
        Severity::Info => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
        Severity::Critical => 5,
    };
    let mut step = Step::new(base, format!("{} by the catalogue", finding.base_severity));
    if let Some(power) = power(finding, around) {
        let change = if power.step > base { power.step.saturating_sub(base).min(2) } else { 0 };
        step = step.by(i8::try_from(change).unwrap_or_default(), power.because.as_str());
        if power.step == 1 && finding.control.concern == Concern::CloudApiIam {
            step = step.by(-1, power.because.as_str());
        }
    }
    step = match &around.stage {
        Stage::Production => step.by(1, "the cluster is labelled as production"),
        Stage::Other(label) => step.by(-1, format!("the cluster is not production: `{label}`")),
        Stage::Unsaid => step,
    };
    match &around.data {
        Some(label) => step.by(1, format!("its data is labelled sensitive: `{label}`")),
        None => step,
    }
}

/// What whoever uses the finding comes to hold: the identity it is about, or that of the machines it opens.
fn power<'a>(finding: &Finding, around: &'a Surroundings) -> Option<&'a Power> {
    if let Some(own) = identity_of(finding).and_then(|id| around.identities.get(id)) {
        return Some(own);
    }
    let of_machines = |power: &&Power| finding.control.concern != Concern::NodeNetwork || power.used_by == "node";
    let counts = matches!(finding.control.concern, Concern::NodeNetwork | Concern::CloudApiIam);
    let gravest = around.identities.values().filter(of_machines).max_by_key(|power| power.step);
    gravest.filter(|_| counts)
}

fn identity_of(finding: &Finding) -> Option<&str> {
    match finding.subject.kind {
        SubjectKind::Identity => Some(&finding.subject.id),
        // A trust's id is the identity's and the statement.
        SubjectKind::Trust => finding.subject.id.split(' ').next(),
        SubjectKind::Cluster | SubjectKind::NodePool | SubjectKind::Controller => None,
    }
}
