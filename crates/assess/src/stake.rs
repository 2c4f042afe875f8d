//! What is at stake in a question, and what an answer loses of it.

use palisade_engine::{Finding, Modifier, Severity, State};
use serde::Serialize;

/// What a question weighs, in units of which the lightest counted one has two.
///
/// It depends on the control and on the organisation's own severities and on nothing that is found, so that fixing
/// one thing never changes what another weighs.
pub(crate) fn stake(finding: &Finding) -> u64 {
    2 * weight(if is_set_by_policy(finding) { finding.severity } else { finding.control.severity })
}

/// Why a part of a stake is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It is proven bad, wholly or with something that softens it.
    Failing,
    /// It is bad and somebody accepted that for a time.
    Accepted,
    /// It was not read, or nobody answered.
    Unread,
}

/// What an answer loses of its stake, and why; `None` when it loses nothing.
pub(crate) fn loss(finding: &Finding) -> Option<(Reason, u64)> {
    let stake = stake(finding);
    let (reason, lost) = match finding.state {
        State::Pass | State::Inherited | State::NotApplicable => return None,
        State::Unknown | State::AttestMissing | State::AttestExpired => (Reason::Unread, stake),
        State::Mitigated => (Reason::Failing, stake / 2),
        // A verdict may say that it is less bad here than the control says; never that more is lost than is at stake.
        State::Fail if is_set_by_policy(finding) => (Reason::Failing, stake),
        State::Fail => (Reason::Failing, stake.min(2 * weight(finding.base_severity))),
    };
    let reason = if reason == Reason::Failing && finding.waived { Reason::Accepted } else { reason };
    (lost > 0).then_some((reason, lost))
}

/// Whether somebody knows the answer.
pub(crate) fn is_known(state: State) -> bool {
    match state {
        State::Unknown | State::AttestMissing | State::AttestExpired => false,
        State::Pass | State::Inherited | State::NotApplicable | State::Mitigated | State::Fail => true,
    }
}

fn is_set_by_policy(finding: &Finding) -> bool {
    finding.modifiers.contains(&Modifier::Policy)
}

/// Each step roughly doubles: one critical question weighs as much as two high ones.
fn weight(severity: Severity) -> u64 {
    match severity {
        Severity::Info => 0,
        Severity::Low => 1,
        Severity::Medium => 3,
        Severity::High => 7,
        Severity::Critical => 15,
    }
}
