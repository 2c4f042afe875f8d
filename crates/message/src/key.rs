//! Short names for long ones.

use sha2::{Digest as _, Sha256};

/// The first half of a SHA-256 over the parts, each with its length, in hexadecimal.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let whole: [u8; 32] = hash.finalize().into();
    let mut name = hex::encode(whole);
    name.truncate(32);
    name
}
