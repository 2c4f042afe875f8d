//! One rule of a security group: prefixes, service tags, ports and protocols as sets.

use super::{Direction, Line, OwnSide};
use crate::{
    arm,
    normalize::{
        ports::{ports, ports_or_full},
        space::{HOST, Space, nets},
    },
    record::{Reference, SecurityRule},
    tags::{self, Tag},
};
use palisade_reach::{
    Action, AddrSet, Bounds, Certainty, Family, PacketSet, PortedRule, Ports, Protocol, Protocols, parse_net,
};

/// What it takes to read the rules of one holder.
pub(super) struct Reader<'a> {
    /// What holds the rules, as it stands before its name.
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    pub(super) space: &'a Space,
    pub(super) family: Family,
    pub(super) direction: Direction,
    /// What the tag `VirtualNetwork` is taken to cover.
    pub(super) network: &'a AddrSet,
    /// What the tag `Internet` covers then.
    pub(super) internet: AddrSet,
}

impl Reader<'_> {
    /// Whether the rule is about this direction; nothing when it names none.
    pub(super) fn concerns(&self, rule: &SecurityRule) -> Option<bool> {
        let direction = rule.properties.direction.as_deref()?;
        let inbound = direction.eq_ignore_ascii_case("Inbound");
        (inbound || direction.eq_ignore_ascii_case("Outbound")).then_some(inbound == (self.direction == Direction::In))
    }

    /// One rule.
    pub(super) fn line(&self, rule: &SecurityRule, (priority, action): (i64, Action), is_written: bool) -> Line {
        let properties = &rule.properties;
        let source = Written {
            one: properties.source_address_prefix.as_deref(),
            many: &properties.source_address_prefixes,
            groups: &properties.source_application_security_groups,
        };
        let destination = Written {
            one: properties.destination_address_prefix.as_deref(),
            many: &properties.destination_address_prefixes,
            groups: &properties.destination_application_security_groups,
        };
        let (other, own) = match self.direction {
            Direction::In => (&source, &destination),
            Direction::Out => (&destination, &source),
        };
        let addresses = self.addresses(other);
        let ports = ports(properties.destination_port_range.as_deref(), &properties.destination_port_ranges);
        let source_ports = ports_or_full(properties.source_port_range.as_deref(), &properties.source_port_ranges);
        let protocol = properties.protocol.as_deref().unwrap_or_default();
        let mut matches = self.packets(protocol, ports.as_ref(), &addresses);
        if source_ports.is_none() {
            matches = Bounds::unknown_within(matches.upper().clone());
        }
        let full = |ports: &Option<Ports>| ports.as_ref().map_or(Certainty::Maybe, |ports| yes_or_no(ports.is_full()));
        let known = ["tcp", "udp", "icmp", "esp", "ah"].iter().any(|known| protocol.eq_ignore_ascii_case(known));
        let any_protocol = match protocol {
            "*" => Certainty::Yes,
            _ if known => Certainty::No,
            _ => Certainty::Maybe,
        };
        let opens = yes_or_no(is_written && action == Action::Allow);
        let is_wide = opens.min(any_protocol).min(full(&ports)).min(full(&source_ports));
        let name = rule.name.as_deref().unwrap_or("rule");
        Line {
            rule: PortedRule {
                id: format!("{}/{name}", self.name).into(),
                action,
                matches,
                source_ports: source_ports.unwrap_or_else(Ports::full),
            },
            told: format!("{} {} rule {priority} {name}", self.kind, self.name).into(),
            own: self.own_side(own),
            is_wide,
            addresses,
            text: other.text(),
            tags_of: source
                .prefixes()
                .chain(destination.prefixes())
                .find_map(|text| self.listed(text))
                .map(|tag| tag.day),
        }
    }

    /// The three rules that every group ends with in each direction, for answers that leave them out.
    pub(super) fn defaults(&self) -> Vec<Line> {
        let network = Bounds::exact(self.network.family(self.family));
        let all = Bounds::exact(AddrSet::all().family(self.family));
        let inside = || OwnSide { virtual_network: true, ..OwnSide::default() };
        let anyone = || OwnSide { any: true, ..OwnSide::default() };
        let table = match self.direction {
            Direction::In => [
                ("AllowVnetInBound", Action::Allow, network, inside(), "VirtualNetwork"),
                (
                    "AllowAzureLoadBalancerInBound",
                    Action::Allow,
                    self.tag("AzureLoadBalancer"),
                    anyone(),
                    "AzureLoadBalancer",
                ),
                ("DenyAllInBound", Action::Deny, all, anyone(), "*"),
            ],
            Direction::Out => [
                ("AllowVnetOutBound", Action::Allow, network, inside(), "VirtualNetwork"),
                ("AllowInternetOutBound", Action::Allow, self.tag("Internet"), anyone(), "Internet"),
                ("DenyAllOutBound", Action::Deny, all, anyone(), "*"),
            ],
        };
        let line = |(name, action, addresses, own, text): (&str, Action, Bounds<AddrSet>, OwnSide, &str)| Line {
            rule: PortedRule {
                id: format!("{}/{name}", self.name).into(),
                action,
                matches: addresses.map(|all| PacketSet::of(Protocols::Any, &Ports::full(), all)),
                source_ports: Ports::full(),
            },
            told: format!("{} {} default rule {name}", self.kind, self.name).into(),
            own,
            is_wide: Certainty::No,
            addresses,
            text: text.to_owned(),
            tags_of: None,
        };
        table.into_iter().map(line).collect()
    }

    fn addresses(&self, written: &Written<'_>) -> Bounds<AddrSet> {
        let nothing = Bounds::exact(AddrSet::empty());
        let mut all = written.prefixes().fold(nothing, |all, text| all.union(&self.tag(text)));
        if !written.groups.is_empty() {
            // Who is in an application security group is only known of the machines that were read.
            let members = self.space.virtual_network.upper().family(self.family);
            all = all.union(&Bounds::unknown_within(members));
        }
        if written.is_empty() {
            all = Bounds::unknown_within(AddrSet::all().family(self.family));
        }
        all
    }

    /// A prefix, a service tag or `*`. A name we cannot expand may mean anything.
    fn tag(&self, text: &str) -> Bounds<AddrSet> {
        let all = || AddrSet::all().family(self.family);
        let of_family = |set: &AddrSet| Bounds::exact(set.family(self.family));
        match text.trim() {
            // Whether `*` means IPv6 too is documented nowhere: there it may.
            "*" if self.family == Family::V4 => Bounds::exact(all()),
            "*" => Bounds::unknown_within(all()),
            tag if tag.eq_ignore_ascii_case("Internet") => of_family(&self.internet),
            tag if tag.eq_ignore_ascii_case("VirtualNetwork") => of_family(self.network),
            // Probes come from the host; clients keep their own address.
            tag if tag.eq_ignore_ascii_case("AzureLoadBalancer") => Bounds::exact(nets(&[HOST]).family(self.family)),
            "0.0.0.0/0" if self.family == Family::V6 => Bounds::unknown_within(all()),
            other => match parse_net(other) {
                Ok(net) => Bounds::exact(AddrSet::from_net(net).family(self.family)),
                Err(_) => match self.listed(other) {
                    Some(tag) => Bounds::exact(tag.addresses.family(self.family)),
                    None => Bounds::unknown_within(all()),
                },
            },
        }
    }

    /// What the list says of a service tag. Tags of other clouds are in no list of ours.
    fn listed(&self, text: &str) -> Option<Tag> {
        tags::find(text).filter(|_| self.space.listed_cloud)
    }

    fn own_side(&self, written: &Written<'_>) -> OwnSide {
        let mut own = OwnSide {
            groups: written.groups.iter().map(|group| arm::key(&group.id)).collect(),
            unknown: written.is_empty(),
            ..OwnSide::default()
        };
        for text in written.prefixes() {
            match text.trim() {
                "*" => own.any = true,
                tag if tag.eq_ignore_ascii_case("VirtualNetwork") => own.virtual_network = true,
                // A rule sees the private address, which is no internet address.
                tag if tag.eq_ignore_ascii_case("AzureLoadBalancer") => {}
                tag if tag.eq_ignore_ascii_case("Internet") => own.internet = true,
                other => match parse_net(other) {
                    Ok(net) => own.nets = own.nets.union(&AddrSet::from_net(net)),
                    Err(_) => match self.listed(other) {
                        Some(tag) => own.nets = own.nets.union(&tag.addresses),
                        None => own.unknown = true,
                    },
                },
            }
        }
        own
    }

    fn packets(&self, protocol: &str, ports: Option<&Ports>, addresses: &Bounds<AddrSet>) -> Bounds<PacketSet> {
        let known = ports.is_some();
        let ports = ports.cloned().unwrap_or_else(Ports::full);
        let icmp = if self.family == Family::V4 { Protocol::ICMP } else { Protocol::ICMPV6 };
        let of = |protocols, ports: &Ports| addresses.map(|all| PacketSet::of(protocols, ports, all));
        let full = Ports::full();
        let matches = match protocol.to_ascii_lowercase().as_str() {
            "tcp" => of(Protocols::One(Protocol::TCP), &ports),
            "udp" => of(Protocols::One(Protocol::UDP), &ports),
            "icmp" => of(Protocols::One(icmp), &full),
            "esp" => of(Protocols::One(Protocol::ESP), &full),
            "ah" => of(Protocols::One(Protocol::AH), &full),
            "*" if ports.is_full() => of(Protocols::Any, &full),
            // Any protocol with certain ports: whether protocols without ports match is documented nowhere.
            "*" => {
                let lower = PacketSet::of_ported(&ports, addresses.lower());
                Bounds::between(lower, PacketSet::of(Protocols::Any, &ports, addresses.upper()))
            }
            _ => Bounds::unknown_within(PacketSet::of(Protocols::Any, &full, addresses.upper())),
        };
        if known { matches } else { Bounds::unknown_within(matches.upper().clone()) }
    }
}

fn yes_or_no(is: bool) -> Certainty {
    if is { Certainty::Yes } else { Certainty::No }
}

/// One side of a rule: singular and plural fields add up.
struct Written<'a> {
    one: Option<&'a str>,
    many: &'a [String],
    groups: &'a [Reference],
}

impl<'a> Written<'a> {
    fn prefixes(&self) -> impl Iterator<Item = &'a str> {
        let one = self.one.filter(|text| !text.is_empty());
        one.into_iter().chain(self.many.iter().map(String::as_str))
    }

    fn is_empty(&self) -> bool {
        self.prefixes().next().is_none() && self.groups.is_empty()
    }

    fn text(&self) -> String {
        let groups = self.groups.iter().map(|group| arm::name(&group.id));
        self.prefixes().chain(groups).collect::<Vec<_>>().join(", ")
    }
}

/// What a rule does; nothing for a word that is neither.
pub(super) fn action(rule: &SecurityRule) -> Option<Action> {
    match rule.properties.access.as_deref()? {
        access if access.eq_ignore_ascii_case("Allow") => Some(Action::Allow),
        access if access.eq_ignore_ascii_case("Deny") => Some(Action::Deny),
        _ => None,
    }
}
