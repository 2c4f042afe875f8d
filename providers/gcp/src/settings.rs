//! What the configuration says about a target in Google Cloud.

use palisade_provider::Search;
use std::{fmt, time::Duration};

/// One target in Google Cloud.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The target's name, as configured.
    pub name: String,
    /// The projects to read.
    pub projects: Projects,
    /// How those that hold clusters are found below an organisation or folders: the inventory is Cloud Asset Inventory.
    pub search: Search,
    /// The project that pays for the calls; each read project for its own when absent.
    pub quota_project: Option<String>,
    /// Where every service answers instead of at its public endpoint: an emulator or a private endpoint.
    pub endpoint_url: Option<String>,
    /// What to sign in with.
    pub credential: Credential,
    /// How long and how often to try.
    pub limits: Limits,
}

impl Settings {
    /// A target with nothing configured but its name: every project the credentials can see.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            projects: Projects::All,
            search: Search::Lists,
            quota_project: None,
            endpoint_url: None,
            credential: Credential::Default,
            limits: Limits::default(),
        }
    }
}

/// Which projects to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projects {
    /// These, by their ids.
    List(Vec<String>),
    /// Every active project below this organisation, by its number.
    Organization(String),
    /// Every active project below these folders, by their numbers.
    Folders(Vec<String>),
    /// Every active project the credentials can see.
    All,
}

/// What to sign in with.
#[derive(Clone, Debug)]
pub enum Credential {
    /// What the environment provides: application default credentials.
    Default,
    /// Nothing, for emulators.
    Anonymous,
    /// A token somebody else made.
    Token(Secret),
}

/// A text that cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    #[cfg(feature = "collect")]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(empty)" } else { "***" })
    }
}

/// How long and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How often one call is tried in all.
    pub attempts: u32,
    /// How long to wait before the second attempt; each further pause is twice as long, at random up to that.
    pub first_pause: Duration,
    /// How long one attempt may take.
    pub attempt: Duration,
    /// How long one call may take, its retries included.
    pub call: Duration,
    /// How long one project may take.
    pub unit: Duration,
    /// How long the whole target may take; what is not read by then was not answered.
    pub target: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_pause: Duration::from_millis(500),
            attempt: Duration::from_secs(10),
            call: Duration::from_mins(1),
            unit: Duration::from_mins(30),
            target: Duration::from_hours(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let settings = Settings { credential: Credential::Token(Secret::new("hush")), ..Settings::new("prod") };
        let text = format!("{settings:?}");
        assert!(text.contains("***") && !text.contains("hush"), "{text}");
    }
}
