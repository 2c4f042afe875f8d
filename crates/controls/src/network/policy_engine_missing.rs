//! NW-01.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, PolicyEngine};

guide! {
    /// # No network policy engine runs
    ///
    /// ## What is checked
    /// Whether something in the cluster enforces Kubernetes network policies, as far as the cloud's own settings show.
    ///
    /// ## Why it matters
    /// Without an engine a network policy is a text that nobody reads: every pod reaches every other pod, whatever is written.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the cluster's network has no engine, or it is switched off |
    /// | pass | an engine is on |
    /// | unknown | the setting was not read, or the network is one that the cloud's API does not show |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-addon --cluster-name NAME --addon-name vpc-cni --configuration-values '{"enableNetworkPolicy":"true"}'`
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --network-policy cilium --network-dataplane cilium`; machines are made anew.
    /// ### GKE
    /// `gcloud container clusters update NAME --update-addons NetworkPolicy=ENABLED`, then `gcloud container clusters update NAME
    /// --enable-network-policy`; machines are made anew. New clusters: `--enable-dataplane-v2`.
    ///
    /// ## Limits
    /// Whether there are policies is NW-02's. An engine that somebody installed beside Amazon's own network add-on is not seen, and
    /// neither is a network that somebody brought along. In Auto Mode the switch is an object inside the cluster.
    pub struct PolicyEngineMissing;
}

impl Control for PolicyEngineMissing {
    const META: Meta = Meta {
        id: "NW-01",
        name: "policy-engine-missing",
        title: "A network policy engine is active",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::PolicyEngine],
        maps: "CIS-EKS-2.0.0:4.3.1; CIS-EKS-1.8.0:4.3.1,5.4.4; CIS-AKS-1.8.0:5.4.4,4.4.1; CIS-GKE-1.9.0:4.3.1; CIS-K8S-2.0.1:5.3.1; NSA-CISA-1.2:Network separation; NIST-800-53r5:SC-7,AC-4; PCI-DSS-4.0.1:1.2.5,1.4.1; SOC2-TSC:CC6.6; ISO-27001-2022:A.8.22; NIST-800-190:4.3.3",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.network.policy_engine;
            let verdict = match fact.get()? {
                PolicyEngine::Active { by } => Verdict::pass(format!("network policies are enforced by {by}")),
                PolicyEngine::Absent { because } => {
                    Verdict::fail(format!("nothing enforces network policies: {because}"))
                }
            };
            Ok(verdict.seen_in(fact))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(engine: Option<PolicyEngine>) -> Result<State, palisade_model::Gap> {
        let mut cluster = tidy(Provider::Gcp);
        match engine {
            Some(engine) => cluster.network.policy_engine = known(engine),
            None => cluster.network.policy_engine.hide(gap()),
        }
        let context = Context { policy: &Policy::default(), now: now() };
        PolicyEngineMissing::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn an_engine_passes_none_fails_and_an_unread_setting_is_a_gap() {
        assert_eq!(judge(Some(PolicyEngine::Active { by: "Cilium".to_owned() })), Ok(State::Pass));
        assert_eq!(judge(Some(PolicyEngine::Absent { because: "`none`".to_owned() })), Ok(State::Fail));
        assert_eq!(judge(None), Err(gap()));
    }
}
