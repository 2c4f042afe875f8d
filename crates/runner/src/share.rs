//! A run that many processes read, each a part of it, and what puts the parts together.

use crate::{
    Crew, Judge, Plan, Scan, Scanned, Shard, ShareError, Target, TargetOutcome, Unfound,
    gather::Gather,
    plan::{PlannedUnit, absent, plan},
    scan::Dark,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use palisade_model::Digest;
use palisade_provider::{DISCOVERY, Event, FailureReason, Outcome, Pace, Provider, Record, Snapshot};
use palisade_store::{Bodies, Pack, Share, SnapshotFolder, StoreError};
use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
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
    /// Units that had a whole result already.
    pub there: usize,
    /// Units that were read.
    pub read: usize,
    /// Units that were not come to, or not read to their end: they have no result, and another process of this shard
    /// has to read them.
    pub left: usize,
    /// What said that the budget of calls was used up, when that is why units are left.
    pub spent: Option<String>,
    /// Of those that were read, the ones that did not answer a single call, by their target.
    pub dark: Vec<(String, Dark)>,
    /// The targets whose parts could not all be found: what was not found is in nobody's part.
    pub unfound: Vec<Unfound>,
    /// Calls that were sent, without those that looked for the units.
    pub calls: u64,
}

/// Reads the units of a shard and keeps each in the place that all shards share. What has a whole result is not read
/// again, so a shard that was interrupted is started once more, and one of which something was damaged.
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
    let (all, mine) = parts(&plan, shard);
    let mut part = Part {
        all,
        mine: mine.len(),
        there: 0,
        read: 0,
        left: 0,
        spent: None,
        dark: Vec::new(),
        unfound: plan.unfound(&bodies)?,
        calls: 0,
    };
    let work = without_result(&plan, share, mine).await?;
    part.there = part.mine - work.len();
    part.left = work.len();
    scan.progress.tell(Event::Units(work.len()));
    let is_spent = &AtomicBool::new(false);
    let mut results = stream::iter(work)
        .map(|(unit, attempt)| async move {
            if scan.is_stopped() || is_spent.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let Some(snapshot) = crew.read(&unit).await else { return Ok(None) };
            if let Some(why) = cut_short(&snapshot) {
                is_spent.store(true, Ordering::Relaxed);
                return Ok(Some(Err(why)));
            }
            share.keep(&unit.id, attempt, &Pack::of(&snapshot)?).await?;
            Ok::<_, ShareError>(Some(Ok((unit, snapshot))))
        })
        .buffer_unordered(scan.units_at_once.max(1));
    loop {
        let next = match end {
            Some(end) => tokio::time::timeout_at(end, results.next()).await,
            None => Ok(results.next().await),
        };
        let Ok(Some(result)) = next else { break };
        match result? {
            None => (),
            Some(Err(why)) => part.spent = Some(why),
            Some(Ok((unit, snapshot))) => {
                part.read += 1;
                part.left -= 1;
                let name = plan.targets.get(unit.target).map(|target| target.name.clone()).unwrap_or_default();
                part.dark.extend(Dark::of(&snapshot).map(|dark| (name, dark)));
                scan.progress.tell(Event::UnitDone);
            }
        }
    }
    drop(results);
    part.calls = crew.calls();
    Ok(part)
}

/// How many units there are, and those of a shard.
fn parts(plan: &Plan, shard: Shard) -> (usize, Vec<PlannedUnit>) {
    let all: Vec<PlannedUnit> = plan.units().collect();
    let is_mine = |unit: &PlannedUnit| {
        let provider = plan.targets.get(unit.target).map(|target| target.provider);
        provider.is_some_and(|provider| shard.reads(provider, &unit.unit.scope))
    };
    (all.len(), all.into_iter().filter(is_mine).collect())
}

/// What said that the budget of calls was used up before everything was asked. Whoever reads the unit with a budget
/// that suffices finds all of it, and nobody reads what has a result.
fn cut_short(snapshot: &Snapshot) -> Option<String> {
    let mut failures = snapshot.failures();
    let unasked = failures.find(|(_, failure)| failure.reason == FailureReason::NotAsked);
    unasked.map(|(_, failure)| failure.message.clone())
}

/// The plan that is there, or one of our own.
async fn planned(
    targets: &[Target],
    (scan, pace): (&Scan<'_>, &Arc<Pace>),
    share: &Share,
    palisade: &str,
) -> Result<(Plan, Bodies), ShareError> {
    let text = match share.plan().await? {
        Some(text) => text,
        None => match whole_plan(targets, (scan, pace), palisade).await {
            Ok((plan, bodies)) => share.propose(&plan.to_text()?, &bodies).await?,
            // Another process may have found everything meanwhile.
            Err(error @ (ShareError::Lost { .. } | ShareError::Spent { .. })) => share.plan().await?.ok_or(error)?,
            Err(error) => return Err(error),
        },
    };
    let plan = Plan::read(&text)?.of_version(palisade)?;
    let bodies = share.bodies(&plan.bodies()?).await?;
    Ok((plan, bodies))
}

/// A plan of our own, unless the budget of calls was used up before everything was looked for.
async fn whole_plan(
    targets: &[Target],
    (scan, pace): (&Scan<'_>, &Arc<Pace>),
    palisade: &str,
) -> Result<(Plan, Bodies), ShareError> {
    let (plan, bodies) = plan(targets, scan, pace, palisade).await?;
    for target in &plan.targets {
        if let Some(why) = cut_short(&Pack::open(&target.discovery, &bodies)?) {
            return Err(ShareError::Spent { why });
        }
    }
    Ok((plan, bodies))
}

/// The units that have no whole result, and under which attempt one is to be written.
async fn without_result(
    plan: &Plan,
    share: &Share,
    units: Vec<PlannedUnit>,
) -> Result<Vec<(PlannedUnit, u32)>, ShareError> {
    let named = &share.units().await?;
    stream::iter(units)
        .map(|unit| async move {
            let found = if named.contains(&unit.id) { find(plan, share, None, &unit).await? } else { Found::Nothing };
            Ok(match found {
                Found::Whole(_) => None,
                Found::Damaged { attempts, why } => {
                    tracing::warn!(
                        scope = unit.unit.scope,
                        why,
                        "what was read of a unit is damaged: it is read again"
                    );
                    Some((unit, attempts + 1))
                }
                Found::Nothing => Some((unit, Share::FIRST)),
            })
        })
        .buffered(AT_ONCE)
        .try_filter_map(|open| std::future::ready(Ok(open)))
        .try_collect()
        .await
}

/// Where results of units are.
pub trait Results: Sync {
    /// A unit's list of records; an error that says why when there is one that cannot be read.
    fn list(&self, unit: &str) -> impl Future<Output = Result<Option<String>, ShareError>> + Send;

    /// The same of a later attempt to read the unit, where a damaged list is not replaced.
    fn later(&self, _unit: &str, _attempt: u32) -> impl Future<Output = Result<Option<String>, ShareError>> + Send {
        std::future::ready(Ok(None))
    }

    /// Bodies that lists name.
    fn bodies(&self, wanted: &BTreeSet<Digest>) -> impl Future<Output = Result<Bodies, ShareError>> + Send;
}

impl Results for Share {
    async fn list(&self, unit: &str) -> Result<Option<String>, ShareError> {
        Ok(self.unit(unit, Self::FIRST).await?)
    }

    async fn later(&self, unit: &str, attempt: u32) -> Result<Option<String>, ShareError> {
        Ok(self.unit(unit, attempt).await?)
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
    /// The targets whose parts could not all be found: what was not found is not among the units.
    pub unfound: Vec<Unfound>,
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
    let unfound = plan.unfound(&bodies)?;
    bodies.iter().try_for_each(|(digest, bytes)| folder.take_body(*digest, bytes))?;
    let mut missing = Vec::new();
    let mut miss = |unit: &PlannedUnit, why: String| -> Result<(), ShareError> {
        let Some(target) = plan.targets.get(unit.target) else { return Ok(()) };
        let provider = provider_of(target.provider)
            .ok_or_else(|| ShareError::Plan { why: format!("this program cannot read `{}`", target.provider) })?;
        let scope = &unit.unit.scope;
        let of = (target.name.as_str(), target.provider);
        folder.write(&absent(of, provider.cluster_list(), scope, &why, plan.planned_at))?;
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
            let found = find(plan, results, Some(folder), &unit).await?;
            Ok::<_, ShareError>((unit, found))
        })
        .buffer_unordered(AT_ONCE);
    while let Some((unit, found)) = fetched.try_next().await? {
        match found {
            Found::Whole(text) => drop(folder.take_list(&text)?),
            Found::Damaged { why, .. } => miss(&unit, why)?,
            Found::Nothing => miss(&unit, why.to_owned())?,
        }
    }
    drop(fetched);
    missing.sort();
    Ok(Merged { units: count, missing, unfound })
}

/// What is there of a unit.
enum Found {
    /// A list of records that is whole, with all that it names.
    Whole(String),
    /// So many lists, none of which is, and why the first is not.
    Damaged {
        attempts: u32,
        why: String,
    },
    Nothing,
}

/// Looks for the first whole list of a unit. With a folder, its bodies are there then. What is damaged is no result,
/// and does not keep the others from being read.
async fn find(
    plan: &Plan,
    results: &impl Results,
    folder: Option<&SnapshotFolder>,
    unit: &PlannedUnit,
) -> Result<Found, ShareError> {
    let mut wrong = None;
    for attempt in Share::FIRST.. {
        let checked = async {
            let list = if attempt == Share::FIRST {
                results.list(&unit.id).await?
            } else {
                results.later(&unit.id, attempt).await?
            };
            let Some(text) = list else { return Ok(None) };
            check(plan, results, folder, (unit, &text)).await?;
            Ok::<_, ShareError>(Some(text))
        };
        match checked.await {
            Ok(Some(text)) => return Ok(Found::Whole(text)),
            // Somebody may have taken the first away, since it was damaged.
            Ok(None) if attempt == Share::FIRST => (),
            Ok(None) => break,
            Err(error) => {
                let why = damaged(error)?;
                wrong = Some((attempt, wrong.map_or(why, |(_, first)| first)));
            }
        }
    }
    Ok(wrong.map_or(Found::Nothing, |(attempts, why)| Found::Damaged { attempts, why }))
}

/// Whether a list is that of the unit and is whole, and so is all that it names.
async fn check(
    plan: &Plan,
    results: &impl Results,
    folder: Option<&SnapshotFolder>,
    (unit, text): (&PlannedUnit, &str),
) -> Result<(), ShareError> {
    let place = Pack::place(text)?;
    let target = plan.targets.get(unit.target).map(|target| (target.provider, target.name.clone()));
    if target.map(|(provider, name)| (provider, name, unit.unit.scope.clone())) != Some(place) {
        return Err(ShareError::Plan { why: "the result is of another unit".to_owned() });
    }
    let mut named = Pack::named(text)?;
    let Some(folder) = folder else {
        Pack::open(text, &results.bodies(&named).await?)?;
        return Ok(());
    };
    named.retain(|body| !folder.has_body(*body));
    for (digest, bytes) in results.bodies(&named).await? {
        folder.take_body(digest, &bytes)?;
    }
    Ok(folder.check_list(text)?)
}

/// What is wrong with a list that is no result; any other error is one of the place.
fn damaged(error: ShareError) -> Result<String, ShareError> {
    match error {
        ShareError::Plan { .. } | ShareError::Store(StoreError::Malformed { .. }) => Ok(error.to_string()),
        ShareError::Store(StoreError::Read { path, source }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(format!("`{}` is not there", path.display()))
        }
        error => Err(error),
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

/// A call that several units rest on stands in the list of each. What was not sent is no call.
fn count(snapshot: &Snapshot, calls: &mut BTreeSet<u64>) {
    for record in snapshot.records().iter().filter(|record| was_sent(record)) {
        let mut hasher = DefaultHasher::new();
        (&record.call, &record.scope, &record.params, record.page, record.at.as_nanosecond()).hash(&mut hasher);
        calls.insert(hasher.finish());
    }
}

fn was_sent(record: &Record) -> bool {
    !matches!(&record.outcome, Outcome::Failed(failure) if failure.reason == FailureReason::NotAsked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_provider::{Body, Failure, Params};

    #[test]
    fn what_was_not_sent_is_no_call_and_what_failed_is_one() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let record = |page, outcome| Record {
            call: Arc::from("eks:ListClusters"),
            scope: Arc::from("1"),
            params: Params::new(),
            page,
            last: true,
            at,
            exchange: None,
            outcome,
        };
        let failed = |reason| Outcome::Failed(Failure::new(reason, "no"));
        let records = vec![
            record(0, Outcome::Answered(Body::new(*b"{}"))),
            record(1, failed(FailureReason::Throttled)),
            record(2, failed(FailureReason::NotAsked)),
        ];
        let snapshot =
            Snapshot::new("acme".to_owned(), palisade_model::Provider::Aws, "1".to_owned(), (at, at), records);
        let mut calls = BTreeSet::new();
        count(&snapshot, &mut calls);
        count(&snapshot, &mut calls);
        assert_eq!(calls.len(), 2);
        assert_eq!(cut_short(&snapshot).as_deref(), Some("no"));
    }
}
