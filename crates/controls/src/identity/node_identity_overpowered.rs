//! ID-03.

use crate::flaws::Flaws;
use crate::identity::standing;
use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, State, Verdict, guide, per_identity,
};
use palisade_model::{Cluster, FactKind, Identity, IdentityKind, PodAccess, Pool, PoolKind};

guide! {
    /// # Node identity can do more than a node needs
    ///
    /// ## What is checked
    /// What each identity that machines of the cluster carry may effectively do, against what a node needs: to join, to
    /// pull images, to write logs and metrics. And whether pods get its credentials from the metadata service.
    ///
    /// ## Why it matters
    /// Every process on the machine can act as the node, and so can every pod that reaches the metadata service. What the
    /// node may do, the worst pod on it may do.
    ///
    /// ## How it is judged
    /// Where no pod of its pools gets the credentials (ID-07), severities are one step lower.
    ///
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | it is an administrator of the account or the cluster, can become one, or may escalate or assume any identity |
    /// | fail, high | it is given a whole service on every resource, holds another dangerous capability, or can become another identity |
    /// | fail, medium | it is given other actions a node does not need, for example the pod network's on EKS |
    /// | pass | it holds what a node needs |
    /// | unknown | policies were not read, or what was found hangs on a condition, which is named |
    /// | not applicable | no machine carries a cloud identity |
    ///
    /// ## Remediation
    /// ### EKS
    /// Leave `AmazonEKSWorkerNodeMinimalPolicy` and `AmazonEC2ContainerRegistryPullOnly`: `aws iam detach-role-policy
    /// --role-name ROLE --policy-arn POLICY`. Pods that needed the rest get a role of their own first, also the pod
    /// network: `aws eks update-addon --cluster-name NAME --addon-name vpc-cni --pod-identity-associations
    /// serviceAccount=aws-node,roleArn=ROLE`
    /// ### AKS
    /// Leave `AcrPull` on the registries in use: `az role assignment delete --assignee KUBELET_PRINCIPAL --role ROLE
    /// --scope SCOPE`
    /// ### GKE
    /// Leave `roles/container.defaultNodeServiceAccount` and read access to the image repositories: `gcloud projects
    /// remove-iam-policy-binding PROJECT --member serviceAccount:ACCOUNT --role ROLE`
    ///
    /// ## Limits
    /// The need is compared by actions, not by resources. Pods with host networking reach the node's credentials whatever
    /// ID-07 says, which is why severities are lowered and not lifted. The identity's own rights are judged: what a group
    /// gives whose members were not read is named as taken for granted.
    pub struct NodeIdentityOverpowered;
}

impl Control for NodeIdentityOverpowered {
    const META: Meta = Meta {
        id: "ID-03",
        name: "node-identity-overpowered",
        title: "Node identity is least privilege",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Critical,
        effort: Effort::M,
        needs: &[FactKind::Identities, FactKind::Standing, FactKind::Pools, FactKind::Metadata],
        maps: "CIS-EKS-2.0.0:5.2.1,5.1.3; CIS-EKS-1.8.0:5.2.1,5.1.3; CIS-AKS-1.8.0:5.2.1,5.1.3; CIS-GKE-1.9.0:5.2.1; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-6,AC-6(10); PCI-DSS-4.0.1:7.2.2,7.2.5; SOC2-TSC:CC6.3; ISO-27001-2022:A.8.2,A.5.15; NIST-800-190:4.3.1",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let concerns = |identity: &Identity| identity.kind == IdentityKind::Node;
        per_identity(cluster, "no machine of the cluster carries a cloud identity", concerns, |identity| {
            let verdict = standing::judge(identity, Flaws::default())?;
            Ok(if verdict.state == State::Fail { reached_by_pods(cluster, identity, verdict) } else { verdict })
        })
    }
}

/// Says whether pods get the credentials, and takes one step off where none does.
fn reached_by_pods(cluster: &Cluster, identity: &Identity, mut verdict: Verdict) -> Verdict {
    let pools = pools_of(cluster, identity);
    let metadata: Vec<_> = pools.iter().map(|pool| (&pool.name, pool.metadata.get())).collect();
    let open = metadata.iter().filter(|(_, metadata)| {
        metadata.as_ref().is_ok_and(|metadata| matches!(metadata.pods, PodAccess::Reachable { .. }))
    });
    let open = quoted(open.map(|(name, _)| name));
    let said = if !open.is_empty() {
        format!("pods on {open} get its credentials")
    } else if metadata.is_empty() || metadata.iter().any(|(_, metadata)| metadata.is_err()) {
        "whether pods get its credentials is not known".to_owned()
    } else {
        verdict.severity = verdict.severity.map(Severity::lowered);
        "pods do not get its credentials".to_owned()
    };
    verdict.because = format!("{}; {said}", verdict.because);
    pools.into_iter().fold(verdict, |verdict, pool| verdict.seen_in(&pool.metadata))
}

/// The pools of machines that carry the identity; all of them when it does not say which, or names one that is none.
fn pools_of<'a>(cluster: &'a Cluster, identity: &Identity) -> Vec<&'a Pool> {
    let pools: &[Pool] = cluster.pools.get().map_or(&[], |pools| pools);
    let with_machines = || pools.iter().filter(|pool| has_machines(pool));
    let is_a_pool = |user: &String| pools.iter().any(|pool| names(user, pool));
    let its: Vec<&Pool> =
        with_machines().filter(|pool| identity.used_by.iter().any(|user| names(user, pool))).collect();
    if !its.is_empty() && identity.used_by.iter().all(is_a_pool) { its } else { with_machines().collect() }
}

/// Whether a user of an identity is the pool: `workers`, or with its kind before it, `node group workers`.
fn names(user: &str, pool: &Pool) -> bool {
    user.strip_suffix(&pool.name).is_some_and(|kind| kind.is_empty() || kind.ends_with(' '))
}

fn has_machines(pool: &Pool) -> bool {
    match pool.kind {
        PoolKind::Serverless => false,
        PoolKind::Managed | PoolKind::SelfManaged | PoolKind::Automatic => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_authority::{Capability, Certainty, GrantId, Held, OutsideNeed, Standing};
    use palisade_engine::Policy;
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, sloppy, tidy};
    use std::sync::Arc;

    fn judge(standing: Observed<Standing>, change: impl FnOnce(&mut Cluster)) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut identities = cluster.identities.get().unwrap().clone();
        identities[1].standing = standing.map(Arc::new);
        cluster.identities = known(identities);
        change(&mut cluster);
        let context = Context { policy: &Policy::default(), now: now() };
        NodeIdentityOverpowered::judge(&cluster, &context).remove(0).verdict
    }

    /// A right that the node holds and does not need.
    fn holding(capability: Capability, action: &str) -> Observed<Standing> {
        let (grant, actions) = (GrantId::from("policy extra"), vec![action.to_owned()]);
        let outside_need = vec![OutsideNeed { grant: grant.clone(), actions: actions.clone(), more: 0 }];
        let certainty = Certainty::Certain;
        let held = vec![Held { capability, certainty, actions, by: vec![grant], everywhere: true }];
        known(Standing { held, outside_need, ..Standing::default() })
    }

    fn open(cluster: &mut Cluster) {
        cluster.pools = sloppy(Provider::Aws).pools;
    }

    fn severity(standing: Observed<Standing>, change: impl FnOnce(&mut Cluster)) -> Option<Severity> {
        judge(standing, change).unwrap().severity
    }

    #[test]
    fn escalation_is_critical_data_stores_are_high_and_the_pod_network_policy_medium() {
        assert_eq!(severity(holding(Capability::EscalatePrivilege, "iam:*"), open), Some(Severity::Critical));
        assert_eq!(severity(holding(Capability::DestroyStorage, "s3:DeleteObject"), open), Some(Severity::High));
        let network = holding(Capability::ModifyNetwork, "ec2:ModifyNetworkInterfaceAttribute");
        assert_eq!(severity(network, open), Some(Severity::Medium));
    }

    #[test]
    fn the_same_rights_count_one_step_less_where_no_pod_gets_them() {
        let verdict = judge(holding(Capability::EscalatePrivilege, "iam:*"), |_| ()).unwrap();
        assert_eq!((verdict.state, verdict.severity), (State::Fail, Some(Severity::High)));
        assert!(verdict.because.ends_with("; pods do not get its credentials"), "{}", verdict.because);
    }

    #[test]
    fn the_pools_that_carry_the_identity_count_and_a_user_that_is_no_pool_makes_all_of_them_count() {
        let used_by = |users: &'static [&str]| {
            move |cluster: &mut Cluster| {
                let mut other = sloppy(Provider::Aws).pools.get().unwrap()[0].clone();
                "other".clone_into(&mut other.name);
                let mut pools = cluster.pools.get().unwrap().clone();
                pools.push(other);
                cluster.pools = known(pools);
                let mut identities = cluster.identities.get().unwrap().clone();
                identities[1].used_by = users.iter().map(ToString::to_string).collect();
                cluster.identities = known(identities);
            }
        };
        let rights = || holding(Capability::EscalatePrivilege, "iam:*");
        assert_eq!(severity(rights(), used_by(&["node group workers"])), Some(Severity::High));
        for users in [&["node group other"][..], &["node group workers", "machines of the cluster"], &["my-workers"]] {
            let users: &'static [&str] = users;
            assert_eq!(severity(rights(), used_by(users)), Some(Severity::Critical), "{users:?}");
        }
    }

    #[test]
    fn an_unread_metadata_service_softens_nothing() {
        let hidden = |cluster: &mut Cluster| cluster.pools.hide(gap());
        assert_eq!(severity(holding(Capability::EscalatePrivilege, "iam:*"), hidden), Some(Severity::Critical));
    }

    #[test]
    fn a_node_with_nothing_but_its_need_passes_and_unread_policies_are_a_gap() {
        assert_eq!(judge(known(Standing::default()), open).unwrap().state, State::Pass);
        assert_eq!(judge(Observed::missing(gap()), open), Err(gap()));
    }

    #[test]
    fn a_cluster_without_node_identities_is_not_asked() {
        let verdict = judge(known(Standing::default()), |cluster| cluster.identities = known(Vec::new())).unwrap();
        assert_eq!(verdict.state, State::NotApplicable);
    }
}
