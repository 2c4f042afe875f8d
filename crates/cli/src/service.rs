//! `palisade run`, `serve`, `notify`, `findings` and `diff`: what remembers.

mod metrics;

use crate::{
    arguments::{Acknowledge, DiffRuns, Findings, ListFormat, MessageState, Notify, RunSchedule, Serve, Taking},
    exit::{self, Exit, WrongUsage},
    output::{self, Screen},
    progress::Line,
    providers,
    scan::{UNITS_AT_ONCE, complain_of_lost, configuration},
    schedules,
};
use anyhow::Context as _;
use jiff::Timestamp;
use metrics::Metrics;
use palisade_config::{Config, EvidenceFormat, Memory, ScheduleConfig, ScheduleTargets};
use palisade_controls::controls;
use palisade_engine::Severity;
use palisade_message::{Guides, Part, Sinks, Template, TemplateFile, Templates};
use palisade_notify::{Courier, Secrets, load};
use palisade_provider::Clock;
use palisade_report::plain;
use palisade_runner::Target;
use palisade_schedule::{Firing, Schedule};
use palisade_service::{Job, Post, Ran, Record, Service, Serving};
use palisade_store::{Database, DeliveryState, FindingFilter, SnapshotFolder};
use palisade_track::{Event, EventKind, Reading, Summary, Topic};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How often messages that wait are looked for while schedules are served.
const POST_EVERY: Duration = Duration::from_secs(5);

pub(crate) async fn run(wanted: &RunSchedule, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.config)?;
    let names: Vec<&str> = config.targets.iter().map(|target| target.name.as_str()).collect();
    let schedule = schedules::one(&wanted.name, &wanted.folder, &names)?
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
        time_limit: Duration::from_secs(u64::from(schedule.time_limit_minutes) * 60),
        evidence,
    })
}

/// Where the evidence of a run goes: a folder of its own.
fn folder(to: &str, config_path: &Path, schedule: &ScheduleConfig, firing: &Firing) -> PathBuf {
    let at = firing.at.strftime("%Y-%m-%dT%H%M%SZ").to_string();
    config_path.parent().unwrap_or(Path::new("")).join(to).join(&schedule.schedule.name).join(at)
}

fn export(schedule: &ScheduleConfig, config_path: &Path, firing: &Firing, record: &Record) -> anyhow::Result<()> {
    let Some(export) = &schedule.evidence else { return Ok(()) };
    let folder = folder(&export.to, config_path, schedule, firing);
    fs::create_dir_all(&folder).with_context(|| format!("could not make the folder `{}`", folder.display()))?;
    for form in &export.formats {
        let (name, format) = match form {
            EvidenceFormat::Snapshot => continue,
            EvidenceFormat::Json => ("evaluation.json", palisade_report::Format::Json),
            EvidenceFormat::Sarif => ("findings.sarif", palisade_report::Format::Sarif),
            EvidenceFormat::Csv => ("findings.csv", palisade_report::Format::Csv),
        };
        output::report_file(&folder.join(name), &record.report, format)?;
    }
    Ok(())
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
    let names: Vec<&str> = config.targets.iter().map(|target| target.name.as_str()).collect();
    let schedules = schedules::all(&wanted.folder, &names)?;
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
                missed(&service, &schedule.schedule.name).await?;
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
async fn missed(service: &Service, schedule: &str) -> anyhow::Result<()> {
    let Some(post) = &service.post else { return Ok(()) };
    let now = Timestamp::now();
    let event = Event {
        kind: EventKind::ScanMissed,
        at: now,
        run: None,
        schedule: Some(schedule.to_owned()),
        severity: Severity::High,
        topic: Topic::Run(Summary::default()),
    };
    let past = post.past(&service.database, now).await?;
    service.database.tell(std::slice::from_ref(&event), now, |events| post.routes(events, &past, now)).await?;
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

pub(crate) async fn notify(wanted: &Notify, screen: &Screen) -> anyhow::Result<Exit> {
    match wanted {
        Notify::List { state, config } => {
            let state = match state {
                MessageState::Ready => DeliveryState::Ready,
                MessageState::Leased => DeliveryState::Leased,
                MessageState::Done => DeliveryState::Done,
                MessageState::Dead => DeliveryState::Dead,
                MessageState::Suppressed => DeliveryState::Suppressed,
            };
            let database = memory(&configuration(config)?, config).await?;
            let mut text = String::new();
            for one in database.deliveries(state, 1000).await? {
                let _ = writeln!(
                    text,
                    "{:>6}  {:<24} {:<10} {} attempts  not before {}  {}",
                    one.id,
                    plain(&one.route),
                    one.state.name(),
                    one.attempts,
                    one.not_before.strftime("%Y-%m-%d %H:%M:%S UTC"),
                    plain(&one.last_error.unwrap_or_default())
                );
            }
            if text.is_empty() {
                let _ = writeln!(text, "no message is {}", state.name());
            }
            output::data(text.as_bytes(), None)?;
        }
        Notify::Replay { message, config } => {
            let database = memory(&configuration(config)?, config).await?;
            if !database.replay(*message, Timestamp::now()).await? {
                return Err(WrongUsage(format!(
                    "message {message} was not given up; `palisade notify list --state dead` tells those that were"
                ))
                .into());
            }
        }
        Notify::Send { config } => {
            let posted = service(&configuration(config)?, config).await?.deliver(&clock()).await?;
            let text = format!(
                "{} delivered, {} to be tried again, {} given up\n",
                posted.delivered, posted.retried, posted.dead
            );
            output::data(text.as_bytes(), None)?;
        }
        Notify::Test { channel, config } => return test(channel, config, screen).await,
    }
    Ok(Exit::Done)
}

/// Sends a code: whoever reads it in the channel has proof that messages arrive there.
async fn test(channel: &str, config_path: &Path, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(config_path)?;
    let post = post(&config, config_path)?.ok_or_else(no_sinks)?;
    let Some(known) = post.sinks.channel(channel) else {
        let names: Vec<&str> = post.sinks.channels.iter().map(|channel| channel.name.as_str()).collect();
        return Err(WrongUsage(format!("no channel is called `{channel}`; there is `{}`", names.join("`, `"))).into());
    };
    let now = Timestamp::now();
    let code = format!("{:06}", now.as_nanosecond().unsigned_abs() / 1_000 % 1_000_000);
    let event = Event {
        kind: EventKind::DeliveryFailing,
        at: now,
        run: None,
        schedule: None,
        severity: Severity::Info,
        topic: Topic::Channel {
            name: channel.to_owned(),
            why: format!("nothing: this is a test, and its code is {code}"),
            waiting: 0,
        },
    };
    let database = memory(&config, config_path).await?;
    post.introduce(&database).await?;
    let receipt = post.send_one(&database, known, event, now).await?;
    if let Some(error) = receipt.error {
        return Err(anyhow::Error::from(error).context(format!("the test did not reach `{channel}`")));
    }
    screen.note(&format!("sent. Look for the code {code} in `{channel}`: only seeing it there proves that it arrived"));
    Ok(Exit::Done)
}

pub(crate) async fn findings(wanted: &Findings, screen: &Screen) -> anyhow::Result<Exit> {
    match &wanted.command {
        Some(Acknowledge::Ack(Taking { fingerprint, by, note, config })) => {
            let database = memory(&configuration(config)?, config).await?;
            database.acknowledge(*fingerprint, by, note.as_deref(), Timestamp::now()).await?;
            screen.note(&plain(&format!("{by} has taken it on; its reminders stop until it is closed and comes back")));
            return Ok(Exit::Done);
        }
        Some(Acknowledge::Unack(Taking { fingerprint, by, note, config })) => {
            let database = memory(&configuration(config)?, config).await?;
            database.unacknowledge(*fingerprint, by, note.as_deref(), Timestamp::now()).await?;
            return Ok(Exit::Done);
        }
        None => (),
    }
    let database = memory(&configuration(&wanted.config)?, &wanted.config).await?;
    let filter = FindingFilter {
        closed: wanted.closed,
        at_least: wanted.at_least,
        provider: None,
        control: wanted.control.clone(),
        cluster: wanted.cluster.clone(),
    };
    let findings = database.findings(&filter).await?;
    if wanted.format == ListFormat::Json {
        output::json(&findings)?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for finding in &findings {
        let _ = writeln!(
            text,
            "{}  {:<8} {:<12} {}  {}  since {}{}\n    {}",
            finding.fingerprint,
            finding.severity,
            finding.standing.name(),
            finding.control,
            plain(&finding.cluster_name),
            finding.first_seen.strftime("%Y-%m-%d"),
            if finding.as_of > finding.last_seen || finding.standing.is_open() {
                String::new()
            } else {
                format!(", as of {}", finding.as_of.strftime("%Y-%m-%d"))
            },
            plain(finding.brief.as_ref().unwrap_or(&finding.because))
        );
    }
    let _ = writeln!(text, "{} findings", findings.len());
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

pub(crate) async fn diff(wanted: &DiffRuns) -> anyhow::Result<Exit> {
    let database = memory(&configuration(&wanted.config)?, &wanted.config).await?;
    let (earlier, later) = if let (Some(earlier), Some(later)) = (&wanted.earlier, &wanted.later) {
        (earlier.clone(), later.clone())
    } else {
        let runs = database.runs(2).await?;
        let [later, earlier] = runs.as_slice() else {
            return Err(WrongUsage("fewer than two runs are remembered".to_owned()).into());
        };
        (earlier.id.clone(), later.id.clone())
    };
    let differences = database.diff(&earlier, &later).await?;
    let mut text = format!("from run {earlier} to run {later}\n");
    for one in &differences {
        let _ = writeln!(
            text,
            "{:<9} {}  {}  {} -> {}",
            one.cause.name(),
            one.control,
            plain(one.cluster.as_str()),
            reading(one.before),
            reading(one.after)
        );
    }
    let _ = writeln!(text, "{} differences", differences.len());
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

fn no_sinks() -> anyhow::Error {
    WrongUsage("the configuration has no `sinks`: nobody is told anything".to_owned()).into()
}

/// Everything that runs of a configuration need.
async fn service(config: &Config, config_path: &Path) -> anyhow::Result<Service> {
    let database = memory(config, config_path).await?;
    let post = post(config, config_path)?;
    if let Some(post) = &post {
        post.introduce(&database).await?;
    }
    Ok(Service {
        database,
        post,
        policy: config.policy.clone(),
        palisade: env!("CARGO_PKG_VERSION"),
        holder: holder(),
        units_at_once: UNITS_AT_ONCE,
    })
}

/// The name of this process among those that share the memory.
fn holder() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}/{}", host.trim(), std::process::id())
}

async fn memory(config: &Config, config_path: &Path) -> anyhow::Result<Database> {
    Ok(match &config.service.database {
        Memory::File(name) => {
            let path = config_path.parent().unwrap_or(Path::new("")).join(name);
            Database::file(&path).await?
        }
        Memory::Server(place) => {
            let url = load(place, |name| std::env::var(name).ok())
                .with_context(|| format!("the address of the database is not at `{place}`"))?;
            Database::server(url.expose()).await?
        }
    })
}

fn post(config: &Config, config_path: &Path) -> anyhow::Result<Option<Post>> {
    let Some(sinks) = &config.sinks else { return Ok(None) };
    let places = sinks.channels.iter().flat_map(|channel| channel.kind.secrets());
    let secrets = Secrets::load(places, |name| std::env::var(name).ok()).map_err(|errors| {
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        WrongUsage(format!("secrets of `sinks` are missing:\n  {}", told.join("\n  ")))
    })?;
    let proxy = sinks.proxy_url.as_deref().map(url::Url::parse).transpose().context("`proxy_url` is no URL")?;
    let courier = Courier::new(secrets).through(proxy);
    let templates = templates(sinks, config_path)?;
    let guides = Guides::of(&controls());
    Ok(Some(Post::new(sinks.clone(), guides, templates, courier, config.service.installation.clone())))
}

fn templates(sinks: &Sinks, config_path: &Path) -> anyhow::Result<Templates> {
    let mut templates = Vec::new();
    for TemplateFile { event, channel, title_file, body_file } in &sinks.templates {
        for (part, file) in [(Part::Title, title_file), (Part::Body, body_file)] {
            let Some(name) = file else { continue };
            let path = config_path.parent().unwrap_or(Path::new("")).join(name);
            let text = fs::read_to_string(&path)
                .map_err(|error| WrongUsage(format!("could not read the template `{}`: {error}", path.display())))?;
            templates.push(Template { event: *event, channel: channel.clone(), part, name: name.clone(), text });
        }
    }
    Templates::check(templates, &sinks.channels).map_err(|mistakes| {
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        WrongUsage(format!("templates are wrong:\n  {}", told.join("\n  "))).into()
    })
}

fn reading(reading: Reading) -> String {
    match reading {
        Reading::Said { state, severity } => format!("{state} {severity}"),
        Reading::Absent => "absent".to_owned(),
        Reading::Unread => "not read".to_owned(),
        Reading::NotAsked => "not asked".to_owned(),
    }
}
