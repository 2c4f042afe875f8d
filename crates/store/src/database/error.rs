//! What can go wrong with a database, and what to do about it.

use palisade_engine::Fingerprint;
use palisade_track::NotOpenError;

/// Something could not be kept or found.
///
/// Whatever it says, nothing was written by half: every change is one transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The address is none, or one that is not safe.
    #[error("`{address}` is no database that can be used: {why}")]
    Address {
        /// The address, without what is secret in it.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// A newer version has written it.
    #[error(
        "`{address}` was written by a newer version of Palisade (its tables are version {found}, this program knows {known}): \
         use that version, or restore the backup made before the update"
    )]
    FromTheFuture {
        /// Which database.
        address: String,
        /// The version of its tables.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// There is no room left.
    #[error("could not {doing}: the disk is full, or the database has reached its size limit; nothing was written")]
    Full {
        /// What was attempted.
        doing: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// The disk does not take or give what it should.
    #[error("could not {doing}: the database's file could not be read or written; nothing was written")]
    Disk {
        /// What was attempted.
        doing: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// Somebody else holds it.
    #[error("could not {doing}: the database is locked by another program; nothing was written")]
    Locked {
        /// What was attempted.
        doing: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// The file is not what it was.
    #[error("could not {doing}: the file is damaged or is no database; restore a backup, or name another file")]
    Corrupt {
        /// What was attempted.
        doing: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// No answer comes.
    #[error("could not {doing}: the database does not answer")]
    Unreachable {
        /// What was attempted.
        doing: String,
        /// What happened.
        source: sqlx::Error,
    },
    /// The database refused.
    #[error("could not {doing}")]
    Refused {
        /// What was attempted.
        doing: String,
        /// What the database says.
        source: sqlx::Error,
    },
    /// A row holds what this program never writes.
    #[error("could not {doing}: {why}")]
    Malformed {
        /// What was attempted.
        doing: String,
        /// What was found.
        why: String,
    },
    /// The lease has gone to somebody else, who does the work now.
    #[error(
        "the lease `{lease}` is not held any more: another instance has taken over, and this result is not written"
    )]
    Fenced {
        /// Which lease.
        lease: String,
    },
    /// There is no such run.
    #[error("no run is called `{run}`")]
    NoSuchRun {
        /// What was asked for.
        run: String,
    },
    /// There is no such finding.
    #[error("no finding has the fingerprint `{fingerprint}`")]
    NoSuchFinding {
        /// What was asked for.
        fingerprint: Fingerprint,
    },
    /// The finding is not open.
    #[error(transparent)]
    NotOpen(#[from] NotOpenError),
    /// PostgreSQL has tools of its own for this.
    #[error("could not {doing}: this is a PostgreSQL server; use `{instead}`")]
    NotHere {
        /// What was attempted.
        doing: String,
        /// What to use.
        instead: &'static str,
    },
}

/// Says what was attempted when a database refuses.
pub(crate) trait Doing<T> {
    /// With the attempt, as it follows "could not".
    fn doing(self, doing: &str) -> Result<T, DatabaseError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &str) -> Result<T, DatabaseError> {
        self.map_err(|source| classified(doing, source))
    }
}

/// The codes are those of <https://sqlite.org/rescode.html> and of
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn classified(doing: &str, source: sqlx::Error) -> DatabaseError {
    let doing = doing.to_owned();
    let code = match &source {
        sqlx::Error::Database(refusal) => refusal.code().map(std::borrow::Cow::into_owned).unwrap_or_default(),
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Tls(_) => {
            return DatabaseError::Unreachable { doing, source };
        }
        _ => return DatabaseError::Refused { doing, source },
    };
    // SQLite's extended codes keep the plain one in their lowest byte. PostgreSQL's have five letters.
    let sqlite = code.parse::<u32>().ok().filter(|_| code.len() < 5).map(|code| code & 0xff);
    match (sqlite, code.as_str()) {
        (Some(13), _) | (None, "53100") => DatabaseError::Full { doing, source },
        (Some(5 | 6), _) | (None, "55P03" | "40P01" | "40001") => DatabaseError::Locked { doing, source },
        (Some(11 | 26), _) | (None, "XX001" | "XX002") => DatabaseError::Corrupt { doing, source },
        (Some(8 | 10 | 14), _) | (None, "58030" | "25006") => DatabaseError::Disk { doing, source },
        (None, code) if code.starts_with("08") || code.starts_with("57P") => {
            DatabaseError::Unreachable { doing, source }
        }
        (Some(_) | None, _) => DatabaseError::Refused { doing, source },
    }
}

pub(crate) fn malformed(doing: &str, why: impl Into<String>) -> DatabaseError {
    DatabaseError::Malformed { doing: doing.to_owned(), why: why.into() }
}
