//! `palisade schedules`: check, preview and explain recurring runs.

use crate::{
    arguments::{CheckSchedules, ExplainSchedule, NextFirings, Schedules},
    exit::{Exit, WrongSchedules, WrongUsage},
    output::{self, Screen},
    paths, scan,
};
use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use palisade_config::{
    Config, EvidenceFormat, Known, ScheduleConfig, ScheduleTargets, Selection, Source, check_schedules_of_routes,
    nearest, read_schedule,
};
use palisade_controls::controls;
use palisade_report::plain;
use palisade_schedule::Schedule;
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

pub(crate) fn run(wanted: &Schedules, screen: &Screen) -> anyhow::Result<Exit> {
    let text = match wanted {
        Schedules::Check(wanted) => check(wanted)?,
        Schedules::Next(wanted) => next(wanted)?,
        Schedules::Explain(wanted) => explain(wanted, screen.width)?,
    };
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

fn check(wanted: &CheckSchedules) -> anyhow::Result<String> {
    let schedules = match &wanted.config {
        Some(path) => all(&wanted.folder, &scan::configuration(path)?, path)?,
        None => read(&files(&wanted.folder)?, None)?,
    };
    let mut text = String::new();
    for ScheduleConfig { schedule, .. } in &schedules {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{}: {}, {}", schedule.name, schedule.line.words(), schedule.zone);
    }
    let _ = match schedules.len() {
        1 => writeln!(text, "\n1 schedule, no mistakes"),
        count => writeln!(text, "\n{count} schedules, no mistakes"),
    };
    Ok(text)
}

fn next(wanted: &NextFirings) -> anyhow::Result<String> {
    let files = match &wanted.name {
        Some(name) => vec![file_of(name, &wanted.folder)?],
        None => files(&wanted.folder)?,
    };
    let from = wanted.from.unwrap_or_else(Timestamp::now);
    // A firing at the very time counts.
    let from = from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(from);
    let tables = read(&files, None)?;
    let tables: Vec<String> =
        tables.iter().map(|config| table(&config.schedule, from, usize::from(wanted.count))).collect();
    Ok(tables.join("\n"))
}

/// The firings of a schedule, local and UTC, with a line of words where clocks change.
fn table(schedule: &Schedule, from: Timestamp, count: usize) -> String {
    let mut text = format!("{}: {}, {}\n", schedule.name, schedule.line.words(), schedule.zone);
    let firings = std::iter::successors(schedule.next(from), |firing| schedule.next(firing.at));
    let mut previous = from;
    for firing in firings.take(count) {
        let (local, offset) = schedule.local(firing.at);
        let utc = firing.at.strftime("%Y-%m-%d %H:%M UTC");
        let _ = write!(text, "  {} {offset:<7}  {utc}", local.strftime("%a %Y-%m-%d %H:%M"));
        if schedule.jitter_minutes > 0 {
            let _ = write!(text, "  starts {}", schedule.start(&firing).strftime("%H:%M:%S UTC"));
        }
        text.push('\n');
        if let Some(remark) = schedule.remark(&firing, previous) {
            let _ = writeln!(text, "      {remark}");
        }
        previous = firing.at;
    }
    if previous == from {
        text.push_str("  no firing before the year 2100\n");
    }
    text
}

fn explain(wanted: &ExplainSchedule, width: usize) -> anyhow::Result<String> {
    let file = file_of(&wanted.name, &wanted.folder)?;
    let mut text = String::new();
    for config in read(&[file], None)? {
        let ScheduleConfig { schedule, description, .. } = &config;
        let _ = match description {
            Some(description) => writeln!(text, "{}: {}\n", schedule.name, plain(description)),
            None => writeln!(text, "{}\n", schedule.name),
        };
        let mut sentences = schedule.explain();
        sentences.extend(what_it_does(&config));
        for sentence in sentences {
            let options = textwrap::Options::new(width).initial_indent("  ").subsequent_indent("    ");
            let _ = writeln!(text, "{}", textwrap::fill(&sentence, options));
        }
        let _ = writeln!(text, "\n`palisade schedules next {}` shows the next firings.", schedule.name);
    }
    Ok(text)
}

fn what_it_does(config: &ScheduleConfig) -> Vec<String> {
    let mut sentences = vec![match &config.targets {
        ScheduleTargets::All => "It reads every target of the configuration.".to_owned(),
        ScheduleTargets::Named(targets) => {
            let names = targets.iter().map(|target| match &target.scopes {
                None => format!("`{}`", plain(&target.name)),
                Some(scopes) => format!("of `{}` only {}", plain(&target.name), plain(&scopes.join(", "))),
            });
            format!("It reads {}.", names.collect::<Vec<_>>().join("; "))
        }
    }];
    let all = controls();
    let asked: Vec<&str> =
        all.iter().filter(|control| config.controls.admits(control.meta)).map(|control| control.meta.id).collect();
    let count = asked.len();
    sentences.push(match &config.controls {
        Selection::Profile(profile) if count == all.len() => {
            format!("It asks every control there is, {count} (profile `{}`).", profile.name())
        }
        Selection::Profile(profile) => {
            format!("It asks the {count} controls of the profile `{}`: {}.", profile.name(), asked.join(", "))
        }
        Selection::Controls(_) => format!("It asks these controls: {}.", asked.join(", ")),
    });
    sentences.push(match &config.routes {
        None => "Its messages take the routes that the configuration decides.".to_owned(),
        Some(routes) => {
            format!("Its messages take these routes and no others, in this order: {}.", plain(&routes.join(", ")))
        }
    });
    if let Some(evidence) = &config.evidence {
        let formats: Vec<&str> = evidence.formats.iter().copied().map(EvidenceFormat::name).collect();
        sentences.push(format!("Each run keeps {} below `{}`.", formats.join(", "), plain(&evidence.to)));
    }
    sentences.push(format!(
        "A run is ended after {}; what was not read by then is a gap. A success is overdue after one and a half intervals \
         without one.",
        duration(config.time_limit_minutes)
    ));
    sentences
}

fn duration(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (1, 0) => "1 hour".to_owned(),
        (0, 1) => "1 minute".to_owned(),
        (hours, 0) => format!("{hours} hours"),
        _ => format!("{minutes} minutes"),
    }
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let name = folder.display();
    let entries = fs::read_dir(folder).map_err(|error| {
        WrongUsage(format!(
            "could not read the folder of schedules `{name}`: {error}\n  name it with `--dir DIR` (`check DIR`)"
        ))
    })?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("could not read the folder of schedules `{name}`"))?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml") => files.push(path),
            Some("yml") => {
                let path = path.display();
                return Err(WrongUsage(format!("`{path}` would not be read: schedules end with `.yaml`")).into());
            }
            _ => {}
        }
    }
    if files.is_empty() {
        return Err(WrongUsage(format!("`{name}` holds no schedule: one YAML file for each recurring run")).into());
    }
    files.sort();
    Ok(files)
}

/// Every schedule of a folder, for a configuration. The mistakes of all files come together, with those of the
/// configuration where it asks for schedules that are not there.
pub(crate) fn all(folder: &Path, config: &Config, config_path: &Path) -> anyhow::Result<Vec<ScheduleConfig>> {
    let files = files(folder)?;
    let name = config_path.display().to_string();
    let text = paths::text(config_path, paths::DOCUMENT).with_context(|| format!("could not read `{name}`"))?;
    let names: Vec<&str> = files.iter().filter_map(|file| file.file_stem()?.to_str()).collect();
    let of_routes = check_schedules_of_routes(&Source { name: &name, text: &text }, &names);
    match (read(&files, Some(config)), of_routes) {
        (Ok(schedules), Ok(())) => Ok(schedules),
        (Err(error), Ok(())) => Err(error),
        (Ok(_), Err(more)) => Err(WrongSchedules(vec![more]).into()),
        (Err(error), Err(more)) => {
            let mut wrong: WrongSchedules = error.downcast()?;
            wrong.0.push(more);
            Err(wrong.into())
        }
    }
}

/// One schedule of a folder, for a configuration.
pub(crate) fn one(name: &str, folder: &Path, config: &Config) -> anyhow::Result<Option<ScheduleConfig>> {
    Ok(read(&[file_of(name, folder)?], Some(config))?.into_iter().next())
}

/// The file of one schedule; it is called like the schedule.
fn file_of(name: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let files = files(folder)?;
    if let Some(file) = files.iter().find(|file| file.file_stem().is_some_and(|stem| stem == name)) {
        return Ok(file.clone());
    }
    let known: Vec<&str> = files.iter().filter_map(|file| file.file_stem()?.to_str()).collect();
    let hint = match nearest(name, &known) {
        Some(near) => format!("did you mean `{}`?", plain(near)),
        None => format!("there are `{}`", plain(&known.join("`, `"))),
    };
    Err(WrongUsage(format!("no schedule is called `{}`; {hint}", plain(name))).into())
}

/// Reads schedules; the mistakes of all files come together.
fn read(files: &[PathBuf], config: Option<&Config>) -> anyhow::Result<Vec<ScheduleConfig>> {
    let ids: Vec<&str> = controls().iter().map(|control| control.meta.id).collect();
    let known = Known { controls: &ids, config };
    let (mut schedules, mut mistakes) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.display().to_string();
        let text = paths::text(file, paths::DOCUMENT).with_context(|| format!("could not read `{name}`"))?;
        match read_schedule(&Source { name: &name, text: &text }, &known) {
            Ok(schedule) => schedules.push(schedule),
            Err(diagnostics) => mistakes.push(diagnostics),
        }
    }
    if mistakes.is_empty() { Ok(schedules) } else { Err(WrongSchedules(mistakes).into()) }
}
