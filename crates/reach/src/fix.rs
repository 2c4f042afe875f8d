//! What to change so that a path no longer lets some packets through.

use std::sync::Arc;

use crate::atoms::PortedRule;
use crate::bounds::Bounds;
use crate::interval::Ports;
use crate::packet::PacketSet;
use crate::path::{Gate, Layer, Path, Tier};
use crate::rule::{Action, Rule, RuleId};

/// Into how many prefixes a rule is narrowed at most; beyond that it is removed, and what else it admitted is told as
/// collateral. Security groups and lists hold some sixty rules.
pub const MOST_PREFIXES: usize = 40;

/// A change in one layer that closes what should be closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// The layer, or the tier of it.
    pub layer: Arc<str>,
    /// What to do there; all of it is needed.
    pub changes: Vec<Change>,
    /// What else this closes: packets that may have got through before, should not be closed, and surely do not get
    /// through afterwards.
    pub collateral: PacketSet,
}

/// One change of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Remove this allow rule.
    Remove {
        /// The rule.
        rule: RuleId,
    },
    /// Let this allow rule match only this.
    Narrow {
        /// The rule.
        rule: RuleId,
        /// What it still matches.
        leaves: PacketSet,
    },
    /// Add a rule that denies.
    Deny {
        /// Directly before this rule; `None` is the end of the list.
        before: Option<RuleId>,
        /// What it matches.
        packets: PacketSet,
    },
}

impl Path {
    /// For each layer and each tier of one in which that is possible, the smallest change that closes `unwanted` on this
    /// path: the fewest changes, among those the fewest prefixes to write.
    ///
    /// Every fix is tried before it is told: with it nothing unwanted may get through any more, and what else no longer
    /// does is its collateral. Routes and filters of answers are left alone, since closing there cuts off much more.
    /// Empty when nothing unwanted gets through in the first place, and when no layer can close it.
    pub fn fixes(&self, unwanted: &PacketSet) -> Vec<Fix> {
        let open = upper(&self.layers);
        let wrong = open.intersect(unwanted);
        if wrong.is_empty() {
            return Vec::new();
        }
        let mut fixes = Vec::new();
        for (place, layer) in self.layers.iter().enumerate() {
            let mut ways: Vec<Way> =
                ways(layer, unwanted, &wrong).into_iter().filter(|way| !way.changes.is_empty()).collect();
            ways.sort_by_key(Way::size);
            let mut closed: Vec<Arc<str>> = Vec::new();
            for way in ways {
                if closed.contains(&way.layer) {
                    continue;
                }
                let mut layers = self.layers.clone();
                if let Some(slot) = layers.get_mut(place) {
                    *slot = way.changed;
                }
                let after = upper(&layers);
                if after.intersect(unwanted).is_empty() {
                    let collateral = open.subtract(&after).subtract(unwanted);
                    closed.push(Arc::clone(&way.layer));
                    fixes.push(Fix { layer: way.layer, changes: way.changes, collateral });
                }
            }
        }
        fixes
    }
}

/// What may get through with some source port.
fn upper(layers: &[Layer]) -> PacketSet {
    Path::new("", layers.to_vec()).sessions().any_port.upper().clone()
}

/// A way to close something in one layer, and the layer when that is done.
struct Way {
    layer: Arc<str>,
    changes: Vec<Change>,
    changed: Layer,
}

impl Way {
    fn size(&self) -> (usize, usize) {
        let prefixes = |change: &Change| match change {
            Change::Remove { .. } => 0,
            Change::Narrow { leaves, .. } => prefixes(leaves),
            Change::Deny { packets, .. } => prefixes(packets),
        };
        (self.changes.len(), self.changes.iter().map(prefixes).sum())
    }
}

fn prefixes(packets: &PacketSet) -> usize {
    packets.cells().map(|cell| cell.sources.to_nets().len()).sum()
}

fn ways(layer: &Layer, unwanted: &PacketSet, wrong: &PacketSet) -> Vec<Way> {
    let with = |gate| Layer { gate, ..layer.clone() };
    match &layer.gate {
        Gate::Fixed { id, .. } => {
            let passes = Bounds::exact(PacketSet::empty());
            let changed = with(Gate::Fixed { id: id.clone(), passes });
            vec![Way { layer: Arc::clone(&layer.name), changes: vec![Change::Remove { rule: id.clone() }], changed }]
        }
        Gate::AnyAllow(rules) => {
            // Where any allow is enough a denial stops nothing: each rule is looked at by itself.
            let (rules, changes): (Vec<_>, Vec<_>) =
                rules.iter().map(|rule| narrowed(std::slice::from_ref(rule), unwanted, wrong, Action::Deny)).unzip();
            let (rules, changes) = (rules.concat(), changes.concat());
            vec![Way { layer: Arc::clone(&layer.name), changes, changed: with(Gate::AnyAllow(rules)) }]
        }
        // A filter of answers sees the source port where the others see the destination port.
        Gate::FirstMatch(_) if layer.concerns.is_some() => Vec::new(),
        Gate::FirstMatch(chain) => {
            let name = || Arc::clone(&layer.name);
            let plain: Vec<Rule> = chain.rules.iter().map(plain).collect();
            let (narrow, changes) = narrowed(&plain, unwanted, wrong, chain.default);
            let mut one = chain.clone();
            one.rules.iter_mut().zip(narrow).for_each(|(rule, narrow)| rule.matches = narrow.matches);
            let (place, before) = place_of_deny(&plain, wrong);
            let mut other = chain.clone();
            let deny = denying(unwanted);
            other.rules.insert(
                place,
                PortedRule { id: deny.id, action: deny.action, matches: deny.matches, source_ports: Ports::full() },
            );
            let deny = vec![Change::Deny { before, packets: unwanted.clone() }];
            vec![
                Way { layer: name(), changes, changed: with(Gate::FirstMatch(one)) },
                Way { layer: name(), changes: deny, changed: with(Gate::FirstMatch(other)) },
            ]
        }
        Gate::Tiers(tiers) => tiers
            .iter()
            .enumerate()
            .flat_map(|(place, tier)| {
                in_tier(tier, unwanted, wrong).map(|(changed, changes)| (place, changed, changes))
            })
            .map(|(place, changed, changes)| {
                let mut tiers = tiers.clone();
                let name = Arc::clone(&changed.name);
                if let Some(slot) = tiers.get_mut(place) {
                    *slot = changed;
                }
                Way { layer: name, changes, changed: with(Gate::Tiers(tiers)) }
            })
            .collect(),
        Gate::Ahead { rules, guarded } => {
            let mut found = Vec::new();
            for (place, inner) in guarded.iter().enumerate() {
                for way in ways(inner, unwanted, wrong) {
                    let mut guarded = guarded.clone();
                    if let Some(slot) = guarded.get_mut(place) {
                        *slot = way.changed;
                    }
                    let changed = with(Gate::Ahead { rules: rules.clone(), guarded });
                    found.push(Way { layer: way.layer, changes: way.changes, changed });
                }
            }
            let ahead = Layer::new(Arc::clone(&layer.name), Gate::FirstMatch(rules.clone()));
            for way in ways(&ahead, unwanted, wrong) {
                if let Gate::FirstMatch(rules) = way.changed.gate {
                    let changed = with(Gate::Ahead { rules, guarded: guarded.clone() });
                    found.push(Way { layer: way.layer, changes: way.changes, changed });
                }
            }
            found
        }
        Gate::Routes(_) => Vec::new(),
    }
}

/// The two ways in one tier: fewer allows, or one more deny.
fn in_tier(tier: &Tier, unwanted: &PacketSet, wrong: &PacketSet) -> [(Tier, Vec<Change>); 2] {
    let (rules, changes) = narrowed(&tier.rules, unwanted, wrong, tier.default);
    let (place, before) = place_of_deny(&tier.rules, wrong);
    let mut denied = tier.clone();
    denied.rules.insert(place, denying(unwanted));
    [(Tier { rules, ..tier.clone() }, changes), (denied, vec![Change::Deny { before, packets: unwanted.clone() }])]
}

/// The allow rules that could admit some of what is wrong, without what is unwanted.
fn narrowed(rules: &[Rule], unwanted: &PacketSet, wrong: &PacketSet, default: Action) -> (Vec<Rule>, Vec<Change>) {
    let mut changes = Vec::new();
    let mut left = wrong.clone();
    let mut changed = Vec::new();
    for rule in rules {
        let mut rule = rule.clone();
        let concerned = !rule.matches.upper().intersect(&left).is_empty();
        match rule.action {
            Action::Deny => left = left.subtract(rule.matches.lower()),
            Action::Allow if concerned => {
                let leaves = rule.matches.subtract(&Bounds::exact(unwanted.clone()));
                let id = rule.id.clone();
                if leaves.upper().is_empty() || prefixes(leaves.upper()) > MOST_PREFIXES {
                    rule.matches = Bounds::exact(PacketSet::empty());
                    changes.push(Change::Remove { rule: id });
                } else {
                    changes.push(Change::Narrow { rule: id, leaves: leaves.upper().clone() });
                    rule.matches = leaves;
                }
            }
            Action::Allow | Action::Pass => {}
        }
        changed.push(rule);
    }
    // What no rule matches is admitted all the same.
    if default == Action::Allow {
        changes.clear();
    }
    (changed, changes)
}

/// Before the first rule that may let some of it through, or leave it to others.
fn place_of_deny(rules: &[Rule], wrong: &PacketSet) -> (usize, Option<RuleId>) {
    let lets = |rule: &Rule| rule.action != Action::Deny && !rule.matches.upper().intersect(wrong).is_empty();
    let found = rules.iter().enumerate().find(|(_, rule)| lets(rule));
    found.map_or((rules.len(), None), |(place, rule)| (place, Some(rule.id.clone())))
}

fn denying(packets: &PacketSet) -> Rule {
    Rule::new("added", Action::Deny, Bounds::exact(packets.clone()))
}

fn plain(rule: &PortedRule) -> Rule {
    Rule::new(rule.id.clone(), rule.action, rule.matches.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::AddrSet;
    use crate::interval::Ports;
    use crate::protocol::{Protocol, Protocols};

    fn tcp(port: u16) -> PacketSet {
        PacketSet::of(Protocols::One(Protocol::TCP), &Ports::from_range(port, port), &AddrSet::all_v4())
    }

    #[test]
    fn each_tier_has_a_change_of_its_own() {
        let tier = |name: &str, rules: Vec<Rule>| Tier { name: name.into(), rules, default: Action::Pass };
        let allow = |id: &str, port| Rule::new(id, Action::Allow, Bounds::exact(tcp(port)));
        let next = Rule::new("next", Action::Pass, Bounds::exact(PacketSet::all()));
        let tiers = vec![tier("above", vec![next]), tier("own", vec![allow("ssh", 22), allow("rdp", 3389)])];
        let path = Path::new("way", vec![Layer::new("firewalls", Gate::Tiers(tiers))]);
        let told: Vec<(String, usize)> = path
            .fixes(&tcp(22).union(&tcp(3389)))
            .into_iter()
            .map(|fix| (fix.layer.to_string(), fix.changes.len()))
            .collect();
        // In its own tier one denial is fewer changes than two rules that go.
        assert_eq!(told, [("above".to_owned(), 1), ("own".to_owned(), 1)]);
        let one = path.fixes(&tcp(22));
        let own = one.iter().find(|fix| &*fix.layer == "own").map(|fix| fix.changes.clone());
        assert_eq!(own, Some(vec![Change::Remove { rule: "ssh".into() }]));
    }
}
