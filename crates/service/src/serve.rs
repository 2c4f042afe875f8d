//! Fires schedules for as long as it is wanted.

use jiff::{SignedDuration, Timestamp};
use palisade_schedule::{Due, Run, Schedule, due};
use palisade_store::{Database, DatabaseError};
use std::collections::BTreeMap;

/// What is known of the schedules that are being served.
#[derive(Debug, Default)]
pub struct Serving {
    /// Up to which firing each schedule was run or missed.
    last: BTreeMap<String, Timestamp>,
}

/// Where a schedule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What is to be run now.
    pub run: Option<Run>,
    /// How many firings were missed since the last look, for the log.
    pub missed: usize,
    /// When to look again.
    pub next: Option<Timestamp>,
    /// How far the clock has been set back behind the last firing.
    pub clock_behind: Option<SignedDuration>,
}

impl Serving {
    /// Takes up what earlier processes left: the last firing of each schedule that anybody began.
    pub async fn resume(&mut self, database: &Database, schedules: &[Schedule]) -> Result<(), DatabaseError> {
        for schedule in schedules {
            let firings = database.firings(&schedule.name, 1).await?;
            if let Some(last) = firings.first() {
                // One that was begun and not finished is run again: everything before it is over.
                let over = if last.finished_at.is_some() {
                    last.nominal
                } else {
                    last.nominal.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(last.nominal)
                };
                self.last.insert(schedule.name.clone(), over);
            }
        }
        Ok(())
    }

    /// What a schedule has to do now. Each firing is given out once.
    pub fn look(&mut self, schedule: &Schedule, now: Timestamp) -> Status {
        let Due { run, missed, last, next, clock_behind } = due(schedule, self.last.get(&schedule.name).copied(), now);
        self.last.insert(schedule.name.clone(), last);
        Status { run, missed: missed.named.len(), next: next.map(|run| run.start), clock_behind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_schedule::{CatchUp, Line, Zone};

    fn hourly() -> Schedule {
        Schedule {
            name: "hourly".to_owned(),
            line: Line::parse("0 * * * *").unwrap(),
            zone: Zone::named("UTC").unwrap(),
            jitter_minutes: 0,
            catch_up: CatchUp::Latest,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_firing_is_given_out_once_and_a_pause_gives_one_run() {
        let (schedule, mut serving) = (hourly(), Serving::default());
        assert_eq!(serving.look(&schedule, at("2026-11-28T10:30:00Z")).run, None, "nothing was missed before");
        let first = serving.look(&schedule, at("2026-11-28T11:00:01Z")).run.unwrap();
        assert_eq!(first.firing.at, at("2026-11-28T11:00:00Z"));
        assert_eq!(serving.look(&schedule, at("2026-11-28T11:00:02Z")).run, None);
        let late = serving.look(&schedule, at("2026-11-28T17:10:00Z"));
        assert_eq!(late.run.unwrap().firing.at, at("2026-11-28T17:00:00Z"));
        assert_eq!(late.missed, 5);
        assert_eq!(late.next, Some(at("2026-11-28T18:00:00Z")));
    }

    #[test]
    fn an_outer_cron_finds_the_latest_firing_however_long_ago() {
        let schedule = |line: &str| Schedule { line: Line::parse(line).unwrap(), ..hourly() };
        let previous = |line: &str, until: &str| schedule(line).previous(at(until)).map(|firing| firing.at);
        let now = "2026-11-28T11:00:00Z";
        assert_eq!(previous("0 * * * *", now), Some(at(now)), "the very instant counts");
        assert_eq!(previous("0 8 29 2 *", now), Some(at("2024-02-29T08:00:00Z")));
        assert_eq!(previous("0 8 * * *", "1970-01-01T07:00:00Z"), None);
    }

    #[tokio::test]
    async fn a_run_that_was_begun_and_not_finished_is_run_again_by_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::file(&folder.path().join("palisade.db")).await.unwrap();
        let (schedule, nominal) = (hourly(), at("2026-11-28T11:00:00Z"));
        let until = at("2026-11-28T11:05:00Z");
        database.claim_firing("hourly", nominal, "lost", at("2026-11-28T11:00:01Z"), until).await.unwrap();
        let mut serving = Serving::default();
        serving.resume(&database, std::slice::from_ref(&schedule)).await.unwrap();
        assert_eq!(serving.look(&schedule, at("2026-11-28T11:20:00Z")).run.unwrap().firing.at, nominal);
    }
}
