//! Files that others make of a run, for readers who want it in another form. They are views: the record is beside them.

use crate::{part::Hashing, source::is_path};
use sha2::{Digest as _, Sha256};
use std::{
    fmt,
    io::{self, Write},
};

/// The folder of a bundle in which they stand.
pub(crate) const EXPORTS: &str = "exports";

/// What writes the bytes of one.
type Bytes<'a> = Box<dyn Fn(&mut dyn Write) -> io::Result<()> + 'a>;

/// A file for the folder `exports` of a bundle.
pub struct Export<'a> {
    path: String,
    media_type: &'static str,
    bytes: Bytes<'a>,
}

impl<'a> Export<'a> {
    /// A file that is written when its turn comes, so that nobody has to hold it. `path` is a name or `folder/name` of
    /// letters, digits, dots, hyphens and underscores; `None` when it is not. The same run must give the same bytes.
    ///
    /// Every one is looked through for secrets as it lies there. What is in a compressed file has to stand in another file of
    /// the bundle too, where it is seen.
    pub fn new(
        path: &str,
        media_type: &'static str,
        bytes: impl Fn(&mut dyn Write) -> io::Result<()> + 'a,
    ) -> Option<Self> {
        let path = format!("{EXPORTS}/{path}");
        is_path(&path).then(|| Self { path, media_type, bytes: Box::new(bytes) })
    }

    /// Where it stands in the bundle.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The SHA-256 of its bytes, in hexadecimal, which nobody holds.
    pub fn sha256(&self) -> io::Result<String> {
        let mut hash = Hashing(Sha256::new());
        self.write(&mut hash)?;
        Ok(hex::encode(hash.0.finalize()))
    }

    pub(crate) fn media_type(&self) -> &'static str {
        self.media_type
    }

    pub(crate) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        (self.bytes)(to)
    }
}

impl fmt::Debug for Export<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").field("path", &self.path).field("media_type", &self.media_type).finish_non_exhaustive()
    }
}
