//! AR-02.

use crate::node::per_pool_of_machines;
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, FactKind, Gap, Pool, Version};

/// How many minor versions a kubelet may be older than the API server (<https://kubernetes.io/releases/version-skew-policy/>).
const OLDEST: u32 = 3;

guide! {
    /// # Nodes are too far from the control plane's version
    ///
    /// ## What is checked
    /// The version of each pool against the version of the control plane.
    ///
    /// ## Why it matters
    /// A kubelet more than three minor versions older than the API server, or newer than it, is supported by nobody, and the
    /// control plane cannot be upgraded until the nodes are.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | the pool is more than three minor versions older, or newer |
    /// | fail, low | it is three minor versions older: the next upgrade of the control plane is blocked |
    /// | pass | it is at most two minor versions older |
    /// | unknown | one of the versions was not read, as that of machines that somebody started and joined |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-nodegroup-version --cluster-name NAME --nodegroup-name GROUP`
    /// ### AKS
    /// `az aks nodepool upgrade --resource-group GROUP --cluster-name NAME --name POOL --kubernetes-version VERSION`
    /// ### GKE
    /// `gcloud container clusters upgrade NAME --node-pool POOL`
    ///
    /// ## Limits
    /// The version is the pool's; a machine that was not replaced in the last upgrade may be older. A provider may allow less
    /// than the Kubernetes project.
    pub struct NodeVersionSkewed;
}

impl Control for NodeVersionSkewed {
    const META: Meta = Meta {
        id: "AR-02",
        name: "node-version-skewed",
        title: "Nodes are within the supported skew",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Architecture,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[FactKind::Version, FactKind::Pools, FactKind::PoolVersion],
        maps: "CIS-GKE-1.9.0:5.5.3; NSA-CISA-1.2:Upgrading; NIST-800-53r5:SI-2,CM-6; PCI-DSS-4.0.1:6.3.3; SOC2-TSC:CC7.1; ISO-27001-2022:A.8.8",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| judge_pool(cluster, pool))
    }
}

fn judge_pool(cluster: &Cluster, pool: &Pool) -> Result<Verdict, Gap> {
    let (own, theirs) = (*pool.upkeep.version.get()?, *cluster.version.get()?);
    let name = &pool.name;
    let said = format!("pool `{name}` runs {own} below a control plane of {theirs}");
    Ok(match behind(own, theirs) {
        None => Verdict::fail(format!("{said}: it is newer, or of another major version")),
        Some(minors) if minors > OLDEST => Verdict::fail(format!("{said}: {minors} minor versions behind")),
        Some(OLDEST) => Verdict::fail(format!("{said}: the next upgrade has to wait for it")).severity(Severity::Low),
        Some(_) => Verdict::pass(said),
    }
    .seen_in(&pool.upkeep.version)
    .seen_in(&cluster.version))
}

/// How many minor versions a kubelet is behind; nothing when it is not comparable or newer.
fn behind(own: Version, theirs: Version) -> Option<u32> {
    if own.major == theirs.major { theirs.minor.checked_sub(own.minor) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(version: Observed<Version>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        pool.upkeep.version = version;
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = NodeVersionSkewed::judge(&cluster, &context).remove(0).verdict;
        verdict.map(|verdict| (verdict.state, verdict.severity))
    }

    #[test]
    fn a_pool_may_be_two_behind_and_never_ahead_of_a_control_plane_of_one_thirty_five() {
        for (minor, expected) in [
            (36, (State::Fail, None)),
            (35, (State::Pass, None)),
            (33, (State::Pass, None)),
            (32, (State::Fail, Some(Severity::Low))),
            (31, (State::Fail, None)),
        ] {
            assert_eq!(judge(known(Version { major: 1, minor })), Ok(expected), "1.{minor}");
        }
    }

    #[test]
    fn a_version_that_was_not_read_is_not_in_step() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
