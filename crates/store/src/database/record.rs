//! A run, what it changes and what it tells, in one transaction.

use super::{
    Database, Ending, Fence, Route, changes,
    error::{DatabaseError, Doing as _},
    lease,
    memory::{Loaded, json, load},
    outbox, query,
    rows::{Read, Table, Value, nanoseconds},
};
use jiff::Timestamp;
use palisade_engine::{Fingerprint, Waiver};
use palisade_model::{Provider, Scope};
use palisade_track::{Advanced, Event, EventKind, NotOpenError, Reminders, Sighting, Summary, advance};
use sha2::{Digest as _, Sha256};
use sqlx::AnyConnection;
use std::collections::BTreeMap;

const RECORD: &str = "record the run";

const RUN_UNITS: Table = Table {
    name: "run_units",
    key: &["run_seq", "unit_id"],
    columns: &["run_seq", "unit_id", "reason", "permission"],
    keep: &[],
};

/// What came of recording a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number: one more than the run before.
    pub seq: i64,
    /// Whether it was there already, so that nothing was written and nothing is told.
    pub already: bool,
    /// What is told.
    pub events: Vec<Event>,
    /// What it read and found.
    pub summary: Summary,
    /// How many messages were put into the outbox.
    pub queued: usize,
}

/// Somebody took a finding on, or gave it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Which finding.
    pub fingerprint: Fingerprint,
    /// For which of its openings.
    pub generation: u32,
    /// Who.
    pub person: String,
    /// Whether it was taken on; else it was given back.
    pub acknowledged: bool,
    /// Why, in their words.
    pub note: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Database {
    /// Records a run: what it saw, what that changes, and the messages that tell of it, in one transaction.
    ///
    /// `route` says for each event by which routes it is told; it is called once, inside the transaction, and must not
    /// wait for anything. Recording a run twice changes nothing. With a fence, a run whose lease has gone to another
    /// instance is refused.
    pub async fn record_run(
        &self,
        run: &Sighting<'_>,
        waivers: &[Waiver],
        now: Timestamp,
        fence: Option<&Fence>,
        route: impl FnOnce(&[Event]) -> Vec<Route> + Send,
    ) -> Result<Recorded, DatabaseError> {
        self.record(run, waivers, now, fence.map(|fence| (fence, None)), route).await
    }

    /// Records the run of a firing and ends the firing, in one transaction: whoever is lost in the middle has run nothing,
    /// and what was recorded is never run again.
    pub async fn record_firing(
        &self,
        run: &Sighting<'_>,
        waivers: &[Waiver],
        now: Timestamp,
        (fence, ending): (&Fence, &Ending<'_>),
        route: impl FnOnce(&[Event]) -> Vec<Route> + Send,
    ) -> Result<Recorded, DatabaseError> {
        self.record(run, waivers, now, Some((fence, Some(ending))), route).await
    }

    async fn record(
        &self,
        run: &Sighting<'_>,
        waivers: &[Waiver],
        now: Timestamp,
        under: Option<(&Fence, Option<&Ending<'_>>)>,
        route: impl FnOnce(&[Event]) -> Vec<Route> + Send,
    ) -> Result<Recorded, DatabaseError> {
        // Everything is read and decided before the lock is taken, and once more only if somebody was faster.
        let mut ahead = self.decided(run, waivers).await?;
        let mut transaction = self.write(RECORD).await?;
        if let Some((fence, ending)) = under {
            lease::check(&mut transaction, fence).await?;
            if let Some(ending) = ending {
                lease::end(&mut transaction, fence, ending, now).await?;
            }
        }
        if let Some((seq, summary)) = recorded(&mut transaction, &run.run).await? {
            transaction.commit().await.doing(RECORD)?;
            return Ok(Recorded { seq, already: true, events: Vec::new(), summary, queued: 0 });
        }
        // One change is our own.
        if changes(&mut transaction, RECORD).await? != ahead.changes + 1 {
            ahead = Ahead::of(&mut transaction, run, waivers).await?;
        }
        let Ahead { mut loaded, advanced: Advanced { events, turns, summary }, .. } = ahead;
        let seq = next_seq(&mut transaction).await?;
        let rules = loaded.rules_id(&mut transaction, &run.rules).await?;
        loaded.save(&mut transaction, seq, &turns).await?;
        write_run(&mut transaction, run, &loaded, Row { seq, rules, now, summary: &summary, events: &events }).await?;
        let queued = outbox::put(&mut transaction, &events, route(&events), now).await?;
        transaction.commit().await.doing(RECORD)?;
        Ok(Recorded { seq, already: false, events, summary, queued })
    }

    /// What a run changes, as far as it can be told without the lock.
    async fn decided(&self, run: &Sighting<'_>, waivers: &[Waiver]) -> Result<Ahead, DatabaseError> {
        let mut transaction = self.read(RECORD).await?;
        Ahead::of(&mut transaction, run, waivers).await
    }

    /// What time alone brings: reminders, and waivers that end. Call it between runs that are far apart.
    pub async fn tick(
        &self,
        waivers: &[Waiver],
        reminders: &Reminders,
        now: Timestamp,
        route: impl FnOnce(&[Event]) -> Vec<Route> + Send,
    ) -> Result<Vec<Event>, DatabaseError> {
        const TICK: &str = "look for reminders";
        let mut transaction = self.write(TICK).await?;
        let mut loaded = load(&mut transaction).await?;
        let events = palisade_track::tick(&mut loaded.memory, waivers, reminders, now);
        loaded.save(&mut transaction, 0, &[]).await?;
        outbox::put(&mut transaction, &events, route(&events), now).await?;
        transaction.commit().await.doing(TICK)?;
        Ok(events)
    }

    /// Tells of something that no run saw: a run that was missed, a channel that takes no messages.
    pub async fn tell(
        &self,
        events: &[Event],
        now: Timestamp,
        route: impl FnOnce(&[Event]) -> Vec<Route> + Send,
    ) -> Result<usize, DatabaseError> {
        const TELL: &str = "queue a message";
        let mut transaction = self.change(TELL).await?;
        let queued = outbox::put(&mut transaction, events, route(events), now).await?;
        transaction.commit().await.doing(TELL)?;
        Ok(queued)
    }

    /// Takes a finding on: its reminders stop until it is closed and reopened.
    pub async fn acknowledge(
        &self,
        fingerprint: Fingerprint,
        person: &str,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        self.stand(fingerprint, person, note, now, true).await
    }

    /// Gives a finding back: nobody has taken it on any more.
    pub async fn unacknowledge(
        &self,
        fingerprint: Fingerprint,
        person: &str,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        self.stand(fingerprint, person, note, now, false).await
    }

    async fn stand(
        &self,
        fingerprint: Fingerprint,
        person: &str,
        note: Option<&str>,
        now: Timestamp,
        acknowledged: bool,
    ) -> Result<(), DatabaseError> {
        const STAND: &str = "acknowledge the finding";
        let mut transaction = self.write(STAND).await?;
        let print = Value::Bytes(fingerprint.bytes().to_vec());
        let (standing, by, at) = if acknowledged {
            ("acknowledged", Value::text(person), Value::time(now))
        } else {
            ("open", Value::NoText, Value::NoInt)
        };
        let stood = query(
            "UPDATE findings SET standing = $1, stood_by = $2, stood_at = $3 \
             WHERE fingerprint = $4 AND standing IN ('open', 'acknowledged') RETURNING generation",
            [Value::text(standing), by, at, print.clone()],
        )
        .fetch_optional(&mut *transaction)
        .await
        .doing(STAND)?;
        let Some(row) = stood else {
            let row = query("SELECT standing FROM findings WHERE fingerprint = $1", [print])
                .fetch_optional(&mut *transaction)
                .await
                .doing(STAND)?;
            let Some(row) = row else { return Err(DatabaseError::NoSuchFinding { fingerprint }) };
            let standing = if Read::of(&row, STAND).text()? == "gone" { "gone" } else { "resolved" };
            return Err(NotOpenError { fingerprint, standing }.into());
        };
        let generation = Read::of(&row, STAND).int()?;
        query(
            "INSERT INTO acknowledgements (fingerprint, generation, person, acknowledged, note, at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            [
                Value::Bytes(fingerprint.bytes().to_vec()),
                Value::Int(generation),
                Value::text(person),
                Value::Int(i64::from(acknowledged)),
                Value::text_or_none(note),
                Value::time(now),
            ],
        )
        .execute(&mut *transaction)
        .await
        .doing(STAND)?;
        transaction.commit().await.doing(STAND)
    }

    /// Who took a finding on and gave it back, in order.
    pub async fn acknowledgements(&self, fingerprint: Fingerprint) -> Result<Vec<Acknowledgement>, DatabaseError> {
        const LIST: &str = "list the acknowledgements";
        let mut transaction = self.read(LIST).await?;
        let rows = query(
            "SELECT generation, person, acknowledged, note, at FROM acknowledgements WHERE fingerprint = $1 ORDER BY id",
            [Value::Bytes(fingerprint.bytes().to_vec())],
        )
        .fetch_all(&mut *transaction)
        .await
        .doing(LIST)?;
        rows.iter()
            .map(|row| {
                let mut read = Read::of(row, LIST);
                Ok(Acknowledgement {
                    fingerprint,
                    generation: u32::try_from(read.count()?).unwrap_or(u32::MAX),
                    person: read.text()?,
                    acknowledged: read.int()? != 0,
                    note: read.text_or_none()?,
                    at: read.time()?,
                })
            })
            .collect()
    }
}

/// What a run changes, decided on a state of the memory.
struct Ahead {
    /// How often that state had been changed.
    changes: i64,
    loaded: Loaded,
    advanced: Advanced,
}

impl Ahead {
    async fn of(connection: &mut AnyConnection, run: &Sighting<'_>, waivers: &[Waiver]) -> Result<Self, DatabaseError> {
        let changes = changes(connection, RECORD).await?;
        let mut loaded = load(connection).await?;
        let advanced = advance(&mut loaded.memory, run, waivers);
        Ok(Self { changes, loaded, advanced })
    }
}

/// A run that is there already.
pub(crate) async fn recorded(
    connection: &mut AnyConnection,
    run: &str,
) -> Result<Option<(i64, Summary)>, DatabaseError> {
    let row = query("SELECT seq, summary FROM runs WHERE id = $1", [run.into()])
        .fetch_optional(&mut *connection)
        .await
        .doing(RECORD)?;
    row.map(|row| {
        let mut read = Read::of(&row, RECORD);
        Ok((read.int()?, read.json()?))
    })
    .transpose()
}

/// Numbers have no gaps: a run that is missing was never recorded. They are not given again when old runs are removed.
async fn next_seq(connection: &mut AnyConnection) -> Result<i64, DatabaseError> {
    let row = query("SELECT COALESCE(MAX(seq), 0) FROM runs", []).fetch_one(&mut *connection).await.doing(RECORD)?;
    Ok(Read::of(&row, RECORD).int()? + 1)
}

/// What a row of the run holds besides what it saw.
struct Row<'a> {
    seq: i64,
    rules: i64,
    now: Timestamp,
    summary: &'a Summary,
    events: &'a [Event],
}

async fn write_run(
    connection: &mut AnyConnection,
    run: &Sighting<'_>,
    loaded: &Loaded,
    row: Row<'_>,
) -> Result<(), DatabaseError> {
    let units = unit_ids(connection).await?;
    let read = run.clusters().filter_map(|seen| loaded.cluster_ids.get(&seen.id).copied()).collect();
    let listed = run.listed().filter_map(|(provider, scope)| units.get(&(provider, scope.clone())).copied()).collect();
    let (read, listed) = (set_id(connection, read).await?, set_id(connection, listed).await?);
    let ended = row.events.iter().rev().find_map(|event| match event.kind {
        EventKind::ScanCompleted => Some("completed"),
        EventKind::ScanPartial => Some("partial"),
        EventKind::ScanFailed => Some("failed"),
        _ => None,
    });
    let coverage = run.coverage();
    let count = |count: u64| Value::Int(i64::try_from(count).unwrap_or(i64::MAX));
    query(
        "INSERT INTO runs (seq, id, schedule, outcome, started_at, finished_at, recorded_at, rules_id, facts_known, \
         facts_total, clusters, read_set, listed_set, summary) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        [
            Value::Int(row.seq),
            Value::text(&run.run),
            Value::text_or_none(run.schedule.as_deref()),
            Value::text(ended.unwrap_or("completed")),
            Value::Int(nanoseconds(run.started_at)),
            Value::Int(nanoseconds(run.at)),
            Value::time(row.now),
            Value::Int(row.rules),
            count(coverage.known),
            count(coverage.total),
            count(row.summary.clusters),
            Value::Int(read),
            Value::Int(listed),
            json(row.summary)?,
        ],
    )
    .execute(&mut *connection)
    .await
    .doing(RECORD)?;
    let dark = run.dark().filter_map(|(provider, scope, why)| {
        let unit = units.get(&(provider, scope.clone()))?;
        let permission = Value::text_or_none(why.permission.as_deref());
        Some(vec![Value::Int(row.seq), Value::Int(*unit), Value::text(&why.reason), permission])
    });
    RUN_UNITS.put(connection, dark.collect(), RECORD).await
}

/// The numbers of places.
pub(crate) async fn unit_ids(
    connection: &mut AnyConnection,
) -> Result<BTreeMap<(Provider, Scope), i64>, DatabaseError> {
    let rows = query("SELECT id, provider, scope FROM units", []).fetch_all(&mut *connection).await.doing(RECORD)?;
    let unit = |row| {
        let mut read = Read::of(row, RECORD);
        let id = read.int()?;
        Ok(((read.word()?, Scope::new(read.text()?)), id))
    };
    rows.iter().map(unit).collect()
}

/// The number of a set of ids. Runs that saw the same share it.
async fn set_id(connection: &mut AnyConnection, mut ids: Vec<i64>) -> Result<i64, DatabaseError> {
    ids.sort_unstable();
    let body = packed(&ids);
    let digest = Value::Bytes(Sha256::digest(&body).to_vec());
    query(
        "INSERT INTO sets (digest, body) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
        [digest.clone(), Value::Bytes(body)],
    )
    .execute(&mut *connection)
    .await
    .doing(RECORD)?;
    let row =
        query("SELECT id FROM sets WHERE digest = $1", [digest]).fetch_one(&mut *connection).await.doing(RECORD)?;
    Read::of(&row, RECORD).int()
}

/// Sorted numbers as the differences between them, seven bits a byte, the highest bit set on all but the last.
fn packed(sorted: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(sorted.len());
    let mut before = 0;
    for id in sorted {
        let mut rest = id.wrapping_sub(before).unsigned_abs();
        before = *id;
        while rest >= 128 {
            bytes.push(rest.to_le_bytes().first().copied().unwrap_or_default() | 128);
            rest >>= 7;
        }
        bytes.push(rest.to_le_bytes().first().copied().unwrap_or_default());
    }
    bytes
}

/// The numbers that [`packed`] wrote.
pub(crate) fn unpacked(bytes: &[u8]) -> Vec<i64> {
    let mut ids = Vec::with_capacity(bytes.len());
    let (mut before, mut number, mut shift) = (0_i64, 0_u64, 0_u32);
    for byte in bytes {
        number |= u64::from(byte & 127).checked_shl(shift).unwrap_or_default();
        if byte & 128 == 0 {
            before = before.wrapping_add_unsigned(number);
            ids.push(before);
            (number, shift) = (0, 0);
        } else {
            shift = shift.saturating_add(7);
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_survives_its_bytes_and_is_small() {
        for ids in [vec![], vec![0], vec![1, 2, 3, 200, 70_000, i64::MAX], (1..=1000).collect()] {
            assert_eq!(unpacked(&packed(&ids)), ids);
        }
        assert_eq!(packed(&(1..=10_000).collect::<Vec<_>>()).len(), 10_000);
    }
}
