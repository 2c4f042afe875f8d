//! Security groups and network ACLs as exact sets of packets.

use crate::record::network::{AclEntry, NetworkAcl, Permission, SecurityGroup};
use ipnet::IpNet;
use palisade_reach::{
    Action, AddrSet, Bounds, Chain, Family, Hit, PacketSet, PortedRule, Ports, Protocol, Protocols, Rule, RuleId,
    parse_net, with_source_ports,
};
use std::collections::HashMap;

/// Prefix lists by id, as far as they could be read.
pub(super) type PrefixLists = HashMap<String, PrefixList>;

/// What a prefix list stands for.
#[derive(Clone, Debug)]
pub(super) struct PrefixList {
    /// Every address in it.
    pub(super) covers: Bounds<AddrSet>,
    /// Its entries as they are written: in a route table the longest of them counts. Nothing when they were not read.
    pub(super) entries: Option<Vec<IpNet>>,
}

/// A security group, translated.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Rules that name addresses.
    pub(super) rules: Vec<AddressRule>,
    /// Rules that name another group.
    pub(super) references: Vec<Reference>,
    /// The rules that let out every protocol and port, each with where to. Only together they may say everywhere.
    pub(super) egress: Vec<(String, Bounds<AddrSet>)>,
}

/// A rule that names addresses, or a prefix list.
#[derive(Debug)]
pub(super) struct AddressRule {
    pub(super) rule: Rule,
    pub(super) shape: Shape,
    pub(super) sources: Bounds<AddrSet>,
    /// The sources as they are written.
    pub(super) text: String,
}

/// A rule that names a group: it admits the private addresses of that group's members and nobody else.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) id: RuleId,
    pub(super) shape: Shape,
    pub(super) group: String,
}

/// Which packets a rule speaks of, apart from their sources.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) protocols: Protocols,
    pub(super) ports: Ports,
    /// Whether the rule was understood; when not, this is the widest it can mean.
    understood: bool,
}

impl Shape {
    pub(super) fn everything() -> Self {
        Self { protocols: Protocols::Any, ports: Ports::full(), understood: true }
    }

    fn unknown(protocols: Protocols) -> Self {
        Self { protocols, ports: Ports::full(), understood: false }
    }

    /// Whether every protocol and port is meant.
    pub(super) fn is_everything(&self) -> bool {
        self.protocols == Protocols::Any && self.ports.is_full()
    }

    /// The packets of this shape from some sources.
    pub(super) fn from(&self, sources: &Bounds<AddrSet>) -> Bounds<PacketSet> {
        let packets = |sources: &AddrSet| PacketSet::of(self.protocols, &self.ports, sources);
        if self.understood { sources.map(packets) } else { Bounds::unknown_within(packets(sources.upper())) }
    }
}

/// Translates a group.
pub(super) fn group(record: &SecurityGroup, lists: &PrefixLists) -> Group {
    let id = record.group_id.as_deref().unwrap_or("?");
    let mut group = Group::default();
    for permission in &record.ip_permissions {
        let shape = shape_of(permission);
        let named = |source: &str| format!("{id}: {} from {source}", describe(permission));
        for (text, sources) in addresses(permission, lists) {
            let rule = Rule::new(named(&text), Action::Allow, shape.from(&sources));
            group.rules.push(AddressRule { rule, shape: shape.clone(), sources, text });
        }
        for pair in &permission.groups {
            // A reference to a deleted group or through a deleted peering admits nobody.
            let is_stale =
                matches!(pair.peering_status.as_deref(), Some("deleted" | "rejected" | "failed" | "expired"));
            // One without an id may be any group.
            let referenced = pair.group_id.as_deref().unwrap_or("?");
            if !is_stale {
                let reference =
                    Reference { id: named(referenced).into(), shape: shape.clone(), group: referenced.to_owned() };
                group.references.push(reference);
            }
        }
    }
    for permission in &record.ip_permissions_egress {
        if shape_of(permission).is_everything() {
            let all = addresses(permission, lists).into_iter();
            group.egress.extend(all.map(|(text, to)| (format!("{id}: all to {text}"), to)));
        }
    }
    group
}

/// Every address source of a rule with what it stands for.
fn addresses(permission: &Permission, lists: &PrefixLists) -> Vec<(String, Bounds<AddrSet>)> {
    let v4 = permission.ip_ranges.iter().map(|range| range.cidr_ip.as_deref().unwrap_or("?"));
    let v6 = permission.ipv6_ranges.iter().map(|range| range.cidr_ipv6.as_deref().unwrap_or("?"));
    let v4 = v4.map(|text| (text.to_owned(), range(text, Family::V4)));
    let v6 = v6.map(|text| (text.to_owned(), range(text, Family::V6)));
    let named = permission.prefix_list_ids.iter().map(|list| list.prefix_list_id.as_deref().unwrap_or("?"));
    let named = named.map(|id| {
        let covers = lists.get(id).map(|list| list.covers.clone());
        let covers = covers.unwrap_or_else(|| Bounds::unknown_within(AddrSet::all()));
        (id.to_owned(), covers)
    });
    let all: Vec<(String, Bounds<AddrSet>)> = v4.chain(v6).chain(named).collect();
    if all.is_empty() && permission.groups.is_empty() {
        // Every rule names somebody, so this one does in a way we do not know.
        return vec![("?".to_owned(), Bounds::unknown_within(AddrSet::all()))];
    }
    all
}

/// A range as it is written; one that cannot be read may be anything of its family.
pub(super) fn range(text: &str, family: Family) -> Bounds<AddrSet> {
    match parse_net(text) {
        Ok(net) => Bounds::exact(AddrSet::from_net(net)),
        Err(_) => Bounds::unknown_within(AddrSet::all().family(family)),
    }
}

/// Ports count for TCP and UDP, types and codes for ICMP; for every other protocol AWS matches all of it, whatever
/// the port fields say (EC2 API reference, `IpPermission`).
fn shape_of(permission: &Permission) -> Shape {
    let limits = (permission.from_port, permission.to_port);
    match permission.ip_protocol.as_deref() {
        Some("-1") => Shape::everything(),
        Some("tcp" | "6") => ported(Protocol::TCP, limits),
        Some("udp" | "17") => ported(Protocol::UDP, limits),
        Some("icmp" | "1") => messages(Protocol::ICMP, limits),
        Some("icmpv6" | "58") => messages(Protocol::ICMPV6, limits),
        Some(number) => match number.parse::<u8>() {
            Ok(number) => whole(Protocol(number)),
            Err(_) => Shape::unknown(Protocols::Any),
        },
        None => Shape::unknown(Protocols::Any),
    }
}

fn whole(protocol: Protocol) -> Shape {
    Shape { protocols: Protocols::One(protocol), ports: Ports::full(), understood: true }
}

fn ported(protocol: Protocol, limits: (Option<i64>, Option<i64>)) -> Shape {
    match limits {
        (None | Some(-1), _) | (_, None | Some(-1)) => whole(protocol),
        (Some(from), Some(to)) => match (u16::try_from(from), u16::try_from(to)) {
            (Ok(from), Ok(to)) if from <= to => Shape { ports: Ports::from_range(from, to), ..whole(protocol) },
            _ => Shape::unknown(Protocols::One(protocol)),
        },
    }
}

fn messages(protocol: Protocol, (kind, code): (Option<i64>, Option<i64>)) -> Shape {
    let number = |field: Option<i64>| match field {
        None | Some(-1) => Ok(None),
        Some(number) => u8::try_from(number).map(Some),
    };
    match (number(kind), number(code)) {
        (Ok(kind), Ok(code)) => Shape { ports: Protocol::icmp_messages(kind, code), ..whole(protocol) },
        _ => Shape::unknown(Protocols::One(protocol)),
    }
}

fn describe(permission: &Permission) -> String {
    let protocol = permission.ip_protocol.as_deref().unwrap_or("?");
    match (protocol, permission.from_port, permission.to_port) {
        ("-1", _, _) => "all".to_owned(),
        (_, Some(from), Some(to)) if from == to => format!("{protocol} {from}"),
        (_, Some(from), Some(to)) => format!("{protocol} {from}-{to}"),
        (_, _, _) => protocol.to_owned(),
    }
}

/// A network ACL, translated: what gets in, and for TCP what gets in and has an answer that gets out.
#[derive(Debug)]
pub(super) struct Acl {
    pub(super) id: String,
    /// With the best of all source ports.
    pub(super) any_port: Bounds<PacketSet>,
    /// With the best of the source ports of ordinary clients.
    pub(super) ordinary: Bounds<PacketSet>,
    pub(super) inbound: Vec<Hit>,
    pub(super) outbound: Vec<Hit>,
    /// The rules for what comes in, and for the answers to it.
    pub(super) chains: (Chain, Chain),
}

/// Translates an ACL. It keeps no state: the answer to an inbound packet has to pass the outbound rules, with the
/// client's source port as destination port. TCP is held to that; for everything else one packet is enough.
pub(super) fn acl(record: &NetworkAcl) -> Acl {
    let id = record.network_acl_id.clone().unwrap_or_else(|| "?".to_owned());
    // An entry without a number or a direction may stand before all others, on either side.
    let is_unplaced = |entry: &AclEntry| entry.rule_number.is_none() || entry.egress.is_none();
    let unplaced = if record.entry_set.iter().any(is_unplaced) { either(&id) } else { Vec::new() };
    let chain = |outbound: bool| {
        let mut entries: Vec<&AclEntry> =
            record.entry_set.iter().filter(|entry| !is_unplaced(entry) && entry.egress == Some(outbound)).collect();
        // The order of the answer means nothing, only the rule number does.
        entries.sort_by_key(|entry| entry.rule_number.unwrap_or(i64::MAX));
        let rules = entries.into_iter().flat_map(|entry| acl_rules(&id, entry, outbound));
        Chain { rules: unplaced.iter().cloned().chain(rules).collect(), default: Action::Deny }
    };
    let (inbound, outbound) = (chain(false), chain(true));
    let delivered = with_source_ports(std::slice::from_ref(&inbound)).sessions;
    let split = with_source_ports(&[inbound.clone(), outbound.clone()]);
    let tcp = Bounds::exact(PacketSet::of(Protocols::One(Protocol::TCP), &Ports::full(), &AddrSet::all()));
    let joined = |sessions: &Bounds<PacketSet>, packets: &Bounds<PacketSet>| {
        sessions.intersect(&tcp).union(&packets.subtract(&tcp))
    };
    let mut hits = split.hits.into_iter();
    Acl {
        any_port: joined(&split.sessions.any_port, &delivered.any_port),
        ordinary: joined(&split.sessions.ordinary, &delivered.ordinary),
        inbound: hits.next().unwrap_or_default(),
        outbound: hits.next().unwrap_or_default(),
        chains: (inbound, outbound),
        id,
    }
}

/// Rules that may let anything pass and may stop it.
fn either(acl: &str) -> Vec<PortedRule> {
    let rule = |action| PortedRule {
        id: RuleId::from(format!("{acl}: a rule that says neither when nor where it counts")),
        action,
        matches: Bounds::unknown_within(PacketSet::all()),
        source_ports: Ports::full(),
    };
    vec![rule(Action::Allow), rule(Action::Deny)]
}

fn acl_rules(acl: &str, entry: &AclEntry, outbound: bool) -> Vec<PortedRule> {
    let number = entry.rule_number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let side = if outbound { "to" } else { "from" };
    let addresses = match (&entry.cidr_block, &entry.ipv6_cidr_block) {
        (Some(text), _) => (text.as_str(), range(text, Family::V4)),
        (None, Some(text)) => (text.as_str(), range(text, Family::V6)),
        (None, None) => ("?", Bounds::unknown_within(AddrSet::all())),
    };
    let shape = acl_shape(entry);
    let word = entry.rule_action.as_deref().unwrap_or("?");
    let what = spoken_of(entry);
    let id = RuleId::from(format!("{acl} rule {number}: {word} {what} {side} {}", addresses.0));
    // An outbound rule matches the answer: its ports are the client's, its addresses the client's.
    let (packets, source_ports) = if outbound {
        let any_port = Shape { ports: Ports::full(), ..shape.clone() };
        (any_port.from(&addresses.1), shape.ports)
    } else {
        (shape.from(&addresses.1), Ports::full())
    };
    let rule = |action, matches| PortedRule { id: id.clone(), action, matches, source_ports: source_ports.clone() };
    match word {
        "allow" => vec![rule(Action::Allow, packets)],
        "deny" => vec![rule(Action::Deny, packets)],
        // An action of the future may do either.
        _ => {
            let unknown = Bounds::unknown_within(packets.upper().clone());
            vec![rule(Action::Allow, unknown.clone()), rule(Action::Deny, unknown)]
        }
    }
}

/// What an entry speaks of, as people say it: `tcp 22`.
fn spoken_of(entry: &AclEntry) -> String {
    let protocol = match entry.protocol.as_deref() {
        Some("-1") => "all",
        Some("6") => "tcp",
        Some("17") => "udp",
        Some("1") => "icmp",
        Some("58") => "icmpv6",
        Some(other) => other,
        None => "?",
    };
    match entry.port_range.as_ref().map(|range| (range.from, range.to)) {
        Some((Some(from), Some(to))) if from == to => format!("{protocol} {from}"),
        Some((Some(from), Some(to))) => format!("{protocol} {from}-{to}"),
        _ => protocol.to_owned(),
    }
}

/// The protocol is a number; all but 6, 17, 1 and 58 are matched whole (EC2 API reference, `CreateNetworkAclEntry`).
fn acl_shape(entry: &AclEntry) -> Shape {
    let ports = entry.port_range.as_ref().map(|range| (range.from, range.to)).unwrap_or_default();
    let kinds = entry.icmp_type_code.as_ref().map(|icmp| (icmp.kind, icmp.code)).unwrap_or_default();
    match entry.protocol.as_deref() {
        Some("-1" | "all") => Shape::everything(),
        Some("6" | "tcp") => ported(Protocol::TCP, ports),
        Some("17" | "udp") => ported(Protocol::UDP, ports),
        Some("1" | "icmp") => messages(Protocol::ICMP, kinds),
        // ICMPv6 under an IPv4 range matches all types and codes; there is no such packet anyway.
        Some("58" | "icmpv6") if entry.cidr_block.is_some() => whole(Protocol::ICMPV6),
        Some("58" | "icmpv6") => messages(Protocol::ICMPV6, kinds),
        Some(number) => number.parse::<u8>().map_or_else(|_| Shape::unknown(Protocols::Any), |n| whole(Protocol(n))),
        None => Shape::unknown(Protocols::Any),
    }
}
