//! The room on a disk that the whole test takes: asked for before the long part, because a linker that finds none is killed
//! without a word of it.

use crate::dist;
use anyhow::{Context as _, bail};
use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// What a first build and its tests write below the target folder, in GiB: `docs/performance.md` says how it was measured.
const FIRST: u64 = 13;

/// What is to be free where something was built before: programs are linked anew beside those that are there.
const LATER: u64 = 6;

/// What tests write into the folder for temporary files, and remove, in GiB.
const TEMPORARY: u64 = 2;

/// Refuses to begin where the disk is too full for the build or the tests.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let target = dist::target_folder(root);
    let built = target.join("debug/deps").is_dir();
    let wanted = [(target, if built { LATER } else { FIRST }), (std::env::temp_dir(), TEMPORARY)];
    let mut disks: Vec<(u64, PathBuf, u64)> = Vec::new();
    for (folder, gib) in wanted {
        let there = there(&folder)?;
        let device = there.metadata()?.dev();
        match disks.iter_mut().find(|(other, ..)| *other == device) {
            Some((.., sum)) => *sum += gib,
            None => disks.push((device, there.to_owned(), gib)),
        }
    }
    let mut small = Vec::new();
    for (_, folder, wanted) in disks {
        let output = Command::new("df").arg("-Pk").arg(&folder).env("LC_ALL", "C").output();
        match output.ok().and_then(|output| free(&String::from_utf8_lossy(&output.stdout))) {
            Some(free) => small.extend(refusal(&folder, free, wanted)),
            None => {
                eprintln!("`df` does not say how full the disk of `{}` is: {wanted} GiB are needed", folder.display());
            }
        }
    }
    if small.is_empty() {
        return Ok(());
    }
    bail!("{}: make room, or name other places with CARGO_TARGET_DIR and TMPDIR", small.join("; "));
}

/// The folder, or the one above it that is there.
fn there(folder: &Path) -> anyhow::Result<&Path> {
    folder.ancestors().find(|above| above.is_dir()).with_context(|| format!("`{}` is nowhere", folder.display()))
}

fn refusal(folder: &Path, free: u64, wanted: u64) -> Option<String> {
    let told = || format!("the disk of `{}` has {free} GiB free, and the test fills {wanted}", folder.display());
    (free < wanted).then(told)
}

/// How many whole GiB are free, as `df -Pk` of one folder says in its second line.
fn free(said: &str) -> Option<u64> {
    let kib: u64 = said.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib / (1024 * 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_is_read_from_the_second_line() {
        let said = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n\
                    /dev/vda         264091968 88123456  25165823      78% /\n";
        assert_eq!(free(said), Some(23), "whole GiB: the last one is not there");
        assert_eq!(free(""), None);
        assert_eq!(free("Filesystem 1024-blocks Used Available Capacity Mounted on\nmap auto_home - - -\n"), None);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_asked_for_by_the_one_above_it() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(there(&here.join("not/there")).unwrap(), here);
    }

    #[test]
    fn a_disk_that_is_too_full_is_named_with_both_figures() {
        let folder = Path::new("target");
        assert_eq!(refusal(folder, 24, 24), None);
        let told = "the disk of `target` has 6 GiB free, and the test fills 24";
        assert_eq!(refusal(folder, 6, 24).as_deref(), Some(told));
    }
}
