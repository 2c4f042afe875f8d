//! Why something is said otherwise than before.

use crate::{Print, Said};
use palisade_engine::{ANSWERS, Finding, Fingerprint, Severity, State, WAIVERS};
use serde::{Deserialize, Serialize};

/// Why something is said otherwise than before.
///
/// It is decided when a run is remembered, from the answer before and the answer now:
///
/// 1. one of the two is unknown: what could be read changed;
/// 2. both were given by the same rules, and what is said now rests on people's word, which is not what it was: people said
///    something else;
/// 3. both were given by the same rules: the world changed (the passing of time, for a key or an answer that grows old, is
///    the world);
/// 4. other rules, and the answer rests on the same records, byte for byte: the rule changed;
/// 5. other rules and other records: both changed. Which of them made the difference, only the stored snapshot of
///    the earlier run can say, judged again by today's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The world changed.
    World,
    /// The rule changed: another version of the program, another set of controls, another policy.
    Rule,
    /// Both the rule and what was read changed, and nobody can tell from the two answers which mattered.
    Both,
    /// What could be read changed.
    Coverage,
    /// People said something else: somebody answered, took an answer back, or accepted a risk whose end is watched.
    Answer,
}

impl Cause {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::World, Self::Rule, Self::Both, Self::Coverage, Self::Answer];

    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::World => "world",
            Self::Rule => "rule",
            Self::Both => "both",
            Self::Coverage => "coverage",
            Self::Answer => "answer",
        }
    }

    /// Why an answer differs from the one before.
    pub(crate) fn between(before: &Said, now: &Finding, evidence: Print, rules: Print) -> Self {
        let is_unknown = now.state == State::Unknown || before.state == Some(State::Unknown);
        let same_rules = before.rules == rules;
        let same_records = !evidence.is_empty() && before.evidence == evidence;
        let is_said = || now.evidence.records().iter().any(|record| matches!(&*record.call, ANSWERS | WAIVERS));
        match (is_unknown, same_rules, same_records) {
            (true, _, _) => Self::Coverage,
            (false, true, false) if is_said() => Self::Answer,
            (false, true, _) => Self::World,
            (false, false, true) => Self::Rule,
            (false, false, false) => Self::Both,
        }
    }
}

/// Something is said otherwise than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Of which finding.
    pub fingerprint: Fingerprint,
    /// Whether nothing was ever said of it before.
    pub is_first: bool,
    /// What was said. `None`: it was not judged, or did not exist.
    pub before: Option<(State, Severity)>,
    /// What is said. `None`: it does not exist any more, or the control no longer concerns it.
    pub after: Option<(State, Severity)>,
    /// Why.
    pub cause: Cause,
}
