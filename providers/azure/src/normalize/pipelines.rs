//! Which identities with rights over a cluster runs of pipelines become.

use super::{
    assignments::Assignments,
    capabilities::USER_CREDENTIAL,
    cluster::Read,
    minters::ways,
    observe::observe,
    standing::{has_entra, identity},
    surroundings::Surroundings,
    table::table,
};
use crate::{arm, record::FederatedCredential};
use palisade_authority::{Authority, Certainty, PipelineService, PipelineSubject};
use palisade_model::{Gap, Minter, Observed, Pipeline, PipelineReach, Pipelines, PrincipalKind};
use std::collections::BTreeSet;

/// Changing what runs, by a role of Azure itself.
const DEPLOY: &str = "data:Microsoft.ContainerService/managedClusters/apps/deployments/write";

/// The user-assigned identities that trust issuers outside and hold rights over the cluster.
pub(super) fn pipelines(
    read: &Read<'_, '_>,
    around: &Surroundings<'_>,
    minters: &Observed<Vec<Minter>>,
) -> Observed<Pipelines> {
    observe(|seen| {
        let assignments = around.assignments.as_ref().map_err(Clone::clone)?;
        let identities = table(&around.identities)?;
        seen.extend_from_slice(identities.pages());
        seen.extend(read.row.evidence("/id"));
        let mut pipelines = Pipelines::default();
        let mut known: BTreeSet<String> = BTreeSet::new();
        for row in identities.rows() {
            let item = row.get()?;
            let principal = item.properties.principal_id.as_deref().ok_or_else(|| Gap::Unsettled {
                what: format!("as whom identity `{}` acts is not in the list", arm::name(&row.id)),
            })?;
            known.insert(principal.to_ascii_lowercase());
            let credentials = around.federated(&row.id)?;
            let outside: Vec<&FederatedCredential> =
                credentials.all()?.into_iter().filter(|one| !is_of_cluster(one)).collect();
            if outside.is_empty() {
                continue;
            }
            seen.extend_from_slice(credentials.pages());
            let Some(reach) = reach(read, assignments, &around.authority(assignments, principal), principal) else {
                continue;
            };
            pipelines.found.extend(outside.into_iter().map(|credential| Pipeline {
                identity: identity(principal),
                issuer: credential.properties.issuer.clone().unwrap_or_default(),
                admits: admits(credential),
                reach: reach.clone(),
                text: format!(
                    "federated credential `{}` of identity `{}`",
                    credential.name.as_deref().unwrap_or_default(),
                    arm::name(&row.id)
                ),
            }));
        }
        seen.extend_from_slice(minters.sources());
        known.extend(around.carriers()?.own().iter().map(|(principal, _)| principal.clone()));
        known.extend(own_principals(read));
        let unread = |minter: &&Minter| {
            minter.kind == PrincipalKind::Group
                && assignments.members().of(&minter.principal.to_ascii_lowercase()).is_none()
        };
        for group in minters.get()?.iter().filter(unread) {
            let (name, by) = (&group.principal, group.by.join(", "));
            pipelines.unread.push(format!("members of group `{name}`, which may do {by}, were not read"));
        }
        for minter in minters.get()?.iter().filter(|minter| minter.kind == PrincipalKind::Role) {
            if !known.contains(&minter.principal.to_ascii_lowercase()) {
                pipelines.unread.push(format!(
                    "application `{}` may do {}, and Microsoft Graph (`Application.Read.All`) would tell whose tokens it believes",
                    minter.principal,
                    minter.by.join(", ")
                ));
            }
        }
        pipelines.unread.sort();
        pipelines.unread.dedup();
        Ok(pipelines)
    })
}

/// As whom the cluster's own parts act.
fn own_principals(read: &Read<'_, '_>) -> Vec<String> {
    let identity = read.item.identity.iter();
    let assigned = identity.clone().flat_map(|one| one.user_assigned_identities.iter().flat_map(|all| all.values()));
    let assigned = assigned.flatten().filter_map(|one| one.principal_id.as_deref());
    let own = identity.filter_map(|one| one.principal_id.as_deref());
    let profiles = read.properties.identity_profile.iter().flat_map(|profile| profile.values().flatten());
    let profiles = profiles.filter_map(|one| one.object_id.as_deref());
    own.chain(assigned).chain(profiles).map(str::to_ascii_lowercase).collect()
}

fn is_of_cluster(credential: &FederatedCredential) -> bool {
    credential.properties.issuer.as_deref().is_some_and(PipelineService::is_of_cluster)
}

/// How far an identity reaches in the cluster; nothing where it has no right over it.
fn reach(
    read: &Read<'_, '_>,
    assignments: &Assignments<'_>,
    authority: &Authority,
    principal: &str,
) -> Option<PipelineReach> {
    let mut whole = ways(read);
    if read.properties.aad_profile.as_ref().is_some_and(|profile| profile.enable_azure_rbac == Some(true)) {
        whole.push(DEPLOY);
    }
    let decided = whole.iter().filter_map(|action| Some((*action, authority.decide(action, read.id()).certainty()?)));
    let (by, certainties): (Vec<&str>, Vec<Certainty>) = decided.unzip();
    let sure = certainties.iter().any(Certainty::is_certain);
    let certainty = if sure { Some(Certainty::Certain) } else { certainties.into_iter().reduce(Certainty::and) };
    if let Some(certainty) = certainty {
        return Some(PipelineReach::Cluster { by: by.into_iter().map(str::to_owned).collect(), certainty });
    }
    let below = format!("{}/namespaces/", arm::key(read.id()));
    let held = assignments.of(principal).chain(assignments.through_groups(principal));
    let namespaces: BTreeSet<String> = held
        .filter(|held| held.may_give(DEPLOY))
        .filter_map(|held| arm::key(&held.scope).strip_prefix(&below).map(str::to_owned))
        .collect();
    if !namespaces.is_empty() {
        return Some(PipelineReach::Namespaces(namespaces.into_iter().collect()));
    }
    let signs_in = has_entra(read) && authority.decide(USER_CREDENTIAL, read.id()).certainty().is_some();
    signs_in.then(|| PipelineReach::Inside { by: "signing in through Entra".to_owned() })
}

/// Classic credentials compare to the letter; flexible ones hold an expression, of which the plain forms are read.
/// <https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials>
fn admits(credential: &FederatedCredential) -> PipelineSubject {
    let properties = &credential.properties;
    let service = PipelineService::of(properties.issuer.as_deref().unwrap_or_default());
    let subject = properties.subject.as_deref().filter(|subject| !subject.is_empty());
    let expression = properties.claims_matching_expression.as_ref().and_then(|one| one.value.as_deref());
    let unread = |what: &str| PipelineSubject::Unread { what: format!("`{what}`") };
    match (service, subject, expression) {
        (Some(service), Some(subject), _) => service.admits(subject, false),
        (Some(service), None, Some(expression)) => match plain(expression) {
            Some((subject, is_pattern)) => service.admits(subject, is_pattern),
            None => unread(expression),
        },
        (_, None, None) => unread("a credential without a subject"),
        (None, Some(what), _) | (None, None, Some(what)) => unread(what),
    }
}

/// `claims['sub'] eq '…'` or `claims['sub'] matches '…'`, and nothing beside it.
fn plain(expression: &str) -> Option<(&str, bool)> {
    let rest = expression.trim().strip_prefix("claims['sub']")?.trim_start();
    let (rest, is_pattern) = match rest.strip_prefix("matches ") {
        Some(rest) => (rest, true),
        None => (rest.strip_prefix("eq ")?, false),
    };
    let subject = rest.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    (!subject.contains('\'')).then_some((subject, is_pattern))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> PipelineSubject {
        let issuer = "https://token.actions.githubusercontent.com";
        let text = format!(r#"{{"name": "ci", "properties": {{"issuer": "{issuer}", {text}}}}}"#);
        admits(&serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_classic_credential_compares_to_the_letter_and_a_flexible_one_as_it_says() {
        assert!(matches!(of(r#""subject": "repo:acme/shop:ref:refs/heads/*""#), PipelineSubject::Exact { .. }));
        let flexible = |expression: &str| of(&format!(r#""claimsMatchingExpression": {{"value": "{expression}"}}"#));
        assert!(matches!(flexible("claims['sub'] matches 'repo:acme/shop:*'"), PipelineSubject::Project { .. }));
        assert!(matches!(flexible("claims['sub'] matches 'repo:acme/*'"), PipelineSubject::Owner { .. }));
        let exact = "claims['sub'] eq 'repo:acme/shop:environment:production'";
        assert!(matches!(flexible(exact), PipelineSubject::Exact { .. }));
        let two = "claims['sub'] matches 'repo:acme/*' and claims['job_workflow_ref'] eq 'x'";
        assert!(matches!(flexible(two), PipelineSubject::Unread { .. }));
    }

    #[test]
    fn an_issuer_that_is_not_known_settles_nothing() {
        let text = r#"{"properties": {"issuer": "https://ci.example", "subject": "job"}}"#;
        assert!(matches!(admits(&serde_json::from_str(text).unwrap()), PipelineSubject::Unread { .. }));
    }
}
