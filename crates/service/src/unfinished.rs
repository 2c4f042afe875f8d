//! What was read of a run that has not ended, kept for whoever goes on with it.

use jiff::{SignedDuration, Timestamp};
use palisade_store::SnapshotFolder;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// For how long what was read need not be read again.
pub(crate) const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// Units of one firing.
#[derive(Debug)]
pub(crate) struct Kept {
    path: PathBuf,
    pub(crate) folder: SnapshotFolder,
}

impl Kept {
    /// The folder of a firing for a version of the program: another one may read otherwise. Other folders of the schedule
    /// are of no use any more and are removed. Without a place to write, a run that is ended begins anew: no reason not to
    /// begin it.
    pub(crate) fn of(root: &Path, schedule: &str, firing: Timestamp, version: &str) -> Option<Self> {
        let all = root.join(schedule);
        let name = format!("{} {version}", firing.strftime("%Y-%m-%dT%H%M%SZ"));
        let kept = private(root).map_err(|error| error.to_string()).and_then(|()| {
            for entry in fs::read_dir(&all).into_iter().flatten().flatten() {
                if entry.file_name() != *name {
                    remove(&entry.path());
                }
            }
            let path = all.join(&name);
            let folder = SnapshotFolder::passing(&path).map_err(|error| error.to_string())?;
            Ok(Self { path, folder })
        });
        kept.inspect_err(|error| {
            tracing::warn!(
                schedule,
                error,
                "a run that is ended early will begin anew, because what it reads is not kept"
            );
        })
        .ok()
    }

    /// The run is recorded.
    pub(crate) fn forget(self) {
        remove(&self.path);
        // The folders above it, when nothing else is in them.
        for above in self.path.ancestors().skip(1).take(2) {
            let _ = fs::remove_dir(above);
        }
    }
}

/// For its owner alone: it holds what a cloud said.
fn private(root: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(root)
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(path = %path.display(), %error, "a folder that is of no use any more is not removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_firing_goes_with_its_end_and_with_the_next_firing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("unfinished");
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let first = Kept::of(&root, "nightly", at("2026-11-28T02:00:00Z"), "1.0.0").unwrap();
        assert!(Kept::of(&root, "nightly", at("2026-11-28T02:00:00Z"), "1.0.0").unwrap().path.join("units").is_dir());
        let other = Kept::of(&root, "hourly", at("2026-11-28T03:00:00Z"), "1.0.0").unwrap();
        let second = Kept::of(&root, "nightly", at("2026-11-29T02:00:00Z"), "1.0.0").unwrap();
        assert!(!first.path.exists() && second.path.exists() && other.path.exists());
        second.forget();
        assert!(root.join("hourly").exists() && !root.join("nightly").exists());
        other.forget();
        assert!(!root.exists());
    }

    #[test]
    fn without_a_place_to_keep_it_a_run_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("unfinished"), "a file").unwrap();
        let root = folder.path().join("unfinished");
        assert!(Kept::of(&root, "nightly", Timestamp::UNIX_EPOCH, "1.0.0").is_none());
    }
}
