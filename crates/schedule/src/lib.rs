//! Turns a cron line and an instant into the next instants.
//!
//! # What it is responsible for
//!
//! A [`Schedule`] is a [`Line`] as people write it (five fields), a [`Zone`] of the IANA list, a jitter and what happens
//! after a pause. It answers when it fires ([`Schedule::next`], [`Schedule::between`]), what is to be run now
//! ([`due`]), whether a success is overdue ([`overdue`]) and what all of that means in sentences ([`Schedule::explain`]).
//!
//! # The one rule for the days on which clocks change
//!
//! *A daily run happens once on every calendar day, an hourly one in every real hour.* In detail:
//!
//! - A line whose hour field names some hours fires once at each of its local times. In an hour that comes twice, the
//!   first time counts. A time that the clock skips fires at the moment of the jump; if the jump leads into the next
//!   day, a minute before it, so that the day has its run. On a date that a zone left out altogether nothing fires.
//! - A line whose hour field names every hour fires whenever the local clock shows one of its minutes: both times in an
//!   hour that comes twice, not at all in an hour that does not come. Where clocks change by half an hour (Lord Howe
//!   Island), one pause of an hourly line lasts 30 or 90 minutes.
//!
//! # What it refuses to do
//!
//! It has no clock, no environment and no randomness; time zones are data in this crate and not files of the machine. It
//! starts nothing and remembers nothing: whoever runs schedules asks, acts, and keeps what [`Due::last`] says.
//!
//! # Example
//!
//! ```
//! use palisade_schedule::{CatchUp, Line, Schedule, Zone};
//!
//! let schedule = Schedule {
//!     name: "nightly".to_owned(),
//!     line: Line::parse("30 2 * * *").unwrap(),
//!     zone: Zone::named("Europe/Berlin").unwrap(),
//!     jitter_minutes: 0,
//!     catch_up: CatchUp::Latest,
//! };
//! // On this day the clock goes from 02:00 to 03:00.
//! let firing = schedule.next("2026-03-28T12:00:00Z".parse().unwrap()).unwrap();
//! assert_eq!(firing.at.to_string(), "2026-03-29T01:00:00Z");
//! assert_eq!(firing.nominal.to_string(), "2026-03-29T02:30:00");
//! ```
#![warn(clippy::disallowed_methods)]

mod due;
mod firing;
mod jitter;
mod line;
mod words;
mod zone;

pub use due::{CatchUp, Due, Missed, Overdue, PUNCTUAL, Run, due, overdue};
pub use firing::{ClockChange, Daylight, Firing, Schedule};
pub use line::{Field, Line, LineError, Mistake};
pub use zone::{UnknownZone, Zone, zone_data_version, zone_names};
