//! A cron line as people write it.
//!
//! The `cron` crate enumerates; this file is what stands between it and what people know. The crate wants seconds first,
//! counts days of the week from 1 for Sunday, and asks for both days when both are named. So the five fields are read
//! here into numbers, and the numbers, not the text, are given to the crate.

use chrono::{Datelike as _, NaiveDate, TimeZone as _, Timelike as _, Utc};
use jiff::civil::{DateTime, date};
use std::{collections::BTreeSet, fmt, ops::Range, str::FromStr as _};

/// A field of a cron line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31.
    DayOfMonth,
    /// 1 to 12, or JAN to DEC.
    Month,
    /// 0 to 7, Sunday being 0 and 7, or SUN to SAT.
    DayOfWeek,
}

impl Field {
    /// Every field, in the order of a line.
    pub const ALL: [Self; 5] = [Self::Minute, Self::Hour, Self::DayOfMonth, Self::Month, Self::DayOfWeek];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of the month",
            Self::Month => "month",
            Self::DayOfWeek => "day of the week",
        }
    }

    /// The smallest and the largest number it takes.
    pub fn bounds(self) -> (u8, u8) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 7),
        }
    }

    /// The names it takes, the first of them standing for the smallest number.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Minute | Self::Hour | Self::DayOfMonth => &[],
            Self::Month => &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
            Self::DayOfWeek => &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        }
    }

    /// How many different values it has.
    fn size(self) -> u8 {
        match self {
            Self::DayOfWeek => 7,
            Self::Minute | Self::Hour | Self::DayOfMonth | Self::Month => self.bounds().1 - self.bounds().0 + 1,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong with a cron line, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{mistake}")]
pub struct LineError {
    /// Where in the line, in bytes.
    pub span: Range<usize>,
    /// What.
    pub mistake: Mistake,
}

/// What can be wrong with a cron line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// There are more or fewer than five fields.
    #[error("a cron line has five fields, and this one has {0}")]
    Fields(usize),
    /// A macro that does not exist.
    #[error("`{0}` is no abbreviation of a cron line")]
    UnknownMacro(String),
    /// A macro that other programs know and that has no meaning here.
    #[error("`{0}` names no times of the calendar")]
    NoCalendar(String),
    /// A word or number that the field does not take.
    #[error("`{text}` is no {field}")]
    Value {
        /// What was written.
        text: String,
        /// In which field.
        field: Field,
    },
    /// A letter or sign of another cron.
    #[error("`{0}` belongs to another kind of cron")]
    Foreign(char),
    /// A range whose end comes before its start.
    #[error("the range `{text}` ends before it begins")]
    Backwards {
        /// What was written.
        text: String,
        /// In which field.
        field: Field,
    },
    /// A step of nothing, or of no number.
    #[error("`{0}` is no step")]
    Step(String),
    /// A step so large that only the first value is left.
    #[error("a step of {step} leaves one {field}")]
    StepTooLarge {
        /// The step.
        step: u8,
        /// In which field.
        field: Field,
    },
    /// A step behind a single number.
    #[error("`{text}` steps from one {field}")]
    StepOfOne {
        /// What was written.
        text: String,
        /// In which field.
        field: Field,
    },
    /// No day of the calendar fits.
    #[error("this never comes")]
    Never,
}

impl Mistake {
    /// What to write instead.
    pub fn help(&self) -> String {
        match self {
            Self::Fields(6 | 7) => {
                "seconds and years are for other kinds of cron; write minute, hour, day of the month, month, day of the week"
                    .to_owned()
            }
            Self::Fields(_) => {
                "write minute, hour, day of the month, month, day of the week, for example `0 2 * * *`".to_owned()
            }
            Self::UnknownMacro(_) => format!("choose one of {}, or write five fields", Line::abbreviations().join(", ")),
            Self::NoCalendar(_) => "write five fields, for example `0 2 * * *`, or `@daily`".to_owned(),
            Self::Value { field, .. } => {
                let (from, to) = field.bounds();
                match (field.names().first(), field.names().last()) {
                    (Some(first), Some(last)) => format!("expected {from} to {to}, or {first} to {last}"),
                    _ => format!("expected {from} to {to}"),
                }
            }
            Self::Foreign(_) => "the signs are `*`, `,`, `-` and `/`".to_owned(),
            Self::Backwards { field, .. } => {
                let (from, to) = field.bounds();
                format!("write it as two ranges with a comma: up to {to}, and from {from}")
            }
            Self::Step(_) => "a step is a whole number from 1, for example `*/15`".to_owned(),
            Self::StepTooLarge { field, .. } => {
                format!("a step counts within the field; write the {field} itself, or use the next field")
            }
            Self::StepOfOne { field, text } => {
                let (from, step) = text.split_once('/').unwrap_or((text, "1"));
                format!("write `{from}-{}/{step}`", field.bounds().1)
            }
            Self::Never => "no month of the calendar has such a day".to_owned(),
        }
    }
}

/// The abbreviations and what they stand for.
const MACROS: &[(&str, &str)] = &[
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// The values of a field.
pub(crate) type Values = BTreeSet<u8>;

/// A cron line that fires at some time.
#[derive(Clone, Debug)]
pub struct Line {
    text: String,
    pub(crate) minutes: Values,
    pub(crate) hours: Values,
    pub(crate) days: Days,
    pub(crate) months: Values,
    /// What enumerates. Two when either day may fit, because the crate asks for both.
    enumerators: Vec<cron::Schedule>,
}

/// Which days fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Days {
    /// Every day.
    Every,
    /// Days of the month.
    OfMonth(Values),
    /// Days of the week, Sunday being 0.
    OfWeek(Values),
    /// A day fits when either does: both fields are restricted.
    Either(Values, Values),
    /// A day fits when both do: one of the fields begins with `*` and leaves some days out nevertheless.
    Both(Values, Values),
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Line {}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Line {
    /// Reads a line: five fields, or an abbreviation such as `@hourly`.
    ///
    /// Fields hold numbers, names (`MON`, `jan`), ranges, lists and steps. Sunday is 0 and 7, and 7 at the
    /// end of a range that begins on another day: `SAT-SUN` are two days. Every mistake of every field is returned, in their order.
    pub fn parse(text: &str) -> Result<Self, Vec<LineError>> {
        let fail = |span, mistake| Err(vec![LineError { span, mistake }]);
        let words = words(text);
        if let Some((word, span)) = words.first().filter(|(word, _)| word.starts_with('@')) {
            let lower = word.to_ascii_lowercase();
            return match MACROS.iter().find(|(name, _)| *name == lower) {
                Some((_, line)) if words.len() == 1 => {
                    Self::parse(line).map(|line| Self { text: text.to_owned(), ..line })
                }
                _ if matches!(lower.as_str(), "@reboot" | "@every") => {
                    fail(span.clone(), Mistake::NoCalendar((*word).to_owned()))
                }
                _ => fail(0..text.len(), Mistake::UnknownMacro(text.trim().to_owned())),
            };
        }
        let [minute, hour, day, month, weekday] = words.as_slice() else {
            return fail(0..text.len(), Mistake::Fields(words.len()));
        };
        let mut errors = Vec::new();
        let mut read = |(word, span): &(&str, Range<usize>), field| values(word, span.start, field, &mut errors);
        let (minutes, hours) = (read(minute, Field::Minute), read(hour, Field::Hour));
        let (days_of_month, months) = (read(day, Field::DayOfMonth), read(month, Field::Month));
        let days_of_week: Values = read(weekday, Field::DayOfWeek).into_iter().map(|day| day % 7).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let days = days(day.0, days_of_month, weekday.0, days_of_week);
        let enumerators = enumerators(&minutes, &hours, &days, &months);
        let line = Self { text: text.to_owned(), minutes, hours, days, months, enumerators };
        // Leap days come within eight years, and each on every day of the week within forty.
        if line.next_after(date(2000, 1, 1).at(0, 0, 0, 0)).is_none() {
            return fail(day.1.start..month.1.end, Mistake::Never);
        }
        Ok(line)
    }

    /// The words that stand for a line: `@hourly` and so on.
    pub fn abbreviations() -> Vec<&'static str> {
        MACROS.iter().map(|(name, _)| *name).collect()
    }

    /// Whether the hour field names every hour: the line follows real time and not the calendar day.
    pub fn is_every_hour(&self) -> bool {
        self.hours.len() == usize::from(Field::Hour.size())
    }

    /// The shortest pause between two of its times on a day without a clock change, in minutes. For lines of one time a
    /// day it is a day, also when they name only some days.
    pub fn shortest_pause_minutes(&self) -> u32 {
        const DAY: u32 = 24 * 60;
        let times: Vec<u32> = self
            .hours
            .iter()
            .flat_map(|hour| self.minutes.iter().map(move |minute| u32::from(*hour) * 60 + u32::from(*minute)))
            .collect();
        let Some(first) = times.first() else { return DAY };
        let following = times.iter().skip(1).copied().chain([first + DAY]);
        times.iter().zip(following).map(|(time, next)| next - time).min().unwrap_or(DAY)
    }

    /// The first local time after another that fits. `None` after the year 2099, behind which the crate does not look.
    pub(crate) fn next_after(&self, local: DateTime) -> Option<DateTime> {
        let naive = NaiveDate::from_ymd_opt(
            i32::from(local.year()),
            u32::try_from(local.month()).ok()?,
            u32::try_from(local.day()).ok()?,
        )?
        .and_hms_opt(
            u32::try_from(local.hour()).ok()?,
            u32::try_from(local.minute()).ok()?,
            u32::try_from(local.second()).ok()?,
        )?;
        // The crate's own treatment of clock changes stays out: to it, every local time is one of a zone without any.
        let after = Utc.from_utc_datetime(&naive);
        let next = self.enumerators.iter().filter_map(|schedule| schedule.after(&after).next()).min()?;
        let small = |number: u32| i8::try_from(number).ok();
        DateTime::new(
            i16::try_from(next.year()).ok()?,
            small(next.month())?,
            small(next.day())?,
            small(next.hour())?,
            small(next.minute())?,
            0,
            0,
        )
        .ok()
    }
}

fn words(text: &str) -> Vec<(&str, Range<usize>)> {
    let mut start = 0;
    let mut words = Vec::new();
    let blank = |letter: char| letter.is_ascii_whitespace();
    for piece in text.split_inclusive(blank) {
        let word = piece.trim_end_matches(blank);
        if !word.is_empty() {
            words.push((word, start..start + word.len()));
        }
        start += piece.len();
    }
    words
}

fn days(month_word: &str, of_month: Values, week_word: &str, of_week: Values) -> Days {
    let every_of_month = of_month.len() == usize::from(Field::DayOfMonth.size());
    let every_of_week = of_week.len() == usize::from(Field::DayOfWeek.size());
    match (every_of_month, every_of_week) {
        // Vixie's rule, which the crons of Linux and BSD share: what begins with `*` does not count as restricted, and
        // of two restricted fields either is enough.
        _ if !month_word.starts_with('*') && !week_word.starts_with('*') => {
            if every_of_month || every_of_week {
                Days::Every
            } else {
                Days::Either(of_month, of_week)
            }
        }
        (true, true) => Days::Every,
        (false, true) => Days::OfMonth(of_month),
        (true, false) => Days::OfWeek(of_week),
        (false, false) => Days::Both(of_month, of_week),
    }
}

fn enumerators(minutes: &Values, hours: &Values, days: &Days, months: &Values) -> Vec<cron::Schedule> {
    let list = |values: &Values| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    // The crate counts from 1 for Sunday.
    let week = |values: &Values| list(&values.iter().map(|day| day + 1).collect());
    let any = || "*".to_owned();
    let pairs = match days {
        Days::Every => vec![(any(), any())],
        Days::OfMonth(of_month) => vec![(list(of_month), any())],
        Days::OfWeek(of_week) => vec![(any(), week(of_week))],
        Days::Either(of_month, of_week) => vec![(list(of_month), any()), (any(), week(of_week))],
        Days::Both(of_month, of_week) => vec![(list(of_month), week(of_week))],
    };
    let (minutes, hours, months) = (list(minutes), list(hours), list(months));
    let lines = pairs.into_iter().map(|(day, weekday)| format!("0 {minutes} {hours} {day} {months} {weekday}"));
    // Lists of numbers within bounds are always read; a test compares with an enumeration of our own.
    lines.filter_map(|line| cron::Schedule::from_str(&line).ok()).collect()
}

/// The values of one field. `start` is where the field stands in the line.
fn values(word: &str, start: usize, field: Field, errors: &mut Vec<LineError>) -> Values {
    let mut values = Values::new();
    let mut at = start;
    for part in word.split(',') {
        match part_values(part, field) {
            Ok(some) => values.extend(some),
            // Where nothing stands, a comma does.
            Err(mistake) if part.is_empty() && at > start => errors.push(LineError { span: at - 1..at, mistake }),
            Err(mistake) => errors.push(LineError { span: at..at + part.len().max(1), mistake }),
        }
        at += part.len() + 1;
    }
    values
}

fn part_values(part: &str, field: Field) -> Result<Vec<u8>, Mistake> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    let (from, to) = if range == "*" {
        let (from, to) = field.bounds();
        // The other Sunday would break a step.
        (from, if field == Field::DayOfWeek { 6 } else { to })
    } else if let Some((from, to)) = range.split_once('-') {
        let (from, to) = (value(from, field)?, value(to, field)?);
        // Sunday ends a week that began before it: `FRI-SUN`.
        (from, if field == Field::DayOfWeek && to == 0 && from > 0 { 7 } else { to })
    } else {
        let one = value(range, field)?;
        if step.is_some() {
            return Err(Mistake::StepOfOne { text: part.to_owned(), field });
        }
        (one, one)
    };
    if from > to {
        return Err(Mistake::Backwards { text: range.to_owned(), field });
    }
    let Some(step) = step else { return Ok((from..=to).collect()) };
    let step = step.parse::<u8>().ok().filter(|step| *step > 0).ok_or_else(|| Mistake::Step(step.to_owned()))?;
    if step > to - from {
        return Err(Mistake::StepTooLarge { step, field });
    }
    Ok((from..=to).step_by(usize::from(step)).collect())
}

fn value(text: &str, field: Field) -> Result<u8, Mistake> {
    let (from, to) = field.bounds();
    if let Some(index) = field.names().iter().position(|name| name.eq_ignore_ascii_case(text)) {
        return Ok(from + u8::try_from(index).unwrap_or_default());
    }
    let digits = !text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit());
    match text.parse::<u8>() {
        Ok(number) if digits && (from..=to).contains(&number) => Ok(number),
        _ => match text.chars().find(|letter| matches!(letter, '?' | '#' | '~' | 'L' | 'W' | 'H' | '%')) {
            // A word with such a letter is a slip, not another cron's sign.
            Some(sign) if !text.chars().all(|letter| letter.is_ascii_alphabetic()) || text.len() == 1 => {
                Err(Mistake::Foreign(sign))
            }
            _ => Err(Mistake::Value { text: text.to_owned(), field }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn next(line: &str, after: &str) -> String {
        Line::parse(line).unwrap().next_after(after.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn what_people_write_means_what_it_means_to_their_cron() {
        // 2026-11-29 is a Sunday.
        for (line, after, expected) in [
            ("0 2 * * *", "2026-11-29T02:00:00", "2026-11-30T02:00:00"),
            ("0 2 * * 0", "2026-11-28T00:00:00", "2026-11-29T02:00:00"),
            ("0 2 * * 7", "2026-11-28T00:00:00", "2026-11-29T02:00:00"),
            ("0 2 * * SUN", "2026-11-28T00:00:00", "2026-11-29T02:00:00"),
            ("0 2 * * mon-fri", "2026-11-28T00:00:00", "2026-11-30T02:00:00"),
            ("0 2 * * 5-7", "2026-11-28T03:00:00", "2026-11-29T02:00:00"),
            ("0 2 * * SAT-SUN", "2026-11-27T03:00:00", "2026-11-28T02:00:00"),
            ("0 2 * * SUN-SUN", "2026-11-23T00:00:00", "2026-11-29T02:00:00"),
            ("0 2 * * 0-0", "2026-11-23T00:00:00", "2026-11-29T02:00:00"),
            ("*/15 * * * *", "2026-11-29T00:01:00", "2026-11-29T00:15:00"),
            ("5-59/20 * * * *", "2026-11-29T00:26:00", "2026-11-29T00:45:00"),
            ("0 0 1 JAN,jul *", "2026-11-29T00:00:00", "2027-01-01T00:00:00"),
            ("0 0 29 2 *", "2026-11-29T00:00:00", "2028-02-29T00:00:00"),
            ("@hourly", "2026-11-29T00:00:00", "2026-11-29T01:00:00"),
            ("@Weekly", "2026-11-28T00:00:00", "2026-11-29T00:00:00"),
            ("  0\t2  * * * ", "2026-11-29T00:00:00", "2026-11-29T02:00:00"),
        ] {
            assert_eq!(next(line, after), expected, "{line}");
        }
    }

    #[test]
    fn two_restricted_days_mean_either_and_a_field_with_a_star_is_not_restricted() {
        // 2026-11-13 is a Friday; the next Friday comes before the next 13th.
        assert_eq!(next("0 0 13 * FRI", "2026-11-13T00:00:00"), "2026-11-20T00:00:00");
        assert_eq!(next("0 0 13 * FRI", "2026-12-11T00:00:00"), "2026-12-13T00:00:00");
        // Odd days that are Mondays.
        assert_eq!(next("0 0 */2 * MON", "2026-11-29T00:00:00"), "2026-12-07T00:00:00");
        assert_eq!(Line::parse("0 0 1-31 * MON").unwrap().days, Days::Every);
        assert_eq!(Line::parse("0 0 * * 0-7").unwrap().days, Days::Every);
    }

    #[test]
    fn each_mistake_has_its_place_and_its_way_out() {
        for (line, place, title, help) in [
            ("0 2 * *", 0..7, "a cron line has five fields, and this one has 4", "for example `0 2 * * *`"),
            ("0 0 2 * * *", 0..11, "and this one has 6", "seconds"),
            ("", 0..0, "this one has 0", "minute, hour"),
            ("60 2 * * *", 0..2, "`60` is no minute", "expected 0 to 59"),
            ("0 24 * * *", 2..4, "`24` is no hour", "expected 0 to 23"),
            ("0 2 0 * *", 4..5, "`0` is no day of the month", "expected 1 to 31"),
            ("0 2 * 1,JNA *", 8..11, "`JNA` is no month", "1 to 12, or JAN to DEC"),
            ("0 2 * * MON,8", 12..13, "`8` is no day of the week", "0 to 7, or SUN to SAT"),
            ("0 2 L * *", 4..5, "`L` belongs to another kind of cron", "`*`, `,`, `-` and `/`"),
            ("0 2 ? * *", 4..5, "`?` belongs", "signs"),
            ("0 2 * * 5#2", 8..11, "`#` belongs", "signs"),
            ("0 22-4 * * *", 2..6, "the range `22-4` ends before it begins", "two ranges"),
            ("0 2 * * FRI-MON", 8..15, "`FRI-MON` ends before", "two ranges"),
            ("*/0 * * * *", 0..3, "`0` is no step", "`*/15`"),
            ("*/x * * * *", 0..3, "`x` is no step", "whole number"),
            ("*/90 * * * *", 0..4, "a step of 90 leaves one minute", "the next field"),
            ("5/15 * * * *", 0..4, "`5/15` steps from one minute", "write `5-59/15`"),
            ("0 2 30 2 *", 4..8, "this never comes", "no month"),
            ("0 2 31 4,6,9,11 *", 4..15, "this never comes", "no month"),
            ("@hurly", 0..6, "`@hurly` is no abbreviation", "@hourly"),
            ("@reboot", 0..7, "`@reboot` names no times", "five fields"),
            ("@every 1h", 0..6, "`@every` names no times", "five fields"),
            ("+5 2 * * *", 0..2, "`+5` is no minute", "0 to 59"),
            ("1,,2 2 * * *", 1..2, "`` is no minute", "0 to 59"),
            ("0 2 * * 1,", 9..10, "`` is no day of the week", "0 to 7"),
            ("0 2 * * é", 8..10, "`é` is no day of the week", "SUN"),
        ] {
            let errors = Line::parse(line).unwrap_err();
            assert_eq!(errors.len(), 1, "{line}: {errors:?}");
            assert_eq!(errors[0].span, place, "{line}");
            assert!(errors[0].to_string().contains(title), "{line}: {}", errors[0]);
            assert!(errors[0].mistake.help().contains(help), "{line}: {}", errors[0].mistake.help());
        }
        assert_eq!(Line::parse("60 24 32 13 8").unwrap_err().len(), 5, "every field is told at once");
    }

    /// Whether a local time fits, decided in the obvious way from the text of the fields.
    fn fits(fields: &[String; 5], local: DateTime) -> bool {
        let holds = |field: &str, first: i8, value: i8| {
            field.split(',').any(|part| {
                let (range, step) = part.split_once('/').unwrap_or((part, "1"));
                let step: i8 = step.parse().unwrap();
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                if range == "*" {
                    return (value - first) % step == 0;
                }
                let (from, to): (i8, i8) = (from.parse().unwrap(), to.parse().unwrap());
                from <= value && value <= to && (value - from) % step == 0
            })
        };
        let week = local.weekday().to_sunday_zero_offset();
        let (of_month, of_week) =
            (holds(&fields[2], 1, local.day()), holds(&fields[4], 0, week) || week == 0 && holds(&fields[4], 0, 7));
        let restricted = !fields[2].starts_with('*') && !fields[4].starts_with('*');
        let day = if restricted { of_month || of_week } else { of_month && of_week };
        holds(&fields[0], 0, local.minute())
            && holds(&fields[1], 0, local.hour())
            && holds(&fields[3], 1, local.month())
            && day
    }

    fn field(from: u8, to: u8) -> impl proptest::strategy::Strategy<Value = String> {
        use proptest::prelude::*;
        prop_oneof![
            3 => Just("*".to_owned()),
            1 => (1..=(to - from) / 2).prop_map(|step| format!("*/{step}")),
            2 => proptest::collection::vec(from..=to, 1..4)
                .prop_map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
            1 => (from..=to, from..=to).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
            1 => (from..to, 1_u8..3).prop_filter_map("a step that fits", move |(a, step)| {
                (step <= to - a).then(|| format!("{a}-{to}/{step}"))
            }),
        ]
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(100))]

        #[test]
        fn the_next_time_is_the_first_minute_that_fits(
            minute in field(0, 59), hour in field(0, 23), day in field(1, 31), weekday in field(0, 7), month in "[*]|11,12|10-12",
            start in 0_i64..90 * 24 * 60,
        ) {
            let fields = [minute, hour, day, month, weekday];
            let line = Line::parse(&fields.join(" ")).unwrap();
            let start = date(2026, 9, 15).at(0, 0, 0, 0) + SignedDuration::from_mins(start);
            let next = line.next_after(start).unwrap();
            let mut local = start;
            for _ in 0..40 * 24 * 60 {
                local += SignedDuration::from_mins(1);
                let found = fits(&fields, local);
                proptest::prop_assert_eq!(found, local == next, "{:?} after {}: {}, next {}", fields, start, local, next);
                if found {
                    break;
                }
            }
        }
    }

    #[test]
    fn the_shortest_pause_is_that_of_an_ordinary_day() {
        for (line, minutes) in [
            ("0 2 * * *", 1_440),
            ("0 2 * * MON", 1_440),
            ("0 * * * *", 60),
            ("*/15 * * * *", 15),
            ("* * * * *", 1),
            ("0 1,23 * * *", 120),
            ("0,50 * * * *", 10),
        ] {
            assert_eq!(Line::parse(line).unwrap().shortest_pause_minutes(), minutes, "{line}");
        }
    }
}
