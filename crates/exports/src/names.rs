//! UUIDs of version 5: the same thing has the same one in every export.

use serde::{Serialize, Serializer};
use sha1::{Digest as _, Sha1};
use std::fmt;

/// The namespace of all our names. Made once, at random; another one would give every thing in every export another name.
const OURS: [u8; 16] = [0x5b, 0x8e, 0x0c, 0x1f, 0x3d, 0x5a, 0x4c, 0x0e, 0x9d, 0x27, 0x61, 0xa4, 0xf0, 0x7b, 0x92, 0xd8];

/// A UUID of version 5 (RFC 9562, 5.5). OSCAL takes versions 4 and 5 alone, and a random one would change with every export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Uuid([u8; 16]);

impl Uuid {
    /// The name of a thing of a kind, by what makes it this one and no other.
    pub(crate) fn of(kind: &str, parts: &[&str]) -> Self {
        Self::of_each(kind, parts)
    }

    /// The same of parts that nobody has to hold.
    pub(crate) fn of_each(kind: &str, parts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut hash = Sha1::new().chain_update(OURS).chain_update(kind);
        for part in parts {
            let part = part.as_ref();
            // The length keeps `ab`+`c` apart from `a`+`bc`.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self::of_hash(hash.finalize().into())
    }

    fn of_hash(hash: [u8; 20]) -> Self {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
        *version = (*version & 0x0f) | 0x50;
        *variant = (*variant & 0x3f) | 0x80;
        Self(bytes)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hyphens = [4, 6, 8, 10];
        self.0.iter().enumerate().try_for_each(|(place, byte)| {
            let hyphen = if hyphens.contains(&place) { "-" } else { "" };
            write!(f, "{hyphen}{byte:02x}")
        })
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_comes_out() {
        // RFC 9562, A.4: `www.example.com` in the namespace of DNS names.
        let dns = [0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];
        let hash = Sha1::new().chain_update(dns).chain_update("www.example.com").finalize();
        let uuid = Uuid::of_hash(hash.into());
        assert_eq!(uuid.to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }

    #[test]
    fn names_that_run_into_each_other_are_two() {
        assert_ne!(Uuid::of("risk", &["ab", "c"]), Uuid::of("risk", &["a", "bc"]));
        assert_ne!(Uuid::of("risk", &["a"]), Uuid::of("finding", &["a"]));
        assert_eq!(Uuid::of("risk", &["a"]), Uuid::of("risk", &["a"]));
    }
}
