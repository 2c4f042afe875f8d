//! Fires schedules for as long as it is wanted.

use jiff::{SignedDuration, Timestamp};
use palisade_engine::Severity;
use palisade_schedule::{Due, Firing, Run, Schedule, due, overdue};
use palisade_store::{Database, DatabaseError};
use palisade_track::{Event, EventKind, Summary, Topic};
use std::collections::BTreeMap;

/// How long a run that failed waits before each time it is tried again.
pub const TRIED_AGAIN_AFTER: [SignedDuration; 3] =
    [SignedDuration::from_mins(1), SignedDuration::from_mins(5), SignedDuration::from_mins(15)];

/// What is known of the schedules that are being served.
#[derive(Debug, Default)]
pub struct Serving {
    /// Up to which firing each schedule was run or missed.
    last: BTreeMap<String, Timestamp>,
    /// Firings that did not come to their end.
    again: BTreeMap<String, Again>,
}

/// A firing that did not come to its end.
#[derive(Clone, Debug)]
struct Again {
    firing: Firing,
    /// When it is tried again.
    at: Timestamp,
    /// How often it has failed.
    failures: usize,
}

/// Where a schedule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What is to be run now.
    pub run: Option<Run>,
    /// Whether that is tried again if it fails now: later, and before the next firing.
    pub tried_again: bool,
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

    /// What a schedule has to do now. Each firing is given out once, and again when it did not come to its end, until a
    /// newer one takes its place.
    pub fn look(&mut self, schedule: &Schedule, now: Timestamp) -> Status {
        let Due { mut run, missed, last, next, clock_behind } =
            due(schedule, self.last.get(&schedule.name).copied(), now);
        self.last.insert(schedule.name.clone(), last);
        let mut failures = 0;
        let mut next = next.map(|run| run.start);
        if run.is_some() {
            self.again.remove(&schedule.name);
        } else if let Some(again) = self.again.get(&schedule.name) {
            failures = again.failures;
            if again.at <= now {
                run = Some(Run { firing: again.firing.clone(), start: again.at });
            } else {
                next = next.map_or(Some(again.at), |next| Some(next.min(again.at)));
            }
        }
        let tried_again = run.is_some() && wait(schedule, failures, now).is_some();
        Status { run, tried_again, missed: missed.named.len(), next, clock_behind }
    }

    /// A firing was run, by whomever.
    pub fn ended(&mut self, schedule: &Schedule) {
        self.again.remove(&schedule.name);
    }

    /// A firing failed. When it is tried again, if it is.
    pub fn failed(&mut self, schedule: &Schedule, firing: &Firing, now: Timestamp) -> Option<Timestamp> {
        let before = self.again.get(&schedule.name).filter(|again| again.firing == *firing);
        let failures = before.map_or(0, |again| again.failures);
        let Some(at) = wait(schedule, failures, now) else {
            self.again.remove(&schedule.name);
            return None;
        };
        self.again.insert(schedule.name.clone(), Again { firing: firing.clone(), at, failures: failures + 1 });
        Some(at)
    }

    /// Another process is at a firing, or has it for now: it is asked for again then, in case that one is lost.
    pub fn elsewhere(&mut self, schedule: &Schedule, firing: &Firing, until: Timestamp) {
        let before = self.again.get(&schedule.name).filter(|again| again.firing == *firing);
        let failures = before.map_or(0, |again| again.failures);
        self.again.insert(schedule.name.clone(), Again { firing: firing.clone(), at: until, failures });
    }
}

/// When a firing that has failed so often before and fails now is tried again: a few times, and before the next firing.
fn wait(schedule: &Schedule, failures: usize, now: Timestamp) -> Option<Timestamp> {
    let at = now.checked_add(*TRIED_AGAIN_AFTER.get(failures)?).ok()?;
    let comes_first = schedule.next(now).is_some_and(|next| schedule.start(&next) <= at);
    (!comes_first).then_some(at)
}

/// That a success is overdue, as it is told. Asked again, it is the same event until a run succeeds: it is told once,
/// whoever asks.
///
/// `last` is the last success, and `known` since when the schedule is known.
pub fn missed(schedule: &Schedule, last: Option<Timestamp>, known: Timestamp, now: Timestamp) -> Option<Event> {
    let overdue = overdue(schedule, last.unwrap_or(known), now)?;
    let why = match last {
        Some(last) => format!("no run since {}; one was due {}", shown(last), shown(overdue.expected.at)),
        None => format!("no run yet; one was due {}", shown(overdue.expected.at)),
    };
    Some(Event {
        kind: EventKind::ScanMissed,
        // What it is told by, once.
        at: overdue.since,
        run: None,
        schedule: Some(schedule.name.clone()),
        severity: Severity::High,
        topic: Topic::Run(Summary { why: Some(why), ..Summary::default() }),
    })
}

fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
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

    fn every_day_at_two(zone: &str) -> Schedule {
        Schedule { line: Line::parse("30 2 * * *").unwrap(), zone: Zone::named(zone).unwrap(), ..hourly() }
    }

    /// What is given out while time goes by in steps, as the service looks.
    fn served(schedule: &Schedule, serving: &mut Serving, from: &str, hours: i64) -> Vec<String> {
        let steps = (0..hours * 60).map(|minute| at(from) + SignedDuration::from_mins(minute));
        steps.filter_map(|now| serving.look(schedule, now).run).map(|run| run.firing.at.to_string()).collect()
    }

    #[test]
    fn a_week_of_downtime_gives_one_run_and_then_the_usual_ones() {
        let (schedule, mut serving) = (every_day_at_two("UTC"), Serving::default());
        serving.look(&schedule, at("2026-11-20T12:00:00Z"));
        let late = serving.look(&schedule, at("2026-11-28T12:00:00Z"));
        assert_eq!((late.run.unwrap().firing.at, late.missed), (at("2026-11-28T02:30:00Z"), 7));
        let after = served(&schedule, &mut serving, "2026-11-28T12:01:00Z", 48);
        assert_eq!(after, ["2026-11-29T02:30:00Z", "2026-11-30T02:30:00Z"]);
        let strict = Schedule { catch_up: CatchUp::None, ..schedule };
        let mut serving = Serving::default();
        serving.look(&strict, at("2026-11-20T12:00:00Z"));
        let late = serving.look(&strict, at("2026-11-28T12:00:00Z"));
        assert_eq!((late.run, late.missed), (None, 8));
    }

    #[test]
    fn on_the_days_on_which_clocks_change_a_daily_schedule_runs_once() {
        let schedule = every_day_at_two("Europe/Berlin");
        for (from, expected) in [
            ("2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
            ("2026-10-24T12:00:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
        ] {
            let mut serving = Serving::default();
            assert_eq!(served(&schedule, &mut serving, from, 48), expected);
        }
    }

    #[test]
    fn a_clock_that_jumps_runs_nothing_twice() {
        let (schedule, mut serving) = (hourly(), Serving::default());
        serving.look(&schedule, at("2026-11-28T10:30:00Z"));
        assert!(serving.look(&schedule, at("2026-11-28T11:00:01Z")).run.is_some());
        let back = serving.look(&schedule, at("2026-11-28T10:59:30Z"));
        assert_eq!((back.run, back.clock_behind), (None, Some(SignedDuration::from_secs(30))));
        assert_eq!(serving.look(&schedule, at("2026-11-28T11:00:30Z")).run, None, "it was run before the jump");
        let ahead = serving.look(&schedule, at("2026-12-28T11:00:30Z"));
        assert_eq!(ahead.run.unwrap().firing.at, at("2026-12-28T11:00:00Z"));
        let home = serving.look(&schedule, at("2026-11-28T12:00:30Z"));
        assert!(home.run.is_none() && home.clock_behind.unwrap() > SignedDuration::from_hours(700));
    }

    #[test]
    fn a_run_that_fails_is_tried_again_a_few_times_and_before_the_next_firing() {
        let (schedule, mut serving) = (hourly(), Serving::default());
        serving.look(&schedule, at("2026-11-28T10:30:00Z"));
        let mut tries = Vec::new();
        for minute in 0..60 {
            let now = at("2026-11-28T11:00:00Z") + SignedDuration::from_mins(minute);
            let status = serving.look(&schedule, now);
            if let Some(run) = status.run {
                assert_eq!(run.firing.at, at("2026-11-28T11:00:00Z"));
                assert_eq!(serving.failed(&schedule, &run.firing, now).is_some(), status.tried_again);
                tries.push((minute, status.tried_again));
            }
        }
        assert_eq!(tries, [(0, true), (1, true), (6, true), (21, false)]);
        let next = serving.look(&schedule, at("2026-11-28T12:00:00Z"));
        assert!(next.tried_again && next.run.unwrap().firing.at == at("2026-11-28T12:00:00Z"), "a firing of its own");
    }

    #[test]
    fn a_run_that_fails_is_not_tried_again_where_the_next_firing_comes_first() {
        let schedule = Schedule { line: Line::parse("* * * * *").unwrap(), ..hourly() };
        let mut serving = Serving::default();
        serving.look(&schedule, at("2026-11-28T10:30:00Z"));
        let status = serving.look(&schedule, at("2026-11-28T10:31:00Z"));
        assert!(!status.tried_again, "its failure is recorded at once");
        let firing = status.run.unwrap().firing;
        assert_eq!(serving.failed(&schedule, &firing, at("2026-11-28T10:31:05Z")), None);
    }

    #[test]
    fn a_firing_that_another_process_has_is_asked_for_again_when_its_lease_ends() {
        let (schedule, mut serving) = (hourly(), Serving::default());
        serving.look(&schedule, at("2026-11-28T10:30:00Z"));
        let firing = serving.look(&schedule, at("2026-11-28T11:00:01Z")).run.unwrap().firing;
        serving.elsewhere(&schedule, &firing, at("2026-11-28T11:05:00Z"));
        let between = serving.look(&schedule, at("2026-11-28T11:04:59Z"));
        assert_eq!((between.run, between.next), (None, Some(at("2026-11-28T11:05:00Z"))));
        assert_eq!(serving.look(&schedule, at("2026-11-28T11:05:00Z")).run.unwrap().firing, firing);
        serving.ended(&schedule);
        assert_eq!(serving.look(&schedule, at("2026-11-28T11:06:00Z")).run, None);
    }

    #[test]
    fn a_success_that_is_overdue_is_one_event_until_the_next_success() {
        let schedule = every_day_at_two("UTC");
        let (last, known) = (Some(at("2026-11-28T02:40:00Z")), at("2026-11-01T00:00:00Z"));
        let told = |last, now: &str| missed(&schedule, last, known, at(now)).map(|event| event.key());
        assert_eq!(told(last, "2026-11-29T14:00:00Z"), None, "a day and a half has not gone by");
        let first = told(last, "2026-11-29T15:00:00Z");
        assert!(first.is_some());
        assert_eq!(told(last, "2026-12-20T15:00:00Z"), first, "the same, however late");
        assert_eq!(told(Some(at("2026-12-20T16:00:00Z")), "2026-12-20T16:00:01Z"), None, "it has run again");
        assert_ne!(told(Some(at("2026-12-20T16:00:00Z")), "2026-12-25T00:00:00Z"), first);
        assert!(told(None, "2026-11-02T00:00:00Z").is_none() && told(None, "2026-11-03T00:00:00Z").is_some());
    }
}
