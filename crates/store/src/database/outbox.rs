//! Messages that wait to be delivered.

use super::{
    error::{DatabaseError, Doing as _},
    memory::json,
    query,
    rows::{Read, Value},
};
use jiff::Timestamp;
use palisade_track::{Event, Topic};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

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

/// Puts events into the outbox. One that was told by the same route before is not put in again.
pub(crate) async fn put(
    connection: &mut AnyConnection,
    events: &[Event],
    routes: Vec<Route>,
    now: Timestamp,
) -> Result<usize, DatabaseError> {
    let mut queued = 0;
    for Route { event, route, together, endpoints, not_before } in routes {
        let Some(event) = events.get(event) else { continue };
        let dedupe_key = format!("{route}/{}", event.key());
        if query("SELECT 1 FROM outbox WHERE dedupe_key = $1", [Value::text(&dedupe_key)])
            .fetch_optional(&mut *connection)
            .await
            .doing(QUEUE)?
            .is_some()
        {
            continue;
        }
        let batch = batch(connection, &route, &together, now).await?;
        let row = query(
            "INSERT INTO outbox (dedupe_key, batch_id, route, event_type, about, payload, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (dedupe_key) DO NOTHING RETURNING id",
            [
                Value::text(&dedupe_key),
                Value::Int(batch),
                Value::text(&route),
                Value::text(event.kind.name()),
                Value::text(&about(event)),
                json(event)?,
                Value::time(now),
            ],
        )
        .fetch_optional(&mut *connection)
        .await
        .doing(QUEUE)?;
        if row.is_none() {
            // Somebody else told it at the same moment. An empty batch is delivered as nothing.
            continue;
        }
        queued += 1;
        for endpoint in endpoints {
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
    }
    Ok(queued)
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
