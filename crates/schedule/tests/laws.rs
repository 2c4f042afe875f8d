//! What is true of every zone, year and line.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
};
use palisade_schedule::{CatchUp, Due, Line, Schedule, Zone, due, zone_names};
use proptest::{prelude::*, sample::select};
use std::collections::{BTreeMap, BTreeSet};

fn schedule(line: &str, zone: &str) -> Schedule {
    Schedule {
        name: "law".to_owned(),
        line: Line::parse(line).unwrap(),
        zone: Zone::named(zone).unwrap(),
        jitter_minutes: 0,
        catch_up: CatchUp::Latest,
    }
}

/// The instants at which a year begins and ends in a zone, a day of slack on both sides.
fn year(year: i16) -> (Timestamp, Timestamp) {
    let begins = |year| date(year, 1, 1).at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let day = SignedDuration::from_hours(24);
    (begins(year) - day, begins(year + 1) + day)
}

/// The dates that a zone's clock shows in a year, found by looking at it every hour; the first and the last may be cut.
fn dates(zone: &str, of: i16) -> BTreeSet<Date> {
    let (from, to) = year(of);
    let zone = Zone::named(zone).unwrap();
    let hours =
        std::iter::successors(Some(from), |at| Some(*at + SignedDuration::from_hours(1)).filter(|at| *at <= to));
    let all: BTreeSet<Date> = hours.map(|at| zone.rules().to_datetime(at).date()).collect();
    all.iter().skip(1).take(all.len() - 2).copied().collect()
}

fn runs_once_on_each(dates: &BTreeSet<Date>, schedule: &Schedule, of: i16) {
    let (from, to) = year(of);
    let mut runs: BTreeMap<Date, usize> = dates.iter().map(|date| (*date, 0)).collect();
    for firing in schedule.between(from, to) {
        let shown = schedule.local(firing.at).0.date();
        assert_eq!(shown, firing.nominal.date(), "{} {}: {firing:?}", schedule.zone, schedule.line);
        if let Some(count) = runs.get_mut(&shown) {
            *count += 1;
        }
    }
    let odd: Vec<_> = runs.iter().filter(|(_, count)| **count != 1).collect();
    assert!(odd.is_empty(), "{} {}: {odd:?}", schedule.zone, schedule.line);
}

#[test]
fn a_daily_run_happens_once_on_every_calendar_day_in_every_zone() {
    for zone in zone_names() {
        runs_once_on_each(&dates(zone, 2026), &schedule("30 2 * * *", zone), 2026);
    }
}

#[test]
fn a_daily_run_happens_once_on_every_calendar_day_also_where_clocks_did_strange_things() {
    for (zone, of) in [
        ("Pacific/Apia", 2011),        // no 30 December
        ("Pacific/Kiritimati", 1994),  // no 31 December
        ("America/Nuuk", 2024),        // the clock goes from 23:00 into the next day, and back into the last
        ("America/Havana", 2026),      // midnight is skipped, and comes twice
        ("Antarctica/Troll", 2026),    // two hours
        ("Australia/Lord_Howe", 2026), // half an hour
        ("Africa/Casablanca", 2026),   // winter time in Ramadan
        ("Asia/Pyongyang", 2018),      // half an hour, just before midnight
        ("Europe/Dublin", 2026),       // summer is standard
    ] {
        let dates = dates(zone, of);
        for line in ["0 0", "15 0", "59 0", "30 1", "0 2", "45 2", "0 3", "29 23", "30 23", "59 23"] {
            runs_once_on_each(&dates, &schedule(&format!("{line} * * *"), zone), of);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_daily_run_happens_once_on_every_calendar_day(
        zone in select(zone_names()), of in 1990_i16..2060, hour in 0..24, minute in 0..60,
    ) {
        runs_once_on_each(&dates(zone, of), &schedule(&format!("{minute} {hour} * * *"), zone), of);
    }

    #[test]
    fn an_hourly_run_happens_in_every_real_hour(zone in select(zone_names()), of in 1990_i16..2060, minute in 0..60) {
        let schedule = schedule(&format!("{minute} * * * *"), zone);
        let (from, to) = year(of);
        let whole_hours = schedule
            .clock_changes(from, to)
            .iter()
            .all(|change| change.to.duration_since(change.from).as_secs() % 3_600 == 0);
        let firings: Vec<_> = schedule.between(from, to).collect();
        for pair in firings.windows(2) {
            let pause = pair[1].at.duration_since(pair[0].at);
            if whole_hours {
                prop_assert_eq!(pause, SignedDuration::from_hours(1), "{}: {:?}", zone, pair);
            } else {
                prop_assert!(pause > SignedDuration::ZERO && pause < SignedDuration::from_hours(2), "{}: {:?}", zone, pair);
            }
        }
        prop_assert!(firings.len() >= 365 * 24, "{}", firings.len());
    }

    #[test]
    fn firings_and_starts_come_in_order_and_a_start_stays_below_its_jitter(
        zone in select(zone_names()),
        line in select(vec!["*/7 1-3 * * *", "30 2,3 * * *", "*/20 * * * *", "0 */2 * * *", "0,59 23,0 * * *", "15 3 1 * SUN"]),
        month in 1_i8..=12,
        of in 2000_i16..2050,
        jitter_minutes in 0_u32..120,
    ) {
        let schedule = Schedule { jitter_minutes, ..schedule(line, zone) };
        let after = date(of, month, 1).at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        let until = after + SignedDuration::from_hours(24 * 35);
        let firings: Vec<_> = schedule.between(after, until).take(200).collect();
        for pair in firings.windows(2) {
            prop_assert!(pair[0].at < pair[1].at, "{:?}", pair);
            let start = schedule.start(&pair[0]);
            prop_assert!(pair[0].at <= start && start < pair[1].at, "{:?} starts {}", pair, start);
            prop_assert!(start.duration_since(pair[0].at) <= SignedDuration::from_mins(i64::from(jitter_minutes)));
        }
        // Whoever asks from any instant in between gets the same next firing.
        for pair in firings.windows(2).take(20) {
            let middle = pair[0].at + pair[1].at.duration_since(pair[0].at) / 2;
            prop_assert_eq!(schedule.next(middle), Some(pair[1].clone()));
        }
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_place_inside_it(
        text in prop_oneof![any::<String>(), "[-0-9*/, @A-Za-z#?é]{0,30}", "([-0-9*/,]{1,6} ){4}[-0-7*/,MONSU]{1,6}"],
    ) {
        match Line::parse(&text) {
            Ok(line) => prop_assert!(!line.words().is_empty()),
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(text.get(error.span.clone()).is_some(), "{:?} of {:?}", error, text);
                    prop_assert!(!error.to_string().is_empty() && !error.mistake.help().is_empty());
                }
            }
        }
    }

    #[test]
    fn however_the_clock_jumps_no_firing_is_run_twice(
        jumps in proptest::collection::vec(-400_i64..900, 1..120),
        latest in any::<bool>(),
        line in select(vec!["*/30 * * * *", "0 * * * *", "15 2,14 * * *"]),
    ) {
        let catch_up = if latest { CatchUp::Latest } else { CatchUp::None };
        let schedule = Schedule { catch_up, jitter_minutes: 10, ..schedule(line, "Europe/Berlin") };
        let mut now: Timestamp = "2026-03-27T00:00:00Z".parse().unwrap();
        let (mut last, mut run, mut missed) = (None, BTreeSet::new(), BTreeSet::new());
        let (first, mut furthest) = (now, now);
        for minutes in jumps {
            let told: Due = due(&schedule, last, now);
            if let Some(next) = &told.run {
                prop_assert!(next.start <= now, "run before its start");
                prop_assert!(run.insert(next.firing.at), "{} was run twice", schedule.id(&next.firing));
            }
            for firing in &told.missed.named {
                prop_assert!(missed.insert(firing.at), "{} was missed twice", schedule.id(firing));
            }
            prop_assert!(!told.missed.and_earlier);
            prop_assert!(told.next.is_some_and(|next| next.start > now));
            last = Some(told.last);
            furthest = furthest.max(now);
            now += SignedDuration::from_mins(minutes);
        }
        prop_assert!(run.is_disjoint(&missed));
        // None is lost either: what came up to the furthest instant was run or missed.
        let come: BTreeSet<_> =
            schedule.between(first, furthest).filter(|firing| schedule.start(firing) <= furthest).map(|firing| firing.at).collect();
        prop_assert_eq!(run.union(&missed).copied().collect::<BTreeSet<_>>(), come);
    }
}
