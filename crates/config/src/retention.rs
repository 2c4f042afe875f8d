//! For how long bundles of evidence are kept, and what is held whatever its age.

use crate::{
    Diagnostic, Diagnostics,
    node::{Node, Value},
    reader::Map,
};
use jiff::civil::Date;

/// For how long bundles of evidence are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceConfig {
    /// Where bundles lie: folders, relative to the configuration, and addresses of buckets.
    pub bundles: Vec<String>,
    /// The folder with the keys of months, relative to the configuration. Absent: they are destroyed by hand.
    pub period_keys: Option<String>,
    /// For how many days a bundle is kept. 2,557 by default: seven years.
    pub bundles_days: u32,
    /// For how many days after the end of its month answers can be read, where they are encrypted. 400 by default: an audit
    /// of twelve months and its handover.
    pub answers_days: u32,
    /// Whether each run of a schedule removes what is over.
    pub after_runs: bool,
    /// The file in which every removal is written down, relative to the configuration.
    pub record: String,
    /// What is held whatever its age.
    pub holds: Vec<HoldConfig>,
}

/// A legal hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldConfig {
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// The one run it is of. Absent: those of the days.
    pub run: Option<String>,
    /// The first day. Absent: from the first on.
    pub from: Option<Date>,
    /// The last day. Absent: until somebody takes the hold away.
    pub to: Option<Date>,
}

pub(crate) const KEYS: &[&str] =
    &["bundles", "period_keys", "bundles_days", "answers_days", "after_runs", "record", "holds"];
pub(crate) const HOLD_KEYS: &[&str] = &["reason", "by", "run", "from", "to"];
pub(crate) const BUNDLES: u32 = 2557;
pub(crate) const ANSWERS: u32 = 400;
/// The most days that anything is kept.
const LONGEST: u32 = 36_500;

pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<EvidenceConfig> {
    let map = Map::of(node, "`evidence`", KEYS, diagnostics)?;
    if map.get("bundles").is_none() {
        diagnostics.push(
            Diagnostic::at(map.span.clone(), "`evidence` does not say where bundles are")
                .label("not said here")
                .help("`bundles: [bundles, \"s3://acme-evidence/bundles\"]`: folders, and addresses of buckets"),
        );
    }
    let bundles = map.texts("bundles", diagnostics).unwrap_or_default();
    let mut text = |name: &str| map.text(name, diagnostics).map(|(text, _)| text);
    let (period_keys, record) = (text("period_keys"), text("record"));
    let mut days = |name: &str| map.number(name, 1..LONGEST + 1, diagnostics);
    let (bundles_days, answers_days) = (days("bundles_days"), days("answers_days"));
    let (bundles_days, answers_days) =
        (bundles_days.unwrap_or(BUNDLES), answers_days.unwrap_or(ANSWERS.min(bundles_days.unwrap_or(BUNDLES))));
    if let Some(entry) = map.get("answers_days").filter(|_| answers_days > bundles_days) {
        diagnostics.push(
            Diagnostic::at(entry.value.span.clone(), "answers are to be kept longer than the bundles that hold them")
                .label(format!("more than the {bundles_days} days of `bundles_days`")),
        );
    }
    let after_runs = map.flag("after_runs", diagnostics).unwrap_or_default();
    let holds = map.get("holds").map(|entry| holds(entry.value, diagnostics)).unwrap_or_default();
    Some(EvidenceConfig {
        bundles: bundles.into_iter().map(|(text, _)| text).collect(),
        period_keys,
        bundles_days,
        answers_days,
        after_runs,
        record: record.unwrap_or_else(|| "palisade.retention.ndjson".to_owned()),
        holds,
    })
}

fn holds(node: &Node, diagnostics: &mut Diagnostics) -> Vec<HoldConfig> {
    let Value::List(nodes) = &node.value else {
        diagnostics.push(
            Diagnostic::at(node.span.clone(), format!("`holds` is {}", node.kind()))
                .label("expected a list of `- {reason: WHY, by: WHO, from: 2026-01-01}`"),
        );
        return Vec::new();
    };
    nodes.iter().filter_map(|node| hold(node, diagnostics)).collect()
}

fn hold(node: &Node, diagnostics: &mut Diagnostics) -> Option<HoldConfig> {
    let map = Map::of(node, "a hold", HOLD_KEYS, diagnostics)?;
    for missing in ["reason", "by"].into_iter().filter(|name| map.get(name).is_none()) {
        diagnostics.push(Diagnostic::at(map.span.clone(), format!("a hold has no `{missing}`")).label("not said here"));
    }
    let mut text = |name: &str| map.text(name, diagnostics).map(|(text, _)| text);
    let (reason, by, run) = (text("reason"), text("by"), text("run"));
    let (from, to) = (day(&map, "from", diagnostics), day(&map, "to", diagnostics));
    let has_days = map.get("from").is_some() || map.get("to").is_some();
    if has_days == map.get("run").is_some() {
        diagnostics.push(
            Diagnostic::at(map.span.clone(), "nobody can tell what is held")
                .label("expected either `run`, or `from`, `to` or both")
                .help("`run` is the id of one run; `from` and `to` are days in UTC, both included"),
        );
        return None;
    }
    if let (Some(entry), Some(from), Some(to)) = (map.get("to"), from, to)
        && to < from
    {
        diagnostics
            .push(Diagnostic::at(entry.value.span.clone(), "a hold ends before it begins").label("holds nothing"));
    }
    Some(HoldConfig { reason: reason?, by: by?, run, from, to })
}

fn day(map: &Map<'_>, name: &str, diagnostics: &mut Diagnostics) -> Option<Date> {
    let (text, span) = map.text(name, diagnostics)?;
    let day = text.parse::<Date>().ok();
    if day.is_none() {
        diagnostics
            .push(Diagnostic::at(span, format!("`{text}` is no day")).label("expected for example `2026-11-29`"));
    }
    day
}
