//! Carries one run through all stages: collect, normalize, evaluate, gather.
//!
//! A run is cut into units (an account, a subscription, a project). Each is collected, stored if asked, normalized,
//! judged and forgotten before its raw answers pile up, so memory follows the number of findings and not the size of
//! the answers. Many processes may share a run: one says what it consists of ([`Plan`]), each reads units, and what they
//! read is put together ([`merge`]) and judged as if one had read it. Controls and providers come as arguments: this crate names none.

mod claims;
mod gather;
mod judging;
mod plan;
mod replay;
mod scan;
mod shard;
mod share;

pub use gather::Judge;
pub use judging::{Judged, Judging};
pub use plan::{Crew, Plan, PlannedTarget, PlannedUnit, ShareError, Unfound, plan};
pub use replay::{Asked, judge_each, judge_each_with, replay};
pub use scan::{Dark, Scan, Scanned, Target, TargetOutcome, Unfinished, scan};
pub use shard::{Shard, ShardError};
pub use share::{Merged, Missing, Part, Results, judge_merged, merge, read_shard};
