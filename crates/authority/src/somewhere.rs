//! The verdict on an action when the resource, or the action itself, is left open.

use std::collections::BTreeSet;

use crate::glob::{Glob, Name};
use crate::grant::{Effect, Grant};
use crate::judge::{Decision, DenyReason, judge};
use crate::language::{self, Walk, unmentioned};
use crate::layers::{Authority, LayerKind};
use crate::truth::Strength;

/// Printed when the patterns combine in more ways than are tried.
const TOO_ENTANGLED: &str = "resource patterns too entangled to compare";

impl Authority {
    /// The best decision on one action over all resources there could be: allowed if some resource allows it.
    ///
    /// Most often no layer but the giving ones mentions resources, and the answer is immediate. Otherwise one resource
    /// for each pattern is tried, with an unused letter wherever the pattern leaves the choice open; and when that
    /// leaves doubt, every combination of the patterns.
    pub fn decide_any_resource(&self, action: &str) -> Decision {
        let name = Name::new(action);
        let relevant = self.relevant(name);
        if !relevant.iter().any(|one| one.gives) && !self.layers().iter().any(|layer| layer.gives() && layer.missing().is_some()) {
            // Nothing gives it: where the request is aimed only decides the reason.
            return self.decide(action, self.anywhere());
        }
        let bound = self.judge_relevant(&relevant, |one| one.denies_nowhere_or_everywhere());
        let uniform = relevant.iter().all(Relevant::is_uniform);
        if uniform || bound.is_deny() {
            return bound;
        }
        let tried = self.try_witnesses(&relevant);
        if tried.strength() >= bound.strength() {
            return tried;
        }
        self.try_combinations(&relevant, tried, &bound)
    }

    /// The worst decision over every action `pattern` stands for, on a resource no policy singles out.
    ///
    /// Certain only when none of these actions is stopped or conditional anywhere in the layers.
    pub fn decide_every_action(&self, pattern: &Glob) -> Decision {
        let resource = Name::new(self.anywhere());
        let spoken: BTreeSet<&Glob> = self
            .grants()
            .filter(|grant| grant.when.strength() > Strength::False && grant.resources.accepts(resource))
            .flat_map(|grant| grant.actions.globs())
            .chain([pattern])
            .collect();
        let globs: Vec<&Glob> = std::iter::once(pattern).chain(spoken.iter().copied().filter(|glob| *glob != pattern)).collect();
        let mut worst: Option<Decision> = None;
        let end = language::walk(&globs, 1, |action| {
            if !action.matches(0) {
                return false;
            }
            let decision = judge(self.layers(), |_, layer| {
                layer.grants.iter().filter(|grant| {
                    let known = |glob: &Glob| globs.iter().position(|other| *other == glob).is_some_and(|at| action.matches(at));
                    grant.when.strength() > Strength::False
                        && grant.resources.accepts(resource)
                        && grant.actions.any_of().iter().any(known)
                        && !grant.actions.none_of().iter().any(known)
                })
            });
            if worst.as_ref().is_none_or(|known| decision.strength() < known.strength()) {
                worst = Some(decision);
            }
            worst.as_ref().is_some_and(Decision::is_deny)
        });
        let worst = worst.unwrap_or(Decision::Deny { by: DenyReason::Implicit });
        if end == Walk::GaveUp { weakened(worst) } else { worst }
    }

    /// The worst decision over every action: allowed only to whoever may do everything.
    pub fn allows_all_actions(&self) -> Decision {
        self.decide_every_action(&Glob::everything())
    }

    fn relevant(&self, action: Name<'_>) -> Vec<Relevant<'_>> {
        let mut relevant = Vec::new();
        for (place, layer) in self.layers().iter().enumerate() {
            for grant in &layer.grants {
                if !grant.concerns(action) || grant.resources.any_of().is_empty() {
                    continue;
                }
                if layer.kind == LayerKind::Denials && grant.effect == Effect::Allow {
                    continue;
                }
                let gives = layer.gives() && grant.effect == Effect::Allow;
                relevant.push(Relevant { layer: place, gives, grant });
            }
        }
        relevant
    }

    fn judge_relevant<'a>(&'a self, relevant: &[Relevant<'a>], applies: impl Fn(&Relevant<'a>) -> bool) -> Decision {
        let applies = &applies;
        judge(self.layers(), |place, _| {
            relevant.iter().filter(move |one| one.layer == place && applies(one)).map(|one| one.grant)
        })
    }

    fn try_witnesses(&self, relevant: &[Relevant<'_>]) -> Decision {
        let mut names = BTreeSet::from(["*".to_owned(), self.anywhere().to_owned()]);
        for one in relevant.iter().filter(|one| one.grant.effect == Effect::Allow) {
            names.extend(one.grant.resources.any_of().iter().map(|glob| glob.witness(self.unused())));
        }
        let mut best: Option<Decision> = None;
        for name in &names {
            let name = Name::new(name);
            let decision = self.judge_relevant(relevant, |one| one.grant.resources.accepts(name));
            best = Some(match best {
                Some(known) => better(known, decision),
                None => decision,
            });
        }
        best.unwrap_or(Decision::Deny { by: DenyReason::Implicit })
    }

    fn try_combinations(&self, relevant: &[Relevant<'_>], tried: Decision, bound: &Decision) -> Decision {
        // The patterns of what gives come first: where none of them can match any more, nothing can be allowed.
        let (givers, others): (Vec<_>, Vec<_>) = relevant.iter().copied().partition(|one| one.gives);
        let mut ordered: Vec<(Relevant<'_>, usize)> = Vec::new();
        let mut globs: Vec<&Glob> = Vec::new();
        for one in givers.iter().chain(&others) {
            ordered.push((*one, globs.len()));
            globs.extend(one.grant.resources.globs());
        }
        let seeds = givers.iter().map(|one| one.grant.resources.globs().count()).sum();
        let open = self.layers().iter().any(|layer| layer.gives() && layer.missing().is_some());
        let seeds = if open { globs.len() } else { seeds };
        let mut best = tried;
        let end = language::walk(&globs, seeds, |name| {
            let decision = judge(self.layers(), |place, _| {
                let here = ordered.iter().filter(move |(one, _)| one.layer == place);
                here.filter(|(one, first)| one.grant.resources.holds(name, &mut first.clone())).map(|(one, _)| one.grant)
            });
            if decision.strength() > best.strength() {
                best = decision;
            }
            best.strength() >= bound.strength()
        });
        match end {
            Walk::Stopped | Walk::Exhausted => best,
            Walk::GaveUp if best.is_deny() => {
                Decision::Conditional { on: BTreeSet::from([TOO_ENTANGLED.to_owned()]), by: bound.by().to_vec() }
            }
            Walk::GaveUp => weakened(best),
        }
    }
}

/// A letter neither authority mentions.
pub(crate) fn unused_by_both(one: &Authority, other: &Authority) -> char {
    unmentioned(one.globs().chain(other.globs()))
}

/// A grant whose actions include the one in question.
#[derive(Clone, Copy)]
struct Relevant<'a> {
    layer: usize,
    gives: bool,
    grant: &'a Grant,
}

impl Relevant<'_> {
    /// Whether it cannot make one resource differ from another, other than by giving.
    fn is_uniform(&self) -> bool {
        if self.gives { self.grant.resources.none_of().is_empty() } else { self.grant.resources.is_everything() }
    }

    /// For the most favourable resource imaginable: allows apply, denies only when no resource escapes them.
    fn denies_nowhere_or_everywhere(&self) -> bool {
        self.grant.effect == Effect::Allow || self.grant.resources.is_everything()
    }
}

/// The more permissive decision; of two conditional ones that with fewer conditions; of two alike, both grants.
fn better(known: Decision, new: Decision) -> Decision {
    match (known, new) {
        (Decision::Allow { by }, Decision::Allow { by: more }) => {
            Decision::Allow { by: by.into_iter().chain(more).collect::<BTreeSet<_>>().into_iter().collect() }
        }
        (Decision::Conditional { on, by }, Decision::Conditional { on: other, .. }) if on.len() <= other.len() => {
            Decision::Conditional { on, by }
        }
        (known @ (Decision::Allow { .. } | Decision::Conditional { .. } | Decision::Deny { .. }), new) => {
            if new.strength() > known.strength() || (new.strength() == Strength::Unknown && known.strength() == Strength::Unknown) {
                new
            } else {
                known
            }
        }
    }
}

fn weakened(decision: Decision) -> Decision {
    match decision {
        Decision::Allow { by } => Decision::Conditional { on: BTreeSet::from([TOO_ENTANGLED.to_owned()]), by },
        Decision::Conditional { mut on, by } => {
            on.insert(TOO_ENTANGLED.to_owned());
            Decision::Conditional { on, by }
        }
        deny @ Decision::Deny { .. } => deny,
    }
}
