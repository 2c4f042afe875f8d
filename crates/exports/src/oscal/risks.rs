//! What is bad, control by control: open, neutralised, or accepted until a day.

use super::words::{Origin, Prop, RelatedObservation, origin, title};
use crate::{
    Outcome, Record,
    names::Uuid,
    oscal::words::OURS,
    text::{line, prose},
};
use palisade_engine::{Acceptance, Entry, Finding, Meta, Severity, section};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Of which risk a finding is a part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// It is bad, and nobody has accepted it.
    Open,
    /// It is bad, and another verified setting neutralises it.
    Neutralised,
    /// Somebody has accepted it: until when, owner, approver, reason.
    Accepted(String, String, String, String),
}

impl Kind {
    /// `None` for what is no risk: it is good, or nobody knows.
    pub(super) fn of(finding: &Finding) -> Option<Self> {
        match (Outcome::of(finding), finding.acceptance.as_deref()) {
            (Outcome::Mitigated, _) => Some(Self::Neutralised),
            (Outcome::Waived, Some(Acceptance { owner, approver, reason, until })) => {
                Some(Self::Accepted(until.to_string(), owner.clone(), approver.clone(), reason.clone()))
            }
            // A waiver always says who and until when; without it the risk is open.
            (Outcome::Fail, _) | (Outcome::Waived, None) => Some(Self::Open),
            _ => None,
        }
    }

    /// The name of the risk of a control: the same in every run while it is there.
    pub(super) fn uuid(&self, control: &str) -> Uuid {
        match self {
            Self::Open => Uuid::of("risk", &[control, "open"]),
            Self::Neutralised => Uuid::of("risk", &[control, "neutralised"]),
            Self::Accepted(until, owner, approver, reason) => {
                Uuid::of("risk", &[control, "accepted", until, owner, approver, reason])
            }
        }
    }
}

/// The findings of each risk, by their places in the record.
pub(super) type Risks<'a> = BTreeMap<(&'static str, Kind), Vec<(usize, &'a Finding)>>;

pub(super) fn risks<'a>(record: &Record<'a>) -> Risks<'a> {
    let mut risks: Risks<'a> = BTreeMap::new();
    for (place, finding) in record.verdicts() {
        if let Some(kind) = Kind::of(finding) {
            risks.entry((finding.control.id, kind)).or_default().push((place, finding));
        }
    }
    risks
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Risk {
    pub(super) uuid: Uuid,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) statement: String,
    pub(super) props: Vec<Prop>,
    pub(super) status: &'static str,
    pub(super) origins: [Origin; 1],
    pub(super) characterizations: [Characterization; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mitigating_factors: Vec<Factor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deadline: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) remediations: Vec<Remediation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_observations: Vec<RelatedObservation>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Characterization {
    pub(super) origin: Origin,
    pub(super) facets: Vec<Facet>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Facet {
    name: &'static str,
    system: &'static str,
    value: String,
}

impl Facet {
    pub(super) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, system: OURS, value: value.into() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Factor {
    uuid: Uuid,
    description: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Remediation {
    pub(super) uuid: Uuid,
    pub(super) lifecycle: &'static str,
    pub(super) title: String,
    pub(super) description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tasks: Vec<Task>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Task {
    pub(super) uuid: Uuid,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) timing: Timing,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Timing {
    pub(super) within_date_range: Range,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Range {
    pub(super) start: String,
    pub(super) end: String,
}

/// The name of what was observed of a finding in this run.
pub(super) fn observation_uuid(record: &Record<'_>, place: usize, finding: &Finding) -> Uuid {
    Uuid::of("observation", &[&record.report.run.id, &record.name(place, finding)])
}

/// Why a control matters, in the words of its page.
pub(super) fn statement(controls: &[Entry], meta: &Meta) -> String {
    let entry = controls.iter().find(|entry| entry.meta.id == meta.id);
    prose(entry.and_then(|entry| section(entry.guide, "## Why it matters")).unwrap_or(meta.title))
}

/// The risk of a control, with the findings that make it. `None` when there are none.
pub(super) fn risk(record: &Record<'_>, kind: &Kind, findings: &[(usize, &Finding)]) -> Option<Risk> {
    let (_, first) = findings.first()?;
    let meta = first.control;
    let worst = findings.iter().map(|(_, finding)| finding.severity).max().unwrap_or(Severity::Info);
    let clusters: BTreeSet<&str> = findings.iter().map(|(_, finding)| finding.cluster.as_str()).collect();
    let uuid = kind.uuid(meta.id);
    let count = format!("verdicts: {}, clusters: {}", findings.len(), clusters.len());
    let (status, description) = match kind {
        Kind::Open => ("open", format!("It does not hold; {count}.")),
        Kind::Neutralised => {
            ("open", format!("It does not hold, and another verified setting neutralises it; {count}."))
        }
        Kind::Accepted(until, owner, approver, reason) => (
            "deviation-approved",
            format!(
                "It does not hold, and {} accepted that until {until}, approved by {}: {}; {count}.",
                line(owner),
                line(approver),
                line(reason)
            ),
        ),
    };
    let mitigating = (*kind == Kind::Neutralised)
        .then(|| Factor { uuid: Uuid::of("factor", &[&uuid.to_string()]), description: line(&first.because) });
    let deadline = match kind {
        Kind::Accepted(until, ..) => Some(until.clone()),
        Kind::Open | Kind::Neutralised => None,
    };
    Some(Risk {
        uuid,
        title: title(meta.title),
        description,
        statement: statement(record.controls, meta),
        props: vec![Prop::new("control", meta.id), Prop::new("name", meta.name)],
        status,
        origins: [origin()],
        characterizations: [Characterization {
            origin: origin(),
            facets: vec![Facet::new("severity", worst.name()), Facet::new("effort", meta.effort.name())],
        }],
        mitigating_factors: mitigating.into_iter().collect(),
        deadline,
        remediations: remediations(uuid, findings),
        related_observations: findings
            .iter()
            .map(|(place, finding)| RelatedObservation { observation_uuid: observation_uuid(record, *place, finding) })
            .collect(),
    })
}

/// What to do on each cloud that is met.
fn remediations(risk: Uuid, findings: &[(usize, &Finding)]) -> Vec<Remediation> {
    let by_cloud: BTreeMap<_, _> =
        findings.iter().rev().map(|(_, finding)| (finding.provider, finding.remediation)).collect();
    let told = by_cloud.into_iter().filter(|(_, text)| !text.is_empty());
    told.map(|(provider, text)| Remediation {
        uuid: Uuid::of("remediation", &[&risk.to_string(), provider.name()]),
        lifecycle: "recommendation",
        title: format!("On {}", provider.service()),
        description: prose(text),
        tasks: Vec::new(),
    })
    .collect()
}
