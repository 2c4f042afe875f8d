//! A short digest, to tell whether something is what it was.

use palisade_engine::Grounds;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The first 16 bytes of a SHA-256: enough to tell things apart, small enough to be kept a hundred thousand times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Print([u8; 16]);

impl Print {
    /// The print of some texts in their order.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // The length keeps `ab`+`c` apart from `a`+`bc`.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self::first_half(hash)
    }

    /// The print of what a verdict rests on: every record with its place, in any order. The empty print when it rests
    /// on nothing, as a verdict that is unknown does.
    pub fn of_grounds(grounds: &Grounds) -> Self {
        if grounds.is_empty() {
            return Self::default();
        }
        let mut records = grounds.records();
        records.sort_unstable();
        let mut hash = Sha256::new();
        for record in records {
            for part in [record.digest.to_hex().as_str(), &record.call, &record.pointer] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        Self::first_half(hash)
    }

    /// Whether it is the print of nothing.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// The bytes.
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// From the bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    fn first_half(hash: Sha256) -> Self {
        let whole: [u8; 32] = hash.finalize().into();
        let mut half = [0; 16];
        half.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        Self(half)
    }
}

impl fmt::Display for Print {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for Print {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Print {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut half = [0; 16];
        hex::decode_to_slice(&text, &mut half).map_err(D::Error::custom)?;
        Ok(Self(half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_kept_apart_and_text_survives() {
        assert_ne!(Print::of(["ab", "c"]), Print::of(["a", "bc"]));
        let print = Print::of(["a"]);
        let text = serde_json::to_string(&print).unwrap();
        assert_eq!(serde_json::from_str::<Print>(&text).unwrap(), print);
        assert!(Print::of_grounds(&Grounds::default()).is_empty());
    }
}
