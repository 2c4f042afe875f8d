//! Which service accounts become which identity, and who else does.
//! <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>

use super::{
    cluster::Read,
    observe::observe,
    standing::identity,
    surroundings::Surroundings,
    table::{Row, table},
};
use crate::{
    CLUSTERS, arm,
    record::{FederatedCredential, UserAssignedIdentity},
};
use palisade_model::{Audience, Evidence, ExternalTrust, Gap, IdentityId, Issuer, Observed, Trust, TrustSubject};
use std::collections::BTreeSet;

/// The audience that Entra's token exchange expects.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// An identity's row with the credentials in question.
pub(super) type Federated<'t, 's> = (&'t Row<'s, UserAssignedIdentity>, Vec<&'t FederatedCredential>);

/// The issuer of the cluster's tokens, when it has one; the gap when it does not say which.
fn issuer<'r>(read: &'r Read<'_, '_>) -> Result<Option<&'r str>, Gap> {
    let profile = &read.properties.oidc_issuer_profile;
    if profile.enabled != Some(true) {
        return Ok(None);
    }
    let url = profile.issuer_url.as_deref().filter(|url| !url.is_empty());
    let missing = || {
        let scope = arm::subscription(read.id()).unwrap_or_default();
        let pointer = format!("/value/{}/properties/oidcIssuerProfile/issuerURL", read.row.at);
        super::malformed(&CLUSTERS, scope, &pointer, "missing, and the issuer is on")
    };
    url.map(Some).ok_or_else(missing)
}

/// The identities that this cluster's service accounts become, each with the credentials that say so. Entra compares
/// issuers letter by letter, and so do we.
pub(super) fn federated_here<'t, 's>(
    read: &Read<'_, '_>,
    around: &'t Surroundings<'s>,
    seen: &mut Vec<Evidence>,
) -> Result<Vec<Federated<'t, 's>>, Gap> {
    let Some(issuer) = issuer(read)? else { return Ok(Vec::new()) };
    let identities = table(&around.identities)?;
    seen.extend_from_slice(identities.pages());
    let mut found = Vec::new();
    for row in around.trusting(issuer)? {
        let credentials = around.federated(&row.id)?;
        let ours = |one: &&FederatedCredential| one.properties.issuer.as_deref() == Some(issuer);
        seen.extend_from_slice(credentials.pages());
        found.push((row, credentials.all()?.into_iter().filter(ours).collect()));
    }
    Ok(found)
}

/// Which pods become which identity.
pub(super) fn trusts(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<Trust>> {
    observe(|seen| {
        seen.extend(read.row.evidence("/properties/oidcIssuerProfile"));
        let mut trusts = Vec::new();
        for (row, credentials) in federated_here(read, around, seen)? {
            let all = around.federated(&row.id)?.all()?;
            let consumers: BTreeSet<(&str, String)> =
                all.iter().map(|one| (one.properties.issuer.as_deref().unwrap_or_default(), said(one))).collect();
            let owner = row.get()?;
            let id = match owner.properties.principal_id.as_deref() {
                Some(principal) => identity(principal),
                None => IdentityId::from(arm::key(&row.id).as_str()),
            };
            for credential in credentials {
                trusts.push(Trust {
                    identity: id.clone(),
                    subject: subject(credential),
                    audience: audience(&credential.properties.audiences),
                    issuer: Issuer::ThisCluster,
                    consumers: consumers.len(),
                    text: format!(
                        "federated credential `{}` of identity `{}`: {}",
                        credential.name.as_deref().unwrap_or_default(),
                        arm::name(&row.id),
                        said(credential)
                    ),
                });
            }
        }
        Ok(trusts)
    })
}

/// Subject or expression, as it was written.
fn said(credential: &FederatedCredential) -> String {
    let properties = &credential.properties;
    let expression = properties.claims_matching_expression.as_ref().and_then(|expression| expression.value.clone());
    properties.subject.clone().filter(|subject| !subject.is_empty()).or(expression).unwrap_or_default()
}

/// Classic credentials name one subject and match it letter by letter; flexible ones hold an expression.
fn subject(credential: &FederatedCredential) -> TrustSubject {
    let properties = &credential.properties;
    if let Some(text) = properties.subject.as_deref().filter(|subject| !subject.is_empty()) {
        let account = text.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
        return match account {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains(':') => {
                TrustSubject::Exact { namespace: namespace.to_owned(), service_account: name.to_owned() }
            }
            Some(_) | None => {
                TrustSubject::Nobody { because: format!("no service account has a token with the subject `{text}`") }
            }
        };
    }
    TrustSubject::Expression { text: said(credential) }
}

fn audience(audiences: &[String]) -> Audience {
    match audiences {
        [] => Audience::Unchecked,
        [one] if one == AUDIENCE => Audience::Checked,
        _ => Audience::Unusual(audiences.join(", ")),
    }
}

/// Who else may become an identity directly: holders of tokens of other issuers.
pub(super) fn other_trust(
    resource: &str,
    read: &Read<'_, '_>,
    around: &Surroundings<'_>,
    seen: &mut Vec<Evidence>,
) -> Result<Vec<String>, Gap> {
    let credentials = around.federated(resource)?;
    seen.extend_from_slice(credentials.pages());
    let own = issuer(read)?;
    let others = credentials.all()?.into_iter().filter(|one| one.properties.issuer.as_deref() != own || own.is_none());
    Ok(others
        .map(|one| format!("{} of {}", said(one), one.properties.issuer.as_deref().unwrap_or("an issuer")))
        .collect())
}

/// Parties outside the tenant: issuers of others, and tenants that manage the subscription (Azure Lighthouse).
pub(super) fn external(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<ExternalTrust>> {
    observe(|seen| {
        seen.extend(read.row.evidence("/identity"));
        let (subscription, evidence) = around.own.as_ref().map_err(Clone::clone)?;
        seen.extend_from_slice(evidence);
        let tenant = subscription.tenant_id.as_deref();
        let mut found: BTreeSet<ExternalTrust> = BTreeSet::new();
        for manager in &subscription.managed_by_tenants {
            found.insert(ExternalTrust {
                party: format!("tenant {}", manager.tenant_id.as_deref().unwrap_or("unknown")),
                via: "the subscription is managed by it (Azure Lighthouse)".to_owned(),
                guarded_by: None,
            });
        }
        for id in used(read, around, seen)? {
            let credentials = around.federated(&id)?;
            seen.extend_from_slice(credentials.pages());
            for credential in credentials.all()? {
                let Some(party) = outsider(credential.properties.issuer.as_deref().unwrap_or_default(), tenant) else {
                    continue;
                };
                let name = credential.name.as_deref().unwrap_or_default();
                found.insert(ExternalTrust {
                    party,
                    via: format!("federated credential `{name}` of identity `{}`", arm::name(&id)),
                    guarded_by: Some(said(credential)).filter(|text| !text.is_empty()),
                });
            }
        }
        Ok(found.into_iter().collect())
    })
}

/// The user-assigned identities of a cluster, by resource id.
fn used(read: &Read<'_, '_>, around: &Surroundings<'_>, seen: &mut Vec<Evidence>) -> Result<BTreeSet<String>, Gap> {
    let control = read
        .item
        .identity
        .iter()
        .flat_map(|identity| identity.user_assigned_identities.iter().flat_map(|all| all.keys()));
    let nodes = read.properties.identity_profile.iter().flat_map(|profile| profile.values().flatten());
    let addons = read.properties.addon_profiles.iter().flat_map(|addons| addons.values().flatten());
    let routing = read.properties.ingress_profile.web_app_routing.iter();
    let addons = addons.chain(routing).filter_map(|addon| addon.identity.as_ref());
    let profiles = nodes.chain(addons).filter_map(|profile| profile.resource_id.as_ref());
    let mut ids: BTreeSet<String> = control.chain(profiles).map(|id| arm::key(id)).collect();
    for (row, _) in federated_here(read, around, seen)? {
        ids.insert(arm::key(&row.id));
    }
    Ok(ids)
}

/// The party behind an issuer; nothing when it is a cluster of the own tenant.
fn outsider(issuer: &str, tenant: Option<&str>) -> Option<String> {
    let rest = issuer.strip_prefix("https://").unwrap_or(issuer);
    let mut parts = rest.split('/');
    let host = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_aks = host.ends_with(".oic.prod-aks.azure.com") || host == "oidc.prod-aks.azure.com";
    if !is_aks {
        return Some(format!("issuer {issuer}"));
    }
    let theirs = parts.next().unwrap_or_default();
    match tenant {
        Some(own) if own.eq_ignore_ascii_case(theirs) => None,
        Some(_) | None => Some(format!("tenant {theirs}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_outside_unless_it_is_a_cluster_of_the_own_tenant() {
        let own = Some("11111111-aaaa");
        assert_eq!(outsider("https://westeurope.oic.prod-aks.azure.com/11111111-AAAA/x/", own), None);
        assert_eq!(outsider("https://westeurope.oic.prod-aks.azure.com/2222/x/", own).as_deref(), Some("tenant 2222"));
        let github = "https://token.actions.githubusercontent.com";
        assert_eq!(outsider(github, own), Some(format!("issuer {github}")));
        assert!(outsider("https://oic.prod-aks.azure.com.evil.example/11111111-aaaa/x/", own).is_some());
    }
}
