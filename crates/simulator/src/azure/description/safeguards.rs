//! What is kept, backed up and scanned, written down.

use serde::Deserialize;

/// How long a workspace keeps what it receives.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogDays {
    pub(crate) searchable: u32,
    pub(crate) total: u32,
}

impl Default for LogDays {
    fn default() -> Self {
        Self { searchable: 30, total: 30 }
    }
}

/// An image registry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Registry {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) admin_user: bool,
    pub(crate) anonymous_pull: bool,
    /// Whether it answers every network.
    pub(crate) public: bool,
}

/// A backup vault.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BackupVault {
    pub(crate) name: String,
    pub(crate) group: String,
    /// `Disabled`, `Unlocked` or `Locked`.
    pub(crate) immutability: String,
    /// `LocallyRedundant`, `ZoneRedundant` or `GeoRedundant`.
    pub(crate) redundancy: String,
    pub(crate) instances: Vec<BackupInstance>,
}

impl Default for BackupVault {
    fn default() -> Self {
        Self {
            name: String::new(),
            group: String::new(),
            immutability: "Disabled".to_owned(),
            redundancy: "LocallyRedundant".to_owned(),
            instances: Vec::new(),
        }
    }
}

/// A cluster that is backed up.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BackupInstance {
    /// A cluster of the subscription.
    pub(crate) cluster: String,
    pub(crate) state: String,
    pub(crate) volumes: bool,
    /// The namespaces that are taken; all of them when empty.
    pub(crate) namespaces: Vec<String>,
    /// When backups were made; `today` for the first second of the day on which the world is made.
    pub(crate) points: Vec<String>,
    /// Whether they are also kept in the vault's own store.
    pub(crate) in_vault: bool,
}

impl Default for BackupInstance {
    fn default() -> Self {
        Self {
            cluster: String::new(),
            state: "ProtectionConfigured".to_owned(),
            volumes: true,
            namespaces: Vec::new(),
            points: Vec::new(),
            in_vault: true,
        }
    }
}

/// A container that runs, as Defender for Containers sees it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RunningContainer {
    /// A cluster of the subscription.
    pub(crate) cluster: String,
    pub(crate) name: String,
    /// Critical vulnerabilities with a fix: their numbers and since when they are known, `today` among the days. Without one the
    /// container is healthy.
    pub(crate) critical: Vec<(String, String)>,
}
