//! The bundles of a bucket: which there are, and how one goes.

use super::{Bucket, MANIFEST};
use crate::StoreError;
use futures::TryStreamExt as _;
use object_store::{ObjectStore as _, ObjectStoreExt as _, path::Path as Name};
use std::{io, path::PathBuf};

/// The longest manifest that is read, in bytes.
const LONGEST: u64 = 64 << 20;

impl Bucket {
    /// The names of the bundles right below the address: folders with a manifest. A tar file is none here, as its manifest
    /// cannot be read alone.
    pub async fn bundles(&self) -> Result<Vec<String>, StoreError> {
        let found = self.objects.list_with_delimiter(Some(&self.prefix)).await.map_err(|error| self.unread(error))?;
        let mut names = Vec::new();
        for folder in found.common_prefixes {
            let Some(name) = self.below(&folder).pop() else { continue };
            if self.has(&folder.clone().join(MANIFEST)).await? {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The manifest of a bundle below the address.
    pub async fn manifest_of(&self, bundle: &str) -> Result<Vec<u8>, StoreError> {
        let name = self.name(&format!("{bundle}/{MANIFEST}"));
        let size = self.objects.head(&name).await.map_err(|error| self.unread(error))?.size;
        if size > LONGEST {
            let source = io::Error::new(io::ErrorKind::InvalidData, "it is too long to be read");
            return Err(StoreError::Read { path: self.shown(&name), source });
        }
        self.get(&name).await
    }

    /// Removes a bundle below the address. Its manifest goes last: whoever was interrupted finds it and goes on. Returns how many
    /// objects it was.
    pub async fn remove_bundle(&self, bundle: &str) -> Result<usize, StoreError> {
        let folder = self.name(bundle);
        let manifest = folder.clone().join(MANIFEST);
        let found: Vec<_> = self.objects.list(Some(&folder)).try_collect().await.map_err(|error| self.unread(error))?;
        let first = found.iter().map(|object| &object.location).filter(|name| **name != manifest);
        for name in first.chain([&manifest]) {
            self.remove(name).await?;
        }
        Ok(found.len())
    }

    async fn remove(&self, name: &Name) -> Result<(), StoreError> {
        match self.objects.delete(name).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::Write { path: self.shown(name), source: io::Error::from(error) }),
        }
    }

    fn unread(&self, error: object_store::Error) -> StoreError {
        StoreError::Read { path: PathBuf::from(&self.place), source: io::Error::from(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bucket::lock;
    use object_store::PutPayload;
    use std::sync::Arc;

    #[tokio::test]
    async fn bundles_are_folders_with_a_manifest_and_one_goes_without_its_neighbours() {
        let bucket = Bucket {
            objects: Arc::new(object_store::memory::InMemory::new()),
            prefix: Name::from("kept/here"),
            place: "s3://acme/kept/here".to_owned(),
            lock: lock::Asked::Nobody,
        };
        for name in [
            "kept/here/b-1/manifest.json",
            "kept/here/b-1/raw/ab/cd.json",
            "kept/here/b-10/manifest.json",
            "kept/here/nightly/2026-01-01/SHA256SUMS",
            "kept/here/b-2.tar",
            "kept/elsewhere/manifest.json",
        ] {
            bucket.objects.put(&Name::from(name), PutPayload::from("{}")).await.unwrap();
        }
        assert_eq!(bucket.bundles().await.unwrap(), ["b-1", "b-10"]);
        assert_eq!(bucket.manifest_of("b-1").await.unwrap(), b"{}");
        assert_eq!(bucket.remove_bundle("b-1").await.unwrap(), 2);
        assert_eq!(bucket.bundles().await.unwrap(), ["b-10"]);
        let left: Vec<_> = bucket.objects.list(None).try_collect().await.unwrap();
        assert_eq!(left.len(), 4);
    }
}
