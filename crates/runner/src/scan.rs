//! Reads clouds and judges what they say.

use crate::{
    Judge,
    gather::Gather,
    plan::{absent, unread},
};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use palisade_provider::{
    CallLimits, Clock, Collect, DISCOVERY, Discovery, Event, Failure, FailureReason, Outcome, Pace, Progress, Record,
    Recorder, Snapshot, Unit,
};
use palisade_report::Report;
use palisade_store::{SnapshotFolder, StoreError};
use palisade_track::Sighting;
use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Something to read.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name in the configuration.
    pub name: String,
    /// What reads it.
    pub provider: Arc<dyn Collect>,
    /// The accounts, subscriptions or projects to read. `None`: all that it has.
    pub scopes: Option<BTreeSet<String>>,
}

impl Target {
    pub(crate) fn reads(&self, unit: &Unit) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&unit.scope))
    }

    /// What was asked for and is not among the units that were found.
    pub(crate) fn unlisted(&self, found: &[Unit]) -> Vec<String> {
        let listed: BTreeSet<&str> = found.iter().map(|unit| unit.scope.as_str()).collect();
        self.scopes.iter().flatten().filter(|scope| !listed.contains(scope.as_str())).cloned().collect()
    }
}

/// How to read.
#[derive(Clone)]
pub struct Scan<'a> {
    /// Where snapshots go, if they are kept.
    pub store: Option<&'a SnapshotFolder>,
    /// How many units are read at once.
    pub units_at_once: usize,
    /// What may be asked of the clouds at most.
    pub limits: CallLimits,
    /// After how long the run is ended. What was not read by then is a gap.
    pub time_limit: Option<Duration>,
    /// Where units that were read are kept until the run has ended, for whoever goes on with it.
    pub unfinished: Option<Unfinished<'a>>,
    /// Whether somebody has asked to stop: no unit is begun any more.
    pub stop: Option<watch::Receiver<bool>>,
    /// What time it is.
    pub clock: Clock,
    /// Who watches.
    pub progress: Arc<dyn Progress>,
}

/// Units of a run that has not ended.
#[derive(Clone, Copy, Debug)]
pub struct Unfinished<'a> {
    /// Where they are.
    pub folder: &'a SnapshotFolder,
    /// Those that were begun before are read again.
    pub not_before: Timestamp,
}

impl Unfinished<'_> {
    /// A unit that was read before and need not be read again. What did not answer may answer now.
    fn find(&self, target: &Target, unit: &Unit) -> Option<Snapshot> {
        let found = self.folder.find(target.provider.provider(), &target.name, &unit.scope);
        let snapshot = found.unwrap_or_else(|error| {
            tracing::warn!(%error, scope = unit.scope, "what was kept of a unit cannot be read: it is asked again");
            None
        })?;
        let lasts = |failure: &Failure| matches!(failure.reason, FailureReason::Unsupported | FailureReason::Denied);
        let is_whole = snapshot.failures().all(|(_, failure)| lasts(failure)) && Dark::of(&snapshot).is_none();
        (snapshot.started_at >= self.not_before && is_whole).then_some(snapshot)
    }

    /// Without it the unit is read again by whoever goes on: no reason to end a run.
    fn keep(&self, snapshot: &Snapshot) {
        if let Err(error) = self.folder.write(snapshot) {
            tracing::warn!(%error, "what was read is not kept for a run that goes on with it");
        }
    }
}

impl Scan<'_> {
    /// What bounds the calls of this process in the whole run.
    pub fn pace(&self) -> Arc<Pace> {
        Arc::new(Pace::default().limited(self.limits))
    }

    /// What writes down the answers to a target's calls.
    pub(crate) fn recorder(&self, target: &Target, pace: &Arc<Pace>) -> Recorder {
        let (clock, progress) = (Arc::clone(&self.clock), Arc::clone(&self.progress));
        Recorder::new(&target.name, clock, progress, Arc::clone(pace)).with_quotas(target.provider.quotas())
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| *stop.borrow())
    }
}

impl fmt::Debug for Scan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("store", &self.store)
            .field("units_at_once", &self.units_at_once)
            .finish_non_exhaustive()
    }
}

/// What came of one target.
#[derive(Clone, Debug)]
pub struct TargetOutcome {
    /// Its name in the configuration.
    pub name: String,
    /// The provider.
    pub provider: palisade_model::Provider,
    /// How many units were found.
    pub units: usize,
    /// How many clusters were found.
    pub clusters: usize,
    /// How many calls were recorded.
    pub calls: u64,
    /// Calls that failed while its parts were looked for.
    pub discovery_failures: Vec<(String, Failure)>,
    /// The units that did not answer a single call.
    pub dark: Vec<Dark>,
}

/// A unit that did not answer a single call, and what it said to the first one.
#[derive(Clone, Debug)]
pub struct Dark {
    /// The account, subscription or project.
    pub scope: String,
    /// The call.
    pub call: String,
    /// What went wrong.
    pub failure: Failure,
}

impl Dark {
    /// That a service is not in use somewhere is an answer.
    pub(crate) fn of(snapshot: &Snapshot) -> Option<Self> {
        let answered = |record: &Record| matches!(record.outcome, Outcome::Answered(_));
        if snapshot.records().iter().any(answered) {
            return None;
        }
        let (record, failure) =
            snapshot.failures().find(|(_, failure)| failure.reason != FailureReason::Unsupported)?;
        Some(Self { scope: record.scope.to_string(), call: record.call.to_string(), failure: failure.clone() })
    }
}

impl TargetOutcome {
    /// Whether nothing of the target could be looked at: its parts could not be listed, none of them answered, or the
    /// list was empty, which clouds answer when the credentials may see nothing. What was not asked since the run's budget was
    /// used up is not lost: nobody knows whether it would have answered.
    pub fn is_lost(&self) -> bool {
        let failures = self.discovery_failures.iter().map(|(_, failure)| failure);
        let mut failures = failures.chain(self.dark.iter().map(|dark| &dark.failure));
        self.dark.len() == self.units && failures.all(|failure| failure.reason != FailureReason::NotAsked)
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Scanned {
    /// Everything it says.
    pub report: Report,
    /// What came of each target.
    pub outcomes: Vec<TargetOutcome>,
    /// What it saw, for whoever remembers it: without the findings, which are the report's, and without by what it judged.
    pub sighting: Sighting<'static>,
    /// Units that were not come to, because somebody asked to stop: then this is no result.
    pub left: usize,
}

pub(crate) const TIME_IS_UP: &str = "the run's time limit was up";

/// What a target consists of, and whether it said so before the end of the run.
pub(crate) async fn discovered(
    provider: &dyn Collect,
    recorder: &Recorder,
    end: Option<tokio::time::Instant>,
) -> (Discovery, bool) {
    let discovery = provider.discover(recorder);
    let found = match end {
        Some(end) => tokio::time::timeout_at(end, discovery).await.ok(),
        None => Some(discovery.await),
    };
    match found {
        Some(found) => (found, true),
        // What was asked so far is kept.
        None => (Discovery { units: Vec::new(), snapshot: recorder.finish(provider.provider(), DISCOVERY) }, false),
    }
}

/// Reads the targets and judges. One target that cannot be read does not keep the others from being read; only a
/// snapshot that cannot be stored ends the run, because evidence that was asked for would be missing.
pub async fn scan(targets: &[Target], scan: &Scan<'_>, judge: &Judge<'_>) -> Result<Scanned, StoreError> {
    let end = scan.time_limit.and_then(|limit| tokio::time::Instant::now().checked_add(limit));
    let pace = scan.pace();
    let recorders: Vec<Recorder> = targets.iter().map(|target| scan.recorder(target, &pace)).collect();
    let mut gather = Gather::default();
    let mut outcomes = Vec::with_capacity(targets.len());
    let mut work: Vec<(usize, Unit)> = Vec::new();
    let mut left_out: Vec<(usize, String, &str)> = Vec::new();
    let discoveries = futures::future::join_all(
        targets.iter().zip(&recorders).map(|(target, recorder)| discovered(target.provider.as_ref(), recorder, end)),
    )
    .await;
    for (position, (target, (found, is_whole))) in targets.iter().zip(discoveries).enumerate() {
        let Discovery { mut units, mut snapshot } = found;
        let unknown = target.unlisted(&units);
        units.retain(|unit| target.reads(unit));
        if !is_whole {
            let cut = unread(target.provider.cluster_list(), DISCOVERY, TIME_IS_UP, snapshot.finished_at);
            snapshot = snapshot.with_records(snapshot.records().iter().cloned().chain([cut]).collect());
        }
        snapshot = snapshot.of_parts(units.iter().map(|unit| unit.scope.clone()).chain(unknown.iter().cloned()));
        DISCOVERY.clone_into(&mut snapshot.scope);
        let discovery_failures =
            snapshot.failures().map(|(record, failure)| (record.call.to_string(), failure.clone())).collect();
        outcomes.push(TargetOutcome {
            name: target.name.clone(),
            provider: target.provider.provider(),
            units: units.len() + unknown.len(),
            clusters: 0,
            calls: 0,
            dark: Vec::new(),
            discovery_failures,
        });
        if let Some(store) = scan.store {
            store.write(&snapshot)?;
        }
        scan.progress.read(&snapshot);
        gather.take(&snapshot, target.provider.as_ref(), judge, |_| ());
        left_out.extend(unknown.into_iter().map(|scope| (position, scope, "the target's list does not hold it")));
        work.extend(units.into_iter().map(|unit| (position, unit)));
    }
    let mut waiting: BTreeSet<(usize, String)> =
        work.iter().map(|(position, unit)| (*position, unit.scope.clone())).collect();
    scan.progress.tell(Event::Units(work.len()));
    let mut collected = stream::iter(work)
        .filter_map(|(position, unit)| {
            let found = targets.get(position).zip(recorders.get(position));
            std::future::ready(found.map(|(target, recorder)| (position, target, recorder.for_unit(), unit)))
        })
        .map(|(position, target, recorder, unit)| async move {
            if scan.is_stopped() {
                return None;
            }
            let kept = scan.unfinished.and_then(|unfinished| unfinished.find(target, &unit));
            let snapshot = if let Some(snapshot) = kept {
                snapshot
            } else {
                let snapshot = target.provider.collect(&unit, &recorder).await;
                scan.unfinished.iter().for_each(|unfinished| unfinished.keep(&snapshot));
                scan.progress.read(&snapshot);
                snapshot
            };
            Some((position, target, unit.scope, snapshot))
        })
        .buffer_unordered(scan.units_at_once.max(1));
    loop {
        let next = match end {
            Some(end) => tokio::time::timeout_at(end, collected.next()).await,
            None => Ok(collected.next().await),
        };
        let Ok(Some(next)) = next else { break };
        let Some((position, target, scope, snapshot)) = next else { continue };
        waiting.remove(&(position, scope));
        if let Some(store) = scan.store {
            store.write(&snapshot)?;
        }
        let clusters = gather.take(&snapshot, target.provider.as_ref(), judge, |_| ());
        if let Some(outcome) = outcomes.get_mut(position) {
            outcome.clusters += clusters;
            outcome.dark.extend(Dark::of(&snapshot));
        }
        scan.progress.tell(Event::UnitDone);
    }
    drop(collected);
    let left = if scan.is_stopped() { waiting.len() } else { 0 };
    left_out.extend(waiting.into_iter().map(|(position, scope)| (position, scope, TIME_IS_UP)));
    let at = (scan.clock)();
    for (position, scope, why) in left_out {
        if let Some((target, outcome)) = targets.get(position).zip(outcomes.get_mut(position)) {
            let list = target.provider.cluster_list();
            let absent = absent((&target.name, target.provider.provider()), list, &scope, why, at);
            if let Some(store) = scan.store {
                store.write(&absent)?;
            }
            gather.take(&absent, target.provider.as_ref(), judge, |_| ());
            outcome.dark.extend(Dark::of(&absent));
        }
    }
    for (outcome, recorder) in outcomes.iter_mut().zip(&recorders) {
        outcome.dark.sort_by(|a, b| a.scope.cmp(&b.scope));
        outcome.calls = recorder.calls();
    }
    let (report, sighting) = gather.finish(judge);
    Ok(Scanned { report, outcomes, sighting, left })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::Policy;
    use palisade_model::{Inventory, Scope, Unseen};
    use palisade_provider::{Call, Future, Per, Provider, Quiet};

    /// A cloud that takes every question and answers none.
    #[derive(Debug)]
    struct Silent;

    const LIST: Call = Call {
        name: "eks:ListClusters",
        permission: "eks:ListClusters",
        per: Per::Region,
        feeds: &[],
        redact: &[],
        purpose: "find clusters",
    };

    impl Provider for Silent {
        fn provider(&self) -> palisade_model::Provider {
            palisade_model::Provider::Aws
        }

        fn calls(&self) -> &'static [Call] {
            &[LIST]
        }

        fn cluster_list(&self) -> &'static Call {
            &LIST
        }

        fn normalize(&self, snapshot: &Snapshot) -> Inventory {
            let unseen = snapshot.failures().map(|(record, failure)| Unseen {
                scope: Scope::new(&*record.scope),
                gap: failure.gap(&LIST, &record.scope),
            });
            Inventory { clusters: Vec::new(), unseen: unseen.collect() }
        }
    }

    impl Collect for Silent {
        fn configured(&self) -> String {
            String::new()
        }

        fn discover<'a>(&'a self, _: &'a Recorder) -> Future<'a, Discovery> {
            Box::pin(std::future::pending())
        }

        fn recall<'a>(&'a self, _: &'a Snapshot) -> Future<'a, ()> {
            Box::pin(std::future::pending())
        }

        fn collect<'a>(&'a self, _: &'a Unit, _: &'a Recorder) -> Future<'a, Snapshot> {
            Box::pin(std::future::pending())
        }
    }

    /// How nothing is stored and the time is soon up.
    fn silent() -> Scan<'static> {
        Scan {
            store: None,
            units_at_once: 4,
            limits: CallLimits::default(),
            time_limit: Some(Duration::from_millis(20)),
            unfinished: None,
            stop: None,
            clock: Arc::new(|| "2026-11-29T00:00:00Z".parse().unwrap()),
            progress: Arc::new(Quiet),
        }
    }

    /// What was stored of a target: its discovery, and of these parts an empty list each.
    fn stored(parts: Option<&[&str]>, read: &[&str]) -> Report {
        let at: Timestamp = "2026-11-29T00:00:00Z".parse().unwrap();
        let snapshot = |scope: &str| {
            let cloud = palisade_model::Provider::Aws;
            Snapshot::new("acme".to_owned(), cloud, scope.to_owned(), (at, at), Vec::new())
        };
        let discovery = snapshot(DISCOVERY);
        let discovery = match parts {
            Some(parts) => discovery.of_parts(parts.iter().map(|part| (*part).to_owned())),
            None => discovery,
        };
        let all = std::iter::once(discovery).chain(read.iter().map(|scope| snapshot(scope)));
        let (controls, policy) = (palisade_controls::controls(), Policy::default());
        let judge = Judge { controls: &controls, policy: &policy, palisade: "test" };
        let silent = |_| Some(Box::new(Silent) as Box<dyn Provider>);
        crate::judge_each(all.map(Ok::<_, StoreError>), &[], silent, &judge).unwrap()
    }

    #[test]
    fn a_part_that_was_found_and_is_not_among_what_was_stored_is_a_gap_with_its_name() {
        let whole = stored(Some(&["1", "2"]), &["1", "2"]);
        assert_eq!((whole.gaps.len(), whole.unseen_places()), (0, 0));
        let half = stored(Some(&["1", "2"]), &["1"]);
        assert_eq!((half.gaps.len(), half.unseen_places()), (1, 1));
        assert_eq!((half.gaps[0].scope.as_str(), half.gaps[0].call.as_str()), ("2", LIST.name));
        assert!(half.coverage.known < half.coverage.total, "{:?}", half.coverage);
        assert_ne!(half.run.id, whole.run.id);
    }

    #[test]
    fn a_target_that_does_not_say_of_which_parts_it_consists_has_a_gap() {
        let untold = stored(None, &["1", "2"]);
        assert_eq!((untold.gaps.len(), untold.gaps[0].scope.as_str()), (1, "acme"));
    }

    #[tokio::test]
    async fn what_the_end_of_the_run_left_unread_is_in_what_was_stored() {
        let folder = tempfile::tempdir().unwrap();
        let store = SnapshotFolder::create(folder.path()).unwrap();
        let only = Some(BTreeSet::from(["111111111111".to_owned()]));
        let targets = [Target { name: "acme".to_owned(), provider: Arc::new(Silent), scopes: only }];
        let (controls, policy) = (palisade_controls::controls(), Policy::default());
        let judge = Judge { controls: &controls, policy: &policy, palisade: "test" };
        let scanned = scan(&targets, &Scan { store: Some(&store), ..silent() }, &judge).await.unwrap();
        let again = crate::replay(&[store], &[], |_| Some(Box::new(Silent)), &judge).unwrap();
        assert_eq!(again.gaps, scanned.report.gaps);
        assert_eq!((again.run.id, again.coverage), (scanned.report.run.id, scanned.report.coverage));
        let scopes: Vec<&str> = again.gaps.iter().map(|gap| gap.scope.as_str()).collect();
        assert_eq!(scopes, ["111111111111", DISCOVERY]);
    }

    #[tokio::test]
    async fn a_target_whose_parts_are_never_told_is_lost_when_the_time_is_up_and_nothing_of_it_is_known() {
        let targets = [Target { name: "acme".to_owned(), provider: Arc::new(Silent), scopes: None }];
        let (controls, policy) = (palisade_controls::controls(), Policy::default());
        let judge = Judge { controls: &controls, policy: &policy, palisade: "test" };
        let scanned = scan(&targets, &silent(), &judge).await.unwrap();
        let outcome = &scanned.outcomes[0];
        assert!(outcome.is_lost());
        assert_eq!(outcome.discovery_failures[0].1.message, TIME_IS_UP);
        assert_eq!((scanned.report.unseen_places(), scanned.report.findings.len()), (1, 0));
        assert_eq!(scanned.report.gaps.len(), 1);
    }
}
