//! A schedule in sentences.

use crate::{
    CatchUp, ClockChange, Daylight, Firing, Line, Schedule,
    line::{Days, Values},
    zone_data_version,
};
use jiff::civil::DateTime;

/// Times of a day that are told one by one; of more, minutes and hours are told apart.
const TOLD: usize = 6;

impl Line {
    /// When it fires, in words: `at 02:00 on Monday to Friday`.
    pub fn words(&self) -> String {
        let months =
            if self.months.len() == 12 { String::new() } else { format!(" in {}", name_list(&self.months, MONTHS, 1)) };
        format!("{}{}{months}", self.times(), self.days.words())
    }

    fn times(&self) -> String {
        if self.is_every_hour() {
            return match (self.minutes.len(), even_step(&self.minutes)) {
                (60, _) => "every minute".to_owned(),
                (1, _) if self.minutes.contains(&0) => "every hour on the hour".to_owned(),
                (1, _) => format!("every hour at minute {}", numbers(&self.minutes)),
                (_, Some(step)) => format!("every {step} minutes"),
                (_, None) => format!("every hour at the minutes {}", numbers(&self.minutes)),
            };
        }
        if self.minutes.len() * self.hours.len() <= TOLD {
            let times = self
                .hours
                .iter()
                .flat_map(|hour| self.minutes.iter().map(move |minute| format!("{hour:02}:{minute:02}")));
            return format!("at {}", and(&times.collect::<Vec<_>>()));
        }
        let minutes = match (self.minutes.len(), even_step(&self.minutes)) {
            (60, _) => "every minute".to_owned(),
            (1, _) => format!("at minute {}", numbers(&self.minutes)),
            (_, Some(step)) => format!("every {step} minutes"),
            (_, None) => format!("at the minutes {}", numbers(&self.minutes)),
        };
        let hours = runs(&self.hours)
            .into_iter()
            .map(|(from, to)| if from == to { format!("{from:02}") } else { format!("{from:02} to {to:02}") });
        format!("{minutes} of the hours {}", and(&hours.collect::<Vec<_>>()))
    }
}

impl Days {
    fn words(&self) -> String {
        match self {
            Self::Every => " every day".to_owned(),
            Self::OfMonth(days) => format!(" on {}", days_of_month(days)),
            Self::OfWeek(days) => format!(" on {}", week(days)),
            Self::Either(month, days) => format!(" on {}, and on every {}", days_of_month(month), week_each(days)),
            Self::Both(month, days) => format!(" on {} if it is a {}", days_of_month(month), week_each(days)),
        }
    }
}

impl Schedule {
    /// What the schedule does, a sentence each: when, how a clock change is treated, jitter, what happens after a pause.
    pub fn explain(&self) -> Vec<String> {
        let zone = &self.zone;
        let mut sentences = vec![format!("It fires {}, in the time zone {zone}.", self.line.words())];
        sentences.extend(match &self.line.days {
            Days::Either(..) => Some(
                "Day of the month and day of the week are both restricted; as in every cron since Vixie's, a day fits when \
                 either does."
                    .to_owned(),
            ),
            Days::Both(..) => Some(
                "One of the two fields for days begins with `*` and so does not count as restricted; as in every cron \
                 since Vixie's, a day fits only when both fields do."
                    .to_owned(),
            ),
            Days::Every | Days::OfMonth(_) | Days::OfWeek(_) => None,
        });
        sentences.push(self.clock_sentence());
        sentences.push(match self.jitter_minutes {
            0 => "A run starts at the firing itself; there is no jitter.".to_owned(),
            minutes => format!(
                "A run starts up to {} after the firing; the delay is computed from the schedule's name and the firing, so \
                 it is the same wherever it is asked for, and it never reaches the next firing.",
                counted(minutes, "minute")
            ),
        });
        sentences.push(
            match self.catch_up {
                CatchUp::None => {
                    "After a pause nothing is caught up: firings that nobody ran within ten minutes are reported as \
                     missed, and the next one is the next run. A run never overlaps with the one before."
                }
                CatchUp::Latest => {
                    "After a pause, however long, the latest missed firing is run once and the others are reported as \
                     missed. A run never overlaps with the one before."
                }
            }
            .to_owned(),
        );
        sentences
    }

    fn clock_sentence(&self) -> String {
        let release = zone_data_version();
        let changes = self.zone.rules().following(jiff::Timestamp::UNIX_EPOCH).next().is_some();
        if !changes {
            return format!("The clock of {} never changes (IANA {release}).", self.zone);
        }
        if self.line.is_every_hour() {
            return format!(
                "When clocks change (IANA {release}), it follows real time: an hour that comes twice has its firings both \
                 times, an hour that is skipped has none."
            );
        }
        format!(
            "When clocks change (IANA {release}), every calendar day keeps its firings: a time that comes twice fires the \
             first time, a time that is skipped fires at the moment of the jump."
        )
    }

    /// What to say of the clock at a firing, when there is something. `previous` is the instant before which clock changes
    /// were told already, usually that of the firing before.
    pub fn remark(&self, firing: &Firing, previous: jiff::Timestamp) -> Option<String> {
        let change = self.clock_changes(previous, firing.at).pop();
        let jump = |change: &ClockChange| format!("the clock goes from {} to {}", time(change.from), time(change.to));
        match firing.daylight {
            Daylight::Skipped => {
                let shown = self.local(firing.at).0;
                let next = self.clock_changes(previous, firing.at.checked_add(MINUTE).ok()?).pop();
                let jump = next.map_or_else(|| "the clock is set forward".to_owned(), |change| jump(&change));
                Some(format!(
                    "{} does not exist on this day: {jump}; it fires at {}",
                    time(firing.nominal),
                    time(shown)
                ))
            }
            Daylight::FirstOfTwo if self.line.is_every_hour() => {
                Some(format!("{} comes twice; this is the first", time(firing.nominal)))
            }
            Daylight::FirstOfTwo => Some(format!("{} comes twice; it fires the first time only", time(firing.nominal))),
            Daylight::SecondOfTwo => Some(format!("{} comes twice; this is the second", time(firing.nominal))),
            Daylight::Ordinary => {
                change.map(|change| format!("before it, on {}, {}", change.at.strftime("%Y-%m-%d"), jump(&change)))
            }
        }
    }
}

const MINUTE: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

fn time(local: DateTime) -> String {
    local.strftime("%H:%M").to_string()
}

const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `1 minute`, `2 minutes`.
pub(crate) fn counted(number: u32, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// `a`, `a and b`, `a, b and c`.
fn and(words: &[String]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

fn numbers(values: &Values) -> String {
    and(&values.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// The step of values that begin at 0 and fill their hour evenly.
fn even_step(minutes: &Values) -> Option<u8> {
    let step = minutes.iter().nth(1).copied()?;
    let even = 60 % step == 0 && minutes.iter().copied().eq((0..60).step_by(usize::from(step)));
    even.then_some(step)
}

/// Neighbours joined to runs.
fn runs(values: &Values) -> Vec<(u8, u8)> {
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some((_, to)) if to.checked_add(1) == Some(*value) => *to = *value,
            _ => runs.push((*value, *value)),
        }
    }
    runs
}

/// Names with runs of three and more joined: `Monday to Friday`. `first` is the number of the first name.
fn name_list(values: &Values, names: &[&str], first: u8) -> String {
    let name = |value: u8| names.get(usize::from(value - first)).copied().unwrap_or_default().to_owned();
    let words = runs(values).into_iter().flat_map(|(from, to)| match to - from {
        0 => vec![name(from)],
        1 => vec![name(from), name(to)],
        _ => vec![format!("{} to {}", name(from), name(to))],
    });
    and(&words.collect::<Vec<_>>())
}

fn days_of_month(days: &Values) -> String {
    let words: Vec<String> = runs(days)
        .into_iter()
        .map(|(from, to)| if from == to { from.to_string() } else { format!("{from} to {to}") })
        .collect();
    let what = if days.len() == 1 { "day" } else { "days" };
    format!("{what} {} of the month", and(&words))
}

/// The days of a week that begins on Monday, so that a weekend is one run.
fn from_monday(days: &Values) -> Values {
    days.iter().map(|day| if *day == 0 { 7 } else { *day }).collect()
}

const WEEK: &[&str] = &["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn week(days: &Values) -> String {
    name_list(&from_monday(days), WEEK, 1)
}

/// Each day by its name, for `every Monday and Friday`.
fn week_each(days: &Values) -> String {
    let names = from_monday(days).into_iter().filter_map(|day| WEEK.get(usize::from(day).checked_sub(1)?));
    and(&names.map(|name| (*name).to_owned()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    fn words(line: &str) -> String {
        Line::parse(line).unwrap().words()
    }

    #[test]
    fn a_line_is_said_in_words() {
        for (line, said) in [
            ("* * * * *", "every minute every day"),
            ("0 * * * *", "every hour on the hour every day"),
            ("7 * * * *", "every hour at minute 7 every day"),
            ("*/15 * * * *", "every 15 minutes every day"),
            ("5,35 * * * *", "every hour at the minutes 5 and 35 every day"),
            ("0 2 * * *", "at 02:00 every day"),
            ("30 6,18 * * 1-5", "at 06:30 and 18:30 on Monday to Friday"),
            ("0 2 * * 0", "at 02:00 on Sunday"),
            ("0 2 * * SAT-SUN", "at 02:00 on Saturday and Sunday"),
            ("*/10 9-17 * * MON,FRI", "every 10 minutes of the hours 09 to 17 on Monday and Friday"),
            ("0 2 1,15 * *", "at 02:00 on days 1 and 15 of the month"),
            ("0 2 1-7 * *", "at 02:00 on days 1 to 7 of the month"),
            ("0 2 1 1,7 *", "at 02:00 on day 1 of the month in January and July"),
            ("0 2 13 * FRI", "at 02:00 on day 13 of the month, and on every Friday"),
            ("@yearly", "at 00:00 on day 1 of the month in January"),
            ("0 0-23/8 * * *", "at 00:00, 08:00 and 16:00 every day"),
        ] {
            assert_eq!(words(line), said, "{line}");
        }
    }

    #[test]
    fn a_schedule_is_explained_with_what_clock_changes_do_to_it() {
        let schedule = |line: &str, zone: &str| Schedule {
            name: "s".to_owned(),
            line: Line::parse(line).unwrap(),
            zone: Zone::named(zone).unwrap(),
            jitter_minutes: 5,
            catch_up: CatchUp::Latest,
        };
        let explained = |line, zone| schedule(line, zone).explain().join("\n");
        assert!(explained("0 2 13 * FRI", "Europe/Berlin").contains("a day fits when either does"));
        assert!(explained("0 2 */2 * FRI", "Europe/Berlin").contains("only when both fields do"));
        assert!(explained("0 2 * * *", "Europe/Berlin").contains("every calendar day keeps its firings"));
        assert!(explained("0 * * * *", "Europe/Berlin").contains("it follows real time"));
        assert!(explained("0 * * * *", "UTC").contains("The clock of UTC never changes"));
        assert!(explained("0 * * * *", "UTC").contains("up to 5 minutes after the firing"));
    }
}
