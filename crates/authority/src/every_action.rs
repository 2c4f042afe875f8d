//! The verdict on a whole pattern of actions: allowed only when each of them is.

use std::collections::BTreeSet;

use crate::glob::Glob;
use crate::grant::{Effect, Grant};
use crate::judge::{Decision, DenyReason, judge};
use crate::language::{End, Followed, Walk};
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
            End::Stopped | End::Exhausted => worst,
            End::GaveUp => worst.also_hanging_on(TOO_ENTANGLED),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Layer, LayerKind};
    use crate::truth::Truth;

    fn on<const N: usize>(patterns: [&str; N]) -> Selector {
        Selector::of(patterns.map(Glob::insensitive))
    }

    fn authority(grants: Vec<Grant>) -> Authority {
        Authority::new(vec![Layer::new("policies", LayerKind::Grants, grants)])
    }

    fn allow(id: &str, actions: Selector) -> Grant {
        Grant::allow(id, actions, Selector::everything())
    }

    fn deny(id: &str, actions: Selector) -> Grant {
        Grant::deny(id, actions, Selector::everything())
    }

    #[test]
    fn who_may_do_everything_may_do_every_action() {
        let admin = authority(vec![allow("admin", on(["*"]))]);
        assert_eq!(admin.allows_all_actions(), Decision::Allow { by: vec!["admin".into()] });
    }

    #[test]
    fn one_denied_action_is_enough_not_to_be_allowed_all() {
        let but_one = authority(vec![allow("admin", on(["*"])), deny("no", on(["account:CloseAccount"]))]);
        assert!(but_one.allows_all_actions().is_deny());
        assert!(but_one.decide_every_action(&Glob::insensitive("iam:*")).is_allow());
    }

    #[test]
    fn one_conditional_action_makes_all_of_them_conditional() {
        let grants = vec![allow("admin", on(["*"])), deny("no", on(["iam:Create*"])).when(Truth::unknown("k"))];
        let decision = authority(grants).allows_all_actions();
        assert!(!decision.is_allow() && !decision.is_deny(), "{decision:?}");
    }

    #[test]
    fn an_action_left_out_of_one_grant_may_be_in_another() {
        let contributor = || allow("contributor", Selector::all_but([Glob::insensitive("auth/*")]));
        assert!(authority(vec![contributor()]).allows_all_actions().is_deny());
        let both = authority(vec![contributor(), allow("access", on(["auth/*", "other/*"]))]);
        assert!(both.allows_all_actions().is_allow());
        let partly = authority(vec![contributor(), allow("access", on(["auth/roles/*"]))]);
        assert!(partly.allows_all_actions().is_deny());
    }

    #[test]
    fn a_deny_wider_than_the_pattern_is_seen() {
        let read_only = deny("no", Selector::all_but([Glob::insensitive("*:Get*")]));
        let reader = authority(vec![allow("admin", on(["*"])), read_only]);
        assert!(reader.decide_every_action(&Glob::insensitive("s3:*")).is_deny());
        assert!(reader.decide_every_action(&Glob::insensitive("s3:Get*")).is_allow());
    }

    #[test]
    fn only_what_is_surely_stopped_is_taken_to_be_stopped() {
        let grants = vec![allow("admin", on(["*"])), deny("no", on(["iam:*"]))];
        let node = authority(grants);
        assert!(!node.may_allow_some(&Glob::insensitive("iam:Create*")));
        assert!(node.may_allow_some(&Glob::insensitive("i*")));
    }
}
