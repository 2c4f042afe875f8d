//! Groups that hold roles. Who is in them only Microsoft Graph tells, which is not read: what membership would add is told
//! once for a cluster, and not as a condition of each identity.

use super::{
    assignments::{Assignments, Held},
    authority::name,
    cluster::Read,
    observe::observe,
    standing::{Switches, is_about_clusters},
    surroundings::Surroundings,
};
use palisade_authority::{Authority, Capability, GrantId, Need, wildcards};
use palisade_model::{Observed, UnreadGroup};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// <https://learn.microsoft.com/graph/api/group-list-transitivemembers>
const READABLE_WITH: &str = "GroupMember.Read.All of Microsoft Graph";

/// The groups whose members would have more than their own roles say.
pub(super) fn unread(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Arc<[UnreadGroup]>> {
    observe(|seen| {
        let assignments = around.assignments.as_ref().map_err(Clone::clone)?;
        seen.extend(assignments.evidence([]));
        for field in ["disableLocalAccounts", "aadProfile", "apiServerAccessProfile"] {
            seen.extend(read.row.evidence(&format!("/properties/{field}")));
        }
        let switches = Switches::of(read);
        if let Some(known) = around.standings.borrow().groups.get(&switches) {
            return Ok(Arc::clone(known));
        }
        let found: Arc<[UnreadGroup]> = all(assignments, around, &switches.needs()).into();
        around.standings.borrow_mut().groups.insert(switches, Arc::clone(&found));
        Ok(found)
    })
}

fn all(assignments: &Assignments<'_>, around: &Surroundings<'_>, needs: &[Need]) -> Vec<UnreadGroup> {
    let mut groups: BTreeMap<&str, Vec<&Held>> = BTreeMap::new();
    for held in assignments.all().iter().filter(|held| held.is_group()) {
        groups.entry(&held.principal).or_default().push(held);
    }
    if groups.is_empty() {
        return Vec::new();
    }
    let needs = attainable(assignments, needs);
    groups.into_iter().filter_map(|(group, held)| unread_group(group, &held, (assignments, around), &needs)).collect()
}

/// The ways to capabilities of which every action is given to somebody: what nobody holds no group can complete.
fn attainable(assignments: &Assignments<'_>, needs: &[Need]) -> Vec<(Capability, &'static [&'static str])> {
    let ways = needs.iter().flat_map(|need| need.any_of.iter().map(|way| (need.capability, *way)));
    let given = |action: &&str| assignments.all().iter().any(|held| held.may_give(action));
    ways.filter(|(_, way)| way.iter().all(given)).collect()
}

fn unread_group(
    group: &str,
    held: &[&Held],
    (assignments, around): (&Assignments<'_>, &Surroundings<'_>),
    needs: &[(Capability, &'static [&'static str])],
) -> Option<UnreadGroup> {
    let (mut adds, mut everywhere, mut by) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::<GrantId>::new());
    for one in held {
        let touches_a_cluster = around.touches_a_cluster(&one.scope);
        let is_wide = assignments.reach(&one.scope, true).covers(&assignments.everywhere());
        for (capability, way) in needs {
            if (touches_a_cluster || !is_about_clusters(*capability)) && way.iter().any(|action| one.may_give(action)) {
                adds.insert(*capability);
                if is_wide {
                    everywhere.insert(*capability);
                }
                by.insert(name(one).into());
            }
        }
    }
    let wildcards = wildcards(&assignments.authority(group), &Authority::none());
    by.extend(wildcards.iter().map(|wildcard| wildcard.grant.clone()));
    let gives_something = !by.is_empty();
    gives_something.then(|| UnreadGroup {
        group: group.to_owned(),
        by: by.into_iter().collect(),
        adds,
        everywhere,
        wildcards,
        readable_with: READABLE_WITH,
    })
}
