//! Which capabilities an authority amounts to, by a provider's table of what each one takes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::capability::{Capability, Certainty};
use crate::grant::GrantId;
use crate::judge::Decision;
use crate::layers::Authority;
use crate::truth::Strength;

/// A row of a provider's table: what it takes to have a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The capability.
    pub capability: Capability,
    /// Alternatives; each is a set of actions that are needed together. Actions are concrete names, not patterns.
    ///
    /// The first action of a set leads it: how wide the capability reaches is how wide that action reaches, and a
    /// capability that [means every object](Capability::means_every_object) needs it everywhere.
    pub any_of: &'static [&'static [&'static str]],
}

/// A capability an identity has, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Held {
    /// The capability.
    pub capability: Capability,
    /// How sure that is.
    pub certainty: Certainty,
    /// The actions that amount to it; empty when something else than actions gives it.
    pub actions: Vec<String>,
    /// The grants that give those actions.
    pub by: Vec<GrantId>,
    /// Whether it reaches every resource in scope, not only some.
    pub everywhere: bool,
}

/// The capabilities `authority` amounts to, in the order of the vocabulary. Rows of one capability add up.
pub fn capabilities(authority: &Authority, table: &[Need]) -> Vec<Held> {
    let mut asked = Asked { authority, somewhere: BTreeMap::new() };
    let mut found: Vec<Found> = Vec::new();
    for need in table {
        found.extend(need.any_of.iter().filter_map(|set| asked.satisfied(need.capability, set)));
    }
    found.sort_by_key(|one| one.capability);
    found.chunk_by(|a, b| a.capability == b.capability).filter_map(together).collect()
}

/// One satisfied set of actions.
struct Found {
    capability: Capability,
    certainty: Certainty,
    actions: &'static [&'static str],
    by: BTreeSet<GrantId>,
    everywhere: bool,
}

/// The decisions made so far: tables name the same few actions again and again.
struct Asked<'a> {
    authority: &'a Authority,
    somewhere: BTreeMap<&'static str, Decision>,
}

impl Asked<'_> {
    fn somewhere(&mut self, action: &'static str) -> &Decision {
        let authority = self.authority;
        self.somewhere.entry(action).or_insert_with(|| authority.decide_any_resource(action))
    }

    fn satisfied(&mut self, capability: Capability, set: &'static [&'static str]) -> Option<Found> {
        let (lead, rest) = set.split_first()?;
        if set.iter().any(|action| self.somewhere(action).is_deny()) {
            return None;
        }
        let everywhere = self.authority.decide_everywhere(lead);
        let leading = if capability.means_every_object() { &everywhere } else { self.somewhere(lead) };
        let mut certainty = leading.certainty()?;
        let mut by: BTreeSet<GrantId> = leading.by().iter().cloned().collect();
        for action in rest {
            let decision = self.somewhere(action);
            certainty = certainty.and(decision.certainty()?);
            by.extend(decision.by().iter().cloned());
        }
        // As wide as it is sure: what is certain on one resource and conditional on the rest is certain on some.
        let everywhere = everywhere.strength() >= strength(&certainty);
        Some(Found { capability, certainty, actions: set, by, everywhere })
    }
}

fn strength(certainty: &Certainty) -> Strength {
    if certainty.is_certain() { Strength::True } else { Strength::Unknown }
}

/// The sets that say most: the certain ones if there are any, else all the conditional ones.
fn together(sets: &[Found]) -> Option<Held> {
    let certain = sets.iter().any(|one| one.certainty.is_certain());
    let telling = || sets.iter().filter(move |one| one.certainty.is_certain() == certain);
    let mut actions: Vec<String> = Vec::new();
    for action in telling().flat_map(|one| one.actions) {
        if !actions.iter().any(|known| known == action) {
            actions.push((*action).to_owned());
        }
    }
    Some(Held {
        capability: sets.first()?.capability,
        certainty: telling().map(|one| one.certainty.clone()).reduce(Certainty::and)?,
        actions,
        by: telling().flat_map(|one| &one.by).cloned().collect::<BTreeSet<_>>().into_iter().collect(),
        everywhere: telling().any(|one| one.everywhere),
    })
}
