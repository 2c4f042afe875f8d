//! Who gets into the Kubernetes API and by what.

use crate::{Gap, Observed, PrincipalKind};
use jiff::Timestamp;
use palisade_authority::Certainty;

/// How people get into the Kubernetes API, and what vouches for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// A static administrator that stands in no directory.
    pub local_credential: Observed<LocalCredential>,
    /// What decides about requests.
    pub authorization: Observed<Authorization>,
    /// Where people's identities come from.
    pub sign_in: Observed<SignIn>,
    /// Everybody whom the cloud makes an administrator inside the cluster.
    pub administrators: Observed<Vec<Administrator>>,
    /// The certificate authority of the control plane.
    pub authority: Observed<ClusterCa>,
}

impl Access {
    /// Nothing is known, for the given reason.
    pub fn unread(gap: &Gap) -> Self {
        Self {
            local_credential: Observed::missing(gap.clone()),
            authorization: Observed::missing(gap.clone()),
            sign_in: Observed::missing(gap.clone()),
            administrators: Observed::missing(gap.clone()),
            authority: Observed::missing(gap.clone()),
        }
    }
}

/// A static administrator that stands in no directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalCredential {
    /// The provider has no such thing.
    NotOffered {
        /// The provider's own statement.
        because: String,
    },
    /// It is switched off.
    Off {
        /// The setting that says so.
        because: String,
    },
    /// There is one.
    Present {
        /// What it is.
        because: String,
    },
}

/// What decides about requests to the Kubernetes API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// RBAC, and the provider has no switch for it.
    Inherent {
        /// The provider's own statement.
        because: String,
    },
    /// RBAC, by a setting.
    Rbac {
        /// The setting that says so.
        because: String,
    },
    /// Something that gives rights past RBAC.
    Legacy {
        /// The setting that says so.
        because: String,
    },
}

/// Where people's identities come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// From the organisation's directory.
    Central {
        /// The setting that says so.
        because: String,
        /// People that were let in one by one and not through a group or role of the directory.
        individuals: Vec<String>,
    },
    /// From the organisation's directory, and groups of it cannot be named inside the cluster.
    WithoutGroups {
        /// The setting that says so.
        because: String,
    },
    /// From a list inside the cluster.
    Apart {
        /// The setting that says so.
        because: String,
    },
}

/// Somebody whom the cloud makes an administrator inside the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrator {
    /// Who.
    pub principal: String,
    /// What kind of principal.
    pub kind: PrincipalKind,
    /// What makes them one: roles, access policies or settings.
    pub by: Vec<String>,
    /// Whether it hangs on something that was not read.
    pub certainty: Certainty,
}

/// The certificate authority of the control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClusterCa {
    /// Its certificate was read.
    Known {
        /// When it stops being valid.
        not_after: Timestamp,
        /// Where it stands.
        because: String,
    },
    /// No read call returns it: a person has to answer.
    Attested {
        /// Why.
        because: String,
    },
}
