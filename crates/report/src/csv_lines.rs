//! A line for each finding, for spreadsheets.

use crate::{Report, cell};
use palisade_engine::{Mapping, mappings};
use std::io::{self, Write};

const COLUMNS: [&str; 26] = [
    "fingerprint",
    "control",
    "name",
    "concern",
    "layer",
    "dimension",
    "severity",
    "verdict",
    "waived",
    "provider",
    "scope",
    "cluster",
    "subject_kind",
    "subject",
    "because",
    "remediation",
    "cluster_id",
    "subject_id",
    "rolled_up",
    "base_severity",
    "accepted_until",
    "answered_by",
    "answered_on",
    "answer_counts_until",
    "answer_evidence",
    "requirements",
];

pub(crate) fn csv(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(COLUMNS)?;
    for finding in &report.findings {
        let meta = finding.control;
        let maps = mappings(meta).iter().map(Mapping::told).collect::<Vec<_>>().join("; ");
        let said = report.answers.behind(finding);
        let answer = said.and_then(|row| row.answer.as_ref());
        let by = answer.map(|answer| cell(&answer.by)).unwrap_or_default();
        let on = answer.map(|answer| answer.on.to_string()).unwrap_or_default();
        let until = said.and_then(|row| row.until).map(|until| until.last_day.to_string()).unwrap_or_default();
        let link = answer.and_then(|answer| answer.evidence.as_deref()).map(cell).unwrap_or_default();
        writer.write_record([
            finding.fingerprint.to_string().as_str(),
            meta.id,
            meta.name,
            meta.concern.name(),
            meta.layer.name(),
            meta.dimension.name(),
            finding.severity.name(),
            finding.state.name(),
            if finding.waived { "true" } else { "false" },
            finding.provider.name(),
            cell(finding.scope.as_str()).as_str(),
            cell(&finding.cluster_name).as_str(),
            finding.subject.kind.name(),
            cell(&finding.subject.name).as_str(),
            cell(&finding.because).as_str(),
            cell(finding.remediation).as_str(),
            cell(finding.cluster.as_str()).as_str(),
            cell(&finding.subject.id).as_str(),
            if finding.rolled_up { "true" } else { "false" },
            finding.base_severity.name(),
            finding.acceptance.as_ref().map(|one| one.until.to_string()).unwrap_or_default().as_str(),
            by.as_str(),
            on.as_str(),
            until.as_str(),
            link.as_str(),
            maps.as_str(),
        ])?;
    }
    writer.flush()
}
