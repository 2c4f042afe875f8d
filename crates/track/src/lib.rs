//! Remembers findings from run to run: what opened, got worse, was resolved, is gone and came back.
//!
//! Everything here is a function of its arguments: what was remembered, what one run saw, and the time. It refuses to
//! resolve what was not read.
#![warn(clippy::disallowed_methods)]

mod event;
mod tracked;

pub use event::{Event, EventKind, Summary, Topic, Unread};
pub use tracked::{Standing, Tracked};
