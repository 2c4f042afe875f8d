//! Four quarters from a day on, and how many days of work each team has in them.

use crate::{effort::PersonDays, surroundings::Owner};
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// One of the four quarters, 1 to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Quarter(u8);

impl Quarter {
    /// All four.
    pub const ALL: [Self; 4] = [Self(1), Self(2), Self(3), Self(4)];
    /// The fourth.
    pub const LAST: Self = Self(4);

    /// The number, 1 to 4.
    pub fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0.saturating_sub(1))
    }

    /// How many quarters of the year the risk is gone for when it goes in this one.
    pub(crate) fn worth(self) -> u64 {
        u64::from(5 - self.0)
    }
}

impl TryFrom<u8> for Quarter {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        let found = Self::ALL.into_iter().find(|quarter| quarter.0 == number);
        found.ok_or_else(|| format!("`{number}` is no quarter: there are 1, 2, 3 and 4"))
    }
}

impl From<Quarter> for u8 {
    fn from(quarter: Quarter) -> Self {
        quarter.0
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A time in which nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Why.
    #[serde(default)]
    pub because: String,
}

/// How much work can be done, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// The days of work a quarter without holidays and freezes holds, for everybody who has no line below.
    pub days_per_quarter: PersonDays,
    /// The same of teams that have people of their own, by their tag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub teams: BTreeMap<Owner, PersonDays>,
    /// Days on which nobody works.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub holidays: BTreeSet<Date>,
    /// Times in which nothing is changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<Freeze>,
}

/// The four quarters of a plan: each of three months, so that four make the year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Calendar {
    /// The plan's first day.
    pub start: Date,
    /// Today: what is past holds no more work.
    pub today: Date,
    /// The quarters, in order.
    pub quarters: Vec<Span>,
    /// How much work can be done. Not part of a report: the spans say what became of it.
    #[serde(skip)]
    capacity: Capacity,
}

/// One quarter's days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Which.
    pub quarter: Quarter,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
    /// Mondays to Fridays in it.
    pub weekdays: u32,
    /// Of these, days that are left from today on and are neither holidays nor frozen.
    pub open: u32,
}

/// The dates a plan would need do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a plan cannot start on {0}: a year later there is no calendar any more")]
pub struct NoSuchYear(Date);

impl Calendar {
    /// Four quarters from `start`, seen from `today`.
    ///
    /// # Errors
    /// When the year after `start` leaves the calendar.
    pub fn new(start: Date, today: Date, capacity: Capacity) -> Result<Self, NoSuchYear> {
        let quarters = Quarter::ALL.into_iter().map(|quarter| {
            let months = 3 * i64::from(quarter.number());
            let from = start.checked_add((months - 3).months()).ok()?;
            let to = start.checked_add(months.months()).ok()?.yesterday().ok()?;
            let days = || from.series(1.day()).take_while(|day| *day <= to).filter(|day| is_weekday(*day));
            let is_open = |day: &Date| *day >= today && !capacity.is_closed(*day);
            let count = |days: usize| u32::try_from(days).unwrap_or(u32::MAX);
            Some(Span {
                quarter,
                from,
                to,
                weekdays: count(days().count()),
                open: count(days().filter(is_open).count()),
            })
        });
        let quarters = quarters.collect::<Option<Vec<Span>>>().ok_or(NoSuchYear(start))?;
        Ok(Self { start, today, quarters, capacity })
    }

    /// Who does the work of an owner: the team itself when it has people of its own, and otherwise everybody (`None`).
    pub(crate) fn team<'a>(&self, owner: &'a Owner) -> Option<&'a Owner> {
        Some(owner).filter(|owner| self.capacity.teams.contains_key(owner))
    }

    /// The teams that have people of their own, and everybody else.
    pub(crate) fn teams(&self) -> Vec<Option<&Owner>> {
        std::iter::once(None).chain(self.capacity.teams.keys().map(Some)).collect()
    }

    /// The days of work a team has in a quarter: its share of the weekdays that are open, rounded down.
    pub(crate) fn room(&self, team: Option<&Owner>, quarter: Quarter) -> PersonDays {
        let whole = team.and_then(|team| self.capacity.teams.get(team)).unwrap_or(&self.capacity.days_per_quarter);
        let Some(span) = self.quarters.get(quarter.index()) else { return PersonDays::default() };
        let open = u64::from(whole.in_quarters()) * u64::from(span.open);
        let quarters = open.checked_div(u64::from(span.weekdays)).unwrap_or_default();
        PersonDays::quarters(u32::try_from(quarters).unwrap_or(u32::MAX))
    }

    /// The quarter that today falls in; the first before it begins, `None` after the last.
    pub fn current(&self) -> Option<Quarter> {
        self.quarters.iter().find(|span| self.today <= span.to).map(|span| span.quarter)
    }

    /// Whether a quarter is over.
    pub(crate) fn is_past(&self, quarter: Quarter) -> bool {
        self.current().is_none_or(|current| quarter < current)
    }
}

impl Capacity {
    fn is_closed(&self, day: Date) -> bool {
        self.holidays.contains(&day) || self.frozen.iter().any(|freeze| freeze.from <= day && day <= freeze.to)
    }
}

fn is_weekday(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}
