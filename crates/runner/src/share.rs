//! A run that many processes read, each a part of it, and what puts the parts together.

use crate::{
    Crew, Judge, Plan, Scan, Scanned, Shard, ShareError, Target, TargetOutcome,
    gather::Gather,
    plan::{PlannedUnit, absent, plan},
    scan::Dark,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use palisade_model::Digest;
use palisade_provider::{DISCOVERY, Event, Pace, Provider, Snapshot};
use palisade_store::{Bodies, Pack, Share, SnapshotFolder, StoreError};
use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

/// How many results are fetched at once.
const AT_ONCE: usize = 16;

/// What a shard did.
#[derive(Debug)]
pub struct Part {
    /// Units of the whole run.
    pub all: usize,
    /// Units of this shard.
    pub mine: usize,
    /// Units that had a result already.
    pub there: usize,
    /// Units that were read.
    pub read: usize,
    /// Units that were not come to, and why: another process of this shard has to read them.
    pub left: usize,
    /// Of those that were read, the ones that did not answer a single call, by their target.
    pub dark: Vec<(String, Dark)>,
    /// Calls that were made, without those that looked for the units.
    pub calls: u64,
}

/// Reads the units of a shard and keeps each in the place that all shards share. What has a result is not read again, so a
/// shard that was interrupted is started once more.
pub async fn read_shard(
    targets: &[Target],
    scan: &Scan<'_>,
    (share, shard): (&Share, Shard),
    palisade: &str,
) -> Result<Part, ShareError> {
    let end = scan.time_limit.and_then(|limit| tokio::time::Instant::now().checked_add(limit));
    let pace = scan.pace();
    let (plan, bodies) = planned(targets, (scan, &pace), share, palisade).await?;
    let crew = &Crew::of(&plan, &bodies, targets, (scan, &pace)).await?;
    let all: Vec<PlannedUnit> = plan.units().collect();
    let is_mine = |unit: &PlannedUnit| {
        let provider = plan.targets.get(unit.target).map(|target| target.provider);
        provider.is_some_and(|provider| shard.reads(provider, &unit.unit.scope))
    };
    let mut part = Part { all: all.len(), mine: 0, there: 0, read: 0, left: 0, dark: Vec::new(), calls: 0 };
    let mine: Vec<PlannedUnit> = all.into_iter().filter(is_mine).collect();
    part.mine = mine.len();
    let there = share.units().await?;
    let work: Vec<PlannedUnit> = mine.into_iter().filter(|unit| !there.contains(&unit.id)).collect();
    part.there = part.mine - work.len();
    part.left = work.len();
    scan.progress.tell(Event::Units(work.len()));
    let mut results = stream::iter(work)
        .map(|unit| async move {
            if scan.is_stopped() {
                return Ok(None);
            }
            let Some(snapshot) = crew.read(&unit).await else { return Ok(None) };
            share.keep(&unit.id, &Pack::of(&snapshot)?).await?;
            Ok::<_, ShareError>(Some((unit, snapshot)))
        })
        .buffer_unordered(scan.units_at_once.max(1));
    loop {
        let next = match end {
            Some(end) => tokio::time::timeout_at(end, results.next()).await,
            None => Ok(results.next().await),
        };
        let Ok(Some(result)) = next else { break };
        let Some((unit, snapshot)) = result? else { continue };
        part.read += 1;
        part.left -= 1;
        let name = plan.targets.get(unit.target).map(|target| target.name.clone()).unwrap_or_default();
        part.dark.extend(Dark::of(&snapshot).map(|dark| (name, dark)));
        scan.progress.tell(Event::UnitDone);
    }
    drop(results);
    part.calls = crew.calls();
    Ok(part)
}

/// The plan that is there, or one of our own.
async fn planned(
    targets: &[Target],
    (scan, pace): (&Scan<'_>, &Arc<Pace>),
    share: &Share,
    palisade: &str,
) -> Result<(Plan, Bodies), ShareError> {
    let text = if let Some(text) = share.plan().await? {
        text
    } else {
        let (plan, bodies) = plan(targets, scan, pace, palisade).await?;
        share.propose(&plan.to_text()?, &bodies).await?
    };
    let plan = Plan::read(&text)?.of_version(palisade)?;
    let bodies = share.bodies(&plan.bodies()?).await?;
    Ok((plan, bodies))
}

/// Where results of units are.
pub trait Results: Sync {
    /// A unit's list of records; an error that says why when there is one that cannot be read.
    fn list(&self, unit: &str) -> impl Future<Output = Result<Option<String>, ShareError>> + Send;

    /// Bodies that lists name.
    fn bodies(&self, wanted: &BTreeSet<Digest>) -> impl Future<Output = Result<Bodies, ShareError>> + Send;
}

impl Results for Share {
    async fn list(&self, unit: &str) -> Result<Option<String>, ShareError> {
        Ok(self.unit(unit).await?)
    }

    async fn bodies(&self, wanted: &BTreeSet<Digest>) -> Result<Bodies, ShareError> {
        Ok(Self::bodies(self, wanted).await?)
    }
}

/// A unit whose result is not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// The target's name.
    pub target: String,
    /// The account, subscription or project.
    pub scope: String,
    /// Why.
    pub why: String,
}

/// What was put together.
#[derive(Debug)]
pub struct Merged {
    /// Units of the run.
    pub units: usize,
    /// Those without a result, in order. Each stands in the folder as a place that nobody could look at.
    pub missing: Vec<Missing>,
}

/// Writes all that processes read of a run into a folder, as if one process had read it. The bytes do not depend on who read
/// what or when it came. What is missing is written as what it is: a place whose clusters nobody listed. `why` says of
/// a unit that has no result why that is.
pub async fn merge(
    plan: &Plan,
    results: &impl Results,
    folder: &SnapshotFolder,
    provider_of: impl Fn(palisade_model::Provider) -> Option<Box<dyn Provider>>,
    why: &str,
) -> Result<Merged, ShareError> {
    let bodies = results.bodies(&plan.bodies()?).await?;
    for target in &plan.targets {
        Pack::open(&target.discovery, &bodies)?;
    }
    bodies.iter().try_for_each(|(digest, bytes)| folder.take_body(*digest, bytes))?;
    let mut missing = Vec::new();
    let mut miss = |unit: &PlannedUnit, why: String| -> Result<(), ShareError> {
        let Some(target) = plan.targets.get(unit.target) else { return Ok(()) };
        let provider = provider_of(target.provider)
            .ok_or_else(|| ShareError::Plan { why: format!("this program cannot read `{}`", target.provider) })?;
        let scope = &unit.unit.scope;
        folder.write(&absent(target, provider.cluster_list(), scope, &why, plan.planned_at))?;
        missing.push(Missing { target: target.name.clone(), scope: scope.clone(), why });
        Ok(())
    };
    for (position, target) in plan.targets.iter().enumerate() {
        folder.take_list(&target.discovery)?;
        for scope in &target.unlisted {
            let unit = palisade_provider::Unit { scope: scope.clone(), name: None };
            let unit = PlannedUnit { id: String::new(), target: position, unit };
            miss(&unit, "the target's list does not hold it".to_owned())?;
        }
    }
    let units: Vec<PlannedUnit> = plan.units().collect();
    let count = units.len();
    let mut fetched = stream::iter(units)
        .map(|unit| async move {
            let list = fetch(plan, results, folder, &unit).await?;
            Ok::<_, ShareError>((unit, list))
        })
        .buffer_unordered(AT_ONCE);
    while let Some((unit, found)) = fetched.try_next().await? {
        match found {
            Ok(Some(text)) => drop(folder.take_list(&text)?),
            Ok(None) => miss(&unit, why.to_owned())?,
            Err(damaged) => miss(&unit, damaged)?,
        }
    }
    drop(fetched);
    missing.sort();
    Ok(Merged { units: count, missing })
}

/// A unit's list, with its bodies in the folder. What is damaged is no result, and does not keep the others from being read.
async fn fetch(
    plan: &Plan,
    results: &impl Results,
    folder: &SnapshotFolder,
    unit: &PlannedUnit,
) -> Result<Result<Option<String>, String>, ShareError> {
    let fetched = async {
        let Some(text) = results.list(&unit.id).await? else { return Ok(None) };
        let place = Pack::place(&text)?;
        let target = plan.targets.get(unit.target).map(|target| (target.provider, target.name.clone()));
        if target.map(|(provider, name)| (provider, name, unit.unit.scope.clone())) != Some(place) {
            return Err(ShareError::Plan { why: "the result is of another unit".to_owned() });
        }
        let named: BTreeSet<Digest> = Pack::named(&text)?.into_iter().filter(|body| !folder.has_body(*body)).collect();
        for (digest, bytes) in results.bodies(&named).await? {
            folder.take_body(digest, &bytes)?;
        }
        folder.check_list(&text)?;
        Ok(Some(text))
    };
    match fetched.await {
        Ok(found) => Ok(Ok(found)),
        Err(error @ (ShareError::Plan { .. } | ShareError::Store(StoreError::Malformed { .. }))) => {
            Ok(Err(error.to_string()))
        }
        Err(ShareError::Store(StoreError::Read { path, source })) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(Err(format!("`{}` is not there", path.display())))
        }
        Err(error) => Err(error),
    }
}

/// Judges what was put together, as [`scan`](crate::scan) judges what it reads.
///
/// It gives way between units, so that whoever holds a lease meanwhile can give signs of life.
pub async fn judge_merged(
    plan: &Plan,
    folder: &SnapshotFolder,
    provider_of: impl Fn(palisade_model::Provider) -> Option<Box<dyn Provider>>,
    judge: &Judge<'_>,
) -> Result<Scanned, ShareError> {
    let (mut gather, mut outcomes) = (Gather::default(), Vec::with_capacity(plan.targets.len()));
    for target in &plan.targets {
        let provider = provider_of(target.provider)
            .ok_or_else(|| ShareError::Plan { why: format!("this program cannot read `{}`", target.provider) })?;
        let find = |scope: &str| -> Result<Snapshot, ShareError> {
            let found = folder.find(target.provider, &target.name, scope)?;
            found.ok_or_else(|| ShareError::Plan { why: format!("`{scope}` was not put together") })
        };
        let mut calls = BTreeSet::new();
        let discovery = find(DISCOVERY)?;
        count(&discovery, &mut calls);
        gather.take(&discovery, provider.as_ref(), judge, |_| ());
        let failures = discovery.failures().map(|(record, failure)| (record.call.to_string(), failure.clone()));
        let mut outcome = TargetOutcome {
            name: target.name.clone(),
            provider: target.provider,
            units: target.units.len() + target.unlisted.len(),
            clusters: 0,
            calls: 0,
            discovery_failures: failures.collect(),
            dark: Vec::new(),
        };
        for scope in target.units.iter().map(|unit| &unit.scope).chain(&target.unlisted) {
            let snapshot = find(scope)?;
            count(&snapshot, &mut calls);
            outcome.clusters += gather.take(&snapshot, provider.as_ref(), judge, |_| ());
            outcome.dark.extend(Dark::of(&snapshot));
            tokio::task::yield_now().await;
        }
        outcome.calls = calls.len() as u64;
        outcome.dark.sort_by(|a, b| a.scope.cmp(&b.scope));
        outcomes.push(outcome);
    }
    let (report, sighting) = gather.finish(judge);
    Ok(Scanned { report, outcomes, sighting, left: 0 })
}

/// A call that several units rest on stands in the list of each.
fn count(snapshot: &Snapshot, calls: &mut BTreeSet<u64>) {
    for record in snapshot.records() {
        let mut hasher = DefaultHasher::new();
        (&record.call, &record.scope, &record.params, record.page, record.at.as_nanosecond()).hash(&mut hasher);
        calls.insert(hasher.finish());
    }
}
