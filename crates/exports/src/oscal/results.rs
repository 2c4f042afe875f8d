//! What was seen: an observation for each verdict and for each call that failed, a finding for each control.

use super::{
    catalog::objective,
    risks::{Kind, observation_uuid, risk, risks},
    words::{
        BackMatter, Component, Each, InventoryItem, Metadata, Origin, Prop, RelatedObservation, RelatedRisk, Resource,
        Rlink, origin, title, tool,
    },
};
use crate::{Bundled, Outcome, Record, names::Uuid, text::line};
use palisade_engine::{ANSWERS, Entry, Finding, GapRow, Meta, WAIVERS};
use palisade_model::Digest;
use serde::Serialize;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

/// Most records that an observation names; the calls of the ledger name all of them.
const RECORDS: usize = 10;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<R, B> {
    assessment_results: Whole<R, B>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Whole<R, B> {
    uuid: Uuid,
    metadata: Metadata,
    import_ap: Import,
    results: [R; 1],
    back_matter: BackMatter<B>,
}

#[derive(Serialize)]
struct Import {
    href: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Run<I, O, R, F> {
    uuid: Uuid,
    title: String,
    description: String,
    start: String,
    end: String,
    props: Vec<Prop>,
    local_definitions: Definitions<I>,
    reviewed_controls: Reviewed,
    #[serde(skip_serializing_if = "Option::is_none")]
    observations: Option<O>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risks: Option<R>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<F>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Definitions<I> {
    pub(super) components: [Component; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inventory_items: Option<I>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Reviewed {
    control_selections: [Selection; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Selection {
    include_controls: Vec<ControlId>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ControlId {
    control_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Observation {
    uuid: Uuid,
    title: String,
    description: String,
    props: Vec<Prop>,
    methods: [&'static str; 1],
    types: [&'static str; 1],
    origins: [Origin; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subjects: Vec<Subject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relevant_evidence: Vec<Evidence>,
    collected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remarks: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Subject {
    subject_uuid: Uuid,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Evidence {
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
    description: String,
    props: [Prop; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct FindingOf {
    uuid: Uuid,
    title: String,
    description: String,
    props: Vec<Prop>,
    origins: [Origin; 1],
    target: About,
    related_observations: Vec<RelatedObservation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_risks: Vec<RelatedRisk>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct About {
    #[serde(rename = "type")]
    kind: &'static str,
    target_id: String,
    status: Status,
}

#[derive(Serialize)]
struct Status {
    state: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remarks: Option<String>,
}

pub(super) fn write(record: &Record<'_>, to: &mut dyn Write) -> io::Result<()> {
    let report = record.report;
    let run = &report.run;
    let asks: BTreeMap<&str, &Entry> =
        record.controls.iter().filter(|entry| entry.asks.is_some()).map(|entry| (entry.meta.id, entry)).collect();
    let risks = risks(record);
    let told = by_control(record);
    let seen: RefCell<BTreeSet<Digest>> = RefCell::default();
    let verdicts = || {
        record.verdicts().map(|(place, finding)| {
            let one = observation(record, place, finding, asks.get(finding.control.id).copied());
            if record.bundle.is_some() {
                seen.borrow_mut().extend(cited(finding));
            }
            one
        })
    };
    let gaps = || report.gaps.iter().enumerate().map(|(place, gap)| lost(record, place, gap));
    let observations = Each(|| verdicts().chain(gaps()));
    let findings = Each(|| told.iter().filter_map(|(meta, findings)| finding(record, meta.0, findings)));
    let resources = Each(|| resources(record, &seen));
    let has_verdicts = record.verdicts().next().is_some();
    let has_findings = told.values().any(|findings| overall(findings).1.is_some());
    let digest = Uuid::of_each("results", content(record));
    let coverage = report.coverage;
    let whole = Run {
        uuid: Uuid::of("result", &[&digest.to_string()]),
        title: title(&format!("Run {}", line(&run.id))),
        description: format!(
            "{} clusters; {} of {} facts were read. What was not read is an observation that says so, and never satisfied.",
            report.clusters.len(),
            coverage.known,
            coverage.total
        ),
        start: run.started_at.to_string(),
        end: run.finished_at.to_string(),
        props: vec![
            Prop::new("facts-known", &coverage.known.to_string()),
            Prop::new("facts-total", &coverage.total.to_string()),
            Prop::new("clusters", &report.clusters.len().to_string()),
            Prop::new("places-not-seen", &report.unseen_places().to_string()),
            Prop::new("failed-calls", &report.gaps.len().to_string()),
        ],
        local_definitions: Definitions {
            components: [tool(record)],
            inventory_items: has_verdicts.then_some(Each(|| inventory(record, |_| true))),
        },
        reviewed_controls: Reviewed {
            control_selections: [Selection {
                include_controls: record.controls.iter().map(|entry| ControlId { control_id: entry.meta.id }).collect(),
            }],
        },
        observations: (has_verdicts || !report.gaps.is_empty()).then_some(observations),
        risks: (!risks.is_empty())
            .then_some(Each(|| risks.iter().filter_map(|((_, kind), findings)| risk(record, kind, findings)))),
        findings: has_findings.then_some(findings),
    };
    let document = Document {
        assessment_results: Whole {
            uuid: digest,
            metadata: Metadata::of(
                record,
                "What Palisade saw",
                &run.id,
                Some(
                    "The record of the run is its snapshot or its bundle of evidence; this is a view of it. Texts are cut \
                     after 600 characters here, and not there."
                        .to_owned(),
                ),
            ),
            import_ap: Import { href: format!("#{}", scope_uuid()) },
            results: [whole],
            back_matter: BackMatter { resources },
        },
    };
    serde_json::to_writer(to, &document)?;
    Ok(())
}

/// What makes a document this one: the run, and everything that was said of it.
fn content<'a>(record: &Record<'a>) -> impl Iterator<Item = String> + use<'a> {
    let report = record.report;
    let run = [report.run.id.clone(), report.run.palisade.to_owned(), report.run.finished_at.to_string()];
    run.into_iter().chain(report.findings.iter().map(|finding| {
        let Finding { fingerprint, state, severity, waived, because, .. } = finding;
        format!("{fingerprint} {state} {severity} {waived} {because}")
    }))
}

/// A control, in the order of ids.
#[derive(Clone, Copy)]
struct ById(&'static Meta);

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for ById {}

impl PartialOrd for ById {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ById {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.id.cmp(other.0.id)
    }
}

fn by_control<'a>(record: &Record<'a>) -> BTreeMap<ById, Vec<(usize, &'a Finding)>> {
    let mut told: BTreeMap<ById, Vec<(usize, &Finding)>> = BTreeMap::new();
    for (place, finding) in record.verdicts() {
        told.entry(ById(finding.control)).or_default().push((place, finding));
    }
    told
}

/// The name of something that was judged.
fn subject_uuid(finding: &Finding) -> Uuid {
    let subject = &finding.subject;
    Uuid::of("inventory-item", &[finding.cluster.as_str(), subject.kind.name(), &subject.id])
}

/// Everything that some verdicts are about, each once.
pub(super) fn inventory<'a>(
    record: &'a Record<'_>,
    wanted: impl Fn(&Finding) -> bool + 'a,
) -> impl Iterator<Item = InventoryItem> + 'a {
    let mut seen = BTreeSet::new();
    let report = record.report;
    let locations: BTreeMap<&str, &str> =
        report.clusters.iter().map(|row| (row.id.as_str(), row.location.as_str())).collect();
    let findings = report.findings.iter().filter(move |finding| !finding.rolled_up && wanted(finding));
    findings.filter(move |finding| seen.insert(subject_uuid(finding))).map(move |finding| {
        let subject = &finding.subject;
        let mut props = vec![
            Prop::new("kind", subject.kind.name()),
            Prop::new("id", &subject.id),
            Prop::new("cluster", &finding.cluster_name),
            Prop::new("cluster-id", finding.cluster.as_str()),
            Prop::new("provider", finding.provider.name()),
            Prop::new("scope", finding.scope.as_str()),
        ];
        props.extend(locations.get(finding.cluster.as_str()).map(|location| Prop::new("location", location)));
        InventoryItem { uuid: subject_uuid(finding), description: line(&subject.name), props }
    })
}

/// The answers of clouds that a verdict rests on.
fn raw(finding: &Finding) -> impl Iterator<Item = Digest> {
    let records = finding.evidence.records().into_iter();
    let mut seen = BTreeSet::new();
    records
        .filter(|record| !is_said(&record.call))
        .map(|record| record.digest)
        .filter(move |digest| seen.insert(*digest))
}

/// Whether a record is a file that people keep and no answer of a cloud.
fn is_said(call: &str) -> bool {
    call == ANSWERS || call == WAIVERS
}

pub(super) fn observation(record: &Record<'_>, place: usize, finding: &Finding, asks: Option<&Entry>) -> Observation {
    let meta = finding.control;
    let outcome = Outcome::of(finding);
    let said = asks.and_then(|entry| Some((entry.asks?, record.policy.answers.behind(meta.id, &finding.evidence)?)));
    let answer = said.and_then(|(asks, place)| Some((asks, record.policy.answers.entries().get(place?)?)));
    let mut props = vec![
        Prop::new("verdict", finding.state.name()),
        Prop::new("severity", finding.severity.name()),
        Prop::new("control", meta.id),
        Prop::new("name", meta.name),
        Prop::new("fingerprint", &record.name(place, finding)),
    ];
    if finding.waived {
        props.push(Prop::new("waived", "true"));
    }
    if let Some(gap) = &finding.gap {
        props.push(Prop::new("gap", gap.reason().name()));
    }
    let calls = record.bundle.and_then(|bundle| bundle.calls).map(|calls| calls(finding)).unwrap_or_default();
    if !calls.is_empty() {
        props.push(Prop::new("calls", &calls));
    }
    let digests: Vec<Digest> = raw(finding).collect();
    let mut evidence: Vec<Evidence> = digests.iter().take(RECORDS).map(|digest| answer_of(record, *digest)).collect();
    if let Some((_, answer)) = answer {
        evidence.extend(answer.evidence.as_deref().map(|place| Evidence {
            href: None,
            description: line(&format!("named by who answered: {place}")),
            props: [Prop::new("said-in", "answers")],
        }));
    }
    let more = digests.len().saturating_sub(RECORDS);
    let mut remarks = Vec::new();
    if let Some((_, answer)) = answer {
        remarks.push(format!("Answered by {} on {}.", line(&answer.by), answer.on));
    }
    if more > 0 {
        remarks.push(format!("It rests on {more} more answers."));
    }
    Observation {
        uuid: observation_uuid(record, place, finding),
        title: title(&format!("{} {}", meta.id, meta.title)),
        description: line(&format!("{}: {}", finding.state, finding.because)),
        props,
        methods: [if outcome == Outcome::Manual || said.is_some() { "EXAMINE" } else { "TEST" }],
        types: ["control-objective"],
        origins: [origin()],
        subjects: vec![Subject { subject_uuid: subject_uuid(finding), kind: "inventory-item" }],
        relevant_evidence: evidence,
        collected: record.report.run.finished_at.to_string(),
        expires: answer.map(|(asks, answer)| answer.until(asks).at.to_string()),
        remarks: (!remarks.is_empty()).then(|| remarks.join(" ")),
    }
}

fn answer_uuid(digest: Digest) -> Uuid {
    Uuid::of("resource", &["answer", &digest.to_hex()])
}

fn answer_of(record: &Record<'_>, digest: Digest) -> Evidence {
    Evidence {
        href: record.bundle.map(|_| format!("#{}", answer_uuid(digest))),
        description: "An answer of the cloud, without secrets.".to_owned(),
        props: [Prop::new("sha-256", &digest.to_hex())],
    }
}

/// A call that failed: what it hides was seen by nobody.
fn lost(record: &Record<'_>, place: usize, gap: &GapRow) -> Observation {
    let mut props = vec![
        Prop::new("verdict", "unknown"),
        Prop::new("gap", gap.reason.name()),
        Prop::new("call", &gap.call),
        Prop::new("scope", &gap.scope),
        Prop::new("times", &gap.times.to_string()),
    ];
    props.extend(gap.permission.as_deref().map(|permission| Prop::new("permission", permission)));
    props.extend(gap.hides.iter().map(|control| Prop::new("hides", control)));
    Observation {
        uuid: Uuid::of("gap", &[&record.report.run.id, &place.to_string(), &gap.scope, &gap.call, gap.reason.name()]),
        title: title(&format!("Not read: {} in {}", gap.call, gap.scope)),
        description: line(&gap.message),
        props,
        methods: ["TEST"],
        types: ["control-objective"],
        origins: [origin()],
        subjects: Vec::new(),
        relevant_evidence: Vec::new(),
        collected: record.report.run.finished_at.to_string(),
        expires: None,
        remarks: None,
    }
}

/// What stands for all verdicts of a control, and what OSCAL says of it: the worst of them, and satisfied only where
/// everything that could be satisfied was seen to be so. `None` where nothing could.
fn overall(findings: &[(usize, &Finding)]) -> (Outcome, Option<(&'static str, &'static str)>) {
    let outcomes = findings.iter().map(|(_, finding)| Outcome::of(finding));
    let worst = outcomes.max().unwrap_or(Outcome::NotApplicable);
    // A question that nobody answered leaves open what was good elsewhere.
    let has_passed = findings.iter().any(|(_, finding)| Outcome::of(finding) == Outcome::Pass);
    match worst {
        Outcome::Manual if has_passed => (worst, Some(("not-satisfied", "other"))),
        _ => (worst, worst.oscal()),
    }
}

fn finding(record: &Record<'_>, meta: &'static Meta, findings: &[(usize, &Finding)]) -> Option<FindingOf> {
    let (worst, target) = overall(findings);
    let (state, reason) = target?;
    let count = |outcome: Outcome| findings.iter().filter(|(_, finding)| Outcome::of(finding) == outcome).count();
    let counts: Vec<String> = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome, count(outcome)))
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| format!("{count} {}", outcome.name()))
        .collect();
    let related: BTreeSet<Uuid> = findings.iter().filter_map(|(_, one)| Some(Kind::of(one)?.uuid(meta.id))).collect();
    Some(FindingOf {
        uuid: Uuid::of("finding", &[&record.report.run.id, meta.id]),
        title: title(meta.title),
        description: format!("Verdicts: {}.", counts.join(", ")),
        props: vec![Prop::new("control", meta.id), Prop::new("outcome", worst.name())],
        origins: [origin()],
        target: About {
            kind: "objective-id",
            target_id: objective(meta.id),
            status: Status { state, reason, remarks: remark(worst).map(str::to_owned) },
        },
        related_observations: findings
            .iter()
            .map(|(place, finding)| RelatedObservation { observation_uuid: observation_uuid(record, *place, finding) })
            .collect(),
        related_risks: related.into_iter().map(|risk_uuid| RelatedRisk { risk_uuid }).collect(),
    })
}

/// What the reason does not say.
fn remark(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Unknown => Some("Not everything was read: nobody knows whether it holds."),
        Outcome::Manual => Some("A person has to answer for some of it, and nobody did or too long ago."),
        Outcome::Mitigated => Some("A bad setting is there, and another verified setting neutralises it."),
        Outcome::Waived => Some("It does not hold, and that was accepted until the deadline of the risk."),
        Outcome::NotApplicable | Outcome::Inherited | Outcome::Pass | Outcome::Fail => None,
    }
}

fn scope_uuid() -> Uuid {
    Uuid::of("resource", &["scope"])
}

/// A file of the bundle.
fn file(record: &Record<'_>, title: &str, path: &str, media_type: &'static str) -> Resource {
    let link = |bundle: Bundled<'_>| Rlink::to(format!("{}{path}", bundle.base), Some(media_type));
    Resource {
        uuid: Uuid::of("resource", &[path]),
        title: title.to_owned(),
        description: None,
        rlinks: record.bundle.map(link).into_iter().collect(),
    }
}

/// What the results point to: the scope in place of a plan that nobody wrote, and, of a bundle, its files and answers.
fn resources<'a>(record: &Record<'a>, cited: &RefCell<BTreeSet<Digest>>) -> impl Iterator<Item = Resource> + use<'a> {
    let scope = Resource {
        uuid: scope_uuid(),
        description: Some(
            "There is no assessment plan as a document: what was asked for, read and denied is the scope of the run."
                .to_owned(),
        ),
        ..file(record, "Scope of the run", "context/scope.json", "application/json")
    };
    std::iter::once(scope).chain(bundled(record, std::mem::take(&mut *cited.borrow_mut())))
}

/// The files of a bundle and the answers in it that were cited. Nothing without a bundle.
pub(super) fn bundled<'a>(record: &Record<'a>, cited: BTreeSet<Digest>) -> impl Iterator<Item = Resource> + use<'a> {
    let files = record.bundle.map(|bundle| {
        let manifest = file(record, "The bundle's manifest", "manifest.json", "application/json");
        let digest = bundle.manifest_sha256.map(str::to_owned);
        let with_digest = |link: Rlink| match digest.clone() {
            Some(digest) => link.with_sha256(digest),
            None => link,
        };
        [
            file(record, "Parameters and accepted risks", "context/policy.json", "application/json"),
            file(record, "Every verdict with its whole reason", "results/verdicts.ndjson", "application/x-ndjson"),
            file(record, "What was seen, and every gap", "results/coverage.json", "application/json"),
            file(record, "The ledger of calls", "calls.ndjson", "application/x-ndjson"),
            Resource { rlinks: manifest.rlinks.into_iter().map(with_digest).collect(), ..manifest },
        ]
    });
    let place = record.bundle.map(|bundle| (bundle.base, bundle.closed));
    let answers = cited.into_iter().filter_map(move |digest| {
        let ((base, closed), hex) = (place?, digest.to_hex());
        let folder: String = hex.chars().take(2).collect();
        let path = format!("{base}raw/{folder}/{hex}.json");
        let link = if closed {
            Rlink::to(path + ".enc", None)
        } else {
            Rlink::to(path, Some("application/json")).with_sha256(hex)
        };
        Some(Resource {
            uuid: answer_uuid(digest),
            title: "An answer of a cloud".to_owned(),
            description: None,
            rlinks: vec![link],
        })
    });
    files.into_iter().flatten().chain(answers)
}

/// The answers that the observation of a verdict names.
pub(super) fn cited(finding: &Finding) -> impl Iterator<Item = Digest> {
    raw(finding).take(RECORDS)
}
