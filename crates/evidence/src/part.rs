//! The folder in which a bundle grows beside its place.

use crate::{
    KeyError, Suspect,
    broken::Broken,
    closed_file,
    guide::PAGE,
    ledger::{LEDGER, next_line},
    manifest::{FileEntry, MANIFEST},
    seal::{self, SIGNER},
    secrets::suspect,
    source::pack,
};
use sha2::{Digest as _, Sha256};
use std::{
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

/// The folder in which a bundle grows. It stands at its place when it is whole; when it is given up, nothing is left.
#[derive(Debug)]
pub(crate) struct Part {
    place: PathBuf,
    folder: PathBuf,
    files: Vec<FileEntry>,
    /// The folder, held while the bundle grows: nobody takes it for what an ended process left.
    _held: File,
    given_up: bool,
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.given_up {
            // What is left of it is of no use; the first error is the one to report.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Part {
    /// Begins a bundle. The place is a folder that is not there yet, or a file whose name ends in `.tar`.
    pub(crate) fn create(place: &Path) -> Result<Self, ExportError> {
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let folder = place.with_file_name(name);
        if fs::symlink_metadata(place).is_ok() {
            return Err(ExportError::Exists { path: place.to_owned() });
        }
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        let held = begin(&folder)?;
        let part = Self { place: place.to_owned(), folder, files: Vec::new(), _held: held, given_up: true };
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

    /// Moves the whole bundle to its place.
    pub(crate) fn settle(&mut self) -> Result<(), ExportError> {
        let is_tar = self.place.extension().is_some_and(|extension| extension == "tar");
        if !is_tar {
            fs::rename(&self.folder, &self.place).map_err(failed(&self.place))?;
            self.given_up = false;
            return Ok(());
        }
        let packed = self.place.with_extension("tar.packing");
        let write = || -> io::Result<()> {
            let mut file = BufWriter::new(File::create(&packed)?);
            pack(&self.folder, &mut file)?;
            file.into_inner()?.sync_all()?;
            fs::rename(&packed, &self.place)
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&packed);
            failed(&self.place)(error)
        })
    }
}

pub(crate) fn failed(path: &Path) -> impl Fn(io::Error) -> ExportError + '_ {
    |source| ExportError::Write { path: path.to_owned(), source }
}

/// Begins the folder in which a bundle grows, and holds it. What a process left there that ended in the middle is removed;
/// what another one is at, and what is none of ours, is not.
fn begin(part: &Path) -> Result<File, ExportError> {
    let write = |source| ExportError::Write { path: part.to_owned(), source };
    let busy = |_| ExportError::Busy { path: part.to_owned() };
    let left = match fs::create_dir(part) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !is_left(part).map_err(write)? {
                return Err(ExportError::Exists { path: part.to_owned() });
            }
            // Held until the new one is there: of two that come to the same remains, one goes on.
            let left = File::open(part).map_err(write)?;
            left.try_lock().map_err(busy)?;
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

/// Whether a folder holds nothing that a bundle in the making does not.
fn is_left(part: &Path) -> io::Result<bool> {
    const FIRST: [&str; 6] = ["raw", "context", "results", "exports", LEDGER, PAGE];
    if !fs::symlink_metadata(part)?.is_dir() {
        return Ok(false);
    }
    for entry in fs::read_dir(part)? {
        let name = entry?.file_name();
        let is_ours = |ours: &&str| name == **ours;
        if !FIRST.iter().chain([&SIGNER, &MANIFEST]).chain(&seal::FILES).any(is_ours) {
            return Ok(false);
        }
    }
    Ok(true)
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
