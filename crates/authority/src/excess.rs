//! What an identity may do beyond what it needs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::glob::{Case, Glob, Token};
use crate::grant::{Effect, Grant, GrantId};
use crate::held::Held;
use crate::language::unmentioned;
use crate::layers::{Authority, Layer};
use crate::name::Name;
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
            let action = Name::new(action);
            let taken_out = grant.actions.none_of().iter().any(|out| out.accepts(action));
            taken_out || needed.iter().any(|selector| selector.accepts(action))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{Capability, Certainty};
    use crate::held::{Need, capabilities};
    use crate::layers::LayerKind;
    use crate::truth::Truth;

    const TABLE: &[Need] =
        &[Need { capability: Capability::ExfiltrateStorage, any_of: &[&["s3:GetObject"], &["s3:PutBucketPolicy"]] }];

    fn grant(id: &str, actions: &[&str], resource: &str) -> Grant {
        let actions = Selector::of(actions.iter().map(|action| Glob::insensitive(action)));
        Grant::allow(id, actions, Selector::of([Glob::sensitive(resource)]))
    }

    fn authority(grants: Vec<Grant>) -> Authority {
        Authority::new(vec![Layer::new("policies", LayerKind::Grants, grants)])
    }

    fn compare(effective: &Authority, need: &Authority) -> Excess {
        excess(effective, &capabilities(effective, TABLE), need)
    }

    fn outside(effective: Vec<Grant>, need: Vec<Grant>) -> Vec<(String, Vec<String>)> {
        let outside = within(&authority(effective), &authority(need));
        outside.into_iter().map(|one| (one.grant.to_string(), one.actions)).collect()
    }

    #[test]
    fn what_is_needed_is_inherent_and_what_is_added_is_excess() {
        let read = || grant("read", &["s3:GetObject"], "*");
        let need = authority(vec![read()]);
        let same = compare(&need, &need);
        assert_eq!((same.capabilities.len(), same.inherent.len()), (0, 1));
        let more = compare(&authority(vec![read(), grant("policy", &["s3:PutBucketPolicy"], "*")]), &need);
        assert_eq!(more.capabilities[0].actions, ["s3:PutBucketPolicy"]);
        assert_eq!(more.capabilities[0].by, ["policy".into()]);
    }

    #[test]
    fn the_same_action_on_more_resources_is_excess() {
        let need = authority(vec![grant("one", &["s3:GetObject"], "arn:aws:s3:::one/*")]);
        let two = authority(vec![
            grant("one", &["s3:GetObject"], "arn:aws:s3:::one/*"),
            grant("two", &["s3:GetObject"], "arn:aws:s3:::two/*"),
        ]);
        assert_eq!(compare(&two, &need).capabilities.len(), 1);
        assert_eq!(compare(&need, &two).capabilities, [], "less than needed is no excess");
    }

    #[test]
    fn what_is_needed_under_a_condition_is_excess_without_it() {
        let read = || grant("read", &["s3:GetObject"], "*");
        let need = authority(vec![read().when(Truth::unknown("aws:PrincipalTag/cluster"))]);
        assert_eq!(compare(&authority(vec![read()]), &need).capabilities.len(), 1);
        assert_eq!(compare(&need, &need).capabilities, []);
    }

    #[test]
    fn a_capability_that_no_action_gives_is_never_part_of_the_need() {
        let entry = Held {
            capability: Capability::ClusterAdmin,
            certainty: Certainty::Certain,
            actions: vec![],
            by: vec!["access entry".into()],
            everywhere: false,
        };
        let none = Authority::none();
        assert_eq!(excess(&none, std::slice::from_ref(&entry), &none).capabilities, [entry]);
    }

    #[test]
    fn only_patterns_of_a_whole_service_on_wide_resources_are_wildcards() {
        let node = authority(vec![
            grant("wide", &["s3:*", "s3:Get*", "ec2:Describe?", "Microsoft.Compute/*", "*"], "*"),
            grant("narrow", &["kms:*"], "arn:aws:kms:::key/one"),
        ]);
        let found = wildcards(&node, &Authority::none());
        let patterns: Vec<&str> = found.iter().map(|one| one.pattern.as_str()).collect();
        assert_eq!(patterns, ["*", "Microsoft.Compute/*", "s3:*"]);
    }

    #[test]
    fn everything_but_something_is_a_wildcard_and_says_what_it_leaves_out() {
        let power = Grant::allow("power", Selector::all_but([Glob::insensitive("iam:*")]), Selector::everything());
        let found = wildcards(&authority(vec![power]), &Authority::none());
        assert_eq!(found[0].pattern, "* except iam:*");
    }

    #[test]
    fn a_wildcard_that_is_stopped_or_needed_is_not_told() {
        let all = || grant("all", &["s3:*", "ecr:*"], "*");
        let stop = Grant::deny("no", Selector::of([Glob::insensitive("s3:*")]), Selector::everything());
        let found = wildcards(&authority(vec![all(), stop]), &authority(vec![grant("need", &["e*"], "*")]));
        assert_eq!(found, []);
    }

    #[test]
    fn actions_outside_the_need_are_told_by_grant_as_they_were_written() {
        let needed = vec![grant("need", &["ec2:Describe*", "ecr:*"], "*")];
        let effective = vec![
            grant("worker", &["EC2:DescribeInstances", "ec2:Describe*"], "*"),
            grant("extra", &["ecr:BatchGetImage", "S3:*", "ec2:*"], "*"),
        ];
        assert_eq!(outside(effective, needed), [("extra".to_owned(), vec!["S3:*".to_owned(), "ec2:*".to_owned()])]);
    }

    #[test]
    fn an_action_that_is_stopped_everywhere_is_not_outside_and_one_stopped_in_part_is() {
        let stop = Grant::deny("no", Selector::of([Glob::insensitive("iam:*")]), Selector::everything());
        let effective = vec![grant("wide", &["iam:PassRole", "i*"], "*"), stop];
        assert_eq!(outside(effective, vec![]), [("wide".to_owned(), vec!["i*".to_owned()])]);
    }

    #[test]
    fn a_grant_that_leaves_out_what_is_not_needed_stays_within() {
        let most = Grant::allow(
            "most",
            Selector::of_except([Glob::insensitive("s3:*")], [Glob::insensitive("s3:Put*")]),
            Selector::everything(),
        );
        let need = Grant::allow("need", Selector::all_but([Glob::insensitive("s3:Put*")]), Selector::everything());
        assert_eq!(outside(vec![most.clone()], vec![need.clone()]), []);
        assert_eq!(outside(vec![need], vec![most]).len(), 1);
    }

    #[test]
    fn a_long_list_is_counted_beyond_what_is_spelled_out() {
        let names: Vec<String> = (0..LISTED + 3).map(|n| format!("svc.verb{n}")).collect();
        let role = Selector::of(names.iter().map(|name| Glob::sensitive(name)));
        let node = authority(vec![Grant::allow("role", role.clone(), Selector::everything())]);
        let found = within(&node, &Authority::none());
        assert_eq!((found[0].actions.len(), found[0].more), (LISTED, 3));
        assert_eq!(found[0].actions[..2], ["svc.verb0", "svc.verb1"]);
        let need = authority(vec![Grant::allow("baseline", role, Selector::everything())]);
        assert_eq!(within(&node, &need), []);
    }
}
