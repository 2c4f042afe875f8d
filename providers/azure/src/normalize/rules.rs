//! Network security groups: what each rule matches, in one direction, in one family, in one subnet.
//! <https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview>

use super::{
    ports::{ports, ports_or_full},
    space::{HOST, Space, nets},
    table::Row,
};
use crate::{
    SECURITY_GROUPS, arm,
    record::{Reference, SecurityGroup, SecurityRule},
};
use palisade_model::Gap;
use palisade_reach::{
    Action, AddrSet, Bounds, Certainty, Chain, Family, PacketSet, PortedRule, Ports, Protocol, Protocols, RuleId,
    parse_net,
};
use std::net::IpAddr;

/// Which way packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    /// To the machine.
    In,
    /// From it.
    Out,
}

/// How the tag `VirtualNetwork` is read where it is not known exactly. The tag `Internet` is the rest, so the two are
/// never both or neither: each address is looked at under both readings instead of widening each tag for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reading {
    /// What it surely covers.
    Narrow,
    /// What it may cover.
    Wide,
}

impl Reading {
    fn virtual_network(self, space: &Space) -> &AddrSet {
        match self {
            Self::Narrow => space.virtual_network.lower(),
            Self::Wide => space.virtual_network.upper(),
        }
    }
}

/// A security group, read for one direction, family and subnet.
#[derive(Debug)]
pub(super) struct Filter {
    /// The group's name.
    pub(super) name: String,
    /// Its rules in order, the defaults last.
    pub(super) lines: Vec<Line>,
    /// What becomes of packets that no rule matches.
    default: Action,
}

/// One rule. Addresses of packets are those of the other side; the own side is matched separately.
#[derive(Debug)]
pub(super) struct Line {
    rule: PortedRule,
    /// The rule as a reader of a proof knows it.
    told: RuleId,
    own: OwnSide,
    /// Whether somebody wrote it, and it lets in every protocol and port.
    pub(super) is_wide: bool,
    /// The other side, as far as it is known.
    pub(super) addresses: Bounds<AddrSet>,
    /// The other side as it was written.
    pub(super) text: String,
}

impl Line {
    /// The rule's name with its group's.
    pub(super) fn id(&self) -> &str {
        self.rule.id.as_str()
    }
}

/// What the own side has to be.
#[derive(Debug, Default)]
struct OwnSide {
    any: bool,
    nets: AddrSet,
    virtual_network: bool,
    unknown: bool,
    groups: Vec<String>,
}

/// The own side of a packet: one address of one machine, or the outer address of a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// Its address.
    pub(super) address: OwnAddress,
    /// The application security groups it is in.
    pub(super) groups: Membership,
}

/// What is known of an address of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum OwnAddress {
    /// It is this one.
    Exactly(IpAddr),
    /// It is one of these.
    OneOf(AddrSet),
    /// Nothing.
    #[default]
    Unknown,
}

/// Which application security groups something of ours is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Membership {
    /// These and no other.
    In(Vec<String>),
    /// These and no other, if the groups count for its address at all.
    Perhaps(Vec<String>),
    /// Nobody knows.
    #[default]
    Unread,
}

impl OwnAddress {
    /// The address, when it is known.
    pub(super) fn exact(&self) -> Option<IpAddr> {
        match self {
            Self::Exactly(address) => Some(*address),
            Self::OneOf(_) | Self::Unknown => None,
        }
    }

    /// Whether it lies in a set that is known within bounds.
    fn lies_in(&self, lower: &AddrSet, upper: &AddrSet) -> Certainty {
        let (surely, perhaps) = match self {
            Self::Exactly(address) => (lower.contains(*address), upper.contains(*address)),
            Self::OneOf(some) => (!some.is_empty() && some.is_subset(lower), !some.intersect(upper).is_empty()),
            Self::Unknown => (false, !upper.is_empty()),
        };
        match (surely, perhaps) {
            (true, _) => Certainty::Yes,
            (false, true) => Certainty::Maybe,
            (false, false) => Certainty::No,
        }
    }
}

impl Membership {
    fn is_in(&self, groups: &[String]) -> Certainty {
        let any = |own: &[String]| groups.iter().any(|group| own.contains(group));
        match self {
            Self::In(own) if any(own) => Certainty::Yes,
            Self::Perhaps(own) if any(own) => Certainty::Maybe,
            Self::Unread if !groups.is_empty() => Certainty::Maybe,
            Self::In(_) | Self::Perhaps(_) | Self::Unread => Certainty::No,
        }
    }
}

impl Filter {
    /// Reads a group.
    pub(super) fn read(
        row: &Row<'_, SecurityGroup>,
        space: &Space,
        family: Family,
        (direction, reading): (Direction, Reading),
    ) -> Result<Self, Gap> {
        let group = row.get()?;
        let name = group.name.clone().unwrap_or_else(|| arm::name(&row.id).to_owned());
        let network = reading.virtual_network(space);
        let reader = Reader {
            kind: "nsg",
            name: &name,
            space,
            family,
            direction,
            network,
            internet: palisade_reach::internet().subtract(network),
        };
        let mut lines: Vec<(i64, Line)> = Vec::new();
        let written = group.properties.security_rules.iter().map(|rule| (rule, true));
        let defaults = group.properties.default_security_rules.iter().map(|rule| (rule, false));
        let mut has_defaults = false;
        for (rule, is_written) in written.chain(defaults) {
            let odd = |why: &str| {
                let called = rule.name.as_deref().unwrap_or("a rule");
                let scope = arm::subscription(&row.id).unwrap_or_default();
                super::malformed(
                    &SECURITY_GROUPS,
                    scope,
                    &format!("/value/{}/properties", row.at),
                    &format!("{called}: {why}"),
                )
            };
            if !reader.concerns(rule).ok_or_else(|| odd("no direction"))? {
                continue;
            }
            has_defaults |= !is_written;
            let priority = rule.properties.priority.ok_or_else(|| odd("no priority"))?;
            let action = action(rule).ok_or_else(|| odd("neither `Allow` nor `Deny`"))?;
            lines.push((priority, reader.line(rule, (priority, action), is_written)));
        }
        // A sort that keeps the order of equals, of which there are none within a direction.
        lines.sort_by_key(|(priority, _)| *priority);
        let mut lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
        if !has_defaults {
            lines.extend(reader.defaults());
        }
        Ok(Self { name, lines, default: Action::Deny })
    }

    /// Rules that somebody else than a security group holds, each with what it does and whether it opens anything.
    pub(super) fn of<'r>(
        name: &str,
        rules: impl Iterator<Item = (&'r SecurityRule, Action, bool)>,
        (space, family): (&Space, Family),
        (direction, reading): (Direction, Reading),
        default: Action,
    ) -> Result<Self, String> {
        let network = reading.virtual_network(space);
        let internet = palisade_reach::internet().subtract(network);
        let reader = Reader { kind: "admin rules of", name, space, family, direction, network, internet };
        let mut lines: Vec<(i64, Line)> = Vec::new();
        for (rule, action, opens) in rules {
            let called = rule.name.as_deref().unwrap_or("a rule");
            if !reader.concerns(rule).ok_or_else(|| format!("{called}: no direction"))? {
                continue;
            }
            let priority = rule.properties.priority.ok_or_else(|| format!("{called}: no priority"))?;
            lines.push((priority, reader.line(rule, (priority, action), opens)));
        }
        lines.sort_by_key(|(priority, _)| *priority);
        Ok(Self { name: name.to_owned(), lines: lines.into_iter().map(|(_, line)| line).collect(), default })
    }

    /// Which rules match the own side. Equal answers mean equal chains.
    pub(super) fn matching(&self, own: &Own, space: &Space) -> Vec<Certainty> {
        self.lines.iter().map(|line| line.own.matches(own, space)).collect()
    }

    /// The same with names for readers of proofs.
    pub(super) fn told(&self, matching: &[Certainty]) -> Chain {
        let mut chain = self.chain(matching);
        let lines = self.lines.iter().zip(matching).filter(|(_, certainty)| **certainty != Certainty::No);
        for (rule, (line, _)) in chain.rules.iter_mut().zip(lines) {
            rule.id = line.told.clone();
        }
        chain
    }

    /// The other sides of matching rules whose addresses are not known, as they were written.
    pub(super) fn unread<'f>(&'f self, matching: &'f [Certainty]) -> impl Iterator<Item = &'f str> {
        let lines = self.lines.iter().zip(matching).filter(|(_, certainty)| **certainty != Certainty::No);
        lines.filter(|(line, _)| !line.addresses.is_exact()).map(|(line, _)| line.text.as_str())
    }

    /// The rules as far as they match the own side.
    pub(super) fn chain(&self, matching: &[Certainty]) -> Chain {
        let rules = self.lines.iter().zip(matching).filter_map(|(line, certainty)| match certainty {
            Certainty::No => None,
            Certainty::Yes => Some(line.rule.clone()),
            Certainty::Maybe => {
                let matches = Bounds::unknown_within(line.rule.matches.upper().clone());
                Some(PortedRule { matches, ..line.rule.clone() })
            }
        });
        Chain { rules: rules.collect(), default: self.default }
    }
}

impl OwnSide {
    fn matches(&self, own: &Own, space: &Space) -> Certainty {
        let network = &space.virtual_network;
        let nothing = AddrSet::empty();
        let tagged = if self.virtual_network { (network.lower(), network.upper()) } else { (&nothing, &nothing) };
        let lower = self.nets.union(tagged.0);
        let upper = self.nets.union(tagged.1);
        match (own.address.lies_in(&lower, &upper), own.groups.is_in(&self.groups)) {
            _ if self.any => Certainty::Yes,
            (Certainty::Yes, _) | (_, Certainty::Yes) => Certainty::Yes,
            (Certainty::No, Certainty::No) if !self.unknown => Certainty::No,
            (Certainty::No | Certainty::Maybe, Certainty::No | Certainty::Maybe) => Certainty::Maybe,
        }
    }
}

struct Reader<'a> {
    /// What holds the rules, as it stands before its name.
    kind: &'static str,
    name: &'a str,
    space: &'a Space,
    family: Family,
    direction: Direction,
    /// What the tag `VirtualNetwork` is taken to cover.
    network: &'a AddrSet,
    /// What the tag `Internet` covers then.
    internet: AddrSet,
}

impl Reader<'_> {
    fn concerns(&self, rule: &SecurityRule) -> Option<bool> {
        let direction = rule.properties.direction.as_deref()?;
        let inbound = direction.eq_ignore_ascii_case("Inbound");
        (inbound || direction.eq_ignore_ascii_case("Outbound")).then_some(inbound == (self.direction == Direction::In))
    }

    fn line(&self, rule: &SecurityRule, (priority, action): (i64, Action), is_written: bool) -> Line {
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
            Direction::In => (source, destination),
            Direction::Out => (destination, source),
        };
        let addresses = self.addresses(&other);
        let ports = ports(properties.destination_port_range.as_deref(), &properties.destination_port_ranges);
        let source_ports = ports_or_full(properties.source_port_range.as_deref(), &properties.source_port_ranges);
        let protocol = properties.protocol.as_deref().unwrap_or_default();
        let mut matches = self.packets(protocol, ports.as_ref(), &addresses);
        if source_ports.is_none() {
            matches = Bounds::unknown_within(matches.upper().clone());
        }
        let all_ports = ports.as_ref().is_some_and(Ports::is_full) && source_ports.as_ref().is_none_or(Ports::is_full);
        let name = rule.name.as_deref().unwrap_or("rule");
        Line {
            rule: PortedRule {
                id: format!("{}/{name}", self.name).into(),
                action,
                matches,
                source_ports: source_ports.unwrap_or_else(Ports::full),
            },
            told: format!("{} {} rule {priority} {name}", self.kind, self.name).into(),
            own: self.own_side(&own),
            is_wide: is_written && action == Action::Allow && protocol == "*" && all_ports,
            addresses,
            text: other.text(),
        }
    }

    /// The three rules that every group ends with in each direction, for answers that leave them out.
    fn defaults(&self) -> Vec<Line> {
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
            is_wide: false,
            addresses,
            text: text.to_owned(),
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
                Err(_) => Bounds::unknown_within(all()),
            },
        }
    }

    fn own_side(&self, written: &Written<'_>) -> OwnSide {
        let mut own = OwnSide {
            groups: written.groups.iter().filter_map(|group| group.id.as_deref()).map(arm::key).collect(),
            unknown: written.is_empty(),
            ..OwnSide::default()
        };
        for text in written.prefixes() {
            match text.trim() {
                "*" => own.any = true,
                tag if tag.eq_ignore_ascii_case("VirtualNetwork") => own.virtual_network = true,
                // A rule sees the private address, which is no internet address.
                tag if tag.eq_ignore_ascii_case("AzureLoadBalancer") => {}
                tag if tag.eq_ignore_ascii_case("Internet") => {
                    own.nets = own.nets.union(&self.internet);
                }
                other => match parse_net(other) {
                    Ok(net) => own.nets = own.nets.union(&AddrSet::from_net(net)),
                    Err(_) => own.unknown = true,
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
        let groups = self.groups.iter().filter_map(|group| group.id.as_deref()).map(arm::name);
        self.prefixes().chain(groups).collect::<Vec<_>>().join(", ")
    }
}

fn action(rule: &SecurityRule) -> Option<Action> {
    match rule.properties.access.as_deref()? {
        access if access.eq_ignore_ascii_case("Allow") => Some(Action::Allow),
        access if access.eq_ignore_ascii_case("Deny") => Some(Action::Deny),
        _ => None,
    }
}
