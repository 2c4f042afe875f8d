//! A stored snapshot comes back as it was, and a changed one does not come back at all.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_model::{FactKind, Gap, Provider};
use palisade_provider::{Call, Failure, FailureReason, Per, Snapshot};
use palisade_store::{SnapshotFolder, StoreError};
use palisade_testkit::SnapshotBuilder;
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

static CALL: Call = Call {
    name: "eks:DescribeCluster",
    permission: "eks:DescribeCluster",
    per: Per::Cluster,
    feeds: &[FactKind::PublicAccess],
    redact: &["/secret"],
    purpose: "the cluster",
};

fn snapshot() -> Snapshot {
    SnapshotBuilder::new(Provider::Aws, "111111111111")
        .answer(
            &CALL,
            "111111111111/eu-west-1",
            &[("name", "../../etc/passwd")],
            json!({ "b": 1, "secret": "hunter2" }),
        )
        .page(&CALL, "111111111111/eu-west-1", &[("name", "two")], (1, true), json!({ "page": 1 }))
        .page(&CALL, "111111111111/eu-west-1", &[("name", "two")], (0, false), json!({ "page": 0 }))
        .failure(&CALL, "111111111111/eu-west-1", &[], Failure::new(FailureReason::Denied, "no"))
        .build()
}

#[test]
fn a_snapshot_comes_back_as_it_was_and_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let store = SnapshotFolder::create(folder.path()).unwrap();
    store.write(&snapshot()).unwrap();
    let units = store.units().unwrap();
    assert_eq!(units.len(), 1);
    assert_eq!(store.read(&units[0]).unwrap(), snapshot());
    let mut files = vec![folder.path().to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            assert!(!fs::read_to_string(&path).unwrap().contains("hunter2"), "{}", path.display());
        }
    }
}

#[test]
fn a_changed_body_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = SnapshotFolder::create(folder.path()).unwrap();
    store.write(&snapshot()).unwrap();
    let body = fs::read_dir(folder.path().join("bodies")).unwrap().next().unwrap().unwrap().path();
    let body = fs::read_dir(body).unwrap().next().unwrap().unwrap().path();
    fs::write(&body, "{}").unwrap();
    let error = store.read(&store.units().unwrap()[0]).unwrap_err().to_string();
    assert!(error.contains("it was changed"), "{error}");
}

#[test]
fn an_empty_folder_is_said_to_be_one() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(SnapshotFolder::open(folder.path()).units(), Err(StoreError::Empty { .. })));
    assert!(matches!(SnapshotFolder::open("/nowhere/at/all").units(), Err(StoreError::Empty { .. })));
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = SnapshotFolder::create(file.join("below")).unwrap_err();
    assert!(error.to_string().contains("file/below"), "{error}");
}

/// Every file below a folder, with its bytes.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_list_that_was_cut_off_or_changed_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = SnapshotFolder::create(folder.path()).unwrap();
    store.write(&snapshot()).unwrap();
    let unit = store.units().unwrap().remove(0);
    let whole = fs::read(&unit).unwrap();
    for length in 0..whole.len() {
        fs::write(&unit, &whole[..length]).unwrap();
        let error = store.read(&unit).expect_err("half a list").to_string();
        assert!(error.contains(&unit.display().to_string()), "{error}");
    }
    let text = String::from_utf8(whole).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for left_out in 1..lines.len() {
        let rest: Vec<&str> =
            lines.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, line)| *line).collect();
        fs::write(&unit, rest.join("\n") + "\n").unwrap();
        let error = store.read(&unit).unwrap_err().to_string();
        assert!(error.contains("cut off or changed"), "{error}");
    }
    fs::write(&unit, text.replace("denied", "throttled")).unwrap();
    assert!(store.read(&unit).is_err());
}

#[test]
fn a_list_that_names_a_path_is_refused_and_nothing_outside_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("outside.json"), "{}").unwrap();
    let store = SnapshotFolder::create(folder.path().join("store")).unwrap();
    store.write(&snapshot()).unwrap();
    let unit = store.units().unwrap().remove(0);
    let text = fs::read_to_string(&unit).unwrap();
    let digest = text.lines().skip(1).find_map(|line| line.split("sha256:").nth(1)).unwrap();
    let digest: String = digest.chars().take(64).collect();
    fs::write(&unit, text.replace(&digest, "../../outside")).unwrap();
    assert!(store.read(&unit).is_err());
}

#[test]
fn a_missing_body_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = SnapshotFolder::create(folder.path()).unwrap();
    store.write(&snapshot()).unwrap();
    let body = files(&folder.path().join("bodies")).into_keys().next().unwrap();
    fs::remove_file(&body).unwrap();
    let error = store.read(&store.units().unwrap()[0]).unwrap_err().to_string();
    assert!(error.contains(&format!("sha256:{}", body.file_stem().unwrap().display())), "{error}");
}

#[test]
fn a_body_that_a_dead_machine_left_half_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = SnapshotFolder::create(folder.path()).unwrap();
    store.write(&snapshot()).unwrap();
    let (body, bytes) = files(&folder.path().join("bodies")).pop_first().unwrap();
    fs::write(&body, &bytes[..bytes.len() / 2]).unwrap();
    store.write(&snapshot()).unwrap();
    assert_eq!(store.read(&store.units().unwrap()[0]).unwrap(), snapshot());
}

#[test]
fn many_writers_of_the_same_scope_leave_one_whole_scope_and_no_scraps() {
    let folder = tempfile::tempdir().unwrap();
    let store = SnapshotFolder::create(folder.path()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    store.write(&snapshot()).unwrap();
                }
            });
        }
    });
    assert_eq!(store.read(&store.units().unwrap()[0]).unwrap(), snapshot());
    let names: Vec<PathBuf> = files(folder.path()).into_keys().collect();
    assert_eq!(names.len(), 1 + 3, "{names:?}");
}

/// Runs itself again under a limit on the size of files, which is what a full disk looks like to a program.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_with_the_path_and_leaves_nothing_half_written() {
    const CHILD: &str = "PALISADE_STORE_FULL_DISK";
    if let Ok(root) = std::env::var(CHILD) {
        let error = SnapshotFolder::create(&root).unwrap().write(&snapshot()).unwrap_err();
        let reason = std::error::Error::source(&error).unwrap();
        assert!(error.to_string().contains(&root), "{error}");
        assert!(!reason.to_string().is_empty());
        println!("refused: {error}: {reason}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let child = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .arg("a_full_disk_is_an_error_with_the_path_and_leaves_nothing_half_written")
        .env(CHILD, &root)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("refused: could not write"), "{child:?}");
    assert_eq!(files(&root), BTreeMap::new());
}

#[test]
fn a_list_without_its_first_middle_or_last_page_is_a_gap() {
    let page = |snapshot: SnapshotBuilder, page: u32| snapshot.page(&CALL, "s", &[], (page, page == 2), json!([page]));
    for left_out in 0..3 {
        let pages = (0..3).filter(|number| *number != left_out);
        let snapshot = pages.fold(SnapshotBuilder::new(Provider::Aws, "s"), page).build();
        let list = snapshot.list(&CALL, "s", &[], |items: Vec<u32>| items);
        assert!(matches!(list.get(), Err(Gap::Malformed { .. })), "page {left_out}: {list:?}");
    }
    let whole = (0..3).fold(SnapshotBuilder::new(Provider::Aws, "s"), page).build();
    assert_eq!(whole.list(&CALL, "s", &[], |items: Vec<u32>| items).get(), Ok(&vec![0, 1, 2]));
}
