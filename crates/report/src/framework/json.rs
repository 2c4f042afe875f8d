//! `palisade.framework/v1`.

use super::FrameworkReport;
use crate::json::Told;
use palisade_engine::Finding;
use palisade_frameworks::{ControlResult, Counts, Heard, Question, RequirementResult, Status};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// How the requirements of a framework stand in one run.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "palisade.framework/v1")]
struct Whole<'a> {
    /// Always `palisade.framework/v1`.
    schema: &'static str,
    /// Which framework.
    framework: Framework<'a>,
    /// Which run.
    run: Run<'a>,
    /// Of which clusters.
    scope: Scope<'a>,
    /// How much was seen.
    coverage: Coverage,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<Sealed<'a>>,
    /// Requirements of which something is checked or asked, by how they stand.
    counts: BTreeMap<&'static str, u64>,
    /// Every requirement, in the order of the framework.
    requirements: Vec<Requirement<'a>>,
    /// Every control that speaks to one of them.
    controls: Vec<Control<'a>>,
}

/// Which framework.
#[derive(Serialize, JsonSchema)]
struct Framework<'a> {
    name: &'a str,
    title: &'a str,
    version: &'a str,
    /// Whether it is a user's own.
    own: bool,
    providers: Vec<&'static str>,
    /// What of it is checked, in words.
    covers: String,
}

/// Which run.
#[derive(Serialize, JsonSchema)]
struct Run<'a> {
    id: &'a str,
    #[schemars(with = "String")]
    started_at: jiff::Timestamp,
    #[schemars(with = "String")]
    finished_at: jiff::Timestamp,
    palisade: &'a str,
}

/// Of which clusters.
#[derive(Serialize, JsonSchema)]
struct Scope<'a> {
    clusters: usize,
    /// Places where clusters may be that nobody could look at.
    unseen_places: usize,
    places: Vec<Place<'a>>,
    /// Who told which places hold clusters, where not every place was looked at by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    told: Vec<Told<'a>>,
}

/// An account and region, a subscription or a project.
#[derive(Serialize, JsonSchema)]
struct Place<'a> {
    provider: &'static str,
    scope: &'a str,
    clusters: usize,
}

/// How much was seen.
#[derive(Serialize, JsonSchema)]
struct Coverage {
    facts_known: u64,
    facts_total: u64,
    gaps: usize,
}

/// The bundle of evidence that it is made of.
#[derive(Serialize, JsonSchema)]
struct Sealed<'a> {
    /// The SHA-256 of its manifest.
    manifest_sha256: &'a str,
    key: Option<&'a str>,
    origin: Option<&'a str>,
    number: Option<u64>,
    /// Whether the reader trusts the key.
    key_is_trusted: bool,
}

/// How a requirement stands.
#[derive(Serialize, JsonSchema)]
struct Requirement<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    status: &'static str,
    /// Whether anything of it is checked or asked.
    checked: bool,
    /// Why, a sentence for each cause.
    because: &'a [String],
    clusters: BTreeMap<&'static str, u64>,
    controls: Vec<&'static str>,
    /// Controls of the catalogue that speak to it and that this version does not have.
    not_checked: Vec<NotChecked>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    questions: Vec<Asked<'a>>,
}

/// A control of the catalogue that this version does not have.
#[derive(Serialize, JsonSchema)]
struct NotChecked {
    id: &'static str,
    title: &'static str,
}

/// What people are asked for a requirement.
#[derive(Serialize, JsonSchema)]
struct Asked<'a> {
    asks: &'a str,
    /// Whether the answer counts: it is neither missing nor over.
    counts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a str>,
}

/// What a control says for the framework.
#[derive(Serialize, JsonSchema)]
struct Control<'a> {
    id: &'static str,
    name: &'static str,
    title: &'static str,
    clusters: BTreeMap<&'static str, u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    never_fails: Vec<&'static str>,
    findings: Vec<Reference<'a>>,
    /// Findings that are not named here; `results/verdicts.ndjson` of a bundle has all.
    more: u64,
}

/// A finding that a requirement rests on.
#[derive(Serialize, JsonSchema)]
struct Reference<'a> {
    fingerprint: String,
    status: &'static str,
    verdict: &'static str,
    provider: &'static str,
    scope: &'a str,
    cluster: &'a str,
    cluster_name: &'a str,
    because: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiver: Option<Waiver<'a>>,
    #[serde(skip_serializing_if = "String::is_empty")]
    calls: String,
}

/// Who accepted it, and until when.
#[derive(Serialize, JsonSchema)]
struct Waiver<'a> {
    owner: &'a str,
    approver: &'a str,
    reason: &'a str,
    #[schemars(with = "String")]
    until: jiff::Timestamp,
}

/// The JSON Schema of the form, as published in `docs/reference/`.
pub(super) fn schema() -> serde_json::Value {
    // What is written, which leaves out what is empty.
    let settings = SchemaSettings::default().for_serialize();
    settings.into_generator().into_root_schema_for::<Whole<'static>>().to_value()
}

pub(super) fn json(report: &FrameworkReport<'_>, to: &mut dyn Write) -> io::Result<()> {
    let FrameworkReport { run, rolled, coverage, told: inventories, gaps, sealed, .. } = report;
    let edition = rolled.edition;
    let place = |((provider, scope), clusters): ((palisade_model::Provider, _), usize)| Place {
        provider: provider.name(),
        scope,
        clusters,
    };
    let whole = Whole {
        schema: "palisade.framework/v1",
        framework: Framework {
            name: &edition.key,
            title: &edition.title,
            version: &edition.version,
            own: edition.is_own,
            providers: edition.providers.iter().map(|one| one.name()).collect(),
            covers: edition.covers(),
        },
        run: Run { id: &run.id, started_at: run.started_at, finished_at: run.finished_at, palisade: run.palisade },
        scope: Scope {
            clusters: rolled.clusters.len(),
            unseen_places: rolled.unseen,
            places: report.places().into_iter().map(place).collect(),
            told: inventories.iter().map(Told::of).collect(),
        },
        coverage: Coverage { facts_known: coverage.known, facts_total: coverage.total, gaps: *gaps },
        sealed: sealed.map(|sealed| Sealed {
            manifest_sha256: &sealed.manifest,
            key: sealed.signed.as_ref().map(|(key, _, _)| key.as_str()),
            origin: sealed.signed.as_ref().map(|(_, origin, _)| origin.as_str()),
            number: sealed.signed.as_ref().map(|(_, _, number)| *number),
            key_is_trusted: sealed.is_trusted,
        }),
        counts: told(&rolled.counts()),
        requirements: rolled.requirements.iter().map(requirement).collect(),
        controls: rolled.controls.values().map(|control| of_control(report, control)).collect(),
    };
    serde_json::to_writer_pretty(&mut *to, &whole)?;
    to.write_all(b"\n")
}

fn told(counts: &Counts) -> BTreeMap<&'static str, u64> {
    counts.iter().map(|(status, count)| (status.name(), count)).collect()
}

fn requirement<'a>(result: &'a RequirementResult<'_>) -> Requirement<'a> {
    let of = result.requirement;
    Requirement {
        id: &of.id,
        title: of.title.as_deref(),
        status: result.status.name(),
        checked: of.is_checked(),
        because: &result.because,
        clusters: told(&result.clusters),
        controls: of.controls.iter().map(|meta| meta.id).collect(),
        not_checked: of.unread.iter().map(|one| NotChecked { id: one.id, title: one.title }).collect(),
        questions: of.questions.iter().zip(&result.heard).map(|(question, heard)| asked(question, *heard)).collect(),
    }
}

fn asked(question: &Question, heard: Heard) -> Asked<'_> {
    let said = question.said.as_ref();
    Asked {
        asks: &question.asks,
        counts: matches!(heard, Heard::Counts(_)),
        answer: said.map(|said| said.word.name()),
        by: said.map(|said| said.by.as_str()),
        answered: said.map(|said| said.on.to_string()),
        until: said.map(|said| said.last_day().to_string()),
        evidence: said.and_then(|said| said.evidence.as_deref()),
    }
}

fn of_control<'a>(report: &FrameworkReport<'_>, control: &'a ControlResult<'_>) -> Control<'a> {
    let reference = |(status, finding): &(Status, &'a Finding)| Reference {
        fingerprint: finding.fingerprint.to_string(),
        status: status.name(),
        verdict: finding.state.name(),
        provider: finding.provider.name(),
        scope: finding.scope.as_str(),
        cluster: finding.cluster.as_str(),
        cluster_name: &finding.cluster_name,
        because: &finding.because,
        waiver: finding.acceptance.as_deref().filter(|_| finding.waived).map(|one| Waiver {
            owner: &one.owner,
            approver: &one.approver,
            reason: &one.reason,
            until: one.until,
        }),
        calls: report.calls(finding),
    };
    Control {
        id: control.meta.id,
        name: control.meta.name,
        title: control.meta.title,
        clusters: told(&control.clusters),
        never_fails: control.never_fails.iter().copied().collect(),
        findings: control.shown.iter().map(reference).collect(),
        more: control.more(),
    }
}
