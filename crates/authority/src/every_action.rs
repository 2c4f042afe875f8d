//! The verdict on a whole pattern of actions: allowed only when each of them is.

use std::collections::BTreeSet;

use crate::glob::Glob;
use crate::grant::{Effect, Grant};
use crate::judge::{Decision, DenyReason, judge};
use crate::language::{Followed, Outcome, Walk};
use crate::layers::Authority;
use crate::name::Name;
use crate::selector::Selector;
use crate::truth::Strength;

/// Printed when the patterns combine in more ways than are tried.
const TOO_ENTANGLED: &str = "action patterns too entangled to compare";

impl Authority {
    /// The worst decision over every action `pattern` stands for, on a resource no policy singles out.
    ///
    /// One action is tried for each pattern that could make it fare worse than its neighbours: the denies, and what
    /// the allows leave out. Only when those leave doubt every combination is.
    pub fn decide_every_action(&self, pattern: &Glob) -> Decision {
        let live = self.live_anywhere();
        let against: BTreeSet<&Glob> =
            live.iter().flat_map(|one| against(one.grant)).filter(|glob| glob.overlaps(pattern)).collect();
        let tried = against.iter().copied().chain([pattern]).map(|glob| glob.witness(self.unused()));
        let tried: BTreeSet<String> = tried.filter(|name| pattern.matches(name)).collect();
        let decisions = tried.iter().map(|name| self.decide(name, self.anywhere()));
        let Some(worst) = decisions.reduce(worse) else {
            return Decision::Deny { by: DenyReason::Implicit };
        };

        let contains = |grant: &Grant| grant.actions.any_of().iter().any(|glob| glob.includes(pattern));
        let imaginable = self.judge_live(&live, |grant| match grant.effect {
            Effect::Allow => contains(grant) && grant.actions.none_of().is_empty(),
            Effect::Deny => grant.actions.overlaps(pattern),
        });
        if worst.strength() <= imaginable.strength() {
            return worst;
        }
        let unmentioned = self.judge_live(&live, |grant| grant.effect == Effect::Allow && contains(grant));
        if unmentioned.strength() < worst.strength() {
            return self.try_actions(&live, pattern, &BTreeSet::from([pattern]), worst);
        }
        self.try_actions(&live, pattern, &against, worst)
    }

    /// The worst decision over every action: allowed only to whoever may do everything.
    pub fn allows_all_actions(&self) -> Decision {
        self.decide_every_action(&Glob::everything())
    }

    /// Whether some action of the pattern may be possible somewhere: false only when all of them are surely stopped.
    pub(crate) fn may_allow_some(&self, pattern: &Glob) -> bool {
        let best = judge(self.layers(), |_, layer| {
            layer.grants.iter().filter(|grant| {
                let holds = grant.when.strength() > Strength::False;
                holds
                    && match grant.effect {
                        Effect::Allow => !grant.resources.any_of().is_empty() && grant.actions.overlaps(pattern),
                        Effect::Deny => grant.resources.is_everything() && grant.actions.covers(pattern),
                    }
            })
        });
        !best.is_deny()
    }

    /// The grants that bear on a resource no policy singles out.
    fn live_anywhere(&self) -> Vec<Live<'_>> {
        let anywhere = Name::new(self.anywhere());
        let mut live = Vec::new();
        for (place, layer) in self.layers().iter().enumerate() {
            let holding = layer.grants.iter().filter(|grant| grant.when.strength() > Strength::False);
            let bearing = holding.filter(|grant| grant.resources.accepts(anywhere));
            live.extend(bearing.map(|grant| Live { layer: place, grant }));
        }
        live
    }

    fn judge_live<'a>(&'a self, live: &[Live<'a>], applies: impl Fn(&Grant) -> bool) -> Decision {
        let applies = &applies;
        judge(self.layers(), |place, _| {
            live.iter().filter(move |one| one.layer == place && applies(one.grant)).map(|one| one.grant)
        })
    }

    fn try_actions(&self, live: &[Live<'_>], pattern: &Glob, seeds: &BTreeSet<&Glob>, tried: Decision) -> Decision {
        let pattern = Selector::of([pattern.clone()]);
        let mut walk = Walk::seeded(seeds.iter().copied());
        let in_question = walk.follow(&pattern);
        let followed: Vec<(Live<'_>, Followed)> =
            live.iter().map(|one| (*one, walk.follow(&one.grant.actions))).collect();
        let mut worst = tried;
        let end = walk.stop_at(|action| {
            let counts = action.falls_in(&in_question) && (0..seeds.len()).any(|seed| action.matches_seed(seed));
            if counts {
                let decision = judge(self.layers(), |place, _| {
                    let here = followed.iter().filter(move |(one, _)| one.layer == place);
                    here.filter(|(_, actions)| action.falls_in(actions)).map(|(one, _)| one.grant)
                });
                worst = worse(worst.clone(), decision);
            }
            worst.is_deny()
        });
        match end {
            Outcome::Stopped | Outcome::Exhausted => worst,
            Outcome::GaveUp => worst.also_hanging_on(TOO_ENTANGLED),
        }
    }
}

#[derive(Clone, Copy)]
struct Live<'a> {
    layer: usize,
    grant: &'a Grant,
}

/// The patterns of a grant that can make an action fare worse.
fn against(grant: &Grant) -> &[Glob] {
    match grant.effect {
        Effect::Allow => grant.actions.none_of(),
        Effect::Deny => grant.actions.any_of(),
    }
}

fn worse(known: Decision, new: Decision) -> Decision {
    if new.strength() < known.strength() { new } else { known }
}
