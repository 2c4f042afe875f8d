//! Remembers findings from run to run: what opened, got worse, was resolved, is gone and came back.
//!
//! Everything here is a function of its arguments: what was remembered, what one run saw, and the time. It refuses to
//! resolve what was not read.
//!
//! - [`Sighting`] is what one run saw: findings, clusters, which places were listed and which stayed dark.
//! - [`advance`] brings a [`Memory`] up to date with it and says what is worth telling; [`tick`] does what time alone
//!   brings.
//! - [`diff`] says what is different between two runs, by [`Cause`].
//!
//! # When a finding closes
//!
//! It is open while the verdict is fail, attest-missing or attest-expired. It is *resolved* when its place was read and is
//! good: pass, inherited, not-applicable or mitigated. It is *gone* when a complete list lacks its subject, or its cluster.
//! Everything else keeps it as of when it was last read: a control that answers unknown or did not run, a cluster
//! that was not read, a place that is dark or that nobody listed, a list with a hole in it. A subject that exists and of
//! which its control says nothing is resolved only if nothing that the control needs is missing.
#![warn(clippy::disallowed_methods)]

mod advance;
mod cause;
mod coverage;
mod diff;
mod event;
mod memory;
mod print;
mod reminders;
mod rules;
mod sighting;
mod tracked;
mod waivers;

pub use advance::{Advanced, advance, tick};
pub use cause::{Cause, Turn};
pub use coverage::DROP_POINTS;
pub use diff::{Difference, Reading, View, diff};
pub use event::{Event, EventKind, Summary, Topic, Unread};
pub use memory::{
    FLAPPING, GOOD_READS, KnownCluster, KnownWaiver, Lineage, Memory, NotOpenError, Place, Remembered, Said, is_bad,
    is_good,
};
pub use print::Print;
pub use reminders::{Reminders, reminder_period};
pub use rules::Rules;
pub use sighting::{ClusterSeen, Sighting};
pub use tracked::{Standing, Tracked};
pub use waivers::{EXPIRING_DAYS, is_about, selector, selects, waiver_key};
