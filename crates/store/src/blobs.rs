//! Snapshots where objects are kept: a folder, and with the features `s3`, `azure-blob` and `gcs` a bucket.
//!
//! The names are those of [`SnapshotFolder`](crate::SnapshotFolder): one reads what the other wrote.

use crate::{
    StoreError,
    folder::{Header, body_name, header_line, named_bodies, read_unit, unit_name},
};
use futures::TryStreamExt as _;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, local::LocalFileSystem, path::Path as Name};
use palisade_model::Digest;
use palisade_provider::{Outcome, Snapshot};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Snapshots where objects are kept.
#[derive(Clone)]
pub struct SnapshotBlobs {
    objects: Arc<dyn ObjectStore>,
    /// What stands before every name.
    prefix: Name,
    /// Where it is, for messages.
    place: String,
}

impl fmt::Debug for SnapshotBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotBlobs").field("place", &self.place).finish_non_exhaustive()
    }
}

impl SnapshotBlobs {
    /// A folder. It is made if it is not there.
    pub fn folder(root: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(root).map_err(|source| StoreError::Write { path: root.to_owned(), source })?;
        let local = LocalFileSystem::new_with_prefix(root)
            .map_err(|error| StoreError::Write { path: root.to_owned(), source: error.into() })?;
        Ok(Self { objects: Arc::new(local), prefix: Name::default(), place: root.display().to_string() })
    }

    /// Any other place. The client signs in as its environment says; `prefix` stands before every name.
    pub fn objects(objects: Arc<dyn ObjectStore>, prefix: &str, place: &str) -> Self {
        Self { objects, prefix: Name::from(prefix), place: place.to_owned() }
    }

    /// An S3 bucket, with the credentials of the environment.
    #[cfg(feature = "s3")]
    pub fn s3(bucket: &str, prefix: &str) -> Result<Self, StoreError> {
        let place = format!("s3://{bucket}/{prefix}");
        let client = object_store::aws::AmazonS3Builder::from_env().with_bucket_name(bucket).build();
        Ok(Self::objects(Arc::new(client.map_err(|error| unusable(&place, error))?), prefix, &place))
    }

    /// A container of Azure Blob Storage, with the credentials of the environment.
    #[cfg(feature = "azure-blob")]
    pub fn azure(container: &str, prefix: &str) -> Result<Self, StoreError> {
        let place = format!("az://{container}/{prefix}");
        let client = object_store::azure::MicrosoftAzureBuilder::from_env().with_container_name(container).build();
        Ok(Self::objects(Arc::new(client.map_err(|error| unusable(&place, error))?), prefix, &place))
    }

    /// A bucket of Google Cloud Storage, with the credentials of the environment.
    #[cfg(feature = "gcs")]
    pub fn gcs(bucket: &str, prefix: &str) -> Result<Self, StoreError> {
        let place = format!("gs://{bucket}/{prefix}");
        let client = object_store::gcp::GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).build();
        Ok(Self::objects(Arc::new(client.map_err(|error| unusable(&place, error))?), prefix, &place))
    }

    /// Writes one scope: its bodies first, then the list that names them. A body that is there is not written again.
    pub async fn write(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let mut written = BTreeSet::new();
        for record in snapshot.records() {
            if let Outcome::Answered(body) = &record.outcome
                && written.insert(body.digest())
            {
                self.put_body(&self.name(&body_name(body.digest())), body.bytes()).await?;
            }
        }
        let lines = snapshot.to_lines();
        let header = Header::of(snapshot, &lines);
        let name = self.name(&unit_name(&header));
        let text = format!("{}\n{lines}", header_line(&header, &self.shown(&name))?);
        self.objects
            .put(&name, text.into_bytes().into())
            .await
            .map(drop)
            .map_err(|error| self.write_error(&name, error))
    }

    /// The scopes that are kept, in a stable order.
    pub async fn units(&self) -> Result<Vec<String>, StoreError> {
        let folder = self.name("units");
        let found = self.objects.list(Some(&folder)).try_collect::<Vec<_>>().await;
        let found = found.map_err(|error| self.read_error(&folder, error))?;
        let names = found.into_iter().filter_map(|object| object.location.filename().map(str::to_owned));
        let mut units: Vec<String> =
            names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "jsonl")).collect();
        if units.is_empty() {
            return Err(StoreError::Empty { path: PathBuf::from(&self.place) });
        }
        units.sort();
        Ok(units)
    }

    /// Reads one scope and checks every body against its digest.
    pub async fn read(&self, unit: &str) -> Result<Snapshot, StoreError> {
        let name = self.name(&format!("units/{unit}"));
        let text = self.get(&name).await?;
        let shown = self.shown(&name);
        let text = String::from_utf8(text)
            .map_err(|error| StoreError::Malformed { path: shown.clone(), why: error.to_string() })?;
        // Fetched before the list is read, because reading does not wait.
        let mut bodies: BTreeMap<Digest, Result<Arc<[u8]>, String>> = BTreeMap::new();
        for digest in named_bodies(&text) {
            let got = self.get(&self.name(&body_name(digest))).await;
            let body =
                got.map(Arc::from).map_err(|error| format!("could not read the body `{digest}`: {}", chain(&error)));
            bodies.insert(digest, body);
        }
        read_unit(&shown, &text, |digest| {
            bodies.get(&digest).cloned().unwrap_or_else(|| Err("no such body".to_owned()))
        })
    }

    async fn put_body(&self, name: &Name, bytes: &[u8]) -> Result<(), StoreError> {
        // One of another length is what was left by a writer that ended in the middle.
        let there = self.objects.head(name).await;
        if there.is_ok_and(|there| there.size == bytes.len() as u64) {
            return Ok(());
        }
        let options = PutOptions { mode: PutMode::Overwrite, ..PutOptions::default() };
        let put = self.objects.put_opts(name, bytes.to_vec().into(), options).await;
        put.map(drop).map_err(|error| self.write_error(name, error))
    }

    async fn get(&self, name: &Name) -> Result<Vec<u8>, StoreError> {
        let got = self.objects.get(name).await.map_err(|error| self.read_error(name, error))?;
        got.bytes().await.map(|bytes| bytes.to_vec()).map_err(|error| self.read_error(name, error))
    }

    fn name(&self, name: &str) -> Name {
        name.split('/').fold(self.prefix.clone(), Name::join)
    }

    fn shown(&self, name: &Name) -> PathBuf {
        PathBuf::from(format!("{}/{name}", self.place.trim_end_matches('/')))
    }

    fn write_error(&self, name: &Name, error: object_store::Error) -> StoreError {
        StoreError::Write { path: self.shown(name), source: io::Error::from(error) }
    }

    fn read_error(&self, name: &Name, error: object_store::Error) -> StoreError {
        StoreError::Read { path: self.shown(name), source: io::Error::from(error) }
    }
}

#[cfg(any(feature = "s3", feature = "azure-blob", feature = "gcs"))]
fn unusable(place: &str, error: object_store::Error) -> StoreError {
    StoreError::Write { path: PathBuf::from(place), source: io::Error::from(error) }
}

/// An error with its causes.
fn chain(error: &StoreError) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
