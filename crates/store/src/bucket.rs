//! What runs kept, where objects are kept: S3, Azure Blob Storage or Google Cloud Storage.
//!
//! A file is put under its name once and never replaced, so a bucket may be write-once. The list of sums goes last: what has
//! one is whole. Of a bundle of evidence, that is its manifest.

mod bundles;
mod lock;

pub use lock::{Fact, Lock, STORAGE_CALLS, Storage};

use crate::{Share, StoreError};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, path::Path as Name};
use palisade_provider::Body;
use std::{
    collections::BTreeMap,
    fmt, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use url::Url;

/// How the address of a bucket begins: `s3://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`, `gs://BUCKET/PREFIX`.
pub const BUCKETS: [&str; 3] = ["s3://", "az://", "gs://"];

/// The list of what a run kept, as `sha256sum -c` reads it.
pub const SUMS: &str = "SHA256SUMS";

/// The file of a bundle of evidence that names all others.
const MANIFEST: &str = "manifest.json";

/// How many objects are on their way at once.
const AT_ONCE: usize = 8;

/// A place where objects are kept, or a part of it.
#[derive(Clone)]
pub struct Bucket {
    objects: Arc<dyn ObjectStore>,
    /// What stands before every name.
    prefix: Name,
    /// Where it is, for messages.
    place: String,
    /// Whom to ask about the bucket itself.
    lock: lock::Asked,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Bucket {
    /// The bucket of an address. The client signs in as these variables of the environment say, and else as the machine
    /// it runs on: a role, a managed identity, a service account. Nothing is asked yet.
    pub fn open(address: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, StoreError> {
        let place = address.trim_end_matches('/').to_owned();
        let unusable = |why: String| StoreError::Address { address: place.clone(), why };
        if !BUCKETS.iter().any(|scheme| address.starts_with(scheme)) {
            return Err(unusable(format!("expected {}", BUCKETS.join(", "))));
        }
        let url = Url::parse(&place).map_err(|error| unusable(error.to_string()))?;
        // A variable that is merely called `TOKEN` or `REGION` is somebody else's. `IDENTITY_ENDPOINT` is where Azure's
        // Container Apps and Functions have their managed identity.
        let mut clouds: Vec<(String, String)> = environment
            .into_iter()
            .filter(|(name, _)| {
                name == "IDENTITY_ENDPOINT" || ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|cloud| name.starts_with(cloud))
            })
            .collect();
        // S3 looks whether what arrives is what was sent, and a bucket with locks takes nothing without it.
        if !clouds.iter().any(|(name, _)| name == "AWS_CHECKSUM_ALGORITHM") {
            clouds.push(("AWS_CHECKSUM_ALGORITHM".to_owned(), "sha256".to_owned()));
        }
        let lock = lock::Asked::of(&url, &clouds)?;
        let (objects, prefix) =
            object_store::parse_url_opts(&url, clouds).map_err(|error| unusable(error.to_string()))?;
        Ok(Self { objects: objects.into(), prefix, place, lock })
    }

    /// The address as a place where processes share a run.
    pub fn share(self) -> Share {
        Share::new(self.objects, self.prefix, self.place)
    }

    /// Puts every file below a folder under `name`. What is there already must be the same, so whoever was interrupted
    /// does it again. Returns how many files it were.
    pub async fn send(&self, folder: &Path, name: &str) -> Result<usize, StoreError> {
        let files = files_below(folder)?;
        let count = files.len();
        let (last, first): (Vec<String>, Vec<String>) = files.into_iter().partition(|file| file == SUMS);
        for files in [first, last] {
            stream::iter(files)
                .map(|file| async move { self.put(&folder.join(&file), &format!("{name}/{file}")).await })
                .buffer_unordered(AT_ONCE)
                .try_collect::<Vec<()>>()
                .await?;
        }
        Ok(count)
    }

    /// Puts a bundle of evidence below the address, under its own name: a folder, whose manifest goes last, or a tar file.
    /// What is there already must be the same. Returns its address and how many objects it is.
    pub async fn send_bundle(&self, bundle: &Path) -> Result<(String, usize), StoreError> {
        let name = bundle.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let address = format!("{}/{name}", self.place);
        if bundle.is_file() {
            self.put(bundle, &name).await?;
            return Ok((address, 1));
        }
        let files = files_below(bundle)?;
        let count = files.len();
        let (last, first): (Vec<String>, Vec<String>) = files.into_iter().partition(|file| file == MANIFEST);
        if last.is_empty() {
            let source = io::Error::new(io::ErrorKind::NotFound, "it has no manifest: it is no bundle");
            return Err(StoreError::Read { path: bundle.to_owned(), source });
        }
        // What goes beside the files of another bundle spoils that one.
        let manifest = self.name(&format!("{name}/{MANIFEST}"));
        if self.has(&manifest).await? {
            self.put(&bundle.join(MANIFEST), &format!("{name}/{MANIFEST}")).await?;
        }
        for files in [first, last] {
            stream::iter(files)
                .map(|file| {
                    let name = format!("{name}/{file}");
                    async move { self.put(&bundle.join(&file), &name).await }
                })
                .buffer_unordered(AT_ONCE)
                .try_collect::<Vec<()>>()
                .await?;
        }
        Ok((address, count))
    }

    /// Writes the bundle of evidence at the address to a place that is not there yet: a tar file when the address ends in
    /// `.tar`, else a folder. It is not checked: that is for whoever reads it. Returns how many objects it is.
    pub async fn fetch_bundle(&self, to: &Path) -> Result<usize, StoreError> {
        if Path::new(&self.place).extension().is_some_and(|extension| extension == "tar") {
            self.write(&self.prefix, to).await?;
            return Ok(1);
        }
        let unreadable = |error| StoreError::Read { path: PathBuf::from(&self.place), source: io::Error::from(error) };
        let found: Vec<_> = self.objects.list(Some(&self.prefix)).try_collect().await.map_err(unreadable)?;
        if !found.iter().any(|object| object.location == self.name(MANIFEST)) {
            let source =
                io::Error::new(io::ErrorKind::NotFound, "there is no bundle that is whole: it has no manifest");
            return Err(StoreError::Read { path: PathBuf::from(&self.place), source });
        }
        fs::create_dir(to).map_err(|source| StoreError::Write { path: to.to_owned(), source })?;
        let count = found.len();
        stream::iter(found)
            .map(|object| async move {
                let path = self.below(&object.location).iter().fold(to.to_owned(), |path, part| path.join(part));
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)
                        .map_err(|source| StoreError::Write { path: folder.to_owned(), source })?;
                }
                self.write(&object.location, &path).await
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(count)
    }

    /// Whether what is at the address is a bundle of evidence.
    pub async fn is_bundle(&self) -> Result<bool, StoreError> {
        if Path::new(&self.place).extension().is_some_and(|extension| extension == "tar") {
            return Ok(true);
        }
        self.has(&self.name(MANIFEST)).await
    }

    async fn has(&self, name: &Name) -> Result<bool, StoreError> {
        match self.objects.head(name).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(StoreError::Read { path: self.shown(name), source: io::Error::from(error) }),
        }
    }

    /// Writes an object to a new file, as it comes.
    async fn write(&self, name: &Name, path: &Path) -> Result<(), StoreError> {
        let unreadable = |error| StoreError::Read { path: self.shown(name), source: io::Error::from(error) };
        let write = |source| StoreError::Write { path: path.to_owned(), source };
        let mut object = self.objects.get(name).await.map_err(unreadable)?.into_stream();
        let mut file = fs::File::create_new(path).map_err(write)?;
        while let Some(bytes) = object.try_next().await.map_err(unreadable)? {
            file.write_all(&bytes).map_err(write)?;
        }
        Ok(())
    }

    async fn put(&self, file: &Path, name: &str) -> Result<(), StoreError> {
        let bytes = fs::read(file).map_err(|source| StoreError::Read { path: file.to_owned(), source })?;
        let name = self.name(name);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(&name, PutPayload::from(bytes.clone()), options).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) if self.get(&name).await? == bytes => Ok(()),
            Err(source) => Err(StoreError::Write { path: self.shown(&name), source: io::Error::from(source) }),
        }
    }

    /// Writes everything below the address into a folder that is not there yet, and checks it against the list of sums.
    /// Returns how many files it were.
    pub async fn fetch(&self, to: &Path) -> Result<usize, StoreError> {
        let unreadable = |error| StoreError::Read { path: PathBuf::from(&self.place), source: io::Error::from(error) };
        let found: Vec<_> = self.objects.list(Some(&self.prefix)).try_collect().await.map_err(unreadable)?;
        if found.is_empty() {
            let source = io::Error::new(io::ErrorKind::NotFound, "there is nothing");
            return Err(StoreError::Read { path: PathBuf::from(&self.place), source });
        }
        let count = found.len();
        fs::create_dir(to).map_err(|source| StoreError::Write { path: to.to_owned(), source })?;
        let taken: Vec<(String, String)> = stream::iter(found)
            .map(|object| async move { self.take(&object.location, to).await })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        check(to, taken.into_iter().collect())?;
        Ok(count)
    }

    /// Writes an object to its place below a folder. Its name there, and its sum.
    async fn take(&self, name: &Name, to: &Path) -> Result<(String, String), StoreError> {
        let below = self.below(name);
        let bytes = self.get(name).await?;
        let path = below.iter().fold(to.to_owned(), |path, part| path.join(part));
        let write = |source| StoreError::Write { path: path.clone(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(write)?;
        }
        fs::write(&path, &bytes).map_err(write)?;
        Ok((below.join("/"), Body::new(bytes).digest().to_hex()))
    }

    async fn get(&self, name: &Name) -> Result<Vec<u8>, StoreError> {
        let read = async { self.objects.get(name).await?.bytes().await };
        let bytes = read.await;
        bytes
            .map(|bytes| bytes.to_vec())
            .map_err(|error| StoreError::Read { path: self.shown(name), source: io::Error::from(error) })
    }

    fn name(&self, name: &str) -> Name {
        name.split('/').fold(self.prefix.clone(), Name::join)
    }

    /// The parts of a name below the address. They are never `.` or `..`: it would not have been read as a name.
    fn below(&self, name: &Name) -> Vec<String> {
        name.prefix_match(&self.prefix).into_iter().flatten().map(|part| part.as_ref().to_owned()).collect()
    }

    fn shown(&self, name: &Name) -> PathBuf {
        let below = self.below(name);
        PathBuf::from(if below.is_empty() { self.place.clone() } else { format!("{}/{}", self.place, below.join("/")) })
    }
}

/// Whether the files are those of the list among them, to the byte.
fn check(folder: &Path, mut taken: BTreeMap<String, String>) -> Result<(), StoreError> {
    let path = folder.join(SUMS);
    let differs = |why: String| StoreError::Differs { path: path.clone(), why };
    if taken.remove(SUMS).is_none() {
        return Err(differs("it is not there: the run that wrote this has not come to its end".to_owned()));
    }
    let text = fs::read_to_string(&path).map_err(|source| StoreError::Read { path: path.clone(), source })?;
    for line in text.lines() {
        let (sum, name) = line.split_once("  ").ok_or_else(|| differs("a line is none of `sha256sum`".to_owned()))?;
        match taken.remove(name) {
            None => return Err(differs(format!("`{name}` is missing"))),
            Some(found) if found != sum => return Err(differs(format!("`{name}` was changed"))),
            Some(_) => (),
        }
    }
    match taken.keys().next() {
        Some(name) => Err(differs(format!("it does not name `{name}`"))),
        None => Ok(()),
    }
}

/// The names of all files below a folder, as they are written from there, in order.
pub fn files_below(folder: &Path) -> Result<Vec<String>, StoreError> {
    let mut names = Vec::new();
    gather(folder, "", &mut names)?;
    names.sort();
    Ok(names)
}

fn gather(folder: &Path, before: &str, names: &mut Vec<String>) -> Result<(), StoreError> {
    let unreadable = |source| StoreError::Read { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(unreadable)?.is_dir() {
            gather(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn memory() -> Bucket {
        let objects: Arc<dyn ObjectStore> = Arc::new(object_store::memory::InMemory::new());
        Bucket {
            objects,
            prefix: Name::from("kept/here"),
            place: "s3://acme/kept/here".to_owned(),
            lock: lock::Asked::Nobody,
        }
    }

    /// A folder of evidence.
    fn kept() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("snapshot")).unwrap();
        let mut sums = String::new();
        for (name, text) in [("findings.csv", "a,b\n"), ("snapshot/unit one.jsonl", "{}\n")] {
            fs::write(folder.path().join(name), text).unwrap();
            writeln!(sums, "{}  {name}", Body::new(text.as_bytes().to_vec()).digest().to_hex()).unwrap();
        }
        fs::write(folder.path().join(SUMS), sums).unwrap();
        folder
    }

    fn below(bucket: &Bucket, name: &str) -> Bucket {
        Bucket { prefix: bucket.name(name), place: format!("{}/{name}", bucket.place), ..bucket.clone() }
    }

    #[tokio::test]
    async fn what_was_sent_comes_back_as_it_was_and_is_sent_again_without_harm() {
        let (bucket, kept, to) = (memory(), kept(), tempfile::tempdir().unwrap());
        for _ in 0..2 {
            assert_eq!(bucket.send(kept.path(), "nightly/2026").await.unwrap(), 3);
        }
        let to = to.path().join("fetched");
        assert_eq!(below(&bucket, "nightly/2026").fetch(&to).await.unwrap(), 3);
        for name in ["findings.csv", "snapshot/unit one.jsonl", SUMS] {
            assert_eq!(fs::read(to.join(name)).unwrap(), fs::read(kept.path().join(name)).unwrap(), "{name}");
        }
        let again = below(&bucket, "nightly/2026").fetch(&to).await.unwrap_err();
        assert!(again.to_string().contains("could not write"), "nothing is written over: {again}");
    }

    #[tokio::test]
    async fn an_object_that_is_there_with_other_bytes_is_not_replaced() {
        let (bucket, kept) = (memory(), kept());
        bucket.send(kept.path(), "nightly").await.unwrap();
        fs::write(kept.path().join("findings.csv"), "other\n").unwrap();
        let refused = bucket.send(kept.path(), "nightly").await.unwrap_err().to_string();
        assert_eq!(refused, "could not write `s3://acme/kept/here/nightly/findings.csv`");
    }

    #[tokio::test]
    async fn what_is_missing_changed_or_too_much_is_named() {
        let put = async |bucket: &Bucket, name: &str, text: &'static str| {
            bucket.objects.put(&bucket.name(name), text.into()).await.unwrap();
        };
        for (change, told) in [
            ("findings.csv", "`findings.csv` was changed"),
            ("snapshot/more.json", "does not name `snapshot/more.json`"),
            ("", "`findings.csv` is missing"),
            (SUMS, "has not come to its end"),
        ] {
            let (bucket, kept, to) = (memory(), kept(), tempfile::tempdir().unwrap());
            bucket.send(kept.path(), "n").await.unwrap();
            match change {
                "" => bucket.objects.delete(&bucket.name("n/findings.csv")).await.unwrap(),
                SUMS => bucket.objects.delete(&bucket.name(&format!("n/{SUMS}"))).await.unwrap(),
                name => put(&bucket, &format!("n/{name}"), "x").await,
            }
            let refused = below(&bucket, "n").fetch(&to.path().join("fetched")).await.unwrap_err().to_string();
            assert!(refused.contains(told), "{refused}");
        }
        let nothing = below(&memory(), "n").fetch(Path::new("/nonexistent/folder")).await.unwrap_err();
        assert_eq!(nothing.to_string(), "could not read `s3://acme/kept/here/n`");
    }

    #[tokio::test]
    async fn a_bundle_is_whole_when_its_manifest_is_there_and_comes_back_as_it_was() {
        let (bucket, folder) = (memory(), tempfile::tempdir().unwrap());
        let bundle = folder.path().join("bundle-1");
        fs::create_dir_all(bundle.join("raw/ab")).unwrap();
        fs::write(bundle.join("raw/ab/x.json"), "{}").unwrap();
        assert!(bucket.send_bundle(&bundle).await.unwrap_err().to_string().contains("could not read"));
        fs::write(bundle.join(MANIFEST), "{}").unwrap();
        for _ in 0..2 {
            let (address, objects) = bucket.send_bundle(&bundle).await.unwrap();
            assert_eq!((address.as_str(), objects), ("s3://acme/kept/here/bundle-1", 2));
        }
        let there = below(&bucket, "bundle-1");
        assert!(there.is_bundle().await.unwrap() && !bucket.is_bundle().await.unwrap());
        let to = folder.path().join("back");
        assert_eq!(there.fetch_bundle(&to).await.unwrap(), 2);
        assert_eq!(fs::read_to_string(to.join("raw/ab/x.json")).unwrap(), "{}");
        assert!(there.fetch_bundle(&to).await.is_err(), "nothing is written over");
        fs::write(bundle.join(MANIFEST), "{ }").unwrap();
        fs::write(bundle.join("more.txt"), "").unwrap();
        assert!(bucket.send_bundle(&bundle).await.is_err(), "nothing is replaced");
        assert!(!there.has(&there.name("more.txt")).await.unwrap(), "and nothing stands beside it");
        let tar = folder.path().join("b.tar");
        fs::write(&tar, "tar").unwrap();
        bucket.send_bundle(&tar).await.unwrap();
        let back = folder.path().join("back.tar");
        assert_eq!(below(&bucket, "b.tar").fetch_bundle(&back).await.unwrap(), 1);
        assert_eq!(fs::read_to_string(&back).unwrap(), "tar");
        there.objects.delete(&there.name(MANIFEST)).await.unwrap();
        let half = there.fetch_bundle(&folder.path().join("half")).await.unwrap_err();
        assert_eq!(half.to_string(), "could not read `s3://acme/kept/here/bundle-1`");
        assert!(matches!(bucket.storage().await.write_once, Fact::Unknown(_)));
    }

    #[test]
    fn only_addresses_of_buckets_are_opened() {
        for address in ["kept", "file:///kept", "https://example.com/kept", "s3://", "memory:///"] {
            assert!(matches!(Bucket::open(address, []), Err(StoreError::Address { .. })), "{address}");
        }
    }
}
