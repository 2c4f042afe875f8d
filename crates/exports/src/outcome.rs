//! What a verdict is called elsewhere. No other format has all of ours; none of them may make a pass of what was not read.

use palisade_engine::{Finding, State};

/// What a verdict comes to for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The thing cannot exist here.
    NotApplicable,
    /// The provider runs it: nothing of it was read, its own statement is all there is.
    Inherited,
    /// Everything was read and it is good.
    Pass,
    /// A person has to answer, and nobody did or too long ago.
    Manual,
    /// It is bad, and another verified setting neutralises it.
    Mitigated,
    /// It was not read, or what was read does not settle it.
    Unknown,
    /// It is bad, and somebody has accepted that until a day.
    Waived,
    /// It is bad.
    Fail,
}

impl Outcome {
    /// Every one; of several verdicts the last one in this order stands for all.
    pub const ALL: [Self; 8] = [
        Self::NotApplicable,
        Self::Inherited,
        Self::Pass,
        Self::Manual,
        Self::Mitigated,
        Self::Unknown,
        Self::Waived,
        Self::Fail,
    ];

    /// What a finding comes to.
    pub fn of(finding: &Finding) -> Self {
        match finding.state {
            State::NotApplicable => Self::NotApplicable,
            State::Inherited => Self::Inherited,
            State::Pass => Self::Pass,
            State::AttestMissing | State::AttestExpired => Self::Manual,
            State::Mitigated => Self::Mitigated,
            State::Unknown => Self::Unknown,
            State::Fail if finding.waived => Self::Waived,
            State::Fail => Self::Fail,
        }
    }

    /// The name used in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Inherited => "inherited",
            Self::Pass => "pass",
            Self::Manual => "manual",
            Self::Mitigated => "mitigated",
            Self::Unknown => "unknown",
            Self::Waived => "waived",
            Self::Fail => "fail",
        }
    }

    /// Whether something has to be done, or was accepted instead.
    pub(crate) fn is_bad(self) -> bool {
        matches!(self, Self::Fail | Self::Waived | Self::Mitigated)
    }

    /// What OSCAL's findings say of it: a state and a reason. `None` where there is nothing that could be satisfied or not, so
    /// that only an observation tells of it.
    pub(crate) fn oscal(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Pass => Some(("satisfied", "pass")),
            Self::Fail | Self::Waived => Some(("not-satisfied", "fail")),
            Self::Unknown | Self::Mitigated => Some(("not-satisfied", "other")),
            Self::NotApplicable | Self::Inherited | Self::Manual => None,
        }
    }

    /// OCSF's `compliance.status_id` with its caption.
    pub(crate) fn ocsf(self) -> (u8, &'static str) {
        match self {
            Self::Pass => (1, "Pass"),
            Self::Unknown => (2, "Warning"),
            Self::Fail | Self::Waived => (3, "Fail"),
            Self::Manual => (0, "Unknown"),
            // The captions of 99 are ours to choose.
            Self::NotApplicable => (99, "Not Applicable"),
            Self::Inherited => (99, "Inherited"),
            Self::Mitigated => (99, "Mitigated"),
        }
    }

    /// ASFF's `Compliance.Status`, with the code of a reason where it says less than we know.
    pub(crate) fn asff(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Pass => ("PASSED", None),
            Self::Fail => ("FAILED", None),
            Self::Waived => ("FAILED", Some("WAIVED")),
            Self::Mitigated => ("FAILED", Some("MITIGATED")),
            Self::Unknown => ("NOT_AVAILABLE", Some("UNKNOWN")),
            Self::NotApplicable => ("NOT_AVAILABLE", Some("NOT_APPLICABLE")),
            Self::Inherited => ("NOT_AVAILABLE", Some("INHERITED")),
            Self::Manual => ("NOT_AVAILABLE", Some("MANUAL")),
        }
    }

    /// The child of a JUnit test case. `None`: it passed.
    pub(crate) fn junit(self) -> Option<&'static str> {
        match self {
            Self::Pass => None,
            Self::Fail => Some("failure"),
            Self::Unknown => Some("error"),
            Self::NotApplicable | Self::Inherited | Self::Waived | Self::Manual | Self::Mitigated => Some("skipped"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of docs/guides/exports.md.
    #[test]
    fn every_outcome_has_its_word_in_every_format() {
        use Outcome::{Fail, Inherited, Manual, Mitigated, NotApplicable, Pass, Unknown, Waived};
        let satisfied = |outcome: Outcome| outcome.oscal().map(|(state, _)| state == "satisfied");
        for (outcome, oscal, ocsf, asff, junit) in [
            (Pass, Some(true), 1, "PASSED", None),
            (Fail, Some(false), 3, "FAILED", Some("failure")),
            (Unknown, Some(false), 2, "NOT_AVAILABLE", Some("error")),
            (NotApplicable, None, 99, "NOT_AVAILABLE", Some("skipped")),
            (Waived, Some(false), 3, "FAILED", Some("skipped")),
            (Manual, None, 0, "NOT_AVAILABLE", Some("skipped")),
            (Inherited, None, 99, "NOT_AVAILABLE", Some("skipped")),
            (Mitigated, Some(false), 99, "FAILED", Some("skipped")),
        ] {
            let told = (satisfied(outcome), outcome.ocsf().0, outcome.asff().0, outcome.junit());
            assert_eq!(told, (oscal, ocsf, asff, junit), "{outcome:?}");
            assert!(Outcome::ALL.contains(&outcome));
        }
    }

    #[test]
    fn only_what_passed_is_good_anywhere() {
        for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Pass) {
            assert!(outcome.oscal().is_none_or(|(state, _)| state == "not-satisfied"), "{outcome:?}");
            assert_ne!(outcome.ocsf().0, 1, "{outcome:?}");
            assert_ne!(outcome.asff().0, "PASSED", "{outcome:?}");
            assert!(outcome.junit().is_some(), "{outcome:?}");
        }
    }
}
