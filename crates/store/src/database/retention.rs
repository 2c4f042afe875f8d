//! What is removed after a while.

use super::{
    Database,
    error::{DatabaseError, Doing as _},
    query,
    rows::{Read, Value},
};
use jiff::{SignedDuration, Timestamp};
use sqlx::{AnyConnection, AssertSqlSafe};

const KEEP: &str = "remove what is old";

/// How long things are kept. What is open is kept whatever its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Days after which a run, and what turned in it, is removed: older runs can be compared no more. The last run
    /// stays.
    pub runs_days: u32,
    /// Days after which a finding that was resolved or is gone is removed: if it comes back it is new. More than the
    /// seven within which a finding flaps.
    pub closed_days: u32,
    /// Days after which a message that was delivered, given up or not wanted is removed.
    pub messages_days: u32,
    /// Days after which a firing that has ended is forgotten. The last one of each schedule stays.
    pub firings_days: u32,
}

impl Default for Keep {
    /// 400 days of runs and closed findings, so that a year can be compared with the one before; 90 days of messages.
    fn default() -> Self {
        Self { runs_days: 400, closed_days: 400, messages_days: 90, firings_days: 90 }
    }
}

/// What was removed, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Runs.
    pub runs: u64,
    /// Turns of what was said.
    pub turns: u64,
    /// Findings that were closed.
    pub findings: u64,
    /// What was said of things that are no more.
    pub evaluations: u64,
    /// Messages.
    pub messages: u64,
    /// Firings.
    pub firings: u64,
    /// Clusters that are gone and of which nothing else is kept.
    pub clusters: u64,
}

impl Database {
    /// Removes what is older than it is to be kept. With `dry`, nothing is removed and it is counted what would be.
    pub async fn retain(&self, keep: &Keep, now: Timestamp, dry: bool) -> Result<Applied, DatabaseError> {
        let before = |days: u32| {
            Value::time(now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(now))
        };
        let mut transaction = self.write(KEEP).await?;
        let connection = &mut *transaction;
        // Everything up to the last run that is old is removed together: turns are only of use in an unbroken row.
        let row = query(
            "SELECT COALESCE(MAX(seq), 0) FROM runs WHERE finished_at < $1 \
             AND seq < (SELECT COALESCE(MAX(seq), 0) FROM runs)",
            [before(keep.runs_days)],
        )
        .fetch_one(&mut *connection)
        .await
        .doing(KEEP)?;
        let until = Value::Int(Read::of(&row, KEEP).int()?);
        let mut applied = Applied {
            turns: remove(connection, "FROM turns WHERE run_seq <= $1", &until).await?,
            ..Applied::default()
        };
        remove(connection, "FROM run_units WHERE run_seq <= $1", &until).await?;
        remove(connection, "FROM scores WHERE run_seq <= $1", &until).await?;
        applied.runs = remove(connection, "FROM runs WHERE seq <= $1", &until).await?;
        let closed = before(keep.closed_days);
        // With a finding go its messages that have ended: if it comes back it is told anew.
        for table in ["outbox WHERE about IN (SELECT", "acknowledgements WHERE fingerprint IN (SELECT"] {
            let print = if table.starts_with("outbox") { self.hex("fingerprint") } else { "fingerprint".to_owned() };
            let sql =
                format!("FROM {table} {print} FROM findings WHERE standing IN ('resolved', 'gone') AND stood_at < $1)");
            remove(connection, &sql, &closed).await?;
        }
        applied.findings =
            remove(connection, "FROM findings WHERE standing IN ('resolved', 'gone') AND stood_at < $1", &closed)
                .await?;
        applied.evaluations = remove(
            connection,
            "FROM evaluations WHERE state IS NULL AND $1 >= 0 \
             AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.fingerprint = evaluations.fingerprint) \
             AND NOT EXISTS (SELECT 1 FROM turns t WHERE t.fingerprint = evaluations.fingerprint)",
            &Value::Int(0),
        )
        .await?;
        applied.messages = remove(
            connection,
            "FROM batches WHERE created_at < $1 AND NOT EXISTS (SELECT 1 FROM deliveries d \
             WHERE d.batch_id = batches.id AND (d.state IN ('ready', 'leased') OR d.finished_at >= $1))",
            &before(keep.messages_days),
        )
        .await?;
        // What follows on a finding goes where it was told for as long as the finding is remembered.
        let sql = format!(
            "FROM threads WHERE $1 >= 0 AND substr(thread, 1, 32) NOT IN (SELECT {} FROM findings)",
            self.hex("fingerprint")
        );
        remove(connection, &sql, &Value::Int(0)).await?;
        remove(connection, "FROM threads WHERE closed_at < $1", &before(keep.messages_days)).await?;
        remove(
            connection,
            "FROM stale_messages WHERE $1 >= 0 AND NOT EXISTS (SELECT 1 FROM threads h \
             WHERE h.endpoint_id = stale_messages.endpoint_id AND h.place = stale_messages.place AND h.ts = stale_messages.ts)",
            &Value::Int(0),
        )
        .await?;
        for table in ["outbox", "deliveries"] {
            let sql = format!("FROM {table} WHERE $1 >= 0 AND batch_id NOT IN (SELECT id FROM batches)");
            remove(connection, &sql, &Value::Int(0)).await?;
        }
        // The last of each schedule stays, however old: it is what tells that it was run.
        applied.firings = remove(
            connection,
            "FROM firings WHERE finished_at < $1 \
             AND nominal < (SELECT MAX(f.nominal) FROM firings f WHERE f.schedule = firings.schedule)",
            &before(keep.firings_days),
        )
        .await?;
        applied.clusters = remove(
            connection,
            "FROM clusters WHERE gone < $1 AND NOT EXISTS (SELECT 1 FROM evaluations e WHERE e.cluster_id = clusters.id) \
             AND gone < (SELECT MIN(started_at) FROM runs)",
            &closed,
        )
        .await?;
        remove(
            connection,
            "FROM sets WHERE $1 >= 0 AND id NOT IN (SELECT read_set FROM runs UNION SELECT listed_set FROM runs)",
            &Value::Int(0),
        )
        .await?;
        if dry {
            transaction.rollback().await.doing(KEEP)?;
        } else {
            transaction.commit().await.doing(KEEP)?;
        }
        Ok(applied)
    }

    /// A fingerprint as text.
    fn hex(&self, column: &str) -> String {
        match self.kind {
            super::Kind::Sqlite => format!("lower(hex({column}))"),
            super::Kind::Postgres => format!("encode({column}, 'hex')"),
        }
    }
}

async fn remove(connection: &mut AnyConnection, from: &str, value: &Value) -> Result<u64, DatabaseError> {
    let statement = value.clone().bind(sqlx::query(AssertSqlSafe(format!("DELETE {from}"))));
    statement.execute(&mut *connection).await.map(|done| done.rows_affected()).doing(KEEP)
}
