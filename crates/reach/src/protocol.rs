//! Protocols, and the one line on which every protocol and port has its place.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::interval::{IntervalSet, Ports};

/// An IP protocol number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Protocol(pub u8);

impl Protocol {
    /// ICMP for IPv4.
    pub const ICMP: Self = Self(1);
    /// IPv4 inside IP.
    pub const IPIP: Self = Self(4);
    /// TCP.
    pub const TCP: Self = Self(6);
    /// UDP.
    pub const UDP: Self = Self(17);
    /// Generic routing encapsulation.
    pub const GRE: Self = Self(47);
    /// IPsec encapsulating security payload.
    pub const ESP: Self = Self(50);
    /// IPsec authentication header.
    pub const AH: Self = Self(51);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self(58);
    /// SCTP.
    pub const SCTP: Self = Self(132);

    /// Whether packets of the protocol carry a source and a destination port.
    pub fn has_ports(self) -> bool {
        matches!(self, Self::TCP | Self::UDP | Self::SCTP)
    }

    /// The ICMP or ICMPv6 messages of a type and code, as ports; nothing given means any.
    pub fn icmp_messages(kind: Option<u8>, code: Option<u8>) -> Ports {
        let Some(kind) = kind else {
            return Ports::full();
        };
        let first = u16::from(kind) << 8;
        match code {
            Some(code) => Ports::from_range(first | u16::from(code), first | u16::from(code)),
            None => Ports::from_range(first, first | 0xff),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ICMP => f.write_str("icmp"),
            Self::IPIP => f.write_str("ipip"),
            Self::TCP => f.write_str("tcp"),
            Self::UDP => f.write_str("udp"),
            Self::GRE => f.write_str("gre"),
            Self::ESP => f.write_str("esp"),
            Self::AH => f.write_str("ah"),
            Self::ICMPV6 => f.write_str("icmpv6"),
            Self::SCTP => f.write_str("sctp"),
            Self(number) => write!(f, "protocol {number}"),
        }
    }
}

/// Which protocols a rule or a cell is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocols {
    /// All 256.
    Any,
    /// The 251 that have no port dimension here: all but TCP, UDP, SCTP, ICMP and ICMPv6.
    Portless,
    /// One.
    One(Protocol),
}

impl fmt::Display for Protocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any protocol"),
            Self::Portless => f.write_str("any protocol without ports"),
            Self::One(protocol) => protocol.fmt(f),
        }
    }
}

/// The protocols that take a whole port range on the line, in order.
const WIDE: [Protocol; 5] = [Protocol::ICMP, Protocol::TCP, Protocol::UDP, Protocol::ICMPV6, Protocol::SCTP];

/// The last place on the line.
pub(crate) const LAST_PLACE: u32 = 255 + 5 * EXTRA;

/// How many places a wide protocol takes beyond its first.
const EXTRA: u32 = u16::MAX as u32;

/// The place of a protocol and port. All protocols stand on one line in order of their numbers; a protocol with a port
/// dimension takes 65,536 places, any other takes one. So "any protocol" is one interval instead of 256, and a packet
/// set has one normal form without a special case.
pub(crate) fn place(protocol: Protocol, port: u16) -> u32 {
    first_place(protocol) + if is_wide(protocol) { u32::from(port) } else { 0 }
}

/// The protocol and port at a place.
pub(crate) fn at_place(place: u32) -> (Protocol, u16) {
    let wide_at_or_before = WIDE.iter().rev().find(|protocol| first_place(**protocol) <= place);
    let Some(wide) = wide_at_or_before else {
        return (narrow(place), 0);
    };
    let beyond = place - first_place(*wide);
    match u16::try_from(beyond) {
        Ok(port) => (*wide, port),
        Err(_) => (narrow(u32::from(wide.0) + beyond - EXTRA), 0),
    }
}

/// The last place of the protocol at a place.
pub(crate) fn last_place(protocol: Protocol) -> u32 {
    first_place(protocol) + if is_wide(protocol) { EXTRA } else { 0 }
}

/// Whether the protocol has a port dimension: ports, or for ICMP messages.
pub(crate) fn is_wide(protocol: Protocol) -> bool {
    WIDE.contains(&protocol)
}

/// The places of a protocol choice and ports. Ports only narrow what has them: a protocol without a port dimension is
/// always whole, and under `Any` the ports narrow TCP, UDP and SCTP but not ICMP, whose numbers are no ports.
pub(crate) fn places(protocols: Protocols, ports: &Ports) -> IntervalSet<u32> {
    match protocols {
        Protocols::Any if ports.is_full() => whole_line(),
        Protocols::Any => with_ports(ports).union(&without_ports()),
        Protocols::Portless => without_ports().subtract(&icmp_places()),
        Protocols::One(protocol) if is_wide(protocol) => port_places(protocol, ports),
        Protocols::One(protocol) => IntervalSet::from_range(first_place(protocol), first_place(protocol)),
    }
}

/// The places of TCP, UDP and SCTP at these ports.
pub(crate) fn with_ports(ports: &Ports) -> IntervalSet<u32> {
    let ported = WIDE.iter().filter(|protocol| protocol.has_ports());
    ported.fold(IntervalSet::empty(), |all, protocol| all.union(&port_places(*protocol, ports)))
}

/// The places of every protocol but TCP, UDP and SCTP.
pub(crate) fn without_ports() -> IntervalSet<u32> {
    whole_line().subtract(&with_ports(&Ports::full()))
}

fn whole_line() -> IntervalSet<u32> {
    IntervalSet::from_range(0, LAST_PLACE)
}

fn icmp_places() -> IntervalSet<u32> {
    port_places(Protocol::ICMP, &Ports::full()).union(&port_places(Protocol::ICMPV6, &Ports::full()))
}

fn port_places(protocol: Protocol, ports: &Ports) -> IntervalSet<u32> {
    let first = first_place(protocol);
    ports.intervals().iter().map(|(lo, hi)| (first + u32::from(*lo), first + u32::from(*hi))).collect()
}

fn first_place(protocol: Protocol) -> u32 {
    let wide_before = WIDE.iter().filter(|wide| wide.0 < protocol.0).count();
    u32::from(protocol.0) + EXTRA * u32::try_from(wide_before).unwrap_or_default()
}

fn narrow(number: u32) -> Protocol {
    Protocol(u8::try_from(number).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_run_without_a_gap_and_lead_back() {
        let mut expected = 0;
        for protocol in (0..=u8::MAX).map(Protocol) {
            assert_eq!(place(protocol, 0), expected, "{protocol}");
            assert_eq!(at_place(expected), (protocol, 0));
            let last = if is_wide(protocol) { u16::MAX } else { 0 };
            assert_eq!(place(protocol, u16::MAX), last_place(protocol));
            assert_eq!(at_place(last_place(protocol)), (protocol, last));
            expected += u32::from(last) + 1;
        }
        assert_eq!(expected, LAST_PLACE + 1);
        assert_eq!(at_place(place(Protocol::TCP, 443)), (Protocol::TCP, 443));
    }

    #[test]
    fn protocols_have_the_names_people_use() {
        let names: Vec<String> = [1, 6, 17, 58, 132, 50, 51, 47, 89].map(|number| Protocol(number).to_string()).into();
        assert_eq!(names, ["icmp", "tcp", "udp", "icmpv6", "sctp", "esp", "ah", "gre", "protocol 89"]);
        assert_eq!(Protocols::Any.to_string(), "any protocol");
        assert_eq!(Protocols::Portless.to_string(), "any protocol without ports");
        assert_eq!(Protocols::One(Protocol::TCP).to_string(), "tcp");
    }

    #[test]
    fn icmp_messages_are_type_times_256_plus_code() {
        assert_eq!(Protocol::icmp_messages(Some(8), None).intervals(), [(2048, 2303)]);
        assert_eq!(Protocol::icmp_messages(Some(3), Some(4)).intervals(), [(772, 772)]);
        assert_eq!(Protocol::icmp_messages(Some(255), None).intervals(), [(65_280, 65_535)]);
        assert!(Protocol::icmp_messages(None, Some(1)).is_full());
    }
}
