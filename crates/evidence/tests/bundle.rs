//! Bundles from the outside: what they hold, who can check them, and that nothing about them can be changed unseen.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "bundle/chain.rs"]
mod chain;
#[path = "bundle/closed.rs"]
mod closed;
#[path = "bundle/content.rs"]
mod content;
#[path = "bundle/log_and_parts.rs"]
mod log_and_parts;
#[path = "bundle/managed.rs"]
mod managed;
#[path = "bundle/mutations.rs"]
mod mutations;
#[path = "bundle/public_tools.rs"]
mod public_tools;
#[path = "bundle/stage.rs"]
mod stage;
#[path = "bundle/timestamp.rs"]
mod timestamp;
