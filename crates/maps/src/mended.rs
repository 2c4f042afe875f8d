//! What a plan mends.

use palisade_engine::{ControlId, Finding, Fingerprint, State};
use palisade_model::ClusterId;
use std::collections::{BTreeMap, BTreeSet};

/// How things are, or how they are after a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// How they are.
    Now,
    /// How they are when this was mended.
    After(Mended),
}

/// What a plan mends: the controls of each cluster that then find nothing bad any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended(BTreeMap<ClusterId, BTreeSet<ControlId>>);

impl Mended {
    /// From all findings and those that a plan mends. Half a control is not mended.
    pub fn of(findings: &[Finding], mended: &BTreeSet<Fingerprint>) -> Self {
        let mut controls: BTreeMap<(&ClusterId, ControlId), bool> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| !finding.rolled_up) {
            let is_mended = match finding.state {
                State::Pass | State::NotApplicable | State::Inherited => continue,
                State::Fail | State::Mitigated | State::Unknown | State::AttestMissing | State::AttestExpired => {
                    mended.contains(&finding.fingerprint)
                }
            };
            *controls.entry((&finding.cluster, finding.control.id)).or_insert(true) &= is_mended;
        }
        let mut whole: BTreeMap<ClusterId, BTreeSet<ControlId>> = BTreeMap::new();
        for ((cluster, control), _) in controls.into_iter().filter(|(_, is_mended)| *is_mended) {
            whole.entry(cluster.clone()).or_default().insert(control);
        }
        Self(whole)
    }

    /// The first of some controls that it mends in a cluster.
    pub(crate) fn first(&self, cluster: &ClusterId, of: &[ControlId]) -> Option<ControlId> {
        let mended = self.0.get(cluster)?;
        of.iter().copied().find(|control| mended.contains(control))
    }
}
