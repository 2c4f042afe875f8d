//! SC-04.

use crate::environment::is_production;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Policy, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, Tier};

guide! {
    /// # Production stands on a tier without a promise
    ///
    /// ## What is checked
    /// Whether the provider promises a level of service for the control plane of a production cluster.
    ///
    /// ## Why it matters
    /// The free tier of AKS has no such promise, and its API server is throttled first when many ask.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a production cluster stands on a free tier |
    /// | pass | there is a promise, or the cluster's labels say that it is not production |
    /// | unknown | the tier was not read, or the tier is free and no label says what the cluster is for |
    ///
    /// ## Remediation
    /// ### EKS
    /// There is nothing to do: every control plane has a service level. A larger one is chosen with `aws eks
    /// update-cluster-config --name NAME --control-plane-scaling-config tier=TIER`.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --tier standard`
    /// ### GKE
    /// There is nothing to do: every control plane has a service level. That of a regional one is higher (AR-04).
    ///
    /// ## Limits
    /// Whether the tier fits the number of nodes is not judged. Production is what the labels `environment`, `env` or `stage`
    /// say, in the policy's words for it.
    pub struct TierWithoutPromise;
}

impl Control for TierWithoutPromise {
    const META: Meta = Meta {
        id: "SC-04",
        name: "tier-without-promise",
        title: "Control-plane tier fits size and SLA need",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Scalability,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[FactKind::Tier, FactKind::Register],
        maps: "NIST-800-53r5:SC-5,CP-10; SOC2-TSC:A1.1,A1.2; ISO-27001-2022:A.8.6,A.8.14",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || judge_tier(cluster, context.policy))
    }
}

fn judge_tier(cluster: &Cluster, policy: &Policy) -> Result<Verdict, Gap> {
    let fact = &cluster.lifecycle.tier;
    let verdict = match fact.get()? {
        Tier::Guaranteed { because } => Verdict::pass(because.clone()),
        Tier::Free { because } => {
            let verdict = if is_production(cluster, policy)? {
                Verdict::fail(format!("a production cluster without a promise: {because}"))
            } else {
                Verdict::pass(format!("the labels say that it is not production: {because}"))
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

    fn judge(tier: Tier, environment: Option<&str>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Azure);
        cluster.lifecycle.tier = known(tier);
        let environment = environment.map(str::to_owned);
        cluster.lifecycle.register = known(Register { environment, ..Register::default() });
        let context = Context { policy: &Policy::default(), now: now() };
        TierWithoutPromise::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_free_tier_is_judged_by_what_the_cluster_is_for() {
        let free = || Tier::Free { because: "tier `Free`".to_owned() };
        assert_eq!(judge(free(), Some("Production")), Ok(State::Fail));
        assert_eq!(judge(free(), Some("dev")), Ok(State::Pass));
        assert!(matches!(judge(free(), None), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(Tier::Guaranteed { because: "tier `Standard`".to_owned() }, None), Ok(State::Pass));
    }

    #[test]
    fn a_tier_that_was_not_read_promises_nothing() {
        let mut cluster = tidy(Provider::Azure);
        cluster.lifecycle.tier = Observed::missing(gap());
        let context = Context { policy: &Policy::default(), now: now() };
        assert_eq!(TierWithoutPromise::judge(&cluster, &context).remove(0).verdict, Err(gap()));
    }
}
