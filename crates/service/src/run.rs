//! One run of a schedule.

use crate::{
    Pings, Post, Posted, ServiceError,
    unfinished::{FRESH, Kept},
};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::{Entry, Policy, State};
use palisade_model::{Inventory, Provider};
use palisade_notify::Sign;
use palisade_provider::{CallLimits, Clock, Progress};
use palisade_report::{History, Report, scores};
use palisade_runner::{Judge, Scan, Scanned, Target, TargetOutcome, Unfinished};
use palisade_schedule::Firing;
use palisade_store::{Database, DatabaseError, Ended, Ending, Fence, FiringClaim, Share, SnapshotFolder, Upshot};
use palisade_track::{Event, Rules, Summary};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Earlier runs whose scores a report shows.
const SCORES: u32 = 60;

/// What a service is made of.
#[derive(Debug)]
pub struct Service {
    /// Where everything is remembered.
    pub database: Database,
    /// What messages need. `None`: nobody is told anything.
    pub post: Option<Post>,
    /// Watchers outside.
    pub pings: Option<Pings>,
    /// What the organisation has decided.
    pub policy: Policy,
    /// The version of the program.
    pub palisade: &'static str,
    /// The name of this process among those that share the memory.
    pub holder: String,
    /// Units read at once.
    pub units_at_once: usize,
    /// What a run may ask of the clouds at most.
    pub limits: CallLimits,
    /// How long a firing is held without a sign of life. A run that goes on gives five in that time.
    pub lease: Duration,
    /// How long units in hand, and a message, may take after somebody asked to stop.
    pub grace: Duration,
    /// Whether somebody has asked to stop.
    pub stop: watch::Receiver<bool>,
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
    /// The routes its messages take, in their order. `None`: every route of the configuration.
    pub routes: Option<&'a [String]>,
    /// After how long it is ended.
    pub time_limit: Duration,
    /// The folder in which the raw answers are kept, if they are. It is made when there is something to keep.
    pub evidence: Option<PathBuf>,
    /// Whether whoever asks for the run keeps evidence of it: it is owed until they say that it is there.
    pub owes_evidence: bool,
    /// The folder for what was read of runs that have not ended, if there is one.
    pub unfinished: Option<PathBuf>,
    /// Whether it is tried again when it reads nothing. Then a run that reads nothing is not recorded.
    pub tried_again: bool,
    /// Where other processes write the parts of the run that they read. Then nothing is asked: the parts are waited for and put
    /// together.
    pub parts: Option<Share>,
    /// What can normalize what was read of a provider, where several processes read.
    pub normalizer: fn(Provider) -> Option<Box<dyn palisade_provider::Provider>>,
}

/// What came of asking for a run.
#[derive(Debug)]
pub enum Ran {
    /// It was run and recorded.
    Done(Box<Record>),
    /// This firing was run before, and ended so.
    Already(Ended),
    /// Another process is at this schedule.
    Elsewhere {
        /// Which.
        by: String,
        /// Until when it is waited for.
        until: Timestamp,
    },
    /// Somebody asked to stop. Nothing was recorded; the firing is free, and whoever runs it next goes on.
    Stopped,
    /// Units of a run that several processes share were read, and another process has recorded it or will.
    Helped(Helped),
    /// Nothing could be read. Nothing was recorded, and the firing is free to be tried again.
    Lost(Vec<TargetOutcome>),
}

/// What a process did for a run that another one has recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Helped {
    /// Units that it read.
    pub units: usize,
    /// Units that it read too late: they had gone to somebody else, and nothing was written.
    pub refused: usize,
    /// Calls that it made, without those that looked for the units.
    pub calls: u64,
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
    /// How the scores of earlier runs were.
    pub history: History,
}

impl Record {
    /// Whether nothing was read.
    pub fn is_lost(&self) -> bool {
        self.outcomes.iter().all(TargetOutcome::is_lost)
    }
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
        if *self.stop.borrow() {
            return Ok(Ran::Stopped);
        }
        let (now, schedule) = (clock(), job.schedule);
        let claim = self.database.claim_firing(schedule, firing.at, &self.holder, now, self.lease_from(now)).await?;
        let fence = match claim {
            FiringClaim::Done => return Ok(Ran::Already(self.ended(schedule, firing).await?)),
            FiringClaim::Busy { by, until } => return Ok(Ran::Elsewhere { by, until }),
            FiringClaim::Ours { fence, attempts } => {
                if attempts > 1 {
                    tracing::warn!(schedule, attempts, "going on with a run that was begun and not finished");
                }
                fence
            }
        };
        self.ping(schedule, Sign::Start, "").await;
        let recorded = self.read_and_record(job, firing, &fence, clock, progress).await;
        if !matches!(recorded, Ok(Ran::Done(_))) {
            // Nobody has to wait for the end of the lease. When it is not ours any more, nothing happens.
            if let Err(error) = self.database.release_lease(&fence, clock()).await {
                tracing::warn!(schedule, %error, "the firing is held until its lease ends");
            }
        }
        self.ping_end(schedule, &recorded).await;
        match recorded {
            Ok(Ran::Done(mut record)) => {
                record.posted = self.deliver(clock).await?;
                Ok(Ran::Done(record))
            }
            other => other,
        }
    }

    /// Runs a firing as [`Self::run`] does, for a process that nobody asks a second time. Where another process is at the
    /// schedule, it waits for a sign of life of that one: after it there is nothing to do. Without one until the end of
    /// the lease that one was lost, and its firing is taken over.
    pub async fn run_or_take_over(
        &self,
        job: &Job<'_>,
        firing: &Firing,
        clock: &Clock,
        progress: Arc<dyn Progress>,
    ) -> Result<Ran, ServiceError> {
        let mut stop = self.stop.clone();
        let mut seen = None;
        loop {
            let held = match self.run(job, firing, clock, Arc::clone(&progress)).await? {
                Ran::Elsewhere { by, until } => (by, until),
                ran => return Ok(ran),
            };
            match &seen {
                None => tracing::warn!(
                    schedule = job.schedule,
                    by = %held.0,
                    until = %held.1,
                    "another process is at this schedule: waiting for a sign of life of it"
                ),
                Some(before) if *before == held => (),
                Some(_) => return Ok(Ran::Elsewhere { by: held.0, until: held.1 }),
            }
            seen = Some(held);
            tokio::select! {
                () = tokio::time::sleep(self.lease / 5) => (),
                Ok(_) = stop.wait_for(|stop| *stop) => return Ok(Ran::Stopped),
            }
        }
    }

    /// How a firing ended that was run before.
    pub(crate) async fn ended(&self, schedule: &str, firing: &Firing) -> Result<Ended, ServiceError> {
        Ok(self.database.ended(schedule, firing.at).await?.unwrap_or_default())
    }

    pub(crate) async fn ping(&self, schedule: &str, sign: Sign, text: &str) {
        if let Some(pings) = &self.pings {
            pings.give(schedule, sign, text).await;
        }
    }

    /// Tells the watcher outside how a run ended. One that somebody stopped or took over has not ended.
    pub(crate) async fn ping_end(&self, schedule: &str, ran: &Result<Ran, ServiceError>) {
        match ran {
            Ok(Ran::Done(record)) if record.is_lost() => self.ping(schedule, Sign::Failure, "nothing was read").await,
            Ok(Ran::Done(record)) => {
                let Summary { clusters, facts_known, facts_total, .. } = &record.summary;
                let text = format!("{clusters} clusters, {facts_known} of {facts_total} facts known");
                self.ping(schedule, Sign::Success, &text).await;
            }
            Ok(Ran::Lost(_)) => self.ping(schedule, Sign::Failure, "nothing was read").await,
            Err(error) if !error.is_overtaken() => self.ping(schedule, Sign::Failure, &error.to_string()).await,
            Ok(Ran::Stopped | Ran::Already(_) | Ran::Elsewhere { .. } | Ran::Helped(_)) | Err(_) => (),
        }
    }

    /// Everything between the claim and the messages.
    async fn read_and_record(
        &self,
        job: &Job<'_>,
        firing: &Firing,
        fence: &Fence,
        clock: &Clock,
        progress: Arc<dyn Progress>,
    ) -> Result<Ran, ServiceError> {
        let schedule = job.schedule;
        let kept = job.unfinished.as_deref().and_then(|root| Kept::of(root, schedule, firing.at, self.palisade));
        let scanned = self.read(job, kept.as_ref(), fence, clock, progress).await?;
        let Some(scanned @ Scanned { left: 0, .. }) = scanned else { return Ok(Ran::Stopped) };
        let recorded = self.record(job, firing, fence, scanned, clock).await?;
        if let (Ran::Done(_), Some(kept)) = (&recorded, kept) {
            kept.forget();
        }
        Ok(recorded)
    }

    /// Records what was read and found, and ends the firing.
    pub(crate) async fn record(
        &self,
        job: &Job<'_>,
        firing: &Firing,
        fence: &Fence,
        scanned: Scanned,
        clock: &Clock,
    ) -> Result<Ran, ServiceError> {
        let schedule = job.schedule;
        let Scanned { report, outcomes, mut sighting, .. } = scanned;
        let is_lost = outcomes.iter().all(TargetOutcome::is_lost);
        if is_lost && job.tried_again {
            return Ok(Ran::Lost(outcomes));
        }
        sighting.schedule = Some(schedule.to_owned());
        sighting.reminders = self.post.as_ref().map(|post| post.reminders(job.routes)).unwrap_or_default();
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
        let route = |events: &[Event]| {
            post.as_ref().map(|(post, past)| post.routes(events, job.routes, past, now)).unwrap_or_default()
        };
        let outcome = if is_lost { "failed" } else { "done" };
        let ending = Ending {
            schedule,
            nominal: firing.at,
            outcome,
            upshot: Some(upshot(&report, outcomes.iter().any(TargetOutcome::is_lost))),
            owes_evidence: job.owes_evidence,
        };
        let recorded =
            self.database.record_firing(&sighting, &self.policy.waivers, now, (fence, &ending), route).await?;
        let history = self.scores(schedule, &report).await;
        let (events, summary) = (recorded.events, recorded.summary);
        Ok(Ran::Done(Box::new(Record { report, outcomes, events, summary, posted: Posted::default(), history })))
    }

    /// Remembers how healthy the fleet is, and tells how it was. The run is recorded by now, and nothing is decided by scores: a
    /// memory that does not take or give them is warned of.
    async fn scores(&self, schedule: &str, report: &Report) -> History {
        let kept = match scores(report) {
            Ok(text) => self.database.keep_scores(&report.run.id, &text).await,
            Err(error) => return warned(&error),
        };
        let known = match kept {
            Ok(()) => self.database.scores(Some(schedule), SCORES).await,
            Err(error) => Err(error),
        };
        match known {
            Ok(texts) => History::remembered(texts.iter().map(String::as_str)).before(&report.run.id),
            Err(error) => warned(&error),
        }
    }

    pub(crate) fn lease_from(&self, now: Timestamp) -> Timestamp {
        now.checked_add(SignedDuration::try_from(self.lease).unwrap_or(SignedDuration::MAX)).unwrap_or(Timestamp::MAX)
    }

    /// Comes back a while after somebody has asked to stop.
    pub(crate) async fn stopped(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop).await.is_err() {
            // Nobody is left who could ask.
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.grace).await;
    }

    /// Delivers what waits. A message that is under way when somebody asks to stop is waited for a while; after that it
    /// is delivered by the next process, under the same id.
    pub async fn deliver(&self, clock: &Clock) -> Result<Posted, ServiceError> {
        let Some(post) = &self.post else { return Ok(Posted::default()) };
        tokio::select! {
            posted = post.deliver(&self.database, clock) => posted,
            () = self.stopped() => Ok(Posted::default()),
        }
    }

    /// Reads and judges, and holds the firing meanwhile. Nothing, when somebody asked to stop and units in hand took too
    /// long.
    async fn read(
        &self,
        job: &Job<'_>,
        kept: Option<&Kept>,
        fence: &Fence,
        clock: &Clock,
        progress: Arc<dyn Progress>,
    ) -> Result<Option<Scanned>, ServiceError> {
        let last_run = self.database.runs(1).await?.first().map(|run| run.recorded_at);
        let unfinished = kept.map(|kept| Unfinished {
            folder: &kept.folder,
            // What another run has seen since is newer than what is kept.
            not_before: last_run.unwrap_or(Timestamp::MIN).max(clock().checked_sub(FRESH).unwrap_or(Timestamp::MIN)),
        });
        let evidence = job.evidence.as_ref().map(SnapshotFolder::create).transpose()?;
        let judge = Judge { controls: &job.controls, policy: &self.policy, palisade: self.palisade };
        let mut reading = std::pin::pin!(async {
            if let Some(parts) = &job.parts {
                let folder = evidence.as_ref().or(kept.map(|kept| &kept.folder));
                return self.put_together(job, parts, folder, &judge, clock).await;
            }
            let scan = Scan {
                store: evidence.as_ref(),
                units_at_once: self.units_at_once,
                limits: self.limits,
                time_limit: Some(job.time_limit),
                unfinished,
                stop: Some(self.stop.clone()),
                clock: Arc::clone(clock),
                progress,
            };
            Ok(Some(palisade_runner::scan(&job.targets, &scan, &judge).await?))
        });
        let mut stopped = std::pin::pin!(self.stopped());
        loop {
            tokio::select! {
                scanned = reading.as_mut() => return scanned,
                () = stopped.as_mut() => return Ok(None),
                () = tokio::time::sleep(self.lease / 5) => (),
            }
            match self.database.renew_lease(fence, self.lease_from(clock())).await {
                Ok(()) => (),
                Err(error @ DatabaseError::Fenced { .. }) => return Err(error.into()),
                // What was read is lost only if nobody answers when it is recorded.
                Err(error) => tracing::warn!(%error, "the lease could not be renewed"),
            }
        }
    }
}

/// What a run came to. `lost`: a target of it could not be read at all.
pub fn upshot(report: &Report, lost: bool) -> Upshot {
    let bad = report.findings.iter().filter(|finding| {
        matches!(finding.state, State::Fail | State::AttestMissing | State::AttestExpired) && !finding.waived
    });
    Upshot {
        lost,
        // A run that ended since its budget was used up has not looked at everything, whatever share of the facts that is.
        cut_short: report.asked().unasked > 0,
        facts_known: report.coverage.known,
        facts_total: report.coverage.total,
        worst: bad.map(|finding| finding.severity).max(),
    }
}

/// No history, because something is wrong with it.
fn warned(error: &dyn std::error::Error) -> History {
    tracing::warn!(%error, "the scores of this run, or of earlier ones, are not remembered");
    History::default()
}
