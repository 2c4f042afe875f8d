//! Services beside the control plane that a cluster leans on.

use crate::{FactKind, Gap, Hide, Observed};

/// Services that a cluster leans on.
#[derive(Clone, Debug, PartialEq)]
pub struct Platform {
    /// Where workloads can take secrets from.
    pub secret_store: Observed<SecretStore>,
    /// Where metrics and logs go.
    pub telemetry: Observed<Telemetry>,
}

impl Platform {
    /// Of which nothing is known, for the given reason.
    pub fn unread(gap: &Gap) -> Self {
        Self { secret_store: Observed::missing(gap.clone()), telemetry: Observed::missing(gap.clone()) }
    }

    pub(crate) fn gaps(&self) -> [(FactKind, Option<&Gap>); 2] {
        [(FactKind::SecretStore, self.secret_store.gap()), (FactKind::Telemetry, self.telemetry.gap())]
    }

    pub(crate) fn facts_mut(&mut self) -> [(FactKind, &mut dyn Hide); 2] {
        [(FactKind::SecretStore, &mut self.secret_store), (FactKind::Telemetry, &mut self.telemetry)]
    }
}

/// Where workloads can take secrets from, as far as the provider shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretStore {
    /// A store outside the cluster is connected.
    Connected {
        /// By what.
        by: String,
        /// Whether a changed secret reaches running pods; `None` when the provider does not say.
        rotates: Option<bool>,
    },
    /// The provider connects none; one that somebody installed would not be seen.
    NotConnected {
        /// What was looked for.
        because: String,
    },
}

/// Where metrics and logs go, as far as the provider shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// What collects metrics.
    pub metrics: Option<String>,
    /// What collects the logs of workloads.
    pub logs: Option<String>,
    /// What was looked for.
    pub because: String,
}
