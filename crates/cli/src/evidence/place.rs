//! Where a bundle is: here, or in a bucket.

use anyhow::Context as _;
use palisade_store::{BUCKETS, Bucket};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A bundle that can be read.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    /// What was fetched, for as long as it is read.
    _fetched: Option<TempDir>,
}

impl Place {
    /// Where it can be read.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The bundle at a path, or fetched from the address of a bucket. What was fetched is hostile like any bundle, and is
    /// checked by whoever reads it.
    pub(crate) async fn of(bundle: &Path) -> anyhow::Result<Self> {
        let Some(address) = address(bundle) else { return Ok(Self { path: bundle.to_owned(), _fetched: None }) };
        let folder = tempfile::tempdir().context("could not make a folder for what is fetched")?;
        let is_tar = bundle.extension().is_some_and(|extension| extension == "tar");
        let path = folder.path().join(if is_tar { "bundle.tar" } else { "bundle" });
        Bucket::open(address, std::env::vars())?.fetch_bundle(&path).await?;
        Ok(Self { path, _fetched: Some(folder) })
    }
}

/// A path beside another one, called like it with an ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The address of a bucket, if it is one.
pub(crate) fn address(bundle: &Path) -> Option<&str> {
    bundle.to_str().filter(|text| BUCKETS.iter().any(|scheme| text.starts_with(scheme)))
}
