//! Where Azure's own log and the cluster's go, and what Defender for Containers sees.

use super::{cluster::Read, observe::observe, surroundings::Surroundings, table::Table};
use crate::{
    DIAGNOSTIC_SETTINGS, LOG_TABLE, PRICINGS, SUBSCRIPTION_LOGS, arm,
    record::{DiagnosticProperties, DiagnosticSetting, LogTable, Pricing},
};
use palisade_model::{
    ActivityLog, ActivityRoute, Answer, AuditPlace, AuditStore, Detection, Evidence, Gap, Observed, Retention,
};
use std::collections::BTreeSet;

/// The settings of a subscription send its whole activity log, whatever region a request was for.
/// <https://learn.microsoft.com/azure/azure-monitor/essentials/activity-log>
pub(super) fn activity(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<ActivityLog> {
    observe(|seen| {
        seen.extend(read.row.evidence("/id"));
        let settings = Table::<DiagnosticSetting>::read(around.snapshot, &SUBSCRIPTION_LOGS, around.subscription, &[])?;
        seen.extend_from_slice(settings.pages());
        let mut log = ActivityLog::default();
        for setting in settings.all()? {
            let name = format!("setting {}", setting.name.as_deref().unwrap_or_default());
            if sends(&setting.properties, &["Administrative"], &["allLogs"]) {
                log.routes.push(ActivityRoute { name, everywhere: true });
            } else {
                log.lacking.push(format!("`{name}` leaves out the category `Administrative`"));
            }
        }
        Ok(log)
    })
}

/// Whether a setting sends one of the categories, by name or in a group.
fn sends(properties: &DiagnosticProperties, categories: &[&str], groups: &[&str]) -> bool {
    let among = |named: &Option<String>, wanted: &[&str]| {
        named.as_deref().is_some_and(|named| wanted.iter().any(|one| named.eq_ignore_ascii_case(one)))
    };
    let mut on = properties.logs.iter().filter(|log| log.enabled == Some(true));
    on.any(|log| among(&log.category, categories) || among(&log.category_group, groups))
}

/// The categories that hold the audit log, with the table that each fills.
/// <https://learn.microsoft.com/azure/aks/monitor-aks-reference#resource-logs>
const AUDIT: &[(&str, &str)] = &[("kube-audit", "AKSAudit"), ("kube-audit-admin", "AKSAuditAdmin")];

/// Groups that hold both categories.
const GROUPS: &[&str] = &["allLogs", "audit"];

/// The tables that a setting fills with the audit log.
pub(crate) fn tables(properties: &DiagnosticProperties) -> BTreeSet<&'static str> {
    let sent = AUDIT.iter().filter(|(category, _)| sends(properties, &[category], GROUPS));
    let dedicated = |kind: &str| kind.eq_ignore_ascii_case("Dedicated");
    if properties.log_analytics_destination_type.as_deref().is_some_and(dedicated) {
        return sent.map(|(_, table)| *table).collect();
    }
    // Without a destination type everything goes to one table.
    sent.map(|_| "AzureDiagnostics").collect()
}

/// Where the audit log goes, and how long it is kept there.
pub(super) fn audit_store(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<AuditStore> {
    observe(|seen| {
        seen.extend(read.row.evidence("/id"));
        let key = arm::key(read.id());
        let params = [("cluster", key.as_str())];
        let settings =
            Table::<DiagnosticSetting>::read(around.snapshot, &DIAGNOSTIC_SETTINGS, around.subscription, &params)?;
        seen.extend_from_slice(settings.pages());
        let mut places = Vec::new();
        let mut written = false;
        for setting in settings.all()? {
            let properties = &setting.properties;
            let tables = tables(properties);
            if tables.is_empty() {
                continue;
            }
            written = true;
            if let Some(workspace) = properties.workspace_id.as_deref().filter(|id| !id.is_empty()) {
                places.extend(tables.iter().map(|table| in_workspace(around, workspace, table, seen)));
            }
            places.extend(elsewhere(properties));
        }
        if !written {
            let because = "no diagnostic setting sends `kube-audit` or `kube-audit-admin`".to_owned();
            return Ok(AuditStore::NotWritten { because });
        }
        Ok(AuditStore::Kept(places))
    })
}

fn in_workspace(around: &Surroundings<'_>, workspace: &str, table: &str, seen: &mut Vec<Evidence>) -> AuditPlace {
    let key = arm::key(workspace);
    let scope = arm::subscription(&key).unwrap_or(around.subscription);
    let params = [("workspace", key.as_str()), ("table", table)];
    let read: Observed<LogTable> = around.snapshot.one(&LOG_TABLE, scope, &params);
    seen.extend_from_slice(read.sources());
    let days = |of: fn(&LogTable) -> Option<i64>, field: &str| {
        let days = of(read.get()?).and_then(|days| u32::try_from(days).ok());
        let pointer = format!("/properties/{field}");
        days.map(Retention::Days).ok_or_else(|| super::malformed(&LOG_TABLE, scope, &pointer, "no number of days"))
    };
    AuditPlace {
        name: format!("{table} in {}", arm::name(workspace)),
        kept: days(|table| table.properties.total_retention_in_days, "totalRetentionInDays"),
        searchable: days(|table| table.properties.retention_in_days, "retentionInDays"),
        // <https://learn.microsoft.com/azure/azure-monitor/logs/personal-data-mgmt#delete>
        protected: Answer::No("whoever runs the workspace may purge it".to_owned()),
    }
}

/// Places whose own settings are not read.
fn elsewhere(properties: &DiagnosticProperties) -> Vec<AuditPlace> {
    let named = [
        ("storage account", &properties.storage_account_id),
        ("event hub", &properties.event_hub_authorization_rule_id),
        ("partner", &properties.marketplace_partner_id),
    ];
    let named = named.into_iter().filter_map(|(what, id)| Some((what, id.as_deref().filter(|id| !id.is_empty())?)));
    named
        .map(|(what, id)| {
            let name = format!("{what} {}", arm::name(id));
            let gap = Gap::NotCollected { what: format!("how long {name} keeps the audit log is not read") };
            AuditPlace {
                name,
                kept: Err(gap.clone()),
                searchable: Ok(Retention::Days(0)),
                protected: Answer::Unread(gap),
            }
        })
        .collect()
}

/// Whether the plan for containers is on, and one of its parts, where the answer names its parts.
pub(super) fn plan(
    around: &Surroundings<'_>,
    part: &str,
    seen: &mut Vec<Evidence>,
) -> Result<(bool, Option<bool>), Gap> {
    let pricings = Table::<Pricing>::read(around.snapshot, &PRICINGS, around.subscription, &[])?;
    seen.extend_from_slice(pricings.pages());
    let all = pricings.all()?;
    let plan =
        all.into_iter().find(|one| one.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("Containers")));
    let Some(plan) = plan else { return Ok((false, None)) };
    let on = plan.properties.pricing_tier.as_deref().is_some_and(|tier| tier.eq_ignore_ascii_case("Standard"));
    let part = plan.properties.extensions.iter().find(|one| one.name.as_deref() == Some(part));
    let part = part.and_then(|one| one.is_enabled.as_deref()).map(|word| word.eq_ignore_ascii_case("True"));
    Ok((on, part))
}

/// What Defender for Containers sees: the plan reads the API's log, the sensor watches the nodes.
/// <https://learn.microsoft.com/azure/defender-for-cloud/defender-for-containers-architecture>
pub(super) fn detection(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Detection> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/securityProfile"));
        let (on, _) = plan(around, "ContainerSensor", seen)?;
        if !on {
            let because = "the plan Defender for Containers is off for the subscription".to_owned();
            return Ok(Detection::Off { because });
        }
        let by = "Defender for Containers".to_owned();
        if read.properties.security_profile.defender.security_monitoring.enabled == Some(true) {
            return Ok(Detection::Whole { by });
        }
        let missing = "its nodes are not watched (`securityProfile.defender.securityMonitoring` is off)".to_owned();
        Ok(Detection::Partial { by, missing: vec![missing] })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<&'static str> {
        let setting: DiagnosticSetting = serde_json::from_str(text).unwrap();
        tables(&setting.properties).into_iter().collect()
    }

    #[test]
    fn the_audit_log_goes_where_its_category_or_a_group_of_categories_goes() {
        let with = |logs: &str, kind: &str| {
            of(&format!(r#"{{"properties": {{"logs": [{logs}], {kind} "workspaceId": "/w"}}}}"#))
        };
        let admin = r#"{"category": "kube-audit-admin", "enabled": true}"#;
        assert_eq!(with(admin, ""), ["AzureDiagnostics"]);
        assert_eq!(with(admin, r#""logAnalyticsDestinationType": "Dedicated","#), ["AKSAuditAdmin"]);
        let group = r#"{"categoryGroup": "allLogs", "enabled": true}"#;
        assert_eq!(with(group, r#""logAnalyticsDestinationType": "Dedicated","#), ["AKSAudit", "AKSAuditAdmin"]);
        assert!(with(r#"{"category": "kube-audit", "enabled": false}"#, "").is_empty());
        assert!(with(r#"{"category": "guard", "enabled": true}"#, "").is_empty());
    }
}
