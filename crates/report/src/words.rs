//! The report in Markdown: for a wiki, a pull request, an issue.

use crate::{
    Options, Outlook, Report,
    table::{of_clusters, percent},
    way::{escaped, plan_markdown},
};
use palisade_assess::{Assessment, Quadrant, Score, assess};
use palisade_engine::{Finding, Severity, State};
use std::{cmp::Reverse, fmt::Write as _};

/// Open findings that are told; the other forms have all.
const FINDINGS: usize = 500;
/// Gaps that are told.
const GAPS: usize = 100;
/// Changes told under what to do first.
const FIRST: usize = 8;

/// The report in Markdown, with everything from a cloud escaped.
pub(crate) fn markdown(report: &Report, options: &Options) -> String {
    let mut text = String::from("# Palisade\n\n");
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        text,
        "{} clusters, {} of the facts were read, {} gaps. Run `{}` of {}.\n",
        report.clusters.len(),
        percent(report),
        report.gaps.len(),
        report.run.id,
        super::html::moment(report.run.finished_at)
    );
    let own = |wanted: &dyn Fn(&Finding) -> bool| of_clusters(report).filter(|finding| wanted(finding)).count();
    text.push_str("| Critical | High | Medium | Low | Unknown | Pass |\n|---:|---:|---:|---:|---:|---:|\n|");
    for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
        let _ = write!(text, " {} |", own(&|finding| is_open(finding) && finding.severity == severity));
    }
    let unknown = own(&|one| matches!(one.state, State::Unknown | State::AttestMissing | State::AttestExpired));
    let _ = writeln!(text, " {unknown} | {} |", own(&|finding| finding.state == State::Pass));
    let outlook = Outlook::of(report, options.plan.as_ref());
    if let Ok(outlook) = &outlook {
        first(outlook, &mut text);
    }
    health(&assess(&report.findings, report.unseen_places(), &options.history.past), &mut text);
    if let Some(changes) = &options.history.changes {
        text.push_str(&changes.markdown());
    }
    findings(report, &mut text);
    gaps(report, &mut text);
    match &outlook {
        Ok(outlook) => {
            let _ = write!(
                text,
                "\n{}",
                plan_markdown(outlook).replace("\n## ", "\n### ").replacen("# Plan", "## Plan", 1)
            );
        }
        Err(why) => {
            let _ = writeln!(text, "\n## Plan\n\nThere is no plan: {}", escaped(&why.to_string()));
        }
    }
    text
}

fn is_open(finding: &Finding) -> bool {
    finding.state == State::Fail && !finding.waived
}

fn first(outlook: &Outlook, text: &mut String) {
    let wins = outlook.fields.iter().filter(|field| field.quadrant == Quadrant::QuickWin);
    let ids: Vec<_> = wins.flat_map(|field| &field.initiatives).take(FIRST).collect();
    if ids.is_empty() {
        return;
    }
    text.push_str("\n## What to do first\n\n");
    for id in ids {
        let Some(one) = outlook.initiatives.iter().find(|one| one.id == *id) else { continue };
        let _ = writeln!(
            text,
            "1. {} ({} {}, {} days, {} points of risk)",
            escaped(&one.title),
            one.provider.service(),
            escaped(&one.account),
            one.cost.days,
            one.risk.get()
        );
    }
}

fn health(assessment: &Assessment, text: &mut String) {
    let said = |score: Option<Score>| score.map_or_else(|| "–".to_owned(), |score| score.points().to_string());
    text.push_str("\n## Health\n\n| Layer | By itself | Standing on what is around it |\n|---|---:|---:|\n");
    for layer in &assessment.fleet.layers {
        let _ = writeln!(text, "| {} | {} | {} |", layer.layer, said(layer.own), said(layer.effective));
    }
    text.push_str("\n| Dimension | Score | At most | Answered |\n|---|---:|---:|---:|\n");
    for one in &assessment.fleet.dimensions {
        let answered = one.tally.answered;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} of {} |",
            one.dimension,
            said(one.score),
            said(one.at_most),
            answered.known,
            answered.asked
        );
    }
}

fn findings(report: &Report, text: &mut String) {
    let mut open: Vec<&Finding> = of_clusters(report).filter(|finding| is_open(finding)).collect();
    open.sort_by_key(|finding| (Reverse(finding.severity), finding.control.id, &finding.cluster_name));
    text.push_str("\n## Open findings\n\n");
    if open.is_empty() {
        text.push_str("Nothing that was read is open.\n");
        return;
    }
    text.push_str("| Severity | Control | Cluster | Why |\n|---|---|---|---|\n");
    for finding in open.iter().take(FINDINGS) {
        let _ = writeln!(
            text,
            "| {} | {} {} | {} {} | {} |",
            finding.severity,
            finding.control.id,
            finding.control.title,
            finding.provider.service(),
            escaped(&finding.cluster_name),
            escaped(finding.brief.as_deref().unwrap_or(&finding.because))
        );
    }
    if let Some(more) = open.len().checked_sub(FINDINGS).filter(|more| *more > 0) {
        let _ = writeln!(text, "\nand {more} more; the other forms of the report have all.");
    }
}

fn gaps(report: &Report, text: &mut String) {
    if report.gaps.is_empty() {
        return;
    }
    text.push_str("\n## What was not read\n\n| Where | Call | Why | Permission | Hides |\n|---|---|---|---|---|\n");
    for gap in report.gaps.iter().take(GAPS) {
        let _ = writeln!(
            text,
            "| {} | {} | {}: {} | {} | {} |",
            escaped(&gap.scope),
            escaped(&gap.call),
            gap.reason.name(),
            escaped(&gap.message),
            escaped(gap.permission.as_deref().unwrap_or_default()),
            gap.hides.join(", ")
        );
    }
    if let Some(more) = report.gaps.len().checked_sub(GAPS).filter(|more| *more > 0) {
        let _ = writeln!(text, "\nand {more} more");
    }
}
