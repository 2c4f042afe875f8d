//! Carries a scheduled run from its firing to the messages that tell of it, and keeps at it.
//!
//! [`Service::run`] is one run: the firing is claimed, the fleet read and judged, what changed recorded together with the
//! messages that tell of it, and the messages delivered. [`Service::post`] delivers what waits. Whatever ends the process
//! in the middle, the next one goes on: a firing that was claimed and not finished is taken over when its lease ends, what
//! was recorded is not recorded twice, and a message keeps its id over every attempt. [`Service::run_together`] is the same
//! run with many processes that read units of it.
//!
//! Controls, targets, the clock and the courier come as arguments: this crate names no provider and reads no
//! configuration.

mod error;
mod metrics;
mod ping;
mod post;
mod remind;
mod run;
mod serve;
mod share;
mod thread;
mod unfinished;

pub use error::ServiceError;
pub use metrics::{Metric, MetricKind, Metrics, metrics};
pub use ping::Pings;
pub use post::{Post, Posted};
pub use run::{Helped, Job, Ran, Record, Service, upshot};
pub use serve::{Serving, Status, TRIED_AGAIN_AFTER, missed};
