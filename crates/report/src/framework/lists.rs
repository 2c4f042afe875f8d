//! The same for a spreadsheet and for a wiki.

use super::{FrameworkReport, ORDER, meaning};
use crate::{html::moment, plain::cell, way::escaped};
use palisade_frameworks::{ControlResult, Heard, RequirementResult, Status};
use std::{
    fmt::Write as _,
    io::{self, Write},
};

/// Findings that a line of Markdown names.
const NAMED: usize = 5;

const COLUMNS: [&str; 17] = [
    "framework",
    "version",
    "requirement",
    "title",
    "status",
    "because",
    "control",
    "control_title",
    "clusters_not_satisfied",
    "clusters_unknown",
    "clusters_accepted",
    "clusters_satisfied",
    "clusters_inherited",
    "clusters_not_applicable",
    "findings",
    "calls",
    "more_findings",
];

pub(super) fn csv(report: &FrameworkReport<'_>, to: &mut dyn Write) -> io::Result<()> {
    let mut lines = csv::Writer::from_writer(to);
    lines.write_record(COLUMNS)?;
    let edition = report.rolled.edition;
    for result in &report.rolled.requirements {
        let of = result.requirement;
        let start = [
            cell(&edition.key),
            cell(&edition.version),
            cell(&of.id),
            cell(of.title.as_deref().unwrap_or_default()),
            result.status.name().to_owned(),
            cell(&result.because.join("; ")),
        ];
        let controls: Vec<&ControlResult<'_>> =
            of.controls.iter().filter_map(|meta| report.rolled.controls.get(meta.id)).collect();
        for control in &controls {
            let prints: Vec<String> = control.shown.iter().map(|(_, one)| one.fingerprint.to_string()).collect();
            let counts = ORDER.map(|status| control.clusters.of(status).to_string());
            let own = [control.meta.id.to_owned(), cell(control.meta.title)];
            let calls: Vec<String> = control.shown.iter().map(|(_, one)| report.calls(one)).collect();
            // In the order of the findings; nothing at all where there is no ledger.
            let calls = if report.calls.is_some() { calls.join(" ") } else { String::new() };
            let end = [prints.join(" "), cell(&calls), control.more().to_string()];
            lines.write_record(start.iter().chain(&own).chain(&counts).chain(&end))?;
        }
        // What is only asked of people, and what is not checked, has a line too.
        if controls.is_empty() {
            let empty = vec![String::new(); COLUMNS.len() - start.len()];
            lines.write_record(start.iter().chain(&empty))?;
        }
    }
    lines.flush()
}

// Writing to a string cannot fail, here and below.
pub(super) fn markdown(report: &FrameworkReport<'_>) -> String {
    let FrameworkReport { run, rolled, coverage, told, gaps, sealed, .. } = report;
    let edition = rolled.edition;
    let mut text =
        format!("# {}\n\n{}. {}\n\n", escaped(&edition.told()), report.headline(), escaped(&edition.covers()));
    let _ = writeln!(text, "| | |\n|---|---|");
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "| {name} | {value} |");
    };
    row("clusters", format!("{} in {} places", rolled.clusters.len(), report.places().len()));
    for one in *told {
        row("clusters are", escaped(&one.words()));
    }
    row("read", format!("{} to {}", moment(run.started_at), moment(run.finished_at)));
    row(
        "coverage",
        format!("{} of {} facts known, {gaps} gaps, {} places not seen", coverage.known, coverage.total, rolled.unseen),
    );
    row("run", format!("`{}`, judged by palisade {}", run.id, run.palisade));
    if let Some(sealed) = sealed {
        row(
            "bundle",
            match &sealed.signed {
                Some((key, origin, number)) => {
                    format!("number {number} of {}, key `{key}`, manifest `{}`", escaped(origin), sealed.manifest)
                }
                None => format!("not sealed, manifest `{}`", sealed.manifest),
            },
        );
    }
    text.push_str("\n| Status | Requirements | Means |\n|---|---:|---|\n");
    let counts = rolled.counts();
    for status in ORDER {
        let _ = writeln!(text, "| {} | {} | {} |", status.said(), counts.of(status), meaning(status));
    }
    text.push_str("\n## Requirements\n\n| Requirement | Status | Why |\n|---|---|---|\n");
    for result in rolled.checked() {
        let title =
            result.requirement.title.as_deref().map_or_else(String::new, |title| format!(" {}", escaped(title)));
        let _ = writeln!(
            text,
            "| {}{title} | {} | {} |",
            escaped(&result.requirement.id),
            result.status.said(),
            escaped(&result.because.join("; "))
        );
    }
    for result in rolled.checked() {
        evidence(report, result, &mut text);
    }
    let unchecked: Vec<String> = rolled.unchecked().map(|one| escaped(&one.requirement.id)).collect();
    if !unchecked.is_empty() {
        let _ = write!(text, "\n## Not checked by this version\n\n{}\n", unchecked.join(", "));
    }
    text
}

fn evidence(report: &FrameworkReport<'_>, result: &RequirementResult<'_>, text: &mut String) {
    let _ = write!(text, "\n### {} is {}\n\n", escaped(&result.requirement.id), result.status.said());
    for meta in &result.requirement.controls {
        let Some(control) = report.rolled.controls.get(meta.id) else { continue };
        let counts: Vec<String> = ORDER
            .into_iter()
            .map(|status| (status, control.clusters.of(status)))
            .filter(|(_, count)| *count > 0)
            .map(|(status, count)| format!("{count} {}", status.said()))
            .collect();
        let _ = writeln!(text, "- {} {}: {}", meta.id, escaped(meta.title), counts.join(", "));
        for (status, finding) in control.shown.iter().take(NAMED) {
            let calls = report.calls(finding);
            let calls = if calls.is_empty() { String::new() } else { format!(", calls {calls}") };
            let _ = writeln!(
                text,
                "  - {} {}: `{}`{calls}",
                status.said(),
                escaped(&finding.cluster_name),
                finding.fingerprint
            );
        }
        if let Some(more) = control.clusters.total().checked_sub(NAMED as u64).filter(|more| *more > 0) {
            let _ = writeln!(text, "  - and {more} more");
        }
    }
    for (question, heard) in result.requirement.questions.iter().zip(&result.heard) {
        let said = match (&question.said, heard) {
            (Some(said), Heard::Counts(word)) => {
                format!(
                    "{}, said {} on {}; it counts until {}",
                    word.name(),
                    escaped(&said.by),
                    said.on,
                    said.last_day()
                )
            }
            (Some(said), _) => format!("{} said on {}; it does not count", escaped(&said.by), said.on),
            (None, _) => "nobody has answered".to_owned(),
        };
        let _ = writeln!(text, "- {} {said}", escaped(&question.asks));
    }
    if result.status == Status::Unknown && !result.requirement.unread.is_empty() {
        let further: Vec<String> =
            result.requirement.unread.iter().map(|one| format!("{} {}", one.id, escaped(one.title))).collect();
        let _ = writeln!(text, "- not checked by this version: {}", further.join("; "));
    }
}
