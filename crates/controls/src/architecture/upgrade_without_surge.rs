//! AR-06.

use crate::node::per_pool_of_machines;
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, FactKind, Gap, Pool, Surge};

guide! {
    /// # An upgrade takes machines away before it brings new ones
    ///
    /// ## What is checked
    /// Whether an upgrade of a pool first makes a new machine and then empties an old one.
    ///
    /// ## Why it matters
    /// Where old machines go first, pods wait for room while the upgrade runs, and a strict disruption budget stalls it.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | old machines go before new ones come |
    /// | pass | new machines come first |
    /// | inherited | the provider replaces machines by its own rules |
    /// | unknown | the setting was not read, as for machines that somebody started and joined |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-nodegroup-config --cluster-name NAME --nodegroup-name GROUP --update-config
    /// maxUnavailable=1,updateStrategy=DEFAULT`
    /// ### AKS
    /// `az aks nodepool update --resource-group GROUP --cluster-name NAME --name POOL --max-surge 33%`
    /// ### GKE
    /// `gcloud container node-pools update POOL --cluster NAME --max-surge-upgrade 1 --max-unavailable-upgrade 0`
    ///
    /// ## Limits
    /// Disruption budgets live inside the cluster and are not seen.
    pub struct UpgradeWithoutSurge;
}

impl Control for UpgradeWithoutSurge {
    const META: Meta = Meta {
        id: "AR-06",
        name: "upgrade-without-surge",
        title: "Upgrades are safe to run (surge, drain, budgets)",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Architecture,
        severity: Severity::Low,
        effort: Effort::S,
        needs: &[FactKind::Pools, FactKind::Surge],
        maps: "NSA-CISA-1.2:Upgrading; NIST-800-53r5:CM-3,CP-10; PCI-DSS-4.0.1:6.5.1; SOC2-TSC:CC8.1,A1.2; ISO-27001-2022:A.8.32",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, judge_pool)
    }
}

fn judge_pool(pool: &Pool) -> Result<Verdict, Gap> {
    let name = &pool.name;
    Ok(match pool.upkeep.surge.get()? {
        Surge::Before { because } => Verdict::pass(format!("pool `{name}` gets new machines first: {because}")),
        Surge::After { because } => Verdict::fail(format!("pool `{name}` loses old machines first: {because}")),
        Surge::ByProvider { because } => Verdict::inherited(because.clone()),
    }
    .seen_in(&pool.upkeep.surge))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(surge: Observed<Surge>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        pool.upkeep.surge = surge;
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        UpgradeWithoutSurge::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn new_machines_come_first_or_the_pool_fails() {
        let because = || "a setting".to_owned();
        assert_eq!(judge(known(Surge::Before { because: because() })), Ok(State::Pass));
        assert_eq!(judge(known(Surge::After { because: because() })), Ok(State::Fail));
        assert_eq!(judge(known(Surge::ByProvider { because: because() })), Ok(State::Inherited));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
