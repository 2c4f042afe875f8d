//! A stable name for a finding.

use crate::{ControlId, Subject};
use palisade_model::ClusterId;
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A stable name for a finding: control, cluster and subject, never a machine, a time or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of what a control says of a subject.
    pub fn of(control: ControlId, cluster: &ClusterId, subject: &Subject) -> Self {
        let mut hash = Sha256::new();
        for part in ["palisade.finding/v1", control, cluster.as_str(), subject.kind.name(), &subject.id] {
            // The length keeps `ab`+`c` apart from `a`+`bc`.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let whole: [u8; 32] = hash.finalize().into();
        let mut half = [0; 16];
        half.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        Self(half)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
