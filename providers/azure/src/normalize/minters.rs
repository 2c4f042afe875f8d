//! Who can make credentials for a cluster through Azure.

use super::{
    assignments::Held,
    capabilities::{ADMIN_CREDENTIAL, CLUSTER_WRITE, RUN_COMMAND, USER_CREDENTIAL},
    cluster::Read,
    doors::can_run_commands,
    observe::observe,
    standing::{has_entra, has_local_accounts},
    surroundings::Surroundings,
};
use palisade_model::{Minter, Observed, PrincipalKind};

/// Everybody whose assignments reach the cluster and give one of the rights that make an administrator of it.
pub(super) fn minters(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<Minter>> {
    observe(|seen| {
        let assignments = around.assignments.as_ref().map_err(Clone::clone)?;
        for field in ["disableLocalAccounts", "aadProfile", "apiServerAccessProfile"] {
            seen.extend(read.row.evidence(&format!("/properties/{field}")));
        }
        let ways = ways(read);
        let holders = assignments.holders(&ways, read.id());
        seen.extend(assignments.evidence(holders.iter().map(|holder| holder.held)));
        let minter = |holder: &super::holders::Holder<'_>| Minter {
            principal: holder.held.principal.clone(),
            kind: kind(holder.held),
            by: holder.actions.iter().map(|action| format!("{action} (`{}`)", holder.held.role)).collect(),
            scope: holder.held.scope.clone(),
            certainty: holder.certainty.clone(),
        };
        let mut minters: Vec<Minter> = holders.iter().map(minter).collect();
        minters.sort_by(|a, b| (&a.principal, &a.scope, &a.by).cmp(&(&b.principal, &b.scope, &b.by)));
        Ok(minters)
    })
}

/// The actions that make an administrator of the cluster.
pub(super) fn ways(read: &Read<'_, '_>) -> Vec<&'static str> {
    let ways = [
        has_local_accounts(read).then_some(ADMIN_CREDENTIAL),
        // Without Entra the user's credential is a certificate with every right.
        // <https://learn.microsoft.com/azure/aks/control-kubeconfig-access>
        (!has_entra(read)).then_some(USER_CREDENTIAL),
        can_run_commands(read).then_some(RUN_COMMAND),
        Some(CLUSTER_WRITE),
    ];
    ways.into_iter().flatten().collect()
}

/// What Azure calls principals, in our words.
pub(super) fn kind(held: &Held) -> PrincipalKind {
    match held.kind.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
        "user" => PrincipalKind::User,
        "group" => PrincipalKind::Group,
        "foreigngroup" => PrincipalKind::External,
        _ => PrincipalKind::Role,
    }
}
