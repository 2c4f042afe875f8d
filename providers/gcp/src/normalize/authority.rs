//! Role bindings, deny policies and access scopes as layers of grants.

use super::{
    condition::ways,
    deny,
    hierarchy::{Denial, Hierarchy, Place},
    people::People,
    principal::Principal,
    roles::RoleBook,
    scopes::{PERHAPS, SCOPES},
};
use crate::record::iam::{Binding, Condition};
use jiff::Timestamp;
use palisade_authority::{Authority, Glob, Grant, GrantId, Layer, LayerKind, Selector, Truth};
use palisade_model::Gap;
use std::collections::HashSet;

/// The resources below each level of a hierarchy, as conditions and our questions name them.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    levels: Vec<Selector>,
    /// Every resource of the project.
    pub(crate) scope: Glob,
}

impl Reach {
    /// A binding reaches what it stands at and everything below.
    pub(crate) fn of(project: &str, number: &str, places: &[Place]) -> Self {
        let mut below: Vec<Glob> = [
            format!("projects/{project}"),
            format!("projects/{project}/*"),
            format!("projects/{number}"),
            format!("projects/{number}/*"),
            // Buckets have names without a project.
            "projects/_/*".to_owned(),
        ]
        .iter()
        .map(|pattern| Glob::sensitive(pattern))
        .collect();
        let mut levels = vec![Selector::of(below.clone())];
        for place in places.iter().skip(1) {
            below.push(Glob::sensitive(&place.name));
            below.push(Glob::sensitive(&format!("{}/*", place.name)));
            levels.push(Selector::of(below.clone()));
        }
        Self { levels, scope: Glob::sensitive(&format!("projects/{project}/*")) }
    }

    fn at(&self, level: usize) -> Selector {
        self.levels.get(level).cloned().unwrap_or_else(Selector::nothing)
    }
}

/// The ways a condition leaves open at a level: on which resources, and whether it holds.
pub(crate) fn condition_ways(
    condition: Option<&Condition>,
    reach: &Reach,
    level: usize,
    now: Timestamp,
) -> Vec<(Selector, Truth)> {
    let everything = || reach.at(level);
    let Some(condition) = condition else { return vec![(everything(), Truth::True)] };
    let Some(expression) = condition.expression.as_deref() else {
        return vec![(everything(), Truth::unknown("a condition without an expression"))];
    };
    ways(expression, now)
        .into_iter()
        .map(|way| {
            let Some(first) = way.resources.first() else { return (everything(), way.when) };
            // All patterns have to match: the one inside all others says it; else it stays open.
            let narrowest = way.resources.iter().find(|one| way.resources.iter().all(|other| other.includes(one)));
            match narrowest {
                Some(one) => (Selector::of([one.clone()]), way.when),
                None => {
                    (Selector::of([first.clone()]), way.when.and(Truth::unknown(format!("condition `{expression}`"))))
                }
            }
        })
        .collect()
}

/// A role somebody holds.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) role: String,
    pub(crate) id: GrantId,
}

/// What somebody may do, and where it comes from.
#[derive(Debug)]
pub(crate) struct Power {
    pub(crate) authority: Authority,
    /// The roles held for certain.
    pub(crate) bound: Vec<Bound>,
    /// Every permission some grant names. Roles name permissions one by one, so what is not here cannot be held.
    named: HashSet<&'static str>,
    /// Why it may do more: a role it holds was not read.
    pub(crate) unread: Option<Gap>,
}

impl Power {
    /// Whether one of these sets of permissions may be held at all.
    pub(crate) fn may(&self, sets: &[&[&str]]) -> bool {
        sets.iter().any(|set| set.iter().all(|permission| self.named.contains(permission)))
    }
}

/// A role that a binding gives somebody.
#[derive(Clone, Debug)]
pub(crate) struct HeldRole<'a> {
    pub(crate) role: &'a str,
    pub(crate) id: GrantId,
    /// Whether the binding surely means them.
    pub(crate) meant: Truth,
    /// The ways its condition leaves open.
    pub(crate) ways: Vec<(Selector, Truth)>,
}

/// Everything somebody's rights follow from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rights<'a> {
    pub(crate) project: &'a str,
    pub(crate) hierarchy: &'a Hierarchy,
    pub(crate) denials: &'a [Denial],
    pub(crate) people: &'a People,
    pub(crate) roles: &'a RoleBook<'a>,
    /// Whether some group holds a role; see `groups`.
    pub(crate) groups_hold_roles: bool,
    pub(crate) now: Timestamp,
}

/// Grants while they are being gathered.
#[derive(Default)]
struct Gathered {
    grants: Vec<Grant>,
    bound: Vec<Bound>,
    named: HashSet<&'static str>,
    unread: Option<Gap>,
}

/// What was not read and is taken to stop nothing.
const BOUNDARIES: &str = "principal access boundary policies were not read and are taken to stop nothing";

impl Rights<'_> {
    /// What a principal may do by what was read, and the roles it holds. `scopes` are the access scopes of a node's token; `leaving_out`
    /// are roles that do not count.
    pub(crate) fn of(&self, principal: &Principal<'_>, scopes: Option<&[String]>, leaving_out: &[&str]) -> Power {
        let mut held = Gathered::default();
        for one in self.held(principal).into_iter().filter(|one| !leaving_out.contains(&one.role)) {
            self.add(one, &mut held);
        }
        let mut layers = vec![
            Layer::new("role bindings", LayerKind::Grants, held.grants),
            Layer::new(
                "deny policies",
                LayerKind::Denials,
                deny::grants(self.denials, principal, &self.hierarchy.reach, self.now),
            ),
        ];
        layers.extend(scopes.and_then(guard));
        let authority = Authority::new(layers).over(self.hierarchy.reach.scope.clone()).assuming(BOUNDARIES);
        Power { authority, bound: held.bound, named: held.named, unread: held.unread }
    }

    /// Why somebody may hold more than what was read says.
    pub(crate) fn unread(&self) -> Option<&Gap> {
        self.hierarchy.unread().chain(&self.people.unread).min()
    }

    /// The ways a condition of an account's own policy leaves open. One on the account's name is one on this resource.
    fn ways_on_account(&self, condition: Option<&Condition>, resource: &str) -> Vec<(Selector, Truth)> {
        let on_it = Glob::sensitive(resource);
        let here = |when| (Selector::of([on_it.clone()]), when);
        if condition.is_none() {
            return vec![here(Truth::True)];
        }
        condition_ways(condition, &self.hierarchy.reach, 0, self.now)
            .into_iter()
            .filter(|(resources, _)| resources.overlaps(&on_it))
            .map(|(_, when)| here(when))
            .collect()
    }

    /// The roles that bindings give a principal, by its project, by what stands above it, and on accounts.
    pub(crate) fn held(&self, principal: &Principal<'_>) -> Vec<HeldRole<'_>> {
        let mut all = Vec::new();
        for (level, place) in self.hierarchy.places.iter().enumerate() {
            for binding in &place.policy.bindings {
                let ways = || condition_ways(binding.condition.as_ref(), &self.hierarchy.reach, level, self.now);
                all.extend(held_by(binding, principal, &place.name, ways));
            }
        }
        for (email, account) in &self.people.accounts {
            let resource = account_resource(&account.home, email);
            for binding in account.policy.iter().flat_map(|policy| &policy.bindings) {
                let ways = || self.ways_on_account(binding.condition.as_ref(), &resource);
                all.extend(held_by(binding, principal, &format!("account {email}"), ways));
            }
        }
        all
    }

    fn add(&self, one: HeldRole<'_>, held: &mut Gathered) {
        let role = match self.roles.get(one.role) {
            Ok(role) => role,
            Err(gap) => {
                held.unread.get_or_insert(gap);
                return;
            }
        };
        // A role held through a set nobody could look into is held perhaps; it is no excess to be told.
        if one.meant == Truth::True {
            held.bound.push(Bound { role: one.role.to_owned(), id: one.id.clone() });
        }
        if let Some(actions) = &role.actions {
            held.named.extend(role.permissions.iter().copied());
            for (resources, when) in one.ways {
                let grant = Grant::allow(one.id.clone(), actions.clone(), resources);
                held.grants.push(grant.when(one.meant.clone().and(when)));
            }
        }
    }
}

/// What a binding gives a principal. A binding without a role is one that was not read, see `policies`.
fn held_by<'a>(
    binding: &'a Binding,
    principal: &Principal<'_>,
    place: &str,
    ways: impl FnOnce() -> Vec<(Selector, Truth)>,
) -> Option<HeldRole<'a>> {
    let role = binding.role.as_deref()?;
    let meant = Truth::any(binding.members.iter().map(|member| principal.is_meant_by(member)));
    if meant == Truth::False {
        return None;
    }
    let ways = ways();
    if ways.is_empty() {
        return None;
    }
    let mut id = format!("{role} on {place}");
    if let Some(title) = binding.condition.as_ref().and_then(|condition| condition.title.as_deref()) {
        id = format!("{id} if {title}");
    }
    Some(HeldRole { role, id: GrantId::from(id), meant, ways })
}

/// A service account as a resource.
pub(crate) fn account_resource(home: &str, email: &str) -> String {
    format!("projects/{home}/serviceAccounts/{email}")
}

/// What the access scopes of a token let through. None at all lets everything through, as Google then takes
/// `cloud-platform`; a scope the table does not know may let through anything.
fn guard(scopes: &[String]) -> Option<Layer> {
    if scopes.is_empty() {
        return None;
    }
    let mut grants = Vec::new();
    for scope in scopes {
        let name = scope.rsplit("/auth/").next().unwrap_or(scope);
        match SCOPES.iter().find(|(known, _)| *known == name) {
            Some((_, patterns)) if patterns.contains(&"*") => return None,
            Some((_, patterns)) => {
                let actions = Selector::of(patterns.iter().map(|pattern| Glob::sensitive(pattern)));
                grants.push(Grant::allow(format!("scope {name}"), actions, Selector::everything()));
            }
            None => {
                let anything = Grant::allow(format!("scope {name}"), Selector::everything(), Selector::everything());
                grants.push(anything.when(Truth::unknown(format!("access scope `{name}`"))));
            }
        }
    }
    for name in scopes.iter().map(|scope| scope.rsplit("/auth/").next().unwrap_or(scope)) {
        for (_, patterns) in PERHAPS.iter().filter(|(known, _)| *known == name) {
            let actions = Selector::of(patterns.iter().map(|pattern| Glob::sensitive(pattern)));
            let grant = Grant::allow(format!("scope {name}"), actions, Selector::everything());
            grants.push(grant.when(Truth::unknown(format!("access scope `{name}`"))));
        }
    }
    Some(Layer::new("access scopes", LayerKind::Guard, grants))
}
