//! A place that messages go to.

use crate::{Dialect, SecretRef};
use ipnet::IpNet;
use std::fmt;

/// A place that messages go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name, unique in the configuration.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whether plain http to a loopback address is accepted: for trying things out.
    pub allow_loopback: bool,
    /// Addresses that are not public and are accepted all the same, for a receiver inside. Metadata addresses never are.
    pub allow_addresses: Vec<IpNet>,
    /// Hosts that are accepted besides those the kind is known to live at.
    pub allow_hosts: Vec<String>,
}

/// What a channel is. Secrets are named, never held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Slack's Web API: threads and updates.
    Slack {
        /// The bot's token.
        token: SecretRef,
        /// The channel's id, for example `C0123456789`.
        channel: String,
        /// Another address than Slack's.
        api_url: Option<String>,
    },
    /// An incoming webhook of Slack: no threads, no updates.
    SlackWebhook {
        /// Its URL.
        url: SecretRef,
    },
    /// A Workflows webhook of Microsoft Teams.
    Teams {
        /// Its URL.
        url: SecretRef,
    },
    /// Any receiver of CloudEvents.
    Webhook {
        /// Its URL.
        url: SecretRef,
        /// What messages are signed with: none, one, or two while one replaces the other.
        secrets: Vec<SecretRef>,
    },
    /// PagerDuty's Events API v2.
    PagerDuty {
        /// The integration's key.
        routing_key: SecretRef,
        /// Another address than PagerDuty's, for example that of the European service region.
        api_url: Option<String>,
    },
    /// E-mail by SMTP.
    Email {
        /// The server.
        host: String,
        /// Its port.
        port: u16,
        /// How the connection is protected.
        security: MailSecurity,
        /// Who signs in, and the password.
        login: Option<(String, SecretRef)>,
        /// Who it comes from.
        from: String,
        /// Who it goes to. At least one.
        to: Vec<String>,
    },
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS after `STARTTLS`, which the server must offer: port 587.
    StartTls,
    /// TLS from the first byte: port 465.
    Tls,
    /// None: accepted for loopback addresses only.
    None,
}

/// A kind of channel without its particulars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Medium {
    /// Slack's Web API.
    Slack,
    /// An incoming webhook of Slack.
    SlackWebhook,
    /// Microsoft Teams.
    Teams,
    /// CloudEvents over http.
    Webhook,
    /// PagerDuty.
    PagerDuty,
    /// E-mail.
    Email,
}

impl Medium {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Slack, Self::SlackWebhook, Self::Teams, Self::Webhook, Self::PagerDuty, Self::Email];

    /// The name used in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::SlackWebhook => "slack-webhook",
            Self::Teams => "teams",
            Self::Webhook => "webhook",
            Self::PagerDuty => "pagerduty",
            Self::Email => "email",
        }
    }

    /// How text is written there. For e-mail that of its HTML half.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Slack | Self::SlackWebhook => Dialect::Slack,
            Self::Teams => Dialect::Markdown,
            Self::Webhook | Self::PagerDuty => Dialect::Text,
            Self::Email => Dialect::Html,
        }
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Kind {
    /// What kind it is.
    pub fn medium(&self) -> Medium {
        match self {
            Self::Slack { .. } => Medium::Slack,
            Self::SlackWebhook { .. } => Medium::SlackWebhook,
            Self::Teams { .. } => Medium::Teams,
            Self::Webhook { .. } => Medium::Webhook,
            Self::PagerDuty { .. } => Medium::PagerDuty,
            Self::Email { .. } => Medium::Email,
        }
    }

    /// The secrets it needs.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::Slack { token, .. } => vec![token],
            Self::SlackWebhook { url } | Self::Teams { url } => vec![url],
            Self::Webhook { url, secrets } => [url].into_iter().chain(secrets).collect(),
            Self::PagerDuty { routing_key, .. } => vec![routing_key],
            Self::Email { login, .. } => login.iter().map(|(_, password)| password).collect(),
        }
    }
}
