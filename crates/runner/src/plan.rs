//! What a run consists of, said once for all processes that share it.

use crate::{
    Scan, Target,
    scan::{TIME_IS_UP, discovered},
};
use futures::future::join_all;
use jiff::Timestamp;
use palisade_model::{Digest, Provider};
use palisade_provider::{
    Body, Call, DISCOVERY, Discovery, Event, Failure, FailureReason, Outcome, Pace, Params, Progress, Record, Recorder,
    Snapshot, Unit,
};
use palisade_report::plain;
use palisade_store::{Bodies, DatabaseError, Pack, StoreError, unit_id};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// What every plan says of itself.
const SCHEMA: &str = "palisade.plan/v1";

/// A run could not be shared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// Something could not be kept or found.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database refused.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The plan is none.
    #[error("the plan of the run cannot be read: {why}")]
    Plan {
        /// Where and why.
        why: String,
    },
    /// Another version has planned the run.
    #[error(
        "the run was planned by Palisade {planned} and this is {here}: all processes of one run are of one version, because \
         another one may read otherwise"
    )]
    Version {
        /// The version that planned it.
        planned: String,
        /// This one.
        here: String,
    },
    /// The configuration is not the one that the run was planned with.
    #[error(
        "the run was planned with another configuration than that of this process: {}; all processes of one run have \
         one configuration",
        differences.join("; ")
    )]
    Configuration {
        /// In which targets.
        differences: Vec<String>,
    },
    /// Of some targets nothing was found, and a plan would leave them out for everybody.
    #[error(
        "the run is not planned, because it would be without a target: {}; start this process once more, which helps \
         when the failure passes, or take the target out of the configuration of all processes of the run",
        told(targets)
    )]
    Lost {
        /// Which.
        targets: Vec<Unfound>,
    },
    /// The budget of calls was used up before everything was found, and a plan would leave out the rest for everybody.
    #[error("the run is not planned, because not all of it was looked for: {why}")]
    Spent {
        /// What says so.
        why: String,
    },
}

fn told(targets: &[Unfound]) -> String {
    let each = targets.iter().map(|Unfound { target, failures, .. }| {
        let why = failures.first().map(|(call, failure)| format!(": `{call}`: {}", failure.message));
        plain(&format!("nothing of `{target}` was found{}", why.unwrap_or_default()))
    });
    each.collect::<Vec<_>>().join("; ")
}

/// What a run consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    schema: String,
    /// The version that planned it.
    pub palisade: String,
    /// When its parts were known.
    pub planned_at: Timestamp,
    /// Its targets.
    pub targets: Vec<PlannedTarget>,
}

/// A target of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTarget {
    /// Its name in the configuration.
    pub name: String,
    /// Its provider.
    pub provider: Provider,
    /// What decides what is read of it, as a digest. Every process that reads a part of it has the same.
    pub set_up: Digest,
    /// What is read of it.
    pub units: Vec<Unit>,
    /// What was asked for and is not in the target's list: nobody can read it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<String>,
    /// The discovery's list of records, as it is stored.
    pub discovery: String,
}

/// A target whose parts could not all be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfound {
    /// The target's name.
    pub target: String,
    /// Whether nothing of it is known. What was not asked since the run's budget was used up is not lost.
    pub is_lost: bool,
    /// The calls that failed while its parts were looked for. None: it said that it has no parts.
    pub failures: Vec<(String, Failure)>,
}

impl Unfound {
    fn of(target: &str, units: &[Unit], discovery: &Snapshot) -> Option<Self> {
        let failures = discovery.failures().map(|(record, failure)| (record.call.to_string(), failure.clone()));
        let failures: Vec<(String, Failure)> = failures.collect();
        let is_lost = units.is_empty() && failures.iter().all(|(_, failure)| failure.reason != FailureReason::NotAsked);
        (is_lost || !failures.is_empty()).then(|| Self { target: target.to_owned(), is_lost, failures })
    }
}

/// A unit of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedUnit {
    /// Its name among those of the run.
    pub id: String,
    /// The place of its target in the plan.
    pub target: usize,
    /// What is read.
    pub unit: Unit,
}

impl Plan {
    /// Reads a plan.
    pub fn read(text: &str) -> Result<Self, ShareError> {
        let plan: Self = serde_json::from_str(text).map_err(|error| ShareError::Plan { why: error.to_string() })?;
        if plan.schema != SCHEMA {
            let why = format!("its schema is `{}`, this program reads `{SCHEMA}`", plan.schema);
            return Err(ShareError::Plan { why });
        }
        Ok(plan)
    }

    /// Refuses to read what another version has planned.
    pub fn of_version(self, palisade: &str) -> Result<Self, ShareError> {
        if self.palisade == palisade {
            return Ok(self);
        }
        Err(ShareError::Version { planned: self.palisade, here: palisade.to_owned() })
    }

    /// As it is stored.
    pub fn to_text(&self) -> Result<String, ShareError> {
        serde_json::to_string(self).map_err(|error| ShareError::Plan { why: error.to_string() })
    }

    /// Every unit to be read, in the order of the targets.
    pub fn units(&self) -> impl Iterator<Item = PlannedUnit> {
        self.targets.iter().enumerate().flat_map(|(position, target)| {
            target.units.iter().map(move |unit| PlannedUnit {
                id: unit_id(target.provider, &target.name, &unit.scope),
                target: position,
                unit: unit.clone(),
            })
        })
    }

    /// The targets whose parts could not all be found. `bodies` are those that the discoveries rest on.
    pub fn unfound(&self, bodies: &Bodies) -> Result<Vec<Unfound>, StoreError> {
        let mut unfound = Vec::new();
        for PlannedTarget { name, units, discovery, .. } in &self.targets {
            unfound.extend(Unfound::of(name, units, &Pack::open(discovery, bodies)?));
        }
        Ok(unfound)
    }

    /// The bodies that the discoveries rest on.
    pub fn bodies(&self) -> Result<BTreeSet<Digest>, StoreError> {
        let mut named = BTreeSet::new();
        for target in &self.targets {
            named.append(&mut Pack::named(&target.discovery)?);
        }
        Ok(named)
    }
}

/// Finds out what the targets consist of. Returns the bodies of the answers beside it. When nothing of a target is
/// found because a call failed, nobody is to read the others as if they were all: whoever asks again may find it.
pub async fn plan(
    targets: &[Target],
    scan: &Scan<'_>,
    pace: &Arc<Pace>,
    palisade: &str,
) -> Result<(Plan, Bodies), ShareError> {
    let end = scan.time_limit.and_then(|limit| tokio::time::Instant::now().checked_add(limit));
    let recorders: Vec<Recorder> = targets.iter().map(|target| scan.recorder(target, pace)).collect();
    let discoveries = targets.iter().zip(&recorders);
    let found =
        join_all(discoveries.map(|(target, recorder)| discovered(target.provider.as_ref(), recorder, end))).await;
    let (mut planned, mut bodies, mut lost) = (Vec::with_capacity(targets.len()), Bodies::new(), Vec::new());
    for (target, (Discovery { mut units, snapshot }, is_whole)) in targets.iter().zip(found) {
        let unlisted = target.unlisted(&units);
        units.retain(|unit| target.reads(unit));
        units.sort();
        units.dedup_by(|a, b| a.scope == b.scope);
        let cut =
            (!is_whole).then(|| unread(target.provider.cluster_list(), DISCOVERY, TIME_IS_UP, snapshot.finished_at));
        let records = snapshot.records().iter().cloned().chain(cut).collect();
        let scopes = units.iter().map(|unit| unit.scope.clone()).chain(unlisted.iter().cloned());
        let mut snapshot = snapshot.with_records(records).of_parts(scopes);
        DISCOVERY.clone_into(&mut snapshot.scope);
        let unfound = Unfound::of(&target.name, &units, &snapshot);
        lost.extend(unfound.filter(|unfound| unfound.is_lost && !unfound.failures.is_empty()));
        let mut pack = Pack::of(&snapshot)?;
        bodies.append(&mut pack.bodies);
        planned.push(PlannedTarget {
            name: target.name.clone(),
            provider: target.provider.provider(),
            set_up: set_up(target)?,
            units,
            unlisted,
            discovery: pack.text,
        });
    }
    if !lost.is_empty() {
        return Err(ShareError::Lost { targets: lost });
    }
    let plan =
        Plan { schema: SCHEMA.to_owned(), palisade: palisade.to_owned(), planned_at: (scan.clock)(), targets: planned };
    Ok((plan, bodies))
}

/// What decides what is read of a target, as a digest. Secrets are not in it.
fn set_up(target: &Target) -> Result<Digest, ShareError> {
    let all = (&target.name, target.provider.provider(), target.provider.configured(), &target.scopes);
    let text = serde_json::to_string(&all).map_err(|error| ShareError::Plan { why: error.to_string() })?;
    Ok(Body::new(text.into_bytes()).digest())
}

/// Counts the questions that are sent, and passes on what it is told.
struct Sent {
    count: Arc<AtomicU64>,
    progress: Arc<dyn Progress>,
}

impl Progress for Sent {
    fn tell(&self, event: Event) {
        let is_sent = match &event {
            Event::Answered { .. } => true,
            Event::Failed { reason, .. } => *reason != FailureReason::NotAsked,
            Event::Throttled | Event::Units(_) | Event::UnitDone | Event::Clusters(_) => false,
        };
        self.count.fetch_add(u64::from(is_sent), Ordering::Relaxed);
        self.progress.tell(event);
    }

    fn read(&self, snapshot: &Snapshot) {
        self.progress.read(snapshot);
    }
}

/// What reads the units of a plan.
#[derive(Debug)]
pub struct Crew<'a> {
    /// The target of each target of the plan, and who writes down what it says.
    members: Vec<(&'a Target, Recorder)>,
    sent: Arc<AtomicU64>,
}

impl<'a> Crew<'a> {
    /// Makes targets ready to read what somebody planned. `bodies` are those that the plan's discoveries rest on.
    pub async fn of(
        plan: &Plan,
        bodies: &Bodies,
        targets: &'a [Target],
        (scan, pace): (&Scan<'_>, &Arc<Pace>),
    ) -> Result<Self, ShareError> {
        let sent = Arc::<AtomicU64>::default();
        let counted = Sent { count: Arc::clone(&sent), progress: Arc::clone(&scan.progress) };
        let scan = Scan { progress: Arc::new(counted), ..scan.clone() };
        let mut members = Vec::with_capacity(plan.targets.len());
        for (planned, target) in same_targets(plan, targets)? {
            target.provider.recall(&Pack::open(&planned.discovery, bodies)?).await;
            members.push((target, scan.recorder(target, pace)));
        }
        Ok(Self { members, sent })
    }

    /// Reads a unit. `None` when it is of no target of the plan.
    pub async fn read(&self, unit: &PlannedUnit) -> Option<Snapshot> {
        let (target, recorder) = self.members.get(unit.target)?;
        let snapshot = target.provider.collect(&unit.unit, &recorder.for_unit()).await;
        recorder.show(&snapshot);
        Some(snapshot)
    }

    /// How many questions were sent.
    pub fn calls(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

/// The targets of a plan with those of this process, which are the same and are set up alike.
fn same_targets<'p, 'a>(
    plan: &'p Plan,
    targets: &'a [Target],
) -> Result<Vec<(&'p PlannedTarget, &'a Target)>, ShareError> {
    let mut here: BTreeMap<(&str, Provider), &Target> =
        targets.iter().map(|target| ((target.name.as_str(), target.provider.provider()), target)).collect();
    let (mut same, mut differences) = (Vec::with_capacity(plan.targets.len()), Vec::new());
    for planned in &plan.targets {
        let PlannedTarget { name, provider, .. } = planned;
        match here.remove(&(name.as_str(), *provider)) {
            None => differences.push(plain(&format!("only the run has a target `{name}` ({provider})"))),
            Some(target) => {
                let here = set_up(target)?;
                if planned.set_up != here {
                    differences
                        .push(plain(&format!("`{name}` ({provider}) has other settings, or other parts to read")));
                }
                same.push((planned, target));
            }
        }
    }
    differences
        .extend(here.keys().map(|(name, provider)| format!("only this process has a target `{name}` ({provider})")));
    if differences.is_empty() { Ok(same) } else { Err(ShareError::Configuration { differences }) }
}

/// What stands for a unit that nobody read: its list of clusters, which did not come.
pub(crate) fn absent(
    (target, provider): (&str, Provider),
    list: &Call,
    scope: &str,
    why: &str,
    at: Timestamp,
) -> Snapshot {
    Snapshot::new(target.to_owned(), provider, scope.to_owned(), (at, at), vec![unread(list, scope, why, at)])
}

pub(crate) fn unread(list: &Call, scope: &str, why: &str, at: Timestamp) -> Record {
    Record {
        call: Arc::from(list.name),
        scope: Arc::from(scope),
        params: Params::new(),
        page: 0,
        last: true,
        at,
        exchange: None,
        outcome: Outcome::Failed(Failure::new(FailureReason::Unreachable, why)),
    }
}
