//! Messages in chats that first told of something: what follows goes below them, and in the end they say that it is over.

use super::{
    Database,
    error::{DatabaseError, Doing as _},
    memory::{TEXTS, json, text_id},
    outbox::{with_guidance, without_guidance},
    query,
    record::recorded,
    rows::{Read, Table, Value},
};
use jiff::Timestamp;
use palisade_track::{Event, Summary};
use sqlx::{AnyConnection, AssertSqlSafe};
use std::collections::BTreeMap;

const LOOK: &str = "look for the messages that something was told in";
const NOTE: &str = "note where something was told";
const STALE: &str = "look for messages that are out of date";

/// Where in a chat something was first told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// What: a finding since it last opened.
    pub thread: String,
    /// The chat's channel, as it was configured then.
    pub told_in: String,
    /// The chat's own name of that channel.
    pub place: String,
    /// The chat's name of the message.
    pub ts: String,
    /// What the message says of it, or is to say.
    pub event: Event,
    /// When it was over, if it is.
    pub closed_at: Option<Timestamp>,
}

/// A message that does not show yet that something it told is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The channel, by its name in the configuration.
    pub endpoint: String,
    /// See [`Thread::told_in`].
    pub told_in: String,
    /// See [`Thread::place`].
    pub place: String,
    /// See [`Thread::ts`].
    pub ts: String,
    /// Everything it is to say.
    pub events: Vec<Event>,
    /// What the latest run of these events read, when that is still known.
    pub summary: Option<Summary>,
    /// How often it was tried to bring it up to date.
    pub attempts: u32,
    /// Since when it is out of date.
    pub since: Timestamp,
}

const THREADS: Table = Table {
    name: "threads",
    key: &["endpoint_id", "thread"],
    columns: &["endpoint_id", "thread", "told_in", "place", "ts", "payload", "text_id", "closed_at"],
    keep: &[],
};

const STALE_MESSAGES: Table = Table {
    name: "stale_messages",
    key: &["endpoint_id", "place", "ts"],
    columns: &["endpoint_id", "place", "ts", "attempts", "not_before", "since"],
    keep: &[],
};

/// Notes where things were told. What was over before is not out of date again: `stale` are those that now are.
pub(crate) async fn note(
    connection: &mut AnyConnection,
    endpoint: &str,
    threads: &[Thread],
    stale: &[(String, String)],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let (mut rows, mut texts) = (BTreeMap::new(), BTreeMap::new());
    for Thread { thread, told_in, place, ts, event, closed_at } in threads {
        let (payload, text) = without_guidance(event);
        let text = text.map(|text| {
            let id = text_id(&text);
            texts.insert(id, vec![Value::Int(id), Value::text(&text)]);
            id
        });
        let row = vec![
            Value::text(endpoint),
            Value::text(thread),
            Value::text(told_in),
            Value::text(place),
            Value::text(ts),
            json(&payload)?,
            Value::int_or_none(text),
            Value::time_or_none(*closed_at),
        ];
        rows.insert(thread, row);
    }
    TEXTS.put(connection, texts.into_values().collect(), NOTE).await?;
    THREADS.put(connection, rows.into_values().collect(), NOTE).await?;
    let stale: BTreeMap<_, _> = stale
        .iter()
        .map(|message| {
            let (place, ts) = message;
            let (at, times) = (Value::time(now), Value::Int(0));
            (message, vec![Value::text(endpoint), Value::text(place), Value::text(ts), times, at.clone(), at])
        })
        .collect();
    STALE_MESSAGES.put(connection, stale.into_values().collect(), NOTE).await
}

impl Database {
    /// Where in a chat these were first told, as far as they were.
    pub async fn threads(&self, endpoint: &str, wanted: &[String]) -> Result<Vec<Thread>, DatabaseError> {
        let mut transaction = self.read(LOOK).await?;
        let mut found = Vec::new();
        for chunk in wanted.chunks(1000) {
            let places: Vec<String> = (2..=chunk.len() + 1).map(|place| format!("${place}")).collect();
            let sql = format!(
                "SELECT h.thread, h.told_in, h.place, h.ts, h.payload, t.text, h.closed_at FROM threads h \
                 LEFT JOIN texts t ON t.id = h.text_id WHERE h.endpoint_id = $1 AND h.thread IN ({}) ORDER BY h.thread",
                places.join(",")
            );
            let statement = Value::text(endpoint).bind(sqlx::query(AssertSqlSafe(sql)));
            let statement = chunk.iter().fold(statement, |statement, thread| Value::text(thread).bind(statement));
            for row in statement.fetch_all(&mut *transaction).await.doing(LOOK)? {
                let mut read = Read::of(&row, LOOK);
                let (thread, told_in, place, ts) = (read.text()?, read.text()?, read.text()?, read.text()?);
                let event = read.json()?;
                let event = with_guidance(event, read.text_or_none()?);
                let closed_at = read.time_or_none()?;
                found.push(Thread { thread, told_in, place, ts, event, closed_at });
            }
        }
        Ok(found)
    }

    /// The messages of chats that told of what is not over: channel, thread, the chat's name of the message.
    pub async fn open_threads(&self) -> Result<Vec<(String, String, String)>, DatabaseError> {
        let mut transaction = self.read(LOOK).await?;
        let sql = "SELECT endpoint_id, thread, ts FROM threads WHERE closed_at IS NULL ORDER BY endpoint_id, thread";
        let rows = query(sql, []).fetch_all(&mut *transaction).await.doing(LOOK)?;
        rows.iter()
            .map(|row| {
                let mut read = Read::of(row, LOOK);
                Ok((read.text()?, read.text()?, read.text()?))
            })
            .collect()
    }

    /// Messages that are to be brought up to date now, longest waiting first. Those of channels that take no messages wait.
    pub async fn stale_messages(&self, limit: u32, now: Timestamp) -> Result<Vec<Stale>, DatabaseError> {
        let mut transaction = self.read(STALE).await?;
        let rows = query(
            "SELECT s.endpoint_id, s.place, s.ts, s.attempts, s.since FROM stale_messages s WHERE s.not_before <= $1 \
             AND NOT EXISTS (SELECT 1 FROM endpoints e WHERE e.id = s.endpoint_id AND e.state <> 'enabled') \
             ORDER BY s.not_before, s.endpoint_id, s.place, s.ts LIMIT $2",
            [Value::time(now), Value::Int(i64::from(limit))],
        )
        .fetch_all(&mut *transaction)
        .await
        .doing(STALE)?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let mut read = Read::of(&row, STALE);
            let (endpoint, place, ts) = (read.text()?, read.text()?, read.text()?);
            let attempts = u32::try_from(read.count()?).unwrap_or(u32::MAX);
            let since = read.time()?;
            let said = query(
                "SELECT h.told_in, h.payload, t.text FROM threads h LEFT JOIN texts t ON t.id = h.text_id \
                 WHERE h.endpoint_id = $1 AND h.place = $2 AND h.ts = $3 ORDER BY h.thread",
                [Value::text(&endpoint), Value::text(&place), Value::text(&ts)],
            )
            .fetch_all(&mut *transaction)
            .await
            .doing(STALE)?;
            let (mut events, mut told_in) = (Vec::<Event>::new(), String::new());
            for row in &said {
                let mut read = Read::of(row, STALE);
                told_in = read.text()?;
                let event = read.json()?;
                events.push(with_guidance(event, read.text_or_none()?));
            }
            let latest = events.iter().max_by_key(|event| event.at).and_then(|event| event.run.clone());
            let summary = match latest {
                Some(run) => recorded(&mut transaction, &run).await?.map(|(_, summary)| summary),
                None => None,
            };
            all.push(Stale { endpoint, told_in, place, ts, events, summary, attempts, since });
        }
        Ok(all)
    }

    /// A message is up to date, or given up; or it is to be tried `again`. What has changed meanwhile stays to be done.
    pub async fn refreshed(&self, stale: &Stale, again: Option<Timestamp>) -> Result<(), DatabaseError> {
        let mut transaction = self.change(STALE).await?;
        let key = [&stale.endpoint, &stale.place, &stale.ts].map(|text| Value::text(text));
        let [endpoint, place, ts] = key;
        let (attempts, since) = (Value::Int(i64::from(stale.attempts)), Value::time(stale.since));
        match again {
            None => query(
                "DELETE FROM stale_messages WHERE endpoint_id = $1 AND place = $2 AND ts = $3 AND attempts = $4 AND since = $5",
                [endpoint, place, ts, attempts, since],
            ),
            Some(at) => query(
                "UPDATE stale_messages SET attempts = attempts + 1, not_before = $6 \
                 WHERE endpoint_id = $1 AND place = $2 AND ts = $3 AND attempts = $4 AND since = $5",
                [endpoint, place, ts, attempts, since, Value::time(at)],
            ),
        }
        .execute(&mut *transaction)
        .await
        .doing(STALE)?;
        transaction.commit().await.doing(STALE)
    }

    /// The messages of the time since then: those that were taken, those that were made and may leave now, and those that
    /// are tried again within as long a time from now, on a channel that is not closed. By route and by what their events have in common, as
    /// these were queued.
    pub async fn sent_since(&self, since: Timestamp, now: Timestamp) -> Result<Vec<(String, String)>, DatabaseError> {
        const SENT: &str = "count the messages of the last hour";
        let soon = now.checked_add(now.duration_since(since)).unwrap_or(Timestamp::MAX);
        let mut transaction = self.read(SENT).await?;
        let rows = query(
            "SELECT b.route, b.together FROM deliveries d JOIN batches b ON b.id = d.batch_id \
             WHERE (d.state = 'done' AND d.not_before > $1) \
             OR (d.state IN ('ready', 'leased') AND d.created_at > $1 AND d.not_before <= $2) \
             OR (d.state IN ('ready', 'leased') AND d.attempts > 0 AND d.not_before <= $3 AND NOT EXISTS \
               (SELECT 1 FROM endpoints e WHERE e.id = d.endpoint_id AND e.state <> 'enabled')) ORDER BY d.id",
            [Value::time(since), Value::time(now), Value::time(soon)],
        )
        .fetch_all(&mut *transaction)
        .await
        .doing(SENT)?;
        rows.iter()
            .map(|row| {
                let mut read = Read::of(row, SENT);
                Ok((read.text()?, read.text()?))
            })
            .collect()
    }
}
