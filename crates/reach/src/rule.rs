//! One line of a filter.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::bounds::Bounds;
use crate::packet::PacketSet;

/// The name under which a provider knows a rule or a route, as evidence for the reader. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for RuleId {
    fn from(id: T) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a rule does with the packets it matches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Lets them through.
    Allow,
    /// Drops them.
    Deny,
    /// Leaves them to the next tier.
    Pass,
}

/// One rule: what it does, and to which packets.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rule {
    /// Where the rule comes from.
    pub id: RuleId,
    /// What it does.
    pub action: Action,
    /// The packets it matches, as far as they are known.
    pub matches: Bounds<PacketSet>,
}

impl Rule {
    /// A rule.
    pub fn new(id: impl Into<RuleId>, action: Action, matches: Bounds<PacketSet>) -> Self {
        Self { id: id.into(), action, matches }
    }
}
