//! `palisade serve`: fires schedules until somebody asks to stop.

use super::{
    How, clock, fire,
    metrics::{self, Health},
    opened::service,
    stop::on_signals,
    tell,
};
use crate::{
    arguments::Serve,
    exit::{Exit, WrongUsage},
    output::Screen,
    providers,
    scan::{complain_of_lost, configuration},
    schedules,
};
use jiff::{SignedDuration, Timestamp};
use palisade_config::{Config, ScheduleConfig};
use palisade_provider::Ledger;
use palisade_runner::Target;
use palisade_schedule::Schedule;
use palisade_service::{Ran, Service, ServiceError, Serving, Status, missed};
use sd_notify::NotifyState;
use std::{path::Path, sync::Arc, time::Duration};

/// How often schedules and messages that wait are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How often what time alone brings is looked for: reminders, and waivers that end.
const REMIND_EVERY: SignedDuration = SignedDuration::from_hours(1);

pub(crate) async fn serve(wanted: &Serve, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.config)?;
    let schedules = schedules::all(&wanted.folder, &config, &wanted.config)?;
    for ping in &config.service.pings {
        if !schedules.iter().any(|one| one.schedule.name == ping.schedule) {
            return Err(WrongUsage(format!("`service.pings` names `{}`, which is no schedule", ping.schedule)).into());
        }
    }
    // Before anybody is told that it is ready: a signal that came earlier would end it by force.
    let service = service(&config, &wanted.config, on_signals()?).await?;
    let health = Arc::new(Health::new());
    for Target { provider, .. } in providers::targets(&config.targets) {
        health.metrics.may_ask(&Ledger::blank(provider.provider(), provider.calls()).rows());
    }
    if let Some(address) = config.service.listen {
        metrics::listen(address, Arc::clone(&health)).await?;
        screen.note(&format!("health and metrics at http://{address}"));
    }
    let mut serving = Serving::default();
    let plain_schedules: Vec<Schedule> = schedules.iter().map(|one| one.schedule.clone()).collect();
    serving.resume(&service.database, &plain_schedules).await?;
    health.ready();
    tell_systemd(NotifyState::Ready);
    screen.note(&format!("serving {} schedules; memory in {}", schedules.len(), service.database.address()));
    let begun = Timestamp::now();
    let served = Served { service, config, config_path: &wanted.config, schedules, health, screen, begun };
    tokio::select! {
        ended = async { tokio::try_join!(served.turns(&mut serving), served.beats(), served.stopping()) } => ended?,
        never = served.is_alive() => never,
    };
    screen.note("stopped");
    Ok(Exit::Done)
}

/// Says how it is to whoever started it, if that is systemd.
fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd was not told");
    }
}

/// Everything that is served.
struct Served<'a> {
    service: Service,
    config: Config,
    config_path: &'a Path,
    schedules: Vec<ScheduleConfig>,
    health: Arc<Health>,
    screen: &'a Screen,
    /// Since when.
    begun: Timestamp,
}

impl Served<'_> {
    /// Runs what is due, one schedule after the other.
    async fn turns(&self, serving: &mut Serving) -> anyhow::Result<()> {
        loop {
            for schedule in &self.schedules {
                let status = serving.look(&schedule.schedule, Timestamp::now());
                self.turn(schedule, serving, &status).await?;
            }
            if self.pause().await {
                return Ok(());
            }
        }
    }

    async fn turn(&self, schedule: &ScheduleConfig, serving: &mut Serving, status: &Status) -> anyhow::Result<()> {
        let name = &schedule.schedule.name;
        if status.missed > 0 {
            tracing::warn!(schedule = name, missed = status.missed, "firings were missed");
        }
        if let Some(behind) = status.clock_behind {
            tracing::warn!(schedule = name, ?behind, "the clock was set back: nothing runs before it has caught up");
        }
        let Some(due) = &status.run else { return Ok(()) };
        let run = (&due.firing, How::Alone { tried_again: status.tried_again });
        // A run that fails is told and does not end the service: the next one may find the database again.
        match fire(&self.service, &self.config, self.config_path, schedule, run, self.screen).await {
            Ok(Ran::Done(record)) => {
                serving.ended(&schedule.schedule);
                complain_of_lost(&record.outcomes, self.screen);
                self.health.metrics.ran(name, &record, Timestamp::now());
                tell(name, &record)?;
            }
            Ok(Ran::Already(_) | Ran::Helped(_)) => serving.ended(&schedule.schedule),
            Ok(Ran::Elsewhere { until, .. }) => serving.elsewhere(&schedule.schedule, &due.firing, until),
            Ok(Ran::Stopped) => self.screen.note(&format!("the run of `{name}` goes on at the next start")),
            Ok(Ran::Lost(outcomes)) => {
                complain_of_lost(&outcomes, self.screen);
                self.failed(schedule, serving, &due.firing);
            }
            Err(error) if error.downcast_ref().is_some_and(ServiceError::is_overtaken) => {
                self.screen.note(&format!(
                    "another instance has taken over the run of `{name}`: nothing of this one is written"
                ));
                serving.elsewhere(&schedule.schedule, &due.firing, Timestamp::now());
            }
            Err(error) => {
                self.screen.complain(&error.context(format!("the run of `{name}` failed")));
                self.failed(schedule, serving, &due.firing);
            }
        }
        Ok(())
    }

    fn failed(&self, schedule: &ScheduleConfig, serving: &mut Serving, firing: &palisade_schedule::Firing) {
        self.health.metrics.failed(&schedule.schedule.name);
        if let Some(at) = serving.failed(&schedule.schedule, firing, Timestamp::now()) {
            let at = at.strftime("%H:%M:%S UTC");
            self.screen.note(&format!("`{}` is tried again at {at}", schedule.schedule.name));
        }
    }

    /// Delivers what waits, and looks whether a run is overdue: also while another run is under way.
    async fn beats(&self) -> anyhow::Result<()> {
        let mut reminded = None::<Timestamp>;
        loop {
            if reminded.is_none_or(|at| Timestamp::now().duration_since(at) >= REMIND_EVERY) {
                reminded = Some(Timestamp::now());
                if let Err(error) = self.service.remind(&clock()).await {
                    self.screen.complain(&error.into());
                }
            }
            for schedule in &self.schedules {
                if let Err(error) = self.watch(schedule).await {
                    self.screen.complain(&error.context("could not look whether a run is overdue"));
                }
            }
            match self.service.deliver(&clock()).await {
                Ok(posted) => self.health.metrics.posted(posted),
                Err(error) => self.screen.complain(&anyhow::Error::from(error)),
            }
            if self.pause().await {
                return Ok(());
            }
        }
    }

    /// Tells, once, that a run should have been and was not.
    async fn watch(&self, schedule: &ScheduleConfig) -> anyhow::Result<()> {
        let (database, name, now) = (&self.service.database, &schedule.schedule.name, Timestamp::now());
        let last = database.last_success(name).await?;
        let known = match last {
            Some(last) => last,
            None => database.first_begun(name).await?.map_or(self.begun, |first| first.min(self.begun)),
        };
        let event = missed(&schedule.schedule, last, known, now);
        self.health.metrics.watched(name, last, event.is_some());
        if let (Some(event), Some(post)) = (event, &self.service.post) {
            // One that was told before is not put in again.
            let only = schedule.routes.as_deref();
            let past = post.past(database, now).await?;
            let told = database.tell(&[event], now, |events| post.routes(events, only, &past, now)).await?;
            if told > 0 {
                tracing::warn!(schedule = name, "a run is overdue");
            }
        }
        Ok(())
    }

    /// Waits until it is time to look again. Whether somebody has asked to stop.
    async fn pause(&self) -> bool {
        tokio::select! {
            () = self.asked() => true,
            () = tokio::time::sleep(LOOK_EVERY) => false,
        }
    }

    /// Comes back when somebody has asked to stop.
    async fn asked(&self) {
        let mut stop = self.service.stop.clone();
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Says that it stops, when it does.
    async fn stopping(&self) -> anyhow::Result<()> {
        self.asked().await;
        tell_systemd(NotifyState::Stopping);
        self.screen.note(&format!(
            "stopping within {} s; a run that is not over goes on at the next start",
            self.service.grace.as_secs()
        ));
        Ok(())
    }

    /// Tells systemd that this is not stuck, if it wants to know. Never comes back.
    async fn is_alive(&self) -> ((), (), ()) {
        let Some(within) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
        loop {
            tell_systemd(NotifyState::Watchdog);
            tokio::time::sleep(within / 3).await;
        }
    }
}
