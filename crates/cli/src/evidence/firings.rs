//! Which runs there should have been, from the schedules and from what is remembered of their firings.

use crate::{exit::WrongUsage, schedules, service::opened::memory};
use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use palisade_config::{Config, Memory};
use palisade_evidence::{FiringLine, FiringOutcome, Firings, ScheduleFirings};
use palisade_schedule::Schedule;
use palisade_store::{Database, Firing};
use std::{collections::BTreeMap, path::Path};

/// The most firings that are listed of one schedule: eleven years of an hourly one.
const MOST: usize = 100_000;

/// Lists the firings of every schedule of a folder, after a moment and up to another. Without the former, after the first
/// that is remembered.
pub(super) async fn list(
    folder: &Path,
    (config, config_path): (&Config, &Path),
    since: Option<Timestamp>,
    until: Timestamp,
) -> anyhow::Result<Firings> {
    if let Memory::File(name) = &config.service.database {
        let path = config_path.parent().unwrap_or(Path::new("")).join(name);
        if !path.is_file() {
            bail!("nothing is remembered of runs: there is no `{}`; leave out `--schedules`", path.display());
        }
    }
    let schedules = schedules::all(folder, config, config_path)?;
    let database = memory(config, config_path).await?;
    let mut listed = Vec::new();
    for schedule in &schedules {
        listed.push(of_schedule(&schedule.schedule, &database, since, until).await?);
    }
    Ok(Firings::new(listed))
}

async fn of_schedule(
    schedule: &Schedule,
    database: &Database,
    since: Option<Timestamp>,
    until: Timestamp,
) -> anyhow::Result<ScheduleFirings> {
    let first = database.first_begun(&schedule.name).await?;
    // The first that is remembered is listed too.
    let first = first.map(|first| first.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(first));
    let after = since.or(first).filter(|after| *after < until);
    let begun = match after {
        Some(_) => database.firings(&schedule.name, u32::try_from(2 * MOST).unwrap_or(u32::MAX)).await?,
        None => Vec::new(),
    };
    Ok(ScheduleFirings {
        schedule: schedule.name.clone(),
        when: schedule.line.words(),
        time_zone: schedule.zone.name().to_owned(),
        after,
        until,
        firings: after.map(|after| lines(schedule, &begun, after, until)).transpose()?.unwrap_or_default(),
    })
}

/// Every firing that the schedule asks for, and every one that was begun.
fn lines(
    schedule: &Schedule,
    begun: &[Firing],
    after: Timestamp,
    until: Timestamp,
) -> Result<Vec<FiringLine>, WrongUsage> {
    let mut lines: BTreeMap<Timestamp, FiringLine> = BTreeMap::new();
    for firing in schedule.between(after, until) {
        // A run that starts with a delay is not missed before its start.
        if schedule.start(&firing) > until {
            continue;
        }
        if lines.len() == MOST {
            let why = format!(
                "`{}` has more than {MOST} firings since {after}: give a later moment with `--runs-since`",
                schedule.name
            );
            return Err(WrongUsage(why));
        }
        let (at, outcome) = (firing.at, FiringOutcome::Missed);
        lines.insert(at, FiringLine { at, scheduled: true, outcome, attempts: 0, started_at: None, finished_at: None });
    }
    for firing in begun.iter().filter(|firing| after < firing.nominal && firing.nominal <= until) {
        let outcome = match (firing.finished_at, firing.outcome.as_deref()) {
            (Some(_), Some("done")) => FiringOutcome::Done,
            (Some(_), _) => FiringOutcome::Failed,
            (None, _) => FiringOutcome::Unfinished,
        };
        let at = firing.nominal;
        let line = FiringLine {
            at,
            scheduled: lines.contains_key(&at),
            outcome,
            attempts: firing.attempts,
            started_at: Some(firing.started_at),
            finished_at: firing.finished_at,
        };
        lines.insert(at, line);
    }
    Ok(lines.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_schedule::{CatchUp, Line, Zone};

    #[test]
    fn what_nobody_began_is_missed_and_what_was_begun_is_what_it_was() {
        let at = |text: &str| format!("2026-11-28T{text}Z").parse::<Timestamp>().unwrap();
        let schedule = Schedule {
            name: "hourly".to_owned(),
            line: Line::parse("0 * * * *").unwrap(),
            zone: Zone::named("UTC").unwrap(),
            jitter_minutes: 0,
            catch_up: CatchUp::Latest,
        };
        let firing = |time: &str, outcome: Option<&str>| Firing {
            schedule: "hourly".to_owned(),
            nominal: at(time),
            holder: "a".to_owned(),
            attempts: 1,
            started_at: at(time),
            finished_at: outcome.map(|_| at(time)),
            outcome: outcome.map(str::to_owned),
        };
        let begun = [
            firing("00:00:00", Some("done")),
            firing("01:00:00", Some("done")),
            firing("03:00:00", Some("failed")),
            firing("03:30:00.5", Some("done")),
            firing("04:00:00", None),
            firing("06:00:00", Some("done")),
        ];
        let told = |until: &str, jitter_minutes| {
            let schedule = Schedule { jitter_minutes, ..schedule.clone() };
            let lines = lines(&schedule, &begun, at("00:00:00"), at(until)).unwrap();
            let told = |line: &FiringLine| format!("{} {:?} {}", line.at, line.outcome, line.scheduled);
            lines.iter().map(told).collect::<Vec<_>>()
        };
        assert_eq!(
            told("05:00:00", 0),
            [
                "2026-11-28T01:00:00Z Done true",
                "2026-11-28T02:00:00Z Missed true",
                "2026-11-28T03:00:00Z Failed true",
                "2026-11-28T03:30:00.5Z Done false",
                "2026-11-28T04:00:00Z Unfinished true",
                "2026-11-28T05:00:00Z Missed true",
            ]
        );
        assert_eq!(told("05:00:00", 30).len(), 5, "one that waits for its start is not missed");
    }
}
