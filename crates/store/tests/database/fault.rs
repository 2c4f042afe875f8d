//! What only a file can suffer: a full disk, another program, damage. And its copies.

use crate::fleet::{Fleet, day, sighting};
use palisade_engine::State;
use palisade_store::{Database, DatabaseError, FileSettings, Recorded};
use sqlx::{AnyConnection, Connection as _, Executor as _, any::install_default_drivers};
use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    process::Command,
    time::Duration,
};

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}

async fn record(database: &Database, fleet: &Fleet, number: i64) -> Result<Recorded, DatabaseError> {
    let shown = fleet.shown();
    let seen = sighting(&format!("run-{number}"), None, day(number), fleet.rules(), &shown);
    database.record_run(&seen, &[], day(number), None, |_| Vec::new()).await
}

fn failing(clusters: usize) -> Fleet {
    let mut fleet = Fleet::of(clusters, 5, 8);
    (0..fleet.findings.len()).for_each(|number| fleet.set(number, State::Fail));
    fleet
}

#[test]
fn a_full_database_says_so_and_holds_no_half() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("palisade.db");
        let settings = FileSettings { max_bytes: Some(600 * 1024), ..FileSettings::default() };
        let database = Database::file_with(&path, settings).await.unwrap();
        record(&database, &failing(1), 1).await.unwrap();
        let before = database.memory().await.unwrap();
        let refused = record(&database, &failing(100), 2).await.unwrap_err();
        assert!(matches!(refused, DatabaseError::Full { .. }), "{refused:?}");
        assert!(refused.to_string().contains("the disk is full"), "{refused}");
        assert_eq!(database.memory().await.unwrap(), before);
        assert_eq!(database.runs(10).await.unwrap().len(), 1);
        database.close().await;
        let roomier = Database::file(&path).await.unwrap();
        assert_eq!(record(&roomier, &failing(100), 2).await.unwrap().seq, 2);
    });
}

/// In the child: a file may not grow beyond what the shell allowed.
const CHILD: &str = "PALISADE_TEST_FILE_OF_LIMITED_SIZE";

#[test]
fn a_file_that_may_not_grow_says_so_and_holds_no_half() {
    if let Some(path) = std::env::var_os(CHILD) {
        run(async {
            let database = Database::file(Path::new(&path)).await.unwrap();
            let refused = record(&database, &failing(100), 2).await.unwrap_err();
            assert!(matches!(refused, DatabaseError::Full { .. } | DatabaseError::Disk { .. }), "{refused:?}");
        });
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("palisade.db");
    run(async {
        let database = Database::file(&path).await.unwrap();
        record(&database, &failing(1), 1).await.unwrap();
        database.close().await;
    });
    // The limit is in units of 1 KiB; ignoring the signal makes the write fail instead of the process end.
    let output = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 700; exec \"$0\" --exact fault::a_file_that_may_not_grow_says_so_and_holds_no_half"])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    run(async {
        let database = Database::file(&path).await.unwrap();
        assert_eq!(database.runs(10).await.unwrap().len(), 1);
        assert_eq!(record(&database, &failing(100), 2).await.unwrap().seq, 2);
    });
}

#[test]
fn a_file_that_another_program_holds_is_waited_for_and_then_named() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("palisade.db");
        let settings = FileSettings { patience: Duration::from_millis(50), ..FileSettings::default() };
        let database = Database::file_with(&path, settings).await.unwrap();
        install_default_drivers();
        let mut other = AnyConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();
        let refused = record(&database, &failing(1), 1).await.unwrap_err();
        assert!(matches!(refused, DatabaseError::Locked { .. }), "{refused:?}");
        assert_eq!(database.runs(10).await.unwrap(), [], "reading goes on");
        other.execute("ROLLBACK").await.unwrap();
        assert_eq!(record(&database, &failing(1), 1).await.unwrap().seq, 1);
    });
}

#[test]
fn a_file_of_garbage_is_refused_and_left_as_it_is() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("palisade.db");
        let garbage = "this is the accounting of the year 2019\n".repeat(500);
        fs::write(&path, &garbage).unwrap();
        let refused = Database::file(&path).await.unwrap_err();
        assert!(matches!(refused, DatabaseError::Corrupt { .. }), "{refused:?}");
        assert!(refused.to_string().contains("is damaged or is no database"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), garbage);
    });
}

#[test]
fn a_damaged_file_is_refused() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("palisade.db");
        let database = Database::file(&path).await.unwrap();
        record(&database, &failing(20), 1).await.unwrap();
        database.close().await;
        // Every page but the first few.
        let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let length = file.metadata().unwrap().len();
        file.seek(SeekFrom::Start(60 * 4096)).unwrap();
        file.write_all(&vec![0xa5; usize::try_from(length).unwrap() - 60 * 4096]).unwrap();
        drop(file);
        assert!(Database::check_backup(&path).await.is_err());
        let refused = match Database::file(&path).await {
            Ok(database) => record(&database, &failing(20), 2).await.map(drop).unwrap_err(),
            Err(refused) => refused,
        };
        assert!(matches!(refused, DatabaseError::Corrupt { .. }), "{refused:?}");
    });
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let refused = Database::file(&folder.path().join("nowhere/palisade.db")).await.unwrap_err();
        assert!(matches!(refused, DatabaseError::Disk { .. }), "{refused:?}");
        assert!(refused.to_string().contains("nowhere/palisade.db"), "{refused}");
    });
}

#[test]
fn a_name_with_odd_letters_is_a_name() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("100% of it? #1 ü.db");
        let database = Database::file(&path).await.unwrap();
        record(&database, &failing(1), 1).await.unwrap();
        assert!(path.is_file());
    });
}

#[test]
fn a_backup_is_whole_and_restores() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("palisade.db"), folder.path().join("copy.db"));
        let database = Database::file(&path).await.unwrap();
        record(&database, &failing(3), 1).await.unwrap();
        let memory = database.memory().await.unwrap();
        #[cfg(unix)]
        let others =
            |path: &Path| std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o077;
        let backup = database.backup(&copy).await.unwrap();
        assert_eq!((backup.version, backup.runs, backup.findings), (7, 1, 120));
        #[cfg(unix)]
        assert_eq!((others(&path), others(&copy), others(&folder.path().join("palisade.db-wal"))), (0, 0, 0));
        assert!(database.backup(&copy).await.unwrap_err().to_string().contains("is there already"));
        record(&database, &failing(4), 2).await.unwrap();
        assert_eq!(Database::check_backup(&copy).await.unwrap(), backup, "what is written later is not in it");
        database.close().await;
        fs::rename(&copy, &path).unwrap();
        for beside in ["palisade.db-wal", "palisade.db-shm"] {
            fs::remove_file(folder.path().join(beside)).ok();
        }
        let restored = Database::file(&path).await.unwrap();
        assert_eq!(restored.memory().await.unwrap(), memory);
        assert_eq!(record(&restored, &failing(4), 2).await.unwrap().seq, 2);
        restored.close().await;
        let cut = folder.path().join("cut.db");
        let bytes = fs::read(&path).unwrap();
        fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
        assert!(Database::check_backup(&cut).await.is_err());
        assert!(Database::check_backup(&folder.path().join("none.db")).await.is_err());
    });
}
