//! The folder in which a bundle grows beside its place.

use crate::{
    KeyError, Suspect,
    broken::Broken,
    closed_file,
    ledger::next_line,
    log::settled,
    manifest::{FileEntry, MANIFEST},
    secrets::suspect,
    source::{Source, pack},
};
use sha2::{Digest as _, Sha256};
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read as _, Write},
    path::{Path, PathBuf},
};

/// The role of files that others make of a run.
pub(crate) const EXPORT: &str = "export";

/// A bundle could not be made. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Something could not be written.
    #[error("could not write `{}`", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something stands there already.
    #[error("`{}` is there already and is not overwritten: a bundle is made once", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// Where a bundle is to grow stands what no export left.
    #[error("`{}` is in the way and is not removed: {why}", path.display())]
    InTheWay {
        /// Where.
        path: PathBuf,
        /// What it is, and what to do.
        why: &'static str,
    },
    /// The bundle has its number for good and does not stand at its place.
    #[error(
        "number {number} of the log `{origin}` is taken by this bundle, which is not made: the same export once more (same run, \
         same options, same program) makes it; otherwise the number stays without a bundle"
    )]
    Taken {
        /// The number.
        number: u64,
        /// The log's name.
        origin: String,
        /// Why it is not made.
        source: Box<ExportError>,
    },
    /// Another process makes a bundle there.
    #[error("`{}` is held by another export; wait until it has ended", path.display())]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// The key is for another calendar month than that of the run.
    #[error(
        "the run ended in {run} and the key is for {key}: `palisade evidence keys period new --period {run}` makes one"
    )]
    Period {
        /// The run's month.
        run: String,
        /// The key's.
        key: String,
    },
    /// Something in it looks like a secret.
    #[error("`{file}` would hold a secret: {suspect}; nothing was given away")]
    Secret {
        /// Which file of the bundle.
        file: String,
        /// What it looks like, and where.
        suspect: Suspect,
    },
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The log of bundles cannot be used, or what was written does not read back.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// The folder beside its place in which a bundle grows. The bundle stands at its place when it is whole; what is left is removed.
#[derive(Debug)]
pub(crate) struct Part {
    place: PathBuf,
    /// All of it: the bundle, the mark that this is ours, and what the bundle only gets when it is whole.
    around: PathBuf,
    /// The bundle in it.
    folder: PathBuf,
    files: Vec<FileEntry>,
    /// All of it, held while the bundle grows: nobody takes it for what an ended process left.
    _held: File,
}

/// The file that says of a folder that an export began it.
const MARK: &str = "palisade-export.part";
const MARKED: &str =
    "A bundle grows here. What an export leaves that was cut off is removed by the next one to the same place.\n";
/// The bundle that grows.
const BUNDLE: &str = "bundle";
/// Its manifest, as long as it has none: what has one is whole and is never removed.
const PENDING: &str = "manifest.pending";
/// The bundle as a tar file.
const PACKED: &str = "bundle.tar";

impl Drop for Part {
    fn drop(&mut self) {
        // What is left of it is of no use; the first error is the one to report.
        let _ = fs::remove_dir_all(&self.around);
    }
}

impl Part {
    /// Begins a bundle. The place is a folder that is not there yet, or a file whose name ends in `.tar`.
    pub(crate) fn create(place: &Path) -> Result<Self, ExportError> {
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let around = place.with_file_name(name);
        free(place)?;
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        let held = begin(&around)?;
        let folder = around.join(BUNDLE);
        let part = Self { place: place.to_owned(), around, folder, files: Vec::new(), _held: held };
        let mark = part.around.join(MARK);
        fs::write(&mark, MARKED).map_err(failed(&mark))?;
        fs::create_dir(&part.folder).map_err(failed(&part.folder))?;
        for name in ["raw", "context", "results"] {
            let path = part.path(name);
            fs::create_dir(&path).map_err(failed(&path))?;
        }
        Ok(part)
    }

    /// Where it grows.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A file for what comes bit by bit, in folders that need not be there.
    pub(crate) fn begin(&self, name: &str) -> Result<BufWriter<File>, ExportError> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed(folder))?;
        }
        Ok(BufWriter::new(File::create_new(&path).map_err(failed(&path))?))
    }

    /// A file without a name, which is gone when it is closed.
    pub(crate) fn scratch(&self) -> Result<File, ExportError> {
        tempfile::tempfile_in(&self.folder).map_err(failed(&self.folder))
    }

    /// Writes a file unless it is there: then it holds the same. Says whether it is new.
    pub(crate) fn put_once(&self, name: &str, bytes: &[u8]) -> Result<bool, ExportError> {
        let path = self.path(name);
        match File::create_new(&path) {
            Ok(mut file) => file.write_all(bytes).map_err(failed(&path)).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().unwrap_or(&path);
                fs::create_dir(folder).map_err(failed(folder))?;
                self.put_once(name, bytes)
            }
            Err(source) => Err(ExportError::Write { path, source }),
        }
    }

    /// The files that were listed, in order, once none of them looks as if it held a secret.
    pub(crate) fn files(&mut self) -> Result<Vec<FileEntry>, ExportError> {
        for entry in &self.files {
            if entry.path.ends_with(closed_file::ENDING) {
                // It was looked through before it was closed.
            } else if entry.role == EXPORT {
                self.refuse_secrets_anywhere(&entry.path)?;
            } else {
                self.refuse_secrets(&entry.path)?;
            }
        }
        let mut files = std::mem::take(&mut self.files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Piece by piece, since an export need not have lines. Pieces overlap by more than the longest secret that is known.
    pub(crate) fn refuse_secrets_anywhere(&self, name: &str) -> Result<(), ExportError> {
        const PIECE: u64 = 1 << 20;
        const OVERLAP: usize = 1 << 10;
        let path = self.path(name);
        let file = File::open(&path).map_err(failed(&path))?;
        let (mut piece, mut before) = (Vec::new(), 0);
        while (&file).take(PIECE).read_to_end(&mut piece).map_err(failed(&path))? > 0 {
            if let Some(Suspect { kind, at }) = suspect(&piece, false) {
                return Err(ExportError::Secret { file: name.to_owned(), suspect: Suspect { kind, at: before + at } });
            }
            let done = piece.len().saturating_sub(OVERLAP);
            piece.drain(..done);
            before += done;
        }
        Ok(())
    }

    /// Line by line, so that memory does not follow the length of a file.
    fn refuse_secrets(&self, name: &str) -> Result<(), ExportError> {
        let path = self.path(name);
        let mut file = BufReader::new(File::open(&path).map_err(failed(&path))?);
        let mut number = 0;
        while let Some(line) = {
            number += 1;
            next_line(name, number, &mut file)?
        } {
            if let Some(suspect) = suspect(line.as_bytes(), false) {
                return Err(ExportError::Secret { file: format!("{name}, line {number}"), suspect });
            }
        }
        Ok(())
    }

    pub(crate) fn put(&mut self, name: &str, bytes: &[u8], media: &str, role: &str) -> Result<(), ExportError> {
        self.write(name, bytes)?;
        self.list(name, media, role)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let path = self.path(name);
        let mut file = File::create_new(&path).map_err(failed(&path))?;
        file.write_all(bytes).map_err(failed(&path))
    }

    /// Puts a file that was written on the list, with the digest of what the disk has.
    pub(crate) fn list(&mut self, name: &str, media: &str, role: &str) -> Result<(), ExportError> {
        let path = self.path(name);
        let mut file = File::open(&path).map_err(failed(&path))?;
        let mut hash = Hashing(Sha256::new());
        let bytes = io::copy(&mut file, &mut hash).map_err(failed(&path))?;
        self.files.push(FileEntry {
            path: name.to_owned(),
            bytes,
            sha256: hex::encode(hash.0.finalize()),
            media_type: media.to_owned(),
            role: role.to_owned(),
        });
        Ok(())
    }

    /// Brings the whole bundle to the disk, but for the answers of a folder, which were read again. Only moves are left to do:
    /// where there is no room for it, that is known now.
    pub(crate) fn complete(&self, manifest: &str) -> Result<(), ExportError> {
        free(&self.place)?;
        if self.is_tar() {
            let packed = self.around.join(PACKED);
            let write = || {
                let mut file = BufWriter::new(File::create_new(&packed)?);
                pack(&self.folder, manifest.as_bytes(), &mut file)?;
                file.into_inner()?.sync_all()
            };
            return write().map_err(failed(&packed));
        }
        for name in Source::Folder(self.folder.clone()).names()? {
            let path = self.path(&name);
            File::open(&path).and_then(|file| file.sync_all()).map_err(failed(&path))?;
        }
        let pending = self.around.join(PENDING);
        let written = File::create_new(&pending).and_then(|mut file| {
            file.write_all(manifest.as_bytes())?;
            file.sync_all()
        });
        written.map_err(failed(&pending))
    }

    /// Moves the whole bundle to its place.
    pub(crate) fn settle(&self) -> Result<(), ExportError> {
        let moved = if self.is_tar() {
            fs::rename(self.around.join(PACKED), &self.place)
        } else {
            fs::rename(self.around.join(PENDING), self.path(MANIFEST))
                .and_then(|()| settled(&self.folder))
                .and_then(|()| fs::rename(&self.folder, &self.place))
        };
        let parent = self.place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        moved.and_then(|()| settled(parent)).map_err(failed(&self.place))
    }

    fn is_tar(&self) -> bool {
        self.place.extension().is_some_and(|extension| extension == "tar")
    }
}

pub(crate) fn failed(path: &Path) -> impl Fn(io::Error) -> ExportError + '_ {
    |source| ExportError::Write { path: path.to_owned(), source }
}

/// Refuses a place where something stands.
fn free(place: &Path) -> Result<(), ExportError> {
    if fs::symlink_metadata(place).is_ok() {
        return Err(ExportError::Exists { path: place.to_owned() });
    }
    Ok(())
}

/// Begins the folder in which a bundle grows, and holds it. What a process left there that ended in the middle is removed;
/// what another one is at, and what is none of ours, is not.
fn begin(part: &Path) -> Result<File, ExportError> {
    let write = |source| ExportError::Write { path: part.to_owned(), source };
    let busy = |_| ExportError::Busy { path: part.to_owned() };
    let left = match fs::create_dir(part) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !fs::symlink_metadata(part).map_err(write)?.is_dir() {
                let why = "it is no folder, so no export left it; move it away";
                return Err(ExportError::InTheWay { path: part.to_owned(), why });
            }
            // Held until the new one is there: of two that come to the same remains, one goes on.
            let left = File::open(part).map_err(write)?;
            left.try_lock().map_err(busy)?;
            if let Some(why) = is_kept(part).map_err(write)? {
                return Err(ExportError::InTheWay { path: part.to_owned(), why });
            }
            fs::remove_dir_all(part).map_err(write)?;
            fs::create_dir(part).map_err(write)?;
            Some(left)
        }
        made => made.map(|()| None).map_err(write)?,
    };
    let held = File::open(part).map_err(write)?;
    held.try_lock().map_err(busy)?;
    drop(left);
    Ok(held)
}

/// Why a folder is not removed, though a bundle is to grow in its place; nothing when an export that ended left it, or when
/// it is empty.
fn is_kept(part: &Path) -> io::Result<Option<&'static str>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(part)? {
        names.push(entry?.file_name());
    }
    let is_ours = |name: &OsString| [MARK, BUNDLE, PENDING, PACKED].iter().any(|ours| name == ours);
    if names.iter().any(|name| name == MANIFEST) || part.join(BUNDLE).join(MANIFEST).exists() {
        return Ok(Some("there is a whole bundle in it; move that to where it belongs, or name another place"));
    }
    if names.iter().all(is_ours) && (names.is_empty() || names.iter().any(|name| name == MARK)) {
        return Ok(None);
    }
    Ok(Some("nothing in it says that an export left it, or it holds more than that; look at it, and move it away"))
}

/// Bytes on their way into a digest.
pub(crate) struct Hashing(pub(crate) Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
