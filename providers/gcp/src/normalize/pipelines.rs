//! Which principals with rights over a cluster come from pools of outside issuers.

use super::{minters::WHOEVER_ELSE, people::People, roles::RoleBook, trusts::lets_become};
use palisade_authority::{Certainty, IdentityId, PipelineSubject};
use palisade_model::{Minter, Pipeline, PipelineReach, Pipelines};
use std::collections::BTreeSet;

/// Roles that are given in Google's own access management hold in the whole cluster.
/// <https://cloud.google.com/kubernetes-engine/docs/how-to/iam>
pub(crate) fn pipelines(minters: &[Minter], people: &People, roles: &RoleBook<'_>) -> Pipelines {
    let mut found: Vec<Pipeline> = Vec::new();
    let mut unread: BTreeSet<String> = BTreeSet::new();
    for minter in minters {
        let reach = || PipelineReach::Cluster { by: minter.by.clone(), certainty: minter.certainty.clone() };
        let mut add = |member: &str, identity: &str, text: String| {
            let Some(outside) = Outside::of(member) else { return };
            let one = Pipeline {
                identity: IdentityId::from(identity),
                issuer: format!("pool {} of project {}", outside.pool, outside.project),
                admits: PipelineSubject::Unread { what: format!("`{}`, and the condition of the pool", outside.whom) },
                reach: reach(),
                text,
            };
            if !found.contains(&one) {
                found.push(one);
            }
        };
        add(&minter.principal, &minter.principal, format!("{} on {}", minter.by.join(", "), minter.scope));
        // What was not read may hold further bindings, for a pipeline's identity too.
        if let (WHOEVER_ELSE, Certainty::Conditional(on)) = (minter.principal.as_str(), &minter.certainty) {
            let on: Vec<&str> = on.iter().map(String::as_str).collect();
            unread.insert(format!("whoever else holds rights: {}", on.join(", ")));
            continue;
        }
        if let Some(group) = minter.principal.strip_prefix("group:") {
            unread.insert(format!("members of group `{group}`, which has {}, are not read", minter.by.join(", ")));
        }
        let Some(email) = minter.principal.strip_prefix("serviceAccount:") else { continue };
        match people.accounts.get(email).map(|account| &account.policy) {
            Some(policy) => {
                for binding in policy.iter().flat_map(|policy| &policy.bindings) {
                    let role = binding.role.as_deref().unwrap_or_default();
                    if lets_become(roles, role) {
                        for member in &binding.members {
                            add(member, email, format!("{member} has {role} on {email}"));
                        }
                    }
                }
            }
            None => {
                unread.insert(format!("`{email}` is of another project, and who becomes it is not read"));
            }
        }
    }
    found.sort_by(|a, b| (&a.identity, &a.text).cmp(&(&b.identity, &b.text)));
    Pipelines { found, unread: unread.into_iter().collect() }
}

/// A member that stands for identities of a pool that no cluster fills.
struct Outside<'a> {
    project: &'a str,
    pool: &'a str,
    /// Whom of the pool it means.
    whom: &'a str,
}

impl<'a> Outside<'a> {
    fn of(member: &'a str) -> Option<Self> {
        let rest = member
            .strip_prefix("principal://iam.googleapis.com/projects/")
            .or_else(|| member.strip_prefix("principalSet://iam.googleapis.com/projects/"))?;
        let (project, rest) = rest.split_once("/locations/global/workloadIdentityPools/")?;
        let (pool, whom) = rest.split_once('/')?;
        // The pool of a project's clusters is called after the project.
        (!pool.ends_with(".svc.id.goog")).then_some(Self { project, pool, whom })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_of_clusters_is_no_outside_issuer() {
        let of = |pool: &str| {
            format!("principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/{pool}/*")
        };
        let (github, own) = (of("github"), of("acme.svc.id.goog"));
        let outside = Outside::of(&github).unwrap();
        assert_eq!((outside.project, outside.pool, outside.whom), ("1", "github", "*"));
        assert!(Outside::of(&own).is_none());
        assert!(Outside::of("serviceAccount:ci@acme.iam.gserviceaccount.com").is_none());
    }
}
