//! The numbers behind the names of enumerations, for `enum-encoding=int`.
//!
//! Read out of google-cloud-container 2.67.0, -kms 3.18.0, -resource-manager 1.19.0, -iam 2.26.0 and -recommender
//! 2.23.0 (2026-11). The oracle `tests/oracle/gcp_sdk.py` compares both spellings of every reply.

use serde_json::Value;

/// The end of a field's path, and its names with their numbers.
type Known = (&'static str, &'static [(&'static str, u32)]);

const STATUS: &[(&str, u32)] =
    &[("PROVISIONING", 1), ("RUNNING", 2), ("RECONCILING", 3), ("STOPPING", 4), ("ERROR", 5), ("DEGRADED", 6)];
const POOL_STATUS: &[(&str, u32)] = &[
    ("PROVISIONING", 1),
    ("RUNNING", 2),
    ("RUNNING_WITH_ERROR", 3),
    ("RECONCILING", 4),
    ("STOPPING", 5),
    ("ERROR", 6),
];
const LIFE: &[(&str, u32)] = &[
    ("ACTIVE", 1),
    ("DELETE_REQUESTED", 2),
    // Of a backup plan.
    ("READY", 3),
    ("FAILED", 4),
    ("DEACTIVATED", 5),
];
const PROTECTION: &[(&str, u32)] = &[("SOFTWARE", 1), ("HSM", 2), ("EXTERNAL", 3), ("EXTERNAL_VPC", 4)];
const ALGORITHM: &[(&str, u32)] = &[("GOOGLE_SYMMETRIC_ENCRYPTION", 1)];
const STRATEGY: &[(&str, u32)] = &[("BLUE_GREEN", 2), ("SURGE", 3), ("SHORT_LIVED", 5)];

const OF_VULNERABILITY: &[(&str, u32)] = &[("MINIMAL", 1), ("LOW", 2), ("MEDIUM", 3), ("HIGH", 4), ("CRITICAL", 5)];

/// Most specific first.
const ALL: &[Known] = &[
    ("nodePools.status", POOL_STATUS),
    (
        "primary.state",
        &[("ENABLED", 1), ("DISABLED", 2), ("DESTROYED", 3), ("DESTROY_SCHEDULED", 4), ("PENDING_GENERATION", 5)],
    ),
    ("primary.protectionLevel", PROTECTION),
    ("primary.algorithm", ALGORITHM),
    ("versionTemplate.protectionLevel", PROTECTION),
    ("versionTemplate.algorithm", ALGORITHM),
    ("databaseEncryption.state", &[("ENCRYPTED", 1), ("DECRYPTED", 2), ("ALL_OBJECTS_ENCRYPTION_ENABLED", 3)]),
    (
        "databaseEncryption.currentState",
        &[
            ("CURRENT_STATE_DECRYPTED", 2),
            ("CURRENT_STATE_ENCRYPTION_PENDING", 3),
            ("CURRENT_STATE_ENCRYPTION_ERROR", 4),
            ("CURRENT_STATE_DECRYPTION_PENDING", 5),
            ("CURRENT_STATE_DECRYPTION_ERROR", 6),
            ("CURRENT_STATE_ENCRYPTED", 7),
            ("CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ENABLED", 8),
            ("CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_PENDING", 9),
            ("CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ERROR", 10),
        ],
    ),
    ("workloadMetadataConfig.mode", &[("GCE_METADATA", 1), ("GKE_METADATA", 2)]),
    ("anonymousAuthenticationConfig.mode", &[("ENABLED", 1), ("LIMITED", 2)]),
    ("securityPostureConfig.mode", &[("DISABLED", 1), ("BASIC", 2), ("ENTERPRISE", 3)]),
    (
        "securityPostureConfig.vulnerabilityMode",
        &[("VULNERABILITY_MODE_UNSPECIFIED", 0), ("VULNERABILITY_DISABLED", 1), ("VULNERABILITY_BASIC", 2)],
    ),
    ("sandboxConfig.type", &[("GVISOR", 1)]),
    ("taints.effect", &[("NO_SCHEDULE", 1), ("PREFER_NO_SCHEDULE", 2), ("NO_EXECUTE", 3)]),
    ("autoscaling.locationPolicy", &[("BALANCED", 1), ("ANY", 2)]),
    ("upgradeSettings.strategy", STRATEGY),
    ("autoUpgradeStatus", &[("ACTIVE", 1), ("MINOR_UPGRADE_PAUSED", 4), ("UPGRADE_PAUSED", 5)]),
    (
        "pausedReason",
        &[
            ("MAINTENANCE_WINDOW", 1),
            ("CLUSTER_DISRUPTION_BUDGET", 4),
            ("MAINTENANCE_EXCLUSION_NO_UPGRADES", 5),
            ("MAINTENANCE_EXCLUSION_NO_MINOR_UPGRADES", 6),
            ("CLUSTER_DISRUPTION_BUDGET_MINOR_UPGRADE", 7),
            ("SYSTEM_CONFIG", 8),
        ],
    ),
    (
        "maintenanceExclusionOptions.scope",
        &[("NO_UPGRADES", 0), ("NO_MINOR_UPGRADES", 1), ("NO_MINOR_OR_NODE_UPGRADES", 2)],
    ),
    ("networkPolicy.provider", &[("CALICO", 1)]),
    ("ipAllocationPolicy.stackType", &[("IPV4", 1), ("IPV4_IPV6", 2)]),
    ("binaryAuthorization.evaluationMode", &[("DISABLED", 1), ("PROJECT_SINGLETON_POLICY_ENFORCE", 2)]),
    ("autoscaling.autoscalingProfile", &[("OPTIMIZE_UTILIZATION", 1), ("BALANCED", 2)]),
    ("networkConfig.datapathProvider", &[("LEGACY_DATAPATH", 1), ("ADVANCED_DATAPATH", 2)]),
    (
        "networkConfig.inTransitEncryptionConfig",
        &[("IN_TRANSIT_ENCRYPTION_DISABLED", 1), ("IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT", 2)],
    ),
    ("releaseChannel.channel", &[("UNSPECIFIED", 0), ("RAPID", 1), ("REGULAR", 2), ("STABLE", 3), ("EXTENDED", 4)]),
    (
        "loggingConfig.componentConfig.enableComponents",
        &[
            ("SYSTEM_COMPONENTS", 1),
            ("WORKLOADS", 2),
            ("APISERVER", 3),
            ("SCHEDULER", 4),
            ("CONTROLLER_MANAGER", 5),
            ("KCP_SSHD", 7),
            ("KCP_CONNECTION", 8),
        ],
    ),
    (
        "monitoringConfig.componentConfig.enableComponents",
        &[
            ("SYSTEM_COMPONENTS", 1),
            ("STORAGE", 7),
            ("HPA", 8),
            ("POD", 9),
            ("DAEMONSET", 10),
            ("DEPLOYMENT", 11),
            ("STATEFULSET", 12),
            ("CADVISOR", 13),
            ("KUBELET", 14),
        ],
    ),
    ("variantConfig.variant", &[("DEFAULT", 1), ("MAX_THROUGHPUT", 2)]),
    ("enterpriseConfig.clusterTier", &[("STANDARD", 1), ("ENTERPRISE", 2)]),
    ("stateInfo.state", &[("ACTIVE", 1), ("ACCEPTED", 2), ("DISMISSED", 3)]),
    ("auditLogConfigs.logType", &[("ADMIN_READ", 1), ("DATA_WRITE", 2), ("DATA_READ", 3)]),
    ("services.state", &[("DISABLED", 1), ("ENABLED", 2)]),
    ("lifecycleState", &[("ACTIVE", 1)]),
    ("globalPolicyEvaluationMode", &[("ENABLE", 1), ("DISABLE", 2)]),
    ("defaultAdmissionRule.evaluationMode", &[("ALWAYS_ALLOW", 1), ("REQUIRE_ATTESTATION", 2), ("ALWAYS_DENY", 3)]),
    ("defaultAdmissionRule.enforcementMode", &[("ENFORCED_BLOCK_AND_AUDIT_LOG", 1), ("DRYRUN_AUDIT_LOG_ONLY", 2)]),
    ("format", &[("DOCKER", 1)]),
    ("vulnerabilityScanningConfig.enablementConfig", &[("INHERITED", 1), ("DISABLED", 2)]),
    (
        "vulnerabilityScanningConfig.enablementState",
        &[("SCANNING_UNSUPPORTED", 1), ("SCANNING_DISABLED", 2), ("SCANNING_ACTIVE", 3)],
    ),
    ("effectiveCgroupMode", &[("EFFECTIVE_CGROUP_MODE_V1", 1), ("EFFECTIVE_CGROUP_MODE_V2", 2)]),
    ("purpose", &[("ENCRYPT_DECRYPT", 1)]),
    ("category", &[("COST", 1), ("SECURITY", 2), ("PERFORMANCE", 3), ("MANAGEABILITY", 4)]),
    ("vulnerability.severity", OF_VULNERABILITY),
    ("vulnerability.effectiveSeverity", OF_VULNERABILITY),
    ("discovery.continuousAnalysis", &[("ACTIVE", 1), ("INACTIVE", 2)]),
    ("discovery.analysisStatus", &[("FINISHED_SUCCESS", 3)]),
    ("kind", &[("VULNERABILITY", 1), ("DISCOVERY", 6)]),
    ("severity", &[("LOW", 1), ("MEDIUM", 2), ("HIGH", 3), ("CRITICAL", 4)]),
    ("keyType", &[("USER_MANAGED", 1), ("SYSTEM_MANAGED", 2)]),
    ("keyOrigin", &[("USER_PROVIDED", 1), ("GOOGLE_PROVIDED", 2)]),
    ("keyAlgorithm", &[("KEY_ALG_RSA_1024", 1), ("KEY_ALG_RSA_2048", 2)]),
    ("stage", &[("ALPHA", 0), ("BETA", 1), ("GA", 2), ("DEPRECATED", 4), ("DISABLED", 5), ("EAP", 6)]),
    ("status", STATUS),
    ("state", LIFE),
];

/// Turns names into numbers; whether there was any.
pub(crate) fn number(value: &mut Value) -> bool {
    walk(value, "")
}

fn walk(value: &mut Value, path: &str) -> bool {
    match value {
        Value::Object(fields) => {
            let mut any = false;
            for (name, inner) in fields.iter_mut() {
                // Labels and metadata hold words of people.
                if !matches!(name.as_str(), "labels" | "resourceLabels" | "metadata" | "content") {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    any |= walk(inner, &path);
                }
            }
            any
        }
        Value::Array(items) => items.iter_mut().map(|item| walk(item, path)).fold(false, |any, one| any | one),
        Value::String(name) => match find(path, name) {
            Some(number) => {
                *value = Value::from(number);
                true
            }
            None => false,
        },
        _ => false,
    }
}

fn find(path: &str, name: &str) -> Option<u32> {
    let ends = |end: &str| path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let (_end, names) = ALL.iter().find(|(end, _names)| ends(end))?;
    names.iter().find(|(known, _number)| *known == name).map(|(_name, number)| *number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_word_has_another_number_in_another_place() {
        let mut body = json!({"status": "ERROR", "nodePools": [{"status": "ERROR"}]});
        assert!(number(&mut body));
        assert_eq!(body, json!({"status": 5, "nodePools": [{"status": 6}]}));
    }

    #[test]
    fn labels_are_left_alone() {
        let mut body = json!({"labels": {"state": "ACTIVE"}});
        assert!(!number(&mut body));
        assert_eq!(body, json!({"labels": {"state": "ACTIVE"}}));
    }
}
