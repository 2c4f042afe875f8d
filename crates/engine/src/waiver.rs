//! An accepted risk: somebody owns it, says why, and it ends.

use crate::Finding;
use jiff::Timestamp;

/// An accepted risk. It changes how a finding is shown, never its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The control it is about.
    pub control: String,
    /// The cluster's id or name.
    pub cluster: String,
    /// The subject's id or name; `None` for everything the control says of the cluster.
    pub subject: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why it is accepted.
    pub reason: String,
    /// When it ends.
    pub until: Timestamp,
    /// How many findings it covered when it was approved, if the file says so: when it covers more, somebody is told.
    pub covers: Option<u64>,
}

/// Who accepted a finding, why, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Who answers for it.
    pub owner: String,
    /// Why it is accepted.
    pub reason: String,
    /// When it ends, or ended.
    pub until: Timestamp,
}

impl Waiver {
    /// Whether it is about this finding, expired or not.
    pub fn matches(&self, finding: &Finding) -> bool {
        let names_cluster = self.cluster == finding.cluster.as_str() || self.cluster == *finding.cluster_name;
        let names_subject = self
            .subject
            .as_ref()
            .is_none_or(|subject| *subject == *finding.subject.id || *subject == *finding.subject.name);
        self.control == finding.control.id && names_cluster && names_subject
    }

    /// Whether it covers this finding now.
    pub fn covers(&self, finding: &Finding, now: Timestamp) -> bool {
        now < self.until && self.matches(finding)
    }

    /// What a finding keeps of it.
    pub(crate) fn acceptance(&self) -> Acceptance {
        Acceptance { owner: self.owner.clone(), reason: self.reason.clone(), until: self.until }
    }
}
