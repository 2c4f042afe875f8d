//! For code-scanning pages: SARIF 2.1.0.
//!
//! A cloud has no files, so a finding's place is the logical location of its subject. What passes is left out; what is
//! unknown is kept as an open result, because leaving it out would read as a pass.

use crate::{Report, plain};
use palisade_engine::{Finding, Mapping, Meta, Severity, State, mappings};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
};

/// Most results that code-scanning pages take from one run. They keep the first 5,000 of them, so the worst come first.
/// <https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit> (2026-11)
const RESULTS: usize = 25_000;

pub(crate) fn sarif(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let rules: BTreeMap<&str, &Meta> =
        report.findings.iter().map(|finding| (finding.control.id, finding.control)).collect();
    let positions: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(position, id)| (*id, position)).collect();
    let mut told: Vec<&Finding> =
        report.findings.iter().filter(|finding| !finding.rolled_up && kind(finding).is_some()).collect();
    told.sort_by_key(|finding| (finding.waived, std::cmp::Reverse((finding.state, finding.severity))));
    let left_out = told.len().saturating_sub(RESULTS);
    told.truncate(RESULTS);
    let results: Vec<Value> =
        told.iter().filter_map(|finding| result(finding, report, positions.get(finding.control.id).copied())).collect();
    let mut notifications: Vec<String> = report
        .gaps
        .iter()
        .map(|gap| format!("{} in {}: {}: {}", gap.call, gap.scope, gap.reason.name(), gap.message))
        .collect();
    if left_out > 0 {
        notifications.push(format!("{left_out} further results were left out: a page takes {RESULTS} of one run"));
    }
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
                // A scan that could not read everything is no success: silence about a cluster is not a pass.
                "executionSuccessful": notifications.is_empty(),
                "startTimeUtc": report.run.started_at.to_string(),
                "endTimeUtc": report.run.finished_at.to_string(),
                "toolExecutionNotifications": notifications.iter().map(|text| json!({
                    "level": "warning",
                    "message": { "text": message(text) },
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
            "requirements": mappings(meta).iter().map(Mapping::told).collect::<Vec<_>>(),
        },
    })
}

/// What a result is called; `None` for what is good and left out.
fn kind(finding: &Finding) -> Option<(&'static str, &'static str)> {
    match finding.state {
        State::Fail => Some(("fail", level(finding.severity))),
        State::Unknown => Some(("open", "none")),
        State::AttestMissing | State::AttestExpired => Some(("review", "none")),
        State::Mitigated => Some(("informational", "none")),
        State::Pass | State::Inherited | State::NotApplicable => None,
    }
}

fn result(finding: &Finding, report: &Report, position: Option<usize>) -> Option<Value> {
    let (kind, level) = kind(finding)?;
    let place = format!("{}/{}", finding.provider, segment(finding.cluster.as_str()));
    let mut result = json!({
        "ruleId": finding.control.id,
        "ruleIndex": position,
        "kind": kind,
        "level": level,
        "message": { "text": message(&format!("{}: {}", finding.cluster_name, finding.because)) },
        "locations": [{
            // Code-scanning pages refuse a result without a file: this one names the cluster and never changes.
            "physicalLocation": { "artifactLocation": { "uri": place }, "region": { "startLine": 1 } },
            "logicalLocations": [{
                "name": plain(&finding.subject.name),
                "fullyQualifiedName": plain(&format!("{}/{}/{}", finding.provider, finding.cluster, finding.subject.id)),
                "kind": "resource",
            }],
        }],
        "partialFingerprints": { "palisade/v1": finding.fingerprint },
        "properties": {
            "security-severity": score(finding.severity),
            "verdict": finding.state.name(),
            "severity": finding.severity.name(),
            "base-severity": finding.base_severity.name(),
        },
    });
    if let Some(row) = report.answers.behind(finding)
        && let (Some(answer), Some(until)) = (&row.answer, row.until)
        && let Some(properties) = result.get_mut("properties").and_then(Value::as_object_mut)
    {
        let said = json!({
            "by": plain(&answer.by),
            "on": answer.on.to_string(),
            "counts-until": until.last_day.to_string(),
            "evidence": answer.evidence.as_deref().map(plain),
        });
        properties.insert("answer".to_owned(), said);
    }
    if finding.waived
        && let Some(fields) = result.as_object_mut()
    {
        let why = finding.acceptance.as_ref().map(|one| plain(&format!("{}: {}", one.owner, one.reason)));
        let suppression = json!([{ "kind": "external", "status": "accepted", "justification": why }]);
        fields.insert("suppressions".to_owned(), suppression);
    }
    Some(result)
}

/// Text that a viewer takes for text: square brackets would make a link (SARIF 2.1.0, 3.11.6).
fn message(text: &str) -> String {
    plain(text).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// A name as one segment of a relative URI: whatever could be a scheme, a step upwards or a query is written out.
fn segment(name: &str) -> String {
    let mut safe = String::new();
    for byte in name.bytes().take(400) {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            safe.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
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
