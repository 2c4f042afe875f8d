//! What the organisation refuses to everybody in an account, before it happens.

use super::{
    account::Account,
    cluster::Known,
    iam::{organization::Guards, request::Request},
    region::Region,
    trail::conclude,
};
use crate::{calls, partition::partition_of, record::organization::DescribeOrganization};
use palisade_authority::{Authority, Decision, DenyReason, Grant, Layer, LayerKind, Selector};
use palisade_model::{Gap, Guardrail, Observed, Stance, WorstSetting};

/// The condition key that tells whether a request asks for a public endpoint, and the actions that have it; the first has no
/// resource (Service Authorization Reference, actions, resources, and condition keys for Amazon EKS).
const KEY: &str = "eks:endpointPublicAccess";
/// See [`KEY`].
const CREATE: &str = "eks:CreateCluster";
/// See [`KEY`].
const CHANGE: &str = "eks:UpdateClusterConfig";

/// What the organisation refuses to whoever builds clusters in the region.
pub(super) fn guardrails(region: &Region<'_>, account: &Account<'_>, known: &Known<'_>) -> Observed<Vec<Guardrail>> {
    conclude(|rests| {
        rests.rest_on(&known.evidence("/cluster/arn"));
        let snapshot = account.snapshot;
        let described = snapshot.one::<DescribeOrganization>(&calls::DESCRIBE_ORGANIZATION, account.id, &[]);
        rests.read(&described)?;
        let guards = account.guards();
        rests.rest_on(guards.sources());
        let stance = public_endpoint(region.name, account.id, guards);
        Ok(vec![Guardrail { against: WorstSetting::PublicControlPlane, stance }])
    })
}

/// Whether a role that no policy names may have a public endpoint: one that policies give everything, so that only the
/// organisation can refuse.
fn public_endpoint(region: &str, account: &str, guards: &Guards) -> Result<Stance, Gap> {
    if guards.are_none() {
        let because = "no policy of an organisation stands above the account".to_owned();
        return Ok(Stance::Allowed { because });
    }
    let partition = partition_of(region);
    // No name of a role holds this character, so that only a pattern that exempts everybody exempts this one.
    let role = format!("arn:{partition}:iam::{account}:role/\u{10ffff}");
    let request = Request::of_role(&role, account, &[])
        .of_member(guards.membership())
        .with("aws:RequestedRegion", region)
        .with(KEY, "true");
    let all = Grant::allow("everything", Selector::everything(), Selector::everything());
    let layers = [Layer::new("everything", LayerKind::Grants, [all])].into_iter().chain(guards.layers(&request));
    let authority = Authority::new(layers.collect());
    let mut refused = Vec::new();
    for (action, resource) in
        [(CREATE, "*".to_owned()), (CHANGE, format!("arn:{partition}:eks:{region}:{account}:cluster/\u{10ffff}"))]
    {
        match authority.decide(action, &resource) {
            Decision::Deny { by } => refused.push(match by {
                DenyReason::Explicit(grant) => grant.to_string(),
                DenyReason::Guard(layer) => layer.to_string(),
                DenyReason::Implicit => "nothing that gives it".to_owned(),
            }),
            Decision::Allow { .. } => {
                let because = format!("no policy of the organisation denies `{action}` with `{KEY}`");
                return Ok(Stance::Allowed { because });
            }
            Decision::Conditional { on, .. } => {
                let on: Vec<String> = on.into_iter().collect();
                let what = format!("whether `{action}` with `{KEY}` is denied depends on {}", on.join(", "));
                return Err(Gap::Unsettled { what });
            }
        }
    }
    refused.dedup();
    Ok(Stance::Refused { by: refused.join(" and ") })
}
