//! What an organisation keeps its teams from choosing.

use crate::Gap;
use std::fmt;

/// A setting that nobody should be able to choose, and whether the organisation refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guardrail {
    /// What should be refused.
    pub against: WorstSetting,
    /// Whether it is.
    pub stance: Result<Stance, Gap>,
}

/// A setting that opens a cluster wherever it is chosen, and that a provider can refuse for a whole organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorstSetting {
    /// A control plane that the internet can reach.
    PublicControlPlane,
    /// Machines with addresses of the internet.
    PublicNodes,
    /// Credentials that the cluster itself hands out, past the provider's sign-in.
    LocalCredential,
}

impl fmt::Display for WorstSetting {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::PublicControlPlane => "a control plane on the internet",
            Self::PublicNodes => "nodes with public addresses",
            Self::LocalCredential => "credentials that the cluster hands out itself",
        })
    }
}

/// What an organisation does about a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Whoever asks for it is refused.
    Refused {
        /// By what.
        by: String,
    },
    /// Nothing refuses it.
    Allowed {
        /// What says so, or that it is only written down.
        because: String,
    },
}
