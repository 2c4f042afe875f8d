//! Network prefixes: from text, to intervals and back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::address::Family;
use crate::interval::IntervalSet;
use crate::point::Point;

/// Why a text is not a network prefix.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseNetError {
    /// The part before the slash is not an IP address.
    #[error("`{text}` does not start with an IP address")]
    Address {
        /// The whole text.
        text: String,
    },
    /// The part after the slash is not a prefix length of the address's family.
    #[error("`{text}` needs a prefix length from 0 to {longest}, because its address is {family}")]
    PrefixLength {
        /// The whole text.
        text: String,
        /// The family of the address before the slash.
        family: Family,
        /// The longest prefix length of that family.
        longest: u8,
    },
}

/// Reads a network prefix such as `203.0.113.0/24` or `2001:db8::/32`.
///
/// A bare address is that one address. Bits after the prefix length are cleared, as every provider does. White space
/// around the text is ignored. An IPv4-mapped IPv6 address stays IPv6.
pub fn parse_net(text: &str) -> Result<IpNet, ParseNetError> {
    let (address, length) = match text.trim().split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text.trim(), None),
    };
    let address: IpAddr = address.parse().map_err(|_| ParseNetError::Address { text: text.to_owned() })?;
    let (family, longest) = match address {
        IpAddr::V4(_) => (Family::V4, 32),
        IpAddr::V6(_) => (Family::V6, 128),
    };
    let refused = || ParseNetError::PrefixLength { text: text.to_owned(), family, longest };
    let length = match length {
        None => longest,
        // `u8` would also take a leading plus sign.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().map_err(|_| refused())?,
        Some(_) => return Err(refused()),
    };
    IpNet::new(address, length).map(|net| net.trunc()).map_err(|_| refused())
}

/// The fewest prefixes that make up the set.
pub(crate) fn v4_nets(set: &IntervalSet<u32>) -> impl Iterator<Item = Ipv4Net> {
    blocks(set, 32).filter_map(|(first, length)| Ipv4Net::new(Ipv4Addr::from(u32::try_from(first).ok()?), length).ok())
}

/// The fewest prefixes that make up the set.
pub(crate) fn v6_nets(set: &IntervalSet<u128>) -> impl Iterator<Item = Ipv6Net> {
    blocks(set, 128).filter_map(|(first, length)| Ipv6Net::new(Ipv6Addr::from(first), length).ok())
}

/// First address and prefix length of each block, in order. Intervals do not touch, so the fewest blocks of the set are
/// the fewest blocks of each interval, and those come from always taking the largest aligned block that fits.
fn blocks<T: Point>(set: &IntervalSet<T>, width: u8) -> impl Iterator<Item = (u128, u8)> {
    set.intervals().iter().flat_map(move |(lo, hi)| {
        let last = hi.widen();
        let mut next = Some(lo.widen());
        std::iter::from_fn(move || {
            let first = next.filter(|first| *first <= last)?;
            let aligned = first.trailing_zeros().min(u32::from(width));
            let fitting = (last - first).checked_add(1).map_or(128, u128::ilog2);
            let bits = aligned.min(fitting);
            next = 1u128.checked_shl(bits).and_then(|size| first.checked_add(size));
            Some((first, width.saturating_sub(u8::try_from(bits).unwrap_or(width))))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        parse_net(text).map_or_else(|error| error.to_string(), |net| net.to_string())
    }

    #[test]
    fn prefixes_are_read_as_providers_mean_them() {
        assert_eq!(read("203.0.113.0/24"), "203.0.113.0/24");
        assert_eq!(read("203.0.113.7"), "203.0.113.7/32");
        assert_eq!(read(" 10.1.2.3/8 "), "10.0.0.0/8");
        assert_eq!(read("0.0.0.0/0"), "0.0.0.0/0");
        assert_eq!(read("::/0"), "::/0");
        assert_eq!(read("2001:DB8::1"), "2001:db8::1/128");
        assert_eq!(read("2001:db8:ffff::/33"), "2001:db8:8000::/33");
        assert_eq!(read("::ffff:192.0.2.1/96"), "::ffff:0.0.0.0/96");
    }

    #[test]
    fn a_refusal_says_what_is_missing() {
        assert_eq!(read(""), "`` does not start with an IP address");
        assert_eq!(read("*"), "`*` does not start with an IP address");
        assert_eq!(read("10.0.0/8"), "`10.0.0/8` does not start with an IP address");
        assert_eq!(read("010.0.0.1"), "`010.0.0.1` does not start with an IP address");
        let v4 = "needs a prefix length from 0 to 32, because its address is IPv4";
        for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10.0.0.0/999"] {
            assert_eq!(read(text), format!("`{text}` {v4}"));
        }
        assert_eq!(read("::/129"), "`::/129` needs a prefix length from 0 to 128, because its address is IPv6");
    }

    #[test]
    fn one_interval_needs_at_most_62_or_254_prefixes() {
        assert_eq!(v4_nets(&IntervalSet::from_range(1, u32::MAX - 1)).count(), 62);
        assert_eq!(v6_nets(&IntervalSet::from_range(1, u128::MAX - 1)).count(), 254);
    }

    #[test]
    fn the_ends_of_the_address_space_are_prefixes_too() {
        let nets = |lo, hi| v6_nets(&IntervalSet::from_range(lo, hi)).map(|net| net.to_string()).collect::<Vec<_>>();
        assert_eq!(nets(0, u128::MAX), ["::/0"]);
        assert_eq!(nets(1 << 127, u128::MAX), ["8000::/1"]);
        assert_eq!(nets(u128::MAX, u128::MAX), ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"]);
        let last = IntervalSet::from_range(u32::MAX - 2, u32::MAX);
        let last: Vec<String> = v4_nets(&last).map(|net| net.to_string()).collect();
        assert_eq!(last, ["255.255.255.253/32", "255.255.255.254/31"]);
    }
}
