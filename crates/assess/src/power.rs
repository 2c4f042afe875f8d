//! What an identity amounts to, in one step of five.

use palisade_authority::{Capability, Node, Standing};
use palisade_model::{IdentityKind, Observed};
use serde::Serialize;
use std::sync::Arc;

/// What an identity amounts to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Power {
    /// Who uses it: `control-plane`, `node`, `workload`, `controller`.
    pub used_by: &'static str,
    /// From 1, nothing that matters here, to 5, everything. What was not read counts as everything.
    pub step: u8,
    /// What makes it so.
    pub because: String,
}

impl Power {
    /// Of what it may do and become.
    pub(crate) fn of(kind: IdentityKind, standing: &Observed<Arc<Standing>>) -> Self {
        let (step, because) = match standing.get() {
            Ok(standing) => weigh(standing),
            Err(gap) => (5, format!("counted as everything, because what it may do was not read: {gap}")),
        };
        Self { used_by: kind.name(), step, because }
    }
}

fn weigh(standing: &Standing) -> (u8, String) {
    if let Some((certainty, _)) = &standing.administrator {
        return (5, format!("it may do everything ({certainty})"));
    }
    let end = standing.escalation.as_ref().and_then(|hops| hops.last());
    if let Some(hop) = end
        && matches!(hop.to, Node::Administrator | Node::ClusterAdmin)
    {
        return (5, format!("it can climb to everything through `{}`", hop.method.name()));
    }
    let gravest = standing.held.iter().max_by_key(|held| (step(held.capability), std::cmp::Reverse(held.capability)));
    match gravest {
        Some(held) => (step(held.capability), format!("it holds `{}` ({})", held.capability, held.certainty)),
        None => (1, "it holds none of the capabilities that matter to a cluster".to_owned()),
    }
}

/// How much a capability puts at stake: the cluster, its secrets and data, or parts of it.
fn step(capability: Capability) -> u8 {
    match capability {
        Capability::Administrator
        | Capability::ClusterAdmin
        | Capability::AssumeAnyIdentity
        | Capability::EscalatePrivilege => 5,
        Capability::ReadClusterSecrets
        | Capability::RunWorkloads
        | Capability::OpenControlPlane
        | Capability::ReadCloudSecrets
        | Capability::DecryptKms
        | Capability::NodeCodeExecution
        | Capability::ExfiltrateStorage
        | Capability::DestroyStorage
        | Capability::DeleteBackups
        | Capability::DeleteCluster
        | Capability::WeakenGuardrails
        | Capability::PushImage => 4,
        Capability::ModifyNetwork | Capability::ExposeMetadata | Capability::PullAnyImage | Capability::BlindAudit => 3,
    }
}
