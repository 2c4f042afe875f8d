//! What holds for every control, whoever wrote it. The environment variable `PROPTEST_CASES` scales the number of cases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a law stops at an example that is not what it seems"
)]

#[path = "laws/claims.rs"]
mod claims;
#[path = "laws/examples.rs"]
mod examples;
#[path = "laws/hiding.rs"]
mod hiding;
#[path = "laws/order.rs"]
mod order;
#[path = "laws/verdicts.rs"]
mod verdicts;
#[path = "laws/waiver.rs"]
mod waiver;
#[path = "laws/widening.rs"]
mod widening;
#[path = "laws/world.rs"]
mod world;
