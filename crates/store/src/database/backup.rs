//! Copies, and whether a copy is a whole one.

use super::{
    Database, Kind,
    error::{DatabaseError, Doing as _, malformed},
    migrate, query,
    rows::{Read, Value},
};
use percent_encoding::utf8_percent_encode;
use sqlx::{AnyConnection, Connection as _, any::install_default_drivers};
use std::path::Path;

const BACKUP: &str = "back the database up";

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The version of its tables.
    pub version: i64,
    /// Runs.
    pub runs: u64,
    /// Findings, open and closed.
    pub findings: u64,
    /// Messages that wait to be delivered.
    pub waiting: u64,
}

impl Database {
    /// Writes a whole copy into a new file while the database is in use, and checks it. For PostgreSQL: `pg_dump`.
    pub async fn backup(&self, to: &Path) -> Result<Backup, DatabaseError> {
        if self.kind == Kind::Postgres {
            return Err(DatabaseError::NotHere { doing: BACKUP.to_owned(), instead: "pg_dump --format=custom" });
        }
        if to.exists() {
            return Err(malformed(BACKUP, format!("`{}` is there already", to.display())));
        }
        let path = text(to)?;
        super::private(to);
        // No transaction: SQLite copies one state of the database by itself.
        let mut connection = self.pool.acquire().await.doing(BACKUP)?;
        query("VACUUM INTO $1", [Value::Text(path)]).execute(&mut *connection).await.doing(BACKUP)?;
        Self::check_backup(to).await
    }

    /// Whether a file is a whole database that this program can use, and what it holds. Nothing is written.
    ///
    /// To restore it: stop Palisade, put the file in place of the database's, remove `-wal` and `-shm` beside it.
    pub async fn check_backup(path: &Path) -> Result<Backup, DatabaseError> {
        install_default_drivers();
        let address = path.display().to_string();
        let doing = format!("check the backup `{address}`");
        let url = format!("sqlite://{}?mode=ro", utf8_percent_encode(&text(path)?, super::IN_PATH));
        let mut connection = AnyConnection::connect(&url).await.doing(&doing)?;
        let row = query("PRAGMA integrity_check", []).fetch_one(&mut connection).await.doing(&doing)?;
        let said = Read::of(&row, BACKUP).text()?;
        if said != "ok" {
            return Err(malformed(&doing, said));
        }
        let version = migrate::version(&mut connection, &doing).await?;
        if version > migrate::newest() {
            return Err(DatabaseError::FromTheFuture { address, found: version, known: migrate::newest() });
        }
        let mut count = async |sql: &'static str| {
            let row = query(sql, []).fetch_one(&mut connection).await.doing(&doing)?;
            Read::of(&row, BACKUP).count()
        };
        Ok(Backup {
            version,
            runs: count("SELECT COUNT(*) FROM runs").await?,
            findings: count("SELECT COUNT(*) FROM findings").await?,
            waiting: count("SELECT COUNT(*) FROM deliveries WHERE state IN ('ready', 'leased')").await?,
        })
    }
}

fn text(path: &Path) -> Result<String, DatabaseError> {
    let refuse = || malformed(BACKUP, format!("the name `{}` is not UTF-8", path.display()));
    path.to_str().map(str::to_owned).ok_or_else(refuse)
}
