//! Keys as `openssl` reads and writes them: Ed25519, and P-256 where a key manager offers nothing else.

use crate::p256;
use aws_lc_rs::{
    encoding::AsBigEndian as _,
    signature::{ECDSA_P256_SHA256_ASN1, ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
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
    /// The text is no public key that bundles are sealed with.
    #[error("this is no public key of Ed25519 or P-256 in PEM form (`-----BEGIN PUBLIC KEY-----`)")]
    Public,
    /// Whoever has the private key did not sign.
    #[error("the key `{key}` did not sign: {why}")]
    Sign {
        /// Its fingerprint.
        key: String,
        /// Why, in the words of whoever was asked.
        why: String,
    },
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
        PublicKey(Point::Ed25519(bytes))
    }

    /// The signature of a message. The same message has the same one.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(self.pair.sign(message).as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }
}

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032): the same message has the same signature.
    Ed25519,
    /// ECDSA over P-256 and SHA-256, in DER with the lesser `s`: every signature is another one.
    EcdsaP256,
}

impl Algorithm {
    /// Its name in a statement.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa-p256-sha256",
        }
    }
}

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey(pub(crate) Point);

/// The key itself: 32 bytes of RFC 8032, or a point of P-256 without compression.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Point {
    Ed25519([u8; 32]),
    P256([u8; 65]),
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

impl PublicKey {
    /// Reads a key out of its PEM text.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_der(&unpem("PUBLIC KEY", text).ok_or(KeyError::Public)?)
    }

    /// Reads a key out of its `SubjectPublicKeyInfo` (RFC 5280), as key managers give it away.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let point = |prefix: &[u8]| der.strip_prefix(prefix);
        let point = match (point(&PUBLIC), point(&p256::PUBLIC)) {
            (Some(bytes), _) => bytes.try_into().ok().map(Point::Ed25519),
            (None, Some(bytes)) => bytes.try_into().ok().filter(p256::is_point).map(Point::P256),
            (None, None) => None,
        };
        point.map(Self).ok_or(KeyError::Public)
    }

    /// How the key signs.
    pub fn algorithm(self) -> Algorithm {
        match self.0 {
            Point::Ed25519(_) => Algorithm::Ed25519,
            Point::P256(_) => Algorithm::EcdsaP256,
        }
    }

    /// Its `SubjectPublicKeyInfo`.
    pub(crate) fn to_der(self) -> Vec<u8> {
        match &self.0 {
            Point::Ed25519(bytes) => [PUBLIC.as_slice(), bytes].concat(),
            Point::P256(bytes) => [p256::PUBLIC.as_slice(), bytes].concat(),
        }
    }

    /// Its PEM text, as `openssl pkey -pubout` writes it.
    pub fn to_pem(self) -> String {
        pem("PUBLIC KEY", &self.to_der())
    }

    /// The SHA-256 of its DER form, as `openssl pkey -pubin -outform DER | sha256sum` prints it. Publish this one where the
    /// bundles are not.
    pub fn fingerprint(self) -> String {
        hex::encode(Sha256::digest(self.to_der()))
    }

    pub(crate) fn has_signed(self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Point::Ed25519(bytes) => UnparsedPublicKey::new(&ED25519, bytes).verify(message, signature).is_ok(),
            Point::P256(bytes) => {
                p256::canonical(signature).as_deref() == Some(signature)
                    && UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, bytes).verify(message, signature).is_ok()
            }
        }
    }
}

/// How many characters a line of a PEM text has at most (RFC 7468).
const PEM_LINE: usize = 64;

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    // Base64 has one byte for each character.
    let lines = text.as_bytes().chunks(PEM_LINE).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}

/// The bytes of one PEM block that is the whole text, but for white space around it.
fn unpem(label: &str, text: &str) -> Option<Vec<u8>> {
    let inner = text.trim().strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let inner = inner.strip_suffix(&format!("-----END {label}-----"))?;
    STANDARD.decode(inner.split_ascii_whitespace().collect::<String>()).ok()
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
        assert_eq!(
            hex::encode(key.public().to_der().split_off(PUBLIC.len())),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
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
}
