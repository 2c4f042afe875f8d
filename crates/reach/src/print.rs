//! Sets as people read them.

use ipnet::IpNet;

use crate::address::{AddrSet, Family, internet, share};
use crate::bounds::Bounds;
use crate::interval::Ports;
use crate::packet::PacketSet;
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
            format!(
                "any {family} address except {}",
                self.list(&missing, &excepted, family)
            )
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
        format!(
            "at least {lower}; at most {}",
            self.both_families(bounds.upper())
        )
    }

    /// One line for each group of ports of a protocol with the same sources: "22, 10250 from any IPv4 address".
    pub fn packets(&self, set: &PacketSet, protocol: Protocol) -> Vec<String> {
        let groups = set.ports_by_sources(protocol);
        groups
            .iter()
            .map(|(group, sources)| {
                format!("{} from {}", ports(group), self.both_families(sources))
            })
            .collect()
    }

    fn both_families(&self, set: &AddrSet) -> String {
        let filled = Family::ALL
            .into_iter()
            .filter(|family| !set.family(*family).is_empty());
        let texts: Vec<String> = filled.map(|family| self.addresses(set, family)).collect();
        if texts.is_empty() {
            "no address".to_owned()
        } else {
            texts.join(" and ")
        }
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
        if lo == hi {
            lo.to_string()
        } else {
            format!("{lo}-{hi}")
        }
    };
    match ports.intervals() {
        [] => "no port".to_owned(),
        intervals => intervals.iter().map(text).collect::<Vec<_>>().join(", "),
    }
}

/// A single address is written without its prefix length.
fn join(nets: &[IpNet]) -> String {
    let text = |net: &IpNet| {
        if net.prefix_len() == net.max_prefix_len() {
            net.addr().to_string()
        } else {
            net.to_string()
        }
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
