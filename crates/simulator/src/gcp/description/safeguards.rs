//! What is kept, backed up and scanned, written down.

use serde::Deserialize;

use super::Binding;

/// A log sink.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sink {
    pub(crate) name: String,
    pub(crate) filter: String,
    pub(crate) disabled: bool,
}

/// A repository of images.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Repository {
    pub(crate) location: String,
    pub(crate) name: String,
    /// Whether scanning is off for it, whatever the project says.
    pub(crate) unscanned: bool,
    pub(crate) bindings: Vec<Binding>,
}

/// An image that Artifact Analysis looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AnalysedImage {
    /// Where it is, without scheme and digest: `europe-west4-docker.pkg.dev/acme/search/api`.
    pub(crate) name: String,
    /// Whether it is not looked at any more.
    pub(crate) stale: bool,
    /// Critical vulnerabilities with a fix: their numbers and since when they are known, `today` among the days.
    pub(crate) critical: Vec<(String, String)>,
}

/// A backup plan.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BackupPlan {
    pub(crate) name: String,
    pub(crate) location: String,
    /// A cluster of the project.
    pub(crate) cluster: String,
    /// The namespaces that are taken; all of them when empty.
    pub(crate) namespaces: Vec<String>,
    pub(crate) volumes: bool,
    /// For how many days nobody may delete a backup.
    pub(crate) lock_days: u32,
    pub(crate) paused: bool,
    /// When the last good backup was made; `today` for the first second of the day on which the world is made.
    pub(crate) last: Option<String>,
}

impl Default for BackupPlan {
    fn default() -> Self {
        Self {
            name: String::new(),
            location: String::new(),
            cluster: String::new(),
            namespaces: Vec::new(),
            volumes: true,
            lock_days: 0,
            paused: false,
            last: None,
        }
    }
}
