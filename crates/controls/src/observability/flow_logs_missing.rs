//! OB-05.

use crate::{node::per_pool_of_machines, quoted::quoted};
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, FactKind, FlowLogs, Gap, Pool};

guide! {
    /// # Traffic of the nodes' subnets is not recorded
    ///
    /// ## What is checked
    /// Whether flow logs are on for every subnet that a pool's machines stand in, or for the network around it.
    ///
    /// ## Why it matters
    /// After a break-in the first question is who spoke with whom. Only a record that was made before can answer it.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a subnet of the pool has no flow log |
    /// | pass | every subnet of the pool has one |
    /// | unknown | the subnets or their flow logs were not read |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws ec2 create-flow-logs --resource-type VPC --resource-ids VPC --traffic-type ALL --log-group-name GROUP
    /// --deliver-logs-permission-arn ROLE`
    /// ### AKS
    /// `az network watcher flow-log create --location REGION --name NAME --vnet NETWORK --storage-account ACCOUNT --retention 30`
    /// ### GKE
    /// `gcloud compute networks subnets update SUBNET --region REGION --enable-flow-logs`; sampling is acceptable.
    ///
    /// ## Limits
    /// How long records are kept and who may read them is not read. Traffic inside one machine shows only on GKE with intranode
    /// visibility.
    pub struct FlowLogsMissing;
}

impl Control for FlowLogsMissing {
    const META: Meta = Meta {
        id: "OB-05",
        name: "flow-logs-missing",
        title: "Network flow logs exist for node subnets",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::MonitoringAndHealthChecks,
        severity: Severity::Low,
        effort: Effort::S,
        needs: &[FactKind::Pools, FactKind::FlowLogs],
        maps: "CIS-GKE-1.9.0:5.6.1; NSA-CISA-1.2:Audit logging; NIST-800-53r5:AU-12,SI-4; PCI-DSS-4.0.1:10.2.1; SOC2-TSC:CC7.2; ISO-27001-2022:A.8.15,A.8.16",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| Ok(judge_pool(pool)?.seen_in(&pool.machinery.flow_logs)))
    }
}

fn judge_pool(pool: &Pool) -> Result<Verdict, Gap> {
    let name = &pool.name;
    Ok(match pool.machinery.flow_logs.get()? {
        FlowLogs::On { by } => Verdict::pass(format!("traffic of pool `{name}` is recorded by {}", quoted(by))),
        FlowLogs::Off { subnets } => {
            Verdict::fail(format!("traffic of pool `{name}` is not recorded in {}", quoted(subnets)))
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
        let mut cluster = tidy(Provider::Gcp);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        change(&mut pool);
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        FlowLogsMissing::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn one_dark_subnet_fails_and_unread_logs_are_a_gap() {
        let off = FlowLogs::Off { subnets: vec!["subnet-1".to_owned()] };
        assert_eq!(judge(|pool| pool.machinery.flow_logs = known(off)), Ok(State::Fail));
        let on = FlowLogs::On { by: vec!["fl-1".to_owned()] };
        assert_eq!(judge(|pool| pool.machinery.flow_logs = known(on)), Ok(State::Pass));
        assert_eq!(judge(|pool| pool.machinery.flow_logs.hide(gap())), Err(gap()));
        assert_eq!(judge(|pool| pool.kind = PoolKind::Serverless), Ok(State::NotApplicable));
    }
}
