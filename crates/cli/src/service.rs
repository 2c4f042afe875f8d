//! `palisade run` and `serve`, and what else remembers.

pub(crate) mod evidence;
mod findings;
mod metrics;
mod notify;
pub(crate) mod opened;
mod serve;
pub(crate) mod stop;

pub(crate) use findings::{diff, findings};
pub(crate) use notify::notify;
pub(crate) use serve::serve;

use crate::{
    arguments::{Gate, RunSchedule},
    evidence::retention,
    exit::{self, Exit},
    output::{self, Screen},
    progress::Watch,
    providers,
    scan::{complain_of_lost, configuration},
    schedules, share,
};
use anyhow::{Context as _, bail};
use evidence::{export, folder, send_owed};
use jiff::Timestamp;
use opened::service;
use palisade_config::{Config, EvidenceFormat, ScheduleConfig, ScheduleTargets};
use palisade_controls::controls;
use palisade_provider::Clock;
use palisade_report::plain;
use palisade_runner::Target;
use palisade_schedule::{Firing, Schedule};
use palisade_service::{Helped, Job, Ran, Record, Service};
use palisade_store::{Ended, Share};
use palisade_track::{Event, EventKind, Summary, Topic};
use std::{collections::BTreeSet, fmt::Write as _, path::Path, sync::Arc, time::Duration};
use stop::on_signals;

/// The folder beside the configuration for what was read of runs that have not ended.
const UNFINISHED: &str = "palisade.unfinished";

pub(crate) async fn run(wanted: &RunSchedule, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.config)?;
    let schedule = schedules::one(&wanted.name, &wanted.folder, &config)?
        .with_context(|| format!("`{}` holds no schedule", wanted.folder.display()))?;
    let now = Timestamp::now();
    let firing = if wanted.now {
        schedule_at(&schedule.schedule, now)
    } else {
        schedule
            .schedule
            .previous(now)
            .with_context(|| format!("`{}` has never fired: `--now` makes a run of its own", schedule.schedule.name))?
    };
    let run = format!("{}/{}", schedule.schedule.name, firing.at.strftime(evidence::NAME));
    if let Some(part) = share::part(&wanted.sharding, &run)? {
        let job = job(&config, &wanted.config, &schedule, &firing);
        let limits = share::Limits {
            units_at_once: wanted.at_once,
            calls: providers::limits(&config),
            time: Some(job.time_limit),
        };
        return share::read(&job.targets, limits, &part, screen).await;
    }
    let service = Service { units_at_once: wanted.at_once, ..service(&config, &wanted.config, on_signals()?).await? };
    let how = match &wanted.merge {
        Some(place) => How::Parts(Share::open(place, std::env::vars())?.below(&run)),
        None if wanted.join => How::Together,
        None => How::Alone { tried_again: false },
    };
    match fire(&service, &config, &wanted.config, &schedule, (&firing, how), screen).await? {
        Ran::Helped(Helped { units, refused, calls }) => {
            service.deliver(&clock()).await?;
            let late = if refused == 0 { String::new() } else { format!(", {refused} more too late") };
            let told =
                format!("{}: {units} units read with {calls} calls{late}; recorded by another process\n", wanted.name);
            output::data(told.as_bytes(), None)?;
            Ok(Exit::Done)
        }
        Ran::Done(record) => {
            let lost = complain_of_lost(&record.outcomes, screen);
            tell(&schedule.schedule.name, &record)?;
            Ok(exit::of_report(&record.report, lost, wanted.gate.fail_on, wanted.gate.min_coverage))
        }
        Ran::Already(ended) => {
            service.deliver(&clock()).await?;
            run_before(&schedule, (&wanted.config, &firing), &ended, &wanted.gate, screen)
        }
        Ran::Elsewhere { by, until } => {
            screen
                .note(&plain(&format!("`{by}` is at this schedule and gave a sign of life: it has it until {until}")));
            Ok(Exit::Done)
        }
        Ran::Stopped | Ran::Lost(_) => {
            screen.note("stopped before the end: nothing is recorded, and the next run of this firing goes on");
            Ok(Exit::CouldNotRun)
        }
    }
}

/// How the program ends that is asked for a firing that was run before: as the run did, and never well while evidence of it
/// is missing. Whoever starts it again would take the end of this process for the end of the run.
fn run_before(
    schedule: &ScheduleConfig,
    (config_path, firing): (&Path, &Firing),
    ended: &Ended,
    gate: &Gate,
    screen: &Screen,
) -> anyhow::Result<Exit> {
    if let (true, Some(export)) = (ended.evidence_owed, &schedule.evidence) {
        let missing = folder(export, config_path, schedule, firing);
        let what = match export.bucket() {
            Some(address) => format!("was never sent to `{address}`"),
            None => "is not whole".to_owned(),
        };
        bail!(
            "the firing of {} was run before, and its evidence {what}: it is not in `{}`, so whoever recorded the run is still \
             at it, had another disk, or was lost in the middle; `palisade run {} --now` makes a run with evidence of its own",
            firing.at,
            missing.display(),
            schedule.schedule.name
        );
    }
    let exit = match &ended.upshot {
        Some(upshot) => exit::of_upshot(upshot, gate.fail_on, gate.min_coverage),
        None if ended.outcome == "failed" => Exit::CouldNotRun,
        None => Exit::Done,
    };
    let how = match exit {
        Exit::CouldNotRun => ", and a target could not be read at all",
        Exit::Incomplete => ", and is incomplete",
        Exit::Findings => ", and has findings at or above `--fail-on`",
        Exit::Done | Exit::Usage => "",
    };
    screen.note(&format!("the firing of {} was run before{how}: `--now` makes a run of its own", firing.at));
    Ok(exit)
}

fn clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// A firing that no cron line asks for.
fn schedule_at(schedule: &Schedule, at: Timestamp) -> Firing {
    Firing { nominal: schedule.local(at).0, at, daylight: palisade_schedule::Daylight::Ordinary }
}

/// Who runs a firing.
#[derive(Clone, Debug)]
enum How {
    /// This process.
    Alone {
        /// Whether it is tried again when nothing could be read.
        tried_again: bool,
    },
    /// Every process that is started like this one.
    Together,
    /// This process, from what shards have written here.
    Parts(Share),
}

async fn fire(
    service: &Service,
    config: &Config,
    config_path: &Path,
    schedule: &ScheduleConfig,
    (firing, how): (&Firing, How),
    screen: &Screen,
) -> anyhow::Result<Ran> {
    let mut job = job(config, config_path, schedule, firing);
    match &how {
        How::Alone { tried_again } => job.tried_again = *tried_again,
        How::Parts(share) => job.parts = Some(share.clone()),
        How::Together => (),
    }
    let watch = Arc::new(Watch::begin(screen.interactive)?);
    let progress = Arc::clone(&watch) as Arc<dyn palisade_provider::Progress>;
    let ran = match how {
        // Whoever fires schedules asks again by itself.
        How::Alone { tried_again: true } => service.run(&job, firing, &clock(), progress).await,
        How::Alone { tried_again: false } | How::Parts(_) => {
            service.run_or_take_over(&job, firing, &clock(), progress).await
        }
        How::Together => service.run_together(&job, firing, &clock(), progress).await,
    };
    watch.end(Some(&schedule.schedule.name)).await;
    let mut ran = ran?;
    match &mut ran {
        Ran::Done(record) => {
            export(schedule, (config, config_path), firing, record, &service.database).await?;
            retention::after_run(config, config_path).await;
        }
        Ran::Already(ended) if ended.evidence_owed => {
            ended.evidence_owed = !send_owed(schedule, config_path, firing, &service.database).await?;
        }
        Ran::Already(_) | Ran::Elsewhere { .. } | Ran::Stopped | Ran::Helped(_) | Ran::Lost(_) => (),
    }
    Ok(ran)
}

/// What a run of a schedule reads and asks.
fn job<'a>(config: &Config, config_path: &Path, schedule: &'a ScheduleConfig, firing: &Firing) -> Job<'a> {
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
        .map(|export| folder(export, config_path, schedule, firing).join("snapshot"));
    Job {
        schedule: &schedule.schedule.name,
        targets,
        controls: asked,
        routes: schedule.routes.as_deref(),
        time_limit: Duration::from_secs(u64::from(schedule.time_limit_minutes) * 60),
        evidence,
        owes_evidence: schedule.evidence.is_some(),
        unfinished: Some(config_path.parent().unwrap_or(Path::new("")).join(UNFINISHED)),
        tried_again: false,
        parts: None,
        normalizer: providers::normalizer,
    }
}

/// What a run read, found and told, in a few lines on stdout.
fn tell(schedule: &str, record: &Record) -> anyhow::Result<()> {
    let Summary { clusters, facts_known, facts_total, open, unread, .. } = &record.summary;
    let mut text = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "{schedule}: {clusters} clusters, {facts_known} of {facts_total} facts known");
    let open: Vec<String> = open.iter().map(|(severity, count)| format!("{count} {severity}")).collect();
    let _ = writeln!(text, "open: {}", if open.is_empty() { "nothing".to_owned() } else { open.join(", ") });
    if let Some(asked) = record.report.asked_in_words() {
        let _ = writeln!(text, "asked: {asked}");
    }
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
