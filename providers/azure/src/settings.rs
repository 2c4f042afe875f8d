//! What the configuration says about one Azure target.

use palisade_provider::Search;
use std::{fmt, time::Duration};

/// One Azure target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The target's name in the configuration.
    pub name: String,
    /// Which subscriptions are read.
    pub subscriptions: Subscriptions,
    /// How those that hold clusters are found: the inventory is Resource Graph.
    pub search: Search,
    /// The tenant to sign in to; absent: the one the credential names.
    pub tenant: Option<String>,
    /// Which Azure.
    pub cloud: Cloud,
    /// Where Azure Resource Manager answers instead: an emulator on loopback, which answers for Microsoft Graph too, or a
    /// private endpoint.
    pub endpoint_url: Option<String>,
    /// How to sign in.
    pub credential: CredentialSource,
    /// How long to wait.
    pub limits: Limits,
}

impl Settings {
    /// A target with nothing chosen: every subscription the credentials see, in the public cloud.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            subscriptions: Subscriptions::All,
            search: Search::Lists,
            tenant: None,
            cloud: Cloud::Public,
            endpoint_url: None,
            credential: CredentialSource::Chain,
            limits: Limits::default(),
        }
    }
}

/// Which subscriptions are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subscriptions {
    /// Every one the credentials see.
    All,
    /// These, by id.
    List(Vec<String>),
    /// Every one below these management groups, by the groups' names.
    ManagementGroups(Vec<String>),
}

/// Which Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// The public cloud.
    Public,
    /// Azure Government, in the United States.
    UsGovernment,
    /// Azure operated by 21Vianet, in China.
    China,
}

impl Cloud {
    /// Where Azure Resource Manager answers.
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::UsGovernment => "https://management.usgovcloudapi.net",
            Self::China => "https://management.chinacloudapi.cn",
        }
    }

    /// Where Microsoft Graph answers. <https://learn.microsoft.com/graph/deployments>
    pub fn graph(self) -> &'static str {
        match self {
            Self::Public => "https://graph.microsoft.com",
            Self::UsGovernment => "https://graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        }
    }

    /// For whom a token for Microsoft Graph has to be made out.
    pub fn graph_audience(self) -> &'static str {
        match self {
            Self::Public => "https://graph.microsoft.com/.default",
            Self::UsGovernment => "https://graph.microsoft.us/.default",
            Self::China => "https://microsoftgraph.chinacloudapi.cn/.default",
        }
    }

    /// For whom a token for Azure Resource Manager has to be made out.
    pub fn audience(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com/.default",
            Self::UsGovernment => "https://management.usgovcloudapi.net/.default",
            Self::China => "https://management.chinacloudapi.cn/.default",
        }
    }
}

/// How to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// What the environment offers: an application's secret, a federated token, a managed identity, developer tools.
    Chain,
    /// This token, as it is.
    Token(Secret),
}

/// A text that never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that sends it.
    #[cfg(feature = "collect")]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How long to wait, and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For one attempt of one call.
    pub attempt: Duration,
    /// For one call with all its attempts.
    pub call: Duration,
    /// For one subscription.
    pub unit: Duration,
    /// For the whole target; what is not read by then was not answered.
    pub target: Duration,
    /// How often a call is made before it has failed.
    pub attempts: u32,
    /// How long to wait before the second attempt when the service does not say; doubled each time.
    pub first_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(10),
            call: Duration::from_mins(1),
            unit: Duration::from_mins(30),
            target: Duration::from_hours(2),
            attempts: 4,
            first_pause: Duration::from_millis(400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_show_itself() {
        let settings =
            Settings { credential: CredentialSource::Token(Secret::new("eyJ0eXAi")), ..Settings::new("prod-azure") };
        let shown = format!("{settings:?}");
        assert!(shown.contains("***"), "{shown}");
        assert!(!shown.contains("eyJ0eXAi"), "{shown}");
    }

    #[test]
    fn every_cloud_asks_for_tokens_of_its_own_endpoint() {
        for cloud in [Cloud::Public, Cloud::UsGovernment, Cloud::China] {
            assert_eq!(cloud.audience(), format!("{}/.default", cloud.endpoint()));
            assert_eq!(cloud.graph_audience(), format!("{}/.default", cloud.graph()));
        }
    }
}
