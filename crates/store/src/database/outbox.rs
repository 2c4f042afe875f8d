//! Messages that wait to be delivered.

use super::{
    error::{DatabaseError, Doing as _},
    memory::{TEXTS, json, text_id},
    query,
    rows::{Read, Table, Value},
};
use jiff::Timestamp;
use palisade_track::{Event, Topic};
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, AssertSqlSafe};
use std::collections::BTreeMap;

const QUEUE: &str = "queue a message";

/// By which route an event is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The event's place in the list that was asked about.
    pub event: usize,
    /// The route's name.
    pub route: String,
    /// Events of one route with the same text here are told together, as one message, until that is first taken for
    /// delivery. A daily digest says the day.
    pub together: String,
    /// The channels it goes to.
    pub endpoints: Vec<String>,
    /// Not before then.
    pub not_before: Timestamp,
}

/// An event that was queued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// `route/event-type/fingerprint/generation`: an event is queued once by each route, whatever happens.
    pub dedupe_key: String,
    /// The event.
    pub event: Event,
}

const OUTBOX: Table = Table {
    name: "outbox",
    key: &["dedupe_key"],
    columns: &["dedupe_key", "batch_id", "route", "event_type", "about", "payload", "text_id", "created_at"],
    // One that is there stays as it is.
    keep: &["batch_id", "route", "event_type", "about", "payload", "text_id", "created_at"],
};

/// Puts events into the outbox. One that was told by the same route before is not put in again.
pub(crate) async fn put(
    connection: &mut AnyConnection,
    events: &[Event],
    routes: Vec<Route>,
    now: Timestamp,
) -> Result<usize, DatabaseError> {
    let mut new: BTreeMap<String, (usize, Route)> = BTreeMap::new();
    for (place, route) in routes.into_iter().enumerate() {
        let Some(event) = events.get(route.event) else { continue };
        new.entry(format!("{}/{}", route.route, event.key())).or_insert((place, route));
    }
    for known in known(connection, new.keys().cloned().collect()).await? {
        new.remove(&known);
    }
    let mut new: Vec<(String, (usize, Route))> = new.into_iter().collect();
    // In the order in which they happened.
    new.sort_by_key(|(_, (place, _))| *place);
    let (mut batches, mut texts, mut rows) = (BTreeMap::new(), BTreeMap::new(), Vec::with_capacity(new.len()));
    let mut deliveries: BTreeMap<(i64, String), Timestamp> = BTreeMap::new();
    for (dedupe_key, (_, Route { event, route, together, endpoints, not_before })) in new {
        let Some(event) = events.get(event) else { continue };
        let key = (route, together);
        if !batches.contains_key(&key) {
            let batch = batch(connection, &key.0, &key.1, now).await?;
            batches.insert(key.clone(), batch);
        }
        let batch = batches.get(&key).copied().unwrap_or_default();
        let (route, _) = key;
        for endpoint in endpoints {
            let first = deliveries.entry((batch, endpoint)).or_insert(not_before);
            *first = not_before.min(*first);
        }
        let (payload, text) = without_guidance(event);
        let text = text.map(|text| {
            let id = text_id(&text);
            texts.entry(id).or_insert_with(|| vec![Value::Int(id), Value::text(&text)]);
            id
        });
        rows.push(vec![
            Value::text(&dedupe_key),
            Value::Int(batch),
            Value::text(&route),
            Value::text(event.kind.name()),
            Value::text(&about(event)),
            json(&payload)?,
            Value::int_or_none(text),
            Value::time(now),
        ]);
    }
    let queued = rows.len();
    TEXTS.put(connection, texts.into_values().collect(), QUEUE).await?;
    OUTBOX.put(connection, rows, QUEUE).await?;
    for ((batch, endpoint), not_before) in deliveries {
        query(
            "INSERT INTO deliveries (batch_id, endpoint_id, state, attempts, not_before, token, created_at) \
             VALUES ($1, $2, 'ready', 0, $3, 0, $4) \
             ON CONFLICT (batch_id, endpoint_id) DO UPDATE SET not_before = \
             CASE WHEN excluded.not_before < deliveries.not_before THEN excluded.not_before \
             ELSE deliveries.not_before END",
            [Value::Int(batch), Value::text(&endpoint), Value::time(not_before), Value::time(now)],
        )
        .execute(&mut *connection)
        .await
        .doing(QUEUE)?;
    }
    Ok(queued)
}

/// The keys of these that are in the outbox already.
async fn known(connection: &mut AnyConnection, keys: Vec<String>) -> Result<Vec<String>, DatabaseError> {
    let mut known = Vec::new();
    for chunk in keys.chunks(1000) {
        let places: Vec<String> = (1..=chunk.len()).map(|place| format!("${place}")).collect();
        let sql = format!("SELECT dedupe_key FROM outbox WHERE dedupe_key IN ({})", places.join(","));
        let statement = sqlx::query(AssertSqlSafe(sql));
        let statement = chunk.iter().fold(statement, |statement, key| Value::text(key).bind(statement));
        for row in statement.fetch_all(&mut *connection).await.doing(QUEUE)? {
            known.push(Read::of(&row, QUEUE).text()?);
        }
    }
    Ok(known)
}

/// An event without the guidance of its control, which thousands of findings share, and that.
pub(crate) fn without_guidance(event: &Event) -> (Event, Option<String>) {
    let mut event = event.clone();
    let text = match &mut event.topic {
        Topic::Finding { finding, .. } => Some(std::mem::take(&mut finding.remediation)),
        Topic::Waiver { .. } | Topic::Run(_) | Topic::Channel { .. } => None,
    };
    (event, text.filter(|text| !text.is_empty()))
}

/// The event as it was.
pub(crate) fn with_guidance(mut event: Event, text: Option<String>) -> Event {
    if let (Topic::Finding { finding, .. }, Some(text)) = (&mut event.topic, text) {
        finding.remediation = text;
    }
    event
}

/// The batch that still takes events, or a new one.
async fn batch(
    connection: &mut AnyConnection,
    route: &str,
    together: &str,
    now: Timestamp,
) -> Result<i64, DatabaseError> {
    // Raising it locks its row: whoever takes it for delivery waits, and whoever took it has sealed it.
    let open = query(
        "UPDATE batches SET sealed = 0 WHERE id = \
         (SELECT MAX(id) FROM batches WHERE route = $1 AND together = $2 AND sealed = 0) AND sealed = 0 RETURNING id",
        [Value::text(route), Value::text(together)],
    )
    .fetch_optional(&mut *connection)
    .await
    .doing(QUEUE)?;
    let row = match open {
        Some(row) => row,
        None => query(
            "INSERT INTO batches (route, together, sealed, created_at) VALUES ($1, $2, 0, $3) RETURNING id",
            [Value::text(route), Value::text(together), Value::time(now)],
        )
        .fetch_one(&mut *connection)
        .await
        .doing(QUEUE)?,
    };
    Read::of(&row, QUEUE).int()
}

/// What an event is about, in one text: messages about one thing are delivered in their order.
fn about(event: &Event) -> String {
    match &event.topic {
        Topic::Finding { finding, .. } => finding.fingerprint.to_string(),
        Topic::Waiver { selector, .. } => format!("waiver {selector}"),
        Topic::Run(_) => String::new(),
        Topic::Channel { name, .. } => format!("channel {name}"),
    }
}
