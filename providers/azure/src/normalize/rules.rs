//! Network security groups: what each rule matches, in one direction, in one family, in one subnet.
//! <https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview>

mod reader;

use super::{space::Space, table::Row};
use crate::{
    SECURITY_GROUPS, arm,
    record::{SecurityGroup, SecurityRule},
};
use palisade_model::Gap;
use palisade_reach::{Action, AddrSet, Bounds, Certainty, Chain, Family, PacketSet, PortedRule, RuleId, Sessions};
use reader::{Reader, action};
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

/// What holds under each reading of the tag.
#[derive(Clone, Debug)]
pub(super) struct Readings<T> {
    /// Under [`Reading::Narrow`].
    pub(super) narrow: T,
    /// Under [`Reading::Wide`].
    pub(super) wide: T,
}

impl<T> Readings<T> {
    pub(super) fn map<U>(&self, with: impl Fn(&T) -> U) -> Readings<U> {
        Readings { narrow: with(&self.narrow), wide: with(&self.wide) }
    }
}

impl Readings<Bounds<PacketSet>> {
    /// What gets through when either reading may be the true one: each packet surely when it does under both.
    pub(super) fn either(&self) -> Bounds<PacketSet> {
        let (one, other) = (&self.narrow, &self.wide);
        Bounds::between(one.lower().intersect(other.lower()), one.upper().union(other.upper()))
    }
}

impl Readings<Sessions> {
    /// The same for sessions.
    pub(super) fn either(&self) -> Sessions {
        Sessions {
            any_port: self.map(|sessions| sessions.any_port.clone()).either(),
            ordinary: self.map(|sessions| sessions.ordinary.clone()).either(),
        }
    }
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
    /// The group's resource id.
    pub(super) id: String,
    /// Its rules in order, the defaults last.
    pub(super) lines: Vec<Line>,
    /// The day of the list of service tags, when a rule rests on it.
    pub(super) tags_of: Option<&'static str>,
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
    pub(super) is_wide: Certainty,
    /// The other side, as far as it is known.
    pub(super) addresses: Bounds<AddrSet>,
    /// The other side as it was written.
    pub(super) text: String,
    /// The day of the list of service tags, when a side rests on it.
    tags_of: Option<&'static str>,
}

fn tags_of(lines: &[Line]) -> Option<&'static str> {
    lines.iter().find_map(|line| line.tags_of)
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
    internet: bool,
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
        let rules = group.properties.security_rules.as_deref().ok_or_else(|| {
            let scope = arm::subscription(&row.id).unwrap_or_default();
            let pointer = format!("/value/{}/properties/securityRules", row.at);
            super::malformed(&SECURITY_GROUPS, scope, &pointer, "missing")
        })?;
        let written = rules.iter().map(|rule| (rule, true));
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
        Ok(Self { name, id: row.id.clone(), tags_of: tags_of(&lines), lines, default: Action::Deny })
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
        let lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
        Ok(Self { name: name.to_owned(), id: String::new(), tags_of: tags_of(&lines), lines, default })
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
        // The tag may cover the own address and not the other side's, or the other way round: here neither reading of
        // the other side is followed.
        let tagged = match (self.virtual_network, self.internet) {
            (false, false) => Bounds::exact(AddrSet::empty()),
            (true, false) => network.clone(),
            (false, true) => {
                let rest = |covered: &AddrSet| palisade_reach::internet().subtract(covered);
                Bounds::between(rest(network.upper()), rest(network.lower()))
            }
            (true, true) => network.map(|covered| covered.union(palisade_reach::internet())),
        };
        let lower = self.nets.union(tagged.lower());
        let upper = self.nets.union(tagged.upper());
        match (own.address.lies_in(&lower, &upper), own.groups.is_in(&self.groups)) {
            _ if self.any => Certainty::Yes,
            (Certainty::Yes, _) | (_, Certainty::Yes) => Certainty::Yes,
            (Certainty::No, Certainty::No) if !self.unknown => Certainty::No,
            (Certainty::No | Certainty::Maybe, Certainty::No | Certainty::Maybe) => Certainty::Maybe,
        }
    }
}
