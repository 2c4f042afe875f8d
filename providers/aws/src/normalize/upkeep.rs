//! How the machines of a pool are kept.

use super::lifecycle::said;
use crate::record::{compute::Instance, eks::Nodegroup, network::Subnet};
use palisade_model::{Gap, PoolHealth, Repair, Surge, Version, Zones};
use std::collections::BTreeSet;

/// The version of a node group's machines.
pub(super) fn version(group: &Nodegroup, name: &str) -> Result<Version, Gap> {
    group
        .version
        .as_deref()
        .and_then(Version::parse)
        .ok_or_else(|| Gap::Unsettled { what: format!("the version of node group {name} is not in the answer") })
}

/// The zones of some subnets.
pub(super) fn zones(
    subnets: &BTreeSet<String>,
    table: &[Subnet],
    reclaimable: bool,
    because: &str,
) -> Result<Zones, Gap> {
    let mut zones = BTreeSet::new();
    for id in subnets {
        let subnet = table.iter().find(|subnet| subnet.subnet_id.as_deref() == Some(id));
        let zone = subnet.and_then(|subnet| subnet.availability_zone.clone());
        zones.insert(
            zone.ok_or_else(|| Gap::Unsettled { what: format!("the zone of subnet {id} is not in the answer") })?,
        );
    }
    Ok(Zones { zones, reclaimable, because: because.to_owned() })
}

/// How an update of a node group replaces machines. By default new ones come first (EKS user guide, managed node update
/// behavior).
pub(super) fn surge(group: &Nodegroup) -> Surge {
    let strategy = group.update_config.as_ref().and_then(|config| config.update_strategy.as_deref());
    match strategy {
        Some("MINIMAL") => Surge::After { because: "`updateStrategy` is MINIMAL".to_owned() },
        Some(strategy) => Surge::Before { because: format!("`updateStrategy` is {strategy}") },
        None => Surge::Before { because: "`updateStrategy` is not set, which means DEFAULT".to_owned() },
    }
}

/// What EKS says of a node group. Repair is off unless somebody switched it on (EKS user guide, node auto repair).
pub(super) fn health(group: &Nodegroup) -> PoolHealth {
    let mut issues: Vec<String> = group.health.iter().flat_map(|health| &health.issues).map(said).collect();
    let status = group.status.as_deref().unwrap_or_default();
    if status == "DEGRADED" || status.ends_with("_FAILED") {
        issues.push(format!("it is {status}"));
    }
    let repair = match group.node_repair_config.as_ref().and_then(|config| config.enabled) {
        Some(true) => Repair::On { because: "`nodeRepairConfig.enabled` is on".to_owned() },
        Some(false) => Repair::Off { because: "`nodeRepairConfig.enabled` is off".to_owned() },
        None => Repair::Off { because: "`nodeRepairConfig` is not set, which means off".to_owned() },
    };
    PoolHealth { issues, repair }
}

/// Whether every machine is one that AWS may take away.
pub(super) fn are_spot(machines: &[&Instance]) -> bool {
    !machines.is_empty() && machines.iter().all(|one| one.instance_lifecycle.as_deref() == Some("spot"))
}
