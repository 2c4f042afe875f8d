//! Sets as people read them.

use ipnet::IpNet;

use crate::address::{AddrSet, Family, internet, share};
use crate::bounds::Bounds;
use crate::interval::Ports;
use crate::packet::PacketSet;
use crate::proof::Proof;
use crate::protocol::Protocol;

/// Above this number of prefixes a set is summarised. The full list belongs into the machine-readable report.
const LISTED: usize = 12;

/// How many prefixes a summary still names.
const NAMED: usize = 5;

/// Prints address sets as seen from a network.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Printer {
    /// The network's own prefixes, which are not part of "any address".
    pub local: AddrSet,
}

impl Printer {
    /// A printer for a network whose own prefixes are `local`.
    pub fn new(local: AddrSet) -> Self {
        Self { local }
    }

    /// The addresses of one family: "any IPv4 address", "any IPv4 address except …" or a list, whichever is shorter, and
    /// above twelve prefixes a summary.
    ///
    /// "Any" means every internet address outside the network itself. A set that has all of those prints as "any" also
    /// when it has private addresses too.
    pub fn addresses(&self, set: &AddrSet, family: Family) -> String {
        let set = set.family(family);
        let any = AddrSet::any_outside(&self.local).family(family);
        let missing = any.subtract(&set);
        if set.is_empty() {
            return format!("no {family} address");
        }
        if missing.is_empty() {
            return format!("any {family} address");
        }
        let (listed, excepted) = (set.to_nets(), missing.to_nets());
        if excepted.len() < listed.len() && !set.is_disjoint(&any) {
            format!("any {family} address except {}", self.list(&missing, &excepted, family))
        } else {
            self.list(&set, &listed, family)
        }
    }

    /// The addresses of both families, and both bounds when they differ: "at least …, at most …".
    pub fn bounds(&self, bounds: &Bounds<AddrSet>) -> String {
        let lower = self.both_families(bounds.lower());
        if bounds.is_exact() {
            return lower;
        }
        format!("at least {lower}; at most {}", self.both_families(bounds.upper()))
    }

    /// One line for each group of ports of a protocol with the same sources: "22, 10250 from any IPv4 address".
    pub fn packets(&self, set: &PacketSet, protocol: Protocol) -> Vec<String> {
        let groups = set.ports_by_sources(protocol);
        groups.iter().map(|(group, sources)| format!("{} from {}", ports(group), self.both_families(sources))).collect()
    }

    /// One line for each group of ports that share sources and rules: "22, 10250 from 203.0.113.0/24 (256 addresses) through
    /// igw-1, acl-1 110, sgr-1". A proof that only may hold says so.
    pub fn proofs(&self, proofs: &[Proof], protocol: Protocol) -> Vec<String> {
        let mut lines = Vec::new();
        for proof in proofs {
            for (group, sources) in proof.packets.ports_by_sources(protocol) {
                let filled = Family::ALL.into_iter().filter(|family| !sources.family(*family).is_empty());
                let from: Vec<String> = filled.map(|family| self.counted(&sources, family)).collect();
                let maybe = if proof.certain { "" } else { "perhaps " };
                let (group, from) = (ports(&group), from.join(" and "));
                lines.push(format!("{maybe}{group} from {from} through {}", proof.through()));
            }
        }
        lines
    }

    /// A list of prefixes says how many addresses it holds; "any address" and a summary say it already.
    fn counted(&self, set: &AddrSet, family: Family) -> String {
        let text = self.addresses(set, family);
        let count = set.count(family);
        let listed = set.family(family).to_nets().len() <= LISTED && !text.starts_with("any ");
        if listed && count > 1 { format!("{text} ({})", addresses_in(count)) } else { text }
    }

    fn both_families(&self, set: &AddrSet) -> String {
        let filled = Family::ALL.into_iter().filter(|family| !set.family(*family).is_empty());
        let texts: Vec<String> = filled.map(|family| self.addresses(set, family)).collect();
        if texts.is_empty() { "no address".to_owned() } else { texts.join(" and ") }
    }

    fn list(&self, set: &AddrSet, nets: &[IpNet], family: Family) -> String {
        if nets.len() <= LISTED {
            return join(nets);
        }
        let mut largest = nets.to_vec();
        largest.sort_by_key(|net| (net.prefix_len(), *net));
        largest.truncate(NAMED);
        format!(
            "{} prefixes ({}, {} of the {family} internet), the largest {}",
            nets.len(),
            addresses_in(set.count(family)),
            self.percent(set, family),
            join(&largest),
        )
    }

    /// The share of what counts as "any" here.
    fn percent(&self, set: &AddrSet, family: Family) -> String {
        let any = internet().subtract(&self.local);
        let percent = 100.0 * share(set.intersect(&any).count(family), any.count(family));
        if percent == 0.0 {
            "none".to_owned()
        } else if percent < 0.01 {
            "less than 0.01%".to_owned()
        } else if percent > 99.99 {
            "more than 99.99%".to_owned()
        } else {
            format!("{percent:.2}%")
        }
    }
}

/// Port ranges as text: `22, 10250, 30000-32767`.
pub fn ports(ports: &Ports) -> String {
    if ports.is_full() {
        return "any port".to_owned();
    }
    let text = |(lo, hi): &(u16, u16)| {
        if lo == hi { lo.to_string() } else { format!("{lo}-{hi}") }
    };
    match ports.intervals() {
        [] => "no port".to_owned(),
        intervals => intervals.iter().map(text).collect::<Vec<_>>().join(", "),
    }
}

/// A single address is written without its prefix length.
fn join(nets: &[IpNet]) -> String {
    let text = |net: &IpNet| {
        if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
    };
    nets.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Counts beyond what IPv4 has say nothing to a reader in full, so they are written as a power of two.
fn addresses_in(count: u128) -> String {
    if count > u128::from(u32::MAX) {
        return format!("about 2^{} addresses", count.ilog2());
    }
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} addresses")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::IntervalSet;
    use crate::net::parse_net;
    use crate::protocol::Protocols;

    fn set(nets: &[&str]) -> AddrSet {
        nets.iter().map(|net| parse_net(net).unwrap()).collect()
    }

    fn v4(nets: &[&str]) -> String {
        Printer::default().addresses(&set(nets), Family::V4)
    }

    #[test]
    fn everything_and_nothing_have_a_name() {
        assert_eq!(v4(&["0.0.0.0/1", "128.0.0.0/1"]), "any IPv4 address");
        assert_eq!(v4(&["::/0"]), "no IPv4 address");
        assert_eq!(Printer::default().addresses(&AddrSet::all(), Family::V6), "any IPv6 address");
        assert_eq!(Printer::default().addresses(&set(&["2000::/3"]), Family::V6), "any IPv6 address");
    }

    #[test]
    fn the_networks_own_addresses_may_be_missing_from_any() {
        let outside = AddrSet::all_v4().subtract(&set(&["198.51.100.0/24"]));
        assert_eq!(Printer::default().addresses(&outside, Family::V4), "any IPv4 address except 198.51.100.0/24");
        let printer = Printer::new(set(&["198.51.100.0/24"]));
        assert_eq!(printer.addresses(&outside, Family::V4), "any IPv4 address");
    }

    #[test]
    fn the_shorter_of_list_and_exceptions_is_printed() {
        assert_eq!(v4(&["203.0.113.7", "10.0.0.0/8"]), "10.0.0.0/8, 203.0.113.7");
        assert_eq!(v4(&["10.0.0.0/8"]), "10.0.0.0/8");
        assert_eq!(v4(&["0.0.0.0/1"]), "0.0.0.0/1");
        let but_one = AddrSet::all_v4().subtract(&set(&["203.0.113.7"]));
        assert_eq!(Printer::default().addresses(&but_one, Family::V4), "any IPv4 address except 203.0.113.7");
    }

    #[test]
    fn equally_long_a_list_is_printed_and_private_addresses_are_never_exceptions() {
        let printer = Printer::default();
        assert_eq!(printer.addresses(&set(&["2000::/4"]), Family::V6), "2000::/4");
        let private = set(&["fd00:1::/32", "fd00:3::/32"]);
        assert_eq!(printer.addresses(&private, Family::V6), "fd00:1::/32, fd00:3::/32");
    }

    #[test]
    fn a_long_list_is_summarised() {
        let single = |first: u32, step: u32, count: u32| {
            let v4: IntervalSet<u32> = (0..count).map(|place| (first + step * place, first + step * place)).collect();
            AddrSet { v4, v6: IntervalSet::empty() }
        };
        let twelve = single(0xcb00_7100, 2, 12);
        assert_eq!(Printer::default().addresses(&twelve, Family::V4).matches(", ").count(), 11);
        let many = single(0xcb00_7100, 2, 12).union(&set(&["204.51.0.0/16"]));
        assert_eq!(
            Printer::default().addresses(&many, Family::V4),
            "13 prefixes (65,548 addresses, less than 0.01% of the IPv4 internet), \
             the largest 204.51.0.0/16, 203.0.113.0, 203.0.113.2, 203.0.113.4, 203.0.113.6"
        );
        assert_eq!(
            Printer::default().addresses(&AddrSet::all_v4().subtract(&many), Family::V4),
            "any IPv4 address except 13 prefixes (65,548 addresses, less than 0.01% of the IPv4 internet), \
             the largest 204.51.0.0/16, 203.0.113.0, 203.0.113.2, 203.0.113.4, 203.0.113.6"
        );
    }

    #[test]
    fn a_summary_gives_counts_and_shares_a_reader_can_hold() {
        let nets: Vec<String> = (0..13).map(|place| format!("2001:db8:{place:x}0::/60")).collect();
        let nets: Vec<&str> = nets.iter().map(String::as_str).collect();
        let text = Printer::default().addresses(&set(&nets), Family::V6);
        assert!(text.starts_with("13 prefixes (about 2^71 addresses, less than 0.01% of the IPv6 internet)"), "{text}");
        let eighths: Vec<String> = (0..13).map(|place| format!("{}.0.0.0/9", 16 + 2 * place)).collect();
        let eighths: Vec<&str> = eighths.iter().map(String::as_str).collect();
        assert!(v4(&eighths).starts_with("13 prefixes (109,051,904 addresses, 2.95% of the IPv4 internet)"));
        let private: Vec<String> = (0..13).map(|place| format!("10.{}.0.0/16", 2 * place)).collect();
        let private: Vec<&str> = private.iter().map(String::as_str).collect();
        assert!(v4(&private).starts_with("13 prefixes (851,968 addresses, none of the IPv4 internet)"));
    }

    #[test]
    fn one_prefix_of_an_interval_prints_as_the_least_blocks() {
        let interval = AddrSet { v4: IntervalSet::from_range(0xcb00_7101, 0xcb00_7106), v6: IntervalSet::empty() };
        let text = Printer::default().addresses(&interval, Family::V4);
        assert_eq!(text, "203.0.113.1, 203.0.113.2/31, 203.0.113.4/31, 203.0.113.6");
    }

    #[test]
    fn doubt_prints_both_bounds() {
        let printer = Printer::default();
        let office = set(&["203.0.113.0/24"]);
        assert_eq!(printer.bounds(&Bounds::exact(AddrSet::all())), "any IPv4 address and any IPv6 address");
        assert_eq!(printer.bounds(&Bounds::exact(AddrSet::empty())), "no address");
        assert_eq!(
            printer.bounds(&Bounds::between(office, AddrSet::all_v4())),
            "at least 203.0.113.0/24; at most any IPv4 address"
        );
        assert_eq!(
            printer.bounds(&Bounds::unknown_within(AddrSet::all_v4())),
            "at least no address; at most any IPv4 address"
        );
    }

    #[test]
    fn ports_print_as_people_write_them() {
        assert_eq!(
            ports(&Ports::from_ranges([(30_000, 32_767), (22, 22), (10_250, 10_250)])),
            "22, 10250, 30000-32767"
        );
        assert_eq!(ports(&Ports::full()), "any port");
        assert_eq!(ports(&Ports::empty()), "no port");
    }

    #[test]
    fn equal_sources_share_a_line() {
        let tcp = |ranges: &[(u16, u16)], sources: &AddrSet| {
            PacketSet::of(Protocols::One(Protocol::TCP), &ranges.iter().copied().collect(), sources)
        };
        let packets =
            tcp(&[(22, 22), (30_000, 32_767)], &AddrSet::all_v4()).union(&tcp(&[(443, 443)], &set(&["192.0.2.1"])));
        assert_eq!(
            Printer::default().packets(&packets, Protocol::TCP),
            ["22, 30000-32767 from any IPv4 address", "443 from 192.0.2.1"]
        );
    }
}
