//! OB-06.

use crate::flaws::Flaws;
use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Condition, FactKind, Gap, Pool, PoolKind, Repair};

guide! {
    /// # The provider calls the cluster or its nodes unwell
    ///
    /// ## What is checked
    /// What the provider itself says of the cluster and of each pool: state, complaints, and whether broken machines are
    /// replaced without anybody asking.
    ///
    /// ## Why it matters
    /// An impaired cluster works until the next upgrade or the next lost machine, and then it does not.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | the cluster or a pool has failed or is impaired, or the provider complains of something |
    /// | fail, low | all is well, and broken machines of a pool are not replaced |
    /// | pass | all is well, and broken machines are replaced |
    /// | not applicable | somebody stopped the cluster |
    /// | unknown | states were not read, or the cluster is being changed |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks describe-cluster --name NAME --query cluster.health`, mend what it names, and let nodes be repaired: `aws eks
    /// update-nodegroup-config --cluster-name NAME --nodegroup-name GROUP --node-repair-config enabled=true`
    /// ### AKS
    /// `az aks show --resource-group GROUP --name NAME --query "{state:provisioningState,power:powerState}"`; a failed
    /// cluster is brought back by `az aks update --resource-group GROUP --name NAME` after the cause is gone.
    /// ### GKE
    /// `gcloud container clusters describe NAME --format "value(status,conditions)"`, and `gcloud container node-pools update
    /// POOL --cluster NAME --enable-autorepair`
    ///
    /// ## Limits
    /// What goes on inside the cluster (pods that crash, nodes that are not ready) is not seen from the cloud.
    pub struct ClusterUnwell;
}

impl Control for ClusterUnwell {
    const META: Meta = Meta {
        id: "OB-06",
        name: "cluster-unwell",
        title: "The provider reports the cluster and its nodes healthy, with auto-repair on",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::MonitoringAndHealthChecks,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Health, FactKind::Pools, FactKind::PoolHealth],
        maps: "CIS-GKE-1.9.0:5.5.2; NIST-800-53r5:CP-10,SI-4; PCI-DSS-4.0.1:10.7.2; SOC2-TSC:A1.2,CC7.2; ISO-27001-2022:A.8.14,A.8.16",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || judge_health(cluster))
    }
}

fn judge_health(cluster: &Cluster) -> Result<Verdict, Gap> {
    let fact = &cluster.lifecycle.health;
    let mut flaws = Flaws::default();
    match fact.get() {
        Err(gap) => flaws.doubt(gap),
        Ok(health) => {
            let status = &health.status;
            match health.condition {
                Condition::Stopped => {
                    return Ok(Verdict::not_applicable(format!("the cluster is stopped: `{status}`")).seen_in(fact));
                }
                Condition::Failed => flaws.prove(Severity::High, format!("the cluster is `{status}`")),
                Condition::Changing => flaws.unsettled(format!("the cluster is `{status}`: it is being changed")),
                Condition::Working => (),
            }
            if !health.issues.is_empty() {
                flaws.prove(Severity::High, format!("the provider complains of {}", quoted(&health.issues)));
            }
        }
    }
    // Of a stopped cluster nothing is asked: where that is not known, pools prove nothing.
    let may_be_stopped = fact.gap().is_some();
    match cluster.pools.get() {
        Err(gap) => flaws.doubt(gap),
        Ok(pools) => {
            for pool in pools.iter().filter(|pool| pool.kind != PoolKind::Serverless && !may_be_stopped) {
                judge_pool(pool, &mut flaws);
            }
        }
    }
    let mut verdict = flaws.settle(|| {
        Ok(Verdict::pass("the provider reports the cluster and its pools well, and broken machines are replaced"))
    })?;
    verdict = verdict.seen_in(fact);
    for pool in cluster.pools.get().ok().into_iter().flatten() {
        verdict = verdict.seen_in(&pool.upkeep.health);
    }
    Ok(verdict)
}

fn judge_pool(pool: &Pool, flaws: &mut Flaws) {
    let name = &pool.name;
    match pool.upkeep.health.get() {
        Err(gap) => flaws.doubt(gap),
        Ok(health) => {
            if !health.issues.is_empty() {
                flaws.prove(Severity::High, format!("pool `{name}`: {}", quoted(&health.issues)));
            }
            match &health.repair {
                Repair::On { .. } => (),
                Repair::Off { because } => {
                    let because = format!("broken machines of pool `{name}` are not replaced: {because}");
                    flaws.prove(Severity::Low, because);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Health, Observed, PoolHealth, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(change: impl FnOnce(&mut Cluster)) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        change(&mut cluster);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = ClusterUnwell::judge(&cluster, &context).remove(0).verdict;
        verdict.map(|verdict| (verdict.state, verdict.severity))
    }

    fn is(condition: Condition, issues: &[&str]) -> Observed<Health> {
        let issues = issues.iter().map(ToString::to_string).collect();
        known(Health { status: "SOME".to_owned(), condition, issues })
    }

    fn pool(cluster: &mut Cluster, issues: &[&str], repair: Repair) {
        let mut pools = cluster.pools.get().unwrap().clone();
        let issues = issues.iter().map(ToString::to_string).collect();
        pools[0].upkeep.health = known(PoolHealth { issues, repair });
        cluster.pools = known(pools);
    }

    fn off() -> Repair {
        Repair::Off { because: "the default".to_owned() }
    }

    #[test]
    fn what_the_provider_calls_failed_or_complains_of_fails() {
        let high = Ok((State::Fail, Some(Severity::High)));
        assert_eq!(judge(|cluster| cluster.lifecycle.health = is(Condition::Failed, &[])), high);
        assert_eq!(judge(|cluster| cluster.lifecycle.health = is(Condition::Working, &["Ec2SubnetNotFound"])), high);
        assert_eq!(judge(|cluster| pool(cluster, &["AsgInstanceLaunchFailures"], off())), high);
        assert_eq!(judge(|cluster| pool(cluster, &[], off())), Ok((State::Fail, Some(Severity::Low))));
        assert_eq!(judge(|_| ()), Ok((State::Pass, None)));
    }

    #[test]
    fn a_stopped_cluster_is_not_asked_and_a_changing_one_is_not_known() {
        let stopped = judge(|cluster| {
            cluster.lifecycle.health = is(Condition::Stopped, &[]);
            pool(cluster, &["gone"], off());
        });
        assert_eq!(stopped, Ok((State::NotApplicable, None)));
        let changing = judge(|cluster| cluster.lifecycle.health = is(Condition::Changing, &[]));
        assert!(matches!(changing, Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn what_was_not_read_is_not_well() {
        assert_eq!(judge(|cluster| cluster.lifecycle.health.hide(gap())), Err(gap()));
        assert_eq!(judge(|cluster| cluster.pools.hide(gap())), Err(gap()));
    }
}
