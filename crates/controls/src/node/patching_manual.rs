//! ND-11.

use crate::node::per_pool_of_machines;
use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear,
};
use palisade_model::{Cluster, FactKind, Gap, Patching, Pool};

guide! {
    /// # Nobody patches the nodes by itself
    ///
    /// ## What is checked
    /// Whether a pool's machines get newer images without anybody doing something.
    ///
    /// ## Why it matters
    /// What a person has to remember is done late. The days between a fix and its arrival are those in which it is used.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the provider has a setting for it, and it is off; without one: somebody says that nothing replaces machines |
    /// | pass | an automatic channel is set, or the provider replaces machines by itself; without a setting: somebody says what else does |
    /// | attest missing | the provider has no such setting for the pool, and nobody has said what does it instead |
    /// | attest expired | the answer is older than 180 days, or was given until an earlier day |
    /// | unknown | the setting was not read, or is not set and means different things on clusters of different age |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Managed node groups do not update themselves. Use Auto Mode (`aws eks update-cluster-config --name NAME --compute-config
    /// enabled=true,...`), or run `aws eks update-nodegroup-version` on a schedule and say so in the file of answers.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --node-os-upgrade-channel SecurityPatch` with a maintenance window:
    /// `az aks maintenanceconfiguration add --name aksManagedNodeOSUpgradeSchedule ...`
    /// ### GKE
    /// `gcloud container node-pools update POOL --cluster NAME --enable-autoupgrade`
    ///
    /// ## Limits
    /// Pipelines and operators that replace machines on a schedule are not seen. Whether the channel worked is ND-10's.
    pub struct PatchingManual;
}

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Environment,
    days: 180,
    evidence: false,
    questions: &[Question {
        name: "replaced",
        asks: "Does something replace the machines of these pools by newer ones by itself, such as a pipeline on a schedule or an operator?",
        kind: AnswerKind::Choice,
    }],
};

impl Control for PatchingManual {
    const META: Meta = Meta {
        id: "ND-11",
        name: "patching-manual",
        title: "Node patching is automatic",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::Pools, FactKind::Patching],
        maps: "CIS-GKE-1.9.0:5.5.3; NSA-CISA-1.2:Upgrading; NIST-800-53r5:SI-2,SI-2(2); PCI-DSS-4.0.1:6.3.3; SOC2-TSC:CC7.1; ISO-27001-2022:A.8.8",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| Ok(judge_pool(cluster, pool, context)?.seen_in(&pool.machinery.patching)))
    }
}

fn judge_pool(cluster: &Cluster, pool: &Pool, context: &Context<'_>) -> Result<Verdict, Gap> {
    let name = &pool.name;
    Ok(match pool.machinery.patching.get()? {
        Patching::Automatic { how } => Verdict::pass(format!("pool `{name}` is patched by itself: {how}")),
        Patching::Manual { because } => Verdict::fail(format!("nobody patches pool `{name}` by itself: {because}")),
        Patching::Undeclared { because } => {
            let silence = Verdict::attest_missing(format!("pool `{name}`: {because}; say what replaces its machines"));
            hear(cluster, context, &PatchingManual::META, &ASKS).or(silence)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{PoolKind, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(change: impl FnOnce(&mut Pool)) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        change(&mut pool);
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        PatchingManual::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_channel_passes_none_fails_and_no_setting_asks_a_person() {
        let because = || "setting".to_owned();
        for (patching, state) in [
            (Patching::Automatic { how: because() }, State::Pass),
            (Patching::Manual { because: because() }, State::Fail),
            (Patching::Undeclared { because: because() }, State::AttestMissing),
        ] {
            assert_eq!(judge(|pool| pool.machinery.patching = known(patching)), Ok(state));
        }
    }

    #[test]
    fn an_unread_setting_is_a_gap_and_a_serverless_pool_has_nothing_to_patch() {
        assert_eq!(judge(|pool| pool.machinery.patching.hide(gap())), Err(gap()));
        assert_eq!(judge(|pool| pool.kind = PoolKind::Serverless), Ok(State::NotApplicable));
    }
}
