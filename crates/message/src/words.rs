//! Numbers and kinds, as people say them.

use jiff::Timestamp;
use palisade_engine::{Severity, SubjectKind};
use palisade_track::EventKind;

/// What happened, in a word or two, before the name of what it happened to.
pub(crate) fn happened(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Opened => "New",
        EventKind::Worsened => "Worse",
        EventKind::Reopened => "Back",
        EventKind::Resolved => "Resolved",
        EventKind::Gone => "Gone",
        EventKind::WaiverExpiring => "Waiver ends soon",
        EventKind::WaiverExpired => "Waiver has ended",
        EventKind::WaiverUnused => "Waiver matches nothing",
        EventKind::WaiverGrown => "Waiver matches more than it was approved for",
        EventKind::ScanCompleted => "Run complete",
        EventKind::ScanPartial => "Run incomplete",
        EventKind::ScanFailed => "Run failed",
        EventKind::ScanMissed => "Run missed",
        EventKind::CoverageDropped => "Less was read than before",
        EventKind::CoverageRestored => "As much is read as before",
        EventKind::Baseline => "Where things stand",
        EventKind::DeliveryFailing => "Messages are not taken",
        EventKind::Reminder => "Still open",
    }
}

/// How many of a kind, in a list of counts.
pub(crate) fn counted(kind: EventKind, count: u64) -> String {
    let one = |one: &'static str, several: &'static str| if count == 1 { one } else { several };
    let word = match kind {
        EventKind::Opened => "new",
        EventKind::Worsened => "worse",
        EventKind::Reopened => "back",
        EventKind::Resolved => "resolved",
        EventKind::Gone => "gone",
        EventKind::WaiverExpiring => one("waiver ends soon", "waivers end soon"),
        EventKind::WaiverExpired => one("waiver has ended", "waivers have ended"),
        EventKind::WaiverUnused => one("waiver matches nothing", "waivers match nothing"),
        EventKind::WaiverGrown => one("waiver matches more", "waivers match more"),
        EventKind::ScanCompleted => one("run complete", "runs complete"),
        EventKind::ScanPartial => one("run incomplete", "runs incomplete"),
        EventKind::ScanFailed => one("run failed", "runs failed"),
        EventKind::ScanMissed => one("run missed", "runs missed"),
        EventKind::CoverageDropped => one("drop of coverage", "drops of coverage"),
        EventKind::CoverageRestored => "restored coverage",
        EventKind::Baseline => one("report of where things stand", "reports of where things stand"),
        EventKind::DeliveryFailing => one("channel takes no messages", "channels take no messages"),
        EventKind::Reminder => "still open",
    };
    format!("{count} {word}")
}

/// Whether it is good news.
pub(crate) fn is_good(kind: EventKind) -> bool {
    matches!(kind, EventKind::Resolved | EventKind::Gone | EventKind::ScanCompleted | EventKind::CoverageRestored)
}

pub(crate) fn subject(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Cluster => "cluster",
        SubjectKind::NodePool => "node pool",
        SubjectKind::Identity => "identity",
        SubjectKind::Trust => "trust",
        SubjectKind::Controller => "controller",
    }
}

pub(crate) fn subjects(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Cluster => "clusters",
        SubjectKind::NodePool => "node pools",
        SubjectKind::Identity => "identities",
        SubjectKind::Trust => "trusts",
        SubjectKind::Controller => "controllers",
    }
}

pub(crate) fn capital(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Info => "Info",
    }
}

/// `97.2 %`, rounded down: what was not read entirely never says 100.
pub(crate) fn percent(known: u64, total: u64) -> String {
    if known >= total {
        return "100 %".to_owned();
    }
    let thousandths = u128::from(known) * 1_000 / u128::from(total.max(1));
    match (thousandths / 10, thousandths % 10) {
        (whole, 0) => format!("{whole} %"),
        (whole, tenth) => format!("{whole}.{tenth} %"),
    }
}

pub(crate) fn day(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d").to_string()
}

pub(crate) fn minute(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

pub(crate) fn count(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// A name in backticks. One that holds a backtick cannot end its own quotation.
pub(crate) fn quoted(name: &str) -> String {
    let name = crate::Plain::new(name);
    format!("`{}`", name.within(crate::Dialect::Text, NAME).replace('`', "'"))
}

/// The longest name that is told whole.
const NAME: usize = 120;

/// The first few of a list and how many more there are.
pub(crate) fn few<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let told: Vec<String> = names.iter().take(most).map(|name| quoted(name)).collect();
    match names.len().saturating_sub(most) {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_entirely_never_says_a_hundred() {
        let cases =
            [(0, 0, "100 %"), (5, 5, "100 %"), (999_999, 1_000_000, "99.9 %"), (97, 100, "97 %"), (0, 9, "0 %")];
        for (known, total, text) in cases {
            assert_eq!(percent(known, total), text, "{known} of {total}");
        }
        assert_eq!(percent(u64::MAX - 1, u64::MAX), "99.9 %");
    }
}
