//! Who may do something to a resource, told by principal.

use super::assignments::{Assignments, Held};
use crate::arm;
use palisade_authority::{Certainty, Decision};

/// Somebody who may do something.
#[derive(Debug)]
pub(super) struct Holder<'a> {
    /// The assignment that gives it.
    pub(super) held: &'a Held,
    /// The actions it gives.
    pub(super) actions: Vec<&'static str>,
    /// How sure it is.
    pub(super) certainty: Certainty,
}

impl Assignments<'_> {
    /// The assignments that give one of these actions on a resource, after what is denied was taken away.
    pub(super) fn holders(&self, actions: &[&'static str], resource: &str) -> Vec<Holder<'_>> {
        let key = arm::key(resource);
        let mut found: Vec<Holder<'_>> = Vec::new();
        for held in self.reaching(&key) {
            let given: Vec<&'static str> = actions.iter().copied().filter(|action| held.may_give(action)).collect();
            if given.is_empty() {
                continue;
            }
            let authority = self.known_authority(&held.principal);
            let decided = given.into_iter().filter_map(|action| match authority.decide(action, resource) {
                Decision::Deny { .. } => None,
                decision @ (Decision::Allow { .. } | Decision::Conditional { .. }) => {
                    Some((action, decision.certainty()?))
                }
            });
            let (actions, certainties): (Vec<_>, Vec<_>) = decided.unzip();
            // Sure when one of the actions is sure.
            let sure = certainties.iter().any(Certainty::is_certain);
            let certainty =
                if sure { Some(Certainty::Certain) } else { certainties.into_iter().reduce(Certainty::and) };
            if let Some(certainty) = certainty {
                found.push(Holder { held, actions, certainty });
            }
        }
        found
    }
}
