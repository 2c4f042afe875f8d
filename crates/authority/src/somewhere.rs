//! The verdict on an action when the resource is left open: is there one it may be done to.

use std::collections::BTreeSet;

use crate::glob::Glob;
use crate::grant::Effect;
use crate::judge::{Decision, DenyReason, judge};
use crate::language::{End, Followed, Walk};
use crate::layers::Authority;
use crate::name::Name;
use crate::relevant::Relevant;

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
        self.try_combinations(&relevant, tried)
    }

    fn gives_unread(&self) -> bool {
        self.layers().iter().any(|layer| layer.gives() && layer.missing().is_some())
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

    /// Follows every combination of the patterns inside those that could still turn out better than what was tried.
    fn try_combinations(&self, relevant: &[Relevant<'_>], tried: Decision) -> Decision {
        let everything = Glob::everything();
        let giving = relevant.iter().filter(|one| one.gives).flat_map(|one| one.grant.resources.any_of());
        // What was not read could give anything anywhere.
        let giving = giving.chain(self.gives_unread().then_some(&everything));
        let bounds = giving.map(|glob| (glob, self.judge_relevant(relevant, |one| one.applies_at_best_in(glob))));
        let hopeful: Vec<(&Glob, Decision)> = bounds.filter(|(_, bound)| bound.strength() > tried.strength()).collect();
        let Some((_, bound)) = hopeful.iter().max_by_key(|(_, bound)| bound.strength()) else { return tried };

        let mut walk = Walk::seeded(hopeful.iter().map(|(glob, _)| *glob));
        let followed: Vec<(Relevant<'_>, Followed)> =
            relevant.iter().map(|one| (*one, walk.follow(&one.grant.resources))).collect();
        let mut best = tried;
        let end = walk.stop_at(|name| {
            if !(0..hopeful.len()).any(|seed| name.matches_seed(seed)) {
                return false;
            }
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
            End::Stopped | End::Exhausted => best,
            End::GaveUp if best.is_deny() => {
                let open = Decision::Conditional { on: BTreeSet::new(), by: bound.by().to_vec() };
                open.also_hanging_on(TOO_ENTANGLED)
            }
            End::GaveUp => best.also_hanging_on(TOO_ENTANGLED),
        }
    }
}

/// The more permissive decision; of two allowing ones, the grants of both; of two conditional ones, the one that
/// depends on less; of two denials, the one with more to say.
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
        // A denial of what nothing gives says less than a denial of what is given.
        (Decision::Deny { by: DenyReason::Implicit }, new) => new,
        (known, new) if new.strength() > known.strength() => new,
        (known, _) => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Grant;
    use crate::layers::{Layer, LayerKind};
    use crate::selector::Selector;
    use crate::truth::Truth;

    fn on<const N: usize>(patterns: [&str; N]) -> Selector {
        Selector::of(patterns.map(Glob::sensitive))
    }

    fn somewhere(grants: Vec<Grant>, guards: Vec<Grant>) -> Decision {
        let mut layers = vec![Layer::new("policies", LayerKind::Grants, grants)];
        if !guards.is_empty() {
            layers.push(Layer::new("guard", LayerKind::Guard, guards));
        }
        Authority::new(layers).decide_any_resource("act")
    }

    fn allow(id: &str, resources: Selector) -> Grant {
        Grant::allow(id, Selector::everything(), resources)
    }

    fn deny(id: &str, resources: Selector) -> Grant {
        Grant::deny(id, Selector::everything(), resources)
    }

    #[test]
    fn every_grant_that_gives_it_somewhere_is_named() {
        let decision = somewhere(vec![allow("one", on(["a/*"])), allow("two", on(["b"]))], vec![]);
        assert_eq!(decision, Decision::Allow { by: vec!["one".into(), "two".into()] });
    }

    #[test]
    fn a_deny_of_some_resources_leaves_the_others() {
        let decision = somewhere(vec![allow("all", on(["*"])), deny("not prod", on(["prod/*"]))], vec![]);
        assert!(decision.is_allow());
        let exactly_those = somewhere(vec![allow("prod", on(["prod/db"])), deny("not prod", on(["prod/*"]))], vec![]);
        assert_eq!(exactly_those, Decision::Deny { by: DenyReason::Explicit("not prod".into()) });
    }

    #[test]
    fn a_grant_and_a_guard_that_meet_between_their_patterns_are_found_to_meet() {
        let decision = somewhere(vec![allow("eks", on(["eks-*"]))], vec![allow("guard", on(["*-prod"]))]);
        assert_eq!(decision, Decision::Allow { by: vec!["eks".into()] });
        let apart = somewhere(vec![allow("eks", on(["eks-*-dev"]))], vec![allow("guard", on(["*-prod"]))]);
        assert_eq!(apart, Decision::Deny { by: DenyReason::Guard("guard".into()) });
    }

    #[test]
    fn denies_that_cover_a_grant_only_together_are_found_to_cover_it() {
        let halves = vec![deny("empty", on(["bucket/"])), deny("named", on(["bucket/?*"]))];
        let grants = || vec![allow("bucket", on(["bucket/*"]))];
        assert!(somewhere([grants(), halves.clone()].concat(), vec![]).is_deny());
        assert!(somewhere([grants(), halves[1..].to_vec()].concat(), vec![]).is_allow());
    }

    #[test]
    fn a_resource_that_hangs_on_less_is_told() {
        let decision = somewhere(
            vec![
                allow("all", on(["*"])).when(Truth::unknown("k")),
                deny("prod", on(["prod/*"])).when(Truth::unknown("another")),
            ],
            vec![],
        );
        assert_eq!(decision.certainty(), Some(crate::Certainty::Conditional(["k".to_owned()].into())));
    }

    #[test]
    fn an_action_nobody_gives_is_denied_with_its_reason() {
        assert_eq!(somewhere(vec![], vec![]), Decision::Deny { by: DenyReason::Implicit });
        let denied = somewhere(vec![deny("no", on(["*"]))], vec![]);
        assert_eq!(denied, Decision::Deny { by: DenyReason::Explicit("no".into()) });
    }

    #[test]
    fn what_was_not_read_may_give_it_where_no_deny_reaches() {
        let unread = Layer::unread("own", LayerKind::Grants, "inline policies");
        let denied = Layer::new(
            "denials",
            LayerKind::Denials,
            [deny("all but one", Selector::all_but([Glob::sensitive("one")]))],
        );
        let decision = Authority::new(vec![unread, denied]).decide_any_resource("act");
        assert_eq!(decision, Decision::Conditional { on: ["inline policies".to_owned()].into(), by: vec![] });
    }

    #[test]
    fn a_grant_on_no_resource_gives_nothing() {
        assert_eq!(
            somewhere(vec![allow("unresolved", Selector::nothing())], vec![]),
            Decision::Deny { by: DenyReason::Implicit }
        );
    }

    #[test]
    fn beyond_the_limit_the_answer_is_open_and_says_why() {
        let tail = "?".repeat(16);
        let grants = vec![
            allow("whole", on([&format!("*a{tail}")])),
            deny("begun", on([&format!("a{tail}")])),
            deny("later", on([&format!("*?a{tail}")])),
        ];
        // The denies cover the grant together; the witness of its pattern alone does not show it.
        let decision = somewhere(grants, vec![]);
        assert_eq!(decision, Decision::Deny { by: DenyReason::Explicit("later".into()) }.or_entangled("whole"));
    }

    impl Decision {
        fn or_entangled(self, by: &str) -> Self {
            let open = Self::Conditional { on: BTreeSet::new(), by: vec![by.into()] };
            if self.is_deny() { open.also_hanging_on(TOO_ENTANGLED) } else { self }
        }
    }
}
