//! A stable name for a finding.

use crate::{ControlId, Subject};
use palisade_model::ClusterId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// A stable name for a finding: control, cluster and subject, never a machine, a time or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of what a control says of a subject.
    pub fn of(control: ControlId, cluster: &ClusterId, subject: &Subject) -> Self {
        Fingerprints::of(control, cluster).about(subject)
    }

    /// The 16 bytes.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// From the 16 bytes of one.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// The fingerprints of what one control says of one cluster: what they have in common is hashed once.
pub(crate) struct Fingerprints(Sha256);

impl Fingerprints {
    pub(crate) fn of(control: ControlId, cluster: &ClusterId) -> Self {
        let mut hash = Sha256::new();
        for part in ["palisade.finding/v1", control, cluster.as_str()] {
            add(&mut hash, part);
        }
        Self(hash)
    }

    pub(crate) fn about(&self, subject: &Subject) -> Fingerprint {
        let mut hash = self.0.clone();
        for part in [subject.kind.name(), &subject.id] {
            add(&mut hash, part);
        }
        let whole: [u8; 32] = hash.finalize().into();
        let mut half = [0; 16];
        half.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        Fingerprint(half)
    }
}

/// The length keeps `ab`+`c` apart from `a`+`bc`.
fn add(hash: &mut Sha256, part: &str) {
    hash.update((part.len() as u64).to_be_bytes());
    hash.update(part.as_bytes());
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The text is not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint: expected 32 hexadecimal digits")]
pub struct ParseFingerprintError;

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut half = [0; 16];
        hex::decode_to_slice(text, &mut half).map_err(|_| ParseFingerprintError)?;
        Ok(Self(half))
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
