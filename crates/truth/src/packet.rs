//! Packets and prefixes, as plainly as they can be written.
//!
//! Nothing here comes from the engines: what judges them may not share their mistakes.

use crate::dice::Dice;
use std::{collections::BTreeSet, fmt, net::IpAddr};

/// The protocols packets are sampled for besides those a fleet names.
const PROTOCOLS: [u8; 8] = [1, 6, 17, 47, 50, 51, 58, 132];

/// One packet from a client; its source port is the client's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) source: IpAddr,
    pub(crate) protocol: u8,
    /// The destination port; for ICMP `type * 256 + code`.
    pub(crate) port: u16,
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, protocol, port } = self;
        write!(f, "protocol {protocol} port {port} from {source}")
    }
}

/// What the truth says of a packet, or of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    /// The documentation leaves it open, or it hangs on what nobody reads: bounds are the right answer.
    Open,
}

impl Answer {
    pub(crate) fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    /// Yes if either is yes.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Open,
        }
    }

    /// Yes if both are yes.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Open,
        }
    }

    pub(crate) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Open => Self::Open,
        }
    }
}

/// A prefix of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    v6: bool,
    bits: u128,
    length: u32,
}

/// An address as a number.
fn number(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(v4) => (false, u128::from(u32::from(v4))),
        IpAddr::V6(v6) => (true, u128::from(v6)),
    }
}

fn address(v6: bool, bits: u128) -> Option<IpAddr> {
    if v6 {
        return Some(IpAddr::from(bits.to_be_bytes()));
    }
    u32::try_from(bits).ok().map(|bits| IpAddr::from(bits.to_be_bytes()))
}

impl Prefix {
    /// Reads `203.0.113.0/24`, or one address.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (start, length) = text.split_once('/').map_or((text, None), |(start, length)| (start, Some(length)));
        let (v6, bits) = number(start.parse().ok()?);
        let length = length.map_or(Some(if v6 { 128 } else { 32 }), |length| length.parse().ok())?;
        Some(Self { v6, bits, length })
    }

    pub(crate) fn length(self) -> u32 {
        self.length
    }

    /// How many of the low bits are free.
    fn free(self) -> u32 {
        (if self.v6 { 128_u32 } else { 32 }).saturating_sub(self.length)
    }

    pub(crate) fn holds(self, source: IpAddr) -> bool {
        let (v6, bits) = number(source);
        // A shift by all the bits there are is not a shift that Rust does.
        v6 == self.v6 && ((bits ^ self.bits).checked_shr(self.free()).unwrap_or(0) == 0)
    }

    /// Its first and last address and their neighbours outside.
    fn edges(self) -> Vec<IpAddr> {
        let size = 1_u128.checked_shl(self.free()).map_or(u128::MAX, |size| size - 1);
        let (first, last) = (self.bits & !size, self.bits | size);
        let edges = [first.checked_sub(1), Some(first), Some(last), last.checked_add(1)];
        edges.into_iter().flatten().filter_map(|bits| address(self.v6, bits)).collect()
    }
}

/// Whether any of the written prefixes holds the address.
pub(crate) fn any_holds<'a>(prefixes: impl IntoIterator<Item = &'a String>, source: IpAddr) -> bool {
    prefixes.into_iter().filter_map(|text| Prefix::read(text)).any(|prefix| prefix.holds(source))
}

/// Whether the address is one of the internet's (semantics, section 0).
pub(crate) fn is_of_the_internet(source: IpAddr) -> bool {
    const NOT: [&str; 8] = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    ];
    let within = |text: &str| Prefix::read(text).is_some_and(|prefix| prefix.holds(source));
    match source {
        IpAddr::V4(_) => !NOT.into_iter().any(within),
        IpAddr::V6(_) => within("2000::/3"),
    }
}

/// Where answers may change: every edge of everything a fleet names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edges {
    prefixes: BTreeSet<String>,
    ports: BTreeSet<u16>,
    protocols: BTreeSet<u8>,
}

impl Edges {
    pub(crate) fn prefix(&mut self, text: &str) {
        self.prefixes.insert(text.to_owned());
    }

    pub(crate) fn ports(&mut self, first: u16, last: u16) {
        self.ports.extend([first.saturating_sub(1), first, first.saturating_add(1)]);
        self.ports.extend([last.saturating_sub(1), last, last.saturating_add(1)]);
    }

    pub(crate) fn protocol(&mut self, number: u8) {
        self.protocols.insert(number);
    }

    /// Every edge of the prefixes and some addresses between them.
    pub(crate) fn addresses(&self, dice: &mut Dice) -> Vec<IpAddr> {
        let prefixes = self.prefixes.iter().filter_map(|text| Prefix::read(text));
        let mut all: BTreeSet<IpAddr> = prefixes.flat_map(Prefix::edges).collect();
        all.extend((0..8).map(|_| dice.address(false)));
        all.extend((0..4).map(|_| dice.address(true)));
        all.into_iter().collect()
    }

    /// Packets with addresses, protocols and ports from the edges, combined at random.
    pub(crate) fn packets(&self, dice: &mut Dice, count: usize) -> Vec<Packet> {
        let addresses = self.addresses(dice);
        let protocols: Vec<u8> = self.protocols.iter().copied().chain(PROTOCOLS).collect();
        let mut ports: Vec<u16> = self.ports.iter().copied().chain([0, 22, 2048, u16::MAX]).collect();
        ports.extend((0..4).filter_map(|_| u16::try_from(dice.between(0, u32::from(u16::MAX))).ok()));
        let one = |dice: &mut Dice| {
            let source = dice.pick(&addresses)?;
            // Most rules are about TCP.
            let protocol = if dice.chance(50) { 6 } else { dice.pick(&protocols)? };
            Some(Packet { source, protocol, port: dice.pick(&ports)? })
        };
        (0..count).filter_map(|_| one(dice)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_holds_its_edges_and_not_their_neighbours() {
        for text in ["0.0.0.0/0", "128.0.0.0/1", "203.0.113.7/32", "203.0.113.64/26", "::/0", "2001:db8::/32"] {
            let prefix = Prefix::read(text).unwrap();
            let edges = prefix.edges();
            let held = edges.iter().filter(|edge| prefix.holds(**edge)).count();
            assert_eq!(held, 2, "{text}: {edges:?}");
        }
        assert!(!Prefix::read("::/0").unwrap().holds([1, 2, 3, 4].into()));
    }

    #[test]
    fn private_addresses_are_not_of_the_internet() {
        for (text, expected) in
            [("10.0.0.1", false), ("9.255.255.255", true), ("223.255.255.255", true), ("224.0.0.0", false)]
        {
            assert_eq!(is_of_the_internet(text.parse().unwrap()), expected, "{text}");
        }
        assert!(is_of_the_internet("3fff:ffff::".parse().unwrap()) && !is_of_the_internet("fe80::1".parse().unwrap()));
    }
}
