//! ID-07.

use crate::identity::per_metadata_service;
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, FactKind, Metadata, PodAccess, Pool};

guide! {
    /// # Ordinary pods can take the node's credentials
    ///
    /// ## What is checked
    /// For each pool of machines, whether a pod without host networking gets the node's cloud credentials from the
    /// metadata service. Required tokens alone do not prevent that: the answer still comes back when the hop limit is 2.
    ///
    /// ## Why it matters
    /// Whoever gets into any one pod is then the node, with all that ID-03 lists.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | ordinary pods get the credentials |
    /// | pass | they do not |
    /// | unknown | the setting was not read, or the API version does not show it |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws ec2 modify-instance-metadata-options --instance-id INSTANCE --http-tokens required
    /// --http-put-response-hop-limit 1`, and the same in the launch template.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --enable-imds-restriction` (preview), or a NetworkPolicy in each
    /// namespace that lets out nothing to 169.254.169.254.
    /// ### GKE
    /// `gcloud container node-pools update POOL --cluster NAME --workload-metadata=GKE_METADATA`: pods then get tokens of
    /// their own and not the node's.
    ///
    /// ## Limits
    /// Pods with host networking always get them. NetworkPolicies live inside the cluster and are not read from the cloud:
    /// where they close 169.254.169.254 (and fd00:ec2::254) in every namespace, waive this with a link to them.
    pub struct NodeCredentialsOpenToPods;
}

impl Control for NodeCredentialsOpenToPods {
    const META: Meta = Meta {
        id: "ID-07",
        name: "node-credentials-open-to-pods",
        title: "Ordinary pods cannot reach node credentials",
        concern: Concern::CloudApiIam,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Pools, FactKind::Metadata],
        maps: "CIS-EKS-2.0.0:5.2.1; CIS-EKS-1.8.0:5.2.1; CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.4.1; NSA-CISA-1.2:Cloud infrastructure,Network separation; NIST-800-53r5:AC-6,SC-7(5); PCI-DSS-4.0.1:7.2.5,1.4.2; SOC2-TSC:CC6.1,CC6.6; ISO-27001-2022:A.8.3,A.8.22",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_metadata_service(cluster, judge_service)
    }
}

fn judge_service(pool: &Pool, metadata: &Metadata) -> Verdict {
    let name = &pool.name;
    match &metadata.pods {
        PodAccess::Blocked { because } => {
            Verdict::pass(format!("pods on pool `{name}` do not get the node's credentials: {because}"))
        }
        PodAccess::Reachable { because } => {
            Verdict::fail(format!("pods on pool `{name}` get the node's credentials: {because}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, PoolKind, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(change: impl FnOnce(&mut Pool)) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        change(&mut pool);
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        NodeCredentialsOpenToPods::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn required_tokens_do_not_help_when_the_answer_still_reaches_the_pod() {
        let hop = |pool: &mut Pool| {
            let pods = PodAccess::Reachable { because: "hop limit 2".to_owned() };
            pool.metadata = known(Metadata { hardened: true, mode: "tokens required".to_owned(), pods });
        };
        assert_eq!(judge(hop), Ok(State::Fail));
    }

    #[test]
    fn a_hop_limit_of_one_passes_and_an_unread_setting_is_a_gap() {
        assert_eq!(judge(|_| ()), Ok(State::Pass));
        assert_eq!(judge(|pool| pool.metadata.hide(gap())), Err(gap()));
    }

    #[test]
    fn a_serverless_pool_is_not_asked() {
        assert_eq!(judge(|pool| pool.kind = PoolKind::Serverless), Ok(State::NotApplicable));
    }
}
