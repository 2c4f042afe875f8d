//! Whoever signs: a key that this process has read, or one that stays where it is.

use crate::{Algorithm, KeyError, PublicKey, SigningKey, p256};
use std::fmt;

/// Whoever signs. The private key need not be here.
pub trait Signer: fmt::Debug {
    /// The public key, which everybody may have.
    fn public(&self) -> PublicKey;

    /// The signature of a message: 64 bytes of Ed25519, or the DER form of ECDSA. An error says why there is none, without
    /// secrets.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String>;
}

impl Signer for SigningKey {
    fn public(&self) -> PublicKey {
        self.public()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        Ok(self.sign(message).to_vec())
    }
}

/// The signature of a message in the one form that is written. It is checked before anybody rests on it: a key that was
/// exchanged behind its name, or an answer that came damaged, is seen here and not by an auditor.
pub(crate) fn signature(signer: &dyn Signer, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    let key = signer.public();
    let failed = |why: String| KeyError::Sign { key: key.fingerprint(), why };
    let raw = signer.sign(message).map_err(failed)?;
    let signature = match key.algorithm() {
        Algorithm::Ed25519 => Some(raw),
        Algorithm::EcdsaP256 => p256::canonical(&raw),
    };
    signature
        .filter(|signature| key.has_signed(message, signature))
        .ok_or_else(|| failed("what it answered is no signature by this key".to_owned()))
}
