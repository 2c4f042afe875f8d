//! The key that seals bundles: one that this process reads, or one that signs where it is.

use super::secret;
use anyhow::Context as _;
use palisade_evidence::{PublicKey, Signer, SigningKey};
use palisade_message::SecretRef;
use palisade_vault::{KeyPlace, ManagedKey};
use std::{fmt, str::FromStr};
use tokio::{runtime::Handle, task::block_in_place};

/// Where a signing key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyRef {
    /// Where it can be read.
    Secret(SecretRef),
    /// In a key manager, which gives it to nobody.
    Managed(KeyPlace),
}

impl FromStr for KeyRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if KeyPlace::is_meant(text) {
            return text.parse().map(Self::Managed).map_err(|error: palisade_vault::KeyPlaceError| error.to_string());
        }
        let managers = ["aws-kms:", "arn:aws:kms:", "azure-kv-key:", "gcp-kms:"];
        if managers.iter().any(|manager| text.starts_with(manager)) {
            return Err(palisade_vault::KeyPlaceError::NoManager.to_string());
        }
        text.parse().map(Self::Secret).map_err(|error: palisade_message::SecretRefError| error.to_string())
    }
}

impl fmt::Display for KeyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(place) => place.fmt(f),
            Self::Managed(place) => place.fmt(f),
        }
    }
}

/// The key at a reference. Of one in a key manager the public half is read now.
pub(super) async fn open(place: &KeyRef) -> anyhow::Result<Box<dyn Signer + Send + Sync>> {
    match place {
        KeyRef::Secret(place) => {
            let key = SigningKey::from_pem(secret(place).await?.expose());
            Ok(Box::new(key.with_context(|| format!("the secret `{place}` is no signing key"))?))
        }
        KeyRef::Managed(place) => {
            let key = ManagedKey::open(place).await?;
            let public = PublicKey::from_der(key.public())
                .with_context(|| format!("the key `{place}` is none that bundles are sealed with"))?;
            Ok(Box::new(Elsewhere { key, public }))
        }
    }
}

/// A key in a key manager. Each signature is a call, during which this thread waits.
#[derive(Debug)]
struct Elsewhere {
    key: ManagedKey,
    public: PublicKey,
}

impl Signer for Elsewhere {
    fn public(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        block_in_place(|| Handle::current().block_on(self.key.sign(message))).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_where_it_can_be_read_or_in_a_key_manager_and_nothing_else() {
        let key = |text: &str| text.parse::<KeyRef>();
        assert!(matches!(key("file:signing.pem"), Ok(KeyRef::Secret(_))));
        let arn = "awskms:arn:aws:kms:eu-west-1:111122223333:alias/evidence";
        assert!(matches!(key(arn), Ok(KeyRef::Managed(_))));
        assert_eq!(key(arn).unwrap().to_string(), arn);
        assert!(key("awskms:alias/evidence").unwrap_err().contains("ARN"));
        for text in ["aws-kms://alias/evidence", "arn:aws:kms:eu-west-1:111111111111:key/x", "gcp-kms://projects/p"] {
            assert!(key(text).unwrap_err().contains("`awskms:ARN`"), "{text}");
        }
        let literal = key("hunter2").unwrap_err();
        assert!(!literal.contains("hunter2"), "{literal}");
    }
}
