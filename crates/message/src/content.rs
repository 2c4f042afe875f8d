//! What a message says, before it is any channel's.

use crate::{
    Dialect, Plain, Planned, View,
    group::{Cause, by_cause},
    words::{capital, count, counted, day, few, happened, is_good, minute, percent, quoted, subject, subjects},
};
use jiff::Timestamp;
use palisade_engine::Severity;
use palisade_track::{Event, EventKind, Summary, Topic, Tracked, Unread};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// How many items a message tells one by one. More collapse to counts.
const STORM: usize = 20;

/// How many rows of counts a message has.
const ROWS: usize = 20;

/// How many names an item tells.
const NAMES: usize = 3;

/// What a message says.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub(crate) severity: Severity,
    /// Whether nothing of it is bad news.
    pub(crate) good: bool,
    /// Whether something got worse.
    pub(crate) worse: bool,
    pub(crate) title: Plain,
    /// What was not read. Told first.
    pub(crate) coverage: Vec<Plain>,
    /// Why it comes like this.
    pub(crate) notes: Vec<Plain>,
    pub(crate) items: Vec<Item>,
    /// How many of what, when there are too many to tell one by one, and whenever little room is left.
    pub(crate) counts: Vec<Plain>,
    /// When the last of it happened.
    pub(crate) at: Timestamp,
    /// Where the whole of it can be read.
    pub(crate) link: Option<String>,
}

/// One thing that a message tells.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) severity: Severity,
    /// Whether it is good news.
    pub(crate) good: bool,
    pub(crate) head: Said,
    pub(crate) body: Text,
    pub(crate) link: Option<String>,
}

/// A line that is ours, or one that a user's template wrote in the channel's own dialect.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Ours(Plain),
    Written(String),
}

/// The same for what stands below it.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    Ours(Vec<Line>),
    Written(String),
}

/// One line of an item.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) label: &'static str,
    pub(crate) text: Plain,
    /// Whether it stays when there is little room.
    pub(crate) needed: bool,
}

/// How much a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Items that are told one by one.
    pub(crate) items: usize,
    /// The longest line, in characters after escaping.
    pub(crate) line: usize,
    /// Lines below each head.
    pub(crate) detail: Detail,
}

/// Which lines an item has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    Every,
    Needed,
    None,
}

/// From the usual size to the smallest. The last one fits into every channel, whatever the names are.
pub(crate) const SIZES: [Size; 6] = [
    Size { items: 10, line: 700, detail: Detail::Every },
    Size { items: 10, line: 240, detail: Detail::Every },
    Size { items: 10, line: 200, detail: Detail::Needed },
    Size { items: 5, line: 160, detail: Detail::Needed },
    Size { items: 3, line: SHORTEST_LINE, detail: Detail::None },
    Size { items: 0, line: SHORTEST_LINE, detail: Detail::None },
];

/// The shortest longest line of all sizes.
pub(crate) const SHORTEST_LINE: usize = 120;

/// The longest body of a user's template: what the usual size has room for.
pub(crate) const LONGEST_BODY: usize = 3 * 700;

/// Where in [`SIZES`] counts and a link are all that is said.
pub(crate) const COUNTS_ONLY: usize = SIZES.len() - 1;

impl Item {
    pub(crate) fn head(&self, dialect: Dialect, most: usize) -> String {
        match &self.head {
            Said::Ours(plain) => plain.within(dialect, most),
            // Never longer than the shortest line: see `Templates`.
            Said::Written(text) => text.clone(),
        }
    }

    /// The lines that are told at this size: label and text in the dialect. A written body is one line without label.
    pub(crate) fn lines(&self, dialect: Dialect, size: Size) -> Vec<(&'static str, String)> {
        match &self.body {
            // A cut could end within markup, so there is all of it or nothing.
            Text::Written(text)
                if size.detail == Detail::None || text.chars().count() > size.line.saturating_mul(3) =>
            {
                Vec::new()
            }
            Text::Written(text) => vec![("", text.clone())],
            Text::Ours(lines) => lines
                .iter()
                .filter(|line| match size.detail {
                    Detail::Every => true,
                    Detail::Needed => line.needed,
                    Detail::None => false,
                })
                .map(|line| (line.label, line.text.within(dialect, size.line)))
                .collect(),
        }
    }
}

impl Content {
    /// The items that are told at this size, and how many are not.
    pub(crate) fn told(&self, size: Size) -> (&[Item], usize) {
        let told = self.items.get(..size.items.min(self.items.len())).unwrap_or_default();
        (told, self.items.len() - told.len())
    }

    /// The counts, where they are needed: nothing is told one by one, or not everything.
    pub(crate) fn counts(&self, size: Size) -> &[Plain] {
        if self.items.len() > size.items || self.items.is_empty() { &self.counts } else { &[] }
    }

    /// `and 12 more`, when not everything is told.
    pub(crate) fn more(&self, size: Size) -> Option<String> {
        match (self.told(size).1, self.link.is_some()) {
            (0, _) => None,
            (more, true) => Some(format!("and {more} more in the report")),
            (more, false) => Some(format!("and {more} more")),
        }
    }
}

/// What a message says in a dialect.
pub(crate) fn content(planned: &Planned, view: &View<'_>, dialect: Dialect) -> Content {
    let causes = by_cause(&planned.events);
    let storm = causes.len() > STORM;
    let items = if storm { Vec::new() } else { causes.iter().map(|cause| item(cause, view, dialect)).collect() };
    let mut notes = Vec::new();
    if planned.is_braked() {
        notes.push(Plain::new("This route has had many messages within the hour, so what follows comes together."));
    }
    let at = planned.events.iter().map(|event| event.at).max().unwrap_or(planned.not_before);
    Content {
        severity: planned.severity(),
        good: planned.events.iter().all(|event| is_good(event.kind)),
        worse: planned.events.iter().any(|event| event.kind == EventKind::Worsened),
        title: title(planned, &causes, view),
        coverage: planned.coverage.as_ref().map(coverage).unwrap_or_default(),
        notes,
        items,
        counts: counts(&planned.events),
        at,
        link: view.report_url.map(|base| link_of(base, &planned.events)),
    }
}

/// The report of the run, when all of it is one run's.
fn link_of(base: &str, events: &[Event]) -> String {
    let runs: BTreeSet<Option<&str>> = events.iter().map(|event| event.run.as_deref()).collect();
    match runs.into_iter().collect::<Vec<_>>().as_slice() {
        [Some(run)] => format!("{base}/runs/{}", path_part(run)),
        _ => format!("{base}/"),
    }
}

/// A name as one part of a path.
fn path_part(name: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let parts = name
        .bytes()
        .take(200)
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    parts.collect()
}

fn title(planned: &Planned, causes: &[Cause<'_>], view: &View<'_>) -> Plain {
    let severity = capital(planned.severity());
    if let [cause] = causes {
        return Plain::from(match (&cause.first.topic, cause.findings().count()) {
            (Topic::Finding { finding, .. }, 1) => format!(
                "{severity}, {}: {} ({})",
                happened(cause.first.kind).to_lowercase(),
                control_title(finding, view),
                finding.cluster_name
            ),
            (Topic::Finding { finding, .. }, several) => format!(
                "{severity}, {}: {} ({several} {})",
                happened(cause.first.kind).to_lowercase(),
                control_title(finding, view),
                subjects(finding.subject_kind)
            ),
            _ => head(cause, view),
        });
    }
    let counts: Vec<String> = by_kind(&planned.events).into_iter().map(|(kind, count)| counted(kind, count)).collect();
    let digest = if planned.gathers() && !planned.is_braked() { "Digest: " } else { "" };
    Plain::from(format!("{digest}{}; worst: {}", counts.join(", "), planned.severity()))
}

fn by_kind(events: &[Event]) -> BTreeMap<EventKind, u64> {
    let mut kinds = BTreeMap::new();
    for event in events {
        *kinds.entry(event.kind).or_default() += 1;
    }
    kinds
}

/// How many of what, by severity and kind, worst first.
fn counts(events: &[Event]) -> Vec<Plain> {
    let mut rows: BTreeMap<(std::cmp::Reverse<Severity>, EventKind), u64> = BTreeMap::new();
    for event in events {
        *rows.entry((std::cmp::Reverse(event.severity), event.kind)).or_default() += 1;
    }
    let row = |((severity, kind), count): ((std::cmp::Reverse<Severity>, EventKind), u64)| {
        Plain::from(format!("{}: {}", capital(severity.0), counted(kind, count)))
    };
    let more = rows.len().saturating_sub(ROWS);
    let more = (more > 0).then(|| Plain::from(format!("and {more} more kinds")));
    rows.into_iter().take(ROWS).map(row).chain(more).collect()
}

fn control_title<'a>(finding: &'a Tracked, view: &View<'a>) -> &'a str {
    view.guides.get(&finding.control).map(|about| about.title.as_str()).filter(|title| !title.is_empty()).unwrap_or(
        // A control that this version no longer has: its name says the bad state too.
        &finding.control_name,
    )
}

fn item(cause: &Cause<'_>, view: &View<'_>, dialect: Dialect) -> Item {
    let others = cause.others.len();
    let head_ours = || Said::Ours(Plain::from(head(cause, view)));
    let written = |part| view.templates.write(part, &view.channel.name, cause.first, others, dialect);
    let link = match (&cause.first.topic, view.report_url) {
        (Topic::Finding { finding, .. }, Some(base)) => Some(format!("{base}/findings/{}", finding.fingerprint)),
        (Topic::Waiver { .. } | Topic::Run(_) | Topic::Channel { .. }, _) | (Topic::Finding { .. }, None) => None,
    };
    Item {
        severity: cause.first.severity,
        good: is_good(cause.first.kind),
        head: written(crate::Part::Title).map_or_else(head_ours, Said::Written),
        body: written(crate::Part::Body).map_or_else(|| Text::Ours(lines(cause, view)), Text::Written),
        link,
    }
}

fn head(cause: &Cause<'_>, view: &View<'_>) -> String {
    let event = cause.first;
    let happened = happened(event.kind);
    match &event.topic {
        Topic::Finding { finding, before, .. } => {
            let change = match before {
                Some(before) if *before != event.severity => format!("{before}, now {}", event.severity),
                Some(_) | None => event.severity.to_string(),
            };
            format!("{happened} ({change}): {} {}", finding.control, control_title(finding, view))
        }
        Topic::Waiver { selector, .. } => format!("{happened}: {}", quoted(selector)),
        Topic::Run(_) => match &event.schedule {
            Some(schedule) => format!("{happened}: {}", quoted(schedule)),
            None => happened.to_owned(),
        },
        Topic::Channel { name, .. } => format!("{happened}: {}", quoted(name)),
    }
}

fn needed(label: &'static str, text: impl Into<Plain>) -> Line {
    Line { label, text: text.into(), needed: true }
}

fn extra(label: &'static str, text: impl Into<Plain>) -> Line {
    Line { label, text: text.into(), needed: false }
}

fn lines(cause: &Cause<'_>, view: &View<'_>) -> Vec<Line> {
    let mut lines = match &cause.first.topic {
        Topic::Finding { finding, reached_by, .. } => finding_lines(cause, finding, reached_by.as_deref(), view),
        Topic::Waiver { owner, until, covers, .. } => {
            let until = match cause.first.kind {
                EventKind::WaiverExpired => extra("Ended", minute(*until)),
                _ => needed("Ends", minute(*until)),
            };
            // What it was not approved for it does not cover.
            let what = if cause.first.kind == EventKind::WaiverGrown { "Matches" } else { "Covers" };
            vec![until, needed(what, count(*covers, "finding", "findings")), extra("Owner", quoted(owner))]
        }
        Topic::Run(summary) => run_lines(cause.first, summary),
        Topic::Channel { why, waiting, .. } => {
            vec![needed("Why", why.as_str()), needed("Waiting", count(*waiting, "message", "messages"))]
        }
    };
    lines.retain(|line| !line.text.is_empty());
    lines
}

fn finding_lines(cause: &Cause<'_>, finding: &Tracked, reached_by: Option<&str>, view: &View<'_>) -> Vec<Line> {
    let what = if is_good(cause.first.kind) { "Was" } else { "What" };
    let mut lines = vec![needed("Where", place(cause, finding)), needed(what, finding.because.as_str())];
    if is_good(cause.first.kind) {
        return lines;
    }
    if let Some(who) = reached_by {
        lines.push(needed("Reached by", who));
    }
    if let Some(about) = view.guides.get(&finding.control) {
        lines.push(extra("Why it matters", about.why.as_str()));
    }
    lines.push(needed("What to do", finding.remediation.as_str()));
    let owners: BTreeSet<&str> = cause.findings().filter_map(|finding| finding.owner.as_deref()).collect();
    lines.push(extra("Owner", few(owners, NAMES)));
    let since = cause.findings().map(|finding| finding.first_seen).min().unwrap_or(finding.first_seen);
    let times = match finding.generation {
        0 | 1 => String::new(),
        times => format!(", opened {times} times"),
    };
    if cause.first.kind != EventKind::Opened {
        lines.push(extra("Since", day(since) + &times));
    }
    let read = cause.findings().map(|finding| finding.as_of).min().unwrap_or(finding.as_of);
    if day(read) < day(cause.first.at) {
        lines.push(needed("As of", format!("{}: this place has not been read since", day(read))));
    }
    lines
}

/// Where it is: the thing, its cluster, its place. Several with one cause are counted, and the first of them named.
fn place(cause: &Cause<'_>, finding: &Tracked) -> String {
    let findings: Vec<&Tracked> = cause.findings().collect();
    let clusters: BTreeSet<&str> = findings.iter().map(|finding| finding.cluster.as_str()).collect();
    let names = |of: fn(&Tracked) -> &str| {
        let mut names: Vec<&str> = findings.iter().map(|finding| of(finding)).collect();
        names.dedup();
        few(names, NAMES)
    };
    let whole = finding.subject_kind == palisade_engine::SubjectKind::Cluster;
    let around = format!("{}, {}", finding.provider.service(), quoted(finding.scope.as_str()));
    match (findings.len(), whole) {
        (0 | 1, true) => format!("cluster {} ({around})", quoted(&finding.cluster_name)),
        (0 | 1, false) => format!(
            "{} {} of cluster {} ({around})",
            subject(finding.subject_kind),
            quoted(&finding.subject_name),
            quoted(&finding.cluster_name)
        ),
        (several, true) => format!("one cause, {several} clusters: {}", names(|finding| &finding.cluster_name)),
        (several, false) => format!(
            "one cause, {several} {} in {}: {}",
            subjects(finding.subject_kind),
            count(clusters.len() as u64, "cluster", "clusters"),
            names(|finding| &finding.subject_name)
        ),
    }
}

fn run_lines(event: &Event, summary: &Summary) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(why) = &summary.why {
        lines.push(needed("Why", why.as_str()));
    }
    match event.kind {
        EventKind::ScanMissed => {
            lines.push(needed("What", format!("the run that was due at {} has not been", minute(event.at))));
            lines.push(needed("What to do", "see whether the service runs and can reach its database and its clouds"));
            return lines;
        }
        EventKind::ScanFailed => lines.push(needed("What", "nothing was read; every finding is kept as it was")),
        _ => {
            let read = percent(summary.facts_known, summary.facts_total);
            let clusters = count(summary.clusters, "cluster", "clusters");
            let before = summary.before.map(|(known, total)| format!(", before: {}", percent(known, total)));
            lines.push(needed("Read", format!("{read} of {clusters}{}", before.unwrap_or_default())));
        }
    }
    if !summary.unread.is_empty() {
        lines.push(needed("Not read", unread(&summary.unread)));
    }
    let mut open = summary.open.clone();
    open.sort_by(|a, b| b.cmp(a));
    let open: Vec<String> =
        open.iter().filter(|(_, count)| *count > 0).map(|(severity, count)| format!("{count} {severity}")).collect();
    lines.push(needed("Open", open.join(", ")));
    let clouds: Vec<String> =
        summary.by_provider.iter().map(|(provider, count)| format!("{} {count}", provider.service())).collect();
    lines.push(extra("By provider", clouds.join(", ")));
    lines
}

/// `97 % read; 3 places denied; their findings are kept as of 2026-11-18`, then the places.
fn coverage(summary: &Summary) -> Vec<Plain> {
    // Writing to a string cannot fail.
    let mut first = format!("{} read", percent(summary.facts_known, summary.facts_total));
    if let Some((known, total)) = summary.before
        && percent(known, total) != percent(summary.facts_known, summary.facts_total)
    {
        let _ = write!(first, " (before: {})", percent(known, total));
    }
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for place in &summary.unread {
        *reasons.entry(place.reason.as_str()).or_default() += 1;
    }
    for (reason, places) in reasons.iter().take(NAMES) {
        let reason = Plain::new(reason).within(Dialect::Text, 60);
        let _ = write!(first, "; {} {reason}", count(*places, "place", "places"));
    }
    if !summary.unread.is_empty() {
        first += match summary.unread.iter().filter_map(|place| place.as_of).min() {
            Some(as_of) => format!("; their findings are kept as of {}", day(as_of)),
            None => "; nothing is known of them".to_owned(),
        }
        .as_str();
    }
    let places = unread(&summary.unread);
    [first, places].into_iter().filter(|line| !line.is_empty()).map(Plain::from).collect()
}

fn unread(places: &[Unread]) -> String {
    let named = places.iter().take(NAMES).map(|place| match &place.permission {
        Some(permission) => format!("{} ({}, needs {})", quoted(&place.scope), place.reason, quoted(permission)),
        None => format!("{} ({})", quoted(&place.scope), place.reason),
    });
    let named: Vec<String> = named.collect();
    match places.len().saturating_sub(NAMES) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
