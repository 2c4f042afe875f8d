//! The key that seals bundles: one that this process reads, or one that signs where it is.

use super::secret;
use crate::arguments::KeyRef;
use anyhow::Context as _;
use palisade_evidence::{PublicKey, Signer, SigningKey};
use palisade_vault::ManagedKey;
use tokio::{runtime::Handle, task::block_in_place};

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
