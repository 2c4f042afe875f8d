//! When a message may leave.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, Time, Weekday},
};
use palisade_schedule::Zone;

/// When what a route takes is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// Together, once a day.
    Daily {
        /// At this time of day.
        at: Time,
        /// In this zone.
        zone: Zone,
    },
    /// Together, once a week.
    Weekly {
        /// On this day.
        on: Weekday,
        /// At this time of day.
        at: Time,
        /// In this zone.
        zone: Zone,
    },
}

impl When {
    /// The next moment to tell, strictly after `now`. `None` for at once.
    pub(crate) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Now => None,
            Self::Daily { at, zone } => next_day(now, *at, zone, |_| true),
            Self::Weekly { on, at, zone } => next_day(now, *at, zone, |date| date.weekday() == *on),
        }
    }
}

/// Hours in which only critical messages leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The first quiet minute of the day.
    pub from: Time,
    /// The first minute that is not quiet any more. Before `from`: on the next day.
    pub to: Time,
    /// Whose clock it is.
    pub zone: Zone,
}

impl Quiet {
    /// When the quiet ends that covers this moment. `None` when none does.
    pub(crate) fn until(&self, moment: Timestamp) -> Option<Timestamp> {
        let local = moment.to_zoned(self.zone.rules().clone());
        let (date, time) = (local.date(), local.time());
        let over_midnight = self.to <= self.from;
        let quiet =
            if over_midnight { time >= self.from || time < self.to } else { time >= self.from && time < self.to };
        let last = if over_midnight && time >= self.from { date.tomorrow().ok()? } else { date };
        // A change of the clocks may have moved the end before this moment.
        if quiet { instant(&self.zone, last, self.to).filter(|end| *end > moment) } else { None }
    }
}

/// The instant of a time of day. A time that a change of the clocks skips is as long after the gap as it would be after its
/// beginning; one that comes twice is the first of the two.
fn instant(zone: &Zone, date: Date, time: Time) -> Option<Timestamp> {
    let ambiguous = zone.rules().to_ambiguous_zoned(date.to_datetime(time));
    ambiguous.compatible().ok().map(|zoned| zoned.timestamp())
}

fn next_day(now: Timestamp, at: Time, zone: &Zone, wanted: impl Fn(Date) -> bool) -> Option<Timestamp> {
    let today = now.to_zoned(zone.rules().clone()).date();
    (0..=8)
        .filter_map(|days| today.checked_add(days.days()).ok())
        .filter(|date| wanted(*date))
        .filter_map(|date| instant(zone, date, at))
        .find(|moment| *moment > now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    fn berlin() -> Zone {
        Zone::named("Europe/Berlin").unwrap()
    }

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_digest_is_strictly_later_and_follows_the_clock_of_its_zone() {
        let daily = When::Daily { at: time(9, 0, 0, 0), zone: berlin() };
        let cases = [
            ("2026-11-18T07:59:59Z", "2026-11-18T08:00:00Z"),
            ("2026-11-18T08:00:00Z", "2026-11-19T08:00:00Z"),
            ("2026-07-01T06:00:00Z", "2026-07-01T07:00:00Z"),
            // The night in which summer begins: nine o'clock comes after 23 hours.
            ("2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z"),
        ];
        for (now, next) in cases {
            assert_eq!(daily.next(moment(now)), Some(moment(next)), "{now}");
        }
        let weekly = When::Weekly { on: Weekday::Monday, at: time(9, 0, 0, 0), zone: berlin() };
        assert_eq!(weekly.next(moment("2026-11-18T12:00:00Z")), Some(moment("2026-11-23T08:00:00Z")));
        assert_eq!(weekly.next(moment("2026-11-23T08:00:00Z")), Some(moment("2026-11-30T08:00:00Z")));
        assert_eq!(When::Now.next(moment("2026-11-18T12:00:00Z")), None);
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_told_right_after_the_gap() {
        let daily = When::Daily { at: time(2, 30, 0, 0), zone: berlin() };
        assert_eq!(daily.next(moment("2026-03-28T23:00:00Z")), Some(moment("2026-03-29T01:30:00Z")));
    }

    #[test]
    fn quiet_hours_end_in_the_morning_whichever_side_of_midnight_it_is() {
        let night = Quiet { from: time(22, 0, 0, 0), to: time(7, 0, 0, 0), zone: berlin() };
        let cases = [
            ("2026-11-18T20:59:00Z", None),
            ("2026-11-18T21:00:00Z", Some("2026-11-19T06:00:00Z")),
            ("2026-11-19T02:00:00Z", Some("2026-11-19T06:00:00Z")),
            ("2026-11-19T06:00:00Z", None),
        ];
        for (now, end) in cases {
            assert_eq!(night.until(moment(now)), end.map(moment), "{now}");
        }
        let noon = Quiet { from: time(12, 0, 0, 0), to: time(13, 0, 0, 0), zone: Zone::UTC };
        assert_eq!(noon.until(moment("2026-11-19T12:30:00Z")), Some(moment("2026-11-19T13:00:00Z")));
        assert_eq!(noon.until(moment("2026-11-19T11:30:00Z")), None);
    }
}
