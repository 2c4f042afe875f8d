//! Deliveries: who takes them, how long, and how they end.

use super::{
    Database, Told,
    error::{DatabaseError, Doing as _},
    outbox, query,
    record::recorded,
    rows::{Read, Value},
    thread::{self, Thread},
};
use jiff::Timestamp;
use palisade_track::Summary;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

const CLAIM: &str = "take messages for delivery";
const FINISH: &str = "note how a delivery ended";
const LIST: &str = "list the deliveries";
const ENDPOINT: &str = "note a channel";

/// How much of an error is kept.
const KEPT_OF_ERROR: usize = 1024;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// It waits for its time.
    Ready,
    /// Somebody is at it.
    Leased,
    /// It was taken by the receiver.
    Done,
    /// It was given up.
    Dead,
    /// It was not wanted any more.
    Suppressed,
}

impl DeliveryState {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Suppressed => "suppressed",
        }
    }
}

/// A message that was taken for delivery to one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Its number. Together with the channel it is what a receiver may know it by: the same over all attempts.
    pub delivery: i64,
    /// The number of the message.
    pub message: i64,
    /// The channel.
    pub endpoint: String,
    /// The route it came by.
    pub route: String,
    /// What its events have in common, as it was given when they were queued.
    pub together: String,
    /// What is told, in the order in which it happened.
    pub events: Vec<Told>,
    /// What the latest run of its events read, when that is still known.
    pub summary: Option<Summary>,
    /// How many times it was taken, this time included.
    pub attempts: u32,
    /// When it was first tried, or first again since its channel was mended.
    pub tried_since: Timestamp,
    /// What must be shown to say how it ended.
    pub token: i64,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Done {
        /// Its status.
        status: Option<u16>,
    },
    /// Try again.
    Retry {
        /// Not before then.
        at: Timestamp,
        /// The receiver's status, if there was one.
        status: Option<u16>,
        /// What went wrong, without secrets. 1 KiB of it is kept.
        error: String,
    },
    /// It is given up, and kept to be replayed.
    Dead {
        /// The receiver's status, if there was one.
        status: Option<u16>,
        /// What went wrong, without secrets. 1 KiB of it is kept.
        error: String,
    },
    /// Nobody wants it any more.
    Suppressed {
        /// Why.
        why: String,
    },
}

/// A delivery as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub id: i64,
    /// The number of the message.
    pub message: i64,
    /// The channel.
    pub endpoint: String,
    /// The route it came by.
    pub route: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// How many times it was taken.
    pub attempts: u32,
    /// Not before then.
    pub not_before: Timestamp,
    /// The receiver's last status.
    pub last_status: Option<i64>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// Whether a channel takes messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointState {
    /// It does.
    Enabled,
    /// It waits for somebody to look at its configuration; its messages are kept.
    Paused,
    /// It is given up; its messages are kept until retention removes them.
    Disabled,
}

impl EndpointState {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }
}

/// A channel, by reference: no address and no secret is ever kept here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name in the configuration.
    pub id: String,
    /// What it is, for example `slack`.
    pub kind: String,
    /// Where its address is found, for example `env:SLACK_URL`.
    pub url_ref: String,
    /// Where its secret is found.
    pub secret_ref: Option<String>,
    /// Whether it takes messages.
    pub state: EndpointState,
    /// Since when every attempt failed.
    pub failing_since: Option<Timestamp>,
}

impl Database {
    /// Takes messages whose time has come, for as long as the lease lasts. Nobody else gets them meanwhile; when the
    /// lease ends without a word they are given to whoever asks next, and the late word is refused.
    ///
    /// Messages about one thing go to a channel in the order in which it happened. Channels that are paused or disabled
    /// get none. `holder_until` is when the lease ends.
    pub async fn claim_deliveries(
        &self,
        limit: u32,
        now: Timestamp,
        holder_until: Timestamp,
    ) -> Result<Vec<Claimed>, DatabaseError> {
        let mut transaction = self.change(CLAIM).await?;
        let skip = match self.kind {
            super::Kind::Sqlite => "",
            // With its batch: whoever adds events to that is not waited for, so nobody can wait in a circle.
            super::Kind::Postgres => " FOR UPDATE OF d, b SKIP LOCKED",
        };
        let sql = format!(
            "UPDATE deliveries SET state = 'leased', token = token + 1, attempts = attempts + 1, lease_until = $1, \
             tried_since = COALESCE(tried_since, $2) WHERE id IN (SELECT d.id FROM deliveries d JOIN batches b ON b.id = d.batch_id \
               WHERE ((d.state = 'ready' AND d.not_before <= $2) OR (d.state = 'leased' AND d.lease_until <= $2)) \
               AND NOT EXISTS (SELECT 1 FROM endpoints e WHERE e.id = d.endpoint_id AND e.state <> 'enabled') \
               AND NOT EXISTS (SELECT 1 FROM outbox mine \
                 JOIN outbox other ON other.about = mine.about AND other.batch_id < mine.batch_id \
                 JOIN deliveries before ON before.batch_id = other.batch_id AND before.endpoint_id = d.endpoint_id \
                 WHERE mine.batch_id = d.batch_id AND mine.about <> '' AND before.state IN ('ready', 'leased')) \
               ORDER BY d.not_before, d.id LIMIT $3{skip}) \
             RETURNING id, batch_id, endpoint_id, attempts, tried_since, token"
        );
        let statement = sqlx::query(sqlx::AssertSqlSafe(sql));
        let values = [Value::time(holder_until), Value::time(now), Value::Int(i64::from(limit))];
        let statement = values.into_iter().fold(statement, |statement, value| value.bind(statement));
        let rows = statement.fetch_all(&mut *transaction).await.doing(CLAIM)?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in rows {
            let mut read = Read::of(&row, CLAIM);
            let (delivery, message, endpoint) = (read.int()?, read.int()?, read.text()?);
            let attempts = u32::try_from(read.count()?).unwrap_or(u32::MAX);
            let (tried_since, token) = (read.time()?, read.int()?);
            let Sealed { route, together, events } = seal(&mut transaction, message).await?;
            let run = events.iter().rev().find_map(|told| told.event.run.clone());
            let summary = match run {
                Some(run) => recorded(&mut transaction, &run).await?.map(|(_, summary)| summary),
                None => None,
            };
            claimed.push(Claimed {
                delivery,
                message,
                endpoint,
                route,
                together,
                events,
                summary,
                attempts,
                tried_since,
                token,
            });
        }
        transaction.commit().await.doing(CLAIM)?;
        claimed.sort_by_key(|claimed| claimed.delivery);
        Ok(claimed)
    }

    /// Says how an attempt ended. Refused when the lease has gone to somebody else: they have the word now.
    pub async fn finish_delivery(
        &self,
        claimed: &Claimed,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        self.finish_told(claimed, outcome, (&[], &[]), now).await
    }

    /// The same, and where in a chat things were told: `threads`, and the messages that are out of date by it (the
    /// chat's names of channel and message).
    pub async fn finish_told(
        &self,
        claimed: &Claimed,
        outcome: &Outcome,
        (threads, stale): (&[Thread], &[(String, String)]),
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let status = |status: Option<u16>| Value::int_or_none(status.map(i64::from));
        let (state, not_before, status, error, ended) = match outcome {
            Outcome::Done { status: said } => (DeliveryState::Done, now, status(*said), None, true),
            Outcome::Retry { at, status: said, error } => {
                (DeliveryState::Ready, *at, status(*said), Some(error), false)
            }
            Outcome::Dead { status: said, error } => (DeliveryState::Dead, now, status(*said), Some(error), true),
            Outcome::Suppressed { why } => (DeliveryState::Suppressed, now, Value::NoInt, Some(why), true),
        };
        let mut transaction = self.change(FINISH).await?;
        let done = query(
            "UPDATE deliveries SET state = $1, not_before = $2, last_status = $3, last_error = $4, finished_at = $5, \
             lease_until = NULL WHERE id = $6 AND token = $7 AND state = 'leased'",
            [
                Value::text(state.name()),
                Value::time(not_before),
                status,
                Value::text_or_none(error.map(|error| kept(error))),
                Value::time_or_none(Some(now).filter(|_| ended)),
                Value::Int(claimed.delivery),
                Value::Int(claimed.token),
            ],
        )
        .execute(&mut *transaction)
        .await
        .doing(FINISH)?;
        if done.rows_affected() == 0 {
            return Err(DatabaseError::Fenced { lease: format!("delivery {}", claimed.delivery) });
        }
        thread::note(&mut transaction, &claimed.endpoint, threads, stale, now).await?;
        transaction.commit().await.doing(FINISH)
    }

    /// Deliveries in a state, oldest first.
    pub async fn deliveries(&self, state: DeliveryState, limit: u32) -> Result<Vec<Delivery>, DatabaseError> {
        let mut transaction = self.read(LIST).await?;
        let rows = query(
            "SELECT d.id, d.batch_id, d.endpoint_id, b.route, d.state, d.attempts, d.not_before, d.last_status, \
             d.last_error, d.created_at, d.finished_at \
             FROM deliveries d JOIN batches b ON b.id = d.batch_id WHERE d.state = $1 ORDER BY d.id LIMIT $2",
            [Value::text(state.name()), Value::Int(i64::from(limit))],
        )
        .fetch_all(&mut *transaction)
        .await
        .doing(LIST)?;
        rows.iter()
            .map(|row| {
                let mut read = Read::of(row, LIST);
                Ok(Delivery {
                    id: read.int()?,
                    message: read.int()?,
                    endpoint: read.text()?,
                    route: read.text()?,
                    state: read.word()?,
                    attempts: u32::try_from(read.count()?).unwrap_or(u32::MAX),
                    not_before: read.time()?,
                    last_status: read.int_or_none()?,
                    last_error: read.text_or_none()?,
                    created_at: read.time()?,
                    finished_at: read.time_or_none()?,
                })
            })
            .collect()
    }

    /// Gives a delivery that was given up another chance, under the same number. False when it is not given up.
    pub async fn replay(&self, delivery: i64, now: Timestamp) -> Result<bool, DatabaseError> {
        const REPLAY: &str = "replay a delivery";
        let mut transaction = self.change(REPLAY).await?;
        let done = query(
            "UPDATE deliveries SET state = 'ready', attempts = 0, tried_since = NULL, not_before = $1, finished_at = NULL \
             WHERE id = $2 AND state IN ('dead', 'suppressed')",
            [Value::time(now), Value::Int(delivery)],
        )
        .execute(&mut *transaction)
        .await
        .doing(REPLAY)?;
        transaction.commit().await.doing(REPLAY)?;
        Ok(done.rows_affected() > 0)
    }

    /// Brings the channels up to date with the configuration: new ones are enabled, known ones keep their state.
    pub async fn put_endpoints(&self, endpoints: &[Endpoint]) -> Result<(), DatabaseError> {
        let mut transaction = self.change(ENDPOINT).await?;
        for endpoint in endpoints {
            query(
                "INSERT INTO endpoints (id, kind, url_ref, secret_ref, state, failing_since) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, \
                 url_ref = excluded.url_ref, secret_ref = excluded.secret_ref",
                [
                    Value::text(&endpoint.id),
                    Value::text(&endpoint.kind),
                    Value::text(&endpoint.url_ref),
                    Value::text_or_none(endpoint.secret_ref.as_deref()),
                    Value::text(endpoint.state.name()),
                    Value::time_or_none(endpoint.failing_since),
                ],
            )
            .execute(&mut *transaction)
            .await
            .doing(ENDPOINT)?;
        }
        transaction.commit().await.doing(ENDPOINT)
    }

    /// Notes whether a channel takes messages. What waited for one that does again is tried as if it were new.
    pub async fn set_endpoint(
        &self,
        id: &str,
        state: EndpointState,
        failing_since: Option<Timestamp>,
    ) -> Result<(), DatabaseError> {
        let mut transaction = self.change(ENDPOINT).await?;
        if state == EndpointState::Enabled {
            query(
                "UPDATE deliveries SET attempts = 0, tried_since = NULL WHERE endpoint_id = $1 AND state = 'ready' \
                 AND EXISTS (SELECT 1 FROM endpoints e WHERE e.id = $1 AND e.state <> 'enabled')",
                [Value::text(id)],
            )
            .execute(&mut *transaction)
            .await
            .doing(ENDPOINT)?;
        }
        query(
            "UPDATE endpoints SET state = $1, failing_since = $2 WHERE id = $3",
            [Value::text(state.name()), Value::time_or_none(failing_since), Value::text(id)],
        )
        .execute(&mut *transaction)
        .await
        .doing(ENDPOINT)?;
        transaction.commit().await.doing(ENDPOINT)
    }

    /// The channels that were ever configured.
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, DatabaseError> {
        let mut transaction = self.read(ENDPOINT).await?;
        let rows = query("SELECT id, kind, url_ref, secret_ref, state, failing_since FROM endpoints ORDER BY id", [])
            .fetch_all(&mut *transaction)
            .await
            .doing(ENDPOINT)?;
        rows.iter()
            .map(|row| {
                let mut read = Read::of(row, ENDPOINT);
                Ok(Endpoint {
                    id: read.text()?,
                    kind: read.text()?,
                    url_ref: read.text()?,
                    secret_ref: read.text_or_none()?,
                    state: read.word()?,
                    failing_since: read.time_or_none()?,
                })
            })
            .collect()
    }
}

/// A message that takes no more events.
struct Sealed {
    route: String,
    together: String,
    events: Vec<Told>,
}

/// From now on the message takes no more events: every attempt tells the same.
async fn seal(connection: &mut AnyConnection, batch: i64) -> Result<Sealed, DatabaseError> {
    let row = query("UPDATE batches SET sealed = 1 WHERE id = $1 RETURNING route, together", [Value::Int(batch)])
        .fetch_one(&mut *connection)
        .await
        .doing(CLAIM)?;
    let mut read = Read::of(&row, CLAIM);
    let (route, together) = (read.text()?, read.text()?);
    let rows = query(
        "SELECT o.dedupe_key, o.payload, t.text FROM outbox o LEFT JOIN texts t ON t.id = o.text_id \
         WHERE o.batch_id = $1 ORDER BY o.id",
        [Value::Int(batch)],
    )
    .fetch_all(&mut *connection)
    .await
    .doing(CLAIM)?;
    let told = |row| {
        let mut read = Read::of(row, CLAIM);
        let (dedupe_key, event) = (read.text()?, read.json()?);
        Ok(Told { dedupe_key, event: outbox::with_guidance(event, read.text_or_none()?) })
    };
    Ok(Sealed { route, together, events: rows.iter().map(told).collect::<Result<_, DatabaseError>>()? })
}

/// The beginning of an error, cut between two letters.
fn kept(error: &str) -> &str {
    let end = (0..=KEPT_OF_ERROR.min(error.len())).rev().find(|end| error.is_char_boundary(*end)).unwrap_or_default();
    error.get(..end).unwrap_or_default()
}
