//! The plan as issues, in files that GitHub's own program and Jira's import read.

use crate::{Outlook, calendar::letters, cell, plain, way};
use palisade_assess::{Change, Initiative, QuarterPlan};
use palisade_engine::Severity;
use std::{fmt::Write as _, io};

/// Letters of a summary that Jira takes.
const SUMMARY: usize = 255;
/// Clusters named in one issue.
const NAMED: usize = 40;

/// A script that makes an issue of each planned initiative with `gh`, once: it looks for the initiative's name first, so that
/// running it again with the next plan adds what is new. Every text is one quoted word of the shell.
pub fn plan_github(outlook: &Outlook) -> String {
    let mut text = String::from(
        "#!/bin/sh\n\
         # Makes an issue of each initiative of the plan in the repository of this folder, or of `GH_REPO`.\n\
         # It needs GitHub's program, signed in: https://cli.github.com. What was made before is left alone.\n\
         set -eu\n\
         gh label create palisade --force --description 'Found by Palisade' >/dev/null\n\
         issue() {\n\
         \x20 known=$(gh issue list --state all --limit 1 --label palisade --search \"$1 in:body\" --json number --jq length)\n\
         \x20 if [ \"$known\" -gt 0 ]; then echo \"there is one for $1\"; return; fi\n\
         \x20 gh issue create --title \"$2\" --label palisade --body \"$3\"\n\
         }\n",
    );
    for (quarter, one) in planned(outlook) {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "issue {} {} {}", word(&mark(one)), word(&plain(&one.title)), word(&body(quarter, one)));
    }
    text
}

/// Rows for Jira's CSV import, one for each planned initiative.
///
/// # Errors
/// When `to` does not take it.
pub fn plan_jira(outlook: &Outlook, to: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record([
        "Summary",
        "Issue Type",
        "Priority",
        "Due Date",
        "Labels",
        "Labels",
        "Original Estimate",
        "External ID",
        "Description",
    ])?;
    for (quarter, one) in planned(outlook) {
        let summary: String = plain(&one.title).chars().take(SUMMARY - 1).collect();
        let priority = match one.severity {
            Severity::Critical => "Highest",
            Severity::High => "High",
            Severity::Medium => "Medium",
            Severity::Low => "Low",
            Severity::Info => "Lowest",
        };
        writer.write_record([
            cell(&summary).as_str(),
            "Task",
            priority,
            &quarter.span.to.to_string(),
            "palisade",
            &format!("palisade-q{}", quarter.span.quarter),
            // Seconds of work, with eight hours to a day.
            &(u64::from(one.cost.days.in_quarters()) * 7_200).to_string(),
            &mark(one),
            &cell(&jira(&lines(quarter, one))),
        ])?;
    }
    writer.flush()
}

fn planned(outlook: &Outlook) -> impl Iterator<Item = (&QuarterPlan, &Initiative)> {
    let all = way::by_id(outlook);
    outlook.plan.quarters.iter().flat_map(move |quarter| {
        let found: Vec<_> =
            quarter.items.iter().filter_map(|item| Some((quarter, *all.get(&item.initiative)?))).collect();
        found
    })
}

/// A word by which the issue of an initiative is found again. An initiative's own name may hold anything.
fn mark(one: &Initiative) -> String {
    format!("palisade{}", letters(one.id.as_str(), 8))
}

/// What an issue says: a heading or nothing, and what stands behind it.
fn lines(quarter: &QuarterPlan, one: &Initiative) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Change::Mend { control } | Change::Answer { control } = &one.change {
        lines.push(("How", format!("palisade explain {control}")));
    }
    lines.extend([
        ("Where", format!("{} {}", one.provider.service(), one.account)),
        ("Owner", if one.owner.as_str().is_empty() { "nobody yet".to_owned() } else { one.owner.as_str().to_owned() }),
        ("When", format!("quarter {}, {} to {}", quarter.span.quarter, quarter.span.from, quarter.span.to)),
        ("Work", format!("{} days: {}", one.cost.days, one.cost.because)),
        ("Risk", format!("{} points in {} findings", one.risk.get(), one.findings.len())),
    ]);
    if let Some(worst) = &one.worst {
        lines.push(("Likely", worst.likelihood.because.join("; ")));
        lines.push(("Gives", worst.impact.because.join("; ")));
    }
    lines.push(("Kind", one.quadrant.name().to_owned()));
    lines.extend(one.clusters.iter().take(NAMED).map(|cluster| ("Cluster", cluster.to_string())));
    if let Some(more) = one.clusters.len().checked_sub(NAMED).filter(|more| *more > 0) {
        lines.push(("Clusters", format!("and {more} more")));
    }
    lines.push(("Change", one.id.as_str().to_owned()));
    lines.push(("Mark", mark(one)));
    lines
}

/// For GitHub: whatever a cloud said stands in code, where nobody is mentioned and nothing is a link.
fn body(quarter: &QuarterPlan, one: &Initiative) -> String {
    let mut text = String::new();
    for (head, said) in lines(quarter, one) {
        let _ = writeln!(text, "- {head}: `{}`", plain(&said).replace('`', "'"));
    }
    text
}

/// For Jira: what means something in its markup is taken by its word.
fn jira(lines: &[(&'static str, String)]) -> String {
    let mut text = String::new();
    for (head, said) in lines {
        let _ = write!(text, "* {head}: ");
        for letter in plain(said).chars() {
            if "\\{}[]*_-+^~|!#@?".contains(letter) {
                text.push('\\');
            }
            text.push(letter);
        }
        text.push('\n');
    }
    text
}

/// One word of a shell, whatever stands in it.
fn word(text: &str) -> String {
    format!("'{}'", text.replace('\0', "").replace('\'', "'\\''"))
}
