//! Ways to the API server that lists of addresses do not govern.

use super::{cluster::Read, observe::observe, surroundings::Surroundings, table::Table};
use crate::{TRUSTED_ACCESS, arm, record::TrustedAccessBinding};
use palisade_model::{Door, DoorKind, Observed, Tunnel, TunnelKind};

/// The permission that opens command invoke.
pub(super) const RUN_COMMAND: &str = "Microsoft.ContainerService/managedClusters/runcommand/action";

/// A private cluster may publish its private address under a public name.
/// <https://learn.microsoft.com/azure/aks/private-clusters#disable-a-public-fqdn>
pub(super) fn doors(read: &Read<'_, '_>) -> Observed<Vec<Door>> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/apiServerAccessProfile"));
        seen.extend(read.row.evidence("/properties/fqdn"));
        let access = &read.properties.api_server_access_profile;
        let name = read.properties.fqdn.as_deref();
        // Where the switch is absent, the name itself says whether it is published.
        let published = access.enable_private_cluster_public_fqdn.unwrap_or(name.is_some());
        let leaks = access.enable_private_cluster == Some(true) && published;
        Ok(leaks
            .then(|| Door { kind: DoorKind::PublicName, name: name.unwrap_or("the public name").to_owned() })
            .into_iter()
            .collect())
    })
}

/// Command invoke and trusted services.
pub(super) fn tunnels(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<Tunnel>> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/apiServerAccessProfile"));
        let id = arm::key(read.id());
        let bindings = Table::<TrustedAccessBinding>::read(
            around.snapshot,
            &TRUSTED_ACCESS,
            around.subscription,
            &[("cluster", &id)],
        )?;
        seen.extend_from_slice(bindings.pages());
        let mut tunnels = Vec::new();
        if can_run_commands(read) {
            tunnels
                .push(Tunnel { kind: TunnelKind::RunCommand, holder: format!("everybody who holds `{RUN_COMMAND}`") });
        }
        for binding in bindings.all()? {
            tunnels.push(Tunnel {
                kind: TunnelKind::TrustedBinding { roles: binding.properties.roles.clone() },
                holder: binding.properties.source_resource_id.clone().unwrap_or_default(),
            });
        }
        Ok(tunnels)
    })
}

/// Command invoke is on unless somebody switched it off: absent means on.
/// <https://learn.microsoft.com/azure/aks/access-private-cluster>
pub(super) fn can_run_commands(read: &Read<'_, '_>) -> bool {
    read.properties.api_server_access_profile.disable_run_command != Some(true)
}
