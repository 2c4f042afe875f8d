//! A folder of content-addressed bodies and one list of records a scope.
//!
//! ```text
//! DIR/bodies/ab/abcd….json     an answer, named by the SHA-256 of its bytes, stored once however often it came
//! DIR/units/0123….jsonl        a scope: a header line, then one line for each call
//! ```
//!
//! Bodies are written before the list that names them, and every file is written beside its place, brought to the disk
//! and then moved there. So a run, a machine or a disk that ends in the middle leaves whole scopes and no half ones.
//! Reading checks the digest of the list and of every body it names.

use crate::unit_id;
use palisade_model::{Digest, Provider};
use palisade_provider::{Body, Outcome, Snapshot};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// What every list of records begins with.
const SCHEMA: &str = "palisade.snapshot/v1";

/// A snapshot could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder could not be written.
    #[error("could not write `{}`", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or folder could not be read.
    #[error("could not read `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A list of records is not one.
    #[error("`{}` is not a list of records: {why}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where and why.
        why: String,
    },
    /// Two folders hold the same part of a target.
    #[error(
        "`{}` and `{}` hold the same part of the same target: its clusters would count twice; take one of the two runs",
        one.display(),
        other.display()
    )]
    Twice {
        /// Where it is.
        one: PathBuf,
        /// Where it is, too.
        other: PathBuf,
    },
    /// The folder holds no snapshot.
    #[error("`{}` holds no snapshot: expected a folder `units` with `.jsonl` files, as `palisade scan --save-snapshot` writes them", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// It is no address of a bucket.
    #[error("`{address}` is no address of a bucket: {why}")]
    Address {
        /// Which.
        address: String,
        /// Why.
        why: String,
    },
    /// What was fetched is not what was kept.
    #[error("`{}` does not agree with what was fetched: {why}", path.display())]
    Differs {
        /// The list of sums.
        path: PathBuf,
        /// In what.
        why: String,
    },
}

/// What a list of records begins with.
#[derive(Serialize, Deserialize)]
pub(crate) struct Header {
    schema: String,
    pub(crate) target: String,
    pub(crate) provider: Provider,
    pub(crate) scope: String,
    started_at: jiff::Timestamp,
    finished_at: jiff::Timestamp,
    /// Of a discovery: the parts that the run is to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parts: Option<Vec<String>>,
    /// The SHA-256 of the lines below: a list that was cut off reads like a shorter one otherwise.
    records: Digest,
}

impl Header {
    fn of(snapshot: &Snapshot, lines: &str) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            target: snapshot.target.clone(),
            provider: snapshot.provider,
            scope: snapshot.scope.clone(),
            started_at: snapshot.started_at,
            finished_at: snapshot.finished_at,
            parts: snapshot.parts.clone(),
            records: Body::new(lines.to_owned().into_bytes()).digest(),
        }
    }
}

/// The header as the first line.
fn header_line(header: &Header, path: &Path) -> Result<String, StoreError> {
    let malformed = |error: serde_json::Error| StoreError::Malformed { path: path.to_owned(), why: error.to_string() };
    serde_json::to_string(header).map_err(malformed)
}

/// A scope's list of records as it is stored: the header, then the lines.
pub(crate) fn text_of(snapshot: &Snapshot) -> Result<String, StoreError> {
    let lines = snapshot.to_lines();
    let header = Header::of(snapshot, &lines);
    Ok(format!("{}\n{lines}", header_line(&header, Path::new(&unit_name(&header)))?))
}

/// A folder of snapshots.
#[derive(Clone, Debug)]
pub struct SnapshotFolder {
    root: PathBuf,
    /// Whether every file is on the disk before the next is written.
    lasting: bool,
}

impl SnapshotFolder {
    /// A folder to write to. It is made if it is not there.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        for folder in [root.join("bodies"), root.join("units")] {
            fs::create_dir_all(&folder).map_err(|source| StoreError::Write { path: folder, source })?;
        }
        Ok(Self { root, lasting: true })
    }

    /// A folder for what is of use for an hour: nothing waits for the disk. What a process that is killed has written is
    /// there; what a machine loses is found out by its digest.
    pub fn passing(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Ok(Self { lasting: false, ..Self::create(root)? })
    }

    /// A folder to read from.
    pub fn open(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), lasting: true }
    }

    /// Writes one scope.
    pub fn write(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let mut folders = BTreeSet::new();
        for record in snapshot.records() {
            if let Outcome::Answered(body) = &record.outcome {
                let path = self.body_path(body.digest());
                // One of another length is what a machine left that ended while it wrote.
                let length = fs::metadata(&path).map(|file| file.len());
                if !length.is_ok_and(|length| length == body.bytes().len() as u64) {
                    self.place(&path, body.bytes())?;
                    folders.extend(path.parent().map(Path::to_owned));
                }
            }
        }
        // Once a folder and not once a body: a scope has thousands of bodies.
        if self.lasting {
            folders.iter().try_for_each(|folder| settle(folder))?;
        }
        let lines = snapshot.to_lines();
        let header = Header::of(snapshot, &lines);
        let path = self.root.join(unit_name(&header));
        let text = format!("{}\n{}", header_line(&header, &path)?, lines);
        self.place(&path, text.as_bytes())?;
        if self.lasting { settle(&self.root.join("units")) } else { Ok(()) }
    }

    /// Writes a body that came from elsewhere. One that is not what its digest says is refused.
    pub fn take_body(&self, digest: Digest, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.body_path(digest);
        if Body::new(bytes).digest() != digest {
            let why = format!("the body `{digest}` was changed");
            return Err(StoreError::Malformed { path, why });
        }
        if fs::metadata(&path).is_ok_and(|file| file.len() == bytes.len() as u64) {
            return Ok(());
        }
        self.place(&path, bytes)
    }

    /// Whether a body is here, as long as it was written here.
    pub fn has_body(&self, digest: Digest) -> bool {
        self.body_path(digest).exists()
    }

    /// Whether a scope's list of records is whole, and every body that it names is here and is what it should be.
    pub fn check_list(&self, text: &str) -> Result<(), StoreError> {
        self.opened(&self.root, text).map(drop)
    }

    /// Writes a scope's list of records that came from elsewhere, after its bodies. Returns where it is.
    pub fn take_list(&self, text: &str) -> Result<PathBuf, StoreError> {
        let first = text.lines().next().unwrap_or_default();
        let header: Header = serde_json::from_str(first)
            .map_err(|error| StoreError::Malformed { path: self.root.clone(), why: format!("header: {error}") })?;
        let path = self.root.join(unit_name(&header));
        self.place(&path, text.as_bytes())?;
        Ok(path)
    }

    /// One scope, if it is here.
    pub fn find(&self, provider: Provider, target: &str, scope: &str) -> Result<Option<Snapshot>, StoreError> {
        let path = self.root.join(name_of_unit(provider, target, scope));
        if path.exists() { self.read(&path).map(Some) } else { Ok(None) }
    }

    /// The scopes in the folder, in a stable order. Read them one by one: a fleet does not fit into memory at once.
    pub fn units(&self) -> Result<Vec<PathBuf>, StoreError> {
        let folder = self.root.join("units");
        let read = |source| StoreError::Read { path: folder.clone(), source };
        let mut units = Vec::new();
        if folder.is_dir() {
            for entry in fs::read_dir(&folder).map_err(read)? {
                let path = entry.map_err(read)?.path();
                if path.extension().is_some_and(|extension| extension == "jsonl") {
                    units.push(path);
                }
            }
        }
        if units.is_empty() {
            return Err(StoreError::Empty { path: self.root.clone() });
        }
        units.sort();
        Ok(units)
    }

    /// The scopes of several folders, in the order of the folders. None may be in two of them.
    pub fn units_of(folders: &[Self]) -> Result<Vec<(Self, PathBuf)>, StoreError> {
        let (mut all, mut seen) = (Vec::new(), BTreeMap::new());
        for folder in folders {
            for unit in folder.units()? {
                // The name is made of provider, target and scope.
                if let Some(one) = seen.insert(unit.file_name().map(ToOwned::to_owned), unit.clone()) {
                    return Err(StoreError::Twice { one, other: unit });
                }
                all.push((folder.clone(), unit));
            }
        }
        Ok(all)
    }

    /// Of what a list is, without a look at its records.
    pub fn scope(&self, unit: &Path) -> Result<String, StoreError> {
        let read = |source| StoreError::Read { path: unit.to_owned(), source };
        let mut line = String::new();
        BufReader::new(fs::File::open(unit).map_err(read)?).read_line(&mut line).map_err(read)?;
        let malformed =
            |error: serde_json::Error| StoreError::Malformed { path: unit.to_owned(), why: format!("header: {error}") };
        serde_json::from_str::<Header>(&line).map(|header| header.scope).map_err(malformed)
    }

    /// Reads one scope and checks every body against its digest.
    pub fn read(&self, unit: &Path) -> Result<Snapshot, StoreError> {
        let read = |source| StoreError::Read { path: unit.to_owned(), source };
        let text = fs::read_to_string(unit).map_err(read)?;
        self.opened(unit, &text)
    }

    fn opened(&self, unit: &Path, text: &str) -> Result<Snapshot, StoreError> {
        read_unit(unit, text, |digest| {
            let path = self.body_path(digest);
            let bytes = fs::read(&path).map_err(|error| format!("could not read the body `{digest}`: {error}"))?;
            Ok(Arc::from(bytes))
        })
    }

    /// Writes a file beside its place and moves it there.
    fn place(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let write = |source| StoreError::Write { path: path.to_owned(), source };
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(write)?;
        let beside = beside(path);
        let result = write_through(&beside, bytes, self.lasting).and_then(|()| fs::rename(&beside, path));
        if result.is_err() {
            // What is left of a failed write is of no use; the first error is the one to report.
            let _ = fs::remove_file(&beside);
        }
        result.map_err(write)
    }

    fn body_path(&self, digest: Digest) -> PathBuf {
        self.root.join(body_name(digest))
    }
}

/// Where a body is.
fn body_name(digest: Digest) -> String {
    let hex = digest.to_hex();
    let first: String = hex.chars().take(2).collect();
    format!("bodies/{first}/{hex}.json")
}

/// Where a list is. Named by a digest, because a scope's name is the provider's text and no file name.
fn unit_name(header: &Header) -> String {
    name_of_unit(header.provider, &header.target, &header.scope)
}

fn name_of_unit(provider: Provider, target: &str, scope: &str) -> String {
    let short: String = unit_id(provider, target, scope).chars().take(16).collect();
    format!("units/{provider}-{short}.jsonl")
}

/// Reads a list and its bodies, and checks the digest of each.
pub(crate) fn read_unit(
    unit: &Path,
    text: &str,
    body: impl FnMut(Digest) -> Result<Arc<[u8]>, String>,
) -> Result<Snapshot, StoreError> {
    let malformed = |why: String| StoreError::Malformed { path: unit.to_owned(), why };
    let (header, lines) = text.split_once('\n').unwrap_or((text, ""));
    let header: Header = serde_json::from_str(header).map_err(|error| malformed(format!("header: {error}")))?;
    if header.schema != SCHEMA {
        return Err(malformed(format!("its schema is `{}`, this program reads `{SCHEMA}`", header.schema)));
    }
    let digest = Body::new(lines.to_owned().into_bytes()).digest();
    if digest != header.records {
        let why =
            format!("its records are `{digest}` and should be `{}`: they were cut off or changed", header.records);
        return Err(malformed(why));
    }
    let records = Snapshot::records_from_lines(lines, body).map_err(|why| malformed(format!("record {why}")))?;
    let span = (header.started_at, header.finished_at);
    let snapshot = Snapshot::new(header.target, header.provider, header.scope, span, records);
    Ok(match header.parts {
        None => snapshot,
        Some(parts) => snapshot.of_parts(parts),
    })
}

/// Brings the moves into a folder to the disk. Where folders cannot be opened like files, the system does it itself.
fn settle(folder: &Path) -> Result<(), StoreError> {
    let Ok(open) = fs::File::open(folder) else { return Ok(()) };
    open.sync_all().map_err(|source| StoreError::Write { path: folder.to_owned(), source })
}

/// A name that no other writer has: two runs may store the same answer at the same time.
fn beside(path: &Path) -> PathBuf {
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    path.with_extension(format!("{}-{write}.part", std::process::id()))
}

fn write_through(path: &Path, bytes: &[u8], lasting: bool) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(bytes)?;
    if lasting { file.sync_all() } else { Ok(()) }
}
