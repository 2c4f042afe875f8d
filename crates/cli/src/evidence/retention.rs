//! `palisade evidence retain`: what of the evidence is over, what is held, and what was removed.

mod found;
mod record;

use super::{period, place};
use crate::{
    arguments::{ListFormat, Retain},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    paths,
    scan::configuration,
};
use anyhow::Context as _;
use found::{At, Found, here, there};
use jiff::Timestamp;
use palisade_config::{EvidenceConfig, HoldConfig};
use palisade_evidence::{Fate, Held, Hold, LARGEST_SMALL_FILE, PeriodKey, Retention};
use palisade_report::plain;
use record::{BUNDLE, Record, Removal, Step};
use serde::Serialize;
use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

pub(super) async fn run(wanted: &Retain, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.config)?;
    let Some(evidence) = &config.evidence else {
        let why = "the configuration does not say where bundles are and for how long they are kept: `evidence: {bundles: [...]}`";
        return Err(WrongUsage(why.to_owned()).into());
    };
    let Retained { rows, warnings } = retain(evidence, &wanted.config, Timestamp::now(), wanted.apply).await?;
    match wanted.format {
        ListFormat::Json => {
            let mut text = serde_json::to_vec_pretty(&rows).context("could not write JSON")?;
            text.push(b'\n');
            output::data(&text, None)?;
        }
        ListFormat::Table => output::data(table(&rows).as_bytes(), None)?,
    }
    for warning in &warnings {
        screen.warn(&plain(warning));
    }
    if !wanted.apply {
        screen.note("nothing was removed: `--apply` removes what is due");
    }
    Ok(if rows.iter().any(|row| row.fate == Told::Failed) { Exit::CouldNotRun } else { Exit::Done })
}

/// What a run of a schedule does when the configuration asks for it. What fails is told and stops no run.
pub(crate) async fn after_run(config: &palisade_config::Config, config_path: &Path) {
    let Some(evidence) = config.evidence.as_ref().filter(|evidence| evidence.after_runs) else { return };
    match retain(evidence, config_path, Timestamp::now(), true).await {
        Err(error) => tracing::error!(error = format!("{error:#}"), "evidence that is over could not be removed"),
        Ok(Retained { rows, warnings }) => {
            for warning in warnings {
                tracing::warn!(warning, "something lies among the bundles and is left alone");
            }
            for Row { fate, what, place, because } in rows {
                match fate {
                    Told::Kept | Told::Due => (),
                    Told::Removed => tracing::info!(what, place, because, "evidence that was over is removed"),
                    Told::Held => tracing::warn!(what, place, because, "evidence is over and is not removed"),
                    Told::Failed => tracing::error!(what, place, because, "evidence that is over could not be removed"),
                }
            }
        }
    }
}

/// What became of something, or would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Told {
    Kept,
    /// It would be removed.
    Due,
    Removed,
    /// Its time is over, and somebody or something keeps it.
    Held,
    Failed,
}

#[derive(Debug, Serialize)]
struct Row {
    fate: Told,
    what: &'static str,
    place: String,
    because: String,
}

/// What became of what was found, and what is left alone for somebody to look at.
#[derive(Debug)]
struct Retained {
    rows: Vec<Row>,
    warnings: Vec<String>,
}

fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    for Row { fate, what, place, because } in rows {
        let fate = match fate {
            Told::Kept => "kept",
            Told::Due => "due",
            Told::Removed => "removed",
            Told::Held => "held",
            Told::Failed => "FAILED",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{fate:<8} {what:<10} {}  {}", plain(place), plain(because));
    }
    if rows.is_empty() {
        text.push_str("there are no bundles and no keys\n");
    }
    text
}

async fn retain(
    evidence: &EvidenceConfig,
    config_path: &Path,
    now: Timestamp,
    apply: bool,
) -> anyhow::Result<Retained> {
    let root = config_path.parent().unwrap_or(Path::new(""));
    let retention = Retention {
        bundles_days: evidence.bundles_days,
        answers_days: evidence.answers_days,
        holds: evidence.holds.iter().map(hold).collect(),
    };
    let written_down = root.join(&evidence.record);
    let record = if apply { Some(Record::open(&written_down, now)?) } else { None };
    let begun = record::begun(&written_down)?;
    let mut steps = Steps { record, rows: Vec::new(), warnings: Vec::new() };
    let mut found = Vec::new();
    for place in &evidence.bundles {
        match place::address(Path::new(place)) {
            Some(address) => there(address, &mut found, &mut steps.rows).await?,
            None => here(&root.join(place), &begun, &mut found, &mut steps)?,
        }
    }
    let held: BTreeSet<String> =
        found.iter().filter(|one| retention.holds_run(&one.run)).map(|one| PeriodKey::period_at(one.as_of)).collect();
    // Keys first: what is erased is erased in every copy, whatever becomes of the bundles here.
    if let Some(folder) = &evidence.period_keys {
        keys(&root.join(folder), &retention, &held, &found, now, &mut steps).await?;
    }
    for one in &found {
        let place = one.place();
        let days = retention.bundles_days;
        let fate = retention.of_bundle(&one.run, one.as_of, now);
        let (told, because) = match (fate, &one.at) {
            (Fate::Kept(until), _) => (Told::Kept, format!("until {until}")),
            (Fate::Held(hold), _) => (Told::Held, held_by(hold)),
            (Fate::Due(_), At::There { refused: Some(why), .. }) => (Told::Held, why.clone()),
            (Fate::Due(since), _) => (Told::Due, format!("since {since}: kept for {days} days")),
        };
        let because = match &one.at {
            At::Left { rest, .. } => {
                format!("{because}; its removal was interrupted, and the rest of it is `{}`", rest.display())
            }
            At::Here(_) | At::There { .. } => because,
        };
        let removal = Removal {
            what: BUNDLE,
            place: &place,
            because: &because,
            run: Some(&one.run),
            as_of: Some(one.as_of),
            sha256: Some(&one.sha256),
            number: one.number,
            key_id: None,
        };
        steps.take(told, &removal, one.remove()).await?;
    }
    Ok(Retained { rows: steps.rows, warnings: steps.warnings })
}

/// What was decided so far, and where it is written down.
struct Steps {
    record: Option<Record>,
    rows: Vec<Row>,
    warnings: Vec<String>,
}

impl Steps {
    /// Tells what becomes of something. What is due is removed where that is asked for, and written down before and after.
    async fn take(
        &mut self,
        told: Told,
        removal: &Removal<'_>,
        remove: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        let mut row = Row {
            fate: told,
            what: removal.what,
            place: removal.place.to_owned(),
            because: removal.because.to_owned(),
        };
        if let (Told::Due, Some(record)) = (told, &mut self.record) {
            record.put(Step::Begun, removal, None)?;
            match remove.await {
                Ok(()) => {
                    record.put(Step::Removed, removal, None)?;
                    row.fate = Told::Removed;
                }
                Err(error) => {
                    let why = format!("{error:#}");
                    record.put(Step::Failed, removal, Some(&why))?;
                    row.fate = Told::Failed;
                    row.because = why;
                }
            }
        }
        self.rows.push(row);
        Ok(())
    }
}

fn hold(hold: &HoldConfig) -> Hold {
    let of = match &hold.run {
        Some(run) => Held::Run(run.clone()),
        None => Held::Days(hold.from, hold.to),
    };
    Hold { reason: hold.reason.clone(), by: hold.by.clone(), of }
}

fn held_by(Hold { reason, by, .. }: &Hold) -> String {
    format!("held by {by}: {reason}")
}

/// The keys of months: a month whose key is destroyed is erased.
async fn keys(
    folder: &Path,
    retention: &Retention,
    held: &BTreeSet<String>,
    found: &[Found],
    now: Timestamp,
    steps: &mut Steps,
) -> anyhow::Result<()> {
    let unread = || format!("could not read the folder of keys `{}`", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(unread)? {
        paths.push(entry.with_context(unread)?.path());
    }
    paths.sort();
    let lost_hold = retention.held_runs().find(|run| found.iter().all(|one| one.run != *run));
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "key")) {
        let text =
            paths::text(&path, LARGEST_SMALL_FILE).with_context(|| format!("could not read `{}`", path.display()))?;
        let place = path.display().to_string();
        let Ok(key) = PeriodKey::from_text(&text) else {
            let because = "it is no key of a calendar month".to_owned();
            steps.rows.push(Row { fate: Told::Failed, what: "period-key", place, because });
            continue;
        };
        let closes = found.iter().filter(|one| one.key_id.as_deref() == Some(key.id())).count();
        let of = format!("the answers of {} in {closes} bundles found here", key.period());
        let (told, because) = match retention.of_key(key.period(), held, now)? {
            Fate::Kept(until) => (Told::Kept, format!("until {until}: {of}")),
            Fate::Held(hold) => (Told::Held, held_by(hold)),
            Fate::Due(since) => match &lost_hold {
                // Its month is not known and may be this one; a key does not come back.
                Some(run) => {
                    (Told::Held, format!("the run `{run}` is held, and no bundle of it that can be read is found here"))
                }
                None => (Told::Due, format!("since {since}, {} days after the month: {of}", retention.answers_days)),
            },
        };
        let removal = Removal {
            what: "period-key",
            place: &place,
            because: &because,
            run: None,
            as_of: None,
            sha256: None,
            number: None,
            key_id: Some(key.id()),
        };
        let destroy =
            async { period::destroy(&path, text.len()).with_context(|| format!("could not destroy `{place}`")) };
        steps.take(told, &removal, destroy).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
