//! What is remembered from run to run, and what is told of it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "memory/causes.rs"]
mod causes;
#[path = "memory/coverage.rs"]
mod coverage;
#[path = "memory/laws.rs"]
mod laws;
#[path = "memory/lifecycle.rs"]
mod lifecycle;
#[path = "memory/waivers.rs"]
mod waivers;
#[path = "memory/world.rs"]
mod world;
