//! Where a message goes, after everything that can be checked without asking anybody.

use crate::{Refused, judge};
use ipnet::IpNet;
use palisade_message::{Channel, Kind, Medium};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};
use url::{Host, Url};

/// An address that passed every check that needs no network. Path and query are secrets and never printed.
#[derive(Clone)]
pub struct Destination {
    url: Url,
    host: String,
    literal: Option<IpAddr>,
    allowed: Vec<IpNet>,
}

/// Why nothing is sent there. None of these repeats the address beyond its host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// It is no URL.
    #[error("the address is no URL")]
    NotAUrl,
    /// It is not https.
    #[error("`{host}` would be spoken to over `{scheme}`; only https is used")]
    NotHttps {
        /// Whom.
        host: String,
        /// How.
        scheme: String,
    },
    /// It holds a name or a password.
    #[error("the address of `{host}` holds credentials before `@`")]
    Credentials {
        /// Whose.
        host: String,
    },
    /// Its port is another than 443.
    #[error("`{host}` would be spoken to on port {port}; list the host in `allow_hosts` to use another port than 443")]
    Port {
        /// Whose.
        host: String,
        /// Which.
        port: u16,
    },
    /// Nobody of this kind lives there.
    #[error("`{host}` is no host of {medium}; list it in `allow_hosts` if it is yours")]
    Host {
        /// Who.
        host: String,
        /// Who was expected.
        medium: Medium,
    },
    /// The name stands for a metadata service.
    #[error("`{host}` names a cloud's metadata service, which is never connected to")]
    MetadataName {
        /// Which.
        host: String,
    },
    /// One of its addresses is refused.
    #[error("nothing is sent to `{host}`")]
    Address {
        /// Whose.
        host: String,
        /// Why.
        source: Refused,
    },
}

/// Names that stand for metadata services, with everything below them.
const METADATA_NAMES: &[&str] =
    &["metadata.google.internal", "metadata.goog", "metadata.azure.internal", "instance-data"];

/// Where the receivers of the known kinds live: a host, or everything below it when it begins with a dot.
fn known_hosts(medium: Medium) -> Option<&'static [&'static str]> {
    match medium {
        Medium::Slack => Some(&["slack.com", "slack-gov.com"]),
        Medium::SlackWebhook => Some(&["hooks.slack.com", "hooks.slack-gov.com"]),
        // The set still grows: formats differ by region and by who runs the flow.
        Medium::Teams => Some(&[
            ".logic.azure.com",
            ".logic.azure.us",
            ".api.powerplatform.com",
            ".powerautomate.com",
            ".flow.microsoft.com",
            ".webhook.office.com",
        ]),
        Medium::PagerDuty => Some(&["events.pagerduty.com", "events.eu.pagerduty.com"]),
        Medium::Webhook | Medium::Email => None,
    }
}

impl Destination {
    /// Checks an address for a channel: parsed as browsers do, https on port 443, no credentials in it, and for the known
    /// kinds a host of theirs. A channel that allows loopback may also be plain http on any port of a loopback address.
    pub fn check(text: &str, channel: &Channel) -> Result<Self, DestinationError> {
        let url = Url::parse(text.trim()).map_err(|_| DestinationError::NotAUrl)?;
        let (host, literal) = match url.host() {
            Some(Host::Domain(name)) => (name.trim_end_matches('.').to_ascii_lowercase(), None),
            Some(Host::Ipv4(address)) => (address.to_string(), Some(IpAddr::V4(address))),
            Some(Host::Ipv6(address)) => (format!("[{address}]"), Some(IpAddr::V6(address))),
            None => return Err(DestinationError::NotAUrl),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DestinationError::Credentials { host });
        }
        if METADATA_NAMES.iter().any(|name| host == *name || host.ends_with(&format!(".{name}"))) {
            return Err(DestinationError::MetadataName { host });
        }
        let mut allowed = channel.allow_addresses.clone();
        let loopback = literal.map_or(host == "localhost", |address| address.is_loopback());
        if channel.allow_loopback && loopback {
            allowed.extend(LOOPBACK);
        } else {
            Self::check_public(&url, &host, channel)?;
        }
        let destination = Self { url, host, literal, allowed };
        if let Some(address) = literal {
            destination.admits(address)?;
        }
        Ok(destination)
    }

    fn check_public(url: &Url, host: &str, channel: &Channel) -> Result<(), DestinationError> {
        let host = host.to_owned();
        if url.scheme() != "https" {
            return Err(DestinationError::NotHttps { host, scheme: url.scheme().to_owned() });
        }
        let listed = channel.allow_hosts.iter().any(|listed| covers(listed, &host));
        if let Some(port) = url.port().filter(|_| !listed) {
            return Err(DestinationError::Port { host, port });
        }
        let medium = channel.kind.medium();
        match known_hosts(medium) {
            Some(known) if !listed && !known.iter().any(|known| covers(known, &host)) => {
                Err(DestinationError::Host { host, medium })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether one of the addresses of the host may be connected to.
    pub fn admits(&self, address: IpAddr) -> Result<(), DestinationError> {
        judge(address, &self.allowed).map_err(|source| DestinationError::Address { host: self.host.clone(), source })
    }

    /// Whom it is about, for people: scheme and host, nothing of path and query.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address, when it stands there literally and no resolver is asked.
    pub(crate) fn literal(&self) -> Option<IpAddr> {
        self.literal
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// The whole address. Not for any log.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination").field("host", &self.host).finish_non_exhaustive()
    }
}

const LOOPBACK: [IpNet; 2] = [
    IpNet::V4(ipnet::Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)),
    IpNet::V6(ipnet::Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)),
];

/// Whether a listed host is this one; one that begins with a dot stands for everything below it.
fn covers(listed: &str, host: &str) -> bool {
    let listed = listed.to_ascii_lowercase();
    if listed.starts_with('.') { host.ends_with(&listed) && host.len() > listed.len() } else { host == listed }
}

/// What a mail server is asked for: the same ranges, without URL.
pub(crate) fn mail_ranges(kind: &Kind, channel: &Channel) -> Vec<IpNet> {
    let mut allowed = channel.allow_addresses.clone();
    if channel.allow_loopback && kind.medium() == Medium::Email {
        allowed.extend(LOOPBACK);
    }
    allowed
}
