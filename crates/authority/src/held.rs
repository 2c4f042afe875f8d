//! Which capabilities an authority amounts to, by a provider's table of what each one takes.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::capability::{Capability, Certainty};
use crate::grant::GrantId;
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
    let mut found: Vec<Found> = Vec::new();
    for need in table {
        for set in need.any_of {
            let Some(one) = satisfied(authority, need.capability, set) else { continue };
            found.push(one);
        }
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

fn satisfied(authority: &Authority, capability: Capability, set: &'static [&'static str]) -> Option<Found> {
    let (lead, rest) = set.split_first()?;
    let anywhere = authority.decide_any_resource(lead);
    if anywhere.is_deny() {
        return None;
    }
    let everywhere = authority.decide_everywhere(lead);
    let decision = if capability.means_every_object() { &everywhere } else { &anywhere };
    let mut certainty = decision.certainty()?;
    let mut by: BTreeSet<GrantId> = decision.by().iter().cloned().collect();
    for action in rest {
        let decision = authority.decide_any_resource(action);
        certainty = certainty.and(decision.certainty()?);
        by.extend(decision.by().iter().cloned());
    }
    // As wide as it is sure: a certain capability on one bucket is not certain everywhere.
    let everywhere = everywhere.strength() >= anywhere.strength().min(strength(&certainty));
    Some(Found { capability, certainty, actions: set, by, everywhere })
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
