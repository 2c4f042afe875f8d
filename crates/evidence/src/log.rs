//! The log of bundles: what was ever given a number, in one order, which can only grow.

use crate::{
    Algorithm, Broken, ExportError, Signer,
    merkle::{Hash, Tree},
    note::{Checkpoint, is_origin},
    signatures::Signatures,
    signer::signature,
    source::LARGEST_FILE,
    write::sha256,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// One bundle that has a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// 1, 2, 3, without gaps.
    pub number: u64,
    /// The run it is of.
    pub run: String,
    /// When the run's last answer was there; `None` in entries of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// The SHA-256 of its manifest without a place in the log: the same run, made again, keeps its number.
    pub content: String,
    /// The SHA-256 of its manifest.
    pub manifest: String,
    /// The hash of its leaf: `SHA-256(0x00 || manifest.json)`.
    pub leaf: String,
    /// The SHA-256 of the sum of the entry before and of everything above: no entry can be changed alone. `None` in entries
    /// of older versions, which the first that has one covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<String>,
}

impl Entry {
    /// Its sum, behind an entry with another one.
    fn sum_behind(&self, before: &str) -> String {
        let bare = Self { sum: None, ..self.clone() };
        // Strings and numbers always have a JSON form.
        sha256(format!("{before}\n{}", serde_json::to_string(&bare).unwrap_or_default()).as_bytes())
    }

    /// Whether it says of a bundle what another entry says. Older versions did not say of which moment it is.
    fn says(&self, other: &Self) -> bool {
        (self.number, &self.run, &self.content, &self.manifest, &self.leaf)
            == (other.number, &other.run, &other.content, &other.manifest, &other.leaf)
            && (self.as_of.is_none() || self.as_of == other.as_of)
    }
}

/// A folder with the log: `log.ndjson` and the last `checkpoint.txt`. Held for one writer at a time.
#[derive(Debug)]
pub struct BundleLog {
    root: PathBuf,
    origin: String,
    entries: Vec<Entry>,
    /// The sum of the last entry, whether it says it or not.
    sum: String,
    tree: Tree,
    /// How many of the entries the checkpoint is over.
    checked: u64,
    signatures: Signatures,
    /// Held as long as this lives.
    _lock: File,
}

const ENTRIES: &str = "log.ndjson";
const CHECKPOINT: &str = "checkpoint.txt";
const SIGNATURES: &str = "signatures.ndjson";

impl BundleLog {
    /// Opens a log or begins one, and waits for whoever has it. Every entry is checked: its leaf against the last checkpoint,
    /// the rest of it against its sum.
    pub fn open(root: &Path, origin: &str) -> Result<Self, Broken> {
        if !is_origin(origin) {
            return Err(Broken::new(
                origin,
                "this is no name of a log: one word without `+`, for example `acme.example/evidence`",
            ));
        }
        let shown = |name: &str| root.join(name).display().to_string();
        let failed = |name: &str, error: io::Error| Broken::new(shown(name), format!("it could not be used: {error}"));
        fs::create_dir_all(root).map_err(|error| failed("", error))?;
        let lock = File::options().create(true).truncate(false).write(true).open(root.join("lock"));
        let lock = lock.map_err(|error| failed("lock", error))?;
        lock.lock().map_err(|error| failed("lock", error))?;
        let text = read(root, ENTRIES)?;
        let mut entries: Vec<Entry> = Vec::new();
        let (mut leaves, mut sum) = (Vec::new(), String::new());
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let broken = |fact: &str| Broken::new(shown(ENTRIES), format!("line {number} {fact}"));
            let entry: Entry = serde_json::from_str(line).map_err(|_| broken("is no entry"))?;
            if entry.number != number {
                return Err(broken("does not have the next number"));
            }
            let leaf = hex::decode(&entry.leaf).ok().and_then(|bytes| Hash::try_from(bytes).ok());
            leaves.push(leaf.ok_or_else(|| broken("has no hash"))?);
            sum = entry.sum_behind(&sum);
            let lost = entry.sum.is_none() && entries.last().is_some_and(|last| last.sum.is_some());
            if lost || entry.sum.as_ref().is_some_and(|said| *said != sum) {
                return Err(broken(
                    "does not have its sum: it or a line before it was changed; restore the file from a copy of the log",
                ));
            }
            entries.push(entry);
        }
        let signatures = Signatures::read(&shown(SIGNATURES), &read(root, SIGNATURES)?)?;
        let tree = Tree::new(leaves);
        let (root, origin) = (root.to_owned(), origin.to_owned());
        let log = Self { root, origin, entries, sum, tree, checked: 0, signatures, _lock: lock };
        let checked = log.check()?;
        Ok(Self { checked, ..log })
    }

    /// Whether the entries are those that were signed last, and perhaps more: a machine may end between the two. Says how
    /// many were signed.
    fn check(&self) -> Result<u64, Broken> {
        let text = read(&self.root, CHECKPOINT)?;
        let lines: Vec<&str> = text.lines().take(3).collect();
        let broken = |fact: &str| Err(Broken::new(self.root.join(CHECKPOINT).display().to_string(), fact));
        match lines.as_slice() {
            // The first entry is written before there is anything to check it by.
            [] if self.entries.len() < 2 => Ok(0),
            [] => broken(
                "it is missing: the entries of the log cannot be checked; restore it from a copy of the log, or copy the \
                 `checkpoint.txt` of the log's last bundle here",
            ),
            [origin, ..] if *origin != self.origin => broken("it is of another log"),
            [_, size, root] => {
                let size = size.parse().ok();
                let expected = size.and_then(|size| self.tree.root_of(size));
                let written = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, root).ok();
                match size {
                    Some(size) if expected.is_some() && expected.map(Vec::from) == written => Ok(size),
                    _ => broken(
                        "the entries of the log are not those that were signed: some are missing or were changed; restore \
                         `log.ndjson` from a copy of the log",
                    ),
                }
            }
            _ => broken("it is no checkpoint"),
        }
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Everything that has a number.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The bundle that comes before that of a run: the one before its number when it has one, else the last.
    pub fn preceding(&self, run: &str) -> Option<&Entry> {
        match self.entries.iter().find(|entry| entry.run == run) {
            Some(entry) => self.before(entry.number),
            None => self.entries.last(),
        }
    }

    /// The number of a bundle with this content, and the manifest before it.
    pub(crate) fn place_of(&self, content: &str) -> (u64, Option<String>) {
        let known = self.entries.iter().find(|entry| entry.content == content);
        let number = known.map_or(self.tree.size() + 1, |entry| entry.number);
        (number, self.before(number).map(|entry| entry.manifest.clone()))
    }

    fn before(&self, number: u64) -> Option<&Entry> {
        usize::try_from(number).ok()?.checked_sub(2).and_then(|index| self.entries.get(index))
    }

    /// The log as it was, or would be, when a bundle was the last. Refused where it says something else of the bundle's number.
    pub(crate) fn with(&self, entry: &Entry, leaf: Hash) -> Result<Tree, Broken> {
        let broken = |number: u64| {
            let file = self.root.join(ENTRIES).display().to_string();
            let fact = "of the bundle with this content it says something else than what comes out: it or the line before was \
                        changed; restore the file from a copy of the log";
            Broken::new(file, format!("line {number}: {fact}"))
        };
        let known = usize::try_from(entry.number).ok().and_then(|number| self.entries.get(number.checked_sub(1)?));
        let Some(known) = known else {
            let mut tree = self.tree.clone();
            tree.push(leaf);
            return Ok(tree);
        };
        let as_it_was = self.tree.first(entry.number).filter(|_| known.says(entry));
        as_it_was.ok_or_else(|| broken(entry.number))
    }

    /// Gives a bundle its number for good, unless it has it. `checkpoint` is that of the log with it.
    pub(crate) fn enter(
        &mut self,
        entry: Entry,
        leaf: Hash,
        checkpoint: &str,
        key: &dyn Signer,
    ) -> Result<(), ExportError> {
        self.catch_up(key)?;
        if entry.number <= self.tree.size() {
            return Ok(());
        }
        let sum = entry.sum_behind(&self.sum);
        let entry = Entry { sum: Some(sum.clone()), ..entry };
        let mut text = String::new();
        for entry in self.entries.iter().chain([&entry]) {
            text.push_str(&serde_json::to_string(entry).map_err(|error| self.unwritten(&error.into()))?);
            text.push('\n');
        }
        // Both lie on the disk before either is moved: where there is no room, no number is taken.
        let written = beside(&self.root, ENTRIES, &text).and_then(|()| beside(&self.root, CHECKPOINT, checkpoint));
        written.and_then(|()| into_place(&self.root, ENTRIES)).map_err(|error| self.unwritten(&error))?;
        self.tree.push(leaf);
        self.sum = sum;
        self.entries.push(entry);
        settled(&self.root)
            .and_then(|()| into_place(&self.root, CHECKPOINT))
            .map_err(|error| self.unwritten(&error))?;
        self.checked = self.tree.size();
        Ok(settled(&self.root).map_err(|error| self.unwritten(&error))?)
    }

    /// Writes the checkpoint of entries whose writer was interrupted before it could.
    fn catch_up(&mut self, key: &dyn Signer) -> Result<(), ExportError> {
        let size = self.tree.size();
        if self.checked == size {
            return Ok(());
        }
        let checkpoint = Checkpoint { origin: self.origin.clone(), size, root: self.tree.root() };
        let signed = self.signed(&checkpoint, key)?;
        replace(&self.root, CHECKPOINT, &signed).map_err(|error| self.unwritten(&error))?;
        self.checked = size;
        Ok(())
    }

    /// What is told when a bundle could not be made: that its number is taken, if it is.
    pub(crate) fn told(&self, number: u64, error: ExportError) -> ExportError {
        if number > self.tree.size() {
            return error;
        }
        ExportError::Taken { number, origin: self.origin.clone(), source: Box::new(error) }
    }

    fn unwritten(&self, error: &io::Error) -> Broken {
        Broken::new(self.root.display().to_string(), format!("it could not be written: {error}"))
    }

    /// A checkpoint with its signature.
    pub(crate) fn signed(&mut self, checkpoint: &Checkpoint, key: &dyn Signer) -> Result<String, ExportError> {
        let signature = self.signature(checkpoint.body().as_bytes(), key)?;
        Ok(checkpoint.signed(key.public(), &signature))
    }

    /// The signature of a message. What a key signs in another way every time it signs once: the same bundle has the same
    /// bytes when it is made again.
    pub(crate) fn signature(&mut self, message: &[u8], key: &dyn Signer) -> Result<Vec<u8>, ExportError> {
        if key.public().algorithm() == Algorithm::Ed25519 {
            return Ok(signature(key, message)?);
        }
        if let Some(known) = self.signatures.of(key.public(), message) {
            return Ok(known);
        }
        let made = signature(key, message)?;
        self.signatures.remember(key.public(), message, &made);
        replace(&self.root, SIGNATURES, &self.signatures.to_text()).map_err(|error| self.unwritten(&error))?;
        Ok(made)
    }

    /// The checkpoint over the first bundles of a log as it was, or would be.
    pub(crate) fn checkpoint(&self, tree: &Tree, size: u64) -> Option<Checkpoint> {
        Some(Checkpoint { origin: self.origin.clone(), size, root: tree.root_of(size)? })
    }
}

fn read(root: &Path, name: &str) -> Result<String, Broken> {
    let path = root.join(name);
    let broken = |fact: String| Broken::new(path.display().to_string(), fact);
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Ok(file) if file.len() > LARGEST_FILE => return Err(broken("it is too long to be read".to_owned())),
        Ok(_) | Err(_) => (),
    }
    fs::read_to_string(&path).map_err(|error| broken(format!("it could not be read: {error}")))
}

/// Writes beside the place, brings it to the disk, and moves it there.
fn replace(root: &Path, name: &str, text: &str) -> io::Result<()> {
    beside(root, name, text)?;
    into_place(root, name)?;
    settled(root)
}

/// Writes beside the place and brings it to the disk.
fn beside(root: &Path, name: &str, text: &str) -> io::Result<()> {
    let mut file = File::create(root.join(format!("{name}.part")))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Moves what was written beside the place there.
fn into_place(root: &Path, name: &str) -> io::Result<()> {
    fs::rename(root.join(format!("{name}.part")), root.join(name))
}

/// Brings the moves in a folder to the disk. Where a folder cannot be treated like a file, the system does it itself.
pub(crate) fn settled(folder: &Path) -> io::Result<()> {
    let Ok(open) = File::open(folder) else { return Ok(()) };
    match open.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}
