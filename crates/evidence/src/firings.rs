//! Which runs there should have been: a run that was missed or failed leaves no answers, so it is a record of its own.

use crate::Broken;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) const FIRINGS: &str = "context/firings.json";
const SCHEMA: &str = "palisade.firings/v1";

/// Which runs there should have been, up to the run of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firings {
    schema: String,
    /// Each schedule, in the order of names.
    pub schedules: Vec<ScheduleFirings>,
}

/// The firings of one schedule in a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleFirings {
    /// The schedule's name.
    pub schedule: String,
    /// When it fires, in words.
    pub when: String,
    /// The zone of its local times.
    pub time_zone: String,
    /// The moment after which every firing is listed. `None` when no run of it is remembered: nothing was listed.
    pub after: Option<Timestamp>,
    /// The moment up to and with which every firing is listed.
    pub until: Timestamp,
    /// Every firing, in order.
    pub firings: Vec<FiringLine>,
}

/// One firing and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiringLine {
    /// The instant it was meant for.
    pub at: Timestamp,
    /// Whether the schedule asked for it; somebody may ask for a run at any time.
    pub scheduled: bool,
    /// What became of it.
    pub outcome: FiringOutcome,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was last begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// What became of a firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FiringOutcome {
    /// It read something.
    Done,
    /// It ended and read nothing.
    Failed,
    /// It was begun and did not end.
    Unfinished,
    /// Nobody began it.
    Missed,
}

impl FiringOutcome {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Done => "was done",
            Self::Failed => "failed",
            Self::Unfinished => "did not end",
            Self::Missed => "was missed",
        }
    }
}

/// How many firings there were, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiringCounts {
    /// All of them.
    pub firings: u64,
    /// Those that read something.
    pub done: u64,
    /// Those that ended and read nothing.
    pub failed: u64,
    /// Those that were begun and did not end.
    pub unfinished: u64,
    /// Those that nobody began.
    pub missed: u64,
}

impl Firings {
    /// The firings of some schedules.
    pub fn new(mut schedules: Vec<ScheduleFirings>) -> Self {
        schedules.sort_by(|a, b| a.schedule.cmp(&b.schedule));
        Self { schema: SCHEMA.to_owned(), schedules }
    }

    /// The schedules of which no run is remembered: nobody knows which of theirs are missing.
    pub fn unremembered(&self) -> impl Iterator<Item = &str> {
        self.schedules.iter().filter(|one| one.after.is_none()).map(|one| one.schedule.as_str())
    }

    /// Whether it is known of any schedule which runs there should have been, and of every one.
    pub fn are_known(&self) -> bool {
        !self.schedules.is_empty() && self.unremembered().next().is_none()
    }

    /// How many there were, and what became of them.
    pub fn counts(&self) -> FiringCounts {
        let mut counts = FiringCounts::default();
        for firing in self.schedules.iter().flat_map(|schedule| &schedule.firings) {
            counts.firings += 1;
            *match firing.outcome {
                FiringOutcome::Done => &mut counts.done,
                FiringOutcome::Failed => &mut counts.failed,
                FiringOutcome::Unfinished => &mut counts.unfinished,
                FiringOutcome::Missed => &mut counts.missed,
            } += 1;
        }
        counts
    }

    /// Every firing that read nothing, with its schedule.
    pub fn lost(&self) -> Vec<(&str, &FiringLine)> {
        let all = self.schedules.iter().flat_map(|ScheduleFirings { schedule, firings, .. }| {
            firings.iter().map(|firing| (schedule.as_str(), firing))
        });
        all.filter(|(_, firing)| firing.outcome != FiringOutcome::Done).collect()
    }

    pub(crate) fn to_text(&self) -> String {
        // Strings, numbers and lists always have a JSON form.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    pub(crate) fn read(text: &str) -> Result<Self, Broken> {
        let broken = |fact: String| Broken::new(FIRINGS, fact);
        let firings: Self =
            serde_json::from_str(text).map_err(|error| broken(format!("it is no list of firings: {error}")))?;
        if firings.schema != SCHEMA {
            return Err(broken(format!("its schema is another one than `{SCHEMA}`")));
        }
        if firings.to_text() != text {
            return Err(broken("it is written in another way than firings are".to_owned()));
        }
        if !firings.schedules.is_sorted_by(|a, b| a.schedule < b.schedule) {
            return Err(broken("its schedules are not in order".to_owned()));
        }
        for schedule in &firings.schedules {
            let name = &schedule.schedule;
            if !schedule.firings.is_sorted_by(|a, b| a.at < b.at) {
                return Err(broken(format!("the firings of `{name}` are not in order")));
            }
            let is_inside = |firing: &FiringLine| {
                schedule.after.is_some_and(|after| after < firing.at) && firing.at <= schedule.until
            };
            let fits = |firing: &FiringLine| match firing.outcome {
                FiringOutcome::Missed => {
                    (firing.attempts, firing.started_at, firing.finished_at) == (0, None, None) && firing.scheduled
                }
                FiringOutcome::Unfinished => firing.attempts > 0 && firing.finished_at.is_none(),
                FiringOutcome::Done | FiringOutcome::Failed => firing.attempts > 0 && firing.finished_at.is_some(),
            };
            if let Some(odd) = schedule.firings.iter().find(|firing| !is_inside(firing) || !fits(firing)) {
                return Err(broken(format!("the firing of `{name}` at {} cannot be", odd.at)));
            }
        }
        Ok(firings)
    }
}

/// The spans between two bundles of which neither says which runs there should have been. Empty for two that do not say so
/// at all.
pub(crate) fn unsaid_between(before: Option<&Firings>, after: Option<&Firings>) -> Vec<String> {
    let (before, after) = match (before, after) {
        (None, None | Some(_)) => return Vec::new(),
        (Some(before), after) => (before, after),
    };
    let later: BTreeMap<&str, &ScheduleFirings> =
        after.iter().flat_map(|firings| &firings.schedules).map(|one| (one.schedule.as_str(), one)).collect();
    let mut unsaid = Vec::new();
    for schedule in &before.schedules {
        let (name, end) = (&schedule.schedule, schedule.until);
        match later.get(name.as_str()).map(|later| later.after) {
            None => unsaid.push(format!("nothing says which runs of `{name}` there should have been after {end}")),
            Some(Some(begin)) if begin <= end => (),
            Some(None) => unsaid.push(format!("no run of `{name}` is remembered after {end}")),
            Some(Some(begin)) => {
                unsaid
                    .push(format!("nothing says which runs of `{name}` there should have been from {end} to {begin}"));
            }
        }
    }
    unsaid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i8) -> Timestamp {
        jiff::civil::date(2026, 11, 29).at(hour, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    }

    fn line(hour: i8, outcome: FiringOutcome) -> FiringLine {
        let begun = outcome != FiringOutcome::Missed;
        let ended = matches!(outcome, FiringOutcome::Done | FiringOutcome::Failed);
        FiringLine {
            at: at(hour),
            scheduled: true,
            outcome,
            attempts: u32::from(begun),
            started_at: begun.then(|| at(hour)),
            finished_at: ended.then(|| at(hour)),
        }
    }

    fn of(name: &str, (after, until): (i8, i8), firings: Vec<FiringLine>) -> ScheduleFirings {
        ScheduleFirings {
            schedule: name.to_owned(),
            when: "every hour".to_owned(),
            time_zone: "UTC".to_owned(),
            after: Some(at(after)),
            until: at(until),
            firings,
        }
    }

    #[test]
    fn firings_read_back_and_those_that_cannot_be_are_refused() {
        use FiringOutcome::{Done, Failed, Missed, Unfinished};
        let lines = vec![line(1, Done), line(2, Missed), line(3, Failed), line(4, Unfinished)];
        let firings = Firings::new(vec![of("b", (0, 5), lines), of("a", (0, 5), Vec::new())]);
        assert_eq!(Firings::read(&firings.to_text()).unwrap(), firings);
        let expected = FiringCounts { firings: 4, done: 1, failed: 1, unfinished: 1, missed: 1 };
        assert_eq!(firings.counts(), expected);
        assert_eq!(firings.lost().len(), 3);
        let odd = |change: fn(&mut ScheduleFirings)| {
            let mut firings = firings.clone();
            change(&mut firings.schedules[1]);
            Firings::read(&firings.to_text()).unwrap_err().fact
        };
        assert!(odd(|one| one.firings.swap(0, 1)).contains("not in order"));
        assert!(odd(|one| one.until = at(3)).contains("cannot be"));
        assert!(odd(|one| one.after = Some(at(1))).contains("cannot be"));
        assert!(odd(|one| one.after = None).contains("cannot be"));
        assert!(odd(|one| one.firings[1].attempts = 1).contains("cannot be"));
        assert!(odd(|one| one.firings[3].finished_at = Some(at(4))).contains("cannot be"));
        assert!(odd(|one| one.firings[0].finished_at = None).contains("cannot be"));
        assert!(odd(|one| one.schedule = "a".to_owned()).contains("not in order"));
        let compact = serde_json::to_string(&firings).unwrap();
        assert!(Firings::read(&compact).unwrap_err().fact.contains("another way"));
    }

    #[test]
    fn two_bundles_follow_in_time_when_the_later_begins_where_the_earlier_ends() {
        let one = |span| Some(Firings::new(vec![of("a", span, Vec::new())]));
        let unsaid = |before: &Option<Firings>, after: &Option<Firings>| {
            unsaid_between(before.as_ref(), after.as_ref()).join("; ")
        };
        assert_eq!(unsaid(&one((0, 5)), &one((5, 9))), "");
        assert_eq!(unsaid(&one((0, 5)), &one((2, 9))), "");
        assert!(unsaid(&one((0, 5)), &one((6, 9))).contains("from 2026-11-29T05:00:00Z to 2026-11-29T06:00:00Z"));
        assert!(unsaid(&one((0, 5)), &None).contains("after 2026-11-29T05:00:00Z"));
        assert_eq!(unsaid(&None, &None), "");
        assert_eq!(unsaid(&None, &one((0, 5))), "");
    }
}
