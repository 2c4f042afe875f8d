//! What is to be run now, what was missed, and whether a success is overdue.

use crate::{Firing, Schedule};
use jiff::{SignedDuration, Timestamp};

/// What happens when a schedule should have fired and nobody was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// Nothing: the next firing is the next run.
    None,
    /// The latest missed firing is run, once, however many were missed.
    Latest,
}

/// How late a run may start and still be on time, for whoever asks now and then and for a run before that took longer.
pub const PUNCTUAL: SignedDuration = SignedDuration::from_mins(10);

/// How many missed firings are named. Of more, the latest are.
const NAMED: usize = 100;

/// A firing that is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The firing.
    pub firing: Firing,
    /// When it should start: the firing's instant and its jitter.
    pub start: Timestamp,
}

/// Firings that nobody ran and nobody will.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// The latest of them, at most a hundred, in their order.
    pub named: Vec<Firing>,
    /// Whether there are earlier ones.
    pub and_earlier: bool,
}

/// What stands at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What is to be run now.
    pub run: Option<Run>,
    /// What was missed since the last question. Each firing is told once.
    pub missed: Missed,
    /// What to keep, before the run starts, and to give to the next question as `last_fired`.
    pub last: Timestamp,
    /// What comes next, for whoever waits.
    pub next: Option<Run>,
    /// How far the last firing lies ahead of the clock, when it does: the clock was set back. Nothing runs before it has
    /// caught up, because it cannot be known which of the firings between were run.
    pub clock_behind: Option<SignedDuration>,
}

/// What is to be run at `now`, after everything up to `last_fired` was run or missed.
///
/// Without `last_fired` nothing is due: a schedule that is seen for the first time has missed nothing, and whoever forgot
/// must not run twice. With it, at most one firing is to be run, the latest whose start has come, either on time
/// ([`PUNCTUAL`]) or because the schedule catches up. Every other firing in between is named as missed.
///
/// Whoever keeps [`Due::last`] before it starts the run never runs a firing twice, whatever the clock does. While a run
/// of the schedule goes on, do not ask: firings that come meanwhile are found afterwards, so a schedule never overlaps
/// with itself.
pub fn due(schedule: &Schedule, last_fired: Option<Timestamp>, now: Timestamp) -> Due {
    let Some(last_fired) = last_fired else {
        let next = next_run(schedule, now, now);
        return Due { run: None, missed: Missed::default(), last: now, next, clock_behind: None };
    };
    let clock_behind = Some(last_fired.duration_since(now)).filter(|behind| *behind > SignedDuration::ZERO);
    let (mut come, and_earlier) = latest(schedule, last_fired, now, NAMED + 2);
    // Starts come in the order of firings, so the jitter can hold back the last one only.
    if come.last().is_some_and(|firing| schedule.start(firing) > now) {
        come.pop();
    }
    let last = come.last().map_or(last_fired, |firing| firing.at);
    let run = come.pop().map(|firing| Run { start: schedule.start(&firing), firing });
    let runs = run.as_ref().is_some_and(|run| match schedule.catch_up {
        CatchUp::Latest => true,
        CatchUp::None => now.duration_since(run.start) <= PUNCTUAL,
    });
    let run = if runs {
        run
    } else {
        come.extend(run.map(|run| run.firing));
        None
    };
    let surplus = come.len().saturating_sub(NAMED);
    let missed = Missed { named: come.split_off(surplus), and_earlier: and_earlier || surplus > 0 };
    Due { run, missed, last, next: next_run(schedule, last, now), clock_behind }
}

impl Schedule {
    /// The latest firing up to and with an instant, since 1970.
    pub fn previous(&self, until: Timestamp) -> Option<Firing> {
        latest(self, Timestamp::UNIX_EPOCH, until, 1).0.pop()
    }
}

/// The first run after `last` whose start lies ahead of `now`.
fn next_run(schedule: &Schedule, last: Timestamp, now: Timestamp) -> Option<Run> {
    let firing = schedule.next(last.max(now.checked_sub(schedule.longest_delay()).unwrap_or(now)));
    let ahead = std::iter::successors(firing, |firing| schedule.next(firing.at));
    ahead.map(|firing| Run { start: schedule.start(&firing), firing }).find(|run| run.start > now)
}

/// The latest firings after an instant up to and with another, at most `most`, and whether there are earlier ones.
/// Looks back in growing steps, because a pause of years must not cost years of minutes.
fn latest(schedule: &Schedule, after: Timestamp, until: Timestamp, most: usize) -> (Vec<Firing>, bool) {
    let mut hours = 1_i64;
    loop {
        let from = until.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN).max(after);
        let mut firings: Vec<Firing> = schedule.between(from, until).collect();
        if firings.len() > most || from == after {
            let surplus = firings.len().saturating_sub(most);
            return (firings.split_off(surplus), surplus > 0);
        }
        hours = hours.saturating_mul(4);
    }
}

/// A success that should have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// The firing that should have led to it.
    pub expected: Firing,
    /// Since when it is overdue.
    pub since: Timestamp,
}

/// Whether a success is overdue: more than one and a half intervals have gone by since the last one. The interval is the
/// pause before the first firing after the last success, so Friday's success of a line for weekdays lasts longer than
/// Monday's. Before a first success, pass the instant since which the schedule is known.
pub fn overdue(schedule: &Schedule, last_success: Timestamp, now: Timestamp) -> Option<Overdue> {
    let expected = schedule.next(last_success)?;
    // The firing that led to the last success may be as far back as the line is rare; a cycle of leap years is enough.
    let mut hours = 1_i64;
    let previous = loop {
        let from = last_success.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN);
        if let Some(firing) = schedule.between(from, last_success).last() {
            break firing.at;
        }
        if hours > 24 * 366 * 40 {
            break last_success;
        }
        hours *= 4;
    };
    let interval = expected.at.duration_since(previous);
    let since = last_success.checked_add(interval).and_then(|whole| whole.checked_add(interval / 2)).ok()?;
    (now > since).then_some(Overdue { expected, since })
}

impl Schedule {
    /// The bound of the jitter.
    fn longest_delay(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.jitter_minutes))
    }
}
