//! Everything that was found in one scope.

use crate::{Cluster, Gap, Scope};

/// What one snapshot holds, in our vocabulary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// The clusters, in the order of their ids.
    pub clusters: Vec<Cluster>,
    /// Places where clusters may exist that nobody could look at.
    pub unseen: Vec<Unseen>,
}

/// A place where clusters may exist that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// The place: an account and region, a subscription, a project, a zone.
    pub scope: Scope,
    /// Why.
    pub gap: Gap,
}
