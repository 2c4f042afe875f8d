//! Enum values as Google's front ends write them: a name, or the number of the protocol buffer.

use serde::{Deserialize, Deserializer, de};
use std::{borrow::Cow, fmt};

/// A value of some enum, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// By its name.
    Name(String),
    /// By its number.
    Number(i64),
}

/// The names of an enum's numbers.
pub(crate) type Table = &'static [(i64, &'static str)];

impl Word {
    /// The name. A number the table does not know keeps its digits, so that it stays visible.
    pub(crate) fn name(&self, table: Table) -> Cow<'_, str> {
        match self {
            Self::Name(name) => Cow::Borrowed(name),
            Self::Number(number) => match table.iter().find(|(known, _)| known == number) {
                Some((_, name)) => Cow::Borrowed(name),
                None => Cow::Owned(format!("unknown value {number}")),
            },
        }
    }

    /// Whether it is the value of this name.
    pub(crate) fn is(&self, table: Table, name: &str) -> bool {
        self.name(table) == name
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Word;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name or the number of an enum value")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Word, E> {
                Ok(text.parse().map_or_else(|_| Word::Name(text.to_owned()), Word::Number))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Word, E> {
                Ok(Word::Number(number))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Word, E> {
                Ok(Word::Number(i64::try_from(number).unwrap_or(i64::MAX)))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// `DatabaseEncryption.State` of container/v1.
pub(crate) const ENCRYPTION_STATE: Table =
    &[(0, "UNKNOWN"), (1, "ENCRYPTED"), (2, "DECRYPTED"), (3, "ALL_OBJECTS_ENCRYPTION_ENABLED")];

/// `DatabaseEncryption.CurrentState` of container/v1. 1 was reserved.
pub(crate) const ENCRYPTION_CURRENT_STATE: Table = &[
    (0, "CURRENT_STATE_UNSPECIFIED"),
    (2, "CURRENT_STATE_DECRYPTED"),
    (3, "CURRENT_STATE_ENCRYPTION_PENDING"),
    (4, "CURRENT_STATE_ENCRYPTION_ERROR"),
    (5, "CURRENT_STATE_DECRYPTION_PENDING"),
    (6, "CURRENT_STATE_DECRYPTION_ERROR"),
    (7, "CURRENT_STATE_ENCRYPTED"),
    (8, "CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ENABLED"),
    (9, "CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_PENDING"),
    (10, "CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ERROR"),
];

/// `WorkloadMetadataConfig.Mode` of container/v1.
pub(crate) const METADATA_MODE: Table = &[(0, "MODE_UNSPECIFIED"), (1, "GCE_METADATA"), (2, "GKE_METADATA")];

/// `DatapathProvider` of container/v1.
pub(crate) const DATAPATH: Table =
    &[(0, "DATAPATH_PROVIDER_UNSPECIFIED"), (1, "LEGACY_DATAPATH"), (2, "ADVANCED_DATAPATH")];

/// `InTransitEncryptionConfig` of container/v1.
pub(crate) const IN_TRANSIT: Table = &[
    (0, "IN_TRANSIT_ENCRYPTION_CONFIG_UNSPECIFIED"),
    (1, "IN_TRANSIT_ENCRYPTION_DISABLED"),
    (2, "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT"),
];

/// `SandboxConfig.Type` of container/v1.
pub(crate) const SANDBOX: Table = &[(0, "UNSPECIFIED"), (1, "GVISOR")];

/// `NodeTaint.Effect` of container/v1.
pub(crate) const TAINT_EFFECT: Table =
    &[(0, "EFFECT_UNSPECIFIED"), (1, "NO_SCHEDULE"), (2, "PREFER_NO_SCHEDULE"), (3, "NO_EXECUTE")];

/// `LoggingComponentConfig.Component` of container/v1, as far as it is read.
pub(crate) const LOGGED: Table = &[(0, "COMPONENT_UNSPECIFIED"), (1, "SYSTEM_COMPONENTS"), (2, "WORKLOADS")];

/// `MonitoringComponentConfig.Component` of container/v1, as far as it is read.
pub(crate) const MONITORED: Table = &[(0, "COMPONENT_UNSPECIFIED"), (1, "SYSTEM_COMPONENTS")];
/// `Cluster.Status` of container/v1.
pub(crate) const CLUSTER_STATUS: Table = &[
    (0, "STATUS_UNSPECIFIED"),
    (1, "PROVISIONING"),
    (2, "RUNNING"),
    (3, "RECONCILING"),
    (4, "STOPPING"),
    (5, "ERROR"),
    (6, "DEGRADED"),
];

/// `NodePool.Status` of container/v1.
pub(crate) const POOL_STATUS: Table = &[
    (0, "STATUS_UNSPECIFIED"),
    (1, "PROVISIONING"),
    (2, "RUNNING"),
    (3, "RUNNING_WITH_ERROR"),
    (4, "RECONCILING"),
    (5, "STOPPING"),
    (6, "ERROR"),
];

/// `StatusCondition.Code` of container/v1.
pub(crate) const CONDITION_CODE: Table = &[
    (0, "UNKNOWN"),
    (1, "GCE_STOCKOUT"),
    (2, "GKE_SERVICE_ACCOUNT_DELETED"),
    (3, "GCE_QUOTA_EXCEEDED"),
    (4, "SET_BY_OPERATOR"),
    (7, "CLOUD_KMS_KEY_ERROR"),
    (9, "CA_EXPIRING"),
    (10, "NODE_SERVICE_ACCOUNT_MISSING_PERMISSIONS"),
    (11, "CLOUD_KMS_KEY_DESTROYED"),
];

/// `ReleaseChannel.Channel` of container/v1.
pub(crate) const RELEASE_CHANNEL: Table =
    &[(0, "UNSPECIFIED"), (1, "RAPID"), (2, "REGULAR"), (3, "STABLE"), (4, "EXTENDED")];

/// `MaintenanceExclusionOptions.Scope` of container/v1.
pub(crate) const EXCLUSION_SCOPE: Table =
    &[(0, "NO_UPGRADES"), (1, "NO_MINOR_UPGRADES"), (2, "NO_MINOR_OR_NODE_UPGRADES")];

/// `MaintenanceExclusionOptions.EndTimeBehavior` of container/v1.
pub(crate) const EXCLUSION_END: Table = &[(0, "END_TIME_BEHAVIOR_UNSPECIFIED"), (1, "UNTIL_END_OF_SUPPORT")];

/// `NodePoolUpdateStrategy` of container/v1.
pub(crate) const POOL_STRATEGY: Table =
    &[(0, "NODE_POOL_UPDATE_STRATEGY_UNSPECIFIED"), (2, "BLUE_GREEN"), (3, "SURGE")];

/// `ClusterUpgradeInfo.AutoUpgradeStatus` of container/v1.
pub(crate) const UPGRADE_STATUS: Table =
    &[(0, "UNKNOWN"), (1, "ACTIVE"), (4, "MINOR_UPGRADE_PAUSED"), (5, "UPGRADE_PAUSED")];

/// `ClusterUpgradeInfo.AutoUpgradePausedReason` of container/v1.
pub(crate) const PAUSED_REASON: Table = &[
    (0, "AUTO_UPGRADE_PAUSED_REASON_UNSPECIFIED"),
    (1, "MAINTENANCE_WINDOW"),
    (4, "CLUSTER_DISRUPTION_BUDGET"),
    (5, "MAINTENANCE_EXCLUSION_NO_UPGRADES"),
    (6, "MAINTENANCE_EXCLUSION_NO_MINOR_UPGRADES"),
    (7, "CLUSTER_DISRUPTION_BUDGET_MINOR_UPGRADE"),
    (8, "SYSTEM_CONFIG"),
];

/// `ControlPlaneEgress.Mode` of container/v1.
pub(crate) const EGRESS_MODE: Table = &[(0, "MODE_UNSPECIFIED"), (1, "VIA_CONTROL_PLANE"), (2, "NONE")];

/// `CryptoKeyVersion.CryptoKeyVersionState` of cloudkms/v1.
pub(crate) const KEY_VERSION_STATE: Table = &[
    (0, "CRYPTO_KEY_VERSION_STATE_UNSPECIFIED"),
    (1, "ENABLED"),
    (2, "DISABLED"),
    (3, "DESTROYED"),
    (4, "DESTROY_SCHEDULED"),
    (5, "PENDING_GENERATION"),
    (6, "PENDING_IMPORT"),
    (7, "IMPORT_FAILED"),
    (8, "GENERATION_FAILED"),
    (9, "PENDING_EXTERNAL_DESTRUCTION"),
    (10, "EXTERNAL_DESTRUCTION_FAILED"),
];

/// `ProtectionLevel` of cloudkms/v1.
pub(crate) const PROTECTION_LEVEL: Table =
    &[(0, "PROTECTION_LEVEL_UNSPECIFIED"), (1, "SOFTWARE"), (2, "HSM"), (3, "EXTERNAL"), (4, "EXTERNAL_VPC")];

/// `Role.RoleLaunchStage` of iam/admin/v1.
pub(crate) const ROLE_STAGE: Table =
    &[(0, "ALPHA"), (1, "BETA"), (2, "GA"), (4, "DEPRECATED"), (5, "DISABLED"), (6, "EAP")];

/// `AuditLogConfig.LogType` of iam/v1.
pub(crate) const LOG_TYPE: Table =
    &[(0, "LOG_TYPE_UNSPECIFIED"), (1, "ADMIN_READ"), (2, "DATA_WRITE"), (3, "DATA_READ")];

/// `ListServiceAccountKeysRequest.KeyType` of iam/admin/v1.
pub(crate) const KEY_TYPE: Table = &[(0, "KEY_TYPE_UNSPECIFIED"), (1, "USER_MANAGED"), (2, "SYSTEM_MANAGED")];

/// `InsightStateInfo.State` of recommender/v1.
pub(crate) const INSIGHT_STATE: Table = &[(0, "STATE_UNSPECIFIED"), (1, "ACTIVE"), (2, "ACCEPTED"), (3, "DISMISSED")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_number_are_the_same_value_and_an_unknown_one_survives() {
        let read = |text: &str| serde_json::from_str::<Word>(text).unwrap();
        for text in ["7", "\"7\"", "\"CURRENT_STATE_ENCRYPTED\""] {
            assert!(read(text).is(ENCRYPTION_CURRENT_STATE, "CURRENT_STATE_ENCRYPTED"), "{text}");
        }
        assert_eq!(read("42").name(ENCRYPTION_CURRENT_STATE), "unknown value 42");
        assert_eq!(read("\"FUTURE\"").name(ENCRYPTION_CURRENT_STATE), "FUTURE");
    }
}
