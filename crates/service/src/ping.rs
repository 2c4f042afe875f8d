//! Signs of life for a watcher outside: who is dead tells nobody.

use palisade_message::Channel;
use palisade_notify::{Courier, Sign};
use std::collections::BTreeMap;

/// Watchers outside, by schedule.
#[derive(Debug)]
pub struct Pings {
    /// What carries the signs.
    pub courier: Courier,
    /// Where they go, by schedule.
    pub watchers: BTreeMap<String, Channel>,
}

impl Pings {
    /// Gives a sign, once. That nobody took it is logged: the watcher outside notices by itself.
    pub async fn give(&self, schedule: &str, sign: Sign, text: &str) {
        let Some(watcher) = self.watchers.get(schedule) else { return };
        if let Err(error) = self.courier.ping(watcher, sign, text).await {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(schedule, %error, cause, "the watcher outside was not told");
        }
    }
}
