//! From findings to the requirements of benchmarks and standards: what holds, what does not, and what nobody knows.
//!
//! An [`Edition`] is one version of a framework, or an organisation's own: its requirements, and the controls that speak to
//! each. A [`Standing`] is what every control says of every cluster; [`roll_up`] puts the two together.
//!
//! A requirement is never better than the worst that is known of it: what was not read, not asked, not answered or is not
//! checked by this version makes it [`Status::Unknown`], and never satisfied. An accepted risk stays visible as that. Nothing
//! here knows a framework's text: there are only numbers, and words of our own.
#![warn(clippy::disallowed_methods)]

mod claim;
mod edition;
mod question;
mod roll_up;
mod standing;
mod status;
mod unread;

pub use claim::{NEVER_FAILS, never_fails};
pub use edition::{Edition, Requirement, editions, providers};
pub use question::{DAYS, Heard, Question, Said, Word};
pub use roll_up::{ControlResult, RequirementResult, RolledUp, roll_up};
pub use standing::{ClusterKey, Standing, Unseen};
pub use status::{Counts, Status};
pub use unread::{UNREAD, UnreadControl};
