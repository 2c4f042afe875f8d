//! Who holds which role where, and what is denied.
//! <https://learn.microsoft.com/azure/role-based-access-control/overview>

use super::{
    condition::Condition,
    groups::Members,
    table::{Row, Table},
};
use crate::{
    DENY_ASSIGNMENTS, ROLE_ASSIGNMENTS, ROLE_DEFINITIONS, arm,
    record::{DenyAssignment, Permission, RoleAssignment, RoleDefinition},
};
use palisade_authority::{Authority, Case, Glob, Part, Selector};
use palisade_model::{Evidence, Gap};
use std::{cell::RefCell, collections::HashMap, sync::Arc};

/// What stands before the name of a data action, so that a wildcard over the control plane never reaches the data.
pub(super) const DATA: &str = "data:";

/// How the key of a management group begins.
const MANAGEMENT_GROUPS: &str = "/providers/microsoft.management/managementgroups/";

/// Every assignment of a subscription, with what its role means.
#[derive(Debug)]
pub(super) struct Assignments<'s> {
    /// The subscription's id.
    pub(super) subscription: &'s str,
    held: Vec<Held>,
    by_principal: HashMap<String, Vec<usize>>,
    by_scope: HashMap<String, Vec<usize>>,
    /// Assignments on management groups; those that are listed are above the subscription.
    above: Vec<usize>,
    built_in: RefCell<HashMap<&'static str, Option<Vec<Selector>>>>,
    authorities: RefCell<HashMap<String, Arc<Authority>>>,
    denied: Vec<Denied>,
    members: Members,
    /// What the groups of a principal hold, by its id in lower case.
    by_member: HashMap<String, Vec<usize>>,
    rows: Table<'s, RoleAssignment>,
    definitions: Table<'s, RoleDefinition>,
    roles: HashMap<String, usize>,
    pages: Vec<Evidence>,
}

/// What a role allows; the gap when nobody says.
pub(super) type Meaning = Result<Arc<[Allowed]>, Gap>;

/// One assignment.
#[derive(Debug)]
pub(super) struct Held {
    /// Who, in lower case.
    pub(super) principal: String,
    /// What kind of principal.
    pub(super) kind: Option<String>,
    /// The role's name, or its id when it is not defined.
    pub(super) role: String,
    /// Where, as it was written.
    pub(super) scope: String,
    /// The condition, when there is one.
    pub(super) condition: Option<String>,
    /// What the role allows; the gap when nobody says.
    pub(super) allows: Meaning,
    /// What the condition says, when it can be read.
    pub(super) limit: Option<Condition>,
    /// The roles that the condition names: whoever may give them away may give them to itself.
    pub(super) named: Vec<Named>,
    row: usize,
}

/// A role that a condition names.
#[derive(Debug)]
pub(super) struct Named {
    /// Its id, in lower case.
    pub(super) guid: String,
    /// Its name, or its id when it is not defined.
    pub(super) role: String,
    /// What it allows; the gap when nobody says.
    pub(super) allows: Meaning,
}

/// One permission of a role.
#[derive(Debug)]
pub(super) struct Allowed {
    /// What may be done.
    pub(super) actions: Selector,
    /// The permission's own condition.
    pub(super) condition: Option<String>,
}

/// One deny assignment.
#[derive(Debug)]
pub(super) struct Denied {
    /// Its name.
    pub(super) name: String,
    /// What is denied.
    pub(super) actions: Vec<Allowed>,
    /// Where.
    pub(super) scope: String,
    /// Where, comparable.
    pub(super) scope_key: String,
    /// Whether it stops there.
    pub(super) not_below: bool,
    /// To whom: id in lower case, empty when it is missing, and whether it may be a group.
    pub(super) principals: Vec<(String, bool)>,
    /// But not to these.
    pub(super) excluded: Vec<(String, bool)>,
    /// The condition, when there is one.
    pub(super) condition: Option<String>,
}

impl Held {
    /// Whether it was given to a group, or to something that may be one.
    pub(super) fn is_group(&self) -> bool {
        may_be_group(self.kind.as_deref())
    }

    /// Whether its role may give an action; one that nobody defines may.
    pub(super) fn may_give(&self, action: &str) -> bool {
        let may = |allows: &Meaning| {
            allows.as_ref().map_or(true, |allowed| allowed.iter().any(|allowed| allowed.actions.matches(action)))
        };
        may(&self.allows) || self.named.iter().any(|named| may(&named.allows))
    }
}

impl<'s> Assignments<'s> {
    /// Reads the three lists together, with who is in the groups they name.
    pub(super) fn new(
        subscription: &'s str,
        assignments: Table<'s, RoleAssignment>,
        definitions: Table<'s, RoleDefinition>,
        denials: &Table<'s, DenyAssignment>,
        members: Members,
    ) -> Result<Self, Gap> {
        let roles = by_guid(&definitions);
        let mut compiled: HashMap<String, (String, Meaning)> = HashMap::new();
        let mut found = Self {
            subscription,
            held: Vec::new(),
            by_principal: HashMap::new(),
            by_scope: HashMap::new(),
            above: Vec::new(),
            built_in: RefCell::default(),
            authorities: RefCell::default(),
            denied: denials.rows().iter().map(|row| denied(row, subscription)).collect::<Result<_, _>>()?,
            pages: [assignments.pages(), definitions.pages(), denials.pages(), members.pages()].concat(),
            members,
            by_member: HashMap::new(),
            rows: assignments,
            definitions,
            roles,
        };
        for (row, assignment) in found.rows.all()?.into_iter().enumerate() {
            let properties = &assignment.properties;
            // Without these it would seem to be nobody's, or to reach nothing.
            let odd = |field: &str| {
                let at = found.rows.rows().get(row).map_or(row, |row| row.at);
                let pointer = format!("/value/{at}/properties/{field}");
                super::malformed(&ROLE_ASSIGNMENTS, subscription, &pointer, "missing")
            };
            let named = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
            let principal = named(&properties.principal_id).ok_or_else(|| odd("principalId"))?.to_ascii_lowercase();
            let scope = named(&properties.scope).ok_or_else(|| odd("scope"))?;
            let role = properties.role_definition_id.as_deref().unwrap_or_default();
            let guid = arm::name(role).to_ascii_lowercase();
            let (name, allows) = compiled
                .entry(guid.clone())
                .or_insert_with(|| meaning(found.definition(&guid), role, subscription))
                .clone();
            let text = properties.condition.clone().filter(|condition| !condition.is_empty());
            let limit = text.as_deref().and_then(Condition::read);
            let roles = limit.as_ref().map(|limit| limit.named().1).unwrap_or_default();
            let mut named = Vec::with_capacity(roles.len());
            for guid in roles {
                let (role, allows) = compiled
                    .entry(guid.to_owned())
                    .or_insert_with(|| meaning(found.definition(guid), guid, subscription))
                    .clone();
                named.push(Named { guid: guid.to_owned(), role, allows });
            }
            let place = found.held.len();
            for member in found.members.of(&principal).into_iter().flatten() {
                found.by_member.entry(member.clone()).or_default().push(place);
            }
            found.by_principal.entry(principal.clone()).or_default().push(place);
            let scope_key = arm::key(&scope);
            if scope_key.starts_with(MANAGEMENT_GROUPS) {
                found.above.push(place);
            }
            found.by_scope.entry(scope_key).or_default().push(place);
            found.held.push(Held {
                principal,
                kind: properties.principal_type.clone(),
                role: name,
                scope,
                condition: text,
                allows,
                limit,
                named,
                row,
            });
        }
        Ok(found)
    }

    fn definition(&self, guid: &str) -> Option<&Row<'s, RoleDefinition>> {
        self.roles.get(guid).and_then(|place| self.definitions.rows().get(*place))
    }

    /// What a built-in role allows, by its id, when it is among the definitions.
    pub(super) fn role(&self, guid: &'static str) -> Option<Vec<Selector>> {
        let read = || {
            let role = self.definition(guid)?.item.as_ref().ok()?;
            let permissions = role.properties.permissions.as_deref()?;
            Some(permissions.iter().flat_map(allowed).map(|allowed| allowed.actions).collect())
        };
        self.built_in.borrow_mut().entry(guid).or_insert_with(read).clone()
    }

    /// The authority of a principal, worked out once.
    pub(super) fn known_authority(&self, principal: &str) -> Arc<Authority> {
        let key = principal.to_ascii_lowercase();
        if let Some(known) = self.authorities.borrow().get(&key) {
            return Arc::clone(known);
        }
        let authority = Arc::new(self.authority(principal));
        self.authorities.borrow_mut().insert(key, Arc::clone(&authority));
        authority
    }

    /// The assignments that reach a resource, given by its key, in the order in which they were listed.
    pub(super) fn reaching(&self, resource: &str) -> impl Iterator<Item = &Held> {
        let ends = resource.match_indices('/').map(|(at, _)| at).chain([resource.len()]);
        let scopes = ends.filter_map(|end| self.by_scope.get(resource.get(..end)?));
        let mut places: Vec<usize> = scopes.flatten().chain(&self.above).copied().collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(|place| self.held.get(place))
    }

    /// Every assignment.
    pub(super) fn all(&self) -> &[Held] {
        &self.held
    }

    /// What a principal was given itself.
    pub(super) fn of(&self, principal: &str) -> impl Iterator<Item = &Held> {
        let places = self.by_principal.get(&principal.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.held.get(*place))
    }

    /// What the groups were given that a principal is known to be in.
    pub(super) fn through_groups(&self, principal: &str) -> impl Iterator<Item = &Held> {
        let places = self.by_member.get(&principal.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.held.get(*place))
    }

    /// Who is in the groups that were looked into.
    pub(super) fn members(&self) -> &Members {
        &self.members
    }

    /// What is denied.
    pub(super) fn denied(&self) -> &[Denied] {
        &self.denied
    }

    /// Where assignments were read: one by one when there are some, the whole lists because absence counts too.
    pub(super) fn evidence<'h>(&self, held: impl IntoIterator<Item = &'h Held>) -> Vec<Evidence> {
        let rows = held.into_iter().filter_map(|held| self.rows.rows().get(held.row));
        rows.filter_map(|row: &Row<'_, RoleAssignment>| row.evidence("/properties"))
            .chain(self.pages.iter().cloned())
            .collect()
    }

    /// Where a scope reaches. What was assigned on a management group above holds in the subscription.
    pub(super) fn reach(&self, scope: &str, below: bool) -> Selector {
        let key = arm::key(scope);
        if key.is_empty() && below {
            return Selector::everything();
        }
        let mut places = vec![exactly(&key)];
        if below {
            places.push(under(&key));
            if key.starts_with(MANAGEMENT_GROUPS) {
                let here = format!("/subscriptions/{}", self.subscription);
                places.extend([exactly(&here), under(&here)]);
            }
        }
        Selector::of(places)
    }

    /// Every resource of the subscription.
    pub(super) fn everywhere(&self) -> Glob {
        under(&format!("/subscriptions/{}", self.subscription))
    }
}

/// Whether two scopes, given by their keys, may have a resource in common. Which management group holds which
/// subscription is not looked at.
pub(super) fn may_meet(one: &str, other: &str) -> bool {
    let is_above = |scope: &str| scope.starts_with(MANAGEMENT_GROUPS);
    is_above(one) || is_above(other) || arm::lies_in(one, other) || arm::lies_in(other, one)
}

/// This resource and no other.
pub(super) fn exactly(id: &str) -> Glob {
    Glob::exactly(Case::Insensitive, id)
}

/// Everything below a resource.
pub(super) fn under(id: &str) -> Glob {
    Glob::from_parts(Case::Insensitive, &[Part::Literal(id.trim_end_matches('/')), Part::Pattern("/*")])
}

/// Whether a principal may stand for more than itself: a group, or a kind that nobody told or knows.
/// <https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-subscription#principaltype>
fn may_be_group(kind: Option<&str>) -> bool {
    let single = ["User", "ServicePrincipal", "Device", "Application", "MSI"];
    !kind.is_some_and(|kind| single.iter().any(|one| kind.eq_ignore_ascii_case(one)))
}

/// Definitions by the last part of their ids: the part before differs with the scope they were listed at.
fn by_guid(definitions: &Table<'_, RoleDefinition>) -> HashMap<String, usize> {
    definitions.rows().iter().enumerate().map(|(place, row)| (arm::name(&row.id).to_ascii_lowercase(), place)).collect()
}

fn meaning(row: Option<&Row<'_, RoleDefinition>>, id: &str, subscription: &str) -> (String, Meaning) {
    let Some(row) = row else {
        let what =
            format!("role `{}` is assigned in `{subscription}` and not among its role definitions", arm::name(id));
        return (arm::name(id).to_owned(), Err(Gap::Unsettled { what }));
    };
    match row.get() {
        Err(gap) => (arm::name(id).to_owned(), Err(gap)),
        Ok(role) => {
            let name = role.properties.role_name.clone().unwrap_or_else(|| arm::name(id).to_owned());
            let meaning = match &role.properties.permissions {
                Some(permissions) if permissions.iter().all(is_whole) => {
                    Ok(permissions.iter().flat_map(allowed).collect())
                }
                Some(_) | None => {
                    let pointer = format!("/value/{}/properties/permissions", row.at);
                    Err(super::malformed(&ROLE_DEFINITIONS, subscription, &pointer, "missing"))
                }
            };
            (name, meaning)
        }
    }
}

/// Whether a permission says what it allows, on both planes.
fn is_whole(permission: &Permission) -> bool {
    permission.actions.is_some() && permission.data_actions.is_some()
}

/// `Actions - NotActions` and `DataActions - NotDataActions`, kept apart. `NotActions` are no denial: another role may
/// give what they leave out. <https://learn.microsoft.com/azure/role-based-access-control/role-definitions>
fn allowed(permission: &Permission) -> impl Iterator<Item = Allowed> {
    let condition = permission.condition.clone().filter(|condition| !condition.is_empty());
    let planes = [
        control(permission.actions.as_deref().unwrap_or_default(), &permission.not_actions),
        data(permission.data_actions.as_deref().unwrap_or_default(), &permission.not_data_actions),
    ];
    let named = |actions: &Selector| !actions.any_of().is_empty();
    planes
        .into_iter()
        .filter(named)
        .map(move |actions| Allowed { actions, condition: condition.clone() })
        .collect::<Vec<_>>()
        .into_iter()
}

fn control(actions: &[String], not: &[String]) -> Selector {
    let globs = |texts: &[String]| texts.iter().map(|text| Glob::insensitive(text)).collect::<Vec<_>>();
    let mut left_out = globs(not);
    if actions.iter().any(|action| action.starts_with(['*', '?'])) {
        left_out.push(Glob::insensitive(&format!("{DATA}*")));
    }
    Selector::of_except(globs(actions), left_out)
}

fn data(actions: &[String], not: &[String]) -> Selector {
    let glob = |text: &String| Glob::from_parts(Case::Insensitive, &[Part::Literal(DATA), Part::Pattern(text)]);
    Selector::of_except(actions.iter().map(glob), not.iter().map(glob))
}

fn denied(row: &Row<'_, DenyAssignment>, subscription: &str) -> Result<Denied, Gap> {
    let assignment = row.get()?;
    let properties = &assignment.properties;
    let scope = properties.scope.clone().filter(|scope| !scope.is_empty()).ok_or_else(|| {
        let pointer = format!("/value/{}/properties/scope", row.at);
        super::malformed(&DENY_ASSIGNMENTS, subscription, &pointer, "missing")
    })?;
    let people = |list: &[crate::record::Principal]| {
        let one = |principal: &crate::record::Principal| {
            let id = principal.id.as_deref().unwrap_or_default().to_ascii_lowercase();
            (id, may_be_group(principal.kind.as_deref()))
        };
        list.iter().map(one).collect()
    };
    Ok(Denied {
        name: properties.deny_assignment_name.clone().or_else(|| assignment.name.clone()).unwrap_or_default(),
        actions: properties.permissions.iter().flat_map(allowed).collect(),
        scope_key: arm::key(&scope),
        scope,
        not_below: properties.do_not_apply_to_child_scopes == Some(true),
        principals: people(&properties.principals),
        excluded: people(&properties.exclude_principals),
        condition: properties.condition.clone().filter(|condition| !condition.is_empty()),
    })
}
