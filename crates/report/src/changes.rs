//! What is different since an earlier report, and how the scores went.

use crate::{Report, plain, way::escaped};
use jiff::Timestamp;
use palisade_assess::{Past, assess};
use palisade_engine::{ChangeKind, Finding, Fingerprint, compare};
use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
};

/// What a report knows of earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// What is different since one of them.
    pub changes: Option<Changes>,
    /// The scores of those that are remembered.
    pub past: Vec<Past>,
}

impl History {
    /// Of earlier runs, from what [`scores`] said of each. What another version wrote and this one cannot read is left out.
    pub fn remembered<'a>(scores: impl IntoIterator<Item = &'a str>) -> Self {
        let past = scores.into_iter().filter_map(|text| serde_json::from_str(text).ok());
        Self { changes: None, past: past.collect() }
    }

    /// Without the run itself, which is not earlier than itself.
    #[must_use]
    pub fn before(mut self, run: &str) -> Self {
        self.past.retain(|past| past.run != run);
        self
    }
}

/// The scores of a report, to be remembered: those of the fleet and of each provider.
///
/// # Errors
/// Never: there is nothing in them that cannot be written.
pub fn scores(report: &Report) -> serde_json::Result<String> {
    let assessment = assess(&report.findings, report.unseen_places(), &[]);
    let mut past = Past::of(&assessment, &report.run.id, report.run.finished_at);
    // Those of each cluster would be the largest part of a memory, and are in the evidence.
    past.scores.retain(|place, _| !place.starts_with("cluster "));
    serde_json::to_string(&past)
}

/// What is different between two reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The id of the earlier run.
    pub run: String,
    /// When it ended.
    pub since: Timestamp,
    /// What cannot be laid at the fleet's door: another version judged, or more or less was read.
    pub beside: Vec<String>,
    /// What is different, worst first.
    pub rows: Vec<ChangeRow>,
    /// Names of clusters that are here now and were not before.
    pub arrived: Vec<String>,
    /// Names of clusters that were here before and are not now.
    pub gone: Vec<String>,
}

/// One finding that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// Which.
    pub fingerprint: Fingerprint,
    /// What happened.
    pub kind: ChangeKind,
    /// How bad it is now, or was when it is no more.
    pub severity: &'static str,
    /// By which control.
    pub control: &'static str,
    /// The control's title.
    pub title: &'static str,
    /// The cluster's name. Hostile text.
    pub cluster: String,
    /// What it is of. Hostile text.
    pub subject: String,
    /// Why it was found, or why it is no more. Hostile text.
    pub because: String,
    /// Whether it is in the later report.
    pub is_here: bool,
}

/// In words.
pub(crate) fn told(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::New => "new",
        ChangeKind::Worsened => "worse",
        ChangeKind::Resolved => "resolved",
        ChangeKind::NoLongerVisible => "no longer seen",
    }
}

/// What is bad now comes first, then what nobody sees any more, then what was resolved.
fn rank(kind: ChangeKind) -> u8 {
    match kind {
        ChangeKind::New => 0,
        ChangeKind::Worsened => 1,
        ChangeKind::NoLongerVisible => 2,
        ChangeKind::Resolved => 3,
    }
}

impl Changes {
    /// What is different from one report to the next. A cluster's own finding stands for those of its parts.
    pub fn between(before: &Report, after: &Report) -> Self {
        let was: HashMap<Fingerprint, &Finding> = before.findings.iter().map(|one| (one.fingerprint, one)).collect();
        let is: HashMap<Fingerprint, &Finding> = after.findings.iter().map(|one| (one.fingerprint, one)).collect();
        let mut rows: Vec<(Reverse<palisade_engine::Severity>, ChangeRow)> = compare(&before.findings, &after.findings)
            .into_iter()
            .filter_map(|change| {
                let (now, then) = (is.get(&change.fingerprint).copied(), was.get(&change.fingerprint).copied());
                let one = match change.kind {
                    ChangeKind::New | ChangeKind::Worsened => now?,
                    ChangeKind::Resolved | ChangeKind::NoLongerVisible => then?,
                };
                (!one.rolled_up).then(|| (Reverse(one.severity), row(change.kind, one, now)))
            })
            .collect();
        rows.sort_by(|(a_severity, a), (b_severity, b)| {
            let key = |row: &ChangeRow| (row.control, row.cluster.clone(), row.subject.clone(), row.fingerprint);
            (rank(a.kind), a_severity, key(a)).cmp(&(rank(b.kind), b_severity, key(b)))
        });
        let names = |report: &Report| -> BTreeSet<(String, String)> {
            report.clusters.iter().map(|one| (one.id.clone(), one.name.clone())).collect()
        };
        let (old, new) = (names(before), names(after));
        let ids =
            |all: &BTreeSet<(String, String)>| -> BTreeSet<String> { all.iter().map(|(id, _)| id.clone()).collect() };
        let only = |one: &BTreeSet<(String, String)>, other: &BTreeSet<(String, String)>| -> Vec<String> {
            let known = ids(other);
            one.iter().filter(|(id, _)| !known.contains(id)).map(|(_, name)| name.clone()).collect()
        };
        Self {
            run: before.run.id.clone(),
            since: before.run.finished_at,
            beside: beside(before, after),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            arrived: only(&new, &old),
            gone: only(&old, &new),
        }
    }

    /// How many of each, in the order of what to read first.
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        [ChangeKind::New, ChangeKind::Worsened, ChangeKind::NoLongerVisible, ChangeKind::Resolved]
            .into_iter()
            .map(|kind| (told(kind), self.rows.iter().filter(|row| row.kind == kind).count()))
            .collect()
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("\n## What changed since {}\n\n", super::html::moment(self.since));
        for line in &self.beside {
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(text, "{}\n", escaped(line));
        }
        for (what, names) in [("came", &self.arrived), ("went", &self.gone)] {
            if !names.is_empty() {
                let names: Vec<String> = names.iter().map(|name| escaped(name)).collect();
                let _ = writeln!(text, "Clusters that {what}: {}.\n", names.join(", "));
            }
        }
        if self.rows.is_empty() {
            text.push_str("No finding is other than it was.\n");
            return text;
        }
        text.push_str("| Is | Severity | Control | Cluster | Of | Why |\n|---|---|---|---|---|---|\n");
        for row in &self.rows {
            let _ = writeln!(
                text,
                "| {} | {} | {} {} | {} | {} | {} |",
                told(row.kind),
                row.severity,
                row.control,
                row.title,
                escaped(&row.cluster),
                escaped(&row.subject),
                escaped(&row.because)
            );
        }
        text
    }
}

fn row(kind: ChangeKind, one: &Finding, now: Option<&Finding>) -> ChangeRow {
    let because = match (kind, now) {
        (ChangeKind::NoLongerVisible, None) => "it is not among what was read any more".to_owned(),
        (ChangeKind::Resolved | ChangeKind::NoLongerVisible, Some(now)) => now.because.to_string(),
        _ => one.brief.as_deref().unwrap_or(&one.because).to_owned(),
    };
    ChangeRow {
        fingerprint: one.fingerprint,
        kind,
        severity: one.severity.name(),
        control: one.control.id,
        title: one.control.title,
        cluster: one.cluster_name.to_string(),
        subject: one.subject.name.to_string(),
        because,
        is_here: now.is_some(),
    }
}

fn beside(before: &Report, after: &Report) -> Vec<String> {
    let mut beside = Vec::new();
    if before.run.palisade != after.run.palisade {
        let (old, new) = (before.run.palisade, after.run.palisade);
        beside.push(format!("Version {old} judged then and {new} now: a rule may have changed, and not the fleet."));
    }
    let (old, new) = (&before.coverage, &after.coverage);
    if (old.known, old.total) != (new.known, new.total) {
        beside.push(format!(
            "{} of {} facts were read then, {} of {} now: what is new may only be seen now.",
            old.known, old.total, new.known, new.total
        ));
    }
    beside.iter().map(|line| plain(line)).collect()
}
