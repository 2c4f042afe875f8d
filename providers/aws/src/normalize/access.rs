//! Who gets rights through a cluster, and who gets rights over it.

use super::{
    account::Account,
    cluster::{Known, all_described, has_access_entries},
    encryption::key_of,
    iam::{
        directory::{Directory, account_of},
        trust,
    },
    identities::{Use, Uses, is_controller, issuer, issuer_of, service_account_of},
    region::Region,
    trail::conclude,
};
use crate::{
    calls,
    record::{Query, eks::ListAssociatedAccessPolicies, iam::OpenIdConnectProviders},
};
use palisade_authority::{Certainty, IdentityId};
use palisade_model::{
    Audience, Controller, ControllerIdentity, Credential, ExternalTrust, Gap, Issuer, Minter, Observed, PrincipalKind,
    Trust, TrustSubject, WorkloadIdentity,
};
use palisade_provider::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

/// What the cluster signs in with.
pub(super) fn credential(known: &Known<'_>) -> Observed<Credential> {
    known.conclude("/cluster/roleArn", |_, cluster| {
        let role = cluster.role_arn.as_deref().unwrap_or("a role");
        Ok(Credential::Inherent { what: format!("{role}; EKS knows no stored secrets") })
    })
}

/// The issuers that are registered as identity providers of an account, without their scheme.
pub(super) fn providers(snapshot: &Snapshot, account: &str) -> Observed<Vec<String>> {
    let read = snapshot.one::<Query<OpenIdConnectProviders>>(&calls::LIST_OPEN_ID_CONNECT_PROVIDERS, account, &[]);
    read.map(|Query(list)| {
        let arns = list.providers.into_iter().filter_map(|provider| provider.arn);
        arns.filter_map(|arn| arn.split_once(":oidc-provider/").map(|(_, name)| name.to_owned())).collect()
    })
}

/// How pods get rights of their own. One working mechanism proves it; without one everything has to be known.
pub(super) fn workload_identity(account: &Account<'_>, known: &Known<'_>) -> Observed<WorkloadIdentity> {
    let providers = providers(account.snapshot, account.id);
    conclude(|trail| {
        let cluster = trail.read(&known.described)?;
        if cluster.compute_config.as_ref().is_some_and(|compute| compute.enabled == Some(true)) {
            return Ok(WorkloadIdentity::Enabled { how: "EKS Pod Identity, part of Auto Mode".to_owned() });
        }
        let agent = known.addons.get().map(|addons| addons.iter().any(|(name, _)| name == "eks-pod-identity-agent"));
        if agent == Ok(true) {
            trail.rest_on(known.addons.sources());
            return Ok(WorkloadIdentity::Enabled { how: "EKS Pod Identity, by its agent".to_owned() });
        }
        let issuer = issuer(known);
        let registered =
            providers.get().map(|names| issuer.as_ref().is_some_and(|issuer| names.iter().any(|name| name == issuer)));
        if registered == Ok(true) {
            trail.rest_on(providers.sources());
            return Ok(WorkloadIdentity::Enabled { how: "IAM roles for service accounts".to_owned() });
        }
        agent?;
        registered?;
        trail.rest_on(known.addons.sources());
        trail.rest_on(providers.sources());
        let missing = "neither the Pod Identity agent nor an IAM identity provider for the cluster's issuer".to_owned();
        Ok(WorkloadIdentity::Disabled { missing })
    })
}

/// Which pods become which identity.
pub(super) fn trusts(account: &Account<'_>, known: &Known<'_>) -> Observed<Vec<Trust>> {
    conclude(|trail| {
        trail.rest_on(&known.evidence("/cluster/identity"));
        known.described.get()?;
        let directory = *trail.read(&account.directory)?;
        let mut found: Vec<Trust> = Vec::new();
        for (id, association) in all_described(trail, &known.associations)? {
            let (Some(role), Some(namespace), Some(service_account)) =
                (&association.role_arn, &association.namespace, &association.service_account)
            else {
                let what = format!("pod identity association {id} does not say who becomes which role");
                return Err(Gap::Unsettled { what });
            };
            found.push(Trust {
                identity: IdentityId::from(role.as_str()),
                subject: TrustSubject::Exact { namespace: namespace.clone(), service_account: service_account.clone() },
                // EKS hands these credentials out itself; there is no token of which an audience could be wrong.
                audience: Audience::Checked,
                issuer: Issuer::ThisCluster,
                consumers: 0,
                text: format!("pod identity association {id}"),
            });
        }
        for (role, statements) in directory.federated(&issuer_of(known)?)? {
            found.extend(statements.into_iter().map(|one| Trust {
                identity: IdentityId::from(role),
                subject: one.subject,
                audience: one.audience,
                issuer: Issuer::ThisCluster,
                consumers: 0,
                text: one.text,
            }));
        }
        let mut consumers: BTreeMap<&str, usize> = BTreeMap::new();
        for role in found.iter().map(|trust| trust.identity.as_str()).collect::<BTreeSet<_>>() {
            consumers.insert(role, subjects(directory, role, &found)?);
        }
        let counted: Vec<usize> =
            found.iter().map(|trust| consumers.get(trust.identity.as_str()).copied().unwrap_or(1)).collect();
        for (trust, count) in found.iter_mut().zip(counted) {
            trust.consumers = count;
        }
        Ok(found)
    })
}

/// Distinct subjects that may become a role: by its trust policy, whatever the issuer, and by this cluster's
/// associations.
fn subjects(directory: &Directory, role: &str, of_cluster: &[Trust]) -> Result<usize, Gap> {
    let mut subjects: BTreeSet<String> = BTreeSet::new();
    if let Some(document) = directory.trust(role)? {
        for issuer in trust::issuers(document) {
            let admitted = trust::federated(document, &issuer).into_iter();
            let admitted = admitted.filter(|one| !matches!(one.subject, TrustSubject::Nobody { .. }));
            subjects.extend(admitted.map(|one| format!("{issuer} {:?}", one.subject)));
        }
    }
    let associations =
        of_cluster.iter().filter(|one| one.identity.as_str() == role && one.text.starts_with("pod identity"));
    subjects.extend(associations.map(|one| format!("pods {:?}", one.subject)));
    Ok(subjects.len().max(1))
}

/// The controllers that can be recognised, and with which rights they call AWS.
pub(super) fn controllers(
    account: &Account<'_>,
    cluster_arn: &str,
    known: &Known<'_>,
    trusts: &Observed<Vec<Trust>>,
) -> Observed<Vec<Controller>> {
    conclude(|trail| {
        known.described.get()?;
        trail.rest_on(&known.evidence("/cluster"));
        let addons = all_described(trail, &known.addons)?;
        let associations = all_described(trail, &known.associations)?;
        let uses: &Uses = trail.read(uses_of(account, cluster_arn)?)?;
        let with_role = |role: &str| {
            let id = IdentityId::from(role);
            let shared = uses.get(role).is_some_and(Use::is_shared);
            if shared { ControllerIdentity::Shared(id) } else { ControllerIdentity::Own(id) }
        };
        let trusts = trail.read(trusts)?;
        let role_of = |wanted: &str| {
            trusts.iter().find_map(|trust| match &trust.subject {
                TrustSubject::Exact { service_account, .. } if service_account == wanted => {
                    Some(trust.identity.as_str())
                }
                _ => None,
            })
        };
        let mut found: BTreeMap<String, ControllerIdentity> = BTreeMap::new();
        for (name, addon) in addons {
            let association = associations.iter().map(|(_, association)| association).find(|association| {
                association.association_arn.as_ref().is_some_and(|arn| addon.pod_identity_associations.contains(arn))
            });
            let own = addon.service_account_role_arn.as_deref();
            let own = own.or_else(|| association.and_then(|association| association.role_arn.as_deref()));
            let account = service_account_of(name);
            let identity = match (own.or_else(|| account.and_then(role_of)), account) {
                (Some(role), _) => with_role(role),
                // Without a role of its own it calls with the node's (EKS user guide, vpc-cni and CSI drivers).
                (None, Some(_)) => ControllerIdentity::Node,
                (None, None) => ControllerIdentity::None,
            };
            found.insert(name.to_owned(), identity);
        }
        for (name, capability) in trail.read(&known.capabilities)? {
            let identity = capability.role_arn.as_deref().map_or(ControllerIdentity::None, with_role);
            found.insert(name.clone(), identity);
        }
        let of_addons: BTreeSet<&str> = found.keys().filter_map(|name| service_account_of(name)).collect();
        for trust in trusts {
            if let TrustSubject::Exact { service_account, .. } = &trust.subject
                && is_controller(service_account)
                && !of_addons.contains(service_account.as_str())
            {
                found.entry(service_account.clone()).or_insert_with(|| with_role(trust.identity.as_str()));
            }
        }
        Ok(found.into_iter().map(|(name, identity)| Controller { name, identity }).collect())
    })
}

fn uses_of<'b>(account: &'b Account<'_>, cluster_arn: &str) -> Result<&'b Observed<Uses>, Gap> {
    let unread = || Gap::NotCollected { what: "the cluster's identities were not read".to_owned() };
    account.uses.get(cluster_arn).ok_or_else(unread)
}

/// What makes a principal able to make credentials for a cluster.
const MINTING: &[&[&str]] = &[&["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"]];

/// Who can make credentials for the cluster through AWS.
pub(super) fn minters(
    region: &Region<'_>,
    account: &Account<'_>,
    cluster_arn: &str,
    known: &Known<'_>,
) -> Observed<Vec<Minter>> {
    conclude(|trail| {
        let cluster = trail.read(&known.described)?;
        let directory = *trail.read(&account.directory)?;
        let mut found: BTreeMap<String, Minter> = BTreeMap::new();
        let mut add = |principal: &str, by: Vec<String>, scope: &str, certainty: Certainty| {
            let minter = found.entry(principal.to_owned()).or_insert_with(|| Minter {
                principal: principal.to_owned(),
                kind: kind_of(account, principal),
                by: Vec::new(),
                scope: scope.to_owned(),
                certainty: certainty.clone(),
            });
            if certainty.is_certain() {
                minter.certainty = Certainty::Certain;
            }
            minter.by.extend(by);
        };
        // A cluster that only looks at its config map has first to be switched to access entries.
        let switch = !has_access_entries(cluster);
        for set in MINTING {
            for principal in set.first().map(|action| directory.able(action)).iter().flat_map(|able| able.iter()) {
                let authority = directory.authority(principal);
                let needed = set.iter().copied().chain(switch.then_some("eks:UpdateClusterConfig"));
                let decisions = needed.map(|action| {
                    if action == "eks:AssociateAccessPolicy" {
                        authority.decide_any_resource(action)
                    } else {
                        authority.decide(action, cluster_arn)
                    }
                });
                let certainty = decisions
                    .map(|decision| decision.certainty())
                    .try_fold(Certainty::Certain, |all, one| Some(all.and(one?)));
                if let Some(certainty) = certainty {
                    add(principal, set.iter().map(|action| (*action).to_owned()).collect(), account.id, certainty);
                }
            }
        }
        for principal in trail.read(&known.principals)? {
            let params = [("cluster", known.name), ("principal", principal.as_str())];
            let policies = region.snapshot.list(
                &calls::LIST_ASSOCIATED_ACCESS_POLICIES,
                region.scope,
                &params,
                |page: ListAssociatedAccessPolicies| page.associated_access_policies,
            );
            let policies = trail.read(&policies)?;
            if policies.iter().any(|policy| policy.policy_arn.is_none()) {
                return Err(Gap::Unsettled { what: format!("an access policy of {principal} has no name") });
            }
            let admin = policies.iter().any(|policy| {
                let whole = policy.access_scope.as_ref().is_none_or(|scope| scope.kind.as_deref() != Some("namespace"));
                whole && policy.policy_arn.as_deref().is_some_and(|arn| arn.ends_with("/AmazonEKSClusterAdminPolicy"))
            });
            if admin {
                let by = vec!["access entry with AmazonEKSClusterAdminPolicy".to_owned()];
                add(principal, by, cluster_arn, Certainty::Certain);
            }
        }
        Ok(found.into_values().collect())
    })
}

/// What kind of principal an ARN names.
pub(super) fn kind_of(account: &Account<'_>, principal: &str) -> PrincipalKind {
    match account_of(principal) {
        Some(id) if !account.is_ours(id) => PrincipalKind::External,
        _ if principal.contains(":user/") => PrincipalKind::User,
        _ if principal == "*" => PrincipalKind::Everyone,
        _ => PrincipalKind::Role,
    }
}

/// Parties of other accounts that the cluster trusts.
pub(super) fn external_trusts(
    account: &Account<'_>,
    cluster_arn: &str,
    known: &Known<'_>,
) -> Observed<Vec<ExternalTrust>> {
    conclude(|trail| {
        let cluster = trail.read(&known.described)?;
        let directory = *trail.read(&account.directory)?;
        let outside = |arn: &str| account_of(arn).filter(|id| !account.is_ours(id)).map(str::to_owned);
        let mut found = BTreeSet::new();
        if let Some(key) = key_of(cluster)
            && let Some(party) = outside(key)
        {
            found.insert(ExternalTrust { party, via: format!("encryption key {key}"), guarded_by: None });
        }
        for (id, association) in all_described(trail, &known.associations)? {
            if let Some(party) = association.target_role_arn.as_deref().and_then(outside) {
                let guarded_by = association.external_id.as_ref().map(|_| "sts:ExternalId".to_owned());
                found.insert(ExternalTrust { party, via: format!("pod identity association {id}"), guarded_by });
            }
        }
        for principal in trail.read(&known.principals)? {
            if let Some(party) = outside(principal) {
                found.insert(ExternalTrust { party, via: format!("access entry of {principal}"), guarded_by: None });
            }
        }
        for role in trail.read(uses_of(account, cluster_arn)?)?.keys() {
            account.holding(role, trail)?;
            let Some(document) = directory.trust(role)? else { continue };
            for party in trust::parties(document).into_iter().filter(|party| party.kind == "AWS") {
                let is_id = party.id.len() == 12 && party.id.bytes().all(|byte| byte.is_ascii_digit());
                let name = match party.id.as_str() {
                    "*" | trust::EVERYBODY_ELSE => Some("everybody".to_owned()),
                    id if is_id => Some(id.to_owned()).filter(|id| !account.is_ours(id)),
                    arn => outside(arn),
                };
                if let Some(name) = name {
                    found.insert(ExternalTrust {
                        party: name,
                        via: format!("trust policy of {role}"),
                        guarded_by: party.guarded_by,
                    });
                }
            }
        }
        Ok(found.into_iter().collect())
    })
}
