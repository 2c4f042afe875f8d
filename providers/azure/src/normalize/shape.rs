//! What two authorities have to have in common for the same answers, but for the names of their grants.
//!
//! Every cluster's identities hold the same few roles on resources of its own: a thousand clusters, a handful of shapes.

use crate::arm;
use palisade_authority::{Authority, Effect, GrantId, Held, Selector, Truth};
use std::collections::BTreeMap;

/// The roles an authority is made of, with everything that tells their scopes apart but the scopes' names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    grants: Vec<(Selector, Truth, usize, Reach)>,
    /// For each two scopes, whether the one lies in the other; last, whether each lies in the subscription.
    within: Vec<bool>,
}

/// Where a grant reaches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Reach {
    /// A scope and what lies below it, by its place among the scopes.
    Scope(usize),
    /// What is the same for everybody: the subscription seen from a management group, or everything.
    Fixed(Selector),
}

impl Shape {
    /// The shape, and the names of the grants by their place in it. Nothing where denials bear on the answer: those
    /// are rare, and what they are about is not told apart here.
    pub(super) fn of(authority: &Authority, subscription: &str) -> Option<(Self, Vec<GrantId>)> {
        let [layer] = authority.layers() else { return None };
        if layer.grants.iter().any(|grant| grant.effect == Effect::Deny) {
            return None;
        }
        let subscription = arm::key(&format!("/subscriptions/{subscription}"));
        let (mut scopes, mut names): (Vec<&str>, Vec<GrantId>) = (Vec::new(), Vec::new());
        let mut grants = Vec::with_capacity(layer.grants.len());
        for grant in &layer.grants {
            let name = place(&mut names, grant.id.clone());
            let reach = match grant.resources.any_of() {
                [scope, _] => Reach::Scope(place(&mut scopes, scope.literal()?)),
                _ => Reach::Fixed(grant.resources.clone()),
            };
            grants.push((grant.actions.clone(), grant.when.clone(), name, reach));
        }
        let pairs = scopes.iter().flat_map(|one| scopes.iter().map(move |other| arm::lies_in(one, other)));
        let own = scopes.iter().flat_map(|one| [arm::lies_in(one, &subscription), arm::same(one, &subscription)]);
        Some((Self { grants, within: pairs.chain(own).collect() }, names))
    }
}

fn place<T: PartialEq>(known: &mut Vec<T>, one: T) -> usize {
    known.iter().position(|other| *other == one).unwrap_or_else(|| {
        known.push(one);
        known.len() - 1
    })
}

/// What was found of one authority, said of another of the same shape.
pub(super) fn said_of(held: &[Held], old: &[GrantId], new: &[GrantId]) -> Vec<Held> {
    let names: BTreeMap<&GrantId, &GrantId> = old.iter().zip(new).collect();
    let rename = |held: &Held| {
        let mut by: Vec<GrantId> =
            held.by.iter().map(|id| names.get(id).map_or_else(|| id.clone(), |name| (*name).clone())).collect();
        by.sort();
        Held { by, ..held.clone() }
    };
    held.iter().map(rename).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_authority::{Capability, Case, Glob, Grant, Layer, LayerKind, Need, Part, capabilities};
    use proptest::prelude::*;

    const NEEDS: &[Need] = &[
        Need { capability: Capability::AssumeAnyIdentity, any_of: &[&["a", "b"], &["c"]] },
        Need { capability: Capability::PushImage, any_of: &[&["b", "c"]] },
        Need { capability: Capability::EscalatePrivilege, any_of: &[&["b"]] },
    ];

    const SCOPES: [&str; 6] =
        ["/subscriptions/s", "/subscriptions/s/g", "/subscriptions/s/g/k", "/subscriptions/s/h", "/elsewhere/x", "/"];

    fn authority(grants: &[(usize, usize, bool)]) -> Authority {
        let grant = |(place, (actions, scope, sure)): (usize, &(usize, usize, bool))| {
            let under = Glob::from_parts(Case::Insensitive, &[Part::Literal(SCOPES[*scope]), Part::Pattern("/*")]);
            let resources = match SCOPES[*scope] {
                "/" => Selector::everything(),
                scope => Selector::of([Glob::exactly(Case::Insensitive, scope), under]),
            };
            let actions = Selector::of(["a", "b", "c", "*"].get(*actions).map(|text| Glob::insensitive(text)));
            // Names in an order of their own, so that renaming has to sort.
            let id = format!("{} {} at {scope}", scope % 2, place);
            let when = if *sure { Truth::True } else { Truth::unknown("condition") };
            Grant::allow(id, actions, resources).when(when)
        };
        let layer = Layer::new("roles", LayerKind::Grants, grants.iter().enumerate().map(grant).collect::<Vec<_>>());
        Authority::new(vec![layer])
            .over(Glob::from_parts(Case::Insensitive, &[Part::Literal("/subscriptions/s"), Part::Pattern("/*")]))
    }

    proptest! {
        #[test]
        fn authorities_of_one_shape_have_the_same_capabilities(
            actions in prop::collection::vec((0..4_usize, any::<bool>()), 1..4),
            one in prop::collection::vec(0..SCOPES.len(), 3), other in prop::collection::vec(0..SCOPES.len(), 3),
        ) {
            let with = |scopes: &[usize]| -> Vec<(usize, usize, bool)> {
                actions.iter().zip(scopes).map(|((actions, sure), scope)| (*actions, *scope, *sure)).collect()
            };
            let (one, other) = (authority(&with(&one)), authority(&with(&other)));
            let (shape, old) = Shape::of(&one, "s").unwrap();
            let (same, new) = Shape::of(&other, "s").unwrap();
            if shape == same {
                prop_assert_eq!(said_of(&capabilities(&one, NEEDS), &old, &new), capabilities(&other, NEEDS));
            }
        }
    }
}
