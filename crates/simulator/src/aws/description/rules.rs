//! Filter rules and routes as one line of text each.
//!
//! ```text
//! tcp 22 from 203.0.113.0/24, sg:bastion -- the office
//! 100 allow tcp 1024-65535 to 0.0.0.0/0
//! 0.0.0.0/0 via igw
//! ```

use serde::Deserialize;

/// What a rule lets pass or stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// As the API writes it: a name or a number, `-1` for everything.
    pub(crate) protocol: String,
    /// The first and the last port; for ICMP the type and the code.
    pub(crate) ports: Option<(i32, i32)>,
}

/// A rule of a security group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct GroupRule {
    pub(crate) traffic: Traffic,
    pub(crate) peers: Vec<Peer>,
    pub(crate) note: Option<String>,
}

/// The other side of a security group's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Ipv4(String),
    Ipv6(String),
    /// The group itself.
    Itself,
    /// Another group, by its name in the same VPC or by its id.
    Group(String),
    /// A prefix list, by its name in the same region or by its id.
    PrefixList(String),
}

/// A rule of a network access control list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct AclRule {
    pub(crate) number: u32,
    pub(crate) allow: bool,
    pub(crate) traffic: Traffic,
    pub(crate) cidr: String,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Route {
    /// A range, or `pl:NAME`.
    pub(crate) destination: String,
    /// `igw`, `nat`, `eigw`, `local`, or an id such as `tgw-0123`.
    pub(crate) target: String,
    pub(crate) blackhole: bool,
}

impl TryFrom<String> for GroupRule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (rule, note) =
            text.split_once(" -- ").map_or((text.as_str(), None), |(rule, note)| (rule, Some(note.to_owned())));
        let (traffic, peers) = rule
            .split_once(" from ")
            .or_else(|| rule.split_once(" to "))
            .ok_or_else(|| format!("`{text}` says neither `from` nor `to`"))?;
        let peers = peers.split(',').map(|peer| Peer::from(peer.trim())).collect();
        Ok(Self { traffic: Traffic::parse(traffic)?, peers, note })
    }
}

impl From<&str> for Peer {
    fn from(text: &str) -> Self {
        if text == "self" {
            Self::Itself
        } else if let Some(name) = text.strip_prefix("sg:") {
            Self::Group(name.to_owned())
        } else if let Some(name) = text.strip_prefix("pl:") {
            Self::PrefixList(name.to_owned())
        } else if text.contains(':') {
            Self::Ipv6(text.to_owned())
        } else {
            Self::Ipv4(text.to_owned())
        }
    }
}

impl TryFrom<String> for AclRule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let form = || format!("`{text}` is not of the form `100 allow tcp 22 from 203.0.113.0/24`");
        let (number, rest) = text.split_once(' ').ok_or_else(form)?;
        let (action, rest) = rest.split_once(' ').ok_or_else(form)?;
        let (traffic, cidr) = rest.split_once(" from ").or_else(|| rest.split_once(" to ")).ok_or_else(form)?;
        let allow = match action {
            "allow" => true,
            "deny" => false,
            _ => return Err(form()),
        };
        let number = number.parse().map_err(|_| form())?;
        Ok(Self { number, allow, traffic: Traffic::parse(traffic)?, cidr: cidr.trim().to_owned() })
    }
}

impl TryFrom<String> for Route {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (destination, target) =
            text.split_once(" via ").ok_or_else(|| format!("`{text}` is not of the form `0.0.0.0/0 via igw`"))?;
        let (target, blackhole) = target.strip_suffix(" blackhole").map_or((target, false), |target| (target, true));
        Ok(Self { destination: destination.trim().to_owned(), target: target.trim().to_owned(), blackhole })
    }
}

impl Traffic {
    fn parse(text: &str) -> Result<Self, String> {
        let (protocol, ports) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let protocol = if protocol == "all" { "-1" } else { protocol }.to_owned();
        if ports.is_empty() {
            return Ok(Self { protocol, ports: None });
        }
        // `icmp 8/-1` is a type and a code, `tcp 1024-65535` a range, `tcp 22` one port.
        let (first, last) = ports.split_once('/').or_else(|| ports.split_once('-')).unwrap_or((ports, ports));
        let port = |text: &str| text.trim().parse::<i32>().map_err(|_| format!("`{text}` is not a port"));
        Ok(Self { protocol, ports: Some((port(first)?, port(last)?)) })
    }

    /// The number of the protocol, as network access control lists write it.
    pub(crate) fn number(&self) -> &str {
        match self.protocol.as_str() {
            "tcp" => "6",
            "udp" => "17",
            "icmp" => "1",
            "icmpv6" => "58",
            other => other,
        }
    }

    pub(crate) fn is_icmp(&self) -> bool {
        matches!(self.number(), "1" | "58")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_rule_has_traffic_peers_and_a_note() {
        let rule = GroupRule::try_from(
            "tcp 22 from 203.0.113.0/24, ::/0, sg:bastion, pl:offices, self -- the office".to_owned(),
        );
        let expected = GroupRule {
            traffic: Traffic { protocol: "tcp".to_owned(), ports: Some((22, 22)) },
            peers: vec![
                Peer::Ipv4("203.0.113.0/24".to_owned()),
                Peer::Ipv6("::/0".to_owned()),
                Peer::Group("bastion".to_owned()),
                Peer::PrefixList("offices".to_owned()),
                Peer::Itself,
            ],
            note: Some("the office".to_owned()),
        };
        assert_eq!(rule, Ok(expected));
    }

    #[test]
    fn an_acl_rule_has_a_number_and_an_action() {
        let rule = AclRule::try_from("90 deny tcp 1024-65535 to ::/0".to_owned()).unwrap();
        assert_eq!(
            (rule.number, rule.allow, rule.traffic.ports, rule.cidr.as_str()),
            (90, false, Some((1024, 65535)), "::/0")
        );
        assert_eq!(rule.traffic.number(), "6");
    }

    #[test]
    fn a_route_may_be_a_blackhole() {
        let route = Route::try_from("203.0.113.128/25 via igw blackhole".to_owned()).unwrap();
        assert_eq!((route.target.as_str(), route.blackhole), ("igw", true));
    }

    #[test]
    fn a_rule_that_cannot_be_read_is_named() {
        let error = GroupRule::try_from("tcp twenty from self".to_owned()).unwrap_err();
        assert_eq!(error, "`twenty` is not a port");
        assert!(AclRule::try_from("allow tcp 22 from self".to_owned()).is_err());
        assert!(Route::try_from("0.0.0.0/0".to_owned()).is_err());
    }
}
