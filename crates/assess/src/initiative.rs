//! Initiatives: one change, or one kind of change in one account, that closes many findings.

use crate::{
    effort::Cost,
    prerequisite::{Requirement, requirements, upgrade_for},
    risk::{Points, Risk},
    scorecard::Quadrant,
    surroundings::{Owner, Surroundings},
};
use palisade_engine::{ControlId, Effort, Finding, Fingerprint, Layer, Severity, State, SubjectKind};
use palisade_model::{ClusterId, Provider};
use serde::{Deserialize, Serialize};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A stable name: the same change in the same account for the same team has the same one in every run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InitiativeId(String);

impl InitiativeId {
    /// Takes a name from a plan as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InitiativeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Change {
    /// Mend what a control finds bad.
    Mend {
        /// Which control.
        control: ControlId,
    },
    /// Grant a permission, so that what is unknown can be read.
    Read {
        /// Which permission.
        permission: String,
    },
    /// Answer what no API can tell.
    Answer {
        /// Which control asks.
        control: ControlId,
    },
    /// Upgrade clusters, because other changes need it.
    Upgrade {
        /// To which version at least.
        to: String,
    },
}

/// One change that closes many findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Initiative {
    /// Its stable name.
    pub id: InitiativeId,
    /// What is to be done.
    #[serde(flatten)]
    pub change: Change,
    /// In a sentence.
    pub title: String,
    /// On which cloud.
    pub provider: Provider,
    /// In which account, subscription or project.
    pub account: String,
    /// Who does it.
    pub owner: Owner,
    /// The outermost layer it is about.
    pub layer: Layer,
    /// The worst severity among its findings, before what the surroundings make of it.
    pub severity: Severity,
    /// What it closes.
    pub findings: Vec<Fingerprint>,
    /// The clusters it touches.
    pub clusters: BTreeSet<ClusterId>,
    /// The risk it removes.
    pub risk: Points,
    /// The worst single finding's risk, with the reasons. `None` when it has no findings of its own.
    pub worst: Option<Risk>,
    /// What it costs.
    pub cost: Cost,
    /// Where it stands on the scorecard.
    pub quadrant: Quadrant,
    /// What comes first.
    pub requires: Vec<Requirement>,
}

/// What findings of one initiative have in common.
type Key<'a> = (Change, Provider, &'a str, &'a Owner);

/// The initiatives that findings ask for, worst first. What was accepted asks for nothing, and neither does a finding of
/// a cluster whose surroundings are not given.
pub fn initiatives(findings: &[Finding], surroundings: &[Surroundings]) -> Vec<Initiative> {
    let around: BTreeMap<&ClusterId, &Surroundings> = surroundings.iter().map(|one| (&one.cluster, one)).collect();
    let mut groups: BTreeMap<Key<'_>, Vec<(&Finding, &Surroundings)>> = BTreeMap::new();
    let mut upgrades: BTreeMap<Key<'_>, BTreeSet<&ClusterId>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !finding.rolled_up && !finding.waived) {
        let Some(around) = around.get(&finding.cluster).copied() else { continue };
        let Some(change) = change(finding) else { continue };
        let key = |change| (change, around.provider, around.account(), &around.owner);
        if let Some(to) = upgrade_for(finding, around) {
            upgrades.entry(key(Change::Upgrade { to: to.to_string() })).or_default().insert(&around.cluster);
        }
        groups.entry(key(change)).or_default().push((finding, around));
    }
    let mended = groups.into_iter().map(|(key, findings)| initiative(key, &findings));
    let upgraded = upgrades.into_iter().map(|(key, clusters)| upgrade(key, &clusters, &around));
    let mut all: Vec<Initiative> = mended.chain(upgraded).collect();
    requirements(&mut all, surroundings);
    all.sort_by(|a, b| (Reverse(a.risk), &a.id).cmp(&(Reverse(b.risk), &b.id)));
    all
}

fn change(finding: &Finding) -> Option<Change> {
    let control = finding.control.id;
    match finding.state {
        State::Fail | State::Mitigated => Some(Change::Mend { control }),
        State::AttestMissing | State::AttestExpired => Some(Change::Answer { control }),
        State::Unknown => {
            let permission = finding.gap.as_ref()?.permission()?.to_owned();
            Some(Change::Read { permission })
        }
        State::Pass | State::NotApplicable | State::Inherited => None,
    }
}

fn initiative((change, provider, account, owner): Key<'_>, findings: &[(&Finding, &Surroundings)]) -> Initiative {
    let mut ranked: Vec<(Risk, &Finding)> =
        findings.iter().map(|(finding, around)| (Risk::of(finding, around), *finding)).collect();
    ranked.sort_by_key(|(risk, finding)| (Reverse(risk.points), finding.fingerprint));
    let clusters: BTreeSet<ClusterId> = ranked.iter().map(|(_, finding)| finding.cluster.clone()).collect();
    let places: BTreeSet<Place<'_>> = ranked.iter().map(|(_, finding)| place(finding)).collect();
    let layer = ranked.iter().map(|(_, finding)| finding.control.layer).min().unwrap_or(Layer::Cloud);
    let severity = ranked.iter().map(|(_, finding)| finding.base_severity).max().unwrap_or(Severity::Info);
    let meta = ranked.first().map(|(_, finding)| finding.control);
    let (title, cost) = match &change {
        Change::Mend { .. } => (
            meta.map_or_else(String::new, |meta| meta.title.to_owned()),
            Cost::of(meta.map_or(Effort::M, |meta| meta.effort), places.len(), ranked.len(), "place"),
        ),
        Change::Answer { .. } => (
            meta.map_or_else(String::new, |meta| format!("Answer whether this holds: {}", meta.title)),
            Cost::of(Effort::S, clusters.len(), ranked.len(), "cluster"),
        ),
        Change::Read { permission } | Change::Upgrade { to: permission } => {
            (format!("Grant `{permission}`, so that it can be read"), Cost::of(Effort::S, 1, ranked.len(), "account"))
        }
    };
    let risk = ranked.iter().map(|(risk, _)| risk.points).sum();
    let worst = ranked.first().map(|(risk, _)| risk.clone());
    Initiative {
        id: id_of(&change, provider, account, owner),
        title,
        provider,
        account: account.to_owned(),
        owner: owner.clone(),
        layer,
        severity,
        findings: ranked.iter().map(|(_, finding)| finding.fingerprint).collect(),
        clusters,
        risk,
        quadrant: Quadrant::of(worst.as_ref().map_or(Points::default(), |risk| risk.points), cost.days),
        worst,
        cost,
        requires: Vec::new(),
        change,
    }
}

/// What is changed: a cluster or a part of it, or an identity, which may serve many clusters.
type Place<'a> = (Option<&'a ClusterId>, SubjectKind, &'a str);

fn place(finding: &Finding) -> Place<'_> {
    let subject = &finding.subject;
    let cluster = match subject.kind {
        SubjectKind::Identity | SubjectKind::Trust => None,
        SubjectKind::Cluster | SubjectKind::NodePool | SubjectKind::Controller => Some(&finding.cluster),
    };
    (cluster, subject.kind, &subject.id)
}

fn upgrade(
    (change, provider, account, owner): Key<'_>,
    clusters: &BTreeSet<&ClusterId>,
    around: &BTreeMap<&ClusterId, &Surroundings>,
) -> Initiative {
    let to = match &change {
        Change::Upgrade { to } => palisade_model::Version::parse(to),
        Change::Mend { .. } | Change::Read { .. } | Change::Answer { .. } => None,
    };
    let steps = |id: &&ClusterId| {
        let from = around.get(*id).and_then(|around| around.version);
        to.zip(from).map_or(1, |(to, from)| to.minor.saturating_sub(from.minor).max(1) as usize)
    };
    let cost = Cost::of(Effort::L, clusters.iter().map(steps).sum(), 0, "minor version of a cluster");
    let to = to.map_or_else(String::new, |to| to.to_string());
    Initiative {
        id: id_of(&change, provider, account, owner),
        title: format!("Upgrade to {to} or later, one minor version after another"),
        provider,
        account: account.to_owned(),
        owner: owner.clone(),
        layer: Layer::Cluster,
        severity: Severity::Info,
        findings: Vec::new(),
        clusters: clusters.iter().map(|id| (*id).clone()).collect(),
        risk: Points::default(),
        worst: None,
        quadrant: Quadrant::of(Points::default(), cost.days),
        cost,
        requires: Vec::new(),
        change,
    }
}

fn id_of(change: &Change, provider: Provider, account: &str, owner: &Owner) -> InitiativeId {
    let what = match change {
        Change::Mend { control } => format!("mend/{control}"),
        Change::Read { permission } => format!("read/{permission}"),
        Change::Answer { control } => format!("answer/{control}"),
        Change::Upgrade { to } => format!("upgrade/{to}"),
    };
    InitiativeId(format!("{what}/{provider}/{account}/{}", owner.as_str()))
}
