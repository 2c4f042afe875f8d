//! Answers that are closed with a key of their period: destroy the key, and they are gone wherever they lie, while every digest,
//! signature and verdict still holds.

use crate::{
    Broken, KeyError, Trust,
    ledger::raw_path,
    manifest::Manifest,
    source::{LARGEST_ANSWER, Source},
    write::sha256,
};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    hmac, rand,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// How the text of a key begins.
const HEAD: &str = "palisade-period-key/v1";
const ALGORITHM: &str = "AES-256-GCM";
/// What AES-GCM adds to what it closes, in bytes.
const TAG: u64 = 16;

/// How the answers of a bundle are closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encryption {
    /// How.
    pub algorithm: String,
    /// The calendar month in UTC that the key is for: `2026-11`.
    pub period: String,
    /// The key's id, which tells nothing of it.
    pub key_id: String,
}

/// The key of one calendar month. Printing it prints nothing of it.
#[derive(Clone)]
pub struct PeriodKey {
    inner: Arc<Inner>,
}

struct Inner {
    period: String,
    id: String,
    close: LessSafeKey,
    nonces: hmac::Key,
}

impl fmt::Debug for PeriodKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeriodKey({} of {})", self.id(), self.period())
    }
}

/// The calendar month of a moment, in UTC.
pub(crate) fn period_of(at: Timestamp) -> String {
    at.strftime("%Y-%m").to_string()
}

/// Whether a text is a calendar month: `2026-11`.
fn is_period(text: &str) -> bool {
    text.len() == 7 && format!("{text}-01").parse::<jiff::civil::Date>().is_ok()
}

impl PeriodKey {
    /// A new key of the system's random numbers for a calendar month, and its text, which is the only copy of it.
    pub fn generate(period: &str) -> Result<(Self, String), KeyError> {
        let mut secret = [0; 32];
        rand::fill(&mut secret).map_err(|_| KeyError::Random)?;
        let text = format!("{HEAD} {period} {}\n", STANDARD.encode(secret));
        Ok((Self::from_text(&text)?, text))
    }

    /// Reads a key out of its text.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let [head, period, secret] =
            text.split_whitespace().collect::<Vec<_>>().try_into().map_err(|_| KeyError::Period)?;
        let secret: [u8; 32] =
            STANDARD.decode(secret).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(KeyError::Period)?;
        if head != HEAD || !is_period(period) {
            return Err(KeyError::Period);
        }
        Self::of(period, &secret).ok_or(KeyError::Period)
    }

    /// Three keys that tell nothing of each other: to close with, to make nonces with, and one that everybody may see.
    fn of(period: &str, secret: &[u8]) -> Option<Self> {
        let root = Salt::new(HKDF_SHA256, HEAD.as_bytes()).extract(secret);
        let part = |name: &str| {
            let mut bytes = [0; 32];
            root.expand(&[name.as_bytes(), period.as_bytes()], HKDF_SHA256).ok()?.fill(&mut bytes).ok()?;
            Some(bytes)
        };
        let id: String = hex::encode(part("id")?).chars().take(32).collect();
        let close = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &part("close")?).ok()?);
        let nonces = hmac::Key::new(hmac::HMAC_SHA256, &part("nonce")?);
        Some(Self { inner: Arc::new(Inner { period: period.to_owned(), id, close, nonces }) })
    }

    /// The calendar month that it is for.
    pub fn period(&self) -> &str {
        &self.inner.period
    }

    /// Its id, which tells nothing of it.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// The calendar month of a moment in UTC, as a key is for it.
    pub fn period_at(moment: Timestamp) -> String {
        period_of(moment)
    }

    pub(crate) fn encryption(&self) -> Encryption {
        let algorithm = ALGORITHM.to_owned();
        Encryption { algorithm, period: self.period().to_owned(), key_id: self.id().to_owned() }
    }

    /// The nonce of an answer: the same answer is closed to the same bytes, and no two answers share a nonce but by chance
    /// (2^-96 for a pair).
    fn nonce(&self, digest: &str) -> Nonce {
        self.nonce_of(digest.as_bytes())
    }

    /// The nonce of what is bound to something: a digest in hexadecimal, or what no digest begins like.
    fn nonce_of(&self, context: &[u8]) -> Nonce {
        let mut bytes = [0; 12];
        let tag = hmac::sign(&self.inner.nonces, context);
        bytes.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        Nonce::assume_unique_for_key(bytes)
    }

    /// Closes a piece of a file that is bound to something nothing else is bound to.
    pub(crate) fn close_piece(&self, context: &[u8], mut piece: Vec<u8>) -> Option<Vec<u8>> {
        let aad = Aad::from(context);
        self.inner.close.seal_in_place_append_tag(self.nonce_of(context), aad, &mut piece).ok()?;
        Some(piece)
    }

    /// Opens a piece again; nothing when the key, the bytes or what it is bound to are others.
    pub(crate) fn open_piece(&self, context: &[u8], mut piece: Vec<u8>) -> Option<Vec<u8>> {
        let length = self.inner.close.open_in_place(self.nonce_of(context), Aad::from(context), &mut piece).ok()?.len();
        piece.truncate(length);
        Some(piece)
    }

    /// Closes an answer that has this digest.
    pub(crate) fn close(&self, digest: &str, answer: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut bytes = answer.to_vec();
        let aad = Aad::from(digest.as_bytes());
        self.inner
            .close
            .seal_in_place_append_tag(self.nonce(digest), aad, &mut bytes)
            .map_err(|_| Broken::new(closed_path(digest), "it could not be encrypted"))?;
        Ok(bytes)
    }

    /// Opens an answer again; nothing when the key or the bytes are others.
    pub(crate) fn open(&self, digest: &str, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        let aad = Aad::from(digest.as_bytes());
        let length = self.inner.close.open_in_place(self.nonce(digest), aad, &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

/// Some keys in words: `the key `0a1b` of 2026-11`. Nothing when there are none.
fn named(keys: &[PeriodKey]) -> Option<String> {
    let named: Vec<String> = keys.iter().map(|key| format!("the key `{}` of {}", key.id(), key.period())).collect();
    (!named.is_empty()).then(|| named.join(" and "))
}

impl Trust {
    /// The keys of months that were given, in words. Nothing when none was.
    pub fn given_periods(&self) -> Option<String> {
        named(self.periods())
    }
}

/// Where a closed answer stands. It is called by the digest of what is in it.
pub(crate) fn closed_path(sha256: &str) -> String {
    raw_path(sha256) + ".enc"
}

/// The answers of a bundle, open or closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswersOf<'a> {
    pub(crate) source: &'a Source,
    encryption: Option<&'a Encryption>,
    key: Option<&'a PeriodKey>,
    given: &'a [PeriodKey],
}

impl<'a> AnswersOf<'a> {
    /// The answers of a bundle, for whoever has these keys.
    pub(crate) fn new(source: &'a Source, manifest: &'a Manifest, keys: &'a [PeriodKey]) -> Result<Self, Broken> {
        let encryption = manifest.encryption.as_ref();
        if let Some(encryption) = encryption.filter(|encryption| encryption.algorithm != ALGORITHM) {
            let fact =
                format!("its answers are closed with `{}`, which this program does not know", encryption.algorithm);
            return Err(Broken::new(crate::manifest::MANIFEST, fact));
        }
        let key = encryption.and_then(|encryption| {
            keys.iter().find(|key| (key.id(), key.period()) == (&encryption.key_id, &encryption.period))
        });
        Ok(Self { source, encryption, key, given: keys })
    }

    /// What keeps the answers from being read, if they are closed and the key is not there.
    pub(crate) fn closed(&self) -> Option<&'a Encryption> {
        self.encryption.filter(|_| self.key.is_none())
    }

    /// The same, where they can be read. Refused with the key that is wanted, and those that were given instead.
    pub(crate) fn open(self) -> Result<Self, Broken> {
        let Some(Encryption { period, key_id, .. }) = self.closed() else { return Ok(self) };
        let give = match named(self.given) {
            None => "give it with `--period-key`".to_owned(),
            Some(others) => format!("`--period-key` gave {others}, give that one"),
        };
        let fact = format!(
            "the answers are encrypted with the key `{key_id}` of {period}: {give}; where it was destroyed nobody can judge \
             them again"
        );
        Err(Broken::new("raw", fact))
    }

    /// What opens what is closed.
    pub(crate) fn key(&self) -> Option<&'a PeriodKey> {
        self.key
    }

    /// Where an answer stands.
    pub(crate) fn path(&self, digest: &str) -> String {
        if self.encryption.is_some() { closed_path(digest) } else { raw_path(digest) }
    }

    /// The digest that an answer is called by, if it is called as an answer is.
    pub(crate) fn digest<'n>(&self, name: &'n str) -> Option<&'n str> {
        let ending = if self.encryption.is_some() { ".json.enc" } else { ".json" };
        let digest = name.strip_suffix(ending)?.rsplit('/').next()?;
        (crate::ledger::is_digest(digest) && self.path(digest) == name).then_some(digest)
    }

    /// An answer as it is stored, and as it is if it can be read. One that is not what it is called is refused.
    pub(crate) fn read(&self, digest: &str) -> Result<(Vec<u8>, Option<Vec<u8>>), Broken> {
        let name = self.path(digest);
        let limit = if self.encryption.is_some() { LARGEST_ANSWER + TAG } else { LARGEST_ANSWER };
        let stored = self.source.read(&name, limit)?;
        let open = match (self.encryption, self.key) {
            (None, _) => Some(stored.clone()),
            (Some(_), None) => None,
            (Some(_), Some(key)) => {
                let open = key.open(digest, stored.clone());
                Some(open.ok_or_else(|| Broken::new(&name, "the key of the period does not open it"))?)
            }
        };
        match open {
            Some(open) => {
                let actual = sha256(&open);
                if actual == digest {
                    return Ok((stored, Some(open)));
                }
                Err(Broken::new(name, format!("its SHA-256 is {actual}: it is not the answer of its name")))
            }
            None => Ok((stored, None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_answer_opens_with_its_key_and_under_its_own_name_alone() {
        let (key, text) = PeriodKey::generate("2026-11").unwrap();
        let (other, _) = PeriodKey::generate("2026-11").unwrap();
        let again = PeriodKey::from_text(&text).unwrap();
        assert_eq!((again.id(), again.period()), (key.id(), "2026-11"));
        let digest = sha256(b"{}");
        let closed = key.close(&digest, b"{}").unwrap();
        assert_eq!(closed, again.close(&digest, b"{}").unwrap(), "the same answer, the same bytes");
        assert_eq!(again.open(&digest, closed.clone()).as_deref(), Some(b"{}".as_slice()));
        assert_eq!(other.open(&digest, closed.clone()), None);
        assert_eq!(key.open(&sha256(b"[]"), closed.clone()), None);
        for at in 0..closed.len() {
            let mut changed = closed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(&digest, changed), None);
        }
        assert_eq!(key.open(&digest, closed[1..].to_vec()), None);
        assert!(!format!("{key:?}").contains(text.split(' ').nth(2).unwrap().trim()));
        // The month is part of what the key is made of.
        let moved = PeriodKey::from_text(&text.replace("2026-11", "2026-12")).unwrap();
        assert_eq!(moved.open(&digest, closed), None);
    }

    #[test]
    fn what_is_no_key_of_a_month_is_refused() {
        let (_, text) = PeriodKey::generate("2026-11").unwrap();
        for wrong in ["", "palisade-period-key/v1 2026-11 AAAA", &text.replace("v1", "v2"), &format!("{text} x")] {
            assert_eq!(PeriodKey::from_text(wrong).err(), Some(KeyError::Period), "{wrong}");
        }
        for month in ["2026-13", "2026-1", "2026-11-01", "x", "-026-11"] {
            assert_eq!(PeriodKey::generate(month).err(), Some(KeyError::Period), "{month}");
        }
        assert_eq!(period_of("2026-11-30T23:59:59Z".parse().unwrap()), "2026-11");
    }
}
