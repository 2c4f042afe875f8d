//! Bundles of evidence: any bytes as a tar file, a manifest or a ledger are checked or refused, never a panic, and nothing
//! is written beside them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_evidence::{Trust, read_timestamp, verify};
use std::{fs, path::PathBuf};

/// A place of this process, made once.
fn place() -> PathBuf {
    let place = std::env::temp_dir().join(format!("palisade-fuzz-{}", std::process::id()));
    let _ = fs::create_dir_all(place.join("folder/results"));
    let _ = fs::create_dir_all(place.join("folder/context"));
    let _ = fs::create_dir_all(place.join("folder/raw"));
    place
}

// The first byte chooses the file; what is none of them is a whole tar file.
fuzz_target!(|input: &[u8]| {
    let Some((kind, bytes)) = input.split_first() else { return };
    let place = place();
    let names = [
        "manifest.json",
        "calls.ndjson",
        "results/verdicts.ndjson",
        "results/coverage.json",
        "context/scope.json",
        "raw/SHA256SUMS",
        "manifest.dsse.json",
        "checkpoint.txt",
    ];
    match names.get(usize::from(*kind)) {
        None => {
            let tar = place.join("bundle.tar");
            let _ = fs::write(&tar, bytes);
            let _ = verify(&tar, &Trust::default());
            let _ = read_timestamp(bytes, &"00".repeat(32), None);
        }
        Some(name) => {
            let file = place.join("folder").join(name);
            let _ = fs::write(&file, bytes);
            // One file is no bundle.
            assert!(verify(&place.join("folder"), &Trust::default()).is_err());
            let _ = fs::remove_file(file);
        }
    }
    let beside = fs::read_dir(&place).map_or(0, Iterator::count);
    assert!(beside <= 2, "something was written beside");
});
