//! For code-scanning pages: SARIF 2.1.0.
//!
//! A cloud has no files, so a finding's place is the logical location of its subject. What passes is left out; what is
//! unknown is kept as an open result, because leaving it out would read as a pass.

use crate::Report;
use palisade_engine::{Finding, Meta, Severity, State};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

pub(crate) fn sarif(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let rules: BTreeMap<&str, &Meta> =
        report.findings.iter().map(|finding| (finding.control.id, finding.control)).collect();
    let positions: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(position, id)| (*id, position)).collect();
    let results: Vec<Value> = report
        .findings
        .iter()
        .filter(|finding| !finding.rolled_up)
        .filter_map(|finding| result(finding, positions.get(finding.control.id).copied()))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Palisade",
                "semanticVersion": report.run.palisade,
                "rules": rules.values().map(|meta| rule(meta)).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": format!("palisade/{}", report.run.id) },
            "invocations": [{
                "executionSuccessful": true,
                "startTimeUtc": report.run.started_at.to_string(),
                "endTimeUtc": report.run.finished_at.to_string(),
                "toolExecutionNotifications": report.gaps.iter().map(|gap| json!({
                    "level": "warning",
                    "message": { "text": format!("{} in {}: {}", gap.call, gap.scope, gap.reason.name()) },
                })).collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    });
    let mut to = io::BufWriter::new(to);
    serde_json::to_writer_pretty(&mut to, &log)?;
    to.write_all(b"\n")?;
    to.flush()
}

fn rule(meta: &Meta) -> Value {
    json!({
        "id": meta.id,
        "name": meta.name,
        "shortDescription": { "text": meta.title },
        "defaultConfiguration": { "level": level(meta.severity) },
        "properties": {
            "security-severity": score(meta.severity),
            "tags": ["security", meta.concern.name(), meta.layer.name()],
        },
    })
}

fn result(finding: &Finding, position: Option<usize>) -> Option<Value> {
    let (kind, level) = match finding.state {
        State::Fail => ("fail", level(finding.severity)),
        State::Unknown => ("open", "none"),
        State::AttestMissing | State::AttestExpired => ("review", "none"),
        State::Mitigated => ("informational", "none"),
        State::Pass | State::Inherited | State::NotApplicable => return None,
    };
    let mut result = json!({
        "ruleId": finding.control.id,
        "ruleIndex": position,
        "kind": kind,
        "level": level,
        "message": { "text": format!("{}: {}", finding.cluster_name, finding.because) },
        "locations": [{ "logicalLocations": [{
            "name": finding.subject.name,
            "fullyQualifiedName": format!("{}/{}/{}", finding.provider, finding.cluster, finding.subject.id),
            "kind": "resource",
        }]}],
        "partialFingerprints": { "palisade/v1": finding.fingerprint },
        "properties": { "security-severity": score(finding.severity), "verdict": finding.state.name() },
    });
    if finding.waived
        && let Some(fields) = result.as_object_mut()
    {
        fields.insert("suppressions".to_owned(), json!([{ "kind": "external", "status": "accepted" }]));
    }
    Some(result)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The number code-scanning pages sort by.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}
