//! A smaller role for an identity: what its job needs and what it was seen to use, out of what it has.

use super::{
    authority::{HeldRole, Rights},
    cluster::Shared,
    groups::IN_NO_GROUP,
    identities::identified,
    project,
    standing::principal,
    tables::NODE_NEED,
};
use crate::{
    calls::CLUSTERS_LIST,
    record::{iam::Insight, word::INSIGHT_STATE},
};
use palisade_authority::{
    Authority, Case, Glob, Grant, GrantId, Layer, LayerKind, Proposal, Selector, Truth, propose as smallest,
};
use palisade_model::{Gap, IdentityKind};
use palisade_provider::{Proposed, Snapshot};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Permissions that no custom role of a project may hold, by their beginnings: they are about what stands above it.
/// <https://cloud.google.com/iam/docs/custom-roles-permissions-support>
const ABOVE_A_PROJECT: &[&str] =
    &["resourcemanager.folders.", "resourcemanager.organizations.", "resourcemanager.projects.list"];

/// Longest title and description of a role, in characters.
/// <https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles>
const TITLE: usize = 100;
const DESCRIPTION: usize = 300;

/// What to give an account or principal instead of what it has. Nothing when no cluster uses it.
pub(crate) fn propose(snapshot: &Snapshot, id: &str) -> Option<Result<Proposed, Gap>> {
    let scopes = snapshot.scopes(&CLUSTERS_LIST);
    scopes.into_iter().find_map(|scope| project::ask(snapshot, scope, |shared| of_project(shared, id)).flatten())
}

fn of_project(shared: &Shared<'_>, id: &str) -> Option<Result<Proposed, Gap>> {
    let around = shared.surroundings();
    let found = shared.records.iter().find_map(|record| {
        let name = record.name.as_deref().unwrap_or_default();
        match identified(&around, record, name) {
            Ok(identified) => {
                let it = identified.identities.into_iter().find(|identity| identity.id.as_str() == id)?;
                Some(Ok((it.kind, it.name)))
            }
            Err(gap) => Some(Err(gap)),
        }
    })?;
    Some(found.and_then(|(kind, name)| {
        let rights = around.rights()?;
        let seen = seen(around.insights.get().map(|insights| insights.insights.as_slice()), id);
        of_identity(&rights, (id, kind, &name), seen)
    }))
}

/// The permissions an identity was seen to use, by the role that gave them.
type Seen = BTreeMap<String, BTreeSet<String>>;

fn seen(insights: Result<&[Insight], Gap>, id: &str) -> Result<Seen, Gap> {
    let mut seen = Seen::new();
    for insight in insights? {
        let state = insight.state_info.as_ref().and_then(|info| info.state.as_ref());
        let text = |key: &str| insight.content.as_ref()?.get(key)?.as_str();
        let is_its =
            text("member").is_some_and(|member| member.strip_prefix("serviceAccount:").unwrap_or(member) == id);
        if !is_its || state.is_some_and(|state| state.is(INSIGHT_STATE, "DISMISSED")) {
            continue;
        }
        let Some(role) = text("role") else { continue };
        let used = insight.content.as_ref().and_then(|content| content.get("exercisedPermissions"));
        let used = used.and_then(Value::as_array).into_iter().flatten();
        let names = used.filter_map(|one| one.get("permission").and_then(Value::as_str).or(one.as_str()));
        seen.entry(role.to_owned()).or_default().extend(names.map(str::to_owned));
    }
    Ok(seen)
}

fn of_identity(
    rights: &Rights<'_>,
    (id, kind, name): (&str, IdentityKind, &str),
    seen: Result<Seen, Gap>,
) -> Result<Proposed, Gap> {
    let mut notes = Vec::new();
    let need = match kind {
        IdentityKind::ControlPlane => {
            let what = "Google itself gives its agent what it needs: what else it holds can only be taken away";
            return Err(Gap::Unsettled { what: what.to_owned() });
        }
        IdentityKind::Node => {
            notes.push(
                "its need is that of a machine of Google Kubernetes Engine, and what it was seen to use".to_owned(),
            );
            need()
        }
        IdentityKind::Workload | IdentityKind::Controller => Authority::none(),
    };
    let is_node = kind == IdentityKind::Node;
    let seen = match seen {
        Ok(seen) => seen,
        // What a machine needs is known without it.
        Err(gap) if is_node => {
            notes.push(format!("what it was seen to use is not known: {gap}"));
            Seen::new()
        }
        Err(gap) => return Err(gap),
    };
    let held = rights.held(&principal(rights, id));
    let mut grants = Vec::new();
    let mut judged = false;
    for one in &held {
        // What an application needs nobody knows but by what it was seen to use, and that is watched role by role.
        if !is_node && !seen.contains_key(one.role) {
            notes.push(format!("keep {}: what is used of it is recorded nowhere", one.id));
            continue;
        }
        match rights.roles.whole(one.role) {
            Ok(permissions) => {
                judged = true;
                grants.extend(granted(one, &permissions));
            }
            Err(gap) => notes.push(format!("keep {}: {gap}", one.id)),
        }
    }
    if !judged && !is_node {
        return Err(Gap::Unsettled { what: "what it needs is recorded nowhere".to_owned() });
    }
    let effective = Authority::new(vec![Layer::new("role bindings", LayerKind::Grants, grants)]);
    let used: BTreeSet<String> = seen.into_values().flatten().collect();
    if rights.groups_hold_roles {
        notes.push(IN_NO_GROUP.to_owned());
    }
    notes.extend(rights.unread().map(|gap| format!("it may hold more, which stays as it is: {gap}")));
    notes.extend(held.iter().filter(|one| !one.id.as_str().ends_with(&here(rights))).filter_map(|one| {
        let above = rights.hierarchy.places.iter().skip(1).any(|place| one.id.as_str().contains(&place.name));
        above.then(|| format!("{} reaches beyond the project: what it needs elsewhere was not looked at", one.id))
    }));
    let member = if id.contains(':') { id.to_owned() } else { format!("serviceAccount:{id}") };
    let proposal = smallest(&effective, &need, &used);
    Ok(proposed(rights, &proposal, (&member, name), notes))
}

fn here(rights: &Rights<'_>) -> String {
    format!(" on projects/{}", rights.project)
}

/// The need of a machine, on whatever it was given.
fn need() -> Authority {
    let actions = Selector::of(NODE_NEED.iter().map(|permission| Glob::exactly(Case::Sensitive, permission)));
    let grant = Grant::allow("a machine's need", actions, Selector::everything());
    Authority::new(vec![Layer::new("need", LayerKind::Grants, [grant])])
}

fn granted(one: &HeldRole<'_>, permissions: &[String]) -> Vec<Grant> {
    let actions = Selector::of(permissions.iter().map(|permission| Glob::exactly(Case::Sensitive, permission)));
    let grant = |(resources, when): &(Selector, Truth)| {
        Grant::allow(one.id.clone(), actions.clone(), resources.clone()).when(one.meant.clone().and(when.clone()))
    };
    if permissions.is_empty() { Vec::new() } else { one.ways.iter().map(grant).collect() }
}

/// The proposal as a custom role of the project, in the form `gcloud iam roles create --file` takes.
///
/// What is given on single resources or under a condition is named and left out: in a role on the project it would be more
/// than is given now.
fn proposed(
    rights: &Rights<'_>,
    proposal: &Proposal,
    (member, name): (&str, &str),
    mut notes: Vec<String>,
) -> Proposed {
    let mut permissions: BTreeSet<&str> = BTreeSet::new();
    let mut replaced: BTreeSet<&GrantId> = BTreeSet::new();
    for grant in &proposal.grants {
        let wide = grant.when == Truth::True && grant.resources.covers(&rights.hierarchy.reach.scope);
        let (above, fitting): (Vec<&str>, Vec<&str>) = grant
            .actions
            .any_of()
            .iter()
            .filter_map(Glob::literal)
            .partition(|permission| ABOVE_A_PROJECT.iter().any(|start| permission.starts_with(start)));
        let keep = |what: &str, why: &str| format!("keep {what} of {}: {why}", grant.id);
        if !wide {
            notes.push(keep(&fitting.join(", "), "it is given on some resources only, or under a condition"));
            continue;
        }
        if !above.is_empty() {
            notes.push(keep(&above.join(", "), "no role of a project may hold it"));
        }
        replaced.insert(&grant.id);
        permissions.extend(fitting);
    }
    if !permissions.is_empty() {
        let instead: Vec<String> = replaced.iter().map(|grant| format!("`{grant}`")).collect();
        notes.push(format!("bind it to {member} on projects/{} instead of {}", rights.project, instead.join(", ")));
    }
    notes.extend(proposal.dropped.iter().map(|grant| format!("drop {grant}: nothing of it is needed")));
    notes.extend(proposal.not_given.iter().map(|permission| format!("`{permission}` was used and is not given now")));
    notes.sort();
    notes.dedup();
    let cut = |text: String, most: usize| -> String { text.chars().take(most).collect() };
    let document = json!({
        "title": cut(format!("Needed by {name}"), TITLE),
        "description": cut(format!("What {member} needs of what it was given on projects/{}.", rights.project), DESCRIPTION),
        "stage": "GA",
        "includedPermissions": permissions,
    });
    Proposed { document, notes }
}
