//! Keys that sign inside a key manager and never leave it.
//!
//! The public half is read once, and each signature is one call. Nothing is listed, made or changed.

#[cfg(feature = "kms-aws")]
mod aws;
#[cfg(feature = "kms-azure")]
mod azure;
#[cfg(all(test, any(feature = "kms-aws", feature = "kms-azure", feature = "kms-gcp")))]
mod doubles;
#[cfg(feature = "kms-gcp")]
mod gcp;
mod place;

pub use place::{KeyPlace, KeyPlaceError};

use crate::PATIENCE;
use std::{fmt, future::Future};

/// A key manager does not sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyManagerError {
    /// It refused, or nobody heard it.
    #[error("the key `{place}` cannot be used: {why}; sealing takes {permissions}")]
    Withheld {
        /// Where the key is.
        place: KeyPlace,
        /// Its answer in short, without secrets.
        why: String,
        /// The rights that it takes.
        permissions: &'static str,
    },
    /// This build cannot ask that key manager.
    #[error("the key `{place}` needs a build with the feature `{feature}`")]
    NotBuilt {
        /// Where the key is.
        place: KeyPlace,
        /// What would bring it.
        feature: &'static str,
    },
}

/// What a key manager said, or why it did not, in short and without secrets.
type Said<T> = Result<T, String>;

/// A key inside a key manager.
pub struct ManagedKey {
    place: KeyPlace,
    public: Vec<u8>,
    manager: Manager,
}

impl fmt::Debug for ManagedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManagedKey({})", self.place)
    }
}

enum Manager {
    #[cfg(feature = "kms-aws")]
    Aws(aws::Key),
    #[cfg(feature = "kms-azure")]
    Azure(azure::Key),
    #[cfg(feature = "kms-gcp")]
    Google(gcp::Key),
}

impl ManagedKey {
    /// Signs in with the process's own identity and reads the public half. Fails where the manager refuses, where the key is
    /// of a kind that no bundle is sealed with, and where this build knows no such manager.
    pub async fn open(place: &KeyPlace) -> Result<Self, KeyManagerError> {
        let opened = async {
            let opened: Option<Said<(Manager, Vec<u8>)>> = match place {
                #[cfg(feature = "kms-aws")]
                KeyPlace::Aws { arn, region } => {
                    Some(aws::open(arn, region).await.map(|(key, public)| (Manager::Aws(key), public)))
                }
                #[cfg(feature = "kms-azure")]
                KeyPlace::Azure { host, name, version } => Some(
                    azure::open(host, name, version.as_deref())
                        .await
                        .map(|(key, public)| (Manager::Azure(key), public)),
                ),
                #[cfg(feature = "kms-gcp")]
                KeyPlace::Google { version } => {
                    Some(gcp::open(version).await.map(|(key, public)| (Manager::Google(key), public)))
                }
                #[cfg(not(all(feature = "kms-aws", feature = "kms-azure", feature = "kms-gcp")))]
                _ => None,
            };
            opened
        };
        match Box::pin(in_time(async { opened.await.transpose() })).await.map_err(|why| withheld(place, why))? {
            None => Err(KeyManagerError::NotBuilt { place: place.clone(), feature: place.feature() }),
            Some((manager, public)) => Ok(Self { place: place.clone(), public, manager }),
        }
    }

    /// The public half as `SubjectPublicKeyInfo` in DER: of Ed25519 or of P-256.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The signature of a message: 64 bytes of Ed25519, or ECDSA over its SHA-256 in DER.
    pub async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyManagerError> {
        let signed = async {
            match &self.manager {
                #[cfg(feature = "kms-aws")]
                Manager::Aws(key) => key.sign(message).await,
                #[cfg(feature = "kms-azure")]
                Manager::Azure(key) => key.sign(message).await,
                #[cfg(feature = "kms-gcp")]
                Manager::Google(key) => key.sign(message).await,
                #[cfg(not(any(feature = "kms-aws", feature = "kms-azure", feature = "kms-gcp")))]
                _ => Err(format!("no key manager signs {} bytes", message.len())),
            }
        };
        in_time(signed).await.map_err(|why| withheld(&self.place, why))
    }
}

fn withheld(place: &KeyPlace, why: String) -> KeyManagerError {
    KeyManagerError::Withheld { place: place.clone(), why, permissions: place.permissions() }
}

async fn in_time<T>(asked: impl Future<Output = Said<T>>) -> Said<T> {
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    answer.unwrap_or_else(|_| Err(format!("no answer within {} seconds", PATIENCE.as_secs())))
}

/// The SHA-256 of a message, which ECDSA signs.
#[cfg(any(feature = "kms-aws", feature = "kms-azure", feature = "kms-gcp"))]
fn digest(message: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(message).to_vec()
}

#[cfg(all(test, not(feature = "kms-aws")))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_manager_that_is_not_built_in_is_refused_with_the_feature_that_brings_it() {
        let place = "awskms:arn:aws:kms:eu-west-1:111122223333:alias/evidence".parse().unwrap();
        let refused = ManagedKey::open(&place).await.unwrap_err();
        assert!(refused.to_string().contains("`sign-aws`"), "{refused}");
    }
}
