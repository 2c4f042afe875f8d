//! What is told, from the events of runs to the receivers that take them, in simulated time.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "post/chat.rs"]
mod chat;
#[path = "post/outage.rs"]
mod outage;
#[path = "post/processes.rs"]
mod processes;
#[path = "post/stage.rs"]
mod stage;
#[path = "post/storm.rs"]
mod storm;
#[path = "post/table.rs"]
mod table;
