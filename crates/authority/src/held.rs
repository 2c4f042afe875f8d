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
    let mut held = Vec::new();
    for need in table {
        held.extend(need.any_of.iter().filter_map(|set| asked.satisfied(need.capability, set)));
    }
    combine(held)
}

/// Several reasons for the same capabilities as one list, a capability once, in the order of the vocabulary.
///
/// Certain reasons silence conditional ones; conditional ones add up.
pub fn combine(mut held: Vec<Held>) -> Vec<Held> {
    held.sort_by_key(|one| one.capability);
    held.chunk_by(|a, b| a.capability == b.capability).filter_map(together).collect()
}

fn together(reasons: &[Held]) -> Option<Held> {
    let certain = reasons.iter().any(|one| one.certainty.is_certain());
    let telling = || reasons.iter().filter(move |one| one.certainty.is_certain() == certain);
    let mut actions: Vec<String> = Vec::new();
    for action in telling().flat_map(|one| &one.actions) {
        if !actions.contains(action) {
            actions.push(action.clone());
        }
    }
    Some(Held {
        capability: reasons.first()?.capability,
        certainty: telling().map(|one| one.certainty.clone()).reduce(Certainty::and)?,
        actions,
        by: telling().flat_map(|one| &one.by).cloned().collect::<BTreeSet<_>>().into_iter().collect(),
        everywhere: telling().any(|one| one.everywhere),
    })
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

    fn satisfied(&mut self, capability: Capability, set: &'static [&'static str]) -> Option<Held> {
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
        let sure = if certainty.is_certain() { Strength::True } else { Strength::Unknown };
        Some(Held {
            capability,
            certainty,
            actions: set.iter().map(|action| (*action).to_owned()).collect(),
            by: by.into_iter().collect(),
            everywhere: everywhere.strength() >= sure,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob::Glob;
    use crate::grant::Grant;
    use crate::layers::{Layer, LayerKind};
    use crate::selector::Selector;
    use crate::truth::Truth;

    const TABLE: &[Need] = &[
        Need { capability: Capability::PushImage, any_of: &[&["ecr:PutImage"]] },
        Need {
            capability: Capability::ExfiltrateStorage,
            any_of: &[&["s3:GetObject"], &["s3:PutBucketPolicy"], &["ebs:GetSnapshotBlock"]],
        },
        Need { capability: Capability::AssumeAnyIdentity, any_of: &[&["iam:PassRole", "ec2:RunInstances"]] },
    ];

    fn grant(id: &str, actions: &[&str], resource: &str) -> Grant {
        let actions = Selector::of(actions.iter().map(|action| Glob::insensitive(action)));
        Grant::allow(id, actions, Selector::of([Glob::sensitive(resource)]))
    }

    fn held(grants: Vec<Grant>) -> Vec<Held> {
        capabilities(&Authority::new(vec![Layer::new("policies", LayerKind::Grants, grants)]), TABLE)
    }

    #[test]
    fn one_set_of_actions_is_enough_and_all_of_its_actions_are_needed() {
        assert_eq!(held(vec![grant("run", &["ec2:RunInstances"], "*")]), []);
        let both = held(vec![grant("run", &["ec2:RunInstances"], "*"), grant("pass", &["iam:PassRole"], "*")]);
        assert_eq!(both.len(), 1);
        assert_eq!(both[0].capability, Capability::AssumeAnyIdentity);
        assert_eq!(both[0].actions, ["iam:PassRole", "ec2:RunInstances"]);
        assert_eq!(both[0].by, ["pass".into(), "run".into()]);
    }

    #[test]
    fn passing_one_role_is_not_assuming_any_identity() {
        let one = vec![grant("run", &["ec2:RunInstances"], "*"), grant("pass", &["iam:PassRole"], "arn:role/ci")];
        assert_eq!(held(one), []);
    }

    #[test]
    fn a_set_reaches_as_far_as_the_action_that_leads_it() {
        let any = vec![grant("run", &["ec2:RunInstances"], "arn:instance/*"), grant("pass", &["iam:PassRole"], "*")];
        assert!(held(any)[0].everywhere);
        let bucket = held(vec![grant("read", &["s3:GetObject"], "arn:aws:s3:::one/*")]);
        assert!(!bucket[0].everywhere);
        assert!(bucket[0].certainty.is_certain());
    }

    #[test]
    fn a_certain_reason_silences_the_conditional_ones() {
        let maybe = grant("maybe", &["s3:PutBucketPolicy"], "*").when(Truth::unknown("aws:SourceIp"));
        let found = held(vec![maybe.clone(), grant("sure", &["s3:GetObject"], "arn:aws:s3:::one/*")]);
        assert_eq!(found[0].certainty, Certainty::Certain);
        assert_eq!(found[0].actions, ["s3:GetObject"]);
        assert!(!found[0].everywhere, "what reaches everywhere is only conditional");

        let also = grant("also", &["ebs:GetSnapshotBlock"], "*").when(Truth::unknown("aws:SourceVpce"));
        let found = held(vec![maybe, also]);
        let on = ["aws:SourceIp", "aws:SourceVpce"].map(str::to_owned);
        assert_eq!(found[0].certainty, Certainty::Conditional(on.into()));
        assert_eq!(found[0].actions, ["s3:PutBucketPolicy", "ebs:GetSnapshotBlock"]);
    }

    #[test]
    fn capabilities_come_in_the_order_of_the_vocabulary() {
        let found = held(vec![grant("all", &["*"], "*")]);
        let order: Vec<Capability> = found.iter().map(|one| one.capability).collect();
        assert_eq!(order, [Capability::AssumeAnyIdentity, Capability::ExfiltrateStorage, Capability::PushImage]);
    }

    #[test]
    fn reasons_of_another_kind_join_those_by_actions() {
        let entry = Held {
            capability: Capability::PushImage,
            certainty: Certainty::Certain,
            actions: vec![],
            by: vec!["access entry".into()],
            everywhere: false,
        };
        let mut all = held(vec![grant("push", &["ecr:PutImage"], "*")]);
        all.push(entry);
        let all = combine(all);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].by, ["access entry".into(), "push".into()]);
        assert_eq!((all[0].actions.len(), all[0].everywhere), (1, true));
    }

    #[test]
    fn an_empty_set_of_actions_gives_nothing() {
        let empty = [Need { capability: Capability::PushImage, any_of: &[&[]] }];
        assert_eq!(capabilities(&Authority::none(), &empty), []);
    }
}
