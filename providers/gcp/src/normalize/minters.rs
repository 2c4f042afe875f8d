//! Who can make credentials for a cluster through the cloud, and who can use the gateway of a fleet.

use super::{
    authority::condition_ways,
    deny,
    hierarchy::{Denial, Hierarchy},
    principal::{Principal, is_broad, kind},
    roles::RoleBook,
    tables::{ADMINISTRATOR_ROLES, BIND_ROLES, CONNECT, GATEWAY, MINT, SEE_CLUSTER},
};
use crate::record::names::{engine_agent, is_google_agent};
use jiff::Timestamp;
use palisade_authority::{Certainty, Effect, Glob, Grant, Truth};
use palisade_model::{Administrator, Gap, Minter, PrincipalKind, Tunnel, TunnelKind};
use std::collections::{BTreeMap, BTreeSet};

/// Whoever is meant by what was not read.
pub(crate) const WHOEVER_ELSE: &str = "whoever else";

/// A holder of some permissions, at one place.
#[derive(Debug)]
struct Holder {
    roles: BTreeSet<String>,
    /// Whether it surely holds them; else what it depends on.
    when: Truth,
}

/// Holders of some permissions by member and place, and why there may be further ones.
type Holders = (BTreeMap<(String, String), Holder>, Option<Gap>);

/// Who holds one of the permissions, by member and place. Google's own agents are left out: no customer can be one.
fn holders(
    hierarchy: &Hierarchy,
    denials: &[Denial],
    roles: &RoleBook<'_>,
    now: Timestamp,
    wanted: impl Fn(&str) -> Vec<&'static str>,
) -> Holders {
    let mut unread = hierarchy.unread().min().cloned();
    let mut found: BTreeMap<(String, String), Holder> = BTreeMap::new();
    for (level, place) in hierarchy.places.iter().enumerate() {
        for binding in &place.policy.bindings {
            // A binding without a role is one that was not read, see `policies`.
            let Some(name) = binding.role.as_deref() else { continue };
            let members: Vec<&String> = binding
                .members
                .iter()
                .filter(|member| {
                    !is_google_agent(member) && engine_agent(member).is_none() && !member.starts_with("deleted:")
                })
                .collect();
            if members.is_empty() {
                continue;
            }
            let role = match roles.get(name) {
                Ok(role) => role,
                Err(gap) => {
                    unread.get_or_insert(gap);
                    continue;
                }
            };
            let open = Truth::any(
                condition_ways(binding.condition.as_ref(), &hierarchy.reach, level, now)
                    .into_iter()
                    .map(|(_, when)| when),
            );
            for member in members {
                let held: Vec<&str> = wanted(member).into_iter().filter(|permission| role.has(permission)).collect();
                if held.is_empty() || open == Truth::False {
                    continue;
                }
                let denied = deny::grants(denials, &Principal::Member(member), &hierarchy.reach, now);
                let left = |permission| left(&denied, permission, &hierarchy.reach.scope);
                let when = Truth::any(held.iter().map(|permission| open.clone().and(left(permission))));
                if when == Truth::False {
                    continue;
                }
                let holder = found
                    .entry((member.clone(), place.name.clone()))
                    .or_insert_with(|| Holder { roles: BTreeSet::new(), when: Truth::False });
                holder.roles.insert(name.to_owned());
                holder.when = std::mem::replace(&mut holder.when, Truth::False).or(when);
            }
        }
    }
    (found, unread)
}

/// Whether a permission is left after what is denied. A denial for some resources of the project alone leaves that open.
fn left(denied: &[Grant], permission: &str, scope: &Glob) -> Truth {
    let takes = |grant: &&Grant| grant.effect == Effect::Deny && grant.actions.matches(permission);
    let whole = |grant: &Grant| {
        if grant.resources.covers(scope) {
            Truth::True
        } else {
            Truth::unknown(format!("for which resources `{}` takes it away", grant.id))
        }
    };
    Truth::any(denied.iter().filter(takes).map(|grant| grant.when.clone().and(whole(grant)))).not()
}

/// Everybody who can make credentials for the project's clusters.
pub(crate) fn minters(
    project: &str,
    hierarchy: &Hierarchy,
    denials: &[Denial],
    roles: &RoleBook<'_>,
    now: Timestamp,
) -> Result<Vec<Minter>, Gap> {
    let wanted = |member: &str| {
        // Where everybody may connect, the DNS endpoint has no lock left.
        let connect = is_broad(member).then_some(CONNECT);
        MINT.iter().copied().chain(connect).collect()
    };
    let (found, unread) = holders(hierarchy, denials, roles, now, wanted);
    let mut minters: Vec<Minter> = found
        .into_iter()
        .map(|((principal, scope), holder)| Minter {
            kind: kind(&principal, &scope, project, Some(&hierarchy.number)),
            principal,
            by: holder.roles.into_iter().collect(),
            scope,
            certainty: certainty(holder.when),
        })
        .collect();
    // Whoever was read stands; where nobody sure was, what was not read is the answer.
    if let Some(gap) = unread {
        if !minters.iter().any(|minter| minter.certainty.is_certain()) {
            return Err(gap);
        }
        minters.push(Minter {
            principal: WHOEVER_ELSE.to_owned(),
            kind: PrincipalKind::Role,
            by: vec!["what was not read".to_owned()],
            scope: format!("projects/{project}"),
            certainty: Certainty::Conditional(BTreeSet::from([gap.to_string()])),
        });
    }
    Ok(minters)
}

fn certainty(when: Truth) -> Certainty {
    match when {
        Truth::True | Truth::False => Certainty::Certain,
        Truth::Unknown(on) => Certainty::Conditional(on),
    }
}

/// Everybody whom the project or what stands above it makes an administrator inside its clusters: whoever may bind every role
/// there, and the holders of the roles that are wide enough to do the same by another way.
pub(crate) fn administrators(
    project: &str,
    hierarchy: &Hierarchy,
    denials: &[Denial],
    roles: &RoleBook<'_>,
    now: Timestamp,
) -> Result<Vec<Administrator>, Gap> {
    let wanted = |_: &str| MINT.iter().copied().chain([BIND_ROLES, SEE_CLUSTER]).collect();
    let (found, unread) = holders(hierarchy, denials, roles, now, wanted);
    let makes = |role: &String| {
        ADMINISTRATOR_ROLES.contains(&role.as_str()) || roles.get(role).is_ok_and(|role| role.has(BIND_ROLES))
    };
    let mut made: BTreeMap<String, Administrator> = BTreeMap::new();
    for ((principal, scope), holder) in found {
        let by: Vec<String> =
            holder.roles.iter().filter(|role| makes(role)).map(|role| format!("{role} on {scope}")).collect();
        if by.is_empty() {
            continue;
        }
        let certainty = certainty(holder.when);
        let one = made.entry(principal.clone()).or_insert_with(|| Administrator {
            kind: kind(&principal, &scope, project, Some(&hierarchy.number)),
            principal,
            by: Vec::new(),
            certainty: certainty.clone(),
        });
        if certainty.is_certain() {
            one.certainty = Certainty::Certain;
        }
        one.by.extend(by);
    }
    let mut made: Vec<Administrator> = made.into_values().collect();
    // Whoever was read stands; where nobody sure was, what was not read is the answer.
    if let Some(gap) = unread {
        if !made.iter().any(|one| one.certainty.is_certain()) {
            return Err(gap);
        }
        made.push(Administrator {
            principal: WHOEVER_ELSE.to_owned(),
            kind: PrincipalKind::User,
            by: vec!["what was not read".to_owned()],
            certainty: Certainty::Conditional(BTreeSet::from([gap.to_string()])),
        });
    }
    Ok(made)
}

/// People who may sign in to the project's clusters by their own name and not as members of a group.
pub(crate) fn people(
    hierarchy: &Hierarchy,
    denials: &[Denial],
    roles: &RoleBook<'_>,
    now: Timestamp,
) -> Result<Vec<String>, Gap> {
    let (found, unread) = holders(hierarchy, denials, roles, now, |_| vec![SEE_CLUSTER]);
    let named = found.into_iter().filter(|((principal, _), _)| principal.starts_with("user:"));
    let (mut sure, mut open) = (BTreeSet::new(), unread);
    for ((principal, _), holder) in named {
        match holder.when {
            Truth::True | Truth::False => drop(sure.insert(principal)),
            Truth::Unknown(on) => {
                let on: Vec<&str> = on.iter().map(String::as_str).collect();
                let what = format!("whether `{principal}` may sign in hangs on {}", on.join(", "));
                open.get_or_insert(Gap::Unsettled { what });
            }
        }
    }
    match open {
        Some(gap) if sure.is_empty() => Err(gap),
        _ => Ok(sure.into_iter().collect()),
    }
}

/// Everybody who may use the gateway of the fleet a cluster belongs to. `hierarchy` is the fleet project's.
pub(crate) fn gateways(
    hierarchy: &Hierarchy,
    denials: &[Denial],
    roles: &RoleBook<'_>,
    now: Timestamp,
) -> Result<Vec<Tunnel>, Gap> {
    let (found, mut unread) = holders(hierarchy, denials, roles, now, |_| GATEWAY.to_vec());
    let mut everybody_surely = false;
    for ((principal, _), holder) in found.iter().filter(|((principal, _), _)| is_broad(principal)) {
        match &holder.when {
            Truth::True | Truth::False => everybody_surely = true,
            Truth::Unknown(on) => {
                let on: Vec<&str> = on.iter().map(String::as_str).collect();
                let what = format!("whether `{principal}` may use the gateway hangs on {}", on.join(", "));
                unread.get_or_insert(Gap::Unsettled { what });
            }
        }
    }
    // That everybody may stands whoever else may; nothing else outweighs what was not read.
    if let Some(gap) = unread.filter(|_| !everybody_surely) {
        return Err(gap);
    }
    Ok(found
        .into_iter()
        .map(|((principal, scope), holder)| Tunnel {
            kind: TunnelKind::Gateway {
                role: format!("{} on {scope}", holder.roles.into_iter().collect::<Vec<_>>().join(", ")),
                broad: is_broad(&principal),
            },
            holder: principal,
        })
        .collect())
}
