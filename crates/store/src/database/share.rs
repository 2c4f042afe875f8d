//! Runs whose units several processes read.
//!
//! A unit is taken with a lease and a token that goes up each time it is taken anew. What was read of it is written by the
//! statement that checks the token: a process that was frozen or cut off and comes back late writes nothing, so each unit
//! has one result. Bodies are written before, by their digests; that somebody else writes the same one does no harm. Taking,
//! holding and finishing units are single statements, each a transaction of its own: a process that is frozen between two of
//! them holds no lock.

use super::{
    Database, Fence, Kind,
    error::{DatabaseError, Doing as _},
    lease, query,
    rows::{Read, Table, Value},
};
use crate::Bodies;
use jiff::{SignedDuration, Timestamp};
use palisade_model::Digest;
use sqlx::AssertSqlSafe;
use std::{collections::BTreeSet, sync::Arc};

const SHARE: &str = "share the run";
const CLAIM: &str = "take units of the run";
const KEEP: &str = "keep what was read of a unit";
const READ: &str = "read what was kept of the run";

const BODIES: Table =
    Table { name: "shared_bodies", key: &["run", "digest"], columns: &["run", "digest", "body"], keep: &["body"] };

const UNITS: Table = Table {
    name: "shared_units",
    key: &["run", "unit"],
    columns: &["run", "unit", "place", "state", "holder", "token", "attempts", "lease_until"],
    keep: &["place", "state", "holder", "token", "attempts", "lease_until"],
};

/// How many bytes of bodies one statement carries, more or less.
const BYTES_AT_ONCE: usize = 4 << 20;

/// How often a unit is begun. One whose processes are lost that often is lost because of it.
pub const MOST_ATTEMPTS: u32 = 25;

fn after(now: Timestamp, lease: SignedDuration) -> Timestamp {
    now.checked_add(lease).unwrap_or(Timestamp::MAX)
}

/// A run that is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRun {
    /// What it consists of, as whoever planned it wrote it.
    pub plan: String,
    /// When it ends, whatever was not read by then.
    pub ends_at: Timestamp,
}

/// A run to be shared.
#[derive(Clone, Copy, Debug)]
pub struct SharedPlan<'a> {
    /// The run's name.
    pub run: &'a str,
    /// The schedule it is of. What is left of earlier runs of it goes.
    pub schedule: &'a str,
    /// What it consists of.
    pub plan: &'a str,
    /// The ids of its units, in the order in which they are taken.
    pub units: &'a [String],
    /// When it ends.
    pub ends_at: Timestamp,
}

/// A unit that was taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimedUnit {
    /// Its id.
    pub unit: String,
    /// What is shown when its result is written.
    pub token: i64,
    /// How often it was begun.
    pub attempts: u32,
}

/// How far a shared run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitTally {
    /// Units that have a result.
    pub done: u64,
    /// Units that somebody reads, or that wait for somebody.
    pub open: u64,
    /// Units that were begun too often: each time their process was lost.
    pub given_up: u64,
}

impl Database {
    /// The shared run of this name, if somebody has planned it.
    pub async fn shared_run(&self, run: &str) -> Result<Option<SharedRun>, DatabaseError> {
        let mut transaction = self.read(SHARE).await?;
        let row = query("SELECT plan, ends_at FROM shared_runs WHERE run = $1", [Value::text(run)])
            .fetch_optional(&mut *transaction)
            .await
            .doing(SHARE)?;
        row.map(|row| {
            let mut read = Read::of(&row, SHARE);
            Ok(SharedRun { plan: read.text()?, ends_at: read.time()? })
        })
        .transpose()
    }

    /// Says what a run consists of, under the lease of its firing. What was said before stays.
    pub async fn share_run(
        &self,
        shared: &SharedPlan<'_>,
        now: Timestamp,
        fence: &Fence,
    ) -> Result<SharedRun, DatabaseError> {
        let SharedPlan { run, schedule, plan, units, ends_at } = *shared;
        let mut transaction = self.change(SHARE).await?;
        lease::check(&mut transaction, fence).await?;
        for table in ["shared_units", "shared_bodies", "shared_runs"] {
            let sql = format!(
                "DELETE FROM {table} WHERE run IN (SELECT run FROM shared_runs WHERE schedule = $1 AND run <> $2)"
            );
            let statement = Value::text(run).bind(Value::text(schedule).bind(sqlx::query(AssertSqlSafe(sql))));
            statement.execute(&mut *transaction).await.doing(SHARE)?;
        }
        query(
            "INSERT INTO shared_runs (run, schedule, plan, planned_at, ends_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (run) DO NOTHING",
            [Value::text(run), Value::text(schedule), Value::text(plan), Value::time(now), Value::time(ends_at)],
        )
        .execute(&mut *transaction)
        .await
        .doing(SHARE)?;
        let ready = |(place, unit): (usize, &String)| {
            let place = Value::Int(i64::try_from(place).unwrap_or(i64::MAX));
            let zero = || Value::Int(0);
            vec![
                Value::text(run),
                Value::text(unit),
                place,
                Value::text("ready"),
                Value::text(""),
                zero(),
                zero(),
                zero(),
            ]
        };
        UNITS.put(&mut transaction, units.iter().enumerate().map(ready).collect(), SHARE).await?;
        transaction.commit().await.doing(SHARE)?;
        Ok(SharedRun { plan: plan.to_owned(), ends_at })
    }

    /// Takes units that nobody reads, for as long as the lease lasts. However many ask at once, each unit is given to one.
    pub async fn claim_units(
        &self,
        run: &str,
        holder: &str,
        limit: usize,
        (clock, lease): (&(dyn Fn() -> Timestamp + Send + Sync), SignedDuration),
    ) -> Result<Vec<ClaimedUnit>, DatabaseError> {
        let mut connection = self.pool.acquire().await.doing(CLAIM)?;
        // Now, and not when the connection was asked for: on a busy machine the lease would be over before it began.
        let now = clock();
        let skip = match self.kind {
            Kind::Sqlite => "",
            Kind::Postgres => " FOR UPDATE SKIP LOCKED",
        };
        // Materialized: PostgreSQL may ask a subquery twice, and would take more than the limit.
        let sql = format!(
            "WITH free AS MATERIALIZED (SELECT unit FROM shared_units WHERE run = $1 AND attempts < $2 \
               AND (state = 'ready' OR (state = 'leased' AND lease_until <= $3)) ORDER BY place LIMIT $4{skip}) \
             UPDATE shared_units SET state = 'leased', holder = $5, token = token + 1, attempts = attempts + 1, \
               lease_until = $6 WHERE run = $1 AND unit IN (SELECT unit FROM free) RETURNING unit, token, attempts"
        );
        let values = [
            Value::text(run),
            Value::Int(i64::from(MOST_ATTEMPTS)),
            Value::time(now),
            Value::Int(i64::try_from(limit).unwrap_or(i64::MAX)),
            Value::text(holder),
            Value::time(after(now, lease)),
        ];
        let statement = values.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, value| value.bind(query));
        let rows = statement.fetch_all(&mut *connection).await.doing(CLAIM)?;
        rows.iter()
            .map(|row| {
                let mut read = Read::of(row, CLAIM);
                let (unit, token) = (read.text()?, read.int()?);
                Ok(ClaimedUnit { unit, token, attempts: u32::try_from(read.count()?).unwrap_or(u32::MAX) })
            })
            .collect()
    }

    /// Holds units longer: a sign of life. Returns those that are not held any more.
    pub async fn renew_units(
        &self,
        run: &str,
        held: &[ClaimedUnit],
        (clock, lease): (&(dyn Fn() -> Timestamp + Send + Sync), SignedDuration),
    ) -> Result<Vec<String>, DatabaseError> {
        let mut lost = Vec::new();
        let mut connection = self.pool.acquire().await.doing(CLAIM)?;
        for one in held {
            let renewed = query(
                "UPDATE shared_units SET lease_until = $1 WHERE run = $2 AND unit = $3 AND token = $4 AND state = 'leased'",
                [Value::time(after(clock(), lease)), Value::text(run), Value::text(&one.unit), Value::Int(one.token)],
            )
            .execute(&mut *connection)
            .await
            .doing(CLAIM)?;
            if renewed.rows_affected() == 0 {
                lost.push(one.unit.clone());
            }
        }
        Ok(lost)
    }

    /// Gives units back that were not read: nobody has to wait for the end of their leases, and this time does not count.
    pub async fn release_units(&self, run: &str, held: &[ClaimedUnit]) -> Result<(), DatabaseError> {
        let mut connection = self.pool.acquire().await.doing(CLAIM)?;
        for one in held {
            query(
                "UPDATE shared_units SET state = 'ready', attempts = attempts - 1 \
                 WHERE run = $1 AND unit = $2 AND token = $3 AND state = 'leased'",
                [Value::text(run), Value::text(&one.unit), Value::Int(one.token)],
            )
            .execute(&mut *connection)
            .await
            .doing(CLAIM)?;
        }
        Ok(())
    }

    /// Writes bodies that units rest on, before the units. They are named by their digests, and nobody holds a lock between two
    /// statements.
    pub async fn put_shared_bodies(&self, run: &str, bodies: &Bodies) -> Result<(), DatabaseError> {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        for (digest, body) in bodies {
            bytes += body.len();
            rows.push(vec![Value::text(run), Value::Text(digest.to_hex()), Value::Bytes(body.to_vec())]);
            if bytes >= BYTES_AT_ONCE {
                self.put_rows(std::mem::take(&mut rows)).await?;
                bytes = 0;
            }
        }
        self.put_rows(rows).await
    }

    async fn put_rows(&self, rows: Vec<Vec<Value>>) -> Result<(), DatabaseError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut connection = self.pool.acquire().await.doing(KEEP)?;
        BODIES.put(&mut connection, rows, KEEP).await
    }

    /// Writes what was read of a unit. Refused when the unit has gone to somebody else, has a result, or the run has ended: then
    /// nothing is written.
    pub async fn finish_unit(
        &self,
        run: &str,
        held: &ClaimedUnit,
        result: &str,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let mut connection = self.pool.acquire().await.doing(KEEP)?;
        let written = query(
            "UPDATE shared_units SET state = 'done', result = $1, done_at = $2 \
             WHERE run = $3 AND unit = $4 AND token = $5 AND state = 'leased'",
            [Value::text(result), Value::time(now), Value::text(run), Value::text(&held.unit), Value::Int(held.token)],
        )
        .execute(&mut *connection)
        .await
        .doing(KEEP)?;
        if written.rows_affected() == 0 {
            return Err(DatabaseError::Fenced { lease: format!("unit {} of {run}", held.unit) });
        }
        Ok(())
    }

    /// How far a run has come.
    pub async fn shared_tally(&self, run: &str, now: Timestamp) -> Result<UnitTally, DatabaseError> {
        let mut transaction = self.read(READ).await?;
        let row = query(
            "SELECT COALESCE(SUM(CASE WHEN state = 'done' THEN 1 ELSE 0 END), 0), \
             COALESCE(SUM(CASE WHEN state IN ('ready', 'leased') AND (attempts < $2 OR lease_until > $3) THEN 1 ELSE 0 END), 0), \
             COUNT(*) FROM shared_units WHERE run = $1",
            [Value::text(run), Value::Int(i64::from(MOST_ATTEMPTS)), Value::time(now)],
        )
        .fetch_one(&mut *transaction)
        .await
        .doing(READ)?;
        let mut read = Read::of(&row, READ);
        let (done, open, all) = (read.count()?, read.count()?, read.count()?);
        Ok(UnitTally { done, open, given_up: all.saturating_sub(done + open) })
    }

    /// Ends the reading of a run, under the lease of its firing: from now on no unit is taken and no result is written, so what
    /// is there is all there will be. Returns how many units have no result.
    pub async fn close_shared_run(&self, run: &str, fence: &Fence) -> Result<u64, DatabaseError> {
        let mut transaction = self.change(SHARE).await?;
        lease::check(&mut transaction, fence).await?;
        if self.kind == Kind::Postgres {
            // Locked in the order of the key, as whoever gives signs of life takes them one by one and never waits in a circle.
            query(
                "SELECT unit FROM shared_units WHERE run = $1 AND state IN ('ready', 'leased') ORDER BY unit FOR UPDATE",
                [Value::text(run)],
            )
            .execute(&mut *transaction)
            .await
            .doing(SHARE)?;
        }
        query(
            "UPDATE shared_units SET state = 'ended', token = token + 1 WHERE run = $1 AND state IN ('ready', 'leased')",
            [Value::text(run)],
        )
        .execute(&mut *transaction)
        .await
        .doing(SHARE)?;
        let row = query("SELECT COUNT(*) FROM shared_units WHERE run = $1 AND state = 'ended'", [Value::text(run)])
            .fetch_one(&mut *transaction)
            .await
            .doing(SHARE)?;
        let ended = Read::of(&row, SHARE).count()?;
        transaction.commit().await.doing(SHARE)?;
        Ok(ended)
    }

    /// What was read of a unit, if anybody has.
    pub async fn unit_result(&self, run: &str, unit: &str) -> Result<Option<String>, DatabaseError> {
        let mut transaction = self.read(READ).await?;
        let row = query(
            "SELECT result FROM shared_units WHERE run = $1 AND unit = $2 AND state = 'done'",
            [Value::text(run), Value::text(unit)],
        )
        .fetch_optional(&mut *transaction)
        .await
        .doing(READ)?;
        row.map(|row| Read::of(&row, READ).text()).transpose()
    }

    /// Some bodies of a run. One that is not there is left out.
    pub async fn shared_bodies(&self, run: &str, wanted: &BTreeSet<Digest>) -> Result<Bodies, DatabaseError> {
        let mut transaction = self.read(READ).await?;
        let mut bodies = Bodies::new();
        for digest in wanted {
            let row = query(
                "SELECT body FROM shared_bodies WHERE run = $1 AND digest = $2",
                [Value::text(run), Value::Text(digest.to_hex())],
            )
            .fetch_optional(&mut *transaction)
            .await
            .doing(READ)?;
            if let Some(row) = row {
                bodies.insert(*digest, Arc::from(Read::of(&row, READ).bytes()?));
            }
        }
        Ok(bodies)
    }

    /// Removes all that was kept of a run: it is recorded.
    pub async fn forget_shared_run(&self, run: &str) -> Result<(), DatabaseError> {
        let mut transaction = self.change(SHARE).await?;
        for sql in [
            "DELETE FROM shared_units WHERE run = $1",
            "DELETE FROM shared_bodies WHERE run = $1",
            "DELETE FROM shared_runs WHERE run = $1",
        ] {
            query(sql, [Value::text(run)]).execute(&mut *transaction).await.doing(SHARE)?;
        }
        transaction.commit().await.doing(SHARE)
    }
}
