//! The log of bundles: what was ever given a number, in one order, which can only grow.

use crate::{
    Algorithm, Broken, ExportError, PublicKey, Rotation, Signer,
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

/// A folder with the log: `log.ndjson` and the last `checkpoint.txt`, and a `*.rotation.json` for each key that follows another
/// one in it. Held for one writer at a time.
#[derive(Debug)]
pub struct BundleLog {
    root: PathBuf,
    origin: String,
    entries: Vec<Entry>,
    /// The sum of the last entry, whether it says it or not.
    sum: String,
    tree: Tree,
    signatures: Signatures,
    /// Held as long as this lives.
    _lock: File,
}

const ENTRIES: &str = "log.ndjson";
const CHECKPOINT: &str = "checkpoint.txt";
const SIGNATURES: &str = "signatures.ndjson";
/// How the files end that say which key follows which.
const ROTATION: &str = ".rotation.json";
/// How to get a checkpoint that holds.
const RESTORE: &str = "restore it from a copy of the log, or copy the `checkpoint.txt` of the log's last bundle here";
/// What is written and not yet at its place ends so.
const PART: &str = ".part";

impl BundleLog {
    /// Opens a log or begins one, and waits for whoever has it. `key` is that of whoever is to sign: the last checkpoint has to
    /// be signed by it, or by one that it follows. Every entry is checked: its leaf against that checkpoint, the rest of it
    /// against its sum.
    pub fn open(root: &Path, origin: &str, key: PublicKey) -> Result<Self, Broken> {
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
        let (tree, keys) = (Tree::new(leaves), with_those_before(root, key)?);
        let (root, origin) = (root.to_owned(), origin.to_owned());
        let log = Self { root, origin, entries, sum, tree, signatures, _lock: lock };
        log.check(&keys)?;
        Ok(log)
    }

    /// Whether the entries are those that were signed last, by one of these keys. A machine may end between an entry and its
    /// checkpoint: that one lies beside its place then, signed, and is moved there. What nobody signed is not gone on from.
    fn check(&self, keys: &[PublicKey]) -> Result<(), Broken> {
        let broken = |fact: String| Err(Broken::new(self.root.join(CHECKPOINT).display().to_string(), fact));
        let last = self.signed_at(CHECKPOINT, keys)?;
        if last.as_ref().is_some_and(|last| self.tree.root_of(last.size) != Some(last.root)) {
            return broken(
                "the entries of the log are not those that were signed: some are missing or were changed; restore \
                 `log.ndjson` from a copy of the log"
                    .to_owned(),
            );
        }
        let (size, signed) = (self.tree.size(), last.map(|last| last.size));
        if signed.unwrap_or_default() == size {
            return Ok(());
        }
        let next = self.signed_at(&format!("{CHECKPOINT}{PART}"), keys).ok().flatten();
        if next.is_some_and(|next| (next.size, next.root) == (size, self.tree.root())) {
            let moved = into_place(&self.root, CHECKPOINT).and_then(|()| settled(&self.root));
            return moved.map_err(|error| self.unwritten(&error));
        }
        broken(match signed {
            None => format!("it is missing: the entries of the log cannot be checked; {RESTORE}"),
            Some(signed) => format!(
                "it is over {signed} entries of the {size} in the log, and nobody signed the others; {RESTORE}, or take the \
                 lines behind number {signed} out of `log.ndjson` when there is no bundle of them"
            ),
        })
    }

    /// A checkpoint of the folder whose signature holds for one of these keys, of which the first is the one that is to sign.
    /// `None` when it is not there.
    fn signed_at(&self, name: &str, keys: &[PublicKey]) -> Result<Option<Checkpoint>, Broken> {
        let text = read(&self.root, name)?;
        if text.is_empty() {
            return Ok(None);
        }
        let file = self.root.join(name).display().to_string();
        let (checkpoint, signature) = Checkpoint::parse(&file, &text)
            .map_err(|broken| Broken::new(broken.file, format!("{}; {RESTORE}", broken.fact)))?;
        if checkpoint.origin != self.origin {
            return Err(Broken::new(file, "it is of another log"));
        }
        if keys.iter().any(|key| checkpoint.is_signed(&signature, *key)) {
            return Ok(Some(checkpoint));
        }
        let key = keys.first().copied().map(PublicKey::fingerprint).unwrap_or_default();
        let fact = format!(
            "its signature is not of the key that is to seal, `{key}`, nor of one that it follows: either the log was changed, \
             then restore it from a copy; or another key sealed last, then use that one, or copy the `{ROTATION}` that \
             `palisade evidence keys rotate` wrote for the new one into the folder of the log"
        );
        Err(Broken::new(file, fact))
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

    /// Gives a bundle its number for good, unless it has it. `checkpoint` is that of the log with it, signed by the key.
    pub(crate) fn enter(
        &mut self,
        entry: Entry,
        leaf: Hash,
        checkpoint: &str,
        key: &dyn Signer,
    ) -> Result<(), ExportError> {
        if entry.number <= self.tree.size() {
            return Ok(());
        }
        // What the next opening would refuse is not written.
        Checkpoint::read(CHECKPOINT, checkpoint, key.public())?;
        let sum = entry.sum_behind(&self.sum);
        let entry = Entry { sum: Some(sum.clone()), ..entry };
        let mut text = String::new();
        for entry in self.entries.iter().chain([&entry]) {
            text.push_str(&serde_json::to_string(entry).map_err(|error| self.unwritten(&error.into()))?);
            text.push('\n');
        }
        // Both lie on the disk before either is moved: where there is no room, no number is taken, and an entry never stands
        // there without a signature over it.
        let written = beside(&self.root, ENTRIES, &text)
            .and_then(|()| beside(&self.root, CHECKPOINT, checkpoint))
            .and_then(|()| settled(&self.root));
        written.and_then(|()| into_place(&self.root, ENTRIES)).map_err(|error| self.unwritten(&error))?;
        self.tree.push(leaf);
        self.sum = sum;
        self.entries.push(entry);
        settled(&self.root)
            .and_then(|()| into_place(&self.root, CHECKPOINT))
            .map_err(|error| self.unwritten(&error))?;
        Ok(settled(&self.root).map_err(|error| self.unwritten(&error))?)
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

/// A key, and those before it that it follows. The rotations lie in the folder: each is signed by both of its keys, so that
/// nobody who can write there, and has no key, can put a key of their own before this one.
fn with_those_before(root: &Path, key: PublicKey) -> Result<Vec<PublicKey>, Broken> {
    let steps = rotations(root)?;
    let mut keys = vec![key];
    loop {
        let step = steps.iter().find(|(old, new)| keys.contains(new) && !keys.contains(old));
        let Some((old, _)) = step else { return Ok(keys) };
        keys.push(*old);
    }
}

/// Which key is followed by which.
fn rotations(root: &Path) -> Result<Vec<(PublicKey, PublicKey)>, Broken> {
    let unread = |error: io::Error| Broken::new(root.display().to_string(), format!("it could not be read: {error}"));
    let mut steps = Vec::new();
    for file in fs::read_dir(root).map_err(unread)? {
        let name = file.map_err(unread)?.file_name();
        let Some(name) = name.to_str().filter(|name| name.ends_with(ROTATION)) else { continue };
        let broken = |why: String| {
            let fact =
                format!("{why}; put the file that `palisade evidence keys rotate` wrote here, or remove this one");
            Broken::new(root.join(name).display().to_string(), fact)
        };
        let rotation: Rotation =
            serde_json::from_str(&read(root, name)?).map_err(|error| broken(format!("it is no rotation: {error}")))?;
        steps.push(rotation.keys().map_err(|error| broken(error.to_string()))?);
    }
    Ok(steps)
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
    let mut file = File::create(root.join(format!("{name}{PART}")))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Moves what was written beside the place there.
fn into_place(root: &Path, name: &str) -> io::Result<()> {
    fs::rename(root.join(format!("{name}{PART}")), root.join(name))
}

/// Brings the moves in a folder to the disk. Where a folder cannot be treated like a file, the system does it itself.
pub(crate) fn settled(folder: &Path) -> io::Result<()> {
    let Ok(open) = File::open(folder) else { return Ok(()) };
    match open.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}
