//! How the machines of a pool are kept.

use super::{observe::observe, pools::PoolRead};
use crate::calendar;
use palisade_model::{Gap, PoolHealth, Repair, Surge, Upkeep, Version, Zones};

/// What AKS says of a pool that it lists.
pub(super) fn upkeep(pool: &PoolRead<'_, '_>) -> Upkeep {
    let Some(agent) = pool.agent else {
        return Upkeep::unread(&Gap::NotCollected {
            what: "how machines outside the listed pools are kept is not read".to_owned(),
        });
    };
    Upkeep {
        version: observe(|seen| {
            seen.extend(pool.evidence("currentOrchestratorVersion"));
            let version = agent.current_orchestrator_version.as_deref().and_then(Version::parse);
            version.ok_or_else(|| Gap::Unsettled { what: "the version of the pool is not in the answer".to_owned() })
        }),
        zones: observe(|seen| {
            seen.extend(pool.evidence("availabilityZones"));
            let zones = agent.availability_zones.iter().cloned().collect();
            let region = pool.cluster.item.location.as_deref().unwrap_or_default();
            if agent.availability_zones.is_empty() && !calendar::has_zones(region) {
                return Err(Gap::Unsettled {
                    what: format!("the pool names no zones, and region `{region}` is not known to have any"),
                });
            }
            let is_spot = |priority: &str| priority.eq_ignore_ascii_case("Spot");
            Ok(Zones {
                zones,
                reclaimable: agent.scale_set_priority.as_deref().is_some_and(is_spot),
                because: "by `availabilityZones`".to_owned(),
            })
        }),
        // Absent means a tenth of the machines. <https://learn.microsoft.com/azure/aks/upgrade-aks-cluster>
        surge: observe(|seen| {
            seen.extend(pool.evidence("upgradeSettings"));
            let surge = agent.upgrade_settings.max_surge.as_deref().filter(|surge| !surge.is_empty());
            Ok(match surge {
                None => Surge::Before { because: "`maxSurge` is not set, which means 10%".to_owned() },
                Some("0" | "0%") => Surge::After { because: "`maxSurge` is 0".to_owned() },
                Some(surge) => Surge::Before { because: format!("`maxSurge` is {surge}") },
            })
        }),
        // <https://learn.microsoft.com/azure/aks/node-auto-repair>
        health: observe(|seen| {
            seen.extend(pool.evidence("provisioningState"));
            let Some(state) = agent.provisioning_state.as_deref() else {
                return Err(Gap::Unsettled { what: "the state of the pool is not in the answer".to_owned() });
            };
            let has_failed = ["Failed", "Canceled"].iter().any(|bad| state.eq_ignore_ascii_case(bad));
            let issues = has_failed.then(|| format!("it is {state}")).into_iter().collect();
            Ok(PoolHealth { issues, repair: Repair::On { because: "AKS always repairs nodes".to_owned() } })
        }),
    }
}
