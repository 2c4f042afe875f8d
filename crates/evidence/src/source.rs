//! A bundle as it lies there: a folder or a tar file. Every name, length and link is hostile until it was looked at.
//!
//! Nothing is ever unpacked: a tar file is read where it is.

use crate::{Broken, export::EXPORTS, manifest::MANIFEST};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Seek as _, SeekFrom, Take, Write},
    path::{Path, PathBuf},
};

/// The longest answer that is read, in bytes.
pub const LARGEST_ANSWER: u64 = 64 << 20;
/// The longest line that is read, in bytes.
pub const LARGEST_LINE: u64 = 16 << 20;
/// The longest file that is read whole: manifest, context, coverage. In bytes.
pub const LARGEST_FILE: u64 = 64 << 20;
/// The longest file of a seal, in bytes.
pub const LARGEST_SMALL_FILE: u64 = 64 << 10;

/// Whether a text is a path inside a bundle: one to three plain names.
pub(crate) fn is_path(text: &str) -> bool {
    let plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    text.len() <= 99 && text.split('/').all(plain) && (1..=3).contains(&text.split('/').count())
}

#[derive(Debug)]
pub(crate) enum Source {
    Folder(PathBuf),
    Tar { path: PathBuf, places: BTreeMap<String, (u64, u64)> },
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, Broken> {
        let shown = path.display().to_string();
        let kind = fs::metadata(path).map_err(|error| Broken::new(&shown, format!("it could not be read: {error}")))?;
        if kind.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if !kind.is_file() {
            return Err(Broken::new(shown, "it is neither a file nor a folder: a bundle is a folder or a tar file"));
        }
        let places = index(path).map_err(|fact| Broken::new(shown, fact))?;
        Ok(Self::Tar { path: path.to_owned(), places })
    }

    /// Every file outside `raw/`, in order. What is neither a file nor one of our folders is refused.
    pub(crate) fn names(&self) -> Result<Vec<String>, Broken> {
        let mut names: Vec<String> = match self {
            Self::Tar { places, .. } => places.keys().filter(|name| !is_raw(name)).cloned().collect(),
            Self::Folder(root) => {
                let mut names = Vec::new();
                for (name, is_folder) in entries(root, "")? {
                    if !is_folder {
                        names.push(name);
                        continue;
                    }
                    if name == EXPORTS {
                        names.extend(exports(root)?);
                        continue;
                    }
                    if !["raw", "context", "results"].contains(&name.as_str()) {
                        return Err(Broken::new(name, "there is no such folder in a bundle"));
                    }
                    for (inner, is_folder) in entries(&root.join(&name), &format!("{name}/"))? {
                        if is_folder && name != "raw" {
                            return Err(Broken::new(inner, "there is no such folder in a bundle"));
                        }
                        if is_folder && !is_prefix(inner.strip_prefix("raw/").unwrap_or_default()) {
                            return Err(Broken::new(inner, "there is no such folder in a bundle"));
                        }
                        if !is_folder {
                            names.push(inner);
                        }
                    }
                }
                names
            }
        };
        names.sort_unstable();
        Ok(names)
    }

    /// The answers whose digests begin with two digits, in order.
    pub(crate) fn answers(&self, prefix: &str) -> Result<Vec<String>, Broken> {
        let folder = format!("raw/{prefix}/");
        let mut names: Vec<String> = match self {
            Self::Tar { places, .. } => places
                .range(folder.clone()..)
                .map(|(name, _)| name)
                .take_while(|name| name.starts_with(&folder))
                .cloned()
                .collect(),
            Self::Folder(root) => {
                let path = root.join("raw").join(prefix);
                if fs::symlink_metadata(&path).is_err() {
                    return Ok(Vec::new());
                }
                let mut names = Vec::new();
                for (name, is_folder) in entries(&path, &folder)? {
                    if is_folder {
                        return Err(Broken::new(name, "there is no such folder in a bundle"));
                    }
                    names.push(name);
                }
                names
            }
        };
        names.sort_unstable();
        Ok(names)
    }

    /// Refuses folders of answers and of exports that hold none.
    pub(crate) fn refuse_empty(&self) -> Result<(), Broken> {
        let Self::Folder(root) = self else { return Ok(()) };
        let inside = |folder: &str| entries(&root.join(folder), &format!("{folder}/"));
        let has_exports = fs::symlink_metadata(root.join(EXPORTS)).is_ok();
        let mut folders = inside("raw")?;
        if has_exports {
            folders.push((EXPORTS.to_owned(), true));
            folders.extend(inside(EXPORTS)?);
        }
        for (name, is_folder) in folders {
            if is_folder && inside(&name)?.is_empty() {
                return Err(Broken::new(name, "the folder is empty"));
            }
        }
        Ok(())
    }

    /// How long a file is, and its bytes as they come: no more of them than it has now.
    pub(crate) fn stream(&self, name: &str) -> Result<(u64, Take<File>), Broken> {
        let unreadable = |error: io::Error| {
            let missing = error.kind() == io::ErrorKind::NotFound;
            Broken::new(
                name,
                if missing { "it is missing".to_owned() } else { format!("it could not be read: {error}") },
            )
        };
        match self {
            Self::Folder(root) => {
                if !is_path(name) {
                    return Err(Broken::new(name, "this is no path inside a bundle"));
                }
                let path = root.join(name);
                let kind = fs::symlink_metadata(&path).map_err(unreadable)?;
                if !kind.is_file() {
                    return Err(Broken::new(name, "it is no plain file"));
                }
                Ok((kind.len(), File::open(&path).map_err(unreadable)?.take(kind.len())))
            }
            Self::Tar { path, places } => {
                let (start, length) = places.get(name).ok_or_else(|| Broken::new(name, "it is missing"))?;
                let mut file = File::open(path).map_err(unreadable)?;
                file.seek(SeekFrom::Start(*start)).map_err(unreadable)?;
                Ok((*length, file.take(*length)))
            }
        }
    }

    /// A whole file that is not longer than a limit.
    pub(crate) fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, Broken> {
        let (length, mut stream) = self.stream(name)?;
        if length > limit {
            return Err(Broken::new(name, format!("it has {length} bytes, more than the {limit} that it may have")));
        }
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).map_err(|error| Broken::new(name, format!("it could not be read: {error}")))?;
        Ok(bytes)
    }

    pub(crate) fn read_text(&self, name: &str, limit: u64) -> Result<String, Broken> {
        String::from_utf8(self.read(name, limit)?).map_err(|_| Broken::new(name, "it is no text"))
    }
}

/// What stands in the folder of exports, which may have folders of its own.
fn exports(root: &Path) -> Result<Vec<String>, Broken> {
    let mut names = Vec::new();
    for (name, is_folder) in entries(&root.join(EXPORTS), &format!("{EXPORTS}/"))? {
        if !is_folder {
            names.push(name);
            continue;
        }
        for (inner, is_folder) in entries(&root.join(&name), &format!("{name}/"))? {
            if is_folder {
                return Err(Broken::new(inner, "there is no such folder in a bundle"));
            }
            names.push(inner);
        }
    }
    Ok(names)
}

/// Whether a path is that of an answer: `raw/` and two digits, a slash and something.
fn is_raw(name: &str) -> bool {
    name.strip_prefix("raw/").and_then(|rest| rest.split_once('/')).is_some_and(|(prefix, _)| is_prefix(prefix))
}

fn is_prefix(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What stands directly in a folder, and whether each is a folder. Links and devices are refused.
fn entries(folder: &Path, before: &str) -> Result<Vec<(String, bool)>, Broken> {
    let shown = if before.is_empty() { folder.display().to_string() } else { before.to_owned() };
    let unreadable = |error: io::Error| Broken::new(&shown, format!("it could not be read: {error}"));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if !is_path(&name) {
            return Err(Broken::new(name, "this is no path inside a bundle"));
        }
        let kind = entry.file_type().map_err(unreadable)?;
        if !kind.is_dir() && !kind.is_file() {
            return Err(Broken::new(name, "it is neither a plain file nor a folder"));
        }
        found.push((name, kind.is_dir()));
    }
    found.sort_unstable();
    Ok(found)
}

const BLOCK: u64 = 512;

/// The one header that a file of this name and length has in our tar files (POSIX ustar, nobody's, of no date).
fn header(name: &str, length: u64) -> Option<[u8; 512]> {
    // Eleven octal digits.
    if name.len() > 99 || length >= 1 << 33 {
        return None;
    }
    let mut block = [0_u8; 512];
    let mut put = |at: usize, text: &[u8]| {
        if let Some(place) = block.get_mut(at..at + text.len()) {
            place.copy_from_slice(text);
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{length:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    if let Some(place) = block.get_mut(148..156) {
        place.copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    Some(block)
}

fn padding(length: u64) -> u64 {
    (BLOCK - length % BLOCK) % BLOCK
}

/// Where each file stands in a tar file that is written as ours are; anything else is refused.
fn index(path: &Path) -> Result<BTreeMap<String, (u64, u64)>, String> {
    let unreadable = |error: io::Error| format!("it could not be read: {error}");
    let mut file = io::BufReader::new(File::open(path).map_err(unreadable)?);
    let total = file.get_ref().metadata().map_err(unreadable)?.len();
    let (mut places, mut at, mut last) = (BTreeMap::new(), 0_u64, String::new());
    loop {
        let mut block = [0_u8; 512];
        file.read_exact(&mut block)
            .map_err(|_| "it ends in the middle: it was cut off, or it is no bundle".to_owned())?;
        at += BLOCK;
        if block.iter().all(|byte| *byte == 0) {
            let mut rest = Vec::new();
            file.take(BLOCK + 1).read_to_end(&mut rest).map_err(unreadable)?;
            if rest.len() as u64 != BLOCK || rest.iter().any(|byte| *byte != 0) {
                return Err("it does not end as a tar file ends".to_owned());
            }
            return Ok(places);
        }
        let name: Vec<u8> = block.iter().take(100).copied().take_while(|byte| *byte != 0).collect();
        let name = String::from_utf8(name).map_err(|_| format!("the entry at byte {} has no name", at - BLOCK))?;
        if !is_path(&name) {
            return Err(format!("the entry `{name}` is no path inside a bundle"));
        }
        let digits: String = block.iter().skip(124).take(11).map(|byte| char::from(*byte)).collect();
        let length = u64::from_str_radix(&digits, 8).map_err(|_| format!("the entry `{name}` has no length"))?;
        if header(&name, length) != Some(block) {
            return Err(format!("the entry `{name}` is written in another way than bundles are"));
        }
        if name <= last {
            return Err(format!("the entry `{name}` is not in order"));
        }
        let whole = length + padding(length);
        if whole > total.saturating_sub(at) {
            return Err(format!("it ends in the middle of `{name}`: it was cut off"));
        }
        file.seek_relative(i64::try_from(length).map_err(|_| "it is too long".to_owned())?).map_err(unreadable)?;
        let mut filler = Vec::new();
        file.by_ref().take(padding(length)).read_to_end(&mut filler).map_err(unreadable)?;
        if filler.iter().any(|byte| *byte != 0) {
            return Err(format!("something stands behind `{name}`"));
        }
        places.insert(name.clone(), (at, length));
        at += whole;
        last = name;
    }
}

/// Writes a bundle's folder, which has no manifest yet, and its manifest as one tar file: the same give the same bytes.
pub(crate) fn pack(folder: &Path, manifest: &[u8], to: &mut dyn Write) -> io::Result<()> {
    let source = Source::Folder(folder.to_owned());
    let other = |broken: Broken| io::Error::other(broken.to_string());
    let mut names = source.names().map_err(other)?;
    names.push(MANIFEST.to_owned());
    for number in 0..=255_u8 {
        names.extend(source.answers(&format!("{number:02x}")).map_err(other)?);
    }
    names.sort_unstable();
    for name in names {
        let (length, mut bytes): (u64, Box<dyn Read + '_>) = if name == MANIFEST {
            (manifest.len() as u64, Box::new(manifest))
        } else {
            let (length, stream) = source.stream(&name).map_err(other)?;
            (length, Box::new(stream))
        };
        to.write_all(&header(&name, length).ok_or_else(|| io::Error::other("too long for a tar file"))?)?;
        let copied = io::copy(&mut bytes, to)?;
        if copied != length {
            return Err(io::Error::other(format!("`{name}` changed while it was packed")));
        }
        io::copy(&mut io::repeat(0).take(padding(length)), to)?;
    }
    to.write_all(&[0; 1024])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_tar_file_what_lies_beside_the_answers_is_named_as_everything_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.tar");
        let names = ["manifest.json", "raw/SHA256SUMS/x.json", "raw/ab/y.json", "raw/zz/z.json"];
        let mut tar: Vec<u8> = names.iter().flat_map(|name| header(name, 0).unwrap()).collect();
        tar.extend([0; 1024]);
        fs::write(&path, tar).unwrap();
        let source = Source::open(&path).unwrap();
        assert_eq!(source.names().unwrap(), ["manifest.json", "raw/SHA256SUMS/x.json", "raw/zz/z.json"]);
        assert_eq!(source.answers("ab").unwrap(), ["raw/ab/y.json"]);
    }

    #[test]
    fn a_path_has_plain_names_and_leads_nowhere_else() {
        for good in ["manifest.json", "raw/ab/cd.json", "context/scope.json"] {
            assert!(is_path(good), "{good}");
        }
        for bad in ["", "/etc/passwd", "../x", "raw/../x", "a//b", "a/b/c/d", "a\\b", ".hidden", "a b", "ä", "raw/"] {
            assert!(!is_path(bad), "{bad}");
        }
    }
}
