//! Smaller roles for an identity: what its job needs, out of what it has.

use super::{
    assignments::DATA,
    cluster::Read,
    clusters,
    identities::{User, users},
    needs,
    surroundings::Surroundings,
};
use palisade_authority::{Authority, Grant, Layer, LayerKind, Proposal, Selector, Truth};
use palisade_model::{Gap, IdentityKind};
use palisade_provider::{Proposed, Snapshot};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What to give an identity, by its object id, instead of what it has. Nothing when no cluster uses it.
pub(crate) fn propose(snapshot: &Snapshot, id: &str) -> Option<Result<Proposed, Gap>> {
    let rows = clusters(snapshot, &mut Vec::new());
    let around = Surroundings::of(snapshot, &rows, None);
    let reads = rows.iter().filter_map(Read::of);
    let uses: Vec<(Read<'_, '_>, User)> = reads
        .flat_map(|read| {
            let own = users(&read, &around).into_iter().filter(|user| user.id.as_str() == id);
            own.map(|user| (read, user)).collect::<Vec<_>>()
        })
        .collect();
    let (_, first) = uses.first()?;
    let name = first.name.clone();
    Some(of_uses(&uses, &around).map(|(proposal, notes)| proposed(&proposal, (id, &name), notes)))
}

fn of_uses(uses: &[(Read<'_, '_>, User)], around: &Surroundings<'_>) -> Result<(Proposal, Vec<String>), Gap> {
    let assignments = around.assignments.as_ref().map_err(Clone::clone)?;
    let mut grants = Vec::new();
    let mut notes = Vec::new();
    let mut principal = None;
    for (read, user) in uses {
        principal = principal.or(user.principal.as_deref());
        let need = match user.kind {
            IdentityKind::ControlPlane => {
                needs::control_plane(read, assignments, super::key::vault_id(read, around).as_deref())
            }
            IdentityKind::Node => needs::node(assignments),
            IdentityKind::Workload | IdentityKind::Controller => {
                return Err(Gap::Unsettled {
                    what:
                        "what a workload or an add-on needs is recorded nowhere: compare its role assignments with its \
                           operations in the Activity Log"
                            .to_owned(),
                });
            }
        };
        grants.extend(need.giving().cloned());
        notes
            .push(format!("its need is what Microsoft documents for the identity of a cluster's {}", user.kind.name()));
    }
    let principal =
        principal.ok_or_else(|| Gap::Unsettled { what: "its object id is not in the answer".to_owned() })?;
    let need = Authority::new(vec![Layer::new("need", LayerKind::Grants, grants)]).over(assignments.everywhere());
    let given = around.authority(assignments, principal);
    notes.extend(given.assumptions().iter().cloned());
    Ok((palisade_authority::propose(&given, &need, &BTreeSet::new()), notes))
}

/// What one custom role says, beside its name: a role has one list of what it leaves out, so what leaves out other things is
/// another role.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Role {
    actions: BTreeSet<String>,
    data_actions: BTreeSet<String>,
}

/// Where a role is assigned, and what it leaves out on either plane.
type Place = (String, BTreeSet<String>, BTreeSet<String>);

/// The proposal as custom roles, each with the place where to assign it.
///
/// A grant under a condition is named and left out: without its condition the role would give more than is given now.
fn proposed(proposal: &Proposal, (id, name): (&str, &str), mut notes: Vec<String>) -> Proposed {
    let mut roles: BTreeMap<Place, Role> = BTreeMap::new();
    for grant in &proposal.grants {
        let keep = |why: &str| format!("keep {}, for {why}: {} on {}", grant.id, grant.actions, grant.resources);
        if grant.when != Truth::True {
            notes.push(keep("its condition"));
            continue;
        }
        let Some(scopes) = scopes(&grant.resources) else {
            notes.push(keep("its resources, which are no scope"));
            continue;
        };
        let ((actions, data_actions), (not_actions, not_data_actions)) = planes(grant);
        for scope in scopes {
            let role = roles.entry((scope, not_actions.clone(), not_data_actions.clone())).or_default();
            role.actions.extend(actions.iter().cloned());
            role.data_actions.extend(data_actions.iter().cloned());
        }
    }
    let document: Vec<Value> = roles
        .into_iter()
        .enumerate()
        .map(|(place, ((scope, not_actions, not_data_actions), role))| {
            let title = format!("{name} least privilege {}", place + 1);
            json!({
                "role": {
                    "Name": title,
                    "IsCustom": true,
                    "Description": format!("What {name} needs of what it was given."),
                    "Actions": role.actions,
                    "NotActions": not_actions,
                    "DataActions": role.data_actions,
                    "NotDataActions": not_data_actions,
                    "AssignableScopes": [assignable(&scope)],
                },
                "assignment": { "principalId": id, "principalType": "ServicePrincipal", "role": title, "scope": scope },
            })
        })
        .collect();
    notes.extend(proposal.dropped.iter().map(|grant| format!("drop {grant}: nothing of it is needed")));
    notes.extend(proposal.loose.iter().map(|pattern| format!("`{pattern}` allows more than is needed")));
    notes.sort();
    notes.dedup();
    Proposed { document: json!(document), notes }
}

/// The scopes that the patterns of some resources stand for: a resource, and what lies below it.
fn scopes(resources: &Selector) -> Option<BTreeSet<String>> {
    if !resources.none_of().is_empty() {
        return None;
    }
    let plain = |text: &str| (!text.contains(['*', '?'])).then(|| text.to_owned());
    resources
        .any_of()
        .iter()
        .map(|glob| plain(glob.as_str()).or_else(|| glob.as_str().strip_suffix("/*").and_then(plain)))
        .map(|scope| scope.filter(|scope| scope.starts_with('/')))
        .collect()
}

/// Where a custom role can be kept so that it can be assigned at a scope: a resource is none of those places, its resource group
/// is. <https://learn.microsoft.com/azure/role-based-access-control/role-definitions#assignablescopes>
fn assignable(scope: &str) -> String {
    match scope.match_indices('/').nth(4) {
        Some((end, _)) if scope.starts_with("/subscriptions/") => scope.get(..end).unwrap_or(scope).to_owned(),
        Some(_) | None => scope.to_owned(),
    }
}

type Names = (BTreeSet<String>, BTreeSet<String>);

/// What a grant allows on the control plane and on the data plane, and what it leaves out of each. Roles write data actions
/// without what stands before them here, and leave the data out of the control plane by themselves.
fn planes(grant: &Grant) -> (Names, Names) {
    let split = |globs: &[palisade_authority::Glob]| -> Names {
        let (data, control): (Vec<&str>, Vec<&str>) =
            globs.iter().map(palisade_authority::Glob::as_str).partition(|text| text.starts_with(DATA));
        let bare = data.into_iter().filter_map(|text| text.strip_prefix(DATA)).map(str::to_owned);
        (control.into_iter().map(str::to_owned).collect(), bare.collect())
    };
    let (allowed, (not_control, not_data)) = (split(grant.actions.any_of()), split(grant.actions.none_of()));
    // `NotDataActions` without data actions leave nothing out.
    let not_data = if allowed.1.is_empty() { BTreeSet::new() } else { not_data };
    (allowed, (not_control, not_data))
}
