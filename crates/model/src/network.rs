//! The network of a cluster: what it is built from, what it stands in, and what protects traffic in it.

use crate::{FactKind, Gap, Hide, Observed, Room};

/// The network of a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterNetwork {
    /// What enforces network policies.
    pub policy_engine: Observed<PolicyEngine>,
    /// The parts it is built from, as far as the provider runs them.
    pub parts: Observed<Vec<NetworkPart>>,
    /// The network it stands in.
    pub place: Observed<NetworkPlace>,
    /// Whether machines without a way to the internet reach the cloud's services.
    pub private_apis: Observed<PrivateApis>,
    /// Whether traffic between machines is encrypted.
    pub transit: Observed<Transit>,
    /// What the cluster itself, besides its pools, can run out of.
    pub room: Observed<Vec<Room>>,
}

impl ClusterNetwork {
    /// Of which nothing is known, for the given reason.
    pub fn unread(gap: &Gap) -> Self {
        Self {
            policy_engine: Observed::missing(gap.clone()),
            parts: Observed::missing(gap.clone()),
            place: Observed::missing(gap.clone()),
            private_apis: Observed::missing(gap.clone()),
            transit: Observed::missing(gap.clone()),
            room: Observed::missing(gap.clone()),
        }
    }

    pub(crate) fn gaps(&self) -> [(FactKind, Option<&Gap>); 6] {
        [
            (FactKind::PolicyEngine, self.policy_engine.gap()),
            (FactKind::NetworkParts, self.parts.gap()),
            (FactKind::NetworkPlace, self.place.gap()),
            (FactKind::PrivateApis, self.private_apis.gap()),
            (FactKind::Transit, self.transit.gap()),
            (FactKind::Room, self.room.gap()),
        ]
    }

    pub(crate) fn facts_mut(&mut self) -> [(FactKind, &mut dyn Hide); 6] {
        [
            (FactKind::PolicyEngine, &mut self.policy_engine),
            (FactKind::NetworkParts, &mut self.parts),
            (FactKind::NetworkPlace, &mut self.place),
            (FactKind::PrivateApis, &mut self.private_apis),
            (FactKind::Transit, &mut self.transit),
            (FactKind::Room, &mut self.room),
        ]
    }
}

/// What enforces network policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyEngine {
    /// Something does.
    Active {
        /// What.
        by: String,
    },
    /// Nothing does.
    Absent {
        /// The setting.
        because: String,
    },
}

/// A part of a cluster's network that has a life of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkPart {
    /// What it is, for example `network plugin`.
    pub role: String,
    /// The provider's word for it, for example `kubenet`.
    pub word: String,
}

/// The network a cluster stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkPlace {
    /// Its name or id.
    pub name: String,
    /// What shows that it is the one every account or project starts with.
    pub default: Option<String>,
    /// What shows that pods take their addresses from routes and not from the network.
    pub routes_based: Option<String>,
}

/// Whether machines without a way to the internet reach the cloud's services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivateApis {
    /// They do.
    Offered {
        /// By what.
        by: String,
    },
    /// Not all that a node needs.
    Missing {
        /// What is missing.
        what: Vec<String>,
    },
}

/// Whether traffic between machines is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transit {
    /// All of it.
    Encrypted {
        /// By what.
        by: String,
    },
    /// Not all of it.
    Plain {
        /// The setting.
        because: String,
    },
}
