//! What is left when an export ends in the middle, what a log refuses to go on from, and what nobody may remove.

use crate::stage::{Making, ORIGIN, Sealed, files};
use palisade_evidence::{
    Broken, BundleLog, Checked, ExportError, Finished, PublicKey, Rotation, Seal, Signer, SigningKey, Trust, verify,
    verify_chain,
};
use std::{fs, path::Path, path::PathBuf, sync::mpsc, time::Duration};

fn making(name: &str) -> Making<'_> {
    Making { name, ..Making::default() }
}

fn open(sealed: &Sealed, key: &dyn Signer) -> Result<BundleLog, Broken> {
    BundleLog::open(&sealed.path("log"), ORIGIN, key.public())
}

/// Leaves the log as a machine does that ends between the entry and its checkpoint.
fn interrupt(sealed: &Sealed) {
    fs::rename(sealed.path("log/checkpoint.txt"), sealed.path("log/checkpoint.txt.part")).unwrap();
}

/// Makes a bundle, once something was done to the log that is open.
fn make(sealed: &Sealed, name: &str, place: &str, before: impl FnOnce()) -> Result<Finished, ExportError> {
    let mut log = open(sealed, &sealed.key).unwrap();
    before();
    making(name).at(&sealed.path(place), Some(Seal { key: &sealed.key, log: &mut log }))
}

fn number(finished: &Finished) -> u64 {
    finished.manifest.log.as_ref().unwrap().number
}

fn follow(sealed: &Sealed, names: &[&str]) {
    let trust = Trust::new(&[sealed.key.public()], &[]).unwrap();
    let checked: Vec<(String, Checked)> =
        names.iter().map(|name| ((*name).to_owned(), verify(&sealed.path(name), &trust).unwrap())).collect();
    verify_chain(&checked).unwrap();
}

fn refusal(sealed: &Sealed) -> String {
    open(sealed, &sealed.key).unwrap_err().to_string()
}

#[test]
fn a_first_entry_whose_checkpoint_was_not_moved_is_taken_up_and_entries_without_one_are_not() {
    for next in ["run-1", "run-2"] {
        let sealed = Sealed::new(1);
        interrupt(&sealed);
        let expected = if next == "run-1" { 1 } else { 2 };
        assert_eq!(number(&make(&sealed, next, "next", || ()).unwrap()), expected);
        assert!(sealed.path("log/checkpoint.txt").exists());
        assert_eq!(number(&make(&sealed, "run-3", "3", || ()).unwrap()), expected + 1);
        follow(&sealed, if next == "run-1" { &["next", "3"] } else { &["1", "next", "3"] });
    }
    for bundles in ["1", "2"] {
        let sealed = Sealed::new(bundles.parse().unwrap());
        fs::remove_file(sealed.path("log/checkpoint.txt")).unwrap();
        let refused = refusal(&sealed);
        assert!(refused.contains("checkpoint.txt`: it is missing"), "{refused}");
        assert!(refused.contains("the `checkpoint.txt` of the log's last bundle here"), "{refused}");
        // The way out that it names is one.
        fs::copy(sealed.path(bundles).join("checkpoint.txt"), sealed.path("log/checkpoint.txt")).unwrap();
        make(&sealed, "run-3", "3", || ()).unwrap();
        follow(&sealed, if bundles == "1" { &["1", "3"] } else { &["1", "2", "3"] });
    }
}

#[test]
fn an_entry_whose_checkpoint_was_not_moved_gets_it_before_another_entry_comes() {
    let sealed = Sealed::new(1);
    let text = fs::read_to_string(sealed.path("log/checkpoint.txt")).unwrap();
    make(&sealed, "run-2", "2", || ()).unwrap();
    interrupt(&sealed);
    fs::write(sealed.path("log/checkpoint.txt"), text).unwrap();
    let blocked = sealed.path("log/log.ndjson.part");
    assert!(make(&sealed, "run-3", "3", || fs::create_dir(&blocked).unwrap()).is_err());
    let caught_up = fs::read_to_string(sealed.path("log/checkpoint.txt")).unwrap();
    assert_eq!(caught_up, fs::read_to_string(sealed.path("2/checkpoint.txt")).unwrap());
}

#[test]
fn a_log_that_cannot_be_written_gives_no_number_away() {
    let sealed = Sealed::new(0);
    for (blocked, place) in [("log.ndjson.part", "1"), ("checkpoint.txt.part", "1"), ("checkpoint.txt.part", "1.tar")] {
        let blocked = sealed.path("log").join(blocked);
        let error = make(&sealed, "run-1", place, || fs::create_dir(&blocked).unwrap()).unwrap_err();
        assert!(matches!(error, ExportError::Broken(_)), "{error:?}");
        fs::remove_dir(&blocked).unwrap();
        assert_eq!(open(&sealed, &sealed.key).unwrap().entries(), []);
        assert!(!sealed.path(place).exists() && !sealed.path(&format!("{place}.part")).exists());
    }
    assert_eq!(number(&make(&sealed, "run-1", "1", || ()).unwrap()), 1);
}

/// Signs, and puts something where the bundle is to stand.
#[derive(Debug)]
struct Intruder {
    key: SigningKey,
    place: PathBuf,
}

impl Signer for Intruder {
    fn public(&self) -> PublicKey {
        self.key.public()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        fs::create_dir_all(&self.place).unwrap();
        Signer::sign(&self.key, message)
    }
}

#[test]
fn a_place_that_was_taken_meanwhile_takes_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for place in ["1", "1.tar"] {
        let key = Intruder { key: SigningKey::generate().unwrap().0, place: root.join(place) };
        let mut log = BundleLog::open(&root.join("log"), ORIGIN, key.public()).unwrap();
        let error = making("run-1").at(&root.join(place), Some(Seal { key: &key, log: &mut log })).unwrap_err();
        assert!(matches!(error, ExportError::Exists { .. }), "{error:?}");
        assert_eq!(log.entries(), []);
    }
}

/// Signs nothing.
#[derive(Debug)]
struct Refusing(PublicKey);

impl Signer for Refusing {
    fn public(&self) -> PublicKey {
        self.0
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, String> {
        Err("not today".to_owned())
    }
}

#[test]
fn what_fails_once_the_number_is_taken_says_so_and_the_same_export_makes_the_bundle() {
    let sealed = Sealed::new(1);
    fs::remove_file(sealed.path("log/checkpoint.txt")).unwrap();
    fs::write(sealed.path("log/log.ndjson"), "").unwrap();
    let blocked = sealed.path("log/checkpoint.txt");
    let first = make(&sealed, "run-1", "again", || fs::create_dir(&blocked).unwrap()).unwrap_err();
    assert!(matches!(&first, ExportError::Taken { number: 1, origin, .. } if origin == ORIGIN), "{first:?}");
    let told = first.to_string();
    assert!(told.starts_with("number 1 of the log `acme.example/evidence` is taken by this bundle"), "{told}");
    assert!(told.contains("the same export once more") && told.contains("stays without a bundle"), "{told}");
    assert!(std::error::Error::source(&first).unwrap().to_string().contains("could not be written"));
    assert!(!sealed.path("again").exists() && !sealed.path("again.part").exists());
    fs::remove_dir(&blocked).unwrap();
    // Where it fails again, it is told again.
    let key = Refusing(sealed.key.public());
    let mut log = open(&sealed, &key).unwrap();
    let second = making("run-1").at(&sealed.path("again"), Some(Seal { key: &key, log: &mut log })).unwrap_err();
    assert!(matches!(second, ExportError::Taken { number: 1, .. }), "{second:?}");
    drop(log);
    assert_eq!(number(&make(&sealed, "run-1", "again", || ()).unwrap()), 1);
    assert_eq!(files(&sealed.path("1")), files(&sealed.path("again")));
}

/// Changes the entries of a log.
fn edit(sealed: &Sealed, change: impl Fn(usize, &mut serde_json::Map<String, serde_json::Value>)) {
    let path = sealed.path("log/log.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    let mut changed = String::new();
    for (at, line) in text.lines().enumerate() {
        let mut entry: palisade_evidence::Entry = serde_json::from_str(line).unwrap();
        let mut members = serde_json::to_value(&entry).unwrap().as_object().unwrap().clone();
        change(at, &mut members);
        entry = serde_json::from_value(members.into()).unwrap();
        changed.push_str(&(serde_json::to_string(&entry).unwrap() + "\n"));
    }
    fs::write(path, changed).unwrap();
}

#[test]
fn no_member_of_an_entry_can_be_changed_unseen() {
    let sealed = Sealed::new(3);
    let whole = fs::read(sealed.path("log/log.ndjson")).unwrap();
    let other = "0".repeat(64);
    for at in 0..3 {
        for (member, value) in [
            ("run", "run-0"),
            ("as_of", "2020-01-01T00:00:00Z"),
            ("content", &other),
            ("manifest", &other),
            ("sum", &other),
        ] {
            edit(&sealed, |line, members| {
                if line == at {
                    members.insert(member.to_owned(), value.into());
                }
            });
            let refused = refusal(&sealed);
            assert!(refused.contains(&format!("log.ndjson`: line {} does not have its sum", at + 1)), "{refused}");
            assert!(refused.contains("restore the file from a copy"), "{refused}");
            fs::write(sealed.path("log/log.ndjson"), &whole).unwrap();
        }
    }
    edit(&sealed, |line, members| {
        if line == 2 {
            members.insert("manifest".to_owned(), other.clone().into());
            members.remove("sum");
        }
    });
    assert!(refusal(&sealed).contains("line 3 does not have its sum"));
    fs::write(sealed.path("log/log.ndjson"), &whole).unwrap();
    make(&sealed, "run-4", "4", || ()).unwrap();
    follow(&sealed, &["1", "2", "3", "4"]);
}

#[test]
fn a_log_of_an_older_version_is_covered_from_its_next_entry_on() {
    let older = || {
        let sealed = Sealed::new(2);
        edit(&sealed, |_, members| {
            members.remove("sum");
        });
        sealed
    };
    let changed = |at| {
        move |line: usize, members: &mut serde_json::Map<String, serde_json::Value>| {
            if line == at {
                members.insert("manifest".to_owned(), "0".repeat(64).into());
            }
        }
    };
    let sealed = older();
    make(&sealed, "run-3", "3", || ()).unwrap();
    follow(&sealed, &["1", "2", "3"]);
    edit(&sealed, changed(0));
    assert!(refusal(&sealed).contains("line 3 does not have its sum"));
    // What comes out when a bundle is made again is held against the log.
    for at in [0, 1] {
        let sealed = older();
        edit(&sealed, changed(at));
        let error = make(&sealed, "run-2", "again", || ()).unwrap_err();
        let ExportError::Broken(broken) = &error else { panic!("{error:?}") };
        assert!(broken.file.ends_with("log.ndjson") && broken.fact.starts_with("line 2: "), "{broken}");
        assert!(!sealed.path("again").exists());
    }
}

/// A log whose second entry is somebody else's, by every sum and by the root of its checkpoint, which only they signed.
fn forged() -> (Sealed, String) {
    let sealed = Sealed::new(1);
    let (stranger, _) = SigningKey::generate().unwrap();
    let mut log = open(&sealed, &sealed.key).unwrap();
    making("run-2").at(&sealed.path("theirs"), Some(Seal { key: &stranger, log: &mut log })).unwrap();
    drop(log);
    let theirs = fs::read_to_string(sealed.path("log/checkpoint.txt")).unwrap();
    (sealed, theirs)
}

#[test]
fn a_log_that_was_changed_and_summed_again_is_refused_whatever_stands_for_the_signature() {
    let (sealed, theirs) = forged();
    let ours = fs::read_to_string(sealed.path("1/checkpoint.txt")).unwrap();
    let (body, _) = theirs.split_once("\n\n").unwrap();
    let (_, signature) = ours.split_once("\n\n").unwrap();
    let fingerprint = sealed.key.public().fingerprint();
    for (text, told) in [
        (theirs.clone(), format!("its signature is not of the key that is to seal, `{fingerprint}`")),
        // Of us, and of another checkpoint.
        (format!("{body}\n\n{signature}"), format!("its signature is not of the key that is to seal, `{fingerprint}`")),
        (format!("{body}\n\ngarbage, no signature\n"), "it is no checkpoint".to_owned()),
        (format!("{body}\n"), "it is no checkpoint".to_owned()),
        // A true one, behind which is what nobody signed.
        (ours.clone(), "it is over 1 entries of the 2 in the log, and nobody signed the others".to_owned()),
        (String::new(), "it is missing".to_owned()),
    ] {
        fs::write(sealed.path("log/checkpoint.txt"), &text).unwrap();
        // Nor does it help to lay one beside it.
        for part in [None, Some(&theirs)] {
            if let Some(part) = part {
                fs::write(sealed.path("log/checkpoint.txt.part"), part).unwrap();
            }
            let before = files(&sealed.path("log"));
            let refused = refusal(&sealed);
            assert!(refused.contains("checkpoint.txt`: ") && refused.contains(&told), "{refused}");
            assert!(refused.contains("from a copy"), "{refused}");
            assert_eq!(files(&sealed.path("log")), before);
        }
        fs::remove_file(sealed.path("log/checkpoint.txt.part")).unwrap();
    }
    // The way out: no bundle of ours has the second number.
    fs::write(sealed.path("log/checkpoint.txt"), &ours).unwrap();
    let text = fs::read_to_string(sealed.path("log/log.ndjson")).unwrap();
    fs::write(sealed.path("log/log.ndjson"), text.split_inclusive('\n').next().unwrap()).unwrap();
    make(&sealed, "run-2", "2", || ()).unwrap();
    follow(&sealed, &["1", "2"]);
}

#[test]
fn a_log_goes_on_under_a_key_that_follows_and_under_no_other() {
    let sealed = Sealed::new(1);
    let [next, third, stranger] = [(); 3].map(|()| SigningKey::generate().unwrap().0);
    let put = |name: &str, rotation: &Rotation| {
        let text = serde_json::to_string_pretty(rotation).unwrap() + "\n";
        fs::write(sealed.path("log").join(format!("{name}.rotation.json")), text).unwrap();
    };
    let refused = |key: &SigningKey| {
        let refused = open(&sealed, key).unwrap_err();
        assert!(refused.file.ends_with("checkpoint.txt"), "{refused}");
        let told = format!("its signature is not of the key that is to seal, `{}`", key.public().fingerprint());
        assert!(refused.fact.starts_with(&told) && refused.fact.contains("`.rotation.json`"), "{refused}");
    };
    let rotations = [Rotation::new(&sealed.key, &next).unwrap(), Rotation::new(&next, &third).unwrap()];
    refused(&third);
    put("b", &rotations[1]);
    refused(&third);
    put("a", &rotations[0]);
    // A key that ours follows as well follows none itself.
    put("c", &Rotation::new(&stranger, &third).unwrap());
    refused(&stranger);
    let mut log = open(&sealed, &third).unwrap();
    making("run-2").at(&sealed.path("2"), Some(Seal { key: &third, log: &mut log })).unwrap();
    drop(log);
    let trust = Trust::new(&[sealed.key.public()], &rotations).unwrap();
    let checked = ["1", "2"].map(|name| (name.to_owned(), verify(&sealed.path(name), &trust).unwrap()));
    verify_chain(&checked).unwrap();
    // It does not go back, and once it is signed by the new key nothing is needed of the old one.
    refused(&sealed.key);
    for name in ["a", "b", "c"] {
        fs::remove_file(sealed.path("log").join(format!("{name}.rotation.json"))).unwrap();
    }
    assert_eq!(open(&sealed, &third).unwrap().entries().len(), 2);
}

#[test]
fn a_rotation_that_does_not_hold_is_named() {
    let sealed = Sealed::new(1);
    let [next, stranger] = [(); 2].map(|()| SigningKey::generate().unwrap().0);
    let path = sealed.path("log/next.rotation.json");
    let text = serde_json::to_string(&Rotation::new(&sealed.key, &next).unwrap()).unwrap();
    // Whoever has no key of ours cannot write theirs into it.
    let json = |key: &SigningKey| serde_json::to_string(&key.public().to_pem()).unwrap();
    for (text, told) in [
        (text.replace(&json(&next), &json(&stranger)), "the rotation does not hold: the old key did not sign it"),
        ("{}".to_owned(), "it is no rotation"),
    ] {
        fs::write(&path, text).unwrap();
        for key in [&next, &stranger] {
            let refused = open(&sealed, key).unwrap_err();
            assert!(refused.file.ends_with("next.rotation.json") && refused.fact.starts_with(told), "{refused}");
            assert!(
                refused.fact.contains("`palisade evidence keys rotate` wrote here, or remove this one"),
                "{refused}"
            );
        }
    }
}

/// Makes a bundle in whose way something stands, and wants that to stay as it is.
fn in_the_way(place: &Path, told: &str) {
    let part = place.with_file_name(format!("{}.part", place.file_name().unwrap().to_str().unwrap()));
    let before = files(&part);
    let error = Making::default().at(place, None).unwrap_err();
    assert!(matches!(&error, ExportError::InTheWay { path, .. } if *path == part), "{error:?}");
    assert!(error.to_string().contains(told), "{error}");
    assert_eq!(files(&part), before);
}

#[test]
fn a_whole_bundle_is_not_removed_whatever_it_is_called() {
    let sealed = Sealed::new(0);
    for (bundle, place) in [("b.part", "b"), ("b.tar.part", "b.tar")] {
        sealed.make(&Making::default(), bundle);
        in_the_way(&sealed.path(place), "there is a whole bundle in it");
        verify(&sealed.path(bundle), &Trust::default()).unwrap();
        // Nor when everything that an export leaves is beside it.
        fs::create_dir(sealed.path("rest")).unwrap();
        fs::rename(sealed.path(bundle), sealed.path("rest/bundle")).unwrap();
        fs::rename(sealed.path("rest"), sealed.path(bundle)).unwrap();
        fs::write(sealed.path(bundle).join("palisade-export.part"), "").unwrap();
        in_the_way(&sealed.path(place), "there is a whole bundle in it");
    }
}

#[test]
fn only_what_says_that_an_export_left_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (place, part) = (folder.path().join("b"), folder.path().join("b.part"));
    fs::create_dir_all(part.join("raw/ab")).unwrap();
    fs::write(part.join("calls.ndjson"), "half a li").unwrap();
    in_the_way(&place, "nothing in it says that an export left it");
    fs::write(part.join("palisade-export.part"), "").unwrap();
    in_the_way(&place, "or it holds more than that");
    fs::remove_dir_all(&part).unwrap();
    for place in [place, folder.path().join("b.tar")] {
        let part = folder.path().join(format!("{}.part", place.file_name().unwrap().to_str().unwrap()));
        for left in [&[][..], &["palisade-export.part"], &["palisade-export.part", "manifest.pending", "bundle.tar"]] {
            fs::create_dir_all(part.join(if left.is_empty() { "" } else { "bundle/raw/ab" })).unwrap();
            for name in left {
                fs::write(part.join(name), "half").unwrap();
            }
            Making::default().at(&place, None).unwrap();
            verify(&place, &Trust::default()).unwrap();
            assert!(!part.exists());
            if place.is_dir() { fs::remove_dir_all(&place).unwrap() } else { fs::remove_file(&place).unwrap() }
        }
    }
    fs::write(folder.path().join("b.tar.packing"), "mine").unwrap();
    Making::default().at(&folder.path().join("b.tar"), None).unwrap();
    assert_eq!(fs::read(folder.path().join("b.tar.packing")).unwrap(), b"mine");
}

#[test]
fn what_is_neither_a_file_nor_a_folder_is_refused_and_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(verify(&pipe, &Trust::default()).unwrap_err()));
    let broken = receive.recv_timeout(Duration::from_secs(30)).expect("it waits for whoever writes into the pipe");
    assert!(broken.fact.starts_with("it is neither a file nor a folder"), "{broken}");
}
