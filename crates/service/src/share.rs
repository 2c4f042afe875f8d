//! One run of a schedule that many processes share.
//!
//! Every process does the same. Whoever gets the lease of the firing leads: it says what the run consists of, and when
//! everything is read, puts it together, judges, records and tells. All of them, the leader too, take units that nobody reads
//! and write what they read. Whoever is lost is replaced: its units are taken by others when their leases end, and so is the
//! firing. Nothing is decided by who believes to be what: a unit's result shows the unit's token, and the run's record that of the
//! firing.

use crate::{Helped, Job, Ran, Service, ServiceError, unfinished::Kept};
use futures::{StreamExt as _, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use palisade_model::Digest;
use palisade_notify::Sign;
use palisade_provider::{Clock, Event, Pace, Progress};
use palisade_runner::{
    Crew, Judge, Merged, Plan, PlannedUnit, Results, Scan, Scanned, ShareError, judge_merged, merge, plan,
};
use palisade_schedule::Firing;
use palisade_store::{
    Bodies, ClaimedUnit, Database, DatabaseError, Fence, FiringClaim, Pack, Share, SharedPlan, SharedRun,
    SnapshotFolder, UnitTally,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long to wait before looking again whether there is something to do, at most.
const PAUSE: Duration = Duration::from_secs(2);

/// What a process is at in a run that it shares.
struct Shift<'a> {
    service: &'a Service,
    job: &'a Job<'a>,
    firing: &'a Firing,
    /// The run's name among those that are shared.
    run: String,
    clock: &'a Clock,
    progress: Arc<dyn Progress>,
    /// What bounds the calls of this process.
    pace: Arc<Pace>,
    held: Arc<Held>,
    /// Bodies that are kept for certain.
    there: Mutex<BTreeSet<Digest>>,
    helped: Mutex<Helped>,
}

/// What a process holds, and shows signs of life for.
#[derive(Default)]
struct Held {
    /// Held by the one that leads.
    fence: Mutex<Option<Fence>>,
    /// Units in hand.
    units: Mutex<BTreeSet<ClaimedUnit>>,
}

/// What came of asking for the lead.
enum Lead {
    Ours(Fence),
    Others,
    Done,
}

/// What reads, and what is to be read.
struct Hands<'a> {
    plan: Plan,
    crew: Crew<'a>,
    units: BTreeMap<String, PlannedUnit>,
    ends_at: Timestamp,
}

impl Service {
    /// Runs a firing of a schedule together with every process that is started like this. Comes back when it is recorded,
    /// whoever does that.
    pub async fn run_together(
        &self,
        job: &Job<'_>,
        firing: &Firing,
        clock: &Clock,
        progress: Arc<dyn Progress>,
    ) -> Result<Ran, ServiceError> {
        let shift = Shift {
            service: self,
            job,
            firing,
            run: format!("{} {}", job.schedule, firing.at),
            clock,
            progress,
            pace: Arc::new(Pace::default().limited(self.limits)),
            held: Arc::default(),
            there: Mutex::default(),
            helped: Mutex::default(),
        };
        // On its own: whatever this process is busy with, it shows that it lives.
        let (database, lease) = (self.database.clone(), self.lease);
        let beating =
            tokio::spawn(beat(database, shift.run.clone(), Arc::clone(&shift.held), Arc::clone(clock), lease));
        let ran = shift.work().await;
        beating.abort();
        shift.let_go().await;
        if shift.has_led() || matches!(ran, Ok(Ran::Done(_))) {
            self.ping_end(job.schedule, &ran).await;
        }
        match ran {
            Ok(Ran::Done(mut record)) => {
                record.posted = self.deliver(clock).await?;
                Ok(Ran::Done(record))
            }
            other => other,
        }
    }
}

impl Service {
    /// Waits until every part of a run that others read is there, or its time is up, and judges what is there. Nothing, when
    /// somebody asks to stop.
    pub(crate) async fn put_together(
        &self,
        job: &Job<'_>,
        parts: &Share,
        folder: Option<&SnapshotFolder>,
        judge: &Judge<'_>,
        clock: &Clock,
    ) -> Result<Option<Scanned>, ServiceError> {
        let Some(folder) = folder else { return Err(no_folder().into()) };
        let limit = signed(job.time_limit);
        let end = clock().checked_add(limit).unwrap_or(Timestamp::MAX);
        let plan = loop {
            if *self.stop.borrow() {
                return Ok(None);
            }
            let is_late = clock() >= end;
            match parts.plan().await? {
                Some(text) => {
                    let plan = Plan::read(&text)?;
                    let there = parts.units().await?;
                    if is_late || plan.units().all(|unit| there.contains(&unit.id)) {
                        break plan;
                    }
                }
                None if is_late => {
                    let why = format!("nobody has written one to `{}`", parts.place());
                    return Err(ShareError::Plan { why }.into());
                }
                None => (),
            }
            let mut stop = self.stop.clone();
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => (),
                Ok(_) = stop.wait_for(|stop| *stop) => (),
            }
        };
        let Merged { missing, .. } =
            merge(&plan, parts, folder, job.normalizer, "no shard has written what it read of it").await?;
        if !missing.is_empty() {
            tracing::warn!(schedule = job.schedule, missing = missing.len(), "units of the run were not read");
        }
        Ok(Some(judge_merged(&plan, folder, job.normalizer, judge).await?))
    }
}

fn no_folder() -> ShareError {
    ShareError::Plan { why: "there is no folder in which what was read could be put together".to_owned() }
}

impl<'a> Shift<'a> {
    /// Everything from the first question for the lead to the end of the run.
    async fn work(&self) -> Result<Ran, ServiceError> {
        let mut hands: Option<Hands<'a>> = None;
        loop {
            if self.is_stopped() {
                return Ok(Ran::Stopped);
            }
            let fence = match self.lead().await? {
                Lead::Done => return self.ended().await,
                Lead::Ours(fence) => Some(fence),
                Lead::Others => None,
            };
            let ours = match &hands {
                Some(hands) => hands,
                None => match (self.shared().await?, &fence) {
                    (Some(shared), _) => hands.insert(self.hands(&shared).await?),
                    (None, Some(fence)) => {
                        let planned = self.plan(fence).await;
                        self.unless_overtaken(planned)?;
                        continue;
                    }
                    (None, None) => {
                        self.pause().await;
                        continue;
                    }
                },
            };
            self.read(ours).await?;
            if self.is_stopped() {
                return Ok(Ran::Stopped);
            }
            let UnitTally { open, .. } = self.service.database.shared_tally(&self.run, (self.clock)()).await?;
            let is_over = open == 0 || (self.clock)() >= ours.ends_at;
            if let (true, Some(fence)) = (is_over, &fence) {
                let finished = self.finish(ours, fence).await;
                if let Some(ran) = self.unless_overtaken(finished)? {
                    return Ok(ran);
                }
                continue;
            }
            self.pause().await;
        }
    }

    /// Asks for the lead, or says that it is ours already.
    async fn lead(&self) -> Result<Lead, ServiceError> {
        if let Some(fence) = lock(&self.held.fence).clone() {
            return Ok(Lead::Ours(fence));
        }
        let Service { database, holder, .. } = self.service;
        let now = (self.clock)();
        let (schedule, until) = (self.job.schedule, self.service.lease_from(now));
        match database.claim_firing(schedule, self.firing.at, holder, now, until).await? {
            FiringClaim::Done => Ok(Lead::Done),
            FiringClaim::Busy { .. } => Ok(Lead::Others),
            FiringClaim::Ours { fence, attempts } => {
                *lock(&self.held.fence) = Some(fence.clone());
                if attempts > 1 {
                    tracing::warn!(schedule, attempts, "taking the lead of a run whose leader is lost");
                } else {
                    self.service.ping(schedule, Sign::Start, "").await;
                }
                Ok(Lead::Ours(fence))
            }
        }
    }

    /// What came, unless somebody else leads now: then nothing was written, and there is work to do as before.
    fn unless_overtaken<T>(&self, result: Result<T, ServiceError>) -> Result<Option<T>, ServiceError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_overtaken() => {
                tracing::warn!(schedule = self.job.schedule, "another process leads the run now");
                *lock(&self.held.fence) = None;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn shared(&self) -> Result<Option<SharedRun>, ServiceError> {
        Ok(self.service.database.shared_run(&self.run).await?)
    }

    /// Finds out what the run consists of, and says it.
    async fn plan(&self, fence: &Fence) -> Result<(), ServiceError> {
        let (plan, bodies) = plan(&self.job.targets, &self.scan(), &self.pace, self.service.palisade).await?;
        self.service.database.put_shared_bodies(&self.run, &bodies).await?;
        let units: Vec<String> = plan.units().map(|unit| unit.id).collect();
        self.progress.tell(Event::Units(units.len()));
        let now = (self.clock)();
        let limit = signed(self.job.time_limit);
        let ends_at = now.checked_add(limit).unwrap_or(Timestamp::MAX);
        let text = plan.to_text()?;
        let shared = SharedPlan { run: &self.run, schedule: self.job.schedule, plan: &text, units: &units, ends_at };
        self.service.database.share_run(&shared, now, fence).await?;
        Ok(())
    }

    async fn hands(&self, shared: &SharedRun) -> Result<Hands<'a>, ServiceError> {
        let plan = Plan::read(&shared.plan)?.of_version(self.service.palisade)?;
        let bodies = self.kept().bodies(&plan.bodies().map_err(ShareError::from)?).await?;
        let crew = Crew::of(&plan, &bodies, &self.job.targets, (&self.scan(), &self.pace)).await?;
        let units = plan.units().map(|unit| (unit.id.clone(), unit)).collect();
        Ok(Hands { plan, crew, units, ends_at: shared.ends_at })
    }

    /// Takes units and reads them until there is none to take and none in hand, the run's time is up, or somebody asks to stop
    /// and what is in hand takes too long.
    async fn read(&self, hands: &Hands<'_>) -> Result<(), ServiceError> {
        let Service { database, holder, units_at_once, .. } = self.service;
        let left = Duration::try_from(hands.ends_at.duration_since((self.clock)())).unwrap_or_default();
        let mut end = std::pin::pin!(tokio::time::sleep(left));
        let mut stopped = std::pin::pin!(self.service.stopped());
        let (mut reading, mut is_dry) = (FuturesUnordered::new(), false);
        loop {
            let free = units_at_once.saturating_sub(reading.len());
            // Some at a time: everybody asks the same table.
            if !is_dry && !self.is_stopped() && free > units_at_once / 4 {
                let claimed = database.claim_units(&self.run, holder, free, self.lease()).await?;
                is_dry = claimed.is_empty();
                lock(&self.held.units).extend(claimed.iter().cloned());
                reading.extend(claimed.into_iter().map(|unit| self.read_one(hands, unit)));
            }
            tokio::select! {
                done = reading.next() => if done.is_none() { break },
                () = end.as_mut() => break,
                () = stopped.as_mut() => break,
            }
        }
        drop(reading);
        let in_hand: Vec<ClaimedUnit> = std::mem::take(&mut *lock(&self.held.units)).into_iter().collect();
        database.release_units(&self.run, &in_hand).await?;
        lock(&self.helped).calls = hands.crew.calls();
        Ok(())
    }

    /// Reads a unit and writes what was read. What goes wrong with it is no reason not to read others: its lease ends, and
    /// somebody reads it again.
    async fn read_one(&self, hands: &Hands<'_>, claimed: ClaimedUnit) {
        let kept = async {
            let unit = hands
                .units
                .get(&claimed.unit)
                .ok_or_else(|| ShareError::Plan { why: format!("the unit `{}` is not in it", claimed.unit) })?;
            let Some(snapshot) = hands.crew.read(unit).await else { return Ok(()) };
            let pack = Pack::of(&snapshot)?;
            let new: Bodies = {
                let there = lock(&self.there);
                pack.bodies.into_iter().filter(|(digest, _)| !there.contains(digest)).collect()
            };
            let database = &self.service.database;
            database.put_shared_bodies(&self.run, &new).await?;
            lock(&self.there).extend(new.into_keys());
            database.finish_unit(&self.run, &claimed, &pack.text, (self.clock)()).await?;
            Ok::<(), ShareError>(())
        };
        let kept = kept.await;
        lock(&self.held.units).remove(&claimed);
        match kept {
            Ok(()) => {
                lock(&self.helped).units += 1;
                self.progress.tell(Event::UnitDone);
            }
            Err(ShareError::Database(DatabaseError::Fenced { .. })) => {
                lock(&self.helped).refused += 1;
                tracing::warn!(unit = claimed.unit, "a unit was read too late: it has gone to another process");
            }
            Err(error) => tracing::warn!(unit = claimed.unit, %error, "what was read of a unit is not kept"),
        }
    }

    /// Puts together what was read, judges it, records the run and ends the firing. What nobody has read by now is a gap.
    async fn finish(&self, hands: &Hands<'_>, fence: &Fence) -> Result<Ran, ServiceError> {
        let Shift { service, job, firing, .. } = self;
        let ended = service.database.close_shared_run(&self.run, fence).await?;
        let kept = job.unfinished.as_deref();
        let kept = kept.and_then(|root| Kept::of(root, job.schedule, firing.at, service.palisade));
        let folder = match (&job.evidence, &kept) {
            (Some(evidence), _) => SnapshotFolder::create(evidence)?,
            (None, Some(kept)) => kept.folder.clone(),
            (None, None) => return Err(no_folder().into()),
        };
        let is_late = (self.clock)() >= hands.ends_at;
        let why = if is_late { "the run's time limit was up" } else { "every process that read it was lost" };
        let Merged { missing, .. } = merge(&hands.plan, &self.kept(), &folder, job.normalizer, why).await?;
        if !missing.is_empty() {
            tracing::warn!(schedule = job.schedule, missing = missing.len(), ended, "units of the run were not read");
        }
        let judge = Judge { controls: &job.controls, policy: &service.policy, palisade: service.palisade };
        let scanned = judge_merged(&hands.plan, &folder, job.normalizer, &judge).await?;
        let ran = service.record(job, firing, fence, scanned, self.clock).await?;
        if let Ran::Done(_) = &ran {
            // It is recorded; what is left goes with the next run of the schedule.
            if let Err(error) = service.database.forget_shared_run(&self.run).await {
                tracing::warn!(schedule = job.schedule, %error, "what was kept of the shared run is still there");
            }
        }
        if let Some(kept) = kept {
            kept.forget();
        }
        Ok(ran)
    }

    /// Gives back what is held, so that nobody waits for the end of its lease.
    async fn let_go(&self) {
        let (fence, held) = (lock(&self.held.fence).clone(), std::mem::take(&mut *lock(&self.held.units)));
        let held: Vec<ClaimedUnit> = held.into_iter().collect();
        let database = &self.service.database;
        if let Err(error) = database.release_units(&self.run, &held).await {
            tracing::warn!(%error, "units are held until their leases end");
        }
        if let Some(fence) = fence
            && let Err(error) = database.release_lease(&fence, (self.clock)()).await
        {
            tracing::warn!(%error, "the firing is held until its lease ends");
        }
    }

    async fn ended(&self) -> Result<Ran, ServiceError> {
        let helped = *lock(&self.helped);
        if helped == Helped::default() {
            return Ok(Ran::Already(self.service.ended(self.job.schedule, self.firing).await?));
        }
        Ok(Ran::Helped(helped))
    }

    fn has_led(&self) -> bool {
        lock(&self.held.fence).is_some()
    }

    fn lease(&self) -> (&(dyn Fn() -> Timestamp + Send + Sync), SignedDuration) {
        (&**self.clock, signed(self.service.lease))
    }

    fn is_stopped(&self) -> bool {
        *self.service.stop.borrow()
    }

    async fn pause(&self) {
        let mut stop = self.service.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(PAUSE.min(self.service.lease / 5)) => (),
            Ok(_) = stop.wait_for(|stop| *stop) => (),
        }
    }

    fn scan(&self) -> Scan<'a> {
        Scan {
            store: None,
            units_at_once: self.service.units_at_once,
            limits: self.service.limits,
            time_limit: Some(self.job.time_limit),
            unfinished: None,
            stop: Some(self.service.stop.clone()),
            clock: Arc::clone(self.clock),
            progress: Arc::clone(&self.progress),
        }
    }

    fn kept(&self) -> KeptInDatabase<'_> {
        KeptInDatabase { database: &self.service.database, run: &self.run }
    }
}

/// Gives signs of life for what is held, as long as nobody ends it.
async fn beat(database: Database, run: String, held: Arc<Held>, clock: Clock, lease: Duration) {
    loop {
        tokio::time::sleep(lease / 5).await;
        let fence = lock(&held.fence).clone();
        if let Some(fence) = fence {
            let until = clock().checked_add(signed(lease)).unwrap_or(Timestamp::MAX);
            match database.renew_lease(&fence, until).await {
                Ok(()) => (),
                Err(DatabaseError::Fenced { .. }) => *lock(&held.fence) = None,
                Err(error) => tracing::warn!(%error, "the lease of the run could not be renewed"),
            }
        }
        let units: Vec<ClaimedUnit> = lock(&held.units).iter().cloned().collect();
        if let Err(error) = database.renew_units(&run, &units, (&*clock, signed(lease))).await {
            tracing::warn!(%error, "the leases of units could not be renewed");
        }
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// What processes wrote of a run into the memory.
struct KeptInDatabase<'a> {
    database: &'a Database,
    run: &'a str,
}

impl Results for KeptInDatabase<'_> {
    async fn list(&self, unit: &str) -> Result<Option<String>, ShareError> {
        Ok(self.database.unit_result(self.run, unit).await?)
    }

    async fn bodies(&self, wanted: &BTreeSet<Digest>) -> Result<Bodies, ShareError> {
        let bodies = self.database.shared_bodies(self.run, wanted).await?;
        match wanted.iter().find(|digest| !bodies.contains_key(digest)) {
            Some(missing) => Err(ShareError::Plan { why: format!("the body `{missing}` is not there") }),
            None => Ok(bodies),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
