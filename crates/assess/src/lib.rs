//! From findings to the health of a fleet, and from there to a plan that a team's capacity can carry.
//!
//! [`assess`] scores the four layers and the eight dimensions of every cluster, every provider and the fleet.
//! [`initiatives`] turns what is open into changes that close many findings, each with its risk and its cost and the
//! reasons of both; [`scorecard`] sorts them. [`plan()`] chooses four quarters of them, [`roadmap()`] says what the scores
//! should be after each, and [`PlanFile`] is the plan as people edit it, which [`progress()`] holds against the next runs.
//! How all of this is computed, and why so, stands in `docs/concepts/assessment.md`.
//!
//! The crate refuses to judge: it takes findings as they are. It refuses to guess: what was not read lowers coverage and
//! is never counted as good. It does no I/O, and the day is an argument.
#![warn(clippy::disallowed_methods)]

mod calendar;
mod effort;
mod health;
mod initiative;
mod plan;
mod plan_file;
mod power;
mod prerequisite;
mod progress;
mod reach;
mod risk;
mod roadmap;
mod score;
mod scorecard;
mod select;
mod stake;
mod surroundings;
mod trend;

pub use calendar::{Calendar, Capacity, Freeze, NoSuchYear, Quarter, Span};
pub use effort::{Cost, PersonDays};
pub use health::{
    AnswerMissing, Assessment, ClusterHealth, DimensionScore, Health, LayerScore, ProviderHealth, Worst, assess,
};
pub use initiative::{Change, Initiative, InitiativeId, initiatives};
pub use plan::{Conflict, Item, LeftOut, Load, Plan, QuarterPlan, Why, Wishes, plan};
pub use plan_file::{FileItem, PlanFile, ReadPlanError};
pub use power::Power;
pub use prerequisite::Requirement;
pub use progress::{ItemState, Progress, progress};
pub use reach::{Openness, Reach};
pub use risk::{Points, Risk, Step};
pub use roadmap::{Expected, mended_by, roadmap};
pub use score::{Answered, Loss, Score, Tally};
pub use scorecard::{Field, HIGH_RISK, LOW_EFFORT, Quadrant, scorecard};
pub use select::Proof;
pub use stake::Reason;
pub use surroundings::{Opening, Owner, Stage, Surroundings};
pub use trend::{Past, PastScore, Trend};
