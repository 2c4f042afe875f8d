//! What is kept, backed up, watched and scanned, as Azure shows it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Site;
use super::cluster::cluster_id;
use crate::azure::description::{BackupVault, PolicyRule, RunningContainer};
use crate::azure::ids;
use crate::azure::route::ASSESSMENTS;
use crate::azure::wire::Row;

const WORKSPACE: &str = "Microsoft.OperationalInsights/workspaces";
const VAULT: &str = "Microsoft.DataProtection/backupVaults";
const REGISTRY: &str = "Microsoft.ContainerRegistry/registries";

/// Adds what a subscription has of it.
pub(super) fn add(site: &mut Site<'_>) {
    let subscription = site.subscription;
    let own = format!("/subscriptions/{}", subscription.id);
    site.diagnostics(&own, &subscription.activity_log);
    let workspace = site.id("observability", WORKSPACE, "central");
    for table in ["AzureDiagnostics", "AKSAudit", "AKSAuditAdmin"] {
        let id = format!("{workspace}/tables/{table}");
        let days = &subscription.log_days;
        let body = json!({
            "id": id,
            "name": table,
            "properties": {
                "retentionInDays": days.searchable,
                "totalRetentionInDays": days.total,
                "archiveRetentionInDays": days.total.saturating_sub(days.searchable),
                "plan": "Analytics",
                "provisioningState": "Succeeded",
            },
        });
        site.wire.hide(&id, &body);
    }
    for plan in ["VirtualMachines", "Containers", "KeyVaults"] {
        let is_on = subscription.defender_plans.iter().any(|on| on == plan);
        let id = format!("{own}/providers/Microsoft.Security/pricings/{plan}");
        let mut properties =
            json!({ "pricingTier": if is_on { "Standard" } else { "Free" }, "freeTrialRemainingTime": "PT0S" });
        if plan == "Containers" {
            let parts = [
                "ContainerRegistriesVulnerabilityAssessments",
                "AgentlessDiscoveryForKubernetes",
                "AgentlessVmScanning",
                "ContainerSensor",
            ];
            let word = if is_on { "True" } else { "False" };
            let parts: Vec<Value> = parts.iter().map(|name| json!({ "name": name, "isEnabled": word })).collect();
            crate::azure::wire::set(&mut properties, "extensions", json!(parts));
        }
        let body = json!({ "id": id, "name": plan, "type": "Microsoft.Security/pricings", "properties": properties });
        site.wire.add(&id, &body);
    }
    for registry in &subscription.registries {
        let id = site.id(&registry.group, REGISTRY, &registry.name);
        let body = json!({
            "id": id,
            "name": registry.name,
            "type": REGISTRY,
            "location": site.location(None),
            "sku": { "name": "Premium", "tier": "Premium" },
            "properties": {
                "loginServer": format!("{}.azurecr.io", registry.name),
                "adminUserEnabled": registry.admin_user,
                "anonymousPullEnabled": registry.anonymous_pull,
                "publicNetworkAccess": if registry.public { "Enabled" } else { "Disabled" },
                "networkRuleSet": { "defaultAction": if registry.public { "Allow" } else { "Deny" }, "ipRules": [] },
                "roleAssignmentMode": "LegacyRegistryPermissions",
                "provisioningState": "Succeeded",
            },
        });
        site.wire.add(&id, &body);
    }
    for container in &subscription.running {
        assessments(site, container);
    }
    for vault in &subscription.backup_vaults {
        self::vault(site, vault);
    }
    policies(site);
}

/// What holds here, and its definitions, which stand above all subscriptions.
fn policies(site: &mut Site<'_>) {
    const AKS: &str = "Microsoft.ContainerService/managedClusters";
    let subscription = site.subscription;
    let own = format!("/subscriptions/{}", subscription.id);
    let list = |kind: &str| format!("{own}/providers/Microsoft.Authorization/{kind}");
    let id_of = |name: &str, scope: &str| format!("{scope}/providers/Microsoft.Authorization/policyAssignments/{name}");
    for policy in &subscription.policies {
        let field = |alias: &str| json!({ "field": format!("{AKS}/{alias}"), "notEquals": true });
        let (definition, own_rule) = match policy.rule {
            PolicyRule::PrivateClusters => (
                "/providers/Microsoft.Authorization/policyDefinitions/040732e8-d947-40b8-95d6-854c95024bf8",
                field("apiServerAccessProfile.enablePrivateCluster"),
            ),
            PolicyRule::NoLocalAccounts => (
                "/providers/Microsoft.Authorization/policyDefinitions/993c2fcd-2b29-49d2-9eb0-df2c3a730c32",
                field("disableLocalAccounts"),
            ),
            PolicyRule::Places => (
                "/providers/Microsoft.Management/managementGroups/acme/providers/Microsoft.Authorization/policyDefinitions/places",
                json!({ "field": "location", "notIn": ["westeurope", "northeurope"] }),
            ),
        };
        let body = json!({
            "id": definition,
            "name": definition.rsplit('/').next(),
            "properties": {
                "mode": "Indexed",
                "parameters": { "effect": { "type": "String", "defaultValue": "Audit" } },
                "policyRule": {
                    "if": { "allOf": [{ "field": "type", "equals": AKS }, own_rule] },
                    "then": { "effect": "[parameters('effect')]" },
                },
            },
        });
        site.wire.hide(definition, &body);
        let given = json!({ "effect": { "value": policy.effect } });
        let assigned = if policy.in_set {
            let set = format!("{own}/providers/Microsoft.Authorization/policySetDefinitions/{}", policy.name);
            let passed_on = json!({ "effect": { "value": "[parameters('effect')]" } });
            let body = json!({
                "id": set,
                "name": policy.name,
                "properties": {
                    "parameters": { "effect": { "type": "String", "defaultValue": "Audit" } },
                    "policyDefinitions": [{ "policyDefinitionId": definition, "parameters": passed_on }],
                },
            });
            site.wire.hide(&set, &body);
            set
        } else {
            definition.to_owned()
        };
        let scope = policy.scope.as_deref().unwrap_or(&own);
        let body = json!({
            "id": id_of(&policy.name, scope),
            "name": policy.name,
            "type": "Microsoft.Authorization/policyAssignments",
            "properties": {
                "policyDefinitionId": assigned, "scope": scope, "notScopes": [], "parameters": given,
                "enforcementMode": "Default",
            },
        });
        site.wire.show(&list("policyAssignments"), &body);
    }
    for exemption in &subscription.policy_exemptions {
        let Some(policy) = subscription.policies.iter().find(|policy| policy.name == exemption.policy) else {
            continue;
        };
        let scope = policy.scope.as_deref().unwrap_or(&own);
        let body = json!({
            "id": format!(
                "{own}/resourceGroups/{}/providers/Microsoft.Authorization/policyExemptions/{}", exemption.group, policy.name
            ),
            "name": policy.name,
            "properties": {
                "policyAssignmentId": id_of(&policy.name, scope), "exemptionCategory": "Waiver",
                "policyDefinitionReferenceIds": [],
            },
        });
        site.wire.show(&list("policyExemptions"), &body);
    }
}

/// What Defender recommends for a container, as rows of Resource Graph: one for each update, one that is done where there is none.
fn assessments(site: &mut Site<'_>, container: &RunningContainer) {
    let known = site.subscription.clusters.iter().find(|cluster| cluster.name == container.cluster);
    let cluster = known.map(|cluster| cluster_id(&site.subscription.id, cluster)).unwrap_or_default();
    let resource = format!("{cluster}/securityentitydata/default-{}", container.name);
    let mut updates: Vec<Option<&(String, String)>> = container.critical.iter().map(Some).collect();
    if updates.is_empty() {
        updates.push(None);
    }
    for update in updates {
        let key = ids::guid(&format!("update {resource} {}", update.map_or("none", |(number, _)| number)));
        let since = update.map_or_else(|| "2026-01-05T06:00:00Z".to_owned(), |(_, day)| moment(day));
        // The vendor writes this list as a text.
        let cves = update.map(|(number, _)| {
            json!([{
                "CveId": number,
                "Severity": "Critical",
                "PublishedDate": since,
                "FixStatus": "FixAvailable",
                "FixedVersion": "3.0.18-r0",
            }])
            .to_string()
        });
        let id = format!("{resource}/providers/Microsoft.Security/assessments/{key}");
        let columns = json!({
            "id": id,
            "name": key,
            "type": "microsoft.security/assessments",
            "subscriptionId": site.subscription.id,
            "properties": {
                "displayName": "Update openssl",
                "metadata": { "recommendationCategory": "SoftwareUpdate", "severity": "High" },
                "resourceDetails": {
                    "Source": "Azure",
                    "Id": resource,
                    "ResourceType": "K8s-container",
                    "ResourceName": container.name,
                },
                "status": {
                    "code": if update.is_some() { "Unhealthy" } else { "Healthy" },
                    "firstEvaluationDate": since,
                    "statusChangeDate": since,
                },
                "additionalData": { "SoftwareName": "openssl", "CvesDetails": cves },
            },
        });
        let Value::Object(columns) = columns else { continue };
        site.wire.rows.push(Row {
            table: ASSESSMENTS,
            kind: "microsoft.security/assessments".to_owned(),
            subscription: site.subscription.id.to_ascii_lowercase(),
            columns,
        });
    }
}

fn vault(site: &mut Site<'_>, vault: &BackupVault) {
    let id = site.id(&vault.group, VAULT, &vault.name);
    let body = json!({
        "id": id,
        "name": vault.name,
        "type": VAULT,
        "location": site.location(None),
        "properties": {
            "provisioningState": "Succeeded",
            "storageSettings": [{ "datastoreType": "VaultStore", "type": vault.redundancy }],
            "securitySettings": {
                "immutabilitySettings": { "state": vault.immutability },
                "softDeleteSettings": { "state": "On", "retentionDurationInDays": 14.0 },
            },
            "isVaultProtectedByResourceGuard": false,
        },
    });
    site.wire.add(&id, &body);
    for instance in &vault.instances {
        let known = site.subscription.clusters.iter().find(|cluster| cluster.name == instance.cluster);
        let source = known.map(|cluster| cluster_id(&site.subscription.id, cluster)).unwrap_or_default();
        let name = format!("{}-{}", instance.cluster, ids::guid(&format!("backup {source}")));
        let own = format!("{id}/backupInstances/{name}");
        let body = json!({
            "id": own,
            "name": name,
            "type": "Microsoft.DataProtection/backupVaults/backupInstances",
            "properties": {
                "friendlyName": instance.cluster,
                "dataSourceInfo": {
                    "resourceID": source,
                    "datasourceType": "Microsoft.ContainerService/managedClusters",
                    "objectType": "Datasource",
                },
                "policyInfo": {
                    "policyId": format!("{id}/backupPolicies/daily"),
                    "policyParameters": { "backupDatasourceParametersList": [{
                        "objectType": "KubernetesClusterBackupDatasourceParameters",
                        "snapshotVolumes": instance.volumes,
                        "includeClusterScopeResources": true,
                        "includedNamespaces": instance.namespaces,
                        "excludedNamespaces": [],
                    }] },
                },
                "protectionStatus": { "status": instance.state },
                "currentProtectionState": instance.state,
                "provisioningState": "Succeeded",
                "objectType": "BackupInstance",
            },
        });
        site.wire.add(&own, &body);
        for (number, made) in instance.points.iter().enumerate() {
            let point = format!("{own}/recoveryPoints/{number}");
            let mut stores = vec![json!({ "type": "OperationalStore", "state": "COMMITTED", "visible": true })];
            if instance.in_vault {
                stores.push(json!({ "type": "VaultStore", "state": "COMMITTED", "visible": true }));
            }
            let body = json!({
                "id": point,
                "name": number.to_string(),
                "type": "Microsoft.DataProtection/backupVaults/backupInstances/recoveryPoints",
                "properties": {
                    "objectType": "AzureBackupDiscreteRecoveryPoint",
                    "recoveryPointTime": moment(made),
                    "recoveryPointType": "Incremental",
                    "recoveryPointState": "Completed",
                    "recoveryPointDataStoresDetails": stores,
                },
            });
            site.wire.add(&point, &body);
        }
    }
}

/// `today` is the first second of the day on which the world is made: a backup is fresh whenever the story is told.
fn moment(text: &str) -> String {
    if text != "today" {
        return text.to_owned();
    }
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now - now.rem_euclid(86_400)).unwrap_or_default().to_string()
}
