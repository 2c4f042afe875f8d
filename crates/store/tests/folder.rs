//! A stored snapshot comes back as it was, and a changed one does not come back at all.

use palisade_model::{FactKind, Provider};
use palisade_provider::{Call, Failure, FailureReason, Per, Snapshot};
use palisade_store::{SnapshotFolder, StoreError};
use palisade_testkit::SnapshotBuilder;
use serde_json::json;
use std::fs;

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
