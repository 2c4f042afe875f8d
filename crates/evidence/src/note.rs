//! Checkpoints of a log: signed notes of C2SP (`tlog-checkpoint`, `signed-note`).

use crate::{Broken, PublicKey, key::Point, merkle::Hash};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

/// How large a log is and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// The log's name, which is also the name of the key.
    pub(crate) origin: String,
    /// How many bundles it holds.
    pub(crate) size: u64,
    /// The root over them.
    pub(crate) root: Hash,
}

/// Ed25519 in a signed note.
const ED25519: u8 = 1;
/// ECDSA in a signed note.
const ECDSA: u8 = 2;

/// Whether a text can name a log: one word of printable ASCII, without a plus sign.
pub(crate) fn is_origin(text: &str) -> bool {
    !text.is_empty() && text.len() <= 120 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+')
}

fn key_id(origin: &str, key: PublicKey) -> Vec<u8> {
    let mut hash = Sha256::new();
    match key.0 {
        Point::Ed25519(bytes) => {
            hash.update(origin.as_bytes());
            hash.update([b'\n', ED25519]);
            hash.update(bytes);
        }
        // The one kind whose id does not know the name.
        Point::P256(_) => hash.update(key.to_der()),
    }
    hash.finalize().into_iter().take(4).collect()
}

impl Checkpoint {
    /// What is signed.
    pub(crate) fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The text, with the signature of its body by a key.
    pub(crate) fn signed(&self, key: PublicKey, signature: &[u8]) -> String {
        let line = [key_id(&self.origin, key).as_slice(), signature].concat();
        format!("{}\n\u{2014} {} {}\n", self.body(), self.origin, STANDARD.encode(line))
    }

    /// Reads a checkpoint that a key signed.
    pub(crate) fn read(file: &str, text: &str, key: PublicKey) -> Result<Self, Broken> {
        let (checkpoint, signature) = Self::parse(file, text)?;
        if checkpoint.is_signed(&signature, key) {
            Ok(checkpoint)
        } else {
            Err(Broken::new(file, "its signature does not hold for the key of the bundle"))
        }
    }

    /// Reads a checkpoint and its signature, which nobody has checked yet. There is one way to write it, and no other is read.
    pub(crate) fn parse(file: &str, text: &str) -> Result<(Self, Vec<u8>), Broken> {
        let form = || Broken::new(file, "it is no checkpoint: three lines, an empty one and a signature");
        let (body, rest) = text.split_once("\n\n").ok_or_else(form)?;
        let [origin, size, root] = body.split('\n').collect::<Vec<_>>().try_into().map_err(|_| form())?;
        let size: u64 = size.parse().map_err(|_| form())?;
        let root: Hash = STANDARD.decode(root).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(form)?;
        let checkpoint = Self { origin: origin.to_owned(), size, root };
        if checkpoint.body().strip_suffix('\n') != Some(body) || !is_origin(origin) {
            return Err(form());
        }
        let signature = rest
            .strip_prefix("\u{2014} ")
            .and_then(|rest| rest.strip_prefix(origin))
            .and_then(|rest| rest.strip_prefix(' '))
            .and_then(|rest| rest.strip_suffix('\n'))
            .and_then(|text| STANDARD.decode(text).ok())
            .ok_or_else(form)?;
        Ok((checkpoint, signature))
    }

    /// Whether a signature that was read with it is one by this key.
    pub(crate) fn is_signed(&self, signature: &[u8], key: PublicKey) -> bool {
        signature
            .strip_prefix(key_id(&self.origin, key).as_slice())
            .is_some_and(|signature| key.has_signed(self.body().as_bytes(), signature))
    }
}

/// The key in the form that readers of signed notes take: `NAME+HASH+KEY`.
impl PublicKey {
    /// The key as the verifier key of a log's name (C2SP `signed-note`).
    pub fn verifier_key(self, origin: &str) -> String {
        let bytes = match self.0 {
            Point::Ed25519(bytes) => [[ED25519].as_slice(), &bytes].concat(),
            Point::P256(_) => [[ECDSA].as_slice(), &self.to_der()].concat(),
        };
        format!("{origin}+{}+{}", hex::encode(key_id(origin, self)), STANDARD.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;

    #[test]
    fn a_checkpoint_reads_back_and_no_other_spelling_of_it_does() {
        let (key, _) = SigningKey::generate().unwrap();
        let checkpoint = Checkpoint { origin: "acme.example/evidence".to_owned(), size: 12, root: [9; 32] };
        let text = checkpoint.signed(key.public(), &key.sign(checkpoint.body().as_bytes()));
        assert_eq!(Checkpoint::read("checkpoint.txt", &text, key.public()).unwrap(), checkpoint);
        let (other, _) = SigningKey::generate().unwrap();
        assert!(Checkpoint::read("checkpoint.txt", &text, other.public()).is_err());
        for (from, to) in [("\n12\n", "\n13\n"), ("\n12\n", "\n012\n"), ("\n12\n", "\n+12\n"), ("acme", "acmf")] {
            let changed = text.replacen(from, to, 1);
            assert!(Checkpoint::read("checkpoint.txt", &changed, key.public()).is_err(), "{changed}");
        }
        for changed in [format!("{text}\n"), format!("{text}{text}"), text.trim_end().to_owned(), String::new()] {
            assert!(Checkpoint::read("checkpoint.txt", &changed, key.public()).is_err(), "{changed}");
        }
    }
}
