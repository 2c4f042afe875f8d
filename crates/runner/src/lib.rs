//! Carries one run through all stages: collect, normalize, evaluate, gather.
//!
//! A run is cut into units (an account, a subscription, a project). Each is collected, stored if asked, normalized,
//! judged and forgotten before its raw answers pile up, so memory follows the number of findings and not the size of
//! the answers. Controls and providers come as arguments: this crate names none.

mod claims;
mod gather;
mod replay;
mod scan;

pub use gather::Judge;
pub use replay::{judge_each, replay};
pub use scan::{Dark, Scan, Scanned, Target, TargetOutcome, Unfinished, scan};
