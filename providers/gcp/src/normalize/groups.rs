//! Groups that hold roles. Who is in them only the directory tells, which is not read: what membership would add is told
//! once for a project, and not as a condition of each identity.

use super::{
    authority::Rights,
    principal::Principal,
    tables::{BASIC_ROLES, CAPABILITIES},
};
use crate::record::{iam::Binding, names::is_google_agent};
use palisade_authority::{Capability, GrantId, Wildcard};
use palisade_model::{Gap, UnreadGroup};
use std::collections::{BTreeSet, HashSet};

/// <https://cloud.google.com/identity/docs/how-to/memberships-google-groups>
const READABLE_WITH: &str = "the role Groups Reader of Cloud Identity";

/// What is taken of every identity as soon as a group holds a role.
pub(crate) const IN_NO_GROUP: &str =
    "it is taken to be in none of the groups that hold roles: who is in them is not read";

/// A way to a capability.
type Way = (Capability, &'static [&'static str]);

/// The groups that hold some role in the project, on one of its accounts or above.
pub(crate) fn groups<'a>(rights: &Rights<'a>) -> BTreeSet<&'a str> {
    let members = bindings(rights).flat_map(|binding| &binding.members);
    members.map(String::as_str).filter(|member| member.starts_with("group:")).collect()
}

/// The groups whose members would have more than their own roles say.
pub(crate) fn unread(rights: &Rights<'_>) -> Result<Vec<UnreadGroup>, Gap> {
    // A policy nobody read may give something to any group.
    if let Some(gap) = rights.unread() {
        return Err(gap.clone());
    }
    let groups = groups(rights);
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let ways = attainable(rights)?;
    let mut found = Vec::new();
    for group in groups {
        found.extend(unread_group(rights, group, &ways)?);
    }
    Ok(found)
}

fn bindings<'a>(rights: &Rights<'a>) -> impl Iterator<Item = &'a Binding> {
    let places = rights.hierarchy.places.iter().flat_map(|place| &place.policy.bindings);
    let accounts = rights.people.accounts.values().filter_map(|account| account.policy.as_ref());
    places.chain(accounts.flat_map(|policy| &policy.bindings))
}

/// The ways of which every permission is given to somebody: what nobody holds no group can complete.
fn attainable(rights: &Rights<'_>) -> Result<Vec<Way>, Gap> {
    let mut given: HashSet<&'static str> = HashSet::new();
    for binding in bindings(rights) {
        if let Some(role) = binding.role.as_deref()
            && binding.members.iter().any(|member| !is_google_agent(member))
        {
            given.extend(rights.roles.get(role)?.permissions.iter().copied());
        }
    }
    let ways = CAPABILITIES.iter().flat_map(|need| need.any_of.iter().map(|way| (need.capability, *way)));
    Ok(ways.filter(|(_, way)| way.iter().all(|permission| given.contains(permission))).collect())
}

/// The most a member may have through one group: a permission of it may complete what the member has anyway, conditions
/// may hold, and what denies the group may spare the member.
fn unread_group(rights: &Rights<'_>, group: &str, ways: &[Way]) -> Result<Option<UnreadGroup>, Gap> {
    let power = rights.of(&Principal::Member(group), None, &[]);
    if let Some(gap) = power.unread {
        return Err(gap);
    }
    let (mut adds, mut everywhere, mut by) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::<GrantId>::new());
    for grant in power.authority.giving() {
        let is_wide = grant.resources.covers(&rights.hierarchy.reach.scope);
        for (capability, way) in ways {
            if way.iter().any(|permission| grant.actions.matches(permission)) {
                adds.insert(*capability);
                by.insert(grant.id.clone());
                if is_wide {
                    everywhere.insert(*capability);
                }
            }
        }
    }
    let basic = power.bound.iter().filter(|bound| BASIC_ROLES.contains(&bound.role.as_str()));
    let wildcards: Vec<Wildcard> =
        basic.map(|bound| Wildcard { grant: bound.id.clone(), pattern: bound.role.clone() }).collect();
    by.extend(wildcards.iter().map(|wildcard| wildcard.grant.clone()));
    Ok((!by.is_empty()).then(|| UnreadGroup {
        group: group.strip_prefix("group:").unwrap_or(group).to_owned(),
        by: by.into_iter().collect(),
        adds,
        everywhere,
        wildcards,
        readable_with: READABLE_WITH,
    }))
}
