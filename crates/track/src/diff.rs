//! What is different between two runs, by cause.

use crate::{Cause, Rules, Said, memory::is_bad};
use jiff::Timestamp;
use palisade_engine::{Fingerprint, Severity, State, SubjectKind};
use palisade_model::ClusterId;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What was known when a run was remembered, and how far the run itself had looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The run.
    pub run: String,
    /// When it ended.
    pub at: Timestamp,
    /// By what it judged.
    pub rules: Rules,
    /// The clusters it read.
    pub read: BTreeSet<ClusterId>,
    /// Clusters, of all that are known today, that were not there: it listed their scope completely without them.
    pub absent: BTreeSet<ClusterId>,
    /// What was last said of everything, by then.
    pub said: BTreeMap<Fingerprint, Said>,
}

/// What a run says of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Reading {
    /// This.
    Said {
        /// The verdict.
        state: State,
        /// How bad it is.
        severity: Severity,
    },
    /// It did not exist, or the control did not concern it.
    Absent,
    /// Its cluster was not read.
    Unread,
    /// The control did not run.
    NotAsked,
}

impl Reading {
    /// Whether it is bad or unknown: worth a line in a list of differences.
    fn is_news(self) -> bool {
        match self {
            Self::Said { state, .. } => is_bad(state) || state == State::Unknown,
            Self::Absent | Self::Unread | Self::NotAsked => false,
        }
    }

    fn is_unknown(self) -> bool {
        match self {
            Self::Said { state, .. } => state == State::Unknown,
            Self::Unread => true,
            Self::Absent | Self::NotAsked => false,
        }
    }
}

/// One difference between two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which finding.
    pub fingerprint: Fingerprint,
    /// The control's id.
    pub control: Arc<str>,
    /// The cluster.
    pub cluster: ClusterId,
    /// What kind of thing it is about.
    pub kind: SubjectKind,
    /// What it is about.
    pub subject: Arc<str>,
    /// What the earlier run says of it.
    pub before: Reading,
    /// What the later run says of it.
    pub after: Reading,
    /// Why they differ.
    pub cause: Cause,
}

/// What is different between two runs, in the order of fingerprints.
///
/// `between` are the causes that were recorded when things turned after `before` and up to `after` ([`Cause`] says how
/// each was decided). A difference that one of the runs did not look at is one of coverage, one whose control ran in only
/// one of them is one of the rules; all others have the causes of their turns, and `both` when these were several. Only
/// what is bad or unknown in one of the two is listed.
pub fn diff(before: &View, after: &View, between: &BTreeMap<Fingerprint, BTreeSet<Cause>>) -> Vec<Difference> {
    let prints: BTreeSet<&Fingerprint> = before.said.keys().chain(after.said.keys()).collect();
    let mut differences = Vec::new();
    for print in prints {
        let Some(said) = after.said.get(print).or_else(|| before.said.get(print)) else { continue };
        let (was, is) = (before.reading(said, print), after.reading(said, print));
        if was == is || !(was.is_news() || is.is_news()) {
            continue;
        }
        let empty = BTreeSet::new();
        let causes = between.get(print).unwrap_or(&empty);
        let cause = if was == Reading::NotAsked || is == Reading::NotAsked {
            Cause::Rule
        } else if was.is_unknown() || is.is_unknown() {
            Cause::Coverage
        } else {
            cause(causes, before.rules == after.rules)
        };
        differences.push(Difference {
            fingerprint: *print,
            control: Arc::clone(&said.control),
            cluster: said.cluster.clone(),
            kind: said.kind,
            subject: Arc::clone(&said.subject),
            before: was,
            after: is,
            cause,
        });
    }
    differences
}

/// Something that was known on both sides may have been unknown for a while between them: that is no cause.
fn cause(causes: &BTreeSet<Cause>, same_rules: bool) -> Cause {
    let mut causes = causes.iter().copied().filter(|cause| *cause != Cause::Coverage);
    match (causes.next(), causes.next()) {
        (Some(only), None) => only,
        (None, _) if same_rules => Cause::World,
        (Some(_), Some(_)) | (None, _) => Cause::Both,
    }
}

impl View {
    fn reading(&self, of: &Said, print: &Fingerprint) -> Reading {
        if !self.rules.controls.contains(&*of.control) {
            return Reading::NotAsked;
        }
        let said = self.said.get(print);
        let is_read = self.read.contains(&of.cluster);
        match said.map(|said| (said.state, said.severity)) {
            _ if self.absent.contains(&of.cluster) => Reading::Absent,
            Some((None, _)) => Reading::Absent,
            Some((Some(state), severity)) if is_read => Reading::Said { state, severity },
            None if is_read => Reading::Absent,
            Some(_) | None => Reading::Unread,
        }
    }
}
