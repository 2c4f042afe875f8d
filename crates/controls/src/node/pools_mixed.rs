//! ND-14.

use crate::{flaws::Flaws, quoted::quoted};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, is_production,
    whole,
};
use palisade_model::{Cluster, FactKind, Gap, Isolation, Pool, PoolKind, first_proof};

guide! {
    /// # System pods, applications and untrusted code share machines
    ///
    /// ## What is checked
    /// Whether some pool is kept for the system's own pods, and, where the policy says that untrusted code runs
    /// (`untrusted_workloads`), whether a pool with a sandbox or a taint of its own is there for it.
    ///
    /// ## Why it matters
    /// Pods of one machine share its kernel. Who breaks out of a container reaches whatever else runs there: other tenants, and
    /// the agents that hold the cluster's own rights.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | untrusted code runs, and no pool is there for it |
    /// | fail, low | nothing keeps ordinary pods off the system's machines |
    /// | fail, info | likewise, and the cluster has one pool only and is not production |
    /// | pass | the system's pods are kept apart, and untrusted code too where the policy says that it runs |
    /// | unknown | the pools or their settings were not read |
    /// | not applicable | there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Taint a node group for the system's pods: `aws eks update-nodegroup-config --cluster-name NAME --nodegroup-name POOL --taints
    /// 'addOrUpdateTaints=[{key=CriticalAddonsOnly,value=true,effect=NO_SCHEDULE}]'`. Untrusted code goes to a Fargate profile.
    /// ### AKS
    /// `az aks nodepool add --resource-group GROUP --cluster-name NAME --name system --mode System --node-taints
    /// CriticalAddonsOnly=true:NoSchedule`. Untrusted code goes to a pool with `--workload-runtime KataMshvVmIsolation`.
    /// ### GKE
    /// `gcloud container node-pools create untrusted --cluster NAME --sandbox type=gvisor`; for the system's pods, a pool with
    /// `--node-taints components.gke.io/gke-managed-components=true:NoSchedule`.
    ///
    /// ## Limits
    /// Which pods really run where is not read. A taint keeps off pods that do not tolerate it; who may add a toleration is a
    /// question of admission.
    pub struct PoolsMixed;
}

impl Control for PoolsMixed {
    const META: Meta = Meta {
        id: "ND-14",
        name: "pools-mixed",
        title: "Untrusted and system workloads run on separate, isolated pools",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Architecture,
        severity: Severity::Low,
        effort: Effort::L,
        needs: &[FactKind::Pools, FactKind::Isolation],
        maps: "CIS-GKE-1.9.0:5.10.3; NSA-CISA-1.2:Pod security; NIST-800-53r5:SC-39,SC-3; PCI-DSS-4.0.1:2.2.5; SOC2-TSC:CC6.1; ISO-27001-2022:A.8.22,A.8.31; NIST-800-190:4.3.4,4.5.2",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let mut verdict = judge_pools(cluster, context)?.seen_in(&cluster.pools);
            for pool in cluster.pools.get()? {
                verdict = verdict.seen_in(&pool.machinery.isolation);
            }
            Ok(verdict)
        })
    }
}

/// One pool with the wanted setting is proof of good, so a failure needs every pool.
fn judge_pools(cluster: &Cluster, context: &Context<'_>) -> Result<Verdict, Gap> {
    let pools = cluster.pools.get()?;
    if pools.is_empty() {
        return Ok(Verdict::not_applicable("the cluster has no pools"));
    }
    let system = of_system(pools)?;
    let untrusted = context.policy.untrusted_workloads == Some(true);
    let apart = if untrusted { of_untrusted(pools)? } else { None };
    let mut flaws = Flaws::default();
    if untrusted && apart.is_none() {
        let said = "the policy says that untrusted code runs, and no pool has a sandbox or a taint for it";
        flaws.prove(Severity::Medium, said);
    }
    if system.is_none() {
        let single = pools.len() == 1 && !is_production(cluster, context.policy);
        let severity = if single { Severity::Info } else { Severity::Low };
        flaws.prove(severity, "nothing keeps ordinary pods off the machines that run the system's own");
    }
    flaws.settle(|| {
        let said = [system, apart].into_iter().flatten().collect::<Vec<_>>().join("; ");
        Ok(Verdict::pass(said))
    })
}

/// What keeps the system's pods apart, in some pool.
fn of_system(pools: &[Pool]) -> Result<Option<String>, Gap> {
    let proof = first_proof(pools.iter().map(|pool| &pool.machinery.isolation), |one| one.system_only.is_some())?;
    Ok(proof.and_then(|(one, _)| one.system_only.clone()))
}

/// What is there for untrusted code, in some pool.
fn of_untrusted(pools: &[Pool]) -> Result<Option<String>, Gap> {
    if let Some(pool) = pools.iter().find(|pool| pool.kind == PoolKind::Serverless) {
        return Ok(Some(format!("each pod of `{}` has a machine of its own", pool.name)));
    }
    let keeps_off = |one: &Isolation| one.sandbox.is_some() || !one.taints.is_empty();
    let proof = first_proof(pools.iter().map(|pool| &pool.machinery.isolation), keeps_off)?;
    Ok(proof.map(|(one, _)| match &one.sandbox {
        Some(sandbox) => sandbox.clone(),
        None => format!("taint {}", quoted(&one.taints)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn pool(isolation: Option<Isolation>) -> Pool {
        let mut pool = tidy(Provider::Aws).pools.get().unwrap()[0].clone();
        match isolation {
            Some(isolation) => pool.machinery.isolation = known(isolation),
            None => pool.machinery.isolation.hide(gap()),
        }
        pool
    }

    fn judge(pools: Vec<Pool>, untrusted: Option<bool>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.pools = known(pools);
        let policy = Policy { untrusted_workloads: untrusted, ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        PoolsMixed::judge(&cluster, &context).remove(0).verdict.map(|verdict| (verdict.state, verdict.severity))
    }

    fn system() -> Isolation {
        Isolation { system_only: Some("CriticalAddonsOnly".to_owned()), ..Isolation::default() }
    }

    fn sandbox() -> Isolation {
        Isolation { sandbox: Some("gVisor".to_owned()), ..Isolation::default() }
    }

    #[test]
    fn one_pool_of_the_system_is_enough_and_none_fails() {
        let bare = || pool(Some(Isolation::default()));
        assert_eq!(judge(vec![bare(), pool(Some(system()))], None), Ok((State::Pass, None)));
        assert_eq!(judge(vec![bare(), bare()], None), Ok((State::Fail, Some(Severity::Low))));
        assert_eq!(judge(vec![bare()], None), Ok((State::Fail, Some(Severity::Info))));
        assert_eq!(judge(Vec::new(), None), Ok((State::NotApplicable, None)));
    }

    #[test]
    fn untrusted_code_needs_a_place_of_its_own() {
        let system = || pool(Some(system()));
        assert_eq!(judge(vec![system()], Some(true)), Ok((State::Fail, Some(Severity::Medium))));
        assert_eq!(judge(vec![system(), pool(Some(sandbox()))], Some(true)), Ok((State::Pass, None)));
        let mut serverless = pool(Some(Isolation::default()));
        serverless.kind = PoolKind::Serverless;
        assert_eq!(judge(vec![system(), serverless], Some(true)), Ok((State::Pass, None)));
    }

    #[test]
    fn a_pool_nobody_read_could_be_the_good_one() {
        assert_eq!(judge(vec![pool(None), pool(Some(Isolation::default()))], None), Err(gap()));
        assert_eq!(judge(vec![pool(None), pool(Some(system()))], None), Ok((State::Pass, None)));
    }
}
