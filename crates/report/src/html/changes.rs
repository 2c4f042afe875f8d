//! What is different since an earlier run, and how the dimensions went.

use super::moment;
use crate::{
    changes::{ChangeRow, Changes},
    plain,
};
use palisade_assess::{Assessment, DimensionScore, Score};
use palisade_engine::ChangeKind;

/// Rows of one kind of change.
const ROWS: usize = 300;
/// Names of clusters that are told.
const NAMES: usize = 40;
/// Runs in one picture.
const RUNS: usize = 30;

/// What the page shows of changes.
pub(super) struct ChangesView {
    pub(super) since: String,
    pub(super) run: String,
    pub(super) beside: Vec<String>,
    pub(super) counts: Vec<(&'static str, &'static str, usize)>,
    pub(super) arrived: String,
    pub(super) gone: String,
    pub(super) groups: Vec<Group>,
}

/// One kind of change.
pub(super) struct Group {
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) told: &'static str,
    pub(super) rows: Vec<Row>,
    pub(super) more: usize,
}

/// One change.
pub(super) struct Row {
    pub(super) severity: &'static str,
    pub(super) control: String,
    pub(super) place: String,
    pub(super) because: String,
    pub(super) link: String,
}

/// One dimension over the runs.
pub(super) struct Course {
    pub(super) name: &'static str,
    pub(super) now: String,
    pub(super) said: String,
    pub(super) points: String,
    pub(super) marks: Vec<(String, String, String)>,
}

const KINDS: [ChangeKind; 4] =
    [ChangeKind::New, ChangeKind::Worsened, ChangeKind::NoLongerVisible, ChangeKind::Resolved];

impl ChangesView {
    pub(super) fn of(changes: &Changes) -> Self {
        Self {
            since: moment(changes.since),
            run: plain(&changes.run),
            beside: changes.beside.clone(),
            counts: KINDS
                .into_iter()
                .zip(changes.counts())
                .map(|(kind, (name, count))| (name, class(kind), count))
                .collect(),
            arrived: names(&changes.arrived),
            gone: names(&changes.gone),
            groups: KINDS.into_iter().filter_map(|kind| group(changes, kind)).collect(),
        }
    }
}

fn names(all: &[String]) -> String {
    let mut told: Vec<String> = all.iter().take(NAMES).map(|name| plain(name)).collect();
    if all.len() > NAMES {
        told.push(format!("and {} more", all.len() - NAMES));
    }
    told.join(", ")
}

fn class(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::New => "sev-critical",
        ChangeKind::Worsened => "sev-high",
        ChangeKind::NoLongerVisible => "unknown",
        ChangeKind::Resolved => "pass",
    }
}

fn group(changes: &Changes, kind: ChangeKind) -> Option<Group> {
    let all: Vec<&ChangeRow> = changes.rows.iter().filter(|row| row.kind == kind).collect();
    let told_of = match kind {
        ChangeKind::New => "Bad now, and not found bad before.",
        ChangeKind::Worsened => "Bad before, and worse now.",
        ChangeKind::NoLongerVisible => {
            "Bad before, and not read now, or no more there: nobody proved that it is mended."
        }
        ChangeKind::Resolved => "Bad before, and read as good now.",
    };
    let row = |row: &&ChangeRow| Row {
        severity: row.severity,
        control: format!("{} {}", row.control, row.title),
        place: plain(&format!("{}: {}", row.cluster, row.subject)),
        because: plain(&row.because),
        link: if row.is_here { format!("#/finding/{}", row.fingerprint) } else { String::new() },
    };
    (!all.is_empty()).then(|| Group {
        class: class(kind),
        name: match kind {
            ChangeKind::New => "New",
            ChangeKind::Worsened => "Worse",
            ChangeKind::NoLongerVisible => "No longer seen",
            ChangeKind::Resolved => "Resolved",
        },
        told: told_of,
        rows: all.iter().take(ROWS).map(row).collect(),
        more: all.len().saturating_sub(ROWS),
    })
}

/// The dimensions that earlier runs have a score of.
pub(super) fn courses(assessment: &Assessment) -> Vec<Course> {
    assessment.fleet.dimensions.iter().filter_map(course).collect()
}

fn course(one: &DimensionScore) -> Option<Course> {
    let trend = one.trend.as_ref()?;
    let mut series: Vec<(String, Score)> = trend.series.iter().map(|(at, score)| (moment(*at), *score)).collect();
    series.extend(one.score.map(|score| ("now".to_owned(), score)));
    let skipped = series.len().saturating_sub(RUNS);
    let shown = series.get(skipped..).unwrap_or_default();
    let last = f64::from(u32::try_from(shown.len().saturating_sub(1)).unwrap_or(1)).max(1.0);
    let marks: Vec<(String, String, String)> = (0_u32..)
        .zip(shown)
        .map(|(place, (when, score))| {
            let (x, y) = (6.0 + f64::from(place) * 228.0 / last, 65.0 - f64::from(score.points()) * 0.6);
            (format!("{x:.1}"), format!("{y:.1}"), format!("{when}: {}", score.points()))
        })
        .collect();
    let change = match trend.change {
        None => "nothing is scored now".to_owned(),
        Some(0) => format!("as on {}", moment(trend.since)),
        Some(more @ 1..) => format!("{more} more than on {}", moment(trend.since)),
        Some(less) => format!("{} less than on {}", less.unsigned_abs(), moment(trend.since)),
    };
    let other = if trend.same_questions { "" } else { "; other questions were asked then" };
    Some(Course {
        name: one.dimension.name(),
        now: one.score.map_or_else(|| "–".to_owned(), |score| score.points().to_string()),
        said: format!("{change}{other}"),
        points: marks.iter().map(|(x, y, _)| format!("{x},{y}")).collect::<Vec<_>>().join(" "),
        marks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::told;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_of_change_has_a_name_and_a_look_of_its_own() {
        let names: BTreeSet<_> = KINDS.into_iter().map(told).collect();
        let looks: BTreeSet<_> = KINDS.into_iter().map(class).collect();
        assert_eq!((names.len(), looks.len()), (KINDS.len(), KINDS.len()));
    }
}
