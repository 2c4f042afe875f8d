//! What Azure Backup takes of a cluster, and how that is guarded.
//! <https://learn.microsoft.com/azure/backup/azure-kubernetes-service-cluster-backup-concept>

use super::{cluster::Read, observe::observe, surroundings::Surroundings, table::Table};
use crate::{
    BACKUP_INSTANCES, BACKUP_VAULTS, RECOVERY_POINTS, arm,
    record::{BackupInstance, BackupVault, RecoveryPoint, RecoveryPointProperties},
};
use jiff::Timestamp;
use palisade_model::{Answer, BackupCopy, BackupPlan, BackupPlans, BackupSafety, Evidence, Gap, Observed, Recovery};

const NO_PLAN: &str = "no backup vault of the subscription takes the cluster";

/// A backup of the cluster and the vault that it goes to.
struct Taking {
    vault: BackupVault,
    instance: BackupInstance,
}

impl Taking {
    fn name(&self) -> String {
        let instance = self.instance.properties.friendly_name.as_deref().or(self.instance.name.as_deref());
        let vault = self.vault.id.as_deref().map(arm::name).unwrap_or_default();
        format!("{} in {vault}", instance.unwrap_or_default())
    }

    /// Why it makes nothing. The states are those of the API's `currentProtectionState`.
    fn stopped(&self) -> Option<String> {
        match self.instance.properties.current_protection_state.as_deref() {
            Some("ProtectionConfigured" | "UpdatingProtection" | "RetentionSchedulesSuspended") => None,
            state => Some(format!("its state is `{}`", state.unwrap_or("not said"))),
        }
    }
}

/// What takes the cluster; and why there may be more.
fn taking(
    read: &Read<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<(Vec<Taking>, Option<Gap>), Gap> {
    let vaults = Table::<BackupVault>::read(around.snapshot, &BACKUP_VAULTS, around.subscription, &[])?;
    seen.extend_from_slice(vaults.pages());
    let (mut found, mut unread) = (Vec::new(), None);
    for row in vaults.rows() {
        let key = arm::key(&row.id);
        let params = [("vault", key.as_str())];
        let instances = Table::<BackupInstance>::read(around.snapshot, &BACKUP_INSTANCES, around.subscription, &params);
        let looked = (|| {
            let instances = instances?;
            seen.extend_from_slice(instances.pages());
            let vault = row.get()?;
            for instance in instances.all()? {
                let source = instance.properties.data_source_info.resource_id.as_deref().unwrap_or_default();
                if arm::key(source) == arm::key(read.id()) {
                    found.push(Taking { vault: vault.clone(), instance: instance.clone() });
                }
            }
            Ok(())
        })();
        unread = unread.or(looked.err());
    }
    Ok((found, unread))
}

/// The plans that back the cluster up.
pub(super) fn plans(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<BackupPlans> {
    observe(|seen| {
        seen.extend(read.row.evidence("/id"));
        let (found, unread) = taking(read, around, seen)?;
        let found = found.iter().map(|one| {
            let parameters = &one.instance.properties.policy_info.policy_parameters.backup_datasource_parameters_list;
            let partly = parameters.iter().find_map(|one| {
                let (only, but) = (one.included_namespaces.join(", "), one.excluded_namespaces.join(", "));
                match (only.is_empty(), but.is_empty()) {
                    (false, _) => Some(format!("the namespaces {only} alone")),
                    (true, false) => Some(format!("everything but the namespaces {but}")),
                    (true, true) => None,
                }
            });
            BackupPlan { name: one.name(), stopped: one.stopped(), partly }
        });
        Ok(BackupPlans { found: found.collect(), unread })
    })
}

fn points(
    one: &Taking,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<Vec<RecoveryPointProperties>, Gap> {
    let key = one.instance.id.as_deref().map(arm::key).unwrap_or_default();
    let params = [("instance", key.as_str())];
    let points = Table::<RecoveryPoint>::read(around.snapshot, &RECOVERY_POINTS, around.subscription, &params)?;
    seen.extend_from_slice(points.pages());
    Ok(points.all()?.into_iter().map(|point| point.properties.clone()).collect())
}

/// What was made of the cluster.
pub(super) fn recovery(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Recovery> {
    observe(|seen| {
        seen.extend(read.row.evidence("/id"));
        let (found, unread) = taking(read, around, seen)?;
        if let Some(gap) = unread {
            return Err(gap);
        }
        if found.is_empty() {
            return Ok(Recovery::NoPlan { because: NO_PLAN.to_owned() });
        }
        let (mut last_success, mut last_failure): (Option<Timestamp>, Option<(Timestamp, String)>) = (None, None);
        for one in &found {
            for point in points(one, around, seen)? {
                let Some(at) = point.time.as_deref().and_then(|text| text.parse().ok()) else {
                    continue;
                };
                // Without a state a point is whole: older versions of the API made no others.
                if point.state.as_deref().is_none_or(|state| state.eq_ignore_ascii_case("Completed")) {
                    last_success = last_success.max(Some(at));
                } else {
                    let state = point.state.unwrap_or_default();
                    last_failure = last_failure.max(Some((at, format!("its state is `{state}`"))));
                }
            }
        }
        let by = found.iter().map(Taking::name).min().unwrap_or_default();
        Ok(Recovery::Recorded { last_success, last_failure, by: format!("the backup `{by}`") })
    })
}

/// Where it is kept.
pub(super) fn safety(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<BackupSafety> {
    observe(|seen| {
        seen.extend(read.row.evidence("/id"));
        let (found, unread) = taking(read, around, seen)?;
        if let Some(gap) = unread {
            return Err(gap);
        }
        if found.is_empty() {
            return Ok(BackupSafety::NoPlan { because: NO_PLAN.to_owned() });
        }
        let copies = found.iter().map(|one| copy(one, points(one, around, seen)));
        Ok(BackupSafety::Copies(copies.collect()))
    })
}

fn copy(one: &Taking, points: Result<Vec<RecoveryPointProperties>, Gap>) -> BackupCopy {
    let vault = &one.vault.properties;
    // Only what is in the vault's own store is guarded by it; snapshots lie in the customer's subscription.
    let in_vault = points.map(|points| {
        let mut stores = points.iter().flat_map(|point| &point.stores);
        stores.any(|store| store.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("VaultStore")))
    });
    let kept = |what: Answer| match &in_vault {
        Ok(true) => what,
        Ok(false) => Answer::No("only snapshots of the operational tier were made".to_owned()),
        Err(gap) => Answer::Unread(gap.clone()),
    };
    let parameters = &one.instance.properties.policy_info.policy_parameters.backup_datasource_parameters_list;
    let volumes = parameters.iter().find_map(|one| one.snapshot_volumes);
    let immutability = vault.security_settings.immutability_settings.state.as_deref().unwrap_or("Disabled");
    let storage = vault.storage_settings.iter().find_map(|setting| setting.kind.as_deref()).unwrap_or("not said");
    BackupCopy {
        name: one.name(),
        volumes: match volumes {
            Some(true) => Answer::Yes("volumes are taken".to_owned()),
            Some(false) => Answer::No("`snapshotVolumes` is off".to_owned()),
            None => {
                Answer::Unread(Gap::Unsettled { what: "whether volumes are taken is not in the answer".to_owned() })
            }
        },
        // <https://learn.microsoft.com/azure/backup/backup-encryption>
        encrypted: Answer::Yes("Azure encrypts every backup vault".to_owned()),
        locked: kept(if immutability.eq_ignore_ascii_case("Locked") {
            Answer::Yes("the vault is immutable and locked".to_owned())
        } else {
            Answer::No(format!("immutability of the vault is `{immutability}`"))
        }),
        elsewhere: kept(if storage.eq_ignore_ascii_case("GeoRedundant") {
            Answer::Yes("the vault is kept in a second region".to_owned())
        } else {
            Answer::No(format!("the vault's storage is `{storage}`"))
        }),
    }
}
