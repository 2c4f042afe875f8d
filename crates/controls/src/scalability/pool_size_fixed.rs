//! SC-01.

use crate::node::per_pool_of_machines;
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, FactKind, Gap, Pool, Scaling};

guide! {
    /// # The number of nodes does not follow the load
    ///
    /// ## What is checked
    /// Whether something adds machines to a pool when pods wait, and takes them away when they are idle.
    ///
    /// ## Why it matters
    /// Scaling by hand is slow when it matters and dear when it does not.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the size is fixed |
    /// | pass | an autoscaler of the provider's moves the size, or starts machines as pods need them |
    /// | unknown | the setting was not read, or bounds are set and what moves the size between them is not shown |
    /// | not applicable | only the system's own pods run in the pool; or the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Use Auto Mode or Karpenter; or set bounds (`aws eks update-nodegroup-config --cluster-name NAME --nodegroup-name POOL
    /// --scaling-config minSize=2,maxSize=10`) and run Cluster Autoscaler.
    /// ### AKS
    /// `az aks nodepool update --resource-group GROUP --cluster-name NAME --name POOL --enable-cluster-autoscaler --min-count 2
    /// --max-count 10`
    /// ### GKE
    /// `gcloud container clusters update NAME --node-pool POOL --enable-autoscaling --min-nodes 1 --max-nodes 10`
    ///
    /// ## Limits
    /// On EKS every node group has bounds; whether Cluster Autoscaler runs is known inside the cluster only. Whether there is room to
    /// grow is SC-02's.
    pub struct PoolSizeFixed;
}

impl Control for PoolSizeFixed {
    const META: Meta = Meta {
        id: "SC-01",
        name: "pool-size-fixed",
        title: "Node capacity scales automatically",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Scalability,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[FactKind::Pools, FactKind::Scaling, FactKind::Isolation],
        maps: "NIST-800-53r5:SC-5,CP-2; SOC2-TSC:A1.1,A1.2; ISO-27001-2022:A.8.6",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| {
            let machinery = &pool.machinery;
            Ok(judge_pool(pool)?.seen_in(&machinery.scaling).seen_in(&machinery.isolation))
        })
    }
}

/// The system's own pods need a fixed number of machines, so only pools of applications have to scale.
fn judge_pool(pool: &Pool) -> Result<Verdict, Gap> {
    let name = &pool.name;
    let because = match pool.machinery.scaling.get()? {
        Scaling::Automatic { how } => {
            return Ok(Verdict::pass(format!("the size of pool `{name}` follows the load: {how}")));
        }
        Scaling::Bounded { least, most, because } => {
            let what = format!("pool `{name}` may have {least} to {most} machines, and {because}");
            return Err(Gap::Unsettled { what });
        }
        Scaling::Fixed { because } => because,
    };
    if let Some(system) = &pool.machinery.isolation.get()?.system_only {
        let said = format!("the size of pool `{name}` is fixed, and only the system's pods run there: {system}");
        return Ok(Verdict::not_applicable(said));
    }
    Ok(Verdict::fail(format!("the size of pool `{name}` is fixed: {because}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Isolation, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(scaling: Observed<Scaling>, system: Option<bool>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Azure);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        pool.machinery.scaling = scaling;
        pool.machinery.isolation = match system {
            Some(system) => {
                let system_only = system.then(|| "CriticalAddonsOnly".to_owned());
                known(Isolation { system_only, ..Isolation::default() })
            }
            None => Observed::missing(gap()),
        };
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        PoolSizeFixed::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn fixed() -> Observed<Scaling> {
        known(Scaling::Fixed { because: "off".to_owned() })
    }

    #[test]
    fn a_fixed_pool_fails_unless_only_the_systems_pods_run_there() {
        assert_eq!(judge(fixed(), Some(false)), Ok(State::Fail));
        assert_eq!(judge(fixed(), Some(true)), Ok(State::NotApplicable));
        assert_eq!(judge(fixed(), None), Err(gap()));
    }

    #[test]
    fn an_autoscaler_passes_and_bounds_alone_prove_nothing() {
        assert_eq!(judge(known(Scaling::Automatic { how: "on".to_owned() }), None), Ok(State::Pass));
        let bounded = Scaling::Bounded { least: 1, most: 9, because: "nobody says what moves it".to_owned() };
        assert!(matches!(judge(known(bounded), Some(false)), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(Observed::missing(gap()), Some(false)), Err(gap()));
    }
}
