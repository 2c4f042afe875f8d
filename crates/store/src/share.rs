//! A run that many processes read without a database: objects in a folder or bucket, each written once and never replaced.
//!
//! ```text
//! PLACE/plan.jsonl             what the run consists of, from whoever came first
//! PLACE/unit/0123….jsonl       a unit's list of records, from whoever read it first
//! PLACE/unit/0123….2.jsonl     the same, read again, since the first was damaged
//! PLACE/bodies/ab/abcd….json   the answers, named by the SHA-256 of their bytes
//! ```
//!
//! The plan and the lists begin with a line that has the SHA-256 of the rest. Bodies are there before the list that names
//! them, so a process that ends in the middle leaves whole units and no half ones. What is damaged later is never
//! replaced: a whole one is written beside it, under the number of the next attempt.

use crate::{Bodies, Bucket, Pack, StoreError, bucket};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{
    ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, local::LocalFileSystem, path::Path as Name,
};
use palisade_model::Digest;
use palisade_provider::Body;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fmt, fs,
    io::{Error, ErrorKind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// What the first line of a plan or list says.
const SCHEMA: &str = "palisade.share/v1";

const PLAN: &str = "plan.jsonl";

/// How many objects are on their way at once.
const AT_ONCE: usize = 16;

/// A place where processes share a run.
#[derive(Clone)]
pub struct Share {
    objects: Arc<dyn ObjectStore>,
    prefix: Name,
    place: String,
    /// Bodies that are there for certain: many units rest on the same answers.
    there: Arc<Mutex<BTreeSet<Digest>>>,
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share").field("place", &self.place).finish_non_exhaustive()
    }
}

/// The first line of a plan or list.
#[derive(Serialize, Deserialize)]
struct Seal {
    schema: String,
    /// Of everything below the line.
    sha256: Digest,
}

impl Share {
    /// The number of the first attempt at something. The next one is the next number.
    pub const FIRST: u32 = 1;

    pub(crate) fn new(objects: Arc<dyn ObjectStore>, prefix: Name, place: String) -> Self {
        Self { objects, prefix, place, there: Arc::default() }
    }

    /// A folder, which is made if it is not there, or the address of a bucket.
    pub fn open(place: &Path, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, StoreError> {
        let text = place.to_string_lossy();
        if bucket::BUCKETS.iter().any(|scheme| text.starts_with(scheme)) {
            return Ok(Bucket::open(&text, environment)?.share());
        }
        let write = |source| StoreError::Write { path: place.to_owned(), source };
        fs::create_dir_all(place).map_err(write)?;
        let objects = LocalFileSystem::new_with_prefix(place).map_err(|error| write(Error::from(error)))?;
        Ok(Self::new(Arc::new(objects), Name::default(), text.into_owned()))
    }

    /// The same for a place that is there: a folder is not made.
    pub fn open_existing(
        place: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, StoreError> {
        let is_bucket = bucket::BUCKETS.iter().any(|scheme| place.to_string_lossy().starts_with(scheme));
        if !is_bucket && !place.is_dir() {
            return Err(StoreError::Read { path: place.to_owned(), source: Error::from(ErrorKind::NotFound) });
        }
        Self::open(place, environment)
    }

    /// A place of its own below this one. Every part of the name is a folder.
    pub fn below(&self, name: &str) -> Self {
        let prefix = name.split('/').fold(self.prefix.clone(), Name::join);
        Self::new(Arc::clone(&self.objects), prefix, format!("{}/{name}", self.place.trim_end_matches('/')))
    }

    /// Where it is, for messages.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What the run consists of, if somebody has said it.
    pub async fn plan(&self) -> Result<Option<String>, StoreError> {
        self.sealed(PLAN).await
    }

    /// Says what the run consists of, and returns what it is: the first to say it is right.
    pub async fn propose(&self, plan: &str, bodies: &Bodies) -> Result<String, StoreError> {
        self.put_bodies(bodies).await?;
        if self.put(PLAN, sealed(plan)?.into_bytes()).await? {
            return Ok(plan.to_owned());
        }
        let missing = || StoreError::Read { path: self.shown(PLAN), source: Error::from(ErrorKind::NotFound) };
        self.plan().await?.ok_or_else(missing)
    }

    /// Keeps a unit's result, as that of the first attempt, or of a later one when all before it are damaged. False
    /// when there is one of the attempt: it stays as it is.
    pub async fn keep(&self, unit: &str, attempt: u32, pack: &Pack) -> Result<bool, StoreError> {
        self.put_bodies(&pack.bodies).await?;
        self.put(&unit_name(unit, attempt), sealed(&pack.text)?.into_bytes()).await
    }

    /// The ids of the units that have a result, whole or not.
    pub async fn units(&self) -> Result<BTreeSet<String>, StoreError> {
        let folder = self.name("unit");
        let listed: Result<Vec<_>, _> = self.objects.list(Some(&folder)).try_collect().await;
        let listed =
            listed.map_err(|error| StoreError::Read { path: self.shown("unit"), source: Error::from(error) })?;
        let ids =
            listed.iter().filter_map(|object| object.location.filename()?.strip_suffix(".jsonl")?.split('.').next());
        Ok(ids.map(str::to_owned).collect())
    }

    /// A unit's list of records, of one attempt to read it.
    pub async fn unit(&self, unit: &str, attempt: u32) -> Result<Option<String>, StoreError> {
        self.sealed(&unit_name(unit, attempt)).await
    }

    /// Some bodies. Each is what its digest says.
    pub async fn bodies(&self, wanted: &BTreeSet<Digest>) -> Result<Bodies, StoreError> {
        let bodies: Vec<(Digest, Arc<[u8]>)> = stream::iter(wanted.iter().copied())
            .map(|digest| async move { Ok::<_, StoreError>((digest, self.body(digest).await?)) })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(bodies.into_iter().collect())
    }

    /// A body: the first whole one, or what is wrong with the first.
    async fn body(&self, digest: Digest) -> Result<Arc<[u8]>, StoreError> {
        let name = body_name(digest, Self::FIRST);
        let error = match self.get(&name).await?.map(Body::new) {
            Some(body) if body.digest() == digest => return Ok(Arc::from(body.bytes())),
            Some(_) => {
                let why = "it is not what its name says: it was changed".to_owned();
                StoreError::Malformed { path: self.shown(&name), why }
            }
            None => StoreError::Read { path: self.shown(&name), source: Error::from(ErrorKind::NotFound) },
        };
        let mut attempt = Self::FIRST + 1;
        while let Some(body) = self.get(&body_name(digest, attempt)).await?.map(Body::new) {
            if body.digest() == digest {
                return Ok(Arc::from(body.bytes()));
            }
            attempt += 1;
        }
        Err(error)
    }

    async fn put_bodies(&self, bodies: &Bodies) -> Result<(), StoreError> {
        let there = |digest: &Digest| self.there.lock().unwrap_or_else(PoisonError::into_inner).contains(digest);
        let new: Vec<_> = bodies.iter().filter(|(digest, _)| !there(digest)).collect();
        stream::iter(new)
            .map(|(digest, bytes)| async move {
                let mut attempt = Self::FIRST;
                while !self.put_or_find(&body_name(*digest, attempt), bytes).await? {
                    attempt += 1;
                }
                self.there.lock().unwrap_or_else(PoisonError::into_inner).insert(*digest);
                Ok(())
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await
            .map(drop)
    }

    /// Writes an object unless there is one. Whether it is there now as it should be.
    async fn put_or_find(&self, name: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        Ok(self.put(name, bytes.to_vec()).await? || self.get(name).await?.is_some_and(|there| there == bytes))
    }

    /// Writes an object unless there is one. Whether it was written.
    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<bool, StoreError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.objects.put_opts(&self.name(name), PutPayload::from(bytes), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(StoreError::Write { path: self.shown(name), source: Error::from(error) }),
        }
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let read = |error| StoreError::Read { path: self.shown(name), source: Error::from(error) };
        match self.objects.get(&self.name(name)).await {
            Ok(object) => Ok(Some(object.bytes().await.map_err(read)?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(read(error)),
        }
    }

    /// The text below the seal of an object.
    async fn sealed(&self, name: &str) -> Result<Option<String>, StoreError> {
        let Some(bytes) = self.get(name).await? else { return Ok(None) };
        opened(bytes).map(Some).map_err(|why| StoreError::Malformed { path: self.shown(name), why })
    }

    fn name(&self, name: &str) -> Name {
        name.split('/').fold(self.prefix.clone(), Name::join)
    }

    fn shown(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("{}/{name}", self.place.trim_end_matches('/')))
    }
}

fn unit_name(unit: &str, attempt: u32) -> String {
    numbered(&format!("unit/{unit}"), attempt, "jsonl")
}

fn body_name(digest: Digest, attempt: u32) -> String {
    let hex = digest.to_hex();
    let first: String = hex.chars().take(2).collect();
    numbered(&format!("bodies/{first}/{hex}"), attempt, "json")
}

/// The name of what was written at the first attempt, or at a later one.
fn numbered(stem: &str, attempt: u32, ending: &str) -> String {
    if attempt <= Share::FIRST { format!("{stem}.{ending}") } else { format!("{stem}.{attempt}.{ending}") }
}

fn sealed(text: &str) -> Result<String, StoreError> {
    let seal = Seal { schema: SCHEMA.to_owned(), sha256: Body::new(text.as_bytes()).digest() };
    let malformed = |error: serde_json::Error| StoreError::Malformed { path: PLAN.into(), why: error.to_string() };
    Ok(format!("{}\n{text}", serde_json::to_string(&seal).map_err(malformed)?))
}

fn opened(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let (seal, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let seal: Seal = serde_json::from_str(seal).map_err(|error| format!("its first line: {error}"))?;
    if seal.schema != SCHEMA {
        return Err(format!("its schema is `{}`, this program reads `{SCHEMA}`", seal.schema));
    }
    if Body::new(rest.as_bytes()).digest() != seal.sha256 {
        return Err("it is not what its first line says: it was cut off or changed".to_owned());
    }
    Ok(rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use palisade_model::Provider;
    use palisade_provider::{Outcome, Params, Record, Snapshot};

    const UNIT: &str = "0123";

    /// What was read of a unit at a second of the day: one answer.
    fn pack(second: i64) -> Pack {
        let at = Timestamp::from_second(second).unwrap();
        let record = Record {
            call: Arc::from("eks:ListClusters"),
            scope: Arc::from("111111111111"),
            params: Params::new(),
            page: 0,
            last: true,
            at,
            exchange: None,
            outcome: Outcome::Answered(Body::new(*b"{}")),
        };
        let place = ("acme".to_owned(), Provider::Aws, "111111111111".to_owned());
        Pack::of(&Snapshot::new(place.0, place.1, place.2, (at, at), vec![record])).unwrap()
    }

    fn place() -> (tempfile::TempDir, Share) {
        let folder = tempfile::tempdir().unwrap();
        let share = Share::open(folder.path(), []).unwrap();
        (folder, share)
    }

    #[tokio::test]
    async fn what_is_damaged_stays_as_it_is_and_a_whole_one_is_written_beside_it() {
        let (folder, share) = place();
        assert!(share.keep(UNIT, Share::FIRST, &pack(0)).await.unwrap());
        assert!(!share.keep(UNIT, Share::FIRST, &pack(1)).await.unwrap(), "the first to write it is right");
        let first = folder.path().join("unit/0123.jsonl");
        let half = fs::read(&first).unwrap().into_iter().take(200).collect::<Vec<u8>>();
        fs::write(&first, &half).unwrap();
        let error = share.unit(UNIT, Share::FIRST).await.unwrap_err().to_string();
        assert!(error.contains("unit/0123.jsonl") && error.contains("cut off or changed"), "{error}");
        assert!(share.keep(UNIT, 2, &pack(2)).await.unwrap());
        assert_eq!(share.unit(UNIT, 2).await.unwrap(), Some(pack(2).text));
        assert_eq!(fs::read(&first).unwrap(), half);
        assert_eq!(share.unit(UNIT, 3).await.unwrap(), None);
        assert_eq!(
            share.units().await.unwrap(),
            BTreeSet::from([UNIT.to_owned()]),
            "one unit, however often it was read"
        );
    }

    #[tokio::test]
    async fn a_damaged_answer_is_found_whole_as_soon_as_somebody_has_written_it_again() {
        let (folder, share) = place();
        share.keep(UNIT, Share::FIRST, &pack(0)).await.unwrap();
        let digest = Body::new(*b"{}").digest();
        let damaged = folder.path().join(body_name(digest, Share::FIRST));
        fs::write(&damaged, "}{").unwrap();
        let wanted = BTreeSet::from([digest]);
        let error = share.bodies(&wanted).await.unwrap_err().to_string();
        assert!(error.contains("it was changed"), "{error}");
        // Another process: this one has seen it whole.
        let other = Share::open(folder.path(), []).unwrap();
        other.keep("4567", Share::FIRST, &pack(0)).await.unwrap();
        let found = share.bodies(&wanted).await.unwrap();
        assert_eq!(found.get(&digest).map(|bytes| bytes.to_vec()), Some(b"{}".to_vec()));
        assert_eq!(fs::read_to_string(&damaged).unwrap(), "}{", "nothing is replaced");
        fs::remove_file(&damaged).unwrap();
        assert!(share.bodies(&wanted).await.is_ok(), "also when the damaged one was taken away");
    }
}
