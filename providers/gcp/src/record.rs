//! What Google Cloud said, in its own names: only the fields we read, absent is `None`.
#![warn(clippy::disallowed_methods)]

pub(crate) mod asset;
pub(crate) mod balancing;
pub(crate) mod compute;
pub(crate) mod container;
pub(crate) mod iam;
pub(crate) mod kms;
pub(crate) mod lenient;
pub(crate) mod names;
pub(crate) mod nodes;
pub(crate) mod resource;
pub(crate) mod safeguards;
pub(crate) mod word;
