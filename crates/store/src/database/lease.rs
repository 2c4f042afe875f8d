//! Leases with fencing tokens, and the firings of schedules.
//!
//! A lease is held until its end and can be renewed. Its token goes up each time it is taken anew; whoever writes under a
//! lease shows the token in the same transaction, so an instance that slept past its lease writes nothing.
//!
//! Times come from the instances. Their clocks may differ by less than a lease lasts.

use super::{
    Database, Kind,
    error::{DatabaseError, Doing as _, malformed},
    memory::json,
    query,
    rows::{Read, Value},
};
use jiff::Timestamp;
use palisade_engine::Severity;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

const LEASE: &str = "take the lease";
const FIRE: &str = "fire the schedule";

/// What proves that a lease is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The lease.
    pub lease: String,
    /// Its token.
    pub token: i64,
}

/// What came of asking for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// It is held now.
    Held(Fence),
    /// Somebody else holds it.
    Taken {
        /// Who.
        by: String,
        /// Until when.
        until: Timestamp,
    },
}

/// What came of asking to fire a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FiringClaim {
    /// It is ours to run.
    Ours {
        /// What to show when results are written, renewed or finished.
        fence: Fence,
        /// How many times it was begun: more than 1 when an instance was lost in the middle.
        attempts: u32,
    },
    /// It was run already.
    Done,
    /// Another instance runs this schedule, this instant of it or another one.
    Busy {
        /// Who.
        by: String,
        /// Until when its lease lasts.
        until: Timestamp,
    },
}

/// How a firing ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending<'a> {
    /// The schedule.
    pub schedule: &'a str,
    /// The instant it was meant for.
    pub nominal: Timestamp,
    /// How it ended, in a word.
    pub outcome: &'a str,
    /// What its run came to, if there was one.
    pub upshot: Option<Upshot>,
    /// Whether evidence of it is kept, which is written when it has ended.
    pub owes_evidence: bool,
}

/// What a run came to, as far as the end of the program depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upshot {
    /// Whether a target could not be read at all.
    pub lost: bool,
    /// Whether it ended since its budget was used up.
    pub cut_short: bool,
    /// Facts that are known.
    pub facts_known: u64,
    /// Facts that there are.
    pub facts_total: u64,
    /// The most severe of what is bad and not waived. `None`: nothing is.
    pub worst: Option<Severity>,
}

/// How a firing ended, for whoever asks for it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// In a word.
    pub outcome: String,
    /// What its run came to. `None`: a version recorded it that did not remember that.
    pub upshot: Option<Upshot>,
    /// Whether nobody has said yet that its evidence is where it is to be.
    pub evidence_owed: bool,
}

/// A firing of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The schedule.
    pub schedule: String,
    /// The instant it was meant for.
    pub nominal: Timestamp,
    /// Who ran it last.
    pub holder: String,
    /// How many times it was begun.
    pub attempts: u32,
    /// When it was last begun.
    pub started_at: Timestamp,
    /// When it ended, if it did.
    pub finished_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<String>,
}

impl Database {
    /// Takes a lease, or says who holds it. Whoever holds it already gets it anew, with a new token.
    pub async fn claim_lease(
        &self,
        lease: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Lease, DatabaseError> {
        let mut transaction = self.change(LEASE).await?;
        let claimed = claim(&mut transaction, lease, holder, now, until).await?;
        transaction.commit().await.doing(LEASE)?;
        Ok(claimed)
    }

    /// Holds a lease longer. Refused when it has ended and somebody else took it.
    pub async fn renew_lease(&self, fence: &Fence, until: Timestamp) -> Result<(), DatabaseError> {
        let mut transaction = self.change(LEASE).await?;
        check(&mut transaction, fence).await?;
        query("UPDATE leases SET held_until = $1 WHERE name = $2", [Value::time(until), Value::text(&fence.lease)])
            .execute(&mut *transaction)
            .await
            .doing(LEASE)?;
        transaction.commit().await.doing(LEASE)
    }

    /// Gives a lease back before its end. Nothing happens when it is not held any more.
    pub async fn release_lease(&self, fence: &Fence, now: Timestamp) -> Result<(), DatabaseError> {
        let mut transaction = self.change(LEASE).await?;
        release(&mut transaction, fence, now).await?;
        transaction.commit().await.doing(LEASE)
    }

    /// Claims the firing of a schedule at an instant. However many instances ask, one runs it; when that one is lost, its
    /// lease ends and the next to ask takes over; when it is done, nobody runs it again. One schedule is never run twice at
    /// once, whatever the instants.
    pub async fn claim_firing(
        &self,
        schedule: &str,
        nominal: Timestamp,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<FiringClaim, DatabaseError> {
        let mut transaction = self.change(FIRE).await?;
        // The lease first: in it everybody who asks for this schedule queues.
        let lease = format!("schedule {schedule}");
        touch(&mut transaction, self.kind, &lease).await?;
        let done = query(
            "SELECT finished_at FROM firings WHERE schedule = $1 AND nominal = $2",
            [Value::text(schedule), Value::time(nominal)],
        )
        .fetch_optional(&mut *transaction)
        .await
        .doing(FIRE)?;
        if let Some(row) = done
            && Read::of(&row, FIRE).int_or_none()?.is_some()
        {
            return Ok(FiringClaim::Done);
        }
        let fence = match claim(&mut transaction, &lease, holder, now, until).await? {
            Lease::Held(fence) => fence,
            Lease::Taken { by, until } => return Ok(FiringClaim::Busy { by, until }),
        };
        let row = query(
            "INSERT INTO firings (schedule, nominal, holder, token, attempts, started_at) VALUES ($1, $2, $3, $4, 1, $5) \
             ON CONFLICT (schedule, nominal) DO UPDATE SET holder = excluded.holder, token = excluded.token, \
             attempts = firings.attempts + 1, started_at = excluded.started_at RETURNING attempts",
            [
                Value::text(schedule),
                Value::time(nominal),
                Value::text(holder),
                Value::Int(fence.token),
                Value::time(now),
            ],
        )
        .fetch_one(&mut *transaction)
        .await
        .doing(FIRE)?;
        let attempts = u32::try_from(Read::of(&row, FIRE).count()?).unwrap_or(u32::MAX);
        transaction.commit().await.doing(FIRE)?;
        Ok(FiringClaim::Ours { fence, attempts })
    }

    /// Says how a firing ended and gives its lease back. Refused when another instance has taken over.
    pub async fn finish_firing(
        &self,
        schedule: &str,
        nominal: Timestamp,
        fence: &Fence,
        outcome: &str,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let mut transaction = self.change(FIRE).await?;
        let ending = Ending { schedule, nominal, outcome, upshot: None, owes_evidence: false };
        end(&mut transaction, fence, &ending, now).await?;
        transaction.commit().await.doing(FIRE)
    }

    /// How a firing ended, if it did.
    pub async fn ended(&self, schedule: &str, nominal: Timestamp) -> Result<Option<Ended>, DatabaseError> {
        let mut transaction = self.read(FIRE).await?;
        let row = query(
            "SELECT outcome, upshot, evidence_owed FROM firings \
             WHERE schedule = $1 AND nominal = $2 AND finished_at IS NOT NULL",
            [Value::text(schedule), Value::time(nominal)],
        )
        .fetch_optional(&mut *transaction)
        .await
        .doing(FIRE)?;
        row.map(|row| {
            let mut read = Read::of(&row, FIRE);
            let (outcome, upshot) = (read.text_or_none()?.unwrap_or_default(), read.text_or_none()?);
            let upshot = upshot.map(|text| serde_json::from_str(&text)).transpose();
            Ok(Ended {
                outcome,
                upshot: upshot.map_err(|error| malformed(FIRE, error.to_string()))?,
                evidence_owed: read.int_or_none()?.is_some(),
            })
        })
        .transpose()
    }

    /// Says that the evidence of a firing is where it is to be.
    pub async fn evidence_arrived(&self, schedule: &str, nominal: Timestamp) -> Result<(), DatabaseError> {
        let mut transaction = self.change(FIRE).await?;
        query(
            "UPDATE firings SET evidence_owed = NULL WHERE schedule = $1 AND nominal = $2",
            [Value::text(schedule), Value::time(nominal)],
        )
        .execute(&mut *transaction)
        .await
        .doing(FIRE)?;
        transaction.commit().await.doing(FIRE)
    }

    /// When a schedule was first begun, as far back as firings are kept.
    pub async fn first_begun(&self, schedule: &str) -> Result<Option<Timestamp>, DatabaseError> {
        let mut transaction = self.read(FIRE).await?;
        let row = query("SELECT MIN(nominal) FROM firings WHERE schedule = $1", [Value::text(schedule)])
            .fetch_one(&mut *transaction)
            .await
            .doing(FIRE)?;
        Read::of(&row, FIRE).time_or_none()
    }

    /// The last firings of a schedule, latest first.
    pub async fn firings(&self, schedule: &str, limit: u32) -> Result<Vec<Firing>, DatabaseError> {
        let mut transaction = self.read(FIRE).await?;
        let rows = query(
            "SELECT schedule, nominal, holder, attempts, started_at, finished_at, outcome FROM firings \
             WHERE schedule = $1 ORDER BY nominal DESC LIMIT $2",
            [Value::text(schedule), Value::Int(i64::from(limit))],
        )
        .fetch_all(&mut *transaction)
        .await
        .doing(FIRE)?;
        rows.iter()
            .map(|row| {
                let mut read = Read::of(row, FIRE);
                Ok(Firing {
                    schedule: read.text()?,
                    nominal: read.time()?,
                    holder: read.text()?,
                    attempts: u32::try_from(read.count()?).unwrap_or(u32::MAX),
                    started_at: read.time()?,
                    finished_at: read.time_or_none()?,
                    outcome: read.text_or_none()?,
                })
            })
            .collect()
    }
}

/// Makes sure that the lease's row is there, and holds it until the transaction ends.
async fn touch(connection: &mut AnyConnection, kind: Kind, lease: &str) -> Result<(), DatabaseError> {
    query(
        "INSERT INTO leases (name, holder, token, held_until) VALUES ($1, '', 0, 0) ON CONFLICT (name) DO NOTHING",
        [Value::text(lease)],
    )
    .execute(&mut *connection)
    .await
    .doing(LEASE)?;
    if kind == Kind::Postgres {
        query("SELECT token FROM leases WHERE name = $1 FOR UPDATE", [Value::text(lease)])
            .execute(&mut *connection)
            .await
            .doing(LEASE)?;
    }
    Ok(())
}

async fn claim(
    connection: &mut AnyConnection,
    lease: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Lease, DatabaseError> {
    let row = query(
        "INSERT INTO leases (name, holder, token, held_until) VALUES ($1, $2, 1, $3) \
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = leases.token + 1, \
         held_until = excluded.held_until WHERE leases.held_until <= $4 OR leases.holder = excluded.holder RETURNING token",
        [Value::text(lease), Value::text(holder), Value::time(until), Value::time(now)],
    )
    .fetch_optional(&mut *connection)
    .await
    .doing(LEASE)?;
    if let Some(row) = row {
        return Ok(Lease::Held(Fence { lease: lease.to_owned(), token: Read::of(&row, LEASE).int()? }));
    }
    let row = query("SELECT holder, held_until FROM leases WHERE name = $1", [Value::text(lease)])
        .fetch_one(&mut *connection)
        .await
        .doing(LEASE)?;
    let mut read = Read::of(&row, LEASE);
    Ok(Lease::Taken { by: read.text()?, until: read.time()? })
}

/// Refuses when the lease is not held by whoever shows this token. Its row is locked until the transaction ends, so that
/// nobody takes it in between. A lease that has ended and that nobody took is still good: the work is done.
pub(crate) async fn check(connection: &mut AnyConnection, fence: &Fence) -> Result<(), DatabaseError> {
    // It writes what is there, for the sake of the lock: both databases know it in this form.
    let held = query(
        "UPDATE leases SET held_until = held_until WHERE name = $1 AND token = $2",
        [Value::text(&fence.lease), Value::Int(fence.token)],
    )
    .execute(&mut *connection)
    .await
    .doing(LEASE)?;
    if held.rows_affected() == 0 { Err(DatabaseError::Fenced { lease: fence.lease.clone() }) } else { Ok(()) }
}

/// Ends a firing and gives its lease back. Refused when another instance has taken over.
pub(crate) async fn end(
    connection: &mut AnyConnection,
    fence: &Fence,
    ending: &Ending<'_>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let upshot = ending.upshot.as_ref().map_or(Ok(Value::NoText), json)?;
    let done = query(
        "UPDATE firings SET finished_at = $1, outcome = $2, upshot = $6, evidence_owed = $7 \
         WHERE schedule = $3 AND nominal = $4 AND token = $5 AND finished_at IS NULL",
        [
            Value::time(now),
            Value::text(ending.outcome),
            Value::text(ending.schedule),
            Value::time(ending.nominal),
            Value::Int(fence.token),
            upshot,
            Value::int_or_none(ending.owes_evidence.then_some(1)),
        ],
    )
    .execute(&mut *connection)
    .await
    .doing(FIRE)?;
    if done.rows_affected() == 0 {
        return Err(DatabaseError::Fenced { lease: fence.lease.clone() });
    }
    release(connection, fence, now).await
}

async fn release(connection: &mut AnyConnection, fence: &Fence, now: Timestamp) -> Result<(), DatabaseError> {
    query(
        "UPDATE leases SET held_until = $1 WHERE name = $2 AND token = $3 AND held_until > $1",
        [Value::time(now), Value::text(&fence.lease), Value::Int(fence.token)],
    )
    .execute(&mut *connection)
    .await
    .doing(LEASE)
    .map(drop)
}
