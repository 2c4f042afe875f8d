//! Signatures that were made once and cannot be made again: ECDSA has another one every time.

use crate::{Broken, PublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The signatures that a log has made, by the key and by what was signed.
#[derive(Debug, Default)]
pub(crate) struct Signatures(BTreeMap<(String, String), String>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    /// The fingerprint of the key.
    key: &'a str,
    /// The SHA-256 of what was signed.
    message: &'a str,
    /// The signature, in base64.
    signature: &'a str,
}

impl Signatures {
    pub(crate) fn read(file: &str, text: &str) -> Result<Self, Broken> {
        let line = |(number, line): (usize, &str)| {
            let Line { key, message, signature } = serde_json::from_str(line)
                .map_err(|_| Broken::new(file, format!("line {} is no signature", number + 1)))?;
            Ok(((key.to_owned(), message.to_owned()), signature.to_owned()))
        };
        text.lines().enumerate().map(line).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn to_text(&self) -> String {
        let lines = self.0.iter().map(|((key, message), signature)| {
            // Strings always have a JSON form.
            serde_json::to_string(&Line { key, message, signature }).unwrap_or_default() + "\n"
        });
        lines.collect()
    }

    /// The signature of a message, if there is one that holds.
    pub(crate) fn of(&self, key: PublicKey, message: &[u8]) -> Option<Vec<u8>> {
        let signature = STANDARD.decode(self.0.get(&place(key, message))?).ok()?;
        key.has_signed(message, &signature).then_some(signature)
    }

    pub(crate) fn remember(&mut self, key: PublicKey, message: &[u8], signature: &[u8]) {
        self.0.insert(place(key, message), STANDARD.encode(signature));
    }
}

fn place(key: PublicKey, message: &[u8]) -> (String, String) {
    (key.fingerprint(), hex::encode(Sha256::digest(message)))
}
