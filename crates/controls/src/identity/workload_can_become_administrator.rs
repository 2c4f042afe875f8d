//! ID-10.

use crate::flaws::Flaws;
use crate::identity::{membership, standing};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, guide, per_identity,
};
use palisade_model::{Cluster, FactKind, Identity, IdentityKind};

guide! {
    /// # Workload can become an administrator
    ///
    /// ## What is checked
    /// For each cloud identity that pods become, what it may effectively do, with boundaries, denials and conditions
    /// composed, and whether that opens a way, in one step or several, to an administrator or to somebody else.
    ///
    /// ## Why it matters
    /// One vulnerable application is then the whole account: the attacker needs no second fault.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | the identity is an administrator of the account or of the cluster, can become one, may assume any identity or escalate its privileges |
    /// | fail, high | it can become another identity, is given a whole service on every resource, or may read, decrypt or delete in every store of secrets or data |
    /// | pass | no such way was found; what it holds is named |
    /// | unknown | policies were not read, or what was found hangs on a condition, which is named together with the grant; or a group whose members are not read holds such rights, which is asked once for all identities |
    /// | not applicable | no pod has a cloud identity |
    ///
    /// ## Remediation
    /// ### EKS
    /// Take the named grant away and give the actions on the named resources only: `aws iam detach-role-policy --role-name
    /// ROLE --policy-arn POLICY`. Bound what may come: `aws iam put-role-permissions-boundary --role-name ROLE
    /// --permissions-boundary BOUNDARY`
    /// ### AKS
    /// `az role assignment delete --assignee PRINCIPAL --role ROLE --scope SCOPE`, then assign a narrower role on the one
    /// resource that is used.
    /// ### GKE
    /// `gcloud projects remove-iam-policy-binding PROJECT --member serviceAccount:ACCOUNT --role ROLE`, then bind a
    /// narrower role on the one resource that is used.
    ///
    /// ## Limits
    /// The list of ways to escalate is published and never complete: a pass says that none of them is open. What an
    /// application needs only its owner knows, so rights on single resources are not judged.
    pub struct WorkloadCanBecomeAdministrator;
}

impl Control for WorkloadCanBecomeAdministrator {
    const META: Meta = Meta {
        id: "ID-10",
        name: "workload-can-become-administrator",
        title: "No workload identity can become an administrator",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Critical,
        effort: Effort::M,
        needs: &[FactKind::Identities, FactKind::Standing, FactKind::UnreadGroups],
        maps: "CIS-EKS-2.0.0:5.2.1; CIS-EKS-1.8.0:5.2.1; CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.2.2; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-6,AC-6(1),AC-6(5); PCI-DSS-4.0.1:7.2.2,7.2.5; SOC2-TSC:CC6.3; ISO-27001-2022:A.8.2",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let concerns = |identity: &Identity| identity.kind == IdentityKind::Workload;
        let judged = per_identity(cluster, "no pod has a cloud identity", concerns, |identity| {
            standing::judge(identity, Flaws::default())
        });
        membership::put_in_doubt(cluster, judged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_authority::{
        Capability, Certainty, GrantId, Held, Hop, IdentityId, Method, Node, OutsideNeed, Standing, Wildcard,
    };
    use palisade_engine::{Policy, State, Verdict};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};
    use std::sync::Arc;

    fn judge(standing: Observed<Standing>) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut identities = cluster.identities.get().unwrap().clone();
        identities[2].standing = standing.map(Arc::new);
        cluster.identities = known(identities);
        let context = Context { policy: &Policy::default(), now: now() };
        WorkloadCanBecomeAdministrator::judge(&cluster, &context).remove(0).verdict
    }

    fn severity(standing: Standing) -> Option<Severity> {
        judge(known(standing)).unwrap().severity
    }

    fn on(key: &str) -> Certainty {
        Certainty::Conditional([key.to_owned()].into())
    }

    fn hop(from: &str, to: Node, certainty: Certainty) -> Hop {
        Hop {
            from: Node::Identity(IdentityId::from(from)),
            to,
            method: Method::new("pass-role-to-instance", "It starts a machine that carries the role."),
            permissions: vec!["iam:PassRole".to_owned()],
            by: vec![GrantId::from("policy deploy statement 1")],
            certainty,
        }
    }

    #[test]
    fn a_way_to_an_administrator_is_critical_and_its_first_step_is_told() {
        let build = Node::Identity(IdentityId::from("build"));
        let path = vec![hop("app", build, Certainty::Certain), hop("build", Node::Administrator, Certainty::Certain)];
        let verdict = judge(known(Standing { escalation: Some(path), ..Standing::default() })).unwrap();
        assert_eq!((verdict.state, verdict.severity), (State::Fail, Some(Severity::Critical)));
        assert_eq!(
            verdict.because,
            "`app-identity` can become `administrator` in 2 steps, the first to `build` by `pass-role-to-instance` with \
             `iam:PassRole`, given by `policy deploy statement 1`"
        );
    }

    #[test]
    fn a_way_to_another_identity_and_a_whole_service_are_high() {
        let path = vec![hop("app", Node::Identity(IdentityId::from("build")), Certainty::Certain)];
        assert_eq!(severity(Standing { escalation: Some(path), ..Standing::default() }), Some(Severity::High));
        let wildcards = vec![Wildcard { grant: GrantId::from("grant"), pattern: "s3:*".to_owned() }];
        assert_eq!(severity(Standing { wildcards, ..Standing::default() }), Some(Severity::High));
    }

    #[test]
    fn one_step_that_hangs_on_a_condition_leaves_the_whole_way_open_and_names_the_key() {
        let path = vec![
            hop("app", Node::Identity(IdentityId::from("build")), Certainty::Certain),
            hop("build", Node::Administrator, on("aws:SourceVpce")),
        ];
        let Err(Gap::Unsettled { what }) = judge(known(Standing { escalation: Some(path), ..Standing::default() }))
        else {
            panic!("a conditional way is neither open nor closed");
        };
        assert!(what.contains("`aws:SourceVpce`") && what.contains("`policy deploy statement 1`"), "{what}");
    }

    #[test]
    fn a_wildcard_under_a_condition_proves_no_more_than_the_administrator_it_makes() {
        let grant = GrantId::from("policy admin statement 0");
        let wildcards = vec![Wildcard { grant: grant.clone(), pattern: "*".to_owned() }];
        let administrator = Some((on("aws:PrincipalTag/team"), vec![grant]));
        let verdict = judge(known(Standing { administrator, wildcards, ..Standing::default() }));
        assert!(matches!(verdict, Err(Gap::Unsettled { .. })), "{verdict:?}");
    }

    #[test]
    fn an_entry_on_the_clusters_own_list_of_administrators_is_critical_without_any_action() {
        let by = vec![GrantId::from("access entry")];
        let (capability, certainty) = (Capability::ClusterAdmin, Certainty::Certain);
        let held = vec![Held { capability, certainty, actions: Vec::new(), by, everywhere: true }];
        assert_eq!(severity(Standing { held, ..Standing::default() }), Some(Severity::Critical));
    }

    #[test]
    fn what_an_application_uses_passes_and_an_unread_policy_is_a_gap() {
        let outside = OutsideNeed { grant: GrantId::from("grant"), actions: vec!["s3:GetObject".to_owned()], more: 0 };
        let standing = Standing { outside_need: vec![outside], ..Standing::default() };
        assert_eq!(judge(known(standing)).unwrap().state, State::Pass);
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
