//! For SIEMs: OCSF Compliance Finding, class 2003, a line for each verdict.
//!
//! Only what versions 1.5.0 and 1.8.0 have in common and neither calls deprecated:
//! <https://schema.ocsf.io/1.8.0/classes/compliance_finding> (2026-11).

use crate::{
    Outcome, Record,
    activity::{self, Activity},
    names::Uuid,
    text::{line, prose},
};
use palisade_engine::{Finding, Mapping, Severity};
use palisade_model::Provider;
use serde::Serialize;
use std::{
    fmt,
    io::{self, BufWriter, Write},
    str::FromStr,
};

/// What an event says of its version. The content is the same in all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OcsfVersion {
    /// The first with all that we write.
    #[default]
    V1_5_0,
    /// Between the two.
    V1_6_0,
    /// Between the two.
    V1_7_0,
    /// The newest that was looked at.
    V1_8_0,
}

impl OcsfVersion {
    /// Every one, oldest first.
    pub const ALL: [Self; 4] = [Self::V1_5_0, Self::V1_6_0, Self::V1_7_0, Self::V1_8_0];

    /// The number.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1_5_0 => "1.5.0",
            Self::V1_6_0 => "1.6.0",
            Self::V1_7_0 => "1.7.0",
            Self::V1_8_0 => "1.8.0",
        }
    }
}

impl fmt::Display for OcsfVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Not a version that we write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version of OCSF that is written: choose 1.5.0, 1.6.0, 1.7.0 or 1.8.0")]
pub struct ParseOcsfVersionError(String);

impl FromStr for OcsfVersion {
    type Err = ParseOcsfVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|version| version.name() == text);
        found.ok_or_else(|| ParseOcsfVersionError(text.chars().take(40).collect()))
    }
}

#[derive(Serialize)]
struct Event {
    activity_id: u8,
    activity_name: &'static str,
    category_uid: u8,
    category_name: &'static str,
    class_uid: u16,
    class_name: &'static str,
    type_uid: u32,
    type_name: &'static str,
    /// Milliseconds since 1970.
    time: i64,
    severity_id: u8,
    severity: &'static str,
    status_id: u8,
    status: &'static str,
    message: String,
    metadata: Metadata,
    finding_info: FindingInfo,
    compliance: Compliance,
    cloud: Cloud,
    resources: [Resource; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation>,
    unmapped: Unmapped,
}

#[derive(Serialize)]
struct Metadata {
    version: &'static str,
    product: Product,
    profiles: [&'static str; 1],
    uid: Uuid,
    correlation_uid: String,
    event_code: &'static str,
}

#[derive(Serialize)]
struct Product {
    name: &'static str,
    vendor_name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct FindingInfo {
    uid: String,
    title: &'static str,
    desc: String,
    types: [&'static str; 1],
}

#[derive(Serialize)]
struct Compliance {
    control: &'static str,
    desc: &'static str,
    requirements: Vec<String>,
    standards: Vec<String>,
    status_id: u8,
    status: &'static str,
    status_code: &'static str,
    status_details: Vec<String>,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    uid: &'static str,
    name: &'static str,
    desc: String,
    standards: Vec<String>,
    status_id: u8,
    status: &'static str,
    severity_id: u8,
    severity: &'static str,
}

#[derive(Serialize)]
struct Cloud {
    provider: &'static str,
    account: Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
}

#[derive(Serialize)]
struct Account {
    uid: String,
    type_id: u8,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Resource {
    uid: String,
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The cluster that it belongs to.
    namespace: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
}

#[derive(Serialize)]
struct Remediation {
    desc: String,
}

/// What OCSF has no place for.
#[derive(Serialize)]
struct Unmapped {
    verdict: &'static str,
    base_severity: &'static str,
    cluster_uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiver: Option<Waiver>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<String>,
}

#[derive(Serialize)]
struct Waiver {
    owner: String,
    approver: String,
    reason: String,
    until: String,
}

/// A severity's number and caption.
fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Info => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

fn cloud(finding: &Finding) -> Cloud {
    let (provider, type_id, kind) = match finding.provider {
        Provider::Aws => ("AWS", 10, "AWS Account"),
        Provider::Azure => ("Azure", 13, "Azure Subscription"),
        Provider::Gcp => ("GCP", 11, "GCP Project"),
        Provider::Kubernetes => ("Kubernetes", 99, "Other"),
    };
    let (account, region) = scope(finding);
    Cloud { provider, account: Account { uid: line(account), type_id, kind }, region }
}

/// The account and the region of `ACCOUNT/REGION`, which is how AWS's places are called.
fn scope(finding: &Finding) -> (&str, Option<String>) {
    let whole = finding.scope.as_str();
    match (finding.provider, whole.split_once('/')) {
        (Provider::Aws, Some((account, region))) => (account, Some(line(region))),
        _ => (whole, None),
    }
}

/// One line for each verdict, in the order of the findings.
pub(crate) fn write(record: &Record<'_>, to: &mut dyn Write) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    for (place, finding) in record.verdicts() {
        let name = record.name(place, finding);
        let activity = activity::of(record, &name, finding);
        serde_json::to_writer(&mut to, &event(record, name, finding, activity))?;
        to.write_all(b"\n")?;
    }
    for (name, finding) in activity::gone(record) {
        serde_json::to_writer(&mut to, &ended(event(record, name, finding, Activity::Close)))?;
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// An event of what is gone: it has the last words that were said of it, and no verdict.
fn ended(mut event: Event) -> Event {
    const GONE: &str = "Gone";
    let compliance = &mut event.compliance;
    (compliance.status_id, compliance.status, compliance.status_code) = (99, GONE, "gone");
    for check in &mut compliance.checks {
        (check.status_id, check.status) = (99, GONE);
    }
    event.message = line(&format!("it is gone; the last that was said: {}", event.message));
    event.unmapped.verdict = "gone";
    event
}

fn event(record: &Record<'_>, name: String, finding: &Finding, activity: Activity) -> Event {
    let meta = finding.control;
    let run = &record.report.run;
    let outcome = Outcome::of(finding);
    let (status_id, status) = outcome.ocsf();
    let (severity_id, severity) = severity(finding.severity);
    let because = line(&finding.because);
    let maps = record.mappings(meta);
    let check = |standards: Vec<String>, desc: String| Check {
        uid: meta.id,
        name: meta.name,
        desc,
        standards,
        status_id,
        status,
        severity_id,
        severity,
    };
    let mut checks: Vec<Check> = maps
        .iter()
        .map(|map| check(vec![map.edition()], format!("requirements {}", map.requirements.join(", "))))
        .collect();
    if checks.is_empty() {
        checks.push(check(Vec::new(), meta.title.to_owned()));
    }
    let requirement = |map: &Mapping| -> Vec<String> {
        map.requirements.iter().map(|one| format!("{} {one}", map.edition())).collect()
    };
    let (_, region) = scope(finding);
    let (activity_id, activity_name) = activity.ocsf();
    let (stands_id, stands) = match activity {
        Activity::Close => (4, "Resolved"),
        Activity::Create | Activity::Update if outcome == Outcome::Waived => (3, "Suppressed"),
        Activity::Create | Activity::Update => (1, "New"),
    };
    Event {
        activity_id,
        activity_name,
        category_uid: 2,
        category_name: "Findings",
        class_uid: 2003,
        class_name: "Compliance Finding",
        type_uid: 200_300 + u32::from(activity_id),
        type_name: match activity {
            Activity::Create => "Compliance Finding: Create",
            Activity::Update => "Compliance Finding: Update",
            Activity::Close => "Compliance Finding: Close",
        },
        time: run.finished_at.as_millisecond(),
        severity_id,
        severity,
        status_id: stands_id,
        status: stands,
        message: line(&format!("{}: {because}", finding.cluster_name)),
        metadata: Metadata {
            version: record.ocsf.name(),
            product: Product { name: "Palisade", vendor_name: "Palisade", version: run.palisade },
            profiles: ["cloud"],
            uid: Uuid::of("ocsf-event", &[&run.id, &name]),
            correlation_uid: line(&run.id),
            event_code: meta.id,
        },
        finding_info: FindingInfo { uid: name, title: meta.title, desc: because.clone(), types: [meta.concern.name()] },
        compliance: Compliance {
            control: meta.id,
            desc: meta.title,
            requirements: maps.iter().flat_map(requirement).collect(),
            standards: maps.iter().map(Mapping::edition).collect(),
            status_id,
            status,
            status_code: finding.state.name(),
            status_details: vec![because],
            checks,
        },
        cloud: cloud(finding),
        resources: [Resource {
            uid: line(&finding.subject.id),
            name: line(&finding.subject.name),
            kind: finding.subject.kind.name(),
            namespace: line(&finding.cluster_name),
            region,
        }],
        remediation: (!finding.remediation.is_empty()).then(|| Remediation { desc: prose(finding.remediation) }),
        unmapped: Unmapped {
            verdict: finding.state.name(),
            base_severity: finding.base_severity.name(),
            cluster_uid: line(finding.cluster.as_str()),
            waiver: finding.acceptance.as_deref().filter(|_| finding.waived).map(|one| Waiver {
                owner: line(&one.owner),
                approver: line(&one.approver),
                reason: line(&one.reason),
                until: one.until.to_string(),
            }),
            gap: finding.gap.as_deref().map(|gap| line(&gap.to_string())),
        },
    }
}
