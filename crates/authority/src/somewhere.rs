//! The verdict on an action when the resource is left open: is there one it may be done to.

use std::collections::BTreeSet;

use crate::glob::Glob;
use crate::grant::{Effect, Grant};
use crate::judge::{Decision, DenyReason, judge};
use crate::language::{Followed, Outcome, Walk};
use crate::layers::{Authority, LayerKind};
use crate::name::Name;

/// Printed when the patterns combine in more ways than are tried.
const TOO_ENTANGLED: &str = "resource patterns too entangled to compare";

impl Authority {
    /// The best decision on one action over all resources there could be: allowed if some resource allows it.
    ///
    /// Most often no layer but the giving ones mentions resources, and the answer is immediate. Otherwise one resource
    /// for each pattern is tried, with an unused letter wherever the pattern leaves the choice open; and when that
    /// leaves doubt, every combination of the patterns.
    pub fn decide_any_resource(&self, action: &str) -> Decision {
        let relevant = self.relevant(Name::new(action));
        if !self.gives_unread() && !relevant.iter().any(|one| one.gives) {
            // Nothing gives it: where the request is aimed can only change the reason.
            let anywhere = Name::new(self.anywhere());
            return self.judge_relevant(&relevant, |one| one.grant.resources.accepts(anywhere));
        }
        let bound = self.judge_relevant(&relevant, Relevant::applies_at_best);
        if bound.is_deny() || relevant.iter().all(Relevant::is_uniform) {
            return bound;
        }
        let tried = self.try_witnesses(&relevant);
        if tried.strength() >= bound.strength() {
            return tried;
        }
        self.try_combinations(&relevant, tried, &bound)
    }

    fn gives_unread(&self) -> bool {
        self.layers().iter().any(|layer| layer.gives() && layer.missing().is_some())
    }

    fn relevant(&self, action: Name<'_>) -> Vec<Relevant<'_>> {
        let mut relevant = Vec::new();
        for (place, layer) in self.layers().iter().enumerate() {
            for grant in layer.grants.iter().filter(|grant| grant.concerns(action)) {
                let idle = layer.kind == LayerKind::Denials && grant.effect == Effect::Allow;
                if idle || grant.resources.any_of().is_empty() {
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
        let decisions = names.iter().map(|name| {
            let name = Name::new(name);
            self.judge_relevant(relevant, |one| one.grant.resources.accepts(name))
        });
        decisions.reduce(better).unwrap_or(Decision::Deny { by: DenyReason::Implicit })
    }

    fn try_combinations(&self, relevant: &[Relevant<'_>], tried: Decision, bound: &Decision) -> Decision {
        // Where nothing that gives can match any more, nothing can be allowed; what was not read could match anywhere.
        let everything = Glob::everything();
        let mut walk = if self.gives_unread() {
            Walk::seeded([&everything])
        } else {
            let givers = relevant.iter().filter(|one| one.gives);
            Walk::seeded(givers.flat_map(|one| one.grant.resources.any_of()))
        };
        let followed: Vec<(Relevant<'_>, Followed)> =
            relevant.iter().map(|one| (*one, walk.follow(&one.grant.resources))).collect();
        let mut best = tried;
        let end = walk.stop_at(|name| {
            let decision = judge(self.layers(), |place, _| {
                let here = followed.iter().filter(move |(one, _)| one.layer == place);
                here.filter(|(_, resources)| name.falls_in(resources)).map(|(one, _)| one.grant)
            });
            if decision.strength() > best.strength() {
                best = decision;
            }
            best.strength() >= bound.strength()
        });
        match end {
            Outcome::Stopped | Outcome::Exhausted => best,
            Outcome::GaveUp if best.is_deny() => {
                let open = Decision::Conditional { on: BTreeSet::new(), by: bound.by().to_vec() };
                open.also_hanging_on(TOO_ENTANGLED)
            }
            Outcome::GaveUp => best.also_hanging_on(TOO_ENTANGLED),
        }
    }
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

    /// Whether it applies to the most favourable resource imaginable: allows do, denies when nothing escapes them.
    fn applies_at_best(&self) -> bool {
        self.grant.effect == Effect::Allow || self.grant.resources.is_everything()
    }
}

/// The more permissive decision; of two allowing ones, the grants of both; of two conditional ones, the one that
/// depends on less.
fn better(known: Decision, new: Decision) -> Decision {
    match (known, new) {
        (Decision::Allow { by }, Decision::Allow { by: more }) => {
            Decision::Allow { by: by.into_iter().chain(more).collect::<BTreeSet<_>>().into_iter().collect() }
        }
        (Decision::Conditional { on, by }, Decision::Conditional { on: other, by: more }) => {
            if other.len() < on.len() {
                Decision::Conditional { on: other, by: more }
            } else {
                Decision::Conditional { on, by }
            }
        }
        (known, new) if new.strength() > known.strength() => new,
        (known, _) => known,
    }
}
