//! ID-11.

use crate::flaws::Flaws;
use crate::identity::standing;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, State, Subject, Verdict, guide,
    whole,
};
use palisade_model::{Cluster, Controller, ControllerIdentity, FactKind, Gap, Identity, IdentityId, IdentityKind};

guide! {
    /// # Controllers borrow rights or hold too many
    ///
    /// ## What is checked
    /// For each controller that operates the cluster and calls the cloud (storage and network drivers, autoscalers, load
    /// balancer, DNS and resource controllers): whether it has an identity of its own, and what that may do beyond the
    /// controller's need.
    ///
    /// ## Why it matters
    /// A controller that acts as the node gives its rights to every pod on it. One that makes cloud resources with an
    /// administrator's rights lets whoever may create its custom resource do the same.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | its identity is an administrator, can become one, or holds the means beyond its need |
    /// | fail, high | it acts as the node or shares an identity, or its own is given a whole service on every resource or another dangerous capability beyond its need |
    /// | fail, medium | its own identity is given other actions that it does not need |
    /// | pass | its own identity holds what it needs, or it needs no rights |
    /// | unknown | controllers, identities or policies were not read, or what was found hangs on a condition, which is named |
    /// | not applicable | no controller that calls the cloud was found |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-addon --cluster-name NAME --addon-name ADDON --pod-identity-associations
    /// serviceAccount=ACCOUNT,roleArn=ROLE`, or `--service-account-role-arn ROLE`. An add-on without a role of its own acts
    /// as the node.
    /// ### AKS
    /// Give the add-on an identity of its own and that identity only the resource group it works in: `az role assignment
    /// delete --assignee PRINCIPAL --role ROLE --scope SCOPE`
    /// ### GKE
    /// Make a service account for each controller, Config Connector first, and bind narrow roles to it: `gcloud projects
    /// remove-iam-policy-binding PROJECT --member serviceAccount:ACCOUNT --role ROLE`
    ///
    /// ## Limits
    /// Controllers that were installed inside the cluster are known only where the cloud shows them. Whether rights are
    /// limited to the cluster's own tags is not compared; the need is compared by actions. The identity's own rights are
    /// judged: what a group gives whose members were not read is named as taken for granted.
    pub struct ControllerRightsWide;
}

impl Control for ControllerRightsWide {
    const META: Meta = Meta {
        id: "ID-11",
        name: "controller-rights-wide",
        title: "Cluster controllers carry their own narrow cloud roles",
        concern: Concern::CloudApiIam,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Controllers, FactKind::Identities, FactKind::Standing],
        maps: "CIS-EKS-2.0.0:5.2.1; CIS-EKS-1.8.0:5.2.1; CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.2.2; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-6,CM-7; PCI-DSS-4.0.1:7.2.5; SOC2-TSC:CC6.3; ISO-27001-2022:A.8.2,A.5.15",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let controllers = cluster.controllers.get();
        let identities = cluster.identities.get();
        let listed: &[Controller] = controllers.as_ref().map_or(&[], |list| list);
        let mut judged: Vec<Judgement> =
            listed.iter().map(|controller| judge_controller(cluster, controller)).collect();
        let unlisted = |identity: &&Identity| {
            identity.kind == IdentityKind::Controller && !listed.iter().any(|one| uses(one) == Some(&identity.id))
        };
        judged.extend(identities.iter().copied().flatten().filter(unlisted).map(|identity| Judgement {
            subject: Subject::identity(identity),
            verdict: standing::judge(identity, Flaws::default()),
        }));
        // What was not read may hold a controller that is worse than all that were: only failures stand then.
        if let Some(gap) = controllers.err().or(identities.err()) {
            judged.retain(|one| one.verdict.as_ref().is_ok_and(|verdict| verdict.state == State::Fail));
            return if judged.is_empty() { whole(cluster, || Err(gap)) } else { judged };
        }
        if judged.is_empty() {
            let none = Verdict::not_applicable("no controller that calls the cloud was found");
            return whole(cluster, || Ok(none.seen_in(&cluster.controllers)));
        }
        judged
    }
}

fn judge_controller(cluster: &Cluster, controller: &Controller) -> Judgement {
    let name = &controller.name;
    let mut flaws = Flaws::default();
    let judged = match &controller.identity {
        ControllerIdentity::None => Ok(Verdict::pass("it needs no cloud rights")),
        ControllerIdentity::Node => Ok(Verdict::fail("it acts with the node's identity").severity(Severity::High)),
        ControllerIdentity::Own(id) => judge_identity(cluster, id, flaws),
        ControllerIdentity::Shared(id) => {
            flaws.prove(Severity::High, format!("others act as `{id}` too"));
            judge_identity(cluster, id, flaws)
        }
    };
    let verdict = judged.map(|mut verdict| {
        verdict.because = format!("controller `{name}`: {}", verdict.because);
        verdict.seen_in(&cluster.controllers)
    });
    Judgement { subject: Subject::controller(controller), verdict }
}

fn judge_identity(cluster: &Cluster, id: &IdentityId, flaws: Flaws) -> Result<Verdict, Gap> {
    let identities = match cluster.identities.get() {
        Ok(identities) => identities,
        Err(gap) => return flaws.settle(|| Err(gap)),
    };
    match identities.iter().filter(|identity| identity.id == *id).max_by_key(|identity| identity.kind) {
        Some(identity) => standing::judge(identity, flaws),
        None => flaws.settle(|| Err(Gap::Unsettled { what: format!("what `{id}` may do was not looked up") })),
    }
}

fn uses(controller: &Controller) -> Option<&IdentityId> {
    match &controller.identity {
        ControllerIdentity::Own(id) | ControllerIdentity::Shared(id) => Some(id),
        ControllerIdentity::Node | ControllerIdentity::None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::Policy;
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, sloppy, tidy};

    fn judge(identity: ControllerIdentity, change: impl FnOnce(&mut Cluster)) -> Vec<Judgement> {
        let mut cluster = tidy(Provider::Aws);
        cluster.controllers = known(vec![Controller { name: "ebs-csi".to_owned(), identity }]);
        change(&mut cluster);
        ControllerRightsWide::judge(&cluster, &Context { policy: &Policy::default(), now: now() })
    }

    fn said(judgement: &Judgement) -> (State, Option<Severity>) {
        judgement.verdict.as_ref().map_or((State::Unknown, None), |verdict| (verdict.state, verdict.severity))
    }

    fn own() -> ControllerIdentity {
        ControllerIdentity::Own(IdentityId::from("controller-identity"))
    }

    fn dangerous(cluster: &mut Cluster) {
        cluster.identities = sloppy(Provider::Aws).identities;
    }

    #[test]
    fn an_identity_of_its_own_passes_and_the_nodes_is_high() {
        assert_eq!(said(&judge(own(), |_| ())[0]), (State::Pass, None));
        assert_eq!(said(&judge(ControllerIdentity::Node, |_| ())[0]), (State::Fail, Some(Severity::High)));
        assert_eq!(said(&judge(ControllerIdentity::None, |_| ())[0]), (State::Pass, None));
    }

    #[test]
    fn an_administrator_is_critical_whether_shared_or_not() {
        assert_eq!(said(&judge(own(), dangerous)[0]), (State::Fail, Some(Severity::Critical)));
        let shared = || ControllerIdentity::Shared(IdentityId::from("controller-identity"));
        assert_eq!(said(&judge(shared(), dangerous)[0]), (State::Fail, Some(Severity::Critical)));
        assert_eq!(said(&judge(shared(), |_| ())[0]), (State::Fail, Some(Severity::High)));
    }

    #[test]
    fn an_identity_that_nobody_looked_up_is_a_gap_and_not_a_pass() {
        let other = ControllerIdentity::Own(IdentityId::from("another"));
        assert_eq!(said(&judge(other, |_| ())[0]).0, State::Unknown);
    }

    #[test]
    fn controllers_that_were_not_read_hide_no_failure_and_make_no_pass() {
        let hidden = |cluster: &mut Cluster| cluster.controllers.hide(gap());
        let judged = judge(own(), hidden);
        assert_eq!((judged.len(), judged[0].verdict.clone()), (1, Err(gap())));
        let judged = judge(own(), |cluster| {
            dangerous(cluster);
            hidden(cluster);
        });
        assert_eq!(said(&judged[0]), (State::Fail, Some(Severity::Critical)));
        let judged = judge(ControllerIdentity::None, |cluster| cluster.identities.hide(gap()));
        assert_eq!(judged[0].verdict, Err(gap()));
    }

    #[test]
    fn no_controller_and_no_identity_of_one_is_not_asked() {
        let none = |cluster: &mut Cluster| {
            cluster.controllers = known(Vec::new());
            cluster.identities = known(Vec::new());
        };
        assert_eq!(said(&judge(own(), none)[0]).0, State::NotApplicable);
    }
}
