//! Deny policies as grants that take away.

use super::{
    authority::{Reach, condition_ways},
    hierarchy::Denial,
    principal::Principal,
};
use jiff::Timestamp;
use palisade_authority::{Glob, Grant, Selector, Truth};

/// The denials that concern a principal. `reach` names the resources below each level.
pub(crate) fn grants(denials: &[Denial], principal: &Principal<'_>, reach: &Reach, now: Timestamp) -> Vec<Grant> {
    let mut grants = Vec::new();
    for denial in denials {
        let meant = Truth::any(denial.rule.denied_principals.iter().map(|denied| principal.is_denied_by(denied)));
        let spared = Truth::any(denial.rule.exception_principals.iter().map(|spared| principal.is_denied_by(spared)));
        let applies = meant.and(spared.not());
        if applies == Truth::False {
            continue;
        }
        let denied = denial.rule.denied_permissions.iter().map(|permission| pattern(permission));
        let excepted = denial.rule.exception_permissions.iter().map(|permission| pattern(permission));
        let actions = Selector::of_except(denied, excepted);
        let id = format!("deny policy {}", denial.policy);
        for (resources, when) in condition_ways(denial.rule.denial_condition.as_ref(), reach, denial.level, now) {
            let grant = Grant::deny(id.clone(), actions.clone(), resources);
            grants.push(grant.when(applies.clone().and(when)));
        }
    }
    grants
}

/// `iam.googleapis.com/serviceAccountKeys.create` is `iam.serviceAccountKeys.create` in allow policies.
fn pattern(permission: &str) -> Glob {
    let Some((service, action)) = permission.split_once('/') else { return Glob::sensitive(permission) };
    let service = service.split('.').next().unwrap_or(service);
    let service = if service == "cloudresourcemanager" { "resourcemanager" } else { service };
    Glob::sensitive(&format!("{service}.{action}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_of_deny_policies_are_named_like_those_of_roles() {
        for (denied, permission) in [
            ("iam.googleapis.com/serviceAccountKeys.create", "iam.serviceAccountKeys.create"),
            ("cloudresourcemanager.googleapis.com/projects.setIamPolicy", "resourcemanager.projects.setIamPolicy"),
            ("cloudresourcemanager.googleapis.com/projects.*", "resourcemanager.projects.setIamPolicy"),
        ] {
            assert!(pattern(denied).matches(permission), "{denied}");
        }
    }
}
