//! The memory as rows, and back.

use super::{
    error::{DatabaseError, Doing as _, malformed},
    query,
    rows::{Read, Table, Value, print_of, time},
};
use futures::TryStreamExt as _;
use jiff::Timestamp;
use palisade_engine::Fingerprint;
use palisade_model::{ClusterId, Scope};
use palisade_track::{
    Cause, KnownCluster, KnownWaiver, Lineage, Memory, Place, Print, Remembered, Rules, Said, Standing, Tracked, Turn,
    Unread,
};
use sha2::{Digest as _, Sha256};
use sqlx::AnyConnection;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const LOAD: &str = "read what is remembered";
const SAVE: &str = "write what is remembered";

pub(crate) const CLUSTERS: Table = Table {
    name: "clusters",
    key: &["cluster"],
    columns: &["cluster", "provider", "scope", "name", "owner", "reached_by", "first_seen", "last_read", "gone"],
    keep: &["provider"],
};

pub(crate) const UNITS: Table = Table {
    name: "units",
    key: &["provider", "scope"],
    columns: &["provider", "scope", "listed", "dark_reason", "dark_permission"],
    keep: &[],
};

const EVALUATIONS: Table = Table {
    name: "evaluations",
    key: &["fingerprint"],
    columns: &[
        "fingerprint",
        "cluster_id",
        "control",
        "kind",
        "subject",
        "state",
        "severity",
        "evidence",
        "rules_id",
        "first_seq",
        "first_cause",
    ],
    keep: &["cluster_id", "control", "kind", "subject", "first_seq", "first_cause"],
};

const FINDINGS: Table = Table {
    name: "findings",
    key: &["fingerprint"],
    columns: &[
        "fingerprint",
        "control_name",
        "subject_name",
        "standing",
        "stood_by",
        "stood_at",
        "verdict",
        "severity",
        "because",
        "brief",
        "remediation",
        "first_seen",
        "last_seen",
        "as_of",
        "generation",
        "turned",
        "good_reads",
        "waived_until",
        "told",
        "worst",
        "turns",
    ],
    keep: &["first_seen"],
};

const TURNS: Table = Table {
    name: "turns",
    key: &["run_seq", "fingerprint"],
    columns: &["run_seq", "fingerprint", "before_state", "before_severity", "after_state", "after_severity", "cause"],
    keep: &[],
};

pub(crate) const TEXTS: Table = Table { name: "texts", key: &["id"], columns: &["id", "text"], keep: &["text"] };
const WAIVERS: Table = Table { name: "waivers", key: &["print"], columns: &["print", "selector", "body"], keep: &[] };
const LINEAGES: Table = Table { name: "lineages", key: &["name"], columns: &["name", "body"], keep: &[] };

/// The memory, and what each of its rows was when it was read: only what has changed is written.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) memory: Memory,
    pub(crate) cluster_ids: BTreeMap<ClusterId, i64>,
    pub(crate) rules: BTreeMap<Print, i64>,
    texts: BTreeSet<i64>,
    findings: BTreeMap<Fingerprint, u64>,
    said: BTreeMap<Fingerprint, u64>,
    clusters: BTreeMap<ClusterId, u64>,
    units: BTreeMap<(palisade_model::Provider, Scope), u64>,
    waivers: BTreeMap<Print, u64>,
    lineages: BTreeMap<String, u64>,
}

/// Reads everything that is remembered.
pub(crate) async fn load(connection: &mut AnyConnection) -> Result<Loaded, DatabaseError> {
    let mut loaded = Loaded::default();
    load_places(connection, &mut loaded).await?;
    let names = cluster_names(&loaded);
    loaded.memory.said = load_said(connection, &names).await?;
    let rules = &loaded.rules;
    let said = &loaded.memory.said;
    loaded.said = said.iter().map(|(print, said)| (*print, print_of(&said_row(print, said, 0, rules, None)))).collect();
    let texts = load_texts(connection).await?;
    loaded.texts = texts.keys().copied().collect();
    loaded.memory.findings = load_findings(connection, &loaded.memory, &texts).await?;
    let (clusters, mut ids) = (&loaded.memory.clusters, TextIds::default());
    let rows = loaded.memory.findings.iter();
    loaded.findings = rows.map(|(print, one)| (*print, print_of(&finding_row(one, clusters, &mut ids)))).collect();
    load_bodies(connection, &mut loaded).await?;
    Ok(loaded)
}

pub(crate) fn cluster_names(loaded: &Loaded) -> BTreeMap<i64, ClusterId> {
    loaded.cluster_ids.iter().map(|(cluster, id)| (*id, cluster.clone())).collect()
}

/// Clusters, places and rules.
pub(crate) async fn load_places(connection: &mut AnyConnection, loaded: &mut Loaded) -> Result<(), DatabaseError> {
    let mut rows = query(
        "SELECT id, cluster, provider, scope, name, owner, reached_by, first_seen, last_read, gone FROM clusters",
        [],
    )
    .fetch(&mut *connection);
    while let Some(row) = rows.try_next().await.doing(LOAD)? {
        let mut read = Read::of(&row, LOAD);
        let (id, cluster) = (read.int()?, ClusterId::new(read.text()?));
        let known = KnownCluster {
            provider: read.word()?,
            scope: Scope::new(read.text()?),
            name: read.text()?,
            owner: read.text_or_none()?,
            reached_by: read.text_or_none()?,
            first_seen: read.time()?,
            last_read: read.time()?,
            gone: read.time_or_none()?,
        };
        loaded.clusters.insert(cluster.clone(), print_of(&cluster_row(&cluster, &known)));
        loaded.cluster_ids.insert(cluster.clone(), id);
        loaded.memory.clusters.insert(cluster, known);
    }
    drop(rows);
    let mut rows =
        query("SELECT provider, scope, listed, dark_reason, dark_permission FROM units", []).fetch(&mut *connection);
    while let Some(row) = rows.try_next().await.doing(LOAD)? {
        let mut read = Read::of(&row, LOAD);
        let place = (read.word()?, Scope::new(read.text()?));
        let listed = read.time_or_none()?;
        let (reason, permission) = (read.text_or_none()?, read.text_or_none()?);
        let dark = reason.map(|reason| Unread { scope: place.1.to_string(), reason, permission, as_of: listed });
        let known = Place { listed, dark };
        loaded.units.insert(place.clone(), print_of(&unit_row(&place, &known)));
        loaded.memory.places.insert(place, known);
    }
    drop(rows);
    let mut rows = query("SELECT print, id FROM rules", []).fetch(&mut *connection);
    while let Some(row) = rows.try_next().await.doing(LOAD)? {
        let mut read = Read::of(&row, LOAD);
        loaded.rules.insert(Print::from_bytes(read.print()?), read.int()?);
    }
    Ok(())
}

/// What was last said of everything.
pub(crate) async fn load_said(
    connection: &mut AnyConnection,
    clusters: &BTreeMap<i64, ClusterId>,
) -> Result<BTreeMap<Fingerprint, Said>, DatabaseError> {
    let mut words = Words::default();
    let mut all = BTreeMap::new();
    let mut rows = query(
        "SELECT e.fingerprint, e.cluster_id, e.control, e.kind, e.subject, e.state, e.severity, e.evidence, r.print \
         FROM evaluations e JOIN rules r ON r.id = e.rules_id",
        [],
    )
    .fetch(&mut *connection);
    while let Some(row) = rows.try_next().await.doing(LOAD)? {
        let mut read = Read::of(&row, LOAD);
        let print = Fingerprint::from_bytes(read.print()?);
        let cluster = read.int()?;
        let said = Said {
            cluster: clusters.get(&cluster).cloned().ok_or_else(|| malformed(LOAD, "a finding has no cluster"))?,
            control: words.shared(read.text()?),
            kind: read.word()?,
            subject: words.shared(read.text()?),
            state: read.word_or_none()?,
            severity: read.word()?,
            evidence: Print::from_bytes(read.print()?),
            rules: Print::from_bytes(read.print()?),
        };
        all.insert(print, said);
    }
    Ok(all)
}

/// Words that many rows have in common, each kept once.
#[derive(Default)]
struct Words(BTreeSet<Arc<str>>);

impl Words {
    fn shared(&mut self, word: String) -> Arc<str> {
        if let Some(known) = self.0.get(word.as_str()) {
            return Arc::clone(known);
        }
        let word: Arc<str> = word.into();
        self.0.insert(Arc::clone(&word));
        word
    }
}

async fn load_texts(connection: &mut AnyConnection) -> Result<BTreeMap<i64, String>, DatabaseError> {
    let mut texts = BTreeMap::new();
    let mut rows = query("SELECT id, text FROM texts", []).fetch(&mut *connection);
    while let Some(row) = rows.try_next().await.doing(LOAD)? {
        let mut read = Read::of(&row, LOAD);
        texts.insert(read.int()?, read.text()?);
    }
    Ok(texts)
}

async fn load_findings(
    connection: &mut AnyConnection,
    memory: &Memory,
    texts: &BTreeMap<i64, String>,
) -> Result<BTreeMap<Fingerprint, Remembered>, DatabaseError> {
    let mut findings = BTreeMap::new();
    let mut rows = query(
        "SELECT fingerprint, control_name, subject_name, standing, stood_by, stood_at, verdict, severity, because, \
         brief, remediation, first_seen, last_seen, as_of, generation, turned, good_reads, waived_until, told, worst, turns \
         FROM findings",
        [],
    )
    .fetch(&mut *connection);
    while let Some(row) = rows.try_next().await.doing(LOAD)? {
        let mut read = Read::of(&row, LOAD);
        let fingerprint = Fingerprint::from_bytes(read.print()?);
        let said = memory.said.get(&fingerprint);
        let known = said.and_then(|said| memory.clusters.get(&said.cluster));
        let (said, known) =
            said.zip(known).ok_or_else(|| malformed(LOAD, format!("finding `{fingerprint}` has no cluster")))?;
        let text = |read: &mut Read<'_>| {
            let id = read.int()?;
            texts.get(&id).cloned().ok_or_else(|| malformed(LOAD, format!("text {id} is missing")))
        };
        let control_name = text(&mut read)?;
        let subject_name = read.text_or_none()?.unwrap_or_else(|| said.subject.to_string());
        let standing = standing(&mut read)?;
        let (verdict, severity) = (read.word()?, read.word()?);
        let (because, brief) = (read.text()?, read.text_or_none()?);
        let remediation = text(&mut read)?;
        let first_seen = read.time()?;
        let (last_seen, as_of) = (read.time_or_none()?, read.time_or_none()?);
        let as_of = as_of.unwrap_or(known.last_read);
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let (generation, turned, good_reads) = (small(read.count()?), read.time()?, small(read.count()?));
        // In microseconds: somebody may accept a risk until the year 9999.
        let waived_until =
            read.int_or_none()?.map(|until| Timestamp::from_microsecond(until).unwrap_or(Timestamp::MAX));
        let told = read.time_or_none()?;
        let worst = read.word()?;
        let turns: Vec<i64> = read.json()?;
        let tracked = Tracked {
            fingerprint,
            control: said.control.to_string(),
            control_name,
            provider: known.provider,
            scope: known.scope.clone(),
            cluster: said.cluster.clone(),
            cluster_name: known.name.clone(),
            subject_kind: said.kind,
            subject: said.subject.to_string(),
            subject_name,
            owner: known.owner.clone(),
            standing,
            verdict,
            severity,
            because,
            brief,
            remediation,
            first_seen,
            last_seen: last_seen.unwrap_or(as_of),
            as_of,
            generation,
            turned,
            recent_turns: small(turns.len() as u64),
            good_reads,
            waived_until,
        };
        findings.insert(fingerprint, Remembered { tracked, told, worst, turns: turns.into_iter().map(time).collect() });
    }
    Ok(findings)
}

fn standing(read: &mut Read<'_>) -> Result<Standing, DatabaseError> {
    let (word, by, at) = (read.text()?, read.text_or_none()?, read.time_or_none()?);
    match (word.as_str(), by, at) {
        ("open", _, _) => Ok(Standing::Open),
        ("acknowledged", Some(by), Some(at)) => Ok(Standing::Acknowledged { by, at }),
        ("resolved", _, Some(at)) => Ok(Standing::Resolved { at }),
        ("gone", _, Some(at)) => Ok(Standing::Gone { at }),
        _ => Err(malformed(LOAD, format!("`{word}` is no standing"))),
    }
}

/// Waivers and lineages.
async fn load_bodies(connection: &mut AnyConnection, loaded: &mut Loaded) -> Result<(), DatabaseError> {
    let mut rows = query("SELECT print, body FROM waivers", []).fetch(&mut *connection);
    while let Some(row) = rows.try_next().await.doing(LOAD)? {
        let mut read = Read::of(&row, LOAD);
        let (print, waiver) = (Print::from_bytes(read.print()?), read.json::<KnownWaiver>()?);
        loaded.waivers.insert(print, print_of(&waiver_row(print, &waiver)?));
        loaded.memory.waivers.insert(print, waiver);
    }
    drop(rows);
    let mut rows = query("SELECT name, body FROM lineages", []).fetch(&mut *connection);
    while let Some(row) = rows.try_next().await.doing(LOAD)? {
        let mut read = Read::of(&row, LOAD);
        let (name, lineage) = (read.text()?, read.json::<Lineage>()?);
        loaded.lineages.insert(name.clone(), print_of(&lineage_row(&name, &lineage)?));
        loaded.memory.lineages.insert(name, lineage);
    }
    Ok(())
}

impl Loaded {
    /// Writes what is no longer as it was read. `turns` are those of the run `seq`, if a run is what changed it.
    pub(crate) async fn save(
        &mut self,
        connection: &mut AnyConnection,
        seq: i64,
        turns: &[Turn],
    ) -> Result<(), DatabaseError> {
        self.save_places(connection).await?;
        let first: BTreeMap<&Fingerprint, Cause> =
            turns.iter().filter(|turn| turn.is_first).map(|turn| (&turn.fingerprint, turn.cause)).collect();
        let mut rows = Vec::new();
        for (print, said) in &self.memory.said {
            let cluster = self.cluster_ids.get(&said.cluster).copied().unwrap_or_default();
            let first = first.get(print).map(|cause| (seq, *cause));
            if self.said.get(print) != Some(&print_of(&said_row(print, said, 0, &self.rules, None))) {
                rows.push(said_row(print, said, cluster, &self.rules, first));
            }
        }
        EVALUATIONS.put(connection, rows, SAVE).await?;
        TURNS
            .put(connection, turns.iter().filter(|turn| !turn.is_first).map(|turn| turn_row(seq, turn)).collect(), SAVE)
            .await?;
        self.save_findings(connection).await?;
        self.save_bodies(connection).await
    }

    /// Findings and their long texts.
    async fn save_findings(&mut self, connection: &mut AnyConnection) -> Result<(), DatabaseError> {
        let (mut rows, mut texts, mut ids) = (Vec::new(), BTreeMap::new(), TextIds::default());
        for (print, remembered) in &self.memory.findings {
            let row = finding_row(remembered, &self.memory.clusters, &mut ids);
            if self.findings.get(print) == Some(&print_of(&row)) {
                continue;
            }
            for text in [&remembered.tracked.control_name, &remembered.tracked.remediation] {
                let id = text_id(text);
                if !self.texts.contains(&id) {
                    texts.entry(id).or_insert_with(|| vec![Value::Int(id), Value::text(text)]);
                }
            }
            rows.push(row);
        }
        TEXTS.put(connection, texts.into_values().collect(), SAVE).await?;
        FINDINGS.put(connection, rows, SAVE).await
    }

    async fn save_places(&mut self, connection: &mut AnyConnection) -> Result<(), DatabaseError> {
        let clusters = self.memory.clusters.iter().map(|(cluster, known)| (cluster, cluster_row(cluster, known)));
        let changed = clusters.filter(|(cluster, row)| self.clusters.get(*cluster) != Some(&print_of(row)));
        CLUSTERS.put(connection, changed.map(|(_, row)| row).collect(), SAVE).await?;
        let units = self.memory.places.iter().map(|(place, known)| (place, unit_row(place, known)));
        let changed = units.filter(|(place, row)| self.units.get(*place) != Some(&print_of(row)));
        UNITS.put(connection, changed.map(|(_, row)| row).collect(), SAVE).await?;
        if self.memory.clusters.keys().any(|cluster| !self.cluster_ids.contains_key(cluster)) {
            let mut rows = query("SELECT id, cluster FROM clusters", []).fetch(&mut *connection);
            while let Some(row) = rows.try_next().await.doing(SAVE)? {
                let mut read = Read::of(&row, SAVE);
                let id = read.int()?;
                self.cluster_ids.insert(ClusterId::new(read.text()?), id);
            }
        }
        Ok(())
    }

    async fn save_bodies(&self, connection: &mut AnyConnection) -> Result<(), DatabaseError> {
        let mut rows = Vec::new();
        for (print, waiver) in &self.memory.waivers {
            let row = waiver_row(*print, waiver)?;
            if self.waivers.get(print) != Some(&print_of(&row)) {
                rows.push(row);
            }
        }
        WAIVERS.put(connection, rows, SAVE).await?;
        for print in self.waivers.keys().filter(|print| !self.memory.waivers.contains_key(print)) {
            query("DELETE FROM waivers WHERE print = $1", [Value::Bytes(print.bytes().to_vec())])
                .execute(&mut *connection)
                .await
                .doing(SAVE)?;
        }
        let mut rows = Vec::new();
        for (name, lineage) in &self.memory.lineages {
            let row = lineage_row(name, lineage)?;
            if self.lineages.get(name) != Some(&print_of(&row)) {
                rows.push(row);
            }
        }
        LINEAGES.put(connection, rows, SAVE).await
    }

    /// The number of some rules; they are written when they are new.
    pub(crate) async fn rules_id(
        &mut self,
        connection: &mut AnyConnection,
        rules: &Rules,
    ) -> Result<i64, DatabaseError> {
        let print = rules.print();
        if let Some(id) = self.rules.get(&print) {
            return Ok(*id);
        }
        let row = query(
            "INSERT INTO rules (print, palisade, controls, policy) VALUES ($1, $2, $3, $4) RETURNING id",
            [
                Value::Bytes(print.bytes().to_vec()),
                Value::text(&rules.palisade),
                json(&rules.controls)?,
                Value::Bytes(rules.policy.bytes().to_vec()),
            ],
        )
        .fetch_one(&mut *connection)
        .await
        .doing(SAVE)?;
        let id = Read::of(&row, SAVE).int()?;
        self.rules.insert(print, id);
        Ok(id)
    }
}

pub(crate) fn json<T: serde::Serialize>(body: &T) -> Result<Value, DatabaseError> {
    serde_json::to_string(body).map(|text| Value::text(&text)).map_err(|error| malformed(SAVE, error.to_string()))
}

fn cluster_row(cluster: &ClusterId, known: &KnownCluster) -> Vec<Value> {
    vec![
        Value::text(cluster.as_str()),
        Value::text(known.provider.name()),
        Value::text(known.scope.as_str()),
        Value::text(&known.name),
        Value::text_or_none(known.owner.as_deref()),
        Value::text_or_none(known.reached_by.as_deref()),
        Value::time(known.first_seen),
        Value::time(known.last_read),
        Value::time_or_none(known.gone),
    ]
}

fn unit_row(place: &(palisade_model::Provider, Scope), known: &Place) -> Vec<Value> {
    let dark = known.dark.as_ref();
    vec![
        Value::text(place.0.name()),
        Value::text(place.1.as_str()),
        Value::time_or_none(known.listed),
        Value::text_or_none(dark.map(|dark| dark.reason.as_str())),
        Value::text_or_none(dark.and_then(|dark| dark.permission.as_deref())),
    ]
}

fn said_row(
    print: &Fingerprint,
    said: &Said,
    cluster: i64,
    rules: &BTreeMap<Print, i64>,
    first: Option<(i64, Cause)>,
) -> Vec<Value> {
    let (seq, cause) = first.unwrap_or((0, Cause::World));
    vec![
        Value::Bytes(print.bytes().to_vec()),
        Value::Int(cluster),
        Value::text(&said.control),
        Value::text(said.kind.name()),
        Value::text(&said.subject),
        Value::text_or_none(said.state.map(palisade_engine::State::name)),
        Value::text(said.severity.name()),
        Value::Bytes(said.evidence.bytes().to_vec()),
        Value::Int(rules.get(&said.rules).copied().unwrap_or_default()),
        Value::Int(seq),
        Value::text(cause.name()),
    ]
}

fn turn_row(seq: i64, turn: &Turn) -> Vec<Value> {
    let words = |said: Option<(palisade_engine::State, palisade_engine::Severity)>| {
        [
            Value::text_or_none(said.map(|(state, _)| state.name())),
            Value::text_or_none(said.map(|(_, severity)| severity.name())),
        ]
    };
    let [before, before_severity] = words(turn.before);
    let [after, after_severity] = words(turn.after);
    vec![
        Value::Int(seq),
        Value::Bytes(turn.fingerprint.bytes().to_vec()),
        before,
        before_severity,
        after,
        after_severity,
        Value::text(turn.cause.name()),
    ]
}

fn finding_row<'a>(
    remembered: &'a Remembered,
    clusters: &BTreeMap<ClusterId, KnownCluster>,
    ids: &mut TextIds<'a>,
) -> Vec<Value> {
    let Remembered { tracked, told, worst, turns } = remembered;
    let (by, at) = match &tracked.standing {
        Standing::Open => (None, None),
        Standing::Acknowledged { by, at } => (Some(by.as_str()), Some(*at)),
        Standing::Resolved { at } | Standing::Gone { at } => (None, Some(*at)),
    };
    let last_read = clusters.get(&tracked.cluster).map(|known| known.last_read);
    let turns: Vec<i64> = turns.iter().copied().map(super::rows::nanoseconds).collect();
    vec![
        Value::Bytes(tracked.fingerprint.bytes().to_vec()),
        Value::Int(ids.of(&tracked.control_name)),
        Value::text_or_none(Some(tracked.subject_name.as_str()).filter(|name| *name != tracked.subject)),
        Value::text(tracked.standing.name()),
        Value::text_or_none(by),
        Value::time_or_none(at),
        Value::text(tracked.verdict.name()),
        Value::text(tracked.severity.name()),
        Value::text(&tracked.because),
        Value::text_or_none(tracked.brief.as_deref()),
        Value::Int(ids.of(&tracked.remediation)),
        Value::time(tracked.first_seen),
        Value::time_or_none(Some(tracked.last_seen).filter(|seen| *seen != tracked.as_of)),
        Value::time_or_none(Some(tracked.as_of).filter(|as_of| Some(*as_of) != last_read)),
        Value::Int(i64::from(tracked.generation)),
        Value::time(tracked.turned),
        Value::Int(i64::from(tracked.good_reads)),
        Value::int_or_none(tracked.waived_until.map(Timestamp::as_microsecond)),
        Value::time_or_none(*told),
        Value::text(worst.name()),
        Value::text(&format!("{turns:?}")),
    ]
}

fn waiver_row(print: Print, waiver: &KnownWaiver) -> Result<Vec<Value>, DatabaseError> {
    Ok(vec![Value::Bytes(print.bytes().to_vec()), Value::text(&waiver.selector), json(waiver)?])
}

fn lineage_row(name: &str, lineage: &Lineage) -> Result<Vec<Value>, DatabaseError> {
    Ok(vec![Value::text(name), json(lineage)?])
}

/// The ids of texts that many rows have in common, each computed once.
#[derive(Default)]
struct TextIds<'a>(BTreeMap<&'a str, i64>);

impl<'a> TextIds<'a> {
    fn of(&mut self, text: &'a str) -> i64 {
        *self.0.entry(text).or_insert_with(|| text_id(text))
    }
}

/// The first eight bytes of the SHA-256 of a text.
pub(crate) fn text_id(text: &str) -> i64 {
    let whole: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    whole.iter().take(8).fold(0, |number, byte| (number << 8) | i64::from(*byte))
}
