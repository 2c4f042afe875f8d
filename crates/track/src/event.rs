//! What is worth telling somebody.

use crate::Tracked;
use jiff::Timestamp;
use palisade_engine::Severity;
use palisade_model::Provider;
use serde::{Deserialize, Serialize};

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A finding is new.
    #[serde(rename = "finding.opened")]
    Opened,
    /// Its severity went up.
    #[serde(rename = "finding.worsened")]
    Worsened,
    /// It was resolved or gone, and is back.
    #[serde(rename = "finding.reopened")]
    Reopened,
    /// Its place was read and it is good.
    #[serde(rename = "finding.resolved")]
    Resolved,
    /// What it was about does not exist any more.
    #[serde(rename = "finding.gone")]
    Gone,
    /// A waiver ends soon.
    #[serde(rename = "waiver.expiring")]
    WaiverExpiring,
    /// A waiver has ended and what it covered is still bad.
    #[serde(rename = "waiver.expired")]
    WaiverExpired,
    /// A waiver matches nothing.
    #[serde(rename = "waiver.unused")]
    WaiverUnused,
    /// A waiver matches more than when it was approved.
    #[serde(rename = "waiver.grown")]
    WaiverGrown,
    /// A run ended and everything was read.
    #[serde(rename = "scan.completed")]
    ScanCompleted,
    /// A run ended and something was not read.
    #[serde(rename = "scan.partial")]
    ScanPartial,
    /// A run read nothing.
    #[serde(rename = "scan.failed")]
    ScanFailed,
    /// A run should have been and was not.
    #[serde(rename = "scan.missed")]
    ScanMissed,
    /// Less was read than the time before.
    #[serde(rename = "coverage.dropped")]
    CoverageDropped,
    /// As much is read as before the drop.
    #[serde(rename = "coverage.restored")]
    CoverageRestored,
    /// The first run, or other rules than the time before: one digest instead of a message for each change.
    #[serde(rename = "rulepack.changed")]
    Baseline,
    /// A channel does not take messages.
    #[serde(rename = "delivery.failing")]
    DeliveryFailing,
    /// An open finding nobody has acknowledged.
    #[serde(rename = "finding.reminder")]
    Reminder,
}

impl EventKind {
    /// Every one.
    pub const ALL: [Self; 18] = [
        Self::Opened,
        Self::Worsened,
        Self::Reopened,
        Self::Resolved,
        Self::Gone,
        Self::WaiverExpiring,
        Self::WaiverExpired,
        Self::WaiverUnused,
        Self::WaiverGrown,
        Self::ScanCompleted,
        Self::ScanPartial,
        Self::ScanFailed,
        Self::ScanMissed,
        Self::CoverageDropped,
        Self::CoverageRestored,
        Self::Baseline,
        Self::DeliveryFailing,
        Self::Reminder,
    ];

    /// The name used in routes, messages and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opened => "finding.opened",
            Self::Worsened => "finding.worsened",
            Self::Reopened => "finding.reopened",
            Self::Resolved => "finding.resolved",
            Self::Gone => "finding.gone",
            Self::WaiverExpiring => "waiver.expiring",
            Self::WaiverExpired => "waiver.expired",
            Self::WaiverUnused => "waiver.unused",
            Self::WaiverGrown => "waiver.grown",
            Self::ScanCompleted => "scan.completed",
            Self::ScanPartial => "scan.partial",
            Self::ScanFailed => "scan.failed",
            Self::ScanMissed => "scan.missed",
            Self::CoverageDropped => "coverage.dropped",
            Self::CoverageRestored => "coverage.restored",
            Self::Baseline => "rulepack.changed",
            Self::DeliveryFailing => "delivery.failing",
            Self::Reminder => "finding.reminder",
        }
    }
}

/// Something worth telling, with everything a message needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// The run that saw it, if a run did.
    pub run: Option<String>,
    /// The schedule of that run.
    pub schedule: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub topic: Topic,
}

impl Event {
    /// What it is told by, once: `event-type/fingerprint/generation` for what happens to a finding, and alike for the
    /// rest. Two events of one key are one event; with the route before it, it is the outbox's dedupe key.
    ///
    /// A severity follows for `finding.worsened` (each is told once while a finding is open), and the hour for `finding.reminder`: both can happen more than once
    /// while a finding is open.
    pub fn key(&self) -> String {
        let kind = self.kind.name();
        let run = self.run.as_deref().unwrap_or_default();
        match &self.topic {
            Topic::Finding { finding, .. } => {
                let once = format!("{kind}/{}/{}", finding.fingerprint, finding.generation);
                match self.kind {
                    EventKind::Worsened => format!("{once}/{}", self.severity),
                    EventKind::Reminder => format!("{once}/{}", self.at.as_second().div_euclid(3600)),
                    _ => once,
                }
            }
            Topic::Waiver { selector, until, covers, .. } => {
                let once = format!("{kind}/{selector}/{}", until.as_second());
                match self.kind {
                    EventKind::WaiverExpiring => {
                        format!("{once}/{}", crate::waivers::days_left(*until, self.at).unwrap_or_default())
                    }
                    EventKind::WaiverGrown => format!("{once}/{covers}"),
                    // It may be used and unused more than once.
                    EventKind::WaiverUnused => format!("{once}/{run}"),
                    _ => once,
                }
            }
            Topic::Run(_) if run.is_empty() => {
                format!("{kind}/{}/{}", self.schedule.as_deref().unwrap_or_default(), self.at.as_second())
            }
            Topic::Run(_) => format!("{kind}/{run}"),
            Topic::Channel { name, .. } => format!("{kind}/{name}/{}", self.at.as_second()),
        }
    }
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum Topic {
    /// A finding.
    Finding {
        /// As it is now.
        finding: Box<Tracked>,
        /// Its severity before, when that changed.
        before: Option<Severity>,
        /// Who reaches it, in words, when that is known: from the exposure of its cluster.
        reached_by: Option<String>,
    },
    /// A waiver.
    Waiver {
        /// The control and the cluster it names.
        selector: String,
        /// Who answers for it.
        owner: String,
        /// When it ends or ended.
        until: Timestamp,
        /// How many findings it covers now; one that has grown: how many it selects.
        covers: u64,
    },
    /// A run.
    Run(Summary),
    /// A channel.
    Channel {
        /// Its name in the configuration.
        name: String,
        /// What went wrong, without secrets.
        why: String,
        /// Messages that wait.
        waiting: u64,
    },
}

/// What a run read and found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Clusters that were read.
    pub clusters: u64,
    /// Facts that are known.
    pub facts_known: u64,
    /// Facts that there are.
    pub facts_total: u64,
    /// The same of the run before, when there was one.
    pub before: Option<(u64, u64)>,
    /// Places that were not read, with the reason and the permission that would help.
    pub unread: Vec<Unread>,
    /// Open findings by severity, worst first.
    pub open: Vec<(Severity, u64)>,
    /// Open findings by provider.
    pub by_provider: Vec<(Provider, u64)>,
    /// Why it is told as one: the first run, or what changed in the rules.
    pub why: Option<String>,
}

/// A place that was not read. Its findings are kept as of when it last was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// The account, region, subscription, project or cluster.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// The permission that would close it.
    pub permission: Option<String>,
    /// When it was last read; findings there are told as of then.
    pub as_of: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_kind_is_what_is_written_down() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
