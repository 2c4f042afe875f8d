//! What a run may ask of the clouds at most.

use crate::{Diagnostics, node::Node, reader::Map};

/// What a run may ask of the clouds at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests that may be sent in one run, the repeated ones included. What was not asked by then is unknown. `None`: as many
    /// as it takes.
    pub max_calls: Option<u32>,
    /// The share of each rate that a provider publishes that may be used, in percent. `None`: as fast as the services answer.
    pub share_of_quota: Option<u8>,
}

pub(crate) const KEYS: &[&str] = &["max_calls", "share_of_quota"];

/// The largest budget that can be written.
const MOST_CALLS: u32 = 1_000_000_000;

pub(crate) fn read(node: Option<&Node>, diagnostics: &mut Diagnostics) -> Limits {
    let Some(map) = node.and_then(|node| Map::of(node, "`limits`", KEYS, diagnostics)) else {
        return Limits::default();
    };
    let share = map.number("share_of_quota", 1..101, diagnostics);
    Limits {
        max_calls: map.number("max_calls", 1..MOST_CALLS + 1, diagnostics),
        share_of_quota: share.and_then(|share| u8::try_from(share).ok()),
    }
}
