//! The bundles that there are, and how one is removed.

use super::{Row, Steps, Told, record::Begun};
use crate::evidence::place;
use anyhow::{Context as _, bail};
use jiff::Timestamp;
use palisade_evidence::{Broken, Manifest, Trust, verify};
use palisade_store::{Bucket, Fact, Lock, Storage};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// How a bundle is called that is being removed.
pub(super) const REMOVING: &str = ".removing";

/// A bundle that was found.
pub(super) struct Found {
    pub(super) at: At,
    pub(super) run: String,
    pub(super) as_of: Timestamp,
    /// The SHA-256 of its manifest.
    pub(super) sha256: String,
    pub(super) number: Option<u64>,
    /// The id of the key that closes its answers.
    pub(super) key_id: Option<String>,
}

pub(super) enum At {
    Here(PathBuf),
    /// Where it was before its removal was begun, and where the rest of it is.
    Left {
        place: String,
        rest: PathBuf,
    },
    There {
        bucket: Bucket,
        name: String,
        address: String,
        refused: Option<String>,
    },
}

impl Found {
    fn new(at: At, (manifest, sha256): (Manifest, String)) -> Self {
        Self {
            at,
            run: manifest.run,
            as_of: manifest.as_of,
            sha256,
            number: manifest.log.map(|log| log.number),
            key_id: manifest.encryption.map(|encryption| encryption.key_id),
        }
    }

    /// What is left of a bundle whose removal the record names as begun.
    fn left(rest: PathBuf, begun: &[Begun]) -> Option<Self> {
        let shown = rest.display().to_string();
        let place = Path::new(shown.strip_suffix(REMOVING)?);
        let manifest = Manifest::of_bundle(&rest).ok();
        let is_it = |begun: &&Begun| match &manifest {
            // The configuration may have been named in another way then.
            Some((_, sha256)) => begun.sha256 == *sha256 && Path::new(&begun.place).file_name() == place.file_name(),
            None => Path::new(&begun.place) == place,
        };
        // What failed may stand at its place as before: then this is something else.
        let is_open = |begun: &&Begun| !begun.failed || fs::symlink_metadata(place).is_err();
        let Begun { place, run, as_of, sha256, number, .. } = begun.iter().filter(is_it).find(is_open)?.clone();
        let key_id = manifest.and_then(|(manifest, _)| manifest.encryption).map(|encryption| encryption.key_id);
        Some(Self { at: At::Left { place, rest }, run, as_of, sha256, number, key_id })
    }

    pub(super) fn place(&self) -> String {
        match &self.at {
            At::Here(path) => path.display().to_string(),
            At::Left { place, .. } => place.clone(),
            At::There { name, address, .. } => format!("{}/{name}", address.trim_end_matches('/')),
        }
    }

    /// Removes it. Of one that lies here everything must hold first: what was damaged or forged is looked at by somebody.
    pub(super) async fn remove(&self) -> anyhow::Result<()> {
        match &self.at {
            At::Here(path) => {
                verify(path, &Trust::default()).context("it does not hold, and is left for somebody to look at")?;
                let beside = place::beside(path, REMOVING);
                if fs::symlink_metadata(&beside).is_ok() {
                    bail!("`{}` is in the way: look at it and move it away", beside.display());
                }
                fs::rename(path, &beside).with_context(|| format!("could not move `{}`", path.display()))?;
                end(&beside)
            }
            // It held when it was moved there.
            At::Left { rest, .. } => end(rest),
            At::There { bucket, name, .. } => Ok(bucket.remove_bundle(name).await.map(drop)?),
        }
    }
}

/// Removes for good what was on its way.
fn end(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.with_context(|| format!("could not remove `{}`", path.display()))
}

/// The bundles of a folder: folders with a manifest, and tar files. What looks like one and is none of ours is told.
pub(super) fn here(folder: &Path, begun: &[Begun], found: &mut Vec<Found>, steps: &mut Steps) -> anyhow::Result<()> {
    let unread = || format!("could not read the folder of bundles `{}`", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(unread)? {
        let entry = entry.with_context(unread)?;
        paths.push((entry.path(), entry.file_type().with_context(unread)?.is_symlink()));
    }
    paths.sort();
    for (path, is_link) in paths {
        if is_link {
            let fact =
                "is a link and no bundle, and is left alone: name the folder in which the bundle lies with `bundles:`";
            steps.warnings.push(format!("`{}` {fact}", path.display()));
            continue;
        }
        let has = |ending: &str| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ending));
        if has(REMOVING) {
            let fact = "is left alone: the record names no bundle there whose removal was begun and has not ended; look at \
                        it, and remove or rename it by hand";
            let alone = format!("`{}` {fact}", path.display());
            match Found::left(path, begun) {
                Some(left) => found.push(left),
                None => steps.warnings.push(alone),
            }
            continue;
        }
        let is_bundle = has(".tar") && path.is_file() || path.join("manifest.json").is_file();
        if !is_bundle {
            continue;
        }
        match Manifest::of_bundle(&path) {
            Ok(bundle) => found.push(Found::new(At::Here(path), bundle)),
            Err(broken) => steps.rows.push(unreadable(path.display().to_string(), &broken)),
        }
    }
    Ok(())
}

/// The bundles below an address, and why none of them can be removed, where that is so.
pub(super) async fn there(address: &str, found: &mut Vec<Found>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let bucket = Bucket::open(address, std::env::vars())?;
    let refused = refusal(&bucket.storage().await);
    for name in bucket.bundles().await? {
        let bytes = bucket.manifest_of(&name).await?;
        let at = At::There { bucket: bucket.clone(), name, address: address.to_owned(), refused: refused.clone() };
        match Manifest::of_bytes(&bytes) {
            Ok(bundle) => found.push(Found::new(at, bundle)),
            Err(broken) => {
                let At::There { name, address, .. } = at else { continue };
                rows.push(unreadable(format!("{address}/{name}"), &broken));
            }
        }
    }
    Ok(())
}

fn unreadable(place: String, broken: &Broken) -> Row {
    Row { fate: Told::Failed, what: "bundle", place, because: broken.to_string() }
}

/// Why nothing of a bucket is removed: a lock, versions behind what is removed, or that nobody knows.
fn refusal(storage: &Storage) -> Option<String> {
    match (&storage.write_once, &storage.versioning) {
        (Fact::Known(Lock::Kept { .. }), _) => {
            Some(format!("{storage}: what is over there is for a rule of the bucket's own"))
        }
        (Fact::Unknown(why), _) => Some(format!("nobody knows whether the bucket is locked: {why}")),
        (Fact::Known(Lock::None), Fact::Known(true)) => Some(
            "the bucket keeps versions: what is removed would only be hidden; a rule of the bucket's own ends them"
                .to_owned(),
        ),
        (Fact::Known(Lock::None), Fact::Unknown(why)) => {
            Some(format!("nobody knows whether the bucket keeps what is removed: {why}"))
        }
        (Fact::Known(Lock::None), Fact::Known(false)) => None,
    }
}
