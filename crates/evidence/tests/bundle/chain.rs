//! Numbers without gaps, keys that follow each other, logs that only grow.

use crate::stage::{Making, ORIGIN, Sealed, copy};
use palisade_evidence::{BundleLog, Checked, Rotation, SigningKey, Trust, verify, verify_chain};
use std::fs;

fn checked(sealed: &Sealed, names: &[&str]) -> Vec<(String, Checked)> {
    names.iter().map(|name| ((*name).to_owned(), verify(&sealed.path(name), &Trust::default()).unwrap())).collect()
}

#[test]
fn bundles_follow_each_other_whatever_their_order_and_a_missing_one_is_told_by_number() {
    let sealed = Sealed::new(5);
    verify_chain(&checked(&sealed, &["3", "1", "2", "4", "5"])).unwrap();
    verify_chain(&checked(&sealed, &["3", "4"])).unwrap();
    let broken = verify_chain(&checked(&sealed, &["1", "4"])).unwrap_err();
    assert_eq!(
        (broken.file.as_str(), broken.fact.as_str()),
        ("4", "the bundles from number 2 to 3 are missing before it")
    );
    let twice = verify_chain(&checked(&sealed, &["1", "1"])).unwrap_err();
    assert_eq!(twice.fact, "it has the number 1, as `1` has");
}

#[test]
fn a_bundle_of_a_history_that_was_written_again_does_not_follow() {
    let sealed = Sealed::new(2);
    fs::rename(sealed.path("log"), sealed.path("kept")).unwrap();
    // The same key, another past.
    for name in ["other-1", "other-2", "other-3"] {
        sealed.make(&Making { name, ..Making::default() }, name);
    }
    let broken = verify_chain(&checked(&sealed, &["1", "2", "other-3"])).unwrap_err();
    assert_eq!(
        (broken.file.as_str(), broken.fact.as_str()),
        ("other-3", "the bundle before it is another one than number 2")
    );
}

#[test]
fn another_key_is_refused_unless_both_sides_signed_that_it_follows() {
    let sealed = Sealed::new(1);
    let (new, _) = SigningKey::generate().unwrap();
    let (stranger, _) = SigningKey::generate().unwrap();
    let trust = |keys: &[&SigningKey], rotations: &[Rotation]| {
        let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
        Trust::new(&keys, rotations).unwrap()
    };
    let bundle = sealed.path("1");
    assert!(verify(&bundle, &trust(&[&sealed.key], &[])).unwrap().signed.unwrap().trusted);
    assert!(!verify(&bundle, &trust(&[], &[])).unwrap().signed.unwrap().trusted);
    let broken = verify(&bundle, &trust(&[&stranger], &[])).unwrap_err();
    assert_eq!(broken.file, "signer.pem");
    let rotations = [Rotation::new(&stranger, &new).unwrap(), Rotation::new(&new, &sealed.key).unwrap()];
    assert!(verify(&bundle, &trust(&[&stranger], &rotations)).unwrap().signed.unwrap().trusted);
    assert!(verify(&bundle, &trust(&[&stranger], &rotations[..1])).is_err());
}

#[test]
fn what_is_not_sealed_is_refused_when_a_key_was_given() {
    let sealed = Sealed::new(0);
    Making::default().at(&sealed.path("bare"), None).unwrap();
    let trust = Trust::new(&[sealed.key.public()], &[]).unwrap();
    assert_eq!(verify(&sealed.path("bare"), &trust).unwrap_err().file, "manifest.json");
    assert!(verify(&sealed.path("bare"), &Trust::default()).unwrap().signed.is_none());
}

#[test]
fn a_log_from_which_something_is_gone_is_not_written_on() {
    let sealed = Sealed::new(3);
    let key = sealed.key.public();
    let whole = fs::read_to_string(sealed.path("log/log.ndjson")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let entry: palisade_evidence::Entry = serde_json::from_str(lines[1]).unwrap();
    let hash: String = entry.leaf.chars().take(10).collect();
    for (text, what) in [
        (format!("{}\n{}\n", lines[0], lines[1]), "the last is gone"),
        (format!("{}\n{}\n", lines[0], lines[2]), "one in the middle is gone"),
        (whole.replace(&hash, "0000000000"), "one is changed"),
        (String::new(), "all is gone"),
    ] {
        fs::write(sealed.path("log/log.ndjson"), text).unwrap();
        assert!(BundleLog::open(&sealed.path("log"), ORIGIN, key).is_err(), "{what}");
    }
    fs::write(sealed.path("log/log.ndjson"), &whole).unwrap();
    assert_eq!(BundleLog::open(&sealed.path("log"), ORIGIN, key).unwrap().entries().len(), 3);
    assert!(BundleLog::open(&sealed.path("log"), "other", key).is_err());
    fs::remove_file(sealed.path("log/checkpoint.txt")).unwrap();
    assert!(BundleLog::open(&sealed.path("log"), ORIGIN, key).is_err());
}

#[test]
fn a_machine_that_ended_between_entry_and_checkpoint_leaves_a_log_that_goes_on() {
    let sealed = Sealed::new(2);
    let before = fs::read_to_string(sealed.path("log/checkpoint.txt")).unwrap();
    sealed.make(&Making { name: "run-3", ..Making::default() }, "3");
    fs::rename(sealed.path("log/checkpoint.txt"), sealed.path("log/checkpoint.txt.part")).unwrap();
    fs::write(sealed.path("log/checkpoint.txt"), before).unwrap();
    fs::remove_dir_all(sealed.path("3")).unwrap();
    sealed.make(&Making { name: "run-3", ..Making::default() }, "3");
    sealed.make(&Making { name: "run-4", ..Making::default() }, "4");
    verify_chain(&checked(&sealed, &["1", "2", "3", "4"])).unwrap();
    copy(&sealed.path("4"), &sealed.path("copy"));
    verify(&sealed.path("copy"), &Trust::default()).unwrap();
}
