//! Which pods become which identity, and who else is trusted.

use super::{
    hierarchy::Hierarchy,
    identities::Surroundings,
    people::{People, pool},
    principal::is_foreign,
    roles::RoleBook,
    tables::{BECOME_LATER, DIRECT},
};
use crate::record::{
    container::Cluster,
    names::{engine_agent, is_google_agent},
};
use palisade_authority::IdentityId;
use palisade_model::{Audience, Controller, ControllerIdentity, ExternalTrust, Issuer, Trust, TrustSubject};
use std::collections::{BTreeMap, BTreeSet};

/// The subject under which Config Connector's controller runs.
pub(crate) const CONFIG_CONNECTOR: &str = "cnrm-system";

/// Which pods a trust means, in words.
pub(crate) fn subject_text(subject: &TrustSubject) -> String {
    match subject {
        TrustSubject::Exact { namespace, service_account } => format!("service account {namespace}/{service_account}"),
        TrustSubject::Namespace { namespace } => format!("every service account of namespace {namespace}"),
        TrustSubject::Pattern { pattern } => format!("service accounts that match {pattern}"),
        TrustSubject::WholeCluster => "every service account of the cluster".to_owned(),
        TrustSubject::WholePool => "every service account of every cluster of the pool".to_owned(),
        TrustSubject::Nobody { because } => format!("nobody: {because}"),
        TrustSubject::Expression { text } => format!("whoever {text} means"),
    }
}

/// Google's roles that let their holder be a service account, or give themselves the right to: as far as they are known
/// without having been read. Of a custom role that was not read it is taken.
const BECOMING: &[&str] = &[
    "roles/editor",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.securityAdmin",
    "roles/iam.serviceAccountKeyAdmin",
    "roles/iam.serviceAccountOpenIdTokenCreator",
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.workloadIdentityUser",
    "roles/owner",
];

/// Whether a role lets its holder be a service account it is bound on.
pub(crate) fn lets_become(roles: &RoleBook<'_>, role: &str) -> bool {
    match roles.get(role) {
        Ok(held) => held.has_any(DIRECT) || held.has_any(BECOME_LATER),
        Err(_) => BECOMING.contains(&role) || !role.starts_with("roles/"),
    }
}

/// The location of a cluster, in the field that has it now or in the one that had it before.
pub(crate) fn location(cluster: &Cluster) -> &str {
    cluster.location.as_deref().or(cluster.zone.as_deref()).unwrap_or_default()
}

/// The statements by which pods of the cluster become an identity.
pub(crate) fn trusts(
    around: &Surroundings<'_>,
    cluster: &Cluster,
    hierarchy: &Hierarchy,
    people: &People,
) -> Vec<Trust> {
    let Some(own_pool) = pool(cluster) else { return Vec::new() };
    let sharing = around.clusters.iter().filter(|other| pool(other) == Some(own_pool)).count();
    let issuer = || match around.unlisted {
        Some(gap) if sharing <= 1 => Issuer::PartlySeenPool { pool: own_pool.to_owned(), gap: gap.clone() },
        _ => Issuer::SharedPool { pool: own_pool.to_owned(), clusters: sharing },
    };
    let names = PoolNames { pool: own_pool, project: around.project, number: &hierarchy.number, cluster };
    let mut trusts: Vec<Trust> = Vec::new();
    let mut add = |identity: &str, subject: TrustSubject, text: String| {
        let trust = Trust {
            identity: IdentityId::from(identity),
            subject,
            audience: Audience::Checked,
            issuer: issuer(),
            consumers: 0,
            text,
        };
        if !trusts.contains(&trust) {
            trusts.push(trust);
        }
    };
    for (email, account) in &people.accounts {
        for binding in account.policy.iter().flat_map(|policy| &policy.bindings) {
            let role = binding.role.as_deref().unwrap_or_default();
            let subjects = binding.members.iter().filter_map(|member| Some((member, names.subject(member)?)));
            for (member, subject) in subjects {
                if lets_become(around.roles, role) {
                    add(email, subject, format!("{member} has {role} on {email}"));
                }
            }
        }
    }
    // A principal of the pool with roles of its own is an identity by itself.
    for place in &hierarchy.places {
        for binding in &place.policy.bindings {
            let role = binding.role.as_deref().unwrap_or_default();
            for member in &binding.members {
                if let Some(subject) = names.subject(member) {
                    add(member, subject, format!("{member} has {role} on {}", place.name));
                }
            }
        }
    }
    let mut subjects: BTreeMap<IdentityId, BTreeSet<String>> = BTreeMap::new();
    for trust in &trusts {
        subjects.entry(trust.identity.clone()).or_default().insert(subject_text(&trust.subject));
    }
    for trust in &mut trusts {
        trust.consumers = subjects.get(&trust.identity).map_or(0, BTreeSet::len);
    }
    trusts.sort_by(|a, b| (&a.identity, &a.text).cmp(&(&b.identity, &b.text)));
    trusts
}

/// How members name the pods of one cluster's pool.
struct PoolNames<'a> {
    pool: &'a str,
    project: &'a str,
    number: &'a str,
    cluster: &'a Cluster,
}

impl PoolNames<'_> {
    /// Which pods of the cluster a member means; nothing when it means none.
    fn subject(&self, member: &str) -> Option<TrustSubject> {
        if let Some(legacy) = member.strip_prefix("serviceAccount:").and_then(|rest| rest.strip_prefix(self.pool)) {
            let inner = legacy.strip_prefix('[')?;
            return Some(match inner.strip_suffix(']').and_then(|inner| inner.split_once('/')) {
                Some((namespace, name)) => {
                    TrustSubject::Exact { namespace: namespace.to_owned(), service_account: name.to_owned() }
                }
                None => TrustSubject::Expression { text: legacy.to_owned() },
            });
        }
        let (single, rest) = match member.strip_prefix("principal://iam.googleapis.com/projects/") {
            Some(rest) => (true, rest),
            None => (false, member.strip_prefix("principalSet://iam.googleapis.com/projects/")?),
        };
        // The pool's name holds its project's id: that of the fleet, where the fleet brings the pool. So the number
        // before it tells nothing more.
        let (_, rest) = rest.split_once("/locations/global/workloadIdentityPools/")?;
        let what = rest.strip_prefix(self.pool)?.strip_prefix('/')?;
        if single {
            return Some(match what.strip_prefix("subject/ns/").and_then(|rest| rest.split_once("/sa/")) {
                Some((namespace, name)) => {
                    TrustSubject::Exact { namespace: namespace.to_owned(), service_account: name.to_owned() }
                }
                None => TrustSubject::Expression { text: what.to_owned() },
            });
        }
        if what == "*" {
            return Some(TrustSubject::WholePool);
        }
        if let Some(namespace) = what.strip_prefix("namespace/") {
            return Some(TrustSubject::Namespace { namespace: namespace.to_owned() });
        }
        if let Some(uid) = what.strip_prefix("kubernetes.serviceaccount.uid/") {
            return Some(TrustSubject::Pattern { pattern: format!("uid {uid}") });
        }
        if let Some(url) = what.strip_prefix("kubernetes.cluster/") {
            let location = location(self.cluster);
            let name = self.cluster.name.as_deref().unwrap_or_default();
            let here = [self.project, self.number].iter().any(|project| {
                url.ends_with(&format!("/projects/{project}/locations/{location}/clusters/{name}"))
                    || url.ends_with(&format!("/projects/{project}/zones/{location}/clusters/{name}"))
            });
            return here.then_some(TrustSubject::WholeCluster);
        }
        Some(TrustSubject::Expression { text: what.to_owned() })
    }
}

/// Controllers that call Google's APIs beside GKE's own, which act as Google's agent.
pub(crate) fn controllers(cluster: &Cluster, trusts: &[Trust]) -> Vec<Controller> {
    let addon = cluster.addons_config.as_ref().and_then(|addons| addons.config_connector_config.as_ref());
    if addon.is_none_or(|addon| addon.enabled != Some(true)) {
        return Vec::new();
    }
    let own = trusts
        .iter()
        .find(|trust| matches!(&trust.subject, TrustSubject::Exact { namespace, .. } if namespace == CONFIG_CONNECTOR));
    let identity = match own {
        Some(trust) if trust.consumers > 1 => ControllerIdentity::Shared(trust.identity.clone()),
        Some(trust) => ControllerIdentity::Own(trust.identity.clone()),
        None => ControllerIdentity::Node,
    };
    vec![Controller { name: "Config Connector".to_owned(), identity }]
}

/// Accounts and pools of other projects that hold something in the project or on its accounts.
pub(crate) fn external(project: &str, hierarchy: &Hierarchy, people: &People) -> Vec<ExternalTrust> {
    let mut found = BTreeSet::new();
    let own = hierarchy
        .places
        .first()
        .into_iter()
        .flat_map(|place| place.policy.bindings.iter().map(|binding| (binding, place.name.clone())));
    let accounts = people.accounts.iter().flat_map(|(email, account)| {
        let bindings = account.policy.iter().flat_map(|policy| &policy.bindings);
        bindings.map(move |binding| (binding, format!("account {email}")))
    });
    for (binding, place) in own.chain(accounts) {
        for member in &binding.members {
            let foreign = match member.split_once(':') {
                Some(("serviceAccount", email)) => {
                    !is_google_agent(member)
                        && engine_agent(member) != Some(&hierarchy.number)
                        && is_foreign(email, project, Some(&hierarchy.number))
                }
                Some(("principal" | "principalSet", rest)) => {
                    let named =
                        rest.split_once("/projects/").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
                    rest.contains("/workloadIdentityPools/")
                        && named.is_some_and(|named| named != hierarchy.number && named != project)
                }
                Some(_) | None => false,
            };
            if foreign {
                found.insert(ExternalTrust {
                    party: member.clone(),
                    via: format!("{} on {place}", binding.role.as_deref().unwrap_or("a role")),
                    guarded_by: binding.condition.as_ref().map(|condition| {
                        condition.title.clone().or_else(|| condition.expression.clone()).unwrap_or_default()
                    }),
                });
            }
        }
    }
    found.into_iter().collect()
}
