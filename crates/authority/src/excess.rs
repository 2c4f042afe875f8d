//! What an identity may do beyond what it needs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::glob::{Case, Glob, Token};
use crate::grant::{Effect, Grant, GrantId};
use crate::held::Held;
use crate::language::unmentioned;
use crate::layers::{Authority, Layer};
use crate::selector::Selector;
use crate::truth::Strength;

/// What is held beyond need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excess {
    /// Capabilities the need does not give, each with only the actions that are in excess.
    pub capabilities: Vec<Held>,
    /// Capabilities the need itself gives: dangerous, and inherent to the job.
    pub inherent: Vec<Held>,
    /// Grants of whole services, or of everything, that the need does not contain.
    pub wildcards: Vec<Wildcard>,
}

/// A grant of a whole service or of everything, on resources nobody singled out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wildcard {
    /// The grant.
    pub grant: GrantId,
    /// The pattern of actions, as it was written.
    pub pattern: String,
}

/// Actions of a grant that no grant of the need contains.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutsideNeed {
    /// The grant.
    pub grant: GrantId,
    /// Its action patterns outside the need, as they were written and in that order; the first [`LISTED`] of them.
    pub actions: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

/// How many action patterns of one grant are spelled out; a role may have twelve thousand.
pub const LISTED: usize = 40;

/// What `effective` holds beyond `need`, given the capabilities it amounts to.
///
/// A capability is in excess when one of its actions is possible, or more surely possible, on some resource where the
/// need does not make it so.
pub fn excess(effective: &Authority, held: &[Held], need: &Authority) -> Excess {
    let mut excess = Excess { wildcards: wildcards(effective, need), ..Excess::default() };
    let compared = Compared { effective, need, unused: unmentioned(effective.exotic().chain(need.exotic())) };
    for one in held {
        let beyond: Vec<String> = one.actions.iter().filter(|action| compared.exceeds(action)).cloned().collect();
        if beyond.is_empty() && !one.actions.is_empty() {
            excess.inherent.push(one.clone());
            continue;
        }
        let by = if beyond.is_empty() { one.by.clone() } else { givers(effective, &beyond, &one.by) };
        excess.capabilities.push(Held { actions: beyond, by, ..one.clone() });
    }
    excess
}

/// The grants of `effective` with actions that no grant of `need` contains, each with those actions.
///
/// Actions that other layers stop wherever they are aimed are left out. Compares actions only: how far they reach is the
/// business of [`excess`].
pub fn within(effective: &Authority, need: &Authority) -> Vec<OutsideNeed> {
    let needed: Vec<&Selector> = live(need).map(|grant| &grant.actions).collect();
    let may_stop = |layer: &Layer| !layer.gives() || layer.grants.iter().any(|grant| grant.effect == Effect::Deny);
    let unstopped = !effective.layers().iter().any(may_stop);
    let mut outside = Vec::new();
    for grant in live(effective).filter(|grant| !needed.contains(&&grant.actions)) {
        let stray = |glob: &&Glob| !lies_within(glob, grant, &needed) && (unstopped || effective.may_allow_some(glob));
        let mut strays = grant.actions.any_of().iter().filter(stray);
        let actions: Vec<String> = strays.by_ref().take(LISTED).map(Glob::to_string).collect();
        if !actions.is_empty() {
            outside.push(OutsideNeed { grant: grant.id.clone(), actions, more: strays.count() });
        }
    }
    outside
}

/// Grants of `effective` that give a whole service or everything on resources nobody singled out, unless other layers
/// stop that or `need` contains it.
pub fn wildcards(effective: &Authority, need: &Authority) -> Vec<Wildcard> {
    let anywhere = effective.anywhere();
    let needed = live(need).filter(|grant| grant.resources.matches(anywhere));
    let needed: Vec<&Selector> = needed.map(|grant| &grant.actions).collect();
    let mut found = BTreeSet::new();
    for grant in live(effective).filter(|grant| grant.resources.matches(anywhere)) {
        for glob in grant.actions.any_of().iter().filter(|glob| is_wide(glob)) {
            let stopped = || effective.decide_everywhere(&glob.witness(effective.unused())).is_deny();
            if lies_within(glob, grant, &needed) || stopped() {
                continue;
            }
            let pattern = part(glob, grant).to_string();
            found.insert(Wildcard { grant: grant.id.clone(), pattern });
        }
    }
    found.into_iter().collect()
}

/// What one action pattern of a grant gives, that is without what the grant takes out again.
fn part(glob: &Glob, grant: &Grant) -> Selector {
    Selector::of_except([glob.clone()], grant.actions.none_of().iter().cloned())
}

fn lies_within(glob: &Glob, grant: &Grant, needed: &[&Selector]) -> bool {
    match glob.literal() {
        Some(action) if glob.case() == Case::Sensitive => {
            !grant.actions.matches(action) || needed.iter().any(|selector| selector.matches(action))
        }
        Some(_) | None => part(glob, grant).lies_within(needed),
    }
}

/// Whether a pattern of actions is everything, or everything after a service: `s3:*`, `Microsoft.Compute/*`.
fn is_wide(glob: &Glob) -> bool {
    match glob.tokens() {
        [Token::Run] => true,
        [service @ .., Token::Exactly(':' | '/' | '.'), Token::Run] => {
            service.iter().all(|token| matches!(token, Token::Exactly(_)))
        }
        _ => false,
    }
}

fn live(authority: &Authority) -> impl Iterator<Item = &Grant> {
    authority.giving().filter(|grant| grant.when.strength() > Strength::False)
}

fn givers(effective: &Authority, actions: &[String], among: &[GrantId]) -> Vec<GrantId> {
    let mut by = BTreeSet::new();
    for action in actions {
        by.extend(effective.decide_any_resource(action).by().iter().cloned());
    }
    by.retain(|id| among.contains(id));
    if by.is_empty() { among.to_vec() } else { by.into_iter().collect() }
}

struct Compared<'a> {
    effective: &'a Authority,
    need: &'a Authority,
    unused: char,
}

impl Compared<'_> {
    /// Whether the action is possible, or more surely possible, somewhere the need does not make it so.
    fn exceeds(&self, action: &str) -> bool {
        let mut places = BTreeSet::from(["*".to_owned(), self.effective.scope().witness(self.unused)]);
        for grant in
            self.effective.grants().filter(|grant| grant.effect == Effect::Allow && grant.actions.matches(action))
        {
            places.extend(grant.resources.any_of().iter().map(|glob| glob.witness(self.unused)));
        }
        let beyond = |place: &String| {
            self.effective.decide(action, place).strength() > self.need.decide(action, place).strength()
        };
        places.iter().any(beyond)
    }
}
