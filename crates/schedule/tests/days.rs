//! Days that everybody asks about.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use jiff::{SignedDuration, Timestamp};
use palisade_schedule::{CatchUp, Daylight, Firing, Line, Schedule, Zone, due, overdue};

fn schedule(line: &str, zone: &str) -> Schedule {
    Schedule {
        name: "nightly".to_owned(),
        line: Line::parse(line).unwrap(),
        zone: Zone::named(zone).unwrap(),
        jitter_minutes: 0,
        catch_up: CatchUp::Latest,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn between(schedule: &Schedule, from: &str, to: &str) -> Vec<Firing> {
    schedule.between(at(from), at(to)).collect()
}

fn instants(firings: &[Firing]) -> Vec<String> {
    firings.iter().map(|firing| firing.at.to_string()).collect()
}

/// Berlin, 29 March 2026: from 02:00 to 03:00. 25 October 2026: from 03:00 back to 02:00.
#[test]
fn the_days_of_berlin_have_23_and_25_hours_and_one_night() {
    let hourly = schedule("0 * * * *", "Europe/Berlin");
    assert_eq!(between(&hourly, "2026-03-28T22:59:59Z", "2026-03-29T21:59:59Z").len(), 23);
    assert_eq!(between(&hourly, "2026-10-24T21:59:59Z", "2026-10-25T22:59:59Z").len(), 25);

    let nightly = schedule("30 2 * * *", "Europe/Berlin");
    let skipped = between(&nightly, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
    assert_eq!(instants(&skipped), ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
    assert_eq!(skipped[0].daylight, Daylight::Skipped);
    assert_eq!(
        nightly.remark(&skipped[0], at("2026-03-28T12:00:00Z")).unwrap(),
        "02:30 does not exist on this day: the clock goes from 02:00 to 03:00; it fires at 03:00"
    );
    let twice = between(&nightly, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
    assert_eq!(instants(&twice), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    assert_eq!(twice[0].daylight, Daylight::FirstOfTwo);
    assert_eq!(
        nightly.remark(&twice[0], at("2026-10-24T12:00:00Z")).unwrap(),
        "02:30 comes twice; it fires the first time only"
    );

    let both = between(&hourly, "2026-10-24T23:59:59Z", "2026-10-25T01:00:00Z");
    let daylight: Vec<_> = both.iter().map(|firing| firing.daylight).collect();
    assert_eq!(daylight, [Daylight::FirstOfTwo, Daylight::SecondOfTwo]);
    let after = hourly.next(at("2026-03-29T00:30:00Z")).unwrap();
    assert_eq!(
        hourly.remark(&after, at("2026-03-29T00:30:00Z")).unwrap(),
        "before it, on 2026-03-29, the clock goes from 02:00 to 03:00"
    );
}

#[test]
fn times_that_fall_together_fire_once() {
    let line = schedule("0,30 2,3 * * *", "Europe/Berlin");
    let spring = between(&line, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    // 02:00, 02:30 and 03:00 are one instant, 03:30 is another.
    assert_eq!(instants(&spring), ["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]);
}

#[test]
fn a_day_that_ends_with_a_jump_still_has_its_run_and_a_date_that_was_left_out_has_none() {
    // Nuuk, 30 March 2024: from 23:00 to 00:00.
    let late = schedule("30 23 * * *", "America/Nuuk");
    let firings = between(&late, "2024-03-30T12:00:00Z", "2024-04-01T01:00:00Z");
    assert_eq!(instants(&firings), ["2024-03-31T00:59:00Z", "2024-04-01T00:30:00Z"]);
    assert_eq!(
        late.remark(&firings[0], at("2024-03-30T12:00:00Z")).unwrap(),
        "23:30 does not exist on this day: the clock goes from 23:00 to 00:00; it fires at 22:59"
    );
    // Apia had no 30 December 2011.
    let apia = between(&schedule("0 3 * * *", "Pacific/Apia"), "2011-12-29T00:00:00Z", "2012-01-01T00:00:00Z");
    let dates: Vec<String> = apia.iter().map(|firing| firing.nominal.date().to_string()).collect();
    assert_eq!(dates, ["2011-12-29", "2011-12-31", "2012-01-01"]);
}

#[test]
fn after_a_week_of_silence_one_run_catches_up_and_the_others_are_named() {
    let nightly = schedule("0 2 * * *", "Europe/Berlin");
    // The clock changes in that week.
    let (last, now) = (at("2026-03-26T01:00:00Z"), at("2026-04-02T09:00:00Z"));
    let told = due(&nightly, Some(last), now);
    assert_eq!(told.run.as_ref().unwrap().firing.at, at("2026-04-02T00:00:00Z"));
    assert_eq!(
        instants(&told.missed.named),
        [
            "2026-03-27T01:00:00Z",
            "2026-03-28T01:00:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-30T00:00:00Z",
            "2026-03-31T00:00:00Z",
            "2026-04-01T00:00:00Z"
        ]
    );
    assert_eq!(told.next.unwrap().firing.at, at("2026-04-03T00:00:00Z"));
    let again = due(&nightly, Some(told.last), now);
    assert_eq!((again.run, again.missed.named.len()), (None, 0), "what was told is not told again");

    let strict = Schedule { catch_up: CatchUp::None, ..nightly };
    let told = due(&strict, Some(last), now);
    assert_eq!((told.run, told.missed.named.len()), (None, 7));
    let punctual = due(&strict, Some(told.last), at("2026-04-03T00:09:00Z"));
    assert_eq!(punctual.run.unwrap().firing.at, at("2026-04-03T00:00:00Z"));
}

#[test]
fn after_years_of_silence_the_answer_is_short_and_quick() {
    let told =
        due(&schedule("* * * * *", "Europe/Berlin"), Some(at("1970-01-01T00:00:00Z")), at("2026-11-29T00:00:30Z"));
    assert_eq!(told.run.unwrap().firing.at, at("2026-11-29T00:00:00Z"));
    assert_eq!((told.missed.named.len(), told.missed.and_earlier), (100, true));
    assert_eq!(told.missed.named[99].at, at("2026-11-28T23:59:00Z"));
    let rare = schedule("0 0 29 2 *", "UTC");
    let told = due(&rare, Some(Timestamp::MIN), at("2026-11-29T00:00:00Z"));
    assert_eq!(told.run.unwrap().firing.at, at("2024-02-29T00:00:00Z"));
}

#[test]
fn a_schedule_that_is_seen_for_the_first_time_has_missed_nothing() {
    let nightly = schedule("0 2 * * *", "UTC");
    let now = at("2026-11-29T02:00:10Z");
    let told = due(&nightly, None, now);
    assert_eq!((told.run, told.missed.named.len(), told.last), (None, 0, now));
    assert_eq!(told.next.unwrap().firing.at, at("2026-11-30T02:00:00Z"));
}

#[test]
fn a_clock_that_was_set_back_is_said_and_runs_nothing_again() {
    let hourly = schedule("0 * * * *", "UTC");
    let told = due(&hourly, Some(at("2026-11-29T10:00:00Z")), at("2026-11-29T08:30:00Z"));
    assert_eq!((told.run, told.clock_behind), (None, Some(SignedDuration::from_mins(90))));
    assert_eq!(told.next.unwrap().firing.at, at("2026-11-29T11:00:00Z"));
}

#[test]
fn the_jitter_holds_back_the_run_and_not_the_firing() {
    let schedule = Schedule { jitter_minutes: 30, ..schedule("0 2 * * *", "UTC") };
    let firing = schedule.next(at("2026-11-29T00:00:00Z")).unwrap();
    let start = schedule.start(&firing);
    assert!(start > firing.at && start < firing.at + SignedDuration::from_mins(30), "{start}");
    let before = due(&schedule, Some(at("2026-11-28T02:00:00Z")), start - SignedDuration::from_secs(1));
    assert_eq!((before.run, before.last), (None, at("2026-11-28T02:00:00Z")));
    assert_eq!(before.next.unwrap().start, start);
    assert_eq!(due(&schedule, Some(before.last), start).run.unwrap().firing, firing);
}

#[test]
fn a_success_is_overdue_after_one_and_a_half_intervals() {
    let hourly = schedule("0 * * * *", "UTC");
    let success = at("2026-11-29T10:05:00Z");
    assert_eq!(overdue(&hourly, success, at("2026-11-29T11:35:00Z")), None);
    let late = overdue(&hourly, success, at("2026-11-29T11:35:01Z")).unwrap();
    assert_eq!((late.expected.at, late.since), (at("2026-11-29T11:00:00Z"), at("2026-11-29T11:35:00Z")));
    // A line for weekdays: the pause of Friday, 27 November, is three days, so its success lasts to Tuesday afternoon, and
    // so does that of Monday.
    let weekdays = schedule("0 2 * * MON-FRI", "UTC");
    assert_eq!(overdue(&weekdays, at("2026-11-27T02:10:00Z"), at("2026-12-01T14:00:00Z")), None);
    assert!(overdue(&weekdays, at("2026-11-27T02:10:00Z"), at("2026-12-01T14:10:01Z")).is_some());
    assert!(overdue(&weekdays, at("2026-11-30T02:10:00Z"), at("2026-12-01T14:10:01Z")).is_some());
    // The day of 23 hours.
    let nightly = schedule("0 4 * * *", "Europe/Berlin");
    let late = overdue(&nightly, at("2026-03-28T03:00:00Z"), at("2026-03-29T23:00:00Z")).unwrap();
    assert_eq!(late.since, at("2026-03-29T13:30:00Z"));
}
