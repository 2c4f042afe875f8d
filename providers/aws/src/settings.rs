//! What the configuration says about a target in AWS.

use std::{fmt, time::Duration};

/// One target in AWS.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The target's name, as configured.
    pub name: String,
    /// The accounts to read.
    pub accounts: Accounts,
    /// The name of the role that is assumed in every account but the credentials' own; the credentials as they are
    /// when absent. A name, never an ARN: the ARN is built from the partition the credentials belong to.
    pub role: Option<String>,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// The regions to read in every account.
    pub regions: Regions,
    /// The aggregator that tells which accounts and regions hold clusters, in place of their own lists.
    pub aggregator: Option<Aggregator>,
    /// Where every service answers instead of at its public endpoint: an emulator or a private endpoint.
    pub endpoint_url: Option<String>,
    /// The region of calls that belong to no region; from the environment, else `us-east-1`, when absent.
    pub base_region: Option<String>,
    /// What to sign requests with.
    pub credentials: Credentials,
    /// How long and how often to try.
    pub limits: Limits,
}

impl Settings {
    /// A target with nothing configured but its name: the credentials' own account, every region that is enabled.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            accounts: Accounts::Own,
            role: None,
            external_id: None,
            regions: Regions::Enabled,
            aggregator: None,
            endpoint_url: None,
            base_region: None,
            credentials: Credentials::Chain,
            limits: Limits::default(),
        }
    }
}

/// Which accounts to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// The one the credentials belong to.
    Own,
    /// Every active account of the organisation. The credentials must belong to its management account or to a
    /// delegated administrator.
    Organization,
    /// These, by their twelve digits.
    List(Vec<String>),
}

/// Which regions to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regions {
    /// Every region that is enabled in the account.
    Enabled,
    /// These.
    List(Vec<String>),
}

/// An aggregator of AWS Config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregator {
    /// Its name.
    pub name: String,
    /// The region it is in; the region of calls that belong to none, when absent.
    pub region: Option<String>,
    /// Whether every account and region is listed all the same, and what the aggregator did not tell of is read and named.
    pub cross_check: bool,
}

/// What to sign requests with.
#[derive(Clone)]
pub enum Credentials {
    /// What the SDK's chain finds: environment, profile, web identity, container, instance.
    Chain,
    /// A fixed key pair, for emulators.
    Static {
        /// The access key id.
        access_key_id: String,
        /// The secret.
        secret_access_key: String,
        /// The session token, for temporary credentials.
        session_token: Option<String>,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain => f.write_str("Chain"),
            Self::Static { .. } => f.write_str("Static(***)"),
        }
    }
}

/// How long and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How often one call is tried in all.
    pub attempts: u32,
    /// How long one attempt may take.
    pub attempt: Duration,
    /// How long one call may take, its retries included.
    pub call: Duration,
    /// How long one account may take; what is not read by then was not answered.
    pub unit: Duration,
    /// How long the whole target may take; what is not read by then was not answered.
    pub target: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: 4,
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
        let credentials = Credentials::Static {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: "hush".to_owned(),
            session_token: Some("hush too".to_owned()),
        };
        let settings = Settings { credentials, ..Settings::new("prod") };
        let text = format!("{settings:?}");
        assert!(text.contains("***"), "{text}");
        assert!(!text.contains("hush") && !text.contains("AKIAEXAMPLE"), "{text}");
    }
}
