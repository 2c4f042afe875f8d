//! Groups that hold roles. Who is in them only Microsoft Graph tells. What is given to a group that was looked into, its members
//! hold; what membership of any other would add is told once for a cluster, and not as a condition of each identity.

use super::{
    assignments::{Assignments, Held},
    authority::name,
    cluster::Read,
    malformed,
    observe::observe,
    standing::{Switches, is_about_clusters},
    surroundings::Surroundings,
    table::{Row, Table},
};
use crate::{GROUP_MEMBERS, TENANT, record::Member};
use palisade_authority::{Authority, Capability, GrantId, Need, wildcards};
use palisade_model::{Evidence, Gap, Observed, UnreadGroup};
use palisade_provider::Snapshot;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// The identities in the groups that were looked into.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// By the group's id, in lower case; members in lower case too.
    of: HashMap<String, Result<HashSet<String>, Gap>>,
    pages: Vec<Evidence>,
}

impl Members {
    /// Reads them.
    pub(super) fn read(snapshot: &Snapshot) -> Self {
        let mut found = Self::default();
        for group in snapshot.asked(&GROUP_MEMBERS, TENANT).into_iter().filter_map(|asked| asked.get("group")) {
            let read = Table::<Member>::read(snapshot, &GROUP_MEMBERS, TENANT, &[("group", group)]);
            let members = read.and_then(|table| {
                found.pages.extend_from_slice(table.pages());
                let member = |row: &Row<'_, Member>| {
                    let id = row.get()?.id.as_deref().map(str::to_ascii_lowercase);
                    id.ok_or_else(|| malformed(&GROUP_MEMBERS, TENANT, &format!("/value/{}/id", row.at), "missing"))
                };
                table.rows().iter().map(member).collect()
            });
            found.of.insert(group.to_ascii_lowercase(), members);
        }
        found
    }

    /// Who is in a group, by its id in lower case; nothing where nobody could look.
    pub(super) fn of(&self, group: &str) -> Option<&HashSet<String>> {
        self.of.get(group)?.as_ref().ok()
    }

    /// Why a group that was asked about could not be looked into.
    fn gap(&self, group: &str) -> Option<&Gap> {
        self.of.get(group)?.as_ref().err()
    }

    /// Where all this was read.
    pub(super) fn pages(&self) -> &[Evidence] {
        &self.pages
    }
}

/// <https://learn.microsoft.com/graph/api/group-list-transitivemembers>
const READABLE_WITH: &str = "GroupMember.Read.All of Microsoft Graph";

/// The groups whose members would have more than their own roles say, and that nobody could be asked about; the gap when one
/// was asked about in vain.
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
        let found: Arc<[UnreadGroup]> = all(assignments, around, &switches.needs())?.into();
        around.standings.borrow_mut().groups.insert(switches, Arc::clone(&found));
        Ok(found)
    })
}

fn all(assignments: &Assignments<'_>, around: &Surroundings<'_>, needs: &[Need]) -> Result<Vec<UnreadGroup>, Gap> {
    let mut groups: BTreeMap<&str, Vec<&Held>> = BTreeMap::new();
    let unread = |held: &&Held| held.is_group() && assignments.members().of(&held.principal).is_none();
    for held in assignments.all().iter().filter(unread) {
        groups.entry(&held.principal).or_default().push(held);
    }
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let needs = attainable(assignments, needs);
    let mut found = Vec::new();
    for (group, held) in groups {
        let Some(unread) = unread_group(group, &held, (assignments, around), &needs) else { continue };
        match assignments.members().gap(group) {
            Some(gap) => return Err(gap.clone()),
            None => found.push(unread),
        }
    }
    Ok(found)
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
