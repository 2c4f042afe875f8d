//! ID-09.

use crate::flaws::Flaws;
use crate::identity::Strictest;
use crate::time::{date, days, days_between};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, per_identity,
};
use palisade_model::{Cluster, FactKind, Gap, Identity, IdentityKind, LongLivedKey};

guide! {
    /// # Long-lived key acts as an identity of the cluster
    ///
    /// ## What is checked
    /// Whether active keys made by people act as one of the cluster's cloud identities, and how old they are. Keys the
    /// provider makes and renews for itself are not counted.
    ///
    /// ## Why it matters
    /// A key works from anywhere until somebody revokes it, and it gets copied into images, repositories and backups.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a node, controller or workload identity has an active key, or any key is older than the policy allows (90 days by default) |
    /// | pass | there is no active key, or the control plane's is younger than that |
    /// | unknown | keys were not read, or the control plane's key does not say when it was made |
    /// | not applicable | the cluster has no cloud identity |
    ///
    /// ## Remediation
    /// ### EKS
    /// After moving its users to a role: `aws iam update-access-key --user-name USER --access-key-id KEY --status Inactive`,
    /// wait a week, then `aws iam delete-access-key --user-name USER --access-key-id KEY`
    /// ### AKS
    /// `az ad app credential delete --id APPLICATION --key-id KEY`, after moving to a managed identity (ID-02) or to
    /// federation.
    /// ### GKE
    /// `gcloud iam service-accounts keys delete KEY --iam-account ACCOUNT`, and keep it so with the organisation policy
    /// `iam.disableServiceAccountKeyCreation`
    ///
    /// ## Limits
    /// Keys of people, and keys that lie in Secrets inside the cluster, are not looked for. An inactive key is not counted,
    /// but whoever may edit keys can activate it.
    pub struct LongLivedKeyActive;
}

impl Control for LongLivedKeyActive {
    const META: Meta = Meta {
        id: "ID-09",
        name: "long-lived-key-active",
        title: "No long-lived cloud keys serve the cluster",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Identities, FactKind::Keys],
        maps: "CIS-EKS-2.0.0:5.2.1; CIS-EKS-1.8.0:5.2.1; CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.2.2; CIS-K8S-2.0.1:3.1.2; NSA-CISA-1.2:Secrets; NIST-800-53r5:IA-5,AC-2; PCI-DSS-4.0.1:8.6.3,8.3.9; SOC2-TSC:CC6.1; ISO-27001-2022:A.5.17; NIST-800-190:4.1.4",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let strictest = Strictest::of(cluster);
        let concerns = |identity: &Identity| strictest.is(identity);
        per_identity(cluster, "the cluster has no cloud identity", concerns, |identity| {
            Ok(judge_keys(identity, identity.keys.get()?, context)?.seen_in(&identity.keys))
        })
    }
}

fn judge_keys(identity: &Identity, keys: &[LongLivedKey], context: &Context<'_>) -> Result<Verdict, Gap> {
    let mut flaws = Flaws::default();
    let mut young = Vec::new();
    let limit = context.policy.key_age_days;
    for key in keys.iter().filter(|key| key.active) {
        let age = match key.created {
            Some(created) => format!("made on {}, {} days ago", date(created), days_between(created, context.now)),
            None => "made nobody knows when".to_owned(),
        };
        let said = format!("key `{}` acts as `{}`, {age}", key.id, identity.name);
        let is_old = key.created.map(|created| context.now.duration_since(created) > days(limit));
        match (identity.kind, is_old) {
            (IdentityKind::Node | IdentityKind::Workload | IdentityKind::Controller, _)
            | (IdentityKind::ControlPlane, Some(true)) => flaws.prove(Severity::High, said),
            (IdentityKind::ControlPlane, None) => flaws.unsettled(said),
            (IdentityKind::ControlPlane, Some(false)) => young.push(said),
        }
    }
    young.sort_unstable();
    flaws.settle(|| {
        Ok(Verdict::pass(if young.is_empty() {
            format!("no active key acts as `{}`", identity.name)
        } else {
            format!("{}; {limit} days are allowed", young.join("; "))
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, Timestamp};
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(kind: IdentityKind, keys: Observed<Vec<LongLivedKey>>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut identity = cluster.identities.get().unwrap()[0].clone();
        (identity.kind, identity.keys) = (kind, keys);
        cluster.identities = known(vec![identity]);
        let context = Context { policy: &Policy::default(), now: now() };
        LongLivedKeyActive::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn key(created: Option<Timestamp>) -> Observed<Vec<LongLivedKey>> {
        known(vec![LongLivedKey { id: "AKIA1".to_owned(), created, active: true }])
    }

    #[test]
    fn any_active_key_of_a_workload_fails_however_young() {
        assert_eq!(judge(IdentityKind::Workload, key(Some(now()))), Ok(State::Fail));
        assert_eq!(judge(IdentityKind::Node, key(None)), Ok(State::Fail));
    }

    #[test]
    fn the_control_planes_key_may_be_as_old_as_the_policy_says_and_not_a_second_older() {
        let limit = now() - days(90);
        assert_eq!(judge(IdentityKind::ControlPlane, key(Some(limit))), Ok(State::Pass));
        let older = limit - SignedDuration::from_secs(1);
        assert_eq!(judge(IdentityKind::ControlPlane, key(Some(older))), Ok(State::Fail));
        assert!(matches!(judge(IdentityKind::ControlPlane, key(None)), Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn no_key_and_an_inactive_one_pass_and_an_unread_list_is_a_gap() {
        assert_eq!(judge(IdentityKind::Workload, known(Vec::new())), Ok(State::Pass));
        let inactive = LongLivedKey { id: "AKIA1".to_owned(), created: None, active: false };
        assert_eq!(judge(IdentityKind::Workload, known(vec![inactive])), Ok(State::Pass));
        assert_eq!(judge(IdentityKind::Workload, Observed::missing(gap())), Err(gap()));
    }

    #[test]
    fn an_identity_that_serves_two_purposes_is_judged_once_and_by_the_stricter() {
        let mut cluster = tidy(Provider::Aws);
        let mut identity = cluster.identities.get().unwrap()[0].clone();
        identity.keys = key(Some(now()));
        let node = Identity { kind: IdentityKind::Node, ..identity.clone() };
        cluster.identities = known(vec![node, identity]);
        let context = Context { policy: &Policy::default(), now: now() };
        let judgements = LongLivedKeyActive::judge(&cluster, &context);
        assert_eq!(judgements.len(), 1);
        assert_eq!(judgements[0].verdict.as_ref().unwrap().state, State::Fail);
    }
}
