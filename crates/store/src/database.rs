//! The memory: one SQL database, SQLite or PostgreSQL.
//!
//! One text of SQL serves both. Every change is one transaction that holds the database's write lock, so a reader sees
//! the state before or after it and never between.

mod backup;
mod delivery;
mod error;
mod history;
mod lease;
mod memory;
mod migrate;
mod outbox;
mod record;
mod retention;
mod rows;
mod scores;
mod share;
mod thread;

pub use backup::Backup;
pub use delivery::{Claimed, Delivery, DeliveryState, Endpoint, EndpointState, Outcome};
pub use error::DatabaseError;
pub use history::{FindingFilter, RunRow};
pub use lease::{Ended, Ending, Fence, Firing, FiringClaim, Lease, Upshot};
pub use outbox::{Route, Told};
pub use record::{Acknowledgement, Recorded};
pub use retention::{Applied, Keep};
pub use share::{ClaimedUnit, MOST_ATTEMPTS, SharedPlan, SharedRun, UnitTally};
pub use thread::{Stale, Thread};

use error::Doing as _;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rows::query;
use sqlx::{
    Any, AnyConnection, AnyPool, Connection as _, Executor as _, Transaction,
    any::{AnyPoolOptions, install_default_drivers},
};
use std::{fmt, path::Path, time::Duration};

/// How a SQLite file is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSettings {
    /// How long to wait for another program that is writing. 30 seconds by default.
    pub patience: Duration,
    /// A limit to the file's size in bytes. What would exceed it is refused like what a full disk refuses.
    pub max_bytes: Option<u64>,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self { patience: PATIENCE, max_bytes: None }
    }
}

/// How long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many connections there are at most.
const CONNECTIONS: u32 = 8;

/// What must not stand as it is in the path of an address.
const IN_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#');

/// How a server is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// How long a transaction in which nothing is asked keeps its locks: its process is frozen, or cut off.
    pub frozen_after: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self { frozen_after: Duration::from_mins(1) }
    }
}

/// How a database is used.
#[derive(Clone, Copy)]
enum Settings {
    File(FileSettings),
    Server(ServerSettings),
}

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// The memory of all runs.
#[derive(Clone)]
pub struct Database {
    pool: AnyPool,
    kind: Kind,
    /// Without what is secret in it.
    address: String,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens a SQLite file, makes it if it is not there, and brings its tables up to date.
    pub async fn file(path: &Path) -> Result<Self, DatabaseError> {
        Self::file_with(path, FileSettings::default()).await
    }

    /// The same, with settings.
    pub async fn file_with(path: &Path, settings: FileSettings) -> Result<Self, DatabaseError> {
        let shown = path.display().to_string();
        let Some(text) = path.to_str() else {
            return Err(DatabaseError::Address { address: shown, why: "its name is not UTF-8".to_owned() });
        };
        private(path);
        let url = format!("sqlite://{}?mode=rwc", utf8_percent_encode(text, IN_PATH));
        Self::connect(url, Settings::File(settings), shown).await
    }

    /// Connects to a PostgreSQL server: `postgres://USER@HOST/DATABASE`, password from the address or `PGPASSWORD`.
    ///
    /// The server's certificate is verified, name and chain, against the system's certificates (`sslrootcert=FILE` names
    /// others). Only a server on this machine may do without.
    pub async fn server(url: &str) -> Result<Self, DatabaseError> {
        Self::server_with(url, ServerSettings::default()).await
    }

    /// The same, with settings.
    pub async fn server_with(url: &str, settings: ServerSettings) -> Result<Self, DatabaseError> {
        let (url, shown) = verified(url)?;
        Self::connect(url, Settings::Server(settings), shown).await
    }

    async fn connect(url: String, settings: Settings, address: String) -> Result<Self, DatabaseError> {
        install_default_drivers();
        let doing = format!("open the database `{address}`");
        // Alone first: a pool tries again and again where the answer is known.
        let mut first = AnyConnection::connect(&url).await.doing(&doing)?;
        let kind = match settings {
            Settings::File(settings) => {
                // The journal is kept in the file's head: once is enough.
                settle(&mut first, settings).await.doing(&doing)?;
                sqlx::query("PRAGMA journal_mode = WAL").execute(&mut first).await.doing(&doing)?;
                Kind::Sqlite
            }
            Settings::Server(_) => Kind::Postgres,
        };
        migrate::up(&mut first, kind, &address).await?;
        first.close().await.doing(&doing)?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    match settings {
                        Settings::File(settings) => settle(connection, settings).await,
                        Settings::Server(settings) => let_go(connection, settings).await,
                    }
                })
            })
            .connect(&url)
            .await
            .doing(&doing)?;
        Ok(Self { pool, kind, address })
    }

    /// Where it is, without what is secret in the address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Closes every connection. What was committed is on the disk.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// A transaction that holds the write lock from its beginning: what it reads stays true until it ends. It counts as a
    /// change to what is remembered.
    pub(crate) async fn write(&self, doing: &str) -> Result<Transaction<'static, Any>, DatabaseError> {
        let mut transaction = match self.kind {
            Kind::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await.doing(doing)?,
            Kind::Postgres => {
                let mut transaction = self.pool.begin().await.doing(doing)?;
                lock_server(&mut transaction).await.doing(doing)?;
                transaction
            }
        };
        transaction.execute("UPDATE memory_changes SET count = count + 1").await.doing(doing)?;
        Ok(transaction)
    }

    /// A transaction that sees one state, whatever others write meanwhile.
    pub(crate) async fn read(&self, doing: &str) -> Result<Transaction<'static, Any>, DatabaseError> {
        match self.kind {
            Kind::Sqlite => self.pool.begin().await.doing(doing),
            Kind::Postgres => {
                self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.doing(doing)
            }
        }
    }

    /// A transaction whose statements lock the rows they change and no others. SQLite has one lock for all.
    pub(crate) async fn change(&self, doing: &str) -> Result<Transaction<'static, Any>, DatabaseError> {
        match self.kind {
            Kind::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await.doing(doing),
            Kind::Postgres => self.pool.begin().await.doing(doing),
        }
    }
}

/// How often what is remembered was changed.
pub(crate) async fn changes(connection: &mut AnyConnection, doing: &str) -> Result<i64, DatabaseError> {
    let row = query("SELECT count FROM memory_changes", []).fetch_one(&mut *connection).await.doing(doing)?;
    sqlx::Row::try_get(&row, 0).doing(doing)
}

/// Writers of the memory queue here; readers and the deliveries of messages do not.
async fn lock_server(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    connection.execute("LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE").await.map(drop)
}

/// A process that freezes or whose network is gone in the middle of a transaction does not hold its locks for ever: the
/// server ends it, and the others go on. An address that says otherwise keeps its word.
async fn let_go(connection: &mut AnyConnection, settings: ServerSettings) -> Result<(), sqlx::Error> {
    let sql = format!(
        "SELECT set_config('idle_in_transaction_session_timeout', '{}ms', false) \
         WHERE current_setting('idle_in_transaction_session_timeout') = '0'",
        settings.frozen_after.as_millis()
    );
    connection.execute(sqlx::AssertSqlSafe(sql)).await.map(drop)
}

/// Every write is on the disk when its transaction ends, and a writer waits for the one before it.
async fn settle(connection: &mut AnyConnection, settings: FileSettings) -> Result<(), sqlx::Error> {
    let patience = settings.patience.as_millis();
    // A page has 4 KiB, unless the file was made by somebody else.
    let limit =
        settings.max_bytes.map(|bytes| format!("PRAGMA max_page_count = {};", bytes / 4096)).unwrap_or_default();
    let sql = format!("PRAGMA busy_timeout = {patience}; PRAGMA synchronous = FULL; {limit}");
    connection.execute(sqlx::AssertSqlSafe(sql)).await.map(drop)
}

/// Makes the file, for its owner alone: it says what is wrong with a whole fleet. Whatever keeps it from being made is
/// said when it is opened.
fn private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(path));
}

/// An address whose server proves who it is, and the same to show.
fn verified(url: &str) -> Result<(String, String), DatabaseError> {
    let refuse = |why: &str| DatabaseError::Address { address: shown(url), why: why.to_owned() };
    let rest = url
        .strip_prefix("postgres://")
        .or_else(|| url.strip_prefix("postgresql://"))
        .ok_or_else(|| refuse("expected `postgres://USER@HOST/DATABASE`"))?;
    let (place, settings) = rest.split_once('?').unwrap_or((rest, ""));
    let setting = |wanted: &[&str]| {
        let pairs = settings.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| wanted.contains(name)).map(|(_, value)| value).next_back()
    };
    let authority = place.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.parse::<u16>().is_ok() { name } else { host });
    let is_socket = setting(&["host"]).is_some_and(|host| host.starts_with('/') || host.starts_with("%2F"));
    let is_here = setting(&["host", "hostaddr"]).is_none()
        && (matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.starts_with("%2F"));
    match setting(&["sslmode", "ssl-mode"]) {
        Some("verify-full") => Ok((url.to_owned(), shown(url))),
        _ if is_socket || is_here => Ok((url.to_owned(), shown(url))),
        None => {
            let joint = if url.contains('?') { '&' } else { '?' };
            Ok((format!("{url}{joint}sslmode=verify-full"), shown(url)))
        }
        Some(_) => Err(refuse(
            "a server on another machine must prove who it is: leave `sslmode` out or set it to `verify-full`, and name the \
             certificate of a private authority with `sslrootcert`",
        )),
    }
}

/// An address without user, password and settings.
fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let place = rest.split('?').next().unwrap_or_default();
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    if scheme.is_empty() { "(no address)".to_owned() } else { format!("{scheme}://{place}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        assert_eq!(
            shown("postgres://ana:p@ss@db.example:5432/palisade?sslpassword=x"),
            "postgres://db.example:5432/palisade"
        );
        assert_eq!(shown("hunter2"), "(no address)");
    }

    #[test]
    fn a_server_elsewhere_proves_who_it_is() {
        let used = |url| verified(url).map(|(url, _)| url).map_err(|error| error.to_string());
        for (url, settings) in [
            ("postgres://ana@db.example/palisade", "?sslmode=verify-full"),
            ("postgres://ana@db.example/palisade?sslrootcert=ca.pem", "&sslmode=verify-full"),
            ("postgres://ana@db.example/palisade?sslmode=verify-full", ""),
            ("postgres://ana@localhost/palisade", ""),
            ("postgres://ana@127.0.0.1:5433/palisade", ""),
            ("postgres://ana@localhost/palisade?host=/run/postgresql", ""),
            ("postgres://localhost@db.example/palisade", "?sslmode=verify-full"),
            ("postgres://ana@localhost/palisade?host=db.example", "&sslmode=verify-full"),
        ] {
            assert_eq!(used(url), Ok(format!("{url}{settings}")));
        }
        for url in
            ["postgres://ana:secret@db.example/palisade?sslmode=require", "postgres://ana:secret@db/p?sslmode=disable"]
        {
            let refused = used(url).unwrap_err();
            assert!(refused.contains("verify-full") && !refused.contains("secret"), "{refused}");
        }
        assert!(used("mysql://db.example/palisade").is_err());
    }
}
