//! What AWS Backup takes of a cluster, and how that is guarded.

use super::{
    cluster::Known,
    region::Region,
    trail::{Trail, conclude},
};
use crate::{
    calls,
    record::safeguards::{
        BackupPlan, BackupPlanEntry, BackupPlans as PlanList, BackupSelection, BackupSelectionEntry, BackupSelections,
        BackupVault, BackupVaults, GetBackupPlan, GetBackupSelection, RecoveryPoint, RecoveryPoints, RegionSettings,
        TagCondition,
    },
};
use jiff::Timestamp;
use palisade_authority::Glob;
use palisade_model::{Answer, BackupCopy, BackupPlan as Plan, BackupPlans, BackupSafety, Gap, Observed, Recovery};
use std::collections::BTreeMap;

/// A plan that takes the cluster, with its rules; and why there may be further ones.
type Taking = (Vec<(String, BackupPlan)>, Option<Gap>);

/// The plans that take the cluster, by its ARN and tags.
fn taking(
    region: &Region<'_>,
    (arn, tags): (&str, &BTreeMap<String, String>),
    rests: &mut Trail,
) -> Result<Taking, Gap> {
    let (snapshot, scope) = (region.snapshot, region.scope);
    let plans = snapshot.list(&calls::LIST_BACKUP_PLANS, scope, &[], |page: PlanList| page.backup_plans_list);
    let (mut found, mut unread) = (Vec::new(), None);
    for entry in rests.read(&plans)? {
        match takes(region, entry, (arn, tags), rests) {
            Ok(Some(plan)) => found.push(plan),
            Ok(None) => (),
            Err(gap) => unread = unread.or(Some(gap)),
        }
    }
    Ok((found, unread))
}

fn takes(
    region: &Region<'_>,
    entry: &BackupPlanEntry,
    (arn, tags): (&str, &BTreeMap<String, String>),
    rests: &mut Trail,
) -> Result<Option<(String, BackupPlan)>, Gap> {
    let (snapshot, scope) = (region.snapshot, region.scope);
    let nameless = || Gap::Unsettled { what: "a backup plan or a selection of it has no id".to_owned() };
    let id = entry.backup_plan_id.as_deref().ok_or_else(nameless)?;
    let name = entry.backup_plan_name.clone().unwrap_or_else(|| id.to_owned());
    let list = |page: BackupSelections| page.backup_selections_list;
    let selections = snapshot.list(&calls::LIST_BACKUP_SELECTIONS, scope, &[("plan", id)], list);
    let mut unread = None;
    let mut takes = false;
    for BackupSelectionEntry { selection_id } in rests.read(&selections)? {
        let selection = selection_id.as_deref().ok_or_else(nameless)?;
        let params = [("plan", id), ("selection", selection)];
        let answer = snapshot.one::<GetBackupSelection>(&calls::GET_BACKUP_SELECTION, scope, &params);
        match rests.read(&answer) {
            Ok(answer) => takes |= answer.backup_selection.as_ref().is_some_and(|one| means(one, arn, tags)),
            Err(gap) => unread = unread.or(Some(gap)),
        }
    }
    if !takes {
        return unread.map_or(Ok(None), Err);
    }
    let plan = snapshot.one::<GetBackupPlan>(&calls::GET_BACKUP_PLAN, scope, &[("plan", id)]);
    let plan = super::endpoint::take(plan)?.backup_plan.ok_or_else(nameless)?;
    Ok(Some((name, plan)))
}

/// Whether a selection means a resource: it is named or has one of the tags, it has none of what excludes it.
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html>
fn means(selection: &BackupSelection, arn: &str, tags: &BTreeMap<String, String>) -> bool {
    let among = |patterns: &[String]| patterns.iter().any(|pattern| Glob::sensitive(pattern).matches(arn));
    let value = |condition: &TagCondition| {
        let key = condition.condition_key.as_deref().unwrap_or_default();
        tags.get(key.strip_prefix("aws:ResourceTag/").unwrap_or(key)).map(String::as_str)
    };
    let equals = |one: &TagCondition| value(one).is_some() && value(one) == one.condition_value.as_deref();
    let like = |one: &TagCondition| {
        value(one)
            .is_some_and(|value| one.condition_value.as_deref().is_some_and(|it| Glob::sensitive(it).matches(value)))
    };
    let is_named = among(&selection.resources) || selection.list_of_tags.iter().any(equals);
    let holds = selection.conditions.as_ref().is_none_or(|all| {
        all.string_equals.iter().all(equals)
            && all.string_like.iter().all(like)
            && !all.string_not_equals.iter().any(equals)
            && !all.string_not_like.iter().any(like)
    });
    is_named && holds && !among(&selection.not_resources)
}

/// Why AWS Backup takes no cluster of the region whatever plans say.
fn switched_off(region: &Region<'_>, rests: &mut Trail) -> Result<Option<String>, Gap> {
    let settings = region.snapshot.one::<RegionSettings>(&calls::DESCRIBE_REGION_SETTINGS, region.scope, &[]);
    let preference = rests.read(&settings)?.resource_type_opt_in_preference.as_ref();
    let on = preference.and_then(|types| types.get("EKS")).and_then(serde_json::Value::as_bool);
    Ok(match on {
        Some(true) => None,
        Some(false) | None => Some(format!("AWS Backup is not opted in for EKS in {}", region.name)),
    })
}

/// The plans that back the cluster up.
pub(super) fn plans(region: &Region<'_>, arn: &str, known: &Known<'_>) -> Observed<BackupPlans> {
    known.conclude("/cluster/tags", |rests, cluster| {
        let (found, unread) = taking(region, (arn, &cluster.tags), rests)?;
        let off = switched_off(region, rests)?;
        let found = found.into_iter().map(|(name, plan)| {
            let idle = plan.rules.is_empty().then(|| "it has no rule".to_owned());
            Plan { name, stopped: off.clone().or(idle), partly: None }
        });
        Ok(BackupPlans { found: found.collect(), unread })
    })
}

/// What was made of the cluster.
pub(super) fn recovery(region: &Region<'_>, arn: &str, known: &Known<'_>) -> Observed<Recovery> {
    known.conclude("/cluster/tags", |rests, cluster| {
        let (found, unread) = taking(region, (arn, &cluster.tags), rests)?;
        let params = [("cluster", known.name)];
        let pages = |page: RecoveryPoints| vec![page];
        let pages = region.snapshot.list(&calls::LIST_RECOVERY_POINTS, region.scope, &params, pages);
        let mut points: Vec<&RecoveryPoint> = Vec::new();
        for page in rests.read(&pages)? {
            match (&page.recovery_points, page.error.as_deref()) {
                (Some(listed), _) => points.extend(listed),
                // It was never backed up.
                (None, Some(RecoveryPoints::UNKNOWN)) => (),
                (None, Some(_) | None) => {
                    return Err(Gap::Malformed {
                        call: calls::LIST_RECOVERY_POINTS.name.to_owned(),
                        scope: region.scope.to_owned(),
                        pointer: "/RecoveryPoints".to_owned(),
                        why: "there is no list".to_owned(),
                    });
                }
            }
        }
        if found.is_empty() && points.is_empty() {
            return match unread {
                Some(gap) => Err(gap),
                None => Ok(Recovery::NoPlan { because: "no plan of AWS Backup takes the cluster".to_owned() }),
            };
        }
        let made = |wanted: &dyn Fn(&str) -> bool| {
            let of_kind = points.iter().filter(|point| point.status.as_deref().is_some_and(wanted));
            of_kind.filter_map(|point| Some((point.creation_date?, *point))).max_by_key(|(at, _)| *at)
        };
        let said = |(at, point): (Timestamp, &RecoveryPoint)| {
            let why = point.status_message.clone().or_else(|| point.status.clone()).unwrap_or_default();
            (at, why)
        };
        Ok(Recovery::Recorded {
            last_success: made(&|status| matches!(status, "COMPLETED" | "AVAILABLE")).map(|(at, _)| at),
            // Parts that are missing make it none to rely on.
            last_failure: made(&|status| matches!(status, "PARTIAL" | "EXPIRED" | "STOPPED")).map(said),
            by: "AWS Backup".to_owned(),
        })
    })
}

/// Where the plans keep what they make.
pub(super) fn safety(region: &Region<'_>, arn: &str, known: &Known<'_>) -> Observed<BackupSafety> {
    conclude(|rests| {
        let cluster = rests.read(&known.described)?;
        let (found, unread) = taking(region, (arn, &cluster.tags), rests)?;
        if let Some(gap) = unread {
            return Err(gap);
        }
        let off = switched_off(region, rests)?;
        if found.is_empty() || off.is_some() {
            let because = off.unwrap_or_else(|| "no plan of AWS Backup takes the cluster".to_owned());
            return Ok(BackupSafety::NoPlan { because });
        }
        let vaults = region
            .snapshot
            .list(&calls::LIST_BACKUP_VAULTS, region.scope, &[], |page: BackupVaults| page.backup_vault_list);
        let vaults = rests.read(&vaults)?;
        let rules = found.iter().flat_map(|(plan, rules)| rules.rules.iter().map(move |rule| (plan, rule)));
        let copies = rules.map(|(plan, rule)| {
            let vault = rule.target_backup_vault_name.as_deref().unwrap_or_default();
            let known = vaults.iter().find(|one| one.backup_vault_name.as_deref() == Some(vault));
            let away = rule.copy_actions.iter().filter_map(|copy| copy.destination_backup_vault_arn.as_deref());
            let away = away.filter(|destination| !is_here(destination, region)).min();
            BackupCopy {
                name: format!("{plan} in {vault}"),
                // A backup of a cluster holds its persistent volumes of the kinds that AWS Backup supports.
                // <https://docs.aws.amazon.com/aws-backup/latest/devguide/eks-backups.html>
                volumes: Answer::Yes("AWS Backup takes the volumes with the cluster".to_owned()),
                encrypted: known.map_or_else(|| missing(vault), encrypted),
                locked: known.map_or_else(|| missing(vault), locked),
                elsewhere: match away {
                    Some(destination) => Answer::Yes(format!("a copy goes to {destination}")),
                    None => Answer::No("no copy goes to another region or account".to_owned()),
                },
            }
        });
        Ok(BackupSafety::Copies(copies.collect()))
    })
}

fn missing(vault: &str) -> Answer {
    Answer::Unread(Gap::Unsettled { what: format!("the vault `{vault}` is not among those of the region") })
}

/// `arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME` in the same region of the same account.
fn is_here(arn: &str, region: &Region<'_>) -> bool {
    let mut parts = arn.split(':').skip(3);
    (parts.next(), parts.next()) == (Some(region.name), Some(region.account))
}

fn encrypted(vault: &BackupVault) -> Answer {
    match (&vault.encryption_key_arn, vault.encryption_key_type.as_deref()) {
        (Some(key), _) => Answer::Yes(format!("encrypted with {key}")),
        (None, Some(kind)) => Answer::Yes(format!("encrypted with a key of the kind {kind}")),
        (None, None) => Answer::Unread(Gap::Unsettled { what: "the key of a vault is not in the answer".to_owned() }),
    }
}

fn locked(vault: &BackupVault) -> Answer {
    match (vault.locked, vault.min_retention_days) {
        (Some(true), Some(days)) if days > 0 => Answer::Yes(format!("locked for {days} days at least")),
        (Some(true), _) => Answer::No("it is locked without a shortest time".to_owned()),
        (Some(false) | None, _) => Answer::No("it is not locked".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:eks:eu-west-1:1:cluster/shop";

    fn of(selection: &str) -> bool {
        let tags = BTreeMap::from([("backup".to_owned(), "daily".to_owned()), ("team".to_owned(), "shop".to_owned())]);
        means(&serde_json::from_str(selection).unwrap(), ARN, &tags)
    }

    #[test]
    fn a_selection_means_what_it_names_or_tags_and_does_not_exclude() {
        for (selection, wanted) in [
            (r#"{"Resources": ["arn:aws:eks:*:*:cluster/*"]}"#, true),
            (r#"{"Resources": ["*"], "NotResources": ["arn:aws:eks:*:*:cluster/shop"]}"#, false),
            (r#"{"Resources": ["arn:aws:ec2:*:*:volume/*"]}"#, false),
            (r#"{"ListOfTags": [{"ConditionKey": "backup", "ConditionValue": "daily"}]}"#, true),
            (r#"{"ListOfTags": [{"ConditionKey": "backup", "ConditionValue": "weekly"}]}"#, false),
            (
                r#"{"Resources": ["*"], "Conditions": {"StringEquals": [{"ConditionKey": "aws:ResourceTag/team", "ConditionValue": "pay"}]}}"#,
                false,
            ),
            (
                r#"{"Resources": ["*"], "Conditions": {"StringLike": [{"ConditionKey": "aws:ResourceTag/team", "ConditionValue": "sh*"}]}}"#,
                true,
            ),
            (
                r#"{"Resources": ["*"], "Conditions": {"StringNotEquals": [{"ConditionKey": "aws:ResourceTag/team", "ConditionValue": "shop"}]}}"#,
                false,
            ),
            ("{}", false),
        ] {
            assert_eq!(of(selection), wanted, "{selection}");
        }
    }

    #[test]
    fn a_lock_without_a_shortest_time_locks_nothing() {
        let lock = |text: &str| locked(&serde_json::from_str(text).unwrap());
        assert!(matches!(lock(r#"{"Locked": true, "MinRetentionDays": 30}"#), Answer::Yes(_)));
        assert!(matches!(lock(r#"{"Locked": true}"#), Answer::No(_)));
        assert!(matches!(lock("{}"), Answer::No(_)));
    }
}
