//! Paths that users name: how much is read of them, and where nothing is written.

use crate::exit::WrongUsage;
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{self, Component, Path, PathBuf},
};

/// How every manifest of a bundle begins, but for white space.
const BUNDLE: &[u8] = br#"{"schema":"palisade.bundle/"#;

/// As much of a manifest as has its schema.
const BEGINNING: u64 = 256;

/// The longest document that somebody has written, in bytes: what reads YAML takes no longer one.
pub(crate) const DOCUMENT: u64 = 4 << 20;

/// The text of a file, or of a pipe. What is longer than `largest` is refused: a device may have no end.
pub(crate) fn text(path: &Path, largest: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(largest.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        let why = format!("it has more than {largest} bytes, and no more are read: name a smaller file");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Refuses a place in a bundle, also one that is not there yet: a bundle with a file that is not on its list, or with
/// another one than on its list, does not hold any more.
pub(crate) fn outside_bundles(path: &Path) -> Result<(), WrongUsage> {
    match resolved(path).ancestors().find(|folder| is_bundle(folder)) {
        None => Ok(()),
        Some(bundle) => Err(WrongUsage(format!(
            "`{}` is in the evidence bundle `{}`, which would not hold any more if something were written there: name a \
             place outside of the bundle",
            path.display(),
            bundle.display()
        ))),
    }
}

/// Where a path leads to: links are followed as far as there is something.
fn resolved(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        if part == Component::ParentDir {
            whole.pop();
        } else {
            whole.push(part);
        }
        if let Ok(real) = fs::canonicalize(&whole) {
            whole = real;
        }
    }
    whole
}

/// Whether a bundle stands in a folder: files of other programs are called like its manifest, too.
fn is_bundle(folder: &Path) -> bool {
    let manifest = folder.join("manifest.json");
    // A pipe would be waited for.
    if !manifest.is_file() {
        return false;
    }
    let mut start = Vec::new();
    let read = File::open(manifest).and_then(|file| file.take(BEGINNING).read_to_end(&mut start));
    start.retain(|byte| !byte.is_ascii_whitespace());
    read.is_ok() && start.starts_with(BUNDLE)
}
