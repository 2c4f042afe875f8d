//! Runs, findings, and what was said when.

use super::{
    Database,
    error::{DatabaseError, Doing as _, malformed},
    memory::{Loaded, cluster_names, load, load_said},
    query,
    record::unpacked,
    rows::{Read, Value},
};
use futures::TryStreamExt as _;
use jiff::Timestamp;
use palisade_engine::{Fingerprint, Severity};
use palisade_model::{ClusterId, Provider, Scope};
use palisade_track::{Cause, Difference, Memory, Print, Rules, Said, Summary, Tracked, View, diff};
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use std::collections::{BTreeMap, BTreeSet};

const LIST: &str = "list the runs";
const VIEW: &str = "read what a run said";

/// A run that was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// Its number: runs are numbered without gaps.
    pub seq: i64,
    /// Its id.
    pub id: String,
    /// The schedule that fired it.
    pub schedule: Option<String>,
    /// `completed`, `partial` or `failed`.
    pub outcome: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What it read and found.
    pub summary: Summary,
}

const LAST: &str = "find the last run";

/// Which findings to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Closed ones too.
    pub closed: bool,
    /// No less severe than this.
    pub at_least: Option<Severity>,
    /// Only of this provider.
    pub provider: Option<Provider>,
    /// Only of this control.
    pub control: Option<String>,
    /// Only of this cluster, by id or name.
    pub cluster: Option<String>,
}

impl FindingFilter {
    fn takes(&self, finding: &Tracked) -> bool {
        let names = |cluster: &String| *cluster == finding.cluster_name || cluster == finding.cluster.as_str();
        (self.closed || finding.standing.is_open())
            && self.at_least.is_none_or(|least| finding.severity >= least)
            && self.provider.is_none_or(|provider| finding.provider == provider)
            && self.control.as_ref().is_none_or(|control| *control == finding.control)
            && self.cluster.as_ref().is_none_or(names)
    }
}

impl Database {
    /// When a run of a schedule that read something was last recorded.
    pub async fn last_success(&self, schedule: &str) -> Result<Option<Timestamp>, DatabaseError> {
        let mut transaction = self.read(LAST).await?;
        let row = query(
            "SELECT MAX(recorded_at) FROM runs WHERE schedule = $1 AND outcome <> 'failed'",
            [Value::text(schedule)],
        )
        .fetch_one(&mut *transaction)
        .await
        .doing(LAST)?;
        Read::of(&row, LAST).time_or_none()
    }

    /// The last runs, latest first.
    pub async fn runs(&self, limit: u32) -> Result<Vec<RunRow>, DatabaseError> {
        let mut transaction = self.read(LIST).await?;
        let rows = query(
            "SELECT seq, id, schedule, outcome, started_at, finished_at, recorded_at, summary FROM runs \
             ORDER BY seq DESC LIMIT $1",
            [Value::Int(i64::from(limit))],
        )
        .fetch_all(&mut *transaction)
        .await
        .doing(LIST)?;
        rows.iter()
            .map(|row| {
                let mut read = Read::of(row, LIST);
                Ok(RunRow {
                    seq: read.int()?,
                    id: read.text()?,
                    schedule: read.text_or_none()?,
                    outcome: read.text()?,
                    started_at: read.time()?,
                    finished_at: read.time()?,
                    recorded_at: read.time()?,
                    summary: read.json()?,
                })
            })
            .collect()
    }

    /// Findings, the worst first, then in the order of fingerprints.
    pub async fn findings(&self, filter: &FindingFilter) -> Result<Vec<Tracked>, DatabaseError> {
        let memory = self.memory().await?;
        let findings = memory.findings.into_values().map(|remembered| remembered.tracked);
        let mut findings: Vec<Tracked> = findings.filter(|finding| filter.takes(finding)).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(findings)
    }

    /// Everything that is remembered.
    pub async fn memory(&self) -> Result<Memory, DatabaseError> {
        let mut transaction = self.read("read what is remembered").await?;
        Ok(load(&mut transaction).await?.memory)
    }

    /// What is different between two runs, by cause, whichever is named first.
    pub async fn diff(&self, one: &str, other: &str) -> Result<Vec<Difference>, DatabaseError> {
        let mut transaction = self.read(VIEW).await?;
        let (one, other) = (numbers(&mut transaction, one).await?, numbers(&mut transaction, other).await?);
        let (before, after) = if one.seq <= other.seq { (one, other) } else { (other, one) };
        let places = Places::read(&mut transaction).await?;
        let latest = load_said(&mut transaction, &places.names).await?;
        let later = places.view(&mut transaction, &after, latest).await?;
        let earlier = places.view(&mut transaction, &before, later.said.clone()).await?;
        let between = causes(&mut transaction, before.seq, after.seq).await?;
        Ok(diff(&earlier, &later, &between))
    }

    /// What was known when a run was recorded, and how far the run itself had looked.
    pub async fn view(&self, run: &str) -> Result<View, DatabaseError> {
        let mut transaction = self.read(VIEW).await?;
        let run = numbers(&mut transaction, run).await?;
        let places = Places::read(&mut transaction).await?;
        let latest = load_said(&mut transaction, &places.names).await?;
        places.view(&mut transaction, &run, latest).await
    }
}

/// A run's row, as far as its view needs it.
struct Numbers {
    seq: i64,
    id: String,
    at: Timestamp,
    rules: Rules,
    read: Vec<i64>,
    listed: BTreeSet<i64>,
}

async fn numbers(connection: &mut AnyConnection, run: &str) -> Result<Numbers, DatabaseError> {
    let row = query(
        "SELECT r.seq, r.id, r.finished_at, u.palisade, u.controls, u.policy, seen.body, listed.body FROM runs r \
         JOIN rules u ON u.id = r.rules_id JOIN sets seen ON seen.id = r.read_set \
         JOIN sets listed ON listed.id = r.listed_set WHERE r.id = $1",
        [run.into()],
    )
    .fetch_optional(&mut *connection)
    .await
    .doing(VIEW)?;
    let Some(row) = row else { return Err(DatabaseError::NoSuchRun { run: run.to_owned() }) };
    let mut read = Read::of(&row, VIEW);
    Ok(Numbers {
        seq: read.int()?,
        id: read.text()?,
        at: read.time()?,
        rules: Rules { palisade: read.text()?, controls: read.json()?, policy: Print::from_bytes(read.print()?) },
        read: unpacked(&read.bytes()?),
        listed: unpacked(&read.bytes()?).into_iter().collect(),
    })
}

/// The clusters and places that are known today.
struct Places {
    names: BTreeMap<i64, ClusterId>,
    /// Where each cluster lives.
    homes: BTreeMap<ClusterId, (Provider, Scope)>,
    units: BTreeMap<(Provider, Scope), i64>,
}

impl Places {
    async fn read(connection: &mut AnyConnection) -> Result<Self, DatabaseError> {
        let mut loaded = Loaded::default();
        super::memory::load_places(connection, &mut loaded).await?;
        let homes = loaded.memory.clusters.iter();
        Ok(Self {
            names: cluster_names(&loaded),
            homes: homes.map(|(id, known)| (id.clone(), (known.provider, known.scope.clone()))).collect(),
            units: super::record::unit_ids(connection).await?,
        })
    }

    /// What was said at a run, from what was said later: every turn since is taken back, the latest first.
    async fn view(
        &self,
        connection: &mut AnyConnection,
        run: &Numbers,
        mut said: BTreeMap<Fingerprint, Said>,
    ) -> Result<View, DatabaseError> {
        let mut rows = query(
            "SELECT fingerprint, before_state, before_severity FROM turns WHERE run_seq > $1 ORDER BY run_seq DESC",
            [Value::Int(run.seq)],
        )
        .fetch(&mut *connection);
        while let Some(row) = rows.try_next().await.doing(VIEW)? {
            let mut read = Read::of(&row, VIEW);
            let fingerprint = Fingerprint::from_bytes(read.print()?);
            let (state, severity) = (read.word_or_none()?, read.word_or_none()?);
            if let Some(said) = said.get_mut(&fingerprint) {
                said.state = state;
                said.severity = severity.unwrap_or(said.severity);
            }
        }
        drop(rows);
        let mut rows = query("SELECT fingerprint FROM evaluations WHERE first_seq > $1", [Value::Int(run.seq)])
            .fetch(&mut *connection);
        while let Some(row) = rows.try_next().await.doing(VIEW)? {
            said.remove(&Fingerprint::from_bytes(Read::of(&row, VIEW).print()?));
        }
        drop(rows);
        let read: BTreeSet<ClusterId> = run.read.iter().filter_map(|id| self.names.get(id).cloned()).collect();
        if read.len() != run.read.len() {
            return Err(malformed(VIEW, format!("run `{}` read clusters that are not there", run.id)));
        }
        let homes = self.homes.iter().filter(|(cluster, home)| !read.contains(*cluster) && self.was_listed(run, home));
        let absent = homes.map(|(cluster, _)| cluster.clone()).collect();
        Ok(View { run: run.id.clone(), at: run.at, rules: run.rules.clone(), read, absent, said })
    }

    /// Whether a run had listed a place completely: it, or one around it that has no dark part.
    fn was_listed(&self, run: &Numbers, (provider, scope): &(Provider, Scope)) -> bool {
        let around =
            std::iter::successors(Some(scope.as_str()), |place| place.rsplit_once('/').map(|(outer, _)| outer));
        let mut units = around.filter_map(|place| self.units.get(&(*provider, Scope::new(place))));
        units.any(|unit| run.listed.contains(unit))
    }
}

/// Why things turned after one run and up to another.
async fn causes(
    connection: &mut AnyConnection,
    after: i64,
    until: i64,
) -> Result<BTreeMap<Fingerprint, BTreeSet<Cause>>, DatabaseError> {
    let mut causes: BTreeMap<Fingerprint, BTreeSet<Cause>> = BTreeMap::new();
    for sql in [
        "SELECT fingerprint, cause FROM turns WHERE run_seq > $1 AND run_seq <= $2",
        "SELECT fingerprint, first_cause FROM evaluations WHERE first_seq > $1 AND first_seq <= $2",
    ] {
        let mut rows = query(sql, [Value::Int(after), Value::Int(until)]).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await.doing(VIEW)? {
            let mut read = Read::of(&row, VIEW);
            let fingerprint = Fingerprint::from_bytes(read.print()?);
            causes.entry(fingerprint).or_default().insert(read.word()?);
        }
    }
    Ok(causes)
}
