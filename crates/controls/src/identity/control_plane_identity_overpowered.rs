//! ID-01.

use crate::flaws::Flaws;
use crate::identity::standing;
use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, per_identity,
};
use palisade_model::{Cluster, FactKind, Gap, Identity, IdentityKind};

guide! {
    /// # Control plane's cloud identity can do more than the service needs
    ///
    /// ## What is checked
    /// What the identity with which the control plane calls the cloud may effectively do, with boundaries, denials and
    /// conditions composed, against what the managed service needs for the add-ons that are on. And who else may become
    /// that identity.
    ///
    /// ## Why it matters
    /// This identity makes load balancers, disks and routes. Given more, a fault in one controller or one stolen session
    /// reaches every network and every disk of the account.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | it is an administrator, can become one, or holds the means beyond its need |
    /// | fail, high | it is given a whole service on every resource, holds another dangerous capability beyond its need, can become another identity, or somebody else than the service may become it |
    /// | fail, medium | it is given other actions that the service does not need |
    /// | pass | it holds what the service needs and only the service becomes it; what is dangerous in the need itself is named |
    /// | unknown | policies or trust were not read, or what was found hangs on a condition, which is named |
    /// | not applicable | no such identity is the customer's |
    ///
    /// ## Remediation
    /// ### EKS
    /// Leave `AmazonEKSClusterPolicy` (and the Auto Mode policies where that is on):
    /// `aws iam detach-role-policy --role-name ROLE --policy-arn POLICY`. Let `eks.amazonaws.com` alone assume the role:
    /// `aws iam update-assume-role-policy --role-name ROLE --policy-document file://trust.json`
    /// ### AKS
    /// Leave Contributor on the cluster's own node resource group and Network Contributor on the subnets it uses:
    /// `az role assignment delete --assignee PRINCIPAL --role ROLE --scope SCOPE`
    /// ### GKE
    /// Leave the service agent its own role and nothing beside it; never edit that role: `gcloud projects
    /// remove-iam-policy-binding PROJECT --member MEMBER --role ROLE`
    ///
    /// ## Limits
    /// The need is compared by actions. Clusters older than October 2023 may need more on EKS; detach, watch for a week,
    /// and put back what breaks. The identity's own rights are judged: what a group gives whose members were not read is
    /// named as taken for granted.
    pub struct ControlPlaneIdentityOverpowered;
}

impl Control for ControlPlaneIdentityOverpowered {
    const META: Meta = Meta {
        id: "ID-01",
        name: "control-plane-identity-overpowered",
        title: "The control plane's cloud identity holds only what the service needs",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Identities, FactKind::Standing, FactKind::OtherTrust],
        maps: "CIS-EKS-2.0.0:5.2.1; CIS-EKS-1.8.0:5.2.1; CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.2.1; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-6,AC-6(1),AC-3; PCI-DSS-4.0.1:7.2.2,7.2.5; SOC2-TSC:CC6.1,CC6.3; ISO-27001-2022:A.5.15,A.8.2",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let concerns = |identity: &Identity| identity.kind == IdentityKind::ControlPlane;
        per_identity(cluster, "the control plane has no cloud identity of yours", concerns, judge_identity)
    }
}

fn judge_identity(identity: &Identity) -> Result<Verdict, Gap> {
    let mut flaws = Flaws::default();
    match identity.other_trust.get() {
        Ok(others) if others.is_empty() => (),
        Ok(others) => {
            flaws.prove(Severity::High, format!("`{}` can be assumed by {} too", identity.name, quoted(others)));
        }
        Err(gap) => flaws.doubt(gap),
    }
    Ok(standing::judge(identity, flaws)?.seen_in(&identity.other_trust))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_authority::{Certainty, GrantId, Hop, IdentityId, Method, Node, OutsideNeed, Wildcard};
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};
    use std::sync::Arc;

    fn judge(change: impl FnOnce(&mut Identity)) -> Result<(State, Option<Severity>, String), Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut identities = cluster.identities.get().unwrap().clone();
        change(&mut identities[0]);
        cluster.identities = known(identities);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = ControlPlaneIdentityOverpowered::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity, verdict.because))
    }

    fn standing(change: impl FnOnce(&mut palisade_authority::Standing)) -> impl FnOnce(&mut Identity) {
        |identity| {
            let mut standing = (**identity.standing.get().unwrap()).clone();
            change(&mut standing);
            identity.standing = known(Arc::new(standing));
        }
    }

    #[test]
    fn what_the_service_needs_passes() {
        assert_eq!(judge(|_| ()).unwrap().0, State::Pass);
    }

    #[test]
    fn an_administrator_is_critical_and_the_grant_is_named() {
        let grant = GrantId::from("policy AdministratorAccess statement 0");
        let (state, severity, because) =
            judge(standing(|standing| standing.administrator = Some((Certainty::Certain, vec![grant])))).unwrap();
        assert_eq!((state, severity), (State::Fail, Some(Severity::Critical)));
        assert_eq!(because, "`cluster-identity` is an administrator, by `policy AdministratorAccess statement 0`");
    }

    #[test]
    fn a_whole_service_is_high_and_a_few_needless_actions_are_medium() {
        let wildcard = Wildcard { grant: GrantId::from("grant"), pattern: "s3:*".to_owned() };
        let wide = judge(standing(|standing| standing.wildcards = vec![wildcard])).unwrap();
        assert_eq!(wide.1, Some(Severity::High));
        let outside = OutsideNeed { grant: GrantId::from("grant"), actions: vec!["sqs:Get*".to_owned()], more: 2 };
        let needless = judge(standing(|standing| standing.outside_need = vec![outside])).unwrap();
        assert_eq!(needless.1, Some(Severity::Medium));
        assert_eq!(needless.2, "`cluster-identity` does not need `sqs:Get*` (and 2 further), given by `grant`");
    }

    #[test]
    fn a_way_that_the_need_itself_opens_is_inherent_and_one_that_nobody_needs_is_not() {
        let way = |to: Node, needless: bool, by: Vec<GrantId>| {
            let (from, permissions) = (Node::Identity(IdentityId::from("agent")), vec!["a:Write".to_owned()]);
            let (method, certainty) = (Method::new("assign", "It makes a machine."), Certainty::Certain);
            let outside = OutsideNeed { grant: GrantId::from("role"), actions: vec!["a:*".to_owned()], more: 0 };
            let hop = Hop { from, to, method, permissions, by, certainty };
            let change = standing(move |standing| {
                standing.escalation = Some(vec![hop]);
                standing.outside_need = if needless { vec![outside] } else { Vec::new() };
            });
            let (state, severity, because) = judge(change).unwrap();
            assert_eq!(state == State::Pass, because.contains("what it needs is also a way to"), "{because}");
            (state, severity)
        };
        let (role, kubelet) = (vec![GrantId::from("role")], Node::Identity(IdentityId::from("kubelet")));
        assert_eq!(way(Node::Administrator, false, role.clone()), (State::Pass, None));
        assert_eq!(way(kubelet.clone(), false, role.clone()), (State::Pass, None));
        assert_eq!(way(Node::Administrator, true, role.clone()), (State::Fail, Some(Severity::Critical)));
        assert_eq!(way(kubelet.clone(), true, role), (State::Fail, Some(Severity::High)));
        assert_eq!(way(kubelet, false, Vec::new()), (State::Fail, Some(Severity::High)));
    }

    #[test]
    fn somebody_else_in_the_trust_fails_although_the_policies_were_not_read() {
        let trusted = |identity: &mut Identity| {
            identity.other_trust = known(vec!["arn:aws:iam::999999999999:root".to_owned()]);
            identity.standing = Observed::missing(gap());
        };
        assert_eq!(judge(trusted).unwrap().0, State::Fail);
    }

    #[test]
    fn an_unread_trust_or_policy_is_a_gap_and_not_a_pass() {
        assert_eq!(judge(|identity| identity.other_trust.hide(gap())), Err(gap()));
        assert_eq!(judge(|identity| identity.standing.hide(gap())), Err(gap()));
    }
}
