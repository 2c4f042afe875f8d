//! Sets of IP addresses. The two families never mix.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::interval::IntervalSet;
use crate::net::{parse_net, v4_nets, v6_nets};

/// IPv4 or IPv6.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both, IPv4 first.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// A set of IPv4 and IPv6 addresses. Serialises as its shortest list of network prefixes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct AddrSet {
    /// The IPv4 addresses.
    pub v4: IntervalSet<u32>,
    /// The IPv6 addresses.
    pub v6: IntervalSet<u128>,
}

impl AddrSet {
    /// No address.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every address of both families.
    pub fn all() -> Self {
        Self { v4: IntervalSet::full(), v6: IntervalSet::full() }
    }

    /// Every IPv4 address.
    pub fn all_v4() -> Self {
        Self { v4: IntervalSet::full(), v6: IntervalSet::empty() }
    }

    /// Every IPv6 address.
    pub fn all_v6() -> Self {
        Self { v4: IntervalSet::empty(), v6: IntervalSet::full() }
    }

    /// The addresses of one network prefix.
    pub fn from_net(net: IpNet) -> Self {
        Self::from_nets([net])
    }

    /// The addresses of all the network prefixes.
    pub fn from_nets(nets: impl IntoIterator<Item = IpNet>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for net in nets {
            match net {
                IpNet::V4(net) => v4.push((net.network().to_bits(), net.broadcast().to_bits())),
                IpNet::V6(net) => v6.push((net.network().to_bits(), net.broadcast().to_bits())),
            }
        }
        Self { v4: IntervalSet::from_ranges(v4), v6: IntervalSet::from_ranges(v6) }
    }

    /// One address.
    pub fn from_addr(address: IpAddr) -> Self {
        Self::from_net(IpNet::from(address))
    }

    /// Every internet address outside `local`: what "any address" means to a network whose own prefixes are `local`.
    pub fn any_outside(local: &Self) -> Self {
        internet().subtract(local)
    }

    /// The addresses in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// The addresses in both sets.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersect(&other.v4), v6: self.v6.intersect(&other.v6) }
    }

    /// The addresses in this set and not in `other`.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        Self { v4: self.v4.subtract(&other.v4), v6: self.v6.subtract(&other.v6) }
    }

    /// The addresses of both families that are not in this set.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self { v4: self.v4.complement(), v6: self.v6.complement() }
    }

    /// Whether the set holds no address.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether every address of this set is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.v4.is_subset(&other.v4) && self.v6.is_subset(&other.v6)
    }

    /// Whether no address is in both sets.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.v4.is_disjoint(&other.v4) && self.v6.is_disjoint(&other.v6)
    }

    /// Whether the address is in the set.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.v4.contains(address.to_bits()),
            IpAddr::V6(address) => self.v6.contains(address.to_bits()),
        }
    }

    /// The addresses of one family.
    #[must_use]
    pub fn family(&self, family: Family) -> Self {
        match family {
            Family::V4 => Self { v4: self.v4.clone(), v6: IntervalSet::empty() },
            Family::V6 => Self { v4: IntervalSet::empty(), v6: self.v6.clone() },
        }
    }

    /// How many addresses of one family the set holds. All 2^128 IPv6 addresses count one less.
    pub fn count(&self, family: Family) -> u128 {
        match family {
            Family::V4 => self.v4.count(),
            Family::V6 => self.v6.count(),
        }
    }

    /// The shortest list of network prefixes that makes up the set, IPv4 first, each family in order.
    pub fn to_nets(&self) -> Vec<IpNet> {
        v4_nets(&self.v4).map(IpNet::V4).chain(v6_nets(&self.v6).map(IpNet::V6)).collect()
    }

    /// Whether the set holds every internet address of the family outside `local`. This, and not a comparison of texts
    /// with `0.0.0.0/0`, is the test for "open to the internet".
    pub fn covers_any(&self, family: Family, local: &Self) -> bool {
        Self::any_outside(local).family(family).is_subset(self)
    }

    /// The part of the family's internet addresses that is in the set, from 0 to 1.
    pub fn share_of_internet(&self, family: Family) -> f64 {
        share(self.intersect(internet()).count(family), internet().count(family))
    }
}

impl From<IpNet> for AddrSet {
    fn from(net: IpNet) -> Self {
        Self::from_net(net)
    }
}

impl FromIterator<IpNet> for AddrSet {
    fn from_iter<I: IntoIterator<Item = IpNet>>(nets: I) -> Self {
        Self::from_nets(nets)
    }
}

impl Serialize for AddrSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.to_nets().iter().map(ToString::to_string))
    }
}

impl<'de> Deserialize<'de> for AddrSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| parse_net(text).map_err(D::Error::custom)).collect()
    }
}

/// The addresses that belong to the internet rather than to a private network, a host or a group.
///
/// IPv4 without this-network, private, shared, loopback, link-local, multicast and reserved space; IPv6 global unicast.
/// Documentation prefixes are kept on purpose, so that tests can use them.
pub fn internet() -> &'static AddrSet {
    static INTERNET: LazyLock<AddrSet> = LazyLock::new(|| {
        let block = |a, b, length: u32| {
            let first = Ipv4Addr::new(a, b, 0, 0).to_bits();
            (first, first | (u32::MAX >> length))
        };
        let not_internet = IntervalSet::from_ranges([
            block(0, 0, 8),
            block(10, 0, 8),
            block(100, 64, 10),
            block(127, 0, 8),
            block(169, 254, 16),
            block(172, 16, 12),
            block(192, 168, 16),
            block(224, 0, 3),
        ]);
        let global_unicast = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0).to_bits();
        AddrSet {
            v4: not_internet.complement(),
            v6: IntervalSet::from_range(global_unicast, global_unicast | (u128::MAX >> 3)),
        }
    });
    &INTERNET
}

/// `part / whole`, and 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "a share is read by people, 52 bits are plenty")]
pub(crate) fn share(part: u128, whole: u128) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(nets: &[&str]) -> AddrSet {
        nets.iter().map(|net| parse_net(net).unwrap()).collect()
    }

    #[test]
    fn the_internet_has_the_size_written_in_the_semantics() {
        assert_eq!(internet().count(Family::V4), 3_702_390_784);
        assert_eq!(internet().family(Family::V6), set(&["2000::/3"]));
        for inside in ["192.0.2.1", "198.51.100.1", "203.0.113.1", "1.0.0.0", "223.255.255.255", "2001:db8::1"] {
            assert!(internet().contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in
            ["0.255.255.255", "100.127.255.255", "169.254.169.254", "172.31.0.1", "224.0.0.0", "fe80::1", "::1"]
        {
            assert!(!internet().contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn two_halves_are_open_to_the_internet_like_the_whole() {
        let local = AddrSet::empty();
        assert_eq!(set(&["0.0.0.0/1", "128.0.0.0/1"]), AddrSet::all_v4());
        assert!(set(&["0.0.0.0/1", "128.0.0.0/1"]).covers_any(Family::V4, &local));
        assert!(!set(&["0.0.0.0/1", "128.0.0.0/1"]).covers_any(Family::V6, &local));
        assert!(!set(&["0.0.0.0/1", "128.0.0.0/2"]).covers_any(Family::V4, &local));
        assert!(set(&["2000::/4", "3000::/4"]).covers_any(Family::V6, &local));
    }

    #[test]
    fn a_networks_own_addresses_need_not_be_open() {
        let outside = AddrSet::all().subtract(&set(&["203.0.113.0/24", "10.0.0.0/8"]));
        assert!(!outside.covers_any(Family::V4, &AddrSet::empty()));
        assert!(outside.covers_any(Family::V4, &set(&["203.0.113.0/24"])));
    }

    #[test]
    fn the_share_of_the_internet_leaves_out_private_addresses() {
        assert!(set(&["10.0.0.0/8"]).share_of_internet(Family::V4) < f64::EPSILON);
        assert!((AddrSet::all().share_of_internet(Family::V4) - 1.0).abs() < f64::EPSILON);
        assert!((set(&["2000::/4", "8000::/1"]).share_of_internet(Family::V6) - 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn the_families_never_mix() {
        let both = set(&["0.0.0.0/0", "2001:db8::/32"]);
        assert_eq!(both.family(Family::V4), AddrSet::all_v4());
        assert_eq!(both.complement(), AddrSet::all_v6().subtract(&set(&["2001:db8::/32"])));
        assert!(both.contains("255.255.255.255".parse().unwrap()));
        assert!(!both.contains("::ffff:10.0.0.1".parse().unwrap()));
        assert_eq!(AddrSet::from_addr("192.0.2.1".parse().unwrap()), set(&["192.0.2.1/32"]));
    }

    #[test]
    fn a_set_is_written_as_its_shortest_list_of_prefixes() {
        let json = serde_json::to_string(&set(&["::/0", "10.0.0.0/25", "10.0.0.128/25", "10.0.1.0/24"])).unwrap();
        assert_eq!(json, r#"["10.0.0.0/23","::/0"]"#);
        let refused = serde_json::from_str::<AddrSet>(r#"["10.0.0.0/33"]"#).unwrap_err().to_string();
        assert!(refused.contains("`10.0.0.0/33` needs a prefix length"), "{refused}");
    }
}
