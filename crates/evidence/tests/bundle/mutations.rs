//! Nothing about a sealed bundle can be changed without being found out by name.

use crate::stage::{Making, Sealed, copy, files};
use palisade_evidence::{Broken, Trust, verify};
use rand::{RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use std::{fs, path::Path};

const MUTATIONS: u64 = 1_000;

/// Changes one thing. Returns what was done and the names of files that a message may blame.
pub(crate) fn mutate(bundle: &Path, dice: &mut ChaCha8Rng) -> (String, Vec<String>) {
    let all = files(bundle);
    let (name, bytes) = all.choose(dice).unwrap().clone();
    let path = bundle.join(&name);
    match dice.random_range(0..14) {
        0..6 => {
            let mut bytes = bytes;
            let at = dice.random_range(0..bytes.len());
            let by: u8 = dice.random_range(1..=255);
            bytes[at] ^= by;
            fs::write(path, bytes).unwrap();
            (format!("byte {at} of {name} by {by}"), vec![name])
        }
        6 => {
            fs::remove_file(path).unwrap();
            (format!("{name} removed"), vec![name])
        }
        7 => {
            let length = dice.random_range(0..bytes.len());
            fs::write(path, &bytes[..length]).unwrap();
            (format!("{name} cut at {length}"), vec![name])
        }
        8 => {
            let more = if dice.random_bool(0.5) { b"\n".to_vec() } else { bytes.clone() };
            fs::write(path, [bytes, more].concat()).unwrap();
            (format!("{name} made longer"), vec![name])
        }
        9 => {
            let (other, others) =
                all.iter().filter(|(_, other)| *other != bytes).collect::<Vec<_>>().choose(dice).unwrap();
            fs::write(&path, others).unwrap();
            fs::write(bundle.join(other), &bytes).unwrap();
            (format!("{name} and {other} exchanged"), vec![name, other.clone()])
        }
        10 => {
            let new = format!("{name}x");
            fs::rename(path, bundle.join(&new)).unwrap();
            (format!("{name} renamed"), vec![name, new])
        }
        11 => {
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let at = dice.random_range(0..lines.len());
            let mut changed = lines.clone();
            if lines.len() > 1 && lines[at] != lines[(at + 1) % lines.len()] {
                changed.swap(at, (at + 1) % lines.len());
            } else {
                changed.insert(at, lines[at]);
            }
            fs::write(path, changed.concat()).unwrap();
            (format!("lines around {at} of {name}"), vec![name])
        }
        12 => {
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
            (format!("{name} is a link"), vec![name])
        }
        _ => {
            let new = ["added.json", "raw/added.json", "context/added", "results/x.ndjson"].choose(dice).unwrap();
            fs::write(bundle.join(new), b"{}").unwrap();
            (format!("{new} added"), vec![(*new).to_owned()])
        }
    }
}

fn blames(broken: &Broken, names: &[String]) -> bool {
    names.iter().any(|name| broken.file == *name || broken.fact.contains(&format!("`{name}`")))
}

#[test]
fn a_thousand_random_changes_are_all_found_and_the_message_names_the_file() {
    let sealed = Sealed::new(3);
    all_found(&sealed.path("3"), &Trust::new(&[sealed.key.public()], &[]).unwrap(), MUTATIONS);
}

/// Changes a bundle at random so many times, and wants each change to be found and named.
pub(crate) fn all_found(whole: &Path, trust: &Trust, changes: u64) {
    verify(whole, trust).unwrap();
    for seed in 0..changes {
        let work = tempfile::tempdir().unwrap();
        let bundle = work.path().join("b");
        copy(whole, &bundle);
        let (what, names) = mutate(&bundle, &mut ChaCha8Rng::seed_from_u64(seed));
        match verify(&bundle, trust) {
            Ok(_) => assert!(names.is_empty(), "{seed}: {what} was not found"),
            Err(broken) => assert!(blames(&broken, &names), "{seed}: {what}: {broken}"),
        }
    }
}

#[test]
fn every_changed_byte_of_the_seal_and_the_manifest_is_found() {
    let sealed = Sealed::new(2);
    let trust = Trust::new(&[sealed.key.public()], &[]).unwrap();
    for (name, bytes) in files(&sealed.path("2")).into_iter().filter(|(name, _)| !name.contains('/')) {
        if name == "calls.ndjson" || name == "VERIFY.md" {
            continue;
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(sealed.path("2").join(&name), &changed).unwrap();
            let broken = verify(&sealed.path("2"), &trust).expect_err(&format!("byte {at} of {name}"));
            assert!(blames(&broken, std::slice::from_ref(&name)), "byte {at} of {name}: {broken}");
        }
        fs::write(sealed.path("2").join(&name), &bytes).unwrap();
    }
    verify(&sealed.path("2"), &trust).unwrap();
}

#[test]
fn a_tar_file_is_changed_nowhere_unseen() {
    let sealed = Sealed::new(0);
    sealed.make(&Making::default(), "b.tar");
    let trust = Trust::new(&[sealed.key.public()], &[]).unwrap();
    verify(&sealed.path("b.tar"), &trust).unwrap();
    let bytes = fs::read(sealed.path("b.tar")).unwrap();
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..300 {
        let mut changed = bytes.clone();
        let at = dice.random_range(0..bytes.len());
        match dice.random_range(0..4) {
            0 => changed.truncate(at),
            1 => changed.extend([0; 512]),
            _ => changed[at] ^= dice.random_range(1..=255_u8),
        }
        let path = sealed.path("changed.tar");
        fs::write(&path, &changed).unwrap();
        assert!(verify(&path, &trust).is_err(), "byte {at}");
    }
}

#[test]
fn a_tar_file_that_leads_elsewhere_or_is_a_bomb_is_refused_and_nothing_is_written() {
    /// An entry as any tar program may write it.
    fn entry(name: &str, kind: u8, length: u64, link: &str) -> Vec<u8> {
        let mut block = vec![0_u8; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[100..107].copy_from_slice(b"0000644");
        block[108..115].copy_from_slice(b"0000000");
        block[116..123].copy_from_slice(b"0000000");
        block[124..135].copy_from_slice(format!("{length:011o}").as_bytes());
        block[136..147].copy_from_slice(b"00000000000");
        block[148..156].copy_from_slice(b"        ");
        block[156] = kind;
        block[157..157 + link.len()].copy_from_slice(link.as_bytes());
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.tar");
    for (bytes, what) in [
        (entry("../../etc/cron.d/x", b'0', 0, ""), "no path inside a bundle"),
        (entry("/etc/passwd", b'0', 0, ""), "no path inside a bundle"),
        (entry("manifest.json", b'2', 0, "/etc/passwd"), "another way"),
        (entry("manifest.json", b'1', 0, "x"), "another way"),
        (entry("raw", b'5', 0, ""), "another way"),
        (entry("manifest.json", b'0', 0o77_777_777_777, ""), "cut off"),
        ([entry("b", b'0', 0, ""), entry("a", b'0', 0, "")].concat(), "not in order"),
        ([entry("a", b'0', 0, ""), entry("a", b'0', 0, "")].concat(), "not in order"),
        (Vec::new(), "it ends in the middle"),
        (b"\x1f\x8b compressed".to_vec(), "it ends in the middle"),
    ] {
        fs::write(&path, [bytes, vec![0; if what.contains("middle") { 0 } else { 1024 }]].concat()).unwrap();
        let broken = verify(&path, &Trust::default()).unwrap_err();
        assert!(broken.to_string().contains(what), "{broken}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_manifest_that_leads_out_of_the_folder_is_refused_before_anything_is_read_there() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("b");
    Making::default().at(&bundle, None).unwrap();
    let manifest = fs::read_to_string(bundle.join("manifest.json")).unwrap();
    for path in ["../b/VERIFY.md", "/etc/passwd", "context/../VERIFY.md", "context//scope.json", "a/b/c/d"] {
        let changed = manifest.replace("\"context/controls.json\"", &format!("\"{path}\""));
        fs::write(bundle.join("manifest.json"), changed).unwrap();
        let broken = verify(&bundle, &Trust::default()).unwrap_err();
        assert_eq!(broken.to_string(), format!("`manifest.json`: `{path}` is no path inside a bundle"));
    }
    fs::write(bundle.join("manifest.json"), &manifest).unwrap();
    fs::rename(bundle.join("context"), folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), bundle.join("context")).unwrap();
    let broken = verify(&bundle, &Trust::default()).unwrap_err();
    assert_eq!(broken.to_string(), "`context`: it is neither a plain file nor a folder");
}

#[test]
fn what_is_longer_than_anything_of_ours_is_not_read_into_memory() {
    let sealed = Sealed::new(1);
    for name in ["manifest.json", "checkpoint.txt", "manifest.dsse.json"] {
        let work = tempfile::tempdir().unwrap();
        copy(&sealed.path("1"), work.path());
        let file = fs::OpenOptions::new().write(true).open(work.path().join(name)).unwrap();
        // A hole: a terabyte that takes no room.
        file.set_len(1 << 40).unwrap();
        let broken = verify(work.path(), &Trust::default()).unwrap_err();
        assert!(broken.file == name && broken.fact.contains("more than"), "{broken}");
    }
    let work = tempfile::tempdir().unwrap();
    copy(&sealed.path("1"), work.path());
    fs::OpenOptions::new().write(true).open(work.path().join("calls.ndjson")).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(verify(work.path(), &Trust::default()).unwrap_err().file, "calls.ndjson");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    fs::write(work.path().join("manifest.json"), deep).unwrap();
    assert_eq!(verify(work.path(), &Trust::default()).unwrap_err().file, "manifest.json");
}
