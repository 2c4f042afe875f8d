//! Messages, from events to the bytes of every channel.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test that cannot go on says where"
)]

mod cards;
mod hostile;
mod messages;
mod plan;
mod readers;
mod samples;
mod sizes;
mod templates;
