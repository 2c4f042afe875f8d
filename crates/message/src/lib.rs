//! Says who is told what and when, and renders it for each channel.
//!
//! Everything here is a function of its arguments: the events of a run, the configuration, and the time. [`plan`] decides
//! which messages there are and when they may leave, [`render`] makes the bytes of one. It refuses to touch a network and
//! to know a secret: channels name their secrets by reference, and whoever delivers looks them up.
//!
//! Every name in an event is text from a cloud, so hostile. It becomes a [`Plain`] before it is put anywhere, and a
//! [`Plain`] leaves only through the escaping of a channel's dialect.
#![warn(clippy::disallowed_methods)]

mod channel;
mod content;
mod email;
mod group;
mod guides;
mod key;
mod pagerduty;
mod plain;
mod plan;
mod render;
mod route;
mod sample;
mod secret;
mod sinks;
mod slack;
mod teams;
mod template;
mod webhook;
mod when;
mod words;

pub use channel::{Channel, Kind, MailSecurity, Medium};
pub use email::{MAIL_BYTES, Mail, MailAddressError, mailbox};
pub use guides::{About, Guides};
pub use palisade_schedule::Zone;
pub use plain::{Dialect, Plain};
pub use plan::{Past, Planned, Queued, plan, queue, thread_of};
pub use render::{Body, Rendered, Room, View, render};
pub use route::{Matches, Remind, Route, default_routes};
pub use sample::sample;
pub use secret::{Entry, Managed, SecretRef, SecretRefError};
pub use sinks::{Sinks, TemplateFile};
pub use slack::{SLACK_BLOCKS, SLACK_TEXT, Thread};
pub use teams::TEAMS_BYTES;
pub use template::{Part, Template, TemplateMistake, Templates};
pub use webhook::WEBHOOK_BYTES;
pub use when::{Quiet, When};
