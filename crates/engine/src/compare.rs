//! What changed between two evaluations.

use crate::{Finding, Fingerprint, Severity, State};
use std::collections::BTreeMap;

/// One finding that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Which finding.
    pub fingerprint: Fingerprint,
    /// What happened to it.
    pub kind: ChangeKind,
}

/// What can happen to a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It fails and did not before.
    New,
    /// It failed with a lower severity before.
    Worsened,
    /// It failed and does not any more.
    Resolved,
    /// It failed and can no longer be seen.
    NoLongerVisible,
}

/// What changed from one evaluation to the next, in the order of fingerprints.
pub fn compare(before: &[Finding], after: &[Finding]) -> Vec<Change> {
    let states = |findings: &[Finding]| -> BTreeMap<Fingerprint, (State, Severity)> {
        findings.iter().map(|finding| (finding.fingerprint, (finding.state, finding.severity))).collect()
    };
    let (before, after) = (states(before), states(after));
    let gone = before.iter().filter(|(print, (state, _))| *state == State::Fail && !after.contains_key(print));
    let vanished = gone.map(|(print, _)| Change { fingerprint: *print, kind: ChangeKind::NoLongerVisible });
    let changed = after.iter().filter_map(|(print, (state, severity))| {
        let kind = match (before.get(print), state) {
            (Some((State::Fail, was)), State::Fail) if severity > was => ChangeKind::Worsened,
            (Some((State::Fail, _)), State::Fail) => return None,
            (_, State::Fail) => ChangeKind::New,
            (Some((State::Fail, _)), State::Unknown) => ChangeKind::NoLongerVisible,
            (Some((State::Fail, _)), _) => ChangeKind::Resolved,
            (_, _) => return None,
        };
        Some(Change { fingerprint: *print, kind })
    });
    let mut changes: Vec<Change> = vanished.chain(changed).collect();
    changes.sort_unstable();
    changes
}
