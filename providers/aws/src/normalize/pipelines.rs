//! Which roles with rights over a cluster runs of pipelines may become.

use super::{
    account::Account,
    cluster::{Known, has_access_entries},
    iam::{directory::account_of, pipeline::outside},
    region::Region,
    trail::{Trail, conclude},
};
use crate::{
    calls,
    record::eks::{DescribeAccessEntry, ListAssociatedAccessPolicies},
};
use palisade_authority::{Certainty, IdentityId};
use palisade_model::{Gap, Minter, Observed, Pipeline, PipelineReach, Pipelines};
use std::collections::{BTreeMap, BTreeSet};

/// The roles that hold rights over the cluster and trust issuers outside.
pub(super) fn pipelines(
    region: &Region<'_>,
    account: &Account<'_>,
    known: &Known<'_>,
    minters: &Observed<Vec<Minter>>,
) -> Observed<Pipelines> {
    conclude(|trail| {
        let directory = *trail.read(&account.directory)?;
        let mut pipelines = Pipelines::default();
        for (principal, reach) in reaches(region, known, minters, trail)? {
            if !principal.contains(":role/") {
                continue;
            }
            if account_of(&principal).is_some_and(|id| id != account.id) {
                let what = format!("`{principal}` is of another account, and its trust policy is not read");
                pipelines.unread.push(what);
                continue;
            }
            match directory.trust(&principal) {
                Ok(document) => {
                    let found = document.map(outside).unwrap_or_default();
                    pipelines.found.extend(found.into_iter().map(|one| Pipeline {
                        identity: IdentityId::from(principal.as_str()),
                        issuer: one.issuer,
                        admits: one.admits,
                        reach: reach.clone(),
                        text: one.text,
                    }));
                }
                Err(gap) => pipelines.unread.push(gap.to_string()),
            }
        }
        Ok(pipelines)
    })
}

/// Who has rights over the cluster, and how far they reach: by the cloud's own rights first, by access entries else.
fn reaches(
    region: &Region<'_>,
    known: &Known<'_>,
    minters: &Observed<Vec<Minter>>,
    trail: &mut Trail,
) -> Result<BTreeMap<String, PipelineReach>, Gap> {
    let mut reaches: BTreeMap<String, PipelineReach> = BTreeMap::new();
    for minter in trail.read(minters)? {
        let reach = PipelineReach::Cluster { by: minter.by.clone(), certainty: minter.certainty.clone() };
        reaches.insert(minter.principal.clone(), reach);
    }
    if !has_access_entries(trail.read(&known.described)?) {
        return Ok(reaches);
    }
    for principal in trail.read(&known.principals)? {
        let is_sure = |reach: &PipelineReach| match reach {
            PipelineReach::Cluster { certainty, .. } => certainty.is_certain(),
            PipelineReach::Namespaces(_) | PipelineReach::Inside { .. } => false,
        };
        if reaches.get(principal).is_some_and(is_sure) {
            continue;
        }
        if let Some(reach) = by_entry(region, known, principal, trail)? {
            reaches.insert(principal.clone(), reach);
        }
    }
    Ok(reaches)
}

/// What the access entry of a principal gives it.
fn by_entry(
    region: &Region<'_>,
    known: &Known<'_>,
    principal: &str,
    trail: &mut Trail,
) -> Result<Option<PipelineReach>, Gap> {
    let (snapshot, params) = (region.snapshot, [("cluster", known.name), ("principal", principal)]);
    let list = |page: ListAssociatedAccessPolicies| page.associated_access_policies;
    let policies = snapshot.list(&calls::LIST_ASSOCIATED_ACCESS_POLICIES, region.scope, &params, list);
    let (mut everywhere, mut namespaces) = (Vec::new(), BTreeSet::new());
    for policy in trail.read(&policies)? {
        let name = policy.policy_arn.as_deref().unwrap_or("a policy");
        match &policy.access_scope {
            Some(scope) if scope.kind.as_deref() == Some("namespace") => {
                namespaces.extend(scope.namespaces.iter().cloned());
            }
            Some(_) | None => everywhere.push(format!("access entry with {}", name.rsplit('/').next().unwrap_or(name))),
        }
    }
    if !everywhere.is_empty() {
        return Ok(Some(PipelineReach::Cluster { by: everywhere, certainty: Certainty::Certain }));
    }
    let entry = snapshot.one::<DescribeAccessEntry>(&calls::DESCRIBE_ACCESS_ENTRY, region.scope, &params);
    let entry = &trail.read(&entry)?.access_entry;
    if entry.kind.as_deref() != Some("STANDARD") {
        return Ok(None);
    }
    if !entry.kubernetes_groups.is_empty() {
        return Ok(Some(PipelineReach::Inside { by: format!("groups {}", entry.kubernetes_groups.join(", ")) }));
    }
    if namespaces.is_empty() {
        // Without a policy or a group the entry still signs in under a name, and RoleBindings may name that.
        return Ok(Some(PipelineReach::Inside { by: "the name of its access entry".to_owned() }));
    }
    Ok(Some(PipelineReach::Namespaces(namespaces.into_iter().collect())))
}
