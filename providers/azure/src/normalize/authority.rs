//! What a principal may do: role assignments add up, deny assignments take away.

use super::assignments::{Assignments, Denied, Held};
use palisade_authority::{Authority, Grant, Layer, LayerKind, Selector, Truth};

/// The principal that stands for everybody in a deny assignment.
/// <https://learn.microsoft.com/azure/role-based-access-control/deny-assignments>
const EVERYBODY: &str = "00000000-0000-0000-0000-000000000000";

/// Whether what groups were given counts: a principal may be in any of them, since members are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Groups {
    /// It may be in any of them.
    Perhaps,
    /// What is asked is what it was given itself.
    Aside,
}

impl Assignments<'_> {
    /// The authority of a principal, by its object id.
    pub(super) fn authority(&self, principal: &str, groups: Groups) -> Authority {
        let mut grants = Vec::new();
        for held in self.of(principal) {
            self.give(held, &Truth::True, &mut grants);
        }
        if groups == Groups::Perhaps {
            for held in self.of_groups().filter(|held| held.principal != principal.to_ascii_lowercase()) {
                let member = Truth::unknown(format!("whether it is in group {} (Microsoft Graph is not read)", held.principal));
                self.give(held, &member, &mut grants);
            }
        }
        let mut layers = vec![Layer::new("role assignments", LayerKind::Grants, grants)];
        let denials: Vec<Grant> = self.denied().iter().flat_map(|denied| self.take(denied, principal)).collect();
        if !denials.is_empty() {
            layers.push(Layer::new("deny assignments", LayerKind::Denials, denials));
        }
        Authority::new(layers).over(self.everywhere())
    }

    fn give(&self, held: &Held, member: &Truth, grants: &mut Vec<Grant>) {
        let resources = self.reach(&held.scope, true);
        let id = name(held);
        match &held.allows {
            // What an undefined role gives is unknown, but not where it gives it.
            Err(gap) => grants.push(Grant::allow(id, Selector::everything(), resources).when(member.clone()).when(Truth::unknown(gap.to_string()))),
            Ok(allowed) => grants.extend(allowed.iter().map(|allowed| {
                Grant::allow(id.clone(), allowed.actions.clone(), resources.clone())
                    .when(member.clone())
                    .when(condition(held.condition.as_deref()))
                    .when(condition(allowed.condition.as_deref()))
            })),
        }
    }

    fn take(&self, denied: &Denied, principal: &str) -> Vec<Grant> {
        let principal = principal.to_ascii_lowercase();
        let concerns = |people: &[(String, bool)]| {
            Truth::any(people.iter().map(|(id, group)| match id {
                _ if id == EVERYBODY || *id == principal => Truth::True,
                _ if *group => Truth::unknown(format!("whether it is in group {id} (Microsoft Graph is not read)")),
                _ => Truth::False,
            }))
        };
        let applies = concerns(&denied.principals)
            .and(concerns(&denied.excluded).not())
            .and(condition(denied.condition.as_deref()));
        if applies == Truth::False {
            return Vec::new();
        }
        let resources = self.reach(&denied.scope, !denied.not_below);
        let id = format!("deny assignment `{}` at {}", denied.name, denied.scope);
        let deny = |actions: &Selector| Grant::deny(id.clone(), actions.clone(), resources.clone()).when(applies.clone());
        denied.actions.iter().map(deny).collect()
    }
}

/// A grant as people look it up: the role and where it is assigned.
pub(super) fn name(held: &Held) -> String {
    let via = match held.kind.as_deref() {
        Some(kind) if kind.to_ascii_lowercase().ends_with("group") => format!(" to group {}", held.principal),
        Some(_) | None => String::new(),
    };
    format!("`{}` at {}{via}", held.role, held.scope)
}

/// Conditions look at the request, which nobody has made yet.
fn condition(text: Option<&str>) -> Truth {
    match text {
        None => Truth::True,
        Some(text) => Truth::unknown(format!("condition: {}", text.split_whitespace().collect::<Vec<_>>().join(" "))),
    }
}
