//! Who may use or change a key: by its own policy, by that of its key ring, and by those of its project and everything
//! above.

use super::{
    authority::condition_ways,
    deny,
    hierarchy::{Denial, Hierarchy},
    policies::ReadPolicy,
    principal::{Principal, is_broad},
    roles::{Role, RoleBook},
    tables::{RULE_FOLDER, RULE_KEY, RULE_ORGANIZATION, RULE_PROJECT, RULE_RING, USE_KEY},
};
use crate::record::{
    iam::{Binding, Policy},
    names::{after, engine_agent, is_google_agent},
    word::LOG_TYPE,
};
use jiff::Timestamp;
use palisade_authority::{Effect, Glob, Selector, Truth};
use palisade_model::{Gap, KeyAccess, KeyHolder};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that says who holds a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyPolicies<'a> {
    /// `projects/P/locations/L/keyRings/R/cryptoKeys/K`.
    pub(crate) key: &'a str,
    pub(crate) own: &'a ReadPolicy,
    pub(crate) ring: &'a ReadPolicy,
    /// Of the project the key lives in.
    pub(crate) hierarchy: &'a Hierarchy,
    pub(crate) denials: &'a [Denial],
    pub(crate) roles: &'a RoleBook<'a>,
    pub(crate) now: Timestamp,
}

/// One place of the chain from the key up to the organisation.
struct Step<'a> {
    name: &'a str,
    policy: &'a Policy,
    /// The level of the hierarchy whose resources a condition is read against.
    level: usize,
    /// Permissions that, held here, let their holder change who may use the key, or end it.
    rule: Vec<&'static str>,
}

/// What somebody holds, from all bindings together.
#[derive(Default)]
struct Held {
    uses: bool,
    administers: bool,
    by: BTreeSet<String>,
}

impl KeyPolicies<'_> {
    /// Everybody but Google's own agents. Kubernetes Engine's agent is the cluster itself.
    ///
    /// A binding under a condition that may hold counts, and says its condition: whoever holds the key now and then
    /// holds it.
    pub(crate) fn access(&self) -> Result<KeyAccess, Gap> {
        let mut held: BTreeMap<&str, Held> = BTreeMap::new();
        let unread = self.own.unread.iter().chain(&self.ring.unread).chain(self.hierarchy.unread());
        let mut unread = unread.min().cloned();
        for step in self.steps() {
            for binding in &step.policy.bindings {
                let members: Vec<&str> = binding.members.iter().map(String::as_str).filter(|one| counts(one)).collect();
                let Some(name) = binding.role.as_deref().filter(|_| !members.is_empty()) else { continue };
                if !self.may_hold(binding, step.level) {
                    continue;
                }
                let role = match self.roles.get(name) {
                    Ok(role) => role,
                    Err(gap) => {
                        unread.get_or_insert(gap);
                        continue;
                    }
                };
                for member in members {
                    let uses = self.left(&role, member, &[USE_KEY]);
                    let administers = self.left(&role, member, &step.rule);
                    if uses || administers {
                        let entry = held.entry(member).or_default();
                        entry.uses |= uses;
                        entry.administers |= administers;
                        entry.by.insert(said(name, step.name, binding));
                    }
                }
            }
        }
        let everybody = |member: &&str| is_broad(member) || member.starts_with("project");
        let logged = is_logged(self.hierarchy);
        let unread = unread.or_else(|| logged.as_ref().err().cloned());
        // Somebody else than the cluster who uses it is one too many, whoever else does.
        let is_bad = |(member, held): (&&str, &Held)| held.uses || everybody(member);
        if let Some(gap) = unread.filter(|_| !held.iter().any(is_bad)) {
            return Err(gap);
        }
        let holders = held.into_iter().map(|(member, held)| KeyHolder {
            principal: member.to_owned(),
            uses: held.uses,
            administers: held.administers,
            broad: everybody(&member),
            by: held.by.into_iter().collect::<Vec<_>>().join("; "),
        });
        Ok(KeyAccess::Known { holders: holders.collect(), public_network: None, logged: logged.ok() })
    }

    /// The key first, the organisation last.
    fn steps(&self) -> Vec<Step<'_>> {
        let on_ring = [RULE_KEY, RULE_RING].concat();
        let mut steps = vec![
            Step { name: "the key", policy: &self.own.policy, level: 0, rule: RULE_KEY.to_vec() },
            Step { name: "the key ring", policy: &self.ring.policy, level: 0, rule: on_ring.clone() },
        ];
        steps.extend(self.hierarchy.places.iter().enumerate().map(|(level, place)| {
            // Who sets the policy of a place that holds the key gives themselves any role on it.
            let own: &[&'static str] = if place.name.starts_with("organizations/") {
                &[RULE_PROJECT, RULE_FOLDER, RULE_ORGANIZATION]
            } else if place.name.starts_with("folders/") {
                &[RULE_PROJECT, RULE_FOLDER]
            } else {
                &[RULE_PROJECT]
            };
            Step { name: &place.name, policy: &place.policy, level, rule: [&on_ring, own].concat() }
        }));
        steps
    }

    /// Whether a binding's condition may hold for this key.
    fn may_hold(&self, binding: &Binding, level: usize) -> bool {
        if binding.condition.is_none() {
            return true;
        }
        let names = self.names();
        condition_ways(binding.condition.as_ref(), &self.hierarchy.reach, level, self.now)
            .into_iter()
            .any(|(resources, when)| when != Truth::False && names.iter().any(|name| resources.overlaps(name)))
    }

    /// The key and what is in it, by its project's id and by its number.
    fn names(&self) -> Vec<Glob> {
        let rest =
            after(self.key, "projects").and_then(|project| self.key.strip_prefix(&format!("projects/{project}")));
        let by_number = rest.map(|rest| format!("projects/{}{rest}", self.hierarchy.number));
        let names = [Some(self.key.to_owned()), by_number];
        names.iter().flatten().flat_map(|name| [Glob::sensitive(name), Glob::sensitive(&format!("{name}/*"))]).collect()
    }

    /// Whether a role gives a member one of these, after what is surely denied.
    fn left(&self, role: &Role, member: &str, wanted: &[&'static str]) -> bool {
        let held: Vec<&str> = wanted.iter().copied().filter(|permission| role.has(permission)).collect();
        if held.is_empty() {
            return false;
        }
        let names = Selector::of(self.names());
        let denied = deny::grants(self.denials, &Principal::Member(member), &self.hierarchy.reach, self.now);
        let surely = |permission: &str| {
            denied.iter().any(|grant| {
                grant.effect == Effect::Deny
                    && grant.when == Truth::True
                    && grant.actions.matches(permission)
                    && names.any_of().iter().all(|name| grant.resources.covers(name))
            })
        };
        held.into_iter().any(|permission| !surely(permission))
    }
}

fn counts(member: &str) -> bool {
    !is_google_agent(member) && engine_agent(member).is_none() && !member.starts_with("deleted:")
}

fn said(role: &str, place: &str, binding: &Binding) -> String {
    let condition = binding.condition.as_ref();
    match condition.and_then(|condition| condition.title.as_deref().or(condition.expression.as_deref())) {
        Some(condition) => format!("{role} on {place} if {condition}"),
        None => format!("{role} on {place}"),
    }
}

/// Whether every use of keys is logged: Cloud KMS counts uses as data reads, which Google logs only on demand, and not
/// for whom a setting exempts. Settings of all services and of one service add up.
/// <https://cloud.google.com/logging/docs/audit/configure-data-access>
///
/// Settings that were not read may switch it on or exempt somebody.
fn is_logged(hierarchy: &Hierarchy) -> Result<bool, Gap> {
    let unread = hierarchy.places.iter().filter_map(|place| place.unread_audit.as_ref()).chain(&hierarchy.above);
    if let Some(gap) = unread.min() {
        return Err(gap.clone());
    }
    let of_kms = |service: &str| service == "allServices" || service == "cloudkms.googleapis.com";
    let mut reads = hierarchy
        .places
        .iter()
        .flat_map(|place| &place.policy.audit_configs)
        .filter(|config| config.service.as_deref().is_some_and(of_kms))
        .flat_map(|config| &config.audit_log_configs)
        .filter(|log| log.log_type.as_ref().is_some_and(|kind| kind.is(LOG_TYPE, "DATA_READ")))
        .peekable();
    Ok(reads.peek().is_some() && reads.all(|log| log.exempted_members.is_empty()))
}
