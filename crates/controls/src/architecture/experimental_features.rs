//! AR-08.

use crate::environment::is_production;
use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Policy, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Experiments, FactKind, Gap};

guide! {
    /// # Production runs on features without a promise
    ///
    /// ## What is checked
    /// Whether a production cluster uses what the provider calls alpha, beta or preview: alpha clusters, feature gates, beta
    /// APIs, preview versions.
    ///
    /// ## Why it matters
    /// Such features come without a service level and without fixes, and may go without notice. An alpha cluster of GKE
    /// deletes itself after 30 days.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a production cluster uses one |
    /// | pass | none is used, or the cluster's labels say that it is not production |
    /// | not applicable | the provider has none to switch on |
    /// | unknown | the settings were not read, or one is used and no label says what the cluster is for |
    ///
    /// ## Remediation
    /// ### EKS
    /// There is nothing to do: EKS has no switch for alpha features.
    /// ### AKS
    /// `az feature unregister --namespace Microsoft.ContainerService --name FEATURE` after moving the cluster away from it.
    /// ### GKE
    /// An alpha cluster cannot become another: make a new one and move to it.
    ///
    /// ## Limits
    /// A preview feature that a subscription of Azure is registered for may be used by a cluster or not: no call tells.
    pub struct ExperimentalFeatures;
}

impl Control for ExperimentalFeatures {
    const META: Meta = Meta {
        id: "AR-08",
        name: "experimental-features",
        title: "No alpha, preview or unsupported features in production",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Architecture,
        severity: Severity::Medium,
        effort: Effort::Xl,
        needs: &[FactKind::Experiments, FactKind::Register],
        maps: "CIS-GKE-1.9.0:5.10.2; NSA-CISA-1.2:Upgrading; NIST-800-53r5:CM-7,SA-22; PCI-DSS-4.0.1:2.2.5; SOC2-TSC:CC7.1; ISO-27001-2022:A.8.9",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || judge_experiments(cluster, context.policy))
    }
}

fn judge_experiments(cluster: &Cluster, policy: &Policy) -> Result<Verdict, Gap> {
    let fact = &cluster.lifecycle.experiments;
    let verdict = match fact.get()? {
        Experiments::NotOffered { because } => Verdict::not_applicable(because.clone()),
        Experiments::InUse(features) if features.is_empty() => {
            Verdict::pass("no alpha, beta or preview feature is used")
        }
        Experiments::InUse(features) => {
            let features = quoted(features);
            let verdict = if is_production(cluster, policy)? {
                Verdict::fail(format!("a production cluster uses {features}"))
            } else {
                Verdict::pass(format!("the labels say that it is not production; it uses {features}"))
            };
            verdict.seen_in(&cluster.lifecycle.register)
        }
    };
    Ok(verdict.seen_in(fact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::State;
    use palisade_model::{Observed, Provider, Register};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(experiments: Observed<Experiments>, environment: Option<&str>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.lifecycle.experiments = experiments;
        let environment = environment.map(str::to_owned);
        cluster.lifecycle.register = known(Register { environment, ..Register::default() });
        let context = Context { policy: &Policy::default(), now: now() };
        ExperimentalFeatures::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn what_is_used_is_judged_by_what_the_cluster_is_for() {
        let alpha = || known(Experiments::InUse(vec!["enableKubernetesAlpha".to_owned()]));
        assert_eq!(judge(alpha(), Some("prod")), Ok(State::Fail));
        assert_eq!(judge(alpha(), Some("test")), Ok(State::Pass));
        assert!(matches!(judge(alpha(), None), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(known(Experiments::InUse(Vec::new())), None), Ok(State::Pass));
        let none = known(Experiments::NotOffered { because: "no switch".to_owned() });
        assert_eq!(judge(none, None), Ok(State::NotApplicable));
        assert_eq!(judge(Observed::missing(gap()), Some("prod")), Err(gap()));
    }
}
