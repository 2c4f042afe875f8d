//! The firewalls of a network in their order of evaluation.
//!
//! Hierarchical policies come first, then regional policies of Google's own, then the network's rules and its global and
//! regional policies in the order the network says, then the implied rules. `allow` and `deny` end the evaluation; no
//! match and `goto_next` pass to the next tier. So the network's own rules are not the last word.
//! <https://cloud.google.com/firewall/docs/firewall-policies-overview#rule-evaluation>

use super::{
    policy_rule::policy_rule,
    traffic::{addresses, packets},
};
use crate::record::compute::{EffectivePolicy, Firewall, PolicyRule};
use palisade_model::Gap;
use palisade_reach::{Action, AddrSet, Bounds, Certainty, Outcome, PacketSet, Rule, RuleId, parse_net, tiers};
use std::net::IpAddr;

/// Which way packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To the machine.
    Ingress,
    /// From the machine.
    Egress,
}

impl Direction {
    /// By Google's word for it; what is not said is to the machine.
    pub(crate) fn named(word: &str) -> Self {
        if word.eq_ignore_ascii_case("EGRESS") { Self::Egress } else { Self::Ingress }
    }

    fn of(word: Option<&str>) -> Self {
        word.map_or(Self::Ingress, Self::named)
    }
}

/// One of the network's own rules, of which next to nothing is known.
#[derive(Clone, Debug)]
pub(crate) struct UnreadRule {
    /// Which way it looks, when that much is known.
    pub(crate) direction: Option<Direction>,
    /// Why it was not read, in a sentence.
    pub(crate) why: String,
}

/// The firewalls of a network in one region and direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Firewalls {
    tiers: Vec<Tier>,
    /// What is not modelled and widened the bounds.
    pub(crate) limits: Vec<String>,
    /// The addresses some rule limits itself to at the machine's end, each set once.
    own: Vec<Bounds<AddrSet>>,
}

#[derive(Clone, Debug)]
struct Tier {
    name: String,
    rules: Vec<Compiled>,
}

/// One rule, before it is known for which machine.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    pub(crate) rule: Rule,
    /// What a person calls the rule.
    pub(crate) label: RuleId,
    pub(crate) targets: Targets,
    /// The machine's own addresses it is limited to, before they have a place in [`Firewalls::own`].
    pub(crate) own: Option<Bounds<AddrSet>>,
    /// That place.
    pub(crate) own_place: Option<usize>,
    /// The sources as they are configured.
    pub(crate) text: String,
    /// Network tags among the sources.
    pub(crate) source_tags: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Targets {
    Every,
    Some { tags: Vec<String>, accounts: Vec<String>, unread: bool },
}

/// What rules may ask of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Traits {
    pub(crate) tags: Vec<String>,
    pub(crate) accounts: Vec<String>,
    /// Whether its own addresses are among those that some rule limits itself to, for each such set. Not the addresses
    /// themselves: a thousand machines of one subnet are one kind of machine.
    pub(crate) own: Vec<Certainty>,
}

/// The order in which a network asks its firewalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The network's rules before its policies: Google's default.
    RulesFirst,
    /// The network's policies before its rules.
    PoliciesFirst,
}

/// Everything one network says about its firewalls.
#[derive(Debug)]
pub(crate) struct Inputs<'a> {
    pub(crate) rules: &'a [&'a Firewall],
    /// Rules it may have beside them.
    pub(crate) unread_rules: &'a [UnreadRule],
    /// Of the network: hierarchical and global policies, or why they are not known.
    pub(crate) global: Result<&'a [EffectivePolicy], Gap>,
    /// Of the network in the region: also Google's and regional policies, or why they are not known.
    pub(crate) regional: Result<&'a [EffectivePolicy], Gap>,
    pub(crate) order: Order,
    /// The network's own addresses: what tags and accounts as sources can stand for.
    pub(crate) local: &'a AddrSet,
    /// The network as policies name it.
    pub(crate) network: &'a str,
}

impl Firewalls {
    pub(crate) fn compile(inputs: &Inputs<'_>, direction: Direction) -> Self {
        let mut firewalls = Self::default();
        let (global, regional) = (read(&inputs.global), read(&inputs.regional));
        // The reply lists hierarchical policies from the organisation down; their `priority` is not filled.
        if let Err(gap) = &inputs.global {
            firewalls.unread("firewall policies of the network", gap);
        }
        firewalls.policies("hierarchical firewall policy", &of_kinds(global, &["HIERARCHY"]), inputs, direction);
        // Google's own are told with the region, and some with the network as well.
        if let Err(gap) = &inputs.regional {
            firewalls.unread("firewall policies of Google's own", gap);
        }
        let mut system = of_kinds(regional, SYSTEM);
        for policy in of_kinds(global, SYSTEM) {
            if !system.contains(&policy) {
                system.push(policy);
            }
        }
        firewalls.policies("system firewall policy", &ordered(system), inputs, direction);
        firewalls.unknown_kinds(global.iter().chain(regional), direction);
        let of_network = ordered(of_kinds(global, &["NETWORK"]));
        let of_region = ordered(of_kinds(regional, &["NETWORK_REGIONAL"]));
        if inputs.order == Order::RulesFirst {
            firewalls.rules(inputs, direction);
        }
        firewalls.policies("network firewall policy", &of_network, inputs, direction);
        if let Err(gap) = &inputs.regional {
            firewalls.unread("regional network firewall policies", gap);
        }
        firewalls.policies("regional network firewall policy", &of_region, inputs, direction);
        if inputs.order == Order::PoliciesFirst {
            firewalls.rules(inputs, direction);
        }
        firewalls.limits.sort();
        firewalls.limits.dedup();
        firewalls.place_own();
        firewalls
    }

    /// A tier nobody read: it may decide everything that reaches it, and what was decided before stands.
    fn unread(&mut self, name: &str, gap: &Gap) {
        self.limits.push(gap.to_string());
        let name = format!("{name}, which were not read");
        self.tiers.push(Tier { rules: anything(&name).to_vec(), name });
    }

    /// Gives each distinct set of own addresses its place.
    fn place_own(&mut self) {
        for compiled in self.tiers.iter_mut().flat_map(|tier| &mut tier.rules) {
            let Some(own) = &compiled.own else { continue };
            let place = self.own.iter().position(|known| known == own).unwrap_or(self.own.len());
            if place == self.own.len() {
                self.own.push(own.clone());
            }
            compiled.own_place = Some(place);
        }
    }

    /// Where a machine with these addresses inside the network falls among the sets that rules limit themselves to.
    pub(crate) fn own_hits(&self, addresses: &[IpAddr]) -> Vec<Certainty> {
        let inside = |set: &AddrSet| addresses.iter().any(|address| set.contains(*address));
        let hit = |own: &Bounds<AddrSet>| {
            if addresses.is_empty() {
                // One that says no address may have any.
                Certainty::Maybe
            } else if inside(own.lower()) {
                Certainty::Yes
            } else if inside(own.upper()) {
                Certainty::Maybe
            } else {
                Certainty::No
            }
        };
        self.own.iter().map(hit).collect()
    }

    fn rules(&mut self, inputs: &Inputs<'_>, direction: Direction) {
        let mut sorted: Vec<(i64, bool, Compiled)> = Vec::new();
        for firewall in inputs.rules {
            if firewall.disabled == Some(true) || Direction::of(firewall.direction.as_deref()) != direction {
                continue;
            }
            // <https://cloud.google.com/firewall/docs/firewalls#priority_order_for_firewall_rules>: 1000 when unset.
            let priority = firewall.priority.unwrap_or(1000);
            for (action, traffic) in [(Action::Deny, &firewall.denied), (Action::Allow, &firewall.allowed)] {
                if !traffic.is_empty() {
                    sorted.push((
                        priority,
                        action == Action::Allow,
                        rule(firewall, action, traffic, inputs.local, direction),
                    ));
                }
            }
        }
        // At equal priority deny wins.
        sorted.sort_by(|a, b| (a.0, a.1, &a.2.rule.id).cmp(&(b.0, b.1, &b.2.rule.id)));
        let mut rules = Vec::new();
        // A rule nobody read may come before all others.
        for unread in inputs.unread_rules.iter().filter(|rule| rule.direction.is_none_or(|way| way == direction)) {
            self.limits.push(unread.why.clone());
            rules.extend(anything("VPC firewall rules that were not read"));
        }
        rules.extend(sorted.into_iter().map(|(_, _, compiled)| compiled));
        self.tiers.push(Tier { name: "VPC firewall rules".to_owned(), rules });
    }

    fn policies(&mut self, kind: &str, policies: &[&EffectivePolicy], inputs: &Inputs<'_>, direction: Direction) {
        for policy in policies {
            let mut name = policy_name(policy);
            // By its number a hierarchical policy is found; people know it by its other name.
            let number = policy.name.as_deref().filter(|number| is_number(number) && **number != *name);
            if let Some(number) = number {
                name = format!("{name} ({number})");
            }
            let mut sorted: Vec<(i64, Compiled)> = Vec::new();
            for rule in &policy.rules {
                if rule.disabled == Some(true) || Direction::of(rule.direction.as_deref()) != direction {
                    continue;
                }
                let priority = rule.priority.unwrap_or(0);
                let (id, label) = match rule.rule_name.as_deref().filter(|name| !name.is_empty()) {
                    Some(rule_name) => (
                        format!("{name} {priority} ({rule_name})"),
                        format!("{kind} {name} rule {priority} ({rule_name})"),
                    ),
                    None => (format!("{name} {priority}"), format!("{kind} {name} rule {priority}")),
                };
                let Some(compiled) = policy_rule(rule, id, inputs, direction, &mut self.limits) else { continue };
                let compiled = Compiled { label: label.into(), ..compiled };
                // What is not understood may as well end the evaluation with a denial: no later rule lets it in surely.
                let may_deny = !matches!(rule.action.as_deref(), Some("allow" | "deny" | "goto_next"));
                let denial = may_deny.then(|| {
                    let denied = Rule { action: Action::Deny, ..compiled.rule.clone() };
                    (priority, Compiled { rule: denied, ..compiled.clone() })
                });
                sorted.push((priority, compiled));
                sorted.extend(denial);
            }
            sorted.sort_by_key(|(priority, _)| *priority);
            let mut rules = Vec::new();
            if !policy.unread.is_empty() {
                self.limits
                    .extend(policy.unread.iter().map(|why| format!("a rule of {kind} `{name}` is not known: {why}")));
                rules.extend(anything(&format!("{kind} {name}, rules that were not read")));
            }
            rules.extend(sorted.into_iter().map(|(_, compiled)| compiled));
            self.tiers.push(Tier { name: format!("{kind} {name}"), rules });
        }
    }

    /// A kind of policy nobody told us the place of may decide anything.
    fn unknown_kinds<'p>(&mut self, policies: impl Iterator<Item = &'p EffectivePolicy>, direction: Direction) {
        const KNOWN: &[&str] =
            &["HIERARCHY", "SYSTEM", "SYSTEM_GLOBAL", "SYSTEM_REGIONAL", "NETWORK", "NETWORK_REGIONAL"];
        for policy in policies {
            if policy.kind.as_deref().is_some_and(|kind| KNOWN.contains(&kind)) {
                continue;
            }
            let name = policy_name(policy);
            let looks = |rule: &PolicyRule| Direction::of(rule.direction.as_deref()) == direction;
            if !policy.unread.is_empty() || policy.rules.iter().any(looks) {
                self.limits.push(format!("firewall policy `{name}` is of a kind this version does not know"));
                let name = format!("firewall policy {name}");
                self.tiers.push(Tier { rules: anything(&name).to_vec(), name });
            }
        }
    }

    /// What the firewalls do for a machine of these traits. Nothing decides the rest here: the implied rule does.
    pub(crate) fn outcome(&self, traits: &Traits, direction: Direction) -> Outcome {
        let mut chain: Vec<(Vec<Rule>, Action)> = self
            .tiers
            .iter()
            .map(|tier| {
                let rules = tier.rules.iter().filter_map(|compiled| compiled.seen_by(traits)).collect();
                (rules, Action::Pass)
            })
            .collect();
        if direction == Direction::Egress {
            // <https://cloud.google.com/firewall/docs/firewalls#default_firewall_rules>
            let everything = Bounds::exact(PacketSet::all());
            chain.push((vec![Rule::new("implied allow egress", Action::Allow, everything)], Action::Deny));
        }
        tiers(&chain)
    }

    /// The filters an arriving packet meets, for a machine of these traits, their rules by the names people know.
    pub(crate) fn arriving(&self, traits: &Traits) -> Vec<palisade_reach::Tier> {
        let named = |compiled: &Compiled| Some(Rule { id: compiled.label.clone(), ..compiled.seen_by(traits)? });
        let own = self.tiers.iter().map(|tier| palisade_reach::Tier {
            name: tier.name.as_str().into(),
            rules: tier.rules.iter().filter_map(named).collect(),
            default: Action::Pass,
        });
        // <https://cloud.google.com/firewall/docs/firewalls#default_firewall_rules>
        let everything = Bounds::exact(PacketSet::all());
        let implied = palisade_reach::Tier {
            name: "implied rules".into(),
            rules: vec![Rule::new("implied deny ingress", Action::Deny, everything)],
            default: Action::Deny,
        };
        own.filter(|tier| !tier.rules.is_empty()).chain([implied]).collect()
    }

    /// The allow rules that concern a machine, as configured.
    pub(crate) fn allows<'a>(&'a self, traits: &'a Traits) -> impl Iterator<Item = (&'a Compiled, Rule)> {
        let all = self.tiers.iter().flat_map(|tier| &tier.rules);
        let allows = all.filter(|compiled| compiled.rule.action == Action::Allow);
        allows.filter_map(|compiled| Some((compiled, compiled.seen_by(traits)?)))
    }
}

impl Compiled {
    /// The rule for one machine; nothing when it surely is for others.
    fn seen_by(&self, traits: &Traits) -> Option<Rule> {
        let hit = self.targets.hit(traits).min(self.own_hit(traits));
        let matches = match hit {
            Certainty::No => return None,
            Certainty::Yes => self.rule.matches.clone(),
            Certainty::Maybe => Bounds::unknown_within(self.rule.matches.upper().clone()),
        };
        Some(Rule { matches, ..self.rule.clone() })
    }

    fn own_hit(&self, traits: &Traits) -> Certainty {
        match self.own_place {
            None => Certainty::Yes,
            // A machine nobody asked about may have any address.
            Some(place) => traits.own.get(place).copied().unwrap_or(Certainty::Maybe),
        }
    }
}

impl Targets {
    pub(crate) fn of(tags: &[String], accounts: &[String], unread: bool) -> Self {
        if tags.is_empty() && accounts.is_empty() && !unread {
            Self::Every
        } else {
            Self::Some { tags: tags.to_vec(), accounts: accounts.to_vec(), unread }
        }
    }

    fn hit(&self, traits: &Traits) -> Certainty {
        match self {
            Self::Every => Certainty::Yes,
            Self::Some { tags, accounts, unread } => {
                let named = tags.iter().any(|tag| traits.tags.contains(tag))
                    || accounts.iter().any(|account| traits.accounts.contains(account));
                match (named, unread) {
                    (true, _) => Certainty::Yes,
                    (false, true) => Certainty::Maybe,
                    (false, false) => Certainty::No,
                }
            }
        }
    }
}

/// One of the network's own rules.
fn rule(
    firewall: &Firewall,
    action: Action,
    traffic: &[crate::record::compute::Traffic],
    local: &AddrSet,
    direction: Direction,
) -> Compiled {
    let (ranges, own) = match direction {
        Direction::Ingress => (&firewall.source_ranges, &firewall.destination_ranges),
        Direction::Egress => (&firewall.destination_ranges, &firewall.source_ranges),
    };
    let tagged = direction == Direction::Ingress
        && !(firewall.source_tags.is_empty() && firewall.source_service_accounts.is_empty());
    let matches = match (ranges.is_empty(), tagged) {
        // Without any source or destination Google takes every IPv4 address.
        // <https://cloud.google.com/firewall/docs/firewalls#sources_or_destinations>
        (true, false) => packets(traffic, &Bounds::exact(AddrSet::all_v4())),
        // Sources of both kinds add up. Tags and accounts stand for addresses inside the network, never for external
        // ones; which, is not read.
        (_, true) => {
            let inside = Bounds::unknown_within(local.clone());
            packets(traffic, &addresses(ranges).union(&inside))
        }
        (false, false) => packets(traffic, &addresses(ranges)),
    };
    let text = ranges
        .iter()
        .chain(&firewall.source_tags)
        .chain(&firewall.source_service_accounts)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let name = firewall.name.clone().unwrap_or_else(|| "without a name".to_owned());
    Compiled {
        label: format!("VPC firewall rule {name} (priority {})", firewall.priority.unwrap_or(1000)).into(),
        rule: Rule::new(firewall.name.clone().unwrap_or_else(|| "a rule without a name".to_owned()), action, matches),
        targets: Targets::of(&firewall.target_tags, &firewall.target_service_accounts, false),
        own: (!own.is_empty()).then(|| addresses(own)),
        own_place: None,
        text: if text.is_empty() { "0.0.0.0/0".to_owned() } else { text },
        source_tags: if ranges.is_empty() && firewall.source_service_accounts.is_empty() {
            firewall.source_tags.clone()
        } else {
            Vec::new()
        },
    }
}

/// The policies, as far as they were read.
fn read<'a>(policies: &Result<&'a [EffectivePolicy], Gap>) -> &'a [EffectivePolicy] {
    policies.as_ref().map_or(&[], |policies| policies)
}

/// Rules that may deny or allow anything to any machine, for those nobody read. Nothing later is sure then.
fn anything(name: &str) -> [Compiled; 2] {
    [Action::Deny, Action::Allow].map(|action| Compiled {
        rule: Rule::new(format!("{name} ({action:?})"), action, Bounds::unknown_within(PacketSet::all())),
        label: name.into(),
        targets: Targets::Every,
        own: None,
        own_place: None,
        text: "anything".to_owned(),
        source_tags: Vec::new(),
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn policy_name(policy: &EffectivePolicy) -> String {
    let names = [&policy.short_name, &policy.display_name, &policy.name];
    names.into_iter().flatten().find(|name| !name.is_empty()).cloned().unwrap_or_else(|| "without a name".to_owned())
}

/// The kinds of policies that Google keeps.
const SYSTEM: &[&str] = &["SYSTEM", "SYSTEM_GLOBAL", "SYSTEM_REGIONAL"];

/// The policies of some kinds, in the order they were told.
fn of_kinds<'a>(policies: &'a [EffectivePolicy], kinds: &[&str]) -> Vec<&'a EffectivePolicy> {
    let has = |policy: &&EffectivePolicy| policy.kind.as_deref().is_some_and(|kind| kinds.contains(&kind));
    policies.iter().filter(has).collect()
}

/// Several policies of one kind are asked by the priority of their association.
fn ordered(mut policies: Vec<&EffectivePolicy>) -> Vec<&EffectivePolicy> {
    policies.sort_by_key(|policy| policy.priority.unwrap_or(0));
    policies
}

/// A network's own prefixes out of texts; what cannot be read is left out, since it only ever widens.
pub(crate) fn prefixes<'a>(texts: impl IntoIterator<Item = &'a String>) -> AddrSet {
    AddrSet::from_nets(texts.into_iter().filter_map(|text| parse_net(text).ok()))
}
