//! What must hold of every score and every plan, whatever the findings.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "laws/findings.rs"]
mod findings;
#[path = "laws/planner.rs"]
mod planner;
#[path = "laws/scores.rs"]
mod scores;
