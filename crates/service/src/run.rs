//! One run of a schedule.

use crate::{Post, Posted, ServiceError};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::{Entry, Policy};
use palisade_model::{Inventory, Provider};
use palisade_provider::{Clock, Progress};
use palisade_report::Report;
use palisade_runner::{Judge, Scan, Scanned, Target, TargetOutcome};
use palisade_schedule::Firing;
use palisade_store::{Database, Fence, FiringClaim, SnapshotFolder};
use palisade_track::{Event, Rules, Summary};
use std::{sync::Arc, time::Duration};

/// How long a firing is held without a sign of life.
const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// How often a run that goes on gives one.
const SIGN_OF_LIFE: Duration = Duration::from_mins(1);

/// What a service is made of.
#[derive(Debug)]
pub struct Service {
    /// Where everything is remembered.
    pub database: Database,
    /// What messages need. `None`: nobody is told anything.
    pub post: Option<Post>,
    /// What the organisation has decided.
    pub policy: Policy,
    /// The version of the program.
    pub palisade: &'static str,
    /// The name of this process among those that share the memory.
    pub holder: String,
    /// Units read at once.
    pub units_at_once: usize,
}

/// What one run of a schedule reads and asks.
#[derive(Debug)]
pub struct Job<'a> {
    /// The schedule's name.
    pub schedule: &'a str,
    /// What it reads.
    pub targets: Vec<Target>,
    /// What it asks.
    pub controls: Vec<Entry>,
    /// After how long it is ended.
    pub time_limit: Duration,
    /// Where the raw answers are kept, if they are.
    pub evidence: Option<SnapshotFolder>,
}

/// What came of asking for a run.
#[derive(Debug)]
pub enum Ran {
    /// It was run and recorded.
    Done(Box<Record>),
    /// This firing was run before.
    Already,
    /// Another process is at this schedule.
    Elsewhere {
        /// Which.
        by: String,
        /// Until when it is waited for.
        until: Timestamp,
    },
}

/// A run that was recorded.
#[derive(Debug)]
pub struct Record {
    /// Everything it says.
    pub report: Report,
    /// What came of each target.
    pub outcomes: Vec<TargetOutcome>,
    /// What is worth telling.
    pub events: Vec<Event>,
    /// What it read and found.
    pub summary: Summary,
    /// What became of the messages that waited.
    pub posted: Posted,
}

impl Service {
    /// Runs a firing of a schedule, unless somebody has.
    pub async fn run(
        &self,
        job: &Job<'_>,
        firing: &Firing,
        clock: &Clock,
        progress: Arc<dyn Progress>,
    ) -> Result<Ran, ServiceError> {
        let (now, schedule) = (clock(), job.schedule);
        let until = now.checked_add(LEASE).unwrap_or(now);
        let claim = self.database.claim_firing(schedule, firing.at, &self.holder, now, until).await?;
        let fence = match claim {
            FiringClaim::Done => return Ok(Ran::Already),
            FiringClaim::Busy { by, until } => return Ok(Ran::Elsewhere { by, until }),
            FiringClaim::Ours { fence, attempts } => {
                if attempts > 1 {
                    tracing::warn!(schedule, attempts, "taking over a run that was begun and not finished");
                }
                fence
            }
        };
        let Scanned { report, outcomes, mut sighting } = self.read(job, &fence, clock, progress).await?;
        sighting.schedule = Some(schedule.to_owned());
        sighting.rules = Rules::of(self.palisade, &job.controls, &self.policy);
        for provider in [Provider::Aws, Provider::Azure, Provider::Gcp, Provider::Kubernetes] {
            let findings = report.findings.iter().filter(|finding| finding.provider == provider);
            sighting.take(provider, &Inventory::default(), findings, []);
        }
        let now = clock();
        let post = match &self.post {
            Some(post) => Some((post, post.past(&self.database, now).await?)),
            None => None,
        };
        let route =
            |events: &[Event]| post.as_ref().map(|(post, past)| post.routes(events, past, now)).unwrap_or_default();
        let recorded = self.database.record_run(&sighting, &self.policy.waivers, now, Some(&fence), route).await?;
        let outcome = if outcomes.iter().all(TargetOutcome::is_lost) { "failed" } else { "done" };
        self.database.finish_firing(schedule, firing.at, &fence, outcome, clock()).await?;
        let posted = self.deliver(clock).await?;
        Ok(Ran::Done(Box::new(Record { report, outcomes, events: recorded.events, summary: recorded.summary, posted })))
    }

    /// Delivers what waits.
    pub async fn deliver(&self, clock: &Clock) -> Result<Posted, ServiceError> {
        match &self.post {
            Some(post) => post.deliver(&self.database, clock).await,
            None => Ok(Posted::default()),
        }
    }

    /// Reads and judges, and holds the firing meanwhile.
    async fn read(
        &self,
        job: &Job<'_>,
        fence: &Fence,
        clock: &Clock,
        progress: Arc<dyn Progress>,
    ) -> Result<Scanned, ServiceError> {
        let scan = Scan {
            store: job.evidence.as_ref(),
            units_at_once: self.units_at_once,
            time_limit: Some(job.time_limit),
            clock: Arc::clone(clock),
            progress,
        };
        let judge = Judge { controls: &job.controls, policy: &self.policy, palisade: self.palisade };
        let mut reading = std::pin::pin!(palisade_runner::scan(&job.targets, &scan, &judge));
        loop {
            if let Ok(scanned) = tokio::time::timeout(SIGN_OF_LIFE, reading.as_mut()).await {
                return Ok(scanned?);
            }
            let now = clock();
            let until = now.checked_add(LEASE).unwrap_or(now);
            self.database.renew_lease(fence, until).await?;
        }
    }
}
