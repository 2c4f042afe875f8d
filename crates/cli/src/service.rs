//! `palisade run` and `serve`, and what else remembers.

pub(crate) mod evidence;
mod findings;
mod metrics;
mod notify;
pub(crate) mod opened;

pub(crate) use findings::{diff, findings};
pub(crate) use notify::notify;

use crate::{
    arguments::{RunSchedule, Serve},
    exit::{self, Exit},
    output::{self, Screen},
    progress::Line,
    providers,
    scan::{complain_of_lost, configuration},
    schedules,
};
use anyhow::Context as _;
use evidence::{export, folder};
use jiff::Timestamp;
use metrics::Metrics;
use opened::service;
use palisade_config::{Config, EvidenceFormat, ScheduleConfig, ScheduleTargets};
use palisade_controls::controls;
use palisade_engine::Severity;
use palisade_provider::Clock;
use palisade_report::plain;
use palisade_runner::Target;
use palisade_schedule::{Firing, Schedule};
use palisade_service::{Job, Ran, Record, Service, Serving};
use palisade_store::SnapshotFolder;
use palisade_track::{Event, EventKind, Summary, Topic};
use std::{collections::BTreeSet, fmt::Write as _, path::Path, sync::Arc, time::Duration};

/// How often messages that wait are looked for while schedules are served.
const POST_EVERY: Duration = Duration::from_secs(5);

pub(crate) async fn run(wanted: &RunSchedule, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.config)?;
    let schedule = schedules::one(&wanted.name, &wanted.folder, &config)?
        .with_context(|| format!("`{}` holds no schedule", wanted.folder.display()))?;
    let service = service(&config, &wanted.config).await?;
    let now = Timestamp::now();
    let firing = if wanted.now {
        schedule_at(&schedule.schedule, now)
    } else {
        schedule
            .schedule
            .previous(now)
            .with_context(|| format!("`{}` has never fired: `--now` makes a run of its own", schedule.schedule.name))?
    };
    match fire(&service, &config, &wanted.config, &schedule, &firing, screen).await? {
        Ran::Done(record) => {
            let lost = complain_of_lost(&record.outcomes, screen);
            tell(&schedule.schedule.name, &record)?;
            Ok(exit::of_report(&record.report, lost, wanted.gate.fail_on, wanted.gate.min_coverage))
        }
        Ran::Already => {
            service.deliver(&clock()).await?;
            screen.note(&format!("the firing of {} was run before: `--now` makes a run of its own", firing.at));
            Ok(Exit::Done)
        }
        Ran::Elsewhere { by, until } => {
            screen.note(&plain(&format!("`{by}` is at this schedule, and is waited for until {until}")));
            Ok(Exit::Done)
        }
    }
}

fn clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// A firing that no cron line asks for.
fn schedule_at(schedule: &Schedule, at: Timestamp) -> Firing {
    Firing { nominal: schedule.local(at).0, at, daylight: palisade_schedule::Daylight::Ordinary }
}

async fn fire(
    service: &Service,
    config: &Config,
    config_path: &Path,
    schedule: &ScheduleConfig,
    firing: &Firing,
    screen: &Screen,
) -> anyhow::Result<Ran> {
    let job = job(config, config_path, schedule, firing)?;
    let line = Arc::new(Line::new(screen.interactive));
    let progress = Arc::clone(&line) as Arc<dyn palisade_provider::Progress>;
    let ran = service.run(&job, firing, &clock(), progress).await;
    line.clear();
    let ran = ran?;
    if let Ran::Done(record) = &ran {
        export(schedule, config_path, firing, record)?;
    }
    Ok(ran)
}

/// What a run of a schedule reads and asks.
fn job<'a>(
    config: &Config,
    config_path: &Path,
    schedule: &'a ScheduleConfig,
    firing: &Firing,
) -> anyhow::Result<Job<'a>> {
    let targets: Vec<Target> = match &schedule.targets {
        ScheduleTargets::All => providers::targets(&config.targets),
        ScheduleTargets::Named(named) => named
            .iter()
            .flat_map(|one| {
                let found: Vec<_> = config.targets.iter().filter(|target| target.name == one.name).cloned().collect();
                let scopes = one.scopes.as_ref().map(|scopes| scopes.iter().cloned().collect::<BTreeSet<_>>());
                providers::targets(&found).into_iter().map(move |target| Target { scopes: scopes.clone(), ..target })
            })
            .collect(),
    };
    let asked: Vec<_> = controls().into_iter().filter(|control| schedule.controls.admits(control.meta)).collect();
    let evidence = schedule
        .evidence
        .as_ref()
        .filter(|export| export.formats.contains(&EvidenceFormat::Snapshot))
        .map(|export| SnapshotFolder::create(folder(&export.to, config_path, schedule, firing).join("snapshot")))
        .transpose()?;
    Ok(Job {
        schedule: &schedule.schedule.name,
        targets,
        controls: asked,
        routes: schedule.routes.as_deref(),
        time_limit: Duration::from_secs(u64::from(schedule.time_limit_minutes) * 60),
        evidence,
    })
}

/// What a run read, found and told, in a few lines on stdout.
fn tell(schedule: &str, record: &Record) -> anyhow::Result<()> {
    let Summary { clusters, facts_known, facts_total, open, unread, .. } = &record.summary;
    let mut text = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "{schedule}: {clusters} clusters, {facts_known} of {facts_total} facts known");
    let open: Vec<String> = open.iter().map(|(severity, count)| format!("{count} {severity}")).collect();
    let _ = writeln!(text, "open: {}", if open.is_empty() { "nothing".to_owned() } else { open.join(", ") });
    for place in unread.iter().take(5) {
        let _ = writeln!(text, "not read: {}: {}", plain(&place.scope), plain(&place.reason));
    }
    let is_news = |event: &&Event| !matches!(event.kind, EventKind::ScanCompleted | EventKind::ScanPartial);
    let news: Vec<&Event> = record.events.iter().filter(is_news).collect();
    if news.is_empty() {
        text.push_str("nothing changed\n");
    }
    for event in news {
        let _ = writeln!(text, "{}", line(event));
    }
    let posted = record.posted;
    let _ = writeln!(
        text,
        "messages: {} delivered, {} to be tried again, {} given up",
        posted.delivered, posted.retried, posted.dead
    );
    output::data(text.as_bytes(), None)
}

fn line(event: &Event) -> String {
    let (kind, severity) = (event.kind.name(), event.severity);
    plain(&match &event.topic {
        Topic::Finding { finding, .. } => format!(
            "{kind} {severity} {} {}: {}",
            finding.control,
            finding.cluster_name,
            finding.brief.as_ref().unwrap_or(&finding.because)
        ),
        Topic::Waiver { selector, owner, .. } => format!("{kind} {selector} of {owner}"),
        Topic::Run(summary) => format!("{kind} {}", summary.why.as_deref().unwrap_or_default()),
        Topic::Channel { name, why, .. } => format!("{kind} {name}: {why}"),
    })
}

pub(crate) async fn serve(wanted: &Serve, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.config)?;
    let schedules = schedules::all(&wanted.folder, &config, &wanted.config)?;
    let service = service(&config, &wanted.config).await?;
    let metrics = Arc::new(Metrics::default());
    if let Some(address) = config.service.listen {
        metrics::listen(address, Arc::clone(&metrics)).await?;
        screen.note(&format!("health and metrics at http://{address}"));
    }
    let mut serving = Serving::default();
    let plain_schedules: Vec<Schedule> = schedules.iter().map(|one| one.schedule.clone()).collect();
    serving.resume(&service.database, &plain_schedules).await?;
    // Before anybody is told that it is ready: a signal that came earlier would end it by force.
    let mut stop = Stop::listen()?;
    metrics.ready();
    screen.note(&format!("serving {} schedules; memory in {}", schedules.len(), service.database.address()));
    loop {
        for schedule in &schedules {
            let status = serving.look(&schedule.schedule, Timestamp::now());
            if status.missed > 0 {
                tracing::warn!(schedule = schedule.schedule.name, missed = status.missed, "firings were missed");
                missed(&service, schedule).await?;
            }
            if let Some(behind) = status.clock_behind {
                tracing::warn!(
                    schedule = schedule.schedule.name,
                    ?behind,
                    "the clock was set back: nothing runs before it has caught up"
                );
            }
            let Some(due) = status.run else { continue };
            // A run that fails is told and does not end the service: the next one may find the database again.
            match fire(&service, &config, &wanted.config, schedule, &due.firing, screen).await {
                Ok(Ran::Done(record)) => {
                    complain_of_lost(&record.outcomes, screen);
                    metrics.ran(&schedule.schedule.name, &record, Timestamp::now());
                    tell(&schedule.schedule.name, &record)?;
                }
                Ok(Ran::Already | Ran::Elsewhere { .. }) => (),
                Err(error) => {
                    metrics.failed(&schedule.schedule.name);
                    screen.complain(&error.context(format!("the run of `{}` failed", schedule.schedule.name)));
                }
            }
        }
        match service.deliver(&clock()).await {
            Ok(posted) => metrics.posted(posted),
            Err(error) => screen.complain(&anyhow::Error::from(error)),
        }
        tokio::select! {
            () = stop.asked() => break,
            () = tokio::time::sleep(POST_EVERY) => (),
        }
    }
    screen.note("stopped");
    Ok(Exit::Done)
}

/// Tells that a run should have been and was not.
async fn missed(service: &Service, schedule: &ScheduleConfig) -> anyhow::Result<()> {
    let Some(post) = &service.post else { return Ok(()) };
    let now = Timestamp::now();
    let event = Event {
        kind: EventKind::ScanMissed,
        at: now,
        run: None,
        schedule: Some(schedule.schedule.name.clone()),
        severity: Severity::High,
        topic: Topic::Run(Summary::default()),
    };
    let only = schedule.routes.as_deref();
    service.database.tell(std::slice::from_ref(&event), now, |events| post.routes(events, only, now)).await?;
    Ok(())
}

/// The ways in which somebody asks to stop.
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    /// From now on a signal does not end the process by itself.
    fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let on = |kind| signal(kind).context("could not listen for signals");
        Ok(Self { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
}
