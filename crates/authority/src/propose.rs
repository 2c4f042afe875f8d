//! A smaller set of grants for the same work.

use std::collections::BTreeSet;

use crate::glob::Glob;
use crate::grant::{Grant, GrantId};
use crate::layers::Authority;
use crate::selector::Selector;
use crate::truth::Strength;

/// What to give an identity instead of what it has.
///
/// It allows everything that is both given now and needed, and nothing that is not given now. Denies, boundaries and
/// organisation policies are not part of it: they stay where they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// The grants. Each names the grant it is a part of, whose condition it keeps.
    pub grants: Vec<Grant>,
    /// Grants of which nothing is left.
    pub dropped: Vec<GrantId>,
    /// Patterns that the given grant and the need each only half contain, as they were given. They allow more than is
    /// needed, because no single pattern says exactly what both allow.
    pub loose: Vec<String>,
    /// Used actions that nothing gives: the record of use is older than the policy, or something else gave them.
    pub not_given: Vec<String>,
}

/// The smallest set of grants for what `need` allows and `used` names, out of what `effective` gives.
///
/// `need` says on which resources an action is needed; of a used action that is not known, so it is kept wherever it is
/// given. A grant that the rest of the proposal contains is left out.
pub fn propose(effective: &Authority, need: &Authority, used: &BTreeSet<String>) -> Proposal {
    let mut proposal = Proposal::default();
    let mut kept: Vec<Grant> = Vec::new();
    let mut dropped: BTreeSet<GrantId> = BTreeSet::new();
    let mut given_use: BTreeSet<&String> = BTreeSet::new();
    for grant in effective.giving().filter(|grant| grant.when.strength() > Strength::False) {
        dropped.insert(grant.id.clone());
        for needed in need.giving().filter(|grant| grant.when.strength() > Strength::False) {
            let actions = common(&grant.actions, &needed.actions, &mut proposal.loose);
            let resources = common(&grant.resources, &needed.resources, &mut proposal.loose);
            kept.extend(part(grant, actions, resources));
        }
        let now: Vec<&String> = used.iter().filter(|action| grant.actions.matches(action)).collect();
        given_use.extend(&now);
        let case = grant.actions.any_of().first().map_or(crate::glob::Case::Sensitive, Glob::case);
        let literal = Selector::of(now.iter().map(|action| Glob::exactly(case, action)));
        kept.extend(part(grant, literal, grant.resources.clone()));
    }
    proposal.not_given = used.iter().filter(|action| !given_use.contains(action)).cloned().collect();
    proposal.grants = fewest(merged(kept));
    for grant in &proposal.grants {
        dropped.remove(&grant.id);
    }
    proposal.loose.sort();
    proposal.loose.dedup();
    proposal.dropped = dropped.into_iter().collect();
    proposal
}

/// The names in both selectors, or a little more: never more than is given.
fn common(given: &Selector, needed: &Selector, loose: &mut Vec<String>) -> Selector {
    let mut both: Vec<Glob> = Vec::new();
    for wanted in needed.any_of() {
        // Mostly one pattern of the given ones has all of it.
        if given.any_of().iter().any(|glob| glob.includes(wanted)) {
            both.push(wanted.clone());
            continue;
        }
        for glob in given.any_of().iter().filter(|glob| glob.overlaps(wanted)) {
            if !wanted.includes(glob) {
                loose.push(glob.to_string());
            }
            both.push(glob.clone());
        }
    }
    let both = widest(both);
    let out = given.none_of().iter().chain(needed.none_of());
    let telling: Vec<Glob> = out.filter(|out| both.iter().any(|glob| glob.overlaps(out))).cloned().collect();
    Selector::of_except(both, widest(telling))
}

/// The patterns that no other one contains, each once.
fn widest(globs: Vec<Glob>) -> Vec<Glob> {
    let mut kept: Vec<Glob> = Vec::new();
    for glob in globs {
        if kept.iter().any(|known| known.includes(&glob)) {
            continue;
        }
        kept.retain(|known| !glob.includes(known));
        kept.push(glob);
    }
    kept
}

fn part(grant: &Grant, actions: Selector, resources: Selector) -> Option<Grant> {
    let empty = |selector: &Selector| {
        selector.any_of().iter().all(|glob| selector.none_of().iter().any(|out| out.includes(glob)))
    };
    (!empty(&actions) && !empty(&resources)).then(|| Grant { actions, resources, ..grant.clone() })
}

/// Parts of one grant on the same resources as one.
fn merged(parts: Vec<Grant>) -> Vec<Grant> {
    let mut merged: Vec<Grant> = Vec::new();
    for part in parts {
        let same = |known: &&mut Grant| {
            known.id == part.id
                && known.resources == part.resources
                && known.when == part.when
                && known.actions.none_of() == part.actions.none_of()
        };
        match merged.iter_mut().find(same) {
            Some(known) => {
                let both = known.actions.any_of().iter().chain(part.actions.any_of()).cloned().collect();
                known.actions = Selector::of_except(widest(both), part.actions.none_of().iter().cloned());
            }
            None => merged.push(part),
        }
    }
    merged
}

/// Without the grants that one other contains.
fn fewest(grants: Vec<Grant>) -> Vec<Grant> {
    let mut kept: Vec<Grant> = Vec::new();
    let contains = |outer: &Grant, inner: &Grant| {
        (outer.when.strength() == Strength::True || outer.when == inner.when)
            && inner.actions.lies_within(&[&outer.actions])
            && inner.resources.lies_within(&[&outer.resources])
    };
    for grant in grants {
        if kept.iter().any(|known| contains(known, &grant)) {
            continue;
        }
        kept.retain(|known| !contains(&grant, known));
        kept.push(grant);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Layer, LayerKind};
    use crate::truth::Truth;

    fn grant(id: &str, actions: &[&str], resource: &str) -> Grant {
        let actions = Selector::of(actions.iter().map(|action| Glob::insensitive(action)));
        Grant::allow(id, actions, Selector::of([Glob::sensitive(resource)]))
    }

    fn authority(grants: Vec<Grant>) -> Authority {
        Authority::new(vec![Layer::new("policies", LayerKind::Grants, grants)])
    }

    fn told(proposal: &Proposal) -> Vec<String> {
        let text = |grant: &Grant| format!("{}: {} on {}", grant.id, grant.actions, grant.resources);
        proposal.grants.iter().map(text).collect()
    }

    #[test]
    fn what_is_needed_is_cut_out_of_what_is_given() {
        let node = authority(vec![grant("all", &["*"], "*"), grant("bucket", &["s3:*"], "arn:logs/*")]);
        let need = authority(vec![
            grant("worker", &["ec2:DescribeInstances", "ec2:DescribeVpcs"], "*"),
            grant("pull", &["ecr:GetAuthorizationToken"], "*"),
        ]);
        let proposal = propose(&node, &need, &BTreeSet::new());
        assert_eq!(told(&proposal), ["all: ec2:DescribeInstances, ec2:DescribeVpcs, ecr:GetAuthorizationToken on *"]);
        assert_eq!(proposal.dropped, ["bucket".into()]);
    }

    #[test]
    fn what_was_used_stays_where_it_was_given() {
        let node = authority(vec![grant("bucket", &["s3:*"], "arn:logs/*")]);
        let used = ["s3:PutObject", "kms:Decrypt"].map(str::to_owned).into();
        let proposal = propose(&node, &Authority::none(), &used);
        assert_eq!(told(&proposal), ["bucket: s3:PutObject on arn:logs/*"]);
        assert_eq!(proposal.not_given, ["kms:Decrypt"]);
    }

    #[test]
    fn nothing_is_added_that_is_not_given_and_conditions_stay() {
        let given = grant("one", &["s3:GetObject"], "arn:one/*").when(Truth::unknown("aws:SourceVpce"));
        let proposal =
            propose(&authority(vec![given.clone()]), &authority(vec![grant("n", &["s3:*"], "*")]), &BTreeSet::new());
        assert_eq!(proposal.grants, [given]);
        assert_eq!(proposal.loose, <[String; 0]>::default());
    }

    #[test]
    fn what_a_grant_leaves_out_stays_left_out() {
        let most = Grant::allow("most", Selector::all_but([Glob::insensitive("s3:Delete*")]), Selector::everything());
        let proposal = propose(&authority(vec![most]), &authority(vec![grant("n", &["s3:*"], "*")]), &BTreeSet::new());
        assert_eq!(told(&proposal), ["most: s3:* except s3:Delete* on *"]);
    }

    #[test]
    fn a_pattern_that_only_half_fits_is_named() {
        let node = authority(vec![grant("odd", &["s3:*Object"], "*")]);
        let proposal = propose(&node, &authority(vec![grant("n", &["s3:Get*"], "*")]), &BTreeSet::new());
        assert_eq!(told(&proposal), ["odd: s3:*Object on *"]);
        assert_eq!(proposal.loose, ["s3:*Object"]);
    }

    #[test]
    fn a_grant_within_another_is_left_out() {
        let node =
            authority(vec![grant("narrow", &["s3:GetObject"], "arn:one/*"), grant("wide", &["s3:GetObject"], "*")]);
        let proposal = propose(&node, &authority(vec![grant("n", &["s3:GetObject"], "*")]), &BTreeSet::new());
        assert_eq!(told(&proposal), ["wide: s3:GetObject on *"]);
        assert_eq!(proposal.dropped, ["narrow".into()]);
    }
}
