//! Messages against receivers on loopback, good ones and bad ones.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

mod addresses;
mod answers;
mod hours;
mod mail;
mod receiver;
mod secrets;
mod signature;
