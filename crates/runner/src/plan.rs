//! What a run consists of, said once for all processes that share it.

use crate::{
    Scan, Target,
    scan::{TIME_IS_UP, discovered},
};
use futures::future::join_all;
use jiff::Timestamp;
use palisade_model::Provider;
use palisade_provider::{
    Call, DISCOVERY, Discovery, Failure, FailureReason, Outcome, Pace, Params, Record, Recorder, Snapshot, Unit,
};
use palisade_store::{Bodies, DatabaseError, Pack, StoreError, unit_id};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
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
        "the run was planned with a target `{target}` ({provider}) and the configuration of this process has none: all \
         processes of one run have one configuration"
    )]
    Target {
        /// Its name.
        target: String,
        /// Its provider.
        provider: Provider,
    },
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
    /// What is read of it.
    pub units: Vec<Unit>,
    /// What was asked for and is not in the target's list: nobody can read it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<String>,
    /// The discovery's list of records, as it is stored.
    pub discovery: String,
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

    /// The bodies that the discoveries rest on.
    pub fn bodies(&self) -> Result<BTreeSet<palisade_model::Digest>, StoreError> {
        let mut named = BTreeSet::new();
        for target in &self.targets {
            named.append(&mut Pack::named(&target.discovery)?);
        }
        Ok(named)
    }
}

/// Finds out what the targets consist of. Returns the bodies of the answers beside it.
pub async fn plan(targets: &[Target], scan: &Scan<'_>, palisade: &str) -> Result<(Plan, Bodies), ShareError> {
    let end = scan.time_limit.and_then(|limit| tokio::time::Instant::now().checked_add(limit));
    let pace = Arc::new(Pace::default().limited(scan.limits));
    let recorder = |target: &Target| {
        Recorder::new(&target.name, Arc::clone(&scan.clock), Arc::clone(&scan.progress), Arc::clone(&pace))
            .with_quotas(target.provider.quotas())
    };
    let recorders: Vec<Recorder> = targets.iter().map(recorder).collect();
    let discoveries = targets.iter().zip(&recorders);
    let found =
        join_all(discoveries.map(|(target, recorder)| discovered(target.provider.as_ref(), recorder, end))).await;
    let (mut planned, mut bodies) = (Vec::with_capacity(targets.len()), Bodies::new());
    for (target, (Discovery { mut units, snapshot }, is_whole)) in targets.iter().zip(found) {
        let unlisted = target.unlisted(&units);
        units.retain(|unit| target.reads(unit));
        units.sort();
        units.dedup_by(|a, b| a.scope == b.scope);
        let cut =
            (!is_whole).then(|| unread(target.provider.cluster_list(), DISCOVERY, TIME_IS_UP, snapshot.finished_at));
        let records = snapshot.records().iter().cloned().chain(cut).collect();
        let times = (snapshot.started_at, snapshot.finished_at);
        let mut pack =
            Pack::of(&Snapshot::new(snapshot.target, snapshot.provider, DISCOVERY.to_owned(), times, records))?;
        bodies.append(&mut pack.bodies);
        planned.push(PlannedTarget {
            name: target.name.clone(),
            provider: target.provider.provider(),
            units,
            unlisted,
            discovery: pack.text,
        });
    }
    let plan =
        Plan { schema: SCHEMA.to_owned(), palisade: palisade.to_owned(), planned_at: (scan.clock)(), targets: planned };
    Ok((plan, bodies))
}

/// What reads the units of a plan.
#[derive(Debug)]
pub struct Crew<'a> {
    /// The target of each target of the plan, and who writes down what it says.
    members: Vec<(&'a Target, Recorder)>,
}

impl<'a> Crew<'a> {
    /// Makes targets ready to read what somebody planned. `bodies` are those that the plan's discoveries rest on.
    pub async fn of(plan: &Plan, bodies: &Bodies, targets: &'a [Target], scan: &Scan<'_>) -> Result<Self, ShareError> {
        let pace = Arc::new(Pace::default().limited(scan.limits));
        let by_name: BTreeMap<(&str, Provider), &Target> =
            targets.iter().map(|target| ((target.name.as_str(), target.provider.provider()), target)).collect();
        let mut members = Vec::with_capacity(plan.targets.len());
        for planned in &plan.targets {
            let target = *by_name
                .get(&(planned.name.as_str(), planned.provider))
                .ok_or_else(|| ShareError::Target { target: planned.name.clone(), provider: planned.provider })?;
            target.provider.recall(&Pack::open(&planned.discovery, bodies)?).await;
            let (clock, progress) = (Arc::clone(&scan.clock), Arc::clone(&scan.progress));
            let recorder = Recorder::new(&target.name, clock, progress, Arc::clone(&pace));
            members.push((target, recorder.with_quotas(target.provider.quotas())));
        }
        Ok(Self { members })
    }

    /// Reads a unit. `None` when it is of no target of the plan.
    pub async fn read(&self, unit: &PlannedUnit) -> Option<Snapshot> {
        let (target, recorder) = self.members.get(unit.target)?;
        let snapshot = target.provider.collect(&unit.unit, &recorder.for_unit()).await;
        recorder.show(&snapshot);
        Some(snapshot)
    }

    /// How many calls were made.
    pub fn calls(&self) -> u64 {
        self.members.iter().map(|(_, recorder)| recorder.calls()).sum()
    }
}

/// What stands for a unit that nobody read: its list of clusters, which did not come.
pub(crate) fn absent(target: &PlannedTarget, list: &Call, scope: &str, why: &str, at: Timestamp) -> Snapshot {
    let records = vec![unread(list, scope, why, at)];
    Snapshot::new(target.name.clone(), target.provider, scope.to_owned(), (at, at), records)
}

fn unread(list: &Call, scope: &str, why: &str, at: Timestamp) -> Record {
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
