//! From local times to instants.

use crate::{CatchUp, Line, Zone, jitter};
use jiff::{
    SignedDuration, Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, Offset},
};

/// When something recurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name. Together with an instant it names a firing; renaming a schedule begins a new one.
    pub name: String,
    /// Its cron line.
    pub line: Line,
    /// The zone of its local times.
    pub zone: Zone,
    /// How many minutes after its firing a run may start at most.
    pub jitter_minutes: u32,
    /// What happens after a pause in which it should have fired.
    pub catch_up: CatchUp,
}

/// One time at which a schedule fires. Schedule and instant identify it: see [`Schedule::id`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The local time that the line names. Where the clock skips it, the local time at the instant is another.
    pub nominal: DateTime,
    /// The instant.
    pub at: Timestamp,
    /// What the local clock does at that time.
    pub daylight: Daylight,
}

/// What the local clock does at a firing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daylight {
    /// Nothing.
    Ordinary,
    /// It skips the nominal time, so the firing is at the jump, or a minute before a jump into the next day.
    Skipped,
    /// It shows the nominal time twice, and this is the first.
    FirstOfTwo,
    /// It shows the nominal time twice, and this is the second. Only lines that name every hour have it.
    SecondOfTwo,
}

/// A change of the local clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockChange {
    /// When.
    pub at: Timestamp,
    /// What the clock would have shown.
    pub from: DateTime,
    /// What it shows instead.
    pub to: DateTime,
}

const SECOND: SignedDuration = SignedDuration::from_secs(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

impl Schedule {
    /// The first firing after an instant, and from 1970 on. `None` when there is none before the year 2100.
    pub fn next(&self, after: Timestamp) -> Option<Firing> {
        let after = after.max(Timestamp::UNIX_EPOCH);
        if self.line.is_every_hour() { self.next_by_the_clock(after) } else { self.next_of_the_day(after) }
    }

    /// The firings after an instant up to and with another, in their order.
    pub fn between(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Firing> {
        let next = move |after: Timestamp| self.next(after).filter(|firing| firing.at <= until);
        std::iter::successors(next(after), move |firing| next(firing.at))
    }

    /// What identifies a firing: the schedule's name and the instant. It stays what it is when the clock of the machine
    /// is set, so whoever keeps it never runs one firing twice.
    pub fn id(&self, firing: &Firing) -> String {
        format!("{}/{}", self.name, firing.at)
    }

    /// When the run of a firing starts: its instant and a delay of less than the jitter, which is the same every time it
    /// is asked for, and always before the next firing.
    pub fn start(&self, firing: &Firing) -> Timestamp {
        if self.jitter_minutes == 0 {
            return firing.at;
        }
        let bound = jitter::bound(self.jitter_minutes, firing, self.next(firing.at).as_ref());
        let delay = i64::try_from(jitter::delay_secs(&self.name, firing.at, bound)).unwrap_or_default();
        firing.at.checked_add(SignedDuration::from_secs(delay)).unwrap_or(firing.at)
    }

    /// The changes of the local clock after an instant up to and with another, in their order.
    pub fn clock_changes(&self, after: Timestamp, until: Timestamp) -> Vec<ClockChange> {
        let transitions = self.zone.rules().following(after).map(|transition| transition.timestamp());
        transitions
            .take_while(|at| *at <= until)
            .filter_map(|at| {
                let before = self.offset(at.checked_sub(SECOND).ok()?);
                let (from, to) = (before.to_datetime(at), self.offset(at).to_datetime(at));
                (from != to).then_some(ClockChange { at, from, to })
            })
            .collect()
    }

    /// The local time at an instant, with its offset.
    pub fn local(&self, at: Timestamp) -> (DateTime, Offset) {
        let offset = self.offset(at);
        (offset.to_datetime(at), offset)
    }

    fn offset(&self, at: Timestamp) -> Offset {
        self.zone.rules().to_offset(at)
    }

    /// For lines that name every hour: whenever the local clock shows a fitting time. Between two changes the clock and
    /// real time go alike, so each stretch is enumerated by itself.
    fn next_by_the_clock(&self, after: Timestamp) -> Option<Firing> {
        let mut start = after.checked_add(SECOND).ok()?;
        loop {
            let (local, offset) = self.local(start);
            let change = self.zone.rules().following(start).next().map(|transition| transition.timestamp());
            let nominal = self.line.next_after(local.checked_sub(SECOND).ok()?)?;
            let at = offset.to_timestamp(nominal).ok()?;
            match change {
                Some(change) if at >= change => start = change,
                _ => return Some(Firing { nominal, at, daylight: self.shown(nominal, offset) }),
            }
        }
    }

    /// Which of the times that show `nominal` has this offset.
    fn shown(&self, nominal: DateTime, offset: Offset) -> Daylight {
        match self.zone.rules().to_ambiguous_timestamp(nominal).offset() {
            AmbiguousOffset::Fold { before, .. } if before == offset => Daylight::FirstOfTwo,
            AmbiguousOffset::Fold { .. } => Daylight::SecondOfTwo,
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => Daylight::Ordinary,
        }
    }

    /// For lines that name some hours: each of their local times once. Later local times never come to earlier
    /// instants, so the first that is late enough is the next.
    fn next_of_the_day(&self, after: Timestamp) -> Option<Firing> {
        let (mut nominal, _) = self.local(after);
        loop {
            nominal = self.line.next_after(nominal)?;
            if let Some(firing) = self.once(nominal)
                && firing.at > after
            {
                return Some(firing);
            }
        }
    }

    /// The one instant of a local time; none on a date that the zone left out.
    fn once(&self, nominal: DateTime) -> Option<Firing> {
        let (at, daylight) = match self.zone.rules().to_ambiguous_timestamp(nominal).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset.to_timestamp(nominal).ok()?, Daylight::Ordinary),
            AmbiguousOffset::Fold { before, .. } => (before.to_timestamp(nominal).ok()?, Daylight::FirstOfTwo),
            AmbiguousOffset::Gap { after, .. } => {
                // Read with the offset that comes, a skipped time lies before the jump.
                let before = after.to_timestamp(nominal).ok()?;
                let jump = self.zone.rules().following(before.checked_sub(SECOND).ok()?).next()?.timestamp();
                let on_its_day = |at: &Timestamp| self.local(*at).0.date() == nominal.date();
                let at = [Some(jump), jump.checked_sub(MINUTE).ok()].into_iter().flatten().find(on_its_day)?;
                (at, Daylight::Skipped)
            }
        };
        Some(Firing { nominal, at, daylight })
    }
}
