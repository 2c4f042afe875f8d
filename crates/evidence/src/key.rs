//! Ed25519 keys as `openssl` reads and writes them.

use aws_lc_rs::{
    encoding::AsBigEndian as _,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// What stands before the 32 bytes of a private key in its PKCS #8 form (RFC 8410, section 7).
const PRIVATE: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// What stands before the 32 bytes of a public key in its `SubjectPublicKeyInfo` (RFC 8410, section 4).
const PUBLIC: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key is none, or cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is no Ed25519 private key.
    #[error(
        "this is no Ed25519 private key in PEM form (`-----BEGIN PRIVATE KEY-----`); `palisade evidence keys new` makes one"
    )]
    Private,
    /// The text is no Ed25519 public key.
    #[error("this is no Ed25519 public key in PEM form (`-----BEGIN PUBLIC KEY-----`)")]
    Public,
    /// The system gave no random numbers.
    #[error("the system gave no random numbers to make a key of")]
    Random,
    /// The text is no key of a period.
    #[error(
        "this is no key of a calendar month (`palisade-period-key/v1 2026-11 ...`); `palisade evidence keys period new` makes one"
    )]
    Period,
    /// A rotation does not hold.
    #[error("the rotation does not hold: {0}")]
    Rotation(&'static str),
}

/// A private key. Printing it prints nothing of it.
pub struct SigningKey {
    pair: Ed25519KeyPair,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().fingerprint())
    }
}

impl SigningKey {
    /// A new key of the system's random numbers, and its PEM text, which is the only copy of it.
    pub fn generate() -> Result<(Self, String), KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Random)?;
        let seed = pair.seed().and_then(|seed| seed.as_be_bytes()).map_err(|_| KeyError::Random)?;
        let text = pem("PRIVATE KEY", &[PRIVATE.as_slice(), seed.as_ref()].concat());
        Ok((Self { pair }, text))
    }

    /// Reads a key out of its PEM text, as `openssl genpkey -algorithm ed25519` writes it.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = unpem("PRIVATE KEY", text).ok_or(KeyError::Private)?;
        let seed = der.strip_prefix(PRIVATE.as_slice()).filter(|seed| seed.len() == 32).ok_or(KeyError::Private)?;
        Ed25519KeyPair::from_seed_unchecked(seed).map(|pair| Self { pair }).map_err(|_| KeyError::Private)
    }

    /// The other half, which everybody may have.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(self.pair.public_key().as_ref()).for_each(|(to, from)| *to = *from);
        PublicKey(bytes)
    }

    /// The signature of a message. The same message has the same one.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(self.pair.sign(message).as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }
}

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey(pub(crate) [u8; 32]);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

impl PublicKey {
    /// Reads a key out of its PEM text.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = unpem("PUBLIC KEY", text).ok_or(KeyError::Public)?;
        let bytes = der.strip_prefix(PUBLIC.as_slice()).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(KeyError::Public)
    }

    /// Its PEM text, as `openssl pkey -pubout` writes it.
    pub fn to_pem(self) -> String {
        pem("PUBLIC KEY", &[PUBLIC.as_slice(), &self.0].concat())
    }

    /// The SHA-256 of its DER form, as `openssl pkey -pubin -outform DER | sha256sum` prints it. Publish this one where the
    /// bundles are not.
    pub fn fingerprint(self) -> String {
        hex::encode(Sha256::digest([PUBLIC.as_slice(), &self.0].concat()))
    }

    pub(crate) fn has_signed(self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    // Both forms are shorter than a line of 64 characters.
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// The bytes of one PEM block that is the whole text, but for white space around it.
fn unpem(label: &str, text: &str) -> Option<Vec<u8>> {
    let inner = text.trim().strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let inner = inner.strip_suffix(&format!("-----END {label}-----"))?;
    STANDARD.decode(inner.trim()).ok()
}

/// One key says who comes after it, and the other one agrees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    schema: String,
    old_key: String,
    new_key: String,
    old_signature: String,
    new_signature: String,
}

const ROTATION: &str = "palisade.rotation/v1";

impl Rotation {
    /// Both keys sign that the new one follows the old one.
    pub fn new(old: &SigningKey, new: &SigningKey) -> Self {
        let (old_key, new_key) = (old.public().to_pem(), new.public().to_pem());
        let message = rotation_message(&old_key, &new_key);
        Self {
            schema: ROTATION.to_owned(),
            old_signature: STANDARD.encode(old.sign(&message)),
            new_signature: STANDARD.encode(new.sign(&message)),
            old_key,
            new_key,
        }
    }

    /// The old key and the new one, when both have signed.
    pub fn keys(&self) -> Result<(PublicKey, PublicKey), KeyError> {
        if self.schema != ROTATION {
            return Err(KeyError::Rotation("its schema is not `palisade.rotation/v1`"));
        }
        let (old, new) = (PublicKey::from_pem(&self.old_key)?, PublicKey::from_pem(&self.new_key)?);
        let message = rotation_message(&self.old_key, &self.new_key);
        let holds = |key: PublicKey, text: &str| {
            STANDARD.decode(text).is_ok_and(|signature| key.has_signed(&message, &signature))
        };
        if !holds(old, &self.old_signature) {
            return Err(KeyError::Rotation("the old key did not sign it"));
        }
        if !holds(new, &self.new_signature) {
            return Err(KeyError::Rotation("the new key did not sign it"));
        }
        Ok((old, new))
    }
}

fn rotation_message(old: &str, new: &str) -> Vec<u8> {
    format!("{ROTATION}\n{old}{new}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2.
    const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";

    #[test]
    fn a_published_key_signs_as_published() {
        let der = [PRIVATE.as_slice(), &hex::decode(SEED).unwrap()].concat();
        let key = SigningKey::from_pem(&pem("PRIVATE KEY", &der)).unwrap();
        assert_eq!(hex::encode(key.public().0), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        assert_eq!(
            hex::encode(key.sign(&[0x72])),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
    }

    #[test]
    fn a_new_key_reads_back_from_its_text_and_shows_nothing_of_itself() {
        let (key, text) = SigningKey::generate().unwrap();
        let again = SigningKey::from_pem(&text).unwrap();
        assert_eq!(again.public(), key.public());
        assert_eq!(PublicKey::from_pem(&key.public().to_pem()).unwrap(), key.public());
        assert!(key.public().has_signed(b"x", &again.sign(b"x")) && !key.public().has_signed(b"y", &again.sign(b"x")));
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public().fingerprint()));
        assert_eq!(SigningKey::from_pem(&key.public().to_pem()).unwrap_err(), KeyError::Private);
        assert_eq!(PublicKey::from_pem(&text).unwrap_err(), KeyError::Public);
        assert_eq!(PublicKey::from_pem("").unwrap_err(), KeyError::Public);
    }

    #[test]
    fn a_rotation_holds_when_both_keys_signed_it_and_not_otherwise() {
        let [old, new, other] = [(); 3].map(|()| SigningKey::generate().unwrap().0);
        let good = Rotation::new(&old, &new);
        assert_eq!(good.keys().unwrap(), (old.public(), new.public()));
        let stolen = Rotation { new_key: other.public().to_pem(), ..good.clone() };
        assert_eq!(stolen.keys().unwrap_err(), KeyError::Rotation("the old key did not sign it"));
        let one_sided = Rotation { new_signature: good.old_signature.clone(), ..good };
        assert_eq!(one_sided.keys().unwrap_err(), KeyError::Rotation("the new key did not sign it"));
    }
}
