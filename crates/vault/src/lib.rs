//! Reads secrets where they are kept: environment, files and the secret managers of three clouds. Has keys sign that stay in
//! the key managers of the same three ([`ManagedKey`]).
//!
//! Each manager stands behind a feature (`aws`, `azure`, `gcp`, `kms-aws`, `kms-azure`, `kms-gcp`) and is asked with the process's own identity: the official
//! SDK finds and signs, and one call reads one secret. Nothing is listed, nothing is written, and no answer is kept here.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "azure")]
mod azure;
#[cfg(feature = "gcp")]
mod gcp;
mod key;

pub use key::{KeyManagerError, KeyPlace, KeyPlaceError, ManagedKey};

#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
use palisade_message::Entry;
use palisade_message::{Managed, SecretRef};
use palisade_notify::{Keep, Kept, Local, Secret, SecretError, secret};
use std::time::Duration;

/// Whoever reads the secrets of this process.
#[derive(Debug, Default)]
pub struct Vault {
    #[cfg(feature = "aws")]
    aws: aws::Manager,
    #[cfg(feature = "gcp")]
    gcp: gcp::Manager,
}

/// How long a secret manager may take, with everything that signing in needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The cloud of a vault's host.
#[cfg(any(feature = "azure", feature = "kms-azure"))]
fn azure_cloud(host: &str) -> palisade_azure::Cloud {
    if host.ends_with(".usgovcloudapi.net") {
        palisade_azure::Cloud::UsGovernment
    } else if host.ends_with(".azure.cn") {
        palisade_azure::Cloud::China
    } else {
        palisade_azure::Cloud::Public
    }
}

/// The text of a secret, or why there is none, in short and without secrets.
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
type Read = Result<Vec<u8>, String>;

impl Keep for Vault {
    fn read<'a>(&'a self, place: &'a SecretRef) -> Kept<'a> {
        Box::pin(async move {
            match place {
                SecretRef::Env(_) | SecretRef::File(_) => {
                    Local(|name: &str| std::env::var(name).ok()).read(place).await
                }
                SecretRef::Managed(managed) => self.managed(place, managed).await,
            }
        })
    }
}

impl Vault {
    async fn managed(&self, place: &SecretRef, Managed { entry, .. }: &Managed) -> Result<Secret, SecretError> {
        let asked = async {
            match entry {
                #[cfg(feature = "aws")]
                Entry::Aws { id, region } => Some(self.aws.read(id, region.as_deref()).await),
                #[cfg(feature = "azure")]
                Entry::Azure { host, name, version } => Some(azure::read(host, name, version.as_deref()).await),
                #[cfg(feature = "gcp")]
                Entry::Google { version, location } => Some(self.gcp.read(version, location.as_deref()).await),
                #[cfg(not(all(feature = "aws", feature = "azure", feature = "gcp")))]
                _ => None,
            }
        };
        let answer = tokio::time::timeout(PATIENCE, asked).await;
        let answer = answer.unwrap_or_else(|_| Some(Err(format!("no answer within {} seconds", PATIENCE.as_secs()))));
        match answer {
            // What is not built in is said by whoever knows environment and files only.
            None => Local(|_: &str| None).read(place).await,
            Some(Ok(bytes)) => {
                let text = String::from_utf8(bytes).map_err(|_| SecretError::Binary(place.clone()))?;
                secret(place, text)
            }
            Some(Err(why)) => Err(SecretError::Withheld { place: place.clone(), why, permission: entry.permission() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[tokio::test]
    async fn what_is_in_a_file_is_read_and_what_is_nowhere_is_named() {
        let vault = Vault::default();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token"), "xoxb-1\n").unwrap();
        let in_folder =
            |name: &str| -> SecretRef { format!("file:{}", folder.path().join(name).display()).parse().unwrap() };
        assert_eq!(vault.read(&in_folder("token")).await.unwrap().expose(), "xoxb-1");
        assert!(vault.read(&in_folder("other")).await.unwrap_err().to_string().contains("could not be read"));
        let unset: SecretRef = "env:PALISADE_TEST_NOTHING_IS_HERE".parse().unwrap();
        assert!(vault.read(&unset).await.unwrap_err().to_string().contains("is not set"));
    }

    #[tokio::test]
    #[cfg(not(feature = "aws"))]
    async fn a_manager_that_is_not_built_in_is_refused_with_the_feature_that_brings_it() {
        let refused = Vault::default().read(&"aws-sm://palisade".parse().unwrap()).await.unwrap_err();
        assert!(refused.to_string().contains("`secrets-aws`"), "{refused}");
    }
}
