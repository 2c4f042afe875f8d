//! The log of bundles: what was ever given a number, in one order, which can only grow.

use crate::{
    Algorithm, Broken, ExportError, Signer,
    merkle::{Hash, Tree},
    note::{Checkpoint, is_origin},
    signatures::Signatures,
    signer::signature,
    source::LARGEST_FILE,
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
}

/// A folder with the log: `log.ndjson` and the last `checkpoint.txt`. Held for one writer at a time.
#[derive(Debug)]
pub struct BundleLog {
    root: PathBuf,
    origin: String,
    entries: Vec<Entry>,
    tree: Tree,
    signatures: Signatures,
    /// Held as long as this lives.
    _lock: File,
}

const ENTRIES: &str = "log.ndjson";
const SIGNATURES: &str = "signatures.ndjson";

impl BundleLog {
    /// Opens a log or begins one, and waits for whoever has it. Every entry is checked against the last checkpoint.
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
        let mut entries = Vec::new();
        let mut leaves = Vec::new();
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            let broken = |fact: &str| Broken::new(shown(ENTRIES), format!("line {number} {fact}"));
            let entry: Entry = serde_json::from_str(line).map_err(|_| broken("is no entry"))?;
            if entry.number != number {
                return Err(broken("does not have the next number"));
            }
            let leaf = hex::decode(&entry.leaf).ok().and_then(|bytes| Hash::try_from(bytes).ok());
            leaves.push(leaf.ok_or_else(|| broken("has no hash"))?);
            entries.push(entry);
        }
        let signatures = Signatures::read(&shown(SIGNATURES), &read(root, SIGNATURES)?)?;
        let tree = Tree::new(leaves);
        let log = Self { root: root.to_owned(), origin: origin.to_owned(), entries, tree, signatures, _lock: lock };
        log.check()?;
        Ok(log)
    }

    /// Whether the entries are those that were signed last, and perhaps more: a machine may end between the two.
    fn check(&self) -> Result<(), Broken> {
        let text = read(&self.root, "checkpoint.txt")?;
        let lines: Vec<&str> = text.lines().take(3).collect();
        let broken = |fact: &str| Err(Broken::new(self.root.join("checkpoint.txt").display().to_string(), fact));
        match lines.as_slice() {
            [] if self.entries.is_empty() => Ok(()),
            [] => broken("it is missing: the entries of the log cannot be checked"),
            [origin, ..] if *origin != self.origin => broken("it is of another log"),
            [_, size, root] => {
                let expected = size.parse().ok().and_then(|size| self.tree.root_of(size));
                let written = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, root).ok();
                if expected.is_some() && expected.map(Vec::from) == written {
                    Ok(())
                } else {
                    broken("the entries of the log are not those that were signed: some are missing or were changed")
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

    /// Gives a bundle its number for good, unless it has it.
    pub(crate) fn enter(&mut self, entry: Entry, leaf: Hash, key: &dyn Signer) -> Result<(), ExportError> {
        if entry.number <= self.tree.size() {
            return Ok(());
        }
        let mut tree = self.tree.clone();
        tree.push(leaf);
        // Whoever signs may be far away and refuse: nothing is written before.
        let checkpoint = Checkpoint { origin: self.origin.clone(), size: tree.size(), root: tree.root() };
        let signed = self.signed(&checkpoint, key)?;
        let mut text = String::new();
        for entry in self.entries.iter().chain([&entry]) {
            text.push_str(&serde_json::to_string(entry).map_err(|error| self.unwritten(&error.into()))?);
            text.push('\n');
        }
        replace(&self.root, ENTRIES, &text).map_err(|error| self.unwritten(&error))?;
        replace(&self.root, "checkpoint.txt", &signed).map_err(|error| self.unwritten(&error))?;
        self.tree = tree;
        self.entries.push(entry);
        Ok(())
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

    /// The checkpoint of the log as it was when a number was the last.
    pub(crate) fn checkpoint(&self, number: u64) -> Option<Checkpoint> {
        Some(Checkpoint { origin: self.origin.clone(), size: number, root: self.tree.root_of(number)? })
    }

    /// The log as it was when a number was the last.
    pub(crate) fn tree(&self, number: u64) -> Option<Tree> {
        self.tree.first(number)
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
    let beside = root.join(format!("{name}.part"));
    let mut file = File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, root.join(name))
}
